"""STPN's part of its README that was measured: what `core.evaluate` found, as tables."""

from collections.abc import Mapping

from core.evaluate.tables import number, number_table, spread, titled

NAMES = {
    "baseline": "single-frame baseline",
    "stpn": "STPN, attention, shallow",
    "gain": "more than the baseline",
}


def measured(metrics: Mapping) -> str:
    """How it was measured, and STPN beside its baseline in every table."""
    about = metrics["about"]
    seeds = "; ".join(f"{name}: {count}" for name, count in about["training_seeds"].items())
    k, strided, whole, past = (about.get(f"supports{which}", "?") for which in ("", "_strided", "_vis", "_vot"))
    gains = metrics.get("gains", {"predictors": {}, "supports": {}, "vis": None})
    seeded = spread(about["training_seeds"].values())
    spoilt = {
        kind: {f"severity {severity}": both(pair) for severity, pair in row.items()}
        for kind, row in metrics["degraded"].items()
    }

    def through(ending: str) -> dict:
        """The rows of the two tasks that read whole clips."""
        vis, vot = metrics[f"vis{ending}"], metrics[f"vot{ending}"]
        masks = f"masks through the clip (VIS), K = {whole} spread over it: AP"
        box = f"one thing followed (VOT), K = {past} before a frame: AO"
        return {
            masks: {name: one["ap"] for name, one in vis.items()} | {"gain": gains.get(f"vis{ending}")},
            box: {name: one["ao"] for name, one in vot.items()} | {"gain": gains.get(f"vot{ending}")},
        } | {rate.upper(): {name: one[rate] for name, one in vot.items()} for rate in ("sr50", "sr75")}

    tables = {
        f"Clean frames, K = {k}": metrics["clean"],
        f"Spoilt frames, K = {k}: AP50, mean of all kinds at severities 0.5 and 1 ({seeded})": {
            "AP50": metrics["headline"] | {"gain": gains["predictors"].get("attention/shallow")}
        },
        f"Spoilt frames, K = {k}, AP50: baseline → STPN": spoilt,
        f"Motion blur 0.5 by how fast things move, K = {k}, AP50": metrics["speed"],
        f"Every trained predictor, K = {k}: AP50, spoilt as above ({seeded})": {
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
        f"Through whole clips of clean frames ({about['clips_vis_vot']} of them)": through(""),
    }  # fmt: skip
    if "degraded" in gains:
        title = f"Spoilt frames, K = {k}, AP50: more than the baseline ({seeded})"
        tables[title] = {
            f"{kind}, more": {f"severity {severity}": one for severity, one in row.items()}
            for kind, row in gains["degraded"].items()
        }
    if "vis_spoilt" in metrics:
        title = f"Through the same clips, {about['stretch']} frames in a row spoilt by {about['severity_stretch']}"
        tables[f"{title} (motion blur, occluder or defocus)"] = through("_spoilt")
    if "long" in metrics:
        title = f"Clips of {about['frames_long']} frames, motion blur 0.75, AP50 of the middle frame; near is up to "
        title += f"{about['near_long']} frames away"
        swept = {"K": "K, S = 1", "S": f"S, K = {strided}"}
        for knob, said in swept.items():
            tables[f"{title}: {said}"] = {name: one[knob] | one["none"] for name, one in metrics["long"].items()}
    head = (
        f"`{about['command']}` on {about['clips']} clips of the {about['split']} split, of {about['frames']} frames, one of "
        f"which is read. Fractions are 0–1. Training seeds – {seeds}. Tables without ± are of the first."
    )
    if "resamples" in about:
        head += (
            f" In brackets: a paired bootstrap over the clips, 95 % of {about['resamples']} draws, the same for both"
            f"{'' if 'degraded' in gains else '; what other training seeds would give is no part of it'}. "
            f"{about['known']:.0%} of the things that are asked for have a colour and shape that actors of training clips have."
        )
    return f"{head}\n\n{titled({title: number_table(part, NAMES) for title, part in tables.items()})}"


def both(pair: Mapping) -> str:
    """ "0.31 → 0.40"."""
    return f"{number(pair['baseline'])} → {number(pair['stpn'])}"
