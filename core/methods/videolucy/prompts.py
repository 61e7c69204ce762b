"""What agents are asked, in our own words: the same for rules and for a language model, and shown on the page.

Each asks for one JSON object. The keys are those of the paper's contracts; `core.methods.videolucy.replies` reads what comes.
"""

from collections.abc import Sequence

from core.methods.videolucy.memory import DEPTHS, Memory, Period, memory_text

CAPTION = "Say in the order of time what these pictures show: the colour and shape of each thing, and nothing that is not seen."
LOOK = "look for the number"  # the instruction that the small eye knows

SURVEY = """These are captions of a long video, period by period:
{memory}

Question: {question}

Which {relevant} of these periods is the question most likely about? If it can only be answered from all of them, say so.
Reply with one JSON object and nothing else: {{"Flag": true if all periods are needed, else false, "Time Period": [[start, end],
at most {relevant}, the most likely first], "Reason": one sentence}}."""

LOCATE = """These are captions of a long video; the finer ones of a period are indented below it:
{memory}

Question: {question}

What the captions say is not enough to answer it. Periods that were looked at already: {searched}.
Name one other period, as it is written above, that should be looked at more closely, and tell whoever captions it what to look
for. Reply with one JSON object and nothing else: {{"Time Period": [start, end], "Instruction": one sentence, "Reason": one
sentence}}."""

ANSWER = """These are captions of a long video; the finer ones of a period are indented below it:
{memory}

Question: {question}

Answer it only from what the captions say; do not guess, and infer nothing that no caption shows. Say whether you are sure.
Reply with one JSON object and nothing else: {{"Confidence": true or false, "Answer": a word, "Time Period": [start, end] that
shows it, "Reason": one sentence}}."""

FORCED = """These are captions of a long video; the finer ones of a period are indented below it:
{memory}

Question: {question}

There is no time to look again: give the answer that fits best, or “not shown” if nothing fits. Reply with one JSON object and
nothing else: {{"Answer": a word, "Time Period": [start, end] that shows it best, "Reason": one sentence}}."""


def survey(question: str, memory: Memory, relevant: int) -> str:
    """The question whether a few periods are enough, and which."""
    return SURVEY.format(memory=memory_text(memory), question=question, relevant=relevant)


def locate(question: str, memory: Memory, searched: Sequence[Period]) -> str:
    """Where to look next, and for what. The deepest captions are left out: nothing is deeper."""
    seen = ", ".join(f"{one} ({DEPTHS[one.depth]})" for one in searched) or "none"
    shallow = Memory(tuple(one for one in memory.entries if one.period.depth < len(DEPTHS) - 1))
    return LOCATE.format(memory=memory_text(shallow), question=question, searched=seen)


def answer(question: str, memory: Memory, forced: bool = False) -> str:
    """The answer, and whether it is sure; or, where it is forced, the answer alone."""
    return (FORCED if forced else ANSWER).format(memory=memory_text(memory), question=question)
