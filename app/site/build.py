"""The folder: pages, modules, networks, clips, and the runtime that the networks run in.

What is made of content that changes is named by it, so that a host may let browsers keep it for good, and two versions never
mix.
"""

import gzip
import html
import json
import shutil
from collections.abc import Callable, Mapping, Sequence
from hashlib import blake2b
from pathlib import Path
from typing import Any

from app.controls.knobs import DEFAULT_FRAMES, first_sentence, plain
from app.export.standalone import in_script, title_of
from app.figures.payload import figures_of
from app.help.glossary import glossed
from app.modules import one_file, styles, text_of, viewer_of
from app.server.clips import Example, find_examples
from app.site.data import clip_data, page_data, write_frames
from app.site.page import PAGE, TEXTS
from app.site.runtime import PACKAGE, VERSION, runtime_files
from app.tab import texts_for
from core import METHODS, Engine, ReaderError, read_clip
from core.browser.export import File, browser_of, export
from core.browser.plan import there
from core.method import Method
from core.methods import lesson, part, with_part

OFFLINE = "offline.js"  # at the top: a service worker sees what lies beside and below it
ENTRY = """{}
import {{open}} from "./site/page.js";
import * as script from "./{}";
{}export const begin = (data, base, worker) => open(mount, {{}}, script, data, base, worker, {{{}}});
"""
LOOK = ("page/help.css", "page/notebook.css")
START = """import {{begin}} from "./{module}";
const data = JSON.parse(document.querySelector("#payload").textContent);
window.site = begin(data, new URL("./", document.baseURI), new URL("./{worker}", document.baseURI));
"""


def ready() -> list[Method]:
    """Methods of which something runs in a browser, as far as it does, in the order of their tabs."""
    able = [one for one in METHODS.values() if one.name in with_part("browser") and browser_of(one.name).WAYS]
    return [there(one, browser_of(one.name).WAYS) for one in able]


def build(folder: Path, clips: Path, engine: Engine | None = None, told: Callable[[str], None] = print) -> dict[str, int]:
    """Writes everything. → what travels: kind → bytes."""
    held, examples = engine or Engine("cpu"), list(find_examples(clips).values())
    methods = ready()
    pages = {one.name: f"{one.name}.html" if place else "index.html" for place, one in enumerate(methods)}
    if not methods:
        raise ReaderError("No method says what of it runs in a browser.")
    cleared(folder)
    folder.mkdir(parents=True, exist_ok=True)
    runtime = runtime_files(folder / "runtime" / VERSION)
    look = hashed(folder, "look.css", styles("base", "figures", "panels", "site") + "".join(map(text_of, LOOK)))
    worker = hashed(folder, "worker.js", text_of("site/worker.js"))
    opened = {one.name: read_clip(one.path, frames=DEFAULT_FRAMES) for one in examples}
    write_clips(examples, opened, folder)
    for method in methods:
        files = networks_of(held, method, examples, opened, folder, told)
        data = page_data(held, method, examples, opened, pages)
        data["networks"] = addresses(method, files, folder) | {"runtime": placed(runtime)}
        data["offline"] = OFFLINE
        data["networks"]["bytes"] = sum((folder / one).stat().st_size for one in every_file(data["networks"]))
        folds = "".join(f'import * as {name} from "./panels/{name}.js";\n' for name in data["panels"])
        entry = ENTRY.format(viewer_of(figures_of(method)), browser_of(method.name).MODULE, folds, ", ".join(data["panels"]))
        module = hashed(folder, f"{method.name}.js", one_file(entry))
        start = hashed(folder, f"start-{method.name}.js", START.format(module=module, worker=worker))
        made = page(method, pages, data, start, module, look)
        (folder / pages[method.name]).write_text(made, encoding="utf-8")
    write_offline(folder)
    return measured(folder)


def placed(names: Mapping[str, Any]) -> dict[str, Any]:
    """Files of the runtime, from the folder."""
    return {name: placed(one) if isinstance(one, Mapping) else f"runtime/{VERSION}/{one}" for name, one in names.items()}


def cleared(folder: Path) -> None:
    """Takes away what an earlier build wrote, which is known by its service worker: files of other content have other names,
    and would travel along. What else is there stays."""
    if not (folder / OFFLINE).is_file():
        return
    for name in ("networks", "clips", "runtime"):
        shutil.rmtree(folder / name, ignore_errors=True)
    for path in folder.iterdir():
        if path.suffix in (".js", ".css", ".html"):
            path.unlink()


