// A method without its network: a page of its own, in one file.
//
//   open(mount, computed)      the page of what its element #payload holds: {about, clip, trace, knobs, stored, said}
//
// trace     the run as it was stored, as the viewer takes it
// knobs     [{name, symbol, kind, default, span, meaning}] of those that can be turned here
// mount     of its viewer
// computed  the module that computes them of what was stored: see offline/

import {make} from "../base/parts.js";
import {number, pretty, safe} from "../base/words.js";

function alone(mount, element, {opened, traced}, {about, clip, trace, knobs, stored, said}) {
  element.innerHTML = `<div class="viewer"></div><form class="alone-knobs" aria-label="Knobs"></form>
    <p class="alone-state" role="status"></p><p class="alone-said"></p>`;
  const part = name => element.querySelector("." + name),
    held = opened(stored),
    values = {...stored.knobs};
  const view = mount(part("viewer"), {about});
  let stamp = trace.stamp,
    there = false; // the viewer draws no trace of a clip whose pictures it has not decoded yet
  view.update({clip}).then(() => {
    there = true;
    draw();
  });
  const boxes = knobs.map(one => {
    const label = make("label", {title: one.meaning}),
      box = make("input", {name: one.name});
    const shown = make("output");
    if (one.kind === "switch") box.type = "checkbox";
    else Object.assign(box, {type: "range", min: one.span[0], max: one.span[1], step: one.span[2]});
    label.innerHTML = `<b>${pretty(one.symbol)}</b> <span>${safe(one.meaning)}</span>`;
    label.append(box, shown);
    box.oninput = () => {
      values[one.name] = one.kind === "switch" ? box.checked : +box.value;
      draw();
    };
    return {one, box, shown, label};
  });
  const reset = Object.assign(make("button", {type: "button"}), {
    textContent: "as stored",
    onclick: () => {
      Object.assign(values, stored.knobs);
      draw();
    },
  });
  part("alone-knobs").append(...boxes.map(one => one.label), reset);
  part("alone-said").innerHTML = pretty(said);

  function draw() {
    for (const {one, box, shown} of boxes) {
      if (one.kind === "switch") box.checked = values[one.name];
      else box.value = values[one.name];
      shown.textContent = one.kind === "switch" ? (values[one.name] ? "on" : "off") : number(values[one.name]);
    }
    const made = traced(stored, held, trace, {...values}, ++stamp);
    part("alone-state").textContent = made.exact
      ? "Mask, W and counts: exact for these knobs."
      : "Mask: exact. W and counts: approximate, from the stored region's changes.";
    element.dataset.state = JSON.stringify({knobs: values, ...made.state, exact: made.exact});
    if (there) view.update({trace: made});
  }
  draw();
  return {
    view,
    set: given => {
      Object.assign(values, given);
      draw();
    },
    state: () => JSON.parse(element.dataset.state),
  };
}

// What the console, and a test, finds: the page, and how its numbers are made.
export function open(mount, computed) {
  const payload = JSON.parse(document.querySelector("#payload").textContent);
  window.page = alone(mount, document.querySelector("#alone"), computed, payload);
  Object.assign(window, {recompute: computed.recompute, opened_of: computed.opened});
}
