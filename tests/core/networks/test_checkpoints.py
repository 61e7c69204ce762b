"""Facts about files of weights as others save them: whatever wraps a network, it is found; what a file is that holds none is
said; what no trained network has is refused."""

import re

import open_clip
import pytest
import timm
import torch
from open_clip.model import CLIP, CLIPTextCfg, CLIPVisionCfg
from safetensors.torch import save as serialized

from core import BadWeights, ReaderError
from core.device import pick_device
from core.networks.checkpoints import tensors_of
from core.networks.cvt import Cvt
from core.networks.cvt_weights import load_cvt
from core.networks.schema import described, fields, listed, number, parsed, whole
from core.networks.weights import load_clip
from core.training.loop import Checkpoint
from tests import tiny

ANCHOR = ("head.weight",)


@pytest.mark.parametrize("wrap", [
    lambda held: held,
    lambda held: {f"module.{name}": one for name, one in held.items()},
    lambda held: {f"_orig_mod.module.{name}": one for name, one in held.items()},
    lambda held: {"epoch": 3, "state_dict": {f"model._orig_mod.{name}": one for name, one in held.items()}},
    lambda held: {"model_state_dict": held, "optimizer": {"state": {0: {"exp_avg": torch.ones(2)}}}},
    lambda held: {"checkpoint": {"model": {"state_dict": {f"net.clip.{name}": one for name, one in held.items()}}}},
    lambda held: {"state_dict": {name: one + 1 for name, one in held.items()}, "state_dict_ema": held},
    lambda held: {"state_dict": held | {"loss.weight": torch.ones(3)}, "best": object},
], ids=["bare", "parallel", "compiled", "lightning", "optimizer", "nested", "averaged", "beside"])  # fmt: skip
@pytest.mark.parametrize("zipped", [True, False])
def test_a_network_is_found_whatever_its_training_wrapped_it_in(tmp_path, wrap, zipped):
    held = {"head.weight": torch.randn(3, 2), "norm.bias": torch.randn(2).half()}
    torch.save(wrap(held), tmp_path / "one.ckpt", _use_new_zipfile_serialization=zipped)
    found = tensors_of(tmp_path / "one.ckpt", ANCHOR)
    assert {"head.weight", "norm.bias"} <= found.keys()
    assert all(torch.equal(found[name], one.float()) for name, one in held.items())


def test_a_whole_network_that_was_pickled_is_its_tensors(tmp_path):
    network = torch.nn.Sequential(torch.nn.Linear(2, 3), torch.nn.Sequential(torch.nn.BatchNorm1d(3)))
    torch.save({"model": network}, tmp_path / "whole.pt")
    found = tensors_of(tmp_path / "whole.pt", ("1.0.running_var",))
    assert found.keys() == network.state_dict().keys()
    assert all(torch.equal(found[name], one) for name, one in network.state_dict().items())


def test_a_safetensors_file_of_any_length_is_one(tmp_path):
    """Its first bytes are the length of its description: of 128, 384 … bytes they are those of a pickle."""
    found = set()
    for letters in range(300):
        content = serialized({"one": torch.arange(3.0)}, metadata={"about": "x" * letters})
        (tmp_path / "one.safetensors").write_bytes(content)
        assert torch.equal(tensors_of(tmp_path / "one.safetensors", ("one",))["one"], torch.arange(3.0))
        found.add(content[:2])
    assert b"\x80\x00" in found and b"\x80\x01" in found


def test_two_networks_that_may_be_meant_are_named(tmp_path):
    held = {f"{who}.head.weight": torch.ones(2) for who in ("student", "teacher")}
    torch.save(held, tmp_path / "two.pt")
    with pytest.raises(BadWeights, match="two.pt holds 2 networks that may be meant, under student, teacher: save one."):
        tensors_of(tmp_path / "two.pt", ANCHOR)


def test_a_classifier_of_any_size_or_none_does_not_matter(tmp_path):
    for classes in (101, 0):
        torch.save({"state_dict": timm.create_model("test_vit", num_classes=classes).state_dict()}, tmp_path / "vit.pth")
        assert load_clip(f"timm:test_vit:{tmp_path / 'vit.pth'}").network.vision.vit.num_classes == classes
        held = Cvt(tiny.CVT).state_dict()
        head = {"head.weight": torch.ones(classes, 32), "head.bias": torch.ones(classes)} if classes else {}
        torch.save({name: one for name, one in held.items() if not name.startswith("head.")} | head, tmp_path / "cvt.pth")
        load_cvt(tmp_path / "cvt.pth", tiny.CVT)


