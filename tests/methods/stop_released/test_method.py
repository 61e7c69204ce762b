"""Facts about the released code's arithmetic, each one measured on the code itself in an audit, and about its weights."""

import numpy as np
import pytest
import torch
from timm.models.vision_transformer import VisionTransformer
from torch import nn

from app.figures.pack import numbers
from app.figures.payload import trace_payload
from core import METHODS, BadWeights
from core.methods.stop_released import equations as eq
from core.methods.stop_released.networks import PROMPTS, Released, Shape, TemporalPrompt, global_and_local, places
from core.methods.stop_released.weights import STAND_IN, chance, fits, load_released, openai_names
from core.networks.convolution import conv3d, conv3d_chain
from core.networks.text import NoText
from core.networks.vision import VisionTower
from core.networks.weights import ClipTowers
from tests import tiny

METHOD = METHODS["stop_released"]
CHECKPOINT = "ckpt.pth.tar"


@pytest.fixture(scope="module")
def trace():
    return tiny.engine().run("stop_released", tiny.clip(T=5))


def parameters(module):
    return sum(one.numel() for one in module.parameters())


def saved(folder, mode="transformer", change=lambda held: held):
    """A checkpoint of the released layout, every tensor of it other than `chance` makes it."""
    network = Released(tiny.SMALL if mode == "transformer" else Shape(**vars(tiny.SMALL) | {"mode": mode}))
    held = {f"module.clip.{name}": one if name.endswith("_ids") else one + 1 for name, one in network.state_dict().items()}
    torch.save({"epoch": 5, "state_dict": change(held)}, folder / CHECKPOINT)
    return held


# ---- the comb: D3, D4, D5, D6 -------------------------------------------------------------------------------------------


def test_the_map_of_a_bright_patch_is_flat_and_pooled_over_patches_it_is_not():
    white = eq.bright_patch(2 * 7 + 5, 7, 224, "cpu")
    code, meant = eq.pool_comb(white, 7)[0], eq.pool_patches(white, 7)[0]
    assert (round(code.min().item(), 4), round(code.max().item(), 4)) == (0.0116, 0.0131)
    assert meant.argmax() == 2 * 7 + 5 and round(meant.max().item(), 2) == 0.50


def test_pooling_is_the_reshape_of_the_code():
    response = torch.randn(3, 224, 224)
    assert torch.allclose(eq.pool_comb(response, 7), response.reshape(3, 32, 7, 32, 7).mean((1, 3)).flatten(1), atol=1e-6)
    assert torch.allclose(eq.pool_patches(response, 7), response.reshape(3, 7, 32, 7, 32).mean((2, 4)).flatten(1), atol=1e-6)


def test_the_mask_is_a_comb_of_seven_pixels_in_every_patch():
    comb = eq.tile(eq.above_rank(torch.randn(4, 49), 6), 7, 224)
    assert torch.equal(comb[:, :-7], comb[:, 7:]) and torch.equal(comb[:, :, :-7], comb[:, :, 7:])
    assert not torch.equal(comb[:, :-1], comb[:, 1:]), "seven pixels, not one"
    share = eq.patch_share(comb, 7)
    assert (share > 0).all() and share.shape == (4, 49)
    assert (share.mean(-1) * 100).round(decimals=2).tolist() == pytest.approx([12.24] * 4)


def test_rank_six_keeps_six_cells_fewer_on_ties_and_none_of_equal_ones():
    assert eq.above_rank(torch.randn(5, 49), 6).sum(-1).tolist() == [6] * 5
    assert eq.above_rank(torch.zeros(1, 49), 6).sum() == 0
    assert eq.above_rank(torch.tensor([[3.0, 2, 2, 2, 1, 0, 0]]), 2).sum() == 1


