// The current frame as the network sees it, with one map over it: of a stage or block, of a prompt or of all. A is beside it. It
// leads a viewer: what is found in the frame stands at its side, and what it was made of below.

import {picture} from "../base/asking.js";
import {trio, VERSUS} from "../base/compare.js";
import {COLOURS, fit} from "../base/drawing.js";
import {CAMERA, STRIP} from "../base/frames.js";
import {icon} from "../base/icons.js";
import {paintLight} from "../base/light.js";
import {cellEdge, inkOn, SCALES, scaleBar, slice} from "../base/maps.js";
import {middleOf, overlaid, toolKeys, toolsOf} from "../base/overlaid.js";
import {overlayButtons, PICTURE, still} from "../base/parts.js";
import {currentOf, frameOf, outlines, tallOf, thingsIn} from "../base/things.js";
import {number, OTHER_VALUES, pretty, safe} from "../base/words.js";
import {apartOf} from "./Pictures_apart.js";
import {isMap, layerOf, layerOfExtra, placeIn} from "./Pictures_maps.js";
import {promptOf, whoseOf} from "./PromptScores.js";

export const look = "vw-stage";
export const region = "picture";
export const frame = {
  look: "sp",
  markup: `
  <div class="vw-wide-screen"><div class="sp-top"><template data-region="picture"></template><template data-region="found"></template></div>
  ${VERSUS}
  <div class="sp-section"><h4>Frames of the clip <small>— click one to make it the current frame (← →)</small></h4>
    <div class="vw-line" tabindex="-1">${STRIP}</div>${CAMERA}</div>
  <template data-region="rest"></template></div>
  <div class="sp-cards"><div><template data-region="cards"></template></div><template data-region="aside"></template></div>`,
};
const MARKUP = `
      <h4 class="vw-title"></h4>
      ${trio(PICTURE)}
      <div class="vw-row">
        <div class="vw-kinds" role="radiogroup" aria-label="Overlay"></div>
        <div class="sp-steps"><button class="vw-prev" aria-label="Previous block or stage" title="previous block or stage (B)">${icon("back")}</button><output class="vw-place"></output>
          <button class="vw-next" aria-label="Next block or stage" title="next block or stage (b)">${icon("forward")}</button></div>
      </div>
      <div class="vw-row">${toolsOf("frames")}
      </div>
      <div class="vw-bar"></div>
      <div class="vw-reading" aria-live="polite"></div>`;
const LETTERS = ["c", "x", "v", "w", "y"]; // of its overlays, in their order

