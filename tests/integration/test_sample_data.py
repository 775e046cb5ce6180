"""The sample shop: its generator is repeatable, and what it plants is really in its files."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from core.ingest import import_files
from core.schema import DRIVERS, EVENT_KINDS
from core.workspace import Workspace

SAMPLE = Path(__file__).parents[2] / "sample_data"
FIRST_DAY = pd.Timestamp("2023-07-03")
DAYS = 1092
UNKNOWN = "KD-0417"  # the product that is sold and stands in no catalogue
RISES = (
    "segment_fad",
    "neighbour_spread",
    "viral_search",
    "word_of_mouth",
    "review_rise",
    "price_cut",
    "promotion",
    "market_trend",
    "style_wave",
    "slow_growth",
    "season",
)
FALLS = ("review_fall", "price_increase", "fading", "phase_out", "cannibalisation")


def make_small_shop(out: Path, seed: int, hash_seed: str) -> Path:
    command = [sys.executable, SAMPLE / "generate.py", "--seed", str(seed), "--out", out, "--products", "60"]
    subprocess.run(command, check=True, capture_output=True, env=os.environ | {"PYTHONHASHSEED": hash_seed})
    return out


def contents(folder: Path) -> dict[str, bytes]:
    return {str(f.relative_to(folder)): f.read_bytes() for f in sorted(folder.rglob("*")) if f.is_file()}


@pytest.fixture(scope="module")
def small_shop(tmp_path_factory) -> Path:
    return make_small_shop(tmp_path_factory.mktemp("shop"), 7, "1")


@pytest.fixture(scope="module")
def truth() -> pd.DataFrame:
    events = pd.read_csv(SAMPLE / "truth/events.csv", parse_dates=["starts_on", "ends_on", "precursor_on"])
    for column in ("starts_on", "ends_on", "precursor_on"):
        events[column.removesuffix("_on")] = (events[column] - FIRST_DAY).dt.days
    return events


@pytest.fixture(scope="module")
def products() -> pd.DataFrame:
    return pd.read_csv(SAMPLE / "files/products.csv.gz", dtype=str).drop_duplicates()


@pytest.fixture(scope="module")
def sales() -> pd.DataFrame:
    """Valid sales: a row a line, with its day."""
    lines = pd.read_csv(SAMPLE / "files/orders.csv.gz", dtype=str).drop_duplicates()
    lines["at"] = pd.to_datetime(lines["ordered_at"], errors="coerce", format="%Y-%m-%d %H:%M")
    lines["units"] = pd.to_numeric(lines["units"], errors="coerce")
    lines = lines[(lines["units"] > 0) & lines["at"].notna() & lines["product_id"].notna() & (lines["product_id"] != UNKNOWN)].copy()
    lines["day"] = (lines["at"].dt.normalize() - FIRST_DAY).dt.days
    return lines


@pytest.fixture(scope="module")
def clicks() -> pd.DataFrame:
    events = pd.read_parquet(SAMPLE / "files/events.parquet").dropna(subset=["product_id"])
    events["day"] = (events["occurred_at"].dt.normalize() - FIRST_DAY).dt.days
    return events


class Daily:
    """Counts a product and day, so that a window's sum is one subtraction."""

    def __init__(self, rows: pd.DataFrame):
        self.number = {p: i for i, p in enumerate(rows["product_id"].unique())}
        grid = np.zeros((len(self.number), DAYS + 1))
        np.add.at(grid, (rows["product_id"].map(self.number).to_numpy(), rows["day"].to_numpy() + 1), 1)
        self.sums = grid.cumsum(axis=1)

    def between(self, product: str, first: int, last: int) -> float:
        """How many on days first .. last, both included; days outside the data count nothing."""
        first, last = max(first, 0), min(last, DAYS - 1)
        row = self.number.get(product)
        return float(self.sums[row, last + 1] - self.sums[row, first]) if row is not None and last >= first else 0.0

    def lift(self, events: pd.DataFrame, window: tuple[int, int], before: tuple[int, int]) -> float:
        """Mean a day in a window against one before, in days from each event's start, over all the events together."""
        return self.pace(events, window) / self.pace(events, before)

    def pace(self, events: pd.DataFrame, window: tuple[int, int]) -> float:
        """Mean a day in a window around each event's start, summed over the events."""
        first, last = window
        return sum(self.between(e.product_id, e.starts + first, e.starts + last) for e in events.itertuples()) / (last - first + 1)


