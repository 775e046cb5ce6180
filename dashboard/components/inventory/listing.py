"""Finding and seeing: filters, totals of what they leave, the list itself."""

from __future__ import annotations

import math
from itertools import chain
from typing import Any

import pandas as pd
import streamlit as st

from core.capabilities.inventory.control import ENOUGH, NO_ORDER, ORDER_NOW
from core.capabilities.inventory.plan import CLASSES, SNOOZED, WITHHELD, select, total
from dashboard import address, data, labels
from dashboard.components import cards, tables
from dashboard.components.inventory import labels as own
from dashboard.i18n import _, absent, compact, money, n_, number, percent, plain, shortened

SHOWN = 500
ROW, ROWS_IN_VIEW = 36, 11
STATUSES = (ORDER_NOW, SNOOZED, ENOUGH, WITHHELD)
column = st.column_config


def filters(plan: pd.DataFrame, problems: list[str]) -> dict:
    """Show the filters, kept in the address; return them as core.capabilities.inventory.plan.select takes them. problems: existing ones."""
    there = {WITHHELD if s in NO_ORDER else s for s in plan.status.unique()}
    statuses = [s for s in STATUSES if s in there]
    suppliers = sorted(plan.supplier.dropna().unique())
    status = st.segmented_control(_("Status"), statuses, **address.one_of("status", statuses), format_func=labels.status)
    search = st.text_input(_("Search"), **address.text("q"), type="search", live="300ms", placeholder=_("Search by name or SKU"), width=140)
    chosen = (
        st.multiselect(_("Supplier"), suppliers, **address.some_of("supplier", suppliers), placeholder=_("All"), width=140)
        if suppliers
        else []
    )
    classes = st.pills(_("ABC"), CLASSES, **address.some_of("abc", CLASSES), selection_mode="multi", help=own.formula("abc"))
    problem = (
        st.selectbox(
            _("Issue"),
            problems,
            **address.one_of("problem", problems, None),
            placeholder=_("Any"),
            width=120,
            format_func=lambda name: own.problem(name)[0],
        )
        if problems
        else None
    )
    return {"status": status or "", "search": search.strip(), "suppliers": list(chosen), "classes": list(classes), "problem": problem or ""}


def budget(plan: pd.DataFrame, currency: str) -> float | None:
    """Show the budget field; return the budget in cents, None where it covers the whole list or no cost is known."""
    whole, reason = total(plan.line_cost_cents[plan.order_units > 0]), costless(plan)
    given = st.number_input(
        _("Budget"),
        min_value=0.0,
        value=None,
        step=1.0 if absent(whole) else max(float(round(whole / 2000)), 1.0),
        format="%.0f",
        **address.number("budget", 0.0),
        width=140,
        placeholder=money(whole, currency, short=True),
        disabled=bool(reason),
        help=reason
        or _(
            "For the whole order, regardless of filters. Your own quantities come first, then packs of the suggested "
            "orders by return per unit of money. Leave empty for the whole list."
        ),
    )
    return None if given is None or reason or 100 * given >= whole else 100 * given


def costless(plan: pd.DataFrame) -> str:
    """Return why a budget cannot apply, "" where it can."""
    return (
        ""
        if (plan.unit_cost_cents > 0).any()
        else _("No product has a known cost, so a budget can't be planned. Import a products file with unit_cost.")
    )


def bought(plan: pd.DataFrame, budget_cents: float, currency: str) -> None:
    """Show what the budget covers of the suggested orders. plan: the plan within the budget."""
    whole = data.plan_within(math.inf)
    due = plan.planner_order_units.isna() & plan.snooze_until.isna() & (plan.suggested_order_units > 0)
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


def said(asked: dict) -> list[tuple[str, str]]:
    """Return the filters in words, for the heading of a file."""
    told = [
        (_("Status"), labels.status(asked["status"]) if asked["status"] else _("All")),
        (_("Supplier"), ", ".join(asked["suppliers"]) or _("All")),
        (_("ABC"), ", ".join(asked["classes"]) or _("All")),
    ]
    told += [(_("Search"), asked["search"])] if asked["search"] else []
    return told + ([(_("Issue"), own.problem(asked["problem"])[0])] if asked["problem"] else [])


def totals(plan: pd.DataFrame, found: pd.DataFrame, asked: dict, currency: str) -> None:
    """Show what the filtered products come to; excess and problems are those of all statuses, since what is due has no excess."""
    around = select(plan, **asked | {"status": ""})
    ordered = found[found.order_units > 0]
    unpriced = int(ordered.line_cost_cents.isna().sum())
    whole = lambda cents: plain(money(total(cents), currency, short=True))  # noqa: E731
    with st.grid(5, min_column_width=150):
        st.metric(
            _("To order"),
            number(len(ordered), 0),
            border=True,
            height="stretch",
            help=_("{units} units. Your quantity where you changed it; snoozed products are left out.").format(
                units=compact(ordered.order_units.sum())
            ),
        )
        st.metric(
            _("Cost of the order"),
            whole(ordered.line_cost_cents),
            border=True,
            height="stretch",
            help=n_("{count} product without a cost is not included.", "{count} products without a cost are not included.", unpriced)
            if unpriced
            else own.formula("line_cost"),
        )
        st.metric(_("Margin at risk"), whole(ordered.lost_margin_cents), border=True, height="stretch", help=own.formula("lost_margin"))
        st.metric(_("Excess stock"), whole(around.excess_cost_cents), border=True, height="stretch", help=own.formula("excess_units"))
        st.metric(
            _("Data issues"),
            number(sum(map(bool, around.problems)), 0),
            border=True,
            height="stretch",
            help=_("Products with missing or impossible data. See Data issues."),
        )


