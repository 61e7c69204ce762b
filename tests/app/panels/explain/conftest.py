"""What the tests of the folds “Explain” and “Self-check” share."""

import pytest

from app.server.clips import find_examples
from core.world.__main__ import main as render
from tests import tiny
from tests.app.panels.explain.asking import Asking


@pytest.fixture(scope="module")
def examples(tmp_path_factory):
    folder = tmp_path_factory.mktemp("clips")
    for seed, action in enumerate(("moves left", "grows")):
        render(["--out", str(folder), "--clips", "1", "--seed", str(seed), "--action", action, "--size", "64x96"])
    return find_examples(folder)


@pytest.fixture(scope="module")
def engine():
    return tiny.engine()


@pytest.fixture(scope="module")
def stop(engine, examples):
    return Asking("stop", engine, examples)


@pytest.fixture(scope="module")
def stpn(engine, examples):
    return Asking("stpn", engine, examples)
