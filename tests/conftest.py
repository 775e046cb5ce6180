"""What every test may use."""

from __future__ import annotations

from pathlib import Path

import pytest

from core.config import Workspace

REPOSITORY = Path(__file__).parents[1]
REAL_DATA = REPOSITORY.parent / "shared" / "data"


@pytest.fixture(scope="session")
def real_data() -> Path:
    """The folder of real data; tests that need it skip, saying so, where it is absent."""
    if not REAL_DATA.exists():
        pytest.skip(f"no real data at {REAL_DATA}")
    return REAL_DATA


@pytest.fixture
def workspace(tmp_path) -> Workspace:
    return Workspace(tmp_path / "shop").create()
