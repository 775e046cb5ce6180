"""Past forecasts are judged by what happened: which are called, hit, missed or not judged, and what their sums are."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from core.capabilities.track_record.compute import weekly
from core.capabilities.track_record.judge import judge, list_length, sums
from core.capabilities.track_record.tables import SUMS
from core.storage.forecast_log import Entry

CHANCES = {"A": 0.95, "B": 0.62, "C": 0.31, "D": 0.3, "E": 0.12, "F": 0.05, "G": 0.05, "H": 0.04, "I": 0.03, "J": 0.02, "K": 0.02}
ROSE, FELL = {"A", "C", "E"}, {"K"}


def forecasts(**columns) -> pd.DataFrame:
    """Eleven products of one segment: two are called."""
    rows = {"product_id": list(CHANCES), "segment": "all", "rising_probability": list(CHANCES.values()), "falling_probability": 0.1}
    return pd.DataFrame(rows | {"units_low": 5.0, "units_middle": 10.0, "units_high": 20.0} | columns)


def happened(**columns) -> pd.DataFrame:
    """All were in stock; each sold 16 units, at a usual rate of 8 orders of 1.5 units: 4 units more than usual, at 250 cents."""
    rows = {
        "product_id": list(CHANCES),
        "segment": "all",
        "matured": True,
        "rising": [p in ROSE for p in CHANCES],
        "falling": [p in FELL for p in CHANCES],
        "n_base": 20.0,
        "orders": 12.0,
        "usual_orders": 8.0,
        "units": 16.0,
        "base_units": 30.0,
        "sold_units": 16.0,
        "revenue_cents": 4000.0,
        "priced_units": 16.0,
    }
    return pd.DataFrame(rows | columns)


def products(**columns) -> pd.DataFrame:
    rows = {"product_id": list(CHANCES), "category": ["Lamps"] * 6 + ["Mugs"] * 5, "price_cents": 300.0, "unit_cost_cents": 100.0}
    return pd.DataFrame(rows | columns)


def judged(forecasts_=None, happened_=None, now=None, products_=None, **more) -> pd.DataFrame:
    given = [frame if frame is not None else made() for frame, made in ((forecasts_, forecasts), (happened_, happened))]
    frame = judge(*given, now or {}, products_ if products_ is not None else products(), **more)
    return frame.set_index("product_id", drop=False)


def summed(frame: pd.DataFrame) -> pd.Series:
    return sums(frame)[list(SUMS)].sum()


def test_a_list_is_a_tenth_of_the_forecasts_and_at_most_fifty():
    assert list_length(np.array([1, 10, 11, 200, 500, 20_000])).tolist() == [1, 1, 2, 20, 50, 50]


def test_hits_base_rate_and_ceiling_by_hand():
    frame = judged()
    assert list(frame[frame.called].product_id) == ["A", "B"]
    assert dict(frame.outcome) == {p: "rose" if p in ROSE else "fell" if p in FELL else "neither" for p in CHANCES}
    found = summed(frame)
    assert (found.forecasts, found.judged, found.called, found.called_judged, found.hits, found.risers) == (11, 11, 2, 2, 1, 3)
    assert found.chances == pytest.approx(sum(CHANCES.values()))  # 2.51 were expected to rise, and 3 did
    assert (found.ranged, found.inside) == (11, 11)  # 16 units lie between 5 and 20


def test_steps_are_tenths_up_to_one():
    frame = judged(forecasts(rising_probability=np.array([1.0, 0.9, 0.89, 0.5, 0.1, 0.09, 0.0, 0.0, 0.0, 0.0, 0.0])))
    found = sums(frame).groupby("step").judged.sum()
    assert found.to_dict() == {9: 2, 8: 1, 5: 1, 1: 1, 0: 6}


def test_extra_units_are_those_above_the_products_own_usual_rate():
    frame = judged()
    assert frame.extra_units["A"] == 16 - 8 * 30 / 20
    assert (frame.extra_revenue_cents["A"], frame.extra_margin_cents["A"]) == (4 * 250, 4 * 150)
    found = summed(frame)  # of both called products, the hit and the miss
    assert (found.valued, found.extra_units, found.extra_margin_cents) == (2, 8, 1200)


def test_what_sold_below_the_usual_rate_counts_as_negative():
    frame = judged(happened_=happened(sold_units=4.0, priced_units=4.0, revenue_cents=1000.0))
    assert frame.extra_margin_cents["A"] == -8 * 150


def test_without_a_cost_there_is_revenue_and_no_margin_and_of_views_neither():
    frame = judged(products_=products(unit_cost_cents=np.nan))
    assert frame.extra_revenue_cents["A"] == 1000 and frame.extra_margin_cents.isna().all()
    views = judged(money=False)
    assert views.extra_units["A"] == 4 and views.extra_revenue_cents.isna().all()


def test_a_product_out_of_stock_is_not_judged_and_its_call_no_miss():
    stock = happened().astype(dict.fromkeys(("matured", "rising", "falling"), object))
    stock.loc[stock.product_id == "B", ["matured", "rising", "falling"]] = [False, None, None]
    frame = judged(happened_=stock)
    assert frame.outcome["B"] == "out of stock" and np.isnan(frame.units["B"])
    found = summed(frame)
    assert (found.called, found.called_judged, found.hits, found.judged) == (2, 1, 1, 10)


def test_a_product_that_the_data_no_longer_hold_is_not_judged():
    frame = judged(happened_=happened()[lambda rows: rows.product_id != "B"])
    assert frame.outcome["B"] == "gone"


def test_a_renamed_product_is_judged_under_its_new_number():
    renamed = happened().replace({"product_id": {"A": "A2"}})
    frame = judged(happened_=renamed, now={"A": "A2"}, products_=products().replace({"product_id": {"A": "A2"}}))
    assert (frame.outcome["A"], frame.counts_as["A"], frame.category["A"]) == ("rose", "A2", "Lamps")


def test_products_that_were_merged_since_are_not_judged_and_neither_is_a_kit():
    frame = judged(now={"B": "A", "C": None})
    assert (frame.outcome["A"], frame.outcome["B"], frame.outcome["C"]) == ("merged", "merged", "split")
    assert summed(frame).called_judged == 0


def test_segments_have_lists_of_their_own():
    both = pd.concat([forecasts(), forecasts(segment="DE", rising_probability=forecasts().rising_probability[::-1].to_numpy())])
    frame = judge(both, pd.concat([happened(), happened(segment="DE")]), {}, products())
    assert list(frame[frame.called & (frame.segment == "DE")].product_id) == ["K", "J"]


def entry(id: str, day: str, replay: bool = False, at: int = 1) -> Entry:
    return Entry(id, Path(id), date.fromisoformat(day), "m1", datetime(2026, 6, at), replay)


def test_of_a_weeks_updates_the_last_counts_and_a_replay_only_alone():
    found = weekly(
        [
            entry("monday", "2026-06-01"),
            entry("sunday", "2026-06-07", at=8),
            entry("sunday again", "2026-06-07", at=9),
            entry("replay of it", "2026-06-07", replay=True, at=20),
            entry("replay before", "2026-05-31", replay=True, at=20),
        ]
    )
    assert [one.id for one in found] == ["replay before", "sunday again"]
