// What if a knob were another: the chosen clips that are wrong are run again, and as many right ones beside them.

import {patience} from "../base/asking.js";
import {make} from "../base/parts.js";
import {button, text, worded} from "./cells.js";
import {STARTED} from "./start.js";

const FORM = `
<form class="er-form"><label>knob <select></select></label><label>value <span class="er-value"></span></label><button class="er-run"></button>
  <button type="button" class="er-wrongs">choose the wrong ones of this page</button>
  <button type="button" class="er-every" title="In the background, as one more setting of this run">run it on all clips</button></form>
<div class="er-far" role="status" hidden><progress max="1"></progress><span></span><button type="button">stop</button></div>
<p class="er-result" role="status"></p><ul class="er-changes"></ul>`;

// chosen: ids; ask: see workbench.js; all(): the rows of the page; choose(ids): all of these; show(id)
export function tryOut(box, {most, chosen, ask, server, setting, show, all, choose}) {
  box.innerHTML = FORM;
  const $ = name => box.querySelector(`.er-${name}`),
    who = crypto.randomUUID?.() ?? String(Math.random()),
    waiting = patience($, one => server.whatif_far(one).then(JSON.parse), server.call_off, who),
    knob = box.querySelector("select");
  let busy = false;

  function changed() {
    $("run").textContent = chosen.size ? `try it on ${Math.min(most, chosen.size)} chosen clips` : "choose clips first (x)";
    $("run").disabled = busy || !chosen.size;
  }
  function about() {
    const before = knob.value;
    knob.replaceChildren(
      ...setting().knobs.map(one =>
        Object.assign(text("option", `${one.symbol} · ${one.name.replace(/_/g, " ")}`), {value: one.name}),
      ),
    );
    const usual = setting().knobs.find(one => one.kind === "real") ?? setting().knobs[0];
    knob.value = setting().knobs.some(one => one.name === before) ? before : (usual?.name ?? "");
    if (setting().knobs.length) control();
    changed();
  }
  function control() {
    const one = setting().knobs.find(each => each.name === knob.value);
    let field = make("input", {"aria-label": "value"});
    if (one.kind === "switch") Object.assign(field, {type: "checkbox", checked: !one.value});
    else if (one.kind === "choice") {
      field = make("select", {"aria-label": "value"});
      field.append(...one.span.map(each => Object.assign(text("option", each), {value: each})));
      field.value = one.value;
    } else Object.assign(field, {type: "number", min: one.span[0], max: one.span[1], step: one.span[2], value: one.value});
    $("value").replaceChildren(field);
  }
  function value() {
    const field = $("value").firstChild;
    return field.type === "checkbox" ? field.checked : field.type === "number" ? field.valueAsNumber : field.value;
  }
  knob.onchange = control;
  $("wrongs").onclick = () =>
    choose(
      all()
        .filter(row => row.right === false)
        .slice(0, most)
        .map(row => row.clip_id),
    );
  $("every").onclick = async () => {
    const found = await ask("start_setting", {knobs: {[knob.value]: value()}});
    if (found) box.dispatchEvent(new CustomEvent(STARTED, {bubbles: true, detail: found.run}));
  };
  box.querySelector("form").onsubmit = async event => {
    event.preventDefault();
    busy = true;
    changed();
    const asked = `${setting().knobs.find(one => one.name === knob.value).symbol} = ${worded(value())}`,
      found = await waiting("whatif", ask("whatif", {who, clips: [...chosen].slice(0, most), knobs: {[knob.value]: value()}}));
    busy = false;
    changed();
    if (!found) return;
    if (found.cancelled) return ($("result").textContent = "Called off.");
    $("result").textContent =
      `${asked}: ${found.fixed} of ${found.wrong} wrong clips fixed, ${found.broken} of ${found.right} right ones broken` +
      (found.right < found.wrong ? " (there are no more right ones)." : ".");
    $("changes").replaceChildren(
      ...found.rows
        .filter(([, , , , was, now]) => was !== now)
        .map(([id, label, before, after, , now]) => {
          const line = make("li");
          line.append(button(`${now ? "fixed" : "broken"}: ${label}, “${before}” → “${after}”`, () => show(id)));
          return line;
        }),
    );
  };
  return {about, changed};
}
