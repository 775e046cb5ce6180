"""One change of the order quantities of several products: by a percentage or to a number, rounded to what can be ordered."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from core.capabilities.inventory import plan as plans
from dashboard.components import cards
from dashboard.i18n import _, money, n_, number, plain, spoken


def new_quantities(rows: pd.DataFrame, which: str) -> pd.Series:
    """Ask how the quantities of several products change, and show what they come to; return those that differ, by row of the plan."""
    ways = {"percent": _("By percentage"), "units": _("To a quantity")}
    with st.container(horizontal=True, vertical_alignment="bottom"):
        way = st.segmented_control(
            _("Change"), list(ways), default="percent", required=True, key=spoken(f"change_way_{which}"), format_func=ways.__getitem__
        )
        if way == "percent":
            amount = st.number_input(
                _("Change (%)"), min_value=-100.0, value=None, step=10.0, format="%g", key=f"change_percent_{which}", width=140
            )
        else:
            amount = st.number_input(
                _("Units per product"), min_value=0.0, value=None, step=1.0, format="%g", key=f"change_units_{which}", width=140
            )
    if amount is None:
        return rows.order_units.head(0)
    new = plans.scaled(rows, amount) if way == "percent" else plans.orderable(rows, pd.Series(amount, rows.index))
    changed = new.notna() & (new != rows.order_units)
    none = int((~(rows.order_units > 0)).sum()) if way == "percent" else 0
    currency = rows.currency.iloc[0]
    cost = lambda units: plain(money(plans.total(units * rows.unit_cost_cents.where(rows.unit_cost_cents > 0)), currency))  # noqa: E731
    st.markdown(
        n_(
            "{count} quantity changes: {before} → {after} units, {cost} → {new_cost}.",
            "{count} quantities change: {before} → {after} units, {cost} → {new_cost}.",
            int(changed.sum()),
            before=number(rows.order_units.sum(), 0),
            after=number(new.fillna(rows.order_units).sum(), 0),
            cost=cost(rows.order_units),
            new_cost=cost(new.fillna(rows.order_units)),
        )
    )
    cards.notes(
        _("Rounded to whole packs, at least each product's minimum order and at most its maximum."),
        n_("{count} product without an order stays as it is.", "{count} products without an order stay as they are.", none) if none else "",
    )
    return new[changed]
