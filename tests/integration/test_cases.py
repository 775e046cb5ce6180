"""Small inputs that shops would really give, each with its right value: ../shared/cases/README.md has their table."""

from __future__ import annotations

import pytest
from fixtures.importing import stored

from core.ingest import import_files

# ---- persons stay out


@pytest.mark.parametrize("people", [30, 300])
@pytest.mark.parametrize(
    ("language", "attributes", "outside"),
    [
        ("de", ["Ort", "age_band"], {"Vorname", "Nachname", "Strasse", "Telefon", "Kreditkarte", "IBAN"}),
        ("en", ["age_band", "city"], {"first_name", "last_name", "street", "phone", "card_number", "iban"}),
        ("zh", ["城市"], {"姓名", "手机号", "身份证号", "收货地址"}),
    ],
)
def test_a_list_of_customers_gives_places_and_age_bands_and_nothing_else(cases, workspace, language, people, attributes, outside):
    report = import_files(workspace, [cases / f"customers_{language}{people}.csv", cases / "orders_p.csv"])
    assert report.files[0].outside.keys() == outside
    assert [name for (name,) in stored(workspace, "select distinct attribute from customers order by 1")] == attributes
    assert stored(workspace, "select count(*), sum(units), count(distinct customer_id) from orders") == [(600, 600, 300)]
    assert stored(workspace, "select count(*) from customers where attribute in ('Ort', 'city', '城市')") == [(people,)]


# ---- time and corrections

SOLD = "select product_id, count(*), sum(units) from orders group by 1 order by 1"

TIMES = [
    (["orders_lineid.csv"], SOLD, [("A1", 2, 2), ("B1", 1, 2)]),
    (["orders_exch.csv"], "select count(*), sum(units) from orders", [(3, 1)]),
    (
        ["orders_typo.csv"],
        "select min(ordered_at)::date::varchar, max(ordered_at)::date::varchar from orders",
        [("2024-03-01", "2024-03-02")],
    ),
    (["stars.csv"], "select rating, count(*) from reviews group by 1 order by 1", [(4, 1), (5, 3)]),
    (["stars2.csv"], "select rating, count(*) from reviews group by 1 order by 1", [(4, 1), (5, 3)]),
    (
        ["orders_tl.csv", "products_tl.csv"],
        "select title, category from products order by 1",
        [("Clay mug", "Mugs"), ("Walnut tray", "Trays")],
    ),
    (
        ["products_tl.csv", "orders_tl.csv"],
        "select title, category from products order by 1",
        [("Clay mug", "Mugs"), ("Walnut tray", "Trays")],
    ),
]


@pytest.mark.parametrize(("files", "query", "right"), TIMES)
def test_times_and_corrections_of_the_cases(workspace, cases, files, query, right):
    for file in files:
        import_files(workspace, [cases / file])
    assert stored(workspace, query) == right
