"""The pages' door to a snapshot: one stored question in, one DataFrame out.

    serving = Serving(workspace.snapshots / "20111209-1")
    serving.ask("product", product="85123A", segment="all")

Each question is a file of a capability's queries/ that names the serving tables of the capabilities as if they were tables;
its $values are bound by name. Nothing here writes.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from contextlib import ExitStack
from functools import cached_property
from pathlib import Path
from types import MappingProxyType

import pandas as pd

from core.capabilities.registry import serving_tables
from core.errors import UserError
from core.messages import Message, msg
from core.schema import FIRST_VERSION
from core.settings import Settings, Values
from core.storage import duckdb as db
from core.storage import snapshots


class Serving:
    """One snapshot folder, read-only. Safe to use from many threads: every question gets its own cursor. threads: that answer one.

    Raises UserError unless every file is as it was written, naming the table; a table that was introduced after the
    snapshot was made is empty.
    """

    def __init__(self, folder: Path, threads: int = 2):
        self.folder = Path(folder)
        manifest = snapshots.verify(self.folder)
        tables, version = manifest["tables"], manifest.get("code_version", FIRST_VERSION)
        self._open = ExitStack()  # its connection closes when nobody holds this object any more
        self._connection = self._open.enter_context(db.connect(memory_limit="1GB", threads=threads))
        for table, record in serving_tables().items():
            file = self.folder / f"{table}.parquet"
            if table not in tables and not record.is_expected(version):
                self._connection.execute(record.ddl())
                continue
            if table not in tables:
                raise self._broken(msg("Snapshot {snapshot} lacks {file}.", snapshot=self.folder.name, file=file.name))
            try:
                self._connection.read_parquet(re.sub(r"([*?\[])", r"[\1]", str(file))).create_view(table)  # a path is no pattern
            except db.Error as error:
                raise self._broken(
                    msg(
                        "{file} of snapshot {snapshot} cannot be read: {error}.",
                        file=file.name,
                        snapshot=self.folder.name,
                        error=str(error),
                    )
                ) from error

    def ask(self, question: str, tables: Mapping[str, pd.DataFrame] = MappingProxyType({}), **values) -> pd.DataFrame:
        """Return the answer of a capability's queries/<question>.sql. Values it does not name are left out.

        tables: those that it names beside the serving tables, for this question alone.
        """
        cursor = self._connection.cursor()
        try:
            for name, table in tables.items():
                cursor.register(name, table)
            return db.run(cursor, f"queries/{question}", **values).df()
        except db.Error as error:
            raise self._broken(
                msg(
                    'The tables of snapshot {snapshot} cannot answer "{question}": {error}.',
                    snapshot=self.folder.name,
                    question=question,
                    error=str(error),
                )
            ) from error
        finally:
            cursor.close()

    def rules(self, today: Settings) -> Settings:
        """Return today's settings with the rules over them under which this snapshot was made: they alone explain its tables.

        A snapshot of an earlier version records none and is read by today's.
        """
        for section, values in self.recorded.items():
            if known := {name: value for name, value in values.items() if hasattr(getattr(today, section, None), name)}:
                today = today.with_values(section, **known)
        return today

    def facts(self) -> Values:
        """Return what imports had inferred for the shop when this snapshot was made; a snapshot of an earlier version records nothing."""
        return {"shop": self.recorded["facts"]} if "facts" in self.recorded else {}

    @cached_property
    def recorded(self) -> Values:
        """The rules that this snapshot was made under, and what from, by section and name."""
        recorded: Values = {}
        for rule in self.ask("rules").itertuples():
            value = json.loads(rule.value)
            recorded.setdefault(rule.section, {})[rule.name] = tuple(value) if isinstance(value, list) else value
        return recorded

    def _broken(self, found: Message) -> UserError:
        return UserError(expected=msg("Pages need a complete snapshot."), found=found, to_do=snapshots.ANOTHER)
