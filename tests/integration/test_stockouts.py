"""Hidden demand that was planted in the sample shop is found again, and the comparison counts what its docstring says."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pandas as pd
import pytest

from bench.measure import REPOSITORY
from bench.stockouts import EVENTS, compare, measure, planted_stockouts
from core.errors import UserError
from core.features import tables
from core.features.daily import read_inputs
from core.ingest import import_files
from core.settings import LabelSettings
from core.storage import duckdb as db
from core.storage.duckdb import DuckDB
from core.workspace import Workspace

DAY = "datetime64[ns]"
PLANTED = pd.DataFrame(
    [("a", "2026-03-02", "2026-03-12", 10), ("a", "2026-05-04", "2026-06-01", 20), ("b", "2026-03-02", "2026-03-05", 5)],
    columns=["product_id", "starts_on", "ends_on", "hidden_units"],
).astype({"starts_on": DAY, "ends_on": DAY})


def lost(*rows: tuple) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=["product_id", "day", "lost_units"]).astype({"day": DAY})


def empty(*rows: tuple) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=["product_id", "day"]).astype({"day": DAY})


def test_units_lost_within_a_planted_stock_out_are_its_estimate_and_those_that_no_count_shows_are_counted_apart():
    found = lost(
        ("a", "2026-03-01", 99.0), ("a", "2026-03-02", 4.0), ("a", "2026-03-11", 4.0), ("a", "2026-03-12", 99.0), ("a", "2026-05-31", 25.0)
    )
    figures = compare(PLANTED, found, empty(("a", "2026-03-09"), ("a", "2026-05-04"), ("a", "2026-05-05"), ("b", "2026-03-05")))
    assert figures["estimated_to_planted"] == pytest.approx(33 / 30) and figures["mean_error_units"] == pytest.approx((2 + 5) / 2)
    assert (figures["stockouts"], figures["unseen_stockouts"], figures["planted_units"]) == (2, 1, 30)
    assert figures["up_to_3_weeks_estimated_to_planted"] == pytest.approx(0.8)
    assert figures["over_3_weeks_mean_error_units"] == pytest.approx(5)


def test_a_stock_out_without_any_lost_units_is_one_of_which_nothing_was_found():
    counts = empty(("a", "2026-03-09"), ("a", "2026-05-04"), ("b", "2026-03-02"))
    figures = compare(PLANTED, lost(("b", "2026-03-03", 5.0)), counts)
    assert figures["estimated_to_planted"] == pytest.approx(5 / 35) and figures["stockouts"] == 3


def test_the_truth_says_so_where_it_is_missing(tmp_path):
    assert len(planted_stockouts(EVENTS)) >= 40
    with pytest.raises(UserError, match="generate.py"):
        planted_stockouts(tmp_path / "events.csv")


@pytest.fixture(scope="module")
def sample(tmp_path_factory) -> Path:
    """A warehouse of the sample shop's products, orders and stock, with its days and what was lost on them."""
    workspace = Workspace(tmp_path_factory.mktemp("sample")).create()
    import_files(workspace, [REPOSITORY / "sample_data" / "files" / name for name in ("products.csv.gz", "orders.csv.gz", "stock.parquet")])
    rules = LabelSettings()
    with db.connect(workspace.warehouse) as con:
        tables.create(con)
        read_inputs(DuckDB(con), "")
        DuckDB(con).replace_days("daily", None, "features/daily", from_day=date(1900, 1, 1), signal="orders", encoder="", attribute="")
        DuckDB(con).replace_days("lost_units", None, "features/lost_units", base_days=rules.base_days, min_age_days=rules.min_age_days)
    return workspace.warehouse


@pytest.mark.whole
def test_the_samples_hidden_demand_is_found_again_within_15_percent_in_sum(sample):
    figures = measure(sample)
    assert figures["unseen_stockouts"] == 0 and figures["stockouts"] == len(planted_stockouts())
    assert 0.85 <= figures["estimated_to_planted"] <= 1.15


@pytest.mark.whole
def test_no_product_of_the_sample_loses_units_on_a_day_that_its_stock_covers(sample):
    with db.connect(sample, read_only=True) as con:
        covered, lost = con.execute("""
            select count(*) filter (where c.on_hand > 0), count(*)
            from lost_units as l asof left join stock as c on l.product_id = c.product_id and l.day >= c.day""").fetchone()
    assert covered == 0 and lost > 1000
