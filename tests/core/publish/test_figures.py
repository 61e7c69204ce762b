"""Facts about figures: what is drawn, where it stands, and that nothing covers anything else. Some are told from pixels."""

import io
import json
import re
import xml.etree.ElementTree as xml
from dataclasses import replace
from itertools import combinations

import cv2
import matplotlib
import numpy as np
import pytest
from matplotlib.text import Text
from PIL import Image

from core import ReaderError, sweep_over
from core.publish import figures, sheet
from core.publish.composition import Composition, complete, composition_of, rows_offered, to_plain
from core.publish.layers import apart, layer, supports
from core.publish.painting import Box, Layer, edges, painted, words_of
from core.publish.result import Result, compute
from core.publish.rows import series_of
from core.publish.sweeps import picture_of
from core.publish.view import Setting, View
from tests.published import NASTY, TEXTS, engine, found, opened, stop, stpn

SVG = "{http://www.w3.org/2000/svg}"


def showing(result, overlay):
    return replace(result, view=replace(result.view, overlay=overlay))


def alone(result):
    """Without the set that it is compared with."""
    return replace(result, view=replace(result.view, compared=None), other=None)


def pixels(picture):
    return np.asarray(Image.open(io.BytesIO(picture.data)).convert("RGB"), int)


def drawn(result, **fields):
    with matplotlib.rc_context(figures.STYLE):
        figure = sheet.drawn(result, complete(Composition(**fields), result), 100)
        figure.draw_without_rendering()
    return figure


def words(picture):
    return ["".join(one.itertext()).strip() for one in xml.fromstring(picture.data.decode()).iter(f"{SVG}text")]


SHOWN = {
    "STOP": lambda: (alone(stop()), {}),
    "STOP, one column": lambda: (alone(stop()), {"width": "one"}),
    "A beside B": lambda: (stop(), {}),
    "every row": lambda: (stop(), {"rows": tuple(rows_offered(stop().method))[:8], "frames": (0, 2, 3, 7)}),
    "STPN": lambda: (found(), {}),
    "what prompts change": lambda: (showing(found(), "change"), {}),
}


# ---- light overlays ---------------------------------------------------------------------------------------------------


def hues(picture_HWC, mask_HW):
    """Hue 0–360 of pixels that have a colour, and their places."""
    hsv_HWC = cv2.cvtColor(picture_HWC, cv2.COLOR_RGB2HSV).astype(float)
    coloured_HW = mask_HW & (hsv_HWC[..., 1] > 90) & (hsv_HWC[..., 2] > 60)
    return hsv_HWC[..., 0] * 2, coloured_HW


@pytest.mark.parametrize("overlay", ["attention_TP", "dynamics_TP", "score_TP", "region_TP"])
def test_what_is_not_selected_keeps_its_hue_under_a_map(overlay):
    result = alone(stop())
    made, moved, count = layer(result, overlay), [], 0
    for t in range(len(result.clip)):
        before, after = result.clip.frames_THWC[t], painted(made, t, 256, 256)
        rest_HW = ~np.repeat(np.repeat(result.array("region_TP")[t].reshape(8, 8), 32, 0), 32, 1)
        hue, coloured = hues(before, rest_HW)
        now, _ = hues(after, rest_HW)
        moved += list(np.abs((now - hue + 180) % 360 - 180)[coloured])
        count += coloured.sum()
    assert count > 5000, "there are things with colours that are not selected"
    assert np.mean(moved) < 12 and np.percentile(moved, 90) < 25, (np.mean(moved), np.percentile(moved, 90))


def test_more_is_hidden_where_more_is_and_nothing_where_nothing_is():
    black = np.zeros((1, 32, 32, 3), np.uint8)
    made = Layer(black, ("one",), np.array([[[0.0, 0.2, 0.6, 1.0]]]), None, "", "", "")
    light = painted(made, 0, 32, 32).sum((0, 2)).reshape(4, 8).mean(1)
    assert light[0] == 0 and np.all(np.diff(light) > 0)
    assert not painted(made, 0, 32, 32, strength=0.0).any()


def test_a_map_that_is_high_everywhere_leaves_half_of_the_scene_and_its_own_colour():
    made = Layer(np.full((1, 32, 32, 3), (0, 0, 250), np.uint8), ("one",), np.ones((1, 4, 4)), None, "", "", "")
    shown = painted(made, 0, 32, 32, strength=1.0)[0, 0]
    assert shown[2] > 120, "blue of the scene"
    assert shown[0] > 110, "yellow of the map"


