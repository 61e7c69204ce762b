// The fold “Explain”: why this text, or why this detection. A map is made on demand and becomes one more overlay of the viewer;
// it and the method's own maps are tested, with chance beside. What was made at other values is never drawn over these.
//
// Every server function is sent a request, and: chosen, attribution, settings, own, shown (see app/panels/explain.py)

import {newest, patience, picture, somebody} from "../base/asking.js";
import {bands} from "../base/bands.js";
import {bytes, COLOURS, fit, twice} from "../base/drawing.js";
import {paintLight, STRENGTH, signedInk, valueInk} from "../base/light.js";
import {make} from "../base/parts.js";
import {number, OTHER_VALUES, pretty, safe} from "../base/words.js";

const EXPLAIN = `
<div class="ex">
  <p class="ex-lead">A map says what a number <em>of this network</em> hangs on: patches without which it would be smaller, or larger. It does not say that the network is right, nor why.</p>
  <div class="ex-row"><label class="ex-label">What is explained <select class="ex-chosen"></select></label></div>
  <div class="ex-row ex-ways" role="radiogroup" aria-label="Attribution"></div>
  <p class="ex-way"></p>
  <div class="ex-knobs"></div>
  <div class="ex-row"><button type="button" class="ex-go ex-main">Explain</button><span class="ex-cost"></span></div>
  <div class="vw-far ex-far" role="status" hidden><progress max="1"></progress><span></span><button type="button">stop</button></div>
  <p class="ex-said" role="status"></p>
  <div class="ex-result" hidden></div>
  <h4>Are these maps true to the network?</h4>
  <p class="ex-small">Each map says which patches matter most. They are hidden first (deletion: the number should fall fast) and shown first (insertion: it should rise fast), filled with a blur and with the mean colour. The number for a map is insertion less deletion. Chance is pointing at a random place, the same in all frames. Better than chance: above eight such places by more than two standard deviations, as about one in twenty of them would be.</p>
  <div class="ex-row"><button type="button" class="ex-test">Test these maps</button><span class="ex-cost-tests"></span>
    <button type="button" class="ex-steady">How steady are they?</button><span class="ex-cost-steady"></span></div>
  <div class="ex-rows"></div>
  <details class="ex-more"><summary>What this shows, and what it does not</summary>
    <p class="ex-held"></p>
    <p>Filled patches are nothing to see: a wide blur, or the clip's mean colour. Such clips are none that the network was trained on, and every fill has a bias of its own; that is why there are two.</p>
    <p>A test measures the network, not the world: a map may be true to a network that looks at the wrong thing. Only where the truth is known is a map compared with it; chance is then the same map shifted over rows and columns, in all frames alike, and a map is better than chance if at most one shift in twenty does as well: points at least as well, and if as well, covers as much. Infidelity asks whether a map is as large as what the number loses when a box of patches is filled (Captum; lower is truer); sensitivity, how far a map moves with a little noise.</p></details>
</div>`;

