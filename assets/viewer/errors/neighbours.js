// Clips that are like the one that is looked at, below it.

import {make} from "../base/parts.js";
import {number} from "../base/words.js";
import {text, worded} from "./cells.js";
import {drawStrip} from "./strip.js";

// found: as app/errors/analysis.py gives neighbours. show(id)
export function drawNeighbours(box, found, frames, show) {
  box.replaceChildren(
    text("p", `By ${found.of}; beside each, the cosine.`, {class: "er-dim"}),
    ...found.near.map(row => {
      const one = make("button", {type: "button", class: "er-near", title: row.clip_id}),
        canvas = make("canvas", {"aria-hidden": "true"}),
        wrong = row.right === false;
      one.append(
        canvas,
        text("b", row.right === undefined || row.right === null ? row.status : worded(row.right, {name: "right"}), {
          class: wrong ? "er-bad" : "",
        }),
        text(
          "span",
          `${wrong && row.pred ? `${row.label ?? ""} → ${row.pred}` : (row.label ?? row.clip_id)}, ${number(row.like)}`,
        ),
      );
      one.onclick = () => show(row.clip_id);
      drawStrip(canvas, found.pictures[row.clip_id], frames, 120, Math.ceil(frames / 2));
      return one;
    }),
  );
}
