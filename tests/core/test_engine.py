"""Facts about the engine: what it refuses and how it says so, and that it stays right and small however it is used."""

import math
import os
import threading
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import torch

from core import METHODS, BadClip, BadKnob, BadText, BadWeights, Cancelled, Engine, ReaderError
from core.engine import TEXT_LENGTH, TEXTS, first_model
from core.graph import downstream
from tests import tiny

CLIP = tiny.clip(T=5)


@pytest.fixture(scope="module")
def engine():
    return tiny.engine()


@pytest.mark.parametrize("knobs, told", [
    ({"speed": 1}, "There is no knob 'speed'. The knobs are layer, alpha, kept, beta, eta, spatial, temporal, depth, steady."),
    ({"alpha": 1.2}, "α (alpha) is 0.0 to 1.0, got 1.2."),
    ({"alpha": math.nan}, "α (alpha) is a number from 0.0 to 1.0, got nan."),
    ({"alpha": True}, "α (alpha) is a number from 0.0 to 1.0, got True."),
    ({"alpha": "0.5"}, "α (alpha) is a number from 0.0 to 1.0, got '0.5'."),
    ({"kept": 2.5}, "N_s (kept) is a whole number from 1 to 256, got 2.5."),
    ({"kept": 0}, "N_s (kept) is 1 to 256, got 0."),
    ({"kept": 7}, "N_s (kept) is 1 to 6 for these weights, got 7."),
    ({"kept": math.inf}, "N_s (kept) is 1 to 6 for these weights, got inf."),
    ({"layer": 4}, "ℓ (layer) is 1 to 3 for these weights, got 4."),
    ({"layer": math.nan}, "ℓ (layer) is a number from 1 to 48, got nan."),
    ({"spatial": "yes"}, "p^s (spatial) is on or off (True or False), got 'yes'."),
    ({"depth": "second"}, "×L (depth) is one of first, all, got 'second'."),
])  # fmt: skip
def test_a_knob_that_cannot_be_is_refused_with_a_sentence(engine, knobs, told):
    held = len(engine.cache)
    with pytest.raises(BadKnob) as wrong:
        engine.run("stop", CLIP, **knobs)
    assert str(wrong.value) == told and len(engine.cache) == held


@pytest.mark.parametrize("texts, told", [
    ("a red ball", "Texts are a list of sentences, got the single string 'a red ball'."),
    (1, "Texts are a list of sentences, got 1."),
    ({"a ball": 1}, "Texts are a list of sentences, got {'a ball': 1}."),
    ([1], "A text is a sentence, got 1."),
    (["a ball", "  "], "A text has 1 to 200 characters, got 0: ''."),
    (["a" * (TEXT_LENGTH + 1)], "A text has 1 to 200 characters, got 201: 'aaaa"),
    (["a ball"] * (TEXTS + 1), "Up to 64 texts can be compared at once, got 65."),
    (["!?"], "A text has at least one word, got '!?'."),
    (["cut \ud83d"], "A text has whole characters, got half of one, as of a cut emoji: 'cut \\ud83d'."),
    (["a " * 17], "This text tower reads up to 16 words, got 17: 'a a "),
])  # fmt: skip
def test_a_text_that_cannot_be_read_is_refused_with_a_sentence(engine, texts, told):
    with pytest.raises(BadText) as wrong:
        engine.run("stop", CLIP, texts=texts)
    assert str(wrong.value).startswith(told)


def test_texts_lose_their_blanks_and_keep_their_order_and_unknown_words_are_told(engine):
    plain = engine.run("stop", CLIP, texts=["a red ball", "a ball stays"])
    assert engine.run("stop", CLIP, texts=[" a red ball\n", "a\tball\u2028stays\x07 "]).ran == ()
    turned = engine.run("stop", CLIP, texts=["a ball stays", "a red ball"])
    assert torch.allclose(turned["similarity_Y"].flip(0), plain["similarity_Y"], atol=1e-6)
    assert plain["unknown_words"] == ()
    assert engine.run("stop", CLIP, texts=["a shiny ball", "a Shiny dog"])["unknown_words"] == ("shiny", "dog")
    assert "similarity_Y" not in engine.run("stop", CLIP).values


