"""Facts about the prompted CvT against a plain reading of the paper and of the public checkpoints: their tensors by name,
attention in loops over tokens. Files of both public layouts are written here, tensor by tensor."""

import math

import pytest
import torch
import torch.nn.functional as F
from safetensors.torch import save_file
from torch import nn

from core.errors import BadKnob, BadWeights
from core.methods.stpn.networks import Prompting
from core.networks.cvt import Attention, Block, Cvt, CvtShape, CvtTower
from core.networks.cvt_weights import load_cvt
from core.networks.detector import Detector, DetectorShape
from core.networks.weights import sha256
from tests.oracle import chance, close

SHAPE = CvtShape(widths=(8, 12, 16), depths=(1, 2, 2), heads=(1, 3, 2), classes=5)
ODD = (38, 29)  # pixels → maps of 9 × 7, 5 × 4, 3 × 2
GRIDS = [(9, 7), (5, 4), (3, 2)]


def near(a, b, within=2e-5):
    close(a, b, within)


def layout(shape=SHAPE):
    """{name: size} of the original release's checkpoints, BatchNorms' counters included."""
    sizes, below = {}, 3
    for i, (D, depth) in enumerate(zip(shape.widths, shape.depths)):
        kernel = (7, 3, 3)[i]
        sizes |= {f"stage{i}.patch_embed.proj.weight": (D, below, kernel, kernel), f"stage{i}.patch_embed.proj.bias": (D,)}
        sizes |= {f"stage{i}.patch_embed.norm.{one}": (D,) for one in ("weight", "bias")}
        for j in range(depth):
            block = f"stage{i}.blocks.{j}"
            for part in "qkv":
                sizes[f"{block}.attn.conv_proj_{part}.conv.weight"] = (D, 1, 3, 3)
                for one in ("weight", "bias", "running_mean", "running_var"):
                    sizes[f"{block}.attn.conv_proj_{part}.bn.{one}"] = (D,)
                sizes[f"{block}.attn.conv_proj_{part}.bn.num_batches_tracked"] = ()
            linear = {f"attn.proj{one}": (D, D) for one in ("", "_q", "_k", "_v")}
            for name, (rows, columns) in (linear | {"mlp.fc1": (4 * D, D), "mlp.fc2": (D, 4 * D)}).items():
                sizes |= {f"{block}.{name}.weight": (rows, columns), f"{block}.{name}.bias": (rows,)}
            sizes |= {f"{block}.norm{n}.{one}": (D,) for n in (1, 2) for one in ("weight", "bias")}
        below = D
    sizes["stage2.cls_token"] = (1, 1, below)
    sizes |= {"norm.weight": (below,), "norm.bias": (below,)}
    return sizes | {"head.weight": (shape.classes, below), "head.bias": (shape.classes,)}


def seeded(shape=SHAPE):
    """Tensors of that layout, of size one or so everywhere, so that nothing hides; variances are positive."""
    made = {}
    for i, (name, size) in enumerate(layout(shape).items()):
        if not size:
            made[name] = torch.tensor(7)  # a counter
            continue
        x = chance(*size, seed=i)
        if len(size) > 1:
            made[name] = x * x[0].numel() ** -0.5
        else:
            made[name] = x.abs() + 0.5 if name.endswith("running_var") else x * 0.5
    return made


def tower_of(tensors, shape=SHAPE):
    tower = CvtTower(Cvt(shape))
    tower.cvt.load_state_dict(tensors)
    for i, weight in enumerate([*tower.norms.parameters(), *tower.between.parameters()]):
        weight.data = chance(*weight.shape, seed=900 + i) * 0.5
    return tower.eval()


@pytest.fixture(scope="module")
def tensors():
    return seeded()


@pytest.fixture(scope="module")
def tower(tensors):
    return tower_of(tensors)


# ---- the same sums, plainly -----------------------------------------------------------------------------------------


