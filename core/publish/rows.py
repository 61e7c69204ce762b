"""A row of a composition, with the results that are drawn in it: pictures of one set, or of A, of B and of what lies between
them; or numbers."""

from dataclasses import dataclass

import numpy as np

from core.publish.charts import Series
from core.publish.composition import RAW, UNDER, Composition, numeric
from core.publish.described import formula
from core.publish.layers import ALONG, TOKENS, apart, chosen, layer, one_scale, output_of, supports
from core.publish.painting import Layer
from core.publish.result import Result
from core.publish.view import NONE


@dataclass(frozen=True)
class Row:
    """A row of pictures: what stands beside it, and the layer."""

    said: str
    made: Layer


def rows_of(result: Result, composition: Composition, name: str, along: str) -> list[Row]:
    """The rows of a name: one, or A, B and what lies between them."""
    if name == RAW:
        return _raw(result, composition, along)
    made = layer(result, name, composition.prompt, colours=composition.colours)
    said = formula(made.symbol)
    if not composition.beside or result.other is None or output_of(result.other, name) is None:
        return [Row(said, made)]
    other = layer(result.other, name, composition.prompt, colours=composition.colours)
    other, made = one_scale((other, made))
    rows = [Row(f"A  {said}", other), Row(f"B  {said}", made)]
    if composition.difference and made.scaled and _same_pictures(made, other):
        rows.append(Row(f"B − A  {said}", apart(made, other)))
    return rows


def _raw(result: Result, composition: Composition, along: str) -> list[Row]:
    """The pictures as they are; A's too where they are others."""
    made = [_bare(one, along) for one in (result.other, result) if one is not None and (composition.beside or one is result)]
    if len(made) == 1 or _same_pictures(*made):
        return [Row("", made[-1])]
    return [Row(name, one) for name, one in zip("AB", made)]


def _bare(result: Result, along: str) -> Layer:
    if along == "K":
        one = next(one for one in result.outputs if ALONG.get(one.over) == "K")
        if one.value == "picture":
            return layer(result, one.stage)
        return chosen(result, one) if one.over in TOKENS else supports(result, one)
    return layer(result, NONE)


def _same_pictures(one: Layer, other: Layer) -> bool:
    shapes = [None if each.map_Ihw is None else each.map_Ihw.shape for each in (one, other)]
    return shapes[0] == shapes[1] and np.array_equal(one.picture_IHWC, other.picture_IHWC)


def is_under(result: Result, name: str) -> bool:
    """Whether a row is numbers that stand under pictures."""
    one = output_of(result, name)
    return one is not None and numeric(one) and one.over in UNDER


def series_of(result: Result, composition: Composition, stage: str) -> Series:
    """The numbers of a stage: of the shown set, and of A before it."""
    one = output_of(result, stage)
    assert one is not None
    sets = {"": np.asarray(result.array(stage), float)}
    other = result.other if composition.beside else None
    if other is not None and output_of(other, stage) is not None:
        numbers = np.asarray(other.array(stage), float)
        if one.over == "Y":  # A may have been asked other texts, or the same in another order
            known = dict(zip(other.view.shown.texts, numbers))
            numbers = np.array([known.get(text, np.nan) for text in result.view.shown.texts], float)
        sets = {"A": numbers, "B": sets[""]}
    return Series(one.symbol, one.title, one.unit, one.over, sets, one.value == "count")
