"""The page in a real browser, for every test file that drives it: `served`, `served_whole`, `window` and `page` are fixtures
(conftest names them, and `one_window`, which they share)."""

import json
import random
from importlib import resources

import pytest

PATIENCE = 30_000  # milliseconds; a loaded machine is slow, not wrong
EDIT = """list => {
  const box = document.querySelector("#edits textarea, #edits input");
  Object.getOwnPropertyDescriptor(Object.getPrototypeOf(box), "value").set.call(box, JSON.stringify(list));
  box.dispatchEvent(new Event("input", {bubbles: true}));
}"""


def request_of(desk, path=None, weights="tiny", texts="", edits="[]", question="", moment="[]", **knobs):
    """What a browser sends of what is on the page; no path: the first example."""
    path = path or next(iter(desk.clips.examples.values())).path
    values = {"clip": desk.clips.handle(path), "weights": weights, "frames": 8, "moment": moment, "edits": edits}
    values |= {"texts": texts, "question": question}
    settings = desk.engine.settings(desk.method.name, knobs)
    return {"values": {name: values[name] for name in desk.fields} | {"knobs": settings}, "stamp": 1, "who": "me"}


FEW = ("stop", "stpn")  # most facts are about any tab, and a page of two opens in less than half the time


def serving(tmp_path_factory, names=FEW):
    """(address, engine, examples) of one page over a tiny untrained network whose patches are not square in number. names: of
    its methods."""
    # imported here: conftest imports this file, and not every test needs the page
    import torch

    from app.main import launch
    from app.page import build
    from app.server.clips import find_examples
    from core import METHODS, Engine
    from core.methods.stpn.weights import VARIANTS, Variants, label_of, untrained
    from core.networks.text import SmallText
    from core.networks.vision import VisionTower, small_vit
    from core.networks.weights import Loaded, save
    from core.world import ACTIONS, COLOURS, SHAPES
    from core.world.__main__ import main as render

    folder = tmp_path_factory.mktemp("page")
    torch.manual_seed(0)
    shape = {"size": [64, 96], "patch": 16, "width": 64, "depth": 2, "features": 32}
    vocabulary = sorted({word for text in (*SHAPES, *COLOURS, *ACTIONS, "a an object") for word in text.split()})
    modules = {
        "vision": VisionTower(small_vit(**(shape | {"size": (64, 96)}))),
        "text": SmallText(tuple(vocabulary), features=32),
    }
    save(folder / "clip.safetensors", modules, {"kind": "clip", "shape": shape, "vocabulary": vocabulary, "scale": 10.0}, {})
    for seed, action in enumerate(("moves left", "grows")):
        render(["--out", str(folder / "clips"), "--clips", "1", "--seed", str(seed), "--action", action, "--size", "64x96"])
    # of STPN every network, none trained, whatever is shipped
    stpn = Loaded(Variants({name: untrained(name) for name in VARIANTS}), label_of({}), "random")
    models, methods = {"clip": str(folder / "clip.safetensors"), "stpn": stpn}, {name: METHODS[name] for name in names}
    engine = Engine("cpu", models=models, methods=methods)
    examples = find_examples(folder / "clips")
    page = build({"tiny": engine}, examples)
    yield launch(page, wait=False), engine, examples
    page.close()


@pytest.fixture(scope="session")
def served(tmp_path_factory):
    """Of few methods."""
    yield from serving(tmp_path_factory)


@pytest.fixture(scope="session")
def served_whole(tmp_path_factory):
    """Of every method: a file whose facts need it calls it `served`."""
    from core import METHODS

    yield from serving(tmp_path_factory, tuple(METHODS))


@pytest.fixture(scope="module")
def one_window(browser):
    """One window for a file's tests: what it has compiled for the first, it needs not compile for the others."""
    context = browser.new_context()
    one = context.new_page()
    one.set_default_timeout(PATIENCE)
    yield one
    context.close()


@pytest.fixture(scope="session")
def axe():
    """axe-core's text; it asks for nothing by itself."""
    pytest.importorskip("axe_playwright_python", reason="axe-playwright-python, which brings axe-core, is not installed")
    return (resources.files("axe_playwright_python") / "axe.min.js").read_text(encoding="utf-8")


@pytest.fixture
def window(one_window, served):
    """A window of a first visitor, who has nothing open yet: nothing is stored, and there is nothing to go back to."""
    one_window.set_viewport_size({"width": 1280, "height": 900})
    one_window.emulate_media(color_scheme="light", reduced_motion="no-preference")
    developer = one_window.context.new_cdp_session(one_window)
    developer.send("Page.resetNavigationHistory")
    yield one_window
    one_window.goto("about:blank")  # what is open holds its storage
    developer.send("Storage.clearDataForOrigin", {"origin": served[0].rstrip("/"), "storageTypes": "all"})
    developer.detach()


@pytest.fixture
def page(window, served):
    opened(window, served)
    return window


def opened(page, served):
    page.goto(served[0])
    page.wait_for_selector(".vw[data-shown]", timeout=PATIENCE)
    page.wait_for_timeout(300)  # Gradio attaches its events after the first paint


def shown(page, what="shown"):
    return json.loads(page.locator(".vw").get_attribute(f"data-{what}"))


def settles(page, **knobs):
    """Wait until pictures and similarities both show these values, and make sure that they stay."""
    condition = """([name, wanted]) => { const told = JSON.parse(document.querySelector('.vw').dataset[name] || '{}');
        return Object.entries(wanted).every(([k, v]) => told[k] === v); }"""
    for what in ("shown", "texts"):
        page.wait_for_function(condition, arg=[what, knobs], timeout=PATIENCE)
    page.wait_for_timeout(400)
    for what in ("shown", "texts"):
        assert {name: shown(page, what)[name] for name in knobs} == knobs


def slider(page, knob, method="stop"):
    return page.locator(f"#knob-{method}-{knob} input[type=range]")


def number(page, knob, method="stop"):
    return page.locator(f"#knob-{method}-{knob} input[type=number]")


def stepped(knob, steps):
    """The default of a knob of STOP, and so many steps of the slider."""
    from core import METHODS

    one = next(one for one in METHODS["stop"].knobs.knobs() if one.name == knob)
    return round(one.default + steps * one.span[2], 10)


def press_about(page, knob, seed):
    """Twenty keys at random, some faster than an answer, then one step below the end."""
    knob.focus()
    chance = random.Random(seed)
    for key in chance.choices(("ArrowRight", "ArrowLeft", "PageUp", "Home"), k=20):
        page.keyboard.press(key)
        page.wait_for_timeout(chance.choice((0, 10, 50)))
    page.keyboard.press("End")
    page.keyboard.press("ArrowLeft")
