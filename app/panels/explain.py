"""The fold “Explain”: why this text, why this detection, and whether a map is true to the network.

    choices_to_explain   what there is to be explained, at the knobs as they are
    cost_of_explaining   seconds that each of the next three takes on this machine
    explanation          a map by one of Captum's attributions, for the viewer to draw
    tests_of_maps        deletion, insertion, infidelity, and the truth where it is known: of that map and the method's own
    steadiness_of_maps   how far the same maps move with a little noise

Options of a request: chosen (what is asked of a choice), attribution, settings, own (whether the method's own maps are wanted
too), shown (whether the attribution's map is). Results are kept by content, a few of them: a test asks for the map that was
shown.
"""

from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from app.figures.boxes import things_found
from app.figures.context import is_strange
from app.figures.pack import grid16, knob_payload
from app.figures.truth import actor_THW, boxes_of, things_seen
from app.server.jobs import Run
from app.server.memo import Memo
from app.server.request import Desk, Request
from core import ReaderError
from core.explain import (
    ATTRIBUTIONS,
    Choice,
    Explained,
    Explanation,
    Own,
    Subject,
    against_truth,
    attribution,
    controls,
    explained,
    faithfulness_of,
    own_maps,
    sensitivity_of,
)
from core.explain.captum_tests import RADIUS, SAMPLES
from core.explain.faithfulness import Controls, Faithfulness, beyond, rows
from core.kinds import THING
from core.method import Method
from core.metrics import on_actor
from core.progress import CalledOff, Progress
from core.video.clip import Clip

TruthMap = tuple[str, np.ndarray]  # who is looked for, and the patches that hold a part of it [T, P]

MAPS, CONTROLS, SPEEDS = 64, 32, 64  # kept at most; a map and its controls are a few kB each
RUN = "explain"  # the kind of run that a reader looks after and calls off
NO_TRUTH = "What is there is not known of this clip, so nothing is compared with the truth."
NO_THING = "This detection finds nothing that is there, so there is no truth to compare with."


@dataclass(frozen=True, eq=False)
class Why:
    """One request, and what of it is explained. choices: all that there is."""

    request: Request
    choice: Choice
    choices: tuple[Choice, ...]

    @property
    def key(self) -> Hashable:
        """Of the number that is explained: by content alone."""
        one = self.request
        choice = self.choice.said, repr(sorted(self.choice.asked.items()))
        return id(one.engine), one.method.name, one.clip.key, *choice, tuple(one.settings.items())

    def subject(self, cancelled: CalledOff = lambda: False) -> Subject:
        one = self.request
        return offered(one.method).subject(one.engine, one.clip, one.texts, self.choice, one.settings, cancelled)

    def own(self, subject: Subject, cancelled: CalledOff = lambda: False) -> tuple[Own, ...]:
        """The method's own maps of the network that gave the number."""
        one = self.request
        return own_maps(one.engine, one.method.name, one.clip, subject, one.settings, cancelled) if self.choice.own else ()

    def in_another(self, clip: Clip, cancelled: CalledOff) -> Subject:
        """The same choice's subject in a clip that is nearly the same."""
        one, explain = self.request, offered(self.request.method)
        again = explain.again(one.engine, clip, one.texts, self.choice, one.settings, cancelled)
        return explain.subject(one.engine, clip, one.texts, again, one.settings, cancelled)


def fits(method: Method) -> bool:
    """Whether anything of a method can be explained."""
    return explained(method.name) is not None


def offered(method: Method) -> Explained:
    """What of a method can be explained: of one that `fits`."""
    found = explained(method.name)
    assert found, "the fold is there where the part is"
    return found


def title(method: Method) -> str:
    """What the fold says."""
    return f"Explain: {offered(method).question}"


def about(desk: Desk) -> dict[str, Any]:
    """Everything about attributions and their settings that does not change."""
    explain = offered(desk.method)
    return {
        "none": explain.none,
        "held": explain.held,
        "unit": explain.unit,
        "attributions": [
            {"name": name, "title": one.title, "said": one.said, "knobs": [knob_payload(k) for k in one.knobs.knobs()]}
            for name, one in ATTRIBUTIONS.items()
        ],
    }


