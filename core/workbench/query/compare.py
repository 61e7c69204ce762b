"""Two settings on the same clips: which became right, which became wrong, and whether that is more than chance.

Only clips that both answered, and whose label is known, count. The bootstrap draws groups (clips cut from one film are in or
out together), which are as many as they are: groups that changed alike are drawn as one.
"""

from typing import Any

import numpy as np

from core.errors import ReaderError
from core.metrics import RESAMPLES
from core.workbench.files import literal
from core.workbench.query.filters import Filters, where
from core.workbench.query.slices import mcnemar
from core.workbench.query.table import ROWS, Table

MOVERS = 20  # clips whose loss changed most


def compare(table: Table, a: str, b: str, filters: Filters = (), seed: int = 0) -> dict[str, Any]:
    """{n, both, fixed, broken, neither, accuracy_a, accuracy_b, gain, low, high, p, better, worse}.

    fixed: wrong in A and right in B. gain: accuracy of B less that of A, low and high: 95 % of draws of the groups. p:
    McNemar's exact test. better, worse: clips whose loss fell and rose most, [clip_id, label, answer of A, of B, change].
    filters: of A's rows."""
    if table.setting(a) == table.setting(b):
        raise ReaderError("A setting is compared with another one, got the same twice.")
    if "right" not in table.columns:
        raise ReaderError("These settings answer nothing, so there is no right or wrong to compare.")
    condition, values = where(table, filters, a)
    flips, groups, better, worse = table.ask_of(
        f"""WITH a AS (SELECT * FROM {ROWS} WHERE {condition}) SELECT a.clip_id, hash(a."group") AS film, a."right" AS right_a,
        b."right" AS right_b, b.loss - a.loss AS change
        FROM a JOIN (SELECT * FROM {ROWS} WHERE setting = ?) AS b USING (clip_id)
        WHERE a.status = 'ok' AND b.status = 'ok' AND a."right" IS NOT NULL AND b."right" IS NOT NULL""",
        [*values, b],
        (
            "SELECT right_a, right_b, count(*) AS n FROM made GROUP BY 1, 2",
            "SELECT change, size, count(*) AS groups FROM (SELECT sum(right_b::INT - right_a::INT) AS change, "
            "count(*) AS size FROM made GROUP BY film) GROUP BY 1, 2 ORDER BY 1, 2",
            movers("<", "ASC", a, b),
            movers(">", "DESC", a, b),
        ),
    )
    count = {(row["right_a"], row["right_b"]): row["n"] for row in flips}
    both, fixed, broken, neither = (count.get(key, 0) for key in ((True, True), (False, True), (True, False), (False, False)))
    n = both + fixed + broken + neither
    low, high = bootstrap([(row["change"], row["size"], row["groups"]) for row in groups], seed)
    return {
        "n": n, "both": both, "fixed": fixed, "broken": broken, "neither": neither,
        "accuracy_a": (both + broken) / n if n else None, "accuracy_b": (both + fixed) / n if n else None,
        "gain": (fixed - broken) / n if n else None, "low": low, "high": high, "p": mcnemar(fixed, broken) if n else None,
        "better": [list(row.values()) for row in better], "worse": [list(row.values()) for row in worse],
    }  # fmt: skip


def movers(sign: str, order: str, a: str, b: str) -> str:
    """The clips of `made` whose loss fell or rose most, and what each setting answered: texts are joined of few alone."""
    rows = [f"(SELECT clip_id, label, pred FROM {ROWS} WHERE setting = {literal(name)})" for name in (a, b)]
    return (
        f"SELECT clip_id, a.label, a.pred AS pred_a, b.pred AS pred_b, change FROM (SELECT clip_id, change FROM made "
        f"WHERE change {sign} 0 ORDER BY change {order}, clip_id LIMIT {MOVERS}) JOIN {rows[0]} AS a USING (clip_id) "
        f"JOIN {rows[1]} AS b USING (clip_id) ORDER BY change {order}, clip_id"
    )


def bootstrap(groups: list[tuple[int, int, int]], seed: int = 0) -> tuple[float | None, float | None]:
    """groups: (sum of changes, clips, how many groups are so). 95 % of the mean change of a clip in draws of as many groups."""
    if not groups:
        return None, None
    change_K, size_K, count_K = np.array(groups, float).T
    total = int(count_K.sum())
    drawn_RK = np.random.default_rng([seed, RESAMPLES]).multinomial(total, count_K / total, RESAMPLES)
    low, high = np.percentile(drawn_RK @ change_K / (drawn_RK @ size_K), [2.5, 97.5])
    return float(low), float(high)
