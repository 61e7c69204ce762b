"""A long video gives the frames of its file, whichever are asked for, in bounded memory, and stops when it is called off."""

import itertools
import os
import shutil
import subprocess
import time
from pathlib import Path

import numpy as np
import pytest

from core import BadClip, BadKnob, read_clip
from core.progress import Cancelled
from core.video import apart, fetch, stream
from core.video.footage import Footage, at, evenly, per_second
from core.video.source import Store, open_video
from tests.core.video.test_read import CODECS, REFUSED, SHARED, codes, encode, write

X264 = {"g": "24", "bf": "3"}
LONG = {  # name → how it is encoded: groups of pictures that refer to the one before, clocks of many kinds
    "b_frames.mp4": ("libx264", X264),
    "open.mkv": ("libx264", X264 | {"x264-params": "open-gop=1:keyint=24:scenecut=0"}),
    "broadcast.ts": ("libx264", X264),
    "h265.mp4": ("libx265", {"x265-params": "keyint=24:open-gop=1:log-level=none"}),
    "vp9.webm": ("libvpx-vp9", {"g": "24", "deadline": "realtime", "cpu-used": "8"}),
    "mpeg4.avi": ("mpeg4", {"g": "24"}),
    "no_times.avi": ("libx264", X264),
    "stream.h264": ("libx264", X264),
    "mpeg2.mpg": ("mpeg2video", {"g": "15", "bf": "2"}),
}
BRIEF = [path for path in SHARED if path.stat().st_size < 300_000 or path.stem in REFUSED]  # those of seconds, not of minutes
COUNTED = ("no_times.avi", "stream.h264")  # frames whose order only decoding tells
N = 300


@pytest.fixture(scope="session")
def long_files(tmp_path_factory):
    """name → file of N coded frames."""
    folder = tmp_path_factory.mktemp("long")
    return {name: encode(folder / name, range(0, 4 * N, 4), codec, options=more) for name, (codec, more) in LONG.items()}


@pytest.fixture(scope="session")
def film(tmp_path_factory):
    """3,000 frames of 320×240, one a second: 691 MB of pixels."""
    path = tmp_path_factory.mktemp("film") / "film.mp4"
    made = "testsrc=size=320x240:rate=1:duration=3000"
    encoded = ("-c:v", "libx264", "-preset", "ultrafast", "-g", "50", "-threads", "1")
    subprocess.run(["ffmpeg", "-v", "error", "-f", "lavfi", "-i", made, *encoded, str(path)], check=True)
    return path


@pytest.mark.parametrize("name", LONG)
def test_frames_by_index_are_those_of_a_clip(long_files, name):
    indices = [5, N - 1, 0, 150, 150, 77, N - 2]
    video, clip = open_video(long_files[name]), read_clip(long_files[name], indices=indices)
    found = video.frames(indices)
    assert video.N == N and codes(found) == indices
    assert np.array_equal(found.frames_THWC, clip.frames_THWC) and found.key == clip.key
    assert np.allclose(found.time_T, clip.time_T, atol=1e-9) and np.array_equal(found.source_T, clip.source_T)


@pytest.mark.parametrize("name, codec", CODECS)
def test_short_files_of_every_codec_too(tmp_path, name, codec):
    path = encode(tmp_path / name, range(0, 120, 4), codec, "rgb8" if codec == "gif" else "yuv420p")
    clip = read_clip(path, frames=5)
    assert np.array_equal(open_video(path).frames(clip.source_T).frames_THWC, clip.frames_THWC)


@pytest.mark.parametrize("name", sorted({*LONG} - {*COUNTED}))
def test_a_jump_gives_the_frames_that_decoding_from_the_start_gives(long_files, name, monkeypatch):
    """A frame after a jump is the one decoded from the start, bit by bit."""
    table = stream.tabulate(str(long_files[name]))
    every = {stamp: frame.to_ndarray() for stamp, frame in stream.decode(table, 1)}
    read = []
    monkeypatch.setattr(fetch, "row_of", lambda packet: read.append(0) or stream.row_of(packet))
    for indices in ([N - 3], [120, 290], range(100, 104), [*range(3, N, 90)], [N - 1, 200]):
        for index, stamp, frame in fetch.fetch(table, indices):
            assert stamp == table.stamp_N[index] and np.array_equal(frame.to_ndarray(), every[stamp]), f"{indices}: {index}"
    assert read, "nothing was jumped over"