def inside(events: pd.DataFrame) -> pd.DataFrame:
    """Events whose weeks before and after lie wholly inside the data."""
    return events[(events["starts"] >= 91) & (events["starts"] <= DAYS - 50)]


# The generator


def test_the_same_seed_gives_the_same_bytes_in_another_process(small_shop, tmp_path):
    again = make_small_shop(tmp_path, 7, "2")
    assert contents(again) == contents(small_shop)


def test_another_seed_gives_another_shop(small_shop, tmp_path):
    other, first = contents(make_small_shop(tmp_path, 8, "1")), contents(small_shop)
    assert other.keys() == first.keys()
    assert other["files/orders.csv.gz"] != first["files/orders.csv.gz"]


def test_the_committed_files_are_those_of_the_manifest_and_small_enough():
    manifest = json.loads((SAMPLE / "manifest.json").read_text(encoding="utf-8"))
    found = {str(f.relative_to(SAMPLE).as_posix()): f for folder in ("files", "pictures", "truth") for f in (SAMPLE / folder).iterdir()}
    assert found.keys() == manifest["files"].keys()
    for name, facts in manifest["files"].items():
        assert hashlib.sha256(found[name].read_bytes()).hexdigest() == facts["sha256"], name
    assert sum(f.stat().st_size for f in found.values()) <= 12e6
    assert (manifest["seed"], manifest["products"], manifest["last_day"]) == (7, 800, "2026-06-28")


# The shop


@pytest.mark.whole
def test_the_catalogue_is_in_two_languages_with_launches_in_every_month(products):
    assert len(products) == 800 and products["product_id"].is_unique and products["category"].nunique() == 10
    titles = products["title"].dropna()
    assert titles.is_unique
    chinese = titles.str.contains(r"[\u4e00-\u9fff]")
    assert 0.25 <= chinese.mean() <= 0.6 and titles[chinese].str.contains("[a-zA-Z]{4}").any()
    launched = pd.to_datetime(products["launched_on"]).dropna()
    launched = launched[launched >= FIRST_DAY].dt.to_period("M").value_counts()
    assert len(launched) == 36 and launched.min() >= 5


@pytest.mark.whole
def test_sales_have_a_heavy_tail_and_a_rhythm_of_weekdays_and_hours(sales):
    best_first = sales["product_id"].value_counts()
    assert 0.55 <= best_first.head(160).sum() / len(sales) <= 0.8
    a_sale_a_month = best_first / 36 < 1.5
    assert a_sale_a_month.sum() >= 100
    orders = sales.drop_duplicates("order_id")
    weekdays = orders["at"].dt.day_name().value_counts()
    assert weekdays["Sunday"] > 1.15 * weekdays["Saturday"]
    hours = orders["at"].dt.hour.value_counts()
    assert hours[20] > 3 * hours[3]
    assert 0.1 <= orders["customer_id"].isna().mean() <= 0.25
    assert sales.groupby("order_id").size().between(1, 6).all()


@pytest.mark.whole
def test_every_day_has_sales_and_every_kind_of_click(sales, clicks):
    assert set(sales["day"]) == set(range(DAYS))
    assert set(EVENT_KINDS) <= set(clicks["kind"])
    assert set(clicks["day"]) == set(range(DAYS))


# The truth


@pytest.mark.whole
def test_every_planted_event_names_a_product_and_a_driver_or_none(truth, products, sales):
    assert set(truth["product_id"]) <= set(products["product_id"])
    assert set(truth["cause"]) <= {*DRIVERS, "none"}
    assert truth["event_id"].is_unique
    assert (truth["precursor_on"] <= truth["starts_on"]).all() and (truth["starts_on"] < truth["ends_on"]).all()
    customers = pd.read_csv(SAMPLE / "files/customers.csv", dtype=str)
    for attribute, group in truth.dropna(subset=["segment"]).groupby("segment_attribute"):
        assert {value for values in group["segment"] for value in values.split()} <= set(customers[attribute].dropna())


