// A detection's mask over its box alone → over the frame, as torchvision's `paste_masks_in_image` puts it there.
//
//   pasted({data, dims: [N, M, M]}, {data, dims: [N, 4]}, [H, W])     {data: 1 where a pixel belongs to it, dims: [N, H, W]}
//
// box: x0, y0, x1, y1 in pixels

const f = Math.fround,
  EDGE = 1; // cells of nothing around a mask, so that it can end within its box

export function pasted(masks, boxes, [H, W]) {
  const [N, M] = masks.dims,
    data = new Uint8Array(N * H * W);
  for (let n = 0; n < N; n++)
    paste(masks.data.subarray(n * M * M, (n + 1) * M * M), M, boxes.data, 4 * n, data, n * H * W, H, W);
  return {data, dims: [N, H, W]};
}

function paste(mask, M, box, at, out, to, H, W) {
  const wide = M + 2 * EDGE,
    scale = wide / M;
  const ends = [0, 1].map(i => {
    const [low, high] = [box[at + i], box[at + i + 2]],
      half = f(f(f(high - low) * 0.5) * scale),
      middle = f(f(high + low) * 0.5);
    return [Math.trunc(f(middle - half)), Math.trunc(f(middle + half))];
  });
  const [[x0, x1], [y0, y1]] = ends,
    across = lineOf(Math.max(1, x1 - x0 + 1), wide),
    down = lineOf(Math.max(1, y1 - y0 + 1), wide),
    of = (row, column) => {
      const [r, c] = [row - EDGE, column - EDGE];
      return r >= 0 && c >= 0 && r < M && c < M ? mask[r * M + c] : 0;
    };
  for (let y = Math.max(0, y0); y < Math.min(H, y1 + 1); y++)
    for (let x = Math.max(0, x0); x < Math.min(W, x1 + 1); x++) {
      const [row, under, v] = down[y - y0],
        [column, beside, u] = across[x - x0],
        upper = (1 - u) * of(row, column) + u * of(row, beside),
        lower = (1 - u) * of(under, column) + u * of(under, beside);
      out[to + y * W + x] = (1 - v) * upper + v * lower > 0.5 ? 1 : 0;
    }
}

// for each of n places: the two of `from` cells between which it lies, and how far
const lineOf = (n, from) =>
  Array.from({length: n}, (_, i) => {
    const place = Math.max(0, f(f(f(from / n) * (i + 0.5)) - 0.5)),
      low = Math.min(from - 1, Math.floor(place));
    return [low, Math.min(from - 1, low + 1), place - low];
  });
