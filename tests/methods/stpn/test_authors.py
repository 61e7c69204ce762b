"""Facts about the released checkpoint's layout: a file of that layout, written here, is loaded whole and computes what a
plain reading of it computes. Widths are a sixth of Swin-T's; names, depths and window are its own."""

import pytest
import torch
import torch.nn.functional as F

from core import BadWeights
from core.methods.stpn.authors import AUTHORS, CLASSES, converted, load_authors, official, prepare
from core.networks.detector import Detector
from core.networks.swin import SwinTower
from core.networks.weights import sha256
from tests.methods.stpn.plain import (
    BACK,
    DVP,
    HEAD,
    HIDDEN,
    PADDED,
    PROMPTS,
    SIZE,
    WIDTH,
    plain_backbone,
    plain_detections,
    plain_features,
    plain_neck,
    plain_prompts,
    seeded,
)


@pytest.fixture(scope="module")
def tensors():
    return seeded()


@pytest.fixture(scope="module")
def file(tensors, tmp_path_factory):
    path = tmp_path_factory.mktemp("authors") / "epoch_9_model.pth"
    torch.save({"meta": {"epoch": 9}, "state_dict": tensors}, path)
    return path


@pytest.fixture(scope="module")
def stpn(file):
    return load_authors(file).network


@pytest.fixture(scope="module")
def pixels():
    """One frame and three supports, as their test has them: the picture, and zeros to the right and below."""
    made = torch.Generator().manual_seed(1)
    return F.pad(torch.randn(4, 3, *SIZE, generator=made), (0, PADDED[1] - SIZE[1], 0, PADDED[0] - SIZE[0]))


# ---- what is loaded -----------------------------------------------------------------------------------------------


def test_every_tensor_of_the_file_is_used_and_every_parameter_is_filled(stpn, tensors):
    own = stpn.state_dict()
    assert {official(name) for name in own} == {name for name in tensors if "relative_position_index" not in name}
    assert len({official(name) for name in own}) == len(own)
    for name, tensor in own.items():
        theirs = tensors[official(name)]
        reordered = any(part in name for part in ("downsample", "box_predictor"))
        assert torch.equal(tensor, converted(official(name), theirs) if reordered else theirs), name
        assert tensor.numel() == theirs.numel() + (0 if "bbox_pred" not in name or "roi" not in name else theirs[:4].numel())
    assert not stpn.training and not any(one.requires_grad for one in stpn.parameters())


def test_the_label_names_the_file_and_its_digest(file):
    loaded = load_authors(file)
    assert loaded.digest == sha256(file)
    assert loaded.label == f"STPN, released layout · epoch_9_model.pth · {loaded.digest[:8]}"


def test_the_settings_are_those_of_the_released_configuration(stpn):
    assert AUTHORS.classes == 30 == len(set(CLASSES)) and AUTHORS.channels == 256 and AUTHORS.hidden == 1024
    same = {name: value for name, value in AUTHORS.to_json().items() if name not in ("widths", "channels", "hidden")}
    assert same.items() <= stpn.detector.shape.to_json().items()
    assert stpn.detector.roi.box_coder.weights == (5.0,) * 4  # target_stds are 0.2, all four


def test_the_authors_own_size_has_as_many_parameters_as_theirs():
    """45,006,624 with the 111,552 of the predictor (shapes only: nothing is computed)."""
    import timm

    with torch.device("meta"):
        swin = timm.create_model("swin_tiny_patch4_window7_224", num_classes=0, always_partition=True)
        detector = Detector(SwinTower(swin), AUTHORS)
    background = 4 * (AUTHORS.hidden + 1)  # a box for the background, which theirs does not have
    assert sum(one.numel() for one in detector.parameters()) - background + 111_552 == 45_006_624


def test_the_background_is_first_here_and_the_classes_keep_their_order(stpn, tensors):
    head = stpn.detector.roi.box_predictor
    assert torch.equal(head.cls_score.bias[0], tensors[f"{HEAD}.fc_cls.bias"][30])
    assert torch.equal(head.cls_score.weight[1:], tensors[f"{HEAD}.fc_cls.weight"][:30])
    assert not head.bbox_pred.weight[:4].any() and not head.bbox_pred.bias[:4].any()
    assert torch.equal(head.bbox_pred.weight[4:], tensors[f"{HEAD}.fc_reg.weight"])


