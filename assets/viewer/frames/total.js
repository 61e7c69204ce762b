// What was measured on many videos: each method's recall and right answers at the measured K that is nearest, with their intervals.

import {safe} from "../base/words.js";

const MEASURES = [
  ["recall", "evidence that is found"],
  ["accuracy", "questions answered right"],
];
const share = value => value.toFixed(2);

// The measured K that is nearest to this one, in steps of doubling
export const nearest = (all, budget) =>
  all.reduce((best, K) => (Math.abs(Math.log2(K / budget)) < Math.abs(Math.log2(best / budget)) ? K : best));

export function drawTotal(box, total, titles, budget) {
  if (!total)
    return void (box.textContent =
      "Not measured yet: python -m core.evaluate frames --json assets/weights/metrics_frames.json");
  const K = nearest(Object.keys(total.recall).map(Number), budget),
    {videos, questions, seconds, first} = total.about,
    names = Object.keys(total.recall[K]);
  const bar = ({mean, low, high}) =>
    `<div class="wf-bar" style="--mean: ${100 * mean}%; --low: ${100 * low}%; --high: ${100 * high}%"></div>${share(mean)} <small>${share(low)}–${share(high)}</small>`;
  const gain = (measure, name) => {
    const one = total.gain[measure][K]?.[name];
    return one
      ? ` <small title="more than ${safe(titles[first] ?? first)}, video by video">${signed(one.mean)} (${signed(one.low)} to ${signed(one.high)})</small>`
      : "";
  };
  const rows = names.map(
    name =>
      `<tr><th scope="row">${safe(titles[name] ?? name)}</th>${MEASURES.map(([measure]) => `<td>${bar(total[measure][K][name])}${gain(measure, name)}</td>`).join("")}</tr>`,
  );
  box.innerHTML = `<table><thead><tr><td></td>${MEASURES.map(([, said]) => `<th scope="col">${said}</th>`).join("")}</tr></thead><tbody>${rows.join("")}</tbody></table>
<p class="wf-small">K = ${K}; ${questions} questions of ${videos} drawn videos of ${seconds} s that no training saw. In grey: where 95 of 100 draws of as many videos lie, and behind it how much more than ${safe(titles[first] ?? first)}. An answer by chance is right in ${share(total.constant.chance)}. Our world: no paper compares these.</p>`;
}

const signed = value => `${value < 0 ? "−" : "+"}${Math.abs(value).toFixed(2)}`;
