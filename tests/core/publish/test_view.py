"""Facts about a view: its link and JSON bring it back, nothing that is written into them does harm, and the Python behind it
computes what is shown."""

import json
import random
from urllib.parse import quote_plus

import numpy as np
import pytest
import torch

from core import METHODS, BadClip, BadKnob, ReaderError
from core.publish.link import FIELDS, LINK_LENGTH, defaults_digest, from_json, from_link, to_link
from core.publish.python import as_python
from core.publish.view import NOTE_LENGTH, Asked, Setting, View, clip_name, overlays, to_json
from tests.published import ROOT, TEXTS, engine, opened, stop, stpn

CLIPS = ("1-moves", "2-bounces", "my clip.mp4")
FULL = View(
    Setting("stop", "my clip.mp4", 12, {"alpha": 0.35, "kept": 3, "spatial": False, "depth": "all"}, ("é & = + #", "b")),
    frame=11,
    overlay="region_TP",
    compared=Setting("stpn", "2-bounces", 8, {"t": 2, "spoil": "noise", "shuffled": True}),
    note="look\nhere",
)


def of_note(view, note):
    return View(view.shown, view.frame, view.overlay, view.compared, note)


@pytest.mark.parametrize("view", [FULL, View(Setting("stop", "1-moves")), View(Setting("stpn", "2-bounces", 32))], ids=str)
def test_a_link_and_a_json_bring_a_view_back(view):
    assert from_link(to_link(view), CLIPS) == (of_note(view, ""), ())
    assert from_link("?" + to_link(view), CLIPS) == (of_note(view, ""), ())
    assert from_json(to_json(view), CLIPS) == (view, ())


@pytest.mark.parametrize("name", METHODS)
def test_every_knob_at_either_end_travels(name):
    for one in METHODS[name].knobs.knobs():
        ends = (True, False) if one.kind == "switch" else one.span if one.kind == "choice" else one.span[:2]
        for value in ends:
            view = View(Setting(name, "1-moves", 32, {one.name: value}))
            assert from_link(to_link(view), CLIPS) == (view, ())


def test_a_link_is_short_and_names_what_was_turned():
    link = to_link(View(Setting("stop", "1-moves", 8, {"alpha": 0.3})))
    assert link == f"v=1&d={defaults_digest('stop')}&m=stop&c=1-moves&k.alpha=0.3"


def test_a_moment_travels_and_what_is_none_is_left_out_with_a_note():
    view = View(Setting("stop", "mine.mp4", moment=(3.2, 5)), compared=Setting("stop", "mine.mp4"))
    assert from_link(to_link(view), ("mine.mp4",)) == (view, ()) and from_json(to_json(view)) == (view, ())
    alike = View(view.shown, compared=Setting("stop", "mine.mp4", 8, {"alpha": 0.3}, moment=(3.2, 5)))
    assert to_link(alike).count("s=3.2&u=5.0") == 1 and from_link(to_link(alike)) == (alike, ())
    assert "read_clip('mine.mp4', frames=8, start=3.2, end=5.0)" in as_python(alike)
    for bad in ("s=5&u=3", "s=x&u=2", "s=1"):
        read = from_link(f"m=stop&v=1&{bad}")
        assert read.view.shown.moment == () and len(read.notes) == 1 and "All of it is read." in read.notes[0]


def test_what_is_compared_may_have_no_texts_where_the_shown_has():
    view = View(Setting("stop", "1-moves", 8, None, TEXTS), compared=Setting("stop", "1-moves"))
    assert from_link(to_link(view), CLIPS) == (view, ())


def test_a_question_travels_and_one_that_is_none_is_left_out_with_a_note():
    view = View(Setting("stop", "1-moves", question="Where?\nA: left"), compared=Setting("stop", "1-moves", 8, {"alpha": 0.3}))
    assert from_link(to_link(view), CLIPS) == (view, ()) and from_json(to_json(view), CLIPS) == (view, ())
    alike = View(view.shown, compared=Setting("stop", "2-bounces", question="Where?\nA: left"))
    assert to_link(alike).count("q=") == 1 and from_link(to_link(alike), CLIPS) == (alike, ())
    read = from_link(f"m=stop&v=1&q={'x' * 5000}", CLIPS)
    assert read.view.shown.question == "" and "A question has 1 to 4000 characters, got 5000" in read.notes[0]


