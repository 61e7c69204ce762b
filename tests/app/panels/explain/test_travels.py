"""Facts about the folds “Explain” and “Self-check”: what travels is what the engine computed, and whatever is found is said,
also where it is no better than chance."""

import base64
import json
import shutil
import subprocess
import sys

import numpy as np
import pytest

from app.panels import explain as explaining
from app.panels import panels_of
from app.server.memo import Memo
from core import METHODS, ReaderError
from core.explain import (
    ATTRIBUTIONS,
    Subject,
    against_truth,
    attribution,
    controls,
    explained,
    faithfulness_of,
    offered,
    own_maps,
    self_check,
    sensitivity_of,
)
from core.explain.faithfulness import beyond, rows
from core.methods.stop.explain import stop_subject
from core.methods.stpn.explain import stpn_subject
from core.metrics import on_actor
from tests.app.panels.explain.asking import BRIEF, TEXTS, Asking, decoded


@pytest.mark.parametrize("name", ATTRIBUTIONS)
def test_a_map_travels_as_the_engine_makes_it(name, stop, engine):
    told = stop("explanation", attribution=name, settings=BRIEF.get(name, {}))
    subject = stop_subject(engine, stop.clip(), TEXTS.splitlines(), 0)
    made = attribution(subject, name, **BRIEF.get(name, {}))
    np.testing.assert_allclose(decoded(told), made.map_TP, atol=1.1 * np.abs(made.map_TP).max() / 65535)
    assert np.ptp(made.map_TP) > 0 and told["signed"] == ATTRIBUTIONS[name].signed
    assert told["value"] == pytest.approx(subject.value(), abs=1e-5) and told["what"] == subject.what
    assert told["of"] == {
        "clip": stop.clips.key(stop.path, 8), "knobs": engine.settings("stop", {}), "weights": list(subject.weights.values()),
    }  # fmt: skip


def test_what_can_be_explained_of_a_clip_are_its_texts_and_of_a_frame_what_both_detectors_find_there(stop, stpn, engine):
    told = json.loads(stop.served["choices_to_explain"](stop.sent()))["choices"]
    assert [one["said"] for one in told] == [f"“{text}”" for text in TEXTS.splitlines()]
    told = json.loads(stpn.served["choices_to_explain"](stpn.sent("", t=3, spoil="none")))["choices"]
    found = engine.run("stpn", stpn.clip(), outputs=["prompted_found", "baseline_found"], t=3, spoil="none")
    for reader in ("prompted", "baseline"):
        seen = found[f"{reader}_found"]
        scores = [f"{n}: {name} {s:.2f}" for n, (name, s) in enumerate(zip(seen.label_N, seen.score_N.tolist()), 1)]
        assert [one["said"] for one in told if one["asked"]["reader"] == reader] == scores


def test_every_map_is_tested_with_its_sentence_also_where_it_is_not_better_than_chance(stop, engine):
    asked = dict(attribution="occlusion", settings={"window": 1, "step": 1}, shown=True)
    told = stop("tests_of_maps", **asked)
    clip, subject = stop.clip(), stop_subject(engine, stop.clip(), TEXTS.splitlines(), 0)
    against = controls(subject)
    maps = {one.symbol: one.map_TP for one in own_maps(engine, "stop", clip, subject, {})}
    maps["Occlusion"] = attribution(subject, "occlusion", **asked["settings"]).map_TP
    truth_TP = on_actor(stop.clips.truth(stop.path).instance_THW[clip.source_T], subject.grid)
    assert [one["name"] for one in told["rows"]] == ["A", "M", "W^s", "r", "Occlusion"] == list(maps)
    for one, (name, map_TP) in zip(told["rows"], maps.items()):
        found = faithfulness_of(subject, name, map_TP, against)
        assert one["sentence"] == found.sentence and one["better"] == found.better
        assert one["truth"] == against_truth(map_TP, truth_TP, subject.grid).sentence
        assert one["infidelity"] == pytest.approx([found.infidelity, found.infidelity_random])
        for curve, own in zip(one["curves"], found.curves):
            assert curve["score"] == pytest.approx(own.score_S, abs=1e-4)
            assert curve["random"] == pytest.approx(own.random_S, abs=1e-4) and one["reach"] == beyond(8)
            assert curve["reach"] == pytest.approx(beyond(8) * np.array(own.sd_S), abs=1e-4), "as in the sentence"
    assert any("not better than chance" in one["sentence"] for one in told["rows"])  # chance networks: some map must be
    again = stop("tests_of_maps", **asked | {"own": False})
    assert again["rows"] == told["rows"][-1:]


def test_random_places_of_a_curve_have_the_mean_area_that_is_told(stop, engine):
    subject = stop_subject(engine, stop.clip(), TEXTS.splitlines(), 0)
    found = faithfulness_of(subject, "a map", np.random.default_rng(0).random((8, 6)), controls(subject, seeds=3))
    for one in found.curves:
        share, mean = np.array(one.share_S), np.array(one.random_S)
        assert ((mean[1:] + mean[:-1]) / 2 * np.diff(share)).sum() == pytest.approx(one.random, abs=1e-6)
        assert one.sd_S[0] == pytest.approx(0, abs=1e-9) and max(one.sd_S) > 0  # all begin alike
    assert f"inverted {-found.overall:.3f}: " in found.sentence


