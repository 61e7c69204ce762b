// The moment of a clip of one's own: which seconds of the file are read, on a line as long as the file.
//
// host     the tab's viewer, with the sentence on how far apart frames are;  request() → what is on the page
// asked    async request → {seconds, busiest, spacing, trained} as a JSON text; null of an example;  write  [start, end] or [] → nothing
//
// The page's own pair of seconds is the truth: what is turned here is typed into it, and the last value wins as a knob's does.

import {clock} from "../base/words.js";

const SHORTEST = 0.1, // seconds
  STEP = 0.05;
const CONTROL = `
<div class="mo" role="group" aria-label="Moment of your clip"><h4>Moment of your clip</h4>
  <div class="mo-line"><b class="mo-part" role="slider" tabindex="0" aria-label="The moment, moved as a whole"></b>
    <input type="range" class="mo-start" step="${STEP}" min="0" aria-label="Moment from, seconds">
    <input type="range" class="mo-end" step="${STEP}" min="0" aria-label="Moment until, seconds"></div>
  <div class="mo-row">
    <label>from <input type="number" class="mo-from" step="${STEP}" min="0"> s</label>
    <label>until <input type="number" class="mo-until" step="${STEP}" min="0"> s</label>
    <label>a frame every <input type="number" class="mo-every" step="0.01" min="0.01"> s</label>
    <button type="button" class="mo-busiest">where most moves</button>
    <button type="button" class="mo-trained"></button>
    <button type="button" class="mo-all"></button></div>
  <p class="mo-said" role="status"></p>
</div>`;

const round = value => Math.round(value * 1000) / 1000;

export function momentOf(element, {host, request, asked, write}) {
  let known = null, // what there is to choose of the clip
    of = "";
  const $ = name => element.querySelector(`.mo-${name}`);

  async function follow() {
    const {clip, weights} = request().values,
      now = `${clip} ${weights}`;
    if (!host.offsetParent) return;
    if (now !== of) {
      of = now;
      const text = await asked(request()).catch(() => "null"),
        found = JSON.parse(text ?? "null");
      if (now !== of) return;
      known = found?.error ? null : found;
      element.hidden = !known;
      if (known && !element.firstElementChild) build();
    }
    if (known) draw();
  }

  // [start, end] as they are on the page; a moment may reach beyond the file
  function pair() {
    const given = JSON.parse(request().values.moment || "[]");
    return given.length ? [Math.min(given[0], known.seconds), Math.min(given[1], known.seconds)] : [0, known.seconds];
  }
  const frames = () => request().values.frames;

  function put(start, end) {
    const last = known.seconds,
      from = Math.max(0, Math.min(start, last - SHORTEST)),
      until = Math.max(from + SHORTEST, Math.min(end, last));
    write(from <= 0 && until >= last ? [] : [round(from), round(until)]);
  }
  function moved(by) {
    const [start, end] = pair(),
      step = Math.max(-start, Math.min(by, known.seconds - end));
    put(start + step, end + step);
  }
  // as long as so many frames at this distance, about the same middle
  function spread(every) {
    const [start, end] = pair(),
      half = Math.min((every * frames()) / 2, known.seconds / 2),
      middle = Math.max(half, Math.min((start + end) / 2, known.seconds - half));
    put(middle - half, middle + half);
  }

  function build() {
    element.innerHTML = CONTROL;
    $("start").oninput = event => put(Math.min(+event.target.value, pair()[1] - SHORTEST), pair()[1]);
    $("end").oninput = event => put(pair()[0], Math.max(+event.target.value, pair()[0] + SHORTEST));
    $("from").onchange = event => put(+event.target.value, Math.max(pair()[1], +event.target.value + SHORTEST));
    $("until").onchange = event => put(Math.min(pair()[0], +event.target.value - SHORTEST), +event.target.value);
    $("every").onchange = event => +event.target.value > 0 && spread(+event.target.value);
    for (const box of [$("from"), $("until"), $("every")])
      box.onkeydown = event => event.key === "Enter" && box.onchange({target: box});
    $("busiest").onclick = () => put(...(known.busiest.length ? known.busiest : [0, known.seconds]));
    $("trained").onclick = () => spread(known.spacing);
    $("all").onclick = () => put(0, known.seconds);
    const part = $("part");
    part.onkeydown = event => {
      const by = {ArrowLeft: -STEP, ArrowRight: STEP, PageDown: -1, PageUp: 1, Home: -known.seconds, End: known.seconds}[
        event.key
      ];
      if (!by) return;
      event.preventDefault();
      moved(event.shiftKey ? 10 * by : by);
    };
    part.onpointerdown = event => {
      part.setPointerCapture(event.pointerId);
      const [start, end] = pair(),
        width = $("line").clientWidth;
      part.onpointermove = ({clientX}) => {
        const by = ((clientX - event.clientX) / width) * known.seconds,
          step = Math.max(-start, Math.min(by, known.seconds - end));
        put(start + step, end + step);
      };
    };
    part.onpointerup = part.onpointercancel = () => (part.onpointermove = null);
  }

  function draw() {
    const [start, end] = pair(),
      share = value => `${(100 * value) / known.seconds}%`,
      type = (name, value) => {
        const box = $(name);
        if (box !== document.activeElement || box.type === "range") box.value = round(value);
      };
    for (const name of ["start", "end", "from", "until"]) $(name).max = round(known.seconds);
    type("start", start);
    type("end", end);
    type("from", start);
    type("until", end);
    type("every", (end - start) / frames());
    Object.assign($("part").style, {left: share(start), width: share(end - start)});
    const at = {min: 0, max: round(known.seconds), now: round(start), text: `${clock(start)} to ${clock(end)}`};
    for (const [name, value] of Object.entries(at)) $("part").setAttribute(`aria-value${name}`, value);
    $("busiest").hidden = !known.busiest.length;
    $("trained").hidden = !known.spacing;
    $("trained").textContent = `as in training: ${known.trained}`;
    $("all").textContent = `all ${clock(known.seconds)}`;
    say();
  }
  const say = () => {
    if (known && $("said")) $("said").textContent = host.querySelector(".vw")?.dataset.spaced ?? "";
  };

  element.hidden = true;
  document.addEventListener("values", follow);
  host.addEventListener("painted", () => {
    follow();
    say();
  });
}