export function panel(host, {own, view, request, server, hooks}) {
  host.innerHTML = EXPLAIN;
  const $ = name => host.querySelector(".ex-" + name),
    home = host.closest(".panels").parentElement;
  const who = somebody(),
    waiting = patience($, hooks.far, hooks.stop, who);
  const values = () => JSON.stringify(request().values);
  let way = own.attributions[0],
    settings = defaultsOf(way),
    known = {values: "", list: []},
    made = null,
    layer = null,
    tests = null,
    busy = "",
    open = false;

  // ---- asking -------------------------------------------------------------------------------------------------------

  const chosen = () => known.list[$("chosen").selectedIndex]?.asked;
  const fresh = () => made && made.values === values();
  const subject = () => values() + JSON.stringify(chosen() ?? null);
  const sent = more => ({...request(), who, chosen: chosen(), attribution: way.name, settings, ...more});

  async function answer(name, given) {
    const text = await waiting("explain", server[name](given)).catch(() => null);
    return typeof text === "string" ? JSON.parse(text) : {error: "The server did not answer."};
  }
  // what takes long: one at a time; → what was found, or null where it failed or was stopped
  async function long(name, doing, given) {
    busy = doing;
    buttons();
    say("");
    const found = await answer(name, given);
    busy = "";
    say(found.cancelled ? "Stopped: nothing of it was kept." : (found.error ?? ""));
    buttons();
    return found.cancelled || found.error ? null : found;
  }

  // ---- what there is ------------------------------------------------------------------------------------------------

  const choices = newest(async () => {
    const at = request(),
      text = JSON.stringify(at.values),
      found = await server.choices_to_explain({...at, who}).then(JSON.parse, () => ({error: "The server did not answer."}));
    const before = $("chosen").selectedOptions[0]?.textContent,
      was = JSON.stringify(chosen());
    known = {values: text, list: found.choices ?? []};
    const groups = [...new Set(known.list.map(one => one.group))];
    const option = one =>
      Object.assign(make("option"), {
        textContent: one.said,
        selected: one.said === before || JSON.stringify(one.asked) === was,
      });
    $("chosen").replaceChildren(
      ...(groups.length < 2
        ? known.list.map(option)
        : groups.map(group => {
            const box = make("optgroup", {label: group});
            box.append(...known.list.filter(one => one.group === group).map(option));
            return box;
          })),
    );
    const same = known.list.findIndex(one => one.said === before);
    if (same >= 0) $("chosen").selectedIndex = same;
    if (!busy) say(found.error ?? (known.list.length ? "" : own.none));
    buttons();
    costs({});
  });

  const costs = newest(async () => {
    for (const name of ["cost", "cost-tests", "cost-steady"]) $(name).textContent = "";
    if (!chosen() || known.values !== values() || busy) return;
    const key = subject() + way.name + JSON.stringify(settings),
      text = await server.cost_of_explaining(sent(wanted())).catch(() => null);
    const found = text && JSON.parse(text);
    if (!found || key !== subject() + way.name + JSON.stringify(settings)) return;
    if (found.error) return busy || say(found.error);
    $("cost").textContent = `${lasting(found.explain)} on this machine`;
    $("cost-tests").textContent = lasting(found.tests);
    $("cost-steady").textContent = lasting(found.steady);
  });

  // which maps are tested: the attribution's, if it is of these values and of what is chosen; the method's own, once
  const shown = () => fresh() && made.subject === subject();
  const wanted = () => ({
    own: !(tests?.subject === subject() && tests.own),
    shown: !!shown(),
    ...(shown() && {attribution: made.name, settings: made.settings}),
  });

  // ---- the map ------------------------------------------------------------------------------------------------------

  async function explain() {
    const given = sent(),
      at = {values: JSON.stringify(given.values), subject: subject()};
    const found = await long("explanation", "Explaining…", given);
    if (!found) return costs({});
    made = {...found, ...at};
    if (tests) {
      delete tests.rows[made.title];
      delete tests.steady[made.title];
    }
    const {values: then, of} = made;
    layer = overlayOf(made, trace => then !== values() || !ofTrace(of, trace), own.unit);
    view.extra(layer, true);
    redraw();
    costs({});
    await pictured(made, layer);
  }

  // The frame in which the map is strongest, where the button is: the picture may be far above, and its frame have little
  async function pictured(one, over) {
    const clip = await hooks.frames?.(one.of.clip),
      most = over.value.reduce((best, value, i) => (Math.abs(value) > Math.abs(over.value[best]) ? i : best), 0),
      t = one.frames[Math.floor(most / (over.rows * over.columns))];
    if (!clip?.frames[t] || one !== made) return;
    const image = await picture(clip.frames[t]),
      width = 180,
      height = Math.round((width * image.height) / image.width);
    const canvas = make("canvas", {class: "ex-thumb", role: "img"}),
      pen = fit(canvas, width, height);
    canvas.setAttribute("aria-label", `${one.title} over frame ${t + 1}`);
    canvas.title = `frame ${t + 1}`;
    pen.drawImage(image, 0, 0, width, height);
    over.paint(pen, t, width, height, STRENGTH);
    one.thumb = canvas;
    redraw();
  }

  function result() {
    const box = $("result"),
      old = made && !fresh();
    box.hidden = !made;
    if (!made) return;
    box.classList.toggle("vw-stale", old);
    box.innerHTML =
      `<p><b>${safe(made.title)}</b> of the ${safe(made.what)} (${number(made.value)}), made in ${lasting(made.seconds).replace("about ", "")}${old ? ` — <b class="ex-old">${OTHER_VALUES}</b>` : ""}</p>` +
      `<p class="ex-small">${old ? "Nothing of it is drawn over the picture now." : "Drawn over the picture as overlay <i>E</i>."} ${safe(sentenceOf(made.said))} ${made.notes.map(one => safe(one.replace(/-(?=\d)/g, "−"))).join(" ")}</p>`;
    const off = Object.assign(make("button", {type: "button", class: "ex-off"}), {textContent: "take it off the picture"});
    off.onclick = () => {
      made = layer = null;
      view.extra(null);
      result();
      costs({});
    };
    box.append(off);
    if (made.thumb && !old) box.prepend(made.thumb);
  }

  // ---- tests --------------------------------------------------------------------------------------------------------

  async function test() {
    const given = sent(wanted()),
      of = subject();
    const found = await long("tests_of_maps", "Testing…", given);
    if (!found) return costs({});
    if (tests?.subject !== of) tests = {subject: of, values: JSON.stringify(given.values), own: false, rows: {}, steady: {}};
    Object.assign(tests, {own: tests.own || given.own, what: found.what, truth: found.truth});
    for (const one of found.rows) tests.rows[one.name] = one;
    redraw();
    costs({});
  }

  async function steady() {
    const given = sent({...wanted(), own: true}),
      of = subject();
    const found = await long("steadiness_of_maps", "Adding noise…", given);
    if (!found) return costs({});
    if (tests?.subject !== of) tests = {subject: of, values: JSON.stringify(given.values), own: false, rows: {}, steady: {}};
    Object.assign(tests.steady, found.rows);
    redraw();
    costs({});
  }

  function rows() {
    const box = $("rows");
    if (!tests) return box.replaceChildren();
    const old = tests.values !== values(),
      list = Object.values(tests.rows),
      ends = endsOf(list);
    box.classList.toggle("vw-stale", old);
    const loose = Object.entries(tests.steady).filter(([name]) => !tests.rows[name]);
    box.innerHTML =
      (old ? `<p class="ex-old">${safe(OTHER_VALUES.replace("explain", "test"))}</p>` : "") +
      (tests.what
        ? `<p class="ex-small">Tested on the ${safe(tests.what)}: <span class="ex-key"><b style="--c:${COLOURS.prompt}"></b>deletion <b style="--c:${COLOURS.kept}"></b>insertion <b style="--c:#8b8fa3"></b>random places, ${list.length ? `± ${list[0].reach.toFixed(1)} standard deviations` : ""}</span>; every curve from ${number(ends[0]).replace("-", "−")} to ${number(ends[1]).replace("-", "−")}.${tests.truth ? ` ${safe(tests.truth)}` : ""}</p>`
        : "") +
      list.map(one => mapRow(one, ends, tests.steady[one.name])).join("") +
      loose.map(([, sentence]) => `<p class="ex-small">${pretty(sentence)}</p>`).join("");
  }

  // ---- the page -----------------------------------------------------------------------------------------------------

  function say(text) {
    $("said").textContent = text;
  }
  function buttons() {
    const ready = chosen() && known.values === values();
    $("go").textContent = busy || "Explain";
    for (const name of ["go", "test", "steady"]) $(name).disabled = !!busy || !ready;
    $("chosen").disabled = !known.list.length;
  }
  function ways() {
    for (const button of $("ways").children) button.setAttribute("aria-checked", button.dataset.name === way.name);
    $("way").textContent = sentenceOf(way.said);
    $("knobs").replaceChildren(
      ...way.knobs.map(one =>
        settingOf(one, settings[one.name], value => {
          settings = {...settings, [one.name]: value};
          costs({});
        }),
      ),
    );
  }

  $("ways").replaceChildren(
    ...own.attributions.map(one => {
      const button = Object.assign(make("button", {type: "button", role: "radio", "data-name": one.name}), {
        textContent: one.title,
      });
      button.onclick = () => {
        way = one;
        settings = defaultsOf(one);
        ways();
        costs({});
      };
      return button;
    }),
  );
  $("held").textContent = own.held;
  $("chosen").onchange = () => {
    buttons();
    costs({});
  };
  $("go").onclick = explain;
  $("test").onclick = test;
  $("steady").onclick = steady;
  ways();
  buttons();

  // the values on the page have moved: what was made is of others, until they are moved back
  let seen = ""; // whether the map and the tests were of these values when they were drawn
  const redraw = () => {
    seen = "";
    moved();
  };
  function moved() {
    buttons();
    const now = `${fresh()} ${tests?.values === values()}`;
    if (now === seen) return;
    seen = now;
    if (layer) view.extra(layer);
    result();
    rows();
  }
  const done = ({dataset: {shown: one, texts, done}}) => one && one === (texts ?? done);
  let later = 0;
  function look() {
    // when a run is there and nothing has moved for a moment
    clearTimeout(later);
    later = setTimeout(() => {
      if (open && done(home.querySelector(".vw"))) choices({});
    }, 250);
  }
  document.addEventListener("values", () => host.isConnected && moved());
  home.addEventListener("painted", look);
  return {
    toggled(now) {
      open = now;
      if (now) look();
    },
  };
}

