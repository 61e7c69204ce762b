"""Facts about the links of the page that needs no server: they are those of the server's page, letter for letter, whoever wrote
them; what a link says is on the page, and what cannot be understood is said."""

import json

import numpy as np
import pytest
from playwright.sync_api import expect

from core import METHODS
from core.publish.link import from_link, to_link
from core.publish.view import Setting, View
from core.video.edits import EDITS
from core.video.edits import edited as edited_clip
from tests.app.site.conftest import READY
from tests.app.site.test_golden import unpacked
from tests.pages import PATIENCE, shown
from tests.published import engine, opened

CLIPS = ("1-moves", "2-bounces", "3-grows", "6-camera-pans")
VIEWS = (
    View(Setting("stop", "1-moves")),
    View(Setting("stop", "3-grows", knobs={"alpha": 0.8, "kept": 9, "eta": 1.0}, texts=("a red ring (grows)!", "d’été & co"))),
    View(
        Setting("stop", "2-bounces", knobs={"spatial": False, "depth": "all", "layer": 2}, texts=("a cyan ring, it's: *new*",)),
        frame=3, overlay="attention_TP",
    ),
    View(
        Setting("stop", "1-moves", texts=("one",), edits=({"name": "freeze", "frame": 3}, {"name": "paint", "right": 1.0})),
        frame=7, overlay="none",
        compared=Setting("stop", "1-moves", knobs={"beta": 2.5}, texts=("another",)),
    ),
    View(
        Setting("stop", "6-camera-pans", edits=({"name": "drop", "last": 2}, {"name": "shuffle", "seed": 5}), texts=("a", "b")),
        compared=Setting("stop", "1-moves", texts=("a", "b")),
    ),
)  # fmt: skip
HOSTILE = (
    "", "m=stop", "v=9&m=stop&k.alpha=0.3", "v=1&m=stop&k.kept=6.5&k.alpha=2&k.spatial=on&k.nothing=1",
    "v=1&m=stop&k.kept=200&k.layer=48&c=3-grows", "v=1&m=stop&f=99&o=whatever&z=1&y=&y=a%00b&y=" + "x" * 201,
    "v=1&m=stop&e=reverse&e=freeze,frame:99&e=nothing&e=drop,first:1,last:0&e=blur,sigma:0.05",
    "v=1&m=stop&c=..%2F..%2Fsecret&s=1&u=2", "v=one&d=0000&m=stop&k.depth=some&n=3", "k.alpha=nan&k.eta=1e400&m=stop",
)  # fmt: skip
READ = """text => { const {view, notes} = site.links.read(text); return {...view, notes}; }"""


def plain(setting):
    """A setting as the browser has it."""
    return setting and {
        "method": setting.method, "clip": setting.clip, "frames": setting.frames, "knobs": setting.settings,
        "texts": list(setting.texts), "edits": [dict(one) for one in setting.edits], "moment": list(setting.moment),
    }  # fmt: skip


@pytest.mark.parametrize("view", VIEWS, ids=to_link)
def test_a_link_is_written_as_python_writes_it_and_read_as_python_reads_it(site, view):
    asked = {"shown": plain(view.shown), "compared": plain(view.compared), "frame": view.frame, "overlay": view.overlay}
    assert site.evaluate("view => site.links.written(view)", asked) == to_link(view)
    read = site.evaluate(READ, to_link(view))
    assert read.pop("notes") == [] and read == asked


@pytest.mark.parametrize("link", HOSTILE)
def test_a_link_that_is_not_understood_is_read_as_python_reads_it_and_says_so(site, link):
    limits = engine().limits
    clips = site.evaluate("() => JSON.parse(document.querySelector('#payload').textContent).link.clips")
    python, here = from_link(link, tuple(clips), lambda name: limits(name)), site.evaluate(READ, link)
    assert here["shown"] == plain(python.view.shown)
    assert (here["frame"], here["overlay"]) == (python.view.frame, python.view.overlay)
    assert len(here["notes"]) == len(python.notes), (here["notes"], python.notes)


