"""Facts about SwinBERT's training and evaluation: where it was interrupted does not matter, who goes on or inherits begins
with what was learned, and a trained file is measured with every key."""

import json

import numpy as np
import pytest
import torch

from core.errors import BadWeights, ReaderError
from core.methods.swinbert import equations, evaluate, report, scores, train, weights
from core.methods.swinbert.networks import VARIANTS, WORDS, Trained, shape_of
from core.networks.weights import read, save
from core.world import sprites
from tests import tiny

ASKED = ["--steps", "4", "--again", "2", "--longer", "2", "--batch", "2", "--layers", "1"]


@pytest.fixture
def short(monkeypatch):
    """Little of everything."""
    for name, value in {"SAVED": 2, "NOTED": 1, "VAL": 2, "MOMENTS": (0, 50, 100)}.items():
        monkeypatch.setattr(train, name, value)


def test_an_interrupted_training_ends_where_another_does(short, tmp_path, monkeypatch):
    names = ["log_sigmoid", "hard", "full", "identity"]
    whole, parts = (tmp_path / part / "swinbert.safetensors" for part in ("whole", "parts"))
    train.main([*ASKED, "--only", *names, "--out", str(whole)])
    plain, steps = train.one_step, []

    def stopped(*given):
        steps.append((given[0], given[4]))
        if len(steps) == 4:
            raise KeyboardInterrupt
        return plain(*given)

    monkeypatch.setattr(train, "one_step", stopped)
    with pytest.raises(KeyboardInterrupt):
        train.main([*ASKED, "--only", "log_sigmoid", "--out", str(parts)])
    train.main([*ASKED, "--only", *names, "--out", str(parts)])
    assert [step for name, step in steps if name == "log_sigmoid"] == [0, 1, 2, 3, 2, 3]  # from the checkpoint after two
    assert whole.read_bytes() == parts.read_bytes()

    made = weights.load_swinbert(whole).network
    assert list(made.names) == names and made.seed == 0 and made.words == WORDS
    assert [note.step for note in made.learning["log_sigmoid"]] == [1, 2, 3, 4]
    assert made.moments == {name: [0, 50, 100] if name == "log_sigmoid" else [] for name in names}
    first, half, end = made.mask_MM("log_sigmoid", 0), made.mask_MM("log_sigmoid", 60), made.mask_MM("log_sigmoid")
    torch.testing.assert_close(made.mask_MM("log_sigmoid", 99), half)
    assert not torch.equal(first, half) and not torch.equal(half, end)
    torch.testing.assert_close(made.variant("log_sigmoid").mask_KMM[-1], end)
    assert made.bias_MM("full") is None and set(made.bias_MM("identity").unique().tolist()) == {0.0, -torch.inf}
    assert set(json.loads(whole.with_suffix(".json").read_text())["scores"]) == {f"val_{name}" for name in names}


def test_a_further_seed_is_written_without_what_the_page_alone_shows(short, tmp_path):
    out = tmp_path / "swinbert_1.safetensors"
    train.main([*ASKED, "--seed", "1", "--only", "log_sigmoid", "inherited", "--losses-only", "inherited", "--out", str(out)])
    made = weights.load_swinbert(out).network
    assert made.names == ("log_sigmoid",) and made.moments == {"log_sigmoid": []} and made.seed == 1
    assert [note.step for note in made.learning["inherited"]] == [1, 2]  # a ratio of steps is found without its weights


def test_every_number_of_a_file_is_measured_and_is_a_table(tmp_path):
    made = tiny.captioners().network
    save(tmp_path / "swinbert.safetensors", dict(made.variants), weights.described(made), {})
    found = evaluate.evaluate(tmp_path, 4, 0, torch.device("cpu"))
    assert set(found["exact"]) == set(evaluate.COMPARED) == set(found["words"]) == set(found["spread"]) == set(found["unseen"])
    assert 0 < found["density"] < 1 and 0 < found["auroc"] < 1
    assert set(found["gates"]) == {"log_sigmoid", "as_released", "start"}
    assert set(found["gain"]) == {"full", "identity", "random"} and found["constant"] >= 1 / 4
    assert set(found["caption_scores"]) == set(evaluate.SCORED) and found["about"]["training_seeds"]["hard"] == 1
    assert "temporal window" in evaluate.table(found)
    said = report.measured(json.loads(json.dumps(found)))
    assert "CIDEr-D" in said and "temporal window" in said
    with pytest.raises(SystemExit, match="no trained SwinBERT weights"):
        evaluate.evaluate(tmp_path / "none", 4, 0, torch.device("cpu"))


