// Who may see whom, or who sees whom: a share for each pair of tokens, a square for each output, with lines between frames. The pair
// that is pointed at is told of all squares; a click turns to the token of its row.

import {bytes, fit, SCALE} from "../base/drawing.js";
import {inPixels} from "../base/maps.js";
import {once, resultOf} from "../base/unpack.js";
import {heading, number, pretty, safe} from "../base/words.js";
import {gridOf, inWords, lookedAt} from "./SquareMap_tokens.js";

export const look = "vw-card sq";
const [WIDE, LEAST, GAP] = [432, 300, 20]; // pixels of a square at most, of one beside another at least, and between them
const shares = once(({code}) => bytes(code));

export function figure(host, {outputs, group, shell}) {
  const squares = outputs.filter(one => one.kind === "SquareMap"),
    turns = squares.find(one => one.turns);
  host.innerHTML = `<h4>${heading(group.title)}</h4><div class="sq-squares">${squares.map(() => `<figure><canvas role="img"></canvas><figcaption></figcaption></figure>`).join("")}</div>
    <div class="sq-scale"><span></span><i style="background:linear-gradient(90deg, ${SCALE.filter((_, i) => i % 15 === 0).join(", ")})"></i><span>1</span></div><p class="sq-said" role="status"></p>`;
  const canvases = [...host.querySelectorAll("canvas")],
    said = host.querySelector(".sq-said"),
    [least] = host.querySelectorAll(".sq-scale span"),
    under = document.createElement("canvas");
  let at = null, // [row, column] that is pointed at
    last = null; // the side that is drawn

  const shareOf = (packed, i) => {
    const code = shares(packed)[i];
    return code ? 10 ** ((code / 255 - 1) * packed.decades) : 0;
  };

  function draw(side, _, changed) {
    if (changed) return;
    last = side;
    squares.forEach((one, i) => paint(canvases[i], one, resultOf(side, one)));
    tell();
  }

  function paint(canvas, output, packed) {
    canvas.parentElement.hidden = !packed;
    if (!packed) return;
    const [M] = packed.shape,
      room = shell.wide(host, 420) - 26,
      wide = Math.min(WIDE, squares.length > 1 && room > 2 * LEAST ? (room - GAP) / 2 : room),
      pen = fit(canvas, wide, wide),
      code = shares(packed),
      [rows, columns] = gridOf(last),
      P = rows * columns,
      token = turns && lookedAt(last, turns, M);
    Object.assign(under, {width: M, height: M});
    under.getContext("2d").putImageData(
      inPixels(M, M, i => code[i] / 255),
      0,
      0,
    );
    pen.imageSmoothingEnabled = false;
    pen.drawImage(under, 0, 0, wide, wide);
    pen.fillStyle = "rgba(255,255,255,.75)";
    for (let k = P; k < M; k += P) {
      pen.fillRect((wide * k) / M - 0.5, 0, 1, wide);
      pen.fillRect(0, (wide * k) / M - 0.5, wide, 1);
    }
    if (turns) {
      pen.strokeStyle = "#fff";
      pen.strokeRect(0.5, (wide * token) / M - 0.5, wide - 1, Math.max(3, wide / M + 1));
    }
    least.textContent = `≤ ${number(10 ** -packed.decades)}`;
    canvas.nextElementSibling.innerHTML = `<b>${pretty(output.symbol)}</b> ${safe(output.title)}`;
    canvas.ariaLabel = `${output.title}: ${M} tokens that look, down, ${M} tokens looked at, across, of ${M / P} frames${turns ? `; the row of ${inWords(token, gridOf(last))} is outlined` : ""}`;
    canvas.classList.toggle("sq-turns", !!turns && !!shell.hooks.turn);
  }

  function tell() {
    const there = squares.map(one => [one, resultOf(last, one)]).filter(([, packed]) => packed);
    if (!there.length) return void (said.textContent = "waiting for the network…");
    const grid = gridOf(last),
      [M] = there[0][1].shape;
    if (!at) {
      said.innerHTML = `Down: who looks; across: who is looked at. Lines part the ${M / (grid[0] * grid[1])} frames.${turns && shell.hooks.turn ? " A click looks at a row’s token." : ""}`;
      return;
    }
    said.innerHTML =
      `${inWords(at[0], grid)} → ${inWords(at[1], grid)}: ` +
      there
        .map(([one, packed]) => `${pretty(one.symbol)} <b>${number(+shareOf(packed, at[0] * M + at[1]).toPrecision(2))}</b>`)
        .join(" · ");
  }

  const pointed = ({offsetX, offsetY, target}) => {
    const packed = last && squares.map(one => resultOf(last, one)).find(Boolean);
    if (!packed) return null;
    const place = (x, whole) => Math.max(0, Math.min(packed.shape[0] - 1, Math.floor((x / whole) * packed.shape[0])));
    return [place(offsetY, target.clientHeight), place(offsetX, target.clientWidth)];
  };
  for (const canvas of canvases) {
    canvas.onpointermove = canvas.onpointerdown = event => {
      at = pointed(event);
      if (at) tell();
    };
    canvas.onpointerleave = () => {
      at = null;
      if (last) tell();
    };
    canvas.onclick = event => {
      const found = pointed(event);
      if (found && turns) shell.hooks.turn?.(turns.turns, found[0] + 1);
    };
  }

  return {
    draw,
    value(output, side) {
      const packed = resultOf(side, output);
      if (!packed || output.kind !== "SquareMap") return null;
      if (at)
        return {
          text: number(+shareOf(packed, at[0] * packed.shape[0] + at[1]).toPrecision(2)),
          because: "of the pair that is pointed at",
        };
      const all = shares(packed);
      let sum = 0;
      for (let i = 0; i < all.length; i++) sum += shareOf(packed, i);
      return {text: number(sum / all.length), because: "the mean of all pairs"};
    },
    lit: output => canvases[squares.findIndex(one => one.stage === output.stage)] ?? host,
  };
}
