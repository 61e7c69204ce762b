"""The link of a view, and reading it, or a view's JSON, again.

    v=1&d=5c1e&m=stop&c=1-moves&f=3&o=score_TP&k.alpha=0.3&y=a+red+ring+moves+left

    v  schema version        m  method          f  current frame, from 1     k.NAME  a knob that is not at its default
    d  digest of defaults    c  clip's name     o  overlay                   y       a text, once for each
    n  frames of the clip    b.…  the same fields of the set that is compared
    e  an edit of the clip, once for each, in order: e=reverse, e=freeze,first:1,last:0,frame:3
    s u  the seconds of the file that are read, from and until              q  a question

A link names a clip, never a file. What a link or a JSON says is checked by the knobs themselves; what is not understood falls
back to defaults, and a note says so; an edit that is not understood, or cannot be done to the clip, is left out. An edit is
written with every setting, for `d` knows the knobs' defaults alone. Links and JSON of before there were edits are read as
before, so the version is the same. A reader's own note is in the JSON and not in the link.
"""

import json
from collections.abc import Callable, Collection, Mapping
from typing import Any, NamedTuple
from urllib.parse import parse_qsl, urlencode

from core.engine import QUESTION_LENGTH, TEXT_LENGTH, TEXTS, checked_text
from core.errors import BadKnob, ReaderError
from core.keys import digest
from core.knobs import Knob, KnobSet
from core.publish.view import (
    FRAMES,
    NAME_LENGTH,
    NOTE_LENGTH,
    VERSION,
    Setting,
    View,
    clip_name,
    default_overlay,
    overlays,
)  # fmt: skip
from core.registry import METHODS
from core.video.edits import EDITS, MOST, checked_edits, frames_left
from core.video.read import checked_moment

LINK_LENGTH = 8000  # characters: what browsers and proxies carry
FIELDS = 200  # of a link
FRAME = "t"  # a knob of this name is a frame of the clip, counted from 1
NOTES = 12  # said at once: a hostile link must not fill the page

Limits = Callable[[str], Mapping[str, float]]  # method → upper ends of its knobs with the loaded weights


class Read(NamedTuple):
    """A view that was read, and sentences on what was not understood."""

    view: View
    notes: tuple[str, ...]


def defaults_digest(method: str) -> str:
    """Four letters that change when a default does: a link names only knobs that are not at theirs."""
    return digest(*(f"{one.name}={one.default!r}" for one in METHODS[method].knobs.knobs()))[:4]


# ---- writing ----------------------------------------------------------------------------------------------------------


def to_link(view: View) -> str:
    """The query string of a view, without its note. A view that no link can hold is a ReaderError."""
    shown, other = view.shown, view.compared
    pairs: list[tuple[str, Any]] = [("v", VERSION), ("d", defaults_digest(shown.method)), *_pairs(shown)]
    pairs += [*_moment(shown, ()), *(("e", _edit(one)) for one in shown.edits)]
    pairs += [("y", text) for text in shown.texts]
    pairs += [("q", shown.question)] if shown.question else []
    pairs += [("f", view.frame + 1)] if view.frame else []
    pairs += [("o", view.overlay)] if view.overlay != default_overlay(shown.method) else []
    if other:
        texts = [] if other.texts == shown.texts else [("y", text) for text in other.texts or ("",)]
        edits = [] if other.edits == shown.edits else [("e", _edit(one)) for one in other.edits or ({"name": ""},)]
        question = [] if other.question == shown.question else [("q", other.question)]
        said = [("d", defaults_digest(other.method)), *_pairs(other, shown.frames), *_moment(other, shown.moment)]
        said += [*edits, *texts, *question]
        pairs += [(f"b.{name}", value) for name, value in said]
    made = "&".join(urlencode([pair], safe=",:" if pair[0] in ("e", "b.e") else "") for pair in pairs)
    if len(made) > LINK_LENGTH:
        raise ReaderError(f"A link has up to {LINK_LENGTH} characters, and this view needs {len(made)}: use fewer texts.")
    return made


def link_in_words(view: View) -> str:
    """The query string for a caption; of a view that no link can hold, nothing."""
    try:
        return to_link(view)
    except ReaderError:
        return ""


