"""What if service levels, lead times or demand were others: scenarios side by side, named and kept."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from core.errors import UserError
from core.inventory import COST
from core.plan import Scenario, select
from dashboard import acts, data
from dashboard.components import cards, tables
from dashboard.components.inventory import words as own
from dashboard.i18n import _, n_, percent

column = st.column_config


def show(plan: pd.DataFrame, asked: dict, currency: str) -> None:
    """Scenarios for the products that the filters leave, whatever their status: another demand makes others due."""
    asked = asked | {"status": ""}
    around = select(plan, **asked)
    cards.notes(n_("For the {count} product under these filters, of any status.",
                   "For the {count} products under these filters, of any status.", len(around)),
                _("Suggestions beside suggestions: your own quantities, snoozes and the budget don't count."))
    kept = data.scenarios()
    _form()
    if kept:
        st.multiselect(_("Kept scenarios"), list(kept), key="scenarios", placeholder=_("Choose some to compare"))
    tried = st.session_state.get("_tried")
    compared = [(_("Now"), Scenario()), *([(_("Tried"), tried)] if tried else [])]
    compared += [(name, kept[name]) for name in st.session_state.get("scenarios", []) if name in kept]
    if len(compared) > 1:
        with st.spinner(_("Planning…")):
            _table(around, compared, asked, currency)


def _form() -> None:
    by_cost = data.inventory_rules().target == COST
    with st.form("what_if", border=False), st.container(horizontal=True, vertical_alignment="bottom"):
        level = st.number_input(_("Service level (%)"), min_value=50.0, max_value=99.9, value=None, step=0.5, format="%g",
                                key="what_if_level", placeholder=_("as planned"), width=150, disabled=by_cost,
                                help=_("This shop orders by cost, which reads no service level.") if by_cost else None)
        lead = st.number_input(_("Lead times (% of now)"), min_value=1.0, value=100.0, step=10.0, format="%g", key="what_if_lead",
                               width=170)
        demand = st.number_input(_("Demand (% of now)"), min_value=1.0, value=100.0, step=10.0, format="%g", key="what_if_demand",
                                 width=170, help=_("A promotion or a shock: the demand of every week, with its spread."))
        name = st.text_input(_("Keep as"), max_chars=60, key="what_if_name", width=170, placeholder=_("a name, if it is to be kept"))
        compare = st.form_submit_button(_("Compare"), key="what_if_compare", icon=":material/compare_arrows:")
    if not compare:
        return
    wanted = Scenario(None if level is None else level / 100, (lead or 0.0) / 100, (demand or 0.0) / 100)
    try:
        wanted.check()
    except UserError as error:
        cards.problem(error, _("That could not be done"))
        return
    if not name.strip():
        st.session_state["_tried"] = wanted
        return
    acts.keep_scenario(name.strip(), wanted)
    st.session_state["_tried"] = None
    st.session_state.scenarios = list(dict.fromkeys([*st.session_state.get("scenarios", []), name.strip()]))
    st.rerun()


def _table(around: pd.DataFrame, compared: list[tuple[str, Scenario]], asked: dict, currency: str) -> None:
    found = [data.outlook(around.product_id, asked, scenario) for _name, scenario in compared]
    st.dataframe([{
        "name": name, "level": _("as planned") if s.service_level is None else percent(s.service_level), "lead": s.lead_time,
        "demand": s.demand, "to_order": o.to_order, "cost": o.order_cost_cents / 100, "stock": o.average_stock_cents / 100,
        "fill": o.fill_rate,
    } for (name, s), o in zip(compared, found)], column_config={
        "name": column.TextColumn(_("Scenario"), width=150), "level": column.TextColumn(own.heading("service_level"), width=100),
        "lead": column.NumberColumn(_("Lead times"), format="percent", width=90),
        "demand": column.NumberColumn(_("Demand"), format="percent", width=80),
        "to_order": column.NumberColumn(_("To order today"), format="%,d", width=110),
        "cost": tables.money(_("Cost of the order"), currency, width=130),
        "stock": tables.money(_("Average stock"), currency, width=130, help=_(
            "(Safety stock + half of a review's expected demand) × unit cost: what lies on the shelves on average when the shop keeps to "
            "its levels.")),
        "fill": column.NumberColumn(own.heading("fill_rate"), format="percent", step=0.001, width=90, help=own.formula("fill_rate"))},
        hide_index=True, width="content", key="what_if_table", alt=_("Scenarios side by side"))
