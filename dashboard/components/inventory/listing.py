"""Finding and seeing: filters, totals of what they leave, the list itself."""

from __future__ import annotations

import math
from itertools import chain
from typing import Any

import pandas as pd
import streamlit as st

from core.capabilities.inventory.control import ENOUGH, NO_ORDER, ORDER_NOW
from core.capabilities.inventory.plan import CLASSES, RISKS, SNOOZED, WITHHELD, select, total
from core.schema import ALL
from dashboard import address, data, labels
from dashboard.components import cards, tables
from dashboard.components.inventory import edits
from dashboard.components.inventory import labels as own
from dashboard.components.rising import filters as filters_of
from dashboard.i18n import _, absent, compact, day_format, money, n_, number, percent, plain, shortened

SHOWN = 500
ROW, ROWS_IN_VIEW = 36, 11
FIELD = 138  # pixels: seven fit side by side at 1280
STATUSES = (ORDER_NOW, SNOOZED, ENOUGH, WITHHELD)
column = st.column_config


def filters(plan: pd.DataFrame, problems: list[str]) -> dict:
    """Show the filters, kept in the address; return them as core.capabilities.inventory.plan.select takes them. problems: existing ones."""
    there = {WITHHELD if s in NO_ORDER else s for s in plan.status.unique()}
    statuses = [s for s in STATUSES if s in there]
    suppliers = sorted(plan.supplier.dropna().unique())
    risks = [r for r in RISKS if (plan.risk == r).any()]
    search = st.text_input(_("Search"), **address.text("q"), type="search", live="300ms", placeholder=_("Name or SKU"), width=FIELD)
    status = st.selectbox(
        _("Status"),
        [*statuses, ""],
        **address.one_of("status", statuses),
        format_func=lambda s: labels.status(s) if s else _("All"),
        placeholder=_("All"),
        width=FIELD,
    )
    chosen = (
        st.multiselect(_("Supplier"), suppliers, **address.some_of("supplier", suppliers), placeholder=_("All"), width=FIELD)
        if suppliers
        else []
    )
    risk = (
        st.selectbox(
            _("Stock risk"),
            risks,
            index=None,
            **address.one_of("risk", risks, None),
            format_func=own.risk,
            placeholder=_("All"),
            width=FIELD,
            help=own.formula("risk"),
        )
        if risks
        else None
    )
    classes = st.segmented_control(_("ABC"), CLASSES, **address.some_of("abc", CLASSES), selection_mode="multi", help=own.formula("abc"))
    problem = (
        st.selectbox(
            _("Issue"),
            problems,
            index=None,
            **address.one_of("problem", problems, None),
            placeholder=_("All"),
            width=FIELD,
            format_func=lambda name: own.problem(name)[0],
        )
        if address.chosen("problem")  # they are listed below the table; the row has a control for the one that was chosen there
        else None
    )
    return {
        "status": status or "",
        "search": search.strip(),
        "suppliers": list(chosen),
        "classes": list(classes),
        "risk": risk or "",
        "problem": problem or "",
    }


def budget(plan: pd.DataFrame, currency: str) -> float | None:
    """Show the budget field; return the budget in cents, None where none is given or no cost is known. plan: of the chosen suppliers."""
    whole, reason = total(plan.line_cost_cents[plan.order_units > 0]), costless(plan)
    given = st.number_input(
        _("Budget"),
        min_value=0.0,
        value=None,
        step=1.0 if absent(whole) else max(float(round(whole / 2000)), 1.0),
        format="%.0f",
        **address.number("budget", 0.0),
        width=FIELD,
        placeholder=money(whole, currency, short=True),
        disabled=bool(reason),
        help=reason
        or _(
            "For the chosen suppliers, otherwise for all. Your own quantities come first, then packs by return per unit of money. "
            "Each supplier's order reaches its minimum, or is dropped. Leave empty for the whole list."
        ),
    )
    return None if given is None or reason else 100 * given


def costless(plan: pd.DataFrame) -> str:
    """Return why a budget cannot apply, "" where it can."""
    return (
        ""
        if (plan.unit_cost_cents > 0).any()
        else _("No product has a known cost, so a budget can't be planned. Import a products file with unit_cost.")
    )


