// The map: a point for every clip, near ones alike. What is drawn around by hand becomes a filter, as does a group of it.

import {bytes, fit, SCALE} from "../base/drawing.js";
import {make} from "../base/parts.js";
import {number} from "../base/words.js";
import {button, percent, text, worded, words} from "./cells.js";

const NAMES = ["#3b82f6", "#f59e0b", "#10b981", "#ec4899", "#8b5cf6", "#14b8a6", "#a16207", "#64748b"],
  VERDICTS = {false: "#ef4444", true: "#3b82f6"},
  REST = "#9ca3af", // of names that are too many, and of what is not known
  EDGE = 12, // pixels around the points
  NEAR = 12, // pixels from a point at which it is meant
  APART = 6, // pixels between two corners of what is drawn
  MOST = 60; // corners that are sent
const ORDER = {right: 0, label: 1, pred: 2}; // of columns to colour by, before all others

// found: as app/errors/analysis.py gives atlas. state: filters, clip. does: {colour(name), filter(filters), show(id)}
export function drawMap(box, found, columns, {filters, clip}, does) {
  const {ids, groups} = found,
    place = new Uint16Array(bytes(found.places).buffer),
    fits = bytes(found.fits),
    paint = paintOf(found.colour),
    canvas = make("canvas", {role: "img", class: "er-map", "aria-label": `Map of ${found.of} clips, by ${found.how}`}),
    side = make("div", {class: "er-legend"});
  const which = make("select", {"aria-label": "Colour of the points"}),
    label = text("label", "colour "),
    usable = [...columns.values()].filter(one => one.kind !== "texts");
  usable.sort((one, other) => (ORDER[one.name] ?? 3) - (ORDER[other.name] ?? 3));
  which.append(...usable.map(one => Object.assign(text("option", words(one.name)), {value: one.name})));
  which.value = found.colour.name;
  which.onchange = () => does.colour(which.value);
  label.append(which);
  side.append(label, ...legend(found.colour, columns.get(found.colour.name)));
  const list = make("ul", {class: "er-list"});
  list.append(...groups.map(one => groupLine(one, filters, does.filter)));
  const said = found.share ? `, ${percent(found.share)} of what varies` : "",
    some = ids.length < found.of ? ` ${ids.length} of ${found.of} clips are drawn, by chance.` : "";
  box.replaceChildren(
    side,
    canvas,
    text(
      "p",
      `${found.how}${said}.${some} Near points are alike, distances further mean little. Click a point, or draw around some; ` +
        "faint ones do not fit the filters.",
      {class: "er-dim"},
    ),
    text("h4", groups.length ? "Groups of the map (HDBSCAN)" : "No groups: the clips lie in no clumps (HDBSCAN)."),
    list,
  );

  let drawn = [];
  const width = Math.max(200, box.clientWidth - 2),
    height = Math.round(Math.min(width * 0.72, 520)),
    [high, wide] = [1, 0].map(of => Math.max(1, ...ids.map((_, n) => place[2 * n + of])) / 65535),
    scale = Math.min((width - 2 * EDGE) / wide, (height - 2 * EDGE) / high),
    off = [(width - scale * wide) / 2, (height - scale * high) / 2];
  const at = n => [off[0] + (scale * place[2 * n]) / 65535, off[1] + (scale * place[2 * n + 1]) / 65535],
    radius = ids.length > 1000 ? 2.2 : 4;
  function redraw() {
    const pen = fit(canvas, width, height);
    for (const fit of [0, 1])
      for (let n = 0; n < ids.length; n++) {
        if (fits[n] !== fit) continue;
        const [x, y] = at(n);
        pen.globalAlpha = fit ? 0.9 : 0.15;
        pen.fillStyle = paint(n);
        pen.beginPath();
        if (found.colour.name === "right" && found.colour.names?.[found.colour.index[n]] === false)
          pen.rect(x - radius, y - radius, 2 * radius, 2 * radius); // wrong ones are square: not by colour alone
        else pen.arc(x, y, radius, 0, 7);
        pen.fill();
        if (ids[n] !== clip) continue;
        pen.globalAlpha = 1;
        pen.lineWidth = 2;
        pen.strokeStyle = getComputedStyle(canvas).color;
        pen.stroke();
      }
    pen.globalAlpha = 1;
    if (drawn.length < 2) return;
    pen.strokeStyle = getComputedStyle(canvas).color;
    pen.lineWidth = 1.5;
    pen.setLineDash([5, 4]);
    pen.beginPath();
    for (const [x, y] of drawn) pen.lineTo(x, y);
    pen.closePath();
    pen.stroke();
    pen.setLineDash([]);
  }
  const spot = event => [event.offsetX, event.offsetY],
    far = ([x, y], [u, v]) => Math.hypot(x - u, y - v);
  canvas.onpointerdown = event => {
    canvas.setPointerCapture(event.pointerId);
    drawn = [spot(event)];
  };
  canvas.onpointermove = event => {
    if (!drawn.length || far(spot(event), drawn[drawn.length - 1]) < APART) return;
    drawn.push(spot(event));
    redraw();
  };
  canvas.onpointerup = event => {
    const corners = drawn;
    drawn = [];
    if (corners.length > 2) {
      const step = Math.ceil(corners.length / MOST),
        round = value => Math.round(1000 * value) / 1000;
      const inside = corners
        .filter((_, n) => n % step === 0)
        .map(([x, y]) => [round((x - off[0]) / scale), round((y - off[1]) / scale)]);
      return does.filter([...filters.filter(one => one[0] !== "map"), ["map", "in", inside]]);
    }
    const each = ids.map((_, n) => [far(at(n), spot(event)), n]).sort((one, other) => one[0] - other[0]);
    if (each.length && each[0][0] <= NEAR) does.show(ids[each[0][1]]);
    redraw();
  };
  canvas.onpointercancel = () => {
    drawn = [];
    redraw();
  };
  redraw();
}

function paintOf({numbers, names, index}) {
  if (!numbers) return n => (index[n] < 0 ? REST : (VERDICTS[names[index[n]]] ?? NAMES[index[n]]));
  const known = numbers.filter(one => one !== null),
    low = Math.min(...known),
    span = Math.max(...known) - low || 1;
  return n => (numbers[n] === null ? REST : SCALE[Math.round((255 * (numbers[n] - low)) / span)]);
}

function legend({numbers, names}, column) {
  const swatch = (colour, said) => {
    const one = text("span", said, {class: "er-swatch"});
    one.prepend(Object.assign(make("i"), {style: `background:${colour}`}));
    return one;
  };
  if (names) return names.map((name, n) => swatch(VERDICTS[name] ?? NAMES[n], worded(name, column)));
  const known = numbers.filter(one => one !== null);
  if (!known.length) return [text("span", "nothing is known", {class: "er-dim"})];
  return [swatch(SCALE[0], number(Math.min(...known))), swatch(SCALE[255], number(Math.max(...known)))];
}

function groupLine(one, filters, filter) {
  const own = ["cluster", "eq", one.number],
    on = filters.some(each => each[0] === "cluster" && each[2] === one.number),
    rest = filters.filter(each => each[0] !== "cluster"),
    line = make("li");
  const share = one.n
    ? ` · ${one.right} of ${one.n} right, ${percent(one.right / one.n)} (${percent(one.low)} to ${percent(one.high)})`
    : "";
  line.append(
    button(`group ${one.number}: ${one.clips} clips`, () => filter(on ? rest : [...rest, own]), {
      "aria-pressed": String(on),
    }),
    text("span", `${share}${one.words ? ` · ${one.words}` : ""}`),
  );
  return line;
}
