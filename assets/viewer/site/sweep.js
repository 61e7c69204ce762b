// A method at every pair of two knobs' values, in this browser: what app/panels/sweep.py answers the fold “Sweep”.
//
//   sweepOf({own, knobs, patches, answers, clips})      own: what the fold is told; knobs: as they can be turned here; patches:
//   [rows, columns], null where there are none
//     .values(name, length)     a knob's values, evenly over what is allowed, as a reader would write them
//     async .run(request, sweep)    everything that the fold draws, or {error}, {cancelled}

import {b64, packedBits} from "../base/pack.js";
import {toEven} from "./blur.js";
import {checked, settingsOf} from "./checked.js";
import {Cancelled} from "./graph.js";

const SPREAD = 4, // values of a knob, unless a reader writes others
  STRIP = 8, // frames of a small picture
  WRITTEN = 400, // letters of a list of values
  FRAME = "t"; // a knob of this name is a frame of the clip

const written = one =>
  one === true ? "on" : one === false ? "off" : typeof one === "number" ? String(+one.toPrecision(6)) : one;
const REDUCED = {
  mean: row => row.reduce((sum, one) => sum + one, 0) / row.length,
  sum: row => row.reduce((sum, one) => sum + one, 0),
  largest: row => row.reduce((most, one) => Math.max(most, one), -Infinity),
  smallest: row => row.reduce((least, one) => Math.min(least, one), Infinity),
};
const finite = one => (Number.isFinite(one) ? +one.toPrecision(5) : null);
// of what is found, the scores
const rowOf = result => Array.from((result?.score ?? result)?.data ?? [result].flat(), Number);
const dimsOf = result => result?.dims ?? [[result].flat().length];

