"""Facts about the time line and the chosen frames: each lies where its second is, and both point at the same one."""

import numpy as np
import pytest
from playwright.sync_api import expect

from app.figures.payload import about_payload, clip_payload, trace_payload
from core import METHODS
from core.video.footage import evenly
from core.world.long import long_video
from tests import tiny

METHOD = "clip_topk"
VIDEO = long_video(2, 60, size=(32, 48))
QUESTION = VIDEO.segments[1][2]


@pytest.fixture(scope="module")
def engine():
    return tiny.engine()


def payload_of(engine, stamp=1.0, pictures=True, **more):
    """What the page sends: at once, or when everything is there."""
    method, overview = METHODS[METHOD], VIDEO.frames(evenly(VIDEO, 4))
    score_T = np.zeros(60, np.float32)
    score_T[[10, 30, 59]] = 0.5, 0.25, 0.4
    knobs = {"budget": 3, "rate": 1.0} | more
    outputs = method.until("network" if pictures else "now")
    trace = engine.run(METHOD, video=VIDEO, question=QUESTION, outputs=outputs, given={"score_T": score_T}, **knobs)
    made = trace_payload(method, trace, "key", overview, knobs, None, [] if pictures else None, stamp=stamp, question=QUESTION)
    return {"about": about_payload(method), "clip": clip_payload("key", overview, None, VIDEO), "trace": made}


def mount(page, payload):
    page.evaluate("payload => { window.view = viewer.mount(document.querySelector('#here'), payload); }", payload)
    page.wait_for_selector(".vw[data-shown]")


def times(page):
    return page.locator(".cf-frames:not(.cf-a) .cf-frame b").all_inner_texts()


COLUMN = """second => { const canvas = document.querySelector('.tl-canvas'), pen = canvas.getContext('2d');
  const x = Math.round((second + 0.5) / 60 * canvas.width);
  const {data} = pen.getImageData(x, 0, 1, canvas.height);
  const blue = y => data[4 * y + 2] > 200 && data[4 * y] < 90 && data[4 * y + 3] > 200;
  return [...Array(canvas.height).keys()].filter(blue).length; }"""


def test_the_chosen_are_marked_at_their_seconds_as_tall_as_their_scores(viewer, engine):
    mount(viewer, payload_of(engine))
    blue = {second: viewer.evaluate(COLUMN, second) for second in (5, 10, 30, 59)}
    assert blue[5] == 0 and blue[10] > blue[59] > blue[30] > 10
    assert blue[30] / blue[10] == pytest.approx(0.5, abs=0.1)
    assert "60 candidates" in viewer.locator(".tl-canvas").get_attribute("aria-label")


def test_the_frames_stand_in_the_order_of_time_with_second_score_and_picture(viewer, engine):
    mount(viewer, payload_of(engine))
    assert times(viewer) == ["0:10", "0:30", "0:59"]
    assert viewer.locator(".cf-frame span").all_inner_texts() == ["S 0.5", "S 0.25", "S 0.4"]
    shown = viewer.locator(".cf-frame img").evaluate_all("all => all.map(one => one.src)")
    assert len(set(shown)) == 3 and all(one.startswith("data:image/jpeg") for one in shown)


def test_another_budget_is_drawn_before_its_pictures_come_and_keeps_those_it_has(viewer, engine):
    mount(viewer, payload_of(engine))
    before = viewer.locator(".cf-frame img").evaluate_all("all => all.map(one => one.src)")
    viewer.evaluate("trace => view.update({trace})", payload_of(engine, 2.0, pictures=False, budget=5)["trace"])
    viewer.wait_for_function("() => document.querySelectorAll('.cf-frame').length === 5")
    sources = dict(zip(times(viewer), viewer.locator(".cf-frame img").evaluate_all("all => all.map(one => one.src)")))
    assert [sources[one] for one in ("0:10", "0:30", "0:59")] == before
    assert sum(one.startswith("data:image/gif") for one in sources.values()) == 2
    assert viewer.locator(".cf-state").inner_text() == "updating…"


def test_time_line_and_frames_point_at_the_same_second_and_say_what_is_there(viewer, engine):
    mount(viewer, payload_of(engine))
    begin, end, caption = VIDEO.segments[1]
    within = sum(begin <= second < end for second in (10, 30, 59))
    expect(viewer.locator(".tl-said")).to_contain_text(f"{within} of 3 where “{caption}” is seen", use_inner_text=True)
    viewer.locator(".cf-frame").nth(1).hover()
    said = viewer.locator(".tl-said").inner_text()
    assert said.startswith("0:30–0:31 · S 0.25 cosine, 3. of 60 · chosen") and VIDEO.segments[-1][2] not in said
    box = viewer.locator(".tl-canvas").bounding_box()
    viewer.mouse.move(box["x"] + box["width"] * 10.5 / 60, box["y"] + 40)
    assert viewer.locator(".tl-said").inner_text().startswith("0:10–0:11 · S 0.5 cosine, 1. of 60 · chosen")
    assert viewer.locator(".cf-near b").all_inner_texts() == ["0:10"]
    viewer.mouse.move(box["x"] + box["width"] * 20.5 / 60, box["y"] + 40)
    assert "chosen" not in viewer.locator(".tl-said").inner_text() and viewer.locator(".cf-near").count() == 0
    viewer.mouse.move(2, 2)
    viewer.locator(".vw").focus()
    viewer.keyboard.press("]")
    viewer.keyboard.press("]")
    assert viewer.locator(".cf-near b").all_inner_texts() == ["0:30"]


def test_a_pinned_choice_stays_beside_the_other_and_what_both_chose_is_counted(viewer, engine):
    mount(viewer, payload_of(engine))
    viewer.locator(".vw-pin").click()
    viewer.evaluate("trace => view.update({trace})", payload_of(engine, 2.0, budget=2)["trace"])
    viewer.wait_for_function("() => document.querySelectorAll('.cf-frames:not(.cf-a) .cf-frame').length === 2")
    assert viewer.locator(".cf-a .cf-frame").count() == 3
    expect(viewer.locator(".vw-versus")).to_contain_text("Of A's 3 frames and B's 2, 2 are the same.", use_inner_text=True)


def test_words_of_the_question_that_nobody_knows_are_said(viewer, engine):
    made = payload_of(engine)
    made["trace"]["unknown"] = ["zorgle"]
    mount(viewer, made)
    assert viewer.locator(".tl-notes").inner_text() == "Words the model has never seen: zorgle."