def norm(w, name, rows):
    """LayerNorm of rows [S, D]."""
    mean, var = rows.mean(-1, keepdim=True), rows.var(-1, unbiased=False, keepdim=True)
    return (rows - mean) / (var + 1e-5).sqrt() * w[f"{name}.weight"] + w[f"{name}.bias"]


def linear(w, name, rows):
    return rows @ w[f"{name}.weight"].T + w[f"{name}.bias"]


def convolved(w, name, patches, grid, stride):
    """Every place's 3×3 neighbours, channel by channel, then BatchNorm as it was learned: rows of the smaller map."""
    (h, w_), rows = grid, []
    scale = w[f"{name}.bn.weight"] / (w[f"{name}.bn.running_var"] + 1e-5).sqrt()
    for r in range(0, h, stride):
        for c in range(0, w_, stride):
            total = torch.zeros(patches.shape[1])
            for a in range(3):
                for b in range(3):
                    y, x = r + a - 1, c + b - 1
                    if 0 <= y < h and 0 <= x < w_:
                        total = total + w[f"{name}.conv.weight"][:, 0, a, b] * patches[y * w_ + x]
            rows.append((total - w[f"{name}.bn.running_mean"]) * scale + w[f"{name}.bn.bias"])
    return torch.stack(rows)


def attended(w, name, front, patches, grid, heads):
    """Attention of [front ; patches], token by token: outputs [S, D] and mean weights [S, R]."""
    D = patches.shape[1]
    d = D // heads
    q, k, v = (
        linear(w, f"{name}.proj_{part}", torch.cat([front, convolved(w, f"{name}.conv_proj_{part}", patches, grid, stride)]))
        for part, stride in (("q", 1), ("k", 2), ("v", 2))
    )
    out, share = torch.zeros(len(q), D), torch.zeros(len(q), len(k))
    for s in range(len(q)):
        for n in range(heads):
            own = slice(n * d, (n + 1) * d)
            power = [math.exp(float(q[s, own] @ k[t, own]) / math.sqrt(D)) for t in range(len(k))]
            for t, one in enumerate(power):
                out[s, own] += one / sum(power) * v[t, own]
                share[s, t] += one / sum(power) / heads
    return linear(w, f"{name}.proj", out), share


def plain(tower, w, pixels, prompts=None, deep=None):
    """One frame: {stage: map}, {place: share [S, R]}, logits. deep = {place: [Q, D]}."""
    x, maps, shares = pixels, {}, {}
    held = None if deep else prompts
    for i, depth in enumerate(SHAPE.depths):
        name, stride, pad = f"stage{i}", (4, 2, 2)[i], (2, 1, 1)[i]
        x = F.conv2d(x[None], w[f"{name}.patch_embed.proj.weight"], w[f"{name}.patch_embed.proj.bias"], stride, pad)[0]
        D, *grid = x.shape
        patches = norm(w, f"{name}.patch_embed.norm", x.flatten(1).T)
        token = w[f"{name}.cls_token"][0] if i == 2 else patches[:0]
        if i and held is not None:
            held = held @ tower.between[i - 1].weight.T + tower.between[i - 1].bias
        for j in range(depth):
            block = f"{name}.blocks.{j}"
            own = (deep or {}).get((i, j), held)
            own = patches[:0] if own is None else own
            rows, first = torch.cat([own, token, patches]), len(own) + len(token)
            normed = norm(w, f"{block}.norm1", rows)
            mixed, shares[i, j] = attended(w, f"{block}.attn", normed[:first], normed[first:], grid, SHAPE.heads[i])
            rows = rows + mixed
            inside = linear(w, f"{block}.mlp.fc1", norm(w, f"{block}.norm2", rows))
            rows = rows + linear(w, f"{block}.mlp.fc2", inside * torch.sigmoid(1.702 * inside))
            held = rows[: len(own)] if held is not None else None
            token, patches = rows[len(own) : first], rows[first:]
        own_norm = {"weight": tower.norms[i].weight, "bias": tower.norms[i].bias}
        maps[i] = norm({f"own.{one}": value for one, value in own_norm.items()}, "own", patches).T.unflatten(1, grid)
        x = patches.T.unflatten(1, grid)
    return maps, shares, linear(w, "head", norm(w, "norm", token))[0]


