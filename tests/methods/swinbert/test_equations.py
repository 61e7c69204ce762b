"""SwinBERT's equations against plain loops, and facts about its gates, its patterns and what a longer video inherits."""

import math

import pytest
import torch

from core.methods.swinbert import equations

T, C = 2, 2
M = T * C * C


@pytest.fixture
def mask_MM():
    return torch.randn(M, M, generator=torch.Generator().manual_seed(0))


def sigmoid(x):
    return 1 / (1 + math.exp(-x))


def test_gates_and_biases_are_those_of_plain_loops(mask_MM):
    gate_MM, log_MM = equations.gate(mask_MM), equations.bias(mask_MM, "log_sigmoid")
    released_MM = equations.bias(mask_MM, "as_released")
    for i in range(M):
        for j in range(M):
            wanted = 1.0 if i == j else sigmoid(mask_MM[i, j].item())
            assert gate_MM[i, j].item() == pytest.approx(wanted, abs=1e-6)
            assert log_MM[i, j].item() == pytest.approx(math.log(wanted), abs=1e-5)
            assert released_MM[i, j].item() == pytest.approx((1 - wanted) * -10_000, abs=1e-2)


def test_the_log_multiplies_attention_by_the_gate_and_the_released_form_shuts_it(mask_MM):
    logits_MM = torch.randn(M, M)
    gate_MM = equations.gate(mask_MM)
    wanted_MM = logits_MM.exp() * gate_MM
    look_MM = (logits_MM + equations.bias(mask_MM, "log_sigmoid")).softmax(-1)
    torch.testing.assert_close(look_MM, wanted_MM / wanted_MM.sum(-1, keepdim=True))
    released_MM = (logits_MM + equations.bias(mask_MM, "as_released")).softmax(-1)
    torch.testing.assert_close(released_MM, torch.eye(M))


def test_the_task_reaches_v_through_the_log_and_not_through_the_released_form(mask_MM):
    logits_MM, value_MD, wanted_MD = torch.randn(M, M), torch.randn(M, 3), torch.randn(M, 3)
    size = {}
    for form in equations.FORMS:
        V = mask_MM.clone().requires_grad_()
        (((logits_MM + equations.bias(V, form)).softmax(-1) @ value_MD - wanted_MD) ** 2).sum().backward()
        size[form] = V.grad
    assert size["log_sigmoid"].abs().sum() > 0.1 and size["as_released"].abs().sum() == 0
    open_MM = equations.above(equations.gate(mask_MM))
    assert size["hard"][~open_MM].abs().sum() == 0 and size["hard"][open_MM].abs().sum() > 0.1
    assert all(one.diagonal().abs().sum() == 0 for one in size.values())


def test_a_hard_bias_is_nothing_where_a_pair_is_open_and_shut_elsewhere(mask_MM):
    bias_MM = equations.bias(mask_MM, "hard")
    for i in range(M):
        for j in range(M):
            assert bias_MM[i, j].item() == (0 if i == j or sigmoid(mask_MM[i, j].item()) > 0.5 else -math.inf)
    with pytest.raises(ValueError, match="as_released, hard, got 'soft'"):
        equations.bias(mask_MM, "soft")


@pytest.mark.parametrize("share", [0.0, 0.1, 0.5, 1.0])
def test_a_hard_mask_of_a_density_keeps_the_highest_gates(mask_MM, share):
    gate_MM, open_MM = equations.gate(mask_MM), equations.densest(equations.gate(mask_MM), share)
    others = ~torch.eye(M, dtype=torch.bool)
    assert open_MM.diagonal().all() and open_MM[others].sum() == round(share * M * (M - 1))
    assert equations.density(open_MM) == pytest.approx(round(share * M * (M - 1)) / (M * (M - 1)))
    if 0 < share < 1:
        assert gate_MM[others & open_MM].min() >= gate_MM[others & ~open_MM].max()


def test_sparsity_is_the_mean_gate_of_pairs_of_two_tokens(mask_MM):
    wanted = sum(sigmoid(mask_MM[i, j].item()) for i in range(M) for j in range(M) if i != j) / (M * (M - 1))
    assert equations.sparsity(mask_MM, 3.0).item() == pytest.approx(3 * wanted, rel=1e-5)
    assert equations.density(equations.gate(mask_MM)) == pytest.approx(wanted, rel=1e-5)


