"""Conv3d of a wide kernel with "same" padding, written as conv2d over neighbouring frames side by side.

PyTorch (2.15) on a CPU without AVX-512 needs minutes for what is seconds here; the sums are the same, in another order.
Letters: C channels in, O channels out, T frames, H W places.
"""

import torch
import torch.nn.functional as F
from torch import Tensor, nn


def conv3d(x_CTHW: Tensor, conv: nn.Conv3d) -> Tensor:
    """The convolution with as many zeros around as keep the size, in time too: [C, T, H, W] → [O, T, H, W]."""
    T = x_CTHW.shape[1]
    _, _, span, high, wide = conv.weight.shape
    padded_CTHW = F.pad(x_CTHW, (0, 0, 0, 0, span // 2, span // 2))
    beside_TFHW = torch.cat([padded_CTHW[:, k : k + T] for k in range(span)]).transpose(0, 1)
    weight_OFhw = conv.weight.transpose(1, 2).flatten(1, 2)
    made_TOHW = F.conv2d(
        beside_TFHW.contiguous(memory_format=torch.channels_last), weight_OFhw, conv.bias, padding=(high // 2, wide // 2)
    )
    return made_TOHW.transpose(0, 1)


def conv3d_chain(x_CTHW: Tensor, parts: nn.Sequential) -> Tensor:
    """The same for a row of convolutions and what stands between them."""
    for part in parts:
        x_CTHW = conv3d(x_CTHW, part) if isinstance(part, nn.Conv3d) else part(x_CTHW[None])[0]
    return x_CTHW
