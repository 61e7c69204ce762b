// Edits of a clip, as core/video/edits.py does them, and with its sentences.
//
//   const edits = editsOf(declared, most)       declared: [{name, title, knobs}]; most: how many follow one another
//   edits.checked(list)          the same with every setting written out, or an Error's sentence
//   edits.left(list, T)          how many of T frames are there after them, or an Error's sentence
//   await edits.done(clip, list)     the clip after them all; clip: {frames_THWC: {data, dims}, source, time, notes}
//   edits.words(one)             “Freeze: repeat one frame (from = 1, to = 0, t = 3)”

import {blurred, toEven} from "./blur.js";
import {python, real, settingsOf} from "./checked.js";
import {permutation} from "./order.js";

const SPREAD = 0.1, // of the shorter side: a blur in which nothing of a region is left
  LONGEST = 64; // letters of what is told of a thing that is no edit

const pause = () => new Promise(done => setTimeout(done)); // between two frames the page goes on

// ---- which frames -----------------------------------------------------------------------------------------------------

function placeOf(T, what, number) {
  if (number > T) throw new Error(`${what} is 1 to ${T}, the frames of the clip, got ${number}.`);
  return number - 1;
}

// The places that an edit touches: [first, behind the last]
function span(T, {first, last}) {
  const end = last || T;
  if (first > end) throw new Error(`The first frame is not behind the last, got ${first} to ${end}.`);
  return [placeOf(T, "from (first)", first), placeOf(T, "to (last)", end) + 1];
}
const said = (T, {first, last}) => `frames ${first} to ${last || T}`;
const capital = text => text[0].toUpperCase() + text.slice(1);
const counted = T => Array.from({length: T}, (_, t) => t);

// The places of the frames after an edit that takes them in another order, and what is said of it; null: it is none
function orderOf(name, asked, T) {
  const order = counted(T);
  if (name === "reverse") return {order: order.reverse(), note: "The frames run backwards."};
  if (name === "shuffle") return {order: permutation(asked.seed, T), note: `The frames are shuffled (seed ${asked.seed}).`};
  if (name === "freeze") {
    const place = placeOf(T, "t (frame)", asked.frame);
    return {order: order.fill(place, ...span(T, asked)), note: `${capital(said(T, asked))} show frame ${asked.frame}.`};
  }
  if (name !== "drop") return null;
  order.splice(span(T, asked)[0], span(T, asked)[1] - span(T, asked)[0]);
  if (!order.length) throw new Error(`Dropping ${said(T, asked)} of ${T} leaves none.`);
  return {order, note: `${capital(said(T, asked))} are left out.`, kept: true};
}

function boxOf({left, top, right, bottom}) {
  const corners = [left, top, right, bottom];
  if (!(left < right && top < bottom))
    throw new Error(`The box ends to the right of and below where it begins, got (${corners.map(real).join(", ")}).`);
  return corners;
}

// ---- the edits --------------------------------------------------------------------------------------------------------

function taken({frames_THWC, source, time, ...rest}, {order, note, kept}) {
  const {data, dims} = frames_THWC,
    size = data.length / dims[0],
    made = new Uint8Array(order.length * size);
  order.forEach((from, to) => {
    made.set(data.subarray(from * size, (from + 1) * size), to * size);
  });
  return {
    ...rest,
    frames_THWC: {data: made, dims: [order.length, ...dims.slice(1)]},
    source: source && order.map(t => source[t]),
    time: kept ? order.map(t => time[t]) : time.slice(0, order.length),
    notes: [...rest.notes, note],
  };
}

async function eachFrame({frames_THWC: {data, dims}, ...rest}, [begin, end], note, change) {
  const [, H, W] = dims,
    size = H * W * 3,
    made = data.slice();
  for (let t = begin; t < end; t++) {
    made.set(change(data.subarray(t * size, (t + 1) * size), {height: H, width: W}), t * size);
    await pause();
  }
  return {...rest, frames_THWC: {data: made, dims}, notes: [...rest.notes, note]};
}

// The mean colour of all frames, in whole numbers
function meanOf({data}) {
  const sum = [0, 0, 0];
  for (let i = 0; i < data.length; i += 3) for (let c = 0; c < 3; c++) sum[c] += data[i + c];
  return sum.map(one => toEven(one / (data.length / 3)));
}

const MAKE = {
  blur(clip, asked) {
    const [T, H, W] = clip.frames_THWC.dims,
      note = `${capital(said(T, asked))} are blurred (σ = ${real(asked.sigma)} of the shorter side).`;
    return eachFrame(clip, span(T, asked), note, (frame, size) => blurred(frame, size, asked.sigma * Math.min(H, W)));
  },
  paint(clip, asked) {
    const [T, H, W] = clip.frames_THWC.dims,
      [left, top, right, bottom] = boxOf(asked),
      rows = [Math.trunc(top * H), Math.max(Math.ceil(bottom * H), 1)],
      columns = [Math.trunc(left * W), Math.max(Math.ceil(right * W), 1)],
      box = `(${real(left)}, ${real(top)}) to (${real(right)}, ${real(bottom)})`,
      mean = asked.fill === "mean" ? meanOf(clip.frames_THWC) : [0, 0, 0];
    const painted = (frame, size) => {
      const made = frame.slice(),
        other = asked.fill === "blur" ? blurred(frame, size, SPREAD * Math.min(H, W)) : null;
      for (let y = rows[0]; y < Math.min(rows[1], H); y++)
        for (let x = columns[0]; x < Math.min(columns[1], W); x++)
          for (let c = 0, at = (y * W + x) * 3; c < 3; c++) made[at + c] = other ? other[at + c] : mean[c];
      return made;
    };
    const note = `A box from ${box} is painted out (${asked.fill}) in ${said(T, asked)}.`;
    return eachFrame(clip, span(T, asked), note, painted);
  },
};

export function editsOf(declared, most) {
  const known = new Map(declared.map(one => [one.name, one]));

  function checked(list) {
    if (!Array.isArray(list)) throw new Error(`Edits are a list such as [{'name': 'reverse'}], got ${python(list)}.`);
    if (list.length > most) throw new Error(`Up to ${most} edits follow one another, got ${list.length}.`);
    return list.map(one => {
      const name = one?.name;
      if (!known.has(name))
        throw new Error(`There is no edit ${python(name).slice(0, LONGEST)}. They are ${[...known.keys()].join(", ")}.`);
      const {name: _, ...settings} = one;
      return {name, ...settingsOf(known.get(name).knobs, settings)};
    });
  }

  function left(list, T) {
    return checked(list).reduce((length, {name, ...asked}) => {
      const taken = orderOf(name, asked, length);
      if (taken) return taken.order.length;
      if (name === "paint") boxOf(asked);
      span(length, asked);
      return length;
    }, T);
  }

  async function done(clip, list) {
    for (const {name, ...asked} of checked(list)) {
      const other = orderOf(name, asked, clip.frames_THWC.dims[0]);
      clip = other ? taken(clip, other) : await MAKE[name](clip, asked);
    }
    return clip;
  }

  function words({name, ...settings}) {
    const {title, knobs} = known.get(name),
      value = one => (one.kind === "real" ? real(settings[one.name]) : settings[one.name]),
      said = knobs.map(one => `${one.symbol} = ${value(one)}`).join(", ");
    return said ? `${title} (${said})` : title;
  }
  return {checked, left, done, words, declared, order: permutation};
}
