"""Facts about TSPO's pictures: what each draw is worth, where learning pulls, how it learned, and when the answer is seen."""

import numpy as np
import pytest
import torch
from playwright.sync_api import expect

from app.figures.pack import coded, floats
from app.figures.payload import about_payload, clip_payload, trace_payload
from core import METHODS
from core.video.footage import evenly
from core.world.long import asked_video
from tests import tiny

METHOD = "tspo"
VIDEO = asked_video(3, seconds=60, segment=(4, 6), size=(32, 48))[0]
FIND = next(one for one in VIDEO.questions if one.family == "find")


@pytest.fixture(scope="module")
def engine():
    return tiny.engine()


def payload(engine, question=FIND.text, **knobs):
    """What the page sends when everything is there, and the run itself."""
    overview = VIDEO.frames(evenly(VIDEO, 4))
    given = {"budget": 5, "rollouts": 4, "tau": 0.3} | knobs
    trace = engine.run(METHOD, video=VIDEO, question=question, outputs=METHODS[METHOD].until("network"), **given)
    made = trace_payload(
        METHODS[METHOD], trace, "key", overview, engine.settings(METHOD, given), None, [], 1.0, question=question
    )
    return {"about": about_payload(METHODS[METHOD]), "clip": clip_payload("key", overview, None, VIDEO), "trace": made}, trace


def mount(page, made):
    page.evaluate("payload => { window.view = viewer.mount(document.querySelector('#here'), payload); }", made)
    page.wait_for_selector(".vw[data-shown]")


def test_the_page_is_told_what_is_asked_of_a_video_and_when_the_answer_is_seen():
    told = clip_payload("key", VIDEO.frames(evenly(VIDEO, 4)), None, VIDEO)
    assert [FIND.text, FIND.evidence] in told["questions"]
    assert clip_payload("key", VIDEO.frames([0]), None, tiny.video())["questions"] == []


def test_a_draw_is_a_row_of_ticks_with_what_it_is_worth(viewer, engine):
    made, trace = payload(engine)
    mount(viewer, made)
    rows = viewer.locator(".ro-row")
    expect(rows).to_have_count(4)
    for row, places, (right, share, gain) in zip(rows.all(), trace["drawn"], trace["rollout_reward"], strict=True):
        assert row.locator("i").count() == len(places) == 5
        assert row.locator("s").count() == len(FIND.evidence)
        expect(row).to_contain_text("✓" if right else "✗")
        expect(row).to_contain_text(f"{share:g}")
        pink = row.locator("i").evaluate_all("all => all.filter(one => one.style.background == 'rgb(255, 79, 163)').length")
        assert pink == sum(FIND.shows(places)) == round(share * 5)
        assert ("+" if gain > 0 else "−") in row.inner_text() or abs(gain) < 1e-4


def test_draws_pull_up_what_did_better_than_the_group_and_nothing_where_nobody_knows(viewer, engine):
    made, trace = next(one for one in (payload(engine, seed=seed) for seed in range(50)) if uneven(one[1]))
    gain_T = torch.zeros(60)
    for places, (_, _, gain) in zip(trace["drawn"], trace["rollout_reward"], strict=True):
        gain_T[list(places)] += gain
    assert trace["pull_T"][int(gain_T.argmax())] > 0 and float(trace["pull_T"].sum()) == pytest.approx(0, abs=1e-4)
    mount(viewer, made)
    expect(viewer.locator(".tl-said", has_text="An arrow for each candidate")).to_be_visible()
    mount(viewer, payload(engine, question="a red ball?")[0])
    expect(viewer.locator(".tl-said", has_text="Nothing rewards these draws")).to_be_visible()
    expect(viewer.locator(".ro-said")).to_contain_text("nobody here knows the answer", use_inner_text=True)


def uneven(trace):
    """Whether the draws of a run were not all worth the same."""
    return len({round(right + share, 4) for right, share, _ in trace["rollout_reward"]}) > 1


def test_curves_tell_the_setting_and_what_is_pointed_at(viewer, engine):
    made, trace = payload(engine)
    mount(viewer, made)
    spread, learned = viewer.locator(".cu-said").all()
    expect(spread).to_contain_text("τ = 0.3: exp H ", use_inner_text=True)
    told = float(spread.inner_text().split("exp H ")[1].split()[0])
    assert told == pytest.approx(trace["effective"], rel=0.01)
    expect(learned).to_contain_text("n = 100: RA 0.6 · RT 0.4 · groups without a signal 0.1", use_inner_text=True)
    viewer.locator(".cu-canvas").nth(1).hover(position={"x": 40, "y": 40})
    expect(learned).to_contain_text("n = 50: RA 0.3", use_inner_text=True)


def test_a_needle_map_that_was_measured_has_its_numbers_and_another_says_that_nobody_did(viewer, engine):
    made, _ = payload(engine)
    mount(viewer, made)
    needle = viewer.locator(".mx", has_text="Needle in a haystack")
    expect(needle).to_contain_text("Nobody measured this", use_inner_text=True)
    found_SQ = np.array([[0.5, 1, 0.25, 0], [1, 1, np.nan, 1], [0.75, 0, 0, 0]])
    about = {"whole": [3, 4], "rows": "length", "columns": "place", "names": []}
    made["trace"]["values"]["needle_SQ"] = coded(found_SQ, floats) | about
    mount(viewer, made)
    label = viewer.locator(".mx", has_text="Needle in a haystack").locator("canvas").get_attribute("aria-label")
    assert "256 candidates: 0.5, 1, 0.25, 0" in label and "1024 candidates: 0.75, 0, 0, 0" in label


def test_a_question_that_the_video_knows_is_asked_by_a_click(viewer, engine):
    made, _ = payload(engine, question="a red ball?")
    viewer.evaluate(
        "payload => { viewer.mount(document.querySelector('#here'), payload, {write: text => { window.asked = text; }}); }",
        made,
    )
    viewer.get_by_role("button", name=FIND.text).first.click()
    viewer.wait_for_function("text => window.asked === text", arg=FIND.text)
    mount(viewer, made)
    expect(viewer.locator(".ro-known").last).to_be_hidden()
