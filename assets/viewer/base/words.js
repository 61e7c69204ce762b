// Numbers and symbols as a reader sees them.

export const OTHER_VALUES = "of other values than these; explain again";
export const number = value => +value.toPrecision(3) + "";
export const nice = value => {
  const ten = 10 ** Math.floor(Math.log10(value));
  return [1, 1.5, 2, 3, 4, 5, 6, 8, 10].find(k => k * ten >= value) * ten;
};
export const safe = text => String(text).replace(/[&<>"']/g, one => `&#${one.charCodeAt(0)};`);
// W^s → W<sup>s</sup>, N_s → N<sub>s</sub>
export const pretty = symbol =>
  safe(symbol)
    .replace(/\^(\w+)/g, "<sup>$1</sup>")
    .replace(/_(\w+)/g, "<sub>$1</sub>");
