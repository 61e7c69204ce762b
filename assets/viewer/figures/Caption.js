// A text word by word, with how sure each is; of the word that is chosen, what it sees of the frames. A second text stands under the
// first where its word is another, and a second row of numbers beside the first.

import {barOf, STRENGTH, valueInk} from "../base/light.js";
import {make} from "../base/parts.js";
import {firstOf, resultOf} from "../base/unpack.js";
import {heading, linesOf, madeBy, number, pretty, safe} from "../base/words.js";
import {framesIn, gridOf, paintCells} from "./SquareMap_tokens.js";

export const look = "vw-card cp";
const END = "end",
  [SMALL, LARGE] = [72, 132]; // pixels of a frame

export function figure(host, {outputs, group, cursor, shell}) {
  const texts = outputs.filter(one => one.kind === "Caption"),
    scores = outputs.filter(one => one.kind === "WordScores"),
    maps = firstOf(outputs, "WordMaps"),
    words = group.words ?? {};
  host.innerHTML = `<h4>${heading(group.title)}</h4><div class="cp-words" role="radiogroup" aria-label="Word"></div><p class="cp-said" role="status"></p>
    <div class="cp-maps"${maps ? "" : " hidden"}><p></p><div class="tm-frames"></div><div class="tm-scale"><span>0</span><i></i><span></span></div></div>${words.by ? `<p class="rl-by"></p>` : ""}`;
  const [row, said, box] = ["words", "said", "maps"].map(name => host.querySelector(`.cp-${name}`)),
    by = host.querySelector(".rl-by");
  cursor.put({word: null, hoveredWord: null});
  let last = null,
    told = []; // the words

  const wordsOf = (side, one) => (resultOf(side, one) ?? "").split(" ").filter(Boolean),
    wordAt = () => cursor.hoveredWord ?? cursor.word;

  function draw(side, _, changed) {
    if (!changed) {
      last = side;
      const there = resultOf(side, texts[0]) !== null;
      host.classList.toggle("vw-stale", !there);
      if (!there) return;
      write();
      if (by) by.innerHTML = linesOf(words.by, madeBy(side)).join(" ");
    }
    if (last && (!changed || changed.has("word") || changed.has("hoveredWord"))) tell();
  }

  function write() {
    const share = scores.map(one => resultOf(last, one) ?? []),
      other = texts[1] ? wordsOf(last, texts[1]) : [];
    told = wordsOf(last, texts[0]);
    const count = Math.max(told.length, ...share.map(one => one.length));
    while (row.children.length > count) row.lastChild.remove();
    while (row.children.length < count) row.append(chip(row.children.length));
    for (const [w, button] of [...row.children].entries()) {
      const word = told[w] ?? END,
        instead = other.length && (other[w] ?? END) !== word ? (other[w] ?? END) : null;
      button.innerHTML =
        `<b${w < told.length ? "" : ` class="vw-empty"`}>${safe(word)}</b>` +
        (other.length ? `<em>${instead ? safe(instead) : "·"}</em>` : "") +
        share.map(one => `<u style="--full:${100 * (one[w] ?? 0)}%"></u><small>${percent(one[w])}</small>`).join("");
      button.ariaLabel = `${word}, ${scores.map((one, i) => `${one.title} ${percent(share[i][w])}`).join(", ")}${instead ? `, ${texts[1].title} ${instead}` : ""}`;
    }
    if (cursor.word !== null && cursor.word >= count) cursor.put({word: null});
  }

  function chip(w) {
    const button = make("button", {type: "button", role: "radio"});
    button.onclick = () => cursor.set({word: cursor.word === w ? null : w, hoveredWord: null});
    button.onmouseenter = () => cursor.set({hoveredWord: w});
    button.onmouseleave = () => cursor.set({hoveredWord: null});
    return button;
  }

  function tell() {
    const w = wordAt();
    for (const [i, button] of [...row.children].entries()) button.setAttribute("aria-checked", i === cursor.word);
    const legend = scores.map(one => `${pretty(one.symbol)} ${safe(one.title)}`).join("; ");
    said.innerHTML =
      w === null || w >= row.children.length
        ? `${legend}.`
        : `“${safe(told[w] ?? END)}”: ${scores.map(one => `${pretty(one.symbol)} <b>${percent(resultOf(last, one)?.[w])}</b>`).join(" · ")}`;
    if (maps) paint(w !== null && w < row.children.length ? w : null);
  }

  // all words together: their mean
  function paint(w) {
    const given = resultOf(last, maps);
    if (!given) return;
    const W = given.length,
      [K, P] = [given[0].length, given[0][0].length],
      at = (k, cell) => (w === null ? given.reduce((sum, map) => sum + map[k][cell], 0) / W : given[w][k][cell]),
      value = Array.from({length: K}, (_, k) => Array.from({length: P}, (_, cell) => at(k, cell))),
      most = Math.max(1e-9, ...value.flat()),
      [caption, frames, scale] = box.children,
      wide = Math.max(SMALL, Math.min(LARGE, (shell.wide(host, 420) - 26 - 6 * (K - 1)) / K));
    caption.innerHTML = `<b>${pretty(maps.symbol)}</b> ${safe(maps.title)}: ${w === null ? "mean of all words" : `“${safe(told[w] ?? END)}”`}`;
    while (frames.children.length > K) frames.lastChild.remove();
    while (frames.children.length < K) {
      const one = make("figure", {});
      one.append(make("canvas", {role: "img"}), make("figcaption", {}));
      frames.append(one);
    }
    framesIn(last, outputs).forEach((place, k) => {
      const [canvas, name] = frames.children[k].children;
      paintCells(canvas, last.images[place], cell => value[k][cell], gridOf(last), most, wide);
      canvas.ariaLabel = `frame ${place + 1} of the clip: ${percent(value[k].reduce((a, b) => a + b, 0))} of what is seen`;
      name.textContent = `${k + 1} · the clip’s ${place + 1}`;
    });
    scale.children[1].style.background = barOf(valueInk(most), STRENGTH);
    scale.children[2].textContent = number(most);
  }

  return {
    draw,
    value(output, side) {
      const given = resultOf(side, output),
        w = wordAt();
      if (given === null) return null;
      if (output.kind === "Caption") return {text: given, because: "in words"};
      if (output.kind === "WordMaps") return {text: number(Math.max(...given.flat(2))), because: "the largest"};
      if (output.kind !== "WordScores") return null;
      return w === null
        ? {text: given.map(percent).join(", "), because: "word by word"}
        : {text: number(given[w]), because: told[w] ?? END};
    },
    lit: output => (output.kind === "WordMaps" ? box : row),
  };
}

const percent = share =>
  share === undefined || share === null
    ? ""
    : `${share > 0.995 && share < 1 ? "> 99" : number(+(100 * share).toPrecision(2))} %`;
