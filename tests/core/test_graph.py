"""Facts about the graph: what ran, what was known already, and what is forgotten."""

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
import torch

from core.cache import StageCache, bytes_of
from core.graph import Source, check_wiring, downstream, run, upstream
from core.keys import content_key, digest
from core.progress import Cancelled, emit, tick

ROOT = Path(__file__).resolve().parents[2]


def doubled(x):
    return torch.full((4,), 2.0 * x)


def score(doubled, gain):
    return doubled * gain


def count(score):
    return tuple(score.ceil().long().tolist())


def mask(score):
    return score > 3


def below_count(count, x):
    return torch.tensor(count).float() + x


def below_mask(mask):
    return mask.float()


STAGES = (doubled, score, count, mask, below_count, below_mask)


def asked(cache, x=1, gain=1.0, **more):
    return run(STAGES, {"x": Source(x, repr(x)), "gain": Source(gain, repr(gain))}, cache, **more)


def test_a_digest_knows_where_one_part_ends_and_the_next_begins():
    parts = [("ab", "c"), ("a", "bc"), ("abc",), ("abc", ""), ("", "abc"), ("c", "ab")]
    assert len({digest(*one) for one in parts}) == len(parts)
    assert digest("ab") == digest(b"ab") and len(digest("ab")) == 32


def test_same_sources_run_nothing_and_another_runs_only_what_follows_it():
    cache = StageCache()
    assert asked(cache).ran == tuple(stage.__name__ for stage in STAGES)
    again = asked(cache)
    assert again.ran == () and again.reused == tuple(stage.__name__ for stage in STAGES)
    assert asked(cache, gain=10.0).ran == downstream(STAGES, "gain")
    assert asked(cache, gain=1.0).ran == ()  # both settings are remembered


def test_a_result_is_known_by_everything_it_received():
    def sum_of(a, b):
        return torch.tensor([a + b])

    def other(a, b):
        return torch.tensor([a - b])

    cache = StageCache()

    def ran(stage, a, b):
        return run([stage], {"a": Source(a, repr(a)), "b": Source(b, repr(b))}, cache).ran

    assert ran(sum_of, 1.0, 2.0) and ran(sum_of, 2.0, 1.0) and ran(sum_of, 1.0, 3.0) and ran(other, 1.0, 2.0)
    assert not ran(sum_of, 1.0, 2.0) and not ran(other, 1.0, 2.0)
    sum_of.__module__ = "elsewhere"  # a function of the same name in another file is another stage
    assert ran(sum_of, 1.0, 2.0)


def test_a_knob_that_changes_no_count_and_no_mask_runs_nothing_below_them():
    cache = StageCache()
    asked(cache, gain=1.0)
    assert asked(cache, gain=0.9).ran == ("score", "count", "mask")  # ⌈1.8⌉ is 2 again, and 1.8 is not above 3 either
    assert asked(cache, gain=1.2).ran == ("score", "count", "mask", "below_count")  # ⌈2.4⌉ = 3, below the mask's 3
    assert asked(cache, gain=3.0).ran == ("score", "count", "mask", "below_count", "below_mask")


def test_content_is_told_apart_by_value_shape_and_type():
    held = [
        0, 1, True, False, "1", (), (1,), (1, 2), (True,), ("1",), (0.5,), (0.25,), torch.tensor([1, 2]),
            torch.tensor([[1, 2]]),
        torch.tensor([1, 2], dtype=torch.int32), torch.tensor([True, False]), torch.tensor([False, True]),
    ]  # fmt: skip
    keys = [content_key(one) for one in held]
    assert None not in keys and len(set(keys)) == len(held)
    assert content_key(torch.tensor([1, 2])) == content_key(torch.tensor([1, 0, 2])[::2])
    long = torch.zeros(1 << 17, dtype=torch.bool)
    assert [content_key(one) for one in (0.5, torch.zeros(2), [1], None, long)] == [None] * 5


def test_wiring_is_checked_before_anything_runs():
    check_wiring(STAGES, ("x", "gain"))
    with pytest.raises(ValueError, match="score asks for gain, which no earlier stage makes"):
        check_wiring(STAGES, ("x",))
    with pytest.raises(ValueError, match="score asks for doubled"):
        check_wiring((score, doubled), ("x", "gain"))  # the order is the paper's: nothing may ask for a later stage
    with pytest.raises(ValueError, match="doubled is made twice"):
        check_wiring((doubled, doubled), ("x",))
    with pytest.raises(ValueError, match="doubled is made twice"):
        check_wiring((doubled,), ("x", "doubled"))


