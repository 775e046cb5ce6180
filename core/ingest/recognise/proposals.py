"""Proposals for columns whose names nobody knows: what the first values of a file look like, for a person to confirm."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable

from core.ingest.names import by_plain
from core.ingest.questions import Question
from core.ingest.readers.source import Source
from core.ingest.recognise.mapping import Mapping
from core.ingest.recognise.personal_data import outside_of
from core.messages import Message, msg

ROWS = 500  # looked at
_SHORT = 4  # characters
FEWEST = 2  # different rows that show anything
ENOUGH = 0.5  # of the values, for a column to be proposed
_DATE = re.compile(
    r"\d{4}[-/.年]\d{1,2}([-/.月]\d{1,2})?.*|\d{1,2}[-/. ](\d{1,2}|[^\W\d]{3,12}\.?)[-/., ]+(\d{4}|\d{2})\b.*"
    r"|(19|20)\d{6}|1[0-9]{9}|1[0-9]{12}|[^\W\d]{3,12}\.? \d{1,2},? \d{4}.*"
)
_NUMBER = re.compile(r"[-+]?\d{1,3}([., ’']\d{3})*([.,]\d+)?|[-+]?\d+([.,]\d+)?")
_MONEY = re.compile(r"\D{0,4}[-+]?\d+([., ’']\d{3})*[.,]\d{2}\D{0,4}")
_CODE = re.compile(r"[^\s@]{1,40}")

Cells = list[str]


def propose(source: Source, columns: list[str], places: list[str], read: dict[str, str]) -> dict[str, str]:
    """Return place ("table.column") -> the column proposed for it, the surest first; places without a fitting one are left out.

    read: target -> column, of those whose names are known. A column is proposed once. Columns that hold
    personal data are proposed as ids of customers alone.
    """
    columns = [c for c in columns if c in source.columns]
    cells = {c: [(v or "").strip() for v in values] for c, values in zip(columns, source.sample_cells(columns, ROWS))}
    if len(set(zip(*cells.values()))) < FEWEST:
        return {}
    personal = outside_of(source, columns, {}, about_people=False)
    found: dict[str, str] = {}
    for place in sorted(places, key=_order):
        target = place.partition(".")[2]
        if target not in _SCORES:
            continue
        free = [c for c in columns if c not in found.values() and c not in read.values() and (c not in personal or target == "customer_id")]
        known = {target: cells[c] for target, c in read.items()} | {p.partition(".")[2]: cells[c] for p, c in found.items()}
        scores = {c: _SCORES[target](cells[c], known) for c in free}
        best = max(scores, key=scores.__getitem__, default=None)
        if best is not None and scores[best] >= ENOUGH:
            found[place] = best
    return found


def questions(mapping: Mapping, source: Source, ask: dict, share: float = 1.0) -> list[Question]:
    """Return a question for each column that the likeliest table needs or gains by, with what its values suggest.

    ask: of UpswingError. share: of the file's rows that hang on the answers.
    """
    table = next(iter(ask["tables"]))
    needed = [group[0] for group in ask["tables"][table]["needed"]]
    here = by_plain(source.columns)
    read = {
        target: columns[0]
        for target, rule in mapping.tables[table].rules.items()
        if (columns := rule.found_in(here)) and columns[0] in ask["columns"]
    }
    proposed = propose(source, ask["columns"], [*needed, *ask["tables"][table]["further"]], read)
    choices = tuple((c, Message("{column}", {"column": c})) for c in source.columns)
    asked = [*needed, *(place for place in ask["tables"][table]["further"] if place in proposed)]
    return [
        Question(
            "--column",
            place,
            proposed.get(place, ""),
            choices,
            msg("No known name of {file} is that of {place}.", file=ask["file"], place=place),
            ask["file"],
            share=share if place in needed else 0.0,
        )
        for place in asked
    ]


def _order(place: str) -> int:
    order = [*_SCORES]
    target = place.partition(".")[2]
    return order.index(target) if target in order else len(order)


def _share(cells: Cells, fits: Callable[[str], object]) -> float:
    filled = [c for c in cells if c]
    return sum(bool(fits(c)) for c in filled) / len(filled) if filled else 0.0


def _dates(cells: Cells, known: dict[str, Cells]) -> float:
    return _share(cells, _DATE.fullmatch)


def _money(cells: Cells, known: dict[str, Cells]) -> float:
    return _share(cells, _MONEY.fullmatch)


def _small_counts(cells: Cells, known: dict[str, Cells]) -> float:
    """Score whole numbers below 1,000, of which some repeat; each row's own number is no count."""
    whole = _share(cells, lambda c: _NUMBER.fullmatch(c) and len(re.sub(r"[.,]0+$", "", c).lstrip("-+")) <= 3)
    return whole * (len(set(cells)) < max(0.5 * len(cells), 3))


