"""Facts about edits of a clip in the browser: their frames are those of Python, number for number, and what cannot be done is
refused in the same words."""

import base64

import numpy as np
import pytest

from core.errors import ReaderError
from core.video.edits import edited, in_words
from tests.pages import PATIENCE
from tests.published import engine, opened

EDITS = (
    [{"name": "reverse"}],
    [{"name": "shuffle", "seed": 0}, {"name": "shuffle", "seed": 999}],
    [{"name": "freeze", "frame": 3, "first": 2, "last": 6}],
    [{"name": "drop", "first": 2, "last": 4}, {"name": "reverse"}],
    [{"name": "paint", "fill": "black", "left": 0.13, "bottom": 0.61}],
    [{"name": "paint", "fill": "mean", "first": 3}],
    [{"name": "paint", "fill": "blur", "last": 2}, {"name": "freeze"}],
    [{"name": "blur", "sigma": 0.03}],
    [{"name": "blur", "sigma": 0.005, "first": 8}, {"name": "blur", "sigma": 0.2, "last": 1}],
)
WRONG = (
    [{"name": "nothing"}], [{"name": "freeze", "frame": 9}], [{"name": "freeze", "frame": 1.5}], [{"name": "drop", "last": 0}],
    [{"name": "drop", "first": 5, "last": 2}], [{"name": "blur", "sigma": 3}], [{"name": "blur", "sigma": None}],
    [{"name": "paint", "left": 0.8, "right": 0.2}], [{"name": "paint", "fill": "pink"}], [{"name": "reverse", "fast": 1}],
    [{"name": "reverse"}] * 17, [{"name": "drop", "last": 3}, {"name": "freeze", "frame": 6}],
)  # fmt: skip
DONE = """async ([clip, list]) => {
  const checked = JSON.stringify(site.edits.checked(list)),
    {clip: {time, source, notes}, frames_THWC: {data, dims}} = await site.clips.found(`${clip}|${checked}`);
  let text = "";
  for (let i = 0; i < data.length; i += 32768) text += String.fromCharCode(...data.subarray(i, i + 32768));
  return {time, source, notes, dims, data: btoa(text), words: JSON.parse(checked).map(site.edits.words)};
}"""
REFUSED = """([list, T]) => { try { site.edits.left(list, T); return ""; } catch (wrong) { return wrong.message; } }"""


@pytest.mark.parametrize("edits", EDITS, ids=lambda edits: " ".join(one["name"] for one in edits))
@pytest.mark.parametrize("example", ["1-moves", "6-camera-pans"])
def test_frames_are_those_of_python_number_for_number(site, example, edits):
    made, here = edited(opened(example, 8), edits), site.evaluate(DONE, [example, edits])
    frames = np.frombuffer(base64.b64decode(here["data"]), np.uint8).reshape(here["dims"])
    assert frames.shape == made.frames_THWC.shape
    assert np.array_equal(frames, made.frames_THWC), np.abs(frames.astype(int) - made.frames_THWC.astype(int)).max()
    assert here["source"] == made.source_T.tolist() and np.allclose(here["time"], made.time_T, atol=1e-3)
    assert here["notes"] == list(made.notes) and "; ".join(here["words"]) == in_words(checked(edits))


def checked(edits):
    from core.video.edits import checked_edits

    return checked_edits(edits)


@pytest.mark.parametrize("edits", WRONG, ids=str)
def test_what_cannot_be_done_is_refused_in_python_s_words(site, edits):
    from core.video.edits import frames_left

    with pytest.raises(ReaderError) as wrong:
        frames_left(edits, 8)
    assert site.evaluate(REFUSED, [edits, 8]) == str(wrong.value)


def test_orders_are_numpy_s(site):
    for seed in (0, 1, 7, 42, 500, 999):
        for frames in (1, 2, 3, 8, 31, 32, 64):
            clip = np.random.default_rng(seed).permutation(frames).tolist()
            here = site.evaluate("([seed, frames]) => site.edits.order(seed, frames)", [seed, frames])
            assert here == clip, (seed, frames)


def test_an_edit_made_in_the_fold_is_what_the_networks_see_and_can_be_taken_back(site):
    site.evaluate("() => site.choose(site.clips.example('1-moves'))")
    site.locator("[data-panel=edits] > summary").click()
    site.get_by_role("radio", name="Reverse").click()
    site.get_by_role("button", name="Edit the clip").click()
    site.wait_for_function(
        "() => JSON.parse(document.querySelector('.vw').dataset.done || '{}').clip?.includes('reverse')", timeout=PATIENCE
    )
    assert site.evaluate("site.view.pinned()?.title") == "before the edit"
    here = site.evaluate("async () => JSON.parse(await site.answer('later', {...site.request(), who: 'test'}))")
    there = engine().run("stop", edited(opened("1-moves", 8), [{"name": "reverse"}]), ["a cyan ring moves left"])
    assert tuple(here["values"]["prompt_count_G"]["count"]) == there["prompt_count_G"] and here["edited"]
    assert "backwards" in site.locator(".vw-clip").inner_text()
    site.get_by_role("button", name="Undo").click()
    site.wait_for_function(
        "() => JSON.parse(document.querySelector('.vw').dataset.done || '{}').clip === '1-moves'", timeout=PATIENCE
    )
    assert site.evaluate("site.view.pinned()") is None


def test_a_clip_of_one_frame_is_refused_by_who_compares_frames(site):
    said = site.evaluate("""async () => { const asked = site.request();
      asked.values.edits = JSON.stringify(site.edits.checked([{name: "drop", last: 7}]));
      return JSON.parse(await site.answer("soon", {...asked, who: "test"})).error; }""")  # fmt: skip
    assert "at least 2, got 1" in said
