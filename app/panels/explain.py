"""The fold “Explain”: why this text, why this detection, and whether a map is true to the network.

    choices_to_explain   what there is to be explained, at the knobs as they are
    cost_of_explaining   seconds that each of the next three takes on this machine
    explanation          a map by one of Captum's attributions, for the viewer to draw
    tests_of_maps        deletion, insertion, infidelity, and the truth where it is known: of that map and the method's own
    steadiness_of_maps   how far the same maps move with a little noise

The browser sends `taken` as `app.server.request` has it, and: chosen (what is asked of a choice), attribution, settings, own
(whether the method's own maps are wanted too), shown (whether the attribution's map is). Results are kept by content, a few of
them: a test asks for the map that was shown.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial

import numpy as np

from app.figures.boxes import things_found
from app.figures.pack import grid16, knob_payload
from app.figures.truth import actor_THW, boxes_of, things_seen
from app.server.errors import sentence
from app.server.memo import Memo
from app.server.request import Request
from core import ReaderError
from core.explain import (
    ATTRIBUTIONS,
    Choice,
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
from core.explain.faithfulness import rows
from core.metrics import on_actor

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
    def key(self):
        """Of the number that is explained: by content alone."""
        one = self.request
        said = self.choice.said, repr(sorted(self.choice.asked.items()))
        return id(one.engine), one.method.name, one.clip.key, *said, tuple(one.settings.items())

    def subject(self, cancelled=lambda: False) -> Subject:
        one = self.request
        made = explained(one.method.name)
        return made.subject(one.engine, one.clip, one.texts, self.choice, one.settings, cancelled)

    def own(self, subject, cancelled=lambda: False) -> tuple[Own, ...]:
        """The method's own maps of the network that gave the number."""
        one = self.request
        return own_maps(one.engine, one.method.name, one.clip, subject, one.settings, cancelled) if self.choice.own else ()

    def in_another(self, clip, cancelled):
        """The same choice's subject in a clip that is nearly the same."""
        one, offered = self.request, explained(self.request.method.name)
        again = offered.again(one.engine, clip, one.texts, self.choice, one.settings, cancelled)
        return offered.subject(one.engine, clip, one.texts, again, one.settings, cancelled)


def fits(method):
    """Whether anything of a method can be explained."""
    return explained(method.name) is not None


def title(method):
    """What the fold says."""
    return f"Explain: {explained(method.name).question}"


def about(desk):
    """Everything about attributions and their settings that does not change."""
    offered = explained(desk.method.name)
    return {
        "none": offered.none,
        "held": offered.held,
        "unit": offered.unit,
        "attributions": [
            {"name": name, "title": one.title, "said": one.said, "knobs": [knob_payload(k) for k in one.knobs.knobs()]}
            for name, one in ATTRIBUTIONS.items()
        ],
    }


def serve(desk):
    """The server functions, in the order above."""
    maps, chance, speeds = Memo(MAPS), Memo(CONTROLS), Memo(SPEEDS)

    def explained(why, name, settings, cancelled, told) -> Explanation:
        made = ATTRIBUTIONS[name].knobs.of(settings)
        key = why.key, name, repr(made)
        return maps.get(key, lambda: attribution(why.subject(cancelled), name, told, cancelled, **settings), cancelled)

    def speed(request, subject):
        """Seconds of one forward pass: the same for all settings but those that choose a network."""
        switched = tuple(request.settings[k.name] for k in request.method.knobs.knobs() if k.kind in ("switch", "choice"))
        key = id(request.engine), request.method.name, request.clip.frames_THWC.shape, switched
        return speeds.get(key, subject.seconds)

    @sentence
    def choices_to_explain(taken):
        request = desk.request(taken)
        return {"choices": [choice_payload(one) for one in choices_of(request)]}

    @sentence
    def cost_of_explaining(taken):
        why = why_of(desk, taken)
        name, settings = attribution_of(taken)
        subject, wanted = why.subject(), wanted_of(taken)
        once, chosen = speed(why.request, subject), ATTRIBUTIONS[name]
        explain = once * chosen.rows(subject, chosen.knobs.of(settings))
        own = len(why.own(subject)) if wanted["own"] else 0
        test = once * rows(subject, maps=own + wanted["shown"])
        anew = once * (1 + len(why.request.clip) / len(subject.frame_T))  # a noisy clip goes through the network as a whole
        return {"explain": explain, "tests": test, "steady": (SAMPLES + 1) * (explain * wanted["shown"] + anew)}

    @sentence
    def explanation(taken):
        why = why_of(desk, taken)
        name, settings = attribution_of(taken)

        def work(run):
            made = explained(why, name, settings, run.cancelled, progress(run, ATTRIBUTIONS[name].title))
            return map_payload(why, made, why.subject(run.cancelled).value())

        return desk.aside(why.request, RUN, work)

    @sentence
    def tests_of_maps(taken):
        why = why_of(desk, taken)
        return desk.aside(why.request, RUN, partial(tests, why, taken))

    def tests(why, taken, run):
        subject, wanted = why.subject(run.cancelled), wanted_of(taken)
        tested = [(one.symbol, one.title, one.map_TP) for one in why.own(subject, run.cancelled)] if wanted["own"] else []
        if wanted["shown"]:
            name, settings = attribution_of(taken)
            one = explained(why, name, settings, run.cancelled, progress(run, ATTRIBUTIONS[name].title))
            tested.append((one.title, "the attribution", one.map_TP))
        if not tested:
            raise ReaderError("There is no map to test yet: explain first. The single-frame detector has no maps of its own.")
        whole, base = rows(subject, maps=len(tested)), rows(subject, maps=0)
        told = progress(run, "random places and the centre", 0, base / whole)
        against = chance.get(why.key, lambda: controls(subject, progress=told, cancelled=run.cancelled), run.cancelled)
        truth, each, made = truth_of(why, subject), (1 - base / whole) / len(tested), []
        for place, (symbol, said, map_TP) in enumerate(tested):
            told = progress(run, symbol, base / whole + place * each, each)
            found = faithfulness_of(subject, symbol, map_TP, against, told, run.cancelled)
            made.append(test_payload(found, said, map_TP, truth, subject.grid))
        return {"what": subject.what, "truth": truth if isinstance(truth, str) else None, "rows": made}

    @sentence
    def steadiness_of_maps(taken):
        why = why_of(desk, taken)
        return desk.aside(why.request, RUN, partial(steadiness, why, taken))

    def steadiness(why, taken, run):
        one, subject, wanted = why.request, why.subject(run.cancelled), wanted_of(taken)
        symbols = [own.symbol for own in why.own(subject, run.cancelled)] if wanted["own"] else []

        def own_of(clip, symbol):
            maps = own_maps(one.engine, one.method.name, clip, subject, one.settings, run.cancelled)
            return next(own.map_TP for own in maps if own.symbol == symbol)

        def attributed(clip, name, settings):
            return attribution(why.in_another(clip, run.cancelled), name, cancelled=run.cancelled, **settings).map_TP

        asked = {symbol: partial(own_of, symbol=symbol) for symbol in symbols}
        if wanted["shown"]:
            name, settings = attribution_of(taken)
            asked[ATTRIBUTIONS[name].title] = partial(attributed, name=name, settings=settings)

        def measured(place, symbol):
            told = progress(run, f"{symbol} with noise", place / len(asked), 1 / len(asked))
            return steady(symbol, lambda: sensitivity_of(asked[symbol], one.clip, progress=told, cancelled=run.cancelled))

        return {"rows": {symbol: measured(place, symbol) for place, symbol in enumerate(asked)}}

    return choices_to_explain, cost_of_explaining, explanation, tests_of_maps, steadiness_of_maps


