"""What-if: in a shop whose cheaper products rise, a cut raises the chance, by exactly what scoring the changed product again gives."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from types import SimpleNamespace

import numpy as np
import pyarrow as pa
import pytest

from core.capabilities.context import LiveRows
from core.capabilities.forecast import whatif
from core.models import whatif as changes
from core.models.panel import Panel, rank_within_group
from core.models.train import fit
from core.schema import ALL
from core.schema.what_if import AS_IS, FEW, IGNORED, IN_STOCK, NO_DATA, OUT_OF_STOCK, RARE, SOLD_SINCE, STARTED
from core.settings import ModelSettings, TrainingConfig
from core.storage import duckdb as db
from core.storage.duckdb import DuckDB

PRODUCTS, ORIGINS = 60, 30
FEATURES = {  # name -> driver, unit; discounts are recorded, nothing but the price matters
    **{name: ("price", unit) for name, unit in (("price", "money"), ("price_change", "times"), ("price_drift", "times"))},
    **{f"discount_{days}d": ("price", "share") for days in (14, 56)},
    **{f"orders_{days}d": ("demand", "orders") for days in (14, 56, 182)},
    **{f"out_of_stock_{days}d": ("demand", "share") for days in (14, 56)},
    "days_since_last": ("demand", "days"),
    **dict.fromkeys(("promo_now", "promo_days_28d", "promo_days_left", "days_since_promo"), ("promotion", "days")),
    "promo_discount": ("promotion", "share"),
}
NAMES = list(FEATURES)


def ranks(panel_x: np.ndarray, as_of: np.ndarray) -> np.ndarray:
    return rank_within_group(panel_x, as_of.astype(int), [i for i, name in enumerate(NAMES) if FEATURES[name][1] == "times"])


@pytest.fixture(scope="module")
def panel(tmp_path_factory) -> Panel:
    """A shop in which a product rises where its price fell. P0 has not sold in two weeks, P1 was out of stock, P2 sold ten days ago."""
    random, n = np.random.default_rng(4), PRODUCTS * ORIGINS
    product, origin = np.divmod(np.arange(n), ORIGINS)
    as_of = np.datetime64("2011-01-02", "D") + 7 * origin
    change = np.exp(random.normal(0, 0.15, n))
    values = {
        "price": random.gamma(4, 3, n),
        "price_change": change,
        "price_drift": change**0.5,
        "discount_14d": np.where(change < 1, 1 - change, 0),
        "discount_56d": np.where(change < 1, (1 - change) / 3, 0),
        "orders_14d": random.poisson(10, n) + 1,
        "orders_56d": random.poisson(40, n) + 12,
        "orders_182d": random.poisson(130, n) + 52,
        "days_since_last": np.where((product == 2) & (origin == ORIGINS - 1), 10, random.integers(0, 4, n)),
        **dict.fromkeys(("out_of_stock_14d", "out_of_stock_56d"), np.where(product == 1, 0.5, 0.0)),
        **dict.fromkeys(("promo_days_left", "days_since_promo", "promo_discount", "promo_now", "promo_days_28d"), np.full(n, np.nan)),
    }
    x = np.stack([values[name] for name in NAMES], axis=1).astype(np.float32)
    x[(product == 0) & (origin == ORIGINS - 1)] = np.nan
    rising = (random.random(n) < 1 / (1 + np.exp(1.5 + 14 * np.log(change)))).astype(np.float32)
    flat = {name: np.ones(n) for name in ("n_base", "n_horizon", "expected", "prior_a", "prior_b", "own_pace_orders")}
    return Panel(
        features=[{"name": name, "driver": d, "unit": u, "meaning": name} for name, (d, u) in FEATURES.items()],
        products=[f"P{i}" for i in range(PRODUCTS)],
        texts=[""] * PRODUCTS,
        segments=[ALL],
        meta={
            "as_of": str(as_of[-1]),
            "first_day": "2009-01-04",
            "horizon_days": 28,
            "signal": "orders",
            "whole_units": True,
            "settings": {},
        },
        cache=tmp_path_factory.mktemp("cache"),
        x=x,
        ranks=ranks(x, as_of),
        as_of=as_of,
        product=product.astype(np.int32),
        segment=np.zeros(n, dtype=np.int32),
        days_on_sale=(100 + 7 * origin).astype(np.int32),
        rising=np.where(origin < ORIGINS - 4, rising, np.nan).astype(np.float32),
        falling=np.where(origin < ORIGINS - 4, 1 - rising, np.nan).astype(np.float32),
        base=np.ones((n, 5), dtype=np.float32),
        units=np.where((origin < ORIGINS - 14)[:, None], np.ones((n, 5)), np.nan).astype(np.float32),
        tail=np.where(rising > 0, 0.01, 0.5),
        **flat,
    )


@pytest.fixture(scope="module")
def written(panel, tmp_path_factory):
    """The model, the rows that were written, and the context they were written from."""
    recipe = TrainingConfig(
        refit=False, trees_share=0.7, trees_rounds=30, demand_trees_share=0.0, members=1, hidden=16, second=8, tower=8, token=8
    )
    model = fit(panel, panel.matured(), ModelSettings(encoder="", max_epochs=6, device="cpu"), recipe=recipe)
    live = LiveRows.of(panel)
    weeks = pa.table(  # twelve products were dear once, the others cheap; six were out of stock
        {
            "product_id": np.repeat(panel.products, 30),
            "segment": [ALL] * 30 * PRODUCTS,
            "week": pa.array(np.tile(np.datetime64("2011-01-02", "D") + 7 * np.arange(30), PRODUCTS)),
            "units": np.ones(30 * PRODUCTS),
            "price": np.where(np.tile(np.arange(30), PRODUCTS) >= 28, np.where(np.repeat(np.arange(PRODUCTS), 30) < 12, 15.0, 7.0), 10.0),
            "on_hand": np.where(np.repeat(np.arange(PRODUCTS), 30) < 6, 0.0, 9.0),
        }
    )
    with db.connect() as con:
        con.execute("create table daily (product_id varchar, day date, discount_cents double)")
        con.execute("insert into daily select 'P' || range, date '2011-01-05', 5.0 from range(9)")
        con.execute("create table promotions (product_id varchar, starts_on date, ends_on date, discount double)")
        yield written_to(live, model, weeks, DuckDB(con))


def written_to(live, model, weeks: pa.Table, engine: DuckDB):
    tables: dict = {}
    context = SimpleNamespace(
        live=live,
        model=model,
        predicted=model.predict(live.panel, live.rows),
        as_of=date.fromisoformat(live.panel.meta["as_of"]),
        engine=engine,
        read=lambda _table, _columns, _filters: weeks,
        write=lambda table, columns: tables.update({table.name: pa.table({n: pa.array(v) for n, v in columns.items()}).to_pandas()}),
    )
    whatif.write(context)
    return model, tables["what_if"], context


def row(found, product: str, price: float = 0.0, promotion: str = AS_IS, stock: str = AS_IS):
    return found[(found.product_id == product) & (found.price == price) & (found.promotion == promotion) & (found.stock == stock)].iloc[0]


def test_a_cut_raises_the_chance_where_cheaper_products_rise(written):
    _model, found, context = written
    now = dict(zip(context.live.product.to_pylist(), context.predicted["rising"]))
    cut, rise = (found[(found.price == share) & (found.stock == AS_IS) & found.rising_probability.notna()] for share in (-0.2, 0.1))
    assert len(cut) > 40 and (cut.rising_probability - cut.product_id.map(now)).median() > 0.1
    assert (rise.rising_probability - rise.product_id.map(now)).median() < -0.01


@pytest.mark.parametrize(("product", "price", "stock"), [("P5", -0.2, AS_IS), ("P9", 0.1, AS_IS), ("P1", -0.1, IN_STOCK)])
def test_every_chance_is_what_scoring_the_changed_product_again_gives(panel, written, product, price, stock):
    model, found, _context = written
    here = panel.latest()[panel.product[panel.latest()] == int(product[1:])]
    x = {name: panel.feature(here, name).astype(float) for name in NAMES}
    new = changes.priced(x, 1 + price, as_discount=True).features
    new |= changes.restocked(x).features if stock == IN_STOCK else {}
    anew = panel.x.copy()
    for name, values in new.items():
        anew[here, NAMES.index(name)] = values
    again = model.predict(replace(panel, x=anew, ranks=ranks(anew, panel.as_of)), here)["rising"][0]
    assert row(found, product, price, stock=stock).rising_probability == pytest.approx(again, abs=1e-6)


def test_where_there_is_no_chance_a_row_says_why(written):
    _model, found, _context = written
    assert row(found, "P0", -0.1).unknown == NO_DATA
    assert row(found, "P5", promotion=STARTED).unknown == NO_DATA
    assert row(found, "P5", stock=OUT_OF_STOCK).unknown == SOLD_SINCE
    far = found[(found.price == 0.3) & (found.unknown == RARE)]
    assert len(far) and (far.products < FEW).all() and far.rising_probability.isna().all()
    assert not (found.rising_probability.isna() & (found.unknown == "")).any()


def test_a_change_that_moves_no_forecast_is_said_to_be_ignored(written):
    _model, _found, context = written
    blind = SimpleNamespace(
        predict=lambda _panel, rows, **_: {"logit": context.predicted["logit"][np.searchsorted(context.live.rows, rows)]}
    )
    tables = {}
    write = lambda table, columns: tables.update(columns)
    whatif.write(SimpleNamespace(**{**vars(context), "model": blind, "write": write}))
    assert IGNORED in set(tables["unknown"]) and np.isnan(tables["rising_probability"]).all()


def test_a_large_shop_has_rows_of_the_highest_chances_and_the_best_sellers():
    product = np.repeat(np.arange(5), 2)
    everyone = np.tile([True, False], 5)
    rising, pace = np.repeat([0.9, 0.1, 0.2, 0.3, 0.05], 2), np.repeat([1.0, 80.0, 3.0, 2.0, 4.0], 2)
    assert whatif.chosen(product, everyone, rising, pace, most=5).tolist() == [0, 1, 2, 3]
    assert len(whatif.chosen(product, everyone, rising, pace)) == 10
