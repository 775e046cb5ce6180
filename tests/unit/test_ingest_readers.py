"""Files of every kind and encoding: all rows come out as text, with their lines; none is lost."""

from __future__ import annotations

import datetime
import gzip
import json
from pathlib import Path

import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from core.errors import UserError
from core.ingest.readers.files import opened


def rows_of(path: Path, **options) -> tuple[list[str], list[tuple]]:
    """Columns of the only source in a file, and its rows as (line, broken, cells ...)."""
    with opened(path, **options) as (source,):
        return source.columns, [tuple(r.values()) for batch in source.batches(source.columns) for r in batch.to_pylist()]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "gb18030"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("packed", [False, True])
def test_text_of_any_encoding_and_delimiter_reads_alike(tmp_path, encoding, delimiter, packed):
    lines = [
        ["编号", "名称", "价格"],
        ["1", "红色茶杯", "12"],
        ["2", 'a "quoted", name; here|there\nsecond line', "7"],
        ["3", "竹灯笼", ""],
    ]
    text = "\r\n".join(delimiter.join('"' + c.replace('"', '""') + '"' if not c.isalnum() else c for c in line) for line in lines) + "\r\n"
    data = text.encode(encoding)
    path = tmp_path / "file.csv"
    path.write_bytes(gzip.compress(data) if packed else data)
    columns, rows = rows_of(path)
    assert columns == lines[0]
    assert [r[2:] for r in rows] == [tuple(line) for line in lines[1:]]
    assert [r[:2] for r in rows] == [(2, None), (3, None), (5, None)]


@pytest.mark.parametrize(
    "encoding, text",
    [
        ("cp1252", "sku;désignation;prix\n1;Théière émaillée à fleurs;12,50 €\n2;Crêpière géante été;7,00 €\n"),
        ("cp1252", "Artikel;Größe\nMütze grün;schön\nTasse weiß;süß\n"),
        ("cp1250", "nazwa;cena\nżółty kubek;12\nmiły łabędź;7\n"),
        ("cp1251", "товар;цена\nкрасная кружка;12\nсиняя лампа;7\n"),
        ("gb18030", "品名,价格\n茶杯,12\n"),
        ("big5", "商品名稱;價格\n紅色茶杯;12\n藍色檯燈與書桌;7\n"),
    ],
)
def test_text_that_is_no_utf8_is_told_by_its_letters(tmp_path, encoding, text):
    path = tmp_path / "file.csv"
    path.write_bytes(text.encode(encoding))
    columns, rows = rows_of(path)
    delimiter = ";" if ";" in text else ","
    assert [columns, *(list(r[2:]) for r in rows)] == [line.split(delimiter) for line in text.splitlines()]


@pytest.mark.parametrize(
    "encoding, title", [("cp1252", "España mug"), ("cp1252", "Théière"), ("gb18030", "红色茶杯"), ("cp1251", "красная кружка")]
)
def test_the_encoding_is_told_by_letters_that_come_late_in_a_file(tmp_path, encoding, title):
    path = tmp_path / "file.csv"
    path.write_bytes(b"sku,title\n" + b"A1,Plain mug\n" * 30_000 + f"A2,{title}\n".encode(encoding))
    assert rows_of(path)[1][-1][2:] == ("A2", title)


def test_ragged_rows_are_handed_out_as_broken_and_empty_trailing_cells_are_no_fault(tmp_path):
    path = tmp_path / "file.csv"
    path.write_text("a,b\n1,2\n1\n1,2,3\n\n1,2,,\n4,5\n")
    assert [r[:2] for r in rows_of(path)[1]] == [
        (2, None),
        (3, "1 fields instead of 2"),
        (4, "3 fields instead of 2"),
        (6, None),
        (7, None),
    ]


def test_a_quote_that_is_never_closed_costs_one_row_and_not_the_rest_of_the_file(tmp_path):
    path = tmp_path / "file.csv"
    path.write_text('a,b\n1,2\n3,"open\n' + "5,6\n" * 2000)
    rows = rows_of(path)[1]
    assert len(rows) == 2002
    assert sum(r[2:] == ("5", "6") for r in rows) == 2000


def test_a_few_bytes_that_are_not_utf8_break_their_rows_only(tmp_path):
    path = tmp_path / "file.csv"
    path.write_bytes(b"a,b\n" + "é,ü\n".encode() * 200 + b"\xff\xfe,1\n" + "é,ü\n".encode())
    rows = rows_of(path)[1]
    assert [r[1] for r in rows if r[1]] == ["bytes that are not utf-8"] and len(rows) == 202
    assert rows[-1][2:] == ("é", "ü")


def test_a_title_above_the_header_is_no_header(tmp_path):
    path = tmp_path / "file.csv"
    path.write_text("Sales report\n\ndate,sku,qty\n2024-01-01,A,1\n2024-01-02,A,1\n")
    columns, rows = rows_of(path)
    assert columns == ["date", "sku", "qty"] and [r[0] for r in rows] == [4, 5]


def test_equal_and_empty_column_names_are_told_apart(tmp_path):
    path = tmp_path / "file.csv"
    path.write_text("a,,a\n1,2,3\n")
    assert rows_of(path)[0] == ["a", "column 2", "a (2)"]


