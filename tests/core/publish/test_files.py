"""Facts about what is published: files are opened, and hold what was on the screen."""

import csv
import io
import json
import re
import xml.etree.ElementTree as xml
import zipfile
import zlib
from dataclasses import replace

import matplotlib
import numpy as np
import pytest
from PIL import Image

from core import ReaderError, read_clip
from core.publish import bundle as bundles
from core.publish import figures, link, movies, notebook
from core.publish.painting import edges, layer, painted
from core.publish.result import against, compute, numbers
from core.publish.view import Setting, View
from tests.published import NASTY, ROOT, TEXTS, engine, opened, stop, stpn

SVG = "{http://www.w3.org/2000/svg}"


def showing(result, overlay):
    return replace(result, view=replace(result.view, overlay=overlay))


# ---- figures ----------------------------------------------------------------------------------------------------------


def test_a_pdf_has_its_fonts_inside_and_says_what_made_it():
    made = figures.picture(stop(), "pdf", "one").data
    fonts = re.findall(rb"/Type /FontDescriptor.*?endobj", made, re.DOTALL)
    assert fonts and all(b"/FontFile2" in one for one in fonts), "TrueType, embedded"
    assert b"/Type3" not in made and b"/Subtype /Type0" in made
    box = re.search(rb"/MediaBox \[ ?0 0 ([\d.]+) ([\d.]+)", made)
    assert float(box[1]) == pytest.approx(3.25 * 72, abs=0.01)
    said = re.search(rb"/Subject (.*?)\n", made, re.DOTALL)[1]
    assert "α (alpha) = 0.3".encode("utf-16-be")[2:] in unescaped(said)
    assert b"CreationDate" not in made


def unescaped(raw):
    """A PDF's string literal as bytes."""
    return re.sub(rb"\\([0-7]{3}|.)", lambda m: bytes([int(m[1], 8)]) if len(m[1]) == 3 else m[1], raw)


def test_an_svg_s_words_are_words():
    made = figures.picture(stop(), "svg", "two").data.decode()
    root = xml.fromstring(made)
    words = ["".join(one.itertext()).strip() for one in root.iter(f"{SVG}text")]
    assert {"frame 1", "frame 8", "gap between frames", "1–2"} <= set(words)
    assert root.get("width") == f"{6.75 * 72:g}pt"
    about = "".join(root.find(f"{SVG}metadata").itertext())
    assert "α (alpha) = 0.3" in about and "stop_first.safetensors" in about and "v=1&d=" in about
    assert NASTY in about and "<img" not in made, "a reader's text is text"
    images = [one.get("{http://www.w3.org/1999/xlink}href") for one in root.iter(f"{SVG}image")]
    assert len(images) == 9 and all(one.startswith("data:image/png") for one in images), "eight frames and one colour bar"


@pytest.mark.parametrize("overlay", ["score_TP", "attention_TP"])
@pytest.mark.parametrize("difference", [False, True])
def test_the_name_beside_the_colours_runs_into_no_number_of_theirs(overlay, difference):
    result = showing(stop(), overlay)
    blocks = [("", layer(result, difference=difference), (0, 3, 5, 7))]
    with matplotlib.rc_context(figures.STYLE):
        figure = figures._figure(result, blocks, 3.25, 4, False, 0.6)
        figure.draw_without_rendering()
        axis = figure.axes[-1].yaxis
        label, paper = axis.label.get_window_extent(), figure.bbox
        numbers = [one.get_window_extent() for one in axis.get_ticklabels()]
    apart = 0.02 * figure.dpi  # inches
    assert len(numbers) == 3 and label.x0 >= max(one.x1 for one in numbers) + apart and label.x1 <= paper.x1


def test_a_png_has_the_width_of_the_column_and_the_knobs():
    picture = Image.open(io.BytesIO(figures.picture(stop(), "png", "one").data))
    assert picture.width == pytest.approx(3.25 * 300, abs=1)
    assert "N_s (kept) = 9" in picture.info["Description"] and "compared" in picture.info["Description"]


@pytest.mark.parametrize("format", figures.FORMATS)
def test_the_same_view_gives_the_same_bytes(format):
    assert figures.picture(stop(), format, "one") == figures.picture(stop(), format, "one")


@pytest.mark.parametrize("overlay", ["attention_TP", "dynamics_TP", "region_TP", "none"])
def test_every_map_of_stop_is_drawn_and_no_two_alike(overlay):
    made = figures.picture(showing(stop(), overlay), "png", "one", frames=(0, 3))
    assert made != figures.picture(showing(stop(), "score_TP"), "png", "one", frames=(0, 3))


def test_prompt_attention_is_drawn_over_the_frames_that_support():
    made = figures.picture(stpn(), "svg", "one").data.decode()
    words = ["".join(one.itertext()).strip() for one in xml.fromstring(made).iter(f"{SVG}text")]
    assert [one for one in words if one.startswith("frame")] == [f"frame {i + 1}" for i in stpn().trace["support_index_K"]]
    assert "support frame" in words and any("even share" in one for one in words)
    assert layer(stpn(), prompt=1).map_Ihw.mean() == pytest.approx(1, abs=1e-5), "in even shares the mean is one"


