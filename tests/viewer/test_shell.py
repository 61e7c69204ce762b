"""Facts about the shell that all viewers share: figures look at one place, whatever a layout is made of, and say its words."""

import base64

import numpy as np
import pytest

from app.figures.pack import coded, grid16
from app.modules import one_file, viewer_of
from tests.viewer.test_viewer import clip_of

# A layout that has no picture of the clip: a weight for each frame, and what the method says of them.
ABOUT = {
    "title": "toy",
    "outputs": [
        {"stage": "weight_T", "symbol": "w", "title": "weights", "unit": "", "kind": "FrameScores"},
        {"stage": "order", "symbol": "ρ", "title": "order", "unit": "", "kind": "Fact"},
        {"stage": "absent", "symbol": "0", "title": "what is not so", "unit": "", "kind": "Fact"},
    ],
    "groups": [
        {
            "title": "How much each frame weighs (of all)", "figure": "FrameScores", "stages": ["weight_T", "order", "absent"],
            "words": {
                "weight_T": "with {knob.mate}", "mate none": "no <b>mate</b>", "all": "ρ = {order:2}.\n{absent}Never.",
                "by": "by {weights}",
            },
        }
    ],
    "stages": [], "knobs": [{"name": "mate", "symbol": "m"}], "frame": None,
}  # fmt: skip


def trace_of(weights, order, stamp=1.0, done=True):
    return {
        "clip": "toy", "stamp": stamp, "knobs": {"mate": "none"}, "grid": None, "done": done, "texts": None, "unknown": [],
        "values": {"weight_T": weights, "order": order, "absent": None} if done else {},
        "ledger": {}, "weights": ["<made>"], "untrained": [],
    }  # fmt: skip


@pytest.fixture
def shell(browser):
    """A page with the modules of one figure, the cursor and words, by their names."""
    page = browser.new_page(viewport={"width": 900, "height": 700})
    page.set_content("<div id=here></div>")
    module = (
        viewer_of(["FrameScores", "PatchMap"])
        + 'export {cursorOf} from "./base/cursor.js";\nexport {linesOf} from "./base/words.js";\n'
    )
    source = base64.b64encode(one_file(module).encode()).decode()
    page.evaluate(f"async () => Object.assign(window, await import('data:text/javascript;base64,{source}'))")
    yield page
    page.close()


def mounted(page, trace, about=ABOUT):
    payload = {"about": about, "clip": clip_of(), "trace": trace}
    page.evaluate("payload => { window.view = mount(document.querySelector('#here'), payload); }", payload)


def test_all_who_subscribe_hear_of_a_move_and_nobody_of_none(shell):
    heard = shell.evaluate("""() => {
      const cursor = cursorOf({frame: 0, patch: [1, 2]}), heard = [];
      const end = cursor.on(changed => heard.push(['a', ...changed, cursor.frame]));
      cursor.on(changed => heard.push(['b', ...changed, cursor.frame]));
      cursor.set({frame: 3, patch: [1, 2]});
      cursor.set({patch: [1, 2]});
      end();
      cursor.put({frame: 4});
      cursor.set({frame: 5});
      return heard;
    }""")
    assert heard == [["a", "frame", 3], ["b", "frame", 3], ["b", "frame", 5]]


def test_a_layout_without_a_picture_has_frames_steps_and_a_place_for_what_is_told(shell):
    mounted(shell, trace_of([0.25, 1, None], 0.987))
    shell.wait_for_selector(".vw[data-done]")
    assert shell.locator(".vw-thumb").count() == 3 and shell.locator(".vw-canvas").count() == 0
    shell.locator(".vw").press("ArrowRight")
    assert shell.evaluate("view.state().frame") == 1 and shell.evaluate("view.here()") == "frame 2"
    assert shell.evaluate("view.value({stage: 'weight_T', kind: 'FrameScores'})") == {"text": "1", "because": "frame 2"}
    shell.evaluate("view.update({trace: {error: 'No such clip.'}})")
    assert shell.locator(".vw-wait").inner_text() == "No such clip."
    assert shell.evaluate("[view.point, view.extra]") == [None, None], "there is no picture to point at"


def test_a_method_s_words_are_filled_and_what_is_no_fact_is_left_out(shell):
    mounted(shell, trace_of([0.25, 1, None], 0.987))
    shell.wait_for_selector(".vw[data-done]")
    assert (
        shell.locator(".rl-row small").inner_text() == "with no <b>mate</b>"
        and shell.locator("h4 small").inner_text() == "(of all)"
    )
    assert shell.locator(".rl-said").inner_text() == "ρ = 0.99." and shell.locator(".rl-by").inner_text() == "by <made>"
    said = shell.evaluate(
        "linesOf('{a} of {b:1}\\n{no}never\\n{yes}always {m}', {a: 1234.5, b: 2, no: null, yes: true, m: {markup: '<i>m</i>'}})"
    )
    assert said == ["1230 of 2.0", "always <i>m</i>"]


def test_what_needs_a_network_stays_of_the_last_values_that_had_it(shell):
    mounted(shell, trace_of([0.25, 1, None], 0.987))
    shell.wait_for_selector(".vw[data-done]")
    shell.evaluate("trace => view.update({trace})", trace_of(None, None, 2.0, done=False))
    assert (
        shell.locator(".rl-row b").all_inner_texts() == ["0.25", "1.00", "NaN"]
        and shell.locator(".vw-card.vw-stale").count() == 1
    )
    assert '"mate":"none"' in shell.locator(".vw").get_attribute("data-shown")


def test_a_picture_may_stand_among_cards_that_have_frames_and_buttons_already(shell):
    maps = {"stage": "map_TP", "symbol": "M", "title": "map", "unit": "", "kind": "PatchMap"}
    about = ABOUT | {
        "outputs": [*ABOUT["outputs"], maps],
        "groups": [*ABOUT["groups"], {"title": "map", "figure": "PatchMap", "stages": ["map_TP"]}],
    }
    trace = trace_of([0.25, 1, None], 0.987) | {"grid": [4, 7]}
    trace["values"]["map_TP"] = coded(np.eye(3, 28), grid16)
    mounted(shell, trace, about)
    shell.wait_for_selector(".vw[data-done]")
    assert [shell.locator(f".vw-{one}").count() for one in ("pin", "help-open", "frame", "canvas")] == [1, 1, 1, 1]
    shell.locator(".vw").press("p")
    shell.wait_for_selector(".vw-paired .vw-fig-a:not([hidden])")
    shell.locator(".vw-canvas").hover(position={"x": 4, "y": 4})
    assert shell.evaluate("view.here()") == "frame 1, row 1, column 1"
    assert shell.evaluate("view.value({stage: 'map_TP', kind: 'PatchMap'})") == {"text": "1.0000"}


def test_a_figure_that_is_missing_is_named(shell):
    about = ABOUT | {"groups": [ABOUT["groups"][0] | {"figure": "Nobody"}]}
    with pytest.raises(Exception, match="No figure is called Nobody, and the group “How much each frame weighs"):
        mounted(shell, trace_of([1, 1, 1], 1), about)
