"""Facts about TSPO's training and evaluation: rewards are what they say, and a trained file is measured with every key."""

import json

import pytest
import torch

from core.methods.tspo import evaluate as evaluation
from core.methods.tspo import train, videos
from core.methods.tspo.networks import Reader
from core.methods.tspo.reading import accuracy_reward, temporal_reward
from core.methods.tspo.weights import load_parts
from core.world.questions import tell
from tests import tiny

LENGTH = 64


@pytest.fixture
def short(monkeypatch):
    """Stories of a minute whose frames are chance, and a training of a few steps."""
    clip = tiny.towers()
    monkeypatch.setattr(videos, "tell", lambda *given, **named: tell(*given, segment=(4, 6), size=(32, 48), **named))
    monkeypatch.setattr(videos, "features", noise)
    for module in (train, evaluation):
        monkeypatch.setattr(module, "LENGTH", LENGTH)
        monkeypatch.setattr(module, "load_clip", lambda spec: clip)
    monkeypatch.setattr(train, "SAVED", 2)
    return clip


def noise(clip, split, seconds, seed, folder):
    """Unit vectors of chance."""
    chance = torch.Generator().manual_seed(seed)
    return torch.nn.functional.normalize(torch.randn(seconds, 10, generator=chance), dim=-1)


def test_the_evidence_reward_is_the_share_of_frames_in_it_and_the_answer_reward_is_right_or_wrong():
    shown_BT = torch.tensor([[False, True, True, False]])
    assert temporal_reward(shown_BT, torch.tensor([[[0, 1], [1, 2], [3, 0]]])).tolist() == [[0.5, 1.0, 0.0]]
    torch.manual_seed(0)
    reader, feature_BTE = Reader(10), torch.randn(1, 4, 10)
    option_BA = torch.zeros(1, 21, dtype=torch.bool)
    option_BA[0, 3] = True  # the one option is always right, whatever the frames are
    given = reader, feature_BTE, feature_BTE[:, 0], torch.tensor([[[0, 1], [2, 1]]]), option_BA
    assert accuracy_reward(*given, torch.tensor([3])).tolist() == [[1, 1]]
    assert accuracy_reward(*given, torch.tensor([4])).tolist() == [[0, 0]]


def test_an_interrupted_training_ends_where_an_uninterrupted_one_does_and_every_number_is_measured(
    short, tmp_path, monkeypatch
):
    words = "--reading 2 --steps 4 --videos 3 --only both answer shuffled untrained".split()
    where = ["--features", str(tmp_path / "features"), "--out"]
    train.main([*words, *where, str(tmp_path / "tspo.safetensors")])
    step = train.agent_step

    def stop(agent, reader, data, pairs, variant, tau, rng, seen=[]):  # noqa: B006
        seen.append(1)
        if len(seen) > 3:
            raise KeyboardInterrupt
        return step(agent, reader, data, pairs, variant, tau, rng)

    monkeypatch.setattr(train, "agent_step", stop)
    with pytest.raises(KeyboardInterrupt):
        train.main([*words, *where, str(tmp_path / "again.safetensors")])
    monkeypatch.setattr(train, "agent_step", step)
    train.main([*words, *where, str(tmp_path / "again.safetensors")])
    first, again = ((tmp_path / f"{name}.safetensors").read_bytes() for name in ("tspo", "again"))
    assert first == again and not list(tmp_path.glob("*.partial"))
    parts = load_parts(tmp_path / "tspo.safetensors", short).network
    assert [row[0] for row in parts.learning["both"]] == [50, 100]
    weight = [parts.agent("both", percent).query.weight for percent in (0, 20, 40, 80, 99, 100)]
    assert not any(torch.equal(one, other) for one, other in zip(weight, weight[1:]) if other is not weight[4])
    assert weight[3] is weight[4] and torch.equal(weight[0], parts.agent("untrained").query.weight)
    (tmp_path / "again.safetensors").unlink()

    found = evaluation.evaluate(tmp_path, 36, 0, torch.device("cpu"))
    (tmp_path / "metrics_tspo.json").write_text(json.dumps(found))
    needle = load_parts(tmp_path / "tspo.safetensors", short).network.needle
    assert [len(row) for row in needle] == [4, 4, 4]
    samplers = {"uniform", "random", "clip_topk", "untrained", "tspo", "r_a_only", "shuffled", "oracle"}
    for measure in ("recall", "accuracy"):
        assert found[measure].keys() == {"1", "2", "4"}
        for times, row in found[measure].items():
            assert row.keys() == samplers and all(0 <= share <= 1 for share in row.values())
            low, high = found["intervals"][measure][times]["tspo"]
            assert low <= row["tspo"] <= high
    assert found["recall"]["1"]["oracle"] == 1 and found["rewarded"]["4"]["oracle"] == 1
    assert 0 < found["constant"]["answer"] < 0.5 and found["after"].keys() == samplers and "accuracy" in evaluation.table(found)
