"""Long runs take turns, in the order they were asked for, and who waits can leave."""

import threading
import time

import pytest

from app import running
from app.running import AT_ONCE, WAITING, Running
from core.errors import ReaderError
from core.watch import Cancelled


class Long:
    """A long run of somebody, in a thread of its own, until it is let go."""

    def __init__(self, runs, who):
        self.run, self.go, self.inside, self.wrong = runs.start(who, "long"), threading.Event(), threading.Event(), None
        self.thread = threading.Thread(target=self.work, args=(runs,), daemon=True)
        self.thread.start()

    def work(self, runs):
        try:
            with runs.turn(self.run):
                self.inside.set()
                assert self.go.wait(20)
        except (Cancelled, ReaderError) as wrong:
            self.wrong = wrong

    def end(self):
        self.go.set()
        self.thread.join(20)


def until(true):
    for _ in range(2000):
        if true():
            return
        time.sleep(0.005)
    raise AssertionError("It did not come true.")


def test_as_many_run_at_once_as_may_and_the_others_in_their_order():
    runs, longs = Running(), []
    for who in range(AT_ONCE + 2):
        longs.append(Long(runs, str(who)))
        until(lambda: len(runs._line) == len(longs))
    *first, next_one, last = longs
    assert all(one.inside.wait(20) for one in first)
    until(lambda: (next_one.run.stage, last.run.stage) == ("waiting: 1 ahead", "waiting: 2 ahead"))
    assert not next_one.inside.is_set() and not last.inside.is_set()
    first[0].end()
    assert next_one.inside.wait(20) and not last.inside.is_set()
    until(lambda: last.run.stage == "waiting: 1 ahead")
    for one in (*first[1:], next_one, last):
        one.end()
    assert last.inside.is_set() and not runs._line


def test_who_waits_can_leave_and_whoever_comes_after_moves_up():
    runs = Running()
    longs = [Long(runs, str(who)) for who in range(AT_ONCE)]
    until(lambda: all(one.inside.is_set() for one in longs))
    waits = Long(runs, "waits")
    until(lambda: waits.run.stage == "waiting: 1 ahead")
    runs.stop("waits", "long")
    until(lambda: waits.wrong is not None)
    assert isinstance(waits.wrong, Cancelled) and len(runs._line) == AT_ONCE
    for one in longs:
        one.end()


def test_one_that_fails_gives_its_place_back():
    runs = Running()
    for _ in range(AT_ONCE + 1):
        with pytest.raises(ZeroDivisionError), runs.turn(runs.start("me", "long")):
            raise ZeroDivisionError
    assert not runs._line


def test_too_many_are_sent_away_with_a_sentence(monkeypatch):
    monkeypatch.setattr(running, "WAITING", 1)
    runs, longs = Running(), []
    for who in range(AT_ONCE + 1):
        longs.append(Long(runs, str(who)))
        until(lambda: len(runs._line) == len(longs))
    with pytest.raises(ReaderError, match="1 long computations are waiting here already"), runs.turn(runs.start("me", "long")):
        pass
    for one in longs:
        one.end()
    assert WAITING > 1 and not runs._line
