"""Facts about the folds “Explain” and “Self-check” in a real browser: what was computed is drawn over the values it was made of
and over no others."""

import re
import time

import numpy as np
import pytest
from playwright.sync_api import expect

from app.main import launch
from app.page import build
from core.explain import Subject, attribution, self_check
from core.methods.stop.explain import stop_subject
from core.methods.stpn.explain import stpn_subject
from tests.pages import PATIENCE, number, opened


@pytest.fixture(scope="module")
def served(engine, examples):
    page = build({"tiny": engine}, examples)
    yield launch(page, wait=False), engine, examples
    page.close()


@pytest.fixture
def fold(page):
    """The page with the fold “Explain” of STOP open, and what can be explained there."""
    page.set_viewport_size({"width": 1280, "height": 1000})
    opens(page, "stop")
    return page


def opens(page, method):
    page.locator(f"#viewer-{method} [data-panel=explain] > summary").click()
    told = """m => document.querySelector(`#viewer-${m} .ex-chosen`)?.options.length
        && document.querySelector(`#viewer-${m} .ex-cost`)?.textContent"""
    page.wait_for_function(told, arg=method)


def explains(page, method, way):
    """Press the button; → the numbers of the map, as the engine has them."""
    page.locator(f"#viewer-{method} .ex-ways button", has_text=way).click()
    page.locator(f"#viewer-{method} [data-panel=explain] .ex-go").click()
    page.locator(f"#viewer-{method} .ex-result").wait_for()


def picture(page, method="stop"):
    return page.evaluate(f"document.querySelector('#viewer-{method} .vw-canvas').toDataURL()")


def points_at(page, method, row, column, grid):
    canvas = page.locator(f"#viewer-{method} .vw-canvas")
    canvas.evaluate("one => one.scrollIntoView({block: 'center', behavior: 'instant'})")
    box = canvas.bounding_box()
    page.mouse.move(box["x"] + (column + 0.5) / grid[1] * box["width"], box["y"] + (row + 0.5) / grid[0] * box["height"])


def told_number(text):
    return float(re.search(r"−?\d[\d.]*(e[+-−]?\d+)?", text)[0].replace("−", "-"))


def test_an_explanation_is_one_more_overlay_with_its_number_at_a_patch(fold, engine, stop):
    before = picture(fold)
    expect(fold.locator("#viewer-stop .ex-cost")).to_contain_text("on this machine", use_inner_text=True)
    explains(fold, "stop", "Feature ablation")
    pressed = fold.locator("#viewer-stop .vw-kinds [data-stage=explanation]")
    assert pressed.get_attribute("aria-checked") == "true" and picture(fold) != before
    texts = fold.evaluate("about => document.querySelector('#viewer-stop .vw-texts').innerText", None)
    text = fold.locator("#viewer-stop .ex-chosen").evaluate("one => one.selectedOptions[0].textContent").strip("“”")
    assert text in texts and text in fold.locator("#viewer-stop .vw-bar").inner_text()
    subject = stop_subject(engine, stop.clip(), [text], 0)
    made = attribution(subject, "feature_ablation")
    for row, column in ((0, 0), (1, 2)):
        points_at(fold, "stop", row, column, subject.grid)
        fold.locator("#viewer-stop .vw-patch", has_text=f"row {row + 1}, column {column + 1}").wait_for()
        told = fold.locator("#viewer-stop .vw-patch tr", has_text="Feature ablation").locator("td").first.inner_text()
        value = float(made.map_TP[0, row * subject.grid[1] + column])
        assert told_number(told) == pytest.approx(value, abs=float(np.abs(made.map_TP).max()) / 30000 + 0.006 * abs(value))