# ---- what it computes ---------------------------------------------------------------------------------------------


@torch.no_grad()
def test_maps_without_prompts_are_those_of_a_plain_reading(stpn, tensors, pixels):
    for one, plain in zip(stpn.detector.features(pixels[:1]), plain_backbone(tensors, pixels[0])):
        torch.testing.assert_close(one[0], plain, atol=1e-4, rtol=0)


@torch.no_grad()
def test_prompts_prompted_maps_and_pyramid_are_those_of_a_plain_reading(stpn, tensors, pixels):
    support_KDhw = torch.stack([plain_backbone(tensors, one)[3] for one in pixels[1:3]])
    prompt_QD = plain_prompts(tensors, support_KDhw)
    last_KDhw = stpn.detector.tower(pixels[1:3], stages=(3,)).maps[3]
    looked = stpn.prompting({(0, 0): last_KDhw.flatten(2).transpose(1, 2)[None]})
    assert looked is not None
    prompt_1QD = looked.prompts
    torch.testing.assert_close(prompt_1QD[0], prompt_QD, atol=1e-4, rtol=0)
    maps, plain = stpn.detector.features(pixels[:1], prompt_1QD), plain_backbone(tensors, pixels[0], prompt_QD)
    without = stpn.detector.features(pixels[:1])
    for one, other, bare in zip(maps, plain, without):
        torch.testing.assert_close(one[0], other, atol=1e-4, rtol=0)
        assert (one - bare).abs().max() > 0.1
    levels, plain = stpn.detector.levels(maps), plain_neck(tensors, plain)
    assert [tuple(one.shape[2:]) for one in levels.values()] == [(40, 52), (20, 26), (10, 13), (5, 7), (3, 4)]
    for one, other in zip(levels.values(), plain, strict=True):
        torch.testing.assert_close(one, other, atol=1e-4, rtol=0)


@torch.no_grad()
def test_detections_are_those_of_a_plain_reading(stpn, tensors, pixels):
    maps = stpn.detector.features(pixels[:1])
    (found,) = stpn.detector.heads(maps, SIZE)
    plain = plain_detections(tensors, list(stpn.detector.levels(maps).values()))
    assert len(plain) == len(found.box_N4) == 100
    assert found.label_N.tolist() == [label for _, label, _ in plain] and len(set(found.label_N.tolist())) > 3
    torch.testing.assert_close(found.score_N, torch.stack([score for _, _, score in plain]), atol=1e-5, rtol=0)
    torch.testing.assert_close(found.box_N4, torch.stack([box for box, _, _ in plain]), atol=1e-3, rtol=0)
    assert torch.isfinite(found.embedding_NE).all() and found.embedding_NE.shape == (100, HIDDEN)


@torch.no_grad()
def test_boxes_of_any_size_are_read_as_a_plain_reading_reads_them(stpn, tensors, pixels):
    levels = stpn.detector.levels(stpn.detector.features(pixels[:1]))
    side_N = torch.tensor([9.0, 50, 80, 111, 113, 150, 223, 225, 440, 450, 900])  # a box may reach beyond the picture
    box_N4 = torch.stack([side_N / 9, side_N / 7, side_N / 9 + 1.2 * side_N, side_N / 7 + side_N / 1.2], 1)
    (found_NF,) = stpn.detector.embeddings(levels, [box_N4])
    plain_NF = F.normalize(plain_features(tensors, list(levels.values()), box_N4), dim=-1)
    torch.testing.assert_close(found_NF, plain_NF, atol=1e-5, rtol=0)


