"""Facts about the captioner: its two halves are one encoder under one mask, the video never depends on words, and what is
written word by word is what the likeliest words are."""

import pytest
import torch

from core.networks import caption_words as words
from core.networks.captioner import Captioner, CaptionerShape, bias_of_sequence

SHAPE = CaptionerShape(frames=2, cells=3, patch=2, words=9, longest=5, width=12, layers=3, heads=2)


@pytest.fixture
def network():
    torch.manual_seed(0)
    made = Captioner(SHAPE).eval()
    torch.nn.init.normal_(made.head.weight)
    return made


@pytest.fixture
def frame_BTHWC():
    return torch.rand(2, 2, 6, 6, 3, generator=torch.Generator().manual_seed(1))


def plain(network, frame_BTHWC, ids_BN, bias_MM):
    """One encoder over [words; video], with the bias of all pairs."""
    N = ids_BN.shape[1]
    x_BSD = torch.cat([network.word(ids_BN) + network.order.weight[:N], network.tokens(frame_BTHWC)], 1)
    bias_SS, looks = bias_of_sequence(N, bias_MM), []
    for block in network.blocks:
        query, key, value = block.projected(x_BSD)
        looks.append((query @ key.transpose(-2, -1) + bias_SS).softmax(-1))
        x_BSD = block.after(x_BSD, looks[-1] @ value)
    return network.head(network.norm(x_BSD[:, :N])), looks


def test_both_halves_together_are_one_encoder_under_the_mask_of_all_pairs(network, frame_BTHWC):
    ids_BN, bias_MM = torch.tensor([[3, 4, 5, 1], [6, 1, 8, 2]]), torch.randn(18, 18)
    logits_BNW, looks = network(frame_BTHWC, ids_BN, bias_MM, look=True)
    wanted_BNW, wanted = plain(network, frame_BTHWC, ids_BN, bias_MM)
    torch.testing.assert_close(logits_BNW, wanted_BNW)
    assert len(looks) == 3
    for look_BASS, wanted_BASS in zip(looks, wanted):
        torch.testing.assert_close(look_BASS, wanted_BASS)


def test_several_sentences_of_a_clip_are_read_as_each_by_itself(network, frame_BTHWC):
    ids_RN = torch.randint(3, 9, (6, 4))
    seen = network.watch(network.tokens(frame_BTHWC))
    together_RNW, _ = network.read(seen, ids_RN)
    for clip in range(2):
        for row in range(3 * clip, 3 * clip + 3):
            alone_1NW, _ = network(frame_BTHWC[clip : clip + 1], ids_RN[row : row + 1])
            torch.testing.assert_close(together_RNW[row : row + 1], alone_1NW)


def test_a_word_sees_what_is_before_it_and_the_video_sees_no_word(network, frame_BTHWC):
    first, second = torch.tensor([[3, 4, 5, 6]] * 2), torch.tensor([[3, 4, 7, 6]] * 2)
    (one, looks), (other, others) = (network(frame_BTHWC, ids, look=True) for ids in (first, second))
    torch.testing.assert_close(one[:, :2], other[:, :2])
    assert (one[:, 2:] - other[:, 2:]).abs().amax((0, 2)).min() > 1e-4
    for look, another in zip(looks, others):
        torch.testing.assert_close(look[:, :, 4:], another[:, :, 4:])
        assert (look[:, :, 4:, :4] == 0).all()


def test_a_shut_pair_carries_nothing_and_an_open_one_does(network, frame_BTHWC):
    changed = frame_BTHWC.clone()
    changed[:, 1, :2, :2] += 0.5  # token 9
    own = torch.eye(18).log()
    open_ = own.clone()
    open_[4, 9] = 0.0
    for bias_MM, moves in ((own, False), (open_, True)):
        before, after = (network.watch(network.tokens(f), bias_MM).key_BAME[1][:, :, 4] for f in (frame_BTHWC, changed))
        assert torch.equal(before, after) != moves


def test_written_words_are_the_likeliest_with_mask_at_the_next_place(network, frame_BTHWC):
    bias_MM = torch.randn(18, 18)
    made = network.write(frame_BTHWC, bias_MM)
    for clip, ids in enumerate(made.ids_BN.tolist()):
        for n, word in enumerate(ids):
            if words.END in ids[:n]:
                assert word == words.PAD and made.probability_BN[clip, n] == 1
                continue
            logits_W = network(frame_BTHWC[clip : clip + 1], torch.tensor([[*ids[:n], words.MASK]]), bias_MM)[0][0, -1]
            logits_W[[words.PAD, words.MASK]] = -torch.inf
            assert word == logits_W.argmax()
            assert made.probability_BN[clip, n].item() == pytest.approx(logits_W.softmax(0)[word].item(), abs=1e-5)


