"""Would it have worked? The last year of a shop, ordered by the forecast and by what planners do without it: `upswing simulate`.

Every review sees a forecast made without its future (forecasts.py). The policies (policies.py) order day by day against what was really
wanted (core.capabilities.inventory.control.simulation), each at several service levels: what they cost is compared where they achieve the
same fill rate
(frontier.py).
"""

from __future__ import annotations

import hashlib
import json
import time
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

import numpy as np

from core.capabilities.inventory.control import COST, CYCLE, Rules, Terms, World
from core.errors import UserError
from core.evaluation.backtest import Learn, fusion
from core.evaluation.simulate.forecasts import Forecasts, past_forecasts
from core.evaluation.simulate.frontier import Frontier, saving, stock_at
from core.evaluation.simulate.policies import Policy, by_forecast, by_safety_factor, seasonal_naive, statistical, twelve_week_mean
from core.messages import Message, lines, msg, nmsg
from core.progress import Progress, silent
from core.storage import duckdb as db
from core.storage import files, warehouse
from core.workspace import Workspace

__all__ = ["Simulation", "simulate"]

WEEKS = 52
HISTORY_WEEKS = 104  # what a statistical model may read before the first review
WARM_UP_WEEKS = 8  # the shelves are filled by then as the policy wants them: the longest usual lead time and a review
FILL_RATES = (0.8, 0.85, 0.9, 0.95, 0.97, 0.98, 0.99)
FILL_RATE = 0.95


@dataclass(frozen=True)
class Simulation:
    """found: what simulation.json holds."""

    found: dict

    def summary(self) -> dict:
        """What the Inventory page shows: the weeks, what the shop's levels promised and achieved (None where nothing is promised), the mean
        chance told of stocks to last until the next delivery and the share that did, and each policy with its points (fill rate, stock
        in cents) and what Upswing saves."""
        policies = [
            {
                "policy": name,
                "points": [[p["fill_rate"], p["stock_value"]] for p in each["points"]],
                "stock": each["stock_at"][f"{FILL_RATE:g}"],
                **self.found["saving"].get(name, {}),
            }
            for name, each in self.found["policies"].items()
        ]
        return {name: self.found[name] for name in ("from", "until", "products", "promised", "achieved", "told", "lasted")} | {
            "fill_rate": FILL_RATE,
            "policies": policies,
        }

    def text(self) -> Message:
        found, rate = self.found, f"{FILL_RATE:.0%}"
        said = [
            nmsg(
                "{count} product, {first} to {last}, at a fill rate of {rate}:",
                "{count} products, {first} to {last}, at a fill rate of {rate}:",
                found["products"],
                first=date.fromisoformat(found["from"]),
                last=date.fromisoformat(found["until"]),
                rate=rate,
            )
        ]
        for name, policy in found["policies"].items():
            value, less = policy["stock_at"][f"{FILL_RATE:g}"], found["saving"].get(name)
            title = Message(policy["title"])  # the English title is the catalogue's key
            if not value:
                said.append(msg("  {policy}: does not reach this fill rate", policy=title))
            elif less and less["saving"] is not None:
                interval = [f"{less[end]:.1%}" for end in ("saving", "low", "high")]
                said.append(
                    msg(
                        "  {policy}: average stock value {value}; Upswing needs {share} less [{low}, {high}]",
                        policy=title,
                        value=round(value / 100),
                        **dict(zip(("share", "low", "high"), interval)),
                    )
                )
            else:
                said.append(msg("  {policy}: average stock value {value}", policy=title, value=round(value / 100)))
        if found["achieved"] is not None:
            promised, achieved = f"{found['promised']:.1%}", f"{found['achieved']:.1%}"
            said.append(msg("Service levels set to {promised} achieved {achieved}.", promised=promised, achieved=achieved))
        if found["told"] is not None:
            told, lasted = f"{found['told']:.1%}", f"{found['lasted']:.1%}"
            said.append(
                msg("Stock was forecast to last until the next delivery in {told} of cases; it did in {lasted}.", told=told, lasted=lasted)
            )
        return lines(*said)


