// Lines, each with the band that it may lie in, as an SVG.
//
// lines: [{x, y, low, high: numbers, colour, band: of the band, else the line's own, dash}]; [least, most]: ends of x; ends: of y;
// [width, height]: what it is drawn in; called: what it says to who does not see it; marks: {x: [ticks], y: [ticks], at: where the
// knob is}, and then there is room for their numbers

import {safe} from "./words.js";

const ROOM = {left: 30, bottom: 16, top: 6, right: 10};

export function bands(lines, [least, most], [low, high], [width, height], called, marks = null) {
  const room = marks ? ROOM : {left: 0, bottom: 2, top: 2, right: 0},
    X = x => (room.left + ((x - least) / (most - least || 1)) * (width - room.left - room.right)).toFixed(1),
    Y = y => (room.top + (1 - (y - low) / (high - low || 1)) * (height - room.top - room.bottom)).toFixed(1);
  const path = (x, y) => x.map((one, i) => `${X(one)},${Y(y[i])}`);
  const areas = lines.map(
      one =>
        `<polygon points="${[...path(one.x, one.high), ...path(one.x, one.low).reverse()].join(" ")}" fill="${one.band ?? one.colour}" opacity=".${one.band ? 3 : 18}"/>`,
    ),
    drawn = lines.map(
      one =>
        `<polyline points="${path(one.x, one.y).join(" ")}" fill="none" stroke-width="2" stroke="${one.colour}"${one.dash ? ` stroke-dasharray="${one.dash}"` : ""}/>`,
    );
  return `<svg viewBox="0 0 ${width} ${height}" role="img" aria-label="${safe(called)}">${marks ? axes(marks, X, Y, width, height) : ""}${areas.join("")}${drawn.join("")}</svg>`;
}

function axes({x, y, at}, X, Y, width, height) {
  const line = (x0, y0, x1, y1, more) => `<line x1="${x0}" y1="${y0}" x2="${x1}" y2="${y1}" stroke="currentColor" ${more}/>`;
  const text = (left, top, anchor, said) =>
    `<text x="${left}" y="${top}" text-anchor="${anchor}" font-size="10" fill="currentColor" opacity=".8">${+said.toFixed(2)}</text>`;
  const [left, right, foot] = [ROOM.left, width - ROOM.right, height - ROOM.bottom];
  return [
    ...y.map(one => line(left, Y(one), right, Y(one), 'opacity=".2"') + text(left - 4, +Y(one) + 3, "end", one)),
    ...x.map(one => text(X(one), height - 4, "middle", one)),
    line(X(at), ROOM.top, X(at), foot, 'class="now" opacity=".7" stroke-dasharray="2 3"'),
  ].join("");
}
