"""Facts about the viewer: it draws what it is given, where it belongs, and says the rule in numbers that are true."""

import math

import cv2
import numpy as np
from playwright.sync_api import expect

from app.figures.pack import bits, coded, grid16, jpeg
from app.figures.patchmap import pointing_T
from core.methods.stop import count_in_words
from core.metrics import on_actor

METHOD = "stop"
GRID = (4, 7)
SCORE = {"stage": "score_TP", "symbol": "W^s", "title": "score", "unit": "", "kind": "PatchMap"}
REGION = {"stage": "region_TP", "symbol": "r", "title": "region", "unit": "", "kind": "RegionMask"}
ABOUT = {
    "title": "toy",
    "paper": "",
    "outputs": [
        SCORE, REGION,
        {"stage": "sequence_SD", "symbol": "s", "title": "sequence", "unit": "", "kind": "TokenSequence", "adds": "spatial"},
        {"stage": "change_G", "symbol": "W^t", "title": "change", "unit": "", "kind": "GapScores"},
        {"stage": "count_G", "symbol": "N^t", "title": "prompts", "unit": "", "kind": "GapCounts", "formula": "⌈η·W^t⌉"},
        {"stage": "similarity_Y", "symbol": "c", "title": "fit", "unit": "cosine", "kind": "TextScores"},
    ],
    "groups": [
        {"title": "maps", "figure": "PatchMap", "stages": ["score_TP", "region_TP"]},
        {"title": "tokens", "figure": "TokenSequence", "stages": ["sequence_SD"], "words": {"prompts": "temporal prompts"}},
        {"title": "gaps", "figure": "GapScores", "stages": ["change_G", "count_G"]},
        {"title": "Which text fits", "figure": "TextScores", "stages": ["similarity_Y"]},
    ],
    "stages": [{"name": "score_TP", "doc": "W.", "source": "def score_TP(): ...", "knobs": ["α"]}],
}  # fmt: skip
KNOBS = {"eta": 8.0, "temporal": True}


def clip_of(T=3, key="toy"):
    frames = [jpeg(np.full((40, 70, 3), 128, np.uint8)) for _ in range(T)]
    return {"key": key, "name": "toy", "width": 70, "height": 40, "frames": frames, "time": [0.0, 0.5, 1.0][:T],
            "source": [0, 5, 10][:T], "notes": ["Short <b>clip</b>."], "truth": None}  # fmt: skip


def trace_of(score_TP, stamp=1.0, alpha=0.5, texts=None):
    """texts: {text: its number}, None where they have yet to come."""
    rule = [count_in_words(0, 0.31, 3, KNOBS), count_in_words(1, 0.0, 0, KNOBS)]
    values = {
        "score_TP": coded(score_TP, grid16), "region_TP": coded(score_TP > 0.5, bits), "change_G": [0.31, 0.0],
        "count_G": {"count": [3, 0], "each": 1 / 8, "rule": rule},
    }  # fmt: skip
    return {
        "clip": "toy", "stamp": stamp, "knobs": {"alpha": alpha}, "grid": GRID, "unknown": [], "done": texts is not None,
        "values": values | ({} if texts is None else {"similarity_Y": list(texts.values())}),
        "texts": None if texts is None else list(texts),
        "ledger": {"score_TP": [1.0, "3×28"]}, "weights": ["untrained"], "untrained": [],
    }  # fmt: skip


def mount(page, score_TP):
    payload = {"about": ABOUT, "clip": clip_of(), "trace": trace_of(score_TP)}
    page.evaluate("payload => { window.view = viewer.mount(document.querySelector('#here'), payload); }", payload)
    page.wait_for_selector(".vw[data-shown]")


def bright(row, column):
    score_TP = np.zeros((3, math.prod(GRID)))
    score_TP[:, row * GRID[1] + column] = 1
    return score_TP


