"""What the sample shop plants about people, lists and campaigns is found again by plain estimates."""

from __future__ import annotations

import re

import numpy as np
import pandas as pd
import pytest

from tests.integration.test_sample_data import SAMPLE

LAST_DAY = pd.Timestamp("2026-06-28")
QUIET = pd.Timedelta(days=90)


@pytest.fixture(scope="module")
def orders() -> pd.DataFrame:
    """A row an order line of a known customer."""
    lines = pd.read_csv(SAMPLE / "files/orders.csv.gz", dtype=str, usecols=["order_id", "ordered_at", "product_id", "units", "customer_id"])
    lines["at"] = pd.to_datetime(lines["ordered_at"], errors="coerce", format="%Y-%m-%d %H:%M")
    return lines[(pd.to_numeric(lines["units"], errors="coerce") > 0) & lines["customer_id"].notna() & lines["at"].notna()]


@pytest.fixture(scope="module")
def motif() -> pd.Series:
    """The motif of each product that has one."""
    links = pd.read_csv(SAMPLE / "files/links.csv", dtype=str).drop_duplicates()
    return links[links["relation"] == "has_motif"].set_index("source")["target"].str.removeprefix("motif: ")


@pytest.fixture(scope="module")
def next_order(orders):
    """A function from customers and times to whether no order follows within 90 days."""
    times = {customer: at.to_numpy() for customer, at in orders.sort_values("at").groupby("customer_id")["at"]}

    def is_quiet(customers: pd.Series, moments: pd.Series) -> np.ndarray:
        known = [times.get(c, np.array([], "datetime64[us]")) for c in customers]
        after = [np.searchsorted(t, m, side="right") for t, m in zip(known, moments.to_numpy())]
        return np.array([i == len(t) or t[i] > m + QUIET for t, i, m in zip(known, after, moments.to_numpy())])

    return is_quiet


# Tastes


@pytest.mark.whole
def test_customers_buy_their_favourite_motif_and_the_new_one_once_their_taste_has_changed(orders, motif):
    tastes = pd.read_csv(SAMPLE / "truth/tastes.csv.gz", parse_dates=["changed_on"]).set_index("customer_id")
    lines = orders[orders["product_id"].isin(motif.index)]
    bought, told = lines["product_id"].map(motif), tastes.loc[lines["customer_id"]]
    changed = (lines["at"] >= told["changed_on"].to_numpy()).to_numpy()
    old, new = told["motif"].str.lower().to_numpy(), told["motif_after"].str.lower().to_numpy()
    chance = bought.map(bought.value_counts(normalize=True)).mean()
    assert (bought == old)[~changed].mean() > 3 * chance
    assert (bought == new)[changed].mean() > 3 * chance > 2 * (bought == old)[changed & (old != new)].mean()


@pytest.mark.whole
def test_the_motif_that_a_customer_bought_most_is_bought_again_more_than_by_chance(orders, motif):
    lines = orders[orders["product_id"].isin(motif.index)].assign(motif=lambda t: t["product_id"].map(motif))
    before, later = lines[lines["at"] < "2025-01-01"], lines[lines["at"] >= "2025-01-01"]
    top = before.groupby(["customer_id", "motif"]).size().sort_values().reset_index().groupby("customer_id")["motif"].last()
    later = later[later["customer_id"].isin(top.index)]
    expected = later["customer_id"].map(top)
    assert (later["motif"] == expected).mean() > 2 * expected.map(later["motif"].value_counts(normalize=True)).fillna(0).mean()


@pytest.mark.whole
def test_food_and_care_are_bought_again_and_lasting_things_seldom(orders):
    category = pd.read_csv(SAMPLE / "files/products.csv.gz", dtype=str).drop_duplicates("product_id").set_index("product_id")["category"]
    times = orders.drop_duplicates(["order_id", "product_id"]).groupby(["customer_id", "product_id"]).size()
    used_up = times.index.get_level_values("product_id").map(category).isin(["Tea & Pantry", "Wellness"])
    assert (times[used_up] > 1).mean() > 2.5 * (times[~used_up] > 1).mean()


# Customers who leave


@pytest.mark.whole
def test_who_left_orders_nothing_until_coming_back(orders):
    gone = pd.read_csv(SAMPLE / "truth/customers_gone.csv.gz", parse_dates=["happened_on", "last_order_on", "came_back_on"])
    assert set(gone["reason"]) == {"bad_review", "out_of_stock", "late_delivery", "price", "none"}
    assert gone["reason"].value_counts().min() > 300 and 0.1 < gone["came_back_on"].notna().mean() < 0.5
    days = orders[["customer_id"]].assign(day=orders["at"].dt.normalize()).drop_duplicates()
    each = gone.assign(until=gone["came_back_on"].fillna(LAST_DAY + pd.Timedelta(days=1))).merge(days, on="customer_id")
    assert not ((each["day"] > each["happened_on"]) & (each["day"] < each["until"])).any()


