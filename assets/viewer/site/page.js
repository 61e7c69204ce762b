// A method's page without a server: the viewer, its knobs and texts, and the networks in a thread of their own.
//
//   open(mount, modules, script, data, base, worker)     mount, modules: of the viewer and its figures; script: the method's
//   module; base: the folder's address; worker: that of the networks' thread, see worker.js
//
// data   what app/site writes: about, outputs, until, ways, knobs, first, clip, trace, texts, examples, networks …
//
// Until the networks are there, the first clip is shown as Python computed it.

import {bytes} from "../base/drawing.js";
import {make} from "../base/parts.js";
import {pretty, safe} from "../base/words.js";
import {glossary} from "../page/glossary.js";
import {clipsOf} from "./clips.js";
import {doubt, spaced} from "./doubt.js";
import {Cancelled, grapher, memoryOf} from "./graph.js";
import {knobsOf} from "./knobs.js";
import {networksOf} from "./networks.js";
import {own} from "./own.js";
import {traceOf} from "./trace.js";

const constantOf = value => (value?.code ? {data: new Float32Array(bytes(value.code).buffer), dims: value.shape} : value);
const linesIn = text =>
  text
    .split("\n")
    .map(one => one.trim())
    .filter(Boolean);

export function open(mount, modules, script, data, base, worker) {
  const part = name => document.querySelector(`#site-${name}`),
    clips = clipsOf(base, data.clips),
    texts = part("texts"),
    state = part("state"),
    runs = {}; // kind → the last run of it, and of whom
  let clip = data.clip,
    looked = null, // the preset that was chosen last
    written = false, // whether the texts are the visitor's own
    asked = false, // whether a knob was moved
    threads = 1;

  if (texts) texts.value = data.texts.join("\n"); // none where nothing reads them
  const networks = networksOf(new Worker(worker, {type: "module"}), {base: String(base), ...data.networks}, told => {
    if (told.error) state.textContent = `The networks could not be loaded: ${told.error}`;
    else if (told.of)
      state.textContent = `Networks: ${megabytes(told.loaded)} of ${megabytes(told.of)} MB are here. What is shown was computed before.`;
    else if (told.threads) threads = told.threads;
    else if (told.ready) arrived();
  });
  const memory = memoryOf(),
    ways = data.ways.map((way, place) => ({
      ...way,
      run: grapher(way.nodes, script.stages, networks.run, memory),
      constants: Object.fromEntries(
        Object.entries(way.constants).map(([name, value]) => [name, {value: constantOf(value), key: `${name} ${place}`}]),
      ),
    }));
  const fitting = (some, knobs) => Object.entries(some).every(([name, value]) => knobs[name] === value),
    wayOf = knobs => ways.find(way => fitting(way.knobs, knobs));

  // ---- one run ------------------------------------------------------------------------------------------------------

  async function answer(kind, {values, stamp, who}) {
    const mine = (runs[`${who} ${kind}`] = {stage: "", called: false}),
      said = values.texts,
      complete = kind !== "soon";
    try {
      const why = script.refused?.(said);
      if (why) return JSON.stringify({error: why, stamp});
      const held = clips.get(values.clip) ?? (await clips.example(values.clip.split(" ")[0])),
        wanted = data.until[kind].filter(stage => said.length || !data.ofTexts.includes(stage)),
        way = wayOf(values.knobs),
        knobs = Object.entries(values.knobs).map(([name, value]) => [name, {value, key: JSON.stringify(value)}]);
      const sources = {
        ...Object.fromEntries(knobs),
        ...way.constants,
        clip_THWC: {value: held.frames_THWC, key: held.clip.key},
        texts: {value: said, key: JSON.stringify(said)},
      };
      const watched = {
        cancelled: () => mine.called,
        progress: stage => {
          mine.stage = stage;
        },
      };
      const run = await way.run(sources, wanted, watched);
      const made = traceOf(run, {
        outputs: data.outputs,
        told: script.told,
        clip: held.clip,
        knobs: values.knobs,
        texts: said,
        complete,
        stamp,
        about: {...data.made, ...way.made, frame: data.about.frame},
      });
      if (complete && script.beside) made.beside = await second(way, sources, run, values.knobs, watched);
      return JSON.stringify(made);
    } catch (wrong) {
      if (wrong instanceof Cancelled) return JSON.stringify({cancelled: true});
      return JSON.stringify({error: wrong.message, stamp});
    } finally {
      if (runs[`${who} ${kind}`] === mine) delete runs[`${who} ${kind}`];
    }
  }

  // what a second run of the same method adds; its knobs are other ones
  async function second(way, sources, run, now, watched) {
    const {stages, knobs: others, values} = script.beside,
      turned = Object.entries(others(now)).map(([name, value]) => [name, {value, key: JSON.stringify(value)}]),
      other = await way.run({...sources, ...Object.fromEntries(turned)}, stages, watched),
      found = Object.entries(values(run.values, other.values)).map(([stage, numbers]) => {
        const said = data.said[stage]?.find(([switches]) => fitting(switches, now));
        return [stage, said ? {value: numbers, words: said[1]} : numbers];
      });
    return {values: Object.fromEntries(found), grid: data.made.grid, weights: way.made.weights};
  }

  const hooks = {
    frames: async key => clips.get(key)?.clip ?? (await clips.example(key.split(" ")[0])).clip,
    pick: name => choose(clips.example(name)),
    turn: (name, value) => knobs.set({[name]: value}),
    soon: request => answer("soon", request),
    later: request => answer("later", request),
    whole: request => answer("whole", request),
    far: async ({who, kind}) => (runs[`${who} ${kind}`] ? [runs[`${who} ${kind}`].stage, 0] : null),
    stop: ({who, kind}) => {
      if (runs[`${who} ${kind}`]) runs[`${who} ${kind}`].called = true;
    },
  };

  // every network is here
  function arrived() {
    state.textContent = `The networks are here, and run in this browser, in ${threads} ${threads > 1 ? "threads" : "thread"}.`;
    // the maps of the first clip, so that the first knob need not wait for them
    if (!asked) answer("later", {...untouched, who: "nobody"});
    kept(new URL(data.offline, base), () => {
      state.textContent = "A newer version of this page is here: reload it to see it.";
    });
  }

  // ---- what is on the page ------------------------------------------------------------------------------------------

  const requestNow = () => ({
    values: {clip: clip.key, frames: clip.frames.length, knobs: knobs.values(), texts: linesIn(texts?.value ?? "")},
    stamp: performance.now(),
  });
  const knobs = knobsOf(part("knobs"), data.knobs, data.first, () => ask());
  knobs.limit(data.about.frame, clip.frames.length);
  const untouched = {...requestNow(), stamp: 0};
  const view = mount(
    document.querySelector("#site-viewer"),
    {about: data.about, clip: data.clip, trace: data.trace, examples: data.examples, untouched},
    hooks,
    modules,
  );
  function ask() {
    const now = requestNow();
    asked = true;
    part("look").innerHTML = looked && fits(looked, now.values) ? `<b>${safe(looked.name)}.</b> ${pretty(looked.look)}` : "";
    view.ask(now);
  }
  const fits = (one, {knobs: now}) => (!one.clip || clip.name === one.clip) && fitting(one.knobs, now);

  async function choose(coming) {
    try {
      const found = await coming;
      clip = found.clip;
      knobs.limit(data.about.frame, clip.frames.length);
      if (texts && !written && clip.texts) texts.value = clip.texts.join("\n");
      ask();
    } catch (wrong) {
      view.update({trace: {error: wrong.message}});
    }
  }
  let typed = 0;
  if (texts)
    texts.oninput = () => {
      written = true;
      clearTimeout(typed);
      typed = setTimeout(ask, 300);
    };
  for (const one of data.presets) {
    const button = make("button", {type: "button"});
    button.textContent = one.name;
    button.onclick = async () => {
      looked = one.look ? one : null;
      if (one.clip && clip.name !== one.clip) clip = (await clips.example(one.clip)).clip;
      knobs.set({...data.defaults, ...one.knobs});
    };
    part("presets").append(button);
  }
  glossary(part("glossary"), data.glossary);
  const mine = own(part("own"), {
    took: found => choose(clips.add(found)),
    said: text => view.update({trace: {error: text}}),
    numbers: data.own,
  });
  return {view, knobs, clips, networks, ask, choose, own: mine, request: requestNow, answer, rules: {doubt, spaced}};
}

// Kept for when there is no network; newer: called when another version was found
async function kept(address, newer) {
  const door = navigator.serviceWorker; // none where the page is not safe: by http from another machine
  const found = await door?.register(address).catch(() => null);
  found?.addEventListener("updatefound", () => door.controller && newer());
}

const megabytes = count => (count / 1e6).toFixed(1);
