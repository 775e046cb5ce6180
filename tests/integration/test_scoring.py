"""From a model and the latest rows of a tiny shop to the serving tables."""

from __future__ import annotations

import json
from datetime import date, datetime, timedelta
from types import SimpleNamespace

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from core.capabilities import scoring
from core.capabilities.forecast import compute as forecast_compute
from core.capabilities.forecast import explain as explaining
from core.capabilities.inventory import compute as inventory_compute
from core.capabilities.inventory.control import PriceResponse
from core.capabilities.registry import serving_tables
from core.errors import NotReady, UpswingError, UserError
from core.features import tables
from core.features.daily import read_inputs
from core.models.calibrate import InterceptShift
from core.schema import ALL, CANONICAL, DEMAND_LEVELS, DEMAND_WEEKS, IMPORTS
from core.schema.arrow import arrow_schema
from core.storage import duckdb as db
from core.storage import snapshots
from core.storage.duckdb import DuckDB
from core.workspace import Workspace

AS_OF = date(2011, 6, 30)
PRODUCTS = {"A": "red lantern", "B": "blue mug", "C": "", "D": "never sold"}
LIVE = sorted([("A", ALL), ("A", "DE"), ("A", "other"), ("B", ALL), ("B", "DE"), ("C", ALL), ("C", "other")])  # as the panel has them
FEATURES = [
    {"name": n, "driver": d, "unit": "orders", "meaning": n}
    for n, d in (("orders_7d", "demand"), ("trend", "momentum"), ("rating", "reviews"))
]
DRIVERS = ("text", "reviews", "demand", "momentum", "segment")


def day(before: int) -> date:
    return AS_OF - timedelta(days=before)


def midnight(before: int) -> datetime:
    return datetime.combine(day(before), datetime.min.time())


def insert(con, table: str, rows: list[dict]) -> None:
    names = {**CANONICAL, **IMPORTS}[table].names
    for row in rows:
        con.execute(f"insert into {table} values ({', '.join('?' * len(names))})", [row.get(n) for n in names])


def sale(product: str, before: int, units: float, country: str | None, cents: int = 500, order: str | None = None) -> dict:
    return {
        "ordered_at": midnight(before),
        "product_id": product,
        "units": units,
        "unit_price_cents": cents,
        "order_id": order or f"{product}{before}{country}{units}",
        "order_count": 1,
        "country": country,
    }


ORDERS = [
    sale("A", 0, 3, "DE"),
    sale("A", 6, 2, "FR", 450),
    sale("A", 7, 5, "DE"),
    sale("A", 7, -1, "DE"),
    sale("A", 21, 1, None),
    sale("B", 10, 4, "DE", 200),
    sale("C", 30, 6, "FR", 100),
    sale("C", 800, 1, "FR", 100),
    sale("A", -3, 99, "DE"),
]


