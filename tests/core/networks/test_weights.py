"""Facts about weights: what is written is read back, what does not fit is named, and what is shipped scores what it says."""

import json
import os

import pytest
import timm
import torch
from safetensors.torch import load_file, save_file

from core import BadText, BadWeights, Engine
from core.methods.stop.networks import Prompters
from core.methods.stop.train import VARIANTS, load, score
from core.methods.stop.weights import load_prompters
from core.methods.stpn.weights import load_stpn
from core.networks.text import SmallText
from core.networks.vision import VisionTower, small_vit
from core.networks.weights import WEIGHTS, Loaded, load_clip, read, save, sha256, state_digest
from tests import tiny

SHAPE = dict(size=(32, 48), patch=16, width=32, depth=2, features=10)


@pytest.fixture
def written(tmp_path):
    """A small CLIP and its prompters on disk, as training writes them."""
    torch.manual_seed(0)
    vision, text = VisionTower(small_vit(**SHAPE)), SmallText(tiny.WORDS, features=10)
    about = dict(kind="clip", shape=SHAPE, vocabulary=list(tiny.WORDS), scale=7.5, made={"command": "test"})
    save(tmp_path / "clip.safetensors", {"vision": vision, "text": text}, about, {"right": 0.5})
    clip = load_clip(tmp_path / "clip.safetensors")
    for name, layers in (("stop_first", 1), ("stop_all", 2)):
        about = dict(kind="stop", variant="full", layers=layers, hidden=8, towers=clip.digest)
        save(tmp_path / f"{name}.safetensors", {"prompters": Prompters(layers, 32, 8)}, about, {})
    return tmp_path


def changed(file, tensors=None, about=None):
    """The same file with other tensors or another description."""
    held, told, _ = read(file)
    save_file(tensors or held, file, metadata={"about": json.dumps(told | (about or {}))})


# ---- ours ---------------------------------------------------------------------------------------------------------


def test_what_is_written_is_read_back_to_half_precision(written):
    torch.manual_seed(0)
    vision, text = VisionTower(small_vit(**SHAPE)), SmallText(tiny.WORDS, features=10)
    clip = load_clip(written / "clip.safetensors")
    for own, back in ((vision, clip.network.vision), (text, clip.network.text)):
        for name, tensor in own.state_dict().items():
            found = back.state_dict()[name]
            assert found.dtype == torch.float32 and torch.equal(found, tensor.half().float()), name
    assert clip.network.scale == 7.5 and clip.network.vision.size == (32, 48)
    assert clip.label == f"small CLIP trained on our synthetic clips · clip.safetensors · {clip.digest[:8]}"
    assert not clip.network.training and not any(one.requires_grad for one in clip.network.parameters())


def test_the_json_beside_says_what_the_file_is(written):
    told = json.loads((written / "clip.json").read_text())
    assert told["file"] == "clip.safetensors" and told["sha256"] == sha256(written / "clip.safetensors")
    assert told["scores"] == {"right": 0.5} and told["kind"] == "clip" and told["made"] == {"command": "test"}


def test_equal_trainings_write_equal_files_that_everyone_may_read(tmp_path):
    told, prompters = [], Prompters(1, 32, 8)
    before = os.umask(0o022)
    try:
        for minutes in (1.0, 2.0):
            made = dict(command="test", device="cpu", processes=int(minutes), minutes=minutes)
            save(tmp_path / "one.safetensors", {"prompters": prompters}, dict(kind="stop", made=made), {})
            told.append(json.loads((tmp_path / "one.json").read_text()))
    finally:
        os.umask(before)
    assert told[0]["sha256"] == told[1]["sha256"] and [one["made"]["minutes"] for one in told] == [1.0, 2.0]
    assert read(tmp_path / "one.safetensors")[1] == {"kind": "stop", "made": {"command": "test"}}
    assert (tmp_path / "one.safetensors").stat().st_mode & 0o777 == 0o644
    assert sorted(one.name for one in tmp_path.iterdir()) == ["one.json", "one.safetensors"]


