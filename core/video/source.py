"""A long video: frames that are not there until they are asked for.

    video = open_video("hour.mp4", max_side=336)                 # reads its packets, decodes one frame
    clip = video.frames(evenly(video, 64))                       # 64 frames as a Clip; see `core.video.footage`
    for clip in video.batches(per_second(video, 1.0), 32):       # thousands of frames, 32 in memory
        ...

A file is decoded in a process of its own (`core.video.serve`), which lives for one call. Frames are those of the file's table:
index i is the i-th that its packets promise. What memory holds grows with the frames asked for at once and with `keep_mb`, and
by about 20 bytes a frame with the length of the video.
"""

import json
import os
from collections import OrderedDict
from collections.abc import Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from hashlib import blake2b
from pathlib import Path
from threading import Lock

import numpy as np

from core.errors import BadClip
from core.progress import CalledOff, Cancelled, Progress, tick
from core.video.apart import Decoder, Message
from core.video.clip import Clip, DecodedFrame, frame_notes, neighbour_notes
from core.video.footage import BATCH, checked_indices, last_seconds
from core.video.read import legible, refuse_file, whole

KEEP_MB = 128  # of decoded frames, for who asks again


class Store:
    """Decoded frames by index, the least recently used first out, bounded in bytes. Safe under threads."""

    def __init__(self, budget: int):
        self.budget, self.bytes = budget, 0
        self._frames: OrderedDict[int, DecodedFrame] = OrderedDict()
        self._lock = Lock()

    def get(self, indices: Iterable[int]) -> dict[int, DecodedFrame]:
        """Those of these indices that are here."""
        with self._lock:
            found = {index: self._frames[index] for index in indices if index in self._frames}
            for index in found:
                self._frames.move_to_end(index)
            return found

    def put(self, index: int, frame: DecodedFrame) -> None:
        size = frame.frame_HWC.nbytes
        with self._lock:
            if index in self._frames or size > self.budget:
                return
            self._frames[index] = frame
            self.bytes += size
            while self.bytes > self.budget:
                self.bytes -= self._frames.popitem(last=False)[1].frame_HWC.nbytes


