"""Any file becomes a clip of exactly the frames it names, or one sentence, soon and in little memory."""

import os
import subprocess
import sys
import time
from pathlib import Path

import av
import cv2
import numpy as np
import pytest

from core.errors import BadClip, BadKnob
from core.video import decode as decoding
from core.video import read as video
from core.video import stream
from core.video.read import DECODING, LIMITS, LIMITS_TEXT, read_clip

CLIPS = Path(__file__).resolve().parents[4] / "shared" / "clips"  # real and damaged footage, where it is at hand
SHARED = [path for path in (*sorted(CLIPS.glob("*")), *sorted((CLIPS / "odd").glob("*"))) if path.is_file()]
SHARED = [path for path in SHARED if path.suffix not in (".json", ".md")]
REFUSED = set(
    "audio_only bomb_16000x16000_2f crunching empty_0byte gif_header_65535x65535 png_renamed random_bytes "
    "text_renamed truncated_no_moov zero_empty_stsc".split()
)
BITS = 16


def coded_frame(index, W=64, H=48):
    """A frame that tells its index: 4×4 blocks, white where that bit of the index is 1."""
    bits = (index >> np.arange(BITS)) & 1
    return cv2.resize(np.uint8(255 * bits.reshape(4, 4)), (W, H), interpolation=cv2.INTER_NEAREST)[..., None].repeat(3, 2)


def code(frame_HWC):
    """The index a coded frame tells."""
    bits = cv2.resize(frame_HWC[..., 1], (4, 4), interpolation=cv2.INTER_AREA).ravel() > 127
    return int((bits << np.arange(BITS)).sum())


def codes(clip):
    return [code(frame) for frame in clip.frames_THWC]


def write(path, count, fourcc="mp4v", rate=25, W=64, H=48):
    """A video of `count` coded frames."""
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter_fourcc(*fourcc), rate, (W, H))
    assert writer.isOpened()
    for index in range(count):
        writer.write(coded_frame(index, W, H))
    writer.release()
    return path


def encode(path, ticks, codec="mpeg4", pix_fmt="yuv420p", W=64, H=48, aspect="1/1", options=None):
    """A video by PyAV, its frames at the given hundredths of a second."""
    from fractions import Fraction

    with av.open(str(path), "w") as container:
        track = container.add_stream(codec, rate=100)
        track.width, track.height, track.pix_fmt, track.time_base = W, H, pix_fmt, Fraction(1, 100)
        track.codec_context.time_base, track.codec_context.sample_aspect_ratio = Fraction(1, 100), Fraction(aspect)
        track.options = options or {}
        for index, tick in enumerate(ticks):
            frame = av.VideoFrame.from_ndarray(coded_frame(index, W, H), format="rgb24").reformat(format=pix_fmt)
            frame.pts, frame.time_base = tick, Fraction(1, 100)
            container.mux(track.encode(frame))
        container.mux(track.encode())
    return path


def refusal(path, **asked):
    with pytest.raises(BadClip) as caught:
        read_clip(path, **asked)
    sentence = str(caught.value)
    assert sentence.endswith(".") and "\n" not in sentence
    return sentence


def children_seconds():
    """Seconds of computing by processes that this one started and that have ended."""
    times = os.times()
    return times.children_user + times.children_system


@pytest.fixture(scope="session")
def forty(tmp_path_factory):
    return write(tmp_path_factory.mktemp("video") / "forty.mp4", 40)


def test_frames_are_segment_centres_and_are_the_frames_they_say(forty):
    clip = read_clip(forty, frames=8)
    assert clip.source_T.tolist() == [2, 7, 12, 17, 22, 27, 32, 37] == codes(clip)
    assert np.allclose(clip.time_T, clip.source_T / 25)
    assert clip.name == "forty.mp4" and clip.notes == () and clip.frames_THWC.dtype == np.uint8


def test_red_is_the_first_channel(tmp_path):
    writer = cv2.VideoWriter(str(tmp_path / "red.avi"), cv2.VideoWriter_fourcc(*"MJPG"), 25, (64, 48))
    writer.write(np.full((48, 64, 3), (0, 0, 255), np.uint8))  # OpenCV writes blue first
    writer.release()
    red, green, blue = read_clip(tmp_path / "red.avi").frames_THWC[0, 24, 32]
    assert red > 240 and green < 15 and blue < 15


