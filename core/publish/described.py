"""What made a result, in words: for a file's metadata, a manifest and a caption."""

import re

from core.publish.link import link_in_words
from core.publish.result import Result
from core.publish.view import clip_in_words
from core.video.edits import in_words

MAKER = "Video Prompt Explorer"


def described(result: Result) -> dict[str, str]:
    """What made a result, in words: method, paper, clip, its edits, knobs, weights, texts and the view's link."""
    asked, method = result.view.shown, result.method
    knobs = ", ".join(f"{one.symbol} ({one.name}) = {asked.settings[one.name]}" for one in method.knobs.knobs())
    made = {
        "method": method.title, "paper": method.paper, "clip": clip_in_words(asked),
        "edits": in_words(asked.edits), "knobs": knobs,
        "overlay": result.view.overlay, "weights": "; ".join(result.trace.weights.values()),
        "texts": " | ".join(asked.texts), "question": asked.question, "view": link_in_words(result.view),
    }  # fmt: skip
    if result.other:
        made["compared"] = "; ".join(f"{name}: {told}" for name, told in described(result.other).items() if name != "paper")
    return made


def metadata(result: Result, format: str) -> dict:
    """The same as a file of a format holds it."""
    made = described(result)
    title = f"{made['method']}: {result.view.overlay}"
    words = "; ".join(f"{name}: {told}" for name, told in made.items() if told)
    if format == "pdf":
        return {"Title": title, "Subject": words, "Creator": MAKER, "CreationDate": None}
    if format == "svg":
        return {"Title": title, "Description": words, "Creator": MAKER, "Date": None}
    return {"Title": title, "Description": words, "Software": MAKER}


def clock(second: float) -> str:
    """Seconds as a clock shows them: 4:07, 1:00:00; what is not whole with a tenth."""
    tenths = round(10 * float(second))
    hours, minutes, seconds = tenths // 36000, tenths // 600 % 60, tenths // 10 % 60
    head = f"{hours}:{minutes:02}" if hours else str(minutes)
    return f"{head}:{seconds:02}" + (f".{tenths % 10}" if tenths % 10 else "")


def as_unicode(symbol: str) -> str:
    """A symbol as Unicode, where no markup is: W^s → Wˢ."""
    for written, shown in {"^s": "ˢ", "^t": "ᵗ", "_s": "ₛ", "_t": "ₜ", "_P": "ₚ"}.items():
        symbol = symbol.replace(written, shown)
    return symbol


def formula(symbol: str) -> str:
    """W^s as matplotlib sets a formula; what is none, as it is."""
    return f"${symbol}$" if re.fullmatch(r"[A-Za-z]([\^_][A-Za-z])?", symbol) else symbol.replace("$", r"\$")
