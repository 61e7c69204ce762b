"""A reader of the page without a browser: opens it, uploads a clip, moves knobs, explains, over the page's own connections."""

import json
import secrets
import time

import httpx

PATIENCE = 600  # seconds for one answer


class Visitor:
    """One tab of one reader. address: of the page."""

    def __init__(self, address):
        self.http = httpx.Client(base_url=address, timeout=PATIENCE)
        self.session, self.who = secrets.token_hex(8), secrets.token_hex(8)
        self.config, self.handle = None, None

    def open(self):
        """Everything that a browser asks for before it draws: the page, what is in it, and what a link would change."""
        self.http.get("/").raise_for_status()
        self.config = self.http.get("/config").raise_for_status().json()
        load = next(one for one in self.config["dependencies"] if any(event == "load" for _, event in one["targets"]))
        self.event(load["id"], [])
        return self

    def close(self):
        self.http.close()

    def part(self, elem_id):
        """A component of the page by its id."""
        return next(one for one in self.config["components"] if one["props"].get("elem_id") == elem_id)

    @property
    def clip(self):
        """The component that holds the handle of the clip that the page begins with."""
        first = self.untouched("stop")["clip"]
        return next(one for one in self.config["components"] if one["props"].get("value") == first)

    def untouched(self, method):
        """The values that a method's tab begins with."""
        script = self.part(f"viewer-{method}")["props"]["js_on_load"]
        return json.JSONDecoder().raw_decode(script.partition('"untouched": ')[2])[0]["values"]

    def values(self, method, **turned):
        """Values of a tab. turned: those, knobs among them, that are not as they begin."""
        made = self.untouched(method) | ({"clip": self.handle} if self.handle else {})
        knobs = {name: value for name, value in turned.items() if name not in made}
        return made | {name: turned[name] for name in turned.keys() & made} | {"knobs": made["knobs"] | knobs}

    def message(self, values, **more):
        """What the browser sends of them."""
        return {"values": values, "stamp": time.perf_counter() * 1e3, "who": self.who} | more

    def ask(self, method, function, data):
        """A server function of a method's viewer: what it answers, read from its JSON."""
        component = self.part(f"viewer-{method}")["id"]
        said = self.served(component, function, data).raise_for_status().json()
        return json.loads(said) if isinstance(said, str) else said

    def served(self, component, function, data):
        """The same, as it comes over HTTP."""
        asked = {"session_hash": self.session, "component_id": component, "fn_name": function, "data": data}
        return self.http.post("/gradio_api/component_server", json=asked)

    def upload(self, path, method="stop"):
        """A file becomes this reader's clip; its handle."""
        with open(path, "rb") as file:
            held = self.http.post("/gradio_api/upload", files={"files": (path.name, file)}).raise_for_status().json()[0]
        own = self.part(f"own-{method}")["id"]
        change = next(one for one in self.config["dependencies"] if [own, "change"] in one["targets"])
        data = {"path": held, "orig_name": path.name, "meta": {"_type": "gradio.FileData"}}
        texts, clip = [""] * (len(change["inputs"]) - 1), self.clip["id"]
        self.handle = self.event(change["id"], [data, *texts])["data"][change["outputs"].index(clip)]
        return self.handle

    def event(self, number, data):
        """An event of the page that queues: its output. What it says instead is a RuntimeError."""
        asked = {"data": data, "fn_index": number, "session_hash": self.session, "event_data": None, "trigger_id": None}
        event = self.http.post("/gradio_api/queue/join", json=asked).raise_for_status().json()["event_id"]
        with self.http.stream("GET", "/gradio_api/queue/data", params={"session_hash": self.session}) as lines:
            for line in lines.iter_lines():
                told = json.loads(line.removeprefix("data: ")) if line.startswith("data: ") else {}
                if told.get("event_id") == event and told["msg"] == "process_completed":
                    if not told["success"]:
                        raise RuntimeError(told["output"].get("error") or "an error without a sentence")
                    return told["output"]
        raise RuntimeError("The server said nothing more.")
