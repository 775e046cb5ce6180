"""Write the what-if: the chance of rising under a small grid of other prices, promotions and stock, by the model that made the forecasts.

A chance is only written where the model reads what changes, the product has the data, and some products of the shop have been in that
state. Everywhere else a row says why there is none. In a large shop only some products have rows (`chosen`).
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product as combinations
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from core.capabilities.context import Context
from core.capabilities.forecast import tables
from core.models import whatif
from core.models.calibrate import sigmoid
from core.models.whatif import Change
from core.schema import ALL
from core.schema.what_if import AS_IS, ENDED, FEW, IGNORED, IN_STOCK, OUT_OF_STOCK, PRICES, RARE, STARTED

MOST_FORECASTS = 30_000
_LEAST_CHANGE = 1e-3  # of a logit: a model that changes no forecast by more ignores the change
PRICE, PROMOTION, STOCK = range(3)  # the controls
Settings = tuple[float, str, str]  # of the three


@dataclass(frozen=True)
class Option:
    """A setting of a control for n forecasts. products (n,): how many of the shop's products have been in that state."""

    setting: Any  # a number of prices, else a text
    change: Change
    products: np.ndarray

    @property
    def unknown(self) -> np.ndarray:
        """(n,): why there is no chance, "" where there is one."""
        return np.where((self.change.unknown == "") & (self.products < FEW), RARE, self.change.unknown)

    @property
    def known(self) -> np.ndarray:
        return self.change.applies & (self.unknown == "")


@dataclass(frozen=True)
class Part:
    """Rows to write of one combination of settings: places among the forecasts; logits are NaN where `unknown` says why."""

    settings: Settings
    places: np.ndarray
    logits: np.ndarray
    unknown: np.ndarray
    products: np.ndarray


def write(context: Context) -> None:
    """Write the table of what-ifs; the table `history` must have been written."""
    live = context.live
    places = chosen(np.asarray(live.panel.product[live.rows]), live.all, context.predicted["rising"], live.panel.own_pace_orders[live.rows])
    parts = _parts(context, places, _options(context, places))
    settings = [np.repeat([part.settings[control] for part in parts], [len(part.places) for part in parts]) for control in range(3)]
    place = np.concatenate([part.places for part in parts])
    order = np.lexsort((settings[STOCK], settings[PROMOTION], settings[PRICE], place))
    each = lambda name: np.concatenate([getattr(part, name) for part in parts])[order]  # noqa: E731
    rows = pa.array(places[place[order]])
    context.write(
        tables.WHAT_IF,
        {
            "product_id": live.product.take(rows),
            "segment": live.segment.take(rows),
            "price": settings[PRICE][order].astype(float),
            "promotion": settings[PROMOTION][order],
            "stock": settings[STOCK][order],
            "rising_probability": sigmoid(each("logits")),
            "unknown": each("unknown"),
            "products": each("products"),
        },
    )


def chosen(product: np.ndarray, everyone: np.ndarray, rising: np.ndarray, pace: np.ndarray, most: int = MOST_FORECASTS) -> np.ndarray:
    """Return, ascending, the places of the forecasts to write: at most `most`, a product with all of its segments or not at all.

    Products with the highest chances or the highest sales among all customers come first. product, rising, pace (n,): of each forecast;
    everyone (n,) bool: it is of all customers.
    """
    own = np.flatnonzero(everyone)
    best = np.minimum(*(np.argsort(np.argsort(-by[own], kind="stable"), kind="stable") for by in (rising, pace)))
    first = product[own][np.argsort(best, kind="stable")]
    count = np.bincount(product, minlength=product.max() + 1)
    return np.flatnonzero(np.isin(product, first[np.cumsum(count[first]) <= most]))


def _options(context: Context, places: np.ndarray) -> list[list[Option]]:
    """Return the settings of each control that change something."""
    panel, rows = context.live.panel, context.live.rows[places]
    x = {name: panel.feature(rows, name).astype(float) for name in whatif.READ}
    level, promotions = _price_levels(context), context.engine.arrow("scoring/promotions", as_of=context.as_of)
    n, ever = len(rows), len(pc.unique(promotions["product_id"]))
    usual = {name: float(np.nanmedian(values)) if np.isfinite(values).any() else np.nan for name, values in _numbers(promotions).items()}
    times = lambda count: np.full(n, count)  # noqa: E731
    prices = []
    for share in PRICES:
        change = whatif.priced(x, 1 + share, as_discount=int(np.nansum(level["discounted"])) >= FEW)
        reached = change.features["price_change"]
        as_low, below = np.searchsorted(level["lowest"], reached, "right"), np.searchsorted(level["highest"], reached)
        prices.append(Option(share, change, np.where(change.unknown == "", as_low if share < 0 else len(level["highest"]) - below, 0)))
    in_stock = int((panel.feature(context.live.rows[context.live.all], "out_of_stock_56d") == 0).sum())
    return [
        prices,
        [
            Option(STARTED, whatif.promoted(x, usual["days"], usual["discount"]), times(ever)),
            Option(ENDED, whatif.unpromoted(x), times(ever)),
        ],
        [
            Option(IN_STOCK, whatif.restocked(x), times(in_stock)),
            Option(OUT_OF_STOCK, whatif.sold_out(x, _days_since_last(context, places)), times(int(np.nansum(level["sold_out"])))),
        ],
    ]


