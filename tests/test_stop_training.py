"""Facts about STOP's training: what is taught first, on which clips, and that it goes on where it stopped."""

import argparse

import numpy as np
import pytest
import torch

from core.networks.weights import read
from core.training import stop
from core.training.clips import STORED, Data, grammar, half_stored
from core.training.pool import pool
from core.training.stop import Model
from tests import tiny

TOWERS = tiny.towers()
SIZE = tuple(TOWERS.network.vision.size)


@pytest.fixture(scope="module")
def samples():
    return pool(40, 6, "train", 8, SIZE)


@pytest.fixture
def data(samples):
    return Data(samples, grammar("train"), TOWERS.network.vision)


def train(data, out, monkeypatch, variant="full", layers=1, **asked):
    monkeypatch.setattr(stop, "score", lambda model, towers: {})
    given = argparse.Namespace(**{"reading": 3, "steps": 2, "batch": 2, "rate": 1e-2, "clips": len(data)} | asked)
    stop.train(TOWERS, data, variant, layers, 0, out, given)
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


@pytest.mark.parametrize("layers", [1, 3])
def test_the_first_layer_reads_the_same_with_the_tower_and_without(data, layers):
    model, batch = Model(TOWERS.network, "full", layers).eval(), data.batch([0, 3])
    with torch.no_grad():
        alone, whole = model.first(batch, model.settings()), model(batch)[1][0]
    assert torch.equal(alone.read_BGQE, whole.read_BGQE) and torch.equal(alone.count_BG, whole.count_BG)


def test_at_first_only_reading_is_taught_and_no_tower_runs(data, tmp_path, monkeypatch):
    start = train(data, tmp_path / "start.safetensors", monkeypatch, reading=0, steps=0)
    monkeypatch.setattr(Model, "forward", lambda *given: pytest.fail("the tower ran"))
    taught = moved(start, train(data, tmp_path / "read.safetensors", monkeypatch, steps=0))
    assert any("temporal.convs" in name for name in taught) and any("spatial.convs" in name for name in taught)
    assert not any(".value." in name or ".mlp.2." in name for name in taught)


def test_then_writing_is_taught_through_the_tower(data, tmp_path, monkeypatch):
    before = train(data, tmp_path / "read.safetensors", monkeypatch, steps=0)
    taught = moved(before, train(data, tmp_path / "both.safetensors", monkeypatch, steps=1))
    assert any(".value." in name for name in taught) and any(".mlp.2." in name for name in taught)


def test_a_static_prompt_reads_nothing(data, tmp_path, monkeypatch):
    monkeypatch.setattr(Model, "first", lambda *given: pytest.fail("it reads"))
    assert train(data, tmp_path / "static.safetensors", monkeypatch, variant="static")


@pytest.mark.parametrize("stopped", [2, 4])  # while reading is taught, and behind it
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
