"""Facts about the page, in a real browser: the last value wins, nobody sees another's clip, nothing leaves the machine."""

import json
import random
import re
import shutil
import tempfile
import time
from pathlib import Path
from urllib.error import HTTPError
from urllib.request import urlopen

import gradio as gr
import numpy as np
import pytest
from gradio.route_utils import delete_files_created_by_app
from PIL import Image
from playwright.sync_api import expect

from app import assets
from app.export.panel import panel
from app.page import DELETED
from app.server.answers import Answers
from app.server.clips import Clips
from app.server.jobs import Running
from app.server.request import Desk, edits_of
from core import METHODS, ReaderError, read_clip
from core.publish.described import MAKER
from tests.pages import EDIT, PATIENCE, number, opened, request_of, settles, shown, slider, stepped

DEFAULT = {knob.name: knob.default for knob in METHODS["stop"].knobs.knobs()}


def test_the_first_paint_has_a_picture_with_its_similarities_and_the_label_of_its_weights(page, served):
    pixels = page.evaluate("""() => { const c = document.querySelector('.vw-canvas');
        return [...c.getContext('2d').getImageData(0, 0, c.width, c.height).data]; }""")
    assert np.std(pixels) > 5
    assert page.locator(".vw-text").count() == 6 and page.locator(".vw-thumb").count() == 8
    expect(page.locator(".vw-weights")).to_contain_text("UNTRAINED", use_inner_text=True)
    assert page.locator(".vw-examples button").count() == len(served[2])


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


def press_about(page, knob, seed):
    """Twenty keys at random, some faster than an answer, then one step below the end."""
    knob.focus()
    chance = random.Random(seed)
    for key in chance.choices(("ArrowRight", "ArrowLeft", "PageUp", "Home"), k=20):
        page.keyboard.press(key)
        page.wait_for_timeout(chance.choice((0, 10, 50)))
    page.keyboard.press("End")
    page.keyboard.press("ArrowLeft")


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
    told.wait_for()
    assert told.inner_text() == "α (alpha) is 0.0 to 1.0, got 7."
    assert shown(page) == before
    assert page.locator("#viewer-stop .vw-refused").count() == 1, "the picture is of other values, and looks it"
    number(page, "alpha").fill("0.3")
    settles(page, alpha=0.3)
    assert told.is_hidden() and page.locator(".vw-refused").count() == 0


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
    assert examples[0].title in pages[0].locator(".vw-clip").inner_text()
    assert examples[1].title in pages[1].locator(".vw-clip").inner_text()
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
    page.on("filechooser", lambda chooser: chooser.set_files(tmp_path / "mine.gif"))  # before: the browser must hear of it
    page.get_by_role("button", name="Your own clip").click()
    page.get_by_text("Click to Upload").first.wait_for()
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.wait_for_function("key => JSON.parse(document.querySelector('.vw').dataset.texts).clip !== key", arg=first)
    expect(page.locator(".vw-clip")).to_contain_text("mine.gif", use_inner_text=True)
    assert page.get_by_test_id("toast-body").count() == 0


def test_an_edit_of_the_clip_is_shown_in_every_tab_and_ends_with_another_clip(page, served):
    first, title = shown(page)["clip"], next(iter(served[2].values())).title
    expect(page.locator("#viewer-stop .vw-clip")).to_contain_text(f"truth: {title}", use_inner_text=True)
    page.evaluate(EDIT, [{"name": "drop", "first": 1, "last": 2}])
    page.wait_for_function("key => JSON.parse(document.querySelector('.vw').dataset.texts).clip !== key", arg=first)
    assert page.locator("#viewer-stop .vw-thumb").count() == 6
    expect(page.locator("#viewer-stop .vw-clip")).to_contain_text("Frames 1 to 2 are left out.", use_inner_text=True)
    expect(page.locator("#viewer-stop .vw-clip")).to_contain_text(
        f"truth of the file, before your edits: {title}", use_inner_text=True
    )
    page.get_by_role("tab", name="STPN").click()
    page.wait_for_selector(".sp[data-done]", timeout=PATIENCE)
    expect(page.locator("#viewer-stpn .vw-known")).to_contain_text("in the file, before your edits", use_inner_text=True)
    assert page.locator("#viewer-stpn .vw-thumb").count() == 6
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
def test_a_narrow_screen_needs_no_sideways_scrolling(browser, served, scheme):
    context = browser.new_context(viewport={"width": 400, "height": 800}, color_scheme=scheme)
    page = context.new_page()
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
    context.close()