def test_unselected_pixels_are_prompted_too():
    pixels, prompt, comb = torch.zeros(1, 3, 7, 7), torch.ones(1, 3, 7, 7), torch.zeros(1, 7, 7, dtype=torch.bool)
    comb[0, 2, 5] = True
    made = eq.add_pixel_prompt(pixels, prompt, comb, 0.05)
    assert made[0, :, 2, 5].tolist() == pytest.approx([0.1] * 3) and made[0, :, 0, 0].tolist() == pytest.approx([0.05] * 3)


# ---- weights: D11, D12, D13 ----------------------------------------------------------------------------------------------


def test_the_same_clip_gets_other_weights_and_prompts_beside_another_clip(trace):
    beside = tiny.engine().run("stop_released", tiny.clip(T=5), mate="still", outputs=["weight_T", "prompt_TQD", "alone_T"])
    assert torch.equal(beside["alone_T"], trace["alone_T"])
    assert not torch.allclose(beside["weight_T"], trace["weight_T"], atol=1e-3)
    assert not torch.allclose(beside["prompt_TQD"], trace["prompt_TQD"], atol=1e-6)
    batch = torch.cat([trace["variation_T"], trace["mate_variation_T"]])
    assert torch.allclose(trace["weight_T"], ((batch - batch.min()) / (batch.max() - batch.min()))[:5])


def test_equal_frames_get_weights_from_0_to_1_because_of_the_zeros_around_them(trace):
    still = tiny.engine().run("stop_released", tiny.still(T=8), outputs=["alone_T", "still_T", "still_order"])
    weight_T = still["alone_T"]
    assert weight_T.min() == 0 and weight_T.max() == 1
    assert torch.allclose(weight_T, still["still_T"], atol=1e-4) and still["still_order"] > 0.9
    assert weight_T[3:5].diff().abs().max() < weight_T[:2].diff().abs().max(), "its ends stand out, its middle does not"


def test_a_batch_of_one_frame_has_no_weight(trace):
    assert eq.min_max(torch.tensor([0.3])).isnan().all() and trace["one_frame_is_nan"]


def test_the_cells_of_the_comb_are_read_as_patches():
    change, mask = torch.rand(2, 49, 8), torch.zeros(2, 49, dtype=torch.bool)
    mask[0, 12] = True
    more = eq.signed_change(change, mask) - eq.signed_change(change, torch.zeros_like(mask))
    assert more.tolist() == pytest.approx([change[0, 12].sum().item() / (49 * 8), 0], abs=1e-6)


# ---- prompts and attention: D14, D15, D16 ---------------------------------------------------------------------------------


def test_every_frame_has_four_prompts_and_their_size_alone_is_dynamic(trace):
    assert trace["prompt_count_T"] == (4,) * 5
    ratio = trace["prompt_TQD"] / (0.05 * trace["written_TQD"])
    assert torch.allclose(ratio, (1 + trace["weight_T"])[:, None, None].expand_as(ratio), atol=1e-3)
    assert len(trace["sequence_SD"]) == 4 + 5 * (1 + 4 + 49)


def test_what_is_written_is_the_same_in_every_layer(trace):
    learned_LTQD, _ = tiny.released().network.prompts(5)
    inter_LTQD = trace["prompt_LTQD"] - learned_LTQD
    assert torch.allclose(inter_LTQD, trace["prompt_TQD"].expand_as(inter_LTQD), atol=1e-5)


def test_a_frame_sees_itself_and_the_global_prompts_which_see_everything():
    T, S, d = 3, 5, 8
    query, key, value = torch.randn(3, 1, 2, PROMPTS + T * S, d).unbind(0)
    frame_S = torch.cat([torch.full((PROMPTS,), -1), torch.arange(T).repeat_interleave(S)])
    seen = (frame_S[:, None] == -1) | (frame_S[None] == -1) | (frame_S[:, None] == frame_S[None])
    masked = nn.functional.scaled_dot_product_attention(query, key, value, seen)
    assert torch.allclose(global_and_local(query, key, value, T), masked, atol=1e-5)