def test_what_prompts_change_is_drawn_over_the_current_frame_once_for_each_stage():
    asked = Setting("stpn", "2-bounces", 8, {"supports": 4})
    result = compute(engine(), View(asked, 3, "change"), opened, ("current_HWC", "change", "to_prompts"))
    made = layer(result)
    assert made.name_I == ("stage 1", "stage 2", "stage 3")
    assert all(np.array_equal(picture, result.array("current_HWC")) for picture in made.picture_IHWC)
    for map_hw, stage in zip(made.map_Ihw, range(3)):
        known_hw = np.asarray(result.trace["change"][stage])
        times = len(map_hw) // len(known_hw)
        assert np.array_equal(map_hw, known_hw.repeat(times, 0).repeat(times, 1)), "larger, and nothing between"
    looked = layer(showing(result, "to_prompts"), prompt=1)
    first = next(iter(result.trace["to_prompts"]))
    assert looked.name_I[0] == f"stage {first[0] + 1}, block {first[1] + 1}"
    assert set(looked.map_Ihw[0].ravel()) == set(np.asarray(result.trace["to_prompts"][first])[1].ravel())
    with pytest.raises(ReaderError, match="prompt is 0 to"):
        layer(showing(result, "to_prompts"), prompt=9)


def test_a_difference_is_signed_and_zero_is_the_middle():
    made = layer(stop(), difference=True)
    expected = stop().trace["score_TP"].numpy() - stop().other.trace["score_TP"].numpy()
    assert np.allclose(made.map_Ihw.reshape(expected.shape), expected) and made.low == -made.high
    assert made.colours != layer(stop()).colours
    assert figures.picture(stop(), "png", "one", difference=True) != figures.picture(stop(), "png", "one")


def test_a_patch_is_painted_in_its_own_place_alone():
    made = layer(stop())
    plain = replace(made, picture_IHWC=np.zeros_like(made.picture_IHWC), map_Ihw=np.zeros_like(made.map_Ihw))
    plain.map_Ihw[0, 2, 5] = 1
    shown = painted(plain, 0, 64, 64, opacity=1.0)
    bright = (shown != shown[0, 0]).any(-1)
    rows, columns = np.nonzero(bright)
    assert (rows.min(), rows.max(), columns.min(), columns.max()) == (16, 23, 40, 47) and bright.sum() == 64


def test_edges_surround_what_is_kept():
    kept = np.zeros((3, 4), bool)
    kept[1, 2] = True
    assert set(edges(kept)) == {((2, 1), (3, 1)), ((2, 2), (3, 2)), ((2, 1), (2, 2)), ((3, 1), (3, 2))}
    assert len(edges(np.ones((3, 4), bool))) == 14


def test_what_cannot_be_drawn_is_one_sentence():
    for wrong in (dict(format="gif"), dict(width="three"), dict(frames=(8,)), dict(frames=())):
        with pytest.raises(ReaderError):
            figures.picture(stop(), **wrong)
    with pytest.raises(ReaderError, match="score_TP, region_TP or none"):
        figures.picture(showing(stop(), "change_G"))
    with pytest.raises(ReaderError, match="prompt is 0 to 4"):
        figures.picture(stpn(), prompt=5)
    with pytest.raises(ReaderError, match="compare"):
        figures.picture(stpn(), difference=True)


# ---- movies -----------------------------------------------------------------------------------------------------------


def test_movies_play_at_the_clip_s_pace_and_show_the_overlay(tmp_path):
    shown = movies.movie_IHWC(stop(), 96, 0.6, None)
    for name, made in (("m.mp4", movies.mp4(stop(), 96)), ("m.gif", movies.gif(stop(), 96))):
        path = tmp_path / name
        path.write_bytes(made)
        clip = read_clip(path, frames=8)
        assert clip.frames_THWC.shape == (8, 96, 96, 3)
        assert np.diff(clip.time_T) == pytest.approx(0.25, abs=0.011), "GIF counts in hundredths"
        far = np.abs(clip.frames_THWC.astype(int) - shown).mean((1, 2, 3))
        assert far.max() < 8, "each picture is its own"
    assert movies.mp4(stop(), 96) == movies.mp4(stop(), 96)
    with pytest.raises(ReaderError):
        movies.gif(stop(), 4096)


def test_an_mp4_is_what_browsers_play(tmp_path):
    import av

    with av.open(io.BytesIO(movies.mp4(stpn(), 98))) as container:
        stream = container.streams.video[0]
        assert (stream.codec_context.name, stream.codec_context.pix_fmt) == ("h264", "yuv420p")
        assert stream.codec_context.height % 2 == stream.codec_context.width % 2 == 0


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


