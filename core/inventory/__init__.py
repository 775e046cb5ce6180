"""What to order, when, how much safety is in it and what it costs to be wrong: pure functions on arrays, one row a product.

textbook.py has the formulas as the books print them. distribution.py reads demand over any time off the forecast's quantiles; policy.py
turns it into levels and orders, buying.py ranks the orders under a budget, simulation.py replays what they would have achieved.
"""

from core.inventory.buying import BuyList, buy_list, supplier_totals
from core.inventory.distribution import Distribution, cover_weeks, lead_time_points, over, over_lead_time
from core.inventory.policy import (
    ENOUGH, NO_ORDER, ORDER_NOW, PROBLEMS, STATUSES, TARGETS, Levels, Rules, Suggestions, Terms, bounded, levels, order_units, peaks, suggest,
)
from core.inventory.simulation import Outcome, World, replay

__all__ = [
    "ENOUGH", "NO_ORDER", "ORDER_NOW", "PROBLEMS", "STATUSES", "TARGETS", "BuyList", "Distribution", "Levels", "Outcome", "Rules", "Suggestions",
    "Terms", "World", "bounded", "buy_list", "cover_weeks", "lead_time_points", "levels", "order_units", "over", "over_lead_time", "peaks", "replay", "suggest",
    "supplier_totals",
]
