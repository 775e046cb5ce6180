"""What the plan's figures, problems and changes are called, and why a quantity is what it is."""

from __future__ import annotations

import pandas as pd

from core.messages import Message
from dashboard.i18n import _, absent, day, exact, money, n_, number, percent, plain, show
from dashboard.labels import N_, said

REASONS = {
    "promotion planned": N_("Planned promotion"),
    "demand known better": N_("We know the demand better"),
    "supplier cannot deliver": N_("Supplier cannot deliver"),
    "budget": N_("Budget"),
    "no room": N_("No storage space"),
    "being phased out": N_("Being phased out"),
    "data are wrong": N_("Wrong data"),
    "other": N_("Other"),
}
FIELDS = {
    "order_units": N_("Quantity"),
    "snooze_until": N_("Snooze"),
    "service_level": N_("Service level"),
    "lead_time_days": N_("Lead time"),
}
PROBLEMS = {  # name, and what was done about it
    "stock unknown": (N_("Stock unknown"), N_("No stock data, so only levels are shown. Import a stock file with these products.")),
    "stock outdated": (
        N_("Outdated stock count"),
        N_("The last stock count is more than 14 days old, so no order is suggested. Import a newer stock file."),
    ),
    "stock below zero": (
        N_("Stock below zero"),
        N_("Can't suggest an order: the stock count is below zero. Correct it in the stock file."),
    ),
    "pack size not usable": (
        N_("Unusable pack size"),
        N_("Can't suggest an order: the pack size is 0 or less. Correct it in the products file."),
    ),
    "minimum above maximum": (
        N_("Minimum above maximum"),
        N_("Can't suggest an order: in whole packs, the minimum order is above the maximum. Correct one of them in the products file."),
    ),
    "lead time missing": (
        N_("Missing lead time"),
        N_("Planned with the shop's default lead time. Give it in the products file, or set it here."),
    ),
    "lead time not usable": (
        N_("Unusable lead time"),
        N_(
            "Planned with the shop's default lead time, because the given one is 0 days or less. Correct it in the "
            "products file, or set it here."
        ),
    ),
    "cost missing": (
        N_("Cost missing"),
        N_("Unit cost is missing, so these are not in the totals. Add it in the products file."),
    ),
    "cost above price": (
        N_("Cost above price"),
        N_("Quantities are unchanged, but the margin at risk is not calculated. Check cost and price."),
    ),
    "shelf life shorter than a review": (
        N_("Shelf life too short"),
        N_("Orders are limited to what is likely to sell within the shelf life, so stock may run out between deliveries."),
    ),
    "delivery overdue": (
        N_("Overdue delivery"),
        N_("Treated as arriving soon. Check with the supplier, then correct the date or remove it from the deliveries file."),
    ),
}
# Heading of a column in lists and orders, and the formula and inputs behind it.
COLUMNS = {
    "product_id": (N_("SKU"), ""),
    "title": (N_("Product"), ""),
    "supplier": (N_("Supplier"), ""),
    "category": (N_("Category"), ""),
    "abc": (
        N_("ABC"),
        N_(
            "A: the products with the first 80% of the margin expected over 13 weeks, (price − cost) × expected units. "
            "B: the next 15%. C: the rest."
        ),
    ),
    "xyz": (N_("XYZ"), N_("How far the 4-week forecast may be off, as a share of it. X: below 50%, Y: below 100%, Z: above.")),
    "status": (N_("Status"), ""),
    "risk": (
        N_("Stock risk"),
        N_(
            "Stock-out soon: the stock is likely to run out (50% or more) before an order of the next cycle could arrive. "
            "Excess: more stock than is likely to sell. Healthy: neither."
        ),
    ),
    "on_hand": (N_("On hand"), ""),
    "on_order": (N_("On order"), ""),
    "on_order_later": (
        N_("Arriving too late"),
        N_("On order, but due only after an order of the next cycle could arrive. Not counted as incoming."),
    ),
    "inventory_position": (N_("Available + incoming"), N_("On hand + on order, in units.")),
    "cover_weeks": (
        N_("Weeks of supply"),
        N_("Weeks until the expected demand uses up available and incoming stock; 104 means two years or more."),
    ),
    "stockout_probability": (
        N_("Stock-out risk"),
        N_("Chance that demand during lead time and order cycle exceeds available and incoming stock."),
    ),
    "lost_margin": (
        N_("Margin at risk"),
        N_("(Units short if the order waits for the next cycle − units short if it goes out now) × (price − cost)."),
    ),
    "excess_units": (
        N_("Excess"),
        N_("Units beyond likely use (90%) in lead time, order cycle and 13 more weeks, and beyond the target stock."),
    ),
    "excess_cost": (N_("Excess stock value"), N_("Excess units × unit cost.")),
    "order_by": (
        N_("Order by"),
        N_("Last order day for which the delivery arrives before stock is expected to fall below the safety stock."),
    ),
    "goes_out": (N_("Next order day"), N_("First day on which the supplier accepts the order.")),
    "suggested_order_units": (
        N_("Suggested qty"),
        N_(
            "The fewest whole packs that raise available and incoming stock above the reorder point, between the "
            "supplier's minimum and maximum. Select a row to see its numbers."
        ),
    ),
    "planner_order_units": (N_("Your qty"), N_("The quantity that a planner sets instead of the suggestion.")),
    "order_units": (N_("Order"), N_("Your quantity if there is one, else the suggestion. Zero while snoozed.")),
    "pack_size": (N_("Pack"), ""),
    "packs": (N_("Packs"), N_("Order ÷ pack.")),
    "unit_cost": (N_("Unit cost"), ""),
    "line_cost": (N_("Cost"), N_("Order × unit cost.")),
    "gain": (
        N_("Gain"),
        N_("Expected margin saved until the next order could arrive − cost of holding what is left over, for the packs within budget."),
    ),
    "currency": (N_("Currency"), ""),
    "fill_rate": (
        N_("Fill rate"),
        N_("Share of demand between the next delivery and the following one that stock is expected to meet, including this order."),
    ),
    "service_level": (N_("Service level"), ""),
    "lead_time_days": (N_("Lead time (days)"), ""),
    "reorder_point": (N_("Reorder point"), ""),
    "order_up_to_level": (N_("Target stock"), ""),
    "snooze_until": (N_("Snoozed until"), ""),
    "reason": (N_("Reason"), ""),
    "comment": (N_("Comment"), ""),
    "changed_by": (N_("Changed by"), ""),
}
RISKS = {"short": N_("Stock-out soon"), "excess": N_("Excess"), "healthy": N_("Healthy")}
RISK_COLOURS = {"short": "red", "excess": "orange", "healthy": "green"}
DROPPED = {
    "out of reach": N_("Even with future needs ordered early, the order stays below the minimum."),
    "not worth it": N_("Reaching the minimum costs more than the order gains."),
    "beyond budget": N_("The budget does not cover the minimum, or gains more elsewhere."),
}
ORDER_STATUSES = {
    "draft": N_("Draft"),
    "sent": N_("Sent"),
    "confirmed": N_("Confirmed"),
    "partly received": N_("Partly received"),
    "received": N_("Received"),
    "cancelled": N_("Cancelled"),
}
ORDER_ACTS = {
    "sent": N_("Mark as sent"),
    "confirmed": N_("Mark as confirmed"),
    "partly received": N_("Save units received"),
    "received": N_("Mark as received"),
    "cancelled": N_("Cancel order"),
}
SCOPES = {"product": N_("This product"), "supplier": N_("All of {name}"), "class": N_("All of class {name}")}


