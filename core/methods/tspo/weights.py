"""TSPO's trained parts on disk, bound to the towers of their training: agents by how they were rewarded, and the reader."""

from dataclasses import dataclass
from pathlib import Path

import torch
from torch import nn

from core.errors import BadWeights
from core.methods.tspo.networks import Agent, Reader
from core.networks.checkpoints import border
from core.networks.fitting import filled
from core.networks.schema import listed, one_of, text, whole
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
RULES = {
    "features": whole(1, 16_384), "towers": text(), "variants": listed(one_of(*VARIANTS), 1, len(VARIANTS)), "made": MADE,
}  # fmt: skip


class Parts(nn.Module):
    """Agents by variant, and the reader; None where nothing reads the features of these towers."""

    def __init__(self, agents: nn.ModuleDict, reader: Reader | None):
        super().__init__()
        self.agents, self.reader = agents, reader

    def agent(self, variant: str) -> Agent:
        """The agent of a variant; a file that holds only some of them says which."""
        if variant not in self.agents:
            raise BadWeights(f"These weights of TSPO hold {', '.join(self.agents)}, and {variant} is asked for.")
        made = self.agents[variant]
        assert isinstance(made, Agent)
        return made


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
        reader = filled(lambda: Reader(E), tensors, "reader", path.name)
    label = f"TSPO's agent and reader trained on long videos of our world · {path.name} · {digest[:8]}"
    return Loaded(Parts(agents, reader).eval().requires_grad_(False), label, digest)


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
