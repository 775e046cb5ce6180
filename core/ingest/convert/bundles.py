"""Lines of bundles beside lines of their parts: of the two, those that have the price are what was sold.

A part is known by a column that names its bundle's line or product, by one that both of them have, or by one that says what a line is.
Whether a bundle or its parts count is decided for each bundle of an order by where the price is; a person decides where both have one.
"""

from __future__ import annotations

from core.ingest.blanks import NO_TEXT, NO_VALUE
from core.ingest.convert.text_table import TextTable
from core.ingest.names import quoted
from core.ingest.questions import Answers, Question
from core.ingest.recognise.table_plan import TablePlan
from core.messages import msg

BUNDLES = "--bundles"  # the flag that says whether bundles or their parts count
WHOLE, PARTS, BOTH = "whole", "parts", "both"
CHOICES = (
    (WHOLE, msg("the bundle, without its parts")),
    (PARTS, msg("its parts, without the bundle")),
    (BOTH, msg("both, as sales of their own")),
)
PART = msg("The row is part of a bundle in another row.").template
OF_PARTS = msg("The row is a bundle whose parts count instead.").template
DEEPEST = 8  # bundles within bundles
MOST_LINES = 1000  # of an order whose lines are named by their places


def find(con, texts: TextTable, plan: TablePlan, answers: Answers) -> tuple[str, Question] | None:
    """Make the temporary table `bundle_aside` (line, reason) of lines that do not count.

    Returns the column that tells parts from bundles, and the question which of them count; None without any.
    """
    con.execute("create or replace temp table bundle_aside (line bigint, reason varchar)").fetchall()
    if plan.bundles is None:
        return None
    references, groups, kinds = plan.bundles.parents, plan.bundles.bundles, dict(plan.bundles.kinds)
    for column, link in [*((c, _by_name) for c in (*references, *groups)), *((c, _by_group) for c in groups)]:
        if link is _by_name and not _may_name(con, texts, plan.bundles.lines, column):
            continue
        _load(con, texts, plan, column)
        if link(con, len(plan.bundles.lines) + 1):
            return _decide(con, texts, plan, column, answers.get(BUNDLES, ""), by_price=link is _by_name)
    for column, values in kinds.items():
        _load(con, texts, plan, column)
        if _by_kind(con, values):
            return _decide(con, texts, plan, column, answers.get(BUNDLES, ""))
    return None


def _may_name(con, texts: TextTable, lines: tuple[str, ...], column: str) -> bool:
    """Return whether a column has the name of any line of the file, or the place of one in its order. The style of variants is neither."""
    cells = [texts.text(name, NO_TEXT) for name in lines if name != column]
    names = "".join(f" union all select distinct {cell} from {quoted(texts.table)} where {cell} is not null" for cell in cells)
    said = texts.text(column, NO_VALUE)
    found = con.execute(f"""select count(*) from (select distinct {said} as said from {quoted(texts.table)})
        where said in (select cast(unnest(range(1, {MOST_LINES})) as varchar){names})""").fetchone()
    return found[0] > 0


def _load(con, texts: TextTable, plan: TablePlan, column: str) -> None:
    """Make `bundle_lines`: the lines of orders in which a column is filled, with what it says, their amounts, and names k0, k1 ...

    The last name is a line's place within its order.
    """
    assert plan.bundles is not None

    def cell(target: str) -> str:
        filled = plan.columns.get(target)
        return texts.text(filled.sources[0], NO_TEXT) if filled and filled.sources else "null"

    order = cell("order_id")
    place = order if order != "null" else f"concat_ws('|', {cell('ordered_at')}, {cell('customer_id')})"
    names = "".join(f", {texts.text(name, NO_TEXT)} as k{i}" for i, name in enumerate(plan.bundles.lines))
    units, money = _amounts(texts, plan)
    said = f"nullif({texts.text(column, NO_VALUE)}, '0')"
    con.execute(f"""create or replace temp table bundle_lines as
        with lines as (select line, {place} as place, {said} as said, {units} as units, {money} as money{names}
            from {quoted(texts.table)} where broken is null)
        select *, cast(row_number() over (partition by place order by line) as varchar) as k{len(plan.bundles.lines)}
        from lines where place in (select place from lines where said is not null)""").fetchall()