def test_parquet_types_become_text_that_reads_back(tmp_path):
    path = tmp_path / "file.parquet"
    pq.write_table(
        pa.table(
            {
                "when": pa.array([datetime.datetime(2024, 3, 5, 14, 30), None], pa.timestamp("us")),
                "zoned": pa.array([datetime.datetime(2024, 3, 5, 14, 30)] * 2, pa.timestamp("us", tz="Europe/Berlin")),
                "id": [13085.0, None],
                "price": [2.1, float("nan")],
                "tags": [["a", "b"], None],
                "name": pa.array(["x", "y"]).dictionary_encode(),
            }
        ),
        path,
    )
    columns, rows = rows_of(path)
    assert rows == [
        (1, None, "2024-03-05 14:30:00.000000", "2024-03-05 14:30:00.000000", "13085", "2.1", "a b", "x"),
        (2, None, None, "2024-03-05 14:30:00.000000", None, None, None, "y"),
    ]


def test_whole_floats_of_a_parquet_file_are_written_as_whole_numbers(tmp_path):
    path = tmp_path / "file.parquet"
    pq.write_table(pa.table({"ean": [4006381333931.0, float("nan"), -7.0, 0.5, 1e20]}), path)
    assert [r[2] for r in rows_of(path)[1]] == ["4006381333931", None, "-7", "0.5", "1e+20"]


def test_json_lines_and_json_arrays_read_alike(tmp_path):
    items = [{"id": 1, "price": 2.5, "tags": ["a", "b"], "ok": True}, {"id": 2.0, "nested": {"k": "v"}}]
    (tmp_path / "lines.jsonl").write_text("\n".join(json.dumps(i) for i in items) + "\n{broken\n")
    (tmp_path / "array.json").write_text(json.dumps(items))
    columns, rows = rows_of(tmp_path / "lines.jsonl")
    assert columns == ["id", "price", "tags", "ok", "nested"]
    assert rows == [
        (1, None, "1", "2.5", "a b", "true", None),
        (2, None, "2", None, None, None, '{"k": "v"}'),
        (3, "not a JSON object", None, None, None, None, None),
    ]
    assert rows_of(tmp_path / "array.json")[1] == rows[:2]


def test_a_key_that_only_late_objects_have_is_a_column(tmp_path):
    items = [{"sku": "A"}] * 2500 + [{"sku": "B", "qty": 3}]
    (tmp_path / "lines.jsonl").write_text("\n".join(map(json.dumps, items)))
    columns, rows = rows_of(tmp_path / "lines.jsonl")
    assert columns == ["sku", "qty"] and rows[-1] == (2501, None, "B", "3") and rows[0] == (1, None, "A", None)


def test_every_sheet_of_a_workbook_is_a_source_of_its_own(tmp_path):
    book = openpyxl.Workbook()
    first = book.active
    first.title = "orders"
    for row in (
        ["My shop"],
        [],
        ["date", "sku", "qty"],
        [datetime.datetime(2024, 3, 5), "A", 2],
        [45356, 13085.0, 1.5],
        [None, None, None],
    ):
        first.append(row)
    second = book.create_sheet("products")
    second.append(["sku", "title"])
    second.append(["A", "Mug"])
    book.create_sheet("empty")
    book.save(tmp_path / "book.xlsx")
    with opened(tmp_path / "book.xlsx") as sources:
        assert [(s.file, s.columns) for s in sources] == [
            ("book.xlsx#orders", ["date", "sku", "qty"]),
            ("book.xlsx#products", ["sku", "title"]),
        ]
        rows = [tuple(r.values()) for r in next(sources[0].batches(["date", "sku", "qty"])).to_pylist()]
    assert rows == [(4, None, "2024-03-05 00:00:00", "A", "2"), (5, None, "45356", "13085", "1.5")]
    with opened(tmp_path / "book.xlsx", sheet="products") as sources:
        assert len(sources) == 1
    with pytest.raises(UserError, match="orders, products, empty"), opened(tmp_path / "book.xlsx", sheet="stock"):
        pass


def test_a_packed_parquet_and_a_packed_workbook_read_as_well(tmp_path):
    pq.write_table(pa.table({"a": [1, 2]}), tmp_path / "plain.parquet")
    (tmp_path / "plain.parquet.gz").write_bytes(gzip.compress((tmp_path / "plain.parquet").read_bytes()))
    assert rows_of(tmp_path / "plain.parquet.gz")[1] == [(1, None, "1"), (2, None, "2")]


def test_a_file_cut_while_packed_says_so(tmp_path):
    (tmp_path / "cut.csv.gz").write_bytes(gzip.compress(b"a,b\n" + b"1,2\n" * 100000)[:-300])
    with pytest.raises(UserError, match="cut.csv.gz"):
        rows_of(tmp_path / "cut.csv.gz")


@pytest.mark.parametrize(
    "name, content, told",
    [
        ("shop.csv", b"", "rows in shop.csv"),
        ("shop.csv", bytes(range(256)) * 20, "text in shop.csv"),
        ("shop.xls", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600), "Found shop.xls"),
        ("shop.json", b'[{"a": 1}, nonsense', "a line in shop.json"),
        ("shop.jsonl", b"{nonsense\n", "a line in shop.jsonl"),
    ],
)
def test_what_cannot_be_read_is_named_as_the_user_knows_it_not_as_an_upload_is_kept(tmp_path, name, content, told):
    (kept := tmp_path / f"f8ab700cb7a0-{name}").write_bytes(content)
    with pytest.raises(UserError, match=told), opened(kept) as sources:
        [list(source.batches(source.columns)) for source in sources]
