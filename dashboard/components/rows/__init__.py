"""A list of rows that open on a click, by Enter and by tap: our own component by Streamlit's components v2 (rows.ts, rows.css).

    rows.show("risers", _("Products by chance of rising"), [rows.Column(_("Product"), "product", "product", 190, 2.2), ...], frame_rows)

The page declares the columns and words the cells; the component draws them: a table on a wide place, cards on a narrow one. Texts may
be anybody's: they enter the page as text alone.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal
from urllib.parse import urlencode
from zlib import crc32

import streamlit as st

from dashboard.i18n import _

HERE = Path(__file__).parent
HUES = 7  # quiet colours of tiles in rows.css
Tone = Literal["rise", "fall", "short", "excess", "fine", ""]
Kind = Literal["product", "chance", "trend", "facts", "figure", "text", "quantity"]
Target = tuple[str, Mapping[str, str | list[str]]]  # the page that a row opens, and the controls in its address

_mount = st.components.v2.component(
    "upswing_rows", css=(HERE / "rows.css").read_text(encoding="utf-8"), js=(HERE / "rows.js").read_text(encoding="utf-8")
)


@dataclass(frozen=True)
class Column:
    """One column. least: pixels; grow: its share of the room beyond. sort: what a click on its heading sorts by, "" for nothing."""

    label: str
    name: str
    kind: Kind
    least: int
    grow: float = 1
    tone: Tone = ""
    help: str = ""
    sort: str = ""
    ascending: bool = False


@dataclass(frozen=True)
class Row:
    """One row. id: what `opens` and the callbacks know it by; cells: by the columns' names; a column without one shows a dash."""

    id: str
    cells: Mapping[str, dict | None]


@dataclass(frozen=True)
class Action:
    """What can be done with `least` to `most` chosen rows: open a page whose address names them. hint: said for other numbers."""

    page: str
    parameter: str
    label: str
    least: int
    most: int
    hint: str = ""


# ---- cells


def product(title: str, sub: str = "", group: str = "", picture: str = "") -> dict:
    """Return a product's cell: its name, a line below it, and its picture, else a tile with its initials in the quiet colour of its group.

    picture: as dashboard.pictures.address gives it. A compact list keeps the line breaks of `sub`.
    """
    words = "".join(c if c.isalnum() else " " for c in title).split()
    initials = words[0][0] if words and ord(words[0][0]) > 0x2E7F else "".join(word[0] for word in words[:2])
    return {"title": title, "sub": sub, "initials": initials.upper(), "hue": crc32(group.encode()) % HUES, "picture": picture}


def chance(share: float, text: str, note: str = "", tip: str = "") -> dict:
    """Return a bar with its figure, and a note such as the change since the last update. tip: what the note means."""
    return {"share": min(max(float(share), 0.0), 1.0), "text": text, "note": note, "tip": tip}


def trend(now: Sequence[float], before: Sequence[float], text: str) -> dict:
    """Return a line of weekly values, the last one at the right end, over the same weeks a year before. text: what it says."""
    return {"now": [float(v) for v in now], "before": [float(v) for v in before], "text": text}


def facts(said: Sequence[tuple[str, Tone, str]]) -> dict:
    """Return facts, each with its tone and what the tone means."""
    return {"facts": [{"text": text, "tone": tone, "meaning": meaning} for text, tone, meaning in said]}


def figure(text: str, sub: str = "", tone: Tone = "") -> dict:
    """Return a figure and a line below it, such as its range or, in its tone, a status."""
    return {"text": text, "sub": sub, "tone": tone}


def quantity(value: float | None, step: float, label: str) -> dict:
    """Return a field to type a number into. step: of the field's own buttons; label: what is typed, for a screen reader."""
    return {"value": value, "step": step, "label": label}


# ---- the list


def open_product(product_id: str) -> Target:
    return "product", {"product": product_id}


def show(
    key: str,
    label: str,
    columns: Sequence[Column],
    rows: Sequence[Row],
    *,
    first: int = 0,
    total: int | None = None,
    sorted_by: str = "",
    selects: bool = False,
    selected: Sequence[str] = (),
    actions: Sequence[Action] = (),
    compact: bool = False,
    opens: Callable[[str], Target] = open_product,
    on_sort: Callable[[str], None] | None = None,
    on_select: Callable[[list[str]], None] | None = None,
    on_edit: Callable[[dict[str, float | None]], None] | None = None,
) -> list[str]:
    """Show rows and return the ids of those that are chosen, on whatever page of the list they are.

    first: place of the first row among all `total`. sorted_by: the `sort` of the column by which they are ordered. selects: whether
    rows can be chosen, and `actions` done with them; `selected` are chosen at first. opens: what a row's link opens. on_sort: a
    heading was clicked. on_select: other rows were chosen. on_edit: quantities were typed, None where a field was emptied.
    compact: a short list for a narrow place, in lines without headings, never as cards.
    """

    def sort() -> None:
        asked = st.session_state[key].get("sort")
        if on_sort and asked in {column.sort for column in columns if column.sort}:
            on_sort(asked)

    def ticked() -> list[str]:
        chosen = st.session_state.get(key, {}).get("selected")
        return [str(one) for one in (selected if chosen is None else chosen)]

    def select() -> None:
        if on_select:
            on_select(ticked())

    def edit() -> None:
        typed = st.session_state[key].get("edits") or {}
        if on_edit:
            on_edit({str(row): None if units is None else max(float(units), 0.0) for row, units in typed.items()})

    _mount(
        key=key,
        data={
            "label": label,
            "compact": compact,
            "columns": [_column(column, sorted_by, bool(on_sort)) for column in columns],
            "rows": [{"id": row.id, "href": _href(opens(row.id)), "cells": [row.cells.get(c.name) for c in columns]} for row in rows],
            "first": first,
            "total": len(rows) if total is None else total,
            "selects": selects,
            "selected": ticked(),
            "actions": [asdict(action) for action in actions],
            "words": {"select": _("Select {name}"), "selected": _("{count} selected"), "clear": _("Clear selection")},
        },
        on_sort_change=sort,
        on_selected_change=select,
        on_edits_change=edit,
    )
    return ticked()


def _column(column: Column, sorted_by: str, sorts: bool) -> dict:
    order = "ascending" if column.ascending else "descending"
    more = {"sort": column.sort if sorts else "", "sorted": order if column.sort and column.sort == sorted_by else ""}
    return {k: v for k, v in asdict(column).items() if k != "ascending"} | more


def _href(target: Target) -> str:
    """Return an address relative to any page, since all of them are in one folder, in the language of this session."""
    page, query = target
    spoken = {"lang": st.query_params["lang"]} if "lang" in st.query_params else {}
    return f"{page}?{urlencode({**query, **spoken}, doseq=True)}"
