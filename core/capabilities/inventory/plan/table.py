"""The plan of one snapshot with the planner's overrides, one row per product.

Days are the plan's own: an override is active while the snapshot's `as_of` is not after its last day.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from datetime import date
from itertools import chain
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa

from core.capabilities.inventory.control import (
    NO_ORDER,
    ORDER_NOW,
    PROBLEMS,
    SHOP,
    Distribution,
    Horizon,
    Rules,
    Suggestions,
    Terms,
    horizon,
    levels,
    suggest,
    supplier_totals,
)
from core.capabilities.inventory.horizon import horizon_of
from core.capabilities.inventory.plan.purchase_orders import on_the_way, standing
from core.errors import NotReady
from core.messages import msg
from core.schema import DEMAND_LEVELS, DEMAND_WEEKS
from core.storage.export import write_table
from core.storage.queries import Serving
from core.storage.snapshots import current
from core.storage.state import SCOPES, TERMS, Override, PurchaseOrder, State
from core.workspace import Workspace

SNOOZED = "snoozed"  # a status in addition to those of core.capabilities.inventory.control
WITHHELD = "withheld"  # all of its NO_ORDER, for a filter
CLASSES = ("A", "B", "C")
SHORT, EXCESS, HEALTHY = "short", "excess", "healthy"
RISKS = (SHORT, EXCESS, HEALTHY)
SHORT_CHANCE = 0.5  # a stock-out is expected, not merely possible
CLASS_SHARES = (0.8, 0.95)  # of the shop's margin: A reaches the first, B the second
ERROR_BOUNDS = (0.5, 1.0)  # X and Y forecast errors, as shares of the demand
BETWEEN_10_AND_90 = 2.563  # standard deviations, of a normal distribution
SCOPE_COLUMNS = dict(zip(SCOPES, ("product_id", "supplier", "abc")))
STOP_CHANCE, STOP_COVER_WEEKS = 0.25, 8  # likely enough to fall, and stock for long enough, to stop ordering


@dataclass(frozen=True)
class Basis:
    """The basis of a plan: one row per product with its suggestion and classes, in the order of `terms` and `demand` (n, 5, 9).

    deliveries: the open ones, product_id, due_in_days after as_of and units. ahead: what orders under these terms have to last for; None
    where the snapshot does not say it.
    """

    products: pd.DataFrame
    terms: Terms
    demand: np.ndarray
    rules: Rules
    as_of: date
    deliveries: pd.DataFrame
    ahead: Horizon | None = None


def read(serving: Serving, rules: Rules) -> Basis:
    """Return the basis of a snapshot, with ABC and XYZ classes."""
    products = serving.ask("plan_products")
    whole = list(products.select_dtypes(["Int64", "int64"]))
    products[whole] = products[whole].astype("float64")  # one representation of "not known": NaN
    known = serving.ask("plan_terms")
    terms = Terms.of(len(known), **{f.name: known[f.name].to_numpy(np.float64, na_value=np.nan) for f in fields(Terms)})
    if rules.target == SHOP:  # each product's service level comes from the whole shop, and stays when some products are planned again
        terms = replace(terms, service_level=products.service_level.to_numpy(np.float64))
    demand = serving.ask("plan_demand").units.to_numpy().reshape(len(products), len(DEMAND_WEEKS), len(DEMAND_LEVELS))
    named = defaultdict(list)
    for row in serving.ask("plan_problems").itertuples():
        named[row.product_id].append(row.problem)
    products["problems"] = [named.get(product, []) for product in products.product_id]
    products["unit_cost_cents"], products["price_cents"] = terms.unit_cost_cents, terms.price_cents
    products["abc"], products["xyz"] = abc(_margin(terms, demand)), xyz(demand)
    as_of = serving.ask("meta").as_of.iloc[0].date()
    same = zip(terms.times(rules, as_of), ("lead_time_days", "wait_days", "review_days"))  # else these are other rules than the snapshot's
    fits = all(np.allclose(days, products[name].to_numpy(np.float64)) for days, name in same)
    ahead = horizon_of(serving.ask("plan_horizon"), list(products.product_id)) if fits else None
    return Basis(products, terms, demand, rules, as_of, serving.ask("plan_deliveries"), ahead)


def abc(worth: np.ndarray) -> np.ndarray:
    """Return A, B or C for each product (n,): those that begin below 80% of the total, from the largest down, are A; below 95%, B.

    >>> print(*abc(np.array([5.0, 700.0, 150.0, 100.0, 45.0])))
    C A A B C
    """
    order = np.argsort(-worth, kind="stable")
    before = np.empty(len(worth))
    before[order] = np.cumsum(worth[order]) - worth[order]
    return np.array(CLASSES)[np.searchsorted(CLASS_SHARES, before / max(worth.sum(), 1e-9), side="right")]


def xyz(demand: np.ndarray) -> np.ndarray:
    """Return X, Y or Z for each product, by the relative error of the 4-week forecast; a product without sales is Z."""
    month = demand[:, DEMAND_WEEKS.index(4)]
    off = (month[:, DEMAND_LEVELS.index(0.9)] - month[:, DEMAND_LEVELS.index(0.1)]) / BETWEEN_10_AND_90
    mean = Distribution(month).mean
    error = np.divide(off, mean, out=np.full(len(demand), np.inf), where=mean > 0)
    return np.array(["X", "Y", "Z"])[np.searchsorted(ERROR_BOUNDS, error, side="right")]


def replanned(basis: Basis, overrides: Sequence[Override], orders: Sequence[PurchaseOrder] = ()) -> Basis:
    """Return the basis with the products planned again whose service level or lead time a planner changed, or of which purchase orders
    are on the way.

    With a longer lead time, more of the units on order arrive in time. A planner's own lead time is certain in its mean; its spread is the
    shop's.
    """
    own = {name: values(basis, overrides, name) for name in TERMS}
    basis, ordered = with_orders(basis, orders)
    rows = np.flatnonzero(np.logical_or.reduce([ordered, *(~np.isnan(v) for v in own.values())]))
    if not len(rows):
        return basis
    terms = replace(basis.terms, **{name: np.where(np.isnan(v), getattr(basis.terms, name), v) for name, v in own.items()})
    terms = received(basis, terms, rows)
    changed = basis.demand[rows], terms.rows(rows), basis.rules, basis.as_of
    ahead = horizon(*changed)
    again = suggest(*changed, ahead)
    products = basis.products.copy()
    for f in fields(Suggestions):
        column = pd.Series(getattr(again, f.name), index=products.index[rows])
        products.loc[column.index, f.name] = column.astype(products[f.name].dtype)
    return replace(basis, products=products, terms=terms, ahead=basis.ahead and basis.ahead.replaced(rows, ahead))


def received(basis: Basis, terms: Terms, rows: np.ndarray) -> Terms:
    """Return terms of the basis' products with the units on order of the products `rows` (m,) split by these terms' times."""
    product = pd.Index(basis.products.product_id).get_indexer(basis.deliveries.product_id)
    theirs = np.isin(product, rows)
    due_in_days, units = (basis.deliveries[name].to_numpy(np.float64)[theirs] for name in ("due_in_days", "units"))
    return terms.receiving(product[theirs], due_in_days, units, basis.rules, basis.as_of)


def with_orders(basis: Basis, orders: Sequence[PurchaseOrder]) -> tuple[Basis, np.ndarray]:
    """Return the basis with purchase orders among its deliveries, and for which products, (n,) bool.

    A figure of the stock file stays beside them, as due today: deliveries of a product would replace it.
    """
    product = pd.Index(basis.products.product_id)
    lines = on_the_way(orders, basis.deliveries, dict(zip(product, basis.terms.on_order)), basis.as_of)
    lines = lines[(lines.counted > 0) & lines.product_id.isin(product)]
    ours = product.isin(lines.product_id)
    if not ours.any():
        return basis, ours
    figure = ours & ~product.isin(basis.deliveries.product_id) & (basis.terms.on_order > 0)
    kept = pd.DataFrame({"product_id": product[figure], "due_in_days": 0, "units": basis.terms.on_order[figure]})
    added = pd.DataFrame({"product_id": lines.product_id, "due_in_days": lines.due_in_days, "units": lines.counted})
    return replace(basis, deliveries=pd.concat([basis.deliveries, kept, added], ignore_index=True)), ours


def _changed(basis: Basis, overrides: Sequence[Override]) -> list[str]:
    """Return the names of the fields set for each product, comma-separated."""
    asleep = {o.name for o in overrides if o.field == "snooze_until" and o.holds(basis.as_of)}
    own = {field: ~np.isnan(values(basis, overrides, field)) for field in ("order_units", *TERMS)}
    own["snooze_until"] = basis.products.product_id.isin(asleep).to_numpy()
    return [", ".join(field for field, has in zip(own, each) if has) for each in zip(*own.values())]


def values(basis: Basis, overrides: Sequence[Override], field: str) -> np.ndarray:
    """Return the planners' value of a field for each product, (n,); NaN where there is none. The narrower scope wins."""
    found = np.full(len(basis.products), np.nan)
    for scope, column in SCOPE_COLUMNS.items():
        own = {o.name: float(o.value) for o in overrides if o.scope == scope and o.field == field and o.holds(basis.as_of)}
        if own:
            found = np.where(np.isnan(found), basis.products[column].map(own).to_numpy(np.float64), found)
    return found


