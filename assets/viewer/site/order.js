// The order in which numpy shuffles: numpy.random.default_rng(seed).permutation(count), number for number, so that a shuffled clip
// is the same here and in Python. NEP 19 keeps it as it is there, and a test compares.

const WORD = 0xffffffffn,
  LONG = (1n << 64n) - 1n,
  WIDE = (1n << 128n) - 1n,
  STEP = 0x2360ed051fc65da44385df649fccf645n,
  POOL = 4;

const mixed = value => (value ^ (value >>> 16)) >>> 0;

// SeedSequence: eight 32-bit words of a small whole number
function words(seed) {
  let constant = 0x43b0d7e5;
  const hashed = value => {
    const before = (value ^ constant) >>> 0;
    constant = Math.imul(constant, 0x931e8875) >>> 0;
    return mixed(Math.imul(before, constant) >>> 0);
  };
  const pool = Array.from({length: POOL}, (_, i) => hashed(i ? 0 : seed));
  for (let from = 0; from < POOL; from++)
    for (let to = 0; to < POOL; to++)
      if (from !== to) pool[to] = mixed((Math.imul(0xca01f9dd, pool[to]) - Math.imul(0x4973f715, hashed(pool[from]))) >>> 0);
  constant = 0x8b51f9dd;
  return Array.from({length: 2 * POOL}, (_, i) => {
    const before = (pool[i % POOL] ^ constant) >>> 0;
    constant = Math.imul(constant, 0x58f38ded) >>> 0;
    return mixed(Math.imul(before, constant) >>> 0);
  });
}

// PCG64 → a function that gives the next 32 bits
function generator(seed) {
  const word = words(seed).map(BigInt),
    long = i => word[2 * i] | (word[2 * i + 1] << 32n),
    increment = ((((long(2) << 64n) | long(3)) << 1n) | 1n) & WIDE,
    step = state => (state * STEP + increment) & WIDE;
  let state = step((step(0n) + ((long(0) << 64n) | long(1))) & WIDE),
    left = null;
  return () => {
    if (left !== null) {
      const one = left;
      left = null;
      return one;
    }
    state = step(state);
    const both = (state >> 64n) ^ (state & LONG),
      turn = state >> 122n,
      made = ((both >> turn) | (both << ((64n - turn) & 63n))) & LONG;
    left = Number(made >> 32n);
    return Number(made & WORD);
  };
}

export function permutation(seed, count) {
  const next = generator(seed),
    order = Array.from({length: count}, (_, i) => i);
  for (let i = count - 1; i > 0; i--) {
    const mask = 2 ** (32 - Math.clz32(i)) - 1; // drawn anew until it is one of them
    let j = i + 1;
    while (j > i) j = (next() & mask) >>> 0;
    [order[i], order[j]] = [order[j], order[i]];
  }
  return order;
}
