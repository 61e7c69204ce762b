"""Facts about one link on both pages, the server's and that without a server: in a browser they say the same of it."""

import re

import pytest

from app.main import launch
from app.page import build
from app.server.clips import find_examples
from core.publish.link import to_link
from core.publish.view import Setting, View
from tests.app.site.conftest import READY
from tests.app.site.test_link import VIEWS
from tests.pages import PATIENCE
from tests.published import ROOT, engine

LINKS = (VIEWS[2], View(Setting("stpn", "2-bounces", knobs={"t": 3, "supports": 4, "spoil": "defocus"}), frame=2))
# times; the end of a file's name; what reads the whole clip; the end of an axis, which grows with what was seen
OWN = r"\d ms|FLOPs|^Stages|· \d+×\d+ ·|^Shuffled|severit|^Through the clip|^0\.\d$"
SERVED = {"STPN", "·", "single frame"}  # marks of what reads the whole clip
TOLD = """([method, wanted]) => {
  const told = JSON.parse(document.querySelector(`#viewer-${method} .vw, #site-viewer .vw`)?.dataset.texts || "{}");
  return Object.entries(wanted).every(([name, value]) => told[name] === value);
}"""


@pytest.fixture(scope="module")
def server():
    """The page over the shipped weights."""
    page = build({"shipped": engine()}, find_examples(ROOT / "assets/clips"))
    yield launch(page, wait=False)
    page.close()


def lines(browser, address, view, ready):
    """What the viewer says."""
    context = browser.new_context(viewport={"width": 1280, "height": 900}, service_workers="block")
    page = context.new_page()
    page.set_default_timeout(8 * PATIENCE)
    page.goto(f"{address}?{to_link(view)}")
    if ready:
        page.wait_for_function(ready)
    page.wait_for_function(TOLD, arg=[view.shown.method, view.shown.settings])
    page.wait_for_timeout(2000)  # what is asked for last is there, too
    said = page.locator(f"#viewer-{view.shown.method} .vw, #site-viewer .vw").inner_text()
    context.close()
    return [line.strip() for line in said.splitlines() if line.strip() and not re.search(OWN, line)]


@pytest.mark.parametrize("view", LINKS, ids=lambda view: view.shown.method)
def test_one_link_says_the_same_on_both_pages(browser, server, address, view):
    file = "" if view.shown.method == "stop" else f"{view.shown.method}.html"
    there, here = lines(browser, server, view, ""), lines(browser, address + file, view, READY)
    assert len(here) > 40
    assert [line for line in here if line not in SERVED] == [line for line in there if line not in SERVED]
