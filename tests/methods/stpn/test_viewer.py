"""Facts about the viewer of prompts and supports: it draws what it is given, where it belongs, and the last value wins."""

import json
from types import SimpleNamespace

import numpy as np
import pytest
from playwright.sync_api import expect

from app.figures.boxes import boxes_payload
from app.figures.followed import followed_payload
from app.figures.pack import STRANGE, jpeg, log16, pooled, runs, weights_payload
from app.figures.payload import about_payload, beside_payload, trace_payload
from app.figures.promptattention import heads_payload
from app.figures.truth import boxes_of, pointed_at, things_seen
from app.modules import VIEWER
from core import METHODS
from core.methods.stpn.outputs import untrained
from core.methods.stpn.weights import Trained, label_of
from core.metrics import overlap
from core.world import SHAPES, Truth
from tests import tiny

Q, K, GRID, T = 3, 4, (2, 5), 5
METHOD = "stpn"
SAID = about_payload(METHODS[METHOD])
ABOUT = SAID | {
    "title": "toy", "knobs": [],
    "outputs": [one | {"symbol": one["stage"][0], "title": one["stage"]} for one in SAID["outputs"]],
    "stages": [{"name": "change", "doc": "Δ.", "source": "def change(): ...", "knobs": ["t"]}],
}  # fmt: skip
GREY = np.full((40, 60, 3), 128, np.uint8)


class Tensor:
    """What the packing knows of a tensor."""

    def __init__(self, values):
        self.values = np.asarray(values, np.float32)
        self.shape, self.ndim = self.values.shape, self.values.ndim

    def __len__(self):
        return len(self.values)

    def detach(self):
        return self

    def cpu(self):
        return self

    def numpy(self):
        return self.values


def clip_of(truth=True):
    mask = np.zeros((40, 60), bool)
    mask[10:30, 15:45] = True
    ring = {"number": 1, "name": "ring", "box": [0.25, 0.25, 0.75, 0.75], "runs": runs(mask)}
    star = {"number": 2, "name": "star", "box": [0.8, 0.1, 0.95, 0.2], "runs": runs(np.zeros((40, 60)))}
    things = [[ring, star]] * (T - 1) + [[star]]  # the last frame does not show the ring
    known = {"caption": "a ring", "size": [40, 60], "things": things} if truth else None
    return {
        "key": "toy", "name": "toy", "width": 60, "height": 40, "frames": [jpeg(GREY)] * T,
        "time": [0.1 * t for t in range(T)], "source": list(range(T)), "notes": [], "truth": known,
    }  # fmt: skip


def looking_at(q, k, row, column):
    """All prompts look everywhere alike, but prompt q at one patch of support k alone."""
    share_QKP = np.full((Q, K, GRID[0] * GRID[1]), 1 / (K * GRID[0] * GRID[1]))
    share_QKP[q] = 1e-6
    share_QKP[q, k, row * GRID[1] + column] = 1
    return share_QKP


def maps(shape, at, bright):
    map_Qhw = np.full(shape, 0.002)
    map_Qhw[(..., *bright)] = 0.9
    return {"at": at, "shape": list(shape), "code": log16(map_Qhw)}


