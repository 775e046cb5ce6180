"""The dashboard's own components: what is served is what their sources say."""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parents[2]
SPEC = importlib.util.spec_from_file_location("frontend", REPOSITORY / "scripts" / "frontend.py")
frontend = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(frontend)


@pytest.mark.parametrize("source", frontend.SOURCES, ids=lambda source: source.name)
def test_a_compiled_component_is_that_of_its_source_and_was_changed_by_nobody(source):
    heading, _, compiled = source.with_suffix(".js").read_text(encoding="utf-8").partition("\n")
    assert heading + "\n" == frontend.heading(source.read_text(encoding="utf-8"), compiled), "make frontend"


@pytest.mark.parametrize("source", frontend.SOURCES, ids=lambda source: source.name)
def test_a_component_makes_no_html_of_text(source):
    assert not re.findall(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|eval\(", source.read_text(encoding="utf-8"))


def test_another_source_or_another_result_has_another_heading():
    assert len({frontend.heading(*pair) for pair in (("a", "b"), ("a ", "b"), ("a", "b "))}) == 3


def test_there_is_a_component_to_check():
    assert [source.name for source in frontend.SOURCES] == ["rows.ts", "frame.ts"]