@dataclass(frozen=True, eq=False)
class Video:
    """The video of a file, as `open_video` gives it.

    seconds: to the end of the last frame. rate: frames a second by the header; 0 where it says nothing. W, H: of every picture.
    key: of the container, see `open_video`. notes: sentences the reader should see.
    """

    path: Path
    name: str
    time_N: np.ndarray
    rate: float
    W: int
    H: int
    key: str
    notes: tuple[str, ...]
    max_side: int
    state: tuple[int, int] = field(repr=False)  # of the file when it was opened: bytes and time of change
    table: bytes = field(repr=False)  # for the decoder, which alone reads it
    store: Store = field(repr=False)

    @property
    def N(self) -> int:
        """Frames."""
        return len(self.time_N)

    @property
    def seconds(self) -> float:
        return float(self.time_N[-1]) + last_seconds(self)

    def __repr__(self):
        return f"Video({self.name!r}, {self.N} frames of {self.W}×{self.H}, {self.seconds:.2f} s)"

    def frames(self, indices: Iterable[int], progress: Progress = tick, cancelled: CalledOff = lambda: False) -> Clip:
        """The frames at these indices as one clip, in their order. progress: is told the share that is there."""
        wanted = self._checked(indices)
        distinct = sorted(set(wanted))
        groups = [distinct[start : start + BATCH] for start in range(0, len(distinct), BATCH)]
        with closing(self._decoded(groups, progress, cancelled)) as decoded:
            return self._clip(wanted, decoded)

    def batches(
        self, indices: Iterable[int], batch: int = BATCH, progress: Progress = tick, cancelled: CalledOff = lambda: False
    ) -> Iterator[Clip]:  # fmt: skip
        """The same, `batch` frames at a time: what was given before need not stay in memory."""
        size = whole("batch", batch, 1, 4096)
        wanted = self._checked(indices, at_once=size)
        groups = [wanted[start : start + size] for start in range(0, len(wanted), size)]
        return self._clips(groups, progress, cancelled)

    def _clips(self, groups: list[list[int]], progress: Progress, cancelled: CalledOff) -> Iterator[Clip]:
        with closing(self._decoded(groups, progress, cancelled)) as decoded:
            for group, frames in zip(groups, decoded):
                yield self._clip(group, [frames])

    def _checked(self, indices: Iterable[int], at_once: int = 0) -> list[int]:
        return checked_indices(self.name, self.N, (self.H, self.W), indices, at_once)

    def _clip(self, wanted: list[int], decoded: Iterable[dict[int, DecodedFrame]]) -> Clip:
        """Frames in the order wanted, each copied to its places as it comes."""
        frames_THWC = np.empty((len(wanted), self.H, self.W, 3), np.uint8)
        source_of, seen, places = {}, [], {}
        for place, index in enumerate(wanted):
            places.setdefault(index, []).append(place)
        for frames in decoded:
            for index, frame in frames.items():
                source_of[index] = frame.source
                frames_THWC[places[index]] = frame.frame_HWC
                seen.append(frame._replace(frame_HWC=frames_THWC[0]))  # for notes: its own pixels may go
        source_T = np.array([source_of[index] for index in wanted])
        notes = (*self.notes, *neighbour_notes(source_of), *frame_notes(seen))
        return Clip(frames_THWC, self.time_N[source_T], source_T, self.name, notes)

    def _decoded(
        self, groups: list[list[int]], progress: Progress, cancelled: CalledOff
    ) -> Iterator[dict[int, DecodedFrame]]:  # fmt: skip
        """Index → frame of one group after the other. The decoder runs on while there is room, and ends with this."""
        last_group = {index: number for number, group in enumerate(groups) for index in group}
        held = self.store.get(last_group)
        passes = [sorted({*group} - held.keys()) for group in groups]
        joined = [index for one in passes for index in one]
        if joined == sorted(joined):  # one pass through the file
            passes = [sorted(set(joined))]
        passes = [one for one in passes if one]
        shares = [0.0]

        def ask() -> None:
            if cancelled():
                raise Cancelled(f"Called off while {self.name} was read.")
            progress(shares[-1])

        if not passes:
            ask()
            yield from ({index: held[index] for index in group} for group in groups)
            progress(1.0)
            return
        self._unchanged()
        line = json.dumps({"passes": passes, "shape": [self.H, self.W]}).encode() + b"\n"
        request = {"path": str(self.path), "max_side": self.max_side}
        came, total = 0, sum(map(len, passes))
        with Decoder(request, line + self.table, self.name, ask) as decoder:
            messages = iter(decoder)
            for number, group in enumerate(groups):
                ask()
                while any(index not in held for index in group):
                    index, frame = self._frame(next(messages, None))
                    held[index] = frame
                    self.store.put(index, frame)
                    came += 1
                    shares[-1] = min(came / total, 1.0)
                    ask()
                yield {index: held[index] for index in group}
                held = {index: frame for index, frame in held.items() if last_group[index] > number}
        progress(1.0)

    def _frame(self, message: Message | None) -> tuple[int, DecodedFrame]:
        """What a message says, if it is what was asked for."""
        if message is None or message[0].get("shape") != [self.H, self.W] or len(message[1]) != self.H * self.W * 3:
            raise BadClip(f"{self.name} makes the video decoder fail (frames are missing).")
        head, data = message
        frame_HWC = np.frombuffer(data, np.uint8).reshape(self.H, self.W, 3)
        source, size = int(head["source"]), tuple(head["size"])
        return head["index"], DecodedFrame(source, float(self.time_N[source]), frame_HWC, size, head["damaged"])

    def _unchanged(self) -> None:
        """A BadClip where the file is not what was opened: its table would tell wrong places."""
        refuse_file(self.path)
        if state_of(self.path) != self.state:
            raise BadClip(f"{self.name} has changed since it was opened: open it again.")


def open_video(
    path: str | os.PathLike, max_side: int = 640, keep_mb: int = KEEP_MB, progress: Progress = tick,
    cancelled: CalledOff = lambda: False,
) -> Video:  # fmt: skip
    """A file's video, its packets read and its first frame decoded. progress: is told the share of the file that is read.

    max_side: no side of a picture is longer. keep_mb: memory for decoded frames, for who asks again.
    Its key is made of the packets' stamps, sizes and key marks, of up to 64 MB of what they hold, evenly spread (all of it in a
    smaller file), of what decides how pictures look (codec, size, aspect, turn, colours), and of max_side: not of the file's
    name, nor of its sound.
    """
    place = Path(path).expanduser().absolute()
    name = legible(place.name)
    side = whole("max_side", max_side, 16, 4096)
    budget = whole("keep_mb", keep_mb, 0, 1 << 20) << 20
    refuse_file(place)
    state, shares = state_of(place), [0.0]

    def ask() -> None:
        if cancelled():
            raise Cancelled(f"Called off while {name} was opened.")
        progress(shares[-1])

    time_N, head, table = None, {}, b""
    ask()
    with Decoder({"path": str(place), "max_side": side}, b"\n", name, ask) as decoder:
        for message, data in decoder:
            if "progress" in message:
                shares[-1] = max(shares[-1], min(float(message["progress"]), 1.0))
                ask()
            elif "times" in message:
                time_N = np.frombuffer(data, np.float64)
            else:
                head, table = message, data
    assert time_N is not None and len(time_N) == head["N"], "both messages come, or a refusal"
    progress(1.0)
    H, W = head["shape"]
    key = blake2b(f"{head['key']} {side}".encode(), digest_size=16).hexdigest()
    return Video(place, name, time_N, head["rate"], W, H, key, tuple(head["notes"]), side, state, table, Store(budget))


def state_of(path: Path) -> tuple[int, int]:
    """Bytes and time of the last change of a file."""
    found = path.stat()
    return found.st_size, found.st_mtime_ns