def serve(desk: Desk) -> tuple[Callable[..., str], ...]:
    """The server functions, in the order above."""
    one = Explanations(desk)
    return desk.served(
        one.choices_to_explain, one.cost_of_explaining, one.explanation, one.tests_of_maps, one.steadiness_of_maps
    )


class Explanations:
    """Of one tab, with those that were made before."""

    def __init__(self, desk: Desk):
        self.desk = desk
        self.maps, self.chance, self.speeds = Memo(MAPS), Memo(CONTROLS), Memo(SPEEDS)

    def choices_to_explain(self, request: Request) -> dict[str, Any]:
        """All that there is."""
        return {"choices": [choice_payload(request, one) for one in choices_of(request)]}

    def cost_of_explaining(self, request: Request) -> dict[str, float]:
        """Seconds of the three."""
        why, wanted, (name, settings) = why_of(request), wanted_of(request), attribution_of(request)
        subject, chosen = why.subject(), ATTRIBUTIONS[name]
        once = self._speed(request, subject)
        explain = once * chosen.rows(subject, chosen.knobs.of(settings))
        own = len(why.own(subject)) if wanted["own"] else 0
        test = once * rows(subject, maps=own + wanted["shown"])
        anew = once * (1 + len(request.clip) / len(subject.frame_T))  # a noisy clip goes through the network as a whole
        return {"explain": explain, "tests": test, "steady": (SAMPLES + 1) * (explain * wanted["shown"] + anew)}

    def explanation(self, request: Request) -> dict[str, Any]:
        """The map."""
        why, (name, settings) = why_of(request), attribution_of(request)

        def work(run: Run) -> dict[str, Any]:
            made = self._explained(why, name, settings, run.cancelled, progress(run, ATTRIBUTIONS[name].title))
            return map_payload(why, made, why.subject(run.cancelled).value())

        return self.desk.aside(request, RUN, work)

    def tests_of_maps(self, request: Request) -> dict[str, Any]:
        """Of every map that is wanted."""
        return self.desk.aside(request, RUN, partial(self._tests, why_of(request)))

    def steadiness_of_maps(self, request: Request) -> dict[str, Any]:
        """Of every map that is wanted."""
        return self.desk.aside(request, RUN, partial(self._steadiness, why_of(request)))

    def _explained(
        self, why: Why, name: str, settings: Mapping[str, Any], cancelled: CalledOff, heard: Progress
    ) -> Explanation:
        key = why.key, name, repr(ATTRIBUTIONS[name].knobs.of(dict(settings)))
        return self.maps.get(key, lambda: attribution(why.subject(cancelled), name, heard, cancelled, **settings), cancelled)

    def _speed(self, request: Request, subject: Subject) -> float:
        """Seconds of one forward pass: the same for all settings but those that choose a network."""
        switched = tuple(request.settings[k.name] for k in request.method.knobs.knobs() if k.kind in ("switch", "choice"))
        key = id(request.engine), request.method.name, request.clip.frames_THWC.shape, switched
        return self.speeds.get(key, subject.seconds)

    def _tests(self, why: Why, run: Run) -> dict[str, Any]:
        subject, wanted = why.subject(run.cancelled), wanted_of(why.request)
        tested = [(one.symbol, one.title, one.map_TP) for one in why.own(subject, run.cancelled)] if wanted["own"] else []
        if wanted["shown"]:
            name, settings = attribution_of(why.request)
            one = self._explained(why, name, settings, run.cancelled, progress(run, ATTRIBUTIONS[name].title))
            tested.append((one.title, "the attribution", one.map_TP))
        if not tested:
            raise ReaderError("There is no map to test yet: explain first. The single-frame detector has no maps of its own.")
        whole, base = rows(subject, maps=len(tested)), rows(subject, maps=0)
        heard = progress(run, "random places and the centre", 0, base / whole)

        def chance() -> Controls:
            return controls(subject, progress=heard, cancelled=run.cancelled)

        against = self.chance.get(why.key, chance, run.cancelled)
        truth, each, made = truth_of(why, subject), (1 - base / whole) / len(tested), []
        for place, (symbol, title, map_TP) in enumerate(tested):
            heard = progress(run, symbol, base / whole + place * each, each)
            found = faithfulness_of(subject, symbol, map_TP, against, heard, run.cancelled)
            made.append(test_payload(found, title, map_TP, truth, subject.grid))
        what = named(why.request, why.choice, subject.what)
        return {"what": what, "truth": truth if isinstance(truth, str) else None, "rows": made}

    def _steadiness(self, why: Why, run: Run) -> dict[str, Any]:
        one, subject, wanted = why.request, why.subject(run.cancelled), wanted_of(why.request)
        symbols = [own.symbol for own in why.own(subject, run.cancelled)] if wanted["own"] else []

        def own_of(clip: Clip, symbol: str) -> np.ndarray:
            maps = own_maps(one.engine, one.method.name, clip, subject, one.settings, run.cancelled)
            return next(own.map_TP for own in maps if own.symbol == symbol)

        def attributed(clip: Clip, name: str, settings: Mapping[str, Any]) -> np.ndarray:
            return attribution(why.in_another(clip, run.cancelled), name, cancelled=run.cancelled, **settings).map_TP

        maps = {symbol: partial(own_of, symbol=symbol) for symbol in symbols}
        if wanted["shown"]:
            name, settings = attribution_of(one)
            maps[ATTRIBUTIONS[name].title] = partial(attributed, name=name, settings=settings)

        def measured(place: int, symbol: str) -> str:
            heard = progress(run, f"{symbol} with noise", place / len(maps), 1 / len(maps))
            return steady(symbol, lambda: sensitivity_of(maps[symbol], one.clip, progress=heard, cancelled=run.cancelled))

        return {"rows": {symbol: measured(place, symbol) for place, symbol in enumerate(maps)}}


