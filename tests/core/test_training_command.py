"""`python -m core.training.NAME` goes on being `python -m core.training NAME`."""

import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

from core.methods import with_part

ROOT = Path(__file__).resolve().parents[2]


def asked(*words):
    return subprocess.run([sys.executable, "-m", *words, "--help"], cwd=ROOT, capture_output=True, text=True, check=True).stdout


def test_a_command_with_the_name_behind_a_dot_says_what_the_one_with_a_blank_says():
    name = with_part("train")[0]
    assert asked(f"core.training.{name}") == asked("core.training", name) != ""


def test_every_method_that_can_be_trained_has_one_and_nothing_else_has():
    assert all(find_spec(f"core.training.{name}") for name in with_part("train"))
    assert find_spec("core.training.nothing") is None and find_spec("core.training.team").origin.endswith("team.py")  # pyright: ignore