@pytest.fixture
def shop(workspace) -> Workspace:
    """Four products, one never sold; DE is a segment, FR is part of 'other'; stock of A and B; an order after as_of."""
    workspace.settings_file.write_text('[shop]\nname = "Corner"\ncurrency = "EUR"\nsegment_attribute = "country"\n', encoding="utf-8")
    with db.connect(workspace.warehouse) as con:
        for table in (*CANONICAL.values(), *IMPORTS.values()):
            con.execute(table.ddl())
        insert(
            con,
            "products",
            [
                {
                    "product_id": p,
                    "title": t or p,
                    "price_cents": 999 if p == "B" else None,
                    "lead_time_days": 7.0 if p == "A" else None,
                    "unit_cost_cents": 210,
                    "pack_size": 6.0,
                    "supplier": "Lane" if p == "B" else "Harbour",
                    "max_order": 600,
                }
                for p, t in PRODUCTS.items()
            ],
        )
        insert(con, "orders", ORDERS)
        insert(
            con,
            "stock",
            [
                {"day": day(8), "product_id": "A", "on_hand": 50.0},
                {"day": day(1), "product_id": "A", "on_hand": 4.0, "on_order": 1.0},
                {"day": day(-2), "product_id": "A", "on_hand": 77.0},
                {"day": day(40), "product_id": "B", "on_hand": 9.0},
            ],
        )
        insert(
            con,
            "suppliers",
            [{"supplier": "Lane", "order_days": "1,4", "min_order_cents": 9_900, "lead_time_days": 30, "lead_time_sd_days": 4}],
        )
        insert(con, "events", [{"occurred_at": midnight(9), "product_id": "A", "kind": "view"}])
        insert(
            con,
            "imports",
            [
                {
                    "import_id": "1",
                    "imported_at": datetime(2011, 7, 1),
                    "file": "o.csv",
                    "sha256": "x",
                    "preset": "generic",
                    "table_name": "orders",
                    "rows_read": 12,
                    "rows_kept": 9,
                    "rows_dropped": 1,
                    "rows_quarantined": 2,
                }
            ],
        )
        insert(
            con, "quarantine", [{"import_id": "1", "file": "o.csv", "table_name": "orders", "line": i, "reason": "no date"} for i in (4, 9)]
        )
        tables.create(con)
        read_inputs(DuckDB(con), "country")
        DuckDB(con).replace_days(
            "daily", None, "features/daily", from_day=date(1900, 1, 1), signal="orders", encoder="", attribute="country"
        )
        con.executemany(
            "insert into lost_units values (?, ?, ?, ?)",
            [("A", "DE", day(15), 1.5), ("A", "FR", day(15), 0.5), ("A", "DE", day(6), 2.0), ("A", "DE", day(-1), 9.0)],
        )
    write_panel(workspace)
    return workspace


def write_panel(workspace: Workspace, live=LIVE, folder=None) -> None:
    folder = folder or workspace.panel
    folder.mkdir(parents=True)
    rows = sorted([(p, AS_OF, s) for p, s in live] + [(p, day(28), s) for p, s in live])
    table = {"as_of": [r[1] for r in rows], "product_id": [r[0] for r in rows], "segment": [r[2] for r in rows]}
    n = len(rows)
    table |= {f["name"]: pa.array(np.arange(n), pa.float32()) for f in FEATURES}
    table["rating"] = pa.nulls(n, pa.float32())
    table |= {k: np.arange(n, dtype=float) for k in ("n_base", "n_horizon", "expected", "tail", "prior_a", "prior_b", "own_pace_orders")}
    table |= {k: pa.array([None] * n, pa.bool_()) for k in ("rising", "falling")} | {"days_on_sale": pa.array([100] * n, pa.int32())}
    table |= {f"{k}_w{w}": np.full(n, w, np.float32) for k in ("base", "units") for w in DEMAND_WEEKS}
    pq.write_table(pa.table(table), folder / "panel.parquet")
    pq.write_table(pa.table({"product_id": list(PRODUCTS), "text": list(PRODUCTS.values())}), folder / "texts.parquet")
    pq.write_table(
        pa.table(
            {
                "product_id": ["A"] * 12 + ["D"],
                "rank": pa.array([*range(1, 13), 1], pa.int32()),
                "neighbour_id": ["B", "D"] * 6 + ["A"],
                "similarity": [0.9] * 13,
            }
        ),
        workspace.panel / "neighbours.parquet",
    )
    (folder / "panel.json").write_text(
        json.dumps(
            {
                "as_of": AS_OF.isoformat(),
                "first_day": "2009-01-04",
                "signal": "orders",
                "origins": [],
                "segments": [ALL, "DE", "other"],
                "segment_attribute": "country",
                "features": FEATURES,
                "horizon_days": 28,
                "code_version": "0",
                "settings": {},
                "rows": n,
            }
        ),
        encoding="utf-8",
    )


class Model:
    """Stands for a FittedModel: rising most for the first row, demand of ten units a week."""

    drivers = DRIVERS
    metrics = {
        "metrics": {"average_precision": 0.5, "brier_skill": None, "ece": float("nan"), "base_rate": 0.07},
        "intervals": {"average_precision": [0.4, 0.6]},
        "calibration": [{"predicted": 0.1, "observed": 0.12, "rows": 40}],
    }

    def recalibrated(self, panel):
        return self, InterceptShift()

    def predict(self, panel, rows, progress=None):
        n, weeks, levels = len(rows), np.array(DEMAND_WEEKS), np.array(DEMAND_LEVELS)
        logit = -np.arange(n) / 2.0
        demand = np.broadcast_to(10.0 * weeks[:, None] * (0.5 + levels), (n, len(weeks), len(levels)))
        return {"logit": logit, "rising": 1 / (1 + np.exp(-logit)), "falling": np.full(n, 0.1), "demand": demand}


