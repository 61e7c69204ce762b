"""Facts about the command lines: what is wrong is one sentence, told before anything is computed, and never a traceback."""

import json
import re
import socket
from pathlib import Path

import pytest
import torch

from app import main as page
from core import Clip, Engine
from core.evaluate.__main__ import main as evaluate
from core.explain.__main__ import main as explain
from core.methods.stop.networks import Prompters
from core.methods.stop.train import main as train_stop
from core.methods.stop.train_own import main as train_own
from core.methods.stop.training_free import main as training_free
from core.methods.stpn.train import main as train_stpn
from core.networks import weights
from core.training.__main__ import main as training
from core.training.clip import main as train_clip
from core.world.__main__ import main as world

ROOT = Path(__file__).resolve().parents[2]
OWN = ["--data", "gone"]  # nothing of it is read: what is asked for is looked at first


@pytest.fixture
def ended(monkeypatch, capsys):
    """A command → the sentence it ends with. Nothing may be computed before."""

    def nothing(*given, **asked):
        raise AssertionError("it went on to compute")

    for name in (
        "methods.stop.evaluate.pool", "methods.stpn.evaluate.pool", "methods.stop.train.pool", "methods.stpn.train.pool",
        "training.clip.pool", "explain.__main__.sample", "methods.stop.training_free.evaluate",
        "methods.stop.asking.read_videos",
    ):  # fmt: skip
        monkeypatch.setattr(f"core.{name}", nothing, raising=False)
    monkeypatch.setattr(page, "build", nothing)

    def run(main, words):
        with pytest.raises(SystemExit) as end:
            main(words)
        said = end.value.code if isinstance(end.value.code, str) else capsys.readouterr().err
        assert said and "Traceback" not in said
        return said

    return run


WRITES = {
    "evaluate": (evaluate, ["stop"], "--json"), "evaluate stpn": (evaluate, ["stpn"], "--json"),
    "explain": (explain, [], "--json"), "evaluate own": (evaluate, ["stop", *OWN], "--json"),
    "training_free": (training_free, [], "--json"),
    "clip": (train_clip, [], "--out"), "own": (train_own, OWN, "--out"),
}  # fmt: skip


@pytest.mark.parametrize("main, words, name", WRITES.values(), ids=WRITES)
def test_a_file_that_cannot_be_written_is_refused_at_once(ended, tmp_path, main, words, name):
    (tmp_path / "file").write_text("")
    assert f"{tmp_path} is a folder" in ended(main, [*words, name, str(tmp_path)])
    assert "file is a file, where a folder is needed" in ended(main, [*words, name, str(tmp_path / "file" / "x.safetensors")])


@pytest.mark.parametrize("main", [train_stop, train_stpn, world])
def test_a_folder_that_cannot_be_written_to_is_refused_at_once(ended, tmp_path, main):
    (tmp_path / "file").write_text("")
    assert "file is a file, where a folder is needed" in ended(main, ["--out", str(tmp_path / "file")])


@pytest.mark.parametrize("main, words", [
    (evaluate, ["stop"]), (evaluate, ["stpn"]), (evaluate, ["stop", *OWN]), (explain, []), (training_free, []),
    (train_clip, []), (train_stop, []), (train_stpn, ["--out", "{}"]), (page.main, []),
])  # fmt: skip
def test_a_device_that_is_not_there_is_a_sentence(ended, tmp_path, main, words):
    if words[-2:] != OWN:  # there the data are looked at before
        assert "auto, cpu or cuda, got 'gpu'" in ended(main, [word.format(tmp_path) for word in words] + ["--device", "gpu"])


@pytest.mark.parametrize("main, words", [
    (evaluate, ["stop"]), (evaluate, ["stpn"]), (explain, []), (training_free, []), (train_clip, []), (train_own, OWN),
    (world, ["--out", "{}"]),
])  # fmt: skip
def test_a_seed_is_not_below_nothing(ended, tmp_path, main, words):
    assert re.search("-1", said := ended(main, [word.format(tmp_path) for word in words] + ["--seed", "-1"])) and "seed" in said


@pytest.mark.parametrize("main", [training, evaluate])
def test_a_command_knows_the_methods_that_it_can_do(ended, main):
    assert "'gone' (choose from" in ended(main, ["gone"])
    assert "stpn" in ended(main, ["gone"]) and "stop_released" not in ended(main, ["gone"])
    assert "'stpn' (choose from" in ended(main, ["stpn", *OWN])  # it has no training on videos of one's own


