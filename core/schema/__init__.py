"""The data contract as data: canonical tables of the warehouse and serving tables of a snapshot.

DDL, import checks, the snapshot check and the documentation all derive from these records. Types are DuckDB's.
Money is integer cents (`*_cents`) with a currency, times are naive UTC, identifiers are text.
"""

from __future__ import annotations

import re
from dataclasses import dataclass


@dataclass(frozen=True)
class Column:
    name: str
    type: str
    required: bool = False


@dataclass(frozen=True)
class Table:
    name: str
    columns: tuple[Column, ...]
    adds: str = ""  # what this table adds to the forecasts, said on the Data page where it is missing

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(c.name for c in self.columns)

    def ddl(self, name: str | None = None) -> str:
        columns = ", ".join(f'"{c.name}" {c.type}' + (" not null" if c.required else "") for c in self.columns)
        return f"create table if not exists {name or self.name} ({columns})"


def _table(name: str, adds: str, *columns: str) -> Table:
    """`*column TYPE` = required."""
    parsed = [re.fullmatch(r"(\*?)(\w+) (.+)", c).groups() for c in columns]
    return Table(name, tuple(Column(n, t, bool(star)) for star, n, t in parsed), adds)


# New columns go to a table's end and are never required: that is how a warehouse of an earlier version gains them
# (core/storage/warehouse.py).
CANONICAL: dict[str, Table] = {
    t.name: t
    for t in (
        _table(
            "products",
            "what the language model reads: who a product resembles, what season and taste it serves",
            "*product_id VARCHAR",
            "*title VARCHAR",
            "description VARCHAR",
            "category VARCHAR",
            "brand VARCHAR",
            "supplier VARCHAR",
            "price_cents BIGINT",
            "unit_cost_cents BIGINT",
            "currency VARCHAR",
            "launched_on DATE",
            "lead_time_days DOUBLE",
            "lead_time_sd_days DOUBLE",
            "moq DOUBLE",
            "pack_size DOUBLE",
            "image VARCHAR",
            "max_order DOUBLE",
            "shelf_life_days DOUBLE",
        ),
        # An order line. units < 0 = a return or a cancelled line. order_count: how many orders an aggregate row stands
        # for (1 for a line). country and channel may stand on the line itself, for shops with guest customers.
        _table(
            "orders",
            "demand itself, and with it momentum, audience and price",
            "*ordered_at TIMESTAMP",
            "*product_id VARCHAR",
            "*units DOUBLE",
            "unit_price_cents BIGINT",
            "order_id VARCHAR",
            "*order_count BIGINT",
            "customer_id VARCHAR",
            "discount_cents BIGINT",
            "channel VARCHAR",
            "country VARCHAR",
        ),
        _table(
            "events",
            "attention before the order: views, carts, searches and ads",
            "*occurred_at TIMESTAMP",
            "*product_id VARCHAR",
            "*kind VARCHAR",
            "visitor_id VARCHAR",
            "customer_id VARCHAR",
            "query VARCHAR",
        ),
        _table(
            "reviews",
            "what buyers say, often before sales turn",
            "*review_id VARCHAR",
            "*created_at TIMESTAMP",
            "*product_id VARCHAR",
            "rating DOUBLE",
            "title VARCHAR",
            "body VARCHAR",
            "customer_id VARCHAR",
        ),
        # Long format: any segment column of the shop becomes rows (customer_id, attribute, value).
        _table("customers", "segments: for whom a product rises", "*customer_id VARCHAR", "*attribute VARCHAR", "value VARCHAR"),
        _table(
            "stock",
            "order suggestions, and telling 'no demand' from 'sold out'",
            "*day DATE",
            "*product_id VARCHAR",
            "*on_hand DOUBLE",
            "on_order DOUBLE",
        ),
        # order_days: ISO weekdays ("1,4" = Monday and Thursday), none = any day.
        _table(
            "suppliers",
            "orders on the days a supplier takes them, lead times that products lack, and minimum order values",
            "*supplier VARCHAR",
            "order_days VARCHAR",
            "min_order_cents BIGINT",
            "currency VARCHAR",
            "lead_time_days DOUBLE",
            "lead_time_sd_days DOUBLE",
        ),
        _table(
            "deliveries",
            "what is on order by the day it is due",
            "*product_id VARCHAR",
            "*due_on DATE",
            "*units DOUBLE",
            "order_id VARCHAR",
        ),
        _table(
            "promotions",
            "telling a rise from a campaign",
            "*product_id VARCHAR",
            "*starts_on DATE",
            "*ends_on DATE",
            "kind VARCHAR",
            "discount DOUBLE",
        ),
        _table(
            "market",
            "trends outside the shop: ranks and search interest",
            "*day DATE",
            "*series VARCHAR",
            "*value DOUBLE",
            "product_id VARCHAR",
            "category VARCHAR",
        ),
        _table("links", "neighbours: what spreads from one product to the next", "*source VARCHAR", "*relation VARCHAR", "*target VARCHAR"),
    )
}

