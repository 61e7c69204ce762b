"""Facts about the tab Errors: what it asks of a run, and what a reader does there with keys, links and the stage."""

import base64
import csv
import io
import json
import shutil
import zipfile
from importlib import resources
from types import SimpleNamespace

import pytest

from app import assets
from app.errors import analysis, export, questions, stage, whatif
from app.errors.runs import SHIPPED, Runs, find_runs
from app.main import launch
from app.page import build
from app.server.clips import Clips, find_examples
from app.server.jobs import Running
from app.server.request import Desk
from core import METHODS, Engine, ReaderError
from core.data.rendered import sample
from core.workbench import outside
from core.world.examples import HERE
from tests.app.test_page_access import found, open_folds
from tests.core.workbench.test_detection import things_run
from tests.pages import FEW, PATIENCE

WORLD, ZOO = "world", "zoo"


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    """The shipped run, in a folder where a test may write, and one of a detector that this page has no tab of."""
    folder = tmp_path_factory.mktemp("runs")
    shutil.copytree(SHIPPED / WORLD, folder / WORLD, ignore=shutil.ignore_patterns("marks.sqlite*", "derived"))
    things_run(folder / ZOO)
    return find_runs(folder)


@pytest.fixture(scope="module")
def ask(runs):
    """A question by its name, and what it is answered."""
    asked = questions.Questions(Runs(runs))
    functions = {one.__name__: one for one in (*asked.functions(), *analysis.Analysis(asked).functions())}
    return lambda question, **said: json.loads(functions[question]({"run": WORLD} | said))


@pytest.fixture(scope="module")
def settings(ask):
    return [one["id"] for one in ask("overview")["settings"]]


@pytest.fixture(scope="module")
def wrong(runs, settings):
    """How many clips of the shipped run the first setting answers wrongly."""
    return len(Runs(runs).table(runs[WORLD]).ask('SELECT clip_id FROM rows WHERE setting = ? AND NOT "right"', [settings[0]]))


# ---- what is asked of a run ------------------------------------------------------------------------------------------------


def test_a_shipped_run_is_small_whole_and_of_the_weights_that_are_shipped(ask, runs):
    told = ask("overview")
    assert sum(one.stat().st_size for one in (SHIPPED / WORLD).rglob("*") if one.is_file()) <= 2_000_000
    assert [one["done"] for one in told["settings"]] == [told["clips"]] * 2 == [120, 120] and not told["unknown"]
    first = Runs(runs).table(runs[WORLD]).settings[told["settings"][0]["id"]]
    method, engine = METHODS[first.method], Engine("cpu", precision="float32")
    assert {one.name: one.default for one in method.knobs.knobs()} == first.knobs  # what the method does by itself comes first
    assert {name: engine.shelf.known(method.networks[name]).digest for name in first.weights} == dict(first.weights)


def test_flips_and_tags_are_filters_and_agree_with_what_is_counted(ask, settings):
    a, b = settings
    counted = ask("comparison", a=a, b=b)
    for flip in outside.FLIPS:
        found = ask("rows", a=a, b=b, filters=[["beside", "eq", flip]], names=["right"])
        right = counted[flip] if flip in ("both", "broken") else 0
        assert found["total"] == counted[flip] and found["stats"]["right"] == right
    clip = ask("rows", a=a, names=["label"], limit=1)["rows"][0]["clip_id"]
    saved = ask("mark", a=a, kind="tag", subject=clip, name="<b>odd", value=True)
    assert saved["of"] == ["<b>odd"] and ask("overview")["tags"] == ["<b>odd"]  # read again from the disk
    assert [row["clip_id"] for row in ask("rows", a=a, filters=[["tag", "eq", "<b>odd"]], names=["label"])["rows"]] == [clip]
    assert ask("unmark")["of"] == [] and ask("rows", a=a, filters=[["tag", "eq", "<b>odd"]], names=["label"])["total"] == 0


@pytest.mark.parametrize(
    "said",
    [
        {"run": "../world"}, {"run": None}, {"a": "x"}, {"filters": "right"}, {"filters": [["beside", "eq", "fixed"]]},
        {"filters": [["tag", "has", "a"]]}, {"filters": [['"; DROP TABLE rows; --', "eq", 1]]}, {"names": []}, {"names": ["x"]},
        {"names": ["label"], "limit": 10**6}, {"names": ["label"], "sort": "top5"},
    ],
)  # fmt: skip
def test_what_nobody_would_ask_is_a_sentence(ask, said):
    answer = ask("rows", **({"names": ["label"]} | said))
    assert set(answer) == {"error"}


