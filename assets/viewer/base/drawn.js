// What is drawn on the page, as one SVG that any program reads: texts stay texts, canvases become pictures, charts stay lines.
//
//   drawn(element, words)      its text; words: what it says to who does not see it
//   await png(text, scale)     the same as a Blob
//
// What is there to be clicked, and what is folded away, is left out.

import {safe} from "./words.js";

const LEFT_OUT = `script, style, dialog, input, select, textarea, progress, summary, kbd, [role=radiogroup], .vw-row, .vw-examples,
  .vw-ledger, .vw-fold, .vw-far, .vw-pipe, .vw-wait, .vw-card:has(.vw-empty:only-child)`;
const ROOM = 12; // pixels around it

const pixel = () => new OffscreenCanvas(1, 1).getContext("2d", {willReadFrequently: true});

// Any colour of CSS → [r, g, b, opacity]
function colours() {
  const pen = pixel(),
    known = new Map();
  return said => {
    if (!known.has(said)) {
      pen.clearRect(0, 0, 1, 1);
      pen.fillStyle = said;
      pen.fillRect(0, 0, 1, 1);
      const [r, g, b, a] = pen.getImageData(0, 0, 1, 1).data;
      known.set(said, [`rgb(${r},${g},${b})`, +(a / 255).toFixed(3)]);
    }
    return known.get(said);
  };
}

// Without them the rest moves together, for as long as it is read: nobody sees it
export function drawn(element, words) {
  const away = document.createElement("style");
  away.textContent = `[data-taken] :is(${LEFT_OUT}) { display: none !important; }`;
  document.head.append(away);
  element.dataset.taken = "";
  try {
    return asSvg(element, words);
  } finally {
    away.remove();
    delete element.dataset.taken;
  }
}

