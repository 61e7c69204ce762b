"""Files of weights that someone spoilt, by chance or on purpose: each is refused in a sentence or is read, nothing in it is
run, and none takes more memory than its size justifies."""

import functools
import io
import json
import pickle
import random
import resource
import struct
import warnings
import zipfile

import pytest
import timm
import torch
from safetensors.torch import save as serialized

from core.errors import BadWeights
from core.methods.stop.networks import Prompters
from core.methods.stop.weights import load_prompters
from core.methods.stop_released.weights import load_released
from core.methods.stpn import weights as stpn_weights
from core.networks import weights
from core.networks.cvt import Cvt
from core.networks.cvt_weights import load_cvt
from core.networks.text import SmallText
from core.networks.vision import VisionTower, small_vit
from core.training.loop import Checkpoint
from tests import tiny
from tests.methods.stpn.plain import seeded

SHAPE = dict(size=(32, 48), patch=16, width=32, depth=2, features=10)
MEGABYTES = 400  # that a process with all of it in it may grow by, over files of a megabyte


class Touches:
    """What a pickle would do to whoever ran it."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return open, (str(self.path), "w")


class Runs(torch.nn.Module):
    """A TorchScript archive that says what is to be done when it is read."""

    def __init__(self):
        super().__init__()
        self.weight = torch.nn.Parameter(torch.ones(2))

    @torch.jit.export
    def __getstate__(self):
        return self.weight, self.training

    @torch.jit.export
    def __setstate__(self, state: tuple[torch.Tensor, bool]) -> None:
        print("ran")
        self.weight, self.training = state[0], state[1]

    def forward(self, x):
        return x


@pytest.fixture(scope="module")
def sound(tmp_path_factory):
    """name → (bytes of a sound file, what reads it): every loader, with a small network."""
    folder = tmp_path_factory.mktemp("sound")
    torch.manual_seed(0)
    about = dict(kind="clip", shape=SHAPE, vocabulary=list(tiny.WORDS), scale=7.5)
    modules = {"vision": VisionTower(small_vit(**SHAPE)), "text": SmallText(tiny.WORDS, features=10)}
    weights.save(folder / "clip.safetensors", modules, about, {})
    clip = weights.load_clip(folder / "clip.safetensors")
    about = dict(kind="stop", variant="full", layers=1, hidden=8, towers=clip.digest)
    weights.save(folder / "stop.safetensors", {"prompters": Prompters(1, 32, 8)}, about, {})
    swin = stpn_weights.build("baseline")
    weights.save(folder / "stpn.safetensors", {"stpn": swin},
                 dict(kind="stpn", variant="baseline", prompts=5, shape=swin.detector.shape.to_json()), {})  # fmt: skip
    vit = timm.create_model("test_vit")
    torch.save({"state_dict": vit.state_dict(), "epoch": 3}, folder / "vit.pth")
    torch.save(vit.state_dict(), folder / "older.pth", _use_new_zipfile_serialization=False)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.jit.script(Runs()).save(folder / "script.pt")
    torch.save(Cvt(tiny.CVT).state_dict(), folder / "cvt.pth")
    (folder / "cvt.safetensors").write_bytes(serialized(Cvt(tiny.CVT).state_dict()))
    torch.save({"state_dict": seeded()}, folder / "authors.pth")
    released = {f"module.clip.{name}": one for name, one in tiny.released().network.state_dict().items()}
    torch.save({"state_dict": released}, folder / "released.pth.tar")
    part = torch.nn.Linear(3, 3)
    held = Checkpoint(folder / "resume.pt", {"rate": 1}, {"part": part, "optimizer": torch.optim.AdamW(part.parameters())})
    held.save(5)

    def resume(path):
        again = Checkpoint(path, {"rate": 1}, held.parts)
        again.file = path
        return again.resume()

    loaders = {
        "clip.safetensors": weights.load_clip, "stop.safetensors": functools.partial(load_prompters, clip, 1),
        "stpn.safetensors": stpn_weights.load, "vit.pth": lambda path: weights.load_clip(f"timm:test_vit:{path}"),
        "older.pth": lambda path: weights.load_clip(f"timm:test_vit:{path}"), "script.pt": weights.load_clip,
        "cvt.pth": lambda path: load_cvt(path, tiny.CVT), "cvt.safetensors": lambda path: load_cvt(path, tiny.CVT),
        "authors.pth": lambda path: stpn_weights.load_stpn(path), "released.pth.tar": lambda path: load_released(path, clip),
        "resume.partial": resume,
    }  # fmt: skip
    return {name: ((folder / name).read_bytes(), load) for name, load in loaders.items()}


# ---- how files are spoilt -------------------------------------------------------------------------------------------------


def flipped(made, chance):
    spoilt = bytearray(made)
    for _ in range(chance.choice((1, 3, 30))):
        spoilt[min(int(chance.expovariate(1 / 400)), len(made) - 1)] ^= 1 << chance.randrange(8)  # most near the beginning
    return bytes(spoilt)


def flipped_at_the_end(made, chance):
    return flipped(made[::-1], chance)[::-1]


def cut(made, chance):
    return made[: int(len(made) * chance.random())]


def with_more(made, chance):
    return made + chance.randbytes(chance.choice((1, 100)))


def pickled_otherwise(made, chance, marker):
    """Another pickle in the archive, or in the file's place."""
    g = b"c" + b"builtins\nbytearray\n"
    hostile = chance.choice((
        pickle.dumps({"visual.conv1.weight": Touches(marker)}, 2), pickle.dumps(Touches(marker)),
        b"\x80\x02cposix\nsystem\n(X" + struct.pack("<I", len(f"touch {marker}")) + f"touch {marker}".encode() + b"tR.",
        b"\x80\x02" + g + b"\x8a\x05\x00\x00\x00\x00\x01\x85R.",  # four gigabytes of zeros
        b"\x80\x02" + b"]" * 100 + b"a" * 99 + b".", b"\x80\x02" + b")" + b"\x85" * 200_000 + b".",
        b"\x80\x02}(" + b")" + b"\x85" * 100_000 + b"K\x01u.", b"\x80\x02r\xff\xff\xff\xff.", b"\x80\x02N\x52.", b"\x80\x05.",
        b"\x80\x04\x96\xff\xff\xff\xff\xff\x00\x00\x00.", b"\x80\x02Q.", b"\x80\x02(lp0\n.", b"\x80\x02\x8b\xff\xff\xff\x7f.",
        b"\x80\x02ctorch._utils\n_rebuild_tensor_v2\n)R.", b"\x80\x02ctorch\nSize\n(K\x01K\x02tR.", b"(dS'a'\nI1\ns.",
        b"\x80\x02}X\x01\x00\x00\x00a(X\x07\x00\x00\x00storagectorch\nFloatStorage\nX\x01\x00\x00\x000X\x03\x00\x00\x00cpu"
        b"\x8a\x05\x00\x00\x00\x00\x01tQs.", chance.randbytes(60),
    ))  # fmt: skip
    return in_archive(made, {"data.pkl": hostile}) if made[:2] == b"PK" else hostile


