"""Facts about CONTRIBUTING: the method that it shows, put where it says, has a tab, knobs, a viewer, endpoints, a link, a
figure, a notebook, a row in README and tables, without any other edit."""

import json
import re
import sys
from importlib import util
from pathlib import Path

import numpy as np
import pytest

from app import page
from app.figures.payload import about_payload, figures_of, trace_payload
from app.main import launch
from app.server.clips import find_examples
from core import METHODS, Engine, engine, report
from core.graph import check_wiring, downstream
from core.method import GIVEN
from core.methods import by_name
from core.publish import figures, link, notebook, python, result, view
from tests import tiny

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def method(tmp_path, monkeypatch):
    """CONTRIBUTING's example, as a file that was found in the folder of methods."""
    code = re.search(r"```python\n(\"\"\"Flicker.*?)```", (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8"), re.DOTALL)
    assert code, "CONTRIBUTING shows a whole method"
    file = tmp_path / "flicker.py"
    file.write_text(code[1], encoding="utf-8")
    spec = util.spec_from_file_location("core.methods.flicker", file)
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
    held, clip = tiny.engine(), tiny.clip()
    trace = held.run(method.name, clip, most=2)
    assert trace["marked_TP"].sum(-1).tolist() == [2] * len(clip)
    assert held.run(method.name, clip, most=2, eta=12.0).ran == downstream(method.stages, "eta") == ("prompt_count_G",)
    assert method.limits({"clip_towers": held.network("clip_towers").network})["most"] == trace["flicker_TP"].shape[1]


def test_it_is_drawn_by_the_figures_of_its_kinds_and_nothing_is_said_of_it_that_is_not_so(method):
    held, clip = tiny.engine(), tiny.clip()
    settings = held.settings(method.name, {})
    trace, grid = held.run(method.name, clip), held.grid(method.name)
    assert figures_of(method)[0] == "PatchMap" and not any("terms" in one for one in about_payload(method)["outputs"])
    values = trace_payload(method, trace, "key", clip, settings, grid)["values"]
    assert values["flicker_TP"].keys() == {"shape", "code"} and values["marked_TP"]["shape"] == [len(clip), grid[0] * grid[1]]
    assert values["prompt_count_G"]["count"] == list(trace["prompt_count_G"])
    assert values["prompt_count_G"]["rule"][0].endswith(f"→ {trace['prompt_count_G'][0]}")


def test_it_has_a_link_a_figure_python_a_notebook_and_readme_s_row_and_tables(method):
    asked = view.View(view.Setting(method.name, "1-moves", 5, {"most": 3}))
    assert link.from_link(link.to_link(asked), ("1-moves",)).view == asked and asked.overlay == "flicker_TP"
    made = result.compute(tiny.engine(), asked, lambda name, frames: tiny.clip(T=frames))
    assert figures.picture(made, "svg").data.startswith(b"<?xml")
    assert "'flicker', clip" in python.as_python(asked)
    assert "flicker" in notebook.to_notebook([notebook.keep(made)])
    tables, row = report.blocks(method), report.method_table({}).splitlines()[-1]
    assert "`most`" in tables["knobs"] and "first frame" in tables["readings"]
    assert row.startswith("| [Flicker](core/methods/flicker.py) | The patches that differ most from the frame before. |")


def test_it_has_a_tab_last_of_all_that_draws_and_endpoints_that_answer(method, browser, tmp_path):
    client_of = pytest.importorskip("gradio_client", reason="gradio_client is not installed")
    examples = find_examples(ROOT / "assets/clips")
    held = Engine("cpu", models={"stpn": tiny.stpn(), "stop_released": tiny.released()})
    made = page.build({"tiny": held}, examples)
    address = launch(made, wait=False)
    try:
        shown = browser.new_page()
        shown.set_default_timeout(120_000)
        shown.goto(f"{address}?v=1&m=flicker&c=1-moves&k.most=5")
        tabs = shown.get_by_role("tab")
        tabs.last.wait_for()
        assert tabs.all_inner_texts()[-1] == "Flicker"
        root = shown.locator("#viewer-flicker .vw[data-shown]")
        shown.wait_for_function("""() => { const one = document.querySelector('#viewer-flicker .vw[data-shown]');
            return one && JSON.parse(one.dataset.shown).most === 5; }""")
        pixels = root.locator(".vw-canvas").evaluate("c => [...c.getContext('2d').getImageData(0, 0, c.width, c.height).data]")
        assert np.std(pixels) > 5 and root.locator(".vw-gap").count() == 7
        assert "5 of 64 patches kept" in root.locator(".vw-canvas").get_attribute("aria-label")
        assert shown.locator("#viewer-flicker .vw-texts").is_hidden()
        shown.locator("#knob-flicker-most input[type=range]").press("ArrowRight")
        shown.wait_for_function("() => JSON.parse(document.querySelector('#viewer-flicker .vw').dataset.shown).most === 6")
        shown.close()
        said = client_of.Client(address, verbose=False).predict(clip="1-moves", most=5, api_name="/explain_flicker")
        assert [sum(row) for row in said["marked_TP"]] == [5] * 8 and json.dumps(said)
    finally:
        made.close()
