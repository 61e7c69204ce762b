"""Facts about kept cells: none is lost, whatever its weights are called; they go on in every form, and are read again."""

import io
import json
import re
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from core import ReaderError
from core.publish import cells as kept
from core.publish import figures, link, notebook, report
from core.publish.described import described
from core.publish.result import Result, against, numbers
from core.publish.view import Setting, View
from core.video.clip import Clip
from tests.core.publish.test_figures import alone
from tests.published import TEXTS, found, stop


@pytest.fixture(scope="module")
def cells():
    plain = replace(stop(), other=None, view=View(stop().other.view.shown, 1, "dynamics_TP"))
    return kept.keep(stop()), kept.keep(replace(plain, trace=stop().other.trace))


def test_an_exported_notebook_computes_the_kept_pictures_and_numbers_again(cells, monkeypatch, capsys, tmp_path):
    monkeypatch.chdir(tmp_path)
    made = json.loads(notebook.to_notebook(cells))
    assert (made["nbformat"], made["nbformat_minor"]) == (4, 5)
    assert len({one["id"] for one in made["cells"]}) == len(made["cells"]) == 2 + 3 * len(cells)
    names, found = {}, []
    for one in made["cells"]:
        assert one.keys() == {"cell_type", "id", "metadata", "source"} | (
            {"execution_count", "outputs"} if one["cell_type"] == "code" else set()
        )
        if one["cell_type"] == "code":
            text = "".join(one["source"])
            exec(compile(text, "a cell", "exec"), names)
            if "picture(result" in text:
                found.append((names["result"], eval(text.splitlines()[-1], names).data))
    for (result, picture), cell, known in zip(found, cells, (stop(), stop().other), strict=True):
        assert np.array_equal(result.trace["score_TP"], known.trace["score_TP"])
        assert np.array_equal(result.trace["video_E"], known.trace["video_E"])
        assert picture == cell.picture and numbers(result) == cell.numbers
    assert found[0][0].other is not None and found[1][0].other is None
    said = capsys.readouterr().out.strip().splitlines()
    assert said == ["As kept: change_G, prompt_count_G, similarity_Y."] * 2


def test_a_notebook_tells_numbers_that_are_not_as_kept():
    kept = numbers(stop())
    assert against(kept, kept | {"change_G": [value * 1.01 for value in kept["change_G"]]}).startswith("NOT as kept: change_G.")
    assert against(kept, {}).startswith("NOT as kept: change_G, prompt_count_G, similarity_Y.")
    assert against(kept, kept | {"change_G": [value * 1.0001 for value in kept["change_G"]]}).startswith("As kept")


def test_kept_cells_are_read_again(cells):
    assert kept.from_json(kept.to_json(cells), ("1-moves",)) == (cells, ())


def test_a_report_has_every_picture_and_runs_nothing(cells):
    page = report.to_html(cells)
    assert page.count("data:image/png;base64,") == 2 and "default-src 'none'" in page
    assert "<script" not in page and '<img src="http' not in page and "&lt;/script&gt;" in page
    files = report.to_markdown(cells)
    text = files["report.md"].decode()
    assert set(re.findall(r"\((figure-\d\.png)\)", text)) == files.keys() - {"report.md"}
    assert "<img" not in text and "<script" not in "".join(json.loads(notebook.to_notebook(cells))["cells"][2]["source"])
    assert Image.open(io.BytesIO(files["figure-1.png"])).width == pytest.approx(6.75 * 300, abs=1)


def test_a_report_says_what_it_is_compared_with_and_needs_no_link(cells):
    for text in (report.to_html(cells), report.to_markdown(cells)["report.md"].decode()):
        assert text.count("Against A: STOP on 1-moves, 8 frames") == 1 and "α = 0.9" in text and TEXTS[1] in text
    view = replace(cells[0].view, shown=replace(cells[0].view.shown, texts=("é" * 200,) * 16), compared=None)
    with pytest.raises(ReaderError, match="A link has up to"):
        link.to_link(view)
    assert "éé" in report.to_html([replace(cells[0], view=view)])
    assert described(replace(stop(), view=view, other=None))["view"] == ""


def test_a_bad_cell_costs_itself_only_and_no_cell_is_taken_on_trust(cells):
    made = json.loads(kept.to_json(cells))
    good = made["cells"][0]
    bad = [
        *(good | {"picture": one} for one in ("PHN2Zz4=", 5, "A" * 3_000_000, "…")),
        *(good | {"numbers": {"x": [one]}} for one in ("a", float("nan"), 10**400)),
        good | {"weights": {"a": 1}}, 5, {}, None,
    ]  # fmt: skip
    cells_, notes = kept.from_json(json.dumps(made | {"cells": [*bad, good | {"view": {"clip": "/etc/passwd"}}, good]}))
    assert len(cells_) == 2 and cells_[1] == cells[0] and cells_[0].view.shown.clip == "clip"
    assert sum("left out" in note for note in notes) == len(bad)
    for text in ("{}", "[]", json.dumps(made | {"cells": [good] * 201}), "nothing"):
        with pytest.raises(ReaderError):
            kept.from_json(text)


