"""Simulation (`upswing simulate`): the last year of a shop, ordered by the forecast and by the methods planners use today.

Every review uses a forecast made without its future (forecasts.py). The policies (policies.py) order day by day against actual demand
(core.capabilities.inventory.control.simulation), each at several service levels. Their costs are compared at the same achieved fill
rate (frontier.py).
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
from core.evaluation.backtest import FitModel, fit_model
from core.evaluation.simulate.forecasts import Forecasts, past_forecasts
from core.evaluation.simulate.frontier import Frontier, saving, stock_at
from core.evaluation.simulate.policies import Policy, by_forecast, by_safety_factor, seasonal_naive, statistical, twelve_week_mean
from core.messages import Message, lines, msg, nmsg
from core.progress import Progress, silent
from core.storage import duckdb as db
from core.storage import files, product_numbers, warehouse
from core.workspace import Workspace

__all__ = ["Simulation", "simulate"]

WEEKS = 52
HISTORY_WEEKS = 104  # history of a statistical model before the first review
WARM_UP_WEEKS = 8  # the longest usual lead time and a review: by then stock is as the policy wants it
FILL_RATES = (0.8, 0.85, 0.9, 0.95, 0.97, 0.98, 0.99)
FILL_RATE = 0.95


@dataclass(frozen=True)
class Simulation:
    """The result of a simulation: the content of simulation.json."""

    result: dict

    def summary(self) -> dict:
        """Return the figures for the Inventory page.

        The weeks; the promised and achieved service level (None where none is promised); the forecast and actual share of stocks that last
        until the next delivery; each policy with its points (fill rate, stock in cents) and the saving of Upswing.
        """
        policies = [
            {
                "policy": name,
                "points": [[p["fill_rate"], p["stock_value"]] for p in each["points"]],
                "stock": each["stock_at"][f"{FILL_RATE:g}"],
                **self.result["saving"].get(name, {}),
            }
            for name, each in self.result["policies"].items()
        ]
        return {name: self.result[name] for name in ("from", "until", "products", "promised", "achieved", "told", "lasted")} | {
            "fill_rate": FILL_RATE,
            "policies": policies,
        }

    def text(self) -> Message:
        result, rate = self.result, f"{FILL_RATE:.0%}"
        sentences = [
            nmsg(
                "{count} product, {first} to {last}, at a fill rate of {rate}:",
                "{count} products, {first} to {last}, at a fill rate of {rate}:",
                result["products"],
                first=date.fromisoformat(result["from"]),
                last=date.fromisoformat(result["until"]),
                rate=rate,
            )
        ]
        for name, policy in result["policies"].items():
            value, less = policy["stock_at"][f"{FILL_RATE:g}"], result["saving"].get(name)
            title = Message(policy["title"])  # the English title is the catalogue's key
            if not value:
                sentences.append(msg("  {policy}: does not reach this fill rate", policy=title))
            elif less and less["saving"] is not None:
                interval = [f"{less[end]:.1%}" for end in ("saving", "low", "high")]
                sentences.append(
                    msg(
                        "  {policy}: average stock value {value}; Upswing needs {share} less [{low}, {high}]",
                        policy=title,
                        value=round(value / 100),
                        **dict(zip(("share", "low", "high"), interval)),
                    )
                )
            else:
                sentences.append(msg("  {policy}: average stock value {value}", policy=title, value=round(value / 100)))
        if result["achieved"] is not None:
            promised, achieved = f"{result['promised']:.1%}", f"{result['achieved']:.1%}"
            sentences.append(msg("Service levels set to {promised} achieved {achieved}.", promised=promised, achieved=achieved))
        if result["told"] is not None:
            forecast, lasted = f"{result['told']:.1%}", f"{result['lasted']:.1%}"
            sentences.append(
                msg(
                    "Stock was forecast to last until the next delivery in {told} of cases; it did in {lasted}.",
                    told=forecast,
                    lasted=lasted,
                )
            )
        return lines(*sentences)


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
    fit: FitModel = fit_model,
) -> Simulation:
    """Replay the last `weeks` weeks of the shop; write simulation.json into the folder `out`.

    lead_times  (least, most) days; each product's lead time is drawn from them and then certain. None = the shop's own or the default, with
                each order's drawn from the shop's own spread.
    backorders  customers wait for a product out of stock instead of buying elsewhere
    target      target of Upswing's levels, as in core.capabilities.inventory.control.Rules; None = the shop's own setting
    products    at most this many, drawn at random; None = all
    baselines   names of the other policies, None = all
    fit         replaces the fusion model

    Past forecasts are kept in the workspace's cache. Raises UserError where history is too short or no product has a cost or a price, and
    NotReady without a panel.
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
    forecasts = _cached_forecasts(workspace, panel, settings, weeks + WARM_UP_WEEKS + 1, progress, fit)
    first, until = forecasts.origins[0], forecasts.origins[-1]
    live = np.isfinite(forecasts.demand[:-1, :, 0, 0])  # the week after the last origin has not passed
    value, shop = _read(workspace, panel.products, until)
    chosen = np.flatnonzero(live.any(axis=0) & (value > 0))
    rng = np.random.default_rng(seed)
    if not len(chosen):
        raise UserError(
            expected=msg("A simulation needs products with a cost or a price that sold in these weeks."),
            found=msg("There are none."),
            to_do=msg("Import orders with prices, or a file of products."),
        )
    if products and products < len(chosen):
        chosen = np.sort(rng.choice(chosen, products, replace=False))
    live, n = live[:, chosen].T, len(chosen)
    terms = replace(shop.rows(chosen), unit_cost_cents=value[chosen])
    if lead_times:
        terms = replace(
            terms, lead_time_days=rng.integers(lead_times[0], lead_times[1] + 1, n).astype(float), lead_time_sd_days=np.zeros(n)
        )
    lead, spread = terms.times(rules, until.astype(date))[0], np.where(terms.lead_time_sd_days > 0, terms.lead_time_sd_days, 0.0)
    drawn = np.maximum(rng.normal(lead[:, None], spread[:, None], live.shape).round(), 0).astype(int)
    daily = _daily(workspace, panel.products, first + 1, until)[chosen]
    history = _daily(workspace, panel.products, first - 7 * HISTORY_WEEKS + 1, until)[chosen]
    weekly = history.reshape(n, -1, 7).sum(axis=2)
    enters = live.argmax(axis=1)
    world = World(daily, drawn, 7, enters, np.maximum(WARM_UP_WEEKS * 7, enters * 7 + lead.round().astype(int) + 7), backorders)
    policies = _policies(forecasts, chosen, terms, rules, lead / 7, spread / 7, live, weekly, baselines, progress)
    frontiers, replayed = {}, time.monotonic()
    for number, policy in enumerate(policies):
        progress("simulate", 0.9 + 0.1 * number / len(policies), policy.title)
        frontiers[policy.name] = Frontier.run(world, policy, terms.batch)
        if not number:
            replay_seconds = (time.monotonic() - replayed) / len(policy.knobs)
    result = _points_and_savings(frontiers, value[chosen])
    points = result["policies"]["upswing"]["points"] if rules.target != COST else []  # this target does not use a service level
    at_level = {figure: _between(points, figure, rules.service_level) for figure in ("cycle_service", "fill_rate", "told", "lasted")}
    result |= {
        "products": n,
        "from": str(first + WARM_UP_WEEKS * 7 + 1),
        "until": str(until),
        "weeks": weeks,
        "lead_times": lead_times,
        "seed": seed,
        "target": rules.target,
        "backorders": backorders,
        "promised": rules.service_level,
        "achieved": at_level["cycle_service" if rules.target == CYCLE else "fill_rate"],
        "told": at_level["told"],
        "lasted": at_level["lasted"],
        "replay_seconds": round(replay_seconds, 2),
        "seconds": round(time.monotonic() - started, 1),
    }
    files.write_json(out / "simulation.json", result)
    progress("simulate", 1.0)
    return Simulation(result)


