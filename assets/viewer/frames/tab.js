// The tab “Which frames?”. What draws it is loaded when the tab is opened.
//
// given   values: what is on its controls before any was moved;  pick: the event of an example that is chosen

import {lookOf, places, type} from "../page/values.js";

let latest = null; // what is on the controls

// All values as they are: Gradio gives them in a row, that of the names.
export function note(names, ...row) {
  latest = Object.fromEntries(names.map((name, i) => [name, row[i]]));
  document.dispatchEvent(new Event("values"));
}

export function tab({element, trigger, server}, {values, pick}) {
  const host = element.closest("#frames"),
    root = element.querySelector(".wf-root"),
    now = () => latest ?? values;
  let view = null,
    asked = null;
  places.frames = {host, state: () => ({})};
  document.addEventListener("linked", () => lookOf("frames"));

  async function open() {
    const [{which}, given] = await Promise.all([import("./which.js"), server.constants().then(JSON.parse)]);
    return which(root, given, {
      soon: one => server.at_once(one),
      later: one => server.everything(one),
      curve: one => server.curve(one),
      seen: one => server.seen(one),
      far: one => server.far(one).then(JSON.parse),
      stop: one => server.stop(one),
      pick: name => trigger(pick, {name}),
      ask: text => type(document.querySelector("#question-frames textarea"), text),
    });
  }
  async function look() {
    if (!host.offsetParent) return;
    view ??= open();
    const {ask} = await view;
    if (!host.offsetParent || asked === now()) return;
    asked = now();
    ask({values: asked, stamp: performance.now()});
  }
  document.addEventListener("values", look);
  new ResizeObserver(() => {
    look();
    document.dispatchEvent(new Event("seen"));
  }).observe(host);
  look();
}
