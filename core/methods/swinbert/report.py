"""SwinBERT's part of its README that was measured: what `core.evaluate` found, as tables."""

from collections.abc import Mapping

from core.evaluate.tables import number, spoken, table, titled

NAMES = {
    "log_sigmoid": "log σ(V)", "as_released": "as released", "hard": "hard, learned again", "full": "everything open",
    "identity": "each patch sees itself alone", "random": "as many pairs as the hard mask has, at random",
    "spatial_window": "spatial window", "temporal_window": "temporal window", "start": "V ~ N(0, 1), before training",
}  # fmt: skip
TITLES = {
    "exact": "Exact captions of hidden clips, how often each word is right, and exact where colour and shape never met before",
    "gain": "Exact captions with log σ(V), minus those of another mask",
    "gates": "What the truth says of the gates",
    "scores": "Scores against all wordings",
}


def measured(metrics: Mapping) -> str:
    """How it was measured, and a table for each question."""
    about = metrics["about"]
    trainings = about["training_seeds"]
    head = (
        f"`{about['command']}` on {about['clips']} clips. In brackets: 95 % of draws of clips and trainings. "
        f"Who always says the same caption is right in {number(metrics['constant'])}."
    )
    rows = [
        [
            NAMES[name],
            str(trainings[name]),
            shown(metrics["spread"][name]),
            *map(number, metrics["words"][name].values()),
            shown(metrics["unseen"][name]),
        ]
        for name in metrics["exact"]
    ]
    tables = {TITLES["exact"]: table(["", "trainings", "exact", *metrics["words"]["log_sigmoid"], "exact, never met"], rows)}
    tables[TITLES["gain"]] = table(["", "exact"], [[NAMES[name], number(one)] for name, one in metrics["gain"].items()])
    tables[TITLES["gates"]] = table(
        ["", *map(spoken, metrics["gates"]["log_sigmoid"])],
        [[NAMES[name], *(f"{value:.4f}" for value in row.values())] for name, row in metrics["gates"].items()],
    )
    if metrics["caption_scores"]:
        rows = [[NAMES[name], *map(number, row.values())] for name, row in metrics["caption_scores"].items()]
        tables[TITLES["scores"]] = table(["", "CIDEr-D", "BLEU-4", "METEOR without synonyms"], rows)
    ratio = metrics["inherit_steps_ratio"]
    inherited = (
        "With twice the frames, a mask that is inherited "
        + (f"reaches the lowest loss of one from scratch in {number(ratio)} of its steps." if ratio else
           "does not reach the lowest loss of one from scratch.")
    )  # fmt: skip
    return "\n\n".join([head, titled(tables), inherited])


def shown(one: Mapping[str, float]) -> str:
    """A share, and where it is in 95 % of draws."""
    return f"{number(one['mean'])} ({number(one['low'])}–{number(one['high'])})"
