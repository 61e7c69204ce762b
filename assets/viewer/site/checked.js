// Values of knobs, as core/knobs.py checks them, and with its sentences.
//
//   checked(knob, value)    the value, or an Error's sentence      knob: {name, symbol, kind, default, span}
//   settingsOf(knobs, given)    {name: value} of all, what is not given at its default
//   python(value)    as Python writes it

export const python = value =>
  value === null || value === undefined
    ? "None"
    : value === true
      ? "True"
      : value === false
        ? "False"
        : typeof value === "string"
          ? `'${value}'`
          : `${value}`;

// Of a real number, which Python tells from a whole one
export const real = value => (Number.isInteger(value) ? `${value}.0` : `${value}`);

export function checked(one, value) {
  const told = `${one.symbol} (${one.name})`;
  if (one.kind === "switch") {
    if (typeof value !== "boolean") throw new Error(`${told} is on or off (True or False), got ${python(value)}.`);
    return value;
  }
  if (one.kind === "choice") {
    if (!one.span.includes(value)) throw new Error(`${told} is one of ${one.span.join(", ")}, got ${python(value)}.`);
    return value;
  }
  const [low, high] = one.kind === "real" ? one.span.map(real) : one.span;
  if (typeof value !== "number" || !Number.isFinite(value))
    throw new Error(`${told} is a number from ${low} to ${high}, got ${python(value)}.`);
  if (one.kind === "whole" && !Number.isInteger(value))
    throw new Error(`${told} is a whole number from ${low} to ${high}, got ${value}.`);
  if (!(one.span[0] <= value && value <= one.span[1])) throw new Error(`${told} is ${low} to ${high}, got ${value}.`);
  return one.kind === "whole" ? value : +value.toPrecision(12);
}

export function settingsOf(knobs, given) {
  for (const name of Object.keys(given))
    if (!knobs.some(one => one.name === name))
      throw new Error(`There is no knob ${python(name)}. The knobs are ${knobs.map(one => one.name).join(", ")}.`);
  return Object.fromEntries(knobs.map(one => [one.name, checked(one, one.name in given ? given[one.name] : one.default)]));
}
