"""An hour of 720p: how long it takes to open, what its candidates cost beside bare decoding, and whether memory grows.

The video is made by ffmpeg: half a minute of moving patterns, 24 frames a second and a key every 2 s, again and again. Bare
decoding is PyAV's own: the stream from its first packet to its last, and of the frame of every second a picture of the same
size. What is compared is processor time, of this process and of those that it started, because that is the same on a busy
machine.
"""

import multiprocessing
import resource
import shutil
import subprocess
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import av

from core import ReaderError, open_video
from core.video.footage import in_batches, per_second
from core.video.stream import picture, pixel_aspect

SECONDS, SIDE = 30, 640  # of the part that is repeated; of a picture, as the page has it
COMPARED = 10  # minutes over which bare decoding is compared: it takes long


def hour_times(hours: float = 1):
    """Rows by length: seconds to open, candidates, their seconds and processor time each, peak memory here and in the
    decoder; and what bare decoding costs."""
    if not shutil.which("ffmpeg"):
        raise ReaderError("ffmpeg, which makes the video, is not installed.")
    with tempfile.TemporaryDirectory() as folder:
        lengths = sorted({max(1, round(10 * hours)), max(1, round(60 * hours))})
        files = {length: made(Path(folder), length) for length in sorted({*lengths, COMPARED})}
        rows = {f"{length} min": alone(candidates, files[length]) for length in lengths}
        bare, own = alone(bare_decoding, files[COMPARED]), alone(candidates, files[COMPARED])
    return {
        "candidates at 1 a second": rows,
        "bare decoding, ms of processor": bare,
        "its candidates, ms of processor": own["ms of processor"],
        "bare / candidates (0.9 is asked for)": bare / own["ms of processor"],
    }


def made(folder: Path, minutes: int) -> Path:
    """A file of so many minutes."""
    part, out = folder / "part.mp4", folder / f"{minutes}.mp4"
    say = ["ffmpeg", "-v", "error", "-y"]
    if not part.exists():
        drawn = ["-f", "lavfi", "-i", "testsrc2=size=1280x720:rate=24", "-t", str(SECONDS)]
        coded = ["-c:v", "libx264", "-preset", "veryfast", "-g", "48", "-pix_fmt", "yuv420p"]
        subprocess.run([*say, *drawn, *coded, part], check=True)
    again = ["-stream_loop", str(60 * minutes // SECONDS), "-i", part, "-c", "copy", "-t", str(60 * minutes)]
    subprocess.run([*say, *again, out], check=True)
    return out


def alone(measure, *given):
    """In a process of its own, so that its peak memory is its own."""
    with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as process:
        return process.submit(measure, *given).result()


def candidates(file: Path) -> dict[str, float]:
    """What the page does before a network is asked: the file is opened, and the frame of every second is there."""
    began, used = time.perf_counter(), processor_seconds()
    video = open_video(file, SIDE)
    opened = time.perf_counter() - began
    count = sum(in_batches(video, per_second(video, 1.0), len))
    return {
        "opened in s": opened,
        "candidates": count,
        "s": time.perf_counter() - began,
        "ms of processor": 1e3 * (processor_seconds() - used) / count,
        "MB": peak(resource.RUSAGE_SELF),
        "MB of decoder": peak(resource.RUSAGE_CHILDREN),
    }


def bare_decoding(file: Path) -> float:
    """Milliseconds of the processor for the picture of each second."""
    used, count = processor_seconds(), 0
    with av.open(str(file)) as container:
        stream = container.streams.video[0]
        stream.thread_type, stream.codec_context.thread_count = "AUTO", 2
        for frame in container.decode(stream):
            if frame.time is not None and frame.time >= count:
                picture(frame, pixel_aspect(stream), SIDE)
                count += 1
    return 1e3 * (processor_seconds() - used) / count


def processor_seconds() -> float:
    """Of this process and of those that it started and that ended."""
    both = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(one.ru_utime + one.ru_stime for one in both)


def peak(who: int) -> float:
    """MB that were in memory at once."""
    return resource.getrusage(who).ru_maxrss / 1024
