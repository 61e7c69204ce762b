"""Facts about training on own videos: losses by their formulas, one curve however it is cut, and weights that are read back."""

import json
import os
import subprocess
import sys
from itertools import permutations
from pathlib import Path

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from core import Engine
from core.data.dataset import Videos
from core.data.layouts import Item
from core.data.texts import legible
from core.errors import BadClip, BadData, BadText
from core.evaluate.__main__ import main as evaluate
from core.methods.stop import evaluate_own as evaluation
from core.methods.stop import train_own as own
from core.methods.stop.answers import PLAIN, Reading, features, plain, taken_in
from core.methods.stop.tasks import both_ways, drawn_caption, number_of, recognition, task_of
from core.methods.stop.train import VARIANTS, Model
from core.methods.stop.train_own import Recipe, train
from core.metrics import ranks, within
from core.networks import weights
from core.networks.text import NoText, SmallText
from core.networks.vision import VisionTower, small_vit
from core.training import __main__ as command_of_training
from core.training.team import Team
from tests import tiny
from tests.core.data.test_dataset import video

CPU, ALONE = torch.device("cpu"), Team(torch.device("cpu"))
TOWERS = tiny.towers()
HOW = Reading(frames=4, workers=0, batch=4)
SENTENCES = list(permutations(tiny.WORDS, 3))  # all different, in words the tiny tower knows
WORDS = ("a", "video", "of", "ball", "moves", "red", "stays", "still", "grows")


@pytest.fixture
def decoded(monkeypatch):
    """No decoder: a file's frames are made of its name; “broken” ones cannot be read."""

    def read(path, T, **_):
        if "broken" in path.name:
            raise BadClip(f"{path.name}: damaged")
        return tiny.clip(T, seed=sum(map(ord, path.name)), H=32, W=48)

    monkeypatch.setattr("core.data.frames.read_clip", read)


def training(words):
    """The command, as it is typed."""
    command_of_training.main(["stop", *words])


def videos(task="actions", clips=12, broken=()):
    """A data set whose frames `decoded` makes up."""

    def item(i):
        said = (" ".join(SENTENCES[i]), " ".join(SENTENCES[i + 20]))
        path = Path(f"{'broken' if i in broken else 'clip'}{i}.mp4")
        return Item(path, label=("moves", "stays still", "ball")[i % 3]) if task == "actions" else Item(path, captions=said)

    classes = ("ball", "moves", "stays still") if task == "actions" else ()
    every = tuple(map(item, range(clips + 4)))
    return Videos("made up", task, classes, every[:clips], every[clips:], ())


def run(tmp_path, name="one", task="actions", data=None, **asked):
    """A training of some steps; its curve."""
    recipe = Recipe(**{"epochs": 2, "batch": 4, "rate": 1e-2, "validate": 0, "minutes": 999} | asked)
    said: list[str] = []
    train(TOWERS, data or videos(task), recipe, HOW, tmp_path / f"{name}.safetensors", ALONE, said.append)
    return [json.loads(line) for line in (tmp_path / f"{name}.curve.jsonl").read_text().splitlines()], said


# ---- losses -----------------------------------------------------------------------------------------------------------


def test_recognition_is_cross_entropy_of_the_clips_that_are_there():
    logits, label = torch.randn(4, 3, generator=torch.Generator().manual_seed(0)), torch.tensor([0, 2, 1, 1])
    there = torch.tensor([True, False, True, True])
    p = logits.softmax(1)
    wanted = -(p[0, 0].log() + p[2, 1].log() + p[3, 1].log()) / 3
    assert torch.isclose(recognition(logits, label, there, ALONE), wanted)
    assert recognition(logits, label, there & False, ALONE) == 0