def test_over_http_the_same_numbers_come_as_from_the_engine(served):
    client_of = pytest.importorskip("gradio_client", reason="gradio_client is not installed")
    address, engine, examples = served
    client, texts = client_of.Client(address, verbose=False), ["a red ring grows", "a red ring moves left"]
    name, example = next(iter(examples.items()))
    assert [one["name"] for one in client.predict(api_name="/examples")] == list(examples)
    said = client.predict(clip=name, texts=texts, alpha=0.3, kept=4, api_name="/explain_stop")
    trace = engine.run("stop", read_clip(example.path), texts=texts, alpha=0.3, kept=4)
    for stage in ("score_TP", "region_TP", "change_G", "similarity_Y"):
        np.testing.assert_allclose(np.array(said[stage]), trace[stage].numpy(), rtol=1e-5, atol=1e-6, err_msg=stage)
    assert said["prompt_count_G"] == list(trace["prompt_count_G"])
    uploaded = client_of.handle_file(str(example.path))
    again = client.predict(file=uploaded, texts=texts, alpha=0.3, kept=4, api_name="/explain_stop_file")
    assert again["region_TP"] == said["region_TP"]
    with pytest.raises(Exception, match="There is no example"):
        client.predict(clip="/etc/passwd", texts=texts, api_name="/explain_stop")


def test_over_http_no_file_of_the_server_can_be_named(served):
    """A path that was not uploaded is refused, whatever the client claims about it."""
    import httpx

    example = next(iter(served[2].values())).path
    client = httpx.Client(base_url=served[0], timeout=60)
    for verb, name, texts, box in (("explain", "stop", [[]], []), ("explain", "stpn", [], []), ("through", "stpn", [], [[]])):
        knobs = [one.default for one in METHODS[name].knobs.knobs()]
        data = [{"path": str(example), "meta": {"_type": "gradio.FileData"}}, *texts, 8, *box, *knobs]
        address = f"/gradio_api/call/{verb}_{name}_file"
        event = client.post(address, json={"data": data})
        assert event.is_success, "it is taken, and refused when it is looked at"
        answer = client.get(f"{address}/{event.json()['event_id']}").text
        assert "event: error" in answer and "_TP" not in answer and "mass_K" not in answer


def test_only_what_is_meant_for_programs_is_offered_to_them(served):
    client_of = pytest.importorskip("gradio_client", reason="gradio_client is not installed")
    named = client_of.Client(served[0], verbose=False).view_api(return_format="dict")["named_endpoints"]
    of_methods = {f"/explain_{name}{way}" for name in METHODS for way in ("", "_file")}
    assert set(named) == of_methods | {"/examples", "/knobs", "/through_stpn", "/through_stpn_file"}


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


def test_python_holds_no_program_of_the_page(served):
    with urlopen(f"{served[0]}config") as answer:
        config = json.load(answer)
    scripts = [one["props"].get("js_on_load") for one in config["components"]]
    scripts += [one["js"] for one in config["dependencies"] if isinstance(one.get("js"), str)]
    address = r'import\(new URL\("viewer/\w+/page/\w+\.js", document\.baseURI\)\)'
    call = rf"(\(\.\.\.values\) => )?{address}\.then\(it => it\.\w+\(.*\)\)"
    assert len(scripts) > 30
    assert not [one for one in scripts if one and one != gr.HTML().js_on_load and not re.fullmatch(call, one)]


# ---- the tab of STPN ----------------------------------------------------------------------------------------------------


@pytest.fixture
def prompted(page):
    page.get_by_role("tab", name="STPN").click()
    page.wait_for_selector(".sp[data-done]", timeout=PATIENCE)
    page.wait_for_timeout(300)
    return page


def settled(page, **knobs):
    """Wait until prompts and boxes both show these values, and make sure that they stay."""
    condition = """wanted => ['shown', 'done'].every(name => {
        const told = JSON.parse(document.querySelector('.sp').dataset[name] || '{}');
        return Object.entries(wanted).every(([k, v]) => told[k] === v); })"""
    for _ in range(2):
        page.wait_for_function(condition, arg=knobs, timeout=PATIENCE)
        page.wait_for_timeout(400)
    assert page.evaluate(condition, knobs)