// ---- maps -------------------------------------------------------------------------------------------------------------

const defaultsOf = way => Object.fromEntries(way.knobs.map(one => [one.name, one.default]));
const sentenceOf = said => `${said[0].toUpperCase()}${said.slice(1)}.`;
const lasting = seconds =>
  seconds < 1
    ? "less than a second"
    : seconds < 90
      ? `about ${seconds < 10 ? seconds.toFixed(0) : Math.round(seconds / 5) * 5} s`
      : `about ${Math.round(seconds / 60)} min`;
const ofTrace = (of, trace) =>
  of.clip === trace.clip &&
  JSON.stringify(of.knobs) === JSON.stringify(trace.knobs) &&
  JSON.stringify(of.weights) === JSON.stringify(trace.weights);

// an explanation as the viewer draws it: {stage, symbol, title, unit, measure, ends, ink, stale, paint, told, rows, columns,
// value}. measure: the unit, without what its colours mean. stale: trace → whether it is of other values.
// paint: (pen, frame, width, height, strength). value: of every frame it has.
function overlayOf(made, stale, unit) {
  const codes = new Uint16Array(bytes(made.code).buffer),
    [rows, columns] = made.grid,
    P = rows * columns,
    {largest} = made;
  const value = Float32Array.from(
    codes,
    made.signed ? code => ((2 * code) / 65535 - 1) * largest : code => (code / 65535) * largest,
  );
  const ink = made.signed ? signedInk(largest) : valueInk(largest),
    top = number(largest),
    placeAt = t => made.frames.indexOf(t),
    edge = top.startsWith("0") && !+top ? "0" : top;
  return {
    stage: "explanation",
    symbol: "E",
    title: `${made.title}, ${made.what}`,
    measure: made.signed ? unit : "no unit",
    unit: made.signed ? `${unit}; red speaks for it, blue against` : "no unit",
    ends: made.signed ? [`−${edge}`, edge] : ["0", edge],
    ink,
    rows,
    columns,
    value,
    stale,
    told: (t, p) => (placeAt(t) < 0 ? "" : number(value[placeAt(t) * P + p]).replace("-", "−")),
    paint(pen, t, width, height, strength) {
      if (placeAt(t) < 0) return;
      paintLight(pen, ink, p => value[placeAt(t) * P + p], made.grid, width, height, strength);
      if (!made.box.length) return;
      const [x0, y0, x1, y1] = made.box,
        path = new Path2D();
      path.rect(x0 * width, y0 * height, (x1 - x0) * width, (y1 - y0) * height);
      twice(pen, path, COLOURS.kept, 2);
    },
  };
}

