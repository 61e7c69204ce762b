"""Scores that compare captions with references, by libraries that are installed for it and not needed for anything else:
CIDEr-D and BLEU-4 of pycocoevalcap, COCO's own code, and a METEOR of NLTK that matches words and their stems alone."""

from collections.abc import Sequence

from core.errors import ReaderError

MISSING = "Scores of captions need pycocoevalcap and nltk: pip install pycocoevalcap nltk."


class NoSynonyms:
    """Stands where METEOR asks WordNet: words match as they are, or by their stems."""

    def synsets(self, word: str) -> list:
        return []


def installed() -> bool:
    """Whether the libraries are there."""
    try:
        import nltk  # noqa: F401
        import pycocoevalcap  # noqa: F401
    except ImportError:
        return False
    return True


def caption_scores(said: Sequence[str], references: Sequence[Sequence[str]]) -> dict[str, float]:
    """{cider_d: mean over clips, 0 to 10, bleu_4: over all clips together, meteor: mean over clips}."""
    if not installed():
        raise ReaderError(MISSING)
    from nltk.translate.meteor_score import meteor_score
    from pycocoevalcap.bleu.bleu import Bleu
    from pycocoevalcap.cider.cider import Cider

    truth = {clip: list(several) for clip, several in enumerate(references)}
    spoken = {clip: [one or "nothing"] for clip, one in enumerate(said)}
    meteor = [
        meteor_score([one.split() for one in truth[clip]], spoken[clip][0].split(), wordnet=NoSynonyms()) for clip in truth
    ]
    return {
        "cider_d": float(Cider().compute_score(truth, spoken)[0]),
        "bleu_4": float(Bleu(4).compute_score(truth, spoken, verbose=0)[0][3]),
        "meteor": float(sum(meteor) / len(meteor)),
    }
