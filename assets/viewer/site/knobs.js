// The knobs of a method as a form, made of their declarations: see app/figures/pack.py, `knob_payload`.
//
//   const knobs = knobsOf(host, declared, first, changed, method)
//   knobs.values()   {name: value} of all     knobs.set({name: value})    changed() is called once for it
//   knobs.put({name: value})    the same, and changed() is not called
//
// declared  [{name, symbol, kind, default, span, meaning, held}], held: of one that cannot be turned here, its value     first  names that are seen at once; the others are in a fold

import {make} from "../base/parts.js";
import {number, pretty, safe} from "../base/words.js";

export function knobsOf(host, declared, first, changed, method) {
  const values = Object.fromEntries(declared.map(one => [one.name, one.held ?? one.default])),
    turned = declared.filter(one => !("held" in one)),
    rows = Object.fromEntries(turned.map(one => [one.name, rowOf(one)])),
    rest = turned.filter(one => !first.includes(one.name));

  function rowOf(one) {
    const row = make("label", {class: "site-knob", id: `knob-${method}-${one.name}`, title: one.meaning}),
      shown = make("output"),
      box = one.kind === "choice" ? make("select") : make("input");
    box.name = one.name;
    box.id = `knob-${one.name}`;
    if (one.kind === "choice")
      box.append(...one.span.map(value => Object.assign(make("option", {value}), {textContent: value.replaceAll("_", " ")})));
    else if (one.kind === "switch") box.type = "checkbox";
    else Object.assign(box, {type: "range", min: one.span[0], max: one.span[1], step: one.span[2]});
    row.innerHTML = `<b>${pretty(one.symbol)}</b><span>${safe(one.meaning)}</span>`;
    row.append(box, shown);
    const read = () => (one.kind === "switch" ? box.checked : one.kind === "choice" ? box.value : +box.value);
    box.oninput = () => {
      values[one.name] = read();
      tell();
      changed();
    };
    const tell = () => {
      const value = values[one.name];
      if (one.kind === "switch") box.checked = value;
      else box.value = value;
      shown.textContent = one.kind === "switch" ? (value ? "on" : "off") : one.kind === "choice" ? "" : number(value);
    };
    tell();
    return {row, tell};
  }

  host.append(...first.filter(name => rows[name]).map(name => rows[name].row));
  if (rest.length) {
    const fold = make("details"),
      line = make("summary");
    line.innerHTML = `More knobs: ${rest.map(one => pretty(one.symbol)).join(", ")}`;
    fold.append(line, ...rest.map(one => rows[one.name].row));
    host.append(fold);
  }
  function put(given) {
    Object.assign(values, given);
    for (const {tell} of Object.values(rows)) tell();
  }
  return {
    values: () => ({...values}),
    put,
    set(given) {
      put(given);
      changed();
    },
  };
}
