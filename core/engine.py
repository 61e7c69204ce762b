"""The engine: a device, the networks on it, and what has been computed. The only object with state."""

import threading
import unicodedata
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from os import PathLike
from typing import Any

import torch

from core.device import pick_device, pick_precision
from core.errors import BadClip, BadKnob, BadText, BadWeights, ReaderError
from core.graph import Source, StageCache, Trace, digest, downstream, run, upstream
from core.method import Method, Network
from core.methods import find
from core.networks.checkpoints import guarded
from core.networks.text import NoText
from core.networks.vision import VisionTower
from core.networks.weights import Loaded
from core.progress import held
from core.video.clip import Clip

METHODS: Mapping[str, Method] = find()
NETWORKS: Mapping[str, Network] = {name: one for method in METHODS.values() for name, one in method.networks.items()}
TEXTS = 64  # the most texts of one run
TEXT_LENGTH = 200  # the most characters of one text
CONTROL = ("Cc", "Cs", "Zl", "Zp")  # kinds of letters that are none: control, half of one, ends of lines and paragraphs


class Engine:
    """Runs a method on a clip and keeps what it computed, so that a knob re-runs only what it changes.

        trace = Engine().run("stop", clip, texts=["a red ring moves left"], alpha=0.3)

    device: "auto" (CUDA where there is one), "cpu", "cuda" or "cuda:1".
    models: network → file, name or `Loaded`: "clip" (see `load_clip`), "stop_first", … What is not named is the shipped one.
        A method's name stands for the first of its networks: "stop" for the CLIP under STOP.
    precision: of the frozen ViT's blocks: "float32", "bfloat16", or "auto": bfloat16 where the device computes in it, which
        is twice as fast or more there and changes A in its third digit (`python -m tests.bench --only vit_b_32` tells how many
        regions that changes).
    cache_mb: memory for results, in MB. Safe under threads: runs that ask for the same outputs wait for each other, so that
    what two ask for is computed once; others go side by side, so that masks never wait for a running encoder.
    """

    def __init__(
        self, device: str = "auto", models: Mapping[str, str | Loaded] | None = None, precision: str = "auto",
        cache_mb: int = 512,
    ):  # fmt: skip
        self.device = pick_device(device)
        self.precision = pick_precision(precision, self.device)
        self.models = {first_model(name): given for name, given in (models or {}).items()}
        known = tuple(one.model for one in NETWORKS.values())
        if unknown := self.models.keys() - set(known):
            names = dict.fromkeys((*METHODS, *known))
            raise BadWeights(f"The models are {', '.join(names)}, got {', '.join(sorted(unknown))}.")
        self.cache = StageCache(cache_mb << 20)
        self._loaded: dict[str, Loaded] = {}
        self._lock = threading.RLock()  # of loading
        self._turns: dict[tuple[str, ...], threading.Lock] = {}  # stages → whose turn it is

    def run(
        self,
        method: str,
        clip: Clip,
        texts: Sequence[str] | None = None,
        outputs: Iterable[str] | None = None,
        cancelled: Callable[[], bool] = lambda: False,
        progress: Callable[[str, float], None] = lambda stage, done: None,
        box: Sequence[float] | None = None,
        **knobs: Any,
    ) -> Trace:
        """Compute `outputs` (every stage where none are named) and return the trace.

        Knobs that are not given have their defaults; one that does not exist, or lies outside its span, is a BadKnob.
        box: x0, y0, x1, y1 in fractions of the first frame: what a method that follows one thing is to follow.
        `cancelled` is asked while another run has the turn, before each stage that would run, and within those that take long:
        a called-off run raises Cancelled and leaves nothing behind. `progress` is told before and within stages which one it
        is and how much of it is done.
        """
        chosen = method_named(method)
        if not isinstance(clip, Clip):
            got = f"the path {str(clip)!r}" if isinstance(clip, (str, PathLike)) else f"a {type(clip).__name__}"
            raise BadClip(f"A clip is what `read_clip` gives, got {got}.")
        settings = self.settings(method, knobs)
        said, around = checked_texts(texts), checked_box(box)
        if outputs is not None:
            wanted = tuple(outputs)
        else:
            needs_texts = downstream(chosen.stages, "texts") if not said else ()
            wanted = tuple(s.__name__ for s in chosen.stages if s.__name__ not in needs_texts)
        stages = upstream(chosen.stages, wanted)
        networks = {name: self.network(name) for name in chosen.networks}
        sources = {
            "clip": Source(clip, clip.key),
            "texts": Source(said, digest(*said)),
            "box": Source(around, digest(repr(around))),
            "device": Source(self.device, str(self.device)),
            **{name: Source(value, digest(name, repr(value))) for name, value in settings.items()},
            **{
                name: Source(one.network, digest(name, one.digest, str(self.device), str(self.precision)))
                for name, one in networks.items()
            },
        }
        labels = {name: one.label for name, one in networks.items() if NETWORKS[name].used(settings)}
        with self._lock:
            turn = self._turns.setdefault((method, *(stage.__name__ for stage in stages)), threading.Lock())
        settle = partial(torch.cuda.synchronize, self.device) if self.device.type == "cuda" else lambda: None
        with held(turn, cancelled):
            try:
                return run(stages, sources, self.cache, labels, cancelled, progress, settle)
            except (MemoryError, torch.OutOfMemoryError) as wrong:
                self.cache.clear()
                said = f"{len(clip)} frames through {chosen.name} do not fit into the memory of {self.device}"
                raise ReaderError(f"{said}: take fewer frames, a smaller model, or --device cpu.") from wrong

    def settings(self, method: str, knobs: Mapping[str, Any]) -> dict[str, Any]:
        """Every knob's value: as given, else its default (or the largest the loaded networks allow, where that is less)."""
        chosen = method_named(method)
        limits = self.limits(method)
        for name, value in knobs.items():
            if name in limits and isinstance(value, (int, float)) and value > limits[name]:
                one = next(one for one in chosen.knobs.knobs() if one.name == name)
                raise BadKnob(f"{one.symbol} ({name}) is {one.span[0]} to {limits[name]} for these weights, got {value}.")
        made = chosen.knobs.of(dict(knobs))
        return {one.name: _at_most(getattr(made, one.name), limits.get(one.name)) for one in chosen.knobs.knobs()}

    def limits(self, method: str) -> dict[str, float]:
        """Upper ends of the knobs that depend on the loaded networks (patches of a frame, blocks of the encoder)."""
        return method_named(method).limits(_Networks(self, method))

    def grid(self, method: str) -> tuple[int, int]:
        """(rows, columns) of the patches that the method's maps are over."""
        return method_named(method).grid(_Networks(self, method))

    def labels(self, method: str) -> dict[str, str]:
        """What was loaded, network by network, for the reader."""
        return {name: self.network(name).label for name in method_named(method).networks}

    def reads_texts(self, method: str) -> bool:
        """Whether the loaded networks can compare a text with anything: a vision tower may have come alone."""
        networks = [self.network(name).network for name in method_named(method).networks]
        return not any(isinstance(getattr(one, "text", None), NoText) for one in networks)

    def network(self, name: str) -> Loaded:
        """A network on the engine's device, loaded when first asked for."""
        with self._lock:
            if name not in self._loaded:
                wanted = NETWORKS[name]
                others = [self.network(other) for other in wanted.after]
                made = guarded(wanted.load)(self.models.get(wanted.model), *others)  # whatever a method that joins forgets
                try:
                    made.network.to(self.device)
                except (MemoryError, torch.OutOfMemoryError) as wrong:
                    said = f"{made.label} does not fit into the memory of {self.device}: use a smaller model or --device cpu."
                    raise BadWeights(said) from wrong
                for part in made.network.modules():
                    if isinstance(part, VisionTower):
                        part.precision = self.precision
                self._loaded[name] = made
            return self._loaded[name]


