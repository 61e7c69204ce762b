// The card “B against A”: in what the two settings differ, and what figures say of the difference.

import {apartTable, chipsOf, settingsApart} from "./compare.js";

// → draw(B, A). figures: those of the viewer. around: the viewer's own figures have a place for A, else its title stands here
export function versusOf($, {about, figures}) {
  let written = "";
  const asked = figures.filter(one => one.apart);
  return (b, a) => {
    if (!$("versus")) return;
    $("versus").hidden = !a;
    if (!a) return void (written = "");
    $("versus").querySelector("h4").textContent = `B against A${a.title && !$("say-a") ? ` · ${a.title}` : ""}`;
    const found = asked.map(one => one.apart(a, b)).filter(Boolean),
      rows = found.flatMap(one => one.rows ?? []),
      sentences = [...new Set(found.flatMap(one => one.sentences ?? []).filter(Boolean))];
    const chips = chipsOf(settingsApart(a, b, about.knobs || [])),
      made = (rows.length ? apartTable(rows) : "") + sentences.map(one => `<p>${one}</p>`).join("");
    if (chips + made === written) return;
    written = chips + made;
    $("chips").innerHTML = chips;
    $("apart").innerHTML = made;
  };
}
