"""The engine: a device, the networks on it, and what has been computed. The only object with state."""

import threading
import unicodedata
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from math import prod
from os import PathLike
from typing import Any
from weakref import WeakValueDictionary

import torch
from torch import nn

from core.cache import StageCache
from core.device import pick_device, pick_precision
from core.errors import BadClip, BadGiven, BadKnob, BadText, BadWeights, ReaderError
from core.given import accepted
from core.graph import Source, Trace, downstream, inputs, letters, run, upstream
from core.keys import digest
from core.kinds import TextScores
from core.method import Method
from core.networks.checkpoints import first_line
from core.networks.vision import VisionTower
from core.networks.weights import Loaded
from core.pace import Pace
from core.progress import held
from core.registry import METHODS, method_named
from core.shelf import Shelf
from core.video.clip import Clip
from core.video.footage import Footage

NETWORKS_MB = 4096  # memory for networks, where nothing else is said: a CLIP of 430 million numbers twice
TEXTS = 64  # the most texts of one run
TEXT_LENGTH = 200  # the most characters of one text
QUESTION_LENGTH = 4000  # of a question, with the answers to choose from
CONTROL = ("Cc", "Cs", "Zl", "Zp")  # kinds of letters that are none: control, half of one, ends of lines and paragraphs


class Engine:
    """Runs a method on a clip and keeps what it computed, so that a knob re-runs only what it changes.

        name = next(iter(METHODS))  # or another of them
        trace = Engine().run(name, clip, texts=["a red ring moves left"])

    device: "auto" (CUDA where there is one), "cpu", "cuda" or "cuda:1".
    models: network → file, name or `Loaded`: "clip" (see `load_clip`), … What is not named is the shipped one.
        A method's name stands for the first of its networks.
    precision: of the frozen ViT's blocks: "float32", "bfloat16", or "auto": bfloat16 where the device computes in it, which
        is twice as fast or more there and changes A in its third digit (`python -m tests.bench --only vit_b_32` tells how many
        regions that changes).
    cache_mb: memory for results, in MB.
    networks_mb: for networks. They are loaded when a stage that is to run asks for them, and the least recently used are let
        go, never one in use.
    methods: what it can run, by name; not given, those that were found in `core.methods`.
    Safe under threads: runs that ask for the same outputs wait for each other, so that what two ask for is computed once;
    others go side by side, so that masks never wait for a running encoder, and nobody for a video that another one reads.
    """

    def __init__(
        self, device: str = "auto", models: Mapping[str, str | Loaded] | None = None, precision: str = "auto",
        cache_mb: int = 512, networks_mb: int = NETWORKS_MB, methods: Mapping[str, Method] | None = None,
    ):  # fmt: skip
        self.methods = METHODS if methods is None else methods
        self.device = pick_device(device)
        self.precision = pick_precision(precision, self.device)
        self.models = {first_model(name, self.methods): given for name, given in (models or {}).items()}
        known = tuple(model for method in self.methods.values() for model in method.models)
        if unknown := self.models.keys() - set(known):
            names = dict.fromkeys((*(name for name, method in self.methods.items() if method.networks), *known))
            raise BadWeights(f"The models are {', '.join(names)}, got {', '.join(sorted(unknown))}.")
        self.cache = StageCache(cache_mb << 20)
        self.shelf = Shelf(self.models, self._place, networks_mb << 20)
        self._limits: dict[str, dict[str, float]] = {}
        self._lock = threading.Lock()  # of turns
        self._turns: WeakValueDictionary[tuple[str, ...], Any] = WeakValueDictionary()  # video, stages → a lock

    def run(
        self,
        method: str,
        clip: Clip | None = None,
        texts: Sequence[str] | None = None,
        outputs: Iterable[str] | None = None,
        cancelled: Callable[[], bool] = lambda: False,
        progress: Callable[[str, float], None] = lambda stage, done: None,
        box: Sequence[float] | None = None,
        given: Mapping[str, Any] | None = None,
        emit: Callable[[str, Any], None] = lambda stage, partial: None,
        video: Footage | None = None,
        question: str | None = None,
        **knobs: Any,
    ) -> Trace:
        """Compute `outputs` (every stage where none are named, without closer looks at one) and return the trace.

        Knobs that are not given have their defaults; one that does not exist, or lies outside its span, is a BadKnob.
        clip, video, question: what the method's stages ask for of these. A video is what `open_video` gives, or anything else
        with the same frames (`core.video.footage.Footage`); it is known by its key, a question by its words.
        box: x0, y0, x1, y1 in fractions of the first frame: what a method that follows one thing is to follow.
        given: stage → what stands in place of its result, checked by kind and shape; what only serves it is not run unless it
        is asked for. `region_TP` of another clip, or every count the same, are questions to the model that no knob asks.
        `emit` is given what a stage has so far, where that comes piece by piece: (stage, partial).
        `cancelled` is asked while another run has the turn, before each stage that would run, and within those that take long:
        a called-off run raises Cancelled and leaves nothing behind. `progress` is told before and within stages which one it
        is and how much of it is done.
        """
        chosen = self.method(method)
        check_seen(chosen.name, chosen.sources, clip, video)
        settings = self.settings(method, knobs)
        said, around = checked_texts(texts), checked_box(box)
        instead = self._instead(chosen, given or {}, clip, len(said))
        wanted = tuple(outputs) if outputs is not None else _everything(chosen, bool(said), instead)
        stages = upstream(chosen.stages, wanted, instead)
        asked = {name for stage in stages if stage.__name__ not in instead for name in inputs(stage)}
        words = checked_question(chosen.name, question, "question" in asked)
        networks = {name: one for name, one in chosen.networks.items() if name in asked and one.used(settings)}
        known = {name: self.shelf.known(one) for name, one in networks.items()}
        sources = {
            "clip": Source(clip, clip.key if clip is not None else "no clip"),
            "video": Source(video, digest("video", video.key) if video is not None else "no video"),
            "texts": Source(said, digest(*said)),
            "question": Source(words, digest("question", words)),
            "box": Source(around, digest(repr(around))),
            "device": Source(self.device, str(self.device)),
            **{name: Source(value, digest(name, repr(value))) for name, value in settings.items()},
            **{name: Source(None, digest(name, "not read at these knobs")) for name in asked & chosen.networks.keys()},
            **{
                name: Source(
                    partial(self.shelf.module, networks[name]),
                    digest(name, one.digest, str(self.device), str(self.precision)),
                    later=True,
                )
                for name, one in known.items()
            },
        }
        labels = {name: one.label for name, one in known.items()}
        pace = next((one.pace for one in known.values() if one.pace), None)
        ranked = {one.stage for one in chosen.outputs if isinstance(one, TextScores)} & set(wanted)
        notes = tuple(filter(None, [pace.doubt(len(clip), clip.spacing) if pace and clip and ranked else ""]))
        with self._lock:
            alike = (method, video.key if video is not None else "", *(stage.__name__ for stage in stages))
            turn = self._turns.setdefault(alike, threading.Lock())
        settle = partial(torch.cuda.synchronize, self.device) if self.device.type == "cuda" else lambda: None
        with held(turn, cancelled), self.shelf.using(networks.values()):
            try:
                trace = run(stages, sources, self.cache, labels, cancelled, progress, settle, instead, emit)
                return replace(trace, pace=pace, notes=notes)
            except (MemoryError, torch.OutOfMemoryError) as wrong:
                self.cache.clear()
                frames = f"{len(clip)} frames" if clip else "This video"
                said = f"{frames} through {chosen.name} do not fit into the memory of {self.device}"
                raise ReaderError(f"{said}: take fewer frames, a smaller model, or --device cpu.") from wrong
            except (RuntimeError, ValueError, IndexError, TypeError) as wrong:
                if not instead:
                    raise
                said = f"{chosen.name} cannot go on from what was given for {', '.join(instead)}"
                raise BadGiven(f"{said}: {first_line(wrong)}") from wrong

    def _instead(self, method: Method, given: Mapping[str, Any], clip: Clip | None, texts: int) -> dict[str, Source]:
        """What was given, checked, in the form of the stages' own results."""
        stages = {stage.__name__: stage for stage in method.stages}
        if strangers := given.keys() - stages.keys():
            raise BadGiven(f"{method.name} has no stage {', '.join(sorted(strangers))}. Its stages are {', '.join(stages)}.")
        outputs = {one.stage: one for one in method.outputs}
        sizes = {"Y": texts} | ({"T": len(clip), "G": len(clip) - 1} if clip else {})
        if any("P" in letters(name) for name in given) and (grid := self.grid(method.name)):
            sizes["P"] = prod(grid)
        return {name: accepted(stages[name], outputs.get(name), value, sizes, self.device) for name, value in given.items()}

    def method(self, name: str) -> Method:
        """One of its methods, or a sentence that says which there are."""
        return method_named(name, self.methods)

    def settings(self, method: str, knobs: Mapping[str, Any]) -> dict[str, Any]:
        """Every knob's value: as given, else its default (or the largest the loaded networks allow, where that is less)."""
        chosen = self.method(method)
        limits = self.limits(method)
        for name, value in knobs.items():
            if name in limits and isinstance(value, (int, float)) and value > limits[name]:
                one = next(one for one in chosen.knobs.knobs() if one.name == name)
                raise BadKnob(f"{one.symbol} ({name}) is {one.span[0]} to {limits[name]} for these weights, got {value}.")
        made = chosen.knobs.of(dict(knobs))
        return {one.name: _at_most(getattr(made, one.name), limits.get(one.name)) for one in chosen.knobs.knobs()}

    def limits(self, method: str) -> dict[str, float]:
        """Upper ends of the knobs that depend on the loaded networks (patches of a frame, blocks of the encoder)."""
        if method not in self._limits:
            self._limits[method] = self.method(method).limits(_Networks(self, method))
        return dict(self._limits[method])

    def grid(self, method: str) -> Any:  # not typed as one or the other: who draws maps knows that there are some
        """(rows, columns) of the patches that the method's maps are over; None of a method without maps."""
        own = self.method(method).grid
        return own and own(_Networks(self, method))

    def labels(self, method: str) -> dict[str, str]:
        """What was loaded, network by network, for the reader."""
        return {name: self.shelf.known(one).label for name, one in self.method(method).networks.items()}

    def pace(self, method: str, **knobs: Any) -> Pace | None:
        """The clips that a method's weights were trained with, at these knobs; None where they do not say."""
        settings = self.settings(method, knobs)
        used = [one for one in self.method(method).networks.values() if one.used(settings)]
        return next((known.pace for known in map(self.shelf.known, used) if known.pace), None)

    def reads_texts(self, method: str) -> bool:
        """Whether the loaded networks can compare a text or question with anything: a vision tower may have come alone."""
        own = self.method(method)
        words = {"texts", "question"}
        readers = {name for stage in own.stages if words & {*inputs(stage)} for name in inputs(stage)} & own.networks.keys()
        return all(getattr(self.network(one, method).network, "reads", True) for one in readers)

    def network(self, name: str, method: str | None = None) -> Loaded:
        """A network on the engine's device, loaded when first asked for. method: whose, where two call another one so."""
        owners = self.methods.values() if method is None else (self.method(method),)
        found = {one.networks[name].key: (one.name, one.networks[name]) for one in owners if name in one.networks}
        if not found:
            names = dict.fromkeys(other for one in owners for other in one.networks)
            raise ReaderError(f"There is no network {name!r}. The networks are {', '.join(names)}.")
        if len(found) > 1:
            whose = ", ".join(owner for owner, _ in found.values())
            raise ReaderError(f"{name!r} is another network in {whose}: say of which method.")
        return self.shelf.get(next(iter(found.values()))[1])

    def _place(self, made: Loaded) -> None:
        """Onto the device, in the engine's precision."""
        if not isinstance(made.network, nn.Module):
            return
        try:
            made.network.to(self.device)
        except (MemoryError, torch.OutOfMemoryError) as wrong:
            said = f"{made.label} does not fit into the memory of {self.device}: use a smaller model or --device cpu."
            raise BadWeights(said) from wrong
        for part in made.network.modules():
            if isinstance(part, VisionTower):
                part.precision = self.precision


