"""What a wheel would hold, read off setuptools' own lists: everything the product needs, and nothing outside its two packages."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parents[2]
LIST = """
from distutils.core import run_setup
build = run_setup("setup.py", stop_after="config").get_command_obj("build_py")
build.build_lib = ""
build.ensure_finalized()
print(*build.get_outputs(include_bytecode=False), sep="\\n")
"""


@pytest.fixture(scope="module")
def files() -> set[str]:
    done = subprocess.run([sys.executable, "-c", "import setuptools" + LIST], cwd=REPOSITORY, capture_output=True, text=True, check=True)
    return {Path(line).as_posix() for line in done.stdout.splitlines()}


def tree(folder: str, pattern: str) -> set[str]:
    return {path.relative_to(REPOSITORY).as_posix() for path in (REPOSITORY / folder).rglob(pattern) if "__pycache__" not in path.parts}


def test_a_wheel_installs_two_packages(files):
    assert {file.split("/")[0] for file in files} == {"core", "dashboard"}


@pytest.mark.parametrize(
    "folder, pattern",
    [
        ("core", "*.py"), ("core", "*.sql"), ("core", "*.toml"), ("core", "*.po"),
        ("dashboard", "*.py"), ("dashboard", "*.po"), ("dashboard/assets", "*.*"), ("dashboard/.streamlit", "*.toml"),
        ("dashboard/components", "*.js"), ("dashboard/components", "*.css"),
    ],
)  # fmt: skip
def test_a_wheel_holds_what_the_code_reads(files, folder, pattern):
    needed = tree(folder, pattern)
    assert needed and needed <= files, sorted(needed - files)


def test_a_wheel_holds_the_pages_and_the_sample_shop(files):
    pages = {f"dashboard/_{name}" for name in tree("pages", "*.py")}
    sample = {f"core/sample_data/{path.name}" for path in (REPOSITORY / "sample_data" / "files").iterdir()}
    assert pages and sample and pages | sample | {"core/sample_pictures/pictures.zip"} <= files


def test_a_wheel_holds_nothing_of_tests_and_benchmarks(files):
    assert not [file for file in files if "test" in Path(file).name.split("_") or file.startswith(("tests", "bench"))]


def test_streamlit_does_not_list_the_pages_of_a_wheel_by_itself(files):
    assert not [file for file in files if file.startswith("dashboard/pages/")]  # beside app.py, it would run them without it