def attributions(model, panel, rows, progress=None):
    given = np.zeros((len(rows), len(DRIVERS)))
    given[:, DRIVERS.index("text")] = 1.0
    given[:, DRIVERS.index("demand")] = -np.arange(len(rows)) / 2.0
    return given, np.full(len(rows), -1.0)


def words(model, panel, rows, progress=None):
    texts = [panel.texts[panel.product[r]].split() for r in rows]
    return [SimpleNamespace(feature_names=t, values=0.5 * np.arange(len(t))) for t in texts]


@pytest.fixture
def scored(shop, monkeypatch):
    """Scores the shop with the stand-in and reads tables: scored("forecasts") -> list of dicts."""
    use(monkeypatch)
    scoring.score(shop)
    return lambda table: pq.read_table(shop.root / "scored" / f"{table}.parquet").to_pylist()


def use(monkeypatch, model=Model) -> None:
    from core.models import explain

    for module in (scoring, explaining):
        monkeypatch.setattr(module, "load_model", lambda workspace, chosen, panel: ("m1", model()))
    monkeypatch.setattr(explain, "driver_attributions", attributions)
    monkeypatch.setattr(explain, "word_explanations", words)


def test_every_serving_table_is_written_in_exactly_its_schema(shop, scored):
    for name, table in serving_tables().items():
        schema = pq.read_schema(shop.root / "scored" / f"{name}.parquet")
        assert [(f.name, f.type) for f in schema] == [(f.name, f.type) for f in arrow_schema(table)]


def test_the_scored_tables_pass_the_snapshots_full_check(shop, scored):
    snapshot = snapshots.publish(shop)
    assert snapshots.current(shop).id == snapshot


def test_the_rules_are_those_of_model_panel_and_settings(shop, monkeypatch):
    """The labels are those that the model learnt, whatever the settings say by now."""
    use(monkeypatch, type("Learnt", (Model,), {"metrics": Model.metrics | {"data": {"labels": {"horizon_days": 14}}}}))
    shop.save_settings(shop.settings().with_values("inventory", service_level=0.8).with_values("labels", horizon_days=7))
    scoring.score(shop)
    rows = pq.read_table(shop.root / "scored" / "rules.parquet").to_pylist()
    rules = {(row["section"], row["name"]): json.loads(row["value"]) for row in rows}
    assert rules["labels", "horizon_days"] == 14 and rules["inventory", "service_level"] == 0.8
    assert rules["shop", "segment_attribute"] == "country" and rules["versions", "model"] == "m1"
    assert ("inventory", "order_columns") not in rules


def test_every_live_product_and_segment_is_forecast_and_nothing_else(scored):
    assert [(f["product_id"], f["segment"]) for f in scored("forecasts")] == LIVE
    assert [(d["product_id"], d["segment"]) for d in scored("demand")][:: len(DEMAND_WEEKS) * len(DEMAND_LEVELS)] == LIVE


def test_demand_keeps_each_quantile_at_its_week_and_level(scored):
    for d in scored("demand"):
        assert d["units"] == pytest.approx(10 * d["weeks"] * (0.5 + d["level"]))


def test_attributions_name_their_driver_and_sum_to_the_logit(scored):
    sums = {}
    for a in scored("attributions"):
        key = a["product_id"], a["segment"]
        sums[key] = sums.get(key, 0.0) + a["attribution"]
        assert a["driver"] != "text" or a["attribution"] == 1.0
    assert {(f["product_id"], f["segment"]): f["logit"] - f["base_logit"] for f in scored("forecasts")} == pytest.approx(sums)


def test_a_driver_without_data_is_named_absent_and_has_no_attributions(scored):
    assert {a["driver"] for a in scored("attributions")} == {"text", "demand"}
    absent = [q["detail"] for q in scored("quality") if q["kind"] == "absent"]
    assert "reviews" in absent and "attention" in absent and "text" not in absent


