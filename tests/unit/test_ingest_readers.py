"""Files of every kind and encoding: all rows come out as text, with their lines; none is lost."""

from __future__ import annotations

import base64
import datetime
import gzip
import json
import subprocess
import sys
import zipfile
import zlib
from pathlib import Path
from types import SimpleNamespace

import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from core.errors import UserError
from core.ingest import import_files
from core.ingest.readers import json_objects, workbook
from core.ingest.readers.delimited import TOO_FEW_FIELDS, TOO_MANY_FIELDS, WRONG_BYTES
from core.ingest.readers.files import open_sources
from core.ingest.readers.json_objects import NOT_AN_OBJECT
from core.ingest.readers.source import row_batches
from core.ingest.readers.spool import ScratchFolder, Spool
from core.storage import startup
from core.workspace import Workspace


def rows_of(path: Path, **options) -> tuple[list[str], list[tuple]]:
    """Columns of the only source in a file, and its rows as (line, broken, cells ...)."""
    with open_sources(path, **options) as (source,):
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
    assert [r[:2] for r in rows_of(path)[1]] == [(2, None), (3, TOO_FEW_FIELDS), (4, TOO_MANY_FIELDS), (6, None), (7, None)]


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
    assert [r[1] for r in rows if r[1]] == [WRONG_BYTES] and len(rows) == 202
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
        (3, NOT_AN_OBJECT, None, None, None, None, None),
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
    with open_sources(tmp_path / "book.xlsx") as sources:
        assert [(s.file, s.columns) for s in sources] == [
            ("book.xlsx#orders", ["date", "sku", "qty"]),
            ("book.xlsx#products", ["sku", "title"]),
        ]
        rows = [tuple(r.values()) for r in next(sources[0].batches(["date", "sku", "qty"])).to_pylist()]
    assert rows == [(4, None, "2024-03-05 00:00:00", "A", "2"), (5, None, "45356", "13085", "1.5")]
    with open_sources(tmp_path / "book.xlsx", sheet="products") as sources:
        assert len(sources) == 1
    with pytest.raises(UserError, match="orders, products, empty"), open_sources(tmp_path / "book.xlsx", sheet="stock"):
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
    "name, content, found",
    [
        ("shop.csv", b"", "shop.csv is empty"),
        ("shop.csv", bytes(range(256)) * 20, "shop.csv is a binary file"),
        ("shop.xls", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600), "shop.xls is an archive or document"),
        ("shop.json", b'[{"a": 1}, nonsense', "shop.json cannot be read as JSON"),
        ("shop.jsonl", b"{nonsense\n", "shop.jsonl has no JSON object"),
    ],
)
def test_a_file_that_cannot_be_read_is_named(tmp_path, name, content, found):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(UserError, match=found), open_sources(tmp_path / name) as sources:
        [list(source.batches(source.columns)) for source in sources]


