// Results as they travel → what is drawn of them, unpacked once for each run.

import {bits, bytes} from "./drawing.js";

export const once = made => {
  const known = new WeakMap();
  return packed => {
    if (!packed) return null;
    if (!known.has(packed)) known.set(packed, made(packed));
    return known.get(packed);
  };
};

// {shape, code} → numbers 0–65535 for 0–1;  {shape, code} → 0 or 1 each. null where there is nothing
export const codes = once(({code}) => new Uint16Array(bytes(code).buffer));
export const floats = once(({code}) => new Float32Array(bytes(code).buffer)); // numbers of any size
export const truths = once(({code}) => bits(code));

export const resultOf = (side, output) => (output && side.trace.values[output.stage]) ?? null;
export const firstOf = (outputs, kind) => outputs.find(one => one.kind === kind);
