"""Networks small enough to test with, of any geometry, and clips whose pixels are chance."""

import json
from dataclasses import replace
from functools import cache

import numpy as np
import torch
from timm.models.swin_transformer import SwinTransformer
from timm.models.vision_transformer import VisionTransformer

from core import Clip, Engine
from core.methods.stop.weights import training_free
from core.methods.stop_released.networks import Released, Shape
from core.methods.stpn.networks import Prompting, Stpn
from core.methods.stpn.weights import BASELINE, VARIANTS, Variants, parts_of
from core.methods.swinbert.networks import VARIANTS as MASKS
from core.methods.swinbert.networks import Trained, shape_of
from core.methods.swinbert.weights import Captioners, Note
from core.methods.tspo.networks import Agent, Reader
from core.methods.tspo.weights import THEN, untrained
from core.methods.videolucy.eye import FRAMES, Eye, instruction_word, sentence
from core.methods.videostreaming.networks import Shape as StreamingShape
from core.methods.videostreaming.networks import Streaming
from core.networks import weights
from core.networks.cvt import Cvt, CvtShape, CvtTower
from core.networks.detector import Detector, DetectorShape
from core.networks.swin import SwinTower
from core.networks.text import SmallText
from core.networks.vision import VisionTower
from core.video.footage import between
from core.world.long import long_video
from core.world.marks import marked_video

WORDS = ("a", "ball", "moves", "red", "stays", "still")
TEXTS = ["a red ball moves", "a ball stays still", "a red ball"]
SHAPE = DetectorShape(
    widths=(16, 32), strides=(4, 8), channels=8, hidden=16, candidates=20, proposals=10, score=0.1, detections=5, embedding=8,
    mask=4,
)  # fmt: skip
CVT = CvtShape(widths=(16, 32), depths=(2, 2), heads=(2, 4), classes=5)


def towers(size=(32, 48), patch=16, depth=3, registers=0, **shape):
    """Frozen towers with lively random weights: attention differs from patch to patch. Neither square nor trained."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        vit = VisionTransformer(
            **{
                "img_size": size, "patch_size": patch, "embed_dim": 32, "depth": depth, "num_heads": 2, "num_classes": 10,
                "reg_tokens": registers, "class_token": True, "global_pool": "token", "pre_norm": True,
            }
            | shape
        )  # fmt: skip
        lively(vit)
        text = SmallText(WORDS, width=32, depth=1, features=10)
    network = weights.ClipTowers(VisionTower(vit), text, 10.0)
    return weights.Loaded(network, "tiny towers", weights.state_digest(network))


def swin_tower(size):
    """Two stages of two blocks, windows of 4 × 4."""
    return SwinTower(SwinTransformer(
        img_size=size, patch_size=4, embed_dim=16, depths=(2, 2), num_heads=(2, 4), window_size=4, num_classes=0,
        always_partition=True, strict_img_size=False,
    ))  # fmt: skip


def cvt_tower(size):
    """Two stages of two blocks, with maps as large as the Swin's."""
    return CvtTower(Cvt(CVT))


def variant(name=BASELINE, size=(24, 48), tower=swin_tower):
    """One of STPN's networks: 18 patches in the support map, 4 prompts."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(VARIANTS.index(name))
        kind, depth = parts_of(name)
        detector = Detector(tower(size), SHAPE)
        made = Stpn(detector, Prompting(detector.tower, 2, kind, depth, prompts=4))
        lively(made)
        lively(made.prompting, 0.4)  # or it would look everywhere alike
    return made


@cache
def stpn(size=(24, 48), tower=swin_tower):
    """All of STPN's variants with lively random weights, made once."""
    network = Variants({name: variant(name, size, tower) for name in VARIANTS}, size)
    return weights.Loaded(network, "tiny STPN", weights.state_digest(network))


SMALL = Shape(patch=4, width=64, depth=2, features=10, text=64, text_depth=2, context=16, learned=20)


@cache
def released(mode="transformer"):
    """The released code's networks with patches of 4 × 4 pixels."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        network = Released(replace(SMALL, mode=mode))
    return weights.Loaded(network, "tiny released STOP", weights.state_digest(network))


@cache
def streaming(features):
    """VideoStreaming's parts, small, with lively random weights."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        network = Streaming(StreamingShape(features, width=16, heads=2)).eval().requires_grad_(False)
        lively(network)
    return weights.Loaded(network, "tiny VideoStreaming", weights.state_digest(network))


