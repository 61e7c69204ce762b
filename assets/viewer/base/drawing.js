// Colours, canvases, and numbers as they travel.

export const COLOURS = {kept: "#3b82f6", prompt: "#f59e0b", truth: "#ff4fa3", hit: "#22c55e", miss: "#ef4444"};
export const DIVERGING = ["#3b4cc0", "#8db0fe", "#dddddd", "#f4987a", "#b40426"]; // less, the same, more
// viridis, nine points of it: even in lightness, and in order to colour-blind eyes
export const VIRIDIS = ["#440154", "#472d7b", "#3b528b", "#2c728e", "#21918c", "#28ae80", "#5ec962", "#addc30", "#fde725"];

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

export const SCALE = Array.from({length: 256}, (_, i) => {
  const x = (i / 255) * (VIRIDIS.length - 1),
    k = Math.min(VIRIDIS.length - 2, Math.floor(x)),
    f = x - k;
  const part = (hex, j) => parseInt(hex.slice(1 + 2 * j, 3 + 2 * j), 16);
  return `rgb(${[0, 1, 2].map(j => Math.round(part(VIRIDIS[k], j) * (1 - f) + part(VIRIDIS[k + 1], j) * f)).join(",")})`;
});
export const colour = value => SCALE[Math.round(255 * value)];
export function signed(value) {
  // −1 … 1
  const x = ((Math.max(-1, Math.min(1, value)) + 1) / 2) * (DIVERGING.length - 1),
    k = Math.min(DIVERGING.length - 2, Math.floor(x));
  const part = (hex, j) => parseInt(hex.slice(1 + 2 * j, 3 + 2 * j), 16);
  return `rgb(${[0, 1, 2].map(j => Math.round(part(DIVERGING[k], j) * (1 - x + k) + part(DIVERGING[k + 1], j) * (x - k))).join(",")})`;
}
