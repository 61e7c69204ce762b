"""Facts about the small CLIP's tower and training: its stem, its pictures, its losses, and that it goes on where it stopped."""

import argparse
import re
from dataclasses import replace

import numpy as np
import pytest
import torch

from core import BadWeights, Engine
from core.data.rendered import pool
from core.networks.text import SmallText
from core.networks.vision import ConvolutionStem, PatchStem, VisionTower, small_vit
from core.networks.weights import load_clip, read, save
from core.training import clip
from core.training.loop import level
from core.training.naming import among
from core.training.pictures import (
    COLOURED,
    LOOK_Y2,
    MAY_COLOUR_YK,
    MAY_SHAPE_YK,
    NOUNS,
    PAIRS,
    SHAPED,
    Shown,
    batch,
    clause,
    inside,
    window_of,
)  # fmt: skip
from core.training.words import paraphrase
from core.world import ACTIONS, COLOURS, SHAPES, Mix
from tests import tiny

SHAPE = dict(size=(128, 128), patch=16, width=48, depth=3, features=16, stem="convolutions")


def tower(norms=False, **asked):
    torch.manual_seed(0)
    return VisionTower(small_vit(**SHAPE | asked, norms=norms)).eval()


@pytest.fixture(scope="module")
def clips():
    mixed = pool(70, 12, "train", 8, SHAPE["size"], mix=Mix(0.5, 0.5))
    return [Shown.of(one) for one in mixed]


# ---- the tower ----------------------------------------------------------------------------------------------------


def test_a_token_of_the_stem_of_convolutions_changes_with_its_patch_most_and_with_none_but_neighbours():
    pixels = torch.randn(1, 3, 128, 128)
    touched = pixels.clone()
    touched[:, :, 48:64, 64:80] += 1  # row 3, column 4
    vision = tower()
    moved = (vision.embed(touched) - vision.embed(pixels))[0, vision.prefix :].abs().mean(-1).unflatten(0, (8, 8))
    far = torch.ones(8, 8, dtype=torch.bool)
    far[2:5, 3:6] = False
    assert moved.argmax() == 3 * 8 + 4 and moved[far].max() == 0


def test_the_stem_without_its_norms_is_the_same_function():
    with_norms = tower(norms=True)
    for part in with_norms.modules():
        if isinstance(part, torch.nn.BatchNorm2d):
            part.running_mean.uniform_(-1, 1)
            part.running_var.uniform_(0.3, 3)
            torch.nn.init.uniform_(part.weight, 0.5, 2)
            torch.nn.init.uniform_(part.bias, -1, 1)
    plain = tower()
    plain.vit.patch_embed.load_state_dict(with_norms.vit.patch_embed.folded())
    pixels = torch.randn(2, 3, 128, 128)
    wanted = with_norms.vit.patch_embed(pixels)
    assert (plain.vit.patch_embed(pixels) - wanted).abs().max() < 1e-4 * wanted.abs().max()


def test_a_file_says_which_stem_it_has_and_one_that_says_nothing_has_patches(tmp_path):
    assert isinstance(small_vit(**{name: value for name, value in SHAPE.items() if name != "stem"}).patch_embed, PatchStem)
    file, text = tmp_path / "clip.safetensors", SmallText(tiny.WORDS, features=16)
    about = dict(kind="clip", shape=SHAPE, vocabulary=list(tiny.WORDS), scale=9.0)
    save(file, {"vision": tower(), "text": text}, about, {})
    vision = load_clip(file).network.vision
    assert isinstance(vision.vit.patch_embed, ConvolutionStem) and vision.grid == (8, 8)
    save(file, {"vision": tower(), "text": text}, about | {"shape": SHAPE | {"stem": "lace"}}, {})
    with pytest.raises(BadWeights, match='shape.stem is "lace"; it is patch or convolutions'):
        load_clip(file)


