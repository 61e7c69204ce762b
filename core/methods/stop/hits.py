"""Which clips are answered rightly, by the texts that their features are nearest to."""

import numpy as np
import torch
from torch import Tensor

from core.methods.stop.answers import text_features
from core.methods.stop.clips import Data, generic, grammar, said_of, second_of
from core.methods.stop.train import without
from core.networks.weights import ClipTowers
from core.world import SPLITS

ANSWERS = ("actions", "captions", "captions_all")


class Hits:
    """Video features → hits, for one set of clips. What a second thing does is no wrong answer: it is not among those asked.

    actions: of fifteen. captions: of the held-out ones; captions_all: of those of all splits."""

    def __init__(self, towers: ClipTowers, data: Data):
        held_out, every = grammar("test"), grammar(*SPLITS)
        place_Y = torch.tensor([every.index(one) for one in held_out], device=data.device)
        seconds = [second_of(one) for one in data.samples]
        also_N = torch.tensor([every.index(said_of(thing)) if thing else -1 for thing in seconds], device=data.device)
        every_YE = text_features(towers, every)
        self.asked = (
            (towers.text(generic()), data.action_N, data.also_action_N),
            (every_YE[place_Y], data.caption_N, data.also_caption_N),
            (every_YE, place_Y[data.caption_N], also_N),
        )

    def __call__(self, video_NE: Tensor) -> np.ndarray:
        """[3, N] bool, in the order of `ANSWERS`."""
        right = [(without(video_NE @ text_YE.T, also_N).argmax(1) == own_N) for text_YE, own_N, also_N in self.asked]
        return torch.stack(right).cpu().numpy()