export function figure(host, {outputs, cursor, shell}) {
  host.innerHTML = MARKUP;
  const $ = name => host.querySelector(`.vw-${name}`),
    {extra} = shell,
    overlays = outputs.filter(isMap),
    shown = outputs.filter(one => one.kind === "Pictures"),
    gridOf = map => map && [map.rows, map.columns],
    tools = overlaid(host, ["canvas", "canvas-a", "canvas-d"].map($), shell, () => B && gridOf(over()), {support: null});
  cursor.put({overlay: overlays[0]?.stage ?? "none", places: {}}); // places: stage → which of its maps
  let B = null,
    A = null,
    decoded = new Map(); // URL → picture, of the last run

  // what is shown already is not decoded again
  async function ready(trace) {
    const urls = shown.flatMap(one => Object.entries(trace.values[one.stage]?.frames ?? {})),
      made = await Promise.all(urls.map(async ([t, url]) => [t, url, decoded.get(url) ?? (await picture(url))]));
    decoded = new Map(made.map(([, url, image]) => [url, image]));
    return {pictures: Object.fromEntries(made.map(([t, , image]) => [t, image]))};
  }

  // what lies over the picture of a side; what is peeked at, and an extra overlay, are of B
  function over(side = B, place) {
    const own = side === B,
      chosen = own ? (cursor.near ?? cursor.overlay) : cursor.overlay;
    if (chosen === extra.now()?.stage) return !own || extra.now().stale(B.trace) ? null : layerOfExtra(extra.now());
    return layerOf(
      side,
      overlays.find(one => one.stage === chosen),
      place ?? cursor.places[chosen],
      promptOf(cursor),
    );
  }

  // A side's current frame, what lies over it, and what is there. → the same in words
  function paint(canvas, side, map, patch, width) {
    const {clip, images} = side,
      t = currentOf(side, shell),
      height = tallOf(clip, width),
      pen = fit(canvas, width, height),
      things = thingsIn(clip, t);
    pen.imageSmoothingQuality = "high";
    pen.drawImage(frameOf(side, t), 0, 0, width, height);
    if (map?.one.paint && !cursor.bare) map.one.paint(pen, t, width, height, cursor.strength);
    else if (map && !cursor.bare)
      paintLight(pen, inkOn(map.scale, map.full), i => map.value[i], [map.rows, map.columns], width, height, cursor.strength);
    if (things && !cursor.bare) outlines(pen, things, clip.truth.size, width, height, COLOURS.truth);
    if (patch && map) cellEdge(pen, patch, map.rows, map.columns, width, height);
    return `frame ${t + 1} of ${images.length}, ${doneTo(side)}; overlay: ${map ? `${map.one.title}, ${placeIn(map.map.at)}` : "none"}`;
  }
  const doneTo = ({trace}) => trace.values[shown[0].stage]?.done || "clean",
    pair = apartOf(host, {over, paint, promptOf, shell}),
    onFrame = () => (cursor.patch && cursor.support == null ? cursor.patch : null);

  function draw(side, pinned, changed) {
    [B, A] = [side, pinned];
    if (changed?.has("near")) still(host, cursor.near);
    tools.draw(changed);
    const map = over();
    if (onFrame() && map && (cursor.patch[0] >= map.rows || cursor.patch[1] >= map.columns)) cursor.set({patch: null});
    const width = shell.wide($("canvas").parentElement, 400);
    $("canvas").setAttribute("aria-label", paint($("canvas"), B, map, onFrame(), width));
    $("title").innerHTML =
      `<i>I<sub>t</sub></i> · frame ${currentOf(B, shell) + 1} of ${B.images.length} <small>— ${safe(doneTo(B))}</small>`;
    $("title").title = "the frame as the network sees it";
    $("place").textContent = map ? placeIn(map.map.at) : "";
    $("prev").disabled = !map || map.i === 0;
    $("next").disabled = !map || map.i === map.list.length - 1;
    $("bar").innerHTML = barOf(map);
    for (const button of $("kinds").children) button.setAttribute("aria-checked", button.dataset.stage === cursor.overlay);
    pair.stage(B, A);
    $("reading").innerHTML = reading(map);
  }

  function barOf(map) {
    if (!map) return cursor.overlay === extra.now()?.stage ? `${pretty(extra.now().symbol)}: ${OTHER_VALUES}` : "";
    const whose = map.one.kind === "PromptMaps" ? ` (${whoseOf(cursor)})` : "",
      unit = map.scale === SCALES.even ? map.scale.unit : safe(map.one.unit);
    return scaleBar(map.scale, map.full, cursor.strength, `${pretty(map.one.symbol)}, ${safe(map.one.title)}${whose}: ${unit}`);
  }

  const share = value => `${(100 * value).toPrecision(3)} %`;
  function reading(map) {
    const elsewhere = shell.memory.reading?.();
    if (elsewhere) return elsewhere;
    if (!cursor.patch) return "Point at the frame or at a support: the number behind a patch appears here.";
    if (!map) return "";
    const [row, column] = cursor.patch,
      i = row * map.columns + column,
      value = map.value[i],
      shared = map.scale === SCALES.share,
      where = [pretty(map.one.symbol), placeIn(map.map.at), `row ${row + 1}, column ${column + 1}`].filter(Boolean).join(", ");
    const each = Array.from({length: shared ? map.map.shape[0] : 0}, (_, q) => `P${q + 1} ${share(slice(map.map, q)[i])}`),
      unit =
        map.scale === SCALES.even
          ? " × an even share"
          : map.scale === SCALES.change || map.one.paint
            ? ` ${safe(map.one.measure ?? map.one.unit)}`
            : "";
    return `${where}: <b>${shared ? share(value) : number(value)}</b>${unit}${shared ? ` · ${each.join(", ")}` : ""}${pair.reading()}`;
  }

  // ---- moving about -------------------------------------------------------------------------------------------------

  const away = () => (onFrame() ? {patch: null} : {}), // the grid may be another
    choose = overlay => B && cursor.set({overlay, ...away()});
  function step(by) {
    const map = over();
    if (!map) return;
    const place = Math.max(0, Math.min(map.list.length - 1, map.i + by));
    cursor.set({places: {...cursor.places, [map.one.stage]: place}, ...away()});
  }
  // keys that go through the supports come back to the frame
  shell.memory.middle = () => cursor.set({support: null, patch: over() && middleOf(gridOf(over()))});

  function press(k, event) {
    if (event.shiftKey && cursor.support != null) return false; // the arrows are those of the supports
    const map = overlays[LETTERS.indexOf(k)];
    if (map) choose(map.stage);
    else if (k === "n") choose("none");
    else if (k === "e" && extra.now()) choose(extra.now().stage);
    else if (k === "b" || k === "B") step(k === "b" ? 1 : -1);
    else return tools.press(k, event);
    return true;
  }
  $("prev").onclick = () => step(-1);
  $("next").onclick = () => step(1);
  const layers = () => overlays.concat(extra.now() ?? []),
    kinds = () => overlayButtons($("kinds"), layers(), (i, one) => (one === extra.now() ? "e" : LETTERS[i]), "n", choose);
  kinds();

  return {
    draw,
    ready,
    point: tools.point,
    press,
    release: tools.release,
    keys: [
      ...overlays.map((one, i) => [LETTERS[i], `overlay: ${one.title}`]),
      ["n", "no overlay"],
      ["b B", "next, previous block or stage"],
      ...toolKeys("frames"),
      ["Esc", "let prompt, head and patch go"],
    ],
    overlays: () => overlays,
    extra() {
      kinds();
      cursor.put(away());
    },
    value({stage}) {
      const map = over();
      if (map?.one.stage !== stage || !onFrame()) return null;
      const [row, column] = cursor.patch;
      return {text: map.value[row * map.columns + column].toPrecision(4), because: placeIn(map.map.at)};
    },
    lit: ({kind}) => (kind === "Pictures" ? $("canvas").parentElement : null),
  };
}
