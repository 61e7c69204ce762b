// The figure composer of the notebook: a kept cell as a figure for a paper, seen as it will be before it is taken along.
//
//   const one = composer(host, about, {cells, server, save})
//   one.show(id)      compose this cell; without an id, the one that was composed, or the first
//   one.changed()     the kept cells are others
//
// about   formats, colours, usual: {strength, width}     cells   → the kept cells, in order     save   {name, type, data} → nothing
// server  see app/export/figure.py. Of options every change asks for a new preview; of those that wait the newest is kept.

import {newest, patience, somebody} from "../base/asking.js";
import {make, mostMoved} from "../base/parts.js";

const FORM = `
<form class="fg">
  <div class="fg-options">
    <label class="fg-wide">figure of <select name="cell"></select></label>
    <label class="fg-wide">beside it, as A <select name="other"></select></label>
    <label class="fg-check" data-for="difference"><input type="checkbox" name="difference" checked> with B − A</label>
    <fieldset class="fg-rows"><legend>rows, from above</legend></fieldset>
    <fieldset class="fg-frames"><legend>pictures <small>none chosen: as many as fit, evenly</small></legend></fieldset>
    <label data-for="prompt">prompt <select name="prompt"></select></label>
    <label>overlay strength <input type="range" name="strength" min="0" max="1" step="0.05"><output></output></label>
    <label>colours <select name="colours"></select></label>
    <label>width <select name="width"><option value="one">one column, 3.25 in</option><option value="two">two columns, 6.75 in</option></select></label>
    <details class="fg-sweep"><summary>or a sweep of two knobs</summary>
      <label class="fg-check"><input type="checkbox" name="sweep"> draw the sweep</label>
      <label>across <select name="x"></select></label><label class="fg-wide">its values <input name="x-values" autocomplete="off" spellcheck="false"></label>
      <label>down <select name="y"></select></label><label class="fg-wide">its values <input name="y-values" autocomplete="off" spellcheck="false"></label>
      <label class="fg-wide">drawn <select name="output"></select></label><label class="fg-wide">number <select name="number"></select></label>
    </details>
    <div class="fg-take"><label>file <select name="format"></select></label><button class="fg-make">download with caption, .bib and script</button></div>
  </div>
  <div class="fg-shown">
    <p class="fg-wrong" role="alert" hidden></p>
    <div class="vw-far fg-far" role="status" hidden><progress max="1"></progress><span></span><button type="button">stop</button></div>
    <p class="fg-said" role="status"></p>
    <img class="fg-picture" alt="" hidden>
    <ul class="fg-notes"></ul>
  </div>
</form>`;
const SOON = 150; // milliseconds without a change, until a preview is asked for
const KIND = "figure"; // of a run, as the server knows it

