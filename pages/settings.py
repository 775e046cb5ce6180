"""How should Upswing work for this shop?"""

import streamlit as st

from dashboard import address, data, shop
from dashboard.components import cards, jobs
from dashboard.components import settings as parts
from dashboard.i18n import _

# data
groups = parts.groups()

# show: what waits, then one tab a group
if data.has_snapshot():
    cards.waiting_settings(waiting := shop.waiting_settings())
    parts.apply(waiting)
jobs.panel(("rescore", "retrain"), quiet=True)
names = {code: group.title for code, group in groups.items()}
for tab, (code, group) in zip(st.tabs(list(names.values()), **address.tab("group", names)), groups.items()):
    with tab:
        if code == "schedule":
            parts.planned()
        parts.form(code, group)
        if code == "notifications":
            parts.messages()
st.subheader(_("Back to default"), anchor=False)
parts.reset(groups)
st.subheader(_("Changes"), anchor=False)
parts.changes(groups)
