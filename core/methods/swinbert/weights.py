"""SwinBERT's trained parts on disk: one file holds every variant of a seed, each a captioner with the mask it was trained
with."""

from dataclasses import asdict, dataclass
from pathlib import Path

import torch
from torch import Tensor, nn

from core.errors import BadWeights
from core.methods.swinbert.networks import VARIANTS, WORDS, Trained, bias_of, shape_of
from core.networks.captioner import Captioner, CaptionerShape
from core.networks.checkpoints import guarded
from core.networks.fitting import filled
from core.networks.schema import fields, listed, maybe, number, one_of, text, whole
from core.networks.weights import MADE, SYNTHETIC, WEIGHTS, Loaded, read, state_digest

FILE = WEIGHTS / "swinbert.safetensors"
NOTE = listed(number(0, 1e9), 3, 3)  # step, loss of the words, mean gate
SHAPE = fields({
    "frames": whole(1, 64), "cells": whole(1, 32), "patch": whole(1, 32), "words": whole(4, 10_000), "longest": whole(1, 100),
    "width": whole(4, 1024), "layers": whole(1, 24), "heads": whole(1, 64),
})  # fmt: skip
RULES = {
    "shapes": fields({name: maybe(SHAPE) for name in VARIANTS}),
    "words": listed(text(100), 4, 10_000),
    "variants": listed(one_of(*VARIANTS), 1, len(VARIANTS)),
    "seed": whole(0, 1_000_000),
    "moments": fields({name: maybe(listed(whole(0, 100), 0, 100)) for name in VARIANTS}),
    "learning": maybe(fields({name: maybe(listed(NOTE, 0, 10_000)) for name in VARIANTS})),
    "made": MADE,
}


@dataclass(frozen=True)
class Note:
    """One moment of a training: its step, the loss of hidden words (a mean over some twenty steps), the mean gate."""

    step: int
    loss: float
    density: float


class Captioners(nn.Module):
    """Variants by name. words: the vocabulary. seed: of the training. learning: of each variant, Note by Note. moments: of
    each variant, percents of the training of which its `mask_KMM` has V."""

    def __init__(self, variants: nn.ModuleDict, words: tuple[str, ...] = WORDS, seed: int = 0):
        super().__init__()
        self.variants, self.words, self.seed = variants, words, seed
        self.learning: dict[str, list[Note]] = {}
        self.moments: dict[str, list[int]] = {}

    @property
    def names(self) -> tuple[str, ...]:
        """The variants that are there."""
        return tuple(self.variants)

    def variant(self, name: str) -> Trained:
        """One of them; a file that holds only some says which."""
        if name not in self.variants:
            raise BadWeights(f"These weights of SwinBERT hold {', '.join(self.variants)}, and {name} is asked for.")
        made = self.variants[name]
        assert isinstance(made, Trained)
        return made

    def captioner(self, name: str) -> Captioner:
        """The network of a variant."""
        return self.variant(name).captioner

    def mask_MM(self, name: str, percent: int = 100) -> Tensor:
        """V of a variant at the end, or at the last moment that is noted at or before so many percent of its training."""
        made, moments = self.variant(name), self.moments.get(name, [])
        before = [k for k, moment in enumerate(moments) if moment <= percent]
        return made.mask_KMM[before[-1]] if percent < 100 and before else made.mask_MM

    def bias_MM(self, name: str) -> Tensor | None:
        """What the variant was trained to be given: b of its attention, None where everything is open."""
        return bias_of(name, self.variant(name), self.seed)


@guarded
def load_swinbert(spec: str | Path | Loaded | None = None) -> Loaded:
    """The variants of a file (or at hand already); without a file the shipped ones, or random weights where there are none."""
    if isinstance(spec, Loaded):
        return spec
    path = Path(spec or FILE)
    if spec is None and not path.is_file():
        return untrained()
    tensors, about, digest = read(path, "swinbert:SwinBERT", RULES)
    if missing := [name for name in about["variants"] if name not in about["shapes"]]:
        raise BadWeights(f"{path.name} does not say the shape of {', '.join(missing)}.")
    variants = nn.ModuleDict()
    for name in about["variants"]:
        shape, moments = CaptionerShape(**about["shapes"][name]), about["moments"].get(name, [])
        if shape.width % shape.heads:
            raise BadWeights(f"{path.name} has a width of {shape.width} for {shape.heads} heads; they divide it.")
        variants[name] = filled(
            lambda name=name, shape=shape, moments=moments: Trained(shape, len(moments), VARIANTS[name].learned),
            tensors,
            name,
            path.name,
        )
    made = Captioners(variants, tuple(about["words"]), about["seed"])
    made.learning = {
        name: [Note(int(step), *rest) for step, *rest in notes] for name, notes in about.get("learning", {}).items()
    }
    made.moments = dict(about["moments"])
    label = f"SwinBERT trained on {SYNTHETIC} · {path.name} · {digest[:8]}"
    return Loaded(made.eval().requires_grad_(False), label, digest)


def untrained() -> Loaded:
    """Random weights of a fixed seed for every variant: what is computed is right, what is said means nothing."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        made = Captioners(nn.ModuleDict({name: Trained(shape_of(name), learned=VARIANTS[name].learned) for name in VARIANTS}))
    return Loaded(made.eval().requires_grad_(False), "SwinBERT UNTRAINED: its captions mean nothing", state_digest(made))


def described(made: Captioners) -> dict:
    """What a file says of the variants in it, as RULES ask for it."""
    return {
        "kind": "swinbert", "variants": list(made.names), "words": list(made.words), "seed": made.seed,
        "shapes": {name: made.captioner(name).about() for name in made.names},
        "moments": {name: made.moments.get(name, []) for name in made.names},
        "learning": {name: [list(asdict(note).values()) for note in notes] for name, notes in made.learning.items()},
    }  # fmt: skip