def test_infonce_holds_a_pair_against_what_is_another_and_there():
    logits = torch.randn(4, 4, generator=torch.Generator().manual_seed(1))
    negative = ~torch.eye(4, dtype=torch.bool)
    negative[0, 1] = negative[1, 0] = False  # these two say the same
    there = torch.tensor([True, True, True, False])
    wanted = 0.0
    for i in range(3):
        others = [j for j in range(3) if j == i or negative[i, j]]
        for row in (logits[i], logits[:, i]):
            wanted -= (row[i] - torch.logsumexp(row[others], 0)) / 6
    assert torch.isclose(both_ways(logits, negative, there), torch.as_tensor(wanted))


def test_one_video_or_one_caption_is_no_negative_of_itself(monkeypatch):
    seen = []
    monkeypatch.setattr(
        "core.methods.stop.tasks.both_ways", lambda logits, negative, there: seen.append(negative) or logits.sum()
    )
    data = Videos("", "retrieval", (), tuple(Item(Path(str(i)), captions=(said,)) for i, said in enumerate(
        ("a ball", "a red ball", "A ball", "still"))), (), ())  # fmt: skip
    task = task_of(data, TOWERS.network, "{}", 0, ALONE)
    task.losses(torch.randn(5, 10), [], torch.tensor([0, 1, 2, 3, 3]), torch.ones(5, dtype=torch.bool), range(5))
    alike = {(i, j) for i in range(5) for j in range(5) if not seen[0][i, j] and i < j}
    assert alike == {(0, 2), (3, 4)} and number_of("A ball") == number_of("a ball")


def test_every_caption_is_drawn_and_the_same_one_again():
    drawn = [drawn_caption(("a", "b", "c"), 0, position) for position in range(40)]
    assert set(drawn) == {"a", "b", "c"}
    assert drawn == [drawn_caption(("a", "b", "c"), 0, position) for position in range(40)]


# ---- training ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("task", ["actions", "retrieval"])
def test_the_loss_falls(decoded, tmp_path, task):
    found, said = run(tmp_path, task=task, epochs=10, rate=5e-3)
    loss, heads = ([one[name] for one in found] for name in ("loss", "heads"))
    assert len(loss) == 30 and np.mean(loss[-6:]) < 0.8 * np.mean(loss[:6]) and np.mean(heads[-6:]) < 0.6 * np.mean(heads[:6])
    beside = json.loads((tmp_path / "one.json").read_text())
    assert set(beside["scores"]["val"]) == {PLAIN, "STOP"} and beside["trained_on"] == "made up"
    assert PLAIN in said[0] and "is written" in said[-1] and not list(tmp_path.glob("*.partial"))


@pytest.mark.parametrize("task, depth", [("actions", "first"), ("retrieval", "all")])
def test_what_was_interrupted_goes_on_along_the_same_curve(decoded, tmp_path, monkeypatch, task, depth):
    whole, _ = run(tmp_path, "whole", task, depth=depth, accumulate=2)
    saved = own.Checkpoint.save

    def interrupted(self, step):
        saved(self, step)
        if step == 2:
            raise KeyboardInterrupt

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(own.Checkpoint, "save", interrupted)
        run(tmp_path, "again", task, depth=depth, accumulate=2, minutes=0)
    with (tmp_path / "again.curve.jsonl").open("a") as lines:
        lines.write('{"step": 2, "loss": "of a step behind the checkpoint"}\n')
    again, said = run(tmp_path, "again", task, depth=depth, accumulate=2)
    assert again == whole and len(whole) == 3 and len({one["loss"] for one in whole}) == 3
    one, other = (weights.read(tmp_path / f"{name}.safetensors")[0] for name in ("whole", "again"))
    assert all(torch.equal(one[name], other[name]) for name in one)


def test_a_checkpoint_of_another_training_is_not_taken_up(decoded, tmp_path, monkeypatch):
    def interrupted(self, step):
        saved(self, step)
        raise KeyboardInterrupt

    saved = own.Checkpoint.save
    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(own.Checkpoint, "save", interrupted)
        run(tmp_path, minutes=0)
    for other in (dict(rate=1e-3), dict(data=videos(clips=9, broken=(3,))), dict(template="the {}")):
        with pytest.raises(BadData, match="checkpoint of another training"):
            run(tmp_path, **other)


