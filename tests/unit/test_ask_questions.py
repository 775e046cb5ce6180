"""The questions for Ask keep to their counts, and the SQL of each right answer fits the tables of a snapshot."""

from __future__ import annotations

import csv
import gzip
import re
import tomllib
from collections import Counter
from pathlib import Path

import duckdb
import pytest

from core.capabilities.registry import serving_tables

REPOSITORY = Path(__file__).parents[2]
QUESTIONS = tomllib.loads((REPOSITORY / "bench" / "ask" / "questions.toml").read_text(encoding="utf-8"))["question"]
ANSWERED = [one for one in QUESTIONS if not one.get("declined")]
DECLINED = [one for one in QUESTIONS if one.get("declined")]
LEAST = {"partial": 15, "group": 15, "material": 10, "time": 10, "limit": 10, "comparison": 10, "exclusion": 10}
FIELDS = {
    "products": {"asked", "ranked", "at_least", "within"},
    "names": {"asked", "ranked", "at_least"},
    "number": {"unit", "tolerance", "tolerance_share"},
    "text": {"must_name", "at_least"},
}
COMMON = {"id", "language", "kind", "text", "features", "answer", "sql"}


@pytest.fixture(scope="module")
def empty_snapshot():
    with duckdb.connect(config={"threads": 1}) as connection:
        for table in serving_tables().values():
            connection.execute(table.ddl())
        yield connection


def test_each_language_has_a_hundred_questions_to_answer_and_25_to_decline():
    assert Counter(one["language"] for one in ANSWERED) == {"en": 100, "zh": 100}
    assert Counter(one["language"] for one in DECLINED) == {"en": 25, "zh": 25}


def test_no_question_is_asked_twice():
    for field in ("id", "text"):
        assert [value for value, times in Counter(one[field].strip().lower() for one in QUESTIONS).items() if times > 1] == []


def test_the_questions_vary():
    kinds = Counter(one["kind"] for one in ANSWERED)
    features = Counter(feature for one in ANSWERED for feature in one.get("features", ()))
    assert {kind: times for kind, times in kinds.items() if times > 12} == {}
    assert features.keys() == LEAST.keys()
    assert {feature: times for feature, times in features.items() if times < LEAST[feature]} == {}


def test_each_question_has_the_fields_by_which_it_is_judged():
    wrong = [one["id"] for one in ANSWERED if not one.keys() <= COMMON | FIELDS[one["answer"]]]
    wrong += [one["id"] for one in ANSWERED if one["answer"] in ("products", "names") and not {"asked", "ranked"} <= one.keys()]
    wrong += [one["id"] for one in ANSWERED if one.get("asked") and not 1 <= one["at_least"] <= one["asked"]]
    wrong += [one["id"] for one in ANSWERED if one["answer"] == "number" and len({"tolerance", "tolerance_share"} & one.keys()) != 1]
    wrong += [one["id"] for one in ANSWERED if one["answer"] == "text" and "must_name" not in one]
    wrong += [one["id"] for one in DECLINED if one.keys() != {"id", "language", "kind", "text", "declined", "why"}]
    assert wrong == []


def test_each_sql_names_only_tables_and_columns_of_a_snapshot(empty_snapshot):
    wrong = {}
    for one in ANSWERED:
        try:
            columns = [column[0] for column in empty_snapshot.execute(one["sql"]).description]
        except duckdb.Error as error:
            wrong[one["id"]] = str(error)
            continue
        if len(columns) != 1 or (one["answer"] == "products" and columns != ["product_id"]):
            wrong[one["id"]] = f"columns {columns}"
    assert wrong == {}


def test_each_product_in_the_sql_is_one_of_the_sample_shop():
    with gzip.open(REPOSITORY / "sample_data" / "files" / "products.csv.gz", "rt", encoding="utf-8") as file:
        known = {row["product_id"] for row in csv.DictReader(file)}
    named = {product for one in ANSWERED for product in re.findall(r"'([A-Z]{2}-\d{4})'", one["sql"])}
    assert len(named) > 30
    assert named - known == set()