# ---- attention ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("look", [False, True])
@pytest.mark.parametrize("grid, front", [((3, 5), 3), ((4, 2), 1), ((1, 1), 2), ((2, 3), 0)])
@torch.no_grad()
def test_tokens_in_front_are_read_and_read_around_the_convolutions(tower, tensors, grid, front, look):
    attn, D = tower.cvt.stages[1].blocks[0].attn, 12
    tokens = chance(2, front + grid[0] * grid[1], D)
    made, share = attn(tokens, grid, look)
    for b in range(2):
        out, weights = attended(tensors, "stage1.blocks.0.attn", tokens[b, :front], tokens[b, front:], grid, 3)
        near(made[b], out)
        if look:
            near(share[b], weights)
    assert (share is None) == (not look)


@torch.no_grad()
def test_no_convolution_sees_a_prompt(tower):
    block, grid, seen = tower.cvt.stages[2].blocks[0], (3, 2), []
    hooks = [
        one.register_forward_hook(lambda _, given, out: seen.append((given[0], out)))
        for one in (block.attn.conv_proj_q, block.attn.conv_proj_k, block.attn.conv_proj_v)
    ]
    rest = chance(1, 1 + 6, 16)
    outs = [block(torch.cat([chance(1, 3, 16, seed=seed), rest], 1), grid)[0] for seed in (1, 2)]
    block(rest, grid)
    for hook in hooks:
        hook.remove()
    for part in range(3):
        for given, out in seen[part::3]:
            assert given.shape[2:] == grid
            assert torch.equal(given, seen[part][0]) and torch.equal(out, seen[part][1])
    assert len(seen) == 9 and (outs[0] - outs[1])[:, 3:].abs().max() > 0.01  # patches did read the prompts


def test_prompts_and_patches_of_a_frame_are_dropped_together():
    block = Block(8, 2, 4, 0.5).train()
    torch.manual_seed(0)
    x = chance(16, 2 + 6, 8)
    changed = (block(x, (3, 2))[0] != x).any(-1)
    assert torch.equal(changed[:, :2].any(1), changed[:, 2:].any(1))
    assert 0 < int(changed[:, 0].sum()) < 16


# ---- the tower ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "size, grids", [(ODD, GRIDS), ((24, 40), [(6, 10), (3, 5), (2, 3)]), ((9, 31), [(2, 8), (1, 4), (1, 2)])]
)
@torch.no_grad()
def test_without_prompts_the_tower_is_cvt_at_any_size(tower, tensors, size, grids):
    pixels = chance(2, 3, *size)
    found, logits = tower(pixels), tower.logits(pixels)
    assert [tuple(one.shape[2:]) for one in found.maps.values()] == grids
    for b in range(2):
        maps, _, said = plain(tower, tensors, pixels[b])
        for i in maps:
            near(found.maps[i][b], maps[i])
        near(logits[b], said)
    assert found.prompts == found.looks == {} and tower(pixels, look=True).looks == {}
    assert torch.equal(tower(pixels, {}).maps[2], found.maps[2])  # a mapping without prompts is none at all


@torch.no_grad()
def test_shallow_prompts_go_through_the_whole_tower(tower, tensors):
    pixels, prompts = chance(2, 3, *ODD), chance(2, 3, 8, seed=1)
    found = tower(pixels, prompts, look=True)
    assert [one.shape for one in found.maps.values()] == [(2, D, *grid) for D, grid in zip(SHAPE.widths, GRIDS)]
    assert {at: tuple(p.shape) for at, p in found.prompts.items()} == {at: (2, 3, SHAPE.widths[at[0]]) for at in tower.places}
    said = tower.logits(pixels, prompts)
    for b in range(2):
        maps, shares, logits = plain(tower, tensors, pixels[b], prompts[b])
        near(said[b], logits)
        for i in maps:
            near(found.maps[i][b], maps[i])
        for (i, j), share in shares.items():
            grid, front, look = GRIDS[i], 3 + (i == 2), found.looks[i, j]
            read = [math.ceil(one / 2) for one in grid]
            near(look.to_prompts_BQhw[b], share[front:, :3].T.unflatten(1, grid))
            near(look.to_patches_BQhw[b], share[:3, front:].unflatten(1, read))
    unseen = tower(pixels, prompts)
    assert unseen.looks == {} and set(found.looks) == set(tower.places)
    near(unseen.maps[2], found.maps[2])


