"""Facts about A beside B in the viewer of regions: A stays while B moves, the difference has a sign, its numbers are true."""

import base64

import numpy as np
import pytest
from playwright.sync_api import expect

from app.figures.pack import bits, coded, grid16, jpeg
from app.modules import one_file
from tests.viewer.test_viewer import ABOUT, GRID, bright, clip_of, trace_of

METHOD = "stop"
P, T = GRID[0] * GRID[1], 3
NAMED = ABOUT | {"knobs": [{"name": "alpha", "symbol": "α"}, {"name": "spatial", "symbol": "p^s"}]}
TEXTS = {"one": 0.5, "two": 0.4}

# hooks that answer from `answers` and `clips` by the first value of a request, when the test says so; asked: what was asked
SERVER = """([payload, answers, clips]) => {
  window.asked = []; window.stopped = []; window.held = []; window.answers = answers; window.slow = false;
  const answer = kind => request => {
    asked.push([kind, request.values[0], request.who]);
    const said = answers[request.values[0]], text = said && JSON.stringify(said);
    return slow ? new Promise(done => held.push(() => done(text))) : Promise.resolve(text);
  };
  const hooks = {later: answer('later'), frames: async key => clips[key] ?? null, stop: one => stopped.push(one)};
  window.view = viewer.mount(document.querySelector('#here'), payload, hooks);
}"""


def started(page, answers, clips=(), shown=None, untouched="shown"):
    """A viewer that shows a run, over a server that has others."""
    shown = trace_of(bright(1, 1), texts=TEXTS) if shown is None else shown
    payload = {"about": NAMED, "clip": clip_of(), "trace": shown, "untouched": {"values": [untouched], "stamp": 0}}
    page.evaluate(SERVER, [payload, {"shown": shown} | answers, {one["key"]: one for one in clips}])
    page.wait_for_selector(".vw[data-shown]")


def pinned(page, name, title=""):
    page.evaluate("([name, title]) => view.pin({values: [name], stamp: 1}, title)", [name, title])
    page.wait_for_timeout(100)


def moved(page, trace):
    page.evaluate("trace => view.update({trace})", trace)


PIXEL = """([selector, row, column, rows, columns]) => {
  const canvas = document.querySelector(selector), pen = canvas.getContext('2d');
  const x = (column + 0.5) * canvas.width / columns, y = (row + 0.5) * canvas.height / rows;
  return [...pen.getImageData(x, y, 1, 1).data.slice(0, 3)];
}"""
PIXELS = """selector => { const c = document.querySelector(selector);
  return [...c.getContext('2d').getImageData(0, 0, c.width, c.height).data].join(); }"""


def gaps_of(trace, score, count, rule=None):
    """The values of a trace's gaps, others."""
    before = trace["values"]["count_G"]
    return {"change_G": score, "count_G": before | {"count": count, "rule": rule or before["rule"]}}


def colour(page, row, column, canvas=".vw-canvas-d", grid=GRID):
    return page.evaluate(PIXEL, [canvas, row, column, *grid])


def is_red(rgb):
    return rgb[0] > rgb[2] + 30


def is_blue(rgb):
    return rgb[2] > rgb[0] + 30


# ---- numbers ------------------------------------------------------------------------------------------------------------


@pytest.fixture
def numbers(browser):
    """A page with the functions of numbers by their names."""
    page = browser.new_page()
    names = "masksApart, gapsApart, textsApart, settingsApart, apart, placeIn, plus, chipsOf"
    encoded = base64.b64encode(one_file(f'export {{{names}}} from "./base/compare.js";').encode()).decode()
    page.evaluate(f"async () => {{ Object.assign(window, await import('data:text/javascript;base64,{encoded}')); }}")
    yield page
    page.close()