def heading(column: str) -> str:
    return _(COLUMNS[column][0])


def formula(column: str) -> str | None:
    """Return a figure's formula, None where its name says it."""
    return _(COLUMNS[column][1]) or None if COLUMNS[column][1] else None


def problem(name: str) -> tuple[str, str]:
    """Return a problem's label and how the plan handles it; a problem without a label is returned as it is."""
    return (_(PROBLEMS[name][0]), _(PROBLEMS[name][1])) if name in PROBLEMS else (name, "")


def reason(given: Message | str) -> str:
    """Return why a value was changed: one of REASONS by name, or the words that core gave."""
    return show(given) if isinstance(given, Message) else said(REASONS, given)


def dropped(name: str) -> str:
    return said(DROPPED, name)


def risk(name: str) -> str:
    return said(RISKS, name)


def scope(kind: str, name: str) -> str:
    return _(SCOPES[kind]).format(name=name)


def change(override) -> str:
    """Return an override in words: "Quantity 48 instead of 60"."""
    what, now = _(FIELDS[override.field]), value(override.field, override.value)
    if override.before is None:
        return f"{what} {now}"
    return _("{what}: {value} instead of {before}").format(what=what, value=now, before=value(override.field, override.before))


def value(field: str, given) -> str:
    if field == "snooze_until":
        return day(given)
    return level(given) if field == "service_level" else exact(given)


def level(share: float) -> str:
    """Return a service level as it was set: 97.5%. A computed one is shown by percent()."""
    return "–" if absent(share) else f"{exact(100 * share)}%"


def asked_of_level(target: str) -> str:
    """Return what a service level asks for. target: as in core.capabilities.inventory.control.Rules."""
    return {
        "cycle": _("Share of deliveries that arrive before the product runs out."),
        "fill": _("Share of demand met from stock."),
        "shop": _("Share of order cycles without a stock-out, instead of the product's part in the shop's fill rate."),
        "cost": _("This shop orders by cost and uses no service level."),
    }[target]