@pytest.mark.whole
def test_events_of_every_kind_are_spread_over_all_years(truth):
    for kind, group in truth[~truth["kind"].isin(["season", "local_season", "first_season"])].groupby("kind"):
        quarters = group.loc[group["starts"].between(0, DAYS - 1), "starts"] // 91
        assert quarters.nunique() >= 6, kind


@pytest.mark.whole
def test_rises_are_imminent_on_the_last_day_with_something_moving_already(truth):
    imminent = truth[truth["kind"].isin(RISES) & (truth["starts"] > DAYS - 14) & (truth["precursor"] < DAYS - 7)]
    assert len(imminent) >= 15 and imminent["cause"].nunique() >= 3
    after = pd.read_csv(SAMPLE / "truth/next_28_days.csv").set_index("product_id")["orders"]
    assert after[imminent["product_id"]].sum() > 0


@pytest.mark.parametrize("kind", RISES)
@pytest.mark.whole
def test_planted_rises_are_seen_in_the_orders(kind, truth, sales):
    events = inside(truth[truth["kind"] == kind])
    window = (40, 70) if kind == "slow_growth" else (8, 24) if kind == "promotion" else (16, 42)
    assert Daily(sales).lift(events, window, (-84, -29)) > 1.6


@pytest.mark.parametrize("kind", FALLS)
@pytest.mark.whole
def test_planted_falls_are_seen_in_the_orders(kind, truth, sales):
    events = inside(truth[truth["kind"] == kind])
    window = (50, 75) if kind in ("fading", "phase_out") else (25, 49)
    assert Daily(sales).lift(events, window, (-84, -29)) < 0.75


@pytest.mark.whole
def test_attention_rises_before_sales_where_it_is_the_cause_and_not_before_noise(truth, sales, clicks):
    views, searches, bought = (Daily(rows) for rows in (clicks[clicks["kind"] == "view"], clicks[clicks["kind"] == "search_click"], sales))
    for kind in ("word_of_mouth", "viral_search"):
        events = inside(truth[truth["kind"] == kind])
        assert views.lift(events, (-10, -1), (-70, -29)) > 1.8, kind
        assert bought.lift(events, (-10, -1), (-70, -29)) < 1.3, kind
    viral = inside(truth[truth["kind"] == "viral_search"])
    assert searches.lift(viral, (-10, -1), (-70, -29)) > 4
    assert views.lift(inside(truth[truth["kind"] == "burst"]), (-14, -1), (-70, -29)) < 1.3
    curious = inside(truth[truth["kind"] == "curiosity"])
    assert views.lift(curious, (14, 28), (-70, -29)) > 1.5 and bought.lift(curious, (14, 28), (-70, -29)) < 1.2


@pytest.mark.whole
def test_where_attention_is_not_the_cause_it_moves_with_sales_and_not_before(truth, clicks):
    views = Daily(clicks[clicks["kind"] == "view"])
    for kind in ("review_rise", "market_trend", "neighbour_spread", "style_wave", "promotion", "price_cut"):
        events = inside(truth[truth["kind"] == kind])
        assert views.lift(events, (-10, -1), (-70, -29)) < 1.25 < views.lift(events, (16, 30), (-70, -29)), kind


@pytest.mark.whole
def test_what_spreads_comes_from_a_product_that_is_linked_and_began_before(truth):
    links = pd.read_csv(SAMPLE / "files/links.csv", dtype=str)
    links = links[links["relation"] == "bought_together"]
    linked = set(zip(links["source"], links["target"])) | set(zip(links["target"], links["source"]))
    began = truth[truth["kind"] != "neighbour_spread"]
    for e in truth[truth["kind"] == "neighbour_spread"].itertuples():
        sources = began[began["starts"].between(e.starts - 29, e.starts - 16)]["product_id"]
        assert e.starts - e.precursor >= 16 and any((source, e.product_id) in linked for source in sources), e.event_id


