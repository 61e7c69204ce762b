"""Facts about STOP's evaluation: an answer is counted where it belongs, for every variant and every training seed."""

from functools import partial

import numpy as np
import pytest
import torch

from core import METHODS, report
from core.methods.stop import evaluate as stop
from core.methods.stop import regions as lie
from core.methods.stop.clips import default, generic, grammar
from core.methods.stop.controls import PARTS, REPLACED, replaced
from core.methods.stop.evaluate import answers, by_action, data_of, hits_of
from core.methods.stop.train import file_of, load
from core.metrics import gain, interval
from core.networks.weights import WEIGHTS, load_clip
from core.world import ACTIONS, SHAPES, SPLITS, Mix
from tests import tiny

TOWERS = tiny.towers()


@pytest.fixture(scope="module")
def data():
    return data_of(TOWERS, range(20))


@pytest.fixture(autouse=True)
def apart(monkeypatch):
    """Every text a feature of its own: the tiny tower has read none of these words."""
    features = torch.nn.functional.normalize(torch.randn(10, 975, generator=torch.Generator().manual_seed(0)), dim=0).T
    said = {text: features[i] for i, text in enumerate((*generic(), *grammar(*SPLITS)))}
    monkeypatch.setattr(TOWERS.network.text, "forward", lambda texts: torch.stack([said[text] for text in texts]))


class Knowing(torch.nn.Module):
    """Answers what is asked for; `wrong` actions with “grows”."""

    def __init__(self, wrong=(), captions=None):
        super().__init__()
        self.wrong, self.captions = wrong, captions

    def forward(self, one):
        if self.captions:
            return TOWERS.network.text(self.captions)[one.caption_B], []
        said = [ACTIONS.index("grows") if ACTIONS[n] in self.wrong else n for n in one.action_B.tolist()]
        return TOWERS.network.text(generic())[said], []


def test_an_action_is_counted_where_it_belongs(data):
    shown = {ACTIONS[n] for n in data.action_N.tolist()}
    wrong = {action for action in shown if action.startswith(("spins", "moves"))}
    assert wrong and wrong != shown
    found = by_action(hits_of({"full": [Knowing(), Knowing(wrong)], "full_all": [Knowing()]}, TOWERS, data), data)
    assert set(found) == shown
    for action, row in found.items():
        assert {name: row[name] for name in ("full", "full_all")} == {"full": 0.5 if action in wrong else 1.0, "full_all": 1.0}


def test_variants_are_means_over_their_training_seeds(data):
    shown = [ACTIONS[n] for n in data.action_N.tolist()]
    wrong = {"moves left", "shakes", "blinks", "moves up"}
    share = np.mean([action not in wrong for action in shown])
    assert 0 < share < 1
    models = {"full": [Knowing(), Knowing(wrong)], "static": [Knowing(captions=grammar("test"))]}
    found = answers(hits_of(models, TOWERS, data))
    assert found["actions"]["full"] == pytest.approx((1 + share) / 2)
    assert found["spread"]["full"] == pytest.approx((1 - share) / np.sqrt(2)) and found["spread"]["static"] is None
    assert found["captions"]["static"] == 1 and set(found["actions"]) == {"mean_pool", "full", "static"}


def test_of_the_held_out_captions_the_shape_tells_nothing():
    apart = {said.replace(f" {shape} ", " ") for said in grammar("test") for shape in SHAPES if f" {shape} " in said}
    assert len(grammar("test")) == 120 == len(apart)
    assert len(set(grammar(*SPLITS))) == 960 and set(grammar("test")) < set(grammar(*SPLITS))


def test_among_all_captions_another_shape_is_wrong(data):
    """Halfway between its own caption and one of another shape, nearer to that."""
    own_YE = TOWERS.network.text(grammar("test"))
    other_YE = TOWERS.network.text([said.replace("circle", "square") for said in grammar("test")])
    said = {text: one for text, one in zip(grammar("test"), torch.nn.functional.normalize(own_YE + 1.1 * other_YE, dim=1))}
    right = answers(hits_of({"static": [Knowing(captions=grammar("test"))]}, TOWERS, data))
    assert right["captions"]["static"] == right["captions_all"]["static"] == 1
    circles = [sample.scene.objects[0].shape == "circle" for sample in data.samples]
    assert 0 < np.mean(circles) < 1

    class Circling(torch.nn.Module):
        def forward(self, one):
            return torch.stack([said[grammar("test")[n]] for n in one.caption_B.tolist()]), []

    found = answers(hits_of({"static": [Circling()]}, TOWERS, data))
    assert found["captions_all"]["static"] == pytest.approx(1 - np.mean(circles))