@pytest.mark.parametrize("name", COUNTED)
def test_frames_whose_order_only_decoding_tells_are_counted(long_files, name):
    assert stream.tabulate(str(long_files[name])).start_N is None


def test_a_jump_that_leads_elsewhere_is_not_believed(long_files, monkeypatch):
    table = stream.tabulate(str(long_files["b_frames.mp4"]))
    shifted = table.packet_M4.copy()
    shifted[:, 3] += shifted[72, 3] - shifted[0, 3]  # three groups too late
    wrong = stream.Table(**{**vars(table), "packet_M4": shifted})
    found = {index: stamp for index, stamp, _ in fetch.fetch(wrong, [10, 190, 270])}
    assert found == {index: table.stamp_N[index] for index in (10, 190, 270)}


def test_the_key_is_of_the_pictures_not_of_the_name(tmp_path):
    path = write(tmp_path / "a.avi", 40, "MJPG")
    key = open_video(path).key
    shutil.copy(path, tmp_path / "b.avi")
    assert open_video(tmp_path / "b.avi").key == key == open_video(path).key
    assert open_video(path, max_side=32).key != key
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1  # one bit of one picture: no stamp and no size tells it
    path.write_bytes(data)
    assert open_video(path).key != key
    silent, sounding, turned = (tmp_path / name for name in ("silent.mp4", "sounding.mp4", "turned.mp4"))
    encode(silent, range(0, 80, 4), "libx264")
    sound = ("-f", "lavfi", "-i", "sine=duration=1", "-c:v", "copy")
    subprocess.run(["ffmpeg", "-v", "error", "-i", str(silent), *sound, str(sounding)], check=True)
    data, upright = silent.read_bytes(), np.array([0x10000, 0, 0, 0, 0x10000], ">i4").tobytes()
    place = data.index(upright, data.index(b"tkhd"))
    turn = np.array([0, 0x10000, 0, -0x10000, 0], ">i4").tobytes()
    turned.write_bytes(data[:place] + turn + data[place + len(turn) :])
    assert open_video(sounding).key == open_video(silent).key != open_video(turned).key


def test_frames_by_time_where_the_rate_varies(tmp_path):
    ticks = [0, 10, 15, 100, 101, 250, 400]  # hundredths of a second
    video = open_video(encode(tmp_path / "vfr.mkv", ticks, "libx264"))
    assert np.allclose(video.time_N, np.array(ticks) / 100)
    assert at(video, [0, 0.09, 0.10, 0.99, 1.005, 2.0, 2.5, 4.0]) == [0, 0, 1, 2, 3, 4, 5, 6]
    assert codes(video.frames(at(video, [2.4, 0.12]))) == [4, 1]
    assert per_second(video) == [0, 3, 4, 5, 6] and per_second(video, 0.5) == [0, 4, 6]  # at 3 s the one of 2.5 s again
    for wrong in (-0.1, 5.0, float("nan"), "1"):
        with pytest.raises(BadClip, match="A time of this video is from 0 to"):
            at(video, [wrong])
    for wrong in (0, -1, True, float("inf"), "1"):
        with pytest.raises(BadKnob, match="Frames a second"):
            per_second(video, wrong)


def test_evenly_is_what_a_clip_is_read_at(tmp_path):
    path = write(tmp_path / "forty.mp4", 40)
    video = open_video(path)
    for T in (4, 8, 32):
        assert evenly(video, T) == read_clip(path, T).source_T.tolist()
    assert evenly(video, 1) == [20] and len(evenly(video, 3000)) == 3000 and max(evenly(video, 3000)) == 39
    assert video.seconds == pytest.approx(40 / 25) and video.rate == 25 and (video.W, video.H) == (64, 48)
    assert isinstance(video, Footage) and not isinstance(video.frames([0]), Footage)


