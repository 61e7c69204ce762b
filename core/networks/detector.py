"""Boxes, masks and instance embeddings from a tower's feature maps: the pyramid and the two stages of Faster R-CNN (Ren et
al., 2015; Lin et al., 2017) and the masks of Mask R-CNN (He et al., 2017), built of torchvision's parts.

Features are computed once, with prompts or without, and read as often as is asked:

    detector = Detector(tower, DetectorShape())
    maps = detector.features(pixels_BCHW, prompts)       # or without prompts
    found = detector.heads(maps, (128, 128))             # a Found for each image
    losses = detector.train().heads(maps, (128, 128), targets)

The embedding is for linking a frame's instances with another's. Our reading: MinVIS (Huang et al.,
2022) links the queries of Mask2Former; a box detector has none, so a linear layer on the RoI's feature stands in for them,
trained so that two views of one object agree and those of two objects do not.

Letters: B images, C channels, H W pixels, h w a map's, N boxes of one image, R boxes of the whole batch, F width of the RoI's
feature, E embedding, M side of a mask. Boxes are x0, y0, x1, y1 in pixels of the image the tower was given.
"""

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import overload

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torchvision.models.detection.anchor_utils import AnchorGenerator
from torchvision.models.detection.faster_rcnn import FastRCNNPredictor, TwoMLPHead
from torchvision.models.detection.image_list import ImageList
from torchvision.models.detection.mask_rcnn import MaskRCNNHeads, MaskRCNNPredictor
from torchvision.models.detection.roi_heads import RoIHeads, paste_masks_in_image
from torchvision.models.detection.rpn import RegionProposalNetwork, RPNHead
from torchvision.ops import FeaturePyramidNetwork, roi_align
from torchvision.ops.feature_pyramid_network import LastLevelMaxPool

from core.networks.tower import Tower

TEMPERATURE = 0.1  # of the embedding's contrast


@dataclass(frozen=True)
class DetectorShape:
    """What a detector is made of. The defaults suit things of 20–40 pixels in a frame of 128×128."""

    classes: int = 8
    widths: tuple[int, ...] = (48, 96, 192)  # channels of the tower's maps, finest first
    strides: tuple[int, ...] = (4, 8, 16)  # pixels between two cells of each
    order: str = "plain"  # how the tower merges prompts, see `swin.merge_prompts`
    channels: int = 64  # of every level of the pyramid
    extra: bool = False  # one more, coarser level for the proposals: every second cell of the last
    anchor: float = 4.0  # side of an anchor, in strides
    ratios: tuple[float, ...] = (1.0,)  # heights by widths of anchors
    finest: float = 16.0  # boxes less than twice this side, in pixels, are read from the finest level
    samples: int = 2  # points a bin and axis in RoIAlign; 0: as many as there are cells
    hidden: int = 128  # F
    deviation: float = 0.2  # of the box deltas that the second stage gives out
    candidates: int = 200  # a level, before suppression
    proposals: int = 60  # an image, after it
    sampled: int = 32  # anchors, and proposals, that an image's losses are measured at
    score: float = 0.05  # least of a detection
    overlap: float = 0.5  # IoU above which the lesser of two of one class goes
    detections: int = 20  # an image
    embedding: int = 32  # E; 0: the RoI's feature itself
    mask: int = 32  # width of the mask head, 0: no masks

    @staticmethod
    def of(said: dict) -> "DetectorShape":
        """From what JSON makes of `asdict(shape)`."""
        return DetectorShape(**{name: tuple(one) if isinstance(one, list) else one for name, one in said.items()})

    def to_json(self) -> dict:
        """What a weights file says about it."""
        return asdict(self)


@dataclass(frozen=True, eq=False)
class Target:
    """What is in one image: box_N4 in pixels, label_N from 0.

    mask_NHW: 1 on the object, needed where masks are trained. id_N: the same number for the same object anywhere in the
    batch, and another for any other; needed where embeddings are trained.
    """

    box_N4: Tensor
    label_N: Tensor
    mask_NHW: Tensor | None = None
    id_N: Tensor | None = None