def test_patterns_are_those_of_plain_loops():
    frames, cells = 3, 3
    made = {name: equations.pattern(name, frames, cells, window=1) for name in equations.PATTERNS[1:-1]}
    spots = [(t, r, c) for t in range(frames) for r in range(cells) for c in range(cells)]
    for i, (t, r, c) in enumerate(spots):
        for j, (u, s, d) in enumerate(spots):
            wanted = {
                "full": True, "identity": i == j, "spatial_window": max(abs(r - s), abs(c - d)) <= 1,
                "temporal_window": abs(t - u) <= 1,
            }  # fmt: skip
            assert {name: bool(open_MM[i, j]) for name, open_MM in made.items()} == wanted
    with pytest.raises(ValueError, match="'checkers'"):
        equations.pattern("checkers", frames, cells)


def test_a_random_pattern_has_its_density_and_its_draw():
    one, same, other = (
        equations.pattern("random", 3, 3, share=0.2, chance=torch.Generator().manual_seed(seed)) for seed in (1, 1, 2)
    )
    assert equations.density(one) == pytest.approx(0.2, abs=1e-3) and torch.equal(one, same) and not torch.equal(one, other)


def test_a_longer_video_inherits_between_frames_and_never_between_cells():
    frames, P = 4, 4
    time_M, cell_M = torch.arange(frames * P) // P, torch.arange(frames * P) % P
    smooth_MM = 10.0 * cell_M[:, None] + 100 * cell_M + time_M[:, None] - 2.0 * time_M  # linear in both moments
    smooth_MM.fill_diagonal_(7e5)  # of a token with itself nothing is learned
    longer_MM = equations.inherited(smooth_MM, frames, 2 * frames)
    far = [t for t in range(2, 2 * frames - 2)]  # not at the ends, where there is no frame to lie between
    for t in far:
        for u in far:
            for p in range(P):
                for q in range(P):
                    if p == q:
                        continue
                    moment = (t + 0.5) / 2 - 0.5 - 2 * ((u + 0.5) / 2 - 0.5)
                    assert longer_MM[t * P + p, u * P + q].item() == pytest.approx(10 * p + 100 * q + moment, abs=1e-3)


def test_the_released_ways_to_inherit_mix_cells_or_leave_chance_between_stretches(mask_MM):
    flat_MM = equations.inherited(mask_MM, T, 2 * T, "flat index")
    assert flat_MM.shape == (2 * M, 2 * M)
    table_MM = torch.zeros(M, M)
    table_MM[:, 5] = 1  # frame 1, cell 1
    heir_M = equations.inherited(table_MM, T, 2 * T, "flat index").mean(0)
    assert {int(one) % (C * C) for one in heir_M.topk(2).indices} != {1}
    blocks_MM = equations.inherited(mask_MM, T, 2 * T, "diagonal blocks", torch.Generator().manual_seed(0))
    assert torch.equal(blocks_MM[:M, :M], mask_MM) and torch.equal(blocks_MM[M:, M:], mask_MM)
    assert blocks_MM[:M, M:].std() > 0.5 and not torch.equal(blocks_MM[:M, M:], mask_MM)
    with pytest.raises(ValueError, match="'backwards'"):
        equations.inherited(mask_MM, T, 2 * T, "backwards")


def test_auroc_counts_pairs_of_a_true_and_a_false_one():
    score, true = torch.tensor([0.1, 0.4, 0.4, 0.8, 0.2]), torch.tensor([0, 1, 0, 1, 0])
    pairs = [(a, b) for a, x in zip(score, true) if x for b, y in zip(score, true) if not y]
    wanted = sum(1.0 if a > b else 0.5 if a == b else 0.0 for a, b in pairs) / len(pairs)
    assert equations.auroc(score, true) == pytest.approx(wanted)
    table_MM = torch.tensor([[0.0, 3.0], [1.0, 0.0]])
    assert torch.equal(equations.either(table_MM), torch.tensor([[0.0, 3.0], [3.0, 0.0]]))
