"""Train the small CLIP on single pictures of the world:  python -m core.training.clip

Image–text: one picture and a sentence about it. Half of the pictures are frames, and the sentence lists what they show
("a red ring and a blue star"). Half are colour photographs of a clip as they were once made, the red, the green and the
blue plate one after the other: what moves leaves fringes of colour, which tell in what order it was where, and the sentence
is the clip's caption. This is how the tower comes to know what "moves left" can look like; they are there so that prompts
can steer the frozen tower towards an action. A frame still tells no action (`held_out_action_of_frame`).

Text–text: two paraphrases of a caption, apart from every other caption. Both are the symmetric InfoNCE of CLIP
(Radford et al., 2021). The second keeps the actions apart in the text space; without it the image–text loss would teach
the text tower to ignore the words that no single frame can show.

Hard negatives: in a batch of 64 few pictures differ in the shape alone, or in the action alone. So a frame of a lone thing
is also told from every noun of the training split, and three plates from all fifteen actions. Pictures are mirrored (and
"left" with them), and cropped a little: without that the tower learns its backgrounds by heart.
"""

import argparse
import json
import time
from dataclasses import dataclass

import cv2
import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn
from tqdm import tqdm

from core.cli import file_to_write, seed_number, sentences
from core.data.rendered import Sample, pool
from core.device import pick_device
from core.networks.text import SmallText
from core.networks.vision import VisionTower, small_vit
from core.networks.weights import WEIGHTS, save
from core.training.loop import Checkpoint, cosine
from core.training.words import list_of, paraphrase, vocabulary
from core.world import ACTIONS, COLOURS, SHAPES, caption, pairs

SIZE = (128, 128)
LONE = 0.7  # of the scenes show the actor alone: which word belongs to what is learned there first
CROP = 0.86  # least side of the window that is cut out of a picture
MIRRORED = {"moves left": "moves right", "spins clockwise": "spins counter-clockwise"}
MIRRORED |= {after: before for before, after in MIRRORED.items()}
SHAPE = dict(size=SIZE, patch=16, width=128, depth=3, features=128)

NOUNS = [list_of([f"{colour} {shape}"]) for colour, shape in pairs("train")]
DOINGS = [caption(None, None, action) for action in ACTIONS]


@sentences()
def main(argv: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=file_to_write, default=WEIGHTS / "clip.safetensors")
    parser.add_argument("--steps", type=int, default=5500)
    parser.add_argument("--batch", type=int, default=64)
    parser.add_argument("--scenes", type=int, default=16000, help="training scenes, eight frames of each")
    parser.add_argument("--seed", type=seed_number, default=0)
    parser.add_argument("--device", default="auto")
    args = parser.parse_args(argv)
    train(args)


