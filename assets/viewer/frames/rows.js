// A row for each method: where in the video its frames are, what they cost, and what comes of them. All lie on one time line, the
// evidence shaded.

import {make} from "../base/parts.js";
import {clock, safe} from "../base/words.js";

const STEPS = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400]; // seconds between two numbers of the axis
const COLUMNS = [
  ["looked", "looked at", "frames that were looked at to choose"],
  ["calls", "calls", "how often a network was run to choose: on a frame, a clip, a question, or all scores at once"],
  ["tokens", "tokens", "that the reader is given: one a frame and one for the question"],
  ["ms", "ms", "to choose, reading the video included, as it took when it was run"],
  ["recall", "evidence", "share of the spans that show the answer in which a frame is chosen"],
  ["answer", "answer", "of the reader, from these frames alone"],
];

export const span = ([begin, end]) => `${clock(begin)}–${clock(end)}`;
export const inside = (evidence, second) => evidence.some(([begin, end]) => second >= begin && second < end);

// → draw(answer, chosen, K).  does: choose(name), at(second or null)
export function rowsOf(box, does) {
  box.innerHTML = `<table class="wf-table"><thead><tr><th scope="col">method</th><th scope="col" class="wf-line">where in the video</th>${COLUMNS.map(([, said, title]) => `<th scope="col" title="${title}">${said}</th>`).join("")}</tr></thead><tbody></tbody><tfoot><tr><td></td><td class="wf-line"><div class="wf-axis"></div></td></tr></tfoot></table>`;
  const table = box.querySelector("table"),
    body = box.querySelector("tbody");
  let seconds = 0;

  function point(event) {
    const line = event.target.closest("tbody .wf-line");
    if (!line || !seconds || event.type === "pointerleave") {
      table.style.removeProperty("--at");
      return does.at(null);
    }
    const {left, width} = line.getBoundingClientRect(),
      share = Math.max(0, Math.min(1 - 1e-9, (event.clientX - left) / width));
    table.style.setProperty("--at", `${100 * share}%`);
    does.at(share * seconds);
  }
  table.onpointermove = table.onpointerdown = table.onpointerleave = point;

  function draw({video, evidence, answer, rows}, chosen, budget) {
    seconds = video?.seconds ?? 0;
    if (String([...body.children].map(one => one.dataset.name)) !== String(rows.map(one => one.name)))
      body.replaceChildren(...rows.map(rowOf));
    for (const [i, row] of rows.entries()) fill(body.children[i], row, {evidence, answer, chosen, budget});
    const step = STEPS.find(one => seconds / one <= 6) ?? STEPS.at(-1);
    box.querySelector(".wf-axis").innerHTML = Array.from({length: Math.floor(seconds / step) + 1}, (_, i) => i * step)
      .map(at => `<span style="left: ${(100 * at) / seconds}%">${clock(at)}</span>`)
      .join("");
  }

  function rowOf({name, title}) {
    const line = make("tr", {"data-name": name});
    line.innerHTML = `<th scope="row"><button type="button">${safe(title)}</button><span class="wf-labels"></span></th><td class="wf-line"></td>${COLUMNS.map(([what, said]) => `<td class="wf-${what}" data-said="${said}"></td>`).join("")}`;
    line.querySelector("button").onclick = () => does.choose(name);
    return line;
  }

  function fill(line, row, {evidence, answer, chosen, budget}) {
    line.querySelector("button").ariaPressed = String(row.name === chosen);
    line.classList.toggle("wf-waiting", !!row.waiting);
    line.querySelector(".wf-labels").innerHTML = labels(row, budget)
      .map(([said, title]) => `<em title="${safe(title)}">${said}</em>`)
      .join("");
    line.querySelector(".wf-line").innerHTML = row.error
      ? `<p class="wf-error">${safe(row.error)}</p>`
      : timeLine(row, evidence);
    for (const [what] of COLUMNS) line.querySelector(`td.wf-${what}`).innerHTML = cell(row, what, answer);
  }

  function timeLine({title, seconds: chosen = []}, evidence) {
    const shaded = evidence.map(([begin, end]) => `<rect x="${begin}" width="${end - begin}" height="1"/>`).join(""),
      ticks = chosen
        .map(at => `<line x1="${at}" x2="${at}" y1=".14" y2=".86" class="${inside(evidence, at) ? "wf-hit" : ""}"/>`)
        .join("");
    const said = chosen.length
      ? `${title}: ${chosen.slice(0, 12).map(clock).join(", ")}${chosen.length > 12 ? " …" : ""}`
      : title;
    return `<svg viewBox="0 0 ${seconds || 1} 1" preserveAspectRatio="none" role="img" aria-label="${safe(said)}">${shaded}${ticks}</svg>`;
  }

  return {draw};
}

// what a reader must know before he believes a row
function labels({untrained = [], strange, own, own_right, unread, waiting, frames}, budget) {
  const made = [];
  if (frames && frames.length !== budget)
    made.push([`${frames.length} frames`, `K is ${budget}: it comes no nearer to that, or there are no more`]);
  if (untrained.length) made.push(["untrained", `${untrained.join(", ")}: random weights; what is chosen means nothing`]);
  if (strange) made.push(["not trained on such videos", "its weights know drawn shapes alone"]);
  if (own)
    made.push([`own reader: ${safe(own)}${own_right ? " ✓" : ""}`, "answered from its own memories, without seeing a frame"]);
  if (unread) made.push(["no answer", unread]);
  if (waiting && !frames) made.push(["has yet to look", "the video has yet to be looked at"]);
  return made;
}

function cell(row, what, truth) {
  const value = row[what];
  if (what === "answer") {
    if (!row.frames || row.unread || value === undefined) return "–";
    if (!value) return `<span title="nobody here was trained to answer from what these towers see">–</span>`;
    return truth
      ? `<b class="${row.answer_right ? "wf-right" : "wf-wrong"}">${row.answer_right ? "✓" : "✗"} ${safe(value)}</b>`
      : safe(value);
  }
  if (value === undefined || value === null) return "–";
  if (what === "recall") return `${Math.round(100 * value)} %`;
  return what === "ms" ? short(value) : value.toLocaleString("en");
}

const short = ms => (ms < 10 ? ms.toFixed(1) : Math.round(ms).toLocaleString("en"));
