"""Staged rows into the canonical tables: what is there already is dropped, what is new is kept, the newest row of a natural key wins."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import date

from core.errors import UserError
from core.ingest.convert.checks import FIRST_DAY
from core.ingest.convert.staging import Staged
from core.ingest.recognise.names import quoted, untyped
from core.ingest.recognise.rules import EVENT_COUNTS, RULES
from core.schema import CANONICAL
from core.storage import duckdb as db

DAILY_KEY = ("product_id", "ordered_at", "channel", "country")
MOST_EVENTS = 50_000_000
TWICE, LATER, KNOWN = "the same row twice in this file", "a later row of this file says it anew", "already in the warehouse"
A_UNIT_MORE = "a row like another one of its order, whose units count it"
ADDED_UP = "added up with another row of its product and day"
DOUBLED = 0.01  # of the rows: as many lines may stand twice in an export of totals, more equal rows are as many sales

# What a row of orders is, as the report says it.
LINES = "read as single order lines"
TOTALS = "read as totals, one row a product and day: a newer file replaces the days it repeats"
SUMS = "read as single order lines, and added up to totals of a product and day: as such its days are stored"


@dataclass
class Merged:
    """What became of the valid rows of one file for one table. What is neither kept nor dropped here was known or told before."""

    kept: int
    dropped: dict[str, int] = field(default_factory=dict)
    first_day: date | None = None
    last_day: date | None = None
    touched: date | None = None  # the earliest day whose features change
    replaced: int = 0  # how many of the kept rows take the place of stored ones


def merge(con, staged: Staged, *, grain: str = LINES, rolled_up: bool = False) -> Merged:
    """Adds the staged rows that are valid to their table.

    grain: what a row of orders is. rolled_up: many rows make one product.
    """
    table, source = staged.plan.table, staged.table
    if table == "customers":
        source = _attributes(con, staged)
    if staged.plan.retold or rolled_up and table == "products":
        source = _commonest(con, staged, source)
    if table == "stock" and "location" in staged.plan.columns:
        return _over_locations(con, staged)
    if table == "events" and set(EVENT_COUNTS) & set(staged.plan.columns):
        return _event_counts(con, source)
    if table == "orders" and grain != LINES:
        return _totals(con, staged, grain)
    key = CANONICAL[table].key
    if key:
        return _by_key(con, staged, source, key)
    return _by_row(con, table, source, rolled_up, A_UNIT_MORE if staged.plan.row_is_a_unit else TWICE)


def grain(con, staged: Staged) -> str:
    """What the order rows of a file are: LINES, TOTALS, or SUMS of its lines.

    Totals have no order or customer ids, no time of day, and each product once a day, channel and country. Equal rows of that kind are
    sales, all but a few: those are doubled lines. What is stored as totals stays so: lines of the same days would stand beside them.
    """
    source = quoted(staged.table)
    ((rows, named, keys, different, counted),) = _run(
        con,
        f"""select count(*),
        count(*) filter (where order_id is not null or customer_id is not null or ordered_at <> date_trunc('day', ordered_at)),
        count(distinct ({_list(DAILY_KEY)})), count(distinct ({_list(CANONICAL["orders"].names)})),
        count(*) filter (where order_count <> 1) from {source} where problem is null""",
    )
    if not rows or named:
        return LINES
    if counted or keys == different and rows - keys <= DOUBLED * rows:
        return TOTALS
    ((stored, stored_keys),) = _run(
        con,
        f"""select count(*), count(distinct ({_list(DAILY_KEY)})) from orders
        where order_id is null and customer_id is null
        and ordered_at between (select min(ordered_at) from {source} where problem is null)
        and (select max(ordered_at) from {source} where problem is null)""",
    )
    return SUMS if stored and stored == stored_keys else LINES


def _run(con, query: str, **values) -> list[tuple]:
    return con.execute(query, values or None).fetchall()


def _list(names, prefix: str = "") -> str:
    return ", ".join(prefix + quoted(n) for n in names)


def _same(names, a: str, b: str) -> str:
    return " and ".join(f"{a}.{quoted(n)} is not distinct from {b}.{quoted(n)}" for n in names)


def _day(moment) -> date | None:
    return moment.date() if hasattr(moment, "date") else moment


def _by_row(con, table: str, source: str, rolled_up: bool, equal: str) -> Merged:
    """The whole row is its identity. equal: why rows that are like another one are not kept.

    A row that says who (an order id, a visitor at a moment) stands once. Anonymous rows may well be equal, two buyers of the same thing,
    and so may rows of one order if products are rolled up: of those the larger number in any one file stands, so an overlapping export
    adds none twice.
    """
    names, day = CANONICAL[table].names, RULES[table].day
    once = (
        "false"
        if rolled_up
        else {
            "orders": "order_id is not null",
            "events": f"coalesce(visitor_id, customer_id) is not null and {day} <> date_trunc('day', {day})",
        }[table]
    )
    _run(
        con,
        f"""create or replace temp table given as select *, case when {once} then 1 else copies end as wanted
        from (select {_list(names)}, count(*) as copies from {quoted(source)} where problem is null group by all)""",
    )
    if table == "orders":
        _correct_orders(con)
    _missing(con, table)
    ((kept, again, first, last),) = _run(
        con,
        f"""select coalesce(sum(missing), 0)::bigint, coalesce(sum(copies - wanted), 0)::bigint,
        min({day}) filter (where missing > 0), max({day}) filter (where missing > 0) from fresh""",
    )
    ((replaced,),) = (
        _run(con, f"select coalesce(sum(missing), 0)::bigint from fresh f semi join corrected k on {_of_order('f')}")
        if table == "orders"
        else [(0,)]
    )
    _insert_copies(con, table)
    return Merged(kept, {equal: again} if again else {}, _day(first), _day(last), _day(first), replaced)


def _of_order(lines: str) -> str:
    """SQL: lines that belong to an order, product and day `k`. The day too, for receipt numbers may start anew every morning."""
    return f"{lines}.order_id = k.order_id and {lines}.product_id = k.product_id and {lines}.ordered_at::date = k.day"


def _correct_orders(con) -> None:
    """Takes out the stored lines of an order, product and day that `given` tells otherwise, and adds those to `corrected`.

    Lines that an earlier file of this import brought stay: an export may break off within an order and go on in its next file.
    """
    names = CANONICAL["orders"].names
    for table in ("told_orders", "corrected"):
        _run(con, f"create temp table if not exists {table} (order_id varchar, product_id varchar, day date)")
    _run(
        con,
        """create or replace temp table orders_given as
        select distinct order_id, product_id, ordered_at::date as day from given where order_id is not null""",
    )
    _run(
        con,
        f"""insert into corrected
        with untold as (select * from orders_given anti join told_orders using (order_id, product_id, day)),
        stored as (select {_list(names, "o.")}, count(*) as copies from orders o semi join untold k on {_of_order("o")} group by all)
        select distinct s.order_id, s.product_id, s.ordered_at::date from stored s left join given g on {_same(names, "s", "g")}
        where g.wanted is null or g.wanted < s.copies""",
    )
    _run(
        con,
        f"""delete from orders where rowid in (select o.rowid from orders o
        semi join (select * from corrected anti join told_orders using (order_id, product_id, day)) k on {_of_order("o")})""",
    )
    _run(con, "insert into told_orders select * from orders_given")


def _missing(con, table: str) -> None:
    """Makes `fresh`: the rows of `given`, with how many of each that are `wanted` are `missing` in the warehouse."""
    names, day = CANONICAL[table].names, RULES[table].day
    renamed = ", ".join(f"{quoted(n)} as s{i}" for i, n in enumerate(names))
    same = " and ".join(f"g.{quoted(n)} is not distinct from s.s{i}" for i, n in enumerate(names))
    _run(
        con,
        f"""create or replace temp table fresh as
        with stored as (select {renamed}, count(*) as stored_copies from {quoted(table)}
            where {day} between (select min({day}) from given) and (select max({day}) from given) group by all)
        select g.*, greatest(g.wanted - coalesce(s.stored_copies, 0), 0) as missing from given g left join stored s on {same}""",
    )
    _run(con, "drop table given")


def _insert_copies(con, table: str) -> None:
    names = _list(CANONICAL[table].names)
    _run(con, f"insert into {quoted(table)} ({names}) select {names} from fresh where missing = 1")
    _run(con, f"insert into {quoted(table)} ({names}) select {names} from fresh, unnest(range(missing)) where missing > 1")
    _run(con, "drop table fresh")


def _event_counts(con, source: str) -> Merged:
    """Totals of views, carts or wishlists a row: each stands for that many events."""
    names = CANONICAL["events"].names
    rest = _list(n for n in names if n != "kind")
    told = " union all ".join(
        f"select line, {rest}, '{kind}' as kind, {column} as copies from {quoted(source)} where problem is null and {column} > 0"
        for column, kind in EVENT_COUNTS.items()
    )
    _run(con, f"create or replace temp table told as {told}")
    ((events,),) = _run(con, "select coalesce(sum(copies), 0)::bigint from told")
    if events > MOST_EVENTS:
        raise UserError(f"at most {MOST_EVENTS:,} views in one file", f"{events:,}", "split the file by dates, or give fewer products")
    _run(con, f"create or replace temp table given as select {_list(names)}, sum(copies)::bigint as wanted from told group by all")
    _missing(con, "events")
    ((kept, first, last),) = _run(
        con,
        f"""select count(distinct t.line), min(t.occurred_at), max(t.occurred_at)
        from told t join fresh f on {_same(names, "t", "f")} where f.missing > 0""",
    )
    _insert_copies(con, "events")
    return Merged(kept, {}, _day(first), _day(last), _day(first))


def _totals(con, staged: Staged, grain: str) -> Merged:
    """Totals of a product and day. Where it is SUMS the file's lines are added up to such, and so are stored lines of the same days."""
    source, added_up = staged.table, 0
    if "order_count" not in staged.columns:  # a total is no one order: who sells daily could never sell more often
        _run(con, f"update {quoted(source)} set order_count = greatest(round(abs(units)), 1) where problem is null")
    if grain == SUMS:
        _add_up(con, f"select * from {quoted(staged.table)} where problem is null", "sums")
        ((added_up,),) = _run(con, f"select count(*) - (select count(*) from sums) from {quoted(staged.table)} where problem is null")
        source = "sums"
    days = [n for n in DAILY_KEY if n != "ordered_at"]
    _run(
        con,
        f"""create or replace temp table lines as select 0 as line, o.*, o.rowid as stored_row from orders o
        semi join {quoted(source)} l on l.problem is null and l.ordered_at = date_trunc('day', o.ordered_at) and {_same(days, "l", "o")}
        where o.order_id is null and o.customer_id is null
        qualify o.ordered_at <> date_trunc('day', o.ordered_at)
            or count(*) over (partition by date_trunc('day', o.ordered_at), {_list(days, "o.")}) > 1""",
    )
    _add_up(con, "select * replace (date_trunc('day', ordered_at) as ordered_at) from lines", "lines_sums")
    names = _list(CANONICAL["orders"].names)
    _run(con, "delete from orders where rowid in (select stored_row from lines)")
    _run(con, f"insert into orders ({names}) select {names} from lines_sums")
    merged = _by_key(con, staged, source, DAILY_KEY)
    return replace(merged, dropped={ADDED_UP: added_up}) if added_up else merged