def test_marks_of_clips_that_are_not_there_and_filters_that_are_none_are_refused(ask):
    assert "clip of this run" in ask("mark", kind="tag", subject="nobody", name="odd", value=True)["error"]
    assert "no column" in ask("mark", kind="slice", name="bad", value=[["nothing", "eq", 1]])["error"]
    assert ask("overview")["slices"] == {}


def test_a_clip_lies_below_the_folder_that_was_named_or_is_not_opened(tmp_path):
    from core.workbench.again import file_of
    from core.workbench.listing import Entry

    inside, outside = tmp_path / "data", tmp_path / "secret.mp4"
    inside.mkdir()
    outside.write_bytes(b"0")
    (inside / "link.mp4").symlink_to(outside)
    (inside / "own.mp4").write_bytes(b"0")
    entry = Entry("own.mp4", "own.mp4", file=b"/gone/own.mp4")
    assert file_of(entry, inside) == inside / "own.mp4"  # the folder was moved
    for path in ("../secret.mp4", "link.mp4", str(outside)):
        with pytest.raises(ReaderError, match="does not lie"):
            file_of(Entry(path, path, file=str(outside).encode()), inside)
    with pytest.raises(ReaderError, match="--data"):
        file_of(entry, None)


def test_as_many_right_clips_of_the_same_classes_stand_beside_wrong_ones(runs, settings):
    table = Runs(runs).table(runs[WORLD])
    every = table.ask('SELECT clip_id, label, "right" FROM rows WHERE setting = ?', [settings[0]])
    wrong = whatif.wrong_of(table, settings[0], [row["clip_id"] for row in every][:60])
    right = whatif.as_many_right(table, settings[0], wrong)
    known = {row["clip_id"]: row for row in every}
    assert 0 < len(wrong) == len(right) == len({one["clip_id"] for one in right})
    assert not any(known[one["clip_id"]]["right"] for one in wrong) and all(known[one["clip_id"]]["right"] for one in right)
    labels = [one["label"] for one in wrong]
    for label in set(labels):  # of each class as many, or all that there are
        there = sum(row["label"] == label and row["right"] for row in every)
        assert sum(one["label"] == label for one in right) >= min(labels.count(label), there)


def test_what_the_map_and_modes_say_is_what_their_filters_find(ask, settings):
    wrong = [["right", "eq", False]]
    drawn = ask("atlas", a=settings[1], filters=wrong, colour="label")
    assert len(drawn["ids"]) == len(drawn["colour"]["index"]) == drawn["of"] == 120 and drawn["how"].startswith("t-SNE")
    fits = base64.b64decode(drawn["fits"])
    assert sum(fits) == ask("rows", a=settings[1], filters=wrong, names=["label"])["total"]
    assert len(base64.b64decode(drawn["places"])) == 4 * len(fits)
    for one in drawn["groups"]:
        found = ask("rows", a=settings[1], filters=[["cluster", "eq", one["number"]]], names=["label"])
        assert (found["total"], found["stats"]["right"]) == (one["clips"], one["right"])
    told = ask("modes", a=settings[1])
    assert (told["of"], told["n"]) == ("right", 120) and any(one["confirmed"] for one in told["modes"])
    for one in told["modes"]:
        assert ask("rows", a=settings[1], filters=one["filters"], names=["label"])["total"] == one["clips"]
    near = ask("neighbours", a=settings[1], clip=drawn["ids"][5])["near"]
    likeness = [one["like"] for one in near]
    assert len(near) == 8 and likeness == sorted(likeness, reverse=True) and drawn["ids"][5] not in str(near)


def test_a_detector_s_cells_and_bins_are_filters_and_what_it_is_asked_amiss_is_a_sentence(ask):
    pairs = ask("pairs", run=ZOO)
    for real, said, count in pairs["cells"]:
        total = ask(
            "rows", run=ZOO, filters=[["thing", "in", [pairs["reader"], {"real": real, "found": said}]]], names=["status"]
        )
        assert 0 < total["total"] <= count
    for one in ask("bins", run=ZOO)["readers"]:
        for name, _, count, _ in one["bins"]:
            column = f"{name.lower()}_{one['reader']}"
            rows = ask("rows", run=ZOO, filters=[[column, "gt", 0]], names=[column])["rows"]
            assert sum(row[column] for row in rows) == count
    for bad in ([["thing", "in", ["own", {"who": 1}]]], [["thing", "eq", "ball"]], [["cluster", "eq", 0]], [["map", "in", []]]):
        assert set(ask("rows", run=ZOO, filters=bad, names=["status"])) == {"error"}
    assert "finds no things" in ask("bins")["error"] and set(ask("modes", run=ZOO, of="label")) == {"error"}
    assert ask("atlas", run=ZOO)["colour"]["name"] in ask("modes", run=ZOO)["outcomes"]  # no right or wrong is known of it


