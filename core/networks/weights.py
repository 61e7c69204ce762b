"""Weights on disk: a safetensors file with its description inside it, and beside it a JSON of how it was made and what it
scored, written by the program that made it.

`load_clip` turns a file (or the name of a model) into networks and a label that says what they are; a method's own `weights` do
the same for what is the method's alone.
"""

import hashlib
import json
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save as serialized
from timm.models.vision_transformer import VisionTransformer
from torch import nn

from core.errors import BadWeights
from core.networks.checkpoints import border, guarded, read_file, single
from core.networks.fitting import filled, sound
from core.networks.open_clip_weights import open_clip_towers
from core.networks.schema import Rule, described, fields, listed, maybe, number, one_of, parsed, text, whole
from core.networks.text import NoText, SmallText
from core.networks.timm_weights import timm_model
from core.networks.vision import STEMS, VisionTower, small_vit
from core.pace import Pace

PASSING = ("device", "minutes", "processes")  # of how weights were made: two equal trainings may differ in them
WEIGHTS = Path(__file__).resolve().parents[2] / "assets" / "weights"
SYNTHETIC = "our synthetic clips"  # what was trained on clips of `core.world` says so in its label

MADE = maybe(fields({"steps": maybe(whole(0, 1 << 40)), "data": maybe(text())}))
CLIP = {
    "shape": fields({
        "size": listed(whole(1, 4096), 2, 2), "patch": whole(1, 256), "width": whole(1, 16_384), "depth": whole(1, 200),
        "features": whole(1, 16_384), "stem": maybe(one_of(*STEMS)),
    }),
    "vocabulary": listed(text(100), 0, 100_000), "scale": number(0.01, 1000), "made": MADE,
}  # fmt: skip


@dataclass(frozen=True)
class Loaded:
    """A network, ready to use; a label for the reader; a digest of its weights for the keys of results; and the clips that it
    was trained with, where it is known and was trained with clips.

    A network is a module, or what stands for one that runs elsewhere (`core.networks.service`)."""

    network: Any
    label: str
    digest: str
    pace: Pace | None = None


def save(path: Path, modules: dict[str, nn.Module], about: dict, scores: dict) -> None:
    """Write weights (half precision: they are small either way, and a repository is cloned often) and their JSON. What is
    PASSING stands in the JSON alone, so that equal trainings write equal files."""
    path.parent.mkdir(parents=True, exist_ok=True)
    tensors = {
        f"{part}.{name}": tensor.detach().cpu().half().contiguous()
        for part, module in modules.items()
        for name, tensor in module.state_dict().items()
    }
    made = {name: value for name, value in about.get("made", {}).items() if name not in PASSING}
    inside = about | ({"made": made} if made else {})
    fresh = path.with_suffix(".writing")
    fresh.write_bytes(serialized(tensors, metadata={"about": json.dumps(inside)}))  # save_file leaves it to its owner alone
    fresh.replace(path)  # an interruption while writing loses nothing
    beside = {"file": path.name, "sha256": sha256(path), **about, "scores": scores}
    path.with_suffix(".json").write_text(json.dumps(beside, indent=1) + "\n")


def read(path: Path, kind: str = "", rules: Mapping[str, Rule] | None = None) -> tuple[dict[str, torch.Tensor], dict, str]:
    """Tensors (float32), description and sha256 of a file written by `save`. kind: what it must hold, as a sentence has it;
    rules: of its description, checked before any tensor is read."""
    path = Path(path)
    held, about = read_file(path)
    with border(path.name):
        said = parsed(about.get("about", "{}"), path.name)
        if kind and said["kind"] != kind.partition(":")[0]:
            raise BadWeights(f"{path.name} holds {said['kind'][:40]}, not {kind.partition(':')[2]}.")
        described(said, rules or {}, path.name)
        tensors = {name: single(one.read()) for name, one in held.items()}
        sound(tensors, path.name)
        return tensors, said, sha256(path)


def written_here(path: Path) -> bool:
    """Whether `save` wrote this file: it says what it holds."""
    with suppress(BadWeights):
        return path.suffix == ".safetensors" and "about" in read_file(path)[1]
    return False


