"""What the notebooks are made of: cells from a script, steps held against the engine's, questions, pictures."""

import base64
import io
import json

import numpy as np
import pytest
import torch
from PIL import Image
from plotly import graph_objects

from core import BadKnob
from core.methods import stop
from core.methods.stop import equations
from demos import build, pictures
from demos.questions import UNANSWERED, check, number, one_of, several, yes_or_no
from demos.steps import Steps, described, difference
from tests import tiny

# ---- questions ---------------------------------------------------------------------------------------------


def test_an_unanswered_question_is_not_tried():
    def never(answer):
        raise AssertionError

    told = check(None, never)
    assert told.right is None and repr(told) == UNANSWERED


def test_what_cannot_be_tried_is_not_so_and_nothing_is_raised():
    def broken(answer):
        raise BadKnob("η (eta) is 0.0 to 12.0, got 99.") if answer == 99 else TypeError("no")

    assert check(99, broken).sentence == "Not so: η (eta) is 0.0 to 12.0, got 99."
    assert check("x", broken).right is False
    with pytest.raises(AssertionError):  # a fault of the notebook's is not the reader's
        check(1, lambda answer: (_ for _ in ()).throw(AssertionError()))


def test_a_number_says_which_way_it_is_off():
    tried = number(torch.tensor(2.5), "half of five.", within=0.1)
    assert check(2.45, tried).sentence == "Right: half of five."
    assert check(2, tried).sentence == "Not so: 2 is too small." and check(3, tried).sentence == "Not so: 3 is too large."
    assert check(torch.tensor(2.5), tried).right and check(np.float32(2.5), tried).right
    assert not check(True, number(1, "")).right and not check(float("nan"), tried).right


def test_other_kinds_of_answers():
    assert check(np.bool_(True), yes_or_no(True, "so it is.")).sentence == "Right: so it is."
    assert not check(1, yes_or_no(True, "")).right
    assert check((0, 2), several([0, 2], "both.")).right
    assert check([0, 3], several([0, 2], "both.")).sentence == "Not so: 1 of 2 places are right."
    assert check("b", one_of("a", ["a", "b"], "")).sentence == "Not so: it is not b."
    assert "one of a, b" in check("c", one_of("a", ["a", "b"], "")).sentence


# ---- steps ------------------------------------------------------------------------------------------------------------


@pytest.fixture
def steps():
    return Steps(tiny.engine(), "stop", tiny.clip(T=5), tiny.TEXTS, alpha=0.5, kept=2)


def test_a_step_finds_its_inputs_by_name_and_is_held_against_the_engine(steps):
    told = steps(stop.score_TP)  # its inputs were never made here: they are the engine's
    assert torch.equal(steps["score_TP"], steps.trace["score_TP"])
    assert repr(told) == "score_TP(attention_TP, dynamics_TP, alpha) → [5, 6] float32, the same as the engine's"
    assert steps.same and repr(steps.told) == "1 stages were run here, and each gave what the engine gives."


def test_a_changed_step_is_told_and_those_behind_it_follow(steps):
    def score_TP(attention_TP, dynamics_TP, alpha):
        return attention_TP * alpha

    told = steps(score_TP, stop.region_TP)
    assert "score_TP" in told and "NOT the engine's" in told and not steps.same
    assert torch.equal(steps["region_TP"], equations.highest(steps["attention_TP"], 2))
    assert steps.told.startswith("Not the engine's: score_TP")
    steps(stop.score_TP, stop.region_TP)
    assert steps.same


def test_every_step_of_a_method_is_the_engines(steps):
    stages = [stage for stage in stop.METHOD.stages if stage.__name__ in steps.trace.values]  # without closer looks
    steps(*stages)
    assert steps.same and len(steps.off) == len(stages) >= 20