def test_clips_that_are_asked_again_with_the_same_knobs_answer_what_they_did(runs, settings):
    held, method = Runs(runs), next(iter(METHODS.values()))
    desk = Desk(method, {"shipped": Engine("cpu", precision="float32")}, Clips(find_examples(HERE)), Running())
    tried = {one.__name__: one for one in whatif.WhatIf(questions.Questions(held), {method.name: desk}).functions()}["whatif"]
    every = held.table(runs[WORLD]).ask('SELECT clip_id FROM rows WHERE setting = ? AND NOT "right" LIMIT 3', [settings[0]])
    said = {"run": WORLD, "a": settings[0], "clips": [row["clip_id"] for row in every], "who": "me"}
    usual = next(one.default for one in method.knobs.knobs() if one.name == "alpha")
    made = json.loads(tried(said | {"knobs": {"alpha": usual}}))
    assert (made["wrong"], made["fixed"], made["right"], made["broken"]) == (3, 0, 3, 0)
    assert all(before == after for _, _, before, after, _, _ in made["rows"])
    for bad in ({"knobs": {"alpha": 7}}, {"knobs": {"nothing": 1}}, {"knobs": {}}, {"clips": []}, {"clips": ["x"] * 65}):
        assert set(json.loads(tried(said | {"knobs": {"alpha": 0.1}} | bad))) == {"error"}


# ---- the page --------------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def served(runs):
    """(address, the page's engine)."""
    engine = Engine("cpu", precision="float32", methods={name: METHODS[name] for name in FEW})
    page = build({"shipped": engine}, find_examples(HERE), runs)
    yield launch(page, wait=False), engine
    page.close()


@pytest.fixture(scope="module")
def held(browser, served):
    """The tab with the wrong clips in it, those with most loss first."""
    context = browser.new_context(viewport={"width": 1280, "height": 900}, bypass_csp=True, reduced_motion="reduce")
    page = context.new_page()
    page.set_default_timeout(PATIENCE)
    page.goto(f"{served[0]}?errors={json.dumps({'f': [['right', 'eq', False]], 's': 'loss', 'd': True})}")
    page.wait_for_selector(".er-root[data-shown]")
    yield page
    context.close()


def test_a_link_opens_the_tab_with_its_filters_and_the_address_follows(held, wrong):
    assert 0 < wrong < 120
    held.wait_for_function("n => JSON.parse(document.querySelector('.er-root').dataset.shown).total === n", arg=wrong)
    held.locator(".er-chip").click()
    held.wait_for_function("JSON.parse(document.querySelector('.er-root').dataset.shown).total === 120")
    assert json.loads(held.evaluate("new URL(location.href).searchParams.get('errors')")) | {"a": ""} == {
        "a": "", "s": "loss", "d": True,
    }  # fmt: skip


def test_by_keyboard_alone_a_clip_is_tagged_noted_and_undone(held, runs):
    while runs[WORLD].marks.undo():  # what a first try has left
        pass
    held.reload()
    held.wait_for_selector(".er-root[data-shown]")
    held.get_by_role("tab", name="Errors").focus()  # where a click on it leaves the focus
    held.keyboard.press("j")
    held.wait_for_selector(".er-right[data-clip]")
    held.locator(".er-fresh").fill("<img src=x>")
    held.keyboard.press("Enter")
    held.wait_for_selector(".er-tags button[aria-pressed=true]")
    assert runs[WORLD].marks.of("tag") and held.locator(".er img").count() == 0  # on the disk, and text alone
    held.locator(".er-write").focus()
    held.keyboard.type("half")
    held.evaluate("document.querySelector('.er-tags button').click()")  # the clip is drawn anew while a note is written
    held.wait_for_function("!document.querySelector('.er-tags button')")
    held.keyboard.type(" of it")
    held.keyboard.press("Escape")
    held.wait_for_function("document.querySelector('.er-saved')?.textContent === 'saved'")
    (clip,) = runs[WORLD].marks.of("note").values()
    assert clip == {"": "half of it"}
    held.locator(".er-rows").focus()
    held.keyboard.press("u")
    held.wait_for_function("document.querySelector('.er-write').value === ''")
    held.keyboard.press("u")
    held.wait_for_selector(".er-tags button[aria-pressed=true]")
    held.locator(".er-rows").focus()
    held.keyboard.press("u")
    held.wait_for_function("!document.querySelector('.er-tags button')")
    assert not runs[WORLD].marks.of("tag")
    held.keyboard.press("g")
    held.wait_for_selector(".er-tile")
    assert held.locator(".tour:visible, dialog[open]").count() == 0  # the page's own g and t are not heard here
    held.keyboard.press("t")
    held.wait_for_selector(".er-table")


