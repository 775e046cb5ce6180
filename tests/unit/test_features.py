"""The panel: nothing from the future, the same numbers however it is built, and labels as defined."""

from __future__ import annotations

import json
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from fixtures import shops
from fixtures.kept import copied, kept
from fixtures.tiny import tiny_encoder
from reference.labels import Oracle, valid_sales

from core.errors import NotReady, UserError
from core.features import tables
from core.features.build import build, build_latest, weekly_origins
from core.features.definitions import FEATURES
from core.features.freshness import panel_is_fresh
from core.features.neighbours import nearest
from core.models.calibrate import RECALIBRATION_ORIGINS
from core.schema import CANONICAL, DEMAND_WEEKS, DRIVERS
from core.settings import Settings
from core.storage import duckdb as db
from core.storage import warehouse
from core.workspace import Workspace

NAMES = [f.name for f in FEATURES]


def kept_with_panel(name: str, tables, build) -> Path:
    """Return a kept folder: the tables of a shop, and its workspace with the panel of all of them."""

    def make(folder: Path) -> None:
        found = tables()
        for table, frame in found.items():
            frame.to_parquet(folder / f"{table}.parquet")
        build(shops.write(Workspace(folder / "shop").create(), found))

    return kept(name, make)


def tables_of(folder: Path) -> dict[str, pd.DataFrame]:
    return {file.stem: pd.read_parquet(file) for file in folder.glob("*.parquet")}


@pytest.fixture(scope="module")
def shop() -> dict[str, pd.DataFrame]:
    return tables_of(kept_shop())


@pytest.fixture(scope="module")
def built() -> Workspace:
    return Workspace(kept_shop() / "shop")


@pytest.fixture(scope="module")
def little() -> dict[str, pd.DataFrame]:
    return tables_of(kept_little())


@pytest.fixture(scope="module")
def little_built() -> Workspace:
    return Workspace(kept_little() / "shop")


def kept_shop() -> Path:
    return kept_with_panel("features-shop", shop_tables, build)


def kept_little() -> Path:
    return kept_with_panel("features-little", little_tables, _rebuilt)


