"""What `core.evaluate` measured of the eye on many videos, for the page; nothing of weights that it did not measure."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from core.methods.videolucy.memory import DEPTHS
from core.methods.videolucy.weights import load_eye
from core.networks.weights import WEIGHTS, Loaded

FILE = WEIGHTS / "metrics_videolucy.json"


def load_measured(spec: str | Path | Loaded | None) -> Loaded:
    """The eye, with what was measured of it."""
    made = load_eye(spec)
    made.network.measured = metrics_of(FILE, made.digest)
    return made


def metrics_of(file: Path, digest: str) -> Mapping[str, Any]:
    """What was found for these weights; empty where it was not asked."""
    try:
        found = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return found if digest in found.get("about", {}).get("digests", ()) else {}


def of(eye: Any) -> Mapping[str, Any]:
    """The same, of an eye that came without, too."""
    return getattr(eye, "measured", None) or {}


def depths(eye: Any) -> list[list[float]]:
    """(entropy, relevance) of the captions of each depth."""
    found = of(eye).get("depths", {})
    return [[found[name]["entropy"], found[name]["relevance"]] for name in DEPTHS] if found else []


def needle(eye: Any) -> list[list[float]]:
    """The share of right answers by length of the video and quarter of it; not a number where none was asked there."""
    found, none = of(eye).get("needle", {}), float("nan")
    return [[none if one is None else one for one in found[length]] for length in sorted(found, key=int)]


def failures(eye: Any) -> str:
    """A line for each cause: how often, and a case of it."""
    found = of(eye).get("failures", {})
    return "\n".join(f"{cause}: {one['share']:.1%}. {one.get('case', '')}".rstrip() for cause, one in found.items())
