// Ways to spoil a frame, as core/world/degradations.py spoils it: the same draw of chance at every severity.
//
//   degraded({data, dims: [H, W, 3]}, kind, severity, t)     uint8 RGB of the same size; t: the frame's place in the clip, from 0
//   KINDS    what there is

import {blurred, toEven as rounded} from "./blur.js";
import {chance} from "./chance.js";
import {jpegged} from "./jpeg.js";

const f = Math.fround,
  grey = value => Math.max(0, Math.min(255, value));
// a place outside of a row of n → the one that it mirrors: … b a | a b c … c | c b …
const mirrored = (i, n) => {
  const j = ((i % (2 * n)) + 2 * n) % (2 * n);
  return j < n ? j : 2 * n - 1 - j;
};
// each pixel becomes a sum of others: [[rows down, columns right, share]]
function summed({data, dims: [H, W, C]}, shares) {
  const made = new Uint8Array(data.length);
  for (let y = 0; y < H; y++)
    for (let x = 0; x < W; x++) {
      const sums = [0, 0, 0];
      for (const [down, right, share] of shares) {
        const from = (mirrored(y + down, H) * W + mirrored(x + right, W)) * C;
        for (let c = 0; c < C; c++) sums[c] += share * data[from + c];
      }
      for (let c = 0; c < C; c++) made[(y * W + x) * C + c] = grey(rounded(f(sums[c])));
    }
  return made;
}

// each pixel smeared along a line of up to a fifth of the frame
function motion_blur(frame, severity, drawn) {
  const [H, W] = frame.dims,
    length = severity * 0.2 * Math.min(H, W),
    turn = drawn.share() * Math.PI,
    half = Math.ceil(length / 2) + 1,
    side = 2 * half + 1,
    kernel = new Float32Array(side * side),
    points = 16 * half;
  for (let i = 0; i < points; i++) {
    const along = i === points - 1 ? length / 2 : -length / 2 + i * (length / (points - 1)),
      [x, y] = [half + along * Math.cos(turn), half + along * Math.sin(turn)];
    for (const dx of [0, 1])
      for (const dy of [0, 1]) {
        const [column, row] = [Math.floor(x) + dx, Math.floor(y) + dy];
        if (column < side && row < side)
          kernel[row * side + column] += Math.abs(1 - dx - (x - Math.floor(x))) * Math.abs(1 - dy - (y - Math.floor(y)));
      }
  }
  const all = kernel.reduce((sum, one) => f(sum + one), 0),
    shares = [...kernel].flatMap((one, i) => (one ? [[Math.floor(i / side) - half, (i % side) - half, f(one / all)]] : []));
  return summed(frame, shares);
}

// a Gaussian blur of up to 6 % of the frame
const defocus = ({data, dims: [height, width]}, severity) =>
  blurred(data, {height, width}, 0.02 + severity * 0.06 * Math.min(height, width));

// a grey board over up to half of the frame, which grows from one corner
const BOARD = [96, 92, 88];
function occluder({data, dims: [H, W, C]}, severity, drawn) {
  const side = Math.sqrt(0.5),
    low = [drawn.share() * (1 - side), drawn.share() * (1 - side)],
    corner = [drawn.word() >>> 31, drawn.word() >>> 31],
    made = data.slice();
  const [[x0, x1], [y0, y1]] = [W, H].map((size, i) => {
    const [from, to] = [low[i] * size, (low[i] + side) * size],
      length = Math.sqrt(severity) * (to - from);
    return (corner[i] ? [to - length, to] : [from, from + length]).map(one => Math.max(0, rounded(one)));
  });
  for (let y = y0; y < Math.min(H, y1); y++) for (let x = x0; x < Math.min(W, x1); x++) made.set(BOARD, (y * W + x) * C);
  return made;
}

// a smooth random warp that moves pixels by up to about a tenth of the frame
const FIELD = 5;
function deformation({data, dims: [H, W, C]}, severity, drawn) {
  const field = Float32Array.from({length: FIELD * FIELD * 2}, () => -1 + 2 * drawn.share()),
    most = f(severity * 0.1 * Math.min(H, W)),
    across = cubic(W),
    down = cubic(H),
    made = new Uint8Array(data.length);
  const shift = (y, x, way) => {
    let sum = 0;
    for (const [row, up] of down[y]) {
      let own = 0;
      for (const [column, share] of across[x]) own = f(own + f(share * field[(row * FIELD + column) * 2 + way]));
      sum = f(sum + f(up * own));
    }
    return f(sum * most);
  };
  for (let y = 0; y < H; y++)
    for (let x = 0; x < W; x++) {
      const [u, v] = [f(x + shift(y, x, 0)), f(y + shift(y, x, 1))],
        [left, top] = [Math.floor(u), Math.floor(v)],
        [a, b] = [f(u - left), f(v - top)];
      for (let c = 0; c < C; c++) {
        const at = (row, column) => data[(mirrored(row, H) * W + mirrored(column, W)) * C + c],
          upper = f(at(top, left) + f(a * (at(top, left + 1) - at(top, left)))),
          lower = f(at(top + 1, left) + f(a * (at(top + 1, left + 1) - at(top + 1, left))));
        made[(y * W + x) * C + c] = grey(rounded(f(upper + f(b * f(lower - upper)))));
      }
    }
  return made;
}

// of each of n places among FIELD that are spread over them: [[which, share] of the four beside it]
const SHARP = -0.75;
function cubic(n) {
  const scale = FIELD / n;
  return Array.from({length: n}, (_, i) => {
    const at = f((i + 0.5) * scale - 0.5),
      low = Math.floor(at),
      x = f(at - low),
      outer = t => ((SHARP * t - 5 * SHARP) * t + 8 * SHARP) * t - 4 * SHARP,
      inner = t => ((SHARP + 2) * t - (SHARP + 3)) * t * t + 1,
      shares = [outer(x + 1), inner(x), inner(1 - x)].map(f);
    shares.push(f(1 - shares[0] - shares[1] - shares[2]));
    return shares.map((share, k) => [Math.max(0, Math.min(FIELD - 1, low + k - 1)), share]);
  });
}

// Gaussian noise with a deviation of up to 80 of 255
function noise({data}, severity, drawn) {
  const much = f(severity * 80);
  return Uint8Array.from(data, one => grey(f(f(one + f(much * drawn.normal())) + 0.5)));
}

// down to 8 % of the light, and the sensor noise that remains
function low_light({data}, severity, drawn) {
  const light = 1 - 0.92 * severity,
    much = f(4 * severity);
  return Uint8Array.from(data, one => grey(one * light + f(much * drawn.normal()) + 0.5));
}

// JPEG of quality 90 down to 3
const compression = (frame, severity) => jpegged(frame, rounded(90 - 87 * severity));

export const KINDS = {motion_blur, defocus, occluder, deformation, noise, low_light, compression};

export function degraded(frame, kind, severity, t) {
  return {data: KINDS[kind](frame, severity, chance([t, 0])), dims: frame.dims};
}
