"""STOP without its network: what one HTML file holds so that a browser computes the knobs that need none, as
`assets/viewer/offline/regions.js` does.

Δh^s depends on the kept region through the prompts that are added there. So the file holds the patch tokens, the prompts and
the filter 𝒩^t where they fit: then α, N_s, β, η and both switches give what Python gives. Where they do not fit, it holds the
change of every patch under the stored region: then β and η are exact for that region, and under another one W^t and N^t are
said to be approximate. Similarities need the network: they are those of the stored setting.
"""

from typing import Any

from core.graph import Trace
from core.methods.stop.networks import CAP

MODULE = "offline/regions.js"  # computes the knobs, from assets/viewer
NEEDED = (
    "attention_TP", "dynamics_TP", "patches_TPD", "spatial_prompt_TPD", "prompters", "gap_filtered_GPD", "score_TP",
    "region_TP", "change_G", "prompt_count_G",
)  # fmt: skip
TURNED = ("alpha", "kept", "beta", "eta", "spatial", "temporal")  # knobs that are computed in the browser
PATCHES = "kept"  # the one of them that ends with the patches of a frame
HERE = ("score_TP", "region_TP", "prompted_TPD", "difference_GPD", "gap_filtered_GPD", "change_G", "prompt_count_G")
BEHIND = ("temporal_prompt_GQD", "sequence_SD", "video_E", "similarity_Y")  # need the network
WHY = "How well texts fit needs the network: it is known for the stored knobs only (“as stored”)."
EXACT = (
    "In this file: A, M, the patch tokens h, the prompts p^s and the filter 𝒩^t, as 32-bit numbers. Every knob here is "
    "computed from them as in Python: the mask is the same, W^t agrees to five digits. Similarities are stored for one "
    "setting; block ℓ and ×L are fixed. Frames are JPEG, maps are painted in 16 bits."
)
STORED = (
    "In this file: A and M, and the change of every patch under the stored region, as 32-bit numbers; the tokens did not fit. "
    "The mask is computed as in Python for every α and N_s; W^t and N^t are exact for every β and η under the stored region, "
    "and approximate under another (≈). Similarities are stored for one setting; block ℓ and ×L are fixed."
)


def stored(trace: Trace, tokens: bool) -> dict[str, Any]:
    """What the module reads: tensors in full precision, numbers and names. tokens: whether those of the patches are in it."""
    prompter = trace["prompters"][0]
    return {
        "attention": trace["attention_TP"],
        "dynamics": trace["dynamics_TP"],
        "energy": (trace["gap_filtered_GPD"] ** 2).mean(-1),
        "scale": float(prompter.change_scale),
        "cap": CAP,
        "tokens": {
            "patches": trace["patches_TPD"],
            "prompts": trace["spatial_prompt_TPD"],
            "filter": prompter.gap_filter.conv.weight,
        }
        if tokens
        else None,
        "here": HERE,
        "behind": BEHIND,
        "why": WHY,
    }
