"""Facts about a row: it says what the stage shows, for every method, and what `core.evaluate` counts on the same clips."""

from functools import partial
from types import SimpleNamespace

import cv2
import numpy as np
import pytest
import torch

from core import METHODS
from core.data.dataset import read_videos
from core.errors import BadData, BadKnob, ReaderError
from core.methods.stop import answers
from core.methods.stop.train import Model
from core.training.team import Team
from core.workbench import __main__ as command
from core.workbench import drive, listing, measure, plan, query, reading, request
from core.workbench.columns import EDITS
from core.workbench.scores import answers_of, scores_of
from core.workbench.tide import BINS
from tests import tiny

SIZE = (32, 48)
WORDS = ("red ball", "a ball", "moves", "stays", "still red")


def planned(made, frames=5, classes=None, texts=None):
    """A plan of some clips."""
    classes = made.classes if classes is None else classes
    return plan.plan_of(listing.Listing("tiny", made.entries, classes, texts or classes), frames, SIZE)


def one_clip():
    """A drawn clip, as a list."""
    made = listing.world_clips(1)
    return made, made.entries[0]


def setting_of(engine, held, method, edits=(), question="", **knobs):
    return measure.describe(engine, held, plan.Setting(method, knobs, (), edits=edits, question=question))


def test_a_row_says_what_the_stage_shows_of_more_classes_than_one_run_takes():
    made, entry = one_clip()
    texts = tuple(f"a red ball moves {n}" if n % 2 else f"ball {n} stays still" for n in range(70))
    classes = tuple(f"class {n}" for n in range(70))
    engine, held = tiny.engine(), planned(made, classes=classes, texts=texts)
    entry = listing.Entry(entry.clip_id, entry.path, "class 66", ("class 66",), ("class 3",), "", "world")
    setting = setting_of(engine, held, "stop", kept=2, alpha=0.4)
    seen = reading.read(entry, 5, SIZE)
    row, maps = measure.Measure(held, engine).row(entry, seen, setting)
    assert row["status"] == "ok", row.get("why")
    fresh = tiny.engine()
    parts = [fresh.run("stop", seen.clip, texts=some, kept=2, alpha=0.4) for some in (texts[:64], texts[64:])]
    cosine_Y = torch.cat([part["similarity_Y"] for part in parts]).numpy().astype(float)
    held_Y = np.delete(cosine_Y, 3)  # what else is true of it is not asked
    assert row["margin"] == pytest.approx(cosine_Y[66] - np.delete(cosine_Y, [3, 66]).max(), abs=1e-6)
    share = np.exp(10 * (cosine_Y[66] - held_Y.max())) / np.exp(10 * (held_Y - held_Y.max())).sum()
    assert row["loss"] == pytest.approx(-np.log(share), abs=1e-6)
    assert row["rank"] == int((held_Y >= cosine_Y[66]).sum()) - 1 and row["right"] == (row["rank"] == 0)
    assert row["score_TP_mean"] == pytest.approx(float(parts[0]["score_TP"].mean()), abs=1e-6)
    assert row["prompt_count_G_sum"] == sum(parts[0]["prompt_count_G"]) and row["clip_key"] == seen.clip.key
    bits = np.unpackbits(np.frombuffer(maps["region_TP"], np.uint8))[: 5 * 6].reshape(5, 6)
    assert (bits == parts[0]["region_TP"].numpy()).all()
    assert np.allclose(np.frombuffer(maps["video_E"], np.float16), parts[0]["video_E"].numpy(), atol=1e-3)


def write(path, frames_THWC):
    """A video whose frames are read as they are written: no loss."""
    path.parent.mkdir(parents=True, exist_ok=True)
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"FFV1"), 10, frames_THWC.shape[2:0:-1])
    for frame_HWC in frames_THWC:
        writer.write(cv2.cvtColor(frame_HWC, cv2.COLOR_RGB2BGR))
    writer.release()


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Five clips in two classes, of the tiny tower's own size."""
    made = tmp_path_factory.mktemp("data")
    for n in range(5):
        label = ("red ball moves", "ball stays still")[n % 2]
        write(made / label / f"{n}.mkv", tiny.clip(T=4, seed=n, H=32, W=48).frames_THWC)
    return made


