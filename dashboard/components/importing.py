"""Files into the shop: choose them, see what was understood, answer what is asked, import. Every step can be left and resumed."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from core.storage.state import Job
from dashboard import actions, data, labels
from dashboard.components import answers, cards, jobs, statement
from dashboard.i18n import _, n_, plain, show, spoken


def form() -> None:
    """The step at which the files are, and what the last import said."""
    st.subheader(_("Add files"), anchor=False)
    busy = jobs.panel(("check", "import"))
    check = None if busy else data.waiting_files()
    if check is not None and check.status == "done":
        _checked(check)
    elif check is not None and check.status == "interrupted":
        st.button(_("Check again"), type="primary", icon=":material/refresh:", on_click=_check_again, args=(check,))
    elif not busy:
        _choose()
    if check is None and (last := data.last_import()):
        _left_out(last)
        with st.expander(_("Import log"), icon=":material/description:"):
            st.code(show(last.result["text"]), language=None, wrap_lines=True)
    cards.notes(
        _(
            "Importing the same file again changes nothing. After an import, forecasts are refreshed; the first import "
            "also trains the model."
        )
    )


def is_idle() -> bool:
    """Return whether no files wait and none are checked or imported."""
    return data.waiting_files() is None and not any(job.active for job in data.recent_jobs(("check", "import"), 2))


def _choose() -> None:
    with st.form("upload", border=True):
        files = st.file_uploader(
            _("CSV, Parquet, JSON lines or Excel, gzipped or not"),
            accept_multiple_files=True,
            key="files",
            type=["csv", "tsv", "txt", "parquet", "jsonl", "json", "ndjson", "xlsx", "xls", "ods", "gz", "toml"],
            help=_("You can add a mapping (.toml). It names your columns and replaces the file type chosen below."),
        )
        with st.container(horizontal=True, vertical_alignment="bottom"):
            preset = st.selectbox(
                _("File type"),
                tuple(labels.LAYOUTS),
                format_func=labels.layout,
                key=spoken("preset"),
                width=240,
                help=_("Exports of common shop systems are recognised by their columns. The other types are public data sets."),
            )
            sent = st.form_submit_button(_("Check files"), type="primary", icon=":material/fact_check:")
    if sent and files:
        cards.attempt(actions.check_files, files, preset)
    elif sent:
        cards.nothing_here(_("Choose at least one file first."))


def _checked(check: Job) -> None:
    """What was understood of the files, what is asked, and the import."""
    report = check.result["report"]
    statement.summary(report)
    values = data.first_values(tuple(check.arguments["files"]))
    for place, file in sorted(enumerate(report["files"]), key=lambda each: bool(each[1]["left_out"] and not each[1]["refused"])):
        statement.file(file, f"{check.id}_{place}", values)
    asked = answers.open_questions(report)
    if asked:
        st.markdown("**" + n_("{count} question before the import", "{count} questions before the import", len(asked)) + "**")
    unnamed = answers.asks_for_columns(report)
    table = answers.table_of(unnamed, check) if unnamed else ""
    with st.form(f"answers_{check.id}", border=True):
        given: answers.Answers = {}
        if unnamed:
            given = answers.left_out(unnamed) if table == answers.NOTHING else answers.columns(unnamed, table, check)
        given |= answers.choices({key: q for key, q in asked.items() if q["flag"] != answers.COLUMN}, check)
        changed: dict[str, str] = {}
        shop: dict = {}
        if not unnamed:
            changed = answers.assumed(report, asked, check)
            if not data.has_snapshot():
                shop, zone = answers.shop(report, check, answers.ZONE in asked)
                changed |= {answers.ZONE: zone} if zone else {}
        with st.container(horizontal=True):
            sent = st.form_submit_button(
                _("Continue") if unnamed else _("Import"),
                type="primary",
                icon=":material/arrow_forward:" if unnamed else ":material/upload:",
                disabled=not unnamed and not _serves(report, asked) and not _may_be_read(report),
            )
            removed = _are_uploads(check) and st.form_submit_button(_("Remove files"), icon=":material/delete:")
    if not _are_uploads(check):
        folder = plain(str(data.workspace().inbox))
        cards.nothing_here(_("These files are in the folder {folder}. To leave one out, move it elsewhere.").format(folder=folder))
    if removed:
        cards.attempt(actions.remove_files, check)
    chosen = {key: value for key, value in given.items() if value is not None}
    if sent and (missing := [key for key in given if key not in chosen]):
        cards.nothing_here(_("Choose an answer for: {questions}.").format(questions=_(", ").join(map(answers.named, missing))))
    elif sent and (unnamed or changed or any(chosen[key] != answers.current(asked[key]) for key in chosen)):
        cards.attempt(actions.check_again, check, chosen | changed, shop)
    elif sent and not _serves(report, asked):
        cards.nothing_here(_("Nothing to import. Choose what to read under Change assumptions, or remove the files."))
    elif sent:
        cards.attempt(actions.import_checked, check, chosen, shop)


def _are_uploads(check: Job) -> bool:
    """Return whether all files were uploaded; others are the user's own, in the watched folder."""
    return all(Path(file).is_relative_to(data.workspace().uploads.resolve()) for file in check.arguments["files"])


def _serves(report: dict, asked: dict[str, dict]) -> bool:
    """Return whether a file can be stored and none stops the import, but for those that are about to be left out."""
    waiting = [file for file in report["files"] if file["refused"] and f"{answers.LEAVE_OUT} {file['file']}" not in asked]
    return any(file["tables"] for file in report["files"]) and not waiting


def _may_be_read(report: dict) -> bool:
    """Return whether a person may have a file read that is skipped."""
    return any(q["flag"] == answers.LEAVE_OUT for file in report["files"] if file["left_out"] for q in file["questions"])


def _left_out(last: Job) -> None:
    for file in last.result["report"]["files"]:
        if file["left_out"]:
            why = _("{file} was skipped: {why}").format(file=plain(file["file"]), why=statement.why_not(file))
            st.warning(why, icon=":material/block:")


def _check_again(check: Job) -> None:
    actions.check_again(check, {}, {})
