// The fold "Sweep": a method at every pair of two knobs' values. A cell is a small picture and a number; a click turns the knobs.
//
// own: knobs [{name, symbol, meaning}], pair, outputs and numbers [{stage, title, symbol, moves, …}], most, measured (measured.js)
// A finished sweep stays until another is run, and says of which values it is.

import {patience} from "../base/asking.js";
import {bits, bytes, COLOURS, colour, fit, SCALE, VALUES} from "../base/drawing.js";
import {measured} from "../base/measured.js";
import {make, mostMoved} from "../base/parts.js";

export function panel(host, given) {
  const {own, server, hooks} = given,
    who = crypto.randomUUID?.() ?? String(Math.random());
  host.innerHTML = `
  <div class="sw">
    <div class="sw-curves" hidden></div>
    <form class="sw-form">
      <div class="sw-axis"><label>across <select name="x"></select></label>
        <label class="sw-wide">its values <input name="x-values" autocomplete="off" spellcheck="false"></label>
        <button type="button" data-even="x" title="spread evenly over what is allowed">evenly</button></div>
      <div class="sw-axis"><label>down <select name="y"></select></label>
        <label class="sw-wide">its values <input name="y-values" autocomplete="off" spellcheck="false"></label>
        <button type="button" data-even="y" title="spread evenly over what is allowed">evenly</button></div>
      <div class="sw-axis"><label class="sw-wide">drawn <select name="output"></select></label>
        <label class="sw-wide">number <select name="number"></select></label>
        <button class="sw-run">Run the sweep</button></div>
      <p class="sw-hint"></p>
    </form>
    <div class="sw-far" role="status" hidden><progress max="1"></progress><span></span><button type="button">stop</button></div>
    <p class="sw-wrong" role="alert" hidden></p>
    <div class="sw-made" hidden>
      <p class="sw-title"></p><p class="sw-stale" hidden>Something else has moved since: this is of the values below, not of those on the page.</p>
      <div class="sw-scroll"><div class="sw-grid" role="group"></div></div>
      <div class="sw-bar"><b>number</b><span></span><i></i><span></span></div>
      <p class="sw-told" aria-live="polite"></p><canvas class="sw-large" hidden></canvas>
      <div class="sw-bar sw-drawn"><b></b><span></span><i></i><span></span></div>
      <p class="sw-label"></p>
    </div>
  </div>`;
  const $ = name => host.querySelector(".sw-" + name);
  const field = name => host.querySelector(`[name="${name}"]`);
  const waiting = patience($, hooks.far, hooks.stop, who);
  const knob = name => own.knobs.find(one => one.name === name);
  const curves = measured($("curves"), own.measured, own.knobs, given);
  let made = null,
    used = null,
    opened = false,
    chosen = {output: false, number: false},
    pointed = null;

  // ---- what is asked ------------------------------------------------------------------------------------------------

  const option = (value, text) => Object.assign(make("option"), {value, textContent: text});
  for (const name of ["x", "y"])
    field(name).append(...own.knobs.map(one => option(one.name, `${one.symbol} · ${one.name.replace(/_/g, " ")}`)));
  [field("x").value, field("y").value] = own.pair;
  field("output").append(...own.outputs.map((one, i) => option(i, `${one.symbol} · ${one.title}`)));
  field("number").append(...own.numbers.map((one, i) => option(i, `${one.said} · ${one.symbol} · ${one.title}`)));

  const written = () => String(given.request().values.texts || "").trim() !== "";
  // until the reader chooses himself
  function suggest() {
    const pair = own.knobs.filter(one => [field("x").value, field("y").value].includes(one.name));
    if (!chosen.output) field("output").value = mostMoved(own.outputs, pair);
    if (!chosen.number) field("number").value = mostMoved(own.numbers, pair, one => !one.long && (!one.texts || written()));
    const still = [own.outputs[field("output").value], own.numbers[field("number").value]].flatMap(one =>
      [field("x").value, field("y").value]
        .filter(name => !one.moves.includes(name))
        .map(name => `${one.symbol} does not depend on ${knob(name).symbol}`),
    );
    $("hint").textContent = [...new Set(still)].join("; ") + (still.length ? "." : "");
  }

  async function even(axis) {
    const name = field(axis).value,
      answer = await answered(server.sweep_values({...given.request(), who, knob: name}));
    if (name !== field(axis).value) return; // another was chosen meanwhile
    if (answer.error) return wrong(answer.error);
    wrong("");
    field(axis + "-values").value = answer.values;
  }

  async function answered(answer) {
    const text = await answer.catch(() => null);
    return typeof text === "string" ? JSON.parse(text) : {error: "The server did not answer."};
  }

  function wrong(text) {
    $("wrong").hidden = !text;
    $("wrong").textContent = text || "";
  }

  for (const axis of ["x", "y"]) {
    field(axis).onchange = () => {
      suggest();
      even(axis);
    };
    host.querySelector(`[data-even=${axis}]`).onclick = () => even(axis);
  }
  for (const name of ["output", "number"])
    field(name).onchange = () => {
      chosen[name] = true;
      suggest();
    };

  $("form").onsubmit = async event => {
    event.preventDefault();
    if ($("run").disabled) return;
    $("run").disabled = true;
    wrong("");
    const request = given.request(),
      output = own.outputs[field("output").value],
      number = own.numbers[field("number").value];
    const sweep = {
      x: [field("x").value, field("x-values").value],
      y: [field("y").value, field("y-values").value],
      output: output.stage,
      number: [number.stage, number.how],
    };
    const answer = await waiting("sweep", answered(server.sweep_run({...request, who, sweep})));
    $("run").disabled = false;
    if (answer.cancelled) return wrong("Stopped." + (made ? " The sweep before it stays." : ""));
    if (answer.error) return wrong(answer.error);
    made = {...answer, output, number};
    used = request.values;
    pointed = null;
    show();
  };

  // ---- what came ----------------------------------------------------------------------------------------------------

  const same = (one, other) => one === other || (typeof one === "number" && Math.abs(one - other) < 1e-9);
  const value = one =>
    typeof one === "boolean" ? (one ? "on" : "off") : typeof one === "number" ? +one.toPrecision(6) + "" : one;
  const at = (j, i) => `${made.x.symbol} = ${value(made.x.values[i])}, ${made.y.symbol} = ${value(made.y.values[j])}`;
  const said = number => (number === null ? "no number" : +number.toPrecision(4) + "");

  function show() {
    const {x, y, numbers} = made,
      flat = numbers.flat().filter(one => one !== null);
    made.least = Math.min(...flat);
    made.most = Math.max(...flat);
    $("made").hidden = false;
    $("title").textContent =
      `${made.output.symbol}, ${made.output.title}: ${x.symbol} across, ${y.symbol} down. ` +
      `The number: ${made.number.symbol}, ${made.number.title}, ${made.number.said}.`;
    $("made").querySelector(".sw-label").textContent =
      `On ${made.clip}, in ${made.seconds} s. The other knobs: ${made.knobs}. ${made.weights}`;
    $("grid").style.gridTemplateColumns = `auto repeat(${x.values.length}, minmax(92px, 1fr))`;
    const head = x.values.map(one => Object.assign(make("div", {class: "sw-head"}), {textContent: value(one)}));
    const rows = y.values.flatMap((one, j) => [
      Object.assign(make("div", {class: "sw-head sw-row"}), {textContent: value(one)}),
      ...x.values.map((_, i) => cell(j, i)),
    ]);
    $("grid").replaceChildren(
      Object.assign(make("div", {class: "sw-head sw-row"}), {textContent: `${y.symbol} \\ ${x.symbol}`}),
      ...head,
      ...rows,
    );
    $("grid").setAttribute("aria-label", `${y.values.length} rows of ${y.symbol}, ${x.values.length} columns of ${x.symbol}`);
    scale($("bar"), flat.length ? [made.least, made.most] : []);
    scale($("drawn"), [made.low, made.high]);
    $("drawn").hidden = made.draw === "mask";
    $("drawn").querySelector("i").hidden = made.draw === "bars";
    $("drawn").querySelector("b").textContent = `${made.output.symbol}${made.unit ? `, ${made.unit}` : ""}`;
    $("told").textContent = "Point at a cell to see it larger; click it to turn both knobs to it.";
    $("large").hidden = true;
    host.dataset.sweep = JSON.stringify({x: x.name, y: y.name, numbers});
    drawAll();
    mark();
  }

  function scale(box, ends) {
    [...box.querySelectorAll("span")].forEach((one, k) => {
      one.textContent = ends.length ? said(ends[k]) : "";
    });
    box.querySelector("i").style.background = `linear-gradient(90deg, ${VALUES.join(",")})`;
  }

  function cell(j, i) {
    const number = made.numbers[j][i],
      button = make("button", {type: "button", class: "sw-cell", "data-at": `${j} ${i}`});
    const band = Object.assign(make("b"), {textContent: said(number)});
    if (number !== null) {
      const share = made.most > made.least ? (number - made.least) / (made.most - made.least) : 0.5;
      Object.assign(band.style, {background: colour(share), color: share > 0.5 ? "#000" : "#fff"});
    }
    button.append(make("canvas"), band);
    button.setAttribute("aria-label", `${at(j, i)}: ${said(number)}`);
    button.onpointerenter = button.onfocus = () => point(j, i);
    button.onclick = () => {
      given.turn(made.x.name, made.x.values[i]);
      given.turn(made.y.name, made.y.values[j]);
    };
    return button;
  }

  const cells = () => [...$("grid").querySelectorAll(".sw-cell")];
  $("grid").onkeydown = event => {
    const step = {ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0]}[event.key],
      from = event.target.dataset?.at;
    if (!step || !from) return;
    const [j, i] = from.split(" ").map((one, k) => +one + step[k]);
    $("grid").querySelector(`[data-at="${j} ${i}"]`)?.focus();
    event.preventDefault();
  };

  function point(j, i) {
    pointed = [j, i];
    $("told").textContent = `${at(j, i)}: ${said(made.numbers[j][i])}. Click to turn both knobs to it.`;
    $("large").hidden = false;
    strip($("large"), made.cells[j][i], Math.min(host.clientWidth || 320, 640), made.draw === "bars" ? 90 : 0, 8);
    $("large").setAttribute("role", "img");
    $("large").setAttribute("aria-label", `${made.output.title} at ${at(j, i)}`);
  }

  function drawAll() {
    if (!made) return;
    const width = Math.max(60, (cells()[0]?.clientWidth || 92) - 8);
    for (const one of cells()) {
      const [j, i] = one.dataset.at.split(" ").map(Number);
      strip(one.firstChild, made.cells[j][i], width, made.draw === "bars" ? 40 : 0, 4);
    }
    if (pointed && !$("large").hidden) point(...pointed);
  }

  // frames side by side, so many in a row; or bars from zero, on one scale for all cells
  function strip(canvas, packed, width, height, perRow) {
    if (made.draw === "bars") return bars(fit(canvas, width, height), packed, width, height);
    const [frames, text] = packed,
      [rows, columns] = made.grid,
      mask = made.draw === "mask",
      values = mask ? bits(text) : bytes(text);
    const across = Math.min(frames, perRow),
      down = Math.ceil(frames / across),
      gap = 3;
    const one = Math.min((width - gap * (across - 1)) / across / columns, 14),
      each = one * columns + gap;
    const pen = fit(canvas, width, Math.ceil(down * (one * rows + gap) - gap));
    for (let t = 0; t < frames; t++)
      for (let p = 0; p < rows * columns; p++) {
        const v = values[t * rows * columns + p],
          left = (t % across) * each,
          top = Math.floor(t / across) * (one * rows + gap);
        pen.fillStyle = mask ? (v ? COLOURS.kept : "rgba(128,128,128,.3)") : SCALE[v];
        pen.fillRect(
          left + (p % columns) * one,
          top + Math.floor(p / columns) * one,
          mask ? one * 0.9 : one + 0.2,
          mask ? one * 0.9 : one + 0.2,
        );
      }
  }

  function bars(pen, values, width, height) {
    const span = made.high - made.low || 1,
      y = v => ((made.high - v) / span) * (height - 2) + 1,
      each = Math.min(width / values.length, 40);
    pen.fillStyle = "rgba(128,128,128,.5)";
    pen.fillRect(0, y(0), width, 1);
    pen.fillStyle = COLOURS.kept;
    values.forEach(
      (v, k) =>
        v !== null &&
        pen.fillRect(k * each + each * 0.15, Math.min(y(v), y(0)), each * 0.7, Math.max(1, Math.abs(y(v) - y(0)))),
    );
  }

  // ---- with the page ------------------------------------------------------------------------------------------------

  function mark() {
    if (!made) return;
    const {knobs, ...now} = given.request().values,
      swept = [made.x.name, made.y.name];
    const others = Object.keys(knobs).filter(name => !swept.includes(name));
    const moved =
      Object.keys(now).some(name => String(now[name]) !== String(used[name])) ||
      others.some(name => !same(knobs[name], used.knobs[name]));
    $("stale").hidden = !moved;
    $("made").classList.toggle("sw-old", moved);
    for (const one of cells()) {
      const [j, i] = one.dataset.at.split(" ").map(Number);
      one.setAttribute("aria-current", same(knobs[swept[0]], made.x.values[i]) && same(knobs[swept[1]], made.y.values[j]));
    }
  }
  document.addEventListener("values", () => {
    if (host.offsetParent) {
      mark();
      suggest();
      curves();
    }
  });
  let width = 0;
  new ResizeObserver(() => {
    if (host.clientWidth && host.clientWidth !== width) {
      width = host.clientWidth;
      drawAll();
      mark();
    }
  }).observe(host);
  suggest();
  curves();
  return {
    toggled: open => {
      if (open) curves();
      if (!open || opened) return;
      opened = true;
      even("x").then(() => even("y"));
    },
  };
}
