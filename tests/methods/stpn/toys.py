"""A trace of STPN whose numbers are known, as the viewer gets it, and the viewer with it."""

import numpy as np

from app.figures.pack import jpeg, log16, runs
from app.figures.payload import about_payload
from app.figures.promptattention import heads_payload
from core import METHODS

Q, K, GRID, T = 3, 4, (2, 5), 5
METHOD = "stpn"
SAID = about_payload(METHODS[METHOD])
ABOUT = SAID | {
    "title": "toy", "knobs": [],
    "outputs": [one | {"symbol": one["stage"][0], "title": one["stage"]} for one in SAID["outputs"]],
    "stages": [{"name": "change", "doc": "Δ.", "source": "def change(): ...", "knobs": ["t"]}],
}  # fmt: skip
GREY = np.full((40, 60, 3), 128, np.uint8)


class Tensor:
    """What the packing knows of a tensor."""

    def __init__(self, values):
        self.values = np.asarray(values, np.float32)
        self.shape, self.ndim = self.values.shape, self.values.ndim

    def __len__(self):
        return len(self.values)

    def detach(self):
        return self

    def cpu(self):
        return self

    def numpy(self):
        return self.values


def clip_of(truth=True):
    mask = np.zeros((40, 60), bool)
    mask[10:30, 15:45] = True
    ring = {"number": 1, "name": "ring", "box": [0.25, 0.25, 0.75, 0.75], "runs": runs(mask)}
    star = {"number": 2, "name": "star", "box": [0.8, 0.1, 0.95, 0.2], "runs": runs(np.zeros((40, 60)))}
    things = [[ring, star]] * (T - 1) + [[star]]  # the last frame does not show the ring
    known = {"caption": "a ring", "size": [40, 60], "things": things} if truth else None
    return {
        "key": "toy", "name": "toy", "width": 60, "height": 40, "frames": [jpeg(GREY)] * T,
        "time": [0.1 * t for t in range(T)], "source": list(range(T)), "notes": [], "truth": known,
    }  # fmt: skip


def looking_at(q, k, row, column):
    """All prompts look everywhere alike, but prompt q at one patch of support k alone."""
    share_QKP = np.full((Q, K, GRID[0] * GRID[1]), 1 / (K * GRID[0] * GRID[1]))
    share_QKP[q] = 1e-6
    share_QKP[q, k, row * GRID[1] + column] = 1
    return share_QKP


def maps(shape, at, bright):
    map_Qhw = np.full(shape, 0.002)
    map_Qhw[(..., *bright)] = 0.9
    return {"at": at, "shape": list(shape), "code": log16(map_Qhw)}


def trace_of(stamp=1.0, severity=0.6, done=True, share_QKP=None, untrained=(), t=3, cosine=0.8):
    share_QKP = looking_at(1, 2, 1, 3) if share_QKP is None else share_QKP
    box = {"box": [0.25, 0.25, 0.75, 0.75], "score": 0.9, "name": "ring", "thing": 0, "runs": None}
    poor = box | {"box": [0.0, 0.0, 0.2, 0.2], "score": 0.2, "thing": None}
    current = {"frames": {str(t - 1): jpeg(GREY)}, "done": f"motion blur, {severity:g}"}
    values = {
        "support_index_K": [0, 1, 3, 3], "current_HWC": current, "support_THWC": {"frames": {}, "done": ""},
        "support_grid": list(GRID),
        "prompt_attention_NQKP": {"shape": [Q, K, 10], "code": log16(share_QKP * K * 10), "heads": 2},
        "mass_K": [0.1, 0.2, 0.6, 0.1], "entropy_Q": [1.0, 0.25, 1.0],
        "change": [maps((1, 4, 6), [0], (1, 2)), maps((1, 2, 3), [1], (1, 0))],
        "to_prompts": [maps((Q, 4, 6), [0, 0], (3, 5))], "to_patches": [maps((Q, 4, 6), [0, 0], (0, 0))],
        "cost": {"prompts": Q, "patches": [24, 6], "windows": [6, 2], "copies": [18, 6], "plain": 100, "prompted": 110,
                 "support": 100, "predictor": 10},
    }  # fmt: skip
    if done:
        share_NQKP = np.stack([share_QKP, np.full_like(share_QKP, 1 / 40)])
        values["prompt_attention_NQKP"]["each"] = heads_payload(share_NQKP, GRID)
        values |= {
            "shuffle": {"value": [1.5e-7, 0.4], "words": "They move by at most *{}*; the largest is {}."},
            "cosine_plain_I": [0.5, 0.6], "cosine_prompted_I": [cosine, 0.9],
            "prompted_found": {"found": [box, poor], "there": 1, "size": None},
            "baseline_found": {"found": [poor], "there": 1, "size": None},
        }  # fmt: skip
    knobs = {"t": t, "severity": severity, "spoil": "motion_blur", "spoiled": "current", "shuffled": False}
    return {
        "clip": "toy", "stamp": stamp, "knobs": knobs, "done": done, "values": values,
        "ledger": {"change": [1.5, "2 maps"]}, "weights": ["some weights"], "untrained": list(untrained),
    }  # fmt: skip


def mount(page, truth=True, **trace):
    page.evaluate(
        """payload => { window.turned = [];
             window.view = viewer.mount(document.querySelector('#here'), payload, {turn: (...said) => turned.push(said)}); }""",
        {"about": ABOUT, "clip": clip_of(truth), "trace": trace_of(**trace)},
    )
    page.wait_for_selector(".vw[data-shown]")


PIXEL = """([selector, n, row, column, rows, columns]) => {
  const canvas = document.querySelectorAll(selector)[n], pen = canvas.getContext('2d');
  const x = (column + 0.5) * canvas.width / columns, y = (row + 0.3) * canvas.height / rows;
  return [...pen.getImageData(x, y, 1, 1).data.slice(0, 3)];
}"""


def support_pixels(page):
    cells = [(k, r, c) for k in range(K) for r in range(GRID[0]) for c in range(GRID[1])]
    return {cell: tuple(page.evaluate(PIXEL, [".sp-support canvas", *cell, *GRID])) for cell in cells}
