"""How numbers, dates and ids are written in a source: decided over whole columns."""

from __future__ import annotations

from core.errors import UserError
from core.ingest.blanks import NO_TEXT, NO_VALUE
from core.ingest.convert import formats
from core.ingest.convert.date_columns import DateColumn
from core.ingest.convert.text_table import TextTable
from core.ingest.names import quoted
from core.ingest.persons.column_names import BIRTH, attribute_kind
from core.ingest.questions import Answers, Question
from core.ingest.recognise.mapping import Mapping
from core.ingest.recognise.rules import RULES, target_column
from core.ingest.recognise.table_plan import TablePlan
from core.messages import msg, nmsg
from core.schema import Column

ROUNDED_ID = msg("A spreadsheet has rounded an id.").template
DECIMAL = "--decimal"
SHARE = msg("A percentage where an amount is expected.").template


def decide_formats(con, texts: TextTable, plans: list[TablePlan], mapping: Mapping, answers: Answers) -> None:
    """Fill decimals, dates, floats and currency for the columns that the plans use, and break rows whose ids or amounts are none."""
    filled = [(target_column(plan.table, target), f) for plan in plans for target, f in plan.columns.items() if f.sources]
    typed, options, births = texts.source.typed, mapping.options, set[str]()
    for column, f in filled:
        source = f.sources[0]
        if column is None and attribute_kind(source) == BIRTH:
            births.add(source)
            texts.dates[source] = formats.TYPED if typed.get(source) == "time" else f.rule.format or options.date_format
        if column is None or column.type == "VARCHAR":
            continue
        if column.type in ("DOUBLE", "BIGINT"):
            if f.rule.format not in ("", ".", ","):
                raise UserError(
                    found=msg("The mapping has the format {format} for column {column}.", format=repr(f.rule.format), column=repr(source)),
                    expected=msg('The format of a number is its decimal sign, "." or ",".'),
                    to_do=msg("Correct it in the mapping."),
                )
            for read in (source, *f.minus):
                texts.decimals[read] = formats.TYPED if typed.get(read) == "number" else f.rule.format or options.decimal
        else:
            texts.dates[source] = formats.TYPED if typed.get(source) == "time" else f.rule.format or options.date_format
    _decide_decimals(con, texts, [s for s, d in texts.decimals.items() if not d], answers)
    discounts = [
        f.sources[0] for plan in plans if plan.table == "promotions" for t, f in plan.columns.items() if t == "discount" and f.sources
    ]
    texts.percents = {s for s in discounts if s not in typed and _percents(con, texts, s)}
    days = {
        f.sources[0]: plan.table
        for plan in reversed(plans)
        for target, f in plan.columns.items()
        if f.sources and target == RULES[plan.table].day
    }
    _decide_dates(con, texts, [s for s, d in texts.dates.items() if not d and s not in births], days, answers)
    for source in births:  # unasked: for a band, the order of day and month and a year alone are good enough
        texts.dates[source] = texts.dates[source] or DateColumn(con, texts, source, "", answers).decide()
    ids = [s for column, f in filled if column is not None and _is_id(column) for s in f.sources]
    _decide_floats(con, texts, [s for s in ids if s not in typed])
    for source, rows in _break(con, texts, ids, formats.ROUNDED, ROUNDED_ID).items():
        remark = nmsg(
            "a spreadsheet has rounded the id of {count} row. Export ids as text.",
            "a spreadsheet has rounded the ids of {count} rows. Export ids as text.",
            rows,
        )
        texts.remarks.append((source, remark))
    amounts = [f.sources[0] for column, f in filled if column is not None and column.name.endswith("_cents")]
    for source, rows in _break(con, texts, amounts, "ends_with({0}, '%')", SHARE).items():
        remark = nmsg(
            "{count} row has a percentage where an amount is expected. Export amounts, or skip the column in a mapping.",
            "{count} rows have a percentage where an amount is expected. Export amounts, or skip the column in a mapping.",
            rows,
        )
        texts.remarks.append((source, remark))
    found = _currencies(con, texts, plans, amounts)
    texts.currency, texts.mixed = found[0] if found else "", len(found) > 1


def _is_id(column: Column) -> bool:
    return column.name.endswith("_id") or column.name in ("source", "target")


def _break(con, texts: TextTable, sources: list[str], shape: str, reason: str) -> dict[str, int]:
    """Break the rows of which one of the columns has a value of that shape, SQL with {0} for the value; returns column -> rows."""
    cells = {source: texts.text(source, NO_TEXT) for source in sources}
    if not cells:
        return {}
    table = quoted(texts.table)
    counts = ", ".join(f"count(*) filter (where {shape.format(cell)})" for cell in cells.values())
    found = con.execute(f"select {counts} from {table} where broken is null").fetchone()
    broken = {source: rows for source, rows in zip(cells, found) if rows}
    for source in broken:
        query = f"update {table} set broken = $reason where broken is null and {shape.format(cells[source])}"
        (broken[source],) = con.execute(query, {"reason": reason}).fetchone()
    return {source: rows for source, rows in broken.items() if rows}


