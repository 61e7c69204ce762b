"""Facts about real CLIPs: their features are open_clip's own, whatever file they came from, and what is wrong is said."""

import json
import pickle

import open_clip
import pytest
import torch
from safetensors.torch import save_file

from core import Engine
from core.errors import BadText, BadWeights
from core.networks import hub
from core.networks.open_clip_weights import OPENAI, clip_tensors
from core.networks.weights import load_clip
from tests import tiny

TEXTS = ["a red ball", "A dog, running!"]


@pytest.fixture(scope="module")
def held(tmp_path_factory):
    """Small architectures known to open_clip, each with random weights in a file: name → (model, file).

    b32 and b16 have the geometry of ViT-B/32 and B/16 in all but depth; archive is as b32 with narrow towers."""
    folder = tmp_path_factory.mktemp("open_clip")
    text = {"context_length": 16, "vocab_size": 49408, "width": 16, "heads": 2, "layers": 1}
    wide = {"context_length": 77, "vocab_size": 49408, "width": 64, "heads": 1, "layers": 1}
    vision = {"image_size": 32, "layers": 2, "width": 32, "head_width": 16, "patch_size": 8}
    real = {"image_size": 224, "layers": 2, "width": 768}
    shapes = {
        "tiny-plain": {"embed_dim": 12, "vision_cfg": vision, "text_cfg": text},
        "tiny-quickgelu": {"embed_dim": 12, "quick_gelu": True, "vision_cfg": vision, "text_cfg": text},
        "tiny-wide": {"embed_dim": 12, "quick_gelu": True, "text_cfg": text,
                      "vision_cfg": vision | {"image_size": [24, 40], "mlp_ratio": 2.0}},
        "tiny-custom": {"embed_dim": 12, "custom_text": True, "vision_cfg": vision, "text_cfg": text},
        "b32": {"embed_dim": 512, "quick_gelu": True, "vision_cfg": real | {"patch_size": 32}, "text_cfg": wide},
        "b16": {"embed_dim": 512, "vision_cfg": real | {"patch_size": 16}, "text_cfg": wide},
        "archive": {"embed_dim": 12, "quick_gelu": True, "text_cfg": wide,
                    "vision_cfg": {"image_size": 64, "layers": 2, "width": 128, "patch_size": 16}},
        "tiny-pooled": {"embed_dim": 12, "vision_cfg": vision | {"pool_type": "avg"}, "text_cfg": text},
        "tiny-scaled": {"embed_dim": 12, "vision_cfg": vision | {"ls_init_value": 0.1}, "text_cfg": text},
    }  # fmt: skip
    made = {}
    for name, shape in shapes.items():
        (folder / f"{name}.json").write_text(json.dumps(shape))
    open_clip.add_model_config(folder)
    for name in shapes:
        torch.manual_seed(0)
        model = open_clip.create_model(name).eval()
        for key, one in model.named_parameters():
            if "ln_" not in key and key != "logit_scale":
                one.data.normal_(0, 0.2 if name.startswith("tiny") else 0.03)
            one.data = one.data.half().float()  # so that an archive in half precision holds the same
        torch.save(model.state_dict(), folder / f"{name}.pt")
        made[name] = model, folder / f"{name}.pt"
    yield made
    open_clip.factory._MODEL_CONFIG_PATHS.remove(folder)
    open_clip.factory._rescan_model_configs()


@torch.no_grad()
def check_parity(loaded, model, name, most=1e-4):
    """Images and texts through our path and through open_clip's own."""
    vision, text = loaded.network.vision, loaded.network.text
    pixels = vision.pixels(torch.from_numpy(tiny.clip(3).frames_THWC))
    ours, theirs = vision.encode(vision.embed(pixels)), model.encode_image(pixels, normalize=True)
    assert (ours - theirs).abs().max() <= most
    tokens = (open_clip.get_tokenizer(name) if name else open_clip.tokenize)(TEXTS)
    assert (text(TEXTS) - model.encode_text(tokens, normalize=True)).abs().max() <= most


def test_what_a_text_tower_cuts_is_told_and_changes_nothing(held):
    """Its tokenizer cuts what is longer than its context without a word: here 16 tokens, two of them the ends."""
    engine = Engine("cpu", models={"clip": f"tiny-plain/{held['tiny-plain'][1]}"})
    long = "a man " * 7  # fourteen words, a token each
    trace = engine.run("stop", tiny.clip(4), texts=[f"{long}runs", f"{long}jumps", "a man runs", long])
    runs, jumps, _, whole = trace["similarity_Y"].tolist()
    assert runs == jumps == whole and trace["unknown_words"] == ("…runs", "…jumps")
    text = engine.network("clip_towers").network.text
    assert text.read([f"{long}runs", "a man"]) == (long, "a man")
    for nothing in (" ", "&nbsp;"):
        assert [*text.refused([nothing, "...", "🔥"])] == [nothing], "dots and emoji are tokens"


