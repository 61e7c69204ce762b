"""A small world of moving shapes: video clips from a seed, of which everything is known.

scene = sample_scene(7, action="moves left")
frames_THWC, truth = render(scene, segment_centres(scene.seconds, 8))
"""

from core.world.captions import ACTIONS, COLOURS, SHAPES, SPLITS, caption, meanwhile, pairs
from core.world.degradations import DEGRADATIONS, STORED, degrade
from core.world.nuisances import MIXES, NUISANCES, PLAIN, STANDARD, Mix
from core.world.rendering import render, render_sequence, segment_centres, truth_at
from core.world.scene import HARD, Background, Scene, Thing, sample_scene
from core.world.truth import Truth

__all__ = [
    "ACTIONS", "COLOURS", "DEGRADATIONS", "HARD", "MIXES", "NUISANCES", "PLAIN", "SHAPES", "SPLITS", "STANDARD", "STORED",
    "Background", "Mix", "Scene", "Thing", "Truth",
    "caption", "degrade", "meanwhile", "pairs", "render", "render_sequence", "sample_scene", "segment_centres",
    "truth_at",
]  # fmt: skip