EVENT_KINDS = ("view", "cart", "wishlist", "search_click", "ad_impression", "ad_click")
SIGNALS = ("orders", "views", "carts", "reviews")  # in order of preference

# Bookkeeping of imports, in the warehouse beside the canonical tables.
IMPORTS: dict[str, Table] = {
    t.name: t
    for t in (
        _table(
            "imports",
            "",
            "*import_id VARCHAR",
            "*imported_at TIMESTAMP",
            "*file VARCHAR",
            "*sha256 VARCHAR",
            "*preset VARCHAR",
            "*table_name VARCHAR",
            "*rows_read BIGINT",
            "*rows_kept BIGINT",
            "*rows_dropped BIGINT",
            "*rows_quarantined BIGINT",
            "first_day DATE",
            "last_day DATE",
            "mapping_sha256 VARCHAR",
            "currency VARCHAR",
        ),
        # What imports inferred of the shop, as a setting's name ("shop.currency") and its value, with what shows it; both are JSON.
        _table("facts", "", "*name VARCHAR", "*value VARCHAR", "*evidence VARCHAR", "*import_id VARCHAR", "*inferred_at TIMESTAMP"),
        # The earliest day an import changed in a table, until the next feature build has read and cleared it.
        _table("touched", "", "*table_name VARCHAR", "*first_day DATE", "*import_id VARCHAR"),
        _table(
            "quarantine",
            "",
            "*import_id VARCHAR",
            "*file VARCHAR",
            "*table_name VARCHAR",
            "line BIGINT",
            "column_name VARCHAR",
            "value VARCHAR",
            "*reason VARCHAR",
        ),
    )
}

DEMAND_WEEKS = (1, 2, 4, 8, 13)

