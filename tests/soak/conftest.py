"""Tests of `make soak`: they take minutes to hours and have no limit. EXAMPLES=, KILLS= and TRAININGS= change how many there are."""

from __future__ import annotations

from pathlib import Path

import pytest


@pytest.hookimpl(tryfirst=True)  # before marks are read
def pytest_collection_modifyitems(items):
    for item in items:
        if item.path.is_relative_to(Path(__file__).parent):
            item.add_marker(pytest.mark.soak)
