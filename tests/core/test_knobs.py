"""Facts about knobs: a number declared once is drawn, checked and rounded from its declaration."""

import math
from dataclasses import FrozenInstanceError

import pytest

from core.errors import BadKnob
from core.knobs import KnobSet, knob
from core.methods.stop import StopKnobs


class Sample(KnobSet):
    """One knob of each kind."""

    share: float = knob(0.5, "α", (0.0, 1.0, 0.05), "a real number")
    kept: int = knob(6, "N", (1, 49, 1), "a whole number")
    spatial: bool = knob(True, "p", None, "a switch")
    depth: str = knob("first", "×L", ("first", "all"), "a choice")


def test_a_knob_is_its_declaration_in_the_order_of_declaration():
    assert [(one.name, one.symbol, one.default, one.kind) for one in Sample.knobs()] == [
        ("share", "α", 0.5, "real"), ("kept", "N", 6, "whole"), ("spatial", "p", True, "switch"),
        ("depth", "×L", "first", "choice"),
    ]  # fmt: skip


@pytest.mark.parametrize("name, given, held", [
    ("share", 0, 0.0), ("share", 1, 1.0), ("share", 0.1 + 0.2, 0.3), ("kept", 3.0, 3), ("kept", 49, 49),
    ("spatial", False, False), ("depth", "all", "all"),
])  # fmt: skip
def test_what_is_allowed_is_held_as_the_knobs_own_type(name, given, held):
    value = getattr(Sample.of({name: given}), name)
    assert value == held and type(value) is type(held)


@pytest.mark.parametrize("name, given, told", [
    ("share", 1.5, "α (share) is 0.0 to 1.0, got 1.5."),
    ("share", -0.001, "α (share) is 0.0 to 1.0, got -0.001."),
    ("share", math.nan, "α (share) is a number from 0.0 to 1.0, got nan."),
    ("share", math.inf, "α (share) is a number from 0.0 to 1.0, got inf."),
    ("share", "0.5", "α (share) is a number from 0.0 to 1.0, got '0.5'."),
    ("share", True, "α (share) is a number from 0.0 to 1.0, got True."),
    ("share", None, "α (share) is a number from 0.0 to 1.0, got None."),
    ("kept", 4.5, "N (kept) is a whole number from 1 to 49, got 4.5."),
    ("kept", 0, "N (kept) is 1 to 49, got 0."),
    ("spatial", 1, "p (spatial) is on or off (True or False), got 1."),
    ("depth", "some", "×L (depth) is one of first, all, got 'some'."),
    ("depth", ["all"], "×L (depth) is one of first, all, got ['all']."),
    ("speed", 1, "There is no knob 'speed'. The knobs are share, kept, spatial, depth."),
])  # fmt: skip
def test_what_is_not_allowed_is_told_with_the_value_and_the_span(name, given, told):
    with pytest.raises(BadKnob) as wrong:
        Sample.of({name: given})
    assert str(wrong.value) == told


def test_a_set_of_knobs_cannot_be_changed_only_made_anew():
    with pytest.raises(FrozenInstanceError):
        Sample().share = 0.1


@pytest.mark.parametrize("one", StopKnobs.knobs(), ids=lambda one: one.name)
def test_defaults_lie_in_their_spans_and_steps_reach_both_ends(one):
    assert one.check(one.default) == one.default and one.symbol and one.meaning
    if one.kind in ("whole", "real"):
        low, high, step = one.span
        assert low <= one.default <= high
        assert math.isclose((high - low) / step, round((high - low) / step), abs_tol=1e-9)
