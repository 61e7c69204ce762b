"""What is true of a rendered clip, and its JSON.

In the JSON a mask is COCO's uncompressed run-length code: {"size": [H, W], "counts": […]}, runs of 0 and 1 in turn,
beginning with 0, down the columns (column-major). A box of something unseen is null.
"""

import json
from dataclasses import asdict, dataclass, fields

import numpy as np

from core.world.motions import Motion, events
from core.world.scene import Background, Scene, Thing


@dataclass(frozen=True, eq=False)
class Truth:
    """The truth at the rendered frames, T of them, G = T − 1 gaps, O things at most in one scene.

    scenes: what was rendered, usually one scene; with the times it renders the same frames again.
    instance_THW: uint8, the thing seen at each pixel: 0 background, 1 the actor, 2 … the distractors; a thing has the
        pixels it covers by more than half.
    box_TO4: x0, y0, x1, y1 in pixels around a thing's visible pixels, x1 and y1 one past the last; NaN when unseen.
    energy_GO: motion energy, the mean over the frame and its four channels of the squared difference between
        consecutive frames of the thing's own layer (premultiplied RGBA, 0–1, with its shadow, nothing in front of
        it, the camera held still). 0 for a still thing, also when the camera pans.
    camera_G: how far the camera moved, in pixels.
    Column o is mask value o + 1 and, in a single scene, `things[o]`. Where one scene follows another the values begin
    again: 1 is always the actor of the moment, and the gap across the cut has the energy of one becoming the other.
    """

    scenes: tuple[Scene, ...]
    time_T: np.ndarray
    instance_THW: np.ndarray
    box_TO4: np.ndarray
    energy_GO: np.ndarray
    camera_G: np.ndarray

    def __len__(self):
        return len(self.time_T)

    @property
    def things(self):
        """Id, role, shape, colour, size and motion of the things of all scenes, in order."""
        return tuple(thing for scene in self.scenes for thing in scene.objects)

    @property
    def caption(self):
        return ", then ".join(scene.caption for scene in self.scenes)

    @property
    def action(self):
        return ", then ".join(scene.action for scene in self.scenes)

    @property
    def duration(self):
        return sum(scene.seconds for scene in self.scenes)

    @property
    def events(self):
        """(name, seconds) of what the actor does at an instant, from the start of the first scene."""
        found, start = [], 0.0
        for scene in self.scenes:
            found += [(name, start + u * scene.seconds) for name, u in events(scene.actor.motion)]
            start += scene.seconds
        return tuple(found)

    def to_json(self):
        """A JSON text. Caption, action, duration, events and seed are there to be read: `scenes` has them all."""
        H, W = self.instance_THW.shape[1:]
        ids = range(1, self.box_TO4.shape[1] + 1)
        return json.dumps(
            {
                "caption": self.caption,
                "action": self.action,
                "duration": self.duration,
                "events": self.events,
                "seed": [scene.seed for scene in self.scenes],
                "scenes": [asdict(scene) for scene in self.scenes],
                "time_T": self.time_T.tolist(),
                "masks_TO": [[{"size": [H, W], "counts": run_lengths(frame == i)} for i in ids] for frame in self.instance_THW],
                "box_TO4": [[None if np.isnan(b).any() else b.tolist() for b in boxes] for boxes in self.box_TO4],
                "energy_GO": self.energy_GO.tolist(),
                "camera_G": self.camera_G.tolist(),
            }
        )

    @staticmethod
    def from_json(text):
        said = json.loads(text)
        scenes = tuple(map(scene_from, said["scenes"]))
        T, O = len(said["time_T"]), len(said["box_TO4"][0])
        instance_THW = np.zeros((T, *scenes[0].size), np.uint8)
        for frame, masks in zip(instance_THW, said["masks_TO"]):
            for number, mask in enumerate(masks, 1):
                frame[mask_of(mask["counts"], mask["size"])] = number
        nothing = [None] * 4
        boxes = [[nothing if b is None else b for b in row] for row in said["box_TO4"]]
        return Truth(
            scenes,
            np.array(said["time_T"], np.float64),
            instance_THW,
            np.array(boxes, np.float64),
            np.array(said["energy_GO"], np.float64).reshape(T - 1, O),
            np.array(said["camera_G"], np.float64),
        )


def run_lengths(mask_HW):
    """COCO's counts: the lengths of the runs of 0, 1, 0, … down the columns."""
    flat = np.concatenate([[False], mask_HW.ravel(order="F")])
    edges = np.flatnonzero(flat[1:] != flat[:-1])
    return np.diff(edges, prepend=0, append=mask_HW.size).tolist()


def mask_of(counts, size):
    """The mask of such counts."""
    values = np.arange(len(counts)) % 2 == 1
    return np.repeat(values, counts).reshape(size, order="F")


def scene_from(said):
    """A scene from its JSON: lists become tuples, dictionaries the things they describe."""

    def made(kind, values):
        # a clip written before there was such a field has its default
        return kind(**{f.name: _tuples(values[f.name]) for f in fields(kind) if f.name in values})

    objects = tuple(made(Thing, {**o, "motion": made(Motion, o["motion"])}) for o in said["objects"])
    return made(Scene, {**said, "objects": objects, "background": made(Background, said["background"])})


def _tuples(value):
    return tuple(map(_tuples, value)) if isinstance(value, list) else value
