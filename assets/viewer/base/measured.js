// What was measured at many values of a knob, over the fold "Sweep": lines with their bands, and where the knob is now.
//
// curves: [{knob, title, values, lines: [{name, mean, low, high}], note}]; knobs: [{name, symbol}]; given: see app/panels

import {bands} from "./bands.js";
import {COLOURS} from "./drawing.js";
import {make} from "./parts.js";
import {pretty, safe} from "./words.js";

const INKS = [
    [COLOURS.kept, ""],
    [COLOURS.prompt, "7 3"],
    [COLOURS.truth, "2 3"],
  ],
  SIZE = [420, 170];

// → draw(): again, at what the knobs are now
export function measured(host, curves, knobs, given) {
  const figures = curves.map(one => {
    const figure = make("figure", {class: "sw-measured"}),
      symbol = knobs.find(each => each.name === one.knob).symbol,
      words = make("figcaption");
    words.innerHTML = `<b>${safe(one.title)}, by <i>${pretty(symbol)}</i></b>${one.lines.map((line, i) => `<span><svg viewBox="0 0 22 8" aria-hidden="true"><line x1="0" y1="4" x2="22" y2="4" stroke-width="2.5" stroke="${INKS[i][0]}" stroke-dasharray="${INKS[i][1]}"/></svg>${safe(line.name)}</span>`).join("")}`;
    const picture = make("div"),
      here = make("p"),
      note = Object.assign(make("p"), {textContent: `${one.note} Click to turn ${symbol}.`});
    note.className = here.className = "sw-label";
    figure.append(words, picture, here, note);
    picture.onclick = event => {
      const box = picture.firstChild.getBoundingClientRect(),
        from = (30 / SIZE[0]) * box.width,
        share = (event.clientX - box.left - from) / (box.width * (1 - 40 / SIZE[0]));
      const wished = one.values[0] + Math.min(1, Math.max(0, share)) * (one.values.at(-1) - one.values[0]);
      given.turn(one.knob, nearest(one.values, wished));
    };
    return {one, symbol, picture, here};
  });
  host.replaceChildren(...figures.map(each => each.picture.parentElement));
  host.hidden = !figures.length;

  return function draw() {
    for (const {one, symbol, picture, here} of figures) {
      const now = given.request().values.knobs[one.knob],
        i = one.values.indexOf(nearest(one.values, now));
      const shares = one.lines.map(
        line => `${line.name} ${line.mean[i].toFixed(2)} (${line.low[i].toFixed(2)} to ${line.high[i].toFixed(2)})`,
      );
      here.textContent = `At ${symbol} = ${one.values[i]}: ${shares.join(", ")}.`;
      const lines = one.lines.map((line, n) => ({
        x: one.values,
        y: line.mean,
        low: line.low,
        high: line.high,
        colour: INKS[n][0],
        dash: INKS[n][1],
      }));
      const x = [0, 0.25, 0.5, 0.75, 1].map(share => one.values[0] + share * (one.values.at(-1) - one.values[0]));
      const ends = [one.values[0], one.values.at(-1)];
      picture.innerHTML = bands(lines, ends, [0, 1], SIZE, `${one.title} by ${symbol}. ${here.textContent}`, {
        x,
        y: [0, 0.25, 0.5, 0.75, 1],
        at: now,
      });
    }
  };
}

const nearest = (values, wished) => values.reduce((a, b) => (Math.abs(b - wished) < Math.abs(a - wished) ? b : a));
