"""Opening a file of any kind, recognised by its first bytes and not by its name."""

from __future__ import annotations

import csv
import hashlib
import shutil
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pyarrow as pa
from python_calamine import CalamineError

from core.errors import UserError
from core.ingest.readers import delimited
from core.ingest.readers.json_objects import open_json
from core.ingest.readers.limits import Unpacked
from core.ingest.readers.markup import is_markup, open_markup
from core.ingest.readers.parquet import open_parquet
from core.ingest.readers.source import BATCH_ROWS, Source
from core.ingest.readers.spool import ScratchFolder
from core.ingest.readers.workbook import open_workbook
from core.messages import msg

_HEAD = 4096  # bytes or characters that show what a file is
_PACKERS = (
    (b"BZh", "bzip2"),
    (b"\xfd7zXZ\x00", "xz"),
    (b"\x28\xb5\x2f\xfd", "Zstandard"),
    (b"7z\xbc\xaf\x27\x1c", "7-Zip"),
    (b"Rar!\x1a\x07", "RAR"),
    (b"\x04\x22\x4d\x18", "LZ4"),
    (b"\x1f\x9d", "compress"),
    (b"%PDF-", "PDF"),
)
_PARQUET, _ZIP, _OLE = b"PAR1", b"PK\x03\x04", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"


def sha256(path: Path) -> str:
    """Return the hexadecimal hash of a file's content."""
    with open(path, "rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


@contextmanager
def open_sources(
    path: Path, *, encoding: str = "", delimiter: str = "", sheet: str = "", scratch: Path | None = None
) -> Iterator[list[Source]]:
    """Open the sources in a file, usable inside the `with` block. Raises UserError for what cannot be read as data.

    scratch: the folder for temporary files (None = the system's).
    """
    if not path.exists():
        raise UserError(
            found=msg("There is no file at {path}.", path=str(path)),
            expected=msg("An import needs files that exist."),
            to_do=msg("Check the path."),
        )
    if path.is_dir():
        raise UserError(
            found=msg("{path} is a folder.", path=str(path)),
            expected=msg("An import takes files."),
            to_do=msg("Name the files in the folder."),
        )
    with ScratchFolder(scratch) as folder:
        with _damage(path.name):
            sources = _sources(path, folder, encoding, delimiter, sheet)
        for source in sources:
            source.batches = _guarded(path.name, source.batches)
        yield sources


@contextmanager
def _damage(name: str):
    """Turn damage that shows while reading into a message about that file."""
    try:
        yield
    except (EOFError, OSError, zlib.error, zipfile.BadZipFile, pa.ArrowException, UnicodeError, csv.Error, CalamineError) as error:
        raise UserError(
            found=msg("{file} is damaged: {error}.", file=name, error=str(error).rstrip(".")),
            expected=msg("A file to import can be read to its end."),
            to_do=msg("Export or copy it again."),
        ) from error


def _guarded(name: str, batches):
    def guarded(columns: list[str], rows: int = BATCH_ROWS) -> Iterator[pa.Table]:
        with _damage(name):
            yield from batches(columns, rows)

    return guarded


def _sources(path: Path, scratch: ScratchFolder, encoding: str, delimiter: str, sheet: str) -> list[Source]:
    with open(path, "rb") as stream:
        gzipped = stream.read(2) == b"\x1f\x8b"
    with delimited.open_bytes(path, gzipped) as stream:
        head = stream.read(_HEAD)
    if not head:
        raise delimited.empty_file(path.name)
    is_workbook = head.startswith((_ZIP, _OLE))
    if is_workbook or head.startswith(_PARQUET):  # these are read from their end, so a packed one is unpacked first
        whole = _unpacked(path, scratch) if gzipped else path
        if not is_workbook:
            return [open_parquet(whole, path.name)]
        kind = msg("OpenDocument") if b"opendocument" in head else msg("Excel")
        return open_workbook(whole, path.name, kind, sheet, scratch)
    if packer := next((name for mark, name in _PACKERS if head.startswith(mark)), None):
        raise UserError(
            found=msg("{file} is a file of {program}.", file=path.name, program=packer),
            expected=msg("Upswing reads CSV, Excel, OpenDocument, Parquet and JSON files, gzipped or not."),
            to_do=msg("Unpack it or export it as one of them."),
        )
    text = head.removeprefix(b"\xef\xbb\xbf").lstrip()
    if text[:1] in (b"{", b"[") and not delimiter:
        return [open_json(path, gzipped, encoding or delimited.detect_encoding(path, gzipped), scratch, array=text[:1] == b"[")]
    encoding = encoding or delimited.detect_encoding(path, gzipped)
    with delimited.open_text(path, gzipped, encoding) as stream:
        if not delimiter and is_markup(stream.read(_HEAD)):
            return [open_markup(path, gzipped, encoding, scratch)]
    return [delimited.open_delimited(path, gzipped, encoding, delimiter)]


def _unpacked(path: Path, scratch: ScratchFolder) -> Path:
    out = scratch.new_folder() / path.stem
    with Unpacked(path) as packed, open(out, "wb") as stream:
        shutil.copyfileobj(packed, stream)
    return out
