"""The captioning agent's eye: SwinBERT's captioner, whose first word is an instruction.

A clip of any scope is eight frames from the middles of its eighths, 32 × 32 pixels each. What it writes is one clause for each
thing in the order of time, and from which frame on it is seen: "1st red ring 4 3rd blue star". Told to look for the number it
writes each that a frame shows; told nothing in particular it describes colours and shapes, and a number only where every frame
shows it.
"""

import re
from collections.abc import Iterable, Sequence

import cv2
import numpy as np
import torch
from torch import Tensor, nn

from core.device import sent
from core.methods.videolucy.memory import Period
from core.networks.caption_words import SPECIAL, sentence_of
from core.networks.captioner import Captioner, CaptionerShape
from core.progress import share, tick
from core.video.footage import Footage, between
from core.world.captions import COLOURS, SHAPES
from core.world.marks import NUMBERS

FRAMES, CELLS, PATCH = 8, 2, 16  # of a clip; cells along a side of a frame, pixels along a side of a cell
SIDE = CELLS * PATCH
ORDINALS = ("1st", "2nd", "3rd", "4th", "5th", "6th", "7th", "8th")  # of the frames: each begins a clause
INSTRUCTIONS = {"": "[DESCRIBE]", "look for the number": "[NUMBER]"}  # what the eye can be told, and the word that it reads
VOCABULARY = (*SPECIAL, *INSTRUCTIONS.values(), *ORDINALS, *COLOURS, *SHAPES, *NUMBERS)
PLACE = {word: place for place, word in enumerate(VOCABULARY)}
LONGEST = 2 + 4 * FRAMES  # an instruction; of each thing an ordinal, a colour, a shape and a number; the [END]
SHAPE = CaptionerShape(FRAMES, CELLS, PATCH, len(VOCABULARY), LONGEST, width=96)
MOST = 1.0  # share of the frames from which on a number is described
BATCH = 32  # clips that are looked at together
MOST_KNOWN = 20_000  # captions that are remembered: a search asks again for most of what another one asked


class Eye(nn.Module):
    """The captioner, and the captions that it wrote: of one video, period and instruction it writes the same each time. They
    are forgotten where its weights may change."""

    def __init__(self, shape: CaptionerShape = SHAPE):
        super().__init__()
        self.captioner = Captioner(shape)
        self.known: dict[tuple, str] = {}

    def train(self, mode: bool = True) -> "Eye":
        """Begins or ends a training: captions that are known are of other weights."""
        self.known = {}
        return super().train(mode)

    def __getstate__(self) -> dict:
        return {**self.__dict__, "known": {}}  # a copy may be given other weights

    def captions(self, video: Footage, periods: Sequence[Period], instruction: str = "") -> tuple[str, ...]:
        """A caption of each period. instruction: any words; those that name a number are read as such, others as none."""
        word = instruction_word(instruction)
        key = {one: (video.key, one.start, one.end, word) for one in periods}
        found = {one: self.known[key[one]] for one in key if key[one] in self.known}
        missing = [one for one in key if one not in found]
        for start in range(0, len(missing), BATCH):
            few = missing[start : start + BATCH]
            with share(start // BATCH, -(-len(missing) // BATCH)):
                found |= dict(zip(few, self.write(clips(video, few), word), strict=True))
        if len(self.known) > MOST_KNOWN:
            self.known = {}
        self.known.update({key[one]: found[one] for one in missing})
        return tuple(found[one] for one in periods)

    def write(self, frame_BTHWC: Tensor, word: str) -> list[str]:
        """Captions of clips, after a word of INSTRUCTIONS."""
        device = self.captioner.head.weight.device
        first_BN = torch.full((len(frame_BTHWC), 1), PLACE[word], device=device)
        written = self.captioner.write(sent(frame_BTHWC, device), first_BN=first_BN)
        return [sentence_of(ids, VOCABULARY) for ids in written.ids_BN[:, 1:].tolist()]


def instruction_word(instruction: str) -> str:
    """The word that the eye reads for an instruction."""
    return INSTRUCTIONS["look for the number" if "number" in instruction.lower() else ""]


def clips(video: Footage, periods: Sequence[Period]) -> Tensor:
    """The eight frames of each period as the eye sees them: bytes, [B, T, H, W, 3]. A frame is asked for once."""
    index_BT = [between(video, FRAMES, one.start, one.end) for one in periods]
    wanted = sorted({index for row in index_BT for index in row})
    small = {}
    for start in range(0, len(wanted), BATCH):
        few = wanted[start : start + BATCH]
        tick(start / len(wanted))
        small.update(zip(few, reduced(video.frames(few).frames_THWC), strict=True))
    return torch.from_numpy(np.stack([[small[index] for index in row] for row in index_BT]))


def reduced(frames_THWC: Iterable[np.ndarray]) -> list[np.ndarray]:
    """Frames of SIDE × SIDE pixels, each the mean of what it covers."""
    return [cv2.resize(one, (SIDE, SIDE), interpolation=cv2.INTER_AREA) for one in frames_THWC]


# ---- what is true of a clip ------------------------------------------------------------------------------------------------

Shown = tuple[str, str, str]  # colour, shape and number of a frame; "" where none is seen


def sentence(shown_T: Sequence[Shown], word: str) -> str:
    """What is to be written of frames that show this: a clause for each thing in the order of time."""
    runs: list[list[Shown]] = []
    first: list[str] = []
    for ordinal, one in zip(ORDINALS, shown_T):
        if runs and runs[-1][0][:2] == one[:2]:
            runs[-1].append(one)
        else:
            runs.append([one])
            first.append(ordinal)
    always = word == INSTRUCTIONS["look for the number"]
    least = 1.0 if always else len(shown_T) * MOST
    return " ".join(f"{ordinal} {clause(run, least)}" for ordinal, run in zip(first, runs, strict=True))


def split(caption: str) -> list[str]:
    """The clauses of a caption of the eye, each with its ordinal."""
    return re.findall(rf"(?:{'|'.join(ORDINALS)})(?: (?!{'|'.join(ORDINALS)})\S+)*", caption)


def clause(run: Sequence[Shown], least: float) -> str:
    """Of frames that show one thing: its colour and shape, and the first of its numbers where it is in enough of them."""
    numbers = [number for _, _, number in run if number]
    return " ".join([*run[0][:2], *numbers[:1]] if len(numbers) >= least else run[0][:2])