@dataclass(frozen=True, eq=False)
class Found:
    """Detections of one image, best first, in ordinary memory: classes from 0, scores 0–1, embeddings of unit length.

    mask_NMM: probability of belonging to the object, over the box alone (`paste` puts it in its place); None without masks.
    """

    box_N4: Tensor
    label_N: Tensor
    score_N: Tensor
    embedding_NE: Tensor
    mask_NMM: Tensor | None = None


class Detector(nn.Module):
    """A tower (pixels and prompts → maps), a pyramid, proposals and heads. It reads the tower's first stages."""

    def __init__(self, tower: Tower, shape: DetectorShape):
        super().__init__()
        self.tower, self.shape = tower, shape
        coarser = LastLevelMaxPool() if shape.extra else None
        self.fpn = FeaturePyramidNetwork(list(shape.widths), shape.channels, coarser)
        self.rpn = proposing(shape)
        self.roi = reading(shape)
        self.embed = nn.Linear(shape.hidden, shape.embedding) if shape.embedding else nn.Identity()

    def features(self, pixels_BCHW: Tensor, prompts=None) -> list[Tensor]:
        """The tower's maps [B, D_i, h, w], finest first. prompts: whatever the tower takes; None skips that path."""
        stages = range(len(self.shape.strides))
        return list(self.tower(pixels_BCHW, prompts, stages=stages, order=self.shape.order).maps.values())

    def forward(self, pixels_BCHW: Tensor, prompts=None, targets: Sequence[Target] | None = None):
        """`heads` on `features`."""
        return self.heads(self.features(pixels_BCHW, prompts), tuple(pixels_BCHW.shape[-2:]), targets)

    @overload
    def heads(self, maps: Sequence[Tensor], image_size: tuple[int, int]) -> list[Found]: ...
    @overload
    def heads(self, maps: Sequence[Tensor], image_size: tuple[int, int], targets: Sequence[Target]) -> dict[str, Tensor]: ...
    @overload
    def heads(self, maps: Sequence[Tensor], image_size: tuple[int, int], targets: None) -> list[Found]: ...
    def heads(self, maps, image_size, targets=None):
        """What is found in each image (in eval mode), or the losses against targets (in train mode).

        image_size: (H, W) of the picture in it; boxes are clipped there. Padding to the right and below is no part of it.
        """
        levels = self.levels(maps)
        return self.find(levels, image_size) if targets is None else self.losses(levels, image_size, targets)

    def levels(self, maps: Sequence[Tensor]) -> dict[str, Tensor]:
        """The tower's maps → the pyramid's levels, all [B, C, h, w] with one C, finest first, by name."""
        return self.fpn(OrderedDict((str(i), one) for i, one in enumerate(maps)))

    def find(self, levels: dict[str, Tensor], image_size: tuple[int, int]) -> list[Found]:
        """Detections of each image."""
        if self.training:
            raise ValueError("Detections are found in eval mode: call .eval() first.")
        images, sizes = as_images(levels, image_size)
        proposals, _ = self.rpn(images, levels)
        results, _ = self.roi(levels, proposals, sizes)
        embeddings = self.embeddings(levels, [one["boxes"] for one in results])
        boxes, labels, scores = (to_host([one[name] for one in results]) for name in ("boxes", "labels", "scores"))
        masks = to_host([one["masks"][:, 0] for one in results]) if self.shape.mask else [None] * len(results)
        made = zip(boxes, labels, scores, to_host(embeddings), masks)
        return [Found(box_N4, label_N - 1, *rest) for box_N4, label_N, *rest in made]

    def embeddings(self, levels: dict[str, Tensor], boxes: Sequence[Tensor]) -> list[Tensor]:
        """Unit embeddings [N, E] of given boxes [N, 4] of each image: also of a box that nothing has found."""
        pooled = self.roi.box_roi_pool(levels, boxes, [])
        embedded_RE = F.normalize(self.embed(self.roi.box_head(pooled)), dim=-1)
        return list(embedded_RE.split([len(one) for one in boxes]))

    def losses(self, levels: dict[str, Tensor], image_size: tuple[int, int], targets: Sequence[Target]) -> dict[str, Tensor]:
        """torchvision's losses of both stages and the masks by their names, and `loss_embedding` where objects have ids."""
        if not self.training:
            raise ValueError("Losses are measured in train mode: call .train() first.")
        images, sizes = as_images(levels, image_size)
        known = [{"boxes": one.box_N4, "labels": one.label_N + 1, "masks": one.mask_NHW} for one in targets]
        proposals, first = self.rpn(images, levels, known)
        _, second = self.roi(levels, proposals, sizes, known)
        losses = first | second
        ids = [one.id_N for one in targets if one.id_N is not None]
        if self.shape.embedding and len(ids) == len(targets):
            views = [torch.cat([one.box_N4, jittered(one.box_N4)]) for one in targets]
            id_R = torch.cat([torch.cat([one, one]) for one in ids])
            losses["loss_embedding"] = contrast(torch.cat(self.embeddings(levels, views)), id_R)
        return losses


