"""What a file fills by declaration, of a layout or a mapping, and which columns say whether its rows are sales."""

from __future__ import annotations

from core.errors import UserError
from core.ingest.names import alternatives, by_plain, listed, plain
from core.ingest.recognise.layout import WHY, Layout, StateRule
from core.ingest.recognise.mapping import ColumnRule, Mapping
from core.ingest.recognise.rules import RULES
from core.ingest.recognise.table_plan import UNDATED, ColumnSource, TablePlan, column_source, is_complete, with_others
from core.ingest.recognise.unrecognised import UnrecognisedFile, missing_columns, no_table_fits
from core.ingest.words import normalised, state_columns
from core.messages import msg, sentences

_STATED = ("orders", "deliveries")  # tables whose rows have states


def plan_declared(mapping: Mapping, file: str, columns: list[str], row_is_a_unit: bool = False) -> list[TablePlan]:
    """Return the tables that a file fills by declaration, of a known layout or of a person's mapping, the main one first.

    row_is_a_unit: a row of orders is one unit. Raises UnrecognisedFile for a report that cannot serve, and UserError for a file that
    lacks a column.
    """
    layout, present = mapping.layout, by_plain(columns)
    if layout is not None and layout.why:
        raise _cannot_serve(layout, file)
    tables = list(mapping.tables) if layout else [t for t in RULES if t in mapping.tables and mapping.tables[t].is_meant_for(file)]
    plans: list[TablePlan] = []
    for table in tables:
        m = mapping.tables[table]
        found = {c: filled for c, rule in m.rules.items() if (filled := column_source(rule, present)) is not None}
        if table == "stock" and "day" not in found:
            found["day"] = UNDATED
        if table == "orders" and row_is_a_unit:
            found["units"] = ColumnSource(ColumnRule(constant="1"), ())
        if is_complete(table, found):
            missing = [c for c in m.rules if c not in found] if layout is None else []
            if any(len(m.rules[c].names) == 1 for c in missing):  # a list of names may be absent as a whole
                raise missing_columns(mapping, m, missing, file, columns)
            rows = _rows(layout, table, present) if layout and not plans else {}
            plans.append(TablePlan(table, with_others(m, found, columns), derived=bool(plans), **rows))
        elif layout is not None and not plans and any(c in found for g in RULES[table].needs for c in g if c != "product_id"):
            raise _lacking(mapping, layout, table, found, file, columns)
    if not plans:
        raise no_table_fits(mapping, tables, file, columns)
    return plans


def _cannot_serve(layout: Layout, file: str) -> UnrecognisedFile:
    export = msg("Export {report} from {system} instead.", report=layout.instead, system=layout.system)
    return UnrecognisedFile(
        found=sentences(
            msg("{file} is a report of {system}: {report}.", file=file, system=layout.system, report=layout.report), WHY[layout.why]
        ),
        expected=msg("A report has the day, the product and the units of each sale, or the stock of each product."),
        to_do=export if layout.instead else msg("Skip the file."),
        why=sentences(WHY[layout.why], export if layout.instead else ""),
    )


def _rows(layout: Layout, table: str, present: dict[str, str]) -> dict:
    """Return what a layout says about rows: their states, parents and cells that are carried down."""
    here = {name: present[plain(name)] for name in (*layout.group, *layout.carried, *layout.parts, *layout.lines) if plain(name) in present}
    group, carried = (tuple(dict.fromkeys(here[n] for n in names if n in here)) for names in (layout.group, layout.carried))
    states = [StateRule(present[plain(r.column)], r.values, r.filled, r.perhaps) for r in layout.states if plain(r.column) in present]
    return {
        "states": tuple(states) if table in _STATED else (),
        "parts": tuple(here[n] for n in layout.parts if n in here),
        "lines": tuple(here[n] for n in layout.lines if n in here),
        "carried": (group, carried) if group else ((), ()),
    }


def state_rules(mapping: Mapping, plan: TablePlan, columns: list[str]) -> tuple[StateRule, ...]:
    """Return the state columns of a file whose layout is not known: those known by their names, or the one that a mapping names."""
    if plan.table not in _STATED:
        return ()
    present = by_plain(columns)
    status = plan.columns.get("status")
    if not mapping.guesses:
        returned = tuple((normalised(word), "return") for word in mapping.options.cancelled_status)
        return tuple(StateRule(s, returned) for s in status.sources) if status else ()
    used = {s for c, filled in plan.columns.items() if c != "status" for s in filled.reads}
    named = {
        role: [present[plain(n)] for n in state_columns(role) if plain(n) in present]
        for role in ("states", "perhaps", "mostly", "cancelled")
    }
    named["states"] += [s for s in (status.sources if status else ()) if s not in named["states"]]
    rules = [StateRule(c) for c in dict.fromkeys(named["states"]) if c not in used]
    rules += [StateRule(c, perhaps=True) for c in dict.fromkeys(named["perhaps"]) if c not in used]
    rules += [StateRule(c, mostly=True) for c in dict.fromkeys(named["mostly"]) if c not in used]
    return (*rules, *(StateRule(c, filled="not a sale") for c in dict.fromkeys(named["cancelled"]) if c not in used))


def _lacking(mapping: Mapping, layout: Layout, table: str, found: dict, file: str, columns: list[str]) -> UserError:
    needed = [
        alternatives([n for c in g if c in mapping.tables[table].rules for n in mapping.tables[table].rules[c].names] or [g[0]])
        for g in RULES[table].needs
        if not any(c in found for c in g)
    ]
    return UserError(
        found=msg("{file} is {layout} and has no column {columns}.", file=file, layout=layout.name, columns=needed),
        expected=msg("Its rows need the day, the product and the units of each sale."),
        to_do=msg("Import it together with the file that has them and the column {key}.", key=mapping.lookup.there)
        if mapping.lookup
        else msg("Export it again with all columns; this file has {columns}.", columns=listed(columns, 30)),
    )