def shop_tables() -> dict[str, pd.DataFrame]:
    """A shop of more than a year, whose last day is a Saturday: the origin four weeks before misses its label by one day.

    Products sell in bursts, so that their orders are overdispersed. p001 is counted every fifth day, three times of five in stock:
    at some origins exactly on the least share.
    """
    found = shops.tables(products=72, days=496)
    orders, burst = found["orders"], np.random.default_rng(8).random((72, 18)) < 0.5
    product = orders.product_id.str[1:].astype(int)
    month = (orders.ordered_at - pd.Timestamp(shops.FIRST_DAY)).dt.days // 28
    quiet = ~burst[product, month] & (np.random.default_rng(9).random(len(orders)) < 0.7)
    counts = pd.DataFrame(
        [(shops.FIRST_DAY + timedelta(days=d), "p001", 9.0 * (d // 5 % 5 < 3), 0.0) for d in range(0, 496, 5)],
        columns=found["stock"].columns,
    )
    stock = found["stock"].assign(on_hand=lambda s: s.on_hand.where(s.product_id.str.endswith("5"), 9.0))  # else few labels would be left
    return found | {"orders": orders[~quiet].reset_index(drop=True), "stock": pd.concat([stock[stock.product_id != "p001"], counts])}


def little_tables() -> dict[str, pd.DataFrame]:
    """A shop of nine months for what needs no year; of its products p000 alone has a sales rank of its own beside that of its category."""
    found = shops.tables(products=24, days=260)
    ranks = [
        (shops.FIRST_DAY + timedelta(days=d), "sales_rank", value, product, category)
        for d in range(0, 260, 7)
        for value, product, category in ((100.0 - d // 7, "p000", None), (100.0 + d, None, "mug"))
    ]
    return found | {"market": pd.concat([found["market"], pd.DataFrame(ranks, columns=CANONICAL["market"].names)])}


def test_a_panel_that_was_just_built_is_fresh(built):
    assert panel_is_fresh(built)


def panel_of(workspace, part="panel.parquet") -> pd.DataFrame:
    return pd.read_parquet(workspace.panel / part)


def sales_of(shop, value) -> pd.DataFrame:
    orders = valid_sales(shop["orders"])
    return pd.DataFrame(
        {"product_id": orders.product_id, "order_id": orders.order_id, "value": value(orders), "day": orders.ordered_at.dt.normalize()}
    )


def test_labels_equal_an_independent_oracle_on_every_row_and_segment(shop, built):
    panel = panel_of(built)
    origins = json.loads((built.panel / "panel.json").read_text())["origins"]
    origins = origins[::-2]  # with those 28 days before them, and the one whose horizon ends a day after the data
    stock = shop["stock"].assign(day=pd.to_datetime(shop["stock"].day))
    oracle = Oracle(sales_of(shop, lambda o: o.country.fillna("")), stock, min_orders=60).labels(origins)
    mine = panel[panel.rising.notna()].assign(as_of=lambda p: pd.to_datetime(p.as_of))
    mine = mine[mine.as_of.isin(pd.to_datetime(origins))]
    both = mine.merge(oracle, on=["as_of", "segment", "product_id"], how="outer", indicator=True, suffixes=("", "_true"))
    assert (oracle.phi > 1.2).mean() > 0.2 and oracle.phi[oracle.segment == "all"].nunique() > 10  # overdispersion matters here
    assert set(both.segment) >= {"all", "GB", "DE"}
    assert (both._merge == "both").all()
    assert (both.n_base == both.n0).all() and (both.n_horizon == both.n1).all()
    np.testing.assert_allclose(both.expected, both.E, rtol=1e-9)
    assert (both.rising.astype(bool) == both.rising_true).all() and both.rising_true.sum() > 20
    assert (both.falling.astype(bool) == both.falling_true).all() and both.falling_true.sum() > 20


def corrupted_after(shop, t: date) -> dict[str, pd.DataFrame]:
    """Every dated row after t is changed out of recognition; a third is dropped, strangers are added, and new promotions start at once."""
    rng, out = np.random.default_rng(0), {}
    dates = {
        "orders": "ordered_at",
        "events": "occurred_at",
        "reviews": "created_at",
        "stock": "day",
        "promotions": "starts_on",
        "market": "day",
    }
    for name, frame in shop.items():
        if name not in dates:
            out[name] = frame
            continue
        late = pd.to_datetime(frame[dates[name]]).dt.date > t
        broken = frame[late].sample(frac=0.66, random_state=1).copy()
        for column in broken.columns:
            if column in ("product_id", "value", "on_hand", "units", "rating", "kind", "country", "customer_id"):
                broken[column] = rng.permutation(broken[column].to_numpy())
        if name == "orders":
            broken["units"], broken["country"] = 900.0, "ZZ"
        if name == "stock":
            broken["on_hand"] = np.where(broken.product_id < "p008", 9.0, 0.0)  # an origin after which nothing is in stock has no rows
        if name == "promotions":
            tomorrow = (shop["products"].product_id, t + timedelta(days=1), t + timedelta(days=9), "sale", 0.9)
            broken = pd.concat([broken, pd.DataFrame(dict(zip(frame.columns, tomorrow)))])
        out[name] = pd.concat([frame[~late], broken])
    return out


@pytest.mark.parametrize(("horizon", "whole", "day"), [(28, "shop", 398), (42, "little", 195)])
def test_corrupting_every_row_after_an_origin_leaves_features_up_to_it_unchanged_to_the_byte(request, built, tmp_path, horizon, whole, day):
    shop, t = request.getfixturevalue(whole), shops.FIRST_DAY + timedelta(days=day)
    assert t.isoweekday() == 7  # a weekly origin: what happens on the day after it is the nearest that could leak
    before = panel_of(built if whole == "shop" else _looking_ahead(horizon, tmp_path / "a", shop))
    after = panel_of(_looking_ahead(horizon, tmp_path / "b", corrupted_after(shop, t)))
    seen = [p[p.as_of.astype("datetime64[ns]") <= pd.Timestamp(t)].reset_index(drop=True) for p in (before, after)]
    key = ["as_of", "product_id", "segment"]
    weeks_known = seen[0].as_of.astype("datetime64[ns]") <= pd.Timestamp(t) - pd.Timedelta(days=horizon)
    assert len(seen[0]) > 500 and seen[0].as_of.astype("datetime64[ns]").max() == pd.Timestamp(t) and not before.equals(after)
    assert seen[0][key].equals(seen[1][key])
    for name in (*NAMES, "n_base", *(f"base_w{weeks}" for weeks in DEMAND_WEEKS)):
        assert seen[0][name].to_numpy().tobytes() == seen[1][name].to_numpy().tobytes(), name
    # Priors belong to the label, which is missing where stock runs out in the horizon, so they are fixed once that has passed.
    for name in ("prior_a", "prior_b", "own_pace_orders"):  # means over products, which threads add up in any order
        np.testing.assert_allclose(*(panel[weeks_known][name] for panel in seen), rtol=1e-12, err_msg=name)
    assert seen[0][weeks_known].rising.equals(seen[1][weeks_known].rising)
    for weeks in DEMAND_WEEKS:  # what was lost in them reads no day after them
        passed = seen[0].as_of.astype("datetime64[ns]") <= pd.Timestamp(t) - pd.Timedelta(days=7 * weeks)
        assert seen[0][passed][f"units_w{weeks}"].equals(seen[1][passed][f"units_w{weeks}"]), weeks


def _looking_ahead(horizon: int, folder: Path, shop) -> Workspace:
    workspace = Workspace(folder).create()
    workspace.save_settings(workspace.settings().with_values("labels", horizon_days=horizon))
    return _rebuilt(shops.write(workspace, shop))


def _rebuilt(workspace):
    """Build the panel of all origins at once: quicker for a few products, and the same numbers as in parts."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("core.storage.duckdb.DuckDB.origins_at_once", 1000)
        build(workspace)
    return workspace


def test_products_first_sold_after_t_change_no_feature_up_to_t(little, little_built, tmp_path):
    t = pd.Timestamp(shops.FIRST_DAY) + pd.Timedelta(days=125)
    first = sales_of(little, lambda o: o.country).groupby("product_id").day.min()
    late = set(first.index[first > t])
    fewer = {name: frame[~frame.product_id.isin(late)] if "product_id" in frame else frame for name, frame in little.items()}
    whole, without = (panel_of(w) for w in (little_built, _rebuilt(shops.write(Workspace(tmp_path).create(), fewer))))
    seen = [p[p.as_of.astype("datetime64[ns]") <= t].reset_index(drop=True) for p in (whole, without)]
    assert len(late) > 2 and len(seen[0]) > 200
    # Links have no day: an end of one that is no product of the shop is a thing, through which products are of a kind.
    names = [name for name in NAMES if name != "kin_surges"]
    # What is read beside a text moves the last bits of its vector, and so the last unit of a neighbour's weight.
    pd.testing.assert_frame_equal(*(p[["as_of", "product_id", "segment", *names]] for p in seen), rtol=1e-4, atol=1e-4)


def test_extending_the_aggregate_by_new_days_gives_the_same_as_building_it_anew(little, little_built, tmp_path):
    last = pd.Timestamp(shops.FIRST_DAY) + pd.Timedelta(days=235)
    early = dict(
        little, orders=little["orders"][little["orders"].ordered_at < last], events=little["events"][little["events"].occurred_at < last]
    )
    workspace = _rebuilt(shops.write(Workspace(tmp_path).create(), early))
    with db.connect(workspace.warehouse) as con:
        shops.fill(con, "orders", little["orders"][little["orders"].ordered_at >= last])
        shops.fill(con, "events", little["events"][little["events"].occurred_at >= last])
        con.execute("insert into touched values ('orders', $day, 'second')", {"day": last.date()})
    done = build_latest(workspace)
    assert done.days_rebuilt_from == last.date()
    grown, anew = panel_of(workspace, "latest/panel.parquet"), panel_of(little_built)
    anew = anew[anew.as_of.astype(str) == str(done.as_of)].reset_index(drop=True)
    pd.testing.assert_frame_equal(grown[NAMES], anew[NAMES], check_exact=True)
    pd.testing.assert_frame_equal(grown.drop(columns=NAMES), anew.drop(columns=NAMES), rtol=1e-12)


def test_beside_the_latest_day_a_rescore_gets_the_origins_since_training_with_their_outcomes(little_built, tmp_path):
    workspace = Workspace(copied(little_built.root, tmp_path / "shop"))
    whole = panel_of(workspace)
    of = whole.as_of.astype("datetime64[s]")
    matured = np.unique(of[whole.rising.notna()])
    build_latest(workspace, since=matured[-4].astype("datetime64[D]").item())
    wanted = whole[of.isin(matured[-3:]) | (of == of.max())].reset_index(drop=True)
    pd.testing.assert_frame_equal(panel_of(workspace, "latest/panel.parquet"), wanted, rtol=1e-5)
    build_latest(workspace, since=matured[0].astype("datetime64[D]").item())
    assert panel_of(workspace, "latest/panel.parquet").as_of.nunique() == RECALIBRATION_ORIGINS + 1


def test_a_table_that_the_shop_does_not_give_leaves_its_driver_absent(little, tmp_path):
    bare = {name: little[name] for name in ("products", "orders")}
    panel = panel_of(_rebuilt(shops.write(Workspace(tmp_path / "bare").create(), bare, attribute="")))
    empty = {d for d in DRIVERS if (names := [f.name for f in FEATURES if f.driver == d]) and panel[names].isna().all(axis=None)}
    assert empty == {"attention", "reviews", "promotion", "segment"}
    assert set(panel.segment) == {"all"}


def test_groups_that_are_all_small_make_no_segments(little, tmp_path):
    orders = little["orders"].assign(country=[f"c{i % 200}" for i in range(len(little["orders"]))])
    panel = panel_of(_rebuilt(shops.write(Workspace(tmp_path / "small").create(), {"products": little["products"], "orders": orders})))
    assert set(panel.segment) == {"all"}  # and no "other", which would be everybody once more


@pytest.mark.parametrize("signal", ["views", "reviews"])
def test_a_shop_without_orders_is_read_by_what_it_has(little, tmp_path, signal):
    few = {
        "products": little["products"],
        "events": little["events"] if signal == "views" else little["events"].iloc[:0],
        "reviews": little["reviews"],
    }
    built = build(shops.write(Workspace(tmp_path / "views").create(), few, attribute=""))
    assert built.signal == signal
    panel = panel_of(Workspace(tmp_path / "views"))
    assert panel.n_horizon.max() > 0 and panel.buyers_28d.isna().all()


def test_aggregate_rows_count_the_orders_they_stand_for(little, tmp_path):
    lines = little["orders"][little["orders"].units > 0].assign(day=lambda o: o.ordered_at.dt.normalize())
    rolled = lines.groupby(["day", "product_id"], as_index=False).agg(
        units=("units", "sum"), unit_price_cents=("unit_price_cents", "first"), order_count=("order_id", "nunique")
    )
    rolled = rolled.rename(columns={"day": "ordered_at"})
    aggregate = panel_of(
        _rebuilt(shops.write(Workspace(tmp_path / "a").create(), {"products": little["products"], "orders": rolled}, attribute=""))
    )
    single = panel_of(
        _rebuilt(
            shops.write(
                Workspace(tmp_path / "l").create(), {"products": little["products"], "orders": lines.drop(columns="day")}, attribute=""
            )
        )
    )
    pd.testing.assert_frame_equal(
        aggregate[["n_base", "n_horizon", "rising", "orders_28d"]], single[["n_base", "n_horizon", "rising", "orders_28d"]]
    )


def test_receipt_numbers_may_begin_anew_each_day(little, little_built, tmp_path):
    orders = little["orders"]
    day = orders.ordered_at.dt.normalize()
    receipts = orders.assign(
        order_id=(day.astype(str) + orders.order_id.astype(str)).groupby(day).transform(lambda ids: ids.factorize()[0]).astype(str)
    )
    assert receipts.order_id.nunique() < orders.order_id.nunique() / 100
    restarting = panel_of(_rebuilt(shops.write(Workspace(tmp_path).create(), little | {"orders": receipts})))
    assert restarting[["n_base", "rising", "orders_28d"]].equals(panel_of(little_built)[["n_base", "rising", "orders_28d"]])


def test_a_sale_that_the_same_customer_takes_back_whole_on_the_same_day_never_was(little, little_built, tmp_path):
    orders = little["orders"]
    sold = orders[(orders.units > 0) & orders.customer_id.notna()]
    extra = sold.iloc[::40].assign(units=5000.0, order_id=lambda o: "cancelled-" + o.order_id.astype(str))  # beside what was really bought
    back = extra.assign(
        units=-5000.0, ordered_at=extra.ordered_at.dt.normalize() + pd.Timedelta(hours=23, minutes=59), order_id=lambda o: "C-" + o.order_id
    )
    later = pd.concat([orders, extra, back], ignore_index=True)
    cancelled = panel_of(_rebuilt(shops.write(Workspace(tmp_path).create(), little | {"orders": later})))
    whole = panel_of(little_built)
    assert cancelled[[*NAMES, *DEMAND, "n_base", "rising"]].equals(whole[[*NAMES, *DEMAND, "n_base", "rising"]])


def test_every_review_counts_whether_or_not_the_shop_knows_views(little, little_built, tmp_path):
    blind = build(shops.write(Workspace(tmp_path / "blind").create(), {k: v for k, v in little.items() if k != "events"})) and Workspace(
        tmp_path / "blind"
    )
    for panel in (panel_of(little_built), panel_of(blind)):
        rows = panel[(panel.segment == "all") & (pd.to_datetime(panel.as_of) == pd.to_datetime(panel.as_of).max())].set_index("product_id")
        age = (pd.Timestamp(rows.as_of.iloc[0]) - little["reviews"].created_at.dt.normalize()).dt.days
        for days in (28, 182):
            counts = little["reviews"][age.between(0, days - 1)].groupby("product_id").size()
            known = rows[f"reviews_{days}d"].dropna()
            assert known.sum() > 4 and (known == counts.reindex(known.index, fill_value=0)).all()
        half_a_year = little["reviews"][age.between(0, 181)]
        low = (half_a_year.rating <= 2).groupby(half_a_year.product_id).mean()
        shares = rows.low_rating_share.dropna()
        np.testing.assert_allclose(shares, low[shares.index], rtol=1e-6)
        assert shares.between(0.01, 0.99).sum() > 3


def test_outcomes_cumulate_and_are_null_where_their_weeks_have_not_passed(shop, built):
    panel = panel_of(built)
    units = panel[[f"units_w{w}" for w in (1, 2, 4, 8, 13)]].to_numpy(float)
    assert (np.diff(units, axis=1)[~np.isnan(units[:, 1:])] >= 0).all()
    age = (pd.Timestamp(panel.as_of.max()) - pd.to_datetime(panel.as_of)).dt.days
    for k, weeks in enumerate((1, 2, 4, 8, 13)):
        assert (np.isnan(units[:, k]) == (age < 7 * weeks)).all()
    base = panel[[f"base_w{w}" for w in (1, 2, 4, 8, 13)]].to_numpy(float)
    assert (base > 0).all() and (np.diff(base, axis=1) > 0).all()


DEMAND = [f"{part}_w{weeks}" for part in ("base", "units") for weeks in DEMAND_WEEKS]


@pytest.fixture(scope="module")
def by_stock(tmp_path_factory):
    """(orders with their day, panels): p001 sold nothing on days 150 to 170; no stock is recorded, never out, p001 out on these days."""
    shop, days = shops.tables(products=15, days=300), range(300)
    orders = shop["orders"].assign(day=lambda o: (o.ordered_at.dt.normalize() - pd.Timestamp(shops.FIRST_DAY)).dt.days)
    orders = orders[~((orders.product_id == "p001") & orders.day.between(150, 170))]
    counts = {
        "never out": shop["stock"].assign(on_hand=9.0),
        "out": pd.DataFrame(
            {
                "day": [shops.FIRST_DAY + timedelta(days=d) for d in days],
                "product_id": "p001",
                "on_hand": [9.0 * (not 150 <= d < 171) for d in days],
            }
        ),
    }
    panels = {}
    for name in ("not recorded", *counts):
        given = {k: v for k, v in shop.items() if k != "stock"} | {"orders": orders.drop(columns="day")}
        given |= {"stock": counts[name]} if name in counts else {}
        workspace = _rebuilt(shops.write(Workspace(tmp_path_factory.mktemp("shop")).create(), given, attribute=""))
        panels[name] = panel_of(workspace)
        panels[name].attrs |= json.loads((workspace.panel / "panel.json").read_text())
        panels[name]["day"] = (pd.to_datetime(panels[name].as_of) - pd.Timestamp(shops.FIRST_DAY)).dt.days
    return orders, panels


def test_without_stock_records_or_days_out_of_stock_units_wanted_are_the_units_sold(by_stock):
    orders, panels = by_stock
    unrecorded, never_out = panels["not recorded"], panels["never out"]
    unlike = {n for n in (*NAMES, *DEMAND, "n_base", "rising") if not unrecorded[n].equals(never_out[n])}
    assert unlike == {"out_of_stock_14d", "out_of_stock_56d"}
    sold = orders[orders.units > 0].pivot_table(index="day", columns="product_id", values="units", aggfunc="sum")
    until = sold.reindex(range(-1, 300)).fillna(0.0).cumsum()  # whole units: sums of floats are exact
    for weeks in DEMAND_WEEKS:
        known = unrecorded[unrecorded.day + 7 * weeks < 300]
        place = until.columns.get_indexer(known.product_id)
        since, to = (until.to_numpy()[known.day + 1 + ahead, place] for ahead in (0, 7 * weeks))
        assert len(known) > 100 and (known[f"units_w{weeks}"] == to - since).all()


def test_demand_is_learnt_from_what_was_wanted_while_out_of_stock_too_and_rising_from_orders_alone(by_stock):
    sold, wanted = by_stock[1]["not recorded"], by_stock[1]["out"]
    hit, day = sold.product_id == "p001", sold.day
    assert wanted[~hit][DEMAND].equals(sold[~hit][DEMAND])
    ahead, behind, before = hit & day.between(140, 149), hit & day.between(171, 200), hit & (day + 28 < 150)
    assert ahead.any() and (wanted[ahead].units_w4 > sold[ahead].units_w4 + 1).all()
    assert behind.any() and (wanted[behind].base_w4 > sold[behind].base_w4).all()
    assert before.any() and wanted[before][["base_w4", "base_w13", "units_w4"]].equals(sold[before][["base_w4", "base_w13", "units_w4"]])
    assert wanted[hit][["n_base", "units_per_order"]].equals(sold[hit][["n_base", "units_per_order"]])


def test_a_shop_that_sells_pieces_does_so_although_units_lost_are_estimates(by_stock):
    wanted = by_stock[1]["out"]
    assert (wanted.units_w4.dropna() % 1 > 0).any() and wanted.attrs["whole_units"]


def test_the_panel_tells_when_the_shops_data_begin(by_stock):
    orders, panels = by_stock
    first = shops.FIRST_DAY + timedelta(days=int(orders.day.min()))
    assert {panel.attrs["first_day"] for panel in panels.values()} == {first.isoformat()}


def test_a_shop_that_sells_by_weight_does_not_sell_pieces(little, tmp_path):
    by_weight = little | {"orders": little["orders"].assign(units=lambda o: o.units / 4)}
    workspace = _rebuilt(shops.write(Workspace(tmp_path).create(), by_weight))
    assert json.loads((workspace.panel / "panel.json").read_text())["whole_units"] is False


def test_a_surge_is_how_many_deviations_four_weeks_lie_above_the_pace_of_the_nine_before_or_as_many_as_there_are(shop, built):
    panel = panel_of(built).assign(as_of=lambda p: pd.to_datetime(p.as_of))
    sales = sales_of(shop, lambda o: o.country).drop_duplicates(["order_id", "product_id"])
    ages = set()
    for weeks in (0, 8, 16):  # no year ago yet that a season could be known from
        t = panel.as_of.min() + pd.Timedelta(weeks=weeks)
        rows = panel[(panel.as_of == t) & (panel.segment == "all") & panel.surge.notna()].set_index("product_id")
        age = (t - sales.day).dt.days
        lately = sales[age.between(0, 27)].groupby("product_id").size()
        before = sales[age.between(28, 90)].groupby("product_id").size()
        growth = (lately.sum() / 28) / (before.sum() / 63)
        of = rows.index
        usual = before.reindex(of, fill_value=0) / np.minimum(63, rows.days_on_sale - 27) * 28 * growth
        expected = (lately.reindex(of, fill_value=0) - usual) / np.sqrt(usual + 1)
        np.testing.assert_allclose(rows.surge, expected, rtol=1e-5, atol=1e-5)
        ages |= set(rows.days_on_sale)
    assert any(56 <= age < 90 for age in ages) and sum(age >= 90 for age in ages) > 5
    assert panel.surge[(panel.days_on_sale < 56) & (panel.segment == "all")].isna().all()


def test_the_share_of_orders_counts_orders_and_views_of_the_same_four_weeks(little, little_built):
    panel = panel_of(little_built).assign(as_of=lambda p: pd.to_datetime(p.as_of))
    rows = panel[(panel.as_of == panel.as_of.max()) & (panel.segment == "all")].set_index("product_id")
    age = (panel.as_of.max() - pd.to_datetime(little["events"].occurred_at)).dt.days
    views = little["events"][age.between(0, 27) & (little["events"].kind == "view")].groupby("product_id").size()
    known = rows.orders_a_view.dropna()
    orders, views = rows.orders_28d[known.index], views.reindex(known.index, fill_value=0)
    assert len(known) > 10
    np.testing.assert_allclose(known, orders / (orders + views + 10), rtol=1e-6)


def test_a_products_own_sales_rank_goes_before_that_of_its_category(little_built):
    panel = panel_of(little_built)
    rows = panel[(panel.as_of == panel.as_of.max()) & (panel.segment == "all")].set_index("product_id")
    assert rows.sales_rank_change["p000"] < 1 < rows.sales_rank_change["p006"]  # both are mugs, whose category falls in rank


def test_origins_are_sundays_and_the_last_day():
    origins = weekly_origins(date(2024, 1, 1), date(2024, 12, 31), Settings())
    assert origins[-1] == date(2024, 12, 31) and all(t.isoweekday() == 7 for t in origins[:-1])
    assert origins[0] - timedelta(days=83) >= date(2024, 1, 1)


def test_too_short_a_history_is_refused_with_what_is_needed():
    with pytest.raises(UserError, match="cover 1 Jan 2024 to 1 Mar 2024.*at least 119 days of history"):
        weekly_origins(date(2024, 1, 1), date(2024, 3, 1), Settings())


def test_features_before_an_import_say_what_to_run(workspace):
    with pytest.raises(NotReady, match="upswing import"):
        build(workspace)


def test_every_feature_belongs_to_a_driver_and_names_its_unit_and_meaning():
    assert {f.driver for f in FEATURES} == set(DRIVERS) - {"text"}
    assert all(f.unit and f.meaning for f in FEATURES)


def test_nearest_neighbours_leave_out_the_product_itself_and_come_nearest_first():
    vectors = np.random.default_rng(0).normal(size=(2050, 8)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    indices, similarity = nearest(vectors, 5)
    assert (indices != np.arange(2050)[:, None]).all() and (np.diff(similarity, axis=1) <= 0).all()
    whole = vectors @ vectors.T - 2 * np.eye(2050)
    assert (indices[:, 0] == whole.argmax(axis=1)).mean() > 0.999


def campaigns_of(promotions: list[tuple], as_of: date) -> dict:
    """What the panel knows at as_of of product p's promotions, each (first day, last day) counted from as_of."""
    engine_rows = [("p", as_of + timedelta(days=first), as_of + timedelta(days=last), 0.1) for first, last in promotions]
    columns = ("product_id", "starts_on", "ends_on", "discount")
    with db.connect() as con:
        engine = db.DuckDB(con)
        engine.register("promotions", pa.table(dict(zip(columns, zip(*engine_rows)))))
        engine.register("origin", pa.table({"as_of": [as_of]}))
        return engine.rows("features/campaigns")[0]


def test_a_day_in_two_promotions_counts_once():
    known = campaigns_of([(-40, 5), (-27, 0), (-30, -20)], date(2025, 6, 30))
    assert (known["promo_days_28d"], known["promo_now"], known["promo_days_left"]) == (28, 1, 5)
    apart = campaigns_of([(-40, -20), (-22, -18), (-3, -1)], date(2025, 6, 30))
    assert (apart["promo_days_28d"], apart["promo_now"], apart["days_since_promo"]) == (10 + 3, 0, 1)


def test_a_promotion_that_began_a_year_ago_and_still_runs_is_one():
    known = campaigns_of([(-364, 3)], date(2025, 6, 30))
    assert (known["promo_days_28d"], known["promo_now"], known["promo_days_left"]) == (28, 1, 3)


def test_known_buyers_are_people_however_often_they_buy(shop, built):
    panel, orders = panel_of(built), shop["orders"]
    as_of = pd.Timestamp(panel.as_of.max())
    bought = orders[(orders.units > 0) & orders.customer_id.notna()].assign(day=lambda o: o.ordered_at.dt.normalize())
    key = ["product_id", "customer_id", "day"]
    returned = orders[orders.units < 0].assign(day=lambda o: o.ordered_at.dt.normalize())[key]
    bought = bought.merge(returned.drop_duplicates(), on=key, how="left", indicator=True).query("_merge == 'left_only'")
    lately = bought[(as_of - bought.day).dt.days < 28]
    repeated = 0
    for segment, rows in (("all", lately), ("GB", lately[lately.country == "GB"])):
        mine = panel[(panel.segment == segment) & (pd.to_datetime(panel.as_of) == as_of)].set_index("product_id").buyers_28d
        people = rows.groupby("product_id").customer_id.nunique().reindex(mine.index, fill_value=0)
        assert (mine == people).mean() > 0.9 and (mine >= people).all()  # a sale beside a return of another size counts, too
        repeated += int(rows.groupby("product_id").apply(lambda r: len(r[["customer_id", "day"]].drop_duplicates())).sum() - people.sum())
    assert repeated > 0


def test_no_share_is_above_one(built):
    panel = panel_of(built)
    shares = [f.name for f in FEATURES if f.unit == "share" and f.name != "promo_discount"]
    highest = panel[shares].max()
    assert len(shares) > 15 and (highest.dropna() <= 1).all(), highest[highest > 1]
    assert {"ad_click_rate", "cart_rate", "orders_a_view", "returned_share"} <= set(highest.dropna().index)


def test_another_encoder_gives_every_review_a_new_sentiment(little, tmp_path):
    """Its sentiments are those of a shop that never had another encoder; the first encoder's come back with it."""
    encoders = [str(tiny_encoder(tmp_path / f"encoder{seed}", seed, words=("lovely", "broken", "good", "bad"))) for seed in (0, 1)]
    grown = shops.write(Workspace(tmp_path / "grown").create(), little)
    first, second, again = (sentiments_by(encoder, grown) for encoder in (*encoders, encoders[0]))
    pd.testing.assert_series_equal(sentiments_by(encoders[1], shops.write(Workspace(tmp_path / "new").create(), little)), second)
    pd.testing.assert_series_equal(again, first)
    assert first.notna().any() and (first - second).abs().max() > 0.01


def sentiments_by(encoder: str, workspace: Workspace) -> pd.Series:
    workspace.save_settings(workspace.settings().with_values("model", encoder=encoder))
    return panel_of(_rebuilt(workspace)).sentiment_year


def test_kept_tables_of_an_earlier_version_start_empty(tmp_path):
    with db.connect(tmp_path / "warehouse.duckdb") as con:
        tables.create(con)
        con.execute("alter table text_sentiment drop column encoder")
        con.execute("insert into text_sentiment values ('a', 0.5)")
        con.execute("insert into daily_built values ('before')")
        tables.create(con)
        assert dict(warehouse.columns(con)["text_sentiment"]).keys() == {"text_sha256", "encoder", "sentiment"}
        assert con.execute("select count(*) from text_sentiment, daily_built").fetchone() == (0,)
        con.execute("insert into daily_built values ('now')")
        tables.create(con)
        assert con.execute("select meaning from daily_built").fetchone() == ("now",)


def test_a_corrected_review_gets_the_sentiment_of_its_new_words(little, little_built, tmp_path):
    reviews = little["reviews"]
    praised = reviews[reviews.body == "lovely"].groupby("product_id").size().idxmax()
    changed = (reviews.product_id == praised) & (reviews.body == "lovely")
    workspace, before = Workspace(copied(little_built.root, tmp_path / "grown")), panel_of(little_built)
    with db.connect(workspace.warehouse) as con:
        con.execute("update reviews set body = 'broken' where product_id = $product and body = 'lovely'", {"product": praised})
        day = reviews[changed].created_at.min().date()
        con.execute("insert into touched values ('reviews', $day, 'second')", {"day": day})
    build_latest(workspace)
    corrected = little | {"reviews": reviews.assign(body=reviews.body.mask(changed, "broken"))}
    whole = panel_of(_rebuilt(shops.write(Workspace(tmp_path / "whole").create(), corrected)))
    latest = panel_of(workspace, "latest/panel.parquet")
    rebuilt = whole[whole.as_of.astype(str) == whole.as_of.astype(str).max()].reset_index(drop=True)
    pd.testing.assert_frame_equal(latest[NAMES], rebuilt[NAMES], check_exact=True)
    said = [p[(p.product_id == praised) & (p.segment == "all")].sort_values("as_of").sentiment_year.iloc[-1] for p in (before, latest)]
    assert said[1] < said[0]
