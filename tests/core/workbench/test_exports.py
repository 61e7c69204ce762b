"""Facts about what is taken along of a run: each form is read back, and says what the run says."""

import json
import re
import shutil
from pathlib import Path

import cv2
import numpy as np
import pytest

from core.errors import ReaderError
from core.workbench import exports, files, query
from core.workbench.__main__ import main
from core.workbench.exports import Chosen, notebook
from core.workbench.marks import Marks
from demos.build import run_cell

WORLD = Path(__file__).resolve().parents[3] / "assets" / "runs" / "world"
WRONG = [["right", "eq", False]]


@pytest.fixture(scope="module")
def chosen(tmp_path_factory):
    """The wrong clips of the shipped run, in a folder where a test may write, with a tag and a slice of an odd name."""
    folder = tmp_path_factory.mktemp("runs") / "mine"
    shutil.copytree(WORLD, folder, ignore=shutil.ignore_patterns("marks.sqlite*"))
    table = query.open_run(folder)
    made = Chosen(folder, table, next(iter(table.settings)), WRONG)
    Marks(folder).put("tag", made.rows()[0]["clip_id"], "=odd")
    Marks(folder).put("slice", name="fixed by B", value=[["beside", "eq", "fixed"]])  # which the page alone can ask
    Marks(folder).put("slice", name="$x^{ \\frac", value=[["motion", "lt", 0.01]])
    return made


def code_of(text):
    return ["".join(one["source"]) for one in json.loads(text)["cells"] if one["cell_type"] == "code"]


def test_a_notebook_reproduces_its_numbers_and_ends_where_one_is_another(chosen, tmp_path):
    exports.write(chosen, tmp_path / "wrong.ipynb")
    cells, names, shown = code_of((tmp_path / "wrong.ipynb").read_text("utf-8")), {}, []
    assert str(chosen.folder) not in "".join(cells)  # no place of this machine
    cells[0] = cells[0].replace(f"run = {notebook.place_of(chosen.folder, tmp_path)}", f"run = Path({str(chosen.folder)!r})")
    for cell in cells:
        shown += run_cell(cell, "cell", names)
    assert names["found"] == notebook.worst_clips(chosen) and len(cells) == 6
    assert any("image/png" in one.get("data", {}) for one in shown)  # the figure
    with pytest.raises(AssertionError, match="Not as it was"):
        run_cell(cells[1].replace("'right': 0", "'right': 1"), "cell", names)
    with pytest.raises(AssertionError, match="other clips"):
        run_cell(cells[0].replace("False", "True"), "cell", {})


def test_a_notebook_finds_its_run_from_where_it_lies(chosen, tmp_path):
    assert notebook.place_of(tmp_path / "runs" / "mine", tmp_path / "notes") == "Path('../runs/mine')"
    assert notebook.place_of(WORLD, None).endswith("/ 'assets/runs/world'")  # of this installation, wherever it is


def test_a_figure_has_vectors_a_caption_and_the_wrong_clips_with_most_loss(chosen):
    held = exports.figure(chosen, "pdf").data
    assert held.startswith(b"%PDF") and held.count(b"/Type /Page\n") + held.count(b"/Type /Page ") == 1
    pixels = [(int(w), int(h)) for w, h in re.findall(rb"/Subtype /Image.*?/Width (\d+).*?/Height (\d+)", held, re.S)]
    pixels = pixels or [(int(w), int(h)) for h, w in re.findall(rb"/Height (\d+).*?/Width (\d+)", held, re.S)]
    assert len(pixels) >= 8 and max(h for _, h in pixels) <= 72  # strips as they are stored: nothing else is pixels
    svg = exports.figure(chosen, "svg").data.decode()
    rows = chosen.rows(worst=8)
    assert [row["loss"] for row in rows] == sorted((row["loss"] for row in chosen.rows()), reverse=True)[:8]
    assert all(f"answered “{row['pred']}”" in svg and row["clip_id"] in svg for row in rows)
    count = len(chosen.rows())
    assert f"{count} clips of world" in svg and f"0 of {count} right" in svg
    assert "slice $x^{ \\frac" in svg and "fixed by B" not in svg