def trace_of(stamp=1.0, severity=0.6, done=True, share_QKP=None, untrained=(), t=3, cosine=0.8):
    share_QKP = looking_at(1, 2, 1, 3) if share_QKP is None else share_QKP
    box = {"box": [0.25, 0.25, 0.75, 0.75], "score": 0.9, "name": "ring", "thing": 0, "runs": None}
    poor = box | {"box": [0.0, 0.0, 0.2, 0.2], "score": 0.2, "thing": None}
    current = {"frames": {str(t - 1): jpeg(GREY)}, "done": f"motion blur, {severity:g}"}
    values = {
        "support_index_K": [0, 1, 3, 3], "current_HWC": current, "support_THWC": {"frames": {}, "done": ""},
        "support_grid": list(GRID),
        "prompt_attention_NQKP": {"shape": [Q, K, 10], "code": log16(share_QKP * K * 10), "heads": 2},
        "mass_K": [0.1, 0.2, 0.6, 0.1], "entropy_Q": [1.0, 0.25, 1.0],
        "change": [maps((1, 4, 6), [0], (1, 2)), maps((1, 2, 3), [1], (1, 0))],
        "to_prompts": [maps((Q, 4, 6), [0, 0], (3, 5))], "to_patches": [maps((Q, 4, 6), [0, 0], (0, 0))],
        "cost": {"prompts": Q, "patches": [24, 6], "windows": [6, 2], "copies": [18, 6], "plain": 100, "prompted": 110,
                 "support": 100, "predictor": 10},
    }  # fmt: skip
    if done:
        share_NQKP = np.stack([share_QKP, np.full_like(share_QKP, 1 / 40)])
        values["prompt_attention_NQKP"]["each"] = heads_payload(share_NQKP, GRID)
        values |= {
            "shuffle": {"value": [1.5e-7, 0.4], "words": "They move by at most *{}*; the largest is {}."},
            "cosine_plain_I": [0.5, 0.6], "cosine_prompted_I": [cosine, 0.9],
            "prompted_found": {"found": [box, poor], "there": 1, "size": None},
            "baseline_found": {"found": [poor], "there": 1, "size": None},
        }  # fmt: skip
    knobs = {"t": t, "severity": severity, "spoil": "motion_blur", "spoiled": "current", "shuffled": False}
    return {
        "clip": "toy", "stamp": stamp, "knobs": knobs, "done": done, "values": values,
        "ledger": {"change": [1.5, "2 maps"]}, "weights": ["some weights"], "untrained": list(untrained),
    }  # fmt: skip


def mount(page, truth=True, **trace):
    page.evaluate(
        """payload => { window.turned = [];
             window.view = viewer.mount(document.querySelector('#here'), payload, {turn: (...said) => turned.push(said)}); }""",
        {"about": ABOUT, "clip": clip_of(truth), "trace": trace_of(**trace)},
    )
    page.wait_for_selector(".vw[data-shown]")


PIXEL = """([selector, n, row, column, rows, columns]) => {
  const canvas = document.querySelectorAll(selector)[n], pen = canvas.getContext('2d');
  const x = (column + 0.5) * canvas.width / columns, y = (row + 0.3) * canvas.height / rows;
  return [...pen.getImageData(x, y, 1, 1).data.slice(0, 3)];
}"""


def support_pixels(page):
    cells = [(k, r, c) for k in range(K) for r in range(GRID[0]) for c in range(GRID[1])]
    return {cell: tuple(page.evaluate(PIXEL, [".sp-support canvas", *cell, *GRID])) for cell in cells}


def test_a_bright_patch_lights_its_own_place_in_its_own_support(viewer):
    mount(viewer)
    viewer.locator(".sp").press("2")
    colours = support_pixels(viewer)
    lit = colours.pop((2, 1, 3))
    assert lit[0] > lit[2] + 40, "40 times an even share is yellow"
    assert len(set(colours.values())) == 1 and lit not in colours.values()
    viewer.locator(".sp").press("1")
    assert len(set(support_pixels(viewer).values())) == 1, "prompt 1 looked everywhere alike"


def test_hovering_a_prompt_shows_its_map_and_a_click_locks_it(viewer):
    mount(viewer)
    chip, title = viewer.locator(".vw-prompts button").nth(2), viewer.locator(".vw-supports-title")
    chip.hover()
    assert "prompt 2 looked" in title.inner_text() and chip.get_attribute("aria-checked") == "false"
    viewer.mouse.move(5, 5)
    expect(title).to_contain_text("the prompts (mean) looked", use_inner_text=True)
    chip.click()
    viewer.mouse.move(5, 5)
    assert "prompt 2 looked" in title.inner_text() and chip.get_attribute("aria-checked") == "true"
    chip.click()
    viewer.mouse.move(5, 5)
    assert chip.get_attribute("aria-checked") == "false"


