// How a viewer asks the server, and what it lets through: the last value wins, whoever is answered first.

const HELD_CLIPS = 4;

// → update({clip, trace}): holds a few clips, asks for frames it has not, and lets nothing older than what is shown
// through. ready: async trace → what must be there before it is drawn. take: (trace, held clip, what is ready) → nothing.
// update.held: async key → a held clip, asked for if it has to be; null where nobody has it.
export function receiver({hooks, say, ready = async () => null, take}) {
  const clips = new Map(),
    coming = new Map(); // key → {clip, images}; key → the same, under way
  let wanted = null;

  async function hold(found) {
    const one = {clip: found, images: await Promise.all(found.frames.map(picture))};
    clips.set(found.key, one);
    if (clips.size > HELD_CLIPS) clips.delete(clips.keys().next().value);
    return one;
  }

  async function held(key) {
    if (clips.has(key)) return clips.get(key);
    const read = async () => {
      const found = await hooks.frames?.(key);
      return found ? hold(found) : null;
    };
    if (!coming.has(key))
      coming.set(
        key,
        read().finally(() => coming.delete(key)),
      );
    return coming.get(key);
  }

  async function update(next) {
    if (next.clip) await hold(next.clip);
    if (next.trace?.error) return say(next.trace.error);
    if (!next.trace || (wanted && next.trace.stamp < wanted.stamp)) return;
    wanted = next.trace;
    if (!clips.has(wanted.clip)) say("reading the clip…");
    const found = clips.get(wanted.clip) ?? (await held(wanted.clip));
    if (next.trace !== wanted) return; // a newer one came while the frames were on their way
    if (!found) return say("This clip is no longer held by the server: choose it again.");
    const made = ready.length ? await ready(next.trace) : null;
    if (next.trace === wanted) take(next.trace, found, made);
  }
  return Object.assign(update, {held});
}

// → ask(request): what comes at once; when that is painted, what takes longer; and after it, where a reader `wants` it, what
// reads the whole clip, or else, when nothing moves for a while, what fills the page's `idle` time. Of each one request at most
// is under way, and of those that wait the newest is kept: the last value has the last word. What takes longer is called off
// when newer values come. soon, later, whole: async request → a trace's text. far, stop, part: see `patience`. ask.whole(): that
// alone, of the values last drawn. ask.drawn(): these, null before any.
const IDLE = 600; // milliseconds in which nothing moved
export function asker($, {soon, later, whole, far, stop, part, wants = () => false, idle, update, say}) {
  const who = somebody(),
    stopped = run => {
      stop(run);
      say("Stopped. What still waits stays as it is until a knob moves or a word changes.");
    },
    waiting = patience($, far, stopped, who, part);
  const turn = new WeakMap(); // of a request: in which order
  let wanted = null,
    drawn = null,
    filling = false,
    refused = null,
    turns = 0;
  const show = async (kind, send, request) => {
    const text = await waiting(kind, send({...request, who})).catch(() => null);
    if (typeof text !== "string") return say("The server did not answer. What is shown is of the last values it knew.");
    const trace = JSON.parse(text);
    if (trace.cancelled) return;
    await update({trace});
    if (trace.error) refused = {request, why: trace.error};
    else if (refused && turn.get(request) < turn.get(refused.request))
      say(refused.why); // what is drawn is older than what was refused
    else refused = null;
    $("ledger").closest(".vw").classList.toggle("vw-refused", !!refused); // the picture is of other values than the knobs'
    return !trace.error;
  };
  const first = newest(async one => {
    if (await show("soon", soon, one.request)) drawn = one.request;
  });
  const rest = newest(one => show("later", later, one.request));
  const all = newest(one => show("whole", whole, one.request));
  async function ask(request) {
    turn.set((wanted = request), ++turns);
    if (rest.busy() || filling) stop?.({who, kind: "later"});
    if (all.busy()) stop?.({who, kind: "whole"});
    if (!(await first({request}))) return; // the call that is under way goes on with this one
    const last = wanted;
    await painted(); // the server's work would delay the browser's
    if (last !== wanted || !drawn || !(await rest({request: drawn})) || last !== wanted) return;
    if (wants()) return all({request: drawn});
    if (!idle) return;
    await new Promise(done => setTimeout(done, IDLE));
    if (last !== wanted || filling) return;
    filling = true;
    await idle({...drawn, who}, () => last === wanted).catch(() => null);
    filling = false;
  }
  return Object.assign(ask, {whole: () => all({request: drawn}), drawn: () => drawn});
}

export const somebody = () => crypto.randomUUID?.() ?? String(Math.random()); // whose runs they are, known to nobody else

// → waiting(kind, answer): the same answer; while it takes long, a line says how far it is and offers to stop.
// far: async {who, kind} → [stage, share done, what came since] or null. stop: {who, kind} → nothing. part: is given what came.
const LONG = 700,
  LOOK = 400; // milliseconds until the line is shown, and between two looks
export function patience($, far, stop, who, part = () => {}) {
  const open = new Map();
  async function look(kind) {
    const found = await far({who, kind}).catch(() => null);
    if (!open.has(kind)) return;
    if (found) {
      const [stage, done, made] = found,
        box = $("far");
      box.querySelector("span").textContent = `${stage || "starting"} · ${Math.round(100 * done)} %`;
      box.querySelector("progress").value = done;
      box.querySelector("button").onclick = () => stop({who, kind});
      box.hidden = false;
      if (made) part(made);
    }
    open.set(kind, setTimeout(look, LOOK, kind));
  }
  return async (kind, answer) => {
    if (far && $("far")) open.set(kind, setTimeout(look, LONG, kind));
    try {
      return await answer;
    } finally {
      clearTimeout(open.get(kind));
      open.delete(kind);
      if (!open.size && $("far")) $("far").hidden = true;
    }
  };
}

// The same work, one call after another; what waits is replaced by what comes. → whether this call did the work.
export function newest(work) {
  let next = null,
    busy = false;
  return Object.assign(
    async given => {
      next = given;
      if (busy) return false;
      busy = true;
      try {
        while (next) {
          const one = next;
          next = null;
          await work(one);
        }
      } finally {
        busy = false;
      }
      return true;
    },
    {busy: () => busy},
  );
}

// A page that is not seen paints nothing: no longer than a tenth of a second.
const painted = () =>
  Promise.race([
    new Promise(done => requestAnimationFrame(() => setTimeout(done))),
    new Promise(done => setTimeout(done, 100)),
  ]);

export async function picture(url) {
  const image = new Image();
  image.src = url;
  await image.decode();
  return image;
}

// What takes longer follows as a second run, and a preset is several events: runs with the same settings are one step of
// the ledger, for the later ones reuse what the first ran.
export function asOneStep(before, next) {
  const same = before && before.clip === next.clip && JSON.stringify(before.knobs) === JSON.stringify(next.knobs);
  const ran = same ? Object.entries(before.ledger).filter(([, told]) => told[0] !== null) : [];
  return {...next, ledger: {...next.ledger, ...Object.fromEntries(ran)}};
}
