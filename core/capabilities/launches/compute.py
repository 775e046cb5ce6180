"""Write the tables of launches, from weekly sales, similar texts and the product list.

A shop with fewer than 20 past launches has none.
"""

from __future__ import annotations

from dataclasses import asdict
from datetime import date, timedelta

import numpy as np
import pandas as pd
import pyarrow as pa
import scipy.sparse as sparse

from core.capabilities.context import Context
from core.capabilities.inventory.control import order_units
from core.capabilities.launches import tables
from core.capabilities.launches.check import blocks, check
from core.capabilities.launches.potential import BEST, SPAN, Launches, Potential, fit, likeness
from core.messages import msg
from core.storage.engine import Engine

SHOWN = 5  # similar products of each new one
COMING = 180  # days: a product that was listed longer ago and never sold is no launch
WORST, EARLY = 0.25, 2  # standing below which a launch is stopped, and weeks before which none is


def write(context: Context) -> None:
    """Write new products with their potential, what it rests on, the curves of both, and the check."""
    context.progress("score", 0.99, msg("Launches"))
    neighbours = context.workspace.need(context.workspace.panel / "neighbours.parquet", "features")
    launches, similar, listed = read_launches(context.with_order_lines, context.as_of, neighbours)
    now = launches.units.shape[1]
    model = fit(launches, now)
    if model is None:
        context.write_empty(*tables.TABLES)
        return
    new = np.flatnonzero(_is_new(launches, listed, now))
    start = np.where(launches.first[new] < 0, now, launches.first[new])
    ids = listed.product_id.to_numpy()
    context.write_rows(tables.LAUNCHES, _potentials(launches, model, listed, new, start, context.as_of))
    near = [(product, *row) for product, week in zip(new, start) for row in _nearest(launches, similar, int(product), int(week))]
    rows = [(ids[product], rank, ids[other], *figures) for product, rank, other, *figures in near]
    context.write_rows(tables.ANALOGUES, pd.DataFrame(rows, columns=list(tables.ANALOGUES.names)))
    drawn = [p for p in sorted({*new, *(other for _, _, other, *_ in near)}) if launches.launched[p]]
    curves = [
        (ids[p], week + 1, launches.units[p, launches.first[p] + week]) for p in drawn for week in range(min(SPAN, now - launches.first[p]))
    ]
    context.write_rows(tables.CURVES, pd.DataFrame(curves, columns=list(tables.CURVES.names)))
    tested = blocks(launches, np.unique(listed.category, return_inverse=True)[1], now)
    checked = [
        {"age": age, "score_weight": model.weights[age][1], "learnt_from": model.launches} | asdict(check(parts))
        for age, parts in tested.items()
    ]
    context.write_rows(tables.CHECK, pd.DataFrame(checked))


