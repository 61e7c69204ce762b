"""Facts about the detector: its parts against plain sums, and that it learns."""

import json
from dataclasses import replace

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from timm.models.swin_transformer import SwinTransformer
from torchvision.ops import box_iou

from core.networks.detector import (
    TEMPERATURE,
    AlignedPool,
    Anchors,
    Detector,
    DetectorShape,
    Found,
    Target,
    as_images,
    contrast,
    jittered,
    paste,
)
from core.networks.swin import SwinTower
from core.world import SHAPES, render, sample_scene, segment_centres

SMALL = DetectorShape(widths=(16, 32, 64), channels=16, hidden=32, anchor=3.0, finest=8.0, embedding=8, mask=8)


def small(shape=SMALL):
    """A detector on a Swin of one block a stage."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        swin = SwinTransformer(
            img_size=64, embed_dim=16, depths=(1, 1, 1), num_heads=(1, 2, 4), window_size=4, num_classes=0,
            always_partition=True, drop_path_rate=0.0,
        )  # fmt: skip
        return Detector(SwinTower(swin), shape).eval()


def levels(shape, H, W, seed=0):
    """A pyramid of chance, for an image of H × W."""
    made = torch.Generator().manual_seed(seed)
    strides = (*shape.strides, 2 * shape.strides[-1]) if shape.extra else shape.strides
    sizes = [(-(-H // s), -(-W // s)) for s in strides]
    return {str(i): torch.randn(1, shape.channels, *size, generator=made) for i, size in enumerate(sizes)}


def seen(seed, frames=3, size=(64, 64)):
    """A clip of the world as pixels [T, 3, H, W], and what is in each frame."""
    scene = sample_scene(seed, action="moves left", distractors=2, size=size)
    frames_THWC, truth = render(scene, segment_centres(scene.seconds, frames))
    label_O = torch.tensor([SHAPES.index(thing.shape) for thing in scene.objects])
    targets = []
    for box_O4, instance_HW in zip(truth.box_TO4, torch.from_numpy(truth.instance_THW)):
        there = np.flatnonzero(~np.isnan(box_O4).any(-1))
        mask_NHW = torch.stack([(instance_HW == o + 1).to(torch.uint8) for o in there])
        box_N4 = torch.from_numpy(box_O4[there]).float()
        targets.append(Target(box_N4, label_O[there], mask_NHW, torch.from_numpy(100 * seed + there)))
    return torch.from_numpy(frames_THWC).permute(0, 3, 1, 2) / 127.5 - 1, targets


# ---- the parts ----------------------------------------------------------------------------------------------------


def test_a_shape_survives_json():
    shape = replace(SMALL, ratios=(0.5, 1.0, 2.0), extra=True)
    assert DetectorShape.of(json.loads(json.dumps(shape.to_json()))) == shape


def test_anchors_lie_on_multiples_of_the_stride_in_images_of_any_size():
    shape = replace(SMALL, strides=(4, 32), widths=(8, 8), extra=True, anchor=8.0, ratios=(0.5, 2.0))
    maps = list(levels(shape, 40, 1008).values())
    images, _ = as_images({"0": maps[0]}, (40, 1008))
    (found_N4,) = Anchors(shape)(images, maps)
    plain = [
        (x * stride - w / 2, y * stride - h / 2, x * stride + w / 2, y * stride + h / 2)
        for stride, one in zip((4, 32, 64), maps)
        for y in range(one.shape[2])
        for x in range(one.shape[3])
        for w, h in [(8 * stride / r**0.5, 8 * stride * r**0.5) for r in shape.ratios]
    ]
    assert maps[1].shape[3] == 32  # 1008 // 32 is 31: torchvision's own would put them 31 pixels apart
    torch.testing.assert_close(found_N4, torch.tensor(plain))


def test_boxes_are_read_from_the_level_their_size_asks_for():
    pool = AlignedPool(7, replace(SMALL, strides=(4, 8, 16, 32), finest=56.0))
    side_R = torch.tensor([1.0, 56, 111, 112, 223, 224, 447, 448, 2000])
    box_R4 = torch.stack([torch.zeros(9), torch.zeros(9), 2 * side_R, side_R / 2], 1)  # √area is what counts
    assert pool.level_of(box_R4).tolist() == [0, 0, 0, 1, 1, 2, 2, 3, 3]


def test_pooling_is_bilinear_at_the_centres_of_cells():
    """With one sample a bin, a bin's value is the map's at the bin's middle, the centre of cell i being at (i + ½)·stride."""
    shape = replace(SMALL, strides=(4, 8), widths=(8, 8), samples=1, finest=16.0)
    maps = {name: one for name, one in levels(shape, 64, 96).items()}
    box_R4 = torch.tensor([[9.0, 17, 27, 36], [10, 8, 70, 50]])  # one is read from each level
    found = AlignedPool(3, shape)(maps, [box_R4])
    for box, one, read in zip(box_R4, maps.values(), found):
        bins = (torch.arange(3) + 0.5) / 3
        x, y = (box[i] + (box[i + 2] - box[i]) * bins for i in (0, 1))
        size_xy = torch.tensor([96.0, 64.0])  # grid_sample: −1 and 1 are the image's edges
        grid = torch.stack(torch.meshgrid(x, y, indexing="xy"), -1) / size_xy * 2 - 1
        plain = F.grid_sample(one, grid[None], align_corners=False)[0]
        torch.testing.assert_close(read, plain, atol=1e-5, rtol=1e-4)


