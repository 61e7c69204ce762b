"""Facts about what the page without a server has along with its viewer: pictures and numbers to take, views that are kept, the
tour, a sweep, equations, the camera."""

import base64
import csv
import io
import json
import xml.etree.ElementTree as ElementTree
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import expect, sync_playwright

from core.methods import lesson
from core.publish.cells import from_json
from core.publish.link import from_link
from core.registry import METHODS
from core.sweep import sweep_over, values_of
from tests.app.site.conftest import READY
from tests.conftest import CHROMIUM, OFFLINE
from tests.pages import PATIENCE
from tests.published import engine, opened

TEXTS = ["a cyan ring moves left", "a cyan ring grows"]

# what is chosen in the form of the sweep
CHOSEN = """() => {
  const {own} = JSON.parse(document.querySelector('#payload').textContent).panels.sweep;
  return ['output', 'number'].map(name => own[`${name}s`][document.querySelector(`.sw-form [name=${name}]`).value]);
}"""
FILMED = """() => {
  const {clip, frames_THWC: {data, dims}} = site.clips.get(site.request().values.clip);
  return {dims, seen: new Set(data).size, moment: clip.moment};
}"""


@pytest.fixture(scope="module")
def settled(site):
    """The first clip with two texts, everything drawn."""
    site.evaluate("texts => { document.querySelector('#site-texts').value = texts; }", "\n".join(TEXTS))
    site.evaluate("() => document.querySelector('#site-texts').dispatchEvent(new Event('input'))")
    settle(site)
    return site


def settle(site, **knobs):
    """Until everything of these knobs and of what is on the page is drawn."""
    site.wait_for_timeout(400)  # texts are asked for when nothing was typed for a while
    site.wait_for_function(
        "wanted => { const told = JSON.parse(document.querySelector('.vw').dataset.texts || '{}');"
        "return Object.entries(wanted).every(([name, value]) => told[name] === value)"
        " && !document.querySelector('.vw-stale'); }",
        arg=knobs,
    )


def saved(site, form):
    with site.expect_download() as waited:
        site.locator("#site-take").get_by_role("button", name=form, exact=True).click()
    return waited.value.path().read_bytes(), waited.value.suggested_filename


def test_numbers_that_are_saved_are_those_of_python(settled):
    made, name = saved(settled, "JSON")
    told = json.loads(made)
    view, notes = from_link(told["link"])
    there = engine().run("stop", opened("1-moves", 8), list(view.shown.texts), **view.shown.settings)
    assert name == "stop-1-moves.json" and not notes and list(view.shown.texts) == TEXTS == told["texts"]
    assert told["weights"] == list(there.weights.values())
    for stage, apart in (("score_TP", 1e-4), ("similarity_Y", 1e-3), ("change_G", 1e-4)):
        assert np.abs(np.array(told["results"][stage]["values"]) - there[stage].numpy()).max() <= apart
    assert told["results"]["prompt_count_G"]["values"] == list(there["prompt_count_G"])
    assert np.array_equal(np.array(told["results"]["region_TP"]["values"]).astype(bool), there["region_TP"].numpy())
    table = list(csv.reader(io.StringIO(saved(settled, "CSV")[0].decode())))
    first = next(row for row in table if row[0] == "score_TP")
    assert table[0] == ["result", "symbol", "place", "value"] and first[2] == "1 1"
    assert float(first[3]) == told["results"]["score_TP"]["values"][0][0]
    assert sum(row[0] == "region_TP" for row in table) == 512


def test_what_is_drawn_is_saved_as_an_svg_and_as_a_picture(settled):
    text = saved(settled, "SVG")[0].decode()
    tree = ElementTree.fromstring(text)
    names = [one.tag.rpartition("}")[2] for one in tree.iter()]
    said = " ".join(one.text or "" for one in tree.iter() if one.tag.endswith("text"))
    assert "foreignObject" not in names and names.count("image") >= 9, "the frame, and eight in the strip"
    assert all(text in said for text in TEXTS) and "http" not in text.replace("http://www.w3.org", "")
    counts = settled.locator(".vw-gap b").all_inner_texts()
    there = [one.text for one in tree.iter() if one.tag.endswith("text")]
    assert all(there.count(one) >= counts.count(one) for one in counts)
    image = Image.open(io.BytesIO(saved(settled, "PNG")[0]))
    width = int(tree.get("width"))
    assert image.size[0] == 2 * width and len(image.convert("RGB").getcolors(1 << 24)) > 500, "frames are in it"


