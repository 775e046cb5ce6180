"""Everything that the weekly report says, asked of one snapshot and the planners' changes: the answers that the pages show."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

from core import data_age
from core.capabilities.forecast import listing
from core.capabilities.inventory import plan as plans
from core.capabilities.inventory.control import Rules
from core.data_age import DataAge
from core.schema import ALL, LIKELY, WORTH_SAYING
from core.settings import Settings
from core.storage.queries import Serving
from core.storage.state import Override, PurchaseOrder

LISTED = 10  # rows of a list of products
MOVERS = 5
WEEKS = 52


@dataclass(frozen=True)
class Figures:
    """The answers by the name of their question, and what the plan says.

    rules: the settings that the snapshot was made under. worth: the shop in money, None where interest is no sales. suppliers: orders by
    supplier. updates: all that were logged; record: the judged ones with calls, the latest last. spread: of the features, as
    core.capabilities.forecast.listing.spread gives it.
    """

    meta: pd.Series
    age: DataAge
    rules: Settings
    headline: pd.Series
    weeks: pd.DataFrame
    worth: dict[str, plans.Amount] | None
    stock_known: bool
    decisions: pd.DataFrame
    risers: pd.DataFrame
    fallers: pd.DataFrame
    spread: dict[str, list[float]]
    gains: pd.DataFrame
    drops: pd.DataFrame
    compared: bool
    segments: pd.DataFrame
    specials: pd.DataFrame
    suppliers: pd.DataFrame
    updates: pd.DataFrame
    record: pd.DataFrame
    metrics: pd.Series
    quality: pd.DataFrame


def gather(serving: Serving, settings: Settings, overrides: Sequence[Override], orders: Sequence[PurchaseOrder] = ()) -> Figures:
    """Return the figures of a report. settings: those in effect; the rules that the snapshot recorded win over them."""

    def ask(question: str, **values) -> pd.DataFrame:
        return serving.ask(question, likely=LIKELY, worth_saying=WORTH_SAYING, **values)

    rules, meta = serving.rules(settings), ask("meta").iloc[0]
    basis = plans.replanned(plans.read(serving, Rules.of(rules.inventory)), overrides, orders)
    age = data_age.age(meta.as_of.date(), settings)
    plan = plans.without_passed(plans.make(basis, plans.standing(overrides, orders)), age.passed)
    products = listing.EVERYTHING | {"facts": listing.FACTS, "limit": LISTED, "offset": 0}
    bought = plans.within(plan, plans.rank(basis), math.inf)
    updates, judged = ask("track_updates"), ask("track_by_update", segment=ALL, categories=[])
    return Figures(
        meta=meta,
        age=age,
        rules=rules,
        headline=ask("headline").iloc[0],
        weeks=ask("weekly_orders", weeks=WEEKS),
        worth=plans.worth(basis, plan, bought, ask("own_units")) if meta.signal == "orders" else None,
        stock_known=plans.stock_known(plan),
        decisions=plans.decisions(serving, plan, LISTED),
        risers=ask("rising", **products, sort="probability"),
        fallers=ask("rising", **products, sort="falling"),
        spread=listing.spread(ask("feature_spread", facts=listing.FACTS, segment=ALL)),
        gains=ask("movers", direction=1, limit=MOVERS),
        drops=ask("movers", direction=-1, limit=MOVERS),
        compared=bool(ask("choices").has_previous.iloc[0]),
        segments=ask("segments").query("segment != @ALL", local_dict={"ALL": ALL}),
        specials=ask("segment_specials", limit=2),
        suppliers=plans.by_supplier(plan),
        updates=updates,
        record=judged[judged.called_judged > 0].merge(updates[["as_of", "replay"]], on="as_of"),
        metrics=ask("metrics").set_index("metric")["value"],
        quality=ask("quality"),
    )
