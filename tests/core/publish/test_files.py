"""Facts about what is published: files are opened, and hold what was on the screen."""

import csv
import io
import json
import zipfile
import zlib

import numpy as np
import pytest

from core.publish import bundle as bundles
from tests.published import NASTY, TEXTS, stop, stpn

# ---- the bundle -------------------------------------------------------------------------------------------------------


def test_a_bundle_holds_every_stage_s_numbers_and_says_what_they_are():
    made = bundles.bundle(stop())
    assert made == bundles.bundle(stop())
    files = zipfile.ZipFile(io.BytesIO(made))
    arrays, told = np.load(io.BytesIO(files.read("arrays.npz"))), json.loads(files.read("manifest.json"))
    for stage in ("score_TP", "region_TP", "change_G", "gap_filtered_GPD", "similarity_Y"):
        assert np.array_equal(arrays[stage], stop().trace[stage].numpy())
    assert tuple(arrays["prompt_count_G"]) == stop().trace["prompt_count_G"]
    assert np.array_equal(arrays["clip.frames_THWC"], stop().clip.frames_THWC)
    entries = {one["name"]: one for one in told["arrays"]}
    assert entries.keys() == set(arrays.files)
    assert tuple(arrays["unknown_words"]) == stop().trace["unknown_words"] and entries.pop("unknown_words")["dims"] is None
    for name, one in entries.items():
        assert one["shape"] == list(arrays[name].shape) and one["dtype"] == str(arrays[name].dtype)
        assert one["dims"] is not None and all(letter in told["dims"] for letter in one["dims"]), name
        assert one["what"], name
    assert entries["change_G"]["unit"] == "of the weights' own scale" and entries["change_G"]["symbol"] == "W^t"
    assert {one["name"]: one["value"] for one in told["knobs"]}["alpha"] == 0.3
    assert told["clip"]["source_T"] == stop().clip.source_T.tolist() and told["weights"] == dict(stop().trace.weights)
    assert set(told["left_out"]) == {"prompters", "later"}
    other = np.load(io.BytesIO(files.read("compared.npz")))
    assert np.array_equal(other["score_TP"], stop().other.trace["score_TP"].numpy())


def test_tables_have_the_numbers_of_the_arrays():
    made = {name: list(csv.reader(io.StringIO(data.decode()))) for name, data in bundles.tables(stop()).items()}
    assert made["gaps.csv"][0] == ["frame", "next frame", "W^t", "N^t"]
    assert [int(row[3]) for row in made["gaps.csv"][1:]] == list(stop().trace["prompt_count_G"])
    patches = made["patches.csv"]
    assert patches[0] == ["frame", "row", "column", "A", "M", "W^s", "r"] and len(patches) == 1 + 8 * 64
    frame, row, column, *_, score, kept = patches[1 + 64 * 3 + 8 * 2 + 5]
    assert (frame, row, column) == ("4", "3", "6")
    assert float(score) == pytest.approx(stop().trace["score_TP"][3, 21].item(), rel=1e-6)
    assert kept == str(int(stop().trace["region_TP"][3, 21]))
    assert [row[0] for row in made["texts.csv"][1:]] == [*TEXTS, NASTY]
    assert [float(row[1]) for row in made["frames.csv"][1:]] == pytest.approx(stop().clip.time_T.tolist())


def test_a_text_is_no_formula_in_a_spreadsheet():
    assert bundles._csv(("text",), [("=1+1",), ("a ring",), (-0.5,)]) == b"text\n'=1+1\na ring\n-0.5\n"


def test_parts_of_what_has_parts_are_named_by_place():
    arrays, left_out = bundles.arrays_of(stpn())
    assert {"change.0", "change.1", "change.2"} <= arrays.keys() and left_out == ["variant"]
    told = {one["name"]: one for one in bundles.manifest(stpn(), arrays, [])["arrays"]}
    assert told["change.1"]["dims"] == ["h", "w"] and told["prompt_attention_NQKP"]["dims"] == ["N", "Q", "K", "P"]


def test_a_zip_of_files_opens():
    made = bundles.zipped({"a.txt": b"a" * 1000, "b.png": b"b"})
    assert zipfile.ZipFile(io.BytesIO(made)).read("a.txt") == b"a" * 1000 and len(made) < 400
    assert zlib.crc32(made) == zlib.crc32(bundles.zipped({"a.txt": b"a" * 1000, "b.png": b"b"}))
