"""VideoLucy's agents as models on other machines: one that reads and writes words, and one that is shown pictures.

    python -m app --service videolucy=http://127.0.0.1:8000/v1,model=NAME
    python -m app --service videolucy_pictures=http://127.0.0.1:8000/v1,model=NAME

Any OpenAI-compatible endpoint will do. Each is asked in the words that the page shows (`core.methods.videolucy.prompts`), its
key comes from the environment (`core.networks.service`), and what it replies is shown as it came. A reply that cannot be read
is sent back with what is wrong; after TRIES the search goes on without it, and says so.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar

from core.errors import BadService
from core.methods.videolucy import prompts
from core.methods.videolucy.loop import Agents
from core.methods.videolucy.memory import DEPTHS, Location, Memory, Period, Reply, Survey
from core.methods.videolucy.replies import read_location, read_reply, read_survey
from core.networks.service import jpeg, service
from core.networks.weights import Loaded
from core.progress import share, tick
from core.video.footage import Footage, between

TRIES = 3  # of one question, until the reply can be read
PICTURES = 8  # of a period, evenly spaced
AGAIN = "\n\nYour last reply could not be read: {wrong} Reply with one JSON object and nothing else."
BETWEEN = "\n\n— asked again, because it could not be read: {wrong} —\n\n"
Said = TypeVar("Said", Survey, Location, Reply)


# ---- which models there are ------------------------------------------------------------------------------------------------


def load_words(spec: str | Loaded | None) -> Loaded:
    """Who reads and writes words, as URL,model=NAME[,key=VARIABLE]; where nobody is named, one who says so when he is asked."""
    return nobody("videolucy") if spec is None else service("{words}")(spec)


def load_pictures(spec: str | Loaded | None) -> Loaded:
    """The same for who is shown pictures."""
    return nobody("videolucy_pictures") if spec is None else service("{words}")(spec)


def nobody(model: str) -> Loaded:
    """In the place of a service that was not named."""

    def refuse(**_: Any) -> str:
        raise BadService(f"This needs a model on another machine, and none was named: --service {model}=URL,model=NAME.")

    return Loaded(refuse, "no model on another machine", f"no {model}")


# ---- words -----------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class WrittenAgents:
    """Localization with instruction, and answering, by a language model. ask: words → its reply."""

    ask: Callable[..., str]

    def survey(self, question: str, memory: Memory, relevant: int) -> Survey:
        """Which coarse periods matter; all of them, where no reply can be read."""
        request = prompts.survey(question, memory, relevant)
        return self._read(
            request,
            lambda raw: read_survey(raw, request, memory, relevant),
            lambda raw, wrong: Survey(True, (), request, raw),
        )

    def locate(self, question: str, memory: Memory, searched: Sequence[Period], instruct: bool) -> Location:
        """One period that was not searched, and what to look for in it; the first that is left, where no reply can be read."""
        left = [one for one in memory.periods if one.depth < len(DEPTHS) - 1 and one not in searched]
        request = prompts.locate(question, memory, searched)
        if not left:
            return Location(None, "", request, "", 0)
        return self._read(
            request,
            lambda raw: read_location(raw, request, memory, searched),
            lambda raw, wrong: Location(left[0], "", request, raw),
        )

    def answer(self, question: str, memory: Memory, forced: bool = False) -> Reply:
        """The answer, and whether it is sure; none that is sure, where no reply can be read."""
        request = prompts.answer(question, memory, forced)
        return self._read(
            request,
            lambda raw: read_reply(raw, request, memory, forced),
            lambda raw, wrong: Reply("", False, f"No reply could be read: {wrong}", request, raw),
        )

    def _read(self, request: str, read: Callable[[str], Said], without: Callable[[str, str], Said]) -> Said:
        """What the reply says. All that was replied is kept, and every try is a call."""
        raws, wrong = "", ""
        for call in range(1, TRIES + 1):
            raw = self.ask(words=request + (AGAIN.format(wrong=wrong) if wrong else ""))
            raws += (BETWEEN.format(wrong=wrong) if wrong else "") + raw
            try:
                return replace(read(raw), raw=raws, calls=call)
            except ValueError as found:
                wrong = str(found)
        return replace(without(raws, wrong), calls=TRIES)


# ---- pictures --------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class PictureAgent:
    """Captioning by a model that is shown pictures. ask: words and images → its reply."""

    ask: Callable[..., str]
    video: Footage

    def caption(self, periods: Sequence[Period], instruction: str) -> Sequence[str]:
        """A text for each period, of PICTURES frames of it."""
        return tuple(self._one(place, len(periods), one, instruction) for place, one in enumerate(periods))

    def _one(self, place: int, of: int, period: Period, instruction: str) -> str:
        with share(place, of):
            tick(0.0)
            shown = self.video.frames(pictures_of(self.video, period))
            words = prompts.CAPTION + (f" Above all, {instruction}." if instruction else "")
            return self.ask(words=words, images=[jpeg(frame_HWC) for frame_HWC in shown.frames_THWC]).strip()


def pictures_of(video: Footage, period: Period, count: int = PICTURES) -> list[int]:
    """The frames of a period that are shown, evenly spaced, each once."""
    return list(dict.fromkeys(int(one) for one in between(video, count, period.start, period.end)))


# ---- some of each ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Team:
    """Agents of several kinds as one. known: texts of periods that were captioned before with no instruction."""

    eye: Any
    locator: Any
    answerer: Any
    known: Mapping[Period, str] = field(default_factory=dict)

    def caption(self, periods: Sequence[Period], instruction: str) -> Sequence[str]:
        """Only what is not known yet is looked at."""
        if not instruction and all(one in self.known for one in periods):
            return tuple(self.known[one] for one in periods)
        return self.eye.caption(periods, instruction)

    def survey(self, question: str, memory: Memory, relevant: int) -> Survey:
        return self.locator.survey(question, memory, relevant)

    def locate(self, question: str, memory: Memory, searched: Sequence[Period], instruct: bool) -> Location:
        return self.locator.locate(question, memory, searched, instruct)

    def answer(self, question: str, memory: Memory, forced: bool = False) -> Reply:
        return self.answerer.answer(question, memory, forced)


def check(team: Team) -> Agents:
    """A team is agents, which a type checker sees here."""
    return team
