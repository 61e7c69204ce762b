"""Facts about a page with weights that someone named: it starts with a vision tower alone, and says that no text is read."""

import json

import pytest
from gradio_client import Client

from app.main import launch
from app.page import build
from app.server.clips import find_examples
from core import Engine
from core.world.__main__ import main as render
from tests import tiny


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    """The address of a page whose first weights are a vision tower alone, and whose others can read."""
    folder = tmp_path_factory.mktemp("clips")
    render(["--out", str(folder), "--clips", "1", "--size", "64x96"])
    alone = Engine("cpu", models={"clip": "random:test_vit", "stpn": tiny.stpn(), "stop_released": tiny.released()})
    page = build({"named": alone, "shipped": tiny.engine()}, find_examples(folder))
    yield page, launch(page, wait=False), alone
    page.close()


def test_a_vision_tower_alone_starts_the_page_and_its_texts_are_not_read(served):
    page, address, alone = served
    config = Client(address, verbose=False).config["components"]
    shown = next(one["props"] for one in config if one["props"].get("elem_id") == "viewer-stop")
    trace = json.loads(shown["value"])
    assert "error" not in trace and trace["clip"]
    box = next(one["props"] for one in config if str(one["props"].get("label")).startswith("Texts") and one["props"]["visible"])
    assert box["info"] == "not read with named weights: they have no text tower" and box["value"]
    assert not alone.reads_texts("stop") and tiny.engine().reads_texts("stop")
