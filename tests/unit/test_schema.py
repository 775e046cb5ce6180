"""The tables' records: what they promise, and what derives from them."""

from __future__ import annotations

import pytest

from core.capabilities.registry import serving_tables
from core.messages import show
from core.schema import CANONICAL, IMPORTS, Table, by_name, optional, required
from core.schema.arrow import arrow_schema
from core.storage import duckdb as db

EVERY_TABLE = [*CANONICAL.values(), *IMPORTS.values(), *serving_tables().values()]


def test_every_table_says_what_a_row_is_and_every_column_what_it_means():
    sentences = {t.name: t.row for t in EVERY_TABLE} | {f"{t.name}.{c.name}": c.meaning for t in EVERY_TABLE for c in t.columns}
    assert [
        name for name, text in sentences.items() if not (text[:1].isupper() or text[:1] == "`" or text[:1].isdigit()) or text[-1] != "."
    ] == []


def test_columns_of_money_time_and_units_name_their_unit():
    for table in EVERY_TABLE:
        for column in table.columns:
            if column.name.endswith("_cents"):
                assert column.unit == "cents", f"{table.name}.{column.name}"
            if column.name.endswith("_days") and column.type == "DOUBLE" and column.name != "order_days":
                assert column.unit == "days", f"{table.name}.{column.name}"


def test_each_canonical_table_has_a_title_and_what_it_adds_in_both_languages():
    for table in CANONICAL.values():
        for text in (table.title, table.adds):
            assert show(text, "zh") != show(text, "en"), table.name


def test_arrow_and_the_database_agree_on_every_type():
    with db.connect() as con:
        for table in serving_tables().values():
            con.execute(table.ddl())
            found = con.sql(f"select * from {table.name}").to_arrow_table().schema
            assert [(f.name, f.type) for f in found] == [(f.name, f.type) for f in arrow_schema(table)], table.name


def test_a_key_that_is_no_column_is_refused():
    with pytest.raises(ValueError, match="weight"):
        Table("parcels", "One parcel.", (required("parcel", "VARCHAR", "Parcel."),), key=("weight",))


def test_a_column_named_twice_is_refused():
    with pytest.raises(ValueError, match="parcel"):
        Table("parcels", "One parcel.", (required("parcel", "VARCHAR", "Parcel."), optional("parcel", "DOUBLE", "Weight.")))


def test_two_tables_of_one_name_are_refused():
    with pytest.raises(ValueError, match="same name"):
        by_name(CANONICAL["orders"], CANONICAL["orders"])


def test_a_table_is_expected_from_the_version_that_introduced_it():
    table = Table("parcels", "One parcel.", (required("parcel", "VARCHAR", "Parcel."),), since="0.10.0")
    assert [table.is_expected(version) for version in ("0.1.0", "0.9.9", "0.10.0", "1.0.0+local")] == [False, False, True, True]
