"""Proposals for columns whose names nobody knows: what their values look like, for a person to confirm."""

from __future__ import annotations

from collections.abc import Callable

from core.ingest.answers import COLUMN
from core.ingest.names import plain
from core.ingest.persons.column_values import shown_names
from core.ingest.questions import Question
from core.ingest.recognise.evidence import Evidence
from core.ingest.recognise.matcher import match
from core.ingest.recognise.personal_data import outside_of
from core.ingest.recognise.sheet import Sheet
from core.ingest.recognise.table_plan import Found
from core.ingest.words import column_words
from core.messages import Message, msg

FEWEST = 2  # different rows that show anything
ENOUGH = 0.5  # the score of a column that is proposed

FITS, MISFITS = 1.5, 0.2
FEW = 20  # rows: a longer file with one row a day is a calendar or a series
_OF_SALES = ("orders.ordered_at", "orders.product_id", "orders.units", "orders.unit_price")
_NEITHER = {"totals", "remarks"}
_WHOSE = {"order_id": "orders", "product_id": "products", "title": "products", "customer_id": "customers"}

Known = dict[str, str]  # target -> its column, as far as it is known or proposed


def questions(sheet: Sheet, ask: dict) -> list[Question]:
    """Return a question for each column that the likeliest table needs or gains by, with what its values suggest.

    ask: of UpswingError.
    """
    table = next(iter(ask["tables"]))
    needed = [group[0] for group in ask["tables"][table]["needed"]]
    read = {target: filled.sources[0] for target, filled in match(sheet, table).items() if filled.sources}
    proposed = propose(sheet, ask["columns"], [*needed, *ask["tables"][table]["further"]], read)
    choices = tuple((c, Message("{column}", {"column": c})) for c in sheet.source.columns)
    one_unit = (("=1", msg("Each row is one unit")),)
    return [
        Question(
            COLUMN,
            place,
            proposed.get(place, ""),
            (*(one_unit if place == "orders.units" else ()), *choices),
            msg("No column of {file} has a known name for {place}.", file=sheet.file, place=place),
            sheet.file,
            share=float(place in needed),
        )
        for place in [*needed, *(place for place in ask["tables"][table]["further"] if place in proposed)]
    ]


def shows_sales(sheet: Sheet, read: Found) -> bool:
    """Return whether the columns of a file can be those of sales, by their names or by their values.

    They can with a day, a product and units; and with a day, a product and money, where products stand on several days, which they do
    not in a list of prices. One row a day is a calendar or a series. read: what is known of the columns as those of orders.
    """
    known = {target: filled.sources[0] for target, filled in read.items() if filled.sources and filled.sources[0] in sheet.source.columns}
    proposed = propose(sheet, shown_names(sheet.source.columns), [p for p in _OF_SALES if p.partition(".")[2] not in known], known)
    parts = known | {place.partition(".")[2]: column for place, column in proposed.items()}
    day, product, rows = parts.get("ordered_at"), parts.get("product_id"), sheet.first_rows
    if day is None or product is None or day == product:
        return False
    if rows.different(day) == rows.rows(day) and (rows.rows(day) > FEW or rows.different(product) == rows.rows(product)):
        return False
    on_several_days = rows.different(product) < rows.different(product, day)
    return "units" in parts or on_several_days and bool(parts.keys() & {"unit_price", "line_total"})