def test_upstream_is_what_an_output_needs_and_downstream_what_a_source_touches():
    assert upstream(STAGES, ["mask"]) == (doubled, score, mask)
    assert upstream(STAGES, ["doubled", "count"]) == (doubled, score, count)
    assert upstream(STAGES, []) == ()
    with pytest.raises(ValueError, match="No stage makes colour"):
        upstream(STAGES, ["colour", "mask"])
    assert downstream(STAGES, "gain") == ("score", "count", "mask", "below_count", "below_mask")
    assert downstream(STAGES, "mask") == ("below_mask",)
    assert downstream(STAGES, "nothing") == ()


def test_a_cancelled_run_leaves_nothing_behind():
    cache = StageCache()
    for after in range(len(STAGES)):
        calls = iter([False] * after + [True])
        with pytest.raises(Cancelled, match=f"Called off before {STAGES[after].__name__}"):
            asked(cache, cancelled=lambda calls=calls: next(calls))
        assert len(cache) == cache.bytes == 0
    assert asked(cache, cancelled=lambda: False).ran == tuple(stage.__name__ for stage in STAGES)
    assert asked(cache, cancelled=lambda: True).ran == ()  # nothing is left to call off


def slow(gain):
    """A stage that takes long."""
    for part in range(4):
        tick(part / 4)
    return float(gain)


def test_a_stage_that_takes_long_tells_how_far_it_is_and_can_be_called_off():
    told, cache = [], StageCache()
    sources = {"gain": Source(2.0, "two")}
    run((slow,), sources, cache, progress=lambda stage, done: told.append((stage, done)))
    assert told == [("slow", done) for done in (0.0, 0.0, 0.25, 0.5, 0.75)]
    calls, cache = iter([False] * 3 + [True]), StageCache()
    with pytest.raises(Cancelled, match="Called off in slow"):
        run((slow,), sources, cache, cancelled=lambda: next(calls))
    assert len(cache) == 0
    tick(0.5)  # nobody waits: nothing happens


def caption(words):
    """A stage whose result comes word by word."""
    for count in range(1, len(words) + 1):
        emit(words[:count])
    return " ".join(words)


def test_what_comes_piece_by_piece_is_heard_and_nothing_more_after_it_was_called_off():
    words, cache = ("a", "ring", "moves"), StageCache()
    sources, heard = {"words": Source(words, "words")}, []
    trace = run((caption,), sources, cache, emit=lambda stage, partial: heard.append((stage, partial)))
    assert trace["caption"] == "a ring moves" and heard == [("caption", words[:count]) for count in (1, 2, 3)]
    run((caption,), sources, cache, emit=lambda stage, partial: heard.append("again"))
    assert "again" not in heard  # what is known is there at once
    heard, cache = [], StageCache()
    with pytest.raises(Cancelled, match="Called off in caption"):
        run((caption,), sources, cache, cancelled=lambda: bool(heard), emit=lambda stage, partial: heard.append(partial))
    assert heard == [("a",)] and len(cache) == 0
    emit("nobody listens")


def test_a_stage_that_fails_leaves_nothing_behind():
    def broken(doubled):
        raise RuntimeError("out of memory")

    cache = StageCache()
    with pytest.raises(RuntimeError, match="out of memory"):
        run((doubled, broken), {"x": Source(1, "1")}, cache)
    assert len(cache) == cache.bytes == 0


def test_gradients_are_off_in_a_run_and_results_can_be_differentiated_later():
    weight = torch.ones(4, requires_grad=True)

    def product(x):
        return weight * x

    result = run((product,), {"x": Source(2.0, "2")}, StageCache())["product"]
    assert not result.requires_grad
    cared = result.requires_grad_()
    (cared * cared).sum().backward()  # refused for results of inference mode
    assert cared.grad.tolist() == [4.0] * 4


def test_memory_is_bounded_and_the_least_recently_used_goes_first():
    size = bytes_of(torch.zeros(250))
    cache = StageCache(3 * size)
    for key in "abc":
        cache.put(key, torch.zeros(250))
    assert cache.bytes == 3 * size and cache.get("a") is not None  # a is now the latest
    cache.put("d", torch.zeros(250))
    assert [key for key in "abcd" if cache.get(key) is not None] == ["a", "c", "d"]
    cache.put("a", torch.zeros(10))  # replaced, not counted twice
    assert cache.bytes == 2 * size + bytes_of(torch.zeros(10)) and len(cache) == 3


def test_what_is_larger_than_the_budget_is_not_kept_and_drives_nothing_out():
    cache = StageCache(2000)
    cache.put("small", torch.zeros(100))
    cache.put("large", torch.zeros(500))
    assert cache.get("large") is None and cache.get("small") is not None
    assert asked(StageCache(10))["below_mask"].shape == (4,)  # nothing is kept, and the run still has its results