def test_hovering_a_patch_tells_its_share(viewer):
    mount(viewer)
    viewer.locator(".sp").press("2")
    box = viewer.locator(".sp-support canvas").nth(2).bounding_box()
    viewer.mouse.move(box["x"] + box["width"] * 3.5 / 5, box["y"] + box["height"] * 1.5 / 2)
    said = viewer.locator(".vw-reading").inner_text()
    assert "support 3 (frame 4), row 2, column 4: 40 × an even share = 100 % of prompt 2's attention" in said


def test_keys_choose_overlay_block_head_box_score_and_patch(viewer):
    mount(viewer)
    root, reading = viewer.locator(".sp"), viewer.locator(".vw-reading")
    root.focus()
    place = viewer.locator(".vw-place")
    assert place.inner_text() == "stage 2"
    viewer.keyboard.press("B")
    assert place.inner_text() == "stage 1"
    for key, stage in {"x": "to_prompts", "v": "to_patches", "n": "none", "c": "change"}.items():
        viewer.keyboard.press(key)
        assert viewer.locator(f"[data-stage={stage}]").get_attribute("aria-checked") == "true", key
    viewer.keyboard.press("Shift+ArrowUp")
    expect(reading).to_contain_text("row 2, column 4", use_inner_text=True)
    for _ in range(3):
        viewer.keyboard.press("s")
    viewer.keyboard.press("Shift+ArrowRight")
    expect(reading).to_contain_text("support 3 (frame 4), row 2, column 4", use_inner_text=True)
    viewer.keyboard.press("h")
    assert viewer.locator(".vw-heads button").first.get_attribute("aria-checked") == "true"
    for _ in range(2):
        viewer.keyboard.press("-")
    expect(viewer.locator(".vw-found").first).to_contain_text("2 of 2 boxes reach 0.20", use_inner_text=True)
    viewer.keyboard.press("Escape")
    assert viewer.locator(".vw-heads [aria-checked=true]").count() == 0 and "Point at" in reading.inner_text()
    viewer.keyboard.press("?")
    assert viewer.locator(".vw-help").is_visible()


def test_a_frame_of_the_strip_turns_the_knob_and_keys_do_not_wait_for_the_answer(viewer):
    mount(viewer)
    viewer.locator(".vw-thumb").nth(4).click()
    viewer.evaluate("trace => view.update({trace})", trace_of(2, t=5))
    viewer.locator(".sp").focus()
    for key in ("ArrowLeft", "ArrowLeft", "Home", "ArrowLeft", "End"):
        viewer.keyboard.press(key)
    assert viewer.evaluate("turned") == [["t", n] for n in (5, 4, 3, 1, 1, 5)]


def test_the_overlay_lies_where_the_map_is_bright_and_o_takes_it_away(viewer):
    mount(viewer, truth=False)
    root = viewer.locator(".sp")
    root.press("B")
    cells = {(r, c): tuple(viewer.evaluate(PIXEL, [".vw-canvas", 0, r, c, 4, 6])) for r in range(4) for c in range(6)}
    lit = cells.pop((1, 2))
    assert lit[0] > lit[2] + 40 and len(set(cells.values())) == 1
    viewer.keyboard.down("o")
    bare = viewer.evaluate(PIXEL, [".vw-canvas", 0, 1, 2, 4, 6])
    viewer.keyboard.up("o")
    assert max(bare) - min(bare) < 6 and tuple(viewer.evaluate(PIXEL, [".vw-canvas", 0, 1, 2, 4, 6])) == lit


def test_an_older_trace_never_replaces_a_newer_one_and_boxes_wait_until_they_are_there(viewer):
    mount(viewer)
    for stamp, severity, done in ((5, 0.9, False), (3, 0.1, True)):
        viewer.evaluate("trace => view.update({trace})", trace_of(stamp, severity, done))
    shown, complete = (json.loads(viewer.locator(".sp").get_attribute(f"data-{name}")) for name in ("shown", "done"))
    assert shown["severity"] == 0.9 and complete["severity"] == 0.6
    assert "vw-stale" in viewer.locator(".vw-found").first.get_attribute("class")
    viewer.evaluate("trace => view.update({trace})", trace_of(6, 0.9))
    assert "vw-stale" not in viewer.locator(".vw-found").first.get_attribute("class")


