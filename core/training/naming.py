"""What a CLIP knows of the world, on pictures of the held-out splits: which things are there, and where it looks.

held_out_both, colour, shape   of a lone actor: the best of all 64 nouns is its own (its colour, its shape is right)
among, among_actor             where there are n things: the share of them, of the actors alone (whose colour and shape
                               nothing in training has together), that are among the n best nouns
attention                      of each block: whether the patch that CLS attends to most holds a bit of a thing (pointing),
                               and the IoU of as many patches as hold one with these
"""

import numpy as np
import torch

from core.data.rendered import Sample, pool
from core.metrics import iou, on_actor, pointing, top
from core.networks.vision import VisionTower
from core.networks.weights import ClipTowers
from core.training.pictures import SEEN, three_plates
from core.training.words import list_of, paraphrase
from core.world import ACTIONS, COLOURS, MIXES, SHAPES, caption

EVERY = [(colour, shape) for colour in COLOURS for shape in SHAPES]
SPLITS = ("val", "test")


@torch.no_grad()
def score(towers: ClipTowers, clips: int = 250) -> dict:
    """{mix: numbers of the lines above} for the plain world and the standard mix, and what is known of actions. clips: of each
    split and kind. Fractions, 0–1."""
    size = tuple(towers.vision.size)
    found: dict = {}
    for name, mix in MIXES.items():
        lone = [one for split in SPLITS for one in pool(0, clips, split, 1, size, distractors=0, mix=mix)]
        many = [one for split in SPLITS for one in pool(clips, clips, split, 1, size, mix=mix)]
        many = [one for one in many if len(one.scene.objects) > 1]
        found[name] = alone(towers, lone) | among(towers, many) | {"attention": attention(towers.vision, lone + many)}
        found[name] |= {"frames": len(lone), "frames_among": len(many)}
    rng = np.random.default_rng(0)
    action_YE = towers.text([caption(None, None, action) for action in ACTIONS])
    plates, sharp = [], []
    for one in pool(0, clips, "val", 8, size):
        for hits, picture in ((plates, three_plates(one.frames_THWC, rng)), (sharp, one.frames_THWC[rng.integers(8)])):
            best = int((features(towers.vision, picture[None]) @ action_YE.T).argmax())
            hits.append(ACTIONS[best] == one.scene.action)
    plain = [caption(None, None, action) for action in ACTIONS]
    nearest = (towers.text([paraphrase(one, rng) for one in plain]) @ towers.text(plain).T).argmax(1).cpu()
    same = (nearest == torch.arange(len(plain))).float().mean()
    actions = {"action_of_plates": float(np.mean(plates)), "action_of_frame": float(np.mean(sharp)), "paraphrase": float(same)}
    held_out = {name: value for name, value in found["plain"].items() if name.startswith("held_out")}
    return held_out | {f"held_out_{name}" if name != "paraphrase" else name: value for name, value in actions.items()} | found


def features(vision: VisionTower, frames_BHWC: np.ndarray) -> torch.Tensor:
    """Frames one by one, without prompts: [B, E], unit length."""
    return vision.encode(vision.embed(vision.pixels(torch.from_numpy(frames_BHWC).to(vision.mean.device))))


def seen(one: Sample) -> list[tuple[str, str]]:
    """Colour and shape of the things in its first frame of which enough is seen; the actor first."""
    return [(o.colour, o.shape) for o in one.scene.objects if (one.instance_THW[0] == o.id).sum() >= SEEN]


def best(towers: ClipTowers, one: Sample, count: int) -> list[tuple[str, str]]:
    """The nouns that fit its first frame best."""
    noun_YE = towers.text([list_of([" ".join(pair)]) for pair in EVERY])
    score_Y = (features(towers.vision, one.frames_THWC[:1]) @ noun_YE.T)[0]
    return [EVERY[i] for i in score_Y.topk(count).indices.tolist()]


def alone(towers: ClipTowers, samples: list[Sample]) -> dict[str, float]:
    """Of lone actors: both right, the colour, the shape."""
    pairs_of = [(best(towers, one, 1)[0], own[0]) for one in samples if (own := seen(one))]
    right = {
        "both": [guess == truth for guess, truth in pairs_of],
        "colour": [guess[0] == truth[0] for guess, truth in pairs_of],
        "shape": [guess[1] == truth[1] for guess, truth in pairs_of],
    }
    return {f"held_out_{name}": float(np.mean(hits)) for name, hits in right.items()}


def among(towers: ClipTowers, samples: list[Sample]) -> dict[str, float]:
    """Of things among others: the share that is named, and of actors alone."""
    every, actors = [], []
    for one in samples:
        if truth := seen(one):
            guesses = best(towers, one, len(truth))
            every += [pair in guesses for pair in truth]
            actor = one.scene.actor.colour, one.scene.actor.shape
            actors += [actor in guesses] if actor in truth else []
    return {"among": float(np.mean(every)), "among_actor": float(np.mean(actors))}


def attention(vision: VisionTower, samples: list[Sample]) -> list[dict[str, float]]:
    """Of each block: pointing at things, and the IoU of as many patches as they have."""
    rows = []
    for one in samples:
        truth_TP = on_actor((one.instance_THW > 0).astype(int), vision.grid)
        if truth_TP.any():
            pixels = vision.pixels(torch.from_numpy(one.frames_THWC).to(vision.mean.device))
            maps_LP = vision.attentions(vision.embed(pixels))[:, 0].cpu().numpy()
            truth_LP = np.broadcast_to(truth_TP[0], maps_LP.shape)
            rows.append(np.stack([pointing(maps_LP, truth_LP), iou(top(maps_LP, int(truth_TP.sum())), truth_LP)], 1))
    return [dict(zip(("pointing", "iou"), map(float, row), strict=True)) for row in np.mean(rows, 0)]
