"""Facts about a page of few methods: it has their tabs, their part of the tour, and says so of a link to another."""

import pytest
from playwright.sync_api import expect

from app.help.tour import steps
from app.main import arguments, chosen
from core import METHODS, ReaderError
from tests.pages import FEW


def test_methods_are_named_on_the_command_line_in_the_order_of_their_tabs():
    asked = arguments().parse_args(["--methods", "stpn", "stop", "--methods", "stpn"])
    assert list(chosen(asked.methods)) == ["stpn", "stop"] and chosen([]) is METHODS
    with pytest.raises(ReaderError, match="There is no method 'nothing'. The methods are stop, "):
        chosen(["stop", "nothing"])


def test_it_has_their_tabs_and_their_steps_of_the_tour(page):
    tabs = [METHODS[name].title.partition(" — ")[0] for name in FEW]
    assert page.get_by_role("tab").locator("visible=true").all_inner_texts() == tabs
    page.keyboard.press("t")
    count = len(steps([METHODS[name] for name in FEW], several=False, runs=False))
    expect(page.locator(".tour-progress")).to_have_text(f"Tour · 1/{count}", use_inner_text=True)


def test_a_link_to_another_method_shows_the_first_and_says_so(page, served):
    page.goto(f"{served[0]}?v=1&m=swinbert&k.alpha=0.3")
    said = page.get_by_text("There is no method “swinbert”. The methods are stop, stpn.")
    expect(said).to_be_visible()
    expect(page.locator("#viewer-stop .vw[data-shown]")).to_be_visible()
