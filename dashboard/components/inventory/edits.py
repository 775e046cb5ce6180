"""What is ticked and typed in the list, or in its cards on a phone, and not yet saved.

The list is a data editor. It is never given its own output: what it holds is read in its callback and kept beside it, by product, so
that it outlives other filters. Saving or discarding starts an editor of another key.
"""

from __future__ import annotations

import streamlit as st

from dashboard.components.inventory import labels as own
from dashboard.i18n import _, absent, exact

column = st.column_config
_ROUND, _UNSAVED, CHOSEN = "_edits", "_unsaved", "chosen"
_BEGUN = "_ticked_before"  # the editor, and what was ticked when it began: it holds only what is ticked and unticked since


def key(version: str) -> str:
    """Return the key of the editor. version: changes with whatever changes its rows."""
    return f"plan_{version}_{st.session_state.get(_ROUND, 0)}"


def begin(editor: str) -> list[str]:
    """Return the products whose rows are ticked when this editor begins; the same for as long as it lasts."""
    if editor not in st.session_state or st.session_state.get(_BEGUN, ("", []))[0] != editor:
        st.session_state[_BEGUN] = editor, chosen()
    return st.session_state[_BEGUN][1]


def columns() -> dict:
    """Return the configuration of the columns to tick and to edit."""
    return {
        "chosen": column.CheckboxColumn("✓", width=44, help=_("Select rows to review them or to change several at once.")),
        "order_units": column.NumberColumn(
            own.heading("order_units"),
            min_value=0.0,
            width=68,
            required=True,
            help=_("Double-click to edit. {formula}").format(formula=own.formula("order_units")),
        ),
    }


def remember(editor: str, products: list[str], saved: list[float]) -> None:
    """Keep what the editor holds; its callback. products, saved: of its rows, the product and the quantity in force."""
    rows = st.session_state[editor]["edited_rows"]
    typed = {products[int(row)]: edited["order_units"] for row, edited in rows.items() if "order_units" in edited}
    put(typed, dict(zip(products, saved)))
    ticked = dict.fromkeys(begin(editor), True) | {
        products[int(row)]: edited["chosen"] for row, edited in rows.items() if "chosen" in edited
    }
    choose([product for product, is_ticked in ticked.items() if is_ticked])


def put(typed: dict[str, float | None], saved: dict[str, float]) -> None:
    """Keep typed quantities, by product; one that is empty or as `saved` is no change."""
    kept = dict(unsaved())
    for product, given in typed.items():
        kept.pop(product, None)
        if given is not None and (absent(saved[product]) or given != saved[product]):
            kept[product] = float(given)
    st.session_state[_UNSAVED] = kept


def choose(products: list[str]) -> None:
    """Keep which products are ticked."""
    st.session_state[CHOSEN] = products


def select(products: list[str]) -> None:
    """Tick the rows of these products and no others; what is typed stays."""
    st.session_state[_ROUND] = st.session_state.get(_ROUND, 0) + 1
    choose(products)


def unsaved() -> dict[str, float]:
    """Return the quantities that are typed and not saved, by product."""
    return st.session_state.get(_UNSAVED, {})


def chosen() -> list[str]:
    """Return the products whose rows are ticked."""
    return st.session_state.get(CHOSEN, [])


def start_over() -> None:
    """Drop what is ticked and typed."""
    select([])
    st.session_state[_UNSAVED] = {}


def told(titles: dict[str, str], most: int = 4) -> str:
    """Return the unsaved quantities in words."""
    shown = [f"{titles.get(p, p)}: {exact(units)}" for p, units in list(unsaved().items())[:most]]
    return " · ".join(shown) + (" …" if len(unsaved()) > most else "")
