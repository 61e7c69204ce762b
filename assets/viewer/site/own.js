// A visitor's own video: dropped on the page, chosen or recorded, with a range of its time and a number of frames. It stays in the
// browser.
//
//   own(host, {took, said, numbers})     took: ({clip, frames_THWC}) → nothing; said: sentence → nothing
//
// numbers   {frames: [least, most, usual], trained: seconds between frames in training, rules: of doubt.js}

import {spaced} from "./doubt.js";
import {framesOf, opened} from "./video.js";
import {recorded, there} from "./webcam.js";

const LASTING = 2, // seconds of a longer video that are looked at first
  RECORDED = 3; // seconds of the camera

export function own(host, {took, said, numbers}) {
  const [least, most, usual] = numbers.frames;
  let video = null,
    turn = 0;
  host.innerHTML = `<label class="site-file"><b>Your own video</b> <input type="file" accept="video/*"></label>
    <small>or drop it anywhere on this page. It stays in this browser.</small>
    <button type="button" class="site-webcam" hidden>Record ${RECORDED} s with the camera</button>
    <div class="site-range" role="group" aria-label="Which part of the video" hidden>
      <label>from <input type="number" name="start" min="0" step="0.1"> s</label>
      <label>until <input type="number" name="end" min="0" step="0.1"> s</label>
      <label>frames <input type="number" name="frames" min="${least}" max="${most}" step="1" value="${usual}"></label></div>`;
  const range = host.querySelector(".site-range"),
    field = name => range.querySelector(`[name=${name}]`);

  async function read() {
    const mine = ++turn,
      frames = Math.round(+field("frames").value),
      [start, end] = [+field("start").value, Math.min(+field("end").value, video.seconds)];
    if (!(frames >= least && frames <= most))
      return said(`Frames (T) is a whole number from ${least} to ${most}, got ${frames}.`);
    if (!(start >= 0 && start < end)) return said(`The start lies before the end, got ${start} to ${end.toFixed(1)} s.`);
    try {
      const found = await framesOf(video, {frames, start, end}, done => {
        if (mine === turn) said(`reading the video… ${Math.round(100 * done)} %`);
      });
      if (mine !== turn) return;
      found.clip.spaced = spaced(found.clip.time, numbers.trained, numbers.rules);
      found.clip.moment = [start, end];
      took(found);
    } catch (wrong) {
      if (mine === turn) said(wrong.message);
    }
  }

  async function take(file) {
    const mine = ++turn;
    said(`reading ${file.name}…`);
    try {
      const found = await opened(file);
      if (mine !== turn) return found.close();
      video?.close();
      video = found;
    } catch (wrong) {
      if (mine === turn) said(wrong.message);
      return;
    }
    const start = Math.max(0, (video.seconds - LASTING) / 2);
    field("start").value = start.toFixed(1);
    field("end").value = Math.min(video.seconds, start + LASTING).toFixed(1);
    range.hidden = false;
    await read();
  }

  const camera = host.querySelector(".site-webcam");
  camera.hidden = !there();
  camera.onclick = async () => {
    camera.disabled = true;
    try {
      await take(await recorded(RECORDED, left => said(`recording: ${left} s left…`)));
    } catch (wrong) {
      said(wrong.message);
    }
    camera.disabled = false;
  };
  host.querySelector("[type=file]").onchange = ({target}) => target.files[0] && take(target.files[0]);
  range.onchange = read;
  document.addEventListener("dragover", event => event.preventDefault());
  document.addEventListener("drop", event => {
    event.preventDefault();
    const [file] = event.dataTransfer.files;
    if (file) take(file);
  });
  return {take};
}
