"""What is compared: a product, a product in one customer group, or a period of a product."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

import pandas as pd

from core.capabilities.forecast.listing import EVERYTHING, FACTS, reasons
from dashboard import data, labels, pictures
from dashboard.components import exports, rows
from dashboard.i18n import _, exact, money, number, percent, shortened, show

WEEKS = 52  # of history in a comparison of products or groups
HORIZON = 4  # weeks of the expected units


@dataclass(frozen=True)
class Item:
    """One side. history: week, units, oldest first. demand: weeks, level, units (cumulative), empty without a forecast."""

    name: str
    history: pd.DataFrame
    demand: pd.DataFrame
    facts: pd.Series

    @property
    def expected(self) -> pd.Series:
        """Return the units expected in the next four weeks, by quantile level."""
        return self.demand[self.demand.weeks == HORIZON].set_index("level").units


def of_product(product: str, segment: str, name: str) -> Item:
    asked = {"product": product, "segment": segment}
    history = data.ask("product_history", **asked)
    since = data.meta().as_of - timedelta(days=7 * WEEKS)
    return Item(
        name,
        history[history.week > since],
        data.ask("product_demand", **asked),
        data.one("product", **asked),
    )


def in_year(product: str, segment: str, weeks: int) -> tuple[Item, Item]:
    """Return the last weeks of a product, and the same weeks a year (52 weeks) before with those that followed them."""
    item = of_product(product, segment, _("This year"))
    history, as_of = data.ask("product_history", product=product, segment=segment), data.meta().as_of
    now = history[history.week > as_of - timedelta(days=7 * weeks)]
    before = history.assign(week=history.week + timedelta(days=364))
    after = as_of + timedelta(days=7 * int(item.demand.weeks.max() if len(item.demand) else 0))
    before = before[(before.week > as_of - timedelta(days=7 * weeks)) & (before.week <= after)]
    return (
        Item(item.name, now, item.demand, item.facts),
        Item(_("A year before"), before, item.demand.iloc[:0], item.facts),
    )


def pictured(products: list[str], titles: dict[str, str]) -> None:
    """Show the compared products, each with its picture and as a link to its page."""
    shown = {product: rows.product(shortened(titles[product], 90), product, "", pictures.address(product)) for product in products}
    column = rows.Column(_("Product"), "product", "product", 170)
    rows.show("compared_products", _("Products"), [column], [rows.Row(p, {"product": cell}) for p, cell in shown.items()], compact=True)


def table(items: list[Item], of: list[tuple[str, str]]) -> None:
    """Show the items side by side. of: the product and the segment of each."""
    facts = pd.DataFrame({item.name: _facts(item, *asked) for item, asked in zip(items, of)})
    exports.table("compared", facts.rename_axis(_("Figure")).reset_index())


def _facts(item: Item, product: str, segment: str) -> dict[str, str]:
    facts, expected, stock = item.facts, item.expected, data.planned(product)
    units = "–" if expected.empty else f"{number(expected[0.5], 0)} ({number(expected[0.1], 0)}–{number(expected[0.9], 0)})"
    recent = item.history[item.history.week > data.meta().as_of - timedelta(days=28)].units.sum()
    return {
        _("Chance of rising"): percent(facts.rising_probability),
        _("Chance of falling"): percent(facts.falling_probability),
        _("Expected units, 4 weeks"): units,
        _("Units, last 4 weeks"): number(recent, 0),
        _("Main reasons"): _reasons(product, segment),
        _("Price"): money(facts.price_cents, facts.currency),
        _("On hand"): "–" if stock is None else exact(stock.on_hand),
        _("Weeks of supply"): "–" if stock is None else labels.weeks(stock.cover_weeks),
        _("Stock"): "–" if stock is None else labels.status(stock.status),
    }


def _reasons(product: str, segment: str) -> str:
    asked = EVERYTHING | {"products": [product], "segment": segment, "facts": FACTS, "sort": "probability"}
    found = data.ask("rising", **asked, limit=1, offset=0)
    if found.empty:
        return _("No forecast")
    said = reasons(next(found.itertuples()), falling=False, spread=data.feature_spread(segment))
    return ", ".join(f"{'▲' if reason.push > 0 else '▼'} {show(reason.text)}" for reason in said)
