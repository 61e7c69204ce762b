"""STPN as its authors released it: their checkpoint in our modules, and their frames.

    loaded = load_authors("epoch_9_model.pth")      # a `Loaded` whose network is an `Stpn`
    prepared = prepare(frames_BHWC)                 # resized, normalised and padded as in their test

The checkpoint is one of mmdetection 2: Faster R-CNN on a Swin with a pyramid (vfe.pytorch, configs/vid/stpn; the names are
those of its modules and of mmdetection's). What stands otherwise there than here, and what is done about it:

    backbone    patch merging reads its four patches channel by channel (4c + k, k row by row); timm reads patch by patch,
                column by column: norm and weight of `downsample` are reordered, which belong to the stage before it there.
                Its prompts are merged as the weights were trained: order "released" (`core.networks.swin.merge_prompts`).
    neck        the fifth level is every second cell of the fourth, as in torchvision's LastLevelMaxPool.
    rpn_head    one sigmoid an anchor. Anchors: 8 strides a side, ratios 0.5, 1, 2 (height by width), centred on multiples of
                the stride, not rounded, strides 4–64: `core.networks.detector.Anchors`.
    roi_head    fc_cls: the background is the LAST of the classes, torchvision's is the first: moved. fc_reg has no
                box for the background: zeros are put in its place. Deltas are divided by 0.2, all four (the config's
                target_stds), not by mmdetection's usual 0.1 and 0.2: torchvision's weights are 5. RoIAlign is aligned, with
                as many samples as cells, and takes boxes under 112 pixels from the finest level (finest_scale 56).

What still differs: mmdetection lets no box shrink to less than 16/1000 of its proposal in one step, torchvision does.

Letters: B batch, C channels, H W pixels, N boxes.
"""

import re
from dataclasses import dataclass
from pathlib import Path

import torch
import torch.nn.functional as F
from timm.models.swin_transformer import SwinTransformer
from torch import Tensor

from core.errors import BadKnob, BadWeights
from core.methods.stpn.networks import Prompting, Stpn
from core.networks.checkpoints import checked_file, guarded, tensors_of
from core.networks.detector import Detector, DetectorShape
from core.networks.swin import SwinTower
from core.networks.weights import Loaded, sha256

# The thirty classes of ImageNet VID in the order of the checkpoint's
CLASSES = (
    "airplane", "antelope", "bear", "bicycle", "bird", "bus", "car", "cattle", "dog", "domestic cat", "elephant", "fox",
    "giant panda", "hamster", "horse", "lion", "lizard", "monkey", "motorcycle", "rabbit", "red panda", "sheep", "snake",
    "squirrel", "tiger", "train", "turtle", "watercraft", "whale", "zebra",
)  # fmt: skip
MEAN, STD = (123.675, 116.28, 103.53), (58.395, 57.12, 57.375)  # RGB, 0–255
LONG, SHORT, MULTIPLE = 1000, 600, 16  # the frame's longer and shorter side at most; both are padded to a multiple
SLOTS = [0, 2, 1, 3]  # row by row → column by column; its own inverse

# The settings of the released config. Sizes are read from the checkpoint, so any width will do.
SETTINGS = dict(
    order="released", extra=True, anchor=8.0, ratios=(0.5, 1.0, 2.0), finest=56.0, samples=0, deviation=0.2,
    candidates=1000, proposals=300, sampled=256, score=0.0001, overlap=0.5, detections=100, embedding=0, mask=0,
)  # fmt: skip
AUTHORS = DetectorShape(classes=30, widths=(96, 192, 384, 768), strides=(4, 8, 16, 32), channels=256, hidden=1024, **SETTINGS)

