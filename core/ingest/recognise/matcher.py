"""The matcher: which of a file's columns fills which canonical column.

Every candidate has a score with its evidence. A name that files are known to have for a canonical column scores KNOWN, less a STEP for
each name that the generic preset prefers. Names of anything at all (_DOUBTFUL: `id`, `name`, `week`, `sales`) need the agreement of
the whole column. A column is read in one place of a table: one that the table needs, else where it scores highest. A best
candidate below TAKEN is a question, and so are two within MARGIN of each other that give other units. Columns of unknown names are
proposed by their values (recognise/proposals.py) and never taken.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Set
from dataclasses import dataclass

from core.ingest.answers import COLUMN, NO_COLUMN
from core.ingest.convert.date_columns import WEEKS
from core.ingest.names import plain
from core.ingest.questions import MATTERS, Question
from core.ingest.recognise.mapping import ColumnRule
from core.ingest.recognise.personal_data import lists_persons
from core.ingest.recognise.rules import EACH_ROW, ONE_UNIT, RULES
from core.ingest.recognise.sheet import Sheet
from core.ingest.recognise.table_plan import ColumnSource, Found
from core.ingest.words import column_words
from core.messages import Message, msg

KNOWN, STEP, TAKEN, MARGIN = 1.0, 0.0001, 0.8, 0.2
AGREES = 0.5  # added for values by which the shop's products are known
ASKED = 0.5  # of a doubtful name
MOSTLY = 0.5  # of a column's ids, for it to be the one that identifies the shop's products
NEARLY_ALL = 0.9  # of the values of a column
WITH_FALLBACKS = ("product_id", "category", "brand", "price", "description")  # targets of which the next candidate fills blank cells
_COUNTS_NOTHING = re.compile(r"(id|sku|.no|.nr|code|.number|编号|编码)$")  # how names of numbers end that count nothing


Score = tuple[float, Message | None]  # with the evidence that shows it


@dataclass(frozen=True)
class Candidate:
    """A column that may fill a target. why: the evidence, beside a name that is known."""

    column: str
    score: float
    why: Message | None = None


def match(sheet: Sheet, table: str) -> Found:
    """Return the source of each canonical column of a table that the file fills; what is unsure becomes a question of the sheet."""
    rules = sheet.mapping.tables[table].rules
    rules = {target: rule for target, rule in rules.items() if sheet.answers.get(f"{COLUMN} {table}.{target}") != NO_COLUMN}
    candidates = {target: _candidates(sheet, table, target) for target in rules}
    needed = {target for group in RULES[table].needs for target in group}
    taken: dict[str, tuple[str, float]] = {}
    best: dict[str, Candidate] = {}
    for target in sorted(rules, key=lambda t: (t not in needed, -max((c.score for c in candidates[t]), default=0))):
        for one in candidates[target]:
            other, score = taken.setdefault(one.column, (target, one.score))
            shared = other == target or {target, other} == {"product_id", "title"}
            if not shared and score == one.score == KNOWN:  # a person named it for both
                about = msg("Column {column} is read as {places}.", column=repr(one.column), places=[other, target])
                _ask(sheet, f"{table}.{target}", one.column, about)
                shared = True
            if shared:
                best[target] = one
                break
    found: Found = {}
    for target, rule in rules.items():
        if target in best:
            found[target] = _filled(sheet, table, target, best[target], candidates[target], taken)
        elif rule.constant is not None:
            found[target] = ColumnSource(rule, ())
    if table == "orders":
        found |= _day_in_parts(sheet, found)
        found |= _row_is_a_unit(sheet, found)
    return found


def product_columns(planned: list[tuple[Sheet, str]], stored_ids: Set[str]) -> list[str]:
    """Return the column by which each sheet's products are known elsewhere, where it is not the one chosen by name; else "".

    planned: sheets with their main tables. Sales with several ids use the one that a list of products has; a bare `id` in a list is the
    products' own, which sales call `product_id`. Without such a list, the column counts most of whose first values are stored ids.
    """
    chosen = [_product_candidates(sheet, table) for sheet, table in planned]
    sold = next((columns for columns, (_, table) in zip(chosen, planned) if table == "orders"), [])
    lists = [sheet for sheet, table in planned if table == "products"]

    def there(column: str, sheet: Sheet) -> str:
        own = sheet.own.get("id", "") if plain(column) in column_words("ids_of_products") and any(sheet is one for one in lists) else ""
        return sheet.present.get(plain(column), own)

    shared = max(sold, key=lambda column: sum(bool(there(column, sheet)) for sheet in lists), default="")
    is_shared = bool(shared) and any(there(shared, sheet) for sheet in lists)
    found = [
        is_shared and there(shared, sheet) or _known_by_values(sheet, columns, stored_ids) for columns, (sheet, _) in zip(chosen, planned)
    ]
    return [column if [column] != columns[:1] else "" for column, columns in zip(found, chosen)]


def _known_by_values(sheet: Sheet, columns: list[str], stored_ids: Set[str]) -> str:
    """Return the column most of whose first values are stored ids, if those of the first column are not."""
    columns = [c for c in columns if c in sheet.source.columns]
    if len(columns) < 2 or not stored_ids:
        return ""
    cells = dict(zip(columns, sheet.source.sample_cells(columns)))
    shares = {c: sum((cell or "").strip() in stored_ids for cell in cells[c]) / max(len(cells[c]), 1) for c in columns}
    best = max(columns, key=shares.__getitem__)
    return best if shares[columns[0]] < MOSTLY <= shares[best] else ""


def _product_candidates(sheet: Sheet, table: str) -> list[str]:
    """Return the columns that may identify the products of a table, the likeliest first."""
    found = match(sheet, table)
    return list(found["product_id"].sources) if "product_id" in found else []


def _candidates(sheet: Sheet, table: str, target: str) -> list[Candidate]:
    """Return the columns that may fill a target by their names, the likeliest first."""
    names, present = list(map(plain, sheet.mapping.tables[table].rules[target].columns)), sheet.present
    found: dict[str, Candidate] = {}
    for i, name in enumerate(dict.fromkeys([*names, *(n for t, n in _DOUBTFUL if t == f"{table}.{target}")])):
        column = present.get(name)
        if column is None:
            continue
        doubt = _DOUBTFUL.get((f"{table}.{target}", name)) if i else None  # the first name is one that a person gave
        score, why = doubt(sheet, column) if doubt and column in sheet.source.columns else (KNOWN, None)
        if score:
            found.setdefault(column, Candidate(column, score - i * STEP, why))
    if target == "product_id" and (own := sheet.product_column):
        why = msg("other files or the warehouse identify products by its values")
        found[own] = Candidate(own, KNOWN + AGREES, why)
    filled = [c for c in found.values() if not _is_blank(sheet, c.column)] if len(found) > 1 else []
    return sorted(filled or found.values(), key=lambda c: -c.score)


def _is_blank(sheet: Sheet, column: str) -> bool:
    """Return whether no row of the file has a value in one of its own columns."""
    looks = (evidence.shape(column).filled == 0 for evidence in (sheet.first_rows, sheet.evidence))
    return column in sheet.source.columns and all(looks)


def _filled(sheet: Sheet, table: str, target: str, best: Candidate, others: list[Candidate], taken: dict) -> ColumnSource:
    """Return the source of a target with its fallbacks, and ask about a best candidate that is unsure."""
    rule, place = sheet.mapping.tables[table].rules[target], f"{table}.{target}"
    sources = [best.column]
    if target in WITH_FALLBACKS:
        free = (target, "title") if target == "product_id" else (target,)
        sources += [c.column for c in others if c.column != best.column and taken.get(c.column, free)[0] in free]
    if best.score < TAKEN and best.why:
        _ask(sheet, place, best.column, best.why)
    elif place == "orders.units" and best.score < KNOWN:
        for other in (c.column for c in others if c.column != best.column and c.column not in taken and best.score - c.score < MARGIN):
            if (differ := _differ_as_units(sheet, best.column, other)) > MATTERS:
                _ask(sheet, place, best.column, msg("Column {column} may hold the units too.", column=repr(other)), differ)
    minus = tuple(dict.fromkeys(sheet.present[plain(name)] for name in rule.minus if plain(name) in sheet.present))
    return ColumnSource(rule, tuple(sources), minus, best.why if best.score >= TAKEN else None)


def _differ_as_units(sheet: Sheet, units: str, other: str) -> float:
    """Return the share of rows on which two columns give other units; 0 for one that is a property of the product, as its volume."""
    if not {units, other} <= set(sheet.source.columns):
        return 0.0
    product = sheet.by_name("orders.product_id")
    fixed = [product is not None and sheet.evidence.determines(product, column) == 1 for column in (units, other)]
    return 0.0 if fixed == [False, True] else sheet.evidence.differ(units, other)


def _ask(sheet: Sheet, place: str, proposal: str, about: Message, share: float = 1.0) -> None:
    choices = tuple((c, Message("{column}", {"column": c})) for c in sheet.source.columns)
    question = Question(COLUMN, place, proposal, (*choices, (NO_COLUMN, msg("none of these"))), about, sheet.file, share=share)
    if question not in sheet.questions:
        sheet.questions.append(question)


# ---- names of anything at all: a score, and what shows it


def _is_short(sheet: Sheet, column: str) -> bool:
    return column in sheet.source.columns and sheet.evidence.shape(column).share("short") == 1


def _of_orders(sheet: Sheet, column: str) -> Score:
    """Score a bare `id` as the number of an order."""
    shown = msg("its values are on lines of several products, like order numbers")
    return (KNOWN, shown) if sheet.numbers_orders else (0.0, None)


def _reviews_of_its_product(sheet: Sheet) -> bool:
    """Return whether a bare `id` is the reviewed product's: the review's own columns say so in their names, and it has no other name.

    Products are reviewed several times under one name; a review's own number differs from row to row.
    """
    of_reviews = sum(name.startswith("review") for name in sheet.own) >= 2
    number, title = sheet.own.get("id"), sheet.own.get("name")
    if number is None or title is None or not of_reviews or sheet.identifies_products:
        return False
    return sheet.evidence.different(number) <= sheet.evidence.different(title)


def _of_sold_products(sheet: Sheet, column: str) -> Score:
    """Score a bare `name` in sales as a product's: the buyer's differs from line to line."""
    number = sheet.by_name("products.product_id")
    if number is None or number in (column, sheet.numbers_orders) or sheet.by_name("orders.ordered_at") is None:
        return KNOWN, None
    names, products = sheet.evidence.different(number, column), sheet.evidence.different(number)
    if sheet.evidence.names(number, column):
        return KNOWN, msg("the same on all lines of a product, whoever the buyer")
    return (KNOWN if names <= NAMES_OF_A_PRODUCT * products else 0.0), None


def _identifies_sold_products(sheet: Sheet, column: str) -> Score:
    """Score a bare `name` as what identifies products: never beside data about persons, unless it is the product's beyond doubt."""
    score, shown = _of_sold_products(sheet, column)
    other = sheet.by_name("orders.product_id") != column
    return (0.0, None) if other and not shown and lists_persons(sheet.source.columns) else (score, shown)


