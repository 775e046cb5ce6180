"""What do the forecasts rest on?"""

import streamlit as st

from dashboard import data, labels
from dashboard.components import cards, uploads
from dashboard.i18n import _, absent, day, number, plain

if not data.has_snapshot():
    cards.nothing_yet()
    uploads.form()
    st.stop()

# data
quality, meta = data.ask("quality"), data.meta()
parts = {kind: quality[quality.kind == kind] for kind in ("import", "rejected", "missing", "freshness", "absent")}
rows, rejected = parts["import"], parts["rejected"]
imports = quality[quality.kind.isin(("import", "retold"))].sort_values(["file", "table_name"])

# show
column = st.column_config
with st.grid(4, min_column_width=190):
    st.metric(_("Rows read"), number(rows.rows_read.sum(), 0), border=True)
    st.metric(_("Rows kept"), number(rows.rows_kept.sum(), 0), border=True)
    st.metric(
        _("Rows left out"),
        number(rows.rows_dropped.sum(), 0),
        border=True,
        help=_("Rows that say what is known already; and purchases in a log of events, which are kept as orders."),
    )
    st.metric(
        _("Set aside"),
        number(rows.rows_quarantined.sum(), 0),
        border=True,
        help=_("Rows that failed a check. They are kept apart with their reason and never used."),
    )
cards.notes(_("Interest is read from: {signal}.").format(signal=labels.said(labels.SIGNALS, meta.signal)))

st.subheader(_("What was imported"), anchor=False)
if imports.empty:
    cards.nothing_here(_("This workspace keeps no record of an import."))
st.dataframe(
    imports.assign(table=[labels.table(t) for t in imports.table_name]),
    column_config={
        "file": column.TextColumn(_("File"), width=230),
        "table": column.TextColumn(_("Table"), width=170),
        "rows_read": column.NumberColumn(_("Read"), format="%,d", width=95),
        "rows_kept": column.NumberColumn(_("Kept"), format="%,d", width=95),
        "rows_dropped": column.NumberColumn(_("Left out"), format="%,d", width=95),
        "rows_quarantined": column.NumberColumn(_("Set aside"), format="%,d", width=95),
        "first_day": column.DateColumn(_("First day"), width=105),
        "last_day": column.DateColumn(_("Last day"), width=105),
    },
    column_order=("file", "table", "rows_read", "rows_kept", "rows_dropped", "rows_quarantined", "first_day", "last_day"),
    hide_index=True,
    placeholder="",
    alt=_("Imported files"),
)

left, right = st.columns([3, 2], gap="medium")  # four columns of reasons beside two of days
with left:
    st.subheader(_("Why rows were set aside"), anchor=False)
    if rejected.empty:
        cards.nothing_here(_("Every row passed."))
    else:
        st.dataframe(
            rejected.assign(table=[labels.table(t) for t in rejected.table_name], reason=[labels.rejected(r) for r in rejected.detail]),
            column_config={
                "reason": column.TextColumn(_("Reason"), width=190),
                "rows_quarantined": column.NumberColumn(_("Rows"), format="%,d", width=75),
                "table": column.TextColumn(_("Table"), width=160),
                "file": column.TextColumn(_("File"), width=125),
            },
            column_order=("reason", "rows_quarantined", "table", "file"),
            hide_index=True,
            placeholder="",
            alt=_("Reasons for which rows were set aside"),
        )
with right:
    st.subheader(_("How fresh it is"), anchor=False)
    st.table(
        {labels.table(r.table_name): day(r.last_day if not absent(r.last_day) else r.detail) for r in parts["freshness"].itertuples()},
        border="horizontal",
    )

st.subheader(_("What would help"), anchor=False)
if parts["missing"].empty:
    cards.nothing_here(_("The shop gives everything that Upswing can use."))
else:
    cards.notes(_("Files that the shop has not given yet, and what each would add to the forecasts:"))
    st.table(
        {
            f"**{labels.table(r.table_name)}**": plain(labels.table_adds(r.table_name, r.detail or ""))
            for r in parts["missing"].itertuples()
        },
        border="horizontal",
    )
if not parts["absent"].empty:
    cards.notes(
        _("Without data, and so left out of every forecast: {drivers}.").format(
            drivers=_(", ").join(labels.driver(d) for d in parts["absent"].detail)
        )
    )
uploads.form()
