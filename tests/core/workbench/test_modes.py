"""Facts about failure modes: chance alone confirms none, one that is planted is found, and filters find a mode's own clips."""

import shutil
from pathlib import Path

import numpy as np
import pytest

from core.errors import ReaderError
from core.workbench import __main__ as command
from core.workbench import derived, query
from core.workbench.columns import Column
from core.workbench.outside import resolve
from core.workbench.query.causes import Outcome, explaining, outcome
from core.workbench.query.clusters import clusters
from core.workbench.query.modes import modes
from core.workbench.query.near import unit
from core.workbench.query.rules import fits

SHIPPED = Path(__file__).resolve().parents[3] / "assets" / "runs" / "world"
COLUMNS = [Column("dark", ""), Column("size", ""), Column("scene", "", "text"), Column("cut", "", "truth")]


def made(N, seed, films=1):
    """Columns of chance, and films of so many clips each."""
    rng = np.random.default_rng(seed)
    values = {
        "dark": np.where(rng.random(N) < 0.1, np.nan, rng.random(N)), "size": rng.normal(size=N),
        "scene": rng.choice(np.array(["park", "street", None], object), N), "cut": rng.integers(0, 2, N).astype(float),
    }  # fmt: skip
    return rng, values, np.array([f"film {n // films}" for n in range(N)], object)


def seen(fails_N, group_N):
    return Outcome("right", "wrong", tuple(f"clip {n}" for n in range(len(fails_N))), fails_N, group_N)


def test_where_chance_alone_says_what_fails_almost_no_mode_is_confirmed():
    confirmed = proposed = 0
    for seed in range(200):
        rng, values, group_N = made(120, seed)
        found = modes(values, COLUMNS, seen(rng.random(120) < 0.4, group_N), rng.integers(0, 4, 120), seed)
        confirmed += any(one.confirmed for one in found)
        proposed += bool(found)
    assert confirmed <= 10 and proposed >= 60, "5 % of 200; there was something to confirm"


def test_films_that_fail_as_a_whole_confirm_no_more_for_having_many_clips():
    """Every clip of a film has the film's own numbers and fails as it does: ten times the clips, no more to know."""
    confirmed = 0
    for seed in range(60):
        rng, values, _ = made(24, seed)
        group_N = np.array([f"film {n // 10}" for n in range(240)], object)
        found = modes({name: np.repeat(one, 10) for name, one in values.items()}, COLUMNS,
                      seen(np.repeat(rng.random(24) < 0.5, 10), group_N), seed=seed)  # fmt: skip
        confirmed += any(one.confirmed for one in found)
        assert all(one.n + one.rest == 12 for one in found)
    assert confirmed <= 3


@pytest.mark.parametrize("kind", ["a bound", "a name", "a group of the map"])
def test_a_planted_mode_is_found_and_said_in_words(kind):
    rng, values, group_N = made(300, 5, films=2)
    cluster_N = rng.integers(0, 4, 300)
    holds_N = {"a bound": values["dark"] > 0.7, "a name": values["scene"] == "park", "a group of the map": cluster_N == 2}[kind]
    fails_N = np.where(holds_N, rng.random(300) < 0.85, rng.random(300) < 0.2)
    found = modes(values, COLUMNS, seen(fails_N, group_N), cluster_N)[0]
    assert found.confirmed and found.failed / found.n > 0.6 and found.low is not None and found.low > 0.4
    (filter,) = found.filters[:1]
    if kind == "a bound":
        assert filter[:2] == ["dark", "gt"] and filter[2] == pytest.approx(0.7, abs=0.06) and "dark above 0." in found.words
    else:
        assert filter == {"a name": ["scene", "eq", "park"], "a group of the map": ["cluster", "eq", 2]}[kind]
    assert f"{found.failed} of {found.n} wrong" in found.sentence("wrong") and "Confirmed" in found.sentence("wrong")


def test_what_is_made_of_the_answer_and_the_label_explains_nothing():
    table = query.open_run(SHIPPED)
    names = {one.name for one in explaining(table, next(iter(table.settings)))}
    assert {"motion", "degradation", "label", "confidence", "pointing"} <= names
    assert not names & {
        "right",
        "rank",
        "loss",
        "margin",
        "in_top5",
        "error",
        "behind",
        "plain_right",
        "freeze_margin",
        "run_ms",
    }
    with pytest.raises(ReaderError, match="said by one of right"):
        outcome(table, next(iter(table.settings)), "brightness")


@pytest.fixture
def run(tmp_path):
    return Path(shutil.copytree(SHIPPED, tmp_path / "world", ignore=shutil.ignore_patterns("marks.sqlite*", "derived")))


def test_modes_are_kept_found_by_their_filters_and_told_by_a_command(run, capsys):
    table, setting = query.open_run(run), list(query.open_run(run).settings)[-1]
    found = derived.failure_modes(run, table, setting)
    assert found.modes and (found.n, found.of, found.says) == (120, "right", "wrong")
    for one in found.modes:
        filters = [resolve(each, run, table, setting) for each in one.filters]
        assert query.slice_stats(table, setting, filters)["clips"] == one.clips, one.words
    kept = sorted((run / "derived").rglob("*.*"))
    assert kept and derived.failure_modes(run, table, setting) == found
    assert command.main(["modes", str(run), "--setting", "2"]) == command.WHOLE
    said = capsys.readouterr().out
    assert all(one.words in said for one in found.modes) and "tested on" in said
    assert sorted((run / "derived").rglob("*.*")) == kept
    corners = [[0.2, 0.2], [0.9, 0.3], [0.5, 0.9]]
    drawn = derived.atlas(run, table, setting)
    sides = [(one, other) for one, other in zip(corners, corners[1:] + corners[:1])]
    inside = [all((x1 - x0) * (y - y0) >= (y1 - y0) * (x - x0) for (x0, y0), (x1, y1) in sides) for x, y in drawn.place_N2]
    assert derived.area(drawn, corners) == [one for one, is_in in zip(drawn.ids, inside) if is_in] != []
    for bad in (["cluster", "eq", 99], ["cluster", "eq", True], ["map", "in", [[0, 0]]], ["map", "in", [["a", 0]] * 3]):
        with pytest.raises(ReaderError, match=r"\.$"):
            resolve(bad, run, table, setting)


def test_clips_that_lie_together_are_a_group_and_those_that_lie_nowhere_are_in_none():
    rng = np.random.default_rng(0)
    feature_NE = np.concatenate(
        [rng.normal(at, 0.05, (30, 8)) for at in (np.eye(8)[0], np.eye(8)[1])] + [rng.normal(size=(6, 8))]
    )
    found = clusters(unit([str(n) for n in range(66)], feature_NE))
    assert len(set(found[:30])) == len(set(found[30:60])) == 1 and found[0] != found[30] and min(found[0], found[30]) > 0
    assert (found[60:] == 0).any() and not clusters(unit(["a"], feature_NE[:1])).any()


def test_what_is_not_known_fits_no_bound_and_is_no_name():
    values = {"dark": np.array([0.1, np.nan, 0.9]), "scene": np.array(["park", None, "street"], object)}
    assert fits([["dark", "le", 0.5]], values).tolist() == [True, False, False]
    assert fits([["scene", "ne", "park"]], values).tolist() == [False, True, True]
