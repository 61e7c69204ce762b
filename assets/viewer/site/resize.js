// Frames at the size that a network was trained at: bilinear, and averaged where it shrinks, as torch's
// interpolate(…, mode="bilinear", antialias=True) makes them of whole grey values, and rounded to such.
//
//   resized({data, dims: [T, H, W, 3]}, [rows, columns])     uint8 RGB

import {toEven as rounded} from "./blur.js";

const f = Math.fround;

// of each of n places in a row of `from`: where what it is made of begins, and the shares of it
function sharesOf(from, n) {
  const scale = f(from / n),
    reach = Math.max(1, scale),
    nearer = scale >= 1 ? f(1 / scale) : 1;
  return Array.from({length: n}, (_, i) => {
    const centre = f(scale * (i + 0.5)),
      first = Math.max(0, Math.trunc(f(f(centre - reach) + 0.5))),
      last = Math.min(from, Math.trunc(f(f(centre + reach) + 0.5))),
      shares = Array.from({length: last - first}, (_, j) =>
        Math.max(0, f(1 - Math.abs(f(f(f(f(j + first) - centre) + 0.5) * nearer)))),
      ),
      all = shares.reduce((sum, one) => f(sum + one), 0);
    return [first, shares.map(one => f(one / all))];
  });
}

export function resized({data, dims: [T, H, W, C]}, [rows, columns]) {
  const dims = [T, rows, columns, C];
  if (H === rows && W === columns) return {data, dims};
  const made = new Uint8Array(T * rows * columns * C),
    line = new Float32Array(H * columns * C),
    [across, down] = [sharesOf(W, columns), sharesOf(H, rows)];
  for (let t = 0; t < T; t++) {
    for (let y = 0; y < H; y++)
      for (let x = 0; x < columns; x++) {
        const [first, shares] = across[x];
        for (let c = 0; c < C; c++) {
          let sum = 0;
          for (let j = 0; j < shares.length; j++) sum = f(sum + f(shares[j] * data[((t * H + y) * W + first + j) * C + c]));
          line[(y * columns + x) * C + c] = sum;
        }
      }
    for (let y = 0; y < rows; y++) {
      const [first, shares] = down[y];
      for (let i = 0; i < columns * C; i++) {
        let sum = 0;
        for (let j = 0; j < shares.length; j++) sum = f(sum + f(shares[j] * line[(first + j) * columns * C + i]));
        made[(t * rows + y) * columns * C + i] = Math.max(0, Math.min(255, rounded(sum)));
      }
    }
  }
  return {data: made, dims};
}