def _units_or_money(sheet: Sheet) -> bool:
    """Return whether `sales` may be units: whole numbers beside days and products, without a price or a currency."""
    alone = len(sheet.orders("ordered_at", "product_id")) == 2 and not sheet.orders("units", "unit_price", "currency")
    return alone and sheet.evidence.shape(sheet.own["sales"]).share("whole") == 1


def _sales_as_units(sheet: Sheet, column: str) -> Score:
    about = msg("Column {column} has whole numbers, and the file has no price: are they units, or money?", column=repr(column))
    return (ASKED, about) if _units_or_money(sheet) else (0.0, None)


NAMES_OF_A_PRODUCT = 2  # on average, at most: names are corrected and translated
_DOUBTFUL: dict[tuple[str, str], Callable[[Sheet, str], Score]] = {
    ("orders.ordered_at", "week"): lambda sheet, column: (KNOWN * (not _is_short(sheet, column)), None),  # a mere number is no day
    ("market.day", "week"): lambda sheet, column: (KNOWN * (not _is_short(sheet, column)), None),
    ("orders.order_id", "id"): _of_orders,
    ("products.product_id", "id"): lambda sheet, column: (KNOWN * (not sheet.numbers_orders), None),
    ("orders.product_id", "name"): _identifies_sold_products,
    ("products.product_id", "name"): _identifies_sold_products,
    ("products.title", "name"): _of_sold_products,
    ("reviews.review_id", "id"): lambda sheet, column: (KNOWN * (not _reviews_of_its_product(sheet)), None),
    ("reviews.product_id", "id"): lambda sheet, column: (KNOWN * _reviews_of_its_product(sheet), None),
    ("orders.units", "sales"): _sales_as_units,
    ("orders.line_total", "sales"): lambda sheet, column: (KNOWN * (not _units_or_money(sheet)), None),
}