// the least and the largest number of all curves: maps are seen on one scale
function endsOf(list) {
  const all = list.flatMap(one =>
    one.curves.flatMap(({score, random, reach}) => [
      ...score,
      ...random.flatMap((mean, i) => [mean - reach[i], mean + reach[i]]),
    ]),
  );
  return [Math.min(...all), Math.max(...all)];
}

function mapRow(one, ends, steady) {
  const fills = [...new Set(one.curves.map(curve => curve.fill))];
  const [own, random] = one.infidelity;
  return (
    `<div class="ex-map ${one.better ? "ex-better" : "ex-chance"}"><div><p><b class="ex-name">${pretty(one.name)}</b> ${safe(one.title)}</p><p class="ex-sentence">${pretty(one.sentence.replace(/-(?=\d)/g, "−"))}</p>` +
    `<p class="ex-small">Captum infidelity ${own.toPrecision(2)} against random places' ${random.toPrecision(2)} (lower is truer).${one.truth ? ` ${safe(one.truth)}` : ""}${steady ? ` ${pretty(steady.slice(one.name.length + 2))}` : ""}</p></div>` +
    `<div class="ex-sparks">${fills
      .map(
        fill =>
          `<figure>${spark(
            one.curves.filter(curve => curve.fill === fill),
            ends,
            `${one.name}, ${fill}`,
          )}<figcaption>${fill} fill</figcaption></figure>`,
      )
      .join("")}</div></div>`
  );
}

// deletion and insertion over the share of patches that is hidden or shown, with the band of random places
function spark(curves, ends, called) {
  const lines = curves.map(({kind, share, score, random, reach}) => ({
    x: share,
    y: score,
    low: random.map((mean, i) => mean - reach[i]),
    high: random.map((mean, i) => mean + reach[i]),
    colour: kind === "deletion" ? COLOURS.prompt : COLOURS.kept,
    band: "#8b8fa3",
  }));
  const said = curves.map(({kind, auc}) => `${kind} ${auc.toFixed(3)}`).join(", ");
  return bands(lines, [0, 1], ends, [132, 54], `${called} fill: area under ${said}`);
}

// one setting of an attribution. take: what it was set to → nothing
function settingOf(one, value, take) {
  const label = make("label", {title: one.meaning}),
    name = make("span"),
    about = make("small");
  name.innerHTML = `<i>${pretty(one.symbol)}</i> · ${safe(one.name)}`;
  about.textContent = one.meaning;
  let box;
  if (one.kind === "choice") {
    box = make("select");
    box.append(...one.span.map(each => Object.assign(make("option"), {textContent: each, selected: each === value})));
    box.onchange = () => take(box.value);
  } else {
    const [min, max, step] = one.span;
    box = make("input", {type: "number", min, max, step});
    box.value = value;
    box.oninput = () => take(box.value === "" ? null : +box.value);
  }
  label.append(name, box, about);
  return label;
}