export function composer(host, about, {cells, server, save}) {
  host.innerHTML = FORM;
  const $ = name => host.querySelector(".fg-" + name),
    field = name => host.querySelector(`[name="${name}"]`),
    part = name => host.querySelector(`[data-for="${name}"]`),
    who = somebody(),
    waiting = patience($, server.figure_far, server.figure_end, who);
  const option = (value, text) => Object.assign(make("option"), {value, textContent: text});
  let chosen = null,
    known = null,
    soon = 0;

  field("format").append(...about.formats.map(one => option(one, one.toUpperCase())));
  field("colours").append(...about.colours.map(one => option(one, one)));
  field("strength").value = about.usual.strength;
  field("width").value = about.usual.width;

  // ---- what is chosen -----------------------------------------------------------------------------------------------

  const cell = id => cells().find(one => one.id === id);
  const sent = ({view, models, handle}) => ({view: JSON.stringify(view), models, handle});
  const checked = box => [...box.querySelectorAll("input:checked")].map(one => one.value);

  // The options by name, as app/export/figure.py reads them
  function figure() {
    const rows = checked($("rows")),
      frames = checked($("frames")).map(Number),
      usual = known.rows.filter(one => one.usual).map(one => one.name);
    const composition = {
      rows: String(rows) === String(usual) ? [] : rows,
      frames: frames.length ? frames : null,
      strength: +field("strength").value,
      colours: field("colours").value,
      width: field("width").value,
      prompt: field("prompt").value === "" ? null : +field("prompt").value,
      beside: field("other").value !== "",
      difference: field("difference").checked,
    };
    const axis = name => [field(name).value, field(`${name}-values`).value];
    const sweep = field("sweep").checked && {
      x: axis("x"),
      y: axis("y"),
      output: known.sweep.outputs[field("output").value].stage,
      number: (({stage, how}) => [stage, how])(known.sweep.numbers[field("number").value]),
    };
    return {composition, format: field("format").value, sweep: sweep || null};
  }
  const request = () => {
    const other = field("other").value;
    return {who, kind: KIND, cell: sent(cell(chosen)), other: cell(other) ? sent(cell(other)) : null, figure: figure()};
  };

  // ---- a cell -------------------------------------------------------------------------------------------------------

  function list() {
    const all = cells(),
      named = (one, i) => option(one.id, [`${i + 1}. ${one.told.title}`, ...one.told.turned].join(" · "));
    field("cell").replaceChildren(...all.map(named));
    field("cell").value = chosen;
    const own = cell(chosen)?.view,
      before = field("other").value,
      others = all.map(named).filter((_, i) => all[i].id !== chosen && all[i].view.method === own?.method);
    field("other").replaceChildren(
      option("", "nothing"),
      ...(own?.compared ? [option("own", "what it was compared with")] : []),
      ...others,
    );
    field("other").value = before;
    if (!field("other").value) field("other").value = "";
  }

  const choices = newest(async id => {
    say("looking at the cell…");
    const found = await answered(waiting(KIND, server.figure_choices({who, kind: KIND, cell: sent(cell(id)), other: null})));
    if (id !== chosen || found.cancelled) return say("");
    if (found.error) {
      known = null;
      wrong(found.error);
      return say("");
    }
    known = found;
    const row = one => check(one.name, one.said, one.usual);
    $("rows").replaceChildren($("rows").firstElementChild, ...found.rows.map(row));
    $("frames").replaceChildren(
      $("frames").firstElementChild,
      ...found.pictures.map((name, i) => check(i, name.replace(/^frame /, ""), false)),
    );
    $("frames").hidden = !found.pictures.length;
    field("prompt").replaceChildren(
      option("", "all together"),
      ...Array.from({length: found.prompts}, (_, i) => option(i, `prompt ${i + 1}`)),
    );
    part("prompt").hidden = !found.prompts;
    sweepOf(found.sweep);
    preview();
  });

  function check(value, text, on) {
    const label = make("label", {class: "fg-check"});
    label.append(Object.assign(make("input", {type: "checkbox"}), {value, checked: on}), text);
    return label;
  }

  function sweepOf(sweep) {
    $("sweep").hidden = !sweep;
    field("sweep").checked = false;
    if (!sweep) return;
    for (const [place, name] of ["x", "y"].entries()) {
      field(name).replaceChildren(
        ...sweep.knobs.map(one => option(one.name, `${one.symbol} · ${one.name.replace(/_/g, " ")}`)),
      );
      field(name).value = sweep.pair[place];
      valuesOf(name);
    }
    field("output").replaceChildren(...sweep.outputs.map((one, i) => option(i, `${one.symbol} · ${one.title}`)));
    const number = (one, i) => option(i, `${one.said} · ${one.symbol} · ${one.title}`);
    field("number").replaceChildren(...sweep.numbers.map(number));
    const written = cell(chosen).view.texts.length > 0,
      pair = sweep.knobs.filter(one => sweep.pair.includes(one.name));
    field("output").value = mostMoved(sweep.outputs, pair);
    field("number").value = mostMoved(sweep.numbers, pair, one => !one.long && (!one.texts || written));
  }

  // Three values that the knob allows: its ends and what is between
  function valuesOf(axis) {
    const one = known.sweep.knobs.find(each => each.name === field(axis).value);
    field(`${axis}-values`).value = one.even;
  }

  // ---- asking -------------------------------------------------------------------------------------------------------

  async function answered(answer) {
    const text = await answer.catch(() => null);
    return typeof text === "string" ? JSON.parse(text) : {error: "The server did not answer."};
  }

  const asked = newest(async given => {
    say("drawing…");
    const found = await answered(waiting(KIND, server.figure_preview(given)));
    if (found.cancelled) return say("");
    say("");
    wrong(found.error ?? "");
    $("picture").classList.toggle("fg-old", !!found.error);
    if (found.error) return;
    $("picture").src = `data:image/png;base64,${found.picture}`;
    $("picture").alt = `The figure: ${cell(chosen)?.told.title ?? ""}`;
    $("picture").hidden = false;
    $("notes").replaceChildren(...found.notes.map(note => Object.assign(make("li"), {textContent: note})));
    host.dataset.preview = JSON.stringify(given.figure);
  });

  function preview() {
    clearTimeout(soon);
    if (!known || !cell(chosen)) return;
    part("difference").hidden = field("other").value === "" || field("sweep").checked;
    part("difference").parentElement.classList.toggle("fg-swept", field("sweep").checked);
    field("strength").nextElementSibling.textContent = field("strength").value;
    soon = setTimeout(() => {
      if (asked.busy()) server.figure_end({who, kind: KIND}); // what is under way is of older options
      asked(request());
    }, SOON);
  }

  host.firstElementChild.onsubmit = async event => {
    event.preventDefault();
    if (!known || $("make").disabled) return;
    $("make").disabled = true;
    say("writing…");
    const found = await answered(server.figure_files(request()));
    $("make").disabled = false;
    wrong(found.error ?? "");
    if (found.error || found.cancelled) return say("");
    save(found);
    say(`${found.name}: the figure, its caption, what it cites, and the script`);
  };

  host.addEventListener("input", ({target}) => {
    if (target.name === "cell") return show(target.value);
    if (["x", "y"].includes(target.name)) valuesOf(target.name);
    preview();
  });

  function say(text) {
    $("said").textContent = text;
  }
  function wrong(text) {
    $("wrong").hidden = !text;
    $("wrong").textContent = text;
  }

  function show(id) {
    const next = cell(id) ?? cell(chosen) ?? cells()[0];
    if (!next) return;
    const other = next.id !== chosen;
    chosen = next.id;
    list();
    if (!other && known) return;
    field("other").value = next.view.compared ? "own" : "";
    known = null;
    choices(chosen);
  }

  return {
    show,
    changed() {
      if (!cells().length) return;
      if (chosen && !cell(chosen)) return show();
      if (chosen) list();
    },
  };
}
