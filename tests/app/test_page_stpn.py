"""Facts about the tab of STPN, in a real browser: the last value wins, and the whole clip is read when a reader asks."""

import json

import numpy as np
import pytest
from playwright.sync_api import expect

from app.server.answers import Answers
from app.server.clips import Clips
from app.server.jobs import Running
from app.server.request import Desk
from core import METHODS, read_clip
from tests.pages import PATIENCE, number, press_about, request_of, slider


@pytest.fixture
def prompted(page):
    page.get_by_role("tab", name="STPN").click()
    page.wait_for_selector(".sp[data-done]", timeout=PATIENCE)
    page.wait_for_timeout(300)
    return page


def settled(page, **knobs):
    """Wait until prompts and boxes both show these values, and make sure that they stay."""
    condition = """wanted => ['shown', 'done'].every(name => {
        const told = JSON.parse(document.querySelector('.sp').dataset[name] || '{}');
        return Object.entries(wanted).every(([k, v]) => told[k] === v); })"""
    for _ in range(2):
        page.wait_for_function(condition, arg=knobs, timeout=PATIENCE)
        page.wait_for_timeout(400)
    assert page.evaluate(condition, knobs)


def test_the_tab_of_stpn_opens_with_a_picture_its_supports_and_the_label_of_its_weights(prompted, served):
    pixels = prompted.evaluate("""() => { const c = document.querySelector('.sp .vw-canvas');
        return [...c.getContext('2d').getImageData(0, 0, c.width, c.height).data]; }""")
    assert np.std(pixels) > 5
    root = prompted.locator(".sp")
    for part, count in ((".sp-support", 6), (".vw-thumb", 8), (".vw-found canvas", 2), (".vw-likeness canvas", 3)):
        expect(root.locator(part)).to_have_count(count)
    expect(root.locator(".vw-banner")).to_contain_text(
        "attention/shallow and baseline have random weights", use_inner_text=True
    )
    expect(root.locator(".vw-weights")).to_contain_text("UNTRAINED", use_inner_text=True)
    assert prompted.get_by_label("Texts, one a line").locator("visible=true").count() == 0


def test_the_last_value_wins_in_the_tab_of_stpn(prompted):
    press_about(prompted, slider(prompted, "severity", "stpn"), 3)
    settled(prompted, severity=0.95)


def test_an_odd_number_of_supports_is_read_as_the_even_one_below(prompted):
    number(prompted, "supports", "stpn").fill("5")
    prompted.wait_for_function("JSON.parse(document.querySelector('.sp').dataset.done).supports === 4")
    number(prompted, "supports", "stpn").blur()
    prompted.wait_for_function("document.querySelector('#knob-stpn-supports input[type=number]')?.value === '4'")
    expect(prompted.locator("#viewer-stpn .vw-wait")).to_be_hidden()


def test_a_preset_leaves_the_frame_alone_and_the_defaults_do_not(prompted):
    slider(prompted, "t", "stpn").press("End")
    settled(prompted, t=8)
    prompted.get_by_role("button", name="clean").locator("visible=true").click()
    settled(prompted, t=8, spoil="none")
    prompted.get_by_role("button", name="defaults").locator("visible=true").click()
    settled(prompted, **{knob.name: knob.default for knob in METHODS["stpn"].knobs.knobs()})


def test_a_frame_of_the_strip_becomes_the_current_one_and_the_knob_follows(prompted):
    prompted.locator(".sp .vw-thumb").nth(6).click()
    settled(prompted, t=7)
    for knob in (number, slider):
        expect(knob(prompted, "t", "stpn")).to_have_value("7")
    prompted.locator(".sp").focus()
    for _ in range(3):
        prompted.keyboard.press("ArrowLeft")
    settled(prompted, t=4)
    prompted.locator(".sp .vw-thumb").nth(1).click()
    settled(prompted, t=2)
    prompted.get_by_role("button", name="occluded").click()
    settled(prompted, t=2, spoil="occluder", severity=0.6)


def test_the_knob_of_a_frame_ends_where_the_clip_does(prompted):
    prompted.locator(".sp .vw-thumb").nth(7).click()
    settled(prompted, t=8)
    number(prompted, "t", "stpn").fill("9")
    told = prompted.locator(".sp .vw-wait")
    expect(told).to_have_text("t (t) is 1 to 8, the frames of the clip, got 9.", use_inner_text=True)
    number(prompted, "t", "stpn").fill("8")
    number(prompted, "frames", "stpn").fill("5")
    settled(prompted, t=5)
    expect(slider(prompted, "t", "stpn")).to_have_attribute("max", "5")
    expect(told).to_be_hidden()
    expect(prompted.locator(".sp .vw-thumb")).to_have_count(5)


