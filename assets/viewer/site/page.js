// A method's page without a server: the viewer, its knobs and texts, and the networks in a thread of their own.
//
//   open(mount, modules, script, data, base, worker, panels)     mount, modules: of the viewer and its figures; script: the method's
//   module; base: the folder's address; worker: that of the networks' thread, see worker.js; panels: {name: module} of its folds
//
// data   what app/site writes: about, outputs, until, ways, knobs, first, clip, trace, texts, examples, networks …
//
// Until the networks are there, the first clip is shown as Python computed it.

import {foldsOf} from "../base/folds.js";
import {make} from "../base/parts.js";
import {pretty, safe} from "../base/words.js";
import {glossary} from "../page/glossary.js";
import {tour} from "../page/tour.js";
import {views} from "../page/values.js";
import {addressOf} from "./address.js";
import {answersOf} from "./answers.js";
import {clipsOf} from "./clips.js";
import {doubt, spaced} from "./doubt.js";
import {editsOf} from "./edits.js";
import {keeping} from "./kept.js";
import {knobsOf} from "./knobs.js";
import {linksOf} from "./link.js";
import {networksOf} from "./networks.js";
import {own} from "./own.js";
import {serverOf} from "./server.js";
import {sweepOf} from "./sweep.js";
import {taking} from "./take.js";

const linesIn = text =>
  text
    .split("\n")
    .map(one => one.trim())
    .filter(Boolean);

export function open(mount, modules, script, data, base, worker, panels) {
  const part = name => document.querySelector(`#site-${name}`),
    grid = data.made.grid,
    edits = editsOf(data.link.edits, data.link.most),
    clips = clipsOf(base, {
      own: data.clips,
      edits,
      spaced: times => spaced(times, data.own.trained, data.own.rules),
      patches: grid ? grid[0] * grid[1] : 0,
    }),
    texts = part("texts") ?? make("textarea"); // of a method that reads none, nobody sees it
  const now = {clip: data.clip, edits: []}; // of what is on the page: the clip as it was read
  let looked = null, // the preset that was chosen last
    written = false, // whether the texts are the visitor's own
    asked = false; // whether a knob was moved

  texts.value = data.texts.join("\n");
  const networks = networksOf(
      new Worker(worker, {type: "module"}),
      {base: String(base), ...data.networks},
      stateOf(part("state"), arrived),
    ),
    answers = answersOf({data, script, networks, clips});

  // every network is here: the maps of the first clip, so that the first knob need not wait for them
  function arrived(said) {
    if (!asked) answers.answer("later", {...untouched, who: "nobody"});
    kept(new URL(data.offline, base), said);
  }

  // ---- what is on the page ------------------------------------------------------------------------------------------

  const requestNow = () => ({
    values: {
      clip: now.clip.key,
      frames: now.clip.frames.length,
      edits: JSON.stringify(now.edits),
      knobs: knobs.values(),
      texts: linesIn(texts.value),
    },
    stamp: performance.now(),
  });
  const knobs = knobsOf(part("knobs"), data.knobs, data.first, () => ask(), data.method);
  knobs.limit(data.about.frame, now.clip.frames.length);
  const untouched = {...requestNow(), stamp: 0};
  const hooks = {
    ...answers.hooks,
    pick: name => choose(clips.example(name)),
    turn: (name, value) => knobs.set({[name]: value}),
    equation: async (stage, go) => (await folds.open("equations"))?.equation(stage, go),
    keep: () => keep({...requestNow(), state: view.state()}),
  };
  const view = mount(
    part("viewer"),
    {about: data.about, clip: data.clip, trace: data.trace, examples: data.examples, untouched},
    hooks,
    modules,
  );
  views[data.method] = view;

  function ask() {
    const request = requestNow();
    asked = true;
    part("look").innerHTML =
      looked && fits(looked, request.values) ? `<b>${safe(looked.name)}.</b> ${pretty(looked.look)}` : "";
    view.ask(request);
    document.dispatchEvent(new Event("values"));
  }
  const fits = (one, {knobs: turned}) =>
    (!one.clip || now.clip.name === one.clip) && Object.entries(one.knobs).every(([name, value]) => turned[name] === value);

  // Another clip, once its frames are here. given: texts and edits where they are not to stay as they are
  async function choose(coming, given = {}) {
    try {
      const found = await coming;
      now.clip = found.clip;
      if (!written && found.clip.texts) texts.value = found.clip.texts.join("\n");
      turned(given);
      limited();
      ask();
    } catch (wrong) {
      view.update({trace: {error: wrong.message}});
    }
  }
  // a knob that is a frame of the clip ends where the edited clip does
  function limited() {
    const T = now.clip.frames.length;
    let left = T;
    try {
      left = edits.left(now.edits, T);
    } catch {
      /* what cannot be done to this clip is said when it is asked for */
    }
    knobs.limit(data.about.frame, left);
  }
  function turned({said, list, settings}) {
    if (said) {
      written = said.join() !== (now.clip.texts ?? []).join();
      texts.value = said.join("\n");
    }
    if (list) now.edits = list;
    if (settings) knobs.put(settings);
  }
  let typed = 0;
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
      const clip = one.clip && now.clip.name !== one.clip ? clips.example(one.clip) : Promise.resolve({clip: now.clip});
      choose(clip, {settings: {...data.defaults, ...one.knobs}});
    };
    part("presets").append(button);
  }

  // ---- around it ----------------------------------------------------------------------------------------------------

  const given = {
    method: data.method,
    about: data.about,
    view,
    request: requestNow,
    turn: hooks.turn,
    edit: list => {
      now.edits = list;
      limited();
      ask();
    },
    server: serverOf({
      panels: data.panels,
      edits,
      clips,
      sweep: sweepOf({own: data.panels.sweep?.own, knobs: data.knobs, patches: grid, answers, clips}),
    }),
    hooks,
  };
  const folds = foldsOf(
    Object.entries(data.panels).map(([name, {title}]) => [name, title]),
    part("folds"),
    given,
    async name => panels[name],
  );
  const links = linksOf(data.link, edits),
    address = addressOf({
      links,
      others: data.link.others,
      host: part("notes"),
      now: () => ({shown: {method: data.method, ...settingNow()}, ...view.state()}),
      settingOf,
      open: opened,
    });
  const keep = keeping(part("kept"), {links, address, answers, request: requestNow, view, data, opened});
  taking(part("take"), {answers, request: requestNow, data, address});
  glossary(part("glossary"), data.glossary);
  tour(part("tour"), part("offer"), data.tour);
  const mine = own(part("own"), {
    took: found => choose(Promise.resolve(clips.add(found)), {list: []}),
    said: text => view.update({trace: {error: text}}),
    numbers: data.own,
  });

  // A request's values as a link's setting, and back
  function settingOf({clip, knobs: turned, texts: said, edits: list, frames}) {
    const held = clips.get(clip)?.clip ?? now.clip,
      example = data.link.clips.includes(held.name);
    return {
      method: data.method,
      clip: held.name,
      frames: example ? data.link.frames.default : frames,
      knobs: turned,
      texts: said,
      edits: JSON.parse(list),
      moment: example ? [] : (held.moment ?? []),
    };
  }
  const settingNow = () => settingOf(requestNow().values);

  // What a link, or a kept view, says. notes: sentences on what it says besides
  async function opened({shown, frame, overlay, compared}) {
    view.unpin();
    await choose(clips.example(shown.clip), {said: shown.texts, list: shown.edits, settings: shown.knobs});
    view.look({frame, overlay});
    if (!compared) return;
    await clips.example(compared.clip);
    const {knobs: turned, texts: said, edits: list, clip, frames} = compared;
    view.pin({values: {clip, frames, knobs: turned, texts: said, edits: JSON.stringify(list)}, stamp: 0});
  }

  address.read();
  return {
    view,
    knobs,
    clips,
    networks,
    ask,
    choose,
    own: mine,
    request: requestNow,
    answer: answers.answer,
    answers,
    edits,
    links,
    address,
    opened,
    rules: {doubt, spaced},
  };
}

