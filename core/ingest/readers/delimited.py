"""Reading delimited text: its encoding, its delimiter, its header, and every row with the line it begins on."""

from __future__ import annotations

import codecs
import csv
import gzip
import io
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from core.errors import UserError
from core.ingest.recognise.names import given_name

SAMPLE_BYTES = 1 << 18
LONGEST_RECORD = 500  # lines; a quoted field longer than this is a quote that was never closed
DELIMITERS = (",", ";", "\t", "|", "^")
_BOMS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))
csv.field_size_limit(1 << 24)

Row = tuple[int, str | None, list[str] | None]  # line, what is wrong with it, its cells


def open_bytes(path: Path, gzipped: bool):
    return gzip.open(path, "rb") if gzipped else open(path, "rb")


def detect_encoding(path: Path, gzipped: bool) -> str:
    """The text encoding of a file, judged by its bytes that are not ASCII, wherever they are."""
    with open_bytes(path, gzipped) as stream:
        sample = stream.read(SAMPLE_BYTES)
        for bom, name in _BOMS:
            if sample.startswith(bom):
                return name
        zeros = sample.count(0)
        if zeros:  # UTF-16 without its mark: the zeros of Latin text stand all on one side
            odd, even = sample[1::2].count(0), sample[::2].count(0)
            if max(odd, even) > 0.2 * len(sample) / 2 and min(odd, even) <= 0.02 * zeros:
                return "utf-16-le" if odd > even else "utf-16-be"
            raise UserError(f"text in {given_name(path.name)}", "a binary file", "export it as CSV, Excel (.xlsx), Parquet or JSON lines")
        stream.seek(0)
        good, bad = _utf8_share(stream)
        if not bad or bad <= 0.02 * good:
            return "utf-8"
        stream.seek(0)
        return _guess(_telling(stream))


def _utf8_share(stream) -> tuple[int, int]:
    """How many non-ASCII characters of a stream are valid UTF-8, and how many byte sequences are not."""
    decoder = codecs.getincrementaldecoder("utf-8")(errors="replace")
    good = bad = 0
    while chunk := stream.read(1 << 20):
        if chunk.isascii():
            decoder.reset()
            continue
        text = decoder.decode(chunk)
        wrong = text.count("\ufffd")
        bad += wrong
        good += len(text) - len(text.encode("ascii", "ignore")) - wrong
    return good, bad


def _telling(stream) -> bytes:
    """The first lines of a stream that are not all ASCII."""
    lines, size = [], 0
    while size < SAMPLE_BYTES and (line := stream.readline(SAMPLE_BYTES)):
        if not line.isascii():
            lines.append(line)
            size += len(line)
    return b"".join(lines)


def _guess(sample: bytes) -> str:
    """The likeliest encoding of text that is no UTF-8; shown in the plan, for a mapping to correct.

    Chinese double bytes come in pairs of high bytes; accents of Western text stand alone between letters.
    """
    runs = Counter("pair" if len(run) % 2 == 0 else "single" for run in re.findall(rb"[\x80-\xff]+", sample))
    if runs["pair"] > 4 * runs["single"]:
        text = sample.decode("gb18030", "replace")
        high = [c for c in text if ord(c) >= 0x80]
        if sum("\u4e00" <= c <= "\u9fff" or "\u3000" <= c <= "\u303f" or "\uff00" <= c <= "\uffef" for c in high) > 0.9 * len(high):
            from charset_normalizer import from_bytes

            best = from_bytes(sample, cp_isolation=["gb18030", "big5", "shift_jis", "cp949"]).best()
            return best.encoding if best and best.encoding != "gb18030" and _rare(text) else "gb18030"
    if re.search("[a-z][\u00b3\u00b9\u00bf][a-z]", sample.decode("cp1252", "replace")):  # Polish letters look so
        return "cp1250"
    if 2 * len(re.findall(rb"[A-Za-z][\x80-\xff](?=[A-Za-z])", sample)) > runs.total():  # letters of other scripts stand among their like
        return "cp1252"
    from charset_normalizer import from_bytes

    best = from_bytes(sample, cp_isolation=["cp1252", "cp1251", "cp1253", "big5", "shift_jis", "cp949"]).best()
    return best.encoding if best else "cp1252"


def _rare(text: str) -> bool:
    """Whether text read as GB18030 is made of rare characters: it is likely another double-byte encoding."""
    letters = [c for c in text if "\u4e00" <= c <= "\u9fff"]
    common = 0
    for c in letters:
        code = c.encode("gb18030")
        common += len(code) == 2 and 0xB0 <= code[0] <= 0xD7 and code[1] >= 0xA1  # the 3,755 commonest
    return common < 0.6 * len(letters)


