"""Where networks run, in what precision, and how frames get there."""

from collections.abc import Callable

import torch
from torch import Tensor

from core.errors import ReaderError
from core.video.clip import Clip

# kinds of devices → how many of them this machine has
THERE: dict[str, Callable[[], int]] = {
    "cpu": lambda: 1,
    "cuda": lambda: torch.cuda.device_count(),  # asked each time: a test pretends a GPU
    "mps": lambda: int(torch.backends.mps.is_available()),
    "xpu": lambda: torch.xpu.device_count() if hasattr(torch, "xpu") else 0,
}


def pick_device(name: str) -> torch.device:
    """ "auto" is CUDA where there is one. A device that is not there is a ReaderError."""
    if name == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    try:
        device = torch.device(name)
    except Exception as wrong:  # a RuntimeError, or another where it is no text at all
        raise ReaderError(f"The device is auto, cpu or cuda, got {str(name)[:40]!r}.") from wrong
    if device.type not in THERE:
        raise ReaderError(f"Nothing here runs on a device of the kind {device.type}; use auto, cpu or cuda.")
    if (device.index or 0) >= THERE[device.type]():
        raise ReaderError(f"There is no device {name} on this machine; use auto or cpu.")
    return device


def pick_precision(name: str, device: torch.device) -> torch.dtype:
    """ "auto" is bfloat16 where the device has instructions for it."""
    if name not in ("auto", "float32", "bfloat16"):
        raise ReaderError(f"The precision is auto, float32 or bfloat16, got {name!r}.")
    if name != "auto":
        return getattr(torch, name)
    if device.type == "cuda":
        return torch.bfloat16 if torch.cuda.is_bf16_supported(including_emulation=False) else torch.float32
    has = [getattr(torch.cpu, known, bool) for known in ("_is_avx512_bf16_supported", "_is_amx_tile_supported")]
    return torch.bfloat16 if any(one() for one in has) else torch.float32


def upload(clip: Clip, device: torch.device) -> Tensor:
    """The clip's frames on a device, [T, H, W, 3] uint8."""
    return sent(torch.from_numpy(clip.frames_THWC), device)


def sent(pixels: Tensor, device: torch.device) -> Tensor:
    """Pixels that the processor made, on a device: a GPU fetches them from pinned memory while the processor goes on."""
    return pixels.pin_memory().to(device, non_blocking=True) if device.type == "cuda" else pixels.to(device)
