"""Which maps are true to the network, and to the world?  python -m core.explain [--clips N --seed S --json FILE]

On held-out clips of the world, method by method, the number that its `explain` names: how well a clip's own caption fits it,
explained by the method's maps and Captum's attributions; or the score of the detection that fits the actor best, by the
attributions. Every map is tested by deletion and insertion against pointing at random places, and against where the actor is.
"""

import argparse
import json
import time
from collections.abc import Iterator

import numpy as np

from core.cli import file_to_write, seed_number, sentences
from core.data.rendered import sample
from core.engine import Engine
from core.explain.attributions import ATTRIBUTIONS, attribution
from core.explain.faithfulness import controls, faithfulness_of
from core.explain.subject import Subject
from core.explain.truth import against_truth
from core.methods import part, with_part
from core.video.clip import Clip

FRAMES = 8  # of a clip
SEEDS, STEPS = 4, 6  # random places, and points of a curve: in a fair time
SETTINGS = {"occlusion": dict(window=2, step=2), "feature_ablation": dict(by="place")}  # likewise

Case = tuple[Subject, dict[str, np.ndarray], np.ndarray]  # what is explained, maps at hand, truth


def measured(engine: Engine, case: Case) -> Iterator[tuple[str, dict]]:
    """Name and numbers of every map of one clip."""
    subject, maps, truth_TP = case
    against = controls(subject, STEPS, SEEDS)
    made = {name: attribution(subject, name, **SETTINGS.get(name, {})) for name in ATTRIBUTIONS}
    seconds = {one.title: one.seconds for one in made.values()}
    for name, map_TP in (maps | {one.title: one.map_TP for one in made.values()}).items():
        found, agreed = faithfulness_of(subject, name, map_TP, against), against_truth(map_TP, truth_TP, subject.grid)
        kinds = ("deletion", "insertion")
        auc = {kind: float(np.mean([one.auc for one in found.curves if one.kind == kind])) for kind in kinds}
        yield name, auc | {
            "overall": found.overall, "centre": found.centre, "random": found.random, "better": found.better,
            "infidelity": found.infidelity, "infidelity_random": found.infidelity_random, "seconds": seconds.get(name, 0.0),
            "pointing": agreed.pointing, "iou": agreed.iou, "points_better": agreed.better,
            "shifted_pointing": agreed.shifted_pointing, "shifted_iou": agreed.shifted_iou,
        }  # fmt: skip
    yield (
        "random",
        {
            kind: float(np.mean([value for one in against.random for (own, _), value in one.items() if own == kind]))
            for kind in ("deletion", "insertion")
        },
    )


def measure(engine: Engine, method: str, clips: int, seed: int) -> dict:
    """{map: mean over clips of each number}, and how many clips there were."""
    size, found, began, used = (128, 128), {}, time.perf_counter(), 0
    for number in range(clips):
        one = sample(seed * 100_000 + number, "test", FRAMES, size)
        clip = Clip(one.frames_THWC, np.arange(FRAMES) / 4, np.arange(FRAMES), one.scene.caption)
        case = part(method, "explain").case(engine, clip, one)
        if case is None or not case[2].any():
            continue
        used += 1
        for name, numbers in measured(engine, case):
            found.setdefault(name, []).append(numbers)
        print(f"{method}: {number + 1} of {clips}, {time.perf_counter() - began:.0f} s", flush=True)
    maps = {
        name: {key: float(np.mean([one[key] for one in several])) for key in several[0]} | spread(several)
        for name, several in found.items()
    }
    return {"clips": used, "seconds": time.perf_counter() - began, "maps": maps, "weights": engine.labels(method)}


def spread(several: list[dict]) -> dict[str, float]:
    """How far a map is above random, and its standard error over clips, where there are several."""
    if "overall" not in several[0]:
        return {}
    above = [one["overall"] - one["random"] for one in several]
    error = {"standard_error": float(np.std(above, ddof=1) / len(above) ** 0.5)} if len(above) > 1 else {}
    return {"above_random": float(np.mean(above))} | error


def table(found: dict) -> str:
    """For the terminal."""
    heads = f"{'':22}{'ins − del':>10}{'above random':>16}{'better':>8}{'pointing':>18}{'better':>8}{'IoU':>14}"
    lines = [f"{heads}{'infidelity':>12}"]
    for name, one in found["maps"].items():
        if "overall" in one:
            error = f"{one['standard_error']:.3f}" if "standard_error" in one else "–"
            above = f"{one['above_random']:.3f} ± {error}"
            points = f"{one['pointing']:.2f} ({one['shifted_pointing']:.2f})"
            covers = f"{one['iou']:.2f} ({one['shifted_iou']:.2f})"
            lines.append(
                f"{name:22}{one['overall']:10.3f}{above:>16}{one['better']:8.2f}{points:>18}{one['points_better']:8.2f}"
                f"{covers:>14}{one['infidelity']:12.5f}"
            )
    one = next(one for one in found["maps"].values() if "overall" in one)
    lines.append(f"{'random places':22}{one['random']:10.3f}{'':64}{one['infidelity_random']:12.5f}")
    lines.append(f"{'centre':22}{one['centre']:10.3f}")
    lines.append("In brackets: the same map shifted elsewhere. better: the share of clips in which it is better than chance.")
    return "\n".join(lines)


@sentences()
def main(argv: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(
        prog="python -m core.explain", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--clips", type=int, default=12)
    parser.add_argument("--seed", type=seed_number, default=0, help="of the clips")
    parser.add_argument("--methods", nargs="+", action="extend", choices=with_part("explain"))
    parser.add_argument("--device", default="auto")
    parser.add_argument("--json", type=file_to_write)
    args = parser.parse_args(argv)
    if args.clips < 1:
        parser.error(f"--clips is at least 1, got {args.clips}.")
    engine = Engine(args.device)
    found = {"about": {"command": f"python -m core.explain --clips {args.clips} --seed {args.seed}", "settings": SETTINGS}}
    for method in args.methods or with_part("explain"):
        found[method] = measure(engine, method, args.clips, args.seed)
        print(table(found[method]))
        if args.json:
            args.json.write_text(json.dumps(found, indent=1) + "\n")


if __name__ == "__main__":
    main()
