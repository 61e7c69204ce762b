"""What of a method can be explained, and which of its own maps can be tested beside: from here the page knows both.

what = explained(method)
chosen = what.choices(engine, clip, (), {"t": 4})[0]             # of a detector: the best detection of frame 4
subject = what.subject(engine, clip, (), chosen, {"t": 4})
maps = own_maps(engine, method, clip, subject, {"t": 4})         # Δf, x → P, P → x over the subject's patches
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch.nn.functional as F
from torch import Tensor

from core.engine import Engine
from core.errors import ReaderError
from core.explain.subject import Subject
from core.methods import part
from core.metrics import overlap
from core.progress import CalledOff
from core.video.clip import Clip

SAME = 0.5  # IoU of two boxes from which they are one detection


@dataclass(frozen=True)
class Choice:
    """Something whose number can be explained. asked: what the maker of its subject is asked with. group: of choices that
    belong together. box: x0 y0 x1 y1 in fractions of the frame, of a detection. own: whether the method's own maps are of the
    network that gave it."""

    said: str
    group: str
    asked: Mapping[str, Any]
    name: str = ""
    box: tuple[float, ...] = ()
    own: bool = True


Choices = Callable[[Engine, Clip, Sequence[str], Mapping[str, Any], CalledOff], tuple[Choice, ...]]


@dataclass(frozen=True)
class Explained:
    """What of a method can be explained. question: for the reader. none: the sentence where there is nothing to choose.
    held: what stays as it is while patches are hidden. unit: of the number.

    choices: (engine, clip, texts, knobs, cancelled) → what there is. make: (engine, clip, texts, choice, knobs, cancelled)."""

    question: str
    none: str
    held: str
    unit: str
    choices: Choices
    make: Callable[..., Subject]

    def subject(
        self, engine: Engine, clip: Clip, texts: Sequence[str], choice: Choice, knobs: Mapping[str, Any],
        cancelled: CalledOff = lambda: False,
    ) -> Subject:  # fmt: skip
        """The number of a choice, as a function of the patches that are shown."""
        return self.make(engine, clip, texts, choice, knobs, cancelled)

    def again(
        self, engine: Engine, clip: Clip, texts: Sequence[str], choice: Choice, knobs: Mapping[str, Any],
        cancelled: CalledOff = lambda: False,
    ) -> Choice:  # fmt: skip
        """The same choice in a clip that is nearly the same: there a detection may have another number, or none."""
        if not choice.box:
            return choice
        there = self.choices(engine, clip, texts, knobs, cancelled)
        alike = [one for one in there if (one.group, one.name) == (choice.group, choice.name)]
        if alike:
            box_N4 = np.array([one.box for one in alike])
            like_N = overlap(box_N4, np.broadcast_to(np.array(choice.box), box_N4.shape))
            if like_N.max() >= SAME:
                return alike[int(like_N.argmax())]
        raise ReaderError(f"{choice.said} is not found in a clip that is a little noisier: there is no map to compare with.")


def explained(method: str) -> Explained | None:
    """What of a method can be explained; None: nothing of it."""
    explain = part(method, "explain")
    return explain and explain.EXPLAINED


# ---- a method's own maps ---------------------------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class Own:
    """A map of the method over a subject's patches, [T, P]: numbers, or a mask."""

    symbol: str
    title: str
    map_TP: np.ndarray


def own_maps(
    engine: Engine, method: str, clip: Clip, subject: Subject, knobs: Mapping[str, Any], cancelled: CalledOff = lambda: False
) -> tuple[Own, ...]:
    """The method's maps over the patches that are explained, at these knobs.

    Of a pyramid it is the map of the last stage or block, of all prompts together; where its cells are larger than the
    subject's patches, patches share a cell. Maps over other frames (where prompts looked) are maps of something else."""
    outputs = [one for one in engine.method(method).outputs if one.over_frames or one.over_current]
    trace, made = engine.run(method, clip, outputs=[one.stage for one in outputs], cancelled=cancelled, **knobs), []
    for one in outputs:
        value, title = trace[one.stage], one.title
        if one.over_current:
            if not value:
                continue
            last = max(value)
            title += f", stage {last + 1}" if isinstance(last, int) else f", stage {last[0] + 1}, block {last[1] + 1}"
            value = over_patches(value[last], subject.grid)
        made.append(Own(one.symbol, title, value.cpu().numpy()))
    return tuple(made)


def over_patches(map_Qhw: Tensor, grid: tuple[int, int]) -> Tensor:
    """A map [h, w], or the sum of several [Q, h, w], read at the patches of a grid: [1, P]."""
    map_hw = map_Qhw.sum(0) if map_Qhw.ndim == 3 else map_Qhw
    return F.interpolate(map_hw[None, None].float(), grid, mode="nearest")[0, 0].flatten()[None]
