"""The words that tables, models and pages share: drivers and their order as reasons, levels, weeks, signals, thresholds."""

from __future__ import annotations

ALL = "all"  # the segment of all customers
EVENT_KINDS = ("view", "cart", "wishlist", "search_click", "ad_impression", "ad_click")
MAP_KINDS = ("renamed", "merged", "successor", "separate")  # what an old product number is to the new one; separate: nothing
SIGNALS = ("orders", "views", "carts", "reviews")  # in order of preference

DEMAND_WEEKS = (1, 2, 4, 8, 13)
DEMAND_LEVELS = (0.025, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 0.975, 0.99)

DRIVERS = (
    "text",
    "reviews",
    "demand",
    "momentum",
    "audience",
    "attention",
    "price",
    "promotion",
    "season",
    "market",
    "newness",
    "graph",
    "segment",
)
# Attribution follows this order: possible reasons for a rise, then what sales show beyond them, then what visitors add to that.
# A group is credited with what it says beyond the groups before it (core/models/explain.py).
REASONS = (
    ("text", "reviews", "audience", "price", "promotion", "season", "market", "newness", "graph", "segment"),
    ("demand", "momentum"),
    ("attention",),
)
SALES_LEVEL = "demand"  # how much a product sells at all: it makes a rise visible, and is never named as a reason

LIKELY = 0.5  # from this chance on, a product is likely to rise or to fall
WORTH_SAYING = 0.25  # from this chance on, a product counts as about to rise: lower chances are not worth a merchandiser's time

assert sorted(d for group in REASONS for d in group) == sorted(DRIVERS)