def to_host(parts: Sequence[Tensor]) -> list[Tensor]:
    """The same in ordinary memory, where boxes are linked, pasted and drawn: one copy for all images, not one for each."""
    return list(torch.cat(list(parts)).cpu().split([len(one) for one in parts]))


def paste(found: Found, image_size: tuple[int, int]) -> Tensor:
    """Probability of belonging to each object, at every pixel of the image: [N, H, W]."""
    if found.mask_NMM is None:
        raise ValueError("This detector finds no masks.")
    return paste_masks_in_image(found.mask_NMM[:, None], found.box_N4, image_size)[:, 0]


def contrast(embedding_RE: Tensor, id_R: Tensor) -> Tensor:
    """Supervised contrast (Khosla et al., 2020): a view's softmax over all others, on the views of its own object."""
    if not len(id_R):
        return embedding_RE.sum()
    alone_RR = torch.eye(len(id_R), dtype=torch.bool, device=id_R.device)
    own_RR = (id_R[:, None] == id_R) & ~alone_RR
    logits_RR = (embedding_RE @ embedding_RE.T / TEMPERATURE).masked_fill(alone_RR, float("-inf"))
    told_R = logits_RR.log_softmax(-1).masked_fill(~own_RR, 0).sum(-1) / own_RR.sum(-1).clamp(min=1)
    return -told_R[own_RR.any(-1)].sum() / len(id_R)


def jittered(box_N4: Tensor) -> Tensor:
    """The boxes moved by up to a tenth of their sides and scaled by as much: what a detector might have found."""
    side_N2, centre_N2 = box_N4[:, 2:] - box_N4[:, :2], (box_N4[:, 2:] + box_N4[:, :2]) / 2
    move_N2, scale_N2 = (0.2 * torch.rand_like(side_N2) - 0.1 for _ in range(2))
    centre_N2, half_N2 = centre_N2 + move_N2 * side_N2, (1 + scale_N2) * side_N2 / 2
    return torch.cat([centre_N2 - half_N2, centre_N2 + half_N2], 1)


# ---- the parts, as torchvision takes them ---------------------------------------------------------------------------


def as_images(levels: dict[str, Tensor], image_size: tuple[int, int]) -> tuple[ImageList, list[tuple[int, int]]]:
    """What the proposals need to know about the images: how many there are, and their size. No pixels."""
    finest = next(iter(levels.values()))
    sizes = [(int(image_size[0]), int(image_size[1]))] * len(finest)
    return ImageList(finest, sizes), sizes


def proposing(shape: DetectorShape) -> RegionProposalNetwork:
    """The first stage: one sigmoid an anchor. IoU thresholds are those of the paper and of both libraries."""
    before, after = ({"training": n, "testing": n} for n in (shape.candidates, shape.proposals))
    head = RPNHead(shape.channels, len(shape.ratios))
    return RegionProposalNetwork(Anchors(shape), head, 0.7, 0.3, shape.sampled, 0.5, before, after, 0.7)


