"""Facts about A beside B in the viewer of the released code: the weights of frames that need its networks, in numbers."""

import pytest
from playwright.sync_api import expect

from app.figures.payload import about_payload, beside_payload, clip_payload, trace_payload
from core import METHODS
from core.methods import stop_released
from tests import tiny

METHOD = "stop_released"


def run(mate, stamp):
    """A small network's run, as the page sends it."""
    engine, clip = tiny.engine(), tiny.clip(T=5)
    trace = engine.run(METHOD, clip, mate=mate)
    settings = engine.settings(METHOD, {"mate": mate})
    made = trace_payload(METHODS[METHOD], trace, "toy", clip, settings, engine.grid(METHOD), [], None, stamp)
    return trace, made | beside_payload(engine, METHODS[METHOD], clip, settings, trace)


def test_towers_that_read_no_texts_say_what_would(viewer):
    _, made = run("none", 1)
    made["values"]["reads_texts"] = False
    payload = {"about": about_payload(METHODS[METHOD]), "clip": clip_payload("toy", tiny.clip(T=5)), "trace": made}
    viewer.evaluate("payload => { window.view = viewer.mount(document.querySelector('#here'), payload); }", payload)
    viewer.wait_for_selector(".rl[data-done]")
    expect(viewer.locator(".rl-texts")).to_contain_text("needs a ViT-B/32", use_inner_text=True)


def test_the_weights_of_a_s_frames_stand_beside_b_s(viewer):
    clip = tiny.clip(T=5)
    a_trace, a = run("noise", 1)
    b_trace, b = run("still", 2)
    payload = {"about": about_payload(METHODS[METHOD]), "clip": clip_payload("toy", clip), "trace": a}
    viewer.evaluate("payload => { window.view = viewer.mount(document.querySelector('#here'), payload); }", payload)
    viewer.wait_for_selector(".rl[data-done]")
    assert viewer.locator(".vw-versus").is_hidden()
    viewer.locator(".rl").press("p")
    viewer.wait_for_selector(".vw-versus:not([hidden])")
    viewer.evaluate("trace => view.update({trace})", b)
    expect(viewer.locator(".vw-chips")).to_contain_text("batch noise → still", use_inner_text=True)
    rows = [one.split("\t") for one in viewer.locator(".vw-apart").inner_text().splitlines()]
    title = next(one.title for one in stop_released.METHOD.outputs if one.stage == "weight_T")
    told = [one[1:] for one in rows if one[0].startswith(f"{title}, frame")]
    assert len(told) == 5
    for (left, right, apart), x, y in zip(told, a_trace["weight_T"].tolist(), b_trace["weight_T"].tolist(), strict=True):
        assert float(left) == pytest.approx(x, abs=6e-4) and float(right) == pytest.approx(y, abs=6e-4)
        assert float(apart.replace("−", "-")) == pytest.approx(y - x, abs=1.1e-3)
    viewer.locator(".vw-pin").click()
    assert viewer.locator(".vw-versus").is_hidden() and viewer.evaluate("view.state().pinned") is None
