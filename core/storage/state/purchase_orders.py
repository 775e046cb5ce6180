"""Purchase orders: what was ordered from whom, and how far it has come. Each change of one is in the audit log."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime

from core.errors import UserError
from core.messages import msg
from core.storage.state.file import StateFile, add_note
from core.storage.state.records import as_text, now

DRAFT, SENT, CONFIRMED, PARTLY, RECEIVED, CANCELLED = "draft", "sent", "confirmed", "partly received", "received", "cancelled"
STATUSES = (DRAFT, SENT, CONFIRMED, PARTLY, RECEIVED, CANCELLED)
ON_THE_WAY = (SENT, CONFIRMED, PARTLY)
NEXT = {  # status: those that may follow it
    DRAFT: (SENT, CANCELLED),
    SENT: (CONFIRMED, PARTLY, RECEIVED, CANCELLED),
    CONFIRMED: (PARTLY, RECEIVED, CANCELLED),
    PARTLY: (PARTLY, RECEIVED, CANCELLED),
    RECEIVED: (),
    CANCELLED: (),
}


@dataclass(frozen=True)
class Line:
    """One product of a purchase order. units: ordered, and received so far; cents of one unit, None = not known."""

    product_id: str
    title: str
    units: float
    unit_cost_cents: float | None
    due_on: date
    received: float = 0.0

    @property
    def open(self) -> float:
        return max(self.units - self.received, 0.0)


@dataclass(frozen=True)
class PurchaseOrder:
    """An order to one supplier. at: when its last status was set; sent_on: the day it was sent, None while a draft."""

    number: str  # PO-2026-0001
    supplier: str
    currency: str
    ship_to: str
    terms: str
    status: str
    actor: str
    created_at: datetime
    at: datetime
    sent_on: date | None
    lines: tuple[Line, ...]

    @property
    def on_the_way(self) -> bool:
        return self.status in ON_THE_WAY

    @property
    def cost_cents(self) -> float:
        """What the lines of known cost come to."""
        return sum(round(line.units * line.unit_cost_cents) for line in self.lines if line.unit_cost_cents is not None)


class PurchaseOrders(StateFile):
    """Purchase orders in the state store. Lines never change; units received do."""

    def create_order(self, supplier: str, lines: Iterable[Line], *, currency: str, ship_to: str, terms: str, actor: str) -> PurchaseOrder:
        """Record a draft under the next number of the year. Raises UserError without lines."""
        lines = tuple(lines)
        if not lines:
            raise UserError(
                expected=msg("A purchase order needs at least one line."),
                found=msg("Nothing is ordered from {supplier}.", supplier=supplier),
                to_do=msg("Set a quantity for one of its products first."),
            )
        at = as_text(now())
        with self._write() as con:
            last = con.execute(
                "select coalesce(max(cast(substr(number, 9) as integer)), 0) from purchase_orders where number like ?", (f"PO-{at[:4]}-%",)
            ).fetchone()[0]
            number = f"PO-{at[:4]}-{last + 1:04d}"
            con.execute(
                "insert into purchase_orders values (?, ?, ?, ?, ?, ?, ?, ?, ?, null)",
                (number, supplier, currency, ship_to.strip(), terms.strip(), DRAFT, actor, at, at),
            )
            con.executemany(
                "insert into purchase_order_lines values (?, ?, ?, ?, ?, ?, ?)",
                [(number, e.product_id, e.title, e.units, e.unit_cost_cents, e.due_on.isoformat(), e.received) for e in lines],
            )
            add_note(con, actor, "purchase order", number, "", {"supplier": supplier, "lines": len(lines), "status": DRAFT})
        return self.order(number)

    def order(self, number: str) -> PurchaseOrder:
        """Return a purchase order. Raises UserError for an unknown number."""
        for each in self.purchase_orders():
            if each.number == number:
                return each
        raise UserError(
            expected=msg("The number must be that of a purchase order of this workspace."),
            found=msg("There is no purchase order {number}.", number=number),
            to_do=msg("Choose one from the list."),
        )

    def set_order_status(
        self, number: str, status: str, actor: str, *, on: date | None = None, received: Mapping[str, float] | None = None
    ) -> PurchaseOrder:
        """Set the status of a purchase order. on: the day it was sent, today by default; received: units so far by product_id, for
        `partly received`; `received` means all. Raises UserError for a status that cannot follow, and for units beyond what was ordered.
        """
        order, at = self.order(number), as_text(now())
        if status not in NEXT[order.status]:
            raise UserError(
                expected=msg(
                    "An order with the status {status} can only become one of {choices}.",
                    status=order.status,
                    choices=list(NEXT[order.status]),
                ),
                found=msg('"{status}" is not one of them.', status=status),
                to_do=msg("Choose another status."),
            )
        units = {e.product_id: e.units for e in order.lines} if status == RECEIVED else dict(received or {})
        for line in order.lines:
            if not 0 <= units.get(line.product_id, line.received) <= line.units:
                raise UserError(
                    expected=msg("Units received must be from 0 to the {units} ordered.", units=line.units),
                    found=msg("{product} has {received}.", product=line.product_id, received=units[line.product_id]),
                    to_do=msg("Correct the units received."),
                )
        sent_on = (on or now().date()).isoformat() if order.sent_on is None and status != CANCELLED else None
        with self._write() as con:
            con.execute(
                "update purchase_orders set status = ?, at = ?, sent_on = coalesce(sent_on, ?) where number = ?",
                (status, at, sent_on, number),
            )
            con.executemany(
                "update purchase_order_lines set received = ? where number = ? and product_id = ?",
                [(got, number, product) for product, got in units.items()],
            )
            add_note(
                con, actor, "purchase order", number, "", {"before": order.status, "after": status} | ({"received": units} if units else {})
            )
        return self.order(number)

    def orders_version(self) -> int:
        """Return a key that changes with every change of a purchase order."""
        with self._connect() as con:
            return con.execute("select count(*) from audit where act = 'purchase order'").fetchone()[0]

    def purchase_orders(self) -> list[PurchaseOrder]:
        """Return all purchase orders, oldest first."""
        with self._connect() as con:
            rows = con.execute("select * from purchase_orders order by created_at, number").fetchall()
            lines: dict[str, list[Line]] = {}
            for e in con.execute("select * from purchase_order_lines order by rowid"):
                due_on = date.fromisoformat(e["due_on"])
                lines.setdefault(e["number"], []).append(
                    Line(e["product_id"], e["title"], e["units"], e["unit_cost_cents"], due_on, e["received"])
                )
        return [
            PurchaseOrder(
                **{name: row[name] for name in ("number", "supplier", "currency", "ship_to", "terms", "status", "actor")},
                created_at=datetime.fromisoformat(row["created_at"]),
                at=datetime.fromisoformat(row["at"]),
                sent_on=date.fromisoformat(row["sent_on"]) if row["sent_on"] else None,
                lines=tuple(lines.get(row["number"], ())),
            )
            for row in rows
        ]