def test_feature_values_are_those_over_everyone_and_missing_ones_are_left_out(scored):
    values = scored("feature_values")
    assert {v["segment"] for v in values} == {ALL} and {v["feature"] for v in values} == {"orders_7d", "trend"}
    assert {v["product_id"]: v["value"] for v in values if v["feature"] == "trend"} == {"A": 4.0, "B": 9.0, "C": 12.0}


def test_the_values_behind_facts_are_kept_for_each_segment_too(shop, monkeypatch):
    use(monkeypatch, Model)
    monkeypatch.setattr(forecast_compute, "FEATURES", ("trend",))
    scoring.score(shop)
    values = pq.read_table(shop.root / "scored" / "segment_values.parquet").to_pylist()
    assert [(v["segment"], v["product_id"], v["feature"]) for v in values] == sorted((s, p, "trend") for p, s in LIVE if s != ALL)
    assert values[0]["value"] == 3.0, "that of A in DE, its last row but two"


def test_all_products_are_served_with_their_last_28_days_up_to_as_of(scored):
    products = {p["product_id"]: p for p in scored("products")}
    assert list(products) == list(PRODUCTS)
    a = products["A"]
    assert (a["orders_28d"], a["units_28d"], a["revenue_28d_cents"]) == (4, 11, 3 * 500 + 2 * 450 + 5 * 500 + 500)
    assert (a["first_sold_on"], a["days_on_sale"], a["currency"]) == (day(21), 21, "EUR")
    assert products["D"]["first_sold_on"] is None and products["D"]["orders_28d"] == 0


def test_a_price_the_catalogue_lacks_is_the_mean_price_paid_lately(scored):
    prices = {p["product_id"]: p["price_cents"] for p in scored("products")}
    assert prices == {"A": round((3 * 500 + 2 * 450 + 5 * 500 + 500) / 11), "B": 999, "C": 100, "D": None}


def test_history_counts_weeks_that_end_on_as_of_and_fills_quiet_ones_with_zeros(scored):
    weeks = [h for h in scored("history") if (h["product_id"], h["segment"]) == ("A", ALL)]
    assert [h["week"] for h in weeks] == [day(21), day(14), day(7), AS_OF]
    assert [h["units"] for h in weeks] == [1, 0, 5, 5] and [h["orders"] for h in weeks] == [1, 0, 1, 2]
    assert weeks[-1]["price"] == pytest.approx((3 * 5.0 + 2 * 4.5) / 5) and weeks[1]["price"] is None
    assert [h["on_hand"] for h in weeks] == [None, None, 50, 4]
    assert [h["views"] for h in weeks] == [None, None, 1, 0]  # not recorded before the first view


def test_history_of_segments_adds_up_to_everyones_and_small_countries_count_as_other(scored):
    history = scored("history")
    units = lambda product, segment: sum(h["units"] for h in history if (h["product_id"], h["segment"]) == (product, segment))
    assert {h["segment"] for h in history} == {ALL, "DE", "other"}
    assert units("A", "DE") == 8 and units("A", "other") == 3 and units("A", ALL) == 11
    assert units("C", ALL) == 6  # what lies before the 104 weeks does not count


def test_history_keeps_what_was_lost_while_out_of_stock_beside_what_was_sold(scored):
    history = {(h["product_id"], h["segment"], h["week"]): (h["units"], h["lost_units"]) for h in scored("history")}
    assert [history["A", ALL, day(d)] for d in (21, 14, 7, 0)] == [(1, 0), (0, 2), (5, 0), (5, 2)]
    assert (history["A", "DE", day(14)], history["A", "other", day(14)]) == ((0, 1.5), (0, 0.5))
    assert sum(lost for (product, *_), (_units, lost) in history.items() if product != "A") == 0