def _amounts(texts: TextTable, plan: TablePlan) -> tuple[str, str]:
    """Return SQL of a line's units and of its money, null where the plan has none."""

    def number(target: str) -> str:
        filled = plan.columns.get(target)
        return f"abs({texts.number(filled.sources[0])})" if filled and filled.sources else "null::double"

    units = number("units") if plan.columns["units"].sources else "1::double"
    return units, number("line_total") if "line_total" in plan.columns else f"{number('unit_price')} * {units}"


def _by_name(con, names: int) -> bool:
    """Make `bundle_names` (line, place, own) and `bundle_parts` (place, node, line, own) where lines name others of their order.

    Returns whether any does. A line that names itself is the bundle.
    """
    named = "b.place = p.place and b.line <> p.line and b.{0} = p.said and p.{0} is distinct from p.said"
    each = "select p.line, p.place, p.said as node, p.{0} as own from bundle_lines p semi join bundle_lines b on " + named
    counts = {f"k{i}": con.execute(f"select count(*) from ({each.format(f'k{i}')})").fetchone()[0] for i in range(names)}
    *_, place = counts
    if counts[place] < con.execute("select count(said) from bundle_lines").fetchone()[0]:
        counts[place] = 0  # small numbers of anything else are places of lines by chance
    best = max(counts, key=counts.__getitem__)
    con.execute(f"create or replace temp table bundle_names as select line, place, {best} as own from bundle_lines").fetchall()
    con.execute(f"create or replace temp table bundle_parts as {each.format(best)}").fetchall()
    return counts[best] > 0


def _by_group(con, _: int) -> bool:
    """Make the same tables where the lines of a bundle share its number and one of them alone has a price."""
    con.execute("""create or replace temp table bundle_names as
        select line, place, case when money > 0 and sum((money > 0)::integer) over (partition by place, said) = 1 then said end as own
        from bundle_lines""").fetchall()
    con.execute("""create or replace temp table bundle_parts as select p.line, p.place, p.said as node, null::varchar as own
        from bundle_lines p semi join bundle_names b on b.place = p.place and b.own = p.said and b.line <> p.line""").fetchall()
    return con.execute("select count(*) from bundle_parts").fetchone()[0] > 0


def _by_kind(con, values: tuple[str, ...]) -> bool:
    """Make the same tables where these values say that a line is a part: of the line above that is none, or else of the next one."""
    con.execute(
        """create or replace temp table bundle_names as
        select line, place, case when list_contains($values, said) then null else cast(line as varchar) end as own from bundle_lines""",
        {"values": list(values)},
    ).fetchall()
    con.execute("""create or replace temp table bundle_parts as
        with each as (select *, coalesce(last_value(own ignore nulls) over (partition by place order by line),
            min_by(own, line) over (partition by place)) as node from bundle_names)
        select line, place, node, own from each where own is null and node is not null""").fetchall()
    return con.execute("select count(*) from bundle_parts").fetchone()[0] > 0