def test_accumulated_passes_are_one_larger_batch(decoded, tmp_path):
    """Of actions: clips are not held against each other."""
    large, _ = run(tmp_path, "large", batch=4)
    small, _ = run(tmp_path, "small", batch=2, accumulate=2)
    assert [one["loss"] for one in small] == pytest.approx([one["loss"] for one in large], rel=1e-4)


def test_clips_that_cannot_be_read_cost_their_own_part_only(decoded, tmp_path):
    found, said = run(tmp_path, data=videos(broken=(2, 5)), batch=3)
    assert len(found) == 8 and np.isfinite([one["loss"] for one in found]).all()
    assert sorted(line for line in said if "damaged" in line) == [f"Left out: broken{i}.mp4: damaged" for i in (2, 5)]
    assert json.loads((tmp_path / "one.json").read_text())["made"]["unreadable"]["clips"] == 2
    assert said[-2].startswith("2 of 12 training clips could not be read and counted for nothing: broken")


def test_validation_clips_that_are_taken_away_cost_their_scores_and_no_training(decoded, tmp_path, monkeypatch):
    def gone(models, *given):
        if "STOP" in models:
            raise BadData("Not one of these 4 clips can be read.")
        return features(models, *given)

    monkeypatch.setattr("core.methods.stop.train_own.features", gone)
    _, said = run(tmp_path, validate=1)
    assert "Validation was left out. Not one of these 4 clips can be read." in said and "is written" in said[-1]
    assert (tmp_path / "one.safetensors").is_file()


@pytest.mark.parametrize("variant", VARIANTS)
def test_the_towers_stay_frozen(decoded, tmp_path, variant):
    before = weights.state_digest(TOWERS.network)
    run(tmp_path, variant=variant, epochs=0.5)
    assert weights.state_digest(TOWERS.network) == before


def test_rounded_towers_choose_the_same_patches_and_counts_and_still_teach():
    """As on CUDA: the blocks in bfloat16, and nothing else."""
    model = Model(tiny.towers().network, "full", 1)
    exact_BE, exact = model(taken_in(model.vision, torch.from_numpy(tiny.clip(6).frames_THWC)[None]), model.settings(alpha=0.0))
    model.vision.precision = torch.bfloat16
    video_BE, made = model(taken_in(model.vision, torch.from_numpy(tiny.clip(6).frames_THWC)[None]), model.settings(alpha=0.0))
    for name in ("region_BTP", "count_BG", "change_BG", "temporal_BGQD"):
        assert torch.equal(getattr(made[0], name), getattr(exact[0], name)), name
    assert video_BE.dtype == torch.float32 and not torch.equal(video_BE, exact_BE), "the blocks were not rounded"
    video_BE.sum().backward()
    slope = model.prompters[0].temporal.value.weight.grad
    assert slope.isfinite().all() and slope.abs().max() > 0


def test_the_scale_of_change_follows_the_clips(decoded, tmp_path):
    run(tmp_path, epochs=10)
    model, _ = evaluation.fitting(tmp_path / "one.safetensors", TOWERS)
    data = videos()
    frames = torch.cat([HOW.of(data.train, model.vision).read(one.path)[None] for one in data.train])
    change = model(taken_in(model.vision, frames))[1][0].change_BG.mean().item()
    assert 0.3 < change < 0.8, f"a gap's mean change is {change}, and should stay near {own.USUAL_CHANGE}"


def test_towers_without_texts_are_refused(decoded, tmp_path):
    blind = weights.Loaded(weights.ClipTowers(TOWERS.network.vision, NoText()), "blind", "digest")
    with pytest.raises(BadText, match="no text tower"):
        train(blind, videos(), Recipe(), HOW, tmp_path / "one.safetensors", ALONE, lambda line: None)


