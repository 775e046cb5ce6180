"""What an import understood of the files, before anything is stored: in the shop's own terms."""

from __future__ import annotations

import re
from datetime import date

import pandas as pd
import streamlit as st

from core.messages import Message
from dashboard import address, labels
from dashboard.components import exports
from dashboard.i18n import _, day, exact, n_, number, plain, show

_PSEUDONYM = re.compile("[0-9a-f]{32}")
_MOMENT = re.compile(r"\d{4}-\d\d-\d\d( \d\d:\d\d:\d\d(\.\d+)?)?")


def said(text: Message | str | None) -> str:
    """A sentence of a report in the reader's language; "" for none."""
    return plain(show(text)) if text else ""


def summary(report: dict) -> None:
    """Say first whether the files contain sales, views or reviews, and how many questions are open."""
    serves = any(
        table in file["tables"] or table in file["derived"] for file in report["files"] for table in ("orders", "events", "reviews")
    )
    asked = n_("{count} question is below.", "{count} questions are below.", len(report["open"])) if report["open"] and serves else ""
    (st.info if serves or report["open"] else st.warning)(f"{said(report['tells'])} {asked}", icon=":material/fact_check:")


def why_not(found: dict) -> str:
    """Return why a file is not read, in the words of the shop; "" for one that is."""
    if not found["left_out"]:
        return ""
    if not found["ask"]:
        return said(found["left_out_message"])
    table, asked = next(iter(found["ask"]["tables"].items()))
    columns = _(", ").join(labels.column(group[0]) for group in asked["needed"])
    return _("It matches no table. As {table}, it needs: {columns}.").format(table=labels.table(table), columns=columns)


def file(found: dict, key: str, values: dict[str, dict[str, list[str]]]) -> None:
    """One file: what a row is, months, columns with their first values, states, lines set aside, the first rows as stored.

    values: file -> column -> its first values.
    """
    tables = found["tables"] | found["derived"]
    with st.expander(f"**{plain(found['file'])}**" + _headline(tables), expanded=True, icon=":material/description:"):
        if any(q["flag"] == "--column" and q["matters"] and q["answer"] is None for q in found["questions"]):
            st.caption(_("Upswing doesn't recognise these column names. Choose what each column holds."))
        elif found["left_out"]:
            st.caption(_("Not read: {why}").format(why=why_not(found)))
        if found.get("layout_message"):
            st.caption(said(found["layout_message"]))
        main = next(iter(found["tables"].values()), None)
        whole = not (main and main["before"])
        if not whole:
            st.caption(_("Its columns are read as in the last import. Only what is new or different is shown."))
            whole = st.toggle(_("Show everything"), **address.flag(f"whole_{key}"))
        for name, table in tables.items():
            stated = table["statement"]
            if stated:
                st.markdown(f"**{labels.table(name)}** · " + _sentence(table, stated))
                _reasons(table)
                _months(stated if whole else _new_months(table), f"months_{key}_{name}")
                _states(table if whole else _new_states(table), f"states_{key}_{name}")
        if main and main["statement"] and whole:
            outside = found["columns_outside"].keys() - {q["name"] for q in found["questions"] if q["flag"] == "--attribute"}
            shown = {c: examples for c, examples in values.get(found["file"], {}).items() if c not in outside}
            _columns(main["statement"], shown, f"columns_{key}")
            _first_rows(main["statement"], f"rows_{key}")
        for note in found["note_messages"]:
            st.caption(f":material/info: {said(note)}")


def _new_months(table: dict) -> dict:
    """Return the statement without the months that the file before had with the same figures."""

    def figures(month: dict) -> tuple:
        return tuple(month[name] for name in ("month", "rows", "orders", "units", "cents"))

    known = [figures(month) for month in table["before"]["statement"]["months"]] if table["before"] else []
    return table["statement"] | {"months": [month for month in table["statement"]["months"] if figures(month) not in known]}


def _new_states(table: dict) -> dict:
    """Return the table's record without the states that the file before had and that count as the same, and without its lines."""
    before = table["before"] or {"states": [], "set_aside_lines": []}
    known = [(one["value"], one["counts_as"]) for one in before["states"]]
    lines = [one["name"] for one in before["set_aside_lines"]]
    return table | {
        "states": [one for one in table["states"] if (one["value"], one["counts_as"]) not in known],
        "set_aside_lines": [one for one in table["set_aside_lines"] if one["name"] not in lines],
    }


def _headline(tables: dict) -> str:
    counts = [f"{labels.table(name)}: {number(table['kept'], 0)}" for name, table in tables.items()]
    return " · " + _(", ").join(counts) if counts else ""


def _sentence(table: dict, stated: dict) -> str:
    counts = {
        "dropped": _("{count} skipped"),
        "set_aside": _("{count} set aside"),
        "quarantined": _("{count} rejected"),
    }
    stored = _("{count} to be stored").format(count=number(table["kept"], 0))
    rest = [text.format(count=number(table[name], 0)) for name, text in counts.items() if table[name]]
    parts = [
        _("One row is {row}.").format(row=said(stated["row"])),
        n_("{count} row read: {became}.", "{count} rows read: {became}.", table["read"], became=_(", ").join([stored, *rest])),
    ]
    if stated["first_day"]:
        first, last, usual = (date.fromisoformat(stated[name]) for name in ("first_day", "last_day", "last_usual_day"))
        parts.append(_("From {first} to {last}.").format(first=day(first), last=day(last)))
        if usual != last:
            parts.append(_("The last day with usual activity is {day}.").format(day=day(usual)))
    return " ".join(parts + [said(gap) for gap in stated["gaps"]])


