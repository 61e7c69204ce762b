// The notebook under the page (page/notebook.js), where no server is: what it asks for is answered in this browser. Its cells are
// those of the server's page, so that a JSON of them opens in both.
//
//   const keep = keeping(host, {links, address, answers, request, view, data, opened})      see page.js
//   keep({values, stamp, state})      keeps what is shown

import {drawn, png} from "../base/drawn.js";
import {b64} from "../base/pack.js";
import {cellsIn} from "../page/notebook.js";
import {numbersOf} from "./take.js";

const SIGNATURE = [137, 80, 78, 71, 13, 10, 26, 10], // of a PNG
  SHRINK = [1, 0.7, 0.5, 0.35]; // of a picture that would be too large

const said = value => (value === true ? "on" : value === false ? "off" : String(value).replaceAll("_", " "));

export function keeping(host, {links, address, answers, request, view, data, opened}) {
  const {kept: limits, link: about} = data;

  // a view as core/publish/view.py writes it
  function plainOf(text) {
    const {shown, frame, overlay, compared} = links.read(text).view,
      whole = one => one && {...one, question: ""};
    return {version: about.version, ...whole(shown), frame, overlay, compared: whole(compared), note: ""};
  }

  const turnedOf = (setting, beside) =>
    about.knobs
      .filter(one => setting.knobs[one.name] !== (beside ? beside.knobs[one.name] : one.default))
      .map(one => `${one.plain} = ${said(setting.knobs[one.name])}`);

  // what a cell says in words
  function worded({view: plain, numbers}, text) {
    const {compared} = plain,
      overlay = data.about.outputs.find(one => one.stage === plain.overlay);
    return {
      title: `${data.short} on ${plain.clip}, frame ${plain.frame + 1}${compared ? ", against another setting" : ""}`,
      alt: `${overlay?.title ?? "frames"} over ${plain.frames} frames of ${plain.clip}`,
      turned: turnedOf(plain),
      compared: compared ? turnedOf(compared, plain) : [],
      clip: `${plain.clip}, ${plain.frames} frames`,
      edits: plain.edits.map(one => one.name).join(", "),
      texts: plain.texts,
      names: Object.fromEntries(
        data.about.outputs.filter(one => one.stage in numbers).map(one => [one.stage, `${one.symbol}, ${one.title}`]),
      ),
      python: "",
      link: text,
    };
  }

  async function pictured() {
    const text = drawn(document.querySelector("#site-viewer .vw"), "kept");
    for (const scale of SHRINK) {
      const made = await png(text, scale);
      if (made.size <= limits.picture) return b64(new Uint8Array(await made.arrayBuffer()));
    }
    throw new Error("This picture is too large to be kept.");
  }

  async function keep() {
    const text = address.query(),
      {values, trace} = await answers.whole(request()),
      rows = Object.entries(data.outputs).filter(
        ([stage, one]) => stage in values && one.over.length === 1 && one.value !== "box",
      ),
      numbers = Object.fromEntries(
        rows.map(([stage]) => [stage, numbersOf(values[stage])]).filter(([, row]) => row && row.length <= limits.few),
      ),
      cell = {
        view: plainOf(text),
        weights: Object.fromEntries(trace.weights.map((label, i) => [`network ${i + 1}`, label])),
        numbers,
        models: {},
        precision: "float32",
        picture: await pictured(),
      };
    return {cells: [{...cell, told: worded(cell, text)}], notes: []};
  }

  // somebody's JSON: every view by the same checks as a link, every picture by what it is
  function read(text) {
    const all = JSON.parse(text),
      notes = [],
      cells = [];
    if (all?.what !== "kept cells" || !Array.isArray(all.cells)) throw new Error("These are no kept cells.");
    for (const [place, one] of all.cells.entries()) {
      const link = links.writtenOf(one.view),
        good =
          typeof one.picture === "string" &&
          one.picture.length < 1.4 * limits.picture &&
          SIGNATURE.every((byte, i) => atob(one.picture.slice(0, 12)).charCodeAt(i) === byte);
      if (!good || one.view?.method !== data.method) {
        notes.push(
          `Cell ${place + 1}: ${good ? `it is of another method than ${data.short}` : "its picture is none"}, and it is left out.`,
        );
        continue;
      }
      notes.push(...links.read(link).notes.map(note => `Cell ${place + 1}: ${note}`));
      const rows = Object.entries(one.numbers ?? {}).filter(
          ([stage, row]) => stage in data.outputs && Array.isArray(row) && row.every(Number.isFinite),
        ),
        cell = {
          view: {...plainOf(link), note: String(one.view.note ?? "").slice(0, limits.note)},
          weights: {},
          numbers: Object.fromEntries(rows),
          models: {},
          precision: "",
          picture: one.picture,
        };
      cells.push({...cell, told: worded(cell, link)});
    }
    return {cells, notes};
  }

  const write = ({text}) => {
    const raw = new TextEncoder().encode(text);
    return {name: "kept.json", type: "application/json", data: b64(raw), cells: JSON.parse(text).cells.length, notes: []};
  };

  const answered = work => async given => {
    try {
      return JSON.stringify(await work(given));
    } catch (wrong) {
      return JSON.stringify({error: wrong.message});
    }
  };
  cellsIn(
    host,
    {forms: ["JSON"], cells: limits.cells, bytes: limits.bytes, note: limits.note, figure: null, present: false},
    {
      keep: answered(keep),
      read: answered(read),
      write: answered(write),
      async reopen({view: text, link}) {
        const {method} = JSON.parse(text),
          other = about.others[method];
        if (other?.page) location.assign(new URL(`${other.page}#${link}`, document.baseURI));
        else await opened(links.read(link).view);
      },
      server: {},
    },
  );
  return detail =>
    document.dispatchEvent(new CustomEvent("keep", {detail: {...detail, method: data.method, state: view.state()}}));
}
