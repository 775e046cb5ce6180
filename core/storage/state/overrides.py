"""Planners' overrides of the plan: quantities, snoozes and terms, each with a reason and an end.

Nothing is deleted: an override that was replaced or ended, or has expired, stays readable, with who ended it.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import date

from core.errors import UserError
from core.messages import msg
from core.storage.state.file import StateFile, add_note
from core.storage.state.records import Override, as_text, now, read

SCOPES = ("product", "supplier", "class")  # the narrower goes before the wider
TERMS = ("service_level", "lead_time_days")
FIELDS = {"product": ("order_units", "snooze_until", *TERMS), "supplier": TERMS, "class": TERMS}
REASONS = (
    "promotion planned",
    "demand known better",
    "supplier cannot deliver",
    "budget",
    "no room",
    "being phased out",
    "data are wrong",
    "other",
)


class Overrides(StateFile):
    """Overrides in the state store. Days are the plan's: an override holds for plans made as of its last day or before."""

    def set_override(
        self,
        scope: str,
        name: str,
        field: str,
        value,
        *,
        reason: str,
        actor: str,
        expires_on: date,
        before=None,
        comment: str = "",
        basis: dict | None = None,
    ) -> Override:
        """Set a planner's value; end the open override of the same place. value: see Override. Raises UserError."""
        one = {"scope": scope, "name": name, "field": field, "value": value, "expires_on": expires_on, "before": before, "basis": basis}
        return self.set_overrides([one], reason=reason, actor=actor, comment=comment)[0]

    def set_overrides(self, wanted: Sequence[dict], *, reason: str, actor: str, comment: str = "") -> list[Override]:
        """Set planners' values as one change: all of them, or none where one is refused.

        wanted: the arguments of `set_override` beside reason, actor and comment. Raises UserError.
        """
        for one in wanted:
            _check(one["scope"], one["name"], one["field"], one["value"], reason)
        with self._write() as con:
            return [_set(con, **one, reason=reason, actor=actor, comment=comment) for one in wanted]

    def end_override(self, override_id: int, actor: str) -> None:
        """End an override. One that has already ended does not change."""
        with self._write() as con:
            _end(con, override_id, actor)

    def undo_overrides(self, ids: Sequence[int], actor: str) -> None:
        """End overrides, and set again what each of them replaced. Those that have ended do not change."""
        known = self.overrides()
        replaced = {(old.place, old.ended_at): old for old in known if old.ended_at is not None}
        with self._write() as con:
            for each in known:
                if each.id not in ids or each.ended_at is not None:
                    continue
                _end(con, each.id, actor)
                if old := replaced.get((each.place, each.at)):
                    _set(
                        con,
                        *old.place,
                        old.value,
                        reason=old.reason if isinstance(old.reason, str) else "other",
                        actor=old.actor,
                        expires_on=old.expires_on,
                        before=old.before,
                        comment=old.comment,
                        basis=old.basis,
                    )

    def overrides_version(self) -> tuple[int, int]:
        """Return a key that changes with every change of an override: (highest id, number of ended ones)."""
        with self._connect() as con:
            return tuple(con.execute("select coalesce(max(id), 0), count(ended_at) from overrides").fetchone())

    def overrides(self) -> list[Override]:
        """Return all overrides, open and ended, oldest first. Each has `holds`, whether it is in force on a day."""
        with self._connect() as con:
            return [read(Override, row) for row in con.execute("select * from overrides order by id")]


def _set(con, scope, name, field, value, *, reason, actor, expires_on, before=None, comment="", basis=None) -> Override:
    """Set a value that is checked; end the open override of its place."""
    at = as_text(now())
    open_ = con.execute(
        "select * from overrides where scope = ? and name = ? and field = ? and ended_at is null", (scope, name, field)
    ).fetchone()
    if open_:
        con.execute("update overrides set ended_at = ?, ended_by = ? where id = ?", (at, actor, open_["id"]))
    row = con.execute(
        "insert into overrides (scope, name, field, value, before, reason, comment, actor, at, expires_on, basis)"
        " values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) returning *",
        (
            scope,
            name,
            field,
            json.dumps(value),
            json.dumps(before),
            reason,
            comment.strip(),
            actor,
            at,
            expires_on.isoformat(),
            json.dumps(basis or {}),
        ),
    ).fetchone()
    add_note(
        con,
        actor,
        "override",
        f"{scope} {name}",
        reason,
        {
            "field": field,
            "before": json.loads(open_["value"]) if open_ else before,
            "after": value,
            "comment": comment.strip(),
            "expires_on": expires_on.isoformat(),
        },
    )
    return read(Override, row)


def _end(con, override_id: int, actor: str) -> None:
    row = con.execute(
        "update overrides set ended_at = ?, ended_by = ? where id = ? and ended_at is null returning *",
        (as_text(now()), actor, override_id),
    ).fetchone()
    if row:
        add_note(
            con,
            actor,
            "take back",
            f"{row['scope']} {row['name']}",
            row["reason"],
            {"field": row["field"], "before": json.loads(row["value"]), "after": json.loads(row["before"])},
        )


def _check(scope: str, name: str, field: str, value, reason: str) -> None:
    if scope not in SCOPES:
        raise UserError(
            expected=msg("A change applies to one of {choices}.", choices=list(SCOPES)),
            found=msg('"{scope}" is not one of them.', scope=scope),
            to_do=msg("Choose what the change applies to."),
        )
    if field not in FIELDS[scope]:
        raise UserError(
            expected=msg("A change sets one of {choices}.", choices=list(FIELDS[scope])),
            found=msg('"{field}" cannot be changed here.', field=field),
            to_do=msg("Choose a value to change."),
        )
    if not name:
        raise UserError(
            expected=msg("A change applies to a named product, supplier or class."),
            found=msg("No name is given."),
            to_do=msg("Choose what the change applies to."),
        )
    if reason not in REASONS:
        raise UserError(
            expected=msg("Every change needs a reason from the list, so that others can follow it."),
            found=msg('"{reason}" is not in the list of reasons.', reason=reason) if reason else msg("No reason is chosen."),
            to_do=msg("Choose a reason."),
        )
    if field == "snooze_until":
        try:
            date.fromisoformat(value)
        except (TypeError, ValueError) as error:
            raise UserError(
                expected=msg("A date is written like 2026-03-31."),
                found=msg('"{value}" is not a date.', value=str(value)),
                to_do=msg("Correct the date."),
            ) from error
        return
    number = isinstance(value, (int, float)) and not isinstance(value, bool) and value == value and abs(value) != float("inf")
    if field == "order_units" and not (number and value >= 0):
        raise UserError(
            expected=msg("A quantity must be 0 or more."),
            found=msg("The quantity is {value}.", value=value),
            to_do=msg("Correct the quantity."),
        )
    if field == "service_level" and not (number and 0.5 <= value < 1):
        raise UserError(
            expected=msg("A service level must be at least 50% and below 100%."),
            found=msg("The service level is {value}.", value=value),
            to_do=msg("Correct the service level."),
        )
    if field == "lead_time_days" and not (number and value > 0):
        raise UserError(
            expected=msg("A lead time must be above 0 days."),
            found=msg("The lead time is {value}.", value=value),
            to_do=msg("Correct the lead time."),
        )
