// The knobs of a kept region and of prompts between frames, from grids that were stored when a file was made.
//
//   opened(stored)      what was stored, read once
//   traced(stored, held, trace, knobs, stamp)      the run at other knobs, as the viewer takes it
//
// stored  grid, knobs, cap, and base64 of 32-bit numbers: attention [T, P], dynamics [T, P], energy [G, P] of the stored
//         region, scale; tokens: null, or {patches [T, P, D], prompts [T, P, D], filter [D, 3, 3, 3]}; actor: bits or null

import {bits, bytes} from "../base/drawing.js";
import {number} from "../base/words.js";

const f32 = Math.fround;
const floats = text => new Float32Array(bytes(text).buffer);
const b64 = array => {
  const raw = new Uint8Array(array.buffer);
  let text = "";
  for (let i = 0; i < raw.length; i += 32768) text += String.fromCharCode(...raw.subarray(i, i + 32768));
  return btoa(text);
};

// The stored numbers, read once.
export function opened(stored) {
  const [rows, columns] = stored.grid,
    attention = floats(stored.attention),
    tokens = stored.tokens;
  return {
    ...stored,
    rows,
    columns,
    attention,
    P: rows * columns,
    T: attention.length / (rows * columns),
    dynamics: floats(stored.dynamics),
    energy: floats(stored.energy),
    tokens: tokens && {patches: floats(tokens.patches), prompts: floats(tokens.prompts), filter: floats(tokens.filter)},
    region: highest(blended(attention, floats(stored.dynamics), stored.knobs.alpha), stored.knobs.kept, rows * columns),
  };
}

// W^s = α·A + (1 − α)·M, rounded to 32 bits at each step as there
function blended(attention, dynamics, alpha) {
  const a = f32(alpha),
    m = f32(1 - alpha);
  return attention.map((value, i) => f32(f32(a * value) + f32(m * dynamics[i])));
}

// r: the N_s highest of each frame; among equals the earlier patch
function highest(score, kept, P) {
  const region = new Uint8Array(score.length);
  for (let t = 0; t < score.length; t += P) {
    const order = Array.from({length: P}, (_, p) => p).sort((p, q) => score[t + q] - score[t + p] || p - q);
    for (const p of order.slice(0, kept)) region[t + p] = 1;
  }
  return region;
}

// 1/d · Σ_k (𝒩^t(Δh^s))² of every gap and patch, Δh^s the difference of consecutive frames h + r·p^s. 𝒩^t is a depth-wise
// 3×3×3 convolution: time repeats its ends, space is padded with zeros.
function energies({tokens, rows, columns, P, T}, region, spatial) {
  const D = tokens.patches.length / (T * P),
    G = T - 1,
    prompted = tokens.patches.slice(),
    gap = new Float32Array(G * P * D);
  if (spatial)
    for (let i = 0; i < T * P; i++) if (region[i]) for (let k = i * D; k < (i + 1) * D; k++) prompted[k] += tokens.prompts[k];
  for (let i = 0; i < gap.length; i++) gap[i] = prompted[i + P * D] - prompted[i];
  const energy = new Float64Array(G * P),
    sum = new Float64Array(D);
  for (let g = 0; g < G; g++)
    for (let r = 0; r < rows; r++)
      for (let c = 0; c < columns; c++) {
        sum.fill(0);
        for (let dt = -1; dt < 2; dt++)
          for (let dr = -1; dr < 2; dr++)
            for (let dc = -1; dc < 2; dc++) {
              const row = r + dr,
                column = c + dc;
              if (row < 0 || column < 0 || row >= rows || column >= columns) continue;
              const from = (Math.max(0, Math.min(G - 1, g + dt)) * P + row * columns + column) * D;
              const tap = (dt + 1) * 9 + (dr + 1) * 3 + dc + 1;
              for (let k = 0; k < D; k++) sum[k] += tokens.filter[k * 27 + tap] * gap[from + k];
            }
        let all = 0;
        for (let k = 0; k < D; k++) all += sum[k] * sum[k];
        energy[g * P + r * columns + c] = all / D;
      }
  return energy;
}