def _reasons(table: dict) -> None:
    """Why rows are not stored, the commonest reason first."""
    counted = [*table["dropped_by_reason"].items(), *table["set_aside_by_reason"].items(), *table["quarantined_by_reason"].items()]
    for reason, rows in sorted(counted, key=lambda item: -item[1]):
        affected = n_("{count} row", "{count} rows", rows)
        st.caption(f":material/remove: {affected} · {said(Message(reason))}")


def _months(stated: dict, key: str) -> None:
    """The figures of each month."""
    if not stated["months"]:
        return
    column = st.column_config
    has_units = stated["months"][0]["units"] is not None or any(m["units"] is not None for m in stated["months"])
    exports.dataframe(
        key,
        pd.DataFrame(
            [
                {
                    "month": m["month"],
                    "rows": m["rows"],
                    "orders": m["orders"],
                    "units": m["units"],
                    "amount": None if m["cents"] is None else m["cents"] / 100,
                    "stored": m["stored_rows"],
                    "remark": show(m["remark"] or ""),
                }
                for m in stated["months"]
            ]
        ),
        {
            "month": column.TextColumn(_("Month"), width=90),
            "rows": column.NumberColumn(_("Rows"), format="%,d", width=90),
            "orders": column.NumberColumn(_("Orders"), format="%,d", width=90),
            "units": column.NumberColumn(_("Units"), format="localized", width=100),
            "amount": column.NumberColumn(_("Amount"), format="%,.2f", width=120),
            "stored": column.NumberColumn(_("Stored rows"), format="%,d", width=130),
            "remark": column.TextColumn(_("Comment"), width=220),
        },
        hidden=() if has_units else ("orders", "units", "amount"),
        height=min(35 * (len(stated["months"]) + 1) + 3, 248),
        alt=_("Months"),
    )


def _states(table: dict, key: str) -> None:
    """What each state counts as, then the lines set aside for other reasons."""
    counted = [(one["value"], labels.said(labels.STATES, one["counts_as"]), one) for one in table["states"]]
    counted += [(one["name"], _("set aside"), one) for one in table["set_aside_lines"] if one["comes_back"]]
    if not counted:
        return
    column = st.column_config
    exports.dataframe(
        key,
        pd.DataFrame(
            [
                {
                    "name": name,
                    "counts": counts_as,
                    "rows": one["rows"],
                    "units": one["units"],
                    "amount": None if one["cents"] is None else one["cents"] / 100,
                }
                for name, counts_as, one in counted
            ]
        ),
        {
            "name": column.TextColumn(_("Status or line"), width=240),
            "counts": column.TextColumn(_("Counts as"), width=140),
            "rows": column.NumberColumn(_("Rows"), format="%,d", width=90),
            "units": column.NumberColumn(_("Units"), format="localized", width=100),
            "amount": column.NumberColumn(_("Amount"), format="%,.2f", width=120),
        },
        alt=_("Statuses and lines set aside"),
    )


def _columns(stated: dict, values: dict[str, list[str]], key: str) -> None:
    column = st.column_config
    exports.dataframe(
        key,
        pd.DataFrame(
            [
                {
                    "name": c["name"],
                    "read": _(", ").join(dict.fromkeys(labels.column(place) for place in c["read_as"])) or _("not read"),
                    "how": show(c["how"] or c["looks"] or ""),
                    "values": _(", ").join(values.get(c["name"], [])),
                }
                for c in stated["columns"]
            ]
        ),
        {
            "name": column.TextColumn(_("Column"), width=180),
            "read": column.TextColumn(_("Read as"), width=200),
            "how": column.TextColumn(_("How"), width=220),
            "values": column.TextColumn(_("Examples"), width="large"),
        },
        alt=_("Columns of the file"),
    )


def _first_rows(stated: dict, key: str) -> None:
    if not stated["examples"]:
        return
    st.caption(_("The first rows as they will be stored:"))
    shown = [
        {
            labels.column(f"{stated['table']}.{name.removesuffix('_cents')}"): _value(name, value)
            for name, value in row.items()
            if value is not None
        }
        for row in stated["examples"]
    ]
    frame = pd.DataFrame(shown)
    exports.dataframe(key, frame, {name: st.column_config.Column(name) for name in frame}, alt=_("First rows"))


def _value(name: str, value: object) -> str:
    if name.endswith("_cents") and isinstance(value, (int, float)):
        return f"{value / 100:,.2f}"
    if isinstance(value, (int, float)):
        return exact(value)
    text = str(value)
    if _MOMENT.fullmatch(text):
        return day(text) if text[11:16] in ("", "00:00") else f"{day(text)} {text[11:16]}"
    return text[:60] if not _PSEUDONYM.fullmatch(text) else text[:8] + "…"