@pytest.mark.parametrize("name, fourcc", [("a.mp4", "mp4v"), ("a.avi", "MJPG"), ("a.mkv", "mp4v"), ("a.webm", "VP80")])
def test_every_container_gives_the_same_frames(tmp_path, name, fourcc):
    clip = read_clip(write(tmp_path / name, 30, fourcc), frames=5)
    assert clip.source_T.tolist() == [3, 9, 15, 21, 27] == codes(clip)


CODECS = [("a.mov", "libx264"), ("a.mp4", "libx265"), ("a.webm", "libvpx-vp9"), ("a.gif", "gif")]


@pytest.mark.parametrize("name, codec", CODECS)
def test_every_codec_gives_the_same_frames(tmp_path, name, codec):
    path = encode(tmp_path / name, range(0, 120, 4), codec, "rgb8" if codec == "gif" else "yuv420p")
    clip = read_clip(path, frames=5)
    assert clip.source_T.tolist() == [3, 9, 15, 21, 27] == codes(clip)
    assert np.allclose(clip.time_T, clip.source_T / 25, atol=0.02)


def test_explicit_indices_come_in_the_order_asked_for(forty):
    clip = read_clip(forty, indices=[39, 0, 7, 7, 12])
    assert clip.source_T.tolist() == [39, 0, 7, 7, 12] == codes(clip)


@pytest.mark.parametrize("index", [-1, 40, 10**9, 10**30])
def test_an_index_outside_names_the_frames_there_are(forty, index):
    there_are = f"has 40 frames that decode: a frame index is from 0 to 39, got {index}."
    assert there_are in refusal(forty, indices=[3, index])


@pytest.mark.parametrize("indices", [[], [0] * 65, [1.5], [True], ["1"]])
def test_indices_are_1_to_64_whole_numbers(forty, indices):
    assert "From 1 to 64" in refusal(forty, indices=indices) or "whole number" in refusal(forty, indices=indices)


@pytest.mark.parametrize("asked", [{"frames": 3}, {"frames": 33}, {"frames": 4.5}, {"frames": True}, {"max_side": 15}])
def test_a_number_outside_its_span_is_named_with_the_span(forty, asked):
    with pytest.raises(BadKnob, match=r"is a whole number from \d+ to \d+, got "):
        read_clip(forty, **asked)


def test_numpy_numbers_are_whole_numbers_too(forty):
    assert read_clip(forty, frames=np.int64(4)).source_T.tolist() == [5, 15, 25, 35]
    assert read_clip(forty, indices=np.arange(3)).source_T.tolist() == [0, 1, 2]


@pytest.mark.parametrize("count, sources", [(1, [0, 0, 0, 0]), (2, [0, 0, 1, 1]), (3, [0, 1, 1, 2])])
def test_short_clips_repeat_frames_and_say_so(tmp_path, count, sources):
    clip = read_clip(write(tmp_path / "short.avi", count, "MJPG"), frames=4)
    assert clip.source_T.tolist() == sources == codes(clip)
    assert len(clip.notes) == 1 and clip.notes[0].startswith(f"{count} frame")


def test_variable_rate_keeps_each_frames_own_time(tmp_path):
    ticks = [0, 4, 8, 50, 54, 150, 154, 300]
    clip = read_clip(encode(tmp_path / "vfr.mkv", ticks), frames=8)
    assert codes(clip) == clip.source_T.tolist() == list(range(8))
    assert np.allclose(clip.time_T, np.array(ticks) / 100, atol=0.002)


def test_a_rotation_tag_turns_the_picture_upright(tmp_path):
    path = write(tmp_path / "lying.mp4", 8)
    data = path.read_bytes()
    upright = np.array([0x10000, 0, 0, 0, 0x10000, 0, 0, 0, 0x40000000], ">i4").tobytes()
    turned = np.array([0, 0x10000, 0, -0x10000, 0, 0, 0, 0, 0x40000000], ">i4").tobytes()
    track = data.index(b"tkhd")  # the first matrix is the film's, this one the track's
    place = data.index(upright, track)
    path.write_bytes(data[:place] + turned + data[place + 36 :])
    clip = read_clip(path, frames=8)
    assert clip.frames_THWC.shape[1:3] == (64, 48)
    assert [code(np.rot90(frame)) for frame in clip.frames_THWC] == list(range(8))  # back a quarter turn: as written


