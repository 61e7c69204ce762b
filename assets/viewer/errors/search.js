// Of more classes than a confusion shows, those whose names have some letters, and what they are confused with.

import {make} from "../base/parts.js";

const PAUSE = 250; // milliseconds without a key

export const lettersOf = box => box.dataset.letters ?? "";

// found: as app/errors/questions.py gives a confusion. again(): it is asked once more
export function drawSearch(box, {classes, of}, again) {
  if (of <= classes.length && !lettersOf(box)) return;
  const field = make("input", {
    type: "search",
    placeholder: "letters of a class",
    "aria-label": "Classes with these letters",
    class: "er-class",
  });
  field.value = lettersOf(box);
  let typed = 0;
  field.oninput = () => {
    clearTimeout(typed);
    typed = setTimeout(async () => {
      box.dataset.letters = field.value.trim();
      await again();
      box.querySelector(".er-class")?.focus();
    }, PAUSE);
  };
  box.prepend(field);
}
