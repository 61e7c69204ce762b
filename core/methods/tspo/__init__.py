"""TSPO: a small agent that learns from a reader's answers which frames of a long video to choose.

Temporal Sampling Policy Optimization: the question and every candidate pass a frozen CLIP; a temporal agent, the only part that
is trained, adds to each frame what happens around it; K frames are drawn without replacement by softmax(S/τ), and whoever
answers from them rewards the draw. The equations are in `equations`, the training in `train`; here are the page's stages.

Letters: T candidate frames, G rollouts, K chosen frames, E features shared by frames and texts, A answers.
"""

import torch
from torch import Tensor

from core.kinds import (
    Answer,
    ChosenFrames,
    ChosenPictures,
    ChosenScores,
    ChosenTimes,
    Curves,
    Fact,
    MeasuredMatrix,
    RolloutRewards,
    Rollouts,
    Segments,
    SegmentScores,
    Sentence,
)
from core.knobs import KnobSet, knob
from core.method import Group, Method, Network
from core.methods.shared import (
    candidate_T,
    feature_TE,
    highest_K,
    picture_KHWC,
    question_E,
    score_K,
    span_T2,
    time_K,
    unknown_words,
)
from core.methods.tspo import equations
from core.methods.tspo.reading import answer_logits
from core.methods.tspo.weights import VARIANTS, load_parts
from core.networks.weights import load_clip
from core.world.questions import ANSWERS, known_question

SAMPLERS = ("top-k", "bin-max", "gumbel")
TAU = (0.01, 0.5, 0.01)


class TspoKnobs(KnobSet):
    """What a reader may turn."""

    budget: int = knob(8, "K", (1, 64, 1), "T_s: frames that are chosen")
    tau: float = knob(0.06, "τ", TAU, "temperature: small ones draw the highest scores, large ones anything")
    sampler: str = knob("top-k", "sampler", SAMPLERS, "highest scores, the highest of each of K equal parts, or the first draw")
    seed: int = knob(0, "γ", (0, 999, 1), "seed of the noise: the same one draws the same rollouts")
    rollouts: int = knob(8, "G", (2, 16, 1), "draws that are held against each other")
    window: int = knob(12, "w", (2, 48, 2), "candidates around each that the agent attends to; trained with 12")
    event: bool = knob(True, "cos(F_e, F_t)", None, "count what the agent makes of a frame and its neighbours")
    frame: bool = knob(True, "cos(F_f, F_t)", None, "count the frame alone, as CLIP sees it")
    trained: str = knob("both", "R", tuple(VARIANTS), "the agent by its rewards and what was differentiated")
    learned: int = knob(
        100, "n", (0, 100, 20), "percent of its training after which the agent is looked at; of R = both and answer"
    )
    rate: float = knob(1.0, "r", (0.1, 2.0, 0.1), "candidate frames a second")


# ---- the temporal agent ----------------------------------------------------------------------------------------------------


def event_TE(feature_TE: Tensor, window: int, trained: str, learned: int, tspo) -> Tensor:
    """F_e = MLP(attention_w(F_f + PE)) + F_f, PE of t/T: what happens around each candidate."""
    return equations.events(feature_TE[None], tspo.agent(trained, learned), window)[0]


def frame_score_T(feature_TE: Tensor, question_E: Tensor) -> Tensor:
    """cos(F_f, F_t): how well each frame alone fits the question."""
    return equations.cosine(feature_TE[None], question_E[None])[0]


def event_score_T(event_TE: Tensor, question_E: Tensor) -> Tensor:
    """cos(F_e, F_t): how well what happens around each frame fits it. F_e itself knows of no question."""
    return equations.cosine(event_TE[None], question_E[None])[0]


def score_T(frame_score_T: Tensor, event_score_T: Tensor, frame: bool, event: bool) -> Tensor:
    """S = cos(F_e, F_t) + cos(F_f, F_t), of what is switched on. (Equation 3)"""
    return frame * frame_score_T + event * event_score_T


# ---- probabilistic choice ----------------------------------------------------------------------------------------------------


def share_T(score_T: Tensor, tau: float) -> Tensor:
    """softmax(S/τ): how likely the first draw takes each candidate. (Equation 4)"""
    return (score_T / tau).softmax(-1)


def effective(share_T: Tensor) -> float:
    """exp(H(softmax(S/τ))): among how many candidates the first draw is, as if they were equally likely."""
    return float(torch.special.entr(share_T).sum().exp())


def effective_X2(score_T: Tensor) -> Tensor:
    """(τ, exp H(softmax(S/τ))) for every τ of its knob: the colder, the fewer candidates are drawn among."""
    low, high, step = TAU
    tau_X = torch.linspace(low, high, 1 + round((high - low) / step)).to(score_T)
    share_XT = (score_T / tau_X[:, None]).softmax(-1)
    return torch.stack([tau_X, torch.special.entr(share_XT).sum(-1).exp()], -1)


