"""Facts about kinds: what a kind says of itself is all that anything asks, so that one nobody has heard of is swept, published,
told over HTTP and drawn; and one that nothing draws is refused."""

import csv
import io
import json
import zipfile
from dataclasses import replace
from types import SimpleNamespace

import pytest
import torch
from torch import Tensor

from app.figures.context import Context
from app.figures.payload import packer
from app.panels import sweep
from app.server import api
from core import METHODS, Clip
from core.graph import Trace
from core.kinds import ChosenFrames, Effort, Fact, MemoryTree, Output, PatchMap, RegionMask, Steps, TextScores
from core.knobs import KnobSet, knob
from core.method import Group, Method
from core.methods import by_name
from core.publish import bundle, figures, result, view
from core.sweep import sweep_over
from tests import tiny


class Warmth(Output):
    """How red each quarter of each frame is, [T, P], 0–1."""

    over, value, numbers, figure = "TP", "share", ("mean",), "PatchMap"


class Strides(Output):
    """How far it goes on from each frame, [G], whole numbers."""

    over, value, numbers, figure = "G", "count", ("sum", "largest"), "GapScores"


class Liking(Output):
    """How each text likes the clip, [Y], 0–1."""

    over, value, numbers, figure = "Y", "share", (0,), "TextScores"


class Wonder(Effort):
    """What it took to be astonished."""


class MoodKnobs(KnobSet):
    gain: float = knob(0.5, "g", (0.0, 1.0, 0.1), "what redness is multiplied by")
    step: int = knob(2, "s", (1, 9, 1), "the longest stride")


