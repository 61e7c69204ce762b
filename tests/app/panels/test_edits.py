"""Facts about a clip that was edited: its link, JSON, Python and notebook bring the edits back, nothing that is written into
them does harm, and the fold of the page does, undoes and tells them."""

import io
import json
import random
import re
import zipfile
from dataclasses import replace
from urllib.parse import quote

import numpy as np
import pytest
from playwright.sync_api import expect

from app.panels.edits import LOOK, of_order, whatif_functions
from app.server.clips import Clips
from app.server.jobs import Running
from app.server.request import Desk, edits_of
from core import METHODS, ReaderError, edited
from core.publish import bundle as bundles
from core.publish import cells as kept
from core.publish import notebook, report
from core.publish.described import described
from core.publish.link import defaults_digest, from_json, from_link, to_link
from core.publish.python import as_python
from core.publish.result import compute, numbers
from core.publish.view import Setting, View, to_json, to_plain
from core.video.edits import EDITS, MOST, frames_left, in_words
from tests.pages import EDIT, PATIENCE, request_of, shown
from tests.published import ROOT, TEXTS, engine, opened

BOX = {"name": "paint", "left": 0.1, "top": 0.2, "right": 0.5, "bottom": 0.6, "last": 3, "fill": "black"}
EVERY = [BOX, {"name": "blur", "sigma": 0.015}, {"name": "drop"}, {"name": "freeze", "frame": 2}, "reverse", "shuffle"]
EVERY = tuple({"name": one} if isinstance(one, str) else one for one in EVERY)


def asked(edits=(), method="stop", clip="1-moves", **knobs):
    return Setting(method, clip, 8, knobs, TEXTS if method == "stop" else (), edits)


# ---- links and JSON ---------------------------------------------------------------------------------------------------

VIEWS = [
    View(asked(EVERY)),
    View(asked(EVERY, alpha=0.3), compared=asked()),
    View(asked(), compared=asked([BOX])),
    View(asked([BOX]), compared=asked([BOX], alpha=1.0)),
    View(asked([BOX], "stpn"), compared=asked([{"name": "reverse"}], "stpn")),
]


@pytest.mark.parametrize("view", VIEWS, ids=range(len(VIEWS)))
def test_a_link_and_a_json_bring_edits_back(view):
    assert from_link(to_link(view)) == (view, ())
    assert from_json(to_json(view)) == (view, ())


def test_a_link_says_an_edit_readably_and_with_every_setting():
    link = to_link(View(Setting("stop", "1-moves", 8, edits=[{"name": "reverse"}, {"name": "freeze", "frame": 3}])))
    assert link == f"v=1&d={defaults_digest('stop')}&m=stop&c=1-moves&e=reverse&e=freeze,first:1,last:0,frame:3"


@pytest.mark.parametrize("name", EDITS)
def test_every_setting_of_every_edit_at_either_end_travels(name):
    for one in EDITS[name].knobs():
        for value in one.span if one.kind == "choice" else one.span[:2]:
            try:
                view = View(Setting("stop", "1-moves", 32, edits=[{"name": name, one.name: value}]))
            except ReaderError:
                continue  # a box that ends where it begins, frames that the clip has not
            assert from_link(to_link(view)) == (view, ())
            assert from_json(to_json(view)) == (view, ())


def test_links_and_json_of_before_there_were_edits_are_read_as_before():
    view = View(asked(alpha=0.3), 2, compared=asked(alpha=0.9))
    plain = to_plain(view)
    del plain["edits"], plain["compared"]["edits"]
    assert from_json(json.dumps(plain)) == (view, ()) and "e=" not in re.split("[&?]", to_link(view))
    assert not from_link("v=1&m=stop&c=1-moves").view.shown.edits


