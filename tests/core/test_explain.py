"""Explanations: Captum's attributions against plain loops and known answers, tests of maps on maps whose worth is known."""

import math
from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn.attention import SDPBackend, sdpa_kernel

from core import METHODS, Clip, Engine
from core.errors import BadKnob, BadText, ReaderError
from core.explain import (
    ATTRIBUTIONS,
    FILLS,
    Subject,
    __main__,
    against_truth,
    attribution,
    controls,
    estimate,
    faithfulness_of,
    self_check,
    selfcheck,
    sensitivity_of,
)
from core.explain import faithfulness as tests_of_maps
from core.explain.captum_tests import boxes_of, infidelity_of
from core.methods import with_part
from core.methods.stop import selfcheck as stop_selfcheck
from core.methods.stop.explain import stop_subject
from core.methods.stpn import selfcheck as stpn_selfcheck
from core.methods.stpn.explain import stpn_subject
from core.progress import Cancelled
from core.world import SHAPES
from tests import tiny
from tests.oracle import chance, close

T, h, w = 3, 4, 5
BRIEF = {"integrated_gradients": dict(steps=4), "feature_ablation": dict(by="place")}
WEIGHT = chance(T, h, w, seed=3)


@pytest.fixture(scope="module")
def engine():
    return tiny.engine()


@pytest.fixture(scope="module")
def shipped():
    return Engine("cpu")


def toy(net=None, whole=None, filled=None, taps=()):
    """A scorer whose input is a number a patch: the sum of WEIGHT · input, if no other is given."""
    whole = chance(T, h, w) if whole is None else whole
    blur = chance(T, h, w, seed=1) if filled is None else filled
    return Subject(
        what="a toy", net=net or (lambda x, held: (WEIGHT * x).sum((1, 2, 3))), whole=whole,
        filled={"blur": blur, "mean": torch.zeros(T, h, w)}, spread=lambda shown: shown, frame_T=(0, 1, 2), grid=(h, w),
        taps=taps,
    )  # fmt: skip


def bent(x, held=False):
    """Not linear: patches that are neighbours in a row count together."""
    return torch.tanh((WEIGHT * x).sum((1, 2, 3))) + (x[..., 1:] * x[..., :-1]).sum((1, 2, 3))


# ---- attributions ----------------------------------------------------------------------------------------------------


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


# ---- STOP and STPN as scorers ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "registers, knobs",
    [(0, {}), (2, {}), (2, {"depth": "all"}), (0, {"spatial": False}), (0, {"temporal": False}), (2, {"alpha": 1, "layer": 2})],
)
def test_a_clip_that_is_shown_whole_has_the_similarity_of_the_page(registers, knobs):
    engine, clip = tiny.engine(tiny.towers(registers=registers)), tiny.clip(T=4)
    knobs = {"kept": 2, **knobs}
    found = engine.run("stop", clip, texts=tiny.TEXTS, **knobs)["similarity_Y"]
    for text in (0, 2):
        one = stop_subject(engine, clip, tiny.TEXTS, text, **knobs)
        assert one.value() == pytest.approx(found[text].item(), abs=1e-5)
        assert one.score(one.ones(2), held=True).tolist() == pytest.approx([found[text].item()] * 2, abs=1e-5)
    assert one.shape == (4, 2, 3)