@pytest.mark.parametrize("content, told", [
    (b"version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 9\n", "a pointer of Git LFS, not the weights"),
    (b"\n <!DOCTYPE html><html><body>Sign in</body></html>", "a web page (HTML), not weights"),
    (b"<?xml version='1.0'?><Error><Code>AccessDenied</Code></Error>", "a text in XML, not weights"),
    (b'{"error": "Entry not found"}', "a text in JSON, not weights: it begins '{\"error\""),
    (b'{"metadata": {}, "weight_map": {"a": "b"}}', "an index (JSON) of weights that lie in several files"),
    (b"", "it is empty"),
    (b"\x1f\x8b\x08\x00more", "compressed with gzip"),
    (b"no weights", "a text, not weights: it begins 'no weights'"),
    (b"PK\x03\x04 and nothing more", "only a part of it is there"),
    (b"\x00\x01\x02\x03" * 9, "neither safetensors nor one of PyTorch's"),
])  # fmt: skip
@pytest.mark.parametrize("name", ["one.pt", "one.safetensors"])
def test_what_holds_no_weights_is_said_by_what_it_is(tmp_path, content, told, name):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(BadWeights, match=f"^{name} is not a readable weights file: .*{re.escape(told)}"):
        load_clip(tmp_path / name)


@pytest.mark.parametrize("name, value, told", [
    ("blocks.0.mlp.fc1.weight", torch.nan, r"NaN or infinite\) in blocks.0.mlp.fc1.weight"),
    ("norm.bias", -torch.inf, r"NaN or infinite\) in norm.bias"),
    ("pos_embed", 1e30, "numbers up to 1e.30, in pos_embed"),
])  # fmt: skip
def test_numbers_that_no_network_has_are_refused_by_the_tensors_name(tmp_path, name, value, told):
    held = timm.create_model("test_vit").state_dict()
    held[name].flatten()[1] = value
    torch.save(held, tmp_path / "vit.pth")
    with pytest.raises(BadWeights, match=told):
        load_clip(f"timm:test_vit:{tmp_path / 'vit.pth'}")


def small_clip():
    torch.manual_seed(0)
    vision = CLIPVisionCfg(layers=2, width=64, patch_size=16, image_size=64, head_width=64)
    model = CLIP(32, vision, CLIPTextCfg(context_length=77, vocab_size=49408, width=64, heads=1, layers=2)).eval()
    for name, one in model.named_parameters():
        if name != "logit_scale":
            one.data.normal_(0, 0.1)
    return model


def as_transformers(held):
    """OpenAI's names → transformers', written anew."""
    made = {"text_model.embeddings.position_ids": torch.arange(77)[None]}
    ends = {"ln_1": "layer_norm1", "ln_2": "layer_norm2", "mlp.c_fc": "mlp.fc1", "mlp.c_proj": "mlp.fc2",
            "attn.out_proj": "self_attn.out_proj"}  # fmt: skip
    plain = {
        "visual.class_embedding": "vision_model.embeddings.class_embedding",
        "visual.conv1.weight": "vision_model.embeddings.patch_embedding.weight",
        "visual.positional_embedding": "vision_model.embeddings.position_embedding.weight",
        "token_embedding.weight": "text_model.embeddings.token_embedding.weight",
        "positional_embedding": "text_model.embeddings.position_embedding.weight", "logit_scale": "logit_scale",
        "visual.proj": "visual_projection.weight", "text_projection": "text_projection.weight",
    }  # fmt: skip
    norms = {"visual.ln_pre": "vision_model.pre_layrnorm", "visual.ln_post": "vision_model.post_layernorm",
             "ln_final": "text_model.final_layer_norm"}  # fmt: skip
    for name, one in held.items():
        home, _, kind = name.rpartition(".")
        block = re.fullmatch(r"(visual\.)?transformer\.resblocks\.(\d+)\.(.*)", name)
        if block is None:
            name = plain.get(name) or f"{norms[home]}.{kind}"
            made[name] = one.T.contiguous() if name.endswith("projection.weight") else one
            continue
        start = f"{'vision' if block[1] else 'text'}_model.encoder.layers.{block[2]}"
        if "in_proj" in block[3]:
            for letter, part in zip("qkv", one.chunk(3)):
                made[f"{start}.self_attn.{letter}_proj.{block[3].rpartition('_')[2]}"] = part.clone()
        else:
            end, _, kind = block[3].rpartition(".")
            made[f"{start}.{ends[end]}.{kind}"] = one
    return made


