"""Take a picture of a page of a running demo: python scripts/screenshot.py [ADDRESS] [PAGE]   (`make screenshot`: of Rising)"""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

from playwright.sync_api import sync_playwright

REPOSITORY = Path(__file__).parents[1]
sys.path.insert(0, str(REPOSITORY))

from dashboard import registry  # noqa: E402

README_PAGE = "rising"


def file_of(name: str) -> Path:
    """Return where the picture of a page goes: the README shows that of Rising."""
    return REPOSITORY / "docs" / ("screenshot.png" if name == README_PAGE else f"screenshot-{name}.png")


def take(address: str, name: str) -> None:
    if name not in registry.pages():
        raise SystemExit(f"There is no page {name}: the pages are {', '.join(registry.pages())}.")
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox", "--disable-gpu"])
        page = chromium.new_page(viewport={"width": 1360, "height": 860}, locale="en-GB")
        page.goto(f"{address}/{name}")
        page.locator("[data-testid=stApp][data-test-script-state=notRunning]").wait_for()
        page.wait_for_load_state("networkidle")
        page.wait_for_timeout(1500)  # tables and charts are painted on a canvas, which nothing announces
        page.screenshot(path=file_of(name))
        chromium.close()


if __name__ == "__main__":
    given = dict(enumerate(sys.argv))
    take(given.get(1, "http://127.0.0.1:8501"), given.get(2, README_PAGE))
    print(f"wrote {file_of(given.get(2, README_PAGE))}")
