"""What the documentation says, held against the code: commands, paths, settings, examples, versions."""

from __future__ import annotations

import dataclasses
import doctest
import importlib
import re
import runpy
import shlex
import tomllib
from pathlib import Path

import pytest
import typer
from fixtures import commands

import core
from core.capabilities.registry import serving_tables
from core.errors import UserError
from core.ingest import import_files
from core.ingest.recognise import mapping_file
from core.schema import CANONICAL, IMPORTS
from core.storage import duckdb as db
from core.workspace import Workspace

REPOSITORY = Path(__file__).parents[2]
PAGES = sorted([*REPOSITORY.glob("*.md"), *(REPOSITORY / "docs").rglob("*.md"), *(REPOSITORY / "sample_data").glob("*.md")])
FENCE = re.compile(r"^```(\w*)\n(.*?)^```", re.MULTILINE | re.DOTALL)
INLINE = re.compile(r"`([^`\n]+)`")
LINK = re.compile(r"\]\(([^)#:\s]+)(?:#[^)]*)?\)")
ROOMS = ("core/", "dashboard/", "pages/", "docs/", "scripts/", "tests/", "sample_data/", "bench/", ".ci/", "locale/")
EVERY_PAGE = pytest.mark.parametrize("page", PAGES, ids=lambda p: p.relative_to(REPOSITORY).as_posix())


def blocks(page: Path, *languages: str) -> list[str]:
    return [body for language, body in FENCE.findall(page.read_text(encoding="utf-8")) if language in languages]


def shell_lines(page: Path) -> list[list[str]]:
    """The words of each command in the page's shell blocks, comments gone and continued lines joined."""
    lines = [line for body in blocks(page, "sh", "bash", "console") for line in body.replace("\\\n", " ").splitlines()]
    return [words for line in lines if (words := shlex.split(line.removeprefix("$ "), comments=True))]


def inline_code(page: Path) -> list[str]:
    return INLINE.findall(FENCE.sub("", page.read_text(encoding="utf-8")))


def wrong_command(words: list[str]) -> str | None:
    """Why `upswing WORDS` is no command of ours, None if it is."""
    try:
        commands.parsed(words)
    except (typer.TyperException, UserError) as error:
        return f"upswing {' '.join(words)}: {error}"
    return None


def unknown_words(words: list[str]) -> set[str]:
    """Of a command mentioned in a sentence (its arguments may be left out), the command or options that don't exist."""
    named = next((w for w in words if not w.startswith("-")), None)
    if words[0].startswith("-") or named is None:  # options before the command's name
        return set(words) & {w for w in words if w.startswith("--")} - commands.options("")
    if named not in commands.names():
        return {named}
    return {w for w in words if w.startswith("--")} - commands.options(named)


def is_ours(words: list[str]) -> bool:
    return bool(words) and words[0].rpartition("/")[2] == "upswing"


@EVERY_PAGE
def test_every_command_of_a_shell_block_is_one_that_the_command_line_takes(page, capsys):
    wrong = [w for words in shell_lines(page) if is_ours(words) and (w := wrong_command(words[1:]))]
    assert wrong == [], capsys.readouterr().err


@EVERY_PAGE
def test_every_command_named_in_a_sentence_exists(page):
    named = [code.split() for code in inline_code(page)]
    assert [words for words in named if is_ours(words) and len(words) > 1 and unknown_words(words[1:])] == []


def test_a_wrong_command_in_the_documentation_would_be_noticed(capsys):
    assert wrong_command(["import"]) and wrong_command(["forecast"]) and wrong_command(["run", "--fast"])
    assert wrong_command(["import", "a.csv", "--dry-run"]) is None
    assert unknown_words(["import", "--fast"]) == {"--fast"} and unknown_words(["forecast"]) == {"forecast"}
    assert unknown_words(["import", "FILE...", "--preset", "generic"]) == set()


@EVERY_PAGE
def test_every_make_target_exists(page):
    targets = set(re.findall(r"^([a-z-]+):", (REPOSITORY / "Makefile").read_text(), re.MULTILINE))
    commands = shell_lines(page) + [code.split() for code in inline_code(page)]
    assert [words for words in commands if words[0] == "make" and len(words) > 1 and words[1] not in targets] == []


@EVERY_PAGE
def test_every_path_exists(page):
    code = [word for words in shell_lines(page) for word in words] + [word for span in inline_code(page) for word in span.split()]
    named = {word.rstrip(":,.") for word in code if word.startswith(ROOMS) and not re.search(r"[*<>{}$]|[A-Z]{2,}/", word)}
    assert sorted(word for word in named if not (REPOSITORY / word).exists()) == []
    assert sorted(link for link in LINK.findall(page.read_text(encoding="utf-8")) if not (page.parent / link).exists()) == []


def test_an_index_links_every_page_of_the_documentation():
    docs = REPOSITORY / "docs"
    linked = {
        (index.parent / link).resolve()
        for index in [REPOSITORY / "README.md", *docs.rglob("README.md")]
        for link in LINK.findall(index.read_text(encoding="utf-8"))
    }
    assert [page.relative_to(docs).as_posix() for page in sorted(docs.rglob("*.md")) if page.resolve() not in linked] == []


def test_the_data_contract_is_what_the_schema_says_now():
    script = runpy.run_path(str(REPOSITORY / "scripts" / "data_contract.py"))
    assert script["FILE"].read_text(encoding="utf-8") == script["text"](), "run: make docs"


