"""Facts about change less the camera's own: off it changes no bit, on it leaves a pan nothing, and a turning car is found."""

import numpy as np
import pytest
import torch

from core import BadKnob, Engine, read_clip
from core.methods.stop.explain import stop_subject
from core.methods.stop.training_free import truth_of
from core.metrics import on_actor
from core.video.clip import Clip
from tests import tiny
from tests.core.video.test_camera import CAR, ground, view


def panning(T=5):
    """A landscape that a camera passes over, and nothing in it moves."""
    wide, every = ground(), np.arange(T)
    return Clip(np.stack([view(wide, 60 + 12 * t, 100) for t in range(T)]), every / 4, every)


def test_off_every_result_is_what_it_was_and_a_still_camera_leaves_it_so():
    engine = tiny.engine()
    still = tiny.of_frames(np.stack([view(ground(), 100, 100)] * 5))
    for clip in (panning(), still):
        off = engine.run("stop", clip, texts=tiny.TEXTS)
        assert off["neighbours"] is None
        patches_TPD, prompter = off["patches_TPD"], off["prompters"][0]
        grid = engine.grid("stop")
        assert torch.equal(off["filtered_TPD"], prompter.dynamics_filter(patches_TPD[None], grid)[0])
        assert torch.equal(off["difference_GPD"], off["prompted_TPD"][1:] - off["prompted_TPD"][:-1])
    on = engine.run("stop", still, texts=tiny.TEXTS, steady=True)
    assert torch.equal(on["difference_GPD"], off["difference_GPD"]) and torch.equal(on["region_TP"], off["region_TP"])
    assert torch.allclose(on["filtered_TPD"], off["filtered_TPD"], atol=1e-5)


def test_a_pan_over_what_stands_still_is_little_change_when_the_camera_is_taken_out():
    engine, clip = tiny.engine(), panning()
    off, on = (engine.run("stop", clip, spatial=False, steady=steady) for steady in (False, True))
    assert on["change_G"].max() < 0.1 * off["change_G"].min()
    assert on["filtered_TPD"].square().mean() < 0.1 * off["filtered_TPD"].square().mean()


def test_explanations_say_that_they_follow_the_change_as_it_is():
    with pytest.raises(BadKnob, match="switch “no pan” .steady. off"):
        stop_subject(tiny.engine(), panning(), tiny.TEXTS, steady=True)


@pytest.mark.skipif(not CAR.is_file(), reason="real footage is not at hand")
def test_a_turning_car_is_kept_three_times_as_often_as_by_chance_and_as_without_it():
    engine, clip = Engine("cpu"), read_clip(CAR, frames=8)
    truth_TP = on_actor(truth_of(CAR)(clip.source_T).astype(int), engine.grid("stop"))
    on, off = (engine.run("stop", clip, outputs=["region_TP"], steady=steady)["region_TP"].numpy() for steady in (True, False))
    assert 3 * max(truth_TP[off].mean(), truth_TP.mean()) < truth_TP[on].mean()
