"""Numbers that were measured as tables of Markdown, for the README of a method."""

from collections.abc import Iterable, Mapping, Sequence


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A Markdown table."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines)


def number_table(part: Mapping, names: Mapping[str, str]) -> str:
    """Rows of numbers. A row is one number, or a mapping of them by column; `names` says how rows and columns are called."""
    rows = {name: value if isinstance(value, Mapping) else {"": value} for name, value in part.items()}
    columns = list(dict.fromkeys(column for row in rows.values() for column in row))
    lines = [[names.get(name, spoken(name)), *(number(row.get(column)) for column in columns)] for name, row in rows.items()]
    return table(["", *(names.get(column, spoken(column)) for column in columns)], lines)


def number(value: object) -> str:
    """Two digits after the point; of several seeds the mean and how far they spread, of a gain its interval."""
    if isinstance(value, Mapping):
        if "low" in value:
            return f"{value['mean']:+.2f} ({value['low']:+.2f} to {value['high']:+.2f})".replace("-", "−")
        return number(value["mean"]) if value["sd"] is None else f"{number(value['mean'])} ± {number(value['sd'])}"
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return "—" if value is None else str(value)
    return f"{value:,}" if isinstance(value, int) else f"{value:.2f}"


def spread(seeds: Iterable[int]) -> str:
    """What stands behind a ±, where there is one. seeds: how many trainings each variant had."""
    several = " or ".join(str(count) for count in sorted({count for count in seeds if count > 1}))
    return f"± standard deviation over {several} training seeds" if several else "one training seed each"


def spoken(name: str) -> str:
    """ "camera_pan" → "camera pan"."""
    return name.replace("_", " ")


def titled(tables: Mapping[str, str]) -> str:
    """Tables under their titles, in bold."""
    return "\n\n".join(f"**{title}**\n\n{rows}" for title, rows in tables.items())
