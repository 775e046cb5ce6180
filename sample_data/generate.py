"""Make the sample shop: `python sample_data/generate.py --seed 7 --out DIR`. The same seed gives the same bytes. See README.md here."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import numpy as np
import pandas as pd
from generator import adverts, buyers, calendar, catalogue, contacts, dirt, files, pictures, searches, shop, signals, story, tastes, truth
from generator.calendar import DAYS, FIRST_DAY, SPAN

ORDER_LINES = 200_000  # about how many lines the shop of 800 products sells in its 156 weeks
STORY_LIFT = 1.42  # how much of that the planted events and the season add to everyone's ordinary pace

FILES = {
    "products": "products.csv.gz",
    "orders": "orders.csv.gz",
    "events": "events.parquet",
    "reviews": "reviews.jsonl.gz",
    "customers": "customers.csv",
    "stock": "stock.parquet",
    "promotions": "promotions.csv",
    "market": "market.csv.gz",
    "links": "links.csv",
    "suppliers": "suppliers.csv",
    "deliveries": "deliveries.csv",
    "impressions": "impressions.parquet",
    "searches": "searches.parquet",
    "contacts": "contacts.csv.gz",
}
PACKED = ("tastes", "customers_gone")  # tables of the truth with a row a customer


def generate(seed: int, out: Path, products: int = 800) -> dict:
    """Write files/, pictures/, truth/ and manifest.json into `out` and return the manifest."""
    tables, answers = build(seed, products)
    manifest = {
        "seed": seed,
        "products": products,
        "first_day": calendar.date_of(0),
        "last_day": calendar.date_of(DAYS - 1),
        "currency": "GBP",
        "files": {},
    }
    for name, frame in tables.items():
        manifest["files"][f"files/{FILES[name]}"] = files.write(out / "files" / FILES[name], frame)
    for name, frame in answers.items():
        file = f"truth/{name}.csv" + ".gz" * (name in PACKED)
        manifest["files"][file] = files.write(out / file, frame)
    manifest["files"]["pictures/pictures.zip"] = files.write_bytes(out / "pictures" / "pictures.zip", *pictures.archive(tables["products"]))
    (out / "manifest.json").write_text(json.dumps(manifest, indent=1) + "\n", encoding="utf-8")
    return manifest


def build(seed: int, products: int) -> tuple[dict[str, pd.DataFrame], dict[str, pd.DataFrame]]:
    """Return the tables of the shop, faults included, and the tables of the truth. Each step has its own stream of random numbers."""
    streams = iter(np.random.SeedSequence(seed).spawn(20))

    def rng() -> np.random.Generator:
        return np.random.default_rng(next(streams))

    goods = catalogue.build(rng(), products)
    curve = calendar.shop_curve(rng(), list(shop.words.COUNTRIES))
    told = story.tell(rng(), goods, _pace(goods, curve, ORDER_LINES * products / 800 / STORY_LIFT))
    people = shop.customers(rng(), 60 + products * 21)
    wanted = shop.interest(rng(), told, curve)
    lines = shop.demand(rng(), wanted, told)
    stock, served, to_come, stocked = shop.shelves(rng(), told, lines, wanted)
    sold = shop.orders(rng(), told, lines[served])
    taking_back, draw, faults, sending = rng(), rng(), rng(), rng()
    clicked, visitor_of = signals.clicks(draw, told, people, wanted)
    written = signals.reviews(draw, told, sold[sold["day"] < DAYS])
    promoted, outside = signals.promotions(draw, told), signals.market(draw, told)

    liked = tastes.draw(rng(), told, len(people.table))
    late = buyers.lateness(rng(), sold, written)
    written = signals.complain(rng(), written, late[sold["basket"].to_numpy()[written["line"]]])
    bought = buyers.choose(rng(), told, people, liked, sold, lines[~served], written, late)
    sold["customer"] = bought.customer
    past = sold[sold["day"] < DAYS]
    searched, judged = searches.search(rng(), told, wanted, stocked)
    shown, rates = adverts.show(rng(), told)
    tables = {
        "products": goods.table.assign(**{c: _text(goods.table[c]) for c in ("price", "unit_cost")}),
        "orders": _export(told, people, past, shop.returns(taking_back, told, past)),
        "events": signals.log(told, people, buyers.of_clicks(rng(), people, liked, clicked, bought), visitor_of),
        "reviews": signals.signed(written, people, sold),
        "customers": people.table.sort_values("customer_id"),
        "stock": stock.astype({"on_hand": int, "on_order": int}),
        "promotions": pd.concat([promoted, signals.planned(rng(), told)], ignore_index=True),
        "market": outside,
        "links": goods.links,
        "impressions": shown,
        "searches": searched,
        "contacts": contacts.table(people, bought.campaigns.log),
    }
    tables, dirty = dirt.plant(faults, told, tables, FILES)
    tables |= {"suppliers": shop.suppliers(), "deliveries": shop.deliveries(sending, told, to_come)}
    known = {"tastes": liked.truth(people), "customers_gone": bought.gone, "click_rates": rates, "dirt": dirty}
    known["uplift"] = contacts.truth(bought.campaigns, past["customer"].to_numpy(), past["day"].to_numpy())
    return tables, truth.tables(told, sold[sold["day"] >= DAYS]) | known | judged


def _pace(goods: catalogue.Catalogue, curve: np.ndarray, lines: float) -> np.ndarray:
    """Expected orders in 28 ordinary days a product, so that the shop without a story sells about `lines` lines."""
    days = np.arange(SPAN)
    live = (days >= goods.launch[:, None]) & (days <= goods.last[:, None]) & (days < DAYS)
    return goods.weight * 28 * lines / (goods.weight[:, None] * live * curve.mean(axis=1)).sum()


def _export(told: story.Story, people: shop.Customers, sold: pd.DataFrame, back: pd.DataFrame) -> pd.DataFrame:
    """Sales and returns as the shop's system exports them: in order of time, numbered, guests without an id."""
    rows = pd.concat([sold, back]).sort_values(["minute", "basket", "product"], kind="stable", ignore_index=True)
    first = sold.drop_duplicates("basket").sort_values(["minute", "basket"])["basket"].to_numpy()
    numbers = np.zeros(sold["basket"].max() + 1, np.int64)
    numbers[first] = 310_001 + np.arange(len(first))
    names, customer = people.table["customer_id"].to_numpy(), rows["customer"].to_numpy()
    moments = pd.Series(FIRST_DAY + rows["minute"].to_numpy().astype("timedelta64[m]"))
    return pd.DataFrame(
        {
            "order_id": numbers[rows["basket"]],
            "ordered_at": moments.dt.strftime("%Y-%m-%d %H:%M"),
            "product_id": told.catalogue.table["product_id"].to_numpy()[rows["product"]],
            "units": rows["units"],
            "unit_price": _text(rows["unit_price"]),
            "discount": _text(rows["discount"].replace(0.0, np.nan)),
            "customer_id": np.where(customer >= 0, names[customer], ""),
            "channel": rows["channel"],
            "country": np.array(told.countries)[rows["country"]],
        }
    )


def _text(amounts: pd.Series) -> pd.Series:
    """Amounts with two decimals, empty where there is none."""
    return amounts.map(lambda v: "" if pd.isna(v) else f"{v:.2f}")


def main() -> None:
    parser = argparse.ArgumentParser(description="Make the sample shop.")
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--out", type=Path, required=True, help="folder for files/, truth/ and manifest.json")
    parser.add_argument("--products", type=int, default=800, help="a smaller shop, for tests")
    given = parser.parse_args()
    manifest = generate(given.seed, given.out, given.products)
    for name, facts in manifest["files"].items():
        print(f"{name:28} {facts['rows']:>8,} rows {facts['bytes'] / 1e6:8.2f} MB")
    print(f"{'together':28} {'':13} {sum(f['bytes'] for f in manifest['files'].values()) / 1e6:8.2f} MB")


if __name__ == "__main__":
    main()
