"""Old product numbers count as their new ones and kits as their parts, in all that is read from the warehouse after an import."""

from __future__ import annotations

from datetime import date

import pytest
from fixtures import shops
from fixtures.importing import stored, write

from core.errors import UserError
from core.features.daily import read_inputs
from core.ingest import import_files, undo_import
from core.schema import CANONICAL
from core.storage import duckdb as db
from core.storage import product_numbers
from core.storage.engine import open_engine
from core.storage.product_numbers import Numbers

PRODUCTS = "product_id,title,price\nA1,Mug,5\nA2,Mug,6\nB1,Tray,10\nSET1,Gift set,12\n"
ORDERS = (
    "ordered_at,product_id,units,unit_price,order_id\n"
    "2024-03-01,A1,2,5.00,o1\n2024-03-02,A2,1,6.00,o2\n2024-03-03,SET1,3,12.00,o3\n2024-03-03,B1,1,10.00,o4\n"
)
MAP = "old_product_id,new_product_id,kind\n"
KITS = "kit_id,part_id,units\n"


@pytest.fixture
def shop(workspace, tmp_path):
    import_files(workspace, [write(tmp_path, "products.csv", PRODUCTS), write(tmp_path, "orders.csv", ORDERS)])
    return workspace


def give(workspace, folder, product_map: str = "", kits: str = ""):
    files = [("product_map.csv", MAP + product_map)] * bool(product_map) + [("kit_parts.csv", KITS + kits)] * bool(kits)
    return import_files(workspace, [write(folder, name, text) for name, text in files])


def read(workspace, query: str) -> list[tuple]:
    with open_engine(workspace.warehouse, "duckdb", workspace.cache, read_only=True) as engine:
        read_inputs(engine, "")
        return engine.con.execute(query).fetchall()


SALES = "select product_id, sum(units), round(sum(revenue_cents))::bigint from order_lines group by 1 order by 1"
NUMBERS = "select product_id from products order by 1"


def test_the_history_of_a_renamed_product_counts_to_its_new_number(shop, tmp_path):
    give(shop, tmp_path, "A1,A2,renamed\n")
    assert read(shop, SALES) == [("A2", 3, 1600), ("B1", 1, 1000), ("SET1", 3, 3600)]
    assert read(shop, NUMBERS) == [("A2",), ("B1",), ("SET1",)]
    assert stored(shop, "select product_id, units from orders order by ordered_at limit 1") == [("A1", 2)]


def test_units_of_a_kit_are_demand_for_its_parts_and_its_money_is_split_by_their_prices(shop, tmp_path):
    before = sum(cents for _, _, cents in read(shop, SALES))
    give(shop, tmp_path, kits="SET1,A1,2\nSET1,B1,1\n")
    assert read(shop, SALES) == [("A1", 8, 2800), ("A2", 1, 600), ("B1", 4, 2800)]
    assert sum(cents for _, _, cents in read(shop, SALES)) == before
    assert read(shop, NUMBERS) == [("A1",), ("A2",), ("B1",)]


def test_money_of_a_kit_is_kept_to_the_cent_where_no_split_is_whole(shop, tmp_path):
    give(shop, tmp_path, kits="SET1,A1,7\nSET1,B1,3\nSET1,A2,11\n")
    ((cents,),) = read(shop, "select sum(revenue_cents) from order_lines")
    assert round(cents) == 1000 + 600 + 3600 + 1000


def test_parts_that_have_a_new_number_and_kits_within_kits_are_followed(shop, tmp_path):
    write(tmp_path, "more.csv", "product_id,title\nSET2,Two sets\n")
    import_files(shop, [tmp_path / "more.csv"])
    give(shop, tmp_path, "A1,A2,renamed\n", "SET2,SET1,2\nSET1,A1,2\nSET1,B1,1\n")
    assert read(shop, "select units, counts_as from counted_as where product_id = 'SET2' and demand order by 2") == [(4, "A2"), (2, "B1")]


def test_a_successor_takes_the_demand_and_leaves_stock_and_reviews(shop, tmp_path):
    stock = write(tmp_path, "stock.csv", "day,product_id,on_hand\n2024-03-02,A1,4\n2024-03-02,A2,9\n")
    reviews = write(tmp_path, "reviews.csv", "review_id,created_at,product_id,rating\nr1,2024-03-02,A1,2\n")
    import_files(shop, [stock, reviews])
    give(shop, tmp_path, "A1,A2,successor\n")
    assert read(shop, SALES)[0] == ("A2", 3, 1600)
    assert read(shop, "select product_id, on_hand from stock order by 1") == [("A1", 4), ("A2", 9)]
    assert read(shop, "select product_id from reviews") == [("A1",)]
    give(shop, tmp_path, "A1,A2,merged\n")
    assert read(shop, "select product_id, on_hand from stock") == [("A2", 13)]
    assert read(shop, "select product_id from reviews") == [("A2",)]


