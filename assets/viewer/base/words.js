// Numbers and symbols as a reader sees them.

export const OTHER_VALUES = "of other values than these; explain again";
export const number = value => +value.toPrecision(3) + "";
export const nice = value => {
  const ten = 10 ** Math.floor(Math.log10(value));
  return [1, 1.5, 2, 3, 4, 5, 6, 8, 10].find(k => k * ten >= value) * ten;
};
// Seconds as a clock shows them: 4:07, 1:00:00; what is not whole with a tenth
export const clock = seconds => {
  const tenths = Math.round(10 * seconds),
    [h, m, s] = [Math.floor(tenths / 36000), Math.floor(tenths / 600) % 60, Math.floor(tenths / 10) % 60],
    two = n => String(n).padStart(2, "0");
  return `${h ? `${h}:${two(m)}` : m}:${two(s)}${tenths % 10 ? `.${tenths % 10}` : ""}`;
};
export const safe = text => String(text).replace(/[&<>"']/g, one => `&#${one.charCodeAt(0)};`);
// W^s → W<sup>s</sup>, N_s → N<sub>s</sub>
export const pretty = symbol =>
  safe(symbol)
    .replace(/\^([\w\p{L}]+)/gu, "<sup>$1</sup>")
    .replace(/_([\w\p{L}]+)/gu, "<sub>$1</sub>");

// A method's own words, with what a figure knows in the place of {name}: a number as a reader sees it, or with {name:2} digits
// behind the point; a text; {markup} as it is. A line with a {name} that is null or false is left out; {name} that is true is
// nothing. → the lines that are left
export function linesOf(words, facts) {
  const holes = /\{([\w.]+)(?::(\d))?\}/g,
    there = line => [...line.matchAll(holes)].every(([, name]) => facts[name] !== null && facts[name] !== false);
  const said = (_, name, digits) => {
    const fact = facts[name];
    if (fact === true) return "";
    if (typeof fact === "number") return digits === undefined ? number(fact) : fact.toFixed(digits);
    return fact?.markup ?? safe(fact ?? `{${name}}`);
  };
  return (words ?? "")
    .split("\n")
    .filter(line => line && there(line))
    .map(line => line.replace(holes, said));
}

// What made a side, as {weights} and {beside} of a method's words
export const madeBy = side => ({
  weights: side.trace.weights.join(" · "),
  beside: side.trace.beside?.weights.join(" · ") ?? null,
});

// A heading; what stands in brackets at its end is small
export const heading = title => safe(title).replace(/ (\([^()]*\))$/, " <small>$1</small>");
