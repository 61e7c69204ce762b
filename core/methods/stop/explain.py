"""STOP's similarity of a clip to a text, as a function of the patch tokens before the first block.

Why tokens: that is where STOP begins, the engine has them already, and a token changes only where its own patch does. So the
token of a filled picture in a patch's place is exactly what the network would get, had these pixels been painted over
(`tests/core/explain/test_subjects.py` compares the two). Fills carry their position, so that nothing but what is seen is taken
away.

Held or made anew. The region r and the counts N^t are steps: a gradient does not see them, and a path along which they jump
has no completeness. So where gradients are taken (integrated gradients, Grad-CAM) r and N^t stay as they are for the whole
clip, at every prompted layer, and p^s, p^t and all else follow the tokens. Where patches are taken away (occlusion, ablation,
every test of faithfulness) r and N^t are made anew: that is what the model would say of such a clip.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from core.data.rendered import Sample
from core.device import upload
from core.engine import Engine
from core.errors import BadKnob, BadText
from core.explain.offered import Choice, Explained
from core.explain.subject import Subject, fills
from core.methods.stop.equations import Prompted, Settings, encode, prompt_again, prompt_layer, with_prefix
from core.methods.stop.networks import Prompter, Prompters
from core.metrics import on_actor
from core.networks.vision import VisionTower
from core.progress import CalledOff
from core.video.clip import Clip


@dataclass(frozen=True, eq=False)
class StopScore:
    """h [B, T, P, D] → c(s, v) [B]: STOP's stages for a batch of clips, gradients and all. taps: what enters each block."""

    vision: VisionTower
    prompters: Prompters
    prefix_RD: Tensor
    text_E: Tensor
    settings: Settings
    layer: int  # ℓ, from 1
    taps: tuple[nn.Module, ...]

    def __call__(self, h_BTPD: Tensor, held: Sequence[Prompted] | None = None) -> Tensor:
        return self.walk(h_BTPD, held)[0] @ self.text_E

    def walk(self, h_BTPD: Tensor, held: Sequence[Prompted] | None = None) -> tuple[Tensor, list[Prompted]]:
        """v [B, E], and what each prompted layer made. held: layers whose regions and counts are to be used again."""
        vision, T = self.vision, h_BTPD.shape[1]

        def prompts(i: int, prefix_BRD: Tensor, h_BTPD: Tensor) -> Prompted:
            prompter: Prompter = self.prompters[i]
            if held:
                return prompt_again(h_BTPD, held[i], prompter, vision.grid, self.settings)
            frames_BSD = with_prefix(prefix_BRD, h_BTPD)  # A: of block ℓ before any prompt, of the layer's own behind the first
            attention_BP = vision.attention(i, frames_BSD) if i else vision.attentions(frames_BSD, self.layer)[-1]
            return prompt_layer(h_BTPD, attention_BP.unflatten(0, (-1, T)), prompter, vision.grid, self.settings)

        def tap(i: int, tokens_BSD: Tensor) -> Tensor:
            return tapped(self.taps[i], tokens_BSD, len(self.prefix_RD), (T, *vision.grid))

        return encode(vision, self.prefix_RD.expand(len(h_BTPD), -1, -1), h_BTPD, len(self.prompters), prompts, tap)


def tapped(tap: nn.Module, tokens_BSD: Tensor, R: int, shape: tuple[int, int, int]) -> Tensor:
    """The same tokens, those of the patches passed through `tap` as [B, D, T, h, w]."""
    S = shape[0] * shape[1] * shape[2]
    video_BDThw = tap(tokens_BSD[:, R : R + S].transpose(1, 2).unflatten(2, shape))
    return torch.cat([tokens_BSD[:, :R], video_BDThw.flatten(2).transpose(1, 2), tokens_BSD[:, R + S :]], 1)


def stop_subject(
    engine: Engine, clip: Clip, texts: Sequence[str], text: int = 0, cancelled: CalledOff = lambda: False, **knobs: Any
) -> Subject:
    """The similarity of the clip to `texts[text]` (counted from 0) at these knobs, to be explained.

    Maps are over all frames and the encoder's patches."""
    if isinstance(text, bool) or not isinstance(text, int) or not 0 <= text < len(texts):
        raise BadText(f"The text to explain is one of {len(texts)}, counted from 0, got {text!r}.")
    if knobs.get("steady"):
        raise BadKnob("Explanations follow the change as it is, the camera's own included: switch “no pan” (steady) off.")
    wanted = ("tokens_TSD", "prompters", "text_YE")
    trace = engine.run("stop", clip, texts=texts, outputs=wanted, cancelled=cancelled, **knobs)
    vision: VisionTower = engine.network("clip_towers").network.vision
    R, turned = vision.prefix, engine.settings("stop", knobs)
    settings = Settings(**{name: turned[name] for name in ("alpha", "kept", "beta", "eta", "spatial", "temporal")})
    taps = tuple(nn.Identity() for _ in range(vision.depth))
    tokens_TSD = trace["tokens_TSD"]
    net = StopScore(vision, trace["prompters"], tokens_TSD[0, :R], trace["text_YE"][text], settings, turned["layer"], taps)
    whole_TPD = tokens_TSD[:, R:]
    with torch.no_grad():
        pixels_TCHW = vision.pixels(upload(clip, engine.device))
        side = vision.size[0] // vision.grid[0]
        filled = {name: vision.embed(one)[:, R:] for name, one in fills(pixels_TCHW, side).items()}
        _, held = net.walk(whole_TPD[None])
    return Subject(
        what=f"similarity of the clip to “{texts[text].strip()}”",
        net=lambda h_BTPD, keep: net(h_BTPD, held if keep else None),
        whole=whole_TPD,
        filled=filled,
        spread=lambda shown_BThw: shown_BThw.flatten(2).unsqueeze(-1),
        frame_T=tuple(range(len(clip))),
        grid=vision.grid,
        weights=trace.weights,
        taps=taps,
    )


def texts_of(
    engine: Engine, clip: Clip, texts: Sequence[str], knobs: Mapping[str, Any], cancelled: CalledOff
) -> tuple[Choice, ...]:
    """Every text, as it is written."""
    return tuple(Choice(f"“{text}”", "texts", {"text": place}) for place, text in enumerate(texts))


EXPLAINED = Explained(
    "why this text?",
    "There is no text to explain: write one, a line each, among the texts of the page.",
    "Integrated gradients and Grad-CAM follow gradients, which do not see steps: the region r and the counts Nᵗ stay as "
    "they are for the whole clip. Occlusion, feature ablation and every test make them anew, as the model would for such a "
    "clip.",
    "cosine",
    texts_of,
    lambda engine, clip, texts, choice, knobs, cancelled: stop_subject(
        engine, clip, texts, cancelled=cancelled, **choice.asked, **knobs
    ),
)  # fmt: skip


def case(engine: Engine, clip: Clip, one: Sample) -> tuple[Subject, dict[str, np.ndarray], np.ndarray]:
    """The clip's own caption at default knobs, and the method's own maps."""
    subject = stop_subject(engine, clip, [one.scene.caption])
    names = {"A": "attention_TP", "M": "dynamics_TP", "W^s": "score_TP", "r": "region_TP"}
    trace = engine.run("stop", clip, outputs=list(names.values()))
    maps = {name: trace[stage].cpu().numpy() for name, stage in names.items()}
    return subject, maps, on_actor(one.instance_THW, subject.grid)