def make(basis: Basis, overrides: Sequence[Override]) -> pd.DataFrame:
    """Return the plan, most lost by waiting first: the basis' products and

    planner_order_units   what the planner wants instead of suggested_order_units; empty = nothing of their own
    order_units           what goes out today: the planner's, else the suggested; 0 while snoozed, empty where neither is known
    packs, line_cost_cents, snooze_until
    goes_out              the first day on which its supplier takes an order; on_order_later as in core.capabilities.inventory.control.Terms
    changed_by, reason, comment, before   who changed the quantity or snoozed, why, and what it was
    risk                  one of RISKS, "" where the stock is not known: a stock-out before the next cycle's order could arrive is at
                          least as likely as not; more stock than is likely to sell; neither
    changed               the fields that a planner set for it, in any scope, as one text
    gain_cents            empty: core.capabilities.inventory.plan.within says it under a budget

    basis: as `replanned` gives it. lost_margin_cents stays that of the suggested order, fill_rate is that of order_units.
    """
    plan = basis.products.copy()
    own = {o.name: o for o in overrides if o.field == "order_units" and o.holds(basis.as_of)}
    asleep = {o.name: o for o in overrides if o.field == "snooze_until" and o.holds(basis.as_of)}
    plan["planner_order_units"] = values(basis, overrides, "order_units")
    plan["snooze_until"] = pd.to_datetime(plan.product_id.map({name: o.value for name, o in asleep.items()}))
    sleeps = plan.snooze_until.notna()
    plan.loc[sleeps, "status"] = SNOOZED
    units = plan.planner_order_units.fillna(plan.suggested_order_units)
    plan["order_units"] = units.where(~sleeps, 0.0)
    plan["pack_size"] = np.where(basis.terms.pack_size > 0, basis.terms.pack_size, np.nan)
    plan["minimum"], plan["maximum"], plan["on_order_later"] = basis.terms.moq, basis.terms.max_order, basis.terms.on_order_later
    plan["goes_out"] = pd.Timestamp(basis.as_of) + pd.to_timedelta(plan.wait_days + 1, unit="D")
    plan["packs"] = plan.order_units / plan.pack_size
    plan["line_cost_cents"] = (plan.order_units * plan.unit_cost_cents.where(plan.unit_cost_cents > 0)).round()
    because = plan.product_id.map(own | asleep)
    for column, attribute in {"changed_by": "actor", "reason": "reason", "comment": "comment", "before": "before"}.items():
        plan[column] = [getattr(o, attribute) if isinstance(o, Override) else None for o in because]
    plan["changed"] = _changed(basis, overrides)
    plan["risk"] = np.select(
        [plan.stockout_probability.isna(), plan.stockout_probability >= SHORT_CHANCE, plan.excess_units > 0], ["", SHORT, EXCESS], HEALTHY
    )
    plan["gain_cents"] = np.nan
    changed = np.flatnonzero(plan.planner_order_units.notna() & plan.inventory_position.notna())
    if len(changed):
        policy = levels(basis.demand[changed], basis.terms.rows(changed), basis.rules, basis.as_of)
        stock = (plan.inventory_position + plan.order_units).to_numpy()[changed]
        plan.loc[plan.index[changed], "fill_rate"] = policy.cycle.fill_rate(stock)
    return plan.sort_values(["lost_margin_cents", "order_units", "product_id"], ascending=[False, False, True], ignore_index=True)


