"""From replayed and published updates to the track record: outcomes are those of the panel, and nothing is known too early."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest

from core.capabilities import scoring
from core.capabilities.track_record.tables import FELL, NEITHER, ROSE
from core.evaluation.replay import replay
from core.features.build import build
from core.models.candidate import train
from core.models.registry import promote
from core.schema import DEMAND_LEVELS, DEMAND_WEEKS
from core.storage import duckdb as db
from core.storage import forecast_log, snapshots
from core.workspace import Workspace
from tests.integration.test_trained_to_served import shop  # noqa: F401


class Model:
    """Stands for a fitted model: chances by the row's place, and its training rows to look at."""

    def __init__(self, panel, rows):
        self.panel, self.rows = panel, rows

    def predict(self, panel, rows, progress=None):
        chance = 0.05 + 0.9 * (np.asarray(panel.product)[rows] % 7) / 7
        units = np.broadcast_to(np.array(DEMAND_LEVELS) * 20, (len(rows), len(DEMAND_WEEKS), len(DEMAND_LEVELS)))
        return {"rising": chance, "falling": np.full(len(rows), 0.1), "demand": units}


@pytest.fixture
def fitted() -> list[Model]:
    return []


@pytest.fixture
def fit(fitted):
    """Stands for the training of a replay; what it made is in `fitted`."""

    def fit_(panel, rows, settings, progress):
        fitted.append(Model(panel, rows))
        return fitted[-1]

    return fit_


def logged(workspace: Workspace) -> list[date]:
    return [entry.as_of for entry in forecast_log.entries(workspace)]


def served(workspace: Workspace, table: str) -> pd.DataFrame:
    return pq.read_table(workspace.root / "scored" / f"{table}.parquet").to_pandas()


def test_a_replay_is_trained_only_on_what_was_known_before_its_first_update(shop, fit, fitted):
    done = replay(shop, fit=fit)
    (model,) = fitted
    first, horizon = np.datetime64(done.updates[0]), np.timedelta64(28, "D")
    assert len(done.updates) == 12 and logged(shop) == done.updates
    assert model.panel.as_of[model.rows].max() + horizon <= first
    unknown = model.panel.as_of + horizon > first
    assert np.isnan(model.panel.rising[unknown]).all() and np.isfinite(model.panel.rising[model.rows]).all()
    assert str(done.text()).startswith("12 past updates were replayed, of ")


def test_a_second_replay_adds_nothing_and_a_killed_one_is_completed(shop, fit, monkeypatch):
    add, added = forecast_log.add, []

    def third_fails(*given, **more):
        if len(added) == 2:
            raise KeyboardInterrupt
        added.append(add(*given, **more))

    with monkeypatch.context() as patch:
        patch.setattr(forecast_log, "add", third_fails)
        with pytest.raises(KeyboardInterrupt):
            replay(shop, fit=fit)
    assert len(logged(shop)) == 2
    assert len(replay(shop, fit=fit).updates) == 10
    assert len(set(logged(shop))) == len(logged(shop)) == 12
    assert str(replay(shop, fit=fit).text()) == "Every past update is in the forecast log already."


def test_outcomes_are_the_labels_of_the_panel_and_forecasts_stay_as_they_are(shop, fit):
    promote(shop, train(shop, shop.settings()).model_id, "the first")
    scoring.score(shop)
    forecasts = served(shop, "forecasts")
    assert served(shop, "track_updates").empty and served(shop, "track_record").empty
    replay(shop, fit=fit)
    scoring.score(shop)
    pd.testing.assert_frame_equal(served(shop, "forecasts"), forecasts)
    snapshots.publish(shop)  # checks keys, types and required values

    panel = pq.read_table(shop.panel / "panel.parquet").to_pandas()
    label = np.select([panel.rising.isna(), panel.rising == True, panel.falling == True], ["", ROSE, FELL], NEITHER)  # noqa: E712
    known = panel.assign(label=label)[["as_of", "product_id", "segment", "label", "units_w4", "n_horizon"]]
    calls = served(shop, "track_calls").merge(known, on=["as_of", "product_id", "segment"], how="left")
    judged = calls[calls.label != ""]
    assert len(judged) > 200 and (judged.outcome == judged.label).all() and {ROSE, NEITHER} <= set(judged.outcome)
    np.testing.assert_allclose(judged.units, judged.units_w4, rtol=1e-6)
    np.testing.assert_allclose(judged.orders, judged.n_horizon)
    assert calls[calls.label == ""].units.isna().all()
    sums = served(shop, "track_record").query("segment == 'all'")
    everyone = panel[(panel.segment == "all") & panel.as_of.isin(calls.as_of)]
    assert sums.judged.sum() == everyone.rising.notna().sum() and sums.risers.sum() == (everyone.rising == True).sum()  # noqa: E712
    assert sums.called.sum() == 12 * int(np.ceil(everyone.groupby("as_of").size().max() / 10))


def test_no_outcome_is_known_before_its_horizon_has_passed(shop, fit):
    promote(shop, train(shop, shop.settings()).model_id, "the first")
    replay(shop, fit=fit)
    last = max(logged(shop))
    entry = forecast_log.entries(shop)[-1]
    rows = entry.rows("product_id", "segment", "rising_probability", "falling_probability").to_pydict()
    forecast_log.add(
        shop,
        "too early",
        {**rows, "units": np.full((len(rows["product_id"]), len(DEMAND_LEVELS)), 1.0)},
        as_of=last + timedelta(days=8),
        model="m",
        published_at=entry.published_at,
        facts=entry.facts,
    )
    scoring.score(shop)
    updates = served(shop, "track_updates").set_index("as_of")
    assert not updates.judged[last + timedelta(days=8)] and updates.judged[last]
    assert last + timedelta(days=8) not in set(served(shop, "track_record").as_of)


def test_a_product_whose_number_has_changed_is_judged_under_its_new_one(shop, fit):
    promote(shop, train(shop, shop.settings()).model_id, "the first")
    replay(shop, fit=fit)
    scoring.score(shop)
    before = served(shop, "track_calls").query("segment == 'all'").set_index(["as_of", "product_id"])
    with db.connect(shop.warehouse) as con:
        con.execute("insert into product_map by name select 'p001' as old_product_id, 'p001-new' as new_product_id, 'renamed' as kind")
    build(shop)
    scoring.score(shop)
    after = served(shop, "track_calls").query("segment == 'all'").set_index(["as_of", "product_id"])
    mine = after.xs("p001", level="product_id")
    assert set(mine.counts_as) == {"p001-new"}
    assert list(mine.outcome) == list(before.xs("p001", level="product_id").outcome)