def test_contrast_is_the_mean_over_views_of_their_own_objects_log_softmax():
    torch.manual_seed(0)
    view_RE, id_R = F.normalize(torch.randn(6, 4), dim=-1), torch.tensor([3, 3, 5, 3, 5, 9])
    total = 0.0
    for i in range(6):
        others = [j for j in range(6) if j != i]
        log_sum = torch.logsumexp(torch.stack([view_RE[i] @ view_RE[j] / TEMPERATURE for j in others]), 0)
        own = [view_RE[i] @ view_RE[j] / TEMPERATURE - log_sum for j in others if id_R[i] == id_R[j]]
        total -= sum(own) / len(own) if own else 0.0  # the sixth has nobody
    torch.testing.assert_close(contrast(view_RE, id_R), torch.as_tensor(total / 6))
    assert contrast(view_RE[:0], id_R[:0]) == 0


def test_jitter_moves_edges_by_less_than_a_sixth_of_the_side():
    torch.manual_seed(0)
    box_N4 = torch.tensor([[10.0, 20, 40, 30]]).repeat(200, 1)
    moved_N4 = (jittered(box_N4) - box_N4).abs() / torch.tensor([30.0, 10, 30, 10])
    assert 0.1 < moved_N4.max() <= 0.15 + 1e-6


# ---- the whole ----------------------------------------------------------------------------------------------------


def test_features_are_computed_once_and_read_often():
    detector, (pixels, _) = small(replace(SMALL, score=0.0)), seen(3)
    with torch.no_grad():
        maps = detector.features(pixels)
        first, again = detector.heads(maps, (64, 64)), detector(pixels)
        prompted = detector.heads(detector.features(pixels, torch.randn(1, 5, 16)), (64, 64))
    assert [tuple(one.shape) for one in maps] == [(3, 16, 16, 16), (3, 32, 8, 8), (3, 64, 4, 4)]
    for one, other, third in zip(first, again, prompted):
        assert torch.equal(one.box_N4, other.box_N4) and torch.equal(one.embedding_NE, other.embedding_NE)
        assert not torch.equal(one.score_N, third.score_N)
        assert len(one.box_N4) == SMALL.detections and one.embedding_NE.shape == (SMALL.detections, 8)
        assert one.label_N.min() >= 0 and one.label_N.max() < SMALL.classes
        assert one.mask_NMM is not None and one.mask_NMM.shape[1:] == (28, 28)
        torch.testing.assert_close(one.embedding_NE.norm(dim=-1), torch.ones(SMALL.detections))


def test_a_given_box_is_embedded_as_the_same_box_found():
    detector, (pixels, _) = small(replace(SMALL, score=0.0)), seen(3)
    with torch.no_grad():
        maps = detector.levels(detector.features(pixels))
        found = detector.find(maps, (64, 64))
        given = detector.embeddings(maps, [one.box_N4[:2] for one in found])
    for one, own in zip(found, given):
        torch.testing.assert_close(own, one.embedding_NE[:2])


