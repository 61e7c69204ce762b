// Results as they travel, by their kind: what app/figures/KIND.py makes of them in Python.
//
//   packed[kind](output, value, context)     what a figure reads
//
// context   {values: of the run, outputs, clip, place: of the current frame, grid, complete, strange: whether the clip is none of
//           those that the weights know, thing: what is found in such a clip}

import {b64, log16, maps16, pooled, runs} from "../base/pack.js";

const HEAD_SIDE = 8, // cells of one head's thumbnail
  HEADS = [-1, 2]; // log10 of the ends of its numbers

const rounded = (value, digits) => +value.toFixed(digits);

// ---- pictures -------------------------------------------------------------------------------------------------------------

function jpegOf(data, [H, W], quality) {
  const canvas = Object.assign(document.createElement("canvas"), {width: W, height: H}),
    image = new ImageData(W, H);
  for (let i = 0, j = 0; j < data.length; i += 4, j += 3) {
    image.data.set(data.subarray(j, j + 3), i);
    image.data[i + 3] = 255;
  }
  canvas.getContext("2d").putImageData(image, 0, 0);
  return canvas.toDataURL("image/jpeg", quality);
}
const inWords = ([what, much]) => (what === "none" ? "" : `${what.replaceAll("_", " ")}, ${+much}`);

function pictures({done, plain}, {data, dims}, {values, outputs, place}) {
  const told = {done: inWords(values[done] ?? ["none"])};
  if (dims.length === 3) return {frames: {[place]: jpegOf(data, dims, 0.92)}, ...told};
  const size = data.length / dims[0],
    of = (tensor, t) => tensor.data.subarray(t * size, (t + 1) * size),
    chosen = Object.entries(outputs).flatMap(([stage, {kind}]) => (kind === "ChosenFrames" ? (values[stage] ?? []) : [])),
    alike = t => values[plain] && of(values[plain], t).every((one, i) => one === data[t * size + i]),
    sent = [...new Set(chosen)].filter(t => t !== place && !alike(t));
  return {frames: Object.fromEntries(sent.map(t => [t, jpegOf(of({data}, t), dims.slice(1), 0.85)])), ...told};
}

// ---- attention ------------------------------------------------------------------------------------------------------------

function attention(_, {data, dims: [N, Q, K, P]}, {grid, complete}) {
  const share = new Float64Array(Q * K * P);
  for (let i = 0; i < data.length; i++) share[i % share.length] += (data[i] / N) * K * P;
  const made = {shape: [Q, K, P], code: log16(share), heads: N};
  if (!complete) return made;
  const {value, rows, columns} = pooled(data, ...grid, HEAD_SIDE),
    [low, high] = HEADS;
  const code = Uint8Array.from(value, one => {
    const at = (Math.log10(Math.max(one * K * P, 1e-9)) - low) / (high - low);
    return Math.round(Math.max(0, Math.min(1, at)) * 255);
  });
  return {...made, each: {shape: [N, Q, K, rows, columns], code: b64(code), ends: HEADS}};
}

// {"stage" or "stage.block": a map or one for each prompt} → one entry each
const maps = (_, value) =>
  Object.entries(value).map(([at, {data, dims}]) => ({
    at: at.split(".").map(Number),
    ...maps16(data, dims.length === 3 ? dims : [1, ...dims]),
  }));

// ---- what is found ----------------------------------------------------------------------------------------------------------

function overlap(a, b) {
  const long = (low, high) => Math.max(0, high - low),
    both = long(Math.max(a[0], b[0]), Math.min(a[2], b[2])) * long(Math.max(a[1], b[1]), Math.min(a[3], b[3])),
    size = box => long(box[0], box[2]) * long(box[1], box[3]);
  return both / Math.max(size(a) + size(b) - both, 1e-9);
}

// which of the things that are there each detection finds, best first, each found once; null: none of them
function boxes({match}, {box, score, label, mask}, {clip, place, strange, thing}) {
  const there = clip.truth?.things[place] ?? [],
    before = new Set(),
    [, H, W] = mask?.dims ?? [];
  const found = label.map((name, d) => {
    const own = Array.from(box.data.subarray(4 * d, 4 * d + 4));
    let [best, which] = [0, null];
    for (const [o, one] of there.entries()) {
      const much = one.name === name && !before.has(o) ? overlap(own, one.box) : 0;
      if (much > best) [best, which] = [much, o];
    }
    const finds = which !== null && best >= match ? which : null;
    before.add(finds);
    return {
      box: own.map(one => rounded(one, 4)),
      score: rounded(score.data[d], 3),
      thing: finds,
      name: strange ? thing : name,
      runs: mask ? runs(mask.data.subarray(d * H * W, (d + 1) * H * W)) : null,
    };
  });
  return {found, there: there.length, size: mask ? [H, W] : null};
}

export const packed = {
  Pictures: pictures,
  PromptAttention: attention,
  PromptMaps: maps,
  FeatureChange: maps,
  Boxes: boxes,
  Cost: (_, value) => value,
};
