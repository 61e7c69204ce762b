"""Facts about the one file that is STOP without its network: it opens from disk, asks for nothing, and its numbers are
Python's. And about the viewer in a notebook."""

import json
import random
import re
import sys

import numpy as np
import pytest
from playwright.sync_api import expect

from app.export import standalone
from app.export.standalone import interactive_html
from app.export.widget import ADVICE, widget
from app.server.clips import find_examples
from core import ReaderError
from core.methods.stop import offline
from core.publish.result import Result
from tests import tiny
from tests.published import NASTY, ROOT, engine, opened, stop, stpn

RECOMPUTED = ("score_TP", "region_TP", "change_G", "prompt_count_G")


@pytest.fixture(scope="module")
def truth():
    return find_examples(ROOT / "assets/clips")["1-moves"].truth


@pytest.fixture
def file(browser, tmp_path):
    """Opens a text as a file in a browser that may not ask for anything; tells what it asked for."""
    pages = []

    def open_file(text):
        path = tmp_path / "stop.html"
        path.write_text(text, encoding="utf-8")
        page, asked, wrong = browser.new_page(), [], []
        page.set_default_timeout(120_000)  # a busy machine is no fault of the file
        page.on("request", lambda one: asked.append(one.url))
        page.on("pageerror", lambda one: wrong.append(str(one)))
        page.goto(path.as_uri())
        page.wait_for_selector(".vw[data-shown]")
        assert [one for one in asked if not one.startswith("data:")] == [path.as_uri()] and not wrong
        pages.append(page)
        return page

    yield open_file
    for page in pages:
        page.close()


def settings(count):
    """Chosen at random, the corners among them."""
    chance = random.Random(1)
    made = [
        {"alpha": chance.randrange(21) / 20, "kept": chance.randint(1, 64), "beta": chance.randrange(41) / 10,
         "eta": chance.randrange(121) / 10, "spatial": chance.random() < 0.7, "temporal": chance.random() < 0.9}
        for _ in range(count)
    ]  # fmt: skip
    return [{"alpha": 0.0, "kept": 64, "beta": 4.0, "eta": 12.0, "spatial": True, "temporal": True}, *made]


def of_python(knobs):
    trace = engine().run("stop", opened("1-moves", 8), outputs=RECOMPUTED, **knobs)
    return {name: np.asarray(trace[name]).reshape(-1) for name in RECOMPUTED}


GOLDEN = """knobs => {
  const payload = JSON.parse(document.querySelector('#payload').textContent);
  window.opened_ ??= opened_of(payload.stored);
  const made = recompute(window.opened_, knobs);
  return {score_TP: [...made.score], region_TP: [...made.region], change_G: made.change, prompt_count_G: made.count,
          exact: made.exact};
}"""


def test_the_browser_computes_what_python_computes(file, truth):
    page = file(interactive_html(stop(), truth))
    for knobs in settings(24):
        here, there = page.evaluate(GOLDEN, knobs), of_python(knobs)
        assert here["exact"]
        assert np.array_equal(np.array(here["score_TP"], np.float32), there["score_TP"]), "to the last bit"
        assert np.array_equal(np.array(here["region_TP"], bool), there["region_TP"])
        assert np.allclose(here["change_G"], there["change_G"], rtol=1e-5, atol=1e-9)
        near = np.abs(knobs["eta"] * there["change_G"] * 100 % 1 - 0.5) < 1e-3  # where the last digit rounds either way
        assert (np.array(here["prompt_count_G"]) == there["prompt_count_G"])[~near].all(), knobs


def test_without_tokens_it_says_what_is_approximate(file, monkeypatch):
    small = standalone.page(stop(), None, False, 160, 65)
    page = file(small)
    said = page.locator(".alone-said")
    assert said.inner_text() == re.sub(r"[\^_]", "", offline.STORED), "the whole note, and no symbol raw"
    assert {"t", "s"} == {*said.locator("sup, sub").all_inner_texts()}
    knobs = {"alpha": 0.3, "kept": 9, "beta": 2.5, "eta": 4.0, "spatial": True, "temporal": True}  # α and N_s as stored
    here, there = page.evaluate(GOLDEN, knobs), of_python(knobs)
    assert here["exact"] and np.allclose(here["change_G"], there["change_G"], rtol=1e-5)
    assert page.evaluate(GOLDEN, knobs | {"kept": 20})["exact"] is False
    assert page.evaluate(GOLDEN, knobs | {"spatial": False})["exact"] is False
    page.evaluate("page.set({kept: 20})")
    assert "approximate" in page.locator(".alone-state").inner_text() and "≈" in page.locator(".vw-rule").inner_text()
    assert np.array_equal(np.array(page.evaluate(GOLDEN, knobs | {"kept": 20})["region_TP"], bool),
                          of_python(knobs | {"kept": 20})["region_TP"])  # fmt: skip


