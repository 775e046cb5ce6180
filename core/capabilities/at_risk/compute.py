"""Write the tables of customers at risk: from known customers' purchases, reviews, stock and contacts.

A shop that names no customers, or that has no 90 days to learn from, has none.
"""

from __future__ import annotations

from dataclasses import asdict
from datetime import date, timedelta

import numpy as np
import pandas as pd
import pyarrow as pa

from core.capabilities.at_risk import tables
from core.capabilities.at_risk.check import check
from core.capabilities.at_risk.contacting import choose, numbered
from core.capabilities.at_risk.effects import WITHIN, effect
from core.capabilities.at_risk.history import HORIZON, History
from core.capabilities.at_risk.leaving import fit
from core.capabilities.context import Context
from core.messages import msg
from core.schema import ALL, LIKELY
from core.storage.engine import Engine

CHECKED, APART = 3, 30  # past days, and days between them
EPOCH = date(1970, 1, 1)


def write(context: Context) -> None:
    """Write customers, groups, the check and the effects of past campaigns."""
    context.progress("score", 0.98, msg("Customers at risk"))
    segments = context.segments
    history, ids, segment = read_history(context.with_order_lines, context.as_of, segments)
    _write_campaigns(context)
    today = (context.as_of - EPOCH).days
    model = fit(history, today) if len(ids) else None
    if model is None:
        context.write_empty(tables.CUSTOMERS, tables.GROUPS, tables.CHECK, tables.UPLIFT, tables.CONTACT_GROUPS, tables.CHOICES)
        return
    features = history.features(today)
    customers = features.index.to_numpy()
    reasons = model.reasons(features)
    of = history.orders.groupby("customer")
    value = history.value(today, customers)
    chance = model.chance(features, history.season(today))
    found = pd.DataFrame(
        {
            "customer_id": ids.take(pa.array(customers)).to_pylist(),
            "segment": segment[customers] if segments else ALL,
            "chance": chance,
            "value_cents": value,
            "at_stake_cents": chance * value,
            "last_bought_on": [EPOCH + timedelta(days=int(day)) for day in of.day.max()[customers]],
            "orders": of.day.size()[customers].to_numpy(),
            "reason": np.array(tables.REASONS)[reasons[list(tables.REASONS)].to_numpy().argmax(1)],
        }
    )
    context.write_rows(tables.CUSTOMERS, found)
    context.write_rows(tables.GROUPS, grouped(found))
    past = [check(history, today - HORIZON - APART * k) for k in range(CHECKED)]
    context.write_rows(tables.CHECK, pd.DataFrame([asdict(one) | {"day": EPOCH + timedelta(days=one.day)} for one in past if one]))

    contacts = numbered(context.engine.arrow("scoring/contact_rows", as_of=context.as_of, within=WITHIN), ids)
    chosen = choose(history, contacts, numbered(context.engine.arrow("scoring/customer_attributes"), ids), segment, today)
    if chosen is None:
        context.write_empty(tables.UPLIFT, tables.CONTACT_GROUPS, tables.CHOICES)
        return
    context.write_rows(tables.UPLIFT, chosen.channels)
    context.write_rows(tables.CONTACT_GROUPS, chosen.groups)
    context.write_rows(tables.CHOICES, chosen.customers.assign(customer_id=ids.take(pa.array(chosen.customers.customer)).to_pylist()))


def read_history(engine: Engine, as_of: date, segments: list[str]) -> tuple[History, pa.Array, np.ndarray]:
    """Return the history until a day, the customers' pseudonyms in the order of their numbers, and (customers,) the segment of the last
    purchase. engine: with the table order_lines."""
    days = engine.arrow("scoring/customer_days", as_of=as_of, segments=segments)
    customer = days["customer_id"].combine_chunks().dictionary_encode()
    ids = customer.dictionary
    orders = pd.DataFrame(
        {
            "customer": customer.indices.to_numpy(),
            "day": days["day"].cast(pa.int32()).to_numpy(),
            "cents": days["cents"].to_numpy().astype(float),
            "products": days["products"].to_numpy().astype(float),
            "returned": days["returned"].to_numpy(zero_copy_only=False),
        }
    )
    reviews, missing = (numbered(engine.arrow(f"scoring/{name}", as_of=as_of), ids) for name in ("customer_ratings", "customer_shortages"))
    segment = np.full(len(ids), ALL, object)
    segment[orders.customer] = days["segment"].to_numpy(zero_copy_only=False)  # sorted by day: the last one stays
    return History(orders, reviews, missing, len(ids)), ids, segment


def grouped(customers: pd.DataFrame) -> pd.DataFrame:
    """Return the rows of tables.GROUPS: reasons of fewer than 10 customers of a segment are one, and segments that small are left out."""
    parts = [(ALL, customers)]
    parts += [(name, part) for name, part in customers.groupby("segment") if name != ALL]
    rows = []
    for segment, part in parts:
        if len(part) < tables.FEW:
            continue
        sizes = part.reason.value_counts()
        small = sizes[sizes < tables.FEW].index
        together = "other" if sizes[small].sum() >= tables.FEW else None
        reason = part.reason.where(~part.reason.isin(small), together)
        for name, group in [(ALL, part), *part.groupby(reason)]:
            rows.append(
                {
                    "segment": segment,
                    "reason": name,
                    "customers": len(group),
                    "likely": int((group.chance >= LIKELY).sum()),
                    "leaving": float(group.chance.sum()),
                    "value_cents": float(group.value_cents.sum()),
                    "at_stake_cents": float(group.at_stake_cents.sum()),
                }
            )
    return pd.DataFrame(rows)


def _write_campaigns(context: Context) -> None:
    rows = context.engine.rows("scoring/campaign_outcomes", as_of=context.as_of, within=WITHIN)
    found = [
        row | asdict(effect(int(row["contacted"]), int(row["ordered"]), int(row["held_out"]), int(row["ordered_held_out"]))) for row in rows
    ]
    context.write_rows(tables.CAMPAIGNS, pd.DataFrame(found))