def test_enter_opens_the_clip_on_its_stage_with_the_knobs_and_frames_of_the_run(held, settings):
    held.select_option(".er-top [name=a]", settings[1])
    held.wait_for_function("id => JSON.parse(new URL(location.href).searchParams.get('errors')).a === id", arg=settings[1])
    held.locator(".er-rows tr[data-id]").first.click()
    held.wait_for_selector(".er-right[data-clip]")
    held.locator(".er-rows tr[data-id]").first.press("Enter")
    held.wait_for_function("JSON.parse(document.querySelector('.vw')?.dataset.shown || '{}').alpha === 0.8")
    assert held.locator(".toast-body").count() == 0  # neither other weights nor other frames


def test_back_comes_from_the_stage_to_the_tab_as_it_was(held, settings):
    held.go_back()
    held.wait_for_function("document.querySelector('#errors')?.offsetParent")
    held.wait_for_function("new URL(location.href).searchParams.has('errors')")
    state = json.loads(held.evaluate("new URL(location.href).searchParams.get('errors')"))
    assert state["a"] == settings[1] and state["clip"] == held.locator(".er-right").get_attribute("data-clip")
    held.go_forward()
    held.wait_for_function("document.querySelector('#viewer-stop')?.offsetParent")
    held.go_back()
    held.wait_for_function("document.querySelector('#errors')?.offsetParent")


def test_the_export_of_the_tab_is_a_file(held):
    held.locator(".er-take > summary").click()
    held.locator(".er-take select").select_option("csv")
    with held.expect_download() as made:
        held.locator(".er-export").click()
    assert made.value.suggested_filename == "world.csv"


def test_axe_finds_nothing_serious_in_the_tab_with_every_fold_open(held, axe):
    open_folds(held)
    held.evaluate(axe)
    for scheme in ("light", "dark"):
        held.emulate_media(color_scheme=scheme)
        held.wait_for_timeout(300)
        assert not found(held, "#errors")
    held.emulate_media(color_scheme="light")


def test_on_a_phone_nothing_is_wider_than_the_screen(browser, served):
    context = browser.new_context(viewport={"width": 390, "height": 844})
    page = context.new_page()
    page.goto(f"{served[0]}?errors={{}}")
    page.wait_for_selector(".er-root[data-shown]", timeout=PATIENCE)
    page.locator(".er-rows tr[data-id]").first.click()
    page.wait_for_selector(".er-right[data-clip]", timeout=PATIENCE)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    context.close()


def test_a_drawn_clip_that_is_opened_has_the_pixels_of_the_run(runs, tmp_path):
    from core.video.read import read_clip
    from core.workbench.again import clip_again, entry_of, write_frames

    run = runs[WORLD]
    entry = entry_of(run.folder, Runs(runs).table(run), "world:test:3:standard")
    clip = clip_again(entry, run.plan, None)
    write_frames(clip, tmp_path / "clip.mkv")
    assert read_clip(tmp_path / "clip.mkv", run.plan.frames).key == clip.key
    assert (sample(3, "test", 8, run.plan.size).frames_THWC == clip.frames_THWC).all()


@pytest.fixture
def alone(browser, runs):
    """The tab without a page around it: its own modules, and answers by a function of the test."""
    asked = questions.Questions(Runs(runs))
    functions = {one.__name__: one for one in (*asked.functions(), *analysis.Analysis(asked).functions())}
    page = browser.new_page(viewport={"width": 1280, "height": 900})
    page.set_default_timeout(PATIENCE)
    page.expose_function("answer", lambda name, message: functions[name](message))

    def serve(route):
        path = route.request.url.partition("/errors.test/")[2]
        kind = "text/html" if not path else "text/css" if path.endswith("css") else "text/javascript"
        blank = b'<link rel="stylesheet" href="look.css"><div id="errors"><div class="er-root"></div></div>'
        held = assets.files()[path] if path else blank
        route.fulfill(body=held, content_type=f"{kind}; charset=utf-8")

    page.route("http://errors.test/**", serve)
    page.goto("http://errors.test/")
    page.evaluate(
        """async run => {
          const {workbench} = await import("/errors/workbench.js"), host = document.querySelector("#errors");
          const server = new Proxy({}, {get: (_, name) => message => answer(name, message)});
          await workbench(host.firstChild, {run, stage: "stage", most: 64, forms: {}, linked: "", server, trigger() {}, host});
        }""",
        WORLD,
    )
    yield page
    page.close()


