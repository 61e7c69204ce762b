"""Facts about the numbers of the page that needs no server where a detector is prompted: what travels to its figures is what
travels from Python, on every example and for five settings each, every way to spoil a frame among them."""

import base64
import json

import numpy as np
import pytest
import torch

from app.figures.payload import beside_payload, trace_payload
from app.server.clips import find_examples
from core import METHODS
from core.world import DEGRADATIONS, degrade
from tests.app.site.test_golden import RUN
from tests.published import ROOT, engine, opened

METHOD = METHODS["stpn"]
SETTINGS = (
    {},
    {"t": 2, "supports": 4, "stride": 2, "prompts": 3, "spoil": "defocus", "severity": 0.5},
    {"t": 6, "supports": 14, "stride": 0, "spoil": "occluder", "severity": 0.9, "spoiled": "both"},
    {"t": 1, "per": "clip", "shuffled": True, "prompts": 1, "spoil": "noise", "spoiled": "supports"},
    {"t": 8, "supports": 2, "stride": 3, "spoil": "none"},
)
PLAIN = ("support_index_K", "support_grid", "cost")
APART = {"mass_K": 1e-4, "entropy_Q": 1e-4, "cosine_plain_I": 1e-3, "cosine_prompted_I": 1e-3}
SHARES = {"to_prompts": 5e-4, "to_patches": 5e-4, "change": 1e-3}  # a spoilt frame is apart by a grey level here and there


def opened_map(packed):
    """Numbers of a map as it travels: between 10^-4 and 10^3."""
    raw = np.frombuffer(base64.b64decode(packed["code"]), "<u2").astype(float)
    return (10 ** (-4 + 7 * raw / 65535)).reshape(packed["shape"])


def farthest(own, other):
    """What lies between two maps, beyond the step of the 16 bits that each travels in."""
    ours, theirs = opened_map(own), opened_map(other)
    return max((np.abs(ours - theirs) - 2.5e-4 * theirs).max(), 0)


def mask(runs, size):
    return np.repeat(np.arange(len(runs)) % 2 == 1, runs).reshape(size)


def assert_same_boxes(here, there, told):
    assert len(here["found"]) == len(there["found"]) and here["there"] == there["there"], told
    assert [one["name"] for one in here["found"]] == [one["name"] for one in there["found"]], told
    for own, other in zip(here["found"], there["found"], strict=True):
        assert np.abs(np.array(own["box"]) - other["box"]).max() <= 1 / 128, (told, own["box"], other["box"])
        assert abs(own["score"] - other["score"]) <= 0.002 and own["thing"] == other["thing"], told
        ours, theirs = (mask(one["runs"], here["size"]) for one in (own, other))
        if ours.any() or theirs.any():
            assert (ours & theirs).sum() >= 0.99 * (ours | theirs).sum() or (ours ^ theirs).sum() <= 2, told


@pytest.mark.parametrize("example", find_examples(ROOT / "assets/clips").values(), ids=lambda one: one.name)
def test_the_browser_finds_what_python_finds(prompted, example, tables):
    apart = {}
    for knobs in SETTINGS:
        clip, settings = opened(example.name, 8), engine().settings("stpn", knobs)
        here = prompted.evaluate(RUN, [example.name, knobs, []])
        assert not here.get("error"), here
        trace = engine().run("stpn", clip, outputs=METHOD.until("network"), **knobs)
        there = trace_payload(METHOD, trace, "", clip, settings, engine().grid("stpn"), [], example.truth)
        for stage in PLAIN:
            assert here["values"][stage] == json.loads(json.dumps(there["values"][stage])), (knobs, stage)
        for stage in APART:
            off = np.abs(np.array(here["values"][stage]) - there["values"][stage]).max()
            apart[stage] = max(apart.get(stage, 0), off)
        for stage in SHARES:
            for own, other in zip(here["values"][stage], there["values"][stage], strict=True):
                assert own["at"] == other["at"] and own["shape"] == other["shape"]
                apart[stage] = max(apart.get(stage, 0), farthest(own, other))
        own, other = (one["values"]["prompt_attention_NQKP"] for one in (here, there))
        even = np.prod(own["shape"][1:])
        assert own["shape"] == other["shape"] and own["heads"] == other["heads"]
        apart["attention"] = max(apart.get("attention", 0), farthest(own, other) / even)
        each = [np.frombuffer(base64.b64decode(one["each"]["code"]), np.uint8).astype(int) for one in (own, other)]
        assert np.abs(each[0] - each[1]).max() <= 1
        for stage in ("prompted_found", "baseline_found"):
            assert_same_boxes(here["values"][stage], there["values"][stage], (example.name, knobs, stage))
        for stage in ("current_HWC", "support_THWC"):
            assert here["values"][stage]["done"] == there["values"][stage]["done"]
            assert here["values"][stage]["frames"].keys() == there["values"][stage]["frames"].keys(), (knobs, stage)
        assert here["weights"] == list(trace.weights.values()) and here["strange"] == there["strange"]
        beside = beside_payload(engine(), METHOD, clip, settings, trace)["beside"]["values"]["shuffle"]
        assert here["beside"]["values"]["shuffle"]["words"] == beside["words"]
        assert np.allclose(here["beside"]["values"]["shuffle"]["value"], beside["value"], rtol=1e-4, atol=1e-5)
    tables.setdefault("browser and Python apart, at most, where a detector is prompted", []).append(
        (example.name, *(f"{stage} {value:.1e}" for stage, value in apart.items()))
    )
    assert all(value <= (APART | SHARES).get(stage, 1e-4) for stage, value in apart.items()), apart


