"""The forms that take files: what to import, and, where no column is known, which is which; and what the last import said."""

from __future__ import annotations

import streamlit as st

from dashboard import actions, data, labels
from dashboard.components import cards, jobs
from dashboard.i18n import _, plain, show, spoken


def form() -> None:
    """Show the form that takes files, the import that is running, and what the last one said."""
    st.subheader(_("Add files"), anchor=False)
    busy = jobs.panel(("import",))
    with st.form("upload", border=True):
        files = st.file_uploader(
            _("CSV, Parquet, JSON lines or Excel, gzipped or not"),
            accept_multiple_files=True,
            key="files",
            type=["csv", "tsv", "txt", "parquet", "jsonl", "json", "ndjson", "xlsx", "xls", "ods", "gz", "toml"],
            help=_("You can add a mapping (.toml). It names your columns and replaces the file type chosen above."),
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
            sent = st.form_submit_button(_("Import"), type="primary", icon=":material/upload:", disabled=busy)
    if sent and files:
        cards.attempt(actions.import_files, files, preset)
    elif sent:
        cards.nothing_here(_("Choose at least one file first."))
    if (asked := data.asked_columns()) and not busy:
        name_columns(asked, files, preset, key="refused")
    last = data.last_import()
    for number, file in enumerate(last.result["report"]["files"] if last else ()):
        if file["left_out"]:
            why = _("{file} was left out: {why}").format(
                file=plain(file["file"]), why=plain(show(file.get("left_out_message") or file["left_out"]))
            )
            st.warning(why, icon=":material/block:")
            if file.get("ask") and not busy:
                with st.expander(_("Describe {file}").format(file=plain(file["file"])), icon=":material/help:"):
                    name_columns(file["ask"], files, preset, key=f"left_out_{number}")
    if last:
        with st.expander(_("Import log"), icon=":material/description:"):
            st.code(show(last.result["text"]), language=None)
    cards.notes(
        _(
            "Importing the same file again changes nothing. After an import, forecasts are refreshed; the first import "
            "also trains the model."
        )
    )


def name_columns(asked: dict, files: list, preset: str, key: str) -> None:
    """Show the form that asks for the table and columns of a file that the import refused or left out. key: sheets share a name."""
    st.markdown(
        _("**What does {file} contain, and in which columns?** Your answers are remembered for later imports.").format(
            file=plain(asked["file"])
        )
    )
    table = st.selectbox(_("File type"), list(asked["tables"]), format_func=labels.table, key=spoken(f"holds_{key}"), width=240)
    groups, further = asked["tables"][table]["needed"], asked["tables"][table]["further"]
    needed = [place for group in groups for place in group]

    def label(place: str) -> str:
        return labels.column(place) if place in needed else _("{column} (optional)").format(column=labels.column(place))

    with st.form(f"columns_{key}", border=True):
        with st.grid(3, min_column_width=220):
            said = {
                place: st.selectbox(
                    label(place),
                    asked["columns"],
                    index=None,
                    placeholder=_("Choose a column"),
                    key=f"column_{key}_{asked['file']}_{place}",
                )
                for place in (*needed, *further)
            }
        sent = st.form_submit_button(_("Import with these columns"), type="primary", icon=":material/upload:")
    missing = [labels.column(group[0]) for group in groups if not any(said[place] for place in group)]
    if sent and not files:
        cards.nothing_here(_("Choose the files again. They were not kept."))
    elif sent and missing:
        cards.nothing_here(_("Choose the column for: {columns}.").format(columns=_(", ").join(missing)))
    elif sent:
        cards.attempt(actions.import_files, files, preset, tuple(f"{place} = {name}" for place, name in said.items() if name))
