"""Facts about STOP's training: what is taught, on which clips, and that it goes on where it stopped."""

import argparse
import json

import numpy as np
import pytest
import torch

from core.data.rendered import pool
from core.methods.stop import train as stop
from core.methods.stop.clips import STORED, Data, generic, grammar, half_stored
from core.networks.weights import read
from core.world import ACTIONS, Mix
from tests import tiny

TOWERS = tiny.towers()
SIZE = tuple(TOWERS.network.vision.size)


@pytest.fixture(scope="module")
def samples():
    return pool(40, 6, "train", 8, SIZE)


@pytest.fixture
def data(samples):
    return Data(samples, grammar("train"), TOWERS.network.vision)


def train(data, out, monkeypatch, variant="full", layers=1, actions=None, **asked):
    monkeypatch.setattr(stop, "score", lambda model, towers: {})
    given = argparse.Namespace(**{"steps": 4, "captions": 4, "batch": 2, "rate": 1e-2, "clips": len(data)} | asked)
    stop.train(TOWERS, data, variant, layers, 0, out, given, actions)
    return read(out)[0]


def moved(before, after):
    """Which tensors are no longer what they were."""
    return {name for name in before if not torch.equal(before[name], after[name])}


def test_every_other_clip_is_as_a_file_or_a_camera_keeps_it(samples):
    kept = half_stored(samples)
    assert all(kept[i].frames_THWC is samples[i].frames_THWC for i in (1, 3, 5))
    for i in (0, 2, 4):
        away = np.abs(kept[i].frames_THWC.astype(int) - samples[i].frames_THWC).mean()
        assert 0 < away < 12 and kept[i].scene is samples[i].scene
        assert np.array_equal(kept[i].frames_THWC, half_stored(samples)[i].frames_THWC)
    assert set(STORED) == {"compression", "noise"}


@pytest.mark.parametrize("variant, taught", [
    ("full", {"temporal.value", "temporal.convs", "spatial.mlp.2", "spatial.convs", "dynamics_filter"}),
    ("temporal", {"temporal.value", "temporal.convs", "gap_filter"}), ("spatial", {"spatial.mlp.2", "spatial.convs"}),
])  # fmt: skip
def test_a_variant_teaches_its_own_parts_and_leaves_the_others(data, tmp_path, monkeypatch, variant, taught):
    start = train(data, tmp_path / "start.safetensors", monkeypatch, variant, steps=0)
    found = moved(start, train(data, tmp_path / "taught.safetensors", monkeypatch, variant))
    assert all(any(part in name for name in found) for part in taught)
    others = {"temporal": "spatial.", "spatial": "temporal.convs"}.get(variant)
    assert not [name for name in found if others and others in name]


def test_every_layer_has_parts_of_its_own(data, tmp_path, monkeypatch):
    start = train(data, tmp_path / "start.safetensors", monkeypatch, layers=3, steps=0)
    found = moved(start, train(data, tmp_path / "taught.safetensors", monkeypatch, layers=3))
    assert all(any(f".{layer}.temporal.value" in f".{name}" for name in found) for layer in range(3))


@pytest.mark.parametrize("variant", stop.VARIANTS)
def test_captions_go_on_from_the_file_that_actions_leave(data, tmp_path, monkeypatch, variant):
    actions = tmp_path / "actions.safetensors"
    known = train(data, actions, monkeypatch, variant)
    asked = []
    monkeypatch.setattr(stop, "answer", lambda *given, told=stop.answer: asked.append(given[-1]) or told(*given))
    same = train(data, tmp_path / "same.safetensors", monkeypatch, variant, actions=actions, captions=0)
    assert not moved(known, same) and not asked
    assert moved(known, train(data, tmp_path / "on.safetensors", monkeypatch, variant, actions=actions))
    assert asked == [stop.EQUAL] * 4 and stop.EQUAL > stop.CAPTION
    made, before = (json.loads((tmp_path / name).read_text()) for name in ("on.json", "actions.json"))
    assert made["made"]["actions"] == before["sha256"] and "--captions 4" in made["made"]["command"]


def test_a_caption_weighs_as_much_as_is_asked(data):
    one, unit = data.batch(range(2)), torch.nn.functional.normalize(torch.randn(1000, 32), dim=-1)
    texts = unit[: len(grammar("train"))], unit[-len(generic()) :]
    none, half, whole = (stop.answer(unit[:2], one, *texts, weight)[0] for weight in (0.0, 0.5, 1.0))
    assert none < half and torch.isclose(whole - half, half - none, atol=1e-5)


def test_what_a_second_thing_does_is_no_wrong_answer():
    two = Data(pool(40, 3, "train", 8, SIZE, mix=Mix(clauses=1.0)), grammar("train"), TOWERS.network.vision)
    one = two.batch(range(3))
    for i, sample in enumerate(two.samples):
        second = sample.scene.objects[1]
        assert ACTIONS[one.also_action_B[i]] == second.motion.action and one.action_B[i] != one.also_action_B[i]
        told = grammar("train")[one.also_caption_B[i]]
        assert sample.scene.caption == f"{grammar('train')[one.caption_B[i]]} while {told}"
    logits = torch.randn(3, 15)
    found = stop.without(logits, one.also_action_B)
    assert (found.isinf().sum(1) == 1).all() and torch.equal(found.isinf().int().argmax(1), one.also_action_B)
    alone = Data(pool(40, 2, "train", 8, SIZE), grammar("train"), TOWERS.network.vision).batch([0, 1])
    assert (alone.also_action_B == -1).all() and torch.equal(stop.without(logits[:2], alone.also_action_B), logits[:2])


def test_a_variant_is_learned(data, tmp_path, monkeypatch):
    """Six clips by heart: the loss of what the tower says of them falls."""
    loss = {}
    for steps in (0, 40):
        train(data, tmp_path / f"{steps}.safetensors", monkeypatch, steps=steps, batch=6, rate=3e-3)
        model, one = stop.load(tmp_path / f"{steps}.safetensors", TOWERS), data.batch(range(6))
        towers = TOWERS.network
        with torch.no_grad():
            texts = towers.text(grammar("train")), towers.text(generic())
            loss[steps] = stop.answer(model(one)[0], one, *texts)[0].item()
    assert loss[40] < loss[0]


@pytest.mark.parametrize("stopped", [1, 3])
def test_what_was_interrupted_goes_on_as_if_it_had_not_been(data, tmp_path, monkeypatch, stopped):
    class Interrupted(Exception):
        pass

    whole = train(data, tmp_path / "whole.safetensors", monkeypatch)
    saved, seen = stop.Checkpoint.save, []

    def every_step(self, step):
        saved(self, step)
        seen.append(step)
        if step == stopped and len(seen) == stopped:
            raise Interrupted

    monkeypatch.setattr(stop, "SAVED", 1)
    monkeypatch.setattr(stop.Checkpoint, "save", every_step)
    out = tmp_path / "again.safetensors"
    with pytest.raises(Interrupted):
        train(data, out, monkeypatch)
    again = train(data, out, monkeypatch)
    assert seen[stopped] == stopped + 1 and not moved(whole, again)
