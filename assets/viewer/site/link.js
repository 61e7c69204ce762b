// The link of what is on the page, and reading it again: the query string that core/publish/link.py writes and reads, so that a
// link of the server's page opens the same here, and one that was made here opens there.
//
//   const links = linksOf(about, edits)
//   links.written({shown, frame, overlay, compared})      the query string, "" where it would be too long
//   links.writtenOf(plain)      the same of a view as JSON has it, whatever it is
//   links.read(text)      {view, notes}: the view of any text, and a sentence on each thing that was not understood
//
// a setting (shown, compared)   {method, clip, frames, knobs: {name: value}, texts, edits, moment}
// about   {version, method, digest, knobs: as declared, ends: {knob: the most with these weights}, ways: settings that run here,
//         clips, frames: {default, span}, overlays, overlay: the usual one, texts, letters, longest, fields}
// edits   see edits.js

import {real} from "./checked.js";
import {readOf} from "./link_read.js";

// As Python quotes a field of a form
const quoted = text =>
  encodeURIComponent(text)
    .replace(/[!'()*]/g, one => `%${one.charCodeAt(0).toString(16).toUpperCase()}`)
    .replaceAll("%20", "+");
const open = text => quoted(text).replace(/%2C/g, ",").replace(/%3A/g, ":");

export function linksOf(about, edits) {
  const short = (value, kind) => (typeof value === "boolean" ? String(+value) : kind === "real" ? real(value) : String(value));
  const edited = ({name, ...settings}) => {
    const {knobs} = edits.declared.find(one => one.name === name);
    return [name, ...knobs.map(one => `${one.name}:${short(settings[one.name], one.kind)}`)].join(",");
  };
  const moment = (now, before) =>
    JSON.stringify(now) === JSON.stringify(before)
      ? []
      : [
          ["s", now.length ? real(now[0]) : ""],
          ["u", now.length ? real(now[1]) : ""],
        ];

  function pairsOf({method, clip, frames, knobs}, length) {
    const turned = about.knobs.filter(one => knobs[one.name] !== one.default);
    return [
      ["m", method],
      ["c", clip],
      ...(frames === length ? [] : [["n", frames]]),
      ...turned.map(one => [`k.${one.name}`, short(knobs[one.name], one.kind)]),
    ];
  }

  function besides(other, shown) {
    const same = name => JSON.stringify(other[name]) === JSON.stringify(shown[name]),
      made = [["d", about.digest], ...pairsOf(other, shown.frames), ...moment(other.moment, shown.moment)];
    if (!same("edits")) made.push(...(other.edits.length ? other.edits.map(one => ["e", edited(one)]) : [["e", ""]]));
    if (!same("texts")) made.push(...(other.texts.length ? other.texts : [""]).map(text => ["y", text]));
    return made.map(([name, value]) => [`b.${name}`, value]);
  }

  function written({shown, frame, overlay, compared}) {
    const pairs = [["v", about.version], ["d", about.digest], ...pairsOf(shown, about.frames.default)];
    pairs.push(...moment(shown.moment, []), ...shown.edits.map(one => ["e", edited(one)]));
    pairs.push(...shown.texts.map(text => ["y", text]));
    if (frame) pairs.push(["f", frame + 1]);
    if (overlay !== about.overlay) pairs.push(["o", overlay]);
    if (compared) pairs.push(...besides(compared, shown));
    const made = pairs
      .map(([name, value]) => `${quoted(name)}=${/^(b\.)?e$/.test(name) ? open(String(value)) : quoted(String(value))}`)
      .join("&");
    return made.length > about.longest ? "" : made;
  }

  // Field by field and unchecked: `read` checks it
  function writtenOf(plain) {
    const list = value => (Array.isArray(value) ? value : []),
      text = value => (typeof value === "boolean" ? String(+value) : String(value)),
      edit = one =>
        [
          one?.name,
          ...Object.entries(one ?? {})
            .filter(([name]) => name !== "name")
            .map(([name, value]) => `${name}:${text(value)}`),
        ].join(",");
    const pairs = one => [
      ["m", one.method],
      ["c", one.clip],
      ["n", one.frames],
      ...Object.entries(one.knobs ?? {}).map(([name, value]) => [`k.${name}`, text(value)]),
      ...list(one.edits).map(each => ["e", edit(each)]),
      ...list(one.texts).map(each => ["y", each]),
    ];
    const {compared} = plain ?? {},
      all = [["v", plain?.version], ...pairs(plain ?? {}), ["f", plain?.frame + 1], ["o", plain?.overlay]];
    if (compared) all.push(...pairs(compared).map(([name, value]) => [`b.${name}`, value]));
    return all
      .filter(([, value]) => value !== undefined && value !== null)
      .map(([name, value]) => `${quoted(name)}=${quoted(String(value))}`)
      .join("&");
  }

  return {written, writtenOf, read: readOf(about, edits), overlay: about.overlay};
}