@cache
def captioners():
    """SwinBERT's, small, each lively in its own way, with V at half of their training."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        parts = {name: Trained(shape_of(name, width=16, heads=2, layers=2), 2, MASKS[name].learned) for name in MASKS}
        network = Captioners(torch.nn.ModuleDict(parts))
        lively(network, 0.4)
        for one in network.variants.values():
            one.mask_KMM.normal_()
    network.moments = dict.fromkeys(MASKS, [0, 50])
    network.learning = {name: [Note(0, 3.0, 0.5), Note(10, 1.0, 0.1), Note(20, 0.5, 0.05)] for name in MASKS}
    return weights.Loaded(network.eval().requires_grad_(False), "tiny SwinBERT", weights.state_digest(network))


class TrueEye(Eye):
    """Writes what is true of the eight frames of a period, as a perfect captioner would: what they do not show, it misses."""

    def captions(self, video, periods, instruction=""):
        looked = ([shown_at(video, frame) for frame in between(video, FRAMES, one.start, one.end)] for one in periods)
        return tuple(sentence(shown, instruction_word(instruction)) for shown in looked)


def shown_at(video, frame):
    """Colour, shape and number of a frame of a drawn video; "" where none is seen."""
    ends = np.cumsum([one.seconds for one in video.scenes])
    second = float(video.time_N[frame])
    place = int(np.searchsorted(ends, second, "right"))
    scene = video.scenes[place]
    share = (second - ends[place] + scene.seconds) / scene.seconds
    number = next((one for one in scene.objects[1:] if one.motion.action == "flashes"), None)
    seen = number is not None and number.motion.moment <= share < number.motion.moment + number.motion.reach
    return scene.actor.colour, scene.actor.shape, number.shape if seen else ""


@cache
def eye():
    """VideoLucy's eye, that reads the truth."""
    return weights.Loaded(TrueEye().eval().requires_grad_(False), "an eye that reads the truth", "true eye")


@cache
def replies():
    """A model on another machine that says the same to everybody."""

    def ask(**asked):
        return json.dumps(
            {"Flag": True, "Confidence": False, "Answer": "blue", "Time Period": [0, 8], "Instruction": "look", "Reason": "so"}
        )

    return weights.Loaded(ask, "a model that says the same", "the same")


def lively(module, width=0.2):
    """Every weight but the norms' from a wide distribution: outputs differ where inputs do."""
    for name, one in module.named_parameters():
        if "norm" not in name:
            one.data.normal_(0, width)


def engine(loaded=None, **asked):
    """An engine on tiny networks that have something to say."""
    clip = loaded or towers()
    own = {"stop_first": prompters(clip, 1), "stop_all": prompters(clip, clip.network.vision.depth)}
    models = {"clip": clip, "stpn": stpn(), "stop_released": released(), "tspo": selector(clip), **own}
    models["swinbert"] = captioners()
    models["videostreaming"] = streaming(clip.network.vision.vit.num_classes)
    models |= {"videolucy_eye": eye(), "videolucy": replies(), "videolucy_pictures": replies()}
    return Engine(**{"device": "cpu", "precision": "float32", "models": models} | asked)


def prompters(clip, layers):
    """STOP's parts with filters as they start and lively random prompters, for these towers."""
    made = training_free(clip.network.vision, layers)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        for one in made.network.children():
            lively(one.spatial)
            lively(one.temporal)
    return weights.Loaded(made.network, "lively prompters", f"lively {layers}")


def selector(clip):
    """TSPO's agents, each lively in its own way, and a reader for these towers."""
    made = untrained(clip).network
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        made.earlier = torch.nn.ModuleDict({name: Agent(10) for name in THEN})
        for agent in (*made.agents.values(), *made.earlier.values()):
            lively(agent)
        made.learning = {"both": [[50.0, 0.3, 0.1, 0.2], [100.0, 0.6, 0.4, 0.1]]}
        made.reader = Reader(10).eval().requires_grad_(False)
    return weights.Loaded(made, "lively agents", "lively agents")


def clip(T=5, seed=0, H=40, W=56):
    """Unrelated frames: everything changes everywhere."""
    frames = np.random.default_rng(seed).integers(0, 256, (T, H, W, 3), dtype=np.uint8)
    return of_frames(frames)


def panning(T=5, seed=0, H=40, W=56, step=6):
    """One large picture that a camera passes over."""
    wide_HWC = np.random.default_rng(seed).integers(0, 256, (H // 4, (W + step * T) // 4, 3), dtype=np.uint8)
    wide_HWC = wide_HWC.repeat(4, 0).repeat(4, 1)
    return of_frames(np.stack([wide_HWC[:, step * t : step * t + W] for t in range(T)]))


QUESTION = "a red ball moves?"


def video(seconds=24, seed=0):
    """A long video of the world, one frame a second: as few as it may have."""
    return long_video(seed, seconds, size=(32, 48))


NUMBER = "Which number does the green ring carry?"


def numbers(seconds=300, seed=3):
    """A video of things that carry numbers: as short as it may be, and small."""
    return marked_video(seed, seconds=seconds, size=(24, 32))


def still(T=5, seed=0):
    """One frame, T times."""
    return of_frames(np.repeat(clip(1, seed).frames_THWC, T, 0))


def of_frames(frames_THWC):
    """A clip of these frames at ten a second."""
    return Clip(frames_THWC, np.arange(len(frames_THWC)) / 10, np.arange(len(frames_THWC)))
