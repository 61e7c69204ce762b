"""Facts about networks in memory: who is loaded when, what is held once, and who leaves."""

import gc
from dataclasses import replace
from weakref import ref

import pytest
import torch
from torch import nn

from core import METHODS, Engine, ReaderError
from core.method import Network
from core.methods import by_name
from core.networks.weights import Loaded
from core.shelf import Shelf, bytes_of
from tests import tiny

CLIP = tiny.clip(T=4)
KB = 1 << 10


def loader(name, log, kilobytes=1, digest=None):
    """A loader that says when it is called."""

    def load(file, *before):
        log.append(name)
        return Loaded(nn.Linear(256 * kilobytes, 1, bias=False), f"{name} of {file}", digest or name)

    return load


def shelf(budget=100 * KB, **models):
    return Shelf(models, lambda made: None, budget)


def test_a_network_is_loaded_once_and_after_what_it_is_loaded_after():
    log = []
    towers = Network("towers", loader("towers", log))
    head = Network("head", loader("head", log), (towers,))
    here = shelf(towers="a file")
    assert here.get(head) is here.get(head) and log == ["towers", "head"]
    assert here.get(Network("towers", towers.load)).label == "towers of a file" and log == ["towers", "head"]
    assert here.known(head).digest == "head" and len(here) == 2


def test_the_least_recently_used_leaves_and_its_label_stays_known():
    log = []
    a, b, c = (Network(name, loader(name, log)) for name in "abc")
    here = shelf(2 * KB)
    for one in (a, b, a, c):  # b is the one that nobody asked for lately
        here.get(one)
    assert here.bytes == 2 * KB and log == ["a", "b", "c"]
    assert here.known(b).label == "b of None" and log == ["a", "b", "c"]
    assert here.get(a) and here.get(b) and log == ["a", "b", "c", "b"]


def test_what_is_in_use_never_leaves_and_the_latest_does_not_either():
    log = []
    a, b, c = (Network(name, loader(name, log)) for name in "abc")
    here = shelf(0)
    with here.using([a, b]):
        held = here.get(a), here.get(b), here.get(c)
        assert here.get(a) is held[0] and here.get(b) is held[1] and log == ["a", "b", "c"]
    assert len(here) == 1
    here.get(b)
    assert log == ["a", "b", "c"]  # the latest stays, however small the budget


def test_the_same_weights_under_two_names_are_held_once():
    log = []
    load = loader("clip", log)
    one, other = Network("clip", load), Network("tspo_clip", load)
    here = shelf()
    assert here.get(one).network is here.get(other).network and len(here) == 1 and here.bytes == KB
    towers = [Network(name, loader(name, log)) for name in ("near", "far")]
    heads = [Network(f"head_{i}", load, (tower,)) for i, tower in enumerate(towers)]
    assert here.get(heads[0]).network is not here.get(heads[1]).network  # of other towers: not the same


def test_bytes_are_those_of_parameters_and_buffers_each_counted_once():
    shared = nn.BatchNorm1d(8)
    assert bytes_of([shared, nn.Sequential(shared)]) == (8 + 8 + 8 + 8) * 4 + 8
    assert bytes_of([object()]) == 0  # a service elsewhere


def test_a_run_loads_what_its_stages_read_and_nothing_else():
    engine = tiny.engine()
    engine.run("stop", CLIP, outputs=["tokens_TSD"])
    assert len(engine.shelf) == 1
    trace = engine.run("stop", CLIP, outputs=["region_TP"])
    assert len(engine.shelf) == 2 and set(trace.weights) == {"clip_towers", "stop_first"}
    assert set(engine.run("stop", CLIP, outputs=["attention_TP"]).weights) == {"clip_towers"}
    engine.run("stop", CLIP, depth="all")
    assert len(engine.shelf) == 3


def test_results_do_not_hang_on_the_budget_and_hold_no_network():
    small, large = tiny.engine(networks_mb=0), tiny.engine()
    for depth in ("first", "all", "first"):
        one, other = (each.run("stop", CLIP, texts=tiny.TEXTS, depth=depth) for each in (small, large))
        assert torch.equal(one["similarity_Y"], other["similarity_Y"])
    assert len(small.shelf) == 1 and len(large.shelf) == 3
    engine = Engine("cpu", networks_mb=0)  # shipped weights: nobody else holds them
    engine.run("stop", CLIP, texts=["a red ring"])
    network = ref(engine.network("stop_first").network)
    engine.network("clip_towers")
    gc.collect()
    assert network() is None
    again = engine.run("stop", CLIP, texts=["a red ring"])
    assert set(again.ran) <= {"prompters"}  # what was computed is known without any network


def test_one_model_in_two_ways_and_two_methods_of_one_name_are_refused():
    stop = METHODS["stop"]
    twin = replace(stop, name="twin")
    assert list(by_name([twin, stop])) == ["stop", "twin"]  # the same networks: shared
    with pytest.raises(ValueError, match="Two methods are called stop: a name is for one."):
        by_name([stop, replace(stop, title="another")])
    other = replace(twin, networks=twin.networks | {"clip_towers": Network("clip", loader("clip", []))})
    with pytest.raises(ValueError, match="stop and twin load the model 'clip' in two ways"):
        by_name([stop, other])


def test_a_method_stands_without_the_one_whose_model_it_is_loaded_after():
    alone = Engine("cpu", models={"clip": tiny.towers()}, methods={"stop_released": METHODS["stop_released"]})
    assert "RANDOM towers" in alone.labels("stop_released")["released"]


def test_an_engine_runs_the_methods_that_it_is_handed_and_no_others():
    alone = Engine("cpu", models={"clip": tiny.towers()}, methods={"stop": METHODS["stop"]})
    assert alone.run("stop", CLIP, outputs=["attention_TP"]).ran
    with pytest.raises(ReaderError, match="There is no method 'stpn'. The methods are stop.$"):
        alone.run("stpn", CLIP)


def test_a_network_of_two_methods_is_named_with_its_method():
    networks = {**METHODS["stop"].networks, "clip_towers": METHODS["stpn"].networks["stpn"]}
    other = replace(METHODS["stop"], name="twin", networks=networks)
    engine = tiny.engine(methods={**METHODS, "twin": other})
    with pytest.raises(ReaderError, match="'clip_towers' is another network in [a-z_]+, twin: say of which method."):
        engine.network("clip_towers")
    assert engine.network("clip_towers", "twin").label == "tiny STPN"
    assert engine.network("clip_towers", "stop").label == "tiny towers"
    with pytest.raises(ReaderError, match="There is no network 'dog'. The networks are clip_towers, "):
        engine.network("dog")
