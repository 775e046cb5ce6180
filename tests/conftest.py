"""What every test may use."""

from __future__ import annotations

from pathlib import Path

import pytest

from core.workspace import Workspace

REPOSITORY = Path(__file__).parents[1]
REAL_DATA = REPOSITORY.parent / "shared" / "data"
CASES = REPOSITORY.parent / "shared" / "cases" / "import"
LONG = ("e2e", "integration/test_real_shops.py")  # minutes in one process: begun last, they would keep the others waiting


@pytest.fixture(scope="session")
def real_data() -> Path:
    """The folder of real data; tests that need it skip, saying so, where it is absent."""
    if not REAL_DATA.exists():
        pytest.skip(f"no real data at {REAL_DATA}")
    return REAL_DATA


@pytest.fixture(scope="session")
def cases() -> Path:
    """The folder of small inputs that shops would really give; tests that need it skip, saying so, where it is absent."""
    if not CASES.exists():
        pytest.skip(f"no cases at {CASES}")
    return CASES


@pytest.fixture
def workspace(tmp_path) -> Workspace:
    return Workspace(tmp_path / "shop").create()


@pytest.fixture(scope="module")
def one_thread():
    """Batches as small as a test's are slower on two threads, and far slower on a busy machine."""
    import torch

    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.hookimpl(tryfirst=True)  # xdist reads the groups in a hook of the same name
def pytest_collection_modifyitems(items):
    """With `-n 2 --dist loadgroup` a file's tests stay in one process, and so do all that share the launched server."""

    def group(item) -> str:
        file = item.path.relative_to(REPOSITORY / "tests")
        return "e2e" if file.parts[0] == "e2e" else file.as_posix()

    items.sort(key=lambda item: group(item) not in LONG)
    for item in items:
        item.add_marker(pytest.mark.xdist_group(group(item)))
