"""Facts about the tab “Which frames?”: what is answered at once and what must be read first, what a knob runs again, how bad
input is refused, who may answer, and all of it in a browser."""

import json
import threading
import time

import numpy as np
import pytest
from playwright.sync_api import expect

from app.frames.choices import OURS, Choices
from app.main import arguments, launch
from app.page import build
from app.server.clips import Clips, find_videos
from app.server.jobs import Running
from app.server.request import Desk
from core import METHODS, Engine
from core.frames.choice import choosers
from core.frames.service import reader_at
from core.world.__main__ import write_mp4
from tests import tiny
from tests.app.test_page_access import found, hidden
from tests.core.networks import test_service

server = test_service.server  # a fixture
NAMES = [one.name for one in choosers(METHODS)]
STORY = {"title": "a story", "question": "What colour is the ring?", "story": True, "seed": 3, "split": "test", "seconds": 200,
         "size": [32, 48]}  # fmt: skip
DAY = {"title": "a day", "question": "a red ball moves", "seed": 6, "seconds": 86400, "rate": 1, "size": [32, 48]}


@pytest.fixture(scope="module")
def served(served_whole):
    """Of every method."""
    return served_whole


@pytest.fixture(scope="module")
def engine():
    clip = tiny.towers()
    models = {"clip": clip, "tspo": tiny.selector(clip), "videostreaming": tiny.streaming(10), "videolucy_eye": tiny.eye()}
    return Engine("cpu", models=models, methods={name: METHODS[name] for name in NAMES})


@pytest.fixture(scope="module")
def examples(tmp_path_factory):
    folder = tmp_path_factory.mktemp("videos")
    for name, recipe in (("a-story", STORY), ("day", DAY)):
        (folder / f"{name}.json").write_text(json.dumps(recipe))
    return find_videos(folder)


def choices_of(engine, examples, services=None):
    return Choices(Desk(METHODS["clip_topk"], {"tiny": engine}, Clips(examples), Running()), services or {})


@pytest.fixture(scope="module")
def choices(engine, examples):
    return choices_of(engine, examples)


def asking(choices, name="a-story", question=STORY["question"], budget=8, reader=OURS, weights="tiny", **more):
    handle = choices.clips.handle(choices.clips.examples[name].path)
    values = {"clip": handle, "weights": weights, "question": question, "budget": budget, "reader": reader}
    return {"values": values, "stamp": 7, "who": "me"} | more


def answered(choices, kind, *messages):
    functions = {one.__name__: one for one in choices.functions()}
    return json.loads(functions[kind](*messages))


def test_what_looks_at_no_frame_is_there_at_once_and_the_rest_when_the_video_was_read(choices):
    found = answered(choices, "at_once", asking(choices))
    rows = {one["name"]: one for one in found["rows"]}
    assert list(rows) == NAMES and found["waiting"] and found["stamp"] == 7
    assert len(rows["uniform"]["frames"]) == 8 and "answer" not in rows["uniform"]
    assert all(rows[name]["waiting"] and "frames" not in rows[name] for name in NAMES[2:])
    story = choices.clips.examples["a-story"].recipe.video
    asked = next(one for one in story.questions if one.text == STORY["question"])
    assert found["evidence"] == [list(span) for span in asked.evidence] and found["answer"] == asked.answer
    assert found["video"]["questions"] == [one.text for one in story.questions]
    whole = answered(choices, "everything", asking(choices))
    assert not whole["waiting"] and all(row["answer"] in asked.options for row in whole["rows"])
    for row in whole["rows"]:
        inside = [any(begin <= second < end for begin, end in asked.evidence) for second in row["seconds"]]
        assert row["recall"] == float(any(inside)) and row["answer_right"] == (row["answer"] == asked.answer)
    other = answered(choices, "at_once", asking(choices, budget=5, question="What shape is the red thing?"))
    known = {row["name"]: len(row["frames"]) for row in other["rows"] if not row.get("waiting")}
    assert list(known.values()) == [5, 5, 5, 5, 4], "nothing is read again"
    assert other["waiting"] and set(NAMES) - set(known) == {NAMES[-1]}, "but by who goes back to look for what is asked"


