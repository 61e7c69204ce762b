// Under a method's scenes: the sentence of the last preset that all values fitted. It stays, paler, when knobs move on, and goes
// with its clip.
//
// looks   [{name, look, clip, knobs}]: what to look for, and the values it was found true of, by name; others may be anything

import {moved} from "./values.js";

const fits = (wanted, values) => Object.entries(wanted).every(([name, one]) => one === values[name]);

export function presets({element}, {method, looks}) {
  const line = element.querySelector(".look");
  let last = null;
  document.addEventListener("values", () => {
    const values = moved(method)?.values;
    if (!values) return;
    const all = one => fits(one.clip, values) && fits(one.knobs, values.knobs);
    last = looks.find(all) ?? (last && fits(last.clip, values) ? last : null);
    line.innerHTML = last ? `<b>${last.name}.</b> ${last.look}` : "";
    line.classList.toggle("look-past", !!last && !all(last));
  });
}
