"""Facts about the self-check: shipped networks pass it, and what is broken does not."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from core import METHODS, Clip, Engine
from core.explain import self_check, selfcheck
from core.methods import with_part
from core.methods.stop import selfcheck as stop_selfcheck
from core.methods.stpn import selfcheck as stpn_selfcheck
from core.progress import Cancelled
from tests import tiny


@pytest.fixture(scope="module")
def shipped():
    return Engine("cpu")


def test_the_shipped_networks_pass_their_checks(shipped):
    for method in ("stop", "stpn"):
        checks = {one.name: one for one in self_check(shipped, method, tiny.clip(T=4))}
        assert all(one.passed for name, one in checks.items() if name != "random weights"), checks
        assert all("sha256 as in the JSON" in one.sentence for name, one in checks.items() if name.startswith("weights"))
        assert len(checks["random weights"].maps) == 2 and abs(checks["random weights"].value) < 0.9
        assert all(one.sentence.endswith(".") for one in checks.values())


@pytest.mark.parametrize("method", ["stop", "stpn"])
def test_patches_in_another_order_fail_the_orientation(method, monkeypatch, shipped):
    check = selfcheck.parts_of(method).orientation
    assert check(shipped, {}).passed
    own = {"stop": stop_selfcheck, "stpn": stpn_selfcheck}[method]
    original = selfcheck.bright_patch

    def mirrored(size, grid, places):
        clip = original(size, grid, places)
        return Clip(clip.frames_THWC[:, :, ::-1].copy(), clip.time_T, clip.source_T)

    monkeypatch.setattr(own, "bright_patch", mirrored)
    if method == "stop":
        assert not check(shipped, {}).passed
    monkeypatch.setattr(own, "bright_patch", lambda size, grid, places: original(size, grid, [27] * len(places)))
    assert not check(shipped, {}).passed


def test_sums_and_numbers_are_looked_at(engine):
    assert selfcheck.sums_to_one({"a": torch.ones(3), "b": torch.ones(2) + 1e-6}).passed
    wrong = selfcheck.sums_to_one({"a": torch.ones(3), "b": torch.tensor([1.0, 0.9])})
    assert not wrong.passed and wrong.sentence.startswith("A row of b is 0.1 off 1")
    trace = engine.run("stpn", tiny.clip(T=3), outputs=["change", "plain", "predicted", "prompted_found"], t=2)
    assert selfcheck.finite(trace).passed
    broken = replace(trace, values=dict(trace.values) | {"change": {0: torch.tensor([0.0, float("nan")])}})
    assert not selfcheck.finite(broken).passed and "change" in selfcheck.finite(broken).sentence


@pytest.mark.parametrize("registers", [0, 2])
def test_attention_to_special_tokens_is_what_the_softmax_gives_them(registers):
    engine, clip = tiny.engine(tiny.towers(registers=registers)), tiny.clip()
    trace = engine.run("stop", clip, layer=2)
    vision = engine.network("clip_towers").network.vision
    block = vision.vit.blocks[1]
    tokens = block_in = vision.vit.blocks[0](trace["tokens_TSD"])
    attn = block.attn
    query, key, _ = attn.qkv(block.norm1(block_in)).unflatten(-1, (3, attn.num_heads, -1)).permute(2, 0, 3, 1, 4)
    share = (query[:, :, :1] @ key.transpose(-1, -2) * attn.scale).softmax(-1)[..., : 1 + registers].sum(-1).mean()
    check = stop_selfcheck.special(engine, trace, {"layer": 2})
    assert check.value == pytest.approx(share.item(), abs=1e-5) and 0 < share < 1 and len(tokens)
    assert ("2 registers" in check.sentence) == (registers == 2)


def test_untrained_weights_do_not_pass(shipped):
    bare = Engine("cpu", {"clip": tiny.towers()})  # no prompters were trained on these towers
    names = {one.name: one.passed for one in self_check(bare, "stop", tiny.clip(T=3), kept=2)}
    assert names["weights: clip_towers"] and not names["weights: stop_first"]
    label = shipped.labels("stpn")["stpn"]
    assert stpn_selfcheck.trained(label, {"predictor": "attention", "depth": "shallow"})
    assert not stpn_selfcheck.trained(label, {"predictor": "mixer", "depth": "deep"})


def test_random_weights_are_the_same_numbers_in_another_order(engine):
    twins = selfcheck.scrambled(engine, "stop")
    own = dict(engine.network("clip_towers").network.named_parameters())
    other = dict(twins["clip"].network.named_parameters())
    assert all(torch.equal(one.flatten().sort().values, other[name].flatten().sort().values) for name, one in own.items())
    assert not all(torch.equal(one, other[name]) for name, one in own.items())
    again = dict(selfcheck.scrambled(engine, "stop")["clip"].network.named_parameters())
    assert all(torch.equal(one, again[name]) for name, one in other.items())


def test_a_map_that_does_not_ask_the_weights_fails_and_is_shown_beside_its_twin(engine):
    light = lambda engine, clip: clip.frames_THWC.mean((2, 3))  # noqa: E731
    check = selfcheck.random_weights(engine, "stop", tiny.clip(T=3), light)
    assert not check.passed and check.value == 1 and np.array_equal(*check.maps)
    told = []
    self_check(engine, "stop", tiny.clip(T=3), map_of=light, progress=told.append, kept=2)
    assert told[0] == 0 and told[-1] == 1
    with pytest.raises(Cancelled):
        self_check(engine, "stop", tiny.clip(T=3), cancelled=lambda: True)


@pytest.mark.parametrize("method", with_part("selfcheck"))
def test_the_twin_with_random_weights_can_be_stopped_and_holds_no_results(monkeypatch, method):
    engine, twins, run, asked = tiny.engine(), [], Engine.run, []

    def noted(one, *given, **named):
        if one is not engine:
            twins.append(one)
        return run(one, *given, **named)

    def stops():
        asked.append(bool(twins))
        return sum(asked) == 2  # the second time that the twin asks

    monkeypatch.setattr(Engine, "run", noted)
    checks = self_check(engine, method, tiny.clip(T=5))
    assert len(twins) == 1 and len(twins[0].cache) == 0 and checks[-1].name == "random weights"
    twins.clear()
    with pytest.raises(Cancelled):
        self_check(engine, method, tiny.clip(T=5), cancelled=stops)
    assert len(twins) == 1


def test_no_twin_is_made_for_whoever_has_left(monkeypatch):
    engine, gone = tiny.engine(), []
    light = lambda engine, clip: gone.append(True) or clip.frames_THWC.mean((2, 3))  # noqa: E731
    monkeypatch.setattr(selfcheck, "scrambled", lambda *given: pytest.fail("nobody waits for it"))
    with pytest.raises(Cancelled):
        selfcheck.random_weights(engine, "stop", tiny.clip(T=3), light, cancelled=lambda: bool(gone))


def test_every_method_that_is_explained_has_checks():
    # the released code shows what is computed, and who chooses frames answers nothing: both explain no answer
    assert set(with_part("selfcheck")) == set(with_part("explain")) == {"stop", "stpn"} < set(METHODS)