SERVING: dict[str, Table] = {
    t.name: t
    for t in (
        _table(
            "products",
            "",
            "*product_id VARCHAR",
            "*title VARCHAR",
            "description VARCHAR",
            "category VARCHAR",
            "brand VARCHAR",
            "supplier VARCHAR",
            "price_cents BIGINT",
            "unit_cost_cents BIGINT",
            "currency VARCHAR",
            "launched_on DATE",
            "lead_time_days DOUBLE",
            "lead_time_sd_days DOUBLE",
            "moq DOUBLE",
            "pack_size DOUBLE",
            "image VARCHAR",
            "first_sold_on DATE",
            "days_on_sale BIGINT",
            "orders_28d DOUBLE",
            "units_28d DOUBLE",
            "revenue_28d_cents BIGINT",
        ),
        _table(
            "forecasts",
            "",
            "*product_id VARCHAR",
            "*segment VARCHAR",
            "*rising_probability DOUBLE",
            "*falling_probability DOUBLE",
            "*base_logit DOUBLE",
            "*logit DOUBLE",
            "*own_pace_orders DOUBLE",
            "previous_rising_probability DOUBLE",
        ),
        _table("demand", "", "*product_id VARCHAR", "*segment VARCHAR", "*weeks INTEGER", "*level DOUBLE", "*units DOUBLE"),
        _table("attributions", "", "*product_id VARCHAR", "*segment VARCHAR", "*driver VARCHAR", "*attribution DOUBLE"),
        _table("feature_values", "", "*product_id VARCHAR", "*segment VARCHAR", "*driver VARCHAR", "*feature VARCHAR", "value DOUBLE"),
        _table("text_attributions", "", "*product_id VARCHAR", "*position INTEGER", "*text VARCHAR", "*attribution DOUBLE"),
        _table(
            "history",
            "",
            "*product_id VARCHAR",
            "*segment VARCHAR",
            "*week DATE",
            "*units DOUBLE",
            "*lost_units DOUBLE",
            "*orders DOUBLE",
            "views DOUBLE",
            "price DOUBLE",
            "on_hand DOUBLE",
        ),
        # status: one of core.capabilities.inventory.control.STATUSES; where the stock cannot be trusted only the levels are given.
        _table(
            "suggestions",
            "",
            "*product_id VARCHAR",
            "*status VARCHAR",
            "on_hand DOUBLE",
            "on_order DOUBLE",
            "inventory_position DOUBLE",
            "*lead_time_days DOUBLE",
            "*lead_time_assumed BOOLEAN",
            "*wait_days DOUBLE",
            "*review_days DOUBLE",
            "*service_level DOUBLE",
            "*expected_units DOUBLE",
            "*safety_stock DOUBLE",
            "*reorder_point DOUBLE",
            "*order_up_to_level DOUBLE",
            "suggested_order_units DOUBLE",
            "order_by DATE",
            "cover_weeks DOUBLE",
            "order_cost_cents BIGINT",
            "stockout_probability DOUBLE",
            "lost_margin_cents BIGINT",
            "fill_rate DOUBLE",
            "excess_units DOUBLE",
            "excess_cost_cents BIGINT",
        ),
        # What the suggestions were made from, as core.capabilities.inventory.control.Terms: the page plans again from it where a planner
        # knows better.
        _table(
            "planning",
            "",
            "*product_id VARCHAR",
            "on_hand DOUBLE",
            "on_order DOUBLE",
            "on_order_later DOUBLE",
            "on_order_overdue DOUBLE",
            "stock_age_days DOUBLE",
            "lead_time_days DOUBLE",
            "lead_time_sd_days DOUBLE",
            "moq DOUBLE",
            "pack_size DOUBLE",
            "max_order DOUBLE",
            "shelf_life_days DOUBLE",
            "unit_cost_cents DOUBLE",
            "price_cents DOUBLE",
            "service_level DOUBLE",
            "review_days DOUBLE",
            "order_days DOUBLE",
            *(f"peak_w{w} DOUBLE" for w in DEMAND_WEEKS),
        ),
        # Open ones of the planned products: with another lead time others of them arrive within the protection time.
        _table("deliveries", "", "*product_id VARCHAR", "*due_on DATE", "*units DOUBLE"),
        _table("suppliers", "", "*supplier VARCHAR", "order_days VARCHAR", "min_order_cents BIGINT"),
        # Falling products with too much stock, which are not to be ordered; without a share, no price is known to help.
        _table(
            "markdowns", "", "*product_id VARCHAR", "markdown_share DOUBLE", "clear_by DATE", "elasticity DOUBLE", "elasticity_error DOUBLE"
        ),
        _table("problems", "", "*product_id VARCHAR", "*problem VARCHAR"),  # one of core.capabilities.inventory.control.PROBLEMS each
        _table("neighbours", "", "*product_id VARCHAR", "*rank INTEGER", "*neighbour_id VARCHAR", "*similarity DOUBLE"),
        # kind: "import" (one a file, for its main table), "retold" (one for each other table that its lines tell of), "rejected" (one a
        # file, table and reason), "missing" (one a table the shop could still give), "freshness" (one a table: detail = its last day),
        # "absent" (one a driver the model had no data for).
        _table(
            "quality",
            "",
            "*kind VARCHAR",
            "*table_name VARCHAR",
            "file VARCHAR",
            "rows_read BIGINT",
            "rows_kept BIGINT",
            "rows_dropped BIGINT",
            "rows_quarantined BIGINT",
            "first_day DATE",
            "last_day DATE",
            "detail VARCHAR",
        ),
        # One a metric of the served model, from its own matured validation origins: e.g. average_precision on slice "all".
        _table("metrics", "", "*metric VARCHAR", "*slice VARCHAR", "*value DOUBLE", "low DOUBLE", "high DOUBLE"),
        _table("calibration", "", "*predicted DOUBLE", "*observed DOUBLE", "*rows BIGINT"),
        _table("segments", "", "*segment VARCHAR", "*orders_base DOUBLE", "*products BIGINT"),
        # What the snapshot was made by and from: section "labels", "inventory" and "shop" hold settings by name, "versions" what made it,
        # "made_from" the hashes of core/features/freshness.py. Values are JSON.
        _table("rules", "", "*section VARCHAR", "*name VARCHAR", "*value VARCHAR"),
        _table("glossary", "", "*feature VARCHAR", "*driver VARCHAR", "*unit VARCHAR", "*meaning VARCHAR"),
        _table(
            "meta",
            "",
            "*snapshot VARCHAR",
            "*model VARCHAR",
            "*as_of DATE",
            "*code_version VARCHAR",
            "*created_at TIMESTAMP",
            "*shop VARCHAR",
            "*currency VARCHAR",
            "*signal VARCHAR",
            "*segment_attribute VARCHAR",
            "*row_counts VARCHAR",
        ),
    )
}

ADDED = ("deliveries", "rules")  # serving tables that snapshots of an earlier version lack: there they are empty

DRIVERS = (
    "text",
    "reviews",
    "demand",
    "momentum",
    "audience",
    "attention",
    "price",
    "promotion",
    "season",
    "market",
    "newness",
    "graph",
    "segment",
)
# Reasons are told in this order: what may make a rise, then what its own sales show of it, then what visitors add to that. A group is
# credited with what it says beyond those before it (core/models/explain.py).
REASONS = (
    ("text", "reviews", "audience", "price", "promotion", "season", "market", "newness", "graph", "segment"),
    ("demand", "momentum"),
    ("attention",),
)
SALES_LEVEL = "demand"  # how much a product sells at all: it lets a rise be seen, and is never named as what makes one
LIKELY = 0.5  # "likely to rise", or to fall: the better half of a coin
WORTH_SAYING = 0.25  # from this chance on a product is said to be about to rise: lower ones are not worth a merchandiser's minute
DEMAND_LEVELS = (0.025, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 0.975, 0.99)
ALL = "all"  # the segment that is everyone

assert sorted(d for group in REASONS for d in group) == sorted(DRIVERS)
