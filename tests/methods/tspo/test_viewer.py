"""Facts about what the page is told of questions and draws: when the answer is seen, and what each draw is worth."""

import json

import pytest

from app.figures.payload import clip_payload
from core.video.footage import evenly
from core.world.long import asked_video
from tests import tiny


@pytest.fixture(scope="module")
def trace():
    video = asked_video(3, seconds=60, segment=(4, 6), size=(32, 48))[0]
    question = next(one for one in video.questions if one.family == "find")
    return video, question, tiny.engine().run("tspo", video=video, question=question.text, budget=5, rollouts=3)


def test_the_page_is_told_what_is_asked_of_a_video_and_when_the_answer_is_seen(trace):
    video, question, _ = trace
    told = json.loads(json.dumps(clip_payload("key", video.frames(evenly(video, 4)), None, video)))
    assert [question.text, [list(span) for span in question.evidence]] in told["questions"]
    assert clip_payload("key", video.frames([0]), None, tiny.video())["questions"] == []


def test_advantages_of_a_question_sum_to_nothing(trace):
    _, _, made = trace
    assert len(made["drawn"]) == len(made["rollout_reward"]) == 3
    assert sum(gain for _, _, gain in made["rollout_reward"]) == pytest.approx(0, abs=1e-4)
