"""The video of one file under PyAV: a table of its frames, the frames, and their pictures.

One stream is read, the one that ffmpeg would choose: never the cover of a song, and of several the default one or the
largest. Its packets lie on one clock: where a recording's clock jumps, as that of a broadcast does, it goes on by one
frame. `tabulate` reads the packets and decodes none, which takes a fraction of the time: how many frames there are, when
each is shown, and from which packet on it can be decoded. `decode` gives every frame, `core.video.fetch` those asked for.

A packet that does not decode costs its own frames and no others. Two threads decode faster, but lose neighbours of such
a packet too, so whoever finds frames missing decodes again with one. A picture is what the decoder wrote, whole, in the
shape and the way up in which players show it; its colours are those of ffmpeg's own conversion.

A stamp is a time in ticks, the stream's own unit.
"""

import gc
from array import array
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from itertools import count

import av
import av.filter
import numpy as np

from core.errors import BadClip
from core.video.read import CONTAINERS, LIMITS, LIMITS_TEXT

GAP = 10  # seconds between frames after which the clock of a broadcast has jumped; ffmpeg says so too
BACK = 0.1  # seconds that a clock may run back without having jumped
REORDERED = ("h264", "hevc")  # in a file without times of showing, as AVI is, only decoding gives the order of their frames
THREADS = 2  # every thread holds frames of its own, and memory is bounded
PICTURES, SWEPT = count(1), 8  # pictures made, and after how many memory is swept


@dataclass(frozen=True)
class Table:
    """The N frames of a stream in the order in which they are shown, by its packets.

    stamp_N: ascending; None where packets have none, as in a raw stream. start_N: the packet from which on the frame can
    be decoded; None where only decoding tells which frame that is. promised: frames by the header, 0 if it promises none.
    aspect: a pixel's width by its height. jumps: how often the clock jumped. packet_M4: of every packet that is read,
    its stamp of showing, its bytes, 1 where it is a key, and its stamp of decoding; None where some have no stamps.
    """

    path: str
    index: int  # of the stream in the file
    codec: str
    W: int
    H: int
    aspect: float
    rate: float  # frames a second by the header; 0: nothing believable
    tick: Fraction  # seconds
    promised: int
    N: int
    stamp_N: np.ndarray | None
    start_N: np.ndarray | None
    jumps: int
    packet_M4: np.ndarray | None = None


def open_file(path):
    """The container of a file; a BadClip if it is none of those that may hold a video."""
    fence = {"format_whitelist": CONTAINERS, "protocol_whitelist": "file"}
    raw = "mjpeg" if path.lower().endswith(".mjpeg") else None  # looks like one JPEG picture
    try:
        return av.open(path, format=raw, container_options=fence)
    except MemoryError:
        raise
    except av.error.FFmpegError:
        raise BadClip(f"holds no video that can be opened. {LIMITS_TEXT}") from None


def choices(container):
    """The video streams that could be meant, the likeliest first; a BadClip if there is none that could be decoded."""
    videos = [stream for stream in container.streams.video if not stream.disposition & av.stream.Disposition.attached_pic]
    if not videos:
        cover = " and a cover picture" if container.streams.video else ""
        what = f"holds sound{cover}, but" if container.streams.audio else "holds"
        raise BadClip(f"{what} no video that can be opened. {LIMITS_TEXT}")
    known = [stream for stream in videos if stream.codec_context]
    if not known:
        raise BadClip("holds a video that no decoder here knows.")
    return sorted(known, key=preference, reverse=True)


def preference(stream):
    """The larger, the likelier the stream is meant: ffmpeg's own rule."""
    default = bool(stream.disposition & av.stream.Disposition.default)
    return stream.codec_context.width * stream.codec_context.height + 5_000_000 * default


def frame_rate(stream) -> float:
    """Frames a second by the header, or 0 if it says what no video has."""
    rate = float(stream.average_rate or stream.guessed_rate or 0)
    return rate if 0.01 <= rate <= 1000 else 0.0


def pixel_aspect(stream) -> float:
    """A pixel's width by its height; 1 where the file says nothing, or nothing that could be seen or believed."""
    aspect = float(stream.sample_aspect_ratio or 1)
    return aspect if 0.05 <= aspect <= 20 and abs(aspect - 1) > 0.01 else 1.0


