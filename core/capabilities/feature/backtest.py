"""Does a list that leans towards rising products sell more than last month's best sellers? Measured at past origins.

A list names the products with the highest expected demand of the next 4 weeks x (1 + dose x rising probability), as forecast then.

units  sold in the 4 weeks after the origin
gain   units beyond the product's usual ones in those weeks, at least 0. The usual units are the orders that the definition of rising
       expects at the product's own rate, after the shop's growth, times the units of an order in the base window.

Every list chooses among the same products: those that had a forecast at the origin.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from core.capabilities.feature.dose import DOSES, LEAST_PAST, LENGTH, OURS, SIMPLE, choose, score
from core.evaluation import metrics


def usual_units(expected_orders, base_orders, base_units):
    """Return the units of the horizon at the product's own rate; 0 where nothing was ordered in the base window.

    >>> usual_units(np.array([6.0, 1.0]), np.array([12.0, 0.0]), np.array([24.0, 0.0])).tolist()
    [12.0, 0.0]
    """
    return np.divide(expected_orders * base_units, base_orders, out=np.zeros(len(base_orders)), where=base_orders > 0)


def lists(past: pd.DataFrame, length: int = LENGTH) -> pd.DataFrame:
    """Return the units and gain of each list at each origin: as_of, list, dose (0 for simple lists), products, units, gain.

    past: as_of, product_id, mean, rising_probability, units, gain, and the columns SIMPLE. Ties go to the lower product number.
    """
    ranks = {(OURS, dose): score(past["mean"], past.rising_probability, dose) for dose in DOSES} | {
        (name, 0.0): past[name] for name in SIMPLE
    }
    parts = []
    for (name, dose), by in ranks.items():
        order = past.assign(by=by).sort_values(["as_of", "by", "product_id"], ascending=[True, False, True])
        sums = (
            order.groupby("as_of")
            .head(length)
            .groupby("as_of")
            .agg(products=("units", "size"), units=("units", "sum"), gain=("gain", "sum"))
        )
        parts.append(sums.reset_index().assign(list=name, dose=dose))
    return pd.concat(parts, ignore_index=True)[["as_of", "list", "dose", "products", "units", "gain"]]


@dataclass(frozen=True)
class Measured:
    """How our lists did beside the simple ones, at origins with LEAST_PAST earlier ones whose weeks were over.

    origins  one row each: as_of, dose (chosen on those earlier ones), units, gain, and both of each simple list, as LIST_units
    ratios   (figure, list) -> (ours / theirs, low, high): figure is "units" or "gain"; 95% intervals by runs of origins
    """

    origins: pd.DataFrame
    ratios: dict[tuple[str, str], tuple[float, float, float]]


def measure(found: pd.DataFrame, horizon_days: int = 28) -> Measured:
    """Judge lists, the answer of `lists`, with each origin's dose chosen on earlier origins alone."""
    rows = []
    for as_of, here in found.groupby("as_of"):
        past = found[found.as_of <= as_of - pd.Timedelta(days=horizon_days)]
        if past.as_of.nunique() < LEAST_PAST:
            continue
        dose = choose(past)
        by_list = here[(here.list != OURS) | (here.dose == dose)].set_index("list")
        figures = {f"{name}_{figure}": by_list[figure][name] for name in (OURS, *SIMPLE) for figure in ("units", "gain")}
        rows.append({"as_of": as_of, "dose": dose, **figures})
    origins = pd.DataFrame(rows)
    ratios = {}
    if rows:
        for figure in ("units", "gain"):
            ours = origins[f"{OURS}_{figure}"].to_numpy()
            for name in SIMPLE:
                ratios[figure, name] = _ratio(ours, origins[f"{name}_{figure}"].to_numpy(), origins.as_of.to_numpy())
    return Measured(origins, ratios)


def _ratio(ours: np.ndarray, theirs: np.ndarray, origins: np.ndarray) -> tuple[float, float, float]:
    def of(weight: np.ndarray) -> float:
        return float(ours @ weight / (theirs @ weight)) if theirs @ weight > 0 else np.nan

    value = of(np.ones(len(ours)))
    return value, *metrics.interval(metrics.bootstrap(lambda _, weight: of(weight), np.zeros(len(ours)), origins), value)


def forecasts_then(folders: list[Path], means: Callable[[np.ndarray], np.ndarray]) -> pd.DataFrame:
    """Return the forecasts of backtests for all customers: as_of, product_id, mean, rising_probability, n_base, expected.

    folders: of `upswing backtest`; means: (n, levels) quantiles -> (n,) means.
    """
    parts = []
    for folder in folders:
        of_all = [("segment", "=", "all")]
        key = ["origin", "product_id"]
        told = pd.read_parquet(folder / "predictions.parquet", columns=[*key, "rising_probability", "n_base", "expected"], filters=of_all)
        demand = pd.read_parquet(folder / "demand.parquet", columns=[*key, "level", "quantile"], filters=[*of_all, ("weeks", "=", 4)])
        wide = demand.pivot(index=key, columns="level", values="quantile")
        wide = pd.Series(means(wide.to_numpy()), wide.index, name="mean").reset_index()
        parts.append(told.merge(wide, on=key, validate="one_to_one"))
    found = pd.concat(parts, ignore_index=True).rename(columns={"origin": "as_of"})
    return found.assign(as_of=pd.to_datetime(found.as_of))


def with_outcomes(forecasts: pd.DataFrame, engine, base_days: int) -> pd.DataFrame:
    """Return forecasts, as of `forecasts_then`, with what was sold: what `lists` takes. engine: over the shop's warehouse."""
    import pyarrow as pa

    key = ["as_of", "product_id"]
    engine.register(
        "forecast", pa.table({"as_of": pa.array(forecasts.as_of.dt.date, pa.date32()), "product_id": forecasts.product_id.tolist()})
    )
    engine.table("features/all_days")
    sold = engine.arrow("scoring/units_around", base_days=base_days).to_pandas()
    found = forecasts.merge(sold.assign(as_of=pd.to_datetime(sold.as_of)), "left", key)
    numbers = ["units", *SIMPLE, "units_base"]
    found[numbers] = found[numbers].fillna(0.0).astype(float)
    if "expected" in found:
        usual = usual_units(found.expected.to_numpy(), found.n_base.to_numpy(), found.units_base.to_numpy())
        found["gain"] = np.maximum(found.units - usual, 0.0)
    return found
