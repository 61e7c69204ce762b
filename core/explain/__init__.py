"""Why did the network say so, and is the answer true? Captum's attributions, tests of any map, and a self-check.

what, texts = explained("METHOD"), ["a red ring moves left", "a red ring stays still"]
choice = what.choices(engine, clip, texts, {}, lambda: False)[0]
subject = what.subject(engine, clip, texts, choice, {})
why = attribution(subject, "integrated_gradients", progress=print, cancelled=lambda: False)
faithfulness_of(subject, why.title, why.map_TP).sentence
[check.sentence for check in self_check(engine, "METHOD", clip)]
"""

from core.explain.attributions import ATTRIBUTIONS, Attribution, Explanation, attribution, estimate
from core.explain.captum_tests import sensitivity_of
from core.explain.faithfulness import Controls, Curve, Faithfulness, controls, faithfulness_of
from core.explain.offered import Choice, Explained, Own, explained, own_maps
from core.explain.selfcheck import Check, self_check
from core.explain.subject import FILLS, Subject
from core.explain.truth import Agreement, against_truth

__all__ = [
    "ATTRIBUTIONS", "FILLS", "Agreement", "Attribution", "Check", "Choice", "Controls", "Curve", "Explained", "Explanation",
    "Faithfulness", "Own", "Subject", "against_truth", "attribution", "controls", "estimate", "explained", "faithfulness_of",
    "own_maps", "self_check", "sensitivity_of",
]  # fmt: skip
