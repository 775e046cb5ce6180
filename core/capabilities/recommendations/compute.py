"""Write the tables of recommendations, from the purchases of known customers and the forecasts.

A shop that names no customers, or whose purchases span too few days to learn from, has no lists.
"""

from __future__ import annotations

from dataclasses import asdict
from datetime import timedelta

import numpy as np
import pyarrow as pa

from core.capabilities.context import Context
from core.capabilities.recommendations import quality, tables
from core.capabilities.recommendations.lists import DOSE, Lists, make, ranks
from core.capabilities.recommendations.purchases import EPOCH, Purchases
from core.capabilities.recommendations.ranking import HORIZON, LEARNT_FROM, Ranker, best, fitted_by
from core.capabilities.recommendations.reading import read_purchases
from core.capabilities.recommendations.signals import Past
from core.messages import msg
from core.schema import ALL

ACTIVE = 365  # days: who bought nothing for longer has no list
FEW = 10  # customers: a smaller segment has no list


def write(context: Context) -> None:
    """Write the lists of customers and segments, and how good such lists were."""
    context.progress("score", 0.97, msg("Recommendations"))
    segments = context.segments
    neighbours = context.workspace.need(context.workspace.panel / "neighbours.parquet", "features")
    read = read_purchases(context.with_order_lines, context.as_of, neighbours, segments)
    purchases, products, past = read.purchases, read.products, Past(read.purchases, read.similar)
    today = (context.as_of - EPOCH).days
    if not len(purchases.day) or today - purchases.day.min() < (LEARNT_FROM + 2) * HORIZON:
        context.write_empty(*tables.TABLES)
        return
    ranker = fitted_by(past, today)
    if ranker == Ranker(None, None):
        context.write_empty(*tables.TABLES)
        return
    signals = past.on(today)
    customers, segment_of, last = _active(read.segment, purchases, today)
    lean = DOSE * _rising(context, products, segments)
    lists, chances = make(signals, ranker, customers, _offered(context, products), lean, segment_of)
    _write_customers(context, read.customers, customers, segment_of, segments, last, signals)
    _write_lists(context, read.customers, products, lists, today)
    _write_segments(context, customers, segment_of, segments, products, lists, chances, lean)
    _write_quality(context, past, today - HORIZON)


def _active(segment_of: np.ndarray, purchases: Purchases, today: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the customers with a list, the segment of each one's last purchase, and the day of the last purchase of every customer."""
    last = np.zeros(purchases.customers, np.int32)
    np.maximum.at(last, purchases.customer, purchases.day)
    segment = np.zeros(purchases.customers, np.int32)
    newest = purchases.day == last[purchases.customer]
    segment[purchases.customer[newest]] = segment_of[newest]
    customers = np.flatnonzero(today - last < ACTIVE)
    return customers, segment[customers], last


def _rising(context: Context, products: list[str], segments: list[str]) -> np.ndarray:
    """Return (1 + segments, products): the rank of each product's rising probability in the segment, else among all customers."""
    names, product = context.live.segment.to_pylist(), context.live.product.to_pylist()
    place = {name: k for k, name in enumerate(products)}
    row = {ALL: 0} | {name: k + 1 for k, name in enumerate(segments)}
    chance = np.full((len(row), len(products)), np.nan)
    for segment, name, value in zip(names, product, context.predicted["rising"]):
        if name in place:
            chance[row[segment], place[name]] = value
    chance = np.where(np.isnan(chance), chance[0], chance)
    return np.array([ranks(one) for one in chance])


def _offered(context: Context, products: list[str]) -> np.ndarray:
    """Return which products may be listed: those that are forecast and not known to be out of stock."""
    out = {row["product_id"] for row in context.engine.rows("scoring/out_of_stock", as_of=context.as_of)}
    on_sale = set(context.live.products.to_pylist()) - out
    return np.array([name in on_sale for name in products], bool)


def _write_customers(context, ids, customers, segment_of, segments, last, signals) -> None:
    names = [ALL, *segments]
    context.write(
        tables.CUSTOMERS,
        {
            "customer_id": ids.take(pa.array(customers)),
            "segment": [names[k] for k in segment_of],
            "purchases": np.asarray(signals.days_bought[customers].sum(1)).ravel(),
            "last_bought_on": [EPOCH + timedelta(days=int(day)) for day in last[customers]],
        },
    )


def _write_lists(context: Context, ids, products: list[str], lists: Lists, today: int) -> None:
    product, because = pa.array(products, pa.string()), lists.because
    on = np.where(lists.since >= 0, today - lists.since, 0).astype("datetime64[D]")
    context.write(
        tables.RECOMMENDATIONS,
        {
            "customer_id": ids.take(pa.array(lists.customer)),
            "place": lists.place,
            "product_id": product.take(pa.array(lists.product)),
            "chance": lists.chance,
            "reason": pa.array(tables.REASONS).take(pa.array(lists.reason)),
            "because_id": product.take(pa.array(because, mask=because < 0)),
            "days_bought": pa.array(lists.days_bought, mask=lists.days_bought == 0),
            "bought_on": pa.array(on, mask=lists.since < 0),
        },
    )


def _write_segments(context, customers, segment_of, segments, products, lists: Lists, chances, lean) -> None:
    rows: list[dict] = []
    place_of = np.full(int(customers.max(initial=-1)) + 1, -1)
    place_of[customers] = segment_of
    of_list = place_of[lists.customer]
    sizes = np.bincount(segment_of, minlength=len(segments) + 1)
    everyone = (chances * sizes[:, None]).sum(0) / max(sizes.sum(), 1)
    for name, k in ((ALL, None), *((name, k + 1) for k, name in enumerate(segments))):
        inside = np.ones(len(of_list), bool) if k is None else of_list == k
        size = int(sizes.sum() if k is None else sizes[k])
        if size < FEW:
            continue
        mean = everyone if k is None else chances[k]
        scores = np.log(np.maximum(mean, 1e-12)) + lean[k or 0]
        for place, product in enumerate(best(np.where(mean > 0, scores, -np.inf)[None], tables.LENGTH)[0], 1):
            if mean[product] <= 0:
                break
            mine = inside & (lists.product == product)
            reasons = np.bincount(lists.reason[mine], minlength=len(tables.REASONS))
            rows.append(
                {
                    "segment": name,
                    "place": place,
                    "product_id": products[product],
                    "chance": mean[product],
                    "listed": int(mine.sum()),
                    "customers": size,
                    "reason": tables.REASONS[reasons.argmax()] if mine.any() else tables.POPULAR,
                }
            )
    context.write(tables.SEGMENT_RECOMMENDATIONS, {name: [row[name] for row in rows] for name in tables.SEGMENT_RECOMMENDATIONS.names})


def _write_quality(context: Context, past: Past, day: int) -> None:
    """Write how the lists of 14 days ago did. Leaning is measured with momentum: that day's forecasts are not those of today."""
    recent, usual = (past.purchases.buyers(day, days) / days for days in (28, 84))
    momentum = np.where(usual > 0, recent / np.maximum(usual, 1e-9), np.nan)
    found, _ = quality.measure(past, day, lean={tables.LEANING: DOSE * ranks(momentum)})
    on = EPOCH + timedelta(days=day)
    rows = [{"list": name, "day": on} | asdict(one) for name, one in found.items()]
    context.write(tables.LIST_QUALITY, {name: [row[name] for row in rows] for name in tables.LIST_QUALITY.names})