@pytest.mark.parametrize("arch", ["tiny-plain", "tiny-quickgelu", "tiny-wide", "tiny-custom", "b32", "b16"])
def test_our_towers_give_open_clips_own_features(held, arch):
    model, file = held[arch]
    loaded = load_clip(f"{arch}/{file}")
    check_parity(loaded, model, arch)
    assert loaded.network.text.unknown(["a flibbertigibbet"]) == ()
    assert loaded.network.scale == pytest.approx(1 / 0.07, rel=1e-3)
    with pytest.raises(BadText, match="at least one word"):
        loaded.network.text([" "])
    assert loaded.label.startswith(f"CLIP {arch} · {arch}.pt · sha256 ")
    assert torch.allclose(loaded.network.vision.mean.flatten(), torch.tensor(open_clip.OPENAI_DATASET_MEAN))
    assert not any(name.startswith("text.model.visual") for name in loaded.network.state_dict())  # held once


@pytest.mark.parametrize("form", ["archive", "state dict", "checkpoint", "safetensors"])
def test_a_file_alone_tells_its_geometry_and_whether_it_is_openais(held, tmp_path, form):
    """OpenAI's files hold three numbers besides weights, and were trained with the quick GELU; others are named for it."""
    model, file = held["archive"]
    tensors = model.state_dict()
    path = tmp_path / f"held.{'safetensors' if form == 'safetensors' else 'pt'}"
    if form == "safetensors":
        save_file({name: one.contiguous() for name, one in tensors.items()}, path)
    elif form == "checkpoint":
        torch.save({"epoch": 3, "state_dict": {f"module.{name}": one for name, one in tensors.items()}}, path)
    elif form == "state dict":
        torch.save(tensors | {name: torch.tensor(64) for name in OPENAI}, path)
    else:
        torch.jit.script(Archive(tensors)).save(path)
    loaded = load_clip(path)
    quick = type(loaded.network.vision.vit.blocks[0].mlp.act).__name__ == "QuickGELU"
    assert quick == (form in ("archive", "state dict"))
    if quick:
        check_parity(loaded, model, "")
    else:
        check_parity(load_clip(f"archive/{path}"), model, "archive")
        assert load_clip(f"archive/{path}").digest != loaded.digest  # another activation is another model


class Archive(torch.nn.Module):
    """Tensors under the names a CLIP has them by, and OpenAI's three numbers, as a TorchScript archive holds them."""

    def __init__(self, tensors):
        super().__init__()
        for name, one in tensors.items():
            *path, last = name.split(".")
            home = self
            for step in path:
                if not hasattr(home, step):
                    home.add_module(step, torch.nn.Module())
                home = getattr(home, step)
            home.register_buffer(last, one.half() if one.is_floating_point() else one)
        for name in OPENAI:
            self.register_buffer(name, torch.tensor(64))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x


@torch.no_grad()
def test_attention_that_is_looked_at_is_the_attention_that_is_computed(held):
    """Unfused attention, of which rows are drawn, gives what timm's fused kernel gives."""
    vision = load_clip(f"b32/{held['b32'][1]}").network.vision
    tokens = vision.embed(vision.pixels(torch.from_numpy(tiny.clip(2).frames_THWC)))
    fused = vision.encode(tokens)
    for block in vision.vit.blocks.children():
        block.attn.fused_attn = False
    assert (vision.encode(tokens) - fused).abs().max() <= 1e-5
    assert (vision.feature(vision.blocks(tokens)) - fused).abs().max() <= 1e-5  # the last block for CLS alone, too


def test_stop_runs_on_open_clip_and_starts_as_the_frozen_encoder(held):
    # in single precision: where the processor has bfloat16, sequences of other lengths are rounded otherwise
    engine = Engine("cpu", models={"stop": f"tiny-wide/{held['tiny-wide'][1]}"}, precision="float32")
    trace = engine.run("stop", tiny.clip(4), texts=TEXTS, kept=3, eta=8.0)
    assert trace["region_TP"].shape == (4, 15) and trace["similarity_Y"].shape == (2,)
    assert "training-free start" in trace.weights["stop_first"]
    assert sum(trace["prompt_count_G"]) > 0 and not trace["temporal_prompt_GQD"].any()
    bare = engine.run("stop", tiny.clip(4), texts=TEXTS, kept=3, spatial=False, temporal=False)
    for depth in ("first", "all"):
        silent = engine.run("stop", tiny.clip(4), texts=TEXTS, kept=3, eta=8.0, depth=depth)
        assert torch.allclose(silent["similarity_Y"], bare["similarity_Y"], atol=1e-6)


@pytest.mark.parametrize("spec, told", [
    ("ViT-B-32", "ViT-B-32 needs a tag or a file behind a slash, as in ViT-B-32/FILE. Its tags: openai"),
    ("ViT-B-32/", "ViT-B-32 needs a tag or a file"),
    ("ViT-B-32/nonsense", "ViT-B-32 has no weights 'nonsense', and there is no such file. Its tags: openai"),
    ("ViT-B-33/openai", "There is neither a file nor an architecture of open_clip called 'ViT-B-33/openai'. Near it: ViT-B-32"),
    ("/nowhere", "There is neither a file nor an architecture of open_clip called '/nowhere'."),
    (".", "'.' is a folder: name a file in it."),
    ("none.pt", "There is no weights file none.pt"),
])  # fmt: skip
def test_a_name_that_is_not_there_is_told_what_is(spec, told):
    with pytest.raises(BadWeights, match=told):
        load_clip(spec)


