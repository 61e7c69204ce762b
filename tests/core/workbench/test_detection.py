"""Facts about detectors' errors: each bin of TIDE by a fixture, bins and costs against plain loops and COCO's own code."""

import random

import numpy as np
import pytest

from core.errors import ReaderError
from core.metrics import Things, average_precision
from core.workbench import files, plan, query
from core.workbench.columns import GENERAL
from core.workbench.things import THINGS, count_columns, count_name, frame_rows
from core.workbench.tide import BINS, RIGHT, Frame, judge
from tests.core.workbench import fake

READERS = {"own": "with all of it", "plain": "without"}
SETTING = plan.Setting("none", {}, (*GENERAL, *count_columns(READERS)), readers=READERS)
NAME, CLIPS, SHARD = SETTING.setting_id, 24, 8
A, B = (0.1, 0.1, 0.5, 0.5), (0.5, 0.5, 0.9, 0.9)
BESIDE, OFF, FAR = (0.3, 0.1, 0.7, 0.5), (0.25, 0.1, 0.65, 0.5), (0.8, 0.0, 0.9, 0.1)  # IoU with A: 1/3, 5/11, 0


def frame(real, found):
    """real: [(name, box)]; found: [(name, box, score)]."""
    boxes = [np.array([one[1] for one in some], float).reshape(-1, 4) for some in (real, found)]
    return Frame([one[0] for one in real], boxes[0], [one[0] for one in found], boxes[1], np.array([one[2] for one in found]))


@pytest.mark.parametrize(
    "found, bins, missed",
    [
        ([("ball", A, 0.9)], [RIGHT], False),
        ([("ball", BESIDE, 0.9)], ["Loc"], False),
        ([("cube", A, 0.9)], ["Cls"], False),
        ([("ball", A, 0.9), ("ball", A, 0.8)], [RIGHT, "Dupe"], False),
        ([("ball", FAR, 0.9)], ["Bkg"], True),
        ([("cube", OFF, 0.9)], ["Both"], True),
        ([], [], True),
        ([("ball", BESIDE, 0.9), ("cube", A, 0.9)], ["Loc", "Cls"], False),
    ],
    ids=["right", *BINS, "two bins"],
)
def test_each_bin_has_a_picture_of_its_own(found, bins, missed):
    made = judge(frame([("ball", A)], found))
    assert made.bin_N == bins and made.missed_O.tolist() == [missed]


def test_the_surest_of_what_is_about_one_thing_would_find_it_and_alone():
    made = judge(frame([("ball", A)], [("ball", BESIDE, 0.5), ("cube", A, 0.7), ("cone", A, 0.6)]))
    assert made.bin_N == ["Loc", "Cls", "Cls"] and made.cures_N.tolist() == [False, True, False]
    assert made.pair_N.tolist() == [False, True, False] and made.by_O.tolist() == [1]
    made = judge(frame([("ball", A)], [("ball", A, 0.5), ("cube", A, 0.7)]))  # found already: nothing is left to cure
    assert made.bin_N == [RIGHT, "Cls"] and made.cures_N.tolist() == [False, False] and made.by_O.tolist() == [0]


def chance(rng):
    """A frame of things and detections near them, or not."""

    def box():
        x, y, w, h = (rng.uniform(*span) for span in ((0, 0.5), (0, 0.5), (0.2, 0.5), (0.2, 0.5)))
        return x, y, x + w, y + h

    real = [(rng.choice(("ball", "cube", "cone")), box()) for _ in range(rng.randrange(4))]
    found = []
    for _ in range(rng.randrange(6)):
        name, near = rng.choice(real) if real and rng.random() < 0.8 else ("ball", box())
        name = rng.choice(("ball", "cube")) if rng.random() < 0.3 else name
        found.append((name, tuple(v + rng.gauss(0, 0.06) for v in near), rng.random()))
    return frame(real, found)