@pytest.mark.whole
def test_after_a_bad_review_or_a_late_delivery_more_customers_stay_away(next_order):
    reviews = pd.read_json(SAMPLE / "files/reviews.jsonl.gz", lines=True)
    reviews["at"] = pd.to_datetime(reviews["created_at"], errors="coerce")
    reviews = reviews[reviews["customer_id"].notna() & (reviews["at"] < LAST_DAY - QUIET)]
    quiet, rating = next_order(reviews["customer_id"], reviews["at"]), pd.to_numeric(reviews["rating"], errors="coerce")
    late = reviews["body"].str.contains("too late|long to arrive|week late|Late delivery|太慢了|才收到|太晚|半个月")
    assert late.sum() > 300
    assert quiet[rating <= 2].mean() > 1.5 * quiet[rating >= 4].mean()
    assert quiet[late & (rating > 2)].mean() > 1.2 * quiet[(rating >= 4) & ~late].mean()


@pytest.mark.whole
def test_who_met_an_empty_shelf_looked_at_it_logged_in_and_stays_away_more_often(next_order):
    gone = pd.read_csv(SAMPLE / "truth/customers_gone.csv.gz", parse_dates=["happened_on"])
    events = pd.read_parquet(SAMPLE / "files/events.parquet").dropna(subset=["customer_id"])
    events["day"] = events["occurred_at"].dt.normalize()
    out = gone[gone["reason"] == "out_of_stock"].merge(
        events, left_on=["customer_id", "product_id"], right_on=["customer_id", "product_id"]
    )
    assert (out["day"] == out["happened_on"]).sum() > 0.5 * (gone["reason"] == "out_of_stock").sum()
    stock = pd.read_parquet(SAMPLE / "files/stock.parquet")
    empty = stock[stock["on_hand"] <= 0].assign(day=lambda t: pd.to_datetime(t["day"]))[["product_id", "day"]].drop_duplicates()
    events = events[events["day"].between("2025-07-01", LAST_DAY - QUIET) & events["product_id"].isin(empty["product_id"])]
    looked = events.merge(empty, on=["product_id", "day"], how="left", indicator="met")
    looked = looked[looked["kind"].isin(["view", "cart"])]
    quiet = next_order(looked["customer_id"], looked["occurred_at"])
    assert quiet[looked["met"] == "both"].mean() > 1.1 * quiet[looked["met"] == "left_only"].mean()


# Lists of searches


@pytest.fixture(scope="module")
def searches() -> pd.DataFrame:
    return pd.read_parquet(SAMPLE / "files/searches.parquet").dropna(subset=["query"])


def test_lists_drawn_by_chance_show_the_bias_of_positions_and_all_lists_do_not(searches):
    truth = pd.read_csv(SAMPLE / "truth/position_bias.csv").set_index("position")["examined"]
    drawn = searches[searches["propensity"].notna()]
    weight = 1 / drawn["propensity"]
    estimate = (weight * drawn["clicked"]).groupby(drawn["position"]).sum() / weight.groupby(drawn["position"]).sum()
    naive = searches[searches["propensity"].isna()].groupby("position")["clicked"].mean()
    error, naive_error = (np.abs(np.log(e / e[1] / truth)).mean() for e in (estimate, naive))
    assert error < 0.12 < 0.3 < naive_error


def test_a_list_has_each_position_once_and_a_search_without_results_has_no_product(searches):
    listed = searches.dropna(subset=["product_id"])
    assert not listed.duplicated(["search_id", "position"]).any() and listed["position"].max() == 10
    nothing = searches[searches["product_id"].isna()]
    assert 0.02 < len(nothing) / searches["search_id"].nunique() < 0.3 and nothing["clicked"].sum() == 0
    assert searches["bought"].sum() > 200 and (searches["bought"] <= searches["clicked"]).all()


