"""STOP on clips no training has seen:  python -m core.evaluate stop

(a) actions   which of fifteen actions a video shows, and which caption is its own, with and without prompts: of the
              held-out ones, whose colours have one shape each, so that colour and action tell it, and of all there are;
    stored    the same of clips that were compressed, or have a camera's noise
(b) regions   whether the regions are on the actor
(c) counts    whether temporal prompts go where something moves
(d) hard      the same where the camera pans, the background slides, distractors blink or drift
(e) standard  the same on the standard mix, where half of the clips have nuisances;
    gains     by how much full STOP is above the other variants there, with intervals over clips and training seeds;
    alpha     pointing there, on plain clips and where distractors blink at every α, with an interval over clips and seeds;
              and of so few clips that whoever has the weights can measure it again in seconds (`small`);
    controls  what it costs there to replace a part of STOP by what knows nothing of the clip (`controls`)
"""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import torch

from core.data.rendered import pool
from core.evaluate.tables import number
from core.methods.stop.answers import plain
from core.methods.stop.clips import FRAMES, Data, batches, default, grammar, stored
from core.methods.stop.controls import controls
from core.methods.stop.hits import ANSWERS, Hits
from core.methods.stop.regions import curve, regions
from core.methods.stop.train import VARIANTS, Model, file_of, load
from core.metrics import deviation, gain, rank_correlation
from core.networks.weights import Loaded, load_clip
from core.world import ACTIONS, HARD, SPLITS, STANDARD

SEEDS = 10  # the most training seeds that are looked for
SMALL = 8  # clips that are measured again where it has to be quick


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
    shipped = models["full"][0]
    hits = hits_of(models, clip, held_out)
    found: dict = answers(hits)
    found["stored"] = answers(hits_of(models, clip, data_of(clip, seeds, as_stored=True)))["actions"]
    found["by_action"] = by_action({name: hit for name, hit in hits.items() if name.startswith("full")}, held_out)
    found["regions"] = regions(shipped, held_out, seed)
    still, panning = (data_of(clip, few, action="stays still", hard=case) for case in (None, "pan"))
    found["counts"] = counts_of(shipped, held_out) | {
        "still": float(gaps(shipped, still)[0].mean()), "panning": float(gaps(shipped, panning)[0].mean())
    }  # fmt: skip
    found["hard"] = {
        case: answers(hits_of(models, clip, data)) | pictures(shipped, data, seed)
        for case, data in ((case, data_of(clip, few, hard=case)) for case in HARD if case)
    }
    mixed = data_of(clip, seeds, mix=STANDARD)
    hits = hits_of(models, clip, mixed)
    found["standard"] = answers(hits) | pictures(shipped, mixed, seed)
    found["gains"] = gains(hits)
    blinking = data_of(clip, few, hard="blinking")
    found["alpha"] = curve(models["full"], mixed) | {
        "chosen": chosen(shipped, clip, clips),
        "cases": {name: curve(models["full"], data) for name, data in (("plain", held_out), ("blinking", blinking))},
        "small": small(shipped, clip),
    }  # fmt: skip
    files = [file for s in range(SEEDS) if (file := file_of(weights, "full", 1, s)).is_file()]
    found["controls"] = controls(files, weights / "clip.safetensors", mixed, clip.network, seed, str(device))
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


def data_of(clip: Loaded, seeds: range, split: str = "test", as_stored: bool = False, **asked) -> Data:
    """Held-out clips of these seeds at the towers' own size. asked: what `sample_scene` may be asked for."""
    vision = clip.network.vision
    samples = pool(seeds.start, len(seeds), split, FRAMES, tuple(vision.size), **asked)
    if as_stored:
        samples = [stored(one, i) for i, one in enumerate(samples)]
    return Data(samples, grammar(split), vision)


def hits_of(models: dict[str, list[Model]], clip: Loaded, data: Data) -> dict[str, np.ndarray]:
    """{variant: bool [S, 3, N]}: whether each training seed answers each clip rightly, in the order of `ANSWERS`.
    mean_pool: the frozen towers alone."""
    right, towers = Hits(clip.network, data), clip.network
    found = {"mean_pool": right(torch.cat([plain(towers.vision, one) for one in batches(data)]))[None]}
    for name, several in models.items():
        found[name] = np.stack([right(torch.cat([model(one)[0] for one in batches(data)])) for model in several])
    return found


