"""Facts about the page that needs no server: it asks nobody but its own host, follows every knob, reads a visitor's video,
works without a network after the first visit, is small, and is as easy to use as the page of the server."""

import json
import re

import numpy as np
from playwright.sync_api import expect

from app.site.build import cleared
from tests.app.site.conftest import READY
from tests.app.test_page_access import assert_easy_to_use, found
from tests.pages import PATIENCE, shown
from tests.published import opened, stop

MEGABYTE = 1_000_000


def payload_of(page):
    """What a page holds when it opens."""
    text = page.read_text(encoding="utf-8")
    return json.loads(re.search(r'<script id="payload" type="application/json">(.*?)</script>', text, re.DOTALL)[1])


def test_it_is_small_names_no_other_host_and_brings_the_runtime_s_licence(folder):
    """All of a method's page, and its first visit with what a browser with WebGPU loads besides."""
    files = [path for path in folder.rglob("*") if path.is_file()]
    shared = sum(path.stat().st_size for path in files if path.suffix not in (".gz", ".txt"))  # what is kept of every page
    for html in folder.glob("*.html"):
        told = payload_of(html)["networks"]
        graphs, runtime = told["graphs"], told["runtime"]
        everything, at_first = (
            sum((folder / path).stat().st_size for path in {path for one in some for path in (one["model"], *one["weights"])})
            for some in (graphs, [one for one in graphs if one["first"]])
        )
        binary = (folder / runtime["binary"]).stat().st_size
        assert shared + binary + everything <= 25 * MEGABYTE, html.name
        assert shared + binary + at_first <= 15 * MEGABYTE, html.name
        gpu = (folder / runtime["gpu"]["binary"]).stat().st_size
        assert shared + binary + at_first + gpu <= 25 * MEGABYTE, html.name
    assert sum(path.stat().st_size for path in files) <= 36 * MEGABYTE
    page = (folder / "index.html").read_text(encoding="utf-8")
    assert not re.findall(r"(?:src|href)\s*=\s*[\"']?(?:https?:)?//", page)
    assert "connect-src 'self'" in page and "default-src 'none'" in page
    assert any(path.name == "LICENSE" and "MIT License" in path.read_text() for path in files)
    assert not [path for path in files if path.suffix in (".onnx", ".bin", ".wasm")], "all of it travels packed"


def test_nothing_leaves_it_while_knobs_move_and_its_own_policy_holds(browser, address):
    context = browser.new_context(service_workers="block")
    page, asked, wrong = context.new_page(), [], []
    page.set_default_timeout(8 * PATIENCE)
    context.on("request", lambda one: asked.append(one.url))
    page.on("pageerror", lambda one: wrong.append(str(one)))
    page.on("console", lambda one: one.type == "error" and wrong.append(one.text))
    page.goto(address)
    expect(page.locator(".vw[data-shown]")).to_have_count(1, timeout=8 * PATIENCE)
    first = page.locator(".vw-canvas").get_attribute("aria-label")
    assert first.startswith("frame 1 of 8: 6 of 64 patches kept"), "what Python computed, before any network is there"
    expect(page.locator("#site-state")).to_contain_text("run in this browser", timeout=8 * PATIENCE)
    page.locator("#knob-kept").focus()
    page.keyboard.press("Home")
    expect(page.locator(".vw-canvas")).to_have_attribute(
        "aria-label", re.compile("^frame 1 of 8: 1 of 64"), timeout=8 * PATIENCE
    )
    page.locator("#knob-eta").focus()
    page.keyboard.press("Home")
    expect(page.locator(".vw-gap b").first).to_have_text("0", timeout=8 * PATIENCE)
    expect(page.locator(".vw-texts-state")).to_have_text("", timeout=8 * PATIENCE)
    page.get_by_role("button", name="a white diamond stays still").click()
    expect(page.locator("#site-texts")).to_have_value(re.compile("^a white diamond stays still"), timeout=PATIENCE)
    assert all(one.startswith((address, "data:", "blob:")) for one in asked) and not wrong
    assert len(asked) == len(set(asked)), "nothing is loaded twice"
    context.close()


def test_presets_turn_knobs_and_a_setting_is_pinned_beside_another(site):
    site.evaluate("() => site.choose(site.clips.example('1-moves'))")
    site.get_by_role("button", name="one patch").click()
    site.wait_for_function("() => JSON.parse(document.querySelector('.vw').dataset.done || '{}').kept === 1")
    site.locator(".vw").focus()
    site.keyboard.press("p")
    site.wait_for_selector(".vw-paired")
    site.evaluate("site.knobs.set({kept: 20})")
    site.wait_for_function("document.querySelector('.vw-chips')?.innerText.includes('Ns 1 → 20')")
    assert f"{8 * 19} of 512 patches changed sides" in site.locator(".vw-apart").inner_text()
    site.keyboard.press("p")
    site.get_by_role("button", name="Camera pan against a moving object").click()
    expect(site.locator("#site-look")).to_contain_text("The camera pans")
    site.get_by_role("button", name="defaults").click()