def bought(plan: pd.DataFrame, budget_cents: float, suppliers: tuple[str, ...], currency: str) -> None:
    """Show what the budget covers of the suggested orders. plan: the plan within the budget."""
    whole = data.placed(math.inf, suppliers)
    due = plan.planner_order_units.isna() & plan.snooze_until.isna() & (plan.suggested_order_units > 0) & (plan.dropped == "")
    unranked = int((due & ~plan.product_id.isin(whole.product_id[whole.gain_cents.notna()])).sum())
    own = plan.line_cost_cents[plan.planner_order_units.notna()].sum()
    spent, gain = total(plan.line_cost_cents[plan.order_units > 0]), plan.gain_cents.sum()
    told = [
        _("{spent} of the {budget} budget is used. Expected gain: {gain}, {share} of the whole list's.").format(
            spent=money(spent, currency),
            budget=money(budget_cents, currency),
            gain=money(gain, currency),
            share=percent(gain / max(whole.gain_cents.sum(), 1)),
        )
    ]
    if own > budget_cents:
        told.append(_("Your quantities alone cost {own}, more than the budget.").format(own=money(own, currency)))
    if unranked:
        told.append(
            n_(
                "{count} product excluded: no valid cost or price.",
                "{count} products excluded: no valid cost or price.",
                unranked,
            )
        )
    cards.notes(*map(plain, told))


def found(plan: pd.DataFrame, asked: dict) -> pd.DataFrame:
    return select(plan, **asked)


def unplanned(asked: dict) -> str:
    """Return how many more products match but have no forecast, and so no plan; "" under a filter that only planned products can meet."""
    if asked["status"] or asked["classes"] or asked["risk"] or asked["problem"]:
        return ""
    every = {"segment": ALL, "search": asked["search"], "categories": [], "brands": [], "suppliers": asked["suppliers"]}
    found = data.ask("unforecast", **filters_of.of_unforecast(every), limit=1, offset=0)
    count = 0 if found.empty else int(found.matches.iloc[0])
    return n_("{count} more has no forecast, so no plan.", "{count} more have no forecast, so no plan.", count) if count else ""


def said(asked: dict) -> list[tuple[str, str]]:
    """Return the filters in words, for the heading of a file."""
    told = [
        (_("Status"), labels.status(asked["status"]) if asked["status"] else _("All")),
        (_("Supplier"), ", ".join(asked["suppliers"]) or _("All")),
        (_("ABC"), ", ".join(asked["classes"]) or _("All")),
    ]
    told += [(_("Stock risk"), own.risk(asked["risk"]))] if asked["risk"] else []
    told += [(_("Search"), asked["search"])] if asked["search"] else []
    return told + ([(_("Issue"), own.problem(asked["problem"])[0])] if asked["problem"] else [])


def totals(found: pd.DataFrame, asked: dict, plan: pd.DataFrame, currency: str) -> None:
    """Show what the filtered products come to; excess is that of all statuses, since what is due has none."""
    around = select(plan, **asked | {"status": ""})
    ordered = found[found.order_units > 0]
    unpriced = int(ordered.line_cost_cents.isna().sum())
    whole = lambda cents: plain(money(total(cents), currency, short=True))  # noqa: E731
    st.metric(
        _("To order"),
        number(len(ordered), 0),
        width="content",
        help=_("{units} units. Your quantity where you changed it; snoozed products are left out.").format(
            units=compact(ordered.order_units.sum())
        ),
    )
    st.metric(
        _("Order cost"),
        whole(ordered.line_cost_cents),
        width="content",
        help=n_("{count} product without a cost is not included.", "{count} products without a cost are not included.", unpriced)
        if unpriced
        else own.formula("line_cost"),
    )
    st.metric(_("Margin at risk"), whole(ordered.lost_margin_cents), width="content", help=own.formula("lost_margin"))
    st.metric(_("Excess stock"), whole(around.excess_cost_cents), width="content", help=own.formula("excess_units"))


def table(found: pd.DataFrame, currency: str, version: str) -> None:
    """Show the first rows, to tick and to edit: see core of edits.py. version: changes with whatever changes the rows."""
    shown = found.head(SHOWN).reset_index(drop=True)
    key = edits.key(version)
    order, ticked = _order(shown), edits.begin(key)
    st.data_editor(
        listed(shown).assign(chosen=shown.product_id.isin(ticked)),
        column_config=columns(currency, shown) | edits.columns(),
        column_order=["chosen", *order],
        disabled=[name for name in order if name != "order_units"],
        hide_index=True,
        key=key,
        on_change=edits.remember,
        args=(key, list(shown.product_id), list(shown.order_units)),
        row_height=ROW,
        placeholder="",
        height=min(38 + ROW * max(len(shown), 1), 38 + ROW * ROWS_IN_VIEW) + 2,
        alt=_("Products, highest margin at risk first"),
    )


