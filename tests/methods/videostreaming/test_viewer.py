"""Facts about VideoStreaming's pictures: the truth lies under the similarities, and a matrix tells the cell pointed at."""

import pytest
from playwright.sync_api import expect

from app.figures.payload import about_payload, clip_payload, trace_payload
from core import METHODS
from core.video.footage import evenly
from core.world.captions import COLOURS, SHAPES
from core.world.long import long_video
from tests import tiny

METHOD = "videostreaming"
VIDEO = long_video(2, 60, size=(32, 48))
NOUN = next(word for word in VIDEO.segments[1][2].split() if word in SHAPES)


@pytest.fixture(scope="module")
def payload():
    """What the page sends when everything is there."""
    question = f"What colour is the {NOUN}?"
    engine, overview = tiny.engine(), VIDEO.frames(evenly(VIDEO, 4))
    trace = engine.run(METHOD, video=VIDEO, question=question, outputs=METHODS[METHOD].until("network"))
    knobs = engine.settings(METHOD, {})
    made = trace_payload(METHODS[METHOD], trace, "key", overview, knobs, None, [], stamp=1.0, question=question)
    return {"about": about_payload(METHODS[METHOD]), "clip": clip_payload("key", overview, None, VIDEO), "trace": made}, trace


def mount(page, payload):
    page.evaluate("payload => { window.view = viewer.mount(document.querySelector('#here'), payload); }", payload[0])
    page.wait_for_selector(".vw[data-shown]")


def test_the_line_says_how_many_true_clips_are_chosen(viewer, payload):
    mount(viewer, payload)
    true_K, chosen_V = payload[1]["true_K"], [second // 4 for second in payload[1]["time_F"].int().tolist()]
    assert true_K.any() and set(NOUN.split()) <= {*COLOURS, *SHAPES}
    hits = len({k for k in chosen_V if true_K[k]})
    told = f"{hits} of {int(true_K.sum())} that show what is asked for are chosen"
    expect(viewer.locator(".tl-said").first).to_contain_text(told, use_inner_text=True)


def test_a_matrix_tells_its_size_and_the_cell_that_is_pointed_at(viewer, payload):
    mount(viewer, payload)
    canvas, said = viewer.locator(".mx-canvas"), viewer.locator(".mx-said")
    assert "15 clip rows, 15 clip columns" in canvas.nth(1).get_attribute("aria-label")
    box = canvas.nth(1).bounding_box()
    canvas.nth(1).hover(position={"x": box["width"] / 15 * 2.5, "y": box["height"] / 15 * 6.5})
    value = float(payload[1]["likeness_KK"][6, 2])
    expect(said.nth(1)).to_contain_text("clip 7 · clip 3", use_inner_text=True)
    assert abs(float(said.nth(1).inner_text().split("·")[-1].replace("−", "-")) - value) < 0.01
    step = payload[1]["look_SS"]
    box = canvas.nth(2).bounding_box()
    canvas.nth(2).hover(position={"x": 3, "y": box["height"] - 3})
    expect(said.nth(2)).to_contain_text("Ŝ", use_inner_text=True)
    assert len(step) == len(payload[1]["token_names"])
