"""Several readers at once: is each answered of his own clip, with no error, and does long work leave the knobs quick?

One reader first moves knobs alone; then all do, each with a clip of his own, and now and then one of them asks for something
long. Every answer must carry the knobs that were asked and the clip that is the reader's own, and what was answered once is
answered again. `x alone`: the 95th percentile among all, as a multiple of the one who was alone.
"""

import base64
import io
import tempfile
import threading
import time
from collections import defaultdict
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import cv2
import numpy as np
from PIL import Image

from core import METHODS
from tests.bench.server import serving
from tests.bench.visitor import Visitor

PAUSE = (0.5, 1.5)  # seconds between two moves of a reader
ALONE = 0.2  # of the time, one reader is alone
LONG = {"explain": 0.02, "test": 0.005, "sweep": 0.01, "through": 0.02, "curve": 0.02, "upload": 0.02}  # of all that is asked
NEVER = ("layer", "depth", "predictor")  # knobs that choose another network or end where weights do
PLACE = 1.0  # seconds between two questions how far a long run is


def users_figures(device, models, users, minutes, seed=0):
    """{what was asked: how often, and its times in seconds}, errors, and how the knobs of many compare with those of one."""
    with tempfile.TemporaryDirectory() as folder, serving(device, models, Path(folder)) as (address, _):
        alone, many = Log(), Log()
        readers = [Reader(address, place, Path(folder), np.random.default_rng([seed, place])) for place in range(users)]
        for reader in readers:  # they come before anything is measured
            reader.arrive()
        until = time.monotonic() + 60 * minutes * ALONE
        readers[0].stay(alone, until, long=False)
        until = time.monotonic() + 60 * minutes * (1 - ALONE)
        with ThreadPoolExecutor(users) as threads:
            list(threads.map(lambda one: one.stay(many, until), readers))
    knobs = [name for name in many.took if name in alone.took]
    return {
        "one reader": alone.rows(),
        f"{users} readers": many.rows(),
        "x alone": {"": {name: np.percentile(many.took[name], 95) / np.percentile(alone.took[name], 95) for name in knobs}},
        "places told": ", ".join(sorted(many.places)) or "none",
        "errors": f"{len(alone.wrong + many.wrong)} of {sum(map(len, [*alone.took.values(), *many.took.values()]))} answers",
        "the first of them": next(iter(alone.wrong + many.wrong), ""),
    }


class Log:
    """What was asked, how long it took, and what was wrong. Safe under threads."""

    def __init__(self):
        self.took, self.wrong, self.places = defaultdict(list), [], set()

    def rows(self):
        return {
            name: {"times": len(took), "median s": float(np.median(took)), "p95 s": float(np.percentile(took, 95)),
                   "worst s": max(took)}
            for name, took in sorted(self.took.items())
        }  # fmt: skip


