// What one token sees of every chosen frame: a row of frames for each map, on one scale of its own without the token itself, which has
// an edge. A click looks at another token.

import {barOf, STRENGTH, valueInk} from "../base/light.js";
import {cellEdge} from "../base/maps.js";
import {make} from "../base/parts.js";
import {resultOf} from "../base/unpack.js";
import {heading, number, pretty, safe} from "../base/words.js";
import {cellAt, framesIn, gridOf, inWords, lookedAt, paintCells} from "./SquareMap_tokens.js";

export const look = "vw-card tm";
const [SMALL, LARGE] = [72, 132]; // pixels of a frame

export function figure(host, {outputs, group, shell}) {
  const maps = outputs.filter(one => one.kind === "TokenMaps"),
    [{turns}] = maps;
  host.innerHTML = `<h4>${heading(group.title)}</h4>${maps.map(() => `<div class="tm-map"><p></p><div class="tm-frames"></div><div class="tm-scale"><span>0</span><i></i><span></span></div></div>`).join("")}<p class="tm-said" role="status"></p>`;
  const boxes = [...host.querySelectorAll(".tm-map")],
    said = host.querySelector(".tm-said");
  let last = null,
    at = null; // the token that is pointed at

  function draw(side, _, changed) {
    if (changed) return;
    last = side;
    maps.forEach((one, i) => paint(boxes[i], one, resultOf(side, one)));
    tell();
  }

  const mostOf = (map, token) => Math.max(1e-9, ...map.flat().filter((value, i) => i !== token && Number.isFinite(value)));

  function paint(box, output, map) {
    box.classList.toggle("vw-stale", !map);
    if (!map) return;
    const [words, row, scale] = box.children,
      P = map[0].length,
      token = lookedAt(last, output, map.length * P),
      grid = gridOf(last),
      most = mostOf(map, token),
      gaps = 6 * (map.length - 1),
      wide = Math.max(SMALL, Math.min(LARGE, (shell.wide(host, 420) - 26 - gaps) / map.length));
    words.innerHTML = `<b>${pretty(output.symbol)}</b> ${safe(output.title)}`;
    while (row.children.length > map.length) row.lastChild.remove();
    while (row.children.length < map.length) row.append(frame(row.children.length));
    framesIn(last, outputs).forEach((place, k) => {
      const [canvas, name] = row.children[k].children,
        {pen, width, height} = paintCells(canvas, last.images[place], cell => map[k][cell], grid, most, wide);
      const cell = token - k * P;
      if (cell >= 0 && cell < P) cellEdge(pen, [Math.floor(cell / grid[1]), cell % grid[1]], ...grid, width, height);
      canvas.ariaLabel = `${output.title}, frame ${place + 1} of the clip: up to ${number(Math.max(...map[k].filter((_, i) => i !== cell)))}`;
      canvas.classList.toggle("tm-turns", !!turns && !!shell.hooks.turn);
      name.textContent = `${k + 1} · the clip’s ${place + 1}`;
    });
    scale.children[1].style.background = barOf(valueInk(most), STRENGTH);
    scale.children[2].textContent = number(most);
  }

  function frame(k) {
    const made = make("figure", {}),
      canvas = make("canvas", {role: "img"});
    made.append(canvas, make("figcaption", {}));
    const tokenAt = event => k * gridOf(last)[0] * gridOf(last)[1] + cellAt(event, gridOf(last));
    canvas.onpointermove = canvas.onpointerdown = event => {
      at = tokenAt(event);
      tell();
    };
    canvas.onpointerleave = () => {
      at = null;
      tell();
    };
    canvas.onclick = event => turns && shell.hooks.turn?.(turns, tokenAt(event) + 1);
    return made;
  }

  function tell() {
    const there = maps.map(one => [one, resultOf(last, one)]).filter(([, map]) => map);
    if (!there.length) return void (said.textContent = "waiting for the network…");
    const grid = gridOf(last),
      P = grid[0] * grid[1],
      token = lookedAt(last, maps[0], there[0][1].length * P);
    if (at === null) {
      said.innerHTML = `Of <b>${inWords(token, grid)}</b>, which has an edge.${turns && shell.hooks.turn ? " A click looks at another token." : ""}`;
      return;
    }
    const values = there.map(([one, map]) => `${pretty(one.symbol)} <b>${number(map[Math.floor(at / P)][at % P])}</b>`);
    said.innerHTML = `${inWords(token, grid)} → ${inWords(at, grid)}: ${values.join(" · ")}`;
  }

  return {
    draw,
    value(output, side) {
      const map = resultOf(side, output);
      if (!map || output.kind !== "TokenMaps") return null;
      const P = map[0].length;
      if (at !== null) return {text: number(map[Math.floor(at / P)][at % P]), because: inWords(at, gridOf(side))};
      const token = lookedAt(side, output, map.length * P);
      return {text: number(mostOf(map, token)), because: `the largest that ${inWords(token, gridOf(side))} sees of others`};
    },
    lit: output => boxes[maps.findIndex(one => one.stage === output.stage)] ?? host,
  };
}
