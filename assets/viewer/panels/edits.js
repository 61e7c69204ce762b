// The fold "What if": edits of the clip, done one after the other, each can be taken back.
//
// own: edits [{name, title, look, reorders, knobs}], most, of_order, truth
// The page's own list of edits is the truth. What was done and undone is kept here, for all tabs, until another clip is chosen.

import {picture} from "../base/asking.js";
import {fit, twice} from "../base/drawing.js";
import {make} from "../base/parts.js";
import {pretty} from "../base/words.js";

const done = {clip: null, now: "[]", waits: false, past: [], next: [], pinned: null};

export function panel(host, given) {
  const {own, view, server} = given;
  host.innerHTML = `
  <div class="wi">
    <div class="wi-left">
      <div class="wi-picture"><canvas class="wi-canvas" role="img"></canvas></div>
      <label class="wi-row"><span class="wi-frame"></span><input type="range" class="wi-scrub" min="1" value="1" step="1" aria-label="Frame of the edited clip"></label>
    </div>
    <div class="wi-right">
      <div class="wi-kinds" role="radiogroup" aria-label="Edit"></div>
      <form class="wi-form"><div class="wi-knobs"></div>
        <p class="wi-hint"></p>
        <button type="submit" class="wi-do">Edit the clip</button></form>
      <p class="wi-wrong" role="alert" hidden></p>
      <h4>Done to the clip, in this order</h4>
      <ol class="wi-list"></ol><p class="wi-none">Nothing: the frames are as they were read.</p>
      <div class="wi-row"><button type="button" class="wi-undo" title="Ctrl+Z in this fold">Undo</button>
        <button type="button" class="wi-redo" title="Ctrl+Shift+Z in this fold">Redo</button>
        <button type="button" class="wi-clear">Clear</button></div>
      <div class="wi-said" aria-live="polite"></div>
    </div>
  </div>`;
  const $ = name => host.querySelector(".wi-" + name);
  let chosen = own.edits[0],
    shown = null,
    images = [],
    last = null,
    turn = Promise.resolve();

  // ---- the list -----------------------------------------------------------------------------------------------------

  const plain = text => {
    try {
      return JSON.stringify(JSON.parse(text || "[]"));
    } catch {
      return "[]";
    }
  };
  const list = () => JSON.parse(done.now);

  // what the page says now: another clip, or edits that came from elsewhere, end what can be undone
  function follow() {
    const request = given.request();
    if (request === last) return;
    last = request;
    const {clip, edits} = request.values,
      text = plain(edits),
      another = clip !== done.clip;
    if (text === done.now) done.waits = false;
    if (!another && (done.waits || text === done.now)) return;
    Object.assign(done, {clip, now: text, waits: false, past: [], next: [], pinned: text === "[]" ? null : done.pinned});
  }
  const of = ({clip, frames}) => JSON.stringify([clip, frames]);
  const stale = () => !shown || shown.of !== of(given.request().values) || shown.text !== done.now;

  async function tried(edits) {
    const request = given.request(),
      values = {...request.values, edits: JSON.stringify(edits)};
    const text = await server.edited_clip({...request, values}).catch(() => null);
    const answer = typeof text === "string" ? JSON.parse(text) : {error: "The server did not answer. The clip is as it was."};
    return {...answer, of: of(values), text: values.edits};
  }

  // one after the other: each starts from what the one before it left
  const queue = work => (turn = turn.then(work).catch(() => wrong("The pictures did not arrive. Try again.")));
  const change = make =>
    queue(async () => {
      follow();
      const before = done.now,
        made = make(list());
      if (!made) return stale() && refreshed();
      const answer = await tried(made.edits);
      wrong(answer.error);
      if (answer.error) return;
      const now = JSON.stringify(answer.edits);
      if (now !== before) {
        pins(before, now);
        Object.assign(done, {now, waits: true, past: made.past ?? [...done.past, before], next: made.next ?? []});
        given.edit(answer.edits);
      }
      await show({...answer, text: now});
    });

  // beside an edited clip the one that is not: where the viewer can, and nothing is beside it yet
  function pins(before, now) {
    if (before === "[]" && view.pin && !view.pinned?.()) {
      view.pin(given.request(), "before the edit");
      done.pinned = given.method;
    }
    if (now === "[]" && done.pinned === given.method) {
      view.unpin?.();
      done.pinned = null;
    }
  }

  const add = one => change(edits => ({edits: [...edits, one]}));
  const remove = place => change(edits => ({edits: edits.filter((_, i) => i !== place)}));
  const undo = () =>
    change(
      () =>
        done.past.length && {
          edits: JSON.parse(done.past.at(-1)),
          past: done.past.slice(0, -1),
          next: [done.now, ...done.next],
        },
    );
  const redo = () =>
    change(
      () =>
        done.next.length && {
          edits: JSON.parse(done.next[0]),
          past: [...done.past, done.now],
          next: done.next.slice(1),
        },
    );

  // ---- drawing ------------------------------------------------------------------------------------------------------

  async function show(answer) {
    images = await Promise.all(answer.frames.map(picture));
    shown = answer;
    $("scrub").max = images.length;
    const titles = answer.words.map((words, i) => {
      const item = make("li"),
        button = make("button", {
          type: "button",
          "aria-label": `take out edit ${i + 1}: ${words}`,
          title: "take this edit out",
        });
      button.textContent = "×";
      button.onclick = () => remove(i);
      item.append(Object.assign(make("span"), {textContent: words}), button);
      return item;
    });
    $("list").replaceChildren(...titles);
    $("none").hidden = titles.length > 0;
    $("undo").disabled = !done.past.length;
    $("redo").disabled = !done.next.length;
    $("clear").disabled = !titles.length;
    $("do").disabled = titles.length >= own.most;
    const kinds = new Set(answer.edits.map(one => one.name));
    const looks = own.edits.filter(one => kinds.has(one.name)),
      reorders = looks.some(one => one.reorders);
    const said = kinds.size
      ? [...looks.map(one => one.look), ...(reorders ? own.of_order : []), ...(answer.truth ? [own.truth] : [])]
      : [];
    $("said").replaceChildren(...said.map(text => Object.assign(make("p"), {textContent: text})));
    draw();
    host.dataset.edits = JSON.stringify(answer.edits);
  }

  function draw() {
    if (!shown) return;
    const t = Math.min(+$("scrub").value, images.length) - 1,
      width = Math.min(host.clientWidth || 256, 256);
    const height = Math.round((width * shown.height) / shown.width),
      pen = fit($("canvas"), width, height);
    pen.drawImage(images[t], 0, 0, width, height);
    if (boxed()) {
      const [x, y, X, Y] = BOX.map(value),
        path = new Path2D();
      path.rect(x * width, y * height, (X - x) * width, (Y - y) * height);
      pen.globalAlpha = touched(t + 1) ? 1 : 0.35; // not in this frame
      twice(pen, path, "#fff", 2);
      pen.globalAlpha = 1;
    }
    const source = shown.source?.[t]; // of the file, where that is known
    $("frame").textContent = `frame ${t + 1}/${images.length}${source === undefined ? "" : ` · #${source}`}`;
    $("canvas").setAttribute(
      "aria-label",
      `frame ${t + 1} of ${images.length} of the edited clip${source === undefined ? "" : `, frame ${source} of the file`}`,
    );
  }

  function wrong(text) {
    $("wrong").hidden = !text;
    $("wrong").textContent = text || "";
  }

  // ---- one edit's knobs ---------------------------------------------------------------------------------------------

  const BOX = ["left", "top", "right", "bottom"];
  const field = name => $("knobs").querySelector(`[name="${name}"]`);
  const value = name => +field(name).value;
  const boxed = () => BOX.every(name => chosen.knobs.some(one => one.name === name));
  const touched = t => (!field("first") || value("first") <= t) && (!field("last") || !value("last") || t <= value("last"));

  function choose(one) {
    chosen = one;
    for (const button of $("kinds").children) button.setAttribute("aria-checked", button.dataset.name === one.name);
    $("knobs").replaceChildren(
      ...one.knobs.map(knob => {
        const label = make("label", {title: knob.meaning}),
          name = make("span");
        name.innerHTML = pretty(knob.symbol);
        let input;
        if (knob.kind === "choice") {
          input = make("select", {name: knob.name});
          input.append(...knob.span.map(each => Object.assign(make("option"), {textContent: each, value: each})));
          input.value = knob.default;
        } else {
          const [min, max, step] = knob.span;
          input = make("input", {
            name: knob.name,
            type: "number",
            min,
            max,
            step,
            value: knob.default,
            required: "",
            inputmode: "decimal",
          });
        }
        input.setAttribute("aria-label", `${knob.name}: ${knob.meaning}`);
        input.oninput = draw;
        label.append(name, input, Object.assign(make("small"), {textContent: knob.meaning}));
        return label;
      }),
    );
    $("hint").textContent = boxed() ? "Drag a box on the picture, or write its ends." : "";
    $("canvas").classList.toggle("wi-drag", boxed());
    wrong("");
    draw();
  }

  $("kinds").replaceChildren(
    ...own.edits.map(one => {
      const button = make("button", {type: "button", role: "radio", "data-name": one.name});
      button.textContent = one.title;
      button.onclick = () => choose(one);
      return button;
    }),
  );
  $("form").noValidate = true; // the server says what is wrong, in a sentence
  $("form").onsubmit = event => {
    event.preventDefault();
    const read = knob => {
      const text = field(knob.name).value;
      return knob.kind === "choice" ? text : text.trim() === "" ? null : +text;
    };
    add({name: chosen.name, ...Object.fromEntries(chosen.knobs.map(knob => [knob.name, read(knob)]))});
  };
  $("undo").onclick = undo;
  $("redo").onclick = redo;
  $("clear").onclick = () => change(edits => edits.length && {edits: []});
  host.addEventListener("keydown", event => {
    const key = event.key.toLowerCase();
    if (!(event.ctrlKey || event.metaKey) || event.altKey || (key !== "z" && key !== "y")) return;
    event.preventDefault();
    if (key === "y" || event.shiftKey) redo();
    else undo();
  });

  // ---- a box on the picture -----------------------------------------------------------------------------------------

  let began = null;
  const place = event => {
    const box = $("canvas").getBoundingClientRect(),
      inside = x => Math.round(100 * Math.max(0, Math.min(1, x))) / 100;
    return [inside((event.clientX - box.left) / box.width), inside((event.clientY - box.top) / box.height)];
  };
  $("canvas").onpointerdown = event => {
    if (!boxed()) return;
    began = place(event);
    $("canvas").setPointerCapture(event.pointerId);
  };
  $("canvas").onpointermove = event => {
    if (!began) return;
    const ended = place(event),
      ends = [0, 1].flatMap(i => [Math.min(began[i], ended[i]), Math.max(began[i], ended[i])]);
    [field("left").value, field("right").value, field("top").value, field("bottom").value] = ends;
    draw();
  };
  $("canvas").onpointerup = $("canvas").onpointercancel = () => {
    began = null;
  };
  $("scrub").oninput = draw;

  // ---- with the page ------------------------------------------------------------------------------------------------

  const seen = () => host.offsetParent !== null;
  async function refreshed() {
    const answer = await tried(list());
    wrong(answer.error);
    if (!answer.error) await show(answer);
  }
  const look = opened =>
    seen() &&
    queue(async () => {
      follow();
      if (stale()) await refreshed();
      if (opened) {
        $("scrub").value = view.state().frame + 1;
        draw();
      }
    });
  document.addEventListener("values", () => look(false));
  new ResizeObserver(() => {
    if (seen()) look(false);
    draw();
  }).observe(host);
  choose(chosen);
  return {toggled: open => open && look(true)};
}
