"""The state store under several processes and threads, and what users leave in it."""

from __future__ import annotations

import json
import sqlite3
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta

import pytest

from core.errors import UserError
from core.storage.state import State, file
from core.workspace import Workspace

KINDS = [f"kind {i}" for i in range(40)]


CLAIM_ALL = """
import json, sys
from pathlib import Path
from core.workspace import Workspace
from core.storage.state import State, file
state, mine = State(Workspace(Path(sys.argv[1]))), []
while job := state.claim_job(sys.argv[2]):
    mine.append(job.id)
print(json.dumps(mine))
"""
ADD_ALL = """
import json, sys
from pathlib import Path
from core.workspace import Workspace
from core.storage.state import State, file
state = State(Workspace(Path(sys.argv[1])))
print(json.dumps([state.add_job(f"kind {i}", {}, "test")[0].id for i in range(40)]))
"""


def _in_processes(program: str, *arguments: tuple) -> list:
    """What each of the programs, started at the same time, prints. Plain processes: multiprocessing's would run this one's main
    script, which tests of pages put another in place of."""
    running = [
        subprocess.Popen([sys.executable, "-c", program, *map(str, given)], stdout=subprocess.PIPE, text=True) for given in arguments
    ]
    return [json.loads(process.communicate(timeout=60)[0]) for process in running]


def test_two_processes_never_claim_the_same_job(workspace):
    state = State(workspace)
    ids = {state.add_job(kind, {}, "test")[0].id for kind in KINDS}
    first, second = _in_processes(CLAIM_ALL, (workspace.root, "a"), (workspace.root, "b"))
    assert set(first) | set(second) == ids
    assert not set(first) & set(second)


def test_two_processes_that_ask_for_the_same_jobs_get_the_same_ones(workspace):
    # They also make the file at the same time, since it is not there yet.
    first, second = _in_processes(ADD_ALL, (workspace.root,), (workspace.root,))
    assert first == second
    assert len(State(workspace).jobs()) == len(KINDS)


def test_many_threads_may_write_through_one_state(workspace):
    state = State(workspace)
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda i: state.note("ana", "note", str(i)), range(80)))
    assert {entry.subject for entry in state.audit(100)} == {str(i) for i in range(80)}


def test_jobs_are_claimed_oldest_first(workspace):
    state = State(workspace)
    for kind in ("rescore", "import", "retrain"):
        state.add_job(kind, {}, "test")
    assert [state.claim_job("a").kind for _ in range(3)] == ["rescore", "import", "retrain"]


def test_a_job_ends_once_and_only_by_its_own_worker(workspace):
    state = State(workspace)
    token = state.take_worker()
    job, _ = state.add_job("rescore", {}, "test")
    state.claim_job(token)
    assert not state.end_job(job.id, "another worker", "failed")
    assert state.end_job(job.id, token, "done", result={"snapshot": "s"})
    assert not state.end_job(job.id, token, "failed")
    assert state.job(job.id).result == {"snapshot": "s"}


def test_an_act_on_a_model_is_copied_once_from_the_audit_log(workspace):
    state = State(workspace)
    first = {"at": "2026-11-29T08:00:00.000", "actor": "ana", "act": "promote", "subject": "m1", "reason": "the first", "details": {}}
    second = first | {"at": "2026-11-29T09:00:00.000", "actor": "ben", "subject": "m2", "details": {"before": "m1"}}
    state.take_acts([first | {"uid": "1"}])
    state.take_acts([first | {"uid": "1"}, second | {"uid": "2"}])
    newest, oldest = state.audit()
    assert (newest.actor, newest.act, newest.subject, newest.details) == ("ben", "promote", "m2", {"before": "m1"})
    assert [act["uid"] for act in state.acts()] == ["1", "2"] and newest.at > oldest.at


NEXT_WEEK = date(2026, 12, 3)


def set_lead_time(state: State, days: float, **more):
    given = {"reason": "other", "actor": "ana", "expires_on": NEXT_WEEK}
    return state.set_override("product", "P1", "lead_time_days", days, **given | more)


