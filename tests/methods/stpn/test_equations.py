"""STPN's equations against the same sums in plain loops: prompts in Swin's windows, merging, and the three predictors."""

import math

import pytest
import torch
import torch.nn.functional as F
from timm.layers import DropPath
from timm.models.swin_transformer import PatchMerging, SwinTransformer, WindowAttention
from timm.models.vision_transformer import VisionTransformer
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from core.errors import BadKnob, BadWeights
from core.methods.stpn.dvp import PREDICTORS, AttentionPredictor, AveragePredictor, MixerPredictor
from core.networks import swin as prompted
from core.networks.swin import SwinTower
from tests.oracle import chance, close

ODD = (20, 13)  # pixels: 5 × 4 patches once padded, then 3 × 2: neither is a multiple of the window, 4


def near(a, b, within=1e-5):
    close(a, b, within)


def shaken(module, seed=0):
    """The module with weights of size one or so everywhere, biases and norms included, so that nothing hides."""
    for i, weight in enumerate(module.parameters()):
        weight.data = chance(*weight.shape, seed=seed + i) * (0.5 if weight.ndim == 1 else weight.shape[-1] ** -0.5)
    return module.eval()


def small(size=ODD, window=4, depths=(2, 2), widths=8, **rest):
    heads = tuple(2**i for i in range(len(depths)))
    swin = SwinTransformer(
        size, embed_dim=widths, depths=depths, num_heads=heads, window_size=window, num_classes=0, drop_path_rate=0.0,
        always_partition=True, strict_img_size=False, **rest,
    )  # fmt: skip
    return shaken(SwinTower(swin))


# ---- the same sums in plain loops -----------------------------------------------------------------------------------


def attend(attn, rows, bias):
    """softmax(q kᵀ/√d + bias) v of one window for rows [S, D]; bias[n][a][b]. Returns outputs [S, D] and mean weights."""
    S, N, d = len(rows), attn.num_heads, attn.qkv.weight.shape[0] // 3 // attn.num_heads
    qkv = [F.linear(row, attn.qkv.weight, attn.qkv.bias).view(3, N, d) for row in rows]
    out, share = [], torch.zeros(S, S)
    for a in range(S):
        parts = []
        for n in range(N):
            power = [math.exp(float(qkv[a][0, n] @ qkv[b][1, n]) / math.sqrt(d) + bias[n][a][b]) for b in range(S)]
            parts.append(sum(power[b] / sum(power) * qkv[b][2, n] for b in range(S)))
            for b in range(S):
                share[a, b] += power[b] / sum(power) / N
        out.append(F.linear(torch.cat(parts), attn.proj.weight, attn.proj.bias))
    return torch.stack(out), share


