// The fold “Self-check”: is what is drawn right, and does it hang on what was learned? (see app/panels/selfcheck.py)

import {patience, somebody} from "../base/asking.js";
import {bytes, SCALE} from "../base/drawing.js";
import {icon} from "../base/icons.js";
import {make} from "../base/parts.js";
import {number, pretty, safe} from "../base/words.js";

const SELFCHECK = `
<div class="ex">
  <p class="ex-lead">Checks that need no truth, of the clip and values on the page: whether maps lie where they should, whether what is said to sum to 1 does, what was loaded, and how the same map looks when the numbers of the weights stand in a random order.</p>
  <div class="ex-row"><button type="button" class="ex-go ex-main">Check</button></div>
  <div class="vw-far ex-far" role="status" hidden><progress max="1"></progress><span></span><button type="button">stop</button></div>
  <p class="ex-said" role="status"></p>
  <ul class="ex-checks"></ul>
</div>`;

export function panel(host, {own, request, server, hooks}) {
  host.innerHTML = SELFCHECK;
  const $ = name => host.querySelector(".ex-" + name);
  const who = somebody(),
    waiting = patience($, hooks.far, hooks.stop, who);
  let of = null;

  $("go").onclick = async () => {
    const given = {...request(), who};
    $("go").disabled = true;
    $("said").textContent = "";
    const text = await waiting("check", server.checks(given)).catch(() => null);
    const found = typeof text === "string" ? JSON.parse(text) : {error: "The server did not answer."};
    $("go").disabled = false;
    if (!found.checks) {
      $("said").textContent = found.cancelled ? "Stopped: nothing of it was kept." : found.error;
      return;
    }
    of = JSON.stringify(given.values);
    $("checks").replaceChildren(...found.checks.map(line));
    moved();
  };

  function line(one) {
    const item = make("li", {class: one.passed ? "ex-pass" : "ex-fail", "data-name": one.name});
    const value = typeof one.value === "string" ? `<span>digest</span> <code>${safe(one.value)}</code>` : ""; // a number is in the sentence
    item.innerHTML = `<p><b class="ex-mark">${one.passed ? icon("check", "passed") : icon("cross", "failed")}</b> <b>${safe(one.name)}</b> ${value}</p><p>${safe(one.sentence)}</p>`;
    if (one.maps.length) {
      const pair = make("div", {class: "ex-pair"}),
        names = ["these weights", "random weights"];
      pair.append(
        ...one.maps.map((map, i) => {
          const figure = make("figure"),
            caption = make("figcaption");
          caption.innerHTML = `${pretty(own.title)}, ${names[i]} <small>(${map.shape[0]} ${own.over}; brightest: ${number(map.largest)})</small>`;
          figure.append(stripOf(map, `${own.title}, ${names[i]}: ${map.shape[0]} ${own.over} side by side`), caption);
          return figure;
        }),
      );
      item.append(pair);
    }
    return item;
  }

  function moved() {
    const old = of !== null && of !== JSON.stringify(request().values);
    $("checks").classList.toggle("vw-stale", old);
    if (of !== null) $("said").textContent = old ? "These checks are of other values: check again." : "";
  }
  document.addEventListener("values", () => host.isConnected && moved());
}

// a map [T, h, w] as its frames side by side, a pixel a patch
function stripOf({shape: [T, rows, columns], code}, said) {
  const codes = new Uint16Array(bytes(code).buffer),
    across = T * (columns + 1) - 1;
  const canvas = Object.assign(make("canvas", {role: "img", "aria-label": said}), {width: across, height: rows}),
    pen = canvas.getContext("2d");
  for (let i = 0; i < codes.length; i++) {
    const t = Math.floor(i / rows / columns),
      r = Math.floor(i / columns) % rows;
    pen.fillStyle = SCALE[codes[i] >> 8];
    pen.fillRect(t * (columns + 1) + (i % columns), r, 1, 1);
  }
  return canvas;
}
