// The order in which numpy shuffles: numpy.random.default_rng(seed).permutation(count), number for number, so that a shuffled clip
// is the same here and in Python. A test compares.

import {chance} from "./chance.js";

export function permutation(seed, count) {
  const drawn = chance([seed]),
    order = Array.from({length: count}, (_, i) => i);
  for (let i = count - 1; i > 0; i--) {
    const mask = 2 ** (32 - Math.clz32(i)) - 1; // drawn anew until it is one of them
    let j = i + 1;
    while (j > i) j = (drawn.word() & mask) >>> 0;
    [order[i], order[j]] = [order[j], order[i]];
  }
  return order;
}