def networks_of(
    engine: Engine, method: Method, examples: Sequence[Example], clips: dict[str, Any], folder: Path,
    told: Callable[[str], None],
) -> dict[str, File]:  # fmt: skip
    """Every graph, packed."""
    first, fresh = examples[0], folder / "networks" / f"{method.name}.writing"
    files = export(
        engine, method, clips[first.name], texts_for(first), fresh,
        lambda name: told(f"{method.name}: {name}"),
    )  # fmt: skip
    made = blake2b(digest_size=5)
    for path in sorted({path for file in files.values() for path in (file.model, *file.weights)}):
        content = path.read_bytes()
        made.update(content)
        packed = gzip.compress(planes(content) if path.suffix == ".bin" else content, 9, mtime=0)
        path.with_name(f"{path.name}.gz").write_bytes(packed)
        path.unlink()
    place = folder / "networks" / f"{method.name}.{made.hexdigest()}"
    shutil.rmtree(place, ignore_errors=True)
    fresh.replace(place)
    moved = {
        name: File(name, place / one.model.name, tuple(place / path.name for path in one.weights))
        for name, one in files.items()
    }
    return moved


def planes(content: bytes) -> bytes:
    """First the even bytes, then the odd: of numbers of 16 bits the last places are chance, and the first pack better without
    them."""
    return content[::2] + content[1::2]


def addresses(method: Method, files: dict[str, File], folder: Path) -> dict[str, Any]:
    """Where the browser finds each graph, and the numbers that it reads."""

    def at(path: Path) -> str:
        return f"{path.relative_to(folder).as_posix()}.gz"

    usual = {graph.name for graph in browser_of(method.name).WAYS[0].graphs}
    return {
        "graphs": [
            {
                "graph": one.graph, "model": at(one.model), "weights": [at(path) for path in one.weights],
                "first": one.graph in usual,
            }
            for one in files.values()
        ]
    }  # fmt: skip


def every_file(networks: dict[str, Any]) -> set[str]:
    """What the networks' thread asks for at first, each once."""
    parts = {path for one in networks["graphs"] if one["first"] for path in (one["model"], *one["weights"])}
    return parts | {networks["runtime"]["binary"]}


def write_offline(folder: Path) -> None:
    """The service worker, which knows every file by name, and its version by what these hold."""
    version, paths = blake2b(digest_size=8), sorted(path for path in folder.rglob("*") if path.is_file())
    files, networks = ["./"], []
    for path in paths:
        name = path.relative_to(folder).as_posix()
        if name == OFFLINE or path.suffix == ".txt":
            continue
        version.update(f"{name} ".encode() + path.read_bytes())
        (networks if name.endswith(".gz") else files).append(name)
    told = json.dumps({"version": version.hexdigest(), "files": files, "networks": networks})
    (folder / OFFLINE).write_text(f"self.SITE = {told};\n{text_of('site/offline.js')}", encoding="utf-8")


def write_clips(examples: Sequence[Example], clips: dict[str, Any], folder: Path) -> None:
    """The examples, their frames as the networks see them."""
    (folder / "clips").mkdir(exist_ok=True)
    for one in examples:
        (folder / "clips" / f"{one.name}.json").write_text(json.dumps(clip_data(one, clips[one.name])), encoding="utf-8")
        write_frames(clips[one.name], folder / "clips" / f"{one.name}.webp")


def page(method: Method, pages: Mapping[str, str], data: dict[str, Any], start: str, module: str, look: str) -> str:
    """One method's HTML. pages: method → its file."""
    without = [title_of(one) for one in METHODS.values() if one.name not in pages]
    said = [getattr(found, "LEFT_OUT", "") for name in METHODS if (found := part(name, "browser"))]
    links = [(file, title_of(METHODS[name])) for name, file in pages.items()]
    return PAGE.format(
        method=method.name, title=html.escape(method.title), paper=html.escape(method.paper),
        sentence=glossed(first_sentence(method)),
        links="".join(f'<a href="{to}"{here(name == title_of(method))}>{html.escape(name)}</a>' for to, name in links),
        readings="".join(reading(*one) for one in lesson(method, "READINGS")),
        without=html.escape(", ".join(without)), left=html.escape(" ".join(filter(None, said))),
        runtime=f"{PACKAGE} {VERSION}", licences=f"runtime/{VERSION}", payload=in_script(json.dumps(data)), start=start,
        module=module, look=look, texts=TEXTS if method.reads_texts else "",
    )  # fmt: skip


def reading(topic: str, told: str) -> str:
    """One of our readings, as an item of a list."""
    return f"<li><b>{html.escape(plain(topic))}</b>: {html.escape(plain(told))}</li>"


def here(true: bool) -> str:
    """An attribute for the page that is open."""
    return ' aria-current="page"' if true else ""


def hashed(folder: Path, name: str, text: str) -> str:
    """Writes a text under a name that tells its content. → that name."""
    stem, _, end = name.rpartition(".")
    made = f"{stem}.{blake2b(text.encode(), digest_size=5).hexdigest()}.{end}"
    (folder / made).write_text(text, encoding="utf-8")
    return made


def measured(folder: Path) -> dict[str, int]:
    """Bytes of what was written: in all, and of its parts."""
    sizes = {path.relative_to(folder): path.stat().st_size for path in folder.rglob("*") if path.is_file()}
    kinds = {"runtime": 0, "networks": 0, "clips": 0, "page": 0}
    for path, size in sizes.items():
        kinds[path.parts[0] if path.parts[0] in kinds else "page"] += size
    return kinds | {"all": sum(sizes.values())}
