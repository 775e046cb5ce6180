"""The page "Recommendations", and lists under the shop's own customer numbers."""

from __future__ import annotations

import csv
import json

import pandas as pd
import pytest
from fixtures.customer_lists import KEY, OWN_IDS, no_lists
from fixtures.serving import write_snapshot

from core.cli.app import main
from core.ingest.convert.pseudonyms import pseudonyms
from dashboard.components.recommendations import verdict
from tests.app.visit import cells, row_ids, words


def test_the_page_opens_with_how_the_lists_did_beside_the_best_simple_list(open_page):
    said = words(open_page("recommendations"))
    assert "in the 2 weeks after 20 Nov 2011, their 10 recommendations included **21%**" in said
    assert "The best simple list, “Bought most often before”, included 18%" in said
    assert "nobody was shown these lists" in said


def test_each_group_has_its_list_with_chances_and_reasons(open_page, readonly_shop):
    found = pd.read_parquet(next(readonly_shop.snapshots.iterdir()) / "segment_recommendations.parquet")
    group = found[found.segment == "Germany"].sort_values("place")
    at = open_page("recommendations", segment="Germany")
    assert row_ids(at) == list(group.product_id)
    assert [cell["share"] for cell in cells(at, "chance")] == pytest.approx(list(group.chance))
    assert [cell["text"] for cell in cells(at, "listed")] == [f"{n / 36:.0%}" for n in group.listed]


def test_no_pseudonym_of_a_customer_is_on_the_page(open_page):
    at = open_page("recommendations")
    shown = words(at) + json.dumps([cells(at, name) for name in ("product", "chance", "listed", "reason", "rising")])
    assert not any(name in shown for name in pseudonyms(KEY, "customer", OWN_IDS))


def test_a_reason_of_fewer_than_ten_customers_is_not_named(open_page, shop):
    def rare(lists: pd.DataFrame) -> pd.DataFrame:
        return lists.assign(reason=["category" if c == lists.customer_id.iloc[0] else "popular" for c in lists.customer_id])

    write_snapshot(shop, recommendations=rare)
    tables = [t.value for t in open_page("recommendations", workspace=shop).table]
    assert [list(t.index) for t in tables if t.index.name == "Reason"] == [["Popular now"]]


def test_a_shop_without_customers_is_told_what_lists_need(open_page, shop):
    write_snapshot(shop, **no_lists())
    assert "Lists need orders with a customer number" in words(open_page("recommendations", workspace=shop))


def test_a_simple_list_that_names_as_much_is_said_to():
    quality = pd.DataFrame({"list": ["recommendations", "popular"], "recall": [0.2, 0.2], "day": pd.Timestamp(2011, 11, 20)}).set_index(
        "list"
    )
    assert "included no less: 20%" in verdict(quality)


# ---- under the shop's own numbers


@pytest.fixture
def known(shop):
    """The made-up shop with the key under which its customers became pseudonyms."""
    (shop.root / "privacy.key").write_bytes(KEY.hex().encode())
    return shop


def test_a_customer_is_found_by_the_shops_own_number(known, capsys):
    assert main(["recommend", OWN_IDS[0], "--json", "--workspace", str(known.root)]) == 0
    found = json.loads(capsys.readouterr().out)
    assert [product["place"] for product in found["products"]] == list(range(1, 11))
    assert main(["recommend", "nobody", "--workspace", str(known.root)]) == 0
    assert "There is no list for customer nobody" in capsys.readouterr().out


def test_lists_are_written_under_the_shops_own_numbers(known, tmp_path, capsys):
    ids, out = tmp_path / "ids.csv", tmp_path / "lists.csv"
    ids.write_text("number,city\n" + "".join(f"{own},X\n" for own in [*OWN_IDS[:3], "nobody"]), encoding="utf-8")
    words = ["identify", "--customers", str(ids), "--out", str(out), "--workspace", str(known.root)]
    assert main(words) == 2
    assert "has the columns number, city" in capsys.readouterr().err
    assert main([*words, "--column", "number"]) == 0
    assert "Nothing is known of 1 customer." in capsys.readouterr().out
    with out.open(newline="", encoding="utf-8-sig") as file:
        rows = list(csv.DictReader(file))
    assert [row["customer"] for row in rows[::10]] == OWN_IDS[:3]
    assert "customer_id" not in rows[0]
