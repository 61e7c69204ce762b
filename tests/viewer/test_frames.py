"""Facts about the tab “Which frames?” as it is drawn, without a server: where ticks lie, what is shared, what a reader is
warned of, and that the last value wins."""

import base64
import json

import pytest
from playwright.sync_api import expect

from app.modules import one_file, styles

PICTURE = "data:image/gif;base64,R0lGODlhAQABAIAAAAAAAAAAACH5BAEAAAAALAAAAAABAAEAAAICRAEAOw=="
VIDEO = {"key": "v", "name": "story", "frames": 100, "seconds": 100, "scenes": [[0, 50, "a ring"], [50, 100, "a star"]],
         "questions": ["Which?", "What colour?"]}  # fmt: skip
VALUES = {"clip": "c", "weights": "shipped", "question": "What colour?", "budget": 4, "reader": "ours"}
INTERVAL = {"mean": 0.5, "low": 0.25, "high": 0.75}
TOTAL = {
    "about": {"videos": 3, "questions": 24, "seconds": 256, "first": "even"}, "constant": {"chance": 0.2},
    "recall": {K: {"even": INTERVAL, "seen": INTERVAL | {"mean": 0.6}} for K in ("2", "8")},
    "accuracy": {K: {"even": INTERVAL, "seen": INTERVAL} for K in ("2", "8")},
    "gain": {"recall": {"2": {"seen": {"mean": 0.1, "low": -0.1, "high": 0.3}}, "8": {}}, "accuracy": {"2": {}, "8": {}}},
}  # fmt: skip
GIVEN = {
    "examples": [{"name": "story", "title": "a story", "thumb": PICTURE}], "curve": [1, 2, 4], "total": TOTAL,
    "titles": {"even": "Even", "seen": "Seen"},
}  # fmt: skip
HOOKS = """given => {
  window.asked = []; window.waits = {};
  const answer = kind => one => { asked.push([kind, one.values?.budget ?? null]); return window.answers[kind](one); };
  const hooks = {soon: answer("soon"), later: answer("later"), curve: answer("curve"), seen: answer("seen"),
    far: async () => null, stop: one => asked.push(["stop", one.kind]), pick: name => asked.push(["pick", name]),
    ask: text => asked.push(["ask", text])};
  window.view = frames.which(document.querySelector("#here"), given, hooks);
}"""


def row(name, seconds, right, **more):
    return {
        "name": name, "title": GIVEN["titles"][name], "frames": [*map(int, seconds)], "seconds": seconds, "looked": 100,
        "calls": 7, "ms": 12.5, "tokens": 5, "recall": float(right), "answer": "red" if right else "blue",
        "answer_right": right, "own": "", "untrained": [], "strange": False, "weights": ["tower"],
    } | more  # fmt: skip


def answer(stamp, *rows, **more):
    found = {"stamp": stamp, "video": VIDEO, "evidence": [[10, 20]], "answer": "red", "options": ["red", "blue"]}
    return json.dumps(found | {"rows": rows, "waiting": any("waiting" in one for one in rows)} | more)


@pytest.fixture
def page(browser):
    """The tab in an empty page. answers: {kind: text}, which a test sets."""
    blank = browser.new_page(viewport={"width": 1000, "height": 900})
    blank.set_content(f"<style>{styles()}</style><div id=here></div>")
    source = base64.b64encode(one_file('export {which} from "./frames/which.js";').encode()).decode()
    blank.evaluate(f"async () => {{ window.frames = await import('data:text/javascript;base64,{source}'); }}")
    answering(blank, answer(1, row("even", [5.0, 15.0, 25.0, 35.0], True), row("seen", [15.0, 16.0, 17.0, 25.0], False)))
    blank.evaluate(HOOKS, GIVEN)
    yield blank
    blank.close()


def answering(page, soon, later="{}", curve="{}"):
    texts = {"soon": soon, "later": later, "curve": curve, "seen": json.dumps([PICTURE] * 4)}
    page.evaluate(
        "texts => { window.answers = Object.fromEntries(Object.entries(texts).map(([k, v]) => [k, async () => v])); }", texts
    )


def ask(page, stamp=1, **values):
    page.evaluate("one => { view.ask(one); }", {"values": VALUES | values, "stamp": stamp})


def test_rows_lie_on_one_time_line_with_what_they_cost_and_what_comes_of_them(page):
    ask(page)
    even, seen = (page.locator(f"tr[data-name={name}]") for name in ("even", "seen"))
    expect(even.locator(".wf-answer")).to_contain_text("✓ red", use_inner_text=True)
    expect(seen.locator(".wf-answer")).to_contain_text("✗ blue", use_inner_text=True)
    assert seen.locator("td.wf-looked").inner_text() == "100" and seen.locator("td.wf-ms").inner_text() == "13"
    left = even.locator("svg").bounding_box()
    assert even.locator("svg").get_attribute("viewBox") == "0 0 100 1", "a second is a step of the line"
    assert [one.get_attribute("x1") for one in even.locator("line").all()] == ["5", "15", "25", "35"]
    assert even.locator("line.wf-hit").count() == 1 and seen.locator("line.wf-hit").count() == 3
    shaded = seen.locator("rect").bounding_box()
    assert abs(shaded["width"] - left["width"] / 10) < 3, "the evidence is shaded, ten of a hundred seconds"
    assert "The answer is red, seen at 0:10–0:20" in page.locator(".wf-asked").inner_text()
    shared = [one.inner_text() for one in page.locator(".wf-overlap td[style]").all()]
    assert shared == ["4", "2", "2", "4"]
    page.mouse.move(left["x"] + left["width"] * 0.75, left["y"] + 5)
    assert page.locator(".wf-at").inner_text() == "1:15 · a star"