def without_passed(plan: pd.DataFrame, passed: date | None) -> pd.DataFrame:
    """Return the plan without the days before `passed`; None leaves all of them (core.data_age.DataAge.passed)."""
    if passed is None:
        return plan
    days = plan[["order_by", "goes_out", "clear_by"]]
    return plan.assign(**days.where(days >= pd.Timestamp(passed)))


def select(
    plan: pd.DataFrame,
    *,
    status: str = "",
    suppliers: Sequence[str] = (),
    classes: Sequence[str] = (),
    risk: str = "",
    search: str = "",
    problem: str = "",
) -> pd.DataFrame:
    """Return the rows that match all filters; an empty filter matches all. A search is in title and number, verbatim, ignoring case."""
    fits = np.ones(len(plan), dtype=bool)
    if status == ORDER_NOW:  # includes products that only a planner orders, excludes those whose order a planner cancelled
        fits &= (plan.order_units > 0) | ((plan.status == ORDER_NOW) & plan.planner_order_units.notna())
    elif status == WITHHELD:
        fits &= plan.status.isin(NO_ORDER)
    elif status:
        fits &= plan.status == status
    if suppliers:
        fits &= plan.supplier.isin(suppliers)
    if classes:
        fits &= plan.abc.isin(classes)
    if risk:
        fits &= plan.risk == risk
    if search:
        text = search.lower()
        fits &= plan.title.str.lower().str.contains(text, regex=False) | plan.product_id.str.lower().str.contains(text, regex=False)
    if problem:
        fits &= np.fromiter((problem in named for named in plan.problems), dtype=bool, count=len(plan))
    return plan[fits]


