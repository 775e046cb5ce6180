"""Files made to break a reader: each is refused in one line, or read, within bounds of memory and time."""

from __future__ import annotations

import gzip
import json
import subprocess
import sys
from pathlib import Path

import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from core.errors import UserError
from core.ingest import import_files
from core.ingest.readers import limits
from core.ingest.readers.files import open_sources
from core.messages import LONGEST, msg
from core.workspace import Workspace


def rows_of(path: Path) -> tuple[list[str], list[tuple]]:
    with open_sources(path) as (source,):
        return source.columns, [tuple(r.values())[2:] for batch in source.batches(source.columns) for r in batch.to_pylist()]


def refusal(path: Path) -> str:
    """Return the message with which a file is refused."""
    with pytest.raises(UserError) as error, open_sources(path) as sources:
        for source in sources:
            list(source.batches(source.columns))
    assert len(str(error.value)) <= LONGEST and "\n" not in str(error.value)
    return str(error.value)


HTML = """<html><head><style>td {{ x }}</style></head><body><table><tr><td>My shop</td></tr></table>
<table><tr><th>Date</th><th>SKU</th><th>Qty</th></tr>{rows}</table></body></html>"""
XML = """<?xml version="1.0"?><Workbook xmlns:ss="urn:schemas-microsoft-com:office:spreadsheet"><Worksheet ss:Name="s"><Table>
<Row><Cell><Data ss:Type="String">Date</Data></Cell><Cell><Data>SKU</Data></Cell><Cell><Data>Qty</Data></Cell></Row>
<Row><Cell><Data>2024-03-01</Data></Cell><Cell ss:Index="3"><Data ss:Type="Number">2</Data></Cell></Row></Table></Worksheet></Workbook>"""


def test_an_html_table_called_xls_is_read(tmp_path):
    row = "<tr><td>2024-03-01</td><td>A &amp; B</td><td>1<br>2</td></tr>"
    (tmp_path / "orders.xls").write_text(HTML.format(rows=row * 20_000))
    columns, rows = rows_of(tmp_path / "orders.xls")
    assert columns == ["Date", "SKU", "Qty"] and len(rows) == 20_000 and rows[0] == ("2024-03-01", "A & B", "1 2")


def test_the_xml_of_an_old_excel_is_read(tmp_path):
    (tmp_path / "orders.xml").write_text(XML)
    assert rows_of(tmp_path / "orders.xml") == (["Date", "SKU", "Qty"], [("2024-03-01", None, "2")])


@pytest.mark.parametrize("text", ["<html><body>Session expired</body></html>", '<?xml version="1.0"?><orders><order id="1"/></orders>'])
def test_a_document_without_a_table_is_refused(tmp_path, text):
    (tmp_path / "orders.xls").write_text(text)
    assert refusal(tmp_path / "orders.xls").startswith("orders.xls is a document of HTML or XML without a table.")


def test_a_workbook_with_one_column_of_delimited_lines_is_split(tmp_path):
    book = openpyxl.Workbook()
    for line in ("date;sku;qty", '2024-03-01;"A;1";2', "2024-03-02;B1;1"):
        book.active.append([line])
    book.save(tmp_path / "orders.xlsx")
    assert rows_of(tmp_path / "orders.xlsx") == (["date", "sku", "qty"], [("2024-03-01", "A;1", "2"), ("2024-03-02", "B1", "1")])


def test_cells_that_are_merged_over_rows_have_the_value_of_the_first(tmp_path):
    book = openpyxl.Workbook()
    for row in (["date", "sku", "qty"], ["2024-03-01", "A", 1], [None, "B", 2], ["2024-03-02", "C", 3]):
        book.active.append(row)
    book.active.merge_cells("A2:A3")
    book.save(tmp_path / "orders.xlsx")
    assert rows_of(tmp_path / "orders.xlsx")[1] == [("2024-03-01", "A", "1"), ("2024-03-01", "B", "2"), ("2024-03-02", "C", "3")]


def test_a_hidden_sheet_with_the_columns_of_a_visible_one_is_not_read(tmp_path):
    book = openpyxl.Workbook()
    for sheet in (book.active, book.create_sheet("backup"), book.create_sheet("products")):
        sheet.append(["sku", "title" if sheet.title == "products" else "qty"])
        sheet.append(["A", 1])
    book["backup"].sheet_state = book["products"].sheet_state = "hidden"
    book.save(tmp_path / "orders.xlsx")
    with open_sources(tmp_path / "orders.xlsx") as sources:
        assert [s.file for s in sources] == ["orders.xlsx#Sheet", "orders.xlsx#products"]
        assert "Sheet 'backup' is hidden" in str(sources[0].notes[0])


