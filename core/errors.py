"""Everything that can go wrong for a reader, in one tree. Each message is a sentence: what is wrong, and what is allowed.

ReaderError          what the page shows and a notebook prints: the reader can mend it
├── BadClip          a video that cannot be read, or is too large to be
├── BadData          a folder or a list of videos that cannot be trained on or measured
├── BadGiven         a result that cannot stand in place of a stage's own
├── BadKnob          a knob that does not exist, or a value outside its span
├── BadService       a model on another machine that is not there, or does not answer as it should
├── BadText          a text the model cannot read
└── BadWeights       a weights file that is missing, damaged or of another model
"""


class ReaderError(Exception):
    """Something the reader can mend."""


class BadClip(ReaderError):
    """A video that cannot be read, or is too large to be."""


class BadData(ReaderError):
    """A folder or a list of videos that cannot be trained on or measured."""


class BadGiven(ReaderError):
    """A result that cannot stand in place of a stage's own."""


class BadKnob(ReaderError):
    """A knob that does not exist, or a value outside its span."""


class BadService(ReaderError):
    """A model on another machine that is not there, or does not answer as it should."""


class BadText(ReaderError):
    """A text the model cannot read."""


class BadWeights(ReaderError):
    """A weights file that is missing, damaged or of another model."""