@pytest.mark.parametrize("indices", [[], [-1], [40], [1.0], [True], ["1"]])
def test_what_is_no_index_is_refused_with_a_sentence(tmp_path, indices):
    video = open_video(write(tmp_path / "forty.mp4", 40))
    for ask in (video.frames, video.batches):
        with pytest.raises(BadClip, match="from 0 to 39, got|at least one frame"):
            ask(indices)


def test_a_clip_too_large_for_memory_is_refused_and_batches_are_not(film):
    video = open_video(film)
    with pytest.raises(BadClip, match=r"6000 frames of 320×240 are 1\.4 GB: take up to 4340 at once"):
        video.frames([*range(3000)] * 2)
    assert len(next(video.batches([*range(3000)] * 2, 4))) == 4


def test_a_file_that_changed_is_not_read_by_its_old_table(tmp_path):
    path = write(tmp_path / "a.mp4", 40)
    video = open_video(path, keep_mb=0)
    write(path, 39)
    with pytest.raises(BadClip, match="a.mp4 has changed since it was opened: open it again."):
        video.frames([0])


def test_batches_come_in_any_order_with_repeats_and_across_batches(long_files):
    video = open_video(long_files["b_frames.mp4"], keep_mb=0)
    rng = np.random.default_rng(0)
    for wanted in ([7, 7, 7, 7, 7, 8], rng.integers(0, N, 50).tolist(), [*range(N)], [*range(N)][::-7]):
        clips = list(video.batches(wanted, 3))
        assert [code for clip in clips for code in codes(clip)] == wanted and max(map(len, clips)) <= 3
        assert np.concatenate([clip.source_T for clip in clips]).tolist() == wanted


def memory(pid="self"):
    """Megabytes that a process has in memory now."""
    words = Path(f"/proc/{pid}/status").read_text().partition("VmRSS:")[2].split()
    return int(words[0]) / 1000 if words else 0.0  # a process that has ended has none


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="memory is read from /proc")
def test_memory_holds_a_batch_and_the_budget_not_the_film(film, monkeypatch):
    decoders, shares = [], []
    start = apart.Decoder.__init__
    monkeypatch.setattr(apart.Decoder, "__init__", lambda self, *args: start(self, *args) or decoders.append(self.process.pid))
    video = open_video(film, keep_mb=20)
    before, most, both, seen = memory(), 0.0, 0.0, 0
    for clip in video.batches(per_second(video), 32, progress=shares.append):
        seen += len(clip)
        most, both = max(most, memory()), max(both, memory(decoders[-1]))
    assert seen == 3000 and shares == sorted(shares) and shares[-1] == 1.0
    assert most - before < 100 and both < 200  # 691 MB of pixels went through
    assert video.store.bytes <= 20 << 20


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="memory is read from /proc")
def test_the_decoder_does_not_grow_with_the_frames_it_gave(tmp_path, monkeypatch):
    path, seen = tmp_path / "large.mp4", []
    encoded = ("-c:v", "libx264", "-preset", "ultrafast", "-threads", "1")
    made = "color=size=1280x720:rate=25:duration=6"
    subprocess.run(["ffmpeg", "-v", "error", "-f", "lavfi", "-i", made, *encoded, str(path)], check=True)
    start = apart.Decoder.__init__
    monkeypatch.setattr(apart.Decoder, "__init__", lambda self, *args: start(self, *args) or seen.append(self.process.pid))
    video = open_video(path, max_side=64, keep_mb=0)
    grown = [memory(seen[-1]) for _ in video.batches(range(video.N), 25)]
    assert grown[0] > 50 and max(grown) - grown[0] < 40  # its 150 frames are 207 MB


def test_frames_asked_for_again_are_not_decoded_again(film, monkeypatch):
    video = open_video(film, max_side=64)
    first = video.frames([2990, 5])
    monkeypatch.setattr("core.video.source.Decoder", lambda *args: pytest.fail("decoded again"))
    again = video.frames([5, 2990, 5])
    assert np.array_equal(again.frames_THWC, first.frames_THWC[[1, 0, 1]])