# ---- days in several columns, units in none


def _day_in_parts(sheet: Sheet, found: Found) -> Found:
    """Return the day of orders that is spread over columns: year and week, or year, month and day."""
    read, week = found.get("ordered_at"), next((sheet.own[name] for name in WEEKS if name in sheet.own), None)
    year, month, day = map(sheet.column_of, ("years", "months", "days_of_month"))
    if not year or "units" not in found or read is not None and not _is_short(sheet, read.sources[0]):
        return {}
    if week:
        rule = ColumnRule(template=f"{{{year}}}-W{{{week}}}", format="iso_week")
    elif month and day:
        rule = ColumnRule(template=f"{{{year}}}-{{{month}}}-{{{day}}}", format="iso")
    else:
        return {}
    return {"ordered_at": ColumnSource(rule, rule.found_in(sheet.own) or ())}


def _row_is_a_unit(sheet: Sheet, found: Found) -> Found:
    """Return that a row of order lines is one unit, where no column can hold a number of units; ask where one could."""
    one = {"units": ColumnSource(ColumnRule(constant="1"), ())}
    if sheet.answers.get(EACH_ROW) == ONE_UNIT:
        return one
    key = sheet.numbers_orders or sheet.by_name("orders.order_id") or sheet.by_name("orders.customer_id")
    lines = sheet.numbers_orders or sheet.lists_lines
    if "ordered_at" not in found or key is None or found.keys() & {"units", "line_total"} or not lines:
        return {}
    used = {s for filled in found.values() for s in filled.sources}
    named = {sheet.by_name(f"orders.{target}") for target in sheet.mapping.tables["orders"].rules}
    rest = [c for c in sheet.source.columns if c not in used | named and not _COUNTS_NOTHING.search(plain(c))]
    counting = [c for c in rest if _may_count(sheet, c, key)]
    return {} if counting else one


def _may_count(sheet: Sheet, column: str, order: str) -> bool:
    """Return whether a column may hold the units of lines: numbers, no money, not all 0, that number neither rows nor lines."""
    first = sheet.first_rows.shape(column)
    if first.filled and first.share("number") < MOSTLY:
        return False
    shape = sheet.evidence.shape(column)
    if not shape.filled or shape.share("count") < NEARLY_ALL or shape.share("money") > 0.5 or shape.share("zero") == 1:
        return False
    return not sheet.evidence.numbers(column) and not sheet.evidence.numbers(column, within=order)
