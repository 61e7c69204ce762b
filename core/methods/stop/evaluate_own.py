"""STOP on your own videos against plain CLIP on the same frames:  python -m core.evaluate stop --data DIR --clip SPEC

actions     top-1, top-5, and top-1 of every class        retrieval     R@1, R@5, R@10 and MnR, both ways

The test clips are read, or the validation clips where there are none. Without --weights it is zero-shot CLIP alone.
"""

import argparse
import json
from dataclasses import replace
from pathlib import Path

from tqdm import tqdm

from core.cli import file_to_write, sentences
from core.data.dataset import Videos, checked_template
from core.data.texts import legible
from core.errors import BadData, BadWeights
from core.methods.stop.answers import PLAIN, Reading, features, placed, plain, scores
from core.methods.stop.asking import HELD_OUT, about, data_arguments, data_of
from core.methods.stop.clips import FRAMES
from core.methods.stop.train import Model, load
from core.methods.stop.weights import read_prompters
from core.networks.weights import Loaded, load_clip
from core.training.team import Team, team

STOP = "STOP"


def evaluate(clip: Loaded, model: Model | None, videos: Videos, on: str, how: Reading, template: str, team: Team) -> dict:
    """{models: {name: scores}, unreadable, about}; shares are 0–1. on: train, val, test, or "" for the first there is of test
    and val."""
    on = on or ("test" if videos.test else "val")
    items = getattr(videos, on)
    if not items:
        raise BadData(f"{videos.name} has no {on} clips. --on says which are measured; --held-out makes validation clips.")
    towers = placed(clip, team.device)
    asked = {PLAIN: lambda one: plain(towers.vision, one)}
    if model is not None:
        model.to(team.device)
        asked[STOP] = lambda one: model(one)[0]
    found, index_N, wrong = features(asked, items, towers.vision, how, team, on)
    measured = {name: scores(videos, items, video_NE, index_N, towers, template) for name, video_NE in found.items()}
    told = dict(
        data=videos.name, task=videos.task, on=on, clips=len(index_N), frames=how.frames, towers=clip.label,
        notes=list(videos.notes),
    )  # fmt: skip
    if videos.classes:
        told["template"] = template
    return {"models": measured, "unreadable": wrong, "about": told}


def fitting(file: Path, clip: Loaded) -> tuple[Model, dict]:
    """Trained prompters and their description; a BadWeights if they are something else, or of other towers."""
    description = read_prompters(file)[1]
    if description["towers"] != clip.digest:
        raise BadWeights(f"{file.name} was trained on other towers than the ones loaded ({clip.label}).")
    return load(file, clip), description


def measurable(videos: Videos, on: str, file: Path, description: dict) -> Videos:
    """The data set, with a note if the weights were not trained on its training clips; a BadData if no clip was held out."""
    before = description.get("made", {}).get("data")  # of the world's own weights: none
    same = before == videos.digest
    if same and not videos.val and (on == "val" or not on and not videos.test):
        told = f"{file.name} was trained on all clips of {videos.name}, none was held out"
        raise BadData(f"{told}: --on train measures on those.")
    if same or before is None:
        return videos
    taught = description.get("trained_on", "other videos")
    note = f"{file.name} was trained on other clips than these training clips (of {taught}): "
    return replace(videos, notes=(*videos.notes, note + "what is measured on may be among them."))


def table(found: dict) -> str:
    """The numbers as a person reads them, in percent."""
    told, models = found["about"], found["models"]
    lines = [f"{told['data']}: {told['clips']} {told['on']} clips, {told['frames']} frames each · {told['towers']}"]
    lines += [f"left out: {why}" for why in found["unreadable"]]
    if told["task"] == "retrieval":
        for way in ("text_to_video", "video_to_text"):
            lines += ["", f"{way.replace('_', ' '):36}{'R@1':>8}{'R@5':>8}{'R@10':>8}{'MnR':>8}"]
            for name, one in models.items():
                shares = "".join(f"{one[way][f'R{k}']:8.1%}" for k in (1, 5, 10))
                lines.append(f"{name:36}{shares}{one[way]['MnR']:8.1f}")
        return "\n".join(lines)
    lines += ["", f"{'':36}{'top-1':>8}{'top-5':>8}"]
    lines += [f"{name:36}{one['top1']:8.1%}{one['top5']:8.1%}" for name, one in models.items()]
    lines += ["", f"{'class':36}{'clips':>8}" + "".join(f"{'CLIP' if name == PLAIN else name:>8}" for name in models)]
    for label, row in models[PLAIN]["classes"].items():
        shares = "".join(f"{one['classes'][label]['top1']:8.1%}" for one in models.values())
        lines.append(f"{label[:35]:36}{row['clips']:8}{shares}")
    return "\n".join(lines)


def arguments() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m core.evaluate stop", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    data_arguments(parser)
    parser.add_argument("--weights", type=Path, help="what core.training stop --data wrote")
    parser.add_argument("--on", choices=("train", "val", "test"), default="", help="which clips; default: test, else val")
    parser.add_argument("--template", help="what a class is called; default: as the weights were trained")
    parser.add_argument("--json", type=file_to_write)
    return parser


@sentences()
def main(argv: list[str] | None = None) -> None:
    args = arguments().parse_args(argv)
    clip = load_clip(args.clip)
    model, description = fitting(args.weights, clip) if args.weights else (None, {})
    template = checked_template(args.template or description.get("template", "a video of {}"))
    known = description.get("held_out", HELD_OUT), description.get("spacing", 0.0)
    videos, how = data_of(args, description.get("frames", FRAMES), *known)
    videos = legible(videos, clip.network.text, template)
    if args.weights:
        videos = measurable(videos, args.on, args.weights, description)
    with team(args.device) as own:
        if own.leads:
            tqdm.write(about(videos, []))
        found = evaluate(clip, model, videos, args.on, how, template, own)
        if own.leads:
            print(table(found))
            if args.json:
                args.json.write_text(json.dumps(found, indent=1) + "\n")