@pytest.mark.parametrize("W, H", [(63, 47), (321, 239), (640, 16), (17, 400)])
def test_odd_sizes_are_kept(tmp_path, W, H):
    clip = read_clip(encode(tmp_path / "odd.mkv", range(0, 24, 4), W=W, H=H), frames=4)
    assert clip.frames_THWC.shape[1:3] == (H, W)
    assert codes(clip) == clip.source_T.tolist()


def test_large_frames_are_made_smaller_and_keep_their_aspect(tmp_path):
    path = write(tmp_path / "wide.avi", 6, "MJPG", W=1280, H=320)
    clip = read_clip(path, frames=4)
    assert clip.frames_THWC.shape[1:3] == (160, 640)
    assert codes(clip) == clip.source_T.tolist()
    assert read_clip(path, frames=4, max_side=100).frames_THWC.shape[1:3] == (25, 100)


def test_a_truncated_file_gives_the_frames_that_are_left(tmp_path):
    path = write(tmp_path / "truncated.avi", 40, "MJPG")
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    clip = read_clip(path, frames=4)
    assert codes(clip) == clip.source_T.tolist()
    assert 4 < clip.source_T[-1] < 20
    assert clip.notes[0].startswith("The header promises 40 frames;")


def test_where_frames_say_no_time_or_an_earlier_one_time_goes_on_by_one_frame():
    from fractions import Fraction

    said = [0, 1, 2, 0, None, 5]
    table = stream.Table("a.avi", 0, "test", 64, 48, 1.0, 10.0, Fraction(1, 10), 6, 6, np.arange(6), None, 0)
    frame = av.VideoFrame.from_ndarray(coded_frame(0), format="rgb24")
    found = decoding.walk([(stamp, frame) for stamp in said], table, range(6), 640, to_the_end=True)
    assert np.allclose([found.kept[index].time for index in range(6)], [0, 0.1, 0.2, 0.3, 0.4, 0.5])
    assert found.count == 6 and not found.sound  # so it is decoded anew


def test_two_hours_are_read_in_seconds(tmp_path):
    slow = write(tmp_path / "slow.avi", 7200, "MJPG", rate=1)
    fast = write(tmp_path / "fast.mp4", 36_000, rate=5)
    for path, exact in ((slow, True), (fast, False)):
        busy = children_seconds()
        clip = read_clip(path, frames=8)
        assert children_seconds() - busy < 5
        assert clip.time_T[-1] == pytest.approx(6750, abs=1)
        assert codes(clip) == clip.source_T.tolist()
        assert (clip.notes == ()) == exact


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="peak memory is read from /proc")
def test_memory_holds_the_kept_frames_not_the_film(tmp_path, monkeypatch):
    film = write(tmp_path / "film.avi", 400, "MJPG", W=1024, H=720)  # 885 MB of pixels
    peaks = {}
    for name, path in (("film", film), ("bomb", CLIPS / "odd" / "bomb_16000x16000_2f.mp4")):
        note = f"\nopen({str(tmp_path / name)!r}, 'w').write(open('/proc/self/status').read())"
        monkeypatch.setattr(video, "DECODING", DECODING + note)
        if path.exists():
            read_clip(path) if name == "film" else refusal(path)
            peaks[name] = int((tmp_path / name).read_text().partition("VmHWM:")[2].split()[0]) / 1000
    assert peaks["film"] < 200 and peaks.get("bomb", 0) < 500


def test_pictures_texts_noise_and_nothing_are_refused(tmp_path):
    frame = coded_frame(5)
    for kind in ("png", "jpg", "bmp", "tiff", "webp"):
        path = tmp_path / f"{kind}.mp4"
        path.write_bytes(cv2.imencode(f".{kind}", frame)[1].tobytes())
        assert "picture, not a video" in refusal(path)
    for name, data in (("text", b"hello there, no video"), ("noise", os.urandom(4096)), ("empty", b"")):
        path = tmp_path / f"{name}.mp4"
        path.write_bytes(data)
        assert "empty: 0 bytes" in refusal(path) or "no video that can be opened" in refusal(path)