@pytest.mark.parametrize(
    "edit",
    [
        "melt", "", "paint,left", "paint,left:x", "paint,left:nan", "paint,left:1e999", "paint,left:2", "paint,fill:red",
        "paint,left:0.8,right:0.2", "freeze,frame:9", "freeze,frame:1.5", "drop,last:0", "drop,first:5,last:2", "reverse,x:1",
        "shuffle,seed:" + "9" * 400, "__class__", "name,name:1", "reverse,name:paint", "<script>alert(1)</script>", "paint,",
    ],
)  # fmt: skip
def test_an_edit_of_a_link_that_is_none_is_left_out_and_said(edit):
    view, notes = from_link(f"v=1&m=stop&c=1-moves&e={quote(edit)}&e=reverse")
    assert [one["name"] for one in view.shown.edits] == ["reverse"]
    assert (len(notes) == 1 and "Edit 1 of the clip" in notes[0]) or edit == ""
    assert not set("".join(notes)) & set('<>&"`')


@pytest.mark.parametrize(
    "edits",
    [
        5, "reverse", {"name": "reverse"}, [5], [None], [[]], [{}], [{"name": 5}], [{"name": ["x"]}], ["reverse,x"],
        [{"name": "blur", "sigma": 10**400}], [{"name": "blur", "sigma": True}], [{"name": "reverse", "x": 1}],
        [{"name": "reverse"}] * (MOST + 1), [{"name": "freeze", "frame": 9}],
    ],
)  # fmt: skip
def test_edits_of_a_json_that_are_none_are_left_out_and_said(edits):
    view, notes = from_json(json.dumps({"version": 1, "method": "stop", "clip": "1-moves", "edits": edits}))
    assert view == View(Setting("stop", "1-moves")) and len(notes) == 1 and "dit" in notes[0]


def test_an_edit_that_follows_counts_the_frames_that_those_before_it_left():
    view, notes = from_link("v=1&m=stop&c=1-moves&e=drop,last:4&e=freeze,frame:5&e=freeze,frame:4&f=5")
    assert [one["name"] for one in view.shown.edits] == ["drop", "freeze"] and view.shown.length == 4
    assert view.frame == 0 and [note[:6] for note in notes] == ["Edit 2", "The cu"]


def test_no_text_whatever_in_an_edit_raises_anything():
    chance = random.Random(0)
    pieces = ["", ",", ":", "0", "3", "1e9", "-1", "nan", "%2C", "\x00", "é", "[", "{", "64", "blur"]

    def some():
        names = chance.choices(["last", "first", "fill", "x"], k=chance.randrange(3))
        pairs = [f",{name}:{chance.choice(pieces)}" for name in names]
        return "e=" + chance.choice(["paint", "drop", "reverse", *pieces]) + "".join(pairs) + chance.choice(pieces)

    for _ in range(400):
        text = "&".join(some() for _ in range(chance.randrange(20)))
        assert isinstance(from_link("v=1&" + text).view, View)


def test_what_cannot_be_done_to_a_clip_is_no_view():
    for edits in ([{"name": "freeze", "frame": 9}], [{"name": "drop", "last": 0}], "reverse", [{"name": "melt"}]):
        with pytest.raises(ReaderError):
            asked(edits)
    with pytest.raises(ReaderError, match="0 to 3, got 4"):
        View(asked([{"name": "drop", "last": 4}]), 4)
    with pytest.raises(ReaderError, match="is 0.0 to 0.2, got 1000"):
        edits_of('[{"name": "blur", "sigma": 1' + "0" * 400 + "}]")
    assert frames_left(EVERY, 8) == 7 and len({asked([BOX]), asked([BOX])}) == 1 and asked([BOX]) != asked()


# ---- what is taken along ----------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def result():
    """Two sets of one clip: edited in every way, and as it was filmed."""
    return compute(engine(), View(asked(EVERY, alpha=0.3), 2, "score_TP", asked(alpha=0.3)), opened)


def test_a_result_is_of_the_edited_clip(result):
    assert np.array_equal(result.clip.frames_THWC, edited(opened("1-moves", 8), EVERY).frames_THWC) and len(result.clip) == 7
    assert result.other and result.other.clip is opened("1-moves", 8)


def test_the_python_behind_an_edited_view_computes_what_is_shown(result, monkeypatch):
    monkeypatch.chdir(ROOT)
    names = {}
    exec(as_python(result.view), names)
    for one, found in ((result, names["trace"]), (result.other, names["compared"])):
        for stage in ("score_TP", "region_TP", "change_G", "video_E", "similarity_Y"):
            assert np.array_equal(one.array(stage), found[stage].numpy()), stage
    assert not np.array_equal(names["trace"]["similarity_Y"], names["compared"]["similarity_Y"])
    assert "edited" not in as_python(View(asked()))