# ---- no cell is lost ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("length", [0, 299, 301, 20_000])
def test_a_cell_is_written_and_read_again_whatever_its_weights_are_called(cells, length):
    longer = replace(cells[1], weights={"clip_towers": "é" * length, "w" * length: "a label"})
    assert kept.from_json(kept.to_json([longer])) == ((longer,), ())


def test_a_cell_of_the_shipped_weights_is_in_every_form_that_is_exported():
    for result in (found(), alone(stop())):
        cell = kept.keep(result)
        (again,), notes = kept.from_json(kept.to_json([cell]))
        assert again == cell and not notes
        assert (
            report.to_html([again]).count("<section") == report.to_markdown([again])["report.md"].decode().count("\n## ") == 1
        )
        assert len(json.loads(notebook.to_notebook([again]))["cells"]) == 2 + 3


def test_a_cell_that_cannot_be_read_is_said_with_the_reason(cells):
    made = json.loads(kept.to_json(cells))
    good = made["cells"][0]
    wrong = [good | {"picture": "A" * 3_000_000}, good | {"picture": "PHN2Zz4="}, good | {"numbers": {"x": [float("inf")]}}]
    read, notes = kept.from_json(json.dumps(made | {"cells": [*wrong, good | {"precision": "double"}, good]}))
    assert len(read) == 1 and [note.split(":")[0] for note in notes] == [f"Cell {place} is left out" for place in (1, 2, 3, 4)]
    reasons = ("larger than 2 MB", "no PNG", "numbers are none", "precision")
    assert all(reason in note for reason, note in zip(reasons, notes))


def test_a_picture_that_would_be_too_large_for_a_cell_has_fewer_dots():
    noise = np.random.default_rng(0).integers(0, 256, (8, 320, 320, 3), np.uint8)
    clip = Clip(noise, np.arange(8) / 4, np.arange(8))
    setting = Setting("stop", "noise.mp4", 8, None, (*TEXTS, "a third"))
    other = Result(View(setting), clip, stop().trace, stop().grid)
    result = Result(View(setting, compared=setting), clip, stop().trace, stop().grid, other)
    assert len(figures.picture(result).data) > kept.PICTURE_BYTES, "as it would be"
    cell = kept.keep(result)
    assert len(cell.picture) <= kept.PICTURE_BYTES and Image.open(io.BytesIO(cell.picture)).width > 1000
    assert kept.from_json(kept.to_json([cell])) == ((cell,), ())


# ---- reports ------------------------------------------------------------------------------------------------------------


def test_a_title_says_what_is_other_in_the_set_that_is_compared():
    view = stop().view
    assert kept.against(view.compared, view.shown) == "α = 0.9, Nₛ = 6, pˢ = off"
    assert kept.against(view.shown, view.shown) == "the same"
    assert kept.against(replace(view.shown, clip="2-bounces"), view.shown) == "STOP on 2-bounces"


def test_numbers_of_a_report_stand_beside_what_they_are_of():
    cell = kept.keep(alone(stop()))
    page, text = report.to_html([cell]), report.to_markdown([cell])["report.md"].decode()
    for name, value in zip(TEXTS, stop().trace["similarity_Y"].tolist()):
        said = f"{value:.4g}".replace("-", "−")
        assert f"<tr><th>{name}</th><td>{said}</td></tr>" in page and f"| {name} | {said} |" in text
    counts = stop().trace["prompt_count_G"]
    assert f"<tr><th>3–4</th><td>{counts[2]}</td></tr>" in page and f"| 3–4 | {counts[2]} |" in text
    assert "gap: Nᵗ, temporal prompts between frames (prompts)" in page and "prompt_count_G" not in page + text


def test_a_report_links_to_the_view_the_paper_and_the_authors_code():
    cell = kept.keep(alone(stop()))
    page, text = report.to_html([cell]), report.to_markdown([cell])["report.md"].decode()
    query = link.to_link(cell.view)
    for address in ("https://arxiv.org/abs/2503.15973", "https://github.com/zhoujiahuan1991/CVPR2025-STOP/tree/a47eb224"):
        assert f'<a href="{address}">' in page and f"]({address})" in text
    assert f"](http://127.0.0.1:7860/?{query})" in text and "Open this view" in page
    elsewhere = report.page_address("https://class.test:7917/prompts/")
    assert f"](https://class.test:7917/prompts/?{query})" in report.to_markdown([cell], elsewhere)["report.md"].decode()
    for said in (None, "javascript:alert(1)", "https://a.test/)[x](", 'http://a.test/"><b>'):
        assert report.page_address(said) == report.PAGE


def test_pictures_of_a_report_are_sharp_and_headings_plain(cells):
    page, files = report.to_html(cells), report.to_markdown(cells)
    shown = [int(one) for one in re.findall(r'<img alt="[^"]*" width="(\d+)"', page)]
    assert shown == [Image.open(io.BytesIO(cell.picture)).width // 2 for cell in cells], "two dots of it to one of the screen"
    text = files["report.md"].decode()
    assert re.findall("^## .*", text, re.MULTILINE)[1] == "## 2. STOP on 1-moves, frame 2"
    assert "[![" in text and re.findall("<h2>(.*?)</h2>", page)[1] == "2. STOP on 1-moves, frame 2"
