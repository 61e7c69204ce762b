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


def test_a_matrix_names_its_tokens_and_tells_the_cell_that_is_pointed_at(viewer, payload):
    mount(viewer, payload)
    canvas, said, step = viewer.locator(".mx-canvas"), viewer.locator(".mx-said"), payload[1]["look_SS"]
    box, N = canvas.bounding_box(), len(step)
    assert f"{N} token that looks rows" in canvas.get_attribute("aria-label") and N == len(payload[1]["token_names"])
    canvas.hover(position={"x": box["width"] - 3, "y": box["height"] - 3})
    expect(said).to_contain_text("token that looks Ŝ · token looked at Ŝ", use_inner_text=True)
    assert abs(float(said.inner_text().split("·")[-1]) - float(step[-1, -1])) < 0.01
    left = 62  # pixels of names
    canvas.hover(position={"x": left + 1.5 * (box["width"] - left) / N, "y": 2.5 * box["height"] / N})
    expect(said).to_contain_text(f"{payload[1]['token_names'][2]} · token looked at t clip", use_inner_text=True)


def test_the_memory_plays_clip_by_clip_and_the_line_of_the_video_follows(viewer, payload):
    mount(viewer, payload)
    now, likeness_KK = viewer.locator(".me-now"), payload[1]["likeness_KK"]
    expect(now).to_contain_text("clip 15 of 15, 0:56–1:00", use_inner_text=True)
    viewer.locator(".me-play").click()  # from the end, so it begins anew
    viewer.wait_for_function("/clip [2-9] of 15/.test(document.querySelector('.me-now').textContent)")
    viewer.locator(".me-play").click()
    viewer.locator(".me-scrub").fill("7")
    expect(now).to_contain_text(f"clip 7 of 15, 0:24–0:28: {scene(26)}", use_inner_text=True)
    expect(viewer.locator(".tl-said").first).to_contain_text("0:24–0:28 · s", use_inner_text=True)
    drift = float(payload[1]["drift_KM"][6].mean())
    assert abs(float(viewer.locator(".me-bars + figcaption b").inner_text().split()[0]) / 100 - drift) < 0.01 * drift
    assert abs(float(viewer.locator(".me-square + figcaption b").inner_text()) - float(likeness_KK[6, 0])) < 0.01


def scene(second):
    """What the video shows in the clip around a second."""
    shown = [what for begin, end, what in VIDEO.segments if begin < second + 2 and end > second - 2]
    return ", then ".join(shown)


def test_every_question_has_a_line_with_its_clips_and_how_long_all_took(viewer, payload):
    mount(viewer, payload)
    said = viewer.locator(".st").filter(has_text="Every question").locator(".st-said")
    expect(said).to_contain_text(payload[1]["answers"].splitlines()[0], use_inner_text=True)
    expect(said).to_contain_text("all of them in", use_inner_text=True)


def test_the_reader_s_tokens_are_flat_and_all_memories_are_a_line(viewer, payload):
    mount(viewer, payload)
    curve = viewer.locator(".cu").filter(has_text="However long")
    expect(curve.locator(".cu-said")).to_contain_text("clips = 15: chosen 8 · all memories 60 tokens", use_inner_text=True)
    curve.locator("canvas").hover(position={"x": 35, "y": 40})
    expect(curve.locator(".cu-said")).to_contain_text("clips = 1: chosen 4 · all memories 4 tokens", use_inner_text=True)