def test_prompts_are_overwritten_from_the_second_layer_on():
    visual = tiny.released().network.visual
    sequence_SD, prompt_LTQD = torch.randn(4 + 2 * 54, 64), torch.randn(2, 2, 4, 64)
    plain, other_LTQD = visual.encode(sequence_SD, prompt_LTQD), torch.randn(2, 2, 4, 64)
    assert torch.equal(plain, visual.encode(sequence_SD, torch.stack([other_LTQD[0], prompt_LTQD[1]])))
    assert not torch.allclose(plain, visual.encode(sequence_SD, torch.stack([prompt_LTQD[0], other_LTQD[1]])), atol=1e-4)


def test_a_text_is_read_from_its_start_through_prompts_to_its_end():
    order = places(torch.tensor([3]), 5)[0]  # start, two words, end, padding; then four prompts before and four behind
    assert order.tolist() == [0, 5, 6, 11, 12, 1, 2, 3, 4, 7, 8, 9, 10]
    network = tiny.released().network
    alone, beside = network.text(["a red ball"]), network.text(["a red ball", "a man throws a blue ball far away"])
    assert torch.allclose(alone[0], beside[0], atol=1e-5) and not torch.allclose(beside[0], beside[1], atol=1e-3)


# ---- networks: sizes, layouts, files --------------------------------------------------------------------------------------


def test_a_wide_convolution_is_pytorchs_own():
    torch.manual_seed(0)
    x = torch.randn(3, 5, 9, 12)
    one, two = nn.Conv3d(3, 4, (3, 5, 7), padding=(1, 2, 3)), nn.Conv3d(4, 2, (5, 3, 3), padding=(2, 1, 1))
    assert torch.allclose(conv3d(x, one), one(x[None])[0], atol=1e-5)
    assert torch.allclose(conv3d_chain(x, nn.Sequential(one, nn.PReLU(), two)), two(nn.PReLU()(one(x[None])))[0], atol=1e-5)


def test_the_networks_have_as_many_parameters_as_the_released_ones():
    with torch.device("meta"):
        whole, linear = Released(), Released(Shape(mode="linear"))
        prompter = TemporalPrompt(49, 768)
    clip = 151_277_313  # OpenAI's ViT-B/32
    assert parameters(whole) - clip == 13_081_528 and parameters(linear) - clip == 4_333_752
    pixel = parameters(prompter.Conv) + parameters(prompter.MLP) + parameters(prompter.Cal_Net)
    assert round(pixel / 1e6, 3) == 0.123 and round((parameters(prompter) - pixel) / 1e6, 3) == 2.384
    assert round(parameters(prompter.Attention) / 1e6, 3) == 2.362


KEYS = {
    "visual.TemporalPrompt.Conv.0.weight": (9, 3, 3, 11, 11), "visual.TemporalPrompt.Conv.1.weight": (9, 9, 3, 11, 11),
    "visual.TemporalPrompt.Conv.2.weight": (1,), "visual.TemporalPrompt.Conv.5.weight": (16, 9, 3, 11, 11),
    "visual.TemporalPrompt.MLP.0.weight": (16, 16), "visual.TemporalPrompt.MLP.2.weight": (3, 16),
    "visual.TemporalPrompt.Cal_Net.weight": (1, 3, 5, 11, 11),
    "visual.TemporalPrompt.Attention.in_proj_weight": (2304, 768),
    "visual.TemporalPrompt.InterConv.0.weight": (9, 1, 3, 15, 25),
    "visual.TemporalPrompt.InterConv.2.weight": (1, 9, 3, 15, 25),
    "visual.TemporalPrompt.InterMLP.0.weight": (16, 49), "visual.TemporalPrompt.InterMLP.2.weight": (4, 16),
    "visual.TemporalPrompt.Cal_Net_Inter.weight": (1, 1, 5, 11, 11),
    "visual.prompt_embeddings": (1, 4, 768), "visual.position_ids": (1, 50),
    "visual.transformer.resblocks.11.LoRA.0.weight": (32, 768), "transformer.resblocks.11.LoRA.2.weight": (512, 32),
    "visual.conv1.weight": (768, 3, 32, 32), "visual.proj": (768, 512), "text_projection": (512, 512),
    "token_embedding.weight": (49408, 512), "visual.transformer.resblocks.0.attn.in_proj_weight": (2304, 768),
}  # fmt: skip