def test_what_needs_python_is_said_and_shown_as_far_as_it_goes(site):
    read = site.evaluate(READ, "v=1&m=stop&k.steady=1&n=12&s=0.5&u=1.0")
    assert read["shown"]["knobs"]["steady"] is False and read["shown"]["frames"] == 8 and read["shown"]["moment"] == []
    assert sum("Python" in note for note in read["notes"]) == 3, read["notes"]


@pytest.mark.parametrize("view", VIEWS[1:4], ids=to_link)
def test_a_link_of_the_server_s_page_opens_what_python_computes_and_the_address_says_it(browser, address, view):
    context = browser.new_context(viewport={"width": 1280, "height": 900}, service_workers="block")
    page = context.new_page()
    page.set_default_timeout(8 * PATIENCE)
    page.goto(f"{address}?{to_link(view)}")
    page.wait_for_function(READY)
    shown_now = view.shown
    turned = {name: value for name, value in shown_now.settings.items() if name in ("alpha", "kept", "spatial", "layer")}
    page.wait_for_function(
        "wanted => { const told = JSON.parse(document.querySelector('.vw').dataset.texts || '{}');"
        "return Object.entries(wanted).every(([name, value]) => told[name] === value); }",
        arg=turned,
    )
    here = json.loads(page.evaluate("async () => site.answer('later', {...site.request(), who: 'test'})"))
    clip = edited_clip(opened(shown_now.clip, 8), shown_now.edits)
    there = engine().run("stop", clip, list(shown_now.texts), **shown_now.settings)
    region = there["region_TP"].numpy()
    assert np.array_equal(unpacked("region_TP", here["values"]["region_TP"], region), region)
    assert tuple(here["values"]["prompt_count_G"]["count"]) == there["prompt_count_G"]
    assert np.abs(np.array(here["values"]["similarity_Y"]) - there["similarity_Y"].numpy()).max() <= 1e-3
    state = page.evaluate("site.view.state()")
    assert (state["frame"], state["overlay"]) == (view.frame, view.overlay)
    assert bool(state["pinned"]) == bool(view.compared)
    if view.compared:
        assert state["pinned"]["values"]["knobs"] == view.compared.settings
    page.wait_for_function("text => location.hash.slice(1) === text && !location.search", arg=to_link(view))
    expect(page.locator("#site-notes")).to_be_hidden()
    context.close()


def test_the_address_follows_the_page_and_is_bare_where_nothing_was_touched(browser, address):
    context = browser.new_context(service_workers="block")
    page = context.new_page()
    page.set_default_timeout(8 * PATIENCE)
    page.goto(address)
    page.wait_for_selector(".vw[data-shown]")
    assert page.evaluate("location.href") == address
    page.locator("#knob-kept").focus()
    page.keyboard.press("ArrowRight")
    page.wait_for_function("() => location.hash.includes('k.kept=7')")
    made = page.evaluate("location.hash.slice(1)")
    assert from_link(made).view.shown.settings["kept"] == 7 and not from_link(made).notes
    page.locator("#knob-kept").focus()
    page.keyboard.press("ArrowLeft")
    page.wait_for_function("() => !location.hash")
    page.evaluate("location.hash = 'v=1&m=stop&c=3-grows&k.kept=5&k.wrong=1'")
    page.wait_for_function("() => JSON.parse(document.querySelector('.vw').dataset.shown).kept === 5")
    assert shown(page)["clip"] == "3-grows"
    expect(page.locator("#site-notes")).to_contain_text("no knob")
    without = next(
        name
        for name in METHODS
        if not page.evaluate("name => document.querySelector(`nav [href^='${name}']`)", name) and name != "stop"
    )
    page.goto("about:blank")
    page.goto(f"{address}#v=1&m={without}")
    expect(page.locator("#site-notes")).to_contain_text("needs Python")
    context.close()


def test_every_edit_is_in_some_link_here():
    assert {one["name"] for view in VIEWS for one in view.shown.edits} | {"reverse", "blur"} == set(EDITS)
