// Spans of a video's time on one line, each as tall as its score, and the frames that are chosen: what a selector saw, and where.
// Below the line lie the scenes of a video of which they are known; those that the question names are the evidence.

import {COLOURS, fit} from "../base/drawing.js";
import {cards} from "../base/figures.js";
import {CLIP} from "../base/frames.js";
import {timeAxis} from "../base/timeaxis.js";
import {firstOf, floats, resultOf, truths} from "../base/unpack.js";
import {clock, heading, number, pretty, safe} from "../base/words.js";

export const look = "vw-card tl";
export const frame = cards(CLIP);
const TALL = 132,
  SCENES = 14, // pixels of the scenes' row, and of the axis below it
  AXIS = 16,
  MARK = 12; // above the scores: where what is chosen is marked
const plain = text => (text ?? "").toLowerCase().replace(/[\s?.!]+$/, "");
const asked = side => plain(side.trace.question);
// [from, to] seconds that show what answers the question, where the video knows
export const evidenceOf = side => (side.clip.questions ?? []).find(([text]) => plain(text) === asked(side))?.[1] ?? [];

export function figure(host, {outputs, group, cursor, shell}) {
  const [spans, scores, frames, times, shows] = [
    "Segments",
    "SegmentScores",
    "ChosenFrames",
    "ChosenTimes",
    "SegmentTruths",
  ].map(kind => firstOf(outputs, kind));
  host.innerHTML = `<h4>${heading(group.title)}</h4><canvas class="tl-canvas" role="img"></canvas><p class="tl-said"></p><div class="tl-notes"></div>`;
  const [canvas, said, notes] = ["canvas", "said", "notes"].map(name => host.querySelector(`.tl-${name}`));
  cursor.put({second: null}); // of the video, where a reader points
  let width = 0;

  const data = side => {
    const span = floats(resultOf(side, spans)),
      score = scores ? floats(resultOf(side, scores)) : null,
      chosen = resultOf(side, times) ?? [],
      known = shows && resultOf(side, shows),
      shown = known ? [...truths(known)].slice(0, span.length / 2) : []; // 1: the span shows what is asked for
    return {span, score, chosen, shown, S: span.length / 2, end: span.at(-1), scenes: side.clip.scenes ?? []};
  };

  // the span that a second lies in
  function at({span, S}, second) {
    let low = 0,
      high = S - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (span[2 * middle] <= second) low = middle;
      else high = middle - 1;
    }
    return low;
  }
  const holds = ({span}, i, second) => second >= span[2 * i] && second < span[2 * i + 1];
  const isEvidence = (side, [begin, stop, caption]) =>
    evidenceOf(side).some(([from, to]) => from < stop && to > begin) || caption.toLowerCase() === asked(side);

  function draw(side, A, changed) {
    if (changed && !changed.has("second")) return;
    const made = data(side);
    paint(side, made, A && data(A));
    tell(side, made);
    if (changed) return;
    const {unknown = []} = side.trace,
      some = (text, behind) => {
        const found = unknown.filter(word => word.startsWith("…") === behind);
        return found.length ? `<p class="vw-note">${text}: ${found.map(safe).join(", ")}.</p>` : "";
      };
    notes.innerHTML = some("Words the model has never seen", false) + some("Longer than the model reads, so cut before", true);
  }

  function paint(side, made, A) {
    const {span, score, chosen, shown, S, end, scenes} = made,
      low = score
        ? Math.min(
            0,
            score.reduce((a, b) => Math.min(a, b), 0),
          )
        : 0,
      high = score ? score.reduce((a, b) => Math.max(a, b), low + 1e-9) : 1,
      foot = TALL - AXIS - (scenes.length ? SCENES : 0),
      style = getComputedStyle(host);
    width = shell.wide(host, 640) - 26;
    const pen = fit(canvas, width, TALL),
      x = second => (width * second) / end,
      y = value => foot - ((foot - MARK) * (value - low)) / (high - low),
      ink = style.color;
    for (const [begin, stop, caption] of scenes) {
      const evidence = isEvidence(side, [begin, stop, caption]);
      pen.fillStyle = evidence ? COLOURS.truth : ink;
      pen.globalAlpha = evidence ? 0.16 : 0;
      pen.fillRect(x(begin), 0, x(stop) - x(begin), foot);
      pen.globalAlpha = evidence ? 0.9 : 0.22;
      pen.fillRect(x(begin) + 0.5, foot + 3, Math.max(1, x(stop) - x(begin) - 1), SCENES - 5);
    }
    pen.fillStyle = COLOURS.truth;
    pen.globalAlpha = 0.16;
    shown.forEach((true_, i) => true_ && pen.fillRect(x(span[2 * i]), 0, x(span[2 * i + 1]) - x(span[2 * i]), foot));
    // more spans than pixels: of those in one pixel the highest is seen
    const tops = new Map();
    for (let i = 0; i < S; i++) {
      const left = x(span[2 * i]),
        key = S > width ? Math.floor(left) : i,
        value = score ? score[i] : high,
        before = tops.get(key);
      if (!before || value > before.value) tops.set(key, {value, left, wide: Math.max(1, x(span[2 * i + 1]) - left)});
    }
    pen.globalAlpha = 0.55;
    pen.fillStyle = style.getPropertyValue("--dim") || ink;
    for (const {value, left, wide} of tops.values()) {
      const top = y(Math.max(value, 0)),
        bottom = y(Math.min(value, 0));
      pen.fillRect(left, top, wide > 4 ? wide - 1 : wide, Math.max(1, bottom - top));
      if (scores?.pull && Math.abs(value) > 0.1 * Math.max(high, -low))
        tip(pen, left + wide / 2, value > 0 ? top : bottom, value);
    }
    pen.globalAlpha = 1;
    pen.fillStyle = COLOURS.kept;
    for (const second of chosen) {
      // a long span has one frame that is chosen, not all of its time
      const i = at(made, second),
        value = score ? score[i] : high,
        [left, right] = [x(span[2 * i]), x(span[2 * i + 1])],
        top = y(Math.max(value, 0)),
        tall = y(Math.min(value, 0)) - top;
      if (right - left > 24) pen.fillRect(x(second) - 1, top, 3, tall);
      else pen.fillRect(left, top, Math.max(1.5, right - left - (right - left > 4 ? 1 : 0)), tall);
    }
    for (const second of chosen) mark(pen, x(second), COLOURS.kept, 0);
    for (const second of A?.chosen ?? []) mark(pen, x((second * end) / A.end), COLOURS.prompt, 5);
    timeAxis(pen, x, [0, end], width, TALL - 3, ink);
    if (cursor.second !== null) {
      pen.fillStyle = ink;
      pen.fillRect(x(cursor.second) - 0.5, 0, 1, foot + (scenes.length ? SCENES : 0));
    }
    canvas.ariaLabel = `${S} ${spans.title}, ${chosen.length} chosen: ${chosen.slice(0, 12).map(clock).join(", ")}${chosen.length > 12 ? " …" : ""}`;
  }

  // the head of an arrow, up or down
  function tip(pen, x, y, value) {
    const far = value > 0 ? -5 : 5;
    pen.beginPath();
    pen.moveTo(x - 3, y);
    pen.lineTo(x + 3, y);
    pen.lineTo(x, y + far);
    pen.fill();
  }

  function mark(pen, x, colour, down) {
    pen.fillStyle = colour;
    pen.beginPath();
    pen.moveTo(x - 4, down);
    pen.lineTo(x + 4, down);
    pen.lineTo(x, down + 6);
    pen.fill();
  }

  // what is at the cursor, in words; else what is chosen in all
  function tell(side, made) {
    const {span, score, chosen, shown, S, scenes} = made;
    if (cursor.second === null) {
      const hits = chosen.filter(second =>
          scenes.some(one => isEvidence(side, one) && second >= one[0] && second < one[1]),
        ).length,
        truth = scenes.some(one => isEvidence(side, one))
          ? ` · <b>${hits} of ${chosen.length}</b> ${evidenceOf(side).length ? "where the answer" : `where “${safe(asked(side))}”`} is seen`
          : "";
      const known = shown.filter(Boolean).length,
        found = shown.filter((true_, i) => true_ && chosen.some(second => holds(made, i, second))).length,
        evidence = known ? ` · <b>${found} of ${known}</b> that show what is asked for are chosen` : "";
      said.innerHTML = scores?.pull
        ? score.some(Boolean)
          ? "An arrow for each candidate: up, where these draws make it likelier; down, where less likely."
          : "Nothing rewards these draws, so they pull no score."
        : `${chosen.length} of ${safe(side.clip.name)}, ${S} ${safe(spans.title)}${truth}${evidence}`;
      return;
    }
    const i = at(made, cursor.second),
      scene = scenes.find(one => cursor.second >= one[0] && cursor.second < one[1]),
      rank = score ? 1 + score.reduce((sum, value) => sum + (value > score[i]), 0) : 0;
    said.innerHTML =
      `${clock(span[2 * i])}–${clock(span[2 * i + 1])}` +
      (score ? ` · ${pretty(scores.symbol)} <b>${number(score[i])}</b> ${safe(scores.unit)}, ${rank}. of ${S}` : "") +
      (chosen.some(second => holds(made, i, second)) ? " · <b>chosen</b>" : "") +
      (scene ? ` · <span class="tl-scene">${safe(scene[2])}</span>` : "");
  }

  const pointed = event => {
    const side = shell.side();
    if (side) cursor.set({second: Math.max(0, Math.min(1 - 1e-6, event.offsetX / width)) * data(side).end});
  };
  canvas.onpointermove = canvas.onpointerdown = pointed;
  canvas.onpointerleave = () => cursor.set({second: null});

  return {
    draw,
    value({kind}, side) {
      const made = data(side);
      if (kind === "ChosenTimes") return {text: made.chosen.map(clock).join(", "), because: "minutes and seconds of the video"};
      if (kind === "ChosenFrames") return {text: resultOf(side, frames).join(", "), because: "frames of the video, from 0"};
      if (!made.score || kind !== "SegmentScores") return {text: String(made.S), because: "spans of the video's time"};
      const i =
        cursor.second === null ? made.score.indexOf(made.score.reduce((a, b) => Math.max(a, b))) : at(made, cursor.second);
      return {
        text: number(made.score[i]),
        because: `at ${clock(made.span[2 * i])}${cursor.second === null ? ", the highest" : ""}`,
      };
    },
    lit: () => canvas,
    apart(a, b) {
      const [one, two] = [a, b].map(side => resultOf(side, frames));
      if (!one || !two || a.clip.video !== b.clip.video) return null;
      const both = two.filter(frame => one.includes(frame)).length;
      return {sentences: [`Of A's ${one.length} frames and B's ${two.length}, <b>${both}</b> are the same.`]};
    },
  };
}
