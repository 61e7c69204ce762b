"""Words that the page uses, each in a sentence or two; and every knob and output in the words of its own declaration."""

import html
import re
from functools import cache
from typing import Any

from app.controls.knobs import plain
from core import METHODS
from core.methods import lesson

GENERAL = {
    "AP50": "A detector's score from 0 to 1: how well its boxes, taken from the surest to the least sure, find the things that "
    "are there, where a box counts if its IoU with the thing is 0.5 or more.",
    "attention": "How a network's token gathers from others: every other token gets a weight from 0 to 1, and the weights sum "
    "to "
    "1. A large weight says where was looked, not why.",
    "backbone": "The part of a network that turns a picture into features, before anything is found or named in it.",
    "budget": "K, how many frames of a long video may be chosen. Methods are held against each other at the same one.",
    "clip": "A short video, read as a few frames at even steps.",
    "CLIP": "A network of two towers, one for pictures and one for texts, trained so that a picture and its text come out "
    "alike.",
    "CLS token": "A token that stands for no patch. It gathers from all others, and what it holds at the end is the feature.",
    "confusion": "Which classes are taken for which others: a row for what a clip is, a column for what was answered.",
    "cosine": "How alike two lists of numbers point, from −1 to 1: 1 is the same direction.",
    "deletion": "A test of a map: the patches it ranks first are taken away first, and a true map makes the answer fall early.",
    "detector": "A network that finds things in a frame: a box, a name and a score for each.",
    "entropy": "How widely attention is spread. Here divided by its largest value: 0 is all on one patch, 1 is all patches "
    "alike.",
    "evidence": "The seconds of a video that show what answers a question. Of a video of our world they are known; what is "
    "found of them is the share of these spans in which at least one frame was chosen.",
    "faithfulness": "Whether a map shows what an answer rests on, and not just what looks plausible. Deletion and insertion "
    "test it.",
    "feature": "A list of numbers that a network makes of a picture, a patch or a text.",
    "frame": "One picture of a video. Frames are counted from 1 on this page.",
    "frozen": "Not trained any further: the network's own numbers stay as they are, and only prompts are learned.",
    "head": "One of several attentions that run side by side in a block, each free to look elsewhere.",
    "insertion": "Deletion the other way: the patches a map ranks first are shown first, and a true map makes the answer rise "
    "early.",
    "interval": "The span that a number would lie in for 95 of 100 other draws of such clips. Of shares it is Wilson's, of "
    "differences a bootstrap over groups of clips.",
    "IoU": "Intersection over union: the area that two shapes share, divided by the area they cover together. 1 is the same "
    "shape.",
    "kind of error": "What a wrong answer is called: the first of several tests that holds for it, in an order that is "
    "ours. It is a name and no cause.",
    "loss": "How little of all that the classes share goes to a clip's own one: 0 where it gets everything, and more the less "
    "it gets, in nats.",
    "margin": "How far a clip's own class lies above the best other one, as cosines. Below 0 the answer is wrong, near 0 it "
    "is nearly a tie.",
    "McNemar's test": "Whether one of two settings is better on the same clips. It counts those that became right and those "
    "that became wrong, and p says how often a coin would split them as unevenly.",
    "overlay": "A map painted over a frame. Its colours keep one scale for the whole clip while knobs move.",
    "patch": "A square of a frame. A frame is cut into a grid of them, and the network reads each as one token.",
    "pointing game": "A score of a map: the share of frames in which its highest patch lies on the thing that it should show.",
    "prompt": "A token that no picture has, made or learned to steer a network whose own numbers stay as they are.",
    "reader": "Whoever answers a question from the frames that were chosen. Here a small frozen network that knows our world's "
    "answers, the same for every choice, or a model that you named.",
    "released code": "What a paper's authors published. It does not always do what the paper's equations say.",
    "severity": "How badly frames are spoilt on purpose, from 0, not at all, to 1.",
    "slice": "Clips that a filter leaves, under a name. A slice that was found to be bad among many has to be seen again on "
    "other clips before it is believed.",
    "stage": "One step of a method, a small function. A knob runs again only the stages that follow it.",
    "stride": "How many frames lie from one support frame to the next. Here 0 means: spread over the clip.",
    "support frame": "Another frame of the clip that prompts for the current frame are made of.",
    "token": "A list of numbers that a transformer reads as one item: a patch, the CLS token or a prompt.",
    "top 1": "The answer that fits best of those that were offered.",
    "training-free": "Without any training of ours: a network is used as it came.",
    "transformer": "A network whose tokens gather from one another by attention, block after block.",
    "untrained": "With random numbers. What such a network draws is computed, and means nothing.",
    "what if": "Some wrong clips are run again with a knob turned, and as many right ones beside them: of failures alone any "
    "change looks like a gain.",
    "world": "Our synthetic clips, not the real world: eight shapes in eight colours that do things on made-up backgrounds. "
    "The shipped weights were trained on nothing else.",
}

WORDS = GENERAL | {word: said for method in METHODS.values() for word, said in dict(lesson(method, "WORDS")).items()}


def sorting(word: str) -> tuple[str, str]:
    """Alphabetical, whatever its case; a Greek letter stands by its name, and CLIP behind clip."""
    return word.replace("α", "alpha").lower(), word


def declared() -> list[Any]:
    """[method, [[symbol, name, sentence], …]]: knobs with their meanings, outputs with their titles and units."""
    made = []
    for method in METHODS.values():
        rows = [[plain(one.symbol), one.name.replace("_", " "), one.meaning] for one in method.knobs.knobs()]
        rows += [[plain(one.symbol), one.title, f"{one.unit}." if one.unit else ""] for one in method.outputs]
        made.append([method.title.partition(" — ")[0], rows])
    return made


@cache
def _pattern() -> re.Pattern[str]:
    """Any word of the glossary, the longest first, in the singular or the plural."""
    words = sorted((one for one in WORDS if len(one) > 1), key=len, reverse=True)
    return re.compile(rf"\b({'|'.join(map(re.escape, words))})(s|es)?\b")


def glossed(text: str) -> str:
    """Text as HTML in which a word that the glossary knows says so, at its first place."""
    seen: set[str] = set()

    def mark(found: re.Match[str]) -> str:
        word = found[1]
        if word in seen:
            return found[0]
        seen.add(word)
        told = f'data-word="{word}" title="{html.escape(WORDS[word])}"'
        return f'<span class="gl-word" role="button" tabindex="0" {told}>{found[0]}</span>'

    return _pattern().sub(mark, html.escape(text, quote=False))


def entries() -> dict[str, Any]:
    """All that the glossary's window lists."""
    return {"words": [[word, WORDS[word]] for word in sorted(WORDS, key=sorting)], "declared": declared()}
