"""What takes long is made once for all who ask for it, clips are decoded two at a time, and what is deleted is let go."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from app.server import clips as store
from app.server.clips import AT_ONCE, Clips
from app.server.memo import Memo
from core import BadClip, Cancelled, ReaderError
from tests import tiny
from tests.app.server.test_jobs import until


class Slow:
    """A function that counts its calls and those that are under way, and returns when it is let go."""

    def __init__(self, made="made"):
        self.made, self.go, self.lock = made, threading.Event(), threading.Lock()
        self.calls = self.now = self.most = 0

    def __call__(self, *given, **named):
        with self.lock:
            self.calls, self.now = self.calls + 1, self.now + 1
            self.most = max(self.most, self.now)
        assert self.go.wait(20)
        with self.lock:
            self.now -= 1
        if isinstance(self.made, Exception):
            raise self.made
        return self.made


def settles(slow):
    """Let all who could come in do so."""
    until(lambda: slow.calls)
    time.sleep(0.2)


def test_what_several_ask_for_at_once_is_made_once_and_other_keys_do_not_wait():
    kept, slow = Memo(4), Slow()
    with ThreadPoolExecutor(6) as threads:
        asked = [threads.submit(kept.get, "a", slow) for _ in range(6)]
        settles(slow)
        assert kept.get("b", lambda: "at once") == "at once"
        slow.go.set()
        assert [one.result(20) for one in asked] == ["made"] * 6 and slow.calls == 1
    assert not kept._turns  # nobody waits, so nothing is remembered of it


def test_where_it_came_to_nothing_the_next_makes_it_himself():
    kept, fails, makes = Memo(4), Slow(Cancelled("Called off.")), Slow()
    makes.go.set()
    with ThreadPoolExecutor(2) as threads:
        first = threads.submit(kept.get, "a", fails)
        until(lambda: fails.calls)
        second = threads.submit(kept.get, "a", makes)
        fails.go.set()
        with pytest.raises(Cancelled):
            first.result(20)
        assert second.result(20) == "made" and makes.calls == 1


def test_who_waits_for_what_another_makes_can_leave():
    kept, slow = Memo(4), Slow()
    with ThreadPoolExecutor(2) as threads:
        first = threads.submit(kept.get, "a", slow)
        until(lambda: slow.calls)
        with pytest.raises(Cancelled):
            kept.get("a", lambda: pytest.fail("it is being made"), lambda: True)
        slow.go.set()
        assert first.result(20) == "made"


def test_a_budget_is_of_sizes_and_the_newest_stays_whatever_its_own():
    kept = Memo(10, size=len)
    for key, made in (("a", "aaaa"), ("b", "bbbb"), ("c", "cc"), ("d", "d" * 3)):
        kept.get(key, lambda made=made: made)
    assert list(dict(kept.items())) == ["b", "c", "d"]
    kept.get("e", lambda: "e" * 50)
    assert list(dict(kept.items())) == ["e"]
    kept.drop(lambda key: key == "e")
    assert not kept.items()


@pytest.fixture
def files(tmp_path):
    """Files that a decoder would read."""
    made = [tmp_path / f"{i}.mp4" for i in range(2 * AT_ONCE + 1)]
    for one in made:
        one.write_bytes(b"a video")
    return made


def test_a_file_is_decoded_once_and_few_files_at_a_time(files, monkeypatch):
    slow = Slow(tiny.clip(T=4))
    monkeypatch.setattr(store, "read_clip", slow)
    clips = Clips({})
    with ThreadPoolExecutor(3 * len(files)) as threads:
        asked = [threads.submit(clips.open, one, 4) for one in files * 2]
        edits = ({"name": "reverse"},)
        asked.append(threads.submit(clips.open, files[0], 4, edits))
        settles(slow)
        assert slow.now == AT_ONCE
        slow.go.set()
        for one in asked:
            one.result(20)
    assert slow.calls == len(files) and slow.most == AT_ONCE


def test_one_that_cannot_be_decoded_gives_its_place_back(files, monkeypatch):
    slow = Slow(BadClip("no video"))
    slow.go.set()
    monkeypatch.setattr(store, "read_clip", slow)
    clips = Clips({})
    for one in files:
        with pytest.raises(BadClip):
            clips.open(one, 4)
    assert slow.calls == len(files) > AT_ONCE


def test_the_frames_of_a_deleted_file_go_with_it_and_an_example_stays(files, monkeypatch, tmp_path):
    monkeypatch.setattr(store, "read_clip", lambda path, frames: tiny.clip(T=frames))
    mine, yours, shipped = files[:3]
    clips = Clips({"shipped": store.Example("shipped", shipped, None)})
    edits = ({"name": "reverse"},)
    for path in (mine, yours, shipped):
        clips.open(path, 4)
    clips.open(mine, 4, edits)
    handle, keys = clips.handle(mine), [clips.key(mine, 4), clips.key(mine, 4, edits)]
    assert clips.path(handle) == str(mine) and all(clips.of_key(key) for key in keys)
    mine.unlink()
    shipped.unlink()
    assert clips.of_key(keys[0]) is None
    assert {path for (path, *_), _ in clips._open.items()} == {str(yours), str(shipped)}
    with pytest.raises(ReaderError, match="no longer held by the server: choose it again"):
        clips.path(handle)
    assert handle not in clips._paths and clips.path(clips.handle(shipped)) == str(shipped)
    yours.unlink()
    clips.open(shipped, 4)  # whatever is asked for next
    assert {path for (path, *_), _ in clips._open.items()} == {str(shipped)}
