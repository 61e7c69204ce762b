// Buttons that save what is drawn, as SVG or PNG, and the numbers of the result, as JSON or CSV.
//
//   taking(host, {answers, request, data, address})      see page.js

import {drawn, png} from "../base/drawn.js";
import {make} from "../base/parts.js";
import {saved} from "../base/save.js";

const SCALE = 2, // dots of a PNG for each pixel of the page
  DIGITS = 6,
  PICTURES = ["SVG", "PNG"];

const short = value => (typeof value === "number" && !Number.isInteger(value) ? +value.toPrecision(DIGITS) : value);
const plainOf = value => (typeof value === "bigint" ? Number(value) : value);

// A result's numbers, list in list as its dimensions are, and part by part where it has parts; null where it holds none that can be
// told: of pictures and masks, nobody reads the pixels
export function numbersOf(result) {
  const nested = (data, [first, ...rest]) =>
    rest.length
      ? Array.from({length: first}, (_, i) => {
          const size = data.length / first;
          return nested(data.slice(i * size, (i + 1) * size), rest);
        })
      : Array.from(data, one => short(plainOf(one)));
  if (result?.data instanceof Uint8Array && result.dims.length > 2) return null;
  if (result?.constructor === Object && !result.dims)
    return Object.fromEntries(Object.entries(result).map(([part, one]) => [part, numbersOf(one)]));
  if (result?.dims) return result.dims.length ? nested(result.data, result.dims) : short(plainOf(result.data[0]));
  const row = [result].flat(3);
  return row.every(one => ["number", "string", "boolean"].includes(typeof one)) ? result : null;
}

// Every output of a run, with what it is
export function told({values, trace, request}, {data, address}) {
  const outputs = data.about.outputs.filter(one => one.stage in values && one.kind !== "TokenSequence");
  return {
    method: data.method,
    clip: request.values.clip.split("|")[0],
    frames: request.values.frames,
    knobs: trace.knobs,
    texts: request.values.texts,
    edits: JSON.parse(request.values.edits ?? "[]"),
    weights: trace.weights,
    link: address.query(),
    results: Object.fromEntries(
      outputs.map(({stage, symbol, title, unit}) => [
        stage,
        {symbol, title, unit, over: data.outputs[stage].over, values: numbersOf(values[stage])},
      ]),
    ),
  };
}

// One number a line: the result, where in it, counted from 1, and what stands there
export function rows({results}) {
  const lines = ["result,symbol,place,value"],
    quoted = text => (/[",\n]/.test(text) ? `"${String(text).replaceAll('"', '""')}"` : text);
  const add = (stage, symbol, value, place) => {
    if (Array.isArray(value)) value.forEach((one, i) => add(stage, symbol, one, [...place, i + 1]));
    else if (value?.constructor === Object)
      for (const [part, one] of Object.entries(value)) add(stage, symbol, one, [...place, part]);
    else if (value !== null) lines.push([stage, quoted(symbol), place.join(" "), quoted(value)].join(","));
  };
  for (const [stage, {symbol, values}] of Object.entries(results)) add(stage, symbol, values, []);
  return `${lines.join("\n")}\n`;
}

export function taking(host, {answers, request, data, address}) {
  const picture = () => drawn(document.querySelector("#site-viewer .vw"), `${data.about.title}: ${address.query()}`),
    numbers = async () => told(await answers.whole(request()), {data, address});
  const does = {
    SVG: async () => new Blob([picture()], {type: "image/svg+xml"}),
    PNG: async () => png(picture(), SCALE),
    JSON: async () => new Blob([JSON.stringify(await numbers(), null, 1)], {type: "application/json"}),
    CSV: async () => new Blob([rows(await numbers())], {type: "text/csv"}),
  };
  const said = make("span", {role: "status"});
  async function take(form, made) {
    const name = `${data.method}-${request().values.clip.split(" ")[0]}.${form.toLowerCase()}`;
    try {
      saved(name, await made());
      said.textContent = `${name} is saved.`;
    } catch (wrong) {
      said.textContent = wrong.message;
    }
  }
  host.append(
    Object.assign(make("span"), {textContent: "Save"}),
    ...Object.entries(does).map(([form, made]) => {
      const title = PICTURES.includes(form) ? "what is drawn, without its controls" : "the numbers of the result",
        button = make("button", {type: "button", title});
      return Object.assign(button, {textContent: form, onclick: () => take(form, made)});
    }),
    said,
  );
}
