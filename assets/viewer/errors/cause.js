// Why a wrong answer is wrong, where that was tried: a part of the method was set right, and the clip was answered again.

import {make} from "../base/parts.js";
import {text, words} from "./cells.js";

const TRIED = /^right_if_(.+)_true$/; // columns of core/workbench/causes.py

// Sentences on a row of a clip, none where nothing was tried
export function causes(row, columns) {
  const tried = [...columns.values()].filter(one => TRIED.test(one.name) && typeof row[one.name] === "boolean");
  if (!tried.length || typeof row.right !== "boolean") return [];
  const list = make("ul", {class: "er-kinds"});
  list.append(
    ...tried.map(one => {
      const said = sentence(words(TRIED.exec(one.name)[1]), row.right, row[one.name]);
      return Object.assign(text("li", said), {title: one.says});
    }),
  );
  return [text("h4", row.right ? "With a part set right" : "Cause, tried by setting a part right"), list];
}

function sentence(part, was, is) {
  if (was) return is ? `true ${part}: right as before` : `true ${part}: wrong, so it is right for another reason`;
  return is ? `true ${part}: right, so that is a cause` : `true ${part}: still wrong, so that alone is not why`;
}