def drawn(score_T: Tensor, tau: float, seed: int, rollouts: int, budget: int) -> tuple[tuple[int, ...], ...]:
    """top-K(S/τ + γ), γ ~ Gumbel(0, 1): G draws of K candidates without replacement, each in its order. (Equation 4)"""
    noise_GT = equations.gumbel((rollouts, len(score_T)), seed).to(score_T)
    return tuple(map(tuple, equations.drawn(score_T / tau, noise_GT, budget).tolist()))


def frame_K(
    score_T: Tensor, drawn: tuple[tuple[int, ...], ...], candidate_T: tuple[int, ...], budget: int, sampler: str
) -> tuple[int, ...]:  # fmt: skip
    """v: top-K of S, or the highest of each of K equal parts, or the first rollout; in the order of time."""
    if sampler == "top-k":
        return highest_K(score_T, candidate_T, budget)
    places = equations.best_of_bins(score_T, budget) if sampler == "bin-max" else sorted(drawn[0])
    return tuple(candidate_T[place] for place in places)


# ---- whoever answers, and what he rewards ------------------------------------------------------------------------------------


def known(video, question: str) -> tuple:
    """(answer, options, evidence) of a question that the video itself knows; () of any other."""
    found = known_question(video, question)
    return (found.answer, found.options, found.evidence) if found else ()


def answer_A(
    feature_TE: Tensor, question_E: Tensor, candidate_T: tuple[int, ...], frame_K: tuple[int, ...], known: tuple, tspo
) -> Tensor:  # fmt: skip
    """p: how likely the frozen reader, given the chosen frames, takes each answer; of no length where nothing reads."""
    if tspo.reader is None:
        return torch.zeros(0, device=feature_TE.device)
    place_1K = torch.tensor([[candidate_T.index(frame) for frame in frame_K]], device=feature_TE.device)
    option_1A = options_of(known, feature_TE.device)
    return answer_logits(tspo.reader, feature_TE[None], question_E[None], place_1K, option_1A)[0].softmax(-1)


def reply(answer_A: Tensor) -> str:
    """o = argmax p: what the frozen reader answers."""
    return ANSWERS[int(answer_A.argmax())] if len(answer_A) else ""


def reading(answer_A: Tensor, reply: str, known: tuple) -> str:
    """o: the same, how sure it is, and whether it is right."""
    if not reply:
        return "Nothing here answers: a reader was trained for other towers."
    said = f"{reply} ({answer_A.max():.2f}"
    among = f", among {', '.join(known[1])})" if known else f", among all {len(ANSWERS)} answers of our world)"
    return said + among + (f" — {'right' if reply == known[0] else f'wrong: it is {known[0]}'}." if known else ".")


def rollout_reward(
    feature_TE: Tensor, question_E: Tensor, span_T2: Tensor, drawn: tuple[tuple[int, ...], ...], known: tuple, tspo
) -> tuple[tuple[float, ...], ...]:  # fmt: skip
    """(R_A, R_T, A) of each rollout: right or not, share of frames in the evidence, and (R − mean R) / (std R + 10⁻⁴) of
    R = R_A + R_T; () where nobody knows the answer. (Equations 9 to 11)"""
    if not known or tspo.reader is None:
        return ()
    answer, _, evidence = known
    place_GK = torch.tensor(drawn, device=feature_TE.device).sort(-1).values
    G, begin_T = len(drawn), span_T2[:, 0]
    shown_T = torch.zeros_like(begin_T, dtype=torch.bool)
    for begin, end in evidence:
        shown_T |= (begin_T >= begin) & (begin_T < end)
    logit_GA = answer_logits(
        tspo.reader, feature_TE.expand(G, -1, -1), question_E.expand(G, -1), place_GK, options_of(known, feature_TE.device)
    )
    right_G = (logit_GA.argmax(-1) == ANSWERS.index(answer)).float()
    inside_G = shown_T[place_GK].float().mean(-1)
    advantage_G = equations.advantage((right_G + inside_G)[None])[0]
    return tuple(zip(right_G.tolist(), inside_G.tolist(), advantage_G.tolist(), strict=True))


def pull_T(
    score_T: Tensor, tau: float, seed: int, drawn: tuple[tuple[int, ...], ...], rollout_reward: tuple, trained: str
) -> Tensor:  # fmt: skip
    """−∂loss/∂S: where learning would draw each candidate's score after these draws, up in those of draws that did better than
    their group; what is differentiated is that of the agent's training. 0 where nothing rewards. (Equation 9)"""
    if not rollout_reward:
        return torch.zeros_like(score_T)
    noise_1GT = equations.gumbel((1, len(drawn), len(score_T)), seed).to(score_T)
    place_1GK = torch.tensor([drawn], device=score_T.device)
    advantage_1G = torch.tensor([[gain for _, _, gain in rollout_reward]], device=score_T.device)
    with torch.enable_grad():
        given_T = score_T.detach().requires_grad_()
        log_1G = equations.log_likelihood(given_T[None] / tau, noise_1GT, place_1GK, VARIANTS[trained].surrogate)
        (slope_T,) = torch.autograd.grad(equations.loss(log_1G, advantage_1G), given_T)
    return -slope_T


