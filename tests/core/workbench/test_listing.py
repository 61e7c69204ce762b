"""Facts about lists of clips: what training reads, flat folders, Something-Something v2; what is wrong is a sentence."""

import json
import os

import pytest

from core.data.dataset import read_videos
from core.errors import BadData
from core.workbench import listing, plan, reading
from core.workbench.columns import UNREADABLE
from core.workbench.listing import list_clips, world_clips
from core.world import ACTIONS


def files(folder, *names, held=b"x"):
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(held)
    return folder


def test_a_folder_per_class_is_listed_as_training_reads_it(tmp_path):
    data = files(tmp_path / "data", "run/1.mp4", "run/2.mp4", "brush_hair/3.mp4", "run/notes.txt")
    made, videos = list_clips(data, template="a clip of {}"), read_videos(data, val=0)
    assert [one.path for one in made.entries] == ["brush_hair/3.mp4", "run/1.mp4", "run/2.mp4"]
    assert [os.fsdecode(one.file) for one in made.entries] == [str(item.path) for item in videos.train]
    assert made.classes == videos.classes and made.texts == ("a clip of brush hair", "a clip of run")
    assert {one.own for one in made.entries} == {("run",), ("brush_hair",)} and made.entries[0].bytes == 1


def test_parts_groups_and_captions_are_kept(tmp_path):
    data = files(tmp_path / "data", "train/a/1.mp4", "train/b/2.mp4", "test/a/3.mp4")
    assert [one.split for one in list_clips(data).entries] == ["train", "train", "test"]
    assert [one.path for one in list_clips(data, on="test").entries] == ["test/a/3.mp4"]
    told = files(tmp_path / "told", "1.mp4", "2.mp4")
    (told / "train.csv").write_text("path,caption\n1.mp4,a dog\n1.mp4,an animal\n2.mp4,a cat\n")
    made = list_clips(told)
    assert made.entries[0].own == ("a dog", "an animal") and made.texts == made.classes == ("a cat", "a dog", "an animal")


def test_a_flat_folder_has_clips_without_labels(tmp_path):
    made = list_clips(files(tmp_path / "data", "b.mp4", "a.mp4", "c/d.mp4"))
    assert [one.path for one in made.entries] == ["a.mp4", "b.mp4"] and not made.classes
    assert any("no labels" in note for note in made.notes) and any("left out (1): c" in note for note in made.notes)


def test_something_something_is_listed_by_its_templates(tmp_path):
    data = files(tmp_path / "ssv2", "20bn-something-something-v2/74225.webm", "20bn-something-something-v2/9.webm")
    rows = [
        {"id": "74225", "label": "spinning cube", "template": "Spinning [something]", "placeholders": ["cube"]},
        {"id": "5", "label": "missing", "template": "Holding [something]", "placeholders": []},
        {"id": "", "template": "x"},
    ]
    held = [rows[0] | {"id": "9", "template": "Holding [something]"}]
    for name, some in {"labels/train.json": rows, "something-something-v2-validation.json": held}.items():
        files(data, name, held=json.dumps(some).encode())
    made = list_clips(data)
    assert made.classes == ("Holding [something]", "Spinning [something]")
    assert made.texts == ("a video of Holding something", "a video of Spinning something")
    assert [(one.split, one.label) for one in made.entries] == [("train", made.classes[1]), ("val", made.classes[0])]
    assert "Files are missing (1): 5." in made.notes and any("without an id" in note for note in made.notes)


def test_drawn_clips_are_those_of_their_seeds_and_evaluate_s_classes():
    made = world_clips(3, seed=2)
    assert [one.clip_id for one in made.entries] == [f"world:test:{200_000 + n}:standard" for n in range(3)]
    assert made.classes == ACTIONS and all(one.label in ACTIONS for one in made.entries)
    again = reading.read(made.entries[0], 4, (32, 48))
    assert again.truth and again.truth.scene.action == made.entries[0].label and again.facts["frames"] == 4


