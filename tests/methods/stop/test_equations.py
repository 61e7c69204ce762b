"""STOP's equations against the same sums in plain loops, and the promises its readings make."""

import math
from dataclasses import replace

import pytest
import torch

from core.errors import BadKnob
from core.methods import stop
from core.methods.stop import equations
from core.methods.stop.clips import Batch, taken_in
from core.methods.stop.equations import Settings
from core.methods.stop.networks import CAP, Filter, Prompter, SpatialPrompter
from core.methods.stop.train import Model, heads_of, keep_scale, mean_read
from core.networks.vision import VisionTower, small_vit
from tests import tiny
from tests.oracle import chance, close

T, P, D = 4, 6, 5
GRID = (2, 3)


# ---- one equation at a time ---------------------------------------------------------------------------------------


def test_m_is_the_mean_square_of_each_patch():
    h = chance(T, P, D)
    close(equations.mean_square(h), [[sum(float(h[i, j, k]) ** 2 for k in range(D)) / D for j in range(P)] for i in range(T)])


def test_a_map_is_scaled_by_the_clips_largest_value_not_the_frames():
    maps = torch.tensor([[1.0, 2.0, 0.0], [4.0, 1.0, 0.0], [0.0, 0.0, 0.0]])
    close(equations.to_clip_scale(maps), maps / 4)
    both = torch.stack([maps, 10 * maps])
    close(equations.to_clip_scale(both), torch.stack([maps / 4, maps / 4]))  # each clip by its own


def test_a_map_of_nothing_stays_nothing():
    assert equations.to_clip_scale(torch.zeros(T, P)).abs().max() == 0
    assert equations.to_clip_scale(torch.full((T, P), 1e-14)).abs().max() == 0  # rounding is not motion


def test_the_score_is_attention_at_one_end_of_alpha_and_dynamics_at_the_other():
    A, M = chance(T, P).abs(), chance(T, P, seed=1).abs()
    assert torch.equal(stop.score_TP(A, M, 1.0), A) and torch.equal(stop.score_TP(A, M, 0.0), M)
    mixed = stop.score_TP(A, M, 0.3)
    close(mixed, [[0.3 * float(A[i, j]) + 0.7 * float(M[i, j]) for j in range(P)] for i in range(T)])


@pytest.mark.parametrize("kept", range(1, P + 1))
def test_a_region_is_the_highest_scores_of_each_frame(kept):
    score = torch.tensor([[0.1, 0.9, 0.9, 0.3, 0.0, 0.9], [0.0] * 6, [0.6, 0.5, 0.4, 0.3, 0.2, 0.1]])
    region = stop.region_TP(score, kept)
    for i in range(len(score)):
        order = sorted(range(P), key=lambda j: (-float(score[i, j]), j))  # among equals the earlier patch
        assert region[i].nonzero().flatten().tolist() == sorted(order[:kept])


def test_a_region_never_holds_more_than_a_frame():
    with pytest.raises(BadKnob, match=r"N_s \(kept\) is 1 to 6, the patches of a frame, got 7\."):
        stop.region_TP(chance(T, P), P + 1)


def test_prompts_are_added_to_kept_patches_and_leave_the_others_as_they_were():
    h, prompt, region = chance(T, P, D), chance(T, P, D, seed=1), chance(T, P, seed=2) > 0
    made = equations.add_prompts(h, prompt, region)
    for i in range(T):
        for j in range(P):
            assert torch.equal(made[i, j], h[i, j] + prompt[i, j] if region[i, j] else h[i, j])
    assert torch.equal(stop.prompted_TPD(h, prompt, region, True), made)
    assert torch.equal(stop.prompted_TPD(h, prompt, region, False), h)


def test_a_difference_is_a_frame_less_the_one_before():
    h = chance(T, P, D)
    made = equations.differences(h)
    assert made.shape == (T - 1, P, D)
    assert all(torch.equal(made[i], h[i + 1] - h[i]) for i in range(T - 1))
    assert torch.equal(equations.differences(chance(2, T, P, D))[1], equations.differences(chance(2, T, P, D)[1]))


