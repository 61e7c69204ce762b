// Chance as numpy draws it, number for number: np.random.default_rng([…]), which is PCG64 (O'Neill, 2014) begun by SeedSequence.
//
//   const drawn = chance([seed, t])       whole numbers, each below 2^32
//   drawn.word()      a whole number below 2^32
//   drawn.share()     0–1                 rng.uniform()
//   drawn.normal()    mean 0, deviation 1, in single precision: rng.standard_normal(…, np.float32), by its ziggurat

const WHOLE = (1n << 128n) - 1n,
  MULTIPLIER = (2549297995355413924n << 64n) | 4865540595714422341n,
  LOW = 0xffffffffn;

// ---- how a seed begins it -----------------------------------------------------------------------------------------------

const POOL = 4;
const folded = value => (value ^ (value >>> 16)) >>> 0;
const mixed = (x, y) => folded((Math.imul(0xca01f9dd, x) - Math.imul(0x4973f715, y)) >>> 0);

// four numbers of 64 bits
function wordsOf(seed) {
  let constant = 0x43b0d7e5;
  const hashed = value => {
    const changed = (value ^ constant) >>> 0;
    constant = Math.imul(constant, 0x931e8875) >>> 0;
    return folded(Math.imul(changed, constant) >>> 0);
  };
  const pool = Array.from({length: POOL}, (_, i) => hashed(seed[i] ?? 0));
  for (let from = 0; from < POOL; from++)
    for (let to = 0; to < POOL; to++) if (from !== to) pool[to] = mixed(pool[to], hashed(pool[from]));
  let other = 0x8b51f9dd;
  const halves = Array.from({length: 8}, (_, i) => {
    const changed = (pool[i % POOL] ^ other) >>> 0;
    other = Math.imul(other, 0x58f38ded) >>> 0;
    return BigInt(folded(Math.imul(changed, other) >>> 0));
  });
  return [0, 2, 4, 6].map(i => halves[i] | (halves[i + 1] << 32n));
}

// ---- the ziggurat: 256 strips of equal area under the bell (Marsaglia & Tsang, 2000) ------------------------------------

const STRIPS = 256,
  END = 3.6541528853610088, // where the tail begins
  AREA = 0.00492867323399,
  PLACES = 2 ** 23;

function ziggurat() {
  const inside = new Uint32Array(STRIPS), // below it a place lies under the bell for sure
    width = new Float32Array(STRIPS),
    height = new Float32Array(STRIPS),
    exact = new Float64Array(STRIPS);
  const bell = x => Math.exp(-0.5 * x * x);
  let right = END;
  exact[255] = bell(right);
  width[255] = right / PLACES;
  inside[0] = Math.floor(((right * exact[255]) / AREA) * PLACES);
  width[0] = AREA / exact[255] / PLACES;
  exact[0] = 1;
  for (let i = 254; i > 0; i--) {
    const x = Math.sqrt(-2 * Math.log(AREA / right + exact[i + 1]));
    inside[i + 1] = Math.floor((x / right) * PLACES);
    width[i] = x / PLACES;
    exact[i] = bell(x);
    right = x;
  }
  inside[1] = 0;
  height.set(exact);
  return {inside, width, height};
}
const STEPS = ziggurat();

export function chance(seed) {
  const [a, b, c, d] = wordsOf(seed),
    added = ((((c << 64n) | d) << 1n) | 1n) & WHOLE;
  let state = ((added + ((a << 64n) | b)) * MULTIPLIER + added) & WHOLE,
    kept = null; // the other half of a number of 64 bits

  function long() {
    state = (state * MULTIPLIER + added) & WHOLE;
    const both = (state >> 64n) ^ (state & 0xffffffffffffffffn),
      turn = state >> 122n;
    return ((both >> turn) | (both << (64n - turn))) & 0xffffffffffffffffn;
  }
  function word() {
    if (kept !== null) {
      const other = kept;
      kept = null;
      return other;
    }
    const both = long();
    kept = Number(both >> 32n);
    return Number(both & LOW);
  }
  const share = () => Number(long() >> 11n) / 2 ** 53,
    single = () => Math.fround((word() >>> 8) / 2 ** 24);

  function normal() {
    const {inside, width, height} = STEPS;
    for (;;) {
      const drawn = word(),
        strip = drawn & 255,
        place = (drawn >>> 9) & (PLACES - 1),
        far = Math.fround(place * width[strip]),
        x = drawn & 256 ? -far : far;
      if (place < inside[strip]) return x;
      if (strip) {
        const at = Math.fround(Math.fround(Math.fround(height[strip - 1] - height[strip]) * single()) + height[strip]);
        if (at < Math.exp(-0.5 * x * x)) return x;
        continue;
      }
      for (;;) {
        const beyond = -Math.fround(Math.log1p(-single()) / END),
          other = -Math.fround(Math.log1p(-single()));
        if (other + other > beyond * beyond) return (place >> 8) & 1 ? -Math.fround(END + beyond) : Math.fround(END + beyond);
      }
    }
  }
  return {word, share, normal};
}