def test_a_notebook_that_was_saved_with_the_names_of_0_1_still_runs():
    from core import Engine, edited, read_clip
    from core.publish.figures import picture
    from core.publish.result import Result, against, numbers
    from core.publish.view import Asked, View

    assert Asked("stop", "1-moves", 8, {"alpha": 0.3}) == Setting("stop", "1-moves", 8, {"alpha": 0.3})
    assert all((Engine, edited, read_clip, picture, Result, against, numbers, View))


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("v=9", "later version"),
        ("v=1.5", "version"),
        ("m=stop", "does not say its version"),
        ("v=1&m=nothing", "methods are stop"),
        ("v=1&c=../../etc/passwd", "not here"),
        ("v=1&c=/etc/passwd", "not here"),
        ("v=1&c=C:\\secret", "not here"),
        ("v=1&c=%00", "not here"),
        ("v=1&c=9-unknown", "not here"),
        ("v=1&k.alpha=nan", "0.0 to 1.0"),
        ("v=1&k.alpha=inf", "0.0 to 1.0"),
        ("v=1&k.alpha=1e999", "0.0 to 1.0"),
        ("v=1&k.alpha=2", "0.0 to 1.0"),
        ("v=1&k.kept=1.5", "whole number"),
        ("v=1&k.kept=" + "9" * 400, "whole number"),
        ("v=1&k.spatial=yes", "on or off"),
        ("v=1&k.depth=deepest", "first, all"),
        ("v=1&k.__class__=1", "no knob"),
        ("v=1&n=1000", "4 to 32"),
        ("v=1&f=0", "current frame"),
        ("v=1&f=9", "current frame"),
        ("v=1&f=-1", "current frame"),
        ("v=1&o=__init__", "overlay"),
        ("v=1&y=" + "x" * 201, "Texts are"),
        ("v=1&y=%0A", "Texts are"),
        ("v=1&d=0000&m=stop", "Defaults"),
        ("v=1&zz=1", "not known"),
        ("v=1&b.m=nothing", "methods are stop"),
        ("v=1&b.f=3", "not known"),
        ("&".join(f"y={i}" for i in range(FIELDS + 1)), "not read"),
        ("v=1&y=" + "x" * LINK_LENGTH, "not read"),
    ],
)  # fmt: skip
def test_what_is_not_understood_falls_back_and_is_said(query, said):
    view, notes = from_link(query, CLIPS)
    assert any(said in note for note in notes), notes
    assert view.shown == Setting("stop", "1-moves", 8)
    assert (view.frame, view.overlay) == (0, "score_TP")


def test_one_bad_field_costs_no_other():
    view, notes = from_link("v=1&m=stop&c=2-bounces&k.alpha=hi&k.eta=3&f=2&y=a+ring", CLIPS)
    assert len(notes) == 1
    assert view == View(Setting("stop", "2-bounces", 8, {"eta": 3.0}, ("a ring",)), frame=1)


def test_what_a_link_says_is_never_repeated_as_it_is():
    query = "v=1&m=" + quote_plus("<img src=x onerror=alert(1)>") + "&k.%3Cb%3E=1&c=%3Cscript%3E&<i>=1"
    for note in from_link(query, CLIPS).notes:
        assert not set(note) & set('<>&"`'), note


def test_notes_are_few_however_much_is_wrong():
    assert len(from_link("&".join(f"zz{i}=1" for i in range(150)), CLIPS).notes) == 13


def test_the_page_s_own_fields_are_nobody_s_business():
    assert from_link("v=1&__theme=dark&tour=3&present=", CLIPS).notes == ()


def test_no_text_whatever_raises_anything():
    chance = random.Random(0)
    pieces = "v= m= stop stpn k. b. alpha & = 1e9 - % %ff \x00 é \ud800 [ {}".split(" ")
    for _ in range(400):
        text = "".join(chance.choice(pieces) for _ in range(chance.randrange(30)))
        assert isinstance(from_link(text, CLIPS).view, View)
    values = [None, True, -1, 1e400, 10**400, "x", [], {}, [[]], {"a": {}}, "1"]
    names = ["version", "method", "clip", "frames", "knobs", "texts", "frame", "overlay", "compared", "note"]
    for _ in range(400):
        plain = {name: chance.choice(values) for name in chance.sample(names, 6)}
        plain["knobs"] = chance.choice([{"alpha": chance.choice(values), "kept": chance.choice(values)}, *values])
        assert isinstance(from_json(json.dumps(plain), CLIPS).view, View)


