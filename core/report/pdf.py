"""Print a page to PDF by the headless mode of a Chromium that this machine has."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from pathlib import Path

from core.errors import UpswingError, UserError
from core.messages import msg
from core.storage import files

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome", "msedge", "microsoft-edge")
OPTIONS = ("--headless", "--disable-gpu", "--no-first-run", "--disable-background-networking", "--disable-sync", "--no-pdf-header-footer")
TIMEOUT_S = 120


def browser() -> str:
    """Return the path of $CHROMIUM, else of the first browser of BROWSERS that is installed. Raises UserError where none is."""
    named = os.environ.get("CHROMIUM", "")
    found = next((path for name in ([named] if named else BROWSERS) if (path := shutil.which(name))), None)
    if found is None:
        raise UserError(
            expected=msg("A PDF is printed by Chromium, Chrome or Edge."),
            found=msg("$CHROMIUM does not name a program: {name}.", name=named) if named else msg("None of them is installed."),
            to_do=msg("Install one, or set $CHROMIUM to its path. Or open the HTML report in any browser and print it there."),
        )
    return found


def write(browser: str, page: Path, out: Path) -> Path:
    """Print an HTML file to a PDF, completely or not at all. Raises UpswingError with the browser's own words where that fails."""

    def printed(file: Path) -> None:
        with tempfile.TemporaryDirectory(prefix="upswing-print-") as profile:
            # Chromium's sandbox does not run as root, and the page is ours, without scripts.
            options = [*OPTIONS, *(["--no-sandbox"] if _is_root() else []), f"--user-data-dir={profile}"]
            command = [browser, *options, f"--print-to-pdf={file.resolve()}", page.resolve().as_uri()]
            try:
                done = subprocess.run(command, capture_output=True, text=True, errors="replace", timeout=TIMEOUT_S)
                said = done.stderr
            except (subprocess.TimeoutExpired, OSError) as error:
                said = str(error)
            if not (file.is_file() and file.read_bytes().startswith(b"%PDF")):
                last = said.strip().splitlines()[-1:] or [""]
                raise UpswingError(msg("{browser} did not print a PDF: {reason}", browser=browser, reason=last[0]))

    return files.write_with(out, printed)


def _is_root() -> bool:
    return getattr(os, "geteuid", lambda: 1)() == 0