def test_an_unchanged_folder_is_the_same_run_and_another_label_is_not(tmp_path):
    data = files(tmp_path / "data", "a/1.mp4", "b/2.mp4")
    first = plan.plan_of(list_clips(data), 8, (32, 32))
    assert plan.plan_of(list_clips(data), 8, (32, 32)) == first
    (data / "a/1.mp4").rename(data / "b/1.mp4")
    files(data, "a/3.mp4")
    assert plan.plan_of(list_clips(data), 8, (32, 32)).digest != first.digest
    every = plan.plan_of(world_clips(5), 8, (32, 32), shard=4)
    assert every.shards == range(2) and every.clips_of(0) == 4 and every.clips_of(1) == 1


@pytest.mark.parametrize(
    "names, says",
    [
        ((), "no videos to train on"),
        (("a/1.mp4",), "takes two classes"),
        (("a/1.txt", "b/2.txt"), "no videos to train on"),
    ],
)
def test_a_folder_that_is_none_is_a_sentence(tmp_path, names, says):
    (tmp_path / "data").mkdir()
    with pytest.raises(BadData, match=says):
        list_clips(files(tmp_path / "data", *names))
    with pytest.raises(BadData, match="There is no folder"):
        list_clips(tmp_path / "nothing")
    with pytest.raises(BadData, match="from 1, got 0"):
        world_clips(0)


def test_what_is_odd_about_classes_is_said(tmp_path, monkeypatch):
    data = files(tmp_path / "data", "brush_hair/1.mp4", "BrushHair/2.mp4", "c/3.mp4")
    assert any("read alike" in note for note in list_clips(data).notes)
    assert not any("hold one out" in note for note in list_clips(data).notes), "nothing is held out of what is measured"
    (data / "loop").symlink_to(data, target_is_directory=True)
    assert len(list_clips(data).entries) == 3, "a link that leads back is not followed"
    monkeypatch.setattr(listing, "MANY", 2)
    assert any("3 classes: a confusion shows" in note for note in list_clips(data).notes)
    monkeypatch.setattr(listing, "TEXTS", 2)
    with pytest.raises(BadData, match="up to 2 classes, got 3"):
        list_clips(data)


def test_files_outside_the_folder_and_missing_ones_are_left_out_and_named(tmp_path):
    data = files(tmp_path / "data", "1.mp4", "2.mp4")
    files(tmp_path, "secret.mp4")
    (data / "train.csv").write_text("path,label\n1.mp4,a\n2.mp4,b\n../secret.mp4,a\n3.mp4,b\n")
    made = list_clips(data)
    assert [one.path for one in made.entries] == ["1.mp4", "2.mp4"]
    assert any("outside data" in note for note in made.notes) and any("missing (1): 3.mp4" in note for note in made.notes)


def test_hostile_names_travel_through_the_list_on_disk(tmp_path):
    names = ["a\nb/<script>alert(1).mp4", "=cmd/'; DROP TABLE rows;--.mp4", os.fsdecode(b"c/\xff.mp4")]
    data = files(tmp_path / "data", *names)
    made = list_clips(data)
    held = plan.plan_of(made, 8, (32, 32))
    plan.begin(tmp_path / "run", held, made)
    back = plan.entries_of(tmp_path / "run", 0)
    assert back == list(made.entries) and plan.read_plan(tmp_path / "run") == held
    assert {os.path.basename(one.file) for one in back} == {os.fsencode(os.path.basename(name)) for name in names}


@pytest.mark.parametrize("held, says", [(b"", "0 bytes"), (b"no video at all", "video"), (b"\x89PNG\r\n", "PNG picture")])
def test_a_clip_that_cannot_be_read_is_a_row_with_its_reason(tmp_path, held, says):
    data = files(tmp_path / "data", "a/1.mp4", "b/2.mp4", held=held)
    found = reading.read(list_clips(data).entries[0], 8, (32, 32))
    assert found.clip is None and found.status == UNREADABLE and says in found.why and found.why.endswith(".")


def test_a_clip_that_changed_or_went_since_is_not_read_as_the_one_that_was_listed(tmp_path):
    data = files(tmp_path / "data", "a/1.mp4", "b/2.mp4")
    first, second = list_clips(data).entries
    (data / "a/1.mp4").write_bytes(b"another")
    (data / "b/2.mp4").unlink()
    assert "has changed since" in reading.read(first, 8, (32, 32)).why
    assert "cannot be opened" in reading.read(second, 8, (32, 32)).why
