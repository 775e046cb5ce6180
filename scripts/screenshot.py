"""Takes docs/screenshot.png from a running demo: python scripts/screenshot.py [ADDRESS]   (same as `make screenshot`)"""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

from playwright.sync_api import sync_playwright

FILE = Path(__file__).parents[1] / "docs" / "screenshot.png"


def take(address: str) -> None:
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox", "--disable-gpu"])
        page = chromium.new_page(viewport={"width": 1360, "height": 860}, locale="en-GB")
        page.goto(f"{address}/rising")
        page.get_by_test_id("stDataFrame").first.wait_for()
        page.wait_for_load_state("networkidle")
        page.wait_for_timeout(1500)  # the table is painted on a canvas, which nothing announces
        page.screenshot(path=FILE)
        chromium.close()


if __name__ == "__main__":
    take(sys.argv[1] if len(sys.argv) > 1 else "http://127.0.0.1:8501")
    print(f"wrote {FILE}")