def _decide(con, texts: TextTable, plan: TablePlan, column: str, answer: str, by_price: bool = True) -> tuple[str, Question] | None:
    """Fill `bundle_aside`, the outermost bundles first, and return the question what counts."""
    con.execute("create or replace temp table bundle_unsure (line bigint, is_part boolean, units double, money double)").fetchall()
    sure: set[str] = set()
    for _ in range(DEEPEST):
        _outermost(con, answer or WHOLE, by_price)
        decided = {one for (one,) in con.execute("select distinct counts from bundle_members where is_sure").fetchall()}
        if not con.execute("select count(*) from bundle_members").fetchone()[0]:
            break
        sure |= decided
        con.execute("insert into bundle_unsure select line, is_part, units, money from bundle_members where not is_sure").fetchall()
        if answer != BOTH:
            con.execute(
                """insert into bundle_aside select distinct line, case when is_part then $part else $whole end from bundle_members
                where counts = 'whole' and is_part or counts = 'parts' and not is_part""",
                {"part": PART, "whole": OF_PARTS},
            ).fetchall()
        con.execute("""delete from bundle_parts p using bundle_members m
            where p.line = m.line and m.is_part and (m.counts <> 'parts' or p.place = m.place and p.node = m.root)""").fetchall()
    question = _question(con, texts, plan, column, sure)
    return (column, question) if question else None


def _outermost(con, otherwise: str, by_price: bool) -> None:
    """Make `bundle_members`: the lines of bundles that are no parts themselves and of all their parts, with what counts of each bundle."""
    con.execute(
        """create or replace temp table bundle_members as
        with recursive wholes as (select * from bundle_names n anti join bundle_parts p on n.line = p.line),
        roots as (select distinct p.place, p.node from bundle_parts p semi join wholes w on w.place = p.place and w.own = p.node),
        down as (
            select p.place, p.node as root, p.line, p.own from bundle_parts p semi join roots r on r.place = p.place and r.node = p.node
            union
            select d.place, d.root, p.line, p.own from down d join bundle_parts p on p.place = d.place and p.node = d.own
        ),
        members as (
            select distinct place, root, line, true as is_part from down
            union all
            select w.place, w.own, w.line, false from wholes w semi join roots r on r.place = w.place and r.node = w.own
        ),
        amounts as (select m.*, l.units, l.money from members m join bundle_lines l on l.line = m.line),
        sums as (
            select place, root, coalesce(sum(money) filter (where not is_part), 0) as of_whole,
                coalesce(sum(money) filter (where is_part), 0) as of_parts
            from amounts group by place, root
        )
        select a.*, $by_price and (of_whole > 0) <> (of_parts > 0) as is_sure,
            case when not is_sure then $otherwise when of_whole > 0 then 'whole' else 'parts' end as counts
        from amounts a join sums s on a.place = s.place and a.root = s.root""",
        {"otherwise": otherwise, "by_price": by_price},
    ).fetchall()


def _question(con, texts: TextTable, plan: TablePlan, column: str, sure: set[str]) -> Question | None:
    """Return the question what counts: open where the price does not say, else with what was done as its proposal."""
    file, named = texts.source.file, repr(column)
    unsure = con.execute("select count(*), coalesce(sum(units), 0), coalesce(sum(money), 0) from bundle_unsure group by is_part").fetchall()
    if unsure:
        units, money = _amounts(texts, plan)
        totals = con.execute(f"select count(*), sum({units}), sum({money}) from {quoted(texts.table)} where broken is null").fetchone()
        share = max(part / whole for parts in unsure for part, whole in zip(parts, totals) if whole)
        about = msg(
            "{file} has both bundles and their parts in orders (column {column}). Which of them count as sales?", column=named, file=file
        )
        return Question(BUNDLES, "", WHOLE, CHOICES, about, file, rows=sum(rows for rows, *_ in unsure), share=min(share, 1.0))
    if not sure:
        return None
    about = msg(
        "{file} has both bundles and their parts in orders (column {column}). Lines without a price are set aside.",
        column=named,
        file=file,
    )
    proposal = WHOLE if WHOLE in sure else PARTS
    choices = tuple(choice for choice in CHOICES if choice[0] in (proposal, BOTH))
    ((rows,),) = con.execute("select count(*) from bundle_aside").fetchall()
    return Question(BUNDLES, "", proposal, choices, about, file, rows=rows, share=0.0)
