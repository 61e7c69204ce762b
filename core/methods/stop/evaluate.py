"""STOP on clips no training has seen:  python -m core.evaluate stop

(a) actions   which of fifteen actions a video shows, and which caption is its own, with and without prompts: of the
              held-out ones, whose colours have one shape each, so that colour and action tell it, and of all there are;
    stored    the same of clips that were compressed, or have a camera's noise
(b) regions   whether the regions are on the actor
(c) counts    whether temporal prompts go where something moves
(d) hard      the same where the camera pans, the background slides, distractors blink or drift
"""

from pathlib import Path

import numpy as np
import torch

from core.data.rendered import pool
from core.methods.stop.answers import plain, text_features
from core.methods.stop.clips import FRAMES, Data, default, generic, grammar, stored
from core.methods.stop.equations import blend, mean_square, to_clip_scale
from core.methods.stop.train import VARIANTS, Model, file_of, load
from core.metrics import deviation, on_actor, pointing, precision, rank_correlation, recall, top
from core.networks.weights import Loaded, load_clip
from core.world import ACTIONS, HARD, SPLITS

REGIONS = {"default": None, "attention": 1.0, "dynamics": 0.0}
SEEDS = 10  # the most training seeds that are looked for


@torch.no_grad()
def evaluate(weights: Path, clips: int, seed: int, device: torch.device) -> dict:
    """Every number of the module's first lines; fractions are 0–1."""
    clip = load_clip(weights / "clip.safetensors")
    clip.network.to(device)
    models = trained(weights, clip, device)
    if "full" not in models:
        raise SystemExit(f"There are no trained STOP weights for these towers in {weights}.")
    seeds = range(seed * 100_000, seed * 100_000 + clips)
    held_out = data_of(clip, seeds)
    few = seeds[: max(1, clips // 3)]
    hard = {case: data_of(clip, few, hard=case) for case in HARD if case}
    shipped = models["full"][0]
    found: dict = actions(models, clip, held_out)
    found["stored"] = actions(models, clip, data_of(clip, seeds, as_stored=True))["actions"]
    whole = {name: several for name, several in models.items() if name.startswith("full")}
    found["by_action"] = by_action(whole, clip, held_out)
    found["regions"] = regions(shipped, held_out, seed)
    still, panning = (data_of(clip, few, action="stays still", hard=case) for case in (None, "pan"))
    found["counts"] = counts_of(shipped, held_out) | {
        "still": float(gaps(shipped, still)[0].mean()), "panning": float(gaps(shipped, panning)[0].mean())
    }  # fmt: skip
    found["hard"] = {
        case: actions(models, clip, data) | {"regions": regions(shipped, data, seed), "counts": counts_of(shipped, data)}
        for case, data in hard.items()
    }
    found["about"] = {
        "command": f"python -m core.evaluate stop --clips {clips} --seed {seed}",
        "split": "test", "clips": clips, "captions": len(grammar("test")), "captions_all": len(grammar(*SPLITS)),
        "clips_hard": len(few), "frames": FRAMES, "device": str(device),
        "training_seeds": {name: len(several) for name, several in models.items()},
        "defaults": {name: default(name) for name in ("layer", "alpha", "kept", "beta", "eta")},
        "weights": [clip.label],
    }  # fmt: skip
    return found


def trained(weights: Path, clip: Loaded, device: torch.device) -> dict[str, list[Model]]:
    """The variants that are there for these towers, each with all its seeds; "full_all" is full STOP at every layer."""
    depth = clip.network.vision.depth
    found = {}
    for variant, layers in [*((name, 1) for name in VARIANTS), ("full", depth)]:
        files = [file_of(weights, variant, layers, seed) for seed in range(SEEDS)]
        several = [load(file, clip).to(device) for file in files if file.is_file()]
        if several:
            found[variant if layers == 1 else "full_all"] = several
    return found


def data_of(clip: Loaded, seeds: range, as_stored: bool = False, **asked) -> Data:
    """Held-out clips of these seeds at the towers' own size. asked: what `sample_scene` may be asked for."""
    vision = clip.network.vision
    samples = pool(seeds.start, len(seeds), "test", FRAMES, tuple(vision.size), **asked)
    if as_stored:
        samples = [stored(one, i) for i, one in enumerate(samples)]
    return Data(samples, grammar("test"), vision)


def batches(data: Data, size: int = 16):
    """The clips in order, a few at a time."""
    for start in range(0, len(data), size):
        yield data.batch(range(start, min(start + size, len(data))))


def actions(models: dict[str, list[Model]], clip: Loaded, data: Data) -> dict:
    """{actions, captions, captions_all: {variant: fraction}, spread: {variant: sd over training seeds of the action accuracy}}.
    captions: which of the held-out ones is its own; captions_all: which of those of all splits."""
    towers, held_out, every = clip.network, grammar("test"), grammar(*SPLITS)
    place_Y = torch.tensor([every.index(one) for one in held_out], device=data.device)
    action_YE, every_YE = towers.text(generic()), text_features(towers, every)
    caption_YE = every_YE[place_Y]

    def right(features) -> list[float]:
        """Shares of `actions`, `captions`, `captions_all` that are answered rightly."""
        hits = [
            ((v @ action_YE.T).argmax(1) == one.action_B, (v @ caption_YE.T).argmax(1) == one.caption_B,
             (v @ every_YE.T).argmax(1) == place_Y[one.caption_B])
            for v, one in zip(features, batches(data), strict=True)
        ]  # fmt: skip
        return [torch.cat(part).float().mean().item() for part in zip(*hits, strict=True)]

    scores = {"mean_pool": [right(plain(towers.vision, one) for one in batches(data))]}
    for name, several in models.items():
        scores[name] = [right(model(one)[0] for one in batches(data)) for model in several]
    return {
        what: {name: float(np.mean([s[i] for s in several])) for name, several in scores.items()}
        for i, what in enumerate(("actions", "captions", "captions_all"))
    } | {"spread": {name: deviation([s[0] for s in several]) for name, several in scores.items()}}


def by_action(models: dict[str, list[Model]], clip: Loaded, data: Data) -> dict[str, dict[str, float]]:
    """{action: {variant: share of its clips that are answered rightly, mean over training seeds}}."""
    action_YE, found = clip.network.text(generic()), {}
    for name, several in models.items():
        hits_SN = torch.stack([
            torch.cat([(model(one)[0] @ action_YE.T).argmax(1) == one.action_B for one in batches(data)]) for model in several
        ])  # fmt: skip
        for number, action in enumerate(ACTIONS):
            asked_N = data.action_N == number
            if asked_N.any():
                found.setdefault(action, {})[name] = float(hits_SN[:, asked_N].float().mean())
    return found


def regions(model: Model, data: Data, seed: int) -> dict:
    """{default, attention, dynamics, random, centre: {pointing, precision, recall}} over the frames that show the actor.

    Clips in which nothing happens are left out: there the actor is an object like any other."""
    grid, kept = model.vision.grid, default("kept")
    rng = np.random.default_rng(seed)
    row, column = np.indices(grid)
    middle = -np.hypot(row - (grid[0] - 1) / 2, column - (grid[1] - 1) / 2).reshape(1, -1)
    hits: dict[str, list] = {}
    start = 0
    for one in batches(data):
        cues = cues_of(model, one)
        for i in range(len(one.action_B)):
            sample = data.samples[start + i]
            if sample.scene.action == "stays still":
                continue
            truth = on_actor(sample.instance_THW, grid)
            maps = {name: blend(*(cue[i] for cue in cues), default("alpha") if alpha is None else alpha).cpu().numpy()
                    for name, alpha in REGIONS.items()}  # fmt: skip
            maps |= {"random": rng.random(truth.shape), "centre": np.repeat(middle, len(truth), 0)}
            for name, score in maps.items():
                region = top(score, kept)
                hits.setdefault(name, []).append((pointing(score, truth), precision(region, truth), recall(region, truth)))
        start += len(one.action_B)
    return {
        name: {
            what: float(np.concatenate(part).mean())
            for what, part in zip(("pointing", "precision", "recall"), zip(*several, strict=True), strict=True)
        }
        for name, several in hits.items()
    }


def cues_of(model: Model, one) -> tuple[torch.Tensor, torch.Tensor]:
    """A and M of a batch, each on its clip's scale: [B, T, P]."""
    patches_BTPD = one.tokens_BTSD[:, :, model.vision.prefix :]
    dynamics = mean_square(model.prompters[0].dynamics_filter(patches_BTPD, model.vision.grid))
    return to_clip_scale(one.attention_BTP), to_clip_scale(dynamics)


def gaps(model: Model, data: Data) -> tuple[np.ndarray, np.ndarray]:
    """Counts and W^t of every gap of every clip: [N, G] each."""
    made = [model(one)[1][0] for one in batches(data)]
    return tuple(torch.cat([getattr(m, name) for m in made]).cpu().numpy() for name in ("count_BG", "change_BG"))


def counts_of(model: Model, data: Data) -> dict[str, float]:
    """Spearman's ρ of the counts, and of W^t itself, with the true motion energy of each gap; the mean count where the
    actor acts."""
    count_NG, change_NG = gaps(model, data)
    energy = np.concatenate([one.energy_G for one in data.samples])
    moving = np.array([one.scene.action != "stays still" for one in data.samples])
    return {
        "spearman": rank_correlation(count_NG.ravel(), energy),
        "spearman_change": rank_correlation(change_NG.ravel(), energy),
        "moving": float(count_NG[moving].mean()),
    }


def table(found: dict) -> str:
    """The numbers as a person reads them, in percent."""
    lines = []
    for case, part in {"held-out clips": found, **found["hard"]}.items():
        lines += ["", f"== {case} ==", f"{'':12}{'action':>8}{'± sd':>7}{'caption R@1':>13}{'of all':>8}"]
        for name in part["actions"]:
            spread = "—" if part["spread"][name] is None else f"{part['spread'][name]:.1%}"
            captions = f"{part['captions'][name]:13.1%}{part['captions_all'][name]:8.1%}"
            lines.append(f"{name:12}{part['actions'][name]:8.1%}{spread:>7}{captions}")
        lines.append(f"{'':12}{'pointing':>10}{'precision':>11}{'recall':>8}")
        for name, row in part["regions"].items():
            lines.append(f"{name:12}{row['pointing']:10.1%}{row['precision']:11.1%}{row['recall']:8.1%}")
        lines.append("counts      " + "  ".join(f"{name} {value:.2f}" for name, value in part["counts"].items()))
    stored = "  ".join(f"{name} {value:.1%}" for name, value in found["stored"].items())
    return "\n".join([*lines, "", f"actions of clips as files and cameras keep them: {stored}"])
