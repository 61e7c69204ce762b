"""One site for all of its tests, and a server that does nothing but hand out its files."""

import base64
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest
from filelock import FileLock

from app.modules import one_file
from app.site import runtime
from core import ReaderError
from tests.pages import PATIENCE
from tests.published import ROOT, engine

READY = "() => document.querySelector('#site-state').textContent.includes('run in this browser')"


class Silent(SimpleHTTPRequestHandler):
    def log_message(self, format, *args): ...


@pytest.fixture(scope="session")
def folder(tmp_path_factory, worker_id):
    """All of it, written by its own command's function, once for all processes of a run: no test writes into it."""
    pytest.importorskip("onnx", reason="onnx is not installed")
    from app.site.build import build

    try:
        runtime.archive(runtime.CACHE)
    except ReaderError as wrong:
        pytest.skip(f"the runtime is not here and cannot be fetched: {wrong}")
    own = tmp_path_factory.getbasetemp()
    made = (own if worker_id == "master" else own.parent) / "site"
    made.mkdir(exist_ok=True)
    with FileLock(made.with_suffix(".lock")):
        if not made.with_suffix(".done").exists():
            build(made, ROOT / "assets/clips", engine(), told=lambda text: None)
            made.with_suffix(".done").touch()
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
def pixels(browser):
    """(function of the site's modules, frames, what else it is given) → the grey values that it makes of them."""
    page = browser.new_page()
    module = one_file('export {degraded} from "./site/degradations.js";\nexport {resized} from "./site/resize.js";\n')
    source = base64.b64encode(module.encode()).decode()
    page.evaluate(f"async () => {{ window.script = await import('data:text/javascript;base64,{source}'); }}")
    run = "([name, data, dims, rest]) => [...script[name]({data: Uint8Array.from(data), dims}, ...rest).data]"
    yield lambda name, frames, *rest: page.evaluate(run, [name, frames.flatten().tolist(), list(frames.shape), rest])
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
