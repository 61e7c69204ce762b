"""Facts about the figure composer: what is taken along is what was seen, a choice that cannot be drawn is a sentence, and A may
be another kept cell."""

import base64
import io
import json
import zipfile
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import expect

from app.export.figure import Composer
from app.server.clips import Clips, find_examples
from app.server.jobs import Running
from app.server.request import Desk
from core import METHODS
from core.publish.figures import DPI, PREVIEW
from core.publish.view import to_json
from tests.pages import PATIENCE
from tests.published import ROOT, engine, stop, stpn


@pytest.fixture(scope="module")
def ask():
    """Name of a function, and what it is sent → its answer: on a page of the shipped weights and examples."""
    clips, running = Clips(find_examples(ROOT / "assets/clips")), Running()
    desks = {name: Desk(METHODS[name], {"shipped": engine()}, clips, running) for name in ("stop", "stpn")}
    functions = {one.__name__: one for one in Composer(desks).functions()}
    return lambda name, **given: json.loads(functions[f"figure_{name}"]({"who": "me", **given}))


def cell(view, **changed):
    return {"view": to_json(replace(view, **{"compared": None, **changed})), "models": {}, "handle": None}


def figure(format="png", sweep=None, **composition):
    return {"composition": composition, "format": format, "sweep": sweep}


def pixels(png):
    return Image.open(io.BytesIO(png)).convert("RGB")


def test_what_is_downloaded_is_what_the_preview_shows_and_its_script_names_the_same_options(ask):
    of = cell(stop().view)
    options = figure(rows=["raw", "dynamics_TP", "prompt_count_G"], frames=[0, 3], strength=0.4, colours="magma", width="one")
    seen = pixels(base64.b64decode(ask("preview", cell=of, other=None, figure=options)["picture"]))
    made = ask("files", cell=of, other=None, figure=options)
    files = zipfile.ZipFile(io.BytesIO(base64.b64decode(made["data"])))
    assert sorted(files.namelist()) == [f"stop-1-moves{end}" for end in (".bib", ".png", ".py", "_caption.tex")]
    got = pixels(files.read("stop-1-moves.png"))
    assert got.width == 3.25 * DPI and seen.width == int(3.25 * PREVIEW)
    apart = np.abs(np.asarray(got.resize(seen.size, Image.Resampling.BOX), int) - np.asarray(seen, int))
    assert apart.mean() < 6, "of 255: the same picture in fewer pixels"
    script = files.read("stop-1-moves.py").decode()
    said = "rows=('raw', 'dynamics_TP', 'prompt_count_G'), frames=(0, 3), strength=0.4, colours='magma', width='one'"
    assert f"Composition({said})" in script and "alpha=0.3" in script


def test_rows_that_are_offered_are_the_method_s_in_its_order_and_the_usual_ones_are_marked(ask):
    found = ask("choices", cell=cell(stop().view), other=None)
    rows = {one["name"]: one["usual"] for one in found["rows"]}
    assert list(rows) == [
        "raw", "attention_TP", "dynamics_TP", "score_TP", "region_TP", "change_G", "prompt_count_G", "similarity_Y",
    ]  # fmt: skip
    assert [name for name, usual in rows.items() if usual] == ["raw", "score_TP", "prompt_count_G", "similarity_Y"]
    assert found["pictures"] == [f"frame {t}" for t in range(1, 9)] and found["prompts"] == 0
    found = ask("choices", cell=cell(stpn().view), other=None)
    names = [one["name"] for one in found["rows"]]
    assert names.index("current_HWC") < names.index("prompted_found") < names.index("raw") and found["prompts"] == 5
    assert len(found["pictures"]) == 4, "its pictures are the supports"


