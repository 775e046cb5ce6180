"""What core says in English is said in Chinese on a Chinese page: every sentence there is core's own, and none of reading files lacks."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from core.errors import UserError
from dashboard import heard as module
from dashboard.heard import SENTENCES, heard
from dashboard.i18n import catalogue

CORE = Path(__file__).parents[2] / "core"
READING = [CORE / "ingest" / f"{name}.py" for name in ("delimited", "first_rows", "merge", "purchases", "privacy", "readers", "wide")]
PLANNING = [CORE / "state" / "overrides.py", CORE / "features" / "building.py", CORE / "training" / "validation.py"]
FOR_SHELLS = {  # no form of a page leads there
    "a file at {}",
    "nothing there",
    "check the path",
    "a file",
    "the folder {}",
    "name the files in it",
    "an encoding such as utf-8, gb18030 or cp1252",
    "correct `encoding` in the mapping",
    "a sheet {} in {}",
    "sheets {}",
    "correct `sheet` in the mapping",
    "ISO country codes in shop.countries",
    "shop.signal as one of {}",
    "correct upswing.toml",
    "one of {}",
    "one of {} of a {}",
    "the {} that it is about",
    "choose for what the change holds",
    "choose what to change",
    "choose one",
}


def template(node: ast.AST) -> str | None:
    """A string or an f-string as it stands in the code, {} for each gap."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    if isinstance(node, ast.JoinedStr):
        return "".join(part.value if isinstance(part, ast.Constant) else "{}" for part in node.values)
    return None


def said(file: Path) -> set[str]:
    return {t for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))) if (t := template(node))}


def bare(sentence: str) -> str:
    return re.sub(r"\{\w+\}", "{}", sentence)


@pytest.fixture
def chinese(monkeypatch):
    monkeypatch.setattr(module, "language", lambda: "zh")
    monkeypatch.setattr(module.labels, "_", catalogue("zh").gettext)


def test_every_sentence_is_one_that_core_says():
    everything = set().union(*map(said, CORE.rglob("*.py")))
    assert [s for s in SENTENCES if bare(s) not in everything] == []


def test_no_error_of_reading_a_file_or_filling_in_a_plan_is_left_in_english():
    known, lacking = set(map(bare, SENTENCES)) | FOR_SHELLS, []
    for file in (*READING, *PLANNING):
        for call in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(call, ast.Call) and ast.unparse(call.func) in ("UserError", "Unfit"):
                lacking += [t for part in call.args if (t := template(part)) and t.strip("{}") and t not in known]
    assert lacking == []


def test_an_error_is_said_whole_with_its_values(chinese):
    error = UserError("at least 119 days of history", "2026-01-01 to 2026-02-01", "import an export that reaches further back")
    assert heard(str(error)) == "需要至少 119 天的历史；实际：2026-01-01 至 2026-02-01。处理办法：导入时间更早的数据。"


def test_tables_and_steps_go_by_the_names_that_pages_use(chinese):
    assert heard("it fits no table; for orders, say, no column is known as units or line_total") == (
        "它不符合任何数据表；例如作为订单，没有列可以识别为 units or line_total"
    )
    assert heard("block 2 of 3: train epoch 4 of at most 10") == "第 2 段，共 3 段：学习 第 4 轮，最多 10 轮"


def test_what_nobody_foresaw_stays_as_it_is(chinese):
    assert heard("the moon is full") == "the moon is full" and heard("") == ""


def test_in_english_nothing_is_touched():
    assert heard("rows in shop.csv") == "rows in shop.csv"
