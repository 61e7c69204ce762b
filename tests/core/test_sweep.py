"""A sweep's cells are what single runs give, and it refuses what is no sweep."""

import numpy as np
import pytest

from core import METHODS
from core.errors import BadKnob, ReaderError
from core.methods import lesson
from core.progress import Cancelled
from core.sweep import sweep_over, values_of
from tests import tiny

COUNTS = "prompt_count_G", "sum"


def test_every_cell_is_what_a_single_run_gives():
    engine, clip = tiny.engine(), tiny.clip()
    made = sweep_over(
        engine, "stop", clip, ("alpha", [0, 0.5, 1]), ("kept", [1, 4]), "region_TP", ("change_G", "mean"), beta=2.0
    )
    assert (made.x_values, made.y_values) == ((0.0, 0.5, 1.0), (1, 4)) and made.numbers.shape == (2, 3)
    for j, kept in enumerate(made.y_values):
        for i, alpha in enumerate(made.x_values):
            cell, own = made.cells[j][i], tiny.engine().run("stop", clip, alpha=alpha, kept=kept, beta=2.0)
            assert dict(cell.knobs) == {"alpha": alpha, "kept": kept}
            assert np.array_equal(cell.value, own["region_TP"].numpy())
            assert cell.number == pytest.approx(own["change_G"].mean().item(), rel=1e-5)
    assert made.knobs["beta"] == 2.0 and "alpha" not in made.knobs and made.weights and made.seconds > 0
    assert len(np.unique(made.numbers)) > 2


def test_one_text_of_several_can_be_the_number():
    engine, clip = tiny.engine(), tiny.clip()
    made = sweep_over(
        engine, "stop", clip, ("beta", [0, 4]), ("eta", [0, 8]), "prompt_count_G", ("similarity_Y", 1), tiny.TEXTS, kept=2
    )
    own = engine.run("stop", clip, texts=tiny.TEXTS, kept=2, beta=4.0, eta=8.0)
    assert made.cells[1][1].number == pytest.approx(own["similarity_Y"][1].item())
    assert made.cells[1][1].value.tolist() == list(own["prompt_count_G"])
    with pytest.raises(ReaderError, match="has 3 numbers, counted from 0, got 3"):
        sweep_over(engine, "stop", clip, ("beta", [0]), ("eta", [0]), "change_G", ("similarity_Y", 3), tiny.TEXTS, kept=2)


def test_supports_and_stride_of_stpn():
    engine, clip = tiny.engine(), tiny.clip()
    made = sweep_over(engine, "stpn", clip, ("supports", [2, 4]), ("stride", [0, 1]), "mass_K", ("entropy_Q", "mean"), t=2)
    assert [cell.value.shape for cell in made.cells[0]] == [(2,), (4,)] and all(0 <= n <= 1 for n in made.numbers.ravel())
    found = sweep_over(engine, "stpn", clip, ("supports", [2]), ("stride", [1]), "mass_K", ("prompted_found", "largest"), t=2)
    own = engine.run("stpn", clip, outputs=["prompted_found"], t=2, supports=2, stride=1)["prompted_found"].score_N
    assert found.numbers.item() == pytest.approx(own.max().item() if len(own) else 0.0)


def test_progress_and_calling_off():
    told = []
    sweep_over(tiny.engine(), "stop", tiny.clip(), ("eta", [0, 4]), ("kept", [1, 2]), "change_G", COUNTS, progress=told.append)
    assert told == [0, 0.25, 0.5, 0.75, 1]
    seen = []
    with pytest.raises(Cancelled):
        sweep_over(
            tiny.engine(), "stop", tiny.clip(), ("eta", [0, 4]), ("kept", [1, 2]), "change_G", COUNTS,
            progress=seen.append, cancelled=lambda: len(seen) > 2,
        )  # fmt: skip
    assert len(seen) == 3


@pytest.mark.parametrize(
    "asked, told",
    [
        (dict(x=("eta", range(9)), y=("kept", [1] * 8)), "1 to 64 cells, got 9 × 8"),
        (dict(x=("eta", [])), "1 to 64 cells, got 0 × 1"),
        (dict(y=("eta", [1])), "two different knobs, got eta twice"),
        (dict(x=("speed", [1])), "no knob 'speed'"),
        (dict(x=("eta", [99])), "is 0.0 to 12.0, got 99"),
        (dict(y=("kept", [7])), "is 1 to 6 for these weights, got 7"),
        (dict(output="colour"), "makes no 'colour'"),
        (dict(number=("change_G", "median")), "mean, sum, largest, smallest or a place in it, got 'median'"),
        (dict(output="prompters"), "prompters holds none"),
    ],
)
def test_what_is_no_sweep_is_one_sentence(asked, told):
    usual = dict(x=("eta", [1]), y=("kept", [2]), output="change_G", number=COUNTS)
    with pytest.raises(ReaderError, match=told):
        sweep_over(tiny.engine(), "stop", tiny.clip(), **(usual | asked))


def test_values_are_spread_over_what_the_networks_allow():
    engine = tiny.engine()
    assert values_of(engine, "stop", "kept", 3) == (1, 4, 6) or values_of(engine, "stop", "kept", 3) == (1, 3, 6)
    assert values_of(engine, "stop", "alpha", 5) == (0.0, 0.25, 0.5, 0.75, 1.0)
    assert all(K % 2 == 0 for K in values_of(engine, "stpn", "supports", 4))
    assert values_of(engine, "stop", "spatial") == (False, True) and "all" in values_of(engine, "stop", "depth")
    with pytest.raises(BadKnob):
        values_of(engine, "stop", "speed")
    for method in METHODS.values():
        assert all(values_of(engine, method.name, name) for pair in lesson(method, "PAIRS") for name in pair)
