"""Write the track record: the forecast log judged by the warehouse, one update a week.

Outcomes follow the definition of rising that each forecast was made under, and read no day after the data's last.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import fields
from datetime import date, timedelta
from itertools import groupby

import pandas as pd
import pyarrow as pa

from core.capabilities.context import Context
from core.capabilities.track_record import tables
from core.capabilities.track_record.judge import judge, sums
from core.features.daily import Shop
from core.features.outcomes import SEGMENT_RULES, label_rows, own_rates
from core.messages import msg
from core.schema import ALL
from core.schema.forecast_log import LOGGED_WEEKS, quantile
from core.settings import LabelSettings, Settings
from core.storage import forecast_log, product_numbers
from core.storage.forecast_log import Entry

WEEKS = 104  # updates that are judged, one a week
IN_FULL = 12  # the last of them whose forecasts are served one by one
_LOGGED = {
    "product_id": "product_id",
    "segment": "segment",
    "rising_probability": "rising_probability",
    "falling_probability": "falling_probability",
    quantile(0.1): "units_low",
    quantile(0.5): "units_middle",
    quantile(0.9): "units_high",
}


def write(context: Context) -> None:
    """Write the updates, the sums over their forecasts, and the last forecasts one by one."""
    context.progress("score", 0.96, msg("Comparing past forecasts with what happened"))
    updates = weekly(entry for entry in forecast_log.entries(context.workspace) if entry.as_of <= context.as_of)[-WEEKS:]
    signal = context.live.panel.meta["signal"]
    due = {entry: matures_on(entry, rules_of(entry, context.settings)) for entry in updates}
    judged = [entry for entry in updates if due[entry] <= context.as_of and entry.facts.get("signal", signal) == signal]
    context.write_rows(
        tables.UPDATES,
        [
            {
                "as_of": e.as_of,
                "matures_on": due[e],
                "model": e.model,
                "published_at": e.published_at,
                "replay": e.replay,
                "judged": e in judged,
            }
            for e in updates
        ],
    )
    added, calls = [], []
    for entry, frame in _judged(context, judged):
        added.append(sums(frame).assign(as_of=entry.as_of))
        if entry in judged[-IN_FULL:]:
            calls.append(frame[(frame.segment == ALL) | frame.called | (frame.outcome == tables.ROSE)].assign(as_of=entry.as_of))
    context.write_rows(tables.TRACK_RECORD, pd.concat(added).sort_values(list(tables.TRACK_RECORD.key)) if added else [])
    context.write_rows(tables.CALLS, pd.concat(calls).sort_values(["as_of", "segment", "place"]) if calls else [])


def weekly(entries: Iterable[Entry]) -> list[Entry]:
    """Return one update a week, the oldest first: of a week's updates the last, and a replay only where none was published."""
    best: dict[tuple, Entry] = {}
    for entry in entries:
        week = entry.as_of.isocalendar()[:2]
        if week not in best or _rank(entry) > _rank(best[week]):
            best[week] = entry
    return sorted(best.values(), key=lambda entry: entry.as_of)


def _rank(entry: Entry) -> tuple:
    return not entry.replay, entry.as_of, entry.published_at, entry.id


def rules_of(entry: Entry, today: Settings) -> Settings:
    """Return today's settings with what the update's labels and segments were made by; today's where the log has none."""
    for section, known in (("labels", [field.name for field in fields(LabelSettings)]), ("shop", SEGMENT_RULES)):
        logged = entry.facts.get(section, {})
        today = today.with_values(section, **{name: logged[name] for name in known if name in logged})
    return today


def matures_on(entry: Entry, rules: Settings) -> date:
    """Return the last day of the weeks that an update forecast."""
    return entry.as_of + timedelta(days=max(rules.labels.horizon_days, 7 * LOGGED_WEEKS))


def _judged(context: Context, entries: list[Entry]) -> Iterator[tuple[Entry, pd.DataFrame]]:
    """Yield each update with its judged forecasts. Updates under the same rules are judged some at a time, which bounds memory."""
    meta, today = context.live.panel.meta, context.settings
    shop = Shop(date.fromisoformat(meta["first_day"]), context.as_of, meta["signal"], None)
    products = (
        context.read("products").select(["product_id", "category", "price_cents", "unit_cost_cents"]).to_pandas() if entries else None
    )
    now = numbers_now(context) if entries else {}
    for rules, same in groupby(entries, key=lambda entry: rules_of(entry, today)):
        group = list(same)
        for start in range(0, len(group), context.engine.origins_at_once):
            some = group[start : start + context.engine.origins_at_once]
            happened = dict(tuple(_happened(context, rules, shop, [entry.as_of for entry in some]).groupby("as_of")))
            for entry in some:
                forecasts = entry.rows(*_LOGGED).to_pandas().rename(columns=_LOGGED).astype(dict.fromkeys(_NUMBERS, float))
                if rules.shop.segment_attribute != today.shop.segment_attribute:  # the data are by other groups now
                    forecasts = forecasts[forecasts.segment == ALL]
                yield entry, judge(forecasts, happened.get(entry.as_of, _NOTHING), now, products, money=shop.signal == "orders")


def _happened(context: Context, rules: Settings, shop: Shop, updates: list[date]) -> pd.DataFrame:
    engine, horizon = context.engine, timedelta(days=rules.labels.horizon_days)
    values = own_rates(engine, rules, shop, [day for update in updates for day in (update, update - horizon)])
    engine.register("origin", pa.table({"as_of": pa.array(updates, pa.date32())}))
    label_rows(engine, rules.labels)
    for query in ("features/all_days", "features/outcomes", "scoring/sold_around"):
        engine.table(query, **values)
    return engine.arrow("scoring/happened").to_pandas()


def numbers_now(context: Context) -> dict[str, str | None]:
    """Return what each product's number counts as by the present map; None where it counts as several, or as another amount."""
    found: dict[str, str | None] = {}
    for count in product_numbers.stored(context.engine.con).counts():
        if count.demand:
            whole = not count.kit and count.units == 1 and count.product_id not in found
            found[count.product_id] = count.counts_as if whole else None
    return found


_NUMBERS = [name for name in _LOGGED.values() if name not in ("product_id", "segment")]
_NOTHING = pd.DataFrame(
    columns=[
        *("as_of", "segment", "product_id", "matured", "rising", "falling", "n_base", "orders", "usual_orders", "units"),
        *("base_units", "sold_units", "revenue_cents", "priced_units"),
    ]
)
