"""The page's own address: it says what is on the page, and is the link that opens the same again."""

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any
from urllib.parse import quote

import gradio as gr
from gradio.components import Component

from app import assets
from app.controls.inputs import Tab
from app.export.viewstate import look_of, looked_at
from app.server.request import Desk
from core import ReaderError
from core.publish.link import from_link, to_link


class Address:
    """Of one tab."""

    def __init__(self, desk: Desk):
        self.desk = desk

    def address(self, message: Any) -> str | None:
        """The query string of what is on the page; of an own clip, what can be kept without the file; "" where its link would
        open other weights, None where there is no view."""
        desk = self.desk
        try:
            request = desk.request(message)
            view, files, _ = looked_at(desk, request)
            if request.engine is not desk.engine:
                return ""
            known = all(desk.clips.shipped(path) for path in files.values())
            return to_link(view if known else replace(view, compared=None))
        except ReaderError:
            return None


def opened_by(page: gr.Blocks, tabs: gr.Tabs, made: Mapping[str, Tab], awaited: Mapping[str, Component]) -> None:
    """What a link asks for is on the knobs when the page has loaded. made: method's name → its tab. awaited: where it is
    said, for that tab, what file has yet to be brought."""
    looked, clips = gr.Textbox(visible=False), next(iter(made.values())).desk.clips

    def limits(method: str) -> Mapping[str, float]:
        return made[method].desk.engine.limits(method)

    def follow(request: gr.Request) -> dict[Component, Any]:
        query = "&".join(f"{quote(k)}={quote(v)}" for k, v in request.query_params.multi_items()) if request else ""
        if "m=" not in query:
            return {looked: gr.skip()}
        read = from_link(query, tuple(clips.examples), limits, made)
        shown = made[read.view.shown.method]

        def values(setting: Any) -> dict[str, Any]:
            return shown.desk.values(setting, clips.handle(clips.examples[setting.clip].path), shown.desk.weights)

        look, notes = look_of(read.view, values)
        asked = from_link(query, methods=made).view.shown  # whatever clip it names
        waits = "" if asked.clip in clips.examples else json.dumps([asked.clip, asked.moment])
        for note in (*read.notes, *notes):
            gr.Warning(note)
        return turned_to(tabs, looked, shown, values(read.view.shown), look) | {awaited[asked.method]: waits}

    changed = [tabs, looked, *own_components(made), *{id(one): one for one in awaited.values()}.values()]
    # queued: Gradio (6.31) shows no warning of an event that does not queue
    read = page.load(follow, None, changed, show_progress="hidden", api_visibility="private")
    read.success(None, looked, None, js=assets.event("page/values.js", "follow"), api_visibility="private")


def own_components(made: Mapping[str, Tab]) -> list[Component]:
    """All that a run of any tab is asked with, each once."""
    listed = [component for one in made.values() for component in one.inputs.components]
    return list({id(one): one for one in listed}.values())


def turned_to(tabs: gr.Tabs, looked: Component, shown: Tab, values: Mapping[str, Any], look: Any) -> dict[Any, Any]:
    """What an event answers that opens a tab at these values. look: how, for its viewer."""
    method = shown.desk.method.name
    return {tabs: gr.Tabs(selected=method), looked: json.dumps({method: look}), **shown.inputs.updates(values)}
