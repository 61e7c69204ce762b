// The frames that are chosen, in the order of time, each with its second and its score. What is seen in them comes after where they
// are: until then a frame that was seen before is shown as it was, and another is empty.

import {make} from "../base/parts.js";
import {firstOf, resultOf} from "../base/unpack.js";
import {clock, heading, number, pretty, safe} from "../base/words.js";

export const look = "vw-card cf";
const HELD = 256; // pictures that are remembered
const EMPTY = "data:image/gif;base64,R0lGODlhAQABAIAAAAAAAAAAACH5BAEAAAAALAAAAAABAAEAAAICRAEAOw==";

export function figure(host, {outputs, group, cursor, shell}) {
  const [frames, times, scores, pictures] = ["ChosenFrames", "ChosenTimes", "ChosenScores", "ChosenPictures"].map(kind =>
    firstOf(outputs, kind),
  );
  host.innerHTML = `<h4>${heading(group.title)} <small class="cf-state"></small></h4><div class="cf-frames"></div><h4 class="cf-of-a" hidden>A</h4><div class="cf-frames cf-a" hidden></div>`;
  const [row, rowA] = host.querySelectorAll(".cf-frames"),
    state = host.querySelector(".cf-state");
  const seen = new Map(); // "clip's key, frame" → data URL, the least recently drawn first

  function remember(side) {
    const shown = pictures && resultOf(side, pictures);
    if (!shown) return;
    resultOf(side, frames).forEach((frame, k) => {
      const key = keyOf(side, frame);
      seen.delete(key);
      seen.set(key, shown[k]);
    });
    while (seen.size > HELD) seen.delete(seen.keys().next().value);
  }
  const keyOf = (side, frame) => `${side.clip.video ?? side.clip.key} ${frame}`;

  function draw(side, A, changed) {
    if (!changed) {
      remember(side);
      if (A) remember(A);
      write(row, side);
      rowA.hidden = host.querySelector(".cf-of-a").hidden = !A;
      if (A) write(rowA, A);
      state.textContent = pictures && !side.trace.done ? "updating…" : "";
    }
    if (!changed || changed.has("second")) near(side);
  }

  function write(box, side) {
    const [frame, time, score] = [frames, times, scores].map(one => one && resultOf(side, one));
    if (!frame) return; // they come with what takes longer, and until then those of before are shown
    while (box.children.length > frame.length) box.lastChild.remove();
    while (box.children.length < frame.length) {
      const button = make("button", {type: "button", class: "cf-frame"});
      button.append(make("img", {alt: ""}), make("b"), make("span"));
      box.append(button);
    }
    for (const [k, button] of [...box.children].entries()) {
      const [image, when, said] = button.children,
        source = seen.get(keyOf(side, frame[k])) ?? EMPTY,
        at = time?.[k] ?? null;
      if (image.getAttribute("src") !== source) image.setAttribute("src", source);
      image.style.aspectRatio = `${side.clip.width} / ${side.clip.height}`;
      when.textContent = at === null ? `#${frame[k]}` : clock(at);
      said.innerHTML = score ? `${pretty(scores.symbol)} ${number(score[k])}` : "";
      button.title = `frame ${frame[k]}${at === null ? "" : `, ${at} s`}${score ? `, ${safe(scores.title)}: ${number(score[k])}` : ""}`;
      button.ariaLabel = button.title;
      button.onpointerenter = button.onfocus = () => at !== null && cursor.set({second: at});
      button.onpointerleave = button.onblur = () => cursor.set({second: null});
    }
  }

  // the chosen frame that is shown where a reader points on the time line
  function near(side) {
    const time = times && resultOf(side, times),
      at = cursor.second ?? null,
      found = at === null || !time ? -1 : time.findLastIndex(second => second <= at + 1e-6),
      close = found >= 0 && at - time[found] < (side.clip.last ?? 1);
    for (const [k, button] of [...row.children].entries()) button.classList.toggle("cf-near", close && k === found);
  }

  const step = by => {
    const side = shell.side(),
      time = side && times && resultOf(side, times);
    if (!time?.length) return;
    const at = cursor.second ?? null,
      next =
        at === null
          ? by > 0
            ? 0
            : time.length - 1
          : by > 0
            ? time.findIndex(one => one > at + 1e-6)
            : time.findLastIndex(one => one < at - 1e-6);
    if (next >= 0) cursor.set({second: time[next]});
  };

  return {
    draw,
    keys: [["[ ]", "the chosen frame before, after"]],
    press(k) {
      if (k !== "[" && k !== "]") return false;
      step(k === "]" ? 1 : -1);
      return true;
    },
    value({kind}, side) {
      const given = resultOf(
        side,
        outputs.find(one => one.kind === kind),
      );
      if (!given || kind === "ChosenPictures") return given && {text: String(given.length), because: "pictures"};
      if (kind === "ChosenTimes") return {text: given.map(clock).join(", "), because: "minutes and seconds of the video"};
      return {
        text: given.map(number).join(", "),
        because: kind === "ChosenFrames" ? "frames of the video, from 0" : "in the order of time",
      };
    },
    lit: () => row,
    looked: side => ({chosen: resultOf(side, frames)?.length ?? null}),
  };
}
