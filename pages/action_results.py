"""Did what we did pay?"""

import streamlit as st

from dashboard import data, kept
from dashboard.components import action_results, choice_results
from dashboard.i18n import _

# data
results = action_results.current(data.ask("action_results"), kept.actions())
choices = data.ask("choice_results")
waiting = action_results.waiting(results, kept.actions())

# show
st.markdown(action_results.verdict(results))
action_results.judged(results)
action_results.totals(results)
choice_results.show(choices)
left, right = st.columns([3, 2], gap="medium")
with left:
    st.subheader(_("Running and waiting"), anchor=False)
    action_results.running(waiting)
with right:
    st.subheader(_("Record an action"), anchor=False)
    action_results.record()