@pytest.mark.parametrize("beta", [0.0, 1.0, 3.5])
def test_change_weighs_the_patches_kept_in_the_later_frame(beta):
    x, region = chance(T - 1, P, D), chance(T, P, seed=1) > 0
    made = []
    for i in range(T - 1):
        total = 0.0
        for j in range(P):
            weight = 1 + beta * bool(region[i + 1, j])
            total += weight * sum(float(x[i, j, k]) ** 2 for k in range(D))
        made.append(total / (P * D))
    close(equations.weighted_change(x, region, beta), made, 1e-5)


def test_counts_are_exact_ceilings_between_nothing_and_the_cap():
    change = torch.tensor([0.0, 0.5, 0.51, 0.25, 1.0, 2.0, 2.1, 1e9, 0.001, 0.002])
    assert equations.counts(change, 4.0).tolist() == [0, 2, 3, 1, 4, 8, 8, 8, 0, 1]  # 0.004 of a prompt is none, 0.008 is one
    assert equations.counts(change, 0.0).tolist() == [0] * 10
    tenths = torch.arange(0, 21) / 10  # 32-bit tenths: their products with η lie a bit above or below the whole number
    for eta in (0.1, 0.3, 0.7, 1.0, 2.5, 3.0, 5.0, 10.0):
        exact = [min(CAP, math.ceil(round(eta * 10) * i / 100)) for i in range(21)]
        assert equations.counts(tenths, eta).tolist() == exact


def test_a_count_may_be_switched_off():
    assert stop.prompt_count_G(torch.tensor([0.3, 0.0, 5.0]), 4.0, True) == (2, 0, 8)
    assert stop.prompt_count_G(torch.tensor([0.3, 0.0, 5.0]), 4.0, False) == (0, 0, 0)


def test_the_sequence_stands_in_the_order_of_figure_2():
    prefix, frames, prompts = chance(2, D), chance(3, P, D, seed=1), chance(2, CAP, D, seed=2)
    sequence = equations.interleave(prefix, frames, prompts, (3, 0))
    expected = [*prefix, *frames[0], *prompts[0][:3], *frames[1], *frames[2]]
    assert torch.equal(sequence, torch.stack(expected))
    with pytest.raises(ValueError):
        equations.interleave(prefix, frames, prompts, (3,))


@pytest.mark.parametrize("count", [(0, 0, 0), (8, 8, 8), (3, 0, 5)])
def test_a_sequence_comes_apart_as_it_was_put_together(count):
    prefix, frames, prompts = chance(3, D), chance(T, P, D, seed=1), chance(T - 1, CAP, D, seed=2)
    back = equations.split(equations.interleave(prefix, frames, prompts, count), count, 3, P)
    assert torch.equal(back[0], prefix) and torch.equal(back[1], frames)
    assert all(torch.equal(part, prompts[i][: count[i]]) for i, part in enumerate(back[2]))


def test_a_filter_starts_as_a_difference_in_time_and_repeats_the_end_frames():
    h = chance(1, T, P, D)
    made = Filter(D, (-0.5, 0.0, 0.5))(h, GRID)
    for i in range(T):
        before, after = h[0, max(i - 1, 0)], h[0, min(i + 1, T - 1)]
        close(made[0, i].detach(), (after - before) / 2)
    close(Filter(D, (0.0, 1.0, 0.0))(h, GRID).detach(), h)


def test_a_trained_filter_is_a_depth_wise_convolution_over_time_and_place():
    h, one = chance(1, T, P, D), Filter(D, (0.0, 0.0, 0.0))
    weight = one.conv.weight.data = chance(D, 1, 3, 3, 3, seed=1)
    made, (rows, columns) = one(h, GRID).detach(), GRID
    for t in range(T):
        for r in range(rows):
            for c in range(columns):
                for k in range(D):
                    total = 0.0
                    for dt in range(3):
                        for dr in range(3):
                            for dc in range(3):
                                row, column = r + dr - 1, c + dc - 1
                                if 0 <= row < rows and 0 <= column < columns:
                                    frame = min(max(t + dt - 1, 0), T - 1)
                                    total += float(weight[k, 0, dt, dr, dc] * h[0, frame, row * columns + column, k])
                    assert math.isclose(float(made[0, t, r * columns + c, k]), total, abs_tol=1e-4)


