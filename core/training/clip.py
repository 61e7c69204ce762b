"""Train the small CLIP on single pictures of the world:  python -m core.training.clip

Image–text: one picture and a sentence about it. Half of the pictures are frames, and the sentence lists what they show
("a red ring and a blue star"). Half are long exposures of a clip with its caption: photographs of moving things are
blurred, and this is how a CLIP trained on photographs comes to know what "moves left" can look like. They are there so that
prompts can steer the frozen tower towards an action. A sharp frame still tells no action (`held_out_action_of_frame`).

Text–text: two paraphrases of a caption, apart from every other caption. Both are the symmetric InfoNCE of CLIP
(Radford et al., 2021). The second keeps the actions apart in the text space; without it the image–text loss would teach
the text tower to ignore the words that no single frame can show.
"""

import argparse
import json
import time
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn
from tqdm import tqdm

from core.networks.text import SmallText
from core.networks.vision import VisionTower, small_vit
from core.networks.weights import WEIGHTS, save
from core.training.loop import Checkpoint, cosine, pick_device
from core.training.pool import Sample, pool
from core.training.words import list_of, paraphrase, vocabulary
from core.world import ACTIONS, COLOURS, SHAPES, caption, pairs

SIZE = (128, 128)
LONE = 0.7  # of the scenes show the actor alone: which word belongs to what is learned there first
SHAPE = dict(size=SIZE, patch=16, width=128, depth=3, features=128)


def main(argv: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, default=WEIGHTS / "clip.safetensors")
    parser.add_argument("--steps", type=int, default=1000)
    parser.add_argument("--batch", type=int, default=128)
    parser.add_argument("--scenes", type=int, default=5000, help="training scenes, eight frames of each")
    parser.add_argument("--seed", type=int, default=0)
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
        frames_BHWC, texts = batch(samples, args.batch, rng)
        image_BE = encode(vision, frames_BHWC.to(device))
        both_BE = text(texts + [p for one in captions(rng) for p in (paraphrase(one, rng), paraphrase(one, rng))])
        shown_BE, said_BE = both_BE[: len(texts)], both_BE[len(texts) :]
        image_loss = contrast(image_BE, shown_BE, scale.exp())
        text_loss = contrast(said_BE[0::2], said_BE[1::2], scale.exp())
        loss = image_loss + 0.5 * text_loss
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        nn.utils.clip_grad_norm_(parameters, 1.0)
        optimizer.step()
        with torch.no_grad():
            scale.clamp_(0, 4.6052)  # CLIP's ceiling: a temperature of 0.01
        if step % 20 == 0:
            bar.set_postfix(image=f"{image_loss.item():.3f}", text=f"{text_loss.item():.3f}")
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


def batch(samples: list[Sample], size: int, rng: np.random.Generator) -> tuple[Tensor, list[str]]:
    """Pictures of different scenes, each with a sentence about it: half plain frames and what they show, half long
    exposures and the caption of their clip (a quarter of these say only "an object")."""
    pictures, texts = [], []
    for i in rng.choice(len(samples), size, replace=False):
        one = samples[i]
        if rng.random() < 0.5:
            pictures.append(exposure(one.frames_THWC, rng))
            anonymous = rng.random() < 0.25
            said = caption(None, None, one.scene.action) if anonymous else one.scene.caption
        else:
            t = rng.integers(len(one.frames_THWC))
            pictures.append(one.frames_THWC[t])
            seen = [thing for thing in one.scene.objects if (one.instance_THW[t] == thing.id).any()]
            nouns = [f"{seen[j].colour} {seen[j].shape}" for j in rng.permutation(len(seen))[:3]]
            said = list_of(nouns) if nouns else one.scene.caption
        texts.append(paraphrase(said, rng))
    return torch.from_numpy(np.stack(pictures)), texts


def exposure(frames_THWC: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """One picture of several frames in a row, the later the brighter: a moving thing leaves a fading trail behind it."""
    length = int(rng.integers(5, len(frames_THWC) + 1))
    first = int(rng.integers(0, len(frames_THWC) - length + 1))
    weight_T = np.arange(1, length + 1, dtype=np.float32)
    mean = np.tensordot(weight_T / weight_T.sum(), frames_THWC[first : first + length].astype(np.float32), 1)
    return mean.round().astype(np.uint8)


def captions(rng: np.random.Generator, objects: int = 4) -> list[str]:
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
    blurred, sharp = [], []
    for one in pool(0, 250, "val", 8, SIZE):
        for hits_of, picture in ((blurred, exposure(one.frames_THWC, rng)), (sharp, one.frames_THWC[rng.integers(8)])):
            best = int((encode(vision, torch.from_numpy(picture[None]).to(device)) @ action_YE.T).argmax())
            hits_of.append(ACTIONS[best] == one.scene.action)
    hits |= {"action_of_exposure": blurred, "action_of_frame": sharp}
    plain = [caption(None, None, action) for action in ACTIONS]
    nearest = (text([paraphrase(one, rng) for one in plain]) @ text(plain).T).argmax(1).cpu()
    found = {f"held_out_{name}": float(np.mean(hit)) for name, hit in hits.items()}
    found["paraphrase"] = float((nearest == torch.arange(len(plain))).float().mean())
    return found | {"frames": len(hits["both"]), "clips": len(sharp)}


if __name__ == "__main__":
    main()
