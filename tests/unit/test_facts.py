"""Facts: what imports infer of the shop lives in the warehouse with its evidence, and `upswing.toml` is the user's alone."""

from __future__ import annotations

import datetime

import pytest
from fixtures.importing import ORDERS, PRODUCTS, stored, write

from core.ingest import import_files
from core.storage import duckdb as db
from core.storage import facts
from core.workspace import Workspace

NAMED = ("orders.units = Menge",)
GERMAN = "ordered_at,product_id,Menge,order_id\n2024-03-05,A1,2,1\n"


def orders_from(country: str, count: int) -> str:
    lines = (f"2024-03-{1 + k % 28:02d},A1,1,4.50,{country}{k},{country}\n" for k in range(count))
    return "ordered_at,product_id,units,unit_price,order_id,country\n" + "".join(lines)


def inferred(workspace: Workspace) -> dict[str, facts.Fact]:
    return {fact.name: fact for fact in facts.of_file(workspace.warehouse)}


@pytest.mark.parametrize("files", [["GB"], ["GB", "DE"]])
def test_countries_are_those_of_all_orders_whichever_came_first(workspace, tmp_path, files):
    british, german = write(tmp_path, "gb.csv", orders_from("GB", 8)), write(tmp_path, "de.csv", orders_from("DE", 80))
    if len(files) == 1:
        import_files(workspace, [british])
        assert workspace.settings().shop.countries == ("GB",)
        import_files(workspace, [german])
    else:
        import_files(workspace, [british, german])
    assert workspace.settings().shop.countries == ("DE",), "8 of 88 orders are fewer than a tenth"
    assert inferred(workspace)["shop.countries"].evidence == {"orders": {"DE": 80}}


def test_a_country_that_gains_a_tenth_of_the_orders_is_added(workspace, tmp_path):
    import_files(workspace, [write(tmp_path, "gb.csv", orders_from("GB", 20))])
    report = import_files(workspace, [write(tmp_path, "de.csv", orders_from("DE", 90))])
    assert workspace.settings().shop.countries == ("DE", "GB")
    assert "Public holidays are those of DE, GB." in map(str, report.notes)


def test_an_import_does_not_write_the_users_file(workspace, tmp_path):
    mine = "# ours\n[shop]  # the shop\nname = 'Lamps'\n"
    workspace.settings_file.write_text(mine)
    import_files(workspace, [write(tmp_path, "orders.csv", ORDERS), write(tmp_path, "products.csv", PRODUCTS)])
    import_files(workspace, [write(tmp_path, "export.csv", GERMAN)], columns=NAMED)
    assert workspace.settings_file.read_text() == mine
    assert workspace.settings().shop.segment_attribute == "country" and workspace.settings().shop.columns == NAMED


def test_no_settings_file_appears_by_an_import(workspace, tmp_path):
    import_files(workspace, [write(tmp_path, "orders.csv", ORDERS)])
    assert not workspace.settings_file.exists() and workspace.settings().shop.countries


def test_values_that_an_import_of_version_0_1_0_wrote_count_as_the_users(workspace, tmp_path):
    written = '[shop]\ncurrency = "GBP"\ncountries = ["GB"]\nsegment_attribute = "country"\ncolumns = ["orders.units = Menge"]\n'
    workspace.settings_file.write_text(written)
    import_files(workspace, [write(tmp_path, "de.csv", orders_from("DE", 80)), write(tmp_path, "export.csv", GERMAN)])
    shop = workspace.settings().shop
    assert (shop.currency, shop.countries, shop.segment_attribute, shop.columns) == ("GBP", ("GB",), "country", NAMED)
    assert inferred(workspace)["shop.countries"].value == ("DE",), "the fact is there for when the user's value goes"
    assert workspace.settings_file.read_text() == written


def test_a_warehouse_without_facts_is_read_and_gains_them(workspace, tmp_path):
    import_files(workspace, [write(tmp_path, "gb.csv", orders_from("GB", 8))])
    with db.connect(workspace.warehouse) as con:
        con.execute("drop table facts")
    assert workspace.settings().shop.countries == ()
    import_files(workspace, [write(tmp_path, "de.csv", orders_from("DE", 8))])
    assert workspace.settings().shop.countries == ("DE", "GB")