@torch.no_grad()
@pytest.mark.parametrize("act", ["gelu", "quick_gelu"])
def test_transformers_layout_gives_open_clips_own_features(tmp_path, act):
    model = small_clip()
    torch.save(as_transformers(model.state_dict()), tmp_path / "pytorch_model.bin")
    (tmp_path / "config.json").write_text(f'{{"vision_config": {{"hidden_act": "{act}"}}}}')
    if act == "quick_gelu":
        for one in model.modules():
            if isinstance(one, torch.nn.GELU):
                one.forward = lambda x: x * torch.sigmoid(1.702 * x)
    clip = load_clip(tmp_path / "pytorch_model.bin").network
    pixels = torch.randn(2, 3, 64, 64)
    found_BE = clip.vision.encode(clip.vision.embed(pixels))
    torch.testing.assert_close(found_BE, model.encode_image(pixels, True), atol=1e-4, rtol=0)
    words = open_clip.SimpleTokenizer(context_length=77)(["a red ball"])
    torch.testing.assert_close(clip.text(["a red ball"]), model.encode_text(words, True), atol=1e-4, rtol=0)


def test_a_part_of_transformers_layout_and_an_absurd_scale_are_said(tmp_path):
    held = small_clip().state_dict()
    some = {"vision_model.embeddings.patch_embedding.weight": held["visual.conv1.weight"]}
    torch.save(some, tmp_path / "part.bin")
    with pytest.raises(BadWeights, match="part.bin is named as transformers names a CLIP, and not all of one is there"):
        load_clip(tmp_path / "part.bin")
    torch.save(held | {"logit_scale": torch.tensor(1e4)}, tmp_path / "clip.pt")
    with pytest.raises(BadWeights, match="clip.pt has a logit_scale of 1e.04; it is the logarithm"):
        load_clip(tmp_path / "clip.pt")


@pytest.mark.parametrize("name, told", [
    ("vit_small_patch16_18x2_224", "built of others .timm's ParallelThingsBlock."), ("test_vit2", "a class token, and this"),
    ("eva02_tiny_patch14_224", "it is timm's Eva"), ("vit_base_patch16_rpn_224", "a class token"),
])  # fmt: skip
def test_vision_transformers_that_stop_cannot_prompt_are_refused_when_they_are_loaded(name, told):
    with pytest.raises(BadWeights, match=told):
        load_clip(f"random:{name}")


def test_a_device_that_is_not_there_is_a_sentence():
    for name in ("mps", "xpu", "cuda:99", "cpu:3", "meta", "hpu", "nonsense", "", "-1", None, "cpu:-2"):
        with pytest.raises(ReaderError, match="device|mps"):
            pick_device(name)
            if name in ("mps", "xpu"):  # a machine that has one
                raise ReaderError("There is a device.")
    assert str(pick_device("cpu")) == "cpu"


def test_a_description_is_checked_before_anything_is_built_from_it():
    rules = {"rings": whole(1, 8), "lens": fields({"index": number(1, 3), "cuts": listed(whole(0, 9), 1, 2)})}
    right = {"kind": "lens", "rings": 3, "lens": {"index": 1.5, "cuts": [1]}}
    assert described(right, rules, "a.st") == right
    for wrong, told in (
        ({"rings": -1}, "a.st says that its rings is -1; it is a whole number from 1 to 8."),
        ({"rings": True}, "rings is true"), ({"rings": "3"}, "rings is .3.;"), ({"rings": 10**400}, "very many digits"),
        ({"lens": 3}, "lens is 3; it is a description by name"), ({"lens": {}}, "does not say its lens.index"),
        ({"lens": {"index": 1.5, "cuts": [1, 2, 3]}}, "lens.cuts is a list"),
    ):  # fmt: skip
        with pytest.raises(BadWeights, match=told):
            described(right | wrong, rules, "a.st")
    for said in ("[" * 100_000, "[]", "3", '{"a": 1}', '{"kind": 3}', '{"kind": "a", "b": NaN}', "x"):
        with pytest.raises(BadWeights, match="a.st"):
            parsed(said, "a.st")


def test_an_unreadable_checkpoint_of_a_training_is_a_sentence(tmp_path):
    held = Checkpoint(tmp_path / "one.safetensors", {"rate": 1}, {"part": torch.nn.Linear(2, 2)})
    for spoilt in (b"", b"PK\x03\x04", b"\x80\x02."):
        held.file.write_bytes(spoilt)
        with pytest.raises(BadWeights, match="one.partial is not a readable weights file"):
            held.resume()
    held.save(7)
    assert held.resume() == 7
    again = Checkpoint(tmp_path / "one.safetensors", {"rate": 1}, {"part": torch.nn.Linear(3, 2)})
    with pytest.raises(BadWeights, match="one.partial cannot be loaded .RuntimeError"):
        again.resume()
