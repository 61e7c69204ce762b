"""What a GPU will meet in this code, found out without one; where there is one, `test_method_contract` asks it too.

Under `tests.pretend` an operation over both memories is refused and waits of the processor are counted. Backward passes,
rounding and speed need a GPU.
"""

import argparse
import json
from inspect import signature

import numpy as np
import pytest
import torch

from core import METHODS, ReaderError
from core.data.rendered import pool
from core.explain import attribution, faithfulness_of, self_check
from core.kinds import Followed, Tracks
from core.methods.stop import train as stop
from core.methods.stop import train_own as own
from core.methods.stop.clips import Data, grammar
from core.methods.stop.explain import stop_subject
from core.methods.stpn import train as stpn
from core.methods.stpn.explain import stpn_subject
from core.methods.stpn.weights import VARIANTS
from core.networks.weights import read
from core.sweep import sweep_over, values_of
from core.training.team import Team
from tests import pretend, tiny
from tests.methods.stop.test_train_own import HOW, videos
from tests.methods.test_contract import CLIP, moves, run, same

WITHIN = 1e-4  # attention is computed step by step under `pretend`, and in one kernel on the CPU
# Waits of a first run with everything asked for, at most. STOP: the mask's key, the counts, and whether a prompt is silent.
# An image through torchvision's detector: four lists of as many boxes as are found, and two levels read by three heads; then
# its boxes, classes, scores, embeddings and masks come back.
# A selector: its scores come back once, to be put in order, and pictures as small as here for their key. TSPO: its draws, and
# among how many candidates they are, too.
# VideoStreaming: a key for each of six clips; the clips' spans, the scores' order and the likeliest answer, of the question
# shown and again of all that are asked; two answers in words, each by its places and its probabilities; whether there are
# probes; keys of what is true and of the pictures.
# Who writes captions knows after each word whether it was the last one: SwinBERT writes one under each of eight masks, one more
# and some that are drawn; VideoLucy's eye one for all periods that it looks at together.
WAITS = {
    "stop": 3, "stop_released": 7, "stpn": 140, "uniform": 1, "random_frames": 2, "clip_topk": 2, "tspo": 4,
    "videostreaming": 19, "swinbert": 140, "videolucy": 60,
}  # fmt: skip


def pytest_generate_tests(metafunc):
    if "name" in metafunc.fixturenames:
        metafunc.parametrize("name", METHODS)


def engine(device="cuda", **asked):
    """An engine with networks of its own: moving them takes them from every other."""
    return tiny.engine(tiny.towers(), device=device, models=models(), **asked)


def models():
    clip = tiny.towers()
    own = {"stop_first": tiny.prompters(clip, 1), "stop_all": tiny.prompters(clip, clip.network.vision.depth)}
    own |= {
        "stpn": tiny.stpn.__wrapped__(),
        "stop_released": tiny.released.__wrapped__(),
        "swinbert": tiny.captioners.__wrapped__(),
    }
    return {"clip": clip, **own, "videolucy": tiny.replies(), "videolucy_pictures": tiny.replies()}


def test_every_method_gives_there_what_it_gives_here_whatever_the_knobs(name):
    """A clip is read through once: frame after frame is the same again."""
    reference = engine("cpu")
    with pretend.gpu():
        there, soon = engine(), [one.stage for one in METHODS[name].outputs if not isinstance(one, (Tracks, Followed))]
        for knobs in ({}, *({knob: values[-1]} for knob, values in moves(there, name))):
            one, other = (run(each, name, outputs=soon if knobs else None, **knobs) for each in (reference, there))
            for stage, value in one.values.items():
                assert same(value, other[stage], WITHIN), (stage, knobs)
                if stage.rpartition("_")[2].isupper() and isinstance(value, torch.Tensor):
                    assert other[stage].device.type == "cuda", (stage, knobs)


def test_a_run_waits_for_the_device_only_where_a_number_must_be_known(name):
    with pretend.gpu() as seen:
        run(engine(), name)
        assert 0 < sum(seen.waits.values()) <= WAITS[name], seen.waits


def test_a_knob_of_masks_and_counts_waits_only_for_them():
    with pretend.gpu() as seen:
        there = engine()
        run(there, "stop")
        seen.waits.clear()
        run(there, "stop", alpha=0.9, outputs=("region_TP",))
        assert sum(seen.waits.values()) == 1  # the mask's key
        run(there, "stop", eta=1.0, outputs=("prompt_count_G",))
        assert sum(seen.waits.values()) == 2


def test_frames_go_up_once_and_from_pinned_memory(name):
    with pretend.gpu() as seen:
        there, method = engine(), METHODS[name]
        shown = None if "clip" in method.sources else method.until("now")  # other frames that are chosen are shown anew
        ran = run(there, name, outputs=shown).ran
        first = seen.pinned
        run(there, name, outputs=shown, **{knob: values[0] for knob, values in [next(moves(there, name))]})
        looks = any(signature(one).parameters.keys() & method.networks.keys() for one in method.stages if one.__name__ in ran)
        assert seen.pinned == first >= looks


def test_rounded_blocks_are_rounded_there_too():
    with pretend.gpu():
        exact, rounded = (run(engine(precision=one), "stop") for one in ("float32", "auto"))
        assert torch.equal(exact["dynamics_TP"], rounded["dynamics_TP"])
        assert 0 < (exact["attention_TP"] - rounded["attention_TP"]).abs().max().item() < 0.05
        assert all(value.dtype is not torch.bfloat16 for value in rounded.values.values() if isinstance(value, torch.Tensor))


