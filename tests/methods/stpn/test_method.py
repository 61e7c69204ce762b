"""Facts about STPN as a method: what each knob re-runs, which frames support, and that stages are the network's own steps."""

import numpy as np
import pytest
import torch
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.utils.flop_counter import FlopCounterMode

from core import METHODS, BadKnob, Cancelled
from core.graph import downstream
from core.methods.stpn import equations as eq
from core.methods.stpn import following
from core.methods.stpn.cost import spent
from core.methods.stpn.linking import follow
from core.methods.stpn.networks import small_swin
from core.methods.stpn.weights import BASELINE
from core.networks.detector import Found
from core.networks.swin import SwinTower
from core.world import DEGRADATIONS, degrade
from tests import tiny
from tests.core.test_engine import resident_mb

CLIP = tiny.clip(T=7)
STAGES = METHODS["stpn"].stages
PROMPTED = [(kind, depth) for kind in ("attention", "average", "mixer") for depth in ("shallow", "deep")]
FEATURES = {"support_THWC", "feature_LTPF"}


@pytest.fixture(scope="module")
def engine():
    return tiny.engine()


def run(engine, clip=CLIP, **knobs):
    return engine.run("stpn", clip, **knobs)


def net(name="attention/shallow"):
    return tiny.stpn().network.pick(name)


# ---- what is computed again -----------------------------------------------------------------------------------------


def test_which_frames_support_and_how_many_prompts_enter_only_gathers(engine):
    run(engine)
    for knob, value in {"supports": 30, "stride": 0, "t": 7, "prompts": 1, "per": "clip", "shuffled": True}.items():
        ran = run(engine, **{knob: value}).ran
        assert ran and not FEATURES & set(ran), knob


def test_spoiling_the_current_frame_leaves_everything_about_the_supports_alone(engine):
    for spoiled in ("current", "both"):
        run(engine, spoiled=spoiled, severity=0.3)
    alone = FEATURES | {"own_LPF", "support_LKPF", "predicted", "prompt_LQD", "prompt_attention_NQKP", "clean_prompted", "cost"}
    for knobs in ({"severity": 0.8}, {"spoil": "noise"}, {"spoil": "none"}):
        ran = set(run(engine, **knobs).ran)
        assert {"current_HWC", "plain", "prompted", "baseline_found"} <= ran and not alone & ran, knobs


def test_spoiling_the_supports_leaves_the_current_frame_alone(engine):
    first = run(engine, spoiled="supports", severity=0.3)
    second = run(engine, spoiled="supports", severity=0.8)
    assert FEATURES <= set(second.ran) and not {"current_HWC", "plain", "baseline_found", "clean_plain"} & set(second.ran)
    assert torch.equal(first["current_HWC"], first["frames_THWC"][3])
    assert not torch.equal(first["support_THWC"], second["support_THWC"])


def test_nothing_is_spoilt_in_one_way_only(engine):
    run(engine, spoil="none")
    for kind in DEGRADATIONS:
        for spoiled in ("current", "supports", "both"):
            assert set(run(engine, spoil=kind, severity=0.0, spoiled=spoiled).ran) <= {"current_spoil", "support_spoil"}


def test_an_order_that_says_what_the_weights_say_changes_nothing_and_deep_prompts_are_never_merged(engine):
    trained = run(engine)
    assert run(engine, order="plain").ran == ("merging",)
    assert not torch.equal(run(engine, order="released")["prompted"].maps[1], trained["prompted"].maps[1])
    deep = [run(engine, depth="deep", order=order)["prompted"].maps[1] for order in ("plain", "released")]
    assert torch.equal(*deep)