# Our name → theirs, applied in turn.
NAMES = (
    (r"^prompting\.parts\.stage0block0\.", "prompt_predictor."),
    (r"^detector\.tower\.norms\.(\d+)\.", r"detector.backbone.norm\1."),
    (r"^detector\.tower\.swin\.norm\.", r"detector.backbone.norm3."),
    (r"^detector\.tower\.swin\.", "detector.backbone."),
    (r"backbone\.patch_embed\.proj\.", "backbone.patch_embed.projection."),
    (r"backbone\.layers\.(\d+)\.downsample\.", lambda m: f"backbone.stages.{int(m[1]) - 1}.downsample."),
    (r"backbone\.layers\.(\d+)\.", r"backbone.stages.\1."),
    (r"\.attn\.", ".attn.w_msa."),
    (r"\.mlp\.fc1\.", ".ffn.layers.0.0."),
    (r"\.mlp\.fc2\.", ".ffn.layers.1."),
    (r"^detector\.fpn\.inner_blocks\.(\d+)\.0\.", r"detector.neck.lateral_convs.\1.conv."),
    (r"^detector\.fpn\.layer_blocks\.(\d+)\.0\.", r"detector.neck.fpn_convs.\1.conv."),
    (r"^detector\.rpn\.head\.conv\.0\.0\.", "detector.rpn_head.rpn_conv."),
    (r"^detector\.rpn\.head\.cls_logits\.", "detector.rpn_head.rpn_cls."),
    (r"^detector\.rpn\.head\.bbox_pred\.", "detector.rpn_head.rpn_reg."),
    (r"^detector\.roi\.box_head\.fc6\.", "detector.roi_head.bbox_head.shared_fcs.0."),
    (r"^detector\.roi\.box_head\.fc7\.", "detector.roi_head.bbox_head.shared_fcs.1."),
    (r"^detector\.roi\.box_predictor\.cls_score\.", "detector.roi_head.bbox_head.fc_cls."),
    (r"^detector\.roi\.box_predictor\.bbox_pred\.", "detector.roi_head.bbox_head.fc_reg."),
)
INDEX = ".attn.w_msa.relative_position_index"  # a constant that mmdetection saves and timm does not
ANCHOR = "detector.backbone.patch_embed.projection.weight"
BIAS = "detector.backbone.stages.{}.blocks.0.attn.w_msa.relative_position_bias_table"


@guarded
def load_authors(path: str | Path) -> Loaded:
    """The released checkpoint, or one of its layout and any widths, as an `Stpn`. What is missing, unexpected or misshapen
    is a BadWeights that names it, by the checkpoint's names."""
    path = checked_file(Path(path))
    tensors = tensors_of(path, (ANCHOR,))
    with torch.device("meta"):  # sizes alone: however large they are, they take no memory before they are known to fit
        stpn = empty(tensors, path.name)
    ours = {official(name): (name, tensor) for name, tensor in stpn.state_dict().items()}
    index = {name for name in tensors if name.endswith(INDEX)}
    missing, extra = sorted(ours.keys() - tensors.keys()), sorted(tensors.keys() - ours.keys() - index)
    bent = [name for name in ours.keys() & tensors.keys() if tensors[name].shape != their_shape(name, ours[name][1])]
    bent = sorted(bent + [name for name in index if not same_place(stpn, name, tensors[name])])
    if not (missing or extra or bent):
        stpn = empty(tensors, path.name)
        bent = sorted(name for name in index if not same_index(stpn, name, tensors[name]))
    if missing or extra or bent:
        raise BadWeights(
            f"{path.name} does not fit STPN's layout: {len(missing)} missing {missing[:3]}, {len(extra)} unexpected "
            f"{extra[:3]}, {len(bent)} of another shape or content {bent[:3]}."
        )
    stpn.load_state_dict({own: converted(name, tensors[name]) for name, (own, _) in ours.items()})
    digest = sha256(path)
    return Loaded(stpn.eval().requires_grad_(False), f"STPN, released layout · {path.name} · {digest[:8]}", digest)


def empty(tensors: dict[str, Tensor], file: str) -> Stpn:
    """An `Stpn` of the sizes that a checkpoint's tensors have."""

    def shape(name: str) -> torch.Size:
        if name not in tensors:
            raise BadWeights(f"{file} does not fit STPN's layout: {name} is missing.")
        return tensors[name].shape

    stages = range(4)
    blocks = [re.match(r"detector\.backbone\.stages\.(\d+)\.blocks\.(\d+)\.", name) for name in tensors]
    depths = tuple(max(1, len({one[2] for one in blocks if one and one[1] == str(i)})) for i in stages)
    stem = shape(ANCHOR)
    tables = [shape(BIAS.format(i)) for i in stages]
    wide = shape("detector.backbone.stages.0.blocks.0.ffn.layers.0.0.weight")[0]
    try:
        with torch.random.fork_rng(devices=[]):
            width, patch = stem[0], stem[-1]
            swin = SwinTransformer(
                patch_size=patch, num_classes=0, embed_dim=width, depths=depths, mlp_ratio=wide / width,
                num_heads=tuple(one[-1] for one in tables), window_size=(round(tables[0][0] ** 0.5) + 1) // 2,
                always_partition=True,
            )  # fmt: skip
            tower = SwinTower(swin)
            parts = DetectorShape(
                classes=shape("detector.roi_head.bbox_head.fc_cls.weight")[0] - 1,
                widths=tower.widths,
                strides=tuple(patch * 2**i for i in stages),
                channels=shape("detector.neck.lateral_convs.0.conv.weight")[0],
                hidden=shape("detector.roi_head.bbox_head.shared_fcs.0.weight")[0],
                **SETTINGS,
            )
            prompting = Prompting(tower, len(stages), "attention", "shallow", shape("prompt_predictor.query")[0])
            return Stpn(Detector(tower, parts), prompting)
    except (RuntimeError, ValueError, IndexError, ZeroDivisionError, AssertionError, BadKnob) as wrong:
        raise BadWeights(f"{file} does not fit STPN's layout: no Swin with a pyramid has its shapes ({wrong}).") from wrong


