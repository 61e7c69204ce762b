// Values and filters as a reader sees them, and small elements whose words may be anybody's: they go in as text alone.

import {make} from "../base/parts.js";
import {number} from "../base/words.js";

export const text = (tag, words, attributes = {}) => Object.assign(make(tag, attributes), {textContent: words});
export const button = (words, does, attributes = {}) =>
  Object.assign(text("button", words, {type: "button", ...attributes}), {onclick: does});
export const percent = share => `${(100 * share).toFixed(1)} %`;
export const words = name => name.replace(/_/g, " ");

// A word that the page's glossary knows: page/glossary.js opens it there
export const glossed = (said, word = said) =>
  text("span", said, {class: "gl-word", role: "button", tabindex: "0", "data-word": word});

const NOTHING = "–";
export function worded(value, column) {
  if (value === null || value === undefined) return NOTHING;
  if (column?.name === "right") return value ? "right" : "wrong";
  if (typeof value === "boolean") return value ? "yes" : "no";
  if (Array.isArray(value)) return value.join(", ");
  return typeof value === "number" ? (Number.isInteger(value) ? String(value) : number(value)) : String(value);
}

// Which end of a value is bad → whether this one is shown as bad; of what is right or not alone
export const isBad = (value, column) => typeof value === "boolean" && column?.bad === (value ? "high" : "low");

export const FLIPS = {both: "both right", fixed: "A wrong, B right", broken: "A right, B wrong", neither: "both wrong"};
const SIGNS = {eq: "=", ne: "≠", lt: "<", le: "≤", gt: ">", ge: "≥", has: "has", in: "one of"};

// A filter in words
export function inWords(one, columns) {
  if (!Array.isArray(one)) return "any" in one ? "one of several" : "none of these";
  const [name, what, value] = one,
    column = columns.get(name);
  if (name === "beside") return FLIPS[value] ?? String(value);
  if (name === "cluster") return `group ${value} of the map`;
  if (name === "map") return "a part of the map";
  if (name === "thing") return thingInWords(value);
  if (name === "clip_id" && what === "in") return `${value.length} chosen clips`;
  if (what === "between") return `${words(name)} ${worded(value[0])} to ${worded(value[1])}`;
  if (what === "known") return `${words(name)} is ${value ? "" : "not "}known`;
  if (name === "right" && what === "eq") return worded(value, column);
  return `${words(name)} ${SIGNS[what] ?? what} ${worded(value, column)}`;
}

// A cell of a detector's confusion: [reader, {real, found}]
const thingInWords = ([reader, {real, found}]) =>
  `${real === null ? "nothing there" : real ? `${/^[aeiou]/i.test(real) ? "an" : "a"} ${real}` : "a thing"} ${
    found === null ? "missed" : found ? `found as ${found}` : "whatever it was found as"
  } (${words(reader)})`;