# ---- which frames support -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("t, K, S, found", [
    (4, 2, 1, (2, 4)),
    (4, 6, 1, (0, 1, 2, 4, 5, 6)),
    (4, 4, 2, (0, 1, 5, 6)),
    (1, 4, 1, (0, 0, 1, 2)),  # the ends are repeated, be it the frame itself
    (7, 4, 1, (4, 5, 6, 6)),
    (2, 4, 9, (0, 0, 6, 6)),
    (4, 2, 0, (0, 6)),
    (4, 6, 0, (0, 1, 2, 4, 5, 6)),
    (1, 14, 0, (0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6)),
])  # fmt: skip
def test_supports_stand_around_t_or_all_over_the_clip(engine, t, K, S, found):
    trace = engine.run("stpn", CLIP, outputs=["support_index_K"], t=t, supports=K, stride=S)
    assert trace["support_index_K"] == found


def test_one_set_for_the_clip_stands_around_its_middle_whatever_the_current_frame(engine):
    found = {run(engine, per="clip", t=t, supports=4)["support_index_K"] for t in (1, 4, 7)}
    assert found == {(1, 2, 4, 5)}


@pytest.mark.parametrize("T", [1, 2, 31])
def test_clips_of_any_length(engine, T):
    trace = run(engine, tiny.clip(T), t=1, supports=4)
    assert trace["support_index_K"] == ((0, 0, 0, 0) if T == 1 else (0, 0, 1, min(2, T - 1)))
    assert torch.isfinite(trace["prompt_LQD"]).all()


def test_a_frame_that_supports_itself_is_no_cleaner_than_it_is_shown(engine):
    knobs = dict(t=1, supports=4, spoil="defocus", severity=0.9)
    trace = run(engine, **knobs)
    variants = tiny.stpn().network
    shown = eq.support_features(net(), variants.prepare(trace["current_HWC"][None]).pixels_BCHW)[:, 0]
    assert trace["support_index_K"] == (0, 0, 1, 2)
    assert torch.equal(trace["support_LKPF"][:, 0], shown) and torch.equal(trace["support_LKPF"][:, 1], shown)
    assert not torch.allclose(shown, trace["feature_LTPF"][:, 0], atol=1e-2)
    assert torch.equal(trace["support_LKPF"][:, 2:], trace["feature_LTPF"][:, 1:3])
    assert not FEATURES & set(run(engine, **(knobs | {"severity": 0.5})).ran)
    clean = run(engine, **(knobs | {"spoil": "none"}))
    assert torch.equal(clean["support_LKPF"], clean["feature_LTPF"][:, [0, 0, 1, 2]])


@pytest.mark.parametrize("kind, depth", PROMPTED)
def test_shuffled_supports_move_nothing(engine, kind, depth):
    for K, S in ((6, 1), (14, 0)):
        plain, turned = (run(engine, predictor=kind, depth=depth, supports=K, stride=S, shuffled=one) for one in (False, True))
        here, there = plain["support_index_K"], turned["support_index_K"]
        assert here != there and sorted(here) == sorted(there)
        size = plain["prompt_LQD"].abs().max()  # up to 50 with these weights; of trained ones about 1
        assert (plain["prompt_LQD"] - turned["prompt_LQD"]).abs().max() <= 1e-5 * max(1, size)
        for i, change_hw in plain["change"].items():
            assert (change_hw - turned["change"][i]).abs().max() <= 1e-4


def test_every_number_of_supports_is_really_shuffled():
    for K in range(2, 31, 2):
        assert eq.shuffle(tuple(range(K))) != tuple(range(K)) and set(eq.shuffle(tuple(range(K)))) == set(range(K))


# ---- stages are the network's own steps -----------------------------------------------------------------------------


@pytest.mark.parametrize("kind, depth", PROMPTED)
def test_the_stages_compute_what_the_network_computes(engine, kind, depth):
    trace = run(engine, predictor=kind, depth=depth, supports=4)
    stpn, network = net(f"{kind}/{depth}"), tiny.stpn().network
    tower = stpn.detector.tower
    clean = network.prepare(trace["frames_THWC"]).pixels_BCHW
    current = network.prepare(trace["current_HWC"][None]).pixels_BCHW
    with torch.no_grad():
        support = stpn.prompting.support(tower, clean[[1, 2, 4, 5]])
        prompts = stpn.prompting({at: features[None] for at, features in support.items()}).prompts
        maps = stpn.detector.features(current, prompts)
        found = stpn.detector.heads(maps, (24, 48))[0]
    for i, one in enumerate(maps):
        assert torch.allclose(trace["prompted"].maps[i], one, atol=1e-4)
    seen = trace["prompted_found"]
    assert len(found.box_N4) and torch.allclose(seen.box_N4 * torch.tensor([48.0, 24, 48, 24]), found.box_N4, atol=1e-2)
    assert torch.allclose(seen.score_N, found.score_N, atol=1e-4) and seen.mask_NHW.shape == (len(found.box_N4), 24, 48)