def table(found: pd.DataFrame, currency: str, version: str) -> None:
    """Show the first rows; choosing some puts them into the session's `chosen`. version: changes with whatever changes the rows."""
    shown = found.head(SHOWN)
    key = f"plan_{version}"

    def choose() -> None:
        st.session_state.chosen = [shown.product_id.iloc[row] for row in st.session_state[key].selection.rows]

    st.dataframe(
        listed(shown),
        column_config=columns(currency),
        column_order=_order(shown),
        hide_index=True,
        key=key,
        on_select=choose,
        selection_mode="multi-row",
        row_height=ROW,
        placeholder="",
        height=min(38 + ROW * len(shown), 38 + ROW * ROWS_IN_VIEW),
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
            "gain_per_money": shown.gain_cents / shown.line_cost_cents,
            "snooze_until": shown.snooze_until,
            "reorder_point": shown.reorder_point,
            "order_up_to_level": shown.order_up_to_level,
            "problems": [", ".join(named[p] for p in has) for has in shown.problems],
        }
    )


def columns(currency: str) -> dict:
    """Column -> its configuration: name, format, and formula in its help."""
    units = {"format": "%,.0f"}
    numbers: dict[str, tuple[int, dict[str, Any]]] = {
        "suggested_order_units": (80, units),
        "planner_order_units": (84, units),
        "order_units": (64, units),
        "inventory_position": (132, units),
        "on_order_later": (108, units),
        "reorder_point": (90, units),
        "order_up_to_level": (90, units),
        "excess_units": (70, units),
        "cover_weeks": (108, {"format": _("%.1f wk")}),
    }
    found = {
        name: column.NumberColumn(own.heading(name), width=width, help=own.formula(name), **form) for name, (width, form) in numbers.items()
    }
    return found | {
        "title": column.TextColumn(_("Product"), width=200, pinned=True),
        "line_cost": tables.money(own.heading("line_cost"), currency, width=88, help=own.formula("line_cost")),
        "gain": tables.money(own.heading("gain"), currency, width=88, help=own.formula("gain")),
        "gain_per_money": column.NumberColumn(
            _("Gain ÷ cost"),
            format="%.2f",
            width=80,
            help=_("Expected gain per unit of money spent, for the packs within budget."),
        ),
        "lost_margin": tables.money(own.heading("lost_margin"), currency, width=112, help=own.formula("lost_margin")),
        "order_by": column.DateColumn(own.heading("order_by"), width=88, help=own.formula("order_by")),
        "goes_out": column.DateColumn(own.heading("goes_out"), width=88, help=own.formula("goes_out")),
        "stockout_probability": column.NumberColumn(
            own.heading("stockout_probability"), format="percent", step=0.01, width=72, help=own.formula("stockout_probability")
        ),
        "supplier": column.TextColumn(_("Supplier"), width=106),
        "abc": column.TextColumn(_("Class"), width=56, help=f"{own.formula('abc')} {own.formula('xyz')}"),
        "status": column.TextColumn(_("Status"), width=100),
        "snooze_until": column.DateColumn(own.heading("snooze_until"), width=100),
        "problems": column.TextColumn(_("Data issues"), width=160),
    }


def _order(shown: pd.DataFrame) -> list[str]:
    """Return the columns that these rows fill: the action, the cost of waiting, then the reason."""
    order = [
        "title",
        "suggested_order_units",
        "planner_order_units",
        "order_units",
        "line_cost",
        "gain",
        "gain_per_money",
        "lost_margin",
        "order_by",
        "goes_out",
        "cover_weeks",
        "stockout_probability",
        "inventory_position",
        "on_order_later",
        "excess_units",
        "reorder_point",
        "order_up_to_level",
        "abc",
        "supplier",
        "status",
        "snooze_until",
        "problems",
    ]
    empty = {
        name
        for name in (
            "supplier",
            "order_by",
            "snooze_until",
            "cover_weeks",
            "suggested_order_units",
            "stockout_probability",
            "inventory_position",
        )
        if shown[name].isna().all()
    }
    empty |= {name for name in ("line_cost", "lost_margin") if shown[f"{name}_cents"].isna().all()}
    empty |= set() if shown.suggested_order_units.isna().any() else {"reorder_point", "order_up_to_level"}  # all that is known of these
    empty |= {"order_units", "gain", "gain_per_money"} if shown.gain_cents.isna().all() else set()
    empty |= set() if (shown.wait_days > 0).any() else {"goes_out"}
    empty |= set() if (shown.on_order_later > 0).any() else {"on_order_later"}
    empty |= set() if (shown.excess_units > 0).any() else {"excess_units"}
    empty |= {"status"} if shown.status.nunique() == 1 else set()
    empty |= set() if shown.problems.map(bool).any() else {"problems"}
    return [name for name in order if name not in empty]
