"""Facts about "top 1": it is said of no tie, of no unread word, and of no video that weights know nothing of."""

import pytest
import torch

from core.networks.weights import Loaded
from core.pace import Pace
from core.ranking import doubt
from tests import tiny

REAL, OURS = "CLIP ViT-B-32 · openai", "small CLIP trained on our synthetic clips · clip.safetensors"


def test_a_clear_winner_is_called_one():
    assert doubt([0.31, 0.29, 0.30], label=REAL) == "" == doubt([0.31, 0.29], label=OURS, of_world=True)


@pytest.mark.parametrize(
    ("said", "asked"),
    [
        ("The two best texts fit equally well (0.310)", {"similarity_Y": [0.31, 0.31, 0.2]}),
        ("equally well", {"similarity_Y": torch.tensor([0.2, 0.3101, 0.3100]).tolist()}),
        ("does not read “dog”, “…and more”", {"unknown": ("dog", "…and more")}),
        ("These weights know our synthetic clips alone", {"label": OURS, "unknown": ("dog",)}),
        ("These weights are random", {"label": "vit_tiny · RANDOM weights"}),
        ("Trained with 8 frames: with 32", {"pace": Pace(8), "frames": 32}),
        ("Trained with a frame every 0.25 s: with one every 1.2 s", {"pace": Pace(8, 0.25), "frames": 8, "spacing": 1.2}),
        ("nothing to rank", {"similarity_Y": [0.3]}),
    ],
)
def test_what_keeps_a_text_from_being_first_is_said(said, asked):
    assert said in doubt(**{"similarity_Y": [0.31, 0.2], "label": REAL} | asked)


def test_a_run_says_what_its_weights_were_trained_with_and_warns_where_texts_are_ranked():
    towers = tiny.towers()
    parts = tiny.prompters(towers, 1)
    engine = tiny.engine(towers)
    assert engine.pace("stop") is None and engine.run("stop", tiny.clip(T=20), texts=tiny.TEXTS).notes == ()
    paced = Loaded(parts.network, parts.label, "paced", Pace(8, 0.1))
    engine = tiny.engine(towers, models=engine.models | {"stop_first": paced})
    assert engine.pace("stop") == Pace(8, 0.1) and engine.pace("stop", depth="all") is None
    assert engine.run("stop", tiny.clip(T=8), texts=tiny.TEXTS).notes == ()
    trace = engine.run("stop", tiny.clip(T=20), texts=tiny.TEXTS)
    assert trace.pace == Pace(8, 0.1)
    assert trace.notes == ("Trained with 8 frames: with 20, how texts rank is not to be trusted.",)
    assert engine.run("stop", tiny.clip(T=20)).notes == ()  # no text is ranked