def test_without_prompts_means_without_and_the_baseline_is_another_network(engine):
    trace = run(engine)
    current = tiny.stpn().network.prepare(trace["current_HWC"][None]).pixels_BCHW
    with torch.no_grad():
        maps = net().detector.features(current)
        found = net(BASELINE).detector(current)[0]
    assert all(torch.equal(trace["plain"].maps[i], one) for i, one in enumerate(maps))
    assert trace["plain"].looks == {} and torch.equal(trace["baseline_found"].score_N, found.score_N)
    assert all((change_hw > 0).all() for change_hw in trace["change"].values())
    assert "baseline_found" not in downstream(STAGES, "variant")


def test_fewer_prompts_are_the_first_of_the_trained_ones(engine):
    for kind, depth in PROMPTED:
        four, two = (run(engine, predictor=kind, depth=depth, prompts=N) for N in (4, 2))
        assert torch.equal(two["prompt_LQD"], four["prompt_LQD"][:, :2])
        assert torch.equal(two["prompt_attention_NQKP"], four["prompt_attention_NQKP"][:, :2])
        assert two["prompted"].prompts[1, 0].shape[1] == 2 and two["cost"].prompted < four["cost"].prompted


def test_frames_are_resized_whole():
    variants = tiny.stpn().network
    frames = torch.zeros(3, 48, 96, 3, dtype=torch.uint8)
    frames[:, :24, 48:] = 200  # the upper right quarter
    sized = variants.sized(frames)
    assert sized.shape == (3, 24, 48, 3) and sized.dtype == torch.uint8
    assert (sized[:, :11, 25:] == 200).all() and (sized[:, 13:] == 0).all() and (sized[:, :, :23] == 0).all()
    assert torch.equal(variants.sized(sized), sized)


# ---- what is read off ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind, depth", PROMPTED)
def test_attention_is_shared_out_over_supports_and_patches(engine, kind, depth):
    trace = run(engine, predictor=kind, depth=depth, supports=4)
    attention_NQKP = trace["prompt_attention_NQKP"]
    assert attention_NQKP.shape == (16 if kind == "attention" else 1, 4, 4, 18) and trace["support_grid"] == (3, 6)
    assert torch.allclose(attention_NQKP.sum((2, 3)), torch.ones(1), atol=1e-5)
    assert trace["mass_K"].sum().item() == pytest.approx(1, abs=1e-5)
    assert ((trace["entropy_Q"] >= 0) & (trace["entropy_Q"] <= 1)).all()
    blocks = {(1, 0), (1, 1)} if depth == "deep" else {(0, 0), (0, 1), (1, 0), (1, 1)}
    assert trace["to_prompts"].keys() == trace["to_patches"].keys() == blocks
    for at, share_Qhw in trace["to_prompts"].items():  # a patch shares out what it gives, a prompt too
        assert share_Qhw.shape[0] == 4 and (share_Qhw >= 0).all() and (share_Qhw.sum(0) <= 1).all()
        assert (trace["to_patches"][at] >= 0).all() and (trace["to_patches"][at].sum((1, 2)) <= 1 + 1e-5).all()


def test_entropy_is_0_for_one_patch_and_1_for_all_alike_and_mass_goes_where_it_is_looked():
    one = torch.zeros(2, 3, 4, 5)
    one[:, :, 1, 2] = 1
    assert eq.entropy(one).tolist() == [0, 0, 0] and eq.mass(one).tolist() == [0, 1, 0, 0]
    assert torch.allclose(eq.entropy(torch.full((2, 3, 4, 5), 1 / 20)), torch.ones(3))
    half = one.clone()
    half[0] = 0
    half[0, :, 3, 4] = 1  # another head looks elsewhere: entropy is that of the mean
    assert torch.allclose(eq.entropy(half), torch.full((3,), np.log(2) / np.log(20), dtype=torch.float32))