def test_a_hard_mask_goes_on_from_what_was_learned_and_a_longer_one_inherits_v_alone(short, tmp_path):
    out = tmp_path / "swinbert.safetensors"
    train.main([*ASKED, "--only", "log_sigmoid", "--out", str(out)])
    asked = train.parsed([*ASKED, "--out", str(out)])
    source = train.finished("log_sigmoid", 0, out, asked)
    hard, heir = (train.beginning(name, 0, out, asked) for name in ("hard", "inherited"))
    begun, learned = hard.state_dict(), source.state_dict()
    assert all(torch.equal(begun[name], learned[name]) for name in begun if name != "mask_KMM")
    torch.testing.assert_close(heir.mask_MM.data, equations.inherited(source.mask_MM.data, 4, 8))
    fresh = train.beginning("scratch", 0, out, asked)
    assert torch.equal(heir.captioner.head.weight, source.captioner.head.weight)
    assert torch.equal(heir.captioner.time, fresh.captioner.time) and not torch.equal(heir.mask_MM, fresh.mask_MM)
    time_TD = source.captioner.time
    torch.testing.assert_close(
        heir.captioner.time[1:3], torch.stack([0.75 * time_TD[0] + 0.25 * time_TD[1], 0.25 * time_TD[0] + 0.75 * time_TD[1]])
    )
    with pytest.raises(SystemExit, match="--only full"):
        train.finished("full", 0, out, asked)


def test_a_step_teaches_v_where_it_is_learned_and_never_elsewhere():
    asked = train.parsed([*ASKED])
    for name in ("log_sigmoid", "full", "identity"):
        torch.manual_seed(0)
        made = Trained(shape_of(name, layers=2, width=16, heads=2), learned=VARIANTS[name].learned)
        before = made.mask_MM.detach().clone()
        train.one_step(name, made, torch.optim.SGD(made.parameters(), lr=1.0), 0, 0, asked)
        assert torch.equal(before, made.mask_MM) == (name != "log_sigmoid")


def test_captions_of_a_clip_are_in_different_words_and_all_true():
    clips = sprites.draw(1, 5)
    rows = train.sentences_of(clips, np.random.default_rng(0)).view(5, train.SENTENCES, -1)
    for clip in range(5):
        said = {evaluate.sentence_of(row, WORDS) for row in rows[clip].tolist()}
        assert len(said) == train.SENTENCES and said <= set(clips.references(clip))


def test_exact_is_any_reference_and_words_are_counted_one_by_one():
    clips = sprites.draw(2, 3)
    captions = [clips.references(0)[2], clips.references(1)[0].replace("a ", "one "), ""]
    assert evaluate.exact(captions, clips).tolist() == [1, 0, 0]
    assert evaluate.right_words(captions, clips) == pytest.approx(dict.fromkeys(evaluate.WORDS, 2 / 3))


def test_areas_and_ratios_are_those_of_masks_and_curves_that_are_known():
    needed = torch.from_numpy(sprites.needed_MM())
    known = evaluate.gates_of(torch.where(needed.triu(), 3.0, -3.0), 4)  # one direction of each pair is enough
    assert known["auroc"] == 1 and known["auroc_single"] == pytest.approx(0.75)
    assert known["above_half"] == pytest.approx(needed.triu().sum().item() / (144 * 143))
    notes = [weights.Note(step, 2 - step / 100, 0.1) for step in range(20, 101, 20)]
    early = [weights.Note(step, 2 - step / 50, 0.1) for step in range(20, 101, 20)]
    assert evaluate.steps_ratio(early, notes) == pytest.approx(0.6) and evaluate.steps_ratio([], notes) is None
    assert evaluate.steps_ratio([weights.Note(20, 3.0, 0.1)], notes) is None


def test_scores_of_captions_are_highest_for_a_reference_and_missing_libraries_are_a_sentence(monkeypatch):
    clips = sprites.draw(2, 8)
    references = [clips.references(clip) for clip in range(8)]
    best = scores.caption_scores([one[1] for one in references], references)
    other = scores.caption_scores([references[0][0]] * 8, references)
    assert best["bleu_4"] == pytest.approx(1, abs=1e-6) and best["meteor"] > 0.99
    assert all(best[name] > other[name] for name in ("cider_d", "bleu_4", "meteor"))
    monkeypatch.setattr(scores, "installed", lambda: False)
    with pytest.raises(ReaderError, match="pip install pycocoevalcap nltk"):
        scores.caption_scores(["a"], [["a"]])


def test_a_file_that_lacks_a_variant_or_a_shape_says_so(tmp_path):
    made = tiny.captioners().network
    with pytest.raises(BadWeights, match="hold log_sigmoid, .*, and blurred is asked for"):
        made.variant("blurred")
    path = tmp_path / "swinbert.safetensors"
    about = weights.described(made) | {"variants": ["full"], "shapes": {}}
    save(path, {"full": made.variant("full")}, about, {})
    with pytest.raises(BadWeights, match="the shape of full"):
        weights.load_swinbert(path)
    assert read(path)[1]["kind"] == "swinbert" and "UNTRAINED" in weights.untrained().label
