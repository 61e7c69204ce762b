"""Facts about the notebook under the tabs: what is kept is what was on the page, it goes on in every form, nobody else sees it,
and nobody's file is taken on trust."""

import base64
import io
import json
import re
import shutil
import zipfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import expect

from app.export.notebook import Notebook, kept, models_named, reopened
from app.server.clips import Clips
from app.server.jobs import Running
from app.server.request import Desk
from core import METHODS, Engine, ReaderError, read_clip
from core.publish.cells import CELLS, from_json, to_json
from core.publish.result import numbers
from tests.pages import PATIENCE, number, opened, request_of, settles, shown
from tests.published import NASTY

TEXTS = "a red ring grows\na red ring moves left"


@pytest.fixture(scope="module")
def desks(served):
    """Desks of the page's own engine and examples, and the clips they share."""
    clips, running = Clips(served[2]), Running()
    return {name: Desk(METHODS[name], {"tiny": served[1]}, clips, running) for name in ("stop", "stpn")}


def message(desks, method="stop", path=None, texts=TEXTS, state=None, **given):
    """What a browser sends of a view that is to be kept."""
    return request_of(desks[method], path, texts=texts, **given) | {"method": method, "state": state or {}}


def functions(desks):
    return Notebook(desks).functions()


def asked(function, given):
    return json.loads(function(given))


# ---- a cell -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("method, overlay, knobs", [("stop", "dynamics_TP", {"kept": 4}), ("stpn", "change", {"t": 3})])
def test_a_cell_holds_the_numbers_and_the_picture_of_its_request(desks, method, overlay, knobs):
    keep_view, read_cells, _ = functions(desks)
    given = message(desks, method, state={"frame": 2, "overlay": overlay, "pinned": None}, **knobs)
    said = asked(keep_view, given)
    (cell,), _ = from_json(json.dumps({"what": "kept cells", "cells": said["cells"]}))
    desk = desks[method]
    clip = read_clip(next(iter(desk.clips.examples.values())).path, frames=8)
    texts = TEXTS.splitlines() if method == "stop" else None
    trace = desk.engine.run(method, clip, texts=texts, **desk.engine.settings(method, knobs))
    assert cell.numbers and all(stage in trace.values for stage in cell.numbers)
    for stage, values in cell.numbers.items():
        np.testing.assert_allclose(values, np.asarray(trace[stage], float), rtol=1e-4, atol=1e-6, err_msg=stage)
    assert (cell.view.frame, cell.view.overlay, cell.weights) == (2, overlay, dict(trace.weights))
    assert Image.open(io.BytesIO(cell.picture)).width > 1000
    assert said["cells"][0]["told"]["turned"] and overlay in str(said["cells"][0]["view"])


def test_a_cell_holds_edits_and_what_was_pinned_beside_it(desks):
    keep_view, *_ = functions(desks)
    edits = json.dumps([{"name": "drop", "first": 1, "last": 2}])
    state = {"frame": 7, "overlay": "score_TP", "pinned": message(desks, alpha=0.9, edits=edits)}
    given = message(desks, edits=edits, state=state)
    (cell,) = asked(keep_view, given)["cells"]
    assert cell["view"]["frame"] == 5, "of six frames the last"
    assert cell["view"]["edits"][0]["name"] == "drop" and cell["view"]["compared"]["knobs"]["alpha"] == 0.9
    assert "Drop" in cell["told"]["edits"] and cell["told"]["compared"] == ["α = 0.9"]
    one = message(desks, edits=edits, state=state | {"pinned": None})
    tall = [
        Image.open(io.BytesIO(base64.b64decode(asked(keep_view, each)["cells"][0]["picture"]))).height for each in (given, one)
    ]
    assert tall[0] > tall[1], "both sets are in the picture"


