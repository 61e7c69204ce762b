// The values on the page, from its knobs to whoever draws them, and the small scripts of its events. A function here that an
// event calls is given the event's inputs last, and answers its outputs.
//
// A request is {values, stamp}, as app/server/request.py reads it. values: {clip, weights, frames, edits, texts, question, knobs:
// {name: value}}, texts and question where a method asks for them; stamp: the browser's clock.
//
// Events of the document: "values", those of a method are others; "linked", a link says how to look at them;
// "seen", another tab, or the same one wider.

// method → its viewer; where the console, and a test, finds it too
window.views ??= {};
export const views = window.views;
export const places = {}; // tabs that are no method's: name → {host, state()}
const latest = {},
  untouched = {},
  looks = {};
let read = false;

// What is on the page before any knob was moved.
export const begin = (method, request) => (untouched[method] = request);

// All values of a method as they are: Gradio gives them in a row, that of the names. A viewer that is not mounted or not seen
// yet finds them when it is.
export function note(method, fields, knobs, ...row) {
  const named = (names, from) => Object.fromEntries(names.map((name, i) => [name, row[from + i]]));
  const values = {...named(fields, 0), knobs: named(knobs, fields.length)};
  latest[method] = {values, stamp: performance.now()};
  document.dispatchEvent(new Event("values"));
}

// The request of what is on the page; null before any knob was moved
export const moved = method => latest[method] ?? null;
export const requestOf = method => latest[method] ?? untouched[method];

// Methods of which there are any
export const known = () => Object.keys({...untouched, ...latest});

// What a link says goes to the viewers. said: {method: how to look} as JSON, or nothing
export function follow(said) {
  read = true;
  if (!said) return;
  Object.assign(looks, JSON.parse(said));
  document.dispatchEvent(new Event("linked"));
}

export const linkWasRead = () => read;

// How to look, as a link said: said once
export function lookOf(method) {
  const look = looks[method];
  delete looks[method];
  return look;
}

// The request, with what its viewer says of itself, goes first into the inputs of a button's event.
export const withRequest = (method, _, ...rest) => [
  {...requestOf(method), state: views[method]?.state() ?? {}, page: location.origin + location.pathname},
  ...rest,
];

// The link of what is on the page now, with the place where the page is
export const link = query => [new URL(`?${query}`, location.href).href];

// What an event answers for a component that it leaves alone
export const AS_IT_IS = {__type__: "update"};

// From the knob as it is now: the knob of a frame ends where the clip does.
export const fit = (last, frame) => ({__type__: "update", maximum: last, value: Math.min(frame, last)});

// The step below what was typed
export const stepped = (low, step, typed) => typed - ((typed - low) % step);

// Types into a box of Gradio's as a reader would.
export function type(box, value) {
  if (!box) return;
  Object.getOwnPropertyDescriptor(Object.getPrototypeOf(box), "value").set.call(box, value);
  box.dispatchEvent(new Event("input", {bubbles: true}));
}
