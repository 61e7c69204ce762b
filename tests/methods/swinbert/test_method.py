"""Facts about SwinBERT's stages: the mask as it is shown is the mask that attention has, and words are asked for as they were
written."""

from pathlib import Path

import numpy as np
import pytest
import torch

from core import example, read_clip
from core.methods.swinbert import comparison, equations, mask, writing
from core.methods.swinbert.networks import fixed
from core.networks.caption_words import END
from core.world import sprites
from core.world.examples import FRAMES, LARGE, SPRITES
from tests import tiny

METHOD = "swinbert"
CLIP = tiny.clip(T=8)
P = sprites.CELLS**2
M = 4 * P


@pytest.fixture(scope="module")
def engine():
    return tiny.engine()


@pytest.fixture(scope="module")
def network():
    return tiny.captioners().network


def run(engine, *outputs, clip=CLIP, **knobs):
    return engine.run(METHOD, clip, outputs=outputs or None, **knobs)


# ---- frames -----------------------------------------------------------------------------------------------------------------


def test_frames_are_the_middles_of_equal_parts_and_of_a_short_clip_some_stand_twice():
    assert mask.frame_K(tiny.clip(T=8), 4) == (1, 3, 5, 7) and mask.frame_K(tiny.clip(T=8), 8) == tuple(range(8))
    assert mask.frame_K(tiny.clip(T=3), 4) == (0, 1, 1, 2)


def test_the_network_is_given_means_over_the_middle_square(engine):
    clip = tiny.clip(T=4, H=48, W=60)
    seen_KSSC = run(engine, "picture_KSSC", clip=clip)["picture_KSSC"]
    side = seen_KSSC.shape[1]
    assert seen_KSSC.shape == (4, side, side, 3) and 48 % side == 0
    for k, row, column in ((0, 0, 0), (1, 3, 7), (3, side - 1, side - 1)):
        each = 48 // side
        part = clip.frames_THWC[k, row * each : (row + 1) * each, 6 + column * each : 6 + (column + 1) * each]
        assert np.abs(seen_KSSC[k, row, column].numpy() - part.reshape(-1, 3).mean(0)).max() <= 0.51


# ---- the mask ---------------------------------------------------------------------------------------------------------------


def test_as_released_every_patch_sees_itself_alone_and_with_the_logarithm_it_does_not(engine):
    """The table begins as N(0, 1): with (1 − σ)·(−10,000) nothing is left for another patch."""
    released, working = (run(engine, "elsewhere", "used_MM", learned=0, form=form) for form in ("as_released", "log_sigmoid"))
    assert released["elsewhere"] < 1e-6 < 0.5 < working["elsewhere"]
    assert torch.allclose(released["used_MM"], torch.eye(M), atol=1e-6)


@pytest.mark.parametrize("pattern", equations.PATTERNS[1:])
def test_attention_goes_nowhere_that_is_shut(engine, pattern):
    trace = run(engine, "gate_MM", "used_MM", pattern=pattern, layer=2)
    assert set(trace["gate_MM"].unique().tolist()) <= {0.0, 1.0}
    assert (trace["used_MM"][trace["gate_MM"] == 0] == 0).all() and (trace["used_MM"][trace["gate_MM"] == 1] > 0).all()
    assert torch.allclose(trace["used_MM"].sum(1), torch.ones(M), atol=1e-5)


def test_a_hard_gate_keeps_the_share_that_is_asked_for_the_highest(engine):
    trace = run(engine, "gate_MM", "open_share", "learned_BB", form="hard", density=0.1)
    V_MM, other_MM = trace["learned_BB"], ~torch.eye(M, dtype=torch.bool)
    kept_MM = (trace["gate_MM"] == 1) & other_MM
    assert abs(trace["open_share"] - 0.1) < 1e-3 and V_MM[kept_MM].min() >= V_MM[other_MM & ~kept_MM].max()


def test_with_no_draw_random_pairs_are_those_that_the_captioner_was_trained_with(engine, network):
    trained_MM = fixed("random", network.captioner("random").shape, network.seed)
    asked, other = (run(engine, "gate_MM", pattern="random", draw=draw)["gate_MM"] for draw in (0, 1))
    assert torch.equal(asked.bool(), trained_MM) and not torch.equal(asked, other)


def test_each_mask_has_its_captioner_and_eight_frames_have_one(engine):
    names = {form: run(engine, "variant", form=form)["variant"] for form in equations.FORMS}
    names |= {one: run(engine, "variant", pattern=one)["variant"] for one in equations.PATTERNS[1:]}
    assert all(name == asked for asked, name in names.items()) and len(names) == 8
    assert run(engine, "variant", budget=8, pattern="full")["variant"] == "inherited"


def test_v_is_replayed_to_the_last_moment_before(engine, network):
    for learned, expected_MM in (
        (0, network.variant("hard").mask_KMM[0]), (40, network.variant("hard").mask_KMM[0]),
        (50, network.variant("hard").mask_KMM[1]), (100, network.variant("hard").mask_MM),
    ):  # fmt: skip
        assert torch.equal(run(engine, "learned_BB", learned=learned, form="hard")["learned_BB"], expected_MM), learned


def test_a_row_is_that_of_the_token_and_behind_the_end_of_the_last(engine):
    for token, row in ((1, 0), (38, 37), (M, M - 1), (2 * M, M - 1)):
        trace = run(engine, "gate_MM", "used_MM", "row_KP", "used_KP", token=token)
        assert torch.equal(trace["row_KP"].flatten(), trace["gate_MM"][row])
        assert torch.equal(trace["used_KP"].flatten(), trace["used_MM"][row])