def test_it_says_in_words_what_it_draws(viewer):
    mount(viewer)
    with_prompts, without = (one.inner_text() for one in viewer.locator(".vw-found").all())
    assert "1 of 1 things found, 0 false" in with_prompts and "0 of 1 things found, 0 false" in without
    expect(viewer.locator(".sp-support").nth(2)).to_contain_text("60.0 %", use_inner_text=True)
    assert viewer.locator(".vw-thumb").nth(3).get_attribute("aria-label").endswith("supports 2 times")
    expect(viewer.locator(".vw-likeness")).to_contain_text("with 0.800", use_inner_text=True)
    expect(viewer.locator(".vw-shuffle")).to_contain_text("1.5e-7", use_inner_text=True)
    assert "+75.0 %" in viewer.locator(".vw-cost").inner_text() and "+10.0 %" in viewer.locator(".vw-cost").inner_text()
    assert viewer.locator(".vw-banner").is_hidden()
    viewer.evaluate("trace => view.update({trace})", trace_of(2, untrained=("attention/shallow",)))
    expect(viewer.locator(".vw-banner")).to_contain_text("UNTRAINED: attention/shallow has random weights", use_inner_text=True)


def test_without_a_truth_nothing_is_called_right_or_wrong(viewer):
    mount(viewer, truth=False)
    expect(viewer.locator(".vw-known")).to_contain_text("not known", use_inner_text=True)
    assert viewer.locator(".vw-found p").first.inner_text() == "1 of 2 boxes reach 0.30"


WRITTEN = """() => {
  window.written = [];
  const pen = CanvasRenderingContext2D.prototype, {fillText, fillRect} = pen;
  const first = one => one.canvas === document.querySelector(".vw-found canvas");
  pen.fillRect = function (x, y, wide, tall) {
    if (first(this)) written.push([x, x + wide, y]);
    fillRect.call(this, x, y, wide, tall);
  };
  pen.fillText = function (text, x, y) {
    if (first(this)) written.at(-1).push(text);
    fillText.call(this, text, x, y);
  };
}"""


@pytest.mark.parametrize("width", [300, 150])
def test_labels_of_boxes_hide_no_other_and_a_small_picture_has_marks_alone(viewer, width):
    viewer.add_style_tag(content=f".vw-found {{ width: {width}px }}")
    viewer.evaluate(WRITTEN)
    trace, edge = trace_of(), {"name": "cross", "runs": None}
    trace["values"]["prompted_found"]["found"] = [
        edge | {"box": [0.1, 0.05, 0.5, 0.6 + 0.01 * i], "score": 0.9 - 0.1 * i, "thing": None if i else 0} for i in range(4)
    ]
    payload = {"about": ABOUT, "clip": clip_of(), "trace": trace}
    viewer.evaluate("payload => { window.view = viewer.mount(document.querySelector('#here'), payload); }", payload)
    viewer.wait_for_selector(".vw[data-shown]")
    drawn = viewer.evaluate("written.slice(-4)")
    said = ["cross 0.90", "cross 0.80", "cross 0.70", "cross 0.60"]
    assert [text for *_, text in drawn] == (said if width == 300 else [""] * 4)
    for i, (left, right, top, _) in enumerate(drawn):
        assert right - left > 15, "every label has room for its mark"
        assert all(right <= other[0] or other[1] <= left or abs(top - other[2]) >= 15 for other in drawn[:i]), drawn


FOUND = {"box": [0.25, 0.25, 0.75, 0.75], "score": 0.9, "name": "ring", "thing": 1, "runs": None}
FIRST, SECOND, FALSE = FOUND | {"track": 0}, FOUND | {"track": 1}, FOUND | {"track": 2, "thing": None}
FOLLOWED = {  # the thing goes on as another instance in the fourth frame, and the last shows a false one beside it
    "frames": [[FIRST], [FIRST], [FIRST], [SECOND], [SECOND, FALSE]],
    "there": [1] * T, "size": [40, 60],
}  # fmt: skip
LOST = {"frames": [[FOUND | {"track": 0, "score": 0.1}]] * T, "there": [1] * T, "size": [40, 60]}


