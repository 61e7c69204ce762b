// The knobs of a kept region and of prompts between frames, from grids that were stored when a file was made.
//
//   opened(stored)      what was stored, read once
//   traced(stored, held, trace, knobs, stamp)      the run at other knobs, as the viewer takes it
//
// stored  grid, knobs, cap, and base64 of 32-bit numbers: attention [T, P], dynamics [T, P], energy [G, P] of the stored
//         region, scale; tokens: null, or {patches [T, P, D], prompts [T, P, D], filter [D, 3, 3, 3]}; actor: bits or null

import {bits, bytes} from "../base/drawing.js";
import {grid16, packedBits} from "../base/pack.js";
import {number} from "../base/words.js";

const f32 = Math.fround;
const floats = text => new Float32Array(bytes(text).buffer);
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
export function blended(attention, dynamics, alpha) {
  const a = f32(alpha),
    m = f32(1 - alpha);
  return attention.map((value, i) => f32(f32(a * value) + f32(m * dynamics[i])));
}

// r: the N_s highest of each frame; among equals the earlier patch
export function highest(score, kept, P) {
  const region = new Uint8Array(score.length);
  for (let t = 0; t < score.length; t += P) {
    const order = Array.from({length: P}, (_, p) => p).sort((p, q) => score[t + q] - score[t + p] || p - q);
    for (const p of order.slice(0, kept)) region[t + p] = 1;
  }
  return region;
}

// h + r·p^s
export function added(patches, prompts, region) {
  const D = patches.length / region.length,
    prompted = patches.slice();
  for (let i = 0; i < region.length; i++) if (region[i]) for (let k = i * D; k < (i + 1) * D; k++) prompted[k] += prompts[k];
  return prompted;
}

// Δh^s: each frame less the one before it. step: numbers of a frame
export function differences(prompted, step) {
  const gap = new Float32Array(prompted.length - step);
  for (let i = 0; i < gap.length; i++) gap[i] = prompted[i + step] - prompted[i];
  return gap;
}

// 𝒩^t(Δh^s), a depth-wise 3×3×3 convolution: time repeats its ends, space is padded with zeros. filter: [D, 3, 3, 3]
export function filtered(gap, filter, rows, columns) {
  const D = filter.length / 27,
    P = rows * columns,
    G = gap.length / (P * D),
    made = new Float32Array(gap.length),
    sum = new Float64Array(D),
    taps = new Float64Array(filter.length);
  for (let k = 0; k < D; k++) for (let tap = 0; tap < 27; tap++) taps[tap * D + k] = filter[k * 27 + tap];
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
              const tap = ((dt + 1) * 9 + (dr + 1) * 3 + dc + 1) * D;
              for (let k = 0; k < D; k++) sum[k] += taps[tap + k] * gap[from + k];
            }
        made.set(sum, (g * P + r * columns + c) * D);
      }
  return made;
}

// 1/d · Σ_k x_k² of every gap and patch
export function energies(made, D) {
  const energy = new Float64Array(made.length / D);
  for (let i = 0; i < energy.length; i++) {
    let all = 0;
    for (let k = i * D; k < (i + 1) * D; k++) all += made[k] * made[k];
    energy[i] = all / D;
  }
  return energy;
}

// W^t = 1/N_p · Σ_j (1 + β·r_j) · energy_j, over the weights' own scale; the region is that of the gap's later frame
export function changes(energy, region, beta, P, scale) {
  return Array.from({length: energy.length / P}, (_, g) => {
    let sum = 0;
    for (let p = 0; p < P; p++) sum += (1 + (region[(g + 1) * P + p] ? beta : 0)) * energy[g * P + p];
    return f32(sum / P / scale);
  });
}

// ⌈η·W⌉ of two digits, halves to even, 0 to cap
export function counted(change, eta, cap) {
  const x = f32(f32(eta) * f32(change)) * 100,
    low = Math.floor(x),
    rest = x - low;
  const whole = rest > 0.5 || (rest === 0.5 && low % 2) ? low + 1 : low;
  return Math.max(0, Math.min(cap, Math.ceil(whole / 100)));
}

// All that follows from the knobs. exact: whether W^t and N^t are those of the method, or of the stored region's energies.
export function recompute(held, knobs) {
  const {P} = held,
    score = blended(held.attention, held.dynamics, knobs.alpha),
    region = highest(score, knobs.kept, P);
  const same = knobs.spatial === held.knobs.spatial && (!knobs.spatial || region.every((one, i) => one === held.region[i]));
  const made = `${knobs.spatial} ${knobs.spatial ? region.join("") : ""}`;
  if (held.tokens && !same && held.made !== made) {
    const {patches, prompts, filter} = held.tokens,
      D = filter.length / 27,
      prompted = knobs.spatial ? added(patches, prompts, region) : patches;
    held.known = energies(filtered(differences(prompted, P * D), filter, held.rows, held.columns), D);
    held.made = made;
  }
  const energy = same || !held.tokens ? held.energy : held.known;
  const change = changes(energy, region, knobs.beta, P, held.scale);
  const count = change.map(one => (knobs.temporal ? counted(one, knobs.eta, held.cap) : 0));
  return {score, region, change, count, exact: same || !!held.tokens};
}

// In words how the count of a gap comes about; exact: see `recompute`
export function rule(change, count, g, knobs, exact) {
  const said = `gap ${g + 1}→${g + 2}: W ${exact ? "=" : "≈"} ${number(change)}, η = ${number(knobs.eta)} → `,
    raw = Math.round(knobs.eta * change * 100) / 100;
  if (!knobs.temporal) return said + "temporal prompts are off: 0";
  return said + `⌈${raw.toFixed(2)}⌉ = ${Math.ceil(raw)}` + (count === Math.ceil(raw) ? "" : `, capped at ${count}`);
}

// W^s as a sum: [stage, factor] of each of its maps
export const terms = knobs => [
  ["attention_TP", knobs.alpha],
  ["dynamics_TP", 1 - knobs.alpha],
];

// Where the highest patch of each frame is, and whether it holds a part of the actor; null where that is not to be seen
export function pointing(score, actor, P, columns) {
  return Array.from({length: score.length / P}, (_, t) => {
    let top = 0;
    for (let p = 1; p < P; p++) if (score[t * P + p] > score[t * P + top]) top = p;
    const seen = actor.subarray(t * P, (t + 1) * P);
    return {patch: [Math.floor(top / columns), top % columns], hit: seen.some(one => one) ? !!seen[top] : null};
  });
}

// What `recompute` made, as the viewer takes it.
export function traced(stored, held, trace, knobs, stamp) {
  const began = performance.now(),
    {score, region, change, count, exact} = recompute(held, knobs);
  const ms = performance.now() - began,
    same = JSON.stringify(knobs) === JSON.stringify(stored.knobs);
  const actor = bits(stored.actor);
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
        code: grid16(score),
        points: actor && pointing(score, actor, held.P, held.columns),
        terms: terms(knobs),
      },
      region_TP: {...trace.values.region_TP, code: packedBits(region)},
      change_G: change,
      prompt_count_G: {
        count,
        each: knobs.eta ? 1 / knobs.eta : null,
        rule: change.map((w, g) => rule(w, count[g], g, knobs, exact)),
      },
    },
    texts: same ? trace.texts : [],
    why: same ? "" : stored.why,
    state: {count, change},
    exact,
  };
}