def test_change_is_told_in_mean_lengths_of_a_plain_feature():
    plain = torch.zeros(1, 2, 1, 2)
    plain[0, :, 0, 0], plain[0, :, 0, 1] = torch.tensor([3.0, 4.0]), torch.tensor([0.0, 15.0])  # lengths 5 and 15
    prompted = plain.clone()
    prompted[0, 0, 0, 1] = 20.0
    assert eq.relative_change({0: prompted}, {0: plain})[0].tolist() == [[0, 2]]


def test_a_frame_that_is_not_spoilt_is_like_itself(engine):
    for knobs in ({"severity": 0.0}, {"spoiled": "supports"}):
        trace = run(engine, **knobs)
        for stage in ("cosine_plain_I", "cosine_prompted_I"):
            assert torch.allclose(trace[stage], torch.ones(2), atol=1e-5)
    spoilt = run(engine, severity=1.0)
    assert (spoilt["cosine_plain_I"] < 0.99).all() and (spoilt["cosine_prompted_I"] < 0.99).all()


# ---- through the clip -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("knobs", [
    {"spoil": "none"}, {"spoil": "noise", "severity": 0.9}, {"spoil": "noise", "spoiled": "both"}, {"per": "clip", "stride": 0},
    {"depth": "deep", "prompts": 2}, {"predictor": "average", "order": "released", "stride": 2, "supports": 4},
])  # fmt: skip
def test_in_every_frame_is_found_what_is_found_when_it_is_the_current_one(engine, knobs):
    sized = tiny.stpn().network.sized(torch.from_numpy(CLIP.frames_THWC)).numpy()
    clip = tiny.of_frames(sized)  # of the network's own size, so that a frame as it is shown can be put into a clip
    whole = run(engine, clip, t=3, **knobs)
    as_shown = tiny.of_frames(whole["shown_THWC"].numpy())
    for name, stage in (("prompted_tracks", "prompted_found"), ("baseline_tracks", "baseline_found")):
        tracks = whole[name]
        assert len(tracks.seen_T) == len(clip)
        for place, seen in enumerate(tracks.seen_T):
            if place == 2:
                asked = clip, knobs
            elif knobs.get("spoiled") == "both":  # frame 3 supports as it is shown, and so does every other
                asked = clip, knobs | {"spoiled": "supports"}
            else:
                asked = as_shown, knobs | {"spoil": "none"}
            alone = run(engine, asked[0], outputs=[stage], t=place + 1, **asked[1])[stage]
            assert alone.label_N == seen.label_N, (name, place)
            for one, other in ((alone.box_N4, seen.box_N4), (alone.score_N, seen.score_N)):
                assert torch.allclose(one, other, atol=1e-4)


def plain_prompts_through(trace, stpn, t, where, supports_of):
    """Prompts of every frame, each support spoilt, encoded and looked at by itself. supports_of: place → its supports."""
    prepare = tiny.stpn().network.prepare

    def state(i, place):
        frame = trace["frames_THWC"][i]
        spoils = where in ("current", "both") if i == t - 1 else where in ("supports", "both") and i != place
        return torch.from_numpy(degrade(frame[None].numpy(), "noise", 0.9, seed=i)[0]) if spoils else frame

    def made(place):
        pixels = [prepare(state(i, place)[None]).pixels_BCHW for i in supports_of(place)]
        each = [stpn.prompting.support(stpn.detector.tower, one) for one in pixels]
        together = {at: torch.cat([one[at] for one in each])[None] for at in each[0]}
        prompts = stpn.prompting(together).prompts
        return prompts if isinstance(prompts, torch.Tensor) else torch.cat(list(prompts.values()))

    with torch.no_grad():
        return torch.stack([made(place) for place in range(len(trace["frames_THWC"]))])