def test_given_words_stay_and_the_rest_follows_from_them(network, frame_BTHWC):
    asked_BN = torch.tensor([[3, 7], [8, 4]])
    made = network.write(frame_BTHWC, first_BN=asked_BN)
    assert torch.equal(made.ids_BN[:, :2], asked_BN) and made.ids_BN.shape[1] > 2
    assert (made.probability_BN[:, :2] == 1).all()
    alone = network.write(frame_BTHWC)
    assert not torch.equal(alone.ids_BN[:, :2], asked_BN)


def test_drawn_words_follow_the_temperature_and_the_generator(network, frame_BTHWC):
    frame_BTHWC = frame_BTHWC[:1].expand(400, -1, -1, -1, -1)
    share_W = network(frame_BTHWC[:1], torch.tensor([[words.MASK]]))[0][0, 0].index_fill(0, torch.tensor([0, 1]), -torch.inf)
    for temperature in (1.0, 3.0):
        first_B = network.write(frame_BTHWC, temperature=temperature, chance=torch.Generator().manual_seed(3)).ids_BN[:, 0]
        again_B = network.write(frame_BTHWC, temperature=temperature, chance=torch.Generator().manual_seed(3)).ids_BN[:, 0]
        assert torch.equal(first_B, again_B)
        found_W = first_B.bincount(minlength=9) / 400
        torch.testing.assert_close(found_W, (share_W / temperature).softmax(0), atol=0.08, rtol=0)


def test_frames_of_another_size_are_refused_with_both_sizes(network):
    with pytest.raises(ValueError, match=r"\[B, 2, 6, 6, 3\], got \[1, 2, 8, 8, 3\]"):
        network.tokens(torch.rand(1, 2, 8, 8, 3))


def test_a_patch_goes_to_the_token_of_its_frame_row_and_column(network):
    dark = torch.zeros(1, 2, 6, 6, 3, dtype=torch.uint8)
    lit = dark.clone()
    lit[0, 1, 2:4, 4:6] = 255  # frame 1, row 1, column 2
    changed_M = (network.tokens(lit) != network.tokens(dark)).any(-1)[0]
    assert changed_M.nonzero().flatten().tolist() == [9 + 3 + 2]
    torch.testing.assert_close(network.tokens(lit), network.tokens(lit.float() / 255))


def test_sentences_become_ids_and_back_and_what_is_not_known_is_named():
    known = words.vocabulary(["a red ring", "a blue ring"])
    assert known == ("[PAD]", "[MASK]", "[END]", "a", "blue", "red", "ring")
    ids = words.ids_of("a red ring", known, 6)
    assert ids == [3, 5, 6, words.END, words.PAD, words.PAD] and words.sentence_of(ids, known) == "a red ring"
    with pytest.raises(ValueError, match="green"):
        words.ids_of("a green ring", known, 6)
    with pytest.raises(ValueError, match="4 words with its end; a sentence has at most 3"):
        words.ids_of("a red ring", known, 3)


def test_half_of_a_sentence_is_hidden_eighty_ten_ten_and_given_words_never():
    ids_BN = torch.tensor([[3, 4, 5, 6, 7, 8, words.END, words.PAD]]).expand(4000, -1)
    shown_BN, asked_BN = words.hidden(ids_BN, 9, torch.Generator().manual_seed(0), first=1)
    hidden_BN = asked_BN != words.NOT_ASKED
    assert (hidden_BN.sum(1) == 3).all() and not hidden_BN[:, 0].any() and not hidden_BN[:, 7].any()
    assert hidden_BN[:, 1:7].float().mean(0).sub(0.5).abs().max() < 0.03
    assert torch.equal(asked_BN[hidden_BN], ids_BN[hidden_BN]) and torch.equal(shown_BN[~hidden_BN], ids_BN[~hidden_BN])
    shown, true = shown_BN[hidden_BN], ids_BN[hidden_BN]
    assert (shown == words.MASK).float().mean().item() == pytest.approx(0.8, abs=0.02)
    assert (shown == true).float().mean().item() == pytest.approx(0.1 + 0.1 / 6, abs=0.02)
    assert ((shown >= 3) | (shown == words.MASK) | (shown == true)).all()


def test_only_hidden_words_count_for_the_loss():
    logits_BNW = torch.randn(2, 3, 9)
    asked_BN = torch.tensor([[words.NOT_ASKED, 4, words.NOT_ASKED], [5, words.NOT_ASKED, words.NOT_ASKED]])
    wanted = -(logits_BNW[0, 1].log_softmax(0)[4] + logits_BNW[1, 0].log_softmax(0)[5]) / 2
    assert words.filling_loss(logits_BNW, asked_BN).item() == pytest.approx(wanted.item(), abs=1e-6)
