"""python -m tests.picture: README's picture, of the page as it is: the shipped weights, the first clip, a light window."""

from pathlib import Path

from playwright.sync_api import sync_playwright

from app.errors.runs import SHIPPED as RUNS
from app.errors.runs import find_runs
from app.main import CLIPS, VIDEOS, launch
from app.page import build
from app.server.clips import find_examples, find_videos
from app.server.request import SHIPPED
from core import Engine
from tests.conftest import CHROMIUM, OFFLINE

PICTURE = Path(__file__).resolve().parents[1] / "assets" / "readme" / "page.png"
SIZE = {"width": 1280, "height": 1180}


def main():
    page = build({SHIPPED: Engine("cpu")}, find_examples(CLIPS) | find_videos(VIDEOS), find_runs(RUNS))
    address = launch(page, wait=False)
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=CHROMIUM, args=OFFLINE)
        window = browser.new_page(viewport=SIZE, color_scheme="light")
        window.goto(address, timeout=180_000)
        window.wait_for_selector(".vw[data-done]", timeout=180_000)
        window.wait_for_timeout(1000)  # letters and the last fold have come
        window.screenshot(path=PICTURE)
        browser.close()
    page.close()
    print(PICTURE)


if __name__ == "__main__":
    main()
