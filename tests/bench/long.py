"""What a selector of frames costs once a long video was read: a knob, and thousands of candidates through TSPO's agent."""

from functools import partial

import numpy as np
import torch

from core import METHODS, Engine
from core.methods.tspo import equations
from core.methods.tspo.train import WINDOW
from core.world.long import asked_video
from tests.bench.engine import timed

CANDIDATES = 4096
MOVES = {"budget": range(9, 33), "tau": np.arange(0.05, 0.29, 0.01).tolist(), "seed": range(1, 25)}
AIMS = dict.fromkeys(MOVES, 100) | {"agent": 50}  # milliseconds


def long_times(device, models):
    """A row for each knob that re-draws, all that is shown of it, and one for the agent: median, p95 and the aim."""
    engine = Engine(device, models)
    video, story = asked_video(3, "test")
    question = next(one.text for one in story.questions if one.family == "find")
    shown = METHODS["tspo"].until("network")

    def run(**knobs):
        return engine.run("tspo", video=video, question=question, outputs=shown, **knobs)

    run()
    took = {knob: [timed(engine.device, partial(run, **{knob: value})) for value in values] for knob, values in MOVES.items()}
    agent = engine.network("tspo").network.agent("both")
    chance = torch.Generator().manual_seed(0)
    feature_1TE = torch.nn.functional.normalize(torch.randn(1, CANDIDATES, agent.features, generator=chance), dim=-1)
    feature_1TE, question_1E = feature_1TE.to(engine.device), feature_1TE[:, 0].to(engine.device)

    @torch.no_grad()
    def chosen():
        return equations.scores(feature_1TE, question_1E, agent, WINDOW).topk(8)

    chosen()
    took["agent"] = [timed(engine.device, chosen) for _ in range(24)]
    rows = {
        name: {"median ms": float(np.median(ms)), "p95 ms": float(np.quantile(ms, 0.95)), "aim ms": AIMS[name]}
        for name, ms in took.items()
    }
    return {"weights": engine.labels("tspo"), f"{CANDIDATES} candidates, {video.N} seconds read": rows}
