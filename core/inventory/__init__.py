"""What to order, when, how much safety is in it and what it costs to be wrong: pure functions on arrays, one row a product.

distribution.py reads demand over any time off the forecast's quantiles; calendar.py knows when orders can go out and open ones come in;
policy.py turns both into levels and orders; markdown.py knows what a lower price would sell.
"""

from core.inventory.calendar import arriving, order_cycle
from core.inventory.distribution import Distribution, cover_weeks, lead_time_points, over, over_lead_time
from core.inventory.markdown import PriceResponse, markdowns, price_response
from core.inventory.policy import (
    ENOUGH, NO_ORDER, ORDER_NOW, PROBLEMS, STATUSES, TARGETS, Levels, Rules, Suggestions, Terms, levels, order_units, suggest,
)

__all__ = ["ENOUGH", "NO_ORDER", "ORDER_NOW", "PROBLEMS", "STATUSES", "TARGETS", "Distribution", "Levels", "PriceResponse", "Rules",
           "Suggestions", "Terms", "arriving", "cover_weeks", "lead_time_points", "levels", "markdowns", "order_cycle", "order_units",
           "over", "over_lead_time", "price_response", "suggest"]
