// What agents did, in order: each step a line that opens to what an agent was asked and what it said, letter by letter. Steps appear
// as they happen.

import {make} from "../base/parts.js";
import {stepping} from "../base/stepping.js";
import {clock, heading, safe} from "../base/words.js";

export const look = "vw-card ag";

export function figure(host, {outputs, group, cursor, shell}) {
  const walk = stepping(outputs, cursor, shell);
  host.innerHTML = `<h4>${heading(group.title)} <small class="ag-state" role="status"></small></h4><ol class="ag-steps"></ol>`;
  const list = host.querySelector(".ag-steps"),
    state = host.querySelector(".ag-state"),
    open = new Set(); // places of steps whose words are seen
  let drawn = null;

  function draw(side, _, changed) {
    if (changed && !changed.has("step")) return;
    const {steps, done, stale} = walk.of(side),
      k = walk.at(side),
      last = steps.at(-1),
      count = last ? `${steps.length} steps, ${last.captions} captions, ${last.calls} calls` : "";
    list.classList.toggle("vw-stale", stale);
    state.textContent = stale ? "waiting…" : done ? count : `${count} so far`;
    if (drawn !== steps) list.replaceChildren(...steps.map(line));
    drawn = steps;
    [...list.children].forEach((item, i) => {
      if (i + 1 === k) item.setAttribute("aria-current", "step");
      else item.removeAttribute("aria-current");
    });
  }

  function line(step, i) {
    const item = make("li", {"data-kind": step.kind}),
      fold = make("details", open.has(i) ? {open: ""} : {}),
      show = Object.assign(make("button", {type: "button", class: "ag-show"}), {textContent: "show its memory"});
    fold.innerHTML = `<summary><b>${i + 1}</b> <i>${safe(step.kind)}</i> ${safe(step.note)} ${mark(step)}</summary>`;
    show.ariaLabel = `Show the memory after step ${i + 1}`;
    show.onclick = () => walk.go(i + 1);
    const about = make("p", {class: "ag-about"});
    about.append(`${where(step)}${step.written.length} memories written. `, show);
    fold.append(about, ...words("asked", step.request), ...words("said", step.raw));
    fold.ontoggle = () => open[fold.open ? "add" : "delete"](i);
    item.append(fold);
    return item;
  }

  const where = ({period}) => {
    if (!period) return "";
    const [depth, from, to] = period;
    return `${clock(from)}–${clock(to)}, ${walk.output.depths?.[depth] ?? `depth ${depth + 1}`}; `;
  };

  function words(title, text) {
    if (!text) return [];
    const block = Object.assign(make("pre", {tabindex: "0", "aria-label": title}), {textContent: text});
    return [Object.assign(make("small"), {textContent: title}), block];
  }

  return {
    draw,
    lit: () => list,
    value: (_, side) => {
      const {steps} = walk.of(side);
      return steps.length ? {text: steps.at(-1).answer || "no answer", because: `after ${steps.length} steps`} : null;
    },
    apart(a, b) {
      const [one, two] = [a, b].map(side => walk.of(side).steps);
      if (!one.length || !two.length) return null;
      const same = one.findIndex((step, i) => step.note !== two[i]?.note),
        alike = same < 0 ? "alike to the end of A" : same ? `alike up to step ${same}` : "unlike from the first";
      return {sentences: [`Steps: A <b>${one.length}</b>, B <b>${two.length}</b>, ${alike}.`]};
    },
  };
}

// how a step ended: an answer has support, or has none, or was forced; no mark where none was given
function mark({answer, answered, confident, forced}) {
  if (!answer || !answered) return "";
  const how = forced ? "forced" : confident ? "sure" : "not sure";
  return `<span class="ag-mark ag-${how.replace(" ", "-")}">“${safe(answer)}” ${how}</span>`;
}