def test_the_tab_of_stpn_opens_with_a_picture_its_supports_and_the_label_of_its_weights(prompted, served):
    pixels = prompted.evaluate("""() => { const c = document.querySelector('.sp .vw-canvas');
        return [...c.getContext('2d').getImageData(0, 0, c.width, c.height).data]; }""")
    assert np.std(pixels) > 5
    root = prompted.locator(".sp")
    assert root.locator(".sp-support").count() == 6 and root.locator(".vw-thumb").count() == 8
    assert root.locator(".vw-found canvas").count() == 2 and root.locator(".vw-likeness canvas").count() == 3
    expect(root.locator(".vw-banner")).to_contain_text(
        "attention/shallow and baseline have random weights", use_inner_text=True
    )
    expect(root.locator(".vw-weights")).to_contain_text("UNTRAINED", use_inner_text=True)
    assert prompted.get_by_label("Texts, one a line").locator("visible=true").count() == 0


def test_the_last_value_wins_in_the_tab_of_stpn(prompted):
    press_about(prompted, slider(prompted, "severity", "stpn"), 3)
    settled(prompted, severity=0.95)


def test_an_odd_number_of_supports_is_read_as_the_even_one_below(prompted):
    number(prompted, "supports", "stpn").fill("5")
    prompted.wait_for_function("JSON.parse(document.querySelector('.sp').dataset.done).supports === 4")
    number(prompted, "supports", "stpn").blur()
    prompted.wait_for_function("document.querySelector('#knob-stpn-supports input[type=number]')?.value === '4'")
    assert prompted.locator("#viewer-stpn .vw-wait").is_hidden()


def test_a_preset_leaves_the_frame_alone_and_the_defaults_do_not(prompted):
    slider(prompted, "t", "stpn").press("End")
    settled(prompted, t=8)
    prompted.get_by_role("button", name="clean").locator("visible=true").click()
    settled(prompted, t=8, spoil="none")
    prompted.get_by_role("button", name="defaults").locator("visible=true").click()
    settled(prompted, **{knob.name: knob.default for knob in METHODS["stpn"].knobs.knobs()})


def test_a_frame_of_the_strip_becomes_the_current_one_and_the_knob_follows(prompted):
    prompted.locator(".sp .vw-thumb").nth(6).click()
    settled(prompted, t=7)
    assert number(prompted, "t", "stpn").input_value() == slider(prompted, "t", "stpn").input_value() == "7"
    prompted.locator(".sp").focus()
    for _ in range(3):
        prompted.keyboard.press("ArrowLeft")
    settled(prompted, t=4)
    prompted.locator(".sp .vw-thumb").nth(1).click()
    settled(prompted, t=2)
    prompted.get_by_role("button", name="occluded").click()
    settled(prompted, t=2, spoil="occluder", severity=0.6)


def test_the_knob_of_a_frame_ends_where_the_clip_does(prompted):
    prompted.locator(".sp .vw-thumb").nth(7).click()
    settled(prompted, t=8)
    number(prompted, "t", "stpn").fill("9")
    told = prompted.locator(".sp .vw-wait")
    told.wait_for()
    assert told.inner_text() == "t (t) is 1 to 8, the frames of the clip, got 9."
    number(prompted, "t", "stpn").fill("8")
    number(prompted, "frames", "stpn").fill("5")
    settled(prompted, t=5)
    assert slider(prompted, "t", "stpn").get_attribute("max") == "5" and told.is_hidden()
    assert prompted.locator(".sp .vw-thumb").count() == 5


def test_the_whole_clip_is_read_when_a_reader_asks_and_again_when_a_knob_moves(prompted, served, monkeypatch):
    asked, run = [], served[1].run

    def counted(method, *given, **named):
        asked.append("prompted_tracks" in named["outputs"])
        return run(method, *given, **named)

    monkeypatch.setattr(served[1], "run", counted)
    slider(prompted, "severity", "stpn").focus()
    prompted.keyboard.press("ArrowRight")
    settled(prompted, severity=0.65)
    assert asked and not any(asked)
    prompted.locator(".vw-through summary").click()
    rows, fresh = prompted.locator(".vw-tracks .sp-tracks"), ".vw-tracks:not(.vw-stale) .sp-tracks"
    prompted.locator(fresh).nth(1).wait_for()
    assert [row.locator("canvas").count() for row in rows.all()] == [8, 8]
    assert all(" things found over 8 frames" in said for said in prompted.locator(".vw-tracks h4").all_inner_texts())
    slider(prompted, "severity", "stpn").focus()
    prompted.keyboard.press("ArrowRight")
    settled(prompted, severity=0.7)
    prompted.locator(fresh).nth(1).wait_for()
    assert asked.count(True) == 2