def test_what_is_not_there_is_told_with_what_is(engine):
    with pytest.raises(ReaderError, match="There is no method 'go'. The methods are "):
        engine.run("go", CLIP)
    with pytest.raises(ReaderError, match="The device is auto, cpu or cuda, got 'gpu'."):
        Engine("gpu")
    with pytest.raises(ReaderError, match="There is no device cuda:99 on this machine; use auto or cpu."):
        Engine("cuda:99")
    with pytest.raises(BadWeights, match="The models are stop, .*, got stop_last.") as wrong:
        Engine("cpu", models={"stop_last": "x"})
    names = str(wrong.value).removeprefix("The models are ").split(", ")
    assert len(names) == len(set(names))
    with pytest.raises(BadClip, match="A clip is what `read_clip` gives, got the path 'a.mp4'."):
        Engine("cpu").run("stop", "a.mp4")  # pyright: ignore
    with pytest.raises(BadClip, match="A clip is what `read_clip` gives, got a ndarray."):
        Engine("cpu").run("stop", CLIP.frames_THWC)  # pyright: ignore
    assert Engine("cpu").device.type == "cpu" and Engine().device.type in ("cpu", "cuda")


def test_knobs_end_where_the_networks_end_and_defaults_follow(engine):
    assert engine.limits("stop") == {"kept": 6, "layer": 3}
    assert engine.settings("stop", {})["kept"] == 6
    small = tiny.engine(tiny.towers(size=(32, 32), depth=1))
    assert small.limits("stop") == {"kept": 4, "layer": 1} and small.settings("stop", {})["kept"] == 4
    assert small.run("stop", CLIP)["region_TP"].all()  # four patches a frame, and all of them are kept


def test_a_methods_name_stands_for_its_first_network():
    towers = tiny.towers()
    assert Engine("cpu", models={"stop": towers}).network("clip_towers") is towers
    assert first_model("stpn") == "stpn" and first_model("stop_all") == "stop_all"


def test_weights_that_took_part_are_named(engine):
    said = "lively prompters"
    assert engine.run("stop", CLIP).weights == {"clip_towers": "tiny towers", "stop_first": said}
    assert engine.run("stop", CLIP, depth="all").weights == {"clip_towers": "tiny towers", "stop_all": said}
    assert set(engine.labels("stop")) == {"clip_towers", "stop_first", "stop_all"}


def test_rounding_changes_attention_a_little_and_change_not_at_all():
    """The blocks' products are rounded; M and W^t read the patch embedding, which is not."""
    exact, rounded = (tiny.engine(tiny.towers(), precision=name) for name in ("float32", "bfloat16"))
    for depth in ("first", "all"):
        one, other = (each.run("stop", CLIP, texts=tiny.TEXTS, alpha=0.0, depth=depth) for each in (exact, rounded))
        assert torch.equal(one["dynamics_TP"], other["dynamics_TP"]) and torch.equal(one["change_G"], other["change_G"])
        assert 0 < (one["attention_TP"] - other["attention_TP"]).abs().max() < 0.05
        assert 0 < (one["similarity_Y"] - other["similarity_Y"]).abs().max() < 0.05
        assert all(value.dtype is not torch.bfloat16 for value in other.values.values() if isinstance(value, torch.Tensor))
    with pytest.raises(ReaderError, match="The precision is auto, float32 or bfloat16, got 'half'"):
        Engine("cpu", precision="half")


def test_a_network_too_large_for_the_device_is_said_to_be(monkeypatch):
    loaded = tiny.towers()
    monkeypatch.setattr(loaded.network, "to", lambda device: (_ for _ in ()).throw(torch.OutOfMemoryError()))
    with pytest.raises(BadWeights, match="tiny towers does not fit into the memory of cpu: use a smaller model"):
        Engine("cpu", models={"stop": loaded}).network("clip_towers")


