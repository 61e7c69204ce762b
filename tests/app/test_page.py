"""Facts about the page, in a real browser: nobody sees another's clip, and nothing leaves the machine."""

import shutil
from urllib.error import HTTPError
from urllib.request import urlopen

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import expect

from app import assets
from app.server.clips import Clips
from app.server.request import edits_of
from core import ReaderError
from core.publish.described import MAKER
from tests.pages import EDIT, PATIENCE, opened, settles, shown, slider, stepped


def test_the_first_paint_has_a_picture_with_its_similarities_and_the_label_of_its_weights(page, served):
    pixels = page.evaluate("""() => { const c = document.querySelector('.vw-canvas');
        return [...c.getContext('2d').getImageData(0, 0, c.width, c.height).data]; }""")
    assert np.std(pixels) > 5
    expect(page.locator(".vw-text")).to_have_count(6)
    expect(page.locator(".vw-thumb")).to_have_count(8)
    expect(page.locator(".vw-weights")).to_contain_text("UNTRAINED", use_inner_text=True)
    assert page.locator(".vw-examples button").count() == len(served[2])


def test_two_browsers_never_see_each_others_clip(browser, served):
    examples = list(served[2].values())
    contexts = [browser.new_context() for _ in range(2)]
    pages = [context.new_page() for context in contexts]
    for one in pages:
        one.set_default_timeout(PATIENCE)
        opened(one, served)
    first = shown(pages[0])["clip"]
    pages[1].locator(".vw-examples button").nth(1).click()
    pages[1].wait_for_function("key => JSON.parse(document.querySelector('.vw').dataset.texts).clip !== key", arg=first)
    slider(pages[0], "alpha").press("ArrowRight")
    settles(pages[0], alpha=stepped("alpha", 1), clip=first)
    slider(pages[1], "alpha").press("ArrowLeft")
    settles(pages[1], alpha=stepped("alpha", -1))
    assert shown(pages[1])["clip"] != first
    for one, example in zip(pages, examples):
        expect(one.locator(".vw-clip")).to_contain_text(example.title, use_inner_text=True)
    for context in contexts:
        context.close()


def test_a_handle_names_a_file_only_where_it_was_given(served, tmp_path):
    ours, theirs = Clips(served[2]), Clips(served[2])
    (tmp_path / "mine.mp4").touch()
    handle = ours.handle(tmp_path / "mine.mp4")
    assert ours.path(handle) == str(tmp_path / "mine.mp4") and str(tmp_path) not in handle
    for unknown in (theirs.handle(tmp_path / "mine.mp4"), str(tmp_path / "mine.mp4"), "", None, 1, ["a"]):
        with pytest.raises(ReaderError, match="no longer held by the server"):
            ours.path(unknown)