# ---- the frozen tower ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("registers", [0, 2])
@torch.no_grad()
def test_attention_is_a_softmax_over_the_patches_of_one_frame(registers):
    vision = tiny.towers(registers=registers).network.vision
    R = vision.prefix
    assert R == 1 + registers and vision.grid == (2, 3)
    tokens = chance(2, R + P, vision.width)
    for layer, block in enumerate(vision.vit.blocks):
        found = vision.attention(layer, tokens)
        qkv = block.attn.qkv(block.norm1(tokens))
        N, d = block.attn.num_heads, vision.width // block.attn.num_heads
        for b in range(2):
            mean = [0.0] * P
            for n in range(N):
                query = qkv[b, 0, n * d : (n + 1) * d]
                keys = [qkv[b, R + j, vision.width + n * d : vision.width + (n + 1) * d] for j in range(P)]
                power = [math.exp(float(query @ key) / math.sqrt(d)) for key in keys]
                mean = [mean[j] + power[j] / sum(power) / N for j in range(P)]
            close(found[b], mean, 1e-5)
            assert math.isclose(float(found[b].sum()), 1, abs_tol=1e-5)


@torch.no_grad()
def test_attention_of_every_block_is_read_along_the_plain_forward_pass():
    vision = tiny.towers().network.vision
    x = vision.embed(vision.pixels(torch.from_numpy(tiny.clip(3).frames_THWC)))
    found = vision.attentions(x)
    for layer in range(vision.depth):
        close(found[layer], vision.attention(layer, x), 1e-5)
        x = vision.vit.blocks[layer](x)


def test_the_frozen_pass_goes_no_further_than_the_layer_asks_and_goes_on_where_it_ended():
    loaded, seen = tiny.towers(), []
    vision = loaded.network.vision
    for number, block in enumerate(vision.vit.blocks):
        block.register_forward_hook(lambda *_, number=number: seen.append(number))
    one = tiny.engine(loaded)
    for layer, blocks in ((1, []), (3, [0, 1]), (2, []), (3, [])):  # the block that A is read from is not run itself
        seen.clear()
        trace = one.run("stop", tiny.clip(3), outputs=["attention_TP", "tokens_TSD"], layer=layer)
        assert seen == blocks and len(trace["attention_LTP"]) == layer
        whole = vision.attentions(trace["tokens_TSD"])[layer - 1]
        close(trace["attention_TP"], whole / whole.max(), 1e-5)


@pytest.mark.parametrize("shape", [{}, {"registers": 2}, {"init_values": 0.5}, {"qk_norm": True}, {"patch": 8}])
@torch.no_grad()
def test_the_last_block_for_cls_alone_is_its_row_of_the_whole_block(shape):
    vision = tiny.towers(**shape).network.vision
    tokens = chance(2, 17, vision.width)
    seen = torch.rand(2, 17, generator=torch.Generator().manual_seed(1)) > 0.3
    seen[:, 0] = True
    for mask in (None, seen):
        whole = vision.blocks(tokens, mask, vision.depth - 1)
        close(vision.last_block(tokens, mask), whole[:, :1], 1e-5)
    assert vision.last_block(tokens).shape == (2, 1, vision.width)


@torch.no_grad()
def test_the_feature_of_single_frames_is_timms_own():
    for shape in ({}, {"registers": 2}):
        vision = tiny.towers(**shape).network.vision
        pixels = vision.pixels(torch.from_numpy(tiny.clip(2).frames_THWC))
        close(vision.encode(vision.embed(pixels)), torch.nn.functional.normalize(vision.vit(pixels), dim=-1), 1e-5)