def first_model(name: str, methods: Mapping[str, Method] | None = None) -> str:
    """The model that a method's name stands for; any other name stands for itself. methods: not given, those found."""
    known = METHODS if methods is None else methods
    own = known[name].models if name in known else ()
    return own[0] if own else name


class _Networks(Mapping):
    """A method's networks by name, each loaded when it is looked at: limits load no more than they need."""

    def __init__(self, engine: Engine, method: str):
        self._engine, self._method, self._names = engine, method, engine.method(method).networks

    def __getitem__(self, name: str) -> Any:
        return self._engine.network(name, self._method).network if name in self._names else self._names[name]

    def __iter__(self):
        return iter(self._names)

    def __len__(self):
        return len(self._names)


def checked_texts(texts: Sequence[str] | None) -> tuple[str, ...]:
    """Texts without surrounding blanks and control letters, in the order given; too many, or too long ones, are a BadText."""
    if isinstance(texts, str):
        raise BadText(f"Texts are a list of sentences, got the single string {texts[:40]!r}.")
    if isinstance(texts, Mapping) or not isinstance(texts, Iterable | None):
        raise BadText(f"Texts are a list of sentences, got {str(texts)[:40]}.")
    given = tuple(texts or ())
    if len(given) > TEXTS:
        raise BadText(f"Up to {TEXTS} texts can be compared at once, got {len(given)}.")
    return tuple(checked_text(text) for text in given)