def simulate(
    workspace: Workspace,
    out: Path,
    *,
    weeks: int = WEEKS,
    lead_times: tuple[int, int] | None = None,
    target: str | None = None,
    backorders: bool = False,
    products: int | None = None,
    seed: int = 7,
    baselines: tuple[str, ...] | None = None,
    progress: Progress = silent,
    learn: Learn = fusion,
) -> Simulation:
    """Replays the last `weeks` weeks of the shop; writes simulation.json into the folder `out`.

    lead_times: each product's lead time is drawn from so many days to so many, and certain; None = the shop's own, where missing the
    default, and each order's is drawn with the shop's own spread. backorders: who finds nothing waits, instead of buying elsewhere.
    target: what Upswing's levels promise, as in core.capabilities.inventory.control.Rules; None = the shop's own setting.
    products: at most so many, drawn once; None = all. baselines: their names, None = all. The model's own forecasts of the past are
    kept in the workspace's cache. `learn` stands in for the fusion model. Raises UserError where history is too short or nothing
    has a cost or a price, NotReady without a panel.
    """
    from core.models.panel import Panel

    started, settings = time.monotonic(), workspace.settings()
    rules = Rules.of(settings.inventory)
    rules = replace(rules, target=target) if target else rules
    rules.check()
    if rules.review_days != 7:
        raise UserError(
            expected=msg("A simulation needs review_days = 7, because past forecasts are weekly."),
            found=msg("review_days is {days}.", days=rules.review_days),
            to_do=msg("Set review_days to 7 for this run."),
        )
    panel = Panel.open(workspace.panel, workspace.cache)
    forecasts = _kept(workspace, panel, settings, weeks + WARM_UP_WEEKS + 1, progress, learn)
    first, until = forecasts.origins[0], forecasts.origins[-1]
    told = np.isfinite(forecasts.demand[:-1, :, 0, 0])  # the last origin's own week has not passed
    value, shop = _read(workspace, panel.products, until)
    chosen = np.flatnonzero(told.any(axis=0) & (value > 0))
    rng = np.random.default_rng(seed)
    if not len(chosen):
        raise UserError(
            expected=msg("A simulation needs products with a cost or a price that sold in these weeks."),
            found=msg("There are none."),
            to_do=msg("Import orders with prices, or a file of products."),
        )
    if products and products < len(chosen):
        chosen = np.sort(rng.choice(chosen, products, replace=False))
    told, n = told[:, chosen].T, len(chosen)
    terms = replace(shop.rows(chosen), unit_cost_cents=value[chosen])
    if lead_times:
        terms = replace(
            terms, lead_time_days=rng.integers(lead_times[0], lead_times[1] + 1, n).astype(float), lead_time_sd_days=np.zeros(n)
        )
    lead, spread = terms.times(rules, until.astype(date))[0], np.where(terms.lead_time_sd_days > 0, terms.lead_time_sd_days, 0.0)
    drawn = np.maximum(rng.normal(lead[:, None], spread[:, None], told.shape).round(), 0).astype(int)
    daily = _daily(workspace, panel.products, first + 1, until)[chosen]
    history = _daily(workspace, panel.products, first - 7 * HISTORY_WEEKS + 1, until)[chosen]
    weekly = history.reshape(n, -1, 7).sum(axis=2)
    enters = told.argmax(axis=1)
    world = World(daily, drawn, 7, enters, np.maximum(WARM_UP_WEEKS * 7, enters * 7 + lead.round().astype(int) + 7), backorders)
    policies = _policies(forecasts, chosen, terms, rules, lead / 7, spread / 7, told, weekly, baselines, progress)
    frontiers, replayed = {}, time.monotonic()
    for number, policy in enumerate(policies):
        progress("simulate", 0.9 + 0.1 * number / len(policies), policy.title)
        frontiers[policy.name] = Frontier.run(world, policy, terms.batch)
        if not number:
            replay_seconds = (time.monotonic() - replayed) / len(policy.knobs)
    found = _told(frontiers, value[chosen])
    points = found["policies"]["upswing"]["points"] if rules.target != COST else []  # which reads no level
    at_the_level = {figure: _between(points, figure, rules.service_level) for figure in ("cycle_service", "fill_rate", "told", "lasted")}
    found |= {
        "products": n,
        "from": str(first + WARM_UP_WEEKS * 7 + 1),
        "until": str(until),
        "weeks": weeks,
        "lead_times": lead_times,
        "seed": seed,
        "target": rules.target,
        "backorders": backorders,
        "promised": rules.service_level,
        "achieved": at_the_level["cycle_service" if rules.target == CYCLE else "fill_rate"],
        "told": at_the_level["told"],
        "lasted": at_the_level["lasted"],
        "replay_seconds": round(replay_seconds, 2),
        "seconds": round(time.monotonic() - started, 1),
    }
    files.write_json(out / "simulation.json", found)
    progress("simulate", 1.0)
    return Simulation(found)


def _kept(workspace: Workspace, panel, settings, reviews: int, progress: Progress, learn: Learn) -> Forecasts:
    """Past forecasts, made once for this panel and what learning reads of the settings."""
    from core.models.panel import fingerprint

    learnt = {part: values for part, values in settings.as_dict().items() if part != "inventory"}
    asked = json.dumps([learnt, fingerprint(workspace.panel), reviews])
    path = workspace.cache / f"simulated-{hashlib.sha256(asked.encode()).hexdigest()[:16]}.npz"
    if not path.is_file():
        told = past_forecasts(panel, settings, reviews, progress, learn)
        for old in workspace.cache.glob("simulated-*.npz"):
            old.unlink()
        told.save(path)
    return Forecasts.load(path)


