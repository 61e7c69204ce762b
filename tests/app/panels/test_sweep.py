"""Facts about the fold "Sweep": its cells are what single runs give, what is no sweep is a sentence, and the page shows, keeps,
calls off and marks it."""

import base64
import json

import numpy as np
import pytest
from playwright.sync_api import expect

from app.controls.knobs import plain
from app.panels import panels_of
from app.panels import sweep as sweeping
from app.server.clips import Clips
from app.server.jobs import Running
from app.server.request import Desk
from core import METHODS, report
from core.publish.cells import worded
from core.sweep import MOST, sweep_over
from tests import tiny
from tests.pages import EDIT, PATIENCE, number, request_of, settles, stepped

SWEPT = {"x": ["alpha", "0, 1"], "y": ["kept", "1, 3, 5"], "output": "region_TP", "number": ["change_G", "mean"]}


@pytest.fixture(scope="module")
def clips(tmp_path_factory):
    """One clip of the world, as the page holds it."""
    from app.server.clips import find_examples
    from core.world.__main__ import main as render

    folder = tmp_path_factory.mktemp("clips")
    render(["--out", str(folder), "--clips", "1", "--seed", "3", "--action", "moves left", "--size", "64x96"])
    return Clips(find_examples(folder))


def desk(clips, method="stop"):
    return Desk(METHODS[method], {"tiny": tiny.engine()}, clips, Running())


def asked(at, sweep=SWEPT, texts="a red ball\na ball", edits="[]", **knobs):
    """What the browser sends."""
    return request_of(at, texts=texts, edits=edits, question="Where is the ball?", **knobs) | {"sweep": sweep}


def told(at, **given):
    values, run = sweeping.sweep_functions(at)
    return json.loads(run(asked(at, **given)))


def unpacked(packed, kind, patches):
    frames, text = packed
    made = np.frombuffer(base64.b64decode(text), np.uint8)
    made = np.unpackbits(made, bitorder="little")[: frames * patches] if kind == "mask" else made
    return made.reshape(frames, patches)


def test_every_cell_of_the_fold_is_what_a_single_run_gives(clips):
    at = desk(clips)
    said = told(at, beta=2.0, edits='[{"name": "reverse"}]')
    assert said["x"] == {"name": "alpha", "symbol": "α", "values": [0, 1]} and said["y"]["values"] == [1, 3, 5]
    clip = at.request(asked(at, edits='[{"name": "reverse"}]')).clip
    for j, kept in enumerate((1, 3, 5)):
        for i, alpha in enumerate((0.0, 1.0)):
            own = at.engine.run("stop", clip, alpha=alpha, kept=kept, beta=2.0)
            found = unpacked(said["cells"][j][i], said["draw"], own["region_TP"].shape[1])
            assert np.array_equal(found, own["region_TP"].numpy())
            assert said["numbers"][j][i] == pytest.approx(own["change_G"].mean().item(), rel=1e-4)
    assert "β = 2" in said["knobs"] and "alpha" not in said["knobs"] and "pˢ = on" in said["knobs"] and said["weights"]
    assert said["clip"] == next(iter(clips.examples)) and said["grid"] == list(at.engine.grid("stop"))


def test_maps_of_all_cells_are_on_one_scale(clips):
    at, sweep = desk(clips), SWEPT | {"output": "score_TP", "x": ["alpha", "0.5, 1"]}
    said = told(at, sweep=sweep)
    clip = at.request(asked(at)).clip
    top = max(at.engine.run("stop", clip, alpha=alpha, kept=1)["score_TP"].max().item() for alpha in (0.5, 1.0))
    assert said["low"] == 0 and said["high"] == pytest.approx(top)
    own = at.engine.run("stop", clip, alpha=1.0, kept=1)["score_TP"].numpy()
    assert np.allclose(unpacked(said["cells"][0][1], "map", own.shape[1]) / 255 * top, own, atol=0.6 / 255 * top)


def test_attention_is_drawn_in_even_shares_whatever_the_number_of_supports(clips):
    at = desk(clips, "stpn")
    sweep = {
        "x": ["supports", "2, 4"],
        "y": ["stride", "0, 1"],
        "output": "prompt_attention_NQKP",
        "number": ["mass_K", "largest"],
    }
    said = told(at, sweep=sweep)
    patches = said["grid"][0] * said["grid"][1]
    for row in said["cells"]:
        for cell, supports in zip(row, (2, 4)):
            made = unpacked(cell, "map", patches)
            assert len(made) == supports and (made / 255 * said["high"]).mean() == pytest.approx(
                1, abs=0.6 / 255 * said["high"]
            )
    assert said["unit"] == "in even shares" and all(0.25 <= n <= 1 for row in said["numbers"] for n in row)


