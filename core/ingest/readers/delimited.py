"""Reading delimited text: its encoding, its delimiter, its header, and every row with the line it begins on."""

from __future__ import annotations

import codecs
import csv
import io
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa

from core.errors import UserError
from core.ingest.readers.limits import LONGEST_LINE, Unpacked, line_too_long, refuse_width
from core.ingest.readers.plain_lines import is_plain, plain_batches
from core.ingest.readers.source import BATCH_ROWS, Row, Source, row_batches
from core.messages import msg

SAMPLE_BYTES = 1 << 18
LONGEST_RECORD = 500  # lines; a quoted field longer than this is a quote that was never closed
DELIMITERS = (",", ";", "\t", "|", "^")
_BOMS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))
csv.field_size_limit(LONGEST_LINE)
# In place of bytes that do not fit the encoding: no text has it, while a file may well hold the replacement character itself.
WRONG, _MARK = "\udcff", "upswing-mark"
codecs.register_error(_MARK, lambda error: (WRONG, error.end))  # type: ignore[attr-defined]

# Why a row is broken; the template is what the quarantine keeps.
TOO_FEW_FIELDS = msg("The row has fewer fields than the header.").template
TOO_MANY_FIELDS = msg("The row has more fields than the header.").template
WRONG_BYTES = msg("The row has bytes that do not fit the encoding of the file.").template


def empty_file(name: str) -> UserError:
    return UserError(
        found=msg("{file} is empty.", file=name),
        expected=msg("A file to import needs at least one row."),
        to_do=msg("Export it again."),
    )


def open_bytes(path: Path, gzipped: bool):
    return Unpacked(path) if gzipped else open(path, "rb")


def detect_encoding(path: Path, gzipped: bool) -> str:
    """Return the text encoding of a file, judged by its bytes that are not ASCII, wherever they are. Raises UserError for binary data."""
    with open_bytes(path, gzipped) as stream:
        sample = stream.read(SAMPLE_BYTES)
        for bom, name in _BOMS:
            if sample.startswith(bom):
                return name
        zeros = sample.count(0)
        if zeros:  # UTF-16 without its mark: the zeros of Latin text are all on one side
            odd, even = sample[1::2].count(0), sample[::2].count(0)
            if max(odd, even) > 0.2 * len(sample) / 2 and min(odd, even) <= 0.02 * zeros:
                return "utf-16-le" if odd > even else "utf-16-be"
            raise UserError(
                found=msg("{file} is a binary file of an unknown kind.", file=path.name),
                expected=msg("Upswing reads CSV, Excel, OpenDocument, Parquet and JSON files, gzipped or not."),
                to_do=msg("Export it as one of them."),
            )
        stream.seek(0)
        good, bad = _utf8_share(stream)
        if not bad or bad <= 0.02 * good:
            return "utf-8"
        stream.seek(0)
        return _guess_encoding(_lines_with_letters(stream))


def _utf8_share(stream) -> tuple[int, int]:
    """Count the non-ASCII characters of a stream that are valid UTF-8, and the byte sequences that are not."""
    decoder = codecs.getincrementaldecoder("utf-8")(errors=_MARK)
    good = bad = 0
    while chunk := stream.read(1 << 20):
        if chunk.isascii():
            decoder.reset()
            continue
        text = decoder.decode(chunk)
        wrong = text.count(WRONG)
        bad += wrong
        good += len(text) - len(text.encode("ascii", "ignore")) - wrong
    return good, bad


def _lines_with_letters(stream) -> bytes:
    """Return the first lines of a stream that are not all ASCII."""
    lines, size = [], 0
    while size < SAMPLE_BYTES and (line := stream.readline(SAMPLE_BYTES)):
        if not line.isascii():
            lines.append(line)
            size += len(line)
    return b"".join(lines)


