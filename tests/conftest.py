"""What several test files share."""

import base64
import gc
import random
import shutil
from zlib import crc32

import numpy as np
import pytest
import torch

from tests import pages

axe, page, served, served_whole = pages.axe, pages.page, pages.served, pages.served_whole  # fixtures
window, one_window = pages.window, pages.one_window
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
OFFLINE = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]


@pytest.fixture(scope="session")
def browser():
    playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    if CHROMIUM is None:
        pytest.skip("no chromium on this machine")
    playwright.expect.set_options(timeout=pages.PATIENCE)  # five seconds by itself: a busy machine is late, not wrong
    with playwright.sync_playwright() as driver:
        one = driver.chromium.launch(executable_path=CHROMIUM, args=OFFLINE)
        yield one
        one.close()


def pytest_collection_modifyitems(items):
    """A browser on a busy machine may be late: such a test runs a second time, and the summary lists it as RERUN."""
    for item in items:
        if "browser" in item.fixturenames:
            item.add_marker(pytest.mark.flaky(reruns=1))


def pytest_collection_finish(session):
    """What is here by now stays to the end: sweeping passes over it."""
    gc.collect()
    gc.freeze()


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item):
    """A test that draws without a seed draws the same in every run: which numbers, its name decides."""
    seed = crc32(item.nodeid.encode())
    random.seed(seed)
    np.random.seed(seed)
    torch.manual_seed(seed)


@pytest.fixture
def viewer(browser, request):
    """A page that holds the viewer's module and nothing else: of the method that the test file names in METHOD."""
    from app.figures.payload import figures_of
    from app.modules import one_file, styles, viewer_of
    from core import METHODS

    blank = browser.new_page(viewport={"width": 1000, "height": 900})
    blank.set_content(f"<style>{styles()}</style><div id=here></div>")
    module = one_file(viewer_of(figures_of(METHODS[request.module.METHOD])))
    source = base64.b64encode(module.encode()).decode()
    blank.evaluate(f"async () => {{ window.viewer = await import('data:text/javascript;base64,{source}'); }}")
    yield blank
    blank.close()


TABLES = pytest.StashKey[dict]()


@pytest.fixture(scope="session")
def tables(pytestconfig):
    """{title: rows of text}: tables printed after the run."""
    return pytestconfig.stash.setdefault(TABLES, {})


def pytest_sessionfinish(session):
    if hasattr(session.config, "workeroutput"):  # one of several processes: what it would print goes to the first
        session.config.workeroutput["tables"] = session.config.stash.get(TABLES, {})


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node, error):
    held = node.config.stash.setdefault(TABLES, {})
    for title, rows in getattr(node, "workeroutput", {}).get("tables", {}).items():
        held.setdefault(title, []).extend(map(tuple, rows))


def pytest_terminal_summary(terminalreporter, config):
    for title, rows in config.stash.get(TABLES, {}).items():
        terminalreporter.section(title)
        widths = [max(map(len, column)) for column in zip(*rows)]
        for row in rows:
            terminalreporter.line("  ".join(cell.ljust(width) for cell, width in zip(row, widths)).rstrip())
