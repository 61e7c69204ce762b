// On a narrow screen the knobs lie in a sheet at its foot. Folded it is one button, which says what it opens and how far that is
// from a preset; open it leaves the picture in sight, and a knob that is moved brings it back.
//
// knobs     symbols, in the order they are drawn
// presets   [[name, {knob: value}], …]: the last one that fitted is what knobs differ from; the first is that of a fresh page

import {requestOf} from "./values.js";

export const NARROW = "(max-width: 720px)"; // as gradio.css has it
const UP = "sheet-up"; // of the whole page: it stays open in the next tab

export const seen = selector => [...document.querySelectorAll(selector)].find(one => one.checkVisibility());
const narrow = () => matchMedia(NARROW).matches;

// So that what lies in a sheet can be reached
export function unfold(element) {
  if (element?.closest(".knobs") && narrow()) put(true);
}

function put(up) {
  document.documentElement.classList.toggle(UP, up);
  for (const one of document.querySelectorAll(".sheet-open")) one.ariaExpanded = String(up);
  if (up) pictureInSight();
}

function pictureInSight() {
  const picture = seen(".vw-picture, .vw .vw-card canvas"),
    sheet = seen(".knobs");
  if (!picture || !sheet) return;
  const {top, bottom} = picture.getBoundingClientRect();
  if (top < 0 || bottom > sheet.getBoundingClientRect().top) picture.scrollIntoView({block: "start"});
}

export function sheet({element}, {method, knobs, presets}) {
  const button = element.querySelector("button"),
    [what, said] = button.querySelectorAll("span");
  let [last] = presets;
  const apart = ([, wanted], values) => Object.keys(wanted).filter(name => wanted[name] !== values[name]).length;
  function tell() {
    const values = requestOf(method)?.values.knobs;
    if (!values) return;
    last = presets.find(one => !apart(one, values)) ?? last;
    const count = apart(last, values);
    said.textContent = count ? `${count} ${count === 1 ? "differs" : "differ"} from “${last[0]}”` : `as in “${last[0]}”`;
  }
  what.textContent = `${knobs.length} knobs: ${knobs.join(", ")}`;
  said.textContent = `as in “${last[0]}”`;
  button.ariaExpanded = String(document.documentElement.classList.contains(UP));
  button.onclick = () => put(button.ariaExpanded !== "true");
  element.closest(".knobs").addEventListener("input", event => {
    if (narrow() && event.target.closest('[id^="knob-"]')) pictureInSight();
  });
  document.addEventListener("values", tell);
  tell();
}