def test_frames_are_prepared_as_in_their_test():
    frames_BHWC = torch.arange(2 * 90 * 160 * 3).reshape(2, 90, 160, 3).remainder(256).to(torch.uint8)
    prepared = prepare(frames_BHWC)
    assert prepared.size == (563, 1000) and tuple(prepared.pixels_BCHW.shape) == (2, 3, 576, 1008)  # 562.5 is rounded up
    assert not prepared.pixels_BCHW[:, :, 563:].any() and not prepared.pixels_BCHW[..., 1000:].any()
    whole = torch.tensor([[0.0, 0, 1000, 563]])
    torch.testing.assert_close(prepared.boxes(whole), torch.tensor([[0.0, 0, 160, 90]]))
    assert prepare(frames_BHWC[:, :, :90]).size == (600, 600)
    grey = prepare(torch.full((1, 90, 160, 3), 128, dtype=torch.uint8)).pixels_BCHW[0, :, 0, 0]
    torch.testing.assert_close(grey, (128 - torch.tensor([123.675, 116.28, 103.53])) / torch.tensor([58.395, 57.12, 57.375]))


# ---- what does not fit --------------------------------------------------------------------------------------------


class Thing:
    """An object of a class: loading it would run code."""


def saved(tmp_path, held):
    path = tmp_path / "other.pth"
    torch.save(held, path)
    return path


def test_a_file_of_bare_tensors_will_do(tmp_path, tensors):
    assert load_authors(saved(tmp_path, tensors)).network.prompting.parts.stage0block0.query.shape == (PROMPTS, WIDTH)


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"detector.neck.fpn_convs.2.conv.bias": None}, r"1 missing \['detector.neck.fpn_convs.2.conv.bias'\], 0 unexp"),
        ({f"{HEAD}.fc_cls.weight": None}, f"{HEAD}.fc_cls.weight is missing"),
        ({f"{DVP}.extra": torch.zeros(1)}, rf"0 missing \[\], 1 unexpected \['{DVP}.extra'\]"),
        (
            {"detector.rpn_head.rpn_cls.bias": torch.zeros(6)},
            r"1 of another shape or content \['detector.rpn_head.rpn_cls.bias'\]",
        ),
        ({f"{HEAD}.fc_reg.weight": torch.zeros(4, HIDDEN)}, rf"1 of another shape or content \['{HEAD}.fc_reg.weight'\]"),
        ({f"{BACK}.stages.0.downsample.norm.bias": torch.zeros(63)}, rf"\['{BACK}.stages.0.downsample.norm.bias'\]"),
        (
            {f"{BACK}.stages.1.blocks.1.attn.w_msa.relative_position_index": torch.zeros(49, 49, dtype=torch.int64)},
            rf"1 of another shape or content \['{BACK}.stages.1.blocks.1.attn.w_msa.relative_position_index'\]",
        ),
        ({f"{BACK}.stages.2.blocks.5.attn.w_msa.relative_position_bias_table": None}, r"blocks.5.attn.w_msa.relative_pos"),
        ({f"{BACK}.patch_embed.projection.weight": torch.zeros(15, 3, 4, 4)}, "no Swin with a pyramid has its shapes"),
        ({f"{BACK}.patch_embed.projection.weight": torch.zeros(())}, "no Swin with a pyramid has its shapes"),
    ],
)
def test_what_does_not_fit_is_named(tmp_path, tensors, changed, told):
    held = {name: one for name, one in (tensors | changed).items() if one is not None}
    with pytest.raises(BadWeights, match=told):
        load_authors(saved(tmp_path, held))


def test_what_is_no_checkpoint_is_refused_in_a_sentence(tmp_path, tensors):
    with pytest.raises(BadWeights, match="no weights file 'none.pth'"):
        load_authors(tmp_path / "none.pth")
    (tmp_path / "text.pth").write_text("no weights")
    with pytest.raises(BadWeights, match="text.pth is not a readable weights file: it is a text, not weights"):
        load_authors(tmp_path / "text.pth")
    with pytest.raises(BadWeights, match="holds no tensors by name"):
        load_authors(saved(tmp_path, {"epoch": 9}))
    load_authors(saved(tmp_path, {"state_dict": tensors, "ran": Thing()}))  # what is no tensor is not read, and not made