XLS = (  # a sheet with the row below, as written by xlwt 1.3.0: packed by zlib, then base 85
    "c-rk)O=uHA6#izDG(V*IGZk8)go;&b3$49)X}3zXr<Cf&AB38kJxC<cZ9LS2R%?!e;7RdPs0T0g=im=|Q1IYEsOUiughY>?1O*Rm);BM+l179E"
    "v{0EZ%r|e|%$s?cnK!e$Z<gZa`THFeG+-DWRGlDN>U4rq&@IG3^^PM&HxE#9G&U510b0lwAD*_p_RBSt>s^6?d)^nsz$Z$_aR%dsyp>u<>|-A?"
    "Li#X7EO3i75wx>c3Fec`o0#u%%V*3ZthvfOL~YCB7?#ZOo;_+8A2GVPE&|!_Bewa#ngO)omE6S_uZdb)ANJa(GN(6KMW;861<-<yS$WHr<tT0="
    "1RN#wrPF<*qh%y%u@~^&Nde#7sD7T(`t{Wdkp9PNz5fsT04-vp{<`4>X5pORASuzN4tr~XT(Gm2J-v*rkP4NunWE(ZrgP_r&lYEVK!5+h?!k~e"
    "+xaYrtvU-@IYz?7SwvZmbEL$`ndLiQ-=?P~%t_YF^7&u8CALYY;NX(9Ama$v7|b*-dRX4Ye3^UQ!g2?5lD0AB-4ks}I55X;u5fKPjWfu2XKt^P"
    "caU8Aa`16y>9e_$<i)Yd`Q+kza~@rEYh}q^{^rmtdd1Bf5>HGw7wSa$$lU(h=@Kwv%6CUyg;A`?cp}7^Yb7~5;#bK~b0w`sgY^X?#JU6?yfnDI"
    "U~4%$wK{1ndl@zoc*s*XQg;`JprN6mp`oFnp`p<{gnBObs8<A^dhYkD?>Z}#s`@j@e~UvX(62}@mHUyW+{R2(`)4zJ!tG0}(Z>B=C~=rZw~@mX"
    "`;lvU|I&M#sQ*7}HjMqf5NdY(YBPTR<MDq2Eb!1e"
)
ODS = """<?xml version="1.0" encoding="UTF-8"?><office:document-content
 xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0" xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0"
 xmlns:table="urn:oasis:names:tc:opendocument:xmlns:table:1.0" office:version="1.2"><office:body><office:spreadsheet>
<table:table table:name="orders">
<table:table-row>{header}</table:table-row>
<table:table-row><table:table-cell office:value-type="date" office:date-value="2024-03-05"><text:p>05.03.24</text:p></table:table-cell>
<table:table-cell office:value-type="string"><text:p>00123</text:p></table:table-cell>
<table:table-cell office:value-type="float" office:value="2"><text:p>2</text:p></table:table-cell></table:table-row>
</table:table></office:spreadsheet></office:body></office:document-content>"""


def write_xls(path: Path) -> None:
    path.write_bytes(zlib.decompress(base64.b85decode("".join(XLS))))


def write_ods(path: Path) -> None:
    cells = "".join(f'<table:table-cell office:value-type="string"><text:p>{c}</text:p></table:table-cell>' for c in ("date", "sku", "qty"))
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        archive.writestr("content.xml", ODS.format(header=cells).replace("\n", ""))
        manifest = '<manifest:manifest xmlns:manifest="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0"/>'
        archive.writestr("META-INF/manifest.xml", manifest)


@pytest.mark.parametrize("name, written", [("orders.xls", write_xls), ("orders.ods", write_ods)])
def test_old_excel_and_opendocument_sheets_are_read(tmp_path, name, written):
    written(tmp_path / name)
    columns, rows = rows_of(tmp_path / name)
    assert columns == ["date", "sku", "qty"] and [(line, sku, qty) for line, _, _, sku, qty in rows] == [(2, "00123", "2")]
    assert rows[0][2].startswith("2024-03-05")


@pytest.mark.parametrize("epoch", [openpyxl.utils.datetime.WINDOWS_EPOCH, openpyxl.utils.datetime.CALENDAR_MAC_1904])
def test_a_sheet_is_read_as_it_is_seen(tmp_path, epoch):
    book = openpyxl.Workbook()
    book.epoch = epoch
    page = book.active
    page["B2"], page["C2"], page["D2"] = "date", "sku", "qty"
    page["B4"], page["C4"], page["D4"] = datetime.datetime(2024, 3, 5), "00123", 2
    page["B5"], page["C5"], page["D5"] = datetime.datetime(2024, 3, 5, 14, 30, 12), 4006381333931, 0.1
    page.merge_cells("C6:D6")
    page["B6"], page["C6"] = datetime.datetime(1999, 12, 31), "both"
    page.sheet_state = "hidden"
    book.create_sheet("seen")
    book.save(tmp_path / "book.xlsx")
    columns, rows = rows_of(tmp_path / "book.xlsx")
    assert columns == ["column 1", "date", "sku", "qty"]
    assert rows == [
        (4, None, None, "2024-03-05 00:00:00", "00123", "2"),
        (5, None, None, "2024-03-05 14:30:12", "4006381333931", "0.1"),
        (6, None, None, "1999-12-31 00:00:00", "both", None),
    ]