RING = [0.25, 0.25, 0.75, 0.75]
PATH = {
    "box": [RING] * T,
    "seen": [True, True, False, True, True],
    "thing": 1,
    "overlap": [None, 0.9, 0.5, 0.7, None],
    "ao": 0.7,
}
PATHS = {"prompted_followed": PATH, "baseline_followed": PATH | {"overlap": [None, 0.3, 0.2, 0.1, None], "ao": 0.2}}


def with_tracks(**asked):
    made = trace_of(**asked)
    return made | {"values": made["values"] | {"prompted_tracks": FOLLOWED, "baseline_tracks": LOST} | PATHS}


def test_instances_are_followed_through_the_clip_once_a_reader_asks(viewer):
    viewer.evaluate("whole => { window.asked = 0; window.whole = async () => { asked++; return JSON.stringify(whole); }; }",
                    with_tracks())  # fmt: skip
    viewer.evaluate(
        "payload => { window.view = viewer.mount(document.querySelector('#here'), payload, {whole}); }",
        {"about": ABOUT, "clip": clip_of(), "trace": trace_of()},
    )
    assert viewer.evaluate("asked") == 0 and viewer.locator(".vw-tracks canvas").count() == 0
    viewer.locator(".vw-through summary").click()
    viewer.wait_for_selector(".vw-tracks canvas")
    said = viewer.locator(".vw-tracks h4").all_inner_texts()
    assert "5 of 5 things found over 5 frames, 1 false; 3 instances" in said[0]
    assert said[0].endswith("another instance 1 time, counting only boxes with the right name")
    assert "0 of 5 things found over 5 frames, 0 false; 0 instances" in said[1] and "0 times" in said[1]
    assert viewer.evaluate("asked") == 1 and viewer.locator(".vw-tracks canvas").count() == 2 * T
    labels = [one.get_attribute("aria-label") for one in viewer.locator(".vw-tracks canvas").all()]
    assert labels[2] == "frame 3, the current one: instance 1, ring" and labels[3] == "frame 4: instance 2, ring"
    assert labels[T] == "frame 1: nothing"
    edge = [viewer.evaluate(PIXEL, [".vw-tracks canvas", t, 7, 15, 40, 60]) for t in (2, 3)]  # behind an instance's number
    assert edge[0] != edge[1]  # an instance has its own colour
    viewer.evaluate("trace => view.update({trace})", trace_of(stamp=2.0))  # a knob was moved: what is shown is of before
    assert viewer.locator(".vw-tracks.vw-stale").count() == 2 and viewer.locator(".vw-tracks canvas").count() == 2 * T


def test_a_knob_calls_off_what_reads_the_whole_clip(viewer):
    viewer.evaluate(
        """payload => {
             window.asked = [];
             const noted = kind => async ({who}) => { asked.push([kind, who]); return JSON.stringify(payload.trace); };
             const never = ({who}) => { asked.push(['whole', who]); return new Promise(() => {}); };
             const hooks = {soon: noted('soon'), later: noted('later'), whole: never,
                            stop: async ({who, kind}) => { asked.push([`stop ${kind}`, who]); }};
             window.view = viewer.mount(document.querySelector('#here'), payload, hooks); }""",
        {"about": ABOUT, "clip": clip_of(), "trace": trace_of()},
    )
    viewer.wait_for_selector(".vw[data-shown]")
    viewer.locator(".vw-through summary").click()
    viewer.wait_for_function("asked.some(([kind]) => kind === 'whole')")
    viewer.evaluate("() => { view.ask({}); }")
    viewer.wait_for_function("asked.some(([kind]) => kind === 'later')")
    said, who = zip(*viewer.evaluate("asked"))
    assert said == ("whole", "stop whole", "soon", "later") and len(set(who)) == 1


