"""The statement of an import: months, gaps, columns and first rows, before anything is stored; and what nobody knows by name."""

from __future__ import annotations

import json
from datetime import date, timedelta

import pytest
from fixtures.importing import ORDERS, PRODUCTS, stored, write

from core.errors import UserError
from core.ingest import import_files
from core.ingest.statement import Month
from core.ingest.store import source as storing

GERMAN = (
    "Bestellnummer,Bestelldatum,Artikelnummer,Artikelbezeichnung,Menge,Einzelpreis,Bemerkung\n"
    '1,05.03.2024,A1,Rote Tasse,2,"4,50",\n1,05.03.2024,B2,Blaue Lampe,1,"19,00",\n2,16.03.2024,A1,Rote Tasse,1,"4,50",eilig\n'
)


def lines_of(days: list[date], units: int = 1, order: str = "o") -> str:
    return "ordered_at,product_id,units,unit_price,order_id\n" + "".join(f"{d},A,{units},2.50,{order}{i}\n" for i, d in enumerate(days))


def every_day(first: date, count: int) -> list[date]:
    return [first + timedelta(days=i) for i in range(count)]


def statement_of(workspace, tmp_path, text: str, **given):
    report = import_files(workspace, [write(tmp_path, "orders.csv", text)], dry_run=True, **given)
    return report.files[0].main.statement


def test_months_have_orders_units_and_money_and_what_the_warehouse_will_hold(workspace, tmp_path):
    import_files(workspace, [write(tmp_path, "old.csv", lines_of(every_day(date(2024, 1, 30), 2)))])
    found = statement_of(workspace, tmp_path, lines_of(every_day(date(2024, 1, 30), 3), units=2, order="n"))
    assert found.months == [
        Month("2024-01", 2, 2, 4, 1000, stored_rows=4, stored_units=6, stored_cents=1500),
        Month("2024-02", 1, 1, 2, 500, stored_rows=1, stored_units=2, stored_cents=500),
    ]


def test_months_without_rows_and_months_far_above_others_are_remarked(workspace, tmp_path):
    days = [d for d in every_day(date(2024, 1, 1), 180) if d.month != 3] + [date(2024, 5, 3)] * 200
    found = statement_of(workspace, tmp_path, lines_of(days))
    assert {m.month: str(m.remark) for m in found.months if m.remark} == {
        "2024-03": "(no rows)",
        "2024-05": "(8 times the months beside it)",
    }
    assert [str(gap) for gap in found.gaps] == ["No rows from 1 Mar 2024 to 31 Mar 2024."]


def test_a_lone_later_day_is_not_the_last_day_with_usual_activity(workspace, tmp_path):
    found = statement_of(workspace, tmp_path, lines_of([*every_day(date(2024, 1, 1), 60), date(2024, 9, 1)]))
    assert (found.last_day, found.last_usual_day) == (date(2024, 9, 1), date(2024, 2, 29))


def test_every_column_is_read_somewhere_or_described_without_its_values(workspace, tmp_path):
    text = ORDERS.replace("country\n", "country,Notiz,e-mail\n").replace("Kingdom\n", "Kingdom,ruf an,a@b.de\n").replace("ny\n", "ny,,\n")
    found = statement_of(workspace, tmp_path, text)
    assert [c.name for c in found.columns] == text.splitlines()[0].split(",")
    assert found.columns[0].read_as == ("orders.ordered_at",)
    assert [str(c.looks) for c in found.columns if c.looks] == ["one value everywhere", "e-mail addresses"]
    assert "a@b.de" not in json.dumps(found.as_dict()) and "ruf an" not in json.dumps(found.as_dict())


def test_the_first_rows_are_shown_as_they_will_be_stored(workspace, tmp_path):
    found = statement_of(workspace, tmp_path, ORDERS)
    assert [row["units"] for row in found.examples] == [2, 1, -1] and found.examples[0]["unit_price_cents"] == 450
    assert found.examples[0]["customer_id"] != "c1"


def test_a_statement_is_stored_with_its_import(workspace, tmp_path):
    import_files(workspace, [write(tmp_path, "orders.csv", ORDERS), write(tmp_path, "products.csv", PRODUCTS)])
    kept = {table: json.loads(text) for table, text in stored(workspace, "select table_name, statement from statements")}
    assert set(kept) == {"orders", "products"} and kept["orders"]["read"] == 3
    assert kept["orders"]["statement"]["months"][0] | {"remark": None} == {
        "month": "2024-03", "rows": 3, "orders": 2, "units": 2.0, "cents": 2350, "remark": None,
        "stored_rows": 3, "stored_units": 2.0, "stored_cents": 2350,
    }  # fmt: skip