def test_an_own_clip_is_known_by_what_it_is_called_and_never_by_where_it_lies(desks, tmp_path):
    keep_view, _, write_cells = functions(desks)
    own = tmp_path / "secret folder" / "mine $x$.mp4"
    own.parent.mkdir()
    shutil.copy(next(iter(desks["stop"].clips.examples.values())).path, own)
    given = message(desks, path=own, state={"frame": 0, "overlay": "none", "pinned": None})
    said = keep_view(given)
    text = json.dumps({"what": "kept cells", "version": 1, "cells": json.loads(said)["cells"]})
    made = {form: base64.b64decode(asked(write_cells, {"form": form, "text": text})["data"]) for form in ("Jupyter", "HTML")}
    for one in (said.encode(), *made.values()):
        assert b"mine $x$.mp4" in one.replace(b"\\\\", b"") and b"secret folder" not in one and b"clip.safetensors" in one
        assert str(served_folder(desks)).encode() not in one, "the weights were named by a file"
    assert "Put mine \\$x\\$.mp4 beside this notebook first" in "".join(json.loads(made["Jupyter"])["cells"][0]["source"])


def test_every_cell_that_is_sent_is_written_and_what_cannot_be_is_said(desks):
    keep_view, read_cells, write_cells = functions(desks)
    (cell,) = asked(keep_view, message(desks, "stpn") | {"state": {"frame": 0, "overlay": "change", "pinned": None}})["cells"]
    long = cell | {"weights": {"stpn": "attention/deep 8222623f, " * 40}}
    text = json.dumps({"what": "kept cells", "version": 1, "cells": [cell, long, cell | {"picture": "A" * 3_000_000}]})
    for form in ("Jupyter", "HTML", "Markdown", "JSON"):
        made = asked(write_cells, {"form": form, "text": text})
        assert made["cells"] == 2 and made["notes"] == ["Cell 3 is left out: its picture is larger than 2 MB."], form
    again = asked(read_cells, base64.b64decode(asked(write_cells, {"form": "JSON", "text": text})["data"]).decode())
    assert [one["weights"] for one in again["cells"]] == [cell["weights"], long["weights"]] and not again["notes"]


def served_folder(desks):
    return Path(desks["stop"].engine.models["clip"]).parent


def test_what_cannot_be_kept_or_read_or_written_is_one_sentence(desks):
    keep_view, read_cells, write_cells = functions(desks)
    good = message(desks)
    bad = [
        None,
        5,
        [],
        {},
        {"method": []},
        {"method": "nothing"},
        {"method": "stop"},
        {"method": "stop", "values": [1]},
        {"method": "stop", "values": {"knobs": {}}},
    ]
    for given in (*bad, good | {"values": good["values"] | {"clip": "x"}}):
        assert asked(keep_view, given)["error"].endswith(".")
    for frame, overlay, pinned in ((-3, 5, None), ("a", None, 7), (float("nan"), "nothing", {"values": []}), (10**9, [], "x")):
        state = {"frame": frame, "overlay": overlay, "pinned": pinned}
        (cell,) = asked(keep_view, good | {"state": state})["cells"]
        assert 0 <= cell["view"]["frame"] < 8 and cell["view"]["overlay"] == "score_TP" and cell["view"]["compared"] is None
    for text in (None, 5, "", "{}", "[" * 100_000, json.dumps({"what": "kept cells", "cells": [{}] * (CELLS + 1)})):
        assert "error" in asked(read_cells, text) and "error" in asked(write_cells, {"form": "HTML", "text": text})
    for form in (None, [], "PDF", "../JSON"):
        assert asked(write_cells, {"form": form, "text": "{}"})["error"].startswith("The form is Jupyter, HTML, Markdown, JSON")
    assert "error" in asked(write_cells, None)


# ---- somebody's file --------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def cell(desks):
    """A kept cell as JSON has it."""
    made, _ = kept(desks["stop"], message(desks, alpha=0.3, state={"frame": 1, "overlay": "score_TP"}))
    return json.loads(to_json([made]))["cells"][0]


def hostile(cell, **changed):
    return json.dumps({"what": "kept cells", "version": 1, "cells": [cell | changed]})