def test_a_mask_darkens_what_is_not_kept_and_leaves_what_is():
    picture = np.full((1, 16, 16, 3), (200, 100, 50), np.uint8)
    made = Layer(picture, ("one",), np.array([[[True, False]]]), None, "", "", "", masks=True)
    kept, rest = painted(made, 0, 16, 16)[0, [0, -1]]
    assert tuple(kept) == (200, 100, 50) and rest[0] < 120
    assert rest[0] / rest[1] == pytest.approx(2, abs=0.05) and rest[1] / rest[2] == pytest.approx(2, abs=0.1), "of the same hue"


def test_a_patch_is_painted_in_its_own_place_alone():
    made = layer(stop())
    plain = replace(made, picture_IHWC=np.zeros_like(made.picture_IHWC), map_Ihw=np.zeros_like(made.map_Ihw))
    plain.map_Ihw[0, 2, 5] = 1
    shown = painted(plain, 0, 64, 64, strength=1.0)
    rows, columns = np.nonzero((shown != shown[0, 0]).any(-1))
    assert (rows.min(), rows.max(), columns.min(), columns.max()) == (16, 23, 40, 47) and len(rows) == 64


def test_edges_surround_what_is_kept():
    kept = np.zeros((3, 4), bool)
    kept[1, 2] = True
    assert set(edges(kept)) == {((2, 1), (3, 1)), ((2, 2), (3, 2)), ((2, 1), (2, 2)), ((3, 1), (3, 2))}
    assert len(edges(np.ones((3, 4), bool))) == 14


# ---- places -------------------------------------------------------------------------------------------------------------


def written(figure):
    """Every text that is seen: of axes that are off, what is written into them and above them."""
    every = [*figure.texts]
    for axes in figure.axes:
        every += axes.findobj(Text) if axes.axison else [*axes.texts, axes.title]
    ticks = [
        (tick, axis.get_view_interval())
        for axes in figure.axes
        for axis in (axes.xaxis, axes.yaxis)
        for tick in axis.get_major_ticks()
    ]
    unseen = {one for tick, span in ticks if not min(span) <= tick.get_loc() <= max(span) for one in (tick.label1, tick.label2)}
    return [one for one in dict.fromkeys(every) if one not in unseen and one.get_visible() and one.get_text().strip()]


@pytest.mark.parametrize("name", SHOWN)
def test_no_words_stand_on_others_or_leave_the_paper(name):
    result, fields = SHOWN[name]()
    figure = drawn(result, **fields)
    boxes = [(one.get_text(), one.get_window_extent()) for one in written(figure)]
    assert len(boxes) > 10
    for text, box in boxes:
        assert box.x0 >= -1 and box.y0 >= -1 and box.x1 <= figure.bbox.x1 + 1 and box.y1 <= figure.bbox.y1 + 1, text
    for (one, a), (other, b) in combinations(boxes, 2):
        wide, high = min(a.x1, b.x1) - max(a.x0, b.x0), min(a.y1, b.y1) - max(a.y0, b.y0)
        assert wide <= 1 or high <= 1.5, f"{one!r} and {other!r}"