def test_without_a_known_truth_the_page_says_so_and_tests_on(stop, stpn, tmp_path):
    own = tmp_path / "mine.mp4"
    shutil.copy(stop.path, own)
    told = stop("tests_of_maps", stop.sent(path=str(own)))
    assert told["truth"] == explaining.NO_TRUTH and all(one["truth"] is None and one["sentence"] for one in told["rows"])
    # chance networks name things that are not there
    assert stpn("tests_of_maps", stpn.sent(""))["truth"] == explaining.NO_THING


def test_a_detection_is_compared_with_the_thing_it_finds(stpn, engine, monkeypatch):
    truth, clip = stpn.clips.truth(stpn.path), stpn.clip()
    number_ = 2  # not the actor
    mask_HW = truth.instance_THW[clip.source_T[3]] == number_
    rows_, columns = np.flatnonzero(mask_HW.any(1)), np.flatnonzero(mask_HW.any(0))
    (H, W), name = mask_HW.shape, truth.scenes[0].objects[number_ - 1].shape
    box = (columns[0] / W, rows_[0] / H, (columns[-1] + 1) / W, (rows_[-1] + 1) / H)
    request = stpn.desk.request(stpn.sent(""))
    choice = offered.Choice("1", "found", {"detection": 0, "reader": "prompted"}, name, box)
    subject = stpn_subject(engine, clip, 0, t=4)
    who, where_TP = explaining.truth_of(explaining.Why(request, choice, (choice,)), subject)
    assert who == f"the {name}" and (where_TP == on_actor(mask_HW[None].astype(int), subject.grid)).all() and where_TP.any()
    assert against_truth(where_TP, where_TP, subject.grid, what=who).sentence.startswith(f"On the {name} in 1.00 of frames")


def test_the_maps_of_prompts_are_read_at_the_patches_that_are_explained(engine, examples, stpn):
    subject = stpn_subject(engine, stpn.clip(), 0, t=3)
    made = {one.symbol: one for one in own_maps(engine, "stpn", stpn.clip(), subject, {"t": 3})}
    trace = engine.run("stpn", stpn.clip(), outputs=["change", "to_prompts"], t=3)
    (h, w), last = subject.grid, max(trace["change"])
    change_hw, looks_Qhw = trace["change"][last], trace["to_prompts"][max(trace["to_prompts"])]
    for r, c in np.ndindex(h, w):
        here = r * change_hw.shape[0] // h, c * change_hw.shape[1] // w
        assert made["Δf"].map_TP[0, r * w + c] == change_hw[here].item()
        assert made["x → P"].map_TP[0, r * w + c] == pytest.approx(looks_Qhw[:, here[0], here[1]].sum().item())
    assert set(made) == {"Δf", "x → P", "P → x"} and f"stage {last + 1}" in made["Δf"].title


def test_the_single_frame_detector_has_no_maps_of_its_own(stpn):
    chosen = {"detection": 0, "reader": "baseline"}
    told = stpn("tests_of_maps", stpn.sent(""), chosen=chosen)
    assert told["error"].startswith("There is no map to test yet")
    told = stpn("tests_of_maps", stpn.sent(""), chosen=chosen, shown=True, attribution="grad_cam")
    assert [one["name"] for one in told["rows"]] == ["Grad-CAM"]


def test_a_detection_is_found_again_in_a_noisier_clip_or_a_sentence_says_that_it_is_not(stpn, engine):
    what, clip = explained("stpn"), stpn.clip()
    settings = engine.settings("stpn", {"t": 4})
    choices = what.choices(engine, clip, (), settings, lambda: False)
    assert what.again(engine, clip, (), choices[1], settings) == choices[1]
    elsewhere = offered.Choice("1: heart 0.90", choices[0].group, choices[0].asked, choices[0].name, (0.0, 0.0, 0.01, 0.01))
    with pytest.raises(ReaderError, match="1: heart 0.90 is not found in a clip that is a little noisier"):
        what.again(engine, clip, (), elsewhere, settings)


def test_steadiness_is_captums_sensitivity_of_every_map(stop, engine):
    told = stop("steadiness_of_maps", attribution="grad_cam", shown=True)["rows"]
    assert list(told) == ["A", "M", "W^s", "r", "Grad-CAM"]
    by_hand = sensitivity_of(lambda clip: engine.run("stop", clip, outputs=["dynamics_TP"])["dynamics_TP"].numpy(), stop.clip())
    assert f"M: It moves by up to {by_hand:.2g} times its own length" in told["M"] and by_hand > 0