def test_overlap_of_masks_is_counted_frame_by_frame_whatever_stands_behind_the_last_patch(numbers):
    rng = np.random.default_rng(0)
    a, b = rng.random((2, 5, 7)) < 0.4
    a[1] = b[1] = False  # neither has any
    a[2], b[2] = True, False
    full = [np.concatenate([one.reshape(-1), [True] * 5]).astype(int).tolist() for one in (a, b)]  # bits come in bytes
    said = numbers.evaluate("([a, b]) => masksApart(a, b, 5, 7)", full)
    both, either = (a & b).sum(1), (a | b).sum(1)
    iou = np.divide(both, either, where=either > 0, out=np.ones(5))
    assert np.allclose(said["iou"], iou) and said["iou"][1] == 1 and said["iou"][2] == 0
    assert said["mean"] == pytest.approx(iou.mean()) and said["moved"] == (a != b).sum(1).tolist()
    assert said["all"] == (a != b).sum()


def test_gaps_are_told_apart(numbers):
    rng = np.random.default_rng(1)
    score, count = rng.random((2, 6)), rng.integers(0, 4, (2, 6))
    said = numbers.evaluate(
        "([a, b]) => gapsApart(a, b)", [{"score": w.tolist(), "count": n.tolist()} for w, n in zip(score, count)]
    )
    assert np.allclose(said["change"], score[1] - score[0]) and said["most"] == np.abs(score[1] - score[0]).argmax()
    assert said["moved"] == np.flatnonzero(count[0] != count[1]).tolist() and said["count"] == count.sum(1).tolist()
    assert np.allclose(said["score"], score.mean(1))


def test_texts_are_compared_where_both_have_them_and_the_best_of_each_is_known(numbers):
    a = {"text": ["x", "y", "z"], "value": [0.1, 0.9, 0.3]}
    b = {"text": ["z", "x", "w"], "value": [0.2, 0.4, -0.5]}
    said = numbers.evaluate("([a, b]) => textsApart(a, b)", [a, b])
    assert said == {"both": [{"text": "z", "a": 0.3, "b": 0.2}, {"text": "x", "a": 0.1, "b": 0.4}], "top": ["y", "x"]}


def side(knobs, key="toy", name="toy", T=3, notes=(), weights=("w",), texts=None):
    trace = {"knobs": knobs, "weights": list(weights), "texts": texts}
    return {"clip": {"key": key, "name": name, "notes": list(notes)}, "images": [0] * T, "trace": trace}


def test_what_differs_is_named_and_what_does_not_is_not(numbers):
    names = [{"name": "alpha", "symbol": "α"}, {"name": "on", "symbol": "p^s"}, {"name": "depth", "symbol": "×L"}]

    def told(a, b):
        made = numbers.evaluate("([a, b, names]) => settingsApart(a, b, names)", [a, b, names])
        return {one["name"]: (one["a"], one["b"]) for one in made}

    knobs = {"alpha": 0.1, "on": True, "depth": "first"}
    assert told(side(knobs), side(knobs)) == {}
    assert told(side(knobs), side(knobs | {"alpha": 0.3, "on": False})) == {"α": ("0.1", "0.3"), "p^s": ("on", "off")}
    other = side(knobs | {"depth": "all"}, "k", "b.mp4", 5, ["Frame 2 is frozen."], ["v"], ["t"])
    assert told(side(knobs, texts=["s"]), other) == {
        "×L": ("first", "all"), "clip": ("toy", "b.mp4"), "frames": ("3", "5"), "of the clip": ("none", "Frame 2 is frozen"),
        "weights": ("w", "v"), "texts": ("s", "t"),
    }  # fmt: skip
    assert told(side(knobs), side(knobs, "another")) == {"clip": ("toy", "another toy")}
    chips = numbers.evaluate("list => chipsOf(list)", [{"name": "clip", "a": "<img src=x>", "b": "y" * 200}])
    assert "<img" not in chips and "…" in chips


def test_a_signed_number_says_its_sign_and_nothing_is_nothing(numbers):
    said = numbers.evaluate("[plus(0.5), plus(-0.25, 3), plus(0.0001, 3), plus(-0.0001, 3), plus(0), plus(12)]")
    assert said == ["+0.5", "−0.250", "0", "0", "0", "+12"]


def test_a_patch_of_another_grid_is_the_one_under_the_middle(numbers):
    for rows, columns, r, c in ((8, 8, 3, 7), (4, 7, 0, 0), (3, 3, 2, 1)):
        said = numbers.evaluate("given => placeIn(...given)", [[4, 7], [rows, columns], [1, 5]])
        assert said == [int(1.5 / 4 * rows), int(5.5 / 7 * columns)]
        back = numbers.evaluate("given => placeIn(...given)", [[rows, columns], [rows, columns], [r, c]])
        assert back == [r, c]


