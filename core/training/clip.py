"""Train the small CLIP on single pictures of the world:  python -m core.training.clip

Which pictures, and what is said of them: `core.training.pictures`. What it then knows: `core.training.naming`.

Image–text: whole pictures and their sentences. Text–text: two paraphrases of a caption, apart from every other caption; "x
while y" and "y while x" are two, too. Both are the symmetric InfoNCE of CLIP (Radford et al., 2021). The second keeps the
actions apart in the text space; without it the image–text loss would teach the text tower to ignore the words that no single
frame can show.

Hard negatives: in a batch few pictures differ in one shape alone, or in the action alone. So every frame and window is also
asked which of all nouns of the training split are there, which colours ("a red object") and which shapes ("a ring"): nouns
alone would leave it at whole pairs, of which a quarter is held out. Three plates are asked which of all fifteen actions.

What CLS is to gather must first be there. So each patch that shows a thing is asked for its noun, colour and shape, too, in the
same space as CLS, and by two linear heads that are thrown away (deep supervision, Lee et al., 2015): one on the stem, one after
the last block. Windows cost a quarter of a frame and show a thing each: they teach shapes fast. They end where the rate falls,
so that the tower settles on whole frames. The rate is level until the last quarter of the steps: an interrupted training goes
on with any other --steps that still lie ahead, and comes to what it would have come to at once.

Tried, each for a few minutes of one core. Which noun a window of another clip shows, after 240 steps of 48 windows: 15 % with
patches that do not overlap, 18 % with this stem (16 % at two thirds of its width and three blocks); after 480, with patches
asked, 42 %. Held-out shapes after 200–250 steps: 2 % where a red thing may be told to be no ring, 21 % where it may not (of
pairs that are trained on 43 and 27 %). A joint pass over eight frames with prompts takes 2.4 times as long as with the former
towers (128 wide, three blocks), 3.5 times at a width of 256, and 15 times with patches of 8 pixels: these would not be live.
"""

import argparse
import json
import time

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn
from tqdm import tqdm

from core.cli import file_to_write, seed_number, sentences
from core.data.rendered import pool
from core.device import pick_device
from core.networks.text import SmallText
from core.networks.vision import ConvolutionStem, VisionTower, small_vit
from core.networks.weights import WEIGHTS, load_clip, save
from core.training.loop import Checkpoint, level
from core.training.naming import score
from core.training.pictures import (
    COLOURED,
    DOINGS,
    LOOK_Y2,
    MAY_COLOUR_YK,
    MAY_SHAPE_YK,
    NOUNS,
    PAIRS,
    SHAPED,
    Batch,
    Shown,
    batch,
)  # fmt: skip
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
    parser.add_argument("--steps", type=int, default=4400)
    parser.add_argument("--scenes", type=int, default=3000, help="training scenes, eight frames of each")
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
    """image: InfoNCE with sentences; action: which of fifteen; text: InfoNCE of paraphrases; things: which nouns, colours and
    shapes are there; patches: which is here; heads: the same by linear heads."""
    device = vision.mean.device
    reads = [read(vision, one.pictures_BHWC.to(device))]
    patch_P = one.patch_BRC.flatten().to(device)
    if len(one.windows_WHWC):
        reads.append(read(vision, one.windows_WHWC.to(device), rng))
        patch_P = torch.cat([patch_P, one.patch_Whw.flatten().to(device)])
    whole_BE = vision.feature(reads[0][1])
    image_BE = torch.cat([vision.feature(last_BSD) for _, last_BSD in reads])
    stem_PD, last_PD = (torch.cat([part.flatten(0, 1) for part in parts])[patch_P >= 0]
                        for parts in ([stem for stem, _ in reads], [last[:, 1:] for _, last in reads]))  # fmt: skip
    said = [one.texts, *zip(*captions(rng), strict=True)]
    said += [[paraphrase(text, rng) for text in texts] for texts in (NOUNS, COLOURED, SHAPED)] + [DOINGS]
    shown_BE, first_CE, second_CE, *looks, doing_YE = text([one for part in said for one in part]).split([*map(len, said)])
    same_BB = torch.tensor([[a == b for b in one.texts] for a in one.texts], device=device)
    patch_PE, thing_P = vision.feature(last_PD[:, None]), patch_P[patch_P >= 0]
    there_BY, look_Y2 = one.thing_BY.to(device), torch.from_numpy(LOOK_Y2).to(device)
    may = [torch.from_numpy(one).to(device) for one in (MAY_COLOUR_YK, MAY_SHAPE_YK)]
    there = [there_BY, *(merged(there_BY, look_Y, may_YK) for look_Y, may_YK in zip(look_Y2.T, may, strict=True))]
    here, may = [thing_P, *look_Y2[thing_P].T], [may_YK[thing_P] for may_YK in may]
    return {
        "image": contrast(whole_BE, shown_BE, scale, same_BB),
        "action": among(whole_BE, doing_YE, one.action_B.to(device), scale),
        "text": 0.5 * contrast(first_CE, second_CE, scale),
        "things": sum(present(image_BE, look_YE, there_BY, scale) for look_YE, there_BY in zip(looks, there, strict=True)),
        "patches": sum(among(patch_PE, look_YE, here_P, scale, may_PY)
                       for look_YE, here_P, may_PY in zip(looks, here, [None, *may], strict=True)),
        "heads": sum(F.cross_entropy(part.masked_fill(~may_PK, -torch.inf), here_P)
                     for head, x_PD in zip(heads, (stem_PD, last_PD), strict=True)
                     for part, here_P, may_PK in zip(head(x_PD).split(len(COLOURS), 1), here[1:], may, strict=True)),
    }  # fmt: skip