def test_the_store_lets_the_least_recently_used_go():
    from core.video.clip import DecodedFrame

    store, picture = Store(3000), np.zeros((10, 10, 3), np.uint8)  # ten of 300 bytes
    for index in range(10):
        store.put(index, DecodedFrame(index, 0.0, picture, (10, 10), False))
    assert set(store.get([0])) == {0}
    store.put(10, DecodedFrame(10, 0.0, picture, (10, 10), False))
    assert set(store.get(range(11))) == {0, *range(2, 11)} and store.bytes == 3000


def alive(pid):
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


@pytest.mark.parametrize("how", ["cancelled", "progress", "close", "between"])
def test_who_calls_off_stops_the_decoder_within_a_batch(film, monkeypatch, how):
    decoders, off = [], []
    start = apart.Decoder.__init__
    video = open_video(film, keep_mb=0)
    monkeypatch.setattr(apart.Decoder, "__init__", lambda self, *args: start(self, *args) or decoders.append(self.process.pid))

    def progress(done):
        if how == "progress" and off:
            raise Cancelled("Called off.")

    batches = video.batches(range(3000), 8, progress, lambda: how != "progress" and bool(off))
    assert len(next(batches)) == 8 and alive(decoders[0])
    off.append(True)
    if how == "close":
        batches.close()
    else:
        with pytest.raises(Cancelled):
            next(batches)
    assert not alive(decoders[0])


def test_a_slow_decoder_is_stopped_when_called_off_and_a_silent_one_after_a_while(tmp_path, monkeypatch):
    path = write(tmp_path / "a.mp4", 40)
    monkeypatch.setattr(apart, "SERVING", "import time; time.sleep(60)")
    began, times = time.monotonic(), itertools.count()
    with pytest.raises(Cancelled):
        open_video(path, cancelled=lambda: next(times) > 2)
    monkeypatch.setattr(apart.read, "LIMITS", apart.read.LIMITS._replace(wait=1))
    with pytest.raises(BadClip, match="takes longer than 1 s"):
        open_video(path)
    monkeypatch.setattr(apart, "SERVING", "import os; os.abort()")
    with pytest.raises(BadClip, match="makes the video decoder fail"):
        open_video(path)
    assert time.monotonic() - began < 20


def test_a_packet_that_does_not_decode_has_a_neighbour_in_its_place(tmp_path):
    path = encode(tmp_path / "a.mkv", range(0, 400, 4), "mpeg4", options={"g": "1"})
    table = stream.tabulate(str(path))
    data, lost = bytearray(path.read_bytes()), (40, 99)
    with stream.open_file(str(path)) as container:
        for number, packet in enumerate(stream.Packets(container, container.streams[table.index])):
            if number in lost:
                place = data.index(bytes(packet))
                data[place : place + packet.size] = bytes(packet.size)
    path.write_bytes(data)
    video = open_video(path)
    assert video.N == 100 and codes(video.frames([39, 41, 98])) == [39, 41, 98]
    clip = video.frames([39, 40, 41, 99])
    assert codes(clip) == clip.source_T.tolist() == [39, 41, 41, 98]
    assert clip.notes[0] == "Of the frames asked for, 40, 99 cannot be decoded: each has a neighbour in its place."
    assert codes(video.frames([99])) == [98]


@pytest.mark.parametrize("path", BRIEF, ids=[path.name for path in BRIEF])
def test_real_and_damaged_files_open_as_clips_of_them_do(path):
    if path.stem in REFUSED:
        with pytest.raises(BadClip) as here:
            open_video(path)
        with pytest.raises(BadClip) as there:
            read_clip(path)
        assert str(here.value) == str(there.value)
        return
    video, clip = open_video(path), read_clip(path)
    with pytest.raises(BadClip) as outside:
        read_clip(path, indices=[10**9])
    decodes = int(str(outside.value).partition(" has ")[2].split()[0])
    lost = {"corrupted": 1, "truncated_faststart": 1}.get(path.stem, 0)  # in the file, and do not decode: only reading tells
    assert video.N - lost == decodes
    if path.stem != "corrupted":  # there a clip counts what decodes, and a Video what there is
        assert np.array_equal(video.frames(clip.source_T).frames_THWC, clip.frames_THWC)
        assert np.array_equal(video.frames(clip.source_T).time_T, clip.time_T)