# ---- what training and measuring left ----------------------------------------------------------------------------------------


def learning_S4(trained: str, tspo, device) -> Tensor:
    """How far the training was in percent, and since the row before: mean R_A, mean R_T, and the share of groups whose draws
    were all worth the same, from which nothing is learned."""
    return torch.tensor(tspo.learning.get(trained, [])).reshape(-1, 4).to(device)


def needle_SQ(tspo, device) -> Tensor:
    """How often top-K has a frame of the scene that is asked for, by the video's length and by where in it the scene lies,
    measured by `core.evaluate` for R = “both”; empty where these weights were not measured."""
    return torch.tensor(tspo.needle or [[]]).to(device)


def options_of(known: tuple, device) -> Tensor | None:
    """[1, A] True of the answers that a question has as options; None where all are."""
    return torch.tensor([[answer in known[1] for answer in ANSWERS]], device=device) if known else None


CLIP = Network("clip", load_clip)
ALL = ("frame_K", "time_K")

METHOD = Method(
    name="tspo",
    place=64,
    title="TSPO — frames that a reader's answers taught to choose",
    paper="TSPO: Temporal Sampling Policy Optimization, AAAI 2026 (arXiv 2508.04369)",
    knobs=TspoKnobs,
    stages=(
        candidate_T,
        span_T2,
        feature_TE,
        question_E,
        event_TE,
        frame_score_T,
        event_score_T,
        score_T,
        share_T,
        effective,
        effective_X2,
        drawn,
        frame_K,
        time_K,
        picture_KHWC,
        score_K,
        known,
        answer_A,
        reply,
        reading,
        rollout_reward,
        pull_T,
        learning_S4,
        needle_SQ,
        unknown_words,
    ),
    networks={"tspo": Network("tspo", load_parts, (CLIP,)), "clip_towers": CLIP},  # the name of the method is that of its first
    outputs=(
        ChosenFrames("frame_K", "v", "frames that are chosen"),
        ChosenTimes("time_K", "t", "when they are shown", "seconds"),
        ChosenPictures("picture_KHWC", "V", "what is seen in them", when="network"),
        ChosenScores("score_K", "S", "score of each", "sum of two cosines"),
        Segments("span_T2", "[t, t′]", "candidates, each until the next", "seconds"),
        SegmentScores("frame_score_T", "cos(F_f, F_t)", "how well each frame alone fits the question", "cosine"),
        SegmentScores("event_score_T", "cos(F_e, F_t)", "how well what happens around it fits", "cosine"),
        SegmentScores("score_T", "S", "their sum", "sum of two cosines", unknown="unknown_words"),
        SegmentScores("share_T", "P", "how likely the first draw takes each", "probability"),
        Fact(
            "effective",
            "exp H",
            "candidates among which the first draw is",
            words=lambda knobs: (
                f"At τ = {knobs['tau']:g} the first draw is among *{{}}* candidates, as if these were equally likely."
            ),
        ),
        Curves("effective_X2", "exp H", "the same at every τ", "candidates", against="tau", lines=("exp H",)),
        Rollouts("drawn", "I", "draws without replacement", "candidates"),
        RolloutRewards("rollout_reward", "R_A, R_T, A", "what each draw is worth"),
        SegmentScores("pull_T", "−∂J/∂S", "where learning draws each score", "loss by score", pull=True),
        Answer("reply", "o", "what the reader answers"),
        Sentence("reading", "o, p", "what it answers, and how sure it is"),
        Curves(
            "learning_S4",
            "R_A, R_T",
            "rewards while it learned",
            "mean over 100 steps",
            against="learned",
            lines=("R_A", "R_T", "groups without a signal"),
        ),
        MeasuredMatrix(
            "needle_SQ",
            "recall",
            "needle in a haystack",
            "share of questions",
            rows="length of the video",
            columns="quarter of it",
            row_names=("256 candidates", "512 candidates", "1024 candidates"),
            column_names=("1st", "2nd", "3rd", "4th"),
        ),
    ),
    layout=(
        Group("Sum of the two", ("span_T2", "score_T", *ALL)),
        Group("The frame alone", ("span_T2", "frame_score_T", *ALL)),
        Group("What happens around it", ("span_T2", "event_score_T", *ALL)),
        Group("How likely a draw takes it", ("span_T2", "share_T", *ALL)),
        Group("Draws, and what they are worth", ("drawn", "rollout_reward", "span_T2")),
        Group("Where these draws pull each score", ("span_T2", "pull_T", *ALL)),
        Group("Among how many", ("effective",)),
        Group("Among how many at each τ", ("effective_X2",)),
        Group("The reader's answer", ("reading",)),
        Group("How it learned", ("learning_S4",)),
        Group("Frames that are chosen", (*ALL, "score_K", "picture_KHWC")),
        Group("Needle in a haystack", ("needle_SQ",)),
    ),
    untrained=lambda labels, knobs: (
        ["TSPO's agent"] if knobs["trained"] == "untrained" or any("UNTRAINED" in label for label in labels) else []
    ),
)