def listed(shown: pd.DataFrame) -> pd.DataFrame:
    """Return rows of the plan as a table shows them: words for names, money in whole currency."""
    named = {p: own.problem(p)[0] for p in set(chain.from_iterable(shown.problems))}
    return pd.DataFrame(
        {
            "product_id": shown.product_id,
            "title": [shortened(t, 90) for t in shown.title],
            "supplier": shown.supplier,
            "abc": shown.abc + shown.xyz,
            "risk": [[own.risk(r)] if r else [] for r in shown.risk],
            "status": shown.status.map({s: labels.status(s) for s in shown.status.unique()}),
            "inventory_position": shown.inventory_position,
            "cover_weeks": shown.cover_weeks,
            "stockout_probability": shown.stockout_probability,
            "lost_margin": shown.lost_margin_cents / 100,
            "excess_units": shown.excess_units,
            "order_by": shown.order_by,
            "goes_out": shown.goes_out.where(shown.wait_days > 0),
            "on_order_later": shown.on_order_later.where(shown.on_order_later > 0),
            "suggested_order_units": shown.suggested_order_units,
            "planner_order_units": shown.planner_order_units,
            "order_units": shown.order_units,
            "line_cost": shown.line_cost_cents / 100,
            "gain": shown.gain_cents / 100,
            "snooze_until": shown.snooze_until,
            "reorder_point": shown.reorder_point,
            "order_up_to_level": shown.order_up_to_level,
            "problems": [", ".join(named[p] for p in has) for has in shown.problems],
        }
    )


def columns(currency: str, shown: pd.DataFrame) -> dict:
    """Column -> its configuration: name, format, and formula in its help. shown: the rows of the plan."""
    units = {"format": "%,.0f"}
    changed = "suggested_order_units" in _order(shown)
    numbers: dict[str, tuple[int, str, dict[str, Any]]] = {
        "inventory_position": (54, _("Stock"), units),
        "cover_weeks": (64, _("Weeks"), {"format": "%.1f"}),
        "suggested_order_units": (74, _("Suggested"), units),
        "excess_units": (64, own.heading("excess_units"), units),
        "reorder_point": (90, own.heading("reorder_point"), units),
        "order_up_to_level": (90, own.heading("order_up_to_level"), units),
    }
    found = {
        name: column.NumberColumn(label, width=width, help=f"**{own.heading(name)}.** {own.formula(name) or ''}", **form)
        for name, (width, label, form) in numbers.items()
    }
    amounts = {"line_cost": own.heading("line_cost"), "gain": own.heading("gain"), "lost_margin": _("At risk")}
    for name, label in amounts.items():
        help_ = f"**{own.heading(name)}.** {own.formula(name)}"
        found[name] = tables.money(label, currency, shown[f"{name}_cents"] / 100, width=72, help=help_)
    return found | {
        "title": column.TextColumn(_("Product"), width=166 if changed else 206),
        "order_by": column.DateColumn(own.heading("order_by"), width=92, format=day_format(), help=own.formula("order_by")),
        "risk": column.MultiselectColumn(
            own.heading("risk"),
            options=[own.risk(r) for r in own.RISKS],
            color=list(own.RISK_COLOURS.values()),
            width=106,
            help=own.formula("risk"),
        ),
        "supplier": column.TextColumn(_("Supplier"), width=126 if not changed else 96),
        "abc": column.TextColumn(_("Class"), width=50, help=f"{own.formula('abc')} {own.formula('xyz')}"),
        "status": column.TextColumn(_("Status"), width=100),
        "snooze_until": column.DateColumn(own.heading("snooze_until"), width=100, format=day_format()),
        "problems": column.TextColumn(_("Data issues"), width=160),
    }


def _order(shown: pd.DataFrame) -> list[str]:
    """Return the columns that these rows fill, as many as a narrow window shows: the product, its stock, the order. Selecting a row
    shows the rest."""
    nothing = pd.Series(dtype=float)
    asked_for = {
        "supplier": shown.supplier,
        "inventory_position": shown.inventory_position,
        "cover_weeks": shown.cover_weeks,
        "risk": shown.risk.replace("", None),
        "suggested_order_units": shown.suggested_order_units.where(shown.order_units != shown.suggested_order_units),
        "order_units": shown.order_units,
        "line_cost": shown.line_cost_cents,
        "gain": shown.gain_cents,
        "lost_margin": shown.lost_margin_cents if shown.gain_cents.isna().all() else nothing,
        "excess_units": shown.excess_units.where(shown.excess_units > 0),
        "order_by": shown.order_by,
        "reorder_point": shown.reorder_point.where(shown.suggested_order_units.isna()),
        "order_up_to_level": shown.order_up_to_level.where(shown.suggested_order_units.isna()),
        "status": shown.status if shown.status.nunique() > 1 else nothing,
        "snooze_until": shown.snooze_until,
    }
    return ["title", *(name for name, values in asked_for.items() if values.notna().any())]