def test_a_file_s_words_stay_words_in_every_form(desks, cell):
    _, read_cells, write_cells = functions(desks)
    view = cell["view"] | {"note": NASTY, "texts": [NASTY], "clip": "a<b>$.mp4"}
    text = hostile(cell, view=view, weights={NASTY: NASTY}, numbers={NASTY: [1.0]})
    assert asked(read_cells, text)["cells"][0]["view"]["note"] == NASTY, "as it was written, for textContent"
    page = base64.b64decode(asked(write_cells, {"form": "HTML", "text": text})["data"]).decode()
    assert (
        "<script" not in page and "onerror=alert" not in re.sub(r"&lt;img .*?&gt;", "", page) and '<img src="http' not in page
    )
    book = json.loads(base64.b64decode(asked(write_cells, {"form": "Jupyter", "text": text})["data"]))
    for one in book["cells"]:
        source = "".join(one["source"])
        if one["cell_type"] == "code":
            compile(source, "a cell", "exec")  # what is said in it is said in strings
        else:
            assert "<img" not in source and "<script" not in source


def test_a_file_decides_no_weights_and_no_clip(desks, cell):
    _, read_cells, _ = functions(desks)
    said = asked(read_cells, hostile(cell, models={"clip": "hf-hub:somebody/else"}))
    assert said["cells"][0]["models"] == {} and "no weights 'hf-hub:somebody/else'" in said["notes"][0]
    assert asked(read_cells, hostile(cell))["notes"] == [] and cell["models"] == {"clip": "clip.safetensors"}
    for precision in ("float8", "'); evil('", 5, None, ["float32"]):
        said = asked(read_cells, hostile(cell, precision=precision))
        assert said["cells"] == [] and "left out" in said["notes"][0]
    flat = json.loads(hostile(cell))
    bomb = base64.b64decode(cell["picture"])[:16] + (60_000).to_bytes(4, "big") * 2 + b"\0" * 40
    flat["cells"][0]["picture"] = base64.b64encode(bomb).decode()
    assert asked(read_cells, json.dumps(flat))["cells"] == [], "a picture that no browser can open"


def test_a_view_is_opened_where_its_clip_is_and_said_where_it_is_not(desks, cell, tmp_path):
    first = next(iter(desks["stop"].clips.examples))
    view, weights, files, notes = reopened(desks, json.dumps(cell["view"]), cell["models"], None)
    assert (view.shown.settings["alpha"], view.frame, weights, notes) == (0.3, 1, "tiny", ())
    assert files[first] == str(desks["stop"].clips.examples[first].path)
    mine = json.dumps(cell["view"] | {"clip": "mine.mp4"})
    (tmp_path / "mine.mp4").touch()
    handle = desks["stop"].clips.handle(tmp_path / "mine.mp4")
    view, _, files, notes = reopened(desks, mine, {}, handle)
    assert view.shown.clip == "mine.mp4" and files["mine.mp4"] == str(tmp_path / "mine.mp4") and notes == ()
    for unknown in (None, "", "guessed", Clips({}).handle(tmp_path / "mine.mp4"), str(tmp_path / "mine.mp4"), 5):
        view, _, files, notes = reopened(desks, mine, {}, unknown)
        assert view.shown.clip == first and "is not here" in notes[0]
    with pytest.raises(ReaderError):
        reopened(desks, None, None, None)


def test_models_are_named_as_they_were_given_and_files_by_their_own_name(tmp_path):
    file = tmp_path / "weights.pt"
    file.write_bytes(b"")
    engine = Engine("cpu", models={"stop": str(file), "stpn": "ViT-B-32/openai"})
    assert set(models_named(engine).values()) == {"weights.pt", "ViT-B-32/openai"}


def test_cells_of_two_engines_are_computed_by_two_engines(desks, cell):
    _, _, write_cells = functions({"stop": desks["stop"]})
    text = json.dumps({"what": "kept cells", "version": 1, "cells": [cell, cell | {"models": {}, "precision": "bfloat16"}]})
    book = json.loads(base64.b64decode(asked(write_cells, {"form": "Jupyter", "text": text})["data"]))
    setup, runs = "".join(book["cells"][1]["source"]), ["".join(one["source"]) for one in book["cells"][3::3]]
    assert f"engines[0] = Engine(models={{'clip': 'clip.safetensors'}}, precision='{cell['precision']}')" in setup
    assert "engines[1] = Engine(precision='bfloat16')" in setup
    assert [one.splitlines()[0] for one in runs] == ["engine = engines[0]", "engine = engines[1]"]
    assert "Weights were named: clip = clip.safetensors" in "".join(book["cells"][0]["source"])


# ---- in a browser -----------------------------------------------------------------------------------------------------


