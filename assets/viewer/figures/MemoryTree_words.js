// The memory in words, in the order of time, a finer one below the coarser that it lies in; what the step that is looked at wrote is
// marked, and what stood there before is struck out. What was left out of it is told behind.

import {make} from "../base/parts.js";
import {clock, safe} from "../base/words.js";

// → {draw(memories, k, steps)}; point: (memory, whether the pointer is on it) → nothing
export function MemoryWords(host, output, point) {
  host.innerHTML = `<details class="mt-text" open><summary></summary><ol tabindex="0" aria-label="The memory in words"></ol><p class="mt-rest"></p></details>`;
  const [summary, list, out] = ["summary", "ol", ".mt-rest"].map(one => host.querySelector(one));

  function draw(memories, k, steps) {
    const kept = memories.filter(one => one.kept),
      fresh = kept.filter(one => one.at === k),
      changed = fresh.filter(one => one.was !== null).length,
      rest = memories.length - kept.length;
    summary.innerHTML = steps.length
      ? `The memory after step ${k}: <b>${kept.length}</b> texts; this step wrote <b>${fresh.length - changed}</b> and changed <b>${changed}</b>`
      : "The memory in words";
    list.replaceChildren(...kept.map(one => line(one, one.at === k)));
    list.hidden = !kept.length;
    out.textContent = rest ? `${rest} more are written and left out, because the survey did not choose them.` : "";
    list.querySelector(".mt-fresh")?.scrollIntoView?.({block: "nearest", inline: "nearest", container: "nearest"});
  }

  function line(one, fresh) {
    const item = make("li", {class: fresh ? "mt-fresh" : "", "data-depth": one.depth});
    item.style.marginLeft = `${14 * one.depth}px`;
    const was = fresh && one.was !== null && one.was !== one.text ? `<del>${safe(one.was || "nothing")}</del> ` : "",
      text = safe(one.text || "nothing"),
      name = output.depths?.[one.depth] ?? `depth ${one.depth + 1}`;
    item.innerHTML = `<small>${clock(one.from)}–${clock(one.to)}<span class="mt-hidden"> ${safe(name)}</span></small> ${one.sought ? `<i>${safe(one.sought)}:</i> ` : ""}${was}${fresh ? `<ins>${text}</ins>` : text}`;
    item.onpointerenter = () => point(one, true);
    item.onpointerleave = () => point(one, false);
    return item;
  }
  return {draw};
}