@pytest.mark.parametrize("mode, others, own", [
    ("transformer", 19, {"unified_prompt_embedding.weight": (56, 9216), "unified_prompt_mlp.c_fc.weight": (1536, 768),
                         "unified_prompt_mlp.c_proj.weight": (512, 1536), "PromptTransformer.resblocks.0.ln_1.weight": (768,)}),
    ("linear", 7, {"visual_prompt_embedding": (1, 4, 9216), "prefix_text_prompt_proj_layer.weight": (512, 768),
                   "postfix_text_prompt_proj_layer.weight": (512, 768)}),
])  # fmt: skip
def test_the_state_dict_is_the_released_one(mode, others, own):
    with torch.device("meta"):
        held = {name: tuple(one.shape) for name, one in Released(Shape(mode=mode)).state_dict().items()}
    counts = [sum(part in name for name in held) for part in ("TemporalPrompt", "LoRA")]
    assert counts == [33, 120] and len(held) == 302 + 33 + 120 + others
    assert {name: held.get(name) for name in KEYS | own} == KEYS | own


@pytest.mark.parametrize("mode", ["transformer", "linear"])
def test_a_checkpoint_of_the_released_layout_fills_everything(tmp_path, mode):
    held = saved(tmp_path, mode)
    loaded = load_released(tmp_path / CHECKPOINT, None)
    filled = loaded.network.state_dict()
    assert {f"module.clip.{name}" for name in filled} == set(held)
    assert all(torch.equal(one, held[f"module.clip.{name}"]) for name, one in filled.items())
    assert mode in loaded.label and CHECKPOINT in loaded.label and loaded.digest[:8] in loaded.label
    trace = tiny.engine(models={"stop_released": loaded, "clip": tiny.towers()}).run("stop_released", tiny.clip(5), tiny.TEXTS)
    assert all(torch.isfinite(one).all() for one in trace.values.values() if isinstance(one, torch.Tensor))
    assert trace.weights == {"released": loaded.label}


@pytest.mark.parametrize("change, told", [
    (lambda held: {name: one for name, one in held.items() if "Cal_Net.bias" not in name}, "1 missing.*Cal_Net.bias"),
    (lambda held: held | {"module.clip.visual.extra": torch.ones(1)}, "1 unexpected.*visual.extra"),
    (lambda held: {}, "no tensors by name"),
    (lambda held: held | {"module.clip.visual.conv1.weight": nn.Identity()}, "'visual.conv1.weight' is missing"),
    (lambda held: {"module.clip.visual.proj": torch.ones(2, 2)}, "not of the released layout"),
    (lambda held: held | {"module.clip.visual.positional_embedding": torch.ones(17, 64)}, "4 patches in a row"),
])  # fmt: skip
def test_a_checkpoint_that_does_not_fit_is_refused_in_a_sentence(tmp_path, change, told):
    saved(tmp_path, change=change)
    with pytest.raises(BadWeights, match=told):
        load_released(tmp_path / CHECKPOINT, None)


def test_a_file_that_is_not_there_or_damaged_is_told(tmp_path):
    with pytest.raises(BadWeights, match="There is no weights file"):
        load_released(tmp_path / CHECKPOINT, None)
    (tmp_path / CHECKPOINT).write_bytes(b"PK\x03\x04 and nothing more")
    with pytest.raises(BadWeights, match="not a readable weights file: only a part of it"):
        load_released(tmp_path / CHECKPOINT, None)