def test_what_is_kept_stays_comes_back_and_is_the_server_s(settled, tmp_path):
    settled.evaluate("site.knobs.set({kept: 11, alpha: 0.35})")
    settle(settled, kept=11)
    settled.locator(".vw").focus()
    settled.keyboard.press("k")
    expect(settled.locator(".nb-cell")).to_have_count(1, timeout=PATIENCE)
    settled.locator(".nb-cell textarea").fill("look here")
    settled.evaluate("site.knobs.set({kept: 3})")
    settle(settled, kept=3)
    settled.get_by_role("button", name="open this view").click()
    settle(settled, kept=11, alpha=0.35)
    with settled.expect_download() as waited:
        settled.locator(".nb-forms").get_by_role("button", name="JSON").click()
    text = waited.value.path().read_text()
    cells, notes = from_json(text)
    assert not notes and cells[0].view.shown.settings["kept"] == 11 and cells[0].view.note == "look here"
    there = engine().run("stop", opened("1-moves", 8), TEXTS, kept=11, alpha=0.35)
    assert list(cells[0].numbers["prompt_count_G"]) == list(there["prompt_count_G"])
    assert np.allclose(cells[0].numbers["similarity_Y"], there["similarity_Y"].numpy(), atol=1e-3)
    assert Image.open(io.BytesIO(cells[0].picture)).size[0] > 300
    other = settled.context.new_page()
    other.goto(settled.url.partition("#")[0])
    expect(other.locator(".nb-cell")).to_have_count(1, timeout=8 * PATIENCE)
    other.close()
    file = tmp_path / "kept.json"
    all_cells = json.loads(text)
    foreign = all_cells["cells"][0] | {"picture": base64.b64encode(b"<svg onload=alert(1)>").decode()}
    all_cells["cells"].append(foreign)
    file.write_text(json.dumps(all_cells))
    settled.locator(".nb-file").set_input_files(file)
    expect(settled.locator(".nb-cell")).to_have_count(2)
    expect(settled.locator(".nb-notes")).to_contain_text("Cell 2: its picture is none")
    for _ in range(2):
        settled.locator(".nb-cell").first.get_by_role("button", name="delete").click()
    expect(settled.locator(".nb-cell")).to_have_count(0)


def test_where_storage_is_refused_it_is_said(browser, address):
    context = browser.new_context(service_workers="block")
    page = context.new_page()
    page.add_init_script("Object.defineProperty(window, 'indexedDB', {value: {open() { throw new Error('refused'); }}})")
    page.goto(address)
    expect(page.locator(".nb-trouble")).to_contain_text("no storage", timeout=8 * PATIENCE)
    context.close()


def test_the_tour_s_steps_are_those_of_the_method_and_each_can_be_done_here(settled):
    settled.locator("#site-tour").click()
    steps = lesson(METHODS["stop"], "TOUR")
    titles = []
    for place, step in enumerate(steps):
        expect(settled.locator(".tour h3")).to_have_text(step["title"])
        titles.append(step["title"])
        assert settled.evaluate(
            "selectors => selectors.some(one => document.querySelector(one)?.getClientRects().length)", list(step["targets"])
        ), step["title"]
        if "#knob-stop-eta" in step["targets"]:
            settled.locator(".tour-to").click()
            settled.keyboard.press("Home")
            expect(settled.locator(".tour[data-done]")).to_be_visible(timeout=PATIENCE)
        settled.locator(".tour-next").click()
        assert settled.locator(".tour").is_visible() == (place < len(steps) - 1)
    assert titles == [step["title"] for step in steps]
    settled.get_by_role("button", name="defaults").click()


def test_a_sweep_s_cells_are_what_single_runs_give(settled):
    settled.evaluate("texts => site.choose(site.clips.example('1-moves'), {said: texts})", TEXTS)
    settle(settled)
    settled.locator("[data-panel=sweep] > summary").click()
    form = settled.locator(".sw-form")
    expect(form.locator("[name=x-values]")).not_to_have_value("", timeout=PATIENCE)
    form.locator("[name=x]").select_option("alpha")
    even = ", ".join(f"{one:g}" for one in values_of(engine(), "stop", "alpha", 4))
    expect(form.locator("[name=x-values]")).to_have_value(even)
    form.locator("[name=y]").select_option("kept")
    form.locator("[name=x-values]").fill("0, 0.5")
    form.locator("[name=y-values]").fill("3, 9, 20")
    settled.locator(".sw-run").click()
    expect(settled.locator(".sw-cell")).to_have_count(6, timeout=8 * PATIENCE)
    output, number = settled.evaluate(CHOSEN)
    made = sweep_over(
        engine(), "stop", opened("1-moves", 8), ("alpha", [0, 0.5]), ("kept", [3, 9, 20]), output["stage"],
        (number["stage"], number["how"]), TEXTS,
    )  # fmt: skip
    told = json.loads(settled.locator("[data-panel=sweep] > .vw-fold-in").get_attribute("data-sweep"))
    assert np.allclose(np.array(told["numbers"]), made.numbers, atol=1e-3)
    settled.locator(".sw-cell").nth(5).click()
    settle(settled, alpha=0.5, kept=20)
    form.locator("[name=y-values]").fill("3, 999")
    settled.locator(".sw-run").click()
    expect(settled.locator(".sw-wrong")).to_contain_text("N_s (kept) is 1 to 64, got 999")
    settled.get_by_role("button", name="defaults").click()


def test_a_term_of_an_equation_lights_what_it_speaks_of(settled):
    settled.locator("[data-panel=equations] > summary").click()
    settled.locator(".eq-term").first.click()
    assert settled.locator(".eq-term[aria-pressed=true]").count() == 1
    settled.keyboard.press("Escape")


def test_a_few_seconds_of_a_camera_become_a_clip(address, browser):
    pretended = [*OFFLINE, "--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream"]

    def filmed():
        with sync_playwright() as driver:
            filming = driver.chromium.launch(executable_path=CHROMIUM, args=pretended)
            page = filming.new_page()
            page.goto(address)
            page.wait_for_function(READY, timeout=8 * PATIENCE)
            page.get_by_role("button", name="with the camera").click()
            expect(page.locator(".vw-clip")).to_contain_text("webcam", timeout=8 * PATIENCE)
            told = page.evaluate(FILMED)
            filming.close()
            return told

    # in a thread of its own: the tests' browser holds this one's loop
    with ThreadPoolExecutor(1) as thread:
        told = thread.submit(filmed).result()
    assert told["dims"][0] == 8 and told["dims"][3] == 3 and told["seen"] > 20
    assert 1.5 <= told["moment"][1] - told["moment"][0] <= 2.1