def reading(shape: DetectorShape) -> RoIHeads:
    """The second stage: two shared layers, one softmax with the background first, a box for each class; masks if asked."""
    weight, masks = 1 / shape.deviation, {}
    if shape.mask:
        masks = dict(
            mask_roi_pool=AlignedPool(14, shape),
            mask_head=MaskRCNNHeads(shape.channels, [shape.mask] * 2, 1),
            mask_predictor=MaskRCNNPredictor(shape.mask, shape.mask, shape.classes + 1),
        )
    return RoIHeads(
        AlignedPool(7, shape), TwoMLPHead(shape.channels * 7 * 7, shape.hidden),
        FastRCNNPredictor(shape.hidden, shape.classes + 1), 0.5, 0.5, shape.sampled, 0.25, (weight,) * 4,
        shape.score, shape.overlap, shape.detections, **masks,
    )  # fmt: skip


class Anchors(AnchorGenerator):
    """Anchors centred on whole multiples of the stride, with sides as they come.

    torchvision's own rounds the sides and divides the image's size by the map's to find the stride, which gives 31 instead
    of 32 where the image is 1008 wide.
    """

    def __init__(self, shape: DetectorShape):
        self.strides = (*shape.strides, 2 * shape.strides[-1]) if shape.extra else shape.strides
        sizes = tuple((shape.anchor * stride,) for stride in self.strides)
        super().__init__(sizes, (shape.ratios,) * len(sizes))

    def generate_anchors(self, scales, aspect_ratios, dtype=torch.float32, device=torch.device("cpu")):  # noqa: B008
        """One level's anchors about (0, 0): [A, 4]."""
        root_A = torch.as_tensor(aspect_ratios, dtype=dtype, device=device).sqrt()
        side_A2 = torch.stack([1 / root_A, root_A], 1) * scales[0]
        return torch.cat([-side_A2, side_A2], 1) / 2

    def forward(self, image_list: ImageList, feature_maps: list[Tensor]) -> list[Tensor]:
        self.set_cell_anchors(feature_maps[0].dtype, feature_maps[0].device)
        grids = [list(one.shape[-2:]) for one in feature_maps]
        anchors = torch.cat(self.grid_anchors(grids, [[stride, stride] for stride in self.strides]))
        return [anchors] * len(image_list.image_sizes)


class AlignedPool(nn.Module):
    """RoIAlign over the pyramid's levels with samples at the cells' centres.

    In the place of torchvision's MultiScaleRoIAlign, which cannot align (half a cell off) and derives strides from sizes.
    """

    def __init__(self, side: int, shape: DetectorShape):
        super().__init__()
        self.side, self.strides, self.finest, self.samples = side, shape.strides, shape.finest, shape.samples

    def forward(self, levels: dict[str, Tensor], boxes: Sequence[Tensor], image_sizes=()) -> Tensor:
        """Every box of every image, in order: [R, C, side, side]."""
        maps = list(levels.values())[: len(self.strides)]
        image_R1 = torch.cat([one.new_full((one.shape[0], 1), b) for b, one in enumerate(boxes)])
        roi_R5 = torch.cat([image_R1, torch.cat(list(boxes))], 1).to(maps[0])
        level_R = self.level_of(roi_R5[:, 1:])
        pooled = maps[0].new_zeros(roi_R5.shape[0], maps[0].shape[1], self.side, self.side)
        for level, (one, stride) in enumerate(zip(maps, self.strides)):
            here = torch.where(level_R == level)[0]
            read = roi_align(one, roi_R5[here], self.side, 1 / stride, self.samples, aligned=True)
            pooled = pooled.index_put((here,), read.to(pooled.dtype))
        return pooled

    def level_of(self, box_R4: Tensor) -> Tensor:
        """Which level each box is read from: one coarser for each doubling of √area beyond `finest`."""
        side_R = ((box_R4[:, 2] - box_R4[:, 0]) * (box_R4[:, 3] - box_R4[:, 1])).clamp(min=0).sqrt()
        return torch.log2(side_R / self.finest + 1e-6).floor().clamp(0, len(self.strides) - 1).long()
