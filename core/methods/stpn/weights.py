"""STPN's networks on disk: which there are, what their files are called, and all of them side by side for one engine.

    stpn_baseline.safetensors             the single-frame detector, no prompts
    stpn_attention_shallow.safetensors    a predictor and a depth: every other variant is called alike
    compared/, compared/brief/            further seeds, and the same trained for fewer steps: for the tables

`load_stpn` turns a folder, a file of `core.methods.stpn.train`, a checkpoint of the authors' layout or a public backbone into
`Variants`.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from core.errors import BadKnob, BadWeights
from core.methods.stpn import authors
from core.methods.stpn.authors import Prepared
from core.methods.stpn.dvp import FURTHER, PREDICTORS
from core.methods.stpn.networks import DEPTHS, SIZE, Prompting, Stpn, small_stpn
from core.methods.stpn.public import KINDS, Backbone, load_backbone
from core.networks.checkpoints import border, guarded
from core.networks.detector import Detector, DetectorShape
from core.networks.fitting import filled
from core.networks.schema import described, fields, listed, number, one_of, switch, text, whole
from core.networks.swin import ORDERS
from core.networks.tower import Size
from core.networks.weights import MADE, SYNTHETIC, WEIGHTS, Loaded, read
from core.pace import Pace

PACE = Pace(frames=8, spacing=0.25)  # of `core.training stpn` on the world's clips, which last two seconds
PROMPTS = 5  # N of a variant, if nothing else is said
BASELINE = "baseline"
VARIANTS = (BASELINE, *(f"{kind}/{depth}" for kind in PREDICTORS for depth in DEPTHS))
COMPARED = tuple(f"{kind}/shallow" for kind in FURTHER)  # trained and measured beside the others, for the tables
RELEASED = "attention/shallow"  # the one variant the authors released weights of
DESCRIPTION = {
    "variant": text(), "prompts": whole(1, 1000), "made": MADE,
    "shape": fields({
        "classes": whole(1, 100_000), "widths": listed(whole(1, 16_384), 1, 8), "strides": listed(whole(1, 1024), 1, 8),
        "order": one_of(*ORDERS), "channels": whole(1, 16_384), "extra": switch(), "anchor": number(0.1, 1000),
        "ratios": listed(number(0.01, 100), 1, 16), "finest": number(0.1, 10_000), "samples": whole(0, 16),
        "hidden": whole(1, 65_536), "deviation": number(1e-3, 1000), "candidates": whole(1, 10_000),
        "proposals": whole(1, 10_000), "sampled": whole(1, 10_000), "score": number(0, 1), "overlap": number(0, 1),
        "detections": whole(1, 1000), "embedding": whole(0, 16_384), "mask": whole(0, 16_384),
    }),
}  # fmt: skip
CHUNK = 8  # frames that are resized or encoded at once


class Variants(nn.Module):
    """Networks of STPN by variant, and how a clip's frames become what they take.

    size: frames are resized whole to it, nothing is cropped; None: they keep theirs until `prepare`, which then is the
    authors'. classes: what labels are called; () where the reader of the labels has the names.
    """

    def __init__(self, nets: Mapping[str, Stpn], size: Size | None = SIZE, classes: tuple[str, ...] = ()):
        super().__init__()
        self.nets = nn.ModuleDict(dict(nets))
        self.size, self.classes = size, classes
        self.eval().requires_grad_(False)

    def pick(self, variant: str) -> Stpn:
        """The network of a variant."""
        if variant not in self.nets:
            raise BadKnob(f"These weights are of {', '.join(self.nets)}, and there are none of {variant}.")
        return self.nets[variant]

    @property
    def baseline(self) -> Stpn:
        """The single-frame detector; where none was loaded, the only network there is: its prompts are to be skipped."""
        return self.nets[BASELINE] if BASELINE in self.nets else next(iter(self.nets.values()))

    @property
    def prompts(self) -> int:
        """N: as many prompts as every variant has."""
        return min(one.prompting.prompts for one in self.nets.values())

    def sized(self, frames_THWC: Tensor) -> Tensor:
        """uint8 RGB frames of any size → those that are spoilt, shown and prepared, uint8 too."""
        if self.size is None or tuple(frames_THWC.shape[1:3]) == self.size:
            return frames_THWC
        made = []
        for some_BHWC in frames_THWC.split(CHUNK):  # in floats a long clip of large frames would take gigabytes
            grey_BCHW = some_BHWC.permute(0, 3, 1, 2).float()
            grey_BCHW = F.interpolate(grey_BCHW, self.size, mode="bilinear", antialias=True)
            made.append(grey_BCHW.round().clamp(0, 255).byte().permute(0, 2, 3, 1))
        return torch.cat(made).contiguous()

    def prepare(self, frames_BHWC: Tensor) -> Prepared:
        """What `sized` gave → what the towers take."""
        if self.size is None:
            return authors.prepare(frames_BHWC)
        H, W = frames_BHWC.shape[1:3]
        return Prepared(self.baseline.pixels(frames_BHWC), (H, W), (1.0, 1.0))

    def grid(self, size: Size | None = None) -> Size:
        """(rows, columns) of the support features of pixels of this size: the map of the last stage that is read.

        Not said: of the size that frames are resized to, or of the largest in the authors' test.
        """
        detector = self.baseline.detector
        return detector.tower.grids(size or self.size or (authors.SHORT, authors.LONG))[len(detector.shape.strides) - 1]


def build(variant: str, prompts: int = PROMPTS, shape: DetectorShape | None = None) -> Stpn:
    """The untrained network of a variant."""
    return small_stpn(*parts_of(variant), prompts, shape)


def parts_of(variant: str) -> tuple[str, str]:
    """A variant's predictor and depth."""
    kind, _, depth = variant.partition("/")
    return ("none", "shallow") if variant == BASELINE else (kind, depth)