def test_a_template_names_the_class(decoded, tmp_path):
    with pytest.raises(BadData, match="{} where the class is named, got 'a video'"):
        run(tmp_path, template="a video")


# ---- what a text tower reads ------------------------------------------------------------------------------------------


def of_captions(*captions):
    """A data set of one video a caption, or a tuple of them."""
    every = enumerate(said if isinstance(said, tuple) else (said,) for said in captions)
    return Videos("made up", "retrieval", (), tuple(Item(Path(f"{i}.mp4"), captions=said) for i, said in every), (), ())


class Short:
    """A text tower that reads two letters, as tokenizers do that cut without a word."""

    def read(self, texts):
        return tuple(text[:2] for text in texts)

    def refused(self, texts):
        return {}

    def unknown(self, texts):
        return ()


def test_captions_that_the_tower_cannot_read_are_named_and_left_out():
    data = of_captions("a red ball", ("a ball", "ball " * 17), "...", "\U0001f525", "a purple zebra")
    found = legible(data, TOWERS.network.text, "{}")
    assert [one.captions for one in found.train] == [("a red ball",), ("a ball",), ("a purple zebra",)]
    assert task_of(found, TOWERS.network, "{}", 0, ALONE), "what is left is read"
    refused, unknown, none = found.notes
    assert "cannot read, left out (3): 1.mp4: This text tower reads up to 16 words, got 17" in refused
    assert "2.mp4: A text has at least one word, got '...'" in refused
    assert "(2): 2.mp4, 3.mp4" in none and "does not know" in unknown and "(2): purple, zebra" in unknown
    with pytest.raises(BadData, match="Not one training video .*at least one word"):
        legible(of_captions("...", "!"), TOWERS.network.text, "{}")


def test_captions_that_are_cut_are_named():
    found = legible(of_captions("ab", "abc"), Short(), "{}")
    assert found.train == of_captions("ab", "abc").train and found.notes == (
        "Captions longer than the text tower reads, cut (1): 1.mp4, after “…ab”.",)  # fmt: skip
    with pytest.raises(BadText, match="no text tower"):
        legible(of_captions("ab"), NoText(), "{}")


def test_classes_that_the_tower_cannot_read_are_left_out_in_every_part():
    labels = ("ball", "...", "moves", "red " * 15)
    items = tuple(Item(Path(f"{i}.mp4"), label=label) for i, label in enumerate(labels))
    found = legible(Videos("", "actions", tuple(sorted(labels)), items, items, items), TOWERS.network.text, "a red {}")
    assert found.classes == ("ball", "moves")
    assert all([one.label for one in part] == ["ball", "moves"] for part in (found.train, found.val, found.test))
    assert "left out (2): ...: A text has at least one word" in found.notes[0] and "up to 16 words, got 17" in found.notes[0]
    with pytest.raises(BadData, match="cannot read.*takes two classes, got 1: ball"):
        legible(Videos("", "actions", ("...", "ball"), items[:2], (), ()), TOWERS.network.text, "{}")


# ---- what a model answers ---------------------------------------------------------------------------------------------


def test_ranks_count_others_before_the_own_best():
    query, key = np.eye(3)[[0, 1, 2]], np.array([[0.5, 0, 0.2], [0.9, 0.3, 0.2], [0.1, 0.4, 0.2]])
    assert ranks(query, key, np.array([0, 1, 2]), np.array([0, 1, 2])).tolist() == [1, 1, 2], "ties are not right"
    assert ranks(query, key, np.array([0, 1, 2]), np.array([0, 0, 2])).tolist()[0] == 0, "the best of its own counts"
    rng = np.random.default_rng(0)
    many, keys, owner = rng.normal(size=(600, 4)), rng.normal(size=(50, 4)), rng.integers(0, 50, 600)
    slow = [sum(q @ k >= q @ keys[own] for i, k in enumerate(keys) if i != own) for q, own in zip(many, owner)]
    assert ranks(many, keys, owner, np.arange(50)).tolist() == slow
    assert within(np.array([0, 1, 4, 5, 9]), 1, 5, 10) == {"1": 0.2, "5": 0.6, "10": 1.0}


