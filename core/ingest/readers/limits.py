"""What a file may cost to read: a file made to exhaust memory or time is refused in one line."""

from __future__ import annotations

import gzip
import re
import zipfile
from pathlib import Path

from core.errors import UserError
from core.messages import msg

LONGEST_LINE = 1 << 24  # characters
MOST_COLUMNS = 1 << 14  # as many as a sheet of a workbook has
UNPACKED_BYTES = 1 << 29  # below it a packed file is read, however well it is packed
MODEST_BYTES, MODEST_CELLS = 1 << 24, 5_000_000  # of a workbook that is read at once
PACKED_RATIO = 200  # tables of text pack to a tenth, at best to a hundredth


def refuse_width(columns: int, name: str) -> None:
    """Raise UserError for more columns than a table has."""
    if columns > MOST_COLUMNS:
        raise UserError(
            found=msg("{file} has {count} columns.", file=name, count=columns),
            expected=msg("A table has {count} columns at most.", count=MOST_COLUMNS),
            to_do=msg("Export the columns that are needed."),
        )


def line_too_long(name: str) -> UserError:
    return UserError(
        found=msg("{file} has a line of more than {count} characters.", file=name, count=LONGEST_LINE),
        expected=msg("Each row of a table is a line of its own."),
        to_do=msg("Export it again."),
    )


def refuse_unpacked(name: str, packed: int, unpacked: int) -> None:
    """Raise UserError for a packed file that grows far beyond what tables do. packed, unpacked: bytes."""
    if unpacked > max(UNPACKED_BYTES, PACKED_RATIO * packed):
        raise UserError(
            found=msg("{file} unpacks to more than {ratio} times its size.", file=name, ratio=PACKED_RATIO),
            expected=msg("A compressed table is not that small."),
            to_do=msg("Unpack it, check what is in it, and import that."),
        )


class Unpacked(gzip.GzipFile):
    """A gzipped file as a stream of bytes that ends with a UserError where it grows beyond all measure."""

    def __init__(self, path: Path):
        super().__init__(path, "rb")
        self._path, self._packed = path, path.stat().st_size

    def read(self, size: int | None = -1) -> bytes:
        return self._checked(super().read(size))

    def read1(self, size: int = -1) -> bytes:
        return self._checked(super().read1(size))

    def readline(self, size: int | None = -1) -> bytes:
        return self._checked(super().readline(size))

    def _checked(self, data: bytes) -> bytes:
        refuse_unpacked(self._path.name, self._packed, self.tell())
        return data


def is_modest_workbook(path: Path) -> bool:
    """Return whether a workbook is surely small: an old one by its size, an .xlsx by what its sheets unpack to and the cells they span.

    A single value in the last cell of a sheet makes it span 17 billion cells, each of which takes memory.
    """
    if path.stat().st_size > MODEST_BYTES:
        return False
    try:
        with zipfile.ZipFile(path) as archive:
            infos = archive.infolist()
            if sum(info.file_size for info in infos) > MODEST_BYTES or any(i.filename in ("xl/workbook.bin", "content.xml") for i in infos):
                return False
            return all(_spans(archive.read(i)) <= MODEST_CELLS for i in infos if i.filename.startswith("xl/worksheets/"))
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError, OSError, ValueError):  # its true size is not known
        return not zipfile.is_zipfile(path)


def _spans(sheet: bytes) -> int:
    """Return how many cells a sheet's table has at most, blank ones included."""
    places = re.findall(rb'<(?:\w+:)?c [^>]*?\br="([A-Z]+)(\d+)"', sheet)
    if len(places) < len(re.findall(rb"<(?:\w+:)?c[ >]", sheet)):
        return MODEST_CELLS + 1  # cells without a place
    columns = {letters for letters, _ in places}
    width = max((sum(26**i * (c - 64) for i, c in enumerate(reversed(letters))) for letters in columns), default=0)
    return width * max((int(row) for _, row in places), default=0)