def test_bytes_are_those_that_stay_alive():
    frames = torch.zeros(100, 10)
    assert bytes_of(frames[0]) == bytes_of(frames) >= 4000  # a view keeps the whole of it
    assert 4000 <= bytes_of((frames, frames[1:])) < 8000 and bytes_of({"a": frames}) >= 4000  # two views of one memory
    assert bytes_of(np.zeros(500)) >= 4000 and 0 < bytes_of(3) < 200
    assert bytes_of(np.zeros((500, 2))[:1]) >= 8000 and bytes_of("a" * 5000) >= 5000 and bytes_of({"a" * 5000: 1}) >= 5000
    alike = np.zeros(1000)
    assert bytes_of((alike, torch.from_numpy(alike), alike[1:])) < 12_000
    assert bytes_of(torch.zeros(2, 3).expand(1000, 2, 3)) < 1000  # a thousand times the same six numbers


def test_what_many_results_share_counts_once_and_for_as_long_as_one_of_them_is_there():
    cache, large = StageCache(1 << 30), torch.zeros(25, 250_000)
    for row in range(25):
        cache.put(str(row), (large[row], "said"))
    assert large.nbytes <= cache.bytes < 1.01 * large.nbytes
    for row in range(24):
        cache.put(str(row), ())  # the view is gone, and its memory is not
    assert large.nbytes <= cache.bytes < 1.01 * large.nbytes
    cache.put("24", ())
    assert cache.bytes < 10_000
    cache.put("a", large)
    cache.clear()
    assert cache.bytes == 0 == len(cache)
    cache.put("b", large)
    assert cache.bytes >= large.nbytes


def test_views_of_one_memory_go_only_together():
    """A budget for two memories: the third drives out both views of the first, for one of them gives nothing back."""
    size = bytes_of(torch.zeros(10_000))
    cache, first = StageCache(int(2.5 * size)), torch.zeros(10_000)
    for key, one in (("view", first[:10]), ("another", first[10:]), ("second", torch.zeros(10_000))):
        cache.put(key, one)
    assert all(cache.get(key) is not None for key in ("view", "another", "second"))
    cache.put("third", torch.zeros(10_000))
    assert [key for key in ("view", "another", "second", "third") if cache.get(key) is not None] == ["second", "third"]


@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="no /proc here")
def test_the_memory_that_is_counted_is_the_memory_that_is_held():
    """Of a process of its own, for other tests leave and free memory in this one: what it holds, what it counts, what stays."""
    ran = subprocess.run([sys.executable, "-c", MEMORY], cwd=ROOT, capture_output=True, text=True, check=True)
    held, counted, left = map(int, ran.stdout.split())
    assert abs(held - counted) < 0.1 * counted and left < 0.1 * held


MEMORY = """
import os, time, torch
from core.cache import StageCache
from core.memory import give_back
give_back(every=0.05)  # or what is freed is the process's for a while
def resident():
    return int(open("/proc/self/statm").read().split()[1]) * os.sysconf("SC_PAGE_SIZE")
torch.ones(4_000_000)
cache, before = StageCache(1 << 30), resident()
for key in range(8):
    large = torch.ones(4_000_000)
    for part in range(20):
        cache.put(f"{key} {part}", large[part:])
del large
held, counted = resident() - before, cache.bytes
cache.clear()
time.sleep(0.5)
print(held, counted, resident() - before)
"""


def test_a_cache_counts_right_under_threads():
    cache = StageCache(20_000)

    def work(seed):
        rng = np.random.default_rng(seed)
        for _ in range(300):
            key = str(rng.integers(40))
            found = cache.get(key)
            assert found is None or int(found[0]) == int(key)
            cache.put(key, torch.full((int(rng.integers(1, 400)),), int(key)))

    with ThreadPoolExecutor(8) as threads:
        list(threads.map(work, range(8)))
    held = [cache.get(str(key)) for key in range(40)]
    assert cache.bytes == sum(bytes_of(one) for one in held if one is not None) <= cache.budget
    assert len(cache) == sum(one is not None for one in held)


def test_a_stage_that_is_reused_took_as_long_as_when_it_ran():
    cache = StageCache(1 << 20)
    first = run([doubled], {"x": Source(4, "four")}, cache)
    again = run([doubled, score], {"x": Source(4, "four"), "gain": Source(2, "two")}, cache)
    assert again.ran == ("score",) and again.took == {"doubled": first.ms["doubled"], "score": again.ms["score"]}
