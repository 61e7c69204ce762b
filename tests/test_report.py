"""Every number that was measured is in README's tables, in the row and column it belongs to."""

import pytest

from core.report import filled, measured, measured_stpn, number, number_table


def metrics():
    """STPN's, with no number twice."""
    values = iter(range(1, 100))

    def pair(*names):
        return {name: next(values) / 100 for name in names}

    sides = ("baseline", "stpn")
    return {
        "clean": {side: pair("ap", "ap50", "ap75") for side in sides},
        "degraded": {"noise": {"0.5": pair(*sides), "1.0": pair(*sides)}},
        "headline": {side: pair("mean", "sd") | {"seeds": 3} for side in sides},
        "speed": {"slow": pair(*sides)},
        "predictors": {"mixer/deep": pair("clean", "spoilt")},
        "prompts": {"average/deep": pair("N = 1", "N = 5")},
        "sweeps": {"K": pair("2", "30")},
        "looks": pair("on_things", "even", "best"),
        "vis": {side: pair("ap") for side in sides},
        "vot": {side: pair("ao", "sr50", "sr75") for side in sides},
        "about": {
            "command": "c", "clips": 8, "clips_vis_vot": 2, "split": "test", "supports": 6, "training_seeds": {"baseline": 3},
        },
    }  # fmt: skip


def rows(text):
    """First cell → the others, of every table."""
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in text.splitlines() if line.startswith("|")]
    return {first: rest for first, *rest in cells}


def test_a_variant_of_stop_is_a_row_with_its_spread_where_there_are_several_seeds():
    told = rows(measured({
        "actions": {"mean_pool": 0.11, "full": 0.22}, "spread": {"mean_pool": 0.0, "full": 0.03},
        "stored": {"mean_pool": 0.44, "full": 0.55}, "captions": {"mean_pool": 0.66, "full": 0.77},
        "counts": {"spearman": 0.88}, "about": {"training_seeds": {"full": 3}},
    }))  # fmt: skip
    assert told["frozen CLIP, mean over frames"] == ["0.11", "0.44", "0.66"]
    assert told["STOP, spatial and temporal"] == ["0.22 ± 0.03", "0.55", "0.77"]
    assert told["rank correlation of N^t with true motion (Spearman)"] == ["0.88"]


def test_every_number_of_stpn_is_told():
    found, text = metrics(), measured_stpn(metrics())

    def numbers(part):
        return [n for one in part.values() for n in (numbers(one) if isinstance(one, dict) else [one])]

    for name in set(found) - {"about"}:
        for value in numbers(found[name]):
            assert str(value) in text, (name, value)


def test_stpn_stands_beside_its_baseline():
    found, told = metrics(), rows(measured_stpn(metrics()))
    pairs = found["degraded"]["noise"].values()
    assert told["noise"] == [f"{pair['baseline']:.2f} → {pair['stpn']:.2f}" for pair in pairs]
    assert told["slow"] == [number(found["speed"]["slow"][side]) for side in ("baseline", "stpn")]
    assert told["SR75"] == [number(found["vot"][side]["sr75"]) for side in ("baseline", "stpn")]


def test_a_table_keeps_the_columns_of_all_rows():
    table = number_table({"odd|name": {"a": None}, "full": {"a": 0.123, "b": 2}})
    assert table.splitlines()[0] == "|  | a | b |"
    assert rows(table.replace("\\|", "/"))["odd/name"] == ["—", "—"]


def test_a_missing_marker_is_named():
    with pytest.raises(ValueError, match="<!-- knobs:begin -->"):
        filled("nothing", {"knobs": "x"})