def keep(page, count):
    """What is shown, by the button of its viewer, as the so-manieth cell."""
    page.locator(".vw-keep").locator("visible=true").click()
    counted(page, count)


def counted(page, count):
    page.wait_for_function("n => document.querySelectorAll('.nb-cell').length === n", arg=count, timeout=PATIENCE)


def ready(page, served):
    opened(page, served)
    page.wait_for_selector(".nb[data-ready]", state="attached", timeout=PATIENCE)


def chips(page):
    """What was turned of each cell's knobs, but for the block of the encoder: the page's is smaller than the default."""
    told = [one.locator(".nb-turned").all_inner_texts() for one in page.locator(".nb-cell").all()]
    return [" ".join(one for one in each if not one.startswith("ℓ")) for each in told]


def stored(page):
    """Waits until what is shown is in the browser's storage; → the cells in their order."""
    page.wait_for_timeout(300)
    return page.evaluate("""() => new Promise(done => {
        const open = indexedDB.open("video-prompt-explorer", 1);
        open.onsuccess = () => { const all = open.result.transaction("order").objectStore("order").get("order");
            all.onsuccess = () => { open.result.close(); done(all.result || []); }; }; })""")


@pytest.fixture
def three(page, served):
    """Three cells: the defaults, α = 0.3, α = 0.6."""
    page.wait_for_selector(".nb[data-ready]", state="attached", timeout=PATIENCE)
    assert page.locator(".nb-fold").get_attribute("open") is None, "closed while it is empty"
    keep(page, 1)
    for count, alpha in ((2, 0.3), (3, 0.6)):
        number(page, "alpha").fill(str(alpha))
        settles(page, alpha=alpha)
        page.keyboard.press("Tab")
        page.evaluate("document.activeElement.blur()")
        page.keyboard.press("k")
        counted(page, count)
    return page


def test_what_is_kept_is_ordered_noted_deleted_undone_and_there_after_a_reload(three, served):
    page = three
    assert chips(page) == ["", "α = 0.3", "α = 0.6"] and page.locator(".nb-count").inner_text() == "3"
    expect(page.locator("#viewer-stop .vw-kept")).to_contain_text("kept below as cell 3", use_inner_text=True)
    page.locator(".nb-cell [data-does=up]").nth(2).click()
    page.locator(".nb-cell [data-does=up]").nth(1).click()
    assert chips(page) == ["α = 0.6", "", "α = 0.3"]
    assert page.locator(".nb-cell [data-does]:focus").get_attribute("data-does") == "down", "the focus stays with the cell"
    note = page.get_by_label("Your note on cell 2")
    note.fill(NASTY)
    page.locator(".nb-cell [data-does=delete]").first.click()
    assert chips(page) == ["", "α = 0.3"]
    page.keyboard.press("Control+z")  # the focus is in the panel
    assert chips(page) == ["α = 0.6", "", "α = 0.3"]
    page.keyboard.press("Control+z")
    assert page.get_by_label("Your note on cell 2").input_value() == "", "what was typed in one go is one step"
    page.keyboard.press("Control+Shift+z")
    assert len(stored(page)) == 3
    page.reload()
    counted(page, 3)
    assert chips(page) == ["α = 0.6", "", "α = 0.3"] and page.locator(".nb-fold").get_attribute("open") is not None
    assert page.get_by_label("Your note on cell 2").input_value() == NASTY
    page.get_by_label("Your note on cell 3").press_sequentially("kkk")
    assert chips(page) == ["α = 0.6", "", "α = 0.3"], "a letter in a note is a letter"
    assert page.get_by_role("button", name="undo").is_enabled()


def test_a_cell_is_dragged_to_another_place(three):
    three.set_viewport_size({"width": 1280, "height": 4200})  # all of them are seen
    grip, last = three.locator(".nb-grip").first.bounding_box(), three.locator(".nb-cell").nth(2).bounding_box()
    three.mouse.move(grip["x"] + 5, grip["y"] + 8)
    three.mouse.down()
    three.mouse.move(grip["x"] + 15, grip["y"] + 30, steps=5)
    three.mouse.move(last["x"] + 200, last["y"] + last["height"] - 20, steps=10)
    three.mouse.up()
    three.wait_for_function("document.querySelector('.nb-said')?.textContent === 'moved to place 3'")
    assert chips(three) == ["α = 0.3", "α = 0.6", ""]
    three.get_by_role("button", name="undo").click()
    assert chips(three) == ["", "α = 0.3", "α = 0.6"]


