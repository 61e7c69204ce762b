"""python -m app: the command line becomes an engine, the engine a page, the page an address in the browser."""

import argparse
from pathlib import Path

import gradio as gr

from app.page import VIEWER, build
from app.store import find_examples
from app.told import told
from core import Engine

CLIPS = Path(__file__).resolve().parents[1] / "assets" / "clips"
CSS = """
.title h1 { font-size: 20px !important; margin: 0 !important; }
.gradio-container main { padding-top: 10px !important; gap: 6px !important; }
.tabs .tabitem { padding: 6px 0 !important; gap: 6px !important; }
.what p { font-size: 14px; margin: 0; color: var(--body-text-color-subdued); }
.knobs { gap: 8px !important; }
.knobs .form > .block { padding: 7px 12px !important; }
.knobs .form .head { margin-bottom: 6px !important; align-items: flex-start; height: auto !important; }
.knobs .form [data-testid=block-info] { font-size: 13px; margin-bottom: 1px; }
.knobs .form [data-testid=block-info] + div, .knobs .form .info, .knobs .form .info-text { font-size: 11.5px !important; line-height: 1.25; margin: 0; }
.presets { display: grid !important; grid-template-columns: repeat(3, 1fr); gap: 5px !important; }
.presets button { min-width: 0 !important; font-weight: 400; font-size: 12px; padding: 3px 6px; min-height: 28px; white-space: nowrap; }
.limits p { font-size: 12px; color: var(--body-text-color-subdued); }
"""


def main(words=None):
    args = arguments().parse_args(words)
    with told(SystemExit):
        engine = Engine(args.device, models=dict(args.models))
        page = build(engine, find_examples(args.clips))
    launch(page, args.host, args.port, share=args.share)


def arguments():
    parser = argparse.ArgumentParser(prog="python -m app", description="Open the page.")
    parser.add_argument("--device", default="auto", help="auto, cpu or cuda")
    parser.add_argument("--host", default="127.0.0.1", help="0.0.0.0 to be seen from other machines")
    parser.add_argument("--port", type=int, help="the first free one from 7860 if not given")
    parser.add_argument("--models", nargs="*", type=named, default=[], metavar="NAME=PATH", help="weights other than the shipped")
    parser.add_argument("--clips", type=Path, default=CLIPS, help="folder of example clips, each with its truth as JSON")
    parser.add_argument("--share", action="store_true", help="a public address, by Gradio's tunnel")
    return parser


def named(text):
    name, given, path = text.partition("=")
    if not given:
        raise argparse.ArgumentTypeError(f"NAME=PATH is needed, got {text!r}")
    return name, path


def theme():
    """Gradio's own look with the reader's own fonts: nothing is fetched from elsewhere."""
    return gr.themes.Base(
        primary_hue="blue", neutral_hue="slate", radius_size="md", font=["system-ui", "sans-serif"],
        font_mono=["ui-monospace", "monospace"],
    )  # fmt: skip


def launch(page, host="127.0.0.1", port=None, *, share=False, wait=True):
    """Serve the page; returns its address when not waiting."""
    _, address, _ = page.launch(
        server_name=host, server_port=port, share=share, prevent_thread_lock=not wait, quiet=not wait, theme=theme(),
        head=f"<style>{(VIEWER / 'viewer.css').read_text()}\n{CSS}</style>", max_file_size="2gb", run_history=False,
        footer_links=["api"], ssr_mode=False, state_session_capacity=200, mcp_server=False, enable_monitoring=False,
    )  # fmt: skip
    return address



if __name__ == "__main__":
    main()