# ---- what is wanted ---------------------------------------------------------------------------------------------------


def choices_of(request: Request) -> tuple[Choice, ...]:
    """What can be explained at these values."""
    choices = offered(request.method).choices
    return choices(request.engine, request.clip, request.texts, request.settings, lambda: False)


def why_of(request: Request) -> Why:
    """What is to be explained, if it is there."""
    choices, chosen = choices_of(request), request.options.get("chosen")
    if not choices:
        raise ReaderError(offered(request.method).none)
    for one in choices:
        if one.asked == chosen:
            return Why(request, one, choices)
    raise ReaderError(f"What is to be explained is one of {len(choices)}: choose it again.")


def attribution_of(request: Request) -> tuple[str, dict[str, Any]]:
    """(name, settings) of an attribution; they are checked where it is made."""
    name, settings = request.options.get("attribution"), request.options.get("settings") or {}
    if not isinstance(name, str) or name not in ATTRIBUTIONS:
        raise ReaderError(f"There is no attribution {str(name)[:40]!r}. They are {', '.join(ATTRIBUTIONS)}.")
    if not isinstance(settings, Mapping):
        raise ReaderError("Settings of an attribution are values by name.")
    ATTRIBUTIONS[name].knobs.of(dict(settings))
    return name, dict(settings)


def wanted_of(request: Request) -> dict[str, bool]:
    """Which maps are tested: the method's own, the attribution that is shown."""
    return {"own": bool(request.options.get("own", True)), "shown": bool(request.options.get("shown"))}


def progress(run: Run, stage: str, start: float = 0.0, share: float = 1.0) -> Progress:
    """How far a part of a run is, told as a share of the whole."""
    return lambda done: run.progress(stage, start + share * done)


# ---- the truth --------------------------------------------------------------------------------------------------------


