"""Facts about A beside B in the viewers of prompts and of the released code."""

import numpy as np
from playwright.sync_api import expect

from app.figures.pack import log16
from tests.methods.stpn.toys import ABOUT, PIXEL, K, Q, clip_of, looking_at, trace_of

METHOD = "stpn"
NAMED = ABOUT | {"knobs": [{"name": "severity", "symbol": "s"}, {"name": "t", "symbol": "t"}]}
MOUNT = """([payload, answers]) => {
  window.asked = [];
  const later = async request => { asked.push(request); return JSON.stringify(answers[request.values[0]]); };
  window.view = viewer.mount(document.querySelector('#here'), payload, {later, stop: () => {}});
}"""


def changed(value, trace, cells=(4, 6), at=(1, 2)):
    """The same run whose prompts changed one patch of every block so much, and the others a hundredth."""
    map_hw = np.full((1, *cells), 0.01)
    map_hw[0, at[0], at[1]] = value
    made = {"at": [0], "shape": [1, *cells], "code": log16(map_hw)}
    return trace | {"values": trace["values"] | {"change": [made]}}


def started(page, shown, **answers):
    payload = {"about": NAMED, "clip": clip_of(), "trace": shown, "untouched": {"values": ["shown"], "stamp": 0}}
    page.evaluate(MOUNT, [payload, {"shown": shown} | answers])
    page.wait_for_selector(".vw[data-shown]")


def pinned(page, name):
    page.evaluate("name => view.pin({values: [name]})", name)
    page.wait_for_selector(".vw-paired")


def colour(page, row, column):
    return page.evaluate(PIXEL, [".vw-canvas-d", 0, row, column, 4, 6])


def test_the_difference_is_of_logarithms_with_its_sign(viewer):
    started(viewer, changed(0.1, trace_of()), more=changed(1.0, trace_of()), less=changed(0.02, trace_of()))
    pinned(viewer, "less")
    grey, more = colour(viewer, 0, 0), colour(viewer, 1, 2)
    assert np.ptp(grey) < 6 and more[0] > more[2] + 30
    assert "+0.699" in viewer.locator(".vw-bar-d").inner_text(), "log10(0.1 / 0.02)"
    pinned_before = viewer.evaluate("view.pinned().request.values")
    viewer.evaluate("view.pin({values: ['more']})")
    viewer.wait_for_function("view.pinned().request.values[0] === 'more'")
    assert pinned_before == ["less"]
    less = colour(viewer, 1, 2)
    assert less[2] > less[0] + 30 and "−1" in viewer.locator(".vw-bar-d").inner_text()


def test_where_grids_differ_a_sentence_says_so(viewer):
    started(viewer, changed(0.1, trace_of()), other=changed(0.1, trace_of(), (2, 3), (0, 0)))
    pinned(viewer, "other")
    expect(viewer.locator(".vw-none")).to_contain_text("here A has 2 × 3, B 4 × 6", use_inner_text=True)
    assert viewer.locator(".vw-canvas-d").is_hidden()
    box = viewer.locator(".vw-canvas").bounding_box()
    viewer.mouse.move(box["x"] + box["width"] * 2.5 / 6, box["y"] + box["height"] * 1.5 / 4)
    said = viewer.locator(".vw-reading").inner_text()
    assert "A there: 0.01; B − A: +0.09, 10 times A's" in said, "column 2 of 3, row 1 of 2"


def test_shares_boxes_and_likeness_of_a_stand_beside_b_s(viewer):
    other = trace_of(severity=0.2, cosine=0.6, t=2)
    other["values"] = other["values"] | {"mass_K": [0.4, 0.2, 0.3, 0.1], "baseline_found": other["values"]["prompted_found"]}
    started(viewer, trace_of(), a=other)
    pinned(viewer, "a")
    said = viewer.locator(".vw-apart").inner_text()
    assert "baseline_found: boxes ≥ 0.30\t1\t0\t−1" in said and "prompted_found: boxes ≥ 0.30\t1\t1\t0" in said
    assert "cosine_prompted_I, stage 1\t0.600\t0.800\t+0.200" in said and "cosine_plain_I, stage 1\t0.500\t0.500\t0" in said
    assert "largest change is +30.0 points" in said or "largest change is −30.0 points" in said
    assert viewer.locator(".sp-mass u").count() == K
    assert viewer.locator(".sp-mass u").first.evaluate("one => one.style.height") == "80%"
    assert {"s 0.2 → 0.6", "t 2 → 3"} == set(viewer.locator(".vw-chip").all_inner_texts())
    assert viewer.locator(".vw-say-a").inner_text().endswith("frame 2")
    titles = viewer.locator(".vw-found-a h4, .vw-found h4").all_inner_texts()
    assert [one[:4] for one in titles] == ["B · ", "B · ", "A · ", "A · "]
    expect(viewer.locator(".vw-found-a").nth(1)).to_contain_text("1 of 1 things found", use_inner_text=True)
    for _ in range(2):
        viewer.locator(".sp").press("-")
    expect(viewer.locator(".vw-apart")).to_contain_text("boxes ≥ 0.20\t2\t2\t0", use_inner_text=True)


def test_a_stays_while_b_moves_and_goes_with_p(viewer):
    started(viewer, changed(0.1, trace_of()))
    viewer.locator(".sp").press("p")
    viewer.wait_for_selector(".vw-paired")
    pixels = "() => { const c = document.querySelector('.vw-canvas-a'); return c.toDataURL(); }"
    before = viewer.evaluate(pixels)
    viewer.evaluate("trace => view.update({trace})", changed(0.9, trace_of(2, 0.9)))
    assert viewer.evaluate(pixels) == before and "s 0.6 → 0.9" in viewer.locator(".vw-chips").inner_text()
    assert viewer.evaluate("view.state().pinned") == {"values": ["shown"], "stamp": 0}
    viewer.locator(".sp").press("v")
    assert viewer.evaluate(pixels) != before, "its overlay is B's"
    fewer = trace_of(3, done=False)
    attention = {"shape": [Q, 2, 10], "code": log16(looking_at(0, 1, 0, 0)[:, :2] * 20), "heads": 2}
    two = {"prompt_attention_NQKP": attention, "mass_K": [0.5, 0.5], "support_index_K": [0, 1]}
    fewer["values"] = fewer["values"] | two
    viewer.evaluate("trace => view.update({trace})", fewer)
    assert "A has 4 supports and B 2" in viewer.locator(".vw-apart").inner_text() and viewer.locator(".sp-mass u").count() == 0
    viewer.locator(".sp").press("p")
    assert viewer.locator(".vw-paired").count() == 0 and viewer.evaluate("view.pinned()") is None
    assert viewer.locator(".vw-found-a").first.is_hidden()
