"""Facts about who can use the page: axe-core finds nothing serious in any tab, by day or by night, with everything open, and no
width from a small phone to a wide screen hides anything. Tabs and folds are looked for, not listed: a new one is tested too."""

from contextlib import suppress

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

AXE = """async part => (await axe.run(part ?? document, {resultTypes: ["violations"]})).violations.flatMap(one =>
  one.nodes.map(node => [one.impact, one.id, node.html.slice(0, 200), node.target.join(" "), node.failureSummary]))"""
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
SETTLED = """() => ![...document.querySelectorAll(".vw-stale, .vw-far")].some(one => one.checkVisibility())"""


def visitor(browser, served, width, scheme):
    """The page as a reader with such a screen has it, without movement, so that no colour is half way to another."""
    context = browser.new_context(
        viewport={"width": width, "height": 900}, color_scheme=scheme, reduced_motion="reduce", bypass_csp=True
    )
    page = context.new_page()
    page.set_default_timeout(PATIENCE)
    opened(page, served)
    page.add_style_tag(content="* { content-visibility: visible !important; }")  # what is further down is looked at too
    return page


def tabs(page):
    """Every tab, one after the other, when it has drawn everything. Those that do not fit are behind “More tabs”."""
    for name in (method.title.partition(" — ")[0] for method in METHODS.values()):
        tab = page.get_by_role("tab", name=name, exact=True)
        if not tab.count():
            page.get_by_role("button", name="More tabs").click()
            tab = page.locator(".overflow-dropdown").get_by_role("button", name=name, exact=True)
        tab.click()
        page.wait_for_function("() => [...document.querySelectorAll('.vw[data-shown]')].some(one => one.checkVisibility())")
        rest(page)
        yield name


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


def found(page, where, part=None):
    """Sentences on what axe-core finds serious, but for what is Gradio's. part: of the page; not given, all of it."""
    return [
        f"{where}: {rule} at {target}: {html} — {why}"
        for impact, rule, html, target, why in page.evaluate(AXE, part)
        if impact in GRAVE and not any(rule == known and part in html for known, part in GRADIOS)
    ]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_serious_with_every_fold_and_the_help_open(browser, served, axe, scheme):
    page, wrong = visitor(browser, served, 1280, scheme), []
    page.evaluate(axe)
    names = []
    for name in tabs(page):
        names.append(name)
        open_folds(page)
        assert page.locator("details:not([open])").locator("visible=true").count() == 0
        wrong += found(page, name)
        page.locator(".vw-help-open").locator("visible=true").first.click()
        page.locator(".vw-help[open]").wait_for()
        wrong += found(page, f"{name}, help")
        page.keyboard.press("Escape")
    page.context.close()
    assert len(names) == len(METHODS) and not wrong, "\n".join(wrong)


def test_no_width_hides_a_tab_or_anything_in_it(browser, served):
    page, wrong = visitor(browser, served, WIDTHS[0], "light"), []
    for name in tabs(page):  # all of them, or a click here finds nothing
        open_folds(page)
        for width in WIDTHS:
            page.set_viewport_size({"width": width, "height": 900})
            page.wait_for_timeout(500)
            sideways = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
            wrong += [f"{name}, {width} px: scrolls {sideways} px sideways"] if sideways else []
            wrong += [f"{name}, {width} px: {html}" for html in page.evaluate(OUTSIDE)]
            wrong += [f"{name}, {width} px: the strip scrolls"] if width >= 1280 and page.evaluate(STRIP) else []
        page.set_viewport_size({"width": WIDTHS[0], "height": 900})
        page.wait_for_timeout(500)  # tabs that fitted the widest go behind their menu again
    page.context.close()
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_file_that_works_offline_is_as_easy_to_use(browser, axe, tmp_path, scheme):
    file = tmp_path / "stop.html"
    file.write_text(interactive_html(stop()), encoding="utf-8")
    context = browser.new_context(viewport={"width": WIDTHS[0], "height": 900}, color_scheme=scheme, bypass_csp=True)
    page, wrong = context.new_page(), []
    page.goto(file.as_uri())
    page.wait_for_selector(".vw[data-shown]", timeout=PATIENCE)
    open_folds(page)
    page.evaluate(axe)
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 900})
        page.wait_for_timeout(500)
        wrong += [f"{width} px: {html}" for html in page.evaluate(OUTSIDE)] + found(page, f"{width} px")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement !== document.body"), "the keyboard gets in"
    context.close()
    assert not wrong, "\n".join(wrong)
