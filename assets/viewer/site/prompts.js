// Prompts in the browser: which frames support the current one, what is done to them, what is gathered and read off. The networks
// are graphs; see the part `browser` of the method.
//
//   stages     {stage: ({what it reads}) → its result}; tensors are {data, dims}, a tower's maps {stage: tensor}
//   beside     the second run: the supports in the other order

import {toEven as rounded} from "./blur.js";
import {degraded} from "./degradations.js";
import {pasted} from "./masks.js";
import {resized} from "./resize.js";

const NONE = ["none", "0"];
const same = (a, b) => a.every((one, i) => one === b[i]),
  spoilOf = (kind, severity, here) => (here && kind !== "none" && severity > 0 ? [kind, String(severity)] : NONE);

// a frame of many, from 0
function frameAt({data, dims: [T, H, W, C]}, place) {
  if (place >= T) throw new Error(`t (t) is 1 to ${T}, the frames of the clip, got ${place + 1}.`);
  const size = H * W * C;
  return {data: data.subarray(place * size, (place + 1) * size), dims: [H, W, C]};
}
const spoilt = (frame, [kind, severity], place) => (kind === "none" ? frame : degraded(frame, kind, +severity, place));

// the first so many along one dimension
function firstOf({data, dims}, along, count) {
  const inner = dims.slice(along + 1).reduce((a, b) => a * b, 1),
    outer = dims.slice(0, along).reduce((a, b) => a * b, 1),
    [from, to] = [dims[along] * inner, count * inner],
    made = new Float32Array(outer * to);
  for (let i = 0; i < outer; i++) made.set(data.subarray(i * from, i * from + to), i * to);
  return {data: made, dims: dims.map((one, i) => (i === along ? count : one))};
}

// a detector's answer: boxes in fractions of the frame, and masks over all of it
function found({box, score, label, mask}, names, [H, W]) {
  const pixels = {data: box.data.map((one, i) => one * (i % 2 ? H : W)), dims: box.dims};
  return {
    box,
    score,
    label: Array.from(label.data, one => names[Number(one)]),
    mask: mask ? pasted(mask, pixels, [H, W]) : null,
  };
}

export const stages = {
  frames_THWC: ({clip_THWC, size}) => resized(clip_THWC, size),
  support_index_K({clip_THWC, t, supports, stride, per, shuffled, orders}) {
    const T = clip_THWC.dims[0],
      centre = per === "frame" ? t - 1 : T >> 1,
      half = supports / 2;
    if (per === "frame" && t > T) frameAt(clip_THWC, t - 1); // says why not
    const made = stride
      ? [...Array(supports + 1).keys()]
          .map(i => i - half)
          .filter(Boolean)
          .map(step => Math.max(0, Math.min(T - 1, centre + stride * step)))
      : Array.from({length: supports}, (_, i) => rounded(i === supports - 1 ? T - 1 : i * ((T - 1) / (supports - 1))));
    return shuffled ? orders[supports].map(i => made[i]) : made;
  },
  current_spoil: ({spoil, severity, spoiled}) => spoilOf(spoil, severity, spoiled !== "supports"),
  support_spoil: ({spoil, severity, spoiled}) => spoilOf(spoil, severity, spoiled !== "current"),
  own_spoil: ({support_index_K, t, current_spoil, support_spoil}) =>
    support_index_K.includes(t - 1) ? current_spoil : support_spoil,
  current_HWC: ({frames_THWC, t, current_spoil}) => spoilt(frameAt(frames_THWC, t - 1), current_spoil, t - 1),
  clean_HWC: ({frames_THWC, t}) => frameAt(frames_THWC, t - 1),
  support_THWC({frames_THWC, support_spoil}) {
    if (same(support_spoil, NONE)) return frames_THWC;
    const {data, dims} = frames_THWC,
      made = new Uint8Array(data.length);
    for (let t = 0; t < dims[0]; t++)
      made.set(spoilt(frameAt(frames_THWC, t), support_spoil, t).data, (t * data.length) / dims[0]);
    return {data: made, dims};
  },
  support_grid: ({grid}) => grid,
  // of each frame the tower's last map
  feature_LTPF({support_maps}) {
    const {data, dims} = Object.values(support_maps).at(-1),
      [T, , F, rows, columns] = dims,
      P = rows * columns,
      made = new Float32Array(data.length);
    for (let t = 0; t < T; t++)
      for (let d = 0; d < F; d++) for (let p = 0; p < P; p++) made[(t * P + p) * F + d] = data[(t * F + d) * P + p];
    return {data: made, dims: [1, T, P, F]};
  },
  // where frame t supports as it is shown, its features are what the tower made of it for the current frame
  own_LPF({feature_LTPF: {data, dims}, plain, t, own_spoil, support_spoil}) {
    const [, , P, F] = dims;
    if (same(own_spoil, support_spoil)) return {data: data.slice((t - 1) * P * F, t * P * F), dims: [1, P, F]};
    const last = Object.values(plain).at(-1),
      made = new Float32Array(P * F);
    for (let d = 0; d < F; d++) for (let p = 0; p < P; p++) made[p * F + d] = last.data[d * P + p];
    return {data: made, dims: [1, P, F]};
  },
  support_LKPF({feature_LTPF: {data, dims}, own_LPF, support_index_K, t}) {
    const [, , P, F] = dims,
      K = support_index_K.length,
      made = new Float32Array(K * P * F);
    for (const [k, place] of support_index_K.entries())
      made.set(place === t - 1 ? own_LPF.data : data.subarray(place * P * F, (place + 1) * P * F), k * P * F);
    return {data: made, dims: [1, K, P, F]};
  },
  prompt_LQD: ({trained_LQD, prompts}) => firstOf(trained_LQD, 1, prompts),
  prompt_attention_NQKP: ({looked_NQKP, prompts}) => firstOf(looked_NQKP, 1, prompts),
  mass_K({prompt_attention_NQKP: {data, dims}}) {
    const [N, Q, K, P] = dims,
      made = new Float64Array(K);
    for (let i = 0; i < data.length; i++) made[Math.floor(i / P) % K] += data[i] / (N * Q);
    return {data: made, dims: [K]};
  },
  entropy_Q({prompt_attention_NQKP: {data, dims}}) {
    const [N, Q, K, P] = dims,
      made = new Float64Array(Q);
    for (let q = 0; q < Q; q++)
      for (let i = 0; i < K * P; i++) {
        let share = 0;
        for (let n = 0; n < N; n++) share += data[(n * Q + q) * K * P + i] / N;
        if (share > 0) made[q] -= share * Math.log(share);
      }
    return {data: made.map(one => Math.max(0, Math.min(1, one / Math.log(K * P)))), dims: [Q]};
  },
  prompted_found: ({prompted_seen, names, size}) => found(prompted_seen, names, size),
  baseline_found: ({baseline_seen, names, size}) => found(baseline_seen, names, size),
  cost: ({operations, predicting, supports, prompts}) => ({...operations[prompts], predictor: predicting[supports]}),
};

export const beside = {
  stages: ["prompt_LQD"],
  knobs: knobs => ({shuffled: !knobs.shuffled}),
  values({prompt_LQD: own}, {prompt_LQD: other}) {
    const most = values => values.reduce((top, one) => Math.max(top, Math.abs(one)), 0);
    return {shuffle: [most(own.data.map((one, i) => one - other.data[i])), most(own.data)]};
  },
};