def _cached_forecasts(workspace: Workspace, panel, settings, reviews: int, progress: Progress, fit: FitModel) -> Forecasts:
    """Return past forecasts, computed once for this panel and the settings that training reads."""
    from core.models.panel import fingerprint

    trained_with = {part: values for part, values in settings.as_dict().items() if part != "inventory"}
    asked = json.dumps([trained_with, fingerprint(workspace.panel), reviews])
    path = workspace.cache / f"simulated-{hashlib.sha256(asked.encode()).hexdigest()[:16]}.npz"
    if not path.is_file():
        forecasts = past_forecasts(panel, settings, reviews, progress, fit)
        for old in workspace.cache.glob("simulated-*.npz"):
            old.unlink()
        forecasts.save(path)
    return Forecasts.load(path)


def _read(workspace: Workspace, products: list[str], until: np.datetime64) -> tuple[np.ndarray, Terms]:
    """Return (unit costs (P,) in cents, the shop's terms) of the panel's products; an unknown cost is the price times the median share."""
    warehouse.complete_file(workspace.need(workspace.warehouse, "import FILE..."))
    with db.connect(workspace.warehouse, read_only=True) as con:
        product_numbers.read_through(con)
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
    """Return (P, days) units wanted each day."""
    with db.connect(workspace.warehouse, read_only=True) as con:
        table = db.arrow(con, "simulation/daily_units", from_day=first.astype(date), until_day=until.astype(date))
    place = {product: i for i, product in enumerate(products)}
    row = np.array([place.get(p, -1) for p in table["product_id"].to_pylist()], dtype=int)
    result = np.zeros((len(products), int((until - first).astype(int)) + 1))
    known = row >= 0
    result[row[known], table["day"].to_numpy()[known]] = table["units"].to_numpy()[known]
    return result