def test_an_engine_runs_on_files(written):
    models = {name: str(written / f"{name}.safetensors") for name in ("clip", "stop_first", "stop_all")}
    engine = Engine("cpu", models=models)
    for depth in ("first", "all"):
        trace = engine.run("stop", tiny.clip(3), texts=["a ball"], depth=depth, kept=2)
        label = f"STOP prompters trained on our synthetic clips · stop_{depth}.safetensors"
        assert trace.weights[f"stop_{depth}"].startswith(label)


def test_towers_without_prompters_of_their_own_get_untrained_ones_and_say_so(written):
    loaded = load_prompters(load_clip(written / "clip.safetensors"), 1)
    assert "UNTRAINED" in loaded.label
    again = load_prompters(load_clip(written / "clip.safetensors"), 1)
    assert state_digest(loaded.network) == state_digest(again.network)  # the same at every start


def test_noise_on_untrained_prompters_changes_by_about_one():
    trace = tiny.engine().run("stop", tiny.clip(6, H=32, W=48), spatial=False, beta=0.0)
    assert 0.3 < trace["change_G"].mean() < 3


@pytest.mark.parametrize("harm, told", [
    (lambda file: file.unlink(), r"There is no weights file .*clip\.safetensors"),
    (lambda file: file.write_bytes(b"nothing of the kind"), r"clip\.safetensors is not a readable weights file"),
    (lambda file: file.write_bytes(file.read_bytes()[:-1000]), r"clip\.safetensors is not a readable weights file"),
    (lambda file: file.write_bytes(b""), r"clip\.safetensors is not a readable weights file"),
    (lambda file: save_file(load_file(file), file), r"clip\.safetensors has no 'visual.conv1.weight': it is no CLIP"),
    (lambda file: changed(file, about={"kind": "stop"}), r"clip\.safetensors holds stop, not a clip"),
    (lambda file: changed(file, {k: v for k, v in read(file)[0].items() if k != "vision.vit.cls_token"}),
     r"clip\.safetensors does not fit the network: 1 missing \['vit\.cls_token'\], 0 unexpected"),
    (lambda file: changed(file, read(file)[0] | {"text.odd": torch.zeros(1)}),
     r"0 missing \[\], 1 unexpected \['odd'\], 0 of another shape"),
    (lambda file: changed(file, read(file)[0] | {"text.norm.bias": torch.full((64,), torch.nan)}),
     r"clip\.safetensors holds numbers that are none \(NaN or infinite\) in text\.norm\.bias\."),
    (lambda file: changed(file, read(file)[0] | {"text.norm.bias": torch.zeros(3)}),
     r"0 unexpected \[\], 1 of another shape \['norm\.bias'\]"),
])  # fmt: skip
def test_a_file_that_does_not_fit_is_named_with_what_is_wrong(written, harm, told):
    harm(written / "clip.safetensors")
    with pytest.raises(BadWeights, match=told):
        load_clip(written / "clip.safetensors")


def test_prompters_of_other_towers_or_another_depth_are_refused(written):
    clip = load_clip(written / "clip.safetensors")
    with pytest.raises(BadWeights, match=r"stop_all\.safetensors holds STOP prompters for 2 layers, and 1 are asked for"):
        load_prompters(clip, 1, written / "stop_all.safetensors")
    with pytest.raises(BadWeights, match=r"stop_first\.safetensors was trained on other towers than the ones loaded \(tiny"):
        load_prompters(tiny.towers(), 1, written / "stop_first.safetensors")
    with pytest.raises(BadWeights, match=r"clip\.safetensors holds clip, not STOP prompters"):
        load_prompters(clip, 1, written / "clip.safetensors")
    with pytest.raises(BadWeights, match="There is no weights file 'none.safetensors'"):
        load_prompters(clip, 1, written / "none.safetensors")


def test_networks_at_hand_are_taken_as_they_are():
    loaded = tiny.towers()
    assert load_clip(loaded) is loaded
    own = Loaded(Prompters(1, 32, 8).eval(), "mine", "1")
    engine = Engine("cpu", models={"clip": loaded, "stop_first": own})
    assert engine.run("stop", tiny.clip(3), kept=2).weights == {"clip_towers": "tiny towers", "stop_first": "mine"}


# ---- timm -----------------------------------------------------------------------------------------------------------