// ⌈η·W⌉ of two digits, halves to even, 0 to cap
function counted(change, eta, cap) {
  const x = f32(f32(eta) * f32(change)) * 100,
    low = Math.floor(x),
    rest = x - low;
  const whole = rest > 0.5 || (rest === 0.5 && low % 2) ? low + 1 : low;
  return Math.max(0, Math.min(cap, Math.ceil(whole / 100)));
}

// All that follows from the knobs. exact: whether W^t and N^t are those of the method, or of the stored region's energies.
export function recompute(held, knobs) {
  const {P, T} = held,
    score = blended(held.attention, held.dynamics, knobs.alpha),
    region = highest(score, knobs.kept, P);
  const same = knobs.spatial === held.knobs.spatial && (!knobs.spatial || region.every((one, i) => one === held.region[i]));
  const made = `${knobs.spatial} ${knobs.spatial ? region.join("") : ""}`;
  if (held.tokens && !same && held.made !== made) {
    held.known = energies(held, region, knobs.spatial);
    held.made = made;
  }
  const energy = same || !held.tokens ? held.energy : held.known;
  const change = Array.from({length: T - 1}, (_, g) => {
    let sum = 0;
    for (let p = 0; p < P; p++) sum += (1 + (region[(g + 1) * P + p] ? knobs.beta : 0)) * energy[g * P + p];
    return f32(sum / P / held.scale);
  });
  const count = change.map(one => (knobs.temporal ? counted(one, knobs.eta, held.cap) : 0));
  return {score, region, change, count, exact: same || !!held.tokens};
}

// What `recompute` made, as the viewer takes it.
export function traced(stored, held, trace, knobs, stamp) {
  const began = performance.now(),
    {score, region, change, count, exact} = recompute(held, knobs),
    {P, T} = held;
  const ms = performance.now() - began,
    same = JSON.stringify(knobs) === JSON.stringify(stored.knobs);
  const packed = new Uint8Array(Math.ceil(region.length / 8)),
    actor = bits(stored.actor);
  region.forEach((one, i) => {
    packed[i >> 3] |= one << (i & 7);
  });
  const frames = Array.from({length: T}, (_, t) => t);
  const pointing = frames.map(t => {
    let top = 0;
    for (let p = 1; p < P; p++) if (score[t * P + p] > score[t * P + top]) top = p;
    const seen = actor && actor.subarray(t * P, (t + 1) * P);
    return {patch: [Math.floor(top / held.columns), top % held.columns], hit: seen?.some(one => one) ? !!seen[top] : null};
  });
  const rule = (w, g) => {
    const said = `gap ${g + 1}→${g + 2}: W ${exact ? "=" : "≈"} ${number(w)}, η = ${number(knobs.eta)} → `;
    const raw = Math.round(knobs.eta * w * 100) / 100;
    if (!knobs.temporal) return said + "temporal prompts are off: 0";
    return said + `⌈${raw.toFixed(2)}⌉ = ${Math.ceil(raw)}` + (count[g] === Math.ceil(raw) ? "" : `, capped at ${count[g]}`);
  };
  const told = Object.fromEntries(Object.entries(trace.ledger).map(([name, [, shape]]) => [name, [null, shape]]));
  if (!same) for (const name of stored.behind) delete told[name];
  for (const name of stored.here) told[name] = [name === "change_G" ? ms : 0, told[name]?.[1] || ""];
  return {
    ...trace,
    stamp,
    knobs: {...trace.knobs, ...knobs},
    ledger: told,
    values: {
      ...trace.values,
      score_TP: {
        ...trace.values.score_TP,
        code: b64(Uint16Array.from(score, one => Math.round(Math.max(0, Math.min(1, one)) * 65535))),
        points: actor && pointing,
        terms: [
          ["attention_TP", knobs.alpha],
          ["dynamics_TP", 1 - knobs.alpha],
        ],
      },
      region_TP: {...trace.values.region_TP, code: b64(packed)},
      change_G: change,
      prompt_count_G: {count, each: knobs.eta ? 1 / knobs.eta : null, rule: change.map(rule)},
    },
    texts: same ? trace.texts : [],
    why: same ? "" : stored.why,
    state: {count, change},
    exact,
  };
}
