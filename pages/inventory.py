"""What do I have to order, and by when?"""

import streamlit as st

from dashboard import address, data, shop
from dashboard.components import cards, replays
from dashboard.components.inventory import orders, purchase_orders, sections, whatif
from dashboard.i18n import _

# data
meta = data.meta()
with st.spinner(_("Planning…")):
    plan, problems = data.plan(), data.plan_problems()
if plan.empty:
    cards.nothing_here(_("This update has no order suggestions."))
    address.end_page()
cards.waiting_settings(shop.waiting_settings())

# show
cards.open_tab(
    "section",
    {
        "orders": (_("Orders"), lambda: orders.show(problems, meta)),
        "purchase-orders": (_("Purchase orders"), lambda: purchase_orders.show(meta)),
        "suppliers": (_("By supplier"), lambda: orders.by_supplier(problems, meta)),
        "stop": (_("Stop ordering"), lambda: sections.stop(plan, meta.currency)),
        "changes": (_("Changes"), lambda: sections.changes(plan)),
        "what-if": (_("What-if"), lambda: whatif.show(orders.filtered(problems, meta.currency), meta.currency)),
        "replay": (_("Simulate last year"), lambda: replays.replay(data.last_done("simulate"), meta.currency)),
    },
)
