"""Buttons: what they ask for, once, and what the page says of it."""

from __future__ import annotations

import stat
import sys
from datetime import date
from pathlib import Path
from types import SimpleNamespace

import pytest
from fixtures.serving import MODEL, write_snapshot

from core import ingest, jobs
from core.errors import UserError
from core.jobs import worker
from core.messages import msg
from core.models import registry
from core.storage import snapshots
from core.storage.state import State
from dashboard import data
from dashboard.actions import check_files, import_checked, keep
from tests.app.visit import tables, words

CANDIDATE = "20120101-d4e5f6"


def test_retrain_queues_one_job_and_a_second_press_shows_it(open_page, shop):
    at = open_page("model", workspace=shop)
    at.selectbox(key="tuning").select("last-3")
    at.button(key="retrain").click().run()
    assert "**Retraining** · queued" in words(at)
    at.button(key="retrain").click().run()
    found = jobs.recent(shop)
    assert [(job.kind, job.status, job.arguments) for job in found] == [("retrain", "queued", {"tuning": "last-3"})]
    assert "Already running" in words(at) and not at.exception


def test_retrain_learns_since_the_chosen_day(open_page, shop):
    at = open_page("model", workspace=shop)
    at.date_input(key="since").set_value(date(2011, 1, 2))
    at.button(key="retrain").click().run()
    assert jobs.recent(shop)[0].arguments == {"tuning": "frozen", "since": "2011-01-02"}


def test_a_backtest_is_asked_for_and_its_result_stays_on_the_page_with_the_report(open_page, shop):
    at = open_page("model", workspace=shop)
    at.button(key="backtest").click().run()
    state = State(shop)
    job = state.claim_job(state.take_worker() or state.worker().token)
    assert job.kind == "backtest" and job.arguments == {} and "**Backtest** · starting" in words(open_page("model", workspace=shop))
    (shop.root / "backtest").mkdir()
    (shop.root / "backtest" / "report.html").write_text("<h1>the report</h1>")
    figure = {"value": 0.448, "low": 0.42, "high": 0.475}
    nothing = {"value": None, "low": None, "high": None}
    learners = [
        {
            "learner": name,
            "title": name,
            "verdict": verdict,
            "average_precision": figure,
            "brier_skill": nothing,
            "precision_at_50": figure,
            "ece": figure,
        }
        for name, verdict in (("lightgbm", "even"), ("model", None))
    ]
    state.end_job(
        job.id,
        state.worker().token,
        "done",
        message="done",
        result={
            "text": "done",
            "out": str(shop.root / "backtest"),
            "summary": {"blocks": [["2011-06-05", "2011-07-24"]], "learners": learners},
        },
    )
    at = open_page("model", workspace=shop)
    told = next(table for table in tables(at) if "Trees" in table.index)
    assert list(told.index) == ["Trees", "Upswing"] and told["Ranking quality"]["Trees"] == "0.448 (0.420–0.475)"
    assert told["Ranking quality compared"]["Trees"] == "no clear difference" and told["Improvement over baseline"]["Upswing"] == "–"
    assert "5 Jun 2011" in words(at) and [b.key for b in at.get("download_button") if b.key == "backtest_report"]
    chinese = open_page("model", language="zh", workspace=shop)
    assert not chinese.exception and "回测" in words(chinese)


def test_what_a_backtest_found_stays_on_the_page_whatever_else_is_done_and_fails(shop, monkeypatch):
    monkeypatch.setenv("UPSWING_WORKSPACE", str(shop.root))
    ended = [("backtest", "done", '{"summary": "found"}'), *[("explain", "done", "{}")] * 100, *[("backtest", "failed", "{}")] * 20]
    with State(shop)._write() as con:
        con.executemany(
            "insert into jobs (kind, status, result, arguments, created_at, actor) values (?, ?, ?, '{}', '2026-11-26', 'me')", ended
        )
    assert data.last_done("backtest").result == {"summary": "found"}


