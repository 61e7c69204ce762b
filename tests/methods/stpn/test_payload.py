"""Facts about what is sent to the viewer of prompts and supports: small, of what is shown, and named as it is."""

import json
from types import SimpleNamespace

import numpy as np
import pytest

from app.figures.boxes import boxes_payload
from app.figures.followed import followed_payload
from app.figures.pack import STRANGE, pooled, runs, weights_payload
from app.figures.payload import beside_payload, trace_payload
from app.figures.truth import boxes_of, pointed_at, things_seen
from app.modules import VIEWER
from core import METHODS
from core.methods.stpn.outputs import untrained
from core.methods.stpn.weights import Trained, label_of
from core.metrics import overlap
from core.world import SHAPES, Truth
from tests import tiny
from tests.methods.stpn.toys import Tensor


def test_a_large_map_is_sent_as_means():
    map_hw = np.arange(24.0).reshape(4, 6)
    assert pooled(map_hw, 2).tolist() == [[half[:, :3].mean(), half[:, 3:].mean()] for half in (map_hw[:2], map_hw[2:])]
    assert pooled(map_hw, 8) is map_hw


def test_a_followed_box_is_measured_against_its_own_thing_after_the_first_frame():
    folder = VIEWER.parent / "clips"
    truth = Truth.from_json(sorted(folder.glob("*.json"))[0].read_text())

    class Clip:
        source_T = [0, 2, 4]

    actor = [boxes_of(things_seen(truth, source))[0][1] for source in Clip.source_T]
    assert pointed_at(None, Clip, truth) == actor[0].tolist() and pointed_at([0, 0, 1, 1], Clip, truth) == [0, 0, 1, 1]
    assert pointed_at(None, Clip, None) is None

    class Followed:
        box_T4 = Tensor([actor[0], actor[1], [0, 0, 1, 1]])
        seen_T = (True, True, False)

    told = followed_payload(Followed, Clip, truth)
    whole = float(np.prod(actor[2][2:] - actor[2][:2]))
    assert told["thing"] == 1 and told["overlap"] == [None, pytest.approx(1), pytest.approx(whole, abs=1e-3)]
    assert told["ao"] == pytest.approx((1 + whole) / 2, abs=1e-3) and told["seen"] == [True, True, False]
    alone = followed_payload(Followed, Clip)
    assert alone["thing"] is None and alone["ao"] is None and alone["overlap"] == [None] * 3


def test_runs_begin_with_nothing():
    assert runs(np.array([[0, 1, 1], [1, 0, 0]])) == [1, 3, 2]
    assert runs(np.ones((1, 2))) == [0, 2] and runs(np.zeros((1, 2))) == [2]


def test_each_thing_is_found_once_by_its_name_and_place():
    class Seen:
        box_N4 = Tensor([[0, 0, 0.5, 0.5], [0, 0, 0.5, 0.5], [0.5, 0.5, 1, 1], [0, 0, 0.5, 0.45]])
        score_N = Tensor([0.9, 0.8, 0.7, 0.6])
        label_N = ("ring", "star", "ring", "ring")
        mask_NHW = None

    there = [("ring", np.array([0, 0, 0.5, 0.5])), ("star", np.array([0, 0, 0.1, 0.1]))]
    assert [one["thing"] for one in boxes_payload(Seen, there)["found"]] == [0, None, None, None]
    assert overlap(np.array([0, 0, 2, 1]), np.array([1, 0, 3, 1])) == pytest.approx(1 / 3)


def test_what_is_there_is_what_the_world_drew():
    folder = VIEWER.parent / "clips"
    truth = Truth.from_json(sorted(folder.glob("*.json"))[0].read_text())
    seen = things_seen(truth, 0)
    assert [(number, name) for number, name, _ in seen] == [
        (number, thing.shape) for number, thing in enumerate(truth.scenes[0].objects, 1)
    ]
    H, W = truth.instance_THW.shape[1:]
    np.testing.assert_allclose(boxes_of(seen)[0][1] * [W, H, W, H], truth.box_TO4[0, 0])


@pytest.mark.parametrize("label, found", [
    ("STPN UNTRAINED: all weights are random; prompts, boxes and masks mean nothing", ["attention/deep", "baseline"]),
    ("STPN trained on our synthetic clips: baseline 12345678 · UNTRAINED: attention/deep, mixer/deep", ["attention/deep"]),
    ("STPN trained on our synthetic clips: baseline 12345678, attention/deep 12345678 · UNTRAINED: mixer/deep", []),
    ("STPN trained on our synthetic clips: baseline 12345678", []),
])  # fmt: skip
def test_only_the_networks_that_are_shown_are_called_untrained(label, found):
    assert untrained([label], {"predictor": "attention", "depth": "deep"}) == found


def test_weights_that_know_our_clips_alone_say_so_of_a_clip_whose_truth_nobody_knows():
    def of(label, truth):
        return weights_payload(SimpleNamespace(weights={"net": label}), truth)["strange"]

    ours = label_of({"baseline": Trained(tiny.variant(), "baseline", "12345678", 1)})
    assert of(ours, None) == STRANGE and len(SHAPES) == 8 and "eight coloured shapes" in STRANGE
    assert not of(ours, "the truth") and not of("CLIP ViT-B-32/openai", None) and not of(label_of({}), None)


def test_what_is_sent_of_a_run_is_small():
    method, clip = METHODS["stpn"], tiny.clip(T=8)
    engine = tiny.engine()
    settings = engine.settings("stpn", {"supports": 30})
    trace = engine.run("stpn", clip, **settings)
    made = trace_payload(method, trace, "key", clip, settings, engine.grid("stpn"), [], None, 1)
    assert len(json.dumps(made)) < 200_000 and made["values"]["support_index_K"] == list(trace["support_index_K"])
    assert beside_payload(engine, method, clip, settings, trace)["beside"]["values"]["shuffle"]["value"][0] < 1e-3


@pytest.mark.parametrize("where, sent", [("current", []), ("supports", [1, 2, 4, 5]), ("both", [1, 2, 4, 5])])
def test_of_the_supports_only_those_that_are_spoilt_are_sent_again(where, sent):
    made = trace_payload(*run_of(supports=4, spoiled=where))["values"]
    assert sorted(map(int, made["support_THWC"]["frames"])) == sent
    assert list(made["current_HWC"]["frames"]) == ["3"]
    assert made["current_HWC"]["done"] == ("" if where == "supports" else "motion blur, 0.6")


def test_heads_are_sent_when_everything_is_and_a_fact_with_its_sentence():
    method, trace, key, clip, settings, grid = run_of(supports=4, shuffled=True)
    early, late = (trace_payload(method, trace, key, clip, settings, grid, texts) for texts in (None, []))
    assert ["each" in made["values"]["prompt_attention_NQKP"] for made in (early, late)] == [False, True]
    fact = beside_payload(tiny.engine(), method, clip, settings, trace)["beside"]["values"]["shuffle"]
    assert len(fact["value"]) == fact["words"].count("{}") == 2 and "In order, the prompts" in fact["words"]


def run_of(**knobs):
    """What a payload is made of, up to the grid, for a run of STPN on eight frames."""
    method, clip, engine = METHODS["stpn"], tiny.clip(T=8), tiny.engine()
    settings = engine.settings("stpn", knobs)
    trace = engine.run("stpn", clip, outputs=method.until("network"), **settings)
    return method, trace, "key", clip, settings, engine.grid("stpn")