def test_a_curve_is_what_each_k_gives(choices):
    curve = answered(choices, "curve", asking(choices))
    assert list(curve) == NAMES and [row[:2] for row in curve["uniform"]] == [[K, K] for K in (1, 2, 4, 8, 16, 32, 64)]
    now = answered(choices, "everything", asking(choices, budget=16))["rows"][2]
    assert curve["clip_topk"][4] == [16, 16, now["recall"], now["answer_right"]]


def test_the_frames_of_a_choice_are_seen(choices):
    answered(choices, "at_once", asking(choices))
    pictures = answered(choices, "seen", asking(choices, frames=[0, 199]))
    assert len(pictures) == 2 and all(one.startswith("data:image/jpeg") for one in pictures)
    for frames in ([], [200], [-1], ["a"], None, list(range(65))):
        assert answered(choices, "seen", asking(choices, frames=frames))["error"].endswith((".", "199."))


@pytest.mark.parametrize(
    "wrong, said",
    [
        ({"budget": 0}, "K is a whole number from 1 to 64, got 0."),
        ({"budget": "eight"}, "K is a whole number from 1 to 64, got eight."),
        ({"budget": float("nan")}, "K is a whole number from 1 to 64, got nan."),
        ({"weights": "gold"}, "The weights are tiny, got 'gold'."),
        ({"reader": "http://elsewhere"}, "The readers are ours, got 'http://elsewhere'."),
    ],
)
def test_bad_input_is_a_sentence(choices, wrong, said):
    assert answered(choices, "at_once", asking(choices, **wrong)) == {"error": said}


def test_a_message_of_another_kind_is_a_sentence(choices):
    strange = asking(choices)
    strange["values"]["clip"] = "a handle of nobody's"
    for message in (None, {}, {"values": []}, {"values": {"clip": 1}}, strange):
        assert answered(choices, "everything", message)["error"].endswith(".")


def test_without_a_question_only_who_asks_for_one_refuses(choices):
    rows = {one["name"]: one for one in answered(choices, "at_once", asking(choices, question=" "))["rows"]}
    assert len(rows["uniform"]["frames"]) == 8 and "1 to 4000 characters" in rows["uniform"]["unread"]
    assert all("1 to 4000 characters" in rows[name]["error"] for name in NAMES[2:])


def test_reading_says_how_far_it_is_and_can_be_called_off(engine, examples):
    choices, found = choices_of(engine, examples), []
    message = asking(choices, "day", DAY["question"])
    reading = threading.Thread(target=lambda: found.append(answered(choices, "everything", message)), daemon=True)
    reading.start()
    until = time.monotonic() + 60
    while not (far := answered(choices, "far", {"who": "me", "kind": "later"}) or ["", 0.0])[1] and time.monotonic() < until:
        time.sleep(0.02)
    assert far[0].endswith(": feature_TE") and 0 < far[1] < 1
    answered(choices, "stop", {"who": "me", "kind": "later"})
    reading.join(60)
    assert found == [{"cancelled": True}]


def test_a_service_answers_from_the_frames_once_and_its_fault_is_a_sentence(engine, examples, server):
    reader = reader_at(test_service.spec(server))
    choices = choices_of(engine, examples, {reader.label: reader})
    given = asking(choices, reader=reader.label, question="What is seen?")
    first = answered(choices, "everything", given)
    assert [row["answer"] for row in first["rows"]] == ["a red ring"] * len(NAMES) and first["rows"][0]["tokens"] is None
    asked = len(server.asked)
    again = answered(choices, "at_once", given)
    assert not again["waiting"] and len(server.asked) == asked == len({str(row["frames"]) for row in first["rows"]})
    server.answers += [(401, "")] * len(NAMES)
    refused = answered(choices, "everything", given | {"values": given["values"] | {"budget": 3}})
    assert "it answered 401" in refused["rows"][0]["unread"] and test_service.KEY not in json.dumps([refused, again])