def problem_counts(plan: pd.DataFrame) -> dict[str, int]:
    """Return how many products have each problem, in the order of core.capabilities.inventory.control."""
    counts = Counter(chain.from_iterable(plan.problems))
    return {name: counts[name] for name in PROBLEMS if counts[name]}


def before(plan: pd.DataFrame, scope: str, name: str, field: str):
    """Return the value that an override will replace: the plan's; None where products of the scope differ, or nothing is known."""
    if field == "snooze_until":
        return None
    found = plan.loc[plan[SCOPE_COLUMNS[scope]] == name, field].dropna().unique()
    return float(found[0]) if len(found) == 1 else None


def total(cents: pd.Series) -> float:
    """Return the sum without unknown values; NaN, not 0, where none is known.

    >>> [total(pd.Series(cents, dtype=float)) for cents in ([250, np.nan], [np.nan], [])]
    [250.0, nan, 0.0]
    """
    return float(cents.sum(min_count=min(len(cents), 1)))


def by_supplier(plan: pd.DataFrame) -> pd.DataFrame:
    """Return today's orders by supplier, most money first.

    supplier (one row for all unknown ones), lines, units, line_cost_cents, lost_margin_cents, goes_out, and the supplier's minimum order
    value with the shortfall to it: minimum_cents, missing_cents. Money is empty where no line's is known.
    """
    lines = plan[plan.order_units > 0]
    grouped = lines.groupby("supplier", dropna=False)
    totals = grouped[["order_units", "line_cost_cents", "lost_margin_cents"]].sum(min_count=1).rename(columns={"order_units": "units"})
    totals.insert(0, "lines", grouped.size())
    totals["goes_out"] = grouped.goes_out.min()
    totals["minimum_cents"] = grouped.supplier_minimum_cents.first()
    totals = totals.reset_index()
    each, known = np.arange(len(totals)), totals.line_cost_cents.notna()
    missing = supplier_totals(each, totals.line_cost_cents.fillna(0.0).to_numpy(), totals.minimum_cents.to_numpy(np.float64))[1]
    totals["missing_cents"] = np.where(known, missing, np.nan)
    return totals.sort_values(["line_cost_cents", "lines", "supplier"], ascending=[False, False, True], ignore_index=True)


def stop_list(plan: pd.DataFrame) -> pd.DataFrame:
    """Return products not to order for now, most money first: more stock than is likely to sell, or likely to fall with stock for weeks."""
    falls = (plan.falling_probability >= STOP_CHANCE) & (plan.cover_weeks >= STOP_COVER_WEEKS)
    return plan[(plan.excess_units > 0) | falls].sort_values(
        ["excess_cost_cents", "cover_weeks", "product_id"], ascending=[False, False, True]
    )


def export(workspace: Workspace, out: Path) -> int:
    """Write the plan with the active overrides as CSV, Parquet or XLSX, by the file's extension, and return its rows.

    It follows the snapshot's rules; changed settings take effect when the suggestions are recalculated.
    """
    snapshot = current(workspace)
    if snapshot is None:
        raise NotReady(
            expected=msg("The plan needs a published snapshot."),
            found=msg("No snapshot has been published yet."),
            to_do=msg("Run `upswing run` first."),
        )
    orders = State(workspace).purchase_orders()
    overrides = standing(State(workspace).overrides(), orders)
    serving = Serving(snapshot.path)
    rules = Rules.of(serving.rules(workspace.own_settings()).inventory)
    plan = make(replanned(read(serving, rules), overrides, orders), overrides)
    plan["problems"] = plan.problems.map(", ".join)
    plan["before"] = pd.to_numeric(plan.before, errors="coerce")
    for column in ("order_by", "goes_out", "snooze_until", "clear_by"):
        plan[column] = plan[column].dt.date
    return write_table(pa.Table.from_pandas(plan, preserve_index=False), out)


def _margin(terms: Terms, demand: np.ndarray) -> np.ndarray:
    """Return the expected margin of the forecast's 13 weeks, cents (n,); the shop's median margin replaces an unknown one."""
    price, cost = terms.price_cents, terms.unit_cost_cents
    price = np.where(np.isnan(price), np.nanmedian(price) if np.isfinite(price).any() else 1.0, price)
    share = np.where((price > 0) & (cost > 0), 1 - cost / np.maximum(price, 1), np.nan)
    usual = np.nanmedian(share) if np.isfinite(share).any() else 1.0
    return price * np.maximum(np.where(np.isnan(share), usual, share), 0.0) * Distribution(demand[:, -1]).mean
