// The clips that fit the filters, at A, as a file.

import {make} from "../base/parts.js";
import {save} from "../base/save.js";
import {button, text} from "./cells.js";

// forms: {how a file ends: what it is called}; ask: see workbench.js; many(): how many clips fit
export function takeAlong(box, {forms, ask, many}) {
  const form = make("select", {"aria-label": "As what"}),
    said = text("p", "", {class: "er-dim", role: "status"}),
    row = make("div", {class: "er-form"});
  form.append(...Object.entries(forms).map(([name, words]) => Object.assign(text("option", words), {value: name})));
  const go = button("export these clips", async () => {
    go.disabled = true;
    said.textContent = `writing ${many()} clips…`;
    const found = await ask("export", {form: form.value, who: crypto.randomUUID?.() ?? String(Math.random())});
    go.disabled = false;
    said.textContent = found?.name ? `${found.name}: ${found.clips} clips.` : "";
    if (found?.name) save(found);
  });
  go.className = "er-export";
  row.append(form, go);
  box.replaceChildren(row, said);
}