def test_stop_runs_on_a_tower_with_convolutions_and_rounding_leaves_its_dynamics_alone(tmp_path):
    file = tmp_path / "clip.safetensors"
    about = dict(kind="clip", shape=SHAPE, vocabulary=list(tiny.WORDS), scale=9.0)
    save(file, {"vision": tower(), "text": SmallText(tiny.WORDS, features=16)}, about, {})
    shown = tiny.clip(4, H=128, W=128)
    traces = [Engine("cpu", {"clip": str(file)}, how).run("stop", shown, texts=["a ball"]) for how in ("float32", "bfloat16")]
    assert torch.equal(traces[0]["dynamics_TP"], traces[1]["dynamics_TP"])
    assert (traces[0]["video_E"] - traces[1]["video_E"]).abs().max() < 0.03
    assert traces[0]["attention_LTP"].shape == (3, 4, 64)


# ---- pictures -----------------------------------------------------------------------------------------------------


def test_a_batch_says_what_its_pictures_show(clips):
    one = batch(clips, 6, 3, 6, np.random.default_rng(0))
    assert one.pictures_BHWC.shape == (6, 128, 128, 3) and one.windows_WHWC.shape == (6, 64, 64, 3)
    assert (one.thing_BY[:3] == -1).all()  # of plates nobody asks for things
    assert (one.action_B[3:] == -1).all()  # and of frames nobody asks for actions
    for said, there_Y in zip(one.texts[3:], one.thing_BY[3:6]):
        colours = {PAIRS[i][0].replace("purple", "violet") for i in np.flatnonzero(there_Y == 1)}
        named = said.replace("purple", "violet").split()
        assert not colours or sum(word in named for word in colours) >= min(2, len(colours))


def test_a_window_holds_a_whole_thing_and_names_no_part_of_one(clips):
    one = next(one for one in clips if len(one.scene.objects) == 2)
    boxes = np.array([[0, 0, 20, 20], [54, 0, 74, 20]], float)  # no window of an 80-pixel frame has the whole of both
    shown = replace(one, frames_THWC=np.zeros((8, 80, 80, 3), np.uint8), box_TO4=np.tile(boxes, (8, 1, 1)),
                    area_TO=np.full((8, 2), 300), patch_TRC=np.ones((8, 5, 5), np.uint8))  # fmt: skip
    for seed in range(6):
        picture, patch_hw, there_Y = window_of(shown, np.random.default_rng(seed))
        assert picture.shape == (64, 64, 3) and sorted(there_Y[there_Y != 0]) == [-1, 1]
        assert patch_hw.shape == (4, 4) and PAIRS[patch_hw[0, 0]] == (one.scene.actor.colour, one.scene.actor.shape)
    corners, boxes = np.array([[0, 0], [32, 0]]), np.array([[10, 10, 30, 30], [54, 0, 74, 20], [np.nan] * 4])
    assert np.allclose(inside(corners, boxes), [[1, 0.5, 0], [0, 1, 0]])


def test_patches_of_a_window_have_the_colours_of_what_they_are_said_to_show(clips):
    one = batch(clips, 1, 0, 11, np.random.default_rng(5))
    things = [i for i, (colour, _) in enumerate(PAIRS) if colour in ("red", "orange", "yellow", "blue")]
    frames = batch(clips, 12, 0, 0, np.random.default_rng(6))
    for pictures, patches in ((one.windows_WHWC, one.patch_Whw), (frames.pictures_BHWC, frames.patch_BRC)):
        B, n, _ = patches.shape
        cut = pictures.reshape(B, n, 16, n, 16, 3).transpose(2, 3).flatten(3, 4).float()
        vivid = (cut.amax(-1) - cut.amin(-1)).amax(-1)  # things are vivid, but for the white ones
        shown = torch.isin(patches, torch.tensor(things))
        assert shown.sum() > 8 and (vivid[shown] > 2 * vivid[patches == -1].median()).float().mean() > 0.9


