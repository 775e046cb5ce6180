"""What the Data page's jobs do with stored imports."""

from __future__ import annotations

import pytest
from fixtures.importing import stored, write

from core import jobs
from core.errors import UserError
from core.ingest import import_files
from core.jobs.pipeline import do_job
from core.messages import from_json, to_json
from core.progress import silent


@pytest.fixture
def shop(workspace, tmp_path):
    for name, day, product in (("first.csv", "2024-03-01", "A1"), ("second.csv", "2024-03-08", "A2")):
        import_files(workspace, [write(tmp_path, name, f"date,sku,title,qty,price,order_id\n{day},{product},Mug,2,5.00,o{day}\n")])
    return workspace


def test_imports_are_listed_newest_first_with_what_is_mapped(shop):
    found = from_json(to_json(do_job(shop, "look", {}, silent)))
    assert [(one["import_id"], one["files"]) for one in found["imports"]] == [("000002", "second.csv"), ("000001", "first.csv")]
    assert (found["decided"], found["kits"], found["proposals"]) == ([], [], [])


def test_an_undo_says_what_changes_and_then_changes_it(shop):
    said = do_job(shop, "check_undo", {"import_id": "000002"}, silent)["text"]
    assert "Nothing is written" in str(said) and "2 units" in str(said)
    assert stored(shop, "select count(*) from orders") == [(2,)]
    assert "is undone" in str(do_job(shop, "undo", {"import_id": "000002"}, silent)["text"])
    assert stored(shop, "select product_id from orders") == [("A1",)]
    assert [one["import_id"] for one in do_job(shop, "look", {}, silent)["imports"]] == ["000001"]


def test_decisions_are_stored_and_listed(shop):
    do_job(shop, "numbers", {"decisions": [["A1", "A2", "renamed"]]}, silent)
    assert do_job(shop, "look", {}, silent)["decided"] == [{"old": "A1", "new": "A2", "kind": "renamed"}]


@pytest.mark.parametrize("decisions", [[["A1", "A2", "cousin"]], [["A1", "A2"]]])
def test_a_decision_of_another_kind_is_refused_when_it_is_asked_for(shop, decisions):
    with pytest.raises(UserError, match="one of the kinds renamed"):
        jobs.request(shop, "numbers", {"decisions": decisions})
