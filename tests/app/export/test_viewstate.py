"""Facts about how a reader looks at the page, on its way into a view, a link, a file, and back."""

import xml.etree.ElementTree as xml
from dataclasses import replace
from typing import Any

import pytest

from app.export.viewstate import look_of, looked_at
from app.server.clips import Clips, find_examples
from app.server.jobs import Running
from app.server.request import Desk
from core import METHODS, Engine
from core.publish import figures
from core.publish.link import from_link, to_link
from core.publish.python import as_python
from core.publish.view import Setting, View
from tests.pages import request_of
from tests.published import ROOT, stop, stpn

SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture
def desk():
    """STOP over two engines, with the shipped examples; no network is loaded but to be asked its limits."""
    engine = Engine("cpu")
    return Desk(METHODS["stop"], {"one": engine, "two": Engine("cpu")}, Clips(find_examples(ROOT / "assets/clips")), Running())


def message(desk, clip="1-moves", weights="one", state=None, **given):
    path = desk.clips.examples[clip].path if clip in desk.clips.examples else clip
    return request_of(desk, path, weights, "a red ring", **given) | {"state": state}


def view_of(desk, state, painted=False, **given):
    return looked_at(desk, desk.request(message(desk, state=state, **given)), painted)


def test_frame_overlay_and_a_are_in_the_view(desk):
    a = message(desk, "2-bounces", edits='[{"name": "reverse"}]', alpha=0.7)
    view, files, notes = view_of(desk, {"frame": 3, "overlay": "region_TP", "pinned": a}, alpha=0.2)
    assert (view.frame, view.overlay, view.shown.settings["alpha"]) == (3, "region_TP", 0.2) and notes == []
    assert view.compared == Setting("stop", "2-bounces", 8, {"alpha": 0.7, "layer": view.compared.settings["layer"]},
                                  ("a red ring",), ({"name": "reverse"},))  # fmt: skip
    assert set(files) == {"1-moves", "2-bounces"} and files["2-bounces"].endswith("2-bounces.mp4")
    assert from_link(to_link(view), tuple(desk.clips.examples)) == (view, ())
    assert "compared = engine.run(" in as_python(view) and "alpha=0.7" in as_python(view)


@pytest.mark.parametrize(
    "state",
    ["", "nothing", "[" * 9000, 5, [], {"frame": "x", "overlay": 3}, {"frame": float("nan")}, {"frame": -float("inf")},
     {"overlay": "<script>", "frame": {}}, {"frame": True, "pinned": None}],
)  # fmt: skip
def test_what_a_viewer_cannot_have_said_falls_back(desk, state):
    view, _, notes = view_of(desk, state)
    assert (view.frame in (0, 1), view.overlay, view.compared, notes) == (True, "score_TP", None, [])


def test_a_frame_beyond_the_clip_is_its_last(desk):
    assert view_of(desk, {"frame": 99})[0].frame == 7 and view_of(desk, {"frame": -4})[0].frame == 0
    assert view_of(desk, {"frame": 7}, edits='[{"name": "drop", "first": 1, "last": 2}]')[0].frame == 5


def test_an_a_that_no_view_can_hold_is_left_out_and_a_sentence_says_why(desk, tmp_path):
    values: Any = message(desk)["values"]
    cases: list[tuple[Any, str]] = [
        (message(desk, weights="two"), "other weights than B"),
        ({"values": values | {"clip": "nobody's handle"}}, "no longer held"),
        ({"values": []}, "do not fit together"),
        ({"values": [*values.values()]}, "do not fit together"),
        ("a", "do not fit together"),
    ]
    for a, sentence in cases:
        view, files, notes = view_of(desk, {"pinned": a})
        assert view.compared is None and sentence in notes[0] and list(files) == ["1-moves"]
    mine, other = (copied(desk, tmp_path / folder / "mine") for folder in "ab")
    view, files, notes = looked_at(desk, desk.request(message(desk, mine, state={"pinned": message(desk, other)})))
    assert view.compared is None and "another clip of the same name" in notes[0] and files == {"mine": mine}


def test_an_own_clip_that_is_called_as_an_example_is_not_taken_for_it(desk, tmp_path):
    for name, called in (("1-moves", "own 1-moves"), ("own 1-moves", "own 1-moves"), ("1-moves.mp4", "1-moves.mp4")):
        request = desk.request(message(desk, copied(desk, tmp_path / name)))
        view, files, _ = looked_at(desk, request)
        assert request.name == called and request.truth is None and files == {called: str(tmp_path / name)}
        assert repr(called) in as_python(view)
        assert from_link(to_link(view), tuple(desk.clips.examples)).notes  # it names no clip that can be opened
    elsewhere = Clips({name: one for name, one in desk.clips.examples.items() if name != "1-moves"})
    assert elsewhere.name(tmp_path / "1-moves") == "own 1-moves"  # what is shipped is no less an example


def copied(desk, path):
    """An own clip."""
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(desk.clips.examples["1-moves"].path.read_bytes())
    return str(path)


def test_an_overlay_that_no_figure_paints_is_the_method_s_own_in_a_file():
    desk = Desk(METHODS["stpn"], {"one": Engine("cpu")}, Clips(find_examples(ROOT / "assets/clips")), Running())
    request = desk.request(message(desk, state={"overlay": "mass_K"}))
    assert looked_at(desk, request)[0].overlay == "mass_K"
    assert looked_at(desk, request, painted=True)[0].overlay == "prompt_attention_NQKP"


def test_a_link_s_set_is_read_as_the_browser_would_have_sent_it(desk):
    view, files, _ = view_of(desk, {"frame": 2, "overlay": "none", "pinned": message(desk, "2-bounces", alpha=0.7)})
    look, notes = look_of(view, lambda one: desk.values(one, desk.clips.handle(files[one.clip]), "one"))
    assert (look["frame"], look["overlay"], notes) == (2, "none", [])
    assert desk.request(look["pinned"]).setting == view.compared
    other = View(view.shown, compared=Setting("stpn", "1-moves"))
    look, notes = look_of(other, lambda one: pytest.fail("it is of another method"))
    assert look["pinned"] is None and "A is of stpn" in notes[0]


def words(svg):
    return ["".join(one.itertext()).strip() for one in xml.fromstring(svg).iter(f"{SVG}text")]


def labels(said):
    """Words of a figure, however their letters are set apart."""
    return ["".join(one.split()) for one in said]


def test_a_figure_of_two_sets_shows_both_and_their_difference():
    said = labels(words(figures.picture(stop(), "svg", beside=True).data))
    assert {"AWs", "BWs", "B−AWs"} <= {*said}
    assert said.count("Ws") == 3, "every row of maps has its own scale"
    assert [one for one in said if one.startswith("frame")] == [f"frame{t}" for t in range(1, 9)]
    alone = replace(stop(), other=None)
    assert not {"AWs", "BWs", "B−AWs"} & {*labels(words(figures.picture(alone, "svg").data))}


def test_a_figure_of_two_sets_without_a_difference_shows_both():
    masks = replace(stop(), view=replace(stop().view, overlay="region_TP"), other=replace(
        stop().other, view=replace(stop().other.view, overlay="region_TP")))  # fmt: skip
    said = labels(words(figures.picture(masks, "svg", beside=True).data))
    assert {"Ar", "Br"} <= {*said} and not [one for one in said if one.startswith("B−A")]
    with pytest.raises(Exception, match="need a set to compare with"):
        figures.picture(stpn(), beside=True)