def test_a_video_and_a_clip_of_ones_own_work_and_what_was_not_trained_on_them_says_so(examples, tmp_path):
    write_mp4(tmp_path / "mine.mp4", np.random.default_rng(0).integers(0, 256, (30, 32, 48, 3), np.uint8), 10)
    methods = {name: METHODS[name] for name in NAMES}
    choices = choices_of(Engine("cpu", models={"clip": tiny.towers()}, methods=methods), examples)
    message = asking(choices, question="a dog runs", budget=2)
    message["values"]["clip"] = choices.clips.handle(tmp_path / "mine.mp4")
    assert answered(choices, "at_once", message)["waiting"], "a file that nobody opened is opened while its reader is told so"
    found = answered(choices, "everything", message)
    rows = {one["name"]: one for one in found["rows"]}
    assert [len(one["frames"]) for one in rows.values()] == [2] * len(NAMES) and rows["uniform"]["frames"] == [0, 20]
    assert found["answer"] is None and found["evidence"] == [] and found["video"]["name"] == "mine.mp4"
    assert [bool(one["untrained"]) for one in rows.values()] == [False, False, False, True, True, False]
    assert {one["answer"] for one in rows.values()} == {""} and rows["uniform"]["recall"] is None


def test_a_reader_is_named_on_the_command_line_in_the_form_of_a_service(capsys):
    assert arguments().parse_args(["--reader", "http://127.0.0.1:1/v1,model=m"]).reader[0].label == "m at 127.0.0.1:1"
    with pytest.raises(SystemExit):
        arguments().parse_args(["--reader", "http://me:secret@127.0.0.1/v1,model=m"])
    assert "secret" not in capsys.readouterr().err


# ---- in a browser ---------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def page(browser, engine, examples):
    made = build({"tiny": engine}, examples)
    shown = browser.new_page(viewport={"width": 1200, "height": 1000})
    shown.set_default_timeout(60_000)
    shown.goto(f"{launch(made, wait=False)}?frames")
    yield shown
    shown.close()
    made.close()


def settled(page, **wanted):
    """Wait until everything is there for these values."""
    page.wait_for_function(
        """wanted => { const told = JSON.parse(document.querySelector('#frames .wf')?.dataset.shown || '{"waiting": true}');
           return !told.waiting && Object.entries(wanted).every(([k, v]) => told[k] === v); }""",
        arg=wanted,
    )


def test_a_link_opens_the_tab_and_its_controls_ask_anew_of_what_was_read(page):
    page.reload()
    settled(page, budget=8, question=STORY["question"])
    rows = page.locator("#frames .wf-table tbody tr")
    assert [one.get_attribute("data-name") for one in rows.all()] == NAMES
    expect(page.locator("#frames .wf-seen img")).to_have_count(8)
    slider = page.locator("#knob-frames-budget input[type=range]")
    for _ in range(4):
        slider.press("ArrowRight")
    settled(page, budget=12)
    assert rows.first.locator("line").count() == 12
    known = page.locator("#frames .wf-known select")
    asked = known.locator("option").nth(3).inner_text()
    known.select_option(asked)
    settled(page, budget=12, question=asked)
    assert page.locator("#question-frames textarea").input_value() == asked
    expect(page.locator("#frames .wf-curve circle")).not_to_have_count(0)
    page.locator("#question-frames textarea").fill("")
    expect(page.locator("#frames .wf-error").first).to_contain_text("1 to 4000 characters", use_inner_text=True)


def test_an_example_that_is_chosen_in_another_tab_is_that_of_this_one_too(page):
    page.get_by_role("tab", name="Uniform", exact=True).click()
    page.locator("#viewer-uniform .vw-examples button", has_text="a day").click()
    page.locator("#viewer-uniform .vw-clip", has_text="24:00:00").wait_for()
    page.get_by_role("tab", name="Which frames?").click()
    said = page.locator("#frames .wf-asked")
    expect(said).to_contain_text("24:00:00 long · “a red ball moves”", use_inner_text=True, timeout=60_000)
    page.locator("#frames .vw-far button").click()  # to be called off, or the test would read a day
    page.locator("#frames .vw-examples button", has_text="a story").click()
    settled(page, question=STORY["question"])


def test_axe_finds_nothing_serious_in_it_and_no_width_hides_any_of_it(page, axe):
    page.goto(f"{page.url.partition('?')[0]}?frames")
    settled(page, question=STORY["question"])
    expect(page.locator("#frames .wf-curve circle")).not_to_have_count(0)
    page.evaluate(axe)
    assert not found(page, "#frames")
    for width in (320, 400, 1280):
        page.set_viewport_size({"width": width, "height": 900})
        assert not (wrong := hidden(page)), f"{width} px: " + "\n".join(wrong)
    page.set_viewport_size({"width": 1200, "height": 1000})
