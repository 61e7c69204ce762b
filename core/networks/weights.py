"""Weights on disk: a safetensors file with its description inside it, and beside it a JSON of how it was made and what it
scored, written by the program that made it.

`load_clip` and `load_prompters` turn a file (or the name of a model) into networks and a label that says what they are.
"""

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from timm.models.vision_transformer import VisionTransformer
from torch import nn

from core.errors import BadWeights
from core.networks.prompters import Prompters
from core.networks.text import NoText, OpenClipText, SmallText
from core.networks.vision import VisionTower, small_vit

WEIGHTS = Path(__file__).resolve().parents[2] / "assets" / "weights"


@dataclass(frozen=True)
class Loaded:
    """A network, ready to use; a label for the reader; a digest of its weights for the keys of results."""

    network: nn.Module
    label: str
    digest: str


def save(path: Path, modules: dict[str, nn.Module], about: dict, scores: dict) -> None:
    """Write weights (half precision: they are small either way, and a repository is cloned often) and their JSON."""
    path.parent.mkdir(parents=True, exist_ok=True)
    tensors = {
        f"{part}.{name}": tensor.detach().cpu().half().contiguous()
        for part, module in modules.items()
        for name, tensor in module.state_dict().items()
    }
    save_file(tensors, path, metadata={"about": json.dumps(about)})
    beside = {"file": path.name, "sha256": sha256(path), **about, "scores": scores}
    path.with_suffix(".json").write_text(json.dumps(beside, indent=1) + "\n")


def read(path: Path) -> tuple[dict[str, torch.Tensor], dict, str]:
    """Tensors (float32), description and sha256 of a file written by `save`."""
    if not path.is_file():
        raise BadWeights(f"There is no weights file {path.name!r} where it was looked for ({path}).")
    try:
        with safe_open(path, "pt") as file:
            about = json.loads((file.metadata() or {}).get("about", "{}"))
            tensors = {name: file.get_tensor(name).float() for name in file.keys()}
    except (SafetensorError, OSError, ValueError) as wrong:
        raise BadWeights(f"{path.name} is not a readable safetensors file: {wrong}.") from wrong
    if "kind" not in about:
        raise BadWeights(f"{path.name} does not say what it holds: it was not written by this project.")
    return tensors, about, sha256(path)