# ---- pictures -----------------------------------------------------------------------------------------------------------


def test_the_difference_is_red_where_b_has_more_blue_where_a_has_and_grey_where_they_agree(viewer):
    started(viewer, {"a": trace_of(bright(2, 5), texts=TEXTS)})
    pinned(viewer, "a")
    colours = {(r, c): tuple(colour(viewer, r, c)) for r in range(GRID[0]) for c in range(GRID[1])}
    assert is_red(colours.pop((1, 1))) and is_blue(colours.pop((2, 5)))
    assert len(set(colours.values())) == 1 and max(*colours.values()) and np.ptp(next(iter(colours.values()))) < 6
    assert viewer.locator(".vw-bar-d").inner_text().startswith("−1") and "+1" in viewer.locator(".vw-bar-d").inner_text()
    moved(viewer, trace_of(bright(2, 5), 2, texts=TEXTS))
    assert np.ptp(colour(viewer, 2, 5)) < 6 and "the same map" in viewer.locator(".vw-bar-d").inner_text()


def test_one_scale_serves_the_whole_clip(viewer):
    score_TP = np.zeros((T, P))
    score_TP[0, 0], score_TP[2, 0] = 0.2, 1.0
    started(viewer, {"a": trace_of(np.zeros((T, P)), texts=TEXTS)}, shown=trace_of(score_TP, texts=TEXTS))
    pinned(viewer, "a")
    faint = colour(viewer, 0, 0)
    viewer.locator(".vw").press("End")
    assert colour(viewer, 0, 0)[0] - colour(viewer, 0, 0)[2] > faint[0] - faint[2] + 40


def test_a_stays_as_it_is_while_b_moves_and_is_not_drawn_again(viewer):
    started(viewer, {"a": trace_of(bright(2, 5), texts=TEXTS)})
    pinned(viewer, "a", "before the edit")
    assert is_red(colour(viewer, 1, 1)) and "before the edit" in viewer.locator(".vw-say-a").inner_text()
    before = viewer.evaluate(PIXELS, ".vw-canvas-a")
    viewer.evaluate("""() => {
      window.drawn = {};
      const draw = CanvasRenderingContext2D.prototype.drawImage;
      CanvasRenderingContext2D.prototype.drawImage = function (...given) {
        const name = this.canvas.className || this.canvas.parentElement?.parentElement?.className || "";
        drawn[name] = (drawn[name] || 0) + 1;
        return draw.apply(this, given);
      };
    }""")  # fmt: skip
    moved(viewer, trace_of(bright(3, 0), 2, 0.7, TEXTS))
    drawn = viewer.evaluate("drawn")
    assert drawn["vw-canvas"] == 2 and drawn["vw-canvas-d"] == 2  # a picture, and what lies over it
    assert "vw-canvas-a" not in drawn and not [one for one in drawn if "strip-a" in one]
    assert viewer.evaluate(PIXELS, ".vw-canvas-a") == before and is_red(colour(viewer, 3, 0)) and is_blue(colour(viewer, 2, 5))
    expect(viewer.locator(".vw-chips")).to_contain_text("α 0.5 → 0.7", use_inner_text=True)
    viewer.locator(".vw").press("End")
    assert viewer.evaluate("drawn['vw-canvas-a']") == 2


def test_nothing_of_a_is_drawn_or_asked_while_nothing_is_pinned(viewer):
    started(viewer, {})
    moved(viewer, trace_of(bright(3, 0), 2, 0.7, TEXTS))
    assert viewer.evaluate("asked") == [] and viewer.locator(".vw-versus").is_hidden()
    assert [viewer.locator(f".vw-fig-{one}").is_hidden() for one in "ad"] == [True, True]
    assert viewer.evaluate("[view.pinned(), view.state().pinned]") == [None, None]
    assert viewer.evaluate("document.querySelector('.vw-canvas-a').width") == 300, "a canvas as it was made"


