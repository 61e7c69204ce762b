"""Of any file the pictures, their number and their times are those that ffmpeg itself gives, or there is a sentence."""

import os
import shutil
import subprocess

import numpy as np
import pytest

from core.video import decode as decoding
from core.video import stream
from core.video.read import read_clip
from tests.core.video.test_read import CLIPS, REFUSED, SHARED, code, codes, encode, refusal

BESIDE_FFMPEG = pytest.mark.skipif(
    not (shutil.which("ffmpeg") and shutil.which("ffprobe")), reason="no ffmpeg on this machine, with which to compare"
)
CASES = CLIPS.parent / "cases"
SHARED_CASES = [path for path in sorted(CASES.glob("*/*")) if path.parent.name in ("damaged", "shape", "interlaced", "api")]
FIELDS = "-vf interlace -flags +ildct+ilme"  # 25 frames a second, two fields in each
RECIPES = {  # name: what ffmpeg is told to make of its test pattern, 160×120 and 20 frames a second unless told otherwise
    "h264.mp4": "-c:v libx264 -bf 3",
    "h264_open_gop.ts": "-c:v libx264 -bf 3 -g 8 -x264-params open-gop=1",
    "h264_fields.mp4": "-vf interlace -c:v libx264 -x264-params tff=1",
    "h264_fields.ts": "-vf interlace -c:v libx264 -x264-params bff=1",
    "h264_fields_said_to_be_none.mkv": "-vf interlace,setfield=prog -c:v libx264",
    "h264_intra_refresh.mp4": "-c:v libx264 -x264-params intra-refresh=1:keyint=10",
    "h264_bframes.avi": "-c:v libx264 -bf 3",
    "h264_422_10bit.mp4": "-c:v libx264 -pix_fmt yuv422p10le",
    "h264_444_odd.mp4": "-vf scale=161:121 -c:v libx264 -pix_fmt yuv444p",
    "h264_gray.mp4": "-c:v libx264 -pix_fmt gray",
    "h264_full_709.mp4": "-vf scale=out_color_matrix=bt709:out_range=pc,format=yuv420p -c:v libx264 -colorspace bt709 "
    "-color_range pc",
    "h264_limited_709.mp4": "-vf scale=out_color_matrix=bt709,format=yuv420p -c:v libx264 -colorspace bt709 -color_range tv",
    "h264_cut.mp4": "",  # by an edit list, below
    "raw.h264": "-c:v libx264 -bf 2",
    "hevc_10bit.mp4": "-c:v libx265 -x265-params log-level=none -pix_fmt yuv420p10le",
    "vp8_hidden.webm": "-c:v libvpx -auto-alt-ref 1 -lag-in-frames 16",
    "vp9_10bit.webm": "-c:v libvpx-vp9 -cpu-used 8 -profile:v 2 -pix_fmt yuv420p10le",
    "vp9_alpha.webm": "-c:v libvpx-vp9 -cpu-used 8 -pix_fmt yuva420p",
    "av1.mkv": "-c:v libaom-av1 -cpu-used 8",
    "mpeg2_fields.mpg": f"{FIELDS} -c:v mpeg2video",
    "mpeg2_fields.ts": f"{FIELDS} -c:v mpeg2video",
    "mpeg4_fields.avi": f"{FIELDS} -c:v mpeg4",
    "mpeg4_bframes.avi": "-c:v mpeg4 -bf 2",
    "prores_fields.mov": f"{FIELDS} -c:v prores_ks",
    "dnxhd_fields.mov": "-vf scale=1920:1080,fps=25 -flags +ildct+ilme -t 0.3 -c:v dnxhd -b:v 120M -pix_fmt yuv422p",
    "dv_fields.mov": "-vf scale=720:576,fps=25 -t 0.4 -flags +ildct+ilme -c:v dvvideo -pix_fmt yuv420p",
    "motion_jpeg.avi": "-c:v mjpeg -pix_fmt yuvj422p",
    "motion.mjpeg": "-c:v mjpeg -pix_fmt yuvj420p",
    "palette.gif": "",
    "rgb.avi": "-c:v rawvideo -pix_fmt bgr24",
    "theora.ogv": "-c:v libtheora",
    "windows.wmv": "-c:v wmv2",
    "flash.flv": "-c:v flv1",
}


