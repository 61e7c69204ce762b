// A file that was made, handed to the browser.

import {bytes} from "./drawing.js";
import {make} from "./parts.js";

// data: base64
export const save = ({name, type, data}) => saved(name, new Blob([bytes(data)], {type}));

export function saved(name, blob) {
  const link = make("a", {download: name});
  link.href = URL.createObjectURL(blob);
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}