def merged(there_BY: Tensor, look_Y: Tensor, may_YK: Tensor) -> Tensor:
    """Which colours (or shapes) are there, from which nouns are: 1, 0, or −1 where one may not say, also because a thing that
    is there never has it in training. [B, 8]"""
    member_YK, is_BY = F.one_hot(look_Y, may_YK.shape[1]).float(), (there_BY == 1).float()
    silent_BK = (there_BY == -1).float() @ member_YK + is_BY @ (~may_YK).float() > 0
    return torch.where(is_BY @ member_YK > 0, 1, torch.where(silent_BK, -1, 0))


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


def read(vision: VisionTower, pictures_BHWC: Tensor, rng: np.random.Generator | None = None) -> tuple[Tensor, Tensor]:
    """Pictures one by one, without prompts: what the stem makes of the patches, [B, P, D], and the tokens after the last block,
    [B, 1 + P, D]. Parts of a frame each as if they lay somewhere on the grid of patches: their tokens have positions there."""
    vit, cls, position = vision.vit, vision.vit.cls_token, vision.vit.pos_embed
    assert cls is not None and position is not None  # timm's types allow a tower without
    stem_BDhw = vit.patch_embed.proj((pictures_BHWC.permute(0, 3, 1, 2).float() / 255 - vision.mean) / vision.std)
    B, _, h, w = stem_BDhw.shape
    position_RCD, (R, C) = position[0, 1:].unflatten(0, vision.grid), vision.grid
    rows, columns = (rng.integers(0, most + 1, B) if rng else np.zeros(B, int) for most in (R - h, C - w))
    position_BPD = torch.stack([position_RCD[r : r + h, c : c + w] for r, c in zip(rows, columns, strict=True)]).flatten(1, 2)
    stem_BPD = stem_BDhw.flatten(2).transpose(1, 2)
    cls_B1D = (cls + position[:, :1]).expand(B, -1, -1)
    return stem_BPD, vision.blocks(torch.cat([cls_B1D, stem_BPD + position_BPD], 1))


def contrast(a_BE: Tensor, b_BE: Tensor, scale: Tensor, same_BB: Tensor | None = None) -> Tensor:
    """Symmetric InfoNCE: row i of one belongs to row i of the other, and to those that are the `same` as it."""
    logits = scale * a_BE @ b_BE.T
    share_BB = torch.eye(len(logits), device=logits.device) if same_BB is None else F.normalize(same_BB.float(), p=1.0)
    return (F.cross_entropy(logits, share_BB) + F.cross_entropy(logits.T, share_BB)) / 2


def present(image_BE: Tensor, noun_YE: Tensor, there_BY: Tensor, scale: Tensor) -> Tensor:
    """Cross-entropy of each noun that is there (1) against all that are not (0), mean over things; −1 takes no part."""
    logits_BY = scale * image_BE @ noun_YE.T
    # not −∞: where there is nothing that is not there, its gradient would be no number
    others_B1 = logits_BY.masked_fill(there_BY != 0, -1e4).logsumexp(1, keepdim=True)
    return F.softplus(others_B1 - logits_BY)[there_BY == 1].mean()


def among(
    image_BE: Tensor, choice_YE: Tensor, right_B: Tensor, scale: Tensor, may_BY: Tensor | None = None
) -> Tensor:  # fmt: skip
    """Cross-entropy of the right choice among all, or those it `may` be, of the pictures that have one (not −1)."""
    has_B, logits_BY = right_B >= 0, scale * image_BE @ choice_YE.T
    logits_BY = logits_BY if may_BY is None else logits_BY.masked_fill(~may_BY, -torch.inf)
    return F.cross_entropy(logits_BY[has_B], right_B[has_B]) if has_B.any() else image_BE.sum() * 0


if __name__ == "__main__":
    main()