def test_how_far_results_are_apart():
    one = torch.tensor([1.0, 2.0])
    assert difference(one, one.clone()) == 0 and difference(one, torch.tensor([1.0, 2.5])) == 0.2
    assert difference({"a": (one, 3)}, {"a": (one, 3)}) == 0 and difference((1, 2), (1, 2)) == 0
    far = [(one, one[:1]), (one, one.double()), ((1, 2), (1, 3)), ((1,), [1]), ({"a": 1}, {"b": 1}), ("a", "b"), (one, None)]
    assert all(difference(*pair) == float("inf") for pair in far)
    nan = torch.tensor([float("nan"), 1.0])
    assert difference(nan, nan.clone()) == 0 and difference(nan, one) == float("inf")
    assert difference(equations.Settings(0.1, 2, 1.0, 4.0), equations.Settings(0.2, 2, 1.0, 4.0)) == pytest.approx(0.5)
    networks = torch.nn.Linear(1, 1), torch.nn.Linear(1, 1)
    assert difference(networks[0], networks[0]) == 0 and difference(*networks) == float("inf")


def test_a_result_is_described_shortly():
    assert described(torch.zeros(2, 3, dtype=torch.bool)) == "[2, 3] bool" and described((1, 2)) == "(1, 2)"
    assert described({"a": 1, "b": 2}) == "2 maps" and described(torch.nn.Linear(1, 1)) == "a Linear"
    assert described(torch.tensor(0.25)) == "0.25" and described("x" * 99) == "a str"


# ---- a script becomes a notebook --------------------------------------------------------------------------------------

SCRIPT = '''"""About the script: no cell."""

# %% [markdown]
# # Title
#
# $$\\alpha$$ and
#   more

# %% uses

# %% source
from core.methods.stop.equations import blend, mean_square
from core.methods.stop import score_TP, region_TP

# %%
answer = None
check(answer, x)

# %% read
from core.networks.vision import VisionTower

VisionTower.attention
'''


def test_a_scripts_cells():
    title, uses, source, question, read = build.cells_of(SCRIPT)
    assert title == build.Cell("markdown", "# Title\n\n$$\\alpha$$ and\n  more")
    assert source.text.startswith("def blend(") and source.text.count("\n\n\n") == 3
    assert question == build.Cell("code", "answer = None\ncheck(answer, x)")
    assert read.kind == "markdown" and "```python\ndef attention(self, layer: int" in read.text
    assert uses.text.splitlines()[1:] == [
        "from core.errors import BadKnob", "from core.methods.stop.equations import highest", "from torch import Tensor",
    ]  # fmt: skip


def test_the_text_in_the_cells_runs_with_what_it_uses_and_nothing_else():
    names = {}
    for cell in build.cells_of(SCRIPT)[1:3]:
        exec(cell.text, names)
    A, M = torch.tensor([[0.0, 1.0]]), torch.tensor([[1.0, 0.0]])
    assert torch.equal(names["score_TP"](A, M, 0.3), stop.score_TP(A, M, 0.3))
    assert names["region_TP"](A, 1).tolist() == [[False, True]]


def test_a_cell_that_is_not_known_or_holds_code_beside_imports_is_an_error():
    with pytest.raises(ValueError, match="'sauce'"):
        build.cells_of("\n# %% sauce\n")
    with pytest.raises(ValueError, match="x = 1"):
        build.cells_of("\n# %% source\nx = 1\n")


def test_names_that_mean_two_things_are_an_error(monkeypatch):
    monkeypatch.setattr(build, "import_of", lambda module, name: f"from {module.__name__} import {name}")
    with pytest.raises(ValueError, match="Tensor"):
        build.uses([stop.score_TP, equations.blend])


def test_a_cell_shows_what_it_prints_and_its_last_value():
    names = {}
    printed, value = build.run_cell("x = 2\nprint('said')\nx + 1", "here", names)
    assert printed["text"] == ["said\n"] and value["data"] == {"text/plain": "3"}
    assert build.run_cell("None", "here", names) == [] and build.run_cell("y = x", "here", names) == []
    (thing,) = build.run_cell("object()", "here", names)  # its address would be another one in every run
    assert thing["data"] == {"text/plain": "<object object>"}
    with pytest.raises(NameError):
        build.run_cell("missing", "here", names)


def test_a_widgets_view_is_not_saved_and_its_picture_is():
    class Widget:
        def _repr_mimebundle_(self):
            return {"application/vnd.jupyter.widget-view+json": {}, "image/png": b"\x89PNG", "text/plain": "w"}, {}

    (shown,) = build.run_cell("Widget()", "here", {"Widget": Widget})
    assert shown["data"] == {"image/png": "iVBORw==", "text/plain": "w"}


