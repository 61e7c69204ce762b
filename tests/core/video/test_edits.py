"""Edits of a clip: what they change, what they leave, and what they say of it."""

import json

import numpy as np
import pytest

from core.errors import BadClip, BadKnob, ReaderError
from core.video.edits import EDITS, checked_edits, edited, paint_patches
from tests import tiny

T = 6


def clip():
    return tiny.clip(T=T, seed=3)


def places(made, own):
    """Which frames of the first clip the frames of the second are."""
    return [next(i for i, one in enumerate(own.frames_THWC) if np.array_equal(one, frame)) for frame in made.frames_THWC]


@pytest.mark.parametrize(
    "edit, expected",
    [
        ({"name": "freeze", "frame": 3}, [2] * 6),
        ({"name": "freeze", "frame": 6, "first": 2, "last": 4}, [0, 5, 5, 5, 4, 5]),
        ({"name": "drop"}, [1, 2, 3, 4, 5]),
        ({"name": "drop", "first": 2, "last": 3}, [0, 3, 4, 5]),
        ({"name": "drop", "first": 3, "last": 0}, [0, 1]),
        ({"name": "reverse"}, [5, 4, 3, 2, 1, 0]),
    ],
)
def test_frames_are_taken_in_another_order_and_know_where_they_come_from(edit, expected):
    own = clip()
    made = edited(own, [edit])
    assert places(made, own) == expected and made.source_T.tolist() == expected
    assert (np.diff(made.time_T) > 0).all() and made.key != own.key and len(made.notes) == 1
    assert (made.time_T[expected.index(5)] == own.time_T[5]) if edit["name"] == "drop" and 5 in expected else True


def test_a_shuffle_is_a_permutation_of_its_seed():
    own = clip()
    first, again, other = (edited(own, [{"name": "shuffle", "seed": seed}]) for seed in (1, 1, 2))
    assert sorted(places(first, own)) == list(range(T)) != places(first, own)
    assert first.key == again.key != other.key and "seed 1" in first.notes[0]
    assert np.array_equal(first.time_T, own.time_T) and first.source_T.tolist() == places(first, own)


def test_a_painted_box_touches_nothing_else():
    own = clip()
    box = dict(left=0.25, right=0.5, top=0.5, bottom=1.0, first=2, last=3)
    for fill in ("black", "mean", "blur"):
        made = edited(own, [{"name": "paint", "fill": fill, **box}])
        changed = (made.frames_THWC != own.frames_THWC).any(-1)
        inside = np.zeros_like(changed)
        inside[1:3, 20:40, 14:28] = True  # of 40 × 56 pixels
        assert not (changed & ~inside).any() and changed[inside].mean() > 0.9
        if fill == "black":
            assert not made.frames_THWC[inside].any()
        if fill == "mean":
            assert np.array_equal(np.unique(made.frames_THWC[inside], axis=0)[0], own.frames_THWC.mean((0, 1, 2)).round())
        assert fill in made.notes[0] and np.array_equal(made.source_T, own.source_T)
    assert made.frames_THWC[inside].std() < own.frames_THWC[inside].std() / 3


def test_a_blur_of_nothing_changes_nothing_and_more_takes_more_away():
    own = clip()
    assert edited(own, [{"name": "blur", "sigma": 0.0}]).key == own.key
    some, much = (edited(own, [{"name": "blur", "sigma": sigma, "first": 2}]).frames_THWC for sigma in (0.02, 0.2))
    assert np.array_equal(some[0], own.frames_THWC[0])
    assert own.frames_THWC[1:].std() > some[1:].std() > much[1:].std()


def test_a_region_is_painted_patch_by_patch():
    own = clip()
    region = np.zeros((T, 6), bool)
    region[1, 4] = True  # second row, second column of 2 × 3
    made = paint_patches(own, region, (2, 3), "black")
    black = (made.frames_THWC == 0).all(-1)
    rows, columns = np.nonzero(black[1])
    assert (rows.min(), rows.max(), columns.min(), columns.max()) == (20, 39, 19, 37)  # 56 columns in three
    assert np.array_equal(made.frames_THWC[[0, 2, 3, 4, 5]], own.frames_THWC[[0, 2, 3, 4, 5]])
    with pytest.raises(BadKnob, match=r"is \[6, 6\], got \[6, 5\]"):
        paint_patches(own, region[:, :5], (2, 3))
    with pytest.raises(BadKnob, match="blur, mean, black, got 'red'"):
        paint_patches(own, region, (2, 3), "red")


def test_edits_follow_one_another_and_say_so():
    own = clip()
    asked = [{"name": "drop", "first": 1, "last": 2}, {"name": "reverse"}, {"name": "freeze", "frame": 1, "last": 2}]
    made = edited(own, asked)
    assert made.source_T.tolist() == [5, 5, 3, 2] and len(made.notes) == 3  # the third counts the frames the second left
    assert made.key == edited(edited(own, asked[:1]), asked[1:]).key
    assert edited(own, []) is own and not own.notes  # the clip itself is as it was


def test_edits_survive_json_with_every_setting_written_out():
    written = checked_edits([{"name": "shuffle"}, {"name": "paint", "left": 0.1}])
    again = tuple(json.loads(json.dumps(written)))
    assert again == written == checked_edits(again)
    assert written[0] == {"name": "shuffle", "seed": 0} and written[1]["bottom"] == 0.75
    assert edited(clip(), written).key == edited(clip(), again).key


@pytest.mark.parametrize(
    "edits, told",
    [
        ([{"name": "explode"}], "no edit 'explode'. They are paint, blur, freeze"),
        (["reverse"], "no edit 'reverse'"),
        ([{"name": ["reverse"]}], "no edit"),
        ({"name": "reverse"}, "Edits are a list"),
        ("reverse", "Edits are a list"),
        (None, "Edits are a list"),
        ([{"name": "reverse"}] * 17, "Up to 16 edits"),
        ([{"name": "freeze", "frame": 7}], "1 to 6, the frames of the clip, got 7"),
        ([{"name": "freeze", "frame": 0}], "is 1 to 64, got 0"),
        ([{"name": "freeze", "frame": "3"}], "is a number from 1 to 64, got '3'"),
        ([{"name": "blur", "sigma": float("nan")}], "got nan"),
        ([{"name": "blur", "first": 4, "last": 2}], "not behind the last, got 4 to 2"),
        ([{"name": "drop", "last": 0}], "leaves none"),
        ([{"name": "paint", "left": 0.8, "right": 0.2}], "to the right of and below"),
        ([{"name": "paint", "fill": "red"}], "is one of blur, mean, black, got 'red'"),
        ([{"name": "shuffle", "speed": 3}], "no knob 'speed'"),
    ],
)
def test_a_bad_edit_is_one_sentence(edits, told):
    with pytest.raises(ReaderError, match=told) as caught:
        edited(clip(), edits)
    assert isinstance(caught.value, (BadKnob, BadClip)) and str(caught.value).endswith(".")


def test_every_edit_lists_its_settings_and_runs_with_their_defaults():
    for name, one in EDITS.items():
        assert one.title and all(k.symbol and k.meaning for k in one.knobs())
        made = edited(clip(), [{"name": name}])
        assert len(made.notes) == 1 and made.key != clip().key and made.frames_THWC.dtype == np.uint8
