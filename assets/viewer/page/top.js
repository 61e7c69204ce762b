// The top of the page: the tour and the glossary, each behind its button and its key.

import {pageKeys} from "../base/parts.js";
import {glossary} from "./glossary.js";
import {tour} from "./tour.js";

export function top({element}, {keys, entries, steps}) {
  pageKeys.push(...keys);
  const part = name => element.querySelector(name);
  glossary(part(".gl-open"), entries);
  tour(part(".tour-open"), part(".tour-offer"), steps);
}