def checked_text(text: Any, what: str = "A text", most: int = TEXT_LENGTH, but: str = "") -> str:
    """A text without surrounding blanks and control letters, except those in `but`; anything else is a BadText."""
    if not isinstance(text, str):
        raise BadText(f"{what} is a sentence, got {str(text)[:40]}.")
    if any(unicodedata.category(letter) == "Cs" for letter in text):
        raise BadText(f"{what} has whole characters, got half of one, as of a cut emoji: {text[:40]!r}.")
    plain = without_control(text, but).strip()
    if not 0 < len(plain) <= most:
        raise BadText(f"{what} has 1 to {most} characters, got {len(plain)}: {plain[:40]!r}.")
    return plain


def checked_question(name: str, question: str | None, asked: bool) -> str:
    """The question as a stage gets it; "" where there is none and nothing that is to run asks for one."""
    if question is not None:
        return checked_text(question, "A question", QUESTION_LENGTH, but="\n")
    if asked:
        raise BadText(f'{name} answers a question about what is seen: give one, question="What happens first?".')
    return ""


def check_seen(name: str, needed: Collection[str], clip: Any, video: Any) -> None:
    """A BadClip where the clip or the video that a method's stages ask for is not there, or is something else."""
    if not isinstance(clip, Clip) and (clip is not None or "clip" in needed):
        raise BadClip(f"A clip is what `read_clip` gives, got {described(clip)}.")
    if video is None and "video" in needed:
        raise BadClip(f"{name} looks through a whole video: give one, video=open_video(path).")
    if video is not None and not isinstance(video, Footage):
        raise BadClip(f"A video is what `open_video` gives, got {described(video)}.")


def described(value: Any) -> str:
    """What was given, for a sentence."""
    if value is None:
        return "nothing"
    return f"the path {str(value)!r}" if isinstance(value, (str, PathLike)) else f"a {type(value).__name__}"


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


def _everything(method: Method, texts: bool, given: Iterable[str]) -> tuple[str, ...]:
    """Every stage, without those that need texts where there are none, those that only serve what is given, and closer looks,
    which are asked for by name."""
    without = {*(() if texts else downstream(method.stages, "texts")), *(one.stage for one in method.outputs if one.closer)}
    names = [stage.__name__ for stage in method.stages if stage.__name__ not in without]
    ends = [name for name in names if not set(names) & set(downstream(method.stages, name))]
    served = {stage.__name__ for stage in upstream(method.stages, [*ends, *given], given)}
    return tuple(name for name in names if name in served)


def _at_most(value: Any, limit: float | None) -> Any:
    return value if limit is None else min(value, type(value)(limit))
