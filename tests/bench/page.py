"""The page in headless Chromium: time to the first picture, and from a slider's move to pixels."""

import tempfile
import time
from pathlib import Path

import numpy as np

from core import METHODS, ReaderError
from tests.bench.server import serving

MOVED = {"stop": ("alpha", "kept", "beta", "eta"), "stpn": ("supports", "stride", "severity")}  # knobs of each tab

PAINTED = "new Promise(done => requestAnimationFrame(() => setTimeout(() => done(performance.now()), 0)))"

# From the moment the slider is moved to the frame after the viewer has drawn that value: [maps ms, ms of all].
MOVE = """async ([method, last, knob, value, patience]) => {
  const root = document.querySelector(`#viewer-${method} .vw`);
  const slider = document.querySelector(`#knob-${method}-${knob} input[type=range]`);
  const painted = () => PAINTED;
  const says = what => JSON.parse(root.dataset[what] || "{}")[knob] === value;
  const until = (what) => new Promise((done, fail) => {
    const late = setTimeout(() => fail(new Error(`${what}: ${knob} = ${value} was not drawn`)), patience);
    const look = () => {
      if (!says(what)) return;
      clearTimeout(late);
      root.removeEventListener("painted", look);
      done(painted());
    };
    root.addEventListener("painted", look);
  });
  const drawn = Promise.all([until("shown"), until(last)]);
  const began = performance.now();
  Object.getOwnPropertyDescriptor(HTMLInputElement.prototype, "value").set.call(slider, value);
  slider.dispatchEvent(new Event("input", {bubbles: true}));
  return (await drawn).map(at => at - began);
}""".replace("PAINTED", PAINTED)


def page_times(device, models, moves):
    """Time to the first picture; from a slider's move to pixels, one move at a time, each to a value not seen yet."""
    from playwright.sync_api import Error, sync_playwright

    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        began = time.perf_counter()
        with serving(device, models, Path(folder)) as (address, server):
            try:
                started = time.perf_counter() - began
                browser = playwright.chromium.launch(executable_path=chromium())
                first = [first_picture_ms(browser, address) for _ in range(3)]
                knobs = {f"page knobs, {METHODS[name].title}": knob_times(browser, address, name, moves) for name in MOVED}
                return {
                    "server ready s": started,
                    "first picture ms, each time": [round(ms) for ms in first],
                    **knobs,
                    "server's peak memory MB": peak_of(server.pid),
                }
            except Error as wrong:
                raise ReaderError(f"The page could not be driven: {wrong.message.splitlines()[0]}") from wrong


def knob_times(browser, address, method, moves):
    """Knob → medians and 95th percentiles of its moves in a visitor's tab of that method."""
    page, times = open_page(browser, address), {}
    last = {"stop": "texts", "stpn": "done"}[method]  # what its viewer sets when everything is there
    page.get_by_role("tab", name=METHODS[method].title.partition(" — ")[0], exact=True).click()
    page.wait_for_selector(f"#viewer-{method} .vw[data-{last}]", timeout=60_000)
    for name, path in slider_values(method, moves).items():
        times[name] = [page.evaluate(MOVE, [method, last, name, value, 30_000]) for value in path]
    page.context.close()
    times["all of them"] = [move for moves_of in times.values() for move in moves_of]
    found = {}
    for name, took in times.items():
        maps, whole = zip(*took, strict=True)
        found[name] = spread("slider → maps", maps) | spread("slider → all", whole) | {"moves": len(took)}
    return found


def slider_values(method, moves):
    """Knob → values to move through, no two in a row alike and none the default, so that every move draws something."""
    chosen = {}
    for one in METHODS[method].knobs.knobs():
        if one.name in MOVED[method]:
            low, high, step = one.span
            high = min(high, 32)  # patches: a frame of any model here has as many
            count = int((high - low) / step)
            grid = [one.check(low + step * k) for k in np.linspace(0, count, moves // 4 + 1).round().tolist()]
            chosen[one.name] = [value for value in dict.fromkeys(grid) if value != one.default]
    return chosen


def open_page(browser, address):
    """A fresh visitor, once the viewer shows its first picture."""
    page = browser.new_context(viewport={"width": 1280, "height": 900}).new_page()
    page.goto(address, wait_until="commit")
    page.wait_for_selector(".vw[data-shown]", timeout=60_000)
    return page


def first_picture_ms(browser, address):
    """From navigation to the frame after the viewer has drawn, for a visitor with nothing in store."""
    page = open_page(browser, address)
    ms = page.evaluate(f"() => {PAINTED}")
    page.context.close()
    return ms


def chromium():
    """The system's browser, as the tests of the page use it; None lets Playwright look for its own."""
    from shutil import which

    return next(filter(None, map(which, ("chromium", "chromium-browser", "google-chrome"))), None)


def peak_of(pid):
    """The most memory another process ever held; nothing where the system does not say."""
    status = Path(f"/proc/{pid}/status")
    lines = status.read_text().splitlines() if status.exists() else []
    return next((int(line.split()[1]) / 1e3 for line in lines if line.startswith("VmHWM")), None)


def spread(name, times):
    return {f"{name} median ms": float(np.median(times)), f"{name} p95 ms": float(np.percentile(times, 95))}
