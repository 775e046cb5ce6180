"""What is ticked: why this many, and the planner's own quantity, snooze or terms, each with a reason."""

from __future__ import annotations

from datetime import date, timedelta

import pandas as pd
import streamlit as st

from core.capabilities.inventory import plan as plans
from core.capabilities.inventory.control import COST
from core.errors import UserError
from core.storage.state import REASONS, Override
from dashboard import actions, data, labels
from dashboard.components import cards
from dashboard.components.inventory import bulk, edits
from dashboard.components.inventory import labels as own
from dashboard.i18n import _, absent, day, exact, n_, number, percent, plain, shortened, spoken

TERMS_HOLD_DAYS = 90
MOST_HELD = 10  # changes of the chosen products that are listed; the tab of changes has all
_LAST = "_last_change"
KINDS = ("order_units", "snooze_until", "terms")


def chosen(plan: pd.DataFrame, currency: str) -> None:
    """Show the panel of the rows that are ticked, or whose quantity was typed and is not saved."""
    rows = plan[plan.product_id.isin(edits.chosen())]
    if rows.empty and not edits.unsaved():
        return
    with st.container(border=True, key="plan_panel"):
        left, right = cards.halves()
        with left:
            if len(rows) == 1:
                _explained(rows.iloc[0], currency)
            elif len(rows):
                _several(rows)
        with right if len(rows) else left:
            if edits.unsaved():
                _typed(plan)
                _form_of_typed(plan)
            else:
                _form(rows)
        _held(rows)


def undo() -> None:
    """Show what was just saved in this session, with a way back."""
    last = st.session_state.get(_LAST)
    if not last:
        return
    with st.container(horizontal=True, vertical_alignment="center", width="content"):
        st.markdown(":material/check: " + n_("{count} change saved.", "{count} changes saved.", len(last)))
        st.button(_("Undo"), key="undo", type="tertiary", icon=":material/undo:", on_click=_undo)


def _undo() -> None:
    actions.undo(st.session_state.pop(_LAST))


def _explained(row: pd.Series, currency: str) -> None:
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(f"**{plain(shortened(row.title, 60))}**")
        cards.product_link(row.product_id, _("Open"), icon=":material/arrow_forward:", icon_position="right")
    st.markdown(own.verdict(row, currency))
    for sentence in own.why(row, data.inventory_rules().target):
        st.markdown(sentence)
    if not absent(row.markdown_share):
        st.markdown(own.clearing(row.markdown_share, row.clear_by) + ".")
    for name in row.problems:
        title, done = own.problem(name)
        st.markdown(f":orange[:material/warning: **{title}**] {done}")
    facts = {
        own.heading("fill_rate"): percent(row.fill_rate),
        own.heading("cover_weeks"): _("{weeks} weeks").format(weeks=labels.weeks(row.cover_weeks)),
        own.heading("stockout_probability"): percent(row.stockout_probability),
        own.heading("lead_time_days"): exact(row.lead_time_days) + ("*" if row.lead_time_assumed else ""),
        _("Class"): f"{row.abc}{row.xyz}",
        own.heading("supplier"): plain(row.supplier) if not absent(row.supplier) else "–",
    }
    st.caption(" · ".join(f"{name} **{value}**" for name, value in facts.items()))


def _several(rows: pd.DataFrame) -> None:
    st.markdown("**" + n_("{count} product", "{count} products", len(rows)) + "**")
    st.markdown(
        _("{suggested} units are suggested in total; {order} are ordered.").format(
            suggested=number(rows.suggested_order_units.sum(), 0), order=number(rows.order_units.sum(), 0)
        )
    )
    st.caption(_("A change applies to each of these products."))


def _typed(plan: pd.DataFrame) -> None:
    titles = dict(zip(plan.product_id, plan.title))
    st.markdown("**" + n_("{count} quantity is not saved yet", "{count} quantities are not saved yet", len(edits.unsaved())) + "**")
    st.markdown(plain(edits.told(titles)))


