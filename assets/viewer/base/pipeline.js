// The strip above the picture: what a method makes of the frames, step by step (core/pipeline.py). What ran again flashes; a click
// shows a result's map or picture, and says what it is.

import {icon} from "./icons.js";
import {make} from "./parts.js";
import {pretty, safe} from "./words.js";

export const PIPELINE = `<div class="vw-pipe" role="group" aria-label="Pipeline, from the frames to what is made of them" hidden><ol></ol></div>
  <p class="vw-pipe-said" role="status" hidden></p>`;
const FRAMES = "frames"; // the first step, of no stage
const FLASH = {duration: 700, easing: "ease-out"};
const still = matchMedia("(prefers-reduced-motion: reduce)");

// → draw(trace). shell: see figures.js; lit: element → a line around it; figures: those of the viewer
export function pipelineOf({$, about, cursor, hooks}, figures, lit) {
  const boxes = about.pipeline ?? [],
    outputs = Object.fromEntries(about.outputs.map(one => [one.stage, one])),
    stages = Object.fromEntries(about.stages.map(one => [one.name, one])),
    maps = new Set(figures.flatMap(one => one.overlays?.() ?? []).map(one => one.stage)),
    buttons = new Map(); // stage → its button
  let shown = null,
    chosen = null;
  $("pipe").hidden = !boxes.length;
  if (!boxes.length) return () => {};

  const row = (title, follows, parts) => {
    const item = make("li", {class: follows ? "vw-follows" : "", title, "data-title": title});
    item.append(Object.assign(make("small"), {textContent: title}), Object.assign(make("span"), {className: "vw-pipe-row"}));
    item.lastChild.append(...parts);
    return item;
  };
  const button = (stage, symbol) => {
    const made = make("button", {type: "button", "data-result": stage, "aria-pressed": "false"});
    made.innerHTML = symbol;
    made.onclick = () => choose(chosen === stage ? null : stage);
    buttons.set(stage, made);
    return made;
  };
  const between = follows => Object.assign(make("i", {"aria-hidden": "true"}), {innerHTML: follows ? icon("forward") : "·"});
  const first = button(FRAMES, FRAMES);
  first.title = "the frames: what everything is made of";
  $("pipe").firstChild.append(
    row("Clip", false, [first]),
    ...boxes.map(({title, results, follows}) =>
      row(
        title,
        follows,
        results.flatMap(({stage, follows}, i) => [
          ...(i ? [between(follows)] : []),
          button(stage, pretty(outputs[stage].symbol)),
        ]),
      ),
    ),
  );

  function choose(stage) {
    chosen = stage;
    for (const [name, one] of buttons) one.setAttribute("aria-pressed", name === stage);
    $("pipe-said").hidden = !stage;
    if (!stage) return lit(null);
    const output = outputs[stage],
      of = output && stages[stage],
      own = output && figures.find(one => one.stages.includes(stage)),
      picture = own?.lit?.(output);
    $("pipe-said").innerHTML = output
      ? `<b>${pretty(output.symbol)}</b>, ${safe(output.title)}. ${pretty(of.doc.split("\n\n")[0])} <span>It moves with ${of.knobs.length ? of.knobs.map(pretty).join(", ") : "the clip or the texts only"}.</span> `
      : "<b>The frames</b>, as they are: everything to the right is made of them.";
    if (output && hooks.equation) {
      hooks.equation(stage, false);
      const to = Object.assign(make("button", {type: "button"}), {textContent: "its equation, with numbers"});
      to.onclick = () => hooks.equation(stage, true);
      $("pipe-said").append(to);
    }
    if (maps.has(stage) || !output) cursor.set({overlay: output ? stage : "none"});
    lit(maps.has(stage) ? null : (picture ?? null));
    if (!maps.has(stage)) picture?.scrollIntoView({block: "nearest", behavior: still.matches ? "auto" : "smooth"});
  }

  // another map is chosen elsewhere: what is said here is of none that is seen
  cursor.on(changed => {
    const map = maps.has(chosen) || chosen === FRAMES;
    if (changed.has("overlay") && map && cursor.overlay !== (chosen === FRAMES ? "none" : chosen)) choose(null);
  });

  return trace => {
    if (trace === shown) return;
    const before = shown;
    shown = trace;
    for (const {results} of boxes)
      for (const one of results) {
        const told = one.stages.map(name => trace.ledger[name]).filter(Boolean),
          ran = told.filter(([took]) => took !== null),
          fresh =
            before && one.stages.some(name => trace.ledger[name]?.[0] != null && trace.ledger[name] !== before.ledger[name]),
          {symbol, title} = outputs[one.stage],
          made = buttons.get(one.stage),
          ms = ran.reduce((sum, [took]) => sum + took, 0);
        made.classList.toggle("vw-ran", !!ran.length);
        made.classList.toggle("vw-later", !told.length);
        made.title = `${symbol}: ${title} (${!told.length ? "not computed yet" : ran.length ? `ran, ${ms.toFixed(1)} ms` : "known already"})`;
        if (fresh && !still.matches) made.animate([{background: "var(--accent)", color: "#fff"}, {}], FLASH);
      }
  };
}