def test_a_fact_names_its_import_and_its_evidence(workspace, tmp_path):
    import_files(workspace, [write(tmp_path, "products.csv", "product_id,title,price,currency\nA1,a,1.00,EUR\nA2,b,2.00,EUR\n")])
    currency = inferred(workspace)["shop.currency"]
    assert (currency.value, currency.evidence, currency.import_id) == ("EUR", {"products": {"EUR": 2}}, "000001")
    assert isinstance(currency.inferred_at, datetime.datetime)
    import_files(workspace, [write(tmp_path, "more.csv", "product_id,title,price,currency\nA3,c,1.00,EUR\n")])
    assert inferred(workspace)["shop.currency"].evidence == {"products": {"EUR": 3}}


def test_the_same_file_again_leaves_the_facts_as_they_are(workspace, tmp_path):
    file = write(tmp_path, "orders.csv", ORDERS)
    import_files(workspace, [file])
    before = stored(workspace, "select * from facts order by name")
    import_files(workspace, [file])
    assert stored(workspace, "select * from facts order by name") == before != []


def test_the_sign_of_the_first_import_stays_the_currency_where_no_price_says_one(workspace, tmp_path):
    line = "ordered_at,product_id,units,unit_price,order_id\n2024-03-0{day},A1,1,{sign}4.50,o{day}\n"
    for day, sign in ((1, "£"), (2, "€")):
        import_files(workspace, [write(tmp_path, f"orders{day}.csv", line.format(day=day, sign=sign))])
        assert workspace.settings().shop.currency == "GBP"


def test_an_attribute_that_a_mapping_named_stays_chosen_while_the_data_have_it(workspace, tmp_path):
    mapping = write(
        tmp_path, "ours.toml", '[options]\nsegment_attribute = "club"\n[customers]\ncustomer_id = "id"\nclub = "club"\nregion = "region"\n'
    )
    people = "id,club,region\n" + "".join(f"c{k},{'AB'[k % 2]},{'NSEW'[k % 4]}\n" for k in range(12))
    import_files(workspace, [write(tmp_path, "customers.csv", people)], mapping=mapping)
    assert workspace.settings().shop.segment_attribute == "club"
    import_files(workspace, [write(tmp_path, "orders.csv", ORDERS)])
    assert workspace.settings().shop.segment_attribute == "club"


def countries_of(workspace, folder, *names: str) -> tuple[str, ...]:
    lines = "".join(f"2024-03-0{1 + n % 9},A,1,{name}\n" for n, name in enumerate(names))
    import_files(workspace, [write(folder, "orders.csv", "date,sku,qty,country\n" + lines)])
    return workspace.settings().shop.countries


def test_countries_are_known_in_many_languages(workspace, tmp_path):
    names = ("Allemagne", "Frankreich", "España", "Reino Unido", "日本", "Польша")
    assert set(countries_of(workspace, tmp_path, *names)) == {"DE", "FR", "ES", "GB", "JP", "PL"}


@pytest.mark.parametrize("codes", [("MG", "SP", "RJ"), ("CA", "TX", "WA", "FL", "DE"), ("BA", "SP", "SP", "BA")])
def test_codes_of_states_are_no_countries(workspace, tmp_path, codes):
    assert countries_of(workspace, tmp_path, *codes) == ()


def test_codes_of_countries_and_names_beside_a_wrong_code_are_countries(workspace, tmp_path):
    assert set(countries_of(workspace, tmp_path, "DE", "AT", "UK", "Germany", "Atlantis")) == {"DE", "AT", "GB"}


def test_countries_of_customers_count_where_orders_have_none(workspace, tmp_path):
    customers = "Kundennummer,Land\n" + "".join(f"c{n},Österreich\n" for n in range(9))
    orders = "date,sku,qty,customer_id\n2024-03-05,A,1,c1\n"
    files = [write(tmp_path, "customers.csv", customers), write(tmp_path, "orders.csv", orders)]
    import_files(workspace, files, columns=("customers.customer_id = Kundennummer",))
    assert workspace.settings().shop.countries == ("AT",)