PIXEL = """([row, column, rows, columns]) => {
  const canvas = document.querySelector('.vw-canvas'), pen = canvas.getContext('2d');
  const x = (column + 0.5) * canvas.width / columns, y = (row + 0.5) * canvas.height / rows;
  return [...pen.getImageData(x, y, 1, 1).data.slice(0, 3)];
}"""


def test_a_bright_patch_lights_its_own_place_and_no_other(viewer):
    mount(viewer, bright(2, 5))
    colours = {(r, c): tuple(viewer.evaluate(PIXEL, [r, c, *GRID])) for r in range(GRID[0]) for c in range(GRID[1])}
    lit = colours.pop((2, 5))
    assert lit[0] > lit[2] + 40, "the largest value is yellow"
    assert len(set(colours.values())) == 1, "all others are alike"
    assert lit not in colours.values()


def test_words_nobody_knows_and_texts_that_are_cut_are_told_apart(viewer):
    mount(viewer, bright(2, 5))
    texts = {"a": 0.1, "b": 0.1}
    cut = "Longer than the model reads, so cut before: …runs, …<b>. Texts that differ only there get the same number."
    for unknown, said in (([], []), (["zorgle"], ["Words the model has never seen: zorgle."]), (["…runs", "…<b>"], [cut])):
        trace = trace_of(bright(2, 5), 9 + len(unknown), texts=texts) | {"unknown": unknown}
        viewer.evaluate("trace => view.update({trace})", trace)
        viewer.wait_for_function("n => document.querySelectorAll('.vw-texts .vw-note').length === n", arg=len(said))
        assert viewer.locator(".vw-texts .vw-note").all_inner_texts() == said


def test_hovering_tells_the_patch_under_the_pointer(viewer):
    mount(viewer, bright(2, 5))
    box = viewer.locator(".vw-canvas").bounding_box()
    viewer.mouse.move(box["x"] + box["width"] * 5.5 / 7, box["y"] + box["height"] * 2.5 / 4)
    said = viewer.locator(".vw-patch").inner_text()
    assert "row 3, column 6: kept" in said and "1.000" in said


def test_an_older_trace_never_replaces_a_newer_one(viewer):
    mount(viewer, bright(0, 0))
    for stamp, alpha in ((5, 0.9), (3, 0.1)):
        viewer.evaluate("trace => view.update({trace})", trace_of(bright(1, 1), stamp, alpha))
    assert '"alpha":0.9' in viewer.locator(".vw").get_attribute("data-shown")


def test_a_trace_of_an_unknown_clip_asks_for_its_frames_and_keeps_the_old_picture_meanwhile(viewer):
    payload = {"about": ABOUT, "clip": clip_of(), "trace": trace_of(bright(0, 0))}
    viewer.evaluate(
        """([payload, other]) => { window.view = viewer.mount(document.querySelector('#here'), payload, {
             frames: key => new Promise(done => { window.answer = () => done({...other, key}); })}); }""",
        [payload, clip_of(2)],
    )
    viewer.wait_for_selector(".vw[data-shown]")
    viewer.evaluate("trace => { view.update({trace}); }", trace_of(bright(0, 0), 2) | {"clip": "other"})
    assert viewer.locator(".vw-thumb").count() == 3
    viewer.evaluate("answer()")
    viewer.wait_for_function("document.querySelectorAll('.vw-thumb').length === 2")


def test_keys_step_play_and_change_the_overlay(viewer):
    mount(viewer, bright(2, 5))
    viewer.locator(".vw").focus()
    frame = viewer.locator(".vw-frame")
    steps = {".": 2, "ArrowRight": 3, ",": 2, "ArrowLeft": 1, "End": 3, "Home": 1}
    for key, shown in steps.items():
        viewer.keyboard.press(key)
        assert frame.inner_text().startswith(f"{shown}/3"), key
    viewer.keyboard.press("2")
    assert viewer.locator("[data-stage=region_TP]").get_attribute("aria-checked") == "true"
    viewer.keyboard.press("0")
    assert viewer.locator("[data-stage=none]").get_attribute("aria-checked") == "true"
    viewer.keyboard.press("Shift+ArrowRight")
    expect(viewer.locator(".vw-patch")).to_contain_text("column 5", use_inner_text=True)
    viewer.keyboard.press("?")
    assert viewer.locator(".vw-help").is_visible()
    viewer.keyboard.press("Escape")
    viewer.locator(".vw").focus()
    viewer.keyboard.press(" ")
    viewer.wait_for_function("document.querySelector('.vw-frame')?.textContent.startsWith('2/3')", timeout=5000)


