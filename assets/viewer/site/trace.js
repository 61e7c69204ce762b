// A run in the browser as its viewer takes it: what app/figures/payload.py makes of one in Python.
//
//   traceOf(run, {outputs, told, clip, knobs, texts, complete, edited = false, stamp, about})
//
// run      {values, ms}, see graph.js      outputs  {stage: {over, value, kind, …}}      told  of the method's module
// clip     {key, time, truth, actor: bits or null, spaced}
// about    {grid, frame: the knob that is the frame, thing, weights, untrained, scale, pace, strange, numbers: of doubt.js}

import {bits} from "../base/drawing.js";
import {grid16, packedBits} from "../base/pack.js";
import {pointing} from "../offline/regions.js";
import {doubt, spacingOf} from "./doubt.js";
import {packed as kinds} from "./kinds.js";

const short = value => (Number.isFinite(value) ? +value.toPrecision(6) : null);

function packed(output, result, context) {
  const {kind, over, value} = output;
  if (kinds[kind]) return kinds[kind](output, result, context);
  if (value === "truth") return {shape: result.dims, code: packedBits(result.data)};
  if (["TP", "NTP"].includes(over) && value === "share") return {shape: result.dims, code: grid16(result.data)};
  return Array.from(result.data ?? result, one => (typeof one === "number" ? short(one) : one));
}

const shapeOf = value =>
  value?.dims?.join("×") ??
  (Array.isArray(value)
    ? `${value.length} numbers`
    : typeof value === "object"
      ? `${Object.keys(value).length} parts`
      : typeof value);

export function traceOf({values, ms}, {outputs, told, clip, knobs, texts, complete, edited = false, stamp, about}) {
  const here = Object.entries(outputs).filter(([stage, one]) => stage in values && one.value !== "token"),
    maps = here.filter(([, one]) => one.kind === "PatchMap"),
    context = {
      values,
      outputs,
      clip,
      place: about.frame ? knobs[about.frame] - 1 : 0,
      grid: about.grid,
      complete,
      strange: !clip.truth && !!about.strange,
      thing: about.thing,
    },
    made = {};
  for (const [stage, one] of here) {
    const more = told?.[stage]?.(values, knobs);
    made[stage] = Array.isArray(values[stage]) && more ? more : packed(one, values[stage], context);
    if (more && made[stage] !== more) Object.assign(made[stage], more);
  }
  if (clip.actor && maps.length) {
    const [stage] = maps.at(-1),
      {data, dims} = values[stage];
    made[stage].points = pointing(data, bits(clip.actor), dims[1], about.grid[1]);
  }
  const scored = here.find(([, one]) => one.kind === "TextScores"),
    similarity = scored ? made[scored[0]] : [],
    unknown = (scored && values[scored[1].unknown]) || [],
    ledger = Object.entries(values).map(([name, value]) => [name, [name in ms ? ms[name] : null, shapeOf(value)]]);
  return {
    clip: clip.key,
    stamp,
    knobs,
    grid: about.grid,
    question: "",
    values: made,
    texts: complete ? texts : null,
    unknown,
    doubt: similarity.length
      ? doubt(similarity, {
          unknown,
          label: about.weights.join(" · "),
          pace: about.pace,
          frames: clip.time.length,
          ofWorld: !!clip.truth,
          spacing: spacingOf(clip.time),
          told: about.numbers,
        })
      : "",
    spaced: clip.spaced,
    done: complete,
    ledger: Object.fromEntries(ledger),
    weights: about.weights,
    strange: clip.truth ? "" : about.strange,
    untrained: about.untrained,
    edited,
    scale: complete ? about.scale : null,
  };
}