def test_frame_overlay_and_patch_are_those_of_all_three(viewer):
    score_TP = bright(2, 5)
    score_TP[1] = 0
    score_TP[1, 3] = 1
    started(viewer, {"a": trace_of(score_TP, texts=TEXTS)})
    pinned(viewer, "a")
    viewer.locator(".vw").press("ArrowRight")
    assert is_blue(colour(viewer, 0, 3)) and not is_blue(colour(viewer, 2, 5))
    labels = [viewer.locator(name).get_attribute("aria-label") for name in (".vw-canvas", ".vw-canvas-a", ".vw-canvas-d")]
    assert labels[0].startswith("frame 2 of 3") and labels[1].startswith("A, frame 2 of 3") and "frame 2" in labels[2]
    box = viewer.locator(".vw-canvas-a").bounding_box()
    viewer.mouse.move(box["x"] + box["width"] * 3.5 / 7, box["y"] + box["height"] * 0.5 / 4)
    said = viewer.locator(".vw-patch").inner_text()
    assert "row 1, column 4: not kept; in A kept" in said and "1.000\t0.000\t−1.000" in said
    edges = [colour(viewer, 0, 3.45, name) for name in (".vw-canvas", ".vw-canvas-a", ".vw-canvas-d")]
    assert all(min(one) > 200 for one in edges), "the same patch is outlined in white in all three"
    viewer.locator(".vw").press("2")
    said = viewer.locator(".vw-bar-d").inner_text()
    assert "added 1" in said and "removed 1" in said and "kept in both 0" in said
    assert is_red(colour(viewer, 1, 1)), "what only B keeps is red"
    viewer.locator(".vw").press("0")
    expect(viewer.locator(".vw-none")).to_contain_text("nothing to subtract", use_inner_text=True)


def test_numbers_of_the_difference_are_those_of_the_masks_and_gaps(viewer):
    a = trace_of(bright(2, 5), texts={"one": 0.3, "two": 0.4})
    a["values"] |= gaps_of(a, [0.21, 0.1], [2, 0])
    started(viewer, {"a": a})
    pinned(viewer, "a")
    said = viewer.locator(".vw-apart").inner_text()
    assert "mean IoU 0.000 over 3 frames, 0.000 in this one" in said
    assert f"6 of {T * P} patches changed sides, 2 of them here" in said
    assert "in all\t2\t3\t+1" in said and "mean of gaps\t0.155\t0.155\t0" in said
    assert "Counts changed in 1 of 2 gaps: 1→2." in said and "moved most in gap 1→2, by +0.1" in said
    assert "one\t0.300\t0.500\t+0.200" in said and "changed: “two” → “one”" in said
    assert viewer.locator(".vw-gap u").count() == 2
    assert viewer.locator(".vw-gap b").all_inner_texts() == ["2→3", "0"]
    moved(viewer, trace_of(bright(2, 5), 2, texts=TEXTS))
    expect(viewer.locator(".vw-apart")).to_contain_text("mean IoU 1.000", use_inner_text=True)
    viewer.locator(".vw").press("p")
    assert viewer.locator(".vw-gap u").count() == 0 and viewer.locator(".vw-gap b").all_inner_texts() == ["3", "0"]


def test_a_of_fewer_frames_shows_its_last_and_says_why_there_is_no_difference(viewer):
    short = trace_of(bright(2, 5)[:2], texts=TEXTS) | {"clip": "short"}
    short["values"] |= gaps_of(short, [0.3], [3])
    started(viewer, {"a": short}, [clip_of(2, "short")])
    pinned(viewer, "a")
    viewer.locator(".vw").press("End")
    expect(viewer.locator(".vw-say-a")).to_contain_text("frame 2: its last", use_inner_text=True)
    assert viewer.locator(".vw-none").inner_text() == "No difference: A has 2 frames and B 3."
    assert viewer.locator(".vw-canvas-d").is_hidden() and viewer.locator(".vw-strip-a .vw-thumb").count() == 2
    assert viewer.locator(".vw-gap u").count() == 0 and "A has 2 frames" in viewer.locator(".vw-apart").inner_text()
    viewer.evaluate("view.look({frame: 0})")
    expect(viewer.locator(".vw-say-a")).not_to_contain_text("its last", use_inner_text=True)


