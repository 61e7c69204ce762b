"""What the frozen reader answers from some frames, and how a choice of frames is rewarded.

Letters: B questions, T candidate frames, K chosen frames, G rollouts, E features, A answers.
"""

import torch
from torch import Tensor

from core.methods.tspo.networks import Reader


def answer_logits(
    reader: Reader, feature_BTE: Tensor, question_BE: Tensor, place_BK: Tensor, option_BA: Tensor | None = None
) -> Tensor:
    """Logits [B, A] of every answer from the frames at these places, ascending; what is no option is −∞."""
    frame_BKE = feature_BTE.gather(1, place_BK[..., None].expand(-1, -1, feature_BTE.shape[-1]))
    second_BK2 = torch.stack([place_BK, feature_BTE.shape[1] - 1 - place_BK], -1).float()
    logit_BA = reader(frame_BKE, second_BK2, question_BE)
    return logit_BA if option_BA is None else logit_BA.masked_fill(~option_BA, -torch.inf)


def accuracy_reward(reader: Reader, feature_BTE, question_BE, place_BGK: Tensor, option_BA: Tensor, answer_B: Tensor) -> Tensor:
    """R_A = 1 where the reader's answer from a rollout's frames is right, else 0: [B, G]."""
    G = place_BGK.shape[1]
    with torch.no_grad():
        logit_NA = answer_logits(
            reader, feature_BTE.repeat_interleave(G, 0), question_BE.repeat_interleave(G, 0),
            place_BGK.sort(-1).values.flatten(0, 1), option_BA.repeat_interleave(G, 0),
        )  # fmt: skip
    return (logit_NA.argmax(-1).unflatten(0, (-1, G)) == answer_B[:, None]).float()


def temporal_reward(shown_BT: Tensor, place_BGK: Tensor) -> Tensor:
    """R_T: the share of a rollout's frames that lie in the evidence, [B, G]. (Equation 11)"""
    return shown_BT[:, None].expand(-1, place_BGK.shape[1], -1).gather(-1, place_BGK).float().mean(-1)