def test_likeness_is_drawn_over_all_severities_when_nothing_moves(prompted, served):
    state = ".vw-likeness-state"
    prompted.locator(state).scroll_into_view_if_needed()
    prompted.wait_for_function(f"document.querySelector('{state}')?.textContent === '— cosine, against severity'")
    slider(prompted, "supports", "stpn").focus()
    prompted.keyboard.press("ArrowRight")  # another curve: it is not known at once
    prompted.wait_for_function(f"document.querySelector('{state}').textContent !== '— cosine, against severity'")
    prompted.wait_for_function(f"document.querySelector('{state}')?.textContent === '— cosine, against severity'")


def test_a_curve_has_the_engines_numbers_from_end_to_end_of_its_knob(served):
    clips = Clips(served[2])
    example = next(iter(served[2].values()))
    for name, knobs in (("stpn", {"supports": 4}), ("stop", {})):
        desk = Desk(METHODS[name], {"tiny": served[1]}, clips, Running())
        settings = served[1].settings(name, knobs)
        curve = next(one for one in Answers(desk).functions() if one.__name__ == "curve")
        points = json.loads(curve(request_of(desk, **knobs)))
        if name == "stop":
            assert points == []  # none of its outputs is drawn against a knob
            continue
        assert [severity for severity, _ in points] == [0, 0.2, 0.4, 0.6, 0.8, 1]
        trace = served[1].run(name, read_clip(example.path, frames=8), **{**settings, "severity": 0.8})
        for scores, stage in zip(points[4][1], ("cosine_plain_I", "cosine_prompted_I")):
            np.testing.assert_allclose(scores, trace[stage].numpy(), atol=2e-6)


def test_what_reads_the_whole_clip_is_stopped_while_it_is_under_way(served, monkeypatch):
    desk = Desk(METHODS["stpn"], {"tiny": served[1]}, Clips(served[2]), Running())
    named = {one.__name__: one for one in Answers(desk).functions()}
    message, run, under_way = request_of(desk, spoil="defocus", severity=0.35), served[1].run, []

    def stopping(method, *given, **asked):
        if "prompted_tracks" not in asked["outputs"]:
            return run(method, *given, **asked)
        tell = asked.pop("progress")

        def progress(stage, done):
            tell(stage, done)
            under_way.append(named["far"]({"who": "me", "kind": "whole"}))
            if stage == "prompted_read" and done == 0:
                named["everything"](message)  # another run of the reader's is no reason to forget this one
                named["stop"]({"who": "me", "kind": "whole"})

        return run(method, *given, progress=progress, **asked)

    monkeypatch.setattr(served[1], "run", stopping)
    assert json.loads(named["through"](message)) == {"cancelled": True}
    assert under_way[-1] == ["prompted_read", 0.0]  # it did not come to the next stage


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


def test_over_http_the_whole_clip_is_told(served):
    client_of = pytest.importorskip("gradio_client", reason="gradio_client is not installed")
    address, engine, examples = served
    client, box = client_of.Client(address, verbose=False), [0.1, 0.1, 0.5, 0.6]
    name, example = next(iter(examples.items()))
    said = client.predict(clip=name, t=3, box=box, api_name="/through_stpn")
    trace = engine.run("stpn", read_clip(example.path), t=3, box=box)
    followed, tracks = trace["prompted_followed"], trace["prompted_tracks"]
    np.testing.assert_allclose(said["prompted_followed"]["box_T4"], followed.box_T4.numpy(), atol=1e-4)
    assert said["prompted_followed"]["seen_T"] == list(followed.seen_T) and said["baseline_followed"]["box_T4"][
        0
    ] == pytest.approx(box)
    assert said["prompted_tracks"]["number_TN"] == [list(one) for one in tracks.number_TN]
    assert len(said["baseline_tracks"]["seen_T"]) == 8 and "mass_K" not in said
    with pytest.raises(Exception, match="A box is four numbers from 0 to 1"):
        client.predict(clip=name, box=[0.5, 0.1, 0.2, 0.6], api_name="/through_stpn")


