"""Is hidden demand found again? Lost units against what was planted in the sample shop: python -m bench.stockouts OUT.json

A *planted stock-out* is a row of sample_data/truth/events.csv of the kind `stock_out`: its shelf is empty from `starts_on` until the day
before `ends_on`, and `hidden_units` is what people wanted on these days, up to the shop's last, and could not buy. What the features
step says was lost of the product on the same days is compared with it. Products also run out by themselves; nobody wrote down what
that hid.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pandas as pd

from bench.measure import REPOSITORY
from core.errors import UserError
from core.messages import msg
from core.storage import duckdb as db
from core.workspace import Workspace

EVENTS = REPOSITORY / "sample_data" / "truth" / "events.csv"
LENGTHS = {"up_to_3_weeks": (0, 21), "over_3_weeks": (21, 365)}  # days, the first excluded


def planted_stockouts(path: Path = EVENTS) -> pd.DataFrame:
    """product_id, starts_on, ends_on, hidden_units of every planted stock-out. UserError where the file is missing."""
    if not path.is_file():
        raise UserError(
            expected=msg("This benchmark reads the planted events."),
            found=msg("There is no file {path}.", path=str(path)),
            to_do=msg("Run `python sample_data/generate.py`."),
        )
    events = pd.read_csv(path, parse_dates=["starts_on", "ends_on"])
    return events.loc[events["kind"] == "stock_out", ["product_id", "starts_on", "ends_on", "hidden_units"]].reset_index(drop=True)


def compare(planted: pd.DataFrame, lost: pd.DataFrame, empty: pd.DataFrame) -> dict[str, float]:
    """The figures of the row `sample_stockouts`. lost: product_id, day, lost_units. empty: product_id, day of counts that found nothing.

    Stock-outs that no count shows cannot be estimated: they are counted as unseen and are in no other figure.
    """

    def within(rows: pd.DataFrame) -> pd.DataFrame:
        both = planted.reset_index().merge(rows, on="product_id")
        return both[(both["day"] >= both["starts_on"]) & (both["day"] < both["ends_on"])]

    estimated = within(lost).groupby("index")["lost_units"].sum().reindex(planted.index, fill_value=0.0)
    seen = planted.index.isin(within(empty)["index"])
    hidden, estimated = planted["hidden_units"][seen], estimated[seen]
    days = (planted["ends_on"] - planted["starts_on"]).dt.days[seen]
    figures = {
        "estimated_to_planted": estimated.sum() / hidden.sum(),
        "planted_units": hidden.sum(),
        "estimated_units": estimated.sum(),
        "stockouts": len(hidden),
        "unseen_stockouts": len(planted) - len(hidden),
        "mean_error_units": (estimated - hidden).abs().mean(),
        "mean_planted_units": hidden.mean(),
    }
    for name, (above, until) in LENGTHS.items():
        these = (days > above) & (days <= until)
        figures |= {
            f"{name}_stockouts": these.sum(),
            f"{name}_estimated_to_planted": estimated[these].sum() / hidden[these].sum(),
            f"{name}_mean_error_units": (estimated - hidden)[these].abs().mean(),
        }
    return {name: float(value) for name, value in figures.items()}


def measure(warehouse: Path, path: Path = EVENTS) -> dict[str, float]:
    """`compare` of the planted stock-outs with a warehouse of the sample shop after its features step."""
    with db.connect(warehouse, read_only=True) as con:
        lost = con.execute("select product_id, day, sum(lost_units) as lost_units from lost_units group by product_id, day").df()
        empty = con.execute("select product_id, day from stock where on_hand <= 0").df()
    return compare(planted_stockouts(path), lost, empty)


if __name__ == "__main__":
    Path(sys.argv[1]).write_text(json.dumps(measure(Workspace.at().warehouse), indent=1), encoding="utf-8")
