"""Facts about VideoLucy's agents on other machines, held against a small server: what they are asked, what is read of it, and
what happens where nothing can be read."""

import json

import pytest

from core import METHODS, BadService, Engine
from core.methods.videolucy import METHOD, SERVED
from core.methods.videolucy.loop import search as searched
from core.methods.videolucy.memory import Entry, Memory, Period
from core.methods.videolucy.service import (
    PICTURES,
    TRIES,
    PictureAgent,
    Team,
    WrittenAgents,
    load_pictures,
    load_words,
    pictures_of,
)
from core.world.marks import marked_video
from tests import tiny
from tests.core.networks import test_service
from tests.core.networks.test_service import KEY, spec

server = test_service.server  # a fixture
COARSE = tuple(Period(64.0 * k, 64.0 * (k + 1), 0) for k in range(3))
MEMORY = Memory((Entry(COARSE[0], "a red ring"), Entry(COARSE[1], "a blue star"), Entry(COARSE[2], "a dog")))
QUESTION = "What does the dog eat?"


def answers(server, *texts):
    """The server replies so, in order."""
    server.answers += [(200, json.dumps({"choices": [{"message": {"content": one}}]})) for one in texts]


def words_of(server, place=-1):
    """What it was asked in words."""
    content = server.asked[place][2]["messages"][0]["content"]
    return content if isinstance(content, str) else content[0]["text"]


@pytest.fixture
def agents(server):
    return WrittenAgents(load_words(spec(server)).network)


def test_each_agent_is_asked_with_memory_and_question_and_its_reply_is_read(server, agents):
    answers(
        server,
        'Sure: {"Flag": false, "Time Period": [[128, 192], [0, 64]], "Reason": "a dog"}',
        '```json\n{"Time Period": [128, 192], "Instruction": "look at the bowl", "Reason": "it may eat"}\n```',
        '{"Confidence": True, "Answer": "a dog\'s biscuit", "Time Period": null, "Reason": "seen"}',
    )
    found = agents.survey(QUESTION, MEMORY, 2)
    assert (found.whole, found.periods) == (False, (COARSE[2], COARSE[0]))
    for text in ("64–128 s: a blue star", QUESTION):
        assert text in words_of(server) and text in found.request
    there = agents.locate(QUESTION, MEMORY, (COARSE[0],), True)
    assert (there.period, there.instruction, there.calls) == (COARSE[2], "look at the bowl", 1)
    reply = agents.answer(QUESTION, MEMORY)
    assert (reply.answer, reply.confident) == ("a dog's biscuit", True) and reply.raw.startswith('{"Confidence"')
    assert [body["temperature"] for _, _, body in server.asked] == [0.0] * 3


def test_a_reply_that_cannot_be_read_is_sent_back_with_what_is_wrong_and_every_try_is_a_call(server, agents):
    answers(server, "I think so.", '{"Confidence": false, "Answer": "bread", "Reason": "not seen"}')
    reply = agents.answer(QUESTION, MEMORY)
    assert (reply.answer, reply.confident, reply.calls) == ("bread", False, 2)
    assert "There is no JSON object" in words_of(server) and "There is no JSON object" in reply.raw
    assert "I think so." in reply.raw and '"bread"' in reply.raw, "all that was said is shown"


def test_where_no_reply_can_be_read_the_search_goes_on_without(server, agents):
    answers(server, *["?"] * (3 * TRIES))
    found = agents.survey(QUESTION, MEMORY, 2)
    there = agents.locate(QUESTION, MEMORY, (COARSE[0],), True)
    reply = agents.answer(QUESTION, MEMORY)
    assert found.whole and there.period == COARSE[1] and not reply.confident and reply.answer == ""
    assert (found.calls, there.calls, reply.calls) == (TRIES,) * 3 and len(server.asked) == 3 * TRIES
    assert "No reply could be read" in reply.reason


def test_nothing_that_is_left_is_no_call(server, agents):
    deepest = Memory((Entry(Period(0, 1, 2), "a dog"),))
    assert agents.locate(QUESTION, deepest, (), True).period is None and not server.asked


def test_whoever_captions_is_shown_the_frames_of_each_period(server):
    video = marked_video(3, seconds=300, size=(24, 32))
    answers(server, " a red ring ", "a star")
    said = PictureAgent(load_pictures(spec(server)).network, video).caption((COARSE[0], Period(8, 9, 2)), "look for a bowl")
    assert said == ("a red ring", "a star")
    content = [body["messages"][0]["content"] for _, _, body in server.asked]
    assert "look for a bowl" in content[0][0]["text"]
    assert [len(one) - 1 for one in content] == [PICTURES, 2], "a frame is shown once: a second has two"
    assert pictures_of(video, Period(8, 9, 2)) == [16, 17]


def test_a_team_asks_only_for_captions_that_it_does_not_know():
    asked = []

    class Eye:
        def caption(self, periods, instruction):
            asked.append((tuple(periods), instruction))
            return ["seen"] * len(periods)

    team = Team(Eye(), None, None, {COARSE[0]: "known", COARSE[1]: "too"})
    assert team.caption(COARSE[:2], "") == ("known", "too") and not asked
    assert team.caption(COARSE[:1], "look") == ["seen"] and team.caption(COARSE, "") == ["seen"] * 3
    assert asked == [(COARSE[:1], "look"), (COARSE, "")]


def test_a_service_that_is_not_named_is_asked_for_in_a_sentence_and_needed_by_nobody_else():
    engine, video = tiny.engine(models=tiny.engine().models | {"videolucy": None}), tiny.numbers()
    with pytest.raises(BadService, match=r"none was named: --service videolucy=URL,model=NAME"):
        Engine("cpu", models={"videolucy_eye": tiny.eye()}).run("videolucy", video=video, question=tiny.NUMBER, answerer=SERVED)
    assert engine.run("videolucy", video=video, question=tiny.NUMBER, outputs=["reply"])["reply"]


def test_a_search_by_services_shows_every_word_and_no_key(server):
    video = tiny.numbers()
    models = {"videolucy": spec(server), "videolucy_pictures": spec(server), "videolucy_eye": tiny.eye()}
    engine = Engine("cpu", models=models)
    shown = dict(captioner=SERVED, locator=SERVED, answerer=SERVED, coarse=256, iterations=1, outputs=["search", "reply"])
    sure = '{"Confidence": true, "Answer": "7", "Time Period": [0, 256], "Reason": "seen"}'
    answers(server, "a room", "a street", '{"Flag": true, "Time Period": [], "Reason": "all"}', sure)
    trace = engine.run("videolucy", video=video, question="Why does she laugh?", **shown)
    found = trace["search"]
    assert trace["reply"] == "7" and found.confident and not found.forced
    assert [one.kind for one in found.steps] == ["caption", "survey", "answer"] and found.steps[-1].raw == sure
    assert "Why does she laugh?" in found.steps[-1].request and "0–256 s: a room" in found.steps[-1].request
    assert KEY not in repr(found) + repr(trace.weights) + repr(engine.models)
    assert any(one.startswith("small at 127.0.0.1") for one in trace.weights.values())
    again = engine.run("videolucy", video=video, question="Why does she laugh?", **shown)
    assert not again.ran and len(server.asked) == 4, "what was asked is known"


def test_the_models_are_named_as_the_command_line_has_them():
    assert [one.model for one in METHOD.networks.values()] == ["videolucy", "videolucy_eye", "videolucy_pictures"]
    assert METHODS["videolucy"].models[0] == "videolucy" and callable(searched)