def train(args) -> None:
    """Train both towers together and write them with what they scored."""
    began = time.time()
    torch.manual_seed(args.seed)
    device = pick_device(args.device)
    vision = VisionTower(small_vit(**SHAPE)).to(device)
    text = SmallText(vocabulary(), features=SHAPE["features"]).to(device)
    scale = nn.Parameter(torch.tensor(2.66, device=device))  # ln(1/0.07), CLIP's start
    parameters = [*vision.parameters(), *text.parameters(), scale]
    optimizer = torch.optim.AdamW(parameters, lr=1.5e-3, weight_decay=0.05, betas=(0.9, 0.98))
    checkpoint = Checkpoint(args.out, vars(args), dict(vision=vision, text=text, optimizer=optimizer))
    first = checkpoint.resume()
    first_seed, lone = 1_000_000 * (args.seed + 1), round(args.scenes * LONE)
    samples = pool(first_seed, lone, "train", 8, SIZE, distractors=0)
    samples += pool(first_seed + lone, args.scenes - lone, "train", 8, SIZE)
    bar = tqdm(range(first, args.steps), initial=first, total=args.steps, desc="clip", unit="step")
    for step in bar:
        rng = np.random.default_rng([args.seed, step])
        for group in optimizer.param_groups:
            group["lr"] = cosine(step, args.steps, 1.5e-3, warmup=60)
        one = batch(samples, args.batch, rng)
        image_BE = encode(vision, one.pictures_BHWC.to(device))
        pairs_of = [p for said in captions(rng) for p in (paraphrase(said, rng), paraphrase(said, rng))]
        shown_BE, said_BE = text(one.texts + pairs_of).split([len(one.texts), len(pairs_of)])
        image_loss = contrast(image_BE, shown_BE, scale.exp())
        text_loss = contrast(said_BE[0::2], said_BE[1::2], scale.exp())
        choice_YE = text(NOUNS + DOINGS)
        noun_loss = among(image_BE, choice_YE[: len(NOUNS)], one.noun_B.to(device), scale.exp())
        action_loss = among(image_BE, choice_YE[len(NOUNS) :], one.action_B.to(device), scale.exp())
        loss = image_loss + noun_loss + action_loss + 0.5 * text_loss
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        nn.utils.clip_grad_norm_(parameters, 1.0)
        optimizer.step()
        with torch.no_grad():
            scale.clamp_(0, 4.6052)  # CLIP's ceiling: a temperature of 0.01
        if step % 20 == 0:
            losses = dict(image=image_loss, noun=noun_loss, action=action_loss, text=text_loss)
            bar.set_postfix({name: f"{value.item():.3f}" for name, value in losses.items()})
        if step % 100 == 99:
            checkpoint.save(step + 1)
    asked = " ".join(f"--{name} {getattr(args, name)}" for name in ("steps", "batch", "scenes", "seed"))
    made = dict(
        command=f"python -m core.training.clip {asked}", device=str(device), minutes=round((time.time() - began) / 60, 1)
    )
    about = dict(kind="clip", shape=SHAPE, vocabulary=list(text.vocabulary), scale=scale.exp().item(), made=made)
    save(args.out, {"vision": vision, "text": text}, about, score(vision, text, device))
    checkpoint.clear()
    print(json.dumps(json.loads(args.out.with_suffix(".json").read_text())["scores"], indent=1))


@dataclass(frozen=True)
class Batch:
    """pictures_BHWC uint8 and a sentence about each. noun_B, action_B: index in NOUNS, DOINGS, or −1 where it has none."""

    pictures_BHWC: Tensor
    texts: list[str]
    noun_B: Tensor
    action_B: Tensor


def batch(samples: list[Sample], size: int, rng: np.random.Generator) -> Batch:
    """Pictures of different scenes, each with a sentence about it: half plain frames and what they show, half three
    plates and the caption of their clip (a quarter of these say only "an object")."""
    pictures, texts, noun, action = [], [], [], []
    for i in rng.choice(len(samples), size, replace=False):
        scene, mirror = samples[i].scene, rng.random() < 0.5
        doing = MIRRORED.get(scene.action, scene.action) if mirror else scene.action
        own = caption(scene.actor.colour, scene.actor.shape, doing)
        noun.append(-1)
        action.append(-1)
        if rng.random() < 0.5:
            picture = three_plates(samples[i].frames_THWC, rng)
            said = caption(None, None, doing) if rng.random() < 0.25 else own
            action[-1] = ACTIONS.index(doing)
        else:
            t = rng.integers(len(samples[i].frames_THWC))
            picture = samples[i].frames_THWC[t]
            seen = [thing for thing in scene.objects if (samples[i].instance_THW[t] == thing.id).any()]
            nouns = [f"{seen[j].colour} {seen[j].shape}" for j in rng.permutation(len(seen))[:3]]
            said = list_of(nouns) if nouns else own
            if len(seen) == 1:
                noun[-1] = NOUNS.index(said)
        pictures.append(cropped(picture[:, ::-1] if mirror else picture, rng))
        texts.append(paraphrase(said, rng))
    return Batch(torch.from_numpy(np.stack(pictures)), texts, torch.tensor(noun), torch.tensor(action))