def _pairs(asked: Setting, frames: int = FRAMES.default) -> list[tuple[str, Any]]:
    """Method, clip, frames where they are others, and the knobs that were turned."""
    knobs = METHODS[asked.method].knobs.knobs()
    turned = [(f"k.{one.name}", _short(asked.settings[one.name])) for one in knobs if asked.settings[one.name] != one.default]
    length = [("n", asked.frames)] if asked.frames != frames else []
    return [("m", asked.method), ("c", asked.clip), *length, *turned]


def _moment(asked: Setting, beside: tuple[float, ...]) -> list[tuple[str, Any]]:
    """Where it is another than that beside; of all of the file, two that say nothing."""
    return [] if asked.moment == beside else list(zip("su", map(_short, asked.moment or ("", ""))))


def _edit(one: Mapping[str, Any]) -> str:
    """ "freeze,first:1,last:0,frame:3"."""
    return ",".join([one["name"], *(f"{name}:{_short(value)}" for name, value in one.items() if name != "name")])


def _short(value: Any) -> str:
    return str(int(value)) if isinstance(value, bool) else repr(value) if isinstance(value, float) else str(value)


# ---- reading ----------------------------------------------------------------------------------------------------------


def from_link(
    query: str, clips: Collection[str] = (), limits: Limits = lambda method: {}, methods: Collection[str] | None = None
) -> Read:  # fmt: skip
    """The view of a query string. Whatever it holds, there is a view, and a sentence for each thing not understood.

    clips: the names that can be opened, the first for links that name none of them; none given: every name is taken.
    methods: those that there are, the first for links that name none of them; not given, those that were found.
    """
    notes: list[str] = []
    if not isinstance(query, str) or len(query) > LINK_LENGTH:
        query, notes = "", [f"The link is longer than {LINK_LENGTH} characters and was not read."]
    try:
        pairs = parse_qsl(query.removeprefix("?"), keep_blank_values=True, max_num_fields=FIELDS)
    except ValueError:
        pairs, notes = [], [f"The link has more than {FIELDS} fields and was not read."]
    plain: dict[str, Any] = {"knobs": {}}
    other: dict[str, Any] = {"knobs": {}}
    for name, value in pairs:
        if name.startswith("__") or name in ("tour", "present"):
            continue  # the page's own, as Gradio's theme
        of, key = (other, name[2:]) if name.startswith("b.") else (plain, name)
        if key == "y":
            of.setdefault("texts", []).extend([value] if value else [])
        elif key == "e":
            of.setdefault("edits", []).extend([value] if value else [])
        elif key.startswith("k."):
            of["knobs"][key[2:]] = value
        elif key in LETTERS and (of is plain or key in "dmcnqsu"):
            of[LETTERS[key]] = value
        else:
            notes.append(f"The link's field {_echo(name)} is not known.")
    for of in (plain, other):
        if {"start", "end"} & of.keys():
            both = [of.pop("start", ""), of.pop("end", "")]
            of["moment"] = both if any(both) else []
    if "frame" in plain:  # counted from 1 in a link, as on the page
        one = _whole(plain["frame"])
        plain["frame"] = plain["frame"] if one is None else one - 1
    if other != {"knobs": {}}:
        plain["compared"] = other
    if pairs and "version" not in plain:
        notes.append("The link does not say its version: it is read as today's.")
    return _told(_view(plain | {"version": plain.get("version", VERSION)}, clips, limits, methods, notes), notes)


LETTERS = {
    "v": "version", "d": "defaults", "m": "method", "c": "clip", "n": "frames", "f": "frame", "o": "overlay",
    "q": "question", "s": "start", "u": "end",
}  # fmt: skip


def from_json(text: str, clips: Collection[str] = (), limits: Limits = lambda method: {}) -> Read:
    """The view of a JSON text, as `from_link`. A text that is no JSON is a ReaderError."""
    return from_plain(parsed(text), clips, limits)


def from_plain(
    plain: Any, clips: Collection[str] = (), limits: Limits = lambda method: {}, methods: Collection[str] | None = None
) -> Read:  # fmt: skip
    """The view of what `to_plain` made, or of anything else. clips, methods: as of `from_link`."""
    notes: list[str] = []
    if not isinstance(plain, Mapping):
        notes.append("There is no view in it.")
        plain = {"version": VERSION}
    return _told(_view(plain, clips, limits, methods, notes), notes)


def parsed(text: str) -> Any:
    """What a JSON text holds; a ReaderError if it is none."""
    try:
        return json.loads(text)
    except (ValueError, TypeError, RecursionError) as wrong:
        raise ReaderError("This is not a JSON text.") from wrong


