"""What to do by the plan: what to feature, to order and to stop."""

from __future__ import annotations

import pandas as pd

from core.capabilities.inventory.control import NO_ORDER
from core.schema import LIKELY, WORTH_SAYING
from core.storage.queries import Serving

# Columns of the plan that the question needs.
_DECIDING = ["product_id", "status", "on_hand", "cover_weeks", "order_units", "order_by", "line_cost_cents"]
_DECIDING += ["excess_units", "excess_cost_cents"]


def stock_known(plan: pd.DataFrame) -> bool:
    """Return whether any product has a stock figure that orders can be planned from."""
    return bool((~plan.status.isin(NO_ORDER)).any())


def decisions(serving: Serving, plan: pd.DataFrame, limit: int) -> pd.DataFrame:
    """Return decisions by the plan, up to `limit` of each kind: the answer of the question `decisions`."""
    values = {"likely": LIKELY, "worth_saying": WORTH_SAYING, "limit": limit, "stock_known": stock_known(plan)}
    return serving.ask("decisions", {"plan": plan[_DECIDING]}, **values)