def test_holding_o_shows_the_bare_frame(viewer):
    mount(viewer, bright(2, 5))
    viewer.locator(".vw").focus()
    covered = viewer.evaluate(PIXEL, [2, 5, *GRID])
    viewer.keyboard.down("o")
    bare = viewer.evaluate(PIXEL, [2, 5, *GRID])
    viewer.keyboard.up("o")
    assert max(bare) - min(bare) < 6 and viewer.evaluate(PIXEL, [2, 5, *GRID]) == covered


def test_it_says_in_words_what_it_draws(viewer):
    mount(viewer, bright(2, 5))
    assert viewer.locator(".vw-canvas").get_attribute("aria-label") == "frame 1 of 3: 1 of 28 patches kept"
    assert "1 CLS + 3 × 28 patches + 3 temporal prompts = 88 tokens" in viewer.locator(".vw-ribbon").get_attribute("aria-label")
    assert viewer.locator(".vw-gap").first.get_attribute("aria-label") == "gap 1→2: W = 0.31, η = 8 → ⌈2.48⌉ = 3"


def test_what_is_kept_has_a_legend_and_pointing_moves_nothing(viewer):
    names = [("attention_TP", "A"), ("dynamics_TP", "M"), ("score_TP", "W^s")]
    maps = [{"stage": stage, "symbol": symbol, "title": "map", "unit": "", "kind": "PatchMap"} for stage, symbol in names]
    score_TP = bright(2, 5)
    maps[-1]["rule"] = "W<sup>s</sup> = α·A + (1 − α)·M"
    trace = trace_of(score_TP)
    trace["values"] |= {stage: coded(score_TP, grid16) for stage, _ in names}
    trace["values"]["score_TP"]["terms"] = [["attention_TP", 0.5], ["dynamics_TP", 0.5]]
    group = {"title": "maps", "figure": "PatchMap", "stages": [*(stage for stage, _ in names), "region_TP"]}
    about = ABOUT | {"outputs": [*maps, *ABOUT["outputs"][1:]], "groups": [group, *ABOUT["groups"][1:]]}
    payload = {"about": about, "clip": clip_of(), "trace": trace}
    viewer.evaluate("payload => { window.view = viewer.mount(document.querySelector('#here'), payload); }", payload)
    viewer.wait_for_selector(".vw[data-shown]")
    legend, below = viewer.locator(".vw-bar .vw-edge"), viewer.locator(".vw-clipcard")
    before = below.bounding_box()
    viewer.locator(".vw-canvas").hover()
    assert "W" in viewer.locator(".vw-eq").inner_text() and below.bounding_box()["y"] == before["y"]
    for overlay in ("score_TP", "region_TP", "none"):
        viewer.evaluate("overlay => view.look({overlay})", overlay)
        assert legend.is_visible() and legend.inner_text() == "outlined: kept (r)"
        assert viewer.locator(".vw-bar i").is_visible() == (overlay == "score_TP")
    viewer.evaluate("trace => view.update({trace})", trace | {"stamp": 2.0, "values": trace["values"] | {"region_TP": None}})
    assert legend.is_hidden(), "nothing is outlined"