# ---- still clips --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("depth", ["first", "all"])
def test_a_still_clip_has_no_dynamics_no_change_and_no_prompts(depth):
    trace = tiny.engine().run("stop", tiny.still(), depth=depth, eta=12.0, beta=4.0)
    assert trace["dynamics_TP"].abs().max() == 0
    assert trace["change_G"].abs().max() == 0
    assert trace["prompt_count_G"] == (0, 0, 0, 0)


def test_the_ends_of_a_still_clip_do_not_stand_out():
    trace = tiny.engine().run("stop", tiny.still())
    for stage in ("attention_TP", "dynamics_TP", "score_TP", "region_TP", "spatial_prompt_TPD", "prompted_TPD"):
        assert all(torch.equal(frame, trace[stage][0]) for frame in trace[stage]), stage


# ---- training and the page run the same lines -----------------------------------------------------------------------


def model_on(loaded, depth):
    """The trained model's lines around the prompters of an engine."""
    one = tiny.engine(loaded)
    held = one.network("stop_first" if depth == "first" else "stop_all").network
    model = Model(loaded.network, "full", len(held))
    model.prompters = held
    return one, model.eval()


def batch_of(vision, *clips):
    nothing = torch.zeros(len(clips), dtype=torch.long)
    tokens, attention = zip(*(taken_in(vision, clip.frames_THWC) for clip in clips), strict=True)
    return Batch(torch.stack(tokens), torch.stack(attention), nothing, nothing)


@pytest.mark.parametrize("depth", ["first", "all"])
@pytest.mark.parametrize("knobs", [
    {}, {"alpha": 1.0, "kept": 2, "eta": 1.3}, {"alpha": 0.0, "beta": 4.0, "eta": 12.0}, {"eta": 0.0},
])  # fmt: skip
@torch.no_grad()
def test_training_sees_the_video_feature_that_the_page_shows(depth, knobs):
    loaded = tiny.towers(registers=1)
    engine, model = model_on(loaded, depth)
    clips = [tiny.clip(5, 1), tiny.still(5), half_still()]
    knobs = {"kept": 3} | knobs
    settings = replace(model.settings(), **knobs)
    features, made = model(batch_of(model.vision, *clips), settings)
    for i, clip in enumerate(clips):
        trace = engine.run("stop", clip, depth=depth, **knobs)
        close(features[i], trace["video_E"], 2e-5)
        assert tuple(made[0].count_BG[i].tolist()) == trace["prompt_count_G"]
        assert torch.equal(made[0].region_BTP[i], trace["region_TP"])
        close(made[0].change_BG[i], trace["change_G"], 1e-5)
        close(made[0].prompted_BTPD[i], trace["prompted_TPD"], 1e-5)


def half_still():
    """Two gaps without change, then two with: counts differ from gap to gap."""
    return tiny.of_frames(torch.cat([torch.from_numpy(tiny.still(3).frames_THWC),
                                     torch.from_numpy(tiny.clip(2, 7).frames_THWC)]).numpy())  # fmt: skip


@pytest.mark.parametrize("depth", ["first", "all"])
@torch.no_grad()
def test_a_clip_is_the_same_whoever_shares_its_batch(depth):
    loaded = tiny.towers()
    _, model = model_on(loaded, depth)
    own = half_still()

    def feature(*others):
        features, made = model(batch_of(model.vision, own, *others), model.settings(kept=3))
        return features[0], made[0].change_BG[0], made[0].count_BG[0]

    alone = feature()
    for others in ([tiny.clip(5, 1)], [tiny.still(5, 2), tiny.clip(5, 3)]):
        for one, same in zip(feature(*others), alone):
            close(one, same, 1e-5)


