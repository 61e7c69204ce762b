"""Facts about kinds: what a kind says of itself is all that anything asks, so that one nobody has heard of is swept, published,
told over HTTP and drawn; and one that nothing draws is refused."""

import base64
import csv
import io
import json
import zipfile
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from torch import Tensor

from app.figures.context import Context
from app.figures.payload import packed, packer
from app.panels import sweep
from app.server import api
from app.server.clips import Clips, Example, find_world
from core import METHODS, Clip
from core.graph import Trace
from core.kinds import (
    Caption,
    CellBars,
    ChosenFrames,
    Effort,
    Fact,
    MemoryTree,
    Output,
    PatchMap,
    RegionMask,
    SquareMap,
    Steps,
    TextScores,
    TokenMaps,
    WordMaps,
    WordScores,
)
from core.knobs import KnobSet, knob
from core.method import Group, Method
from core.methods import by_name
from core.publish import bundle, figures, layers, result, view
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
    about = sweep.sweep_words(MOODS)
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


# ---- pairs of tokens, and words ---------------------------------------------------------------------------------------------


class WatchKnobs(KnobSet):
    token: int = knob(1, "i", (1, 8, 1), "the token that is looked at")


def frame_K(clip: Clip) -> tuple[int, ...]:
    """The second frame and the last."""
    return (1, len(clip) - 1)


def gate_MM(frame_K: tuple[int, ...]) -> Tensor:
    """A share for each pair of 2 · 4 tokens: none, tiny, some, all."""
    return torch.tensor([0.0, 1e-6, 0.01, 1.0]).repeat(16).reshape(8, 8)


def row_KP(gate_MM: Tensor, token: int) -> Tensor:
    """The row of a token over both frames."""
    return gate_MM[token - 1].reshape(2, 4)


def bar_PK(gate_MM: Tensor) -> Tensor:
    """What each patch of the first frame sees of each frame."""
    return gate_MM[:4].reshape(4, 2, 4).mean(-1)


def told(clip: Clip) -> str:
    """Two words."""
    return "red moves"


def sure_W(told: str) -> Tensor:
    """How sure each word is, and the end."""
    return torch.tensor([0.5, 0.25, 1.0])


def look_WKP(told: str) -> Tensor:
    """The first word sees the first patch of the first frame, the others the last of the last."""
    made_WKP = torch.zeros(3, 2, 4)
    made_WKP[0, 0, 0] = made_WKP[1, 1, 3] = made_WKP[2, 1, 3] = 1
    return made_WKP


WATCH = Method(
    name="watch", title="Watch", paper="nobody's", knobs=WatchKnobs, networks={}, grid=lambda networks: (2, 2), world="dots",
    stages=(frame_K, gate_MM, row_KP, bar_PK, told, sure_W, look_WKP),
    outputs=(
        ChosenFrames("frame_K", "k", "frames"),
        SquareMap("gate_MM", "m", "who sees whom", turns="token"),
        TokenMaps("row_KP", "m_i", "one token's row", turns="token"),
        CellBars("bar_PK", "m", "bars", turns="token"),
        Caption("told", "w", "in words"),
        WordScores("sure_W", "p", "how sure"),
        WordMaps("look_WKP", "a", "where words look"),
    ),
)  # fmt: skip


@pytest.fixture
def watched(monkeypatch):
    monkeypatch.setitem(METHODS, WATCH.name, by_name([WATCH])["watch"])
    asked = view.View(view.Setting("watch", "c", 5, {"token": 3}, ()))
    return result.compute(tiny.engine(), asked, lambda name, frames: tiny.clip(T=frames))


def test_pairs_of_tokens_travel_in_eight_bits_of_their_logarithm(watched):
    context = Context(WATCH, watched.trace, watched.clip, {"token": 3}, (2, 2), None, True)
    made = packed({"gate_MM": WATCH.kinds["gate_MM"]}, watched.trace.values, context)["gate_MM"]
    codes = np.frombuffer(base64.b64decode(made["code"]), np.uint8)
    assert made["shape"] == [8, 8] and len(codes) == 64
    assert codes[0] == codes[1] == 0 and codes[3] == 255, "0 and what is next to nothing, and 1"
    assert abs(10 ** ((codes[2] / 255 - 1) * made["decades"]) / 0.01 - 1) < 0.03


def test_maps_of_tokens_and_of_words_lie_over_the_chosen_frames(watched):
    assert watched.view.overlay == "look_WKP"
    row = layers.layer(watched, "row_KP")
    assert np.array_equal(row.picture_IHWC, watched.clip.frames_THWC[[1, 4]]) and row.name_I == ("frame 2", "frame 5")
    assert row.map_Ihw is not None and np.array_equal(row.map_Ihw.reshape(2, 4), watched.trace["row_KP"])
    every, one = (layers.layer(watched, "look_WKP", word).map_Ihw for word in (None, 0))
    assert one[0, 0, 0] == 1 and one.sum() == 1 and np.isclose(every[1, 1, 1], 2 / 3)
    assert b"<svg" in figures.picture(watched, "svg").data


def test_words_and_their_numbers_are_rows_of_a_result(watched):
    assert result.numbers(watched)["sure_W"] == [0.5, 0.25, 1.0]
    assert [(WATCH.figure(one), one.stages) for one in WATCH.groups][-1] == ("Caption", ("told", "sure_W", "look_WKP"))


def test_a_method_of_another_world_is_offered_its_clips_and_no_other(tmp_path):
    folder = tmp_path / "dots"
    folder.mkdir()
    for name in ("one", "two"):
        (folder / f"{name}.mp4").write_bytes(b"")
        (folder / f"{name}.json").write_text(json.dumps({"captions": [f"a dot is {name}", "a dot"]}))
    plain = Example("own", tmp_path / "own.mp4")
    both = Clips(find_world(folder) | {"own": plain})
    assert [one.title for one in both.examples_for(WATCH).values()] == ["a dot is one", "a dot is two"]
    assert list(both.examples_for(METHODS["stop"])) == ["own"] and both.of_world(folder / "one.mp4")
    assert list(Clips({"own": plain}).examples_for(WATCH)) == ["own"], "rather another than none"


def test_effort_is_a_fact_and_told_like_one():
    wonder = Wonder("stride_G", "$", "what it took", words=lambda knobs: f"*{{}}* frames at s = {knobs['step']}")
    assert Effort("stride_G", "$", "what it took").figure == "Fact" and not wonder.row
    assert [wonder.number_said(how) for how in wonder.numbers] == ["frames", "calls"]
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
