// Which columns are shown, and choices of a menu.

import {make} from "../base/parts.js";
import {text, words} from "./cells.js";

export function options(select, pairs, value) {
  select.replaceChildren(...pairs.map(([name, said]) => Object.assign(text("option", said), {value: name})));
  select.value = value;
}

// shown: names. change(names)
export function drawChooser(box, columns, shown, change) {
  let now = shown;
  box.replaceChildren(
    ...[...columns.values()].map(one => {
      const label = make("label", {title: one.says}),
        check = Object.assign(make("input", {type: "checkbox"}), {checked: now.includes(one.name)});
      check.onchange = () => {
        now = [...now.filter(name => name !== one.name), ...(check.checked ? [one.name] : [])];
        change(now);
      };
      label.append(check, document.createTextNode(` ${words(one.name)}`));
      return label;
    }),
  );
}
