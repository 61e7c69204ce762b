"""Train the small CLIP on single pictures of the world:  python -m core.training.clip

Which pictures, and what is said of them: `core.training.pictures`. What it then knows: `core.training.naming`.

Image–text: whole pictures and their sentences. Text–text: two paraphrases of a caption, apart from every other caption; "x
while y" and "y while x" are two, too. Both are the symmetric InfoNCE of CLIP (Radford et al., 2021). The second keeps the
actions apart in the text space; without it the image–text loss would teach the text tower to ignore the words that no single
frame can show.

Hard negatives: in a batch few pictures differ in one shape alone, or in the action alone. So every frame and window is also
asked which of all nouns of the training split are there, and three plates which of all fifteen actions.

Windows cost a quarter of a frame and show a thing each: they teach shapes fast, the more so as each of their patches is also
asked which noun it shows, in the same space as the class token (what CLS is to gather must first be there), and, by two linear
heads that are thrown away (deep supervision, Lee et al., 2015), which colour and which shape: of the stem and of the last
block. They end where the rate falls, so that the tower settles on whole frames. The rate is level until the last quarter of
the steps: an interrupted training goes on with any other --steps that still lie ahead, and comes to what it would have come
to at once.
"""

import argparse
import json
import time

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn
from tqdm import tqdm

from core.command import file_to_write, seed_number, sentences
from core.device import pick_device
from core.networks.text import SmallText
from core.networks.vision import ConvolutionStem, VisionTower, small_vit
from core.networks.weights import WEIGHTS, load_clip, save
from core.training.loop import Checkpoint, level
from core.training.naming import score
from core.training.pictures import DOINGS, NOUNS, PAIRS, Batch, Shown, batch
from core.training.pool import pool
from core.training.words import paraphrase, vocabulary
from core.world import ACTIONS, COLOURS, SHAPES, STANDARD, caption, meanwhile

SIZE = (128, 128)
SHAPE = dict(size=SIZE, patch=16, width=192, depth=4, features=128, stem="convolutions")
LONE = 0.2  # of the scenes show the actor alone
EARLY, LATE = dict(size=32, plates=14, windows=96), dict(size=64, plates=24, windows=0)  # pictures of a step
LEVEL = 0.75  # of the steps have the full rate, and windows
RATE = 1e-3
SAVED = 50  # steps between two checkpoints


@sentences()
def main(argv: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=file_to_write, default=WEIGHTS / "clip.safetensors")
    parser.add_argument("--steps", type=int, default=6000)
    parser.add_argument("--scenes", type=int, default=5000, help="training scenes, eight frames of each")
    parser.add_argument("--seed", type=seed_number, default=0)
    parser.add_argument("--device", default="auto")
    args = parser.parse_args(argv)
    train(args)


def train(args) -> None:
    """Train both towers together and write them with what they scored."""
    began = time.time()
    torch.manual_seed(args.seed)
    device = pick_device(args.device)
    vision = VisionTower(small_vit(**SHAPE, norms=True)).to(device)
    vision.vit.patch_embed.to(memory_format=torch.channels_last)
    text = SmallText(vocabulary(), features=SHAPE["features"]).to(device)
    scale = nn.ParameterList([nn.Parameter(torch.tensor(2.66, device=device))])  # ln(1/0.07), CLIP's start
    heads = nn.ModuleList(nn.Linear(SHAPE["width"], len(COLOURS) + len(SHAPES)) for _ in range(2)).to(device)
    parameters = [*vision.parameters(), *text.parameters(), *scale, *heads.parameters()]
    optimizer = torch.optim.AdamW(parameters, lr=RATE, weight_decay=0.05, betas=(0.9, 0.98))
    settings = dict(scenes=args.scenes, seed=args.seed, shape=SHAPE, early=EARLY, late=LATE, rate=RATE)
    parts = dict(vision=vision, text=text, scale=scale, heads=heads, optimizer=optimizer)
    checkpoint = Checkpoint(args.out, settings, parts)
    first, falls = checkpoint.resume(), round(LEVEL * args.steps)
    clips = training_clips(args.scenes, args.seed)
    bar = tqdm(range(first, args.steps), initial=first, total=args.steps, desc="clip", unit="step")
    for step in bar:
        rng = np.random.default_rng([args.seed, step])
        for group in optimizer.param_groups:
            group["lr"] = level(step, falls, args.steps, RATE, warmup=60)
        one = batch(clips, rng=rng, **(EARLY if step < falls else LATE))
        losses = losses_of(vision, text, heads, scale[0].exp(), one, rng)
        optimizer.zero_grad(set_to_none=True)
        torch.stack([*losses.values()]).sum().backward()
        nn.utils.clip_grad_norm_(parameters, 1.0)
        optimizer.step()
        with torch.no_grad():
            scale[0].clamp_(0, 4.6052)  # CLIP's ceiling: a temperature of 0.01
        if step % 20 == 0:
            bar.set_postfix({name: f"{value.item():.3f}" for name, value in losses.items()})
        if (step + 1) % SAVED == 0:
            checkpoint.save(step + 1)
    asked = " ".join(f"--{name} {getattr(args, name)}" for name in ("steps", "scenes", "seed"))
    made = dict(
        command=f"python -m core.training.clip {asked}", device=str(device), minutes=round((time.time() - began) / 60, 1)
    )
    about = dict(kind="clip", shape=SHAPE, vocabulary=list(text.vocabulary), scale=scale[0].exp().item(), made=made)
    towers = {"vision": settled(vision), "text": text}
    save(args.out, towers, about, {})
    save(args.out, towers, about, score(load_clip(args.out).network.to(device)))  # of what the file holds
    checkpoint.clear()
    print(json.dumps(json.loads(args.out.with_suffix(".json").read_text())["scores"], indent=1))


