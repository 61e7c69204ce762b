"""Every number that was measured of STPN is in its README's tables, in the row and column it belongs to."""

from core.evaluate.tables import number
from core.methods.stpn.report import measured
from tests.markdown import rows


def metrics():
    """What was found, with no number twice."""
    values = iter(range(1, 100))

    def pair(*names):
        return {name: next(values) / 100 for name in names}

    sides = ("baseline", "stpn")
    return {
        "clean": {side: pair("ap", "ap50", "ap75") for side in sides},
        "degraded": {"noise": {"0.5": pair(*sides), "1.0": pair(*sides)}},
        "headline": {side: pair("mean", "sd") for side in sides},
        "speed": {"slow": pair(*sides)},
        "predictors": {"attention/shallow": {"clean": pair("mean", "sd"), "spoilt": pair("mean", "sd")}},
        "prompts": {"average/deep": pair("N = 1", "N = 5")},
        "sweeps": {"K": pair("2", "8"), "S": pair("1"), "supports": pair("clean", "without the actor")},
        "looks": pair("on_things", "even", "best"),
        "vis": {side: pair("ap") for side in sides},
        "vot": {side: pair("ao", "sr50", "sr75") for side in sides},
        "gains": {
            "predictors": {"attention/shallow": pair("mean", "low", "high")},
            "supports": {"without the actor": pair("mean", "low", "high")},
            "vis": pair("mean", "low", "high"),
            "degraded": {"noise": {"0.5": pair("mean", "low", "high")}},
            "vot_spoilt": pair("mean", "low", "high"),
        },
        "long": {"near ones spoilt": {"K": pair("2", "16"), "S": pair("5"), "none": pair("no prompts")}},
        "vis_spoilt": {side: pair("ap") for side in sides},
        "vot_spoilt": {side: pair("ao", "sr50", "sr75") for side in sides},
        "about": {
            "command": "c", "clips": 8, "clips_vis_vot": 2, "frames": 8, "split": "test", "supports": 6, "supports_strided": 4,
            "supports_vis": 5, "supports_vot": 2, "known": 0.58, "resamples": 70, "training_seeds": {"baseline": 3},
            "stretch": 3, "severity_stretch": 0.75, "frames_long": 24, "near_long": 3,
        },
    }  # fmt: skip


def test_every_number_is_told():
    found, text = metrics(), measured(metrics())

    def numbers(part):
        return [n for one in part.values() for n in (numbers(one) if isinstance(one, dict) else [one])]

    for name in set(found) - {"about"}:
        for value in numbers(found[name]):
            assert f"{value:.2f}" in text, (name, value)


def test_stpn_stands_beside_its_baseline():
    found, told = metrics(), rows(measured(metrics()))
    pairs = found["degraded"]["noise"].values()
    assert told["noise"] == [f"{pair['baseline']:.2f} → {pair['stpn']:.2f}" for pair in pairs]
    assert told["slow"] == [number(found["speed"]["slow"][side]) for side in ("baseline", "stpn")]
    clean, spoilt = measured(found).split("**Through the same clips")
    for name, text in (("vot", clean), ("vot_spoilt", spoilt)):
        assert rows(text)["SR75"][:2] == [number(found[name][side]["sr75"]) for side in ("baseline", "stpn")]


def test_what_is_more_stands_beside_it_with_its_interval():
    found = metrics()
    found["gains"]["predictors"]["attention/shallow"] = {"mean": 0.031, "low": -0.004, "high": 0.062}
    found["predictors"]["attention/shallow"]["clean"]["sd"] = None  # one seed
    told = rows(measured(found))
    gain, clean = "+0.03 (−0.00 to +0.06)", number(found["predictors"]["attention/shallow"]["clean"]["mean"])
    assert told["attention/shallow"][2] == gain and told["attention/shallow"][0] == clean
    assert gain in measured(found).split("Spoilt frames")[1]  # the headline
    assert told["more than with clean ones"][0] == "—" and told["more than with clean ones"][1].startswith("+0.")


def test_a_title_says_how_many_supports_and_seeds_there_are():
    titles = [line for line in measured(metrics()).splitlines() if line.startswith("**")]
    others = {
        "S frames": "K = 4",
        "K supports": "K",
        "Through whole clips": "clean frames",
        "Through the same clips": "3 frames in a row",
        "Clips of 24": "K",
    }
    for title in titles:
        assert next((said for what, said in others.items() if what in title), "K = 6") in title
    told = rows(measured(metrics()))
    assert any("K = 5" in name for name in told) and any("K = 2" in name for name in told)
    assert "± standard deviation over 3 training seeds" in titles[1]
