"""Facts about a run on Ray: the same shard function, so the same rows, whoever is killed."""

import logging
import os
import signal
import subprocess
import sys

import pytest

from core.errors import BadData
from core.workbench import cluster, crew, drive, files, shard, verify
from tests.core.workbench import fake
from tests.core.workbench.test_drive import NAME, ROOT, until

ray = pytest.importorskip("ray", reason="Ray is an extra: requirements-test.txt brings it")


@pytest.fixture(scope="module")
def address():
    """One small cluster for the whole file: to start it takes longer than all that is tried on it."""
    os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
    made = ray.init(
        "local", num_cpus=2, include_dashboard=False, log_to_driver=False, logging_level=logging.ERROR,
        object_store_memory=cluster.STORE,
    )  # fmt: skip
    yield made.address_info["address"]
    ray.shutdown()


@pytest.fixture(scope="module")
def unkilled(tmp_path_factory):
    """The rows of a run that nobody ended, made without Ray."""
    made = fake.order(tmp_path_factory.mktemp("unkilled") / "run")
    assert drive.drive(made, workers=0) == drive.COMPLETE
    return fake.rows_of(made.folder, made.plan, NAME)


def test_actors_that_are_killed_lose_nothing_and_a_clip_that_kills_is_left_alone(tmp_path, address, unkilled):
    folder, told = tmp_path / "run", []
    made = fake.order(folder, always=("clip 9",))
    assert drive.drive(made, 2, told.append, cluster.Cluster(2)) == drive.COMPLETE
    rows = fake.rows_of(folder, made.plan, NAME)
    assert [row["clip_id"] for row in rows] == [f"clip {n}" for n in range(12)]
    assert rows[9]["status"] == "crashed" and told[-1]["crashed"] == ["clip 9"]
    assert [row for n, row in enumerate(rows) if n != 9] == [row for n, row in enumerate(unkilled) if n != 9]
    assert verify.verify_run(folder).complete and not list((folder / cluster.UNDER_WAY).iterdir())
    assert ray.is_initialized(), "who did not start the cluster does not end it"


def test_a_driver_that_is_killed_is_gone_on_from_and_its_actors_stop(tmp_path, address, unkilled):
    folder, flag = tmp_path / "run", tmp_path / "seen clip 5"
    command = [sys.executable, "-m", "tests.core.workbench.fake", str(folder), "-1", "clip 5", address]
    driver = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    until(lambda: flag.exists() and verify.verify_run(folder).done[NAME] == 4)
    driver.kill()
    assert driver.wait() == -signal.SIGKILL
    made = fake.order(folder)
    assert drive.drive(made, 1, crew=cluster.Cluster(1)) == drive.COMPLETE
    assert fake.rows_of(folder, made.plan, NAME) == unkilled
    assert not files.leftovers(folder) and verify.verify_run(folder).complete


def test_one_that_is_called_off_keeps_whole_shards_and_one_that_hangs_is_ended(tmp_path, address, unkilled, monkeypatch):
    made = fake.order(tmp_path / "run", called_off="clip 6")
    assert drive.drive(made, 1, crew=cluster.Cluster(1)) == drive.PARTIAL
    assert verify.verify_run(made.folder).done[NAME] == 4
    monkeypatch.setattr(drive, "LONGEST", 2.0)
    again = fake.order(made.folder, slow=("clip 6",), seconds=600.0)
    assert drive.drive(again, 1, crew=cluster.Cluster(1)) == drive.COMPLETE
    assert fake.rows_of(made.folder, again.plan, NAME) == unkilled


def test_a_shard_that_is_not_seen_here_ends_the_run_with_the_reason(tmp_path, monkeypatch):
    monkeypatch.setattr(drive, "LATE", 0.0)
    with pytest.raises(BadData, match="must be the same on every machine"):
        drive.check_there(fake.order(tmp_path / "run"), shard.Task(0, (NAME,)))


def test_a_worker_stops_where_another_hands_out_the_shards(tmp_path):
    made = fake.order(tmp_path / "run")
    files.write_text(made.folder / crew.DRIVER, "somebody else")
    assert made.called_off() and not (made.folder / crew.CANCEL).exists()


def test_without_ray_a_sentence_says_how_to_get_it(monkeypatch):
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(BadData, match="pip install"):
        cluster.Cluster(1)
