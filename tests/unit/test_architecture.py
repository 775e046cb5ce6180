"""The rules of the layout, read off the source itself: who may import whom, sizes, and what nobody writes."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parents[2]
ROOMS = ("core", "dashboard", "pages")
HEAVY = {"torch", "transformers", "shap"}

# What the dashboard may ask of core. Everything else of core belongs to the command line and the worker.
COUNTERS = {
    "core.alerts",
    "core.pictures",
    "core.storage.queries",
    "core.storage.snapshots",
    "core.storage.export",
    "core.jobs",
    "core.ingest.preview",
    "core.storage.state",
    "core.capabilities.forecast.facts",
    "core.capabilities.forecast.listing",
    "core.capabilities.forecast.reasons",
    "core.capabilities.forecast.words",
    "core.formats",
    "core.report",
    "core.capabilities.record",
    "core.capabilities.registry",
    "core.models.registry",
    "core.messages",
    "core.settings",
    "core.setting",
    "core.settings_changes",
    "core.jobs.schedule",
    "core.data_age",
    "core.workspace",
    "core.schema",
    "core.errors",
    "core.capabilities.inventory.control",
    "core.capabilities.inventory.plan",
    "core.capabilities.action_results.choices",
    "core.capabilities.action_results.hold_out",
    "core.capabilities.action_results.off_policy",
    "core.capabilities.action_results.verdict",
    "core.capabilities.at_risk.tables",
    "core.capabilities.recommendations.tables",
    "core.capabilities.feature.dose",
    "core.capabilities.feature.lists",
    "core.capabilities.feature.tables",
    "core.capabilities.launches.tables",
    "core.capabilities.track_record.results",
    "core.capabilities.track_record.tables",
}
# The only module of the product that may import the package.
DOORS = {"duckdb": "core.storage", "sqlite3": "core.storage", "pyspark": "core.storage"}
# Modules that must not import these, each with its reason.
KEEPS_OUT = {
    "core.models.network": {"pandas", "duckdb", "core.storage"},  # tensors in, tensors out
    "core.features": HEAVY,  # the panel is SQL; only text.py knows the encoder
}
# Pure functions on arrays: all that this module may import beside the standard library.
ONLY = {"core.capabilities.inventory.control": {"numpy", "scipy", "core.errors", "core.messages", "core.schema"}}
LONGEST_PAGE, LONGEST_FILE, LONGEST_LINE = 120, 450, 140


@dataclass(frozen=True)
class Source:
    """One Python file of the product."""

    path: Path
    root: Path

    @property
    def name(self) -> str:
        return self.path.relative_to(self.root).as_posix()

    @property
    def module(self) -> str:
        parts = self.path.relative_to(self.root).with_suffix("").parts
        return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)

    @cached_property
    def text(self) -> str:
        return self.path.read_text(encoding="utf-8")

    @cached_property
    def tree(self) -> ast.Module:
        return ast.parse(self.text, filename=self.name)

    @cached_property
    def imports(self) -> set[str]:
        """Everything imported anywhere in the file, inside functions too: `from core import errors` is core.errors."""
        found = set()
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Import):
                found |= {alias.name for alias in node.names}
            elif isinstance(node, ast.ImportFrom):
                origin = node.module or ""
                if node.level:
                    package = self.module.split(".") if self.path.name == "__init__.py" else self.module.split(".")[:-1]
                    origin = ".".join(package[: len(package) - node.level + 1] + ([origin] if origin else []))
                folder = self.root / origin.replace(".", "/")
                for alias in node.names:
                    is_module = (folder / alias.name).is_dir() or (folder / f"{alias.name}.py").is_file()
                    found.add(f"{origin}.{alias.name}" if is_module or origin in ("core", "dashboard") else origin)
            elif isinstance(node, ast.Call) and getattr(node.func, "attr", getattr(node.func, "id", "")) in ("import_module", "__import__"):
                found |= {a.value for a in node.args[:1] if isinstance(a, ast.Constant) and isinstance(a.value, str)}
        return found

    def imports_any(self, names: set[str]) -> set[str]:
        return {i for i in self.imports if within(i, names)}


def within(module: str, names: set[str]) -> bool:
    """`core.models.network.towers` is within {"core.models.network"}."""
    return any(module == name or module.startswith(name + ".") for name in names)


def sources(root: Path) -> list[Source]:
    return _sources(root) if root != REPOSITORY else _ours()


@cache
def _ours() -> list[Source]:
    """Every check reads the same syntax trees."""
    return _sources(REPOSITORY)


def _sources(root: Path) -> list[Source]:
    return [Source(path, root) for room in ROOMS for path in sorted((root / room).rglob("*.py"))]


def broken_imports(root: Path) -> Iterator[str]:
    for source in sources(root):
        room = source.module.split(".")[0]
        ours = {i for i in source.imports if within(i, set(ROOMS))}
        if room == "core":
            for name in source.imports_any({"streamlit", "plotly", "dashboard", "pages"}):
                yield f"{source.name} imports {name}: core knows no page"
        if room == "dashboard":
            of_core = {i for i in ours if within(i, {"core"}) and i != "core"}
            for name in source.imports_any({"pages"}) | {i for i in of_core if not within(i, COUNTERS)}:
                yield f"{source.name} imports {name}: the dashboard asks core only through {', '.join(sorted(COUNTERS))}"
        if room == "pages":
            for name in {i for i in ours if not within(i, {"dashboard"})}:
                yield f"{source.name} imports {name}: a page asks the dashboard"
        for package, door in DOORS.items():
            if source.imports_any({package}) and not within(source.module, {door}):
                yield f"{source.name} imports {package}: its one door is {door}"
        for module, forbidden in KEEPS_OUT.items():
            if within(source.module, {module}):
                for name in source.imports_any(forbidden):
                    yield f"{source.name} imports {name}, which {module} keeps out"
        for module, allowed in ONLY.items():
            if within(source.module, {module}):
                foreign = {i for i in source.imports - {"core"} if i.split(".")[0] not in sys.stdlib_module_names}
                for name in {i for i in foreign if not within(i, allowed | {module})}:
                    yield f"{source.name} imports {name}: {module} works on arrays alone"


def heavy_paths(root: Path) -> Iterator[str]:
    """Chains of imports, lazy ones included, by which a page or the dashboard would bring in torch and its like."""
    by_module = {source.module: source for source in sources(root)}
    for start in by_module.values():
        if start.module.split(".")[0] == "core":
            continue
        chains, seen = [[start.module]], {start.module}
        while chains:
            chain = chains.pop()
            source = by_module[chain[-1]]
            for name in sorted(source.imports_any(HEAVY)):
                yield " -> ".join([*chain, name])
            for name in source.imports:
                # `core.storage.state.State` is an attribute of the module core.storage.state; importing that runs core.storage too
                parts = name.split(".")
                for module in (".".join(parts[:length]) for length in range(1, len(parts) + 1)):
                    if module in by_module and module not in seen:
                        seen.add(module)
                        chains.append([*chain, module])


def import_circles(root: Path) -> Iterator[str]:
    """Modules that import each other, lazy imports included."""
    by_module = {source.module: source for source in sources(root)}
    waiting = {module: {i for i in source.imports if i in by_module and i != module} for module, source in by_module.items()}
    while leaves := {module for module, needed in waiting.items() if not needed & waiting.keys()}:
        waiting = {module: needed for module, needed in waiting.items() if module not in leaves}
    if waiting:
        yield f"modules that import each other, or need such a circle: {', '.join(sorted(waiting))}"


def unwanted_lines(root: Path) -> Iterator[str]:
    for source in sources(root):
        for node in ast.walk(source.tree):
            where = f"{source.name}:{getattr(node, 'lineno', 0)}"
            if isinstance(node, ast.keyword) and node.arg == "unsafe_allow_html":
                yield f"{where} unsafe_allow_html: a product's title could bring a script along"
            if isinstance(node, ast.keyword) and node.arg == "weights_only" and getattr(node.value, "value", None) is False:
                yield f"{where} weights_only=False: a model file could bring code along"
            if isinstance(node, ast.ExceptHandler) and node.type is None:
                yield f"{where} except without a type: it swallows what nobody foresaw"
        for name in source.imports_any({"pickle", "dill", "joblib"}):
            yield f"{source.name} imports {name}: a file could bring code along"


def long_lines(root: Path) -> Iterator[str]:
    for folder in (*ROOMS, "bench", "sample_data", "scripts", "tests"):
        for path in sorted((root / folder).rglob("*.py")):
            for number, line in enumerate(path.read_text(encoding="utf-8").split("\n"), 1):
                if len(line) > LONGEST_LINE:
                    yield f"{path.relative_to(root)}:{number} has {len(line)} characters, {LONGEST_LINE} at most"


def long_files(root: Path) -> Iterator[str]:
    for source in sources(root):
        lines, limit = len(source.text.splitlines()), LONGEST_PAGE if source.module.startswith("pages") else LONGEST_FILE
        if lines > limit:
            yield f"{source.name} has {lines} lines, {limit} at most: make it a folder of the same name"


def words_that_stay(root: Path) -> Iterator[str]:
    """A choice among translated words has to be told anew when the language changes (dashboard/i18n.py). Products' titles are not
    translated, nor are the languages' own names."""
    for source in sources(root):
        for call in (node for node in ast.walk(source.tree) if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)):
            if call.func.attr in ("selectbox", "segmented_control", "pills", "multiselect", "radio"):
                given = {k.arg: k.value for k in call.keywords}
                told = isinstance(given.get("key"), ast.Call) and getattr(given["key"].func, "id", "") == "spoken"
                spread = ast.unparse(given.get(None, ast.Constant(None)))
                told = told or spread.startswith("address.") or spread == "bound"  # an address.Bound that was made before
                words = ast.unparse(given["format_func"]) if "format_func" in given else ""
                if words and not told and "shortened(" not in words and words != "LANGUAGES.__getitem__":
                    yield f"{source.name}:{call.lineno} shows its options in words: **address.one_of(...) or key=spoken(...)"


