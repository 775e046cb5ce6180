"""Files that fit no table: what the most similar table would need, what the file has, and what to do."""

from __future__ import annotations

import re

from core.errors import UserError
from core.ingest.names import alternatives, listed, near
from core.ingest.persons.column_values import shown_names
from core.ingest.recognise.mapping import Mapping, TableMapping
from core.ingest.recognise.rules import RULES, TABLE_NAMES
from core.ingest.recognise.table_plan import has_quantities, identifies_products
from core.messages import Message, msg, sentences

PRICED = ("orders.unit_price", "orders.line_total")
WORTH_ASKING = {  # what a file that fits no table may hold, and which columns are useful in addition to those that the table needs
    "orders": (*PRICED, "orders.order_id", "orders.customer_id", "orders.country", "products.title", "products.category"),
    "products": ("products.description", "products.category", "products.price", "products.unit_cost", "products.supplier"),
    "stock": ("stock.day", "stock.location"),
    "reviews": ("reviews.customer_id",),
    "customers": (),
    "events": ("events.visitor_id",),
}
NAME_BOTH = msg("If another file has the lines of these orders, name both in one import.")
_A_VALUE = re.compile(r"[-+]?[\d.,]+|[\d./-]+[ T]?[\d:.]*")  # a number or a time, which names no column


class UnrecognisedFile(UserError):
    """A file fits no table, and does not look like sales either: an import of several files leaves it out.

    why: one sentence for the report.
    """

    def __init__(self, expected: Message, found: Message, to_do: Message, why: Message | None = None):
        super().__init__(expected, found, to_do)
        self.why = why or found


def missing_columns(mapping: Mapping, m: TableMapping, missing: list[str], file: str, columns: list[str]) -> UserError:
    """Return the error for columns that a mapping names and a file lacks, with similar ones that it has."""
    wanted = [name for c in missing for name in m.rules[c].names]
    similar = [msg("{name} -> {columns}", name=name, columns=found) for name in wanted if (found := near(name, shown_names(columns)))]
    correct = msg("Correct the mapping.")
    return UserError(
        found=msg(
            "{file} has no column {wanted}; it has {columns}.", file=file, wanted=listed(wanted), columns=listed(shown_names(columns), 30)
        ),
        expected=msg("[{table}] of the mapping {mapping} reads them.", table=m.name, mapping=mapping.name),
        to_do=sentences(correct, msg("Similar names: {names}.", names=similar)) if similar else correct,
    )


def unrecognised(mapping: Mapping, file: str, columns: list[str], present: dict[str, str], among: list[str] | None = None) -> UserError:
    """Return the error for a file that fits no table.

    It says what the most similar table (of those in `among`) needs, what the file has, and how a mapping begins. The file is an
    UnrecognisedFile where it does not look like sales either.
    """
    if len(values := [c for c in columns if _A_VALUE.fullmatch(c)]) > len(columns) / 2 and columns[0] in values:
        return UserError(
            found=msg(
                "The first line of {file} has {columns}, which look like values.", file=file, columns=listed(shown_names(columns), 30)
            ),
            expected=msg("The first line has the names of the columns."),
            to_do=msg("Add a line of names above it, for example {names}.", names="user_id,item_id,behavior_type,timestamp"),
        )

    def lacking(m: TableMapping) -> list[tuple[str, ...]]:
        return [g for g in RULES[m.name].needs if not any(c in m.rules and m.rules[c].found_in(present) is not None for c in g)]

    fitting = [
        m
        for m in mapping.tables.values()
        if (lacking(m) if mapping.guesses else m.is_meant_for(file)) and (among is None or m.name in among)
    ]
    nearest = min(fitting or mapping.tables.values(), key=lambda m: (len(lacking(m)) - len(RULES[m.name].needs), list(RULES).index(m.name)))
    if not mapping.guesses and not fitting:
        return UserError(
            found=msg("No table of the mapping {mapping} is meant for {file}.", mapping=mapping.name, file=file),
            expected=msg("Every file has a table whose `files` match its name."),
            to_do=msg("Correct `files` in the mapping, or leave the file out."),
        )
    if not mapping.guesses:
        return missing_columns(mapping, nearest, [c for g in lacking(nearest) for c in g if c in nearest.rules], file, columns)
    table, asks = TABLE_NAMES[nearest.name], {t: _asks(mapping, t, present) for t in dict.fromkeys((nearest.name, *WORTH_ASKING))}
    parts = {
        "found": msg("{file} has the columns {columns}.", file=file, columns=listed(shown_names(columns), 30)),
        "expected": msg(
            "To be read as {table}, it needs columns for {needs}.", table=table, needs=[_need(nearest, g) for g in lacking(nearest)]
        ),
    }
    to_do = _how_to_name(nearest, asks[nearest.name]["needed"][0][0], present)
    if _may_be_sales(mapping, nearest, present, named=bool(among)):
        error = UserError(**parts, to_do=sentences(to_do, msg("If it has no sales, leave it out.")))
    else:
        unknown = [alternatives(g) for g in lacking(nearest)]
        error = UnrecognisedFile(
            **parts,
            to_do=to_do,
            why=msg("It fits no table. To be read as {table}, it lacks columns for {columns}.", table=table, columns=unknown),
        )
    error.ask = {"file": file, "columns": shown_names(columns), "tables": asks, "may_be_in_two": _in_two(nearest, present)}
    return error


