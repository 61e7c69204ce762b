"""Facts about the numbers of the page that needs no server: they are Python's, on every example and for five settings each,
prompts before every block among them."""

import base64

import numpy as np
import pytest

from app.server.clips import find_examples
from app.tab import texts_for
from core.pace import Pace
from core.ranking import doubt
from core.video.moment import spaced
from tests.published import ROOT, engine, opened

SETTINGS = (
    {},
    {"alpha": 0.8, "kept": 9, "eta": 12.0},
    {"alpha": 0.0, "kept": 20, "beta": 4.0, "eta": 5.0, "spatial": False},
    {"layer": 1, "alpha": 1.0, "kept": 1, "temporal": False},
    {"depth": "all", "alpha": 0.6, "kept": 9, "eta": 4.0},
)
RUN = """async ([clip, knobs, texts]) => {
  const asked = site.request();
  asked.values = {clip, frames: 8, knobs: {...asked.values.knobs, ...knobs}, texts};
  return JSON.parse(await site.answer("whole", {...asked, who: "test"}));
}"""


def unpacked(stage, packed, like):
    """A result as Python has it."""
    if isinstance(packed, list):
        return np.array(packed)
    raw = base64.b64decode(packed["code"])
    if like.dtype == bool:
        return np.unpackbits(np.frombuffer(raw, np.uint8), bitorder="little")[: like.size].reshape(like.shape).astype(bool)
    return (np.frombuffer(raw, "<u2") / 65535).reshape(packed["shape"])


@pytest.mark.parametrize("example", find_examples(ROOT / "assets/clips").values(), ids=lambda one: one.name)
def test_the_browser_computes_what_python_computes(site, example, tables):
    texts, apart = texts_for(example), {}
    for knobs in SETTINGS:
        here = site.evaluate(RUN, [example.name, knobs, texts])
        assert not here.get("error"), here
        there = engine().run("stop", opened(example.name, 8), texts, **knobs)
        heads = engine().run("stop", opened(example.name, 8), outputs=["heads_NTP"], **knobs)["heads_NTP"]
        for stage in ("attention_TP", "dynamics_TP", "score_TP"):
            like = there[stage].numpy()
            apart[stage] = max(apart.get(stage, 0), np.abs(unpacked(stage, here["values"][stage], like) - like).max())
        assert np.abs(unpacked("heads_NTP", here["values"]["heads_NTP"], heads.numpy()) - heads.numpy()).max() <= 1e-4
        region = there["region_TP"].numpy()
        assert np.array_equal(unpacked("region_TP", here["values"]["region_TP"], region), region), knobs
        assert tuple(here["values"]["prompt_count_G"]["count"]) == there["prompt_count_G"], knobs
        change = there["change_G"].numpy()
        assert np.allclose(here["values"]["change_G"], change, rtol=1e-4, atol=1e-6)
        own = there["similarity_Y"].numpy()
        apart["similarity_Y"] = max(apart.get("similarity_Y", 0), np.abs(np.array(here["values"]["similarity_Y"]) - own).max())
        assert here["unknown"] == list(there["unknown_words"]) and here["weights"] == list(there.weights.values())
    tables.setdefault("browser and Python apart, at most", []).append(
        (example.name, *(f"{stage} {value:.1e}" for stage, value in apart.items()))
    )
    assert all(apart[stage] <= 1e-4 for stage in ("attention_TP", "dynamics_TP", "score_TP")) and apart["similarity_Y"] <= 1e-3


def test_a_knob_re_runs_only_what_follows_it(site):
    clip, texts = "1-moves", ["a cyan ring moves left", "a cyan ring grows"]

    def ran(knobs):
        ledger = site.evaluate(RUN, [clip, knobs, texts])["ledger"]
        return {name for name, (ms, _) in ledger.items() if ms is not None}

    ran({"eta": 7.0})
    assert ran({"eta": 7.0}) == set()
    assert ran({"eta": 6.9}) <= {"prompt_count_G", "sequence_SD", "video_E", "similarity_Y"}
    assert "every_head_LNTP" not in ran({"alpha": 0.45}) | ran({"layer": 2})
    assert ran({"eta": 0.0, "alpha": 0.45}) >= {"prompt_count_G", "video_E"}
    assert ran({"eta": 0.0, "temporal": False, "alpha": 0.45}) == {"prompt_count_G"}, "counts of 0 are the same counts"


def test_words_that_are_not_read_and_texts_that_cannot_be(site):
    strange = site.evaluate(RUN, ["1-moves", {}, ["a cyan ring zooms", "a cyan ring moves left"]])
    assert strange["unknown"] == ["zooms"] and "does not read “zooms”" in strange["doubt"]
    for wrong, said in (("!!!", "at least one word"), ("a " * 17, "up to 16 words, got 17")):
        assert said in site.evaluate(RUN, ["1-moves", {}, [wrong]])["error"]


def test_what_is_said_of_frames_and_of_the_best_text_is_what_python_says(site):
    """The rules of `core.ranking` and `core.video.moment`, word for word."""
    label = " · ".join(site.evaluate("() => JSON.parse(document.querySelector('#payload').textContent).ways[0].made.weights"))
    pace = Pace(8, 0.25)
    rules = site.evaluate("() => JSON.parse(document.querySelector('#payload').textContent).own.rules")
    for similarity, frames, spacing, world, unknown in (
        ([0.5, 0.2], 8, 0.25, True, []), ([0.5, 0.4999], 8, 0.25, True, []), ([0.5], 8, 0.25, True, []),
        ([0.5, 0.2], 16, 0.25, True, []), ([0.5, 0.2], 8, 1.2345, True, []), ([0.5, 0.2], 8, 0.25, False, []),
        ([0.5, 0.2], 8, 0.25, True, list("abcdef")),
    ):  # fmt: skip
        told = {"unknown": unknown, "label": label, "pace": {"frames": 8, "spacing": 0.25}, "frames": frames}
        told |= {"ofWorld": world, "spacing": spacing, "told": rules}
        here = site.evaluate("([similarity, told]) => site.rules.doubt(similarity, told)", [similarity, told])
        assert here == doubt(similarity, unknown, label, pace, frames, world, spacing)
    clip = opened("1-moves", 8)
    for scale in (1.0, 0.5, 6.0):
        stretched = type(clip)(clip.frames_THWC, clip.time_T * scale, clip.source_T)
        asked = [stretched.time_T.tolist(), rules]
        here = site.evaluate("([times, rules]) => site.rules.spaced(times, 0.25, rules)", asked)
        assert here == spaced(stretched, 0.25)
