"""The fold “Equations”: a method's equations, term by term, with the output that shows each term, and what paper, released code
and we say where they differ."""

import re
from html import escape
from typing import Any

from app.controls.knobs import plain
from app.help.glossary import glossed
from core import METHODS
from core.equation import Term, derived, parts
from core.method import Method
from core.methods import lesson


def equation_words(method: Method) -> list[dict[str, Any]]:
    """What the fold is told once: a method's equations in parts, and the kind of every output that a term may light."""
    readings = dict(lesson(method, "READINGS"))
    outputs = {one.stage: one for one in method.outputs}
    knobs = {one.name: one for one in method.knobs.knobs()}

    def term_of(term: Term | str) -> dict[str, Any] | str:
        """A term, or text as it is."""
        if not isinstance(term, Term):
            return term
        if term.name in knobs:
            one = knobs[term.name]
            return {
                "knob": term.name,
                "symbol": term.symbol or plain(one.symbol),
                "title": one.meaning,
                "digits": one.kind == "real",
            }
        lit = outputs[term.lights or term.name]
        own = term.name in outputs
        return {
            "stage": term.name,
            "symbol": term.symbol or lit.symbol,
            "title": lit.title if own else f"lights {lit.title}",
            "lights": {"stage": lit.stage, "kind": type(lit).__name__},
            "number": own,
        }

    def line(text: str) -> list[dict[str, Any] | str]:
        return [term_of(one) for one in parts(text)]

    return [
        {
            "formula": line(one.formula),
            "numbers": line(one.numbers),
            "said": glossed(one.said),
            "differs": [
                [who, numbered(glossed(said), method)]
                for who, said in (
                    ("paper", one.paper),
                    ("released code", one.released),
                    *((f"ours, {topic}", readings[topic]) for topic in one.ours),
                )
                if said
            ],
        }
        for one in lesson(method, "EQUATIONS") or derived(method)
    ]


def numbered(text: str, method: Method) -> str:
    """HTML whose numbers of differences, D1 …, tell what they are when they are pointed at: the method's own if it lists any,
    else those of the first that does."""
    listed = (lesson(one, "DIFFERENCES") for one in (method, *METHODS.values()))
    known = {number: plain(sentence) for number, sentence in next(filter(None, listed), ())}
    return re.sub(
        r"\bD\d+", lambda one: f'<abbr title="{escape(known[one[0]])}">{one[0]}</abbr>' if one[0] in known else one[0], text
    )  # fmt: skip