def test_stored_clips_are_the_same_clips_with_other_pixels(data):
    kept = data_of(TOWERS, range(20), as_stored=True)
    assert torch.equal(kept.caption_N, data.caption_N)
    assert all((one.frames_THWC != other.frames_THWC).any() for one, other in zip(kept.samples, data.samples))


def test_what_is_not_trained_is_said(tmp_path, monkeypatch):
    monkeypatch.setattr(stop, "load_clip", lambda file: TOWERS)
    with pytest.raises(SystemExit, match="no trained STOP weights"):
        stop.evaluate(tmp_path, 3, 0, torch.device("cpu"))


def test_what_a_second_thing_does_is_no_wrong_answer():
    data = data_of(TOWERS, range(40), mix=Mix(clauses=1.0), distractors=2)
    second_N = data.also_action_N
    assert (second_N >= 0).all()

    class Elsewhere(torch.nn.Module):
        """Nearest to what the second thing does, then mostly to what the actor does."""

        def forward(self, one):
            said_YE = TOWERS.network.text(generic())
            return torch.nn.functional.normalize(1.5 * said_YE[one.also_action_B] + said_YE[one.action_B], dim=1), []

    apart = hits_of({"full": [Elsewhere()]}, TOWERS, data)["full"][0, 0].mean()
    data.also_action_N = torch.full_like(second_N, -1)  # had nobody said that it is true as well
    assert hits_of({"full": [Elsewhere()]}, TOWERS, data)["full"][0, 0].mean() < 0.2 < 0.4 < apart


def test_a_gain_has_an_interval_over_clips_and_seeds():
    rng = np.random.default_rng(0)
    few, many = (rng.random((3, n)) < 0.7 for n in (20, 2000))
    narrow, wide = gain(many, np.zeros((1, 2000))), gain(few, np.zeros((1, 20)))
    assert narrow["low"] < many.mean() < narrow["high"] and narrow["mean"] == pytest.approx(many.mean())
    assert wide["high"] - wide["low"] > 3 * (narrow["high"] - narrow["low"])
    apart = np.stack([np.zeros(2000), np.ones(2000), np.ones(2000)])  # seeds that differ are a width of their own
    assert (interval(apart)["low"], interval(apart)["high"]) == pytest.approx((0, 1))


def test_a_curve_points_where_the_cue_does_that_is_right(monkeypatch):
    """Dynamics are on what acts, attention is on the rest: α = 0 always hits, α = 1 never."""
    data = data_of(TOWERS, range(6), action="moves left")
    model = stop.Model(TOWERS.network, "full", 1)
    truth = [torch.from_numpy(lie.on_acting(one, model.vision.grid)) for one in data.samples]
    monkeypatch.setattr(lie, "cues", lambda model, data: ((~one.float().bool(), one.float()) for one in truth))
    found = lie.curve([model, model], data)
    assert found["alpha"][0] == 0 and found["pointing"][0] == 1 and found["pointing"][-1] == 0
    assert found["low"][-1] == found["high"][-1] == 0 and len(found["alpha"]) == len(found["high"])


def test_a_small_number_of_the_shipped_table_is_what_the_shipped_weights_give():
    """Pointing over α on eight clips: whoever changes weights, clips or equations measures again."""
    clip = load_clip()
    found = stop.small(load(file_of(WEIGHTS, "full", 1, 0), clip), clip)
    shipped = report.metrics_of(METHODS["stop"])["alpha"]["small"]
    assert found["clips"] == shipped["clips"] and found["alpha"] == shipped["alpha"]
    assert found["pointing"] == pytest.approx(shipped["pointing"], abs=1e-6)
    assert len({*found["pointing"]}) > 3, "α makes a difference"


def test_controls_replace_what_they_say_and_nothing_else():
    engine, clip = tiny.engine(tiny.towers(size=(64, 96))), tiny.clip()
    run = partial(engine.run, "stop", clip)
    own, other = run(outputs=PARTS), engine.run("stop", tiny.clip(seed=5), outputs=PARTS)
    rng = np.random.default_rng(0)
    region_TP = replaced("regions", own, other, rng)["region_TP"]
    assert (region_TP.sum(-1) == default("kept")).all() and not torch.equal(region_TP, own["region_TP"])
    counts = replaced("counts", own, other, rng)["prompt_count_G"]
    assert len(set(counts)) == 1 and abs(counts[0] - np.mean(own["prompt_count_G"])) <= 0.5
    written = replaced("prompts", own, other, rng)
    assert all(written[name] is other[name] for name in ("spatial_prompt_TPD", "temporal_prompt_GQD"))
    for name in REPLACED:  # the engine takes each, for this clip
        assert run(outputs=["video_E"], given=replaced(name, own, other, rng))["video_E"].shape == own["video_E"].shape
