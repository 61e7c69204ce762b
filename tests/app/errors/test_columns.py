"""Facts about columns that a reader is offered."""

from app.errors.questions import setting_payload
from core.workbench import files, query
from core.workbench.columns import ANSWERED, GENERAL
from core.workbench.plan import Setting


def test_where_no_clip_has_a_label_nothing_is_said_of_what_is_right(tmp_path):
    setting, file = Setting("none", {}, (*GENERAL, *ANSWERED)), tmp_path / "rows.parquet"

    def columns(label):
        row = {"setting": setting.setting_id, "shard": 0, "clip_id": "1", "status": "ok", "label": label, "pred": "runs"}
        files.write_parquet(file, setting.columns, [row], {})
        table = query.table_of({setting.setting_id: setting}, {setting.setting_id: [file]}, 1)
        told = setting_payload(setting.setting_id, setting, "none", table)
        return {one["name"] for one in told["columns"]}, told["first"]

    known, first = columns("runs")
    assert {"label", "right", "loss", "pred", "margin"} <= known and "right" in first
    unknown, first = columns(None)
    assert known - unknown == {one.name for one in (*GENERAL, *ANSWERED) if one.needs == "labels"}
    assert "right" not in first