def test_similarities_stand_on_one_axis_whatever_they_are(viewer):
    mount(viewer, bright(2, 5))
    lengths = []
    viewer.evaluate("trace => view.update({trace})", trace_of(bright(2, 5), 1.5, texts={"a": 0.5, "b": 0.1}))
    viewer.locator("[data-axis=whole]").click()
    for stamp, other in ((2.0, 0.25), (3.0, -0.25)):
        viewer.evaluate("trace => view.update({trace})", trace_of(bright(2, 5), stamp, texts={"a": 0.5, "b": other}))
        viewer.locator(".vw-text b", has_text=f"{other:.3f}").wait_for()
        lengths.append(viewer.locator(".vw-text u").first.evaluate("one => [one.style.left, one.style.width]"))
        assert viewer.locator(".vw-scale i").inner_text().split() == ["−1", "0", "1"]
    assert lengths[0] == lengths[1] == ["50%", "25%"]


def test_hundredths_are_seen_on_an_axis_that_fits_and_softmax_is_the_model_s_own(viewer):
    mount(viewer, bright(2, 5))
    assert viewer.locator("[data-axis]").count() == 0
    trace = trace_of(bright(2, 5), 2.0, texts={"a": 0.27, "b": 0.25, "c": 0.24})
    viewer.evaluate("trace => view.update({trace})", trace | {"scale": 100})
    places = "all => all.map(one => parseFloat(one.style.left))"
    viewer.locator(".vw-text").first.wait_for()
    left = viewer.locator(".vw-text u").evaluate_all(places)
    assert min(left) >= 0 and max(left) <= 100 and max(left) - min(left) > 40, "−1 to 1 would give them 1.5 %"
    low, high = map(float, viewer.locator(".vw-scale i").inner_text().split())
    assert low <= 0.24 < 0.27 <= high < low + 0.05
    viewer.locator("[data-axis=softmax]").click()
    shares = [math.exp(100 * c) for c in (0.27, 0.25, 0.24)]
    assert viewer.locator(".vw-text b").all_inner_texts()[0] == f"{100 * shares[0] / sum(shares):.0f} %"
    assert "softmax of 100 × cosine" in viewer.locator(".vw-scale").inner_text()
    viewer.evaluate("trace => view.update({trace})", trace | {"stamp": 3.0})
    assert viewer.locator("[data-axis]").all_inner_texts() == ["fits the texts", "−1 to 1"], "weights that say no scale"


def test_where_there_is_a_doubt_it_stands_first_and_no_text_is_the_best(viewer):
    mount(viewer, bright(2, 5))
    trace = trace_of(bright(2, 5), 2.0, texts={"a": 0.5, "b": 0.1})
    viewer.evaluate("trace => view.update({trace})", trace | {"doubt": "These weights know <nothing>."})
    viewer.locator(".vw-doubted .vw-doubt").wait_for()
    assert viewer.locator(".vw-texts").inner_text().startswith("These weights know <nothing>.")
    assert viewer.locator(".vw-best").count() == 0
    viewer.evaluate("trace => view.update({trace})", trace | {"stamp": 3.0, "doubt": ""})
    viewer.locator(".vw-best em").wait_for()
    assert viewer.locator(".vw-doubted").count() == 0


def test_words_of_a_file_are_words_and_not_markup(viewer):
    mount(viewer, bright(2, 5))
    expect(viewer.locator(".vw-clip")).to_contain_text("Short <b>clip</b>.", use_inner_text=True)


def test_the_rule_is_true_as_it_is_written():
    four = KNOBS | {"eta": 4.0}
    assert count_in_words(2, 0.31, 3, KNOBS) == "gap 3→4: W = 0.31, η = 8 → ⌈2.48⌉ = 3"
    assert count_in_words(0, 0.5, 2, four).endswith("⌈2.00⌉ = 2")
    assert count_in_words(0, 0.500025, 2, four).endswith("⌈2.00⌉ = 2"), "counts have two digits, so the rule is true with two"
    assert count_in_words(0, 3.0, 8, four).endswith("⌈12.00⌉ = 12, capped at 8")
    assert count_in_words(0, 3.0, 0, four | {"temporal": False}).endswith("temporal prompts are off: 0")


def test_pointing_hits_when_the_top_patch_holds_a_part_of_the_actor():
    inside_THW = np.zeros((3, 40, 70), bool)
    inside_THW[0, 20:30, 50:60] = inside_THW[1, :10, :10] = True
    assert [one["hit"] for one in pointing_T(bright(2, 5), on_actor(inside_THW, GRID), GRID)] == [True, False, None]


