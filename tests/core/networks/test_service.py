"""Facts about models behind an endpoint, held against a small server: answers, tries, sentences, and a key that is nowhere."""

import json
import threading
import time
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from core import METHODS, BadService, BadWeights, Cancelled, Engine
from core.cache import StageCache
from core.graph import Source, run
from core.method import Network
from core.networks import service as services
from core.networks.service import Service, endpoint, service
from core.progress import watched
from tests import tiny

KEY = "sk-secret-7f3a"
SAID = json.dumps({"choices": [{"message": {"role": "assistant", "content": "a red ring"}}]})


@pytest.fixture
def server(monkeypatch):
    """Answers what `server.answers` says next, (state, body) or seconds to wait; holds what it was asked."""
    monkeypatch.setenv("SERVICE_API_KEY", KEY)
    monkeypatch.setattr(services, "PAUSE", 0.01)

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            body = self.rfile.read(int(self.headers["Content-Length"]))
            here.asked.append((self.path, dict(self.headers), json.loads(body)))
            state, said = here.answers.pop(0) if here.answers else (200, SAID)
            if state == "wait":
                time.sleep(said)
                state, said = 200, SAID
            self.send_response(state, KEY)
            self.send_header("Location", f"http://127.0.0.1:{here.server_port}/elsewhere")
            self.end_headers()
            self.wfile.write(said.encode())

        def log_message(self, *_):
            pass

    here = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    here.answers, here.asked, here.daemon_threads = [], [], True
    thread = threading.Thread(target=here.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    yield here
    here.shutdown()
    here.server_close()


def spec(server):
    return f"http://127.0.0.1:{server.server_port}/v1,model=small"


def asking(server, **settings):
    return Service(endpoint(spec(server)), "Say: {what}", **{"pause": 0.01} | settings)


def test_it_asks_in_the_form_of_the_endpoint_and_gives_the_answer(server):
    assert asking(server)(what="hello") == "a red ring"
    path, headers, body = server.asked[0]
    assert path == "/v1/chat/completions" and headers["Authorization"] == f"Bearer {KEY}"
    assert body == {"model": "small", "messages": [{"role": "user", "content": "Say: hello"}], "temperature": 0.0}
    asking(server)(what="what is it", images=[b"jpeg"], temperature=0.7, seed=3)
    _, _, body = server.asked[1]
    assert body["seed"] == 3 and body["temperature"] == 0.7
    assert body["messages"][0]["content"][1] == {"type": "image_url", "image_url": {"url": "data:image/jpeg;base64,anBlZw=="}}


def test_a_busy_or_broken_server_is_asked_again_and_a_refusal_is_not(server):
    server.answers = [(500, KEY), (429, KEY), (200, SAID)]
    assert asking(server)(what="x") == "a red ring" and len(server.asked) == 3
    server.answers = [(503, KEY)] * 9
    with pytest.raises(BadService, match="cannot be used: it answered 503 Service Unavailable.") as wrong:
        asking(server, tries=3)(what="x")
    assert len(server.asked) == 6 and KEY not in str(wrong.value)
    server.answers = [(401, KEY)]
    with pytest.raises(BadService, match="it answered 401 Unauthorized."):
        asking(server)(what="x")
    assert len(server.asked) == 7


def test_an_answer_that_leads_elsewhere_is_not_followed(server):
    server.answers = [(307, "")]
    with pytest.raises(BadService, match="it answered 307 Temporary Redirect."):
        asking(server)(what="x")
    assert [path for path, _, _ in server.asked] == ["/v1/chat/completions"]


@pytest.mark.parametrize("said", ["{", "[]", '{"choices": []}', '{"choices": [{"message": {"content": null}}]}', KEY])
def test_what_is_no_answer_is_one_sentence(server, said):
    server.answers = [(200, said)]
    with pytest.raises(BadService, match="answered, but not as an OpenAI-compatible endpoint does") as wrong:
        asking(server)(what="x")
    assert KEY not in str(wrong.value)


def test_a_slow_one_is_waited_for_so_long_and_can_be_called_off(server):
    server.answers = [("wait", 0.2)]
    assert asking(server)(what="x") == "a red ring"
    server.answers = [("wait", 2.0)] * 2
    with pytest.raises(BadService, match="cannot be used: it did not answer within 0.1 s."):
        asking(server, seconds=0.1, tries=2)(what="x")
    server.answers, began = [("wait", 5.0)], time.monotonic()

    def leave(done):
        if time.monotonic() - began > 0.2:
            raise Cancelled("Called off.")

    with pytest.raises(Cancelled), watched(leave):
        asking(server)(what="x")
    assert time.monotonic() - began < 2


def test_one_that_is_not_there_is_one_sentence(server):
    gone = asking(server, tries=2)
    server.shutdown()
    server.server_close()
    with pytest.raises(BadService) as wrong:
        gone(what="x")
    assert str(wrong.value) == f"The service at {gone.endpoint.place} (small) cannot be used: nothing answers there."


def test_the_key_is_in_no_text(server, monkeypatch):
    loaded = service("Say: {what}")(spec(server))
    for one in (loaded, loaded.network, loaded.network.endpoint, loaded.label, loaded.digest):
        assert KEY not in repr(one)
    assert loaded.label == f"small at 127.0.0.1:{server.server_port}"
    monkeypatch.setenv("SERVICE_API_KEY", f"{KEY}\nX: y")
    with pytest.raises(BadService, match="The key in SERVICE_API_KEY is not one line of plain characters.") as wrong:
        loaded.network(what="x")
    assert KEY not in str(wrong.value) and wrong.value.__cause__ is None
    monkeypatch.delenv("SERVICE_API_KEY")
    loaded.network(what="x")
    assert "Authorization" not in server.asked[-1][1]  # a server of one's own needs none
    monkeypatch.setenv("OTHER_KEY", "sk-other")
    service("{what}")(f"{spec(server)},key=OTHER_KEY").network(what="x")
    assert server.asked[-1][1]["Authorization"] == "Bearer sk-other"


@pytest.mark.parametrize("given, told", [
    ("127.0.0.1:80,model=x", "A service is URL,model=NAME"), ("ftp://host,model=x", "A service is URL,model=NAME"),
    ("http://host", "A service is URL,model=NAME"), ("http://host,model=", "A service is URL,model=NAME"),
    ("http://host,model=x,token=sk-1", "A service is URL,model=NAME"), ("http://host,model=x,key=sk-1", "A service is"),
    ("http://host,model=x,key=sk1", "A service is URL,model=NAME"),
    ("http://host:port,model=x", "A service is URL,model=NAME"),
    ("http://me:sk-1@host,model=x", "has no user, password or query"),
    ("http://host/v1?api_key=sk-1,model=x", "has no user, password or query"),
])  # fmt: skip
def test_what_is_no_endpoint_is_refused_without_saying_it_back(given, told):
    with pytest.raises(BadWeights, match=told) as wrong:
        endpoint(given)
    assert "sk-1" not in str(wrong.value)


def test_a_digest_is_endpoint_model_and_words():
    url = "http://127.0.0.1:9/v1"
    made = {service(words)(f"{url}{end},model={model}").digest
            for words in ("a {x}", "b {x}") for end in ("", "2") for model in ("m", "n")}  # fmt: skip
    assert len(made) == 8
    assert service("a {x}")(f"{url}/,model=m").digest in made


def test_a_sampled_answer_is_kept_only_with_a_seed(server):
    asker = asking(server)

    def answer(seed, heat):
        return asker(what="x", temperature=heat, seed=seed)

    def length(answer):
        return len(answer)

    def ran(seed, heat):
        return run((answer, length), {"seed": Source(seed, repr(seed)), "heat": Source(heat, repr(heat))}, cache).ran

    for seed, heat, again in ((None, 0.0, ()), (4, 0.7, ()), (None, 0.7, ("answer",))):
        cache = StageCache()
        assert ran(seed, heat) == ("answer", "length") and ran(seed, heat) == again


def test_a_service_is_a_network_of_a_method(server):
    def caption(speaker) -> str:
        """What it says."""
        return speaker(what="what happens")

    stop = METHODS["stop"]
    talker = Network("talker", service("Say: {what}"))
    own = dict(name="talk", stages=(caption,), networks={"speaker": talker}, limits=lambda networks: {})
    method = replace(stop, outputs=(), layout=(), **own)
    methods = {**METHODS, "talk": method}
    engine, clip = Engine("cpu", models={"talker": spec(server)}, methods=methods), tiny.clip(3)
    trace = engine.run("talk", clip)
    assert trace["caption"] == "a red ring" and trace.weights == {"speaker": f"small at 127.0.0.1:{server.server_port}"}
    assert engine.run("talk", clip).ran == () and engine.shelf.bytes == 0
    assert KEY not in repr(engine.models) + repr(trace)
    with pytest.raises(BadService, match="This needs a language model, and none was named: --service NAME=URL,model=NAME"):
        Engine("cpu", methods=methods).run("talk", clip)