def test_two_browsers_see_their_own_cells_alone_and_two_windows_of_one_share_them(browser, served):
    contexts = [browser.new_context() for _ in range(2)]
    ours, theirs = (context.new_page() for context in contexts)
    for one in (ours, theirs):
        one.set_default_timeout(PATIENCE)
        ready(one, served)
    keep(ours, 1)
    window = contexts[0].new_page()
    ready(window, served)
    counted(window, 1)
    keep(window, 2)
    counted(ours, 2)
    theirs.reload()
    theirs.wait_for_selector(".nb[data-ready]", state="attached", timeout=PATIENCE)
    assert theirs.locator(".nb-cell").count() == 0 and stored(theirs) == []
    for context in contexts:
        context.close()


def test_without_storage_it_works_until_the_page_is_closed_and_says_so(browser, served):
    context = browser.new_context()
    page = context.new_page()
    page.set_default_timeout(PATIENCE)
    page.add_init_script(
        "Object.defineProperty(window, 'indexedDB', {get() { throw new DOMException('no', 'SecurityError'); }})"
    )
    ready(page, served)
    keep(page, 1)
    expect(page.locator(".nb-trouble")).to_contain_text("lost when the page is closed", use_inner_text=True)
    context.close()


def test_a_view_is_opened_again_with_its_frame_and_its_overlay(page, served):
    page.wait_for_selector(".nb[data-ready]", state="attached", timeout=PATIENCE)
    first = shown(page)["clip"]
    number(page, "alpha").fill("0.3")
    settles(page, alpha=0.3)
    page.locator(".vw-next").click()
    page.locator("[data-stage=attention_TP]").click()
    keep(page, 1)
    page.locator(".vw-examples button").nth(1).click()
    page.get_by_role("button", name="defaults").click()
    page.locator("[data-stage=none]").click()
    page.wait_for_function("key => JSON.parse(document.querySelector('.vw').dataset.texts).clip !== key", arg=first)
    page.get_by_role("tab", name="STPN").click()
    page.wait_for_selector(".sp[data-done]", timeout=PATIENCE)
    page.locator("[data-does=open]").click()
    page.locator("#viewer-stop .vw").wait_for(timeout=PATIENCE)
    page.wait_for_function("""key => { const told = JSON.parse(document.querySelector('#viewer-stop .vw').dataset.texts);
        return told.clip === key && told.alpha === 0.3; }""", arg=first)  # fmt: skip
    page.wait_for_function('JSON.stringify(window.views.stop.state()).startsWith(\'{"frame":1,"overlay":"attention_TP"\')')
    assert page.locator(".nb-cell").count() == 1