def test_a_running_job_shows_its_step_progress_and_time_left_also_after_a_reload(open_page, shop):
    state = State(shop)
    jobs.request(shop, "retrain", {"tuning": "frozen"})
    token = state.take_worker()
    job = state.claim_job(token)
    state.report_job(job.id, token, step="train", done=0.42, message="epoch 5 of 12", figures={"loss": 0.2134}, eta_s=187)
    for _reload in range(2):
        at = open_page("model", workspace=shop)
        assert at.progress[0].value == 42
        assert at.progress[0].text == "42% · 3 min left · loss 0.2134"
        assert "**Retraining** · Training" in words(at)


def test_cancel_asks_the_worker_to_stop(open_page, shop):
    state = State(shop)
    jobs.request(shop, "retrain", {"tuning": "frozen"})
    job = state.claim_job(state.take_worker() or state.worker().token)
    at = open_page("model", workspace=shop)
    at.button(key=f"cancel_{job.id}").click().run()
    assert jobs.get(shop, job.id).cancel_requested
    assert at.button(key=f"cancel_{job.id}").disabled


def test_a_job_whose_worker_died_is_shown_as_interrupted(open_page, shop):
    state = State(shop)
    jobs.request(shop, "retrain", {"tuning": "frozen"})
    token = state.take_worker()
    state.claim_job(token)
    state.release_worker(token)
    assert "Retraining: interrupted" in words(open_page("model", workspace=shop))


def test_without_a_worker_a_waiting_job_says_what_to_start(open_page, shop):
    jobs.request(shop, "retrain", {"tuning": "frozen"})
    assert "upswing worker" in words(open_page("model", workspace=shop))


def test_a_candidate_is_called_better_or_worse_only_beyond_the_noise_of_both_models(open_page, shop):
    shown = tables(open_page("model", workspace=shop))[0]
    assert list(shown.loc["Top-50 hit rate"]) == ["71% (64%–78%)", "68%", "no clear difference"]
    assert list(shown.loc["Ranking quality"]) == ["0.320 (0.288–0.352)", "0.470", "worse"]
    assert list(shown.loc["Calibration error"])[2] == "no clear difference"


def test_a_reason_that_is_needed_is_marked_as_required(open_page, shop):
    registry.promote(shop, CANDIDATE, "try it")
    asked = [field.label for field in open_page("model", workspace=shop).text_input if field.key.startswith("reason")]
    asked += [field.label for field in open_page("model", workspace=shop, language="zh").text_input if field.key.startswith("reason")]
    assert set(asked) == {"Reason (required)", "原因（必填）"}


def test_a_candidate_is_promoted_with_a_reason_and_forecasts_are_asked_for(open_page, shop):
    at = open_page("model", workspace=shop)
    at.text_input(key=f"reason_{CANDIDATE}").set_value("better at the top")
    at.button(key=f"promote_{CANDIDATE}").click().run()
    assert registry.champion(shop) == CANDIDATE
    assert State(shop).audit()[0].reason == "better at the top"
    assert [job.kind for job in jobs.recent(shop)] == ["rescore"]


def test_without_a_reason_nothing_is_promoted_and_the_page_says_why(open_page, shop):
    at = open_page("model", workspace=shop)
    at.button(key=f"promote_{CANDIDATE}").click().run()
    assert registry.champion(shop) == MODEL and jobs.recent(shop) == []
    assert "A reason is needed" in at.error[0].value.replace("\\", "")


def test_a_candidate_is_discarded_with_a_reason(open_page, shop):
    at = open_page("model", workspace=shop)
    at.text_input(key=f"reason_{CANDIDATE}").set_value("worse ranking")
    at.button(key=f"discard_{CANDIDATE}").click().run()
    assert registry.model(shop, CANDIDATE).status == "discarded" and registry.champion(shop) == MODEL
    assert "No candidates. Retrain to create one" in words(at)


def test_the_model_before_comes_back_with_a_reason(open_page, shop):
    registry.promote(shop, CANDIDATE, "try it")
    at = open_page("model", workspace=shop)
    at.text_input(key="reason_back").set_value("it was worse")
    at.button(key="model_back").click().run()
    assert registry.champion(shop) == MODEL
    assert [job.kind for job in jobs.recent(shop)] == ["rescore"]


def test_an_earlier_snapshot_is_served_again(open_page, shop):
    write_snapshot(shop, snapshot="20111211-1")
    at = open_page("model", workspace=shop)
    at.button(key="snapshot_back").click().run()
    assert snapshots.current(shop).id == "20111204-1"


