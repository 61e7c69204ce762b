// Numbers that are told in a sentence. words: the sentence, {} where a number of the value stands, *{}* where one that matters.

import {number, safe} from "../base/words.js";

export const look = "vw-card";
export const region = "cards";

export function figure(host, {outputs, group}) {
  host.innerHTML = `<h4>${safe(group.title)}</h4>${outputs.map(one => `<div class="vw-fact vw-${one.stage}"></div>`).join("")}`;
  const boxes = [...host.querySelectorAll(".vw-fact")];

  function draw({trace}, _, changed) {
    if (changed) return;
    outputs.forEach((one, i) => {
      const fact = trace.values[one.stage];
      if (fact) boxes[i].innerHTML = `<p>${written(fact)}</p>`;
    });
  }
  return {draw, lit: ({stage}) => boxes[outputs.findIndex(one => one.stage === stage)]};
}

function written({words, value}) {
  const numbers = [value].flat();
  return safe(words)
    .replace(/\{\}/g, () => number(numbers.shift()))
    .replace(/\*(.*?)\*/g, "<b>$1</b>");
}
