"""What if service levels, lead times, demand or the money were others: scenarios side by side, named and kept."""

from __future__ import annotations

from typing import Any

import pandas as pd
import streamlit as st

from core.capabilities.inventory.control import COST
from core.capabilities.inventory.plan import Scenario, select
from core.schema import DEMAND_WEEKS
from dashboard import actions, address, data, scenarios
from dashboard.components import cards, exports, tables
from dashboard.components.inventory import labels as own
from dashboard.components.inventory import listing, panel
from dashboard.i18n import _, money, n_, percent, plain, shortened

column = st.column_config


def show(view, currency: str) -> None:
    """Show scenarios for the products that the filters leave, whatever their status: another demand makes others due. view: as
    orders.filtered gives it."""
    plan, asked = data.plan(), view.asked | {"status": ""}
    around = select(plan, **asked)
    cards.notes(
        n_(
            "For the {count} product that matches these filters, whatever its status.",
            "For the {count} products that match these filters, whatever their status.",
            len(around),
        ),
        _("Compares suggestions only. Your edits are ignored, and only the scenario's own budget counts."),
    )
    kept = scenarios.kept()
    tried, sent = _form(plan)
    if kept:
        st.multiselect(_("Saved scenarios"), list(kept), **address.some_of("scenarios", kept), placeholder=_("Choose scenarios to compare"))
    named = {name: kept[name] for name in st.session_state.get("scenarios", []) if name in kept}
    compared = [(_("Current"), Scenario())]
    compared += [(_("Scenario"), tried)] if tried not in (Scenario(), *named.values()) else []
    compared += named.items()
    if len(compared) > 1:
        with st.spinner(_("Planning…")):
            _table(around, compared, asked, currency)
            _changes(around, compared[-1], asked, currency)
    elif sent:
        cards.nothing_here(_("Nothing differs from the plan. Change a value to compare."))


def _form(plan: pd.DataFrame) -> tuple[Scenario, bool]:
    """Show the fields of a scenario, which the address keeps; save it where it has a name. Return it, and whether it was just sent."""
    target, costless = data.inventory_rules().target, listing.costless(plan)
    form, fields, last = st.form("what_if", border=False), address.Form(), DEMAND_WEEKS[-1]
    with form, st.container(horizontal=True, vertical_alignment="bottom"):
        level = st.number_input(
            _("Service level (%)"),
            min_value=50.0,
            max_value=99.9,
            value=None,
            step=0.5,
            format="%g",
            **fields.field(address.number("what_if_level", 50.0, 99.9)),
            placeholder=_("as planned"),
            width=150,
            disabled=target == COST,
            help=own.asked_of_level(target),
        )
        lead = _share(fields, "what_if_lead", _("Lead times (% of current)"))
        demand = _share(fields, "what_if_demand", _("Demand (% of current)"), help=_("Changes the demand of every week, and its spread."))
        budget = st.number_input(
            _("Budget"),
            min_value=0.0,
            value=None,
            step=100.0,
            format="%.0f",
            **fields.field(address.number("what_if_budget", 0.0)),
            width=150,
            placeholder=_("the whole list"),
            disabled=bool(costless),
            help=costless or _("Best return on the money spent comes first."),
        )
    with form, st.container(horizontal=True, vertical_alignment="bottom"):
        promotion = _share(
            fields,
            "what_if_promotion",
            _("Promotion (% of demand)"),
            help=_("Changes the demand of these weeks only, and its spread."),
        )
        weeks: Any = st.slider(
            _("Promotion weeks"),
            1,
            last,
            **fields.field(address.span("what_if_weeks", 1, last, (1, 4))),
            width=250,
            help=_("Week 1 starts on the day after the last day of data."),
        )
        name = st.text_input(_("Save as (optional)"), max_chars=60, key="what_if_name", width=170, placeholder=_("Name (optional)"))
        sent = st.form_submit_button(_("Compare"), key="what_if_compare", icon=":material/compare_arrows:", on_click=fields.send)
    first_week, last_week = weeks if promotion != 100 else (1, last)
    scenario = Scenario(
        service_level=None if level is None or target == COST else level / 100,
        lead_time=lead / 100,
        demand=demand / 100,
        promotion=promotion / 100,
        promoted_from=first_week,
        promoted_to=last_week,
        budget_cents=None if budget is None or costless else budget * 100,
    )
    if sent and name.strip():
        actions.keep_scenario(name.strip(), scenario)
        address.put(scenarios=list(dict.fromkeys([*st.session_state.get("scenarios", []), name.strip()])))
        st.rerun()
    return scenario, sent


