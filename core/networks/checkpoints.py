"""Files of weights, whoever wrote them: what a file is, and which tensors it holds by name.

    tensors_of("epoch_9.ckpt", ("visual.conv1.weight",))      # name → tensor, as that network calls them

Every loader reads through this door, so that all refuse alike, and what one can read all can: safetensors, what torch.save
wrote now or before 1.6, and TorchScript's archives, told apart by what is in them, never by how they are called. Nothing in a
file is run, and nothing of it takes more memory than the file's own size justifies.

Trainings wrap what they save: under `state_dict`, `model`, `ema` …, and every name behind `module.` (DataParallel),
`_orig_mod.` (torch.compile) or the name of an attribute (`model.`, `clip.`), one in another. A network is found in all that by
a name that its every file has, its anchor: what stands before it is the prefix.
"""

import json
import struct
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import wraps
from pathlib import Path
from typing import Any
from zipfile import BadZipFile, ZipFile

import torch
from torch import Tensor

from core.errors import BadWeights, ReaderError
from core.networks.fitting import sound
from core.networks.pickled import read_archive, read_older
from core.networks.stored import Damaged, Storage, Stored
from core.networks.unpickler import DTYPES, Opaque

HEADER = 8 << 20  # bytes of a safetensors file's description of itself
DEEPEST = 12  # wrappers in each other
WRAPPERS = {"module", "_orig_mod", "_fsdp_wrapped_module", "_checkpoint_wrapped_module", "_parameters", "_buffers", "_modules"}
SAFE = {
    "F64": "float64", "F32": "float32", "F16": "float16", "BF16": "bfloat16", "I64": "int64", "I32": "int32", "I16": "int16",
    "I8": "int8", "U8": "uint8", "BOOL": "bool", "F8_E4M3": "float8_e4m3fn", "F8_E5M2": "float8_e5m2",
}  # fmt: skip
OTHERS = {
    b"version https://git-lfs": "a pointer of Git LFS, not the weights it points to: fetch them with “git lfs pull”",
    b"\x1f\x8b": "compressed with gzip: unpack it first", b"BZh": "compressed with bzip2: unpack it first",
    b"\xfd7zXZ": "compressed with xz: unpack it first", b"7z\xbc\xaf": "a 7z archive: unpack it first",
    b"Rar!": "a rar archive: unpack it first", b"\x89HDF": "HDF5, as Keras writes it, not PyTorch's",
    b"GGUF": "GGUF, as llama.cpp reads it, not PyTorch's", b"\x93NUMPY": "an array of NumPy's, not PyTorch's",
    b"%PDF": "a PDF", b"\x89PNG": "a picture (PNG)", b"\xff\xd8\xff": "a picture (JPEG)", b"\x7fELF": "a program",
}  # fmt: skip


@contextmanager
def border(name: str) -> Iterator[None]:
    """Inside, whatever goes wrong is a BadWeights: a file of anyone's may be wrong in ways that nobody has listed, and the
    libraries that read it or build from it raise errors of their own (IndexError, AssertionError, struct.error, timm's, the
    hub's, Rust's …). Such an error says what it is and where it came from; none is swallowed."""
    try:
        yield
    except (ReaderError, KeyboardInterrupt, SystemExit, GeneratorExit):
        raise
    except (MemoryError, torch.OutOfMemoryError) as wrong:
        raise BadWeights(f"{name} does not fit into memory: use a smaller model, as ViT-B-32 is.") from wrong
    except Damaged as wrong:
        raise BadWeights(f"{name} is not a readable weights file: {first_line(wrong)}") from wrong
    except RecursionError as wrong:
        raise BadWeights(f"{name} is not a readable weights file: it is nested without an end.") from wrong
    except OSError as wrong:
        raise BadWeights(f"{name} cannot be read: {wrong.strerror or first_line(wrong).rstrip('.')}.") from wrong
    except BaseException as wrong:
        said = first_line(wrong).rstrip(".")
        raise BadWeights(f"{name} cannot be loaded ({type(wrong).__name__}: {said}).") from wrong


def guarded(load: Callable) -> Callable:
    """A loader inside the border. Its first argument, a file or a name, is what the sentence is about."""

    @wraps(load)
    def loaded(spec=None, *given, **named):
        said = str(spec) if isinstance(spec, (str, Path)) else "What was given"
        if spec is None:
            said = "The shipped file"
        with border(Path(said).name if len(said) < 500 and Path(said).is_file() else said[:200]):
            return load(spec, *given, **named)

    return loaded


