"""Facts about the command that measures every map."""

import pytest

from core.explain import ATTRIBUTIONS, __main__


def test_the_command_measures_every_map(monkeypatch, engine):
    monkeypatch.setitem(__main__.SETTINGS, "integrated_gradients", dict(steps=4))
    monkeypatch.setattr(__main__, "SEEDS", 2)
    monkeypatch.setattr(__main__, "STEPS", 2)
    found = __main__.measure(engine, "stop", 2, 0)
    titles = {one.title for one in ATTRIBUTIONS.values()}
    assert found["clips"] == 2 and set(found["maps"]) == {"A", "M", "W^s", "r", "random"} | titles
    assert all(0 <= one["pointing"] <= 1 and 0 <= one["iou"] <= 1 for name, one in found["maps"].items() if name != "random")
    printed = __main__.table(found)
    assert all(name in printed for name in found["maps"]) and "standard_error" in found["maps"]["A"]
    alone = __main__.measure(engine, "stop", 1, 0)
    above = alone["maps"]["A"]["overall"] - alone["maps"]["A"]["random"]
    assert alone["maps"]["A"]["above_random"] == pytest.approx(above) and "standard_error" not in alone["maps"]["A"]
    assert f"{above:.3f} ± –" in __main__.table(alone), "of one clip there is no standard error"