@dataclass
class Delimited:
    """A delimited text file whose shape is known: columns by name, and where its rows begin."""

    path: Path
    gzipped: bool
    encoding: str
    delimiter: str
    columns: list[str]
    header_line: int

    def rows(self) -> Iterator[Row]:
        """Every record below the header. Blank lines are no rows; a record of the wrong width says so.

        A quote that is never closed would swallow the lines after it: such a record is taken apart into its lines.
        """
        width = len(self.columns)
        with open_text(self.path, self.gzipped, self.encoding) as stream:
            lines = _Lines(stream)
            first = True
            while first or not lines.ended:
                first = False
                for cells in csv.reader(lines, delimiter=self.delimiter):
                    raw, lines.pending = lines.pending, []
                    line = lines.number - len(raw) + 1
                    if line <= self.header_line or not any(cells):
                        continue
                    if len(cells) == width and "\ufffd" not in raw[0] and (len(raw) == 1 or _closed(raw)):
                        yield line, None, cells
                    elif len(raw) > 1:
                        for offset, text in enumerate(raw):
                            cells = next(csv.reader([text], delimiter=self.delimiter), [])
                            if any(cells):
                                yield self._judged(line + offset, cells, text)
                    else:
                        yield self._judged(line, cells, raw[0])

    def _judged(self, line: int, cells: list[str], raw: str) -> Row:
        width = len(self.columns)
        if "\ufffd" in raw:
            return line, f"bytes that are not {self.encoding}", None
        if len(cells) > width and not any(cells[width:]):
            cells = cells[:width]
        if len(cells) != width:
            return line, f"{len(cells)} fields instead of {width}", None
        return line, None, cells


def _closed(raw: list[str]) -> bool:
    """Whether a record of several lines is one: its quotes come in pairs, and it was not cut for its length."""
    return len(raw) < LONGEST_RECORD and sum(line.count('"') for line in raw) % 2 == 0


class _Lines:
    """Feeds csv.reader, remembers the lines of the record it is reading, and ends a record that never ends."""

    def __init__(self, stream):
        self._stream, self.number, self.pending, self.ended = stream, 0, [], False

    def __iter__(self):
        return self

    def __next__(self) -> str:
        if len(self.pending) >= LONGEST_RECORD:
            raise StopIteration
        try:
            line = next(self._stream)
        except StopIteration:
            self.ended = True
            raise
        self.number += 1
        self.pending.append(line)
        return line


def open_text(path: Path, gzipped: bool, encoding: str) -> io.TextIOWrapper:
    try:
        return io.TextIOWrapper(open_bytes(path, gzipped), encoding=encoding, errors="replace", newline="")
    except LookupError as error:
        raise UserError("an encoding such as utf-8, gb18030 or cp1252", repr(encoding), "correct `encoding` in the mapping") from error


def inspect(path: Path, gzipped: bool, *, encoding: str = "", delimiter: str = "") -> Delimited:
    """Finds encoding, delimiter and header of a delimited file; what is given is taken as given."""
    encoding = encoding or detect_encoding(path, gzipped)
    with open_text(path, gzipped, encoding) as stream:
        head = stream.read(SAMPLE_BYTES)
    if not head.strip():
        raise UserError(f"rows in {given_name(path.name)}", "an empty file", "export it again")
    if len(head) == SAMPLE_BYTES:
        head = head[: head.rfind("\n") + 1] or head
    candidates = [delimiter] if delimiter else DELIMITERS
    tables = {d: [r for r in _records(head, d) if any(r[1])] for d in candidates}
    delimiter = max(candidates, key=lambda d: (_fit(tables[d]), -candidates.index(d)))
    line, header = header_row(tables[delimiter])
    return Delimited(path, gzipped, encoding, delimiter, unique(header), line)


def _records(text: str, delimiter: str, at_most: int = 200) -> list[tuple[int, list[str]]]:
    """(line of the record's end, cells) of the first records of a text."""
    reader, records = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter), []
    for cells in reader:
        records.append((reader.line_num, cells))
        if len(records) == at_most:
            break
    return records


def _fit(records: list) -> tuple[float, int]:
    """How well a delimiter fits: the share of records of the commonest width, if that is more than one column."""
    widths = Counter(len(cells) for _, cells in records)
    width, count = max(widths.items(), key=lambda w: (w[1], w[0]), default=(0, 0))
    return (count / max(len(records), 1) if width > 1 else 0.0, width)


def header_row(records: list[tuple[int, list[str]]]) -> tuple[int, list[str]]:
    """(line, cells) of the first record at least as wide as most are: lines of a report's title above it are no header."""
    width = Counter(len(cells) for _, cells in records).most_common(1)[0][0]
    for line, cells in records:
        if len(cells) >= width and 2 * sum(1 for c in cells if c not in (None, "")) > width:
            return line, cells
    return records[0]


def unique(header: list) -> list[str]:
    """Column names as text, trimmed, none empty and none twice.

    >>> unique(["a", "", "a "])
    ['a', 'column 2', 'a (2)']
    """
    names: list[str] = []
    for position, cell in enumerate(header, 1):
        name = str(cell).replace("\ufeff", "").strip() if cell is not None else ""
        name = candidate = name or f"column {position}"
        times = 1
        while candidate in names:
            times += 1
            candidate = f"{name} ({times})"
        names.append(candidate)
    return names
