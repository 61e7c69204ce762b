"""CLIP as transformers saves it, in the names and shapes of OpenAI's release, which open_clip has too.

What differs besides names: queries, keys and values are three matrices there and one here, and both projections into the
shared space are Linear layers there, the transposed matrices here.
"""

import json
import re
from collections.abc import Mapping
from pathlib import Path

import torch
from torch import Tensor

from core.errors import BadWeights

MARK = "vision_model.embeddings.patch_embedding.weight"
NEEDED = (
    "vision_model.embeddings.position_embedding.weight", "visual_projection.weight", "text_model.final_layer_norm.weight",
    "text_model.embeddings.token_embedding.weight", "text_model.embeddings.position_embedding.weight", "text_projection.weight",
)  # fmt: skip
NAMES = (
    (r"^vision_model\.embeddings\.class_embedding$", "visual.class_embedding"),
    (r"^vision_model\.embeddings\.patch_embedding\.", "visual.conv1."),
    (r"^vision_model\.embeddings\.position_embedding\.weight$", "visual.positional_embedding"),
    (r"^vision_model\.pre_layrnorm\.", "visual.ln_pre."),  # sic: it is called so there
    (r"^vision_model\.post_layernorm\.", "visual.ln_post."),
    (r"^vision_model\.encoder\.layers\.", "visual.transformer.resblocks."),
    (r"^text_model\.embeddings\.token_embedding\.", "token_embedding."),
    (r"^text_model\.embeddings\.position_embedding\.weight$", "positional_embedding"),
    (r"^text_model\.final_layer_norm\.", "ln_final."),
    (r"^text_model\.encoder\.layers\.", "transformer.resblocks."),
    (r"^visual_projection\.weight$", "visual.proj"),
    (r"^text_projection\.weight$", "text_projection"),
    (r"\.layer_norm([12])\.", r".ln_\1."),
    (r"\.mlp\.fc1\.", ".mlp.c_fc."),
    (r"\.mlp\.fc2\.", ".mlp.c_proj."),
    (r"\.self_attn\.out_proj\.", ".attn.out_proj."),
)
QUERY = re.compile(r"(.*)\.self_attn\.q_proj\.(weight|bias)")


def is_transformers(tensors: Mapping[str, Tensor]) -> bool:
    """Whether tensors are called as transformers calls them."""
    return MARK in tensors


def from_transformers(tensors: Mapping[str, Tensor], file: str) -> dict[str, Tensor]:
    """The same tensors as OpenAI calls and shapes them. What has no other name keeps its own."""
    missing = [name for name in NEEDED if name not in tensors]
    if missing:
        raise BadWeights(f"{file} is named as transformers names a CLIP, and not all of one is there: {', '.join(missing)}.")
    held = {name: one for name, one in tensors.items() if not name.endswith(".position_ids")}  # 0, 1, 2 …: a constant
    for found in list(filter(None, map(QUERY.fullmatch, held))):
        home, kind = found[1], found[2]
        parts = [held.pop(f"{home}.self_attn.{one}_proj.{kind}", None) for one in "qkv"]
        if any(one is None for one in parts):
            raise BadWeights(f"{file}: of {home}.self_attn the query, the key or the value is missing.")
        held[f"{home}.attn.in_proj_{kind}"] = torch.cat([one for one in parts if one is not None])
    made = {}
    for name, one in held.items():
        ours = name
        for theirs, own in NAMES:
            ours = re.sub(theirs, own, ours)
        made[ours] = one.T.contiguous() if ours in ("visual.proj", "text_projection") and one.ndim == 2 else one
    return made


def quick_in_config(file: Path) -> bool:
    """Whether the config.json beside a file says that the quick GELU was trained with: OpenAI's models were. Without one nobody
    says so, and it is taken for the plain one, as of every file."""
    beside = file.with_name("config.json")
    try:
        said = json.loads(beside.read_text()) if beside.is_file() and beside.stat().st_size < 1 << 20 else {}
        vision = said.get("vision_config") or {}
        if not said:
            return False
        return vision.get("hidden_act", "quick_gelu") == "quick_gelu"  # transformers' own default
    except (ValueError, AttributeError, RecursionError, OSError) as wrong:
        raise BadWeights(f"{beside.name} beside {file.name} is not a configuration of transformers.") from wrong
