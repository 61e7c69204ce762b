"""STOP's trained parts on disk: those of a file, the shipped ones, or their training-free start."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch

from core.errors import BadWeights
from core.methods.stop.networks import Prompters
from core.networks.checkpoints import border
from core.networks.fitting import filled
from core.networks.schema import maybe, number, one_of, text, whole
from core.networks.vision import VisionTower
from core.networks.weights import MADE, SYNTHETIC, WEIGHTS, Loaded, read
from core.pace import Pace

OURS = Pace(frames=8, spacing=0.25)  # of `core.training stop` on the world's clips, which last two seconds
PROMPTERS = {
    "variant": maybe(one_of("static", "spatial", "temporal", "full")), "layers": whole(1, 200),
    "hidden": whole(1, 16_384), "towers": text(), "trained_on": maybe(text()), "template": maybe(text()),
    "frames": maybe(whole(1, 1024)), "spacing": maybe(number(0, 1e5)), "held_out": maybe(number(0, 1)), "made": MADE,
}  # fmt: skip


def load_prompters(clip: Loaded, layers: int, path: str | Path | Loaded | None = None) -> Loaded:
    """STOP's trained parts for these towers: from a file (or at hand already), else the shipped ones if they were trained
    on these towers, else the training-free start (the label says so)."""
    if isinstance(path, Loaded):
        return path
    vision = clip.network.vision
    shipped = WEIGHTS / f"stop_{'first' if layers == 1 else 'all'}.safetensors"
    if path is None and (not shipped.is_file() or read_prompters(shipped)[1]["towers"] != clip.digest):
        return training_free(vision, layers)
    path = Path(path or shipped)
    tensors, about, digest = read_prompters(path)
    if about["layers"] != layers:
        raise BadWeights(f"{path.name} holds STOP prompters for {about['layers']} layers, and {layers} are asked for.")
    if about["towers"] != clip.digest:
        raise BadWeights(f"{path.name} was trained on other towers than the ones loaded ({clip.label}).")
    with border(path.name):
        prompters = filled(lambda: Prompters(layers, vision.width, about["hidden"]), tensors, "prompters", path.name)
    label = f"STOP prompters trained on {about.get('trained_on', SYNTHETIC)} · {path.name} · {digest[:8]}"
    return Loaded(prompters.eval().requires_grad_(False), label, digest, pace_of(about))


def pace_of(about: Mapping[str, Any]) -> Pace:
    """The clips that a file's prompters were trained with. One of our own command's that does not say so is older than the
    saying: that command has had one kind of clip."""
    if "frames" in about or "trained_on" in about:
        return Pace(about.get("frames", OURS.frames), about.get("spacing", 0.0))
    return OURS


def read_prompters(path: Path) -> tuple[dict[str, torch.Tensor], dict, str]:
    """`read` of STOP's trained parts."""
    return read(path, "stop:STOP prompters", PROMPTERS)


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
