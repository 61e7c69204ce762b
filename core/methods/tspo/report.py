"""TSPO's part of its README that was measured: what `core.evaluate` found, as tables."""

from collections.abc import Mapping

from core.evaluate.tables import number_table, spoken, table, titled

NAMES = dict(
    uniform="middles of K equal parts", random="a draw", clip_topk="top-K of the frame's cosine", untrained="agent, untrained",
    tspo="agent, R_A + R_T", r_a_only="agent, R_A alone", shuffled="agent, rewards dealt by chance", oracle="evidence alone",
)  # fmt: skip


def measured(metrics: Mapping) -> str:
    """Recall and accuracy at three lengths with their intervals, families, and what is right without looking."""
    about = metrics["about"]
    made = {}
    for measure in ("recall", "accuracy"):
        title = f"{spoken(measure).capitalize()} at K = {about['chosen']}, {about['videos']} videos a length, 95 % intervals"
        names = sorted(metrics[measure]["1"], key=list(NAMES).index)
        rows = [[NAMES[name], *(with_interval(metrics, measure, times, name) for times in metrics[measure])] for name in names]
        head = ["", *(f"{int(times) * about['length']} candidates" for times in metrics[measure])]
        made[title] = table(head, rows)
    rewarded = {f"{int(times) * about['length']} candidates": row for times, row in metrics["rewarded"].items()}
    made["R_T, the share of chosen frames that lie in the evidence"] = number_table(rewarded, NAMES)
    for measure, by_times in metrics["better"].items():
        rows = [
            [NAMES[name], *("{:+.2f} to {:+.2f}".format(*by_times[times][name]) for times in by_times)]
            for name in by_times["1"]
        ]
        made[f"{spoken(measure).capitalize()} of the agent above others on the same questions, 95 % intervals"] = table(
            head, rows
        )
    made["Accuracy by question, at the training length"] = number_table(metrics["families"], NAMES)
    made["Right without looking"] = number_table(metrics["constant"], {"": "share"})
    return f"Training seeds: {about['training_seeds']}.\n\n{titled(made)}"


def with_interval(metrics: Mapping, measure: str, times: str, name: str) -> str:
    """A share and where 95 % of it lie."""
    low, high = metrics["intervals"][measure][times][name]
    return f"{metrics[measure][times][name]:.2f} ({low:.2f} to {high:.2f})"