@pytest.mark.parametrize("kind", DEGRADATIONS)
def test_a_frame_is_spoilt_as_python_spoils_it(pixels, kind):
    """To the grey level but for a few roundings; the chance in it is numpy's own."""
    frame_HWC = engine().run("stpn", opened("6-camera-pans", 8), outputs=["frames_THWC"])["frames_THWC"][2].numpy()
    for severity, t in ((0.6, 2), (0.15, 7), (1.0, 0)):
        ours = degrade(frame_HWC[None], kind, severity, seed=t)[0]
        theirs = np.array(pixels("degraded", frame_HWC, kind, severity, t), np.uint8).reshape(ours.shape)
        apart = np.abs(ours.astype(int) - theirs.astype(int))
        assert apart.max() <= 1 and (apart > 0).mean() <= 0.002, (severity, apart.max(), (apart > 0).mean())


def test_frames_are_resized_as_python_resizes_them(pixels):
    whole = opened("6-camera-pans", 8).frames_THWC
    sized = engine().network("stpn", "stpn").network.sized
    for frames, unlike in ((whole[:1], 0.0002), (whole[1:2, 20:220, 3:], 0.0002), (whole[2:3, :90, :100], 0.0002)):
        ours = sized(torch.from_numpy(frames.copy())).numpy()
        theirs = np.array(pixels("resized", frames, [128, 128]), np.uint8).reshape(ours.shape)
        apart = np.abs(ours.astype(int) - theirs.astype(int))
        assert apart.max() <= 1 and (apart > 0).mean() <= unlike, (frames.shape, (apart > 0).mean())


def test_a_knob_re_runs_only_what_follows_it(prompted):
    def ran(knobs):
        ledger = prompted.evaluate(RUN, ["2-bounces", knobs, []])["ledger"]
        return {name for name, (ms, _) in ledger.items() if ms is not None}

    ran({})
    assert ran({}) == set()
    assert not ran({"supports": 8}) & {"feature_LTPF", "plain", "baseline_seen", "clean_plain", "current_HWC"}
    assert not ran({"stride": 2}) & {"feature_LTPF", "plain", "baseline_seen"}
    assert ran({"prompts": 2}) & {"trained_LQD", "support_LKPF"} == set()
    assert "feature_LTPF" not in ran({"severity": 0.7}) and "baseline_seen" in ran({"severity": 0.75})
    assert "feature_LTPF" in ran({"spoiled": "both"})


def test_what_is_not_there_is_said_and_cannot_be_turned(prompted):
    for knob in ("predictor", "depth", "order"):
        assert prompted.locator(f"[name={knob}]").is_disabled()
        assert "not on this page" in prompted.locator(f"label:has([name={knob}])").text_content()
    assert "need Python" in prompted.locator("body > footer").text_content()
    assert not prompted.locator("#site-texts").count() and not prompted.locator(".vw-through").count()
    assert prompted.locator("[name=t]").get_attribute("max") == "8"
    said = prompted.evaluate(RUN, ["2-bounces", {"t": 9}, []])["error"]
    assert said == "t (t) is 1 to 8, the frames of the clip, got 9."