def test_sliders_move_what_is_drawn_and_the_way_back_is_one_click(file, truth):
    page = file(interactive_html(stop(), truth))
    assert page.locator(".vw-canvas").get_attribute("aria-label").startswith("frame 1 of 8: 9 of 64 patches kept")
    expect(page.locator(".vw-texts")).to_contain_text("does not read “script”", use_inner_text=True)  # and calls none the best
    before = page.locator(".vw-gap b").all_inner_texts()
    assert [int(one) for one in before] == list(stop().trace["prompt_count_G"])
    page.locator("input[name=eta]").focus()
    page.keyboard.press("Home")
    assert set(page.locator(".vw-gap b").all_inner_texts()) == {"0"}
    page.locator("input[name=kept]").focus()
    page.keyboard.press("Home")
    assert "1 of 64 patches kept" in page.locator(".vw-canvas").get_attribute("aria-label")
    expect(page.locator(".vw-texts")).to_contain_text("needs the network", use_inner_text=True)
    page.get_by_role("button", name="as stored").click()
    assert page.locator(".vw-gap b").all_inner_texts() == before
    assert NASTY in page.locator(".vw-texts").inner_text(), "a text is a text"
    page.locator(".vw-scrub").focus()
    page.keyboard.press("End")
    assert page.locator(".vw-frame").inner_text().startswith("8/8")


def test_a_setting_is_pinned_in_the_file_too_and_the_other_moves_beside_it(file, truth):
    page = file(interactive_html(stop(), truth))
    page.locator(".vw").focus()
    page.keyboard.press("p")
    page.wait_for_selector(".vw-paired")
    page.evaluate("page.set({kept: 20, eta: 0})")
    page.wait_for_function("document.querySelector('.vw-chips')?.innerText.includes('Ns 9 → 20')")
    said = page.locator(".vw-apart").inner_text()
    added = 8 * (20 - 9)  # the highest twenty hold the highest nine
    assert f"{added} of 512 patches changed sides" in said and f"mean IoU {9 / 20:.3f}" in said
    counted = sum(stop().trace["prompt_count_G"])
    assert f"in all\t{counted}\t0\t−{counted}" in said


def test_the_file_is_small_and_names_no_address(truth):
    for result in (stop(), long()):
        made = interactive_html(result, truth)
        assert len(made.encode()) <= 3_000_000
        assert not re.findall(r"(?:src|href)\s*=\s*[\"']?(?:https?:)?//", made), "no address outside a reader's own text"
        assert not re.search(r"\bimport\s*\(|\bfetch\s*\(|url\(\s*['\"]?http|@import", made)
        assert made.count("</script>") == 2, "a text ends no script"
    assert len(standalone.in_script(NASTY)) > len(NASTY)


def long():
    return stop(32)


def test_what_is_in_the_file_is_what_fits_and_it_says_which():
    exact, stored = (json.dumps(said)[1:-1] for said in (offline.EXACT, offline.STORED))
    assert exact in interactive_html(stop()) and stored in interactive_html(long())
    with pytest.raises(ReaderError, match="take fewer frames than 8"):
        interactive_html(stop(), limit=60_000)


def test_what_no_file_can_be_made_of_is_one_sentence():
    with pytest.raises(ReaderError, match="of STOP"):
        interactive_html(stpn())
    few = engine().run("stop", opened("1-moves", 8), outputs=["score_TP"])
    with pytest.raises(ReaderError, match="compute every stage"):
        interactive_html(Result(stop().view, stop().clip, few, stop().grid))


def test_without_anywidget_a_sentence_says_what_to_do(monkeypatch):
    monkeypatch.setitem(sys.modules, "anywidget", None)
    with pytest.raises(ReaderError, match="pip install anywidget") as told:
        widget(tiny_result())
    assert str(told.value) == ADVICE


def tiny_result():
    from core.publish.view import Setting, View

    clip = tiny.clip()
    held = tiny.engine()
    asked = Setting("stop", "tiny", 5, {"kept": 3})
    return Result(View(asked), clip, held.run("stop", clip, **asked.settings), held.grid("stop"))


def test_the_widget_draws_the_page_s_viewer_and_keeps_a_picture(browser, truth):
    pytest.importorskip("anywidget")
    import base64

    shown = widget(stop(), truth)
    data, _ = shown._repr_mimebundle_()
    assert data["image/png"][:4] == b"\x89PNG" and "application/vnd.jupyter.widget-view+json" in data
    page = browser.new_page()
    page.set_content("<div id=here></div>")
    source = base64.b64encode(str(shown._esm).encode()).decode()
    model = {name: getattr(shown, name) for name in ("about", "clip", "trace")}
    page.evaluate(
        """async ([source, given]) => {
          const {default: {render}} = await import('data:text/javascript;base64,' + source);
          window.on = {};
          window.values = given;
          const model = {get: name => values[name], on: (name, act) => { on[name] = act; }};
          render({el: document.querySelector('#here'), model});
        }""",
        [source, model],
    )
    page.wait_for_selector(".vw[data-shown]")
    assert "9 of 64" in page.locator(".vw-canvas").get_attribute("aria-label")
    shown.show(Result(stop().other.view, stop().other.clip, stop().other.trace, stop().grid), truth)
    page.evaluate("next => { Object.assign(values, next); on['change:trace'](); }", {"clip": shown.clip, "trace": shown.trace})
    page.wait_for_function("document.querySelector('.vw-canvas').ariaLabel?.includes('6 of 64')")
    with pytest.raises(ReaderError, match="draws stop"):
        shown.show(stpn())
    page.evaluate("document.addEventListener('keydown', event => { (window.heard ??= []).push(event.key); })")
    page.locator(".vw").focus()
    for key in ("k", "x", ".", "Control+s"):
        page.keyboard.press(key)
    assert page.evaluate("heard") == ["Control", "s"], "in a notebook a letter would move to another cell, or cut one"
    assert page.locator(".vw-frame").inner_text().startswith("2/8") and page.locator(".vw-keep").count() == 0
    page.close()
