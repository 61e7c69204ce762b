// The tour: a card that names one thing to do, shows where, and says when it was done. Nothing is blocked meanwhile, and a
// step may be left undone.
//
//   step   title, text, act, keys, done: words;  tab: the name of the tab it is in;  targets: selectors, the first one that is
//          seen is pointed at;  check: {seen: selector} | {shown: [method, {knob: value}]} | {text: [selector, text]} |
//          {looked: "kept"};  needs: a selector without which the step is left out;  or: the step instead

import {icon} from "../base/icons.js";
import {unfold} from "./sheet.js";

const SEEN_TOUR = "video-prompts-tour";
const remembered = {
  get() {
    try {
      return localStorage.getItem(SEEN_TOUR);
    } catch {
      return "unknown";
    }
  },
  set(said) {
    try {
      localStorage.setItem(SEEN_TOUR, said);
    } catch {
      /* a browser that keeps nothing */
    }
  },
};

export function tour(host, offer, listed) {
  const visible = element => element && element.getClientRects().length && element.offsetParent !== null;
  const find = selector => [...document.querySelectorAll(selector)].find(visible);
  const tabOf = name =>
    [...document.querySelectorAll("[role=tab]")].find(one => one.textContent.trim() === name && visible(one));
  const calm = () => matchMedia("(prefers-reduced-motion: reduce)").matches;
  const card = Object.assign(document.createElement("section"), {className: "tour", tabIndex: -1, hidden: true});
  const ring = Object.assign(document.createElement("div"), {className: "tour-ring", hidden: true});
  card.setAttribute("role", "dialog");
  card.setAttribute("aria-labelledby", "tour-title");
  card.innerHTML = `<header><span class="tour-progress"></span><button type="button" aria-label="End the tour" title="end (Esc)">×</button></header>
    <h3 id="tour-title" tabindex="-1"></h3><p class="tour-text"></p><p class="tour-do"></p><p class="tour-keys"></p><p class="tour-state" role="status"></p>
    <footer><button type="button" class="tour-back">Back</button><button type="button" class="tour-to">Go to it</button><button type="button" class="tour-next"></button></footer>`;
  document.body.append(ring, card);
  const $ = name => card.querySelector(".tour-" + name);
  const steps = [...listed];
  let at = null,
    done = false,
    looked = false,
    last = null,
    timer = 0;

  const CHECKS = {
    seen: selector => !!find(selector),
    text: ([selector, text]) =>
      [...document.querySelectorAll(selector)].some(one => visible(one) && one.textContent.trim() === text),
    shown: ([method, wanted]) => {
      const told = JSON.parse(document.querySelector(`#viewer-${method} .vw`)?.dataset.shown || "{}");
      return Object.entries(wanted).every(([knob, value]) => told[knob] === value);
    },
    looked: () => looked,
  };
  const holds = check => Object.entries(check).every(([kind, wanted]) => CHECKS[kind](wanted));
  const target = () => steps[at].targets.map(find).find(Boolean) ?? tabOf(steps[at].tab);

  function look() {
    if (at === null) return;
    const step = steps[at],
      there = target();
    if (!done && holds(step.check)) {
      done = true;
      card.dataset.done = "";
      $("state").innerHTML = icon("check", "done:");
      $("state").append(` ${step.done}`);
      $("next").textContent = at < steps.length - 1 ? "Next" : "Finish";
    }
    if (there !== last) {
      // a fold or a tab was opened: what is spoken of has moved
      last = there;
      there?.scrollIntoView({
        block: innerWidth <= 720 && !there.closest(".knobs") ? "start" : "center",
        behavior: calm() ? "auto" : "smooth",
      });
    }
    place(there);
  }

  function place(there) {
    // in the first corner where it does not lie over what it speaks of
    const box = there?.getBoundingClientRect();
    ring.hidden = !box;
    if (box)
      Object.assign(ring.style, {
        left: `${box.left - 5}px`,
        top: `${box.top - 5}px`,
        width: `${box.width + 10}px`,
        height: `${box.height + 10}px`,
      });
    const [w, h] = [card.offsetWidth, card.offsetHeight],
      [right, bottom] = [document.documentElement.clientWidth - w - 8, innerHeight - h - 8];
    const over = ([x, y]) =>
      box
        ? Math.max(0, Math.min(x + w, box.right + 8) - Math.max(x, box.left - 8)) *
          Math.max(0, Math.min(y + h, box.bottom + 8) - Math.max(y, box.top - 8))
        : 0;
    const corners = [
        [right, bottom],
        [8, bottom],
        [right, 8],
        [8, 8],
      ],
      [x, y] = corners.reduce((best, one) => (over(one) < over(best) ? one : best));
    Object.assign(card.style, {left: `${Math.max(8, x)}px`, top: `${Math.max(8, y)}px`});
  }

  function go(to, focus = true) {
    [at, done, looked, last] = [to, false, false, null];
    const one = listed[at],
      step = (steps[at] = one.needs && !document.querySelector(one.needs) ? one.or : one);
    delete card.dataset.done;
    unfold(step.targets.map(one => document.querySelector(one)).find(Boolean));
    $("progress").textContent = `Tour · ${at + 1}/${steps.length}`;
    card.querySelector("h3").textContent = step.title;
    $("text").textContent = step.text;
    $("do").textContent = `→ ${step.act}`;
    $("keys").textContent = `By keyboard: ${step.keys}. Come back here with t.`;
    $("state").textContent = "";
    $("back").disabled = at === 0;
    $("next").textContent = at < steps.length - 1 ? "Skip" : "End";
    look();
    if (focus) card.querySelector("h3").focus({preventScroll: true});
  }

  function start(to = 0) {
    remembered.set("seen");
    offer.hidden = true;
    card.hidden = false;
    clearInterval(timer);
    timer = setInterval(look, 200);
    go(Math.max(0, Math.min(steps.length - 1, to)));
  }

  function end() {
    if (at === null) return;
    const inside = card.contains(document.activeElement) || document.activeElement === document.body;
    clearInterval(timer);
    at = null;
    card.hidden = ring.hidden = true;
    if (inside) host.focus();
  }

  host.onclick = () => start();
  offer.querySelector("button").onclick = () => start();
  card.querySelector("header button").onclick = end;
  $("back").onclick = () => go(at - 1);
  $("next").onclick = () => (at < steps.length - 1 ? go(at + 1) : end());
  $("to").onclick = () => {
    const there = target(),
      first = ["input[type=range]", "button", "summary", "[tabindex]"]
        .map(one => (there?.matches(one) ? there : there?.querySelector(one)))
        .find(Boolean);
    (first ?? there?.closest("[tabindex]"))?.focus();
  };
  document.addEventListener("looked", event => {
    if (event.detail.kept) looked = true;
  });
  const typing = one =>
    one.matches("input:not([type=range]):not([type=checkbox]):not([type=radio]), textarea, select, [contenteditable=true]");
  document.addEventListener("keydown", event => {
    if (event.ctrlKey || event.metaKey || event.altKey || document.querySelector("dialog[open]")) return;
    if (event.key === "Escape" && !event.target.closest(".vw")) return end();
    if (event.key !== "t" || typing(event.target)) return;
    event.preventDefault();
    if (at === null) start();
    else card.querySelector("h3").focus({preventScroll: true});
  });
  for (const event of ["scroll", "resize"])
    addEventListener(event, () => at !== null && place(target()), {passive: true, capture: true});

  const linked = () => {
    const asked =
      new URLSearchParams(location.search).get("tour") ??
      /^#tour(?:=(\d+))?$/.exec(location.hash)?.slice(0, 2).at(-1) ??
      (location.hash === "#tour" ? "1" : null);
    if (asked !== null) start((parseInt(asked, 10) || 1) - 1);
    return asked !== null;
  };
  addEventListener("hashchange", linked);
  if (!linked() && remembered.get() === null) {
    // said once, to who was never here
    offer.hidden = false;
    remembered.set("offered");
  }
  return {start, end};
}