def test_the_whole_clip_is_read_when_a_reader_asks_and_again_when_a_knob_moves(prompted, served, monkeypatch):
    asked, run = [], served[1].run

    def counted(method, *given, **named):
        asked.append("prompted_tracks" in named["outputs"])
        return run(method, *given, **named)

    monkeypatch.setattr(served[1], "run", counted)
    slider(prompted, "severity", "stpn").focus()
    prompted.keyboard.press("ArrowRight")
    settled(prompted, severity=0.65)
    assert asked and not any(asked)
    prompted.locator(".vw-through summary").click()
    rows, fresh = prompted.locator(".vw-tracks .sp-tracks"), ".vw-tracks:not(.vw-stale) .sp-tracks"
    prompted.locator(fresh).nth(1).wait_for()
    assert [row.locator("canvas").count() for row in rows.all()] == [8, 8]
    assert all(" things found over 8 frames" in said for said in prompted.locator(".vw-tracks h4").all_inner_texts())
    slider(prompted, "severity", "stpn").focus()
    prompted.keyboard.press("ArrowRight")
    settled(prompted, severity=0.7)
    prompted.locator(fresh).nth(1).wait_for()
    assert asked.count(True) == 2


def test_likeness_is_drawn_over_all_severities_when_nothing_moves(prompted, served):
    state = ".vw-likeness-state"
    prompted.locator(state).scroll_into_view_if_needed()
    prompted.wait_for_function(f"document.querySelector('{state}')?.textContent === '— cosine, against severity'")
    slider(prompted, "supports", "stpn").focus()
    prompted.keyboard.press("ArrowRight")  # another curve: it is not known at once
    prompted.wait_for_function(f"document.querySelector('{state}').textContent !== '— cosine, against severity'")
    prompted.wait_for_function(f"document.querySelector('{state}')?.textContent === '— cosine, against severity'")


def test_a_curve_has_the_engines_numbers_from_end_to_end_of_its_knob(served):
    clips = Clips(served[2])
    example = next(iter(served[2].values()))
    for name, knobs in (("stpn", {"supports": 4}), ("stop", {})):
        desk = Desk(METHODS[name], {"tiny": served[1]}, clips, Running())
        settings = served[1].settings(name, knobs)
        curve = next(one for one in Answers(desk).functions() if one.__name__ == "curve")
        points = json.loads(curve(request_of(desk, **knobs)))
        if name == "stop":
            assert points == []  # none of its outputs is drawn against a knob
            continue
        assert [severity for severity, _ in points] == [0, 0.2, 0.4, 0.6, 0.8, 1]
        trace = served[1].run(name, read_clip(example.path, frames=8), **{**settings, "severity": 0.8})
        for scores, stage in zip(points[4][1], ("cosine_plain_I", "cosine_prompted_I")):
            np.testing.assert_allclose(scores, trace[stage].numpy(), atol=2e-6)


def test_what_reads_the_whole_clip_is_stopped_while_it_is_under_way(served, monkeypatch):
    desk = Desk(METHODS["stpn"], {"tiny": served[1]}, Clips(served[2]), Running())
    named = {one.__name__: one for one in Answers(desk).functions()}
    message, run, under_way = request_of(desk, spoil="defocus", severity=0.35), served[1].run, []

    def stopping(method, *given, **asked):
        if "prompted_tracks" not in asked["outputs"]:
            return run(method, *given, **asked)
        tell = asked.pop("progress")

        def progress(stage, done):
            tell(stage, done)
            under_way.append(named["far"]({"who": "me", "kind": "whole"}))
            if stage == "prompted_read" and done == 0:
                named["everything"](message)  # another run of the reader's is no reason to forget this one
                named["stop"]({"who": "me", "kind": "whole"})

        return run(method, *given, progress=progress, **asked)

    monkeypatch.setattr(served[1], "run", stopping)
    assert json.loads(named["through"](message)) == {"cancelled": True}
    assert under_way[-1] == ["prompted_read", 0.0]  # it did not come to the next stage


def test_no_two_elements_share_an_id(prompted):
    prompted.get_by_role("button", name="More knobs").click()
    prompted.locator("#knob-stpn-depth").wait_for()
    ids = prompted.evaluate("[...document.querySelectorAll('[id^=knob-], [id^=own-], [id^=viewer-]')].map(one => one.id)")
    assert {"knob-stop-depth", "knob-stpn-depth"} <= set(ids) and len(set(ids)) == len(ids)
