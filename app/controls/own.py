"""Where a reader hands in a clip of his own; what changes then is in `app.controls.uploads`."""

import re
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
    """places: where a file is handed in, or recorded. said: how far its opening is, or why it is not open. stop: calls it off,
    and is there as long as it goes on."""

    places: tuple[Component, ...]
    said: gr.HTML
    stop: gr.Button


def own_clip(tab: str) -> Own:
    """Drawn where it is called. tab: its name, for ids."""
    with gr.Accordion("Your own clip: upload or webcam", open=False):
        # a file, not a video: a browser knows fewer kinds than the reader, who says himself what he refuses
        own = gr.File(label="Your own clip", height=150, elem_id=f"own-{tab}")
        said = gr.HTML(elem_id=f"own-said-{tab}", elem_classes="own-said", apply_default_css=False, padding=False)
        stop = gr.Button("Call it off", size="sm", visible=False, elem_id=f"own-end-{tab}")
        gr.Markdown(f"{LIMITS_TEXT} {DAY}", elem_classes="limits")
        webcam = gr.Video(label="Webcam", sources=["webcam"], height=230, elem_id=f"webcam-{tab}")
        # as they are: Gradio (6.31) lays down an empty file for each, and needs ffmpeg to mirror what was recorded
        own.preprocess = webcam.preprocess = path_of
    return Own((own, webcam), said, stop)


def told(text: str) -> str:
    """A line that is read out when it changes; where it ends with how far something is, with a bar."""
    far = re.search(r"(\d+)\s?%$", text)
    bar = f' <progress max="100" value="{far[1]}"></progress>' if far else ""
    return f'<p role="status">{escape(text)}{bar}</p>' if text else ""