@pytest.mark.parametrize("name", METHODS)
def test_everything_that_is_offered_can_be_swept(clips, name):
    """With the pair that is chosen first, at one value each."""
    at = desk(clips, name)
    about = sweeping.sweep_words(at.method)
    values, run = sweeping.sweep_functions(at)
    x, y = about["pair"]
    outputs, numbers, settings = about["outputs"], about["numbers"], at.engine.settings(name, {})
    for i in range(max(len(outputs), len(numbers)) if outputs else 0):
        one, other = outputs[i % len(outputs)], numbers[i % len(numbers)]
        now = {knob: worded(value) for knob, value in settings.items()}
        sweep = {"x": [x, now[x]], "y": [y, now[y]], "output": one["stage"], "number": [other["stage"], other["how"]]}
        text = run(asked(at, sweep))
        assert "NaN" not in text and "Infinity" not in text
        assert "error" not in json.loads(text), (one, other)
    for knob in about["knobs"]:
        given = json.loads(values(asked(at) | {"knob": knob["name"]}))["values"]
        made = sweeping.values_in(at.method, knob["name"], given)
        assert 1 < len(made) <= 8
        for value in made:
            at.engine.settings(name, {knob["name"]: value})
    there = any(one.name == "sweep" for one in panels_of(at.method))
    assert there == bool(outputs), "what has nothing that a cell could show has no fold for it"


def test_values_of_a_frame_end_where_the_edited_clip_does(clips):
    at = desk(clips, "stpn")
    values, _ = sweeping.sweep_functions(at)
    given = asked(at, edits='[{"name": "drop", "last": 2}]') | {"knob": "t"}
    assert json.loads(values(given)) == {"values": "1, 3, 4, 6"}


@pytest.mark.parametrize(
    "sweep, said",
    [
        ({"x": ["alpha", ""]}, "1 to 64 cells, got 0"),
        ({"x": ["alpha", ",".join("0" * 22)]}, f"1 to {MOST} cells, got 22 × 3"),
        ({"x": ["alpha", "0, x<b>"]}, "are numbers between commas, got 'x<b>'"),
        ({"x": ["alpha", "nan"]}, "got nan"),
        ({"x": ["alpha", "1e999"]}, "got inf"),
        ({"x": ["alpha", "0, 7"]}, "is 0.0 to 1.0, got 7.0"),
        ({"x": ["kept", "1.5"], "y": ["alpha", "0"]}, "whole number"),
        ({"x": ["kept", "99"], "y": ["alpha", "0"]}, "for these weights, got 99"),
        ({"x": ["kept", "1"]}, "two different knobs, got kept twice"),
        ({"x": ["speed", "1"]}, "A sweep has knobs of stop"),
        ({"x": ["alpha", "0," * 300]}, "up to 400 characters"),
        ({"x": ["spatial", "perhaps"]}, "are on or off between commas"),
        ({"x": ["depth", "deepest"]}, "is one of first, all"),
        ({"x": ["alpha"]}, "do not fit together"),
        ({"x": 5}, "do not fit together"),
        ({"output": "sequence_SD"}, "do not fit together"),
        ({"output": []}, "do not fit together"),
        ({"number": ["change_G", "median"]}, "do not fit together"),
        ({"number": ["change_G", 0]}, "do not fit together"),
        ({"number": ["similarity_Y", False]}, "do not fit together"),
        (None, "do not fit together"),
    ],
)
def test_what_is_no_sweep_is_a_sentence(clips, sweep, said):
    answer = told(desk(clips), sweep=SWEPT | sweep if isinstance(sweep, dict) else sweep)
    assert said in answer["error"]


def test_a_number_of_texts_needs_a_text(clips):
    sweep = SWEPT | {"number": ["similarity_Y", 0]}
    assert "There is no text" in told(desk(clips), sweep=sweep, texts="")["error"]
    assert -1 <= told(desk(clips), sweep=sweep)["numbers"][0][0] <= 1