def warmth_TP(clip: Clip, gain: float) -> Tensor:
    """g · R, mean over each quarter."""
    T, H, W, _ = clip.frames_THWC.shape
    red_THW = torch.from_numpy(clip.frames_THWC[..., 0]) / 255 * gain
    return red_THW.reshape(T, 2, H // 2, 2, W // 2).mean((2, 4)).reshape(T, 4)


def stride_G(warmth_TP: Tensor, step: int) -> tuple[int, ...]:
    """1 + t mod s."""
    return tuple(1 + t % step for t in range(len(warmth_TP) - 1))


def liking_Y(warmth_TP: Tensor, texts: tuple[str, ...]) -> Tensor:
    """Shorter texts are liked more, of a warm clip."""
    return warmth_TP.mean() / torch.tensor([float(len(one)) for one in texts])


MOODS = Method(
    name="moods", title="Moods", paper="nobody's", knobs=MoodKnobs, stages=(warmth_TP, stride_G, liking_Y), networks={},
    grid=lambda networks: (2, 2),
    outputs=(
        Warmth("warmth_TP", "w", "warmth"),
        Strides("stride_G", "n", "strides"),
        Liking("liking_Y", "l", "liking", when="network"),
    ),
)  # fmt: skip


@pytest.fixture
def engine(monkeypatch):
    monkeypatch.setitem(METHODS, MOODS.name, by_name([MOODS])["moods"])
    return tiny.engine()


def computed(engine):
    asked = view.View(view.Setting("moods", "c", 5, {"step": 3}, ("ab", "abcd")))
    return result.compute(engine, asked, lambda name, frames: tiny.clip(T=frames))


def test_a_new_kind_is_swept(engine):
    made = sweep_over(engine, "moods", tiny.clip(), ("gain", [0.5, 1]), ("step", [1, 3]), "warmth_TP", ("stride_G", "sum"))
    assert made.numbers.tolist() == [[4, 4], [7, 7]] and made.cells[0][1].value.shape == (5, 4)
    about = sweep.about_sweep(SimpleNamespace(method=MOODS))
    assert [one["stage"] for one in about["outputs"]] == ["warmth_TP", "stride_G", "liking_Y"]
    assert [(one["stage"], one["how"]) for one in about["numbers"]] == [
        ("liking_Y", 0), ("stride_G", "sum"), ("stride_G", "largest"), ("warmth_TP", "mean")
    ]  # fmt: skip
    told = sweep.sweep_payload(made, MOODS.kinds["warmth_TP"], (2, 2), {k.name: k for k in MOODS.knobs.knobs()})
    assert told["draw"] == "map" and told["cells"][0][0][0] == 5


def test_a_new_kind_is_published(engine):
    made = computed(engine)
    files = zipfile.ZipFile(io.BytesIO(bundle.bundle(made)))
    tables = {name: list(csv.reader(io.StringIO(files.read(name).decode()))) for name in files.namelist() if ".csv" in name}
    assert tables["gaps.csv"] == [
        ["frame", "next frame", "n"],
        *([str(g), str(g + 1), str(1 + (g - 1) % 3)] for g in range(1, 5)),
    ]
    assert tables["patches.csv"][0] == ["frame", "row", "column", "w"] and len(tables["patches.csv"]) == 21
    assert [row[0] for row in tables["texts.csv"]] == ["text", "ab", "abcd"]
    said = {one["name"]: one for one in json.loads(files.read("manifest.json"))["arrays"]}
    assert said["warmth_TP"]["title"] == "warmth" and said["warmth_TP"]["dims"] == ["T", "P"]
    assert result.numbers(made).keys() == {"stride_G", "liking_Y"}
    assert made.view.overlay == "warmth_TP"
    assert b"gap between frames" in figures.picture(made, "svg").data


def test_a_new_kind_is_told_over_http(engine):
    clips = SimpleNamespace(open=lambda path, frames, edits, moment: tiny.clip(T=frames))
    (asked,) = api.endpoints(engine, clips, MOODS)
    told = asked.answer("path", {"texts": ["ab"], "frames": 4, "start": 0, "end": 0, "gain": 1.0, "step": 2})
    assert told["stride_G"] == [1, 2, 1] and len(told["liking_Y"]) == 1 and [len(one) for one in told["warmth_TP"]] == [4] * 4
    assert "liking_Y" not in asked.answer("path", {"texts": [], "frames": 4, "start": 0, "end": 0, "gain": 1.0, "step": 2})


def test_a_new_kind_comes_when_its_method_says_and_has_a_picture():
    assert MOODS.until("now") == ("warmth_TP", "stride_G") and MOODS.until("network")[-1] == "liking_Y"
    assert MOODS.until("whole", texts=False) == MOODS.until("now")
    assert [(MOODS.figure(one), one.stages) for one in MOODS.groups] == [
        ("PatchMap", ("warmth_TP",)), ("GapScores", ("stride_G",)), ("TextScores", ("liking_Y",)),
    ]  # fmt: skip


def test_what_nothing_draws_is_refused_with_a_sentence():
    class Scents(Output):
        """Of no figure at all."""

        over = "T"

    unseen = replace(MOODS, outputs=(*MOODS.outputs, Scents("stride_G", "s", "scents")))
    with pytest.raises(ValueError, match="moods shows stride_G as Scents, and there is no figure Scents: write assets/viewer"):
        by_name([unseen])
    with pytest.raises(ValueError, match="moods lays out smell_T, which is none of its outputs"):
        replace(MOODS, layout=(Group("Smells", ("warmth_TP", "smell_T")),))


def test_outputs_of_one_figure_share_a_picture():
    outputs = (
        PatchMap("warmth_TP", "w", "warmth"), ChosenFrames("stride_G", "n", "frames"), RegionMask("liking_Y", "r", "kept"),
    )  # fmt: skip
    assert [one.stages for one in replace(MOODS, outputs=outputs).groups] == [("warmth_TP", "liking_Y"), ("stride_G",)]


def test_words_that_no_network_knows_come_with_the_texts_they_stand_in():
    scores = TextScores("liking_Y", "l", "liking", "", "stride_G", when="network")
    assert replace(MOODS, outputs=(scores, Fact("warmth_TP", "w", "w"))).until("network") == (
        "liking_Y",
        "warmth_TP",
        "stride_G",
    )


def test_effort_is_a_fact_and_told_like_one():
    wonder = Wonder("stride_G", "$", "what it took", words=lambda knobs: f"*{{}}* frames at s = {knobs['step']}")
    assert Effort("stride_G", "$", "what it took").figure == "Fact" and not wonder.row
    context = Context(MOODS, Trace({}, {}, {}), tiny.clip(), {"step": 3}, None, None, True)
    assert packer(Wonder)(wonder, (7, 2), context) == {"value": [7, 2], "words": "*{}* frames at s = 3"}


def test_steps_travel_with_all_that_was_said_and_what_is_still_remembered():
    period, other = SimpleNamespace(depth=1, start=8.0, end=16.0), SimpleNamespace(depth=0, start=0.0, end=64.0)
    one = SimpleNamespace(
        kind="guess", note="n", request="asked", raw="said", period=period, answer="7", confident=False, captions=3, calls=2,
        iteration=1, changed=(SimpleNamespace(period=period, caption="a ring", instruction="look"),),
        memory=SimpleNamespace(periods=(other, period)),
    )  # fmt: skip
    steps = Steps("stride_G", "s", "steps", forced="guess")
    (told,) = packer(Steps)(steps, SimpleNamespace(steps=(one,)), None)
    assert told["written"] == [[1, 8.0, 16.0, "a ring", "look"]] and told["kept"] == [[0, 0.0, 64.0], [1, 8.0, 16.0]]
    assert (told["request"], told["raw"], told["period"]) == ("asked", "said", [1, 8.0, 16.0])
    assert told["forced"] and told["answered"] and json.dumps(told)
    later = packer(Steps)(Steps("stride_G", "s", "steps"), SimpleNamespace(steps=(one,)), None)[0]
    assert not later["forced"] and not later["answered"], "another word for a forced answer"


def test_spans_of_a_tree_are_no_table_and_have_a_picture_of_their_own():
    tree = MemoryTree("stride_G", "t", "periods")
    assert tree.figure == "MemoryTree" and not tree.row and not tree.numbers
    assert packer(MemoryTree)(tree, (((0.0, 64.0),), ((0.0, 8.0),)), None) == [[[0.0, 64.0]], [[0.0, 8.0]]]