def test_a_clip_of_the_right_geometry_is_used_and_any_other_is_stood_in_for(monkeypatch):
    built = []
    chance = "core.methods.stop_released.weights.chance"
    monkeypatch.setattr(chance, lambda shape: built.append(shape) or tiny.released().network)
    assert not fits(tiny.towers().network.vision)
    stand_in = load_released(None, tiny.towers())
    assert stand_in.label == STAND_IN and "RANDOM" in STAND_IN and "UNTRAINED" in STAND_IN and built[0].text == 0


def test_a_timm_clip_in_openais_names_is_the_same_network():
    """The frozen parts, without what STOP adds: CLS after the blocks, frame by frame, as the tower itself makes it."""
    torch.manual_seed(0)
    vit = VisionTransformer(
        img_size=28, patch_size=4, embed_dim=64, depth=2, num_heads=1, num_classes=10, pre_norm=True, act_layer="quick_gelu",
        norm_layer=nn.LayerNorm,
    )  # fmt: skip
    nn.init.zeros_(vit.head.bias)
    tower = ClipTowers(VisionTower(vit), NoText()).vision
    network = chance(Shape(patch=4, width=64, depth=2, features=10, text=0, learned=20))
    misfit = network.visual.load_state_dict(openai_names(tower), strict=False)
    assert not misfit.unexpected_keys
    assert all(any(part in name for part in ("TemporalPrompt", "LoRA", "prompt", "_ids")) for name in misfit.missing_keys)
    for block in network.visual.transformer.resblocks:
        del block.LoRA
    pixels = torch.randn(2, 3, 28, 28)
    x = network.visual.embed(pixels)
    assert torch.allclose(x, tower.embed(pixels), atol=1e-5)
    for block in network.visual.transformer.resblocks:
        x = block(x, nn.functional.scaled_dot_product_attention)
    feature = nn.functional.normalize(network.visual.ln_post(x[:, 0]) @ network.visual.proj, dim=-1)
    assert torch.allclose(feature, tower.encode(tower.embed(pixels)), atol=1e-5)


def test_frames_are_cut_square_at_their_centre():
    frames = np.zeros((1, 56, 112, 3), np.uint8)
    frames[:, :, 28:84] = 255
    assert (tiny.released().network.pixels(torch.from_numpy(frames)) > 1).all()


# ---- the page: what comes when, and how it travels --------------------------------------------------------------------------


def test_combs_come_at_once_weights_when_they_are_made_and_texts_where_they_can_be_read():
    soon, later, whole = (METHOD.until(when) for when in ("now", "network", "whole"))
    assert "comb_THW" in soon and "weight_T" not in soon
    assert "weight_T" in later and "similarity_Y" not in later and "similarity_Y" in whole
    assert set(whole) - set(METHOD.until("whole", False)) == {"similarity_Y"}


def test_an_engine_loads_nothing_to_tell_knobs_and_grid(monkeypatch):
    engine = tiny.engine()
    monkeypatch.setattr(engine, "network", lambda name: pytest.fail(f"{name} is loaded"))
    assert engine.settings("stop_released", {})["cells"] == 6 and engine.grid("stop_released") == (7, 7)


def test_a_weight_that_is_no_number_travels_as_null(trace):
    assert numbers([0.5, float("nan"), True, 3]) == [0.5, None, True, 3]
    payload = trace_payload(METHOD, trace, "key", tiny.clip(T=5), {}, (7, 7))
    assert payload["values"]["prompt_count_T"] == [4] * 5 and payload["values"]["one_frame_is_nan"] is True
    assert payload["values"]["comb_THW"]["shape"] == [5, 28, 28] and "sequence_SD" not in payload["values"]


def test_a_selected_cell_counts_twice_in_a_frames_change_and_keeps_its_sign():
    change_TPD, mask_TZ = torch.ones(2, 4, 3), torch.zeros(2, 4, dtype=torch.bool)
    mask_TZ[1, 2] = True
    assert eq.signed_change(change_TPD, mask_TZ).tolist() == [1.0, 1.25]  # four cells, of which one is counted twice
    assert eq.signed_change(-change_TPD, mask_TZ).tolist() == [-1.0, -1.25]