def test_a_sweep_says_how_far_it_is_and_is_called_off(clips, monkeypatch):
    at, seen = desk(clips), []

    def noted(*given, **named):
        def stops(done, tell=given[8]):
            tell(done)
            run = at.running.of("me", "sweep")
            assert run
            seen.append((run.stage, run.done))
            if done >= 0.5:
                at.running.stop("me", "sweep")

        return sweep_over(*given[:8], stops, *given[9:], **named)

    monkeypatch.setattr(sweeping, "sweep_over", noted)
    assert told(at) == {"cancelled": True}
    assert [done for _, done in seen] == [0, 1 / 6, 2 / 6, 3 / 6] and seen[0][0] == "cell 1 of 6"
    assert seen[2][0].startswith("cell 3 of 6, about ") and seen[2][0].endswith(" s left")
    assert sweeping.stage_of(0.25, 16, 10.0) == "cell 5 of 16, about 30 s left"


def test_a_number_that_is_none_travels_as_null():
    assert sweeping.packed(np.array([0.5, np.nan, np.inf]), "bars", 0, 1) == [0.5, None, None]


def test_what_is_suggested_first_moves_with_the_knobs(clips):
    about = sweeping.sweep_words(desk(clips).method)
    assert about["pair"] == ["alpha", "kept"] and about["outputs"][0]["stage"] == "region_TP"
    moves = {one["stage"]: one["moves"] for one in (*about["outputs"], *about["numbers"])}
    assert moves["score_TP"] == ["layer", "alpha", "depth", "steady"] and "kept" in moves["similarity_Y"]
    assert plain("W^s") == "Wˢ" and plain("N_s") == "Nₛ" and plain("cos_P") == "cosₚ"


# ---- the page ---------------------------------------------------------------------------------------------------------


def opened_fold(page, method="stop"):
    fold = page.locator(f"#viewer-{method} [data-panel=sweep]")
    fold.locator("summary").click()
    for axis in "xy":
        page.wait_for_function(
            "([fold, name]) => fold.querySelector(`[name=${name}-values]`)?.value", arg=[fold.element_handle(), axis],
            timeout=PATIENCE,
        )  # fmt: skip
    return fold


def swept(fold, count):
    fold.page.wait_for_function(
        "([fold, count]) => fold.querySelectorAll('.sw-cell').length === count && !fold.querySelector('.sw-run').disabled",
        arg=[fold.element_handle(), count], timeout=4 * PATIENCE,
    )  # fmt: skip


def test_a_sweep_is_run_looked_at_and_a_cell_turns_both_knobs(page, served):
    fold = opened_fold(page)
    fold.locator("[name=x-values]").fill("0, 0.5, 1")
    fold.locator("[name=y-values]").fill("2, 5")
    fold.locator("[name=y-values]").press("Enter")
    swept(fold, 6)
    drawn = fold.locator(".sw-cell canvas").evaluate_all("all => all.map(one => one.toDataURL())")
    assert len({*drawn}) > 3, "each cell is its own"
    cell = fold.locator(".sw-cell").nth(4)
    cell.focus()
    assert "α = 0.5, Nₛ = 5:" in fold.locator(".sw-told").inner_text() and fold.locator(".sw-large").is_visible()
    page.keyboard.press("ArrowUp")
    expect(fold.locator(".sw-told")).to_contain_text("α = 0.5, Nₛ = 2:", use_inner_text=True)
    page.keyboard.press("Enter")
    settles(page, alpha=0.5, kept=2)
    assert number(page, "alpha").input_value() == "0.5"
    current = fold.locator(".sw-cell[aria-current=true]")
    assert current.count() == 1 and current.get_attribute("data-at") == "0 1"
    assert fold.locator(".sw-stale").is_hidden()
    number(page, "beta").fill(str(stepped("beta", 3)))
    settles(page, beta=stepped("beta", 3))
    assert fold.locator(".sw-stale").is_visible() and fold.locator(".sw-cell").count() == 6, "it stays, and says so"
    number(page, "beta").fill("1")
    settles(page, beta=1)
    assert fold.locator(".sw-stale").is_hidden()
    page.evaluate(EDIT, [{"name": "reverse"}])
    fold.locator(".sw-stale").wait_for()
    curve, said = fold.locator(".sw-measured div"), fold.locator(".sw-measured p").first  # the one that ships, over the form
    shipped = report.metrics_of(METHODS["stop"])["alpha"]
    for place, alpha in ((0.5, 0.5), (0.99, 1)):
        wide = curve.evaluate("one => one.clientWidth")
        curve.click(position={"x": wide * (30 + place * 380) / 420, "y": 40})
        settles(page, alpha=alpha)
        share = shipped["pointing"][shipped["alpha"].index(alpha)]
        expect(said).to_contain_text(f"At α = {alpha}: standard mix {share:.2f}", use_inner_text=True)