def _add_up(con, rows: str, table: str) -> None:
    """Order lines as totals of a product and day: units and orders add up, the price is the average of a unit."""
    price = "sum(abs(units) * unit_price_cents) / nullif(sum(abs(units)) filter (where unit_price_cents is not null), 0)"
    _run(
        con,
        f"""create or replace temp table {table} as select max(line) as line, null::integer as problem, {_list(DAILY_KEY)},
        sum(units) as units, round({price})::bigint as unit_price_cents, sum(discount_cents)::bigint as discount_cents,
        sum(order_count)::bigint as order_count, null::varchar as order_id, null::varchar as customer_id
        from ({rows}) group by {_list(DAILY_KEY)}""",
    )


def _one_total_each(con, staged: Staged, source: str) -> None:
    """Refuses a total that another file of this import has told otherwise: one of the two would be lost."""
    _run(con, f"create temp table if not exists told_totals as select {_list(DAILY_KEY)}, null::varchar as file from orders limit 0")
    told = _run(
        con,
        f"""select f.product_id, f.ordered_at::date, t.file, count(*) over () from fresh f
        join told_totals t on {_same(DAILY_KEY, "f", "t")} order by all limit 1""",
    )
    if told:
        ((product, day, file, times),) = told
        raise UserError(
            "one total of a product and day among the files of an import",
            f"others in {staged.file} than in {file} for {times:,} of them, the first being {product} on {day}",
            "if they are parts of the shop, give each file a column `channel`, or import what they add up to; "
            "if one corrects the other, import it by itself, after the other",
        )
    _run(
        con,
        f"""insert into told_totals
        select distinct {_list(DAILY_KEY)}, $file from {quoted(source)} where problem is null""",
        file=staged.file,
    )


