"""Weights on disk: a safetensors file with its description inside it, and beside it a JSON of how it was made and what it
scored, written by the program that made it.

`load_clip` and `load_prompters` turn a file (or the name of a model) into networks and a label that says what they are.
"""

import hashlib
import json
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save as serialized
from timm.models.vision_transformer import VisionTransformer
from torch import nn

from core.errors import BadWeights
from core.networks.open_clip_weights import finite, first_line, open_clip_towers
from core.networks.prompters import Prompters
from core.networks.text import NoText, SmallText
from core.networks.vision import VisionTower, small_vit

PASSING = ("device", "minutes", "processes")  # of how weights were made: two equal trainings may differ in them
WEIGHTS = Path(__file__).resolve().parents[2] / "assets" / "weights"
SYNTHETIC = "our synthetic clips"  # what was trained on clips of `core.world` says so in its label


@dataclass(frozen=True)
class Loaded:
    """A network, ready to use; a label for the reader; a digest of its weights for the keys of results.

    A network is a module, or what stands for one that runs elsewhere (`core.networks.service`)."""

    network: Any
    label: str
    digest: str


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


def written_here(path: Path) -> bool:
    """Whether `save` wrote this file: it says what it holds."""
    if path.suffix != ".safetensors" or not path.is_file():
        return False
    with suppress(SafetensorError, OSError, ValueError), safe_open(path, "pt") as file:
        return "about" in (file.metadata() or {})
    return False


def sha256(path: Path) -> str:
    """Of the file's bytes, in hexadecimal."""
    made = hashlib.sha256()
    with path.open("rb") as file:
        while part := file.read(1 << 22):  # a large CLIP has gigabytes
            made.update(part)
    return made.hexdigest()


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
    finite(tensors, file)
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
    tensors, about, digest = read(path)
    if about["kind"] != "clip":
        raise BadWeights(f"{path.name} holds {about['kind']}, not a clip.")
    vision = VisionTower(small_vit(**(about["shape"] | {"size": tuple(about["shape"]["size"])})))
    text = SmallText(tuple(about["vocabulary"]), features=about["shape"]["features"])
    fill(vision, tensors, "vision", path.name)
    fill(text, tensors, "text", path.name)
    return Loaded(Clip(vision, text, about["scale"]), f"small CLIP trained on {SYNTHETIC} · {path.name} · {digest[:8]}", digest)


def load_prompters(clip: Loaded, layers: int, path: str | Path | Loaded | None = None) -> Loaded:
    """STOP's trained parts for these towers: from a file (or at hand already), else the shipped ones if they were trained
    on these towers, else the training-free start (the label says so)."""
    if isinstance(path, Loaded):
        return path
    vision = clip.network.vision
    shipped = WEIGHTS / f"stop_{'first' if layers == 1 else 'all'}.safetensors"
    if path is None and (not shipped.is_file() or read(shipped)[1]["towers"] != clip.digest):
        return training_free(vision, layers)
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
    label = f"STOP prompters trained on {about.get('trained_on', SYNTHETIC)} · {path.name} · {digest[:8]}"
    return Loaded(prompters.eval().requires_grad_(False), label, digest)


def training_free(vision: VisionTower, layers: int) -> Loaded:
    """Prompters before any training: the filters measure temporal difference, so M and W^t are of real change, and every
    prompt is zero, so that the features are the frozen encoder's (`equations.heard` leaves prompts of zeros out).

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
        prompter.silence()
    label = "STOP prompters UNTRAINED, a training-free start: filters measure change, prompts are zero"
    return Loaded(prompters, label, f"training-free {layers}")


def _open_clip(spec: str) -> Loaded:
    found = open_clip_towers(spec)
    towers = Clip(found.vision, found.text, found.scale)
    activation = type(found.vision.vit.blocks[0].mlp.act).__name__  # no tensor tells it, and another gives other features
    digest = hashlib.sha256(f"{state_digest(towers)} {activation}".encode()).hexdigest()
    return Loaded(towers, f"CLIP {found.name} · sha256 {(sha256(found.file) if found.file else digest)[:12]}", digest)


def _timm(name: str, file: str, random: bool) -> Loaded:
    import timm

    told = f"{name} · RANDOM weights" if random else f"{name} · {Path(file).name or 'timm'}"
    try:
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(0)
            vit = timm.create_model(name, pretrained=not random and not file, checkpoint_path=file)
    except Exception as wrong:  # timm, torch and the hub each raise errors of their own
        raise BadWeights(f"timm could not load {name}: {first_line(wrong)}") from wrong
    if not isinstance(vit, VisionTransformer):
        raise BadWeights(f"{name} is not a plain vision transformer.")
    config = vit.pretrained_cfg
    towers = Clip(VisionTower(vit, config["mean"], config["std"]), NoText())
    digest = state_digest(towers)
    return Loaded(towers, f"{told} · {digest[:8]}", digest)


def state_digest(module: nn.Module) -> str:
    """sha256 over every parameter and buffer, by name."""
    made = hashlib.sha256()
    for name, tensor in sorted(module.state_dict().items()):
        made.update(name.encode())
        made.update(tensor.detach().cpu().float().contiguous().numpy().tobytes())
    return made.hexdigest()