@pytest.mark.parametrize("where", ["current", "supports", "both"])
@pytest.mark.parametrize("t, S, depth", [(1, 1, "shallow"), (4, 1, "deep"), (4, 0, "shallow"), (6, 3, "shallow")])
def test_frame_t_supports_every_frame_as_it_is_shown(engine, where, t, S, depth):
    trace = run(engine, t=t, stride=S, supports=4, spoil="noise", severity=0.9, spoiled=where, depth=depth)
    stpn, T = net(f"attention/{depth}"), len(CLIP)
    around = {
        "prompt_TLQD": lambda place: eq.support_index(place, T, 4, S),
        "past_TLQD": lambda place: following.past_index(place, 4, S),
    }
    for stage, supports_of in around.items():
        plain = plain_prompts_through(trace, stpn, t, where, supports_of)
        assert (trace[stage] - plain).abs().max() <= 1e-4 * plain.abs().max(), stage


def test_a_spoilt_frame_moves_the_prompts_of_those_it_supports_and_of_no_others(engine):
    clean, spoilt = (run(engine, t=4, supports=2, spoil=one, severity=0.9, spoiled="current") for one in ("none", "noise"))
    for stage, moved in (("prompt_TLQD", {2, 4}), ("past_TLQD", {4, 5})):
        apart_T = (clean[stage] - spoilt[stage]).abs().amax((1, 2, 3)) / clean[stage].abs().amax((1, 2, 3))
        assert {place for place, apart in enumerate(apart_T) if apart > 1e-2} == moved, stage
        assert {place for place, apart in enumerate(apart_T) if apart > 0} == moved, stage


def test_through_the_clip_a_knob_makes_again_what_it_changes(engine):
    through = ["prompted_tracks", "prompted_followed"]
    run(engine, outputs=through)
    ran = set(run(engine, outputs=through, severity=0.35).ran)
    assert {"shown_LPF", "prompt_TLQD", "past_TLQD"} <= ran and not (FEATURES | {"clean_LTPF", "own_LPF"}) & ran
    # another set, or another order, of the supports on the screen is nothing to the past
    for knob, value in {"per": "clip", "shuffled": True}.items():
        ran = set(run(engine, outputs=through, **{knob: value}).ran)
        assert not {"shown_LPF", "clean_LTPF", "past_TLQD", "past_read", "prompted_followed"} & ran, knob


def test_reading_a_long_clip_says_how_far_it_is_and_can_be_stopped(engine):
    clip, told = tiny.clip(T=20, seed=3), []
    for stage in ("prompted_read", "past_read", "baseline_read"):
        with pytest.raises(Cancelled):
            engine.run("stpn", clip, outputs=[stage], progress=lambda *one: told.append(one),
                       cancelled=lambda stage=stage: told[-1:] == [(stage, 0.4)])  # fmt: skip
        assert told[-2:] == [(stage, 0.0), (stage, 0.4)]  # 8 of 20 frames are read, and no more


def test_an_instance_is_seen_once_a_frame_and_the_best_stand_first(engine):
    tracks = run(engine)["prompted_tracks"]
    for numbers, seen in zip(tracks.number_TN, tracks.seen_T, strict=True):
        assert len(set(numbers)) == len(numbers) == len(seen.label_N)
    assert {n for numbers in tracks.number_TN for n in numbers} == set(range(len(tracks.label_I)))
    assert (tracks.score_I.diff() <= 0).all() and len(tracks.score_I) == len(tracks.label_I) > 0
    best = [seen.score_N[numbers.index(0)] for numbers, seen in zip(tracks.number_TN, tracks.seen_T) if 0 in numbers]
    assert tracks.score_I[0] <= torch.stack(best).mean() + 1e-6