def in_archive(made, parts):
    """The same zip with other contents for names that end so."""
    out = io.BytesIO()
    try:
        with zipfile.ZipFile(io.BytesIO(made)) as old, zipfile.ZipFile(out, "w") as new:
            for one in old.infolist():
                held = next((content for end, content in parts.items() if one.filename.endswith(end)), old.read(one))
                new.writestr(one.filename, held)
    except zipfile.BadZipFile:
        return made
    return out.getvalue()


def zipped_otherwise(made, chance):
    """A zip of something else, a compressed one, one whose storage is short."""
    out = io.BytesIO()
    kind = chance.choice(("other", "bomb", "short"))
    if kind == "short" and made[:2] == b"PK":
        return in_archive(made, {"data/0": b"1"})
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        if kind == "other":
            new.writestr("readme.txt", b"nothing of the kind")
        else:
            new.writestr("a/data.pkl", b"\0" * 50_000_000)
            new.writestr("a/data/0", b"\0" * 50_000_000)
    return out.getvalue()


def described_otherwise(made, chance):
    """A safetensors file whose description of itself, or of its tensors, is not what it should be."""
    length = struct.unpack("<Q", made[:8])[0]
    said = json.loads(made[8 : 8 + length])
    about = json.loads(said.get("__metadata__", {}).get("about", "{}"))
    odd = (-1, 0, 10**9, 10**30, 1e308, "3", "", None, True, [], {}, [[[]]], [-1] * 3, [10**9] * 2, {"a": 1}, "x" * 10_000)
    kind = chance.choice(("about", "about", "shape", "tensor", "deep", "text", "length"))
    if kind == "about" and about:
        home = about["shape"] if chance.random() < 0.5 and isinstance(about.get("shape"), dict) else about
        name = chance.choice(list(home))
        if chance.random() < 0.2:
            del home[name]
        else:
            home[name] = chance.choice(odd)
        said["__metadata__"] = {"about": json.dumps(about)}
    elif kind == "deep":
        deep = "[" * 100_000, '{"a":' * 100_000, '{"kind": NaN}', "", "[]", "9" * 9999
        said["__metadata__"] = {"about": chance.choice(deep)}
    elif kind == "text":
        said["__metadata__"] = chance.choice((3, {"about": 3}, "about", [], {"about": {"kind": "clip"}}))
    else:
        one = said[chance.choice([name for name in said if name != "__metadata__"])]
        name = chance.choice(("dtype", "shape", "data_offsets"))
        one[name] = chance.choice((*odd, "F64", [0, 4], [4, 0], [1 << 62, 1 << 62]))
    text = json.dumps(said).encode()
    told = chance.choice((0, 1 << 30, 1 << 63)) if kind == "length" else len(text)
    return struct.pack("<Q", told) + text + made[8 + length :]


