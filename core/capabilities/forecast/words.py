"""The names of the forecast's parts in words: drivers, customer groups and measures of accuracy."""

from __future__ import annotations

from functools import cache

from babel import Locale

from core.messages import LOCALES, Message, msg, show

DRIVERS: dict[str, tuple[Message, Message]] = {  # label, description
    "text": (msg("Product text"), msg("title, brand, category and description")),
    "reviews": (msg("Reviews"), msg("what buyers write and how they rate it")),
    "demand": (msg("Sales level"), msg("how much it usually sells")),
    "momentum": (msg("Momentum"), msg("whether sales speed up or slow down")),
    "audience": (msg("Buyers"), msg("who buys it and who comes back")),
    "attention": (msg("Attention"), msg("views, carts, searches and ad clicks")),
    "price": (msg("Price"), msg("its price vs its usual price")),
    "promotion": (msg("Promotion"), msg("current and planned campaigns")),
    "season": (msg("Season"), msg("the season, and its sales a year ago")),
    "market": (msg("Market"), msg("shop growth, ranks and search interest")),
    "newness": (msg("Newness"), msg("how long it has been on sale")),
    "graph": (msg("Similar products"), msg("how similar products are doing")),
    "segment": (msg("Customer group"), msg("habits of this customer group")),
}
SIGNALS = {"orders": msg("Orders"), "views": msg("Views"), "carts": msg("Carts"), "reviews": msg("Reviews")}
SEGMENTS = {"all": msg("All customers"), "other": msg("Other")}
METRICS: dict[str, tuple[Message, Message]] = {  # label, definition
    "average_precision": (
        msg("Ranking quality"),
        msg("How well risers are ranked above the rest (average precision). 1 = perfect; random ranking gives the share of risers."),
    ),
    "brier_skill": (
        msg("Improvement over baseline"),
        msg("Improvement over always forecasting the shop's average. 0% = no better, 100% = perfect."),
    ),
    "precision_at_50": (msg("Top-50 hit rate"), msg("Share of the 50 products ranked highest that did rise.")),
    "ece": (msg("Calibration error"), msg("Average gap between forecast chance and actual outcome. Lower is better.")),
}


def driver(name: str) -> Message | str:
    """Return what a driver is called."""
    return DRIVERS[name][0] if name in DRIVERS else name.capitalize()


def segment(name: str, attribute: str | None, language: str) -> str:
    """Return the name of a customer group; a country's name for its code where the groups are countries. attribute: of the groups.

    >>> segment("GB", "country", "zh"), segment("GB", "channel", "zh"), segment("all", None, "en")
    ('英国', 'GB', 'All customers')
    """
    if attribute == "country" and len(name) == 2 and name.isupper():
        return country(name, language)
    return show(SEGMENTS[name], language) if name in SEGMENTS else name


@cache
def country(code: str, language: str) -> str:
    """Return a country's name by its ISO 3166 code, the code itself where there is none.

    >>> country("GB", "en"), country("GB", "zh"), country("QQ", "en")
    ('United Kingdom', '英国', 'QQ')
    """
    return Locale.parse(LOCALES[language]).territories.get(code, code)