def test_a_folder_s_accuracy_is_what_evaluate_counts(folder, tmp_path):
    clip = tiny.towers()
    model = Model(clip.network, "full", 1)
    model.prompters = tiny.prompters(clip, 1).network
    videos = read_videos(folder, val=0)
    how = answers.Reading(frames=4, workers=0, batch=2)
    both = {
        answers.PLAIN: lambda one: answers.plain(clip.network.vision, one),
        "own": lambda one: model(one, model.settings(kept=2))[0],
    }
    made_NE, index_N, _ = answers.features(both, videos.train, clip.network.vision, how, Team(torch.device("cpu")))
    found = {name: answers.scores(videos, videos.train, one, index_N, clip.network, "{}") for name, one in made_NE.items()}
    args = words("run", str(tmp_path / "run"), "--data", str(folder), "--template", "{}", "--frames", "4", "--set", "kept=2")
    wanted = request.plan_request(args, partial(tiny.engine, clip), {})
    assert drive.drive(request.order_of(args.run, wanted), workers=0) == drive.COMPLETE
    table, (name,) = query.open_run(args.run), wanted.settings
    rows = query.page(table, name)["rows"]
    assert query.slice_stats(table, name)["accuracy"] == found["own"]["top1"]
    assert np.mean([row["plain_right"] for row in rows]) == found[answers.PLAIN]["top1"]
    assert [row["label"] for row in rows] == ["ball stays still"] * 2 + ["red ball moves"] * 3
    assert command.main(["verify", str(args.run)]) == command.main(["status", str(args.run)]) == command.WHOLE
    made_NE = np.stack([made_NE["own"][list(index_N).index(i)] for i in np.argsort([item.path.name for item in videos.train])])
    near = query.features_of(args.run, name)
    order = np.argsort([clip_id.rsplit("/", 1)[1] for clip_id in near.ids])
    assert np.allclose(near.feature_NE[order], made_NE, atol=2e-3)


def words(*argv):
    """A command's words, read."""
    return command.arguments().parse_args(argv)


@pytest.mark.parametrize("name", METHODS)
def test_every_method_has_rows_by_its_kinds_alone(name, monkeypatch):
    made, entry = one_clip()
    engine, held = tiny.engine(), planned(made, classes=("red", "ball"), texts=("red", "ball"))
    if "video" in METHODS[name].sources:
        monkeypatch.setattr(measure, "open_video", lambda path: tiny.video())
    entry = listing.Entry(entry.clip_id, entry.path, "red", ("red",), (), "", "world", "test", b"none.mp4")
    monkeypatch.setattr(measure, "part", lambda method, stem: None)  # as of a method that joins with a file of its own
    setting = setting_of(engine, held, name)
    row, _ = measure.Measure(held, engine).row(entry, reading.read(entry, 5, SIZE), setting)
    assert row["status"] == "ok", row.get("why")
    numbers = {f"{one.stage}_{how}" for one in METHODS[name].outputs for how in one.numbers if one.when != "whole"}
    known = {column.name for column in setting.columns}
    own = {number for number in numbers if not number.startswith("similarity_Y")}
    assert own and own <= known and all(row[one] is not None or name == "stop_released" for one in own)
    assert set(row) <= known


