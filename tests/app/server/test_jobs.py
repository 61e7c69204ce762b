"""Long runs take turns, in the order they were asked for, and who waits can leave."""

import os
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from app.server import jobs as running
from app.server.aside import NICE
from app.server.jobs import AT_ONCE, AWAY, PICTURE, WAITING, Running
from core.errors import ReaderError
from core.progress import Cancelled


class Long:
    """A long run of somebody, in a thread of its own, until it is let go."""

    def __init__(self, runs, who):
        self.run, self.wrong = runs.start(who, "long", long=True), None
        self.go, self.inside = threading.Event(), threading.Event()
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


def test_who_asks_again_calls_his_last_one_off_and_holds_one_place(monkeypatch):
    monkeypatch.setattr(running, "WAITING", 1)
    runs = Running()
    longs = [Long(runs, str(who)) for who in range(AT_ONCE)]
    until(lambda: all(one.inside.is_set() for one in longs))
    mine = [Long(runs, "me") for _ in range(3 * AT_ONCE)]
    until(lambda: all(one.wrong is not None for one in mine[:-1]))
    assert all(isinstance(one.wrong, Cancelled) for one in mine[:-1])
    until(lambda: mine[-1].run.stage == "waiting: 1 ahead")
    assert len(runs._line) == AT_ONCE + 1
    for one in longs:
        one.end()
    assert mine[-1].inside.wait(20) and not any(one.run.stopped for one in longs)
    for who, kind in (("me", "another kind"), ("you", "long")):
        runs.start(who, kind, long=True)
    assert not mine[-1].run.cancelled()
    mine[-1].end()


def test_the_picture_does_not_wait_for_folds():
    runs = Running()
    folds = [Long(runs, str(who)) for who in range(AT_ONCE)]
    until(lambda: all(one.inside.is_set() for one in folds))
    picture = runs.start("me", "whole", long=True)
    assert runs.aside(picture, lambda run: run is picture, PICTURE)
    for one in folds:
        one.end()


def test_long_work_is_done_in_threads_that_stand_back_and_its_faults_come_through():
    runs, told = Running(), []

    def work(run):
        told.append((threading.get_native_id(), os.getpriority(os.PRIO_PROCESS, threading.get_native_id())))
        thread = threading.Thread(target=lambda: told.append(os.getpriority(os.PRIO_PROCESS, threading.get_native_id())))
        thread.start()
        thread.join()
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        runs.aside(runs.start("me", "long", long=True), work)
    mine = os.getpriority(os.PRIO_PROCESS, threading.get_native_id())
    (who, nice), below = told
    assert who != threading.get_native_id() and not runs._line
    if sys.platform == "linux":
        assert nice == below == min(mine + NICE, 19) and os.getpriority(os.PRIO_PROCESS, 0) == mine


def test_a_long_run_stands_still_while_a_knob_is_answered_and_goes_on_in_time():
    runs = Running()
    with runs.turn(runs.start("me", "long", long=True)) as run:
        time.sleep(0.1)
        began = time.monotonic()
        run.progress("half", 0.5)
        assert time.monotonic() - began < 0.09  # nobody asks
        time.sleep(0.1)
        with ThreadPoolExecutor(1) as thread, runs.knob():
            went = thread.submit(run.progress, "half", 0.5)
            time.sleep(0.05)
            assert not went.done()
        time.sleep(0.1)
        with runs.knob():  # whose answer takes for ever
            began = time.monotonic()
            run.progress("more", 0.7)
            assert 0.3 < time.monotonic() - began < 10
        time.sleep(0.5)
        with runs.knob():
            run.stopped, began = True, time.monotonic()
            run.progress("more", 0.8)
            assert time.monotonic() - began < 0.2  # who is called off waits for nobody


def test_short_runs_of_a_kind_go_side_by_side():
    runs = Running()
    first, second = runs.start("me", "later"), runs.start("me", "later")
    assert not first.cancelled() and runs.of("me", "later") is second
    runs.stop("me", "later")
    assert second.cancelled() and not first.cancelled()


def test_a_long_run_ends_when_whoever_looked_after_it_is_gone():
    now = [1000.0]
    runs = Running(clock=lambda: now[0])
    seen, unseen = (runs.start(who, "long", long=True) for who in ("seen", "unseen"))
    short = runs.start("seen", "later")
    seen.progress("half", 0.5)
    assert runs.far("seen", "long") == ["half", 0.5] and runs.far("seen", "later") == ["", 0.0]
    assert runs.far("nobody", "long") is None
    now[0] += 60  # a tab in the background asks once a minute
    assert not seen.cancelled() and runs.far("seen", "long") == ["half", 0.5]
    now[0] += AWAY
    assert not seen.cancelled()
    now[0] += 1
    assert seen.cancelled() and not short.cancelled()
    assert not unseen.cancelled()  # a program asks for the answer alone


def test_what_is_there_so_far_is_told_once_behind_how_far_it_is():
    runs = Running()
    mine, other = runs.start("me", "later"), runs.start("other", "later")
    mine.progress("search", 0.2)
    assert runs.far("me", "later") == ["search", 0.2], "nothing is there yet"
    mine.made = {"values": 1}
    mine.made = {"values": 2}
    assert runs.far("other", "later") == ["", 0.0] and other.made is None, "each is told of his own"
    assert runs.far("me", "later") == ["search", 0.2, {"values": 2}] and runs.far("me", "later") == ["search", 0.2]


def test_one_whose_reader_is_gone_leaves_the_line():
    now = [0.0]
    runs = Running(clock=lambda: now[0])
    longs = [Long(runs, str(who)) for who in range(AT_ONCE)]
    until(lambda: all(one.inside.is_set() for one in longs))
    waits = Long(runs, "waits")
    until(lambda: runs.far("waits", "long") == ["waiting: 1 ahead", 0.0])
    now[0] += AWAY + 1
    until(lambda: waits.wrong is not None)
    assert isinstance(waits.wrong, Cancelled) and not longs[0].run.cancelled()
    for one in longs:
        one.end()


def test_whoever_asks_is_not_forgotten_for_those_who_come_later(monkeypatch):
    monkeypatch.setattr(running, "HELD", 2)
    runs = Running()
    mine = runs.start("me", "long", long=True)
    runs.start("one", "soon")
    runs.far("me", "long")
    runs.start("two", "soon")
    assert runs.of("me", "long") is mine and runs.of("one", "soon") is None
