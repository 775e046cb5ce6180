"""Every stored query keeps to the SQL that DuckDB and Spark read alike (core/storage/engine.py).

Each rule is one function over a parsed query; below, each is shown to catch an example. All files translate to Spark and keep the rules
about values. Those of features and scoring, which do run on Spark, keep the rules of ON_ENGINES too: the import's statements change the
warehouse, and a snapshot's checks read its files.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

sqlglot = pytest.importorskip("sqlglot")
from sqlglot import exp  # noqa: E402

from core.features.build import panel_sql  # noqa: E402
from core.features.tables import KEPT  # noqa: E402
from core.schema import CANONICAL, IMPORTS  # noqa: E402
from core.storage.duckdb import FOLDERS  # noqa: E402

REPOSITORY = Path(__file__).parents[2]
FILES = sorted((REPOSITORY / "core").rglob("*.sql"))
ENGINE_FOLDERS = {REPOSITORY / "core" / folder for kind in ("features", "scoring") for folder in FOLDERS[kind]}
WHOLE_NUMBERS = {c.name for t in (CANONICAL | IMPORTS).values() for c in t.columns if c.type in ("BIGINT", "INTEGER")} - set(
    KEPT["daily"].names
)
# A row's last sort key is one of these, so that no two rows tie: identifiers, and what a query has made one row of.
TIE_BREAKERS = {"product_id", "order_id", "unit_price_cents", "value", "table_name", "on_order", "segment", "grp", "rank", "step", "week"}
SAFE_SUMS = (exp.Cast, exp.Div, exp.Case)  # a sum inside one of these has a type of its own
OF_DECIMALS = (exp.If, exp.Case, exp.Coalesce, exp.Greatest, exp.Least, exp.Alias, exp.Select)


def first_line_that_asks_nothing(text: str, tree: exp.Expression) -> Iterator[str]:
    if not text.startswith("-- ") or len(text.splitlines()[0]) < 20:
        yield "the first line is a comment that says what the query answers"


def union_by_name(text: str, tree: exp.Expression) -> Iterator[str]:
    if any(union.args.get("by_name") for union in tree.find_all(exp.SetOperation)):
        yield "union by name: Spark pairs columns by place"


def integer_division(text: str, tree: exp.Expression) -> Iterator[str]:
    if tree.find(exp.IntDiv):
        yield "//: the engines round negative numbers and doubles differently; floor(a / b)"


def catalogue_tables(text: str, tree: exp.Expression) -> Iterator[str]:
    if any(table.db == "information_schema" or table.name.startswith("duckdb_") for table in tree.find_all(exp.Table)):
        yield "information_schema: Spark has none"


def files_named_in_sql(text: str, tree: exp.Expression) -> Iterator[str]:
    if any(isinstance(table.this, exp.ReadParquet) for table in tree.find_all(exp.Table)):
        yield "read_parquet: register the file with the engine"


def unplaced_nulls(text: str, tree: exp.Expression) -> Iterator[str]:
    placed = sum(token.text.lower() == "nulls" for token in sqlglot.tokenize(text, dialect="duckdb"))
    if placed < sum(1 for _ in tree.find_all(exp.Ordered)):
        yield "order by without nulls first or nulls last"


def divisors_that_may_be_zero(text: str, tree: exp.Expression) -> Iterator[str]:
    for division in tree.find_all(exp.Div):
        if not _positive(division.expression):
            yield f"divides by {division.expression.sql('duckdb')}: nullif(..., 0)"


def _positive(node: exp.Expression) -> bool:
    """A literal, a setting ($horizon_days), a nullif, a count of grouped rows, or a sum, product or root of such."""
    node = node.unnest()
    if isinstance(node, exp.Literal):
        return float(node.this) > 0
    if isinstance(node, exp.Add):
        return _literal(node.left) or _literal(node.right)  # smoothed: the other side is a count
    if isinstance(node, exp.Mul):
        return _positive(node.left) and _positive(node.right)
    if isinstance(node, (exp.Sqrt, exp.Cast)):
        return _positive(node.this)
    if isinstance(node, exp.Greatest):
        return any(_literal(part) for part in (node.this, *node.expressions))
    return isinstance(node, (exp.Placeholder, exp.Nullif)) or (isinstance(node, exp.Count) and isinstance(node.this, exp.Star))


def _literal(node: exp.Expression) -> bool:
    return isinstance(node.unnest(), exp.Literal) and _positive(node)


def casts_that_round(text: str, tree: exp.Expression) -> Iterator[str]:
    for cast in tree.find_all(exp.Cast):
        inner = cast.this.unnest()
        whole = isinstance(inner, (exp.Floor, exp.Ceil, exp.Round, exp.Literal, exp.Null, exp.Boolean, exp.DateDiff, exp.Count))
        text_id = isinstance(inner, exp.Column) and inner.name.endswith("_id")
        if cast.to.this in exp.DataType.INTEGER_TYPES and not whole and not text_id:
            yield f"{cast.sql('duckdb')}: DuckDB rounds and Spark cuts off; floor or round it first"


def sums_of_whole_numbers(text: str, tree: exp.Expression) -> Iterator[str]:
    for select in _answers(tree):
        for total in (total for column in select.expressions for total in column.find_all(exp.Sum)):
            whole = any(c.name in WHOLE_NUMBERS for c in total.this.find_all(exp.Column)) or _whole_literals(total.this)
            if whole and not isinstance(total.parent, SAFE_SUMS):
                yield f"{total.sql('duckdb')}: DuckDB widens a sum of integers; cast(... as double or bigint)"


def _whole_literals(node: exp.Expression) -> bool:
    """Every branch of a case is an integer literal."""
    if not isinstance(node, exp.Case):
        return False
    branches = [branch.args["true"] for branch in node.args["ifs"]] + [node.args["default"]] * ("default" in node.args)
    return all(isinstance(branch, exp.Literal) and branch.is_int for branch in branches if branch)


def _answers(tree: exp.Expression) -> Iterator[exp.Select]:
    """The selects whose columns are the answer, the branches of a union each."""
    if isinstance(tree, exp.SetOperation):
        yield from _answers(tree.left)
        yield from _answers(tree.right)
    elif isinstance(tree, exp.Select):
        yield tree


def decimals_by_accident(text: str, tree: exp.Expression) -> Iterator[str]:
    for literal in tree.find_all(exp.Literal):
        decimal = not literal.is_string and "." in literal.this and "e" not in literal.this.lower()
        above = literal.parent
        while isinstance(above, (exp.Paren, exp.Neg)):
            above = above.parent
        if decimal and isinstance(above, OF_DECIMALS) and not literal.find_ancestor(exp.Cast):
            beside = list(above.find_all(exp.Column)) if isinstance(above, (exp.Greatest, exp.Least, exp.Coalesce)) else []
            if not beside:
                yield f"{literal.this} in {above.sql('duckdb')} is a decimal: cast(... as double)"


def ties(text: str, tree: exp.Expression) -> Iterator[str]:
    numbered = [w.args["order"] for w in tree.find_all(exp.Window) if isinstance(w.this, exp.RowNumber) and w.args.get("order")]
    limited = [s.args["order"] for s in tree.find_all(exp.Select) if s.args.get("limit") and s.args.get("order")]
    for order in (*numbered, *limited):
        last = order.expressions[-1].this
        if not isinstance(last, exp.Column) or last.name not in TIE_BREAKERS:
            yield f"{order.sql('duckdb')}: the last key leaves ties"


def changes_of_tables(text: str, tree: exp.Expression) -> Iterator[str]:
    if not isinstance(tree, exp.Query):
        yield f"{type(tree).__name__.lower()}: the engine keeps answers (table, replace_days); a stored query selects"


def columns_named_twice(text: str, tree: exp.Expression) -> Iterator[str]:
    for select in tree.find_all(exp.Select):
        columns = [column for column in select.expressions if isinstance(column, (exp.Column, exp.Alias)) and not column.is_star]
        names = [column.alias_or_name for column in columns]
        for name in sorted({name for name in names if names.count(name) > 1}):
            yield f"column {name} is named twice"


def order_of_insertion(text: str, tree: exp.Expression) -> Iterator[str]:
    if any(column.name == "rowid" for column in tree.find_all(exp.Column)):
        yield "rowid: Spark keeps no order of insertion"


EVERYWHERE = (
    first_line_that_asks_nothing,
    union_by_name,
    integer_division,
    catalogue_tables,
    unplaced_nulls,
    divisors_that_may_be_zero,
    casts_that_round,
    sums_of_whole_numbers,
    decimals_by_accident,
    ties,
)
ON_ENGINES = (changes_of_tables, columns_named_twice, files_named_in_sql, order_of_insertion)


def complaints(text: str, rules=EVERYWHERE + ON_ENGINES) -> list[str]:
    """What is wrong with a stored query, by the rules. Raises sqlglot's error for one that does not translate."""
    statements = [tree for tree in sqlglot.parse(text, dialect="duckdb") if tree is not None]
    if len(statements) != 1:
        return [f"{len(statements)} statements: one question a file"]
    statements[0].sql("spark", unsupported_level=sqlglot.ErrorLevel.RAISE)
    return [complaint for rule in rules for complaint in rule(text, statements[0])]


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.relative_to(REPOSITORY / "core").as_posix())
def test_a_stored_query_keeps_to_the_subset(file):
    rules = EVERYWHERE + ON_ENGINES if file.parent in ENGINE_FOLDERS else EVERYWHERE
    assert complaints(file.read_text(encoding="utf-8"), rules) == []


