"""Facts about what teaches: equations whose terms light pixels, the tour, the glossary, and presets whose sentences are true of
the shipped weights."""

import json
import re

import gradio as gr
import numpy as np
import pytest
from playwright.sync_api import expect

from app.controls.knobs import readings
from app.figures.boxes import boxes_payload
from app.figures.patchmap import actor_TP
from app.figures.truth import boxes_of, things_seen
from app.help.glossary import WORDS, declared, entries, glossed, sorting
from app.help.links import links
from app.help.tour import RUNS, steps
from app.main import CLIPS
from app.panels.equations import equation_words, numbered
from app.server.clips import find_examples
from app.server.request import SHIPPED
from core import METHODS, Engine, read_clip
from core.equation import Term, derived, parts
from core.methods import lesson
from core.publish.link import from_link
from tests.pages import PATIENCE, number, opened

METHOD_NAMES = tuple(METHODS)
STEPS = steps(METHODS.values(), several=True, runs=False)
EXAMPLES = find_examples(CLIPS)
FIRST = read_clip(EXAMPLES["1-moves"].path, frames=8)  # what the page opens with
TERM = "#viewer-stop .eq-term[data-term={}]"


def equations_of(method):
    return lesson(method, "EQUATIONS") or derived(method)


@pytest.fixture(scope="module")
def engine():
    return Engine("cpu")


@pytest.fixture(scope="module")
def served(engine):
    """The page as it is shipped."""
    from app.main import launch
    from app.page import build

    page = build({SHIPPED: engine}, EXAMPLES)
    yield launch(page, wait=False), engine, EXAMPLES
    page.close()


# ---- equations as a method declares them ------------------------------------------------------------------------------


@pytest.mark.parametrize("name", METHOD_NAMES)
def test_a_term_is_a_knob_or_a_stage_and_lights_an_output(name):
    method = METHODS[name]
    knobs, stages = {one.name for one in method.knobs.knobs()}, {one.__name__ for one in method.stages}
    outputs = {one.stage for one in method.outputs}
    terms = [one for line in equations_of(method) for text in (line.formula, line.numbers) for one in parts(text)]
    terms = [one for one in terms if isinstance(one, Term)]
    assert terms and {one.name for one in terms} <= knobs | stages
    assert {one.lights or one.name for one in terms if one.name not in knobs} <= outputs
    for one in (text for text in (line.formula for line in equations_of(method))):
        assert not re.search(r"[{}]", "".join(part for part in parts(one) if isinstance(part, str))), "a term is not read"


@pytest.mark.parametrize("name", METHOD_NAMES)
def test_an_equation_says_what_it_is_and_names_readings_that_are_there(name):
    readings = dict(lesson(METHODS[name], "READINGS"))
    for one in equations_of(METHODS[name]):
        assert one.said.endswith(".") and set(one.ours) <= set(readings)


def test_every_difference_that_is_named_by_number_is_listed_on_the_page():
    released = METHODS["stop_released"]
    known = [number for number, _ in lesson(released, "DIFFERENCES")]
    texts = [*(line.released for line in equations_of(METHODS["stop"])), *(str(stage.__doc__) for stage in released.stages),
             *(said for _, said in lesson(released, "READINGS"))]  # fmt: skip
    named = {one for text in texts for one in re.findall(r"\bD\d+", text)}
    assert known == [f"D{n + 1}" for n in range(21)] and len(named) > 12 and named <= set(known)
    with gr.Blocks() as blocks:
        readings(released)
    shown = "\n".join(one.value for one in blocks.blocks.values() if isinstance(one, gr.Markdown))
    assert all(f"**{number}**: " in shown for number in known)
    assert '<abbr title="The region gates nothing' in numbered("twice (D5, D8)", METHODS["stop"]), "said where it is named too"
    for name in ("tspo", "stop_released"):
        first = dict(lesson(METHODS[name], "DIFFERENCES"))["D1"]
        assert f'title="{first[:12]}' in numbered("(D1)", METHODS[name]), "each method's own"
    titles = [one.title for one in released.groups]
    assert len(titles) > 5 and not re.search(r"\bD\d", " ".join(titles)), "a title is in words"


