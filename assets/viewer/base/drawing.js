// Colours, canvases, and numbers as they travel.

export const COLOURS = {kept: "#3b82f6", prompt: "#f59e0b", truth: "#ff4fa3", hit: "#22c55e", miss: "#ef4444"};
// the colours of values and of differences are those of figures and movies (core/publish/painting.py), points of them: plasma, even in
// lightness and in order to colour-blind eyes; and RdBu_r: less, the same, more
export const VALUES = ["#0d0887", "#4c02a1", "#7e03a8", "#aa2395", "#cc4778", "#e66c5c", "#f89540", "#fdc527", "#f0f921"];
export const SIGNED = "#053061 #2166ac #4393c3 #92c5de #d1e5f0 #f7f7f7 #fddbc7 #f4a582 #d6604d #b2182b #67001f".split(" ");

export function fit(canvas, width, height, fluid = false) {
  const ratio = Math.min(2, window.devicePixelRatio || 1);
  const W = Math.round(width * ratio),
    H = Math.round(height * ratio);
  if (canvas.width !== W || canvas.height !== H) {
    canvas.width = W;
    canvas.height = H;
  }
  if (!fluid) Object.assign(canvas.style, {width: width + "px", height: height + "px"});
  const pen = canvas.getContext("2d");
  pen.setTransform(W / width, 0, 0, H / height, 0, 0);
  pen.clearRect(0, 0, width, height);
  return pen;
}

export function twice(pen, path, colour, width) {
  // a dark line under a bright one is seen on any picture
  pen.lineCap = "square";
  pen.strokeStyle = "rgba(0,0,0,.65)";
  pen.lineWidth = width * 2;
  pen.stroke(path);
  pen.strokeStyle = colour;
  pen.lineWidth = width;
  pen.stroke(path);
}

export function outline(mask, width, height) {
  const path = new Path2D(),
    inside = (x, y) => x >= 0 && y >= 0 && x < width && y < height && mask[y * width + x];
  for (let y = 0; y <= height; y++)
    for (let x = 0; x <= width; x++) {
      if (inside(x, y) !== inside(x, y - 1) && (inside(x, y) || inside(x, y - 1))) {
        path.moveTo(x, y);
        path.lineTo(x + 1, y);
      }
      if (inside(x, y) !== inside(x - 1, y) && (inside(x, y) || inside(x - 1, y))) {
        path.moveTo(x, y);
        path.lineTo(x, y + 1);
      }
    }
  return path;
}

export function bytes(text) {
  const all = atob(text),
    out = new Uint8Array(all.length);
  for (let i = 0; i < out.length; i++) out[i] = all.charCodeAt(i);
  return out;
}
export function bits(text) {
  if (!text) return null;
  const packed = bytes(text),
    out = new Uint8Array(packed.length * 8);
  for (let i = 0; i < out.length; i++) out[i] = (packed[i >> 3] >> (i & 7)) & 1;
  return out;
}

// 256 shades between points, each [r, g, b]
const shadesOf = points =>
  Array.from({length: 256}, (_, i) => {
    const x = (i / 255) * (points.length - 1),
      k = Math.min(points.length - 2, Math.floor(x)),
      part = (hex, j) => parseInt(hex.slice(1 + 2 * j, 3 + 2 * j), 16);
    return [0, 1, 2].map(j => Math.round(part(points[k], j) * (1 - x + k) + part(points[k + 1], j) * (x - k)));
  });
export const SHADES = {values: shadesOf(VALUES), signed: shadesOf(SIGNED)};
export const rgb = shade => `rgb(${shade.join(",")})`;
export const SCALE = SHADES.values.map(rgb);
export const colour = value => SCALE[Math.round(255 * value)];
// −1 … 1
export const signed = value => rgb(SHADES.signed[Math.round((255 * (Math.max(-1, Math.min(1, value)) + 1)) / 2)]);