def _share(fields: address.Form, key: str, label: str, **more: Any) -> float:
    """Show a field for a percentage of what is now; an emptied one means no change."""
    bound = fields.field(address.number(key, 1.0, default=100.0))
    return st.number_input(label, min_value=1.0, value=None, step=10.0, format="%g", width=170, **bound, **more) or 100.0


def _table(around: pd.DataFrame, compared: list[tuple[str, Scenario]], asked: dict, currency: str) -> None:
    found = [scenarios.outlook(around.product_id, asked, scenario) for _name, scenario in compared]
    exports.dataframe(
        "scenarios",
        pd.DataFrame(
            [
                {
                    "name": name,
                    "level": _("as planned") if s.service_level is None else own.level(s.service_level),
                    "lead": s.lead_time,
                    "demand": s.demand,
                    "promotion": _promotion(s),
                    "budget": "" if s.budget_cents is None else money(s.budget_cents, currency),
                    "to_order": o.to_order,
                    "cost": o.order_cost_cents / 100,
                    "stock": o.average_stock_cents / 100,
                    "fill": o.fill_rate,
                }
                for (name, s), o in zip(compared, found)
            ]
        ),
        {
            "name": column.TextColumn(_("Scenario"), width=130),
            "level": column.TextColumn(own.heading("service_level"), width=90),
            "lead": column.NumberColumn(_("Lead times"), format="percent", width=90),
            "demand": column.NumberColumn(_("Demand"), format="percent", width=80),
            "promotion": column.TextColumn(_("Promotion"), width=130),
            "budget": column.TextColumn(_("Budget"), width=90),
            "to_order": column.NumberColumn(_("To order"), format="%,d", width=95),
            "cost": tables.money(_("Cost of the order"), currency, width=110),
            "stock": tables.money(
                _("Average stock"),
                currency,
                width=110,
                help=_(
                    "(Safety stock + half of an order cycle's expected demand) × unit cost: the average stock value if "
                    "the shop orders by these levels."
                ),
            ),
            "fill": column.NumberColumn(own.heading("fill_rate"), format="percent", step=0.001, width=90, help=own.formula("fill_rate")),
        },
        width="content",
        placeholder="–",
        alt=_("Compare scenarios"),
    )


def _changes(around: pd.DataFrame, last: tuple[str, Scenario], asked: dict, currency: str) -> None:
    """List the products whose order the last scenario changes, and offer to adopt its quantities as the plan."""
    panel.undo()
    name, scenario = last
    units = around.product_id.map(scenarios.scenario_orders(around.product_id, asked, scenario))
    rows = around.assign(then=units, more=units - around.order_units)
    rows = rows[(rows.more != 0) & rows.more.notna() & rows.snooze_until.isna()].sort_values("more", key=abs, ascending=False)
    st.markdown(
        "**"
        + n_("{name} changes the order of {count} product", "{name} changes the order of {count} products", len(rows), name=plain(name))
        + "**"
    )
    if rows.empty:
        return
    costs = rows.more * rows.unit_cost_cents.where(rows.unit_cost_cents > 0) / 100
    exports.dataframe(
        "scenario-changes",
        rows.assign(title=[shortened(t, 90) for t in rows.title], now=rows.order_units, cost=costs),
        {
            "product_id": column.TextColumn(own.heading("product_id")),
            "title": column.TextColumn(_("Product"), width=300),
            "supplier": column.TextColumn(_("Supplier"), width=180),
            "now": column.NumberColumn(_("Plan"), format="%,.0f", width=80),
            "then": column.NumberColumn(_("Scenario"), format="%,.0f", width=90),
            "more": column.NumberColumn(_("Change"), format="%+,.0f", width=80),
            "cost": tables.money(_("Change in cost"), currency, costs, width=120),
        },
        hidden=["product_id"],
        width="content",
        placeholder="–",
        alt=_("Products whose order the scenario changes"),
    )
    with st.form("adopt", border=False), st.container(horizontal=True, vertical_alignment="bottom"):
        reason = panel.reason_field("adopt_reason")
        adopted = st.form_submit_button(_("Adopt as plan"), type="primary", icon=":material/check:", key="adopt_save")
    if adopted:
        panel.save(panel.quantities(rows, rows.then), reason, _("Scenario: {name}").format(name=name))


def _promotion(scenario: Scenario) -> str:
    return (
        ""
        if scenario.promotion == 1
        else _("{share}, weeks {first} to {last}").format(
            share=percent(scenario.promotion), first=scenario.promoted_from, last=scenario.promoted_to
        )
    )
