"""What a detector finds in one frame, in operators that are exported: `Detector.find`, for a picture at a time.

torchvision's own choice among boxes shifts those of each class or level apart, which asks for the largest of them and fails
where there are none. Here each class and level is a batch of its own of ONNX's suppression, which leaves out low scores, too.

Letters: A anchors of a level, C classes, N boxes, M side of a mask.
"""

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor
from torchvision.models.detection.image_list import ImageList
from torchvision.ops import clip_boxes_to_image, nms

from core.networks.detector import Detector

PROPOSED, FOUND = 1e-3, 1e-2  # pixels: the shortest side of a proposal and of a detection, as in torchvision


class Suppressed(torch.autograd.Function):
    """Which boxes stand: of each class those with a score above `least` that overlap no better one by more than `overlap`.
    (box_CN4, score_CN) → [R, 2]: class and box, class after class, the best first."""

    @staticmethod
    def forward(ctx: Any, box_CN4: Tensor, score_CN: Tensor, overlap: float, least: float) -> Tensor:
        kept = []
        for place, (box_N4, score_N) in enumerate(zip(box_CN4, score_CN)):
            able = torch.where(score_N > least)[0]
            chosen = able[nms(box_N4[able], score_N[able], overlap)]
            kept.append(torch.stack([torch.full_like(chosen, place), chosen], 1))
        return torch.cat(kept)

    @staticmethod
    def symbolic(g: Any, box_CN4: Any, score_CN: Any, overlap: float, least: float) -> Any:
        """As ONNX has it: a row is batch, class and box, and here every class is a batch."""
        whole = [g.op("Constant", value_t=torch.tensor(one)) for one in ([1], [0, 2])]
        numbers = [g.op("Constant", value_t=torch.tensor(one)) for one in ([1 << 30], [overlap], [least])]
        rows = g.op("NonMaxSuppression", box_CN4, g.op("Unsqueeze", score_CN, whole[0]), *numbers)
        return g.op("Gather", rows, whole[1], axis_i=1)


def found(detector: Detector, maps: Sequence[Tensor], size: tuple[int, int]) -> dict[str, Tensor]:
    """Best first: box, [N, 4] in fractions of the frame, score, label from 0, and mask, its probability over the box alone."""
    levels = detector.levels(maps)
    proposal_N4 = proposals(detector, list(levels.values()), size)
    box_N4, score_N, label_N = detections(detector, levels, proposal_N4, size)
    made = {"box": box_N4 / torch.tensor([size[1], size[0]] * 2), "score": score_N, "label": label_N}
    pool, head, predictor = (getattr(detector.roi, f"mask_{name}") for name in ("roi_pool", "head", "predictor"))
    if detector.shape.mask:
        logits_NCMM = predictor(head(pool(levels, [box_N4], [])))
        own_N111 = (label_N + 1)[:, None, None, None].expand(-1, 1, *logits_NCMM.shape[-2:])
        made["mask"] = logits_NCMM.gather(1, own_N111)[:, 0].sigmoid()
    return made


def proposals(detector: Detector, levels: Sequence[Tensor], size: tuple[int, int]) -> Tensor:
    """The first stage: of each level the best candidates, of all what stands, in the order of their scores."""
    rpn, boxes, scores = detector.rpn, [], []
    objectness, deltas = rpn.head(list(levels))
    anchors = rpn.anchor_generator(ImageList(levels[0], [size]), list(levels))[0]
    for logit_1Ahw, delta_1Xhw, anchor_A4 in zip(objectness, deltas, anchors.split([one.numel() for one in objectness])):
        logit_A, delta_A4 = rows(logit_1Ahw, 1)[:, 0], rows(delta_1Xhw, 4)
        most = logit_A.topk(min(detector.shape.candidates, anchor_A4.shape[0]))
        box_N4 = rpn.box_coder.decode(delta_A4[most.indices], [anchor_A4[most.indices]])[:, 0]
        box_N4, score_N = large(clip_boxes_to_image(box_N4, size), most.values.sigmoid(), PROPOSED)
        kept_R = Suppressed.apply(box_N4[None], score_N[None], rpn.nms_thresh, 0.0)[:, 1]
        boxes.append(box_N4[kept_R])
        scores.append(score_N[kept_R])
    best_N = torch.cat(scores).argsort(descending=True)[: detector.shape.proposals]
    return torch.cat(boxes)[best_N]


def detections(
    detector: Detector, levels: dict[str, Tensor], proposal_N4: Tensor, size: tuple[int, int]
) -> tuple[Tensor, Tensor, Tensor]:  # fmt: skip
    """The second stage: boxes, scores and labels from 0 of what stands of each class, the best first."""
    roi = detector.roi
    logit_NC, delta_NX = roi.box_predictor(roi.box_head(roi.box_roi_pool(levels, [proposal_N4], [])))
    box_NC4 = clip_boxes_to_image(roi.box_coder.decode(delta_NX, [proposal_N4]), size)[:, 1:]  # 0 is none of the classes
    box_CN4, score_CN = large(box_NC4.transpose(0, 1), logit_NC.softmax(-1)[:, 1:].T, FOUND)
    kept_R2 = Suppressed.apply(box_CN4, score_CN, roi.nms_thresh, roi.score_thresh)
    score_R = score_CN[kept_R2[:, 0], kept_R2[:, 1]]
    best_N = score_R.argsort(descending=True)[: detector.shape.detections]
    label_N, place_N = kept_R2[best_N].unbind(1)
    return box_CN4[label_N, place_N], score_R[best_N], label_N


def rows(map_1Xhw: Tensor, wide: int) -> Tensor:
    """A map of so many numbers an anchor → a row for each anchor, place after place."""
    return map_1Xhw[0].unflatten(0, (-1, wide)).permute(2, 3, 0, 1).reshape(-1, wide)


def large(box_X4: Tensor, score_X: Tensor, side: float) -> tuple[Tensor, Tensor]:
    """The same boxes; what is shorter than `side` has a score that nothing lets pass."""
    width_X, height_X = (box_X4[..., n + 2] - box_X4[..., n] for n in (0, 1))
    return box_X4, torch.where((width_X >= side) & (height_X >= side), score_X, -torch.ones_like(score_X))
