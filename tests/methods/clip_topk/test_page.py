"""Facts about the tabs of the baselines in a browser: a line says how far a long video is read, and K re-draws at once."""

import json
import statistics
import time

import pytest
from playwright.sync_api import expect

from app.main import launch
from app.page import build
from app.server.clips import find_videos
from core import METHODS, Engine
from tests import tiny

NAMES = ("uniform", "random_frames", "clip_topk")


@pytest.fixture(scope="module")
def page(browser, tmp_path_factory):
    """The three tabs over tiny towers, and five minutes of the world."""
    folder = tmp_path_factory.mktemp("videos")
    recipe = {"title": "five minutes", "question": "a red ball moves", "seed": 5, "seconds": 300, "rate": 1, "size": [48, 64]}
    (folder / "five.json").write_text(json.dumps(recipe))
    engine = Engine("cpu", models={"clip": tiny.towers()}, methods={name: METHODS[name] for name in NAMES})
    made = build({"tiny": engine}, find_videos(folder))
    shown = browser.new_page(viewport={"width": 1200, "height": 1000})
    shown.set_default_timeout(60_000)
    shown.goto(launch(made, wait=False))
    yield shown
    shown.close()
    made.close()


def opened(page, name):
    """The tab of a method, when everything of it is there."""
    page.get_by_role("tab", name=METHODS[name].title.partition(" — ")[0], exact=True).click()
    page.wait_for_selector(f"#viewer-{name} .vw[data-done]")
    return page.locator(f"#viewer-{name} .vw")


def times(root):
    return root.locator(".cf-frame b").all_inner_texts()


@pytest.mark.parametrize("name", NAMES)
def test_a_tab_has_its_video_its_knobs_its_folds_and_its_figures(page, name):
    root = opened(page, name)
    assert root.locator(".vw-examples button").inner_text() == "five minutes" and len(times(root)) == 8
    expect(root.locator(".vw-clip")).to_contain_text("8 frames of 300, 5:00 long", use_inner_text=True)
    assert page.locator(f"#knob-{name}-budget").is_visible()
    assert page.locator(f"#question-{name}").count() == (name == "clip_topk")
    folds = page.locator(f"#viewer-{name} .panels summary").all_inner_texts()
    assert [one.split(":")[0] for one in folds] == ["Equations", "Sweep"]  # there is no clip to edit, and no map to explain
    root.locator("summary").filter(has_text="Stages").click()
    expect(root.locator(".vw-stages")).to_contain_text("frame_K", use_inner_text=True)


def test_a_question_is_asked_anew_of_what_was_read(page):
    root = opened(page, "clip_topk")
    before = root.locator(".tl-canvas").get_attribute("aria-label")
    page.locator("#question-clip_topk textarea").fill("a zorgle")
    page.wait_for_function("""() => document.querySelector('#viewer-clip_topk .tl-notes').innerText.includes('zorgle')""")
    assert root.locator(".tl-canvas").get_attribute("aria-label") != before
    assert root.locator(".vw-ledger summary").inner_text().startswith("Stages:")
    ran = page.evaluate("() => document.querySelector('#viewer-clip_topk .vw-stages').innerText")
    assert "feature_TE" not in [line for line in ran.split("\n") if line.endswith("ms")]


def test_k_redraws_at_once_with_the_last_value_and_its_pictures(page, tables):
    root, took = opened(page, "clip_topk"), []
    slider = page.locator("#knob-clip_topk-budget input[type=range]")
    for budget in range(9, 21):
        began = time.perf_counter()
        slider.press("ArrowRight")
        page.wait_for_function("n => document.querySelectorAll('#viewer-clip_topk .cf-frame').length === n", arg=budget)
        took.append(time.perf_counter() - began)
    row = ("12 moves of K", f"median {1e3 * statistics.median(took):.0f} ms", f"longest {1e3 * max(took):.0f} ms")
    tables.setdefault("from a knob of a long video to its time line", []).append(row)
    page.wait_for_function("() => JSON.parse(document.querySelector('#viewer-clip_topk .vw').dataset.done).budget === 20")
    sources = root.locator(".cf-frame img").evaluate_all("all => all.map(one => one.src.slice(0, 15))")
    assert sources == ["data:image/jpeg"] * 20
    seconds = [60 * int(one.split(":")[0]) + float(one.split(":")[1]) for one in times(root)]
    assert seconds == sorted(set(seconds)) and seconds[-1] < 300


def test_another_video_is_read_under_a_line_that_says_how_far_it_is(browser, tmp_path):
    recipe = {"title": "a day", "question": "a red ball moves", "seed": 6, "seconds": 86400, "rate": 1, "size": [48, 64]}
    (tmp_path / "day.json").write_text(json.dumps(recipe))
    methods = {name: METHODS[name] for name in ("uniform", "clip_topk")}
    made = build({"tiny": Engine("cpu", models={"clip": tiny.towers()}, methods=methods)}, find_videos(tmp_path))
    shown = browser.new_page()
    shown.set_default_timeout(60_000)
    try:
        shown.goto(launch(made, wait=False))
        shown.get_by_role("tab", name="CLIP top-K").click()
        shown.wait_for_selector("#viewer-clip_topk .vw-far:not([hidden])")
        expect(shown.locator("#viewer-clip_topk .vw-far span")).to_contain_text("feature_TE", use_inner_text=True)
        shown.locator("#viewer-clip_topk .vw-far button").click()
        shown.wait_for_selector("#viewer-clip_topk .vw-far[hidden]", state="attached")
    finally:
        shown.close()
        made.close()
