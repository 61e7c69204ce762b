"""A decoder that forks for each file gives what `read_clip` gives, and no file ends another's."""

import os

import pytest

from core.errors import BadClip
from core.video import forking, read
from core.video.read import LIMITS, read_clip
from tests.core.video.test_read import write

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="where nothing forks, read_clip's own way is taken")
# Files that are called so make whoever decodes them end, or never end.
FATE = """
import os, sys, time
from core.video import decode
plain = decode.main
def main(request, out):
    if b"warns.mp4" in request: print("of another file", file=sys.stderr)
    if b"end.mp4" in request: os.abort()
    if b"sleep.mp4" in request: time.sleep(60)
    plain(request, out)
decode.main = main
"""


@pytest.fixture
def decoder():
    made = forking.ForkingDecoder()
    yield made
    made.close()


@pytest.fixture
def forty(tmp_path):
    return write(tmp_path / "forty.mp4", 40)


def test_frames_times_and_refusals_are_those_of_a_process_from_nothing(decoder, forty, tmp_path):
    ours, theirs = read_clip(forty, 8, decode=decoder), read_clip(forty, 8)
    assert ours.key == theirs.key and ours.time_T.tolist() == theirs.time_T.tolist() and ours.notes == theirs.notes
    (tmp_path / "words.mp4").write_text("no video " * 9)
    first = decoder.process.pid
    with pytest.raises(BadClip, match="holds no video that can be opened"):
        read_clip(tmp_path / "words.mp4", decode=decoder)
    assert read_clip(forty, 8, decode=decoder).key == theirs.key and decoder.process.pid == first


def test_a_file_that_ends_or_outlasts_its_decoder_is_one_file_that_is_not_read(decoder, forty, tmp_path, monkeypatch):
    monkeypatch.setattr(
        forking, "FORKING", forking.FORKING.replace("from core.video.forking", FATE + "from core.video.forking")
    )
    for name in ("warns.mp4", "end.mp4", "sleep.mp4"):
        (tmp_path / name).write_bytes(forty.read_bytes())
    key = read_clip(tmp_path / "warns.mp4", 8, decode=decoder).key
    with pytest.raises(BadClip, match=r"makes the video decoder fail \(exit status -6\)"):  # not what another file has said
        read_clip(tmp_path / "end.mp4", decode=decoder)
    assert read_clip(forty, 8, decode=decoder).key == key
    monkeypatch.setattr(read, "LIMITS", LIMITS._replace(wait=1))
    gone = decoder.process
    with pytest.raises(BadClip, match="takes longer than 1 s"):
        read_clip(tmp_path / "sleep.mp4", decode=decoder)
    monkeypatch.undo()
    assert gone.poll() is not None and read_clip(forty, 8, decode=decoder).key == key