def test_a_method_that_declares_none_has_the_equations_of_its_docstrings(monkeypatch):
    released, stop = METHODS["stop_released"], METHODS["stop"]
    assert not lesson(released, "EQUATIONS") and len(equations_of(released)) == len(released.outputs)
    monkeypatch.delattr("core.methods.stop.lesson.EQUATIONS")
    made = {parts(one.formula)[0].name: one for one in equations_of(stop)}  # pyright: ignore
    assert made["score_TP"].formula == "{score_TP|W^s} = α·A + (1 − α)·M"
    assert made["score_TP"].said.startswith("what stands out, and what moves")


# ---- the glossary -----------------------------------------------------------------------------------------------------


def test_the_glossary_is_in_order_and_every_entry_is_a_sentence_or_two():
    listed = [word for word, _ in entries()["words"]]
    assert set(listed) == set(WORDS) and listed == sorted(listed, key=sorting) and len(listed) > 30
    for word, said in WORDS.items():
        assert said[0].isupper() and said.endswith(".") and 1 <= len(re.findall(r"\.(?= |$)", said)) <= 2, word
    for word in (
        "patch", "CLS token", "prompt", "spatial prompt", "temporal prompt", "DVP", "support frame", "stride", "attention",
        "entropy", "IoU", "pointing game", "AP50", "deletion", "insertion", "frozen", "training-free",
        "confusion", "margin", "loss", "slice", "McNemar's test", "kind of error", "interval", "what if",
    ):  # fmt: skip
        assert word in WORDS


def test_every_knob_and_every_output_is_told():
    told = dict(declared())
    for method in METHODS.values():
        rows = told[method.title.partition(" — ")[0]]
        assert len(rows) == len(method.knobs.knobs()) + len(method.outputs)
        for knob in method.knobs.knobs():
            assert any(name == knob.name.replace("_", " ") and said == knob.meaning and said for _, name, said in rows)
        for one in method.outputs:
            assert any(name == one.title and name for _, name, _ in rows)


def test_a_word_is_marked_once_and_text_stays_text():
    made = glossed("A patch & <b>patches</b> of a temporal prompt")
    assert made.count('data-word="patch"') == 1 and made.count('data-word="temporal prompt"') == 1
    assert 'data-word="prompt"' not in made and "&amp; &lt;b&gt;patches" in made


# ---- presets ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", METHOD_NAMES)
def test_a_preset_is_of_knobs_that_there_are_and_one_with_a_clip_says_what_to_see(name):
    for title, preset in lesson(METHODS[name], "PRESETS").items():
        METHODS[name].knobs.of(dict(preset.values))
        assert (preset.clip is None) == (preset.look == "") and preset.clip in (None, *EXAMPLES), title


def stop_of(engine, title, *stages, **others):
    preset = lesson(METHODS["stop"], "PRESETS")[title]
    example = EXAMPLES[preset.clip]
    clip = read_clip(example.path, frames=8)
    return clip, example, engine.run("stop", clip, outputs=stages, **(dict(preset.values) | others))


def test_in_the_still_clip_five_gaps_have_a_prompt_where_noise_moves_a_kept_patch_or_two(engine):
    _, _, trace = stop_of(engine, "Still clip", "change_G", "prompt_count_G", "region_TP", "filtered_TPD")
    _, _, pan = stop_of(engine, "Camera pan against a moving object", "change_G")
    assert float(trace["change_G"].max()) < min(0.008, float(pan["change_G"].min()) / 30)
    assert sorted(trace["prompt_count_G"]) == [0, 0, 1, 1, 1, 1, 1]
    moved_G = (trace["region_TP"][1:] != trace["region_TP"][:-1]).sum(-1)
    assert set(moved_G[moved_G > 0].tolist()) == {2, 4}  # one that goes and one that comes, or two of each
    assert np.array(trace["prompt_count_G"])[moved_G.numpy() > 0].all()
    _, _, moving = stop_of(engine, "Fast motion", "filtered_TPD")
    assert float(trace["filtered_TPD"].square().mean(-1).max()) < 4e-3 * float(moving["filtered_TPD"].square().mean(-1).max())


def test_when_the_camera_pans_kept_patches_lie_on_what_moves_and_attention_leaves_it(engine):
    def on_actor(**others):
        clip, example, trace = stop_of(
            engine, "Camera pan against a moving object", "region_TP", "change_G", "prompt_count_G", **others
        )
        region_TP = trace["region_TP"].numpy()
        assert min(trace["prompt_count_G"]) >= 1 and float(trace["change_G"].min()) > 0.1, "every gap changes"
        return (region_TP & actor_TP(clip, example.truth, tuple(engine.grid("stop")))).sum() / region_TP.sum()

    assert 0.75 < on_actor() < 0.85 and 0.45 < on_actor(alpha=1.0) < 0.6


