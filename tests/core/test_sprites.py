"""Facts about clips of sprites: what moves is told by pairs of pictures alone, and who needs which pair is known."""

import numpy as np
import pytest

from core.networks.caption_words import ids_of, sentence_of, vocabulary
from core.world import sprites
from core.world.captions import caption


def kinds_of(clips):
    """What is in each cell, read from the pixels: a number for each look, 0 for the ground. [B, T, cells]"""
    B, T = clips.frame_BTHWC.shape[:2]
    cell = clips.frame_BTHWC.reshape(B, T, sprites.CELLS, sprites.PATCH, sprites.CELLS, sprites.PATCH, 3).astype(int)
    patch = cell.transpose(0, 1, 2, 4, 3, 5, 6).reshape(B, T, sprites.CELLS**2, -1, 3)
    looks = {}
    found = np.zeros(patch.shape[:3], int)
    for b in range(B):
        masks = np.array([[[c == "1" for c in line] for line in lines] for lines in sprites.SHAPES.values()]).reshape(4, -1)
        for t in range(T):
            for x in range(sprites.CELLS**2):
                spread = patch[b, t, x].max(-1)
                if spread.max() < 150:
                    continue
                lit = spread > 120
                shape = int((masks == lit).all(1).argmax())
                assert (masks[shape] == lit).all()
                ratio = patch[b, t, x][lit].mean(0)
                rgb = np.array(sprites.RGB, float)
                scale = (rgb @ ratio) / (rgb**2).sum(1)
                colour = int(np.abs(ratio - scale[:, None] * rgb).sum(1).argmin())
                found[b, t, x] = looks.setdefault((colour, shape), 1 + colour * 4 + shape)
    return found


@pytest.fixture(scope="module")
def clips():
    return sprites.draw(3, 60)


@pytest.fixture(scope="module")
def look_BTX(clips):
    return kinds_of(clips)


def test_a_seed_draws_the_same_clips_and_another_seed_or_split_others(clips):
    again, other = sprites.draw(3, 60), sprites.draw(4, 60)
    assert np.array_equal(clips.frame_BTHWC, again.frame_BTHWC) and not np.array_equal(clips.frame_BTHWC, other.frame_BTHWC)
    assert clips.frame_BTHWC.shape == (60, 4, sprites.SIDE, sprites.SIDE, 3) and clips.frame_BTHWC.dtype == np.uint8
    with pytest.raises(Exception, match="'dev'"):
        sprites.draw(3, 1, split="dev")
    with pytest.raises(ValueError, match="got 6"):
        sprites.draw(3, 1, frames=6)


def test_what_the_caption_says_is_in_the_pixels_at_the_cells_that_are_told(clips, look_BTX):
    for clip in range(len(look_BTX)):
        colour, shape = clips.kind_B2[clip]
        name = tuple(sprites.DIRECTIONS)[clips.direction_B[clip]]
        row_T, column_T = np.divmod(clips.cell_BT[clip], sprites.CELLS)
        for t, cell in enumerate(clips.cell_BT[clip]):
            assert look_BTX[clip, t, cell] == 1 + colour * 4 + shape and sprites.CENTRE[cell]
            if t:
                assert (row_T[t] - row_T[t - 1], column_T[t] - column_T[t - 1]) == sprites.DIRECTIONS[name]
        said = clips.references(clip)
        assert (
            said[0] == caption(sprites.COLOURS[colour], tuple(sprites.SHAPES)[shape], f"moves {name}") and len(set(said)) == 4
        )


def test_nothing_else_is_ever_beside_the_cell_where_its_kind_was_a_picture_before(clips, look_BTX):
    for clip in range(len(look_BTX)):
        for t in range(3):
            steps = [
                (x, y)
                for x in np.flatnonzero(look_BTX[clip, t])
                for y in np.flatnonzero(look_BTX[clip, t + 1] == look_BTX[clip, t, x])
                if sprites.BESIDE[x, y]
            ]
            assert steps == [tuple(clips.cell_BT[clip, t : t + 2])]


def test_no_count_tells_which_kind_moves(clips, look_BTX):
    for clip in range(len(look_BTX)):
        for region in (sprites.CENTRE, ~sprites.CENTRE):
            counts = [
                [int((look_BTX[clip, t, region] == look).sum()) for t in range(4)] for look in set(look_BTX[clip].flat) - {0}
            ]
            assert len(counts) == sprites.KINDS and all(row == counts[0] for row in counts)


def test_pairs_that_are_needed_are_those_that_clips_use_and_impossible_ones_never_are():
    needed_MM, impossible_MM = sprites.needed_MM(), sprites.impossible_MM()
    used_MM = np.zeros_like(needed_MM)
    many = sprites.draw(0, 1000)
    for clip in range(1000):
        one = [tokens[0] for tokens in many.tokens(clip)]
        used_MM[one[:-1], one[1:]] = used_MM[one[1:], one[:-1]] = True
    assert np.array_equal(used_MM, needed_MM)
    assert not (used_MM & impossible_MM).any() and not impossible_MM.diagonal().any()
    assert needed_MM.sum() == 2 * 16 * 3 and impossible_MM.sum() == 144 * 143 - 64 * 63


def test_no_pair_of_attributes_is_in_two_splits_and_each_has_its_own():
    held = {split: {tuple(pair) for pair in sprites.pairs(split)} for split in ("train", "val", "test")}
    assert sum(map(len, held.values())) == 32 and len(set.union(*held.values())) == 32
    for split, pairs in held.items():
        assert {tuple(pair) for pair in sprites.draw(0, 500, split=split).kind_B2} == pairs


def test_at_twice_the_rate_each_picture_is_there_for_two_frames(look_BTX):
    twice = sprites.draw(3, 60, frames=8)
    assert np.array_equal(kinds_of(twice), look_BTX.repeat(2, 1))
    assert not np.array_equal(twice.frame_BTHWC[:, ::2], twice.frame_BTHWC[:, 1::2])  # noise is each frame's own
    for clip in range(5):
        (a, b), (c, d), *_ = twice.tokens(clip)
        assert sprites.needed_MM(8)[[a, a, b, b], [c, d, c, d]].all() and not sprites.needed_MM(8)[a, b]


def test_fewer_kinds_of_things_are_in_easier_clips():
    for kinds in (0, 1, 2):
        look_BTX = kinds_of(sprites.draw(5, 20, kinds=kinds))
        assert all(len(set(look.flat) - {0}) == max(1, kinds) for look in look_BTX)
    assert all((look > 0).sum() == 4 for look in kinds_of(sprites.draw(5, 20, kinds=0)))


def test_an_is_how_the_word_a_is_written_before_a_vowel():
    known = vocabulary(["an orange ring", "a red ring"])
    assert "an" not in known and ids_of("an orange ring", known)[0] == ids_of("a red ring", known)[0] == known.index("a")
    assert [sentence_of(ids_of(one, known), known) for one in ("an orange ring", "a red ring")] == [
        "an orange ring",
        "a red ring",
    ]
    assert sentence_of([known.index("a")], known) == "a", "nothing comes after it"