def official(name: str) -> str:
    """Our name of a tensor → the checkpoint's."""
    for pattern, theirs in NAMES:
        name = re.sub(pattern, theirs, name)
    return name


def converted(name: str, tensor: Tensor) -> Tensor:
    """A tensor of the checkpoint, by its name there → the order it has here."""
    if ".downsample." in name:
        return tensor.unflatten(-1, (-1, 4)).transpose(-1, -2)[..., SLOTS, :].flatten(-2)
    if "bbox_head.fc_cls." in name:
        return tensor.roll(1, 0)
    if "bbox_head.fc_reg." in name:
        return torch.cat([torch.zeros_like(tensor[:4]), tensor])
    return tensor


def their_shape(name: str, own: Tensor) -> torch.Size:
    """The shape in the checkpoint of a tensor of ours: there is no box for the background."""
    return own[4:].shape if "bbox_head.fc_reg." in name else own.shape


def own_index(stpn: Stpn, name: str) -> Tensor | None:
    """Our table of relative positions in the block that a name of the checkpoint's is about; None where there is no such."""
    stage, block = re.findall(r"\d+", name)[:2]
    tower = stpn.detector.tower
    places = {(str(i), str(j)): (i, j) for i, j in tower.places}
    if not isinstance(tower, SwinTower) or (stage, block) not in places:
        return None
    i, j = places[stage, block]
    return tower.swin.layers[i].blocks[j].attn.relative_position_index


def same_place(stpn: Stpn, name: str, index_MM: Tensor) -> bool:
    """Whether a stored table belongs to a block that is here, and has its shape."""
    own_MM = own_index(stpn, name)
    return own_MM is not None and own_MM.shape == index_MM.shape


def same_index(stpn: Stpn, name: str, index_MM: Tensor) -> bool:
    """Whether it is the table used here."""
    own_MM = own_index(stpn, name)
    return own_MM is not None and torch.equal(own_MM, index_MM)


@dataclass(frozen=True, eq=False)
class Prepared:
    """pixels_BCHW: normalised, resized and padded. size: (H, W) of the picture in it, for `heads`. scale: of x and of y."""

    pixels_BCHW: Tensor
    size: tuple[int, int]
    scale: tuple[float, float]

    def boxes(self, box_N4: Tensor) -> Tensor:
        """Boxes of `heads` → pixels of the frame it was made from."""
        return box_N4 / box_N4.new_tensor(self.scale).repeat(2)


def prepare(frames_BHWC: Tensor) -> Prepared:
    """uint8 RGB frames → the authors' test input: bilinear to 1000×600 at most, the shape kept, then zeros to a multiple of 16
    at the bottom and right. OpenCV's resize, which they use, rounds to whole grey values in fixed point: up to one apart."""
    H, W = frames_BHWC.shape[1:3]
    factor = min(LONG / max(H, W), SHORT / min(H, W))
    h, w = int(H * factor + 0.5), int(W * factor + 0.5)
    grey_BCHW = frames_BHWC.permute(0, 3, 1, 2).float()
    grey_BCHW = F.interpolate(grey_BCHW, (h, w), mode="bilinear", align_corners=False).round()
    mean_C11, std_C11 = (grey_BCHW.new_tensor(one).view(3, 1, 1) for one in (MEAN, STD))
    pixels_BCHW = F.pad((grey_BCHW - mean_C11) / std_C11, (0, -w % MULTIPLE, 0, -h % MULTIPLE))
    return Prepared(pixels_BCHW, (h, w), (w / W, h / H))