def _told(view: View, notes: list[str]) -> Read:
    more = len(notes) - NOTES
    return Read(view, (*notes[:NOTES], *([f"{more} more things were not understood."] if more > 0 else [])))


def _view(
    plain: Mapping[str, Any], clips: Collection[str], limits: Limits, methods: Collection[str] | None, notes: list[str]
) -> View:  # fmt: skip
    version = _whole(plain.get("version"))
    if version is None or version < 1:
        notes.append(f"The version {_echo(plain.get('version'))} is not known: it is read as {VERSION}.")
    elif version > VERSION:
        notes.append(f"This was made by a later version ({version}); what version {VERSION} knows of it is shown.")
    methods = METHODS if methods is None else methods
    shown = _asked(plain, None, clips, limits, methods, notes)
    other = plain.get("compared")
    compared = _asked(other, shown, clips, limits, methods, notes) if isinstance(other, Mapping) else None
    if other is not None and compared is None:
        notes.append("The compared set is not understood and left out.")
    frame, overlay, note = _whole(plain.get("frame", 0)), plain.get("overlay", ""), plain.get("note", "")
    if frame is None or not 0 <= frame < shown.length:
        notes.append(f"The current frame is 1 to {shown.length}: the first is shown.")
        frame = 0
    if overlay and overlay not in overlays(shown.method):
        notes.append(f"The overlay {_echo(overlay)} is not one of {shown.method}'s.")
        overlay = ""
    if not isinstance(note, str) or len(note) > NOTE_LENGTH:
        notes.append(f"A note is a text of up to {NOTE_LENGTH} characters: it is cut or left out.")
        note = note[:NOTE_LENGTH] if isinstance(note, str) else ""
    return View(shown, frame, overlay or "", compared, note)


def _asked(
    plain: Mapping[str, Any], beside: Setting | None, clips: Collection[str], limits: Limits, methods: Collection[str],
    notes: list[str],
) -> Setting:  # fmt: skip
    """One set. beside: whose method, clip, frames, edits and texts it has where it names none."""
    usual = beside.method if beside else next(iter(methods))
    method = plain.get("method", usual)
    if not isinstance(method, str) or method not in methods:
        notes.append(f"There is no method {_echo(method)}. The methods are {', '.join(methods)}.")
        method = usual
    if plain.get("defaults", defaults_digest(method)) != defaults_digest(method):
        notes.append(f"Defaults of {method} have changed since this link was made; knobs it does not name have today's.")
    first = next(iter(clips), "clip")
    clip = plain.get("clip", beside.clip if beside else first)
    if not isinstance(clip, str) or clip != clip_name(clip) or (clips and clip not in clips):
        shown = beside.clip if beside else first
        notes.append(f"The clip {_echo(clip)} is not here, and {shown} is shown. If it is your own, bring its file again.")
        clip, plain = shown, {**plain, "moment": []}
    frames = FRAMES.default if beside is None else beside.frames
    if "frames" in plain:
        frames = _checked(FRAMES, plain["frames"], frames, notes)
    texts = plain.get("texts", beside.texts if beside else ())
    edits = _edits(plain.get("edits", list(beside.edits) if beside else []), frames, notes)
    knobs = _knobs(method, plain.get("knobs", {}), limits, frames_left(edits, frames), notes)
    question = _question(plain.get("question", beside.question if beside else ""), notes)
    moment = _seconds(plain.get("moment", list(beside.moment) if beside else []), notes)
    return Setting(method, clip, frames, knobs, _texts(texts, notes), edits, question, moment)


def _knobs(method: str, given: Any, limits: Limits, length: int, notes: list[str]) -> KnobSet:
    """length: frames of the clip, where a knob that is a frame of it ends."""
    given = given if isinstance(given, Mapping) else {}
    known = {one.name: one for one in METHODS[method].knobs.knobs()}
    notes += [f"{method} has no knob {_echo(name)}." for name in given if name not in known]
    made = {name: _checked(one, given[name], one.default, notes) for name, one in known.items() if name in given}
    ends = [(name, most, "for these weights") for name, most in limits(method).items()]
    for name, most, where in ends + [(FRAME, length, "in this clip")] * (FRAME in known):
        if made.get(name, known[name].default) > most:
            if name in made:
                notes.append(f"{known[name].symbol} ({name}) goes up to {most:g} {where}, so it is {most:g}.")
            made[name] = type(known[name].default)(most)
    return METHODS[method].knobs.of(made)


