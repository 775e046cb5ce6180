"""Quotations and purchases, which have days, products and quantities as sales have: refused by what their columns and names say."""

from __future__ import annotations

import pyarrow.compute as pc

from core.errors import UserError
from core.ingest.names import plain
from core.ingest.readers.source import Source
from core.ingest.recognise import leave_out
from core.ingest.recognise.layout import StateRule
from core.ingest.recognise.sheet import Sheet
from core.ingest.recognise.table_plan import Found, TablePlan
from core.ingest.recognise.unrecognised import UnrecognisedFile
from core.ingest.words import document_stages, known_states, normalised
from core.ingest.words.documents import PURCHASES, QUOTATIONS, plain_names, speaks_of
from core.messages import Message, msg, sentences

MOST_KINDS = 30  # different values of a column of kinds
MOSTLY = 0.5  # of the values of a column


def refusal(sheet: Sheet, found: Found) -> UserError | None:
    """Return why rows that could be sales are quotations or purchases; None where nothing says so or a person wants them read."""
    if leave_out.answer(sheet.file, sheet.answers) == leave_out.NO:
        return None
    if (evidence := _of_quotations(sheet, found)) is not None:
        return _not_sold(
            sheet.file,
            evidence,
            msg("A quotation is not a sale yet: sales are order lines or totals of a product and day."),
            msg("Export the orders or invoices instead."),
        )
    if (evidence := _of_purchases(sheet, found)) is not None:
        return _not_sold(
            sheet.file,
            evidence,
            msg("What the shop buys is not a sale: sales are order lines or totals of a product and day."),
            msg('Export the orders of your customers instead; deliveries that are due have "purchase_order" in the name of their file.'),
        )
    return None


def _not_sold(file: str, evidence: Message, expected: Message, instead: Message) -> UnrecognisedFile:
    flag = leave_out.question(file).argument(leave_out.NO)
    to_do = sentences(instead, msg("If these are sales, import them with {flag}.", flag=flag))
    return UnrecognisedFile(found=evidence, expected=expected, to_do=to_do, why=sentences(evidence, instead), readable=True)


def _of_quotations(sheet: Sheet, found: Found) -> Message | None:
    """Return what shows that the rows are quotations. Beside a number that is an order's beyond doubt, that of a quotation refers to it."""
    if not kinds_of_documents(sheet, list(sheet.source.columns)) and _is_named(sheet, QUOTATIONS):
        return msg("{file} lists quotations, judging by its name.", file=sheet.file)
    (number,) = found["order_id"].sources[:1] if "order_id" in found else ("",)
    is_an_orders = number and plain(number) not in plain_names(QUOTATIONS, "bare_numbers") and not speaks_of(QUOTATIONS, number)
    columns = [c for c in sheet.source.columns if _is_validity(sheet, c) or not is_an_orders and _speaks_of_quotations(sheet, c)]
    return msg("{file} lists quotations, judging by its column {column}.", file=sheet.file, column=repr(columns[0])) if columns else None


def _of_purchases(sheet: Sheet, found: Found) -> Message | None:
    """Return what shows that the rows are purchases: their own number, or a supplier and no customer, with a cost in place of a price."""
    if "customer_id" in found:
        return None

    def first(role: str) -> str | None:
        return next((c for c in sheet.source.columns if plain(c) in plain_names(PURCHASES, role)), None)

    by_column = {"file": sheet.file, "column": first("numbers")}
    if by_column["column"] and "order_id" not in found and "orders" not in sheet.named:
        return msg(
            "{file} lists purchases from suppliers, judging by its column {column}.", **by_column | {"column": repr(by_column["column"])}
        )
    supplier = first("suppliers")
    if supplier is None:
        return None
    if _is_named(sheet, PURCHASES):
        return msg("{file} lists purchases from suppliers, judging by its name.", file=sheet.file)
    bought = sheet.by_name("products.unit_cost") or first("wanted_by")
    if bought and not {"unit_price", "line_total"} & found.keys():
        return msg(
            "{file} lists purchases from suppliers, judging by its columns {columns}.",
            file=sheet.file,
            columns=[repr(supplier), repr(bought)],
        )
    return None


def _is_named(sheet: Sheet, group: str) -> bool:
    return any(speaks_of(group, title.rpartition(".")[0] or title, *(("files",) if group == QUOTATIONS else ())) for title in sheet.titles)


def _speaks_of_quotations(sheet: Sheet, column: str) -> bool:
    """Return whether a column's name speaks of quotations, by words that may mean special offers only if its values are numbered."""
    if not sheet.first_rows.shape(column).filled:
        return False
    if speaks_of(QUOTATIONS, column):
        return True
    return speaks_of(QUOTATIONS, column, "numbered") and _is_numbered(sheet, column)


def _is_validity(sheet: Sheet, column: str) -> bool:
    return plain(column) in plain_names(QUOTATIONS, "validity") and sheet.first_rows.shape(column).share("date") > MOSTLY


def _is_numbered(sheet: Sheet, column: str) -> bool:
    """Return whether the first values of a column are mostly numbers of anything, and no dates."""
    (cells,) = sheet.source.sample([column]).columns[2:]
    filled = cells.filter(pc.greater(pc.utf8_length(cells), 0))
    numbers = pc.sum(pc.match_substring_regex(filled, r"\d")).as_py() or 0
    return numbers > MOSTLY * len(filled) and sheet.first_rows.shape(column).share("day") <= MOSTLY


def state_rules(sheet: Sheet, plan: TablePlan) -> tuple[StateRule, ...]:
    """Return what the documents of orders say beside the columns of states: kinds in columns of any name, and their numbers.

    A number of a quotation beside a blank one of an order is a quotation that no order has followed yet.
    """
    if plan.table != "orders" or plan.derived:
        return ()
    rest = [c for c in sheet.source.columns if c not in plan.reads]
    rules = [StateRule(c, perhaps=True) for c in kinds_of_documents(sheet, rest)]
    numbers = plan.columns["order_id"].sources if "order_id" in plan.columns else ()
    bare = [c for c in rest if plain(c) in plain_names(QUOTATIONS, "bare_numbers")]
    rules += [StateRule(c, prefixes=True) for c in (*numbers[:1], *bare)[:1]]
    if numbers:
        quoted = [c for c in rest if speaks_of(QUOTATIONS, c) and _is_numbered(sheet, c)]
        rules += [StateRule(c, filled="not a sale", unless=numbers[0]) for c in quoted]
    return tuple(rules)


def kinds_of_documents(sheet: Sheet, columns: list[str]) -> list[str]:
    """Return the columns that hold kinds of documents, by their first values: sales among quotations, purchases or returns."""
    found = []
    for column, values in few_values(sheet.source, columns).items():
        words = [normalised(value) for value in values]
        kinds = [known_states().get(word) for word in words]
        sold = [word for word in words if word in document_stages()]
        if sold and len(set(kinds)) > 1 and sum(kind is not None or word in sold for kind, word in zip(kinds, words)) > MOSTLY * len(words):
            found.append(column)
    return found


def few_values(source: Source, columns: list[str]) -> dict[str, list[str]]:
    """Return column -> its different first values, of columns with few."""
    columns = [c for c in columns if c in source.columns]
    sample = source.sample(columns)
    unique = {c: sample.column(f"c{i}").unique() for i, c in enumerate(columns)}
    return {c: [str(v) for v in values.to_pylist() if v] for c, values in unique.items() if 0 < len(values) <= MOST_KINDS + 1}
