"""Inventory control: what to order, when, with how much safety, and the cost of errors. Pure functions on arrays, one row per product.

distribution.py derives demand over any time from the forecast's quantiles. calendar.py computes
when orders can go out and open ones arrive. terms.py holds the facts about a product and the shop's rules. policy.py turns them into
levels and orders, buying.py ranks the orders under a budget, markdown.py estimates what a lower price would sell, and simulation.py
replays what the levels would have achieved.
"""

from core.capabilities.inventory.control.buying import BuyList, buy_list, supplier_totals
from core.capabilities.inventory.control.calendar import arriving, order_cycle
from core.capabilities.inventory.control.distribution import (
    MAX_COVER_WEEKS,
    Distribution,
    cover_weeks,
    lead_time_points,
    over,
    over_lead_time,
    quantile_over_lead_time,
)
from core.capabilities.inventory.control.markdown import PriceResponse, markdowns, price_response
from core.capabilities.inventory.control.policy import (
    ENOUGH,
    ORDER_NOW,
    STATUSES,
    Cycle,
    Horizon,
    Levels,
    Suggestions,
    horizon,
    levels,
    order_units,
    suggest,
)
from core.capabilities.inventory.control.simulation import Outcome, World, replay
from core.capabilities.inventory.control.terms import COST, CYCLE, NO_ORDER, PROBLEMS, SHOP, TARGETS, Rules, Terms, bounded, peaks

__all__ = [
    "COST",
    "CYCLE",
    "ENOUGH",
    "MAX_COVER_WEEKS",
    "NO_ORDER",
    "ORDER_NOW",
    "PROBLEMS",
    "SHOP",
    "STATUSES",
    "TARGETS",
    "BuyList",
    "Cycle",
    "Distribution",
    "Horizon",
    "Levels",
    "Outcome",
    "PriceResponse",
    "Rules",
    "Suggestions",
    "Terms",
    "World",
    "arriving",
    "bounded",
    "buy_list",
    "cover_weeks",
    "horizon",
    "lead_time_points",
    "levels",
    "markdowns",
    "order_cycle",
    "order_units",
    "over",
    "over_lead_time",
    "quantile_over_lead_time",
    "peaks",
    "price_response",
    "replay",
    "suggest",
    "supplier_totals",
]