def test_an_exported_notebook_edits_the_clip_again(result, monkeypatch, capsys):
    monkeypatch.chdir(ROOT / "demos")
    cells, names = [kept.keep(result), kept.keep(compute(engine(), View(asked([BOX])), opened))], {}
    found = []
    for one in json.loads(notebook.to_notebook(cells))["cells"]:
        if one["cell_type"] == "code":
            exec(compile("".join(one["source"]), "a cell", "exec"), names)
            found += [names["result"]] if "result" in names and "kept =" in "".join(one["source"]) else []
    for made, cell in zip(found, cells, strict=True):
        assert made.view == replace(cell.view, note="") and numbers(made) == cell.numbers
        assert names["picture"](made, beside=bool(made.other)).data == cell.picture
    assert capsys.readouterr().out.count("As kept") == 2
    assert kept.from_json(kept.to_json(cells)) == (tuple(cells), ())


def test_captions_reports_and_the_bundle_say_what_was_edited(result):
    words = in_words(result.view.shown.edits)
    assert "Paint out a box (from = 1, to = 3, x₀ = 0.1" in words and words.endswith("Reverse; Shuffle frames (seed = 0)")
    told = described(result)
    assert told["edits"] == words and "edits: ;" in told["compared"] and "e=paint,first:1" in told["view"]
    cell = kept.keep(result)
    assert words in report.to_html([cell]) and "fill = black" in report.to_markdown([cell])["report.md"].decode()
    made = bundles.manifest(result, bundles.arrays_of(result)[0], [])
    assert made["view"]["edits"][0]["fill"] == "black" and made["view"]["compared"]["edits"] == []
    assert len(made["clip"]["notes"]) == len(EVERY) and made["about"]["edits"] == words


# ---- the page ---------------------------------------------------------------------------------------------------------


def test_a_link_brings_back_an_edited_clip_in_every_tab(page, served):
    name = next(iter(served[2]))
    page.goto(f"{served[0]}?v=1&m=stop&c={name}&e=drop,last:2&e=melt&e=reverse")
    page.get_by_text("Edit 2 of the clip").first.wait_for()
    page.wait_for_function("document.querySelectorAll('#viewer-stop .vw-thumb').length === 6", timeout=PATIENCE)
    expect(page.locator("#viewer-stop .vw-clip")).to_contain_text("The frames run backwards.", use_inner_text=True)
    page.get_by_text("Take it along").first.click()
    page.click("#show-stop")
    page.wait_for_function("document.querySelector('#python-stop')?.innerText.includes(\"'name': 'drop'\")", timeout=PATIENCE)
    page.wait_for_function("document.querySelector('#link-stop textarea, #link-stop input')?.value.includes('e=reverse')")
    page.get_by_role("tab", name="STPN").click()
    page.wait_for_selector(".sp[data-done]", timeout=PATIENCE)
    assert page.locator("#viewer-stpn .vw-thumb").count() == 6


@pytest.fixture
def fold(page):
    """The fold in the tab of STOP, opened."""
    return opened_fold(page, "stop")


def opened_fold(page, method):
    one = page.locator(f"#viewer-{method} [data-panel=edits]")
    one.locator("summary").click()
    one.locator(".vw-fold-in[data-edits]").wait_for()
    return one


def listed(fold, *names):
    """Wait until these edits, and no others, stand in the fold."""
    wanted = json.dumps(names)
    fold.page.wait_for_function(
        """([fold, wanted]) => JSON.stringify(JSON.parse(fold.querySelector('[data-edits]').dataset.edits).map(one => one.name))
            === wanted""",
        arg=[fold.element_handle(), wanted.replace(", ", ",")],
        timeout=PATIENCE,
    )
    assert fold.locator(".wi-list li").count() == len(names)


def viewer_shows(page, *notes):
    """Wait until the viewer of STOP tells of these edits, and no others."""
    condition = """wanted => JSON.stringify([...document.querySelectorAll('#viewer-stop .vw-clip .vw-note')].map(
        one => one.textContent.slice(0, 12))) === wanted"""
    page.wait_for_function(condition, arg=json.dumps(notes, separators=(",", ":")), timeout=PATIENCE)


