"""Where a reader hands in a clip of his own; what changes then is in `app.controls.uploads`."""

from dataclasses import dataclass
from html import escape

import gradio as gr
from gradio.components import Component

from app.server.api import path_of
from core.video.read import LIMITS_TEXT

DAY = "Your file stays on this server for a day at most. A session that you saved is opened here, too."
PROMPT = "one text a line, each of what may be seen: a person throws a ball"


@dataclass(frozen=True)
class Own:
    """places: where a file is handed in, or recorded. said: how far its opening is, or why it is not open."""

    places: tuple[Component, ...]
    said: gr.HTML


def own_clip(tab: str) -> Own:
    """Drawn where it is called. tab: its name, for ids."""
    with gr.Accordion("Your own clip: upload or webcam", open=False):
        # a file, not a video: a browser knows fewer kinds than the reader, who says himself what he refuses
        own = gr.File(label="Your own clip", height=150, elem_id=f"own-{tab}")
        said = gr.HTML(elem_id=f"own-said-{tab}", elem_classes="own-said", apply_default_css=False, padding=False)
        gr.Markdown(f"{LIMITS_TEXT} {DAY}", elem_classes="limits")
        webcam = gr.Video(label="Webcam", sources=["webcam"], height=230, elem_id=f"webcam-{tab}")
        # as they are: Gradio (6.31) lays down an empty file for each, and needs ffmpeg to mirror what was recorded
        own.preprocess = webcam.preprocess = path_of
    return Own((own, webcam), said)


def told(text: str) -> str:
    """A line that is read out when it changes."""
    return f'<p role="status">{escape(text)}</p>' if text else ""
