"""A capability is one folder and one line in the registry: it is scored, published, checked, asked, worked and shown."""

from __future__ import annotations

import sys
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from fixtures.capability_example import CAPABILITY
from streamlit.testing.v1 import AppTest

from core import jobs
from core.capabilities import scoring
from core.capabilities.registry import CAPABILITIES, serving_tables
from core.errors import UserError
from core.jobs import worker
from core.storage import duckdb as db
from core.storage import snapshots
from core.storage.queries import Serving
from core.workspace import Workspace
from dashboard import labels, registry
from tests.integration.test_scoring import shop, use  # noqa: F401

APP = Path(__file__).parents[2] / "dashboard" / "app.py"
REGISTERED = """
import sys
from pathlib import Path
sys.path.insert(0, "tests")
from core.capabilities.registry import CAPABILITIES
from core.jobs.worker import do
from core.workspace import Workspace
from fixtures.capability_example import CAPABILITY
CAPABILITIES.append(CAPABILITY)
do(Workspace(Path(sys.argv[1])), int(sys.argv[2]), sys.argv[3])
"""
CHILD = (sys.executable, "-c", REGISTERED)


@pytest.fixture
def registered(monkeypatch):
    """The one line that registers the example; it goes when the test ends."""
    CAPABILITIES.append(CAPABILITY)
    yield
    CAPABILITIES.remove(CAPABILITY)


@pytest.fixture
def served(registered, shop, monkeypatch) -> Workspace:
    """A shop that is scored and published with the example."""
    use(monkeypatch)
    scoring.score(shop)
    snapshots.publish(shop)
    return shop


def test_its_table_is_scored_published_and_checked(served):
    snapshot = snapshots.current(served)
    rows = pq.read_table(snapshot.table("watchlist")).to_pylist()
    assert [row["product_id"] for row in rows] == ["A", "B", "C"] and rows[0]["last_week_units"] > 0
    assert snapshots.check(snapshot.path) == []
    assert snapshots.export(served, "watchlist", served.root / "watchlist.csv") == 3


def test_its_key_is_checked_before_publishing(served):
    file = served.root / "scored" / "watchlist.parquet"
    table = pq.read_table(file)
    pq.write_table(table.take([0, 0, 1]), file)
    with pytest.raises(Exception, match="product_id = A"):
        snapshots.publish(served)


def test_its_question_is_asked(served):
    answer = Serving(snapshots.current(served).path).ask("watchlist")
    assert list(answer.title) == ["red lantern", "blue mug", "C"] and answer.chance.is_monotonic_decreasing


def test_its_job_is_validated_and_done_by_the_worker(registered, workspace):
    with pytest.raises(UserError, match="product_id"):
        jobs.request(workspace, "remind")
    job = jobs.request(workspace, "remind", {"product_id": "A"})
    worker.work(workspace, once=True, child=CHILD)
    done = jobs.get(workspace, job.id)
    assert (done.status, str(done.message)) == ("done", "Reminded of A."), done.error
    assert (workspace.root / "reminder.txt").read_text() == "A"
    assert (labels.job("remind"), labels.step("remind", "remind")) == ("Reminder", "Writing the reminder")


def test_its_page_is_in_the_navigation_and_shows_its_answer(served, monkeypatch):
    assert list(registry.pages())[:5] == ["overview", "rising", "feature", "watchlist", "inventory"]
    monkeypatch.setenv("UPSWING_WORKSPACE", str(served.root))
    app = AppTest.from_file(str(APP), default_timeout=60).run()
    app.switch_page(str(registry.script(registry.pages()["watchlist"]))).run()
    assert not app.exception
    assert app.title[0].value == "Watchlist" and "Which products should I watch?" in [c.value for c in app.caption]
    assert [m.value for m in app.markdown if "red lantern" in m.value]


def test_a_snapshot_from_before_the_capability_is_served_with_an_empty_table(shop, monkeypatch):
    use(monkeypatch)
    scoring.score(shop)
    snapshots.publish(shop)
    CAPABILITIES.append(CAPABILITY)
    try:
        snapshot = snapshots.current(shop)
        assert snapshots.check(snapshot.path) == []
        assert Serving(snapshot.path).ask("watchlist").empty
    finally:
        CAPABILITIES.remove(CAPABILITY)


def test_a_capability_that_leaves_out_a_table_is_a_defect(registered, shop, monkeypatch):
    use(monkeypatch)
    monkeypatch.setattr("fixtures.capability_example.compute.write", lambda context: None)
    with pytest.raises(ValueError, match="watchlist"):
        scoring.score(shop)


def test_no_two_capabilities_have_a_table_or_a_question_of_one_name():
    serving_tables()
    names = [file.stem for kind in ("queries", "scoring") for file in db.stored(kind)]
    assert sorted(names) == sorted(set(names))
