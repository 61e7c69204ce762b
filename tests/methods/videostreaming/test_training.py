"""Facts about VideoStreaming's training and evaluation: where it was interrupted does not matter, its last steps supervise the
choice, and a trained file is measured with every key."""

import json

import numpy as np
import pytest
import torch

from core.methods.videostreaming import evaluate, stories, train
from core.networks.weights import read
from tests import tiny

ASKED = ["--seeds", "1", "--batch", "2", "--steps", "4", "--again", "2"]


def noise(clip, split, seconds, seed, folder, **told):
    """Unit vectors of chance."""
    chance = torch.Generator().manual_seed(seed)
    return torch.nn.functional.normalize(torch.randn(seconds, 10, generator=chance), dim=-1)


@pytest.fixture
def short(monkeypatch):
    """Stories and scenes whose frames are chance, and little of everything."""
    clip, timed = tiny.towers(), evaluate.reader_ms
    bank = {(c, s): [np.random.default_rng([c, s]).normal(size=(6, 10)).astype("f4")] for c in range(8) for s in range(8)}
    monkeypatch.setattr(stories, "bank", lambda *given: bank)
    monkeypatch.setattr(evaluate, "features", noise)
    monkeypatch.setattr(evaluate, "reader_ms", lambda *given, **more: timed(*given, **more, times=1))
    for module in (train, evaluate):
        monkeypatch.setattr(module, "load_clip", lambda spec: clip)
    monkeypatch.setattr(evaluate, "SECONDS", {"1": 60, "2": 64, "4": 140})
    for name, value in {"LONG": 4, "PROBED": 16, "SAVED": 2, "VAL": range(1)}.items():
        monkeypatch.setattr(train, name, value)


def test_an_interrupted_training_ends_where_another_does_and_every_number_is_measured(short, tmp_path, monkeypatch):
    train.main([*ASKED, "--out", str(tmp_path / "whole")])
    plain, steps = train.one_step, []

    def stopped(*given):
        steps.append(given[5][1])
        if len(steps) == 4:
            raise KeyboardInterrupt
        return plain(*given)

    monkeypatch.setattr(train, "one_step", stopped)
    with pytest.raises(KeyboardInterrupt):
        train.main([*ASKED, "--out", str(tmp_path / "parts")])
    train.main([*ASKED, "--out", str(tmp_path / "parts")])
    assert steps == [0, 1, 2, 3, 2, 3, 4, 5]  # from the checkpoint after two, and then the last two, supervised
    files = [tmp_path / part / "videostreaming.safetensors" for part in ("whole", "parts")]
    assert files[0].read_bytes() == files[1].read_bytes()
    assert read(files[0])[0]["model.probe_JXC"].abs().sum() > 0
    made = json.loads(files[0].with_suffix(".json").read_text())
    assert made["made"]["again"] == 2 and {"val_moment", "val_recall", "val_first"} <= set(made["scores"])

    found = evaluate.evaluate(tmp_path / "whole", 3, 0, torch.device("cpu"))
    for what, names in {"moment": 3, "recall": 3, "first": 2}.items():
        assert found[what].keys() == {"1", "2", "4"} and all(len(row) == names for row in found[what].values())
    assert found["tokens"] == {"1": 8, "2": 8, "4": 8} and found["all_tokens"] == {"1": 60, "2": 64, "4": 140}
    assert found["forgetting"].keys() == {"0", "1", "2", "4", "8", "16", "32"}
    assert "recall, last" in evaluate.table(found)