def test_without_a_network_a_file_is_asked_for(monkeypatch):
    def offline(*_, **__):
        raise OSError("no route to host\nand more")

    monkeypatch.setattr(hub, "reachable", lambda: True)
    monkeypatch.setattr(open_clip, "create_model", offline)
    with pytest.raises(BadWeights, match=r"^ViT-B-32/openai could not be fetched: no route to host\. Without"):
        load_clip("ViT-B-32/openai")
    monkeypatch.setattr(open_clip, "create_model", lambda *_, **__: (_ for _ in ()).throw(MemoryError()))
    with pytest.raises(BadWeights, match="could not be fetched"):
        load_clip("hf-hub:someone/something")


def test_too_little_memory_is_said(held, monkeypatch):
    def full(*_, **__):
        raise MemoryError

    monkeypatch.setattr(open_clip, "create_model", full)
    with pytest.raises(BadWeights, match="does not fit into memory: a smaller model is ViT-B-32"):
        load_clip(f"tiny-plain/{held['tiny-plain'][1]}")


def test_files_that_are_no_weights_are_refused_in_a_sentence(held, tmp_path):
    good = held["tiny-plain"][1]
    for name, content in {"cut.pt": good.read_bytes()[:-2000], "words.pt": b"no weights", "empty.pt": b"",
                          "words.safetensors": b"nothing"}.items():  # fmt: skip
        (tmp_path / name).write_bytes(content)
        for spec in (str(tmp_path / name), f"tiny-plain/{tmp_path / name}"):
            with pytest.raises(BadWeights, match=f"^{name} is not a readable weights file|^{name} holds") as wrong:
                load_clip(spec)
            assert "\n" not in str(wrong.value)
    torch.save([1, 2], tmp_path / "list.pt")
    with pytest.raises(BadWeights, match="list.pt holds no tensors by name"):
        load_clip(tmp_path / "list.pt")


@pytest.mark.parametrize("arch", ["", "archive/"])
def test_tensors_that_are_no_numbers_are_refused(held, tmp_path, arch):
    tensors = held["archive"][0].state_dict() | {name: torch.tensor(64) for name in OPENAI}
    for number in (torch.nan, torch.inf):
        spoilt = tensors["visual.proj"].clone()
        spoilt[0, 0] = number
        torch.save(tensors | {"visual.proj": spoilt}, tmp_path / "nan.pt")
        with pytest.raises(BadWeights, match=r"nan.pt holds numbers that are none \(NaN or infinite\) in visual.proj\."):
            load_clip(f"{arch}{tmp_path / 'nan.pt'}")


class Hostile:
    """What a pickled file may do to whoever reads it."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return open, (self.path, "w")


def test_nothing_in_a_pickled_file_is_run(tmp_path):
    torch.save({"visual.proj": Hostile(str(tmp_path / "touched"))}, tmp_path / "hostile.pt")
    (tmp_path / "bare.pt").write_bytes(pickle.dumps(Hostile(str(tmp_path / "touched"))))
    for name in ("hostile.pt", "bare.pt"):
        with pytest.raises(BadWeights, match=name):
            load_clip(tmp_path / name)
    assert not (tmp_path / "touched").exists()


def test_models_that_stop_cannot_prompt_are_refused(held, tmp_path):
    for arch, told in (
        ("tiny-pooled", "tiny-pooled does not have the plain CLIP vision transformer"),
        ("tiny-scaled", "tiny-scaled has parts that a plain vision transformer lacks"),
    ):
        with pytest.raises(BadWeights, match=told):
            load_clip(f"{arch}/{held[arch][1]}")
    with pytest.raises(BadWeights, match=r"tiny-wide.pt does not fit the architecture: .* of another shape"):
        load_clip(f"tiny-plain/{held['tiny-wide'][1]}")
    with pytest.raises(BadWeights, match="tells its geometry: name it, as in ARCHITECTURE/tiny-plain.pt"):
        load_clip(held["tiny-plain"][1])
    torch.save({"weight": torch.zeros(1)}, tmp_path / "other.pt")
    with pytest.raises(BadWeights, match="it is no CLIP with a plain vision transformer"):
        load_clip(tmp_path / "other.pt")


def test_tensors_come_as_they_are_in_the_file_in_single_precision(held, tmp_path):
    torch.save({"a": torch.ones(2).half(), "note": "words are left"}, tmp_path / "half.pt")
    tensors, quick = clip_tensors(tmp_path / "half.pt")
    assert tensors["a"].dtype == torch.float32 and set(tensors) == {"a"} and not quick