def test_an_override_that_is_replaced_or_taken_back_stays_readable_with_who_ended_it(workspace):
    state = State(workspace)
    set_lead_time(state, 21, before=14)
    second = set_lead_time(state, 28, comment=" slower than said ", actor="ben")
    state.end_override(second.id, "cho")
    state.end_override(second.id, "dan")  # nothing left to end
    assert [(o.value, o.before, o.comment, o.actor, o.ended_by) for o in state.overrides()] == [
        (21, 14, "", "ana", "ben"),
        (28, None, "slower than said", "ben", "cho"),
    ]
    assert [(e.actor, e.act, e.details["before"], e.details["after"]) for e in reversed(state.audit())] == [
        ("ana", "override", 14, 21),
        ("ben", "override", 21, 28),
        ("cho", "take back", 28, None),
    ]


def test_a_change_of_several_is_made_as_a_whole_or_not_at_all_and_undone_as_a_whole(workspace):
    state, units = State(workspace), {"scope": "product", "field": "order_units", "expires_on": NEXT_WEEK}
    first = state.set_overrides([units | {"name": f"P{i}", "value": 10.0 + i} for i in range(3)], reason="budget", actor="ana")
    second = state.set_overrides([units | {"name": f"P{i}", "value": 99.0} for i in range(4)], reason="other", actor="ben", comment="all")
    with pytest.raises(UserError, match="0 or more"):
        state.set_overrides([units | {"name": "P8", "value": 5.0}, units | {"name": "P9", "value": -5.0}], reason="other", actor="ben")
    assert [len(first), len(second), len(state.overrides()), len(state.audit())] == [3, 4, 7, 7]
    state.undo_overrides([one.id for one in second], "ben")
    assert {o.name: (o.value, o.actor) for o in state.overrides() if o.ended_at is None} == {f"P{i}": (10.0 + i, "ana") for i in range(3)}


def test_an_override_holds_until_its_last_day_or_its_end(workspace):
    state = State(workspace)
    made = set_lead_time(state, 21)
    assert made.holds(NEXT_WEEK) and not made.holds(NEXT_WEEK + timedelta(days=1))
    state.end_override(made.id, "ana")
    assert not state.overrides()[0].holds(date(2026, 11, 26))


@pytest.mark.parametrize(
    "scope, field, value, reason, said",
    [
        ("product", "lead_time_days", 21, "", "Choose a reason"),
        ("product", "lead_time_days", 0, "other", "above 0 days"),
        ("product", "order_units", -1, "other", "0 or more"),
        ("product", "order_units", float("nan"), "other", "0 or more"),
        ("product", "service_level", 95, "other", "below 100%"),
        ("product", "snooze_until", "soon", "other", "not a date"),
        ("supplier", "order_units", 5, "other", "sets one of service_level"),
        ("brand", "service_level", 0.9, "other", "one of product"),
    ],
)
def test_an_override_that_makes_no_sense_is_refused_and_leaves_nothing(workspace, scope, field, value, reason, said):
    state = State(workspace)
    with pytest.raises(UserError, match=said):
        state.set_override(scope, "P1", field, value, reason=reason, actor="ana", expires_on=NEXT_WEEK)
    assert state.overrides() == [] and state.audit() == []


def test_a_store_of_the_first_version_keeps_its_overrides_and_all_else(workspace):
    with sqlite3.connect(workspace.create().state) as con:
        con.executescript(file._SCHEMA[0] + "pragma user_version = 1;")
        con.execute("insert into overrides values ('P1', 'lead_time_days', '21', 'new supplier', 'ana', '2026-11-01T08:00:00.000')")
    state = State(workspace)
    assert [(o.scope, o.name, o.field, o.value, o.reason, o.comment, o.actor, o.expires_on) for o in state.overrides()] == [
        ("product", "P1", "lead_time_days", 21, "other", "new supplier", "ana", date(2027, 1, 30))
    ]
    set_lead_time(state, 28)
    assert [o.ended_by for o in state.overrides()] == ["ana", None]