def _checked(one: Knob, value: Any, otherwise: Any, notes: list[str]) -> Any:
    """The knob's value, of a text or of what JSON has; else `otherwise`, and a note."""
    try:
        if isinstance(value, str) and one.kind != "choice":
            value = {"1": True, "0": False}[value] if one.kind == "switch" else float(value[:NAME_LENGTH])
        made = one.stepped(one.check(value))
        if made != value and one.kind == "whole":
            notes.append(f"{one.symbol} ({one.name}) goes in steps of {one.span[2]}, so it is {made} and not {int(value)}.")
        return made
    except (BadKnob, KeyError, OverflowError, TypeError, ValueError):
        if one.kind == "switch":
            allowed = "on or off (1 or 0)"
        elif one.kind == "choice":
            allowed = f"one of {', '.join(one.span)}"
        else:
            allowed = f"{'a whole number' if one.kind == 'whole' else 'a number'} from {one.span[0]} to {one.span[1]}"
        notes.append(f"{one.symbol} ({one.name}) is {allowed}, got {_echo(value)}: it is {otherwise}.")
        return otherwise


def _texts(given: Any, notes: list[str]) -> tuple[str, ...]:
    listed = list(given) if isinstance(given, (list, tuple)) else []
    clean = [" ".join("".join(c if c.isprintable() else " " for c in one).split()) for one in listed if isinstance(one, str)]
    made = tuple(one for one in clean if 0 < len(one) <= TEXT_LENGTH)[:TEXTS]
    if len(made) < len(listed) or not isinstance(given, (list, tuple)):
        notes.append(f"Texts are up to {TEXTS} sentences of 1 to {TEXT_LENGTH} characters: the others are left out.")
    return made


def _question(given: Any, notes: list[str]) -> str:
    try:
        return checked_text(given, "A question", QUESTION_LENGTH, but="\n") if given else ""
    except ReaderError as wrong:
        notes.append(f"{wrong} It is left out.")
        return ""


def _seconds(given: Any, notes: list[str]) -> tuple[float, ...]:
    try:
        return checked_moment([float(one[:NAME_LENGTH]) if isinstance(one, str) else one for one in given])
    except (BadKnob, TypeError, ValueError) as wrong:
        notes.append(f"{wrong if isinstance(wrong, BadKnob) else 'A moment is two numbers of seconds.'} All of it is read.")
        return ()


def _edits(given: Any, frames: int, notes: list[str]) -> tuple[Mapping[str, Any], ...]:
    """Those that can be done one after the other to a clip of so many frames."""
    made: tuple[Mapping[str, Any], ...] = ()
    if not isinstance(given, (list, tuple)) or len(given) > MOST:
        notes.append(f"Edits of the clip are a list of up to {MOST}: all are left out.")
        return made
    for place, one in enumerate(given, 1):
        try:
            more = checked_edits([*made, _unwritten(one) if isinstance(one, str) else one])
            frames_left(more, frames)
            made = more
        except (ReaderError, KeyError, OverflowError, TypeError, ValueError):
            name = one.get("name", "") if isinstance(one, Mapping) else one
            notes.append(f"Edit {place} of the clip, {_echo(name)}, is not understood or cannot be done, and left out.")
    return made


def _unwritten(text: str) -> dict[str, Any]:
    """What `_edit` wrote."""
    name, *settings = text.split(",")
    kinds = {one.name: one.kind for one in EDITS[name].knobs()}
    pairs = [one.partition(":")[::2] for one in settings]
    return {"name": name} | {key: value if kinds[key] == "choice" else float(value[:NAME_LENGTH]) for key, value in pairs}


def _whole(value: Any) -> int | None:
    """A whole number of a text or of JSON, or None."""
    if isinstance(value, str) and 0 < len(value) <= 9 and value.isascii() and value.isdigit():
        return int(value)
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def _echo(value: Any) -> str:
    """What somebody else wrote, harmless wherever it is shown: letters, digits and few signs, and not many."""
    plain = f"{value!r:.40}" if isinstance(value, (int, float)) else type(value).__name__
    text = value if isinstance(value, str) else plain
    return f"“{''.join(c if c.isalnum() or c in ' _-.,' else '·' for c in text[:24])}{'…' if len(text) > 24 else ''}”"
