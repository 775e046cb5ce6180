"""Rows that are costly to read, converted once and kept as Arrow files, so that an import can look at them as often as it needs."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from functools import cached_property
from pathlib import Path

import pyarrow as pa

from core.ingest.readers.source import BATCH_ROWS
from core.storage import files


class ScratchFolder:
    """A temporary folder that is made when it is first used and removed at the end of the `with` block.

    parent: the folder to make it in (None = the system's). Only its owner may read it: customers' data pass through it. What a killed
    import leaves is swept at the next start (core/storage/startup.py).
    """

    def __init__(self, parent: Path | None = None):
        self._parent = parent or Path(tempfile.gettempdir())
        self._stack = ExitStack()

    def __enter__(self) -> ScratchFolder:
        return self

    def __exit__(self, *_) -> None:
        self._stack.close()

    @cached_property
    def path(self) -> Path:
        self._parent.mkdir(parents=True, exist_ok=True)
        folder = self._stack.enter_context(files.unfinished(self._parent / files.UNPACKED))
        folder.mkdir(mode=0o700)
        return folder

    def new_folder(self) -> Path:
        return Path(tempfile.mkdtemp(dir=self.path))


class Spool:
    """Batches on disk: a file each, so that memory holds one and later batches may have columns that earlier ones lack."""

    def __init__(self, folder: Path, tables: Iterable[pa.Table]):
        """Write the batches (line, broken, c0, c1 ...) to a folder without any."""
        self._files: list[Path] = []
        for number, table in enumerate(tables):
            file = folder / f"{number:06}.arrow"
            options = pa.ipc.IpcWriteOptions(compression="lz4")
            with pa.OSFile(str(file), "wb") as sink, pa.ipc.new_file(sink, table.schema, options=options) as writer:
                writer.write_table(table)
            self._files.append(file)

    @classmethod
    def of(cls, folder: Path) -> Spool:
        """Return the batches that lie in a folder."""
        spool = cls(folder, ())
        spool._files = sorted(folder.glob("*.arrow"))
        return spool

    def batches(self, positions: list[int], rows: int = BATCH_ROWS) -> Iterator[pa.Table]:
        """Yield batches of that many rows with the columns at these positions (0 = c0)."""
        return _of_size((_read(file, positions) for file in self._files), rows)


def _read(file: Path, positions: list[int]) -> pa.Table:
    with pa.memory_map(str(file)) as source:
        width = len(pa.ipc.open_file(source).schema) - 2
        asked = [0, 1, *(p + 2 for p in sorted(set(positions)) if p < width)]
        table = pa.ipc.open_file(source, options=pa.ipc.IpcReadOptions(included_fields=asked)).read_all().combine_chunks()
    cells = [table[f"c{p}"] if p < width else pa.nulls(len(table), pa.string()) for p in positions]
    return pa.Table.from_arrays([table["line"], table["broken"], *cells], names=["line", "broken", *(f"c{i}" for i in range(len(cells)))])


def _of_size(tables: Iterator[pa.Table], rows: int) -> Iterator[pa.Table]:
    """Cut and join tables into ones of that many rows; the last may be shorter."""
    waiting: list[pa.Table] = []
    for table in tables:
        while len(table) >= (lacking := rows - sum(map(len, waiting))):
            yield pa.concat_tables([*waiting, table.slice(0, lacking)]).combine_chunks()
            waiting, table = [], table.slice(lacking)
        if len(table):
            waiting.append(table)
    if waiting:
        yield pa.concat_tables(waiting).combine_chunks()