@pytest.mark.whole
def test_a_season_is_one_that_the_product_has_had_before_and_the_first_one_has_no_cause_in_the_data(truth):
    seasons = truth[truth["kind"].isin(["season", "local_season", "first_season"])].sort_values("starts")
    assert set(seasons[seasons["kind"] == "first_season"]["cause"]) == {"none"}
    for e in seasons[seasons["kind"] != "first_season"].itertuples():
        before = seasons[(seasons["product_id"] == e.product_id) & (seasons["starts"] < e.starts - 300)]["starts"]
        assert e.precursor == before.max() >= 0 and e.starts - e.precursor < 440, e.event_id  # the lunar calendar wanders


@pytest.mark.whole
def test_a_fad_shows_first_in_the_segment_that_starts_it(truth, sales):
    fads = inside(truth[(truth["kind"] == "segment_fad") & (truth["segment_attribute"] == "country")])
    home, other = np.zeros(2), np.zeros(2)
    for segment, events in fads.groupby("segment"):
        for sums, rows in ((home, sales[sales["country"] == segment]), (other, sales[sales["country"] != segment])):
            sums += [Daily(rows).pace(events, window) for window in ((-10, -1), (-91, -36))]
    assert home[0] / home[1] > 3
    assert other[0] / other[1] < 1.4


@pytest.mark.whole
def test_review_words_turn_before_sales_while_the_stars_hardly_move(truth):
    reviews = pd.read_json(SAMPLE / "files/reviews.jsonl.gz", lines=True).drop_duplicates("review_id")
    reviews["day"] = (pd.to_datetime(reviews["created_at"], errors="coerce").dt.normalize() - FIRST_DAY).dt.days
    reviews["rating"] = pd.to_numeric(reviews["rating"], errors="coerce")
    words = {
        "review_fall": "batch|first one|used to love|has slipped|has changed|old version|cheaper|wanted to love|what it was"
        "|新批次|不一样|下降|以前|变差",
        "review_rise": "second one|everyone asks|telling people|best |wants one|two more|better in person|office|obsessed|sold out"
        "|love this|amazing|perfect present|回购|链接|太好看|种草|都爱|下单|超出预期|绝绝子",
    }
    for kind, turned in words.items():
        told = reviews["body"].str.lower().str.contains(turned)
        share, stars = [], []
        for first, last in ((-14, 0), (-120, -45)):
            window = np.zeros(len(reviews), bool)
            for e in truth[truth["kind"] == kind].itertuples():
                days = reviews["day"].between(e.starts + first, e.starts + last)
                window |= (days & (reviews["product_id"] == e.product_id)).to_numpy()
            assert window.sum() >= 60, kind
            share.append(told[window].mean())
            stars.append(reviews.loc[window, "rating"].mean())
        assert share[0] > 0.5 and share[0] > 2.5 * share[1], kind
        assert abs(stars[0] - stars[1]) < 0.45, kind
    assert 8000 <= len(reviews) <= 12000
    assert reviews["body"].nunique() <= 5000


@pytest.mark.whole
def test_search_interest_outside_moves_before_sales_where_the_market_is_the_cause(truth):
    market = pd.read_csv(SAMPLE / "files/market.csv.gz", dtype={"value": str})
    market = market[(market["series"] == "search_interest") & market["product_id"].notna()]
    market["value"] = pd.to_numeric(market["value"], errors="coerce")
    market["day"] = (pd.to_datetime(market["day"]) - FIRST_DAY).dt.days
    ratios = []
    for e in inside(truth[truth["kind"] == "market_trend"]).itertuples():
        series = market[market["product_id"] == e.product_id]
        ratios.append(
            series.loc[series["day"].between(e.starts - 10, e.starts), "value"].mean()
            / series.loc[series["day"].between(e.starts - 84, e.starts - 35), "value"].mean()
        )
    assert np.nanmedian(ratios) > 1.5


@pytest.mark.whole
def test_a_planted_stock_out_empties_the_shelf_stops_sales_and_records_what_was_wanted(truth, sales):
    stock = pd.read_parquet(SAMPLE / "files/stock.parquet")
    stock["day"] = (pd.to_datetime(stock["day"]) - FIRST_DAY).dt.days
    outs = truth[truth["kind"] == "stock_out"]
    assert len(outs) >= 40 and (outs["hidden_units"] > 0).mean() > 0.9 and outs["hidden_units"].sum() > 500
    daily = Daily(sales)
    for e in outs.itertuples():
        counts = stock[(stock["product_id"] == e.product_id) & stock["day"].between(e.starts, e.ends - 1)]
        assert len(counts) >= 2 and (counts["on_hand"] <= 0).all(), e.event_id
        assert daily.between(e.product_id, e.starts, e.ends - 1) == 0, e.event_id


