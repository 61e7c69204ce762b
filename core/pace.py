"""The clips that weights were trained with, and what follows for others."""

from dataclasses import dataclass

SLOWER, FASTER = 0.75, 1.5  # of the frames of training: 91 % of actions are right at its 8 frames, 88 at 6, 87 at 12, 70 at 16
NEARER, FARTHER = 0.5, 2.0  # of the spacing of training: a thing moves half as far, or twice


@dataclass(frozen=True)
class Pace:
    """The clips that weights were trained with: frames of each, and seconds from one to the next, 0 where they differed."""

    frames: int
    spacing: float = 0.0

    def doubt(self, frames: int, spacing: float = 0.0) -> str:
        """A sentence, where a clip has so many more or fewer frames, or so much more or less time between them, that a ranking
        of texts is not to be trusted. spacing: seconds; 0: nobody knows."""
        if not SLOWER <= frames / self.frames <= FASTER:
            return f"Trained with {self.frames} frames: with {frames}, how texts rank is not to be trusted."
        if self.spacing and spacing and not NEARER <= spacing / self.spacing <= FARTHER:
            return (
                f"Trained with a frame every {self.spacing:g} s: with one every {spacing:.2g} s, how texts rank is not to be "
                "trusted."
            )
        return ""

    def __str__(self) -> str:
        """ "8 frames, one every 0.25 s"."""
        return f"{self.frames} frames" + (f", one every {self.spacing:g} s" if self.spacing else "")
