// Keys of the tab, heard before the page's own, of which some are the same.

export const typing = one => one.matches?.("input:not([type=checkbox]), textarea, select, [contenteditable=true]");

// keys: key → what it does. digit(0 to 8): whether there is a tag of that place, which is then set or taken away. enter(): whether
// there is a clip to open
export function hearKeys(host, root, {keys, digit, enter}) {
  document.addEventListener(
    "keydown",
    event => {
      if (!host.offsetParent || event.ctrlKey || event.metaKey || event.altKey || document.querySelector("dialog[open]"))
        return;
      const {key, target} = event;
      if (key === "t" && document.querySelector(".tour:not([hidden])")) return; // back to the tour's card
      if (typing(target)) return void (key === "Escape" && root.contains(target) && target.blur());
      const opened = target.matches?.("[role=tab]") && !key.startsWith("Arrow"); // whoever came by its tab is on it still
      if (target !== document.body && !root.contains(target) && !opened) return;
      const onRow = target === document.body || target.matches("[data-id], .er-rows"),
        heard = (/^[1-9]$/.test(key) && digit(key - 1)) || (key === "Enter" && onRow && enter());
      if (!heard) {
        if (!keys[key]) return;
        keys[key]();
      }
      event.preventDefault();
      event.stopImmediatePropagation();
    },
    true,
  );
}