def first_model(name: str) -> str:
    """The model that a method's name stands for; any other name stands for itself."""
    return next(iter(METHODS[name].networks.values())).model if name in METHODS else name


class _Networks(Mapping):
    """A method's networks by name, each loaded when it is looked at: limits load no more than they need."""

    def __init__(self, engine: Engine, method: str):
        self._engine, self._names = engine, method_named(method).networks

    def __getitem__(self, name: str) -> Any:
        return self._engine.network(name).network if name in self._names else self._names[name]

    def __iter__(self):
        return iter(self._names)

    def __len__(self):
        return len(self._names)


def method_named(name: str) -> Method:
    """The method, or a sentence that says which there are."""
    if not isinstance(name, str) or name not in METHODS:
        raise ReaderError(f"There is no method {str(name)[:40]!r}. The methods are {', '.join(METHODS)}.")
    return METHODS[name]


def checked_texts(texts: Sequence[str] | None) -> tuple[str, ...]:
    """Texts without surrounding blanks and control letters, in the order given; too many, or too long ones, are a BadText."""
    if isinstance(texts, str):
        raise BadText(f"Texts are a list of sentences, got the single string {texts[:40]!r}.")
    if isinstance(texts, Mapping) or not isinstance(texts, Iterable | None):
        raise BadText(f"Texts are a list of sentences, got {str(texts)[:40]}.")
    given = tuple(texts or ())
    for text in given:
        if not isinstance(text, str):
            raise BadText(f"A text is a sentence, got {str(text)[:40]}.")
        if any(unicodedata.category(letter) == "Cs" for letter in text):
            raise BadText(f"A text is made of whole letters, and this holds half of one: {text[:40]!r}.")
    said = tuple(without_control(text).strip() for text in given)
    if len(said) > TEXTS:
        raise BadText(f"Up to {TEXTS} texts can be compared at once, got {len(said)}.")
    for text in said:
        if not 0 < len(text) <= TEXT_LENGTH:
            raise BadText(f"A text has 1 to {TEXT_LENGTH} characters, got {len(text)}: {text[:40]!r}.")
        if any("\ud800" <= c <= "\udfff" for c in text):
            raise BadText(f"A text has whole characters, got half of one, as of a cut emoji: {text[:40]!r}.")
    return said


def without_control(text: str, but: str = "") -> str:
    """Blanks instead of what is no letter but a command to a terminal or an end of a line: no file of a view may hold these."""
    return "".join(one if one in but or unicodedata.category(one) not in CONTROL else " " for one in text)


def checked_box(box: Sequence[float] | None) -> tuple[float, ...]:
    """x0, y0, x1, y1 as numbers; () where no box is given. Anything else is a BadKnob."""
    if not box:
        return ()
    numbers = isinstance(box, (list, tuple)) and all(isinstance(x, (int, float)) and 0 <= x <= 1 for x in box)
    if not numbers or len(box) != 4 or box[0] >= box[2] or box[1] >= box[3]:
        raise BadKnob(f"A box is four numbers from 0 to 1, x0, y0, x1, y1, with x0 < x1 and y0 < y1, got {box!r}.")
    return tuple(map(float, box))


def _at_most(value: Any, limit: float | None) -> Any:
    return value if limit is None else min(value, type(value)(limit))