def test_bars_are_means_of_the_gate_over_the_other_patches_of_each_frame(engine):
    trace = run(engine, "gate_MM", "bar_PK")
    for p, k in ((0, 0), (12, 0), (3, 2), (P - 1, 3)):
        own = [trace["gate_MM"][p, P * k + cell].item() for cell in range(P) if P * k + cell != p]
        assert abs(trace["bar_PK"][p, k].item() - sum(own) / len(own)) < 1e-6


def test_eight_frames_inherit_as_is_said_or_have_what_they_were_trained_with(engine, network):
    V_MM = network.mask_MM("log_sigmoid")
    for how in equations.INHERITANCES:
        expected = equations.inherited(V_MM, 4, 8, how, torch.Generator().manual_seed(0))
        trace = run(engine, "mask_MM", "longer_FP", budget=8, inherit=how, token=60)
        assert torch.equal(trace["mask_MM"], expected)
        assert torch.equal(trace["longer_FP"].flatten(), equations.gate(expected)[59])
    assert torch.equal(run(engine, "mask_MM", budget=8, inherit="from scratch")["mask_MM"], network.mask_MM("scratch"))


def test_curves_are_over_percent_of_the_training(engine):
    trace = run(engine, "density_X2", "loss_X2")
    assert trace["density_X2"].tolist() == [[0, 0.5], [50, pytest.approx(0.1)], [100, pytest.approx(0.05)]]
    assert trace["loss_X2"][:, 1].tolist() == [3.0, 1.0, 0.5]


# ---- words ------------------------------------------------------------------------------------------------------------------


def test_words_are_as_sure_as_they_were_when_they_were_written(engine, network):
    trace = run(engine)
    frames, captioner = trace["picture_KSSC"][None], network.captioner("log_sigmoid")
    said = captioner.write(frames, trace["bias_MM"])
    assert tuple(said.ids_BN[0].tolist()) == trace["ids_W"]
    W = len(trace["ids_W"])
    whole_WY = said.logits_BNW[0].exp() / said.logits_BNW[0].exp().sum(-1, keepdim=True)  # without what is never written
    assert torch.allclose(said.probability_BN[0], whole_WY.gather(1, said.ids_BN[0, :, None])[:, 0], atol=1e-5)
    allowed_WY = trace["filling"].share_WY[:, 2:]
    assert torch.allclose(allowed_WY / allowed_WY.sum(-1, keepdim=True), whole_WY[:, 2:], atol=1e-4)
    assert trace["look_WKP"].shape == (W, 4, P) and (trace["look_WKP"].sum((1, 2)) < 1).all()


def test_a_hidden_word_moves_those_behind_it_and_no_other(engine, network):
    trace = run(engine)
    assert torch.equal(trace["share_W"], trace["hidden_share_W"])
    asked = (trace["picture_KSSC"], trace["bias_MM"], (3, 9, 5, 7, 4, END), network.captioner("log_sigmoid"))
    plain, third, every = (writing.of_words(writing.asked_again(*asked, hidden=word), asked[2]) for word in (0, 3, 7))
    assert torch.equal(third[:3], plain[:3]) and not torch.isclose(third[3:], plain[3:], atol=1e-7).any()
    assert torch.equal(every[:1], plain[:1]) and not torch.isclose(every[1:], plain[1:], atol=1e-7).any()
    assert run(engine, "hidden_share_W", hidden=1)["hidden_share_W"].shape == trace["share_W"].shape


def test_guesses_are_the_likeliest_words_and_the_end_is_called_so(engine, network):
    trace = run(engine)
    best = trace["other_filling"].share_WY.argmax(-1).tolist()
    assert trace["guess"].split() == ["end" if one == END else network.words[one] for one in best]


def test_a_draw_is_the_same_each_time_and_another_seed_gives_another(engine):
    first, again, other = (run(tiny.engine(), "draws", draw=draw)["draws"] for draw in (0, 0, 1))
    assert first == again != other
    assert sum(int(line.split(" × ")[0]) for line in first.splitlines()) == 6
    assert run(engine, "caption", temperature=2.0)["caption"] != run(engine, "caption")["caption"]


def test_every_mask_has_its_line_which_says_what_a_run_with_it_says(engine):
    trace = run(engine, density=0.1)
    lines = trace["compared"].splitlines()
    assert len(lines) == len(comparison.MASKS) == 8
    for line, (pattern, form) in zip(lines, comparison.MASKS):
        asked = run(engine, "caption", "open_share", density=0.1, pattern=pattern, form=form or "log_sigmoid")
        name = (form or pattern).replace("_", " ")
        assert line == f"{name}, {asked['open_share']:.1%} open: {asked['caption'] or '(nothing)'}"


# ---- examples ---------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", SPRITES)
def test_an_example_is_what_its_seed_draws(name):
    """A file loses a little of each pixel; means over LARGE × LARGE of them, as the network sees, lose less than the noise."""
    file = Path(example(f"sprites-{name}"))
    clips = sprites.draw(SPRITES[name], frames=FRAMES, split="test")
    shown = read_clip(file, frames=FRAMES).frames_THWC
    means = shown.reshape(FRAMES, sprites.SIDE, LARGE, sprites.SIDE, LARGE, 3).mean((2, 4))
    assert np.abs(means - clips.frame_BTHWC[0]).mean() < sprites.NOISE / 2
    assert clips.references(0)[0] in file.with_suffix(".json").read_text()
