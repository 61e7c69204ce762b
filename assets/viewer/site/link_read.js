// Reading a link: the view that any text says, and a sentence on each thing that was not understood.
//
//   const read = readOf(about, edits);      about, edits: as linksOf has them
//   read(text)      {view, notes}

import {checked, python} from "./checked.js";

const NOTES = 12; // said at once
const LETTERS = {
  v: "version",
  d: "digest",
  m: "method",
  c: "clip",
  n: "frames",
  f: "frame",
  o: "overlay",
  q: "question",
  s: "start",
  u: "end",
};
const OWN = /^(__.*|tour|present)$/; // a page's own fields

// What somebody else wrote, harmless wherever it is shown
const echo = value => {
  const text = String(value),
    plain = [...text.slice(0, 24)].map(one => (/[\p{L}\p{N} _.,-]/u.test(one) ? one : "·")).join("");
  return `“${plain}${text.length > 24 ? "…" : ""}”`;
};
const wholeOf = text => (/^\d{1,9}$/.test(text ?? "") ? +text : null);
const numberOf = text => {
  if (!/^\s*[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?\s*$/i.test(text)) throw new Error(`got ${text}`);
  return +text;
};

export function readOf(about, edits) {
  const knobOf = Object.fromEntries(about.knobs.map(one => [one.name, one])),
    usual = Object.fromEntries(about.knobs.map(one => [one.name, one.default]));

  function knobsOf(given, length, notes) {
    const made = {...usual};
    for (const [name, text] of Object.entries(given)) {
      const one = knobOf[name];
      if (!one) {
        notes.push(`${about.method} has no knob ${echo(name)}.`);
        continue;
      }
      try {
        const value = one.kind === "choice" ? text : one.kind === "switch" ? {1: true, 0: false}[text] : numberOf(text);
        made[name] = checked(one, value);
        if (one.kind === "whole") made[name] -= (made[name] - one.span[0]) % one.span[2];
      } catch {
        const allowed =
          one.kind === "switch"
            ? "on or off (1 or 0)"
            : one.kind === "choice"
              ? `one of ${one.span.join(", ")}`
              : `${one.kind === "whole" ? "a whole number" : "a number"} from ${one.span[0]} to ${one.span[1]}`;
        notes.push(`${one.symbol} (${name}) is ${allowed}, got ${echo(text)}: it is ${python(one.default)}.`);
      }
    }
    const ends = {...about.ends, ...("t" in knobOf ? {t: length} : {})};
    for (const [name, most] of Object.entries(ends))
      if (made[name] > most) {
        if (name in given) notes.push(`${knobOf[name].symbol} (${name}) goes up to ${most} here, so it is ${most}.`);
        made[name] = most;
      }
    return runnable(made, notes);
  }

  // A setting that no way runs is another one's as far as it goes
  function runnable(made, notes) {
    const fits = way => Object.entries(way).every(([name, value]) => made[name] === value);
    if (about.ways.some(fits)) return made;
    const like = way => Object.entries(way).filter(([name, value]) => made[name] === value).length,
      best = about.ways.reduce((one, other) => (like(other) > like(one) ? other : one));
    for (const [name, value] of Object.entries(best))
      if (made[name] !== value)
        notes.push(
          `${knobOf[name].symbol} (${name}) needs Python here: it is ${value === false ? "off" : value === true ? "on" : value}.`,
        );
    return {...made, ...best};
  }

  function editsIn(given, frames, notes) {
    let made = [];
    for (const [place, text] of given.entries())
      try {
        const [name, ...settings] = text.split(","),
          kinds = Object.fromEntries(edits.declared.find(one => one.name === name).knobs.map(one => [one.name, one.kind])),
          values = settings.map(one => {
            const [key, ...rest] = one.split(":"),
              value = rest.join(":");
            return [key, kinds[key] === "choice" ? value : numberOf(value)];
          }),
          more = [...made, {name, ...Object.fromEntries(values)}];
        edits.left(more, frames);
        made = more;
      } catch {
        notes.push(
          `Edit ${place + 1} of the clip, ${echo(text.split(",")[0])}, is not understood or cannot be done, and left out.`,
        );
      }
    return edits.checked(made);
  }

  function settingOf(given, beside, notes) {
    const {knobs = {}, digest = about.digest} = given;
    if (given.method && given.method !== about.method)
      notes.push(`This page shows ${about.method}, not ${echo(given.method)}.`);
    if (digest !== about.digest)
      notes.push(`Defaults of ${about.method} have changed since this link was made; knobs it does not name have today's.`);
    let clip = given.clip ?? beside?.clip ?? about.clips[0],
      moment = "start" in given || "end" in given ? momentOf(given, notes) : (beside?.moment ?? []);
    if (!about.clips.includes(clip)) {
      const shown = beside?.clip ?? about.clips[0];
      notes.push(`The clip ${echo(clip)} is not here, and ${shown} is shown. If it is your own, bring its file again.`);
      [clip, moment] = [shown, []];
    }
    let frames = beside?.frames ?? about.frames.default;
    if ("frames" in given) {
      const [low, high] = about.frames.span,
        wanted = wholeOf(given.frames);
      if (wanted === null || wanted < low || wanted > high)
        notes.push(`T (frames) is a whole number from ${low} to ${high}, got ${echo(given.frames)}: it is ${frames}.`);
      else if (wanted !== about.frames.default)
        notes.push(`${wanted} frames of this clip are read by Python only: ${about.frames.default} are shown.`);
      frames = about.frames.default;
    }
    if (moment.length) {
      notes.push("A part of this clip is read by Python only: all of it is shown.");
      moment = [];
    }
    const texts = given.texts ? textsOf(given.texts, notes) : (beside?.texts ?? null),
      list = given.edits ? editsIn(given.edits, frames, notes) : (beside?.edits ?? []);
    return {
      method: about.method,
      clip,
      frames,
      knobs: knobsOf(knobs, edits.left(list, frames), notes),
      texts: texts ?? [],
      edits: list,
      moment,
    };
  }

  function momentOf({start = "", end = ""}, notes) {
    if (!start && !end) return [];
    try {
      return [numberOf(start), numberOf(end)];
    } catch {
      notes.push("A moment is two numbers of seconds. All of it is read.");
      return [];
    }
  }

  function textsOf(given, notes) {
    const clean = given.map(one =>
        one
          .replace(/[\p{C}\p{Zl}\p{Zp}]/gu, " ")
          .trim()
          .split(/\s+/)
          .join(" "),
      ),
      made = clean.filter(one => one && one.length <= about.letters).slice(0, about.texts);
    if (made.length < given.length)
      notes.push(`Texts are up to ${about.texts} sentences of 1 to ${about.letters} characters: the others are left out.`);
    return made;
  }

  // field → value, of one setting and of the one that is compared
  function fields(text, notes) {
    const one = {knobs: {}},
      other = {knobs: {}},
      pairs = [...new URLSearchParams(text)];
    if (pairs.length > about.fields) {
      notes.push(`The link has more than ${about.fields} fields and was not read.`);
      return [one, other];
    }
    for (const [name, value] of pairs) {
      if (OWN.test(name)) continue;
      const [of, key] = name.startsWith("b.") ? [other, name.slice(2)] : [one, name];
      if (key === "y" || key === "e") (of[{y: "texts", e: "edits"}[key]] ??= []).push(...(value ? [value] : []));
      else if (key.startsWith("k.")) of.knobs[key.slice(2)] = value;
      else if (Object.hasOwn(LETTERS, key) && (of === one || "dmcnqsu".includes(key))) of[LETTERS[key]] = value;
      else notes.push(`The link's field ${echo(name)} is not known.`);
    }
    if (pairs.length && !("version" in one)) notes.push("The link does not say its version: it is read as today's.");
    return [one, other];
  }

  function read(text) {
    const notes = [];
    if (text.length > about.longest) {
      notes.push(`The link is longer than ${about.longest} characters and was not read.`);
      text = "";
    }
    const [one, other] = fields(text, notes),
      version = one.version ?? String(about.version);
    if (!wholeOf(version)) notes.push(`The version ${echo(version)} is not known: it is read as ${about.version}.`);
    else if (+version > about.version)
      notes.push(`This was made by a later version (${version}); what this page knows of it is shown.`);
    const shown = settingOf(one, null, notes),
      compared = JSON.stringify(other) === '{"knobs":{}}' ? null : settingOf(other, shown, notes),
      length = edits.left(shown.edits, shown.frames);
    let frame = "frame" in one ? (wholeOf(one.frame) ?? 0) - 1 : 0,
      overlay = one.overlay || about.overlay;
    if (frame < 0 || frame >= length) {
      notes.push(`The current frame is 1 to ${length}: the first is shown.`);
      frame = 0;
    }
    if (!about.overlays.includes(overlay)) {
      notes.push(`The overlay ${echo(overlay)} is not one of ${about.method}'s.`);
      overlay = about.overlay;
    }
    const more = notes.length - NOTES;
    return {
      view: {shown, frame, overlay, compared},
      notes: more > 0 ? [...notes.slice(0, NOTES), `${more} more things were not understood.`] : notes,
    };
  }
  return read;
}