def test_a_of_other_weights_and_patches_is_pointed_at_in_its_own_grid(viewer):
    score_TP = np.zeros((T, 64))
    score_TP[:, 4 * 8 + 5] = 1
    other = trace_of(score_TP, texts=TEXTS) | {"grid": [8, 8], "weights": ["others"]}
    started(viewer, {"a": other})
    pinned(viewer, "a")
    expect(viewer.locator(".vw-none")).to_contain_text("8 × 8 patches a frame and B 4 × 7", use_inner_text=True)
    expect(viewer.locator(".vw-chips")).not_to_contain_text("untrained → others", use_inner_text=True)
    expect(viewer.locator(".vw-chips")).to_contain_text("weights others → untrained", use_inner_text=True)
    lit = colour(viewer, 4, 5, ".vw-canvas-a", (8, 8))
    assert lit[0] > lit[2] + 40
    for _ in range(2):
        viewer.locator(".vw").press("Shift+ArrowRight")  # the first looks at the middle's neighbour
    viewer.locator(".vw").press("Shift+ArrowLeft")
    expect(viewer.locator(".vw-patch")).to_contain_text("row 3, column 5", use_inner_text=True)
    expect(viewer.locator(".vw-patch")).to_contain_text("(frame 1, row 6, column 6)", use_inner_text=True)


# ---- pinning ------------------------------------------------------------------------------------------------------------


def test_the_key_p_and_the_button_pin_what_is_shown_and_let_it_go(viewer):
    started(viewer, {})
    viewer.locator(".vw").press("p")
    viewer.wait_for_selector(".vw-paired")
    assert viewer.evaluate("asked.map(one => one.slice(0, 2))") == [["later", "shown"]]
    assert viewer.evaluate("view.state().pinned") == {"values": ["shown"], "stamp": 0}
    assert viewer.locator(".vw-pin").get_attribute("aria-pressed") == "true"
    expect(viewer.locator(".vw-chips")).to_contain_text("the same: move a knob", use_inner_text=True)
    viewer.locator(".vw-pin").click()
    assert viewer.locator(".vw-paired").count() == 0 and viewer.evaluate("view.pinned()") is None
    viewer.locator(".vw").press("?")
    expect(viewer.locator(".vw-help")).to_contain_text("pin as A", use_inner_text=True)


def test_the_last_that_is_pinned_is_a_and_what_was_let_go_does_not_come_back(viewer):
    started(viewer, {"a": trace_of(bright(2, 5), texts=TEXTS), "b": trace_of(bright(0, 0), texts=TEXTS)})
    viewer.evaluate("() => { slow = true; view.pin({values: ['a']}, 'a'); view.pin({values: ['b']}, 'b'); }")
    viewer.evaluate("() => { held[1](); held[0](); }")
    viewer.wait_for_selector(".vw-paired")
    viewer.wait_for_timeout(100)
    assert viewer.evaluate("view.pinned()") == {"request": {"values": ["b"], "stamp": 0}, "title": "b"}
    viewer.evaluate("() => { view.pin({values: ['a']}, 'a'); view.unpin(); held[2](); }")
    viewer.wait_for_timeout(100)
    assert viewer.evaluate("view.pinned()") is None and viewer.locator(".vw-pin").inner_text() == "pin as A"


def test_runs_of_a_are_another_s_than_those_of_b(viewer):
    started(viewer, {"a": trace_of(bright(2, 5), texts=TEXTS)})
    viewer.evaluate("() => { slow = true; view.pin({values: ['a']}); view.unpin(); }")
    [[_, _, who]], stopped = viewer.evaluate("asked"), viewer.evaluate("stopped")
    assert who and stopped[-1] == {"who": who, "kind": "later"}
    viewer.evaluate(
        """([payload, trace]) => {
             window.whose = {soon: new Set(), later: new Set()};
             const answer = kind => async ({who}) => { whose[kind].add(who); return JSON.stringify({...trace, stamp: 9}); };
             const hooks = {soon: answer('soon'), later: answer('later')};
             window.two = viewer.mount(document.querySelector('#here'), payload, hooks);
             two.ask({values: ['shown']});
             two.pin({values: ['a']}); }""",
        [{"about": NAMED, "clip": clip_of()}, trace_of(bright(1, 1), texts=TEXTS)],
    )
    viewer.wait_for_function("whose.later.size === 2")
    assert viewer.evaluate("[...whose.soon].every(one => whose.later.has(one)) && whose.soon.size === 1"), "B's, and A's"


