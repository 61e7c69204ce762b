// What is looked at, as it stands in the address (?errors=…): a link or a reload shows the same.

// said: text, or already read. start: every part with its usual value. Parts of another kind than that are not read: an address may be anybody's.
export function readAddress(said, start) {
  try {
    const found = typeof said === "object" ? (said ?? {}) : JSON.parse(said || "{}"),
      fits = ([name, value]) =>
        name in start && (start[name] === null ? Array.isArray(value) : typeof value === typeof start[name]);
    return Object.fromEntries(Object.entries(found).filter(fits));
  } catch {
    return {};
  }
}

export function writeAddress(state, start) {
  const differs = Object.entries(state).filter(([name, value]) => JSON.stringify(value) !== JSON.stringify(start[name])),
    here = new URL(location.href),
    own = [...here.searchParams].filter(([name]) => name.startsWith("__"));
  here.search = new URLSearchParams([...own, ["errors", JSON.stringify(Object.fromEntries(differs))]]);
  if (here.href !== location.href) history.replaceState(history.state, "", here);
}
