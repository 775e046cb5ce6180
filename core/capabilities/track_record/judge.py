"""Judge logged forecasts by what happened: pure functions on frames of one update."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from core.capabilities.track_record.tables import FELL, GONE, MERGED, NEITHER, OUT_OF_STOCK, ROSE, SPLIT, SUMS

LONGEST_LIST, LIST_SHARE = 50, 0.1
STEPS = 10  # of the rising probability


def list_length(forecasts):
    """Return how many of so many forecasts are called: the highest tenth, at most 50.

    >>> list_length(np.array([1, 9, 200, 5_000])).tolist()
    [1, 1, 20, 50]
    """
    return np.minimum(LONGEST_LIST, np.ceil(LIST_SHARE * np.asarray(forecasts))).astype(int)


def judge(
    forecasts: pd.DataFrame, happened: pd.DataFrame, now: Mapping[str, str | None], products: pd.DataFrame, money: bool = True
) -> pd.DataFrame:
    """Return the forecasts of one update with their outcomes: the columns of CALLS without as_of, and category.

    forecasts  product_id, segment, rising_probability, falling_probability, units_low, units_middle, units_high
    happened   the answer of sql/happened.sql, under today's numbers
    now        number of a product then -> its number now, None where it counts as several; others kept theirs
    products   product_id, category, price_cents, unit_cost_cents
    money      whether units are sold at a price; False where views or reviews are counted

    A product that was out of stock, that several forecasts or products stand for by now, or that the data no longer hold is not judged.
    """
    frame = forecasts.sort_values(["segment", "rising_probability", "product_id"], ascending=[True, False, True], ignore_index=True)
    groups = frame.groupby("segment").product_id
    frame["place"] = groups.cumcount() + 1
    frame["called"] = frame.place <= list_length(groups.transform("size"))
    frame["counts_as"] = [now.get(product, product) for product in frame.product_id]
    split = frame.counts_as.isna()
    frame["counts_as"] = frame.counts_as.fillna(frame.product_id)
    merged = frame.duplicated(["segment", "counts_as"], keep=False)
    frame = frame.merge(happened.rename(columns={"product_id": "counts_as"}), "left", ["segment", "counts_as"])
    frame = frame.merge(products.rename(columns={"product_id": "counts_as"}), "left", "counts_as")
    known = {name: frame[name].fillna(False).astype(bool) for name in ("matured", "rising", "falling")}
    reasons = [
        (split, SPLIT),
        (merged, MERGED),
        (frame.matured.isna(), GONE),
        (~known["matured"], OUT_OF_STOCK),
        (frame.rising.isna(), GONE),
        (known["rising"], ROSE),
        (known["falling"], FELL),
    ]
    frame["outcome"] = np.select([which for which, _ in reasons], [name for _, name in reasons], NEITHER)
    unknown = ~is_judged(frame)
    usual_units = frame.usual_orders * frame.base_units / frame.n_base.where(frame.n_base > 0)
    frame["extra_units"] = frame.sold_units - usual_units
    paid = frame.revenue_cents / frame.priced_units.where(frame.priced_units > 0)
    price = paid.fillna(frame.price_cents) if money else pd.Series(np.nan, frame.index)
    frame["extra_revenue_cents"] = frame.extra_units * price
    frame["extra_margin_cents"] = frame.extra_units * (price - frame.unit_cost_cents)
    facts = ["units", "orders", "usual_orders", "extra_units", "extra_revenue_cents", "extra_margin_cents"]
    frame.loc[unknown, facts] = np.nan
    return frame.assign(category=frame.category.fillna(""))


def is_judged(frame: pd.DataFrame) -> pd.Series:
    """Return which forecasts have an outcome."""
    return frame.outcome.isin((ROSE, FELL, NEITHER))


def sums(frame: pd.DataFrame) -> pd.DataFrame:
    """Return the sums of judged forecasts by segment, category and step of the probability: the columns of TRACK_RECORD without as_of."""
    judged = is_judged(frame)
    rose, called = frame.outcome == ROSE, frame.called & judged
    ranged = judged & frame.units_low.notna()
    valued = called & frame.extra_units.notna()
    priced, costed = valued & frame.extra_revenue_cents.notna(), valued & frame.extra_margin_cents.notna()
    added = pd.DataFrame(
        {
            "segment": frame.segment,
            "category": frame.category,
            "step": np.minimum(np.floor(STEPS * frame.rising_probability), STEPS - 1).astype(int),
            "forecasts": 1,
            "judged": judged,
            "chances": frame.rising_probability.where(judged, 0.0),
            "risers": rose,
            "called": frame.called,
            "called_judged": called,
            "hits": called & rose,
            "ranged": ranged,
            "inside": ranged & frame.units.between(frame.units_low, frame.units_high),
            "valued": valued,
            "extra_units": frame.extra_units.where(valued, 0.0),
            "priced": priced,
            "extra_revenue_cents": frame.extra_revenue_cents.where(priced, 0.0),
            "costed": costed,
            "extra_margin_cents": frame.extra_margin_cents.where(costed, 0.0),
        }
    )
    return added.groupby(["segment", "category", "step"], as_index=False)[list(SUMS)].sum()
