"""Facts about TSPO as the page runs it: what knobs re-run, what is rewarded where the answer is known, what weights fit."""

import pytest
import torch

from core import BadWeights
from core.methods.tspo.networks import Agent, Reader
from core.methods.tspo.weights import VARIANTS, load_parts
from core.networks.weights import save
from core.world.long import asked_video
from tests import tiny


@pytest.fixture(scope="module")
def engine():
    return tiny.engine()


@pytest.fixture(scope="module")
def story():
    return asked_video(3, seconds=60, segment=(4, 6), size=(32, 48))[0]


def test_temperature_budget_and_noise_read_no_frame_again(engine):
    video = tiny.video()
    engine.run("tspo", video=video, question=tiny.QUESTION)
    for knobs in ({"tau": 0.2}, {"budget": 3}, {"seed": 5}, {"sampler": "gumbel"}, {"event": False}):
        ran = engine.run("tspo", video=video, question=tiny.QUESTION, **knobs).ran
        assert ran and not {"feature_TE", "event_TE", "question_E"} & set(ran)


def test_a_question_that_the_video_knows_is_rewarded_by_its_evidence(engine, story):
    question = next(one for one in story.questions if one.family == "find")
    trace = engine.run("tspo", video=story, question=question.text, budget=5)
    assert trace["known"] == (question.answer, question.options, question.evidence)
    for places, (right, share, _) in zip(trace["drawn"], trace["rollout_reward"], strict=True):
        assert right in (0, 1) and share == pytest.approx(sum(question.shows(places)) / 5)
    other = engine.run("tspo", video=story, question="a red ball?")
    assert other["known"] == () == other["rollout_reward"] and "among all" in other["reading"]


def test_samplers_choose_as_they_say(engine):
    video = tiny.video()
    runs = {
        one: engine.run("tspo", video=video, question="?a", sampler=one, budget=4) for one in ("top-k", "bin-max", "gumbel")
    }
    score_T = runs["top-k"]["score_T"]
    assert runs["top-k"]["frame_K"] == tuple(sorted(score_T.topk(4).indices.tolist()))
    assert [frame // 6 for frame in runs["bin-max"]["frame_K"]] == [0, 1, 2, 3]
    assert runs["gumbel"]["frame_K"] == tuple(sorted(runs["gumbel"]["drawn"][0]))
    shares = {tau: engine.run("tspo", video=video, question="?a", tau=tau)["effective"] for tau in (0.01, 0.5)}
    assert 1 <= shares[0.01] < shares[0.5] <= 24 + 1e-3


def test_weights_belong_to_their_towers_and_others_start_untrained(tmp_path):
    clip = tiny.towers()
    agents = torch.nn.ModuleDict({"both": Agent(10)})
    about = {"kind": "tspo", "features": 10, "towers": clip.digest, "variants": ["both"]}
    save(tmp_path / "own.safetensors", {"reader": Reader(10), "agents": agents}, about, {})
    loaded = load_parts(tmp_path / "own.safetensors", clip)
    assert "long videos of our world" in loaded.label and torch.allclose(
        loaded.network.agent("both").query.weight, agents["both"].get_parameter("query.weight").half().float()
    )
    with pytest.raises(BadWeights, match="hold both, and answer is asked for"):
        loaded.network.agent("answer")
    save(tmp_path / "other.safetensors", {"reader": Reader(10), "agents": agents}, about | {"towers": "others"}, {})
    with pytest.raises(BadWeights, match="was trained on other towers"):
        load_parts(tmp_path / "other.safetensors", clip)
    without = load_parts(None, clip)
    assert "UNTRAINED" in without.label and set(without.network.agents) == set(VARIANTS) and without.network.reader is None


def test_switches_of_the_score_and_the_window_do_what_they_say(engine):
    given = dict(video=tiny.video(), question=tiny.QUESTION)
    both, event, frame = (engine.run("tspo", **given, **off)["score_T"] for off in ({}, {"frame": False}, {"event": False}))
    trace = engine.run("tspo", **given)
    assert torch.equal(event, trace["event_score_T"]) and torch.equal(frame, trace["frame_score_T"])
    assert torch.allclose(both, event + frame)
    assert not torch.equal(engine.run("tspo", **given, window=2)["event_TE"], trace["event_TE"])
