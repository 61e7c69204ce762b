"""Facts about the viewer of prompts and supports: it draws what it is given, where it belongs, and the last value wins."""

import json

import numpy as np
import pytest
from playwright.sync_api import expect

from tests.methods.stpn.toys import ABOUT, PIXEL, K, Q, clip_of, mount, support_pixels, trace_of

METHOD = "stpn"


def test_a_bright_patch_lights_its_own_place_in_its_own_support(viewer):
    mount(viewer)
    viewer.locator(".sp").press("2")
    colours = support_pixels(viewer)
    lit = colours.pop((2, 1, 3))
    assert lit[0] > lit[2] + 40, "40 times an even share is yellow"
    assert len(set(colours.values())) == 1 and lit not in colours.values()
    viewer.locator(".sp").press("1")
    assert len(set(support_pixels(viewer).values())) == 1, "prompt 1 looked everywhere alike"


def test_hovering_a_prompt_shows_its_map_and_a_click_locks_it(viewer):
    mount(viewer)
    chip, title = viewer.locator(".vw-prompts button").nth(2), viewer.locator(".vw-supports-title")
    chip.hover()
    assert "prompt 2 looked" in title.inner_text() and chip.get_attribute("aria-checked") == "false"
    viewer.mouse.move(5, 5)
    expect(title).to_contain_text("the prompts (mean) looked", use_inner_text=True)
    chip.click()
    viewer.mouse.move(5, 5)
    assert "prompt 2 looked" in title.inner_text() and chip.get_attribute("aria-checked") == "true"
    chip.click()
    viewer.mouse.move(5, 5)
    assert chip.get_attribute("aria-checked") == "false"


def test_hovering_a_patch_tells_its_share(viewer):
    mount(viewer)
    viewer.locator(".sp").press("2")
    box = viewer.locator(".sp-support canvas").nth(2).bounding_box()
    viewer.mouse.move(box["x"] + box["width"] * 3.5 / 5, box["y"] + box["height"] * 1.5 / 2)
    said = viewer.locator(".vw-reading").inner_text()
    assert "support 3 (frame 4), row 2, column 4: 40 × an even share = 100 % of prompt 2's attention" in said


def test_keys_choose_overlay_block_head_box_score_and_patch(viewer):
    mount(viewer)
    root, reading = viewer.locator(".sp"), viewer.locator(".vw-reading")
    root.focus()
    place = viewer.locator(".vw-place")
    assert place.inner_text() == "stage 2"
    viewer.keyboard.press("B")
    assert place.inner_text() == "stage 1"
    for key, stage in {"x": "to_prompts", "v": "to_patches", "n": "none", "c": "change"}.items():
        viewer.keyboard.press(key)
        assert viewer.locator(f"[data-stage={stage}]").get_attribute("aria-checked") == "true", key
    viewer.keyboard.press("Shift+ArrowUp")
    expect(reading).to_contain_text("row 2, column 4", use_inner_text=True)
    for _ in range(3):
        viewer.keyboard.press("s")
    viewer.keyboard.press("Shift+ArrowRight")
    expect(reading).to_contain_text("support 3 (frame 4), row 2, column 4", use_inner_text=True)
    viewer.keyboard.press("h")
    assert viewer.locator(".vw-heads button").first.get_attribute("aria-checked") == "true"
    for _ in range(2):
        viewer.keyboard.press("-")
    expect(viewer.locator(".vw-found").first).to_contain_text("2 of 2 boxes reach 0.20", use_inner_text=True)
    viewer.keyboard.press("Escape")
    assert viewer.locator(".vw-heads [aria-checked=true]").count() == 0 and "Point at" in reading.inner_text()
    viewer.keyboard.press("?")
    assert viewer.locator(".vw-help").is_visible()


def test_a_frame_of_the_strip_turns_the_knob_and_keys_do_not_wait_for_the_answer(viewer):
    mount(viewer)
    viewer.locator(".vw-thumb").nth(4).click()
    viewer.evaluate("trace => view.update({trace})", trace_of(2, t=5))
    viewer.locator(".sp").focus()
    for key in ("ArrowLeft", "ArrowLeft", "Home", "ArrowLeft", "End"):
        viewer.keyboard.press(key)
    assert viewer.evaluate("turned") == [["t", n] for n in (5, 4, 3, 1, 1, 5)]


def test_the_overlay_lies_where_the_map_is_bright_and_o_takes_it_away(viewer):
    mount(viewer, truth=False)
    root = viewer.locator(".sp")
    root.press("B")
    cells = {(r, c): tuple(viewer.evaluate(PIXEL, [".vw-canvas", 0, r, c, 4, 6])) for r in range(4) for c in range(6)}
    lit = cells.pop((1, 2))
    assert lit[0] > lit[2] + 40 and len(set(cells.values())) == 1
    viewer.keyboard.down("o")
    bare = viewer.evaluate(PIXEL, [".vw-canvas", 0, 1, 2, 4, 6])
    viewer.keyboard.up("o")
    assert max(bare) - min(bare) < 6 and tuple(viewer.evaluate(PIXEL, [".vw-canvas", 0, 1, 2, 4, 6])) == lit


