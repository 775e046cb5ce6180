"""Which other choices of what to show would have brought more: rules judged by impressions that chance drew.

The log of impressions names what was shown, not what else could have been. A product counts as one that a campaign could show in a place
from an impression there to the next one within two weeks. Where that is wrong, weights do not average 1, and the rule is not judged.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta

import numpy as np
import pandas as pd

from core.capabilities.action_results import off_policy
from core.capabilities.action_results.off_policy import DR, SHOWN, Estimate, Impressions, Rule
from core.schema import ALL
from core.storage import forecast_log
from core.workspace import Workspace

ALIKE, RISING = "alike", "rising"  # rules: the same chance for all; the quarter most likely to rise
ABOVE, BELOW, UNCLEAR, TOO_FEW, MISFIT = "above", "below", "unclear", "too_few", "misfit"
CLICKS, ORDERS = "clicks", "orders"
PERIOD = 182  # days of impressions that count
_PAUSE = 14  # days without an impression after which a campaign no longer has a product
_QUARTER = 4
_FORECAST = 28  # days that a forecast is about
_OCCASION = ["campaign", "place", "segment", "day"]


def judged(shown: pd.DataFrame, forecasts: pd.DataFrame) -> Iterator[dict]:
    """Return rows of CHOICE_RESULTS. shown: the answer to `choices`; forecasts: that of `known_then`."""
    for place, rows in shown.groupby("place", sort=True):
        outcome = CLICKS if rows.clicked.notna().any() else ORDERS
        rows = rows.assign(answered=rows.clicked if outcome == CLICKS else rows.bought).dropna(subset=["answered"])
        options = _options(rows)
        numbered = rows.merge(options[[*_OCCASION, "occasion"]].drop_duplicates(), on=_OCCASION)
        if numbered.empty:
            continue
        names = pd.Index(options.product_id.unique())
        log = _log(numbered, names)
        about = {"place": place, "outcome": outcome}
        days = numbered.day.to_numpy()
        yield about | _row(SHOWN, SHOWN, log, days, off_policy.as_shown(log), None)
        for rule, chances in ((ALIKE, _alike(options)), (RISING, _rising(options, forecasts))):
            here = np.isin(log.occasion, chances.occasion)
            if here.any():
                table = Rule(chances.occasion.to_numpy(), names.get_indexer(chances.product_id), chances.chance.to_numpy())
                for row in _of_rule(rule, log.take(here), days[here], table):
                    yield about | row


def known_then(workspace: Workspace, since: date) -> pd.DataFrame:
    """Return the chances of rising that each update said: as_of, segment, product_id, rising_probability."""
    columns = ["as_of", "segment", "product_id", "rising_probability"]
    entries = [one for one in forecast_log.entries(workspace) if one.as_of > since - timedelta(days=_FORECAST)]
    found = [one.rows(*columns).to_pandas() for one in entries]
    return pd.concat(found).drop_duplicates(columns[:3], keep="last") if found else pd.DataFrame(columns=columns)


def _of_rule(name: str, log: Impressions, days: np.ndarray, rule: Rule) -> Iterator[dict]:
    usual = off_policy.as_shown(log)
    if not off_policy.fits(log, rule):
        nothing = Estimate(np.nan, np.nan, np.nan, 0.0, None)
        yield _row(name, DR, log, days, nothing, MISFIT)
        return
    for estimator, one in off_policy.estimates(log, rule).items():
        clear = UNCLEAR if usual.needed else ABOVE if one.low > usual.high else BELOW if one.high < usual.low else UNCLEAR
        yield _row(name, estimator, log, days, one, clear)


def _row(rule: str, estimator: str, log: Impressions, days: np.ndarray, one: Estimate, finding: str | None) -> dict:
    enough = one.needed is None
    return {
        "rule": rule,
        "estimator": estimator,
        "first_day": days.min(),
        "last_day": days.max(),
        "impressions": int(log.shown.sum()),
        "effective": one.effective,
        "shown_rate": float(log.answered.sum() / log.shown.sum()),
        "rate": one.rate if enough else np.nan,
        "low": one.low if enough else np.nan,
        "high": one.high if enough else np.nan,
        "finding": finding if enough else TOO_FEW,
        "needed": one.needed,
    }


def _options(rows: pd.DataFrame) -> pd.DataFrame:
    """Return which products each occasion had: occasion and its parts, product_id; only occasions with a choice."""
    seen = rows[["campaign", "place", "product_id", "day"]].drop_duplicates().sort_values("day")
    by = ["campaign", "place", "product_id"]
    seen["day"] = pd.to_datetime(seen.day)
    seen["spell"] = (seen.groupby(by).day.diff().dt.days > _PAUSE).groupby([seen[name] for name in by]).cumsum()
    spells = seen.groupby([*by, "spell"]).day.agg(first="min", last="max").reset_index()
    occasions = rows[_OCCASION].drop_duplicates().assign(at=lambda frame: pd.to_datetime(frame.day))
    options = occasions.merge(spells, on=["campaign", "place"])
    options = options[(options["first"] <= options["at"]) & (options["at"] <= options["last"])]
    options = options[options.groupby(_OCCASION).product_id.transform("size") > 1].sort_values([*_OCCASION, "product_id"])
    return options[[*_OCCASION, "at", "product_id"]].assign(occasion=options.groupby(_OCCASION).ngroup())


def _alike(options: pd.DataFrame) -> pd.DataFrame:
    return options.assign(chance=1 / options.groupby("occasion").product_id.transform("size"))


def _rising(options: pd.DataFrame, forecasts: pd.DataFrame) -> pd.DataFrame:
    """Return the quarter of each occasion's products most likely to rise, by the last forecast before its day."""
    updates = np.sort(pd.to_datetime(forecasts.as_of).unique())
    if not len(updates):
        return options[:0].assign(chance=0.0)
    last = np.searchsorted(updates, options["at"].to_numpy(), side="left") - 1
    options = options.assign(as_of=updates[np.maximum(last, 0)])
    options = options[(last >= 0) & ((options["at"] - options.as_of).dt.days <= _FORECAST)]
    said = forecasts.assign(as_of=pd.to_datetime(forecasts.as_of)).set_index(["as_of", "segment", "product_id"]).rising_probability
    own = said.reindex(pd.MultiIndex.from_frame(options[["as_of", "segment", "product_id"]])).to_numpy()
    of_all = said.reindex(pd.MultiIndex.from_frame(options[["as_of", "segment", "product_id"]].assign(segment=ALL))).to_numpy()
    options = options.assign(rising=np.where(np.isnan(own), of_all, own)).dropna(subset=["rising"])
    options = options.sort_values(["occasion", "rising"], ascending=[True, False], kind="stable")
    count = options.groupby("occasion").product_id.transform("size")
    chosen = np.ceil(count / _QUARTER)
    first = (options.groupby("occasion").cumcount() < chosen) & (count > 1)
    return options[first].assign(chance=1 / chosen[first])


def _log(rows: pd.DataFrame, names: pd.Index) -> Impressions:
    alone = rows.person.isna()
    drawn = [rows.person.fillna(""), *(rows[name].where(alone, rows[name].iloc[0]) for name in ("shown_at", "campaign", "segment"))]
    return Impressions(
        shown=rows.shown.to_numpy(float),
        answered=rows.answered.to_numpy(float),
        propensity=rows.propensity.to_numpy(float),
        product=names.get_indexer(rows.product_id),
        place=rows.groupby(["campaign", "position"]).ngroup().to_numpy(),
        occasion=rows.occasion.to_numpy(),
        together=rows.groupby(drawn).ngroup().to_numpy(),
    )
