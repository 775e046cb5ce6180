"""What a person says about files before their import: questions, what was assumed, and the shop itself."""

from __future__ import annotations

from zoneinfo import available_timezones

import streamlit as st

from core.storage.state import Job
from dashboard import data, labels
from dashboard.i18n import _, n_, plain, show, spoken

ZONE, COLUMN, KEEP, STATE, LEAVE_OUT = "--time-zone", "--column", "--keep", "--state", "--leave-out"
NO_COLUMN = "-"  # the answer that no column of the file is what is asked for
NOTHING = "nothing"  # what a file holds that is left out

Answers = dict[str, str | None]  # the key of a question -> what is chosen, None before anything is


def open_questions(report: dict) -> dict[str, dict]:
    """Return the questions that an import waits for, each once, by key."""
    return {q["key"]: q for file in report["files"] for q in file["questions"] if q["matters"] and q["answer"] is None}


def choices(asked: dict[str, dict], check: Job) -> Answers:
    """Show a drop-down for each question, with its proposal or its answer selected; a text field where any value may be given."""
    answers: Answers = {}
    for key, q in asked.items():
        about, widget, before = plain(show(q["about"])), f"answer_{check.id}_{key}", current(q)
        if q["flag"] == ZONE:
            answers[key] = _zone(about, before, widget)
        elif q["choices"]:
            words = {value: show(said) for value, said in q["choices"]}
            place = list(words).index(before) if before in words else None
            answers[key] = st.selectbox(about, list(words), index=place, format_func=words.__getitem__, key=spoken(widget))
        else:
            answers[key] = st.text_input(about, before, key=widget) or None
        if q["rows"]:
            st.caption(n_("{count} row depends on it.", "{count} rows depend on it.", q["rows"]))
    return answers


def current(question: dict) -> str:
    """Return the answer that the statement was made under."""
    return question["answer"] or question["proposal"]


def assumed(report: dict, asked: dict[str, dict], check: Job) -> dict[str, str]:
    """Show what was not asked, each with what it counts as, and return what the person changed: the statement changes with it."""
    tables = [table for file in report["files"] for table in (*file["tables"].values(), *file["derived"].values())]
    states = {f"{STATE} {one['value']}": one for table in tables for one in table["states"]}
    states = {key: one for key, one in states.items() if key not in asked}
    every = {q["key"]: q for file in report["files"] for q in file["questions"] if q["flag"] not in (COLUMN, STATE)}
    others = {key: q for key, q in every.items() if key not in asked and not (q["flag"] == ZONE and not data.has_snapshot())}
    lines = [one["name"] for table in tables for one in table["set_aside_lines"] if one["comes_back"] and one["name"]]
    kept = _kept_before(report)
    if not (states or others or lines or kept):
        return {}
    changed: dict[str, str] = {}
    with st.expander(_("Change assumptions"), icon=":material/tune:"):
        st.caption(_("After a change, the files are checked again before anything is stored."))
        if states:
            with st.grid(3, min_column_width=220):
                for key, one in states.items():
                    label = plain(one["value"]) + " · " + n_("{count} row", "{count} rows", one["rows"])
                    kinds = list(labels.STATES)
                    kind = st.selectbox(
                        label,
                        kinds,
                        index=kinds.index(one["counts_as"]),
                        format_func=lambda name: labels.said(labels.STATES, name),
                        key=spoken(f"state_{check.id}_{key}"),
                    )
                    changed |= {key: kind} if kind != one["counts_as"] else {}
        changed |= {key: value for key, value in choices(others, check).items() if value and value != current(others[key])}
        if lines or kept:
            offered = list(dict.fromkeys([*kept, *lines]))
            chosen = st.multiselect(
                _("Count as products"),
                offered,
                default=kept,
                key=f"keep_{check.id}",
                placeholder=_("None"),
                help=_("Lines that were set aside because they look like postage, fees, gift cards or totals."),
            )
            changed |= {f"{KEEP} {name}": "product" for name in chosen if name not in kept}
            changed |= {f"{KEEP} {name}": "aside" for name in kept if name not in chosen}
    return changed


def _kept_before(report: dict) -> list[str]:
    """Return the lines that earlier answers made products of."""
    answers = {key: value for file in report["files"] for key, value in file["answers"].items()}
    return [key.removeprefix(f"{KEEP} ") for key, value in answers.items() if key.startswith(f"{KEEP} ") and value == "product"]


def asks_for_columns(report: dict) -> dict | None:
    """Return the first file whose columns an import waits for."""
    waits = (f for f in report["files"] for q in f["questions"] if q["flag"] == COLUMN and q["matters"] and q["answer"] is None)
    return next(waits, None)