def _form_of_typed(plan: pd.DataFrame) -> None:
    """Ask why the quantities typed into the list differ."""
    rows = plan[plan.product_id.isin(edits.unsaved())]
    as_of = data.meta().as_of.date()
    with st.form("change_typed", border=False):
        reason, comment = _because("typed")
        holds = _holds(as_of, _until(rows, as_of), "typed")
        with st.container(horizontal=True):
            saved = st.form_submit_button(
                n_("Save {count} quantity", "Save {count} quantities", len(rows)),
                type="primary",
                icon=":material/check:",
                key="change_save",
            )
            dropped = st.form_submit_button(_("Discard"), key="change_discard")
    if dropped:
        edits.start_over()
        st.rerun()
    if saved:
        given = [_units(product, units, holds) for product, units in edits.unsaved().items()] if holds else []
        save(given, reason, comment)


def _form(rows: pd.DataFrame) -> None:
    """Show one kind of change at a time; which one decides what the form asks for."""
    names = {"order_units": _("Quantity"), "snooze_until": _("Snooze"), "terms": _("Settings")}
    kind = st.segmented_control(
        _("Adjust"), KINDS, default=KINDS[0], required=True, key=spoken("change_kind"), format_func=names.__getitem__
    )
    as_of = data.meta().as_of.date()
    which = data.plan_version({"kind": kind, "chosen": list(rows.product_id)})  # another choice or plan starts with an empty form
    several = kind == "order_units" and len(rows) > 1
    units = bulk.new_quantities(rows, which) if several else None
    with st.form(f"change_{which}", border=False):
        if units is not None:
            given = _quantities(units, as_of, rows, which)
        else:
            given = {"order_units": _quantity, "snooze_until": _snooze, "terms": _terms}[kind](rows, as_of, which)
        reason, comment = _because(which)
        label = n_("Save {count} quantity", "Save {count} quantities", len(units)) if units is not None else _("Save")
        saved = st.form_submit_button(label, type="primary", icon=":material/check:", key="change_save")
    if saved and units is not None and units.empty:
        st.error(_("No quantity differs from the plan. Change the number."), icon=":material/error:")
    elif saved:
        save(given, reason, comment)