def test_by_keyboard_alone_a_group_of_the_map_and_a_mode_are_filters(alone):
    alone.locator(".er-rows").focus()
    alone.keyboard.press("m")
    alone.wait_for_selector(".er-map")
    alone.locator(".er-rows .er-list button").first.press("Enter")
    alone.locator(".er-chip", has_text="group 1 of the map").press("Enter")
    alone.locator(".er-modes > summary").press("Enter")
    alone.locator(".er-modes li button").first.press("Enter")
    alone.wait_for_selector(".er-modes li button[aria-pressed=true]")
    alone.locator(".er-modes li button[aria-pressed=true]").press("Enter")
    alone.wait_for_function("JSON.parse(document.querySelector('.er-root').dataset.shown).total === 120")
    axe = resources.files("axe_playwright_python") / "axe.min.js"
    alone.evaluate(axe.read_text(encoding="utf-8"))
    assert not alone.evaluate("async () => (await axe.run('.er', {resultTypes: ['violations']})).violations.map(one => one.id)")
    alone.locator(".er-rows").focus()
    alone.keyboard.press("t")
    alone.wait_for_selector(".er-table")


def test_a_detector_s_bins_and_cells_filter_by_a_click(alone):
    alone.select_option(".er-top [name=run]", ZOO)
    alone.locator(".er-bins > summary").click()
    alone.locator(".er-tide td button").first.click()
    alone.wait_for_selector(".er-tide button[aria-pressed=true]")
    alone.locator(".er-chip", has_text="loc own > 0").wait_for()
    alone.locator(".er-pairs td button").first.click()
    alone.locator(".er-chip", has_text="(own)").wait_for()
    alone.set_viewport_size({"width": 390, "height": 844})
    assert alone.evaluate("document.documentElement.scrollWidth") <= 390  # with the filters open


@pytest.mark.parametrize("form", ["csv", "fiftyone"])
def test_what_the_filters_leave_is_a_download(runs, settings, wrong, form):
    asked = {one.__name__: one for one in export.Exports(questions.Questions(Runs(runs)), Running()).functions()}["export"]
    said = {"run": WORLD, "a": settings[0], "filters": [["right", "eq", False]], "form": form, "who": "me"}
    made = json.loads(asked(said))
    held = base64.b64decode(made["data"])
    if form == "csv":
        assert made["clips"] == wrong == len(list(csv.DictReader(io.StringIO(held.decode()))))
    else:
        with zipfile.ZipFile(io.BytesIO(held)) as back:
            samples = json.loads(back.read("world.fiftyone/samples.json"))["samples"]
            assert {f"world.fiftyone/{one['filepath']}" for one in samples} < set(back.namelist()) and len(samples) == wrong
    for bad in ({"form": "exe"}, {"form": None}, {"filters": [["loss", "lt", -1]], "form": "pdf"}, {"a": "x"}):
        assert set(json.loads(asked(said | bad))) == {"error"}


def test_a_drawn_clip_that_is_opened_brings_its_truth(runs, settings, tmp_path):
    from core.workbench.again import entry_of

    held, clips = Runs(runs), Clips(find_examples(HERE))
    method = next(iter(METHODS.values()))
    tab = SimpleNamespace(desk=Desk(method, {"shipped": Engine("cpu", precision="float32")}, clips, Running()))
    entry = entry_of(runs[WORLD].folder, held.table(runs[WORLD]), "world:test:3:standard")
    path = stage.Stage(questions.Questions(held), {method.name: tab}, tmp_path).file(runs[WORLD], entry)
    truth, drawn = clips.truth(path), sample(3, "test", 8, runs[WORLD].plan.size)
    assert (truth.instance_THW == drawn.instance_THW).all() and len(clips.open(path, 8)) == len(truth.instance_THW)
    path.unlink()
    clips.know(tmp_path / "other.mkv", None)
    assert clips.truth(path) is None  # it is known for as long as the file is there
