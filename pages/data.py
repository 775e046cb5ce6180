"""What do the forecasts rest on?"""

import pandas as pd
import streamlit as st

from dashboard import address, data, labels
from dashboard.components import cards, exports, import_history, importing, pictures
from dashboard.i18n import _, absent, day, day_format, number

if not data.has_snapshot():
    if importing.is_idle():
        cards.nothing_yet(here=True)
    importing.form()
    import_history.panel()
    address.end_page()

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
        _("Skipped rows"),
        number(rows.rows_dropped.sum(), 0),
        border=True,
        help=_("Rows that repeat what is already known, and purchases in an event log, which are stored as orders."),
    )
    st.metric(
        _("Rejected"),
        number(rows.rows_quarantined.sum(), 0),
        border=True,
        help=_("Rows that failed a check. They are stored with their reason and never used."),
    )
cards.notes(_("Demand signal: {signal}.").format(signal=labels.signal(meta.signal)))

st.subheader(_("Import history"), anchor=False)
if imports.empty:
    cards.nothing_here(_("No import has been recorded in this workspace."))
exports.dataframe(
    "imports",
    imports.assign(table=[labels.table(t) for t in imports.table_name]),
    {
        "file": column.TextColumn(_("File"), width=230),
        "table": column.TextColumn(_("Table"), width=170),
        "rows_read": column.NumberColumn(_("Read"), format="%,d", width=95),
        "rows_kept": column.NumberColumn(_("Kept"), format="%,d", width=95),
        "rows_dropped": column.NumberColumn(_("Skipped"), format="%,d", width=95),
        "rows_quarantined": column.NumberColumn(_("Rejected"), format="%,d", width=95),
        "first_day": column.DateColumn(_("Start date"), format=day_format(), width=115),
        "last_day": column.DateColumn(_("End date"), format=day_format(), width=115),
    },
    alt=_("Imported files"),
)

left, right = st.columns([3, 2], gap="medium")  # four columns of reasons beside two of days
with left:
    st.subheader(_("Rejected rows"), anchor=False)
    if rejected.empty:
        cards.nothing_here(_("No rejected rows."))
    else:
        exports.dataframe(
            "rejected-rows",
            rejected.assign(table=[labels.table(t) for t in rejected.table_name], reason=[labels.rejected(r) for r in rejected.detail]),
            {
                "reason": column.TextColumn(_("Reason"), width=190),
                "rows_quarantined": column.NumberColumn(_("Rows"), format="%,d", width=75),
                "table": column.TextColumn(_("Table"), width=160),
                "file": column.TextColumn(_("File"), width=125),
            },
            alt=_("Reasons for rejected rows"),
        )
with right:
    st.subheader(_("Latest data"), anchor=False)
    fresh = [
        {_("Table"): labels.table(r.table_name), _("Last day"): day(r.detail if absent(r.last_day) else r.last_day)}
        for r in parts["freshness"].itertuples()
    ]
    if fresh:
        exports.table("latest-data", pd.DataFrame(fresh))

st.subheader(_("Improve your forecasts"), anchor=False)
if parts["missing"].empty:
    cards.nothing_here(_("Your shop provides all the data that Upswing can use."))
else:
    cards.notes(_("Files you have not imported yet, and what each would add:"))
    missing = [
        {_("Table"): labels.table(r.table_name), _("Adds"): labels.table_adds(r.table_name, r.detail or "")}
        for r in parts["missing"].itertuples()
    ]
    exports.table("not-imported", pd.DataFrame(missing))
if not parts["absent"].empty:
    cards.notes(
        _("No data, so not in any forecast: {drivers}.").format(drivers=_(", ").join(labels.driver(d) for d in parts["absent"].detail))
    )
importing.form()
import_history.panel()
pictures.form()