def test_boxes_end_with_the_picture_and_not_with_its_padding():
    detector = small(replace(SMALL, score=0.0))
    with torch.no_grad():
        (found,) = detector.heads(detector.features(torch.randn(1, 3, 64, 64)), (40, 52))
    assert found.box_N4[:, 2].max() <= 52 and found.box_N4[:, 3].max() <= 40 and found.box_N4.min() >= 0


def test_without_masks_and_embeddings_the_feature_itself_is_the_embedding():
    detector = small(replace(SMALL, score=0.0, mask=0, embedding=0))
    with torch.no_grad():
        (found,) = detector(torch.randn(1, 3, 64, 64))
    assert found.mask_NMM is None and found.embedding_NE.shape[1] == SMALL.hidden
    with pytest.raises(ValueError, match="no masks"):
        paste(found, (64, 64))


def test_a_mask_is_pasted_into_its_box():
    box_N4 = torch.tensor([[8.0, 16, 40, 32]])
    found = Found(box_N4, torch.tensor([0]), torch.ones(1), torch.ones(1, 4), torch.ones(1, 28, 28))
    mask_HW = paste(found, (48, 64))[0] > 0.5
    assert mask_HW[17:31, 9:39].all() and not mask_HW[:15].any() and not mask_HW[:, 42:].any() and mask_HW.shape == (48, 64)


def test_train_and_eval_are_not_mixed_up():
    detector, (pixels, targets) = small(), seen(3)
    with pytest.raises(ValueError, match="train mode"):
        detector(pixels, None, targets)
    with pytest.raises(ValueError, match="eval mode"):
        detector.train()(pixels)


def test_frames_without_objects_and_clips_without_ids_can_be_trained_on():
    detector = small().train()
    nothing = Target(torch.zeros(0, 4), torch.zeros(0, dtype=torch.int64), torch.zeros(0, 64, 64, dtype=torch.uint8))
    losses = detector(torch.randn(1, 3, 64, 64), None, [nothing])
    assert "loss_embedding" not in losses and all(torch.isfinite(one) for one in losses.values())
    nobody = replace(nothing, id_N=nothing.label_N)
    assert detector(torch.randn(1, 3, 64, 64), None, [nobody])["loss_embedding"] == 0


def test_a_small_detector_learns_two_clips_of_the_world():
    torch.manual_seed(0)
    clips = [seen(3, frames=2), seen(4, frames=2)]
    pixels, targets = torch.cat([one[0] for one in clips]), clips[0][1] + clips[1][1]
    detector = small().train()
    optimizer = torch.optim.AdamW(detector.parameters(), lr=4e-3)
    told = []
    for _ in range(40):
        losses = detector(pixels, None, targets)
        optimizer.zero_grad()
        torch.stack(list(losses.values())).sum().backward()
        torch.nn.utils.clip_grad_norm_(detector.parameters(), 1.0)
        optimizer.step()
        told.append({name: one.item() for name, one in losses.items()})
    names = "objectness", "rpn_box_reg", "classifier", "box_reg", "mask", "embedding"
    assert told[0].keys() == {f"loss_{name}" for name in names}
    assert all(one.grad is not None for one in detector.parameters())
    # not of box_reg: it is a sum over the proposals that hit, and these become more
    for name in told[0].keys() - {"loss_box_reg"}:
        assert np.mean([one[name] for one in told[-5:]]) < np.mean([one[name] for one in told[:5]]), name
    total = [sum(one.values()) for one in told]
    print(total[::5])
    assert np.mean(total[-5:]) < 0.5 * np.mean(total[:5])
    with torch.no_grad():
        found = detector.eval()(pixels)
    hits = [
        bool(((box_iou(one.box_N4, box_4[None])[:, 0] > 0.5) & (one.label_N == label)).any())
        for one, target in zip(found, targets)
        for box_4, label in zip(target.box_N4, target.label_N)
    ]
    print(hits)
    assert np.mean(hits) > 0.5