@pytest.mark.parametrize("method", ["stop", "stpn"])
def test_every_list_to_choose_from_has_an_arrow_and_room_for_its_longest_words(page, method):
    page.get_by_role("tab", name=METHODS[method].title.partition(" — ")[0], exact=True).click()
    folds = page.locator(f"#viewer-{method} .vw-fold")
    page.wait_for_selector(f"#viewer-{method} .vw-fold")  # a tab brings its folds when it is opened, all at once
    for fold in folds.all():
        fold.locator("summary").first.click()
    page.locator(f"#viewer-{method} .ex-chosen option").first.wait_for(state="attached")
    every = f"document.querySelectorAll('#viewer-{method} .vw-fold select').length >= 6"
    page.wait_for_function(every)  # each fold brings its own
    lists = page.locator(f"#viewer-{method} .vw-fold select").evaluate_all("""all => all.map(one => {
      const free = one.cloneNode(true), {appearance, backgroundImage} = getComputedStyle(one), wide = one.offsetWidth;
      free.style.cssText = "width: max-content; max-width: none; flex: none; justify-self: start";
      one.after(free);
      const wanted = free.offsetWidth;
      free.remove();
      return [one.name, appearance !== "none" || backgroundImage.includes("gradient"), wanted - wide];
    })""")
    assert len(lists) >= 6 and all(arrow and more <= 0 for _, arrow, more in lists), lists


def test_a_bad_list_is_a_sentence_and_the_last_sweep_stays(page):
    fold = opened_fold(page)
    fold.locator("[name=x-values]").fill("0, 1")
    fold.locator("[name=y-values]").fill("1")
    fold.locator(".sw-run").click()
    swept(fold, 2)
    fold.locator("[name=x-values]").fill("0, 7")
    fold.locator(".sw-run").click()
    fold.locator(".sw-wrong").get_by_text("α (alpha) is 0.0 to 1.0, got 7").wait_for()
    assert fold.locator(".sw-cell").count() == 2
    fold.get_by_role("button", name="evenly").first.click()
    page.wait_for_function("document.querySelector('#viewer-stop [name=x-values]')?.value === '0, 0.35, 0.65, 1'")
    fold.locator("[name=x]").select_option("temporal")
    page.wait_for_function("document.querySelector('#viewer-stop [name=x-values]')?.value === 'off, on'")
    fold.locator("[name=output]").select_option("0")
    expect(fold.locator(".sw-hint")).to_contain_text("r does not depend on pᵗ", use_inner_text=True)
    fold.locator(".sw-run").click()
    page.wait_for_function("document.querySelector('#viewer-stop .sw-title')?.textContent.includes('pᵗ across')")
    fold.locator(".sw-cell").first.click()
    settles(page, temporal=False, kept=1)


def test_a_long_sweep_says_how_far_it_is_and_stops(page, served, monkeypatch):
    run = served[1].run

    def slow(*given, **named):
        page_asked = "region_TP" in named.get("outputs", ()) and "change_G" not in named.get("outputs", ())
        if page_asked:
            import time

            time.sleep(1.5)
        return run(*given, **named)

    monkeypatch.setattr(served[1], "run", slow)
    fold = opened_fold(page)
    fold.locator("[name=number]").select_option(label=fold.locator("[name=number] option", has_text="sum").inner_text())
    fold.locator(".sw-run").click()
    fold.locator(".sw-far").get_by_text("of 16, about").wait_for()
    fold.locator(".sw-far button").click()
    fold.locator(".sw-wrong").get_by_text("Stopped.").wait_for()
    assert fold.locator(".sw-cell").count() == 0 and fold.locator(".sw-far").is_hidden()
    assert fold.locator(".sw-run").is_enabled()


def test_supports_and_stride_are_swept_in_the_tab_of_stpn(page):
    page.get_by_role("tab", name="STPN").click()
    page.wait_for_selector(".sp[data-done]", timeout=PATIENCE)
    fold = opened_fold(page, "stpn")
    assert fold.locator("[name=x]").input_value() == "supports" and fold.locator("[name=y]").input_value() == "stride"
    fold.locator("[name=x-values]").fill("2, 4")
    fold.locator("[name=y-values]").fill("0, 1")
    fold.locator(".sw-run").click()
    swept(fold, 4)
    expect(fold.locator(".sw-title")).to_contain_text("likeness to the clean frame, with prompts", use_inner_text=True)
    fold.locator(".sw-cell").nth(3).click()
    page.wait_for_function("(k => k.supports === 4 && k.stride === 1)(JSON.parse(document.querySelector('.sp').dataset.done))")
