"""Small files to import, and what was stored of them."""

from __future__ import annotations

from pathlib import Path

from core import db
from core.config import Workspace

PRODUCTS = "product_id,title,category,price\nA1,Red mug,kitchen,4.50\nB2,Blue lamp,lighting,19.00\n"

ORDERS = (
    "ordered_at,product_id,units,unit_price,order_id,customer_id,country\n"
    "2024-03-01 10:00,A1,2,4.50,o1,c1,United Kingdom\n"
    "2024-03-02 11:30,B2,1,19.00,o2,c2,Germany\n"
    "2024-03-02 11:30,A1,-1,4.50,o1,c1,United Kingdom\n"
)


def write(folder: Path, name: str, text: str, encoding: str = "utf-8") -> Path:
    path = folder / name
    path.write_bytes(text.encode(encoding))
    return path


def stored(workspace: Workspace, query: str) -> list[tuple]:
    with db.connect(workspace.warehouse, read_only=True) as con:
        return con.execute(query).fetchall()


def add_up(report) -> dict:
    totals = report.totals()
    assert totals["read"] == totals["kept"] + totals["dropped"] + totals["quarantined"]
    return totals