def test_a_visitor_s_video_is_read_where_python_reads_it(site, tmp_path):
    """VP9 of the first example's frames, which browsers decode; ours is of another codec. Colours differ a little."""
    import av

    whole, file = opened("1-moves", 32), tmp_path / "own.webm"
    with av.open(str(file), "w") as made:
        stream = made.add_stream("libvpx-vp9", 16, options={"crf": "4", "b": "0", "lag-in-frames": "0", "cpu-used": "8"})
        stream.width, stream.height, stream.pix_fmt = 256, 256, "yuv420p"
        for frame_HWC in whole.frames_THWC:
            made.mux(stream.encode(av.VideoFrame.from_ndarray(frame_HWC, format="rgb24")))
        made.mux(stream.encode())
    site.locator("#site-own [type=file]").set_input_files(file)
    site.wait_for_function("() => document.querySelector('.vw-clip').textContent.includes('own.webm')")
    site.wait_for_function("() => document.querySelector('.vw').dataset.texts === document.querySelector('.vw').dataset.shown")
    key = shown(site)["clip"]
    theirs = site.evaluate("key => { const {data, dims} = site.clips.get(key).frames_THWC; return [[...data], dims]; }", key)
    frames = np.array(theirs[0], np.uint8).reshape(theirs[1])
    ours = opened("1-moves", 8)
    assert frames.shape == ours.frames_THWC.shape
    apart = np.abs(frames.astype(int) - ours.frames_THWC.astype(int)).mean()
    assert apart < 6, f"{apart:.1f} grey levels"
    neighbours = [np.abs(frames[3].astype(int) - one.astype(int)).mean() for one in ours.frames_THWC]
    assert int(np.argmin(neighbours)) == 3, "the frame of the right time"
    expect(site.locator(".vw-texts")).to_contain_text("no real video")
    wrong = tmp_path / "none.mp4"
    wrong.write_bytes(b"no video at all")
    site.locator("#site-own [type=file]").set_input_files(wrong)
    expect(site.locator(".vw-wait").first).to_contain_text("cannot decode none.mp4")
    site.evaluate("() => site.choose(site.clips.example('1-moves'))")


def test_after_the_first_visit_it_needs_no_network(browser, address):
    context = browser.new_context(bypass_csp=True)
    page = context.new_page()
    page.set_default_timeout(8 * PATIENCE)
    page.goto(address)
    page.wait_for_function(READY)
    page.evaluate("async () => { await navigator.serviceWorker.ready; }")
    page.wait_for_function("() => navigator.serviceWorker.controller")
    context.set_offline(True)
    page.goto(address)
    page.wait_for_function(READY)
    page.evaluate("site.knobs.set({alpha: 0.7})")
    page.wait_for_function("() => JSON.parse(document.querySelector('.vw').dataset.done || '{}').alpha === 0.7")
    assert page.evaluate("self.crossOriginIsolated"), "so that networks may run in several threads"
    page.wait_for_selector("#site-state[data-settled]", state="attached")
    said = page.locator("#site-state").inner_text()
    assert "threads" in said or page.evaluate("navigator.hardwareConcurrency") == 1, "whether they do was measured, and is said"
    context.close()


def test_it_is_as_easy_to_use_as_the_page_of_the_server(site, axe):
    assert_easy_to_use(site, axe)
    site.locator("#site-glossary").click()
    expect(site.locator("dialog.gl")).to_be_visible()
    assert not found(site, "dialog.gl")
    site.keyboard.press("Escape")


def test_the_stored_first_picture_is_python_s(folder):
    """The trace that travels along is that of the example at the default knobs."""
    payload = payload_of(folder / "index.html")
    assert payload["trace"]["clip"] == "1-moves" and payload["trace"]["done"]
    assert payload["trace"]["values"]["prompt_count_G"]["count"] != list(stop().trace["prompt_count_G"]), "not that of others"
    assert [one["name"] for one in payload["examples"]][0] == "1-moves" and len(payload["examples"]) == 6


def test_an_earlier_build_goes_and_what_is_not_the_site_s_stays(tmp_path):
    for name in ("offline.js", "stop.0123.js", "index.html", "networks/stop.0123/video.onnx.gz", "CNAME", "robots.txt"):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("old")
    other = tmp_path / "other"
    other.mkdir()
    (other / "index.html").write_text("somebody's")
    cleared(other)
    cleared(tmp_path)
    assert {path.name for path in tmp_path.rglob("*") if path.is_file()} == {"CNAME", "robots.txt", "index.html"}
    assert (other / "index.html").read_text() == "somebody's"
