"""TSPO's trained parts on disk, bound to the towers of their training: agents by how they were rewarded, and the reader."""

import json
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import nn

from core.errors import BadWeights
from core.methods.tspo.networks import Agent, Reader
from core.networks.checkpoints import border
from core.networks.fitting import filled
from core.networks.schema import fields, listed, maybe, number, one_of, text, whole
from core.networks.weights import MADE, WEIGHTS, Loaded, read


@dataclass(frozen=True)
class Variant:
    """How an agent was trained. answer, evidence: weights of R_A and R_T. shuffled: whether chance dealt rewards out."""

    answer: float = 1.0
    evidence: float = 1.0
    surrogate: str = "code"
    shuffled: bool = False
    trained: bool = True


VARIANTS = {
    "both": Variant(),
    "answer": Variant(evidence=0.0),
    "shuffled": Variant(shuffled=True),
    "paper": Variant(surrogate="paper"),
    "exact": Variant(surrogate="exact"),
    "untrained": Variant(trained=False),
}
EARLIER = (20, 40, 60, 80)  # percent of a training: agents of REPLAYED as they were then
REPLAYED = ("both", "answer")


def earlier_name(variant: str, percent: int) -> str:
    """What an agent in the midst of its training is called."""
    return f"{variant}_{percent}"


THEN = tuple(earlier_name(name, percent) for name in REPLAYED for percent in EARLIER)
NOTE = listed(number(0, 1_000_000), 4, 4)  # percent of the training, mean R_A, mean R_T, share of groups without a signal
RULES = {
    "features": whole(1, 16_384), "towers": text(), "variants": listed(one_of(*VARIANTS), 1, len(VARIANTS)), "made": MADE,
    "earlier": maybe(listed(one_of(*THEN), 0, len(THEN))),
    "learning": maybe(fields({name: maybe(listed(NOTE, 0, 10_000)) for name in VARIANTS})),
}  # fmt: skip


class Parts(nn.Module):
    """Agents by variant, the same earlier in their training by `earlier_name`, and the reader; None where nothing reads the
    features of these towers. learning: variant → NOTE by NOTE. needle: recall by length and depth, as it was measured."""

    def __init__(self, agents: nn.ModuleDict, reader: Reader | None, earlier: nn.ModuleDict | None = None):
        super().__init__()
        self.agents, self.reader, self.earlier = agents, reader, earlier or nn.ModuleDict()
        self.learning: dict[str, list[list[float]]] = {}
        self.needle: list[list[float]] = []

    def agent(self, variant: str, learned: int = 100) -> Agent:
        """The agent of a variant after so many percent of its training; a file that holds only some of them says which."""
        if variant not in self.agents:
            raise BadWeights(f"These weights of TSPO hold {', '.join(self.agents)}, and {variant} is asked for.")
        made = self.agents[variant]
        if learned < 100 and self.reader is not None and VARIANTS[variant].trained:
            made = self.before(variant, learned)
        assert isinstance(made, Agent)
        return made

    def before(self, variant: str, learned: int) -> nn.Module:
        """The agent in the midst of its training, by full fifths of it; at 0 it is the untrained one, with which all start."""
        learned -= learned % EARLIER[0]
        name = earlier_name(variant, learned)
        if learned == 0 and "untrained" in self.agents:
            return self.agents["untrained"]
        if name not in self.earlier:
            raise BadWeights(
                f"These weights of TSPO hold {variant} as it ended, and not after {learned} % of its training: n is 100 for it."
            )
        return self.earlier[name]


def load_parts(path: str | Path | Loaded | None, clip: Loaded) -> Loaded:
    """TSPO's parts for these towers: from a file, else the shipped ones if they were trained on these towers, else agents
    before any training, which the label says."""
    if isinstance(path, Loaded):
        return path
    shipped = WEIGHTS / "tspo.safetensors"
    if path is None and (not shipped.is_file() or read(shipped, "tspo:TSPO's agents", RULES)[1]["towers"] != clip.digest):
        return untrained(clip)
    path = Path(path or shipped)
    tensors, about, digest = read(path, "tspo:TSPO's agents", RULES)
    if about["towers"] != clip.digest:
        raise BadWeights(f"{path.name} was trained on other towers than the ones loaded ({clip.label}).")
    with border(path.name):
        E = about["features"]
        agents = filled(lambda: nn.ModuleDict({name: Agent(E) for name in about["variants"]}), tensors, "agents", path.name)
        earlier = filled(
            lambda: nn.ModuleDict({name: Agent(E) for name in about.get("earlier", ())}), tensors, "earlier", path.name
        )
        reader = filled(lambda: Reader(E), tensors, "reader", path.name)
    parts = Parts(agents, reader, earlier)
    parts.learning, parts.needle = about.get("learning", {}), needle_of(path.with_name("metrics_tspo.json"), digest)
    label = f"TSPO's agent and reader trained on long videos of our world · {path.name} · {digest[:8]}"
    return Loaded(parts.eval().requires_grad_(False), label, digest)


def needle_of(file: Path, digest: str) -> list[list[float]]:
    """Recall by length and depth as `core.evaluate` measured it for these weights; nothing where it did not."""
    if not file.is_file():
        return []
    found = json.loads(file.read_text(encoding="utf-8"))
    if digest not in found["about"]["digests"]:
        return []
    lengths = sorted({one["length"] for one in found["map"]})
    none = float("nan")  # where no question had its scene there
    return [
        [none if one["recall"] is None else one["recall"] for one in found["map"] if one["length"] == length]
        for length in lengths
    ]


def untrained(clip: Loaded) -> Loaded:
    """Agents as training finds them: F_e is F_f and a little chance, so S is close to twice the frame's cosine."""
    features = feature_size(clip)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        agents = nn.ModuleDict({name: Agent(features) for name in VARIANTS})
    label = "TSPO's agent UNTRAINED: event scores are chance, and nothing answers"
    return Loaded(Parts(agents, None).eval().requires_grad_(False), label, f"untrained {features}")


def feature_size(clip: Loaded) -> int:
    """E of these towers, which a picture of nothing tells."""
    vision = clip.network.vision
    with torch.no_grad():
        blank = torch.zeros(1, 3, *vision.size, device=vision.mean.device)
        return vision.encode(vision.embed(blank)).shape[-1]