// ---- the state of the networks ----------------------------------------------------------------------------------------

const megabytes = count => (count / 1e6).toFixed(1);

// → what the networks' thread tells, in words. arrived: (how to say more) → nothing, when every network is there
function stateOf(state, arrived) {
  const there = "The networks are here, and run in this browser",
    more = make("span"), // of other ways to run them
    button = make("button", {type: "button"});
  Object.assign(button, {textContent: "load it again", onclick: () => location.reload()});
  return told => {
    if (told.error) state.textContent = `The networks could not be loaded: ${told.error}`;
    else if (told.of)
      state.textContent = `Networks: ${megabytes(told.loaded)} of ${megabytes(told.of)} MB are here. What is shown was computed before.`;
    else if (told.rival) more.append(` ${rivalSaid(told.rival)}`);
    else if (told.settled) state.dataset.settled = "";
    else if (told.ready) {
      state.replaceChildren(`${there}.`, more);
      arrived((text, whole) => state.replaceChildren(whole ? `${there}. ` : "", ...(whole ? [more] : []), ` ${text} `, button));
    }
  };
}

const short = value => String(+value.toPrecision(2));

// How many of the graphs run in another way, and why not the others
function rivalSaid({kind, threads, used, of, apart, faster, why}) {
  const name = kind === "gpu" ? "WebGPU" : `${threads} threads`;
  return used
    ? `${used} of ${of} parts by ${name}: ${short(faster)} times as fast, with the same numbers (${short(apart)} apart at most).`
    : `Not by ${name}: ${why}.`;
}

// Kept for when there is no network. A browser runs networks in several threads on a page that says that it shares nothing, which
// is said of it from its second visit on, by what keeps it
async function kept(address, said) {
  const door = navigator.serviceWorker; // none where the page is not safe: by http from another machine
  const found = await door?.register(address).catch(() => null);
  found?.addEventListener("updatefound", () => door.controller && said("A newer version of this page is here:", false));
  if (found && !self.crossOriginIsolated && navigator.hardwareConcurrency > 1)
    door.ready.then(() => said("It may use several threads when you", true));
}
