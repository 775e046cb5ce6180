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
