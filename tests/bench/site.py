"""The page that needs no server, in headless Chromium: what a first visit loads, time to the first picture, and from a slider's
move to what is drawn, one move at a time, each to a value not seen yet. The first visit is on an empty cache and in one thread;
the others are as a returning visitor has it: everything kept by the browser, and several threads."""

import random
import tempfile
import time
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import numpy as np

from core import METHODS, Engine, ReaderError
from tests.bench.page import MOVED, chromium

ROOT = Path(__file__).resolve().parents[2]
READY = "() => document.querySelector('#site-state').textContent.includes('run in this browser')"
FIRST = """document.addEventListener("painted", () =>
  requestAnimationFrame(() => setTimeout(() => { window.firstPicture ??= performance.now(); })))"""

# From the moment the slider is moved: [maps drawn, on the screen, everything drawn], in milliseconds.
MOVE = """async ([last, knob, value, patience]) => {
  const root = document.querySelector(".vw"),
    slider = document.querySelector(`#knob-${knob}`);
  const says = what => JSON.parse(root.dataset[what] || "{}")[knob] === value;
  const until = what => new Promise((done, failed) => {
    const late = setTimeout(() => failed(new Error(`${what}: ${knob} = ${value} was not drawn`)), patience);
    const look = () => {
      if (!says(what)) return;
      clearTimeout(late);
      root.removeEventListener("painted", look);
      done(performance.now());
    };
    root.addEventListener("painted", look);
  });
  const frame = () => new Promise(done => requestAnimationFrame(() => setTimeout(() => done(performance.now()))));
  const screen = until("shown").then(frame);
  const drawn = Promise.all([until("shown"), screen, until(last)]),
    began = performance.now();
  slider.value = value;
  slider.dispatchEvent(new Event("input", {bubbles: true}));
  return (await drawn).map(at => at - began);
}"""


class Counting(SimpleHTTPRequestHandler):
    """sent: path → bytes of what was sent whole; twice: paths that were."""

    sent: dict[str, int]
    twice: list[str]

    def send_response(self, code, message=None):
        if code == 200:
            if self.path in self.sent:
                self.twice.append(self.path)
            self.sent[self.path] = Path(self.translate_path(self.path)).stat().st_size
        super().send_response(code, message)

    def log_message(self, format, *args): ...


@contextmanager
def serving(folder):
    """(address, {path: bytes that were sent}, paths that were sent twice) of a host that does nothing but hand out files."""
    handler = type("Handler", (Counting,), {"sent": {}, "twice": []})
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(handler, directory=str(folder)))
    Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}/", handler.sent, handler.twice
    finally:
        server.shutdown()


def site_times(moves, built=None):
    """built: a folder that holds the page already."""
    from playwright.sync_api import Error, sync_playwright

    with tempfile.TemporaryDirectory() as fresh, sync_playwright() as playwright:
        folder = Path(built or fresh)
        sizes = {} if built else built_in(folder)
        try:
            browser = playwright.chromium.launch(executable_path=chromium())
            return sizes | visits(browser, folder, moves)
        except Error as wrong:
            raise ReaderError(f"The page could not be driven: {wrong.message.splitlines()[0]}") from wrong


def built_in(folder):
    """Builds it. → how much it is, by what it is for."""
    from app.site.build import build

    began = time.perf_counter()
    sizes = build(folder, ROOT / "assets/clips", Engine("cpu"), told=lambda text: None)
    return {"built in s": time.perf_counter() - began} | {f"{name} MB": size / 1e6 for name, size in sizes.items()}


def visits(browser, folder, moves):
    """Of a first visitor and of one who comes back."""
    found, context = {}, browser.new_context(viewport={"width": 1280, "height": 900})
    context.add_init_script(FIRST)
    context.set_default_timeout(120_000)
    with serving(folder) as (address, sent, twice):
        page = context.new_page()
        found["first visit, first picture ms"], found["first visit, networks there ms"] = opened(page, address)
        page.evaluate("navigator.serviceWorker.ready.then(() => 0)")
        found["first visit loads MB"] = sum(sent.values()) / 1e6
        found["sent twice"] = ", ".join(sorted(set(twice))) or "nothing"
        page.close()
        pictures = []
        for name in MOVED:
            file = next((one for one in (f"{name}.html", "index.html") if holds(folder / one, name)), None)
            if file is None:
                continue
            for _ in range(3):
                page = context.new_page()
                first, there = opened(page, address + file)
                pictures.append(first)
                if len(pictures) % 3:
                    page.close()
            found[f"{name}, first picture ms, each time"] = [round(ms) for ms in pictures[-3:]]
            found[f"{name}, networks there ms"] = there
            found[f"{name}, networks"] = page.evaluate("document.querySelector('#site-state').textContent")
            found[f"knobs, {METHODS[name].title}"] = knob_times(page, name, moves)
            page.close()
    context.close()
    return found


def holds(file, name):
    """Whether a page is there, and is this method's."""
    return file.exists() and METHODS[name].title.partition(" — ")[0] in file.read_text(encoding="utf-8")[:300]


def opened(page, address):
    """→ milliseconds until the first picture is on the screen, and until every network is there."""
    page.goto(address)
    page.wait_for_function("() => window.firstPicture")
    page.wait_for_function(READY)
    there = page.evaluate("performance.now()")
    page.wait_for_selector("#site-state[data-settled]", state="attached")  # the first clip's maps, and how networks run best
    return page.evaluate("window.firstPicture"), there


def knob_times(page, method, moves):
    """Knob → times of its moves: the least is what it takes where nothing else wants the processor."""
    last, times = {"stop": "texts", "stpn": "done"}[method], {}
    for one in (one for one in METHODS[method].knobs.knobs() if one.name in MOVED[method]):
        values = page.evaluate("""name => { const {min, max, step} = document.querySelector(`#knob-${name}`);
            return [min, max, step].map(Number); }""", one.name)  # fmt: skip
        low, high, step = values
        every = [round(low + place * step, 10) for place in range(1, round((high - low) / step))]
        chosen = random.Random(0).sample(every, min(moves, len(every)))
        made = []
        for value in chosen:
            made.append(page.evaluate(MOVE, [last, one.name, value, 60_000]))
            page.wait_for_timeout(250)
        drawn, screen, everything = zip(*made, strict=True)
        times[f"{one.symbol} ({one.name})"] = (
            counted("maps drawn", drawn) | {"on the screen median ms": float(np.median(screen))} | counted("all", everything)
        )
    return times


def counted(name, times):
    return {f"{name} least ms": float(min(times)), f"{name} median ms": float(np.median(times))}