def union(a, b):
    """Overlap of two boxes, written down once more."""
    w, h = (max(0.0, min(a[i + 2], b[i + 2]) - max(a[i], b[i])) for i in (0, 1))
    area = [(one[2] - one[0]) * (one[3] - one[1]) for one in (a, b)]
    return w * h / (area[0] + area[1] - w * h)


def loops(one):
    """Bins by the definitions, thing by thing."""
    taken, bins = set(), [""] * len(one.label_N)
    for n in sorted(range(len(bins)), key=lambda n: -one.score_N[n]):
        mine = [(union(one.box_N4[n], one.box_O4[o]), o) for o, name in enumerate(one.label_O) if name == one.label_N[n]]
        free = [pair for pair in mine if pair[1] not in taken and pair[0] >= 0.5]
        if free:
            taken.add(max(free)[1])
            bins[n] = RIGHT
    about = set()
    for n, right in enumerate(bins):
        if right:
            continue
        own, other = ([(0.0, -1)] + [
            (union(one.box_N4[n], one.box_O4[o]), o) for o, name in enumerate(one.label_O) if (name == one.label_N[n]) is same
        ] for same in (True, False))  # fmt: skip
        high, alien = max(own), max(other)
        if 0.1 <= high[0] <= 0.5:
            bins[n] = "Loc"
            about.add(high[1])
        elif alien[0] >= 0.5:
            bins[n] = "Cls"
            about.add(alien[1])
        else:
            bins[n] = "Dupe" if high[0] >= 0.5 else "Bkg" if max(high[0], alien[0]) <= 0.1 else "Both"
    return bins, [o not in taken | about for o in range(len(one.label_O))]


def test_bins_are_those_of_plain_loops():
    rng, seen = random.Random(0), set()
    for _ in range(400):
        one = chance(rng)
        made, (bins, missed) = judge(one), loops(one)
        assert made.bin_N == bins and made.missed_O.tolist() == missed
        assert sorted(made.by_O[made.by_O >= 0]) == np.flatnonzero(made.pair_N).tolist()  # in one pair or none
        seen |= set(bins) | ({"Missed"} if any(missed) else set())
    assert seen == {RIGHT, *BINS}


def things_run(folder):
    """A run of a detector at this folder; {clip: its frames as the first reader saw them}."""
    rng = random.Random(1)
    listing = fake.listing(CLIPS)
    held = plan.plan_of(listing, 2, (16, 16), shard=SHARD)
    plan.begin(folder, held, listing)
    plan.add_setting(folder, SETTING)
    every = {entry.clip_id: {reader: [chance(rng) for _ in range(3)] for reader in READERS} for entry in listing.entries}
    for shard in held.shards:
        rows, things = [], []
        for clip in list(every)[shard * SHARD : (shard + 1) * SHARD]:
            row = {"setting": NAME, "shard": shard, "clip_id": clip, "status": "ok"}
            for reader, frames in every[clip].items():
                made = [row for t, one in enumerate(frames) for row in frame_rows(one)]
                things += [{"clip_id": clip, "reader": reader, "frame": 1} | one for one in made]
                row |= {count_name(one, reader): sum(thing.get("bin") == one for thing in made) for one in BINS}
            rows.append(row)
        about = held.about(shard, NAME)
        for kind, columns, some in (("things", THINGS, things), ("rows", SETTING.columns, rows)):
            files.write_parquet(plan.shard_file(folder, kind, shard, NAME), columns, some, about)
    return {clip: one["own"] for clip, one in every.items()}


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """(folder, table, {clip: its frames as the first reader saw them})."""
    folder = tmp_path_factory.mktemp("things") / "run"
    every = things_run(folder)
    return folder, query.open_run(folder), every


