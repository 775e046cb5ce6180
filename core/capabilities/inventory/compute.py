"""Write inventory's tables: order suggestions of every forecast product, from the demand of all customers.

A shop without order lines has no suggestions, since its unit sales are unknown.
"""

from __future__ import annotations

from dataclasses import asdict, fields

import numpy as np
import pyarrow as pa

from core.capabilities.context import Context
from core.capabilities.inventory import control, tables
from core.capabilities.inventory.horizon import horizon_columns
from core.messages import msg
from core.schema import LIKELY

PRICE_WEEKS = 104  # history from which a category's price response is estimated


def write(context: Context) -> None:
    """Write suggestions, planning, deliveries, suppliers, markdowns and problems."""
    context.progress("score", 0.95, msg("Order suggestions"))
    context.write(tables.SUPPLIERS, context.engine.arrow("scoring/suppliers"))
    if not context.warehouse_tables["orders"]["rows"]:
        context.write_empty(tables.PLANNING, tables.ORDER_HORIZON, tables.DELIVERIES, tables.SUGGESTIONS, tables.PROBLEMS, tables.MARKDOWNS)
        return
    due = context.engine.arrow("scoring/deliveries", as_of=context.as_of)
    terms, rules = _terms(context, due)
    products = context.live.products
    ahead = control.horizon(context.demand, terms, rules, context.as_of)
    suggested = control.suggest(context.demand, terms, rules, context.as_of, ahead)
    context.write(tables.PLANNING, {"product_id": products} | {f.name: getattr(terms, f.name) for f in fields(terms)})
    context.write(tables.ORDER_HORIZON, {"product_id": products} | horizon_columns(ahead))
    context.write(tables.DELIVERIES, due)
    context.write(tables.SUGGESTIONS, {"product_id": products} | {f.name: getattr(suggested, f.name) for f in fields(suggested)})
    found = [(name, np.flatnonzero(has)) for name, has in terms.problems(rules).items()]
    context.write(
        tables.PROBLEMS,
        {
            "product_id": products.take(pa.array(np.concatenate([rows for _, rows in found]))),
            "problem": np.repeat([name for name, _ in found], [len(rows) for _, rows in found]),
        },
    )
    _write_markdowns(context, suggested)


def rules(context: Context) -> dict[str, dict]:
    """Return the rules of ordering that the suggestions follow."""
    return {"inventory": asdict(control.Rules.of(context.settings.inventory))}


def _write_markdowns(context: Context, suggested: control.Suggestions) -> None:
    """Write the falling products with excess stock, with a markdown where the category's price response supports one."""
    surplus = np.flatnonzero((context.falling >= LIKELY) & (suggested.excess_units > 0))
    response, category = _price_response(context)
    own = category[surplus]
    share, clear_by = control.markdowns(
        context.demand[surplus],
        suggested.inventory_position[surplus],
        np.where(response.supported, response.elasticity, np.nan)[own],
        context.as_of,
    )
    context.write(
        tables.MARKDOWNS,
        {
            "product_id": context.live.products.take(pa.array(surplus)),
            "markdown_share": share,
            "clear_by": clear_by,
            "elasticity": response.elasticity[own],
            "elasticity_error": response.error[own],
        },
    )


def _terms(context: Context, due: pa.Table) -> tuple[control.Terms, control.Rules]:
    """Return the terms of the forecast products and the rules; open deliveries replace the stock file's figure of units on order.

    due: the result of scoring/deliveries.sql.
    """
    known = context.engine.arrow("scoring/planning", as_of=context.as_of)
    given = {name: known[name].to_numpy().astype(np.float64) for name in known.column_names}
    terms = control.Terms.of(len(known), **given, **control.peaks(context.weekly_units))
    rules = control.Rules.of(context.settings.inventory)
    product, due_in_days, units = (due[name].to_numpy() for name in ("product", "due_in_days", "units"))
    return terms.receiving(product, due_in_days, units, rules, context.as_of), rules


def _price_response(context: Context) -> tuple[control.PriceResponse, np.ndarray]:
    """Return the price response of each category, and the category of each product; products without a category share one."""
    known = {row["product_id"]: row["category"] for row in context.engine.rows("scoring/categories")}
    names, category = np.unique([known.get(p, "") for p in context.live.products.to_pylist()], return_inverse=True)
    weeks = context.engine.arrow("scoring/price_weeks", as_of=context.as_of, weeks=PRICE_WEEKS)
    product, week, orders, price = (weeks[name].to_numpy() for name in ("product", "week", "orders", "price_cents"))
    return control.price_response(product, week, orders, price, category, len(names)), category