def _because(which: str) -> tuple[str, str]:
    """Ask for the reason of a change, a comment, and who makes it; return reason and comment."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        reason = reason_field(f"change_reason_{which}")
        comment = st.text_input(_("Comment"), key=f"change_comment_{which}", max_chars=300, width=210)
    st.text_input(_("Your name"), key="planner", persist_state="session", max_chars=60, width=210, placeholder=_("shown in the change log"))
    return reason, comment


def reason_field(key: str) -> str:
    return (
        st.selectbox(
            _("Reason (required)"),
            REASONS,
            index=None,
            key=spoken(key),
            placeholder=_("Choose one"),
            width=210,
            format_func=own.reason,
        )
        or ""
    )


def save(given: list[dict], reason: str, comment: str) -> None:
    """Save changes and rerun the page, or say what is missing. given: as actions.change takes them."""
    if not given:
        st.error(_("Fill in the value and the day."), icon=":material/error:")
        return
    if not reason:
        st.error(_("Choose a reason."), icon=":material/error:")
        return
    try:
        st.session_state[_LAST] = actions.change(given, reason, comment)
    except UserError as error:
        cards.problem(error, _("Something went wrong"))
        return
    edits.start_over()
    st.rerun()


def quantities(rows: pd.DataFrame, units: pd.Series) -> list[dict]:
    """Return the changes that set these units for these rows of the plan, until its next one."""
    holds = _until(rows, data.meta().as_of.date())
    return [_units(product, float(each), holds) for product, each in zip(rows.product_id, units)]


def _units(product: str, units: float, holds: date) -> dict:
    return {"scope": "product", "name": product, "field": "order_units", "value": units, "expires_on": holds}


def _until(rows: pd.DataFrame, as_of: date) -> date:
    """Until the next plan, which sees it on order; where the supplier takes it later than that, until it has gone out."""
    return as_of + timedelta(days=int(max(data.inventory_rules().review_days - 1, rows.wait_days.max())))


def _quantity(rows: pd.DataFrame, as_of: date, which: str) -> list[dict]:
    """Ask for the quantity of one product."""
    first = rows.iloc[0]
    pack = 1.0 if absent(first.pack_size) else float(first.pack_size)
    now = 0.0 if absent(first.order_units) else float(first.order_units)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        units = st.number_input(_("Order units"), min_value=0.0, value=now, step=pack, format="%g", key=f"change_units_{which}", width=210)
        holds = _holds(as_of, _until(rows, as_of), which)
    return [] if units is None or holds is None else [_units(first.product_id, units, holds)]


def _quantities(units: pd.Series, as_of: date, rows: pd.DataFrame, which: str) -> list[dict]:
    """Ask until when these quantities hold. units: by row of the plan."""
    holds = _holds(as_of, _until(rows, as_of), which)
    return [] if holds is None else [_units(product, float(each), holds) for product, each in zip(rows.product_id[units.index], units)]


def _snooze(rows: pd.DataFrame, as_of: date, which: str) -> list[dict]:
    until = st.date_input(
        _("Snooze until"),
        as_of + timedelta(days=7),
        min_value=as_of + timedelta(days=1),
        key=f"change_until_{which}",
        format="YYYY-MM-DD",
        width=210,
        help=_("Left out of the order until that day."),
    )
    if until is None:
        return []
    return [
        {"scope": "product", "name": p, "field": "snooze_until", "value": until.isoformat(), "expires_on": until - timedelta(days=1)}
        for p in rows.product_id
    ]


def _terms(rows: pd.DataFrame, as_of: date, which: str) -> list[dict]:
    places = [("product", p) for p in rows.product_id]
    wider = [("supplier", s) for s in rows.supplier.dropna().unique()] + [("class", c) for c in sorted(rows.abc.unique())]
    offered = [places] + [[place] for place in wider]
    told = [own.scope(*where[0]) if where is not places or len(places) == 1 else _("Selected products") for where in offered]
    for_ = st.selectbox(_("Applies to"), range(len(offered)), key=spoken(f"change_scope_{which}"), format_func=told.__getitem__, width=434)
    target = data.inventory_rules().target
    with st.container(horizontal=True, vertical_alignment="bottom"):
        level = st.number_input(
            _("Service level (%)"),
            min_value=50.0,
            max_value=99.9,
            value=None,
            step=0.5,
            format="%g",
            key=f"change_level_{which}",
            placeholder=f"{100 * rows.service_level.iloc[0]:.4g}",
            width=140,
            disabled=target == COST,
            help=own.asked_of_level(target),
        )
        lead = st.number_input(
            _("Lead time (days)"),
            min_value=1.0,
            value=None,
            step=1.0,
            format="%g",
            key=f"change_lead_{which}",
            placeholder=exact(rows.lead_time_days.iloc[0]),
            width=140,
        )
        holds = _holds(as_of, as_of + timedelta(days=TERMS_HOLD_DAYS), which)
    own_values = {"service_level": None if level is None else level / 100, "lead_time_days": lead}
    return [
        {"scope": scope, "name": name, "field": field, "value": value, "expires_on": holds}
        for scope, name in offered[for_]
        for field, value in own_values.items()
        if value is not None and holds is not None
    ]


def _holds(as_of: date, until: date, which: str) -> date | None:
    return st.date_input(
        _("Valid until"),
        until,
        min_value=as_of,
        key=f"change_holds_{which}",
        format="YYYY-MM-DD",
        width=140,
        help=_("Last day of data for which the change counts. Then the suggestion returns."),
    )


def _held(rows: pd.DataFrame) -> None:
    """Show what planners have set for these products, with a way back."""
    places = {("product", p) for p in rows.product_id} | {("supplier", s) for s in rows.supplier.dropna()}
    places |= {("class", c) for c in rows.abc}
    as_of = data.meta().as_of.date()
    held = [
        override
        for override in plans.standing(data.overrides(), data.purchase_orders())
        if (override.scope, override.name) in places and override.holds(as_of)
    ]
    for override in held[:MOST_HELD]:
        with st.container(horizontal=True, vertical_alignment="center"):
            st.markdown(f":material/edit_note: {_told(override)}")
            st.button(
                _("Undo"),
                key=f"take_back_{override.id}",
                type="tertiary",
                icon=":material/undo:",
                on_click=actions.take_back,
                args=(override.id,),
            )
    if more := max(len(held) - MOST_HELD, 0):
        cards.notes(n_("{count} more change is on the tab Changes.", "{count} more changes are on the tab Changes.", more))


def _told(override: Override) -> str:
    where = "" if override.scope == "product" else f"{plain(own.scope(override.scope, override.name))}: "
    because = f"{own.reason(override.reason)}" + (f" ({plain(override.comment)})" if override.comment else "")
    return _("{where}**{change}** · {reason} · {who}, {when} · valid until {until}").format(
        where=where,
        change=own.change(override),
        reason=because,
        who=plain(override.actor),
        when=day(override.at),
        until=day(override.expires_on),
    )