@pytest.mark.parametrize("name", SHOWN)
def test_no_quarter_of_a_figure_is_empty(name):
    result, fields = SHOWN[name]()
    ink = (pixels(figures.picture(result, dpi=60, **fields)) < 245).any(-1)
    H, W = ink.shape
    for y, x in ((0, 0), (0, 1), (1, 0), (1, 1)):
        quarter = ink[y * H // 2 : (y + 1) * H // 2, x * W // 2 : (x + 1) * W // 2]
        assert quarter.mean() > 0.04, (y, x, quarter.mean())


def test_bars_stand_under_the_gaps_of_the_frames_that_are_shown():
    figure = drawn(alone(stop()), rows=("raw", "prompt_count_G"), frames=(0, 2, 3, 7))
    pictures = [one.get_position() for one in figure.axes if one.images]
    (axes,) = [one for one in figure.axes if one.patches]
    inverse = figure.transFigure.inverted()
    centres = [inverse.transform(axes.transData.transform((bar.get_x() + bar.get_width() / 2, 0)))[0] for bar in axes.patches]
    frame = [(one.x0 + one.x1) / 2 for one in pictures]
    gaps = [2, 1, 4]  # between 1 and 3, 3 and 4, 4 and 8
    assert [sum(a < x < b for x in centres) for a, b in zip(frame, frame[1:])] == gaps
    assert [bar.get_height() for bar in axes.patches] == list(map(float, stop().trace["prompt_count_G"]))
    assert [one.get_text() for one in axes.get_xticklabels()] == ["1 … 3", "3–4", "4 … 8"]


def test_every_gap_stands_once_where_frames_go_on_in_another_band():
    first, _ = sheet.spots("G", (0, 2, 4), (None, 6), 0.5, 1.0)
    second, _ = sheet.spots("G", (6, 8, 10), (4, None), 0.5, 1.0)
    assert sorted((*first, *second)) == list(range(10)) and not first.keys() & second.keys()
    assert first[0] == 0.75 and first[4] == 2.75 and second[5] == 0.25


def test_the_first_row_is_the_frames_as_they_are():
    result = alone(stop())
    made = pixels(figures.picture(result, frames=(0, 7), rows=("raw", "score_TP"), dpi=100))
    figure = drawn(result, frames=(0, 7), rows=("raw", "score_TP"))
    place = next(one for one in figure.axes if one.images).get_window_extent()
    y0, y1 = round(len(made) - place.y1), round(len(made) - place.y0)
    part = made[y0 + 2 : y1 - 2, round(place.x0) + 2 : round(place.x1) - 2]
    frame = cv2.resize(result.clip.frames_THWC[0], part.shape[1::-1], interpolation=cv2.INTER_AREA).astype(int)
    assert np.abs(part - frame).mean() < 6


def test_words_at_boxes_find_a_place_of_their_own():
    boxes = [
        Box(0.4, 0.3, 0.6, 0.5, "ring 0.99"),
        Box(0.42, 0.31, 0.61, 0.5, "cross 0.50"),
        Box(0.9, 0.02, 1.0, 0.1, "far 0.40"),
    ]
    places = words_of(boxes, 0.1, 0.03)
    assert places[0] == (0.4, 0.3) and places[1] != places[0]
    assert all(0 <= x and x + 0.03 * len(box.words) <= 1.001 and 0.1 <= y <= 1 for (x, y), box in zip(places, boxes))
    for (a, one), (b, other) in combinations(zip(places, boxes), 2):
        apart_y, apart_x = (
            abs(a[1] - b[1]) >= 0.1,
            a[0] + 0.03 * len(one.words) <= b[0] or b[0] + 0.03 * len(other.words) <= a[0],
        )
        assert apart_y or apart_x


# ---- what is drawn ------------------------------------------------------------------------------------------------------


def test_stpn_s_figure_has_what_is_found_in_the_frame_and_where_prompts_looked():
    made = figures.picture(found(), "svg")
    said = words(made)
    assert "frame 4" in said and {"STPN", "single frame"} <= set(said)
    both = [found().trace[stage] for stage in ("prompted_found", "baseline_found")]
    scores = {f"{name} {score:.2f}": float(score) for seen in both for name, score in zip(seen.label_N, seen.score_N)}
    assert min(scores.values()) < 0.3 < max(scores.values())
    assert {name for name in scores if name in said} == {name for name, score in scores.items() if score >= 0.3}
    assert [one for one in said if one.startswith("frame ") and one != "frame 4"] == [
        f"frame {i + 1}" for i in found().trace["support_index_K"]
    ]
    share = layer(found())
    assert (share.low, share.high, share.log) == (0.1, 100, True), "as on the page: decades around an even share"
    assert share.map_Ihw.mean() == pytest.approx(1, abs=1e-5), "in even shares the mean is one"


def test_of_a_clip_that_the_weights_do_not_know_no_shape_is_named():
    known = found()
    own = replace(known, view=replace(known.view, shown=replace(known.view.shown, clip="holiday.mp4")))
    score_N = known.trace["prompted_found"].score_N.tolist()
    said = [one for one in words(figures.picture(own, "svg")) if one.startswith("thing ")]
    assert {f"thing {score:.2f}" for score in score_N if score >= 0.3} <= {*said}
    assert not {*known.trace["prompted_found"].label_N} & {one.split()[0] for one in words(figures.picture(own, "svg")) if one}
    other = replace(own, trace=replace(own.trace, weights={"net": "trained on photographs"}))
    assert "thing" not in " ".join(words(figures.picture(other, "svg"))), "these may know what they see"


def test_all_of_a_stands_before_all_of_b_and_rows_of_other_frames_have_their_own_names():
    known = found()
    later = replace(known, trace=replace(known.trace, values={**known.trace.values, "support_index_K": [0, 1, 2, 3]}))
    figure = drawn(replace(known, other=later), difference=False)
    titles = [one.get_title() for one in figure.axes if one.get_title()]
    assert [one[0] for one in titles[:6]] == ["A"] * 3 + ["B"] * 3 and titles[1:6:3] == ["A  STPN", "B  STPN"]
    own = [f"frame {place + 1}" for place in known.trace["support_index_K"]]
    assert titles[6:] == [f"frame {place}" for place in (1, 2, 3, 4)] + own + ["frame 1", "frame 2", "frame 3", "frame 4"] + own


def test_attention_that_is_nearly_even_has_a_narrower_scale():
    result = found()
    stage = "prompt_attention_NQKP"
    even = result.trace[stage] * 0 + 1 / (result.trace[stage].shape[2] * result.trace[stage].shape[3])
    nearly = replace(result, trace=replace(result.trace, values={**result.trace.values, stage: even}))
    assert (layer(nearly).low, layer(nearly).high) == (0.8, 1.25)


def test_texts_are_in_their_order_with_their_numbers():
    said = words(figures.picture(alone(stop()), "svg"))
    scores = stop().trace["similarity_Y"].tolist()
    order = sorted(range(len(scores)), key=lambda place: -scores[place])
    names = [one for one in said if re.match(r"\d\. ", one)]
    assert [one[3:].rstrip("…")[:20] for one in names] == [(*TEXTS, NASTY)[place][:20] for place in order]
    assert all(f"{scores[place]:.3f}".replace("-", "−") in said for place in order)


def test_a_s_numbers_stand_at_its_own_texts_whatever_their_order():
    other = replace(stop().other.view.shown, texts=TEXTS[::-1])
    turned = replace(stop(), other=replace(stop().other, view=replace(stop().other.view, shown=other)))
    made = series_of(turned, complete(Composition(), turned), "similarity_Y").sets["A"]
    assert made[:2].tolist() == pytest.approx(stop().other.trace["similarity_Y"].tolist()[::-1]) and np.isnan(made[2])


def test_a_beside_b_have_one_scale_rows_of_their_own_and_what_lies_between():
    beside = [one.get_text() for one in drawn(stop(), frames=(0,)).texts if one.get_text()]
    assert beside == ["A  $W^s$", "B  $W^s$", "B − A  $W^s$"]
    between = apart(layer(stop()), layer(stop().other))
    expected = stop().trace["score_TP"].numpy() - stop().other.trace["score_TP"].numpy()
    assert np.allclose(between.map_Ihw.reshape(expected.shape), expected) and between.low == -between.high


def test_supports_are_drawn_once_for_each():
    assert supports(stpn(), stpn().output("NQKP", "share")).name_I == tuple(
        f"frame {i + 1}" for i in stpn().trace["support_index_K"]
    )


def test_what_prompts_change_is_drawn_over_the_current_frame_once_for_each_stage():
    asked = Setting("stpn", "2-bounces", 8, {"supports": 4})
    result = compute(engine(), View(asked, 3, "change"), opened, ("current_HWC", "change", "to_prompts"))
    made = layer(result)
    assert made.name_I == tuple(f"stage {number} of the tower" for number in (1, 2, 3)) and (made.low, made.high) == (0.001, 1)
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


def test_a_strong_overlay_hides_more_and_colours_can_be_chosen():
    frame = pixels(figures.picture(alone(stop()), dpi=60, strength=0.0, rows=("score_TP",)))
    far = [
        np.abs(pixels(figures.picture(alone(stop()), dpi=60, strength=s, rows=("score_TP",))) - frame).sum() for s in (0.3, 1.0)
    ]
    assert 0 < far[0] < far[1]
    made = [figures.picture(alone(stop()), dpi=60, colours=one).data for one in ("plasma", "viridis", "gray")]
    assert len(set(made)) == 3


# ---- files --------------------------------------------------------------------------------------------------------------


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
    said = ["".join(one.itertext()).strip() for one in root.iter(f"{SVG}text")]
    assert {"frame 1", "frame 8", "gap between frames", "1–2"} <= set(said)
    assert root.get("width") == f"{6.75 * 72:g}pt"
    about = "".join(root.find(f"{SVG}metadata").itertext())
    assert "α (alpha) = 0.3" in about and "stop_first.safetensors" in about and "v=1&d=" in about
    assert NASTY in about and "<img" not in made, "a reader's text is text"
    images = [one.get("{http://www.w3.org/1999/xlink}href") for one in root.iter(f"{SVG}image")]
    assert len(images) == 4 * 8 + 3 and all(one.startswith("data:image/png") for one in images), (
        "four rows and three colour bars"
    )


def test_a_png_has_the_width_of_the_column_and_the_knobs():
    picture = Image.open(io.BytesIO(figures.picture(stop(), "png", "one").data))
    assert picture.width == pytest.approx(3.25 * 300, abs=1)
    assert "N_s (kept) = 9" in picture.info["Description"] and "compared" in picture.info["Description"]
    small = Image.open(io.BytesIO(figures.preview(stop(), Composition(width="one")).data))
    assert small.width == pytest.approx(3.25 * 110, abs=1)


@pytest.mark.parametrize("format", figures.FORMATS)
def test_the_same_view_gives_the_same_bytes(format):
    assert figures.picture(stop(), format, "one", dpi=100) == figures.picture(stop(), format, "one", dpi=100)


# ---- compositions -------------------------------------------------------------------------------------------------------


def test_a_composition_is_plain_data():
    made = Composition(("raw", "score_TP"), (0, 3), 0.5, "magma", "one", 2, False, False)
    assert composition_of(json.loads(json.dumps(to_plain(made)))) == made
    assert to_plain(Composition()) == {}


def test_a_figure_s_rows_are_what_the_method_s_outputs_are_over():
    known = rows_offered(stop().method)
    assert {"raw", "attention_TP", "dynamics_TP", "score_TP", "region_TP", "change_G", "prompt_count_G", "similarity_Y"} == set(
        known
    )
    assert {"prompted_found", "prompted_tracks", "prompt_attention_NQKP", "mass_K"} <= set(rows_offered(stpn().method))


@pytest.mark.parametrize(
    "wrong, sentence",
    [
        ({"width": "three"}, "The width is one of one, two"),
        ({"colours": "jet"}, "The colour map is one of plasma"),
        ({"strength": 2}, "0 to 1, got 2"),
        ({"frames": (8,)}, "places from 0 to 7"),
        ({"frames": ()}, "Frames are 1 to 64"),
        ({"rows": ("nothing",)}, "has rows of raw, attention_TP"),
        ({"rows": ("raw",) * 13}, "up to 12 rows"),
    ],
)
def test_what_cannot_be_drawn_is_one_sentence(wrong, sentence):
    with pytest.raises(ReaderError, match=sentence):
        figures.picture(stop(), **wrong)


def test_what_was_not_computed_or_cannot_be_compared_is_one_sentence():
    with pytest.raises(ReaderError, match="The format is one of svg"):
        figures.picture(stop(), "gif")
    with pytest.raises(ReaderError, match="was not computed"):
        figures.picture(stpn(), rows=("prompted_found",))
    with pytest.raises(ReaderError, match="a set to compare with"):
        figures.picture(stpn(), beside=True)
    with pytest.raises(ReaderError, match="prompt is 0 to 4"):
        figures.picture(stpn(), prompt=5)
    with pytest.raises(ReaderError, match="A figure has .*, and no bars"):
        composition_of({"bars": 5})
    with pytest.raises(ReaderError, match="wrong type"):
        composition_of({"rows": 5})


def test_a_pixel_mask_is_the_picture_of_a_method_that_has_no_other_map():
    asked = Setting("stop_released", "1-moves", 8)
    result = compute(engine(), View(asked), opened, ("comb_THW", "prompt_count_T"))
    assert isinstance(result, Result)
    made = pixels(figures.picture(result, dpi=50))
    assert complete(Composition(), result).rows == ("raw", "comb_THW", "prompt_count_T") and made.min() < 80


# ---- sweeps -------------------------------------------------------------------------------------------------------------


def test_a_sweep_is_a_figure_with_a_map_for_every_pair_and_a_line_for_every_row(tmp_path):
    clip = opened("1-moves", 8)
    made = sweep_over(engine(), "stop", clip, ("alpha", [0, 1]), ("kept", [2, 6, 12]), "region_TP", ("change_G", "mean"))
    picture = picture_of(made, clip, engine().grid("stop"), 3, "svg")
    said = words(picture)
    images = len(re.findall("<image ", picture.data.decode()))
    assert images == 6 and {"0", "1", "2", "6", "12", "α (alpha)"} <= set(said)
    ink = (pixels(picture_of(made, clip, engine().grid("stop"), 3, dpi=60)) < 245).any(-1)
    H, W = ink.shape
    assert min(ink[: H // 2, : W // 2].mean(), ink[: H // 2, W // 2 :].mean(), ink[H // 2 :, : W // 2].mean()) > 0.05
    with pytest.raises(ReaderError, match="The frame is 0 to 7"):
        picture_of(made, clip, engine().grid("stop"), 8)
    numbers = sweep_over(
        engine(), "stop", clip, ("alpha", [0, 1]), ("spatial", [False, True]), "change_G", ("change_G", "mean")
    )
    assert "<image " not in picture_of(numbers, clip, engine().grid("stop"), format="svg").data.decode(), (
        "no map, numbers alone"
    )
