"""README's tables, written from the declarations and the measurements, so that they cannot grow old.

    python -m core.report            writes the blocks between <!-- name:begin --> and <!-- name:end -->
    python -m core.report --check    changes nothing; exits 1 if a block is out of date

knobs: every method's knobs and what each re-runs. measured: what `core.evaluate` wrote. readings: where a paper is
silent and the choice is ours.
"""

import argparse
import json
import re
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path

from core.engine import METHODS
from core.graph import downstream
from core.knobs import Knob
from core.method import Method
from core.methods import lesson

ROOT = Path(__file__).resolve().parents[1]
README = ROOT / "README.md"
METRICS = ROOT / "assets" / "weights" / "metrics.json"
METRICS_STPN = METRICS.with_name("metrics_stpn.json")

ANSWERS = (
    "Which action is it, of fifteen? Which caption, of the held-out ones and of all? Share of clips answered rightly ({over}); "
    "stored: compressed, or with a camera's noise"
)
CAPTIONS = (
    "In the {captions} held-out captions each colour has one shape: colour and action tell which it is, and chance is "
    "{chance:.3f}. Among all {captions_all} the shape must be right too, and chance is {chance_all:.3f}."
)
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
    "default": "STOP, default α",
    "attention": "attention only (α = 1)",
    "dynamics": "dynamics only (α = 0)",
    "random": "random patches",
    "centre": "centre patches",
    "spearman": "rank correlation of N^t with true motion (Spearman)",
    "spearman_change": "the same of W^t",
    "baseline": "single-frame baseline",
    "stpn": "STPN, attention, shallow",
    "gain": "more than the baseline",
    "full_all": "STOP at every layer",
    "still": "mean prompts a gap, still clips",
    "moving": "mean prompts a gap, an object moves",
    "panning": "mean prompts a gap, the camera pans",
}


