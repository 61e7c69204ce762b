// A part of a picture, large: every canvas of a host is moved together by the browser, so nothing is drawn anew, and a place
// under the pointer stays what it is (an element's box is where it is seen).
//
// Pinch or Ctrl + wheel, the buttons, z Z f; dragged with a pointer, and following the patch that keys look at.

const ZOOMED = 6,
  STEP = 1.5; // times at most; times a step
export const ZOOM = `<span class="vw-zoom" role="group" aria-label="Zoom"><button type="button" class="vw-zoom-out" aria-label="Smaller" title="smaller (Z)">−</button>
  <button type="button" class="vw-zoom-all" title="the whole picture (f)">100 %</button><button type="button" class="vw-zoom-in" aria-label="Larger" title="larger (z); also Ctrl + wheel or two fingers; drag to move">+</button></span>`;
export const ZOOM_KEYS = ["z Z f", "zoom in, out; the whole picture"];

// → {press, see}. press: key → whether it was one. see: a place in fractions of the picture comes into sight
export function zoomOf($, host) {
  const at = {times: 1, x: 0, y: 0},
    fingers = new Map(); // x, y: what lies at the top left, in fractions of the picture
  let apartBefore = 0;

  function set(times, x, y) {
    at.times = Math.max(1, Math.min(ZOOMED, times));
    const end = 1 - 1 / at.times;
    at.x = Math.max(0, Math.min(end, x));
    at.y = Math.max(0, Math.min(end, y));
    host.classList.toggle("vw-zoomed", at.times > 1);
    host.style.setProperty("--times", at.times);
    host.style.setProperty("--left", `${-100 * at.x * at.times}%`);
    host.style.setProperty("--up", `${-100 * at.y * at.times}%`);
    $("zoom-all").textContent = `${Math.round(100 * at.times)} %`;
    $("zoom-in").disabled = at.times === ZOOMED;
    $("zoom-out").disabled = $("zoom-all").disabled = at.times === 1;
  }
  // the place at fractions x, y of the picture stays where it is seen
  function by(factor, x = at.x + 0.5 / at.times, y = at.y + 0.5 / at.times) {
    const times = Math.max(1, Math.min(ZOOMED, at.times * factor));
    set(times, x - ((x - at.x) * at.times) / times, y - ((y - at.y) * at.times) / times);
  }
  const between = ([one, other]) => Math.hypot(one[0] - other[0], one[1] - other[1]);
  const place = (canvas, event) => {
    const box = canvas.getBoundingClientRect();
    return [(event.clientX - box.left) / box.width, (event.clientY - box.top) / box.height];
  };

  host.addEventListener(
    "wheel",
    event => {
      if (!event.ctrlKey || !event.target.matches("canvas")) return; // a pinch on a touchpad says Ctrl
      event.preventDefault();
      by(2 ** (-event.deltaY / 200), ...place(event.target, event));
    },
    {passive: false},
  );
  host.addEventListener("pointerdown", event => {
    if (event.button || !event.target.matches("canvas")) return;
    fingers.set(event.pointerId, [event.clientX, event.clientY]);
    apartBefore = fingers.size > 1 ? between([...fingers.values()]) : 0;
    event.target.setPointerCapture(event.pointerId);
  });
  host.addEventListener("pointermove", event => {
    const before = fingers.get(event.pointerId);
    if (!before) return;
    fingers.set(event.pointerId, [event.clientX, event.clientY]);
    const box = event.target.getBoundingClientRect();
    if (fingers.size > 1) {
      const [one, other] = [...fingers.values()],
        now = between([one, other]);
      if (apartBefore > 0)
        by(now / apartBefore, ...place(event.target, {clientX: (one[0] + other[0]) / 2, clientY: (one[1] + other[1]) / 2}));
      apartBefore = now;
    } else if (at.times > 1)
      set(at.times, at.x - (event.clientX - before[0]) / box.width, at.y - (event.clientY - before[1]) / box.height);
  });
  for (const end of ["pointerup", "pointercancel"])
    host.addEventListener(end, event => {
      fingers.delete(event.pointerId);
      apartBefore = 0;
    });

  $("zoom-in").onclick = () => by(STEP);
  $("zoom-out").onclick = () => by(1 / STEP);
  $("zoom-all").onclick = () => set(1, 0, 0);
  set(1, 0, 0);
  const near = (low, part) => Math.max(part - 0.9 / at.times, Math.min(part - 0.1 / at.times, low));
  return {
    press(k) {
      if (k === "z" || k === "Z") by(k === "z" ? STEP : 1 / STEP);
      else if (k === "f") set(1, 0, 0);
      else return false;
      return true;
    },
    see(x, y) {
      if (at.times > 1) set(at.times, near(at.x, x), near(at.y, y));
    },
  };
}
