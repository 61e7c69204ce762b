"""Facts about STPN's files: what is loaded from where, what is built untrained instead, and what the label says of it."""

import pytest
import torch

from core import BadKnob, BadWeights
from core.methods.stpn import weights as stpn_weights
from core.methods.stpn.authors import CLASSES
from core.methods.stpn.weights import BASELINE, VARIANTS, file_of, load_stpn
from core.networks.weights import save
from tests.methods.stpn.plain import seeded


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Two trained variants, as the training writes them."""
    made = tmp_path_factory.mktemp("weights")
    for variant in (BASELINE, "attention/shallow"):
        model = stpn_weights.build(variant)
        about = dict(kind="stpn", variant=variant, prompts=5, shape=model.detector.shape.to_json())
        save(file_of(made, variant), {"stpn": model}, about, {})
    return made


def test_what_has_no_file_is_built_untrained_and_said_to_be(folder):
    loaded = load_stpn(folder)
    random = ", ".join(one for one in VARIANTS if one not in (BASELINE, "attention/shallow"))
    assert loaded.label.endswith(f" · UNTRAINED: {random}") and "attention/shallow " in loaded.label
    assert tuple(loaded.network.nets) == VARIANTS and loaded.network.prompts == 5 and loaded.network.grid() == (8, 8)
    again = load_stpn(folder)
    assert again.digest == loaded.digest and again.label == loaded.label
    for one, other in zip(loaded.network.state_dict().values(), again.network.state_dict().values()):
        assert torch.equal(one, other)
    assert not any(one.training for one in loaded.network.modules())
    assert not any(one.requires_grad for one in loaded.network.parameters())


def test_a_file_takes_the_place_of_its_variant_alone(folder, monkeypatch):
    monkeypatch.setattr(stpn_weights, "WEIGHTS", folder)
    shipped, own = load_stpn(), stpn_weights.build("attention/shallow")
    file = folder / "mine" / "mine.safetensors"
    save(file, {"stpn": own}, dict(kind="stpn", variant="attention/shallow", prompts=5, shape=own.detector.shape.to_json()), {})
    loaded = load_stpn(file)
    query = loaded.network.pick("attention/shallow").prompting.parts["stage0block0"].query
    assert torch.equal(query, own.prompting.parts["stage0block0"].query.detach().half().float())
    assert loaded.label.partition("UNTRAINED")[2] == shipped.label.partition("UNTRAINED")[2] and loaded.digest != shipped.digest
    for name in (BASELINE, "mixer/deep"):
        pair = zip(loaded.network.pick(name).parameters(), shipped.network.pick(name).parameters())
        assert all(torch.equal(one, other) for one, other in pair)


def test_a_file_that_is_no_stpn_is_refused_with_a_sentence(folder, tmp_path):
    save(tmp_path / "clip.safetensors", {"a": torch.nn.Linear(1, 1)}, dict(kind="clip"), {})
    save(tmp_path / "odd.safetensors", {"a": torch.nn.Linear(1, 1)}, dict(kind="stpn", variant="none/deep"), {})
    (tmp_path / "empty").mkdir()
    for file, told in (
        (tmp_path / "clip.safetensors", "clip.safetensors holds clip, not STPN."),
        (tmp_path / "odd.safetensors", "odd.safetensors holds the variant 'none/deep'; the variants are baseline, "),
        (tmp_path / "empty", "There are no STPN weights in empty: they are called stpn_attention_shallow.safetensors "),
        (tmp_path / "none.safetensors", "There is no weights file 'none.safetensors' "),
        (tmp_path / "none.pth", "There is no weights file 'none.pth' "),
    ):
        with pytest.raises(BadWeights) as wrong:
            load_stpn(file)
        assert str(wrong.value).startswith(told)


def test_the_authors_checkpoint_is_one_variant_and_stands_in_for_its_own_baseline(tmp_path):
    torch.save({"state_dict": seeded()}, tmp_path / "epoch_9_model.pth")
    loaded = load_stpn(tmp_path / "epoch_9_model.pth")
    variants = loaded.network
    assert loaded.label.startswith("STPN, released layout") and "no single-frame baseline" in loaded.label
    assert variants.baseline is variants.pick("attention/shallow") and variants.classes == CLASSES
    assert variants.grid() == (19, 32) and variants.pick("attention/shallow").detector.shape.order == "released"
    frames = torch.zeros(1, 40, 56, 3, dtype=torch.uint8)
    assert variants.sized(frames) is frames and variants.prepare(frames).size == (600, 840)
    with pytest.raises(BadKnob, match="These weights are of attention/shallow, and there are none of mixer/deep."):
        variants.pick("mixer/deep")