def test_suggestions_use_the_last_stock_known_at_as_of(scored):
    by_id = {s["product_id"]: s for s in scored("suggestions")}
    assert (by_id["A"]["status"], by_id["A"]["on_hand"], by_id["A"]["inventory_position"]) == ("order now", 4, 5)
    assert by_id["A"]["suggested_order_units"] % 6 == 0 and by_id["A"]["order_cost_cents"] == 210 * by_id["A"]["suggested_order_units"]
    assert by_id["B"]["status"] == "stock outdated" and by_id["C"]["lead_time_assumed"] and not by_id["A"]["lead_time_assumed"]
    assert by_id["C"]["status"] == "stock unknown" and by_id["C"]["reorder_point"] > 0 and by_id["C"]["suggested_order_units"] is None
    assert list(by_id) == ["A", "B", "C"]


def test_a_supplier_gives_the_times_that_its_products_lack_and_its_order_days(scored):
    planning, suggested = ({row["product_id"]: row for row in scored(table)} for table in ("planning", "suggestions"))
    assert [planning[p]["lead_time_days"] for p in "ABC"] == [7, 30, None] and planning["B"]["lead_time_sd_days"] == 4
    assert [planning[p]["order_days"] for p in "ABC"] == [None, 14, None] and planning["A"]["max_order"] == 600
    assert [suggested[p]["wait_days"] for p in "ABC"] == [0, 3, 0]  # AS_OF is a Thursday: the next order day is Monday
    assert scored("suppliers") == [{"supplier": "Lane", "order_days": "1,4", "min_order_cents": 9_900}]


def test_a_products_own_lead_time_goes_before_that_of_its_supplier(shop):
    with db.connect(shop.warehouse) as con:
        con.register("live", pa.table({"place": [0, 1], "product_id": ["A", "B"]}))
        con.execute("update products set lead_time_days = 12, lead_time_sd_days = 3 where product_id = 'B'")
        planning = db.rows(con, "scoring/planning", as_of=AS_OF)
    assert [(row["lead_time_days"], row["lead_time_sd_days"]) for row in planning] == [(7, None), (12, 3)]


def test_open_deliveries_say_what_is_on_order_by_the_day_they_are_due(shop, monkeypatch):
    with db.connect(shop.warehouse) as con:  # lead time and review of A: 14 days
        insert(
            con,
            "deliveries",
            [
                {"product_id": p, "due_on": day(before), "units": units}
                for p, before, units in (("A", 3, 2.0), ("A", -14, 10.0), ("A", -15, 40.0), ("D", -1, 7.0), ("gone", -1, 7.0))
            ],
        )
    use(monkeypatch)
    scoring.score(shop)
    read = lambda table: pq.read_table(shop.root / "scored" / f"{table}.parquet").to_pylist()
    a, b, _ = read("planning")
    assert (a["on_order"], a["on_order_later"], a["on_order_overdue"]) == (12, 40, 2) and b["on_order_later"] is None
    assert read("suggestions")[0]["inventory_position"] == 16
    assert [p["product_id"] for p in read("problems") if p["problem"] == "delivery overdue"] == ["A"]
    assert [(d["product_id"], d["due_on"], d["units"]) for d in read("deliveries")] == [
        ("A", day(3), 2),
        ("A", day(-14), 10),
        ("A", day(-15), 40),
    ]


def test_a_warehouse_of_an_earlier_version_is_scored_without_another_import(shop, scored):
    with db.connect(shop.warehouse) as con:
        for change in (
            "drop table suppliers",
            "drop table deliveries",
            "alter table products drop column max_order",
            "alter table products drop column shelf_life_days",
        ):
            con.execute(change)
    scoring.score(shop)
    assert [p["lead_time_days"] for p in scored("planning")] == [7, None, None] and scored("suppliers") == []


class Falling(Model):
    def predict(self, panel, rows, progress=None):
        return super().predict(panel, rows) | {"falling": np.full(len(rows), 0.6)}


def test_a_falling_product_with_too_much_stock_is_named_and_marked_down_where_prices_are_known_to_help(shop, monkeypatch):
    with db.connect(shop.warehouse) as con:
        con.execute("update stock set on_hand = 2000 where product_id = 'A'")
    read = lambda: pq.read_table(shop.root / "scored" / "markdowns.parquet").to_pylist()
    use(monkeypatch, Falling)
    scoring.score(shop)
    assert read() == [{"product_id": "A", "markdown_share": None, "clear_by": None, "elasticity": None, "elasticity_error": None}]
    known = PriceResponse(np.array([-2.0]), np.array([0.5]))
    monkeypatch.setattr(inventory_compute, "_price_response", lambda context: (known, np.zeros(len(context.live.products), int)))
    scoring.score(shop)
    (marked,) = read()
    assert marked["markdown_share"] == 0.5 and marked["clear_by"] > AS_OF and marked["elasticity"] == -2
    use(monkeypatch)
    scoring.score(shop)
    assert read() == []  # nothing falls


