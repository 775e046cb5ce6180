"""Which of a file's columns tell products apart, and what stands in where they are blank: guesses, where names leave a choice."""

from __future__ import annotations

from dataclasses import replace

from core.ingest.readers.files import Source
from core.ingest.recognise.mapping import Mapping
from core.ingest.recognise.names import by_plain, plain
from core.ingest.recognise.planning import TablePlan

OF_A_PRODUCT = ("productid", "itemid", "articleid", "goodsid", "商品id", "产品id")  # what others call the `id` in a list of products
STOOD_IN_FOR = ("category", "brand", "price", "description")  # beside the id: what exports have several columns of, some of them blank
MOSTLY = 0.5  # of a column's ids, for it to be the one that tells the shop's products apart


def with_shared_ids(mapping: Mapping, plans: list[list[TablePlan]], columns: list[list[str]]) -> list[list[TablePlan]]:
    """Plans of several files in which sales and the lists of products tell products apart by an id that both have, where sales have
    several. plans, columns: of each file.

    A bare `id` in a list is the products' own, which the sales' `product_id` is then.
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
    return [[_told_by(plan, there(best, here)) for plan in each] for each, here in zip(plans, present)]


def with_stored_ids(mapping: Mapping, plans: list[TablePlan], columns: list[str], source: Source, stored: set[str]) -> list[TablePlan]:
    """Plans of a source in which products are told apart by the column whose ids the shop has (`stored`), where that which names suggest
    is another. columns: its own and those added to it."""
    here = by_plain(columns)
    ids = _ids(mapping, plans[0], here) if plans else []
    if len(ids) < 2:
        return plans
    shares = {column: _share_of(stored, source, column) for column in ids}
    best = max(ids, key=shares.get)
    if shares.get(plans[0].columns["product_id"].sources[0], 0) >= MOSTLY or shares[best] < MOSTLY:
        return plans
    return [_told_by(plan, best) for plan in plans]


def with_stand_ins(mapping: Mapping, plans: list[TablePlan], columns: list[str], source: Source) -> list[TablePlan]:
    """Plans in which the next column that says a thing stands in where one is blank, as a name where some, or all, items have no number.
    What is said beside the main table is said of the main table's products. columns: the source's own and those added to it.
    """
    here = by_plain(columns)

    def filled(plan: TablePlan, target: str) -> tuple[str, ...]:
        chosen = list(plan.columns[target].sources)
        for column in _candidates(mapping, plan, here, target):
            if chosen[-1] not in source.columns or not source.has_blanks(chosen[-1]):
                break
            chosen += [column] * (column not in chosen)
        return tuple(chosen)

    ids = filled(plans[0], "product_id") if plans and plans[0].columns.get("product_id") else ()
    out = [_told_by(plan, *ids) if ids else plan for plan in plans]
    return [
        replace(
            plan,
            columns=plan.columns
            | {t: replace(plan.columns[t], sources=filled(plan, t)) for t in STOOD_IN_FOR if t in plan.columns and plan.columns[t].sources},
        )
        for plan in out
    ]


def _ids(mapping: Mapping, plan: TablePlan, present: dict[str, str]) -> list[str]:
    """The columns that may tell products apart, the likeliest first."""
    return _candidates(mapping, plan, present, "product_id") if "product_id" in plan.columns else []


def _candidates(mapping: Mapping, plan: TablePlan, present: dict[str, str], target: str) -> list[str]:
    """The columns that may say a thing, the likeliest first, without those that say others; a title may tell products apart."""
    free = (target, "title") if target == "product_id" else (target,)
    taken = {s for c, fed in plan.columns.items() if c not in free for s in fed.sources}
    known = (present.get(plain(name)) for name in mapping.tables[plan.table].feeds[target].columns)
    return [c for c in dict.fromkeys(known) if c is not None and c not in taken]


def _told_by(plan: TablePlan, *ids: str | None) -> TablePlan:
    """The plan with products told apart by these columns, the first that is not blank; a title that was the id stays it."""
    fed = plan.columns.get("product_id")
    if fed is None or not all(ids):
        return plan
    return replace(plan, columns={c: replace(f, sources=ids) if c == "product_id" or f is fed else f for c, f in plan.columns.items()})


def without_buyers_names(plan: TablePlan, source: Source) -> TablePlan:
    """The plan of products told beside sales, by their ids alone where a bare `name` differs from line to line: it is the buyer's."""
    lines, names, products = _names_on_lines(plan, source)
    return plan if names <= 2 * products else replace(plan, columns=plan.columns | {"title": plan.columns["product_id"]})


def names_goods(plan: TablePlan, source: Source) -> bool:
    """Whether a bare `name` beside sales is the product's beyond doubt: the same on several lines of it, whoever bought."""
    lines, names, products = _names_on_lines(plan, source)
    return products > 0 and lines >= 3 * products and names == products


def _names_on_lines(plan: TablePlan, source: Source) -> tuple[int, int, int]:
    """Of the first lines of sales that name products by a bare `name`: the lines, their different pairs of id and name, and ids; else 0."""
    title, ids = plan.columns.get("title"), plan.columns.get("product_id")
    if plan.table != "products" or not plan.derived or not title or not ids or plain(title.sources[0]) != "name":
        return 0, 0, 0
    if title.sources[0] in ids.sources or not {title.sources[0], ids.sources[0]} <= set(source.columns):
        return 0, 0, 0
    pairs = list(zip(*(column.to_pylist() for column in source.sample([ids.sources[0], title.sources[0]]).columns[2:])))
    return len(pairs), len(set(pairs)), len({i for i, _ in pairs})


def _share_of(stored: set[str], source: Source, column: str) -> float:
    """The share of a column's first cells that are ids of stored products."""
    cells = source.sample([column]).columns[2].to_pylist() if stored and column in source.columns else []
    return sum((cell or "").strip() in stored for cell in cells) / max(len(cells), 1)
