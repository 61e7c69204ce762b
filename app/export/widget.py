"""The page's viewer in a notebook: Jupyter, Colab, VS Code, marimo. It needs the package anywidget, which is no part of the
requirements. A saved notebook keeps a picture, for where no widget runs (GitHub, nbconvert). JupyterLab without the kernel
shows the viewer itself if the notebook was saved with “Settings → Save Widget State Automatically”, and else neither of them.

    shown = widget(result)          # the last line of a cell shows it
    shown.show(other_result)        # the same place, other knobs
"""

import json
from functools import cache
from typing import Any

from app.figures.payload import about_payload, clip_payload, figures_of, trace_payload
from app.modules import one_file, styles, viewer_of
from core import ReaderError
from core.publish.figures import picture
from core.publish.result import Result
from core.registry import method_named
from core.world import Truth

ADVICE = (
    "The viewer in a notebook needs the package anywidget (pip install anywidget). Without it, "
    "app.export.standalone.interactive_html makes a file with the same viewer, and core.publish.figures.picture a figure."
)
RENDER = """%s
import {widgetOf} from "./page/widget.js";
export default widgetOf(mount);
"""


def widget(result: Result, truth: Truth | None = None) -> Any:
    """The viewer of a `core.publish.result.Result`. truth: of an example. Without anywidget, a ReaderError says what to do."""
    try:
        made = widget_class(result.view.shown.method)()
    except ImportError as wrong:
        raise ReaderError(ADVICE) from wrong
    return made.show(result, truth)


@cache
def widget_class(name: str) -> type:
    """The anywidget of one method: its viewer's module is the page's."""
    import anywidget  # pyright: ignore[reportMissingImports]
    import traitlets  # pyright: ignore[reportMissingImports]

    method = method_named(name)

    class Viewer(anywidget.AnyWidget):
        _esm = one_file(RENDER % viewer_of(figures_of(method)))
        _css = styles("base", "figures")
        about = traitlets.Unicode(json.dumps(about_payload(method))).tag(sync=True)
        clip = traitlets.Unicode("{}").tag(sync=True)
        trace = traitlets.Unicode("{}").tag(sync=True)

        def show(self, result: Result, truth: Truth | None = None) -> "Viewer":
            """Draw a result of the same method here."""
            setting = result.view.shown
            if setting.method != name:
                raise ReaderError(f"This viewer draws {name}, and the result is of {setting.method}.")
            self.steps, self.still = getattr(self, "steps", 0) + 1, picture(result).data
            texts = list(setting.texts) if "similarity_Y" in result.trace.values else []
            made = trace_payload(
                method, result.trace, result.clip.key, result.clip, setting.settings, result.grid, texts, truth, self.steps
            )  # fmt: skip
            made["edited"] = bool(setting.edits)
            self.clip = json.dumps(clip_payload(result.clip.key, result.clip, truth))
            self.trace = json.dumps(made)  # last: the browser draws when it arrives
            return self

        def _repr_mimebundle_(self, **form: Any) -> tuple[dict, dict]:
            found = super()._repr_mimebundle_(**form) or {}
            data, metadata = found if isinstance(found, tuple) else (found, {})
            return {**data, "image/png": self.still}, metadata

    return Viewer
