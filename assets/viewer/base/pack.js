// Results as they travel, made in the browser: what app/figures/pack.py makes in Python, and unpack.js reads.

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
