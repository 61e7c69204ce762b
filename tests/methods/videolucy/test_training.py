"""Facts about VideoLucy's eye: what it is taught is what a clip shows, where its training was interrupted does not matter, and
a trained file is measured with every key."""

import copy
import json

import numpy as np
import pytest
import torch

from core.errors import BadWeights
from core.methods.videolucy import evaluate, report, train
from core.methods.videolucy.evaluate import true_caption
from core.methods.videolucy.eye import FRAMES, INSTRUCTIONS, LONGEST, PLACE, SIDE, VOCABULARY, Eye, clips, sentence, split
from core.methods.videolucy.memory import Period
from core.methods.videolucy.prompts import LOOK
from core.methods.videolucy.weights import load_eye
from core.networks.caption_words import END, PAD
from core.networks.weights import read, save
from core.world.marks import marked_video

DESCRIBE, NUMBER = INSTRUCTIONS.values()
RED, BLUE = ("red", "ring", ""), ("blue", "star", "")
SEVEN = ("red", "ring", "7")
FEW = train.LOOKS[:2] + train.LOOKS[-3:] + (("red", "ring"),)
ASKED = ["--batch", "2", "--scenes", "2", "--width", "8", "--layers", "1"]


@pytest.fixture(scope="module")
def bank():
    return train.bank("train", 1, each=1, looks=FEW)


