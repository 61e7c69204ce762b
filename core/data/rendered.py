"""Many rendered clips at once, in memory: the frames, and what is needed to say what they show."""

import multiprocessing
import os
from dataclasses import dataclass

import numpy as np
from tqdm import tqdm

from core.world import Scene, render, sample_scene, segment_centres


@dataclass(frozen=True)
class Sample:
    """frames_THWC uint8; instance_THW: 1 where the actor is, 2 … the others; box_TO4 around what is seen of each, NaN where
    nothing is; energy_G: motion of everything but the camera."""

    scene: Scene
    frames_THWC: np.ndarray
    instance_THW: np.ndarray
    box_TO4: np.ndarray
    energy_G: np.ndarray
    camera_G: np.ndarray


def sample(seed: int, split: str, frames: int, size: tuple[int, int], **asked) -> Sample:
    """One rendered clip of the split, `frames` at segment centres. asked: what `sample_scene` may be asked for."""
    scene = sample_scene(seed, split, size=size, **asked)
    frames_THWC, truth = render(scene, segment_centres(scene.seconds, frames))
    camera_G = np.asarray(truth.camera_G)
    return Sample(scene, frames_THWC, truth.instance_THW, truth.box_TO4, truth.energy_GO.sum(-1), camera_G)


def _sample(job):
    seed, split, frames, size, asked = job
    return sample(seed, split, frames, size, **asked)


def pool(first: int, count: int, split: str, frames: int, size: tuple[int, int], **asked) -> list[Sample]:
    """Clips of seeds first … first + count − 1, rendered on every core."""
    jobs = [(seed, split, frames, size, asked) for seed in range(first, first + count)]
    told = dict(total=count, desc=f"render {split}", unit="clip", leave=False)
    if count < 256:
        return [_sample(job) for job in tqdm(jobs, **told)]
    # spawn, not fork: torch's threads may be running in this process
    with multiprocessing.get_context("spawn").Pool(os.cpu_count()) as workers:
        return list(tqdm(workers.imap(_sample, jobs, chunksize=16), **told))