def two_colours(T=3):
    """Every pixel 40 or 120, as many of one as of the other: the mean colour is 80."""
    order = np.random.default_rng(2).permutation(np.repeat([40, 120], T * 32 * 48 // 2)).reshape(T, 32, 48, 1)
    return tiny.of_frames(np.repeat(order.astype(np.uint8), 3, -1))


@pytest.mark.parametrize("depth", ["first", "all"])
def test_a_filled_patch_is_what_the_engine_says_of_a_painted_clip(depth, engine):
    clip = two_colours()
    one = stop_subject(engine, clip, tiny.TEXTS, 1, kept=2, depth=depth)
    shown = one.ones()
    painted = clip.frames_THWC.copy()
    for t, i, j in [(0, 0, 0), (1, 1, 2), (2, 0, 1)]:
        shown[0, t, i, j] = 0
        painted[t, 16 * i : 16 * (i + 1), 16 * j : 16 * (j + 1)] = 80
    said = engine.run("stop", tiny.of_frames(painted), texts=tiny.TEXTS, kept=2, depth=depth)
    assert one.score(shown, "mean").item() == pytest.approx(said["similarity_Y"][1].item(), abs=1e-5)
    assert abs(one.value() - one.score(shown, "mean").item()) > 1e-4


def test_held_choices_stay_while_patches_go(engine):
    one = stop_subject(engine, tiny.clip(), tiny.TEXTS, kept=2)
    none = torch.zeros(1, *one.shape)
    still = one.score(none, "mean")  # a still clip: made anew, no prompt is left
    assert one.score(none, "mean", held=True).item() != pytest.approx(still.item(), abs=1e-4)


@pytest.mark.parametrize("depth", ["first", "all"])
def test_the_gradient_of_a_held_clip_is_its_slope(depth):
    one = stop_subject(tiny.engine(), tiny.clip(T=3), tiny.TEXTS, kept=2, depth=depth)
    one = replace(one, whole=one.whole.double(), filled={name: fill.double() for name, fill in one.filled.items()})
    net = one.net.__closure__ or ()  # the towers too must be in double precision, or the slope is rounding
    for cell in net:
        for part in getattr(cell.cell_contents, "__dict__", {}).values():
            if isinstance(part, nn.Module):
                part.double()
    score = next(cell.cell_contents for cell in net if hasattr(cell.cell_contents, "walk"))
    object.__setattr__(score, "prefix_RD", score.prefix_RD.double())
    object.__setattr__(score, "text_E", score.text_E.double())
    at = torch.full((1, *one.shape), 0.6, dtype=torch.float64, requires_grad=True)
    with sdpa_kernel(SDPBackend.MATH):  # exact to the last digit, so that the step may be shorter than the way to a ReLU's edge
        (slope,) = torch.autograd.grad(one.score(at, held=True).sum(), at)
        for place in [(0, 0, 1, 1), (0, 2, 0, 2)]:
            step = torch.zeros_like(at)
            step[place] = 1e-6
            rise = (one.score(at + step, held=True) - one.score(at - step, held=True)).item() / 2e-6
            assert slope[place].item() == pytest.approx(rise, rel=1e-4, abs=1e-7)


@pytest.mark.parametrize("name", ATTRIBUTIONS)
def test_every_attribution_answers_for_both_methods(name, engine):
    clip = tiny.clip(T=3)
    for one in (stop_subject(engine, clip, tiny.TEXTS, kept=2), found_one(engine, clip)):
        made = attribution(one, name, **BRIEF.get(name, {}))
        assert made.map_TP.shape == (one.shape[0], one.shape[1] * one.shape[2]) and np.isfinite(made.map_TP).all()
        assert made.weights and made.grid == one.grid and made.frame_T == one.frame_T and made.seconds > 0
        assert np.ptp(made.map_TP) > 0 or "the whole map is 0" in " ".join(made.notes)


def found_one(engine, clip, **asked):
    return stpn_subject(engine, clip, 0, t=2, spoil="none", **asked)


@pytest.mark.parametrize("reader", ["prompted", "baseline"])
def test_a_detection_has_the_score_of_its_class_in_its_box(reader, engine):
    clip = tiny.clip(T=3)
    knobs = dict(t=2, spoil="none")
    one = stpn_subject(engine, clip, 0, reader, **knobs)
    trace = engine.run("stpn", clip, outputs=["plain", "prompted", "pixels", "variant", f"{reader}_found"], **knobs)
    found, pixels = trace[f"{reader}_found"], trace["pixels"]
    detector = (trace["variant"] if reader == "prompted" else engine.network("stpn").network.baseline).detector
    maps = list(trace["prompted"].maps.values()) if reader == "prompted" else detector.features(pixels.pixels_BCHW)
    box = found.box_N4[:1] * torch.tensor([pixels.size[1], pixels.size[0]] * 2)
    roi = detector.roi
    with torch.no_grad():
        logits = roi.box_predictor(roi.box_head(roi.box_roi_pool(detector.levels(maps), [box], [])))[0]
    assert one.value() == pytest.approx(logits.softmax(-1)[0, SHAPES.index(found.label_N[0]) + 1].item(), abs=1e-5)
    assert one.frame_T == (1,) and found.label_N[0] in one.what and reader in one.what
    assert one.shape == (1, 3, 6)  # 24 × 48 pixels, the second map has one cell in eight of them
    hidden = one.ones()
    hidden[0, 0, 1:, 2:] = 0
    assert abs(one.score(hidden).item() - one.value()) > 1e-5


# ---- tests of maps ---------------------------------------------------------------------------------------------------


def counting(gain):
    """A scorer that adds up what is shown: gain [T, h, w]."""
    return toy(lambda x, held: x.sum((1, 2, 3)), whole=gain, filled=torch.zeros_like(gain))


def test_the_areas_of_a_known_ranking():
    gain = torch.zeros(T, h, w)
    gain[0, 0, 0], gain[1, 2, 3] = 3.0, 1.0
    one = counting(gain)
    found = faithfulness_of(one, "own", gain.flatten(1).numpy(), controls(one, steps=60, seeds=2))
    by = {(curve.kind, curve.fill): curve for curve in found.curves}
    # 60 patches, one a step: after one 1 is left, after two nothing; shown, it is the mirror image
    assert by["deletion", "blur"].score_S[:4] == pytest.approx((4, 1, 0, 0), abs=1e-5)
    assert by["deletion", "blur"].auc == pytest.approx((2.5 + 0.5) / 60, abs=1e-5)
    assert by["insertion", "mean"].auc == pytest.approx(4 - (2.5 + 0.5) / 60, abs=1e-4)
    assert by["insertion", "mean"].inverted == by["deletion", "mean"].auc
    assert found.overall == pytest.approx(4 - 2 * 3 / 60, abs=1e-4) and found.inverted == -found.overall


def test_an_inverted_map_has_the_curves_of_the_map_exchanged():
    one, map_TP = toy(bent), chance(T, h * w, seed=8).numpy()
    against = controls(one, seeds=2)
    up, down = (faithfulness_of(one, "a map", sign * map_TP, against) for sign in (1, -1))
    assert down.overall == pytest.approx(up.inverted, abs=1e-6)
    assert [c.auc for c in down.curves] == pytest.approx([c.inverted for c in up.curves], abs=1e-6)


def test_the_true_map_is_better_than_chance_and_its_inverse_is_not():
    gain = chance(T, h, w, seed=5)
    one = counting(gain)
    against = controls(one)
    own = faithfulness_of(one, "own", gain.flatten(1).numpy(), against)
    assert own.better and own.overall > own.centre and own.sentence.endswith(": better than chance.")
    said = f"random places {own.random:.3f} ± {own.reach:.3f} (2.0 standard deviations)"
    assert f"own: {own.overall:.3f} against {said}" in own.sentence
    assert own.better == (own.overall > own.random + own.reach), "the verdict goes by the interval that is said"
    wrong = faithfulness_of(one, "wrong", -gain.flatten(1).numpy(), against)
    assert not wrong.better and wrong.sentence.endswith("not better than chance.")


def blob(shape, y_T, x_T):
    """Around a place in each frame, in fractions of it."""
    (_, h, w), (y_T, x_T) = shape, (np.broadcast_to(one, shape[0])[:, None, None] for one in (y_T, x_T))
    far = np.hypot((np.arange(h)[:, None] + 0.5) / h - y_T, (np.arange(w) + 0.5) / w - x_T)
    return np.exp(-8 * far**2).reshape(shape[0], h * w)


def large(gain):
    """A scorer that adds up what is shown of `gain` [4, 8, 8]."""
    one = replace(counting(torch.from_numpy(gain).float()), frame_T=(0, 1, 2, 3), grid=(8, 8))
    return replace(one, filled={fill: torch.zeros(gain.shape) for fill in FILLS})


def test_blobs_that_know_nothing_are_better_than_chance_one_time_in_twenty():
    """Clips of six smooth things that move: still blobs, moving blobs and white noise are not true to them; the things are."""
    shape, rng, better = (4, 8, 8), np.random.default_rng(0), {"still": [], "moving": [], "noise": []}
    for _ in range(30):
        ends = rng.random((6, 2, 2))
        gain = sum(rng.normal() * blob(shape, *np.linspace(*each, 4).T) ** 4 for each in ends).reshape(shape)
        one = large(gain)
        against = controls(one)
        for _ in range(10):
            (y0, x0), (y1, x1) = rng.random((2, 2))
            blind = {
                "still": blob(shape, y0, x0), "noise": rng.random((4, 64)),
                "moving": blob(shape, np.linspace(y0, y1, 4), np.linspace(x0, x1, 4)),
            }  # fmt: skip
            for name, map_TP in blind.items():
                better[name].append(faithfulness_of(one, name, map_TP, against).better)
        assert faithfulness_of(one, "own", gain.reshape(4, 64), against).better
    assert {name: np.mean(some) <= 0.05 for name, some in better.items()} == dict.fromkeys(better, True), better


def test_random_places_lie_evenly_and_are_the_same_in_all_frames():
    maps = np.stack([tests_of_maps.random_map((3, 8, 8), seed) for seed in range(64)])
    assert (maps == maps[:, :1]).all() and (maps.std((1, 2)) > 0.1).all()
    place = maps[:, 0].argmax(1)
    quarter = 2 * (place // 8 >= 4) + (place % 8 >= 4)
    for some in (8, 16, 64):
        assert np.bincount(quarter[:some], minlength=4).min() >= some // 8, "no quarter of the frame is left out"
    assert len(set(place)) > 48
    wide = tests_of_maps.random_map((2, 5, 9), 3)
    assert wide.shape == (2, 45) and wide.max() <= 1


def test_few_places_have_to_be_passed_by_more():
    """Of normal numbers one in twenty lies so far above the others, however few these are."""
    rng = np.random.default_rng(0)
    for seeds in (2, 4, 8):
        known, new = rng.normal(size=(20_000, seeds)), rng.normal(size=20_000)
        above = new > known.mean(1) + tests_of_maps.beyond(seeds) * known.std(1, ddof=1)
        assert above.mean() == pytest.approx(0.05, abs=0.006)
    assert tests_of_maps.beyond(8) == pytest.approx(2.0, abs=0.02)


def test_a_map_that_points_at_the_middle_is_told_so():
    spot = blob((4, 8, 8), 0.5, 0.5) ** 4
    one = large(spot.reshape(4, 8, 8))
    against = controls(one)
    nearly = faithfulness_of(one, "nearly", spot + 0.02 * chance(4, 64).numpy(), against)
    assert nearly.better and nearly.sentence.endswith("better than chance, but not than pointing at the middle.")


def test_a_mask_is_tested_with_its_equals_in_random_order():
    order = tests_of_maps.order_of(np.array([[True, False, False], [False, True, False]]), seed=4)
    assert set(order[:2]) == {0, 4} and list(order[2:]) != sorted(order[2:])
    flat = faithfulness_of(one := counting(chance(T, h, w, seed=5)), "flat", np.ones((T, h * w)), controls(one))
    assert not flat.better


def test_a_map_of_another_shape_or_without_numbers_is_refused():
    one = toy()
    with pytest.raises(ReaderError, match=r"over 3 frames of 4 × 5 patches, got \[3, 5\]"):
        faithfulness_of(one, "small", np.ones((3, 5)))
    with pytest.raises(ReaderError, match="none"):
        faithfulness_of(one, "nan", np.full((T, h * w), np.nan), controls(one, seeds=2))
    with pytest.raises(ReaderError, match="at least 2"):
        controls(one, seeds=1)


def test_faithfulness_tells_its_progress_counts_its_rows_and_can_be_called_off():
    told, scored = [], []

    def net(x, held):
        scored.append(len(x))
        return bent(x)

    one = toy(net)
    against = controls(one, progress=told.append)
    faithfulness_of(one, "a map", np.ones((T, h * w)), against, told.append)
    assert told[0] == 0 and told.count(1.0) == 2 and sum(scored) == tests_of_maps.rows(one)
    with pytest.raises(Cancelled):
        controls(one, cancelled=lambda: len(told) > 5)


def test_infidelity_is_nothing_for_a_map_that_adds_up():
    one = toy()
    own = (WEIGHT * (one.whole - one.filled["blur"])).flatten(1).numpy()
    boxes = boxes_of(one.shape)
    known = boxes, tests_of_maps.scores(one, ~boxes, "blur", tests_of_maps.Watch(1))
    lost = one.value() - known[1]
    assert infidelity_of(one, 7 * own, known, one.value()) == pytest.approx(0, abs=1e-6)  # no unit is asked for
    assert infidelity_of(one, np.zeros_like(own), known, one.value()) == pytest.approx((lost**2).mean(), rel=1e-5)
    other = chance(T, h * w, seed=9).numpy()
    told = boxes.reshape(len(boxes), -1) @ other.ravel()
    best = (told @ lost) / (told @ told)
    assert infidelity_of(one, other, known, one.value()) == pytest.approx(((best * told - lost) ** 2).mean(), rel=1e-3)


def test_sensitivity_is_nothing_for_a_fixed_map_and_grows_with_the_gain():
    clip = tiny.clip(T=2)

    def brightness(clip, gain):
        light = clip.frames_THWC.mean((1, 2, 3)) / 255
        return np.repeat((1 + gain * light)[:, None], 4, 1)

    assert sensitivity_of(lambda one: np.ones((2, 4)), clip) == 0
    small, large = (sensitivity_of(lambda one, gain=gain: brightness(one, gain), clip, radius=0.1) for gain in (0.1, 10))
    assert 0 < small < large < 0.2
    with pytest.raises(Cancelled):
        sensitivity_of(lambda one: np.ones((2, 4)), clip, cancelled=lambda: True)


def shifts_by_hand(map_TP, truth, grid):
    """Pointing and IoU of a map of numbers, or IoU of a mask, for every shift, frame by frame."""
    found, (h, w) = [], grid
    for y in range(h):
        for x in range(w):
            hits, overs = [], []
            for map_P, on_P in zip(map_TP, truth):
                if on_P.any():
                    moved_P = np.roll(map_P.reshape(h, w), (y, x), (0, 1)).ravel()
                    kept = moved_P if map_P.dtype == bool else moved_P >= np.sort(moved_P)[-on_P.sum()]
                    hits.append(on_P[moved_P.argmax()])
                    overs.append((kept & on_P).sum() / (kept | on_P).sum())
            found.append((np.mean(hits), np.mean(overs)))
    return np.array(found).T


def test_chance_is_the_same_map_shifted_over_every_row_and_column():
    grid, rng = (5, 7), np.random.default_rng(1)
    truth = rng.random((6, 35)) < 0.2
    truth[2] = False  # a frame without the actor counts not
    map_TP = rng.random((6, 35))
    found, (hit, over) = against_truth(map_TP, truth, grid), shifts_by_hand(map_TP, truth, grid)
    assert (found.pointing, found.iou) == pytest.approx((hit[0], over[0]))
    assert (found.shifted_pointing, found.shifted_pointing_sd) == pytest.approx((hit.mean(), hit.std()))
    assert (found.shifted_iou, found.shifted_iou_sd) == pytest.approx((over.mean(), over.std()))
    better, alike = hit > hit[0] + 1e-9, np.isclose(hit, hit[0])
    assert (found.as_well, found.shifts) == ((better | alike & (over > over[0] - 1e-9)).sum(), 35) and 1 < found.as_well < 35
    mask = map_TP > 0.6  # a mask stays of its own size
    found, (_, over) = against_truth(mask, truth, grid), shifts_by_hand(mask, truth, grid)
    assert (found.iou, found.shifted_iou, found.shifted_iou_sd) == pytest.approx((over[0], over.mean(), over.std()))
    wide = against_truth(np.ones_like(mask), truth, grid)  # every patch kept: it is the same wherever it is shifted
    assert wide.iou == pytest.approx(wide.shifted_iou) and wide.shifted_iou_sd < 1e-9
    flat = against_truth(np.zeros_like(map_TP), truth, grid)
    assert flat.pointing < 0.5 and not flat.better  # not the first patch, whatever it holds


def still(rows, columns, grid=(8, 8), frames=8):
    """True in a rectangle that stays where it is."""
    made = np.zeros((frames, *grid), bool)
    made[:, rows, columns] = True
    return made.reshape(frames, -1)


def test_the_truth_itself_agrees_and_a_map_that_knows_nothing_does_so_one_time_in_twenty():
    walk = np.stack([still(slice(t, t + 2), slice(2, 4))[0] for t in range(7)])
    own = against_truth(walk.astype(float), walk, (8, 8))
    assert own.pointing == own.iou == 1 and own.better and own.as_well == 1
    assert own.sentence.endswith("; 1 of 64 shifts does as well: better than chance.")
    elsewhere = f"against {own.shifted_pointing:.2f} ± {own.shifted_pointing_sd:.2f} for the same map shifted elsewhere"
    assert elsewhere in own.sentence
    for seed in range(4):  # of all shifts of any map, exactly those that are among the best twentieth
        map_TP = np.random.default_rng(seed).random(walk.shape).reshape(7, 8, 8)
        moved = [np.roll(map_TP, (y, x), (1, 2)).reshape(7, 64) for y in range(8) for x in range(8)]
        assert sum(against_truth(one, walk, (8, 8)).better for one in moved) <= 64 / 20


def test_a_still_map_on_a_still_thing_is_right_in_all_frames_by_chance():
    """Frames are not independent: it is one hit, however many frames there are."""
    thing, maps = still(slice(2, 4), slice(5, 7)), np.random.default_rng(0).random((8, 8))
    shifts = [np.roll(maps, (y, x), (0, 1)).ravel() for y in range(8) for x in range(8)]
    found = [against_truth(np.tile(one, (8, 1)), thing, (8, 8)) for one in shifts]
    assert sorted(one.pointing for one in found) == [0] * 60 + [1] * 4  # more than one in twenty are right, and in all frames
    assert 1 <= sum(one.better for one in found) <= 3
    for one in found:
        assert one.shifted_pointing == pytest.approx(4 / 64)
        assert one.shifted_pointing_sd == pytest.approx((4 / 64 * 60 / 64) ** 0.5)
    assert any(one.sentence.endswith("; 4 of 64 shifts do as well: not better than chance.") for one in found)


def test_in_one_frame_the_truth_is_better_than_chance_also_where_it_is_large():
    thing = still(slice(4, 9), slice(4, 9), grid=(16, 16), frames=1)  # a tenth of the frame
    found = against_truth(thing.astype(float), thing, (16, 16))
    assert found.iou == 1 and found.as_well == 1 and found.better
    small = still(0, 0, grid=(3, 4), frames=1)
    assert against_truth(small, small, (3, 4)).as_well == 1
    assert not against_truth(small, small, (3, 4)).better  # of twelve places none is rare enough


def test_a_map_needs_a_truth_of_its_own_shape():
    truth = np.ones((2, 6), bool)
    with pytest.raises(ReaderError, match="same shape"):
        against_truth(np.ones((2, 3)), truth, (2, 3))
    with pytest.raises(ReaderError, match="an actor that is seen"):
        against_truth(np.ones((2, 6)), ~truth, (2, 3))
    with pytest.raises(ReaderError, match="3 × 3 patches has 9 a frame, got 6"):
        against_truth(np.ones((2, 6)), truth, (3, 3))


# ---- self-check ------------------------------------------------------------------------------------------------------


def test_the_shipped_networks_pass_their_checks(shipped):
    for method in ("stop", "stpn"):
        checks = {one.name: one for one in self_check(shipped, method, tiny.clip(T=4))}
        assert all(one.passed for name, one in checks.items() if name != "random weights"), checks
        assert all("sha256 as in the JSON" in one.sentence for name, one in checks.items() if name.startswith("weights"))
        assert len(checks["random weights"].maps) == 2 and abs(checks["random weights"].value) < 0.9
        assert all(one.sentence.endswith(".") for one in checks.values())


@pytest.mark.parametrize("method", ["stop", "stpn"])
def test_patches_in_another_order_fail_the_orientation(method, monkeypatch, shipped):
    check = selfcheck.parts_of(method).orientation
    assert check(shipped, {}).passed
    own = {"stop": stop_selfcheck, "stpn": stpn_selfcheck}[method]
    original = selfcheck.bright_patch

    def mirrored(size, grid, places):
        clip = original(size, grid, places)
        return Clip(clip.frames_THWC[:, :, ::-1].copy(), clip.time_T, clip.source_T)

    monkeypatch.setattr(own, "bright_patch", mirrored)
    if method == "stop":
        assert not check(shipped, {}).passed
    monkeypatch.setattr(own, "bright_patch", lambda size, grid, places: original(size, grid, [27] * len(places)))
    assert not check(shipped, {}).passed


def test_sums_and_numbers_are_looked_at(engine):
    assert selfcheck.sums_to_one({"a": torch.ones(3), "b": torch.ones(2) + 1e-6}).passed
    wrong = selfcheck.sums_to_one({"a": torch.ones(3), "b": torch.tensor([1.0, 0.9])})
    assert not wrong.passed and wrong.sentence.startswith("A row of b is 0.1 off 1")
    trace = engine.run("stpn", tiny.clip(T=3), outputs=["change", "plain", "predicted", "prompted_found"], t=2)
    assert selfcheck.finite(trace).passed
    broken = replace(trace, values=dict(trace.values) | {"change": {0: torch.tensor([0.0, float("nan")])}})
    assert not selfcheck.finite(broken).passed and "change" in selfcheck.finite(broken).sentence


@pytest.mark.parametrize("registers", [0, 2])
def test_attention_to_special_tokens_is_what_the_softmax_gives_them(registers):
    engine, clip = tiny.engine(tiny.towers(registers=registers)), tiny.clip()
    trace = engine.run("stop", clip, layer=2)
    vision = engine.network("clip_towers").network.vision
    block = vision.vit.blocks[1]
    tokens = block_in = vision.vit.blocks[0](trace["tokens_TSD"])
    attn = block.attn
    query, key, _ = attn.qkv(block.norm1(block_in)).unflatten(-1, (3, attn.num_heads, -1)).permute(2, 0, 3, 1, 4)
    share = (query[:, :, :1] @ key.transpose(-1, -2) * attn.scale).softmax(-1)[..., : 1 + registers].sum(-1).mean()
    check = stop_selfcheck.special(engine, trace, {"layer": 2})
    assert check.value == pytest.approx(share.item(), abs=1e-5) and 0 < share < 1 and len(tokens)
    assert ("2 registers" in check.sentence) == (registers == 2)


def test_untrained_weights_do_not_pass(shipped):
    bare = Engine("cpu", {"clip": tiny.towers()})  # no prompters were trained on these towers
    names = {one.name: one.passed for one in self_check(bare, "stop", tiny.clip(T=3), kept=2)}
    assert names["weights: clip_towers"] and not names["weights: stop_first"]
    label = shipped.labels("stpn")["stpn"]
    assert stpn_selfcheck.trained(label, {"predictor": "attention", "depth": "shallow"})
    assert not stpn_selfcheck.trained(label, {"predictor": "mixer", "depth": "deep"})


def test_random_weights_are_the_same_numbers_in_another_order(engine):
    twins = selfcheck.scrambled(engine, "stop")
    own = dict(engine.network("clip_towers").network.named_parameters())
    other = dict(twins["clip"].network.named_parameters())
    assert all(torch.equal(one.flatten().sort().values, other[name].flatten().sort().values) for name, one in own.items())
    assert not all(torch.equal(one, other[name]) for name, one in own.items())
    again = dict(selfcheck.scrambled(engine, "stop")["clip"].network.named_parameters())
    assert all(torch.equal(one, again[name]) for name, one in other.items())


def test_a_map_that_does_not_ask_the_weights_fails_and_is_shown_beside_its_twin(engine):
    light = lambda engine, clip: clip.frames_THWC.mean((2, 3))  # noqa: E731
    check = selfcheck.random_weights(engine, "stop", tiny.clip(T=3), light)
    assert not check.passed and check.value == 1 and np.array_equal(*check.maps)
    told = []
    self_check(engine, "stop", tiny.clip(T=3), map_of=light, progress=told.append, kept=2)
    assert told[0] == 0 and told[-1] == 1
    with pytest.raises(Cancelled):
        self_check(engine, "stop", tiny.clip(T=3), cancelled=lambda: True)


@pytest.mark.parametrize("method", with_part("selfcheck"))
def test_the_twin_with_random_weights_can_be_stopped_and_holds_no_results(monkeypatch, method):
    engine, twins, run, asked = tiny.engine(), [], Engine.run, []

    def noted(one, *given, **named):
        if one is not engine:
            twins.append(one)
        return run(one, *given, **named)

    def stops():
        asked.append(bool(twins))
        return sum(asked) == 2  # the second time that the twin asks

    monkeypatch.setattr(Engine, "run", noted)
    checks = self_check(engine, method, tiny.clip(T=5))
    assert len(twins) == 1 and len(twins[0].cache) == 0 and checks[-1].name == "random weights"
    twins.clear()
    with pytest.raises(Cancelled):
        self_check(engine, method, tiny.clip(T=5), cancelled=stops)
    assert len(twins) == 1


def test_no_twin_is_made_for_whoever_has_left(monkeypatch):
    engine, gone = tiny.engine(), []
    light = lambda engine, clip: gone.append(True) or clip.frames_THWC.mean((2, 3))  # noqa: E731
    monkeypatch.setattr(selfcheck, "scrambled", lambda *given: pytest.fail("nobody waits for it"))
    with pytest.raises(Cancelled):
        selfcheck.random_weights(engine, "stop", tiny.clip(T=3), light, cancelled=lambda: bool(gone))


def test_every_method_that_is_explained_has_checks():
    # the released code shows what is computed, and who chooses frames answers nothing: both explain no answer
    assert set(with_part("selfcheck")) == set(with_part("explain")) == {"stop", "stpn"} < set(METHODS)


# ---- the command -----------------------------------------------------------------------------------------------------


def test_the_command_measures_every_map(monkeypatch, engine):
    monkeypatch.setitem(__main__.SETTINGS, "integrated_gradients", dict(steps=4))
    monkeypatch.setattr(__main__, "SEEDS", 2)
    monkeypatch.setattr(__main__, "STEPS", 2)
    found = __main__.measure(engine, "stop", 2, 0)
    titles = {one.title for one in ATTRIBUTIONS.values()}
    assert found["clips"] == 2 and set(found["maps"]) == {"A", "M", "W^s", "r", "random"} | titles
    assert all(0 <= one["pointing"] <= 1 and 0 <= one["iou"] <= 1 for name, one in found["maps"].items() if name != "random")
    printed = __main__.table(found)
    assert all(name in printed for name in found["maps"]) and "standard_error" in found["maps"]["A"]
    alone = __main__.measure(engine, "stop", 1, 0)
    above = alone["maps"]["A"]["overall"] - alone["maps"]["A"]["random"]
    assert alone["maps"]["A"]["above_random"] == pytest.approx(above) and "standard_error" not in alone["maps"]["A"]
    assert f"{above:.3f} ± –" in __main__.table(alone), "of one clip there is no standard error"
