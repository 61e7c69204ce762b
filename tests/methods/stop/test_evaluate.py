"""Facts about STOP's evaluation: an answer is counted where it belongs, for every variant and every training seed."""

import numpy as np
import pytest
import torch

from core.methods.stop import evaluate as stop
from core.methods.stop.clips import generic, grammar
from core.methods.stop.evaluate import actions, by_action, data_of
from core.world import ACTIONS, SHAPES, SPLITS
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
    found = by_action({"full": [Knowing(), Knowing(wrong)], "full_all": [Knowing()]}, TOWERS, data)
    assert set(found) == shown
    for action, row in found.items():
        assert row == {"full": 0.5 if action in wrong else 1.0, "full_all": 1.0}


def test_variants_are_means_over_their_training_seeds(data):
    shown = [ACTIONS[n] for n in data.action_N.tolist()]
    wrong = {"moves left", "shakes", "blinks", "moves up"}
    share = np.mean([action not in wrong for action in shown])
    assert 0 < share < 1
    found = actions({"full": [Knowing(), Knowing(wrong)], "static": [Knowing(captions=grammar("test"))]}, TOWERS, data)
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
    right = actions({"static": [Knowing(captions=grammar("test"))]}, TOWERS, data)
    assert right["captions"]["static"] == right["captions_all"]["static"] == 1
    circles = [sample.scene.objects[0].shape == "circle" for sample in data.samples]
    assert 0 < np.mean(circles) < 1

    class Circling(torch.nn.Module):
        def forward(self, one):
            return torch.stack([said[grammar("test")[n]] for n in one.caption_B.tolist()]), []

    found = actions({"static": [Circling()]}, TOWERS, data)
    assert found["captions_all"]["static"] == pytest.approx(1 - np.mean(circles))


def test_stored_clips_are_the_same_clips_with_other_pixels(data):
    kept = data_of(TOWERS, range(20), as_stored=True)
    assert torch.equal(kept.caption_N, data.caption_N)
    assert all((one.frames_THWC != other.frames_THWC).any() for one, other in zip(kept.samples, data.samples))


def test_what_is_not_trained_is_said(tmp_path, monkeypatch):
    monkeypatch.setattr(stop, "load_clip", lambda file: TOWERS)
    with pytest.raises(SystemExit, match="no trained STOP weights"):
        stop.evaluate(tmp_path, 3, 0, torch.device("cpu"))