def ffmpeg(*command):
    """Run ffmpeg on words and paths; what it writes to its standard output."""
    words = [word for part in command for word in (part.split(" ") if isinstance(part, str) else [str(part)]) if word]
    return subprocess.run(["ffmpeg", "-v", "error", "-y", *words], check=True, capture_output=True).stdout


def pattern(path, recipe="", size="160x120", rate=20, seconds=1):
    """A file of ffmpeg's moving test pattern, or a skip where this ffmpeg lacks the codec."""
    try:
        ffmpeg(f"-f lavfi -i testsrc2=s={size}:r={rate}:d={seconds}", recipe, path)
    except subprocess.CalledProcessError as error:
        said = error.stderr.decode()
        if "Unknown encoder" in said:
            pytest.skip(f"this ffmpeg lacks an encoder: {said.strip()}")
        raise AssertionError(said) from None
    return path


def by_ffmpeg(path):
    """(pixels of all frames, seconds since the first one) as ffmpeg and ffprobe give them; None if a second is unknown."""
    raw_format = "-f mjpeg" if path.suffix == ".mjpeg" else ""
    raw = ffmpeg(raw_format, "-i", path, "-map 0:V:0 -fps_mode passthrough -f rawvideo -pix_fmt rgb24 -")
    command = ["ffprobe", "-v", "error", *raw_format.split(), "-select_streams", "V:0", "-show_entries"]
    command += ["frame=best_effort_timestamp_time", "-of", "csv=p=0", str(path)]
    said = subprocess.run(command, check=True, capture_output=True, text=True).stdout.split()
    times = [float("nan") if "N/A" in one else float(one.strip(",")) for one in said]
    return np.frombuffer(raw, np.uint8), None if np.isnan(times).any() else np.array(times) - times[0]


def hold_against_ffmpeg(path):
    """Assert that every frame of a file is ffmpeg's: by index, picture and time; return how many there are."""
    table, (pixels, time_N) = stream.tabulate(str(path)), by_ffmpeg(path)
    N = len(pixels) // (3 * table.W * table.H)
    assert sum(1 for _ in stream.decode(table, 1)) == N
    kept, _ = decoding.sample(str(path), 4, list(range(N)), 4096)
    if table.aspect == 1:  # else ours have the shape in which players show them
        for one, frame_HWC in zip(kept, pixels.reshape(N, *kept[0].frame_HWC.shape)):
            far = np.abs(one.frame_HWC.astype(np.int16) - frame_HWC).mean()
            assert far < 1, f"frame {one.source} is {far:.2f} from ffmpeg's in the mean."
    if time_N is not None:
        assert np.allclose([one.time for one in kept], time_N, atol=0.002)
    return N


@BESIDE_FFMPEG
@pytest.mark.parametrize("name", RECIPES)
def test_every_codec_gives_ffmpegs_pictures_number_and_times(tmp_path, name):
    path = tmp_path / name
    if name == "h264_cut.mp4":
        whole = pattern(tmp_path / "whole.mp4", "-c:v libx264 -bf 3 -g 10")
        ffmpeg("-ss 0.7 -i", whole, "-c copy", path)
    else:
        pattern(path, RECIPES[name])
    assert hold_against_ffmpeg(path) >= 6


@BESIDE_FFMPEG
@pytest.mark.parametrize("path", [*SHARED, *SHARED_CASES], ids=lambda path: path.name)
def test_shared_files_give_ffmpegs_pictures_number_and_times(path):
    if path.stem in REFUSED or path.stat().st_size > 150_000 or path.stem == "corrupted":  # its damaged parts are guessed
        pytest.skip("refused, or guessed, or large")
    hold_against_ffmpeg(path)


