"""The engine that runs the SQL of features and scoring: what DuckDB's does, and what is said where Spark is not installed."""

from __future__ import annotations

import tomllib
from datetime import date
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from core.errors import UserError
from core.features import tables
from core.storage import duckdb as db
from core.storage import spark
from core.storage.engine import open_engine

REPOSITORY = Path(__file__).parents[2]


@pytest.fixture
def engine(tmp_path):
    with db.connect(tmp_path / "warehouse.duckdb") as con:
        tables.create(con)
        yield db.DuckDB(con)


def lost(*days: int) -> pa.Table:
    return pa.table({"product_id": ["a"] * len(days), "day": [date(2026, 3, d) for d in days], "lost_units": [float(d) for d in days]})


def days_of(engine) -> list[int]:
    return sorted(day.day for (day,) in engine.con.execute("select day from lost_units").fetchall())


def test_days_from_the_first_on_are_replaced_and_earlier_ones_stay(engine):
    engine.append("lost_units", lost(1, 2, 3))
    engine.replace_days("lost_units", date(2026, 3, 2), lost(2, 5))
    assert days_of(engine) == [1, 2, 5]
    engine.replace_days("lost_units", None, lost(7))
    assert days_of(engine) == [7]


def test_a_failure_inside_a_transaction_leaves_the_warehouse_as_it_was(engine):
    engine.append("lost_units", lost(1, 2))
    with pytest.raises(RuntimeError, match="stopped"), engine.transaction():
        engine.replace_days("lost_units", None, lost(9))
        raise RuntimeError("stopped")
    assert days_of(engine) == [1, 2]


def test_a_query_is_kept_under_its_name_and_read_by_the_next(engine):
    engine.append("lost_units", lost(1, 2))
    engine.table("features/all_days")
    engine.run("select day, lost_units from all_days", "found")
    engine.run("select day, lost_units + $more as lost_units from all_days", "found", append=True, more=10, unused=1)
    assert sorted(engine.con.execute("select lost_units from found").fetchall()) == [(1.0,), (2.0,), (11.0,), (12.0,)]


def test_an_arrow_table_and_a_parquet_file_are_registered_alike(engine, tmp_path):
    file = tmp_path / "days [1].parquet"  # a bracket is no pattern
    pq.write_table(lost(4), file)
    for rows in (lost(4), file):
        engine.register("given", rows)
        assert engine.con.execute("select lost_units from given").fetchall() == [(4.0,)]


def test_a_written_table_is_ordered(engine, tmp_path):
    engine.register("given", lost(3, 1, 2))
    engine.write("given", "day", tmp_path / "out.parquet")
    assert pq.read_table(tmp_path / "out.parquet")["lost_units"].to_pylist() == [1.0, 2.0, 3.0]


def test_an_unknown_engine_is_refused_with_the_known_ones(tmp_path):
    with pytest.raises(UserError, match="duckdb, spark"), open_engine(tmp_path / "warehouse.duckdb", "flink", tmp_path):
        pass


def test_without_pyspark_the_message_says_what_to_install(tmp_path, monkeypatch):
    monkeypatch.setattr(spark, "find_spec", lambda package: None)
    with pytest.raises(UserError, match=r"pyspark, sqlglot\. .*pip install 'upswing\[spark\]'"):
        with open_engine(tmp_path / "warehouse.duckdb", "spark", tmp_path):
            pass
    assert not (tmp_path / "warehouse.duckdb").exists()


def test_without_java_the_message_says_what_to_install(monkeypatch):
    monkeypatch.setattr(spark, "find_spec", lambda package: object())
    monkeypatch.setattr(spark.shutil, "which", lambda program: None)
    monkeypatch.delenv("JAVA_HOME", raising=False)
    with pytest.raises(UserError, match="Java 17.*default-jre-headless"):
        spark.check_installed()


def test_the_extra_names_the_versions_of_the_requirements_file():
    extra = tomllib.loads((REPOSITORY / "pyproject.toml").read_text())["project"]["optional-dependencies"]["spark"]
    lines = [line.split("#")[0].strip() for line in (REPOSITORY / "requirements-spark.txt").read_text().splitlines()]
    assert extra == [line for line in lines if line and not line.startswith("-")]
    assert all("==" in requirement for requirement in extra)
    assert not any("pyspark" in line or "sqlglot" in line for line in (REPOSITORY / "requirements.txt").read_text().splitlines())
