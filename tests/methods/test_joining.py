"""Facts about CONTRIBUTING: the method that it shows, put where it says, has a tab, knobs, a viewer, endpoints, a link, a
figure, a notebook, a row in README and tables, without any other edit."""

import io
import json
import re
import sys
import zipfile
from importlib import util
from pathlib import Path

import numpy as np
import pytest

from app import page
from app.figures.payload import about_payload, figures_of, trace_payload
from app.main import launch
from app.server.clips import find_examples, find_videos
from core import METHODS, Engine, engine, report
from core.graph import check_wiring, downstream
from core.method import GIVEN
from core.methods import by_name
from core.publish import bundle, cells, figures, link, notebook, python, result, view
from tests import tiny

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def method(tmp_path, monkeypatch):
    """CONTRIBUTING's example, as a file that was found in the folder of methods."""
    code = re.search(r"```python\n(\"\"\"Glimpse.*?)```", (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8"), re.DOTALL)
    assert code, "CONTRIBUTING shows a whole method"
    file = tmp_path / "glimpse.py"
    file.write_text(code[1], encoding="utf-8")
    spec = util.spec_from_file_location("core.methods.glimpse", file)
    assert spec and spec.loader
    module = util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, spec.name, module)
    spec.loader.exec_module(module)
    made = module.METHOD
    known, methods = engine.METHODS, by_name((*engine.METHODS.values(), made))
    for holder in list(sys.modules.values()):
        if getattr(holder, "__name__", "").split(".")[0] in ("core", "app") and vars(holder).get("METHODS") is known:
            monkeypatch.setattr(holder, "METHODS", methods)
    return made


def test_a_newcomer_s_tab_stands_behind_those_that_have_a_place(method):
    assert list(METHODS.values()) == sorted(METHODS.values(), key=lambda one: (one.place, one.name))
    assert next(iter(METHODS.values())).place < method.place and method.name < next(iter(METHODS))


def test_it_runs_and_a_knob_reruns_what_follows_it(method):
    check_wiring(method.stages, (*GIVEN, *method.networks, *(one.name for one in method.knobs.knobs())))
    held, video = tiny.engine(), tiny.video()
    trace = held.run(method.name, video=video, budget=2, rate=1.0)
    assert len(trace["frame_K"]) == 2 and trace["said"]
    again = held.run(method.name, video=video, budget=2, rate=1.0, sure=0.5)
    assert again.ran == downstream(method.stages, "sure") == ("said",)
    assert held.grid(method.name) is None and method.sources == {"video", "device"}


def test_what_is_new_is_what_a_plain_loop_finds(method):
    trace = tiny.engine().run(method.name, video=tiny.video(), rate=1.0)
    feature_TE = trace["feature_TE"]
    plain = [1.0] + [1 - max(float(feature_TE[t] @ feature_TE[s]) for s in range(t)) for t in range(1, len(feature_TE))]
    assert np.allclose(trace["new_T"], plain, atol=1e-5)


def test_it_is_drawn_by_the_figures_of_its_kinds_and_nothing_is_said_of_it_that_is_not_so(method):
    trace = tiny.engine().run(method.name, video=tiny.video(), rate=1.0)
    assert figures_of(method) == ("Segments", "Sentence", "ChosenFrames") and not about_payload(method)["frame"]
    made = trace_payload(method, trace, "key", tiny.clip(), {"budget": 4}, None, [])
    assert made["grid"] is None and made["values"]["new_T"]["shape"] == [24] and made["values"]["span_T2"]["shape"] == [24, 2]
    assert made["values"]["said"] == trace["said"] and made["values"]["frame_K"] == list(trace["frame_K"])
    assert all(one.startswith("data:image/jpeg") for one in made["values"]["picture_KHWC"])


def test_it_has_a_link_a_figure_python_a_notebook_tables_and_readme_s_row(method):
    asked = view.View(view.Setting(method.name, "ten-minutes", 5, {"budget": 3}))
    assert link.from_link(link.to_link(asked), ("ten-minutes",)).view == asked and asked.overlay == "picture_KHWC"
    made = result.compute(tiny.engine(), asked, lambda name, frames: tiny.clip(T=frames), video=lambda name: tiny.video())
    assert figures.picture(made, "svg").data.startswith(b"<?xml")
    held = zipfile.ZipFile(io.BytesIO(bundle.bundle(made)))
    assert {"chosen.csv", "segments.csv"} <= set(held.namelist())
    assert len(held.read("chosen.csv").splitlines()) == 1 + 3 and str(made.trace["said"]) == str(np.load(
        io.BytesIO(held.read("arrays.npz"))
    )["said"])  # fmt: skip
    assert "'glimpse', video=video" in python.as_python(asked)
    assert "glimpse" in notebook.to_notebook([cells.keep(made)])
    tables, row = report.blocks(method), report.method_table({}).splitlines()[-1]
    assert "`budget`" in tables["knobs"] and "first frame" in tables["readings"]
    said = "The frames of a long video in which most is new, and what is seen in them in words."
    assert row.startswith(f"| [Glimpse](core/methods/glimpse.py) | {said} |")


def test_it_has_a_tab_last_of_all_that_draws_and_endpoints_that_answer(method, browser, tmp_path):
    client_of = pytest.importorskip("gradio_client", reason="gradio_client is not installed")
    recipe = {"title": "short", "question": "?", "seed": 5, "seconds": 60, "rate": 1, "size": [64, 96]}
    (tmp_path / "short.json").write_text(json.dumps(recipe))
    examples = find_examples(ROOT / "assets/clips") | find_videos(tmp_path)
    held = Engine("cpu", models={"stpn": tiny.stpn(), "stop_released": tiny.released()})
    made = page.build({"tiny": held}, examples)
    address = launch(made, wait=False)
    try:
        shown = browser.new_page()
        shown.set_default_timeout(120_000)
        shown.goto(f"{address}?v=1&m=glimpse&c=short&k.budget=5")
        tabs = shown.get_by_role("tab")
        tabs.last.wait_for()
        assert tabs.all_inner_texts()[-2:] == ["Glimpse", "Which frames?"]
        shown.wait_for_function("""() => { const one = document.querySelector('#viewer-glimpse .vw[data-done]');
            return one && JSON.parse(one.dataset.done).budget === 5; }""")
        root = shown.locator("#viewer-glimpse .vw")
        assert root.locator(".cf-frame").count() == 5 and "30 candidates" in root.locator(".tl-said").inner_text()
        assert root.locator(".st-said").inner_text() and root.locator(".vw-examples").inner_text() == "short"
        pixels = root.locator(".tl-canvas").evaluate("c => [...c.getContext('2d').getImageData(0, 0, c.width, c.height).data]")
        assert np.std(pixels) > 5
        shown.locator("#knob-glimpse-budget input[type=range]").press("ArrowRight")
        shown.wait_for_function("() => document.querySelectorAll('#viewer-glimpse .cf-frame').length === 6")
        shown.close()
        answer = client_of.Client(address, verbose=False).predict(clip="short", budget=5, api_name="/explain_glimpse")
        assert len(answer["frame_K"]) == 5 and answer["said"] and json.dumps(answer)
    finally:
        made.close()
