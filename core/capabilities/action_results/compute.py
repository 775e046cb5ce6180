"""Judge what was done: actions whose days are over, campaigns of contacts, and the choices of what to show."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import date, timedelta

import numpy as np
import pandas as pd
import pyarrow as pa

from core.capabilities.action_results import choices, hold_out, twins
from core.capabilities.action_results.tables import ACTION_RESULTS, CHOICE_RESULTS
from core.capabilities.action_results.verdict import HOLD_OUT, NONE, NOT_PAID, PAID, TWINS, UNCLEAR, judge
from core.capabilities.context import Context
from core.messages import msg
from core.schema import ALL
from core.storage.state import CONTACTED, MARKED_DOWN, ORDERED, State

PERIOD = 28  # days in which an order's units are expected to sell, and that `expected_units` of a kept action stand for
RECENT = 180  # days since the end of a promotion, or of an order's weeks
LEAST_PROMOTED = 3  # products: fewer say too little
FEW = 10  # customers: fewer are no comparison


@dataclass(frozen=True)
class Done:
    """An action whose days are over. expected_units: in its days; cost_cents: what was spent on it; discount: given on every unit."""

    source: str
    action: str
    kind: str
    name: str
    first_day: date
    last_day: date
    products: list[str]
    control: list[str] = field(default_factory=list)
    segment: str = ALL
    expected_units: float | None = None
    cost_cents: float = 0.0
    discount: float = 0.0
    seed: int = 0

    @property
    def days(self) -> int:
        return (self.last_day - self.first_day).days + 1

    def overlaps(self, other: Done) -> bool:
        return self.first_day <= other.last_day and other.first_day <= self.last_day


def write(context: Context) -> None:
    context.progress("score", 0.99, msg("Action results"))
    actions = [*_kept(context), *_promotions(context), *_purchase_orders(context)]
    context.write_rows(ACTION_RESULTS, [*_judged(context, actions), *_campaigns(context)])
    since = context.as_of - timedelta(days=choices.PERIOD)
    shown = context.engine.arrow("scoring/shown_choices", since=since, as_of=context.as_of)
    known = choices.known_then(context.workspace, since) if len(shown) else pd.DataFrame()
    context.write_rows(CHOICE_RESULTS, choices.judged(shown.to_pandas(), known))


# ---- what was done


def _kept(context: Context) -> Iterator[Done]:
    for one in State(context.workspace).actions():
        if one.last_day <= context.as_of:
            done = Done("kept", str(one.id), one.kind, one.name, one.first_day, one.last_day, one.products, one.control, one.segment)
            spent, expected = float(one.details.get("cost_cents", 0.0)), one.expected_units * done.days / PERIOD
            yield replace(done, expected_units=expected, cost_cents=spent, seed=one.seed)


def _promotions(context: Context) -> Iterator[Done]:
    found = context.engine.arrow("scoring/promoted_products", since=context.as_of - timedelta(days=RECENT), as_of=context.as_of).to_pandas()
    for (first, last, kind), rows in found.groupby(["starts_on", "ends_on", "kind"], sort=True):
        if len(rows) >= LEAST_PROMOTED:
            first, last = pd.Timestamp(first).date(), pd.Timestamp(last).date()
            done = Done("promotion", f"{first} {last} {kind}", MARKED_DOWN, kind, first, last, rows.product_id.tolist())
            yield replace(done, discount=0.0 if rows.discount.isna().any() else float(rows.discount.mean()))


def _purchase_orders(context: Context) -> Iterator[Done]:
    for one in State(context.workspace).purchase_orders():
        if one.sent_on is None or one.status == "cancelled":
            continue
        first = max(line.due_on for line in one.lines)
        last = first + timedelta(days=PERIOD - 1)
        if context.as_of - timedelta(days=RECENT) < last <= context.as_of:
            units = sum(line.units for line in one.lines)
            done = Done(
                "purchase_order", one.number, ORDERED, f"{one.number} {one.supplier}", first, last, [e.product_id for e in one.lines]
            )
            yield replace(done, expected_units=units)


# ---- what it changed


def _judged(context: Context, actions: list[Done]) -> Iterator[dict]:
    if not actions:
        return
    about = (
        context.read("products", columns=["product_id", "category", "price_cents", "unit_cost_cents"]).to_pandas().set_index("product_id")
    )
    for segment in sorted({one.segment for one in actions}):
        here = [one for one in actions if one.segment == segment]
        shop = _Shop.read(context, segment, here, about)
        for one in here:
            busy = {product for other in actions if other.overlaps(one) for product in (*other.products, *other.control)}
            yield shop.judged(one, busy)


@dataclass(frozen=True)
class _Shop:
    """What a segment bought: sales from a first day on, numbers of products, and what is known of these."""

    sales: twins.Sales
    first: date
    number: dict[str, int]
    about: pd.DataFrame

    @classmethod
    def read(cls, context: Context, segment: str, actions: list[Done], about: pd.DataFrame) -> _Shop:
        first = min(one.first_day - timedelta(days=twins.DAYS_BEFORE + twins.EARLIER * one.days) for one in actions)
        segments = [name for name in dict.fromkeys(context.live.segment.to_pylist()) if name != ALL]
        rows = context.engine.arrow("scoring/action_units", segment=segment, segments=segments, first=first, last=context.as_of)
        named = rows["product_id"].combine_chunks().dictionary_encode()
        products = [*named.dictionary.to_pylist()]
        products += sorted({product for one in actions for product in (*one.products, *one.control)} - set(products))
        units = np.zeros((len(products), (context.as_of - first).days + 1), np.float32)
        day = rows["day"].cast(pa.date32()).cast(pa.int32()).to_numpy() - (first - date(1970, 1, 1)).days
        units[named.indices.to_numpy(), day] = rows["units"].to_numpy()
        about = about.reindex(products)
        return cls(twins.Sales(units, pd.factorize(about.category)[0]), first, {name: k for k, name in enumerate(products)}, about)

    def judged(self, one: Done, busy: set[str]) -> dict:
        """Return a row of ACTION_RESULTS. busy: products of any action in those days."""
        start = (one.first_day - self.first).days
        here = np.array([self.number[product] for product in one.products])
        sold = self.sales.units[here, start : start + one.days].sum(1, dtype=float)
        units, evidence, change = float(sold.sum()), NONE, None
        if one.control and one.products:
            both = np.array([*here, *(self.number[product] for product in one.control)])
            usual = self.sales.units[both, start - twins.DAYS_BEFORE : start].sum(1, dtype=float) * one.days / twins.DAYS_BEFORE
            got = self.sales.units[both, start : start + one.days].sum(1, dtype=float)
            change, evidence = hold_out.change(got, usual, np.arange(len(both)) < len(here), one.seed), HOLD_OUT
        elif one.kind != ORDERED:
            others = np.array([k for name, k in self.number.items() if name not in busy], int)
            change = twins.change(self.sales, here, others, start, one.days, one.seed)
            evidence = TWINS if change else NONE
        break_even = self._break_even(one, here, sold)
        found = judge(change, units, break_even or 0.0)
        extra = change.extra(units) if change else (None, None, None)
        return {
            **{name: getattr(one, name) for name in ("source", "action", "kind", "name", "segment", "first_day", "last_day")},
            "count": len(one.products),
            "held_out": len(one.control),
            "expected_units": one.expected_units,
            "units": units,
            "evidence": evidence,
            "change": change.change if change else None,
            "low": change.low if change and change.low > -1 else None,
            "high": change.high if change and np.isfinite(change.high) else None,
            **{name: _finite(v) for name, v in zip(("extra_units", "low_extra_units", "high_extra_units"), extra)},
            "break_even_units": break_even,
            "verdict": found.verdict,
            "times": found.times,
        }

    def _break_even(self, one: Done, here: np.ndarray, sold: np.ndarray) -> float | None:
        """Return how many extra units pay for the action: what was spent, and the discount on all units; None = margin not known."""
        if not one.cost_cents and not one.discount:
            return 0.0
        price, cost = (self.about[name].to_numpy(float)[here] for name in ("price_cents", "unit_cost_cents"))
        weight = sold if sold.sum() > 0 else np.ones(len(here))
        margin = float(np.average(price - cost, weights=weight))
        spent = one.cost_cents + one.discount * float(price @ sold)
        return spent / margin if margin > 0 else None


def _campaigns(context: Context) -> Iterator[dict]:
    """Return the campaigns of contacts, judged by customers held out (table contact_effects)."""
    for row in context.read("contact_effects").to_pylist():
        known = row["effect"] is not None and min(row["contacted"], row["held_out"]) >= FEW
        scale = row["contacted"] if known else float("nan")
        extra, low, high = ((row[name] or 0.0) * scale for name in ("effect", "low", "high"))
        verdict = PAID if low > 0 else NOT_PAID if high <= 0 else UNCLEAR
        yield {
            "source": "campaign",
            "action": row["campaign"],
            "kind": CONTACTED,
            "name": row["campaign"],
            "segment": ALL,
            "first_day": row["day"],
            "last_day": row["day"] + timedelta(days=30),
            "count": row["contacted"],
            "held_out": row["held_out"],
            "evidence": HOLD_OUT if known else NONE,
            "change": row["effect"] if known else None,
            "low": row["low"] if known else None,
            "high": row["high"] if known else None,
            "extra_units": _finite(extra),
            "low_extra_units": _finite(low),
            "high_extra_units": _finite(high),
            "verdict": verdict,
        }


def _finite(value: float | None) -> float | None:
    return None if value is None or not np.isfinite(value) else float(value)
