"""STOP's part of its README that was measured: what `core.evaluate` found, as tables."""

from collections.abc import Mapping

from core.evaluate.curves import Curve, Line
from core.evaluate.tables import number, number_table, spoken, spread, titled

ANSWERS = (
    "Which action is it, of fifteen? Which caption, of the held-out ones and of all? Share of clips answered rightly "
    "({spread}); stored: compressed, or with a camera's noise"
)
CAPTIONS = (
    "In the {captions} held-out captions each colour has one shape: colour and action tell which it is, and chance is "
    "{chance:.3f}. Among all {captions_all} the shape must be right too, and chance is {chance_all:.3f}."
)
ALPHA_NOTE = "from, to: 95 % of draws of clips and training seeds"
CASES = {"plain": "plain clips", "blinking": "blinking distractors"}
TITLES = {
    "by_action": "Which actions are named rightly?",
    "regions": "Do the kept patches lie on the actor?",
    "counts": "Do the prompts follow the motion?",
}
NAMES = {
    "mean_pool": "frozen CLIP, mean over frames",
    "static": "static prompts: one learned set for all videos",
    "spatial": "spatial prompts only",
    "temporal": "temporal prompts only",
    "full": "STOP, spatial and temporal",
    "full_all": "STOP at every layer",
    "default": "STOP, default α",
    "attention": "attention only (α = 1)",
    "dynamics": "dynamics only (α = 0)",
    "random": "random patches",
    "centre": "centre patches",
    "spearman": "rank correlation of N^t with true motion (Spearman)",
    "spearman_change": "the same of W^t",
    "still": "mean prompts a gap, still clips",
    "moving": "mean prompts a gap, an object moves",
    "panning": "mean prompts a gap, the camera pans",
    "regions_replaced": "as many random patches instead of the regions",
    "counts_replaced": "the clip's mean count in every gap",
    "prompts_replaced": "prompts that were written for another clip",
    "labels_replaced": "labels of another clip",
    "actions": "action",
    "captions": "caption, of the held-out (R@1)",
}
STANDARD = (
    "The standard mix: half of the clips have one or two nuisances, in a fifth a second thing acts, too. Share of clips "
    "answered rightly ({spread})"
)


def measured(metrics: Mapping) -> str:
    """How it was measured, and a table for each part; a hard case is one row."""
    about = metrics.get("about", {})
    counts = about.get("training_seeds", {})
    seeds = ", ".join(f"{spoken(name)} {count}" for name, count in counts.items())
    clips, few = about.get("clips", "?"), about.get("clips_hard", "?")
    parts = [
        f"`{about.get('command', 'make evaluate')}` on {clips} clips of the {about.get('split', 'test')} split "
        f"({few} for each hard case). Fractions are 0–1. Trained with this many seeds: {seeds or '—'}."
    ]
    if "actions" in metrics:
        parts.append(titled({ANSWERS.format(spread=spread(counts.values())): number_table(answers(metrics), NAMES)}))
    if "captions_all" in about:
        parts.append(CAPTIONS.format(chance=1 / about["captions"], chance_all=1 / about["captions_all"], **about))
    parts += [titled({title: number_table(metrics[name], NAMES)}) for name, title in TITLES.items() if name in metrics]
    if "hard" in metrics:
        cases = {case: hard_row(part) for case, part in metrics["hard"].items()}
        parts.append(titled({"Hard cases": number_table(cases, NAMES)}))
    parts += standard(metrics, spread(counts.values()))
    return "\n\n".join(parts)


def standard(metrics: Mapping, deviations: str) -> list[str]:
    """The tables of the standard mix; none where it was not measured."""
    if "standard" not in metrics:
        return []
    mix = metrics["standard"] | {"about": metrics["about"]}
    costs = {f"{name}_replaced": row for name, row in metrics["controls"].items()}
    points = rows_of(metrics["alpha"])
    return [
        titled({
            STANDARD.format(spread=deviations): number_table(answers(mix), NAMES),
            "By how much full STOP is above the others there (95 % of draws of clips and training seeds)": number_table(
                metrics["gains"], NAMES
            ),
            "What it costs there to replace a part of STOP by what knows nothing of the clip": number_table(costs, NAMES),
            "Do the kept patches lie on what acts there?": number_table(mix["regions"], NAMES),
            f"How often the best patch is on what acts there, by α ({ALPHA_NOTE})": number_table(points, NAMES),
        }),
        f"On validation clips of the mix α = {metrics['alpha']['chosen']:g} points best; the page draws the curve.",
    ]  # fmt: skip


def rows_of(curve: Mapping) -> dict[str, dict]:
    """{α: {pointing, from, to, and each other case as text}} at every other α, and at the one that was chosen."""
    return {
        f"{alpha:g}": {"pointing": curve["pointing"][n], "from": curve["low"][n], "to": curve["high"][n]}
        | {CASES[name]: within(one["pointing"][n], one["low"][n], one["high"][n]) for name, one in cases_of(curve).items()}
        for n, alpha in enumerate(curve["alpha"])
        if n % 2 == 0 or alpha == curve["chosen"]
    }


def cases_of(curve: Mapping) -> Mapping:
    """The curves over other clips than those of the standard mix; none where they were not measured."""
    return curve.get("cases", {})


def within(share: float, low: float, high: float) -> str:
    """ "0.72 (0.68 to 0.77)"."""
    return f"{share:.2f} ({low:.2f} to {high:.2f})"


def curves(metrics: Mapping) -> tuple[Curve, ...]:
    """What α is worth, as the page draws it; nothing where it was not measured."""
    if "alpha" not in metrics:
        return ()
    about, alpha = metrics["about"], metrics["alpha"]
    lines = {"standard mix": alpha} | {CASES[name]: one for name, one in cases_of(alpha).items()}
    seeds = about["training_seeds"]["full"]
    drawn = f"the clips and of {seeds} training seeds" if seeds > 1 else "the clips; the training has one seed"
    note = (
        f"Measured with the shipped weights on drawn clips of the {about['split']} split: {about['clips']} of the standard "
        f"mix, as many plain ones, {about['clips_hard']} with blinking distractors. Bands: 95 % of draws of {drawn}. On "
        f"validation clips of the standard mix α = {alpha['chosen']:g} points best."
    )
    return (
        Curve(
            "alpha", "How often the best patch is on what acts", tuple(alpha["alpha"]),
            tuple(Line(name, *(tuple(one[part]) for part in ("pointing", "low", "high"))) for name, one in lines.items()), note,
        ),
    )  # fmt: skip


def answers(metrics: Mapping) -> dict[str, dict]:
    """A row for each variant: actions with their spread over training seeds, the same of stored clips, captions."""
    deviation, seeds = metrics.get("spread", {}), metrics.get("about", {}).get("training_seeds", {})
    rows = {}
    for name, value in metrics["actions"].items():
        several = seeds.get(name, 1) > 1
        rows[name] = {
            "action": f"{number(value)} ± {number(deviation[name])}" if several and name in deviation else value,
            **({"action, clip stored": metrics["stored"].get(name)} if "stored" in metrics else {}),
            "caption, of the held-out (R@1)": metrics.get("captions", {}).get(name),
            "caption, of all (R@1)": metrics.get("captions_all", {}).get(name),
        }
    return rows


def hard_row(part: Mapping) -> dict[str, float]:
    """What is looked at first in a hard case."""
    return {
        "action, frozen CLIP": part["actions"]["mean_pool"],
        "action, STOP": part["actions"]["full"],
        **part["regions"]["default"],
        "Spearman of N^t": part["counts"]["spearman"],
    }
