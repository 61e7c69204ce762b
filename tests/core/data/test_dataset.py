"""Facts about data sets on disk: every layout is read as what it says, and what is wrong with it is said."""

import json
import os
import re
import shlex
from pathlib import Path

import pytest
import torch

from core.cli import sentences
from core.data.dataset import opened, read_videos, readable
from core.data.frames import Frames, Order, fitted, in_turn, loader
from core.errors import BadData
from core.methods.stop.answers import Reading
from core.methods.stop.asking import about, unreadable
from core.methods.stop.evaluate_own import arguments as evaluate_arguments
from core.methods.stop.train_own import arguments as train_arguments
from core.training.team import Team
from core.video.read import read_clip
from core.world import render_sequence, sample_scene
from core.world.__main__ import write_mp4
from tests import tiny

CPU = torch.device("cpu")


def files(folder, *names):
    """Empty files: a layout is read without opening a video."""
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()


def names(items):
    return sorted(one.path.name for one in items)


def video(path, seed=0, side=48):
    """A clip of the world as a file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    write_mp4(path, render_sequence([sample_scene(seed, "train", size=(side, side), seconds=1.0)], 8)[0], 8)
    return path


# ---- layouts ----------------------------------------------------------------------------------------------------------


def test_a_folder_is_a_class_and_what_is_no_video_is_nothing(tmp_path):
    files(tmp_path, *(f"{label}/{i}.mp4" for label in ("run", "jump") for i in range(10)), "run/notes.txt", "readme.md")
    found = read_videos(tmp_path, val=0.2)
    assert found.task == "actions" and found.classes == ("jump", "run") and not found.notes
    assert {one.label for one in found.val} == {"jump", "run"} and len(found.val) == 4 and len(found.train) == 16
    assert not {one.path for one in found.train} & {one.path for one in found.val}
    assert found == read_videos(tmp_path, val=0.2), "which clips are held out is chance"


def test_folders_of_splits_are_splits(tmp_path):
    parts = ("train", "validation", "test")
    files(tmp_path, *(f"{part}/{label}/{part}{i}.avi" for part in parts for label in "ab" for i in "12"))
    found = read_videos(tmp_path)
    assert [len(part) for part in (found.train, found.val, found.test)] == [4, 4, 4]
    assert all(one.path.name.startswith("test") for one in found.test)


def test_ucf101_is_read_by_its_own_lists(tmp_path):
    clips = [f"{name}/v_{name}_g{g:02}_c{c:02}.avi" for name in ("ApplyLipstick", "YoYo") for g in (1, 2, 3) for c in (1, 2)]
    files(tmp_path / "UCF-101", *clips)
    lists = tmp_path / "ucfTrainTestlist"
    lists.mkdir()
    (lists / "classInd.txt").write_text("1 ApplyLipstick\r\n2 YoYo\r\n3 Fencing\r\n")
    train = [clip for clip in clips if "_g03_" not in clip]
    (lists / "trainlist01.txt").write_text("".join(f"{clip} 1\r\n" for clip in train))
    (lists / "testlist01.txt").write_text("".join(f"{clip}\r\n" for clip in clips if "_g03_" in clip))
    (lists / "trainlist02.txt").write_text("".join(f"{clip} 1\n" for clip in clips))
    found = read_videos(tmp_path, val=0.5)
    assert names(found.test) == sorted(Path(clip).name for clip in clips if "_g03_" in clip)
    assert found.texts("a video of a person doing {}.")[0] == "a video of a person doing apply lipstick."
    groups = [{(one.label, one.path.name.rpartition("_c")[0]) for one in part} for part in (found.train, found.val)]
    assert groups[0] and groups[1] and not groups[0] & groups[1], "clips of one film are trained on and validated on"
    assert any("classInd.txt" in note and "Fencing" in note for note in found.notes)
    second = read_videos(tmp_path, split=2, val=0)
    assert len(second.train) == 12 and any("testlist02.txt" in note for note in second.notes)


def test_hmdb51_is_read_by_its_own_lists(tmp_path):
    for label in ("brush_hair", "cartwheel"):
        files(tmp_path, *(f"videos/{label}/{label} {i}.avi" for i in range(4)))
        lines = [f"{label} {i}.avi {number} \n" for i, number in enumerate((1, 1, 2, 0))]
        (tmp_path / "splits").mkdir(exist_ok=True)
        (tmp_path / "splits" / f"{label}_test_split3.txt").write_text("".join(lines))
    found = read_videos(tmp_path, split=3, val=0)
    assert names(found.train) == [f"{label} {i}.avi" for label in found.classes for i in (0, 1)]
    assert names(found.test) == [f"{label} 2.avi" for label in found.classes]
    with pytest.raises(BadData, match="of split 1"):
        read_videos(tmp_path / "splits", split=1)


@pytest.mark.parametrize("suffix", ["csv", "json", "jsonl"])
def test_a_table_of_captions_is_a_data_set_of_retrieval(tmp_path, suffix):
    rows = [("a", "a dog, running"), ("a", "an animal"), ("b", "ein Café"), ("c", "three")]
    files(tmp_path, "clips/a.mp4", "clips/b.webm", "clips/c.avi")
    dicts = [{"video_id": f"clips/{name}", "sentence": said} for name, said in rows]
    texts = {
        "csv": "\ufeffvideo_id,sentence\n" + "".join(f'clips/{name},"{said}"\n' for name, said in rows),
        "json": json.dumps(dicts),
        "jsonl": "\n".join(map(json.dumps, dicts)),
    }
    (tmp_path / f"train.{suffix}").write_text(texts[suffix], encoding="utf-8")
    found = read_videos(tmp_path, val=0)
    assert found.task == "retrieval" and not found.classes and names(found.train) == ["a.mp4", "b.webm", "c.avi"]
    assert [one.captions for one in found.train] == [("a dog, running", "an animal"), ("ein Café",), ("three",)]


def test_one_table_may_hold_all_splits_and_start_elsewhere(tmp_path):
    files(tmp_path / "elsewhere", *(f"{i}.mp4" for i in range(6)))
    parts = ("train", "train", "train", "train", "VAL", "test")
    rows = "".join(f"{i}.mp4,{'xy'[i % 2]},caption {i},{part}\n" for i, part in enumerate(parts))
    (tmp_path / "all.csv").write_text("path,label,caption,split\n" + rows)
    found = read_videos(tmp_path / "all.csv", root=tmp_path / "elsewhere")
    assert found.task == "actions" and names(found.val) == ["4.mp4"] and names(found.test) == ["5.mp4"]
    asked = read_videos(tmp_path / "all.csv", root=tmp_path / "elsewhere", task="retrieval")
    assert asked.task == "retrieval" and asked.test[0].captions == ("caption 5",)


RUNS = "path,label\na.mp4,run\nb.mp4,jump\n"
AS_WRITTEN = {
    "a mark before it and line ends of Windows": ("train.csv", "\ufeff" + RUNS.replace("\n", "\r\n"), "utf-8"),
    "line ends of old": ("train.csv", RUNS.replace("\n", "\r"), "utf-8"),
    "semicolons": ("train.csv", RUNS.replace(",", ";"), "utf-8"),
    "tabs": ("Train.TSV", RUNS.replace(",", "\t"), "utf-8"),
    "UTF-16": ("train.csv", RUNS, "utf-16"),
    "UTF-16 without a mark": ("train.csv", RUNS, "utf-16-le"),
    "capitals and blanks": ("train.csv", " Path ,LABEL\na.mp4, run \n\nb.mp4,jump,,\n", "utf-8"),
    "quotes": ("train.csv", '"path","label"\n"a.mp4", "run"\n"b.mp4","jump"\n', "utf-8"),
    "other spellings of a path": ("train.csv", "path,label\nsub\\\\..\\\\A.MP4,run\nb,jump\n".replace("\\\\", "\\"), "utf-8"),
    "numbers": ("train.json", '[{"id": "a", "label": "run"}, {"id": "b", "Label": ["jump"], "split": NaN}]', "utf-8"),
}  # fmt: skip


@pytest.mark.parametrize("name, text, encoding", AS_WRITTEN.values(), ids=AS_WRITTEN)
def test_a_table_is_read_however_it_is_written(tmp_path, name, text, encoding):
    files(tmp_path, "a.mp4", "b.MP4")
    (tmp_path / name).write_bytes(text.encode(encoding))
    found = read_videos(tmp_path, val=0)
    assert {one.path.name: one.label for one in found.train} == {"a.mp4": "run", "b.MP4": "jump"}
    assert len(found.notes) == 1 and "one training clip" in found.notes[0]


def test_a_caption_keeps_its_separators_of_lines_as_blanks(tmp_path):
    files(tmp_path, *(f"{name}.mp4" for name in "abcd"))
    rows = {"a": "first\u2028second", "b": "a cat\x85sits", "c": "page\x0cbreak", "d": "two\nlines"}
    cells = "".join(f'{name}.mp4,"{said}"\n' for name, said in rows.items())
    (tmp_path / "train.csv").write_text("path,caption\n" + cells, newline="")
    lines = (json.dumps({"path": name, "caption": said}, ensure_ascii=False) for name, said in rows.items())
    (tmp_path / "val.jsonl").write_text("\n".join(lines))
    found = read_videos(tmp_path)
    whole = [(" ".join(said.split()),) for said in rows.values()]
    assert [one.captions for one in found.train] == [one.captions for one in found.val] == whole
    assert len(found.notes) == 1, found.notes  # the clips are in both


@pytest.mark.parametrize("said, captions", [
    ([["a", "man", "runs"], ["a", "dog"]], ("a man runs", "a dog")), (["a", "man", "runs"], ("a man runs",)),
    (["a man runs", "a dog"], ("a man runs", "a dog")), ("['a man', 'a dog']", ("a man", "a dog")),
    ("['a man' 'a dog']", ("a man", "a dog")), ('["a man", "a dog"]', ("a man", "a dog")), ("[a man] sits", ("[a man] sits",)),
])  # fmt: skip
def test_lists_of_words_are_captions_and_lists_of_captions_are_several(tmp_path, said, captions):
    files(tmp_path, "a.mp4", "b.mp4")
    (tmp_path / "train.json").write_text(json.dumps([{"path": "a", "caption": said}, {"path": "b", "caption": "x"}]))
    assert read_videos(tmp_path, val=0).train[0].captions == captions


def test_one_video_is_one_however_its_path_is_written(tmp_path):
    files(tmp_path, "a.mp4", "b.mp4", "sub/c.mp4")
    (tmp_path / "link.mp4").symlink_to(tmp_path / "a.mp4")
    ways = ("a.mp4", "./a.mp4", "a", "sub/../a.mp4", tmp_path / "a.mp4", "link.mp4")
    (tmp_path / "train.csv").write_text("path,caption\n" + "".join(f"{way},{i} x\n" for i, way in enumerate((*ways, "b"))))
    (tmp_path / "test.csv").write_text("path,caption\nlink.mp4,a dog\n")
    found = read_videos(tmp_path, val=0)
    assert [len(one.captions) for one in found.train] == [6, 1]
    assert found.notes == ("Clips of training that are in test too (1): link.mp4.",)


def test_what_systems_leave_in_folders_is_nothing(tmp_path):
    here = [f"{label}/{i}.mp4" for label in ("run", "jump") for i in "12"]
    files(tmp_path, *here, "__MACOSX/run/._1.mp4", "run/._1.mp4", "run/.ipynb_checkpoints/1-checkpoint.mp4", "jump/.DS_Store")
    found = read_videos(tmp_path, val=0)
    assert found.classes == ("jump", "run") and len(found.train) == 4 and not found.notes


def test_what_is_no_video_by_its_ending_is_counted_and_links_end(tmp_path):
    files(tmp_path, "run/1.mp4", "run/2.M4V", "run/x.mp4/3.mov", "run/1.rm", "jump/1.mp4", "jump/1.txt", "loose.mp4")
    (tmp_path / "run" / "back").symlink_to(tmp_path / "run")
    (tmp_path / "jump" / "up").symlink_to(tmp_path)
    (tmp_path / "jump" / "9.mp4").symlink_to(tmp_path / "gone.mp4")
    found = read_videos(tmp_path, val=0)
    assert names(found.train) == ["1.mp4", "1.mp4", "2.M4V", "3.mov"]
    told = "\n".join(found.notes)
    for said in ("no video that can be read has such an ending (1): run/1.rm", "link to nothing (1): jump/9.mp4",
                 "in no folder of a class, left out (1): loose.mp4"):  # fmt: skip
        assert said in told, told


def test_train_is_a_split_or_a_class_by_what_stands_beside_it(tmp_path):
    files(tmp_path / "splits", *(f"{part}/{label}/1.mp4" for part in ("Train", "TEST") for label in ("run", "jump")))
    files(tmp_path / "splits", "odd/1.mp4")
    split = read_videos(tmp_path / "splits", val=0)
    assert split.classes == ("jump", "run") and len(split.test) == 2 and "left out (1): odd" in split.notes[0]
    files(tmp_path / "classes", *(f"{label}/{i}.mp4" for label in ("train", "bus") for i in "12"))
    classes = read_videos(tmp_path / "classes", val=0)
    assert classes.classes == ("bus", "train") and "read as a class" in classes.notes[0] and "(1): train" in classes.notes[0]
    files(tmp_path / "flat", "train/1.mp4", "test/2.mp4")
    with pytest.raises(BadData, match="test, train in .* is read as a split, which holds folders of classes, not videos"):
        read_videos(tmp_path / "flat")


def test_names_that_are_not_utf8_are_listed_and_printed(tmp_path, capsys):
    for label in (b"caf\xe9", b"caf\xe8"):
        for i in range(6):
            path = os.path.join(os.fsencode(tmp_path), label, b"\xff%d.mp4" % i)
            os.makedirs(os.path.dirname(path), exist_ok=True)
            Path(os.fsdecode(path)).touch()
    found = read_videos(tmp_path, val=0.5)
    assert found.classes == ("caf\\xe8", "caf\\xe9") and len(found.val) == 6 and found.digest
    with sentences():
        print(about(found, [f"{found.train[0].path.name}: damaged"]))
    said = capsys.readouterr().out
    assert "not UTF-8" in said and "caf\\xe9" in said and "\\udcff" in said


def test_classes_of_one_name_are_one_and_of_equal_names_are_told(tmp_path):
    files(tmp_path, *(f"{label}/{i}.mp4" for i, label in enumerate(("cafe\u0301", "caf\xe9", "Big Run", "big run"))))
    found = read_videos(tmp_path, val=0)
    assert found.classes == ("Big Run", "big run", "caf\xe9") and len(found.train) == 4
    assert any("Unicode form" in note for note in found.notes) and any("Big Run = big run" in note for note in found.notes)


def test_ucf101s_other_spelling_of_a_class_is_the_class(tmp_path):
    files(tmp_path, *(f"UCF-101/{label}/v_{name}_g0{g}_c01.avi" for g in (1, 2)
                      for label, name in (("HandstandPushups", "HandStandPushups"), ("YoYo", "YoYo"))))  # fmt: skip
    (tmp_path / "classInd.txt").write_text("1 HandstandPushups\n2 YoYo\n")
    for part, g, label in (("train", 1, "HandStandPushups"), ("test", 2, "HandstandPushups")):
        rows = (f"{name}/v_{name}_g0{g}_c01.avi 1\n" for name in (label, "YoYo"))
        (tmp_path / f"{part}list01.txt").write_text("".join(rows))
    found = read_videos(tmp_path, val=0)
    assert found.classes == ("HandstandPushups", "YoYo") and len(found.train) == len(found.test) == 2
    assert not any("missing" in note or "classInd" in note for note in found.notes)


def test_a_class_is_said_in_words():
    for name, said in {
        "ApplyEyeMakeup": "apply eye makeup", "brush_hair": "brush hair", "TaiChi": "tai chi", "run": "run",
        "Putting [something] behind [something]": "Putting something behind something",
    }.items():  # fmt: skip
        assert readable(name) == said


# ---- TRAINING.md ------------------------------------------------------------------------------------------------------

GUIDE = (Path(__file__).resolve().parents[3] / "TRAINING.md").read_text(encoding="utf-8")


def test_the_guides_tables_are_written_and_read(tmp_path, monkeypatch):
    """Its two snippets, on labels of the form that Something-Something V2 and MSR-VTT have."""
    monkeypatch.chdir(tmp_path)
    files(tmp_path, "ssv2/20bn-something-something-v2/7.webm", "ssv2/20bn-something-something-v2/8.webm")
    files(tmp_path, "msrvtt/videos/video1.mp4", "msrvtt/videos/video2.mp4", "msrvtt/videos/video3.mp4")
    one = {"id": "7", "label": "pushing a pen", "template": "Pushing [something]"}
    made = {
        "ssv2/labels/train.json": json.dumps([one, {"id": "8", "template": "Holding [something]"}]),
        "ssv2/labels/validation.json": json.dumps([one]),
        "msrvtt/MSRVTT_train.9k.csv": "video_id\nvideo1\nvideo2\n",
        "msrvtt/MSRVTT_JSFUSION_test.csv": "key,vid_key,video_id,sentence\nret0,msr3,video3,a man sings\n",
        "msrvtt/MSRVTT_data.json": json.dumps({"sentences": [
            {"video_id": f"video{i}", "caption": f"caption {i} {j}"} for i in (1, 2, 3) for j in range(20)
        ]}),
    }  # fmt: skip
    for name, text in made.items():
        files(tmp_path, name)
        (tmp_path / name).write_text(text)
    snippets = re.findall(r"```python\n(.*?)```", GUIDE, re.DOTALL)
    assert len(snippets) == 2
    for snippet in snippets:
        exec(compile(snippet, "TRAINING.md", "exec"), {})
    actions, retrieval = read_videos(Path("ssv2")), read_videos(Path("msrvtt"), val=0)
    assert actions.texts("{}") == ["Holding something", "Pushing something"] and names(actions.val) == ["7.webm"]
    assert [len(one.captions) for one in retrieval.train] == [20, 20] and retrieval.test[0].captions == ("a man sings",)


def test_the_guides_commands_are_words_the_commands_know():
    said = [line for block in re.findall(r"```sh\n(.*?)```", GUIDE, re.DOTALL)
            for line in block.replace("\\\n", " ").splitlines()]  # fmt: skip
    trained = [line.partition("-m core.training stop ")[2] for line in said if "core.training" in line]
    measured = [line.partition("-m core.evaluate stop ")[2] for line in said if "core.evaluate" in line]
    assert len(trained) >= 6 and len(measured) >= 4
    for line in trained:
        assert train_arguments().parse_args(shlex.split(line.removesuffix("…"))).data
    for line in measured:
        assert evaluate_arguments().parse_args(shlex.split(line)).weights


# ---- what is wrong ----------------------------------------------------------------------------------------------------


def test_what_is_wrong_with_entries_is_said_and_left_out(tmp_path):
    files(tmp_path, *(f"{i}.mp4" for i in range(6)))
    (tmp_path / "train.csv").write_text(
        "path,label\n0.mp4,run\n1.mp4,run\n2.mp4,jump_high\n3.mp4,JumpHigh\ngone.mp4,run\n4.mp4,\n,run\n0.mp4,jump_high\n"
    )
    (tmp_path / "test.csv").write_text("path,label\n1.mp4,run\n5.mp4,swim\n")
    found = read_videos(tmp_path, val=0)
    told = "\n".join(found.notes)
    for said in (
        "Files are missing (1): gone.mp4", "empty label (1): 4.mp4", "Rows without a path (1)", "two labels",
        "one training clip, too few to hold one out (2): JumpHigh, jump_high", "JumpHigh = jump_high",
        "Clips of training that are in test too (1): 1.mp4", "Classes of test without a training clip, left out (1): swim",
    ):  # fmt: skip
        assert said in told, said
    assert names(found.train) == ["0.mp4", "1.mp4", "2.mp4", "3.mp4"] and names(found.test) == ["1.mp4"]
    assert all(note in about(found, ["x.mp4: damaged"]) for note in (*found.notes, "Left out: x.mp4: damaged"))


@pytest.mark.parametrize("rows, said", [
    (f"{'x' * 300}.mp4,run", "cannot be looked for .*too long|missing .*xxx"), ("https://x.org/1.mp4,run", "Addresses"),
    ("folder.mp4,run", "Files are folders"), ("loop.mp4,run", "missing .*loop.mp4"), ("c.mp4,nan", "empty label .*c.mp4"),
    ("c.mp4,None", "empty label .*c.mp4"), ("c.mp4,run,far", r"more cells than its head \(1\): row 4: c.mp4,run,far"),
    ('c.mp4,"run', r"Lines of train.csv left out.* \(1\): line 4"), ("c.mp4,0", "Classes that are numbers.* 0"),
    ("c.mp4,True", "Classes that are numbers.* True"),
])  # fmt: skip
def test_an_odd_row_is_a_note_and_the_others_are_read(tmp_path, rows, said):
    files(tmp_path, *(f"{name}.mp4" for name in "abc"), "folder.mp4/x.txt")
    (tmp_path / "loop.mp4").symlink_to(tmp_path / "loop.mp4")
    (tmp_path / "train.csv").write_text(f"{RUNS}{rows}\n")
    found = read_videos(tmp_path, val=0)
    assert {"a.mp4", "b.mp4"} <= set(names(found.train)) and any(re.search(said, note) for note in found.notes), found.notes


def test_lines_and_entries_that_are_no_objects_are_notes(tmp_path):
    files(tmp_path, "a.mp4", "b.mp4")
    good = [{"path": "a", "label": 1.0}, {"path": "b", "label": "x", "more": 1}]
    deep = "[" * 100_000
    (tmp_path / "train.jsonl").write_text("\n".join([json.dumps(good[0]), "{oops", deep, "3", json.dumps(good[1])]))
    (tmp_path / "test.json").write_text(json.dumps([7, *good]))
    (tmp_path / "val.csv").write_text("path,label\n")
    found = read_videos(tmp_path, val=0)
    assert [one.label for one in found.train] == [one.label for one in found.test] == ["1", "x"]
    told = "\n".join(found.notes)
    for said in ("as they are no objects (3): line 2", "(1): entry 1: 7", "Tables without rows (1): val.csv"):
        assert said in told, told


def test_empty_files_are_left_out_before_any_is_decoded(tmp_path):
    files(tmp_path, *(f"{label}/{i}.mp4" for label in "abc" for i in range(2)))
    for path in tmp_path.glob("[ab]/*"):
        path.write_bytes(b"something")
    found = opened(read_videos(tmp_path, val=0))
    assert found.classes == ("a", "b") and len(found.train) == 4 and "as they are empty (2): 0.mp4, 1.mp4" in found.notes[-1]


def test_an_empty_caption_is_said_and_left_out(tmp_path):
    files(tmp_path, "a.mp4", "b.mp4")
    (tmp_path / "train.json").write_text(json.dumps([{"path": "a", "caption": ["", "one"]}, {"path": "b", "caption": " "}]))
    found = read_videos(tmp_path, val=0)
    assert [one.captions for one in found.train] == [("one",)] and "empty caption (1): b" in found.notes[0]


def test_many_examples_are_counted_not_listed(tmp_path):
    files(tmp_path, "a/1.mp4", "b/1.mp4")
    (tmp_path / "train.csv").write_text("path,label\na/1.mp4,a\nb/1.mp4,b\n" + "".join(f"gone{i},a\n" for i in range(30)))
    note = next(one for one in read_videos(tmp_path, val=0).notes if "missing" in one)
    assert "(30): gone0, gone1" in note and "and 25 more" in note and "gone7" not in note


@pytest.mark.parametrize("made, said", [
    ({}, "holds no videos to train on"),
    ({"one/a.mp4": ""}, "takes two classes, got 1"),
    ({"train.csv": "name,word\n1,2\n"}, "needs a column for the path .* it has name, word"),
    ({"train.csv": "path,label\ngone.mp4,x\n"}, r"Not one training video .* missing \(1\): gone.mp4"),
    ({"train.json": "[1, 2]"}, "is a list of objects"),
    ({"train.json": "{"}, "is not a readable json"),
    ({"train.json": '{"annotations": [], "database": {}}'}, "is a list of objects.* an object with annotations, database"),
    ({"train.json": "[" * 100_000}, "is not a readable json: it is nested too deeply"),
    ({"train.jsonl": "{\n}\n"}, "is not a readable jsonl: line 1"),
    ({"train.csv": ""}, r"Not one training video .*Tables without rows \(1\): train.csv"),
    ({"train.csv": "path,label,split\na.mp4,x,training\nb.mp4,y,\n", "a.mp4": "", "b.mp4": ""},
     r"splits are train.* \(1\): training \(a.mp4\)\. To tell actions apart takes two classes, got 1: y"),
    ({"train.csv": "path,label\na.mp4,x\ngone.mp4,y\n", "a.mp4": ""}, r"missing \(1\): gone.mp4\. .*takes two classes"),
    ({"train.csv": "path,label\na.mp4,x\n", "test.csv": "path,caption\na.mp4,x y\n", "a.mp4": ""}, "labels in one table"),
])  # fmt: skip
def test_what_leaves_nothing_to_train_on_is_one_sentence(tmp_path, made, said):
    for name, text in made.items():
        files(tmp_path, name)
        (tmp_path / name).write_text(text)
    with pytest.raises(BadData, match=said):
        read_videos(tmp_path)


def test_what_is_not_there_or_not_a_share_is_said(tmp_path):
    with pytest.raises(BadData, match="no folder and no table"):
        read_videos(tmp_path / "gone")
    with pytest.raises(BadData, match="no folder .*elsewhere.* to start from"):
        read_videos(tmp_path, root=tmp_path / "elsewhere")
    files(tmp_path, "list.xlsx")
    with pytest.raises(BadData, match="A table ends in .csv, .tsv, .json, .jsonl, got list.xlsx"):
        read_videos(tmp_path / "list.xlsx")
    with pytest.raises(BadData, match="from 0 to below 1, got 1"):
        read_videos(tmp_path, val=1)


# ---- frames and their order -------------------------------------------------------------------------------------------


def test_clips_that_cannot_be_read_keep_their_place_and_are_named(tmp_path):
    paths = [video(tmp_path / "good.mp4"), tmp_path / "broken.mp4"]
    paths[1].write_bytes(b"no video at all")
    read = Frames(paths, 4, (32, 48))
    taken = next(iter(loader(read, [[1, 0]], 2, CPU)))  # in worker processes
    assert taken.frames_BTHWC.shape == (2, 4, 32, 48, 3) and taken.frames_BTHWC.dtype == torch.uint8
    assert taken.there_B.tolist() == [False, True] and taken.index_B.tolist() == [1, 0]
    assert taken.wrong[0][0] == 1 and "broken.mp4" in taken.wrong[0][1]
    assert not taken.frames_BTHWC[0].any()
    pixels = tiny.towers().network.vision.pixels
    straight = pixels(torch.from_numpy(read_clip(paths[0], 4).frames_THWC))
    assert (pixels(taken.frames_BTHWC[1]) - straight).abs().max() <= 1.01 / 255, "frames are resized as the page resizes them"


def test_every_clip_that_is_tried_and_cannot_be_read_is_listed(tmp_path, monkeypatch):
    files(tmp_path, *(f"{label}/{label}{i}.mp4" for label in "ab" for i in range(4)))
    found, vision = read_videos(tmp_path, val=0), tiny.towers().network.vision
    monkeypatch.setattr("core.data.frames.read_clip", only(lambda name: name.startswith("a")))
    wrong = unreadable(found.train, 99, Reading(4, 0), vision, Team(CPU))
    assert sorted(one.partition(":")[0] for one in wrong) == ["b0.mp4", "b1.mp4", "b2.mp4", "b3.mp4"]
    assert len(unreadable(found.train, 2, Reading(4, 0), vision, Team(CPU))) == 1, "the first and the last are tried"
    monkeypatch.setattr("core.data.frames.read_clip", only(lambda name: False))
    with pytest.raises(BadData, match="Not one of the 8 clips"):
        unreadable(found.train, 99, Reading(4, 0), vision, Team(CPU))


def only(readable_names):
    """A decoder that knows some files."""
    from core.errors import BadClip

    def read(path, T, **_):
        if not readable_names(path.name):
            raise BadClip(f"{path.name}: damaged")
        return tiny.clip(T)

    return read


def test_a_cache_holds_the_same_frames_and_notices_another_file(tmp_path):
    path, cache = video(tmp_path / "one.mp4"), tmp_path / "cache"
    first = Frames([path], 4, (32, 32), cache).read(path)
    (kept,) = cache.iterdir()
    assert torch.equal(Frames([path], 4, (32, 32), cache).read(path), first)
    video(path, seed=5)
    assert not torch.equal(Frames([path], 4, (32, 32), cache).read(path), first) and kept.is_file()


def test_frames_of_the_right_size_are_left_alone():
    frames = torch.from_numpy(tiny.clip(3).frames_THWC)
    assert fitted(frames, (40, 56)) is frames and fitted(frames, (20, 10)).shape == (3, 20, 10, 3)


def test_an_epoch_reads_every_clip_once_and_the_next_in_another_order():
    order = Order(seed=3, clips=10, batch=5, steps=4)
    first, second, third, fourth = order
    assert sorted(first + second) == sorted(third + fourth) == list(range(10)) and first + second != third + fourth
    assert list(Order(seed=4, clips=10, batch=5, steps=4)) != list(order)


def test_a_training_that_goes_on_reads_what_it_would_have_read():
    whole = list(Order(seed=0, clips=7, batch=3, accumulate=2, steps=6))
    assert list(Order(seed=0, clips=7, batch=3, accumulate=2, first=4, steps=6)) == whole[8:]


@pytest.mark.parametrize("batch, accumulate, size", [(6, 1, 1), (3, 2, 1), (3, 1, 2), (1, 3, 2)])
def test_processes_and_passes_share_the_clips_of_a_step(batch, accumulate, size):
    one = list(Order(seed=0, clips=9, batch=6, steps=3))
    parts = [list(Order(0, 9, batch, accumulate, rank, size, steps=3)) for rank in range(size)]
    for step in range(3):
        own = [clip for part in range(accumulate) for each in parts for clip in each[step * accumulate + part]]
        assert own == one[step]


def test_in_turn_every_process_reads_its_share_once():
    shares = [in_turn(7, 2, rank, 3) for rank in range(3)]
    assert sorted(i for share in shares for batch in share for i in batch) == list(range(7))
    assert max(len(batch) for share in shares for batch in share) == 2