def test_an_upload_is_shown_and_a_bad_one_is_told_in_a_sentence(page, served, tmp_path):
    assert page.title() == page.get_by_role("heading", level=1).first.inner_text() == MAKER
    first, strange = shown(page)["clip"], page.locator("#viewer-stop .vw-strange")
    assert strange.is_hidden(), "the truth of an example is known"
    page.get_by_role("button", name="Your own clip").click()
    bad = tmp_path / "bad.mp4"
    bad.write_bytes(b"no video at all")
    page.locator("#own-stop input[type=file]").set_input_files(bad)
    page.get_by_test_id("toast-body").get_by_text("bad.mp4").wait_for(timeout=PATIENCE)
    assert shown(page)["clip"] == first
    expect(page.locator("#own-said-stop")).to_contain_text("bad.mp4 holds no video", use_inner_text=True)
    expect(page.locator("#own-stop")).not_to_contain_text("bad.mp4", use_inner_text=True)

    good = tmp_path / "mine.mp4"
    shutil.copy(list(served[2].values())[1].path, good)
    page.locator("#own-stop input[type=file]").set_input_files(good)
    page.wait_for_function("key => JSON.parse(document.querySelector('.vw').dataset.texts).clip !== key", arg=first)
    expect(page.locator(".vw-clip")).to_contain_text("mine.mp4", use_inner_text=True)
    expect(strange).to_contain_text("know only eight coloured shapes", use_inner_text=True)
    expect(page.get_by_label("Texts, one a line")).to_have_value("")  # of the example that was there before

    moment, said = page.locator("#viewer-stop .mo"), page.locator("#viewer-stop .mo-said")
    expect(said).to_contain_text("8 frames over 1.7", use_inner_text=True)
    moment.locator(".mo-end").press("Home")
    moment.locator(".mo-end").press("End")
    for _ in range(10):
        moment.locator(".mo-end").press("ArrowLeft")
    expect(said).to_contain_text("8 frames over 1.2", use_inner_text=True)  # of a second and a half the last value
    moment.locator(".mo-from").fill("0.5")
    moment.locator(".mo-from").press("Enter")
    expect(said).to_contain_text("from 0.5", use_inner_text=True)
    page.wait_for_url("**s=0.5**", timeout=PATIENCE)
    page.reload()  # the file is gone from the page; brought again, it is as it was
    page.get_by_test_id("toast-body").get_by_text("bring its file again").wait_for(timeout=PATIENCE)
    page.get_by_role("button", name="Your own clip").click()
    page.locator("#own-stop input[type=file]").set_input_files(good)
    expect(said).to_contain_text("from 0.5", use_inner_text=True)
    page.locator("#viewer-stop .vw-examples button").first.click()
    expect(moment).to_be_hidden()


def test_a_video_that_no_browser_plays_is_taken_as_well(page, tmp_path):
    first, frames = shown(page)["clip"], [Image.new("RGB", (64, 48), (60 * i, 0, 90)) for i in range(4)]
    frames[0].save(tmp_path / "mine.gif", save_all=True, append_images=frames[1:], duration=200)

    def choose(chooser):
        chooser.set_files(tmp_path / "mine.gif")

    page.on("filechooser", choose)  # before: the browser must hear of it
    page.get_by_role("button", name="Your own clip").click()
    page.get_by_text("Click to Upload").first.wait_for()
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.wait_for_function("key => JSON.parse(document.querySelector('.vw').dataset.texts).clip !== key", arg=first)
    page.remove_listener("filechooser", choose)
    expect(page.locator(".vw-clip")).to_contain_text("mine.gif", use_inner_text=True)
    assert page.get_by_test_id("toast-body").count() == 0


def test_an_edit_of_the_clip_is_shown_in_every_tab_and_ends_with_another_clip(page, served):
    first, title = shown(page)["clip"], next(iter(served[2].values())).title
    expect(page.locator("#viewer-stop .vw-clip")).to_contain_text(f"truth: {title}", use_inner_text=True)
    page.evaluate(EDIT, [{"name": "drop", "first": 1, "last": 2}])
    page.wait_for_function("key => JSON.parse(document.querySelector('.vw').dataset.texts).clip !== key", arg=first)
    expect(page.locator("#viewer-stop .vw-thumb")).to_have_count(6)
    expect(page.locator("#viewer-stop .vw-clip")).to_contain_text("Frames 1 to 2 are left out.", use_inner_text=True)
    expect(page.locator("#viewer-stop .vw-clip")).to_contain_text(
        f"truth of the file, before your edits: {title}", use_inner_text=True
    )
    page.get_by_role("tab", name="STPN").click()
    page.wait_for_selector(".sp[data-done]", timeout=PATIENCE)
    expect(page.locator("#viewer-stpn .vw-known")).to_contain_text("in the file, before your edits", use_inner_text=True)
    expect(page.locator("#viewer-stpn .vw-thumb")).to_have_count(6)
    page.locator("#viewer-stpn .vw-examples button").nth(1).click()
    page.wait_for_function("document.querySelectorAll('#viewer-stpn .vw-thumb').length === 8", timeout=PATIENCE)
    page.get_by_role("tab", name="STOP", exact=True).click()
    page.wait_for_function("document.querySelectorAll('#viewer-stop .vw-thumb').length === 8", timeout=PATIENCE)


