"""Imports that are stored: take one back, and decide about product numbers. What changes is said before anything does."""

from __future__ import annotations

from datetime import date, datetime

import pandas as pd
import streamlit as st

from core.storage.state import Job
from dashboard import actions, data, labels
from dashboard.components import cards, exports, jobs
from dashboard.i18n import _, day, number, plain, show, spoken

column = st.column_config
MOST = 20  # proposals at once


def panel() -> None:
    """A button that lists imports and product numbers, and then what can be done about them; nothing before the first import."""
    if not (data.has_snapshot() or data.last_import()):
        return
    st.subheader(_("Undo and product numbers"), anchor=False)
    busy = jobs.panel(("look", "check_undo", "undo", "numbers"), quiet=True)
    if busy:
        return
    look, check = data.stored_imports()
    if look is None:
        cards.notes(_("Undo an import, continue a product's history under its new number, or see which kits count as their parts."))
        if st.button(_("List imports and numbers"), icon=":material/history:"):
            cards.attempt(actions.look_at_imports)
        return
    _undo(look.result["imports"], check)
    _proposed(look)
    _decided(look)
    if kits := look.result["kits"]:
        with st.expander(_("Kits and their parts"), icon=":material/package_2:"):
            exports.dataframe(
                "kits",
                pd.DataFrame(kits, columns=["kit", "part", "units"]),
                {"kit": column.TextColumn(_("Kit")), "part": column.TextColumn(_("Part")), "units": column.NumberColumn(_("Units"))},
                alt=_("Kits and their parts"),
            )


def _undo(imports: list[dict], check: Job | None) -> None:
    """Choose an import, see what taking it back changes, take it back."""
    with st.expander(_("Undo an import"), icon=":material/undo:", expanded=check is not None):
        if not imports:
            cards.nothing_here(_("No import can be undone."))
            return
        names = {
            one["import_id"]: f"{int(one['import_id'])} · {day(datetime.fromisoformat(one['imported_at']))} · {one['files']}"
            for one in imports
        }
        checked = check.arguments["import_id"] if check is not None else None
        first = list(names).index(checked) if checked in names else 0
        chosen = st.selectbox(_("Import"), list(names), index=first, format_func=names.__getitem__, key=spoken("undo_import"))
        if check is None or checked != chosen:
            if st.button(_("Show changes"), icon=":material/fact_check:"):
                cards.attempt(actions.check_undo, chosen)
            return
        st.code(show(check.result["text"]), language=None, wrap_lines=True)
        if st.button(_("Undo"), type="primary", icon=":material/undo:"):
            cards.attempt(actions.undo_import, chosen)


def _proposed(look: Job) -> None:
    """A choice for each proposal. Nothing is preselected: a person confirms."""
    proposals = look.result["proposals"]
    if not proposals:
        cards.nothing_here(_("No new number of an old product is proposed."))
        return
    with st.form(f"numbers_{look.id}", border=True):
        st.markdown(_("**Did these products get a new number?**"))
        said: dict[tuple[str, str], str | None] = {}
        for one in proposals[:MOST]:
            pair = one["old"], one["new"]
            said[pair] = st.selectbox(
                plain(
                    _("{old} ({old_title}), last sold {last} → {new} ({new_title}), first sold {first}").format(
                        old=one["old"],
                        new=one["new"],
                        old_title=one["titles"][0],
                        new_title=one["titles"][1],
                        last=day(date.fromisoformat(one["last_day"])),
                        first=day(date.fromisoformat(one["first_day"])),
                    )
                ),
                list(labels.MAP_KINDS),
                index=None,
                format_func=lambda kind: labels.said(labels.MAP_KINDS, kind),
                placeholder=_("Not decided"),
                key=spoken(f"number_{look.id}_{one['old']}"),
            )
        if len(proposals) > MOST:
            st.caption(_("{count} more proposals follow once these are decided.").format(count=number(len(proposals) - MOST, 0)))
        sent = st.form_submit_button(_("Save decisions"), type="primary", icon=":material/save:")
    decisions = [(*pair, kind) for pair, kind in said.items() if kind]
    if sent and decisions:
        cards.attempt(actions.decide_numbers, decisions)
    elif sent:
        cards.nothing_here(_("Choose a relation for at least one pair."))


def _decided(look: Job) -> None:
    """The stored map; each pair can be told apart again."""
    decided = {(d["old"], d["new"]): d["kind"] for d in look.result["decided"] if d["kind"] != "separate"}
    if not decided:
        return
    with st.expander(_("Old and new numbers"), icon=":material/link:"):
        exports.dataframe(
            "product-numbers",
            pd.DataFrame([(*pair, labels.said(labels.MAP_KINDS, kind)) for pair, kind in decided.items()], columns=["old", "new", "kind"]),
            {
                "old": column.TextColumn(_("Old number")),
                "new": column.TextColumn(_("New number")),
                "kind": column.TextColumn(_("Relation")),
            },
            alt=_("Old and new numbers"),
        )
        pairs = {f"{old} → {new}": (old, new) for old, new in decided}
        apart = st.multiselect(_("Two products after all"), list(pairs), key=f"apart_{look.id}", placeholder=_("None"))
        if st.button(_("Separate"), icon=":material/link_off:", disabled=not apart):
            cards.attempt(actions.decide_numbers, [(*pairs[name], "separate") for name in apart])
