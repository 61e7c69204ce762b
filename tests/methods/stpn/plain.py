"""STPN's released checkpoint without any of our modules: a file's names and shapes, tensors to fill them, and what they
compute, read plainly from the tensors as they stand there, with mmdetection's conventions."""

import numpy as np
import torch
import torch.nn.functional as F
from torchvision.ops import nms, roi_align

WIDTH, DEPTHS, HEADS, WINDOW, NECK, HIDDEN, PROMPTS = 16, (2, 2, 6, 2), (1, 2, 4, 8), 7, 8, 24, 5
SIZE, PADDED = (150, 205), (160, 208)  # 208 is no multiple of 32: the coarsest maps reach beyond the padding
BACK, HEAD, DVP = "detector.backbone", "detector.roi_head.bbox_head", "prompt_predictor"


def layout():
    """{name: shape} of the released checkpoint at these widths, and its constant tables of relative positions."""
    shapes = {f"{BACK}.patch_embed.projection.weight": (WIDTH, 3, 4, 4), f"{BACK}.patch_embed.projection.bias": (WIDTH,)}

    def norm(name, width):
        shapes.update({f"{name}.weight": (width,), f"{name}.bias": (width,)})

    def linear(name, given, taken, *kernel):
        shapes.update({f"{name}.weight": (given, taken, *kernel), f"{name}.bias": (given,)})

    norm(f"{BACK}.patch_embed.norm", WIDTH)
    for i, (depth, heads) in enumerate(zip(DEPTHS, HEADS)):
        D = WIDTH * 2**i
        for j in range(depth):
            block = f"{BACK}.stages.{i}.blocks.{j}"
            norm(f"{block}.norm1", D)
            norm(f"{block}.norm2", D)
            shapes[f"{block}.attn.w_msa.relative_position_bias_table"] = ((2 * WINDOW - 1) ** 2, heads)
            shapes[f"{block}.attn.w_msa.relative_position_index"] = (WINDOW**2, WINDOW**2)
            linear(f"{block}.attn.w_msa.qkv", 3 * D, D)
            linear(f"{block}.attn.w_msa.proj", D, D)
            linear(f"{block}.ffn.layers.0.0", 4 * D, D)
            linear(f"{block}.ffn.layers.1", D, 4 * D)
        if i < 3:
            norm(f"{BACK}.stages.{i}.downsample.norm", 4 * D)
            shapes[f"{BACK}.stages.{i}.downsample.reduction.weight"] = (2 * D, 4 * D)
        norm(f"{BACK}.norm{i}", D)
        linear(f"detector.neck.lateral_convs.{i}.conv", NECK, D, 1, 1)
        linear(f"detector.neck.fpn_convs.{i}.conv", NECK, NECK, 3, 3)
    linear("detector.rpn_head.rpn_conv", NECK, NECK, 3, 3)
    linear("detector.rpn_head.rpn_cls", 3, NECK, 1, 1)
    linear("detector.rpn_head.rpn_reg", 12, NECK, 1, 1)
    linear(f"{HEAD}.shared_fcs.0", HIDDEN, NECK * 49)
    linear(f"{HEAD}.shared_fcs.1", HIDDEN, HIDDEN)
    linear(f"{HEAD}.fc_cls", 31, HIDDEN)
    linear(f"{HEAD}.fc_reg", 120, HIDDEN)
    shapes[f"{DVP}.query"] = (PROMPTS, WIDTH)
    linear(f"{DVP}.reduction", WIDTH, 8 * WIDTH)
    for name in ("fc_embed", "ref_fc_embed", "ref_fc", "fc"):
        linear(f"{DVP}.{name}", WIDTH, WIDTH)
    return shapes


def seeded():
    """Tensors of that layout, lively enough that no path through the network is silent."""
    made = torch.Generator().manual_seed(0)
    tensors = {}
    for name, shape in layout().items():
        if name.endswith("relative_position_index"):
            y, x = np.divmod(np.arange(WINDOW**2), WINDOW)
            apart = (y[:, None] - y + WINDOW - 1) * (2 * WINDOW - 1) + x[:, None] - x + WINDOW - 1
            tensors[name] = torch.from_numpy(apart)
            continue
        scale = 0.2 if len(shape) == 1 else 1.5 * np.prod(shape[1:]) ** -0.5
        scale = {"query": 1.0, "relative_position_bias_table": 0.5}.get(name.rpartition(".")[2], scale)
        tensors[name] = torch.randn(shape, generator=made) * scale
        if "norm" in name and name.endswith("weight"):
            tensors[name] += 1
    for part in ("weight", "bias"):
        tensors[f"detector.rpn_head.rpn_reg.{part}"] *= 0.3
        tensors[f"{HEAD}.fc_cls.{part}"] *= 0.1  # many classes are found, and not the likeliest alone
    return tensors