def test_edits_that_are_none_are_told_in_a_sentence(page):
    page.evaluate(EDIT, [{"name": "melt"}])
    told = page.locator("#viewer-stop .vw-wait")
    told.get_by_text("There is no edit").wait_for()
    expect(told).to_contain_text("paint, blur, freeze, drop, reverse, shuffle", use_inner_text=True)
    for bad in ("[", "[" * 5000, "x" * 9000, "[" * 100_000):
        with pytest.raises(ReaderError, match="Edits of a clip are a"):
            edits_of(bad)


def test_the_limits_are_told_where_a_clip_is_dropped(page):
    from core.video.read import LIMITS_TEXT

    page.get_by_role("button", name="Your own clip").click()
    assert LIMITS_TEXT[:40] in page.locator(".limits").first.inner_text()


def test_nothing_leaves_the_machine(browser, served):
    context = browser.new_context()
    asked, page = [], context.new_page()
    page.on("request", lambda request: asked.append(request.url))
    opened(page, served)
    slider(page, "alpha").press("ArrowRight")
    settles(page, alpha=stepped("alpha", 1))
    context.close()
    strangers = [url for url in asked if not url.startswith((served[0], "data:", "blob:"))]
    assert asked and strangers == []


# what a finger touches and is less than 40 pixels high
SMALL = """() => [...document.querySelectorAll("button, summary, input, select, textarea, [role=tab]")].filter(one =>
  one.checkVisibility() && !one.closest(".visually-hidden, .tour-offer") && !one.matches("label input") &&
  one.getBoundingClientRect().height > 1 && one.getBoundingClientRect().height < 40).map(one => one.outerHTML.slice(0, 120))"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_narrow_screen_needs_no_sideways_scrolling(window, served, scheme):
    page = window
    page.set_viewport_size({"width": 400, "height": 800})
    page.emulate_media(color_scheme=scheme)
    opened(page, served)
    assert page.evaluate("document.documentElement.scrollWidth") <= 400
    assert page.locator(".vw-canvas").bounding_box()["width"] > 250
    for part in (".vw", ".vw-canvas", ".vw-line", ".knobs"):  # what sticks out may be cut off, and then nothing scrolls
        box = page.locator(part).first.bounding_box()
        assert box["x"] >= 0 and box["x"] + box["width"] <= 400, part
    # the knobs fold away: what is left says what it opens, and a knob that moves has the picture in sight
    sheet, preset = page.locator(".sheet-open").locator("visible=true"), page.get_by_role("button", name="no prompts")
    expect(sheet).to_contain_text("9 knobs: ℓ, α")
    expect(sheet).to_contain_text("as in “defaults”")
    expect(preset).to_be_hidden()
    page.evaluate("scrollTo(0, document.body.scrollHeight)")
    sheet.click()
    expect(preset).to_be_visible()
    slider(page, "alpha").press("ArrowRight")
    expect(sheet).to_contain_text("1 differs from “defaults”")
    picture, top = page.locator(".vw-picture").first.bounding_box(), page.locator(".knobs").first.bounding_box()["y"]
    assert picture["y"] > -1 and picture["y"] + picture["height"] <= top, "seen while a knob is moved"
    assert page.evaluate(SMALL) == []


def test_code_travels_once_whatever_is_opened_and_under_an_address_that_names_it(browser, served):
    context = browser.new_context()
    page, asked = context.new_page(), []
    page.set_default_timeout(PATIENCE)
    page.on("request", lambda one: asked.append(one.url))
    opened(page, served)
    first = [url.removeprefix(served[0]) for url in asked if "/viewer/" in url]
    # seen first: no other tab's viewer, and no fold that nobody opened
    assert f"{assets.folder()}/figures/PatchMap.js" in first and f"{assets.folder()}/{assets.LOOK}" in first
    assert not [path for path in first if "figures/Pictures" in path or "/panels/" in path]
    page.get_by_role("tab", name="STPN").click()
    page.wait_for_selector(".sp[data-shown]")
    page.locator("#viewer-stpn [data-panel=equations] > summary").click()
    page.locator("#viewer-stpn .eq-list").wait_for()
    code = [url for url in asked if "/viewer/" in url]
    assert len(code) == len(set(code)) and any(url.endswith("panels/equations.js") for url in code)
    with urlopen(f"{served[0]}{assets.folder()}/page/tab.js") as answer:
        assert "immutable" in answer.headers["cache-control"] and "text/javascript" in answer.headers["content-type"]
    for other in ("viewer/000000000000/page/tab.js", f"{assets.folder()}/../../app/page.py", f"{assets.folder()}/nothing.js"):
        with pytest.raises(HTTPError, match="404"):
            urlopen(f"{served[0]}{other}")
    context.close()


def test_a_clip_is_that_of_all_tabs_and_a_tab_that_is_not_seen_asks_nothing(page, served, tmp_path, monkeypatch):
    ran, run = [], served[1].run

    def noted(method, clip, **named):
        ran.append((method, clip.name))
        return run(method, clip, **named)

    monkeypatch.setattr(served[1], "run", noted)
    examples = list(served[2].values())
    title, pressed = examples[1].title, "[...document.querySelectorAll('#viewer-{} [aria-pressed=true]')].map(one => one.title)"
    page.locator("#viewer-stop .vw-examples button").nth(1).click()
    page.wait_for_function(f"wanted => {pressed.format('stop')}.includes(wanted)", arg=title)
    page.get_by_role("tab", name="STPN").click()  # never opened before
    page.wait_for_function(f"wanted => {pressed.format('stpn')}.includes(wanted)", arg=title)
    page.wait_for_selector(".sp[data-done]")
    assert {clip for method, clip in ran if method == "stpn"} == {examples[1].path.name}

    ran.clear()
    shutil.copy(examples[0].path, tmp_path / "mine.mp4")
    page.get_by_role("button", name="Your own clip").locator("visible=true").click()
    page.locator("#own-stpn input[type=file]").set_input_files(tmp_path / "mine.mp4")
    page.wait_for_function(f"!{pressed.format('stpn')}.length")
    page.wait_for_timeout(500)
    assert ran and {method for method, _ in ran} == {"stpn"}
    page.get_by_role("tab", name="STOP", exact=True).click()
    page.wait_for_function("document.querySelector('#viewer-stop .vw-clip')?.innerText.includes('mine.mp4')")
    assert ("stop", "mine.mp4") in ran
    page.wait_for_timeout(500)
    ran.clear()
    page.get_by_role("tab", name="STPN").click()
    page.wait_for_timeout(500)
    assert not ran  # it knows the clip already


def test_by_keyboard_the_first_step_is_to_the_knobs_or_to_the_picture_of_the_open_tab(page):
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Skip to the knobs"
    for name in ("STOP", "STPN"):
        page.get_by_role("tab", name=name, exact=True).click()
        page.locator(".vw[data-shown]").locator("visible=true").wait_for()
        page.locator("#skip button").first.focus()
        assert page.locator("#skip").bounding_box()["y"] > 0, "seen while it has the focus"
        page.keyboard.press("Enter")
        assert page.evaluate("document.activeElement.closest('[id^=knob-]').id").startswith(f"knob-{name.lower()}-")
        page.locator("#skip button").last.focus()
        page.keyboard.press("Enter")
        assert page.evaluate("document.activeElement.closest('[id^=viewer-]').id") == f"viewer-{name.lower()}"
