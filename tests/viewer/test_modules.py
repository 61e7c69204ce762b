"""Facts about the page's modules: each is there once and is reached, and one file holds the same as many."""

import base64
import re

import pytest

from app import assets, modules
from app.figures.payload import figures_of
from app.modules import all_imports, files_of, one_file, viewer_of
from app.panels import PANELS
from core import METHODS, kinds
from core.methods import part, with_part

CALLED = ("page/standalone.js", "page/widget.js")  # by what is one file


@pytest.fixture
def written(tmp_path, monkeypatch):
    """Writes modules into a folder that stands for assets/viewer."""
    monkeypatch.setattr(modules, "VIEWER", tmp_path)

    def write(**texts):
        for name, text in texts.items():
            path = tmp_path / f"{name.replace('__', '/')}.js"
            path.parent.mkdir(exist_ok=True)
            path.write_text(text, encoding="utf-8")

    return write


@pytest.fixture
def run(browser):
    """What a module's `result` is in a browser."""
    page = browser.new_page()

    def read(text):
        source = base64.b64encode(text.encode()).decode()
        return page.evaluate(f"async () => (await import('data:text/javascript;base64,{source}')).result")

    yield read
    page.close()


def test_names_of_one_module_are_never_another_s_and_each_runs_once_behind_what_it_imports(written, run):
    written(
        base__count='const log = (globalThis.log ??= []);\nlog.push("count");\nexport const next = () => log.length;\n',
        a__one='import {next} from "../base/count.js";\nconst name = "one";\nlog.push(name);\nexport {name as label, next};\n',
        a__two=(
            'import {\n  label as other,\n} from "./one.js";\nimport * as count from "../base/count.js";\n'
            'const name = "two";\nlog.push(name);\nexport async function said() { return [name, other, count.next()]; }\n'
        ),
    )  # fmt: skip
    entry = 'import {said} from "./a/two.js";\nimport {label} from "./a/one.js";\nexport {next as size} from "./base/count.js";'
    made = one_file(f"{entry}\nexport const result = [await said(), label, log];\n")
    assert not re.search(r"^import", made, re.MULTILINE)
    assert run(made) == [["two", "one", 3], "one", ["count", "one", "two"]]
    assert one_file(entry) == one_file(entry) and one_file(entry).count("log.length") == 1


def test_a_circle_and_what_one_file_cannot_hold_are_refused(written):
    written(
        a__one='import {two} from "./two.js";\nexport const one = 1;\n',
        a__two='import {one} from "./one.js";\nexport const two = 2;\n',
        a__lazy='export const later = () => import("./one.js");\n',
        a__moved="export let now = 1;\n",
        a__far='import {x} from "https://example.org/x.js";\n',
    )
    with pytest.raises(ValueError, match="circle: a/one.js → a/two.js → a/one.js"):
        one_file('import {one} from "./a/one.js";')
    with pytest.raises(ValueError, match="a/lazy.js cannot be put into one file"):
        one_file('import {later} from "./a/lazy.js";')
    with pytest.raises(ValueError, match="export let now"):
        one_file('import {now} from "./a/moved.js";')
    with pytest.raises(ValueError, match="is no path of a file here"):
        one_file('import {x} from "./a/far.js";')


def test_every_module_is_reached_and_no_folder_of_the_viewer_knows_the_page():
    files = set(assets.files()) - {assets.LOOK}
    drawn = files_of(
        {one.figure for one in vars(kinds).values() if isinstance(one, type) and issubclass(one, kinds.Output)} - {""}
    )
    entries = {*assets.PAGE, *CALLED, *drawn, *(f"panels/{one.name}.js" for one in PANELS)}
    # the second of each when its tab is opened
    entries |= {"errors/tab.js", "errors/workbench.js", "frames/tab.js", "frames/which.js"}
    # of the page that needs no server: its own, what a method brings, the networks' thread, and what keeps it
    entries |= {"site/page.js", "site/worker.js", "site/offline.js"}
    entries |= {browser.MODULE for browser in (part(name, "browser") for name in with_part("browser")) if browser.WAYS}
    entries |= {offline.MODULE for offline in (part(name, "offline") for name in with_part("offline")) if offline}
    assert set(all_imports("\n".join(f'import {{}} from "./{path}";' for path in entries))) == files
    known = {"base": {"base"}, "figures": {"base", "figures"}, "panels": {"base"}, "offline": {"base"}}
    for path in files:
        used = {other.split("/")[0] for other in modules.imports(modules.text_of(path), path.split("/")[0])}
        assert used <= known.get(path.split("/")[0], used), path
        assert "://" not in modules.text_of(path).replace("http://www.w3.org/2000/svg", ""), path
    for method in METHODS.values():
        alone = one_file(viewer_of(figures_of(method)))
        assert not re.search(r"^import|\bimport\(", alone, re.MULTILINE)