@pytest.mark.parametrize("of", [lambda one: stop_subject(one, CLIP, tiny.TEXTS[:1]), lambda one: stpn_subject(one, CLIP)])
def test_explanations_and_their_tests_read_what_lies_there(of):
    here = attribution(of(engine("cpu")), "occlusion").map_TP
    with pretend.gpu():
        subject = of(engine())
        found = attribution(subject, "occlusion").map_TP
        assert isinstance(found, np.ndarray) and np.allclose(found, here, atol=1e-3)
        assert np.isfinite(faithfulness_of(subject, "occlusion", found).overall)


def test_self_checks_and_sweeps_read_what_lies_there():
    with pretend.gpu():
        for name in ("stop", "stpn"):
            assert {one.name: one.passed for one in self_check(engine(), name, CLIP, tiny.TEXTS)}["finite"]
        there = engine()
        axes = [(knob, values_of(there, "stop", knob, 3)) for knob in ("alpha", "eta")]
        swept = sweep_over(there, "stop", CLIP, *axes, "prompt_count_G", ("prompt_count_G", "sum"), tiny.TEXTS)
        assert np.isfinite(swept.numbers).all() and swept.numbers.shape == (3, 3)


def test_what_does_not_fit_is_one_sentence_and_leaves_nothing_behind(monkeypatch):
    one = tiny.engine()
    run(one, "stop")

    def full(*_):
        raise torch.OutOfMemoryError()

    monkeypatch.setattr(one.network("clip_towers").network.vision, "encode", full)
    with pytest.raises(ReaderError, match="5 frames through stop do not fit into the memory of cpu: take fewer frames"):
        run(one, "stop", alpha=0.0, kept=1)
    assert len(one.cache) == one.cache.bytes == 0


# ---- training, up to the backward pass --------------------------------------------------------------------------------


@pytest.fixture
def forward_only(monkeypatch):
    monkeypatch.setattr(torch.Tensor, "backward", lambda *_, **__: None)


@pytest.mark.usefixtures("forward_only")
@pytest.mark.parametrize("layers", [1, 3])
def test_stop_is_trained_on_what_lies_there(tmp_path, monkeypatch, layers):
    monkeypatch.setattr(stop, "score", lambda model, towers: {})
    with pretend.gpu():
        towers = tiny.towers()
        vision = towers.network.to("cuda").vision
        data = Data(pool(40, 4, "train", 8, tuple(vision.size)), grammar("train"), vision)
        asked = argparse.Namespace(steps=1, batch=2, rate=1e-2, clips=4)
        stop.train(towers, data, "full", layers, 0, tmp_path / "one.safetensors", asked)
    assert read(tmp_path / "one.safetensors")[0]


@pytest.mark.usefixtures("forward_only")
@pytest.mark.parametrize("variant", VARIANTS)
def test_stpn_is_trained_on_what_lies_there(tmp_path, monkeypatch, variant):
    monkeypatch.setattr(stpn, "score", lambda model, device: {})
    asked = argparse.Namespace(device="auto", batch=2, teach=1, start=1, steps=1, rate=1e-3, clips=2)
    with pretend.gpu():
        stpn.train(pool(100, 2, "val", 8, (128, 128)), variant, tmp_path / "one.safetensors", asked, steps=1, rate=1e-3)
    assert json.loads((tmp_path / "one.json").read_text())["made"]["device"] == "cuda"


@pytest.mark.usefixtures("forward_only")
@pytest.mark.parametrize("task", ["actions", "retrieval"])
def test_own_videos_are_trained_on_and_validated_there(tmp_path, monkeypatch, task):
    monkeypatch.setattr("core.data.frames.read_clip", lambda path, T, **_: tiny.clip(T, seed=len(path.name), H=32, W=48))
    recipe = own.Recipe(epochs=1, batch=8, rate=1e-2, validate=0, minutes=999)
    with pretend.gpu():
        alone, out = Team(torch.device("cuda")), tmp_path / "one.safetensors"
        own.train(tiny.towers(), videos(task), recipe, HOW, out, alone, lambda line: None)
    assert read(out)[0]


# ---- what is pretended ------------------------------------------------------------------------------------------------


def test_an_operation_over_both_memories_is_refused():
    with pretend.gpu():
        there = torch.ones(2, 3, device="cuda")
        here = torch.ones(3, 3)
        for wrong in (lambda: there + here[:2], lambda: there @ here, lambda: torch.cat([there, here])):
            with pytest.raises(RuntimeError, match="Expected all tensors to be on the same device"):
                wrong()
        assert (there * torch.tensor(2.0)).sum().item() == 12 and there[torch.tensor([1])].shape == (1, 3)
        with pytest.raises((TypeError, RuntimeError)):
            there.numpy()


def test_waits_are_counted():
    with pretend.gpu() as seen:
        there = torch.arange(6.0, device="cuda").view(2, 3)
        there.mul_(2).squeeze_().add(1).T.softmax(-1)
        assert not seen.waits
        assert there.sum().item() == 30 and there.cpu().shape == (2, 3) and there.tolist()[1] == [6.0, 8.0, 10.0]
        assert there[there > 3].device.type == "cuda" and len(there.nonzero()) == 5
        assert sum(seen.waits.values()) == 5
    assert not torch.cuda.is_available() or torch.cuda.device_count() > 0


def test_sizes_without_numbers_are_on_no_device():
    with pretend.gpu(), torch.device("meta"):
        made = (torch.tensor([1.0]), torch.zeros(2), torch.nn.Linear(2, 2).weight, torch.tensor([1.0]).to(torch.zeros(2)))
        assert {one.device.type for one in made} == {"meta"}