def cropped(picture_HWC: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """A window of a random size and place, as large as the picture again."""
    H, W, _ = picture_HWC.shape
    share = rng.uniform(CROP, 1)
    h, w = round(share * H), round(share * W)
    y, x = rng.integers(H - h + 1), rng.integers(W - w + 1)
    return cv2.resize(np.ascontiguousarray(picture_HWC[y : y + h, x : x + w]), (W, H), interpolation=cv2.INTER_LINEAR)


def three_plates(frames_THWC: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """One picture of a whole clip: its red is the mean of the first frames, its green of the next, its blue of the last.

    What stands still keeps its colour. T ≥ 6."""
    T = len(frames_THWC)
    cuts = rng.integers(2, T // 2 - 1, endpoint=True), T - rng.integers(2, T // 2 - 1, endpoint=True)
    plates = [part[..., c].mean(0) for c, part in enumerate(np.split(frames_THWC, cuts))]
    return np.stack(plates, -1).round().astype(np.uint8)


def captions(rng: np.random.Generator, objects: int = 2) -> list[str]:
    """Every action of a few objects, "an object" among them: the hard negatives are the other actions of one object."""
    known = pairs("train")
    chosen = [known[i] for i in rng.choice(len(known), objects - 1, replace=False)]
    return [caption(colour, shape, action) for colour, shape in [*chosen, (None, None)] for action in ACTIONS]


def encode(vision: VisionTower, frames_BHWC: Tensor) -> Tensor:
    """Frames one by one, without prompts: [B, E], unit length."""
    return vision.encode(vision.embed(vision.pixels(frames_BHWC)))


def contrast(a_BE: Tensor, b_BE: Tensor, scale: Tensor) -> Tensor:
    """Symmetric InfoNCE: row i of one belongs to row i of the other."""
    logits = scale * a_BE @ b_BE.T
    target = torch.arange(len(logits), device=logits.device)
    return (F.cross_entropy(logits, target) + F.cross_entropy(logits.T, target)) / 2


def among(image_BE: Tensor, choice_YE: Tensor, right_B: Tensor, scale: Tensor) -> Tensor:
    """Cross-entropy of the right choice among all, of the pictures that have one (not −1)."""
    has_B = right_B >= 0
    return F.cross_entropy(scale * image_BE[has_B] @ choice_YE.T, right_B[has_B]) if has_B.any() else image_BE.sum() * 0


@torch.no_grad()
def score(vision: VisionTower, text: SmallText, device: torch.device) -> dict[str, float]:
    """On frames of pairs never seen in training: is the right colour and shape ranked first, among all 64, of a lone actor?
    And do an action's paraphrases stay with it?"""
    vision.eval()
    text.eval()
    nouns = [(colour, shape) for colour in COLOURS for shape in SHAPES]
    text_YE = text([list_of([f"{colour} {shape}"]) for colour, shape in nouns])
    hits = {"both": [], "colour": [], "shape": []}
    for split in ("val", "test"):
        for one in pool(0, 250, split, 1, SIZE, distractors=0):
            if not (one.instance_THW[0] == 1).any():  # it blinks, has not appeared, or has vanished
                continue
            best = nouns[int((encode(vision, torch.from_numpy(one.frames_THWC).to(device)) @ text_YE.T).argmax())]
            actor = one.scene.actor
            hits["both"].append(best == (actor.colour, actor.shape))
            hits["colour"].append(best[0] == actor.colour)
            hits["shape"].append(best[1] == actor.shape)
    rng = np.random.default_rng(0)
    action_YE = text([caption(None, None, action) for action in ACTIONS])
    plates, sharp = [], []
    for one in pool(0, 250, "val", 8, SIZE):
        for hits_of, picture in ((plates, three_plates(one.frames_THWC, rng)), (sharp, one.frames_THWC[rng.integers(8)])):
            best = int((encode(vision, torch.from_numpy(picture[None]).to(device)) @ action_YE.T).argmax())
            hits_of.append(ACTIONS[best] == one.scene.action)
    hits |= {"action_of_plates": plates, "action_of_frame": sharp}
    plain = [caption(None, None, action) for action in ACTIONS]
    nearest = (text([paraphrase(one, rng) for one in plain]) @ text(plain).T).argmax(1).cpu()
    found = {f"held_out_{name}": float(np.mean(hit)) for name, hit in hits.items()}
    found["paraphrase"] = float((nearest == torch.arange(len(plain))).float().mean())
    return found | {"frames": len(hits["both"]), "clips": len(sharp)}


if __name__ == "__main__":
    main()