def test_a_cancelled_run_leaves_nothing_behind():
    engine = tiny.engine()
    calls = iter([False] * 5 + [True])
    with pytest.raises(Cancelled):
        engine.run("stop", CLIP, cancelled=lambda: next(calls))
    assert len(engine.cache) == engine.cache.bytes == 0
    engine.run("stop", CLIP)
    held = len(engine.cache), engine.cache.bytes
    with pytest.raises(Cancelled):
        engine.run("stop", CLIP, alpha=0.7, cancelled=lambda: True)
    assert (len(engine.cache), engine.cache.bytes) == held
    assert engine.run("stop", CLIP).ran == ()


def test_threads_get_what_each_would_get_alone():
    loaded = tiny.towers()
    shared = tiny.engine(loaded, cache_mb=1)
    asked = [{"alpha": i / 7, "kept": 1 + i % 6, "eta": float(i), "depth": ("first", "all")[i % 2]} for i in range(8)]
    clips = [tiny.clip(T=4, seed=i % 3) for i in range(8)]

    def work(i):
        return [shared.run("stop", clips[i], texts=tiny.TEXTS, **asked[i]) for _ in range(3)]

    with ThreadPoolExecutor(8) as threads:
        found = list(threads.map(work, range(8)))
    for i, traces in enumerate(found):
        alone = tiny.engine(loaded).run("stop", clips[i], texts=tiny.TEXTS, **asked[i])
        for trace in traces:
            assert trace["prompt_count_G"] == alone["prompt_count_G"]
            assert torch.equal(trace["region_TP"], alone["region_TP"])
            assert torch.equal(trace["similarity_Y"], alone["similarity_Y"])


def test_threads_that_ask_the_same_have_it_computed_once():
    shared = tiny.engine()
    with ThreadPoolExecutor(8) as threads:
        traces = list(threads.map(lambda _: shared.run("stop", CLIP, texts=tiny.TEXTS), range(8)))
    assert sorted(len(trace.ran) for trace in traces) == [0] * 7 + [len(traces[0].values)]


def test_masks_do_not_wait_for_a_running_encoder():
    engine = tiny.engine()
    began, go = threading.Event(), threading.Event()

    def hold():
        began.set()
        go.wait(5)
        return False

    with ThreadPoolExecutor(1) as threads:
        slow = threads.submit(engine.run, "stop", CLIP, texts=tiny.TEXTS, cancelled=hold)
        assert began.wait(20)
        trace = engine.run("stop", CLIP, outputs=("region_TP",), alpha=0.3)
        waiting = not slow.done()
        go.set()
        assert waiting and trace["region_TP"].any() and len(slow.result()["similarity_Y"]) == len(tiny.TEXTS)


def test_who_waits_for_the_same_can_leave_and_the_next_has_his_turn():
    engine = tiny.engine()
    began, go, asked = threading.Event(), threading.Event(), []

    def hold():
        began.set()
        go.wait(20)
        return False

    def leaves():
        asked.append(True)
        return len(asked) == 2

    with ThreadPoolExecutor(3) as threads:
        slow = threads.submit(engine.run, "stop", CLIP, cancelled=hold)
        assert began.wait(20)
        waits = threads.submit(engine.run, "stop", CLIP, cancelled=leaves)
        stays = threads.submit(engine.run, "stop", CLIP)
        try:
            with pytest.raises(Cancelled, match="before its turn"):
                waits.result(5)
            assert not slow.done() and not stays.done()
        finally:
            go.set()
        assert slow.result(20).ran and stays.result(20).ran == ()  # whoever left has taken no turn along


def test_two_engines_share_nothing():
    one, other = tiny.engine(), tiny.engine()
    one.run("stop", CLIP)
    assert len(one.cache) > 0 and len(other.cache) == 0
    assert not other.run("stop", CLIP).reused
    first, second = tiny.engine(tiny.towers()), tiny.engine(tiny.towers(depth=2))
    assert len(first.run("stop", CLIP)["attention_LTP"]) == 3 and len(second.run("stop", CLIP)["attention_LTP"]) == 2


def resident_mb():
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 2**20


