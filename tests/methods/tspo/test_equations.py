"""Facts about TSPO's equations, against plain loops."""

import itertools
import math

import pytest
import torch

from core.methods.shared import middles
from core.methods.tspo import equations
from core.methods.tspo.equations import (
    advantage,
    attended,
    best_of_bins,
    drawn,
    gumbel,
    log_likelihood,
    loss,
    position,
)
from core.methods.tspo.networks import Agent
from core.networks.question import FILLERS, own_vector, question_feature
from tests import tiny

T, E = 9, 4


@pytest.fixture(scope="module")
def agent():
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        return tiny_agent(E)


def tiny_agent(features):
    made = Agent(features)
    tiny.lively(made, 0.7)
    return made.requires_grad_(False)


def softmax(values):
    top = [math.exp(one - max(values)) for one in values]
    return [one / sum(top) for one in top]


@pytest.mark.parametrize("window", [2, 5, 12])
def test_a_candidate_reads_its_window_and_nothing_else(agent, window):
    x_TE = torch.randn(T, E, generator=torch.Generator().manual_seed(1))
    found_TE = attended(x_TE[None], agent, window)[0]
    q, k, v = (one(x_TE).unflatten(-1, (agent.heads, -1)) for one in (agent.query, agent.key, agent.value))
    for t in range(T):
        near = [s for s in range(t - window // 2, t - window // 2 + window) if 0 <= s < T]
        heads = []
        for n in range(agent.heads):
            share = softmax([float(q[t, n] @ k[s, n]) / math.sqrt(q.shape[-1]) for s in near])
            heads += [sum(w * v[s, n, d] for w, s in zip(share, near)) for d in range(q.shape[-1])]
        assert torch.allclose(found_TE[t], torch.stack(heads), atol=1e-5)


def test_the_place_in_the_video_is_the_same_for_any_length():
    short, long = position(8, 6, torch.device("cpu")), position(32, 6, torch.device("cpu"))
    assert torch.allclose(short, long[::4]) and short[0].tolist() == [0, 1, 0, 1, 0, 1]
    assert float(short[4, 2]) == pytest.approx(math.sin(0.5 / 10_000 ** (2 / 6)))


def test_the_score_is_the_sum_of_two_cosines(agent):
    feature_TE = torch.nn.functional.normalize(torch.randn(T, E, generator=torch.Generator().manual_seed(2)), dim=-1)
    question_E = feature_TE[3] + 0.1
    event_TE = equations.events(feature_TE[None], agent, 4)[0]
    frame_TE = equations.SIZE * 2 * feature_TE  # 2 = √E
    mlp_TE = agent.mlp(attended((frame_TE + position(T, E, feature_TE.device))[None], agent, 4))[0]
    assert torch.allclose(event_TE, mlp_TE + frame_TE, atol=1e-5)
    total_T = equations.scores(feature_TE[None], question_E[None], agent, 4)[0]
    for t in range(T):
        both = [one[t] @ question_E / (one[t].norm() * question_E.norm()) for one in (event_TE, feature_TE)]
        assert float(total_T[t]) == pytest.approx(float(sum(both)), abs=1e-5)


def test_noise_and_top_k_draw_without_replacement_as_one_after_another_would():
    logit_T = torch.tensor([0.5, -0.3, 1.0, 0.0])
    places = drawn(logit_T, gumbel((40_000, 4), 0), 2)
    assert all(len(set(row)) == 2 for row in places[:50].tolist())
    share = softmax(logit_T.tolist())
    for a, b in itertools.permutations(range(4), 2):
        likely = share[a] * share[b] / (1 - share[a])
        seen = float(((places[:, 0] == a) & (places[:, 1] == b)).float().mean())
        assert seen == pytest.approx(likely, abs=0.01)
        given = torch.zeros(1, 1, 4), torch.tensor([[[a, b]]])
        assert float(log_likelihood(logit_T[None], *given, "exact").exp()) == pytest.approx(likely, rel=1e-4)


def test_the_three_surrogates_are_three_things():
    logit_1T, noise_11T, place_11K = (
        torch.tensor([[0.5, -0.3, 1.0, 0.0]]),
        torch.tensor([[[0.2, 1.0, 0.0, 3.0]]]),
        torch.tensor([[[3, 1]]]),
    )
    share = softmax(logit_1T[0].tolist())
    code = log_likelihood(logit_1T, noise_11T, place_11K, "code")
    assert float(code) == pytest.approx((math.log(share[3]) + math.log(share[1])) / 2, rel=1e-4)
    noisy = softmax((logit_1T + noise_11T[0])[0].tolist())
    paper = log_likelihood(logit_1T, noise_11T, place_11K, "paper")
    assert float(paper.exp()) == pytest.approx(noisy[3] * noisy[1], rel=1e-4)
    exact = log_likelihood(logit_1T, noise_11T, place_11K, "exact")
    assert float(exact.exp()) == pytest.approx(share[3] * share[1] / (1 - share[3]), rel=1e-4)


def test_a_constant_reward_for_all_changes_no_advantage_and_equal_rewards_have_none():
    reward_1G = torch.tensor([[0.0, 1.0, 1.0, 0.25]])
    mean, spread = 0.5625, torch.tensor([0.0, 1.0, 1.0, 0.25]).std()
    assert torch.allclose(advantage(reward_1G), (reward_1G - mean) / (spread + 1e-4), atol=1e-6)
    assert torch.allclose(advantage(reward_1G + 1), advantage(reward_1G), atol=1e-6)
    assert advantage(torch.ones(1, 4)).tolist() == [[0, 0, 0, 0]]


def test_the_gradient_raises_what_was_rewarded_and_the_ratio_is_always_one():
    logit_1T = torch.zeros(1, 4, requires_grad=True)
    log_1G = log_likelihood(logit_1T, torch.zeros(1, 2, 4), torch.tensor([[[0], [1]]]), "code")
    made = loss(log_1G, torch.tensor([[1.0, -1.0]]))
    made.backward()
    assert made.item() == 0  # ratio 1: the mean of the advantages
    gradient = logit_1T.grad
    assert gradient is not None and gradient[0, 0] < 0 < gradient[0, 1] and gradient[0, 2] == 0


def test_the_best_of_bins_is_one_of_each_equal_part():
    score_T = torch.tensor([0.0, 3.0, 1.0, 2.0, 9.0, 8.0, 0.0])
    assert best_of_bins(score_T, 3) == [1, 3, 4] and best_of_bins(score_T, 99) == list(range(7))
    assert middles(7, 3) == (1, 3, 5) and middles(2, 3) == (0, 1)


def test_a_question_is_read_without_fillers_and_an_unknown_word_is_a_vector_of_its_own():
    text = tiny.towers().network.text
    with torch.no_grad():
        plain = question_feature("What colour is the red ball?", text)
        assert torch.allclose(plain, text(["red ball"])[0], atol=1e-6) and "ball" not in FILLERS
        begin, end = (question_feature(f"What is at the {word}?", text) for word in ("beginning", "end"))
    assert float(begin.norm()) == pytest.approx(1, abs=1e-5) and not torch.allclose(begin, end, atol=1e-3)
    table_VD = text.word.weight
    assert torch.equal(own_vector("end", table_VD), own_vector("end", table_VD))
