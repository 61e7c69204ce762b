// The fold “Equations”: each term lights the pixels that it speaks of, and the numbers are those of the patch and the gap that
// are looked at. A copy of the frame stands beside, for the viewer may be out of sight; it is pointed at like the frame.

import {fit} from "../base/drawing.js";
import {make} from "../base/parts.js";
import {pretty, safe} from "../base/words.js";

export function panel(host, {view, own, method}) {
  const scope = host.closest("[id^=viewer-]") ?? document,
    frame = scope.querySelector(".vw-canvas");
  let open = true,
    near = null,
    kept = null; // the term that is pointed at, and the one that was chosen
  const how = view.point
    ? "Point at the frame, or at its copy here: numbers follow. Point at a term to see what it is a map of"
    : "Point at a term to see where it stands";
  host.innerHTML = `<p class="eq-how">${how}; click to keep it there, Esc lets go.</p><div class="eq-top"><canvas class="eq-copy" role="img" aria-label="The frame as it is above. Point at it as at the frame."></canvas><p class="eq-here" role="status"></p></div>
    <ol class="eq-list"></ol>`;
  const copy = host.querySelector(".eq-copy"),
    where = host.querySelector(".eq-here");
  const lines = own.map(one => equationRow(one));
  host.querySelector(".eq-list").append(...lines.map(one => one.row));

  function equationRow(one) {
    const row = make("li", {class: "eq"}),
      formula = make("p", {class: "eq-formula"}),
      numbers = make("p", {class: "eq-numbers"}),
      said = make("p", {class: "eq-said"});
    formula.append(...one.formula.map(part => (typeof part === "string" ? typeset(part) : term(part))));
    said.innerHTML = one.said;
    row.append(formula, numbers, said);
    if (one.differs.length) {
      const fold = make("details", {class: "eq-differs"}),
        list = make("dl");
      fold.append(
        Object.assign(make("summary"), {
          textContent: one.differs.some(([who]) => who === "released code")
            ? "Where paper, released code and ours differ"
            : "Our reading",
        }),
        list,
      );
      list.innerHTML = one.differs
        .map(([who, text]) => `<dt data-who="${safe(who.split(/[, ]/)[0])}">${safe(who)}</dt><dd>${text}</dd>`)
        .join("");
      row.append(fold);
    }
    return {one, row, numbers, left: one.formula[0].number ? one.formula[0] : null};
  }

  function typeset(text) {
    const span = make("span");
    span.innerHTML = pretty(text);
    return span;
  }

  function term(part) {
    const button = make("button", {
      type: "button",
      class: "eq-term",
      title: part.title,
      "aria-pressed": "false",
      "data-term": part.knob ?? part.stage,
    });
    button.innerHTML = pretty(part.symbol);
    button.onpointerenter = button.onfocus = () => {
      near = part;
      show();
    };
    button.onpointerleave = button.onblur = () => {
      if (near === part) {
        near = null;
        show();
      }
    };
    button.onclick = () => {
      kept = kept === part ? null : part;
      show();
    };
    part.button = button;
    return button;
  }

  function show() {
    const shown = open ? (near ?? kept) : null;
    view.peekAt?.(shown?.lights ?? null);
    const knob = name => document.querySelector(`#knob-${method}-${name}`);
    for (const one of document.querySelectorAll(".eq-lit")) one.classList.remove("eq-lit");
    if (shown?.knob) knob(shown.knob)?.classList.add("eq-lit");
    for (const {one} of lines) for (const part of one.formula) part.button?.setAttribute("aria-pressed", part === kept);
    drawCopy();
  }

  // what a term is at the place that is looked at: {text, because}, or nothing
  function numberOf(part) {
    if (!part.knob) return part.number ? view.value?.({...part.lights, stage: part.stage}) : null;
    const shown = JSON.parse(scope.querySelector(".vw").dataset.shown || "{}")[part.knob];
    return shown === undefined ? null : {text: part.digits ? shown.toFixed(2) : String(shown)};
  }

  function write() {
    if (!open || !scope.querySelector(".vw").dataset.shown) return;
    where.textContent = view.here?.() ?? "";
    for (const {one, numbers, left} of lines) {
      const value = left && numberOf(left),
        parts = one.numbers.map(part => (typeof part === "string" ? part : numberOf(part)?.text));
      // (1 − 0.10) is read more easily as 0.90
      const right =
        one.numbers.length && parts.every(part => part !== undefined)
          ? parts.join("").replace(/\(1 − ([\d.]+)\)/g, (_, x) => (1 - x).toFixed(2))
          : "";
      numbers.hidden = !value;
      numbers.innerHTML = value
        ? `${pretty(left.symbol)} = ${right ? `${pretty(right)} = ` : ""}<b>${safe(value.text)}</b>${value.because ? ` <small>${safe(value.because)}</small>` : ""}`
        : "";
    }
    drawCopy();
  }

  function drawCopy() {
    if (!open || !frame?.width) return;
    const width = copy.clientWidth || 200;
    fit(copy, width, Math.round((width * frame.height) / frame.width), true).drawImage(
      frame,
      0,
      0,
      width,
      Math.round((width * frame.height) / frame.width),
    );
  }

  let soon = 0;
  const later = () => {
    cancelAnimationFrame(soon);
    soon = requestAnimationFrame(write);
  };
  for (const event of ["looked", "painted"]) scope.addEventListener(event, later);
  host.addEventListener("keydown", event => {
    if (event.key === "Escape" && (kept || near)) {
      kept = near = null;
      show();
      event.stopPropagation();
    }
  });
  if (view.point) copy.onpointermove = copy.onpointerdown = view.point;
  else copy.hidden = true;
  write();
  return {
    toggled(now) {
      open = now;
      show();
      write();
    },
    // the equation that says how a stage is made, else the first that speaks of it
    equation(stage, go) {
      const speaks = ({formula}) => formula.some(part => part.stage === stage),
        found = lines.find(({one}) => one.formula[0].stage === stage) ?? lines.find(({one}) => speaks(one));
      for (const one of lines) one.row.toggleAttribute("data-now", one === found);
      if (go) (found?.row ?? host).scrollIntoView({block: "center"});
    },
  };
}