def test_a_map_is_taken_back_by_its_import_or_by_a_later_row(shop, tmp_path):
    before = read(shop, SALES)
    report = give(shop, tmp_path, "A1,A2,\n")
    assert report.files[0].main.table == "product_map" and read(shop, SALES) != before
    undone = undo_import(shop, stored(shop, "select max(import_id) from imports")[0][0])
    assert [change.table for change in undone.tables] == ["product_map"] and "upswing run" in str(undone.text())
    assert read(shop, SALES) == before
    give(shop, tmp_path, "A1,A2,\n")
    give(shop, tmp_path, "A1,A2,separate\n")
    assert read(shop, SALES) == before


@pytest.mark.parametrize(
    ("product_map", "kits", "said"),
    [
        ("A1,A2,\nA2,A1,\n", "", "replace each other: A1, A2, A1"),
        ("A1,Z9,\n", "", "new numbers Z9"),
        ("", "SET1,A1,1\nA1,SET1,1\n", "hold each other"),
        ("SET1,A1,\n", "SET1,B1,1\n", "SET1 have a new number and are kits"),
    ],
    ids=["a cycle", "an unknown number", "kits within each other", "an old kit"],
)
def test_a_map_that_cannot_be_is_refused_and_nothing_is_stored(shop, tmp_path, product_map, kits, said):
    before = read(shop, SALES)
    with pytest.raises(UserError, match=said):
        give(shop, tmp_path, product_map, kits)
    assert stored(shop, "select count(*) from product_map") == stored(shop, "select count(*) from kit_parts") == [(0,)]
    assert read(shop, SALES) == before


def test_rows_of_a_map_that_say_nothing_are_quarantined(shop, tmp_path):
    report = give(shop, tmp_path, "A1,A1,\nA1,B1,sibling\nA1,A2,改码\n", "SET1,SET1,1\nSET1,B1,0\nSET1,A2,2\n")
    assert [(sum(f.main.quarantined.values()), f.main.kept) for f in report.files] == [(2, 1), (2, 1)]
    assert stored(shop, "select kind from product_map") == [("renamed",)]


def test_numbers_that_nothing_else_has_are_noted(shop, tmp_path):
    said = str(give(shop, tmp_path, "X0,A1,\n", "SET9,B1,1\nSET1,N7,1\n").text())
    assert "Nothing has the old numbers X0" in said
    assert "Nothing has the kits SET9" in said
    assert "Only kits have the parts N7" in said
    assert read(shop, "select title from products where product_id = 'N7'") == [("N7",)]


def test_stock_of_a_kit_counts_for_none_of_its_parts_and_that_is_said(shop, tmp_path):
    import_files(shop, [write(tmp_path, "stock.csv", "day,product_id,on_hand\n2024-03-02,SET1,4\n2024-03-02,A1,9\n")])
    assert "of the kits SET1 are not counted for their parts" in str(give(shop, tmp_path, kits="SET1,A1,2\n").text())
    assert read(shop, "select on_hand from stock where product_id = 'A1'") == [(9,)]


def test_a_chain_ends_at_its_last_number():
    numbers = Numbers(new={"A": ("B", "renamed"), "B": ("C", "successor"), "C": ("D", "merged")})
    ends = {(count.product_id, count.demand): count.counts_as for count in numbers.counts()}
    assert ends == {("A", True): "D", ("B", True): "D", ("C", True): "D", ("A", False): "B", ("C", False): "D"}


def test_a_chain_of_a_thousand_is_followed():
    numbers = Numbers(new={f"n{i:05}": (f"n{i + 1:05}", "renamed") for i in range(1000)})
    assert {count.counts_as for count in numbers.counts()} == {"n01000"}


def test_every_view_has_the_columns_of_its_table(workspace):
    shop = shops.tables(products=4, days=30)
    ids = shop["products"].product_id
    shops.write(workspace, shop)
    with db.connect(workspace.warehouse) as con:
        con.execute("insert into product_map values ($old, $new, null)", {"old": ids[0], "new": ids[1]})
        con.execute("insert into kit_parts values ($kit, $part, 2)", {"kit": ids[2], "part": ids[3]})
        product_numbers.read_through(con)
        for name, table in CANONICAL.items():
            there = [d[0] for d in con.execute(f"select * from {name} limit 0").description]
            assert tuple(there) == table.names, name
            if name not in ("customers", "suppliers", "product_map", "kit_parts", "contacts"):
                column = "source" if name == "links" else "product_id"
                assert not con.execute(f"select 1 from {name} where {column} = $old", {"old": ids[0]}).fetchall(), name


def test_the_daily_totals_follow_a_changed_map(workspace):
    from core.features.build import build

    shops.write(workspace, shops.tables(products=8, days=430))
    build(workspace)
    before = stored(workspace, "select sum(units), sum(revenue_cents) from daily")
    assert build(workspace).days_rebuilt_from is None
    with db.connect(workspace.warehouse) as con:
        con.execute("insert into product_map values ('p000', 'p001', 'merged')")
    assert build(workspace).days_rebuilt_from == date(1900, 1, 1)
    assert stored(workspace, "select count(*) from daily where product_id = 'p000'") == [(0,)]
    assert stored(workspace, "select sum(units), sum(revenue_cents) from daily") == before
