"""Facts about A beside B on the page, in a real browser: B goes on as if A were not there, and a link or a file has both."""

import json
from pathlib import Path
from xml.etree import ElementTree

import pytest
from playwright.sync_api import expect

from tests.pages import EDIT, PATIENCE, number, opened, press_about, settles, shown, slider

PINNED = ".vw-paired"
A_PIXELS = "document.querySelector('.vw-canvas-a').toDataURL()"


def pin(page, method="stop"):
    page.locator(f"#viewer-{method} .vw-pin").click()
    page.wait_for_selector(f"#viewer-{method} {PINNED}", timeout=PATIENCE)


def linked(page, method="stop"):
    """The link of what is on the page."""
    page.get_by_text("Take it along").locator("visible=true").first.click()
    page.click(f"#show-{method}")
    box = f"#link-{method} textarea, #link-{method} input"
    page.wait_for_function("box => document.querySelector(box).value", arg=box, timeout=PATIENCE)
    return page.locator(box).first.input_value()


@pytest.fixture
def following(browser):
    """follow(address): another reader opens a link."""
    contexts = []

    def follow(address):
        contexts.append(browser.new_context(viewport={"width": 1280, "height": 900}))
        page = contexts[-1].new_page()
        page.set_default_timeout(PATIENCE)
        page.goto(address)
        page.wait_for_selector(".vw[data-shown]", timeout=PATIENCE)
        return page

    yield follow
    for one in contexts:
        one.close()


def test_the_last_value_of_b_wins_while_a_stays(page):
    number(page, "alpha").fill("0.25")
    settles(page, alpha=0.25)
    pin(page)
    before = page.evaluate(A_PIXELS)
    press_about(page, slider(page, "alpha"), 4)
    settles(page, alpha=0.95)
    expect(page.locator(".vw-chips").first).to_contain_text("α 0.25 → 0.95", use_inner_text=True)
    assert page.evaluate(A_PIXELS) == before
    assert page.evaluate("window.views.stop.pinned().request.values.knobs.layer") == shown(page)["layer"]


def test_frame_overlay_and_a_come_back_with_a_link_and_its_python_has_both(page, following):
    number(page, "frames").fill("6")
    number(page, "alpha").fill("0.35")
    settles(page, alpha=0.35)
    page.wait_for_function("document.querySelectorAll('#viewer-stop .vw-strip:not(.vw-strip-a) .vw-thumb').length === 6")
    pin(page)
    number(page, "frames").fill("12")
    number(page, "alpha").fill("0.6")
    settles(page, alpha=0.6)
    page.wait_for_function("document.querySelectorAll('#viewer-stop .vw-strip:not(.vw-strip-a) .vw-thumb').length === 12")
    page.locator("#viewer-stop .vw").focus()
    page.keyboard.press("4")
    page.keyboard.press("End")
    page.keyboard.press("ArrowLeft")
    link = linked(page)
    assert "f=11" in link and "o=region_TP" in link and "b.k.alpha=0.35" in link and "b.n=6" in link
    page.wait_for_function("document.querySelector('#python-stop')?.innerText.includes('compared = engine.run')")
    other = following(link)
    settles(other, alpha=0.6)
    other.wait_for_selector(PINNED, timeout=PATIENCE)
    other.wait_for_function("window.views.stop.state().frame === 10", timeout=PATIENCE)
    assert other.evaluate("window.views.stop.state().overlay") == "region_TP"
    expect(other.locator(".vw-chips").first).to_contain_text("α 0.35 → 0.6", use_inner_text=True)
    expect(other.locator(".vw-say-a").first).to_contain_text("frame 6: its last", use_inner_text=True)
    assert linked(other) == link


def test_a_was_edited_and_b_is_not(page, following):
    page.evaluate(EDIT, [{"name": "reverse"}])
    page.locator("#viewer-stop .vw-note").first.wait_for()
    pin(page)
    page.evaluate(EDIT, [])
    page.locator("#viewer-stop .vw-note").first.wait_for(state="detached", timeout=PATIENCE)
    chips = page.locator(".vw-chips").first.inner_text()
    assert "of the clip" in chips and "→ none" in chips
    assert json.loads(page.evaluate("window.views.stop.state().pinned.values.edits")) == [{"name": "reverse"}]
    other = following(linked(page))
    other.wait_for_selector(PINNED, timeout=PATIENCE)
    assert json.loads(other.evaluate("window.views.stop.state().pinned.values.edits")) == [{"name": "reverse"}]
    expect(other.locator(".vw-chips").first).to_have_text(chips, use_inner_text=True)


def test_a_hostile_set_to_compare_falls_back_and_says_so(served, following):
    page = following(f"{served[0]}?v=1&m=stop&f=99&b.k.alpha=99&b.k.nothing=1&b.c=../../etc/passwd&b.y=%3Cimg%20src%3Dx%3E")
    page.get_by_text("The current frame is 1 to 8").first.wait_for()
    page.wait_for_selector(PINNED, timeout=PATIENCE)
    state = page.evaluate("window.views.stop.state()")
    assert state["frame"] == 0 and state["pinned"]["values"]["texts"] == "<img src=x>"
    other = following(f"{served[0]}?v=1&m=stop&b.m=stpn&b.k.severity=0.3")
    other.get_by_text("A is of stpn").first.wait_for()
    assert other.locator(PINNED).count() == 0