def test_in_fast_motion_gaps_where_it_flies_hold_the_most_there_are(engine):
    clip, example, trace = stop_of(engine, "Fast motion", "change_G", "prompt_count_G")
    where_T2 = np.array([np.argwhere(mask_HW).mean(0) for mask_HW in example.truth.instance_THW[clip.source_T] == 1])
    flies_G = np.hypot(*np.diff(where_T2 / 256, axis=0).T) > 0.1
    count_G = np.array(trace["prompt_count_G"])
    assert set(count_G[flies_G]) == {8} and set(count_G[~flies_G]) == {1, 2} and 0 < flies_G.sum() < 7
    assert trace["change_G"].numpy()[flies_G].min() > 2 * trace["change_G"].numpy()[~flies_G].max()


def found_T(engine, title):
    """Things that the single-frame detector finds in each frame, those that STPN finds, and how many there are."""
    preset = lesson(METHODS["stpn"], "PRESETS")[title]
    example, made = EXAMPLES[preset.clip], []
    clip = read_clip(example.path, frames=8)
    for t in range(1, 9):
        stages = ("baseline_found", "prompted_found")
        trace = engine.run("stpn", clip, outputs=stages, **(dict(preset.values) | {"t": t}))
        there = boxes_of(things_seen(example.truth, clip.source_T[t - 1]))
        found = [boxes_payload(trace[stage], there)["found"] for stage in stages]
        made.append([sum(one["thing"] is not None and one["score"] >= 0.3 for one in boxes) for boxes in found] + [len(there)])
    return np.array(made)


def test_of_an_occluded_frame_prompts_find_what_the_frame_hides(engine):
    made = found_T(engine, "Occluded, the camera pans")
    assert made[4].tolist() == [1, 3, 3]
    assert (made[:, 1] - made[:, 0]).tolist() == [1, 0, 0, 1, 2, 0, -1, 1]


def test_of_badly_blurred_frames_prompts_find_something_in_each(engine):
    before, after, there = found_T(engine, "Badly blurred").T
    assert (there == 2).all() and (np.flatnonzero(before == 0) + 1).tolist() == [1, 2, 3, 8] and before.max() == 1
    assert after.min() == 1 and (np.flatnonzero(after == 2) + 1).tolist() == [1, 5, 6, 8]


def test_a_preset_is_one_click_its_sentence_stays_with_its_clip_and_pales_when_a_knob_moves(page):
    said = page.locator(".look").locator("visible=true")
    page.get_by_role("button", name="Fast motion").click()
    page.wait_for_function("document.querySelector('#viewer-stop .vw-clip')?.innerText.includes('2-bounces')", timeout=PATIENCE)
    page.wait_for_function("JSON.parse(document.querySelector('.vw').dataset.texts).eta === 12", timeout=PATIENCE)
    said.get_by_text("The triangle flies in one gap").wait_for()
    assert page.locator(".look-past").count() == 0
    assert page.locator("#viewer-stop .vw-text").first.inner_text().startswith("a yellow triangle")
    number(page, "eta").fill("6")
    page.locator(".look-past").get_by_text("The triangle flies in one gap").wait_for()
    page.locator("#viewer-stop .vw-examples button").first.click()
    page.wait_for_function("!document.querySelector('.look').textContent", timeout=PATIENCE)


# ---- the fold of equations --------------------------------------------------------------------------------------------


@pytest.fixture
def equations(page):
    page.locator("#viewer-stop [data-panel=equations] > summary").click()
    page.locator(TERM.format("score_TP")).first.wait_for()
    return page


def pointed(page, row, column, where="#viewer-stop .vw-canvas"):
    """Point at a patch of the 8 × 8."""
    canvas = page.locator(where)
    canvas.scroll_into_view_if_needed()
    box = canvas.bounding_box()
    page.mouse.move(box["x"] + (column + 0.5) * box["width"] / 8, box["y"] + (row + 0.5) * box["height"] / 8)
    page.wait_for_function(
        "where => document.querySelector('#viewer-stop .eq-here')?.textContent.includes(where)",
        arg=f"row {row + 1}, column {column + 1}",
    )