def attention_by_hand(attn, prompts, grid, patches, shifted):
    """SW-MSA of one frame, place by place: new prompts [Q, D], new patches [P, D], and both looks [Q, h, w]."""
    (h, w), (rows, columns), Q = grid, attn.window_size, len(prompts)
    H, W = math.ceil(h / rows) * rows, math.ceil(w / columns) * columns
    down, right = (rows // 2, columns // 2) if shifted else (0, 0)
    windows = {}
    for r in range(H):
        for c in range(W):
            moved = (r - down) % H, (c - right) % W  # where the roll takes it
            windows.setdefault((moved[0] // rows, moved[1] // columns), []).append((r, c, *moved))
    new, made = torch.zeros(h * w, patches.shape[1]), []
    to_prompts, to_patches = torch.zeros(Q, h, w), torch.zeros(Q, h, w)
    for places in windows.values():
        inside = [patches[r * w + c] if r < h and c < w else torch.zeros(patches.shape[1]) for r, c, *_ in places]
        bias = [[[0.0] * (Q + len(places)) for _ in range(Q + len(places))] for _ in range(attn.num_heads)]
        for a, (ra, ca, ma, na) in enumerate(places):
            for b, (rb, cb, mb, nb) in enumerate(places):
                table = (ma % rows - mb % rows + rows - 1) * (2 * columns - 1) + na % columns - nb % columns + columns - 1
                apart = (ra < down) != (rb < down) or (ca < right) != (cb < right)
                for n in range(attn.num_heads):
                    bias[n][Q + a][Q + b] = float(attn.relative_position_bias_table[table, n]) - 100 * apart
        out, share = attend(attn, [*prompts, *inside], bias)
        made.append(out[:Q])
        for a, (r, c, *_) in enumerate(places):
            if r < h and c < w:
                new[r * w + c] = out[Q + a]
                to_prompts[:, r, c], to_patches[:, r, c] = share[Q + a, :Q], share[:Q, Q + a] / len(windows)
    return sum(made) / len(made) if Q else prompts, new, to_prompts, to_patches


def block_by_hand(block, prompts, grid, patches, shifted):
    a, b, *looks = attention_by_hand(block.attn, block.norm1(prompts), grid, block.norm1(patches), shifted)
    prompts, patches = prompts + a, patches + b
    return prompts + block.mlp(block.norm2(prompts)), patches + block.mlp(block.norm2(patches)), *looks


def channel_first(merging):
    """Norm and linear map of a timm patch merging with weights that stand channel by channel, as torch's unfold does."""

    def turned(weight):
        """Patches stand (0, 0), (1, 0), (0, 1), (1, 1) in timm's; row by row in unfold."""
        return weight.reshape(-1, 4, merging.dim)[:, [0, 2, 1, 3]].transpose(1, 2).flatten(1)

    norm, reduction = nn.LayerNorm(4 * merging.dim), nn.Linear(4 * merging.dim, merging.out_dim, bias=False)
    norm.weight.data, norm.bias.data = turned(merging.norm.weight)[0], turned(merging.norm.bias)[0]
    reduction.weight.data = turned(merging.reduction.weight)
    return nn.Sequential(norm, reduction)


def merge_by_hand(merging, prompts, grid, patches, order):
    (h, w), D = grid, patches.shape[1]
    new = []
    for r in range(0, h, 2):
        for c in range(0, w, 2):
            four = [(r, c), (r + 1, c), (r, c + 1), (r + 1, c + 1)]
            row = torch.cat([patches[i * w + j] if i < h and j < w else torch.zeros(D) for i, j in four])
            new.append(merging.reduction(merging.norm(row)))
    four = torch.cat([prompts] * 4, 1)
    made = channel_first(merging)(four) if order == "released" else merging.reduction(merging.norm(four))
    return made, (math.ceil(h / 2), math.ceil(w / 2)), torch.stack(new)


def tower_by_hand(tower, pixels, prompts, order="plain", deep=()):
    """{stage: map}, {place: looks} of one frame; deep = {(stage, block): [Q, D]}."""
    stem, none = tower.swin.patch_embed, lambda x: x[:0]
    x = stem.norm(stem.proj(F.pad(pixels, (0, -pixels.shape[2] % 4, 0, -pixels.shape[1] % 4))[None])[0].permute(1, 2, 0))
    grid, patches, maps, looks = x.shape[:2], x.flatten(0, 1), {}, {}
    for i, stage in enumerate(tower.swin.layers):
        if i:
            prompts, grid, patches = merge_by_hand(stage.downsample, prompts, grid, patches, order)
        for j, block in enumerate(stage.blocks):
            own = dict(deep).get((i, j), none(patches)) if deep else prompts
            prompts, patches, *looks[i, j] = block_by_hand(block, own, grid, patches, j % 2 == 1)
            prompts = none(patches) if deep else prompts
        maps[i] = tower.norm(i)(patches).T.unflatten(1, grid)
    return maps, looks


# ---- windows --------------------------------------------------------------------------------------------------------


def test_windows_and_places_are_row_major_and_come_together_again():
    x = chance(2, 6, 6, 3)
    windows = prompted.window_partition(x, (2, 3))
    assert windows.shape == (2, 6, 6, 3)
    for b, v, m in torch.cartesian_prod(torch.arange(2), torch.arange(6), torch.arange(6)).tolist():
        assert torch.equal(windows[b, v, m], x[b, v // 2 * 2 + m // 3, v % 2 * 3 + m % 3])
    assert torch.equal(prompted.window_reverse(windows, (2, 3), (6, 6)), x)


@pytest.mark.parametrize("look", [False, True])
@torch.no_grad()
def test_prompts_attend_in_every_window_and_leave_as_the_mean_of_their_copies(look):
    attn = shaken(WindowAttention(4, num_heads=2, window_size=2))
    B, V, M, Q = 2, 3, 4, 2
    windows, prompts = chance(B, V, M, 4), chance(B, Q, 4, seed=1)
    mask = -100.0 * (chance(V, M, M, seed=2) > 1).float()
    made, new, share = prompted.prompted_window_attention(attn, windows, prompts, mask, look)
    table, index = attn.relative_position_bias_table, attn.relative_position_index
    for b in range(B):
        copies = []
        for v in range(V):
            bias = [[[0.0] * (Q + M) for _ in range(Q + M)] for _ in range(2)]
            for n in range(2):
                for i in range(M):
                    for j in range(M):
                        bias[n][Q + i][Q + j] = float(table[index[i, j], n] + mask[v, i, j])
            out, weights = attend(attn, [*prompts[b], *windows[b, v]], bias)
            near(made[b, v], out[Q:])
            copies.append(out[:Q])
            if look:
                near(share[b, v], weights)
        near(new[b], sum(copies) / V)
    assert (share is None) == (not look)


@pytest.mark.parametrize("grid", [(5, 4), (3, 2), (8, 4), (4, 4)])
@pytest.mark.parametrize("shifted", [False, True])
@torch.no_grad()
def test_a_map_is_padded_then_rolled_then_masked(grid, shifted):
    attn = shaken(WindowAttention(4, num_heads=2, window_size=4))
    prompts, patches = chance(2, 4), chance(grid[0] * grid[1], 4, seed=1)
    made, _ = prompted.shifted_window_attention(attn, torch.cat([prompts, patches])[None], grid, shifted=shifted)
    new, mixed, *_ = attention_by_hand(attn, prompts, grid, patches, shifted)
    near(made[0], torch.cat([new, mixed]))
    plain, _ = prompted.shifted_window_attention(attn, patches[None], grid, shifted=shifted)
    near(plain[0], attention_by_hand(attn, prompts[:0], grid, patches, shifted)[1])


def test_prompts_and_patches_of_a_frame_are_dropped_together():
    block = small().swin.layers[0].blocks[0].train()
    block.drop_path1, block.drop_path2 = DropPath(0.5), DropPath(0.5)
    torch.manual_seed(0)
    x = chance(16, 2 + 20, 8)
    made, _ = prompted.swin_block(block, x, (5, 4), shifted=False)
    changed = (made != x).any(-1)
    assert torch.equal(changed[:, :2].any(1), changed[:, 2:].any(1))
    assert 0 < int(changed[:, 0].sum()) < 16


# ---- merging --------------------------------------------------------------------------------------------------------


@torch.no_grad()
def test_weights_turned_channel_first_merge_patches_as_timms_do():
    merging = shaken(PatchMerging(6))
    x = chance(1, 4, 6, 6)
    unfolded = F.unfold(x.permute(0, 3, 1, 2), 2, stride=2).transpose(1, 2)  # [1, 6, 4·6], index 4c + k
    near(channel_first(merging)(unfolded), merging(x).flatten(1, 2))


@torch.no_grad()
def test_prompts_merge_in_both_orders():
    merging, prompts, patches = shaken(PatchMerging(6)), chance(2, 3, 6), chance(2, 15, 6, seed=1)
    found = {order: prompted.merge(merging, torch.cat([prompts, patches], 1), (5, 3), order) for order in prompted.ORDERS}
    for order, (tokens, grid) in found.items():
        for b in range(2):
            made, after, merged = merge_by_hand(merging, prompts[b], (5, 3), patches[b], order)
            assert grid == after == (3, 2)
            near(tokens[b], torch.cat([made, merged]))
    assert (found["plain"][0] - found["released"][0])[:, :3].abs().max() > 0.1
    assert torch.equal(found["plain"][0][:, 3:], found["released"][0][:, 3:])


def test_a_released_merge_reads_a_prompt_as_unfolded_weights_would():
    p = torch.arange(5.0)
    made = prompted.merge_prompts(p.view(1, 1, 5), "released").flatten()
    for k, block in enumerate((0, 2, 1, 3)):
        for c in range(5):
            assert made[block * 5 + c] == p[(4 * c + k) % 5]
    with pytest.raises(BadKnob, match="one of plain, released, got mmdet"):
        prompted.merge_prompts(p.view(1, 1, 5), "mmdet")


# ---- the tower ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("order", prompted.ORDERS)
@torch.no_grad()
def test_shallow_prompts_go_through_the_whole_tower(order):
    tower, pixels, prompts = small(), chance(2, 3, *ODD), chance(2, 3, 8, seed=1)
    found = tower(pixels, prompts, order=order, look=True)
    assert {i: tuple(one.shape) for i, one in found.maps.items()} == {0: (2, 8, 5, 4), 1: (2, 16, 3, 2)}
    assert {place: tuple(p.shape) for place, p in found.prompts.items()} == {
        (0, 0): (2, 3, 8), (0, 1): (2, 3, 8), (1, 0): (2, 3, 16), (1, 1): (2, 3, 16),
    }  # fmt: skip
    for b in range(2):
        maps, looks = tower_by_hand(tower, pixels[b], prompts[b], order)
        for i in maps:
            near(found.maps[i][b], maps[i], 5e-5)
        for place, (to_prompts, to_patches) in looks.items():
            near(found.looks[place].to_prompts_BQhw[b], to_prompts, 5e-5)
            near(found.looks[place].to_patches_BQhw[b], to_patches, 5e-5)
    unseen = tower(pixels, prompts, order=order)
    assert unseen.looks == {}
    near(unseen.maps[1], found.maps[1])


@torch.no_grad()
def test_deep_prompts_enter_before_their_block_and_are_removed_right_after():
    tower, pixels = small(), chance(1, 3, *ODD)
    deep = {(0, 1): chance(1, 2, 8, seed=1), (1, 0): chance(1, 3, 16, seed=2)}
    found = tower(pixels, deep, look=True)
    maps, looks = tower_by_hand(tower, pixels[0], None, deep={place: p[0] for place, p in deep.items()})
    for i in maps:
        near(found.maps[i][0], maps[i], 5e-5)
    assert set(found.prompts) == set(found.looks) == set(deep)
    for place, seen in found.looks.items():
        near(seen.to_prompts_BQhw[0], looks[place][0], 5e-5)


@pytest.mark.parametrize("size, window, depths", [((64, 64), 4, (2, 2, 2)), ((224, 224), 7, (1, 1, 1, 2))])
@torch.no_grad()
def test_without_prompts_the_tower_is_timms_where_timm_pads_nothing(size, window, depths):
    tower, pixels = small(size, window, depths), chance(2, 3, *size)
    maps = tower(pixels).maps
    last = len(depths) - 1
    near(maps[last], tower.swin.forward_features(pixels).permute(0, 3, 1, 2))
    for i, one in enumerate(tower.swin.forward_intermediates(pixels, intermediates_only=True)[:last]):
        near(maps[i], tower.norms[i](one.permute(0, 2, 3, 1)).permute(0, 3, 1, 2))
    near(tower(pixels, {}).maps[last], maps[last], 0)  # a mapping without prompts is none at all


@torch.no_grad()
def test_block_inputs_are_what_timms_blocks_receive():
    tower, pixels, seen = small((64, 64), 4, (2, 2, 2)), chance(2, 3, 64, 64), {}
    for i, j in tower.places:
        block = tower.swin.layers[i].blocks[j]
        block.register_forward_pre_hook(lambda _, given, place=(i, j): seen.update({place: given[0]}))
    tower.swin.forward_features(pixels)
    found = tower.block_inputs(pixels, tower.places)
    assert set(found) == set(seen) == set(tower.places)
    for place in found:
        near(found[place], seen[place])
    assert set(tower.block_inputs(pixels, [(1, 1)])) == {(1, 1)}


@torch.no_grad()
def test_a_frame_is_the_same_whoever_shares_its_batch():
    tower, pixels, prompts = small(), chance(2, 3, *ODD), chance(2, 3, 8, seed=1)
    deep = {(1, 1): chance(2, 2, 16, seed=2)}
    for given in (prompts, deep, None):
        both = tower(pixels, given).maps
        for b in range(2):
            own = given if given is None else given[b : b + 1] if given is prompts else {(1, 1): deep[1, 1][b : b + 1]}
            alone = tower(pixels[b : b + 1], own).maps
            near(both[0][b], alone[0][0])
            near(both[1][b], alone[1][0])
    shared = tower(pixels, prompts[:1]).maps[1]
    near(shared, tower(pixels, prompts[:1].expand(2, -1, -1)).maps[1])


@torch.no_grad()
def test_prompts_of_zeros_are_not_no_prompts():
    tower, pixels = small(), chance(1, 3, *ODD)
    assert (tower(pixels, torch.zeros(1, 3, 8)).maps[1] - tower(pixels).maps[1]).abs().max() > 0.01


@torch.no_grad()
def test_one_stage_is_computed_without_those_behind_it():
    tower, pixels, prompts = small(), chance(1, 3, *ODD), chance(1, 3, 8)
    whole, first = tower(pixels, prompts), tower(pixels, prompts, stages=[0])
    assert torch.equal(first.maps[0], whole.maps[0]) and set(first.maps) == {0}
    assert set(first.prompts) == {(0, 0), (0, 1)}
    assert set(tower(pixels, prompts, stages=[1]).maps) == {1}


@pytest.mark.parametrize("look", [False, True])
def test_the_maps_teach_the_prompts(look):
    tower, prompts = small(), chance(2, 3, 8).requires_grad_()
    (tower(chance(2, 3, *ODD), prompts, look=look).maps[1] * chance(2, 16, 3, 2, seed=1)).sum().backward()
    assert (prompts.grad.abs().amax((1, 2)) > 0).all()


def test_prompts_that_do_not_fit_are_refused_in_a_sentence():
    tower, pixels = small(), chance(2, 3, *ODD)
    with pytest.raises(BadWeights, match=r"stage 0 are 2 \(or 1\) sets of at least one prompt, 8 wide each, got \(2, 3, 9\)"):
        tower(pixels, chance(2, 3, 9))
    with pytest.raises(BadWeights, match=r"got \(3, 3, 16\)"):
        tower(pixels, {(1, 0): chance(3, 3, 16)})
    with pytest.raises(BadKnob, match="stage 1, block 2: the stages have 2, 2 blocks"):
        tower(pixels, {(1, 2): chance(1, 3, 16)})
    with pytest.raises(BadWeights, match="this is a VisionTransformer"):
        SwinTower(VisionTransformer(32, embed_dim=16, depth=1, num_heads=2))


def test_swin_t_gains_no_parameters_and_few_operations():
    tower = SwinTower(SwinTransformer(num_classes=0, always_partition=True, device="meta")).eval()
    assert sum(one.numel() for one in tower.parameters()) == 27_520_698
    pixels, prompts = torch.empty(1, 3, 224, 224, device="meta"), torch.empty(1, 5, 96, device="meta")

    def operations(*given, **asked):
        with torch.no_grad(), FlopCounterMode(display=False) as counter:
            shapes = [tuple(one.shape) for one in tower(*given, **asked).maps.values()]
        assert shapes == [(1, 96, 56, 56), (1, 192, 28, 28), (1, 384, 14, 14), (1, 768, 7, 7)]
        return counter.get_total_flops()

    plain = operations(pixels, look=True)  # explicit products: a fused kernel would not be counted
    assert round(plain / 1e9, 2) == 8.98
    assert 1 < operations(pixels, prompts, look=True) / plain <= 1.04  # 1.059 if every copy had its own linear maps


# ---- predictors -----------------------------------------------------------------------------------------------------


def made_by(name, features=6, width=8, prompts=3, **rest):
    return shaken(PREDICTORS[name](features, width, prompts, **({"heads": 2} if name == "attention" else {}) | rest))


@torch.no_grad()
def test_the_attention_predictor_asks_every_patch_of_every_support():
    one, support = made_by("attention"), chance(2, 3, 4, 6)
    prompts, attention = one(support, look=True)
    assert attention.shape == (2, 2, 3, 3, 4)
    for b in range(2):
        rows = [one.reduction(support[b, k, p]) for k in range(3) for p in range(4)]
        for q in range(3):
            query, parts = one.fc_embed(one.query[q]), []
            for n in range(2):
                own = slice(4 * n, 4 * n + 4)
                power = [math.exp(float(query[own] @ one.ref_fc_embed(row)[own]) / 2) for row in rows]
                near(attention[b, n, q].flatten(), [x / sum(power) for x in power])
                parts.append(sum(x / sum(power) * one.ref_fc(row)[own] for x, row in zip(power, rows)))
            near(prompts[b, q], one.fc(torch.cat(parts)))


@torch.no_grad()
def test_the_average_predictor_takes_the_strongest_patches_rank_by_rank():
    one, support = made_by("average"), chance(2, 3, 4, 6)
    prompts, attention = one(support, look=True)
    assert attention.shape == (2, 1, 3, 3, 4)
    for b in range(2):
        for q in range(3):
            chosen = [sorted(range(4), key=lambda p: -sum(abs(float(x)) for x in support[b, k, p]))[q] for k in range(3)]
            near(prompts[b, q], one.fc(sum(support[b, k, p] for k, p in enumerate(chosen)) / 3))
            near(attention[b, 0, q], [[(p == chosen[k]) / 3 for p in range(4)] for k in range(3)])


@pytest.mark.parametrize("P", [2, 4, 7])
@torch.no_grad()
def test_the_mixer_takes_cells_by_a_weight_that_mixed_cells_decide(P):
    M, K = 4, 3
    one, support = made_by("mixer", cells=M), chance(2, K, P, 6)
    prompts, attention = one(support, look=True)
    runs = [range(m * P // M, math.ceil((m + 1) * P / M)) for m in range(M)]
    for b in range(2):
        cells, logits = [], []
        for k in range(K):
            x = [sum(one.reduction(support[b, k, p]) for p in run) / len(run) for run in runs]
            normed = torch.stack([one.place_norm(cell) for cell in x])
            mixed = [x[m] + torch.stack([one.places(normed[:, d])[m] for d in range(8)]) for m in range(M)]
            cells += x
            logits += [one.weigh(u + one.channels(one.channel_norm(u))) for u in mixed]
        for q in range(3):
            power = [math.exp(float(x[q])) for x in logits]
            near(prompts[b, q], one.fc(sum(w / sum(power) * cell for w, cell in zip(power, cells))))
            drawn = torch.zeros(K, P)
            for i, w in enumerate(power):
                for p in runs[i % M]:
                    drawn[i // M, p] += w / sum(power) / len(runs[i % M])
            near(attention[b, 0, q], drawn)


@torch.no_grad()
def test_what_the_mixer_draws_is_all_that_its_prompts_take():
    one, support = made_by("mixer", cells=4), chance(2, 3, 7, 6)
    prompts, attention = one(support, look=True)
    near(prompts, one.fc(torch.einsum("bqkp,bkpd->bqd", attention[:, 0], one.reduction(support))))


@pytest.mark.parametrize("name", PREDICTORS)
@torch.no_grad()
def test_predictors_take_any_supports_in_any_order_and_keep_batches_apart(name):
    for K, P in ((1, 5), (4, 3), (30, 12)):
        one, support = made_by(name), chance(2, K, P, 6)
        prompts, attention = one(support, look=True)
        assert prompts.shape == (2, 3, 8) and attention.shape == (2, 2 if name == "attention" else 1, 3, K, P)
        near(attention.sum((3, 4)), torch.ones(attention.shape[:3]))
        near(one(support)[0], prompts)
        assert one(support)[1] is None
        shuffled = torch.randperm(K, generator=torch.Generator().manual_seed(1))
        others, moved = one(support[:, shuffled], look=True)
        near(others, prompts)
        near(moved, attention[:, :, :, shuffled])
        for b in range(2):
            near(one(support[b : b + 1])[0][0], prompts[b])


@pytest.mark.parametrize("name", PREDICTORS)
def test_prompts_teach_every_part_of_their_predictor(name):
    one = made_by(name)
    (one(chance(2, 3, 5, 6))[0] * chance(2, 3, 8, seed=1)).sum().backward()
    assert [part for part, weight in one.named_parameters() if weight.grad is None] == []


def test_predictors_have_the_released_size():
    def size(one):
        return sum(weight.numel() for weight in one.parameters())

    released = AttentionPredictor(768, 96)
    assert size(released) == 111_552 and released.heads == 16 and released.query.shape == (5, 96)
    assert {name.split(".")[0] for name in released.state_dict()} == {
        "query", "reduction", "fc_embed", "ref_fc_embed", "ref_fc", "fc",
    }  # fmt: skip
    assert size(AveragePredictor(768, 96)) == 73_824


def test_what_a_predictor_cannot_do_is_refused_in_a_sentence():
    with pytest.raises(BadKnob, match="a multiple of the heads, 16, got 24"):
        AttentionPredictor(768, 24)
    with pytest.raises(BadKnob, match=r"N \(prompts\) is 1 to 4, the patches of a support frame, got 5"):
        AveragePredictor(6, 8)(chance(1, 2, 4, 6))
    for one in (AttentionPredictor(6, 16), AveragePredictor(6, 8), MixerPredictor(6, 8)):
        with pytest.raises(BadWeights, match="reads support features 6 wide, and these are 7 wide"):
            one(chance(1, 2, 5, 7))
