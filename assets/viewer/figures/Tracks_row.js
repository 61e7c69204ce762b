// A row of all frames under a title, as it waits for what reads the whole clip and as it has come. Part of Tracks.

import {make} from "../base/parts.js";
import {paintFrame} from "../base/things.js";
import {safe} from "../base/words.js";

const ACROSS = 132; // pixels of a frame

// shown: {clip, images, current}: the frame that is current is as the network sees it, and the others as they are in the clip.
// title: behind the output's, as markup. inside(pen, t, width, height, cell) draws one and says it in words
export function frameRow(box, output, shown, value, waiting, title, inside) {
  box.classList.toggle("vw-stale", !value);
  if (!value) {
    if (!box.firstChild) box.innerHTML = `<p class="vw-empty">${waiting}</p>`;
    return;
  }
  if (box.querySelectorAll("canvas").length !== shown.images.length) {
    box.innerHTML = `<h4>${safe(output.title)} <small></small></h4><div class="vw-line"><div class="sp-tracks"></div></div>`;
    box.querySelector(".sp-tracks").replaceChildren(
      ...shown.images.map(() => {
        const cell = make("div");
        cell.append(make("canvas", {role: "img"}), make("span"));
        return cell;
      }),
    );
  }
  box.querySelector("small").innerHTML = `— ${title}`;
  for (const [t, cell] of [...box.querySelector(".sp-tracks").children].entries()) {
    const canvas = cell.firstChild,
      now = t === shown.frame,
      {pen, height} = paintFrame(canvas, shown.image(t), shown.clip, ACROSS, true);
    canvas.ariaLabel = `frame ${t + 1}${now ? ", the current one" : ""}: ${inside(pen, t, ACROSS, height, cell.lastChild)}`;
    canvas.classList.toggle("sp-now", now);
  }
}
