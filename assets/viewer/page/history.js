// Back and Forward: another tab, a preset or a kept view is a step of the browser's history, and what was on the page before
// comes back with it. A knob that is moved is no step: it changes the step that the page is at.
//
// A step is {method, values, state}: the tab that is seen, a method's or another that said so (`places`); of every tab, what is on its knobs; how the viewer is looked at. The
// browser holds them, beside the address that tab.js writes.

import {AS_IT_IS, follow, known, places, requestOf, views} from "./values.js";

const LEAVES = `[role=tab][aria-selected=false], .overflow-dropdown button, .presets button, .scenes button, [data-does=open], .nb-present`;
const WAITS = 10_000, // milliseconds that what was clicked has to change something
  SETTLED = 300;

let wanted = null; // the step that is on its way back

function now() {
  const other = Object.keys(places).find(one => places[one].host.offsetParent),
    method = other ?? Object.keys(views).find(one => document.querySelector(`#viewer-${one}`)?.offsetParent),
    values = Object.fromEntries(known().map(one => [one, requestOf(one).values]));
  return method ? JSON.parse(JSON.stringify({method, values, state: (places[method] ?? views[method]).state()})) : null; // a browser holds plain values alone
}

// restore: the event whose answer is `restored`
export function steps({trigger}, restore) {
  let before = null,
    soon = 0,
    late = 0;
  const others = (one, two) => one.method !== two.method || JSON.stringify(one.values) !== JSON.stringify(two.values);
  const held = step => ({...history.state, step});

  function leave({target}) {
    if (!target.closest?.(LEAVES)) return;
    before = now();
    clearTimeout(late);
    late = setTimeout(() => {
      before = null;
    }, WAITS);
  }
  function arrive() {
    const here = now();
    if (before && here && others(before, here)) {
      history.replaceState(held(before), "");
      history.pushState(held(here), "");
      before = null;
    }
    clearTimeout(soon);
    soon = setTimeout(() => {
      const step = now(),
        said = history.state?.step;
      if (step && (!said || others(said, step))) history.replaceState(held(step), "");
    }, SETTLED);
  }
  function back({state}) {
    if (!state?.step) return;
    const {method, state: look} = (wanted = state.step),
      pinned = views[method]?.state().pinned ?? null,
      same = JSON.stringify(pinned) === JSON.stringify(look.pinned ?? null);
    before = null;
    clearTimeout(soon);
    trigger(restore);
    if (!look.pinned) views[method]?.unpin?.();
    follow(JSON.stringify({[method]: {...look, pinned: same ? null : look.pinned}}));
  }
  document.addEventListener("click", leave, true);
  for (const kind of ["values", "seen"]) document.addEventListener(kind, arrive);
  addEventListener("popstate", back);
}

// The step's values, for the tabs and for these components. places: of each component the tabs that have it, as [method, its
// name there, whether it is a knob]
export function restored(places) {
  const of = (values, name, knob) => (knob ? values?.knobs : values)?.[name];
  const value = tabs => {
    const known = tabs.filter(([method]) => wanted.values[method]),
      [method, name, knob] = known.find(([one]) => one === wanted.method) ?? known[0] ?? [],
      made = of(wanted.values[method], name, knob);
    return made === undefined || made === of(requestOf(method)?.values, name, knob) ? AS_IT_IS : made;
  };
  return [{...AS_IT_IS, selected: wanted.method}, ...places.map(value)];
}
