"""Writes docs/data-contract.md from core/schema/: python scripts/data_contract.py   (same as `make docs`)"""

from __future__ import annotations

from pathlib import Path

from core.schema import CANONICAL, DEMAND_LEVELS, DEMAND_WEEKS, DRIVERS, EVENT_KINDS, IMPORTS, SERVING, Table

FILE = Path(__file__).parents[1] / "docs" / "data-contract.md"

# What one row is, for every table; the columns come from the schema.
A_ROW_IS = {
    "products": "one product of the shop; one that is sold but stands in no products file is called by its id",
    "orders": "one order line, or what a product sold in a day or the like (`order_count` orders); `units` below 0 = a return or a "
    "cancelled line",
    "events": "one look or click: " + ", ".join(f"`{kind}`" for kind in EVENT_KINDS),
    "reviews": "one review",
    "customers": "one attribute of one customer: any column of a customers file may become a segment",
    "stock": "what was there of a product at the end of a day",
    "suppliers": "one supplier, called as in `products`; `order_days` are ISO weekdays (`1,4`: Mondays and Thursdays; empty: any day), "
    "`min_order_cents` the least value of one order",
    "deliveries": "what is still to come of one purchase order for one product; an import takes the place of all that were given before",
    "promotions": "one campaign for one product, first and last day included; `discount` as a share of the price",
    "market": "one value of one series on one day, for a product, a category or the whole shop",
    "links": "one statement of the knowledge graph",
    "imports": "what became of one table's rows in one imported file: read = kept + dropped + quarantined",
    "facts": "one setting of `[shop]` that imports inferred from all rows: its value, and as `evidence` the counts behind it (both JSON). "
    "A value in `upswing.toml` wins",
    "touched": "one table that an import changed since the features were last built, and from which day on",
    "quarantine": "one rejected row, with where it stands, the value and the reason",
    "forecasts": "a product and segment: calibrated probabilities for the next 28 days; `logit` is that of `rising_probability`, "
    "`base_logit` the one with every driver absent",
    "demand": "a product, segment, number of weeks and level: the quantile of cumulative units",
    "attributions": "a product, segment and driver; a product's and segment's rows sum to `logit` - `base_logit`",
    "feature_values": "a product, segment and feature as the model read it, in plain units; empty = absent",
    "text_attributions": "one piece of a product's text and what it adds, on the logit scale",
    "history": "a product, segment and week (by its last day); `lost_units`, an estimate, were wanted beside `units` while it was out "
    "of stock",
    "suggestions": "a product: reorder point, order-up-to level and, where its stock is known, what to order by when",
    "planning": "a product, and what its suggestion was made from; empty = not known, or (service level, review days) the shop's own "
    "rule; peak = the most units wanted over so many weeks of the last year",
    "markdowns": "a falling product with more stock than it is likely to sell: not to be ordered, and where prices that changed in its "
    "category (`elasticity`) say that it helps, to be marked down by `markdown_share` of its price to be sold by `clear_by`",
    "problems": "a product and one thing in its planning data that is missing or can't be true",
    "neighbours": "one of the products nearest by text",
    "quality": "one thing to know about the data: an import, a rejection, a missing table, how fresh a table is, an absent driver",
    "metrics": "one figure of the served model, from its own matured validation origins",
    "calibration": "one bin of forecasts: what was predicted, what came",
    "segments": "one segment that is forecast",
    "rules": "one rule of the snapshot (sections `labels`, `shop` and `inventory` as in `upswing.toml`), a version, or the "
    "hash of one input (`made_from`); values are JSON. Pages and the plan follow these rules until the next calculation",
    "glossary": "one feature",
    "meta": "the snapshot itself (a single row)",
}
# `products` is a table of both worlds.
A_SERVED_ROW_IS = {
    **A_ROW_IS,
    "products": "one product that is forecast, with its last 28 days",
    "deliveries": "one day on which open orders of one planned product are due",
    "suppliers": "one supplier of the suppliers file, with what its orders must reach",
}


def described(table: Table, a_row_is: dict[str, str]) -> str:
    lines = [f"### {table.name}", "", f"A row is {a_row_is[table.name]}.", ""]
    if table.adds:
        lines += [f"Adds: {table.adds}.", ""]
    lines += ["| column | type | |", "|---|---|---|"]
    lines += [f"| {c.name} | {c.type} | {'required' if c.required else ''} |" for c in table.columns]
    return "\n".join(lines) + "\n"


def text() -> str:
    """The whole page."""
    return "\n".join(
        [
            "# The data contract",
            "",
            "Written from `core/schema/` by `make docs`; change it there. Types are DuckDB's. Money is integer cents (`*_cents`) with a",
            "currency, times are naive UTC, identifiers are text, units are numbers (kilograms are units too).",
            "",
            "## What a shop gives",
            "",
            "Only `products` and one interest signal are needed: `orders`, or else views or carts in `events`, or `reviews`. "
            "What is missing is",
            "absent to the model, and the Data page names what it would add. "
            "How files become these tables: [how-to/map-your-files.md](how-to/map-your-files.md).",
            "",
            *[described(t, A_ROW_IS) for t in CANONICAL.values()],
            "## What the warehouse notes about imports",
            "",
            *[described(t, A_ROW_IS) for t in IMPORTS.values()],
            "## What a snapshot serves",
            "",
            "One Parquet file a table in `snapshots/ID/`; `upswing export TABLE --out FILE` gives each as CSV, Parquet or XLSX.",
            "The segment `all` is everyone. Drivers: " + ", ".join(f"`{d}`" for d in DRIVERS) + ".",
            f"Demand is given for {', '.join(map(str, DEMAND_WEEKS))} weeks at the levels {', '.join(map(str, DEMAND_LEVELS))}.",
            "",
            *[described(t, A_SERVED_ROW_IS) for t in SERVING.values()],
        ]
    )


if __name__ == "__main__":
    FILE.write_text(text(), encoding="utf-8")
    print(f"wrote {FILE}")
