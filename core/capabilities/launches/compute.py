"""Write the tables of launches, from weekly sales and similar texts."""

from __future__ import annotations

from dataclasses import asdict
from datetime import timedelta

import numpy as np
import pandas as pd
import pyarrow as pa
import scipy.sparse as sparse

from core.capabilities.context import Context
from core.capabilities.launches import tables
from core.capabilities.launches.check import check
from core.capabilities.launches.potential import SPAN, Launches, Potential, fit
from core.messages import msg

SHOWN = 5  # similar products of each new one
COMING = 180  # days: a product that was listed longer ago and never sold is no launch


def write(context: Context) -> None:
    """Write new products with their potential, what it rests on, the curves of both, and the check."""
    context.progress("score", 0.99, msg("Launches"))
    listed = context.engine.arrow("scoring/listed_products").to_pandas()
    neighbours = context.workspace.need(context.workspace.panel / "neighbours.parquet", "features")
    context.engine.table("features/order_lines", attribute="")
    launches = read_launches(context.engine, context.as_of, neighbours, list(listed.product_id))
    now = launches.units.shape[1]
    model = fit(launches, now)
    if model is None:
        context.write_empty(*tables.TABLES)
        return
    new = np.flatnonzero(_is_new(launches, listed, context.as_of, now))
    made = [_launch(context, launches, model, listed, int(product), now) for product in new]
    _write(context, tables.LAUNCHES, pd.DataFrame(made))
    near = [(product, rank, other, value, units) for product in new for rank, other, value, units in _nearest(launches, int(product), now)]
    ids = listed.product_id.to_numpy()
    _write(
        context,
        tables.ANALOGUES,
        pd.DataFrame([(ids[p], rank, ids[o], value, units) for p, rank, o, value, units in near], columns=list(tables.ANALOGUES.names)),
    )
    drawn = sorted({int(p) for p in new} | {int(o) for _, _, o, _, _ in near})
    curves = [
        (ids[p], week + 1, float(launches.units[p, launches.first[p] + week]))
        for p in drawn
        if launches.first[p] >= 0
        for week in range(min(SPAN, now - launches.first[p]))
    ]
    _write(context, tables.CURVES, pd.DataFrame(curves, columns=list(tables.CURVES.names)))
    category = np.unique(listed.category, return_inverse=True)[1]
    _write(context, tables.CHECK, pd.DataFrame([asdict(one) for one in check(launches, category, now)]))


def read_launches(engine, as_of, neighbours, products: list[str]) -> Launches:
    """Return weekly sales and similarities of products (in this order), from the table order_lines and the panel's neighbours."""
    weeks = engine.arrow("scoring/launch_weeks", as_of=as_of).to_pandas()
    place = pd.Series(np.arange(len(products)), index=products)
    weeks = weeks[weeks.product_id.isin(place.index)]
    count = int(weeks.weeks_ago.max()) + 1 if len(weeks) else 1
    units = np.zeros((len(products), count))
    units[place[weeks.product_id].to_numpy(), count - 1 - weeks.weeks_ago.to_numpy()] = weeks.units
    engine.register("similar_products", neighbours)
    pairs = engine.arrow("scoring/similar_pairs").to_pandas()
    pairs = pairs[pairs.product_id.isin(place.index) & pairs.neighbour_id.isin(place.index)]
    at = place[pairs.product_id].to_numpy(), place[pairs.neighbour_id].to_numpy()
    return Launches.of(units, sparse.csr_matrix((pairs.similarity.to_numpy(), at), shape=(len(products), len(products))))


def _is_new(launches: Launches, listed: pd.DataFrame, as_of, now: int) -> np.ndarray:
    """Return (products,) whether each is in its first 8 weeks, or listed in the last half year, or for later, and not sold yet."""
    on = pd.to_datetime(listed.launched_on)
    coming = (launches.first < 0) & (on > pd.Timestamp(as_of) - pd.Timedelta(days=COMING)).to_numpy()
    return coming | ((launches.first >= SPAN) & (launches.first > now - SPAN))


def _launch(context: Context, launches: Launches, model: Potential, listed: pd.DataFrame, product: int, now: int) -> dict:
    first = int(launches.first[product])
    start, weeks = (now, 0) if first < 0 else (first, now - first)
    so_far = float(launches.units[product].sum())
    score = launches.score(product, start, launches.usual(start))
    low, middle, high = model.units(np.array([score]), np.array([so_far]), np.array([weeks]))[0]
    past = launches.past(now)
    standing = float((launches.sold(past, launches.first[past], SPAN) < middle).mean())
    return {
        "product_id": listed.product_id.iloc[product],
        "first_sold_on": None if first < 0 else context.as_of - timedelta(days=7 * (now - 1 - first)),
        "weeks": weeks,
        "units_so_far": so_far,
        "units_low": low,
        "units_middle": middle,
        "units_high": high,
        "standing": standing,
        "advice": tables.PUSH if standing >= 0.75 else tables.STOP if standing < 0.25 and weeks >= 2 else tables.WATCH,
        "analogues": len(launches.analogues(product, start)[0]),
    }


def _nearest(launches: Launches, product: int, now: int) -> list[tuple[int, int, float, float]]:
    """Return (rank, product, similarity, units in the last 8 weeks) of the most similar products."""
    first = int(launches.first[product])
    others, near = launches.analogues(product, now if first < 0 else first)
    units = launches.sold(others, np.full(len(others), now - SPAN), SPAN)
    return [(k + 1, int(o), float(n), float(u)) for k, (o, n, u) in enumerate(zip(others[:SHOWN], near, units))]


def _write(context: Context, table, rows: pd.DataFrame) -> None:
    if rows.empty:
        context.write_empty(table)
        return
    context.write(table, {name: pa.array(rows[name], from_pandas=True) for name in table.names})