def test_a_knob_takes_an_explanation_off_and_brings_it_back(fold):
    explains(fold, "stop", "Grad-CAM")
    drawn, bar = picture(fold), fold.locator("#viewer-stop .vw-bar")
    first = number(fold, "alpha").input_value()
    number(fold, "alpha").fill("0.55")
    fold.wait_for_function("() => JSON.parse(document.querySelector('#viewer-stop .vw').dataset.texts).alpha === 0.55")
    assert "of other values" in bar.inner_text() and "of other values" in fold.locator("#viewer-stop .ex-result").inner_text()
    stale = picture(fold)
    fold.locator("#viewer-stop .vw-kinds [data-stage=none]").click()
    assert picture(fold) == stale  # nothing of it was drawn
    points_at(fold, "stop", 0, 0, (2, 3))
    patch = fold.locator("#viewer-stop .vw-patch", has_text="row 1, column 1")
    expect(patch).not_to_contain_text("Grad-CAM", use_inner_text=True)
    fold.locator("#viewer-stop .vw-kinds [data-stage=explanation]").click()
    number(fold, "alpha").fill(first)
    back = "x => JSON.parse(document.querySelector('#viewer-stop .vw').dataset.texts).alpha === x"
    fold.wait_for_function(back, arg=float(first))
    fold.mouse.move(0, 0)
    fold.wait_for_timeout(200)
    assert "of other values" not in bar.inner_text() and picture(fold) == drawn
    fold.get_by_label("Texts, one a line").fill("a red ball")
    fold.locator("#viewer-stop .vw-bar", has_text="of other values").wait_for()
    fold.locator("#viewer-stop .ex-off").click()
    expect(fold.locator("#viewer-stop .vw-kinds [data-stage=explanation]")).to_have_count(0)


def test_an_explanation_can_be_stopped_and_leaves_nothing(fold, monkeypatch):
    score = Subject.score

    def slow(self, *given, **named):
        time.sleep(1)
        return score(self, *given, **named)

    monkeypatch.setattr(Subject, "score", slow)
    fold.locator("#viewer-stop .ex-ways button", has_text="Occlusion").click()
    fold.locator("#viewer-stop .ex-knobs input").first.fill("1")
    fold.locator("#viewer-stop [data-panel=explain] .ex-go").click()
    far = fold.locator("#viewer-stop .ex-far")
    fold.locator("#viewer-stop .ex-far", has_text="Occlusion").wait_for()
    assert fold.locator("#viewer-stop .ex-test").is_disabled()
    far.get_by_role("button", name="stop").click()
    fold.locator("#viewer-stop .ex-said", has_text="Stopped: nothing of it was kept.").wait_for()
    assert fold.locator("#viewer-stop .ex-result").is_hidden() and far.is_hidden()
    assert fold.locator("#viewer-stop .vw-kinds [data-stage=explanation]").count() == 0
    assert fold.locator("#viewer-stop [data-panel=explain] .ex-go").is_enabled()


def test_every_map_has_its_sentence_beside_its_curves(fold):
    explains(fold, "stop", "Integrated gradients")
    fold.locator("#viewer-stop .ex-test").click()
    fold.locator("#viewer-stop .ex-map").nth(4).wait_for()
    said = fold.locator("#viewer-stop .ex-sentence").all_inner_texts()
    assert len(said) == 5 and said[4].startswith("Integrated gradients: ")
    expect(fold.locator("#viewer-stop .ex-result canvas.ex-thumb")).to_be_visible(timeout=PATIENCE)  # where the button is
    expect(fold.locator("#viewer-stop .ex-rows")).to_contain_text("± 2.0 standard deviations", use_inner_text=True)
    told = re.compile(r"against random places .* ± .*, centre .*, inverted .*: (not )?better than chance")
    assert all(told.search(one) for one in said)
    assert fold.locator("#viewer-stop .ex-sparks svg").count() == 10
    expect(fold.locator("#viewer-stop .ex-rows")).to_contain_text("On the actor in", use_inner_text=True)
    explains(fold, "stop", "Grad-CAM")  # the method's own maps are tested already
    fold.locator("#viewer-stop .ex-test").click()
    fold.locator("#viewer-stop .ex-sentence", has_text="Grad-CAM: ").wait_for()
    assert fold.locator("#viewer-stop .ex-map").count() == 6
    number(fold, "eta").fill("3")
    fold.locator("#viewer-stop .ex-rows", has_text="of other values").wait_for()


def test_texts_that_are_typed_can_be_explained_and_none_is_told(fold):
    fold.get_by_label("Texts, one a line").fill("a ball <b>moves</b>\na red ball")
    offers = "() => document.querySelector('#viewer-stop .ex-chosen').options[0]?.textContent === '“a ball <b>moves</b>”'"
    fold.wait_for_function(offers)
    fold.get_by_label("Texts, one a line").fill("")
    fold.locator("#viewer-stop .ex-said", has_text="There is no text to explain").wait_for()
    assert fold.locator("#viewer-stop [data-panel=explain] .ex-go").is_disabled()