def test_an_estimate_is_the_forward_passes_times_the_seconds_of_one(stop, engine, examples, monkeypatch):
    monkeypatch.setattr(Subject, "seconds", lambda self: 2.0)
    fresh = Asking("stop", engine, examples)
    told = fresh("cost_of_explaining", attribution="feature_ablation", settings={"by": "frame"}, shown=True)
    subject = stop_subject(engine, fresh.clip(), TEXTS.splitlines(), 0)
    assert told["explain"] == 2.0 * (1 + 8) and told["tests"] == 2.0 * rows(subject, maps=5)
    alone = fresh("cost_of_explaining", attribution="grad_cam", own=True)
    assert alone["tests"] == 2.0 * rows(subject, maps=4)


@pytest.mark.parametrize(
    "given, said",
    [
        ({"chosen": {"text": 7}}, "one of 2: choose it again"),
        ({"chosen": "x"}, "one of 2: choose it again"),
        ({"chosen": {"text": 0, "engine": 1}}, "one of 2: choose it again"),
        ({"attribution": "lime"}, "There is no attribution 'lime'. They are integrated_gradients"),
        ({"attribution": ["occlusion"]}, "There is no attribution"),
        ({"settings": [1]}, "Settings of an attribution are values by name"),
        ({"settings": {"window": 99}}, "k (window) is 1 to 8, got 99"),
        ({"settings": {"window": None}}, "k (window) is a number from 1 to 8, got None"),
        ({"settings": {"depth": 1}}, "There is no knob 'depth'"),
    ],
)
def test_what_cannot_be_asked_is_told_in_a_sentence(given, said, stop):
    for name in ("explanation", "tests_of_maps", "cost_of_explaining", "steadiness_of_maps"):
        told = stop(name, **{"attribution": "occlusion", "settings": {}, "shown": True} | given)
        assert said in told["error"], name


def test_where_there_is_nothing_to_explain_a_sentence_says_what_to_do(stop, stpn, monkeypatch):
    assert json.loads(stop.served["choices_to_explain"](stop.sent(texts=" ")))["choices"] == []
    assert stop("explanation", stop.sent(texts=" "), attribution="occlusion")["error"] == explained("stop").none
    monkeypatch.setattr("core.methods.stpn.explain.MOST", 0)
    assert stpn("explanation", stpn.sent(""), attribution="occlusion")["error"] == explained("stpn").none


def test_a_run_that_is_called_off_leaves_nothing_behind(engine, examples, monkeypatch):
    fresh, score, scored = Asking("stop", engine, examples), Subject.score, []

    def stopping(self, *given, **named):
        scored.append(1)
        fresh.desk.running.stop("me", explaining.RUN)
        return score(self, *given, **named)

    monkeypatch.setattr(Subject, "score", stopping)
    asked = dict(attribution="occlusion", settings={"window": 1, "step": 1}, shown=True)
    assert fresh("explanation", **asked) == {"cancelled": True} and len(scored) == 1
    assert fresh("explanation", **asked) == {"cancelled": True} and len(scored) == 2  # nothing was kept
    assert fresh("tests_of_maps", **asked) == {"cancelled": True}


def test_what_is_kept_is_bounded_and_known_by_what_it_was_made_of():
    kept, made = Memo(2), []
    for key in ("a", "b", "a", "c", "a", "b"):
        assert kept.get(key, lambda key=key: made.append(key) or key) == key
    assert made == ["a", "b", "c", "b"]
    with pytest.raises(ZeroDivisionError):
        kept.get("d", lambda: 1 / 0)
    assert kept.get("d", lambda: "made") == "made"


def test_checks_travel_as_the_engine_makes_them(stop, stpn, engine):
    for asking, method, knobs in ((stop, "stop", {}), (stpn, "stpn", {"t": 4})):
        told = asking("checks", asking.sent(**knobs))["checks"]
        made = self_check(engine, method, asking.clip(), TEXTS.splitlines(), **engine.settings(method, knobs))
        assert [(one["name"], one["passed"], one["sentence"]) for one in told] == [
            (one.name, one.passed, one.sentence) for one in made
        ]
        for map_, map_TP in zip(told[-1]["maps"], made[-1].maps, strict=True):
            place = np.frombuffer(base64.b64decode(map_["code"]), "<u2").reshape(map_TP.shape) / 65535
            np.testing.assert_allclose(place * map_["largest"], map_TP, atol=map_["largest"] / 60000)
            assert map_["shape"][1] * map_["shape"][2] == map_TP.shape[1]


def test_a_fold_is_there_where_there_is_something_to_explain_or_to_check():
    titles = {name: [one.title for one in panels_of(method) if one.name == "explain"] for name, method in METHODS.items()}
    assert titles == {
        name: [f"Explain: {explained(name).question}"] if explained(name) else [] for name in METHODS
    } and titles["stop"]  # fmt: skip
    assert explaining.fits(METHODS["stpn"]) and not explaining.fits(METHODS["stop_released"])


def test_a_page_that_explains_nothing_loads_no_captum():
    code = "import sys, app.page; sys.exit('captum' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True).returncode == 0
