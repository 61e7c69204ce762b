// What people write: tags and notes of a clip, and filters with a name. The server has it on the disk before "saved" is said.

import {make} from "../base/parts.js";
import {button} from "./cells.js";

// tab: {ask, state, about(), clip(): the one that is looked at or null, changed(found, subject, words), filter(filters)}
export function marksOf(tab, $) {
  async function put(what, subject) {
    const found = await tab.ask("mark", {name: "", ...what, subject});
    if (found) tab.changed(found, subject, subject ? "saved" : "");
  }
  async function undo() {
    const found = await tab.ask("unmark");
    if (found?.change) tab.changed(found, found.change.subject, "undone");
    else if (found && $("saved")) $("saved").textContent = "There is nothing to undo.";
  }
  function drawSlices() {
    const name = make("input", {
      placeholder: "name these filters, Enter",
      maxlength: "60",
      "aria-label": "A name for these filters",
    });
    name.onkeydown = event => {
      if (event.key === "Enter" && name.value.trim()) put({kind: "slice", name: name.value.trim(), value: tab.state.f}, "");
    };
    const known = Object.entries(tab.about().slices).map(([said, filters]) =>
      button(said, () => tab.filter(filters), {class: "er-slice"}),
    );
    $("slices").replaceChildren(...known, ...(tab.state.f.length ? [name] : []));
  }
  return {
    tag: (name, on) => put({kind: "tag", name, value: on || null}, tab.clip()),
    note: value => put({kind: "note", value}, tab.clip()),
    undo,
    drawSlices,
  };
}
