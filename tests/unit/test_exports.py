"""Exports of systems that no layout declares: read right, asked about, or refused with advice; never wrong in silence."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from fixtures.tried_exports import EXPORTS, FOLDER, WRONG, outcome

PAGE = (Path(__file__).parents[2] / "docs" / "reference" / "tried-exports.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("file", EXPORTS)
def test_an_export_is_read_right_or_asked_about_or_refused(workspace, file):
    came, shown = outcome(workspace, file)
    assert came != WRONG, shown
    assert came == re.search(rf"^\| `{re.escape(file)}` .*\| ([^|]+) \|$", PAGE, re.MULTILINE)[1], "the page is old: run `make docs`"


def test_every_export_has_its_right_value():
    assert sorted(EXPORTS) == sorted(path.name for path in FOLDER.glob("*.csv"))


def test_nothing_is_wrong_in_silence():
    assert f"| {WRONG} | 0 |" in PAGE
