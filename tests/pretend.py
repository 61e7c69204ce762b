"""A GPU that is not there: its tensors say they lie on `cuda`, hold their numbers in ordinary memory, and mind the border.

What a machine without a GPU can find out all the same: an operation over both memories is refused, as a GPU's driver would
refuse it, and every time that the processor has to wait for the device is counted. Not what a GPU rounds, nor how fast it is.

    with pretend.gpu() as seen:
        trace = Engine("cuda", precision="float32").run(…)
    seen.waits      operation → how often it made the processor wait: to read a number, to copy back, to count
    seen.pinned     copies that came from pinned memory
"""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from unittest import mock

import torch
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.utils._python_dispatch import TorchDispatchMode, return_and_correct_aliasing
from torch.utils._pytree import tree_leaves, tree_map

GPU = torch.device("cuda", 0)
ATEN = torch.ops.aten
COPIES = {ATEN._to_copy.default, ATEN.copy_.default}  # what may cross the border
READS = {ATEN._local_scalar_dense.default, ATEN.equal.default}
COUNTS = {ATEN.nonzero.default, ATEN.masked_select.default, ATEN._unique2.default}  # their results' sizes are numbers
REAL_TENSOR = torch.tensor
with torch.device("meta"):
    torch.zeros(0)  # torch notes which functions make tensors when it is first asked: here, before any is pretended


class OnGpu(torch.Tensor):
    """Says it is on the GPU. held: where its numbers are."""

    held: torch.Tensor

    @staticmethod
    def __new__(cls, held: torch.Tensor):
        made = torch.Tensor._make_wrapper_subclass(
            cls, held.shape, strides=held.stride(), storage_offset=held.storage_offset(), dtype=held.dtype, device=GPU,
        )  # fmt: skip
        made.held = held
        return made

    def new_tensor(self, data, *, dtype=None):
        return tensor(data, dtype=dtype or self.dtype, device=self.device)

    def tolist(self):
        return self.cpu().tolist()  # torch has none for tensors of another kind

    def __repr__(self):
        return f"OnGpu({self.held!r})"

    @classmethod
    def __torch_dispatch__(cls, func, types, args=(), kwargs=None):
        raise AssertionError(f"{func} was asked of the pretended GPU outside of `pretend.gpu()`.")


class Gpu(TorchDispatchMode):
    """Does in ordinary memory what is asked of the GPU, and refuses what a GPU would refuse."""

    def __init__(self):
        super().__init__()
        self.waits: Counter[str] = Counter()
        self.pinned = 0

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        kwargs = dict(kwargs or {})
        if func is ATEN._pin_memory.default:
            self.pinned += 1
            return args[0].clone()
        tensors = [one for one in tree_leaves((args, kwargs)) if isinstance(one, torch.Tensor)]
        there = [one for one in tensors if isinstance(one, OnGpu)]
        asked = torch.device(kwargs["device"]).type if kwargs.get("device") is not None else None
        if asked == "meta" or any(one.device.type == "meta" for one in tensors):
            return func(*args, **kwargs)  # sizes without numbers, on no device
        onto = asked or ("cuda" if there else "cpu")
        if func is ATEN.copy_.default:
            onto = args[0].device.type
        if there:
            self.mind(func, tensors)
            if func in READS | COUNTS or onto == "cpu" or by_mask(func, there):
                self.waits[func.name()] += 1
        if asked:
            kwargs["device"] = torch.device("cpu")
        made = func(*tree_map(numbers, args), **tree_map(numbers, kwargs))
        if onto == "cpu":
            return made
        made = tree_map(lambda one: OnGpu(one) if isinstance(one, torch.Tensor) else one, made)
        return return_and_correct_aliasing(func, args, kwargs, made) if there else made

    def mind(self, func, tensors):
        """Copies cross the border, and so may single numbers and the places of what is picked out."""
        if func in COPIES or func.name().startswith("aten::index"):
            return
        if any(one.dim() for one in tensors if not isinstance(one, OnGpu)):
            shapes = ", ".join(f"{list(one.shape)} on {one.device}" for one in tensors)
            raise RuntimeError(f"Expected all tensors to be on the same device: {func.name()} was given {shapes}.")


def numbers(one):
    """Where the numbers are."""
    return one.held if isinstance(one, OnGpu) else one


def by_mask(func, there):
    """Picked out by True and False, as many as there are."""
    return func is ATEN.index.Tensor and any(one.dtype is torch.bool for one in there[1:])


def tensor(data, *, device=None, **rest):
    """`torch.tensor`, which asks a driver before it asks anyone else."""
    made = REAL_TENSOR(numbers(data), **rest)
    return made.to(device or (data.device if isinstance(data, torch.Tensor) else made.device))


@contextmanager
def gpu() -> Iterator[Gpu]:
    """Inside, there is one GPU."""
    seen = Gpu()
    torch._C._ensureCUDADeviceGuardSet()  # a guard that does nothing, where there is no driver
    there = {
        "is_available": lambda: True, "device_count": lambda: 1, "current_device": lambda: 0, "_lazy_init": lambda: None,
        "is_bf16_supported": lambda including_emulation=True: True, "synchronize": lambda device=None: None,
    }  # fmt: skip
    torch.__future__.set_overwrite_module_params_on_conversion(True)  # a parameter becomes a tensor of another kind
    try:
        with (
            mock.patch.multiple(torch.cuda, **there),
            mock.patch.multiple(torch, tensor=tensor, as_tensor=tensor),
            sdpa_kernel(SDPBackend.MATH),
            seen,
        ):
            yield seen
    finally:
        torch.__future__.set_overwrite_module_params_on_conversion(False)