def test_another_cell_is_a_and_a_sweep_is_a_figure(ask):
    view = stop().view
    of, other = cell(view), cell(view, shown=view.compared)
    made = ask("files", cell=of, other=other, figure=figure("svg", rows=["raw", "score_TP"], beside=True))
    files = zipfile.ZipFile(io.BytesIO(base64.b64decode(made["data"])))
    assert "A: $\\alpha$ = 0.9" in files.read("stop-1-moves_caption.tex").decode()
    grid = {"x": ["alpha", "0, 1"], "y": ["kept", "2, 6"], "output": "score_TP", "number": ["prompt_count_G", "sum"]}
    made = ask("files", cell=of, other=None, figure=figure("svg", grid))
    files = zipfile.ZipFile(io.BytesIO(base64.b64decode(made["data"])))
    assert files.read("stop-1-moves.svg").count(b"<image ") == 5, "four maps and their colours"
    said, script = (files.read(f"stop-1-moves{end}").decode() for end in ("_caption.tex", ".py"))
    assert "$\\alpha$ = 0.0, 1.0 (columns) and $N_s$ = 2, 6 (rows)" in said and "('alpha', [0.0, 1.0])" in script
    compile(script, "a script", "exec")


@pytest.mark.parametrize(
    "changed, sentence",
    [
        ({"rows": ["nothing"]}, "A figure of stop has rows of raw"),
        ({"rows": [["raw"]]}, "each by its name"),
        ({"frames": [9]}, "Frames are places from 0 to 7"),
        ({"strength": 7}, "The strength of an overlay is 0 to 1"),
        ({"width": []}, "The width is one of one, two"),
        ({"size": 3}, "and no size"),
        ({"beside": True}, "need a set to compare with"),
    ],
)
def test_a_choice_that_cannot_be_drawn_is_a_sentence(ask, changed, sentence):
    assert sentence in ask("preview", cell=cell(stop().view), other=None, figure=figure(**changed))["error"]


def test_what_is_no_cell_and_a_clip_that_is_gone_are_sentences(ask):
    for bad in (None, 5, {}, {"view": "x"}):
        assert ask("preview", cell=bad, other=None, figure=figure())["error"].endswith(".")
    gone = cell(stop().view)
    gone["view"] = gone["view"].replace('"1-moves"', '"mine.mp4"')
    assert "mine.mp4” is no longer here" in ask("files", cell=gone, other=None, figure=figure())["error"]
    for bad in (None, figure("doc"), {"composition": 3, "format": "pdf"}, figure(sweep={"x": 3})):
        assert ask("files", cell=cell(stop().view), other=None, figure=bad)["error"].endswith(".")


def test_options_on_the_page_are_those_of_its_preview_and_of_its_file(page):
    page.locator(".vw-keep").first.click()
    page.locator(".nb-cell [data-does=figure]").first.click()
    expect(page.locator(".fg-picture")).to_be_visible(timeout=PATIENCE)
    page.locator(".fg-rows input[value=dynamics_TP]").check()
    page.locator(".fg-frames input[value='2']").check()
    page.locator(".fg [name=format]").select_option("png")
    told = "JSON.parse(document.querySelector('.nb-figure [data-preview]').dataset.preview)"
    page.wait_for_function(f"{told}.format === 'png' && {told}.composition.frames?.[0] === 2")
    assert page.evaluate(told)["composition"]["rows"][:2] == ["raw", "dynamics_TP"]
    with page.expect_download() as coming:
        page.locator(".fg-make").click()
    files = zipfile.ZipFile(coming.value.path())
    (script,) = (files.read(name).decode() for name in files.namelist() if name.endswith(".py"))
    assert "rows=('raw', 'dynamics_TP'" in script and "frames=(2,)" in script
    page.locator(".fg-rows input:checked").first.uncheck()
    page.locator(".fg-sweep summary").click()
    page.locator("[name='x-values']").fill("x")
    page.locator("[name=sweep]").check()
    expect(page.locator(".fg-wrong")).to_contain_text("are numbers between commas", use_inner_text=True, timeout=PATIENCE)
