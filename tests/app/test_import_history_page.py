"""The Data page takes imports back and stores decisions about product numbers: it says what changes before anything does."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from fixtures.importing import stored, write

from core import jobs
from core.ingest import import_files
from core.jobs.pipeline import do_job
from core.models import registry
from core.progress import silent
from core.storage.state import State
from tests.app.visit import words

FIRST = date(2024, 1, 1)


@pytest.fixture
def shop(shop, tmp_path, monkeypatch):
    """A shop with forecasts, an import of a product that gets a new number, and one of kits."""
    rows = [(day, "S", "Other") for day in range(0, 400, 20)]
    rows += [(day, "A", "Tray") for day in range(0, 200, 20)] + [(day, "B", "Tray") for day in range(200, 400, 20)]
    lines = [f"{FIRST + timedelta(day)},{number},{title},1,5.00,o{number}{day}" for day, number, title in rows]
    import_files(shop, [write(tmp_path, "orders.csv", "date,sku,title,qty,price,order_id\n" + "\n".join(lines) + "\n")])
    import_files(shop, [write(tmp_path, "kits.csv", "kit_id,part_id,units\nS,B,2\n")])
    monkeypatch.setattr(registry, "champion", lambda _workspace: None)  # its forecasts are another test's
    return shop


def press(at, label: str):
    return next(b for b in (*at.button, *at.form_submit_button) if b.label == label).click().run()


def done(shop, kind: str) -> None:
    """Does the job that was asked for."""
    state = State(shop)
    job = state.claim_job(state.take_worker() or state.worker().token)
    assert job.kind == kind
    state.end_job(job.id, state.worker().token, "done", message="done", result=do_job(shop, kind, job.arguments, silent))


def test_an_import_is_taken_back_after_the_page_has_said_what_that_changes(open_page, shop):
    at = press(open_page("data", workspace=shop), "List imports and numbers")
    done(shop, "look")
    at.run()
    assert [o.partition(" · ")[0] for o in at.selectbox(key="undo_import").options] == ["2", "1"]
    press(at, "Show changes")
    done(shop, "check_undo")
    at.run()
    assert "parts of kits: 1 removed, 0 restored." in words(at) and stored(shop, "select count(*) from kit_parts") == [(1,)]
    press(at, "Undo")
    done(shop, "undo")
    assert stored(shop, "select count(*) from kit_parts") == [(0,)]
    assert "List imports and numbers" in words(at.run()) and not at.exception


def test_a_changed_choice_needs_its_own_check(open_page, shop):
    for kind, arguments in (("look", {}), ("check_undo", {"import_id": "000002"})):
        jobs.request(shop, kind, arguments)
        done(shop, kind)
    at = open_page("data", workspace=shop)
    assert "Undo" in [b.label for b in at.button]
    at.selectbox(key="undo_import").select_index(1).run()
    assert "Undo" not in [b.label for b in at.button] and "Show changes" in [b.label for b in at.button]


def test_a_proposal_is_stored_only_by_a_choice(open_page, shop):
    jobs.request(shop, "look")
    done(shop, "look")
    at = open_page("data", workspace=shop)
    (asked,) = [s for s in at.selectbox if "→" in s.label]
    assert asked.value is None
    press(at, "Save decisions")
    assert [job.kind for job in jobs.recent(shop)] == ["look"]
    next(s for s in at.selectbox if "→" in s.label).select("renamed")
    press(at, "Save decisions")
    assert jobs.recent(shop)[0].arguments == {"decisions": [["A", "B", "renamed"]]}
    done(shop, "numbers")
    assert stored(shop, "select * from product_map") == [("A", "B", "renamed")]


def test_proposals_are_shown_in_chinese(open_page, shop):
    jobs.request(shop, "look")
    done(shop, "look")
    (asked,) = [s for s in open_page("data", "zh", workspace=shop).selectbox if "→" in s.label]
    assert "最后售出" in asked.label and "两款不同商品" in asked.options


def test_a_stored_pair_can_be_told_apart_again(open_page, shop):
    for kind, arguments in (("numbers", {"decisions": [["A", "B", "merged"]]}), ("look", {})):
        jobs.request(shop, kind, arguments)
        done(shop, kind)
    at = open_page("data", workspace=shop)
    next(m for m in at.multiselect if m.label == "Two products after all").select("A → B").run()
    press(at, "Separate")
    done(shop, "numbers")
    assert stored(shop, "select kind from product_map") == [("separate",)]
