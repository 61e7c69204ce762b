// Drawing for the viewer of prompts and supports: functions of numbers and canvases, without any state.

// Maps are logarithmic, and their colours fixed: a knob may move a hundredfold, and what is alike stays alike.
const DECADES = [-4, 3];
const SCALES = {
  even: {ends: [-1, 2], ticks: ["0.1", "1 = even", "10", "100"], unit: "times an even share"},
  share: {ends: [-2, 0], ticks: ["1 %", "10 %", "100 %"], unit: ""},
  change: {ends: [-3, 0], ticks: ["0.001", "0.01", "0.1", "1"], unit: ""},
};
const PAINT = SCALE.map(one => one.match(/\d+/g).map(Number));
const placeOn = (scale, value) => {
  const [low, high] = scale.ends;
  return Math.max(0, Math.min(1, (Math.log10(Math.max(value, 1e-9)) - low) / (high - low)));
};

// {shape: […, h, w], code} → {shape, value: Float32Array}
function unlogged({shape, code, at}) {
  const codes = new Uint16Array(bytes(code).buffer), [low, high] = DECADES;
  return {at, shape, value: Float32Array.from(codes, one => 10 ** (low + (high - low) * one / 65535))};
}

// one of the first dimension's maps; null: all of them together
function slice({shape, value}, q, together) {
  const [Q, ...rest] = shape, size = rest.reduce((a, b) => a * b, 1);
  if (q !== null) return value.subarray(q * size, (q + 1) * size);
  const out = new Float32Array(size);
  for (let i = 0; i < value.length; i++) out[i % size] += value[i] / (together === "mean" ? Q : 1);
  return out;
}

// the same of one head, from its 8 bits: code → even shares; a prompt's map over all supports, or the mean of all prompts
const byHead = ([low, high]) => Float32Array.from({length: 256}, (_, code) => 10 ** (low + (high - low) * code / 255));
function ofHead({shape: [, Q, K, h, w], code, value}, n, q) {
  const out = new Float32Array(K * h * w), some = q === null ? [...Array(Q).keys()] : [Math.min(q, Q - 1)];
  for (const one of some) {
    const start = (n * Q + one) * out.length;
    for (let i = 0; i < out.length; i++) out[i] += value[code[start + i]] / some.length;
  }
  return out;
}

const cells = document.createElement("canvas");
function paintMap(pen, place, rows, columns, [x, y, width, height], alpha) {  // place: cell → 0–1
  cells.width = columns;
  cells.height = rows;
  const small = cells.getContext("2d"), made = small.createImageData(columns, rows);
  for (let i = 0; i < rows * columns; i++) {
    made.data.set(PAINT[Math.round(255 * place(i))], 4 * i);
    made.data[4 * i + 3] = 255;
  }
  small.putImageData(made, 0, 0);
  pen.save();
  pen.globalAlpha = alpha;
  pen.imageSmoothingEnabled = false;
  pen.drawImage(cells, x, y, width, height);
  pen.restore();
}

function cellEdge(pen, row, column, rows, columns, width, height) {
  const path = new Path2D(), w = width / columns, h = height / rows;
  path.rect(column * w + 1, row * h + 1, Math.max(2, w - 2), Math.max(2, h - 2));
  twice(pen, path, "#fff", 2);
}

function unrun(runs, size) {                     // lengths of runs of 0, 1, 0, … → a mask, along the rows
  const out = new Uint8Array(size);
  let at = 0;
  runs.forEach((length, i) => { if (i % 2) out.fill(1, at, at + length); at += length; });
  return out;
}

function outlines(pen, things, [rows, columns], width, height, colour) {
  pen.save();
  pen.scale(width / columns, height / rows);
  for (const one of things) {
    one.path ??= outline(unrun(one.runs, rows * columns), columns, rows);
    twice(pen, one.path, colour, 2 * columns / width);
  }
  pen.restore();
}

// The colours of what was found: right, wrong, and found where nobody knows what is there
const foundColour = (one, known) => !known ? COLOURS.kept : one.thing === null ? COLOURS.miss : COLOURS.hit;

function drawFound(pen, found, least, known, width, height) {
  const shown = found.found.filter(one => one.score >= least);
  for (const one of [...shown].reverse()) {      // the best on top
    const [x0, y0, x1, y1] = one.box, colour = foundColour(one, known), path = new Path2D();
    if (one.runs) drawMask(pen, one, found.size, colour, width, height);
    path.rect(x0 * width, y0 * height, (x1 - x0) * width, (y1 - y0) * height);
    twice(pen, path, colour, 1.5);
  }
  pen.font = "11px system-ui, sans-serif";
  for (const one of [...shown].reverse()) {
    const text = `${one.name} ${one.score.toFixed(2)}${known ? one.thing === null ? " ✗" : " ✓" : ""}`;
    const wide = pen.measureText(text).width + 6, x = Math.max(0, Math.min(one.box[0] * width, width - wide));
    const y = Math.max(0, one.box[1] * height - 15);
    pen.fillStyle = "rgba(0,0,0,.72)";
    pen.fillRect(x, y, wide, 15);
    pen.fillStyle = "#fff";
    pen.fillText(text, x + 3, y + 11);
  }
  return shown;
}

