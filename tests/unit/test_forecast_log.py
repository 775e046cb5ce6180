"""The forecast log keeps every published forecast for good, once, as it was served."""

from __future__ import annotations

import stat
from datetime import date, datetime

import numpy as np
import pyarrow.parquet as pq
import pytest
from fixtures.model_folders import damage
from fixtures.tiny_snapshot import write_scored

from core import doctor
from core.errors import UserError
from core.schema import DEMAND_LEVELS
from core.schema.forecast_log import FORECAST_LOG, quantile
from core.storage import audit, forecast_log, layout, snapshots


@pytest.fixture
def scored(workspace, monkeypatch):
    """Scored tables whose snapshots are not checked: these tests look at the log."""
    monkeypatch.setattr(snapshots, "check", lambda *_: [])
    return write_scored(workspace)


def findings(workspace) -> list[tuple[bool, str]]:
    return [(f.ok, str(f.detail)) for f in doctor.examine(workspace) if f.check == "forecasts"]


def test_a_publish_is_logged_as_it_was_served(workspace, scored):
    snapshot_id = snapshots.publish(workspace)
    (entry,) = forecast_log.entries(workspace)
    assert (entry.id, entry.as_of, entry.replay) == (snapshot_id, date(2011, 12, 4), False)
    logged = entry.rows(*FORECAST_LOG.names).to_pandas()
    served = pq.read_table(snapshots.current(workspace).table("forecasts")).to_pandas()
    assert list(logged.product_id) == list(served.product_id) and list(logged.segment) == list(served.segment)
    np.testing.assert_allclose(logged.rising_probability, served.rising_probability, rtol=1e-6)
    np.testing.assert_allclose(logged.falling_probability, served.falling_probability, rtol=1e-6)
    assert set(logged.snapshot) == {snapshot_id} and set(logged.as_of) == {date(2011, 12, 4)} and not logged.replay.any()
    demand = pq.read_table(snapshots.current(workspace).table("demand")).to_pandas().query("weeks == 4")
    wide = demand.pivot(index=["product_id", "segment"], columns="level", values="units").loc[list(zip(logged.product_id, logged.segment))]
    np.testing.assert_allclose(logged[[quantile(level) for level in DEMAND_LEVELS]], wide[list(DEMAND_LEVELS)], rtol=1e-6)
    assert (logged.units_mean > logged.units_p10).all() and (logged.units_mean < logged.units_p975).all()


def test_the_columns_of_quantiles_are_named_after_their_level():
    assert [quantile(level) for level in (0.025, 0.1, 0.5, 0.975)] == ["units_p025", "units_p10", "units_p50", "units_p975"]


def test_the_log_outlives_pruned_snapshots_and_a_rollback_adds_nothing(workspace, scored):
    ids = [snapshots.publish(workspace) for _ in range(7)]
    snapshots.rollback(workspace, ids[-2])
    assert [entry.id for entry in forecast_log.entries(workspace)] == ids
    assert len(snapshots.history(workspace)) == 5


def test_a_publish_that_is_refused_is_not_logged(workspace, scored, monkeypatch):
    monkeypatch.setattr(snapshots, "check", lambda *_: ["wrong"])
    with pytest.raises(Exception, match="wrong"):
        snapshots.publish(workspace)
    assert forecast_log.entries(workspace) == []


def test_adding_a_snapshot_again_changes_nothing(workspace, scored):
    snapshot_id = snapshots.publish(workspace)
    (before,) = forecast_log.folder(workspace).iterdir()
    assert forecast_log.add_snapshot(workspace, snapshot_id) == before.name
    assert list(forecast_log.folder(workspace).iterdir()) == [before]


def test_only_the_owner_reads_it(workspace, scored):
    snapshots.publish(workspace)
    folder = forecast_log.folder(workspace)
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert [stat.S_IMODE(file.stat().st_mode) for file in folder.iterdir()] == [0o600]


def test_a_full_disk_leaves_the_entry_to_the_next_command(workspace, scored, monkeypatch):
    with monkeypatch.context() as patch:

        def full(*_args, **_more):
            raise UserError(found="The disk is full.", expected="", to_do="")

        patch.setattr(forecast_log, "add_snapshot", full)
        snapshot_id = snapshots.publish(workspace)
    assert snapshots.current(workspace).id == snapshot_id and forecast_log.entries(workspace) == []
    with audit.deciding(workspace):
        pass
    assert [entry.id for entry in forecast_log.entries(workspace)] == [snapshot_id]
    assert [act.subject for act in audit.acts(workspace)] == [snapshot_id]


def test_the_doctor_counts_the_updates_and_finds_one_that_changed_or_is_gone(workspace, scored):
    for _ in range(2):
        snapshots.publish(workspace)
    assert findings(workspace) == [(True, "2 updates are in the forecast log.")]
    first, second = sorted(forecast_log.folder(workspace).iterdir())
    damage(first)
    assert findings(workspace) == [(False, f"{first.name} has changed since it was written.")]
    second.unlink()
    assert f"{second.name} is missing." in findings(workspace)[0][1]


def test_a_changed_file_is_never_judged(workspace, scored):
    snapshots.publish(workspace)
    (entry,) = forecast_log.entries(workspace)
    content = bytearray(entry.path.read_bytes())
    content[100] ^= 1
    entry.path.write_bytes(content)
    with pytest.raises(UserError, match="has changed since it was written.*Restore the folder forecast_log"):
        entry.rows("product_id")


def test_an_upgrade_logs_the_snapshots_that_are_still_there(workspace, scored):
    ids = [snapshots.publish(workspace) for _ in range(2)]
    assert layout.version(workspace) == 1
    for file in forecast_log.folder(workspace).iterdir():
        file.unlink()
    damage(workspace.snapshots / ids[0] / "manifest.json")
    layout.migrate(workspace)  # without workspace.json it is one of 0.1.0
    assert [entry.id for entry in forecast_log.entries(workspace)] == ids[1:]


def test_a_replay_is_marked_and_keeps_its_rules(workspace):
    forecast_log.add(
        workspace.create(),
        "replay-20260301",
        {
            "product_id": ["A"],
            "segment": ["all"],
            "rising_probability": np.array([0.5]),
            "falling_probability": np.array([0.1]),
            "units": np.full((1, len(DEMAND_LEVELS)), np.nan),
        },
        as_of=date(2026, 3, 1),
        model="2026-02-01",
        published_at=datetime(2026, 7, 1),
        facts={"labels": {"luck": 0.1}},
        replay=True,
    )
    (entry,) = forecast_log.entries(workspace)
    assert (entry.replay, entry.model, entry.facts) == (True, "2026-02-01", {"labels": {"luck": 0.1}})
    assert entry.rows("units_p50")["units_p50"].null_count == 1
