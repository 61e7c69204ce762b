"""Facts about stages that are made of steps: what runs again when an item changes, or when there are more of them."""

import inspect

import pytest
import torch

from core.cache import StageCache
from core.fold import fold, last
from core.graph import Source, inputs, run
from core.keys import digest
from core.progress import Cancelled, emit

SEEN = []


@fold(over="segments", gather=last)
def memory(before, segment, gain):
    """All segments so far, weighted."""
    SEEN.append(segment)
    after = (0.0 if before is None else before) * 0.5 + gain * segment
    emit(after)
    return after, after


@fold(over="layer", gather=torch.stack)
def depth_L(before, block, start):
    """A number for each of the first blocks."""
    SEEN.append(block)
    after = (start if before is None else before) * 2
    return after, after + block


def asked(cache, segments, gain=1.0, stage=memory, **more):
    SEEN.clear()
    over = inputs(stage)[0]
    sources = {over: Source(segments, digest(repr(segments))), "gain": Source(gain, repr(gain))}
    return run((stage,), sources | {"start": Source(torch.ones(2), "start")}, cache, **more)


def test_a_changed_segment_runs_the_steps_from_it_on():
    cache, ten = StageCache(), tuple(map(float, range(10)))
    whole = asked(cache, ten)
    assert SEEN == list(ten) and whole.ran == ("memory",)
    changed = ten[:6] + (60.0,) + ten[7:]
    found = asked(cache, changed)["memory"]
    assert SEEN == [60.0, 7.0, 8.0, 9.0] and found == memory(changed, 1.0) == asked(StageCache(), changed)["memory"]
    assert asked(cache, ten).reused == ("memory",) and SEEN == []
    asked(cache, (5.0, *ten[1:]))
    assert len(SEEN) == 10  # the first is another: nothing of the rest can stay
    asked(cache, ten, gain=2.0)
    assert len(SEEN) == 10  # and so it is with another of the other inputs


def test_more_steps_go_on_where_fewer_ended_and_fewer_run_nothing():
    cache = StageCache()
    asked(cache, 3, stage=depth_L)
    assert SEEN == [0, 1, 2]
    trace = asked(cache, 5, stage=depth_L)
    assert SEEN == [3, 4] and trace["depth_L"].tolist() == [[2.0, 2.0], [5.0, 5.0], [10.0, 10.0], [19.0, 19.0], [36.0, 36.0]]
    fewer = asked(cache, 2, stage=depth_L)
    assert SEEN == [] and fewer.ran == () and torch.equal(fewer["depth_L"], trace["depth_L"][:2])
    assert asked(cache, 2, stage=depth_L)["depth_L"] is fewer["depth_L"]


def test_a_fold_is_a_stage_like_any_other():
    assert inputs(memory) == ("segments", "gain") and memory.__name__ == "memory"
    assert inspect.getsource(memory).startswith('@fold(over="segments", gather=last)\ndef memory(before, segment, gain):')
    assert memory((1.0, 2.0), 3.0) == 7.5 and memory((), 1.0) is None


def test_between_steps_it_tells_how_far_it_is_and_can_be_called_off():
    told, cache = [], StageCache()
    asked(cache, (1.0, 2.0, 3.0, 4.0), progress=lambda stage, done: told.append(done))
    assert told == [0.0, 0.0, 0.25, 0.5, 0.75]
    cache = StageCache()
    with pytest.raises(Cancelled, match="Called off in memory"):
        asked(cache, (1.0, 2.0, 3.0), cancelled=lambda: len(SEEN) == 2)
    assert len(cache) == cache.bytes == 0
    heard = []
    asked(cache, (1.0, 2.0), emit=lambda stage, partial: heard.append(partial))
    assert heard == [1.0, 2.5]


def test_an_item_is_known_by_its_own_key_or_by_what_it_holds():
    class Segment(float):
        key = "the same"

    cache = StageCache()
    asked(cache, (Segment(1), 2.0))
    assert asked(cache, (Segment(9), 2.0)).ran == ()
    tensors = [torch.ones(1 << 17), torch.zeros(1 << 17)]  # however large
    run((memory,), {"segments": Source(tensors, "a"), "gain": Source(1.0, "1")}, cache)
    SEEN.clear()
    again = [tensors[0].clone(), torch.ones(1 << 17)]
    run((memory,), {"segments": Source(again, "b"), "gain": Source(1.0, "1")}, cache)
    assert len(SEEN) == 1
    with pytest.raises(TypeError, match="memory goes over segments, and a object has no key"):
        asked(cache, (object(),))


def test_the_first_steps_are_forgotten_last():
    """A long sequence whose steps do not all fit keeps a beginning, from which it can go on."""
    cache = StageCache(1500)
    asked(cache, tuple(float(k) for k in range(100)))
    asked(cache, tuple(float(k) for k in range(100)) + (1.0,))
    assert 0 < len(SEEN) < 101 and SEEN[-1] == 1.0
