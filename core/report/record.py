"""The report's section "How right we were": what past updates called, and what happened."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

import pandas as pd

from core.capabilities.track_record import results
from core.formats import number, percent
from core.messages import Message, msg, nmsg
from core.report.figures import Figures
from core.report.writer import NOTHING, Writer

UPDATES = 6  # of the latest, one by one


def past_forecasts(write: Writer, figures: Figures) -> Iterator[str]:
    """Yield one line on the last judged update, and a table of the latest ones; of a shop without any, when there will be some."""
    history, days = figures.record, figures.rules.labels.horizon_days
    if history.empty:
        first = results.first_results_on(figures.updates, figures.meta.as_of.date(), days)
        too_new = msg("No forecast is old enough to judge. First results appear with data to {day}.", day=first)
        yield write.paragraph(too_new, kind="small")
        return
    last = history.iloc[-1]
    yield write.paragraph(*_verdict(results.total(history.tail(1)), last.as_of.date(), days))
    shown = history.tail(UPDATES).iloc[::-1]
    worth = "margin" if history.costed.any() else "revenue"
    head = [
        msg("Forecast on"),
        msg("Calls that rose"),
        msg("Hit rate"),
        msg("Possible"),
        msg("Base rate"),
        msg("Inside the likely range"),
        msg("Extra margin of calls") if worth == "margin" else msg("Extra revenue of calls"),
    ]
    rows = [_row(write, _forecast_on(write, r), r, worth) for r in shown.itertuples()]
    if len(history) > 1:
        rows.append(_row(write, nmsg("All {count} update", "All {count} updates", len(history)), results.total(history), worth))
    yield write.table(head, rows)
    replayed = int(history.replay.sum())
    made_later = nmsg(
        "{count} update was replayed: forecast afterwards, from data up to its day, by a model trained on earlier data only.",
        "{count} updates were replayed: forecast afterwards, from data up to their day, by a model trained on earlier data only.",
        replayed,
    )
    yield write.paragraph(
        msg("Calls are the products with the highest chances: one in ten, at most 50."),
        msg("Possible: the highest hit rate that a list of this length could have had. Base rate: share of all products that rose."),
        msg("Inside the likely range: share of forecasts whose units were within their 80% range; exactly right is 80%."),
        made_later if replayed else "",
        kind="small",
    )


def _verdict(sums: pd.Series, day: date, days: int) -> list[Message]:
    head = {
        True: msg("Better than chance."),
        False: msg("No better than chance."),
        None: msg("Too few calls to judge."),
    }[results.better_than_chance(sums)]
    said = nmsg(
        "Of our {count} call of {day}, the product with the highest chance, {hits} rose in the next {days} days. A random pick would "
        "have found about {random}.",
        "Of our {count} calls of {day}, the products with the highest chances, {hits} rose in the next {days} days. Random picks would "
        "have found about {random}.",
        int(sums.called_judged),
        day=day,
        hits=number(sums.hits, 0),
        days=days,
        random=number(results.hits_by_chance(sums), 0),
    )
    return [head, said]


def _forecast_on(write: Writer, update) -> Message | str:
    day = write.day(update.as_of)
    return msg("{day} (replayed)", day=day) if update.replay else day


def _row(write: Writer, name: Message | str, sums, worth: str) -> list:
    """Return a row of the table of past forecasts. worth: margin or revenue, whose amount ends the row."""
    calls = sums.called_judged
    shares = [(sums.hits, calls), (sums.possible, calls), (sums.risers, sums.judged), (sums.inside, sums.ranged)]
    row = [name, _counts(sums.hits, calls), *(_share(part, of) for part, of in shares)]
    known, cents = (sums.costed, sums.extra_margin_cents) if worth == "margin" else (sums.priced, sums.extra_revenue_cents)
    return [*row, write.money(cents) if known else NOTHING]


def _counts(part: float, of: float) -> Message:
    return msg("{hits} of {calls}", hits=number(part, 0), calls=number(of, 0))


def _share(part: float, of: float) -> Message | str:
    if not of:
        return NOTHING
    return percent(part / of) if of >= results.FEW else _counts(part, of)
