"""VideoStreaming's part of its README that was measured: what `core.evaluate` found, as tables."""

from collections.abc import Mapping

from core.evaluate.tables import number, table, titled

TITLES = {
    "moment": "What colour is the ring, what shape is the red thing? Share answered rightly, by what chooses the clips",
    "recall": "Share of the clips that show it which are chosen",
    "first": "What colour is the very first thing, from the last V clips? With memory, and without",
    "count": "How many scenes show a ring? By the true number",
}
COST = "What the reader is given and how long its answer takes, question and choice included, beside all memories"
FORGETTING = "How often a linear probe of H_k reads the colour of clip k − j, by j"


def measured(metrics: Mapping) -> str:
    """How it was measured, and a table for each question."""
    about, lengths = metrics["about"], list(metrics["tokens"])
    seeds = about["training_seeds"]
    spread = f"{seeds} training seeds" if seeds > 1 else "one training seed"
    head = (
        f"`{about['command']}` on {about['stories']} stories of each length, test split; 1× is {about['seconds']['1']} s,\n"
        f"clips of {about['frames']} s, V = {about['chosen']}; {spread}. In brackets: 95 % of draws of questions and seeds."
    )
    tables = {}
    for what, title in TITLES.items():
        names = dict.fromkeys(name for length in lengths for name in metrics[what][length])
        rows = [
            [name, *(cell(metrics, what, length, name) for length in lengths)]
            for name in (sorted(names) if what == "count" else names)
        ]
        if what in metrics["constant"]:
            rows.append(["always the most frequent answer", *(number(metrics["constant"][what][length]) for length in lengths)])
        tables[title] = table(["", *(f"{length}×" for length in lengths)], rows)
    costs = {"tokens": "tokens", "all_tokens": "tokens of all memories", "reader_ms": "ms", "all_ms": "ms with all memories"}
    rows = [[words, *(number(metrics[what][length]) for length in lengths)] for what, words in costs.items()]
    tables[COST] = table(["", *(f"{length}×" for length in lengths)], rows)
    lags = metrics["forgetting"]
    tables[FORGETTING] = table([f"j = {j}" for j in lags], [[number(share) for share in lags.values()]])
    return "\n\n".join([head, titled(tables)])


def cell(metrics: Mapping, what: str, length: str, name: str) -> str:
    """A share, and where it is in 95 % of draws, where that was asked."""
    value = metrics[what][length].get(name)
    drawn = metrics["spread"].get(what, {}).get(length, {}).get(name)
    return number(value) + (f" ({number(drawn['low'])}–{number(drawn['high'])})" if drawn else "")