def _price_levels(context: Context) -> dict[str, np.ndarray]:
    """Return what the question price_levels answers, each column sorted and without missing values."""
    weekly = context.read("history", ["product_id", "week", "units", "price", "on_hand"], [("segment", "=", ALL)])
    context.engine.register("weekly", weekly)
    found = _numbers(context.engine.arrow("scoring/price_levels", as_of=context.as_of))
    return {name: np.sort(values[np.isfinite(values)]) for name, values in found.items()}


def _numbers(table: pa.Table) -> dict[str, np.ndarray]:
    """Return the columns of a table but its product's as float64, NaN = missing."""
    return {name: np.array(table[name].to_pandas(), dtype=float) for name in table.column_names if name != "product_id"}


def _days_since_last(context: Context, places: np.ndarray) -> np.ndarray:
    """Return (n,) the days since each forecast's product was last sold to anybody."""
    live = context.live
    panel, own = live.panel, live.rows[live.all]
    by_product = np.full(len(panel.products), np.nan)
    by_product[panel.product[own]] = panel.feature(own, "days_since_last")
    return by_product[panel.product[live.rows[places]]]


def _parts(context: Context, places: np.ndarray, options: list[list[Option]]) -> list[Part]:
    """Return the rows of every setting alone, then those of settings of several controls where each alone has a chance."""
    before, parts, used = context.predicted["logit"][places], [], []
    for control, offered in enumerate(options):
        logits = _logits(context, places, [([option], np.flatnonzero(option.known)) for option in offered])
        moved = [np.abs(values - before[option.known]).max(initial=0.0) for option, values in zip(offered, logits)]
        ignored = any(option.known.any() for option in offered) and max(moved) <= _LEAST_CHANGE
        used.append([] if ignored else offered)
        for option, values in zip(offered, logits):
            whole = np.full(len(places), np.nan)
            whole[option.known] = np.nan if ignored else values
            unknown = np.where(option.known & ignored, IGNORED, option.unknown)
            at = np.flatnonzero(option.change.applies)
            alone: list[Option | None] = [option if k == control else None for k in range(len(options))]
            parts.append(Part(_settings(*alone), at, whole[at], unknown[at], option.products[at]))
    for price in [None, *used[PRICE]]:  # one price at a time: the inputs of all would not fit in memory
        several = [
            (_settings(price, promotion, stock), given, np.flatnonzero(np.all([option.known for option in given], axis=0)))
            for promotion, stock in combinations([None, *used[PROMOTION]], [None, *used[STOCK]])
            if len(given := [option for option in (price, promotion, stock) if option]) > 1
        ]
        found = _logits(context, places, [(given, at) for _, given, at in several])
        for (settings, given, at), values in zip(several, found):
            parts.append(Part(settings, at, values, np.full(len(at), ""), np.min([option.products[at] for option in given], axis=0)))
    return parts


def _settings(price: Option | None, promotion: Option | None, stock: Option | None) -> Settings:
    return (price.setting if price else 0.0, promotion.setting if promotion else AS_IS, stock.setting if stock else AS_IS)


def _logits(context: Context, places: np.ndarray, asked: list[tuple[list[Option], np.ndarray]]) -> list[np.ndarray]:
    """Return the calibrated logits of some forecasts under some options, for each of these pairs."""
    panel, rows = context.live.panel, context.live.rows[places]
    known = [(given, at) for given, at in asked if len(at)]
    if not known:
        return [np.zeros(0) for _ in asked]
    x = [
        whatif.inputs(panel, rows[at], {name: values[at] for option in given for name, values in option.change.features.items()})
        for given, at in known
    ]
    all_rows = np.concatenate([rows[at] for _given, at in known])
    logits = context.model.predict(panel, all_rows, demand=False, x=np.concatenate(x))["logit"]
    return np.split(logits, np.cumsum([len(at) for _given, at in asked])[:-1])
