"""What every training command shares: the learning-rate schedule, and taking up where it stopped."""

import json
import math
from pathlib import Path

import torch
from torch import Tensor

from core.networks.checkpoints import border, read_file, restored
from core.networks.fitting import sound
from core.networks.stored import Damaged


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
        """The step to go on from; 0 where there is nothing, or something made with other settings. What cannot be read is a
        BadWeights: whoever wants to begin again deletes it."""
        if not self.file.exists():
            return 0
        with border(self.file.name):
            held = restored(read_file(self.file)[0])
            if not isinstance(held, dict) or not isinstance(held.get("settings"), str):
                raise Damaged("it is no checkpoint of a training of this project")
            if held["settings"] != self.settings:
                return 0
            step, parts = held.get("step"), held.get("parts")
            if type(step) is not int or step < 0 or not isinstance(parts, dict) or not self.parts.keys() <= parts.keys():
                raise Damaged("it does not say how far the training went, and with what")
            for name, part in self.parts.items():
                sound({one: tensor for one, tensor in parts[name].items() if isinstance(tensor, Tensor)}, self.file.name)
                part.load_state_dict(parts[name])
            return step

    def save(self, step: int) -> None:
        self.file.parent.mkdir(parents=True, exist_ok=True)
        held = {name: part.state_dict() for name, part in self.parts.items()}
        fresh = self.file.with_suffix(".writing")
        torch.save({"settings": self.settings, "step": step, "parts": held}, fresh)
        fresh.replace(self.file)  # an interruption while writing loses nothing

    def clear(self) -> None:
        self.file.unlink(missing_ok=True)
