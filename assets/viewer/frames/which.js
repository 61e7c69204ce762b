// One video, one question, K frames: what every method chooses, in rows on one time line; what is seen in a choice; which choices
// are alike; and how much of the evidence they find as K grows, here and on many videos.
//
//   const view = which(element, {examples, curve, titles, total}, hooks)
//   view.ask({values, stamp})
//
// hooks    soon, later, far, stop: see base/asking.js;  curve: async request → {method: [[K, frames, recall, right], …]} as text;
//          seen: async request → pictures of `frames` as text;  pick(name): an example is opened;  ask(text): a question is asked
// an answer   {stamp, video, evidence, answer, options, rows, waiting}, see app/frames/choices.py

import {asker, newest, somebody} from "../base/asking.js";
import {EXAMPLES, exampleButtons, WAITING} from "../base/parts.js";
import {clock, safe} from "../base/words.js";
import {drawCurve} from "./curve.js";
import {drawOverlap} from "./overlap.js";
import {rowsOf, span} from "./rows.js";
import {drawTotal} from "./total.js";

const NOTHING = JSON.stringify({cancelled: true}); // an answer that changes nothing
const LAYOUT = `
<section class="vw wf" tabindex="0" aria-label="Which frames?">
  ${EXAMPLES}
  <p class="wf-asked" role="status"></p>
  <label class="wf-known" hidden>a question that this video can answer <select></select></label>
  ${WAITING}
  <div class="wf-rows"></div>
  <p class="wf-at" aria-live="off"></p>
  <h4 class="wf-of"></h4><div class="wf-seen"></div>
  <div class="wf-cards">
    <section class="vw-card" aria-label="Overlap"><h4>Frames that two of them share</h4><div class="wf-overlap"></div></section>
    <section class="vw-card" aria-label="Curve over K"><h4>Evidence that is found, as K grows, in this video</h4><div class="wf-curve"></div></section>
    <section class="vw-card wf-wide" aria-label="On many videos"><h4>On many videos of our world</h4><div class="wf-total"></div></section>
  </div>
  <details class="vw-ledger"><summary>What was loaded</summary><ul class="wf-weights"></ul></details>
</section>`;

