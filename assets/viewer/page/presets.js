// A row of presets: a button each, that turns knobs. Under those that choose a clip too stands the sentence of the last preset
// that all values fitted. It stays, paler, when knobs move on, and goes with its clip.
//
// looks   [{name, look, clip, knobs}]: what to look for, and the values it was found true of, by name; others may be anything

import {AS_IT_IS, moved} from "./values.js";

let chosen = null; // the preset whose button was pressed

export function row({element, trigger}, press) {
  element.addEventListener("click", ({target}) => {
    const button = target.closest("[data-preset]");
    if (!button) return;
    chosen = button.dataset.preset;
    trigger(press, {name: button.dataset.clip});
  });
}

// The values of all knobs. values: {preset: those it has}. frame: which knob is a frame of the clip, that the clip may be too short
// for, and where its slider is; it stays where it is but for presets that name it and for the defaults alone; or null
export function pressed(values, frame) {
  const held = values[chosen];
  if (!frame) return held;
  const {place, slider, named, whole} = frame,
    end = whole.includes(chosen) ? document.querySelector(slider).max : Infinity,
    moves = named.includes(chosen) || whole.includes(chosen);
  return held.map((one, i) => (i !== place ? one : moves ? Math.min(one, end) : AS_IT_IS));
}

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