def test_what_a_row_is_to_be_believed_is_said_beside_it(page):
    warned = row("even", [5.0], False, untrained=["the agent"], own="red", own_right=True)
    answering(page, answer(1, warned, {"name": "seen", "title": "Seen", "error": "This <b>cannot</b> be asked."}))
    ask(page)
    labels = page.locator(".wf-table tbody tr").first.locator(".wf-labels em")
    expect(labels).to_have_text(["1 frames", "untrained", "own reader: red ✓"])
    assert page.locator(".wf-error").inner_text() == "This <b>cannot</b> be asked."
    strange = row("seen", [5.0], False, strange=True, answer="")
    answering(page, answer(2, strange, answer=None, evidence=[]))
    ask(page, 2, budget=1)
    expect(labels).to_have_text(["not trained on such videos"])
    assert page.locator(".wf-answer").last.inner_text() == "–"
    assert "Nobody here knows" in page.locator(".wf-asked").inner_text()


def test_what_must_be_read_comes_later_and_a_newer_value_calls_it_off(page):
    first = row("even", [5.0, 6.0, 7.0, 8.0], True)
    answering(page, answer(1, first, {"name": "seen", "title": "Seen", "waiting": True}))
    page.evaluate("() => { answers.later = () => new Promise(done => { window.late = done; }); }")
    ask(page)
    expect(page.locator("tr[data-name=seen]")).to_contain_text("has yet to look", use_inner_text=True)
    page.wait_for_function("() => window.late")
    answering(page, answer(2, row("even", [50.0], True), row("seen", [60.0], True)))
    ask(page, 2, budget=1)
    page.wait_for_function("() => asked.some(one => one[0] === 'stop' && one[1] === 'later')")
    page.evaluate("text => late(text)", answer(1, first, row("seen", [1.0, 2.0, 3.0, 4.0], True)))
    page.wait_for_function("() => JSON.parse(document.querySelector('.wf').dataset.shown).budget === 1")
    assert page.locator("tr[data-name=seen] line").count() == 1


def test_a_curve_fills_the_time_in_which_nothing_moves_and_knows_where_k_is(page):
    rows = {"even": [[1, 1, 0.0, False], [2, 2, 0.5, None], [4, 4, 1.0, True]], "seen": [[1, 1, 1.0, True]] * 3}
    answering(page, answer(1, row("even", [5.0], True)), curve=json.dumps(rows))
    ask(page)
    circles = page.locator(".wf-curve circle")
    expect(circles).to_have_count(6)
    heights = [float(one.get_attribute("cy")) for one in circles.all()[:3]]
    assert heights[0] - heights[1] == pytest.approx(heights[1] - heights[2]) and heights[0] > heights[2]
    assert [one.get_attribute("fill") == "var(--card)" for one in circles.all()] == [True, True, False, False, False, False]
    ask(page, 2, budget=2)
    page.wait_for_function("() => asked.filter(one => one[0] === 'soon').length === 2")
    assert page.evaluate("() => asked.filter(one => one[0] === 'curve').length") == 1, "another K is the same curve"


def test_what_was_measured_is_that_of_the_nearest_k_with_its_intervals(page):
    ask(page)
    total = page.locator(".wf-total")
    expect(total).to_contain_text("K = 2;", use_inner_text=True)  # of 4, 2 and 8 are equally near: the smaller
    text = total.inner_text()
    assert "0.60 0.25–0.75 +0.10 (−0.10 to +0.30)" in text and "24 questions of 3 drawn videos of 256 s" in text
    assert "no paper compares these" in text


def test_a_click_chooses_whose_frames_are_seen_and_a_known_question_is_asked(page):
    ask(page)
    expect(page.locator(".wf-of")).to_have_text("What Even shows the reader")
    expect(page.locator(".wf-seen figure.wf-hit")).to_have_count(1)
    page.locator("tr[data-name=seen] button").click()
    expect(page.locator(".wf-of")).to_have_text("What Seen shows the reader")
    expect(page.locator(".wf-seen figure.wf-hit")).to_have_count(3)
    assert page.locator(".wf-known select").input_value() == "What colour?"
    page.locator(".wf-known select").select_option("Which?")
    page.locator(".vw-examples button").click()
    assert [one for one in page.evaluate("() => asked") if one[0] in ("ask", "pick")] == [["ask", "Which?"], ["pick", "story"]]
