"""Facts about a run that is killed: nothing is lost, nothing is there twice, and the numbers are those of one that was not."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from core.errors import BadData
from core.workbench import drive, files, plan, shard, verify
from core.workbench.crew import CANCEL
from core.workbench.marks import Marks
from tests.core.workbench import fake

ROOT = Path(__file__).resolve().parents[3]
NAME = fake.SETTING.setting_id


@pytest.fixture(scope="module")
def unkilled(tmp_path_factory):
    """The rows of a run that nobody ended."""
    folder = tmp_path_factory.mktemp("unkilled") / "run"
    made = fake.order(folder)
    assert drive.drive(made, workers=0) == drive.COMPLETE
    return fake.rows_of(folder, made.plan, NAME)


def started(folder, moment=-1, slow=""):
    """A driver in a process of its own (`fake.main`)."""
    command = [sys.executable, "-m", "tests.core.workbench.fake", str(folder), str(moment), slow]
    return subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def test_every_clip_of_the_list_is_a_row_once(unkilled):
    assert [row["clip_id"] for row in unkilled] == [f"clip {n}" for n in range(12)]
    assert [row["shard"] for row in unkilled] == [n // 4 for n in range(12)]
    assert unkilled[3]["seconds"] == 1.0 and unkilled[3]["group"] == "film 1" and unkilled[3]["label"] is None


def test_workers_that_are_killed_lose_nothing_and_a_clip_that_kills_is_left_alone(tmp_path, unkilled):
    folder = tmp_path / "run"
    made = fake.order(folder, once=("clip 1",), always=("clip 9",))
    told = []
    assert drive.drive(made, 2, told.append) == drive.COMPLETE
    rows = fake.rows_of(folder, made.plan, NAME)
    assert [row["clip_id"] for row in rows] == [row["clip_id"] for row in unkilled]
    assert rows[9]["status"] == "crashed" and "twice" in rows[9]["why"] and rows[9]["seconds"] is None
    assert [row for n, row in enumerate(rows) if n != 9] == [row for n, row in enumerate(unkilled) if n != 9]
    assert told[-1]["crashed"] == ["clip 9"] and told[-1]["state"] == drive.COMPLETE and told[-1]["done"] == 12
    assert verify.verify_run(folder).complete


@pytest.mark.parametrize("moment", [1, 6, 9, 11, 18])
def test_a_driver_that_is_killed_anywhere_is_gone_on_from(tmp_path, unkilled, moment):
    folder = tmp_path / "run"
    assert started(folder, moment).wait(60) == -signal.SIGKILL
    found = verify.verify_run(folder)
    assert found.done[NAME] == moment // 6 * 4, "a shard is grids, strips and rows, each with its digest before it"
    whole = {file: file.stat().st_mtime_ns for file in (folder / "rows").rglob("*.parquet")}
    made = fake.order(folder)
    assert drive.drive(made, workers=0) == drive.COMPLETE
    assert fake.rows_of(folder, made.plan, NAME) == unkilled
    assert all(file.stat().st_mtime_ns == before for file, before in whole.items()), "what was there is not made again"
    assert not files.leftovers(folder) and verify.verify_run(folder).complete


def test_workers_end_with_their_driver_and_another_may_drive(tmp_path, unkilled):
    folder = tmp_path / "run"
    driver, flag = started(folder, slow="clip 5"), tmp_path / "seen clip 5"
    until(lambda: flag.exists() and flag.read_text())
    assert drive.is_driven(folder)
    driver.kill()
    driver.wait()
    assert not drive.is_driven(folder)
    until(lambda: subprocess.run(["ps", "-o", "stat=", "-p", flag.read_text()], capture_output=True).stdout[:1] in (b"", b"Z"))
    assert verify.verify_run(folder).done[NAME] == 4
    made = fake.order(folder)
    assert drive.drive(made, workers=0) == drive.COMPLETE and fake.rows_of(folder, made.plan, NAME) == unkilled


def until(holds):
    """Waits for what another process does."""
    end = time.monotonic() + 60
    while not holds():
        assert time.monotonic() < end
        time.sleep(0.05)


def test_a_second_driver_is_refused(tmp_path):
    made = fake.order(tmp_path / "run")
    with drive.driving(made.folder):
        assert drive.is_driven(made.folder)
        with pytest.raises(BadData, match="driven by another process"):
            drive.drive(made, workers=0)
    assert not drive.is_driven(made.folder) and drive.drive(made, workers=0) == drive.COMPLETE


def test_a_run_that_is_called_off_keeps_whole_shards_and_goes_on(tmp_path, unkilled):
    made = fake.order(tmp_path / "run", called_off="clip 6")
    assert drive.drive(made, workers=0) == drive.PARTIAL and (made.folder / CANCEL).exists()
    assert verify.verify_run(made.folder).done[NAME] == 4 and drive.read_progress(made.folder)["state"] == drive.PARTIAL
    again = fake.order(made.folder)
    assert drive.drive(again, workers=0) == drive.COMPLETE and fake.rows_of(made.folder, again.plan, NAME) == unkilled


def test_a_process_that_hangs_is_ended_and_its_shard_done_again(tmp_path, unkilled, monkeypatch):
    monkeypatch.setattr(drive, "LONGEST", 4.0)
    made = fake.order(tmp_path / "run", clips=4, slow=("clip 2",), seconds=600.0)
    assert drive.drive(made, 1) == drive.COMPLETE
    assert fake.rows_of(made.folder, made.plan, NAME) == unkilled[:4]


def spoil(file, how):
    held = bytearray(file.read_bytes())
    if how == "truncated":
        file.write_bytes(held[: len(held) // 2])
    elif how == "flipped":
        held[len(held) // 3] ^= 1
        file.write_bytes(held)
    else:
        file.unlink()


@pytest.mark.parametrize(
    "kind, how", [("rows", "truncated"), ("rows", "flipped"), ("rows", "deleted"), ("grids", "flipped"), ("strips", "deleted")]
)
def test_a_damaged_file_is_named_and_it_alone_is_made_again(tmp_path, unkilled, kind, how):
    made = fake.order(tmp_path / "run")
    drive.drive(made, workers=0)
    file = plan.shard_file(made.folder, kind, 1, "" if kind == "strips" else NAME)
    spoil(file, how)
    found = verify.verify_run(made.folder)
    assert set(found.wrong) == (set() if how == "deleted" else {str(file.relative_to(made.folder))})
    assert found.complete == (how == "deleted" and kind != "rows"), "a missing picture is no missing row"
    others = {one: one.stat().st_mtime_ns for one in made.folder.rglob("*.parquet") if f"{1:05}" not in one.name}
    told = []
    assert drive.drive(made, workers=0, tell=told.append) == drive.COMPLETE and verify.verify_run(made.folder).complete
    assert all(one.stat().st_mtime_ns == before for one, before in others.items())
    assert bool(told[0]["notes"]) == (how != "deleted") and fake.rows_of(made.folder, made.plan, NAME) == unkilled


def test_things_are_written_before_the_rows_and_made_again_where_they_are_damaged(tmp_path):
    made = fake.order(tmp_path / "run", setting=fake.FINDS)
    (name,) = made.settings
    drive.drive(made, workers=0)
    file = plan.shard_file(made.folder, "things", 2, name)
    assert [row["clip_id"] for row in files.read_rows(file)] == [f"clip {n}" for n in range(8, 12)]
    assert file.stat().st_mtime_ns <= plan.shard_file(made.folder, "rows", 2, name).stat().st_mtime_ns
    for how in ("flipped", "deleted"):
        spoil(file, how)
        assert set(verify.verify_run(made.folder).wrong) == (
            {str(file.relative_to(made.folder))} if how == "flipped" else set()
        )
        assert list(shard.unfinished(made.folder, made.plan, made.settings)[0]) == [2]
        assert drive.drive(made, workers=0) == drive.COMPLETE and len(files.read_rows(file)) == 4


def test_a_foreign_or_a_newer_file_is_no_part_of_a_run(tmp_path):
    made = fake.order(tmp_path / "run")
    drive.drive(made, workers=0)
    file = plan.shard_file(made.folder, "rows", 0, NAME)
    for about in (made.plan.about(0, NAME) | {"run": "another"}, made.plan.about(0, NAME) | {"format": "99"}):
        files.write_parquet(file, fake.SETTING.columns, [], about)
        assert "belongs elsewhere" in verify.verify_run(made.folder).wrong[str(file.relative_to(made.folder))]
    assert list(shard.unfinished(made.folder, made.plan, {NAME: fake.SETTING})[0]) == [0]


def test_a_run_of_other_clips_texts_or_frames_is_refused(tmp_path):
    made = fake.order(tmp_path / "run")
    with pytest.raises(BadData, match="its clips differ"):
        plan.begin(made.folder, plan.plan_of(fake.listing(13), 2, (16, 16), shard=4), fake.listing(13))
    with pytest.raises(BadData, match="its frames differ"):
        plan.begin(made.folder, plan.plan_of(fake.listing(), 4, (16, 16), shard=4), fake.listing())
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "holiday.mp4").touch()
    with pytest.raises(BadData, match="holds files and no run"):
        fake.order(tmp_path / "other")
    with pytest.raises(BadData, match="There is no run"):
        plan.read_plan(tmp_path / "nothing")


def test_another_setting_is_added_beside_the_first(tmp_path):
    made = fake.order(tmp_path / "run")
    drive.drive(made, workers=0)
    other = fake.Setting("none", {"knob": 2}, fake.SETTING.columns)
    again = fake.order(made.folder, setting=other)
    assert drive.drive(again, workers=0) == drive.COMPLETE
    assert list(plan.read_settings(made.folder)) == [NAME, other.setting_id]
    assert verify.verify_run(made.folder).done == {NAME: 12, other.setting_id: 12}
    assert plan.find_setting(plan.read_settings(made.folder), "2") == other.setting_id
    assert list(plan.said(plan.read_settings(made.folder)).values()) == ["none · knob=1", "none · knob=2"]


def test_a_full_disk_ends_the_run_with_its_own_reason(tmp_path, monkeypatch):
    made = fake.order(tmp_path / "run")

    def full(*asked):
        raise OSError(28, "No space left on device", "rows")

    monkeypatch.setattr(shard, "write_parquet", full)
    with pytest.raises(OSError, match="No space left"):
        drive.drive(made, workers=0)
    assert drive.read_progress(made.folder)["state"] == "failed" and not drive.is_driven(made.folder)


def test_marks_are_on_the_disk_once_they_are_said_to_be(tmp_path):
    code = (
        "import sys; from pathlib import Path; from core.workbench.marks import Marks; m = Marks(Path(sys.argv[1]))\n"
        "m.put('tag', 'clip 1', 'blurred'); m.put('note', 'clip 1', value='half'); m.put('note', 'clip 1', value='all of it')\n"
        "print('saved', flush=True); sys.stdin.read()"
    )
    writer = subprocess.Popen(
        [sys.executable, "-c", code, str(tmp_path)], cwd=ROOT, stdout=subprocess.PIPE, stdin=subprocess.PIPE, text=True
    )
    assert writer.stdout and writer.stdout.readline() == "saved\n"
    os.kill(writer.pid, signal.SIGKILL)
    writer.communicate()
    marks = Marks(tmp_path)
    assert marks.of("tag") == {"clip 1": {"blurred": True}} and marks.of("note") == {"clip 1": {"": "all of it"}}
    undone = marks.undo()
    assert undone and undone["value"] == "half" and marks.of("note") == {"clip 1": {"": "half"}}
    assert marks.undo() and marks.undo() and marks.undo() is None and marks.of("tag") == marks.of("note") == {}
    assert len(marks.history) == 6, "what was undone is history too"