def test_a_broken_snapshot_is_not_served_and_the_page_says_what_is_wrong_with_it(open_page, shop):
    folder = write_snapshot(shop, snapshot="20111127-1", current=False)
    (folder / "neighbours.parquet").unlink()
    at = open_page("model", workspace=shop)
    at.button(key="snapshot_back").click().run()
    assert not at.exception and "The file of table neighbours is missing" in words(at) and "Serve another snapshot" in words(at)
    assert snapshots.current(shop).id == "20111204-1"


def test_an_upload_is_kept_and_its_check_asked_for(open_page, workspace):
    at = open_page("data", workspace=workspace)
    at.file_uploader(key="files").upload("../../orders 2011.csv", b"a;b\n1;2\n")
    at.form_submit_button[0].click().run()
    job = jobs.recent(workspace)[0]
    (kept,) = (workspace.root / "uploads").glob("*/*")
    assert (job.kind, job.arguments["preset"]) == ("check", "generic")
    assert kept.read_bytes() == b"a;b\n1;2\n" and kept.name == "orders_2011.csv" and job.arguments["files"] == [str(kept)]


def test_two_uploads_of_one_name_are_two_files_of_that_name(workspace, monkeypatch):
    monkeypatch.setenv("UPSWING_WORKSPACE", str(workspace.root))
    files = [
        SimpleNamespace(name="0123456789ab-orders.csv", getvalue=lambda day=day: f"date,sku,qty\n2024-03-0{day},A,1\n".encode())
        for day in (5, 6)
    ]
    kept = [Path(file) for file in check_files(files, "generic").arguments["files"]]
    assert len(set(kept)) == 2 and {file.name for file in kept} == {"0123456789ab-orders.csv"}
    assert [f.file for f in ingest.import_files(workspace, kept).files] == ["0123456789ab-orders.csv"] * 2


@pytest.mark.parametrize("ended", ["done", "failed"])  # forecasts fail of a history that is too short: the files came in all the same
def test_a_file_that_an_import_left_out_is_named_with_the_reason(open_page, workspace, tmp_path, ended):
    files = [tmp_path / "orders.csv", tmp_path / "shops.csv"]
    files[0].write_text("date,sku,qty\n2024-03-05,A,2\n")
    files[1].write_text("shop,city\n1,Berlin\n")
    jobs.request(workspace, "import", {"files": list(map(str, files))})
    state = State(workspace)
    job = state.claim_job(token := state.take_worker())
    report = ingest.import_files(workspace, files)
    state.end_job(job.id, token, ended, message=ended, result={"text": report.text(), "report": report.as_dict()})
    at = open_page("data", workspace=workspace)
    assert r"shops\.csv was skipped: It matches no table. As Orders, it needs: Order date, SKU or name, Units." in words(at)
    assert "1 rows read = 1 kept" in " ".join(c.value for c in at.code)
    assert ("Files imported, but forecasting failed" in words(at)) == (ended == "failed")


def checked(workspace) -> None:
    """Does the check that was asked for."""
    state = State(workspace)
    job = state.claim_job(state.take_worker() or state.worker().token)
    assert job.kind == "check"
    report = ingest.import_files(workspace, list(map(Path, job.arguments["files"])), answers=job.arguments.get("answers"), dry_run=True)
    state.end_job(job.id, state.worker().token, "done", message="done", result={"text": report.text(), "report": report.as_dict()})


EXPORT = b"sku;Menge;Tag\nA;2;05.03.2024\nB;1;06.03.2024\n"


