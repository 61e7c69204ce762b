"""Measure SwinBERT on clips of sprites that no training has seen:  python -m core.evaluate swinbert

    exact                {variant: share of clips of which exactly one of the references is said}, greedy
    unseen               the same of clips in which what moves has a colour and a shape that no training clip has together: 4 of
                         the 32 pairs, those of the split test
    density              mean gate over pairs of two tokens, log σ(V)
    auroc                how often a pair that a motion needs has a higher gate than one that none can (log σ(V)). A pair is two
                         tokens, its gate the higher of both directions: what two patches say together is found at either
    inherit_steps_ratio  steps until a mask inherited from half the frames has the loss that random V has at its end, by all
    steps caption_scores       {variant: CIDEr-D, BLEU-4, METEOR without synonyms} against all wordings; None where libraries
                               are missing
    words                {variant: {colour, shape, direction}}: the share of clips whose caption has the right one
    gates                {variant: density, auroc, auroc of single directions, share of gates above one half}; "start": V ~
                         N(0, 1)
    spread, gain         where 95 of 100 draws of as many clips and trainings lie: of exact, and of log σ(V) minus another
    constant             exact for who always says the most frequent caption

Every clip has three kinds of things (`core.world.sprites`). Letters: S
trainings, N clips, M video tokens.
"""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from core.evaluate.tables import number_table
from core.methods.swinbert import equations
from core.methods.swinbert.networks import VARIANTS
from core.methods.swinbert.scores import MISSING, caption_scores, installed
from core.methods.swinbert.weights import Captioners, Note, load_swinbert
from core.metrics import gain, interval
from core.networks.caption_words import sentence_of
from core.world import sprites

COMPARED = ("log_sigmoid", "as_released", "hard", "full", "identity", "random", "spatial_window", "temporal_window")
SCORED = ("log_sigmoid", "full", "identity", "random")
AGAINST = ("full", "identity", "random")
WORDS = ("colour", "shape", "direction")
SEEDS = 10  # the most trainings that are looked for
BATCH = 64
NEVER = 10**9  # a step that no training reaches: its clips are hidden ones
VAL = 100  # clips that stand beside the weights


def file_of(out: Path, seed: int) -> Path:
    """Where a seed is written: what the page loads at the top, what it is compared with in a folder."""
    return out / "swinbert.safetensors" if seed == 0 else out / "compared" / f"swinbert_{seed}.safetensors"


@torch.no_grad()
def said(captioners: Captioners, name: str, clips: sprites.Sprites, device: torch.device | None = None) -> list[str]:
    """What a variant says of each clip."""
    bias_MM, network = captioners.bias_MM(name), captioners.captioner(name)
    frame_BTHWC, captions = torch.from_numpy(clips.frame_BTHWC).to(device), []
    for some_BTHWC in frame_BTHWC.split(BATCH):
        captions += [sentence_of(row, captioners.words) for row in network.write(some_BTHWC, bias_MM).ids_BN.tolist()]
    return captions


def exact(captions: Sequence[str], clips: sprites.Sprites) -> np.ndarray:
    """Whether each is one of its clip's references, [N]."""
    return np.array([one in clips.references(clip) for clip, one in enumerate(captions)], float)


def exact_of(captioners: Captioners, name: str, count: int, split: str, seed: int = 0) -> float:
    """The share of exact captions of a variant."""
    clips = sprites.draw(seed, count, VARIANTS[name].frames, split)
    return float(exact(said(captioners, name, clips), clips).mean())


def right_words(captions: Sequence[str], clips: sprites.Sprites) -> dict[str, float]:
    """The share of captions in which colour, shape and direction are right, each by itself."""
    names = (tuple(sprites.COLOURS), tuple(sprites.SHAPES), tuple(sprites.DIRECTIONS))
    true = zip(*clips.kind_B2.T, clips.direction_B)
    found = [
        [list_[which] in one.split() for list_, which in zip(names, of_clip)]
        for one, of_clip in zip(captions, true, strict=True)
    ]
    return dict(zip(WORDS, np.mean(found, 0).tolist()))


def constant(clips: sprites.Sprites) -> float:
    """Exact for who always says what is true most often."""
    plain = [clips.references(clip)[0] for clip in range(len(clips.cell_BT))]
    return max(plain.count(one) for one in set(plain)) / len(plain)


