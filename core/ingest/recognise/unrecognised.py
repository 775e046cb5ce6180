"""Files that fit no table: what the most similar table would need, what the file has, and what to do."""

from __future__ import annotations

import re

from core.errors import UserError
from core.ingest.answers import COLUMN, as_flags
from core.ingest.names import alternatives, by_plain, listed, near
from core.ingest.persons.column_values import shown_names
from core.ingest.questions import Question
from core.ingest.recognise import proposals
from core.ingest.recognise.mapping import Mapping, TableMapping
from core.ingest.recognise.matcher import match
from core.ingest.recognise.rules import RULES, TABLE_NAMES
from core.ingest.recognise.sheet import Sheet
from core.ingest.recognise.table_plan import Found
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
_MAY_BE_SALES = ("orders", "products", "customers")  # what a file that holds sales is named after
NAME_BOTH = msg("If another file has the lines of these orders, import both together.")
LONGEST = 250  # characters of flags
_A_VALUE = re.compile(r"[-+]?[\d.,]+|[\d./-]+[ T]?[\d:.]*")  # a number or a time, which names no column


class UnrecognisedFile(UserError):
    """A file fits no table.

    why        one sentence for the report
    optional   it does not look like sales, by the names of its columns or by their values: an import of several files sets it aside
    readable   its rows could be sales: a person may have it read all the same
    questions  which columns would make it fit, with what their values suggest
    """

    def __init__(
        self,
        expected: Message,
        found: Message,
        to_do: Message,
        why: Message | None = None,
        optional: bool = True,
        readable: bool = False,
    ):
        super().__init__(expected, found, to_do)
        self.why, self.optional, self.readable = why or found, optional, readable
        self.questions: list[Question] = []


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


def no_table_fits(mapping: Mapping, tables: list[str], file: str, columns: list[str]) -> UserError:
    """Return the error for a file that fits none of the tables of a mapping that are meant for it."""
    if not tables:
        return UserError(
            found=msg("No table of the mapping {mapping} is meant for {file}.", mapping=mapping.name, file=file),
            expected=msg("Every file has a table whose `files` match its name."),
            to_do=msg("Correct `files` in the mapping, or skip the file."),
        )
    present = by_plain(columns)

    def lacking(m: TableMapping) -> list[str]:
        groups = [g for g in RULES[m.name].needs if not any(c in m.rules and m.rules[c].found_in(present) is not None for c in g)]
        return [c for g in groups for c in g if c in m.rules]

    nearest = min((mapping.tables[t] for t in tables), key=lambda m: len(lacking(m)) - len(RULES[m.name].needs))
    return missing_columns(mapping, nearest, lacking(nearest), file, columns)


def unrecognised(sheet: Sheet, among: list[str]) -> UserError:
    """Return the error for a file that fits no table.

    It says what the most similar table (of those in `among`, if any) needs and what the file has. The file is an
    UnrecognisedFile where it does not look like sales either.
    """
    columns, tables, file = sheet.columns, sheet.mapping.tables, sheet.file
    if len(values := [c for c in columns if _A_VALUE.fullmatch(c)]) > len(columns) / 2 and columns[0] in values:
        return UserError(
            found=msg(
                "The first line of {file} has {columns}, which look like values.", file=file, columns=listed(shown_names(columns), 30)
            ),
            expected=msg("The first line has the names of the columns."),
            to_do=msg("Add a line of names above it, for example {names}.", names="user_id,item_id,behavior_type,timestamp"),
        )
    found = {t: match(sheet, t) for t in dict.fromkeys((*tables, *WORTH_ASKING))}

    def lacking(table: str) -> list[tuple[str, ...]]:
        return [g for g in RULES[table].needs if not any(c in found[table] for c in g)]

    fitting = [t for t in tables if lacking(t) and t in (among or tables)]
    nearest = min(fitting or tables, key=lambda t: (len(lacking(t)) - len(RULES[t].needs), list(RULES).index(t)))
    looks_like_sales = set(among) <= set(_MAY_BE_SALES) and lacking("orders") and proposals.shows_sales(sheet, found["orders"])
    nearest = "orders" if looks_like_sales else nearest
    asks = {t: _asks(sheet, t, found) for t in dict.fromkeys((nearest, *WORTH_ASKING))}
    in_two = nearest == "orders" and "order_id" in found["orders"]
    ask = {"file": file, "columns": shown_names(columns), "tables": asks, "may_be_in_two": in_two}
    questions = proposals.questions(sheet, ask)
    if flags := as_flags([q for q in questions if q.proposal], LONGEST):
        needs = [group[0].partition(".")[2] for group in asks[nearest]["needed"]]
        to_do = sentences(NAME_BOTH if in_two else "", msg("Name each column, as in {flags}.", flags=" ".join(flags)))
    else:
        groups = lacking(nearest)
        needs = [_need(tables[nearest], g, examples=max(1, 3 // len(groups))) for g in groups]
        to_do = _how_to_name([group[0] for group in asks[nearest]["needed"]], in_two)
    dated = [c for c in ("ordered_at", "order_id") if c in found["orders"]]
    named = sheet.has_quantities or len(dated) == 2 or sheet.identifies_products and bool(dated or among)
    sales = nearest == "orders" and bool(named or looks_like_sales)
    unknown, table = [alternatives(g) for g in lacking(nearest)], TABLE_NAMES[nearest]
    error = UnrecognisedFile(
        found=msg("{file} has the columns {columns}.", file=file, columns=listed(shown_names(columns), 30)),
        expected=msg("As {table}, it needs columns for {needs}.", table=table, needs=needs),
        to_do=to_do,
        why=msg("It matches no table. As {table}, it lacks columns for {columns}.", table=table, columns=unknown),
        optional=not sales,
    )
    error.ask, error.questions = ask, questions
    return error


def _need(m: TableMapping, group: tuple[str, ...], examples: int) -> Message:
    """Return what a table needs, with so many of the names that files have for it in each language."""
    aliases = [name for c in group if c in m.rules for name in m.rules[c].names]
    shown = [a for a in aliases if a.isascii()][:examples] + [a for a in aliases if not a.isascii()][:examples]
    names = msg("{names} and {count} more", names=shown, count=more) if (more := len(aliases) - len(shown)) else shown
    return msg("{column} (known as {names})", column=alternatives(group), names=names)


def _how_to_name(places: list[str], in_two: bool) -> Message:
    """Return what to do: name the column of each place. in_two: the lines of these orders may be in another file."""
    flags = " ".join(f'{COLUMN} {place}="..."' for place in places)
    if in_two:
        return sentences(NAME_BOTH, msg("Otherwise name each column, as in {flags}.", flags=flags))
    return msg("Name each column, as in {flags}.", flags=flags)


def _asks(sheet: Sheet, table: str, found: dict[str, Found]) -> dict[str, list]:
    """Return what to ask about a sheet, if it holds this table: one column of each `needed` group, and `further` ones."""

    def unknown(place: str) -> bool:
        t, _, c = place.partition(".")
        return c not in found[t]

    groups = [[f"{table}.{c}" for c in g if c in sheet.mapping.tables[table].rules] for g in RULES[table].needs]
    needed = [g for g in groups if all(map(unknown, g))]
    if len(needed) > 1:
        needed = [g for g in needed if g != ["stock.day"]]  # a count without a day is of the last one
    further = [place for place in WORTH_ASKING.get(table, ()) if unknown(place) and [place] not in needed]
    if not all(map(unknown, PRICED)):
        further = [place for place in further if place not in PRICED]
    return {"needed": needed, "further": further}
