"""Facts about who can use the page: axe-core finds nothing serious in any tab, by day or by night, with everything open, and no
width from a small phone to a wide screen hides anything. Tabs and folds are looked for, not listed: a new one is tested too."""

from contextlib import contextmanager, suppress

import pytest

from app.export.standalone import interactive_html
from core import METHODS
from tests.pages import PATIENCE, opened
from tests.published import stop

GRAVE = ("serious", "critical")
# Of Gradio's own markup (6.31), which no setting changes: (rule, a part of what is found) → why it is let pass.
GRADIOS = {
    ("aria-prohibited-attr", 'aria-label="Empty value"'): "gr.File and gr.Code name the box they show while they hold nothing",
}
WIDTHS = (320, 400, 768, 1280, 1920)
COLOURS = ("color-contrast", "link-in-text-block")  # the rules for which day and night differ

AXE = """async ([where, rules]) =>
  (await axe.run(where ?? document, {resultTypes: ["violations"], ...rules && {runOnly: rules}}))
  .violations.flatMap(one => one.nodes.map(node =>
    [one.impact, one.id, node.html.slice(0, 200), node.target.join(" "), node.failureSummary]))"""
OPEN = """() => [...document.querySelectorAll("details:not([open]) > summary, button.label-wrap:not(.open)")]
  .filter(one => one.checkVisibility()).map(one => one.click()).length"""
# what lies beside the screen, but for what is in a part that scrolls by itself
OUTSIDE = """() => [...document.querySelectorAll("body *")].filter(one => {
  const {left, right, width} = one.getBoundingClientRect(), end = document.documentElement.clientWidth;
  if (!width || !one.checkVisibility() || left >= -1 && right <= end + 1) return false;
  if (one.closest(".visually-hidden")) return false;  // Gradio measures there which tabs fit
  for (let part = one.parentElement; part; part = part.parentElement)
    if (/auto|scroll/.test(getComputedStyle(part).overflowX)) return false;
  return true;
}).map(one => one.outerHTML.slice(0, 160))"""
STRIP = """() => [...document.querySelectorAll(".vw-pipe")].some(one => one.checkVisibility() &&
  one.scrollWidth > one.clientWidth)"""
# what is further down is looked at too, and no colour is half way to another
STILL = "* { content-visibility: visible !important; transition: none !important; }"
SETTLED = """() => ![...document.querySelectorAll(".vw-stale, .vw-far")].some(one => one.checkVisibility())"""


@pytest.fixture(scope="module")
def served(served_whole):
    """Of every method."""
    return served_whole


@pytest.fixture(scope="module")
def visitor(browser, served, axe):
    """The page as a reader with a small phone has it, without movement."""
    context = browser.new_context(
        viewport={"width": WIDTHS[0], "height": 900}, color_scheme="light", reduced_motion="reduce", bypass_csp=True
    )
    page = context.new_page()
    page.set_default_timeout(PATIENCE)
    opened(page, served)
    page.add_style_tag(content=STILL)
    page.evaluate(axe)
    yield page
    context.close()


@pytest.fixture(scope="module", params=[method.title.partition(" — ")[0] for method in METHODS.values()])
def tab(visitor, request):
    """A tab that has drawn everything, with every fold open. Tabs that do not fit are behind “More tabs”."""
    page, name = visitor, request.param
    page.set_viewport_size({"width": WIDTHS[0], "height": 900})
    page.wait_for_timeout(500)  # tabs that fitted a wider screen go behind their menu again
    one = page.get_by_role("tab", name=name, exact=True)
    if not one.count():
        page.get_by_role("button", name="More tabs").click()
        one = page.locator(".overflow-dropdown").get_by_role("button", name=name, exact=True)
    one.click()
    page.wait_for_function("() => [...document.querySelectorAll('.vw[data-shown]')].some(one => one.checkVisibility())")
    rest(page)
    open_folds(page)
    return page


def open_folds(page):
    """Every fold of the tab that is open, and those inside of them."""
    for _ in range(4):
        if not page.evaluate(OPEN):
            break
        page.wait_for_timeout(700)
    rest(page)


def rest(page):
    """What is being computed is pale: it is waited for, but not for ever."""
    page.wait_for_timeout(300)
    with suppress(Exception):
        page.wait_for_function(SETTLED, timeout=PATIENCE)


def found(page, part=None, rules=None):
    """Sentences on what axe-core finds serious there, but for what is Gradio's."""
    return [
        f"{rule} at {target}: {html} — {why}"
        for impact, rule, html, target, why in page.evaluate(AXE, [part, rules])
        if impact in GRAVE and not any(rule == known and mark in html for known, mark in GRADIOS)
    ]


def hidden(page):
    """What the width of the screen hides, and keeps hidden: what is only on its way is looked at again."""
    for wait in (150, 500):
        page.wait_for_timeout(wait)
        sideways = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        wrong = [f"scrolls {sideways} px sideways"] if sideways else []
        wrong += page.evaluate(OUTSIDE)
        if not wrong:
            break
    return wrong


def test_no_width_hides_a_tab_or_anything_in_it(tab):
    for width in WIDTHS:
        tab.set_viewport_size({"width": width, "height": 900})
        assert not (wrong := hidden(tab)), f"{width} px: " + "\n".join(wrong)
        assert width < 1280 or not tab.evaluate(STRIP), f"{width} px: the strip scrolls"


def test_axe_finds_nothing_serious_with_every_fold_and_the_help_open(tab):
    tab.set_viewport_size({"width": 1280, "height": 900})
    open_folds(tab)  # those that a small phone has not
    assert tab.locator("details:not([open])").locator("visible=true").count() == 0
    wrong = found(tab)
    with night(tab):
        wrong += found(tab, rules=COLOURS)
    tab.locator(".vw-help-open").locator("visible=true").first.click()
    tab.locator(".vw-help[open]").wait_for()
    wrong += found(tab, ".vw-help[open]")
    with night(tab):
        wrong += found(tab, ".vw-help[open]", COLOURS)
    tab.keyboard.press("Escape")
    assert not wrong, "\n".join(wrong)


@contextmanager
def night(page):
    """The same page by night."""
    page.emulate_media(color_scheme="dark")
    page.wait_for_function("document.body.classList.contains('dark')")
    try:
        yield
    finally:
        page.emulate_media(color_scheme="light")
        page.evaluate("document.body.classList.remove('dark')")  # Gradio (6.31) hears of the evening, not of the morning


def test_the_file_that_works_offline_is_as_easy_to_use(browser, axe, tmp_path):
    file = tmp_path / "stop.html"
    file.write_text(interactive_html(stop()), encoding="utf-8")
    context = browser.new_context(viewport={"width": WIDTHS[0], "height": 900}, color_scheme="light", bypass_csp=True)
    page = context.new_page()
    page.goto(file.as_uri())
    page.wait_for_selector(".vw[data-shown]", timeout=PATIENCE)
    assert_easy_to_use(page, axe)
    context.close()


def assert_easy_to_use(page, axe):
    """A page of ours alone: with every fold open nothing is serious and nothing hidden at any width, by day and by night, and
    the keyboard gets in."""
    page.add_style_tag(content=STILL)
    page.evaluate(axe)
    open_folds(page)
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 900})
        assert not (wrong := hidden(page) + found(page)), f"{width} px: " + "\n".join(wrong)
        page.emulate_media(color_scheme="dark")
        assert not (wrong := found(page, rules=COLOURS)), f"{width} px, by night: " + "\n".join(wrong)
        page.emulate_media(color_scheme="light")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement !== document.body"), "the keyboard gets in"