def truth_of(why: Why, subject: Subject) -> TruthMap | str:
    """(who is looked for, the patches that hold a part of it [T, P]), or the sentence why nothing is compared."""
    one = why.request
    if one.truth is None:
        return NO_TRUTH
    frames = list(subject.frame_T)
    if not why.choice.box:
        where_TP = on_actor(actor_THW(one.clip, one.truth)[frames], subject.grid)
        return ("the actor", where_TP) if where_TP.any() else "The actor is not to be seen in this clip."
    seen = things_seen(one.truth, one.clip.source_T[frames[0]])
    group = [other for other in why.choices if other.group == why.choice.group]
    found = things_found([other.name for other in group], [np.array(other.box) for other in group], boxes_of(seen))
    thing = found[group.index(why.choice)]
    if thing is None:
        return NO_THING
    _, name, mask_HW = seen[thing]
    return f"the {name}", on_actor(mask_HW[None].astype(int), subject.grid)


# ---- what travels -----------------------------------------------------------------------------------------------------


def named(request: Request, one: Choice, said: str) -> str:
    """What is said of a choice: on a clip that the weights do not know, a thing, whatever they would call it."""
    labels = request.engine.labels(request.method.name).values()
    return said.replace(one.name, THING, 1) if one.name and is_strange(labels, request.truth) else said


def choice_payload(request: Request, one: Choice) -> dict[str, Any]:
    return {"said": named(request, one, one.said), "group": one.group, "asked": dict(one.asked)}


def map_payload(why: Why, made: Explanation, value: float) -> dict[str, Any]:
    """A map as 16-bit whole numbers: from 0 to its largest, or, of either sign, from −largest to largest."""
    signed, one = ATTRIBUTIONS[made.name].signed, why.request
    largest = float(np.abs(made.map_TP).max())
    place_TP = made.map_TP / (largest or 1.0)
    return {
        "of": {"clip": one.key, "knobs": dict(one.settings), "weights": list(made.weights.values())},
        "what": named(one, why.choice, made.what),
        "value": value,
        "name": made.name,
        "title": made.title,
        "said": ATTRIBUTIONS[made.name].said,
        "signed": signed,
        "largest": largest,
        "grid": list(made.grid),
        "frames": list(made.frame_T),
        "code": grid16((place_TP + 1) / 2 if signed else place_TP),
        "settings": dict(made.settings),
        "notes": list(made.notes),
        "seconds": round(made.seconds, 2),
        "box": list(why.choice.box),
    }


def test_payload(
    found: Faithfulness, title: str, map_TP: np.ndarray, truth: TruthMap | str, grid: tuple[int, int]
) -> dict[str, Any]:
    """What the tests say of one map: its sentence, its curves with those of random places and how far from them chance
    reaches, in standard deviations and at each point, as in the sentence; and the truth where it is known."""
    agreed = None if isinstance(truth, str) else against_truth(map_TP, truth[1], grid, what=truth[0])
    return {
        "name": found.name,
        "title": title,
        "sentence": found.sentence,
        "better": found.better,
        "reach": beyond(found.seeds),
        "infidelity": [found.infidelity, found.infidelity_random],
        "truth": agreed and agreed.sentence,
        "curves": [
            {
                "kind": one.kind,
                "fill": one.fill,
                "share": digits(one.share_S),
                "score": digits(one.score_S),
                "random": digits(one.random_S),
                "reach": digits(beyond(found.seeds) * sd for sd in one.sd_S),
                "auc": round(one.auc, 4),
            }
            for one in found.curves
        ],
    }


def steady(name: str, measure: Callable[[], float]) -> str:
    """How far a map moves, in a sentence; also where there is no map to compare with."""
    try:
        moved = measure()
    except ReaderError as wrong:
        return f"{name}: {wrong}"
    least = "It does not move at all" if moved == 0 else f"It moves by up to {moved:.2g} times its own length"
    return f"{name}: {least} when no pixel moves by more than {round(RADIUS * 255)} of 255, {SAMPLES} times at random."


def digits(values: Any) -> list[float]:
    return [round(float(one), 5) for one in values]