def test_no_two_elements_share_an_id(prompted):
    prompted.get_by_role("button", name="More knobs").click()
    prompted.locator("#knob-stpn-depth").wait_for()
    ids = prompted.evaluate("[...document.querySelectorAll('[id^=knob-], [id^=own-], [id^=viewer-]')].map(one => one.id)")
    assert {"knob-stop-depth", "knob-stpn-depth"} <= set(ids) and len(set(ids)) == len(ids)


def test_over_http_stpn_says_the_same_as_the_engine(served):
    client_of = pytest.importorskip("gradio_client", reason="gradio_client is not installed")
    address, engine, examples = served
    client = client_of.Client(address, verbose=False)
    name, example = next(iter(examples.items()))
    said = client.predict(clip=name, t=3, spoil="occluder", severity=0.5, api_name="/explain_stpn")
    trace = engine.run("stpn", read_clip(example.path), t=3, spoil="occluder", severity=0.5)
    for stage in ("mass_K", "entropy_Q", "prompt_attention_NQKP", "cosine_prompted_I"):
        np.testing.assert_allclose(np.array(said[stage]), trace[stage].numpy(), rtol=1e-5, atol=1e-6, err_msg=stage)
    np.testing.assert_allclose(np.array(said["change"]["2"]), trace["change"][2].numpy(), rtol=1e-4, atol=1e-6)
    assert said["support_index_K"] == list(trace["support_index_K"]) and said["cost"]["copies"] == list(trace["cost"].copies)
    assert len(said["prompted_found"]["mask_NHW"]["runs"]) == len(trace["prompted_found"].score_N)
    assert said["to_prompts"].keys() == {f"{i}.{j}" for i, j in trace["to_prompts"]} and "current_HWC" not in said
    with pytest.raises(Exception, match="the frames of the clip, got 9"):
        client.predict(clip=name, t=9, api_name="/explain_stpn")


# ---- what is taken along ----------------------------------------------------------------------------------------------


def test_a_link_brings_back_what_was_on_the_page(page, served, browser):
    page.locator("#knob-stop-alpha input[type=number]").fill("0.35")
    settles(page, alpha=0.35)
    page.get_by_text("Take it along").first.click()
    page.click("#show-stop")
    link = page.locator("#link-stop textarea, #link-stop input").first
    page.wait_for_function("document.querySelector('#link-stop textarea, #link-stop input')?.value.includes('alpha')")
    page.wait_for_function("document.querySelector('#python-stop')?.innerText.includes('alpha=0.35')")
    context = browser.new_context()
    other = context.new_page()
    other.set_default_timeout(PATIENCE)
    other.goto(link.input_value())
    other.wait_for_selector(".vw[data-shown]", timeout=PATIENCE)
    settles(other, alpha=0.35)
    context.close()


def test_the_address_brings_back_what_is_on_the_page_and_of_ones_own_clip_the_knobs(page, served, tmp_path):
    address, said = page.url, "wanted => location.search.includes(wanted)"
    page.wait_for_timeout(1000)
    assert page.url == address, "nothing was touched"
    number(page, "alpha").fill("0.35")
    page.locator("#viewer-stop .vw-next").click()
    for wanted in ("k.alpha=0.35", "f=2"):
        page.wait_for_function(said, arg=wanted)
    page.reload()
    page.wait_for_selector(".vw[data-shown]", timeout=PATIENCE)
    settles(page, alpha=0.35)
    page.wait_for_function("document.querySelector('#viewer-stop .vw-frame')?.innerText.startsWith('2/8')")
    page.wait_for_timeout(1000)
    assert "k.alpha=0.35" in page.url

    page.get_by_role("tab", name="STPN").click()
    page.wait_for_function(said, arg="m=stpn")
    page.get_by_role("tab", name="STOP", exact=True).click()
    page.wait_for_function(said, arg="m=stop&")
    page.get_by_role("button", name="Your own clip").click()
    shutil.copy(next(iter(served[2].values())).path, tmp_path / "mine.mp4")
    page.locator("#own-stop input[type=file]").set_input_files(tmp_path / "mine.mp4")
    expect(page.locator("#viewer-stop .vw-clip")).to_contain_text("mine.mp4", use_inner_text=True, timeout=PATIENCE)
    page.wait_for_timeout(1000)
    assert "k.alpha=0.35" in page.url, "what can be kept without the file"


KNOBS = """wanted => { const told = JSON.parse(document.querySelector("#viewer-stop .vw").dataset.shown);
  return Object.entries(wanted).every(([name, one]) => told[name] === one); }"""


