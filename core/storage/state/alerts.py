"""Alerts on products, and what the last published snapshot set off."""

from __future__ import annotations

from collections.abc import Iterable

from core.errors import UserError
from core.messages import msg
from core.storage.state.file import StateFile
from core.storage.state.records import Alert, Hit, as_text, now, read


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

    def keep_hits(self, snapshot: str, hits: Iterable[Hit]) -> None:
        """Keep what a snapshot set off, in place of what was kept before of any."""
        with self._write() as con:
            con.execute("delete from alert_hits")
            rows = [(snapshot, hit.product_id, hit.kind, hit.threshold, hit.figure, hit.earlier) for hit in hits]
            con.executemany("insert into alert_hits values (?, ?, ?, ?, ?, ?)", rows)

    def hits(self, snapshot: str) -> list[Hit]:
        """Return what a snapshot set off: nothing for one before the last that was published."""
        with self._connect() as con:
            found = con.execute("select * from alert_hits where snapshot = ? order by kind, product_id", (snapshot,))
            return [read(Hit, row) for row in found]