def test_views_come_back_as_they_were_given(workspace):
    state = State(workspace)
    state.save_view("rising", "Christmas", {"category": ["Seasonal"]}, "ana")
    state.save_view("rising", "Christmas", {"category": ["Seasonal", "Lighting"]}, "ana")
    assert [v.choices for v in state.views("rising")] == [{"category": ["Seasonal", "Lighting"]}]
    state.delete_view("rising", "Christmas")
    assert state.views("rising") == []


def test_a_private_view_is_its_users_alone_and_stands_beside_a_shared_one_of_its_name(workspace):
    state = State(workspace)
    state.save_view("rising", "Mine", {"q": ["mug"]}, "ana", private=True)
    state.save_view("rising", "Mine", {"q": ["jar"]}, "ben")
    assert [(v.owner, v.choices["q"]) for v in state.views("rising", "ana")] == [("", ["jar"]), ("ana", ["mug"])]
    assert [v.owner for v in state.views("rising", "ben")] == [""]
    state.delete_view("rising", "Mine")
    assert [v.owner for v in state.views("rising", "ana")] == ["ana"]


def test_views_and_comments_of_version_four_are_kept(workspace):
    with sqlite3.connect(workspace.create().state) as con:
        for script in file._SCHEMA[:4]:
            con.executescript(script)
        con.execute("insert into views values ('inventory what-if', 'Lean', '{}', 'ana', '2026-11-01T08:00:00.000')")
        con.execute("insert into comments values (1, 'P1', 'call them', 'ana', '2026-11-01T08:00:00.000')")
        con.execute("pragma user_version = 4")
    state = State(workspace)
    assert [(v.name, v.owner) for v in state.views("inventory what-if")] == [("Lean", "")]
    assert [(n.text, n.actor) for n in state.notes("P1")] == [("call them", "ana")]


def test_a_product_is_watched_once_until_it_is_taken_off(workspace):
    state = State(workspace)
    for actor in ("ana", "ben"):
        state.watch("P1", actor)
    state.watch("P0", "ben")
    assert [(w.product_id, w.actor) for w in state.watched()] == [("P1", "ana"), ("P0", "ben")]
    state.unwatch("P1")
    assert [w.product_id for w in state.watched()] == ["P0"]


def test_notes_come_newest_first_with_their_author_and_one_without_text_is_refused(workspace):
    state = State(workspace)
    state.add_note("P1", " first ", "ana")
    state.add_note("P1", "<b>second</b>", "ben")
    assert [(n.text, n.actor) for n in state.notes("P1")] == [("<b>second</b>", "ben"), ("first", "ana")]
    for text in ("  ", "x" * 2001):
        with pytest.raises(UserError, match="characters"):
            state.add_note("P1", text, "ana")
    state.delete_note(state.notes("P1")[0].id)
    assert [n.text for n in state.notes("P1")] == ["first"] and state.notes("P2") == []


def test_a_store_of_a_newer_version_is_refused_and_left_alone(workspace):
    State(workspace)
    with sqlite3.connect(workspace.state) as con:
        con.execute("pragma user_version = 99")
    with pytest.raises(UserError, match="newer version of Upswing"):
        State(workspace)


def test_a_file_that_is_no_store_is_refused(workspace):
    workspace.state.write_bytes(b"not a database, but long enough to look at" * 50)
    with pytest.raises(UserError, match="is damaged: file is not a database"):
        State(workspace)


def test_an_unknown_job_is_the_users_error(workspace):
    with pytest.raises(UserError, match="There is no job 7"):
        State(workspace).job(7)


def test_nothing_stays_open_so_a_copy_of_the_one_file_is_a_backup(workspace, tmp_path):
    State(workspace).note("ana", "note", "before the copy")
    assert not workspace.state.with_name("state.sqlite-wal").exists()
    copy = Workspace(tmp_path / "copy").create()
    copy.state.write_bytes(workspace.state.read_bytes())
    assert [e.subject for e in State(copy).audit()] == ["before the copy"]