def test_back_undoes_a_tab_and_a_preset_and_a_slider_is_no_step(page):
    steps, at = page.evaluate("history.length"), "m => document.querySelector(`#viewer-${m}`)?.offsetParent"
    number(page, "alpha").fill("0.35")
    settles(page, alpha=0.35)
    assert page.evaluate("history.length") == steps
    page.get_by_role("button", name="many prompts").click()
    settles(page, eta=12)
    page.get_by_role("tab", name="STPN").click()
    page.wait_for_function(at, arg="stpn")
    page.wait_for_selector("#viewer-stpn .vw[data-shown]")
    page.wait_for_function("n => history.length === n", arg=steps + 2)
    page.go_back()
    page.wait_for_function(at, arg="stop")
    # a preset turns every knob
    for turn, knobs in ((page.go_back, {"alpha": 0.35, "eta": DEFAULT["eta"]}), (page.go_forward, {"alpha": 0.1, "eta": 12})):
        page.wait_for_timeout(1000)  # the address is written, which a step that is under way may not outlive
        turn()
        page.wait_for_function(KNOBS, arg=knobs)


def test_by_keyboard_the_first_step_is_to_the_knobs_or_to_the_picture_of_the_open_tab(page):
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Skip to the knobs"
    for name in ("STOP", "Uniform"):
        page.get_by_role("tab", name=name, exact=True).click()
        page.locator(".vw[data-shown]").locator("visible=true").wait_for()
        page.locator("#skip button").first.focus()
        assert page.locator("#skip").bounding_box()["y"] > 0, "seen while it has the focus"
        page.keyboard.press("Enter")
        assert page.evaluate("document.activeElement.closest('[id^=knob-]').id").startswith(f"knob-{name.lower()}-")
        page.locator("#skip button").last.focus()
        page.keyboard.press("Enter")
        assert page.evaluate("document.activeElement.closest('[id^=viewer-]').id") == f"viewer-{name.lower()}"


def test_a_hostile_link_falls_back_and_says_so(page, served):
    page.goto(f"{served[0]}?v=1&m=stop&c=../../etc/passwd&k.alpha=99&k.nothing=1&o=%3Cscript%3E")
    page.wait_for_selector(".vw[data-shown]", timeout=PATIENCE)
    page.get_by_text("is not here").first.wait_for()
    settles(page, alpha=0.1)


def test_a_file_that_was_made_is_deleted_with_the_readers_own(served, tmp_path, monkeypatch):
    """Gradio's schedule deletes what a component has put into Gradio's own folder, and nothing else."""
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(tmp_path / "cache"))
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    desk = Desk(METHODS["stop"], {"tiny": served[1]}, Clips(served[2]), Running())
    with gr.Blocks() as page:
        panel(desk)
    (event,) = (one for one in page.fns.values() if one.name == "make")
    assert event.fn
    made = [event.fn(request_of(desk), "Numbers: arrays, tables and a manifest (ZIP)", "two") for _ in range(2)]
    assert [Path(one).name for one in made] == [f"stop-{next(iter(served[2]))}.zip"] * 2 and made[0] != made[1]
    sent = [event.outputs[0].move_resource_to_block_cache(one) for one in made]
    assert all(Path(one).stat().st_size > 1000 for one in sent)
    delete_files_created_by_app(page, 3600)
    assert all(Path(one).exists() for one in sent)
    delete_files_created_by_app(page, None)
    assert [one for one in tmp_path.rglob("*") if one.is_file()] == []


def test_nothing_of_a_reader_stays_longer_than_a_day():
    every, age = DELETED
    assert every + age <= 24 * 3600


FORMS = {
    "Figure, SVG": "svg", "Numbers: arrays": "zip", "Report, HTML": "report.html",
    "This page for this clip": "interactive.html",
}  # fmt: skip


@pytest.mark.parametrize("form, end", FORMS.items())
def test_a_file_is_made_of_what_is_on_the_page(page, form, end):
    page.get_by_text("Take it along").first.click()
    page.click("#form-stop input")
    page.get_by_role("option", name=form).click()
    page.click("#make-stop")
    with page.expect_download() as download:
        page.locator("#made-stop a").first.click()
    assert download.value.suggested_filename.endswith(f".{end}")
    assert Path(download.value.path()).stat().st_size > 1000
