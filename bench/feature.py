"""Featured products: lists that lean towards rising products beside best sellers, at the origins of backtests.

python -m bench.feature BACKTEST... OUT.json, in the workspace of the backtests (core/capabilities/feature/backtest.py defines the figures)
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path

from bench.measure import PYTHON, run
from bench.results import Limit, Result
from bench.shops import Bench, need
from core.capabilities.feature.backtest import forecasts_then, lists, measure, with_outcomes
from core.capabilities.feature.dose import BEST_SELLERS, OURS, SIMPLE
from core.capabilities.inventory.control.distribution import Distribution
from core.storage.engine import open_engine
from core.workspace import Workspace

SHOPS = {"uci": "UCI", "journey": "The Complete Journey", "sample": "the sample shop"}
EARNED = (
    Limit("units_ratio", 1.05, "", at_least=True),
    Limit("units_ratio_low", 1.0, "", at_least=True),
    Limit("gains_ratio", 1.3, "", at_least=True),
    Limit("gains_ratio_low", 1.0, "", at_least=True),
    Limit("origins", 8, "", at_least=True),
)
_NAMES = {BEST_SELLERS: "", "units_14d": "_best_sellers_14d", "units_7d": "_best_sellers_7d", "units_year_ago": "_same_weeks_last_year"}


def feature_rows() -> dict[str, tuple[Callable[[Bench], Result], str]]:
    """Return the rows of the shops, as in rows.ROWS: each reads the forecasts of the shop's row of blocks."""

    def row(shop: str) -> Callable[[Bench], Result]:
        return lambda bench: _feature(bench, shop)

    return {f"{shop}_feature": (row(shop), f"{shop}-feature") for shop in SHOPS}


def _feature(bench: Bench, shop: str) -> Result:
    backtest, out = bench.work / f"{shop}-blocks", bench.work / f"{shop}-feature.json"
    need(backtest / "predictions.parquet", f"{shop}_blocks")
    run([PYTHON, "-m", "bench.feature", backtest, out], bench.log(f"{shop}_feature"), bench.shop if shop == "uci" else bench.work / shop)
    found = json.loads(out.read_text(encoding="utf-8"))
    note = (
        "Lists of 20 products, units and gains of the next 4 weeks over those of last month's best sellers. The dose of each origin is "
        "chosen on origins whose weeks were over by then; 95% intervals by runs of 4 origins."
    )
    return Result(
        f"{shop}_feature", f"Featured products on {SHOPS[shop]}", found["figures"], EARNED, (note,), {"feature": found["origins"]}
    )


def figures(workspace: Workspace, folders: list[Path]) -> dict:
    """Return {"figures": those of a row, "origins": one dict each}."""
    forecasts = forecasts_then(folders, lambda quantiles: Distribution(quantiles).mean)
    with open_engine(workspace.warehouse, "duckdb", workspace.cache, read_only=True) as engine:
        past = with_outcomes(forecasts, engine, workspace.settings().labels.base_days)
    found = lists(past)
    measured = measure(found)
    told: dict[str, float] = {"origins": len(measured.origins), "products": past.groupby("as_of").size().mean()}
    for figure in ("units", "gain"):
        for name in SIMPLE:
            if (figure, name) in measured.ratios:
                label = f"{figure.removesuffix('s')}s_ratio{_NAMES[name]}"
                told |= dict(zip((label, f"{label}_low", f"{label}_high"), measured.ratios[figure, name]))
    tested = found[found.as_of.isin(measured.origins.as_of)] if len(measured.origins) else found[:0]
    for dose, sums in tested[tested.list == OURS].groupby("dose")[["units", "gain"]].sum().iterrows():
        told |= {f"dose_{dose:g}_units": sums.units, f"dose_{dose:g}_gains": sums.gain}
    rows = measured.origins.assign(as_of=measured.origins.as_of.dt.date.astype(str)) if len(measured.origins) else measured.origins
    return {"figures": told, "origins": rows.round(1).to_dict("records")}


if __name__ == "__main__":
    *tested, target = map(Path, sys.argv[1:])
    Path(target).write_text(json.dumps(figures(Workspace.at(), tested)), encoding="utf-8")
