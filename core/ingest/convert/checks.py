"""What makes a row fail, in plain words: SQL conditions over the text (s_*) and the converted columns of a row."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from core.ingest.recognise.mapping import Options
from core.ingest.recognise.names import quoted
from core.ingest.recognise.planning import TablePlan
from core.ingest.recognise.rules import mapped_name, target_column

FIRST_DAY = date(1990, 1, 1)
PLANNING = timedelta(days=3 * 366)  # launches and promotions may lie this far ahead
_PLANNED = ("launched_on", "starts_on", "ends_on", "due_on")
_WORDS = {
    "product_id": "product id",
    "customer_id": "customer id",
    "ordered_at": "date",
    "occurred_at": "date",
    "created_at": "date",
    "day": "date",
    "due_on": "date",
    "starts_on": "first day",
    "ends_on": "last day",
    "on_hand": "stock on hand",
    "kind": "kind of event",
    "pack_size": "pack size",
    "lead_time_days": "lead time",
    "lead_time_sd_days": "lead time's deviation",
    "moq": "minimum order",
    "min_order_cents": "minimum order",
}


@dataclass(frozen=True)
class Check:
    """A row fails where `condition` is true. column: the mapping's name of the column to blame, None for the row."""

    condition: str
    column: str | None
    reason: str


def checks(plan: TablePlan, options: Options, bind: Callable[[object], str], now: datetime) -> list[Check]:
    """All checks of a table's rows, in the order in which they are tried."""
    return [
        Check("broken is not null", None, "a broken row"),
        *_missing(plan),
        *_non_products(plan, options, bind),
        *_unreadable(plan),
        *_dates(plan, bind, now),
        *(c for c in _ranges(plan, options, bind) if c.column in plan.columns),
    ]


def _missing(plan: TablePlan) -> list[Check]:
    found = []
    for target in plan.columns:
        column = target_column(plan.table, target)
        if column is not None and column.required and target not in ("review_id", "order_count"):
            text = column.name if target == "title" else f"s_{target}"  # a title may be text and still be none
            found.append(Check(f"{quoted(text)} is null", target, f"no {_WORDS.get(target, target)}"))
    return found


def _non_products(plan: TablePlan, options: Options, bind) -> list[Check]:
    if plan.table not in ("orders", "products", "events", "stock", "deliveries") or not options.non_products:
        return []
    pattern = bind("(?i)" + "|".join(f"(?:{p})" for p in options.non_products))
    tested = [f"coalesce(regexp_full_match({quoted('s_' + c)}, {pattern}), false)" for c in ("product_id", "title") if c in plan.columns]
    return [Check(" or ".join(tested), "product_id", "not a product: postage, fee, discount, voucher, sample or test")]


def _unreadable(plan: TablePlan) -> list[Check]:
    number, day = "a number that cannot be read", "a date that cannot be read"
    by_type = {"DOUBLE": number, "BIGINT": number, "DATE": day, "TIMESTAMP": day}
    by_name = {("events", "kind"): "unknown kind of event", ("suppliers", "order_days"): "order days that cannot be read"}
    found = []
    for target in plan.columns:
        column = target_column(plan.table, target)
        reason = by_name.get((plan.table, target)) or column is not None and by_type.get(column.type)
        if reason:
            found.append(Check(f"{quoted('s_' + target)} is not null and {quoted(column.name)} is null", target, reason))
    return found


def _dates(plan: TablePlan, bind, now: datetime) -> list[Check]:
    found = []
    for target in plan.columns:
        column = target_column(plan.table, target)
        if column is not None and column.type in ("DATE", "TIMESTAMP"):
            latest = now + (PLANNING if target in _PLANNED else timedelta(days=1))
            found += [
                Check(f"{quoted(column.name)} < {bind(FIRST_DAY)}", target, f"a date before {FIRST_DAY.year}"),
                Check(f"{quoted(column.name)} > {bind(latest)}", target, "a date in the future"),
            ]
    return found


def _ranges(plan: TablePlan, options: Options, bind) -> list[Check]:
    if plan.table == "orders":
        no_price = "unit_price_cents is null or unit_price_cents <= 0 and not coalesce(try_cast(s_unit_price as double) > 0, false)"
        free = Check(f"units > 0 and ({no_price})", "unit_price", "price not above zero: stock adjustment or sample, not a sale")
        return [
            Check("units = 0", "units", "units are zero"),
            *[free] * options.free_is_no_sale,
            Check("unit_price_cents < 0", "unit_price", "a price below zero"),
            Check("order_count < 0", "order_count", "a count of orders below zero"),
        ]
    if plan.table in ("products", "suppliers"):
        return [
            Check(f"{quoted(c)} < 0", mapped_name(c), f"{_WORDS.get(c, 'a price')} below zero")
            for c in ("price_cents", "unit_cost_cents", "lead_time_days", "lead_time_sd_days", "moq", "pack_size", "min_order_cents")
        ]
    if plan.table == "deliveries":
        return [Check("units <= 0", "units", "units not above zero")]
    if plan.table == "events":
        return [Check(f"{c} < 0", c, "a count below zero") for c in ("views", "carts", "wishlists")]
    if plan.table == "reviews":
        return [Check(f"rating < 1 or rating > {bind(options.rating_scale)}", "rating", f"a rating outside 1 to {options.rating_scale:g}")]
    if plan.table == "stock":
        # A count below zero stays in: an older one would be planned with in its place. The plan names it as a problem.
        return [Check("on_order < 0", "on_order", "units on order below zero")]
    if plan.table == "promotions":
        return [Check("ends_on < starts_on", "ends_on", "it ends before it starts")]
    return []
