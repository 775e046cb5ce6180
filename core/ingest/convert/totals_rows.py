"""Rows that add up others, as reports have them: found by their name and proved by their sum or by a blank key."""

from __future__ import annotations

from functools import cache

from core.ingest.blanks import NO_TEXT, NO_VALUE
from core.ingest.convert import formats
from core.ingest.convert.text_table import TextTable
from core.ingest.names import quoted
from core.ingest.recognise.table_plan import TablePlan
from core.ingest.words import normalised, total_words
from core.messages import msg

TOTAL = msg("The row adds up other rows.").template
_QUANTITIES = ("units", "on_hand", "line_total", "views", "order_count")
_NEARLY = 1e-6


def find(con, texts: TextTable, plan: TablePlan) -> list[tuple[int, str]]:
    """Return (line, name) of each row that is a total: of all rows, of those since the one before, or of a product over all places."""
    named = _named(con, texts, plan)
    plainly = {line: name for line, name in named.items() if normalised(name) in total_words()}
    proved = _proved(con, texts, plan, plainly)
    if len(plainly) < len(named):  # totals of groups: a product may be called so too, so that all of them must be proved
        of_all = _proved(con, texts, plan, named)
        proved = of_all if len(of_all) == len(named) >= 2 else proved
    return proved + _over_places(con, texts, plan)


def _cells(texts: TextTable, plan: TablePlan) -> dict[str, str]:
    """Return source -> SQL of its text, of the columns that may hold the name of a total.

    What else names a product counts too: the number is blank on a row that adds up others, and the name says what it is.
    """
    targets = ("ordered_at", "day", "order_id", "product_id", "title", "category", "customer_id", "channel", "country", "location")
    named = [s for t in targets if t in plan.columns for s in plan.columns[t].sources[: None if t == "product_id" else 1]]
    return {s: texts.text(s, NO_TEXT) for s in dict.fromkeys(named) if s not in texts.source.typed}


def _named(con, texts: TextTable, plan: TablePlan) -> dict[int, str]:
    """Return line -> name of the rows that are named as totals in one of their cells; those of one place are not among them."""
    places = plan.columns["location"].sources if "location" in plan.columns else ()
    sources = {s for s in _cells(texts, plan) if s not in places}
    if not sources:
        return {}
    columns = ", ".join(texts.columns[s] for s in sorted(sources))
    rows = con.execute(
        f"select line, {columns} from {quoted(texts.table)} where regexp_matches(lower(concat_ws('|', {columns})), $pattern) order by line",
        {"pattern": _pattern()},
    ).fetchall()
    named = ((line, next((cell for cell in cells if cell and _is_total(cell)), "")) for line, *cells in rows)
    return {line: name.strip() for line, name in named if name}


@cache
def _pattern() -> str:
    """Return the regular expression (RE2) of rows, as cells between |, that may be named as totals."""
    words, groups = ("|".join(sorted(w.replace(" ", "[ _-]*") for w in total_words(role))) for role in ("words", "of_groups"))
    begin, end = r"(?:^|\|)\W*", r"\W*(?:\||$)"
    return f"{begin}(?:{words}){end}|{begin}(?:{groups})[ :_-]|[ :_-](?:{groups}){end}"


def _is_total(name: str) -> bool:
    """Return whether a name is that of a total, as "Grand total", or of a group's, as "East Total"."""
    word = normalised(name)
    return word in total_words() or any(word.endswith(f" {end}") or word.startswith(f"{end} ") for end in total_words("of_groups"))


def _proved(con, texts: TextTable, plan: TablePlan, named: dict[int, str]) -> list[tuple[int, str]]:
    """Return the named rows that have a blank key, or whose quantities are the sums of all other rows, of those of the
    same day or of those since the one before.

    Sums prove a name only if they hold in all of its rows: one may agree by chance.
    """
    quantity = next((plan.columns[q] for q in _QUANTITIES if q in plan.columns and plan.columns[q].sources), None)
    if not named or quantity is None:
        return []
    number = formats.number(texts.text(quantity.sources[0], NO_VALUE), texts.decimals.get(quantity.sources[0]) or ".")
    keys = [plan.columns[t].sources[0] for t in ("ordered_at", "day", "product_id") if t in plan.columns and plan.columns[t].sources]
    blank = " or ".join(f"{texts.text(s, NO_TEXT)} is null" for s in keys) or "false"
    lines = ", ".join(str(line) for line in named)
    dates = [s for t in ("ordered_at", "day") if t in plan.columns for s in plan.columns[t].sources[:1]]
    day = next((cell for s, cell in _cells(texts, plan).items() if s in dates), "null")
    rows = con.execute(f"""with numbered as (select line, {day} as day, {number} as n, {blank} as is_blank, line in ({lines}) as is_named
            from {quoted(texts.table)} where broken is null),
        sums as (select line, n, is_blank, is_named,
            sum(case when is_named then 0 else n end) over () as of_all,
            sum(case when is_named then 0 else n end) over (partition by day) as of_day,
            sum(case when is_named then 0 else n end) over (order by line) as so_far from numbered)
        select line, n, is_blank, of_all, of_day, so_far - coalesce(lag(so_far) over (order by line), 0) as since, so_far from sums
        where is_named order by line""").fetchall()
    adds_up = {line: any(n is not None and abs(n - s) <= _NEARLY for s in sums) for line, n, _, *sums in rows}
    by_chance = {named[line] for line, is_sum in adds_up.items() if not is_sum}
    return [(line, named[line]) for line, _, is_blank, *_ in rows if is_blank or named[line] not in by_chance]


def _over_places(con, texts: TextTable, plan: TablePlan) -> list[tuple[int, str]]:
    """Return the rows of stock that hold, of each product, the sum over all places."""
    if plan.table != "stock" or "location" not in plan.columns:
        return []
    place, product = (texts.text(plan.columns[t].sources[0], NO_TEXT) for t in ("location", "product_id"))
    source = plan.columns["on_hand"].sources[0]
    number = formats.number(texts.text(source, NO_VALUE), texts.decimals.get(source) or ".")
    day = texts.text(plan.columns["day"].sources[0], NO_TEXT) if plan.columns["day"].sources else "null"
    places = con.execute(f"select distinct {place} from {quoted(texts.table)} where {place} is not null").fetchall()
    names = [name for (name,) in places if normalised(name) in total_words("everywhere")]
    if not names:
        return []
    rows = con.execute(
        f"""with cells as (select line, {place} as place, {product} as product, {day} as day, {number} as n from {quoted(texts.table)}),
        others as (select product, day, sum(n) as total from cells where not list_contains($names, place) group by all)
        select line, place, n, total from cells left join others on cells.product = others.product
            and cells.day is not distinct from others.day where list_contains($names, place) order by line""",
        {"names": names},
    ).fetchall()
    agree = all(total is None or n is None or abs(n - total) <= _NEARLY for _, _, n, total in rows)
    return [(line, name) for line, name, _, total in rows if agree and total is not None]