def file_of(out: Path, variant: str, seed: int = 0, prompts: int = PROMPTS) -> Path:
    """Where a variant is written: seed 0 is what the page loads; further seeds, other numbers of prompts and variants that
    are no choice on the page are for the tables."""
    name = f"stpn_{variant.replace('/', '_')}"
    if prompts != PROMPTS and variant != BASELINE:
        name += f"_n{prompts}"
    shown = variant in VARIANTS and name.removeprefix("stpn_") == variant.replace("/", "_")
    return out / f"{name}.safetensors" if seed == 0 and shown else out / "compared" / f"{name}_{seed}.safetensors"


@dataclass(frozen=True, eq=False)
class Trained:
    """A network from its file, which variant it is, the file's sha256, and the training steps it went on from the start that
    all share; 0 where its file does not say."""

    model: Stpn
    variant: str
    digest: str
    steps: int


def load(path: Path) -> Trained:
    """A trained network from its file."""
    tensors, about, digest = read(path, "stpn:STPN", {"variant": text()})
    if about["variant"] not in (every := (*VARIANTS, *COMPARED)):
        raise BadWeights(f"{path.name} holds the variant {about['variant']!r}; the variants are {', '.join(every)}.")
    described(about, DESCRIPTION, path.name)
    with border(path.name):
        shape = DetectorShape.of({name: about["shape"][name] for name in DESCRIPTION["shape"].parts or ()})
        model = filled(lambda: build(about["variant"], about["prompts"], shape), tensors, "stpn", path.name)
    return Trained(model.eval().requires_grad_(False), about["variant"], digest, about.get("made", {}).get("steps", 0))


@guarded
def load_stpn(spec: str | Path | Loaded | None = None) -> Loaded:
    """Every variant.

    spec Loaded              `Variants` at hand already
         None                the shipped ones; a variant without a file is built untrained, and the label says so
         FOLDER              the same from another folder, called as `file_of` says
         FILE.safetensors    one written by `core.methods.stpn.train`, in the place of the shipped one of its variant
         FILE.pth            the authors' layout: `attention/shallow` alone. There is no single-frame detector in it, so
                             the same weights without prompts stand in for one, and the label says so
         cvt-13:FILE, timm:NAME[:FILE]   a public backbone (see `public`) under all variants; all else in them is untrained
    """
    if isinstance(spec, Loaded):
        return spec
    kind, colon, rest = str(spec or "").partition(":")
    if colon and kind in KINDS:
        return untaught(load_backbone(kind, rest))
    path = Path(spec or WEIGHTS)
    if spec is not None and not path.is_dir() and path.suffix != ".safetensors":
        found = authors.load_authors(path)
        label = f"{found.label} · no single-frame baseline: the same weights without prompts stand in"
        return Loaded(Variants({RELEASED: found.network}, None, authors.CLASSES), label, found.digest)
    folder = path if path.is_dir() else WEIGHTS
    trained = [load(file) for file in (file_of(folder, variant) for variant in VARIANTS) if file.is_file()]
    if path.is_dir() and spec is not None and not trained:
        raise BadWeights(f"There are no STPN weights in {path.name}: they are called {file_of(path, RELEASED).name} and so on.")
    if not path.is_dir():
        trained.append(load(path))
    held = {one.variant: one for one in trained}  # the file named last replaces the shipped one
    nets = {variant: held[variant].model if variant in held else untrained(variant) for variant in VARIANTS}
    parts = [f"{variant} {held[variant].digest if variant in held else 'untrained'}" for variant in VARIANTS]
    digest = hashlib.sha256("\n".join(parts).encode()).hexdigest()
    return Loaded(Variants(nets), label_of(held), digest, PACE if held else None)


def label_of(held: Mapping[str, Trained]) -> str:
    """What was trained, file by file; what not as long as the single-frame detector that it is shown beside; and what not."""
    random = [variant for variant in VARIANTS if variant not in held]
    if not held:
        return "STPN UNTRAINED: all weights are random; prompts, boxes and masks mean nothing"
    longest = max(one.steps for one in held.values())
    briefly = [f"{one.variant} ({one.steps} of {longest} steps)" for one in held.values() if one.steps < longest]
    said = f"STPN trained on {SYNTHETIC}: " + ", ".join(f"{name} {one.digest[:8]}" for name, one in held.items())
    said += f" · less trained: {', '.join(briefly)}" if briefly else ""
    return f"{said} · UNTRAINED: {', '.join(random)}" if random else said


def untrained(variant: str) -> Stpn:
    """A variant with random weights, the same every time."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        return build(variant).eval().requires_grad_(False)


def untaught(backbone: Backbone) -> Loaded:
    """Every variant on one tower, which all of them share; pyramids, heads and predictors are random, the same every time."""
    tower, nets = backbone.tower, {}
    shape = DetectorShape(widths=tower.widths, strides=tuple(backbone.size[0] // h for h, _ in tower.grids(backbone.size)))
    for variant in VARIANTS:
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(0)
            prompting = Prompting(tower, len(shape.strides), *parts_of(variant))
            nets[variant] = Stpn(Detector(tower, shape), prompting, backbone.mean, backbone.std)
    label = f"{backbone.label}: UNTRAINED: all else is random; prompts, boxes and masks mean nothing"
    return Loaded(Variants(nets, backbone.size), label, hashlib.sha256(f"untaught {backbone.digest}".encode()).hexdigest())
