"""Which of a file's columns identifies products, and which column replaces a blank one: guesses, where names leave a choice."""

from __future__ import annotations

from collections.abc import Set
from dataclasses import replace

from core.ingest.blanks import NO_TEXT
from core.ingest.names import by_plain, plain
from core.ingest.readers.source import Source
from core.ingest.recognise.mapping import Mapping
from core.ingest.recognise.table_plan import TablePlan

OF_A_PRODUCT = ("productid", "itemid", "articleid", "goodsid", "商品id", "产品id")  # what others call the `id` in a list of products
WITH_FALLBACKS = ("category", "brand", "price", "description")  # exports have several columns of these, some of them blank
MOSTLY = 0.5  # of a column's ids, for it to be the one that identifies the shop's products


def with_shared_ids(mapping: Mapping, plans: list[list[TablePlan]], columns: list[list[str]]) -> list[list[TablePlan]]:
    """Return plans of several files in which sales and lists of products use an id that both have, where sales have several.

    plans, columns: of each file. A bare `id` in a list is the products' own, which the sales call `product_id`.
    """
    present = [by_plain(c) for c in columns]
    sales = ((here, each[0]) for here, each in zip(present, plans) if each and each[0].table == "orders")
    sold = next(([plain(c) for c in _ids(mapping, plan, here)] for here, plan in sales), [])
    lists = [here for here, each in zip(present, plans) if each and each[0].table == "products"]

    def there(name: str, here: dict[str, str]) -> str | None:
        return here.get(name) or (here.get("id") if name in OF_A_PRODUCT and any(here is one for one in lists) else None)

    best = max(sold, key=lambda name: sum(there(name, here) is not None for here in lists), default=None)
    if best is None or not any(there(best, here) for here in lists):
        return plans
    return [[_identified_by(plan, there(best, here)) for plan in each] for each, here in zip(plans, present)]


def with_stored_ids(mapping: Mapping, plans: list[TablePlan], columns: list[str], source: Source, stored: Set[str]) -> list[TablePlan]:
    """Return plans of a source in which the column whose ids are stored identifies products, where names suggest another one.

    columns: its own and those added to it. stored: the ids of the shop's products.
    """
    here = by_plain(columns)
    ids = _ids(mapping, plans[0], here) if plans else []
    if len(ids) < 2:
        return plans
    shares = {column: _share_of(stored, source, column) for column in ids}
    best = max(ids, key=shares.__getitem__)
    if shares.get(plans[0].columns["product_id"].sources[0], 0) >= MOSTLY or shares[best] < MOSTLY:
        return plans
    return [_identified_by(plan, best) for plan in plans]


def with_fallbacks(mapping: Mapping, plans: list[TablePlan], columns: list[str], source: Source) -> list[TablePlan]:
    """Return plans in which the next column of the same meaning replaces blank cells, as a name where some, or all, items have no number.

    Derived tables are about the main table's products. columns: the source's own and those added to it.
    """
    here = by_plain(columns)

    def filled(plan: TablePlan, target: str) -> tuple[str, ...]:
        chosen = list(plan.columns[target].sources)
        for column in _candidates(mapping, plan, here, target):
            if chosen[-1] not in source.columns or not _has_blanks(source, chosen[-1]):
                break
            chosen += [column] * (column not in chosen)
        return tuple(chosen)

    ids = filled(plans[0], "product_id") if plans and plans[0].columns.get("product_id") else ()
    out = [_identified_by(plan, *ids) if ids else plan for plan in plans]
    return [
        replace(
            plan,
            columns=plan.columns
            | {
                t: replace(plan.columns[t], sources=filled(plan, t))
                for t in WITH_FALLBACKS
                if t in plan.columns and plan.columns[t].sources
            },
        )
        for plan in out
    ]


def _ids(mapping: Mapping, plan: TablePlan, present: dict[str, str]) -> list[str]:
    """Return the columns that may identify products, the likeliest first."""
    return _candidates(mapping, plan, present, "product_id") if "product_id" in plan.columns else []


def _candidates(mapping: Mapping, plan: TablePlan, present: dict[str, str], target: str) -> list[str]:
    """Return the columns that may fill a target, the likeliest first, without those that fill others; a title may identify products."""
    free = (target, "title") if target == "product_id" else (target,)
    taken = {s for c, filled in plan.columns.items() if c not in free for s in filled.sources}
    known = (present.get(plain(name)) for name in mapping.tables[plan.table].rules[target].columns)
    return [c for c in dict.fromkeys(known) if c is not None and c not in taken]


def _has_blanks(source: Source, column: str) -> bool:
    """Return whether some of a column's first cells are blank."""
    _, broken, cells = (each.to_pylist() for each in source.sample([column]).columns)
    return any(what is None and (cell or "").strip().lower() in NO_TEXT for what, cell in zip(broken, cells))


def _identified_by(plan: TablePlan, *ids: str | None) -> TablePlan:
    """Return the plan with products identified by these columns, the first that is not blank; a title that was the id stays it."""
    product = plan.columns.get("product_id")
    if product is None or not all(ids):
        return plan
    sources = tuple(filter(None, ids))
    changed = {c: replace(one, sources=sources) if c == "product_id" or one is product else one for c, one in plan.columns.items()}
    return replace(plan, columns=changed)


def without_buyer_names(plan: TablePlan, source: Source) -> TablePlan:
    """Return the plan of products in sales with ids alone, where a bare `name` differs from line to line: it is the buyer's."""
    lines, names, products = _names_on_lines(plan, source)
    return plan if names <= 2 * products else replace(plan, columns=plan.columns | {"title": plan.columns["product_id"]})


def name_is_of_product(plan: TablePlan, source: Source) -> bool:
    """Return whether a bare `name` in sales is the product's beyond doubt: the same on several lines of it, whoever bought."""
    lines, names, products = _names_on_lines(plan, source)
    return products > 0 and lines >= 3 * products and names == products


def _names_on_lines(plan: TablePlan, source: Source) -> tuple[int, int, int]:
    """Count the first lines of sales with a bare `name`, their different pairs of id and name, and their ids; 0 for other plans."""
    title, ids = plan.columns.get("title"), plan.columns.get("product_id")
    if plan.table != "products" or not plan.derived or not title or not ids or plain(title.sources[0]) != "name":
        return 0, 0, 0
    if title.sources[0] in ids.sources or not {title.sources[0], ids.sources[0]} <= set(source.columns):
        return 0, 0, 0
    pairs = list(zip(*source.sample_cells([ids.sources[0], title.sources[0]])))
    return len(pairs), len(set(pairs)), len({i for i, _ in pairs})


def _share_of(stored: Set[str], source: Source, column: str) -> float:
    """Return the share of a column's first cells that are ids of stored products."""
    cells = source.sample_cells([column])[0] if stored and column in source.columns else []
    return sum((cell or "").strip() in stored for cell in cells) / max(len(cells), 1)
