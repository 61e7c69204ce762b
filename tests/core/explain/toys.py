"""Scorers whose explanations are known."""

import torch

from core.explain import Subject
from tests.oracle import chance

T, h, w = 3, 4, 5
WEIGHT = chance(T, h, w, seed=3)


def toy(net=None, whole=None, filled=None, taps=()):
    """A scorer whose input is a number a patch: the sum of WEIGHT · input, if no other is given."""
    whole = chance(T, h, w) if whole is None else whole
    blur = chance(T, h, w, seed=1) if filled is None else filled
    return Subject(
        what="a toy", net=net or (lambda x, held: (WEIGHT * x).sum((1, 2, 3))), whole=whole,
        filled={"blur": blur, "mean": torch.zeros(T, h, w)}, spread=lambda shown: shown, frame_T=(0, 1, 2), grid=(h, w),
        taps=taps,
    )  # fmt: skip


def bent(x, held=False):
    """Not linear: patches that are neighbours in a row count together."""
    return torch.tanh((WEIGHT * x).sum((1, 2, 3))) + (x[..., 1:] * x[..., :-1]).sum((1, 2, 3))


def counting(gain):
    """A scorer that adds up what is shown: gain [T, h, w]."""
    return toy(lambda x, held: x.sum((1, 2, 3)), whole=gain, filled=torch.zeros_like(gain))