def sha256(path: Path) -> str:
    """Of the file's bytes, in hexadecimal."""
    made = hashlib.sha256()
    with path.open("rb") as file:
        while part := file.read(1 << 22):  # a large CLIP has gigabytes
            made.update(part)
    return made.hexdigest()


class ClipTowers(nn.Module):
    """Two frozen towers that share a feature space. scale: the trained inverse temperature of their cosine."""

    def __init__(self, vision: VisionTower, text: nn.Module, scale: float = 100.0):
        super().__init__()
        self.vision, self.text, self.scale = vision, text, scale
        self.eval().requires_grad_(False)

    @property
    def reads(self) -> bool:
        """Whether texts can be compared with what is seen."""
        return not isinstance(self.text, NoText)


@guarded
def given_clip(weights: Path) -> Path | None:
    """The towers beside the weights in a folder, where there are some; None are the shipped ones."""
    beside = weights / "clip.safetensors"
    return beside if beside.is_file() else None


def load_clip(spec: str | Path | Loaded | None = None) -> Loaded:
    """The frozen towers.

    spec Loaded                      towers that are at hand already (a `ClipTowers` with its label and digest)
         None                        the small CLIP trained on our synthetic clips, shipped with the project
         FILE.safetensors            one written by `core.training.clip`
         ViT-B-32/openai, FILE.pt …  a real CLIP, by name or from a file: see `core.networks.open_clip_weights`
         timm:NAME[:FILE]            a timm vision transformer, without a text tower
         random:NAME                 the same with random weights: for timing, never for looking
    """
    if isinstance(spec, Loaded):
        return spec
    said = str(spec or WEIGHTS / "clip.safetensors")
    kind, _, rest = said.partition(":")
    if kind in ("timm", "random"):
        return _timm(*(rest.split(":", 1) + [""])[:2], random=kind == "random")
    path = Path(said)
    if not written_here(path):
        return _open_clip(said)
    tensors, about, digest = read(path, "clip:a clip", CLIP)
    shape = about["shape"]
    sizes = {name: shape[name] for name in ("patch", "width", "depth", "features")} | {"size": tuple(shape["size"])}
    stem = shape.get("stem", "patch")
    vision = filled(lambda: VisionTower(small_vit(**sizes, stem=stem)), tensors, "vision", path.name)
    words = tuple(about["vocabulary"])
    text = filled(lambda: SmallText(words, features=shape["features"]), tensors, "text", path.name)
    label = f"small CLIP trained on {SYNTHETIC} · {path.name} · {digest[:8]}"
    return Loaded(ClipTowers(vision, text, about["scale"]), label, digest)


def _open_clip(spec: str) -> Loaded:
    found = open_clip_towers(spec)
    towers = ClipTowers(found.vision, found.text, found.scale)
    activation = type(found.vision.vit.blocks[0].mlp.act).__name__  # no tensor tells it, and another gives other features
    digest = hashlib.sha256(f"{state_digest(towers)} {activation}".encode()).hexdigest()
    return Loaded(towers, f"CLIP {found.name} · sha256 {(sha256(found.file) if found.file else digest)[:12]}", digest)


def _timm(name: str, file: str, random: bool) -> Loaded:
    told = f"{name} · RANDOM weights" if random else f"{name} · {Path(file).name or 'timm'}"
    towers = towers_of(timm_model(name, lambda vit: towers_of(vit, name), file, random), name)
    digest = state_digest(towers)
    return Loaded(towers, f"{told} · {digest[:8]}", digest)


def towers_of(vit: nn.Module, name: str) -> ClipTowers:
    """A vision tower alone."""
    if not isinstance(vit, VisionTransformer):
        raise BadWeights(
            f"{name} is not a plain vision transformer, which is what is prompted: it is timm's {type(vit).__name__}."
        )
    return ClipTowers(VisionTower(vit, vit.pretrained_cfg["mean"], vit.pretrained_cfg["std"]), NoText())


def state_digest(module: nn.Module) -> str:
    """sha256 over every parameter and buffer, by name."""
    made = hashlib.sha256()
    for name, tensor in sorted(module.state_dict().items()):
        made.update(name.encode())
        made.update(tensor.detach().cpu().float().contiguous().numpy().tobytes())
    return made.hexdigest()