HUES = """([rows, columns]) => {
  const canvas = document.querySelector('.vw-canvas'), pen = canvas.getContext('2d'), made = [];
  for (let p = 0; p < rows * columns; p++) {
    const x = (p % columns + 0.5) * canvas.width / columns, y = (Math.floor(p / columns) + 0.5) * canvas.height / rows;
    const [r, g, b] = [...pen.getImageData(x, y, 1, 1).data].map(one => one / 255);
    const most = Math.max(r, g, b), size = most - Math.min(r, g, b);
    const turn = !size ? 0 : most === r ? (g - b) / size : most === g ? 2 + (b - r) / size : 4 + (r - g) / size;
    made.push([60 * turn, most && size / most]);
  }
  return made;
}"""


def test_the_colours_of_the_scene_are_seen_through_the_lower_half_of_a_map_and_where_nothing_is_selected(viewer):
    P = math.prod(GRID)
    hue_P = np.random.default_rng(0).permutation(P) * 180 // P  # as OpenCV counts: of every colour, in no order
    patches = cv2.cvtColor(np.stack([hue_P, np.full(P, 200), np.full(P, 190)], -1).astype(np.uint8)[None], cv2.COLOR_HSV2RGB)
    frame_HWC = patches.reshape(*GRID, 3).repeat(10, 0).repeat(10, 1)
    score_TP = np.tile(np.linspace(0, 1, P), (3, 1))
    clip = clip_of() | {"frames": [jpeg(frame_HWC, quality=100)] * 3}
    payload = {"about": ABOUT, "clip": clip, "trace": trace_of(score_TP)}
    viewer.evaluate("payload => { window.view = viewer.mount(document.querySelector('#here'), payload); }", payload)
    viewer.wait_for_selector(".vw[data-shown]")
    seen = {}
    for overlay in ("none", "score_TP", "region_TP"):
        viewer.evaluate("overlay => view.look({overlay})", overlay)
        seen[overlay] = np.array(viewer.evaluate(HUES, GRID))[score_TP[0] < 0.5]
    for overlay in ("score_TP", "region_TP"):
        turned = np.abs((seen[overlay][:, 0] - seen["none"][:, 0] + 180) % 360 - 180)
        assert np.median(turned) < 10, f"{overlay}: hues are turned by {np.median(turned):.0f}°"
        assert np.median(seen[overlay][:, 1]) > 0.75 * np.median(seen["none"][:, 1]), f"{overlay}: colours are pale"


def result(stage, follows=False):
    return {"stage": stage, "stages": [stage], "follows": follows}


LINE = [
    {"title": "maps", "follows": True, "results": [result("score_TP"), result("region_TP", follows=True)]},
    {"title": "fit", "follows": True, "results": [result("similarity_Y")]},
]
STAGES = [{"name": one["stage"], "doc": f"{one['title']}.", "source": "", "knobs": ["α"]} for one in ABOUT["outputs"]]


