"""Columns that nobody knows by name: the refusal says which are to be named, and what is named is remembered."""

from __future__ import annotations

import pytest
from fixtures.importing import ORDERS, add_up, stored, write

from core.errors import UserError
from core.ingest import import_files

GERMAN = (
    "Bestellnummer,Bestelldatum,Artikelnummer,Artikelbezeichnung,Menge,Einzelpreis\n"
    '1,05.03.2024,A1,Rote Tasse,2,"4,50"\n1,05.03.2024,B2,Blaue Lampe,1,"19,00"\n2,16.03.2024,A1,Rote Tasse,1,"4,50"\n'
)
NAMED = (
    "orders.ordered_at = Bestelldatum",
    "orders.product_id = Artikelnummer",
    "orders.units = Menge",
    "orders.order_id = Bestellnummer",
    "products.title = Artikelbezeichnung",
)


def test_a_refusal_says_which_columns_are_to_be_named(workspace, tmp_path):
    with pytest.raises(UserError, match="Name each column, as in --column orders.ordered_at=Bestelldatum --col") as error:
        import_files(workspace, [write(tmp_path, "export.csv", GERMAN)])
    assert error.value.ask["file"] == "export.csv" and error.value.ask["columns"][0] == "Bestellnummer"
    asked = error.value.ask["tables"]
    assert next(iter(asked)) == "orders" and asked["orders"]["needed"] == [["orders.ordered_at"], ["orders.product_id"], ["orders.units"]]
    assert {"orders.unit_price", "orders.order_id", "products.title"} <= set(asked["orders"]["further"])
    assert asked["products"]["needed"] == [["products.product_id"], ["products.title"]]
    assert asked["stock"]["needed"] == [["stock.product_id"], ["stock.on_hand"]] and "stock.day" in asked["stock"]["further"]


def test_what_is_known_is_not_asked_for(workspace, tmp_path):
    with pytest.raises(UserError) as error:
        import_files(workspace, [write(tmp_path, "export.csv", "order_id,date,sku,price,Menge\n1,2024-03-05,A,4.50,2\n")])
    assert error.value.ask["tables"]["orders"] == {
        "needed": [["orders.units"]],
        "further": ["orders.customer_id", "orders.country", "products.title", "products.category"],
    }


def test_a_list_of_products_in_another_language_is_one_once_its_columns_are_named(workspace, tmp_path):
    text = 'Artikelnummer,Bezeichnung,Preis\nA1,Rote Tasse,"4,50"\nB2,Blaue Lampe,"19,00"\n'
    named = ("products.product_id = Artikelnummer", "products.title = Bezeichnung", "products.price = Preis")
    import_files(workspace, [write(tmp_path, "artikel.csv", text)], columns=named)
    assert stored(workspace, "select product_id, title, price_cents from products order by 1") == [
        ("A1", "Rote Tasse", 450),
        ("B2", "Blaue Lampe", 1900),
    ]


def test_named_columns_are_read_and_remembered_for_later_imports(workspace, tmp_path):
    report = import_files(workspace, [write(tmp_path, "export.csv", GERMAN)], columns=NAMED)
    assert add_up(report) == {"read": 3, "kept": 3, "dropped": 0, "quarantined": 0}
    assert stored(workspace, "select product_id, sum(units), count(distinct order_id) from orders group by 1 order by 1") == [
        ("A1", 3.0, 2),
        ("B2", 1.0, 1),
    ]
    assert stored(workspace, "select product_id, title from products order by 1") == [("A1", "Rote Tasse"), ("B2", "Blaue Lampe")]
    assert workspace.settings().shop.columns == NAMED
    later = import_files(workspace, [write(tmp_path, "next.csv", GERMAN.replace("03.2024", "04.2024"))])
    assert add_up(later)["kept"] == 3
    assert import_files(workspace, [write(tmp_path, "orders.csv", ORDERS)]).files[0].main.kept == 3  # usual names are known still


def test_nothing_is_remembered_of_an_import_that_fails_or_only_shows_its_plan(workspace, tmp_path):
    file = write(tmp_path, "export.csv", GERMAN)
    import_files(workspace, [file], columns=NAMED, dry_run=True)
    with pytest.raises(UserError, match="As orders, it needs columns for units"):
        import_files(workspace, [file], columns=NAMED[:2])
    assert workspace.settings().shop.columns == () and not workspace.warehouse.exists()


@pytest.mark.parametrize(
    "said, message",
    [
        ("orders.unit = Menge", "Did you mean orders.units"),
        ("Menge", "A column is named as table.column = name"),
        ("orders.units =", "A column is named as table.column = name"),
        ("orders.units = Mengen", r"Similar names: Menge\."),
    ],
)
def test_a_name_that_does_not_fit_is_refused_with_near_matches(workspace, tmp_path, said, message):
    with pytest.raises(UserError, match=message):
        import_files(workspace, [write(tmp_path, "export.csv", GERMAN)], columns=(said,))


def test_a_mapping_names_its_own_columns(workspace, tmp_path):
    with pytest.raises(UserError, match="Column names extend the generic preset only"):
        import_files(workspace, [write(tmp_path, "export.csv", GERMAN)], preset="uci-online-retail", columns=NAMED)


def test_a_column_that_is_named_for_two_places_is_a_question(workspace, tmp_path):
    file = write(tmp_path, "orders.csv", "order_id,date,sku,qty\n1,2024-03-05,A,2\n")
    plan = import_files(workspace, [file], columns=("orders.units = qty", "orders.line_total = qty"), dry_run=True)
    (asked,) = [q for q in plan.files[0].questions if q.name == "orders.line_total"]
    assert str(asked.about) == "Column 'qty' is read as units, line_total." and asked.matters
