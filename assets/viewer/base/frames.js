// The frames of a clip: the strip, the steps from one to the next, playing, and what is said of the clip itself.

import {COLOURS, fit} from "./drawing.js";
import {icon} from "./icons.js";
import {centred, make, ofFile, pressExample} from "./parts.js";
import {clock, safe} from "./words.js";

export const STRIP = `<div class="vw-strip" role="group" aria-label="All frames"></div>`;
export const SCRUB = `<div class="vw-row">
        <button class="vw-play" aria-label="Play" title="play or pause (space)">${icon("play")}</button>
        <button class="vw-prev" data-step="-1" aria-label="One frame back" title="one frame back (,)">${icon("back")}</button>
        <input class="vw-scrub" type="range" min="0" max="0" step="1" value="0" aria-label="Frame">
        <button class="vw-next" data-step="1" aria-label="One frame forward" title="one frame forward (.)">${icon("forward")}</button>
        <output class="vw-frame"></output>
      </div>`;
export const CAMERA = `<p class="vw-camera" hidden></p>`; // a sentence, where the camera moves
export const CLIP = `<div class="vw-card vw-clipcard"><h4>Clip</h4><div class="vw-clip"></div></div>`;

const THUMB = 96; // pixels across
export const tallAs = (clip, width, most) => Math.round(Math.min((width * clip.height) / clip.width, most * width));

// A frame's middle, cut square
export function centre(pen, image, size) {
  const cut = Math.min(image.width, image.height);
  pen.imageSmoothingQuality = "high";
  pen.drawImage(image, (image.width - cut) / 2, (image.height - cut) / 2, cut, cut, 0, 0, size, size);
}

// Frames as buttons, each with a canvas, its number, and a corner for a mark
export const thumbsOf = (images, chosen) =>
  images.map((_, t) => {
    const button = make("button", {class: "vw-thumb", type: "button"});
    button.append(make("canvas"), make("span"), make("em", {hidden: ""}));
    button.onclick = () => chosen(t);
    return button;
  });

export function paintThumb(canvas, side, t, square, over) {
  const width = square ? 72 : THUMB,
    height = square ? width : tallAs(side.clip, width, 1.4),
    pen = fit(canvas, width, height, true);
  if (square) centre(pen, side.images[t], width);
  else pen.drawImage(side.images[t], 0, 0, width, height);
  for (const paint of over) paint(pen, side, t, width, height);
}

// → {layOut, draw, step, seen, press, keys, stop}. figures: those that paint over frames or mark them
// Which frame of the file it is, where that is known
const fileFrame = ({source}, t, before = ",") => (source ? `${before} frame ${source[t]} of the file` : "");

