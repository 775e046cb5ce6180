"""Orders, units and money by month: of the statement, of the warehouse, and of pandas over the raw files, to the unit and the cent."""

from __future__ import annotations

import gzip
import re
from datetime import date, timedelta
from pathlib import Path
from random import Random

import numpy as np
import pandas as pd
import pytest
from fixtures.importing import told_once

from core.ingest import import_files
from core.ingest.recognise.mapping_file import load
from core.storage import duckdb as db
from core.workspace import Workspace

SAMPLE = Path(__file__).parents[2] / "sample_data" / "files"
FIGURES = ["rows", "orders", "units", "cents"]
STORED = """
    select left(cast(ordered_at as varchar), 7) as month, count(*) as rows,
        count(distinct order_id) + count(*) filter (where order_id is null) as orders,
        sum(units) as units, sum(round(units * unit_price_cents)) as cents
    from orders group by 1 order by 1
"""


def by_month(lines: pd.DataFrame) -> pd.DataFrame:
    """Return month -> figures of lines with day, order, units and price in cents. A line without an order's number is an order."""
    lines = lines.assign(
        month=lines.day.dt.strftime("%Y-%m"),
        order=lines.order.where(lines.order.notna(), pd.Series([f"#{i}" for i in range(len(lines))], lines.index)),
        cents=(lines.units * lines.price).round(),
    )
    grouped = lines.groupby("month")
    found = pd.DataFrame(
        {"rows": grouped.size(), "orders": grouped.order.nunique(), "units": grouped.units.sum(), "cents": grouped.cents.sum()}
    )
    return found.astype({"rows": int, "orders": int, "units": float, "cents": int})


def halves_up(values: pd.Series) -> pd.Series:
    """Return whole numbers; halves are rounded away from zero, as SQL does."""
    return np.sign(values) * np.floor(values.abs() + 0.5)


def cents_of(price: pd.Series) -> pd.Series:
    return halves_up(price * 100)


def reconcile(workspace: Workspace, files: list[Path], raw: pd.DataFrame, **given) -> None:
    """Check that what a dry run states, what an import states, and what is stored afterwards is what pandas finds in the raw file."""
    plan, done = (import_files(workspace, files, dry_run=dry_run, **given) for dry_run in (True, False))
    expected = by_month(raw)
    for report in (plan, done):
        totals = report.totals()
        assert totals["read"] == sum(totals[what] for what in ("kept", "dropped", "quarantined", "set_aside"))
        (statement,) = [t.statement for f in report.files for t in f.tables if t.table == "orders"]
        stated = pd.DataFrame(
            [[m.month, m.rows, m.orders, m.units, m.cents] for m in statement.months if m.rows], columns=["month", *FIGURES]
        )
        pd.testing.assert_frame_equal(stated.set_index("month"), expected, check_dtype=False, rtol=0, atol=1e-6)
        held = [(m.month, m.stored_rows, m.stored_units, m.stored_cents) for m in statement.months if m.rows]
        assert held == [(month, r.rows, pytest.approx(r.units), r.cents) for month, r in zip(expected.index, expected.itertuples())]
    with db.connect(workspace.warehouse, read_only=True) as con:
        stored = con.execute(STORED).df().set_index("month")
    pd.testing.assert_frame_equal(stored, expected, check_dtype=False, rtol=0, atol=1e-6)


def test_the_sample_agrees_to_the_unit_and_the_cent(workspace):
    with gzip.open(SAMPLE / "orders.csv.gz", "rt") as stream:
        raw = pd.read_csv(stream, dtype=str)
    units = pd.to_numeric(raw.units.str.removesuffix(" pc"), errors="coerce")
    lines = pd.DataFrame(
        {
            "day": pd.to_datetime(raw.ordered_at, errors="coerce"),
            "order": raw.order_id,
            "units": units,
            "price": cents_of(pd.to_numeric(raw.unit_price, errors="coerce")),
        }
    )
    good = lines.day.notna() & (units.fillna(0) != 0) & raw.product_id.notna() & ~(lines.price < 0)
    lines = lines[good & (lines.day > "1990") & (lines.day < pd.Timestamp.now())]
    reconcile(workspace, [SAMPLE / "orders.csv.gz"], lines)


