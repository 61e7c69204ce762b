"""python -m app: the command line becomes an engine, the engine a page, the page an address in the browser."""

import argparse
import os
import socket
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from importlib import import_module
from pathlib import Path
from urllib.request import urlopen

import gradio as gr
from starlette.middleware import Middleware

from app import assets
from app.errors.runs import SHIPPED as RUNS
from app.errors.runs import find_runs, holds_more
from app.errors.start import Home
from app.figures.payload import figures_of
from app.modules import files_of
from app.page import build
from app.server.clips import find_examples, find_videos, find_world
from app.server.errors import as_message
from app.server.guard import Guard, Page
from app.server.public import loaded
from app.server.request import SHIPPED
from core import METHODS, Engine, ReaderError
from core.engine import NETWORKS_MB
from core.frames.service import ServiceReader, reader_at
from core.memory import give_back
from core.method import Method
from core.networks.hub import PUBLIC_CLIPS
from core.registry import method_named

CLIPS = Path(__file__).resolve().parents[1] / "assets" / "clips"
VIDEOS, SPRITES = CLIPS.parent / "videos", CLIPS.parent / "sprites"


def main(words: Sequence[str] | None = None) -> None:
    args = arguments().parse_args(words)
    host = args.host or os.environ.get("GRADIO_SERVER_NAME", "127.0.0.1")
    with serving(host, args.port):  # before the page is built
        family, _, _, _, address = socket.getaddrinfo(host.strip("[]"), args.port or 0, type=socket.SOCK_STREAM)[0]
        socket.create_server(address[:2], family=family).close()
    give_back()
    with as_message(SystemExit):
        asked = {"device": args.device, "networks_mb": args.memory, "methods": chosen(args.methods)}
        engines = {SHIPPED: Engine(**asked)}
        models = dict([*args.models, *args.service])
        if models:  # first: whoever names weights wants to see them
            engines = {"named": loaded(Engine(models=models, **asked), say)} | engines
        data = {name: Path(folder).expanduser().resolve() for name, folder in args.data}
        runs, home = find_runs(args.runs, data), Home(args.runs, data, args.device) if holds_more(args.runs) else None
        if not runs and args.runs != RUNS and not data:
            raise ReaderError(f"There is no run in {str(args.runs)!r}: python -m core.workbench run makes one.")
        services = {one.label: one for one in args.reader}
        examples = find_examples(args.clips) | find_videos(VIDEOS) | find_world(SPRITES)
        page = build(engines, examples, runs or find_runs(RUNS), home, services)
    with serving(host, args.port):
        launch(page, args.host, args.port, share=args.share, first=next(iter(engines[SHIPPED].methods.values())))


def chosen(names: Sequence[str]) -> Mapping[str, Method]:
    """Methods by name, each once, in the order asked for; all of them where none is named."""
    return {name: method_named(name) for name in names} or METHODS


@contextmanager
def serving(host: str, port: int | None) -> Iterator[None]:
    """Inside, what keeps a page from being served there is the last line in the terminal."""
    try:
        yield
    except OSError as wrong:
        where = f"{host}:{port}" if port else host
        raise SystemExit(f"The page cannot be served at {where}: {str(wrong.strerror or wrong).rstrip('.')}.") from wrong


def say(line: str) -> None:
    """How far the start is, for who waits at the terminal."""
    print(line, flush=True)


