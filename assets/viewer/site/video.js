// Frames of a visitor's own file: a <video> is sought to the centres of equal parts, as core/video/decode.py samples them, and
// what the browser decodes there is drawn.
//
//   const video = await opened(file)      {name, seconds, width, height, close()}; an Error's sentence where it cannot be decoded
//   await framesOf(video, {frames, start, end}, progress)    → {clip, frames_THWC}, as clips.js holds them
//
// A browser's decoder and ours differ in colour by a few grey levels, and in the frame by one at most: measured in the tests.

import {rgbOf} from "./clips.js";

const SIDE = 640, // the longest side of what is seen, as in Python
  WAIT = 8000; // milliseconds for one frame
let count = 0;

const heard = (element, name, wait) =>
  new Promise((done, failed) => {
    const late = setTimeout(() => failed(new Error("late")), wait);
    element.addEventListener(
      name,
      () => {
        clearTimeout(late);
        done();
      },
      {once: true},
    );
  });

export async function opened(file) {
  const element = Object.assign(document.createElement("video"), {muted: true, preload: "auto", playsInline: true}),
    address = URL.createObjectURL(file),
    close = () => {
      element.removeAttribute("src");
      URL.revokeObjectURL(address);
    };
  const there = new Promise((done, failed) => {
    element.onloadeddata = done;
    element.onerror = () => failed(new Error());
  });
  element.src = address;
  try {
    await Promise.race([there, heard(element, "never", WAIT)]);
    if (!Number.isFinite(element.duration)) {
      element.currentTime = 1e7; // a recording does not say how long it is until its end was seen
      await heard(element, "durationchange", WAIT);
    }
    if (!element.videoWidth || !Number.isFinite(element.duration)) throw new Error();
  } catch {
    close();
    throw new Error(
      `This browser cannot decode ${file.name}. What browsers play, they can: MP4 with H.264, WebM with VP8, VP9 or AV1.`,
    );
  }
  return {name: file.name, seconds: element.duration, width: element.videoWidth, height: element.videoHeight, element, close};
}

// The centres of T equal parts of a range, in seconds
export const centres = (frames, start, end) =>
  Array.from({length: frames}, (_, k) => start + ((k + 0.5) / frames) * (end - start));

async function sought(element, time) {
  const shown = element.requestVideoFrameCallback
      ? new Promise(done => element.requestVideoFrameCallback((_, {mediaTime}) => done(mediaTime)))
      : Promise.resolve(time),
    there = heard(element, "seeked", WAIT);
  element.currentTime = time;
  await there;
  // the same frame again is not shown anew
  return Promise.race([shown, new Promise(done => setTimeout(() => done(time), 250))]);
}

export async function framesOf(video, {frames, start = 0, end = video.seconds}, progress = () => {}) {
  const {element} = video,
    scale = Math.min(1, SIDE / Math.max(video.width, video.height)),
    [width, height] = [video.width, video.height].map(one => Math.max(1, Math.round(one * scale))),
    size = width * height * 3,
    data = new Uint8Array(frames * size),
    canvas = Object.assign(document.createElement("canvas"), {width, height}),
    pictures = [],
    times = [];
  for (const [t, time] of centres(frames, start, Math.min(end, video.seconds)).entries()) {
    progress(t / frames);
    try {
      times.push(await sought(element, time));
    } catch {
      throw new Error(`This browser could not show ${video.name} at ${time.toFixed(2)} s.`);
    }
    data.set(rgbOf(element, width, height), t * size);
    canvas.getContext("2d").drawImage(element, 0, 0, width, height);
    pictures.push(canvas.toDataURL("image/jpeg", 0.88));
  }
  const clip = {
    key: `own-${++count} ${frames}`,
    name: video.name,
    width,
    height,
    frames: pictures,
    time: times.map(one => +one.toFixed(3)),
    source: null,
    notes: [],
    truth: null,
    actor: null,
  };
  return {clip, frames_THWC: {data, dims: [frames, height, width, 3]}};
}