def training_clips(scenes: int, seed: int) -> list[Shown]:
    """Clips of the standard mix, some of the actor alone."""
    first, lone = 1_000_000 * (seed + 1), round(scenes * LONE)
    made = pool(first, lone, "train", 8, SIZE, distractors=0, mix=STANDARD)
    made += pool(first + lone, scenes - lone, "train", 8, SIZE, mix=STANDARD)
    return [Shown.of(one) for one in made]


def settled(vision: VisionTower) -> VisionTower:
    """The tower without its stem's norms: what is written."""
    made = VisionTower(small_vit(**SHAPE)).eval()
    state = {name: tensor for name, tensor in vision.state_dict().items() if not name.startswith("vit.patch_embed.")}
    stem: ConvolutionStem = vision.eval().vit.patch_embed
    made.load_state_dict(state | {f"vit.patch_embed.{name}": tensor for name, tensor in stem.folded().items()})
    return made


def losses_of(
    vision: VisionTower, text: SmallText, heads: nn.ModuleList, scale: Tensor, one: Batch, rng: np.random.Generator
) -> dict[str, Tensor]:
    """image: InfoNCE with sentences; action: which of fifteen; text: InfoNCE of paraphrases; things: which nouns are there;
    and, of windows, patches: which noun is here; looks: which colour and which shape."""
    device = vision.mean.device
    whole_BE = encode(vision, one.pictures_BHWC.to(device))
    said = [one.texts, *zip(*captions(rng), strict=True), [paraphrase(noun, rng) for noun in NOUNS], DOINGS]
    shown_BE, first_CE, second_CE, noun_YE, doing_YE = text([one for part in said for one in part]).split([*map(len, said)])
    same_BB = torch.tensor([[a == b for b in one.texts] for a in one.texts], device=device)
    losses = {
        "image": contrast(whole_BE, shown_BE, scale, same_BB),
        "action": among(whole_BE, doing_YE, one.action_B.to(device), scale),
        "text": 0.5 * contrast(first_CE, second_CE, scale),
    }
    image_BE, there_BY = whole_BE, one.thing_BY.to(device)
    if len(one.windows_WHWC):
        stem_WPD, last_WSD = read_windows(vision, one.windows_WHWC.to(device), rng)
        image_BE = torch.cat([whole_BE, vision.feature(last_WSD)])
        patch_PD, noun_P = last_WSD[:, 1:].flatten(0, 1), one.patch_Whw.flatten().to(device)
        losses["patches"] = among(vision.feature(patch_PD[:, None]), noun_YE, noun_P, scale)
        losses["looks"] = looks(heads[0](stem_WPD.flatten(0, 1)), noun_P) + looks(heads[1](patch_PD), noun_P)
    return losses | {"things": present(image_BE, noun_YE, there_BY, scale)}


def looks(logits_PK: Tensor, noun_P: Tensor) -> Tensor:
    """Cross-entropy of the colour and of the shape of each patch that shows a noun (not −1)."""
    has_P = noun_P >= 0
    colour_Y, shape_Y = torch.tensor([(COLOURS.index(c), SHAPES.index(s)) for c, s in PAIRS], device=noun_P.device).T
    colour_PK, shape_PK = logits_PK[has_P].split([len(COLOURS), len(SHAPES)], 1)
    return F.cross_entropy(colour_PK, colour_Y[noun_P[has_P]]) + F.cross_entropy(shape_PK, shape_Y[noun_P[has_P]])


