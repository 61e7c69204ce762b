"""Single frames of a tabulated stream: what lies between them is not decoded, and where the file allows it, not read.

A file's own index is trusted no further than the table confirms it: after a jump the first packet must be one of the table, and
every packet after it the table's next, by stamps and bytes. Where one is not, the file is read from its start, without jumps.
"""

from collections.abc import Iterator
from itertools import islice

import av
import numpy as np

from core.video.stream import THREADS, Packets, Table, decoded, opened, row_of

NEAR = 64  # packets that are sooner read than jumped over
TRIES = 16  # packets behind a jump of which one must be in the table: a broadcast begins anywhere


class Strayed(Exception):
    """A jump led to packets that are not those of the table."""


def fetch(table, indices, threads=THREADS):
    """(i, stamp, frame) for each of these indices of the table: the first frame at its stamp or later, if there is one."""
    waiting = sorted((int(table.start_N[i]), int(table.stamp_N[i]), i) for i in set(indices))
    try:
        yield from served(table, waiting, threads, jumps=table.packet_M4 is not None and not table.jumps)
    except Strayed:
        yield from served(table, waiting, threads, jumps=False)


def served(table, waiting, threads, *, jumps):
    """The same for (packet to start from, stamp, i) in order, each taken from the list when its frame is there."""
    container, packets, context = opened(table, threads)

    def found(packet):
        for stamp, frame in decoded(context, packet):
            while waiting and stamp is not None and waiting[0][1] <= stamp:
                yield waiting.pop(0)[2], stamp, frame

    with container:
        numbered, ahead, target, running = enumerate(packets), 0, 0, False
        while waiting:
            start = waiting[0][0]
            if jumps and not running and start != target and start - ahead > NEAR:
                numbered, target = jumped(container, table, start), start
            number, packet = next(numbered, (0, None))
            if packet is None:
                break
            ahead = number + 1
            if not running and number < start:
                continue
            if not running and context.is_open:
                context.flush_buffers()
            before = len(waiting)
            yield from found(packet)
            running = len(waiting) == before or not waiting or waiting[0][0] <= number
        yield from found(None)


def jumped(container, table: Table, number: int) -> Iterator[tuple[int, av.Packet]]:
    """The packets of the table, numbered, from one at or before this number on."""
    stream, (pts_M, _, key_M, dts_M) = container.streams[table.index], table.packet_M4.T
    keys = np.flatnonzero(key_M[: number + 1])
    for key in keys[-2:][::-1]:  # an index by time of showing may lead behind the last
        try:
            container.seek(int(dts_M[key]), stream=stream)
        except av.error.FFmpegError:
            break
        packets = iter(Packets(container, stream))
        for packet in islice(packets, TRIES):
            same = [m for m in np.flatnonzero(pts_M == packet.pts) if tuple(table.packet_M4[m, :3]) == row_of(packet)]
            if len(same) == 1 and same[0] <= number:
                return following(table, int(same[0]), packet, packets)
    raise Strayed


def following(table, number, packet, packets):
    """This packet and those after it, each numbered and held against the table, to its end."""
    yield number, packet
    for packet in packets:
        number += 1
        if number >= len(table.packet_M4) or tuple(table.packet_M4[number, :3]) != row_of(packet):
            raise Strayed
        yield number, packet
    if number + 1 < len(table.packet_M4):
        raise Strayed