def test_retrieval_is_scored_both_ways_over_all_captions(monkeypatch):
    from core.methods.stop import answers

    said = {"x": [1.0, 0], "y": [0, 1.0], "z": [0.7, 0.7]}
    monkeypatch.setattr(answers, "text_features", lambda towers, texts: torch.tensor([said[text] for text in texts]))
    items = (Item(Path("0"), captions=("x", "z")), Item(Path("1")), Item(Path("2"), captions=("y",)))
    data = Videos("", "retrieval", (), items, (), ())
    video_NE = np.array([[0.0, 1.0], [1.0, 0.2]])  # items 2 and 0; item 1 could not be read
    found = answers.scores(data, items, video_NE, np.array([2, 0]), TOWERS.network, "{}")
    assert found["clips"] == 2 and found["captions"] == 3
    assert found["text_to_video"] == {"R1": 1.0, "R5": 1.0, "R10": 1.0, "MnR": 1.0}
    worse = answers.scores(data, items, video_NE[::-1], np.array([2, 0]), TOWERS.network, "{}")
    assert worse["text_to_video"]["R1"] == 0 and worse["video_to_text"]["MnR"] == (3 + 2) / 2


def test_plain_clip_is_the_mean_of_frames_read_alone(decoded):
    data, towers = videos(broken=(1,)), TOWERS.network
    found, index, wrong = features({"p": lambda one: plain(towers.vision, one)}, data.train, towers.vision, HOW, ALONE)
    assert index.tolist() == [0, *range(2, 12)] and wrong == ["broken1.mp4: damaged"]
    frames = HOW.of(data.train, towers.vision).read(Path("clip2.mp4"))
    alone = torch.cat([towers.vision.encode(towers.vision.embed(towers.vision.pixels(one[None]))) for one in frames])
    assert torch.allclose(torch.from_numpy(found["p"][1]), F.normalize(alone.mean(0), dim=0), atol=1e-5)


def test_nothing_readable_is_one_sentence(decoded):
    data, vision = videos(clips=3, broken=(0, 1, 2)), TOWERS.network.vision
    with pytest.raises(BadData, match="Not one of these 3 clips can be read. broken0.mp4: damaged"):
        features({"p": lambda one: plain(vision, one)}, data.train, vision, HOW, ALONE)


# ---- the commands, on files -------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A data set of real files and a small CLIP's file: (folder, file, cache)."""
    folder = tmp_path_factory.mktemp("own")
    for i in range(8):
        video(folder / "data" / ("moves", "stays still")[i % 2] / f"{i}.mp4", seed=i)
    (folder / "data" / "moves" / "broken.mp4").write_bytes(b"no video")
    shape = dict(size=[32, 32], patch=16, width=32, depth=2, features=16)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        parts = {"vision": VisionTower(small_vit(**shape | {"size": (32, 32)})), "text": SmallText(WORDS, features=16)}
    file = folder / "clip.safetensors"
    weights.save(file, parts, dict(kind="clip", shape=shape, vocabulary=WORDS, scale=20.0), {})
    return folder, file


def asked(made, out):
    folder, file = made
    given = dict(data=folder / "data", clip=file, cache=folder / "cache", frames=4, workers=0, batch=2, device="cpu")
    given["held-out"] = 0.25
    options = [word for name, value in given.items() for word in (f"--{name}", str(value))]
    return options, [*options, "--out", str(out), "--epochs", "3", "--rate", "0.01", "--check", "99"]