def test_frames_are_read_in_turn_and_summed_up():
    made, entry = one_clip()
    engine, held = tiny.engine(), planned(made)
    seen = reading.read(entry, 5, SIZE)
    setting = setting_of(engine, held, "stpn", supports=2)
    row, maps = measure.Measure(held, engine).row(entry, seen, setting)
    assert row["status"] == "ok", row.get("why")
    for reader in setting.readers:
        rows = [one for one in maps["things"] if one["reader"] == reader]
        assert {one["frame"] for one in rows if one["real"]} == set(range(1, 6))
        for name in BINS:
            assert row[f"{name.lower()}_{reader}"] == sum(one["bin"] == name for one in rows)
    assert row["things"] == sum(one["reader"] == "prompted" and not one["real"] for one in maps["things"]) / 5
    outputs = ["prompted_found", "entropy_Q"]
    plain = [tiny.engine().run("stpn", seen.clip, outputs=outputs, supports=2, t=t + 1) for t in range(5)]
    best = [max([0.0, *trace["prompted_found"].score_N.tolist()]) for trace in plain]
    assert row["best"] == pytest.approx(np.mean(best), abs=1e-6) and row["weakest_frame"] == int(np.argmin(best)) + 1
    assert row["spread"] == pytest.approx(np.mean([float(trace["entropy_Q"].mean()) for trace in plain]), abs=1e-6)
    assert 0 <= row["found"] <= 1 and row["found_gain"] == row["found"] - row["found_baseline"] and row["on_things"] > 0


def test_what_is_found_is_what_overlaps_a_thing_of_its_name():
    from core.methods.stpn import columns as own

    truth = reading.read(one_clip()[1], 3, SIZE).truth
    assert truth is not None
    H, W = SIZE
    things = [(thing.shape, truth.box_TO4[0, o] / [W, H, W, H]) for o, thing in enumerate(truth.scene.objects)]
    things = [one for one in things if not np.isnan(one[1]).any()]
    found = SimpleNamespace(box_N4=np.array([box for _, box in things]), label_N=tuple(name for name, _ in things))
    assert own.hits_of(found, truth, 0).all()
    other = SimpleNamespace(box_N4=found.box_N4, label_N=("nothing",) * len(things))
    assert not own.hits_of(other, truth, 0).any()
    away = SimpleNamespace(box_N4=found.box_N4 * 0.0, label_N=found.label_N)
    assert not own.hits_of(away, truth, 0).any()


# ---- answers and kinds of error -----------------------------------------------------------------------------------------


def test_equal_scores_are_never_right_and_what_else_is_true_is_not_asked():
    same = scores_of(("a", "b", "c"), np.zeros(3), {"b"}, {"c"}, 10)
    assert answers_of(same)["right"] is False and same.rank == 1 and same.pred == "a" and answers_of(same)["entropy"] == 1
    clear = scores_of(("a", "b", "c"), np.array([0.1, 0.3, 0.9]), {"b"}, {"c"}, 10)
    assert answers_of(clear)["right"] is True and clear.margin(clear.own_Y) == pytest.approx(0.2)
    unknown = answers_of(scores_of(("a", "b"), np.array([0.1, 0.3]), (), (), 10))
    assert "right" not in unknown and "loss" not in unknown and unknown["margin"] == pytest.approx(0.2)
    alone = answers_of(scores_of(("a",), np.array([0.1]), {"a"}, (), 10))
    assert alone["right"] and alone["margin"] is None and alone["entropy"] == 0


def test_words_that_stand_around_every_class_are_no_unknown_words_of_one():
    from core.methods.stop.columns import unread
    from core.networks.text import SmallText

    unknown = SmallText(("moves", "left", "right"), features=4).unknown
    texts = ["a video of moves left", "a video of moves right", "a video of juggles"]
    assert [unread(unknown, [one], texts) for one in texts] == [False, False, True]


def test_a_wrong_answer_is_the_first_kind_of_error_that_holds():
    from core.methods.stop import columns as own

    nothing = {
        "unread": False, "plain_pred": "b", "pred": "a", "behind": 0.5, "own": ("c",), "reverse_pred": "d",
        "freeze_same": False, "pointing": 0.9, "misfit": 0.0,
    }  # fmt: skip
    each = [
        {"unread": True}, {"plain_pred": "a"}, {"behind": 0.05}, {"reverse_pred": "c"}, {"shuffle_same": True},
        {"pointing": 0.4}, {"misfit": 2.5},
    ]  # fmt: skip
    for place, changes in enumerate(each):
        holds = [one.holds(nothing | changes) for one in own.ERRORS]
        assert holds == [n == place for n in range(len(own.ERRORS))], own.ERRORS[place].name
    assert [one.holds({key: nothing[key] for key in ("unread", "plain_pred", "pred", "behind")}) for one in own.ERRORS][3:] == [
        None
    ] * 4, "what is not known is not said"