def main(words: Sequence[str] | None = None) -> int:
    """0 when README is current, afterwards or already."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--check", action="store_true", help="change nothing; exit 1 if a block is out of date")
    args = parser.parse_args(words)
    text = README.read_text(encoding="utf-8")
    fresh = filled(text, blocks())
    if fresh == text:
        return 0
    if args.check:
        print("README.md is out of date: python -m core.report", file=sys.stderr)
        return 1
    README.write_text(fresh, encoding="utf-8")
    return 0


def blocks() -> dict[str, str]:
    """Marker → what belongs between its begin and its end."""
    return {
        "knobs": "\n\n".join(knob_table(method) for method in METHODS.values()),
        "measured": told_of(METRICS, measured),
        "measured_stpn": told_of(METRICS_STPN, measured_stpn),
        "readings": "\n\n".join(readings(method) for method in METHODS.values()),
    }


def told_of(file: Path, tables: Callable[[Mapping], str]) -> str:
    """The tables of a file of metrics, or that there is none."""
    return tables(json.loads(file.read_text(encoding="utf-8"))) if file.is_file() else "Not measured yet: `make evaluate`."


def filled(text: str, made: Mapping[str, str]) -> str:
    """`text` with every block replaced. A marker that is missing is a ValueError."""
    for name, block in made.items():
        begin, end = f"<!-- {name}:begin -->", f"<!-- {name}:end -->"
        pattern = re.compile(f"({re.escape(begin)}).*?({re.escape(end)})", re.DOTALL)
        if not pattern.search(text):
            raise ValueError(f"README.md has no {begin} … {end}.")
        text = pattern.sub(lambda found, block=block: f"{found[1]}\n\n{block}\n\n{found[2]}", text)
    return text


def knob_table(method: Method) -> str:
    """One row a knob: symbol, name, span, default, meaning, and the stages that can change with it."""
    rows = [
        (one.symbol, f"`{one.name}`", span(one), told(one.default), one.meaning, reruns(method, one.name))
        for one in method.knobs.knobs()
    ]
    if downstream(method.stages, "texts"):
        rows.append(("—", "`texts`", "sentences", "—", "what the video is compared with", reruns(method, "texts")))
    order = " → ".join(f"`{stage.__name__}`" for stage in method.stages)
    head = ("knob", "in code", "span", "default", "what it does", "what it can re-run")
    return f"**{method.title}**\n\n{table(head, rows)}\n\nThe {len(method.stages)} stages in order: {order}."


def span(one: Knob) -> str:
    """ "0 – 1 in steps of 0.05", "on or off", "first or all"."""
    if one.span is None:
        return "on or off"
    if one.kind == "choice":
        return " or ".join(one.span)
    low, high, step = one.span
    return f"{low:g} – {high:g} in steps of {step:g}"


def told(value: object) -> str:
    """A default as a reader would say it."""
    if isinstance(value, bool):
        return "on" if value else "off"
    return f"{value:g}" if isinstance(value, (int, float)) else str(value)


def reruns(method: Method, source: str) -> str:
    """The stages behind a source: all of a few, or the first and how many."""
    stages = downstream(method.stages, source)
    if len(stages) <= 4:
        return ", ".join(f"`{name}`" for name in stages)
    return f"`{stages[0]}` and {len(stages) - 1} after it, to `{stages[-1]}`"


def readings(method: Method) -> str:
    """One row for every place where the paper is silent and the choice is ours."""
    return f"**{method.title}**\n\n{table(('where', 'our reading'), lesson(method, 'READINGS'))}"


def measured(metrics: Mapping) -> str:
    """How it was measured, and a table for each part; a hard case is one row."""
    about = metrics.get("about", {})
    seeds = ", ".join(f"{spoken(name)} {count}" for name, count in about.get("training_seeds", {}).items())
    clips, few = about.get("clips", "?"), about.get("clips_hard", "?")
    parts = [
        f"`{about.get('command', 'make evaluate')}` on {clips} clips of the {about.get('split', 'test')} split "
        f"({few} for each hard case). Fractions are 0–1. Trained with this many seeds: {seeds or '—'}."
    ]
    if "actions" in metrics:
        title = ANSWERS.format(over=over(about.get("training_seeds", {}).values()))
        parts.append(f"**{title}**\n\n{number_table(answers(metrics))}")
    if "captions_all" in about:
        parts.append(CAPTIONS.format(chance=1 / about["captions"], chance_all=1 / about["captions_all"], **about))
    parts += [f"**{TITLES[name]}**\n\n{number_table(metrics[name])}" for name in TITLES if name in metrics]
    if "hard" in metrics:
        parts.append(f"**Hard cases**\n\n{number_table({case: hard_row(part) for case, part in metrics['hard'].items()})}")
    return "\n\n".join(parts)


def answers(metrics: Mapping) -> dict[str, dict]:
    """A row for each variant: actions with their spread over training seeds, the same of stored clips, captions."""
    spread, seeds = metrics.get("spread", {}), metrics.get("about", {}).get("training_seeds", {})
    rows = {}
    for name, value in metrics["actions"].items():
        several = seeds.get(name, 1) > 1
        rows[name] = {
            "action": f"{number(value)} ± {number(spread[name])}" if several and name in spread else value,
            "action, clip stored": metrics.get("stored", {}).get(name),
            "caption, of the held-out (R@1)": metrics.get("captions", {}).get(name),
            "caption, of all (R@1)": metrics.get("captions_all", {}).get(name),
        }
    return rows


def over(seeds: Iterable[int]) -> str:
    """What stands behind a ±, where there is one."""
    several = " or ".join(str(count) for count in sorted({count for count in seeds if count > 1}))
    return f"± standard deviation over {several} training seeds" if several else "one training seed each"


def measured_stpn(metrics: Mapping) -> str:
    """How it was measured, and STPN beside its baseline in every table."""
    about = metrics["about"]
    seeds = "; ".join(f"{name}: {count}" for name, count in about["training_seeds"].items())
    k, strided, whole, past = (about.get(f"supports{which}", "?") for which in ("", "_strided", "_vis", "_vot"))
    gains = metrics.get("gains", {"predictors": {}, "supports": {}, "vis": None})
    spread = over(about["training_seeds"].values())
    spoilt = {
        kind: {f"severity {severity}": both(pair) for severity, pair in row.items()}
        for kind, row in metrics["degraded"].items()
    }
    tasks = {
        f"masks through the clip (VIS), K = {whole} spread over it: AP": {
            name: one["ap"] for name, one in metrics["vis"].items()
        } | {"gain": gains["vis"]},
        f"one thing followed (VOT), K = {past} before a frame: AO": {name: one["ao"] for name, one in metrics["vot"].items()},
        "SR50": {name: one["sr50"] for name, one in metrics["vot"].items()},
        "SR75": {name: one["sr75"] for name, one in metrics["vot"].items()},
    }
    tables = {
        f"Clean frames, K = {k}": metrics["clean"],
        f"Spoilt frames, K = {k}: AP50, mean of all kinds at severities 0.5 and 1 ({spread})": {
            "AP50": metrics["headline"] | {"gain": gains["predictors"].get("attention/shallow")}
        },
        f"Spoilt frames, K = {k}, AP50: baseline → STPN": spoilt,
        f"Motion blur 0.5 by how fast things move, K = {k}, AP50": metrics["speed"],
        f"Every trained predictor, K = {k}: AP50, spoilt as above ({spread})": {
            name: row | ({"gain": gains["predictors"][name]} if name in gains["predictors"] else {})
            for name, row in metrics["predictors"].items()
        },
        f"Motion blur 0.75, K = {k}, AP50: the first N of the trained prompts": metrics["prompts"],
        "Motion blur 0.75, AP50: K supports, spread over the clip": {"AP50": metrics["sweeps"]["K"]},
        f"Motion blur 0.75, K = {strided}, AP50: S frames between supports": {"AP50": metrics["sweeps"]["S"]},
        f"Motion blur 0.75, K = {k}, AP50: other supports": {
            "AP50": metrics["sweeps"]["supports"], "more than with clean ones": gains["supports"],
        },
        f"Where prompts look in clean supports, K = {k}: attention on things, what looking everywhere alike gives, best patch "
        "on one": {"share": metrics["looks"]},
        f"Through whole clips of clean frames ({about['clips_vis_vot']} of them)": tasks,
    }  # fmt: skip
    head = (
        f"`{about['command']}` on {about['clips']} clips of the {about['split']} split, of {about['frames']} frames, one of "
        f"which is read. Fractions are 0–1. Training seeds – {seeds}. Tables without ± are of the first."
    )
    if "resamples" in about:
        head += (
            f" In brackets: a paired bootstrap over the clips, 95 % of {about['resamples']} draws, the same for both; what "
            f"other training seeds would give is no part of it. {about['known']:.0%} of the things that are asked for have a "
            "colour and shape that actors of training clips have."
        )
    return "\n\n".join([head, *(f"**{title}**\n\n{number_table(part)}" for title, part in tables.items())])


def both(pair: Mapping) -> str:
    """ "0.31 → 0.40"."""
    return f"{number(pair['baseline'])} → {number(pair['stpn'])}"


def hard_row(part: Mapping) -> dict[str, float]:
    """What is looked at first in a hard case."""
    return {
        "action, frozen CLIP": part["actions"]["mean_pool"],
        "action, STOP": part["actions"]["full"],
        **part["regions"]["default"],
        "Spearman of N^t": part["counts"]["spearman"],
    }


def number_table(part: Mapping) -> str:
    """Rows of numbers. A row is one number, or a mapping of them by column."""
    rows = {name: value if isinstance(value, Mapping) else {"": value} for name, value in part.items()}
    columns = list(dict.fromkeys(column for row in rows.values() for column in row))
    lines = [[NAMES.get(name, spoken(name)), *(number(row.get(one)) for one in columns)] for name, row in rows.items()]
    return table(["", *(NAMES.get(one, spoken(one)) for one in columns)], lines)


def number(value: object) -> str:
    """Two digits after the point; of several seeds the mean and how far they spread, of a gain its interval."""
    if isinstance(value, Mapping):
        if "low" in value:
            return f"{value['mean']:+.2f} ({value['low']:+.2f} to {value['high']:+.2f})".replace("-", "−")
        return number(value["mean"]) if value["sd"] is None else f"{number(value['mean'])} ± {number(value['sd'])}"
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return "—" if value is None else str(value)
    return f"{value:,}" if isinstance(value, int) else f"{value:.2f}"


def spoken(name: str) -> str:
    """ "camera_pan" → "camera pan"."""
    return name.replace("_", " ")


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A Markdown table."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines)


if __name__ == "__main__":
    sys.exit(main())