@pytest.mark.whole
def test_deliveries_add_up_to_what_is_on_order_and_every_supplier_has_terms(products):
    files = SAMPLE / "files"
    stock = pd.read_parquet(files / "stock.parquet")
    last = stock[stock["on_hand"] >= 0].sort_values("day").groupby("product_id")["on_order"].last()
    deliveries = pd.read_csv(files / "deliveries.csv", parse_dates=["due_on"])
    due = deliveries.groupby("product_id")["units"].sum()
    assert due.to_dict() == last[last > 0].to_dict() and len(due) > 100
    assert 0 < (deliveries["due_on"] < "2026-06-28").mean() < 0.1
    assert set(pd.read_csv(files / "suppliers.csv")["supplier"]) >= set(products["supplier"])


# The dirt


def read_as_exported(file: str) -> pd.DataFrame:
    path = SAMPLE / "files" / file
    if file.endswith(".parquet"):
        return pd.read_parquet(path)
    if ".jsonl" in file:
        return pd.read_json(path, lines=True, dtype=False, convert_dates=False)
    return pd.read_csv(path, dtype=str, keep_default_na=False)


def no_number(values: pd.Series) -> pd.Series:
    return pd.to_numeric(values, errors="coerce").isna()


def empty(values: pd.Series) -> pd.Series:
    return values.isna() | (values == "")


FAULTS = {  # what dirt.csv calls it: which values of its column have it
    "missing title": empty,
    "missing product": empty,
    "missing customer": empty,
    "missing target": empty,
    "missing query": empty,
    "price that is no number": no_number,
    "units that are no number": lambda v: no_number(v) & (v != "1 pc"),
    "units with a word": lambda v: v == "1 pc",
    "rating that is no number": no_number,
    "value that is no number": no_number,
    "another currency than the shop's": lambda v: v != "GBP",
    "impossible date": lambda v: pd.to_datetime(v, errors="coerce").isna(),
    "product that is not in the catalogue": lambda v: v == UNKNOWN,
    "kind that nobody knows": lambda v: ~v.isin(EVENT_KINDS),
    "negative stock": lambda v: v < 0,
    "ends before it starts": lambda v: v < "2023-06-10",
    "position below the first": lambda v: v < 1,
    "neither yes nor no": lambda v: ~v.isin(["yes", "no"]),
}


def test_every_fault_that_is_listed_is_there_and_no_other_row_has_it():
    dirt = pd.read_csv(SAMPLE / "truth/dirt.csv", keep_default_na=False)
    assert set(dirt["expected"]) == {"duplicate dropped", "quarantined", "kept with a warning"}
    for file, faults in dirt.groupby("file"):
        rows = read_as_exported(file)
        header = 1 if ".csv" in file else 0
        for fault in faults.itertuples():
            places = np.array(fault.lines.split(), dtype=int) - 1 - header
            assert len(places) == fault.rows > 0
            if fault.what == "exact duplicate":
                found = rows.duplicated()
                assert found.sum() == fault.rows and found.to_numpy()[places].all(), file
            else:
                found = np.flatnonzero(FAULTS[fault.what](rows[fault.column]))
                assert sorted(found) == sorted(places), (file, fault.what)


def test_an_import_makes_of_the_dirt_what_the_truth_says(small_shop, tmp_path):
    dirt = pd.read_csv(small_shop / "truth/dirt.csv")
    report = import_files(Workspace(tmp_path / "ws"), sorted((small_shop / "files").iterdir())).as_dict()
    assert len(report["files"]) == 14
    for file in report["files"]:
        expected = dirt[dirt["file"] == file["file"]].groupby("expected")["rows"].sum()
        (counts,) = file["tables"].values()
        assert counts["dropped"] == expected.get("duplicate dropped", 0), file["file"]
        assert counts["quarantined"] == expected.get("quarantined", 0), file["file"]
