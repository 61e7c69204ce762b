"""Facts about SwinBERT's pictures: a pair and a patch are told as they are, a click turns the token, a word shows its view."""

import pytest
from playwright.sync_api import expect

from app.figures.payload import about_payload, clip_payload, trace_payload
from core import METHODS
from core.world.sprites import CELLS
from tests import tiny

METHOD = "swinbert"
P = CELLS**2
M, TOKEN = 4 * P, 2 * CELLS + 3  # the patch in row 3 and column 3 of the first frame
MOUNT = """payload => { window.turned = [];
  window.view = viewer.mount(document.querySelector('#here'), payload, {turn: (...knob) => window.turned.push(knob)}); }"""


@pytest.fixture(scope="module")
def payload():
    """What the page sends when everything is there, and the run."""
    engine, clip = tiny.engine(), tiny.clip(T=8, H=40, W=40)
    trace = engine.run(METHOD, clip, outputs=METHODS[METHOD].until("network"), hidden=1, token=TOKEN)
    knobs, grid = engine.settings(METHOD, {"hidden": 1, "token": TOKEN}), engine.grid(METHOD)
    made = trace_payload(METHODS[METHOD], trace, "key", clip, knobs, grid, [], stamp=1.0)
    return {"about": about_payload(METHODS[METHOD]), "clip": clip_payload("key", clip), "trace": made}, trace


@pytest.fixture
def page(viewer, payload):
    viewer.evaluate(MOUNT, payload[0])
    viewer.wait_for_selector(".vw[data-shown]")
    return viewer


def place(canvas, column, row, columns, rows):
    """The middle of a cell of a canvas that a grid fills."""
    box = canvas.bounding_box()
    return {"x": (column + 0.5) * box["width"] / columns, "y": (row + 0.5) * box["height"] / rows}


def told(locator):
    """The numbers that are told there in bold."""
    return [float(one) for one in locator.locator("b").all_inner_texts()]


def test_the_pair_that_is_pointed_at_is_told_of_gate_and_attention(page, payload):
    canvas, said = page.locator(".sq canvas").first, page.locator(".sq-said")
    assert f"{M} tokens that look, down, {M} tokens looked at, across, of 4 frames" in canvas.get_attribute("aria-label")
    canvas.hover(position=place(canvas, 2 * P + 2 * CELLS + 3, P + CELLS, M, M))
    expect(said).to_contain_text("frame 2, row 2, column 1 → frame 3, row 3, column 4", use_inner_text=True)
    for number, stage in zip(told(said), ("gate_MM", "used_MM"), strict=True):
        value = payload[1][stage][P + CELLS, 2 * P + 2 * CELLS + 3].item()
        assert abs(number - value) < 0.05 * value, stage


def test_a_click_on_a_row_of_the_square_looks_at_its_token(page):
    canvas = page.locator(".sq canvas").last
    canvas.click(position=place(canvas, 5, 41, M, M))
    assert page.evaluate("turned") == [["token", 42]]


def test_a_token_s_maps_tell_its_row_and_a_click_looks_at_another(page, payload):
    card = page.locator(".tm").filter(has_text="One patch")
    said, third = card.locator(".tm-said"), card.locator(".tm-map").first.locator("canvas").nth(2)
    expect(said).to_contain_text("Of frame 1, row 3, column 3", use_inner_text=True)
    third.hover(position=place(third, 4, 1, CELLS, CELLS))
    expect(said).to_contain_text("frame 1, row 3, column 3 → frame 3, row 2, column 5", use_inner_text=True)
    for number, stage in zip(told(said), ("row_KP", "used_KP"), strict=True):
        assert abs(number - payload[1][stage][2, CELLS + 4].item()) < 1e-3, stage
    third.click(position=place(third, 4, 1, CELLS, CELLS))
    assert page.evaluate("turned") == [["token", 2 * P + CELLS + 5]]


def test_bars_tell_what_a_patch_of_the_first_frame_sees_of_each_frame(page, payload):
    canvas, said = page.locator(".cb canvas"), page.locator(".cb-said")
    canvas.hover(position=place(canvas, 3, 4, CELLS, CELLS))
    numbers = [float(one) for one in said.locator("b").inner_text().split(" · ")]
    assert numbers == pytest.approx(payload[1]["bar_PK"][4 * CELLS + 3].tolist(), abs=2e-3)
    canvas.click(position=place(canvas, 3, 4, CELLS, CELLS))
    assert page.evaluate("turned") == [["token", 4 * CELLS + 4]]


def test_a_word_that_is_chosen_shows_where_it_looks_and_how_sure_it_is(page, payload):
    card, trace = page.locator(".cp").first, payload[1]
    words = [*trace["caption"].split(), "end"][: len(trace["ids_W"])]
    chips = card.get_by_role("radio")
    assert [one.split("\n")[0] for one in chips.all_inner_texts()] == words
    before = card.locator(".cp-maps canvas").first.get_attribute("aria-label")
    chips.nth(1).focus()
    page.keyboard.press("Enter")
    expect(chips.nth(1)).to_have_attribute("aria-checked", "true")
    expect(card.locator(".cp-said")).to_contain_text(f"“{words[1]}”", use_inner_text=True)
    share = 100 * trace["share_W"][1].item()
    assert abs(float(card.locator(".cp-said b").inner_text().split()[0]) - share) < 0.06 * share
    after = card.locator(".cp-maps canvas").first.get_attribute("aria-label")
    assert before != after and abs(float(after.split(": ")[1].split()[0]) - 100 * trace["look_WKP"][1, 0].sum()) < 0.6


def test_with_a_word_hidden_each_place_says_what_stands_there_then(page, payload):
    card, trace = page.locator(".cp").nth(1), payload[1]
    was, now = [*trace["caption"].split(), "end"], trace["guess"].split()
    chips = card.get_by_role("radio").all()
    for w, chip in enumerate(chips):
        expect(chip.locator("em")).to_have_text("·" if was[w] == now[w] else now[w])
        assert len(chip.locator("u").all()) == 2
    assert len(chips) == len(now)


def test_curves_say_how_dense_it_was_at_the_end(page):
    curve = page.locator(".cu").filter(has_text="density")
    expect(curve.locator(".cu-said")).to_contain_text("n = 100: density 0.05", use_inner_text=True)


def test_nothing_is_wider_than_a_narrow_screen(page):
    page.set_viewport_size({"width": 400, "height": 900})
    page.wait_for_timeout(300)
    assert page.evaluate("document.documentElement.scrollWidth") <= 400
    wide = page.locator(".vw canvas").evaluate_all("all => Math.max(...all.map(one => one.getBoundingClientRect().right))")
    assert wide <= 400