def test_a_formula_is_read_as_its_last_value(tmp_path):
    book = openpyxl.Workbook()
    for row in (["sku", "qty"], ["A", "=1+2"]):
        book.active.append(row)
    book.save(tmp_path / "plain.xlsx")
    with zipfile.ZipFile(tmp_path / "plain.xlsx") as plain, zipfile.ZipFile(tmp_path / "book.xlsx", "w") as kept:
        for name in plain.namelist():
            kept.writestr(
                name,
                plain.read(name).replace(b"<f>1+2</f><v></v>", b"<f>1+2</f><v>3</v>").replace(b"<f>1+2</f><v />", b"<f>1+2</f><v>3</v>"),
            )
    assert rows_of(tmp_path / "book.xlsx")[1] == [(2, None, "A", "3")]


def test_an_import_opens_a_workbook_and_parses_a_json_array_once(workspace, tmp_path, monkeypatch):
    book = openpyxl.Workbook()
    for title in ("orders", "more orders"):
        page = book.create_sheet(title)
        for row in (["date", "sku", "name", "qty"], ["2024-03-05", title, "Mug", 2]):
            page.append(row)
    book.remove(book.active)
    book.save(tmp_path / "shop.xlsx")
    (tmp_path / "sales.json").write_text(json.dumps([{"date": "2024-03-06", "sku": "C", "name": "Mug", "qty": 1}]))
    opens: list[str] = []

    def counted(name, work):
        return lambda *arguments: (opens.append(name), work(*arguments))[1]

    open_book = SimpleNamespace(from_filelike=counted("workbook", workbook.CalamineWorkbook.from_filelike))
    monkeypatch.setattr(workbook, "CalamineWorkbook", open_book)
    monkeypatch.setattr(json_objects, "_array", counted("array", json_objects._array))
    report = import_files(workspace, [tmp_path / "shop.xlsx", tmp_path / "sales.json"])
    assert report.totals()["kept"] == 3 and sorted(opens) == ["array", "workbook"]


def test_a_spool_gives_back_its_rows_in_batches_of_any_size(tmp_path):
    names = ["a", "b"]
    tables = row_batches(((n, None, [str(n), f"b{n}"]) for n in range(10)), names, names, 3)
    spool = Spool(tmp_path, tables)
    for rows in (1, 3, 4, 7, 10, 50):
        batches = list(spool.batches([1, 0], rows))
        assert [len(b) for b in batches[:-1]] == [rows] * (len(batches) - 1)
        assert [tuple(r.values()) for b in batches for r in b.to_pylist()] == [(n, None, f"b{n}", str(n)) for n in range(10)]


def test_temporary_files_are_for_the_owner_alone_and_removed(tmp_path):
    with ScratchFolder(tmp_path / "cache") as scratch:
        assert not (tmp_path / "cache").exists(), "no folder before it is needed"
        folder = scratch.new_folder()
        assert folder.parent.parent == tmp_path / "cache" and folder.parent.stat().st_mode & 0o777 == 0o700
        assert startup.sweep(Workspace(tmp_path)) == [], "a living import keeps its files"
    assert list((tmp_path / "cache").iterdir()) == []


def test_what_a_killed_import_leaves_is_swept(workspace, tmp_path):
    write_xls(tmp_path / "orders.xls")
    script = (
        "import os, sys; from pathlib import Path; from core.workspace import Workspace; from core.ingest import importing\n"
        "importing.plan_sources = lambda *a: os._exit(9)\n"
        "importing.import_files(Workspace(Path(sys.argv[1])), [Path(sys.argv[2])])\n"
    )
    killed = subprocess.run([sys.executable, "-c", script, str(workspace.root), str(tmp_path / "orders.xls")], check=False)
    left = [path.name for path in workspace.cache.iterdir()]
    assert killed.returncode == 9 and any(name.endswith(".tmp") for name in left)
    startup.sweep(workspace)
    assert list(workspace.cache.iterdir()) == []
