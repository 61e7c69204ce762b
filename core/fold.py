"""Stages that are made of steps over a sequence: segments of a long video, blocks of an encoder.

A step is a function of what the step before left, of its item, and of other inputs; it returns what it leaves to the next, and
what it gives out. `fold` makes a stage of it, and the step's own parameters say what its results hang on:

    @fold(over="segments", gather=last)
    def memory_KD(before_KD, segment, encoder):
        after_KD = merge(before_KD, encoder(segment))      # before the first segment there is None
        return after_KD, after_KD

    @fold(over="layer", gather=torch.stack)                 # a whole number n stands for the items 0 … n − 1
    def attention_LTP(entering_TSD, block, tokens_TSD, clip_towers):
        ...
        return entering_TSD, attention_TP

The stage asks for `segments` and `encoder`, gives `gather` of what its steps gave out, and is called like any other. In a run
every step is known by a key of its own, made of the key of the step before and that of its item. So another segment 7 runs the
steps from 7 on and no other, a longer sequence goes on where the shorter ended, and a shorter one runs nothing. A run that was
called off leaves none of its steps behind, as it leaves nothing else: what nobody saw drives out nothing that somebody did.
"""

import inspect
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import wraps
from typing import Any, get_args

from core.keys import digest, whole_key
from core.progress import share, tick

Step = tuple[Any, Any]  # what is left to the next, what is given out


@dataclass(frozen=True)
class Fold:
    """What makes a stage of a step. over: the input whose items it goes through."""

    step: Callable[..., Step]
    over: str
    gather: Callable[[list[Any]], Any]

    def walk(self, items: Sequence[Any], others: Sequence[Any], done: Sequence[Step] = ()) -> list[Step]:
        """All steps, those that are done already included."""
        steps = list(done)
        for place in range(len(steps), len(items)):
            with share(place, len(items)):
                tick(0.0)
                steps.append(self.step(steps[-1][0] if steps else None, items[place], *others))
        return steps

    def result(self, steps: Iterable[Step]) -> Any:
        """What the stage gives."""
        return self.gather([given for _, given in steps])

    def keys(self, stage: Callable[..., Any], keys: Mapping[str, str], items: Sequence[Any]) -> list[str]:
        """One for each step. keys: of the stage's inputs."""
        others = (keys[name] for name in inspect.signature(stage).parameters if name != self.over)
        made = [digest("fold", stage.__module__, stage.__name__, *others)]
        for item in items:
            own = whole_key(item)
            if own is None:
                raise TypeError(f"{stage.__name__} goes over {self.over}, and a {type(item).__name__} has no key.")
            made.append(digest(made[-1], own))
        return made[1:]


def items_of(value: Any) -> Sequence[Any]:
    """What is gone through."""
    return range(value) if isinstance(value, int) else value


def last(given: list[Any]) -> Any:
    """What the last step gave out: a memory, not its history. None where there was no step."""
    return given[-1] if given else None


def fold(over: str, gather: Callable[[list[Any]], Any] = tuple) -> Callable[[Callable[..., Step]], Callable[..., Any]]:
    """Makes a stage of a step: see above."""

    def made(step: Callable[..., Step]) -> Callable[..., Any]:
        own = Fold(step, over, gather)

        @wraps(step)
        def stage(sequence: Any, *others: Any) -> Any:
            return own.result(own.walk(items_of(sequence), others))

        signature = inspect.signature(step)
        _, _, *others = signature.parameters.values()
        first = inspect.Parameter(over, inspect.Parameter.POSITIONAL_OR_KEYWORD)
        given = (*get_args(signature.return_annotation), Any, Any)[1]
        gives = tuple if gather is tuple else given  # tensors in one are a tensor again
        stage.__dict__.update(
            fold=own, __signature__=signature.replace(parameters=[first, *others], return_annotation=gives)
        )  # fmt: skip
        return stage

    return made