def plain_backbone(t, pixels_CHW, prompt_QD=None):
    """The four maps [D_i, h, w] of one frame, window by window and head by head, all weights as they stand in the file."""
    Q = 0 if prompt_QD is None else len(prompt_QD)

    def norm(x, name):
        return F.layer_norm(x, x.shape[-1:], t[f"{name}.weight"], t[f"{name}.bias"])

    def linear(x, name):
        return F.linear(x, t[f"{name}.weight"], t[f"{name}.bias"])

    x = F.conv2d(pixels_CHW[None], t[f"{BACK}.patch_embed.projection.weight"], t[f"{BACK}.patch_embed.projection.bias"], 4)[0]
    h, w = x.shape[1:]
    x = norm(x.flatten(1).T, f"{BACK}.patch_embed.norm")
    if Q:
        x = torch.cat([prompt_QD, x])
    maps = []
    for i, (depth, heads) in enumerate(zip(DEPTHS, HEADS)):
        for j in range(depth):
            block = f"{BACK}.stages.{i}.blocks.{j}"
            x = x + plain_attention(t, f"{block}.attn.w_msa", norm(x, f"{block}.norm1"), Q, h, w, heads, 3 * (j % 2))
            y = F.gelu(linear(norm(x, f"{block}.norm2"), f"{block}.ffn.layers.0.0"))
            x = x + linear(y, f"{block}.ffn.layers.1")
        maps.append(norm(x, f"{BACK}.norm{i}")[Q:].T.unflatten(1, (h, w)))
        if i == 3:
            return maps
        down, D = f"{BACK}.stages.{i}.downsample", x.shape[1]
        even = F.pad(x[Q:].T.reshape(1, D, h, w), (0, w % 2, 0, h % 2))
        four = F.unfold(even, 2, stride=2)[0].T  # channel by channel: entry 4c + k
        four = torch.cat([torch.cat([x[:Q]] * 4, 1), four])  # prompts: not reordered, as released
        x = F.linear(norm(four, f"{down}.norm"), t[f"{down}.reduction.weight"])
        h, w = (h + 1) // 2, (w + 1) // 2


def plain_attention(t, name, x, Q, h, w, heads, shift):
    """Shifted windows over [prompts ; patches], [S, D] → [S, D]."""
    D, rows, columns = x.shape[1], h + -h % WINDOW, w + -w % WINDOW
    d = D // heads
    padded = torch.zeros(rows, columns, D)
    padded[:h, :w] = x[Q:].reshape(h, w, D)
    padded = padded.roll((-shift, -shift), (0, 1))
    row = torch.arange(rows)[:, None].expand(rows, columns)
    column = torch.arange(columns).expand(rows, columns)
    region = 2 * (row >= rows - shift) + (column >= columns - shift) if shift else torch.zeros(rows, columns)
    out, copies = torch.zeros_like(padded), []
    for top in range(0, rows, WINDOW):
        for left in range(0, columns, WINDOW):
            here = slice(top, top + WINDOW), slice(left, left + WINDOW)
            tokens = torch.cat([x[:Q], padded[here].reshape(-1, D)])
            query, key, value = F.linear(tokens, t[f"{name}.qkv.weight"], t[f"{name}.qkv.bias"]).split(D, 1)
            own = region[here].flatten()
            mixed = []
            for n in range(heads):
                logits = query[:, n * d : n * d + d] @ key[:, n * d : n * d + d].T / d**0.5
                bias = t[f"{name}.relative_position_bias_table"][t[f"{name}.relative_position_index"], n]
                logits[Q:, Q:] += bias - 100.0 * (own[:, None] != own)
                mixed.append(logits.softmax(-1) @ value[:, n * d : n * d + d])
            made = F.linear(torch.cat(mixed, 1), t[f"{name}.proj.weight"], t[f"{name}.proj.bias"])
            out[here] = made[Q:].reshape(WINDOW, WINDOW, D)
            copies.append(made[:Q])
    return torch.cat([torch.stack(copies).mean(0), out.roll((shift, shift), (0, 1))[:h, :w].reshape(-1, D)])


