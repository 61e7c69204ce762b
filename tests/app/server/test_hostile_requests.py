"""Whatever is sent to the server, whoever sent it is answered in a sentence, soon, and learns nothing of anybody else; the
console gets a line. Chance is seeded: the same requests each time."""

import copy
import json
import socket
import time

import numpy as np
import pytest

from core import METHODS
from tests.bench.visitor import Visitor
from tests.pages import serving

SECONDS = 90  # for one answer, on a machine that twenty others use: what never comes is what is looked for
DEEP = 600  # lists in lists
METHOD_NAMES = tuple(METHODS)
# What takes seconds where it is right: asked less often.
SLOW = ("explanation", "tests_of_maps", "steadiness_of_maps", "checks", "sweep_run", "write_cells", "through", "curve")


def deep(levels=DEEP):
    made = []
    for _ in range(levels):
        made = [made]
    return made


HOSTILE = [
    None, True, False, 0, -1, 7, 3.5, 1e9, -1e9, 10**9, -(10**9), 10**30, float("nan"), float("inf"), -float("inf"), "", " ",
    "x", "x" * 100_000, "9" * 5000, "../../../etc/passwd", "/etc/passwd", "<script>alert(1)</script>", "\x00\x1b[31m\r\n",
    "\ud800", "{}", "[" * 3000, "NaN", [], [[]], [None] * 50, {}, {"a": 1}, {"name": {}}, {"who": {}, "kind": []}, deep(),
    ["x"] * 999, {"path": "/etc/passwd", "meta": {"_type": "gradio.FileData"}},
    {"values": [], "stamp": float("nan")}, {"values": deep(80)}, {"values": {"knobs": {}}}, {"knobs": deep()},
]  # fmt: skip


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    """Its own: other files' tests have a server that nobody was hostile to."""
    yield from serving(tmp_path_factory, tuple(METHODS))


@pytest.fixture(scope="module")
def address(served):
    return served[0]


@pytest.fixture
def visitor(address):
    one = Visitor(address).open()
    yield one
    one.close()


def sent(http, route, body):
    """The answer to a body as JSON, hostile numbers and half letters in it too."""
    began = time.monotonic()
    content = body if isinstance(body, (bytes, str)) else json.dumps(body)
    answer = http.post(route, content=content, headers={"content-type": "application/json"})
    assert time.monotonic() - began < SECONDS, (route, content[:200])
    assert answer.status_code < 500, (route, content[:200], answer.text[:300])
    return answer


def no_number(name):
    raise AssertionError(f"{name} is no JSON, and a browser reads none of it")


def harmless(answer, *foreign):
    """No word of the server's inside, and none of somebody else's, in what came back."""
    for word in ("Traceback", 'File "', "site-packages", "root:x:", *foreign):
        assert word not in answer, (word, answer[:300])


def mutated(value, rng):
    """The same with something hostile in one place, anywhere in it."""
    made = copy.deepcopy(value)
    place, key, parent = made, None, None
    while isinstance(place, (dict, list)) and len(place) and (parent is None or rng.random() < 0.8):
        keys = list(place) if isinstance(place, dict) else range(len(place))
        parent, key = place, keys[rng.integers(len(keys))]
        place = parent[key]
    evil = HOSTILE[rng.integers(len(HOSTILE))]
    if parent is None:
        return evil
    if rng.random() < 0.1:
        del parent[key]
    else:
        parent[key] = evil
    return made


def right(visitor, method):
    """What a server function of any kind would take, all in one."""
    values = visitor.untouched(method)
    sweep = {"x": ["alpha", "0, 1"], "y": ["eta", "0, 1"], "output": "region_TP", "number": ["similarity_Y", 0]}
    return visitor.message(values, kind="later", chosen={"text": 0}, attribution="occlusion", settings={"window": 3}, own=True,
                         shown=True, knob="alpha", sweep=sweep, pointed=[0.1, 0.1, 0.4, 0.4], method=method, form="JSON",
                         state={"frame": 1, "overlay": "", "pinned": {"values": values, "stamp": 1}}, text="[]")  # fmt: skip


def test_every_server_function_answers_anything_with_a_sentence(visitor, capfd):
    rng, asked = np.random.default_rng(0), set()
    for part in visitor.config["components"]:
        name = part["props"].get("elem_id") or ""
        method = name.removeprefix("viewer-") if name.startswith("viewer-") else METHOD_NAMES[0]
        for function in part["props"].get("server_fns") or []:
            asked.add(function)
            for turn in range(2 if function in SLOW else 6):
                data = mutated(right(visitor, method), rng) if turn % 3 else HOSTILE[rng.integers(len(HOSTILE))]
                body = {"session_hash": visitor.session, "component_id": part["id"], "fn_name": function, "data": data}
                answer = sent(visitor.http, "/gradio_api/component_server", body)
                harmless(answer.text)
                said = answer.json()
                if isinstance(said, str) and said.startswith(("{", "[")):
                    json.loads(said, parse_constant=no_number)
    assert {"at_once", "everything", "through", "curve", "far", "stop", "frames", "address", "explanation", "sweep_run",
            "checks", "edited_clip", "keep_view", "read_cells", "write_cells"} <= asked  # fmt: skip
    assert "Traceback" not in "".join(capfd.readouterr())


