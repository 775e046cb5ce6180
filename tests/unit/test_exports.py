"""Exports of systems that no layout declares: read right, asked about, or refused with advice; never wrong in silence.

The columns are those of public code and documentation; the rows are made up. `read` says what is right; where a file cannot say it, the
import asks or refuses.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from fixtures.importing import stored

from core.errors import UserError
from core.ingest import import_files
from core.workspace import Workspace

FOLDER = Path(__file__).parents[1] / "fixtures" / "exports"
# file -> units of each product that are sold. Products may be named by their number or by their name.
SOLD: dict[str, dict[str, float]] = {
    "loyverse_receipts_by_item.csv": {"10221": 3, "10222": 2},
    "ebay_fr.csv": {"Dracaufeu": 1, "Pikachu": 3},
    "kr_orders.csv": {"C1": 3, "P1": 4},
    "meesho_orders.csv": {"KU-1": 1, "SA-1": 2},
    "flipkart_orders.csv": {"SKU001": 3},
    "tiktok_shop_orders.csv": {"T-1": 2, "M-1": 1},
    "sales_by_sku_and_marketplace.csv": {"Tray": 7, "Mug": 1},
    "spryker_order_items.csv": {"001_1": 3},
    "beer_store_orders.csv": {"B-12": 3, "B-24": 1},
    "webshop_shipments.csv": {"SK-1": 1, "SK-2": 3},
    "wildberries_orders.csv": {"TEE-RED": 2},
    "mercado_libre_ventas.csv": {"LAC-1": 3},
    "bills_in.csv": {"Masala Dosa": 2, "Filter Coffee": 3},
    "fr_ventes_boutique.csv": {"burger-xl": 40, "BOISSON-33": 1092},
    "es_ventas.csv": {"Teclado": 3, "Mouse": 1},
    "pt_vendas.csv": {"Caderno": 2, "Caneta": 5},
    "it_vendite.csv": {"Pane": 18, "Latte": 5},
    "tr_satislar.csv": {"PowerBank 20000 mAh": 2, "USB Kablo": 1},
    "jp_uriage.csv": {"P-001": 8, "P-002": 10},
    "ru_prodazhi.csv": {"Ноутбук": 1, "Мышь": 3},
    "de_verkauf.csv": {"Karotten": 22.5, "Salat": 1},
    "nl_verkoop.csv": {"Brood": 17, "Melk": 4},
    "juice_sales.csv": {"Orange": 2, "Apple": 1},
    "listing_sales.csv": {"R-1": 3},
    "sale_products.csv": {"11": 3, "12": 1},
    "fr_production.csv": {"Baguette": 170, "Croissant": 41},
}
STOCK = {"de_bestand.csv": {"M0001": 15, "M0002": 1234.5}}
# Files that hold no sales by product and day: an import of one of them ends with an instruction.
NO_SALES = (
    "loyverse_receipts.csv",  # what is sold is one cell of text
    "loyverse_sales_summary.csv",  # no products
    "loyverse_item_summary.csv",  # no days
    "pl_order_items.csv",  # no days
    "temu_history.csv",  # no units
    "sku_by_period.csv",  # months
    "joined_product_ids.csv",  # several products in one cell
    "pos_product_sales.csv",  # no days
    "tr_stok_hareketleri.csv",  # movements of stock
    "de_purchase_order.csv",  # an order to a supplier
    "de_bewegungen_ohne_kopf.csv",  # no column names
)


def outcome(workspace: Workspace, name: str, right: dict[str, float], table: str = "orders", column: str = "units") -> str:
    """Return what came of an import: "right", "asked or refused", "set aside", or "wrong" and what was stored."""
    try:
        import_files(workspace, [FOLDER / name])
    except UserError as error:
        return "asked" if type(error).__name__ == "OpenQuestions" else f"refused: {error}"
    query = f"select {table}.product_id, title, sum({column}) from {table} left join products using (product_id) group by all"
    found = {(number, title): units for number, title, units in stored(workspace, query)}
    if not found:
        return "nothing stored"
    read = {next((key for key in (number, title) if key in right), number): units for (number, title), units in found.items()}
    return "right" if read == right else f"wrong: {read}"


@pytest.mark.parametrize("name", SOLD)
def test_sales_are_read_right_or_asked_about(workspace, name):
    assert not outcome(workspace, name, SOLD[name]).startswith(("wrong", "nothing"))


@pytest.mark.parametrize("name", STOCK)
def test_stock_is_read_right_or_asked_about(workspace, name):
    assert not outcome(workspace, name, STOCK[name], "stock", "on_hand").startswith(("wrong", "nothing"))


@pytest.mark.parametrize("name", NO_SALES)
def test_what_is_no_sales_is_refused_with_advice(workspace, name):
    assert outcome(workspace, name, {}).startswith(("asked", "refused", "nothing"))