def test_what_cannot_be_pinned_is_told_and_a_stays(viewer):
    gone = trace_of(bright(0, 0), texts=TEXTS) | {"clip": "gone"}
    started(viewer, {"a": trace_of(bright(2, 5), texts=TEXTS), "bad": {"error": "α is 0 to 1."}, "gone": gone})
    pinned(viewer, "a")
    for name, said in (("bad", "α is 0 to 1."), ("gone", "no longer held"), ("nobody", "nothing was pinned")):
        pinned(viewer, name)
        expect(viewer.locator(".vw-wait")).to_contain_text(said, use_inner_text=True)
        assert viewer.evaluate("view.pinned().request.values") == ["a"] and viewer.locator(".vw-pin").inner_text() == "unpin A"


def test_where_no_server_is_what_is_shown_is_pinned(viewer):
    payload = {"about": NAMED, "clip": clip_of(), "trace": trace_of(bright(2, 5), texts=TEXTS)}
    viewer.evaluate("payload => { window.view = viewer.mount(document.querySelector('#here'), payload); }", payload)
    viewer.wait_for_selector(".vw[data-shown]")
    viewer.locator(".vw").press("p")
    viewer.wait_for_selector(".vw-paired")
    moved(viewer, trace_of(bright(1, 1), 2, 0.9, TEXTS))
    assert is_red(colour(viewer, 1, 1)) and is_blue(colour(viewer, 2, 5))
    expect(viewer.locator(".vw-chips")).to_contain_text("α 0.5 → 0.9", use_inner_text=True)


def test_a_text_and_a_title_are_words_and_not_markup(viewer):
    nasty = "<img src=x onerror='window.hit = 1'>"
    shown = trace_of(bright(1, 1), texts={nasty: 0.1, "two": 0.4})
    started(viewer, {"a": trace_of(bright(2, 5), texts={nasty: 0.5, "two": 0.4})}, shown=shown)
    pinned(viewer, "a", nasty)
    assert nasty in viewer.locator(".vw-apart").inner_text() and nasty in viewer.locator(".vw-say-a").inner_text()
    assert viewer.evaluate("window.hit") is None and viewer.locator(".vw-trio img, .vw-versus img").count() == 0


def test_how_it_is_looked_at_waits_for_the_frames_of_a_longer_clip(viewer):
    started(viewer, {}, [clip_of(2, "short") | {"key": "long", "frames": [jpeg(np.full((40, 70, 3), 9, np.uint8))] * 6,
                                               "time": [0.0] * 6, "source": [0] * 6}])  # fmt: skip
    viewer.evaluate("view.look({frame: 4, overlay: 'region_TP'})")
    assert viewer.evaluate("view.state()") == {"frame": 2, "overlay": "region_TP", "pinned": None}
    long_TP = np.zeros((6, P))
    trace = trace_of(long_TP, 2, texts=TEXTS) | {"clip": "long"}
    trace["values"] |= {"score_TP": coded(long_TP, grid16), "region_TP": coded(long_TP, bits)}
    trace["values"] |= gaps_of(trace, [0.1] * 5, [1] * 5, ["gap"] * 5)
    moved(viewer, trace)
    viewer.wait_for_function("view.state().frame === 4")


# ---- zoom ---------------------------------------------------------------------------------------------------------------