def test_the_commands_train_evaluate_and_the_page_loads_what_they_wrote(made, tmp_path, capsys):
    out, found = tmp_path / "own.safetensors", tmp_path / "found.json"
    options, command = asked(made, out)
    training(command)
    said = capsys.readouterr().out
    assert "data: actions, 7 training, 2 validation and 0 test clips, 2 classes." in said and "Left out: broken.mp4" in said
    evaluate(["stop", *options, "--weights", str(out), "--json", str(found)])
    shown, told = capsys.readouterr().out, json.loads(found.read_text())
    beside = json.loads(out.with_suffix(".json").read_text())
    for name, share in beside["scores"]["val"].items():
        assert told["models"][name]["top1"] == pytest.approx(share), "the evaluation does not read back what training scored"
        assert sum(row["clips"] for row in told["models"][name]["classes"].values()) == told["models"][name]["clips"] == 2
    assert "stays still" in shown and "top-5" in shown and PLAIN in shown
    engine = Engine("cpu", {"clip": str(made[1]), "stop_first": str(out)})
    trace = engine.run("stop", tiny.clip(5), texts=["a ball moves"])
    assert "trained on data" in trace.weights["stop_first"] and trace["similarity_Y"].shape == (1,)


def test_an_evaluation_holds_out_what_the_training_did_and_says_where_it_may_not_have(made, tmp_path, capsys):
    given = asked(made, "")[0][:-2]  # without --held-out
    for share, out in (("0.5", "half"), ("0", "all")):
        training([*given, "--held-out", share, "--epochs", "1", "--out", str(tmp_path / f"{out}.safetensors"), "--check", "0"])
    half, every = (["stop", *given, "--weights", str(tmp_path / f"{name}.safetensors")] for name in ("half", "all"))
    capsys.readouterr()
    evaluate([*half, "--json", str(tmp_path / "half.json")])
    assert "4 val clips" in (said := capsys.readouterr().out) and "trained on other" not in said
    evaluate([*half, "--held-out", "0.25"])
    assert "half.safetensors was trained on other clips than these training clips" in capsys.readouterr().out
    with pytest.raises(SystemExit, match="all.safetensors was trained on all clips of data"):
        evaluate(every)
    with pytest.raises(SystemExit, match="no val clips"):
        evaluate([*half, "--held-out", "0"])
    world = {"made": {"command": "python -m core.training stop"}}  # it has seen none of these
    assert evaluation.measurable(videos(), "", Path("x"), world) == videos()
    capsys.readouterr()
    evaluate([*every, "--on", "train"])
    assert "trained on other" not in capsys.readouterr().out


def test_weights_of_other_towers_are_refused(made, tmp_path, decoded):
    run(tmp_path)
    with pytest.raises(SystemExit, match="other towers"):
        evaluate(["stop", *asked(made, tmp_path)[0], "--weights", str(tmp_path / "one.safetensors")])
    with pytest.raises(SystemExit, match="holds clip, not STOP"):
        evaluate(["stop", *asked(made, tmp_path)[0], "--weights", str(made[1])])


def test_one_row_that_cannot_be_read_ends_nothing(made, tmp_path, capsys):
    """Too long, nothing but dots, half an emoji: told by the check, at the start and by the evaluation."""
    folder, _ = made
    rows = [["a ball moves"]] * 3 + [["ball " * 20], ["...", "red"], ["red \ud83d ball"], ["\ud83d"]]
    paths = [f"{('moves', 'stays still')[i % 2]}/{i}.mp4" for i in range(len(rows))]
    table = tmp_path / "train.json"
    table.write_text(json.dumps([{"path": path, "caption": said} for path, said in zip(paths, rows, strict=True)]))
    (tmp_path / "test.json").write_text(table.read_text())
    options = [*asked(made, "")[0], "--data", str(tmp_path), "--root", str(folder / "data"), "--held-out", "0"]
    out = str(tmp_path / "x.safetensors")
    for command in (["--check-only"], ["--epochs", "1", "--out", out]):
        training([*options, *command, "--check", "0"])
        said = capsys.readouterr().out
        assert "5 training, 0 validation and 5 test clips, 5 captions" in said
        for note in (
            "cannot read, left out (2): ", "3.mp4: This text tower reads up to 16", "4.mp4: A text has at least one word",
            "Half a character, as of a cut emoji, is left out of the caption (2): stays still/5", "empty caption (2): moves/6",
        ):  # fmt: skip
            assert note in said, said
    evaluate(["stop", *options, "--weights", out])
    said = capsys.readouterr().out
    assert "3.mp4: This text tower reads" in said and "5 test clips" in said and "trained on other" not in said


