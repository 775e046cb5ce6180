"""What makes a row fail: SQL conditions over the text (s_*) and the converted columns of a row.

A reason has no values: its template is what the quarantine keeps and what catalogues translate.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from core.ingest.names import quoted
from core.ingest.recognise.mapping import Options
from core.ingest.recognise.rules import mapped_name, target_column
from core.ingest.recognise.table_plan import TablePlan
from core.messages import Message, msg
from core.schema import MAP_KINDS, RESPONSES

FIRST_DAY = date(1990, 1, 1)
MOST_UNITS = 10_000_000  # in one row; the shortest barcode has eight digits
PLANNING = timedelta(days=3 * 366)  # launches and promotions may be planned this far ahead
LENIENT = ("products",)  # tables whose rows are kept without a further cell that is wrong; the terms of a supplier are all it has
_PLANNED = ("launched_on", "starts_on", "ends_on", "due_on")

MARKED = msg("The row is set aside.")  # its mark has the reason
NOTHING_LEFT = msg("All units of the line were cancelled, returned or received.")
BROKEN = msg("The row cannot be read.")
_DATE_MISSING = msg("The date is missing.")
_MISSING = {
    "product_id": msg("The product id is missing."),
    "customer_id": msg("The customer id is missing."),
    "ordered_at": _DATE_MISSING,
    "occurred_at": _DATE_MISSING,
    "created_at": _DATE_MISSING,
    "day": _DATE_MISSING,
    "due_on": _DATE_MISSING,
    "shown_at": _DATE_MISSING,
    "searched_at": _DATE_MISSING,
    "contacted_at": _DATE_MISSING,
    "query": msg("The words of the search are missing."),
    "treated": msg("The row does not say whether the customer was contacted."),
    "starts_on": msg("The first day is missing."),
    "ends_on": msg("The last day is missing."),
    "units": msg("The units are missing."),
    "kind": msg("The kind of event is missing."),
    "on_hand": msg("The stock on hand is missing."),
    "title": msg("The title is missing."),
    "series": msg("The name of the series is missing."),
    "value": msg("The value is missing."),
    "source": msg("The source of the link is missing."),
    "relation": msg("The kind of the link is missing."),
    "target": msg("The target of the link is missing."),
    "supplier": msg("The supplier is missing."),
    "old_product_id": msg("The old product number is missing."),
    "new_product_id": msg("The new product number is missing."),
    "kit_id": msg("The number of the kit is missing."),
    "part_id": msg("The number of the part is missing."),
}
_MIN_ORDER = msg("The minimum order is below zero.")
_PRICE = msg("The price is below zero.")
_BELOW_ZERO = {
    "price_cents": _PRICE,
    "unit_cost_cents": _PRICE,
    "lead_time_days": msg("The lead time is below zero."),
    "lead_time_sd_days": msg("The standard deviation of the lead time is below zero."),
    "moq": _MIN_ORDER,
    "pack_size": msg("The pack size is below zero."),
    "min_order_cents": _MIN_ORDER,
}


@dataclass(frozen=True)
class Check:
    """A row fails where `condition` is true.

    column: the mapping's name of the column at fault, None for the row. aside: the row is fine, and no sale or no product.
    """

    condition: str
    column: str | None
    reason: Message
    aside: bool = False


def checks(plan: TablePlan, options: Options, bind: Callable[[object], str], now: datetime) -> list[Check]:
    """Return all checks of a table's rows, in the order in which they are tried."""
    return [
        Check("broken is not null", None, BROKEN),
        Check("aside is not null", None, MARKED, aside=True),
        *_missing(plan),
        *(c for c in _of_cells(plan, options, bind, now) if plan.table not in LENIENT or _is_required(plan, c)),
    ]


def warnings(plan: TablePlan, options: Options, bind: Callable[[object], str], now: datetime) -> list[Check]:
    """Return the checks of cells without which a row is kept."""
    return [c for c in _of_cells(plan, options, bind, now) if plan.table in LENIENT and not _is_required(plan, c)]


def _of_cells(plan: TablePlan, options: Options, bind: Callable[[object], str], now: datetime) -> list[Check]:
    """Return the checks of values."""
    return [*_unreadable(plan), *_dates(plan, bind, now), *(c for c in _ranges(plan, options, bind) if c.column in plan.columns)]


def _is_required(plan: TablePlan, check: Check) -> bool:
    column = target_column(plan.table, check.column) if check.column else None
    return column is None or column.required


def _missing(plan: TablePlan) -> list[Check]:
    found = []
    for target in plan.columns:
        column = target_column(plan.table, target)
        if column is not None and column.required and target not in ("review_id", "order_count", "shown"):
            text = column.name if target == "title" else f"s_{target}"  # some titles are text that means a missing title
            found.append(Check(f"{quoted(text)} is null", target, _MISSING[target]))
    return found