def endpoint(http, name, data):
    """What comes of an endpoint that programs use: the lines of its answer."""
    event = sent(http, f"/gradio_api/call/{name}", {"data": data})
    if not event.is_success:
        return event.text
    began = time.monotonic()
    lines = http.get(f"/gradio_api/call/{name}/{event.json()['event_id']}").text
    assert time.monotonic() - began < SECONDS
    return lines


def test_every_endpoint_answers_anything_with_a_sentence(visitor, capfd):
    rng, http = np.random.default_rng(1), visitor.http
    named = http.get("/gradio_api/info").json()["named_endpoints"]
    for name, told in named.items():
        begins = [one.get("parameter_default") for one in told["parameters"]]
        for turn in range(7):
            data = mutated(begins, rng) if turn else []
            answer = endpoint(http, name.strip("/"), data)
            harmless(answer)
            if "event: error" in answer:
                said = answer.partition("data: ")[2].strip()
                assert said not in ("", "null") and len(said) < 2000, (name, answer)
    assert len(named) >= 10 and "Traceback" not in "".join(capfd.readouterr())


def test_a_value_of_another_kind_is_named_in_the_answer(visitor, served):
    example = next(iter(served[2]))
    knobs = list(served[1].settings("stop", {}).values())
    for data, said in (
        ([example, 1, 8, 0, 0, *knobs], "Texts are a list of sentences, got 1."),
        ([example, {"a": 1}, 8, 0, 0, *knobs], "Texts are a list of sentences"),
        ([example, [], "many", 0, 0, *knobs], "frames"),
        ([["x"], [], 8, 0, 0, *knobs], "There is no example"),
        ([example, [], 8, 0, 0, "x", *knobs[1:]], "layer"),
    ):
        assert said in endpoint(visitor.http, "explain_stop", data)


def test_every_event_of_the_page_answers_anything(visitor, capfd):
    rng = np.random.default_rng(2)
    events = [one for one in visitor.config["dependencies"] if one["backend_fn"]]
    for number, one in enumerate(events):
        for _ in range(2):
            data = [HOSTILE[rng.integers(len(HOSTILE))] for _ in one["inputs"]]
            session = f"{visitor.session}{number}"
            evil = {"name": HOSTILE[rng.integers(len(HOSTILE))]}
            body = {"data": data, "fn_index": one["id"], "session_hash": session, "event_data": evil, "trigger_id": None}
            if one["queue"] is False:
                answer = visitor.http.post("/gradio_api/run/predict", content=json.dumps(body))
                harmless(answer.text)
            elif sent(visitor.http, "/gradio_api/queue/join", body).is_success:
                with visitor.http.stream("GET", "/gradio_api/queue/data", params={"session_hash": session}) as lines:
                    for line in lines.iter_lines():
                        harmless(line)
                        if "process_completed" in line:
                            break
    assert len(events) > 20 and "Traceback" not in "".join(capfd.readouterr())


def test_what_no_route_can_read_is_refused_and_costs_one_line(visitor, capfd):
    http = visitor.http
    bodies = ["", "{", "[" * 100_000, b"\xff\xfe", "null", "[]", "9" * 9000, json.dumps({"data": None, "session_hash": 3}),
              json.dumps({"session_hash": "x", "component_id": 10**9, "fn_name": "at_once", "data": None}),
              json.dumps({"session_hash": "x", "component_id": "x", "fn_name": [], "data": None}),
              json.dumps({"session_hash": "x", "component_id": 1, "fn_name": "__class__", "data": None}),
]  # fmt: skip
    for route in ("component_server", "queue/join", "run/predict", "call/explain_stop", "call/nothing", "upload"):
        unknown = [] if route == "call/explain_stop" else [json.dumps({"data": [], "fn_index": 10**9, "session_hash": "x"})]
        for body in bodies + unknown:
            answer = http.post(f"/gradio_api/{route}", content=body, headers={"content-type": "application/json"})
            assert 400 <= answer.status_code < 500, (route, body[:80], answer.status_code, answer.text[:200])
            harmless(answer.text)
    out = "".join(capfd.readouterr())
    assert "Traceback" not in out and all(len(line) < 1000 for line in out.splitlines())


def test_a_body_that_is_too_large_is_refused_before_it_is_read(visitor):
    began = time.monotonic()
    with socket.create_connection((visitor.http.base_url.host, visitor.http.base_url.port), timeout=SECONDS) as line:
        line.sendall(b"POST /gradio_api/component_server HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000000\r\n\r\n[")
        assert b" 413 " in line.recv(4096).partition(b"\r\n")[0]
    assert time.monotonic() - began < 5


def test_no_file_of_the_machine_is_served(visitor, served):
    clip = next(iter(served[2].values())).path
    for path in ("/etc/passwd", "../../../../etc/passwd", "%2e%2e/%2e%2e/etc/passwd", str(clip), "app/main.py"):
        answer = visitor.http.get(f"/gradio_api/file={path}")
        assert answer.status_code in (403, 404), path
