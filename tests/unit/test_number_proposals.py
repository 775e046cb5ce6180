"""New numbers of old products are proposed from titles and days, and stored only by a person's decision."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from fixtures.importing import stored, write

from core.ingest import Decision, decide, import_files, number_map
from core.ingest.number_proposals import Sold, propose

FIRST = date(2024, 1, 1)


def sold(number: str, title: str, first: int, last: int, **more) -> Sold:
    known = {"brand": "", "category": "", "price_cents": None, "units": 1.0} | more
    return Sold(number, title, first_day=FIRST + timedelta(first), last_day=FIRST + timedelta(last), **known)


ALWAYS = sold("S", "Something else", 0, 400)


def pairs(*products: Sold, decided=()) -> list[tuple[str, str, str]]:
    return [(p.old.product_id, p.new.product_id, p.kind) for p in propose([ALWAYS, *products], decided)]


@pytest.mark.parametrize(
    ("old", "new", "kind"),
    [
        ("Walnut tray", "Walnut tray", "renamed"),
        ("Walnut tray, large", "Walnut-Tray (Large)", "renamed"),
        ("Tray made of walnut", "Tray made of walnutt", "renamed"),
        ("Kettle 3", "Kettle 4", "successor"),
        ("胡桃木托盘", "胡桃木托盘", "renamed"),
    ],
)
def test_a_product_that_begins_when_its_like_stops_is_proposed(old, new, kind):
    assert pairs(sold("A", old, 0, 200), sold("B", new, 205, 400)) == [("A", "B", kind)]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (sold("A", "Walnut tray", 0, 200), sold("B", "Oak bowl", 205, 400)),
        (sold("A", "Walnut tray", 0, 395), sold("B", "Walnut tray", 205, 400)),
        (sold("A", "Walnut tray", 0, 100), sold("B", "Walnut tray", 205, 400)),
        (sold("A", "Walnut tray", 0, 200), sold("B", "Walnut tray", 5, 400)),
        (sold("A", "Walnut tray", 0, 200, price_cents=500), sold("B", "Walnut tray", 205, 400, price_cents=2500)),
        (sold("A", "Walnut tray", 0, 200, brand="Kay"), sold("B", "Walnut tray", 205, 400, brand="Elm")),
        (sold("A", "12345", 0, 200), sold("B", "12346", 205, 400)),
    ],
    ids=["titles", "both sell on", "a long gap", "both are old", "prices", "brands", "titles of digits"],
)
def test_what_differs_is_not_proposed(old, new):
    assert pairs(old, new) == []


def test_variants_under_one_title_are_not_proposed():
    small, large = sold("S1", "Tee", 0, 200), sold("L1", "Tee", 210, 400)
    assert pairs(small, large) == [("S1", "L1", "renamed")]
    assert pairs(small, large, sold("M1", "Tee", 0, 400)) == []


def test_each_product_is_in_one_proposal_the_most_alike_first():
    old = sold("A", "Walnut tray", 0, 200)
    assert pairs(old, sold("B", "Walnut trays", 203, 400), sold("C", "Walnut tray", 206, 400)) == [("A", "C", "renamed")]


def test_a_pair_that_a_person_told_apart_is_not_proposed_again():
    assert pairs(sold("A", "Tray", 0, 200), sold("B", "Tray", 205, 400), decided=[("A", "B")]) == []


def test_no_product_makes_no_proposal():
    assert propose([]) == []


@pytest.fixture
def shop(workspace, tmp_path):
    rows = [(day, "S", "Something else") for day in range(0, 400, 20)]
    rows += [(day, "A", "Walnut tray") for day in range(0, 200, 20)] + [(day, "B", "Walnut tray") for day in range(200, 400, 20)]
    lines = [f"{FIRST + timedelta(day)},{number},{title},1,5.00,o{number}{day}" for day, number, title in rows]
    import_files(workspace, [write(tmp_path, "orders.csv", "date,sku,title,qty,price,order_id\n" + "\n".join(lines) + "\n")])
    return workspace


def test_a_proposal_is_shown_and_stored_only_once_it_is_confirmed(shop):
    said = str(number_map(shop).text())
    assert "A -> B (new number): Walnut tray, last sold 29 Jun 2024; Walnut tray, first sold 19 Jul 2024" in said
    assert "upswing numbers --confirm A=B" in said
    assert stored(shop, "select count(*) from product_map") == [(0,)]
    decide(shop, [Decision("A", "B", "renamed")])
    assert [(d.old, d.new, d.kind) for d in number_map(shop).decided] == [("A", "B", "renamed")]
    assert number_map(shop).proposals == []


def test_a_decision_can_be_changed_and_changed_back(shop):
    for kind in ("renamed", "separate", "renamed"):
        decide(shop, [Decision("A", "B", kind)])
        assert stored(shop, "select kind from product_map") == [(kind,)]
    decide(shop, [Decision("A", "B", "separate")])
    assert number_map(shop).proposals == []


def test_the_command_confirms_with_the_kind_that_is_proposed(shop, capsys):
    from core.cli.app import main

    place = ["--workspace", str(shop.root)]
    assert main(["numbers", *place]) == 0
    assert "1 proposal:" in capsys.readouterr().out
    assert main(["numbers", "--confirm", "A=B", *place]) == 0
    assert stored(shop, "select * from product_map") == [("A", "B", "renamed")]
    assert main(["numbers", "--separate", "A=B", *place]) == 0
    assert stored(shop, "select * from product_map") == [("A", "B", "separate")]
    assert main(["numbers", "--confirm", "A", *place]) == 2
