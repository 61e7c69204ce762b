// What the viewer asks for, answered in this browser: see base/asking.js for what soon, later, whole, far and stop are.
//
//   const answers = answersOf({data, script, networks, clips})      data, script: see page.js
//   answers.hooks        these for a viewer
//   answers.answer(kind, request)      a trace as a JSON text, whose error, if any, is in it
//   answers.ran(kind, request, mine)   {run, held, way, again}: the results themselves. mine: {stage, called: whether it is called off}
//   answers.whole(request)       async {values, trace, request}: everything of it, or an Error's sentence
//
// values of a request   {clip, frames, knobs, texts, edits: a JSON text}

import {newest} from "../base/asking.js";
import {bytes} from "../base/drawing.js";
import {Cancelled, grapher, memoryOf} from "./graph.js";
import {traceOf} from "./trace.js";

const constantOf = value => (value?.code ? {data: new Float32Array(bytes(value.code).buffer), dims: value.shape} : value);
const NONE = "[]"; // no edits

const keyed = knobs =>
  Object.fromEntries(Object.entries(knobs).map(([name, value]) => [name, {value, key: JSON.stringify(value)}]));

export const keyOf = ({clip, edits = NONE}) => (edits === NONE ? clip : `${clip}|${edits}`);

export function answersOf({data, script, networks, clips}) {
  const runs = {}, // kind → the last run of it, and of whom
    memory = memoryOf(),
    ways = data.ways.map((way, place) => ({
      ...way,
      run: grapher(way.nodes, script.stages, networks.run, memory),
      constants: Object.fromEntries(
        Object.entries(way.constants).map(([name, value]) => [name, {value: constantOf(value), key: `${name} ${place}`}]),
      ),
    }));
  const fits = (some, knobs) => Object.entries(some).every(([name, value]) => knobs[name] === value),
    wayOf = knobs => ways.find(way => fits(way.knobs, knobs));

  async function ran(kind, {values}, mine, stages = data.until[kind]) {
    const said = values.texts,
      key = keyOf(values),
      held = clips.get(key) ?? (await clips.found(key)),
      wanted = stages.filter(stage => said.length || !data.ofTexts.includes(stage)),
      way = wayOf(values.knobs);
    if (!way) throw new Error("These knobs at once need Python, and do not run in a browser.");
    const sources = {
      ...keyed(values.knobs),
      ...way.constants,
      clip_THWC: {value: held.frames_THWC, key},
      texts: {value: said, key: JSON.stringify(said)},
    };
    const short = script.short?.(held.clip.time.length);
    if (short) throw new Error(short);
    const watched = {
        cancelled: () => mine.called,
        progress: stage => {
          mine.stage = stage;
        },
      },
      run = await way.run(sources, wanted, watched),
      again = (others, wanted) => way.run({...sources, ...keyed(others)}, wanted, watched);
    return {run, held, way, again};
  }

  // What a second run of the same method adds, with other knobs
  async function beside({run, way, again}, knobs) {
    const other = await again(script.beside.knobs(knobs), script.beside.stages),
      found = Object.entries(script.beside.values(run.values, other.values)).map(([stage, value]) => {
        const said = data.said[stage]?.find(([switches]) => fits(switches, knobs));
        return [stage, said ? {value, words: said[1]} : value];
      });
    return {values: Object.fromEntries(found), grid: data.made.grid, weights: way.made.weights};
  }

  async function answer(kind, request, took = () => {}) {
    const {values, stamp, who} = request,
      mine = (runs[`${who} ${kind}`] = {stage: "", called: false});
    try {
      const why = script.refused?.(values.texts);
      if (why) return JSON.stringify({error: why, stamp});
      const found = await ran(kind, request, mine),
        {run, held, way} = found;
      if (kind === "soon") ahead(request);
      const made = traceOf(run, {
        outputs: data.outputs,
        told: script.told,
        clip: held.clip,
        knobs: values.knobs,
        texts: values.texts,
        complete: kind !== "soon",
        edited: (values.edits ?? NONE) !== NONE,
        stamp,
        about: {...data.made, ...way.made, frame: data.about.frame},
      });
      if (kind !== "soon" && script.beside) made.beside = await beside(found, values.knobs);
      took({values: run.values, trace: made, request});
      return JSON.stringify(made);
    } catch (wrong) {
      if (wrong instanceof Cancelled) return JSON.stringify({cancelled: true});
      return JSON.stringify({error: wrong.message, stamp});
    } finally {
      if (runs[`${who} ${kind}`] === mine) delete runs[`${who} ${kind}`];
    }
  }

  // The networks begin, in their own thread, while this one draws what came at once. What they make is found when it is asked
  // for; of those that wait the newest is kept
  let begun = {called: false};
  const further = newest(async request => {
    begun = {called: false};
    await ran("later", request, begun).catch(() => {}); // who asks for it hears what is wrong
  });
  function ahead(request) {
    begun.called = true;
    further(request);
  }

  const hooks = {
    frames: async key => clips.get(key)?.clip ?? (await clips.found(key)).clip,
    soon: request => answer("soon", request),
    later: request => answer("later", request),
    whole: request => answer("whole", request),
    far: async ({who, kind}) =>
      runs[`${who} ${kind}`] ? [runs[`${who} ${kind}`].stage, runs[`${who} ${kind}`].share ?? 0] : null,
    stop: ({who, kind}) => {
      if (runs[`${who} ${kind}`]) runs[`${who} ${kind}`].called = true;
    },
  };

  // A run of another kind that can be looked at and called off: see sweep.js
  async function aside(who, kind, work) {
    const mine = (runs[`${who} ${kind}`] = {stage: "", called: false, share: 0});
    try {
      return await work(mine);
    } finally {
      if (runs[`${who} ${kind}`] === mine) delete runs[`${who} ${kind}`];
    }
  }
  // for who takes it along, not for who draws it
  async function whole(request) {
    let taken = null;
    const {error} = JSON.parse(
      await answer("later", {...request, who: "taken"}, one => {
        taken = one;
      }),
    );
    if (error) throw new Error(error);
    return taken;
  }
  return {hooks, answer, ran, aside, whole};
}
