// What JPEG leaves of a picture: colours at half the resolution, and of each 8 × 8 the waves that its quality keeps. Nothing is
// written; what is rounded is rounded as libjpeg rounds it, so that the grey values are its own.
//
//   jpegged({data, dims: [H, W, 3]}, quality)     uint8 RGB; quality 1–100

const BRIGHT = [
    16, 11, 10, 16, 24, 40, 51, 61, 12, 12, 14, 19, 26, 58, 60, 55, 14, 13, 16, 24, 40, 57, 69, 56, 14, 17, 22, 29, 51, 87, 80,
    62, 18, 22, 37, 56, 68, 109, 103, 77, 24, 35, 55, 64, 81, 104, 113, 92, 49, 64, 78, 87, 103, 121, 120, 101, 72, 92, 95, 98,
    112, 100, 103, 99,
  ], // steps of brightness and of colour at quality 50, from the standard's annex K
  COLOURED = [17, 18, 24, 47, 18, 21, 26, 66, 24, 26, 56, 99, 47, 66, 99, 99];
const colourStep = i => (i >> 3 < 4 && (i & 7) < 4 ? COLOURED[(i >> 3) * 4 + (i & 7)] : 99);

const stepsOf = (quality, base) => {
  const scale = quality < 50 ? Math.floor(5000 / quality) : 200 - 2 * quality;
  return Int32Array.from({length: 64}, (_, i) => Math.max(1, Math.min(255, Math.floor((base(i) * scale + 50) / 100))));
};

// ---- waves: whole numbers with 13 binary places (Loeffler, Ligtenberg & Moschytz, 1989) -----------------------------------

const BITS = 13,
  MORE = 2; // binary places that the first pass keeps
const [A, B, C, D, E, F, G, H, I, J, K, L] = [
  0.298631336, 0.390180644, 0.5411961, 0.765366865, 0.899976223, 1.175875602, 1.50132111, 1.847759065, 1.96157056, 2.053119869,
  2.562915447, 3.072711026,
].map(one => Math.round(one * 2 ** BITS));
const down = (value, places) => (value + (1 << (places - 1))) >> places;

// the odd half, which both directions share: four numbers turned among each other
function turned(p, q, r, s) {
  const z5 = (p + r + q + s) * F,
    z1 = -(p + s) * E,
    z2 = -(q + r) * K,
    z3 = z5 - (p + r) * I,
    z4 = z5 - (q + s) * B;
  return [p * A + z1 + z3, q * J + z2 + z4, r * L + z2 + z3, s * G + z1 + z4];
}

// 8 numbers from `at`, every `step`, in place → waves
function forth(d, at, step, first) {
  const of = i => d[at + i * step],
    [a, b, c, e] = [0, 1, 2, 3].map(i => of(i) + of(7 - i)),
    places = first ? BITS - MORE : BITS + MORE,
    z = (b - c + a - e) * C,
    odd = turned(of(3) - of(4), of(2) - of(5), of(1) - of(6), of(0) - of(7));
  const flat = first ? value => value << MORE : value => down(value, MORE);
  const made = [
    flat(a + e + b + c),
    down(odd[3], places),
    down(z + (a - e) * D, places),
    down(odd[2], places),
    flat(a + e - b - c),
    down(odd[1], places),
    down(z - (b - c) * H, places),
    down(odd[0], places),
  ];
  for (let i = 0; i < 8; i++) d[at + i * step] = made[i];
}

// waves → 8 numbers
function back(d, at, step, first) {
  const of = i => d[at + i * step],
    places = first ? BITS - MORE : BITS + MORE + 3,
    z = (of(2) + of(6)) * C,
    [low, high] = [z - of(6) * H, z + of(2) * D],
    [sum, apart] = [(of(0) + of(4)) << BITS, (of(0) - of(4)) << BITS],
    even = [sum + high, apart + low, apart - low, sum - high],
    odd = turned(of(7), of(5), of(3), of(1));
  for (let i = 0; i < 4; i++) {
    d[at + i * step] = down(even[i] + odd[3 - i], places);
    d[at + (7 - i) * step] = down(even[i] - odd[3 - i], places);
  }
}

const grey = value => Math.max(0, Math.min(255, value));

