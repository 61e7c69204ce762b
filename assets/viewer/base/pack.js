// Results as they travel, made in the browser: what app/figures/pack.py makes in Python, and unpack.js reads.

export const DECADES = [-4, 3]; // log10 of the least and the largest number of a logarithmic map
const MAP_SIDE = 64; // cells: a map of more is averaged before it travels

export function b64(array) {
  const raw = new Uint8Array(array.buffer, array.byteOffset, array.byteLength);
  let text = "";
  for (let i = 0; i < raw.length; i += 32768) text += String.fromCharCode(...raw.subarray(i, i + 32768));
  return btoa(text);
}

// numbers 0–1 in 16 bits
export const grid16 = values => b64(Uint16Array.from(values, one => Math.round(Math.max(0, Math.min(1, one)) * 65535)));

// 0 or 1 each → bits
export function packedBits(truths) {
  const packed = new Uint8Array(Math.ceil(truths.length / 8));
  truths.forEach((one, i) => {
    packed[i >> 3] |= one << (i & 7);
  });
  return b64(packed);
}

// numbers ≥ 0 of very different sizes: their place between the DECADES
export const log16 = values => {
  const [low, high] = DECADES;
  return grid16(Array.from(values, one => (Math.log10(Math.max(one, 10 ** low)) - low) / (high - low)));
};

// [n, rows, columns] → a map as it travels, no side of it larger than MAP_SIDE
export function maps16(data, [n, ...size]) {
  const {value, rows, columns} = pooled(data, ...size, MAP_SIDE);
  return {shape: [n, rows, columns], code: log16(value)};
}

// means over blocks of cells, so that no side of a map is longer than `side`; the last two dimensions are the map's
export function pooled(data, rows, columns, side) {
  if (rows <= side && columns <= side) return {value: data, rows, columns};
  const [R, C] = [Math.min(rows, side), Math.min(columns, side)],
    value = new Float32Array((data.length / rows / columns) * R * C),
    start = (i, cells, blocks) => Math.floor((i * cells) / blocks);
  for (let i = 0; i < value.length; i++) {
    const [r, c] = [Math.floor(i / C) % R, i % C],
      from = Math.floor(i / C / R) * rows * columns,
      [top, foot] = [start(r, rows, R), start(r + 1, rows, R)],
      [left, right] = [start(c, columns, C), start(c + 1, columns, C)];
    let sum = 0;
    for (let y = top; y < foot; y++) for (let x = left; x < right; x++) sum += data[from + y * columns + x];
    value[i] = sum / (foot - top) / (right - left);
  }
  return {value, rows: R, columns: C};
}

// 0 or 1 each → lengths of the runs of 0, 1, 0, …
export function runs(mask) {
  const made = [];
  let last = 0,
    from = 0;
  for (let i = 0; i < mask.length; i++)
    if (mask[i] !== last) {
      made.push(i - from);
      [last, from] = [mask[i], i];
    }
  return [...made, mask.length - from];
}
