"""VideoStreaming: a long video is read clip by clip into memories of fixed size; a question chooses V.

Qian et al., Streaming Long Video Understanding with Large Language Models, NeurIPS 2024 (arXiv 2405.16009). We found no code of
theirs; equations are quoted from summaries of the paper, and what these do not say is our reading (`lesson.READINGS`). In place
of Phi-2 and Vicuna-7B there are two small transformers, trained on our world.

The stages are in `stream`, of the video alone, and in `asking`, of a question.

Letters: T candidates, K clips, N frames of a clip (the paper's T), P summary tokens of a frame, M = N·P memory tokens, V chosen
clips, F = V·N chosen frames, E features of the frozen tower, D width, A answers, S tokens of a step.
"""

from core.kinds import (
    Answer,
    ChosenFrames,
    ChosenPictures,
    ChosenTimes,
    Curves,
    Fact,
    Matrix,
    Memories,
    Segments,
    SegmentScores,
    SegmentTruths,
    Sentence,
)
from core.knobs import KnobSet, knob
from core.method import Group, Method, Network
from core.methods import shared
from core.methods.videostreaming import asking, stream
from core.methods.videostreaming.networks import CHOSEN, LONGEST, PARTS
from core.methods.videostreaming.weights import load_streaming
from core.networks.weights import load_clip

READING = (("read", "answer_A"),)  # what is told of how long something took: in words, the stage
ENCODED = (("all of them", "answers"), ("the clips before that, once", "steps"))
LAST = 256  # the highest number of a clip that a knob names


class StreamingKnobs(KnobSet):
    """What a reader may turn."""

    frames: int = knob(4, "T", (2, LONGEST, 1), "frames of a clip, a frame a second")
    parts: int = knob(1, "P", (1, PARTS, 1), "summary tokens of a frame: a memory has T·P")
    budget: int = knob(2, "V", (1, CHOSEN, 1), "clips whose memories the reader is given")
    memory: bool = knob(True, "H", None, "each clip is read after the memory of those before it; off: alone")
    prompts: str = knob("both", "t", tuple(stream.PROMPTS), "time prompts: from when to when history and clip last")
    selector: str = knob("adaptive", "I", ("adaptive", "last", "random", "even", "oracle"), "what chooses the V clips")
    noise: int = knob(0, "γ", (0, 99, 1), "draw of the Gumbel noise on the similarities, and of random clips; 0: no noise")
    shown: int = knob(2, "k", (1, LAST, 1), "the step whose attention is shown; behind the end: the last")
    hidden: int = knob(0, "∅", (0, LAST, 1), "a clip that is hidden, so that it and those after it are read anew; 0: none")


CLIP = Network("clip", load_clip)


def clips_of(frames: int) -> dict[str, int]:
    """The knobs with which so many frames are those of whole clips, as long as in training where there are enough."""
    length = min(max(frames, 2), StreamingKnobs().frames)
    return {"frames": length, "budget": max(1, frames // length)}


METHOD = Method(
    name="videostreaming",
    place=64,
    title="VideoStreaming — memories of clips, and those that a question chooses",
    paper="Qian et al., Streaming Long Video Understanding with Large Language Models, NeurIPS 2024",
    knobs=StreamingKnobs,
    stages=(
        stream.candidate_T, shared.feature_TE, stream.clip_KNE, stream.span_K2, stream.steps, stream.memory_KMD, stream.clip_KD,
        stream.drift_KM, stream.likeness_KK, stream.look_SS, stream.token_names, stream.forgotten_J2,
        asking.asked_Q, asking.question_D, asking.unknown_words, asking.score_K, asking.logit_K, asking.true_K, asking.chosen_V,
        asking.answer_A, asking.reply, asking.said, asking.every_A, asking.said_every, asking.answers, asking.tokens,
        asking.tokens_K3, asking.frame_F, asking.time_F, asking.picture_FHWC,
    ),
    networks={"streaming": Network("videostreaming", load_streaming, (CLIP,)), "clip_towers": CLIP},
    outputs=(
        Segments("span_K2", "[t, t′]", "clips", "seconds"),
        SegmentScores("score_K", "s", "how well each clip fits the question", "cosine", unknown="unknown_words", few=True),
        SegmentTruths("true_K", "y", "clips that show what is asked for"),
        ChosenFrames("frame_F", "I", "frames of the chosen clips", budget=clips_of),
        ChosenTimes("time_F", "t", "when they are shown", "seconds"),
        SegmentScores("logit_K", "s/τ + γ", "the same with the noise of a draw", "logit", few=True),
        Answer("reply", "a", "the likeliest answer", when="network"),
        Sentence("said", "a, p", "the likeliest answers", when="network", times=READING),
        Sentence("said_every", "a′", "given the memories of all clips", when="network", times=(("read", "every_A"),)),
        Sentence("answers", "Q", "every question on the same memories", when="network", times=ENCODED),
        Fact(
            "tokens", "V·T·P", "tokens that the reader is given",
            words=lambda knobs: "The reader is given *{}* tokens of the video, whatever its length; all memories are {}.",
        ),
        Curves(
            "tokens_K3", "V·T·P", "tokens after so many clips", "tokens", against="clips", lines=("chosen", "all memories"),
        ),
        Memories("memory_KMD", "H_k", "the memory after each clip"),
        Matrix("drift_KM", "ΔH", "what a clip changes in the memory", "of its length", rows="clip", columns="memory token"),
        Matrix("likeness_KK", "cos(H_j, H_k)", "how alike two memories are", "cosine", rows="clip", columns="clip"),
        Curves(
            "forgotten_J2", "P(c_k−j)", "what H_k still holds of clip k − j", "share of clips whose colour is read",
            against="clips ago", lines=("colour read",),
        ),
        Matrix(
            "look_SS", "A_k", "who looks at whom in one step", "share", rows="token that looks", columns="token looked at",
            names="token_names",
        ),
        ChosenPictures("picture_FHWC", "F", "what is seen in them", when="network"),
    ),
    layout=(
        Group("Where in the video", ("span_K2", "score_K", "true_K", "frame_F", "time_F")),
        Group("What the reader answers", ("said", "said_every")),
        Group("Every question on one encoding", ("answers",)),
        Group("With the noise of a draw", ("span_K2", "logit_K", "true_K", "frame_F", "time_F")),
        Group("The memory, clip by clip", ("memory_KMD", "drift_KM", "likeness_KK", "span_K2")),
        Group("What the reader is given", ("tokens",)),
        Group("However long the video is", ("tokens_K3",)),
        Group("What a memory forgets", ("forgotten_J2",)),
        Group("One step of the encoder", ("look_SS",)),
        Group("The chosen clips", ("frame_F", "time_F", "picture_FHWC")),
    ),
    untrained=lambda labels, knobs: ["VideoStreaming"] if any("UNTRAINED" in label for label in labels) else [],
)  # fmt: skip
