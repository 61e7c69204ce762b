"""Facts about VideoStreaming: equations as plain loops have them, what is encoded again and what is not, and what is chosen."""

import copy
import math

import pytest
import torch

from core.errors import BadWeights
from core.methods.videostreaming import METHOD, equations, evaluate, stories, stream, world
from core.methods.videostreaming.networks import VOCABULARY, Encoder, Reader, Shape, Streaming, same_length, word_ids
from core.methods.videostreaming.weights import load_streaming
from core.networks.attention import Block
from core.networks.weights import save
from core.world.questions import FAMILIES, tell
from tests import tiny


@pytest.fixture(scope="module")
def network():
    return tiny.streaming(10).network


def test_a_block_is_attention_and_an_mlp_token_by_token():
    block = Block(4, 2)
    tiny.lively(block)
    x_SD, hidden_SS = torch.randn(3, 4), torch.full((3, 3), -torch.inf).triu(1)
    out_SD, look_NSS = (one[0] for one in block(x_SD[None], hidden_SS))
    query, key, value = block.qkv(block.norm1(x_SD)).split(4, -1)
    mixed_SD = torch.zeros(3, 4)
    for head in (0, 2):
        own = slice(head, head + 2)
        for i in range(3):
            weights = torch.stack([query[i, own] @ key[j, own] / math.sqrt(2) for j in range(i + 1)]).softmax(0)
            assert torch.allclose(look_NSS[head // 2, i, : i + 1], weights, atol=1e-6) and not look_NSS[:, i, i + 1 :].any()
            mixed_SD[i, own] = sum(w * value[j, own] for j, w in enumerate(weights))
    after_SD = x_SD + block.out(mixed_SD)
    assert torch.allclose(out_SD, after_SD + block.mlp(block.norm2(after_SD)), atol=1e-5)


def test_similarity_is_the_cosine_and_the_top_is_in_the_order_of_time():
    asks_BD, clip_BKD = torch.tensor([[3.0, 4.0]]), torch.tensor([[[4.0, 3.0], [3.0, 4.0], [-3.0, -4.0], [6.0, 8.0]]])
    score_BK = equations.similarity(asks_BD, clip_BKD)
    assert torch.allclose(score_BK, torch.tensor([[24 / 25, 1.0, -1.0, 1.0]]))
    place_BV, weight_BV = equations.gumbel_top(score_BK, 2)
    assert place_BV.tolist() == [[1, 3]] and weight_BV.tolist() == [[1.0, 1.0]]


def test_a_hard_choice_has_the_gradient_of_the_softmax():
    score_BK = torch.tensor([[0.3, 0.1, 0.2]], requires_grad=True)
    place_BV, weight_BV = equations.gumbel_top(score_BK, 1)
    assert weight_BV.item() == 1.0
    (made,) = torch.autograd.grad(weight_BV.sum(), score_BK)
    soft_BK = (score_BK / equations.TAU).softmax(-1)
    (wanted,) = torch.autograd.grad(soft_BK[0, place_BV[0, 0]], score_BK)
    assert torch.allclose(made, wanted)


def test_noise_draws_without_replacement_as_plackett_and_luce_say():
    chance = torch.Generator().manual_seed(0)
    logit_BK = torch.tensor([2.0, 1.0, 0.0]).expand(20_000, -1)
    place_BV, _ = equations.gumbel_top(logit_BK * equations.TAU, 2, equations.gumbel(logit_BK, chance))
    assert (place_BV[:, 0] < place_BV[:, 1]).all()
    p = logit_BK[0].softmax(0)
    without_last = p[0] * p[1] / (1 - p[0]) + p[1] * p[0] / (1 - p[1])
    share = ((place_BV == torch.tensor([0, 1])).all(1)).float().mean()
    assert abs(share - without_last) < 0.015


def test_the_question_sees_the_memory_and_the_answer_sees_only_the_chosen(network):
    memory_BKMD, words_BWD = torch.randn(1, 5, 4, 16), equations.spoken(network.encoder, same_length([word_ids("a ring?")]))
    place_BV, ones = torch.tensor([[1, 3]]), torch.ones(1, 2)
    before = equations.answer(network.reader, memory_BKMD, place_BV, ones, words_BWD)
    memory_BKMD[:, [0, 2, 4]] = 7.0
    assert torch.equal(before, equations.answer(network.reader, memory_BKMD, place_BV, ones, words_BWD))
    one, other = (equations.indicator(network.encoder, torch.randn(1, 4, 16), words_BWD, 1) for _ in range(2))
    assert not torch.allclose(one, other, atol=1e-3)


def test_a_step_reads_prompts_memory_frames_summary_and_global_token_in_this_order(network):
    clip_BTE, told = torch.randn(1, 4, 10), equations.Told(4.0, 8.0)
    memory_BMD, clip_BD, look_BNSS = equations.step(network.encoder, torch.randn(1, 4, 16), clip_BTE, 1, told)
    assert memory_BMD.shape == (1, 4, 16) and clip_BD.shape == (1, 16) and look_BNSS.shape[-1] == 2 + 4 + 4 + 4 + 1
    first = equations.step(network.encoder, None, clip_BTE, 2, equations.Told(0.0, 4.0, ()))
    assert first[0].shape == (1, 8, 16) and first[2].shape[-1] == 4 + 8 + 1


def test_whitened_features_have_no_large_and_no_small_directions():
    encoder = Encoder(Shape(3, width=4, heads=1))
    feature_FE = torch.randn(500, 3) * torch.tensor([10.0, 1.0, 2.0]) + 5
    encoder.whiten(feature_FE)
    white_FE = (feature_FE - encoder.mean_E) @ encoder.whiten_EE
    assert torch.allclose(torch.cov(white_FE.T), torch.eye(3), atol=0.15)


# ---- in the engine --------------------------------------------------------------------------------------------------------


def run(engine, **more):
    return engine.run("videostreaming", video=tiny.video(), question=tiny.QUESTION, **more)


def test_the_engine_streams_as_the_training_does(network):
    engine = tiny.engine()
    trace = run(engine)
    memory_BKMD, clip_BKD = equations.stream(network.encoder, trace["clip_KNE"][None], 1)
    assert torch.allclose(trace["memory_KMD"], memory_BKMD[0], atol=1e-5)
    assert torch.allclose(trace["clip_KD"], clip_BKD[0], atol=1e-5)


def test_another_clip_is_encoded_again_with_those_after_it_and_no_other(monkeypatch):
    engine, walked = tiny.engine(), []
    plain = equations.step
    monkeypatch.setattr(equations, "step", lambda *given: walked.append(given[4].before) or plain(*given))
    clip_KNE = run(engine)["clip_KNE"].clone()
    assert walked == [0, 4, 8, 12, 16, 20]
    walked.clear()
    clip_KNE[3] = clip_KNE[3].flip(0)
    edited = run(engine, given={"clip_KNE": clip_KNE}, outputs=["memory_KMD"])
    assert walked == [12, 16, 20] and len(edited["memory_KMD"]) == 6


def test_a_hidden_clip_is_read_anew_with_those_after_it_and_the_trace_says_how_many():
    engine = tiny.engine()
    plain, hidden = run(engine), run(engine, hidden=4)
    assert plain.steps == {"steps": (6, 6)} and hidden.steps == {"steps": (3, 6)}
    same = [torch.equal(a, b) for a, b in zip(plain["memory_KMD"], hidden["memory_KMD"])]
    assert same == [True] * 3 + [False] * 3
    assert run(engine).steps == {} and run(engine, hidden=99)["clip_KNE"][5].allclose(torch.tensor(0.0))  # the tiny mean is 0


def test_several_questions_are_answered_on_one_encoding_each_as_by_itself():
    engine = tiny.engine()
    asked = ("What colour is the ring?", "What shape is the red thing?")
    lines = engine.run("videostreaming", video=tiny.video(), question=" ".join(asked))["answers"].splitlines()
    assert len(lines) == 2
    for line, question in zip(lines, asked):
        alone = engine.run("videostreaming", video=tiny.video(), question=question)
        clips = ", ".join(str(v + 1) for v in alone["chosen_V"])
        assert line == f"{question} {alone['said'].split()[0]} (clips {clips})" or "not shown" in line, line


def test_a_probe_reads_what_a_memory_was_made_to_hold(network):
    """Memories whose first number is the colour two clips ago are read two clips back, and nowhere else so well."""
    colour_BK = torch.randint(0, 8, (40, 9), generator=torch.Generator().manual_seed(0))
    memory_BKMD = torch.zeros(40, 9, 4, 16)
    memory_BKMD[:, 2:, 0, :8] = torch.nn.functional.one_hot(colour_BK[:, :-2], 8).float()
    probe_JXC = equations.fitted_probes(memory_BKMD, colour_BK, (1, 2), 8)
    read_JK = equations.read(probe_JXC, memory_BKMD[0]).argmax(-1)
    assert (read_JK[1, 2:] == colour_BK[0, :-2]).all() and (read_JK[0, 2:] == colour_BK[0, 1:-1]).float().mean() < 0.6


def test_what_is_forgotten_is_told_by_the_scenes_and_of_nothing_where_no_probe_was_fitted(network):
    stage = next(one for one in METHOD.stages if one.__name__ == "forgotten_J2")
    video, memory_KMD = tiny.video(), torch.randn(6, 4, 16)
    span_K2 = torch.arange(7.0).unfold(0, 2, 1) * 4
    assert stage(video, memory_KMD, span_K2, network).shape == (0, 2)
    sure = copy.deepcopy(network)
    shown_K = world.colours(video.segments, span_K2)
    assert shown_K is not None
    sure.probe_JXC[0, -1, shown_K[0]] = 1.0  # always names the colour of the first clip
    told_J2 = stage(video, memory_KMD, span_K2, sure)
    assert told_J2[:, 0].tolist() == [0, 1, 2, 4] and told_J2[0, 1] == (shown_K == shown_K[0]).float().mean()


def test_a_second_question_encodes_nothing():
    engine = tiny.engine()
    run(engine)
    ran = engine.run("videostreaming", video=tiny.video(), question="a red ball?").ran
    assert "question_D" in ran and not {"feature_TE", "steps", "memory_KMD"} & {*ran}


def test_the_reader_is_given_as_many_tokens_of_a_long_video_as_of_a_short_one():
    engine = tiny.engine()
    given = [
        engine.run("videostreaming", video=tiny.video(seconds), question="a ring", outputs=["tokens"])["tokens"]
        for seconds in (24, 50)
    ]
    assert given == [(8, 24), (8, 52)]


def test_selectors_choose_what_they_are_called_after():
    logit_K, true_K = torch.tensor([0.5, 3.0, 0.1, 2.0, 1.0, 0.0]), torch.tensor([False] * 5 + [True])
    chosen = {
        name: METHOD.stages[[one.__name__ for one in METHOD.stages].index("chosen_V")](logit_K, true_K, name, 0, 2)
        for name in ("adaptive", "last", "even", "oracle", "random")
    }
    assert chosen["adaptive"] == (1, 3) and chosen["last"] == (4, 5) and chosen["even"] == (1, 4)
    assert chosen["oracle"] == (1, 5) and len(set(chosen["random"])) == 2


def test_random_weights_say_so_and_weights_of_other_towers_are_refused(tmp_path):
    towers = tiny.towers()
    loaded = load_streaming(None, towers)
    assert "UNTRAINED" in loaded.label and METHOD.untrained([loaded.label], {}) == ["VideoStreaming"]
    assert METHOD.untrained(["VideoStreaming trained on our synthetic clips"], {}) == []
    file = tmp_path / "videostreaming.safetensors"
    about = dict(kind="videostreaming", shape=loaded.network.about(), towers=towers.digest)
    save(file, {"model": loaded.network}, about, {})
    assert "UNTRAINED" not in load_streaming(file, towers).label
    with pytest.raises(BadWeights, match="other towers"):
        load_streaming(file, tiny.towers(depth=2))


# ---- the world ------------------------------------------------------------------------------------------------------------


def test_what_is_asked_for_is_where_the_world_says():
    story = tell(3, "test", 64, segment=stories.LENGTHS)
    segments = [(*span, scene.caption) for span, scene in zip(story.spans, story.scenes, strict=True)]
    for question in story.questions:
        found = world.evidence(question.text, segments)
        assert found == (question.evidence if question.family in ("find", "first", "count") else ()), question.text
    assert {one.family for one in story.questions} == set(FAMILIES) and not world.evidence("What is it?", segments)


def test_the_encoder_knows_every_word_that_is_asked():
    for seed in range(8):
        for question in tell(seed, "val", 64, segment=stories.LENGTHS, families=("find", "first", "count")).questions:
            assert 0 not in word_ids(question.text), question.text
    assert word_ids("a zebra") == [VOCABULARY.index("a") + 1, 0]


def test_a_training_video_shows_what_its_questions_ask_for():
    """Features name their colour and shape, so that the truth can be read off a batch."""
    import numpy as np

    bank = {(c, s): [np.full((5, 2), (c, s), np.float32)] for c in range(8) for s in range(8)}
    batch = stories.drawn(bank, np.random.default_rng(0), videos=3, clips=6, frames=4)
    B = len(batch.clip_BKTE)
    assert batch.clip_BKTE.shape == (3, 6, 4, 2) and len(batch.answer_R) == 4 * B
    for row, number in enumerate(batch.answer_R.tolist()):
        shown_T2 = batch.clip_BKTE[batch.video_R[row]][batch.true_RK[row]].flatten(0, 1)
        answers = {stories.COLOURS[int(c)] for c, _ in shown_T2} | {stories.SHAPES[int(s)] for _, s in shown_T2}
        if row < 3 * B:
            assert stories.ANSWERS[number] in answers
    assert batch.last_R.tolist() == [False] * 2 * B + [True] * B + [False] * B


def test_a_probe_reads_the_clip_itself_and_recall_counts_at_most_v():
    question = tell(0, "test", 64, segment=stories.LENGTHS, families=("find",)).questions[0]
    begin, end = question.evidence[0]
    true_K = evaluate.true_clips(question, 16)
    assert [k for k in range(16) if true_K[k]] == list(range(begin // 4, (end - 1) // 4 + 1))


def test_reader_and_encoder_are_no_larger_than_they_say():
    model = Streaming(Shape(128))
    assert sum(one.numel() for one in model.parameters()) < 200_000
    assert Reader(Shape(128))(torch.zeros(2, 3, 4, 64), torch.zeros(2, 5, 64)).shape == (2, 21)


def test_the_engine_streams_as_the_training_does_with_memory_and_prompts_off(network):
    engine = tiny.engine()
    for knobs, given in (
        ({"memory": False}, (False,)), ({"prompts": "none"}, (True, ())), ({"prompts": "clip"}, (True, ("clip",)))
    ):  # fmt: skip
        trace = run(engine, **knobs)
        memory_BKMD, _ = equations.stream(network.encoder, trace["clip_KNE"][None], 1, *given)
        assert torch.allclose(trace["memory_KMD"], memory_BKMD[0], atol=1e-5)
        assert len(trace["token_names"]) == len(trace["look_SS"])


def test_without_memory_a_clip_is_read_alone_in_training_too(network):
    clip_BKTE = torch.randn(1, 3, 4, 10)
    other = clip_BKTE.clone()
    other[:, 0] = torch.randn(1, 4, 10)
    for memory in (True, False):
        both = [equations.stream(network.encoder, one, 1, memory)[0][:, 1:] for one in (clip_BKTE, other)]
        assert torch.equal(*both) != memory


def test_noise_is_added_to_the_logits_where_there_is_one():
    engine = tiny.engine()
    quiet, loud, again, other = (run(engine, noise=noise)["logit_K"] for noise in (0, 1, 1, 2))
    assert torch.allclose(quiet * equations.TAU, run(engine)["score_K"], atol=1e-6)
    assert torch.equal(loud, again) and not torch.equal(loud, quiet) and not torch.equal(loud, other)


def test_drift_is_the_change_as_a_share_of_the_memory():
    memory_KMD = torch.tensor([[[3.0, 4.0]], [[3.0, 4.0]], [[0.0, 8.0]]])
    assert torch.allclose(stream.drift_KM(memory_KMD), torch.tensor([[1.0], [0.0], [5 / 8]]))