# ---- what was asked ---------------------------------------------------------------------------------------------------


def choices_of(request):
    """What can be explained at these values."""
    offered = explained(request.method.name)
    return offered.choices(request.engine, request.clip, request.texts, request.settings, lambda: False)


def why_of(desk, taken):
    """What is to be explained, if it is there."""
    request = desk.request(taken)
    choices, chosen = choices_of(request), taken.get("chosen")
    if not choices:
        raise ReaderError(explained(request.method.name).none)
    for one in choices:
        if one.asked == chosen:
            return Why(request, one, choices)
    raise ReaderError(f"What is to be explained is one of {len(choices)}: choose it again.")


def attribution_of(taken):
    """(name, settings) of an attribution; they are checked where it is made."""
    name, settings = taken.get("attribution"), taken.get("settings") or {}
    if name not in list(ATTRIBUTIONS):
        raise ReaderError(f"There is no attribution {str(name)[:40]!r}. They are {', '.join(ATTRIBUTIONS)}.")
    if not isinstance(settings, Mapping):
        raise ReaderError("Settings of an attribution are values by name.")
    ATTRIBUTIONS[name].knobs.of(dict(settings))
    return name, dict(settings)


def wanted_of(taken):
    """Which maps are tested: the method's own, the attribution that is shown."""
    return {"own": bool(taken.get("own", True)), "shown": bool(taken.get("shown"))}


def progress(run, stage, start=0.0, share=1.0):
    """How far a part of a run is, told as a share of the whole."""
    return lambda done: run.progress(stage, start + share * done)


# ---- the truth --------------------------------------------------------------------------------------------------------


def truth_of(why, subject) -> "tuple[str, np.ndarray] | str":
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


def choice_payload(one):
    return {"said": one.said, "group": one.group, "asked": dict(one.asked)}


def map_payload(why, made, value):
    """A map as 16-bit whole numbers: from 0 to its largest, or, of either sign, from −largest to largest."""
    signed, one = ATTRIBUTIONS[made.name].signed, why.request
    largest = float(np.abs(made.map_TP).max())
    place_TP = made.map_TP / (largest or 1.0)
    return {
        "of": {"clip": one.key, "knobs": dict(one.settings), "weights": list(made.weights.values())},
        "what": made.what,
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


def test_payload(found, said, map_TP, truth, grid):
    """What the tests say of one map: its sentence, its curves with those of random places, and the truth where it is known."""
    agreed = None if isinstance(truth, str) else against_truth(map_TP, truth[1], grid, what=truth[0])
    return {
        "name": found.name,
        "title": said,
        "sentence": found.sentence,
        "better": found.better,
        "infidelity": [found.infidelity, found.infidelity_random],
        "truth": agreed and agreed.sentence,
        "curves": [
            {
                "kind": one.kind,
                "fill": one.fill,
                "share": digits(one.share_S),
                "score": digits(one.score_S),
                "random": digits(one.random_S),
                "sd": digits(one.sd_S),
                "auc": round(one.auc, 4),
            }
            for one in found.curves
        ],
    }


def steady(name, measure):
    """How far a map moves, in a sentence; also where there is no map to compare with."""
    try:
        moved = measure()
    except ReaderError as wrong:
        return f"{name}: {wrong}"
    least = "It does not move at all" if moved == 0 else f"It moves by up to {moved:.2g} times its own length"
    return f"{name}: {least} when no pixel moves by more than {round(RADIUS * 255)} of 255, {SAMPLES} times at random."


def digits(values):
    return [round(float(one), 5) for one in values]