@pytest.mark.skipif(not os.path.exists("/proc/self/statm"), reason="no /proc here")
def test_300_moves_of_knobs_leave_memory_flat():
    engine, rng = tiny.engine(cache_mb=1), np.random.default_rng(0)
    clips = [tiny.clip(T=12, seed=seed) for seed in range(8)]

    def move():
        engine.run("stop", clips[rng.integers(8)], texts=tiny.TEXTS, alpha=rng.uniform(), kept=int(rng.integers(1, 7)),
                   beta=rng.uniform(0, 4), eta=rng.uniform(0, 12))  # fmt: skip
        assert 0 < engine.cache.bytes <= engine.cache.budget

    for _ in range(100):
        move()
    before = resident_mb()
    for _ in range(300):
        move()
    assert engine.cache.bytes > 0.8 * engine.cache.budget  # full, and something has been let go again and again
    assert resident_mb() - before < 30


@pytest.mark.parametrize("geometry", [
    {"registers": 2}, {"size": (48, 32)}, {"size": (32, 64), "patch": 8}, {"size": (42, 28), "patch": 14, "registers": 1},
    {"patch": (8, 16)}, {"pre_norm": False}, {"init_values": 1e-2}, {"no_embed_class": True, "registers": 2},
    {"global_pool": "avg"}, {"qk_norm": True}, {"num_heads": 4},
], ids=str)  # fmt: skip
@pytest.mark.parametrize("depth", ["first", "all"])
def test_any_vision_transformer_with_a_class_token_will_do(geometry, depth):
    loaded = tiny.towers(**geometry)
    vision = loaded.network.vision
    trace = tiny.engine(loaded).run("stop", CLIP, texts=tiny.TEXTS, depth=depth, kept=3)
    R, P = vision.prefix, vision.patches
    assert R == 1 + geometry.get("registers", 0)
    assert trace["tokens_TSD"].shape[1] == R + P and trace["region_TP"].shape == (5, P)
    assert len(trace["sequence_SD"]) == R + 5 * P + sum(trace["prompt_count_G"])
    assert torch.isfinite(trace["similarity_Y"]).all() and math.isclose(trace["video_E"].norm(), 1, abs_tol=1e-4)
    assert torch.allclose(trace["attention_LTP"].sum(-1), torch.ones(3, 5), atol=1e-5)


def test_a_vision_transformer_without_a_class_token_is_refused():
    with pytest.raises(BadWeights, match="Attention is read from a class token"):
        tiny.towers(class_token=False, global_pool="avg")


def test_a_clip_of_one_bright_patch_keeps_that_patch():
    """Row 1, column 2 of a 2 × 3 grid: no axis is swapped between pixels, patches and regions."""
    frames = np.zeros((4, 32, 48, 3), np.uint8)
    frames[1::2, 16:32, 32:48] = 255
    trace = tiny.engine().run("stop", tiny.of_frames(frames), alpha=0.0, kept=1)
    assert trace["region_TP"].nonzero().tolist() == [[t, 1 * 3 + 2] for t in range(4)]


def test_one_frame_is_no_video():
    with pytest.raises(BadClip, match="STOP compares consecutive frames, so a clip has at least 2, got 1."):
        tiny.engine().run("stop", tiny.clip(1))


@pytest.mark.parametrize("T", [2, 3, 32])
def test_clips_of_any_length(T):
    trace = tiny.engine().run("stop", tiny.clip(T), texts=tiny.TEXTS, depth="all")
    assert len(trace["prompt_count_G"]) == T - 1 and torch.isfinite(trace["similarity_Y"]).all()


def test_the_engine_hands_every_method_what_it_asks_for(engine):
    for name, method in METHODS.items():
        trace = engine.run(name, CLIP, texts=tiny.TEXTS, video=tiny.video(), question=tiny.QUESTION)
        closer = {one.stage for one in method.outputs if one.closer}
        assert tuple(trace.values) == tuple(stage.__name__ for stage in method.stages if stage.__name__ not in closer)
        assert set(trace.ms) <= set(trace.values) and all(ms >= 0 for ms in trace.ms.values())
        assert downstream(method.stages, "clip") or downstream(method.stages, "video")
