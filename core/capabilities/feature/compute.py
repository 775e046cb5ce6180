"""Write the candidates of each segment's list, and what such lists did in past updates."""

from __future__ import annotations

import numpy as np
import pandas as pd

from core.capabilities.context import Context
from core.capabilities.feature import tables
from core.capabilities.feature.backtest import lists, with_outcomes
from core.capabilities.feature.dose import DOSES, LENGTH, choose, score
from core.capabilities.feature.lists import Candidate, Placed, Shares, pairs, place
from core.capabilities.forecast.reasons import named
from core.capabilities.inventory.control.distribution import Distribution
from core.messages import msg
from core.schema import ALL, DEMAND_LEVELS, DEMAND_WEEKS
from core.schema.forecast_log import LOGGED_WEEKS
from core.storage import forecast_log

CANDIDATES = 60  # of each segment and dose: what is excluded, near or over its share has others behind it
_RANGE = [DEMAND_LEVELS.index(level) for level in (0.1, 0.9)]


def write(context: Context) -> None:
    context.progress("score", 0.98, msg("Lists to feature"))
    record = _record(context)
    context.write_rows(tables.FEATURE_RECORD, record)
    context.write_rows(tables.FEATURE_LISTS, _candidates(context, choose(record)))


# ---- what past updates said


def _record(context: Context) -> pd.DataFrame:
    """Return what lists by the logged forecasts did, for the updates and outcomes of `track_calls`."""
    calls = context.read("track_calls").to_pandas()
    calls = calls[calls.segment == ALL]
    calls = calls[~calls.duplicated(["as_of", "counts_as"], keep=False)]
    entries = {entry.as_of: entry for entry in _judged(context)}
    parts = []
    for as_of, rows in calls.groupby("as_of"):
        logged = entries[as_of].rows("product_id", "segment", "units_mean").to_pandas()
        means = logged[logged.segment == ALL].set_index("product_id").units_mean
        parts.append(
            pd.DataFrame(
                {
                    "as_of": pd.Timestamp(as_of),
                    "product_id": rows.counts_as,
                    "mean": rows.product_id.map(means).astype(float),
                    "rising_probability": rows.rising_probability,
                    "gain": rows.extra_units.clip(lower=0).fillna(0.0),
                }
            ).dropna(subset="mean")
        )
    past = pd.concat(parts, ignore_index=True) if parts else pd.DataFrame()
    if not len(past):
        return pd.DataFrame(columns=list(tables.FEATURE_RECORD.names))
    found = lists(with_outcomes(past, context.engine, context.settings.labels.base_days))
    return found.assign(as_of=found.as_of.dt.date)


def _judged(context: Context) -> list[forecast_log.Entry]:
    """Return the logged updates behind `track_updates`."""
    updates = {(row["as_of"], row["published_at"]) for row in context.read("track_updates").to_pylist() if row["judged"]}
    return [entry for entry in forecast_log.entries(context.workspace) if (entry.as_of, entry.published_at) in updates]


# ---- what to feature now


def _candidates(context: Context, dose: float) -> pd.DataFrame:
    """Return the rows of FEATURE_LISTS."""
    for name in ("products", "suggestions", "neighbours"):
        context.engine.register(f"scored_{name}", context.read(name))
    known = context.engine.arrow("scoring/feature_products").to_pandas().set_index("product_id")
    settings = context.settings.feature
    close = context.engine.rows("scoring/near_products", similarity=settings.near_similarity)
    near = pairs(((row["product_id"], row["neighbour_id"], row["similarity"]) for row in close), settings.near_similarity)
    units = context.predicted["demand"][:, DEMAND_WEEKS.index(LOGGED_WEEKS)]
    rows = pd.DataFrame(
        {
            "segment": context.live.segment.to_pylist(),
            "product_id": context.live.product.to_pylist(),
            "rising_probability": np.asarray(context.predicted["rising"], float),
            "expected_units": Distribution(np.asarray(units, float)).mean,
            "low_units": units[:, _RANGE[0]],
            "high_units": units[:, _RANGE[1]],
        }
    )
    rows = rows[rows.product_id.isin(known.index)].reset_index(drop=True)
    for at in DOSES:
        rows[at] = score(rows.expected_units, rows.rising_probability, at)
    near_top = np.logical_or.reduce([rows.groupby("segment")[at].rank(ascending=False, method="first") <= CANDIDATES for at in DOSES])
    rows = rows[near_top].sort_values(["segment", dose, "product_id"], ascending=[True, False, True], ignore_index=True)
    rows["place"] = rows.groupby("segment").cumcount() + 1
    about = known.loc[rows.product_id].reset_index(drop=True)
    for name, of in (("margin_cents", "expected_units"), ("low_margin_cents", "low_units"), ("high_margin_cents", "high_units")):
        rows[name] = rows[of] * about.unit_margin_cents
    placed: dict[tuple[str, str], Placed] = {}
    for segment, group in rows.groupby("segment"):
        names = known.loc[group.product_id, ["brand", "supplier"]]
        candidates = [Candidate(one.Index, *(None if pd.isna(v) else v for v in (one.brand, one.supplier))) for one in names.itertuples()]
        found = place(candidates, near, LENGTH, Shares.of(settings))
        placed |= {(str(segment), one.product_id): one for one in found}
    each = [placed[key] for key in zip(rows.segment, rows.product_id)]
    return rows.assign(
        dose=dose,
        state=[one.state for one in each],
        near_id=[one.near or None for one in each],
        cover_weeks=about.cover_weeks,
        enough=about.enough,
        reason=_reasons(context, rows),
    )


def _reasons(context: Context, rows: pd.DataFrame) -> list[str | None]:
    """Return the first driver of each row that pushes the chance of rising up, in the order of display."""
    pushes = context.read("attributions").to_pandas()
    pushes = pushes[pushes.product_id.isin(rows.product_id.unique())]
    found = {
        key: next((driver for driver, push in named(zip(group.driver, group.attribution)) if push > 0), None)
        for key, group in pushes.groupby(["segment", "product_id"])
    }
    return [found.get(key) for key in zip(rows.segment, rows.product_id)]
