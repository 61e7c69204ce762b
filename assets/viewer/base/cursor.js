// What a reader looks at: one object that all figures of a viewer read and subscribe to, so that they never disagree.
//
//   cursor.frame, cursor.patch, …   the fields, to read; null where nothing is pointed at
//   cursor.set({patch: [3, 4]})     moves it and tells every subscriber which fields are others now; → whether any is
//   cursor.on(changed => …)         subscribes; changed: a Set of names. → a function that ends it
//   cursor.put({…})                 the same as `set` without telling: for who draws everything right after
//
//   frame     of the clip, from 0. Figures that step call `shell.go(t)`, which turns a knob where the frame is one
//   patch     [row, column] of the frame's grid          last      the last patch, which a panel still speaks of
//   gap       between frames `gap` and `gap + 1`         overlay   a stage whose map lies over the frame, or "none"
//   near      a stage that is peeked at for a moment     strength  of overlays, 0–1
//   bare      whether overlays are held away             prompt, head, word, segment, …   as figures need them
//
// A field that several figures share keeps its name here; what only one figure knows is the figure's own.

const same = (a, b) => a === b || (typeof a === "object" && typeof b === "object" && JSON.stringify(a) === JSON.stringify(b));

export function cursorOf(start) {
  const subscribers = new Set(),
    cursor = {...start};
  const put = given => {
    const changed = new Set(Object.keys(given).filter(name => !same(cursor[name], given[name])));
    for (const name of changed) cursor[name] = given[name];
    return changed;
  };
  return Object.assign(cursor, {
    put,
    set(given) {
      const changed = put(given);
      if (changed.size) for (const tell of subscribers) tell(changed);
      return changed.size > 0;
    },
    on(tell) {
      subscribers.add(tell);
      return () => subscribers.delete(tell);
    },
  });
}
