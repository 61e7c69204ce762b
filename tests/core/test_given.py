"""Facts about results that are given in place of a stage's own: what runs, what is refused, and that nothing stale is used."""

import numpy as np
import pytest
import torch

from core import BadGiven
from tests import tiny

CLIP = tiny.clip(T=5)
T, G, P = 5, 4, 6


@pytest.fixture(scope="module")
def engine():
    return tiny.engine()


def run(engine, **more):
    return engine.run("stop", CLIP, **{"texts": tiny.TEXTS, "kept": 2} | more)


def region(*places):
    made = torch.zeros(T, P, dtype=torch.bool)
    for place in places:
        made[:, place] = True
    return made


def test_a_given_region_is_used_and_what_only_serves_it_is_not_run():
    fresh = tiny.engine()
    trace = run(fresh, given={"region_TP": region(0, 3)})
    assert torch.equal(trace["region_TP"], region(0, 3)) and trace.given == ("region_TP",)
    above = {"attention_LTP", "attention_TP", "filtered_TPD", "dynamics_TP", "score_TP"}
    assert not above & set(trace.values) and "similarity_Y" in trace.ran
    assert "region_TP" not in trace.ran + trace.reused
    moved = trace["prompted_TPD"] != trace["patches_TPD"]
    assert moved.any(-1).nonzero().tolist() == region(0, 3).nonzero().tolist()
    asked = run(fresh, given={"region_TP": region(0, 3)}, outputs=["score_TP", "change_G"])
    assert {"score_TP", "attention_LTP"} <= set(asked.ran) and "change_G" in asked.reused
    assert run(fresh, given={"prompt_count_G": (0,) * G}, outputs=["prompt_count_G"]).ran == ()


def test_the_stages_own_result_given_back_runs_nothing_and_another_changes_what_follows(engine):
    own = run(engine)
    again = run(engine, given={"region_TP": own["region_TP"], "prompt_count_G": list(own["prompt_count_G"])})
    assert again.ran == () and torch.equal(again["similarity_Y"], own["similarity_Y"])
    other = run(engine, given={"region_TP": ~own["region_TP"]})
    assert not torch.equal(other["similarity_Y"], own["similarity_Y"])
    assert run(engine).ran == () and torch.equal(run(engine)["region_TP"], own["region_TP"])
    none = run(engine, given={"prompt_count_G": [0] * G})
    assert none["prompt_count_G"] == (0,) * G and len(none["sequence_SD"]) == 1 + T * P


def test_what_is_given_is_known_by_what_it_holds(engine):
    score = torch.linspace(0, 1, T * P).view(T, P)
    first = run(engine, given={"score_TP": score})
    assert first["region_TP"].nonzero()[:, 1].tolist() == [4, 5] * T
    score.mul_(-1)  # whoever gave it writes into his own: what was computed must not be taken for this
    second = run(engine, given={"score_TP": score})
    assert second["region_TP"].nonzero()[:, 1].tolist() == [0, 1] * T
    assert torch.equal(first["score_TP"], -score) and run(engine, given={"score_TP": score.numpy()}).ran == ()


@pytest.mark.parametrize("given, told", [
    ({"regions": region(0)}, "stop has no stage regions. Its stages are tokens_TSD, patches_TPD, "),
    ({"region_TP": region(0).float()}, "region_TP holds truth values (bool), got float32 [5, 6]."),
    ({"region_TP": region(0)[:4]}, "region_TP is [T = 5, P = 6], got [4, 6]."),
    ({"region_TP": region(0)[0]}, "region_TP is [T = 5, P = 6], got [6]."),
    ({"region_TP": "all"}, "region_TP is a tensor, got a str that makes none."),
    ({"score_TP": region(0)}, "score_TP holds numbers, got bool [5, 6]."),
    ({"score_TP": torch.full((5, 6), torch.nan)}, "score_TP holds numbers, and some that were given are infinite or none"),
    ({"change_G": torch.ones(5)}, "change_G is [G = 4], got [5]."),
    ({"prompt_count_G": (1, 2, 3)}, "prompt_count_G is [G = 4], got [3]."),
    ({"prompt_count_G": np.ones(4) / 2}, "prompt_count_G holds whole numbers from 0, got [0.5, 0.5, 0.5, 0.5]."),
    ({"prompt_count_G": (1, 2, 3, -4)}, "prompt_count_G holds whole numbers from 0, got [1, 2, 3, -4]."),
    ({"prompt_count_G": (9, 0, 0, 0)}, "A gap holds up to 8 prompts, got 9."),
    ({"prompt_count_G": 3}, "prompt_count_G is a row of numbers or words, got 3."),
    ({"spatial_prompt_TPD": torch.ones(5, 6, 7)}, "spatial_prompt_TPD is given with D = 7, and D is 32 in this run."),
    ({"patches_TPD": torch.ones(5, 6, 7), "prompt_count_G": (1,) * 4}, "patches_TPD is given with D = 7, and D is 32"),
    ({"prompters": 1}, "prompters is no tensor, number or text, and cannot be given."),
    ({"text_YE": torch.ones(3, 7)}, "text_YE is given with E = 7, and E is 10 in this run."),
    ({"tokens_TSD": torch.ones(5, 7, 7)}, "stop cannot go on from what was given for tokens_TSD: "),
])  # fmt: skip
def test_what_cannot_stand_there_is_refused_with_a_sentence(engine, given, told):
    held = len(engine.cache)
    with pytest.raises(BadGiven) as wrong:
        run(engine, given=given)
    assert str(wrong.value).startswith(told) and str(wrong.value).endswith(".") and len(engine.cache) == held


def test_a_plain_value_is_given_as_its_own_type(engine):
    trace = engine.run("stpn", CLIP, given={"support_index_K": (0, 1, 2, 3, 4, 4)}, outputs=["mass_K"])
    assert trace["support_index_K"] == (0, 1, 2, 3, 4, 4) and len(trace["mass_K"]) == 6
    with pytest.raises(BadGiven, match="merging is a str, got 3."):
        engine.run("stpn", CLIP, given={"merging": 3}, outputs=["prompted"])
