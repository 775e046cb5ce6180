"""The Chinese catalogue holds every string that a page can show, translated."""

from __future__ import annotations

import ast
import importlib.util
import re
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parents[2]
_spec = importlib.util.spec_from_file_location("catalogue", Path(__file__).parent / "catalogue.py")
catalogue = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(catalogue)

SOURCES = sorted([*(REPOSITORY / "dashboard").rglob("*.py"), *(REPOSITORY / "pages").glob("*.py"), catalogue.CARD])


def forms(text) -> list[str]:
    return [text] if isinstance(text, str) else list(text)


def test_every_string_of_the_pages_stands_in_the_catalogue_with_a_translation():
    there = catalogue.present()
    lacking = [m.id for m in catalogue.wanted() if m.id and (there.get(m.id) is None or not all(forms(there.get(m.id).string)))]
    assert lacking == []


def test_the_catalogue_holds_no_string_that_no_page_shows():
    wanted = catalogue.wanted()
    assert [m.id for m in catalogue.present() if m.id and wanted.get(m.id) is None] == []


def test_a_translation_keeps_every_value_that_is_filled_in():
    placeholder = re.compile(r"\{\w+\}|%\.\d+f|%%")
    wrong = [
        (m.id, form)
        for m in catalogue.present()
        if m.id
        for form in forms(m.string)
        if sorted(placeholder.findall(form)) != sorted(placeholder.findall(forms(m.id)[-1]))
    ]
    assert wrong == []


@pytest.mark.parametrize("source", SOURCES, ids=lambda p: p.relative_to(REPOSITORY).as_posix())
def test_strings_are_marked_where_the_extraction_finds_them(source):
    # Not inside f-strings (the extraction does not look there), and literal, since a computed string is in no catalogue.
    tree, found = ast.parse(source.read_text(encoding="utf-8")), []
    marks = {"_": 1, "n_": 2}
    for node in ast.walk(tree):
        if isinstance(node, ast.JoinedStr):
            found += [f"line {n.lineno}: {n.func.id}() in an f-string" for n in ast.walk(node) if _is_mark(n, marks)]
        if _is_mark(node, marks) and source.name not in ("labels.py", "i18n.py"):
            found += [
                f"line {node.lineno}: {node.func.id}() of a computed string"
                for a in node.args[: marks[node.func.id]]
                if not (isinstance(a, ast.Constant) and isinstance(a.value, str))
            ]
    assert found == []


def _is_mark(node: ast.AST, marks: dict) -> bool:
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in marks