def captions(rng: np.random.Generator, objects: int = 2, pairs: int = 6) -> list[tuple[str, str]]:
    """Two ways to say one thing, apart from all others: every action of a few objects, "an object" among them (the hard
    negatives are the other actions of one object), and clauses of two things in either order (there, the actions changed)."""
    chosen = [PAIRS[i] for i in rng.choice(len(PAIRS), objects - 1 + 2 * pairs, replace=False)]
    own, rest = [*chosen[: objects - 1], (None, None)], chosen[objects - 1 :]
    told = [(one, one) for colour, shape in own for action in ACTIONS for one in [caption(colour, shape, action)]]
    for a, b in zip(rest[::2], rest[1::2], strict=True):
        acts = rng.choice(ACTIONS, 2, replace=False)
        for first, second in (acts, acts[::-1]):
            x, y = caption(*a, first), caption(*b, second)
            told.append((meanwhile(x, y), meanwhile(y, x)))
    return [(paraphrase(one, rng), paraphrase(other, rng)) for one, other in told]


def encode(vision: VisionTower, frames_BHWC: Tensor) -> Tensor:
    """Frames one by one, without prompts: [B, E], unit length."""
    return vision.encode(vision.embed(vision.pixels(frames_BHWC)))


def read_windows(vision: VisionTower, windows_WHWC: Tensor, rng: np.random.Generator) -> tuple[Tensor, Tensor]:
    """Parts of a frame, each as if it lay somewhere on the grid of patches: its tokens have positions there. What the stem
    makes of the patches, [W, P, D], and the tokens after the last block, [W, 1 + P, D]."""
    vit, cls, position = vision.vit, vision.vit.cls_token, vision.vit.pos_embed
    assert cls is not None and position is not None  # timm's types allow a tower without
    pixels_WCHW = (windows_WHWC.permute(0, 3, 1, 2).float() / 255 - vision.mean) / vision.std
    tokens_WDhw = vit.patch_embed.proj(pixels_WCHW)
    h, w = tokens_WDhw.shape[-2:]
    position_RCD = position[0, 1:].unflatten(0, vision.grid)
    rows, columns = (rng.integers(0, most + 1 - n, len(tokens_WDhw)) for most, n in zip(vision.grid, (h, w), strict=True))
    position_WhwD = torch.stack([position_RCD[r : r + h, c : c + w] for r, c in zip(rows, columns, strict=True)])
    stem_WPD = tokens_WDhw.flatten(2).transpose(1, 2)
    cls_W1D = (cls + position[:, :1]).expand(len(stem_WPD), -1, -1)
    return stem_WPD, vision.blocks(torch.cat([cls_W1D, stem_WPD + position_WhwD.flatten(1, 2)], 1))


def contrast(a_BE: Tensor, b_BE: Tensor, scale: Tensor, same_BB: Tensor | None = None) -> Tensor:
    """Symmetric InfoNCE: row i of one belongs to row i of the other, and to those that are the `same` as it."""
    logits = scale * a_BE @ b_BE.T
    share_BB = torch.eye(len(logits), device=logits.device) if same_BB is None else F.normalize(same_BB.float(), p=1.0)
    return (F.cross_entropy(logits, share_BB) + F.cross_entropy(logits.T, share_BB)) / 2


def present(image_BE: Tensor, noun_YE: Tensor, there_BY: Tensor, scale: Tensor) -> Tensor:
    """Cross-entropy of each noun that is there (1) against all that are not (0), mean over things; −1 takes no part."""
    logits_BY = scale * image_BE @ noun_YE.T
    others_B1 = logits_BY.masked_fill(there_BY != 0, -torch.inf).logsumexp(1, keepdim=True)
    return F.softplus(others_B1 - logits_BY)[there_BY == 1].mean()


def among(image_BE: Tensor, choice_YE: Tensor, right_B: Tensor, scale: Tensor) -> Tensor:
    """Cross-entropy of the right choice among all, of the pictures that have one (not −1)."""
    has_B = right_B >= 0
    return F.cross_entropy(scale * image_BE[has_B] @ choice_YE.T, right_B[has_B]) if has_B.any() else image_BE.sum() * 0


if __name__ == "__main__":
    main()