def propose(sheet: Sheet, columns: list[str], places: list[str], read: Known) -> dict[str, str]:
    """Return place ("table.column") -> the column proposed for it, the surest first; places without a fitting one are left out.

    read: the columns of known names. A column is proposed once; one with data about persons as the id of customers alone.
    """
    columns = [c for c in columns if c in sheet.source.columns]
    known = {target: c for target, c in read.items() if c in sheet.source.columns}
    evidence = sheet.first_rows
    evidence.look_at(*((c,) for c in columns))
    if all(evidence.different(c) < FEWEST for c in columns):
        return {}
    personal = outside_of(sheet.source, columns, {}, about_people=False)
    found: dict[str, str] = {}
    for place, target in sorted(((p, p.partition(".")[2]) for p in places), key=lambda p: [*_SCORES, p[1]].index(p[1])):
        free = [c for c in columns if c not in known.values() and (c not in personal or target == "customer_id")]
        scores = {c: _SCORES[target](evidence, c, known) * _by_name(c, target) for c in free} if target in _SCORES else {}
        best = max(scores, key=scores.__getitem__, default=None)
        if best is not None and scores[best] >= ENOUGH:
            found[place] = known[target] = best
    return found


def _by_name(column: str, target: str) -> float:
    """Return the factor of a name that says whose number or name it is, or that it is neither."""
    means = {
        what for what in ("orders", "products", "customers", *_NEITHER) if any(w in plain(column) for w in column_words(f"parts_of_{what}"))
    }
    if target in ("unit_price", "price"):
        means &= _NEITHER
    elif target not in _WHOSE:
        return 1.0
    return 1.0 if not means else FITS if means == {_WHOSE.get(target)} else MISFITS


def _small_counts(evidence: Evidence, column: str, known: Known) -> float:
    """Score whole numbers below 1,000, of which some repeat; each row's own number is no count."""
    shape = evidence.shape(column)
    return shape.share("small") * (shape.different < max(0.5 * shape.rows, 3))


def _order_numbers(evidence: Evidence, column: str, known: Known) -> float:
    """Score codes each of which has one day, and that vary more than days do; short ones only if some are on several lines."""
    shape, day = evidence.shape(column), known.get("ordered_at")
    if day is None or shape.share("code") < ENOUGH or shape.different == shape.rows and shape.share("short") == 1:
        return 0.0
    if shape.share("count") == 1 > shape.share("whole"):  # numbers with decimals, as 2.500
        return 0.0
    vary = shape.different >= evidence.different(day) / 2
    return vary * evidence.determines(column, day) * shape.share("code")


def _products(evidence: Evidence, column: str, known: Known) -> float:
    """Score codes and texts that repeat, codes above texts, unless they are dates, amounts or numbers of rows."""
    shape = evidence.shape(column)
    if shape.different < 2 or shape.different > 0.9 * shape.filled > 18 or max(shape.share("date"), shape.share("money")) > 0.5:
        return 0.0
    variety = min(1.0, shape.different / min(shape.filled, 10))
    return (0.6 + 0.4 * shape.share("code")) * variety * (1 - 0.5 * (shape.share("number") > 0.9))


def _titles(evidence: Evidence, column: str, known: Known) -> float:
    """Score texts of letters that a product's number determines."""
    shape, product = evidence.shape(column), known.get("product_id")
    return shape.share("words") * (evidence.determines(product, column) if product else 1.0) * (shape.different > 1)


def _customers(evidence: Evidence, column: str, known: Known) -> float:
    """Score codes that an order's number determines and that repeat over orders."""
    shape, order = evidence.shape(column), known.get("order_id")
    if order is None or not 0.05 * shape.rows < shape.different < evidence.different(order):
        return 0.0
    return shape.share("code") * (shape.share("money") <= ENOUGH) * evidence.determines(order, column)


def _like(shape: str) -> Callable[[Evidence, str, Known], float]:
    return lambda evidence, column, known: evidence.shape(column).share(shape)


_SCORES: dict[str, Callable[[Evidence, str, Known], float]] = {  # in the order in which columns are given to places
    **dict.fromkeys(("ordered_at", "occurred_at", "created_at", "day"), _like("date")),
    **dict.fromkeys(("unit_price", "price"), _like("money")),
    "order_id": _order_numbers,
    **dict.fromkeys(("units", "on_hand", "rating"), _small_counts),
    "product_id": _products,
    "title": _titles,
    "customer_id": _customers,
}