def test_the_strip_flashes_what_ran_again_and_opens_a_results_map_sentence_and_equation(viewer):
    payload = {"about": ABOUT | {"pipeline": LINE, "stages": STAGES}, "clip": clip_of(), "trace": trace_of(bright(2, 5))}
    viewer.evaluate(
        """payload => { window.asked = []; window.view = viewer.mount(document.querySelector('#here'), payload, {
             equation: (...given) => asked.push(given)}); }""",
        payload,
    )
    viewer.wait_for_selector(".vw[data-shown]")
    viewer.evaluate("""() => {
      const {animate} = Element.prototype;
      window.flashed = [];
      Element.prototype.animate = function (...given) { flashed.push(this.dataset.result); return animate.apply(this, given); };
    }""")
    strip = viewer.locator(".vw-pipe")
    ran = lambda: [one.get_attribute("data-result") for one in strip.locator(".vw-ran").all()]  # noqa: E731
    assert strip.get_by_role("button").all_inner_texts() == ["frames", "Ws", "r", "c"]
    assert ran() == ["score_TP"]
    for stamp, motion, flashed in ((2, "reduce", []), (3, "no-preference", ["region_TP"])):
        viewer.emulate_media(reduced_motion=motion)
        told = {"score_TP": [None, "3×28"], "region_TP": [2.0, "3×28"]}
        viewer.evaluate("trace => view.update({trace})", trace_of(bright(2, 5), stamp, stamp / 10) | {"ledger": told})
        viewer.wait_for_function(
            "alpha => JSON.parse(document.querySelector('.vw').dataset.shown).alpha === alpha", arg=stamp / 10
        )
        assert ran() == ["region_TP"] and viewer.evaluate("flashed") == flashed, motion
    strip.get_by_role("button", name="r", exact=True).focus()
    viewer.keyboard.press("Enter")
    assert viewer.locator(".vw-kinds [data-stage=region_TP]").get_attribute("aria-checked") == "true"
    expect(viewer.locator(".vw-pipe-said")).to_contain_text("r, region. region. It moves with α.", use_inner_text=True)
    viewer.locator(".vw-pipe-said button").click()
    assert viewer.evaluate("asked") == [["region_TP", False], ["region_TP", True]]


def test_one_head_is_asked_for_shown_in_the_place_of_the_mean_and_said_to_be_no_part_of_the_method(viewer):
    each = {"stage": "heads_NTP", "symbol": "W_n", "title": "one head", "unit": "share", "kind": "HeadMaps", "of": "score_TP",
            "said": "not what is used"}  # fmt: skip
    about = ABOUT | {"outputs": [*ABOUT["outputs"], each]}
    about["groups"] = [about["groups"][0] | {"stages": ["score_TP", "heads_NTP", "region_TP"]}, *about["groups"][1:]]
    payload = {"about": about, "clip": clip_of(), "trace": trace_of(bright(2, 5))}
    viewer.evaluate(
        """payload => { window.asked = 0; window.view = viewer.mount(document.querySelector('#here'), payload, {
             whole: async () => { asked++; return JSON.stringify(answer); }}); }""",
        payload,
    )
    viewer.wait_for_selector(".vw[data-shown]")
    heads, plain = np.stack([bright(0, 0), bright(1, 1)]), trace_of(bright(2, 5))
    answer = plain | {"values": plain["values"] | {"heads_NTP": coded(heads, grid16)}}
    viewer.evaluate("given => { window.answer = given; }", answer)
    assert viewer.evaluate("asked") == 0, "nothing is asked for before a reader looks"
    viewer.locator(".vw-heads-of button").click()
    viewer.locator(".vw-heads-of [role=radio]").nth(2).click()
    assert viewer.evaluate("asked") == 1
    one, mean, grey = (viewer.evaluate(PIXEL, [*place, *GRID]) for place in ((1, 1), (2, 5), (3, 3)))
    assert one[0] > one[2] + 40 and np.abs(np.subtract(mean, grey)).max() < 10
    expect(viewer.locator(".vw-bar")).to_contain_text("head 2 of 2, not what is used", use_inner_text=True)


def test_on_a_wide_screen_the_picture_grows_and_the_chart_stands_beside_it_in_one_screen(viewer):
    mount(viewer, bright(1, 2))
    picture, chart = (viewer.locator(one).first for one in (".vw-picture", ".vw-gaps"))
    assert picture.bounding_box()["width"] <= 430 and chart.bounding_box()["y"] > picture.bounding_box()["height"], "as before"
    viewer.set_viewport_size({"width": 1480, "height": 1000})
    viewer.wait_for_function("document.querySelector('.vw-canvas').getBoundingClientRect().width > 600")
    picture, chart, texts = (viewer.locator(one).first.bounding_box() for one in (".vw-picture", ".vw-gaps", ".vw-texts"))
    for one in (chart, texts):
        assert one["x"] >= picture["x"] + picture["width"] and one["y"] + one["height"] <= 1000
