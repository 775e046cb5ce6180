"""What to order, when, how much safety is in it and what it costs to be wrong: pure functions on arrays, one row a product.

distribution.py reads demand over any time off the forecast's quantiles; policy.py turns it into levels and orders.
"""

from core.inventory.distribution import Distribution, cover_weeks, lead_time_points, over, over_lead_time
from core.inventory.policy import (
    COST, ENOUGH, NO_ORDER, ORDER_NOW, PROBLEMS, STATUSES, TARGETS, Levels, Rules, Suggestions, Terms, levels, order_units, suggest,
)

__all__ = ["COST", "ENOUGH", "NO_ORDER", "ORDER_NOW", "PROBLEMS", "STATUSES", "TARGETS", "Distribution", "Levels", "Rules", "Suggestions",
           "Terms", "cover_weeks", "lead_time_points", "levels", "order_units", "over", "over_lead_time", "suggest"]