class Packets:
    """The packets of a stream that hold something, on one clock. jumps: how often it was set anew so far."""

    def __init__(self, container, stream):
        self.container, self.stream, self.jumps = container, stream, 0
        broadcast = container.format.flags & av.format.Flags.ts_discont.value
        seconds = (GAP if broadcast else LIMITS.seconds, BACK, 1 / (frame_rate(stream) or 25))
        self.gap, self.back, self.step = (round(one / stream.time_base) for one in seconds)

    def __iter__(self) -> Iterator[av.Packet]:
        last, shift = None, 0
        for packet in readable(self.container.demux(self.stream)):
            if packet.dts is not None:
                if last is not None and not last - self.back <= packet.dts + shift <= last + self.gap:
                    shift = last + self.step - packet.dts
                    self.jumps += 1
                last = packet.dts = packet.dts + shift
            if packet.pts is not None:
                packet.pts += shift
            yield packet


def readable(packets):
    """The packets that hold something, up to where the file breaks off."""
    try:
        yield from (packet for packet in packets if packet.size)  # to a decoder an empty one would mean the end
    except MemoryError:
        raise
    except av.error.FFmpegError:
        return


def is_shown(packet, codec) -> bool:
    """False for a packet that is decoded and not shown: what an edit list cuts, and VP8's hidden references."""
    return not packet.is_discard and (codec != "vp8" or bool(bytes(packet)[0] & 0x10))


def seconds(table, stamp) -> float:
    """Seconds from the first frame to a stamp."""
    return float((int(stamp) - int(table.stamp_N[0])) * table.tick)


def seconds_N(table):
    """Of every frame, from the first on; by the rate where packets have no stamps."""
    if table.stamp_N is None:
        return np.arange(table.N) / (table.rate or 25)
    return (table.stamp_N - table.stamp_N[0]).astype(np.float64) * table.tick.numerator / table.tick.denominator


def row_of(packet) -> tuple[int, ...]:
    """What tells a packet from others, wherever reading began: its stamp of showing, its bytes, and 1 where it is a key."""
    return packet.pts, packet.size, int(packet.is_keyframe)


def tabulate(path, heard=lambda packet: None) -> Table:
    """The table of a file's video: of the likeliest stream, or of the next where that is a single picture.

    heard: is given every packet that is read for it."""
    with open_file(path) as container:
        streams = [stream.index for stream in choices(container)]
    tables = []
    for index in streams:
        tables.append(tabulate_stream(path, index, heard))
        if tables[-1].N > 1:
            return tables[-1]
    return tables[0]


def tabulate_stream(path, index, heard) -> Table:
    """The table of one stream of a file."""
    with open_file(path) as container:
        stream = container.streams[index]
        codec, W, H = stream.codec_context.name, stream.codec_context.width, stream.codec_context.height
        packets = Packets(container, stream)
        total, shown, keys, in_order, last, rows = (
            0,
            [],
            [],
            True,
            None,
            array("q"),
        )  # a row is 32 bytes here, and 200 in a list
        for number, packet in enumerate(packets):
            total += 1
            heard(packet)
            if packet.pts is not None:
                rows.extend((*row_of(packet), packet.pts if packet.dts is None else packet.dts))
            in_order, last = in_order and (last is None or packet.pts is None or packet.pts > last), packet.pts
            if packet.is_keyframe and packet.pts is not None:
                keys.append((packet.pts, number))
            if is_shown(packet, codec):
                shown.append((packet.pts, number))
        stamp_N = start_N = None
        if shown and all(stamp is not None for stamp, _ in shown):
            stamp_N, number_N = np.array(sorted(shown)).T
            if not (in_order and codec in REORDERED and stream.codec_context.has_b_frames):
                start_N = starts(stamp_N, number_N, np.array(keys or [(stamp_N[0], 0)]).T)
        promised = stream.frames - (total - len(shown)) if stream.frames else 0
        rate, aspect = frame_rate(stream), pixel_aspect(stream)
        packet_M4 = np.frombuffer(rows, np.int64).reshape(-1, 4) if len(rows) == 4 * total else None
        return Table(
            path, index, codec, W, H, aspect, rate, stream.time_base, promised, len(shown), stamp_N, start_N, packets.jumps,
            packet_M4,
        )  # fmt: skip