def _need(m: TableMapping, group: tuple[str, ...]) -> Message:
    """Return what a table needs, with a few of the names that files have for it in each language."""
    aliases = [name for c in group if c in m.rules for name in m.rules[c].names]
    shown = [a for a in aliases if a.isascii()][:5] + [a for a in aliases if not a.isascii()][:4]
    names = msg("{names} and {count} more", names=shown, count=more) if (more := len(aliases) - len(shown)) else shown
    return msg("{column} (known as {names})", column=alternatives(group), names=names)


def _how_to_name(nearest: TableMapping, first: str, present: dict[str, str]) -> Message:
    """Return what to do: name the columns, one by one or in a mapping."""
    in_two = _in_two(nearest, present)
    return sentences(
        NAME_BOTH if in_two else "",
        msg('Otherwise name each column, as in --column {column}="...".', column=first)
        if in_two
        else msg('Name each column, as in --column {column}="...".', column=first),
        msg(
            "Or write a mapping for --mapping that begins with [{table}] {lines} and the names of your columns.",
            table=nearest.name,
            lines=" ".join(f'{g[0]} = "..."' for g in RULES[nearest.name].needs),
        ),
    )


def _in_two(nearest: TableMapping, present: dict[str, str]) -> bool:
    """Return whether the lines of these orders may be in another file."""
    return nearest.name == "orders" and nearest.rules["order_id"].found_in(present) is not None


def _asks(mapping: Mapping, table: str, present: dict[str, str]) -> dict[str, list]:
    """Return what to ask about a file with these columns, if it holds this table: one column of each `needed` group, and `further` ones."""

    def unknown(place: str) -> bool:
        t, c = place.split(".")
        return mapping.tables[t].rules[c].found_in(present) is None

    groups = [[f"{table}.{c}" for c in g if c in mapping.tables[table].rules] for g in RULES[table].needs]
    needed = [g for g in groups if all(map(unknown, g))]
    if len(needed) > 1:
        needed = [g for g in needed if g != ["stock.day"]]  # a count without a day is of the last one
    further = [place for place in WORTH_ASKING.get(table, ()) if unknown(place) and [place] not in needed]
    if not all(map(unknown, PRICED)):
        further = [place for place in further if place not in PRICED]
    return {"needed": needed, "further": further}


def _may_be_sales(mapping: Mapping, nearest: TableMapping, present: dict[str, str], named: bool) -> bool:
    """Return whether a file that fits no table may hold sales, which must not go missing: it has quantities, or days or products of
    orders."""
    if nearest.name != "orders" or not mapping.guesses:
        return not mapping.guesses
    found = [c for c in ("ordered_at", "order_id") if nearest.rules[c].found_in(present) is not None]
    return has_quantities(mapping, present) or len(found) == 2 or identifies_products(mapping, present) and bool(found or named)
