// Under a method's scenes: the sentence of the last preset that all values fitted. It stays, paler, when knobs move on, and goes
// with its clip.
//
// looks   [{name, look, clip, knobs}]: what to look for, and the values it was found true of, null where anything may be

import {taken} from "./values.js";

const fits = (wanted, values) => wanted.every((one, i) => one === null || one === values[i]);

export function presets({element}, {method, looks}) {
  const line = element.querySelector(".look");
  let last = null;
  document.addEventListener("taken", () => {
    const values = taken(method)?.values;
    if (!values) return;
    last = looks.find(one => fits([...one.clip, ...one.knobs], values)) ?? (last && fits(last.clip, values) ? last : null);
    line.innerHTML = last ? `<b>${last.name}.</b> ${last.look}` : "";
    line.classList.toggle("look-past", !!last && !fits([...last.clip, ...last.knobs], values));
  });
}