# ---- kept cells -------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def cells():
    plain = replace(stop(), other=None, view=View(stop().other.view.shown, 1, "dynamics_TP"))
    return notebook.keep(stop()), notebook.keep(replace(plain, trace=stop().other.trace))


def test_an_exported_notebook_computes_the_kept_pictures_and_numbers_again(cells, monkeypatch, capsys):
    monkeypatch.chdir(ROOT / "demos")
    made = json.loads(notebook.to_notebook(cells))
    assert (made["nbformat"], made["nbformat_minor"]) == (4, 5)
    assert len({one["id"] for one in made["cells"]}) == len(made["cells"]) == 2 + 3 * len(cells)
    names, found = {}, []
    for one in made["cells"]:
        assert one.keys() == {"cell_type", "id", "metadata", "source"} | (
            {"execution_count", "outputs"} if one["cell_type"] == "code" else set()
        )
        if one["cell_type"] == "code":
            text = "".join(one["source"])
            exec(compile(text, "a cell", "exec"), names)
            if "picture(result" in text:
                found.append((names["result"], eval(text.splitlines()[-1], names).data))
    for (result, picture), cell, kept in zip(found, cells, (stop(), stop().other), strict=True):
        assert np.array_equal(result.trace["score_TP"], kept.trace["score_TP"])
        assert np.array_equal(result.trace["video_E"], kept.trace["video_E"])
        assert picture == cell.picture and numbers(result) == cell.numbers
    assert found[0][0].other is not None and found[1][0].other is None
    said = capsys.readouterr().out.strip().splitlines()
    assert said == ["As kept: change_G, prompt_count_G, similarity_Y."] * 2


def test_a_notebook_tells_numbers_that_are_not_as_kept():
    kept = numbers(stop())
    assert against(kept, kept | {"change_G": [value * 1.01 for value in kept["change_G"]]}).startswith("NOT as kept: change_G.")
    assert against(kept, {}).startswith("NOT as kept: change_G, prompt_count_G, similarity_Y.")
    assert against(kept, kept | {"change_G": [value * 1.0001 for value in kept["change_G"]]}).startswith("As kept")


def test_kept_cells_are_read_again(cells):
    assert notebook.from_json(notebook.to_json(cells), ("1-moves",)) == (cells, ())


def test_a_report_has_every_picture_and_runs_nothing(cells):
    page = notebook.to_html(cells)
    assert page.count("data:image/png;base64,") == 2 and "default-src 'none'" in page
    assert "<script" not in page and '<img src="http' not in page and "&lt;/script&gt;" in page
    files = notebook.to_markdown(cells)
    text = files["report.md"].decode()
    assert set(re.findall(r"\((figure-\d\.png)\)", text)) == files.keys() - {"report.md"}
    assert "<img" not in text and "<script" not in "".join(json.loads(notebook.to_notebook(cells))["cells"][2]["source"])
    assert Image.open(io.BytesIO(files["figure-1.png"])).width == pytest.approx(6.75 * 300, abs=1)


def test_a_report_says_what_it_is_compared_with_and_needs_no_link(cells):
    for text in (notebook.to_html(cells), notebook.to_markdown(cells)["report.md"].decode()):
        assert text.count("Against A: STOP on 1-moves, 8 frames") == 1 and "α = 0.9" in text and TEXTS[1] in text
    view = replace(cells[0].view, shown=replace(cells[0].view.shown, texts=("é" * 200,) * 16), compared=None)
    with pytest.raises(ReaderError, match="A link has up to"):
        link.to_link(view)
    assert "éé" in notebook.to_html([replace(cells[0], view=view)])
    assert figures.described(replace(stop(), view=view, other=None))["view"] == ""


def test_a_bad_cell_costs_itself_only_and_no_cell_is_taken_on_trust(cells):
    made = json.loads(notebook.to_json(cells))
    good = made["cells"][0]
    bad = [
        *(good | {"picture": one} for one in ("PHN2Zz4=", 5, "A" * 3_000_000, "…")),
        *(good | {"numbers": {"x": [one]}} for one in ("a", float("nan"), 10**400)),
        good | {"weights": {"a": 1}}, 5, {}, None,
    ]  # fmt: skip
    cells_, notes = notebook.from_json(json.dumps(made | {"cells": [*bad, good | {"view": {"clip": "/etc/passwd"}}, good]}))
    assert len(cells_) == 2 and cells_[1] == cells[0] and cells_[0].view.shown.clip == "clip"
    assert sum("left out" in note for note in notes) == len(bad)
    for text in ("{}", "[]", json.dumps(made | {"cells": [good] * 201}), "nothing"):
        with pytest.raises(ReaderError):
            notebook.from_json(text)


def test_a_zip_of_files_opens():
    made = bundles.zipped({"a.txt": b"a" * 1000, "b.png": b"b"})
    assert zipfile.ZipFile(io.BytesIO(made)).read("a.txt") == b"a" * 1000 and len(made) < 400
    assert zlib.crc32(made) == zlib.crc32(bundles.zipped({"a.txt": b"a" * 1000, "b.png": b"b"}))