def numbers(line, form):
    """The numbers in the places of {}, each written with four digits; the rest of the line is as the form says."""
    found = re.fullmatch(re.escape(form).replace(r"\{\}", r"(\d\.\d{4})"), line)
    assert found, line
    return [float(number) for number in found.groups()]


def near(expected):
    """Within a digit of the fourth: grids travel as 16-bit numbers, and half a digit may be rounded either way."""
    return pytest.approx(expected, abs=1.01e-4)


def lines(page, method="stop"):
    page.wait_for_timeout(100)
    return [" ".join(one.split()) for one in page.locator(f"#viewer-{method} .eq-numbers").all_inner_texts()]


def test_the_numbers_are_the_traces_at_the_patch_that_is_pointed_at_and_stay_when_it_is_left(equations, engine):
    trace = engine.run("stop", FIRST, outputs=("score_TP", "region_TP", "prompt_count_G"))
    for row, column, where in ((2, 4, "#viewer-stop .vw-canvas"), (7, 0, "#viewer-stop .eq-copy")):
        pointed(equations, row, column, where)
        p = row * 8 + column
        A, M, W = (float(trace[name][0, p]) for name in ("attention_TP", "dynamics_TP", "score_TP"))
        kept = int(trace["region_TP"][0, p])
        rank = 1 + int((trace["score_TP"][0] > trace["score_TP"][0, p]).sum())
        told = lines(equations)
        assert numbers(told[0], "A = {}") == near([A]) and numbers(told[1], "M = {}") == near([M])
        assert numbers(told[2], "Ws = 0.20·{} + 0.80·{} = {}") == near([A, M, W])
        assert told[3] == f"r = {kept} rank {rank} of 64; the first 6 are kept"
    equations.mouse.move(5, 5)
    assert lines(equations) == told, "the patch that was pointed at last"


def test_the_numbers_follow_the_gap_the_frame_and_the_knobs(equations, engine):
    pointed(equations, 2, 4)
    equations.locator("#viewer-stop .vw-gap").nth(2).focus()
    number(equations, "eta").fill("4.3")
    equations.wait_for_function("JSON.parse(document.querySelector('.vw').dataset.texts).eta === 4.3", timeout=PATIENCE)
    trace = engine.run("stop", FIRST, outputs=("change_G", "prompt_count_G", "score_TP"), eta=4.3)
    change, count = float(f"{float(trace['change_G'][2]):.6g}"), trace["prompt_count_G"][2]
    told = lines(equations)
    assert any(one.startswith(f"Nt = ⌈4.30·{change:g}⌉ = {count} gap 3→4") for one in told), told
    assert any(one.startswith(f"Wt = {change:g} in gap 3→4") for one in told), told
    equations.locator("#viewer-stop .vw-next").click()
    equations.wait_for_function("document.querySelector('#viewer-stop .eq-here')?.textContent.startsWith('frame 2, row 3')")
    assert numbers(lines(equations)[2], "Ws = 0.20·{} + 0.80·{} = {}")[2] == near(float(trace["score_TP"][1, 20]))


PICTURE = """() => { const c = document.querySelector('#viewer-stop .vw-canvas');
    return c.getContext('2d').getImageData(0, 0, c.width, c.height).data.reduce((sum, one, i) => (sum * 31 + one) | 0, 7); }"""


def test_a_term_lights_its_map_while_it_is_pointed_at_stays_when_chosen_and_escape_lets_go(equations):
    equations.mouse.move(5, 5)
    before = equations.evaluate(PICTURE)
    equations.locator(TERM.format("attention_TP")).first.hover()
    lit = equations.evaluate(PICTURE)
    assert lit != before and equations.locator("#viewer-stop .vw-bar b").inner_text().startswith("A, attention")
    equations.mouse.move(5, 5)
    assert equations.evaluate(PICTURE) == before, "left, the overlay is what it was"
    equations.locator(TERM.format("attention_TP")).first.focus()
    assert equations.evaluate(PICTURE) == lit, "the same by key"
    equations.keyboard.press("Enter")
    assert equations.locator(TERM.format("attention_TP")).first.get_attribute("aria-pressed") == "true"
    equations.evaluate("document.activeElement.blur()")
    assert equations.evaluate(PICTURE) == lit, "chosen, it stays"
    assert equations.locator("#viewer-stop .vw-kinds [aria-checked=true]").get_attribute("data-stage") == "score_TP"
    equations.locator(TERM.format("attention_TP")).first.focus()
    equations.keyboard.press("Escape")
    assert equations.evaluate(PICTURE) == before
    equations.locator(TERM.format("attention_TP")).first.click()
    equations.locator("#viewer-stop [data-panel=equations] > summary").click()
    equations.wait_for_timeout(200)
    equations.mouse.move(5, 5)
    assert equations.evaluate(PICTURE) == before, "a closed fold lights nothing"


