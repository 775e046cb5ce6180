"""The page "Customers at risk"."""

from __future__ import annotations

import pandas as pd
import pytest
from fixtures.customer_lists import KEY, OWN_IDS, no_lists
from fixtures.serving import write_snapshot

from core.cli.app import main
from core.ingest.convert.pseudonyms import pseudonyms
from tests.app.visit import words


def shown(at) -> dict[str, pd.DataFrame]:
    return {table.value.index.name: table.value for table in at.table}


def test_the_page_says_how_many_may_stay_away_and_what_is_at_stake(open_page):
    said = words(open_page("at_risk"))
    assert "Of 36 customers who ordered in the last year, **20** are expected not to order" in said
    assert "41% did" in said and "better than the days since the last order" in said


def test_reasons_of_groups_of_ten_are_named(open_page):
    reasons = shown(open_page("at_risk"))["Main reason"]
    assert list(reasons.index) == ["All", "Few orders so far", "Orders rarely", "Long since the last order"]


def test_no_group_of_fewer_than_ten_and_no_pseudonym_is_shown(open_page):
    at = open_page("at_risk")
    text = words(at) + "".join(table.to_csv() for table in shown(at).values())
    assert "Germany" in text and "France" not in text  # nine customers
    assert not any(name in text for name in pseudonyms(KEY, "customer", OWN_IDS))


def test_campaigns_show_their_effect_with_its_interval(open_page):
    campaigns = shown(open_page("at_risk"))["Campaign"]
    assert campaigns.iloc[:, -1].str.replace("\\", "").to_dict() == {"Spring mailing": "+6.0 (+1.0 … +11.0)", "Voucher": "–"}


def test_the_page_says_how_many_to_contact_and_what_that_brings(open_page):
    at = open_page("at_risk")
    assert "Contact **24** of 36 customers by email: **2** extra orders are expected within 30 days (1 … 3)." in words(at)
    assert [table.value.index.name for table in at.table].count("Customer group") == 2


def test_without_an_effect_nobody_is_to_be_contacted(open_page, shop):
    write_snapshot(shop, contact_uplift=lambda rows: rows.assign(contact=False))
    assert "Contact nobody for now." in words(open_page("at_risk", workspace=shop))


@pytest.mark.parametrize(
    "low, said", [(0.01, "1 of 1 campaign brought in more orders than chance explains."), (-0.01, "Contact nobody for now.")]
)
def test_a_shop_with_too_few_contacts_to_learn_from_says_what_campaigns_did(open_page, shop, low, said):
    nothing = dict.fromkeys(("contact_uplift", "contact_groups", "contact_choices"), lambda rows: rows[:0])
    write_snapshot(shop, **nothing, contact_effects=lambda rows: rows.assign(low=low))
    assert said in words(open_page("at_risk", workspace=shop))


def test_a_shop_without_customers_is_told_what_is_needed(open_page, shop):
    write_snapshot(shop, **no_lists())
    assert "needs orders with a customer number" in words(open_page("at_risk", workspace=shop))


def test_chances_are_written_under_the_shops_own_numbers(shop, tmp_path):
    (shop.root / "privacy.key").write_bytes(KEY.hex().encode())
    ids, out = tmp_path / "ids.csv", tmp_path / "risk.csv"
    ids.write_text("customer_id\n" + "\n".join(OWN_IDS), encoding="utf-8")
    assert main(["identify", "--list", "at-risk", "--customers", str(ids), "--out", str(out), "--workspace", str(shop.root)]) == 0
    found = pd.read_csv(out, dtype={"customer": str})
    assert list(found.customer) == OWN_IDS and found.chance.is_monotonic_increasing
    assert found.contact.sum() == 24 and set(found.channel) == {"email"}
