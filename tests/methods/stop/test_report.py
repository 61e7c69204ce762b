"""Every number that was measured of STOP is in its README's tables, in the row and column it belongs to."""

from core.methods.stop.report import curves, measured
from tests.markdown import rows

CURVE = {"alpha": [0, 0.05, 0.1], "pointing": [0.7, 0.8, 0.6], "low": [0.6] * 3, "high": [0.9] * 3}


def test_a_variant_of_stop_is_a_row_with_its_spread_where_there_are_several_seeds():
    told = rows(measured({
        "actions": {"mean_pool": 0.11, "full": 0.22}, "spread": {"mean_pool": 0.0, "full": 0.03},
        "stored": {"mean_pool": 0.44, "full": 0.55}, "captions": {"mean_pool": 0.66, "full": 0.77},
        "captions_all": {"mean_pool": 0.06, "full": 0.07},
        "counts": {"spearman": 0.88}, "about": {"training_seeds": {"full": 3}},
    }))  # fmt: skip
    assert told["frozen CLIP, mean over frames"] == ["0.11", "0.44", "0.66", "0.06"]
    assert told["STOP, spatial and temporal"] == ["0.22 ± 0.03", "0.55", "0.77", "0.07"]
    assert told["rank correlation of N^t with true motion (Spearman)"] == ["0.88"]


def test_of_captions_it_is_said_what_chance_finds():
    text = measured({"actions": {"full": 0.5}, "about": {"captions": 120, "captions_all": 960, "training_seeds": {"full": 1}}})
    assert "0.008" in text and "0.001" in text and "one shape" in text


def test_the_standard_mix_has_its_gains_its_controls_and_its_curve():
    gain = {"mean": 0.12, "low": 0.03, "high": 0.21}
    told = rows(measured({
        "actions": {"full": 0.5}, "about": {"training_seeds": {"full": 3}},
        "standard": {"actions": {"full": 0.91}, "spread": {"full": 0.01}, "regions": {"default": {"pointing": 0.93}}},
        "gains": {"temporal": {"captions": gain}}, "controls": {"regions": {"actions": gain}},
        "alpha": CURVE | {"chosen": 0.05, "cases": {"blinking": CURVE | {"pointing": [0.2, 0.3, 0.4]}}},
    }))  # fmt: skip
    assert told["temporal prompts only"] == ["+0.12 (+0.03 to +0.21)"]
    assert told["as many random patches instead of the regions"] == ["+0.12 (+0.03 to +0.21)"]
    assert told["0.05"] == ["0.80", "0.60", "0.90", "0.30 (0.60 to 0.90)"] and told["STOP, default α"] == ["0.93"]
    assert told["STOP, spatial and temporal"][0] == "0.91 ± 0.01"


def test_the_curve_of_the_page_has_a_line_for_each_kind_of_clip_and_says_on_what_it_was_measured():
    about = {"split": "test", "clips": 24, "clips_hard": 8, "training_seeds": {"full": 3}}
    cases = {"blinking": CURVE | {"pointing": [0.2, 0.3, 0.4]}}
    (one,) = curves({"about": about, "alpha": CURVE | {"chosen": 0.05, "cases": cases}})
    assert one.knob == "alpha" and one.values == (0, 0.05, 0.1)
    assert {line.name: line.mean for line in one.lines} == {
        "standard mix": (0.7, 0.8, 0.6), "blinking distractors": (0.2, 0.3, 0.4),
    }  # fmt: skip
    assert all(part in one.note for part in ("24 of the standard mix", "8 with blinking", "3 training seeds", "α = 0.05"))
    assert curves({}) == ()