def edit(fold, kind, **settings):
    fold.get_by_role("radio", name=kind).click()
    for name, value in settings.items():
        fold.locator(f"[name={name}]").fill(str(value))
    fold.locator(".wi-do").click()


PAINTED, BACKWARDS = "A box from (", "The frames r"


def test_a_box_is_dragged_painted_out_undone_done_again_and_taken_out(page, fold):
    first = shown(page)
    fold.locator(".wi-canvas").scroll_into_view_if_needed()
    box = fold.locator(".wi-canvas").bounding_box()
    x, y, width, height = (box[name] for name in ("x", "y", "width", "height"))
    page.mouse.move(x + 0.75 * width, y + 0.5 * height)
    page.mouse.down()
    page.mouse.move(x + 0.25 * width, y + 0.25 * height, steps=3)  # from its lower right end
    page.mouse.up()
    fold.locator(".wi-do").click()
    listed(fold, "paint")
    made = json.loads(fold.locator("[data-edits]").get_attribute("data-edits"))[0]
    ends = [made[name] for name in ("left", "top", "right", "bottom")]
    assert ends == pytest.approx([0.25, 0.25, 0.75, 0.5], abs=0.021)
    viewer_shows(page, PAINTED)
    edit(fold, "Reverse")
    listed(fold, "paint", "reverse")
    viewer_shows(page, PAINTED, BACKWARDS)
    page.keyboard.press("Control+z")
    listed(fold, "paint")
    page.keyboard.press("Control+z")
    listed(fold)
    viewer_shows(page)
    page.wait_for_function("key => JSON.parse(document.querySelector('.vw').dataset.shown).clip === key", arg=first["clip"])
    assert fold.locator(".wi-undo").is_disabled() and fold.locator(".wi-clear").is_disabled()
    fold.locator(".wi-redo").click()
    fold.locator(".wi-redo").click()
    listed(fold, "paint", "reverse")
    fold.get_by_role("button", name="take out edit 1").click()
    listed(fold, "reverse")
    viewer_shows(page, BACKWARDS)
    fold.locator(".wi-clear").click()
    listed(fold)
    fold.locator(".wi-undo").click()
    listed(fold, "reverse")


def test_what_cannot_be_done_is_a_sentence_in_the_fold_and_the_picture_stays(page, fold):
    edit(fold, "Reverse")
    listed(fold, "reverse")
    viewer_shows(page, BACKWARDS)
    before, told = shown(page), fold.locator(".wi-wrong")
    for kind, settings, said in (
        ("Paint", {"left": 0.9, "right": 0.2}, "to the right of and below"),
        ("Paint", {"left": ""}, "is a number from 0.0 to 1.0, got None"),
        ("Drop", {"last": 0}, "leaves none"),
        ("Freeze", {"frame": 12}, "1 to 8, the frames of the clip, got 12"),
        ("Shuffle", {"seed": 1.5}, "is a whole number"),
    ):
        edit(fold, kind, **settings)
        told.get_by_text(said).wait_for()
        listed(fold, "reverse")
    assert page.locator("#viewer-stop .vw-wait").is_hidden() and shown(page) == before
    edit(fold, "Shuffle", seed=2)
    listed(fold, "reverse", "shuffle")
    assert told.is_hidden()


FRAMES = "document.querySelectorAll('#viewer-stop .vw-strip:not(.vw-strip-a) .vw-thumb').length"  # of B alone


def test_clicks_faster_than_the_server_are_all_done_in_order(page, fold):
    fold.get_by_role("radio", name="Drop").click()
    page.evaluate("for (let i = 0; i < 3; i++) document.querySelector('#viewer-stop .wi-do').click()")
    listed(fold, "drop", "drop", "drop")
    page.wait_for_function(f"{FRAMES} === 5", timeout=PATIENCE)
    page.evaluate("for (let i = 0; i < 2; i++) document.querySelector('#viewer-stop .wi-undo').click()")
    listed(fold, "drop")
    page.wait_for_function(f"{FRAMES} === 7", timeout=PATIENCE)