def test_a_term_without_a_map_lights_what_it_is_about(equations):
    equations.locator(TERM.format("prompt_count_G")).first.hover()
    assert equations.locator("#viewer-stop .vw-gaps.vw-lit").count() == 1
    equations.locator(TERM.format("eta")).first.hover()
    assert equations.locator("#knob-stop-eta.eq-lit").count() == 1 and equations.locator(".vw-lit").count() == 0


def test_paper_released_code_and_ours_stand_under_the_equation_where_they_differ(equations):
    row = equations.locator("#viewer-stop .eq").nth(7)
    row.locator("summary").click()
    assert row.locator("dt").all_inner_texts() == ["released code", "ours, N^t"]
    expect(row.locator("dd").first).to_contain_text("Always four", use_inner_text=True)


def test_in_the_tab_of_stpn_the_numbers_are_the_traces_too(page, engine):
    page.get_by_role("tab", name="STPN").click()
    page.wait_for_selector(".sp[data-done]", timeout=PATIENCE)
    page.locator("#viewer-stpn [data-panel=equations] > summary").click()
    page.wait_for_selector("#viewer-stpn .eq-here", state="attached")  # the fold's module has come
    page.locator("#viewer-stpn .vw-prompts button").nth(2).click()
    page.locator("#viewer-stpn .sp-support canvas").nth(3).scroll_into_view_if_needed()
    box = page.locator("#viewer-stpn .sp-support canvas").nth(3).bounding_box()
    trace = engine.run("stpn", FIRST, outputs=("prompt_attention_NQKP", "mass_K", "entropy_Q", "support_grid"))
    rows, columns = trace["support_grid"]
    page.mouse.move(box["x"] + 1.5 * box["width"] / columns, box["y"] + 0.5 * box["height"] / rows)
    page.locator("#viewer-stpn .eq-here", has_text="support 4, row 1, column 2").wait_for()
    told = lines(page, "stpn")
    share = float(trace["prompt_attention_NQKP"].mean(0)[1, 3, 1])
    assert float(re.match(r"A = ([\d.e-]+) of prompt 2's", told[1])[1]) == pytest.approx(share, rel=1e-3)  # pyright: ignore
    assert f"mass = {float(trace['mass_K'][3]):.6g} support 4" in told
    assert f"H(A) = {float(trace['entropy_Q'][1]):.6g} prompt 2" in told


# ---- the tour ---------------------------------------------------------------------------------------------------------


def test_the_steps_of_the_tour_are_whole_and_a_link_may_name_one():
    assert len(STEPS) >= 8 and [n for n, step in enumerate(STEPS, 1) if "or" in step] == [7]
    for step in (*STEPS, STEPS[6]["or"], RUNS):
        assert (
            all(step[name] for name in ("title", "text", "act", "keys", "done", "tab", "targets")) and len(step["check"]) == 1
        )
    assert from_link("v=1&m=stop&tour=3").notes == ()


def toured(page, state):
    """Wait until the step is done, or make sure that it is not."""
    if state:
        page.wait_for_selector(".tour[data-done]", timeout=PATIENCE)
        assert page.locator(".tour-state svg").count() == 1
    else:
        page.wait_for_timeout(600)
        assert page.locator(".tour[data-done]").count() == 0 and page.locator(".tour-state").inner_text() == ""


def tab_to(page, selector):
    for _ in range(12):
        if page.evaluate("selector => document.activeElement.matches(selector)", selector):
            return
        page.keyboard.press("Tab")
    raise AssertionError(f"{selector} is not reached with Tab")


def go_there(page):
    page.keyboard.press("t")
    tab_to(page, ".tour-to")
    page.keyboard.press("Enter")


def go_on(page):
    page.keyboard.press("t")
    tab_to(page, ".tour-next")
    page.keyboard.press("Enter")


