"""Facts about VideoLucy's pictures: what is filled on the line of time, the memory in words, steps with all that was said, and
a search that is not over."""

import pytest
from playwright.sync_api import expect

from app.figures.payload import about_payload, clip_payload, partial_payload, trace_payload
from core import METHODS
from core.video.footage import evenly
from tests import tiny

METHOD = "videolucy"
VIDEO = tiny.numbers()


@pytest.fixture(scope="module")
def made():
    """What the page sends: at once, while it runs, and when everything is there."""
    engine, overview, method = tiny.engine(), VIDEO.frames(evenly(VIDEO, 4)), METHODS[METHOD]
    knobs, parts = engine.settings(METHOD, {}), []
    asked = dict(video=VIDEO, question=tiny.NUMBER)
    soon = engine.run(METHOD, **asked, outputs=method.until("now"))

    def emit(stage, partial):
        parts.append(partial_payload(method, stage, partial, overview, knobs, 1.0))

    trace = engine.run(METHOD, **asked, outputs=method.until("network"), emit=emit)
    first, last = (
        trace_payload(method, one, "key", overview, knobs, None, texts, stamp=1.0, question=tiny.NUMBER)
        for one, texts in ((soon, None), (trace, []))
    )
    clip = clip_payload("key", overview, None, VIDEO)
    return {"about": about_payload(method), "clip": clip, "trace": last}, first, parts, trace["search"].steps


MOUNT = """([payload, hooks]) => {
  window.turned = [];
  window.view = viewer.mount(document.querySelector('#here'), payload, {turn: (...one) => turned.push(one)});
}"""
COLOUR = """([second, row]) => {
  const canvas = document.querySelector('.mt-line'), ratio = canvas.width / canvas.clientWidth;
  const x = 62 + (canvas.clientWidth - 62) * second / 300, y = 22 + 24 * (row + 0.5);
  return [...canvas.getContext('2d').getImageData(x * ratio, y * ratio, 1, 1).data];
}"""


def mount(page, payload):
    page.evaluate(MOUNT, [payload, None])
    page.wait_for_selector(".vw[data-shown]")


def test_a_span_is_filled_where_a_memory_is_written_and_empty_where_none_is(viewer, made):
    payload, _, _, steps = made
    mount(viewer, payload)
    written = [one.period for step in steps for one in step.changed]
    fine = next(one for one in written if one.depth == 1)
    blue, pink = viewer.evaluate(COLOUR, [fine.start + 3, 1]), viewer.evaluate(COLOUR, [fine.start + 3, 2])
    assert blue[2] > blue[0] + 60 and blue[3] == 255, "a fine memory is there"
    assert pink[3] == 0, "and no ultra-fine one below it"
    away = next(k for k in range(38) if not any(one.depth == 1 and one.start == 8.0 * k for one in written))
    assert viewer.evaluate(COLOUR, [8 * away + 3, 1])[3] == 0
    viewer.locator(".mt-step").fill("1")
    assert viewer.evaluate(COLOUR, [fine.start + 3, 1])[3] == 0, "after the first step there were coarse ones alone"
    amber = viewer.evaluate(COLOUR, [3, 0])
    assert amber[0] > amber[2] + 60, "that step wrote them"


def test_a_step_turns_its_knob_and_is_the_same_in_words_on_the_line_and_in_the_list(viewer, made):
    payload, _, _, steps = made
    mount(viewer, payload)
    place = next(i for i, one in enumerate(steps, 1) if i > 1 and one.changed)
    viewer.locator(".ag-steps > li summary").nth(place - 1).click()
    viewer.get_by_role("button", name=f"Show the memory after step {place}", exact=True).click()
    assert viewer.evaluate("turned") == [["shown", place]]
    expect(viewer.locator(".mt-now")).to_have_text(f"{place} of {len(steps)}: {steps[place - 1].note}")
    assert viewer.locator(".ag-steps [aria-current=step] summary b").inner_text() == str(place)
    fresh, fine = viewer.locator(".mt-fresh"), len(steps[place - 1].changed) - 1
    expect(viewer.locator(".mt-text summary")).to_contain_text(f"this step wrote {fine} and changed 1", use_inner_text=True)
    assert fresh.count() == fine + 1 and fresh.locator("del").count() <= 1
    coarse = steps[place - 1].changed[0]
    assert fresh.first.inner_text().startswith("4:16–5:00") == (coarse.period.start == 256)
    assert coarse.instruction in fresh.first.inner_text()
    left = len({one.period for step in steps[:place] for one in step.changed}) - len(steps[place - 1].memory.entries)
    assert (f"{left} more are written and left out" in viewer.locator(".mt-rest").inner_text()) == (left > 0)


def test_every_prompt_and_reply_stands_behind_its_step_letter_by_letter(viewer, made):
    payload, _, _, steps = made
    mount(viewer, payload)
    lines = viewer.locator(".ag-steps > li")
    assert lines.count() == len(steps)
    for place, one in enumerate(steps):
        said = [text for text in (one.request, one.raw) if text]
        assert lines.nth(place).locator("pre").all_text_contents() == said, one.kind
    last = lines.last.locator("summary")
    expect(last).to_contain_text(f"“{steps[-1].answer}” sure", use_inner_text=True)
    lines.last.locator("summary").click()
    expect(lines.last.locator("pre").first).to_be_visible()
    assert "captions" in viewer.locator(".ag-state").inner_text()


def test_the_line_is_zoomed_and_tells_what_is_pointed_at(viewer, made):
    payload, *_ = made
    mount(viewer, payload)
    canvas, said = viewer.locator(".mt-line"), viewer.locator(".mt-said")
    canvas.hover(position={"x": 70, "y": 30})
    expect(said).to_contain_text("coarse 0:00–1:04, written in step 1", use_inner_text=True)
    for _ in range(3):
        viewer.locator(".mt-in").click()
    canvas.hover(position={"x": 70, "y": 30})
    expect(said).to_contain_text("coarse 2:08–3:12", use_inner_text=True)  # 37.5 s about the middle
    viewer.locator(".mt-left").click()
    viewer.locator(".mt-all").click()
    canvas.hover(position={"x": 70, "y": 30})
    expect(said).to_contain_text("coarse 0:00–1:04", use_inner_text=True)


def test_steps_appear_while_the_search_runs_and_the_first_picture_waits(viewer, made):
    payload, first, parts, steps = made
    viewer.evaluate(
        """([payload, soon]) => {
      window.far = [];
      const never = () => new Promise(() => {});
      window.view = viewer.mount(document.querySelector('#here'), payload,
        {soon: async () => JSON.stringify(soon), later: never, far: async () => far.shift() ?? null,
         frames: async () => payload.clip});
      view.ask({n: 1});
    }""",
        [{"about": payload["about"], "clip": payload["clip"]}, first],
    )
    viewer.wait_for_selector(".vw[data-shown]")
    expect(viewer.locator(".mt-state")).to_have_text("waiting for the captioner…")
    assert viewer.evaluate(COLOUR, [30, 0])[3] == 0, "nothing is known"
    viewer.evaluate("made => { far.push(['search', 0, made]); }", parts[2])
    expect(viewer.locator(".mt-state")).to_have_text("3 steps so far")
    assert viewer.locator(".ag-steps > li").count() == 3 < len(steps)
    assert "so far" in viewer.locator(".ag-state").inner_text() and viewer.evaluate(COLOUR, [290, 0])[3] > 0