def _guess_encoding(sample: bytes) -> str:
    """Return the likeliest encoding of text that is no UTF-8; the report shows it, and a mapping can correct it.

    Chinese double bytes come in pairs of high bytes; accents of Western text are single, between letters.
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
    if 2 * len(re.findall(rb"[A-Za-z][\x80-\xff](?=[A-Za-z])", sample)) > runs.total():  # letters of other scripts are among their like
        return "cp1252"
    from charset_normalizer import from_bytes

    best = from_bytes(sample, cp_isolation=["cp1252", "cp1251", "cp1253", "big5", "shift_jis", "cp949"]).best()
    return best.encoding if best else "cp1252"


def _rare(text: str) -> bool:
    """Return whether text read as GB18030 is made of rare characters: it is likely in another double-byte encoding."""
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
        """Yield every record below the header. Blank lines are no rows; a record of the wrong width is broken.

        A quote that is never closed would swallow the lines after it: such a record is taken apart into its lines.
        """
        width = len(self.columns)
        with open_text(self.path, self.gzipped, self.encoding, _MARK) as stream:
            lines = _Lines(stream, self.path.name)
            first = True
            while first or not lines.ended:
                first = False
                for cells in csv.reader(lines, delimiter=self.delimiter):
                    raw, lines.pending = lines.pending, []
                    line = lines.number - len(raw) + 1
                    if line <= self.header_line or not any(cells):
                        continue
                    if len(cells) == width and WRONG not in raw[0] and (len(raw) == 1 or _closed(raw)):
                        yield line, None, cells
                    elif len(raw) > 1:
                        for offset, text in enumerate(raw):
                            cells = next(csv.reader([text], delimiter=self.delimiter), [])
                            if any(cells):
                                yield self._checked(line + offset, cells, text)
                    else:
                        yield self._checked(line, cells, raw[0])

    def _checked(self, line: int, cells: list[str], raw: str) -> Row:
        width = len(self.columns)
        if WRONG in raw:
            return line, WRONG_BYTES, None
        if len(cells) > width and not any(cells[width:]):
            cells = cells[:width]
        if len(cells) != width:
            return line, TOO_MANY_FIELDS if len(cells) > width else TOO_FEW_FIELDS, None
        return line, None, cells


def _closed(raw: list[str]) -> bool:
    """Return whether several lines are one record: its quotes come in pairs, and it was not cut for its length."""
    return len(raw) < LONGEST_RECORD and sum(map(len, raw)) <= LONGEST_LINE and sum(line.count('"') for line in raw) % 2 == 0


class _Lines:
    """Give csv.reader its lines, remember those of the record it is reading, and end a record that never ends."""

    def __init__(self, stream, file: str):
        self._stream, self._file, self.number, self.ended = stream, file, 0, False
        self.pending: list[str] = []
        self._held = 0  # characters of the record that it is reading

    def __iter__(self):
        return self

    def __next__(self) -> str:
        if len(self.pending) >= LONGEST_RECORD or self._held > LONGEST_LINE:
            raise StopIteration
        line = self._stream.readline(LONGEST_LINE)
        if not line:
            self.ended = True
            raise StopIteration
        if len(line) == LONGEST_LINE:
            raise line_too_long(self._file)
        self.number += 1
        self._held = len(line) + (self._held if self.pending else 0)
        self.pending.append(line)
        return line


def open_text(path: Path, gzipped: bool, encoding: str, errors: str = "replace") -> io.TextIOWrapper:
    try:
        return io.TextIOWrapper(open_bytes(path, gzipped), encoding=encoding, errors=errors, newline="")
    except LookupError as error:
        raise UserError(
            found=msg("The mapping gives the encoding {encoding}.", encoding=encoding),
            expected=msg("Encodings have names such as utf-8, gb18030 or cp1252."),
            to_do=msg("Correct `encoding` in [options] of the mapping."),
        ) from error


def open_delimited(path: Path, gzipped: bool, encoding: str = "", delimiter: str = "") -> Source:
    """Return the rows of a delimited file as a source. Raises UserError for a file without text."""
    shape = inspect(path, gzipped, encoding=encoding, delimiter=delimiter)
    plain = not gzipped and is_plain(path, shape.encoding)

    def batches(columns: list[str], rows: int = BATCH_ROWS) -> Iterator[pa.Table]:
        if plain:
            return plain_batches(path, shape.delimiter, shape.columns, shape.header_line, shape.rows(), columns, rows)
        return row_batches(shape.rows(), shape.columns, columns, rows)

    source = Source(
        path.name,
        msg("CSV"),
        shape.columns,
        batches,
        encoding=shape.encoding,
        delimiter=shape.delimiter,
    )
    if shape.header_line > 1:
        source.notes.append(msg("The column names are on line {line}. Lines above it are not read.", line=shape.header_line))
    if next(shape.rows(), None) is None:
        source.notes.append(msg("The file has no rows below its header."))
    return source


def inspect(path: Path, gzipped: bool, *, encoding: str = "", delimiter: str = "") -> Delimited:
    """Find encoding, delimiter and header of a delimited file; what is given is used as it is."""
    encoding = encoding or detect_encoding(path, gzipped)
    with open_text(path, gzipped, encoding) as stream:
        head = stream.read(SAMPLE_BYTES)
    if not head.strip():
        raise empty_file(path.name)
    if len(head) == SAMPLE_BYTES:
        head = head[: head.rfind("\n") + 1] or head
    candidates = [delimiter] if delimiter else DELIMITERS
    tables = {d: [r for r in _records(head, d) if any(r[1])] for d in candidates}
    if not any(tables.values()):  # nothing but quotes and blank lines
        raise empty_file(path.name)
    delimiter = max(candidates, key=lambda d: (_fit(tables[d]), -candidates.index(d)))
    line, header = header_row(tables[delimiter])
    refuse_width(len(header), path.name)
    return Delimited(path, gzipped, encoding, delimiter, unique(header), line)


def _records(text: str, delimiter: str, at_most: int = 200) -> list[tuple[int, list[str]]]:
    """Return (line of the record's end, cells) of the first records of a text."""
    reader, records = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter), []
    for cells in reader:
        records.append((reader.line_num, cells))
        if len(records) == at_most:
            break
    return records