function drawMask(pen, one, [rows, columns], colour, width, height) {
  if (!one.cut) {
    const mask = unrun(one.runs, rows * columns), [r, g, b] = [1, 3, 5].map(i => parseInt(colour.slice(i, i + 2), 16));
    one.cut = Object.assign(document.createElement("canvas"), {width: columns, height: rows});
    const inner = one.cut.getContext("2d"), made = inner.createImageData(columns, rows);
    mask.forEach((on, i) => made.data.set(on ? [r, g, b, 110] : [0, 0, 0, 0], 4 * i));
    inner.putImageData(made, 0, 0);
  }
  pen.drawImage(one.cut, 0, 0, width, height);
}

// Likeness against severity: one chart, its axes fixed. points: [[severity, without, with], …]
function drawLikeness(canvas, points, now, ink, width) {
  const height = 112, left = 26, bottom = 18, top = 8, pen = fit(canvas, width, height);
  const low = points.some(([, ...cos]) => Math.min(...cos) < 0) ? -1 : 0;
  const X = s => left + s * (width - left - 10), Y = c => top + (1 - c) / (1 - low) * (height - top - bottom);
  pen.font = "10px system-ui, sans-serif";
  pen.strokeStyle = pen.fillStyle = ink;
  pen.globalAlpha = 0.28;
  pen.lineWidth = 1;
  for (const c of [low, (1 + low) / 2, 1]) { pen.beginPath(); pen.moveTo(left, Y(c)); pen.lineTo(width - 10, Y(c)); pen.stroke(); }
  pen.globalAlpha = 0.75;
  pen.textAlign = "right";
  for (const c of [low, (1 + low) / 2, 1]) pen.fillText(String(c).replace("-", "−"), left - 4, Y(c) + 3);
  pen.textAlign = "center";
  for (const s of [0, 0.5, 1]) pen.fillText(s, X(s), height - 5);
  pen.globalAlpha = 1;
  const line = (i, colour, dash) => {
    pen.strokeStyle = pen.fillStyle = colour;
    pen.lineWidth = 2;
    pen.setLineDash(dash);
    pen.beginPath();
    points.forEach(p => pen.lineTo(X(p[0]), Y(p[i])));
    pen.stroke();
    pen.setLineDash([]);
    for (const p of points) {
      pen.beginPath();
      pen.arc(X(p[0]), Y(p[i]), p[0] === now ? 4.5 : 2, 0, 7);
      if (p[0] === now && i === 1) { pen.stroke(); } else pen.fill();
    }
  };
  line(2, COLOURS.kept, []);
  line(1, ink, [4, 3]);
}

// Tokens of every block, operations, and how long the steps took when they last ran
function costTable(one, took) {
  const rows = one.patches.map((P, i) => {
    const V = one.windows[i], copies = one.copies[i];
    return `<tr><td>${i + 1}</td><td>${P}</td><td>${V}</td><td>${copies}</td><td>+${(100 * copies / P).toFixed(1)} %</td></tr>`;
  });
  const flops = value => value >= 1e9 ? `${number(value / 1e9)} G` : `${number(value / 1e6)} M`;
  const more = 100 * (one.prompted / one.plain - 1), ms = name => name in took ? ` · ${number(took[name])} ms` : "";
  const line = (what, value, name) => `<tr><td>${what}</td><td>${flops(value)}FLOPs${ms(name)}</td></tr>`;
  return `<table><thead><tr><th>block</th><th>patches</th><th>windows V</th><th>N·V copies</th><th>tokens</th></tr></thead>${rows.join("")}</table>`
    + `<p class="vw-empty">N = ${one.prompts} prompts enter; attention reads a copy of each in every window.</p>`
    + `<table>${line("the frame, without prompts", one.plain, "plain")}${line(`the frame, with prompts (+${more.toFixed(1)} %)`, one.prompted, "prompted")}`
    + `${line("prompts from the supports", one.predictor, "predicted")}${line("features of one support, once a clip", one.support, "")}</table>`
    + `<p class="vw-empty">Milliseconds: when the stage last ran here.${ms("feature_LTPF") ? ` Features of all frames:${ms("feature_LTPF").slice(2)}.` : ""}</p>`;
}

function centred(line, item) {                   // scrolled so that it is in the middle
  if (item && line.scrollWidth > line.clientWidth) line.scrollLeft = item.offsetLeft - (line.clientWidth - item.offsetWidth) / 2;
}