def test_a_reader_s_a_is_nobody_else_s(page, browser, served):
    context = browser.new_context()
    other = context.new_page()
    other.set_default_timeout(PATIENCE)
    opened(other, served)
    page.locator("#viewer-stop .vw-examples button").nth(1).click()
    page.wait_for_function("document.querySelectorAll('#viewer-stop .vw-examples button')[1].ariaPressed === 'true'")
    pin(page)
    assert other.locator(PINNED).count() == 0
    pin(other)
    keys = [one.evaluate("window.views.stop.pinned().request.values.clip") for one in (page, other)]
    assert keys[0] != keys[1]
    number(other, "alpha").fill("0.45")
    settles(other, alpha=0.45)
    expect(page.locator(".vw-chips").first).not_to_contain_text("α", use_inner_text=True)
    context.close()


def test_a_clip_other_than_a_s_says_so_and_shows_both(page, served):
    pin(page)
    before = page.evaluate(A_PIXELS)
    page.locator("#viewer-stop .vw-examples button").nth(1).click()
    page.wait_for_function("document.querySelector('.vw-chips')?.innerText.includes('clip')", timeout=PATIENCE)
    assert page.evaluate(A_PIXELS) == before
    names = [one.path.name for one in served[2].values()]
    expect(page.locator(".vw-chips").first).to_contain_text(f"clip {names[0]} → {names[1]}", use_inner_text=True)


def test_a_figure_made_with_a_pinned_shows_both(page):
    pin(page)
    number(page, "alpha").fill("0.75")
    settles(page, alpha=0.75)
    page.get_by_text("Take it along").first.click()
    page.click("#form-stop input")
    page.get_by_role("option", name="Figure, SVG").click()
    page.click("#make-stop")
    with page.expect_download() as download:
        page.locator("#made-stop a").first.click()
    made = Path(download.value.path()).read_text(encoding="utf-8")
    words = ElementTree.fromstring(made).iter("{http://www.w3.org/2000/svg}text")
    assert {"AWs", "BWs", "B−AWs"} <= {"".join("".join(one.itertext()).split()) for one in words}


def test_pinning_in_the_tab_of_stpn_does_not_call_off_what_b_asks(page):
    page.get_by_role("tab", name="STPN").click()
    page.wait_for_selector(".sp[data-done]", timeout=PATIENCE)
    pin(page, "stpn")
    number(page, "severity", "stpn").fill("0.3")
    page.wait_for_function("JSON.parse(document.querySelector('.sp').dataset.done).severity === 0.3", timeout=PATIENCE)
    expect(page.locator("#viewer-stpn .vw-chips")).to_contain_text("s 0.6 → 0.3", use_inner_text=True)
    page.evaluate("() => { views.stpn.pin(views.stpn.pinned().request, 'again'); }")
    for value in ("0.35", "0.4", "0.45"):
        number(page, "severity", "stpn").fill(value)
    page.wait_for_function("JSON.parse(document.querySelector('.sp').dataset.done).severity === 0.45", timeout=PATIENCE)
    page.wait_for_function("views.stpn.pinned().title === 'again'", timeout=PATIENCE)
    page.locator("#viewer-stpn .sp").focus()
    page.keyboard.press("x")
    link = linked(page, "stpn")
    assert "o=to_prompts" in link and "b.m=stpn" in link and "k.severity=0.45" in link


@pytest.mark.parametrize("width", [400, 320])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_with_a_pinned_a_narrow_screen_needs_no_sideways_scrolling(window, served, width, scheme):
    page = window
    page.set_viewport_size({"width": width, "height": 800})
    page.emulate_media(color_scheme=scheme)
    opened(page, served)
    page.locator(".vw").first.focus()
    page.keyboard.press("p")
    page.wait_for_selector(PINNED)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    for part in (".vw-canvas", ".vw-canvas-a", ".vw-canvas-d", ".vw-versus", ".vw-pin"):
        box = page.locator(part).first.bounding_box()
        assert box["x"] >= 0 and box["x"] + box["width"] <= width, part


def test_a_link_is_followed_without_an_error_in_the_browser(browser, served):
    context = browser.new_context()
    page, wrong = context.new_page(), []
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.set_default_timeout(PATIENCE)
    page.goto(f"{served[0]}?v=1&m=stop&c={next(iter(served[2]))}&k.alpha=0.4&f=3&o=region_TP")
    page.wait_for_selector(".vw[data-shown]", timeout=PATIENCE)
    settles(page, alpha=0.4)
    page.wait_for_function("window.views.stop.state().frame === 2 && window.views.stop.state().overlay === 'region_TP'")
    assert wrong == []
    context.close()