def first_line(wrong: BaseException) -> str:
    """What went wrong, ending in a full stop."""
    return (str(wrong).strip().partition("\n")[0][:300] or type(wrong).__name__).rstrip(".") + "."


# ---- reading --------------------------------------------------------------------------------------------------------------


def checked_file(path: Path) -> Path:
    """BadWeights where there is none."""
    if not path.is_file():
        raise BadWeights(f"There is no weights file {path.name!r} where it was looked for ({path}).")
    return path


def read_file(path: Path) -> tuple[Any, dict[str, str]]:
    """What a file holds, tensors as `Stored`, and what a safetensors file says about itself. Not a file of weights at all:
    a BadWeights that says what it is."""
    with border(checked_file(path).name):
        with path.open("rb") as file:
            head = file.read(2048)
        if head[:4] == b"PK\x03\x04":
            try:
                with ZipFile(path) as archive:
                    tree, inside = read_archive(path, archive), archive.namelist()
            except BadZipFile as wrong:
                raise Damaged("only a part of it is there, or it is damaged: it begins as an archive and has no end") from wrong
            if tree is None:
                few = ", ".join(inside[:3]) or "nothing"
                raise Damaged(f"it is a zip without PyTorch's data.pkl; there is {few[:120]} in it")
            return tree, {}
        if head[4:9] == b"\0\0\0\0{":  # before pickle, which a length of 128, 384, … bytes begins as
            return read_safe(path)
        if head[:1] == b"\x80" and head[1:2] <= b"\x05":
            return read_older(path), {}
        if len(head) > 8 and head[8:9] == b"{" and b"\0" in head[:8]:  # its length first: no text has a zero
            return read_safe(path)
        raise Damaged(f"it is {what_it_is(head)}")