export function which(element, {examples, titles, total}, hooks) {
  element.innerHTML = LAYOUT;
  const root = element.querySelector(".wf"),
    $ = name => root.querySelector(`.vw-${name}`),
    part = name => root.querySelector(`.wf-${name}`),
    who = somebody();
  let shown = null, // the answer that is drawn
    values = null, // that it is of
    chosen = null, // the method whose frames are looked at
    waits = false,
    curves = {of: "", rows: null};

  const say = text => {
    $("wait").hidden = !text;
    $("wait").textContent = text;
  };
  const rows = rowsOf(part("rows"), {
    choose: name => {
      chosen = name;
      draw();
    },
    at: second => {
      const scene = shown?.video?.scenes.find(([begin, end]) => second >= begin && second < end);
      part("at").textContent = second === null ? "" : `${clock(Math.floor(second))}${scene ? ` · ${scene[2]}` : ""}`;
    },
  });

  // ---- what is asked ------------------------------------------------------------------------------------------------

  const asked = new Map(); // stamp → values, of what may still be answered
  const asking = asker($, {
    soon: hooks.soon,
    later: one => (waits ? hooks.later(one) : Promise.resolve(NOTHING)),
    far: hooks.far,
    stop: hooks.stop,
    say,
    update: async ({trace}) => {
      if (trace.error) return say(trace.error);
      if (shown && trace.stamp < shown.stamp) return;
      waits = trace.waiting;
      values = asked.get(trace.stamp);
      for (const stamp of asked.keys()) if (stamp < trace.stamp) asked.delete(stamp);
      take(trace);
    },
    idle: async (request, still) => {
      const of = JSON.stringify([values.clip, values.weights, values.question]);
      if (waits || curves.of === of) return;
      const found = read(await hooks.curve(request));
      if (found && still()) curves = {of, rows: found};
      if (found) draw();
    },
  });
  const ask = request => {
    asked.set(request.stamp, request.values);
    return asking(request);
  };
  const read = text => {
    const found = typeof text === "string" ? JSON.parse(text) : null;
    return found?.error || found?.cancelled ? null : found;
  };

  function take(found) {
    const before = shown?.rows ?? [],
      same = found.video && found.video.key === shown?.video?.key;
    // what is waited for is shown as it was, where it is of the same video
    if (same)
      found.rows = found.rows.map(one =>
        one.waiting && !one.frames ? {...before.find(old => old.name === one.name), ...one} : one,
      );
    shown = found.video ? found : {...found, video: shown?.video ?? null, evidence: [], answer: null, options: []};
    if (!shown.rows.some(one => one.name === chosen)) chosen = shown.rows[0]?.name ?? null;
    say(found.waiting ? "The video has yet to be looked at…" : "");
    draw();
    root.dataset.shown = JSON.stringify({...values, waiting: found.waiting});
  }

  // ---- what is drawn ------------------------------------------------------------------------------------------------

  function draw() {
    const {video, rows: found} = shown,
      there = found.filter(one => one.frames);
    words();
    rows.draw(shown, chosen, values.budget);
    drawOverlap(part("overlap"), there);
    drawCurve(part("curve"), curves.rows, titles, values.budget);
    drawTotal(part("total"), total, titles, values.budget);
    part("weights").innerHTML = [...new Set(there.flatMap(one => one.weights))].map(one => `<li>${safe(one)}</li>`).join("");
    const own = found.find(one => one.name === chosen);
    part("of").textContent = own?.frames ? `What ${own.title} shows the reader` : "";
    if (video && own?.frames) look({video, own, of: values});
    else part("seen").replaceChildren();
    for (const button of $("examples").children) button.ariaPressed = String(button.dataset.name === video?.name);
  }

  function words() {
    const {video, evidence, answer} = shown,
      where = evidence.map(span).join(", ");
    part("asked").innerHTML = video
      ? `<b>${safe(video.name)}</b>, ${clock(video.seconds)} long · “${safe(values.question)}” ` +
        (answer ? `The answer is <b>${safe(answer)}</b>, ` : "") +
        (where ? `seen at <span class="wf-shaded">${where}</span>.` : "Nobody here knows where the answer is seen.")
      : "";
    const box = part("known"),
      list = box.querySelector("select"),
      known = video?.questions ?? [],
      listed = [...list.options].slice(1).map(one => one.value);
    box.hidden = !known.length;
    if (JSON.stringify(listed) !== JSON.stringify(known))
      list.replaceChildren(
        ...["", ...known].map(one =>
          Object.assign(document.createElement("option"), {value: one, textContent: one || "choose…"}),
        ),
      );
    list.value = known.find(one => one.toLowerCase() === values.question.trim().toLowerCase()) ?? "";
    list.onchange = () => list.value && hooks.ask(list.value);
  }

  // the pictures of a choice, asked for once
  const pictures = new Map();
  const look = newest(async ({video, own, of}) => {
    const key = `${video.key} ${own.frames}`;
    if (!pictures.has(key)) {
      const found = read(await hooks.seen({values: of, frames: own.frames, who, stamp: 0}).catch(() => null));
      if (!found) return;
      pictures.set(key, found);
      if (pictures.size > 32) pictures.delete(pictures.keys().next().value);
    }
    const now = shown.rows.find(one => one.name === chosen);
    if (shown.video?.key !== video.key || String(now?.frames) !== String(own.frames)) return;
    part("seen").innerHTML = pictures
      .get(key)
      .map((url, k) => {
        const hit = shown.evidence.some(([begin, end]) => own.seconds[k] >= begin && own.seconds[k] < end);
        return `<figure class="${hit ? "wf-hit" : ""}"><img src="${url}" alt="at ${clock(own.seconds[k])}${hit ? ", evidence" : ""}"><figcaption>${clock(own.seconds[k])}</figcaption></figure>`;
      })
      .join("");
  });

  exampleButtons($, examples, hooks, say);
  [...$("examples").children].forEach((button, i) => (button.dataset.name = examples[i].name));
  return {ask};
}
