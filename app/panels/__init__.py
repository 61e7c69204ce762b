"""Folds under a viewer: what is done with what the viewer shows. Each is a file of assets/viewer/panels and the server
functions that it asks.

A panel's file exports `panel(host, given)`, called when a reader opens its fold for the first time. It may return
{toggled(open)}, called at every opening and closing; that of the equations has equation(stage, go), too. given:

    method, about, own        the method's name, what its viewer was told once, what this panel is told once
    view                      the viewer: `state()`, `look({frame, overlay})`, `ask(request)`; A beside what is shown:
                              `pin(request, title)`, `unpin()`, `pinned()`; what a reader points at: see base/parts.js
    request()                 the values on the page, as `app.server.request` reads them
    turn(knob, value)         turns a knob as the reader would
    edit(list)                edits the clip: every edit, in order
    server, hooks             the server's functions by name; the viewer's hooks
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from app.panels import explain, selfcheck
from app.panels.edits import edit_words, whatif_functions
from app.panels.equations import equation_words
from app.panels.sweep import sweep_functions, sweep_words, sweeps
from app.server.request import Desk
from core.method import Method


@dataclass(frozen=True)
class Panel:
    """title: what the fold says, or method → that. about: desk → what its file is told once. serve: desk → server functions,
    each of a name that no other panel has. fits: method → whether it has this fold. alone: method → the same as about, of a
    fold whose functions a browser has itself (app.site); None: it needs a server."""

    name: str
    title: str | Callable[[Method], str]
    about: Callable[[Desk], Any] = lambda desk: None
    serve: Callable[[Desk], tuple[Callable[..., Any], ...]] = lambda desk: ()
    fits: Callable[[Method], bool] = lambda method: True
    alone: Callable[[Method], Any] | None = None


PANELS: tuple[Panel, ...] = (
    Panel("equations", "Equations: what each term is, here", lambda desk: equation_words(desk.method), alone=equation_words),
    Panel("explain", explain.title, explain.about, explain.serve, explain.fits),
    Panel("selfcheck", "Self-check: is what is drawn right?", selfcheck.about, selfcheck.serve, selfcheck.fits),
    Panel(
        "edits", "What if: edit the clip", lambda desk: edit_words(desk.method), whatif_functions,
        lambda method: "clip" in method.sources, edit_words,
    ),
    Panel(
        "sweep", "Sweep: two knobs at once", lambda desk: sweep_words(desk.method), sweep_functions, sweeps, sweep_words
    ),
)  # fmt: skip


def panels_of(method: Method) -> tuple[Panel, ...]:
    """The folds of a method, in the order they stand."""
    fitting = (one for one in PANELS if one.fits(method))
    return tuple(replace(one, title=one.title(method)) if callable(one.title) else one for one in fitting)
