"""Every door takes the same files: what is a video, the reader says who looks into it, never its name or this machine's list of
names. And what visitors leave behind makes room for what comes."""

import json
import mimetypes
import os

import numpy as np
import pytest
from PIL import Image

from app.server.tidy import make_room
from tests.app.server.test_hostile_requests import endpoint
from tests.bench.visitor import Visitor
from tests.core.video.test_read import write


def video(path, kind):
    """A short clip in a container of that kind, whatever it is called."""
    made = path.with_name(f"made.{kind}")
    if kind == "gif":
        frames = [Image.fromarray(np.full((48, 64, 3), 20 * t, np.uint8)) for t in range(8)]
        frames[0].save(made, save_all=True, append_images=frames[1:], duration=80)
    else:
        write(made, 12, {"mkv": "mp4v", "avi": "MJPG", "mp4": "mp4v"}[kind])
    return made.rename(path)


@pytest.fixture(scope="module")
def visitor(served):
    with pytest.MonkeyPatch.context() as patched:  # a machine without /etc/mime.types, whose Python knows few of them
        patched.setattr(mimetypes, "guess_type", lambda *given, **named: (None, None))
        one = Visitor(served[0]).open()
        yield one
        one.close()


def through_both(visitor, served, path):
    """What the page says of a file, and what the API: "" where it is taken."""
    try:
        visitor.upload(path)
        page = ""
    except RuntimeError as wrong:
        page = str(wrong)
    with path.open("rb") as file:
        held = visitor.http.post("/gradio_api/upload", files={"files": (path.name, file)}).json()[0]
    data = {"path": held, "meta": {"_type": "gradio.FileData"}}
    said = endpoint(visitor.http, "explain_stop_file", [data, [], 4, 0, 0, *served[1].settings("stop", {}).values()])
    return page, json.loads(said.partition("data: ")[2])["error"] if "event: error" in said else ""


@pytest.mark.parametrize("name, kind", [
    ("a.gif", "gif"), ("a.mkv", "mkv"), ("a.avi", "avi"), ("A.MP4", "mp4"), ("CLIP.GIF", "gif"), ("no ending", "mp4"),
    ("a.dat", "mkv"), ("a.txt", "mp4"), ("film.mp4.part", "mp4"), ("ä ö.mkv", "mkv"),
])  # fmt: skip
def test_the_page_and_the_api_take_a_video_whatever_it_is_called(visitor, served, tmp_path, name, kind):
    assert through_both(visitor, served, video(tmp_path / name, kind)) == ("", "")


@pytest.mark.parametrize("name, content", [
    ("a.mp4", b"no video at all"), ("a.txt", b"words"), ("a.mp4", b""), ("none", b"\x89PNG"),
])  # fmt: skip
def test_what_is_no_video_is_refused_by_both_in_the_same_sentence(visitor, served, tmp_path, name, content):
    (tmp_path / name).write_bytes(content)
    page, api = through_both(visitor, served, tmp_path / name)
    assert page == api != "" and name in page


def test_a_handle_is_nobody_s_but_whose_it_was_given(visitor, served, tmp_path):
    """It cannot be guessed or made of what another reader knows, and a file by its path is no clip."""
    other = Visitor(served[0]).open()
    mine, his = visitor.upload(video(tmp_path / "a.mp4", "mp4")), other.upload(video(tmp_path / "b.mp4", "avi"))
    assert mine != his and len(mine) == 32
    for handle in (mine[:-1], mine[::-1], mine.upper(), "a.mp4", str(tmp_path / "a.mp4"), "", None, [mine], {"path": mine}):
        made = other.ask("stop", "at_once", other.message(other.values("stop", clip=handle)))
        assert made == {"error": "This clip is no longer held by the server: choose it again."}
    assert other.ask("stop", "frames", mine) is None  # a handle names a file, a key its pictures
    other.close()


def test_the_newest_files_stay(tmp_path):
    paths = [tmp_path / f"{place}.mp4" for place in range(6)]
    for place, path in enumerate(paths):
        path.write_bytes(b"x" * 10)
        os.utime(path)
        while place and path.stat().st_ctime_ns <= paths[place - 1].stat().st_ctime_ns:
            os.utime(path)
    gone = [str(tmp_path / "gone.mp4")]
    make_room([*map(str, paths), *gone], files=4)
    assert [path.exists() for path in paths] == [False, False, True, True, True, True]
    make_room(map(str, paths), size=25)
    assert [path.name for path in paths if path.exists()] == ["4.mp4", "5.mp4"]
    make_room(map(str, paths), files=0, size=0)
    assert [path.name for path in paths if path.exists()] == ["5.mp4"]
