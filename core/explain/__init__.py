"""Why did the network say so, and is the answer true? Captum's attributions, tests of any map, and a self-check.

    subject = stop_subject(engine, clip, ["a red ring moves left", "a red ring stays still"], text=0, alpha=0.3)
    why = attribution(subject, "integrated_gradients", progress=print, cancelled=lambda: False)
    faithfulness_of(subject, why.title, why.map_TP).sentence
    [check.sentence for check in self_check(engine, "stop", clip)]
"""

from core.explain.attributions import ATTRIBUTIONS, Attribution, Explanation, attribution, estimate
from core.explain.captum_tests import sensitivity_of
from core.explain.faithfulness import Controls, Curve, Faithfulness, controls, faithfulness_of
from core.explain.offered import EXPLAINED, Choice, Explained, Own, own_maps
from core.explain.selfcheck import Check, self_check
from core.explain.stop import stop_subject
from core.explain.stpn import stpn_subject
from core.explain.subject import FILLS, Subject
from core.explain.truth import Agreement, against_truth

__all__ = [
    "ATTRIBUTIONS", "EXPLAINED", "FILLS", "Agreement", "Attribution", "Check", "Choice", "Controls", "Curve", "Explained",
    "Explanation", "Faithfulness", "Own", "Subject", "against_truth", "attribution", "controls", "estimate", "faithfulness_of",
    "own_maps", "self_check", "sensitivity_of", "stop_subject", "stpn_subject",
]  # fmt: skip