def numbers_otherwise(made, chance):
    """Numbers that are none, or that no network has."""
    spoilt = bytearray(made)
    at = len(made) // 2 & ~63
    bad = chance.choice((float("nan"), float("inf"), 1e30, -1e38))
    for start in range(at, at + 256, 4):
        spoilt[start : start + 4] = struct.pack("<f", bad)
    return bytes(spoilt)


def another(made, chance):
    """No weights at all."""
    return chance.choice((
        b"", b"\n", b"version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 1\n", b"<!DOCTYPE html><html></html>",
        b'{"error": "not found"}', b'{"weight_map": {}}', b"\x1f\x8b\x08\x00", b"\x89HDF\r\n", b"PK\x03\x04", b"\x80",
        b"\x80\x02", b"\0" * 100, b"\xff" * 100, "Bäume".encode("latin1"), chance.randbytes(300),
    ))  # fmt: skip


def spoilt(sound, folder, count, seed=0):
    """(name of the sort, loader, file) of that many spoilt files."""
    chance = random.Random(seed)
    marker = folder / "marker"
    for number in range(count):
        name = list(sound)[number % len(sound)]
        made, load = sound[name]
        hows = [flipped, flipped, flipped_at_the_end, cut, with_more, numbers_otherwise, another]
        hows += [described_otherwise] * 5 if name.endswith(".safetensors") else [zipped_otherwise]
        hows += [functools.partial(pickled_otherwise, marker=marker)] * (1 if name.endswith(".safetensors") else 4)
        file = folder / name
        file.write_bytes(chance.choice(hows)(made, chance))
        yield name, load, file


def test_sound_files_are_read_and_run_nothing(sound, tmp_path, capfd):
    for name, (made, load) in sound.items():
        (tmp_path / name).write_bytes(made)
        if name == "script.pt":
            with pytest.raises(BadWeights, match="script.pt holds no tensors by name"):
                load(tmp_path / name)
        else:
            load(tmp_path / name)
    assert "ran" not in capfd.readouterr().out


def test_sizes_that_a_file_only_announces_take_no_memory(sound, tmp_path):
    """Built, the towers would take 2.5 TB, the detector 70 GB, the prompters 600 GB."""
    giant = {"width": 16_384, "depth": 200}, {"hidden": 65_536, "channels": 16_384}, {}
    for name, sizes in zip(("clip", "stpn", "stop"), giant):
        made, load = sound[f"{name}.safetensors"]
        length = struct.unpack("<Q", made[:8])[0]
        said = json.loads(made[8 : 8 + length])
        about = json.loads(said["__metadata__"]["about"])
        about = about | {"hidden": 16_384} if name == "stop" else about | {"shape": about["shape"] | sizes}
        text = json.dumps(said | {"__metadata__": {"about": json.dumps(about)}}).encode()
        (tmp_path / f"{name}.safetensors").write_bytes(struct.pack("<Q", len(text)) + text + made[8 + length :])
        with pytest.raises(BadWeights, match=f"{name}.safetensors does not fit the network"):
            load(tmp_path / f"{name}.safetensors")


def test_a_spoilt_file_is_refused_in_a_sentence_or_is_read_and_runs_nothing(sound, tmp_path, capfd):
    refused, before = [], resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    for name, load, file in spoilt(sound, tmp_path, 330):
        try:
            load(file)
        except BadWeights as wrong:
            refused.append(name)
            said = str(wrong)
            assert said.endswith(".") and 10 < len(said) < 700, said
            assert "\n" not in said and "Traceback" not in said, said
    grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
    assert not (tmp_path / "marker").exists() and "ran" not in capfd.readouterr().out
    assert set(refused) == set(sound) and len(refused) > 250
    assert grown < MEGABYTES