def test_a_mirror_turns_left_into_right_and_leaves_up_and_down(clips):
    for one in clips:
        thing = one.scene.actor
        said, mirrored = clause(thing, False), clause(thing, True)
        sideways = any(word in thing.motion.action for word in ("left", "right", "clockwise"))
        assert (said != mirrored) == sideways and clause(thing, True, bare=True).startswith("an object ")


def test_a_clip_in_which_two_things_act_is_never_asked_for_one_action(clips):
    two = [one for one in clips if len(one.scene.acting) == 2]
    assert len(two) >= 3
    assert (batch(two, len(two), len(two), 0, np.random.default_rng(0)).action_B == -1).all()


# ---- losses -------------------------------------------------------------------------------------------------------


def unit(*shape):
    return torch.nn.functional.normalize(torch.randn(*shape, generator=torch.Generator().manual_seed(3)), dim=-1)


def test_things_that_nobody_may_speak_of_take_no_part():
    image_BE, noun_YE, there_BY = unit(2, 8), unit(5, 8), torch.tensor([[1, 0, 0, -1, 0], [0, 1, 1, 0, -1]])
    loss = clip.present(image_BE, noun_YE, there_BY, torch.tensor(9.0))
    other_YE = noun_YE.clone()
    other_YE[3] = image_BE[0]
    alone = clip.present(image_BE[:1], noun_YE, there_BY[:1], torch.tensor(9.0))
    assert torch.equal(clip.present(image_BE[:1], other_YE, there_BY[:1], torch.tensor(9.0)), alone)
    own = 9 * image_BE[0] @ noun_YE.T  # of one thing it is the cross-entropy among what may be spoken of
    assert torch.allclose(alone, -own[[0, 1, 2, 4]].log_softmax(0)[0]) and loss > 0


def test_where_everything_is_there_nothing_is_learned():
    image_BE = unit(1, 8).requires_grad_()
    clip.present(image_BE, unit(3, 8), torch.tensor([[1, 1, -1]]), torch.tensor(9.0)).backward()
    assert image_BE.grad.abs().max() == 0


def test_colours_and_shapes_are_there_where_a_noun_is_that_has_them():
    there = torch.zeros(1, len(PAIRS), dtype=torch.long)
    there[0, PAIRS.index(("red", "star"))], there[0, PAIRS.index(("blue", "star"))] = 1, -1
    may = map(torch.from_numpy, (MAY_COLOUR_YK, MAY_SHAPE_YK))
    colours, shapes = (clip.merged(there, torch.from_numpy(look_Y), may_YK)[0] for look_Y, may_YK in zip(LOOK_Y2.T, may))
    # a red star is not said to be no ring, no red ring being there to be seen; nor a star no yellow one, for the same reason
    unseen = {colour for colour in COLOURS if (colour, "star") not in PAIRS}, {s for s in SHAPES if ("red", s) not in PAIRS}
    assert {COLOURS[i]: int(v) for i, v in enumerate(colours) if v} == {"red": 1, "blue": -1} | dict.fromkeys(unseen[0], -1)
    assert {SHAPES[i]: int(v) for i, v in enumerate(shapes) if v} == {"star": 1} | dict.fromkeys(unseen[1], -1)
    assert len(unseen[0]) == len(unseen[1]) == 2
    assert COLOURED[0] == "a red object" and SHAPED[4] == "a ring"


def test_a_whole_frame_is_read_as_the_engine_reads_it():
    vision, frames = tower(), torch.randint(0, 255, (2, 128, 128, 3), dtype=torch.uint8)
    with torch.no_grad():
        wanted = vision.encode(vision.embed(vision.pixels(frames)))
        assert (vision.feature(clip.read(vision, frames)[1]) - wanted).abs().max() < 1e-5


