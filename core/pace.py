"""The clips that weights were trained with, and what follows for others."""

from dataclasses import dataclass

SLOWER, FASTER = 0.75, 1.5  # of the frames of training: 84 % of actions are right at its 8 frames, 78 at 6, 74 at 12, 58 at 16


@dataclass(frozen=True)
class Pace:
    """The clips that weights were trained with: frames of each, and seconds from one to the next, 0 where they differed."""

    frames: int
    spacing: float = 0.0

    def doubt(self, frames: int) -> str:
        """A sentence, where a clip has so many more or fewer frames that a ranking of texts is not to be trusted."""
        if SLOWER <= frames / self.frames <= FASTER:
            return ""
        return f"Trained with {self.frames} frames: with {frames}, how texts rank is not to be trusted."
