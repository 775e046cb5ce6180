"""Files beside others: those that look like sales are asked about, the rest is set aside, and a person may leave any of them out."""

from __future__ import annotations

import re
import shlex

import pytest
from fixtures.importing import stored, write

from core.cli.answers import read
from core.errors import UserError
from core.ingest import import_files

SALES = "order_id,date,sku,qty,price\n1,2024-03-05,A,2,9\n2,2024-03-06,B,1,4\n"
OWN_TILL = "Bestelldatum;Artikelnummer;Menge;Einzelpreis;Bestellnr\n" + "".join(
    f"{1 + i // 2:02}.03.2024;A{i % 5};{1 + i % 3};{3 + i % 5},50;B{i // 2}\n" for i in range(40)
)
NO_SALES = {
    "prices.csv": "Kennung;Lang;VK netto;Stand ab\n"
    + "".join(f"A{i};Tasse {'rot' * i};{i},50;0{1 + i % 3}.01.2024\n" for i in range(1, 9)),
    "rates.csv": "Tag,Kurs\n" + "".join(f"2024-03-{day:02},1.0{day % 10}\n" for day in range(1, 29)),
    "rota.csv": "Tag,Schicht,Stunden\n" + "".join(f"2024-03-{day:02},{'Früh' if day % 2 else 'Spät'},8\n" for day in range(1, 29)),
    "depots.csv": "Kennung,Halle,Plätze\n1,Nord,20\n2,Süd,20\n3,West,30\n",
}


@pytest.fixture
def beside(tmp_path):
    """Sales of known columns, and those of a till whose columns nobody knows."""
    return [write(tmp_path, "bestellungen.csv", OWN_TILL), write(tmp_path, "orders.csv", SALES)]


def typed(refusal: UserError) -> list[list[str]]:
    """Return the flags of a refusal's instruction, as a shell would split them."""
    return [shlex.split(flag) for flag in re.findall(r"--[a-z-]+ (?:'[^']*'|[^ ]*[^ .])", str(refusal.to_do))]


def answers_of(flags: list[list[str]]) -> dict[str, str]:
    given: dict[str, list[str] | None] = {}
    for flag, value in flags:
        given.setdefault(flag.strip("-").replace("-", "_"), []).append(value)  # type: ignore[union-attr]
    return read(given)


def test_sales_of_unknown_columns_beside_known_ones_are_asked_about(workspace, beside):
    report = import_files(workspace, beside, dry_run=True)
    assert {q.name: q.proposal for q in report.open()} == {
        "orders.ordered_at": "Bestelldatum",
        "orders.product_id": "Artikelnummer",
        "orders.units": "Menge",
    }
    assert report.files[0].refused and report.files[1].main.kept == 2
    with pytest.raises(UserError, match="bestellungen.csv has the columns"):
        import_files(workspace, beside)
    assert not workspace.warehouse.exists()


def test_the_flags_of_the_refusal_read_the_file_as_they_are_written(workspace, beside):
    with pytest.raises(UserError) as refusal:
        import_files(workspace, beside)
    assert len(str(refusal.value)) <= 600
    *columns, _leave_out = typed(refusal.value)
    import_files(workspace, beside, answers=answers_of(columns))
    assert stored(workspace, "select sum(units), count(distinct order_id) from orders") == [(3 + sum(1 + i % 3 for i in range(40)), 22)]


def test_the_last_flag_of_the_refusal_leaves_the_file_out_and_next_time_too(workspace, beside):
    with pytest.raises(UserError) as refusal:
        import_files(workspace, beside)
    leave_out = answers_of(typed(refusal.value)[-1:])
    assert leave_out == {"--leave-out bestellungen.csv": "yes"}
    import_files(workspace, beside, answers=leave_out)
    assert stored(workspace, "select sum(units) from orders") == [(3,)]
    again = import_files(workspace, beside)
    assert str(again.files[0].left_out) == "You chose to skip it." and not again.open()
    with pytest.raises(UserError, match="orders.units=Menge"):
        import_files(workspace, beside, answers={"--leave-out bestellungen.csv": "no"})


@pytest.mark.parametrize("name", NO_SALES)
def test_a_file_that_cannot_be_sales_is_set_aside_with_its_reason_and_asks_nothing(workspace, tmp_path, name):
    report = import_files(workspace, [write(tmp_path, name, NO_SALES[name]), write(tmp_path, "orders.csv", SALES)])
    assert [f.file for f in report.files if f.left_out] == [name] and not report.open()
    assert stored(workspace, "select sum(units) from orders") == [(3,)]


def test_a_file_that_was_set_aside_is_read_where_a_person_wants_it(workspace, tmp_path):
    files = [write(tmp_path, "prices.csv", NO_SALES["prices.csv"]), write(tmp_path, "orders.csv", SALES)]
    with pytest.raises(UserError, match="prices.csv has the columns"):
        import_files(workspace, files, answers={"--leave-out prices.csv": "no"})
    columns = ("products.product_id = Kennung", "products.title = Lang")
    import_files(workspace, files, columns=columns)
    assert stored(workspace, "select title from products where product_id = 'A2'") == [("Tasse rotrot",)]


def test_sales_by_month_stop_an_import_until_they_are_left_out(workspace, tmp_path):
    months = write(tmp_path, "monthly.csv", "month,sku,qty\n2024-01,A,5\n2024-02,A,7\n")
    files = [months, write(tmp_path, "orders.csv", SALES)]
    asked = import_files(workspace, files, dry_run=True)
    assert [q.argument() for q in asked.open()] == ["--leave-out monthly.csv=yes"]
    with pytest.raises(UserError, match="--leave-out monthly.csv=yes"):
        import_files(workspace, files)
    import_files(workspace, files, answers={"--leave-out monthly.csv": "yes"})
    assert stored(workspace, "select sum(units) from orders") == [(3,)]


def test_sales_that_are_left_out_add_nothing_to_other_files_either(workspace, tmp_path):
    heads = write(tmp_path, "orders.csv", "order_id,order_date,country\n1,2024-03-05,France\n")
    lines = write(tmp_path, "order_details.csv", "order_id,sku,qty\n1,A,2\n")
    with pytest.raises(UserError):
        import_files(workspace, [heads, lines], answers={"--leave-out orders.csv": "yes"})


def test_an_answer_about_a_file_that_is_not_there_is_refused(workspace, beside):
    with pytest.raises(UserError, match="No file of the import is called 'bestellung.csv'"):
        import_files(workspace, beside, answers={"--leave-out bestellung.csv": "yes"})


def test_an_import_of_nothing_but_files_left_out_is_refused(workspace, beside):
    with pytest.raises(UserError, match="Every file of the import is skipped"):
        import_files(workspace, beside[:1], answers={"--leave-out bestellungen.csv": "yes"})