@pytest.mark.parametrize("codec, options", [("libx264", {"x264-params": "tff=1"}), ("mpeg4", {"flags": "+ildct+ilme"})])
@pytest.mark.parametrize("container", ["mp4", "mkv", "ts"])
def test_interlaced_video_is_read_as_it_was_written(tmp_path, codec, options, container):
    path = encode(tmp_path / f"fields.{container}", range(0, 80, 4), codec, options=options)
    clip = read_clip(path, frames=8)
    assert codes(clip) == clip.source_T.tolist() == decoding.centres(20, 8)


def test_after_a_damaged_packet_the_rest_is_read_and_the_loss_is_counted(tmp_path):
    path = encode(tmp_path / "damaged.mp4", range(0, 400, 4), "libx264", options={"bf": "0", "g": "25"})
    import av

    with av.open(str(path)) as container:
        place, size = [(packet.pos, packet.size) for packet in container.demux(video=0)][30]
    data = bytearray(path.read_bytes())
    data[place : place + size] = b"\xff" * size
    path.write_bytes(data)
    clip = read_clip(path, frames=8)
    assert clip.notes == ("The file holds 100 frames; 99 can be decoded.",)
    assert clip.time_T[-1] > 3.5 and clip.source_T.tolist() == decoding.centres(99, 8)
    after = [code for code, source in zip(codes(clip), clip.source_T) if source >= 50]
    assert after == [source + 1 for source in clip.source_T if source >= 50]  # the lost one was before


@pytest.mark.parametrize("name", ["a.mp4", "a.mkv", "a.avi", "a.ts"])
def test_frames_fetched_from_a_long_file_are_those_asked_for(tmp_path, name, monkeypatch):
    ticks = range(0, 400, 4) if name != "a.mkv" else [index * index for index in range(100)]  # seconds apart in the end
    path = encode(tmp_path / name, ticks, "mpeg4", options={"g": "12", "bf": "2"})
    exact, _ = decoding.sample(str(path), 8, None, 640)
    monkeypatch.setattr(decoding, "COUNTED_FRAMES", 50)
    found, notes = decoding.sample(str(path), 8, None, 640)
    assert [one.source for one in found] == decoding.centres(100, 8) == [code(one.frame_HWC) for one in found]
    assert [one.time for one in found] == [one.time for one in exact]
    assert notes == ["A long file: its 100 frames were counted without decoding each."]
    found, _ = decoding.sample(str(path), 8, [99, 3, 70, 3], 640)
    assert [one.source for one in found] == [99, 3, 70, 3] == [code(one.frame_HWC) for one in found]


def test_a_clock_that_jumps_goes_on_by_one_frame(tmp_path):
    first = encode(tmp_path / "first.ts", range(0, 80, 4), "libx264")
    late = encode(tmp_path / "late.ts", range(5_000_000, 5_000_080, 4), "libx264")
    for order in ((first, late), (late, first), (first, first)):
        path = tmp_path / "jump.ts"
        path.write_bytes(b"".join(one.read_bytes() for one in order))
        clip = read_clip(path, frames=8)
        assert clip.source_T.tolist() == decoding.centres(40, 8)
        assert (np.diff(clip.time_T) > 0).all() and clip.time_T[-1] < 2
        assert clip.notes == ("The clock of the file jumps: there the times go on by one frame.",)


@pytest.mark.parametrize("aspect, shape", [("64/45", (48, 91)), ("8/9", (48, 57)), ("2/1", (48, 128)), ("200/199", (48, 64))])
def test_pixels_that_are_not_square_are_shown_in_their_shape(tmp_path, aspect, shape):
    path = encode(tmp_path / "wide.mp4", range(0, 32, 4), aspect=aspect)
    clip = read_clip(path, frames=8)
    assert clip.frames_THWC.shape[1:3] == shape and codes(clip) == list(range(8))


TURNS = {  # a, b, c, d of the matrix: x' = ax + cy, y' = bx + dy; and how numpy does that
    "mirrored": ((-1, 0, 0, 1), lambda frame: frame[:, ::-1]),
    "upside down": ((1, 0, 0, -1), lambda frame: frame[::-1]),
    "half a turn": ((-1, 0, 0, -1), lambda frame: frame[::-1, ::-1]),
    "a quarter right": ((0, 1, -1, 0), lambda frame: np.rot90(frame, -1)),
    "a quarter left": ((0, -1, 1, 0), lambda frame: np.rot90(frame)),
    "along the diagonal": ((0, 1, 1, 0), lambda frame: frame.swapaxes(0, 1)),
    "along the other diagonal": ((0, -1, -1, 0), lambda frame: np.rot90(frame, 2).swapaxes(0, 1)),
}