@torch.no_grad()
def test_deep_prompts_enter_before_their_block_and_are_removed_right_after(tower, tensors):
    pixels = chance(1, 3, *ODD)
    deep = {(0, 0): chance(1, 1, 8, seed=3), (1, 1): chance(1, 2, 12, seed=1), (2, 0): chance(1, 3, 16, seed=2)}
    found = tower(pixels, deep, look=True)
    maps, shares, _ = plain(tower, tensors, pixels[0], deep={place: p[0] for place, p in deep.items()})
    for i in maps:
        near(found.maps[i][0], maps[i])
    assert set(found.prompts) == set(found.looks) == set(deep)
    near(found.looks[2, 0].to_prompts_BQhw[0].flatten(1), shares[2, 0][4:, :3].T)


@torch.no_grad()
def test_prompts_of_zeros_are_not_none(tower):
    pixels = chance(1, 3, *ODD)
    without, zeros = tower(pixels), tower(pixels, torch.zeros(1, 3, 8))
    for i in without.maps:
        assert (without.maps[i] - zeros.maps[i]).abs().max() > 0.01


@torch.no_grad()
def test_a_frame_is_the_same_whoever_shares_its_batch(tower):
    pixels, prompts = chance(3, 3, *ODD), chance(3, 2, 8, seed=1)
    found, said = tower(pixels, prompts, look=True), tower.logits(pixels, prompts)
    for b in range(3):
        alone = tower(pixels[b : b + 1], prompts[b : b + 1], look=True)
        near(said[b], tower.logits(pixels[b : b + 1], prompts[b : b + 1])[0])
        for i in found.maps:
            near(found.maps[i][b], alone.maps[i][0])
        for place in tower.places:
            near(found.looks[place].to_patches_BQhw[b], alone.looks[place].to_patches_BQhw[0])
    shared = tower(pixels, prompts[:1])
    near(shared.maps[2], tower(pixels, prompts[:1].expand(3, -1, -1)).maps[2])


@torch.no_grad()
def test_nothing_behind_the_last_stage_asked_for_is_computed(tower):
    ran = []
    hooks = [one.register_forward_hook(lambda one, *_: ran.append(one)) for one in tower.modules() if isinstance(one, Block)]
    assert set(tower(chance(1, 3, *ODD), chance(1, 2, 8), stages=(1,)).maps) == {1}
    assert len(ran) == 1 + 2
    assert set(tower.block_inputs(chance(1, 3, *ODD), [(1, 1)])) == {(1, 1)}
    assert len(ran) == 3 + 2
    for hook in hooks:
        hook.remove()


@torch.no_grad()
def test_block_inputs_are_what_the_blocks_receive(tower):
    pixels, seen, hooks = chance(2, 3, *ODD), {}, []
    for i, j in tower.places:
        block = tower.cvt.stages[i].blocks[j]
        hooks.append(block.register_forward_pre_hook(lambda _, given, place=(i, j): seen.update({place: given[0]})))
    tower(pixels)
    received = dict(seen)
    found = tower.block_inputs(pixels, tower.places)
    for hook in hooks:
        hook.remove()
    for i, j in tower.places:
        assert found[i, j].shape[1:] == (*GRIDS[i], SHAPE.widths[i])
        near(found[i, j].flatten(1, 2), received[i, j][:, i == 2 :])


