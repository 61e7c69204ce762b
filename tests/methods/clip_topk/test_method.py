"""Facts about the frames most like the question: the cosines are CLIP's, batch by batch as at once, and what fits is found."""

import torch

from core import Engine
from core.world.long import long_video
from tests import tiny


def test_scores_are_the_cosines_of_all_frames_at_once():
    engine, video = tiny.engine(), tiny.video(40)
    trace = engine.run("clip_topk", video=video, question=tiny.QUESTION)
    vision, text = engine.network("clip_towers").network.vision, engine.network("clip_towers").network.text
    with torch.no_grad():
        feature_TE = vision.encode(vision.embed(vision.pixels(torch.from_numpy(video.frames(range(40)).frames_THWC))))
        cosine_T = torch.nn.functional.cosine_similarity(feature_TE, text([tiny.QUESTION]))
    assert torch.allclose(trace["score_T"], cosine_T, atol=1e-5)
    assert trace["unknown_words"] == ()
    assert engine.run("clip_topk", video=video, question="a zebra?")["unknown_words"] == ("zebra",)


def test_the_budget_and_the_question_read_no_frame_again():
    engine, video = tiny.engine(), tiny.video(24)
    engine.run("clip_topk", video=video, question=tiny.QUESTION)
    assert engine.run("clip_topk", video=video, question=tiny.QUESTION, budget=9).ran == (
        "frame_K", "time_K", "picture_KHWC", "score_K",
    )  # fmt: skip
    assert "feature_TE" not in engine.run("clip_topk", video=video, question="a ball").ran


def test_scores_that_are_given_decide():
    score_T = torch.zeros(24)
    score_T[[3, 20]] = 1
    trace = tiny.engine().run(
        "clip_topk", video=tiny.video(24), question="?", budget=2, given={"score_T": score_T}, outputs=["frame_K", "time_K"]
    )
    assert trace["frame_K"] == (3, 20) and trace.ran == ("candidate_T", "frame_K", "time_K")


def test_the_shipped_clip_finds_the_scene_that_is_asked_for_more_often_than_chance_does():
    """A fact of the weights: a single frame shows who is there and not what he does, so many scenes are missed."""
    engine, found, chance = Engine("cpu"), [], []
    for seed in range(4):
        video = long_video(seed, 200)
        for begin, end, caption in video.segments:
            second_K = engine.run("clip_topk", video=video, question=caption, budget=4, outputs=["time_K"])["time_K"]
            found.append(float(((second_K >= begin) & (second_K < end)).float().mean()))
            chance.append((end - begin) / video.seconds)
    assert sum(found) > 2 * sum(chance)  # 10.0 and 4.0 when this was written
