"""Facts about a page with weights that someone named: it starts with a vision tower alone, and says that no text is read."""

import json
import shutil

import pytest
from gradio_client import Client

from app.main import arguments, launch, say
from app.page import build
from app.server.clips import find_examples
from app.server.public import loaded
from app.tab import texts_for
from core import Engine, ReaderError
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


def test_the_released_layout_on_a_tower_alone_reads_no_texts_either():
    alone = Engine("cpu", models={"stop": "random:test_vit"})
    assert not alone.reads_texts("stop_released") and tiny.engine().reads_texts("stop_released")


def test_the_start_says_what_is_loaded_and_how_far_it_is(capsys):
    loaded(Engine("cpu", models={"stop": "random:test_vit"}), say)
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "Loading random:test_vit as clip (1 of 1) …" and lines[1].startswith("  test_vit · RANDOM weights")


def test_help_names_public_clips_and_their_sizes(capsys):
    with pytest.raises(SystemExit):
        arguments().parse_args(["--help"])
    assert "ViT-B-32/openai (605 MB)" in " ".join(capsys.readouterr().out.split())


def test_a_folder_of_clips_needs_no_truth(tmp_path):
    render(["--out", str(tmp_path), "--clips", "2", "--size", "64x96"])
    known, other = sorted(tmp_path.glob("*.mp4"))
    other.with_suffix(".json").unlink()
    shutil.copy(known, tmp_path / "holiday.MOV")
    (tmp_path / "holiday.json").write_text('{"where": "the sea"}')  # another's
    found = find_examples(tmp_path)
    assert {name for name, one in found.items() if one.truth} == {known.stem} and {"holiday", other.stem} < found.keys()
    assert found["holiday"].title == "holiday" and texts_for(found["holiday"]) == []
    with pytest.raises(ReaderError, match="There are no clips in"):
        find_examples(tmp_path / "nowhere")