def arguments() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m app", description="Open the page.")
    parser.add_argument("--device", default="auto", help="auto, cpu or cuda")
    parser.add_argument(
        "--methods", nargs="*", action="extend", default=[], metavar="NAME",
        help=f"those that have a tab, in this order; a page with few of them opens sooner. All: {' '.join(METHODS)}",
    )  # fmt: skip
    parser.add_argument("--host", help="0.0.0.0 to be seen from other machines; else GRADIO_SERVER_NAME, or this machine alone")
    parser.add_argument("--port", type=port, help="else GRADIO_SERVER_PORT, or the first free one from 7860")
    parser.add_argument(
        "--models", nargs="*", action="extend", type=named, default=[], metavar="NAME=PATH",
        help="weights beside the shipped: stop=ViT-B-32/openai, stop=FILE.pt, stpn=FILE.pth … (core/networks/README.md). "
        f"Public CLIPs, each fetched once over the network: {public()}",
    )  # fmt: skip
    parser.add_argument(
        "--service", nargs="*", action="extend", type=named, default=[], metavar="NAME=URL,model=…",
        help="an OpenAI-compatible endpoint as a model; its key comes from SERVICE_API_KEY, or from the variable in key=…",
    )  # fmt: skip
    parser.add_argument(
        "--reader", nargs="*", action="extend", type=reader, default=[], metavar="URL,model=…",
        help="an OpenAI-compatible endpoint of a vision-language model, to answer in the tab “Which frames?”; its key as above",
    )  # fmt: skip
    parser.add_argument(
        "--memory", type=megabytes, default=NETWORKS_MB, metavar="MB",
        help=f"for the networks of each set of weights, the least recently used are let go ({NETWORKS_MB} if not said)",
    )  # fmt: skip
    parser.add_argument(
        "--clips", type=Path, default=CLIPS, help="folder of clips to choose from, with or without their truth as JSON"
    )
    parser.add_argument(
        "--runs", type=Path, default=RUNS, metavar="DIR",
        help="a run of python -m core.workbench, or a folder of them, for the tab Errors; one that is shipped if not said",
    )  # fmt: skip
    parser.add_argument(
        "--data", nargs="*", action="extend", type=named, default=[], metavar="NAME=DIR",
        help="where the clips of the run of that name lie, so that the tab can open them, or start that run",
    )  # fmt: skip
    parser.add_argument("--share", action="store_true", help="a public address, by Gradio's tunnel")
    return parser


def reader(text: str) -> ServiceReader:
    try:
        return reader_at(text)
    except ReaderError as wrong:
        raise argparse.ArgumentTypeError(str(wrong)) from wrong


def public() -> str:
    """Names and sizes."""
    return ", ".join(f"{name} ({size} MB)" for name, size in PUBLIC_CLIPS.items())


def port(text: str) -> int:
    if not text.isdecimal() or not 1 <= int(text) <= 65535:
        raise argparse.ArgumentTypeError(f"a port is 1 to 65535, got {text}")
    return int(text)


def megabytes(text: str) -> int:
    if not text.isdecimal() or not int(text):
        raise argparse.ArgumentTypeError(f"memory is a whole number of MB from 1, got {text}")
    return int(text)


def named(text: str) -> tuple[str, str]:
    name, sign, path = text.partition("=")
    if not sign:
        raise argparse.ArgumentTypeError(f"NAME=PATH is needed, got {text!r}")
    return name, path


def theme() -> gr.themes.Base:
    """Gradio's own look with the reader's own fonts: nothing is fetched from elsewhere. Its grey words are too pale on white
    to be read (2.6 : 1)."""
    return gr.themes.Base(
        primary_hue="blue", neutral_hue="slate", radius_size="md", font=["system-ui", "sans-serif"],
        font_mono=["ui-monospace", "monospace"],
    ).set(body_text_color_subdued="*neutral_600", input_placeholder_color="*neutral_500")  # fmt: skip


def launch(
    page: Page, host: str | None = None, port: int | None = None, *, share: bool = False, wait: bool = True,
    first: Method | None = None,
) -> str:  # fmt: skip
    """Serve the page; returns its address when not waiting. host, port: not given, what the environment says, as on a Space.
    first: the method that is seen first; not given, the first of all."""
    # Gradio (6.31) asks matplotlib for its backend at every event and imports it for that: the first reader waited a second
    with suppress(ImportError):
        import_module("matplotlib.pyplot")
    drawing = files_of(figures_of(first or next(iter(METHODS.values()))))
    _, address, _ = page.launch(
        server_name=host, server_port=port, share=share, prevent_thread_lock=True, quiet=not wait, theme=theme(),
        head=assets.head(), max_file_size="2gb", run_history=False,
        footer_links=["api"], ssr_mode=False, state_session_capacity=200, mcp_server=False, enable_monitoring=False,
        app_kwargs={"routes": assets.routes(), "middleware": [Middleware(Guard), assets.hints(*drawing)]},
    )  # fmt: skip
    with suppress(OSError), urlopen(address, timeout=10) as answer:  # or the first reader waits until templates are read
        answer.read()
    if wait:
        page.block_thread()
    return address


if __name__ == "__main__":
    main()
