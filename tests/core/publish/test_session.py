"""Facts about a session: it comes back as it was saved, and a ZIP that is none does no harm and is refused in a sentence."""

import json
import zipfile

import pytest

from core import ReaderError
from core.publish import session
from core.publish.link import from_json
from core.publish.view import Setting, View

VIEW = View(Setting("stop", "mine.mp4", 8, {"alpha": 0.3}, ("a ring",), moment=(3.2, 4.95)), 2)


@pytest.fixture
def saved(tmp_path):
    clip, out = tmp_path / "0123.mp4", tmp_path / "mine.session.zip"
    clip.write_bytes(b"a video" * 1000)
    session.write(out, VIEW, clip, '{"what": "kept cells"}', {"clip": "ViT-B-32/openai"})
    return out


def test_a_session_brings_view_clip_and_cells_back(saved, tmp_path):
    assert session.is_session(saved) and not session.is_session(tmp_path / "0123.mp4")
    view, models, kept, clip = session.read(saved, tmp_path / "open")
    assert from_json(view).view == VIEW and models == {"clip": "ViT-B-32/openai"} and kept == '{"what": "kept cells"}'
    assert clip == tmp_path / "open" / "mine.mp4" and clip.read_bytes() == b"a video" * 1000
    session.write(saved, View(Setting("stop", "1-moves")))
    assert session.read(saved, tmp_path)[1:] == ({}, "", None)


ABOUT = json.dumps({"what": "session", "view": {}})


@pytest.mark.parametrize(
    ("parts", "said"),
    [
        ({}, "no view"),
        ({"session.json": ABOUT, "../../evil.py": "x"}, "other files"),
        ({"session.json": ABOUT, "clip/../../evil.mp4": "x"}, "not a plain file"),
        ({"session.json": ABOUT, "clip//etc/passwd": "x"}, "not a plain file"),
        ({"session.json": ABOUT, "clip/a.mp4": "x", "clip/b.mp4": "x"}, "other files"),
        ({"session.json": ABOUT, "clip/": ""}, "not a plain file"),
        ({"session.json": "[1, 2]"}, "does not say that it is one"),
        ({"session.json": "{"}, "not a JSON text"),
        ({"session.json": b"\xff\xfe"}, "cannot be read"),
        ({"session.json": ABOUT + " " * 1_000_001}, "more than 1 MB"),
    ],
)
def test_a_zip_that_is_no_session_is_refused_and_lays_nothing_down(parts, said, tmp_path):
    path, folder = tmp_path / "bad.zip", tmp_path / "open"
    with zipfile.ZipFile(path, "w") as made:
        for name, text in parts.items():
            made.writestr(name, text)
    with pytest.raises(ReaderError, match=said):
        session.read(path, folder)
    assert not folder.exists() and [one.name for one in tmp_path.iterdir()] == ["bad.zip"]


def test_bombs_large_clips_and_damaged_files_are_refused(saved, tmp_path, monkeypatch):
    bomb, folder = tmp_path / "bomb.zip", tmp_path / "open"
    with zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as made:
        made.writestr("session.json", ABOUT)
        made.writestr("clip/a.mp4", bytes(1_000_000))  # a thousandth of it in the file
    with pytest.raises(ReaderError, match="not a plain file"):
        session.read(bomb, folder)
    whole = saved.read_bytes()
    saved.write_bytes(whole.replace(b"a videoa video", b"a vodeoa vodeo", 1))
    with pytest.raises(ReaderError, match="cannot be read"):
        session.read(saved, folder)
    assert not list(folder.glob("*")), "half a clip is taken away again"
    saved.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(ReaderError, match="cannot be read"):
        session.read(saved, folder)
    saved.write_bytes(whole)
    monkeypatch.setattr(session, "CLIP_BYTES", 100)
    with pytest.raises(ReaderError, match="A session holds a clip of up to 500 MB"):
        session.read(saved, folder)
    with pytest.raises(ReaderError, match="A session holds a clip of up to 500 MB"):
        session.write(tmp_path / "large.zip", VIEW, tmp_path / "0123.mp4")
