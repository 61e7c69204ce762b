"""Public CLIPs in the place of the shipped weights: a list with sizes, and how far one is that is fetched."""

from collections.abc import Iterator, Sequence
from typing import Any

import gradio as gr
from gradio.components import Component

from app.controls.inputs import Tab
from app.controls.own import told
from app.server.api import as_it_is
from app.server.errors import as_message
from app.server.public import Public, clips_of
from app.tab import choices_of

WHY = (
    "Trained on pictures and texts of the web, they know real things; prompts then begin without training. Each needs a "
    "network once, and minutes. The same when the page is started: `python -m app --models {model}={name}`"
)


class PublicWeights:
    """Drawn where it is made, one for all tabs. tabs: of the page."""

    def __init__(self, page: gr.Blocks, tabs: Sequence[Tab], public: Public):
        self.public = public
        self.tabs = [one for one in tabs if one.desk in public.desks]
        self.weights = [one.inputs.fields["weights"] for one in self.tabs]
        if not self.tabs:
            return
        names = [(words, name) for name, words in public.names.items()]
        with gr.Accordion("Other weights: public CLIPs", open=False):
            model = clips_of(self.tabs[0].desk.method)[0]
            gr.Markdown(WHY.format(model=model, name=names[0][1]), elem_classes="limits")
            with gr.Row():
                name = gr.Dropdown(names, value=names[0][1], label="A CLIP of open_clip’s list", elem_id="public")
                button = gr.Button("Load it", elem_id="public-load")
            said = gr.HTML(elem_id="public-said", elem_classes="own-said", apply_default_css=False, padding=False)
        name.preprocess = as_it_is
        for one in self.weights:
            one.preprocess = as_it_is  # choices come while the page is open; the desk says what there is
        self.said = said
        quiet: dict[str, Any] = {"show_progress": "hidden", "api_visibility": "private"}
        button.click(self.loaded, name, [said, *self.weights], concurrency_limit=None, **quiet)
        page.load(self.known, None, self.weights, queue=False, **quiet)

    def loaded(self, name: Any) -> Iterator[dict[Component, Any]]:
        """What changes while a CLIP comes; when it is there, it is among the weights of every tab that has one."""
        try:
            with as_message():
                for far in self.public.load(name):
                    yield {self.said: told(far)}
        except gr.Error as wrong:
            yield {self.said: told(wrong.message)}
            raise
        where = ", ".join(dict.fromkeys(one.desk.method.title.partition(" — ")[0] for one in self.tabs))
        there = f"{name} is there: choose it under “Weights”, in {where}."
        yield {self.said: told(there), **self.known()}

    def known(self) -> dict[Component, Any]:
        """What there is to choose from by now, tab by tab."""
        shown = (gr.update(choices=choices_of(one.desk), visible=len(one.desk.engines) > 1) for one in self.tabs)
        return dict(zip(self.weights, shown))