def test_every_form_is_written_and_what_was_kept_comes_back(three, served, tmp_path, monkeypatch, capsys):
    page, (_, engine, examples) = three, served
    page.get_by_label("Your note on cell 2").fill("Less of it. " + NASTY)
    files = {form: saved(page, form, tmp_path) for form in ("Jupyter", "HTML", "Markdown", "JSON")}

    # the notebook computes it again, with the clip and the weights put where it says
    example = next(iter(examples.values()))
    book = json.loads(files["Jupyter"].read_text())
    said = "".join(book["cells"][0]["source"])
    assert example.path.name.replace("_", "\\_") in said and "clip = clip.safetensors" in said
    shutil.copy(example.path, tmp_path / example.path.name)
    shutil.copy(engine.models["clip"], tmp_path / "clip.safetensors")
    monkeypatch.chdir(tmp_path)
    found, pictures = executed(book)
    (cells, notes) = from_json(files["JSON"].read_text())
    assert notes == () and len(cells) == 3
    for result, picture, cell, alpha in zip(found, pictures, cells, (0.2, 0.3, 0.6), strict=True):
        trace = engine.run("stop", read_clip(example.path, frames=8), texts=cell.view.shown.texts, alpha=alpha)
        for stage in ("score_TP", "region_TP", "video_E", "similarity_Y"):
            np.testing.assert_allclose(result.trace[stage].float(), trace[stage].float(), rtol=1e-4, atol=1e-5, err_msg=stage)
        assert picture == cell.picture and numbers(result) == cell.numbers
    assert capsys.readouterr().out.count("As kept: ") == 3
    assert [one["outputs"][0]["data"]["image/png"] for one in book["cells"][3::3]] == [
        base64.b64encode(one.picture).decode() for one in cells
    ]

    # the reports hold the pictures, and ask for nothing
    inside = zipfile.ZipFile(files["Markdown"])
    assert set(inside.namelist()) == {"report.md", "figure-1.png", "figure-2.png", "figure-3.png"}
    assert inside.read("figure-2.png") == cells[1].picture and "Less of it." in inside.read("report.md").decode()
    other = page.context.new_page()
    asked, talked = [], []
    other.on("request", lambda one: asked.append(one.url))
    other.on("dialog", lambda one: (talked.append(one.message), one.dismiss()))
    other.goto(files["HTML"].as_uri())
    assert other.evaluate("[...document.images].map(one => one.naturalWidth)") == [2025] * 3 and talked == []
    assert [one for one in asked if not one.startswith("data:")] == [files["HTML"].as_uri()]
    other.close()

    # and the JSON is opened again, here beside what is there
    page.locator(".nb-file").set_input_files(files["JSON"])
    counted(page, 6)
    assert chips(page) == ["", "α = 0.3", "α = 0.6"] * 2
    assert page.get_by_label("Your note on cell 5").input_value() == "Less of it. " + NASTY
    again = saved(page, "JSON", tmp_path)
    assert from_json(again.read_text()).cells == cells * 2


def saved(page, form, folder):
    with page.expect_download() as download:
        page.locator(".nb-forms").get_by_role("button", name=form).click()
    path = folder / download.value.suggested_filename
    download.value.save_as(path)
    return path


def executed(book):
    """Runs a notebook's cells one after the other; → every result and every picture."""
    names, results, pictures = {}, [], []
    for one in book["cells"]:
        if one["cell_type"] == "code":
            source = "".join(one["source"])
            exec(compile(source, "a cell", "exec"), names)
            if "picture(result" in source.splitlines()[-1]:
                results.append(names["result"])
                pictures.append(eval(source.splitlines()[-1], names).data)
    return results, pictures


def test_a_hostile_file_is_shown_as_words_and_runs_nothing(page, served, cell, tmp_path):
    page.wait_for_selector(".nb[data-ready]", state="attached", timeout=PATIENCE)
    asked, talked = [], []
    page.on("request", lambda one: asked.append(one.url))
    page.on("dialog", lambda one: (talked.append(one.message), one.dismiss()))
    file = tmp_path / "kept.json"
    view = cell["view"] | {"note": NASTY, "texts": [NASTY], "clip": "a<img src=x onerror=alert(1)>.mp4"}
    told = {"title": NASTY, "alt": NASTY}
    file.write_text(hostile(cell, view=view, weights={"a": NASTY}, numbers={NASTY: [1.0]}, told=told, id='"><b id=x>'))
    page.locator(".nb-file").set_input_files(file)
    counted(page, 1)
    one = page.locator(".nb-cell")
    expect(one.locator("h4")).to_contain_text("<img src=x onerror=alert(1)>", use_inner_text=True)
    one.locator(".nb-numbers summary").click()
    assert NASTY in one.locator("table").inner_text() and NASTY in one.locator(".nb-weights").inner_text()
    assert one.locator("img").count() == 1 and one.locator("script, b").count() == 0 and page.locator("#x").count() == 0
    assert one.locator("img").get_attribute("src").startswith("data:image/png;base64,")
    file.write_text("<script>alert(1)</script>")
    page.locator(".nb-file").set_input_files(file)
    page.locator(".nb-said").get_by_text("This is not a JSON text.").wait_for()
    assert page.locator(".nb-cell").count() == 1 and talked == []
    assert [url for url in asked if not url.startswith((served[0], "data:", "blob:"))] == []