def opened_through(viewer, truth=True):
    """The whole clip is open; asked: what the viewer pointed at, each time it asked."""
    viewer.evaluate(
        """([payload, whole]) => {
             window.asked = [];
             const hooks = {whole: async request => { asked.push(request.pointed); return JSON.stringify(whole); }};
             window.view = viewer.mount(document.querySelector('#here'), payload, hooks); }""",
        [{"about": ABOUT, "clip": clip_of(truth), "trace": trace_of()}, with_tracks()],
    )
    viewer.wait_for_selector(".vw[data-shown]")
    viewer.locator(".vw-through summary").click()
    viewer.wait_for_selector(".vw-path canvas" if truth else ".vw-tracks canvas")


def test_one_thing_is_followed_from_its_first_box_with_its_overlap_and_their_mean(viewer):
    opened_through(viewer)
    assert viewer.evaluate("asked") == [None]  # whom to follow is left to the server
    told = [one.locator("span").all_inner_texts() for one in viewer.locator(".vw-path").all()]
    assert told == [["given", "0.90", "0.50", "0.70", "not there"], ["given", "0.30", "0.20", "0.10", "not there"]]
    titles = viewer.locator(".vw-path h4").all_inner_texts()
    assert "(AO) 0.700; not seen in 1 frame" in titles[0] and "(AO) 0.200" in titles[1]
    expect(viewer.locator(".vw-overlap")).to_contain_text("with prompts, AO 0.700", use_inner_text=True)
    expect(viewer.locator(".vw-likeness + .sp-key")).to_contain_text("both with the same prompts", use_inner_text=True)
    # the solid line is at 0.9 in the second frame of five, the dashed one at 0.3
    colour = """([x, y]) => { const c = document.querySelector('.vw-overlap canvas'), r = c.width / c.clientWidth;
        return [...c.getContext('2d').getImageData(x * r, y * r, 1, 1).data]; }"""
    width = viewer.locator(".vw-overlap canvas").bounding_box()["width"]
    x = 26 + (width - 36) / 4
    solid, dashed = (viewer.evaluate(colour, [x, 8 + (1 - v) * 86]) for v in (0.9, 0.3))
    assert solid[2] > solid[0] + 80 and solid[3] == 255 and dashed[3] == 255 and abs(dashed[2] - dashed[0]) < 40


def test_a_click_on_a_box_of_the_first_frame_follows_that_thing(viewer):
    opened_through(viewer)
    buttons = viewer.locator(".vw-things button")
    assert buttons.all_inner_texts() == ["a · ring (the actor)", "b · star"], "numbers are those of instances"
    assert [one.get_attribute("aria-checked") for one in buttons.all()] == ["true", "false"]
    box = viewer.locator(".vw-first").bounding_box()
    viewer.mouse.click(box["x"] + 0.9 * box["width"], box["y"] + 0.15 * box["height"])
    viewer.wait_for_function("asked.length === 2")
    assert viewer.evaluate("asked[1]") == [0.8, 0.1, 0.95, 0.2] and buttons.nth(1).get_attribute("aria-checked") == "true"
    viewer.mouse.click(box["x"] + 0.1 * box["width"], box["y"] + 0.9 * box["height"])  # nothing is there
    buttons.first.press("Enter")
    viewer.wait_for_function("asked.length === 3")
    assert viewer.evaluate("asked[2]") == RING


def test_where_the_truth_is_not_known_what_is_found_in_the_first_frame_can_be_followed(viewer):
    opened_through(viewer, truth=False)
    assert viewer.locator(".vw-things button").count() == 0  # nothing reaches 0.30 there
    for _ in range(4):
        viewer.locator(".sp").press("-")
    assert viewer.locator(".vw-things button").all_inner_texts() == ["a · ring"]


