"""The files that a browser reads: modules of assets/viewer that import each other, and their CSS.

The page serves them as they are. Where everything must be in one file (an HTML that opens from disk, a notebook's widget),
`one_file` follows the imports: each module becomes a function's body, in the order in which a browser would run them, so that
names of one are never another's.
"""

import posixpath
import re
from collections.abc import Iterable
from pathlib import Path

VIEWER = Path(__file__).resolve().parents[1] / "assets" / "viewer"
NAMED = re.compile(r'^(import|export) \{([^}]*)\} from "([^"]+)";$', re.MULTILINE)
WHOLE = re.compile(r'^import \* as (\w+) from "([^"]+)";$', re.MULTILINE)
DECLARED = re.compile(r"^export (?=(?:async )?function\*? (\w+)|(?:const|class) (\w+))", re.MULTILINE)
LISTED = re.compile(r"^export \{([^}]*)\};$", re.MULTILINE)
LEFT = re.compile(r"^(?:import|export)\b.*|\bimport\.meta\b.*|\bimport\(.*", re.MULTILINE)  # what one file cannot hold
HEAD = "const $modules = {};\n"


def files_of(figures: Iterable[str]) -> tuple[str, ...]:
    """Paths of the modules of a viewer. figures: names of those that draw in it, each that of a kind."""
    return ("base/shell.js", *(f"figures/{name}.js" for name in figures))


def viewer_of(figures: Iterable[str]) -> str:
    """The text of a module that exports a viewer's `mount`; its imports are paths from assets/viewer."""
    names = list(figures)
    imports = "".join(f'import * as {name} from "./figures/{name}.js";\n' for name in names)
    return (
        f'import {{mount as draw}} from "./base/shell.js";\n{imports}'
        f"export const mount = (element, payload, hooks) => draw(element, payload, hooks, {{{', '.join(names)}}});\n"
    )


def text_of(path: str) -> str:
    """A file's text. path: from assets/viewer, like "base/words.js"."""
    return (VIEWER / path).read_text(encoding="utf-8")


def imports(text: str, folder: str = "") -> tuple[str, ...]:
    """Paths of what a module's text imports, in its order. folder: where the module lies."""
    found = sorted([*NAMED.finditer(text), *WHOLE.finditer(text)], key=re.Match.start)
    return tuple(dict.fromkeys(target(one[one.lastindex or 0], folder) for one in found))


def target(named: str, folder: str) -> str:
    """ "../base/words.js", from a folder → "base/words.js"."""
    if not named.startswith("."):
        raise ValueError(f"{named!r} is no path of a file here: an import begins with ./ or ../.")
    return posixpath.normpath(posixpath.join(folder, named))


def all_imports(text: str, folder: str = "") -> tuple[str, ...]:
    """Paths of all modules that a text needs, each behind those that it imports, as a browser runs them. A circle is a
    ValueError: which of its modules runs first would depend on who asks."""
    made: list[str] = []

    def add(path: str, trail: tuple[str, ...]) -> None:
        if path in trail:
            raise ValueError(f"Modules import each other in a circle: {' → '.join((*trail[trail.index(path) :], path))}.")
        if path not in made:
            for other in imports(text_of(path), posixpath.dirname(path)):
                add(other, (*trail, path))
            made.append(path)

    for path in imports(text, folder):
        add(path, ())
    return tuple(made)


def one_file(entry: str) -> str:
    """One module without imports that does what `entry` does. entry: a module's text, whose imports are paths from
    assets/viewer ("./base/shell.js"); its own exports stay exports."""
    bodies = [f'$modules["{path}"] = (() => {{\n{body(path)}\n}})();\n' for path in all_imports(entry)]
    own = WHOLE.sub(lambda one: f"const {one[1]} = {place(one[2], '')};", NAMED.sub(lambda one: binding(one, ""), entry))
    return HEAD + "".join(bodies) + own


def body(path: str) -> str:
    """A module as a function's body that returns what it exports."""
    text, folder = text_of(path), posixpath.dirname(path)
    exported = [one[1] or one[2] for one in DECLARED.finditer(text)]
    listed = [name.strip() for one in LISTED.finditer(text) for name in one[1].split(",") if name.strip()]
    exported += [": ".join(reversed(name.split(" as "))) for name in listed]
    text = LISTED.sub("", DECLARED.sub("", text))
    text = NAMED.sub(lambda one: binding(one, folder) if one[1] == "import" else one[0], text)
    text = WHOLE.sub(lambda one: f"const {one[1]} = {place(one[2], folder)};", text)
    if left := LEFT.search(text):
        raise ValueError(f"{path} cannot be put into one file: “{left[0].strip()[:60]}”.")
    return f"{text.rstrip()}\nreturn {{{', '.join(exported)}}};"


def binding(found: re.Match[str], folder: str) -> str:
    """`import {a as b} from "./c.js"` → `const {a: b} = …`; of an export, the export too."""
    kind, names, named = found.groups()
    made = f"const {{{names.replace(' as ', ': ')}}} = {place(named, folder)};"
    return made if kind == "import" else f"{made}\nexport {{{re.sub(r'[^,]* as ', ' ', names)}}};"


def place(named: str, folder: str) -> str:
    return f'$modules["{target(named, folder)}"]'


def styles(*folders: str) -> str:
    """The look of what is in these folders; of everything, where none is named. What is general comes first."""
    found = sorted(VIEWER.glob("*/*.css"), key=lambda path: (path.parent.name != "base", path.parent.name != "figures", path))
    return "".join(path.read_text(encoding="utf-8") for path in found if path.parent.name in (folders or (path.parent.name,)))
