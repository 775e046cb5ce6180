"""Files made to exhaust a machine, each imported in a process of its own: one line, at most 1.5 GB and 60 seconds."""

from __future__ import annotations

import gzip
import subprocess
import sys
import time
import zipfile
from pathlib import Path

import openpyxl
import pytest

from core.messages import LONGEST

MEMORY_MB, SECONDS = 1500, 60
# A process starts with the peak memory of the one that forked it, so a small one starts and measures the import.
MEASURED = """
import resource, subprocess, sys
status = subprocess.call(sys.argv[1:], stdout=subprocess.DEVNULL)
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
sys.exit(status)
"""


def line_of_3_gb(folder: Path) -> Path:
    with (folder / "line.csv").open("wb") as stream:
        stream.write(b"date,sku,qty\n2024-03-01,A,1\n2024-03-02," + b"B" * (1 << 26))
        stream.truncate(3 << 30)
    return folder / "line.csv"


def gzipped_10_gb(folder: Path) -> Path:
    part = gzip.compress(b"2024-03-01,A,1\n" * (1 << 20), 9)
    with (folder / "bomb.csv.gz").open("wb") as stream:
        stream.write(gzip.compress(b"date,sku,qty\n"))
        for _ in range(640):
            stream.write(part)
    return folder / "bomb.csv.gz"


def workbook_of_6_gb(folder: Path) -> Path:
    openpyxl.Workbook().save(folder / "small.xlsx")
    row = b'<row><c t="inlineStr"><is><t>' + b"a" * 100 + b"</t></is></c></row>"
    with (
        zipfile.ZipFile(folder / "small.xlsx") as small,
        zipfile.ZipFile(folder / "bomb.xlsx", "w", zipfile.ZIP_DEFLATED, compresslevel=1) as bomb,
    ):
        for name in small.namelist():
            with bomb.open(name, "w", force_zip64=True) as stream:
                if name != "xl/worksheets/sheet1.xml":
                    stream.write(small.read(name))
                    continue
                stream.write(b'<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>')
                for _ in range(40_000):
                    stream.write(row * 1000)
    return folder / "bomb.xlsx"


def last_cell(folder: Path) -> Path:
    book = openpyxl.Workbook()
    book.active.append(["date", "sku"])
    book.active["XFD1048576"] = "x"
    book.save(folder / "last.xlsx")
    return folder / "last.xlsx"


def repeated_cells(folder: Path) -> Path:
    names = 'xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0" xmlns:table="urn:oasis:names:tc:opendocument:xmlns:table:1.0"'
    cell = '<table:table-cell table:number-columns-repeated="16384" office:value-type="float" office:value="1"/>'
    row = f'<table:table-row table:number-rows-repeated="1048576">{cell}</table:table-row>'
    with zipfile.ZipFile(folder / "repeated.ods", "w") as archive:
        archive.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        sheet = f'<office:spreadsheet><table:table table:name="a">{row}</table:table></office:spreadsheet>'
        archive.writestr("content.xml", f"<office:document-content {names}><office:body>{sheet}</office:body></office:document-content>")
        archive.writestr("META-INF/manifest.xml", "<manifest/>")
    return folder / "repeated.ods"


def json_of_3_gb(folder: Path) -> Path:
    with (folder / "array.json").open("wb") as stream:
        stream.write(b'[{"date": "2024-03-01", "sku": "' + b"A" * (1 << 26))
        stream.truncate(3 << 30)
    return folder / "array.json"


def markup_of_1_gb(folder: Path) -> Path:
    with (folder / "orders.xls").open("wb") as stream:
        stream.write(b"<html><table><tr><td>")
        for _ in range(1 << 6):
            stream.write(b"a" * (1 << 24))
    return folder / "orders.xls"


HOSTILE = (line_of_3_gb, gzipped_10_gb, workbook_of_6_gb, last_cell, repeated_cells, json_of_3_gb, markup_of_1_gb)


@pytest.mark.whole
@pytest.mark.parametrize("made", HOSTILE, ids=lambda made: made.__name__)
def test_a_hostile_file_costs_a_line(tmp_path, made):
    file = made(tmp_path)
    command = [sys.executable, "-m", "core", "import", str(file), "--quiet", "--workspace", str(tmp_path / "shop")]
    began = time.monotonic()
    done = subprocess.run([sys.executable, "-c", MEASURED, *command], capture_output=True, text=True)
    seconds, megabytes, said = time.monotonic() - began, int(done.stdout) / 1024, done.stderr
    print(made.__name__, done.returncode, round(seconds, 1), "s", round(megabytes), "MB", said)
    assert done.returncode == 2 and len(said.strip().splitlines()) == 1 and len(said) <= LONGEST + len("upswing: ")
    assert seconds < SECONDS and megabytes < MEMORY_MB
