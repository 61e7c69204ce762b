"""Facts about attributions: Captum's against plain loops and known answers."""

import math

import numpy as np
import pytest
import torch
from torch import nn

from core.errors import BadKnob, BadText, ReaderError
from core.explain import ATTRIBUTIONS, FILLS, attribution, estimate
from core.methods.stop.explain import stop_subject
from core.methods.stpn.explain import stpn_subject
from core.progress import Cancelled
from tests import tiny
from tests.core.explain.toys import WEIGHT, T, bent, h, toy, w
from tests.oracle import close


@pytest.mark.parametrize("fill", FILLS)
def test_integrated_gradients_of_a_linear_scorer_are_weight_times_difference(fill):
    one = toy()
    made = attribution(one, "integrated_gradients", fill=fill)
    close(made.map_TP, (WEIGHT * (one.whole - one.filled[fill])).flatten(1), 1e-5)
    assert made.map_TP.dtype == np.float32 and made.settings == {"steps": 24, "fill": fill} and made.what == "a toy"


def test_integrated_gradients_are_complete():
    one = toy(bent)
    made = attribution(one, "integrated_gradients", steps=32)
    lost = one.value() - one.score(torch.zeros(1, T, h, w)).item()
    assert abs(made.map_TP.sum() - lost) < 1e-3 < abs(lost)


def lost_without(one, place):
    shown = one.ones()
    shown[0][place] = 0
    return one.value() - one.score(shown).item()


@pytest.mark.parametrize("frames, window, step", [(1, 2, 1), (2, 3, 2), (1, 1, 1), (8, 8, 8)])
def test_occlusion_is_the_mean_loss_over_the_windows_that_hide_a_patch(frames, window, step):
    one = toy(bent)
    size, spans = (min(frames, T), min(window, h), min(window, w)), []
    for length, long, by in zip((T, h, w), size, (1, min(step, size[1]), min(step, size[2]))):
        count = math.ceil((length - long) / by) + 1
        spans.append([slice(i * by, min(i * by + long, length)) for i in range(count)])  # the last may stand over the edge
    total, often = np.zeros((T, h, w)), np.zeros((T, h, w))
    for place in [(a, b, c) for a in spans[0] for b in spans[1] for c in spans[2]]:
        total[place] += lost_without(one, place)
        often[place] += 1
    made = attribution(one, "occlusion", frames=frames, window=window, step=step)
    close(made.map_TP, (total / often).reshape(T, -1), 1e-4)


@pytest.mark.parametrize("by", ["patch", "place", "frame"])
def test_ablation_is_the_loss_without_one_patch_one_place_or_one_frame(by):
    one = toy(bent)
    made = attribution(one, "feature_ablation", by=by).map_TP.reshape(T, h, w)
    for t, i, j in np.ndindex(T, h, w):
        place = {"patch": (t, i, j), "place": (slice(None), i, j), "frame": t}[by]
        assert made[t, i, j] == pytest.approx(lost_without(one, place), abs=1e-4)


def test_grad_cam_weighs_channels_by_their_mean_gradient():
    tap, share = nn.Identity(), torch.tensor([2.0, -3.0])

    def net(x, held):
        video_BDThw = tap(torch.stack([x, x.square()], 1))
        return torch.einsum("bdthw,d,thw->b", video_BDThw, share, WEIGHT)

    one = toy(net, taps=(nn.Identity(), tap))
    gain = share * WEIGHT.mean()  # the gradient of channel d at a patch is share_d · WEIGHT there
    made = attribution(one, "grad_cam")
    close(made.map_TP, (gain[0] * one.whole + gain[1] * one.whole.square()).clamp(min=0).flatten(1), 1e-5)
    assert (made.map_TP > 0).any()
    with pytest.raises(BadKnob, match="ℓ .layer. is 0 to 2 here, got 3"):
        attribution(one, "grad_cam", layer=3)


@pytest.mark.parametrize("name", ATTRIBUTIONS)
def test_progress_goes_from_nothing_to_all_and_the_estimate_counts_what_is_done(name):
    tap, told, scored = nn.Identity(), [], []

    def net(x, held):
        scored.append(len(x) * (1 + 2 * torch.is_grad_enabled()))
        return bent(tap(x[:, None])[:, 0])

    one = toy(net, taps=(tap,))
    attribution(one, name, progress=told.append)
    assert told[0] == 0 and told[-1] == 1 and told == sorted(told)
    rows = ATTRIBUTIONS[name].rows(one, ATTRIBUTIONS[name].knobs())
    assert abs(sum(scored) - rows) <= 4  # Captum scores the whole input once or twice more
    assert estimate(one, name) > 0


@pytest.mark.parametrize("name", ATTRIBUTIONS)
def test_an_explanation_can_be_called_off(name):
    tap, asked = nn.Identity(), []

    def cancelled():
        asked.append(1)
        return len(asked) > (0 if name == "grad_cam" else 2)  # it asks the network once

    one = toy(lambda x, held: bent(tap(x[:, None])[:, 0]), taps=(tap,))
    with pytest.raises(Cancelled):
        attribution(one, name, cancelled=cancelled)


def test_what_cannot_be_explained_is_a_sentence(engine):
    with pytest.raises(ReaderError, match="no attribution 'lime'. They are integrated_gradients, grad_cam"):
        attribution(toy(), "lime")
    with pytest.raises(BadKnob, match="n .steps. is 4 to 128, got 1000"):
        estimate(toy(), "integrated_gradients", steps=1000)
    with pytest.raises(BadText, match="one of 3, counted from 0, got 3"):
        stop_subject(engine, tiny.clip(), tiny.TEXTS, text=3)
    with pytest.raises(BadKnob, match="prompted, baseline, got 'plain'"):
        stpn_subject(engine, tiny.clip(T=4), reader="plain")
    with pytest.raises(ReaderError, match="detection to explain is"):
        stpn_subject(engine, tiny.clip(T=4), 99)
