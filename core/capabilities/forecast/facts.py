"""The fact behind a reason: of a driver's features, the most unusual one that points the way the driver pushes, as a message.

A fact is shown only where its direction is clear: more search clicks signal a rise, so they never explain a driver that lowers the
chance. Features whose effect depends on others are left out. The facts of text are its words.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from core.capabilities.forecast.words import DRIVERS
from core.features import definitions
from core.messages import Message, msg

LEVELS = (0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95)  # of the quantiles by which `strongest` knows what is unusual
_LONGEST_WORD = 24  # characters; the end of a long text is one piece and no word
_LEAST_STANDING = 0.15  # from the middle of all products: nearer values are ordinary, and no reason


@dataclass(frozen=True)
class Fact:
    """The sentence of a feature. way: 1 where higher values signal a rise, -1 where lower ones do. unit: the format of its value.

    beyond: said instead of a share above 100%. only: the sign of the attributions that it explains, 0 = of both.
    spare: said only where no other fact of the driver points its way.
    """

    driver: str
    feature: str
    way: int
    unit: str
    said: Message
    beyond: Message | None = None
    only: int = 0
    spare: bool = False


TIMES, SHARE, COUNT, CHANGE, WEEKS, STATE = "times", "share", "count", "change", "weeks", "state"
# WEEKS: of a feature in days. STATE: said without its value where that is above 0.

_FACTS = (
    Fact("reviews", "reviews_month", 1, TIMES, msg("Reviews {value} in 4 weeks")),
    Fact("reviews", "reviews_28d", 1, COUNT, msg("Reviews in 4 weeks: {value}"), only=1, spare=True),
    Fact("reviews", "rating_change", 1, CHANGE, msg("Rating {value} stars in 6 weeks")),
    Fact("reviews", "sentiment_change", 1, CHANGE, msg("Review sentiment {value} points")),
    Fact("demand", "own_pace", 1, COUNT, msg("{value} orders a week")),
    Fact("demand", "out_of_stock_56d", -1, SHARE, msg("Out of stock {value} of 8 weeks")),
    Fact("demand", "returned_share", -1, SHARE, msg("{value} of units returned"), msg("More units returned than sold")),
    Fact("demand", "days_since_last", -1, COUNT, msg("No order for {value} days")),
    Fact("momentum", "recent_lift", 1, TIMES, msg("Orders {value} vs usual")),
    Fact("momentum", "month_on_month", 1, TIMES, msg("Orders {value} in 4 weeks")),
    Fact("momentum", "fortnight_on_base", 1, TIMES, msg("Orders {value} in 2 weeks")),
    Fact("momentum", "week_on_month", 1, TIMES, msg("Orders {value} last week")),
    Fact("momentum", "base_on_half_year", 1, TIMES, msg("Orders {value} in 8 weeks")),
    Fact("momentum", "whole_recent_lift", 1, TIMES, msg("Orders of all customers {value} vs usual"), spare=True),
    Fact("momentum", "units_week_on_month", 1, TIMES, msg("Units {value} last week"), spare=True),
    Fact("momentum", "lead_segment_trend", 1, TIMES, msg("Orders {value} in one customer group"), only=1, spare=True),
    Fact("audience", "segments_28d", 1, COUNT, msg("Bought by {value} customer groups")),
    Fact("audience", "largest_order_share", -1, SHARE, msg("{value} of units in one order")),
    Fact("attention", "search_month", 1, TIMES, msg("Search clicks {value} in 4 weeks")),
    Fact("attention", "views_month", 1, TIMES, msg("Views {value} in 4 weeks")),
    Fact("attention", "carts_month", 1, TIMES, msg("Carts {value} in 4 weeks")),
    Fact("attention", "wishes_month", 1, TIMES, msg("Wish lists {value} in 4 weeks")),
    Fact("attention", "search_week", 1, TIMES, msg("Search clicks {value} last week")),
    Fact("attention", "views_week", 1, TIMES, msg("Views {value} last week")),
    Fact("attention", "carts_week", 1, TIMES, msg("Carts {value} last week")),
    Fact("attention", "views_28d", 1, COUNT, msg("Views in 4 weeks: {value}"), only=1, spare=True),
    Fact("attention", "cart_rate", 1, SHARE, msg("Cart rate {value}"), spare=True),
    Fact("price", "price_change", -1, TIMES, msg("Price {value} in 2 weeks")),
    Fact("price", "price_drift", -1, TIMES, msg("Price {value} in 8 weeks")),
    Fact("price", "discount_14d", 1, SHARE, msg("{value} discount in 2 weeks")),
    Fact("price", "discount_56d", 1, SHARE, msg("{value} discount in 8 weeks")),
    Fact("price", "discount_56d", -1, SHARE, msg("{value} discount in 8 weeks"), only=-1),  # sales that the next weeks do not repeat
    Fact("promotion", "promo_discount", 1, SHARE, msg("{value} off in a promotion")),
    Fact("promotion", "promo_days_28d", 1, COUNT, msg("{value} of 28 days on promotion")),
    Fact("promotion", "days_since_promo", 1, COUNT, msg("Promotion ended {value} days ago"), only=-1),
    Fact("season", "year_ago_lift", 1, TIMES, msg("Next 4 weeks last year {value}")),
    Fact("season", "year_ago_share", 1, TIMES, msg("Next 4 weeks last year {value} vs now")),
    Fact("season", "year_ago_near_lift", 1, TIMES, msg("Same weeks last year {value}")),
    Fact("season", "category_year_ago_lift", 1, TIMES, msg("Category last year {value}")),
    Fact("market", "category_growth", 1, TIMES, msg("Category orders {value} in 4 weeks")),
    Fact("market", "category_lift", 1, TIMES, msg("Category orders {value} vs usual")),
    Fact("market", "search_interest_change", 1, TIMES, msg("Search interest {value} in 2 weeks")),
    Fact("market", "search_interest_week", 1, TIMES, msg("Search interest {value} last week")),
    Fact("market", "category_search_change", 1, TIMES, msg("Category interest {value} in 2 weeks")),
    Fact("market", "sales_rank", -1, COUNT, msg("Market sales rank {value}"), spare=True),
    Fact("segment", "segment_affinity", 1, TIMES, msg("Share of this group's orders {value} vs all customers")),
    Fact("newness", "days_on_sale", -1, WEEKS, msg("On sale for {value} weeks")),
    Fact("graph", "neighbours_recent_lift", 1, TIMES, msg("Similar products {value} vs usual")),
    Fact("graph", "neighbours_trend", 1, TIMES, msg("Similar products {value} in 2 weeks")),
    Fact("graph", "neighbours_year_ago_lift", 1, TIMES, msg("Similar products last year {value}")),
    Fact("graph", "neighbours_surging", 1, SHARE, msg("{value} of similar products surging")),
    Fact("graph", "linked_recent_lift", 1, TIMES, msg("Linked products {value} vs usual")),
    Fact("graph", "linked_trend", 1, TIMES, msg("Linked products {value} in 2 weeks")),
    Fact("graph", "linked_surges", 1, STATE, msg("Linked products are surging"), only=1, spare=True),
)
FEATURES = tuple(dict.fromkeys(fact.feature for fact in _FACTS))
_MEANINGS = {feature.name: feature.meaning for feature in definitions.FEATURES}


def strongest(
    driver: str, push: float, values: Mapping[str, float], spread: Mapping[str, Sequence[float]]
) -> tuple[Message, Message] | None:
    """Return the strongest fact behind a driver's attribution and what its feature measures; None where nothing unusual points its way.

    push: the attribution. values: the product's features by name. spread: each feature's quantiles over all products at LEVELS.
    """
    found = []
    for fact in _FACTS:
        explains = fact.driver == driver and fact.only * push >= 0
        if explains and fact.feature in values and fact.feature in spread:
            value, way = values[fact.feature], fact.way if push > 0 else -fact.way
            unusual = way * (_standing(value, spread[fact.feature]) - 0.5)
            written = _written(value, fact.unit, way)
            if written and unusual > _LEAST_STANDING:
                size = abs(math.log(max(value, 0.01))) if fact.unit == TIMES else 0.0
                said = fact.beyond if fact.beyond and value > 1 else Message(fact.said.template, {"value": written})
                found.append((not fact.spare, unusual, size, said, Message(_MEANINGS[fact.feature])))
    return max(found, key=lambda one: one[:3])[3:] if found else None


def words(push: float, pushes: Sequence[tuple[str, float]]) -> tuple[Message, Message] | None:
    """Return the strongest words of a text that push its driver's way, and what the driver reads; None without short ones.

    push: the text's attribution. pushes: the words and theirs.
    """
    own = sorted((-abs(each), word) for word, each in pushes if each * push > 0 and len(word) <= _LONGEST_WORD)
    named = [f"“{word}”" for _, word in own[:2]]
    return (msg("Words {words}", words=named), DRIVERS["text"][1]) if named else None


def _standing(value: float, quantiles: Sequence[float]) -> float:
    """Return about which share of all products has a lower value: interpolated between the quantiles, and half-way out beyond them.

    >>> _standing(3.5, [0, 0, 1, 2, 3, 4, 5]), _standing(0.0, [0, 0, 0, 0, 0, 1, 2]), _standing(9.0, [0, 0, 1, 2, 3, 4, 5])
    (0.825, 0.375, 0.975)
    """
    below = [(level, quantile) for level, quantile in zip(LEVELS, quantiles) if quantile <= value]
    above = [(level, quantile) for level, quantile in zip(LEVELS, quantiles) if quantile >= value]
    (lower, nearest), (upper, next_one) = below[-1] if below else (0.0, value), above[0] if above else (1.0, value)
    if next_one > nearest and below and above:
        return lower + (upper - lower) * (value - nearest) / (next_one - nearest)
    if upper <= lower:  # the value of many products: the middle of their shares
        lower, upper = (0.0 if quantiles[0] == value else upper), (1.0 if quantiles[-1] == value else lower)
    return (lower + upper) / 2


def _written(value: float, unit: str, way: int) -> str:
    """Return a value as text of both languages, "" where it shows no push that way: ×2.7, +35%, −60%, 34%, 1,200."""
    if unit == TIMES:
        if way * (value - 1) < 0.05:
            return ""
        return f"×{value:.1f}".removesuffix(".0") if value >= 2 else _signed(100 * (value - 1)) + "%"
    if unit == CHANGE:
        return _signed(value, 1) if way * value >= 0.05 else ""
    if unit == SHARE:
        return f"{100 * value:.0f}%" if round(100 * value) else ""
    if unit == STATE:
        return "yes" if value > 0 else ""
    whole = value / 7 if unit == WEEKS else value
    return f"{whole:,.0f}" if round(whole) else ""


def _signed(value: float, digits: int = 0) -> str:
    return f"{value:+.{digits}f}".replace("-", "−")