def test_a_feature_keeps_to_the_subset():
    assert complaints(panel_sql()) == []


def test_features_and_scoring_are_among_the_files():
    assert ENGINE_FOLDERS <= {file.parent for file in FILES} and len(FILES) > 100


ASKS = "-- How many are there of each product?\n"


@pytest.mark.parametrize(
    ("planted", "complaint"),
    [
        ("select a from t", "first line is a comment"),
        (ASKS + "select a from t; select b from t", "2 statements"),
        (ASKS + "select a from t union all by name select b from u", "union by name"),
        (ASKS + "select a // 2 as half from t", "//"),
        (ASKS + "select column_name from information_schema.columns", "information_schema"),
        (ASKS + "select a from t order by product_id", "nulls first or nulls last"),
        (ASKS + "select row_number() over (order by product_id) as place from t", "nulls first or nulls last"),
        (ASKS + "select a / b as share from t", "divides by b"),
        (ASKS + "select a / sum(b) as share from t group by a", "divides by SUM(b)"),
        (ASKS + "select a / (b - 1) as share from t", "divides by (b - 1)"),
        (ASKS + "select cast(a / 7 as integer) as week from t", "floor or round"),
        (ASKS + "select sum(order_count) as orders from orders", "SUM(order_count)"),
        (ASKS + "select sum(case when a then 1 else 0 end) as n from t", "DuckDB widens"),
        (ASKS + "select avg(case when a then 1.0 else 0.0 end) as share from t", "is a decimal"),
        (ASKS + "select product_id, 0.0 as lost_units from t", "is a decimal"),
        (ASKS + "select coalesce(null, 0.5) as share from t", "is a decimal"),
        (ASKS + "select row_number() over (partition by product_id order by units desc nulls last) as place from t", "leaves ties"),
        (ASKS + "select a from t order by units desc nulls last limit 5", "leaves ties"),
        (ASKS + "select a, b as a from t", "named twice"),
        (ASKS + "select a from read_parquet($file)", "register the file"),
        (ASKS + "delete from t where day >= $first_day", "delete"),
        (ASKS + "insert into t select a from u", "insert"),
        (ASKS + "create or replace temp table t as select a from u", "create"),
        (ASKS + "select rowid as place from t", "order of insertion"),
    ],
)
def test_a_planted_violation_is_caught(planted, complaint):
    assert any(complaint in found for found in complaints(planted)), complaints(planted)


def test_what_both_engines_read_alike_passes():
    assert (
        complaints(
            ASKS
            + """select product_id, cast(floor(sum(units) / 7) as bigint) as week, sum(units) / nullif(sum(views), 0) as rate,
            (sum(carts) + 1) / (sum(views) + 2) as smoothed, cast(sum(order_count) as double) as orders,
            avg(case when on_hand <= 0 then cast(1 as double) else cast(0 as double) end) as out_of_stock
            from t group by product_id order by week desc nulls last, product_id nulls last limit $most"""
        )
        == []
    )
