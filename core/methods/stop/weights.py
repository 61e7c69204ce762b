"""STOP's trained parts on disk: those of a file, the shipped ones, or their training-free start."""

from pathlib import Path

import torch

from core.errors import BadWeights
from core.methods.stop.networks import Prompters
from core.networks.vision import VisionTower
from core.networks.weights import SYNTHETIC, WEIGHTS, Loaded, fill, read


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