def _unreadable(plan: TablePlan) -> list[Check]:
    number, day = msg("The number cannot be read."), msg("The date cannot be read.")
    by_type = {"DOUBLE": number, "BIGINT": number, "DATE": day, "TIMESTAMP": day}
    by_name = {
        ("events", "kind"): msg("The kind of event is unknown."),
        ("suppliers", "order_days"): msg("The order days cannot be read."),
        ("contacts", "treated"): msg("The value is neither yes nor no."),
    }
    found = []
    for target in plan.columns:
        column = target_column(plan.table, target)
        if column is not None and (reason := by_name.get((plan.table, target)) or by_type.get(column.type)):
            found.append(Check(f"{quoted('s_' + target)} is not null and {quoted(column.name)} is null", target, reason))
    return found


def _dates(plan: TablePlan, bind, now: datetime) -> list[Check]:
    found = []
    for target in plan.columns:
        column = target_column(plan.table, target)
        if column is not None and column.type in ("DATE", "TIMESTAMP"):
            latest = now + (PLANNING if target in _PLANNED else timedelta(days=1))
            found += [
                Check(f"{quoted(column.name)} < {bind(FIRST_DAY)}", target, msg("The date is before 1990.")),
                Check(f"{quoted(column.name)} > {bind(latest)}", target, msg("The date is in the future.")),
            ]
    return found


def _ranges(plan: TablePlan, options: Options, bind) -> list[Check]:
    if plan.table == "orders":
        no_price = "unit_price_cents is null or unit_price_cents <= 0 and not coalesce(try_cast(s_unit_price as double) > 0, false)"
        free = Check(
            f"units > 0 and ({no_price})",
            "unit_price",
            msg("The price is not above zero: it is a stock adjustment or a sample, not a sale."),
        )
        return [
            *_nothing_left(plan),
            Check("units < 0", "units", msg("The count of units sold so far is below zero."))
            if plan.running
            else Check("units = 0", "units", msg("The units are zero.")),
            _too_many("units"),
            *[free] * options.free_is_no_sale,
            Check("unit_price_cents < 0", "unit_price", _PRICE),
            Check("order_count < 0", "order_count", msg("The number of orders is below zero.")),
        ]
    if plan.table in ("products", "suppliers"):
        return [Check(f"{quoted(c)} < 0", mapped_name(c), reason) for c, reason in _BELOW_ZERO.items()]
    if plan.table == "deliveries":
        return [*_nothing_left(plan), Check("units <= 0", "units", msg("The units are not above zero.")), _too_many("units")]
    if plan.table == "events":
        return [Check(f"{c} < 0", c, msg("The number of events is below zero.")) for c in ("views", "carts", "wishlists")]
    if plan.table == "reviews":
        reason = msg("The rating is below 1 or above the highest rating (`rating_scale` in [options] of the mapping, 5 by default).")
        return [Check(f"rating < 1 or rating > {bind(options.rating_scale)}", "rating", reason)]
    if plan.table == "stock":
        # A count below zero stays in: an older one would replace it in the plan. The plan reports it as a problem.
        return [_too_many("on_hand"), Check("on_order < 0", "on_order", msg("The units on order are below zero."))]
    if plan.table == "product_map":
        return [
            Check(
                f"not list_contains({bind(list(MAP_KINDS))}, kind)", "kind", msg("The kind is not renamed, merged, successor or separate.")
            ),
            Check("old_product_id = new_product_id", "new_product_id", msg("The old and the new number are the same.")),
        ]
    if plan.table == "kit_parts":
        return [
            Check("units <= 0", "units", msg("The units are not above zero.")),
            _too_many("units"),
            Check("kit_id = part_id", "part_id", msg("The kit is a part of itself.")),
        ]
    if plan.table in RESPONSES:
        return _ANSWERS
    if plan.table == "promotions":
        return [
            Check("ends_on < starts_on", "ends_on", msg("The promotion ends before it starts.")),
            Check("discount < 0 or discount > 1", "discount", msg("The discount is not between 0 and 100%.")),
        ]
    return []


_ANSWERS = [
    Check("shown <= 0", "shown", msg("The number of impressions is not above zero.")),
    Check("clicked < 0", "clicked", msg("The number of clicks is below zero.")),
    Check("bought < 0", "bought", msg("The number of orders is below zero.")),
    Check("position < 1", "position", msg("The position is below 1, which is the first one.")),
    Check("propensity <= 0 or propensity > 1", "propensity", msg("The probability is not above 0 and at most 1.")),
    Check("cost_cents < 0", "cost", msg("The cost is below zero.")),
]


def _nothing_left(plan: TablePlan) -> list[Check]:
    return [Check("units = 0 and units_before <> 0", "units", NOTHING_LEFT, aside=True)] if plan.columns["units"].minus else []


def _too_many(column: str) -> Check:
    return Check(
        f"abs({column}) >= {MOST_UNITS}", column, msg("The units are ten million or more: a barcode may have been scanned as a quantity.")
    )