@pytest.mark.parametrize("words, said", [
    (["--batch", "0"], "--batch is at least 1, got 0"), (["--data", "gone"], "no folder and no table"),
    (["--clip", "gone.safetensors"], "no weights file"), (["--frames", "3"], "from 4 to 32, got 3"),
])  # fmt: skip
def test_a_wrong_word_is_one_sentence(made, tmp_path, words, said):
    with pytest.raises(SystemExit, match=said):
        training([*asked(made, tmp_path / "x.safetensors")[1], "--cache", str(tmp_path / "cache"), *words])


def test_two_processes_train_as_one_does(made, tmp_path):
    """The same clips a step, shared by two processes (gloo): the same losses, and the same weights. They know who they are by
    what torchrun would say, and read torch once, for both."""
    folder, _ = made
    rows = [f"{('moves', 'stays still')[i % 2]}/{i}.mp4,a {'red ' * (i % 2)}ball {WORDS[4 + i % 4]}" for i in range(8)]
    table = folder / "data.csv"
    table.write_text("\n".join(["path,caption", *rows]))
    own = asked(made, tmp_path / "own.st")[1]
    commands = {"actions": own, "retrieval": [*own, "--data", str(table), "--root", str(folder / "data")]}

    def with_size(size):
        size_of = ["--check", "0", "--epochs", "2", "--batch", str(4 // size), "--out"]
        return [[*command, *size_of, str(tmp_path / f"{size} {task}.st")] for task, command in commands.items()]

    for command in with_size(1):
        training(command)
    script = tmp_path / "several.py"
    script.write_text(
        "import json, os, sys\nfrom pathlib import Path\nimport torch\nfrom core.training.__main__ import main\n"
        "second = os.fork()\nrank = 0 if second else 1\nos.environ |= {'WORLD_SIZE': '2', 'RANK': str(rank)}\n"
        "meeting = Path('meeting').absolute().as_uri()\n"
        "torch.distributed.init_process_group('gloo', init_method=meeting, rank=rank, world_size=2)\n"
        "for one in json.loads(sys.argv[1]): main(['stop', *one])\n"
        "sys.exit(os.waitpid(second, 0)[1] if second else 0)\n"
    )
    root = Path(__file__).resolve().parents[3]
    done = subprocess.run(
        [sys.executable, script, json.dumps(with_size(2))], cwd=tmp_path,
        env=os.environ | {"OMP_NUM_THREADS": "1", "PYTHONPATH": str(root)}, capture_output=True, text=True,
        timeout=600, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-2000:]
    for task in commands:
        one, two = (
            [json.loads(line) for line in (tmp_path / f"{size} {task}.curve.jsonl").read_text().splitlines()] for size in (1, 2)
        )
        assert [line["loss"] for line in two] == pytest.approx([line["loss"] for line in one], rel=1e-3), task
        assert [line["heads"] for line in two] == pytest.approx([line["heads"] for line in one], rel=1e-3), task
        assert json.loads((tmp_path / f"2 {task}.json").read_text())["made"]["processes"] == 2
        first, second = (weights.read(tmp_path / f"{size} {task}.st")[0] for size in (1, 2))
        assert all(torch.allclose(first[name], second[name], atol=2e-3) for name in first)