def test_columns_that_nobody_knows_are_asked_for_with_proposals_and_the_statement_is_imported_as_shown(open_page, workspace):
    at = open_page("data", workspace=workspace)
    at.file_uploader(key="files").upload("export.csv", EXPORT)
    at.form_submit_button[0].click().run()
    checked(workspace)
    at.run()
    asked = {s.label: s.value for s in at.selectbox}
    assert asked["Order date"] == "Tag" and asked["Country (optional)"] is None
    at.form_submit_button[0].click().run()
    answers = {"--column orders.ordered_at": "Tag", "--column orders.units": "Menge"}
    assert jobs.recent(workspace)[0].arguments["answers"] == answers
    checked(workspace)
    at.run()
    assert "The files contain sales" in words(at) and not at.exception
    at.text_input[0].set_value("Tassen")
    at.text_input[1].set_value("eur")
    at.form_submit_button[0].click().run()
    asked = jobs.recent(workspace)[0]
    assert (asked.kind, asked.status, asked.arguments["preset"]) == ("import", "queued", "generic")
    assert asked.arguments["answers"] == answers
    assert asked.arguments["shop"] == {"name": "Tassen", "currency": "EUR", "segment_attribute": ""}


def test_files_that_wait_are_answered_from_a_page_that_is_opened_anew_in_either_language(open_page, workspace):
    at = open_page("data", workspace=workspace)
    at.file_uploader(key="files").upload("export.csv", EXPORT)
    at.form_submit_button[0].click().run()
    checked(workspace)
    assert "下单日期" in [s.label for s in open_page("data", workspace=workspace, language="zh").selectbox]
    again = open_page("data", workspace=workspace)
    again.selectbox[0].select("products").run()
    assert "Product name" in [s.label for s in again.selectbox] and not again.exception
    assert [s.value for s in again.selectbox if s.label == "Product name"] == [None]
    again.form_submit_button[0].click().run()
    assert len(jobs.recent(workspace)) == 1 and "Choose an answer for: Product name" in words(again)
    again.form_submit_button[1].click().run()
    assert uploads(workspace) == [] and again.file_uploader


def test_a_check_that_was_interrupted_is_asked_for_again_with_the_same_files(open_page, workspace, monkeypatch):
    state, job = State(workspace), upload(workspace, monkeypatch, "orders.csv")
    token = state.take_worker()
    state.claim_job(token)
    state.release_worker(token)
    at = open_page("data", workspace=workspace)
    next(b for b in at.button if b.label == "Check again").click().run()
    assert jobs.recent(workspace)[0].arguments["files"] == job.arguments["files"] and uploads(workspace) == ["orders.csv"]


def test_a_mapping_among_the_files_says_how_the_others_are_read(open_page, workspace):
    at = open_page("data", workspace=workspace)
    at.file_uploader(key="files").upload("mine.csv", b"a;b\n1;2\n").upload("mine.toml", b"[[tables]]\n")
    at.form_submit_button[0].click().run()
    job = jobs.recent(workspace)[0]
    assert Path(job.arguments["mapping"]).read_bytes() == b"[[tables]]\n" and "preset" not in job.arguments
    assert [Path(f).name for f in job.arguments["files"]] == ["mine.csv"]


def test_a_mapping_without_data_is_refused_with_what_to_do(open_page, workspace):
    at = open_page("data", workspace=workspace)
    at.file_uploader(key="files").upload("mine.toml", b"[[tables]]\n")
    at.form_submit_button[0].click().run()
    assert jobs.recent(workspace) == [] and "Choose the data together with its mapping" in words(at)


def test_an_upload_without_a_file_asks_for_nothing(open_page, workspace):
    at = open_page("data", workspace=workspace)
    at.form_submit_button[0].click().run()
    assert jobs.recent(workspace) == [] and "Choose at least one file" in words(at)


def test_the_name_of_an_upload_never_leaves_the_uploads(tmp_path):
    for name in ("../../../etc/passwd", "..\\..\\x.csv", ".hidden", "a/b/c.csv", "订单 表.csv", "..", ""):
        assert keep(tmp_path, name, name.encode()).parent.parent == tmp_path


def test_a_long_chinese_name_of_an_upload_is_cut_to_what_a_file_system_takes(tmp_path):
    kept = keep(tmp_path, "销" * 100 + ".csv", b"a;b")
    assert kept.read_bytes() == b"a;b" and kept.name.endswith("销.csv") and len(kept.name.encode()) < 140


def test_an_upload_is_for_its_owner_alone(workspace, monkeypatch):
    upload(workspace, monkeypatch, "orders.csv")
    assert [stat.S_IMODE(f.stat().st_mode) for f in (workspace.uploads, *workspace.uploads.rglob("*"))] == [0o700, 0o700, 0o600]