def words_in_addresses(root: Path) -> Iterator[str]:
    """Streamlit's own binding writes the words of a control to the address; the languages' own names are the same in both."""
    for source in sources(root):
        if 'bind="query-params"' in source.text and source.name not in ("dashboard/app.py", "dashboard/address.py"):
            yield f"{source.name} binds words to the address: **address.one_of(...)"


CHECKS = (broken_imports, import_circles, heavy_paths, unwanted_lines, long_files, long_lines, words_that_stay, words_in_addresses)


@pytest.mark.parametrize("check", CHECKS, ids=lambda c: c.__name__)
def test_the_house_keeps_its_rules(check):
    assert list(check(REPOSITORY)) == []


def test_every_room_has_files_to_check():
    assert {source.module.split(".")[0] for source in sources(REPOSITORY)} == set(ROOMS)


@pytest.mark.parametrize(
    "file, text, complaint",
    [
        ("core/capabilities/forecast/compute.py", "import streamlit as st", "core knows no page"),
        ("core/capabilities/forecast/compute.py", "def f():\n    from dashboard import data", "core knows no page"),
        ("core/ingest/readers/files.py", "import duckdb", "its one door is core.storage"),
        ("dashboard/data.py", "import sqlite3", "its one door is core.storage"),
        ("dashboard/data.py", "from core.capabilities.scoring import score", "asks core only through"),
        ("dashboard/data.py", "from core.storage import duckdb", "asks core only through"),
        ("dashboard/components/table.py", "from ...core.models import train", "asks core only through"),
        ("dashboard/data.py", "from pages import rising", "asks core only through"),
        ("pages/rising.py", "from core.storage.queries import rising", "a page asks the dashboard"),
        ("core/models/network/towers.py", "import pandas as pd", "core.models.network keeps out"),
        ("core/models/network.py", "from core.storage.duckdb import connect", "core.models.network keeps out"),
        ("core/features/build.py", "from torch import nn", "core.features keeps out"),
        ("core/capabilities/inventory/control/policy.py", "import pandas", "works on arrays alone"),
        ("core/models/text.py", f"\n# {'长' * 139}", "core/models/text.py:2 has 141 characters"),
        ("dashboard/data.py", "import shap", "dashboard.data -> shap"),
        ("pages/why.py", "import importlib\nimportlib.import_module('transformers')", "pages.why -> transformers"),
        ("pages/why.py", "import streamlit as st\nst.markdown('', unsafe_allow_html=True)", "bring a script along"),
        ("core/models/text.py", "import pickle", "bring code along"),
        ("core/models/text.py", "import torch\ntorch.load('x', weights_only=False)", "bring code along"),
        ("core/models/text.py", "try:\n    pass\nexcept:\n    pass", "swallows what nobody foresaw"),
        ("pages/why.py", "import streamlit as st\nst.selectbox('', [], key='driver', format_func=str)", "key=spoken"),
        ("pages/long.py", "x = 1\n" * (LONGEST_PAGE + 1), "folder of the same name"),
        ("core/long.py", "x = 1\n" * (LONGEST_FILE + 1), "folder of the same name"),
    ],
)
def test_a_planted_violation_is_caught(tmp_path, file, text, complaint):
    assert [found for check in CHECKS for found in check(tmp_path)] == []
    (tmp_path / file).parent.mkdir(parents=True)
    (tmp_path / file).write_text(text, encoding="utf-8")
    found = [line for check in CHECKS for line in check(tmp_path)]
    assert any(complaint in line for line in found), found


