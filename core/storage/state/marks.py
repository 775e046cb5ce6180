"""What users keep beside the plan: watched products, notes on products, and saved views of pages."""

from __future__ import annotations

import json

from core.errors import UserError
from core.messages import msg
from core.storage.state.file import StateFile
from core.storage.state.records import Note, View, Watched, as_text, now, read

LONGEST_NOTE = 2000  # characters


class Marks(StateFile):
    """Watched products, notes and views in the state store. Actors are names that users give; nothing checks them."""

    def watch(self, product_id: str, actor: str) -> None:
        """Put a product on the shop's watch list; one that is on it does not change."""
        with self._write() as con:
            con.execute("insert or ignore into watched values (?, ?, ?)", (product_id, actor, as_text(now())))

    def unwatch(self, product_id: str) -> None:
        with self._write() as con:
            con.execute("delete from watched where product_id = ?", (product_id,))

    def watched(self) -> list[Watched]:
        """Return the watch list, in the order in which products came on it."""
        with self._connect() as con:
            return [read(Watched, row) for row in con.execute("select * from watched order by at, product_id")]

    def add_note(self, product_id: str, text: str, actor: str) -> None:
        """Add a note to a product. Raises UserError for an empty or overlong one."""
        if not 0 < len(text.strip()) <= LONGEST_NOTE:
            raise UserError(
                expected=msg("A note has 1 to {most} characters.", most=LONGEST_NOTE),
                found=msg("The note has {count} characters.", count=len(text.strip())),
                to_do=msg("Correct the note."),
            )
        with self._write() as con:
            con.execute(
                "insert into notes (product_id, text, actor, at) values (?, ?, ?, ?)", (product_id, text.strip(), actor, as_text(now()))
            )

    def notes(self, product_id: str) -> list[Note]:
        """Return the notes on a product, newest first."""
        with self._connect() as con:
            return [read(Note, row) for row in con.execute("select * from notes where product_id = ? order by id desc", (product_id,))]

    def delete_note(self, note_id: int) -> None:
        with self._write() as con:
            con.execute("delete from notes where id = ?", (note_id,))

    def save_view(self, page: str, name: str, choices: dict, actor: str, private: bool = False) -> None:
        """Save a view under its name, in place of the one of this name: the actor's own where it is private, else the shop's."""
        with self._write() as con:
            con.execute(
                "insert or replace into views values (?, ?, ?, ?, ?, ?)",
                (page, name, actor if private else "", json.dumps(choices, ensure_ascii=False), actor, as_text(now())),
            )

    def views(self, page: str, actor: str = "") -> list[View]:
        """Return the shop's views of a page and those of this actor, by name."""
        with self._connect() as con:
            found = con.execute("select * from views where page = ? and owner in ('', ?) order by name, owner", (page, actor))
            return [read(View, row) for row in found]

    def delete_view(self, page: str, name: str, owner: str = "") -> None:
        with self._write() as con:
            con.execute("delete from views where page = ? and name = ? and owner = ?", (page, name, owner))