def upload(workspace, monkeypatch, name: str):
    """Asks for the check of a file that holds an address."""
    monkeypatch.setenv("UPSWING_WORKSPACE", str(workspace.root))
    content = f"customer_id\njane.doe@example.com in {name}\n".encode()
    return check_files([SimpleNamespace(name=name, getvalue=lambda: content)], "generic")


def ask_for_import(workspace, check):
    """Ends the check of an upload and asks for its import."""
    state = State(workspace)
    token = state.take_worker()
    state.end_job(state.claim_job(token).id, token, "done", result={"text": "read", "report": {"files": []}})
    state.release_worker(token)
    return import_checked(check, {}, {})


def uploads(workspace) -> list[str]:
    return sorted(f.name for f in workspace.uploads.glob("*/*"))


@pytest.mark.parametrize(("how", "left"), [("done", []), ("failed", ["orders.csv"]), ("cancelled", ["orders.csv"])])
def test_an_upload_goes_once_it_is_imported_and_waits_where_its_import_came_to_nothing(workspace, monkeypatch, how, left):
    job = ask_for_import(workspace, upload(workspace, monkeypatch, "orders.csv"))
    assert uploads(workspace) == ["orders.csv"]
    if how == "cancelled":
        jobs.cancel(workspace, job.id)
    else:
        end = f"State(w).end_job(int(sys.argv[2]), sys.argv[3], {how!r})"
        program = (
            f"import sys; from core.workspace import Workspace; from core.storage.state import State; w = Workspace.at(sys.argv[1]); {end}"
        )
        worker.work(workspace, once=True, child=(sys.executable, "-c", program))
    assert jobs.get(workspace, job.id).status == how and uploads(workspace) == left


def test_an_upload_whose_check_is_cancelled_or_fails_goes(workspace, monkeypatch):
    jobs.cancel(workspace, upload(workspace, monkeypatch, "orders.csv").id)
    assert uploads(workspace) == []


def test_the_next_upload_takes_the_place_of_one_that_waits(workspace, monkeypatch):
    state, job = State(workspace), upload(workspace, monkeypatch, "orders.csv")
    token = state.take_worker()
    state.end_job(state.claim_job(token).id, token, "done", result={"text": "read", "report": {"files": []}})
    assert jobs.waiting_files(workspace).id == job.id
    upload(workspace, monkeypatch, "stock.csv")
    assert uploads(workspace) == ["stock.csv"]


def test_an_upload_that_is_refused_goes_and_that_of_the_check_at_work_stays(workspace, monkeypatch):
    upload(workspace, monkeypatch, "orders.csv")
    with pytest.raises(UserError, match="Send this request again"):
        upload(workspace, monkeypatch, "stock.csv")
    assert uploads(workspace) == ["orders.csv"]


def test_what_the_shop_itself_put_beside_the_uploads_stays(workspace, monkeypatch):
    job = upload(workspace, monkeypatch, "orders.csv")
    (workspace.uploads / "mine-orders.csv").write_text("a")
    jobs.cancel(workspace, job.id)
    assert uploads(workspace) == [] and (workspace.uploads / "mine-orders.csv").exists()


def test_a_refusal_that_resembles_another_sentence_reaches_a_chinese_page_whole_and_in_chinese(open_page, workspace):
    # A sentence inside another, or one that a shop's own words resemble, must not be worded by itself.
    error = UserError(
        expected=msg("The file name must end in one of {endings}.", endings=[".csv", ".xlsx"]),
        found=msg('Upswing cannot write a file that ends like "{file}".', file="There is none. the names of your columns"),
        to_do=msg("Choose one of these endings."),
    )
    jobs.request(workspace, "import", {"files": [__file__]})
    state = State(workspace)
    job = state.claim_job(token := state.take_worker())
    state.end_job(job.id, token, "failed", error=error.message)
    said = words(open_page("data", language="zh", workspace=workspace)).replace("\\", "")
    assert (
        "无法写入“There is none. the names of your columns”这种后缀的文件。文件名必须以 .csv、.xlsx 之一结尾。请选择其中一种后缀。" in said
    )
    assert "Upswing cannot write a file that ends like" in words(open_page("data", workspace=workspace))