def test_a_patch_is_the_one_under_the_pointer_however_large_the_picture_is(viewer):
    started(viewer, {"a": trace_of(bright(2, 5), texts=TEXTS)})
    pinned(viewer, "a")
    viewer.locator(".vw-zoom-in").click()
    viewer.locator(".vw").press("z")
    assert viewer.locator(".vw-zoom-all").inner_text() == "225 %"
    frames = [viewer.locator(f".vw-{one}").bounding_box() for one in ("picture", "fig-a .vw-hold", "fig-d .vw-hold")]
    boxes = [viewer.locator(f".vw-{one}").bounding_box() for one in ("canvas", "canvas-a", "canvas-d")]
    places = [[(box[k] - frame[k]) / frame["width"] for k in ("x", "y")] for box, frame in zip(boxes, frames)]
    assert np.allclose(places[0], places[1], atol=0.01) and np.allclose(places[0], places[2], atol=0.01)
    assert boxes[0]["width"] == pytest.approx(2.25 * frames[0]["width"], rel=0.01)
    viewer.mouse.move(frames[1]["x"] + frames[1]["width"] / 2, frames[1]["y"] + frames[1]["height"] / 2)
    row, column = [int((frames[1][k] + frames[1][n] / 2 - boxes[1][k]) / boxes[1][n] * cells)
                   for k, n, cells in (("y", "height", 4), ("x", "width", 7))]  # fmt: skip
    expect(viewer.locator(".vw-patch")).to_contain_text(f"row {row + 1}, column {column + 1}", use_inner_text=True)
    viewer.mouse.down()
    viewer.mouse.move(frames[1]["x"] + frames[1]["width"] / 2 + 60, frames[1]["y"] + frames[1]["height"] / 2 + 20, steps=4)
    viewer.mouse.up()
    dragged = viewer.locator(".vw-canvas").bounding_box()
    assert dragged["x"] - boxes[0]["x"] == pytest.approx(60, abs=3) and dragged["y"] - boxes[0]["y"] == pytest.approx(20, abs=3)
    for _ in range(6):
        viewer.locator(".vw").press("Shift+ArrowRight")
    far, window = viewer.locator(".vw-canvas").bounding_box(), viewer.locator(".vw-picture").bounding_box()
    assert far["x"] + far["width"] * 6.5 / 7 < window["x"] + window["width"], "the patch that keys look at stays in sight"
    viewer.locator(".vw").press("f")
    assert viewer.locator(".vw-canvas").bounding_box()["width"] == pytest.approx(frames[0]["width"], abs=1)


def test_a_wheel_scrolls_the_page_and_a_pinch_zooms_where_it_is(viewer):
    started(viewer, {})
    box = viewer.locator(".vw-canvas").bounding_box()
    x, y = box["x"] + box["width"] * 0.75, box["y"] + box["height"] * 0.25
    viewer.mouse.move(x, y)
    viewer.mouse.wheel(0, -100)
    assert viewer.locator(".vw-zoom-all").inner_text() == "100 %"
    viewer.keyboard.down("Control")
    viewer.mouse.wheel(0, -200)
    viewer.keyboard.up("Control")
    viewer.wait_for_function("document.querySelector('.vw-zoom-all')?.textContent === '200 %'")
    large = viewer.locator(".vw-canvas").bounding_box()
    assert (x - large["x"]) / large["width"] == pytest.approx(0.75, abs=0.01)
    assert (y - large["y"]) / large["height"] == pytest.approx(0.25, abs=0.01)


def test_two_fingers_zoom_and_one_moves_what_is_large(viewer):
    started(viewer, {})
    box, session = viewer.locator(".vw-canvas").bounding_box(), viewer.context.new_cdp_session(viewer)
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2

    def touch(kind, *places):
        fingers = [{"x": x + dx, "y": y + dy, "id": i} for i, (dx, dy) in enumerate(places)]
        session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": fingers})

    touch("touchStart", (-40, 0), (40, 0))
    for far in (60, 90, 120):
        touch("touchMove", (-far, 0), (far, 0))
    touch("touchEnd")
    large = viewer.locator(".vw-canvas").bounding_box()
    assert large["width"] / box["width"] == pytest.approx(3, abs=0.01), "thrice as far apart"
    assert (x - large["x"]) / large["width"] == pytest.approx(0.5, abs=0.05)
    touch("touchStart", (0, 0))
    touch("touchMove", (-20, 0))
    touch("touchMove", (-50, 0))
    touch("touchEnd")
    assert viewer.locator(".vw-canvas").bounding_box()["x"] == pytest.approx(large["x"] - 50, abs=3)
    assert viewer.locator(".vw-zoom-all").inner_text() != "100 %"