function asSvg(element, words) {
  const box = element.getBoundingClientRect(),
    colour = colours(),
    pen = pixel(),
    shades = [],
    made = [],
    n = value => +value.toFixed(2);
  let foot = 0;
  const at = rect => {
    foot = Math.max(foot, rect.bottom - box.top);
    return `x="${n(rect.left - box.left)}" y="${n(rect.top - box.top)}" width="${n(rect.width)}" height="${n(rect.height)}"`;
  };
  const filled = (name, said) => {
    const [rgb, opacity] = colour(said);
    return `${name}="${rgb}"${opacity < 1 ? ` ${name}-opacity="${opacity}"` : ""}`;
  };

  // background and border
  function plate(rect, style) {
    const round = parseFloat(style.borderTopLeftRadius) || 0,
      corner = round ? ` rx="${n(Math.min(round, rect.width / 2, rect.height / 2))}"` : "",
      sides = ["Top", "Right", "Bottom", "Left"].map(side => [
        parseFloat(style[`border${side}Width`]),
        style[`border${side}Color`],
        style[`border${side}Style`],
      ]),
      same = sides.every(one => one.join() === sides[0].join());
    if (colour(style.backgroundColor)[1]) made.push(`<rect ${at(rect)}${corner} ${filled("fill", style.backgroundColor)}/>`);
    const stops = style.backgroundImage.startsWith("linear-gradient(90deg")
      ? style.backgroundImage.match(/(rgba?|color)\([^)]*\)/g)
      : null;
    if (stops) {
      const parts = stops.map(
        (one, i) =>
          `<stop offset="${n(i / (stops.length - 1))}" ${filled("stop-color", one).replace("stop-color-opacity", "stop-opacity")}/>`,
      );
      shades.push(`<linearGradient id="shade${shades.length}">${parts.join("")}</linearGradient>`);
      made.push(`<rect ${at(rect)}${corner} fill="url(#shade${shades.length - 1})"/>`);
    }
    if (same && sides[0][0] && sides[0][2] !== "none" && colour(sides[0][1])[1])
      made.push(
        `<rect ${at(rect)}${corner} fill="none" ${filled("stroke", sides[0][1])} stroke-width="${sides[0][0]}"${sides[0][2] === "solid" ? "" : ' stroke-dasharray="2 2"'}/>`,
      );
    else if (!same)
      for (const [i, [width, ink, kind]] of sides.entries()) {
        if (!width || kind === "none" || !colour(ink)[1]) continue;
        const {left, right, top, bottom} = rect,
          [x, y, X, Y] = [
            [left, top, right, top],
            [right, top, right, bottom],
            [left, bottom, right, bottom],
            [left, top, left, bottom],
          ][i];
        made.push(
          `<line x1="${n(x - box.left)}" y1="${n(y - box.top)}" x2="${n(X - box.left)}" y2="${n(Y - box.top)}" ${filled("stroke", ink)} stroke-width="${width}"/>`,
        );
      }
  }

  // the lines of a text, where they are broken on the page
  function text(node, style) {
    const range = document.createRange(),
      lines = [];
    for (let i = 0; i < node.data.length; i++) {
      range.setStart(node, i);
      range.setEnd(node, i + 1);
      const [rect] = range.getClientRects(),
        last = lines.at(-1);
      if (!rect?.width) continue;
      if (last && Math.abs(last.top - rect.top) < rect.height / 2)
        Object.assign(last, {said: last.said + node.data[i], right: rect.right});
      else
        lines.push({
          said: node.data[i],
          left: rect.left,
          right: rect.right,
          top: rect.top,
          height: rect.height,
          bottom: rect.bottom,
        });
    }
    pen.font = `${style.fontStyle} ${style.fontWeight} ${style.fontSize} ${style.fontFamily}`;
    for (const {said, left, right, top, height, bottom} of lines) {
      if (!said.trim()) continue;
      const {fontBoundingBoxAscent: up, fontBoundingBoxDescent: down} = pen.measureText(said),
        base = top + (height - up - down) / 2 + up;
      foot = Math.max(foot, bottom - box.top);
      made.push(
        `<text x="${n(left - box.left)}" y="${n(base - box.top)}" textLength="${n(right - left)}" lengthAdjust="spacingAndGlyphs" ${filled("fill", style.color)} font-family="${safe(style.fontFamily.replaceAll('"', "'"))}" font-size="${style.fontSize}" font-weight="${style.fontWeight}" font-style="${style.fontStyle}" xml:space="preserve">${safe(said)}</text>`,
      );
    }
  }

  function chart(svg, rect) {
    const copy = svg.cloneNode(true);
    [svg, ...svg.querySelectorAll("*")].forEach((one, i) => {
      const style = getComputedStyle(one),
        other = i ? copy.querySelectorAll("*")[i - 1] : copy;
      for (const name of [
        "fill",
        "stroke",
        "stroke-width",
        "stroke-dasharray",
        "opacity",
        "font-size",
        "font-family",
        "font-style",
        "font-weight",
      ]) {
        const value = style.getPropertyValue(name);
        other.setAttribute(
          name,
          ["fill", "stroke"].includes(name) && value !== "none" && !value.startsWith("url") ? colour(value)[0] : value,
        );
      }
    });
    for (const [name, value] of [
      ["x", rect.left - box.left],
      ["y", rect.top - box.top],
      ["width", rect.width],
      ["height", rect.height],
    ])
      copy.setAttribute(name, n(value));
    for (const name of ["class", "style"]) copy.removeAttribute(name);
    at(rect);
    made.push(new XMLSerializer().serializeToString(copy));
  }

  function walk(one) {
    const style = getComputedStyle(one);
    if (style.display === "none" || style.visibility === "hidden" || style.opacity === "0") return;
    const rect = one.getBoundingClientRect(),
      pale = +style.opacity < 1;
    if (pale) made.push(`<g opacity="${style.opacity}">`);
    if (rect.width || rect.height) {
      if (one instanceof SVGSVGElement) chart(one, rect);
      else if (one !== element) plate(rect, style);
      if (one instanceof HTMLCanvasElement && one.width && one.height)
        made.push(`<image ${at(rect)} preserveAspectRatio="none" href="${one.toDataURL()}"/>`);
      if (one instanceof HTMLImageElement && one.src.startsWith("data:")) made.push(`<image ${at(rect)} href="${one.src}"/>`);
    }
    if (!(one instanceof SVGElement))
      for (const child of one.childNodes) {
        if (child.nodeType === Node.TEXT_NODE) text(child, style);
        else if (child.nodeType === Node.ELEMENT_NODE) walk(child);
      }
    if (pale) made.push("</g>");
  }

  walk(element);
  const [width, height] = [box.width + 2 * ROOM, foot + 2 * ROOM].map(Math.ceil),
    [paper] = colour(getComputedStyle(document.body).backgroundColor);
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="${-ROOM} ${-ROOM} ${width} ${height}" width="${width}" height="${height}"><title>${safe(words)}</title><defs>${shades.join("")}</defs><rect x="${-ROOM}" y="${-ROOM}" width="${width}" height="${height}" fill="${paper}"/>${made.join("\n")}</svg>`;
}

export async function png(text, scale) {
  const image = new Image();
  image.src = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(text)}`;
  await image.decode();
  const canvas = new OffscreenCanvas(image.width * scale, image.height * scale);
  canvas.getContext("2d").drawImage(image, 0, 0, canvas.width, canvas.height);
  return canvas.convertToBlob({type: "image/png"});
}