def test_a_sentence_says_what_frames_show_in_their_order():
    assert sentence([RED, RED, BLUE, BLUE], NUMBER) == "1st red ring 3rd blue star"
    assert sentence([RED, BLUE, RED], DESCRIBE) == "1st red ring 2nd blue star 3rd red ring"
    assert sentence([RED, SEVEN, BLUE], NUMBER) == "1st red ring 7 3rd blue star"  # told to look, one frame is enough
    assert sentence([RED, SEVEN, BLUE], DESCRIBE) == "1st red ring 3rd blue star"
    assert sentence([SEVEN, SEVEN], DESCRIBE) == "1st red ring 7"  # in every frame
    assert sentence([SEVEN, BLUE], DESCRIBE) == "1st red ring 2nd blue star"
    longest = sentence([SEVEN, ("blue", "star", "1")] * (FRAMES // 2), NUMBER)
    assert len(longest.split()) + 2 == LONGEST  # the instruction and the [END] fit, too
    assert split(longest)[:3] == ["1st red ring 7", "2nd blue star 1", "3rd red ring 7"] and len(split(longest)) == FRAMES


def test_the_eye_is_shown_the_middles_of_the_eighths():
    video = marked_video(3, "val", 300, (64, 64))
    (frame_THWC,) = clips(video, [Period(0, 64, 0)])
    assert frame_THWC.shape == (FRAMES, SIDE, SIDE, 3) and frame_THWC.dtype == torch.uint8
    fourth = video.frames([round((3.5 * 8) * video.rate)]).frames_THWC[0]
    assert np.allclose(frame_THWC[3].numpy(), fourth.reshape(SIDE, 2, SIDE, 2, 3).mean((1, 3)), atol=1)


def test_a_training_clip_is_a_video_in_which_time_passes(bank):
    for gap, fewest, most in ((0.125, 1, 3), (8.0, 4, 8)):
        for seed in range(5):
            pixels, seen = train.clip(np.random.default_rng(seed), bank, gap)
            looks = [one[:2] for one in seen]
            changes = 1 + sum(a != b for a, b in zip(looks, looks[1:]))
            assert pixels.shape == (FRAMES, SIDE, SIDE, 3) and fewest <= changes <= most
    seen = [one for seed in range(40) for one in train.clip(np.random.default_rng(seed), bank, 1.0)[1]]
    assert 0.05 < np.mean([bool(number) for _, _, number in seen]) < 0.6
    one = bank["red", "ring"]
    bare_KF, with_KF = (kind[:, :, :14, 20:].min(-1).max((2, 3)) for kind in (one.bare_KFHWC, one.with_KFHWC))
    assert with_KF.min() > 190 > bare_KF.max()  # at the upper right is something white, or nothing


def test_a_batch_has_each_clip_with_every_instruction(bank):
    frames, ids_RN = train.batch_of(np.random.default_rng(0), bank, 3)
    assert len(frames) == 3 and len(ids_RN) == 6
    assert ids_RN[:, 0].tolist() == [PLACE[DESCRIBE], PLACE[NUMBER]] * 3
    assert (ids_RN == END).sum(1).eq(1).all() and (ids_RN != PAD).sum(1).max() == ids_RN.shape[1] <= LONGEST


def test_captions_are_written_once_for_each_video_period_and_instruction_and_a_copy_begins_anew(monkeypatch):
    torch.manual_seed(0)
    eye, video = Eye(), marked_video(3, "val", 300, (32, 32))
    looked = []
    plain = Eye.write
    monkeypatch.setattr(
        Eye, "write", lambda self, frames, word: looked.append((len(frames), word)) or plain(self, frames, word)
    )
    one, two = Period(0, 8, 1), Period(8, 16, 1)
    first = eye.captions(video, [one, two])
    assert eye.captions(video, [two, one]) == first[::-1] and looked == [(2, DESCRIBE)]
    eye.captions(video, [one], "please look for the number")
    eye.captions(marked_video(4, "val", 300, (32, 32)), [one])
    assert looked[1:] == [(1, NUMBER), (1, DESCRIBE)]
    other = copy.deepcopy(eye)
    other.captions(video, [one])
    assert len(looked) == 4
    eye.train()
    with torch.no_grad():
        eye.captioner.head.bias[PLACE["blue"]] += 100
    eye.eval()
    assert set(eye.captions(video, [one])[0].split()) == {"blue"}  # other weights, another caption


def test_an_interrupted_training_ends_where_another_does_and_every_number_is_measured(tmp_path, monkeypatch):
    for name, value in {"SAVED": 2, "NEAR": 1, "FALLING": 2}.items():
        monkeypatch.setattr(train, name, value)
    small = train.bank
    monkeypatch.setattr(train, "bank", lambda split, count, *more: small(split, 1, *more, each=1, looks=FEW))
    scored = train.scores
    monkeypatch.setattr(train, "scores", lambda eye, scenes, seed: scored(eye, scenes, seed, clips=2))
    whole, parts = tmp_path / "whole" / "videolucy.safetensors", tmp_path / "parts" / "videolucy.safetensors"
    train.main([*ASKED, "--steps", "5", "--out", str(whole)])
    plain, taught = train.lesson, []

    def stopped(eye, *given):
        taught.append(given[0].shape)
        if len(taught) == 4:
            raise KeyboardInterrupt
        return plain(eye, *given)

    monkeypatch.setattr(train, "lesson", stopped)
    parts.parent.mkdir()
    with pytest.raises(KeyboardInterrupt):
        train.main([*ASKED, "--steps", "9", "--out", str(parts)])
    monkeypatch.setattr(train, "lesson", plain)
    train.main([*ASKED, "--steps", "5", "--out", str(parts)])  # until the rate falls, a shorter one is the same
    assert whole.read_bytes() == parts.read_bytes() and not parts.with_suffix(".partial").exists()
    made = json.loads(whole.with_suffix(".json").read_text())
    assert made["made"]["steps"] == 5 and {"clauses, 8 s", "captions, 0.125 s"} <= set(made["scores"])
    assert load_eye(whole).label.startswith("VideoLucy's eye trained on")

    monkeypatch.setattr(evaluate, "LENGTHS", {"300": 300})
    found = evaluate.evaluate(whole.parent, 1, 0, torch.device("cpu"))
    assert found["accuracy"]["300"].keys() == {
        "full", "coarse_only", "random_period", "no_instruction", "flat", "faultless_eye", "constant",
    }  # fmt: skip
    assert 0 <= found["false_confidence"] <= 1 and found["captions_share"]["300"] > 0 and found["about"]["digests"]
    assert sum(one["share"] for one in found["failures"].values()) == pytest.approx(1 - found["accuracy"]["300"]["full"])
    assert "no_instruction" in evaluate.table(found)
    assert "questions to one eye" in report.measured(json.loads(json.dumps(found)))

    other = evaluate.file_of(whole.parent, 1)
    other.parent.mkdir()
    for ending in (".safetensors", ".json"):
        other.with_suffix(ending).write_bytes(whole.with_suffix(ending).read_bytes())
    twice = evaluate.evaluate(whole.parent, 1, 0, torch.device("cpu"))
    assert twice["eyes"]["300"] == found["eyes"]["300"] * 2 and twice["about"]["questions"] == found["about"]["questions"]
    assert "each of 2 eyes" in report.measured(json.loads(json.dumps(twice)))


def test_a_file_of_an_eye_for_other_words_is_refused(tmp_path):
    eye = Eye()
    path = tmp_path / "other.safetensors"
    save(path, {"eye": eye}, dict(kind="videolucy", shape=eye.captioner.about() | {"words": 5}, made={"steps": 1}), {})
    with pytest.raises(BadWeights, match=f"{len(VOCABULARY)} words"):
        load_eye(path)
    with pytest.raises(BadWeights, match="other.safetensors|missing"):
        load_eye(tmp_path / "missing.safetensors")


def test_the_shipped_eye_writes_what_is_shown():
    made = load_eye()
    assert "UNTRAINED" not in made.label
    assert made.digest == read(train.WEIGHTS / "videolucy.safetensors")[2]
    right = every = 0
    for seed in range(901, 905):
        video, periods = marked_video(seed, "val", 300, (32, 32)), [Period(8.0 * k, 8.0 * k + 8, 1) for k in range(20)]
        for one, said in zip(periods, made.network.captions(video, periods, LOOK)):
            true = set(split(true_caption(video, one, LOOK)))
            right, every = right + len(true & set(split(said))), every + len(true)
    assert every > 80 and right / every >= 0.95
