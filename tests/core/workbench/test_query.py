"""Facts about questions to a run: what plain loops over the same rows say, and what no question may do."""

import csv
import math
import random
from itertools import pairwise, product

import numpy as np
import pytest

from core.errors import ReaderError
from core.workbench import files, plan, query
from core.workbench.columns import ANSWERED, GENERAL, SEEN
from core.workbench.marks import Marks
from core.workbench.query.near import products
from core.workbench.query.slices import mcnemar
from tests.core.workbench import fake

COLUMNS = (*GENERAL, *SEEN, *ANSWERED)
A, B = (plan.Setting("none", {"knob": n}, COLUMNS, drawn={"video_E": "feature"}) for n in (1, 2))
CLASSES = ("=runs", "walks\n<script>", "'; DROP TABLE rows; --", "jumps", "sits")
N = 60


def made_rows(setting, seed):
    """Rows of chance: some not known, some unreadable. In the second setting clips of a film are right or wrong together."""
    rng, made = random.Random(seed), []
    for n in range(N):
        right = (random.Random(n // 3) if seed else rng).random() < 0.5
        status = "unreadable" if n % 17 == 3 else "ok"
        label = CLASSES[n % 5]
        known = n % 7 != 2 and status == "ok"
        made.append({
            "setting": setting, "shard": n // 20, "clip_id": f"clip {n:02}", "status": status, "group": f"film {n // 3}",
            "label": label, "pred": (label if right else CLASSES[(n + 1 + rng.randrange(4)) % 5]) if status == "ok" else None,
            "right": right if known else None, "loss": rng.random() * 3 if known else None,
            "margin": rng.choice([0.1, -0.2, 0.5]) if status == "ok" else None, "top5": [label, "sits"],
        })  # fmt: skip
    return made


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """(folder, table, rows of A, rows of B)."""
    folder = tmp_path_factory.mktemp("made") / "run"
    listing = fake.listing(N)
    held = plan.plan_of(listing, 2, (16, 16), shard=20)
    plan.begin(folder, held, listing)
    every = {}
    for seed, one in enumerate((A, B)):
        plan.add_setting(folder, one)
        every[one.setting_id] = made_rows(one.setting_id, seed)
        rng = np.random.default_rng(0)
        for shard in held.shards:
            some = every[one.setting_id][shard * 20 : shard * 20 + 20]
            about = held.about(shard, one.setting_id)
            features = [{"clip_id": row["clip_id"], "video_E": rng.normal(size=8).astype(np.float16).tobytes()} for row in some]
            files.write_parquet(plan.shard_file(folder, "grids", shard, one.setting_id), plan.map_columns(one), features, about)
            files.write_parquet(plan.shard_file(folder, "rows", shard, one.setting_id), COLUMNS, some, about)
    return folder, query.open_run(folder), every[A.setting_id], every[B.setting_id]


a, b = A.setting_id, B.setting_id
FITS = {
    ("right", "eq", False): lambda row: row["right"] is False,
    ("right", "ne", True): lambda row: row["right"] is not True,
    ("right", "known", False): lambda row: row["right"] is None,
    ("label", "in", ("=runs", "sits")): lambda row: row["label"] in ("=runs", "sits"),
    ("label", "has", "SCRIPT"): lambda row: "script" in row["label"],
    ("label", "eq", CLASSES[2]): lambda row: row["label"] == CLASSES[2],
    ("loss", "between", (0.5, 2)): lambda row: row["loss"] is not None and 0.5 <= row["loss"] <= 2,
    ("loss", "ge", 1): lambda row: row["loss"] is not None and row["loss"] >= 1,
    ("top5", "has", "jumps"): lambda row: "jumps" in row["top5"],
}


@pytest.mark.parametrize("one, other", [(x, y) for x, y in product(FITS, FITS) if x < y][::3], ids=str)
def test_filters_leave_what_a_loop_leaves(run, one, other):
    _, table, rows, _ = run
    as_list = [[*each[:2], list(each[2]) if isinstance(each[2], tuple) else each[2]] for each in (one, other)]
    fits, also = FITS[one], FITS[other]
    for filters, keep in (
        (as_list, lambda row: fits(row) and also(row)),
        ([{"any": [[as_list[0]], [as_list[1]]]}], lambda row: fits(row) or also(row)),
        ([{"not": as_list}], lambda row: not (fits(row) and also(row))),
    ):
        found = query.page(table, a, filters)
        assert [row["clip_id"] for row in found["rows"]] == [row["clip_id"] for row in rows if keep(row)]
        assert found["total"] == len(found["rows"]) and found["of"] == N


def test_what_is_not_known_stands_last_and_is_told(run):
    _, table, rows, _ = run
    known = sorted(row["loss"] for row in rows if row["loss"] is not None)
    for descending in (False, True):
        found = query.page(table, a, sort="loss", descending=descending)
        assert found["known"] == len(known) and found["total"] == N
        losses = [row["loss"] for row in found["rows"]]
        assert losses == sorted(known, reverse=descending) + [None] * (N - len(known))
    pages = [query.page(table, a, sort="margin", offset=start, limit=7)["rows"] for start in range(0, N, 7)]
    assert len({row["clip_id"] for some in pages for row in some}) == N, "pages of equals neither skip nor repeat"


def test_bars_count_what_a_loop_counts(run):
    _, table, rows, _ = run
    found = query.facets(table, a, [["right", "eq", False]])
    wrong = [row for row in rows if row["right"] is False]
    assert found["label"]["bars"] == [
        [name, sum(row["label"] == name for row in wrong), sum(row["label"] == name for row in rows)]
        for name in sorted(CLASSES)
    ]
    bars = found["loss"]["bars"]
    assert len(bars) == 20 and all(first[1] == pytest.approx(second[0]) for first, second in pairwise(bars))
    assert sum(bar[2] for bar in bars) == wrong.__len__() == found["loss"]["known"]
    for low, high, _, every in bars[:-1]:
        assert every == sum(row["loss"] is not None and low <= row["loss"] < high for row in rows)
    assert "clip_id" not in found and "top5" not in found


def test_a_confusion_is_that_of_a_loop_and_shows_the_classes_confused_most(run):
    _, table, rows, _ = run
    found, count = query.confusion(table, a), {}
    for row in rows:
        if row["right"] is not None:
            count[row["label"], row["pred"]] = count.get((row["label"], row["pred"]), 0) + 1
    assert {(label, pred): n for label, pred, n in found["cells"]} == count and found["classes"] == sorted(CLASSES)
    few = query.confusion(table, a, most=2)
    wrong = {name: sum(n for pair, n in count.items() if name in pair and pair[0] != pair[1]) for name in CLASSES}
    assert sorted(wrong[name] for name in few["classes"]) == sorted(wrong.values())[-2:] and few["of"] == 5


def test_flips_and_the_test_of_them_are_those_of_a_loop(run):
    _, table, rows, others = run
    found = query.compare(table, a, b)
    pairs = [(x["right"], y["right"]) for x, y in zip(rows, others) if x["right"] is not None and y["right"] is not None]
    counts = [pairs.count(key) for key in ((True, True), (False, True), (True, False), (False, False))]
    assert [found[name] for name in ("both", "fixed", "broken", "neither")] == counts and found["n"] == len(pairs)
    n, k = counts[1] + counts[2], min(counts[1:3])
    exact = sum(math.comb(n, i) for i in range(n + 1) if min(i, n - i) <= k) / 2**n
    assert found["p"] == pytest.approx(min(1, exact))
    films = {}
    for x, y in zip(rows, others):
        if x["right"] is not None and y["right"] is not None:
            films.setdefault(x["group"], []).append(y["right"] - x["right"])
    sums, sizes, rng = [sum(one) for one in films.values()], [len(one) for one in films.values()], np.random.default_rng(1)
    drawn = rng.integers(len(sums), size=(4000, len(sums)))
    low, high = np.percentile(np.array(sums)[drawn].sum(1) / np.array(sizes)[drawn].sum(1), [2.5, 97.5])
    assert found["low"] == pytest.approx(low, abs=0.02) and found["high"] == pytest.approx(high, abs=0.02)
    losses = [(x["clip_id"], x["loss"], y["loss"]) for x, y in zip(rows, others)]
    change = {clip: after - before for clip, before, after in losses if None not in (before, after)}
    assert [row[0] for row in found["better"]] == [k for k in sorted(change, key=lambda k: change[k]) if change[k] < 0][:20]
    back = query.compare(table, b, a)
    assert (back["fixed"], back["broken"], back["p"]) == (found["broken"], found["fixed"], found["p"])


def test_an_unchanged_setting_is_no_better_for_certain():
    assert mcnemar(0, 0) == 1 and mcnemar(5, 5) == 1 and mcnemar(10, 0) == pytest.approx(2 / 2**10)
    assert mcnemar(700, 600) == pytest.approx(mcnemar(600, 700))


def test_an_interval_is_wilsons(run):
    _, table, rows, _ = run
    found = query.slice_stats(table, a, [["label", "eq", "jumps"]])
    some = [row["right"] for row in rows if row["label"] == "jumps" and row["status"] == "ok" and row["right"] is not None]
    n, p, z = len(some), sum(some) / len(some), 1.959963985
    middle, half = (p + z * z / 2 / n), z * math.sqrt(p * (1 - p) / n + z * z / 4 / n / n)
    assert (found["n"], found["accuracy"]) == (n, p) and found["clips"] == 12
    assert found["left_out"] == sum(row["status"] != "ok" for row in rows if row["label"] == "jumps")
    assert found["low"] == pytest.approx((middle - half) / (1 + z * z / n), abs=1e-6)
    assert found["high"] == pytest.approx((middle + half) / (1 + z * z / n), abs=1e-6)
    assert query.slice_stats(table, a, [["label", "eq", "nothing"]])["accuracy"] is None
    both = query.against_rest(table, a, [["label", "eq", "jumps"]])
    assert both["slice"]["clips"] + both["rest"]["clips"] == N


def test_neighbours_are_those_of_plain_cosines(run):
    folder, *_ = run
    held = query.features_of(folder, a)
    plain = held.feature_NE.astype(np.float64)
    cosine = plain @ plain[7]
    expected = [n for n in np.argsort(-cosine, kind="stable") if n != 7][:5]
    assert [clip for clip, _ in query.near(held, "clip 07", 5)] == [held.ids[n] for n in expected]
    with pytest.raises(ReaderError, match="no feature of the clip"):
        query.near(held, "another")


def test_a_map_puts_what_is_alike_together_and_says_how(run):
    rng = np.random.default_rng(0)
    group_N = np.arange(60) % 2
    feature_NE = rng.normal(size=(60, 8)) * 0.05 + np.where(group_N[:, None], 1.0, -1.0) * np.eye(8)[0]
    ids = [f"clip {n}" for n in range(60)]
    held = query.features_of(run[0], a)
    made = query.places(type(held)(tuple(ids), feature_NE.astype(np.float16)))
    apart = np.linalg.norm(made.place_N2[:, None] - made.place_N2[None], axis=-1) + 9 * np.eye(60)
    assert made.how == "t-SNE" and (group_N[apart.argmin(1)] == group_N).all() and made.place_N2.max() == pytest.approx(1)
    few = query.places(type(held)(tuple(ids[:8]), feature_NE[:8].astype(np.float16)))
    centred = feature_NE[:8].astype(np.float16).astype(float)
    values = np.linalg.svd(centred - centred.mean(0), compute_uv=False) ** 2
    assert few.how == "PCA" and few.share == pytest.approx(values[:2].sum() / values.sum(), abs=1e-3)
    assert query.places(type(held)((), np.zeros((0, 8), np.float16))).place_N2.shape == (0, 2)


BAD = [
    [["nothing", "eq", 1]], [["rows; DROP TABLE rows", "eq", 1]], [["label", "like", "%"]], [["label", "eq", 5]],
    [["loss", "lt", "1 OR 1=1"]], [["loss", "lt", float("nan")]], [["right", "eq", "true"]], [["label", "eq", "\ud800"]],
    [["label", "lt", "a"]], [["top5", "eq", "a"]], [["loss", "between", [1]]], [["label", "in", "runs"]], "right", [[1, 2]],
    [["label", "eq", "x" * 1001]], {"any": []}, [{"any": []}], [{"or": [[]]}], [["right", "eq", True]] * 51, [None],
    [{"not": [{"not": [{"not": [{"not": [{"not": []}]}]}]}]}],
]  # fmt: skip


@pytest.mark.parametrize("filters", BAD, ids=lambda one: str(one)[:40])
def test_what_is_no_filter_is_a_sentence(run, filters):
    with pytest.raises(ReaderError, match=r"\.$"):
        query.page(run[1], a, filters)


def test_no_question_reaches_outside_or_changes_a_row(run):
    folder, table, *_ = run
    reach = (f"SELECT * FROM '{folder}/run.json'", "ATTACH 'x.db'", "SET threads = 1", "COPY rows TO 'x.csv'", "INSTALL httpfs")
    for text in reach:
        with pytest.raises(Exception, match="Permission|configuration"):
            table.ask(text)
    hostile = [["label", "eq", "' OR 1=1 --"]]
    assert query.page(table, a, hostile)["total"] == 0 and query.slice_stats(table, a)["clips"] == N
    rng = random.Random(0)
    for _ in range(200):
        word = "".join(rng.choice("'\";-%_\n\0€ABC") for _ in range(rng.randrange(12)))
        name, what, value = ([*table.columns, word], ["eq", "in", "has", "lt", word], [word, 1, True])
        filters = [[rng.choice(name), rng.choice(what), rng.choice(value)]]
        try:
            assert query.page(table, a, filters)["total"] <= N
        except ReaderError:
            pass
    assert query.slice_stats(table, a)["clips"] == N


def test_a_page_and_pictures_are_a_few(run):
    folder, table, *_ = run
    for asked in ({"limit": 101}, {"limit": 0}, {"offset": -1}, {"limit": True}, {"sort": "top5"}, {"sort": "nothing"}):
        with pytest.raises(ReaderError):
            query.page(table, a, **asked)
    with pytest.raises(ReaderError, match="up to 60 ids"):
        query.tiles(folder, table, a, ["x"] * 61)
    found = query.tiles(folder, table, a, ["clip 01", "clip 59", "clip 99"])
    assert set(found) == {"clip 01", "clip 59"} and len(found["clip 59"]["video_E"]) == 16


@pytest.mark.parametrize("form", ["csv", "parquet"])
def test_what_is_exported_is_read_back_and_no_cell_is_a_formula(run, tmp_path, form):
    folder, table, rows, _ = run
    file = tmp_path / f"wrong.{form}"
    assert query.export(folder, a, query.filters_of(["right:eq:false"]), file) == sum(row["right"] is False for row in rows)
    wrong = [row for row in rows if row["right"] is False]
    if form == "parquet":
        back = files.read_rows(file)
        assert [row["label"] for row in back] == [row["label"] for row in wrong] and back[0]["top5"] == wrong[0]["top5"]
        return
    with file.open(newline="") as held:
        back = list(csv.DictReader(held))
    assert [row["clip_id"] for row in back] == [row["clip_id"] for row in wrong]
    assert {row["label"] for row in back if "runs" in row["label"]} == {"'=runs"}
    assert not any(cell.startswith(("=", "+", "@", "-")) for row in back for cell in row.values() if not cell[1:2].isdigit())
    with pytest.raises(ReaderError, match="ends in"):
        query.export(folder, a, [], tmp_path / "wrong.xlsx")


def test_a_slice_has_a_name_and_is_asked_again(run, tmp_path):
    marks = Marks(tmp_path)
    marks.put("slice", name="jumps", value=[["label", "eq", "jumps"]])
    assert query.slice_stats(run[1], a, marks.slices["jumps"])["clips"] == 12
    for bad in (("hat", "x", "y"), ("tag", "", "y"), ("slice", "x", "y"), ("tag", "x", ""), ("tag", "x", "y" * 101)):
        with pytest.raises(ReaderError, match=r"\.$"):
            marks.put(*bad)


def test_products_of_halves_are_those_of_numbers_however_small():
    rng = np.random.default_rng(0)
    half_NE = np.concatenate([rng.normal(size=(700, 9)), np.full((1, 9), 6e-8), np.zeros((1, 9)), -np.ones((1, 9))]).astype(
        np.float16
    )
    own_E = rng.normal(size=9).astype(np.float32)
    assert np.allclose(products(half_NE, own_E), half_NE.astype(np.float32) @ own_E, rtol=1e-5, atol=1e-9)


def test_letters_find_classes_and_what_they_are_confused_with(run):
    _, table, rows, _ = run
    found = query.confusion(table, a, find="WALKS")
    known = [row for row in rows if row["right"] is not None]
    pairs = {(row["label"], row["pred"]) for row in known if "walks" in row["label"] or "walks" in row["pred"]}
    assert set(found["classes"]) == {name for pair in pairs for name in pair} and found["of"] == len(CLASSES)
    assert query.confusion(table, a, find="nothing")["classes"] == []
    assert "walks\n<script>" in query.confusion(table, a, find="walks", most=1)["classes"]