def test_timm_towers_come_from_a_file_or_from_chance(tmp_path):
    torch.manual_seed(1)
    vit = timm.create_model("test_vit")
    torch.save(vit.state_dict(), tmp_path / "weights.pth")
    state = torch.get_rng_state()
    loaded, chance = load_clip(f"timm:test_vit:{tmp_path / 'weights.pth'}"), load_clip("random:test_vit")
    assert torch.equal(torch.get_rng_state(), state)  # nobody's chance is touched
    assert torch.equal(loaded.network.vision.vit.head.weight, vit.head.weight)
    assert loaded.label == f"test_vit · weights.pth · {loaded.digest[:8]}"
    assert chance.label == f"test_vit · RANDOM weights · {chance.digest[:8]}"
    assert loaded.digest != chance.digest == load_clip("random:test_vit").digest
    with pytest.raises(BadText, match="These weights have no text tower"):
        Engine("cpu", models={"clip": chance}).run("stop", tiny.clip(3), texts=["a ball"])
    assert Engine("cpu", models={"clip": chance}).run("stop", tiny.clip(3))["video_E"].shape == (1000,)


def test_timm_models_that_are_not_there_or_not_vision_transformers_are_refused(tmp_path):
    with pytest.raises(BadWeights, match="timm could not load no_such_model: "):
        load_clip("random:no_such_model")
    with pytest.raises(BadWeights, match="There is no weights file 'none.pth'"):
        load_clip(f"timm:test_vit:{tmp_path / 'none.pth'}")
    with pytest.raises(BadWeights, match="test_resnet is not a plain vision transformer"):
        load_clip("random:test_resnet")


# ---- what is shipped --------------------------------------------------------------------------------------------------

SHIPPED = sorted(WEIGHTS.rglob("*.safetensors"))


@pytest.mark.parametrize("file", SHIPPED, ids=lambda file: file.stem)
def test_a_shipped_file_is_what_its_json_says(file):
    told = json.loads(file.with_suffix(".json").read_text())
    assert told["sha256"] == sha256(file) and told["file"] == file.name
    assert told["scores"] and told["made"]["command"].startswith("python -m core.training")
    assert file.stat().st_size <= 15e6 and sum(one.stat().st_size for one in SHIPPED) <= 60e6


@pytest.mark.parametrize("depth", ["first", "all"])
def test_shipped_prompters_score_what_their_json_says(depth):
    file = WEIGHTS / f"stop_{depth}.safetensors"
    told = json.loads(file.with_suffix(".json").read_text())["scores"]["val_action"]
    clip = load_clip()
    found = score(load(file, clip), clip.network, clips=60)
    assert abs(found["val_action"] - told) < 0.1


def test_shipped_prompters_belong_to_the_shipped_towers():
    label = Engine("cpu").labels("stop")
    for depth in ("stop_first", "stop_all"):
        assert "UNTRAINED" not in label[depth]
    for file in (WEIGHTS / "compared").glob("stop_*.safetensors"):
        told = read(file)[1]
        assert told["towers"] == load_clip().digest and told["variant"] in VARIANTS


def test_shipped_variants_of_stpn_went_on_from_one_start_for_as_long_as_what_they_are_held_against():
    brief = WEIGHTS / "compared" / "brief"
    made = {
        f"{file.parent.name}/{file.stem}": json.loads(file.with_suffix(".json").read_text())["made"]
        for file in (*WEIGHTS.glob("stpn_*.safetensors"), *brief.glob("stpn_*.safetensors"))
    }
    assert len({tuple(one[name] for name in ("start", "rate", "batch", "clips")) for one in made.values()}) == 1
    steps = {name: one["steps"] for name, one in made.items()}
    assert steps["weights/stpn_baseline"] == steps["weights/stpn_attention_shallow"] == 2500
    others = {"attention_deep", "average_shallow", "mixer_shallow"}
    assert {steps[f"weights/stpn_{name}"] for name in others} == {steps["brief/stpn_baseline"]} == {700}


def test_what_was_trained_for_fewer_steps_is_said_to_be():
    said = load_stpn().label
    assert "· less trained: attention/deep (700 of 2500 steps), average/shallow" in said
    assert "mixer/shallow (700 of 2500 steps) · UNTRAINED" in said