def test_a_text_that_is_no_json_is_one_sentence():
    for text in ("", "{", "[" * 100_000):
        with pytest.raises(ReaderError, match="not a JSON"):
            from_json(text)


def test_a_link_goes_no_further_than_the_weights():
    limits = lambda method: {"kept": 4}  # noqa: E731
    view, notes = from_link("v=1&k.kept=100", CLIPS, limits)
    assert view.shown.settings["kept"] == 4 and "N_s" in notes[0]
    view, notes = from_link("v=1", CLIPS, limits)
    assert view.shown.settings["kept"] == 4 and not notes, "nobody asked for the default"


def test_a_link_says_no_value_between_the_steps_and_no_frame_behind_the_clip():
    view, notes = from_link("v=1&m=stpn&k.supports=3&k.t=20&k.severity=0.33", CLIPS)
    assert (view.shown.settings["supports"], view.shown.settings["t"]) == (2, 8)
    assert ["K (supports)", "t (t)"] == sorted(note.partition(" goes")[0] for note in notes)
    assert view.shown.settings["severity"] == 0.33, "between the slider's steps, and the network's own business"
    view, notes = from_link("v=1&m=stpn&n=16&k.t=16", CLIPS)
    assert view.shown.settings["t"] == 16 and not notes
    view, notes = from_link("v=1&m=stpn&n=4&e=drop,first:1,last:1&k.t=4", CLIPS)
    assert view.shown.settings["t"] == 3 and len(notes) == 1
    view, notes = from_link("v=1&m=stpn&n=4&e=drop,first:1,last:1", CLIPS)
    assert view.shown.settings["t"] == 3 and not notes, "nobody asked for the default"


def test_a_view_that_is_too_long_for_a_link_says_so():
    with pytest.raises(ReaderError, match="fewer texts"):
        to_link(View(Setting("stop", "1-moves", 8, None, tuple("é" * 200 for _ in range(20)))))


@pytest.mark.parametrize("name", ["/a/b", "a/b", "..", "a\\b", "a\nb", "", " x", "x" * 81])
def test_a_clip_is_a_name_and_never_a_path(name):
    with pytest.raises(BadClip):
        Setting("stop", name)
    assert Setting("stop", clip_name(name)).clip == clip_name(name)


def test_what_cannot_be_a_view_is_one_sentence():
    for wrong in (dict(frame=8), dict(frame=-1), dict(frame=True), dict(overlay="x"), dict(note="x" * (NOTE_LENGTH + 1))):
        with pytest.raises(ReaderError):
            View(Setting("stop", "1-moves"), **wrong)
    with pytest.raises(BadKnob):
        Setting("stop", "1-moves", 8, Setting("stpn", "1-moves").knobs)
    assert "none" in overlays("stpn") and "prompt_attention_NQKP" in overlays("stpn")


@pytest.mark.parametrize("shown", [stop, stpn], ids=["stop", "stpn"])
def test_the_python_behind_a_view_computes_what_is_shown(shown, monkeypatch):
    monkeypatch.chdir(ROOT)
    result, names = shown(), {}
    outputs = None if shown is stop else tuple(result.trace.values)
    exec(as_python(result.view, weights={"a": "two\nlines"}, outputs=outputs), names)
    for trace, found in ((result.trace, names["trace"]), (result.other and result.other.trace, names.get("compared"))):
        assert (trace is None) == (found is None)
        assert trace is None or trace.values.keys() == found.values.keys()
        for stage, value in (trace.values if trace else {}).items():
            if isinstance(value, torch.Tensor):
                assert np.array_equal(value.numpy(), found[stage].numpy()), stage
            elif isinstance(value, tuple):
                assert value == found[stage], stage


def test_the_python_of_other_models_and_of_an_own_clip_names_them():
    text = as_python(View(Setting("stop", "my clip.mp4")), models={"clip": "random:vit_tiny_patch16_224"}, precision="float32")
    assert "Engine(models={'clip': 'random:vit_tiny_patch16_224'}, precision='float32')" in text
    assert "read_clip('my clip.mp4', frames=8)" in text


def test_limits_of_the_shipped_engine_hold_for_its_own_default():
    view, notes = from_link("v=1&k.kept=256", CLIPS, engine().limits)
    assert view.shown.settings["kept"] == 64 and len(notes) == 1
    engine().run("stop", opened("1-moves", 8), outputs=["region_TP"], **view.shown.settings)


def test_what_notebooks_of_the_first_version_import_is_still_there():
    assert Asked is Setting
