"""Columns whose names nobody knows are proposed by their values, in the ways that shops write them."""

from __future__ import annotations

import pytest
from fixtures.importing import write

from core.ingest import import_files


def proposed(workspace, tmp_path, text: str) -> dict[str, str]:
    report = import_files(workspace, [write(tmp_path, "export.csv", text)], dry_run=True)
    return {q.name.partition(".")[2]: q.proposal for q in report.questions if q.proposal}


@pytest.mark.parametrize(
    ("header", "style", "money"),
    [
        ("a1;a2;a3;a4;a5;a6", "{d:02}.{m:02}.2024", "{},{:02}"),
        ("a1,a2,a3,a4,a5,a6", "2024-{m:02}-{d:02} 09:30:00", "{}.{:02}"),
        ("甲;乙;丙;丁;戊;己", "2024年{m}月{d}日", "¥{}.{:02}"),
        ("a1\ta2\ta3\ta4\ta5\ta6", "{m}/{d}/2024", "${}.{:02}"),
        ("a1;a2;a3;a4;a5;a6", "{d} mars 2024", "{},{:02} €"),
    ],
)
def test_dates_prices_counts_and_numbers_are_told_apart_by_their_values(workspace, tmp_path, header, style, money):
    columns = header.replace("\t", ";").replace(",", ";").split(";")
    delimiter = header[len(columns[0])]
    rows = []
    for i in range(60):
        day = style.format(d=i // 4 % 28 + 1, m=3)
        price = money.format(i % 7 + 3, (i % 7) * 13)
        rows.append(
            (f"R{1000 + i // 2}", day, f"X{i % 7}", f"Tasse {'rot blau gelb weiss grau rosa braun'.split()[i % 7]}", str(i % 3 + 1), price)
        )
    text = header + "\n" + "".join(delimiter.join(row) + "\n" for row in rows)
    assert proposed(workspace, tmp_path, text) == {
        "order_id": columns[0],
        "ordered_at": columns[1],
        "product_id": columns[2],
        "title": columns[3],
        "units": columns[4],
        "unit_price": columns[5],
    }


def test_personal_columns_are_proposed_for_nothing(workspace, tmp_path):
    rows = "".join(f"anna{i % 9}@example.org;2024-03-{i % 28 + 1:02};{i % 3 + 1}\n" for i in range(40))
    assert "a1" not in proposed(workspace, tmp_path, "a1;a2;a3\n" + rows).values()


def test_one_row_shows_nothing(workspace, tmp_path):
    assert proposed(workspace, tmp_path, "a1;a2;a3\nX;2024-03-05;1\n") == {}