def test_prices_paid_are_those_of_orders_after_their_discount_whatever_the_units(shop):
    with db.connect(shop.warehouse) as con:
        con.register("live", pa.table({"place": [0, 1], "product_id": ["A", "B"]}))
        insert(con, "orders", [sale("A", 1, 100, "DE", 100) | {"discount_cents": 2000}, sale("B", 10, 1, "DE", 0)])
        weeks = db.rows(con, "scoring/price_weeks", as_of=AS_OF, weeks=3)
    assert weeks == [
        {"product": 0, "week": 0, "orders": 3, "price_cents": (500 + 450 + 80) / 3},
        {"product": 0, "week": 1, "orders": 1, "price_cents": 500},
        {"product": 1, "week": 1, "orders": 1, "price_cents": 200},
    ]


def test_rows_of_a_file_that_feeds_several_tables_count_once_and_files_of_one_name_apart(shop):
    file = {"import_id": "000009", "imported_at": datetime(2011, 1, 1), "rows_dropped": 0, "rows_quarantined": 0, "preset": "generic"}
    with db.connect(shop.warehouse) as con:
        insert(
            con,
            "imports",
            [
                file | {"file": "log.csv", "sha256": "a", "table_name": "events", "rows_read": 12, "rows_kept": 12},
                file | {"file": "log.csv", "sha256": "a", "table_name": "products", "rows_read": 12, "rows_kept": 3},
                file | {"file": "log.csv", "sha256": "b", "table_name": "events", "rows_read": 5, "rows_kept": 5},
            ],
        )
        found = [q for q in db.rows(con, "scoring/imports") if q["file"] == "log.csv"]
    assert [(q["kind"], q["table_name"], q["rows_read"]) for q in found] == [
        ("import", "events", 5),
        ("import", "events", 12),
        ("retold", "products", 12),
    ]


def test_quality_tells_imports_rejections_gaps_and_freshness(scored):
    quality = scored("quality")
    kinds = lambda kind: [q for q in quality if q["kind"] == kind]
    assert [(q["file"], q["rows_read"], q["rows_kept"], q["detail"]) for q in kinds("import")] == [("o.csv", 12, 9, "generic")]
    assert [(q["rows_quarantined"], q["detail"]) for q in kinds("rejected")] == [(2, "no date")]
    assert {q["table_name"] for q in kinds("missing")} == {"reviews", "customers", "deliveries", "promotions", "market", "links"}
    assert all(q["detail"] == str(CANONICAL[q["table_name"]].adds) for q in kinds("missing"))
    assert {q["table_name"]: q["last_day"] for q in kinds("freshness")} == {"orders": day(-3), "events": day(9), "stock": day(-2)}


def test_words_are_those_of_the_top_risers_in_the_order_of_the_text(scored, shop, monkeypatch):
    spoken = [(w["product_id"], w["position"], w["text"], w["attribution"]) for w in scored("text_attributions")]
    assert spoken == [("A", 0, "red", 0.0), ("A", 1, "lantern", 0.5), ("B", 0, "blue", 0.0), ("B", 1, "mug", 0.5)]
    monkeypatch.setattr(forecast_compute, "EXPLAINED_IN_WORDS", 1)
    scoring.score(shop)
    assert {w["product_id"] for w in scored("text_attributions")} == {"A"}


def test_one_products_words_can_be_asked_for(scored, shop):
    assert explaining.explain_product(shop, "B") == {
        "product_id": "B",
        "model": "m1",
        "words": [{"position": 0, "text": "blue", "attribution": 0.0}, {"position": 1, "text": "mug", "attribution": 0.5}],
    }
    with pytest.raises(UserError, match="has no forecast"):
        explaining.explain_product(shop, "D")


