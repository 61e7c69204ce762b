// Folds under a viewer. A panel's module and what it is told come, and the panel is made, when its fold is opened for the first
// time.
//
//   foldsOf([[name, title], …], host, given, load) → {open(name)}      given: see app/panels; `own` is what this panel is told;
//   load: async name → its module; open: async → what a panel returned, its fold open

import {make} from "./parts.js";

const AGAIN = "This part did not come: load the page again.";

export function foldsOf(list, host, given, load) {
  const loads = {};
  host.replaceChildren(
    ...list.map(([name, title]) => {
      const fold = make("details", {class: "vw-fold", "data-panel": name}),
        inside = make("div", {class: "vw-fold-in"});
      fold.append(Object.assign(make("summary"), {textContent: title}), inside);
      const there = async () => {
        const both = await Promise.all([load(name), given.server.own(name)]).catch(() => null);
        if (both) return both[0].panel(inside, {...given, own: JSON.parse(both[1])});
        inside.textContent = AGAIN;
      };
      let made = null;
      loads[name] = () => (made ??= there());
      fold.ontoggle = async () => {
        if (fold.open) loads[name]();
        (await made)?.toggled?.(fold.open);
      };
      return fold;
    }),
  );
  return {
    open(name) {
      host.querySelector(`[data-panel=${name}]`).open = true;
      return loads[name]();
    },
  };
}
