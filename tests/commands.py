"""`python -m` in the process that tests run in, which has read torch already."""

import runpy
import sys

import pytest


def asked(capsys, monkeypatch, module, *words):
    """What `python -m MODULE WORDS` prints before it ends well."""
    monkeypatch.setattr(sys, "argv", ["python", *words])
    with pytest.raises(SystemExit) as end:
        runpy.run_module(module, run_name="__main__", alter_sys=True)
    assert not end.value.code
    return capsys.readouterr().out