def _fit(records: list) -> tuple[float, int]:
    """Rate a delimiter: the share of records of the commonest width, if that is more than one column; and that width."""
    widths = Counter(len(cells) for _, cells in records)
    width, count = max(widths.items(), key=lambda w: (w[1], w[0]), default=(0, 0))
    return (count / max(len(records), 1) if width > 1 else 0.0, width)


def is_delimited(text: str, share: float) -> bool:
    """Return whether that share of the lines of a text has as many fields, by one of the delimiters."""
    fits = [_fit([r for r in _records(text, d) if any(r[1])]) for d in DELIMITERS]
    return max(fits)[0] >= share


def header_row(records: list[tuple[int, list]]) -> tuple[int, list]:
    """Return (line, cells) of the first record at least as wide as most are: the lines of a title above it are no header."""
    width = Counter(len(cells) for _, cells in records).most_common(1)[0][0]
    for line, cells in records:
        if len(cells) >= width and 2 * sum(1 for c in cells if c not in (None, "")) > width:
            return line, cells
    return records[0]


def unique(header: list) -> list[str]:
    """Return column names as text, trimmed, none empty and none twice.

    >>> unique(["a", "", "a "])
    ['a', 'column 2', 'a (2)']
    """
    names: dict[str, int] = {}  # name -> how often it was asked for
    for position, cell in enumerate(header, 1):
        name = str(cell).replace("\ufeff", "").strip() if cell is not None else ""
        name = candidate = name or f"column {position}"
        while candidate in names:
            names[name] += 1
            candidate = f"{name} ({names[name]})"
        names[candidate] = 1
    return list(names)