def sha256(path: Path) -> str:
    """Of the file's bytes, in hexadecimal."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def fill(module: nn.Module, tensors: dict[str, torch.Tensor], part: str, file: str) -> None:
    """Load the tensors named `part.*`; a missing, unexpected or misshapen one is a BadWeights that names it."""
    own = {name.removeprefix(part + "."): t for name, t in tensors.items() if name.startswith(part + ".")}
    held = module.state_dict()
    missing, extra = sorted(held.keys() - own.keys()), sorted(own.keys() - held.keys())
    bent = [name for name in held.keys() & own.keys() if held[name].shape != own[name].shape]
    if missing or extra or bent:
        raise BadWeights(
            f"{file} does not fit the network: {len(missing)} missing {missing[:3]}, {len(extra)} unexpected {extra[:3]}, "
            f"{len(bent)} of another shape {bent[:3]}."
        )
    module.load_state_dict(own)


class Clip(nn.Module):
    """Two frozen towers that share a feature space. scale: the trained inverse temperature of their cosine."""

    def __init__(self, vision: VisionTower, text: nn.Module, scale: float = 100.0):
        super().__init__()
        self.vision, self.text, self.scale = vision, text, scale
        self.eval().requires_grad_(False)


def load_clip(spec: str | Path | Loaded | None = None) -> Loaded:
    """The frozen towers.

    spec Loaded                      towers that are at hand already (a `Clip` with its label and digest)
         None                        the small CLIP trained on the world, shipped with the project
         FILE.safetensors            one written by `core.training.clip`
         open_clip:ARCH:FILE         any open_clip ViT, e.g. open_clip:ViT-B-32-quickgelu:ViT-B-32.pt (a name of
                                     pretrained weights instead of FILE needs a network)
         timm:NAME[:FILE]            a timm vision transformer, without a text tower
         random:NAME                 the same with random weights: for timing, never for looking
    """
    if isinstance(spec, Loaded):
        return spec
    kind, _, rest = str(spec or WEIGHTS / "clip.safetensors").partition(":")
    if kind == "open_clip":
        return _open_clip(*_two(rest, "open_clip:ARCH:FILE"))
    if kind in ("timm", "random"):
        return _timm(*(rest.split(":", 1) + [""])[:2], random=kind == "random")
    path = Path(str(spec or WEIGHTS / "clip.safetensors"))
    tensors, about, digest = read(path)
    if about["kind"] != "clip":
        raise BadWeights(f"{path.name} holds {about['kind']}, not a clip.")
    vision = VisionTower(small_vit(**(about["shape"] | {"size": tuple(about["shape"]["size"])})))
    text = SmallText(tuple(about["vocabulary"]), features=about["shape"]["features"])
    fill(vision, tensors, "vision", path.name)
    fill(text, tensors, "text", path.name)
    return Loaded(Clip(vision, text, about["scale"]), f"small CLIP trained on the world · {path.name} · {digest[:8]}", digest)


def load_prompters(clip: Loaded, layers: int, path: str | Path | Loaded | None = None) -> Loaded:
    """STOP's trained parts for these towers: from a file (or at hand already), else the shipped ones if they were trained
    on these towers, else untrained temporal-difference filters (the label says so)."""
    if isinstance(path, Loaded):
        return path
    vision = clip.network.vision
    shipped = WEIGHTS / f"stop_{'first' if layers == 1 else 'all'}.safetensors"
    if path is None and (not shipped.is_file() or read(shipped)[1]["towers"] != clip.digest):
        return untrained(vision, layers)
    path = Path(path or shipped)
    tensors, about, digest = read(path)
    if about["kind"] != "stop":
        raise BadWeights(f"{path.name} holds {about['kind']}, not STOP prompters.")
    if about["layers"] != layers:
        raise BadWeights(f"{path.name} holds STOP prompters for {about['layers']} layers, and {layers} are asked for.")
    if about["towers"] != clip.digest:
        raise BadWeights(f"{path.name} was trained on other towers than the ones loaded ({clip.label}).")
    prompters = Prompters(layers, vision.width, about["hidden"])
    fill(prompters, tensors, "prompters", path.name)
    label = f"STOP prompters trained on the world · {path.name} · {digest[:8]}"
    return Loaded(prompters.eval().requires_grad_(False), label, digest)


def untrained(vision: VisionTower, layers: int) -> Loaded:
    """Prompters whose filters measure temporal difference and whose prompts mean nothing.

    W^t is divided by what unrelated noise frames would give, so that 1 stands for "everything changed"."""
    generator = torch.Generator().manual_seed(0)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        prompters = Prompters(layers, vision.width).eval().requires_grad_(False)
    noise = torch.randn(2, 3, *vision.size, generator=generator).to(vision.mean.device)
    with torch.no_grad():
        first, second = vision.embed(noise)[:, vision.prefix :]
    for prompter in prompters:
        prompter.change_scale.copy_((second - first).square().mean())
    return Loaded(prompters, "STOP prompters UNTRAINED: filters measure change, prompts are random", f"untrained {layers}")


def _open_clip(arch: str, source: str) -> Loaded:
    import open_clip
    from timm.models.vision_transformer import checkpoint_filter_fn

    try:
        model = open_clip.create_model(arch, pretrained=source).eval()
        tokenizer = open_clip.get_tokenizer(arch)
    except Exception as wrong:  # open_clip, torch and the hub each raise errors of their own
        raise BadWeights(f"open_clip could not load {arch} from {source}: {_first_line(wrong)}") from wrong
    visual = model.visual
    vit = _timm_twin(arch, visual)
    try:
        vit.load_state_dict(checkpoint_filter_fn({f"visual.{name}": t for name, t in visual.state_dict().items()}, vit))
    except RuntimeError as wrong:
        raise BadWeights(f"{arch} has parts that a plain vision transformer lacks: {_first_line(wrong)}") from wrong
    model.visual = nn.Identity()  # its weights live in the twin now
    vision = VisionTower(vit, visual.image_mean, visual.image_std)
    towers = Clip(vision, OpenClipText(model, tokenizer), model.logit_scale.exp().item())
    digest = state_digest(towers)
    return Loaded(towers, f"open_clip {arch} · {Path(source).name} · {digest[:8]}", digest)


def _timm_twin(arch: str, visual) -> VisionTransformer:
    """An empty timm ViT of the same geometry as an open_clip vision tower (OpenAI's layout)."""
    if not hasattr(visual, "conv1") or not hasattr(visual, "transformer") or visual.pool_type != "tok":
        raise BadWeights(f"{arch} does not have the plain CLIP vision transformer that STOP prompts.")
    width, block = visual.conv1.out_channels, visual.transformer.resblocks[0]
    return VisionTransformer(
        img_size=visual.image_size,
        patch_size=visual.patch_size,
        embed_dim=width,
        depth=len(visual.transformer.resblocks),
        num_heads=block.attn.num_heads,
        mlp_ratio=block.mlp.c_fc.out_features / width,
        num_classes=visual.output_dim,
        pre_norm=not isinstance(visual.ln_pre, nn.Identity),
        global_pool="token",
        # read from the model, not from its name: OpenAI's weights switch it on for "ViT-B-32" too
        act_layer="quick_gelu" if type(block.mlp.gelu).__name__ == "QuickGELU" else "gelu",
        norm_layer=nn.LayerNorm,
    )


def _timm(name: str, file: str, random: bool) -> Loaded:
    import timm

    told = f"{name} · RANDOM weights" if random else f"{name} · {Path(file).name or 'timm'}"
    try:
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(0)
            vit = timm.create_model(name, pretrained=not random and not file, checkpoint_path=file)
    except Exception as wrong:  # timm, torch and the hub each raise errors of their own
        raise BadWeights(f"timm could not load {name}: {_first_line(wrong)}") from wrong
    if not isinstance(vit, VisionTransformer):
        raise BadWeights(f"{name} is not a plain vision transformer.")
    config = vit.pretrained_cfg
    towers = Clip(VisionTower(vit, config["mean"], config["std"]), NoText())
    digest = state_digest(towers)
    return Loaded(towers, f"{told} · {digest[:8]}", digest)


def _first_line(wrong: Exception) -> str:
    return str(wrong).strip().partition("\n")[0] or type(wrong).__name__


def state_digest(module: nn.Module) -> str:
    """sha256 over every parameter and buffer, by name."""
    made = hashlib.sha256()
    for name, tensor in sorted(module.state_dict().items()):
        made.update(name.encode())
        made.update(tensor.detach().cpu().float().contiguous().numpy().tobytes())
    return made.hexdigest()


def _two(text: str, form: str) -> list[str]:
    parts = text.split(":", 1)
    if len(parts) != 2 or not all(parts):
        raise BadWeights(f"The form is {form}, got {text!r}.")
    return parts
