"""Facts about runs that are started from the page: which may be, what is done, and what a reader is told of it."""

import json
import shutil
import subprocess
import sys

import pytest

from app.errors import start
from app.errors.questions import Questions
from app.errors.runs import SHIPPED, Runs, find_runs
from core import METHODS, ReaderError
from core.workbench.crew import CANCEL
from core.workbench.drive import driving

METHOD = next(iter(METHODS))


@pytest.fixture
def starts(tmp_path):
    """(function by its name, commands that were started, how the last of them ends, the folder of runs)."""
    folder, data = tmp_path / "runs", tmp_path / "clips"
    shutil.copytree(SHIPPED / "world", folder / "world")
    data.mkdir()
    begun = []

    def spawn(words, log):
        code = "import sys; print('There is no clip.', file=sys.stderr); sys.stdin.read(); sys.exit(2)"
        with log.open("w") as out:
            made = subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=out, stderr=out)
        begun.append((words, made))
        return made

    held = start.Starts(Questions(Runs(find_runs(folder))), start.Home(folder, {"mine": data}), spawn)
    functions = {one.__name__: one for one in held.functions()}
    yield lambda name, **said: json.loads(functions[name](said)), begun, folder
    for _, process in begun:
        process.kill()
        process.communicate()


def test_only_a_folder_that_the_command_line_named_is_measured_one_at_a_time_and_why_not_is_told(starts):
    ask, begun, folder = starts
    assert ask("startable")["data"] == ["mine"] and METHOD in [one["name"] for one in ask("startable")["methods"]]
    for said in (
        {"data": "/etc"},
        {"data": None},
        {"data": "mine", "method": "nothing"},
        {"data": "mine", "edits": ["mirror"]},
    ):
        assert set(ask("start", **({"method": METHOD, "edits": []} | said))) == {"error"}
    assert not begun
    assert ask("start", data="mine", method=METHOD, edits=["freeze"]) == {"run": "mine"}
    words = begun[0][0]
    assert words[:2] == ["run", str(folder / "mine")] and words[words.index("--counterfactuals") + 1] == "freeze"
    assert "is being measured" in ask("start", data="mine", method=METHOD, edits=[])["error"]
    assert ask("startable")["running"] == "mine" and ask("started", run="mine")["state"] == "loading"
    begun[0][1].communicate()
    assert ask("started", run="mine") | {"done": 0} == {
        "state": "ended", "wrong": "There is no clip.", "called_off": False, "done": 0, "clips": None, "eta": None,
    }  # fmt: skip
    assert set(ask("started", run="world")) == {"error"}


def test_one_more_setting_is_asked_for_as_a_with_the_knob_turned(starts):
    ask, begun, _ = starts
    assert set(ask("start_setting", run="world", knobs={"alpha": 7})) == {"error"} and not begun
    assert ask("start_setting", run="world", knobs={"alpha": 0.4, "spatial": False}) == {"run": "world"}
    words = begun[0][0]
    assert words[0] == "add" and words[words.index("--set") + 1 : words.index("--set") + 3] == ["alpha=0.4", "spatial=off"]


def test_what_is_shipped_is_not_written_to():
    held = start.Starts(Questions(Runs(find_runs(SHIPPED))), None)
    said = {"run": "world", "knobs": {"alpha": 0.4}}
    assert "shipped with the program" in json.loads(held.functions()[2](said))["error"]


def test_stop_ends_a_process_that_loads_and_calls_off_one_that_measures(starts):
    ask, begun, folder = starts
    ask("start", data="mine", method=METHOD, edits=[])
    (folder / "mine").mkdir()
    with driving(folder / "mine"):
        assert ask("start_end", run="mine") == {} and (folder / "mine" / CANCEL).exists() and begun[0][1].poll() is None
    ask("start_end", run="mine")
    assert begun[0][1].wait(20) != 0


def test_a_run_that_is_not_there_yet_may_be_named_in_a_folder_of_runs_alone(tmp_path):
    data = tmp_path / "clips"
    data.mkdir()
    assert find_runs(tmp_path, {"mine": data}) == {}
    for folder, name in ((SHIPPED, "mine"), (tmp_path, "../mine"), (tmp_path, "")):
        with pytest.raises(ReaderError, match="--data names a run"):
            find_runs(folder, {name: data})