def test_every_parameter_a_prompt_meets_is_taught(tensors):
    tower, prompts = tower_of(tensors), chance(2, 3, 8).requires_grad_()
    sum(one.square().sum() for one in tower(chance(2, 3, *ODD), prompts).maps.values()).backward()
    idle = {name for name, one in tower.named_parameters() if one.grad is None or not one.grad.any()}
    assert prompts.grad.abs().amax(-1).min() > 0
    # the classifier is not asked; a bias of all keys moves no softmax
    assert {name for name in idle if not name.endswith("proj_k.bias")} == {
        f"cvt.{a}.{b}" for a in ("norm", "head") for b in ("weight", "bias")
    }


def test_prompts_that_cannot_enter_are_refused(tower):
    pixels = chance(2, 3, *ODD)
    with pytest.raises(BadKnob, match="stage 1, block 2: the stages have 1, 2, 2 blocks"):
        tower(pixels, {(1, 2): chance(2, 1, 12)})
    with pytest.raises(BadWeights, match="stage 0 are 2 .or 1. sets of at least one prompt, 8 wide each, got .2, 3, 12."):
        tower(pixels, chance(2, 3, 12))
    with pytest.raises(BadKnob, match="is plain, got released"):
        tower(pixels, order="released")


@pytest.mark.parametrize("depth", ["shallow", "deep"])
@torch.no_grad()
def test_a_detector_and_its_prompting_take_it_like_a_swin(tower, depth):
    shape = DetectorShape(widths=SHAPE.widths, channels=8, hidden=16, detections=3, proposals=5, candidates=5, mask=0)
    detector = Detector(tower, shape).eval()
    prompting = Prompting(tower, 3, "average", depth, prompts=2)
    pixels = chance(4, 3, 64, 48)
    support = {place: one[None] for place, one in prompting.support(tower, pixels[:3]).items()}
    maps = detector.features(pixels[3:], prompting(support).prompts)
    assert [tuple(one.shape) for one in maps] == [(1, 8, 16, 12), (1, 12, 8, 6), (1, 16, 4, 3)]
    assert (maps[2] - detector.features(pixels[3:])[2]).abs().max() > 1e-4
    assert len(detector.heads(maps, (64, 48))) == 1


# ---- public checkpoints ---------------------------------------------------------------------------------------------


def transformers_name(name):
    """The table by which transformers converts the original release, written out."""
    if name.startswith(("norm.", "head.")):
        return name.replace("norm.", "layernorm.").replace("head.", "classifier.")
    stage, rest = name.split(".", 1)
    start = f"cvt.encoder.stages.{stage.removeprefix('stage')}"
    if rest == "cls_token":
        return f"{start}.cls_token"
    if rest.startswith("patch_embed"):
        _, part, one = rest.split(".")
        return f"{start}.embedding.convolution_embeddings.{dict(proj='projection', norm='normalization')[part]}.{one}"
    _, j, rest = rest.split(".", 2)
    long = dict(q="query", k="key", v="value")
    own = {"norm1": "layernorm_before", "norm2": "layernorm_after", "mlp.fc1": "intermediate.dense", "mlp.fc2": "output.dense"}
    own["attn.proj"] = "attention.output.dense"
    for part, whole in long.items():
        own[f"attn.proj_{part}"] = f"attention.attention.projection_{whole}"
        way = f"attention.attention.convolution_projection_{whole}.convolution_projection"
        own |= {f"attn.conv_proj_{part}.conv": f"{way}.convolution", f"attn.conv_proj_{part}.bn": f"{way}.normalization"}
    rest, one = rest.rsplit(".", 1)
    return f"{start}.layers.{j}.{own[rest]}.{one}"