def test_a_value_in_the_last_cell_of_a_sheet_is_refused(tmp_path):
    book = openpyxl.Workbook()
    book.active.append(["date", "sku"])
    book.active["XFD1048576"] = "x"
    book.save(tmp_path / "orders.xlsx")
    assert "needs more memory or time than a table does" in refusal(tmp_path / "orders.xlsx")


def test_a_workbook_with_a_password_is_refused(tmp_path):
    directory = "EncryptionInfo".encode("utf-16-le").ljust(128, b"\0") + "EncryptedPackage".encode("utf-16-le").ljust(128, b"\0")
    (tmp_path / "orders.xlsx").write_bytes(bytes.fromhex("d0cf11e0a1b11ae1").ljust(1024, b"\0") + directory)
    assert refusal(tmp_path / "orders.xlsx").startswith("orders.xlsx is protected by a password.")


def test_a_packed_file_that_grows_beyond_all_measure_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(limits, "UNPACKED_BYTES", 1 << 22)
    with gzip.open(tmp_path / "orders.csv.gz", "wb") as stream:
        stream.write(b"date,sku,qty\n")
        for _ in range(20):
            stream.write(b"2024-03-01,A,1\n" * 100_000)
    assert "unpacks to more than 200 times its size" in refusal(tmp_path / "orders.csv.gz")


def test_a_line_that_does_not_end_is_refused(tmp_path, monkeypatch):
    with (tmp_path / "orders.csv").open("wb") as stream:
        stream.write(b"date,sku,qty\n2024-03-01,A,")
        stream.seek(1 << 26)
        stream.write(b"1\n")
    text = refusal(tmp_path / "orders.csv")
    assert "binary file" in text or "has a line of more than" in text
    (tmp_path / "spaces.csv").write_bytes(b"date,sku,qty\n2024-03-01,A," + b" " * (1 << 25))
    assert "has a line of more than 16,777,216 characters" in refusal(tmp_path / "spaces.csv")
    (tmp_path / "lines.jsonl").write_bytes(b'{"sku": "' + b"a" * (1 << 25))
    assert "has a line of more than 16,777,216 characters" in refusal(tmp_path / "lines.jsonl")


def test_thousands_of_equal_headers_are_told_apart_and_more_columns_than_a_sheet_has_are_refused(tmp_path):
    (tmp_path / "wide.csv").write_text("a," * 6000 + "b\n" + "1," * 6000 + "2\n")
    columns, rows = rows_of(tmp_path / "wide.csv")
    assert columns[:2] == ["a", "a (2)"] and columns[5999] == "a (6000)" and rows[0][-1] == "2"
    (tmp_path / "wider.csv").write_text("a," * 20_000 + "b\n")
    assert "wider.csv has 20,001 columns" in refusal(tmp_path / "wider.csv")


@pytest.mark.parametrize("text", ["[" * 100_000, '[{"a": ' + "[" * 100_000, '{"a": ' * 100_000, "[" + "1" * 10_000 + "]"])
def test_json_that_is_nested_beyond_all_measure_is_refused(tmp_path, text):
    (tmp_path / "orders.json").write_text(text)
    assert "JSON" in refusal(tmp_path / "orders.json")


def test_an_array_of_objects_is_read_across_chunks(tmp_path, monkeypatch):
    from core.ingest.readers import json_objects

    monkeypatch.setattr(json_objects, "_CHUNK", 7)
    items = [{"sku": "A" * 20, "qty": 12.25, "tags": [1, [2]]}, {"sku": "B]", "qty": 1234567}] * 3
    (tmp_path / "orders.json").write_text(json.dumps(items, indent=1))
    assert rows_of(tmp_path / "orders.json")[1] == [("A" * 20, "12.25", "1 2"), ("B]", "1234567", None)] * 3


