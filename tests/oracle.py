"""What the equations' tests share: numbers from a seed, and how near is near enough."""

import torch


def chance(*shape, seed=0):
    """Normal numbers, the same every time."""
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


def close(a, b, within=1e-6):
    """Equal shapes, and values that differ by no more than rounding."""
    a, b = torch.as_tensor(a, dtype=torch.float64), torch.as_tensor(b, dtype=torch.float64)
    assert a.shape == b.shape, (a.shape, b.shape)
    assert torch.allclose(a, b, rtol=within, atol=within), (a - b).abs().max()