def starts(stamp_N, number_N, keys_2K):
    """For each frame the last key packet before it that is not shown after it: what is shown before needs an older one."""
    stamp_K, number_K = keys_2K
    key_N = np.searchsorted(number_K, number_N, "right") - 1
    while (late_N := (key_N >= 0) & (stamp_K[key_N] > stamp_N)).any():
        key_N[late_N] -= 1
    return np.where(key_N < 0, 0, number_K[key_N])


def decoded(context, packet):
    """(stamp, frame) of what a packet gives, None being the end: nothing where it is damaged."""
    try:
        frames = context.decode(packet)
    except MemoryError:
        raise
    except av.error.FFmpegError:
        return
    for frame in frames:
        refuse_pixels(frame.width, frame.height)
        yield (frame.dts if frame.pts is None else frame.pts), frame


def refuse_pixels(W, H):
    """A BadClip if a frame has more pixels than are allowed."""
    if W * H > LIMITS.pixels:
        raise BadClip(f"is {W}×{H} pixels. {LIMITS_TEXT}")


def opened(table, threads):
    """The container of a tabulated stream, its packets, and their decoder."""
    container = open_file(table.path)
    stream = container.streams[table.index]
    stream.codec_context.thread_count = threads
    stream.codec_context.thread_type = "AUTO" if threads > 1 else "NONE"
    return container, Packets(container, stream), stream.codec_context


def decode(table, threads):
    """(stamp, frame) of every frame, in the order in which they are shown; a stamp may be None."""
    container, packets, context = opened(table, threads)
    with container:
        for packet in packets:
            yield from decoded(context, packet)
        yield from decoded(context, None)


def picture(frame, aspect, max_side, shape=None):
    """A frame's pixels, uint8 RGB [H, W, 3]: upright, of display shape, no side above max_side; of `shape` [H, W] if given."""
    if next(PICTURES) % SWEPT == 0:
        gc.collect()  # a frame whose side data was looked at is in a circle: it stays until circles are looked for
    a, b, _, c, d, *_ = display_matrix(frame)
    across = abs(b) + abs(c) > abs(a) + abs(d)  # a quarter turn: to the nearest one, where a file asks for other angles
    if shape is None:
        W, H = frame.width * aspect, frame.height
        scale = min(1, max_side / max(W, H))
        H, W = max(1, round(H * scale)), max(1, round(W * scale))
    else:
        H, W = reversed(shape) if across else shape
    pixels_HWC = rgb(frame, W, H)
    if across:
        pixels_HWC, a, d = pixels_HWC.swapaxes(0, 1), c, b
    return np.ascontiguousarray(pixels_HWC[:: -1 if d < 0 else 1, :: -1 if a < 0 else 1])


def rgb(frame, W, H):
    """The frame as RGB of the given size, by ffmpeg's own filter: its colours, ranges, fields and chroma are ffmpeg's."""
    shrinks = W <= frame.width and H <= frame.height and (W, H) != (frame.width, frame.height)
    graph = av.filter.Graph()
    if hasattr(graph, "threads"):  # from PyAV 18 on
        graph.threads = 1
    try:
        graph.link_nodes(
            graph.add_buffer(width=frame.width, height=frame.height, format=frame.format.name, time_base=Fraction(1)),
            graph.add("scale", f"{W}:{H}:flags={'area' if shrinks else 'bicubic'}"),
            graph.add("format", "rgb24"),
            graph.add("buffersink"),
        ).configure()
        graph.push(frame)
        return graph.pull().to_ndarray()
    except MemoryError:
        raise
    except (av.error.FFmpegError, ValueError):
        raise BadClip(f"has frames of a kind ({frame.format.name}) that cannot be turned into pictures.") from None


def display_matrix(frame):
    """The nine numbers by which players turn and mirror a frame: x' = ax + cy, y' = bx + dy, in order a b u c d v x y w."""
    try:
        data = frame.side_data.get("DISPLAYMATRIX")
    except ValueError:  # PyAV does not know all kinds of side data, and then gives none
        quarter = np.round(np.exp(1j * np.radians(-frame.rotation)))
        return quarter.real, quarter.imag, 0, -quarter.imag, quarter.real
    return (1, 0, 0, 0, 1) if data is None else np.frombuffer(data, np.int32).tolist()
