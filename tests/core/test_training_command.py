"""`python -m core.training.NAME` goes on being `python -m core.training NAME`."""

from importlib.util import find_spec

from core.methods import with_part
from tests.commands import asked


def test_a_command_with_the_name_behind_a_dot_says_what_the_one_with_a_blank_says(capsys, monkeypatch):
    name = with_part("train")[0]
    dotted, plain = (
        asked(capsys, monkeypatch, *words, "--help") for words in ([f"core.training.{name}"], ["core.training", name])
    )
    assert dotted == plain != ""


def test_every_method_that_can_be_trained_has_one_and_nothing_else_has():
    assert all(find_spec(f"core.training.{name}") for name in with_part("train"))
    assert find_spec("core.training.nothing") is None and find_spec("core.training.team").origin.endswith("team.py")  # pyright: ignore
