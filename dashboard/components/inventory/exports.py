"""Out of the door: orders a supplier, the list as it stands, and a page to print."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import streamlit as st

from core.capabilities.inventory import plan as plans
from dashboard import address, data, labels
from dashboard.components import exports
from dashboard.components.inventory import labels as own
from dashboard.components.inventory import listing
from dashboard.i18n import _, absent, day, exact, money, n_, number, plain

LISTED = (
    "product_id",
    "title",
    "supplier",
    "abc",
    "xyz",
    "status",
    "inventory_position",
    "cover_weeks",
    "stockout_probability",
    "lost_margin",
    "excess_units",
    "order_by",
    "suggested_order_units",
    "planner_order_units",
    "order_units",
    "line_cost",
    "reason",
    "comment",
    "changed_by",
    "snooze_until",
)
PRINTED = 500
PRINT_CSS = Path(__file__).parents[2] / "assets" / "print.css"


def buttons(found: pd.DataFrame, asked: dict, meta: pd.Series, budget: float | None) -> bool:
    """Show downloads of what the filters and the budget (cents) leave; return whether it is to be printed instead. Files are made when
    asked for; their words are chosen now, in this session's language."""
    template = {name: heading or own.heading(name) for name, heading in plans.order_columns(data.order_template()).items()}
    about, called, ordered = _about(found, asked, meta, budget), _called(), bool((found.order_units > 0).any())
    told = in_words(found)
    listed = headings() | ({} if budget is None else {"gain": own.heading("gain")})
    day_ = f"{meta.as_of:%Y-%m-%d}"
    st.download_button(
        _("Export purchase orders"),
        lambda: plans.orders_workbook(told, template, about, called),
        f"orders-{day_}.xlsx",
        exports.XLSX,
        key="orders_xlsx",
        type="primary",
        icon=":material/download:",
        on_click="ignore",
        disabled=not ordered,
        help=_("One sheet per supplier, with your quantities and without snoozed products."),
    )
    with st.popover(_("More"), icon=":material/more_horiz:", key="plan_more"):
        printing = st.toggle(_("Print view"), **address.flag("print"))
        every_supplier = {"supplier": own.heading("supplier")} | template
        st.download_button(
            _("Orders (CSV)"),
            lambda: plans.orders_csv(told, every_supplier),
            f"orders-{day_}.csv",
            "text/csv",
            key="orders_csv",
            on_click="ignore",
            disabled=not ordered,
            width="stretch",
        )
        exports.buttons(
            "plan", listed, lambda: in_money(told), about[3:], label=_("This list (CSV)"), excel=_("This list (Excel)"), width="stretch"
        )
    return printing


def headings() -> dict[str, str]:
    """Return the headings of a plan as a file."""
    return {name: own.heading(name) for name in LISTED}


def in_words(found: pd.DataFrame) -> pd.DataFrame:
    """Return a plan with its status and reasons in words of this session's language."""
    return found.assign(
        status=found.status.map({s: labels.status(s) for s in found.status.unique()}),
        reason=found.reason.map(own.reason, na_action="ignore"),
    )


def in_money(plan: pd.DataFrame) -> pd.DataFrame:
    """Return a plan with amounts in whole currency beside those in cents."""
    amounts = [name for name in plan if name.endswith("_cents")]
    return plan.assign(**{name.removesuffix("_cents"): plan[name] / 100 for name in amounts})


def to_print(found: pd.DataFrame, asked: dict, meta: pd.Series, budget: float | None) -> None:
    """Show today's orders as plain tables, one per supplier, which a browser prints completely."""
    st.html(PRINT_CSS)
    st.markdown("  \n".join(f"{label}: **{plain(value)}**" for label, value in _about(found, asked, meta, budget)))
    lines = found[found.order_units > 0].head(PRINTED)
    for supplier in plans.by_supplier(lines).supplier:
        mine = lines[lines.supplier.isna() if absent(supplier) else lines.supplier == supplier]
        st.subheader(_("No supplier") if absent(supplier) else plain(supplier), anchor=False)
        st.table(
            pd.DataFrame(
                {
                    own.heading("product_id"): mine.product_id.map(plain),
                    own.heading("title"): mine.title.map(plain),
                    own.heading("order_units"): mine.order_units.map(exact),
                    own.heading("packs"): mine.packs.map(exact),
                    own.heading("line_cost"): [plain(money(c, meta.currency)) for c in mine.line_cost_cents],
                    own.heading("order_by"): mine.order_by.map(day),
                    own.heading("comment"): [plain(c or "") for c in mine.comment],
                }
            ),
            border="horizontal",
            hide_index=True,
        )
    left = int((found.order_units > 0).sum()) - len(lines)
    if left:
        st.caption(n_("{count} more line is in the files only.", "{count} more lines are in the files only.", left))


def _about(found: pd.DataFrame, asked: dict, meta: pd.Series, budget: float | None) -> list[tuple[str, object]]:
    """Return the heading of a file or a printed page."""
    ordered = found[found.order_units > 0]
    made = pd.Timestamp.now(tz="UTC")
    return [
        (_("Shop"), data.settings().shop.name),
        (_("Data to"), day(meta.as_of)),
        (_("Forecast version"), meta.snapshot),
        (_("Created (UTC)"), f"{made:%Y-%m-%d %H:%M}"),
        (_("Changed by"), data.planner()),
        *listing.said(asked),
        *([] if budget is None else [(_("Budget"), money(budget, meta.currency))]),
        (_("Order lines"), number(len(ordered), 0)),
        (_("Cost of the order"), money(plans.total(ordered.line_cost_cents), meta.currency)),
    ]


def _called() -> dict[str, str]:
    return {
        "summary": _("Summary"),
        "no supplier": _("No supplier"),
        "supplier": _("Supplier"),
        "lines": _("Order lines"),
        "units": _("Units"),
        "cost": _("Cost"),
        "total": _("Total"),
    }