@pytest.mark.parametrize("most, told", [(1.1, "0.8"), (2, "0.4"), (40, "0.1")])
def test_colours_of_attention_are_as_narrow_as_holds_it_and_only_widen(viewer, most, told):
    share_QKP = np.full((Q, K, 10), 1 / 40)
    share_QKP[1, 2, 3] *= most
    mount(viewer, share_QKP=share_QKP)
    assert viewer.locator(".vw-bar2 .sp-scale span span").first.inner_text() == told
    viewer.evaluate("trace => view.update({trace})", trace_of(2, share_QKP=np.full((Q, K, 10), 1 / 40)))
    assert viewer.locator(".vw-bar2 .sp-scale span span").first.inner_text() == told


def test_an_error_is_told_and_the_picture_stays(viewer):
    mount(viewer)
    viewer.evaluate("view.update({trace: {error: 't (t) is 1 to 5.'}})")
    assert viewer.locator(".vw-wait").inner_text() == "t (t) is 1 to 5." and viewer.locator(".sp-support").count() == K


# ---- what is sent ---------------------------------------------------------------------------------------------------


def test_a_large_map_is_sent_as_means():
    map_hw = np.arange(24.0).reshape(4, 6)
    assert pooled(map_hw, 2).tolist() == [[half[:, :3].mean(), half[:, 3:].mean()] for half in (map_hw[:2], map_hw[2:])]
    assert pooled(map_hw, 8) is map_hw


def test_a_followed_box_is_measured_against_its_own_thing_after_the_first_frame():
    folder = VIEWER.parent / "clips"
    truth = Truth.from_json(sorted(folder.glob("*.json"))[0].read_text())

    class Clip:
        source_T = [0, 2, 4]

    actor = [boxes_of(things_seen(truth, source))[0][1] for source in Clip.source_T]
    assert pointed_at(None, Clip, truth) == actor[0].tolist() and pointed_at([0, 0, 1, 1], Clip, truth) == [0, 0, 1, 1]
    assert pointed_at(None, Clip, None) is None

    class Followed:
        box_T4 = Tensor([actor[0], actor[1], [0, 0, 1, 1]])
        seen_T = (True, True, False)

    told = followed_payload(Followed, Clip, truth)
    whole = float(np.prod(actor[2][2:] - actor[2][:2]))
    assert told["thing"] == 1 and told["overlap"] == [None, pytest.approx(1), pytest.approx(whole, abs=1e-3)]
    assert told["ao"] == pytest.approx((1 + whole) / 2, abs=1e-3) and told["seen"] == [True, True, False]
    alone = followed_payload(Followed, Clip)
    assert alone["thing"] is None and alone["ao"] is None and alone["overlap"] == [None] * 3


def test_runs_begin_with_nothing():
    assert runs(np.array([[0, 1, 1], [1, 0, 0]])) == [1, 3, 2]
    assert runs(np.ones((1, 2))) == [0, 2] and runs(np.zeros((1, 2))) == [2]


def test_each_thing_is_found_once_by_its_name_and_place():
    class Seen:
        box_N4 = Tensor([[0, 0, 0.5, 0.5], [0, 0, 0.5, 0.5], [0.5, 0.5, 1, 1], [0, 0, 0.5, 0.45]])
        score_N = Tensor([0.9, 0.8, 0.7, 0.6])
        label_N = ("ring", "star", "ring", "ring")
        mask_NHW = None

    there = [("ring", np.array([0, 0, 0.5, 0.5])), ("star", np.array([0, 0, 0.1, 0.1]))]
    assert [one["thing"] for one in boxes_payload(Seen, there)["found"]] == [0, None, None, None]
    assert overlap(np.array([0, 0, 2, 1]), np.array([1, 0, 3, 1])) == pytest.approx(1 / 3)


def test_what_is_there_is_what_the_world_drew():
    folder = VIEWER.parent / "clips"
    truth = Truth.from_json(sorted(folder.glob("*.json"))[0].read_text())
    seen = things_seen(truth, 0)
    assert [(number, name) for number, name, _ in seen] == [
        (number, thing.shape) for number, thing in enumerate(truth.scenes[0].objects, 1)
    ]
    H, W = truth.instance_THW.shape[1:]
    np.testing.assert_allclose(boxes_of(seen)[0][1] * [W, H, W, H], truth.box_TO4[0, 0])