# letters that are seen and are less than 20 pixels high, but for what is raised or lowered
SMALL = """() => [...document.querySelectorAll(".vw *, .pr *, .pr-seen *")].filter(one => one.checkVisibility() &&
  !one.closest("sup, sub, select") && [...one.childNodes].some(part => part.nodeType === 3 && part.data.trim()) &&
  parseFloat(getComputedStyle(one).fontSize) * (one.currentCSSZoom ?? 1) < 19.9).map(one => one.outerHTML.slice(0, 90))"""


# the pictures are of one size, and they and their words are above the foot
ALIKE = """() => { const [foot, whole] = [".pr", ".sp.pr-seen .vw-picture"].map(one => document.querySelector(one));
  const parts = [...document.querySelectorAll(".sp.pr-seen :is(.sp-figure canvas, .vw-bar, .sp-figure p)")],
    box = one => one.getBoundingClientRect(), seen = parts.filter(one => one.checkVisibility());
  return seen.length && seen.every(one => box(one).bottom <= box(foot).top &&
    (!one.matches("canvas") || Math.abs(box(one).width - box(whole).width) < 2)); }"""
FITS = """() => (one => one.scrollHeight <= one.clientHeight + 1)(document.querySelector(".vw.pr-seen"))"""


def test_what_is_kept_is_presented_slide_by_slide_with_one_knob_and_large_letters(window, served):
    page = window
    page.set_viewport_size({"width": 1920, "height": 1080})
    page.goto(f"{served[0]}?present")
    note, place = page.locator(".pr-note"), page.locator(".pr-at")
    note.wait_for(timeout=PATIENCE)
    expect(note).to_contain_text("Press k to keep it")
    expect(place).to_have_text("– / 0")
    page.wait_for_timeout(300)
    page.keyboard.press("k")
    counted(page, 1)
    expect(place).to_have_text("– / 1")
    page.keyboard.press("Escape")
    expect(page.locator(".pr")).to_be_hidden()
    assert "present" not in page.url
    page.get_by_label("Your note on cell 1").fill("How it begins")
    number(page, "eta").fill("3")
    settles(page, eta=3)
    keep(page, 2)
    page.locator(".nb-present").click()
    expect(note).to_have_text("How it begins", timeout=PATIENCE)
    settles(page, eta=8)
    page.keyboard.press("ArrowRight")
    settles(page, eta=3)
    expect(place).to_have_text("2 / 2")
    knobs = page.locator('[id^="knob-stop-"]').locator("visible=true")
    expect(knobs).to_have_count(1)
    assert knobs.get_attribute("id") == "knob-stop-eta", "what the slide has turned"
    page.keyboard.press("-")
    settles(page, eta=2.9)
    page.keyboard.press("ArrowDown")
    expect(page.locator("#knob-stop-eta")).to_be_hidden()
    picture, chart, bar = (page.locator(one).first.bounding_box() for one in (".vw-picture", ".vw-gaps", ".pr"))
    assert picture["width"] > 600 and chart["x"] > picture["x"] + picture["width"] and chart["y"] + chart["height"] < bar["y"]
    assert page.evaluate(SMALL) == []
    for width, height in ((1280, 720), (1440, 900)):
        page.set_viewport_size({"width": width, "height": height})
        page.wait_for_function(FITS)
    expect(page.locator(".rl-texts .vw-text").last).to_be_visible()
    assert page.evaluate(SMALL) == []


def test_a_slide_of_three_pictures_fits_a_low_window(page):
    page.set_viewport_size({"width": 1280, "height": 720})
    page.get_by_role("tab", name="STPN").click()
    page.wait_for_selector(".sp[data-shown]", timeout=PATIENCE)
    page.locator(".nb-present").evaluate("button => button.click()")
    page.wait_for_function(ALIKE, timeout=PATIENCE)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_notebook_fits_a_narrow_screen(window, served, scheme):
    page = window
    page.set_viewport_size({"width": 400, "height": 800})
    page.emulate_media(color_scheme=scheme)
    ready(page, served)
    keep(page, 1)
    page.locator(".nb-python summary").click()
    assert page.evaluate("document.documentElement.scrollWidth") <= 400
    for part in (".nb", ".nb-cell img", ".nb textarea", ".nb pre", ".nb-row"):
        box = page.locator(part).first.bounding_box()
        assert box["x"] >= 0 and box["x"] + box["width"] <= 400, part
