// A file that the server made, handed to the browser.

import {bytes} from "./drawing.js";
import {make} from "./parts.js";

// data: base64
export function save({name, type, data}) {
  const link = make("a", {download: name});
  link.href = URL.createObjectURL(new Blob([bytes(data)], {type}));
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}
