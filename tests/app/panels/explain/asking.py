"""Server functions of the folds “Explain” and “Self-check”, asked as the browser asks them."""

import base64
import json

import numpy as np

from app.panels import explain as explaining
from app.panels import selfcheck as checking
from app.server.clips import Clips
from app.server.jobs import Running
from app.server.request import Desk
from core import METHODS
from tests.pages import request_of

TEXTS = "a red ball moves\na ball stays still"
BRIEF = {"integrated_gradients": {"steps": 4}}


class Asking:
    """One method's server functions, asked as the browser asks them."""

    def __init__(self, method, engine, examples):
        self.engine, self.clips = engine, Clips(examples)
        self.desk = Desk(METHODS[method], {"tiny": engine}, self.clips, Running())
        self.path = str(next(iter(examples.values())).path)
        self.served = {one.__name__: one for one in (*explaining.serve(self.desk), *checking.serve(self.desk))}

    def sent(self, texts=TEXTS, path=None, **knobs):
        return request_of(self.desk, path, texts=texts, **knobs)

    def __call__(self, name, message=None, **given):
        message = message or self.sent()
        if "chosen" not in given and name != "checks":
            found = json.loads(self.served["choices_to_explain"](message))["choices"]
            given["chosen"] = found[0]["asked"] if found else None
        return json.loads(self.served[name](message | given))

    def clip(self, path=None):
        return self.clips.open(path or self.path, 8)


def decoded(told):
    """The numbers of a map that travelled."""
    place = np.frombuffer(base64.b64decode(told["code"]), "<u2") / 65535
    T, (h, w) = len(told["frames"]), told["grid"]
    return ((2 * place - 1 if told["signed"] else place) * told["largest"]).reshape(T, h * w)