@pytest.mark.parametrize("place, K, S, found", [
    (0, 2, 1, (0, 0)), (1, 2, 1, (0, 0)), (4, 2, 1, (2, 3)), (4, 4, 2, (0, 0, 0, 2)), (5, 2, 0, (0, 4)),
    (5, 6, 0, (0, 1, 2, 2, 3, 4)), (0, 4, 0, (0, 0, 0, 0)), (1, 2, 0, (0, 0)),
])  # fmt: skip
def test_supports_of_what_is_followed_lie_before_it(place, K, S, found):
    assert following.past_index(place, K, S) == found


def test_following_looks_at_nothing_that_comes_later_and_begins_at_the_box_that_is_given(engine):
    box = (0.25, 0.25, 0.75, 0.75)
    later = tiny.of_frames(np.concatenate([CLIP.frames_THWC[:4], tiny.clip(3, seed=9).frames_THWC]))
    one, other = (engine.run("stpn", clip, box=box, spoil="none", supports=4) for clip in (CLIP, later))
    for stage in ("prompted_followed", "baseline_followed"):
        here, there = one[stage].box_T4, other[stage].box_T4
        assert here[0].tolist() == list(box) and torch.equal(here[:4], there[:4]) and one[stage].seen_T[0]
    assert torch.allclose(one["past_TLQD"][:4], other["past_TLQD"][:4], atol=1e-4)
    assert not torch.allclose(one["past_TLQD"][5], other["past_TLQD"][5], atol=1e-2)


def test_following_is_that_of_the_evaluation(engine):
    box, stpn, variants = (0.25, 0.25, 0.75, 0.75), net(), tiny.stpn().network
    trace = engine.run("stpn", CLIP, box=box, spoil="none", supports=2)
    pixels, T = variants.prepare(trace["frames_THWC"]).pixels_BCHW, len(CLIP)
    past = torch.tensor([[max(0, t - 2), max(0, t - 1)] for t in range(T)])
    with torch.no_grad():
        support = stpn.prompting.support(stpn.detector.tower, pixels)
        prompts = stpn.prompting({at: one[past] for at, one in support.items()}).prompts
        levels = stpn.detector.levels(stpn.detector.features(pixels, prompts))
        found, first = stpn.detector.find(levels, (24, 48)), {name: one[:1] for name, one in levels.items()}
        template_E = stpn.detector.embeddings(first, [torch.tensor([[12.0, 6, 36, 18]])])[0][0].numpy()
    path = follow([12, 6, 36, 18], template_E, [f.box_N4.numpy() for f in found], [f.embedding_NE.numpy() for f in found])
    made = trace["prompted_followed"]
    assert made.seen_T == tuple(path.seen_T) and any(made.seen_T[1:])
    assert torch.allclose(made.box_T4 * torch.tensor([48.0, 24, 48, 24]), torch.tensor(path.box_T4).float(), atol=1e-2)


def test_without_a_box_the_best_of_the_first_frame_is_followed(engine):
    trace = run(engine)
    best = trace["baseline_tracks"].seen_T[0].box_N4[0]
    assert torch.allclose(torch.tensor(trace["first_box"]), best)
    nothing = following.Read((Found(*(torch.zeros(0, n) for n in (4, 1, 1, 8))),), {}, (24, 48))
    assert following.first_box((), nothing) == (0, 0, 1, 1)


@pytest.mark.parametrize("box", [[0.1], [0.5, 0, 0.4, 1], [0, 0, 1, 2], "0 0 1 1", [0, 0, 1, None], [0, 0, float("nan"), 1]])
def test_a_box_that_is_none_is_refused(engine, box):
    with pytest.raises(BadKnob, match="A box is four numbers from 0 to 1"):
        engine.run("stpn", CLIP, outputs=["first_box"], box=box)