def _read(workspace: Workspace, products: list[str], until: np.datetime64) -> tuple[np.ndarray, Terms]:
    """(cents a unit (P,), the shop's terms) of the panel's products; where a cost is not known, the price at the shop's usual share."""
    warehouse.complete_file(workspace.need(workspace.warehouse, "import FILE..."))
    with db.connect(workspace.warehouse, read_only=True) as con:
        table = db.arrow(con, "simulation/terms", until_day=until.astype(date))
    place = {product: i for i, product in enumerate(table["product_id"].to_pylist())}
    rows = np.array([place.get(p, -1) for p in products])
    column = lambda name: np.where(rows >= 0, table[name].to_numpy().astype(float)[rows], np.nan)  # noqa: E731
    cost, price = column("cost"), column("price")
    share = np.nanmedian(cost / price) if np.isfinite(cost / price).any() else 1.0
    return np.where(cost > 0, cost, price * share), Terms.of(
        len(products),
        unit_cost_cents=cost,
        price_cents=price,
        **{name: column(name) for name in ("lead_time_days", "lead_time_sd_days", "moq", "pack_size")},
    )


def _daily(workspace: Workspace, products: list[str], first: np.datetime64, until: np.datetime64) -> np.ndarray:
    """(P, days) units that were wanted each day."""
    with db.connect(workspace.warehouse, read_only=True) as con:
        table = db.arrow(con, "simulation/daily_units", from_day=first.astype(date), until_day=until.astype(date))
    place = {product: i for i, product in enumerate(products)}
    row = np.array([place.get(p, -1) for p in table["product_id"].to_pylist()], dtype=int)
    found = np.zeros((len(products), int((until - first).astype(int)) + 1))
    known = row >= 0
    found[row[known], table["day"].to_numpy()[known]] = table["units"].to_numpy()[known]
    return found


def _policies(forecasts, chosen, terms, rules, lead, spread, told, weekly, wanted, progress) -> list[Policy]:
    """Our own, and those of `wanted`; lead, spread: mean and standard deviation of the lead time (n,), weeks."""
    reviews = told.shape[1]
    histories = [weekly[:, : weekly.shape[1] - reviews + k] for k in range(reviews)]
    twelve = [twelve_week_mean(h) for h in histories]
    usual = lambda name, title, ahead: by_safety_factor(name, title, ahead, lead + 1, spread, told)  # noqa: E731
    makes = {
        "twelve_week_mean": lambda: usual("twelve_week_mean", msg("12-week mean plus safety factor"), twelve.__getitem__),
        "seasonal_naive": lambda: usual(
            "seasonal_naive",
            msg("Same weeks last year plus safety factor"),
            lambda k: seasonal_naive(histories[k], forecasts.base[k, chosen]),
        ),
        "croston_sba": lambda: usual(
            "croston_sba", msg("Croston (SBA) plus safety factor"), statistical(histories, "CrostonSBA").__getitem__
        ),
        "auto_ets": lambda: usual(
            "auto_ets", msg("Exponential smoothing plus safety factor"), statistical(histories, "AutoETS").__getitem__
        ),
    }
    names = tuple(makes) if wanted is None else wanted
    if unknown := sorted(set(names) - makes.keys()):
        raise UserError(
            expected=msg("The policies are {names}.", names=list(makes)),
            found=msg("Unknown policies are given: {names}.", names=unknown),
            to_do=msg("Correct --baselines."),
        )
    policies = [by_forecast(forecasts, chosen, terms, rules, histories)]
    for number, name in enumerate(names):
        progress("simulate", 0.8 + 0.1 * number / len(names), msg("Forecasts of {policy}", policy=name))
        policies.append(makes[name]())
    return policies


def _told(frontiers: dict[str, Frontier], value: np.ndarray) -> dict:
    everyone = np.ones(len(value))
    told: dict[str, dict] = {}
    for name, frontier in frontiers.items():
        points = frontier.points(value, everyone)
        told[name] = {
            "title": str(frontier.policy.title),
            "points": [
                {"knob": knob, "told": lasted, **outcome.totals(value)}
                for knob, lasted, outcome in zip(frontier.policy.knobs, frontier.told_to_last(), frontier.outcomes)
            ],
            "stock_at": {f"{rate:g}": _number(stock_at(points, rate)) for rate in FILL_RATES},
        }
    ours = frontiers["upswing"]
    return {
        "policies": told,
        "saving": {name: saving(ours, theirs, value, FILL_RATE) for name, theirs in frontiers.items() if name != "upswing"},
    }


def _between(points: list[dict], figure: str, level: float) -> float | None:
    """A figure of a policy's points at a level, by straight lines between its knobs; None where there is none."""
    values = [point[figure] for point in points]
    return None if not values or None in values else float(np.interp(level, [point["knob"] for point in points], values))


def _number(value: float) -> float | None:
    return round(value) if np.isfinite(value) else None
