// A method's tab: its viewer and the folds under it, and what travels between them, the knobs and the server.
//
// given   method;  figures: the names of those that draw it;  panels: [[name, title], …];  untouched: what is on the page before
//         any knob was moved;  first: whether it is the tab that is seen first;  pick: the event of an example that is chosen;
//         written: {moment, edits}, the ids of the boxes that hold them
// constants   about, examples, clip: with the tab that is seen first, and else asked for when it is opened
//
// A viewer turns a knob by typing into it: no reply of the server can arrive after a later knob.

import {foldsOf} from "../base/folds.js";
import {momentOf} from "./moment.js";
import {begin, linkWasRead, lookOf, moved, requestOf, type, views} from "./values.js";

let addressed = null; // what the page's address says, for all tabs

export async function tab(
  {element, props, trigger, server},
  {method, figures, panels, untouched, first, pick, written, constants},
) {
  const [{mount}, modules, {about, ...rest}] = await Promise.all([
    import("../base/shell.js"),
    Promise.all(figures.map(async name => [name, await import(`../figures/${name}.js`)])).then(Object.fromEntries),
    constants ?? server.constants().then(JSON.parse),
    styled(),
  ]);
  begin(method, untouched);
  const request = () => requestOf(method);
  const host = element.closest(`#viewer-${method}`);
  const hooks = {
    frames: key => server.frames(key),
    camera: key => server.camera(key),
    pick: name => trigger(pick, {name}),
    turn,
    write: question => type(document.querySelector(`#question-${method} textarea`), question),
    soon: one => server.at_once(one),
    later: one => server.everything(one),
    whole: one => server.through({...untouched, ...one}),
    curve: one => server.curve(one),
    far: one => server.far(one),
    stop: one => server.stop(one),
    equation: async (stage, go) => (await folds.open("equations"))?.equation(stage, go),
    keep: () => {
      const detail = {...request(), method, state: view.state()};
      document.dispatchEvent(new CustomEvent("keep", {detail}));
    },
  };
  const write = (name, list) => {
    const box = document.querySelector(`#${written[name]} textarea, #${written[name]} input`);
    type(box, JSON.stringify(list));
  };
  const view = mount(
    element.querySelector(".viewer"),
    {about, untouched, ...rest, trace: JSON.parse(props.value || "null")},
    hooks,
    modules,
  );
  views[method] = view;
  const given = {method, about, view, request, turn, edit: list => write("edits", list), server, hooks},
    folds = foldsOf(panels, element.querySelector(".panels"), given, name => import(`../panels/${name}.js`));

  function turn(name, value) {
    const knob = document.querySelector(`#knob-${method}-${name}`),
      of = kind => knob?.querySelector(`input[type=${kind}]`);
    if (of("number")) return type(of("number"), value);
    const box = of("checkbox") || [...(knob?.querySelectorAll("input[type=radio]") || [])].find(one => one.value === value);
    if (box && box.checked !== (box.type === "radio" || value)) box.click();
  }

  momentOf(element.querySelector(".moment"), {host, request, asked: server.moment, write: pair => write("moment", pair)});

  let latest = null;
  const ask = () => {
    // a tab that is not seen waits until it is
    const now = moved(method) ?? (props.value ? null : untouched);
    if (now && now !== latest && host.offsetParent) view.ask((latest = now));
  };
  const look = () => {
    // as a link says
    const wanted = lookOf(method);
    if (!wanted) return;
    view.look(wanted);
    if (wanted.pinned) view.pin(wanted.pinned);
  };
  const fresh = JSON.stringify([untouched.values, view.state()]);
  document.addEventListener("linked", look);
  look();

  // the address says what is on the page, so that a reload brings it back; nothing is asked while a pointer is down
  let soon = 0,
    down = false;
  const address = async () => {
    const now = JSON.stringify([request().values, view.state()]),
      said = `${method} ${now}`;
    const early = !linkWasRead() || down || host.querySelector(".vw-pin[aria-busy=true]");
    if (early || !host.offsetParent || said === addressed) return;
    addressed = said;
    const query = first && now === fresh ? "" : await server.address({...request(), state: view.state()}).catch(() => null);
    if (typeof query !== "string" || said !== addressed) return;
    const here = new URL(location.href),
      own = [...here.searchParams].filter(([name]) => /^(__.*|tour|present)$/.test(name));
    here.search = [query, new URLSearchParams(own)].join("&").replace(/^&|&$/g, "");
    if (here.href !== location.href) history.replaceState(history.state, "", here);
  };
  const later = event => {
    down = event.type === "pointerdown" || (down && event.type !== "pointerup" && event.type !== "pointercancel");
    clearTimeout(soon);
    soon = setTimeout(address, 700); // longer than a frame of a clip that is played
  };
  for (const kind of ["values", "looked", "keyup", "pointerdown", "pointerup", "pointercancel"])
    document.addEventListener(kind, later);
  document.addEventListener("values", ask);
  new ResizeObserver(() => {
    ask();
    document.dispatchEvent(new Event("seen"));
  }).observe(host);
  ask();
}

// What is measured when it is drawn is measured in its own look.
async function styled() {
  const sheet = document.querySelector("link[data-look]");
  if (sheet && !sheet.sheet)
    await new Promise(done => {
      sheet.onload = sheet.onerror = done;
    });
}
