"""The page in headless Chromium: time to the first picture, from a slider's move to pixels, and what a first visit loads."""

import json
import re
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
                sizes = {"first visit kB": first_visit_sizes(browser, address + "/")}
                knobs = {f"page knobs, {METHODS[name].title}": knob_times(browser, address, name, moves) for name in MOVED}
                return {
                    "server ready s": started,
                    "first picture ms, each time": [round(ms) for ms in first],
                    **sizes,
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


def first_visit_sizes(browser, address):
    """kB of code and markup (JS, HTML, CSS; pictures in a text are counted with it) that a visitor with nothing in store loads
    until the first picture and what follows it: as they are read, and as they travel."""
    page, answers, travelled = browser.new_context(viewport={"width": 1280, "height": 900}).new_page(), [], {}
    sent = page.context.new_cdp_session(page)
    sent.send("Network.enable")
    named = {}
    sent.on("Network.responseReceived", lambda one: named.setdefault(one["requestId"], one["response"]["url"]))
    sent.on("Network.loadingFinished", lambda one: travelled.update({named.get(one["requestId"]): one["encodedDataLength"]}))
    page.on("response", lambda one: answers.append(one))
    page.goto(address)
    page.wait_for_selector(".vw[data-texts]", timeout=60_000)
    page.wait_for_load_state("networkidle")
    found = {"JS of ours": [0.0, 0.0], "HTML and CSS of ours": [0.0, 0.0], "of Gradio": [0.0, 0.0]}
    for one in {one.url: one for one in answers if one.request.resource_type in ("document", "script", "stylesheet")}.values():
        text, sent_kB = one.text(), travelled.get(one.url, 0) / 1e3
        parts = {"of Gradio": len(text.encode()) / 1e3}
        if one.url == address:
            own = json.loads(re.search(r"window\.gradio_config = (.*?);</script>", text, re.DOTALL)[1])
            code = [part["props"].pop("js_on_load", None) or "" for part in own["components"]]
            code += [part["js"] for part in own["dependencies"] if isinstance(part.get("js"), str)]
            scripts = sum(len(json.dumps(script)) for script in code) / 1e3
            values = [part["props"].get("value") for part in own["components"] if part["type"] == "html"]
            markup = len(own.get("head") or "") / 1e3 + sum(len(json.dumps(value)) for value in values) / 1e3
            parts = {"JS of ours": scripts, "HTML and CSS of ours": markup, "of Gradio": parts["of Gradio"] - scripts - markup}
        elif "/viewer/" in one.url:
            parts = {"JS of ours" if one.url.endswith(".js") else "HTML and CSS of ours": parts["of Gradio"]}
        whole = sum(parts.values())
        for name, kB in parts.items():
            found[name][0] += kB
            found[name][1] += sent_kB * kB / whole
    page.context.close()
    found["all"] = [sum(column) for column in zip(*found.values(), strict=True)]
    return {name: {"as read": round(read), "as they travel": round(travel)} for name, (read, travel) in found.items()}


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
