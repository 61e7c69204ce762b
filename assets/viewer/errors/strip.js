// A clip as one picture: its frames in rows, with what the method marks in them.

import {bytes, COLOURS, fit, outline, SCALE, twice} from "../base/drawing.js";

const GAP = 2; // pixels between frames

const loaded = code =>
  new Promise(done => {
    const image = new Image();
    image.onload = () => done(image);
    image.onerror = () => done(null);
    image.src = `data:image/jpeg;base64,${code}`;
  });

// picture: as app/errors/questions.py packs it. frames: how many; width: of the canvas in pixels; across: frames in a row
export async function drawStrip(canvas, picture, frames, width, across = frames) {
  const image = picture?.strip ? await loaded(picture.strip) : null;
  if (!image) {
    fit(canvas, width, 1);
    return;
  }
  const [rows, columns] = picture.grid ?? [],
    P = rows * columns,
    one = image.width / frames,
    wide = (width - GAP * (across - 1)) / across,
    high = (wide * image.height) / one;
  const pen = fit(canvas, width, Math.ceil(frames / across) * (high + GAP) - GAP),
    region = picture.region && bytes(picture.region),
    share = !region && picture.share && bytes(picture.share);
  for (let t = 0; t < frames; t++) {
    const x = (t % across) * (wide + GAP),
      y = Math.floor(t / across) * (high + GAP);
    pen.drawImage(image, t * one, 0, one, image.height, x, y, wide, high);
    if (!P) continue;
    pen.save();
    pen.translate(x, y);
    pen.scale(wide / columns, high / rows);
    if (region) twice(pen, outline(region.subarray(t * P, (t + 1) * P), columns, rows), COLOURS.kept, (1.3 * columns) / wide);
    if (share)
      for (let p = 0; p < P; p++) {
        const value = share[t * P + p];
        pen.globalAlpha = (0.6 * value) / 255;
        pen.fillStyle = SCALE[value];
        pen.fillRect(p % columns, Math.floor(p / columns), 1, 1);
      }
    pen.restore();
  }
}