def test_empty_places_of_a_gap_are_seen_by_nobody():
    loaded = tiny.towers()
    _, model = model_on(loaded, "first")
    with torch.no_grad():
        _, made = model(batch_of(model.vision, half_still()), model.settings(kept=3))
        tokens, seen = equations.padded(torch.zeros(1, 1, loaded.network.vision.width), made[0])
    places = int(made[0].count_BG.max())  # of the fullest gap: more would be work for nothing
    assert 0 < places and int(made[0].count_BG.min()) < places
    assert seen.shape == tokens.shape[:2] == (1, 1 + 5 * P + 4 * places)
    assert int(seen.sum()) == 1 + 5 * P + int(made[0].count_BG.sum())
    assert seen[0, -4 * places :].view(4, places).sum(-1).tolist() == made[0].count_BG[0].tolist()


@torch.no_grad()
def test_prompts_of_zeros_are_seen_by_nobody_in_training_and_on_the_page():
    loaded = tiny.towers()
    engine, model = model_on(loaded, "first")
    for one in model.prompters:
        one.silence()
    features, made = model(batch_of(model.vision, tiny.clip(5, 1)), model.settings(kept=3))
    assert int(made[0].count_BG.min()) > 0 and not made[0].temporal_BGQD.any()
    close(features[0], engine.run("stop", tiny.clip(5, 1), kept=3)["video_E"], 1e-5)


# ---- gradients through what is hard -----------------------------------------------------------------------------------


def test_straight_through_has_the_hard_value_and_the_soft_gradient():
    x = torch.tensor([-1.0, 0.3, 2.0], requires_grad=True)
    hard = (x > 0).float()
    made = equations.straight_through(hard, torch.sigmoid(x))
    assert torch.equal(made, hard)
    made.sum().backward()
    close(x.grad, [math.exp(-v) / (1 + math.exp(-v)) ** 2 for v in (-1.0, 0.3, 2.0)])


def prompted_layer(prompter):
    h = chance(2, T, P, 32)
    attention = chance(2, T, P, seed=1).softmax(-1)
    settings = Settings(alpha=0.5, kept=2, beta=1.0, eta=4.0)
    return h, attention, equations.prompt_layer(h, attention, prompter, GRID, settings)


def test_values_of_a_prompted_layer_are_the_hard_ones_while_gradients_flow():
    prompter = Prompter(32)
    h, attention, made = prompted_layer(prompter)
    with torch.no_grad():
        for b in range(2):
            M = equations.to_clip_scale(equations.mean_square(prompter.dynamics_filter(h[b : b + 1], GRID)[0]))
            region = stop.region_TP(stop.score_TP(equations.to_clip_scale(attention[b]), M, 0.5), 2)
            assert torch.equal(made.region_BTP[b], region)
            prompted = equations.add_prompts(h[b], prompter.spatial(h[b : b + 1], GRID)[0], region)
            close(made.prompted_BTPD[b].detach(), prompted)
            gap = equations.differences(prompted)[None]
            change = equations.weighted_change(prompter.gap_filter(gap, GRID)[0], region, 1.0)
            close(made.change_BG[b].detach(), change)
            count = equations.counts(change, 4.0)
            assert made.count_BG[b].tolist() == count.tolist()
            prompts = prompter.temporal(gap, GRID)[0]
            for g in range(T - 1):
                close(made.temporal_BGQD[b, g, : count[g]].detach(), prompts[g, : count[g]])
                assert made.temporal_BGQD[b, g, count[g] :].abs().sum() == 0


WRITERS = {"spatial.mlp.2.weight", "spatial.mlp.2.bias", "temporal.value.weight", "temporal.value.bias"}
FILTERS = {"dynamics_filter.conv.weight", "gap_filter.conv.weight"}


def reached(prompter):
    return {name for name, one in prompter.named_parameters() if one.grad is not None and one.grad.abs().max() > 0}


