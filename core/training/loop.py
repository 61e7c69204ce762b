"""What every training command shares: the learning-rate schedule, and taking up where it stopped."""

import json
import math
from pathlib import Path

import torch


def cosine(step: int, steps: int, peak: float, warmup: int) -> float:
    """Linear up to `peak` over `warmup` steps, then half a cosine down to a hundredth of it."""
    if step < warmup:
        return peak * (step + 1) / warmup
    done = (step - warmup) / max(1, steps - warmup)
    return peak * (0.01 + 0.99 * (1 + math.cos(math.pi * done)) / 2)


def level(step: int, falls: int, steps: int, peak: float, warmup: int) -> float:
    """Linear up to `peak` over `warmup` steps, level until step `falls`, then linear down to a hundredth of it: until it falls,
    nobody needs to know when it will end (warmup–stable–decay; Hu et al., MiniCPM, 2024)."""
    if step < falls:
        return peak * min(1.0, (step + 1) / warmup)
    return peak * max(0.01, 1 - (step - falls) / max(1, steps - falls))


class Checkpoint:
    """The state of a training that may be interrupted, beside the file it will write. `parts`: name → has a state_dict."""

    def __init__(self, out: Path, settings: dict, parts: dict):
        self.file = out.with_suffix(".partial")
        self.settings = json.dumps({name: str(value) for name, value in settings.items()}, sort_keys=True)
        self.parts = parts

    def resume(self) -> int:
        """The step to go on from; 0 where there is nothing, or something made with other settings."""
        if not self.file.exists():
            return 0
        held = torch.load(self.file, weights_only=True, map_location="cpu")
        if held["settings"] != self.settings:
            return 0
        for name, part in self.parts.items():
            part.load_state_dict(held["parts"][name])
        return held["step"]

    def save(self, step: int) -> None:
        self.file.parent.mkdir(parents=True, exist_ok=True)
        held = {name: part.state_dict() for name, part in self.parts.items()}
        fresh = self.file.with_suffix(".writing")
        torch.save({"settings": self.settings, "step": step, "parts": held}, fresh)
        fresh.replace(self.file)  # an interruption while writing loses nothing

    def clear(self) -> None:
        self.file.unlink(missing_ok=True)
