// Past the head of the page, by keyboard: to the first knob, or to the picture, of the tab that is open.

import {seen, unfold} from "./sheet.js";

const TO = {
  knobs() {
    const column = seen(".knobs, .wf-controls");
    unfold(column);
    return [
      ...(column?.querySelectorAll('[id^="knob-"] :is(input[type=range], input[type=checkbox], input[type=radio])') ?? []),
    ].find(one => one.checkVisibility());
  },
  picture: () => seen(".vw"),
};

export function skip({element}) {
  for (const button of element.querySelectorAll("[data-to]"))
    button.onclick = () => {
      const there = TO[button.dataset.to]();
      there?.focus({preventScroll: true});
      there?.scrollIntoView({block: "nearest"});
    };
}
