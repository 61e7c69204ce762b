// Clips in the browser: the examples that travel along, the frames that a picture or a video becomes, and both after edits.
//
//   clipsOf(base, {own, edits, spaced, patches})
//     .example(name)   async → {clip, frames_THWC}, asked for once
//     .add(found)      one more        .get(key)   one that is held, null where it is not
//     .found(key)      async: the same, made again where it has to be. A key may end in “|” and a list of edits
//
// clip   as a viewer takes it, with texts, and actor and spaced, which are of the page's method: own, by the example's name
// frames_THWC   {data: uint8 RGB, dims}
// edits  see edits.js;   spaced: times → a sentence on how far apart they are;   patches: of a frame, 0 where there are none
//
// The frames of an example lie under each other in one lossless picture, so that the networks see the numbers that Python sees.

import {bits} from "../base/drawing.js";
import {packedBits} from "../base/pack.js";

const HELD = 6,
  REORDERED = ["freeze", "drop", "reverse", "shuffle"]; // edits that change no frame

export function clipsOf(base, {own, edits, spaced, patches}) {
  const held = new Map(), // key → what is held
    coming = new Map(); // name → a promise of it

  function add(found) {
    held.set(found.clip.key, found);
    for (const kind of [key => key.includes("|"), () => true]) {
      const old = [...held.keys()].filter(kind);
      for (const key of old.slice(0, Math.max(0, held.size - HELD))) if (key !== found.clip.key) held.delete(key);
    }
    return found;
  }

  async function read(name) {
    const [clip, blob] = await Promise.all([
      fetched(new URL(`clips/${name}.json`, base))
        .then(answer => answer.json())
        .then(found => Object.assign(found, own[name])),
      fetched(new URL(`clips/${name}.webp`, base)).then(answer => answer.blob()),
    ]);
    const T = clip.frames.length,
      image = await createImageBitmap(blob, {colorSpaceConversion: "none", premultiplyAlpha: "none"});
    return {clip, frames_THWC: {data: rgbOf(image), dims: [T, image.height / T, image.width, 3]}};
  }

  async function example(name) {
    if (!coming.has(name)) coming.set(name, read(name));
    try {
      return add(await coming.get(name));
    } catch (wrong) {
      coming.delete(name); // the next click asks again
      throw wrong;
    }
  }

  async function found(key) {
    if (held.has(key)) return held.get(key);
    const [plain, list] = [key.split("|")[0], key.slice(key.indexOf("|") + 1)],
      whole = held.get(plain) ?? (await example(plain.split(" ")[0]));
    return key.includes("|") ? add(await edited(whole, key, JSON.parse(list))) : whole;
  }

  async function edited({clip, frames_THWC}, key, list) {
    const T = clip.time.length,
      given = {frames_THWC, source: Array.from({length: T}, (_, t) => t), time: clip.time, notes: clip.notes},
      made = await edits.done(given, list),
      place = made.source,
      of = row => row && place.map(t => row[t]),
      actor = clip.actor && bits(clip.actor),
      patchesOf = t => [...actor.subarray(t * patches, (t + 1) * patches)];
    return {
      clip: {
        ...clip,
        key,
        frames: list.every(one => REORDERED.includes(one.name)) ? of(clip.frames) : picturesOf(made.frames_THWC),
        time: made.time,
        source: of(clip.source),
        notes: made.notes,
        truth: clip.truth && {...clip.truth, things: of(clip.truth.things), actor: of(clip.truth.actor)},
        actor: actor && packedBits(Uint8Array.from(place.flatMap(patchesOf))),
        spaced: made.time.every((one, t) => !t || one >= made.time[t - 1]) ? spaced(made.time) : "",
      },
      frames_THWC: made.frames_THWC,
    };
  }

  return {add, get: key => held.get(key) ?? null, example, found};
}

async function fetched(url) {
  const answer = await fetch(url);
  if (!answer.ok) throw new Error(`This clip did not arrive (${answer.status}).`);
  return answer;
}

// Pixels of what can be drawn, without alpha, in its own size or another
export function rgbOf(source, width = source.width, height = source.height) {
  const canvas = new OffscreenCanvas(width, height),
    pen = canvas.getContext("2d", {willReadFrequently: true});
  pen.drawImage(source, 0, 0, width, height);
  const {data} = pen.getImageData(0, 0, width, height),
    rgb = new Uint8Array(width * height * 3);
  for (let i = 0, j = 0; i < rgb.length; i += 3, j += 4) {
    rgb[i] = data[j];
    rgb[i + 1] = data[j + 1];
    rgb[i + 2] = data[j + 2];
  }
  return rgb;
}

// Frames as data URLs
export function picturesOf({data, dims: [T, height, width]}) {
  const canvas = Object.assign(document.createElement("canvas"), {width, height}),
    pen = canvas.getContext("2d"),
    image = pen.createImageData(width, height),
    size = width * height * 3;
  return Array.from({length: T}, (_, t) => {
    for (let i = t * size, j = 0; j < image.data.length; i += 3, j += 4) {
      image.data[j] = data[i];
      image.data[j + 1] = data[i + 1];
      image.data[j + 2] = data[i + 2];
      image.data[j + 3] = 255;
    }
    pen.putImageData(image, 0, 0);
    return canvas.toDataURL("image/jpeg", 0.88);
  });
}