@pytest.mark.parametrize("label, found", [
    ("STPN UNTRAINED: all weights are random; prompts, boxes and masks mean nothing", ["attention/deep", "baseline"]),
    ("STPN trained on our synthetic clips: baseline 12345678 · UNTRAINED: attention/deep, mixer/deep", ["attention/deep"]),
    ("STPN trained on our synthetic clips: baseline 12345678, attention/deep 12345678 · UNTRAINED: mixer/deep", []),
    ("STPN trained on our synthetic clips: baseline 12345678", []),
])  # fmt: skip
def test_only_the_networks_that_are_shown_are_called_untrained(label, found):
    assert untrained([label], {"predictor": "attention", "depth": "deep"}) == found


def test_weights_that_know_our_clips_alone_say_so_of_a_clip_whose_truth_nobody_knows():
    def of(label, truth):
        return weights_payload(SimpleNamespace(weights={"net": label}), truth)["strange"]

    ours = label_of({"baseline": Trained(tiny.variant(), "baseline", "12345678", 1)})
    assert of(ours, None) == STRANGE and len(SHAPES) == 8 and "eight coloured shapes" in STRANGE
    assert not of(ours, "the truth") and not of("CLIP ViT-B-32/openai", None) and not of(label_of({}), None)


def test_what_is_sent_of_a_run_is_small():
    method, clip = METHODS["stpn"], tiny.clip(T=8)
    engine = tiny.engine()
    settings = engine.settings("stpn", {"supports": 30})
    trace = engine.run("stpn", clip, **settings)
    made = trace_payload(method, trace, "key", clip, settings, engine.grid("stpn"), [], None, 1)
    assert len(json.dumps(made)) < 200_000 and made["values"]["support_index_K"] == list(trace["support_index_K"])
    assert beside_payload(engine, method, clip, settings, trace)["beside"]["values"]["shuffle"]["value"][0] < 1e-3


@pytest.mark.parametrize("where, sent", [("current", []), ("supports", [1, 2, 4, 5]), ("both", [1, 2, 4, 5])])
def test_of_the_supports_only_those_that_are_spoilt_are_sent_again(where, sent):
    made = trace_payload(*run_of(supports=4, spoiled=where))["values"]
    assert sorted(map(int, made["support_THWC"]["frames"])) == sent
    assert list(made["current_HWC"]["frames"]) == ["3"]
    assert made["current_HWC"]["done"] == ("" if where == "supports" else "motion blur, 0.6")


def test_heads_are_sent_when_everything_is_and_a_fact_with_its_sentence():
    method, trace, key, clip, settings, grid = run_of(supports=4, shuffled=True)
    early, late = (trace_payload(method, trace, key, clip, settings, grid, texts) for texts in (None, []))
    assert ["each" in made["values"]["prompt_attention_NQKP"] for made in (early, late)] == [False, True]
    fact = beside_payload(tiny.engine(), method, clip, settings, trace)["beside"]["values"]["shuffle"]
    assert len(fact["value"]) == fact["words"].count("{}") == 2 and "In order, the prompts" in fact["words"]


def run_of(**knobs):
    """What a payload is made of, up to the grid, for a run of STPN on eight frames."""
    method, clip, engine = METHODS["stpn"], tiny.clip(T=8), tiny.engine()
    settings = engine.settings("stpn", knobs)
    trace = engine.run("stpn", clip, outputs=method.until("network"), **settings)
    return method, trace, "key", clip, settings, engine.grid("stpn")


def test_on_a_wide_screen_what_is_found_and_the_frames_stand_beside_the_picture(viewer):
    viewer.set_viewport_size({"width": 1480, "height": 1000})
    mount(viewer)
    picture, *beside = (viewer.locator(f".{one}").first.bounding_box() for one in ("vw-picture", "vw-found", "vw-strip"))
    assert picture["width"] > 600
    for one in beside:
        assert one["x"] >= picture["x"] + picture["width"] and one["y"] + one["height"] <= 1000