def test_edits_and_kinds_of_error_stand_in_the_row_of_a_wrong_answer():
    made, entry = one_clip()
    engine, held = tiny.engine(), planned(made, classes=WORDS)
    rows = []
    for label in WORDS:
        one = listing.Entry(entry.clip_id, entry.path, label, (label,), (), "", "world")
        setting = setting_of(engine, held, "stop", tuple(EDITS), kept=2)
        rows.append(measure.Measure(held, engine).row(one, reading.read(one, 5, SIZE), setting)[0])
    assert sum(row["right"] for row in rows) == 1 and {row["pred"] for row in rows} == {rows[0]["pred"]}
    for row in rows:
        assert row["right"] == ("error" not in row)
        assert row["beside_plain"] in ("both right", "prompts fixed", "prompts broke", "both wrong")
        assert all(row[f"{name}_pred"] in WORDS and abs(row[f"{name}_margin"]) <= 2 for name in EDITS)
    wrong = next(row for row in rows if not row["right"])
    assert wrong["error_tower"] == (wrong["plain_pred"] == wrong["pred"]) and wrong["error_twin"] is not None


def test_scores_that_are_no_numbers_are_a_status_and_never_right(monkeypatch):
    made, entry = one_clip()
    engine, held = tiny.engine(), planned(made)
    answers_of = measure.Measure.answers

    def broken(self, *given):
        trace, scores = answers_of(self, *given)
        return trace, scores_of(scores.classes, scores.cosine_Y * np.nan, entry.own, (), 10)

    monkeypatch.setattr(measure.Measure, "answers", broken)
    row, _ = measure.Measure(held, engine).row(entry, reading.read(entry, 5, SIZE), setting_of(engine, held, "stop", kept=2))
    assert row["status"] == "nan" and row.get("right") is None and row.get("loss") is None and row["score_TP_mean"] is not None


def test_a_clip_that_a_method_cannot_take_is_a_row_with_its_reason(monkeypatch):
    made, entry = one_clip()
    engine, held = tiny.engine(), planned(made)
    setting = setting_of(engine, held, "stop", kept=2)
    monkeypatch.setattr(engine, "run", lambda *given, **asked: 1 / 0)
    row, _ = measure.Measure(held, engine).row(entry, reading.read(entry, 5, SIZE), setting)
    assert row["status"] == "crashed" and row["why"] == "ZeroDivisionError: division by zero"


@pytest.mark.parametrize(
    "extra, says",
    [
        (["--counterfactuals", "mirror"], "--counterfactuals are some of"),
        (["--set", "alpa=1"], "no knob 'alpa'"),
        (["--set", "alpha=2"], "is 0.0 to 1.0, got 2"),
        (["--set", "alpha"], "NAME=VALUE is needed"),
        (["--frames", "3"], "a whole number from 4 to 32"),
        (["--method", "nothing"], "no method 'nothing'"),
        (["--texts", "a"], "has classes of its own"),
        (["--method", "uniform"], "looks through whole videos"),
        (["--case", "odd"], "--case is one of"),
        (["--method", "stpn", "--counterfactuals", "freeze"], "answers nothing on these clips"),
    ],
)
def test_what_cannot_be_asked_is_a_sentence_before_anything_is_written(tmp_path, extra, says):
    args = words("run", str(tmp_path / "run"), "--world", "1", *extra)
    with pytest.raises((ReaderError, BadData, BadKnob), match=says):
        request.plan_request(args, partial(tiny.engine), {})
    assert not (tmp_path / "run").exists()


def test_a_command_ends_with_2_where_it_cannot_be_done(tmp_path, capsys):
    assert command.main(["run", str(tmp_path / "run"), "--data", str(tmp_path / "none")]) == command.BAD
    assert "There is no folder" in capsys.readouterr().err
    for name in ("status", "verify", "cancel"):
        assert command.main([name, str(tmp_path)]) == command.BAD and "no run" in capsys.readouterr().err
