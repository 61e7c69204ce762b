"""Facts about what STPN's tower and predictor are taught beside detecting: what is asked for is what is there."""

import numpy as np
import pytest
import torch

from core.data.rendered import pool
from core.methods.stpn import shapes
from core.methods.stpn.batches import batch, truth_of
from core.methods.stpn.networks import ConvStem, small_stpn, small_swin
from core.methods.stpn.shapes import UNSURE, Heads, cells_of, shown, teach, turned
from core.networks.swin import SwinTower
from core.world import SHAPES

CPU = torch.device("cpu")
NONE = len(SHAPES)


@pytest.fixture(scope="module")
def samples():
    return pool(100, 6, "val", 8, (128, 128))


def test_a_pixel_shows_the_shape_of_the_thing_that_covers_it(samples):
    for sample in samples:
        picture_HW = shown(sample, 3)
        for thing in sample.scene.objects:
            assert (picture_HW[sample.instance_THW[3] == thing.id] == SHAPES.index(thing.shape)).all()
        assert (picture_HW[sample.instance_THW[3] == 0] == NONE).all()


def test_a_cell_names_what_covers_it_and_says_nothing_where_that_is_not_clear():
    picture_BHW = torch.full((1, 8, 12), NONE)
    picture_BHW[0, :4, :4] = 2  # the whole of the first cell
    picture_BHW[0, :4, 4:6] = 5  # half of the second
    picture_BHW[0, :1, 8:12] = 1  # a quarter of the third
    assert cells_of(picture_BHW, 3)[0].tolist() == [[2, 5, UNSURE], [NONE, NONE, NONE]]


def test_a_frame_is_turned_with_what_it_shows(samples):
    frame_HW4 = np.dstack([samples[0].frames_THWC[2], shown(samples[0], 2)])
    seen = {turned(frame_HW4, np.random.default_rng(seed)).tobytes() for seed in range(60)}
    assert len(seen) == 8  # four turns, mirrored or not
    for seed in range(8):
        one = turned(frame_HW4, np.random.default_rng(seed))
        thing = frame_HW4[..., 3] != NONE
        assert {*map(bytes, one[one[..., 3] != NONE])} == {*map(bytes, frame_HW4[thing])}


def test_prompts_are_asked_which_shapes_their_supports_show(samples, monkeypatch):
    monkeypatch.setattr("core.methods.stpn.batches.SPOILT_SUPPORTS", 0.0)
    for seed in range(5):
        one = batch(samples, 6, np.random.default_rng(seed), CPU)
        assert one.shown_BHW.shape == (6, 128, 128) and one.present_BC.shape == (6, NONE)
        for target, present_C, picture_HW in zip(one.targets, one.present_BC, one.shown_BHW, strict=True):
            if not len(target.id_N):
                continue
            sample = samples[int(target.id_N[0]) // 8]
            ever = {int(label) for t in range(8) for label in truth_of(sample, t, 0, CPU).label_N}
            assert {*torch.where(present_C > 0)[0].tolist()} <= ever
            assert {*target.label_N.tolist()} <= {*picture_HW.unique().tolist()}
        assert one.present_BC.sum() > 0


@pytest.mark.parametrize(("kind", "depth", "places"), [
    ("none", "shallow", 0), ("attention", "shallow", 1), ("average", "shallow", 1), ("mixer", "deep", 2),
])  # fmt: skip
def test_every_network_has_its_heads_and_all_losses_reach_what_they_teach(samples, kind, depth, places):
    torch.manual_seed(0)
    model = small_stpn(kind, depth)
    heads, one = Heads(model), batch(samples, 2, np.random.default_rng(0), CPU)
    assert len(heads.present) == places
    support = model.prompting.support(model.detector.tower, model.pixels(one.support_BKHWC.flatten(0, 1)))
    looked = model.prompting({at: each.detach().unflatten(0, (2, 2)) for at, each in support.items()}) if places else None
    maps = model.detector.features(model.pixels(one.current_BHWC), looked and looked.prompts)
    losses = heads.losses(maps, one.shown_BHW, looked, one.present_BC)  # colours are taught in one of the mixes
    assert set(losses) == {"loss_cells", "loss_present"} if places else {"loss_cells"}
    losses = heads.losses(maps, one.shown_BHW, looked, one.present_BC, torch.rand(2, NONE, 3))
    assert set(losses) == {"loss_cells", "loss_present", "loss_colour"} if places else {"loss_cells"}
    sum(losses.values()).backward()
    assert all(p.grad is not None and p.grad.any() for p in heads.parameters())
    if places:  # the last layer of every predictor
        assert all(part.fc.weight.grad.any() for part in model.prompting.parts.values())


def test_teaching_lowers_the_loss_and_goes_on_where_it_was(samples, tmp_path, monkeypatch):
    monkeypatch.setattr(shapes, "BATCH", 2)

    def taught(steps_then_stop):
        torch.manual_seed(0)
        model = small_stpn("none")
        out = tmp_path / f"to{steps_then_stop}"
        return model, teach(model, samples, out, steps_then_stop, 1e-3, CPU)

    model, checkpoint = taught(3)
    held = {name: one.clone() for name, one in model.detector.tower.state_dict().items()}
    again = small_stpn("none")
    teach(again, samples, tmp_path / "to3", 3, 1e-3, CPU)  # everything is in the checkpoint
    assert all(torch.equal(one, again.detector.tower.state_dict()[name]) for name, one in held.items())
    checkpoint.clear()
    fresh, _ = taught(3)
    assert all(torch.equal(one, fresh.detector.tower.state_dict()[name]) for name, one in held.items())  # the same again


def test_the_stem_quarters_any_size_and_looks_around_a_patch():
    tower = SwinTower(small_swin()).eval()
    assert tower.embed(torch.zeros(1, 3, 50, 66))[1] == (13, 17)
    pixels = torch.zeros(1, 3, 64, 64)
    with torch.no_grad():
        plain = tower.embed(pixels)[0]
        pixels[..., 33, 33] = 1.0
        moved = (tower.embed(pixels)[0] - plain).abs().sum(-1).view(16, 16)
    assert moved[8, 8] > 0 and moved[8, 6] > 0
    with pytest.raises(ValueError, match="patches of 4, got 8"):
        ConvStem(embed_dim=8, patch_size=8)


def test_a_map_that_says_what_covers_each_cell_has_no_loss(samples):
    """Also where it lies: the same map mirrored is wrong."""
    heads = Heads(small_stpn("none"))
    heads.cells = torch.nn.ModuleList(torch.nn.Identity() for _ in range(3))
    shown_BHW = torch.from_numpy(np.stack([shown(sample, 3) for sample in samples]))
    told = [cells_of(shown_BHW, columns).clamp(min=0) for columns in (32, 16, 8)]
    right = [20.0 * torch.nn.functional.one_hot(label_Bhw, NONE + 1).permute(0, 3, 1, 2) for label_Bhw in told]
    assert heads.cells_loss(right, shown_BHW) < 1e-3
    assert heads.cells_loss([one.flip(-1) for one in right], shown_BHW) > 1
