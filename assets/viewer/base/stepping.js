// What agents did, step by step, as several figures of one viewer look at it: the same step in all of them.
//
//   const walk = stepping(outputs, cursor, shell)      null where the group has no `Steps`
//   walk.of(side)   {steps, done, stale}: those that are there; done: whether these are all; stale: whether they are of the run
//                   before, until something of this one comes
//   walk.at(side)   how many of them are looked at, from 0 (nothing yet)
//   walk.go(k)      look at that many: the knob follows, where there is one

import {firstOf, resultOf} from "./unpack.js";

export function stepping(outputs, cursor, shell) {
  const output = firstOf(outputs, "Steps");
  if (!output) return null;
  let of = null; // the trace that the cursor's step belongs to
  const found = side => {
    const steps = resultOf(side, output),
      before = !steps && side.full ? resultOf(side.full, output) : null;
    return {steps: steps ?? before ?? [], done: side.trace.done, stale: !steps};
  };
  return {
    output,
    of: found,
    at(side) {
      if (of !== side.trace) cursor.put({step: null});
      of = side.trace;
      return Math.min(found(side).steps.length, cursor.step ?? side.trace.knobs[output.turns] ?? Infinity);
    },
    go(k) {
      cursor.set({step: k});
      if (output.turns) shell.hooks.turn?.(output.turns, k);
    },
  };
}

// Memories after a number of steps: [{depth, from, to, text, sought, kept, was, at}], in the order of time, coarse ones first. at: the
// step that wrote it last, from 1; was: what stood there before that, null where nothing did; kept: whether it is still read
export function memoriesAfter(steps, k) {
  const made = new Map(),
    kept = new Set((steps[k - 1]?.kept ?? []).map(String));
  steps.slice(0, k).forEach(({written}, i) => {
    for (const [depth, from, to, text, sought] of written) {
      const key = String([depth, from, to]),
        was = made.get(key)?.text ?? null;
      made.set(key, {depth, from, to, text, sought, kept: kept.has(key), was, at: i + 1});
    }
  });
  return [...made.values()].sort((a, b) => a.from - b.from || a.depth - b.depth || a.to - b.to);
}

// [number, from, to] of the places that the first k steps looked at, in their order: periods in which memories were written anew
export const visits = (steps, k) =>
  steps
    .slice(0, k)
    .filter(one => one.iteration && one.period && one.written.length)
    .map(({period: [, from, to]}, i) => [i + 1, from, to]);
