"""Facts about public CLIPs that are fetched while the page is served: once for everybody, and nobody else waits."""

import threading
from types import SimpleNamespace

import pytest

from app.server import public
from app.server.public import Public, clips_of
from core import METHODS, ReaderError
from core.networks.hub import PUBLIC_CLIPS

NAME = next(iter(PUBLIC_CLIPS))


@pytest.fixture
def desks(monkeypatch):
    monkeypatch.setattr(public, "POLL", 0.01)
    monkeypatch.setattr(public, "came", lambda name: 210.0)
    monkeypatch.setattr(public, "fetched_before", lambda name: name == NAME)
    monkeypatch.setattr(public, "stand_back", lambda: None)
    return [SimpleNamespace(method=METHODS[name], engines={}) for name in ("stop", "stpn", "clip_topk")]


def test_two_who_ask_for_one_get_one_and_are_told_how_far_it_is(desks):
    made, there = [], threading.Event()

    def make(name):
        made.append(name)
        assert there.wait(20)
        return f"engine with {name}"

    held = Public(desks, make)
    first, second = held.load(NAME), held.load(NAME)
    said = [next(first), next(second), next(first)]
    assert f"{NAME}: 210 of about {PUBLIC_CLIPS[NAME]} MB are here" in said[-1] and desks[0].engines == {}
    other = held.load(list(PUBLIC_CLIPS)[1])
    assert "another is loaded first" in next(other), "one at a time: each takes gigabytes"
    there.set()
    for each in (first, second, other):
        list(each)
    assert made == [NAME, list(PUBLIC_CLIPS)[1]] and list(held.load(NAME)) == []
    assert desks[0].engines[NAME] == desks[2].engines[NAME] == f"engine with {NAME}" and desks[1].engines == {}


def test_what_cannot_be_fetched_is_a_sentence_and_may_be_asked_for_again(desks):
    tries = []

    def make(name):
        tries.append(name)
        raise ReaderError("the hub cannot be reached")

    held = Public(desks, make)
    for _ in range(2):
        with pytest.raises(ReaderError, match="the hub cannot be reached"):
            list(held.load(NAME))
    assert len(tries) == 2 and desks[0].engines == {}
    with pytest.raises(ReaderError, match="The public CLIPs are ViT-B-32/openai, "):
        next(held.load("../../etc/passwd"))


def test_the_list_says_sizes_and_what_was_fetched_before(desks):
    told = Public(desks, str).names
    assert told[NAME] == f"{NAME}: {PUBLIC_CLIPS[NAME]} MB, fetched before" and "fetched before" not in list(told.values())[1]
    assert clips_of(METHODS["stop"]) == clips_of(METHODS["clip_topk"]) == ("clip",) and clips_of(METHODS["stpn"]) == ()
