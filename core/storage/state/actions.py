"""What the shop did because of a suggestion, with what was expected: the basis of judging later whether it paid. Nothing is deleted."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import date

from core.errors import UserError
from core.messages import msg
from core.storage.state.file import StateFile, add_note
from core.storage.state.records import Action, Pick, as_text, now, read

FEATURED, CONTACTED, ORDERED, MARKED_DOWN, ADVERTISED = "feature", "contact", "order", "markdown", "advert"  # kinds of actions
PIN, EXCLUDE = "pin", "exclude"


class Actions(StateFile):
    """Kept actions in the state store, and the products that lists to feature always or never name."""

    def pick(self, products: Sequence[str], pick: str, actor: str) -> None:
        """Let lists always (PIN) or never (EXCLUDE) name these products, behind those picked before; "" leaves them to the lists again."""
        with self._write() as con:
            con.executemany("delete from picks where product_id = ?", [(product,) for product in products])
            if pick:
                con.executemany("insert into picks values (?, ?, ?, ?)", [(product, pick, actor, as_text(now())) for product in products])

    def picks(self) -> list[Pick]:
        """Return the picked products, in the order in which they were last picked."""
        with self._connect() as con:
            return [read(Pick, row) for row in con.execute("select * from picks order by rowid")]

    def keep_action(
        self,
        kind: str,
        name: str,
        *,
        segment: str,
        products: Sequence[str],
        control: Sequence[str],
        seed: int,
        first_day: date,
        last_day: date,
        expected_units: float,
        details: dict,
        actor: str,
    ) -> Action:
        """Keep an action. products: those that it is done with; control: those left out, drawn by the seed. Raises UserError."""
        if not name.strip():
            raise UserError(
                expected=msg("An action has a name."), found=msg("No name is given."), to_do=msg("Name it so that others recognise it.")
            )
        if last_day < first_day:
            raise UserError(
                expected=msg("An action ends on the day it begins or later."),
                found=msg("It would begin on {first} and end on {last}.", first=first_day, last=last_day),
                to_do=msg("Correct the dates."),
            )
        if not products:
            raise UserError(
                expected=msg("An action is done with at least one product."),
                found=msg("No product is left."),
                to_do=msg("Choose a smaller hold-out, or fewer exclusions."),
            )
        with self._write() as con:
            row = con.execute(
                "insert into actions (kind, name, segment, products, control, seed, first_day, last_day, expected_units, details,"
                " actor, at) values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) returning *",
                (
                    kind,
                    name.strip(),
                    segment,
                    json.dumps(list(products)),
                    json.dumps(list(control)),
                    seed,
                    first_day.isoformat(),
                    last_day.isoformat(),
                    expected_units,
                    json.dumps(details),
                    actor,
                    as_text(now()),
                ),
            ).fetchone()
            add_note(con, actor, "keep action", name.strip(), "", {"kind": kind, "products": len(products), "control": len(control)})
        return read(Action, row)

    def actions(self, kind: str = "") -> list[Action]:
        """Return the actions that were not undone, newest first; of one kind, "" for all."""
        with self._connect() as con:
            found = con.execute("select * from actions where undone_at is null and ?1 in ('', kind) order by id desc", (kind,))
            return [read(Action, row) for row in found]

    def undo_action(self, action_id: int, actor: str) -> None:
        """Undo a kept action: it is not judged. One that is undone already does not change."""
        with self._write() as con:
            row = con.execute(
                "update actions set undone_at = ?, undone_by = ? where id = ? and undone_at is null returning name",
                (as_text(now()), actor, action_id),
            ).fetchone()
            if row:
                add_note(con, actor, "undo action", row["name"], "", {})
