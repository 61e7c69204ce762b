"""Facts about what is measured where it is asked for: an answer with a part set right, and whether maps are true to answers."""

import numpy as np
import pytest

from core.errors import BadData, BadKnob
from core.methods.stop import columns as own
from core.workbench import __main__ as command
from core.workbench import causes, drive, measure, plan, query, reading, request
from core.workbench.marks import Marks
from tests import tiny
from tests.core.workbench.test_measure import SIZE, one_clip, planned

ASKED = {"kept": 3, "eta": 12.0}


@pytest.fixture(scope="module")
def tried():
    """A drawn clip in which something acts: what was seen of it, and its row with both parts set right."""
    made, entry = one_clip()
    engine, held = tiny.engine(), planned(made)
    setting = measure.describe(engine, held, plan.Setting("stop", ASKED, (), oracles=("region", "counts")))
    seen = []
    kept = own.row
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(own, "row", lambda one: (seen.append(one), kept(one))[1])
        row, _ = measure.Measure(held, engine).row(entry, reading.read(entry, 5, SIZE), setting)
    assert row["status"] == "ok", row.get("why")
    return seen[0], row, held


def test_a_true_region_is_as_large_and_on_what_acts_and_true_counts_rise_with_motion(tried):
    seen, _, _ = tried
    given, on_TP = own.region_true(seen), own.acting(seen)
    assert given and on_TP is not None and (given["region_TP"].sum(-1) == 3).all()
    hit_T = (given["region_TP"].numpy() & on_TP).sum(-1)
    assert (hit_T == np.minimum(on_TP.sum(-1), 3)).all() and hit_T.any()
    count_G = np.array(own.counts_true(seen)["prompt_count_G"])
    assert sorted(count_G) == sorted(seen.trace["prompt_count_G"])
    assert (np.diff(count_G[np.argsort(seen.read.truth.energy_G, kind="stable")]) >= 0).all()


def test_what_a_clip_would_be_answered_is_what_the_engine_gives_with_the_part_in_place(tried):
    seen, row, held = tried
    for one in own.ORACLES:
        trace = tiny.engine().run("stop", seen.clip, texts=held.texts, given=one.given(seen), **ASKED)
        best = held.classes[int(trace["similarity_Y"].argmax())]
        assert row[one.column] == (best in seen.entry.own)


def test_a_kind_of_error_that_was_tried_is_a_cause_or_none():
    elsewhere, miscounted = own.ERRORS[-2:]
    for error, column, facts in ((elsewhere, "region", {"pointing": 0.1}), (miscounted, "counts", {"misfit": 3.0})):
        assert [error.holds(facts | {f"right_if_{column}_true": right}) for right in (None, True, False)] == [True, True, False]


def test_settings_without_them_are_called_as_before():
    assert plan.Setting("none", {"knob": 1}, ()).setting_id == plan.digest_of("none", {"knob": 1}, {}, (), "float32", "")
    assert (
        plan.Setting("none", {"knob": 1}, (), oracles=("region",)).setting_id
        != plan.Setting("none", {"knob": 1}, ()).setting_id
    )


def test_maps_of_a_slice_are_tested_and_those_of_other_clips_are_not_known(tmp_path, monkeypatch):
    monkeypatch.setattr(causes, "STEPS", 2)
    monkeypatch.setattr(causes, "SEEDS", 2)
    words = ["run", str(tmp_path / "run"), "--world", "2", "--frames", "4", "--set", "kept=2"]

    def asked(*more):
        args = command.arguments().parse_args([*words, *more])
        return request.plan_request(args, tiny.engine, {}), args.run

    with pytest.raises(BadData, match="without it first"):
        asked("--faithful", "right:eq:false")
    wanted, folder = asked()
    assert drive.drive(request.order_of(folder, wanted), workers=0) == drive.COMPLETE
    Marks(folder).put("slice", name="first", value=[["clip_id", "eq", "world:test:0:standard"]])
    wanted, _ = asked("--faithful", "first")
    assert drive.drive(request.order_of(folder, wanted), workers=0) == drive.COMPLETE
    (name,) = wanted.settings
    rows = {row["clip_id"]: row for row in query.page(query.open_run(folder, [name]), name)["rows"]}
    first, second = rows["world:test:0:standard"], rows["world:test:1:standard"]
    for stage in own.FAITHFUL:
        assert abs(first[f"faithful_{stage}"]) <= 4 and first[f"faithful_{stage}_better"] in (True, False)
        assert second[f"faithful_{stage}"] is None
    assert "maps tested: 1" in plan.said(plan.read_settings(folder))[name]
    with pytest.raises(BadData, match="there are 0"):
        asked("--faithful", "clip_id:eq:nobody")


@pytest.mark.parametrize(
    "extra, says",
    [(["--oracles", "sun"], "some of region, counts, got sun"), (["--oracles", "region", "--method", "stpn"], "some of none")],
)
def test_parts_that_nobody_can_set_right_are_a_sentence(tmp_path, extra, says):
    args = command.arguments().parse_args(["run", str(tmp_path / "run"), "--world", "1", *extra])
    with pytest.raises(BadKnob, match=says):
        request.plan_request(args, tiny.engine, {})


def test_one_more_setting_needs_no_list_of_the_clips(tmp_path, monkeypatch):
    folder = tmp_path / "run"
    args = command.arguments().parse_args(["run", str(folder), "--world", "1", "--frames", "4", "--set", "kept=2"])
    first = request.order_of(folder, request.plan_request(args, tiny.engine, {}))
    monkeypatch.setattr(request, "Engine", lambda *given, **asked: tiny.engine())
    args = command.arguments().parse_args(["add", str(folder), "--like", "1", "--set", "alpha=0.4"])
    order = request.add_request(args)
    (made,) = order.settings.values()
    assert made.knobs == first.settings[next(iter(first.settings))].knobs | {"alpha": 0.4} and order.plan == first.plan
    assert len(plan.read_settings(folder)) == 2