@pytest.mark.parametrize("kind", ["pth", "bin", "safetensors"])
@pytest.mark.parametrize("names", ["original", "transformers"])
@torch.no_grad()
def test_a_public_file_is_used_whole_and_fills_everything_but_ours(tensors, tmp_path, kind, names):
    path = tmp_path / f"cvt.{kind}"
    theirs = {name if names == "original" else transformers_name(name): one for name, one in tensors.items()}
    assert len(theirs) == len(tensors)
    save_file(theirs, path) if kind == "safetensors" else torch.save(theirs, path)
    loaded = load_cvt(path, SHAPE)
    held = loaded.network.state_dict()
    assert {name for name in held if not name.startswith(("norms.", "between."))} == {f"cvt.{name}" for name in tensors}
    for name, one in tensors.items():
        assert torch.equal(held[f"cvt.{name}"], one), name
    torch.manual_seed(5)
    again, pixels, prompts = load_cvt(path, SHAPE).network, chance(1, 3, *ODD), chance(1, 2, 8)
    assert torch.equal(again(pixels, prompts).maps[2], loaded.network(pixels, prompts).maps[2])  # ours are the same again
    assert loaded.digest == sha256(path) and loaded.digest[:8] in loaded.label and "UNTRAINED" in loaded.label
    assert not loaded.network.training and not any(one.requires_grad for one in loaded.network.parameters())


def test_what_is_missing_unexpected_or_misshapen_is_named(tensors, tmp_path):
    path, name = tmp_path / "cvt.pth", "stage1.blocks.1.attn.conv_proj_k.bn.running_var"
    bent = {"head.bias": torch.zeros(6), "stage3.cls_token": torch.zeros(1)}
    torch.save({one: value for one, value in tensors.items() if one != name} | bent, path)
    with pytest.raises(BadWeights) as wrong:
        load_cvt(path, SHAPE)
    for part in ("cvt.pth does not fit", f"1 missing ['{name}']", "1 unexpected ['stage3.cls_token']", "shape ['head.bias']"):
        assert part in str(wrong.value)
    port = {transformers_name(one): value for one, value in tensors.items() if one != name} | {
        "cvt.pooler.weight": torch.ones(1)
    }
    torch.save(port, path)
    with pytest.raises(BadWeights) as wrong:
        load_cvt(path, SHAPE)
    assert f"1 missing ['{name}'], 1 unexpected ['cvt.pooler.weight'], 0 of" in str(wrong.value)


@pytest.mark.parametrize("name", ["cvt.pth", "cvt.safetensors"])
def test_a_file_that_is_none_is_refused(tmp_path, name):
    with pytest.raises(BadWeights, match=name):
        load_cvt(tmp_path / name)
    (tmp_path / name).write_bytes(b"not weights at all")
    with pytest.raises(BadWeights, match=name):
        load_cvt(tmp_path / name)


def test_cvt_13_has_the_public_size():
    """20 M in the release's table; 19.98 M without the biases of q, k and v (shapes only: nothing is computed)."""
    with torch.device("meta"):
        cvt = Cvt(CvtShape())
    sizes = {name: one.numel() for name, one in cvt.named_parameters()}
    assert sum(sizes.values()) == 19_997_480
    biases = sum(size for name, size in sizes.items() if name.endswith((".proj_q.bias", ".proj_k.bias", ".proj_v.bias")))
    assert biases == 12_864 and round((19_997_480 - biases) / 1e6, 2) == 19.98
    assert {name: tuple(one.shape) for name, one in cvt.state_dict().items()} == layout(CvtShape())


def test_the_released_settings_are_the_defaults():
    shape = CvtShape()
    with torch.device("meta"):
        cvt = Cvt(shape)
    for i, stage in enumerate(cvt.stages):
        assert (stage.patch_embed.proj.stride, stage.patch_embed.proj.padding) == (
            (((4, 4), (2, 2))[i > 0]),
            ((2, 2), (1, 1))[i > 0],
        )
        assert len(stage.blocks) == (1, 2, 10)[i]
        for j, block in enumerate(stage.blocks):
            assert block.attn.scale == (64, 192, 384)[i] ** -0.5 and block.attn.heads == (1, 3, 6)[i]
            assert block.drop_path.drop_prob == pytest.approx(0.1 * j / 9 if i == 2 else 0)
    assert all(one.eps == 1e-5 for one in cvt.modules() if isinstance(one, nn.LayerNorm | nn.BatchNorm2d))
    assert isinstance(cvt.stages[0].blocks[0].attn, Attention)
