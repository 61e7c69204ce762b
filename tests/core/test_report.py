"""Tables of Markdown, and the documents that they are put into."""

import pytest

from core import METHODS, report
from core.evaluate.tables import number_table
from core.report import filled
from tests.markdown import rows


def test_a_table_keeps_the_columns_of_all_rows():
    table = number_table({"odd|name": {"a": None}, "full": {"a": 0.123, "b": 2}}, {"full": "all of it"})
    assert table.splitlines()[0] == "|  | a | b |"
    told = rows(table.replace("\\|", "/"))
    assert told["odd/name"] == ["—", "—"] and told["all of it"] == ["0.12", "2"]


def test_a_missing_marker_is_named_with_its_file():
    with pytest.raises(ValueError, match="A.md has no <!-- knobs:begin -->"):
        filled("nothing", {"knobs": "x"}, "A.md")


def test_a_method_without_a_readme_is_given_one_and_a_row_that_says_what_it_says_first(monkeypatch, tmp_path):
    """Written once, it is current, and what is written between its markers by hand is not kept."""
    monkeypatch.setattr(report, "ROOT", tmp_path)
    monkeypatch.setattr(report, "README", tmp_path / "README.md")
    report.README.write_text(report.marked("methods"))
    for name in METHODS:
        (tmp_path / "core" / "methods" / name).mkdir(parents=True)
    assert report.main(["--check"]) == 1 and report.main([]) == 0 and report.main(["--check"]) == 0
    for method in METHODS.values():
        file = tmp_path / "core" / "methods" / method.name / "README.md"
        text = file.read_text()
        assert text.splitlines()[0] == report.summary(method) in report.README.read_text()
        assert method.paper in text and all(f"`{knob.name}`" in text for knob in method.knobs.knobs())
        file.write_text(text.replace("<!-- knobs:begin -->", "<!-- knobs:begin -->\nby hand"))
    assert report.main(["--check"]) == 1 and report.main([]) == 0 and "by hand" not in file.read_text()