def _order_numbers(cells: Cells, known: dict[str, Cells]) -> float:
    """Score codes each of which has one day, and that vary more than days do; short ones only if some are on several lines."""
    days = known.get("ordered_at")
    if len(set(cells)) == len(cells) and all(len(c) < _SHORT for c in cells):
        return 0.0
    if days is None or _share(cells, _CODE.fullmatch) < ENOUGH or len(set(cells)) < len({d[:10] for d in days}) / 2:
        return 0.0
    return _determines(cells, [d[:10] for d in days]) * _share(cells, _CODE.fullmatch)


def _products(cells: Cells, known: dict[str, Cells]) -> float:
    """Score codes and texts that repeat, codes above texts, unless they are numbers of orders."""
    different, filled = len(set(filter(None, cells))), len([c for c in cells if c])
    if different < 2 or different > 0.9 * filled and filled > 20 or _share(cells, _DATE.fullmatch) > 0.5:
        return 0.0
    if _share(cells, _MONEY.fullmatch) > 0.5:
        return 0.0
    variety = min(1.0, different / min(max(filled, 1), 10))
    return (0.6 + 0.4 * _share(cells, _CODE.fullmatch)) * variety * (1 - 0.5 * (_share(cells, _NUMBER.fullmatch) > 0.9))


def _titles(cells: Cells, known: dict[str, Cells]) -> float:
    """Score texts of letters that a product's number determines."""
    products = known.get("product_id")
    wordy = _share(cells, lambda c: len(re.findall(r"[^\W\d_]", c)) >= 3)
    return wordy * (_determines(products, cells) if products else 1.0) * (len(set(cells)) > 1)


def _customers(cells: Cells, known: dict[str, Cells]) -> float:
    """Score codes that an order's number determines and that repeat over orders."""
    orders = known.get("order_id")
    codes = _share(cells, _CODE.fullmatch) * (len(set(cells)) > 0.05 * len(cells))
    return codes * _determines(orders, cells) if orders and len(set(cells)) < len(set(orders)) else 0.0


def _determines(keys: Cells, cells: Cells) -> float:
    """Return the share of keys on several rows that have one value on all of them; 1 where no key repeats."""
    values = defaultdict(set)
    rows: dict[str, int] = defaultdict(int)
    for key, cell in zip(keys, cells):
        if key:
            values[key].add(cell)
            rows[key] += 1
    repeated = [key for key, n in rows.items() if n > 1]
    return sum(len(values[key]) == 1 for key in repeated) / len(repeated) if repeated else 1.0


_SCORES: dict[str, Callable[[Cells, dict[str, Cells]], float]] = {  # in the order in which columns are given to places
    "ordered_at": _dates,
    "occurred_at": _dates,
    "created_at": _dates,
    "day": _dates,
    "unit_price": _money,
    "price": _money,
    "order_id": _order_numbers,
    "units": _small_counts,
    "on_hand": _small_counts,
    "rating": _small_counts,
    "product_id": _products,
    "title": _titles,
    "customer_id": _customers,
}