def test_the_tour_is_completed_by_keys_alone(page):
    page.keyboard.press("t")
    assert page.evaluate("document.activeElement.id") == "tour-title"
    keys = page.keyboard
    go_there(page)  # 1: play
    keys.press("Enter")
    toured(page, True)
    keys.press("Enter")  # and stop
    go_on(page)
    go_there(page)  # 2: a kept patch
    for arrow in "Up Up Up Up Right Right Right Right Down Left Left Left Left Left Left Down Right Right Right Right".split():
        keys.press(f"Shift+Arrow{arrow}")
    toured(page, True)
    go_on(page)
    for end in ("Home", "End"):  # 3: η, 4: α
        go_there(page)
        keys.press(end)
        toured(page, True)
        go_on(page)
    go_there(page)  # 5: the fold, and its term A
    keys.press("Enter")
    page.locator(TERM.format("attention_TP")).first.wait_for()
    keys.press("Tab")
    keys.press("Enter")
    toured(page, True)
    go_on(page)
    go_there(page)  # 6: the tab, and a prompt
    keys.press("Enter")
    page.wait_for_selector(".sp[data-done]", timeout=PATIENCE)
    go_there(page)
    keys.press("Tab")
    keys.press("Enter")
    toured(page, True)
    go_on(page)
    go_there(page)  # 7: the severity, or the pin where there is one
    keys.press("Enter" if page.locator("#viewer-stpn .vw-pin").count() else "End")
    toured(page, True)
    for n in range(8, len(STEPS) + 1):  # long videos, left undone
        go_on(page)
        expect(page.locator(".tour-progress")).to_have_text(f"Tour · {n}/{len(STEPS)}", use_inner_text=True)
    expect(page.locator(".tour-next")).to_have_text("End", use_inner_text=True)
    go_on(page)
    expect(page.locator(".tour")).to_be_hidden()
    assert page.evaluate("document.activeElement.className") == "tour-open"


def test_a_step_is_done_by_doing_it_and_by_nothing_less(page):
    page.locator(".tour-open").click()
    following = page.locator(".tour-next")
    page.locator("#viewer-stop .vw-next").click()  # 1: a step is no play
    toured(page, False)
    page.locator("#viewer-stop .vw-play").click()
    toured(page, True)
    page.locator("#viewer-stop .vw-play").click()
    page.locator("#viewer-stop .vw-thumb").first.click()
    following.click()
    box = page.locator("#viewer-stop .vw-canvas").bounding_box()

    def at(row, column):
        page.mouse.move(box["x"] + (column + 0.5) * box["width"] / 8, box["y"] + (row + 0.5) * box["height"] / 8)

    page.wait_for_timeout(800)  # it scrolls
    box = page.locator("#viewer-stop .vw-canvas").bounding_box()
    at(0, 0)  # 2: a patch that is not kept
    toured(page, False)
    at(2, 4)
    toured(page, True)
    following.click()
    number(page, "eta").fill("1")  # 3: not little enough
    toured(page, False)
    number(page, "eta").fill("0")
    toured(page, True)
    following.click()
    number(page, "alpha").fill("0.9")  # 4
    toured(page, False)
    number(page, "alpha").fill("1")
    toured(page, True)
    following.click()
    page.locator("#viewer-stop [data-panel=equations] > summary").click()  # 5: open, nothing chosen, then another term
    page.locator(TERM.format("dynamics_TP")).first.click()
    toured(page, False)
    page.locator(TERM.format("attention_TP")).first.click()
    toured(page, True)
    following.click()
    page.get_by_role("tab", name="STPN").click()  # 6: only opened, then only all prompts
    page.wait_for_selector(".sp[data-done]", timeout=PATIENCE)
    page.locator("#viewer-stpn .vw-prompts button").first.click()
    toured(page, False)
    page.locator("#viewer-stpn .vw-prompts button").nth(3).click()
    toured(page, True)
    following.click()
    number(page, "severity", "stpn").fill("0.95")  # 7
    toured(page, False)
    if page.locator("#viewer-stpn .vw-pin").count():
        page.locator("#viewer-stpn .vw-pin").click()
    else:
        number(page, "severity", "stpn").fill("1")
    toured(page, True)


def test_a_step_may_be_left_undone_and_escape_ends_the_tour(page):

    page.locator(".tour-open").click()
    for step in range(2, 5):
        expect(page.locator(".tour-next")).to_have_text("Skip", use_inner_text=True)
        page.locator(".tour-next").click()
        expect(page.locator(".tour-progress")).to_have_text(
            f"Tour · {step}/{len(STEPS)}"
        )  # the step may open another tab first
    page.locator(".tour-back").click()
    expect(page.locator(".tour-progress")).to_have_text(f"Tour · 3/{len(STEPS)}")
    page.keyboard.press("Escape")
    for part in (".tour", ".tour-ring"):
        expect(page.locator(part)).to_be_hidden()
    assert page.evaluate("document.activeElement.className") == "tour-open"