export function sweepOf({own, knobs, patches, answers, clips}) {
  const knobOf = Object.fromEntries(knobs.map(one => [one.name, one]));

  function evenly({kind, span, name}, length) {
    if (kind === "switch") return [false, true];
    if (kind === "choice") return span;
    const [low, high, step] = name === FRAME ? [1, length, 1] : span,
      places = Math.floor((high - low) / step + 1e-9),
      at = Array.from({length: SPREAD}, (_, i) => toEven((i * places) / (SPREAD - 1)));
    return [...new Set(at)].map(place => +(low + place * step).toPrecision(12));
  }

  function valuesIn(name, text) {
    const one = knobOf[name];
    if (!one || text.length > WRITTEN)
      throw new Error(`A sweep has knobs of this method, and up to ${WRITTEN} characters of values for each.`);
    const parts = text.split(",").map(part => part.trim());
    return parts.filter(Boolean).map(part => {
      const value = one.kind === "choice" ? part : one.kind === "switch" ? {on: true, off: false}[part.toLowerCase()] : +part;
      if (value === undefined || Number.isNaN(value))
        throw new Error(
          `Values of ${one.plain} (${name}) are ${one.kind === "switch" ? "on or off" : "numbers"} between commas, got '${part.slice(0, 24)}'.`,
        );
      return checked(one, value);
    });
  }

  function wanted({x, y, output, number: [stage, how]}, texts) {
    const [across, down] = [x, y].map(([name, text]) => ({name, symbol: knobOf[name]?.plain, values: valuesIn(name, text)})),
      drawn = own.outputs.find(one => one.stage === output),
      number = own.numbers.find(one => one.stage === stage && one.how === how),
      count = across.values.length * down.values.length;
    if (across.name === down.name) throw new Error(`A sweep is over two different knobs, got ${across.name} twice.`);
    if (!(count > 0 && count <= own.most))
      throw new Error(`A sweep has 1 to ${own.most} cells, got ${across.values.length} × ${down.values.length}.`);
    if (!texts.length && (number.texts || drawn.texts))
      throw new Error("There is no text to compare with: write one, or choose another number.");
    return {across, down, drawn, number, count};
  }

  // [frames, patches] of up to STRIP frames; a row of numbers else
  function picture(result, {draw, over}) {
    const row = rowOf(result);
    if (draw === "bars") return [row];
    const P = dimsOf(result).at(-1),
      all = over === "NQKP" ? shared(row, dimsOf(result)) : row,
      frames = all.length / P,
      count = Math.min(frames, STRIP);
    return Array.from({length: count}, (_, i) => {
      const t = count > 1 ? toEven((i * (frames - 1)) / (count - 1)) : 0;
      return all.slice(t * P, (t + 1) * P);
    });
  }

  // The mean over heads and prompts; 1 is an even share
  function shared(row, [N, Q, K, P]) {
    const made = new Array(K * P).fill(0);
    row.forEach((one, i) => {
      made[i % (K * P)] += (one / (N * Q)) * K * P;
    });
    return made;
  }

  const numberOf = (result, how) => {
    const row = rowOf(result);
    return typeof how === "number" ? row[how] : row.length ? REDUCED[how](row) : 0;
  };

  async function run(request, sweep) {
    const began = performance.now(),
      {values, who} = request;
    try {
      const {across, down, drawn, number, count} = wanted(sweep, values.texts),
        stages = [drawn.stage, number.stage];
      const all = await answers.aside(who, "sweep", async mine => {
        const rows = [];
        for (const y of down.values) {
          const row = [];
          for (const x of across.values) {
            const done = rows.length * across.values.length + row.length,
              rest = ((performance.now() - began) / 1000 / done) * (count - done);
            Object.assign(mine, {share: done / count});
            const told = `cell ${done + 1} of ${count}${done ? `, about ${Math.ceil(rest)} s left` : ""}`,
              settings = settingsOf(knobs, {...values.knobs, [across.name]: x, [down.name]: y}),
              looked = {
                get called() {
                  return mine.called;
                },
                set stage(_) {
                  mine.stage = told;
                },
              };
            const {run, way} = await answers.ran("later", {values: {...values, knobs: settings}}, looked, stages);
            if (mine.called) throw new Cancelled("Called off.");
            row.push({
              value: picture(run.values[drawn.stage], drawn),
              number: numberOf(run.values[number.stage], number.how),
              weights: way.made.weights,
            });
            await new Promise(next => setTimeout(next)); // the page goes on
          }
          rows.push(row);
        }
        return rows;
      });
      return told(all, {
        across,
        down,
        drawn,
        values,
        seconds: (performance.now() - began) / 1000,
        clip: clips.get(values.clip)?.clip.name,
      });
    } catch (wrong) {
      return wrong instanceof Cancelled ? {cancelled: true} : {error: wrong.message};
    }
  }

  function told(rows, {across, down, drawn, values, seconds, clip}) {
    const flat = rows
        .flat()
        .flatMap(cell => cell.value.flat())
        .filter(Number.isFinite),
      low = flat.reduce((least, one) => Math.min(least, one), 0),
      high = flat.reduce((most, one) => Math.max(most, one), 0),
      bars = drawn.draw === "bars";
    const coded = value => {
      if (bars) return value[0].map(finite);
      const all = value.flat();
      if (drawn.draw === "mask") return [value.length, packedBits(Uint8Array.from(all))];
      return [value.length, b64(Uint8Array.from(all, one => toEven(((one - low) / (high - low || 1)) * 255)))];
    };
    const rest = Object.entries(values.knobs).filter(([name]) => ![across.name, down.name].includes(name));
    return {
      x: across,
      y: down,
      draw: drawn.draw,
      unit: drawn.unit,
      grid: bars ? null : patches,
      low,
      high,
      numbers: rows.map(row => row.map(cell => finite(cell.number))),
      cells: rows.map(row => row.map(cell => coded(cell.value))),
      knobs: rest.map(([name, value]) => `${knobOf[name].plain} = ${written(value)}`).join(", "),
      weights: rows[0][0].weights.join("; "),
      seconds: +seconds.toFixed(1),
      clip,
    };
  }

  return {values: (name, length) => evenly(knobOf[name], length).map(written).join(", "), run};
}