def test_edits_are_the_same_in_every_tab_and_another_clip_ends_them(page, fold):
    edit(fold, "Drop", last=2)
    listed(fold, "drop")
    page.get_by_role("tab", name="STPN").click()
    page.wait_for_selector(".sp[data-done]", timeout=PATIENCE)
    other = opened_fold(page, "stpn")
    listed(other, "drop")
    order = "in another order they may be other frames"
    expect(other.locator(".wi-said")).not_to_contain_text(order, use_inner_text=True)
    edit(other, "Reverse")
    listed(other, "drop", "reverse")
    expect(other.locator(".wi-said")).to_contain_text(order, use_inner_text=True)
    page.get_by_role("tab", name="STOP", exact=True).click()
    listed(fold, "drop", "reverse")
    fold.locator(".wi-undo").click()
    fold.locator(".wi-undo").click()
    listed(fold)
    fold.locator(".wi-redo").click()
    listed(fold, "drop")
    page.locator("#viewer-stop .vw-examples button").nth(1).click()
    listed(fold)
    page.wait_for_function("document.querySelector('#viewer-stop .wi-undo').disabled", timeout=PATIENCE)
    assert fold.locator(".wi-redo").is_disabled() and "Nothing" in fold.locator(".wi-none").inner_text()


def test_the_clip_before_the_first_edit_is_put_beside_it_where_the_viewer_can(page, fold):
    page.evaluate("""() => {
      window.pins = [];
      Object.assign(views.stop, {pin: (one, title) => pins.push([one.values.edits, title]), unpin: () => pins.push("unpinned"),
        pinned: () => pins.length > 0});
    }""")
    edit(fold, "Reverse")
    listed(fold, "reverse")
    edit(fold, "Shuffle")
    listed(fold, "reverse", "shuffle")
    assert page.evaluate("pins") == [["[]", "before the edit"]]
    fold.locator(".wi-clear").click()
    listed(fold)
    assert page.evaluate("pins.at(-1)") == "unpinned"
    page.evaluate("pins = ['own']")
    edit(fold, "Reverse")
    listed(fold, "reverse")
    fold.locator(".wi-clear").click()
    listed(fold)
    assert page.evaluate("pins") == ["own"], "what a reader has put beside it stays"


def test_the_fold_tells_no_clip_to_whom_it_was_not_given(served):
    desk = Desk(METHODS["stop"], {"tiny": served[1]}, Clips(served[2]), Running())
    (ask,) = whatif_functions(desk)
    path = next(iter(served[2].values())).path
    for handle in (str(path), Clips(served[2]).handle(path), "", None):
        wrong = {"values": request_of(desk)["values"] | {"clip": handle}}
        assert "no longer held" in json.loads(ask(wrong))["error"]
    for wrong in (None, {}, {"values": 5}, {"values": []}, []):
        assert "do not fit together" in json.loads(ask(wrong))["error"]
    said = json.loads(ask(request_of(desk, path, edits='[{"name": "drop"}]')))
    assert len(said["frames"]) == 7 and said["source"][0] > 0 and said["truth"] is True


def test_a_fold_says_of_every_edit_what_to_look_for():
    assert set(LOOK) == set(EDITS)
    assert any("order" in said for said in of_order(METHODS["stpn"])) and of_order(METHODS["stop"])


def test_a_file_is_made_of_the_edited_clip(page):
    page.evaluate(EDIT, [{"name": "drop", "first": 1, "last": 2}])
    page.wait_for_function("document.querySelectorAll('#viewer-stop .vw-thumb').length === 6", timeout=PATIENCE)
    page.get_by_text("Take it along").first.click()
    page.click("#form-stop input")
    page.get_by_role("option", name="Numbers: arrays").click()
    page.click("#make-stop")
    with page.expect_download() as download:
        page.locator("#made-stop a").first.click()
    files = zipfile.ZipFile(download.value.path())
    told, arrays = json.loads(files.read("manifest.json")), np.load(io.BytesIO(files.read("arrays.npz")))
    assert arrays["clip.frames_THWC"].shape[0] == 6 and told["view"]["edits"][0]["name"] == "drop"
