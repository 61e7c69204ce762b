"""One site for all of its tests, and a server that does nothing but hand out its files."""

import base64
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest

from app.modules import one_file
from app.site import runtime
from core import ReaderError
from tests.pages import PATIENCE
from tests.published import ROOT, engine

READY = "() => document.querySelector('#site-state').textContent.includes('run in this browser')"


class Silent(SimpleHTTPRequestHandler):
    def log_message(self, format, *args): ...


@pytest.fixture(scope="session")
def folder(tmp_path_factory):
    """All of it, written by its own command's function."""
    pytest.importorskip("onnx", reason="onnx is not installed")
    from app.site.build import build

    try:
        runtime.archive(runtime.CACHE)
    except ReaderError as wrong:
        pytest.skip(f"the runtime is not here and cannot be fetched: {wrong}")
    made = tmp_path_factory.mktemp("site")
    build(made, ROOT / "assets/clips", engine(), told=lambda text: None)
    return made


@pytest.fixture(scope="session")
def address(folder):
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Silent, directory=str(folder)))
    Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_address[1]}/"
    server.shutdown()


@pytest.fixture(scope="module")
def site(browser, address):
    """The page when its networks are there."""
    yield from visited(browser, address)


@pytest.fixture(scope="module")
def prompted(browser, address):
    """The same, of the method that prompts a detector."""
    yield from visited(browser, f"{address}stpn.html")


@pytest.fixture
def degraded(browser):
    """(frame, kind, severity, its place in the clip) → the numbers of the spoilt frame, as the site's own module makes it."""
    page = browser.new_page()
    module = one_file('import {degraded as made} from "./site/degradations.js";\nexport const degraded = made;\n')
    source = base64.b64encode(module.encode()).decode()
    page.evaluate(f"async () => {{ window.script = await import('data:text/javascript;base64,{source}'); }}")
    run = "([data, dims, ...rest]) => [...script.degraded({data: Uint8Array.from(data), dims}, ...rest).data]"
    yield lambda frame, *rest: page.evaluate(run, [frame.flatten().tolist(), list(frame.shape), *rest])
    page.close()


def visited(browser, address):
    context = browser.new_context(viewport={"width": 1280, "height": 900}, bypass_csp=True, service_workers="block")
    page = context.new_page()
    page.set_default_timeout(8 * PATIENCE)
    page.goto(address)
    page.wait_for_selector(".vw[data-shown]")
    page.wait_for_function(READY)
    yield page
    context.close()