def _by_key(con, staged: Staged, source: str, key: tuple[str, ...]) -> Merged:
    """The last row of a key in the file replaces the stored one, in the columns that the file has.

    What order lines tell of a product only fills what is empty: a list of products knows better.
    """
    table = staged.plan.table
    names, day = CANONICAL[table].names, RULES[table].day
    given = names if table == "customers" else staged.columns
    news = [c for c in given if c not in key]
    value = {c: f"{'l' if c in given or c in key else 's'}.{quoted(c)}" for c in names}
    if table == "products" and staged.plan.retold:
        value |= {c: f"coalesce(s.{quoted(c)}, l.{quoted(c)})" for c in news}
        value["title"] = "case when s.title is null or s.title = s.product_id then l.title else s.title end"
    if table == "orders":
        value["order_count"] = "l.order_count"
    differs = " or ".join(f"{value[c]} is distinct from s.{quoted(c)}" for c in news) or "false"
    last = "(line, attribute)" if table == "customers" else "line"  # one line of a customer tells several attributes
    totals = " where order_id is null and customer_id is null" if table == "orders" else ""
    _run(
        con,
        f"""create or replace temp table fresh as
        with stored as (select *, rowid as stored_row from {quoted(table)}{totals}),
        latest as (select * from {quoted(source)} where {last} in
            (select max({last}) from {quoted(source)} where problem is null group by {_list(key)}))
        select l.line, s.stored_row, {f"s.{day}" if day else "null::date"} as stored_day,
            {", ".join(f"{v} as {quoted(c)}" for c, v in value.items())}
        from latest l left join stored s on {_same(key, "l", "s")}
        where s.stored_row is null or {differs}""",
    )
    if table == "orders":
        _one_total_each(con, staged, source)
    days = f"min({day}), max({day}), min(least({day}, stored_day))" if day else "null, null, null"  # a row may leave the day it had
    ((kept, replaced, first, last, touched),) = _run(
        con,
        f"""select count(distinct line),
        count(distinct line) filter (where stored_row is not null), {days} from fresh""",
    )
    if table == "customers":
        touched = db.rows(con, "staging/changed_customers")[0]["first_day"]
    elif kept and not day:
        touched = FIRST_DAY
    ((valid, keys),) = _run(con, f"select count(distinct line), count(distinct ({_list(key)})) from {quoted(source)} where problem is null")
    _run(con, f"delete from {quoted(table)} where rowid in (select stored_row from fresh)")
    _run(con, f"insert into {quoted(table)} ({_list(names)}) select {_list(names)} from fresh")
    dropped = {}
    if table != "customers" and not staged.plan.retold and valid > keys:
        ((different,),) = _run(con, f"select count(distinct ({_list(names)})) from {quoted(source)} where problem is null")
        dropped = {why: n for why, n in ((TWICE, valid - different), (LATER, different - keys)) if n}
    return Merged(kept, dropped, _day(first), _day(last), _day(touched), replaced)


