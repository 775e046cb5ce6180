"""The label, written a second time from its definition (DESIGN, section 3) with pandas and scipy, knowing nothing of the product's SQL."""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy.stats import nbinom


def valid_sales(orders: pd.DataFrame) -> pd.DataFrame:
    """The sales among order lines: units above 0, less those that the same customer took back whole on the same day."""
    orders = orders.sort_values(["ordered_at", "order_id"])
    same = [orders.product_id, orders.customer_id, orders.ordered_at.dt.normalize(), orders.units.abs()]
    taken_back = (orders.units < 0).groupby(same).transform("sum")  # NaN for guests, of whom nobody knows it
    return orders[(orders.units > 0) & ~(orders.groupby([*same, orders.units]).cumcount() < taken_back.fillna(0))]


def segments_at(sales: pd.DataFrame, t: pd.Timestamp, min_orders: int, max_segments: int) -> dict[str, str]:
    """value -> segment: the largest values with enough product-orders in the base window, the rest 'other' if large enough; none where
    no value is."""
    base = sales[(sales.day > t - pd.Timedelta(days=56)) & (sales.day <= t)]
    sizes = base.drop_duplicates(["product_id", "order_id", "value"]).groupby("value").size()
    named = [v for v in sizes.sort_index().sort_values(ascending=False, kind="stable").index if v and sizes[v] >= min_orders][
        : max_segments - 1
    ]
    rest = sizes[~sizes.index.isin(named)].sum()
    every = sales.value.unique()
    return {v: v if v in named else "other" for v in every if named and (v in named or rest >= min_orders)}


def windows(sales: pd.DataFrame, t: pd.Timestamp) -> pd.DataFrame:
    """Products of one segment eligible by their history at t, with n0, n1 (NaN where not matured) and B."""
    past = sales[sales.day <= t]
    first, last = past.groupby("product_id").day.min(), past.groupby("product_id").day.max()
    eligible = first.index[(first <= t - pd.Timedelta(days=7)) & (last > t - pd.Timedelta(days=182))]
    base = past[past.day > t - pd.Timedelta(days=56)]
    horizon = sales[(sales.day > t) & (sales.day <= t + pd.Timedelta(days=28))]
    out = pd.DataFrame(index=eligible)
    out["n0"] = base.drop_duplicates(["product_id", "order_id"]).groupby("product_id").size().reindex(eligible, fill_value=0)
    out["n1"] = horizon.drop_duplicates(["product_id", "order_id"]).groupby("product_id").size().reindex(eligible, fill_value=0)
    out["B"] = np.minimum(56, (t - first[eligible]).dt.days + 1)
    return out.astype(float)


def expected(rows: pd.DataFrame) -> tuple[pd.Series, float, float, float]:
    """E of each matured row, and the prior and growth of the origin."""
    rate = rows.n0 / rows.B
    m, v = rate.mean(), rate.var(ddof=0)
    b = m / max(v - (rows.n0 / rows.B**2).mean(), 1e-9)
    a = m * b
    growth = (rows.n1.sum() / 28) / (rows.n0.sum() / 56)
    return (a + rows.n0) / (b + rows.B) * growth * 28, a, b, growth


class Oracle:
    """Labels of a shop. sales: valid lines (product_id, order_id, value, day as Timestamp); stock: product_id, day, on_hand or None."""

    def __init__(self, sales: pd.DataFrame, stock: pd.DataFrame | None = None, min_orders: int = 200, max_segments: int = 12):
        self.sales = sales.drop_duplicates(["product_id", "order_id", "value", "day"])
        self.stock, self.min_orders, self.max_segments = stock, min_orders, max_segments
        self._known: dict[tuple, pd.DataFrame] = {}

    def matured(self, values: tuple[str, ...] | None, t: pd.Timestamp) -> pd.DataFrame:
        """Eligible rows at t over the customers with these values (None = everyone), those sold out for long left out."""
        if (values, t) not in self._known:
            sales = self.sales if values is None else self.sales[self.sales.value.isin(values)]
            rows = windows(sales, t)
            if self.stock is not None and len(self.stock):
                ahead = self.stock[(self.stock.day > t) & (self.stock.day <= t + pd.Timedelta(days=28))]
                share = (ahead.on_hand > 0).groupby(ahead.product_id).mean()
                rows = rows[rows.index.map(share).fillna(1.0) >= 0.6]
            self._known[values, t] = rows
        return self._known[values, t].copy()

    def labels_at(self, t: pd.Timestamp, values=None, values_before=None) -> pd.DataFrame:
        """Index product_id; columns n0, n1, E, phi, rising, falling. values_before: the segment's members 28 days earlier."""
        rows = self.matured(values, t)
        if rows.empty or rows.n0.sum() == 0 or rows.n1.sum() == 0:
            return rows.iloc[:0].assign(E=[], phi=[], rising=[], falling=[])
        rows["E"], a, b, growth = expected(rows)
        phi = 1.0
        earlier = self.matured(values_before, t - pd.Timedelta(days=28)) if values_before != () else rows.iloc[:0]
        if len(earlier) >= 50:
            e, _, before_b, before_growth = expected(earlier)
            spread = (earlier.n1 - e) ** 2 / (e * (1 + 28 * before_growth / (before_b + earlier.B)))
            phi = max(1.0, spread.median() / 0.4549)
        rows["phi"] = phi
        law = nbinom((a + rows.n0) / phi, (b + rows.B) / (b + rows.B + 28 * growth))
        rows["rising"] = (law.sf(np.ceil(rows.n1 / phi) - 1) <= 0.05) & (rows.n1 >= 1.25 * rows.E) & (rows.n1 - rows.E >= 5)
        rows["falling"] = (law.cdf(np.floor(rows.n1 / phi)) <= 0.05) & (1.25 * rows.n1 <= rows.E) & (rows.E - rows.n1 >= 5)
        return rows

    def labels(self, origins, segments: bool = True) -> pd.DataFrame:
        """Every matured origin, for `all` and for each segment: as_of, segment, product_id, n0, n1, B, E, phi, rising, falling."""
        parts = []
        for t in map(pd.Timestamp, origins):
            if t + pd.Timedelta(days=28) > self.sales.day.max():
                continue
            parts.append(self.labels_at(t).assign(segment="all", as_of=t))
            if segments:
                now, before = (
                    _members(segments_at(self.sales, day, self.min_orders, self.max_segments)) for day in (t, t - pd.Timedelta(days=28))
                )
                parts += [self.labels_at(t, now[s], before.get(s, ())).assign(segment=s, as_of=t) for s in now]
        return pd.concat([p for p in parts if len(p)]).rename_axis("product_id").reset_index()


def _members(segment_of: dict[str, str]) -> dict[str, tuple[str, ...]]:
    return {s: tuple(sorted(v for v, mine in segment_of.items() if mine == s)) for s in sorted(set(segment_of.values()))}