@pytest.mark.parametrize(
    "start, program",
    [(b"BZh91AY", "bzip2"), (b"\x28\xb5\x2f\xfd\x04", "Zstandard"), (b"7z\xbc\xaf\x27\x1c", "7-Zip"), (b"%PDF-1.7", "PDF")],
)
def test_files_of_other_packers_are_named(tmp_path, start, program):
    (tmp_path / "orders.csv").write_bytes(start + bytes(100))
    assert f"orders.csv is a file of {program}." in refusal(tmp_path / "orders.csv")


def test_parquet_of_any_type_is_read_as_text(tmp_path):
    import datetime
    import decimal

    table = pa.table(
        {
            "decimal": pa.array([decimal.Decimal("12.50")], pa.decimal128(10, 2)),
            "day": pa.array([datetime.date(2024, 3, 1)]),
            "time": pa.array([datetime.time(10, 30)]),
            "span": pa.array([datetime.timedelta(days=1)]),
            "bytes": pa.array([b"a\xff"], pa.binary(2)),
            "map": pa.array([[("k", 1)]], pa.map_(pa.string(), pa.int64())),
            "struct": pa.array([{"a": [1, 2]}]),
            "nothing": pa.nulls(1),
            "half": pa.array([1.5], pa.float32()),
            "large": pa.array(["x"], pa.large_string()),
            "flag": pa.array([True]),
            "unsigned": pa.array([2**63], pa.uint64()),
            "words": pa.array(["a"]).dictionary_encode(),
            "numbers": pa.array([7]).dictionary_encode(),
        }
    )
    pq.write_table(table, tmp_path / "orders.parquet")
    (row,) = rows_of(tmp_path / "orders.parquet")[1]
    assert row[:3] == ("12.50", "2024-03-01", "10:30:00.000000") and row[7:] == (None, "1.5", "x", "true", str(2**63), "a", "7")


def test_a_parquet_file_of_a_billion_equal_rows_is_refused(tmp_path, monkeypatch):
    from core.ingest.readers import parquet

    monkeypatch.setattr(parquet, "MOST_ROWS", 1000)
    pq.write_table(pa.table({"sku": pa.array(["A"] * 200_000), "qty": pa.array([1] * 200_000)}), tmp_path / "orders.parquet")
    assert "orders.parquet has 200,000 rows" in refusal(tmp_path / "orders.parquet")


def test_a_replacement_character_does_not_change_the_encoding(tmp_path):
    (tmp_path / "reviews.csv").write_text("sku,text\nA,It’s good\nB,bad \ufffd char\n", encoding="utf-8")
    assert rows_of(tmp_path / "reviews.csv")[1] == [("A", "It’s good"), ("B", "bad \ufffd char")]


def test_a_message_has_600_characters_at_most_and_keeps_what_to_do():
    error = UserError(
        found=msg("{file} has the columns {columns}.", file="f" * 3000, columns=["c" * 300] * 50),
        expected=msg("To be read, it needs {needs}.", needs=msg("{a} and {b}", a="a" * 900, b="b")),
        to_do=msg("Export it again."),
    )
    assert len(str(error)) <= LONGEST and str(error).endswith("Export it again.")


def test_an_import_of_which_nothing_is_kept_ends_with_exit_status_2(tmp_path):
    (tmp_path / "orders.csv").write_text("date,sku,qty\nyesterday,A,1\n")
    command = [sys.executable, "-m", "core", "import", str(tmp_path / "orders.csv"), "--workspace", str(tmp_path / "shop")]
    done = subprocess.run(command, capture_output=True, text=True)
    assert (done.returncode, done.stderr.count("Traceback")) == (2, 0) and "No row of orders.csv is kept." in done.stderr


def test_numbers_of_products_that_differ_in_leading_zeros_are_pointed_out(workspace, tmp_path):
    (tmp_path / "orders.csv").write_text("date,sku,qty\n2024-03-01,00123,1\n")
    (tmp_path / "products.csv").write_text("sku,title\n123,Tray\n")
    report = import_files(workspace, [tmp_path / "orders.csv", tmp_path / "products.csv"])
    assert any("00123 and 123 are two products" in str(note) for note in report.notes)


@pytest.mark.parametrize("text", ['""\n""\n', '\n""\n\n'])
def test_a_file_of_empty_quotes_is_empty(tmp_path, text):
    (tmp_path / "orders.csv").write_text(text)
    with pytest.raises(UserError, match="is empty"):
        import_files(Workspace(tmp_path / "shop"), [tmp_path / "orders.csv"])
