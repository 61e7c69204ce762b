"""Facts about what is taken along: a link, the address, the way back and files have what was on the page."""

import shutil
import tempfile
from pathlib import Path

import gradio as gr
import pytest
from gradio.route_utils import delete_files_created_by_app
from playwright.sync_api import expect

from app.export.panel import panel
from app.page import DELETED
from app.server.clips import Clips
from app.server.jobs import Running
from app.server.request import Desk
from core import METHODS
from tests.pages import PATIENCE, number, request_of, settles

DEFAULT = {knob.name: knob.default for knob in METHODS["stop"].knobs.knobs()}


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
