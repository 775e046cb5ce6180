"""Every table of every page can be taken along whole: as CSV, and as Excel with filters and data date on a second sheet."""

from __future__ import annotations

import ast
import csv
import io
import re
from pathlib import Path

import openpyxl
import pytest
import streamlit as st
from fixtures.past_updates import IN_FULL

ROOT = Path(__file__).parents[2]
DRAWS = {"dataframe", "table", "data_editor"}
# Tables that are drawn elsewhere than in exports.py, by file, with where they are taken along.
ELSEWHERE = {
    "dashboard/components/exports.py": "draws a table with its downloads",
    "dashboard/components/cards.py": "stock of a product: its row of the plan, below it",
    "dashboard/components/inventory/exports.py": "print view of the plan, whose downloads are beside it",
    "dashboard/components/inventory/listing.py": "the plan, whose downloads stay in sight above it",
    "dashboard/components/inventory/purchase_orders.py": "one purchase order, a document with its own CSV and Excel",
}
# Lists of rows, by file, with the download of the whole.
LISTS = {
    "dashboard/components/rising/listing.py": "rising",
    "dashboard/components/rising/groups.py": "rising-category",
    "dashboard/components/track_record.py": "track-record",
    "dashboard/components/recommendations.py": "recommendations",
    "dashboard/components/feature.py": "feature",
    "dashboard/components/launches.py": "launches",
    "dashboard/components/today.py": "excerpts of Rising and Inventory",
    "dashboard/components/alerts.py": "excerpt of products",
    "dashboard/components/compare/items.py": "the products of the table below",
    "dashboard/components/inventory/phone.py": "excerpt of the plan, whose downloads are above it",
}
VISITS = {
    "rising": ({}, {"rising"}),
    "rising, falling": ({"list": "falling"}, {"falling"}),
    "rising, by category": ({"by": "category"}, {"rising-category"}),
    "inventory": ({}, {"plan"}),
    "inventory, by supplier": ({"section": "suppliers"}, {"orders-by-supplier"}),
    "inventory, stop": ({"section": "stop"}, {"stop-ordering"}),
    "feature": ({}, {"feature", "feature-left-out", "feature-record"}),
    "recommendations": ({}, {"recommendations", "list-quality", "list-reasons"}),
    "launches": ({"new": "P0006"}, {"launches", "P0006-analogues", "launch-check"}),
    "at_risk": ({}, {"at-risk-reasons", "at-risk-groups", "contact-groups", "campaigns"}),
    "action_results": ({}, {"action-results", "choice-results"}),
    "segments": ({}, {"preferences", "orders-by-group", "rising-in-one-group"}),
    "why": ({}, {"drivers", "signal-"}),
    "product": ({"product": "P0001"}, {"P0001-history", "P0001-forecast"}),
    "product, why": ({"product": "P0001", "tab": "why"}, {"P0001-drivers", "similar", "signals"}),
    "product, customers": ({"product": "P0001", "tab": "customers"}, {"P0001-groups"}),
    "product, reviews": ({"product": "P0001", "tab": "reviews"}, {"P0001-reviews"}),
    "product, stock": ({"product": "P0001", "tab": "stock"}, {"P0001-stock"}),
    "compare": ({"products": "P0001,P0002"}, {"compared"}),
    "track_record": ({}, {"track-record", "calls-by-category", "calls-by-segment"}),
    "data": ({}, {"imports", "rejected-rows", "latest-data", "not-imported"}),
}


@pytest.fixture
def taken(monkeypatch) -> dict[str, bytes]:
    """The files that a page offers, by name; each is made outside the session, as the server makes it when asked."""
    found: dict = {}
    monkeypatch.setattr(st, "download_button", lambda label, data, file_name, *_more, **_look: found.update({file_name: data}))
    return found


@pytest.mark.parametrize("visit", VISITS)
def test_each_table_has_its_downloads(open_page, taken, visit):
    query, expected = VISITS[visit]
    at = open_page(visit.partition(",")[0], **query)
    assert not at.exception
    for name in expected:
        files = [file for file in taken if file.startswith(name)]
        assert {Path(file).suffix for file in files} == {".csv", ".xlsx"}, (name, sorted(taken))
        for file in files:
            assert re.search(r"2011-12-04\.(csv|xlsx)$", file)
            content = taken[file]()
            if file.endswith(".csv"):
                head, *rows = csv.reader(io.StringIO(content.decode("utf-8-sig")))
                assert content.startswith(b"\xef\xbb\xbf") and rows and all(head) and len(set(head)) == len(head)
                run = [cell for row in [head, *rows] for cell in row if re.match(r"[=+@\t\r]|-(?![\d.]+$)", cell)]
                assert run == []
            else:
                book = openpyxl.load_workbook(io.BytesIO(content))
                sheet, about = book.worksheets
                assert sheet.max_row > 1 and ("Data to", "4 Dec 2011") in list(about.iter_rows(max_col=2, values_only=True))


def test_a_download_has_all_rows_and_the_filters(open_page, taken):
    at = open_page("track_record", update="every", shown="all")
    assert not at.exception
    book = openpyxl.load_workbook(io.BytesIO(taken["track-record-2011-12-04.xlsx"]()))
    assert len({row[0] for row in book.worksheets[0].iter_rows(min_row=2, values_only=True)}) == IN_FULL
    assert ("Forecast on", "All updates") in list(book.worksheets[1].iter_rows(max_col=2, values_only=True))


def test_the_plan_names_its_filters_on_the_second_sheet_and_its_columns_in_the_first_row(open_page, taken):
    open_page("inventory", supplier="木艺工坊", status="")
    book = openpyxl.load_workbook(io.BytesIO(taken["plan-2011-12-04.xlsx"]()))
    assert ("Supplier", "木艺工坊") in list(book.worksheets[1].iter_rows(max_col=2, values_only=True))
    rows = list(csv.DictReader(io.StringIO(taken["plan-2011-12-04.csv"]().decode("utf-8-sig"))))
    assert {row["Supplier"] for row in rows} == {"木艺工坊"}
    assert len(rows) == book.worksheets[0].max_row - 1


def test_words_of_a_file_are_of_the_language_of_the_page(open_page, taken):
    open_page("segments", "zh")
    head, *rows = csv.reader(io.StringIO(taken["orders-by-group-2011-12-04.csv"]().decode("utf-8-sig")))
    assert head == ["周", "客群", "订单", "相对周均（倍）"] and any(re.search("[\u4e00-\u9fff]", row[1]) for row in rows)


def calls(name: str) -> set[str]:
    """Files of the dashboard and its pages that call st.`name` or rows.`name`."""
    found = set()
    for path in [*ROOT.glob("dashboard/**/*.py"), *ROOT.glob("pages/*.py")]:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            match node:
                case ast.Call(func=ast.Attribute(value=ast.Name(id="st" | "rows"), attr=attr)) if attr == name:
                    found.add(path.relative_to(ROOT).as_posix())
    return found


def test_no_table_is_drawn_without_a_download():
    assert set().union(*map(calls, DRAWS)) == set(ELSEWHERE)
    assert calls("show") == set(LISTS)