def test_a_playlist_opens_no_other_file(tmp_path):
    write(tmp_path / "other.mp4", 8)
    path = tmp_path / "playlist.mp4"
    path.write_text("ffconcat version 1.0\nfile other.mp4\n")
    assert "no video that can be opened" in refusal(path)


def test_what_is_no_file_is_refused(tmp_path):
    assert "cannot be opened: No such file" in refusal(tmp_path / "missing.mp4")
    assert "is a folder" in refusal(tmp_path)
    assert "cannot be opened" in refusal("a\0b.mp4")


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="nothing is forbidden to root")
def test_a_forbidden_file_is_refused(forty, tmp_path):
    path = tmp_path / "forbidden.mp4"
    path.write_bytes(forty.read_bytes())
    path.chmod(0)
    assert "Permission denied" in refusal(path)


def test_a_file_of_too_many_bytes_is_refused_unread(tmp_path):
    path = tmp_path / "huge.mp4"
    with path.open("wb") as file:
        file.truncate(LIMITS.bytes + 1)
    assert LIMITS_TEXT in refusal(path)


def test_too_many_pixels_or_hours_are_refused(tmp_path):
    assert "8192×4320 pixels" in refusal(write(tmp_path / "large.avi", 1, "MJPG", W=8192, H=4320))
    assert "longer than 4 hours" in refusal(write(tmp_path / "hours.avi", 14_500, "MJPG", rate=1))


def test_a_hanging_or_crashing_decoder_becomes_a_sentence(forty, monkeypatch):
    monkeypatch.setattr(video, "DECODING", "import os; os.abort()")
    assert "makes the video decoder fail" in refusal(forty)
    monkeypatch.setattr(video, "DECODING", "import time; time.sleep(60)")
    monkeypatch.setattr(video, "LIMITS", LIMITS._replace(wait=1))
    assert "takes longer than 1 s" in refusal(forty)


def test_names_of_any_letters_are_read(forty, tmp_path):
    path = tmp_path / "ein Vidéo %03d ' 動画.mp4"
    path.write_bytes(forty.read_bytes())
    assert read_clip(path).name == path.name


@pytest.mark.parametrize("path", SHARED, ids=lambda path: path.name)
def test_every_shared_file_is_read_or_refused_with_a_sentence(path, tables):
    rows = tables.setdefault("what became of each video", [("file", "T", "W×H", "index", "seconds", "ms", "said")])
    began, busy = time.perf_counter(), children_seconds()
    try:
        clip = read_clip(path)
    except BadClip as refused:
        clip, said = None, str(refused).removeprefix(f"{path.name} ").replace(LIMITS_TEXT, "").strip()
    ms = round(1000 * (time.perf_counter() - began))
    if clip is None:
        rows.append((path.name, "refused", "", "", "", str(ms), said))
        assert path.stem in REFUSED
        assert children_seconds() - busy < 2  # not by the clock: other work may share the machine
        return
    T, H, W, _ = clip.frames_THWC.shape
    source, seconds = (f"{a[0]:.6g}–{a[-1]:.6g}" for a in (clip.source_T, clip.time_T.round(2)))
    rows.append((path.name, str(T), f"{W}×{H}", source, seconds, str(ms), " ".join(clip.notes)))
    assert path.stem not in REFUSED
    assert T == 8 and (np.diff(clip.time_T) >= 0).all() and max(H, W) <= 640


def test_the_process_that_decodes_is_small():
    """Its memory is bounded, and half a second of importing would be paid for every file."""
    start = DECODING.partition("main(")[0]
    command = [sys.executable, "-c", f"{start}\nprint('torch' in sys.modules)"]
    said = subprocess.run(command, cwd=Path(video.__file__).parents[2], capture_output=True, text=True, check=True)
    assert said.stdout == "False\n"


def test_no_frame_cache_made_by_another_decoder_is_used(forty, tmp_path, monkeypatch):
    from core.data import frames

    now = frames.Frames([forty], 4, (48, 64), tmp_path)
    fresh = now.read(forty)
    monkeypatch.setattr(frames, "DECODER", frames.DECODER - 1)
    (tmp_path / f"{now.key(forty)}.npy").write_bytes(b"pictures that nobody decoded")
    monkeypatch.undo()
    assert (now.read(forty) == fresh).all()