def answers(hits: Mapping[str, np.ndarray]) -> dict:
    """{actions, captions, captions_all: {variant: fraction}, spread: {variant: sd over training seeds of the action accuracy}}.
    captions: which of the held-out ones is its own; captions_all: which of those of all splits."""
    return {what: {name: float(hit_S3N[:, i].mean()) for name, hit_S3N in hits.items()} for i, what in enumerate(ANSWERS)} | {
        "spread": {name: deviation(hit_S3N[:, 0].mean(1)) for name, hit_S3N in hits.items()}
    }


def by_action(hits: Mapping[str, np.ndarray], data: Data) -> dict[str, dict[str, float]]:
    """{action: {variant: share of its clips that are answered rightly, mean over training seeds}}."""
    action_N = data.action_N.cpu().numpy()
    return {
        ACTIONS[number]: {name: float(hit_S3N[:, 0, action_N == number].mean()) for name, hit_S3N in hits.items()}
        for number in np.unique(action_N)
    }


def gains(hits: Mapping[str, np.ndarray]) -> dict[str, dict]:
    """{variant: {actions, captions: by how much full STOP answers more clips rightly, with its interval}}."""
    return {
        name: {what: gain(hits["full"][:, i], hit_S3N[:, i]) for i, what in enumerate(ANSWERS[:2])}
        for name, hit_S3N in hits.items()
        if not name.startswith("full")
    }


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


def pictures(model: Model, data: Data, seed: int) -> dict:
    """{regions, counts} of a set of clips."""
    return {"regions": regions(model, data, seed), "counts": counts_of(model, data)}


def chosen(model: Model, clip: Loaded, clips: int) -> float:
    """The α that points best on as many clips of the standard mix of the validation split: the default should be this one."""
    found = curve([model], data_of(clip, range(clips), "val", mix=STANDARD))
    return found["alpha"][int(np.argmax(found["pointing"]))]


def small(model: Model, clip: Loaded) -> dict:
    """The curve over α of one training seed on few clips of the standard mix, the same ones whatever else is measured."""
    return {"clips": SMALL} | curve([model], data_of(clip, range(SMALL), mix=STANDARD))


def table(found: dict) -> str:
    """The numbers as a person reads them, in percent."""
    lines = []
    for case, part in {"held-out clips": found, **found["hard"], "standard mix": found["standard"]}.items():
        lines += ["", f"== {case} ==", f"{'':12}{'action':>8}{'± sd':>7}{'caption R@1':>13}{'of all':>8}"]
        for name in part["actions"]:
            spread = "—" if part["spread"][name] is None else f"{part['spread'][name]:.1%}"
            captions = f"{part['captions'][name]:13.1%}{part['captions_all'][name]:8.1%}"
            lines.append(f"{name:12}{part['actions'][name]:8.1%}{spread:>7}{captions}")
        lines.append(f"{'':12}{'pointing':>10}{'precision':>11}{'recall':>8}")
        for name, row in part["regions"].items():
            lines.append(f"{name:12}{row['pointing']:10.1%}{row['precision']:11.1%}{row['recall']:8.1%}")
        lines.append("counts      " + "  ".join(f"{name} {value:.2f}" for name, value in part["counts"].items()))
    lines += ["", "== standard mix: full STOP less another, and what a control costs (95 % of draws of clips and seeds) =="]
    for name, row in (*found["gains"].items(), *found["controls"].items()):
        lines.append(f"{name:12}" + "".join(f"  {what} {number(value)}" for what, value in row.items()))
    for name, one in {"standard mix": found["alpha"], **found["alpha"]["cases"]}.items():
        curve_A = zip(one["alpha"], one["pointing"], strict=True)
        lines.append(f"pointing by α, {name}: " + " ".join(f"{alpha:g}: {share:.2f}" for alpha, share in curve_A))
    stored = "  ".join(f"{name} {value:.1%}" for name, value in found["stored"].items())
    return "\n".join([*lines, "", f"actions of clips as files and cameras keep them: {stored}"])
