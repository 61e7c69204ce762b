"""Facts about the line of boxes that a method's strip shows: every stage has one place, behind all that it is made of."""

import inspect
import re
from dataclasses import replace

import pytest

from core import METHODS
from core.method import Group
from core.pipeline import BOXES, made_of, pipeline


def placed(boxes):
    """The stages of each result, in the order of the line."""
    return [one.stages for box in boxes for one in box.results]


def each_in_its_own_picture(method):
    """The same method, as many boxes as it has outputs."""
    return replace(method, layout=tuple(Group(f"{one.title} {i}", (one.stage,)) for i, one in enumerate(method.outputs)))


@pytest.mark.parametrize("name", METHODS)
@pytest.mark.parametrize("changed", [lambda method: method, each_in_its_own_picture])
def test_every_stage_of_a_result_has_one_place_and_few_boxes_stand_in_a_line(name, changed):
    method = changed(METHODS[name])
    boxes, above = pipeline(method), made_of(method)
    everything = [stage for stages in placed(boxes) for stage in stages]
    shown = {one.stage for one in method.outputs if (one.over or one.value == "text") and not one.closer}
    assert len(everything) == len({*everything}) and 1 <= len(boxes) <= BOXES
    assert {*everything} == shown.union(*(above[stage] for stage in shown))


def test_the_line_of_stop_is_that_of_the_paper():
    method = METHODS["stop"]
    boxes = pipeline(method)
    line = [[(method.kinds[one.stage].symbol, one.follows) for one in box.results] for box in boxes]
    assert line == [
        [("A", False), ("M", False), ("W^s", True), ("r", True)],  # M is not made of A
        [("W^t", False), ("N^t", True)], [("[CLS; h; p; …]", False)], [("c(s, v)", False)],
    ]  # fmt: skip
    assert all(box.follows for box in boxes)
    assert boxes[0].results[1].stages == ("patches_TPD", "prompters", "neighbours", "filtered_TPD", "dynamics_TP")


@pytest.mark.parametrize("name", METHODS)
def test_what_the_line_says_of_a_result_is_words_and_no_shape_of_an_array(name):
    method = METHODS[name]
    doc = {stage.__name__: (inspect.getdoc(stage) or "").split("\n\n")[0] for stage in method.stages}
    said = [doc[one.stage] for box in pipeline(method) for one in box.results]
    assert [
        one for one in said if not re.search(r"[.)]$", one) or re.search(r"\[\w(, \w)+\]|\{\w+[:,]|\{\(|reshape", one)
    ] == []