def coco(frames):
    """AP50 by COCO's own code."""
    names = sorted({name for one in frames for name in (*one.label_O, *one.label_N)})

    def number(some):
        return np.array([names.index(name) for name in some], int)

    return average_precision(
        [Things(one.box_O4, number(one.label_O)) for one in frames],
        [Things(one.box_N4, number(one.label_N), one.score_N) for one in frames],
    )["ap50"]


def cured(one, name):
    """The frame as it were without one bin's errors: boxes and names are put right, what is too much is taken away."""
    made = judge(one)
    if name == "Missed":
        keep = ~made.missed_O
        return Frame(
            [x for x, stays in zip(one.label_O, keep) if stays], one.box_O4[keep], one.label_N, one.box_N4, one.score_N
        )
    label_N, box_N4 = list(one.label_N), one.box_N4.copy()
    for n in np.flatnonzero(made.cures_N):
        if made.bin_N[n] == name:
            label_N[n], box_N4[n] = one.label_O[made.about_N[n]], one.box_O4[made.about_N[n]]
    keep = np.array([made.bin_N[n] != name or made.cures_N[n] for n in range(len(label_N))], bool)
    return Frame(one.label_O, one.box_O4, [x for x, stays in zip(label_N, keep) if stays], box_N4[keep], one.score_N[keep])


def test_what_a_bin_costs_is_what_coco_says_of_the_cured_detections(run):
    folder, table, every = run
    frames = [one for some in every.values() for one in some]
    first, second = query.bins(folder, table, NAME)
    assert (first["reader"], first["says"], second["reader"]) == ("own", "with all of it", "plain")
    assert first["ap50"] == pytest.approx(coco(frames))
    for name, _, count, gain in first["bins"]:
        judged = [judge(one) for one in frames]
        assert count == sum(int(one.missed_O.sum()) if name == "Missed" else one.bin_N.count(name) for one in judged) > 0
        assert gain == pytest.approx(coco([cured(one, name) for one in frames]) - first["ap50"]), name
    some = query.bins(folder, table, NAME, [["clip_id", "in", ["clip 3", "clip 9"]]])[0]
    assert some["ap50"] == pytest.approx(coco([*every["clip 3"], *every["clip 9"]]))


def test_every_thing_and_every_detection_stand_in_one_cell_and_a_cell_finds_its_clips(run):
    folder, table, every = run
    found, count, clips = query.pairs(folder, table, NAME), {}, {}
    for clip, frames in every.items():
        for one in frames:
            made = judge(one)
            cells = [(name, one.label_N[by] if by >= 0 else None) for name, by in zip(one.label_O, made.by_O)]
            for cell in cells + [(None, name) for name, pair in zip(one.label_N, made.pair_N) if not pair]:
                count[cell] = count.get(cell, 0) + 1
                clips.setdefault(cell, set()).add(clip)
    assert {(real, said): n for real, said, n in found["cells"]} == count
    assert sum(n for real, _, n in found["cells"] if real) == sum(len(one.label_O) for some in every.values() for one in some)
    for (real, said), some in clips.items():
        assert query.clips_with(folder, table, NAME, "own", {"real": real, "found": said}) == sorted(some)
    assert query.clips_with(folder, table, NAME, "own", {"real": None}) == sorted(
        set().union(*(some for (real, _), some in clips.items() if real is None))
    )


def test_a_method_that_finds_nothing_has_no_bins(run, tmp_path):
    with pytest.raises(ReaderError, match="own or plain"):
        query.pairs(run[0], run[1], NAME, reader="nobody")
    made = fake.order(tmp_path / "run")
    with pytest.raises(ReaderError, match="finds no things"):
        query.bins(made.folder, query.table_of(made.settings, {}, 12), next(iter(made.settings)))


def test_what_was_found_where_truth_is_not_known_is_in_no_bin():
    rows = frame_rows(Frame(None, np.zeros((0, 4)), ["ball"], np.array([A]), np.array([0.9])))
    assert [row.get("bin") for row in rows] == [None] and rows[0]["score"] == 0.9 and rows[0]["x1"] == 0.5