// a plane, each 8 × 8 of it by itself: into waves, to whole steps of them, and back
function rounded(plane, rows, columns, steps) {
  const d = new Int32Array(64);
  for (let y = 0; y < rows; y += 8)
    for (let x = 0; x < columns; x += 8) {
      for (let i = 0; i < 64; i++) d[i] = plane[(y + (i >> 3)) * columns + x + (i & 7)] - 128;
      for (let i = 0; i < 8; i++) forth(d, 8 * i, 1, true);
      for (let i = 0; i < 8; i++) forth(d, i, 8, false);
      for (let i = 0; i < 64; i++) {
        const step = 8 * steps[i],
          count = Math.floor((Math.abs(d[i]) + (step >> 1)) / step);
        d[i] = (d[i] < 0 ? -count : count) * steps[i];
      }
      for (let i = 0; i < 8; i++) back(d, i, 8, true);
      for (let i = 0; i < 8; i++) back(d, 8 * i, 1, false);
      for (let i = 0; i < 64; i++) plane[(y + (i >> 3)) * columns + x + (i & 7)] = grey(d[i] + 128);
    }
}

// ---- colours --------------------------------------------------------------------------------------------------------------

const HALF = 1 << 15,
  MIDDLE = (128 << 16) + HALF - 1;

export function jpegged({data, dims: [rows, columns]}, quality) {
  const R = Math.ceil(rows / 16) * 16,
    S = Math.ceil(columns / 16) * 16,
    bright = new Uint8Array(R * S),
    blue = new Uint8Array(R * S),
    red = new Uint8Array(R * S);
  for (let y = 0; y < R; y++)
    for (let x = 0; x < S; x++) {
      const from = (Math.min(y, rows - 1) * columns + Math.min(x, columns - 1)) * 3,
        [r, g, b] = [data[from], data[from + 1], data[from + 2]],
        at = y * S + x;
      bright[at] = (19595 * r + 38470 * g + 7471 * b + HALF) >> 16;
      blue[at] = (32768 * b - 11059 * r - 21709 * g + MIDDLE) >> 16;
      red[at] = (32768 * r - 27439 * g - 5329 * b + MIDDLE) >> 16;
    }
  rounded(
    bright,
    R,
    S,
    stepsOf(quality, i => BRIGHT[i]),
  );
  const steps = stepsOf(quality, colourStep),
    [blues, reds] = [blue, red].map(plane => {
      const small = halved(plane, R, S);
      rounded(small, R / 2, S / 2, steps);
      return doubled(small, R / 2, S / 2);
    }),
    made = new Uint8Array(data.length);
  for (let y = 0; y < rows; y++)
    for (let x = 0; x < columns; x++) {
      const at = y * S + x,
        to = (y * columns + x) * 3,
        [b, r] = [blues[at] - 128, reds[at] - 128];
      made[to] = grey(bright[at] + ((91881 * r + HALF) >> 16));
      made[to + 1] = grey(bright[at] + ((-22554 * b - 46802 * r + HALF) >> 16));
      made[to + 2] = grey(bright[at] + ((116130 * b + HALF) >> 16));
    }
  return made;
}

function halved(plane, R, S) {
  const made = new Uint8Array((R * S) / 4);
  for (let y = 0; y < R / 2; y++)
    for (let x = 0; x < S / 2; x++) {
      const at = 2 * y * S + 2 * x;
      made[(y * S) / 2 + x] = (plane[at] + plane[at + 1] + plane[at + S] + plane[at + S + 1] + 1 + (x & 1)) >> 2;
    }
  return made;
}

// three parts of the nearer and one of the farther, along both
function doubled(small, R, S) {
  const made = new Uint8Array(R * S * 4);
  for (let y = 0; y < 2 * R; y++) {
    const near = y >> 1,
      far = Math.max(0, Math.min(R - 1, near + (y & 1 ? 1 : -1))),
      of = x => 3 * small[near * S + x] + small[far * S + x];
    for (let x = 0; x < 2 * S; x++) {
      const own = x >> 1,
        other = Math.max(0, Math.min(S - 1, own + (x & 1 ? 1 : -1)));
      made[y * 2 * S + x] = (3 * of(own) + of(other) + (x & 1 ? 7 : 8)) >> 4;
    }
  }
  return made;
}
