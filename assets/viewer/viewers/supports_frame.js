// The frame of the viewer of prompts and supports, and its keys.

import {PIN, trio, VERSUS} from "../base/compare.js";
import {EXAMPLES, FOOT, PICTURE} from "../base/parts.js";
import {ZOOM, ZOOM_KEYS} from "../base/zoom.js";
import {FOUND_A} from "./supports_pair.js";
import {THROUGH} from "./supports_through.js";

export const KEYS = [
  ["← →", "the frame before, after, as the current one (also , .)"],
  ["Home End", "first, last frame"],
  ["1 2 3 4 5", "lock a prompt"],
  ["0", "all prompts"],
  ["h H", "next, previous head"],
  ["c", "overlay: what the prompts changed"],
  ["x", "overlay: patches looking at prompts"],
  ["v", "overlay: prompts looking at patches"],
  ["n", "no overlay"],
  ["b B", "next, previous block or stage"],
  ["[ ]", "overlay weaker, stronger"],
  ["o", "hold to see the bare frames"],
  ["- +", "least score of a box"],
  ["s S", "point at the next, previous support (after the last: the frame)"],
  ["Shift + arrows", "point at a patch, and move to its neighbour"],
  ["Esc", "let prompt, head and patch go"],
  ZOOM_KEYS,
  ["p", "pin as A what is shown, or let A go"],
  ["?", "this help"],
];

export const TEMPLATE = `
<section class="vw sp" tabindex="0" aria-label="Viewer of prompts. Press question mark for the keys.">
  ${EXAMPLES}
  <div class="vw-banner sp-banner" role="note" hidden></div>
  <div class="sp-top">
    <div class="vw-stage">
      <h4 class="vw-title"></h4>
      ${trio(PICTURE)}
      <div class="vw-row">
        <div class="vw-kinds" role="radiogroup" aria-label="Overlay"></div>
        <div class="sp-steps"><button class="vw-prev" aria-label="Previous block or stage">‹</button><output class="vw-place"></output>
          <button class="vw-next" aria-label="Next block or stage">›</button></div>
      </div>
      <div class="vw-row">
        <label class="vw-opacity">opacity <input type="range" min="0" max="1" step="0.05" value="0.5" aria-label="Overlay opacity"></label>
        <button class="vw-peek" title="hold to see the bare frames (o)">peek</button>
        ${ZOOM}${PIN}
        <button class="vw-help-open" aria-label="Keys and help" title="keys (?)">?</button>
      </div>
      <div class="vw-bar"></div>
      <div class="vw-reading" aria-live="polite"></div>
    </div>
    <div class="vw-found sp-figure"></div><div class="vw-found sp-figure"></div>${FOUND_A}
    <label class="vw-least">boxes with a score ≥ <output></output><input type="range" min="0" max="1" step="0.05" value="0.3" aria-label="Least score of a box">
      <span class="vw-known"></span></label>
  </div>
  ${VERSUS}
  <div class="sp-section"><h4>Frames of the clip <small>— click one to make it the current frame (← →)</small></h4>
    <div class="vw-line" tabindex="-1"><div class="vw-strip" role="group" aria-label="All frames"></div></div></div>
  <div class="sp-section"><h4 class="vw-supports-title"></h4>
    <div class="vw-prompts" role="radiogroup" aria-label="Prompt"></div>
    <div class="vw-line vw-line2" tabindex="-1"><div class="vw-supports" role="group" aria-label="Support frames"></div></div>
    <div class="vw-bar vw-bar2"></div></div>
  <div class="sp-section"><h4>Heads <small class="vw-heads-title"></small></h4><div class="vw-heads" role="radiogroup" aria-label="Head"></div></div>
  ${THROUGH}
  <div class="sp-cards">
    <div><div class="vw-card"><h4>Likeness to the clean frame <small class="vw-likeness-state"></small></h4><div class="vw-likeness"></div><div class="sp-key"></div></div>
      <div class="vw-card"><h4>Shuffle the supports</h4><div class="vw-shuffle"></div></div></div>
    <div class="vw-card"><h4>What it costs</h4><div class="vw-cost sp-wide"></div></div>
  </div>
  ${FOOT}
</section>`;