def _decide_decimals(con, texts: TextTable, undecided: list[str], answers: Answers) -> None:
    """Decide column by column. One without evidence follows the rest of its file; where that has none either, a person is asked."""
    if not undecided:
        return
    evidence = {s: _decimal_evidence(con, texts, s) for s in undecided}
    points, commas = (sum(counts[i] for counts in evidence.values()) for i in (0, 1))
    file_wide = "," if commas > points or commas == points and texts.source.delimiter == ";" else "."
    for source, (points_here, commas_here, either) in evidence.items():
        other = {".": ",", ",": "."}
        sign = file_wide if points_here == commas_here else "." if points_here > commas_here else ","
        if either and points_here == commas_here and (points_here or points == commas):
            sign = _ask_decimal(con, texts, source, sign, either, answers)
        texts.decimals[source] = sign + other[sign] if points_here and commas_here else sign
        if points_here and commas_here:
            remark = msg("{points} values have a decimal point and {commas} a decimal comma.", points=points_here, commas=commas_here)
            texts.remarks.append((source, remark))
        elif points_here != commas_here:
            texts.shown[f"{DECIMAL} {source}"] = sign


def _decimal_evidence(con, texts: TextTable, source: str) -> tuple[int, int, int]:
    """Count a column's values for a decimal point, for a decimal comma and for either, with a look at each different value once."""
    counted = ", ".join(f"coalesce(sum(times) filter (where {shape}), 0)" for shape in formats.decimal_evidence("cell"))
    return con.execute(f"""with cells as materialized (
            select {texts.text(source, NO_VALUE)} as cell, count(*) as times from {quoted(texts.table)} group by cell)
        select {counted} from cells""").fetchone()


def _ask_decimal(con, texts: TextTable, source: str, proposal: str, rows: int, answers: Answers) -> str:
    """Ask whether 1.234 is a thousand or a bit more than one; returns the answer, else the proposal."""
    cell = texts.text(source, NO_VALUE)
    what = f"min({cell}) filter (where regexp_matches({cell}, '[0-9][.,][0-9]{{3}}([^0-9]|$)')), count({cell})"
    example, filled = con.execute(f"select {what} from {quoted(texts.table)} where broken is null").fetchone()
    question = Question(
        DECIMAL,
        source,
        proposal,
        ((".", msg("decimal point")), (",", msg("decimal comma"))),
        msg(
            "The numbers in column {column}, such as {example}, may have a decimal point or a decimal comma.",
            column=repr(source),
            example=example,
        ),
        texts.source.file,
        rows,
        rows / max(filled, 1),
    )
    texts.questions.append(question)
    return answers.get(question.key, proposal)


def _percents(con, texts: TextTable, source: str) -> bool:
    """Return whether a column of discounts has bare numbers above 1, which are percentages."""
    cell = texts.text(source, NO_VALUE)
    value = formats.number(cell, texts.decimals[source])
    query = f"select count(*) from {quoted(texts.table)} where broken is null and not ends_with({cell}, '%') and {value} > 1"
    return con.execute(query).fetchone()[0] > 0


def _decide_dates(con, texts: TextTable, undecided: list[str], days: dict[str, str], answers: Answers) -> None:
    """Decide column by column. days: source columns that date the rows of a table -> that table."""
    for source in undecided:
        column = DateColumn(con, texts, source, days.get(source, ""), answers)
        texts.dates[source] = column.decide()
        texts.remarks += [(source, remark) for remark in column.remarks]
        texts.questions += column.questions
        texts.shown |= column.shown


def _decide_floats(con, texts: TextTable, ids: list[str]) -> None:
    cells = {source: texts.text(source, NO_TEXT) for source in ids}
    if not cells:
        return
    ending = ", ".join(f"count(*) filter (where ends_with({cell}, '.0'))" for cell in cells.values())
    found = con.execute(f"select {ending} from {quoted(texts.table)}").fetchone()
    for source in [source for source, rows in zip(cells, found) if rows]:
        number, whole = (f"count(*) filter (where regexp_full_match({cells[source]}, '[0-9]+{end}'))" for end in ("(\\.[0-9]+)?", "\\.0"))
        numbers, floats = con.execute(f"select {number}, {whole} from {quoted(texts.table)}").fetchone()
        if numbers and numbers == floats:
            texts.floats.add(source)


def _currencies(con, texts: TextTable, plans: list[TablePlan], amounts: list[str]) -> list[str]:
    """Return the values of a currency column, else the signs among the first amounts, the commonest first."""
    column = next((s for plan in plans if "currency" in plan.columns for s in plan.columns["currency"].sources), None)
    if column:
        text = f"upper({texts.text(column, NO_TEXT)})"
    else:
        amounts = [s for s in dict.fromkeys(amounts) if s not in texts.source.typed]
        if not amounts:
            return []
        text = formats.currency_sign("concat_ws(' ', " + ", ".join(texts.columns[s] for s in amounts) + ")")
    found = con.execute(f"""select x from (select {text} as x from {quoted(texts.table)} where broken is null limit 100000)
        where x is not null and x <> '' group by x order by count(*) desc, x limit 100""").fetchall()
    return list(dict.fromkeys(formats.currency_code(sign) for (sign,) in found))