def why(row: pd.Series, target: str) -> list[str]:
    """Return why this many of this product, in sentences: reorder point, position, quantity. target: as in
    core.capabilities.inventory.control.Rules."""
    weeks = (row.wait_days + row.lead_time_days + row.review_days) / 7
    extra = row.reorder_point - row.expected_units
    promise = {
        "cycle": _("so that {share} of deliveries arrive before it runs out"),
        "fill": _("so that {share} of the demand is met from stock"),
        "shop": _("its part in the shop's fill rate at the lowest stock value ({share} of order cycles without a stock-out)"),
        "cost": _("so that one more unit would cost as much as it earns ({share} of order cycles without a stock-out)"),
    }[target]
    times = {"lead": number(row.lead_time_days / 7), "review": number(row.review_days / 7)}
    span = (
        n_(
            "{count} day until the order goes out, {lead} weeks of lead time and {review} of order cycle",
            "{count} days until the order goes out, {lead} weeks of lead time and {review} of order cycle",
            row.wait_days,
            **times,
        )
        if row.wait_days
        else _("{lead} weeks of lead time and {review} of order cycle").format(**times)
    )
    sentences = [
        (
            _("Reorder point **{point}** = {demand} expected in {span} ({rate} per week) + {extra} safety stock, {promise}.")
            if extra >= 0
            else _(
                "Reorder point **{point}** = {demand} expected in {span} ({rate} per week) − {extra}, because demand "
                "is usually lower, {promise}."
            )
            if target == "cycle"
            else _(
                "Reorder point **{point}** = {demand} expected in {span} ({rate} per week) − {extra}, because an order "
                "of at least {batch} lasts longer, {promise}."
            )
        ).format(
            point=number(row.reorder_point, 0),
            demand=number(row.expected_units, 0),
            span=span,
            rate=number(row.expected_units / weeks),
            extra=number(abs(extra), 0),
            batch=number(row.order_up_to_level - row.reorder_point, 0),
            promise=promise.format(share=(level if target in ("cycle", "fill") else percent)(row.service_level)),
        )
    ]
    if absent(row.inventory_position):
        return sentences
    held = {"position": exact(row.inventory_position), "hand": exact(row.on_hand), "order": exact(row.on_order)}
    if row.suggested_order_units and not absent(row.suggested_order_units):
        packs = _("Whole packs of {pack}").format(pack=exact(row.pack_size)) if not absent(row.pack_size) else _("Whole units")
        one = 1 if absent(row.pack_size) else row.pack_size
        least = _(", at least {minimum},").format(minimum=exact(row.minimum)) if row.minimum > one else ""
        sentences.append(
            _(
                "Available + incoming **{position}** = {hand} on hand + {order} on order, {missing} below the reorder "
                "point. {packs}{least} make **{units}**."
            ).format(
                missing=number(max(row.reorder_point - row.inventory_position, 0), 0),
                packs=packs,
                least=least,
                units=exact(row.suggested_order_units),
                **held,
            )
        )
    elif row.suggested_order_units == 0:
        sentences.append(
            _(
                "Available + incoming **{position}** = {hand} on hand + {order} on order. Above the reorder point, so no "
                "order is needed yet."
            ).format(**held)
        )
    if row.on_order_later > 0:
        sentences.append(
            _("{units} more are on order but arrive too late for this plan, so they are not counted.").format(
                units=exact(row.on_order_later)
            )
        )
    return sentences


def clearing(share: float, by) -> str:
    """Return what to do about a product that is not to be ordered. share: of its price, empty where no price is known to help."""
    if absent(share):
        return _("Stop ordering")
    if absent(by):
        return _("Mark down by about {share}").format(share=percent(share))
    return _("Mark down by about {share} to clear by {day}").format(share=percent(share), day=day(by))


def verdict(row: pd.Series, currency: str) -> str:
    """Return what to do about this product today, and what it costs to wait."""
    if not absent(row.snooze_until):
        return _("**Snoozed until {day}.** Not in the order.").format(day=day(row.snooze_until))
    if row.order_units > 0:
        cost = "" if absent(row.line_cost_cents) else _(" for {money}").format(money=plain(money(row.line_cost_cents, currency)))
        said_ = _("**Order {units}**{cost}.").format(units=exact(row.order_units), cost=cost)
        if not absent(row.lost_margin_cents) and row.lost_margin_cents >= 1:
            said_ += " " + _("Waiting for the next order cycle puts {money} of margin at risk.").format(
                money=plain(money(row.lost_margin_cents, currency))
            )
        if absent(row.planner_order_units) and row.order_units < row.suggested_order_units:
            said_ += " " + _("{units} are suggested. The budget covers no more.").format(units=exact(row.suggested_order_units))
        return said_ + (
            " " + _("The supplier accepts it on {day}.").format(day=day(row.goes_out)) if row.wait_days and not absent(row.goes_out) else ""
        )
    if absent(row.suggested_order_units):
        return _("**Can't suggest an order.** See its data issues.")
    if absent(row.planner_order_units) and row.suggested_order_units > 0:
        return _("**Nothing to order.** {units} are suggested, but other products return more for the budget.").format(
            units=exact(row.suggested_order_units)
        )
    return _("**Nothing to order.**") + ("" if absent(row.order_by) else " " + _("Order by {day}.").format(day=day(row.order_by)))