def read_launches(engine: Engine, as_of: date, neighbours: pa.Table | str) -> tuple[Launches, sparse.csr_matrix, pd.DataFrame]:
    """Return launches by week, from the table order_lines and the panel's neighbours; similarities of texts; and the product list.

    The price of a product is the mean of its first week, which the shop set before it; of one that never sold, the list price.
    """
    listed = engine.arrow("scoring/listed_products", as_of=as_of).to_pandas()
    place = pd.Series(np.arange(len(listed)), index=listed.product_id)
    weeks = engine.arrow("scoring/launch_weeks", as_of=as_of).to_pandas()
    weeks = weeks[weeks.product_id.isin(place.index)]
    count = int(weeks.weeks_ago.max()) + 1 if len(weeks) else 1
    units = np.zeros((len(listed), count))
    units[place[weeks.product_id].to_numpy(), count - 1 - weeks.weeks_ago.to_numpy()] = weeks.units
    engine.register("similar_products", neighbours)
    pairs = engine.arrow("scoring/similar_pairs").to_pandas()
    pairs = pairs[pairs.product_id.isin(place.index) & pairs.neighbour_id.isin(place.index)]
    at = place[pairs.product_id].to_numpy(), place[pairs.neighbour_id].to_numpy()
    similar = sparse.csr_matrix((pairs.similarity.to_numpy(), at), shape=(len(listed), len(listed)))
    paid = weeks.sort_values("weeks_ago", ascending=False).drop_duplicates("product_id").set_index("product_id").price_cents
    price = listed.product_id.map(paid).fillna(listed.price_cents).to_numpy(float)
    category, brand = (np.unique(listed[name], return_inverse=True)[1] for name in ("category", "brand"))
    like = likeness(similar, category, brand, np.where(price > 0, price, np.nan))
    return Launches.of(units, like, (count - 1 - listed.listed_days // 7).to_numpy(float, na_value=np.nan)), similar, listed


def _is_new(launches: Launches, listed: pd.DataFrame, now: int) -> np.ndarray:
    """Return (products,) whether each is in its first 8 weeks, or listed in the last half year, or for later, and not sold yet."""
    coming = (launches.first < 0) & (listed.listed_days < COMING).fillna(False).to_numpy(bool)
    return coming | (launches.launched & (launches.first > now - SPAN))


def _potentials(
    launches: Launches, model: Potential, listed: pd.DataFrame, new: np.ndarray, start: np.ndarray, as_of: date
) -> pd.DataFrame:
    """Return the rows of tables.LAUNCHES. new, start: (n,) products and the weeks that their first 8 begin with."""
    now = launches.units.shape[1]
    weeks, so_far = now - start, launches.units[new].sum(1)
    units = model.units(launches.scores(new, start), so_far, weeks)
    standing = launches.standing(units[:, 1], now)
    advice = np.select([standing >= BEST, (standing < WORST) & (weeks >= EARLY)], [tables.PUSH, tables.STOP], tables.WATCH)
    about = listed.iloc[new].reset_index(drop=True)
    missing = units - (so_far + about.on_hand.fillna(0) + about.on_order.fillna(0)).to_numpy()[:, None]
    terms = [about[name].to_numpy(float, na_value=np.nan) for name in ("pack_size", "moq", "max_order")]
    orders = np.stack([order_units(np.where(each > 0, each - 1e-6, -1.0), *terms) for each in missing.T], axis=1).reshape(-1, 3)
    orders[advice == tables.STOP] = np.nan
    return pd.DataFrame(
        {
            "product_id": about.product_id,
            "first_sold_on": [as_of - timedelta(days=7 * int(one - 1)) if one else None for one in weeks],
            "weeks": weeks,
            "units_so_far": so_far,
            "units_low": units[:, 0],
            "units_middle": units[:, 1],
            "units_high": units[:, 2],
            "standing": standing,
            "advice": advice,
            "analogues": [len(launches.analogues(product, week)[0]) for product, week in zip(new, start)],
            "analogue_weight": [model.weights[age][1] for age in weeks],
            "on_hand": about.on_hand,
            "on_order": about.on_order,
            "order_units": orders[:, 1],
            "order_low": orders[:, 0],
            "order_high": orders[:, 2],
            "order_cost_cents": orders[:, 1] * about.unit_cost_cents,
        }
    )


def _nearest(launches: Launches, similar: sparse.csr_matrix, product: int, week: int) -> list[tuple]:
    """Return (rank, product, similarity, recent units, units of its launch or None) of the similar products with most weight.

    Those whose launch the data show go first.
    """
    others = launches.analogues(product, week)[0]
    others = others[np.argsort(~launches.launched[others], kind="stable")][:SHOWN]
    recent = launches.sold(others, np.full(len(others), week - SPAN), SPAN)
    launch = launches.sold(others, launches.first[others], SPAN)
    return [
        (k + 1, int(other), float(similar[product, other]), float(recent[k]), float(launch[k]) if launches.launched[other] else None)
        for k, other in enumerate(others)
    ]
