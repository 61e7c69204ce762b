"""Facts about the knobs of the page, in a real browser: the last value wins, and a knob reruns only what follows it."""

import random
import time

from playwright.sync_api import expect

from core import METHODS
from tests.pages import PATIENCE, number, press_about, settles, shown, slider, stepped

DEFAULT = {knob.name: knob.default for knob in METHODS["stop"].knobs.knobs()}


def test_the_last_value_wins_by_mouse(page):
    box = slider(page, "alpha").bounding_box()
    chance = random.Random(0)
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    page.mouse.down()
    for _ in range(25):
        page.mouse.move(box["x"] + box["width"] * chance.random(), box["y"] + 5)
        page.wait_for_timeout(chance.choice((0, 5, 20, 60)))
    page.mouse.move(box["x"] + box["width"] - 1, box["y"] + 5)
    page.mouse.up()
    settles(page, alpha=1)


def test_the_last_value_wins_by_keys(page):
    press_about(page, slider(page, "eta"), 1)
    settles(page, eta=11.9)


def test_the_last_value_wins_by_typing_reset_and_preset(page, served):
    number(page, "kept").fill("9")
    settles(page, kept=9)
    for value in ("3", "12", "17"):
        number(page, "kept").fill(value)
    settles(page, kept=17)
    page.locator("#knob-stop-kept button").click()
    settles(page, kept=DEFAULT["kept"])
    page.get_by_role("button", name="many prompts").click()
    page.get_by_role("button", name="dynamics only").click()
    settles(page, alpha=0, eta=DEFAULT["eta"])
    slider(page, "alpha").press("ArrowRight")
    page.get_by_role("button", name="defaults").click()
    settles(page, **DEFAULT | {"layer": min(DEFAULT["layer"], served[1].limits("stop")["layer"])})


def test_a_value_that_comes_while_another_is_computed_is_not_lost(page, served, monkeypatch):
    """With random delays in the engine, so that replies overtake each other."""
    engine, chance = served[1], random.Random(2)
    run = engine.run

    def slow(*given, **named):
        time.sleep(chance.choice((0.05, 0.3, 0.5)))
        return run(*given, **named)

    monkeypatch.setattr(engine, "run", slow)
    slider(page, "beta").focus()
    for pause in (150, 20, 400, 150, 0, 250):
        page.keyboard.press("ArrowRight")
        page.wait_for_timeout(pause)
    settles(page, beta=stepped("beta", 6))


def test_a_value_out_of_range_is_told_in_words_and_the_picture_stays(page):
    before = shown(page)
    told = page.locator(".vw-wait")
    number(page, "alpha").fill("7")
    expect(told).to_have_text("α (alpha) is 0.0 to 1.0, got 7.", use_inner_text=True)
    assert shown(page) == before
    expect(page.locator("#viewer-stop .vw-refused"), "the picture is of other values, and looks it").to_have_count(1)
    number(page, "alpha").fill("0.3")
    settles(page, alpha=0.3)
    expect(told).to_be_hidden()
    expect(page.locator(".vw-refused")).to_have_count(0)


def test_texts_are_compared_as_they_are_typed_and_unknown_words_are_told(page):
    page.get_by_label("Texts, one a line").fill("a red ring grows\na zorgle moves left")
    page.wait_for_function("document.querySelectorAll('.vw-text').length === 2", timeout=PATIENCE)
    expect(page.locator(".vw-texts")).to_contain_text("zorgle", use_inner_text=True)
    page.get_by_label("Texts, one a line").fill("")
    page.locator(".vw-texts .vw-empty").wait_for(timeout=PATIENCE)


def test_a_knob_reruns_only_what_follows_it(page):
    number(page, "eta").fill("7.3")  # a value no other test has visited: what is known does not run again
    settles(page, eta=7.3)
    page.locator(".vw-ledger summary").click()
    page.locator(".vw-stages .vw-ran").first.wait_for()
    ran = page.locator(".vw-stages .vw-ran b").all_inner_texts()
    assert "prompt_count_G" in ran and "score_TP" not in ran and "change_G" not in ran
    page.locator(".vw-stages button", has_text="score_TP").click()
    expect(page.locator(".vw-source")).to_contain_text("def score_TP(attention_TP", use_inner_text=True)
