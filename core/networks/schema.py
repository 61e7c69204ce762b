"""What a file of ours may say about itself, checked before anything is built from it.

    LENS = {"kind": one_of("lens"), "rings": whole(1, 64), "glass": fields({"index": number(1, 3)})}
    about = described(read_about(file), LENS, file.name)

A description is JSON from a file of anyone's: a number may be a text, negative or giant, a list endless. Whatever a method's
networks are built from has a rule here; what has none is left as it is and must not decide how anything is built.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from math import isfinite
from typing import Any, NoReturn

from core.errors import BadWeights

LONGEST = 1 << 20  # characters of a description: a vocabulary of 50,000 words


@dataclass(frozen=True)
class Rule:
    """allowed: for the reader. holds: whether a value is. parts: of a dictionary; every one must hold."""

    allowed: str
    holds: Any = None
    parts: Mapping[str, "Rule"] | None = None
    needed: bool = True


def whole(low: int, high: int) -> Rule:
    """A whole number; True and False are none."""
    return Rule(f"a whole number from {low} to {high}", lambda one: type(one) is int and low <= one <= high)


def number(low: float, high: float) -> Rule:
    """A number that is one."""
    return Rule(
        f"a number from {low:g} to {high:g}", lambda one: type(one) in (int, float) and isfinite(one) and low <= one <= high
    )


def text(longest: int = 1000) -> Rule:
    """Words."""
    return Rule(f"a text of up to {longest} characters", lambda one: isinstance(one, str) and len(one) <= longest)


def switch() -> Rule:
    """Yes or no."""
    return Rule("true or false", lambda one: type(one) is bool)


def one_of(*values: str) -> Rule:
    """One of these words."""
    return Rule(" or ".join(values), lambda one: isinstance(one, str) and one in values)


def listed(rule: Rule, least: int, most: int) -> Rule:
    """A list of such."""
    return Rule(
        f"a list of {least} to {most}, each {rule.allowed}",
        lambda one: isinstance(one, list) and least <= len(one) <= most and all(map(rule.holds, one)),
    )


def fields(parts: Mapping[str, Rule]) -> Rule:
    """A dictionary with at least these."""
    return Rule("a description by name", lambda one: isinstance(one, dict), parts)


def maybe(rule: Rule) -> Rule:
    """The same, and nothing will do as well."""
    return Rule(rule.allowed, rule.holds, rule.parts, needed=False)


def parsed(said: str, file: str) -> dict[str, Any]:
    """A description as it stands in a file. NaN and infinity, which Python's JSON knows, are no numbers here."""

    def none(constant: str) -> NoReturn:
        raise ValueError(constant)

    try:
        about = json.loads(said, parse_constant=none) if len(said) <= LONGEST else None
    except (ValueError, RecursionError) as wrong:
        raise BadWeights(f"What {file} says about itself is no JSON that can be read.") from wrong
    if not isinstance(about, dict):
        raise BadWeights(f"What {file} says about itself is no description by name of up to {LONGEST} characters.")
    if not isinstance(about.get("kind"), str):
        raise BadWeights(f"{file} does not say what it holds: it was not written by this project.")
    return about


def described(about: dict[str, Any], rules: Mapping[str, Rule], file: str, inside: str = "") -> dict[str, Any]:
    """The same description; a BadWeights where something is missing or is not what its rule allows."""
    for name, rule in rules.items():
        if name not in about:
            if rule.needed:
                raise BadWeights(f"{file} does not say its {inside}{name} ({rule.allowed}).")
            continue
        if not rule.holds(about[name]):
            raise BadWeights(f"{file} says that its {inside}{name} is {shown(about[name])}; it is {rule.allowed}.")
        if rule.parts:
            described(about[name], rule.parts, file, f"{inside}{name}.")
    return about


def shown(value: Any) -> str:
    """A value, or the beginning of one, as it stands in a sentence. A giant number has too many digits to be written."""
    if type(value) is int and value.bit_length() > 200:
        return "a number of very many digits"
    return json.dumps(value)[:60] if isinstance(value, (str, int, float, bool, type(None))) else f"a {type(value).__name__}"