def test_fiftyones_layout_names_pictures_labels_answers_and_tags(chosen, tmp_path):
    assert exports.write(chosen, tmp_path / "wrong.fiftyone") == len(chosen.rows())
    folder = tmp_path / "wrong.fiftyone"
    about = json.loads((folder / "metadata.json").read_text("utf-8"))
    assert about["media_type"] == "image" and "version" not in about
    assert about["info"]["knobs"]["alpha"] == chosen.held.knobs["alpha"]
    samples = json.loads((folder / "samples.json").read_text("utf-8"))["samples"]
    for sample, row in zip(samples, chosen.rows(), strict=True):
        assert cv2.imread(str(folder / sample["filepath"])).shape[0] <= 72
        assert sample["ground_truth"] == {"_cls": "Classification", "label": row["label"]}
        assert sample["prediction"]["label"] == row["pred"] and sample["loss"] == row["loss"] and None not in sample.values()
        assert not any(name.startswith("_") for name in sample)
    assert [sample["tags"] for sample in samples] == [["=odd"]] + [[]] * (len(samples) - 1)


def test_the_atlas_file_has_a_place_a_text_and_a_picture_for_every_clip(chosen, tmp_path):
    exports.write(chosen, tmp_path / "wrong.atlas")
    back, rows = files.read_rows(tmp_path / "wrong.atlas" / "clips.parquet"), chosen.rows()
    assert [row["clip_id"] for row in back] == [row["clip_id"] for row in rows]
    assert all(0 <= row["x"] <= 1 and 0 <= row["y"] <= 1 and row["image"]["path"].endswith(".jpg") for row in back)
    assert cv2.imdecode(np.frombuffer(back[0]["image"]["bytes"], np.uint8), cv2.IMREAD_COLOR).shape[2] == 3
    assert back[0]["text"] == f"{rows[0]['label']} → {rows[0]['pred']}" and back[0]["top5"] == rows[0]["top5"]


def test_what_cannot_be_taken_along_is_a_sentence_and_nothing_is_left(chosen, tmp_path, capsys):
    (tmp_path / "there.atlas").mkdir()
    for name, filters, says in (
        ("a.xlsx", WRONG, "ends in"), ("there.atlas", WRONG, "there already"), ("a.pdf", [["loss", "lt", -1]], "No clip fits"),
    ):  # fmt: skip
        with pytest.raises(ReaderError, match=says):
            exports.write(Chosen(chosen.folder, chosen.table, chosen.setting, filters), tmp_path / name)
    assert [one.name for one in tmp_path.iterdir()] == ["there.atlas"]
    assert main(["export", str(chosen.folder), "--where", "right:eq:false", "--to", str(tmp_path / "a.xlsx")]) == 2
    assert main(["export", str(chosen.folder), "--where", "right:eq:false", "--to", str(tmp_path / "a.csv")]) == 0
    both = sum(len(Chosen(chosen.folder, chosen.table, one, WRONG).rows()) for one in chosen.table.settings)
    assert f"{both} rows" in capsys.readouterr().out


def test_clips_that_people_tagged_are_taken_along_by_the_command(chosen, tmp_path, capsys):
    assert main(["export", str(chosen.folder), "--where", "tag:eq:=odd", "--to", str(tmp_path / "odd.csv")]) == 0
    assert "2 rows" in capsys.readouterr().out  # one clip, at both settings
    assert main(["compare", str(chosen.folder), "1", "2", "--where", "tag:eq:=odd"]) == 0
    assert "1 clips" in capsys.readouterr().out


@pytest.mark.parametrize(
    "filters, says",
    [
        ([["right", "eq", False], ["loss", "gt", 1.5]], "right = no and loss > 1.5"),
        ([["label", "in", ["a", "b"]], {"not": [["loss", "known", True]]}], "label one of a, b and not (loss is known)"),
        ([{"any": [[["motion", "between", [0, 0.123456]]], []]}], "(motion from 0 to 0.1235 or every clip)"),
        ([["clip_id", "in", ["x"] * 37]], "37 chosen clips"), ([], ""),
    ],
)  # fmt: skip
def test_filters_are_said_in_words(filters, says):
    assert query.in_words(filters) == says
