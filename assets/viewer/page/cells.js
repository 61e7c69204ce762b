// Kept cells: their order, undo and redo, and where they live: in this browser's own storage (IndexedDB) and nowhere else.
//
//   const kept = await keptCells(changed)     changed() is called when they are others than before
//   kept.cells      in order: {id, view, weights, numbers, models, precision, picture, told, handle}; never changed in place
//   kept.put(cells, step)      other cells: undone at once, but for steps of the same name that follow one another
//   kept.undo()  kept.redo()   → whether there was anything;  kept.can → {undo, redo}
//   kept.trouble               why a reload will lose them, or ""
//
// Two windows of one browser share them: each writes what it changed, and reads again what the other wrote.

const DATABASE = "video-prompt-explorer",
  STORES = ["cells", "pictures", "order"],
  STEPS = 200;
const NO_STORAGE = "This browser gives the page no storage (a private window?): what is kept is lost when the page is closed.";
const NO_ROOM = "The browser's storage is full or refused: what is new is lost when the page is closed. Export it as JSON.";

export async function keptCells(changed) {
  const base = await opened().catch(() => null),
    others = "BroadcastChannel" in window && new BroadcastChannel(DATABASE);
  let past = [],
    future = [],
    last = null;
  const kept = {
    cells: [],
    trouble: base ? "" : NO_STORAGE,
    put,
    undo,
    redo,
    get can() {
      return {undo: !!past.length, redo: !!future.length};
    },
  };

  async function load() {
    const of = name => done(base.transaction(name).objectStore(name).getAll());
    const [cells, pictures, [order = []]] = await Promise.all(STORES.map(of));
    const picture = new Map(pictures),
      place = new Map(order.map((id, i) => [id, i]));
    const at = one => place.get(one.id) ?? order.length; // what another window kept stands last
    kept.cells = cells
      .map(one => ({...one, picture: picture.get(one.id)}))
      .filter(one => one.picture)
      .sort((a, b) => at(a) - at(b));
  }

  function save(before, now) {
    if (!base) return;
    const had = new Map(before.map(one => [one.id, one])),
      has = new Set(now.map(one => one.id));
    try {
      const all = base.transaction(STORES, "readwrite"),
        [cells, pictures, order] = STORES.map(name => all.objectStore(name));
      for (const {picture, ...one} of now) {
        if (!had.has(one.id)) pictures.put([one.id, picture], one.id);
        if (had.get(one.id)?.view !== one.view) cells.put(one, one.id);
      }
      for (const id of had.keys())
        if (!has.has(id)) {
          cells.delete(id);
          pictures.delete(id);
        }
      order.put([...has], "order");
      all.oncomplete = () => {
        kept.trouble = "";
        if (others) others.postMessage("changed");
      };
      all.onabort = all.onerror = () => {
        kept.trouble = NO_ROOM;
        changed();
      };
    } catch {
      kept.trouble = NO_ROOM;
    }
  }

  function become(cells) {
    const before = kept.cells;
    kept.cells = cells;
    save(before, cells);
    changed();
  }
  function put(cells, step = null) {
    if (step === null || step !== last) past.push(kept.cells);
    if (past.length > STEPS) past.shift();
    [last, future] = [step, []];
    become(cells);
  }
  function undo() {
    if (!past.length) return false;
    future.push(kept.cells);
    last = null;
    become(past.pop());
    return true;
  }
  function redo() {
    if (!future.length) return false;
    past.push(kept.cells);
    last = null;
    become(future.pop());
    return true;
  }

  if (base)
    await load().catch(() => {
      kept.trouble = NO_STORAGE;
    });
  if (base && others)
    others.onmessage = async () => {
      await load();
      [past, future, last] = [[], [], null]; // a step back would take back what the other window did
      changed();
    };
  return kept;
}

const done = request =>
  new Promise((good, bad) => {
    request.onsuccess = () => good(request.result);
    request.onerror = request.onblocked = () => bad(request.error);
  });

async function opened() {
  // asking for it may already be refused
  const request = indexedDB.open(DATABASE, 1);
  request.onupgradeneeded = () => STORES.forEach(name => request.result.createObjectStore(name));
  return done(request);
}