def gates_of(mask_MM: Tensor, frames: int) -> dict[str, float]:
    """What the truth says of V."""
    gate_MM = equations.gate(mask_MM.cpu())
    needed_MM, impossible_MM = (torch.from_numpy(of(frames)) for of in (sprites.needed_MM, sprites.impossible_MM))
    asked_MM = needed_MM | impossible_MM
    areas = {
        name: equations.auroc(table_MM[asked_MM], needed_MM[asked_MM])
        for name, table_MM in (("auroc", equations.either(gate_MM)), ("auroc_single", gate_MM))
    }
    return {
        "density": equations.density(gate_MM), **areas,
        "needed": gate_MM[needed_MM].mean().item(), "impossible": gate_MM[impossible_MM].mean().item(),
        "above_half": equations.density(equations.above(gate_MM)),
    }  # fmt: skip


def steps_ratio(inherited: Sequence[Note], scratch: Sequence[Note]) -> float | None:
    """Steps until the inherited mask has the lowest loss of the one from scratch, by the steps that this one took for it."""
    if not inherited or not scratch:
        return None
    goal = min(scratch, key=lambda note: note.loss)
    reached = [note.step for note in inherited if note.loss <= goal.loss]
    return reached[0] / goal.step if reached else None


# ---- the command ----------------------------------------------------------------------------------------------------------


def evaluate(weights: Path, clips: int, seed: int, device: torch.device) -> dict:
    """Every number of the module's first lines; fractions are 0–1, means over trainings."""
    files = [file for s in range(SEEDS) if (file := file_of(weights, s)).is_file()]
    trainings = [load_swinbert(file).network.to(device) for file in files]
    if not trainings:
        raise SystemExit(f"There are no trained SwinBERT weights in {weights}.")
    held_out, unseen = sprites.draw([seed, NEVER], clips), sprites.draw(seed, clips, split="test")
    captions = {name: [said(one, name, held_out, device) for one in trainings if name in one.names] for name in COMPARED}
    exact_SN = {name: np.stack([exact(one, held_out) for one in each]) for name, each in captions.items() if each}
    gates = {
        name: mean([gates_of(one.mask_MM(name), sprites.FRAMES) for one in trainings if name in one.names])
        for name in ("log_sigmoid", "as_released")
    }
    torch.manual_seed(seed)
    gates["start"] = gates_of(torch.randn_like(trainings[0].mask_MM("log_sigmoid"), device="cpu"), sprites.FRAMES)
    ratios = [steps_ratio(one.learning.get("inherited", []), one.learning.get("scratch", [])) for one in trainings]
    found_ratios = [one for one in ratios if one is not None]
    references = [held_out.references(clip) for clip in range(clips)]
    scores = None
    if installed():
        scores = {name: mean([caption_scores(one, references) for one in captions[name]]) for name in SCORED if captions[name]}
    return {
        "exact": {name: float(each.mean()) for name, each in exact_SN.items()},
        "unseen": {
            name: interval(np.stack([exact(said(one, name, unseen, device), unseen) for one in those]), seed)
            for name in COMPARED
            if (those := [one for one in trainings if name in one.names])
        },
        "density": gates["log_sigmoid"]["density"], "auroc": gates["log_sigmoid"]["auroc"],
        "inherit_steps_ratio": float(np.mean(found_ratios)) if found_ratios else None,
        "caption_scores": scores,
        "words": {name: mean([right_words(one, held_out) for one in each]) for name, each in captions.items() if each},
        "gates": gates, "ratios": ratios,
        "spread": {name: interval(each, seed) for name, each in exact_SN.items()},
        "gain": {
            name: gain(exact_SN["log_sigmoid"][: len(exact_SN[name])], exact_SN[name]) for name in AGAINST if name in exact_SN
        },
        "constant": constant(held_out),
        "about": {
            "command": f"python -m core.evaluate swinbert --clips {clips} --seed {seed}", "clips": clips,
            "training_seeds": {name: len(each) for name, each in captions.items()}, "scores": None if installed() else MISSING,
            "weights": [file.name for file in files],
        },
    }  # fmt: skip


def mean(rows: Iterable[Mapping[str, float]]) -> dict[str, float]:
    """Of several trainings, number by number."""
    rows = list(rows)
    return {name: float(np.mean([row[name] for row in rows])) for name in rows[0]} if rows else {}


def table(found: Mapping) -> str:
    """The numbers as a person reads them."""
    rows = {
        name: {"exact": share, "low": found["spread"][name]["low"], "high": found["spread"][name]["high"]}
        | found["words"][name]
        | {"unseen pair": found["unseen"][name]["mean"]}
        for name, share in found["exact"].items()
    }
    lines = [number_table(rows, {}), f"always the same caption: {found['constant']:.3f}", number_table(found["gates"], {})]
    lines.append(f"steps of an inherited mask by those from scratch: {found['ratios']}")
    return "\n\n".join([*lines, number_table(found["caption_scores"], {}) if found["caption_scores"] else MISSING])
