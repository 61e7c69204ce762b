// The knobs of a method as a form, made of their declarations: see app/figures/pack.py, `knob_payload`.
//
//   const knobs = knobsOf(host, declared, first, changed, method)
//   knobs.values()   {name: value} of all     knobs.set({name: value})    changed() is called once for it
//   knobs.put({name: value})    the same, and changed() is not called
//   knobs.limit(name, most)     one ends elsewhere now, and its value with it; changed() is not called
//
// declared  [{name, symbol, kind, default, span, meaning, held}], held: of one that cannot be turned here, its value
// first     names that are seen at once; the others are in a fold, with those that cannot be turned

import {make} from "../base/parts.js";
import {number, pretty, safe} from "../base/words.js";

export function knobsOf(host, declared, first, changed, method) {
  const values = Object.fromEntries(declared.map(one => [one.name, one.held ?? one.default])),
    fixed = one => "held" in one,
    rows = Object.fromEntries(declared.map(one => [one.name, rowOf(one)])),
    seen = declared.filter(one => first.includes(one.name) && !fixed(one)).map(one => one.name),
    rest = declared.filter(one => !seen.includes(one.name)).sort((a, b) => fixed(a) - fixed(b));

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
    box.disabled = fixed(one);
    row.innerHTML = `<b>${pretty(one.symbol)}</b><span>${safe(one.meaning)}${fixed(one) ? " (not on this page)" : ""}</span>`;
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
    return {row, tell, box};
  }

  host.append(...first.filter(name => seen.includes(name)).map(name => rows[name].row));
  if (rest.length) {
    const fold = make("details"),
      line = make("summary");
    line.innerHTML = `More knobs: ${rest.map(one => pretty(one.symbol)).join(", ")}`;
    fold.append(line, ...rest.map(one => rows[one.name].row));
    host.append(fold);
  }
  function put(given) {
    Object.assign(values, given);
    for (const [name, {tell, box}] of Object.entries(rows)) {
      if (box.type === "range") values[name] = Math.min(values[name], +box.max);
      tell();
    }
  }
  return {
    values: () => ({...values}),
    limit(name, most) {
      if (!rows[name]) return;
      rows[name].box.max = most;
      put({});
    },
    put,
    set(given) {
      put(given);
      changed();
    },
  };
}
