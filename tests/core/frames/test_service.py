"""Facts about a model behind an endpoint as the reader, held against a small server: what it is shown, and what is read out of
what it says."""

import base64
import io

import numpy as np
import pytest
from PIL import Image

from core import BadWeights
from core.frames.service import answer_in, jpeg, reader_at
from core.progress import Cancelled
from core.world.long import asked_video
from tests.core.networks import test_service
from tests.core.networks.test_service import KEY, spec

server = test_service.server  # a fixture
OPTIONS = ("red", "not shown", "light blue", "blue")


@pytest.mark.parametrize(
    "said, answer",
    [
        ("red", "red"),
        ("Answer: **Blue**.", "blue"),
        ("The ring is light blue.", "light blue"),
        ("It is not red: the answer is blue", "blue"),
        ("First red, then blue", "blue"),
        ("<think>red? blue?</think>\n\nNot shown", "not shown"),
        ('```json\n{"Answer": "red"}\n```', "red"),
        ("(B) it never comes", "not shown"),
        ("d", "blue"),
        ("A small thing", ""),
        ("I cannot tell.", ""),
        ("infrared, bluest", ""),
        ("", ""),
    ],
)
def test_an_answer_is_found_in_what_is_said(said, answer):
    assert answer_in(said, OPTIONS) == answer


def test_without_options_its_first_line_is_the_answer():
    assert answer_in("A dog.\nIt runs.", ()) == "A dog" and len(answer_in("x" * 500, ())) == 80


def test_it_is_shown_the_chosen_frames_in_their_order_and_the_key_is_nowhere(server):
    video, story = asked_video(3, size=(32, 48))
    asked = story.questions[0]
    reader = reader_at(spec(server))
    server.answers.append((200, test_service.SAID.replace("a red ring", f"It is {asked.answer}.")))
    assert reader.read(video, asked.text, (4, 200)).answer == asked.answer
    _, headers, body = server.asked[0]
    words, *pictures = body["messages"][0]["content"]
    assert asked.text in words["text"] and all(one in words["text"] for one in asked.options) and "4, 200" in words["text"]
    sizes = [Image.open(io.BytesIO(base64.b64decode(one["image_url"]["url"].partition(",")[2]))).size for one in pictures]
    assert sizes == [(48, 32)] * 2 and headers["Authorization"] == f"Bearer {KEY}"
    assert KEY not in repr(reader) + reader.label and reader.label == f"small at 127.0.0.1:{server.server_port}"


def test_a_service_is_named_in_one_form_and_no_other():
    with pytest.raises(BadWeights, match=r"URL,model=NAME"):
        reader_at("http://127.0.0.1/v1")


@pytest.mark.parametrize(
    "said, options, answer",
    [
        ("light blue", ("light", "light blue"), "light blue"),
        ("<think>red?</think>\n(D)", OPTIONS, "blue"),
        ("<think>It might be red", OPTIONS, ""),
        ("Perhaps red. Answer: B", OPTIONS, "not shown"),
        ('{"answer": "red", "why": "it is not blue"}', OPTIONS, "red"),
    ],
)
def test_what_is_thought_or_explained_is_no_answer(said, options, answer):
    assert answer_in(said, options) == answer


def test_pictures_are_those_of_the_frames_in_their_order(server):
    video, story = asked_video(3, size=(32, 48))
    reader_at(spec(server)).read(video, story.questions[0].text, (4, 200))
    _, *pictures = server.asked[0][2]["messages"][0]["content"]
    for frame, one in zip((4, 200), pictures, strict=True):
        shown = np.asarray(Image.open(io.BytesIO(base64.b64decode(one["image_url"]["url"].partition(",")[2]))), float)
        far = {i: np.abs(shown - video.frames((i,)).frames_THWC[0]).mean() for i in (4, 200)}
        assert min(far, key=far.get) == frame


def test_an_answer_that_nobody_waits_for_is_called_off(server):
    video, story = asked_video(3, size=(32, 48))
    server.answers.append(("wait", 5))
    with pytest.raises(Cancelled):
        reader_at(spec(server)).read(video, story.questions[0].text, (4,), cancelled=lambda: True)


def test_a_large_picture_is_shrunk():
    assert Image.open(io.BytesIO(jpeg(np.zeros((600, 900, 3), np.uint8)))).size == (448, 299)
