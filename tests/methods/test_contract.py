"""What every method promises: shapes are what names say, and a knob re-runs what follows it and nothing else.

The same on a GPU, where there is one, with the CPU as the reference.
"""

import random
from collections.abc import Mapping
from dataclasses import fields, is_dataclass

import pytest
import torch

from core import METHODS
from core.graph import downstream
from tests import tiny

CLIP, PAN, VIDEO = tiny.clip(T=5), tiny.panning(T=5), tiny.video()
OWN = {"videolucy": {"video": tiny.numbers(), "question": tiny.NUMBER}}  # asked of what it can read, so that knobs matter
SIZES = {  # all different, wherever a letter's neighbour could be mistaken for it
    "stop": {"T": 5, "G": 4, "P": 6, "D": 32, "L": 3, "E": 10, "Y": len(tiny.TEXTS)},  # 32×48 pixels, 16 a patch
    "stop_released": {"T": 5, "C": 3, "H": 28, "W": 28, "Z": 49, "P": 49, "Q": 4, "L": 2, "D": 64, "E": 10, "Y": 3},
    "uniform": {"T": 24, "K": 8, "S": 8},
    "random_frames": {"T": 24, "K": 8},
    "clip_topk": {"T": 24, "K": 8, "E": 10},
    "tspo": {"T": 24, "K": 8, "E": 10, "A": 21},
    "videolucy": {"K": 8},
    "videostreaming": {"T": 24, "K": 6, "N": 4, "E": 10, "D": 16, "V": 2, "F": 8, "A": 21},
    "swinbert": {"K": 4, "P": 36, "M": 144, "B": 144, "F": 8, "L": 2, "X": 3},
    "stpn": {"T": 5, "K": 6, "P": 18, "Q": 4, "N": 16, "L": 1, "I": 2, "F": 32, "D": 16, "H": 24, "W": 48, "C": 3},
}
ENDS = {"t": len(CLIP)}  # a knob that counts frames ends with the clip
DEVICES = ["cpu", pytest.param("cuda", marks=pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA here"))]


def pytest_generate_tests(metafunc):
    """Whatever asks for a method's name is asked of every method."""
    if "name" in metafunc.fixturenames:
        metafunc.parametrize("name", METHODS)


def run(engine, name, clip=CLIP, texts=tiny.TEXTS, **more):
    asked = {"video": VIDEO, "question": tiny.QUESTION} | OWN.get(name, {}) | more
    return engine.run(name, clip, texts=texts, **asked)


def same(a, b, within=0.0):
    """Equal results: bit by bit, or tensors of real numbers within a tolerance, and so on inside of what holds several."""
    if isinstance(a, torch.Tensor):
        a, b = a.cpu(), b.cpu()
        return a.shape == b.shape and torch.allclose(a.double(), b.double(), rtol=within, atol=within)
    if is_dataclass(a):
        return type(a) is type(b) and all(same(getattr(a, one.name), getattr(b, one.name), within) for one in fields(a))
    if isinstance(a, Mapping):
        return a.keys() == b.keys() and all(same(a[one], b[one], within) for one in a)
    if isinstance(a, (tuple, list)):
        return type(a) is type(b) and len(a) == len(b) and all(same(one, other, within) for one, other in zip(a, b))
    return isinstance(a, torch.nn.Module) or a == b


def moves(engine, name):
    """Every knob with the other values it may take: both ends, the other side of the switch, the other choices."""
    limits = engine.limits(name)
    held = engine.settings(name, {})
    for one in METHODS[name].knobs.knobs():
        if one.kind == "switch":
            ends = (False, True)
        elif one.kind == "choice":
            ends = one.span
        else:
            ends = (one.span[0], min(one.span[1], limits.get(one.name, one.span[1]), ENDS.get(one.name, one.span[1])))
        yield one.name, [value for value in ends if value != held[one.name]]


@pytest.fixture(scope="module")
def networks():
    return tiny.towers()


def test_every_stage_says_what_it_makes(name):
    for stage in METHODS[name].stages:
        assert stage.__doc__ and stage.__doc__.strip().endswith((".", ")")), stage.__name__


def test_every_output_is_a_stage_and_every_stage_serves_something(name):
    method = METHODS[name]
    made = [stage.__name__ for stage in method.stages]
    shown = {name for one in method.outputs for name in (one.stage, *one.with_it)}
    assert {one.stage for one in method.outputs} <= set(made)
    for stage in made:
        assert downstream(method.stages, stage) or stage in shown, stage


@pytest.mark.parametrize("device", DEVICES)
def test_shapes_are_what_the_names_say(name, networks, device):
    trace = run(tiny.engine(networks, device=device), name)
    sizes = dict(SIZES.get(name, {}))
    for stage, value in trace.values.items():
        letters = stage.rpartition("_")[2]
        if not letters.isupper():
            continue
        shape = tuple(value.shape) if isinstance(value, torch.Tensor) else (len(value),)
        assert len(shape) == len(letters), (stage, shape)
        for letter, size in zip(letters, shape, strict=True):
            if letter != "S":  # a sequence is as long as it is
                assert sizes.setdefault(letter, size) == size, (stage, shape)
        if isinstance(value, torch.Tensor):
            assert value.device.type == device and not value.requires_grad
            assert value.dtype in (torch.float32, torch.bool, torch.uint8) and torch.isfinite(value.float()).all(), stage


def test_the_same_knobs_run_nothing(name, networks):
    engine = tiny.engine(networks)
    first = run(engine, name)
    other = tiny.numbers() if name in OWN else tiny.video()
    again = run(engine, name, tiny.clip(T=5), list(tiny.TEXTS), video=other)  # equal frames and texts, held by other objects
    assert first.reused == () and again.ran == ()
    assert all(again[stage] is first[stage] for stage in first.values)


def test_a_knob_reruns_something_and_only_what_follows_it(name, networks):
    engine = tiny.engine(networks)
    run(engine, name)
    for knob, values in moves(engine, name):
        for value in values:
            ran = run(engine, name, **{knob: value}).ran
            assert ran and set(ran) <= set(downstream(METHODS[name].stages, knob)), (knob, value)


def test_every_knob_changes_something_shown(name, networks):
    engine = tiny.engine(networks)
    shown = [one.stage for one in METHODS[name].outputs if not one.closer]
    for knob, values in moves(engine, name):
        asked = [(clip, value) for value in values for clip in (CLIP, PAN)]
        pairs = ((run(engine, name, clip), run(engine, name, clip, **{knob: value})) for clip, value in asked)
        assert any(not same(plain[stage], trace[stage]) for plain, trace in pairs for stage in shown), knob


@pytest.mark.parametrize("device", DEVICES)
def test_a_warm_cache_gives_what_a_cold_one_gives(name, networks, device):
    warm, chance = tiny.engine(networks, device=device), random.Random(0)
    choices = {knob: [*values, warm.settings(name, {})[knob]] for knob, values in moves(warm, name)}
    for _ in range(6):
        knobs = {knob: chance.choice(values) for knob, values in choices.items()}
        one, cold = run(warm, name, **knobs), run(tiny.engine(networks, device=device), name, **knobs)
        assert not cold.reused
        for stage in cold.values:
            assert same(one[stage], cold[stage]), (stage, knobs)


@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA here")
def test_a_gpu_gives_what_the_cpu_gives(name, networks):
    reference = run(tiny.engine(networks), name)
    kept = {stage: value.clone() if isinstance(value, torch.Tensor) else value for stage, value in reference.values.items()}
    trace = run(tiny.engine(tiny.towers(), device="cuda"), name)
    for stage, value in kept.items():
        assert same(value, trace[stage], 1e-3), stage


def test_other_texts_rerun_only_what_reads_texts(name, networks):
    engine = tiny.engine(networks)
    run(engine, name)
    ran = run(engine, name, texts=["a ball"]).ran
    readers = set(downstream(METHODS[name].stages, "texts"))  # none, in a method that knows no texts
    assert bool(ran) == bool(readers) and set(ran) <= readers
    assert run(engine, name, texts=None).ran == ()
    assert set(run(engine, name, texts=None).values).isdisjoint(downstream(METHODS[name].stages, "texts"))


def test_another_question_reruns_only_what_reads_it(name, networks):
    engine = tiny.engine(networks)
    run(engine, name)
    ran, readers = run(engine, name, question="a ball").ran, set(downstream(METHODS[name].stages, "question"))
    assert bool(ran) == bool(readers) and set(ran) <= readers


def test_other_frames_rerun_everything_that_sees_frames_and_no_text(name, networks):
    engine = tiny.engine(networks)
    run(engine, name)
    seen = METHODS[name].sources & {"clip", "video"}
    assert seen, "a method looks at a clip or at a video"
    for source, other in (("clip", tiny.clip(T=5, seed=1)), ("video", tiny.video(seconds=23))):
        ran = run(engine, name, **{source: other}).ran
        assert not {"text_YE", "question_E"} & set(ran) and set(ran) <= set(downstream(METHODS[name].stages, source))
        assert (METHODS[name].stages[0].__name__ in ran) == (source in seen)


def test_only_what_is_asked_for_is_computed(name, networks):
    for output in METHODS[name].outputs:
        trace = run(tiny.engine(networks), name, outputs=[output.stage])
        assert output.stage in trace.ran and trace.ran[-1] == output.stage


# ---- STOP's own -----------------------------------------------------------------------------------------------------

NAMES = [stage.__name__ for stage in METHODS["stop"].stages]


def test_what_each_knob_of_stop_leaves_alone(networks):
    engine = tiny.engine(networks)
    run(engine, "stop")
    first = {"alpha": "score_TP", "kept": "region_TP", "beta": "change_G", "eta": "prompt_count_G", "layer": "attention_TP"}
    for knob, values in moves(engine, "stop"):
        for value in values if knob in first else ():
            ran = run(engine, "stop", **{knob: value}).ran
            assert ran[0] == first[knob] and all(NAMES.index(one) >= NAMES.index(first[knob]) for one in ran)


def test_the_encoders_pass_over_frames_runs_once_a_clip(networks):
    engine = tiny.engine(networks)
    ran = list(run(engine, "stop").ran)
    for knob, values in moves(engine, "stop"):
        for value in values:
            ran += run(engine, "stop", **{knob: value}).ran
    ran += run(engine, "stop", texts=["a ball"]).ran
    assert [ran.count(stage) for stage in ("tokens_TSD", "attention_LTP", "text_YE")] == [1, 1, 2]


def test_a_knob_that_changes_no_token_of_the_sequence_does_not_run_the_encoder(networks):
    engine = tiny.engine(networks)
    counts = run(engine, "stop", eta=1.0)["prompt_count_G"]
    moved = run(engine, "stop", eta=1.000001)
    assert moved["prompt_count_G"] == counts and moved.ran == ("prompt_count_G", "later")
    assert run(engine, "stop", eta=1.0, alpha=0.9).ran == ("score_TP", "region_TP", "later")  # all six patches are kept
    for eta in (1.0, 1.000001):
        assert "video_E" in run(engine, "stop", eta=eta, depth="all").ran


def test_the_score_is_the_blend_of_the_two_maps_in_the_trace(networks):
    engine = tiny.engine(networks)
    for alpha in (0.0, 0.3, 0.5, 1.0):
        trace = run(engine, "stop", alpha=alpha)
        A, M = trace["attention_TP"], trace["dynamics_TP"]
        assert torch.equal(trace["score_TP"], alpha * A + (1 - alpha) * M)
        assert A.max() == M.max() == 1 and A.min() >= 0 and M.min() >= 0


def test_the_sequence_is_as_long_as_its_parts(networks):
    trace = run(tiny.engine(networks), "stop")
    assert len(trace["sequence_SD"]) == 1 + SIZES["stop"]["T"] * SIZES["stop"]["P"] + sum(trace["prompt_count_G"])
    assert trace["region_TP"].sum(-1).tolist() == [6] * SIZES["stop"]["T"]


def test_the_heads_of_stop_together_are_the_attention_and_cost_nothing_where_nobody_asks(networks):
    trace = tiny.engine(networks).run("stop", CLIP, outputs=["heads_NTP", "attention_TP"])
    mean_TP = trace["heads_NTP"].mean(0)
    assert torch.allclose(mean_TP / mean_TP.max(), trace["attention_TP"], atol=1e-5) and trace["heads_NTP"].max() == 1
    assert len(trace["heads_NTP"]) > 1 and "heads_NTP" not in METHODS["stop"].until("network")