def _policies(forecasts, chosen, terms, rules, lead, spread, live, weekly, names_asked, progress) -> list[Policy]:
    """Return Upswing's policy and the named ones; lead, spread: mean and standard deviation of the lead time (n,), weeks."""
    reviews = live.shape[1]
    histories = [weekly[:, : weekly.shape[1] - reviews + k] for k in range(reviews)]
    twelve = [twelve_week_mean(h) for h in histories]
    usual = lambda name, title, ahead: by_safety_factor(name, title, ahead, lead + 1, spread, live)  # noqa: E731
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
    names = tuple(makes) if names_asked is None else names_asked
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


def _points_and_savings(frontiers: dict[str, Frontier], value: np.ndarray) -> dict:
    once_each = np.ones(len(value))
    policies: dict[str, dict] = {}
    for name, frontier in frontiers.items():
        points = frontier.points(value, once_each)
        policies[name] = {
            "title": str(frontier.policy.title),
            "points": [
                {"knob": knob, "told": forecast, **outcome.totals(value)}
                for knob, forecast, outcome in zip(frontier.policy.knobs, frontier.mean_forecast_to_last(), frontier.outcomes)
            ],
            "stock_at": {f"{rate:g}": _number(stock_at(points, rate)) for rate in FILL_RATES},
        }
    ours = frontiers["upswing"]
    return {
        "policies": policies,
        "saving": {name: saving(ours, theirs, value, FILL_RATE) for name, theirs in frontiers.items() if name != "upswing"},
    }


def _between(points: list[dict], figure: str, level: float) -> float | None:
    """Return a figure of a policy's points at a level, interpolated between its knobs; None where it is undefined."""
    values = [point[figure] for point in points]
    return None if not values or None in values else float(np.interp(level, [point["knob"] for point in points], values))


def _number(value: float) -> float | None:
    return round(value) if np.isfinite(value) else None