def dirty_shop(folder: Path, seed: int) -> tuple[Path, pd.DataFrame]:
    """Write an export with the dirt of real ones; return it with the lines that are good, made beside it and not read from it.

    Headers, delimiters, decimal signs, dates and thousands separators differ by seed. Among the lines are equal ones, blank
    ones, lines without a product, units or a day, units of zero, returns, ids with blanks around, quotes and line breaks in titles.
    """
    random = Random(seed)
    delimiter, decimal = random.choice(((",", "."), (";", ","), ("\t", "."), ("|", ".")))
    header = random.choice(
        (
            ("Order Date", "SKU", "Quantity", "Unit Price", "Order ID", "Title"),
            ("order_date", "product_id", "qty", "unit_price", "order_id", "product_name"),
            ("下单时间", "商品编码", "数量", "单价", "订单编号", "商品名称"),
        )
    )
    style = random.choice(("%Y-%m-%d %H:%M", "%d.%m.%Y", "%Y/%m/%d %H:%M:%S", "%Y-%m-%dT%H:%M:%S"))
    rows: list[tuple[str, ...]] = []
    good: list[tuple] = []
    start = date(2023, 1, 1) + timedelta(random.randint(0, 300))
    for number in range(random.randint(250, 400)):
        moment = pd.Timestamp(start + timedelta(random.randint(13, 400))) + pd.Timedelta(minutes=random.randint(0, 1439))
        order = f"A-{number:05}"
        for line in range(random.randint(1, 4)):
            units = random.choice((1, 1, 1, 2, 3, 12, 1500, -1))
            price = random.randint(99, 250_000)
            product = f"P{line}{random.randint(0, 20):03}"
            money = f"{price // 100}{decimal}{price % 100:02}"
            if price >= 100_000 and random.random() < 0.5:
                money = f"{price // 100_000}{',' if decimal == '.' else '.'}{price // 100 % 1000:03}{decimal}{price % 100:02}"
            title = random.choice((f"Mug {product}", f'Mug "{product}"', f"Mug{delimiter} {product}", f"Mug\n{product}"))
            cells = (moment.strftime(style), product, str(units), money, order, title)
            dirt = random.random()
            if dirt < 0.02:
                rows.append(("", *cells[1:]))
            elif dirt < 0.04:
                rows.append((cells[0], "", *cells[2:5], ""))
            elif dirt < 0.06:
                rows.append((*cells[:2], "0", *cells[3:]))
            elif dirt < 0.08:
                rows.append((*cells[:2], "n/a", *cells[3:]))
            elif dirt < 0.1:
                rows.append(("no day", *cells[1:]))
            else:
                padded = (cells[0], f" {product} ", *cells[2:]) if dirt < 0.15 else cells
                rows += [padded] * (2 if dirt > 0.97 else 1)
                good += [(moment, order, float(units), price)] * (2 if dirt > 0.97 else 1)  # equal lines of an order are as many sales
            if random.random() < 0.02:
                rows.append(("",) * 6)

    def quoted(cell: str) -> str:
        return '"' + cell.replace('"', '""') + '"' if re.search(rf'["\n{re.escape(delimiter)}]', cell) else cell

    file = folder / f"orders_{seed}.csv"
    text = "\n".join(delimiter.join(map(quoted, row)) for row in (header, *rows)) + "\n"
    file.write_text(text, encoding=random.choice(("utf-8", "utf-8-sig", "utf-16")))
    return file, pd.DataFrame(good, columns=["day", "order", "units", "price"])


@pytest.mark.parametrize("seed", range(10))
def test_a_dirty_shop_agrees_to_the_unit_and_the_cent(workspace, tmp_path, seed):
    file, lines = dirty_shop(tmp_path, seed)
    reconcile(workspace, [file], lines)


@pytest.mark.whole
@pytest.mark.real_data
def test_uci_agrees_to_the_unit_and_the_cent(workspace, real_data):
    file = real_data / "uci_online_retail_ii" / "online_retail_II.parquet"
    raw = pd.read_parquet(file)
    code = raw.StockCode.str.strip().str.upper()
    other = "|".join(load("uci-online-retail", None).options.non_products)
    remark = raw.Description.str.strip().str.lower().isin(["adjust", "adjustment", "test"])
    goods = raw[~code.str.fullmatch(other) & ~remark & ~((raw.Quantity > 0) & (raw.Price <= 0))].assign(code=code)
    country = goods.Country.where(goods.Country != "Unspecified")
    goods = goods.assign(price=cents_of(goods.Price), Country=country, invoice=goods.Invoice.str.strip())
    goods = goods.assign(units=goods.Quantity.where(~goods.invoice.str.startswith("C"), -goods.Quantity.abs()).astype(float))
    goods = told_once(goods[["invoice", "code", "units", "InvoiceDate", "price", "Customer ID", "Country"]], "invoice")
    lines = pd.DataFrame({"day": goods.InvoiceDate, "order": goods.invoice, "units": goods.units, "price": goods.price})
    reconcile(workspace, [file], lines, preset="uci-online-retail")


@pytest.mark.whole
@pytest.mark.real_data
def test_complete_journey_agrees_to_the_unit_and_the_cent(workspace, real_data):
    folder = real_data / "complete_journey"
    files = [folder / "transactions_sample_100k.parquet", folder / "products.parquet"]
    products = pd.read_parquet(files[1]).drop_duplicates("product_id").set_index("product_id").product_type
    raw = pd.read_parquet(files[0])
    kind = raw.product_id.map(products)
    other = "|".join(load("complete-journey", None).options.non_products)
    sold = raw[kind.notna() & ~kind.fillna("").str.fullmatch(f"(?i:{other})") & (raw.quantity != 0)]
    # The warehouse keeps the price of a unit in whole cents.
    lines = pd.DataFrame(
        {
            "day": sold.transaction_timestamp,
            "order": sold.basket_id,
            "units": sold.quantity.astype(float),
            "price": halves_up(cents_of(sold.sales_value) / sold.quantity),
        }
    )
    reconcile(workspace, files, lines, preset="complete-journey")
