"""Files into the shop: choose them, see what was understood, answer what is asked, import. Every step can be left and resumed."""

from __future__ import annotations

from zoneinfo import available_timezones

import streamlit as st

from core.storage.state import Job
from dashboard import actions, data, labels
from dashboard.components import cards, jobs, statement
from dashboard.i18n import _, n_, plain, show, spoken

CHANGES_READING = ("--column", "--each-row")  # flags whose answers change what a file is read as: it is checked again with them


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
            st.code(show(last.result["text"]), language=None)
    cards.notes(
        _(
            "Importing the same file again changes nothing. After an import, forecasts are refreshed; the first import "
            "also trains the model."
        )
    )


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
                help=_("How your columns are named. Common English and Chinese names suit most files."),
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
    for number, file in enumerate(report["files"]):
        statement.file(file, f"{check.id}_{number}", data.first_values(tuple(check.arguments["files"])))
    asked = {q["key"]: q for file in report["files"] for q in file["questions"] if q["matters"] and q["answer"] is None}
    if asked:
        st.markdown("**" + n_("{count} question before the import", "{count} questions before the import", len(asked)) + "**")
    chosen = _table_of(report, check) if any(q["flag"] == "--column" for q in asked.values()) else None
    with st.form(f"answers_{check.id}", border=True):
        if chosen is not None:
            answers = _columns(*chosen, check)
            answers |= _choices({k: q for k, q in asked.items() if q["flag"] != "--column"}, check)
        else:
            answers = _choices(asked, check)
        again = any(q["flag"] in CHANGES_READING for q in asked.values())
        kept = _kept(report, check)
        shop, zone = ({}, "") if again or data.has_snapshot() else _shop(report, check)
        with st.container(horizontal=True):
            sent = st.form_submit_button(
                _("Continue") if again else _("Import"),
                type="primary",
                icon=":material/arrow_forward:" if again else ":material/upload:",
                disabled=not again and not _serves(report),
            )
            removed = st.form_submit_button(_("Remove files"), icon=":material/delete:")
    if removed:
        cards.attempt(actions.remove_files, check)
    given = {key: value for key, value in answers.items() if value is not None}
    if sent and (missing := [key for key in answers if key not in given]):
        cards.nothing_here(_("Choose an answer for: {questions}.").format(questions=_(", ").join(_asked(key) for key in missing)))
    elif sent and (again or kept):
        cards.attempt(actions.check_again, check, given | kept)
    elif sent:
        cards.attempt(actions.import_checked, check, given | ({"--time-zone": zone} if zone else {}), shop)


def _asked(key: str) -> str:
    flag, _sign, name = key.partition(" ")
    return labels.column(name) if flag == "--column" else plain(name or flag.strip("-"))


def _serves(report: dict) -> bool:
    return any(file["tables"] for file in report["files"]) and not any(file["refused"] for file in report["files"])


def _choices(asked: dict[str, dict], check: Job) -> dict[str, str | None]:
    """A drop-down for each question, the proposal preselected; a text field where any value may be given."""
    answers: dict[str, str | None] = {}
    for key, q in asked.items():
        about, widget = plain(show(q["about"])), f"answer_{check.id}_{key}"
        if q["choices"]:
            words = {value: show(said) for value, said in q["choices"]}
            place = list(words).index(q["proposal"]) if q["proposal"] in words else None
            answers[key] = st.selectbox(about, list(words), index=place, format_func=words.__getitem__, key=spoken(widget))
        else:
            answers[key] = st.text_input(about, q["proposal"], key=widget) or None
    return answers


def _kept(report: dict, check: Job) -> dict[str, str]:
    """Lines set aside that are products all the same: the files are checked again with them."""
    tables = [table for file in report["files"] for table in (*file["tables"].values(), *file["derived"].values())]
    names = list(dict.fromkeys(one["name"] for table in tables for one in table["set_aside_lines"] if one["name"]))
    if not names:
        return {}
    chosen = st.multiselect(_("Set aside, but products all the same"), names, key=f"keep_{check.id}", placeholder=_("None"))
    return {f"--keep {name}": "product" for name in chosen}


def _table_of(report: dict, check: Job) -> tuple[dict, str]:
    """The first file that asks for columns, and the table that it holds."""
    file = next(f for f in report["files"] if any(q["flag"] == "--column" and q["matters"] for q in f["questions"]))
    if not file["ask"]:
        return file, ""
    held = st.selectbox(
        _("What does {file} contain?").format(file=plain(file["file"])),
        list(file["ask"]["tables"]),
        format_func=labels.table,
        key=spoken(f"holds_{check.id}"),
        width=320,
    )
    return file, held


def _columns(file: dict, table: str, check: Job) -> dict[str, str | None]:
    """A drop-down for each column that the table needs or gains by, with the file's columns and their first values."""
    proposed = {q["name"]: q["proposal"] for q in file["questions"] if q["flag"] == "--column"}
    values = data.first_values(tuple(check.arguments["files"])).get(file["file"], {})
    columns = file["ask"]["columns"] if file["ask"] else list(values)
    groups = file["ask"]["tables"][table]["needed"] if table else [[place] for place in proposed]
    further = file["ask"]["tables"][table]["further"] if table else []
    needed = [group[0] for group in groups]

    words = {c: c + ": " + _(", ").join(values[c])[:60] if values.get(c) else c for c in columns}
    answers: dict[str, str | None] = {}
    with st.grid(3, min_column_width=260):
        for place in (*needed, *further):
            label = labels.column(place) if place in needed else _("{column} (optional)").format(column=labels.column(place))
            first = columns.index(proposed[place]) if proposed.get(place) in columns else None
            said = st.selectbox(
                label,
                columns,
                index=first,
                format_func=words.__getitem__,
                placeholder=_("Choose a column"),
                key=spoken(f"column_{check.id}_{place}"),
            )
            if said is not None or place in needed:
                answers[f"--column {place}"] = said
    return answers


def _shop(report: dict, check: Job) -> tuple[dict, str]:
    """The shop's name, currency and segments as settings, and its time zone: proposed from the files, before the first import."""
    known, found = data.workspace().own_settings().shop, report["shop"]
    st.markdown(_("**Your shop**"))
    with st.grid(4, min_column_width=200):
        name = st.text_input(_("Name"), known.name, key=f"shop_name_{check.id}")
        currency = st.text_input(_("Currency"), found.get("currency") or "", max_chars=3, key=f"shop_currency_{check.id}")
        zones = {"": _("as in the files")} | {zone: zone for zone in sorted(available_timezones())}
        zone = st.selectbox(_("Time zone"), list(zones), format_func=zones.__getitem__, key=spoken(f"shop_zone_{check.id}"))
        attributes = {"": _("no groups")} | {a: labels.said(labels.COLUMNS, a) for a in found.get("attributes", [])}
        first = list(attributes).index(found["segment_attribute"]) if found.get("segment_attribute") in attributes else 0
        segments = st.selectbox(
            _("Customer groups by"),
            list(attributes),
            index=first,
            format_func=attributes.__getitem__,
            key=spoken(f"shop_segments_{check.id}"),
        )
    return {"name": name, "currency": currency.strip().upper(), "segment_attribute": segments}, zone


def _left_out(last: Job) -> None:
    for file in last.result["report"]["files"]:
        if file["left_out"]:
            why = _("{file} was left out: {why}").format(
                file=plain(file["file"]), why=plain(show(file.get("left_out_message") or file["left_out"]))
            )
            st.warning(why, icon=":material/block:")


def _check_again(check: Job) -> None:
    actions.check_again(check, {})