@pytest.mark.parametrize("name", TURNS)
def test_a_display_matrix_turns_and_mirrors_the_picture_as_players_do(tmp_path, name):
    (a, b, c, d), done = TURNS[name]
    path = encode(tmp_path / "matrix.mp4", range(0, 32, 4))
    plain = read_clip(path, frames=8).frames_THWC
    data = path.read_bytes()
    upright = np.array([0x10000, 0, 0, 0, 0x10000, 0, 0, 0, 0x40000000], ">i4").tobytes()
    turned = np.array([a << 16, b << 16, 0, c << 16, d << 16, 0, 0, 0, 0x40000000], ">i4").tobytes()
    place = data.index(upright, data.index(b"tkhd"))  # the first matrix is the film's, this one the track's
    path.write_bytes(data[:place] + turned + data[place + 36 :])
    for frame, before in zip(read_clip(path, frames=8).frames_THWC, plain):
        assert (frame == done(before)).all()
    if shutil.which("ffmpeg"):
        hold_against_ffmpeg(path)


@BESIDE_FFMPEG
@pytest.mark.parametrize("name", ["song.m4a", "song.mp4", "song.mkv"])
def test_a_song_with_a_cover_is_no_video(tmp_path, name):
    pattern(tmp_path / "cover.png", "-frames:v 1")
    sound = "-f lavfi -i sine=d=2"
    if name.endswith("mkv"):
        attached = ["-attach", tmp_path / "cover.png", "-metadata:s:t mimetype=image/png"]
        ffmpeg(sound, *attached, "-c:a aac", tmp_path / name)
    else:
        kinds = "-map 0 -map 1 -c:v copy -disposition:v attached_pic -c:a aac"
        ffmpeg(sound, "-i", tmp_path / "cover.png", kinds, tmp_path / name)
    assert "holds sound and a cover picture, but no video" in refusal(tmp_path / name)


def test_sound_alone_is_no_video(tmp_path):
    av = pytest.importorskip("av")
    with av.open(str(tmp_path / "sound.mp4"), "w") as container:
        track = container.add_stream("aac", rate=44_100)
        frame = av.AudioFrame.from_ndarray(np.zeros((1, 44_100), np.float32), format="fltp", layout="mono")
        frame.sample_rate = 44_100
        container.mux([*track.encode(frame), *track.encode()])
    assert "holds sound, but no video" in refusal(tmp_path / "sound.mp4")


@BESIDE_FFMPEG
def test_the_film_is_read_and_not_a_picture_beside_it(tmp_path):
    pattern(tmp_path / "film.mp4", "-c:v libx264")
    pattern(tmp_path / "cover.png", "-frames:v 1", size="320x240")
    cover, film, both = (tmp_path / name for name in ("cover.png", "film.mp4", "both.mkv"))
    ffmpeg("-i", cover, "-i", film, "-f lavfi -i sine=d=1 -map 0 -map 1 -map 2 -c:v copy", both)
    assert (read_clip(both).frames_THWC == read_clip(film).frames_THWC).all()


@pytest.mark.skipif(os.name == "nt" or os.uname().sysname == "Darwin", reason="names of files here are always Unicode")
def test_a_name_that_is_not_utf8_is_read_and_can_be_written_down(tmp_path):
    path = encode(tmp_path / "plain.mp4", range(0, 32, 4))
    odd = os.fsencode(tmp_path) + b"/caf\xe9.mp4"
    shutil.copy(path, odd)
    clip = read_clip(os.fsdecode(odd))
    assert clip.name == "caf�.mp4" and codes(clip) == list(range(8))
    open(odd, "wb").close()
    assert refusal(os.fsdecode(odd)) == "caf�.mp4 is empty: 0 bytes."
