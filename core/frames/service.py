"""A vision-language model behind an OpenAI-compatible endpoint as the reader: it is shown the chosen frames and the question.

    python -m app --reader http://127.0.0.1:8000/v1,model=qwen2.5-vl-7b

What it says is free text, and what it answers is read out of that: an option that it names, its letter, what stands behind
"answer", JSON or not. The key comes from the environment, as for any service (`core.networks.service`).
"""

import json
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from core.frames.choice import Reading
from core.networks.service import Service, endpoint, jpeg
from core.progress import Cancelled, watched
from core.video.footage import Footage
from core.world.questions import known_question

LONGEST = 80  # letters of an answer that is none of any options
WORDS = (
    "You are shown {count} frames of a video, in the order of time; they are shown at these seconds: {seconds}.\n"
    "Question: {question}\n{how}"
)
AMONG = "Answer with one of these and nothing else: {options}."
FREELY = "Answer in a few words and nothing else."


@dataclass(frozen=True)
class ServiceReader:
    """service: that is asked. label: model and place, for the reader of the page."""

    service: Service
    label: str

    def read(
        self, video: Footage, question: str, frame_K: Sequence[int], cancelled: Callable[[], bool] = lambda: False
    ) -> Reading:  # fmt: skip
        """What it answers from these frames: an option, where the video knows some; "" where it names none of them."""
        known = known_question(video, question)
        options = known.options if known else ()

        def told(done: float) -> None:
            if cancelled():
                raise Cancelled("Called off while the service answers.")

        with watched(told):
            said = self.service(
                images=[jpeg(frame_HWC) for frame_HWC in video.frames(frame_K).frames_THWC], count=len(frame_K),
                seconds=", ".join(f"{video.time_N[frame]:g}" for frame in frame_K), question=question,
                how=AMONG.format(options=", ".join(options)) if options else FREELY,
            )  # fmt: skip
        return Reading(answer_in(said, options))


def reader_at(spec: str) -> ServiceReader:
    """From URL,model=NAME[,key=VARIABLE]; anything else is a BadWeights that says the form."""
    found = endpoint(spec)
    return ServiceReader(Service(found, WORDS), f"{found.model} at {found.place}")


def answer_in(said: str, options: Sequence[str]) -> str:
    """What a text answers. With options: the one that it names, or the last where it names several, or whose letter it is; ""
    where it names none. Without: its first line, cut."""
    text = re.sub(r"<think>.*?(</think>|$)", " ", said, flags=re.DOTALL).strip()
    text = re.sub(r"^```\w*|```$", "", text).strip()
    text = in_json(text) or re.split(r"\banswer(?:\s+is\b|\s*[:=])", text, flags=re.IGNORECASE)[-1].strip()
    if not options:
        return text.partition("\n")[0].strip(" .*\"'")[:LONGEST]
    names = sorted(options, key=len, reverse=True)
    found = re.findall(rf"(?<!\w)({'|'.join(map(re.escape, names))})(?!\w)", text, flags=re.IGNORECASE)
    if found:
        return next(one for one in options if one.lower() == found[-1].lower())
    letter = re.match(r"\W*([a-z])(?:[).:]|\W*$)", text, flags=re.IGNORECASE)
    place = ord(letter[1].lower()) - ord("a") if letter else len(options)
    return options[place] if place < len(options) else ""


def in_json(text: str) -> str:
    """What stands under "answer" in a JSON object; "" in any other text."""
    try:
        found = json.loads(text[text.index("{") : text.rindex("}") + 1])
        return str({key.lower(): value for key, value in found.items()}["answer"])
    except (ValueError, AttributeError, KeyError):
        return ""