def test_an_older_trace_never_replaces_a_newer_one_and_boxes_wait_until_they_are_there(viewer):
    mount(viewer)
    for stamp, severity, done in ((5, 0.9, False), (3, 0.1, True)):
        viewer.evaluate("trace => view.update({trace})", trace_of(stamp, severity, done))
    shown, complete = (json.loads(viewer.locator(".sp").get_attribute(f"data-{name}")) for name in ("shown", "done"))
    assert shown["severity"] == 0.9 and complete["severity"] == 0.6
    assert "vw-stale" in viewer.locator(".vw-found").first.get_attribute("class")
    viewer.evaluate("trace => view.update({trace})", trace_of(6, 0.9))
    assert "vw-stale" not in viewer.locator(".vw-found").first.get_attribute("class")


def test_it_says_in_words_what_it_draws(viewer):
    mount(viewer)
    with_prompts, without = (one.inner_text() for one in viewer.locator(".vw-found").all())
    assert "1 of 1 things found, 0 false" in with_prompts and "0 of 1 things found, 0 false" in without
    expect(viewer.locator(".sp-support").nth(2)).to_contain_text("60.0 %", use_inner_text=True)
    assert viewer.locator(".vw-thumb").nth(3).get_attribute("aria-label").endswith("supports 2 times")
    expect(viewer.locator(".vw-likeness")).to_contain_text("with 0.800", use_inner_text=True)
    expect(viewer.locator(".vw-shuffle")).to_contain_text("1.5e-7", use_inner_text=True)
    assert "+75.0 %" in viewer.locator(".vw-cost").inner_text() and "+10.0 %" in viewer.locator(".vw-cost").inner_text()
    assert viewer.locator(".vw-banner").is_hidden()
    viewer.evaluate("trace => view.update({trace})", trace_of(2, untrained=("attention/shallow",)))
    expect(viewer.locator(".vw-banner")).to_contain_text("UNTRAINED: attention/shallow has random weights", use_inner_text=True)


def test_without_a_truth_nothing_is_called_right_or_wrong(viewer):
    mount(viewer, truth=False)
    expect(viewer.locator(".vw-known")).to_contain_text("not known", use_inner_text=True)
    assert viewer.locator(".vw-found p").first.inner_text() == "1 of 2 boxes reach 0.30"


WRITTEN = """() => {
  window.written = [];
  const pen = CanvasRenderingContext2D.prototype, {fillText, fillRect} = pen;
  const first = one => one.canvas === document.querySelector(".vw-found canvas");
  pen.fillRect = function (x, y, wide, tall) {
    if (first(this)) written.push([x, x + wide, y]);
    fillRect.call(this, x, y, wide, tall);
  };
  pen.fillText = function (text, x, y) {
    if (first(this)) written.at(-1).push(text);
    fillText.call(this, text, x, y);
  };
}"""


@pytest.mark.parametrize("width", [300, 150])
def test_labels_of_boxes_hide_no_other_and_a_small_picture_has_marks_alone(viewer, width):
    viewer.add_style_tag(content=f".vw-found {{ width: {width}px }}")
    viewer.evaluate(WRITTEN)
    trace, edge = trace_of(), {"name": "cross", "runs": None}
    trace["values"]["prompted_found"]["found"] = [
        edge | {"box": [0.1, 0.05, 0.5, 0.6 + 0.01 * i], "score": 0.9 - 0.1 * i, "thing": None if i else 0} for i in range(4)
    ]
    payload = {"about": ABOUT, "clip": clip_of(), "trace": trace}
    viewer.evaluate("payload => { window.view = viewer.mount(document.querySelector('#here'), payload); }", payload)
    viewer.wait_for_selector(".vw[data-shown]")
    drawn = viewer.evaluate("written.slice(-4)")
    said = ["cross 0.90", "cross 0.80", "cross 0.70", "cross 0.60"]
    assert [text for *_, text in drawn] == (said if width == 300 else [""] * 4)
    for i, (left, right, top, _) in enumerate(drawn):
        assert right - left > 15, "every label has room for its mark"
        assert all(right <= other[0] or other[1] <= left or abs(top - other[2]) >= 15 for other in drawn[:i]), drawn


@pytest.mark.parametrize("most, told", [(1.1, "0.8"), (2, "0.4"), (40, "0.1")])
def test_colours_of_attention_are_as_narrow_as_holds_it_and_only_widen(viewer, most, told):
    share_QKP = np.full((Q, K, 10), 1 / 40)
    share_QKP[1, 2, 3] *= most
    mount(viewer, share_QKP=share_QKP)
    assert viewer.locator(".vw-bar2 .sp-scale span span").first.inner_text() == told
    viewer.evaluate("trace => view.update({trace})", trace_of(2, share_QKP=np.full((Q, K, 10), 1 / 40)))
    assert viewer.locator(".vw-bar2 .sp-scale span span").first.inner_text() == told


def test_an_error_is_told_and_the_picture_stays(viewer):
    mount(viewer)
    viewer.evaluate("view.update({trace: {error: 't (t) is 1 to 5.'}})")
    assert viewer.locator(".vw-wait").inner_text() == "t (t) is 1 to 5." and viewer.locator(".sp-support").count() == K


def test_on_a_wide_screen_what_is_found_and_the_frames_stand_beside_the_picture(viewer):
    viewer.set_viewport_size({"width": 1480, "height": 1000})
    mount(viewer)
    picture, *beside = (viewer.locator(f".{one}").first.bounding_box() for one in ("vw-picture", "vw-found", "vw-strip"))
    assert picture["width"] > 600
    for one in beside:
        assert one["x"] >= picture["x"] + picture["width"] and one["y"] + one["height"] <= 1000