def test_neighbours_are_the_ten_nearest_of_live_products(scored):
    assert [(n["product_id"], n["rank"]) for n in scored("neighbours")] == [("A", r) for r in range(1, 11)]


def test_only_figures_that_are_numbers_are_served(scored):
    assert [tuple(m.values()) for m in scored("metrics")] == [
        ("average_precision", ALL, 0.5, 0.4, 0.6),
        ("base_rate", ALL, 0.07, None, None),
    ]
    assert scored("calibration") == [{"predicted": 0.1, "observed": 0.12, "rows": 40}]


def test_meta_names_model_shop_and_day(shop, scored):
    (meta,) = scored("meta")
    assert (meta["model"], meta["shop"], meta["as_of"]) == ("m1", "Corner", AS_OF)
    assert (meta["signal"], meta["segment_attribute"]) == ("orders", "country")
    noted = json.loads((shop.root / "scored" / "scored.json").read_text(encoding="utf-8"))
    assert (noted["model"], noted["as_of"], noted["rows"]["forecasts"]) == ("m1", AS_OF.isoformat(), len(LIVE))


def test_movement_is_against_the_snapshot_that_is_served(shop, scored, monkeypatch):
    assert {f["previous_rising_probability"] for f in scored("forecasts")} == {None}
    before = {(f["product_id"], f["segment"]): f["rising_probability"] for f in scored("forecasts")}
    snapshots.publish(shop)

    class Other(Model):
        def predict(self, panel, rows, progress=None):
            return super().predict(panel, rows) | {"rising": np.full(len(rows), 0.5), "logit": np.zeros(len(rows))}

    use(monkeypatch, Other)
    scoring.score(shop)
    assert {(f["product_id"], f["segment"]): f["previous_rising_probability"] for f in scored("forecasts")} == before
    assert {f["rising_probability"] for f in scored("forecasts")} == {0.5}


def test_a_broken_pointer_does_not_keep_a_new_scoring_from_being_made(shop, scored):
    shop.current.write_text("gone\n", encoding="utf-8")
    scoring.score(shop)
    assert {f["previous_rising_probability"] for f in scored("forecasts")} == {None}


def test_scoring_twice_gives_the_same_bytes_but_for_the_time(shop, scored):
    first = {p.name: p.read_bytes() for p in (shop.root / "scored").glob("*.parquet") if p.stem != "meta"}
    scoring.score(shop)
    assert {p.name: p.read_bytes() for p in (shop.root / "scored").glob("*.parquet") if p.stem != "meta"} == first


def test_a_scoring_that_fails_leaves_the_old_tables_and_no_litter(shop, scored, monkeypatch):
    old = (shop.root / "scored" / "scored.json").read_text(encoding="utf-8")

    class Broken(Model):
        def predict(self, panel, rows, progress=None):
            return super().predict(panel, rows) | {"rising": np.full(len(rows), np.nan)}

    use(monkeypatch, Broken)
    with pytest.raises(UpswingError, match="rising_probability"):
        scoring.score(shop)
    assert (shop.root / "scored" / "scored.json").read_text(encoding="utf-8") == old
    assert not list(shop.root.glob("scored.*"))


def test_a_shop_without_order_lines_gets_forecasts_but_no_suggestions(shop, monkeypatch):
    with db.connect(shop.warehouse) as con:
        con.execute("delete from orders")
    use(monkeypatch)
    text = str(scoring.score(shop).text())
    assert pq.read_table(shop.root / "scored" / "suggestions.parquet").num_rows == 0 and f"{len(LIVE)} forecasts" in text


def test_rows_of_a_later_rescore_take_the_place_of_the_panels(shop, monkeypatch):
    write_panel(shop, LIVE[:3], shop.panel / "latest")
    (shop.panel / "latest" / "texts.parquet").unlink()  # a rescore writes texts beside the whole panel only
    use(monkeypatch)
    assert scoring.score(shop).rows["forecasts"] == 3


def test_scoring_says_which_step_is_missing(workspace, shop):
    with pytest.raises(NotReady, match="upswing train"):
        scoring.score(shop)
    with pytest.raises(NotReady, match="upswing features"):
        scoring.score(Workspace(workspace.root / "elsewhere").create())