@pytest.mark.parametrize("kind, depth", PROMPTED)
@pytest.mark.parametrize("size", [(24, 48), (21, 38)])
def test_operations_are_those_that_torch_counts(kind, depth, size):
    stpn, K, N = net(f"{kind}/{depth}"), 6, 3
    pixels = torch.zeros(1, 3, *size)

    def counted(compute):  # torch counts no kernel that fuses an attention, and which machine has one differs
        with FlopCounterMode(display=False) as counter, sdpa_kernel(SDPBackend.MATH), torch.no_grad():
            value = compute()
        return value, counter.get_total_flops()

    found = spent(stpn, size, K, N)
    features_LBPF, support = counted(lambda: eq.support_features(stpn, pixels))
    given = {at: one_BPF.expand(K, -1, -1)[None] for at, one_BPF in zip(stpn.prompting.places, features_LBPF)}
    made, predictor = counted(lambda: stpn.prompting(given).prompts)
    prompt_LQD = (made if isinstance(made, torch.Tensor) else torch.cat(list(made.values())))[:, :N]
    plain, prompted = (counted(lambda p=p: eq.walk(stpn, pixels, p))[1] for p in (None, prompt_LQD[None]))
    assert (found.support, found.predictor, found.plain, found.prompted) == (support, predictor, plain, prompted)


def test_operations_of_the_trained_towers_stem_are_counted():
    tower, size = SwinTower(small_swin()).eval(), (50, 66)
    with FlopCounterMode(display=False) as counter, torch.no_grad():
        tower.embed(torch.zeros(1, 3, *size))
    assert tower.entry_flops(0, size, 0) == counter.get_total_flops()


def test_a_prompt_is_copied_into_every_window(engine):
    cost = run(engine, prompts=3)["cost"]
    assert cost.prompts == 3 and cost.patches == (72, 72, 18, 18) and cost.windows == (6, 6, 2, 2)
    assert cost.copies == (18, 18, 6, 6) and run(engine, prompts=3, depth="deep")["cost"].copies == (0, 0, 6, 6)


# ---- refusals ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("knobs, told", [
    ({"t": 8}, "t (t) is 1 to 7, the frames of the clip, got 8."),
    ({"t": 8, "per": "clip"}, "t (t) is 1 to 7, the frames of the clip, got 8."),
    ({"t": 33}, "t (t) is 1 to 32, got 33."),
    ({"supports": 3}, "K (supports) is an even number from 2 to 30, got 3."),
    ({"supports": 32}, "K (supports) is 2 to 30, got 32."),
    ({"stride": 10}, "S (stride) is 0 to 9, got 10."),
    ({"prompts": 5}, "N (prompts) is 1 to 4 for these weights, got 5."),
    ({"predictor": "none"}, "DVP (predictor) is one of attention, average, mixer, got 'none'."),
    ({"spoil": "rain"}, f"spoil (spoil) is one of none, {', '.join(DEGRADATIONS)}, got 'rain'."),
])  # fmt: skip
def test_a_knob_that_cannot_be_is_refused_with_a_sentence(engine, knobs, told):
    held = len(engine.cache)
    with pytest.raises(BadKnob) as wrong:
        run(engine, **knobs)
    assert str(wrong.value) == told and len(engine.cache) == held


def test_an_odd_number_of_supports_is_refused_whatever_is_asked_for(engine):
    for output in ("support_index_K", "prompted_tracks"):
        with pytest.raises(BadKnob, match="K \\(supports\\) is an even number from 2 to 30, got 5."):
            run(engine, outputs=[output], supports=5)


# ---- memory -----------------------------------------------------------------------------------------------------------


def test_moves_of_knobs_leave_memory_flat():
    engine, rng = tiny.engine(cache_mb=1), np.random.default_rng(0)
    clips = [tiny.clip(T=7, seed=seed) for seed in range(4)]
    shown = ["prompt_attention_NQKP", "change", "to_prompts", "prompted_found", "cosine_prompted_I"]

    def move():
        engine.run("stpn", clips[rng.integers(4)], outputs=shown, t=int(rng.integers(1, 8)),
                   supports=2 * int(rng.integers(1, 16)), stride=int(rng.integers(0, 10)), severity=rng.uniform())  # fmt: skip
        assert 0 < engine.cache.bytes <= engine.cache.budget

    for _ in range(30):
        move()
    before = resident_mb()
    for _ in range(100):
        move()
    assert engine.cache.bytes > 0.8 * engine.cache.budget  # full, and something has been let go again and again
    assert resident_mb() - before < 30
