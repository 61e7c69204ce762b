"""Train TSPO's agent on long videos of the world, tower and reader frozen:  python -m core.training tspo

First the reader learns to answer from frames, whoever chose them; then it stays as it is. Then an agent for each of VARIANTS is
trained by what the reader makes of its choices (GRPO): G rollouts of K frames for each question, rewarded by R_A (right or
wrong) and R_T (share of frames in the evidence), each held against the others of its question. τ falls along a line.

`shuffled` is a control: the same rewards, dealt out among the rollouts of a question by chance. Agents of REPLAYED are
written as they were along the way, too: on the page they learn again. Features of videos are computed once and lie in
--features; a training that was interrupted goes on where it was.
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

from core.cli import folder_to_write, seed_number, sentences
from core.methods.tspo.equations import advantage, annealed, drawn, log_likelihood, loss, scores
from core.methods.tspo.networks import Agent, Reader
from core.methods.tspo.reading import accuracy_reward, answer_logits, temporal_reward
from core.methods.tspo.videos import Asked, asked
from core.methods.tspo.weights import EARLIER, REPLAYED, VARIANTS, Variant, earlier_name
from core.networks.weights import WEIGHTS, load_clip, save
from core.training.loop import Checkpoint
from core.training.loop import cosine as rate_at
from core.world.questions import FAMILIES

FEATURES = Path("runs/tspo/features")
LENGTH = 256  # candidates of a video in training
K, G, WINDOW = 8, 8, 12
TAU = (0.3, 0.06)  # of our tower's cosines, which spread wider than CLIP-Large's: with less, draws hardly differ at first
BATCH = 8  # questions of a step
TRAINED = ("find", "begin", "end", "after")  # families that are asked in training
READ = dict(batch=64, rate=1.5e-3)
RATE = 2e-3
SAVED = 100  # steps between two checkpoints and two notes


def read_step(reader: Reader, data: Asked, pairs_N2: Tensor, rng: np.random.Generator) -> Tensor:
    """Cross entropy of the reader's answers on frames of every kind: drawn anywhere, more or less often in the evidence, or
    neighbours around one moment."""
    v_B, j_B = pairs_N2[torch.from_numpy(rng.integers(len(pairs_N2), size=READ["batch"]))].T
    shown_BT = data.shown_VJT[v_B, j_B]
    noise_BT = torch.from_numpy(rng.gumbel(size=shown_BT.shape)).float()
    more_B = torch.from_numpy(rng.choice([0.0, 2.0, 4.0, 6.0], size=len(v_B))).float()
    wish_BT = noise_BT + more_B[:, None] * shown_BT
    centre_B = wish_BT.argmax(-1)
    near_BT = -(torch.arange(data.T) - centre_B[:, None]).abs().float() * 2
    block_B = torch.from_numpy(rng.random(len(v_B)) < 0.3)
    place_BK = torch.where(block_B[:, None], near_BT + noise_BT, wish_BT).topk(K, -1).indices.sort(-1).values
    given = data.feature_VTE[v_B], data.question_VJE[v_B, j_B], place_BK, data.option_VJA[v_B, j_B]
    return F.cross_entropy(answer_logits(reader, *given), data.answer_VJ[v_B, j_B])


def agent_step(agent: Agent, reader: Reader, data: Asked, pairs_N2, variant: Variant, tau: float, rng) -> tuple[Tensor, dict]:
    """The loss of one group-relative step, and what it says: mean R_A and R_T, and the share of groups without a signal."""
    v_B, j_B = pairs_N2[torch.from_numpy(rng.integers(len(pairs_N2), size=BATCH))].T
    feature_BTE, question_BE, shown_BT = data.feature_VTE[v_B], data.question_VJE[v_B, j_B], data.shown_VJT[v_B, j_B]
    logit_BT = scores(feature_BTE, question_BE, agent, WINDOW) / tau
    noise_BGT = torch.from_numpy(rng.gumbel(size=(BATCH, G, data.T))).float()
    place_BGK = drawn(logit_BT.detach(), noise_BGT, K)
    right = accuracy_reward(reader, feature_BTE, question_BE, place_BGK, data.option_VJA[v_B, j_B], data.answer_VJ[v_B, j_B])
    inside = temporal_reward(shown_BT, place_BGK)
    reward_BG = variant.answer * right + variant.evidence * inside
    if variant.shuffled:
        reward_BG = reward_BG.gather(-1, torch.from_numpy(rng.permuted(np.tile(np.arange(G), (BATCH, 1)), axis=1)))
    advantage_BG = advantage(reward_BG)
    dead = (reward_BG == reward_BG[:, :1]).all(-1).float().mean()
    noted = {"R_A": right.mean().item(), "R_T": inside.mean().item(), "dead": dead.item()}
    return loss(log_likelihood(logit_BT, noise_BGT, place_BGK, variant.surrogate), advantage_BG), noted


def learn(name: str, module: nn.Module, step_loss, steps: int, rate: float, out: Path, settings: dict) -> "Notes":
    """Steps of AdamW, taken up where they stopped, and what was noted along the way."""
    optimizer = torch.optim.AdamW(module.parameters(), lr=rate, weight_decay=0.01)
    notes = Notes()
    checkpoint = Checkpoint(
        out.with_name(f"{out.stem}_{name}.x"), settings | {"part": name}, dict(part=module, optimizer=optimizer, notes=notes)
    )
    first = checkpoint.resume()
    bar = tqdm(range(first, steps), initial=first, total=steps, desc=name, unit="step")
    since: list[dict] = []
    for step in bar:
        for group in optimizer.param_groups:
            group["lr"] = rate_at(step, steps, rate, warmup=20)
        made, noted = step_loss(step, np.random.default_rng([settings["seed"], step]))
        optimizer.zero_grad(set_to_none=True)
        made.backward()
        nn.utils.clip_grad_norm_(module.parameters(), 1.0)
        optimizer.step()
        since.append(noted)
        for percent in EARLIER:
            if step + 1 == max(1, round(steps * percent / 100)):
                notes.earlier[str(percent)] = {key: one.clone() for key, one in module.state_dict().items()}
        if (step + 1) % SAVED == 0 or step + 1 == steps:
            means = {key: round(float(np.mean([one[key] for one in since])), 4) for key in noted}
            notes.rows.append({"step": step + 1, **means})
            bar.set_postfix(means)
            since = []
            checkpoint.save(step + 1)
    return notes


class Notes:
    """What was noted along the way, as a checkpoint has it. rows: means of SAVED steps each; earlier: percent → weights."""

    def __init__(self):
        self.rows: list[dict] = []
        self.earlier: dict[str, dict[str, Tensor]] = {}

    def state_dict(self) -> dict:
        return {"rows": json.dumps(self.rows), "earlier": self.earlier}

    def load_state_dict(self, held: dict) -> None:
        self.rows[:] = json.loads(held["rows"])
        self.earlier |= held.get("earlier", {})


def as_learned(rows: list[dict], steps: int) -> list[list[float]]:
    """What was noted of an agent, as weights.NOTE has it."""
    return [[round(100 * row["step"] / steps, 1), row["R_A"], row["R_T"], row["dead"]] for row in rows]


@sentences()
def main(words=None):
    args = arguments().parse_args(words)
    began, clip = time.time(), load_clip(args.clip)
    seeds = range(args.videos)
    data = asked(clip, "train", LENGTH, seeds, args.features)
    settings = dict(towers=clip.digest, seed=args.seed, videos=args.videos, reading=args.reading)
    E, out = data.feature_VTE.shape[-1], args.out
    torch.manual_seed(args.seed)
    reader, every = Reader(E), data.of(FAMILIES)

    def read(step, rng):
        made = read_step(reader, data, every, rng)
        return made, {"loss": made.item()}

    notes = {"reader": learn("reader", reader, read, args.reading, READ["rate"], out, settings)}
    reader.eval().requires_grad_(False)
    settings |= dict(steps=args.steps, tau=args.tau, rate=args.rate)
    agents, earlier, pairs = nn.ModuleDict(), nn.ModuleDict(), data.of(TRAINED)
    for name in args.only or VARIANTS:
        torch.manual_seed(args.seed)  # all start as one
        agents[name] = agent = Agent(E)
        if VARIANTS[name].trained:

            def step_loss(step, rng, agent=agent, variant=VARIANTS[name]):
                return agent_step(agent, reader, data, pairs, variant, annealed(step, args.steps, args.tau), rng)

            notes[name] = learn(name, agent, step_loss, args.steps, args.rate, out, settings)
            for percent, state in notes[name].earlier.items() if name in REPLAYED else ():
                earlier[earlier_name(name, int(percent))] = then = Agent(E)
                then.load_state_dict(state)
    named = ("steps", "reading", "videos", "seed", "rate")
    options = " ".join(f"--{name} {getattr(args, name)}" for name in named)
    only = f" --only {' '.join(args.only)}" if args.only else ""
    made = dict(
        command=f"python -m core.training tspo {options} --tau {args.tau[0]:g} {args.tau[1]:g}{only}",
        device="cpu", minutes=round((time.time() - began) / 60, 1), window=WINDOW, chosen=K, rollouts=G,
        **{key: value for key, value in settings.items() if key != "towers"},
    )  # fmt: skip
    about = dict(
        kind="tspo", features=E, towers=clip.digest, variants=list(agents), earlier=list(earlier), made=made,
        learning={name: as_learned(one.rows, args.steps) for name, one in notes.items() if name != "reader"},
    )  # fmt: skip
    save(out, {"reader": reader, "agents": agents, "earlier": earlier}, about, {"reader": notes["reader"].rows})
    for name in notes:
        Checkpoint(out.with_name(f"{out.stem}_{name}.x"), {}, {}).clear()
    print(f"{out.name}: {', '.join(agents)}", flush=True)


def arguments():
    parser = argparse.ArgumentParser(
        prog="python -m core.training tspo", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--clip", help="the frozen CLIP, as --models clip= has it; the shipped one where none is named")
    parser.add_argument("--out", type=Path, default=WEIGHTS / "tspo.safetensors", help="file to write")
    parser.add_argument("--features", type=folder_to_write, default=FEATURES, help="of videos, kept")
    parser.add_argument("--steps", type=int, default=1000, help="of each agent")
    parser.add_argument("--reading", type=int, default=1500, help="steps of the reader")
    parser.add_argument("--videos", type=int, default=160, help="to train on")
    parser.add_argument("--seed", type=seed_number, default=0)
    parser.add_argument("--rate", type=float, default=RATE, help="highest learning rate of agents")
    parser.add_argument("--tau", nargs=2, type=float, default=list(TAU), metavar=("FROM", "TO"), help="temperature, annealed")
    parser.add_argument("--only", nargs="+", action="extend", choices=VARIANTS, help="agents to train; otherwise all")
    return parser


if __name__ == "__main__":
    main()
