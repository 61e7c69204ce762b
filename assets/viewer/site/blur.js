// A Gaussian blur of RGB frames in whole numbers, as OpenCV's of 8-bit pictures is: weights of 8 bits whose rounding is carried
// on, and ends that are mirrored. The same numbers as in Python: a test compares.
//
//   blurred(frame, {height, width}, sigma)    frame: Uint8Array of [H, W, 3]; sigma in pixels, 0 changes nothing

const EVEN = value => {
  const low = Math.floor(value),
    rest = value - low;
  return rest > 0.5 || (rest === 0.5 && low % 2) ? low + 1 : low;
};

// Weights that sum to 256
export function weights(sigma) {
  const n = EVEN(sigma * 6 + 1) | 1,
    half = n >> 1,
    scale = -0.125 / (sigma * sigma),
    value = Array.from({length: half}, (_, i) => Math.exp((1 - n + 2 * i) ** 2 * scale)),
    sum = 2 * value.reduce((all, one) => all + one, 0) + 1,
    made = new Int32Array(n);
  let carried = 0,
    all = 0;
  for (let i = 0; i < half; i++) {
    const wanted = (value[i] / sum) * 256 + carried;
    made[i] = made[n - 1 - i] = EVEN(wanted);
    carried = wanted - made[i];
    all += 2 * made[i];
  }
  made[half] = 256 - all;
  return made;
}

const mirrored = (at, length) => {
  while (at < 0 || at >= length) at = at < 0 ? -1 - at : 2 * length - 1 - at;
  return at;
};

export function blurred(frame, {height, width}, sigma) {
  if (!sigma) return frame;
  const weight = weights(sigma),
    half = weight.length >> 1,
    across = new Int32Array(frame.length),
    made = new Uint8Array(frame.length),
    row = width * 3;
  for (let k = 0; k < weight.length; k++) {
    if (!weight[k]) continue;
    for (let x = 0; x < width; x++) {
      const from = mirrored(x + k - half, width) * 3;
      for (let y = 0, at = x * 3, other = from; y < height; y++, at += row, other += row) {
        across[at] += weight[k] * frame[other];
        across[at + 1] += weight[k] * frame[other + 1];
        across[at + 2] += weight[k] * frame[other + 2];
      }
    }
  }
  const sum = new Int32Array(row);
  for (let y = 0; y < height; y++) {
    sum.fill(1 << 15);
    for (let k = 0; k < weight.length; k++) {
      if (!weight[k]) continue;
      const from = mirrored(y + k - half, height) * row;
      for (let i = 0; i < row; i++) sum[i] += weight[k] * across[from + i];
    }
    for (let i = 0; i < row; i++) made[y * row + i] = Math.min(255, sum[i] >> 16);
  }
  return made;
}

export const toEven = EVEN;