def test_a_setting_out_of_range_is_told(fold):
    fold.locator("#viewer-stop .ex-ways button", has_text="Occlusion").click()
    fold.locator("#viewer-stop .ex-knobs input").first.fill("77")
    fold.locator("#viewer-stop .ex-said", has_text="k (window) is 1 to 8, got 77.").wait_for()


def test_the_self_check_lists_every_check_and_two_maps(fold, engine, stop):
    fold.locator("#viewer-stop [data-panel=selfcheck] > summary").click()
    fold.locator("#viewer-stop [data-panel=selfcheck] .ex-go").click()
    lines = fold.locator("#viewer-stop .ex-checks li")
    lines.nth(5).wait_for()
    made = self_check(engine, "stop", stop.clip())
    assert [line.get_attribute("data-name") for line in lines.all()] == [one.name for one in made]
    marks = fold.locator("#viewer-stop .ex-mark svg").all()
    assert [one.get_attribute("aria-label") for one in marks] == ["passed" if one.passed else "failed" for one in made]
    assert fold.locator("#viewer-stop .ex-pair canvas").count() == 2
    assert fold.locator("#viewer-stop .ex-checks code").count() == 2  # the digests of both networks
    titles = [one.strip() for one in lines.locator("p:first-child").all_inner_texts()]
    bare = [one.name for one in made if not isinstance(one.value, str)]
    assert [one for one in titles if "digest" not in one] == bare, "no number stands there without a word"
    number(fold, "eta").fill("2.5")
    fold.locator("#viewer-stop [data-panel=selfcheck] .ex-said", has_text="of other values").wait_for()


def test_a_detection_is_explained_over_the_current_frame(fold, engine, stpn, monkeypatch):
    fold.get_by_role("tab", name="STPN").click()
    fold.wait_for_selector("#viewer-stpn .sp[data-done]")
    opens(fold, "stpn")
    before = picture(fold, "stpn")
    explains(fold, "stpn", "Occlusion")
    assert picture(fold, "stpn") != before
    subject = stpn_subject(engine, stpn.clip(), 0)
    made, (h, w) = attribution(subject, "occlusion"), subject.grid
    r, c = divmod(int(np.abs(made.map_TP[0]).argmax()), w)
    points_at(fold, "stpn", r, c, (h, w))
    told = fold.locator("#viewer-stpn .vw-reading", has_text=f"row {r + 1}, column {c + 1}").locator("b").inner_text()
    assert told_number(told) == pytest.approx(float(made.map_TP[0, r * w + c]), rel=0.01)
    fold.locator("#viewer-stpn .vw-strip button").nth(5).click()
    fold.wait_for_function("() => JSON.parse(document.querySelector('#viewer-stpn .sp').dataset.done).t === 6")
    expect(fold.locator("#viewer-stpn .vw-bar").first).to_contain_text("of other values", use_inner_text=True)
    monkeypatch.setattr("core.methods.stpn.explain.MOST", 0)
    number(fold, "t", "stpn").fill("7")
    fold.locator("#viewer-stpn .ex-said", has_text="Nothing is found in this frame").wait_for()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_folds_fit_a_narrow_screen(window, served, scheme):
    page = window
    page.set_viewport_size({"width": 320, "height": 800})
    page.emulate_media(color_scheme=scheme)
    opened(page, served)
    opens(page, "stop")
    explains(page, "stop", "Grad-CAM")
    page.locator("#viewer-stop .ex-test").click()
    page.locator("#viewer-stop .ex-map").nth(4).wait_for()
    inside = """() => {
      const fold = document.querySelector('#viewer-stop [data-panel=explain]'), edge = fold.getBoundingClientRect();
      const out = box => box.width && (box.right > edge.right + 1 || box.left < edge.left - 1);
      const found = [...fold.querySelectorAll('*')].filter(one => out(one.getBoundingClientRect()));
      return found.map(one => one.className || one.tagName);
    }"""
    assert page.evaluate("document.documentElement.scrollWidth") <= 320 and page.evaluate(inside) == []