def test_a_notebook_that_is_not_what_its_script_makes_is_named(tmp_path):
    cells, file = [build.Cell("markdown", "words"), build.Cell("code", "1 + 1")], tmp_path / "n.ipynb"
    assert "not there" in build.stale("n", file, cells)
    file.write_text(build.notebook("n", cells, build.run_cell))
    assert build.stale("n", file, cells) == ""
    assert "other cells" in build.stale("n", file, [*cells, build.Cell("code", "2")])
    assert "other cells" in build.stale("n", file, [build.Cell("code", "words"), cells[1]])
    held = json.loads(file.read_text())
    held["metadata"]["made_with"]["clip.safetensors"] = "0"
    file.write_text(json.dumps(held))
    assert "other weights" in build.stale("n", file, cells)
    held["cells"][1]["execution_count"] = None
    file.write_text(json.dumps(held))
    assert "without having been run" in build.stale("n", file, cells)


def test_a_notebook_without_a_script_and_a_name_that_is_none_are_told(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(build, "HERE", tmp_path)
    (tmp_path / "orphan.ipynb").write_text("{}")
    assert build.main(["--check"]) == 1 and "orphan.ipynb has no script" in capsys.readouterr().err
    with pytest.raises(SystemExit):
        build.main(["nothing"])


# ---- pictures ---------------------------------------------------------------------------------------------------------


def pixels(drawn):
    return np.asarray(Image.open(io.BytesIO(drawn.png)).convert("RGB")).astype(int)


def test_a_map_is_painted_where_it_is_high():
    grey = np.full((2, 64, 64, 3), 128, np.uint8)
    map_IP = np.zeros((2, 16))
    map_IP[0, 0] = map_IP[1, 15] = 1  # top left, bottom right
    found = pixels(pictures.frames(grey, map_IP, (4, 4), "m"))
    yellow = (found[..., 0] - found[..., 2] > 60) & (found[..., 1] > 120)
    left, right = yellow[:, :180], yellow[:, 190:350]
    rows, columns = np.nonzero(left)
    assert rows.max() < 70 and columns.max() < 60
    rows, columns = np.nonzero(right)
    assert rows.min() > 120 and columns.min() > 90


def test_pictures_say_in_words_what_they_show():
    bars = pictures.bars({"N": [1, 2.5]}, ["1→2", "2→3"], "gap", "prompts")
    assert "prompts by gap" in bars.words and "1, 2.5" in bars.words and repr(bars) == bars.words
    assert "3 patches, 2 prompts" in pictures.sequence([("patches", 3), ("prompts", 2)]).words
    assert "2 × 3" in pictures.matrix(np.eye(2, 3), "a", "b", "c").words
    assert "random" in pictures.lines({"random": ([0, 1], [1, 0])}, "x", "y").words


def test_a_table_is_a_chart_where_a_notebook_is_alive_and_a_picture_where_it_is_saved():
    values, kind = np.arange(6.0).reshape(2, 3), "application/vnd.plotly.v1+json"
    table = pictures.matrix(values, "α", "$N_s$", "c", rows=("2", "6"), columns=("0", "0.5", "1"), live=True)
    shown = table._repr_mimebundle_()[kind]
    drawn = graph_objects.Figure(shown)
    assert drawn.data[0].x == ("0", "0.5", "1") and drawn.data[0].y == ("2", "6")
    z = drawn.data[0].z  # as bytes
    np.testing.assert_array_equal(np.frombuffer(base64.b64decode(z["bdata"]), z["dtype"]).reshape(2, 3), values)
    assert drawn.layout.xaxis.title.text == "α" and drawn.layout.yaxis.title.text == "N_s"
    assert kind not in pictures.matrix(values, "α", "b", "c")._repr_mimebundle_() and kind not in build.KEPT


def test_a_map_without_a_grid_is_an_error():
    with pytest.raises(ValueError, match="rows and columns"):
        pictures.frames(np.zeros((1, 8, 8, 3), np.uint8), np.zeros((1, 4)))
