"""Rendered clips on disk, for trainings that need more of them than memory holds: drawn once, read a few at a time by all.

A folder has `frames.npy` and `instance.npy`, which are mapped and not read, and `rest.npz`; the scenes follow from their seeds.
A stock is used again where its first clip is what would be drawn today, and drawn anew where it is not.
"""

import multiprocessing
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from shutil import rmtree

import numpy as np
from tqdm import tqdm

from core.data.rendered import Sample, sample
from core.world import sample_scene


def stock(
    folder: Path, first: int, count: int, split: str, frames: int, size: tuple[int, int], workers: int = 2
) -> list[Sample]:
    """Clips of seeds first … first + count − 1, whose frames are read from disk when they are asked for."""
    home = folder / f"{split}_{first}_{count}_{frames}_{size[0]}x{size[1]}"
    if not current(home, sample(first, split, frames, size)):
        draw(home, [(seed, split, frames, size) for seed in range(first, first + count)], workers)
    frames_NTHWC, instance_NTHW = (np.load(home / f"{name}.npy", mmap_mode="r") for name in ("frames", "instance"))
    with np.load(home / "rest.npz") as rest:
        box_NTO4, energy_NG, camera_NG = (rest[name] for name in ("box", "energy", "camera"))
    made = []
    for n, seed in enumerate(range(first, first + count)):
        scene = sample_scene(seed, split, size=size)
        box_TO4 = box_NTO4[n, :, : len(scene.objects)]  # as many as the clip with most things has
        made.append(Sample(scene, frames_NTHWC[n], instance_NTHW[n], box_TO4, energy_NG[n], camera_NG[n]))
    return made


def current(home: Path, one: Sample) -> bool:
    """Whether there is a stock, and its first clip is this one."""
    if not home.is_dir():
        return False
    drawn = (np.load(home / f"{name}.npy", mmap_mode="r")[0] for name in ("frames", "instance"))
    return all(np.array_equal(*both) for both in zip(drawn, (one.frames_THWC, one.instance_THW), strict=True))


def draw(home: Path, jobs: list[tuple], workers: int) -> None:
    """Every clip, written beside its place and put there when all are: an interruption leaves no half of a stock."""
    fresh = home.with_name(f"{home.name}.{os.getpid()}.writing")  # two trainings may begin at once
    fresh.mkdir(parents=True)
    T, (H, W), N = jobs[0][2], jobs[0][3], len(jobs)
    opened = np.lib.format.open_memmap
    frames_NTHWC = opened(fresh / "frames.npy", "w+", np.uint8, (N, T, H, W, 3))
    instance_NTHW = opened(fresh / "instance.npy", "w+", np.uint8, (N, T, H, W))
    rest = []
    with drawing(jobs, workers) as samples:
        for n, one in enumerate(tqdm(samples, total=N, desc=f"render {home.name}", unit="clip", mininterval=5)):
            frames_NTHWC[n], instance_NTHW[n] = one.frames_THWC, one.instance_THW
            rest.append((one.box_TO4, one.energy_G, one.camera_G))
    boxes, energies, cameras = zip(*rest, strict=True)
    box_NTO4 = np.full((N, T, max(one.shape[1] for one in boxes), 4), np.nan)
    for n, box_TO4 in enumerate(boxes):
        box_NTO4[n, :, : box_TO4.shape[1]] = box_TO4
    for one in (frames_NTHWC, instance_NTHW):
        one.flush()
    np.savez(fresh / "rest.npz", box=box_NTO4, energy=np.stack(energies), camera=np.stack(cameras))
    rmtree(home, ignore_errors=True)
    os.replace(fresh, home)


@contextmanager
def drawing(jobs: list[tuple], workers: int) -> Iterator[Iterator[Sample]]:
    """The clips in order, by processes of their own where several are allowed and it is worth their start."""
    if workers < 2 or len(jobs) < 64:
        yield (sample(*job) for job in jobs)
        return
    with multiprocessing.get_context("spawn").Pool(workers) as several:  # not fork: torch's threads may be running here
        yield several.imap(_sample, jobs, chunksize=8)


def _sample(job: tuple) -> Sample:
    return sample(*job)