def test_the_settings_reference_is_what_the_settings_say_now():
    script = runpy.run_path(str(REPOSITORY / "scripts" / "settings_reference.py"))
    assert script["FILE"].read_text(encoding="utf-8") == script["text"](), "run: make docs"


def test_the_reference_of_layouts_is_what_the_layouts_say_now():
    script = runpy.run_path(str(REPOSITORY / "scripts" / "layouts_reference.py"))
    assert script["FILE"].read_text(encoding="utf-8") == script["text"](), "run: make docs"


def test_the_data_contract_describes_every_table_and_column():
    page = (REPOSITORY / "docs" / "data-contract.md").read_text(encoding="utf-8")
    for table in (*CANONICAL.values(), *IMPORTS.values(), *serving_tables().values()):
        sections = [s for s in re.split(r"\n#{3,4} ", page) if s.startswith(table.name + "\n")]
        assert any(all(f"| {column} |" in section for column in table.names) for section in sections), table.name


def test_settings_in_the_documentation_are_settings_that_exist(tmp_path):
    sections = {"shop", "labels", "model", "inventory", "pages", "schedule", "notifications"}
    examples = [body for page in PAGES for body in blocks(page, "toml") if tomllib.loads(body).keys() & sections]
    assert examples
    for number, body in enumerate(examples):
        workspace = Workspace(tmp_path / str(number)).create()
        workspace.settings_file.write_text(body, encoding="utf-8")
        assert workspace.settings() != type(workspace.settings())()


def test_mappings_in_the_documentation_are_mappings_that_load(tmp_path):
    sections = {"shop", "labels", "model", "inventory", "pages", "schedule", "notifications"}
    examples = [body for page in PAGES for body in blocks(page, "toml") if not tomllib.loads(body).keys() & sections]
    assert len(examples) >= 3
    for number, body in enumerate(examples):
        file = tmp_path / f"{number}.toml"
        file.write_text(body, encoding="utf-8")
        assert mapping_file.load(None, file).tables


def test_the_mapping_of_the_readme_imports_the_file_that_it_speaks_of(workspace, tmp_path):
    (body,) = blocks(REPOSITORY / "README.md", "toml")
    assert len(body.splitlines()) <= 12
    (tmp_path / "mapping.toml").write_text(body, encoding="utf-8")
    lines = ["成交日;货品代号;货品名;件数;成交价;单据"]
    lines += [f"2024-03-{day:02};A{day % 3};青瓷茶壶 {day % 3};{day};{day},50;D{day}" for day in range(1, 29)]
    (tmp_path / "sales.csv").write_bytes("\n".join(lines).encode("gb18030"))
    import_files(workspace, [tmp_path / "sales.csv"], mapping=str(tmp_path / "mapping.toml"))
    with db.connect(workspace.warehouse, read_only=True) as con:
        assert con.execute("select count(*), sum(units), sum(unit_price_cents) from orders").fetchone() == (28, 406.0, 42000)
        assert con.execute("select product_id, title from products order by 1").fetchall() == [(f"A{n}", f"青瓷茶壶 {n}") for n in range(3)]
    assert workspace.settings().shop.currency == "CNY"


def test_every_preset_is_described_and_every_described_preset_ships():
    table = (REPOSITORY / "docs" / "how-to" / "map-your-files.md").read_text(encoding="utf-8").split("## Presets")[1].split("\n## ")[0]
    assert sorted(re.findall(r"^\| `([\w-]+)`", table, re.MULTILINE)) == mapping_file.presets()


def test_every_option_of_a_mapping_is_described():
    table = (REPOSITORY / "docs" / "how-to" / "map-your-files.md").read_text(encoding="utf-8").split("## Options")[1].split("\n## ")[0]
    assert [f.name for f in dataclasses.fields(mapping_file.Options) if f"`{f.name}`" not in table] == []


def test_the_changelog_and_the_package_tell_the_same_version():
    project = tomllib.loads((REPOSITORY / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    newest = re.search(r"^## \[(\d\S*)\]", (REPOSITORY / "CHANGELOG.md").read_text(encoding="utf-8"), re.MULTILINE).group(1)
    assert newest == core.__version__ == project["version"]


def test_requirements_are_pinned_to_exact_versions():
    for file in ("requirements.txt", "requirements-bench.txt", "requirements-dev.txt"):
        lines = [line.split("#")[0].strip() for line in (REPOSITORY / file).read_text(encoding="utf-8").splitlines()]
        assert [
            line
            for line in lines
            if line
            and not line.startswith("-r requirements")
            and not re.fullmatch(r"[\w.-]+==[\w.]+(; python_version < \"[\d.]+\")?", line)
        ] == []


def modules_with_examples() -> list[str]:
    files = [path for path in sorted((REPOSITORY / "core").rglob("*.py")) if ">>> " in path.read_text(encoding="utf-8")]
    return [".".join(path.relative_to(REPOSITORY).with_suffix("").parts) for path in files]


@pytest.mark.parametrize("module", modules_with_examples())
def test_examples_in_docstrings_give_what_they_say(module):
    result = doctest.testmod(importlib.import_module(module), optionflags=doctest.NORMALIZE_WHITESPACE | doctest.ELLIPSIS)
    assert result.attempted > 0 and result.failed == 0
