"""VideoLucy's part of its README that was measured: what `core.evaluate` found, as tables."""

from collections.abc import Mapping

from core.evaluate.tables import number, number_table, table, titled

NAMES = {
    "full": "the loop", "coarse_only": "coarse captions alone, forced", "random_period": "periods by chance, as many captions",
    "no_instruction": "the loop, no instruction", "flat": "as many captions of equal parts, at once",
    "faultless_eye": "the loop, every caption true",
    "constant": "the most frequent answer, without looking",
}  # fmt: skip
SHARES = {
    "false_confidence": "sure and wrong", "abstains_on_unanswerable": "“not shown”, of what cannot be answered",
    "forced_share": "forced after the last iteration",
}  # fmt: skip


def measured(metrics: Mapping) -> str:
    """Accuracy beside six other ways with intervals, then where, how soon and why not."""
    about, lengths = metrics["about"], list(metrics["accuracy"])
    head = ["", *(f"{length} s" for length in lengths)]
    by_length = {f"{length} s": length for length in lengths}
    made = {
        "Right answers, of questions that can be answered; in brackets 95 % of draws of questions and eyes": table(
            head, [[name, *(cell(metrics, length, way) for length in lengths)] for way, name in NAMES.items()]
        ),
        **several_eyes(metrics, by_length),
        "The loop above the others on the same questions, 95 % of draws": table(
            head,
            [
                [NAMES[way], *(number(metrics["better"][length][way]) for length in lengths)]
                for way in metrics["better"][lengths[0]]
            ],
        ),
        "The loop by what is asked, and by whether a coarse frame shows the anchor; how many questions": table(
            head,
            [[name, *(of_class(metrics, length, name) for length in lengths)] for name in metrics["by_class"][lengths[0]]],
        ),
        "By the quarter of the video in which the evidence is": number_table(
            {
                words: {f"{part}": value for part, value in enumerate(metrics["needle"][length], 1)}
                for words, length in by_length.items()
            },
            {},
        ),
        "By iterations at most": number_table(
            {words: metrics["iterations"][length] for words, length in by_length.items()}, {}
        ),
        "Captions, of one for every second": number_table(
            {"the loop": {words: percent(metrics["captions_share"][length]) for words, length in by_length.items()}}, {}
        ),
        "Of all questions": number_table({name: metrics[what] for what, name in SHARES.items()}, {"": "share"}),
        "Wrong answers by cause": table(
            ["", "share", "a case"],
            [[name, percent(one["share"]), one.get("case", "—")] for name, one in metrics["failures"].items()],
        ),
        "All captions of a coarse period at each depth": number_table(
            metrics["depths"], {"entropy": "entropy, bits", "relevance": "relevance, 0–1"}
        ),
    }
    count = len(about["weights"])
    eyes = "one eye" if count == 1 else f"each of {count} eyes, which differ in the seed of their training"
    said = (
        f"`{about['command']}`: {about['videos']} videos of each length, test split, {about['questions']} questions to {eyes}. "
        "Where every caption is true, nothing was misread."
    )
    return f"{said}\n\n{titled(made)}"


def several_eyes(metrics: Mapping, by_length: Mapping[str, str]) -> dict[str, str]:
    """A table of the eyes, where there are several."""
    rows = [dict(zip(by_length, shares, strict=True)) for shares in zip(*metrics["eyes"].values(), strict=True)]
    named = {f"eye {place}": row for place, row in enumerate(rows)}
    return {"Right answers of the loop with each eye": number_table(named, {})} if len(rows) > 1 else {}


def cell(metrics: Mapping, length: str, way: str) -> str:
    """A share and, where it was drawn again, where 95 % of the draws lie."""
    drawn = metrics["intervals"][length].get(way)
    return number(metrics["accuracy"][length][way]) + (f" ({number(drawn['low'])}–{number(drawn['high'])})" if drawn else "")


def of_class(metrics: Mapping, length: str, name: str) -> str:
    """A share, and of how many."""
    one = metrics["by_class"][length][name]
    return f"{number(one['right'])} of {one['questions']}"


def percent(share: float) -> str:
    """With one digit after the point."""
    return f"{share:.1%}".replace("%", " %")