class Reader:
    """A reader with a clip whose colour nobody else's has."""

    def __init__(self, address, place, folder, rng):
        self.rng, self.place, self.visitor = rng, place, Visitor(address)
        self.colour = np.array([(40 + 53 * place) % 200, (90 + 101 * place) % 200, (150 + 29 * place) % 200])
        self.path = folder / f"reader {place}.mp4"
        self.before = {}  # method → (values, what they gave)

    def arrive(self):
        self.visitor.open()
        self.film()
        self.visitor.upload(self.path)
        for method in ("stop", "stpn"):
            values = self.visitor.values(method)
            self.before[method] = values, facts(self.ask(method, "everything", values))

    def film(self):
        """A clip of his colour in which a square moves."""
        writer = cv2.VideoWriter(str(self.path), cv2.VideoWriter.fourcc(*"mp4v"), 12, (160, 120))
        for t in range(24):
            frame = np.full((120, 160, 3), self.colour[::-1], np.uint8)
            frame[40:70, 5 * t : 5 * t + 30] = 255
            writer.write(frame)
        writer.release()

    def stay(self, log, until, long=True):
        """Moves knobs until then; long: and now and then asks for what takes long."""
        while time.monotonic() < until:
            time.sleep(self.rng.uniform(*PAUSE))
            shares = LONG if long else {}
            what = self.rng.choice([*shares, "knob"], p=[*shares.values(), 1 - sum(shares.values())])
            try:
                getattr(self, str(what))(log)
            except Exception as wrong:  # whatever goes wrong is what is counted here
                log.wrong.append(f"reader {self.place}, {what}: {type(wrong).__name__}: {wrong}"[:300])

    # ---- what he does ---------------------------------------------------------------------------------------------------

    def knob(self, log):
        """One knob, or what he has seen before; then both answers, as the viewer asks for them."""
        method = str(self.rng.choice(["stop", "stpn"]))
        values, known = self.before[method]
        again = self.rng.random() < 0.1
        asked = values if again else self.visitor.values(method, **self.turned(method))
        with timed(log, f"{method}, at once"):
            self.ask(method, "at_once", asked)
        with timed(log, f"{method}, all"):
            made = self.ask(method, "everything", asked)
        if again and facts(made) != known:
            raise AssertionError("the same was answered otherwise")
        if self.rng.random() < 0.1:
            self.own_picture(method, made["clip"])

    def turned(self, method):
        knobs = [one for one in METHODS[method].knobs.knobs() if one.kind in ("whole", "real") and one.name not in NEVER]
        one = knobs[self.rng.integers(len(knobs))]
        low, high, step = one.span
        high = {"kept": 16, "t": 8}.get(one.name, high)
        return {one.name: one.check(round(low + step * int(self.rng.integers(round((high - low) / step) + 1)), 10))}

    def explain(self, log, test=False):
        method = str(self.rng.choice(["stop", "stpn"]))
        values = self.visitor.values(method, **self.turned(method))
        choices = self.visitor.ask(method, "choices_to_explain", self.visitor.message(values)).get("choices")
        if not choices:
            return
        more = {"chosen": choices[0]["asked"], "attribution": "integrated_gradients", "own": True, "shown": True}
        self.long(log, method, "tests_of_maps" if test else "explanation", "explain", values, more)

    def test(self, log):
        self.explain(log, test=True)

    def sweep(self, log):
        values = self.visitor.values("stop", **self.turned("stop"))
        wanted = {"x": ["alpha", "0, 0.5, 1"], "y": ["eta", "0, 4, 8"], "output": "region_TP", "number": ["similarity_Y", 0]}
        self.long(log, "stop", "sweep_run", "sweep", values, {"sweep": wanted})

    def through(self, log):
        self.long(log, "stpn", "through", "whole", self.visitor.values("stpn", **self.turned("stpn")))

    def curve(self, log):
        self.long(log, "stpn", "curve", "curve", self.visitor.values("stpn", **self.turned("stpn")))

    def upload(self, log):
        with timed(log, "upload"):
            self.visitor.upload(self.path)

    # ---- how he asks ----------------------------------------------------------------------------------------------------

    def ask(self, method, function, values, **more):
        """What is answered of his own, or an AssertionError."""
        made = self.visitor.ask(method, function, self.visitor.message(values, **more))
        if "error" in made:
            raise AssertionError(made["error"])
        if "knobs" in made and made["knobs"] != values["knobs"]:
            raise AssertionError(f"other knobs came back: {made['knobs']}")
        return made

    def long(self, log, method, function, kind, values, more=None):
        """The same, while he asks how far it is, as the page does."""
        done = threading.Event()

        def watch():
            with Visitor(str(self.visitor.http.base_url)).http as http:
                asked = {"session_hash": self.visitor.session, "component_id": self.visitor.part(f"viewer-{method}")["id"],
                         "fn_name": "far", "data": {"who": self.visitor.who, "kind": kind}}  # fmt: skip
                while not done.wait(PLACE):
                    far = http.post("/gradio_api/component_server", json=asked).json()
                    if far and far[0].startswith("waiting"):
                        log.places.add(far[0])

        with ThreadPoolExecutor(1) as thread, timed(log, function):
            watching = thread.submit(watch)
            try:
                made = self.visitor.ask(method, function, self.visitor.message(values, **(more or {})))
            finally:
                done.set()
            watching.result()
        if isinstance(made, dict) and "error" in made:
            raise AssertionError(made["error"])

    def own_picture(self, method, key):
        """The pictures of the clip are his: of his file's name, in his colour."""
        shown = self.visitor.ask(method, "frames", key)
        frame = np.asarray(Image.open(io.BytesIO(base64.b64decode(shown["frames"][0].partition(",")[2]))))
        if shown["name"] != self.path.name or np.abs(frame[100:118, 100:155].mean((0, 1)) - self.colour).max() > 12:
            raise AssertionError(f"another's clip came back: {shown['name']}")


class timed:
    """Seconds of what is inside, where nothing went wrong."""

    def __init__(self, log, name):
        self.log, self.name = log, name

    def __enter__(self):
        self.began = time.perf_counter()

    def __exit__(self, wrong, *_):
        if wrong is None:
            self.log.took[self.name].append(time.perf_counter() - self.began)


def facts(made):
    """What of an answer may not change: not how long it took."""
    return {name: value for name, value in made.items() if name not in ("stamp", "ledger")}
