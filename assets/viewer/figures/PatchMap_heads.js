// One head of an attention in the place of the map that tells of all heads together. It is asked for when a reader looks at it, and
// costs nothing before. Part of PatchMap.

import {make} from "../base/parts.js";
import {codes, resultOf} from "../base/unpack.js";
import {pretty, safe} from "../base/words.js";

// → {draw(side, A), of(side, map, A), wants}. box: where the heads are chosen. of: → the map, or that of the chosen head in its place
export function headsIn(box, output, {about, cursor, hooks, whole}) {
  if (!output || !hooks.whole) return {draw() {}, of: (_, map) => map, wants: () => false};
  const symbols = about.stages.find(one => one.name === output.stage)?.knobs ?? [],
    moved = (about.knobs ?? []).filter(one => symbols.includes(one.symbol)).map(one => one.name);
  const keyOf = ({clip, weights, knobs}) => JSON.stringify([clip, weights, moved.map(name => knobs[name])]);
  let known = {key: null}; // {key, shape, value} of the last that came: other knobs leave it what it is
  cursor.put({heads: false, head: 0}); // whether they are looked at; which, from 1: 0 is all of them together

  const here = A => cursor.overlay === output.of && !A;
  function draw(side, A) {
    const packed = resultOf(side, output),
      key = keyOf(side.trace);
    if (packed) known = {key, shape: packed.shape, value: codes(packed)};
    box.hidden = !here(A);
    if (box.hidden) return;
    const N = cursor.heads && known.key === key ? known.shape[0] : 0;
    box.setAttribute("aria-busy", cursor.heads && !N);
    const names = !cursor.heads ? ["each head …"] : N ? ["mean", ...Array.from({length: N}, (_, n) => n + 1)] : ["computing …"];
    if (box.textContent !== ["heads", ...names].join("")) {
      box.replaceChildren(
        Object.assign(make("span"), {textContent: "heads"}),
        ...names.map((name, n) => {
          const title = n ? `${output.title}: ${n} of ${N}` : N ? "all heads together: what is used" : output.title,
            button = Object.assign(make("button", {type: "button", title, ...(N ? {role: "radio"} : {})}), {textContent: name});
          button.onclick = () => (N ? cursor.set({head: n}) : look());
          return button;
        }),
      );
    }
    for (const [n, button] of [...box.querySelectorAll("[role=radio]")].entries())
      button.setAttribute("aria-checked", n === cursor.head);
  }
  function look() {
    if (cursor.set({heads: true})) whole();
  }

  // words: of the bar, in the place of the map's
  function of({trace}, map, A) {
    if (!map || map.stage !== output.of || !here(A) || !cursor.head || known.key !== keyOf(trace)) return map;
    const [N, T, P] = known.shape,
      name = pretty(output.symbol.replace(/_.*/, `_${cursor.head}`)),
      title = `head ${cursor.head} of ${N}`,
      words = `${name}, ${title}, ${safe(output.said)}; ${safe(output.unit)}`;
    return {...map, name, title, words, value: known.value.subarray((cursor.head - 1) * T * P, cursor.head * T * P)};
  }
  return {draw, of, wants: () => cursor.heads && cursor.overlay === output.of};
}