def test_two_pictures_of_one_sentence_are_no_negatives_of_each_other():
    a_BE, b_BE = unit(3, 8), unit(6, 8)[3:]
    same = torch.tensor([[True, True, False], [True, True, False], [False, False, True]])
    rows, columns = ((9 * x @ y.T).log_softmax(1) for x, y in ((a_BE, b_BE), (b_BE, a_BE)))
    wanted = -sum(log[:2, :2].mean() * 2 + log[2, 2] for log in (rows, columns)) / 6
    assert torch.allclose(clip.contrast(a_BE, b_BE, torch.tensor(9.0), same), wanted)
    wanted = -(rows.diagonal() + columns.diagonal()).mean() / 2
    assert torch.allclose(clip.contrast(a_BE, b_BE, torch.tensor(9.0)), wanted)


def test_clauses_may_change_places_and_actions_may_not():
    told = [pair for pair in clip.captions(np.random.default_rng(0)) if " while " in pair[0]]
    assert len(told) == 12 and all(" while " in second for _, second in told)
    assert len(clip.captions(np.random.default_rng(0))) == 12 + 2 * len(ACTIONS)


# ---- the training -------------------------------------------------------------------------------------------------


def test_the_rate_is_level_until_it_falls():
    rates = [level(step, 75, 100, 2.0, warmup=10) for step in range(100)]
    assert rates[:10] == pytest.approx(np.linspace(0.2, 2, 10)) and set(rates[10:76]) == {2.0}
    assert (np.diff(rates[75:]) < 0).all() and rates[-1] == pytest.approx(0.08)
    assert [level(step, 150, 200, 2.0, warmup=10) for step in range(75)] == rates[:75]


def test_a_training_that_was_stopped_may_end_elsewhere_and_comes_to_the_same(clips, tmp_path, monkeypatch):
    few = dict(size=4, plates=2, windows=4)
    for name, value in dict(SHAPE=SHAPE, EARLY=few, LATE=dict(size=4, plates=2, windows=0), SAVED=2).items():
        monkeypatch.setattr(clip, name, value)
    monkeypatch.setattr(clip, "training_clips", lambda scenes, seed: clips)
    monkeypatch.setattr(clip, "score", lambda towers: {})

    def train(name, steps):
        out = tmp_path / name
        clip.train(argparse.Namespace(out=out, steps=steps, scenes=12, seed=0, device="cpu"))
        return read(out)[0]

    at_once = train("once.safetensors", 4)

    real, steps = clip.batch, iter(range(40))

    def interrupted(*given, **asked):
        if next(steps) == 3:
            raise KeyboardInterrupt
        return real(*given, **asked)

    with monkeypatch.context() as broken:
        broken.setattr(clip, "batch", interrupted)
        with pytest.raises(KeyboardInterrupt):
            train("later.safetensors", 40)
    taken = []
    monkeypatch.setattr(clip, "batch", lambda *given, **asked: taken.append(0) or real(*given, **asked))
    later = train("later.safetensors", 4)
    assert len(taken) == 2  # from the checkpoint on
    assert at_once.keys() == later.keys() and all(torch.equal(at_once[name], later[name]) for name in at_once)
    assert not (tmp_path / "later.partial").exists()


# ---- what it knows ------------------------------------------------------------------------------------------------


def test_who_names_everything_scores_one_and_who_names_others_scores_nothing(monkeypatch):
    from core.training import naming

    samples = pool(5, 6, "test", 1, SHAPE["size"], distractors=2)
    truths = {id(one): naming.seen(one) for one in samples}
    monkeypatch.setattr(naming, "best", lambda towers, one, count: truths[id(one)][:count])
    assert among(None, samples) == {"among": 1.0, "among_actor": 1.0}
    monkeypatch.setattr(naming, "best", lambda towers, one, count: [("none", "none")] * count)
    assert among(None, samples) == {"among": 0.0, "among_actor": 0.0}
    assert len(NOUNS) == len(PAIRS) == 48


def test_another_word_for_a_thing_has_the_article_that_it_needs():
    rng = np.random.default_rng(0)
    said = {paraphrase("an object moves left while an orange circle grows", rng) for _ in range(60)}
    assert any(one.startswith("a thing ") for one in said) and any(one.startswith("an object ") for one in said)
    assert not any(re.search(r"\ban [^aeiou]|\ba [aeiou]", one) for one in said)