@pytest.mark.parametrize("width", [1280, 400, 320])
def test_the_card_does_not_lie_over_what_it_speaks_of(window, served, width):
    page = window
    page.set_viewport_size({"width": width, "height": 800})
    page.emulate_media(reduced_motion="reduce")
    opened(page, served)
    page.keyboard.press("t")
    for _ in range(5):
        page.wait_for_timeout(500)
        ring, card = (page.locator(name).bounding_box() for name in (".tour-ring", ".tour"))
        apart = (
            ring["y"] + ring["height"] <= card["y"] or card["y"] + card["height"] <= ring["y"]
            or ring["x"] + ring["width"] <= card["x"] or card["x"] + card["width"] <= ring["x"]
        )  # fmt: skip
        assert apart, (page.locator(".tour h3").inner_text(), ring, card)
        assert ring["y"] > -10 and ring["y"] + ring["height"] < 810 and card["x"] >= 0 and card["x"] + card["width"] <= width
        page.locator(".tour-next").click()


def test_a_first_visitor_is_offered_the_tour_once_and_a_link_opens_a_step(page, served):
    page.get_by_role("button", name="Take the tour").wait_for()
    opened(page, served)
    assert page.locator(".tour-offer").is_hidden() and page.locator(".tour").is_hidden()
    page.goto(f"{served[0]}?tour=3")
    page.locator(".tour").wait_for()
    expect(page.locator(".tour-progress")).to_have_text(f"Tour · 3/{len(STEPS)}", use_inner_text=True)
    page.goto("about:blank")
    page.goto(f"{served[0]}#tour")
    page.locator(".tour").wait_for()
    expect(page.locator(".tour-progress")).to_have_text(f"Tour · 1/{len(STEPS)}", use_inner_text=True)
    for hostile in ("?tour=99", "?tour=%3Cscript%3E"):
        page.goto(f"{served[0]}{hostile}")
        page.locator(".tour").wait_for()


# ---- the glossary's window --------------------------------------------------------------------------------------------


def test_the_glossary_opens_by_key_finds_a_word_and_a_word_of_the_page_opens_it(page):
    page.keyboard.press("g")
    box = page.locator("dialog.gl")
    box.wait_for()
    assert page.evaluate("document.activeElement.type") == "search"
    page.keyboard.type("IoU")
    seen = box.locator("dt").locator("visible=true").all_inner_texts()
    assert "IoU" in seen and "patch" not in seen
    page.keyboard.type("zzz")
    assert box.locator(".gl-none").is_visible()
    page.keyboard.press("Escape")
    page.locator(".what .gl-word[data-word='temporal prompt']").locator("visible=true").press("Enter")
    assert box.locator("[data-now] dt").inner_text() == "temporal prompt" and box.is_visible()
    page.keyboard.press("Escape")
    texts = page.get_by_label("Texts, one a line")
    texts.fill("")
    texts.press("g")
    texts.press("t")
    assert texts.input_value() == "gt" and not box.is_visible() and page.locator(".tour").is_hidden()


def test_the_sheet_of_keys_lists_those_of_the_page(page):
    page.locator("#viewer-stop .vw-help-open").click()
    assert {"the tour, or back to its card", "the glossary"} <= set(page.locator("#viewer-stop .vw-help dd").all_inner_texts())


def test_about_is_small_and_plain(engine):

    for method in METHODS.values():
        told = json.dumps(equation_words(method))
        assert len(told) < 30_000 and "<script" not in told


@pytest.mark.parametrize("name", METHOD_NAMES)
def test_a_tab_links_to_what_its_method_names_and_has_its_bibtex(name):
    made = links(METHODS[name])
    named = lesson(METHODS[name], "LINKS")
    assert re.findall(r'href="([^"]+)"', made) == [address for _, address in named]
    assert made.count("@") >= 2 and "@misc{videopromptexplorer" in made and "copy BibTeX" in made
    if any("code" in words for words, _ in named):  # of the authors' code, which commit was read
        assert re.search(r"The authors&#x27; code, at [0-9a-f]{7,}", made)