def table_of(file: dict, check: Job) -> str:
    """Ask which table a file holds, or NOTHING where it may be left out; "" where that is clear."""
    if not file["ask"]:
        return ""
    may_leave = any(q["flag"] == LEAVE_OUT for q in file["questions"])
    return st.selectbox(
        _("What does {file} contain?").format(file=plain(file["file"])),
        [*file["ask"]["tables"], *([NOTHING] if may_leave else [])],
        format_func=lambda table: _("Not needed by Upswing: skip it") if table == NOTHING else labels.table(table),
        key=spoken(f"holds_{check.id}"),
        width=320,
    )


def left_out(file: dict) -> Answers:
    """Return the answer that leaves a file out of the import."""
    return {f"{LEAVE_OUT} {file['file']}": "yes"}


def columns(file: dict, table: str, check: Job) -> Answers:
    """Show a drop-down for each column that the table needs or gains by, with the file's columns and their first values."""
    proposed = {q["name"]: q["proposal"] for q in file["questions"] if q["flag"] == COLUMN}
    values = data.first_values(tuple(check.arguments["files"])).get(file["file"], {})
    named = file["ask"]["columns"] if file["ask"] else list(values)
    groups = file["ask"]["tables"][table]["needed"] if table else [[place] for place in proposed]
    further = file["ask"]["tables"][table]["further"] if table else []
    needed = [group[0] for group in groups]

    may_be_none = {q["name"] for q in file["questions"] if NO_COLUMN in dict(q["choices"])}
    words = {c: c + ": " + _(", ").join(values[c])[:60] if values.get(c) else c for c in named}
    answers: Answers = {}
    with st.grid(3, min_column_width=260):
        for place in (*needed, *further):
            label = labels.column(place) if place in needed else _("{column} (optional)").format(column=labels.column(place))
            first = named.index(proposed[place]) if proposed.get(place) in named else None
            said = st.selectbox(
                label,
                [*named, *([NO_COLUMN] if place in may_be_none else [])],
                index=first,
                format_func=lambda column: words.get(column) or _("None of these"),
                placeholder=_("Choose a column"),
                key=spoken(f"column_{check.id}_{place}"),
            )
            if said is not None or place in needed:
                answers[f"{COLUMN} {place}"] = said
    return answers


def shop(report: dict, check: Job, zone_asked: bool) -> tuple[dict, str]:
    """Show the shop's name, currency and segments as settings, and its time zone: proposed from the files, before the first import.

    zone_asked: the time zone is a question already. Returns the settings and the zone, "" for none.
    """
    known, found, given = data.workspace().own_settings().shop, report["shop"], check.arguments.get("shop", {})
    st.markdown(_("**Your shop**"))
    with st.grid(3 if zone_asked else 4, min_column_width=200):
        name = st.text_input(_("Name"), given.get("name", known.name), key=f"shop_name_{check.id}")
        currency = st.text_input(
            _("Currency"),
            given.get("currency") or found.get("currency") or "",
            max_chars=3,
            key=f"shop_currency_{check.id}",
            help=_("Three letters, such as EUR, USD or CNY."),
        )
        before = check.arguments.get("answers", {}).get(ZONE, "")
        zone = "" if zone_asked else _zone(_("Time zone"), before, f"shop_zone_{check.id}", _("as in the files"))
        attributes = {"": _("no groups")} | {a: labels.said(labels.COLUMNS, a) for a in found.get("attributes", [])}
        proposed = given.get("segment_attribute", found.get("segment_attribute"))
        segments = st.selectbox(
            _("Customer groups by"),
            list(attributes),
            index=list(attributes).index(proposed) if proposed in attributes else 0,
            format_func=attributes.__getitem__,
            key=spoken(f"shop_segments_{check.id}"),
            help=_("Forecasts are also made for each group of at least 10 customers."),
        )
    return {"name": name, "currency": currency.strip().upper(), "segment_attribute": segments}, zone if zone != before else ""


def _zone(label: str, before: str, key: str, none: str = "") -> str:
    """Show a drop-down of time zones. none: the words for no zone, where that may be chosen."""
    zones = ({"": none} if none else {}) | {zone: zone for zone in sorted(available_timezones())}
    first = list(zones).index(before) if before in zones else 0
    return st.selectbox(label, list(zones), index=first, format_func=zones.__getitem__, key=spoken(key))


def named(key: str) -> str:
    """Return what a question is about, in a few words."""
    flag, _sign, name = key.partition(" ")
    return labels.column(name) if flag == COLUMN else plain(name or flag.strip("-").replace("-", " "))
