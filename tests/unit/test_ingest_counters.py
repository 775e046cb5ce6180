"""Counts of all sales so far, as marketplaces show them beside a product: asked about, and read as what was sold between two counts."""

from __future__ import annotations

import random

import pytest
from fixtures.importing import stored, write

from core.cli import main
from core.errors import UserError
from core.ingest import import_files, undo_import

RUNNING = {"--each-row": "running-total"}
SALES = "select product_id, ordered_at::date::varchar, units, unit_price_cents from orders order by all"
PRICES = "select product_id, title, price_cents from products order by all"
HEAD = "date,sku,title,sale_count,price\n"
COUNTS = [
    "2024-01-03,A,Cream,130,9",
    "2024-01-02,A,Cream,120,10",
    "2024-01-01,A,Cream,100,11",
    "2024-01-05,B,Milk,60,21",
    "2024-01-01,B,Milk,50,20",
    "2024-01-02,B,Milk,50,20",
]
SOLD = [("A", "2024-01-02", 20, 1000), ("A", "2024-01-03", 10, 900), ("B", "2024-01-05", 10, 2100)]


def counts(*values: float | None, first: int = 1, head: str = "date,sku,sale_count") -> str:
    """A file with a count of product A a day, without the days whose count is None."""
    rows = [f"2024-01-{day:02},A,{value}" for day, value in enumerate(values, first) if value is not None]
    return "\n".join([head, *rows, ""])


def units(workspace) -> list[tuple]:
    return stored(workspace, "select day(ordered_at), units from orders order by 1")


def accounted(report) -> dict[str, int]:
    totals = report.totals()
    assert totals["read"] == sum(totals[k] for k in ("kept", "dropped", "quarantined", "set_aside"))
    return totals


def test_counters_are_asked_about_with_the_flag_to_answer_with(workspace, tmp_path):
    file = write(tmp_path, "counts.csv", HEAD + "\n".join(COUNTS))
    with pytest.raises(UserError, match="--each-row running-total"):
        import_files(workspace, [file])
    assert main(["import", str(file), "--workspace", str(workspace.root)]) == 2
    assert main(["import", str(file), "--workspace", str(workspace.root), "--each-row", "running-total"]) == 0
    assert stored(workspace, SALES) == SOLD


def test_the_dry_run_states_the_proposal_and_what_is_set_aside(workspace, tmp_path):
    report = import_files(workspace, [write(tmp_path, "counts.csv", HEAD + "\n".join(COUNTS))], dry_run=True)
    (question,) = report.open()
    assert question.proposal == "running-total" and "sale_count" in str(question.about)
    (month,) = report.files[0].main.statement.months
    assert (month.units, month.cents) == (40, 50000)
    text = str(report.text())
    assert "The first counts of 2 products, with 150 units, are set aside" in text and "1 difference covers several days" in text


@pytest.mark.parametrize("seed", range(4))
def test_the_order_of_rows_changes_nothing(workspace, tmp_path, seed):
    rows = random.Random(seed).sample(COUNTS, len(COUNTS))
    report = import_files(workspace, [write(tmp_path, "counts.csv", HEAD + "\n".join(rows))], answers=RUNNING)
    assert accounted(report) == {"read": 6, "kept": 3, "dropped": 0, "quarantined": 0, "set_aside": 3}
    aside = {one.reason[:15]: one.units for one in report.files[0].main.aside_lines}
    assert aside == {"The first count": 150, "The count is th": 0}
    assert stored(workspace, SALES) == SOLD
    assert stored(workspace, PRICES) == [("A", "Cream", 900), ("B", "Milk", 2100)]


def test_a_missing_day_counts_on_the_day_of_the_next_count(workspace, tmp_path):
    import_files(workspace, [write(tmp_path, "counts.csv", counts(10, 12, None, 19))], answers=RUNNING)
    assert units(workspace) == [(2, 2), (4, 7)]


@pytest.mark.parametrize(
    ("values", "right", "refused"),
    [
        ((100, 120, 5, 9), [(2, 20), (4, 4)], ["5"]),  # began again
        ((100, 120, 12, 130), [(2, 20), (4, 10)], ["12"]),  # a wrong low count
        ((100, 120, 12, 12, 130), [(2, 20), (5, 10)], ["12"]),  # two of them
        ((100, 120, 1300, 130, 140), [(2, 20), (4, 10), (5, 10)], ["1300"]),  # a wrong high count
        ((100, 120, 119, 125), [(3, 19), (4, 6)], ["120"]),  # a cancelled sale
        ((0, 3, 2, 1), [(3, 2)], ["1", "3"]),
    ],
)
def test_a_counter_that_falls_makes_no_negative_sales(workspace, tmp_path, values, right, refused):
    report = import_files(workspace, [write(tmp_path, "counts.csv", counts(*values))], answers=RUNNING)
    accounted(report)
    assert units(workspace) == right
    assert [value for (value,) in stored(workspace, "select value from quarantine order by 1")] == refused


def test_the_last_count_of_a_day_holds(workspace, tmp_path):
    rows = ["2024-01-02 18:00,A,25", "2024-01-02 06:00,A,21", "2024-01-01 09:00,A,10", "2024-01-01 23:00,A,20"]
    report = import_files(workspace, [write(tmp_path, "counts.csv", "crawl_time,sku,sale_count\n" + "\n".join(rows))], answers=RUNNING)
    assert accounted(report)["set_aside"] == 3
    assert units(workspace) == [(2, 5)]