def test_the_tower_teaches_what_is_written_and_the_filters():
    prompter = Prompter(32)
    prompter.change_scale.fill_(4.0)
    _, _, made = prompted_layer(prompter)
    assert 0 < int(made.count_BG.min()) and int(made.count_BG.max()) < CAP
    (made.prompted_BTPD * chance(2, T, P, 32, seed=2)).sum().backward(retain_graph=True)
    assert "dynamics_filter.conv.weight" in reached(prompter)  # through r, which is hard
    (made.temporal_BGQD * chance(2, T - 1, CAP, 32, seed=3)).sum().backward(retain_graph=True)
    assert reached(prompter) == WRITERS | FILTERS  # 𝒩^t through N^t, which is hard


@torch.no_grad()
def test_a_spatial_prompt_is_at_most_half_as_long_as_its_token():
    prompter, tokens = SpatialPrompter(D, 4, 0.0), chance(1, T, P, D)
    tokens[0, 1, 2] = 0
    free = prompter.mlp[2](prompter.read(tokens, GRID))
    for factor in (1e-3, 1e3):
        prompter.mlp[2].weight.mul_(factor)
        made = prompter(tokens, GRID)
        for t in range(T):
            for p in range(P):
                want = free[0, t, p] * factor
                most = tokens[0, t, p].norm() / 2
                close(made[0, t, p], want if want.norm() <= most else want / want.norm() * most)
        prompter.mlp[2].weight.div_(factor)


@pytest.mark.parametrize(("variant", "layers"), [("full", 1), ("full", 3), ("spatial", 1), ("temporal", 1)])
def test_a_head_for_every_layer_teaches_what_the_prompters_in_use_read(variant, layers):
    model = Model(tiny.towers().network, variant, layers)
    _, made = model(batch_of(model.vision, tiny.clip(5, 1), tiny.clip(5, 2)), model.settings(kept=2))
    heads = heads_of(model)
    assert len(heads) == layers
    sum(head(mean_read(layer, model)).sum() for head, layer in zip(heads, made, strict=True)).backward()
    for prompter in model.prompters:
        used = {"spatial", "temporal"} if variant == "full" else {variant}
        names = {name for name, _ in prompter.named_parameters() if name.split(".")[0] in used}
        assert reached(prompter) == names - WRITERS


@pytest.mark.parametrize("depth", ["first", "all"])
def test_the_video_feature_teaches_both_filters_at_every_prompted_layer(depth):
    loaded = tiny.towers()
    torch.manual_seed(0)  # prompters begin by chance, and some begin where every count is the cap
    model = Model(loaded.network, "full", 1 if depth == "first" else 3)
    batch, settings = batch_of(model.vision, tiny.clip(5, 1), tiny.clip(5, 2)), model.settings(kept=2)
    for prompter, layer in zip(model.prompters, model(batch, settings)[1]):
        keep_scale(prompter, layer, batch, 0)  # as in training: far from this scale every count is the cap, and flat
    features, _ = model(batch, settings)
    (features * chance(2, 10)).sum().backward()
    for prompter in model.prompters:
        for one in (prompter.dynamics_filter, prompter.gap_filter):
            assert one.conv.weight.grad.abs().max() > 0
    assert all(one.grad is None for one in loaded.network.parameters())  # the towers stay frozen


def test_equal_changes_get_equal_prompts_at_the_ends_of_a_clip_too():
    prompter = Prompter(32)
    gap = chance(1, 1, P, 32).expand(1, 4, P, 32)
    prompts = prompter.temporal(gap, GRID)[0].detach()
    for g in range(1, 4):
        close(prompts[g], prompts[0], within=1e-5)


def test_a_token_of_the_small_vit_changes_only_with_its_own_patch():
    torch.manual_seed(0)
    tower = VisionTower(small_vit(size=(64, 96), patch=16, width=64, depth=1, features=8)).eval()
    pixels = chance(1, 3, 64, 96)
    touched = pixels.clone()
    touched[:, :, 16:32, 32:48] += 1  # row 1, column 2 of 4 × 6 patches
    moved = (tower.embed(touched) - tower.embed(pixels))[0, tower.prefix :].abs().amax(-1)
    assert moved[8] > 0 and moved[torch.arange(24) != 8].max() == 0