def read_safe(path: Path) -> tuple[dict[str, Stored], dict[str, str]]:
    """A safetensors file: a JSON of where its tensors lie, then their bytes."""
    size = path.stat().st_size
    with path.open("rb") as file:
        (length,) = struct.unpack("<Q", file.read(8))
        if length > min(size - 8, HEADER):
            raise Damaged(f"it announces a description of {length} bytes, which it has not")
        try:
            said = json.loads(file.read(length))
        except ValueError as wrong:
            raise Damaged("its description of itself is no JSON") from wrong
    about, held, read, end = {}, {}, {}, 8 + length
    places: dict[str, tuple[int, int]] = {}
    for name, one in said.items() if isinstance(said, dict) else ():
        if name == "__metadata__":
            about = one
            continue
        try:
            dtype, shape, (start, stop) = DTYPES[SAFE[one["dtype"]]], one["shape"], one["data_offsets"]
        except (KeyError, TypeError, ValueError) as wrong:
            raise Damaged(f"where its tensor {name[:80]!r} lies, and of what type, is not said as it should be") from wrong
        if not all(type(n) is int for n in (start, stop)) or not 0 <= start <= stop <= size - 8 - length:
            raise Damaged("only a part of it is there: it ends before its last tensor does")
        places[name] = 8 + length + start, stop - start
        end = max(end, 8 + length + stop)
        whole = isinstance(shape, list) and len(shape) <= 16 and all(type(n) is int and 0 <= n < 1 << 62 for n in shape)
        if not whole:
            raise Damaged(f"the shape of its tensor {name[:80]!r} is none")
        strides = [1]
        for n in shape[:0:-1]:
            strides.insert(0, strides[0] * n)
        store = Storage(path, places, read, name, dtype, (stop - start) // dtype.itemsize)
        held[name] = Stored(store, 0, tuple(shape), tuple(strides[: len(shape)]), dtype)
        if held[name].nbytes != stop - start:
            raise Damaged(f"its tensor {name[:80]!r} has another number of bytes than its shape needs")
    if end != size:
        raise Damaged("it goes on behind its last tensor")
    if not isinstance(about, dict) or not all(isinstance(one, str) for one in about.values()):
        raise Damaged("what it says about itself is no text")
    return held, about


def what_it_is(head: bytes) -> str:
    """What a file that holds no weights is, by how it begins."""
    if not head:
        return "empty"
    for start, said in OTHERS.items():
        if head.startswith(start):
            return said
    try:
        text = head.decode("utf-8-sig", "ignore" if len(head) == 2048 else "strict").strip()
    except UnicodeDecodeError:
        text = ""
    if text.startswith("<"):
        page = "<html" in text[:1000].lower() or "<!doctype html" in text[:200].lower()
        kind = "a web page (HTML)" if page else "a text in XML"
        return f"{kind}, not weights: what was downloaded is an answer about the file, not the file"
    if text[:1] in ("{", "["):
        index = '"weight_map"' in text
        return ("an index (JSON) of weights that lie in several files" if index else
                f"a text in JSON, not weights: it begins {text[:60]!r}")  # fmt: skip
    if text and text.isprintable() or text.replace("\n", "").replace("\r", "").replace("\t", "").isprintable() and text:
        return f"a text, not weights: it begins {text[:60]!r}"
    return "neither safetensors nor one of PyTorch's"


# ---- names ----------------------------------------------------------------------------------------------------------------


def tensors_of(path: Path, anchors: Sequence[str] = ()) -> dict[str, Tensor]:
    """A network's tensors by its own names, real numbers in single precision. anchors: names of which each of its files has
    one; where none is found, all tensors that lie together, so that the caller can say what is missing."""
    with border(path.name):
        tensors = chosen(read_file(path)[0], anchors, path)
        sound(tensors, path.name)
        return tensors


def chosen(tree: Any, anchors: Sequence[str], path: Path) -> dict[str, Tensor]:
    """Those of a file's tree."""
    groups: dict[str, dict[str, Stored]] = {}
    collect(tree, "", groups, set())
    if not groups:
        raise BadWeights(f"{path.name} holds no tensors by name.")
    found = {}
    for place, group in groups.items():
        for name in group:
            for anchor in anchors:
                if name == anchor or name.endswith(f".{anchor}"):
                    prefix = name.removesuffix(anchor)
                    found.setdefault((place, prefix), {
                        own.removeprefix(prefix): one for own, one in group.items() if own.startswith(prefix)
                    })  # fmt: skip
    averaged = {where: one for where, one in found.items() if "ema" in ".".join(where).lower()}
    found = averaged or found  # trainings that keep an average of their weights measure with it
    if len(found) > 1:
        names = [f"{place}.{prefix}".strip(".") or "its top" for place, prefix in found]
        raise BadWeights(f"{path.name} holds {len(found)} networks that may be meant, under {', '.join(names[:4])}: save one.")
    one = next(iter(found.values())) if found else max(groups.values(), key=len)
    if sum(tensor.nbytes for tensor in one.values()) > 2 * path.stat().st_size:  # twice: tied weights are held once
        raise Damaged("its tensors together are larger than it is")
    return {name: single(tensor.read()) for name, tensor in one.items()}


def single(one: Tensor) -> Tensor:
    """Real numbers in single precision, others as they are; memory of its own, in order."""
    return one.float().contiguous() if one.is_floating_point() else one.contiguous()


def collect(node: Any, place: str, groups: dict[str, dict[str, Stored]], seen: set[int], inside: str = "", deep: int = 0):
    """Every tensor of a tree, with those of the same dictionary together. An object is its attributes, in the dictionary that
    holds it: a whole network that was pickled is its tensors by their dotted names."""
    held = node.held if isinstance(node, Opaque) else node if isinstance(node, dict) else None
    if held is None or id(held) in seen or deep > DEEPEST * 2:
        return
    seen.add(id(held))
    for key, one in held.items():
        name = f"{inside}{key}"
        if isinstance(one, Stored):
            plain = ".".join(part for part in name.split(".") if part not in WRAPPERS)
            groups.setdefault(place, {})[plain] = one
        elif isinstance(one, Opaque) or inside or isinstance(node, Opaque):
            collect(one, place, groups, seen, f"{name}.", deep + 1)
        else:
            collect(one, f"{place}.{key}".strip("."), groups, seen, "", deep + 1)


def restored(node: Any, deep: int = 0) -> Any:
    """What a file holds with every tensor read: for files that this project writes for itself."""
    if deep > DEEPEST:
        raise Damaged("it is nested too deep")
    if isinstance(node, Stored):
        return node.read().clone()
    if isinstance(node, dict):
        return {key: restored(one, deep + 1) for key, one in node.items()}
    if isinstance(node, (list, tuple)):
        return type(node)(restored(one, deep + 1) for one in node)
    if isinstance(node, Opaque):
        raise Damaged("it holds objects that this project does not write")
    return node