def plain_prompts(t, support_KDhw):
    """Prompts [Q, D_0] of the last maps of the supports."""

    def linear(x, name):
        return F.linear(x, t[f"{DVP}.{name}.weight"], t[f"{DVP}.{name}.bias"])

    reduced = linear(support_KDhw.permute(0, 2, 3, 1).flatten(0, 2), "reduction")
    query, key, value = (
        linear(x, name).unflatten(1, (16, -1))
        for x, name in ((t[f"{DVP}.query"], "fc_embed"), (reduced, "ref_fc_embed"), (reduced, "ref_fc"))
    )
    share = (torch.einsum("qnd,mnd->nqm", query, key) / (WIDTH // 16) ** 0.5).softmax(-1)
    return linear(torch.einsum("nqm,mnd->qnd", share, value).flatten(1), "fc")


def plain_neck(t, maps):
    """Five levels [1, C, h, w]."""
    conv = {name: [(t[f"detector.neck.{name}.{i}.conv.{p}"]) for i in range(4) for p in ("weight", "bias")] for name in
            ("lateral_convs", "fpn_convs")}  # fmt: skip
    lateral = [F.conv2d(one[None], *conv["lateral_convs"][2 * i : 2 * i + 2]) for i, one in enumerate(maps)]
    for i in (3, 2, 1):
        lateral[i - 1] = lateral[i - 1] + F.interpolate(lateral[i], lateral[i - 1].shape[2:])
    levels = [F.conv2d(one, *conv["fpn_convs"][2 * i : 2 * i + 2], padding=1) for i, one in enumerate(lateral)]
    return [*levels, levels[3][:, :, ::2, ::2]]


def plain_decode(box_N4, delta_N4):
    """Boxes moved and scaled by deltas; neither side by more than 1000/16."""
    side, centre = box_N4[:, 2:] - box_N4[:, :2], (box_N4[:, :2] + box_N4[:, 2:]) / 2
    centre = centre + delta_N4[:, :2] * side
    half = side * delta_N4[:, 2:].clamp(-np.log(62.5), np.log(62.5)).exp() / 2
    limit = torch.tensor([SIZE[1], SIZE[0]] * 2)
    return torch.minimum(torch.cat([centre - half, centre + half], 1).clamp(min=0), limit)


def plain_proposals(t, levels):
    """Up to 300 boxes, best first."""

    def conv(x, name, pad=0):
        return F.conv2d(x, t[f"detector.rpn_head.{name}.weight"], t[f"detector.rpn_head.{name}.bias"], padding=pad)

    boxes, scores = [], []
    for one, stride in zip(levels, (4, 8, 16, 32, 64)):
        x = conv(one, "rpn_conv", 1).relu()
        ratio_A = torch.tensor([0.5, 1.0, 2.0])
        half_A2 = 4 * stride * torch.stack([ratio_A**-0.5, ratio_A**0.5], 1)
        y, x_at = torch.meshgrid(*(stride * torch.arange(n) for n in one.shape[2:]), indexing="ij")
        at_P12 = torch.stack([x_at, y], -1).reshape(-1, 1, 2)
        anchor_N4 = torch.cat([at_P12 - half_A2, at_P12 + half_A2], -1).reshape(-1, 4)
        score_N = conv(x, "rpn_cls")[0].permute(1, 2, 0).flatten().sigmoid()
        delta_N4 = conv(x, "rpn_reg")[0].permute(1, 2, 0).reshape(-1, 4)
        best = score_N.argsort(descending=True)[:1000]
        box_N4, score_N = plain_decode(anchor_N4[best], delta_N4[best]), score_N[best]
        there = (box_N4[:, 2:] > box_N4[:, :2]).all(1)
        kept = nms(box_N4[there], score_N[there], 0.7)
        boxes.append(box_N4[there][kept])
        scores.append(score_N[there][kept])
    order = torch.cat(scores).argsort(descending=True)[:300]
    return torch.cat(boxes)[order]


def plain_features(t, levels, roi_N4):
    """What the second stage reads from boxes: [N, F]."""
    pooled = []
    for roi_4 in roi_N4:
        side = ((roi_4[2] - roi_4[0]) * (roi_4[3] - roi_4[1])).sqrt()
        level = next(i for i in range(4) if side < 112 * 2**i or i == 3)
        pooled.append(roi_align(levels[level], [roi_4[None]], 7, 1 / (4 * 2**level), 0, aligned=True))
    x = torch.cat(pooled).flatten(1)
    for i in range(2):
        x = F.linear(x, t[f"{HEAD}.shared_fcs.{i}.weight"], t[f"{HEAD}.shared_fcs.{i}.bias"]).relu()
    return x


def plain_detections(t, levels):
    """Up to 100 of (box, class from 0, score), best first, the background being the last of 31 classes."""
    roi_N4 = plain_proposals(t, levels)
    x = plain_features(t, levels, roi_N4)
    score_NY = F.linear(x, t[f"{HEAD}.fc_cls.weight"], t[f"{HEAD}.fc_cls.bias"]).softmax(-1)
    delta_NX = F.linear(x, t[f"{HEAD}.fc_reg.weight"], t[f"{HEAD}.fc_reg.bias"])
    found = []
    for label in range(30):
        box_N4 = plain_decode(roi_N4, 0.2 * delta_NX[:, 4 * label : 4 * label + 4])
        score_N = score_NY[:, label]
        there = (score_N > 1e-4) & (box_N4[:, 2:] - box_N4[:, :2] >= 1e-2).all(1)
        kept = nms(box_N4[there], score_N[there], 0.5)
        found += [(box, label, score) for box, score in zip(box_N4[there][kept], score_N[there][kept])]
    return sorted(found, key=lambda one: -one[2])[:100]