def test_a_training_is_asked_for_by_its_methods_name(ended, tmp_path):
    (tmp_path / "file").write_text("")
    for method in ("stop", "stpn"):
        assert "file is a file, where a folder" in ended(training, [method, "--out", str(tmp_path / "file")])
    assert "--rate is a number above 0" in ended(training, ["stop", *OWN, "--rate", "nan"])


def test_weights_that_are_not_there_are_a_sentence(ended, tmp_path):
    assert "clip.safetensors" in ended(evaluate, ["stop", "--weights", str(tmp_path)])
    assert "gone" in ended(evaluate, ["stop", *OWN, "--clip", "gone.safetensors"])
    assert "gone" in ended(train_stop, ["--clip", "gone.safetensors"])


@pytest.mark.parametrize("words, said", [
    (["--epochs", "0"], "--epochs is a number above 0, got 0.0"), (["--epochs", "nan"], "above 0, got nan"),
    (["--epochs", "inf"], "--epochs"), (["--rate", "nan"], "--rate is a number above 0, got nan"), (["--rate", "-1"], "--rate"),
    (["--minutes", "nan"], "--minutes is at least 0, got nan"), (["--frames", "0"], "from 4 to 32, got 0"),
    (["--template", "a video"], "has {} where the class is named, got 'a video'"),
    (["--frames", "33", "--check-only"], "from 4 to 32, got 33"), (["--epochs", "-1", "--check-only"], "--epochs"),
])  # fmt: skip
def test_numbers_no_training_can_be_done_with_are_refused_before_the_data_are_read(ended, words, said):
    assert said in ended(train_own, [*OWN, *words])


# ---- the page ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("port", ["99999", "-3", "0", "x"])
def test_a_port_is_one(ended, port):
    assert f"a port is 1 to 65535, got {port}" in ended(page.main, [f"--port={port}"])


def test_a_host_that_is_none_is_a_sentence(ended):
    assert "nowhere.invalid" in ended(page.main, ["--host", "nowhere.invalid"])


def test_a_port_that_is_taken_is_a_sentence(ended, monkeypatch):
    def taken_meanwhile(*given, **asked):
        raise OSError("Cannot find empty port in range: 7860-7860.")

    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        assert f"The page cannot be served at 127.0.0.1:{port}: Address already in use" in ended(page.main, ["--port", port])
    monkeypatch.setattr(page, "build", lambda *given: None)
    monkeypatch.setattr(page, "launch", taken_meanwhile)
    assert ended(page.main, []) == "The page cannot be served at 127.0.0.1: Cannot find empty port in range: 7860-7860."


def test_models_that_do_not_fit_are_the_engines_own_sentence(ended, tmp_path):
    torch.manual_seed(0)
    prompters = Prompters(1, 32, 8)
    weights.save(tmp_path / "own.safetensors", {"prompters": prompters},
                 dict(kind="stop", variant="full", layers=1, hidden=8, towers="others"), {})  # fmt: skip
    shipped = weights.WEIGHTS
    assert "for 4 layers" in ended(page.main, ["--models", f"stop_first={shipped / 'stop_all.safetensors'}"])
    assert "other towers" in ended(page.main, ["--models", f"stop_first={tmp_path / 'own.safetensors'}"])
    assert "clip.safetensors" in ended(page.main, ["--models", f"stop_released={shipped / 'clip.safetensors'}"])
    assert "called '/nowhere/x'" in ended(page.main, ["--models", "stop=/nowhere/x"])


# ---- README -----------------------------------------------------------------------------------------------------------


def test_readme_s_python_does_what_it_says(tmp_path):
    """The block of “From Python”, on a clip of the world; what it says behind a run is what ran."""
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    code = re.search(r"## From Python\n\n```python\n(.*?)```", readme, re.DOTALL)
    assert code
    clip = next((ROOT / "assets" / "clips").glob("*.mp4"))
    told = re.search(r"^(engine\.run\(.*\)\.ran)  # (\(.*\)).*$", code[1], re.MULTILINE)
    assert told, "README no longer says what a knob runs again"
    names: dict = {}
    exec(code[1].replace("your.mp4", str(clip)).replace(told[0], f"ran = {told[1]}"), names)
    assert isinstance(names["clip"], Clip) and isinstance(names["engine"], Engine)
    assert list(names["ran"]) == json.loads(told[2].replace("'", '"').replace("(", "[").replace(")", "]"))
