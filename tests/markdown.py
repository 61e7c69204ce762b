"""What tests read in Markdown: the documents of this repository, their tables, links and headings."""

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
FOLDERS = ("app", "core", "demos", "space", "tests")


def documents():
    """Every document, README first."""
    inner = [file for folder in FOLDERS for file in sorted((ROOT / folder).rglob("*.md"))]
    return [ROOT / "README.md", *sorted(set(ROOT.glob("*.md")) - {ROOT / "README.md"}), *inner]


def rows(text):
    """First cell → the others, of every table."""
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in text.splitlines() if line.startswith("|")]
    return {first: rest for first, *rest in cells}


def links(text):
    """(file or address, heading) of every link; a link within the document has no file."""
    prose = re.sub(r"```.*?```|`[^`\n]+`", "", text, flags=re.DOTALL)
    return [(file, heading) for file, heading in re.findall(r"\]\(([^)#\s]*)(?:#([^)\s]*))?\)", prose)]


def anchors(text):
    """What a heading is called in a link, as code hosts do it."""
    titles = re.findall(r"^#+ (.*)$", re.sub(r"```.*?```", "", text, flags=re.DOTALL), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}