def _over_locations(con, staged: Staged) -> Merged:
    """stock: what lies at all places of a product together; of two rows of one place the later one counts."""
    source, key = quoted(staged.table), _list(CANONICAL["stock"].key)
    _run(
        con,
        f"""create or replace temp table everywhere as
        with last as (select *, row_number() over (partition by {key}, location order by line desc) as place
            from {source} where problem is null)
        select max(line) as line, null::integer as problem, {key}, sum(on_hand) as on_hand, sum(on_order) as on_order, count(*) as places
        from last where place = 1 group by {key}""",
    )
    merged = _by_key(con, staged, "everywhere", CANONICAL["stock"].key)
    ((valid,),) = _run(con, f"select count(*) from {source} where problem is null")
    ((told, kept, replaced),) = _run(
        con,
        """select coalesce(sum(places), 0)::bigint,
        coalesce(sum(places) filter (where f.line is not null), 0)::bigint,
        coalesce(sum(places) filter (where f.stored_row is not null), 0)::bigint from everywhere e left join fresh f using (line)""",
    )
    return replace(merged, kept=kept, replaced=replaced, dropped={LATER: valid - told} if valid > told else {})


def _attributes(con, staged: Staged) -> str:
    """customers: one row a customer and attribute. Returns the name of the table."""
    attributes = {f"a{i}": a for i, a in enumerate(staged.columns) if a != "customer_id"}
    told = " union all ".join(
        f"select line, problem, customer_id, {attribute}::varchar as attribute, {value} as value from {quoted(staged.table)}"
        for attribute, value in [(f"${a}", a) for a in attributes] or [("null", "null::varchar")]
    )
    _run(
        con,
        f"""create or replace temp table long_customers as
        select * from ({told}) where problem is null and value is not null""",
        **{a: untyped(name) for a, name in attributes.items()},
    )
    return "long_customers"


def _commonest(con, staged: Staged, source: str) -> str:
    """Many lines tell of one product: in each column the commonest value wins, the later of two equally common ones.

    Returns the name of the table.
    """
    table = staged.plan.table
    key = CANONICAL[table].key
    others = [c for c in staged.columns if c not in key] if table == "products" else ["value"]
    told = ", ".join(
        f"""{quoted("told_" + c)} as (select {_list(key)}, arg_max({quoted(c)}, (times, last)) as {quoted(c)} from
        (select {_list(key)}, {quoted(c)}, count(*) as times, max(line) as last from {quoted(source)}
        where problem is null and {quoted(c)} is not null group by all) group by all)"""
        for c in others
    )
    joined = " ".join(f"left join {quoted('told_' + c)} using ({_list(key)})" for c in others)
    needed = "title is not null" if table == "products" else "value is not null"
    _run(
        con,
        f"""create or replace temp table one_each as with {told},
        keys as (select {_list(key)}, max(line) as line from {quoted(source)} where problem is null group by all)
        select keys.line, null::integer as problem, keys.* exclude (line), {_list(others)} from keys {joined} where {needed}""",
    )
    return "one_each"