def test_relevance_is_judged_in_both_languages_and_other_words_are_in_no_title():
    judged = pd.read_csv(SAMPLE / "truth/relevance.csv")
    queries = judged.drop_duplicates("query")
    assert queries["language"].value_counts().min() >= 20 and 50 <= len(queries) <= 70
    assert set(judged["relevance"]) == {0, 1, 2, 3} and not judged.duplicated(["query", "product_id"]).any()
    titles = pd.read_csv(SAMPLE / "files/products.csv.gz", dtype=str)["title"].dropna().str.lower()
    for query in queries.loc[queries["note"] == "other words", "query"]:
        assert not titles.str.contains(rf"\b{re.escape(query)}\b" if query.isascii() else query).any(), query


# Impressions


@pytest.fixture(scope="module")
def impressions() -> pd.DataFrame:
    shown = pd.read_parquet(SAMPLE / "files/impressions.parquet")
    return shown[shown["position"] >= 1].reset_index(drop=True)


def test_weighting_by_propensity_tells_what_showing_all_products_alike_would_bring(impressions):
    truth = pd.read_csv(SAMPLE / "truth/click_rates.csv")
    rate = impressions.merge(truth, on=["product_id", "segment", "placement"], how="left")["click_rate"]
    expected = rate.to_numpy() * 0.82 ** (impressions["position"].to_numpy() - 1)
    for placement, rows in impressions.groupby("placement"):
        weight = 1 / rows["propensity"].to_numpy()
        truly = np.average(expected[rows.index], weights=weight)
        clicked = rows["clicked"].to_numpy()
        error = np.sqrt((weight**2 * (clicked - truly) ** 2).sum()) / weight.sum()
        assert abs(np.average(clicked, weights=weight) - truly) < 3 * error, placement
        assert clicked.mean() > 1.1 * truly, placement  # the policy knows something


def test_propensities_are_the_shares_of_what_was_shown(impressions):
    # Each product's first chance in a segment and campaign: where the propensity is p, the product is shown as often as p says.
    months = impressions["shown_at"].dt.to_period("M")
    gb = impressions[(impressions["segment"] == "GB") & months.isin(months.value_counts().index[:1])]
    shares = gb.groupby(["campaign", "product_id", "propensity"]).size()
    whole = shares.groupby("campaign").transform("sum")
    p = shares.index.get_level_values("propensity").to_numpy()
    assert (np.abs(shares - p * whole) < 4.5 * np.sqrt(p * (1 - p) * whole) + 1).mean() > 0.95


# Contacts


@pytest.mark.whole
def test_the_uplift_is_the_difference_of_treated_and_held_out_customers_within_its_interval(orders):
    contacts = pd.read_csv(SAMPLE / "files/contacts.csv.gz", parse_dates=["contacted_at"]).drop_duplicates()
    contacts = contacts[contacts["treated"].isin(["yes", "no"])]
    truth = (
        pd.read_csv(SAMPLE / "truth/uplift.csv")
        .assign(extra=lambda t: t["treated"] * t["extra_orders_a_customer"])
        .groupby("campaign")[["treated", "extra"]]
        .sum()
    )
    single = orders.drop_duplicates("order_id")
    found = {}
    for campaign, told in contacts.groupby("campaign"):
        first = told["contacted_at"].min().normalize()
        within = single[(single["at"] >= first) & (single["at"] < first + pd.Timedelta(days=28))]
        count = told["customer_id"].map(within["customer_id"].value_counts()).fillna(0)
        treated, weight = told["treated"] == "yes", np.where(told["treated"] == "yes", 1 / told["propensity"], 1 / (1 - told["propensity"]))
        means = [np.average(count[arm], weights=weight[arm]) for arm in (treated, ~treated)]
        error = np.sqrt(
            sum(np.average((count[arm] - m) ** 2, weights=weight[arm]) / arm.sum() for arm, m in zip((treated, ~treated), means))
        )
        found[campaign] = (
            (means[0] - means[1]) / error,
            (means[0] - means[1] - truth.loc[campaign, "extra"] / truth.loc[campaign, "treated"]) / error,
        )
    assert all(abs(off) < 3 for _, off in found.values()), found
    assert abs(found.pop("app reminder")[0]) < 2.5  # the campaign without effect
    assert min(z for z, _ in found.values()) > 2.5, found


# Planned promotions


def test_promotions_are_planned_beyond_the_last_day():
    promotions = pd.read_csv(SAMPLE / "files/promotions.csv", parse_dates=["starts_on", "ends_on"])
    planned = promotions[(promotions["starts_on"] > LAST_DAY) & (promotions["ends_on"] >= promotions["starts_on"])]
    assert len(planned) >= 20
    assert (planned["starts_on"] <= LAST_DAY + pd.Timedelta(days=28)).sum() >= 3  # truth/next_28_days.csv knows what these bring