export function framesOf(shell, figures) {
  const {$, root, about, cursor, go} = shell,
    over = figures.filter(one => one.thumb).map(one => one.thumb),
    marks = figures.filter(one => one.mark).map(one => one.mark),
    square = figures.some(one => one.square),
    can = !!$("play");
  let timer = 0;

  // once a clip
  function layOut(side) {
    const {clip, images} = side,
      T = images.length;
    root.dataset.frames = T;
    root.style.setProperty("--frames", T);
    root.style.setProperty("--tall", Math.min(clip.height / clip.width, 1.4)); // see wide.css
    if ($("scrub")) $("scrub").max = T - 1;
    $("strip")?.replaceChildren(...thumbsOf(images, go));
    if (!over.length) thumbs(side);
    pressExample($, clip.truth?.caption);
    if ($("clip")) card(side);
    camera(side);
  }
  function card({clip, images, trace}) {
    const truth = clip.truth
      ? `<p><b class="vw-swatch" style="background:${COLOURS.truth}"></b>truth${ofFile(trace)}: ${safe(clip.truth.caption)}</p>`
      : "";
    $("clip").innerHTML =
      `<p><b>${safe(clip.name)}</b> · ${clip.width}×${clip.height} · ${images.length} frames${clip.whole ? ` of ${clip.whole.frames}, ${clock(clip.whole.seconds)} long` : ""}</p><p class="vw-spaced"></p>${CAMERA}${truth}<p class="vw-strange"></p><p class="vw-point"></p>` +
      clip.notes.map(note => `<p class="vw-note">${safe(note)}</p>`).join("");
  }

  // what the camera does is measured when the frames are there
  async function camera({clip}) {
    if (!$("camera")) return;
    $("camera").hidden = true;
    const said = await shell.hooks.camera?.(clip.key)?.catch(() => "");
    if (!said || shell.side()?.clip !== clip) return;
    const line = $("camera"),
      knob = about.steady;
    line.hidden = false;
    line.textContent = `${said} `;
    if (!knob || !shell.hooks.turn) return;
    const offer = make("button", {type: "button"});
    offer.textContent = `Measure change less the camera’s own motion (${knob.symbol})`;
    offer.onclick = () => shell.hooks.turn(knob.name, true);
    line.append(offer);
  }

  const thumbs = side => {
    for (const [t, button] of [...($("strip")?.children ?? [])].entries()) paintThumb(button.firstChild, side, t, square, over);
  };

  // once a run
  function draw(side) {
    const {clip, trace} = side;
    if (over.length) thumbs(side);
    for (const [t, button] of [...($("strip")?.children ?? [])].entries()) {
      const said = marks.map(mark => mark(side, t)),
        of = name => said.map(one => one?.[name] ?? "").join(""),
        now = about.frame && t === cursor.frame;
      button.children[1].innerHTML = `${now ? `${about.frame} = ` : ""}${t + 1}${of("after")}`;
      button.children[2].textContent = of("badge");
      button.children[2].hidden = !of("badge");
      button.ariaLabel = button.title =
        `frame ${t + 1}, ${clip.time[t].toFixed(2)} s${fileFrame(clip, t)}` +
        `${now ? ", the current frame" : ""}${of("words")}`;
    }
    if ($("spaced")) $("spaced").textContent = trace.spaced || "";
    if ($("strange")) $("strange").textContent = trace.strange || "";
    if ($("strange")) $("strange").hidden = !trace.strange;
    step(side);
  }

  // where the cursor is
  function step({clip, images}) {
    const t = cursor.frame;
    for (const [i, thumb] of [...($("strip")?.children ?? [])].entries()) thumb.setAttribute("aria-current", i === t);
    if ($("frame")) {
      $("frame").textContent = `${t + 1}/${images.length} · ${clip.time[t].toFixed(2)} s${fileFrame(clip, t, " ·")}`;
      $("frame").title = `frame ${t + 1} of ${images.length}: ${clip.time[t]} s${fileFrame(clip, t)}`;
    }
    if (!$("scrub")) return;
    $("scrub").value = t;
    $("scrub").setAttribute("aria-valuetext", `frame ${t + 1} of ${images.length}, ${clip.time[t].toFixed(2)} seconds`);
  }

  const seen = () => $("line") && $("strip") && centred($("line"), $("strip").children[cursor.frame]);

  function play() {
    const on = !timer;
    clearTimeout(timer);
    timer = 0;
    $("play").innerHTML = icon(on ? "pause" : "play");
    $("play").setAttribute("aria-label", on ? "Pause" : "Play");
    const next = () => {
      const {images, clip} = shell.side(),
        t = (cursor.frame + 1) % images.length,
        gap = (clip.time[t] - clip.time[cursor.frame]) * 1000;
      go(t);
      timer = setTimeout(next, Math.max(80, Math.min(600, gap > 0 ? gap : 600)));
    };
    if (on && shell.side()) timer = setTimeout(next, 80);
  }
  if (can) $("play").onclick = play;
  if ($("scrub")) $("scrub").oninput = event => go(+event.target.value);
  for (const button of root.querySelectorAll("[data-step]")) button.onclick = () => go(shell.now() + +button.dataset.step);

  function press(k) {
    if (k === " " && can) play();
    else if (k === "," || k === "ArrowLeft") go(shell.now() - 1);
    else if (k === "." || k === "ArrowRight") go(shell.now() + 1);
    else if (k === "Home") go(0);
    else if (k === "End") go(Infinity);
    else return false;
    return true;
  }
  const keys = [
    ...(can ? [["space", "play or pause"]] : []),
    about.frame
      ? ["← →", "the frame before, after, as the current one (also , .)"]
      : [", .", "one frame back, forward (also ← →)"],
    ["Home End", "first, last frame"],
  ];
  return {layOut, draw, step, seen, press, keys, stop: () => clearTimeout(timer)};
}