def test_rows_that_cannot_be_read_are_no_counts(workspace, tmp_path):
    rows = "2024-01-01,A,10\n2024-01-02,A,unknown\n,A,90\n2024-01-03,A,14\n2024-01-04,A,-3\n2024-01-05,A,15\n"
    report = import_files(workspace, [write(tmp_path, "counts.csv", "date,sku,sale_count\n" + rows)], answers=RUNNING)
    assert accounted(report)["quarantined"] == 3
    assert units(workspace) == [(3, 4), (5, 1)]


def test_files_that_overlap_lose_and_double_nothing(workspace, tmp_path):
    import_files(workspace, [write(tmp_path, "week1.csv", counts(10, 12, 15, 20))], answers=RUNNING)
    import_files(workspace, [write(tmp_path, "week2.csv", counts(20, 26, 27, first=4))])  # the answer is remembered
    assert units(workspace) == [(2, 2), (3, 3), (4, 5), (5, 6), (6, 1)]
    import_files(workspace, [write(tmp_path, "again.csv", counts(12, 15, 20, 26, 27, 29, first=2))])
    assert units(workspace) == [(2, 2), (3, 3), (4, 5), (5, 6), (6, 1), (7, 2)]


def test_what_is_sold_between_two_files_that_do_not_overlap_is_set_aside_aloud(workspace, tmp_path):
    import_files(workspace, [write(tmp_path, "week1.csv", counts(10, 12))], answers=RUNNING)
    report = import_files(workspace, [write(tmp_path, "week2.csv", counts(40, 41, first=5))])
    assert units(workspace) == [(2, 2), (6, 1)]
    assert "sales between two files that do not overlap are not counted" in str(report.text())


def test_an_import_of_counts_can_be_taken_back(workspace, tmp_path):
    import_files(workspace, [write(tmp_path, "one.csv", HEAD + "\n".join(COUNTS))], answers=RUNNING)
    import_files(workspace, [write(tmp_path, "two.csv", "date,sku,qty,price\n2024-01-06,C,1,2\n")])
    undo_import(workspace, "2")
    assert stored(workspace, SALES) == SOLD and ("A", "Cream", 900) in stored(workspace, PRICES)


@pytest.mark.parametrize("name", ["累计销量", "Verkäufe gesamt", "Total vendido", "всего продано", "Lifetime units sold"])
def test_counters_of_other_languages_are_asked_about(workspace, tmp_path, name):
    report = import_files(workspace, [write(tmp_path, "list.csv", counts(3, 4, 9, head=f"date,sku,{name}"))], dry_run=True)
    assert [q.argument() for q in report.open()] == ["--each-row running-total"]


def test_a_counter_of_an_unknown_name_is_named_by_hand(workspace, tmp_path):
    file = write(tmp_path, "list.csv", counts(3, 4, 9, head="date,sku,Zählerstand"))
    import_files(workspace, [file], columns=("orders.units = Zählerstand",), answers=RUNNING)
    assert units(workspace) == [(2, 1), (3, 5)]


def test_counters_that_are_sales_of_a_day_after_all_are_read_as_such(workspace, tmp_path):
    import_files(workspace, [write(tmp_path, "list.csv", counts(3, 4, 9))], answers={"--each-row": "day-total"})
    assert units(workspace) == [(1, 3), (2, 4), (3, 9)]


def test_units_that_only_ever_rise_are_asked_about(workspace, tmp_path):
    rising = counts(*range(100, 187, 3), head="date,sku,qty")
    report = import_files(workspace, [write(tmp_path, "sales.csv", rising)], dry_run=True)
    assert [(q.proposal, "'qty'" in str(q.about)) for q in report.open()] == [("running-total", True)]
    assert report.files[0].main.statement.months[0].units == 84
    import_files(workspace, [write(tmp_path, "sales.csv", rising)], answers={"--each-row": "day-total"})
    assert len(units(workspace)) == 29


def test_sales_that_sometimes_fall_or_never_change_are_no_counters(workspace, tmp_path):
    sales = counts(*range(100, 184, 3), 1, head="date,sku,qty") + "".join(f"2024-01-{day:02},B,1\n" for day in range(1, 29))
    assert import_files(workspace, [write(tmp_path, "sales.csv", sales)]).open() == []


def test_orders_beside_counts_stay_orders(workspace, tmp_path):
    orders = write(tmp_path, "orders.csv", "order_id,date,sku,qty\n1,2024-01-01,A,2\n2,2024-01-02,A,3\n")
    import_files(workspace, [orders], answers=RUNNING)
    assert units(workspace) == [(1, 2), (2, 3)]


def test_a_list_of_products_as_of_one_day_stays_one(workspace, tmp_path):
    listed = "date,sku,title,total_sold,price\n2024-01-01,A,Cream,100,9\n2024-01-01,B,Milk,50,20\n"
    orders = write(tmp_path, "orders.csv", "order_id,date,sku,qty\n1,2024-01-01,A,2\n")
    import_files(workspace, [orders, write(tmp_path, "list.csv", listed)])
    assert stored(workspace, PRICES) == [("A", "Cream", 900), ("B", "Milk", 2000)]
