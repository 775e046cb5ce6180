"""Alerts on products, what published snapshots set off, and what of it was sent."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta

from core.errors import UserError
from core.messages import msg
from core.storage.state.file import StateFile
from core.storage.state.records import Alert, Hit, as_text, now, read

KEPT_DAYS = 14  # of hits: a weekly e-mail that fails once is made up by the next


class Alerts(StateFile):
    """Alerts in the state store: at most one of a kind for a product."""

    def set_alert(self, product_id: str, kind: str, threshold: float | None, actor: str) -> None:
        """Set an alert in place of the one of its kind; None removes it. Raises UserError for a threshold of 0 or less."""
        if threshold is not None and not threshold > 0:
            raise UserError(
                expected=msg("The threshold of an alert must be above 0."),
                found=msg("The threshold is {value}.", value=threshold),
                to_do=msg("Correct the threshold."),
            )
        with self._write() as con:
            con.execute("delete from alerts where product_id = ? and kind = ?", (product_id, kind))
            if threshold is not None:
                con.execute("insert into alerts values (?, ?, ?, ?, ?)", (product_id, kind, threshold, actor, as_text(now())))

    def alerts(self) -> list[Alert]:
        with self._connect() as con:
            return [read(Alert, row) for row in con.execute("select * from alerts order by product_id, kind")]

    def keep_hits(self, as_of: str, hits: Iterable[Hit]) -> None:
        """Keep what a snapshot set off, in place of what an earlier one of the same data did. Hits older than KEPT_DAYS are dropped."""
        with self._write() as con:
            con.execute("delete from alert_hits where as_of = ? or at < ?", (as_of, as_text(now() - timedelta(days=KEPT_DAYS))))
            con.executemany(
                "insert into alert_hits values (?, ?, ?, ?, ?, ?, ?, ?)",
                [(h.as_of.isoformat(), h.product_id, h.kind, h.threshold, h.snapshot, h.figure, h.earlier, as_text(h.at)) for h in hits],
            )

    def hits(self, snapshot: str = "") -> list[Hit]:
        """Return what a snapshot set off, "" for all that is kept. Of several snapshots of the same data, only the last has any."""
        with self._connect() as con:
            found = con.execute("select * from alert_hits where ?1 in ('', snapshot) order by as_of, kind, product_id", (snapshot,))
            return [read(Hit, row) for row in found]

    # ---- what was sent

    def is_sent(self, channel: str, subject: str) -> bool:
        """Return whether a subject was sent over a channel, or is being sent."""
        with self._connect() as con:
            return con.execute("select 1 from sent where channel = ? and subject = ?", (channel, subject)).fetchone() is not None

    def mark_sent(self, channel: str, subjects: Iterable[str]) -> None:
        """Mark subjects as sent over a channel: before they are sent, so that a process that dies sends nothing twice."""
        with self._write() as con:
            con.executemany("insert or ignore into sent values (?, ?, ?)", [(channel, subject, as_text(now())) for subject in subjects])

    def unmark_sent(self, channel: str, subjects: Iterable[str]) -> None:
        """Take marks back of what certainly was not delivered."""
        with self._write() as con:
            con.executemany("delete from sent where channel = ? and subject = ?", [(channel, subject) for subject in subjects])
