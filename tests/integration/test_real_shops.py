"""Whole shops, imported as a user would: labels against the oracle, segments included.

The oracle is slow: rows are of every third product at every fourth origin, and of all of them in `make soak`.
"""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from reference.labels import Oracle, valid_sales

from core.features.build import build
from core.ingest import import_files
from core.storage import duckdb as db
from core.workspace import Workspace

SAMPLE = Path(__file__).parents[2] / "sample_data" / "files"

SALES = """
    select o.product_id, o.order_id, coalesce(case when $attribute = 'country' then o.country end, c.value, '') as value,
        o.ordered_at, cast(cast(o.ordered_at as date) as timestamp) as day, o.customer_id, o.units
    from orders as o left join customers as c on o.customer_id = c.customer_id and c.attribute = $attribute
"""


# (products, origins): every how manieth is compared.
parts = pytest.mark.parametrize("part", [pytest.param((3, 4), marks=pytest.mark.whole), pytest.param((1, 1), marks=pytest.mark.soak)])


def keep_some_products(workspace: Workspace, every: int) -> None:
    """Of all that is in the warehouse, and no reviews, which labels don't ask. Every first: it stays as it is."""
    if every == 1:
        return
    with db.connect(workspace.warehouse) as con:
        for table in ("orders", "products", "events", "stock"):
            con.execute(f"delete from {table} where hash(product_id) % {every} <> 0")
        con.execute("delete from reviews")


def panel_against_oracle(workspace: Workspace, every: int) -> pd.DataFrame:
    """The panel's labelled rows beside the oracle's, joined on (as_of, segment, product_id)."""
    attribute = workspace.settings().shop.segment_attribute
    with db.connect(workspace.warehouse, read_only=True) as con:
        sales = valid_sales(con.execute(SALES, {"attribute": attribute}).df())
        stock = con.execute("select product_id, cast(day as timestamp) as day, on_hand from stock").df()
    panel = pd.read_parquet(
        workspace.panel / "panel.parquet",
        columns=["as_of", "product_id", "segment", "n_base", "n_horizon", "expected", "rising", "falling"],
    )
    origins = json.loads((workspace.panel / "panel.json").read_text())["origins"]
    origins = pd.to_datetime(origins)[::every]  # four weeks apart they share windows
    panel["as_of"] = pd.to_datetime(panel.as_of).astype("datetime64[us]")
    mine = panel[panel.rising.notna() & panel.as_of.isin(origins)]
    true = Oracle(sales, stock if len(stock) else None).labels(origins, segments=bool(attribute))
    true["as_of"] = true.as_of.astype("datetime64[us]")
    return mine.merge(true, on=["as_of", "segment", "product_id"], how="outer", indicator=True, suffixes=("", "_true"))


def assert_equal_on_every_row(both: pd.DataFrame) -> None:
    assert (both._merge == "both").all(), both._merge.value_counts().to_dict()
    assert (both.n_base == both.n0).all() and (both.n_horizon == both.n1).all()
    np.testing.assert_allclose(both.expected.to_numpy(float), both.E.to_numpy(float), rtol=1e-8)
    assert (both.rising.astype(bool) == both.rising_true.astype(bool)).all()
    assert (both.falling.astype(bool) == both.falling_true.astype(bool)).all()


@pytest.fixture
def workspace(workspace) -> Workspace:
    """A workspace whose segments need orders alone, as the oracle's do: tests/unit/test_segments.py holds the rule for customers."""
    workspace.settings_file.write_text("[shop]\nsegment_min_customers = 1\n", encoding="utf-8")
    return workspace


@pytest.mark.real_data
@parts
def test_the_labels_of_uci_online_retail_equal_those_of_the_oracle_in_every_segment(real_data, workspace, part):
    import_files(workspace, [real_data / "uci_online_retail_ii" / "online_retail_II.parquet"], preset="uci-online-retail", mapping=None)
    products, origins = part
    keep_some_products(workspace, products)
    build(workspace)
    both = panel_against_oracle(workspace, origins)
    at_least = 1_000_000 if products == 1 else 80_000  # with a third of the sales fewer countries make a segment
    assert len(both) > at_least and {"all", "United Kingdom", "Germany", "other"} <= set(both.segment)
    assert_equal_on_every_row(both)
    share = both[both.segment == "all"].groupby("as_of").rising.mean().astype(float)
    assert 0.03 < share.median() < 0.13  # the usual share of risers; four origins around the turn of a year lie above


@parts
def test_the_labels_of_the_sample_shop_equal_those_of_the_oracle_in_every_segment(workspace, part):
    import_files(workspace, sorted(SAMPLE.iterdir()), preset=None, mapping=None)
    products, origins = part
    keep_some_products(workspace, products)
    build(workspace)
    both = panel_against_oracle(workspace, origins)
    rows, risers = (50_000, 1_000) if products == 1 else (10_000, 300)
    assert len(both) > rows and both.segment.nunique() > 2
    assert_equal_on_every_row(both)
    assert both.rising.sum() > risers