def test_a_warehouse_that_differs_from_the_statement_is_an_error_and_nothing_is_stored(workspace, tmp_path, monkeypatch):
    merge = storing.merge

    def losing(con, staged, **given):
        merged = merge(con, staged, **given)
        con.execute("update orders set unit_price_cents = unit_price_cents + 1 where order_id = 'o2'")
        return merged

    monkeypatch.setattr(storing, "merge", losing)
    with pytest.raises(AssertionError, match="2024-03: stated .*2350.* stored .*2351"):
        import_files(workspace, [write(tmp_path, "orders.csv", ORDERS)])
    assert not workspace.warehouse.exists()


def test_a_line_lost_beside_stored_ones_is_an_error(workspace, tmp_path, monkeypatch):
    import_files(workspace, [write(tmp_path, "orders.csv", ORDERS)])
    merge = storing.merge

    def losing(con, staged, **given):
        merged = merge(con, staged, **given)
        con.execute("delete from orders where order_id = 'o9'")
        return merged

    monkeypatch.setattr(storing, "merge", losing)
    with pytest.raises(AssertionError, match="1 lines of 2024-03"):
        import_files(workspace, [write(tmp_path, "more.csv", ORDERS.replace("o2", "o9"))])


@pytest.mark.parametrize(
    ("text", "sentence"),
    [(ORDERS, "The files contain sales."), (PRODUCTS, "These files contain no sales, views or reviews, which a forecast needs.")],
)
def test_a_dry_run_says_first_whether_anything_tells_of_sales(workspace, tmp_path, text, sentence):
    report = import_files(workspace, [write(tmp_path, "a.csv", text)], dry_run=True)
    assert str(report.text()).splitlines()[1] == sentence


def test_an_import_without_questions_is_stored_without_a_confirmation(workspace, tmp_path):
    assert import_files(workspace, [write(tmp_path, "orders.csv", ORDERS)]).open() == []


def test_a_dry_run_proposes_columns_that_nobody_knows_by_their_values(workspace, tmp_path):
    report = import_files(workspace, [write(tmp_path, "export.csv", GERMAN)], dry_run=True)
    assert {q.name: q.proposal for q in report.open()} == {
        "orders.ordered_at": "Bestelldatum",
        "orders.product_id": "Artikelnummer",
        "orders.units": "Menge",
        "orders.unit_price": "Einzelpreis",
        "orders.order_id": "Bestellnummer",
        "products.title": "Artikelbezeichnung",
    }


def test_the_flags_of_a_refusal_can_be_followed_as_written(workspace, tmp_path):
    file = write(tmp_path, "export.csv", GERMAN)
    with pytest.raises(UserError) as error:
        import_files(workspace, [file])
    assert len(str(error.value)) <= 600
    typed = [word for word in str(error.value.to_do).rstrip(".").split() if "=" in word]
    import_files(workspace, [file], columns=tuple(typed))
    assert stored(workspace, "select sum(units), sum(units * unit_price_cents) from orders") == [(4, 3250)]


def test_a_file_that_may_hold_sales_waits_for_its_columns_and_does_not_hide_the_others_in_a_dry_run(workspace, tmp_path):
    files = [write(tmp_path, "products.csv", PRODUCTS), write(tmp_path, "export.csv", "sku,qty,Tag\nA1,2,05.03.2024\nB2,1,06.03.2024\n")]
    report = import_files(workspace, files, dry_run=True)
    assert [f.refused for f in report.files] == [False, True] and report.files[0].main.kept == 2
    assert [q.argument() for q in report.open()] == ["--column orders.ordered_at=Tag"]
    with pytest.raises(UserError, match="--column orders.ordered_at=Tag"):
        import_files(workspace, files)


def test_a_column_read_into_two_places_is_a_question(workspace, tmp_path):
    file = write(tmp_path, "orders.csv", "date,sku,Menge\n2024-03-05,A1,2\n")
    columns = ("orders.units = Menge", "orders.unit_price = Menge")
    report = import_files(workspace, [file], columns=columns, dry_run=True)
    assert "Column 'Menge' is read as" in str(report.text())


def test_a_file_that_cannot_be_opened_is_left_out_with_the_reason_and_does_not_stop_the_others(workspace, tmp_path):
    broken = tmp_path / "stock.xlsx"
    broken.write_bytes(b"PK\x03\x04 no workbook")
    report = import_files(workspace, [broken, write(tmp_path, "orders.csv", ORDERS)])
    left_out = {f.file: str(f.left_out) for f in report.files if f.left_out}
    assert list(left_out) == ["stock.xlsx"] and stored(workspace, "select count(*) from orders") == [(3,)]
    with pytest.raises(UserError):
        import_files(workspace, [broken])