def test_a_circle_of_imports_is_caught(tmp_path):
    (tmp_path / "core").mkdir()
    for module, text in {
        "first": "from core import second",
        "second": "def f():\n    import core.third",
        "third": "from core.first import x",
    }.items():
        (tmp_path / "core" / f"{module}.py").write_text(text, encoding="utf-8")
    assert "core.first, core.second, core.third" in next(import_circles(tmp_path))


def test_a_heavy_import_two_modules_away_is_caught(tmp_path):
    for file, text in {
        "pages/why.py": "from dashboard.data import current",
        "dashboard/data.py": "from core.jobs import request",
        "core/jobs.py": "def request():\n    from core.models.candidate import train\n    return train",
        "core/models/candidate.py": "import torch",
    }.items():
        (tmp_path / file).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / file).write_text(text, encoding="utf-8")
    assert "pages.why -> dashboard.data -> core.jobs -> core.models.candidate -> torch" in list(heavy_paths(tmp_path))


def run_python(code: str) -> subprocess.CompletedProcess:
    return subprocess.run([sys.executable, "-c", code], cwd=REPOSITORY, capture_output=True, text=True)


def test_a_dashboard_process_never_loads_torch_even_through_other_packages():
    # app.py is the script that streamlit runs; everything else of the dashboard can be imported as it is.
    modules = [s.module for s in sources(REPOSITORY) if within(s.module, {"dashboard"} | COUNTERS) and s.module != "dashboard.app"]
    assert "dashboard.data" in modules
    run = run_python(f"import importlib, sys\nfor m in {modules}: importlib.import_module(m)\nprint(sorted({HEAVY} & set(sys.modules)))")
    assert (run.returncode, run.stdout.strip()) == (0, "[]"), run.stderr


def test_the_model_can_be_used_without_database_pages_and_explainer():
    modules = "core.models.network, core.models.candidate"
    run = run_python(f"import sys\nfor m in ('duckdb', 'streamlit', 'plotly', 'shap'): sys.modules[m] = None\nimport {modules}")
    assert run.returncode == 0, run.stderr


def test_no_page_shows_a_toast_for_it_would_lie_over_a_button():
    files = [*(REPOSITORY / "dashboard").rglob("*.py"), *(REPOSITORY / "pages").glob("*.py")]
    assert len(files) > 40 and [file.name for file in files if "toast(" in file.read_text(encoding="utf-8")] == []
