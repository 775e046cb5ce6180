"""The features: one record each. The panel's SQL, the model's width, the words on the page and the glossary derive from them.

Expressions read the relation built in core/features/sql/panel.sql: w = windows up to the origin, l = past lifts, z = recent lift,
n = neighbours' lift, s = neighbour activity, c = campaigns, k = stock, m = market series, y = calendar, p = own rate and product,
h = what the shop's history covers by then. Nothing after as_of can reach a feature: every relation is joined as of the origin.
"""

from __future__ import annotations

from dataclasses import dataclass

from core.schema import DRIVERS


@dataclass(frozen=True)
class Feature:
    """name, driver (core.schema.DRIVERS), unit, SQL expression, meaning in a merchandiser's words."""

    name: str
    driver: str
    unit: str
    sql: str
    meaning: str


def _times(now: str, before: str, smooth: float = 1.0) -> str:
    """`now` as a multiple of `before`, both smoothed so that small counts say little."""
    return f"(coalesce({now}, 0) + {smooth}) / (coalesce({before}, 0) + {smooth})"


def _share(part: str, rest: str, smooth: float) -> str:
    """`part` of `part` and `rest` together, as if `smooth` more of the rest were known: small counts say little. Null without either."""
    both = f"coalesce({part}, 0) + coalesce({rest}, 0)"
    return f"case when {both} > 0 then coalesce({part}, 0) / ({both} + {smooth}) end"


_EVENTS = "h.has_events = 1"
_ORDERS = "h.has_orders = 1"

FEATURES: tuple[Feature, ...] = (
    # demand: how much it sells
    Feature("orders_7d", "demand", "orders", "coalesce(w.interest_7d, 0)", "Orders in the last 7 days"),
    Feature("orders_14d", "demand", "orders", "coalesce(w.interest_14d, 0)", "Orders in the last 14 days"),
    Feature("orders_28d", "demand", "orders", "coalesce(w.interest_28d, 0)", "Orders in the last 28 days"),
    Feature("orders_56d", "demand", "orders", "coalesce(w.interest_56d, 0)", "Orders in the last 56 days"),
    Feature("orders_182d", "demand", "orders", "coalesce(w.interest_182d, 0)", "Orders in the last 26 weeks"),
    Feature("orders_364d", "demand", "orders", "coalesce(w.interest_364d, 0)", "Orders in the last 52 weeks"),
    Feature("own_pace", "demand", "orders a week", "p.n_base / nullif(p.base_length, 0) * 7", "Usual orders a week over the last 56 days"),
    Feature("units_per_order", "demand", "units", "w.units_56d / nullif(w.interest_56d, 0)", "Units in a usual order"),
    Feature("active_days_56d", "demand", "days", "coalesce(w.active_days_56d, 0)", "Days with an order, of the last 56"),
    Feature("days_since_last", "demand", "days", "w.days_since_last", "Days since the last order"),
    Feature("best_day_share", "demand", "share", "w.best_day_56d / nullif(w.interest_56d, 0)", "Share of the best day in 56 days' orders"),
    Feature(
        "returned_share",
        "demand",
        "share",
        _share("w.returned_units_91d", "w.units_91d", 5),
        "Units returned, of all units sold or returned in 13 weeks",
    ),
    Feature("out_of_stock_56d", "demand", "share", "k.out_of_stock_56d", "Share of recorded days out of stock, last 56 days"),
    Feature("out_of_stock_14d", "demand", "share", "k.out_of_stock_14d", "Share of recorded days out of stock, last 14 days"),
    Feature(
        "buyers_28d", "demand", "buyers", f"case when {_ORDERS} then coalesce(w.buyers_28d, 0) end", "Known buyers in the last 28 days"
    ),
    # momentum: how its pace changes
    Feature("week_on_month", "momentum", "times", _times("w.interest_7d", "w.interest_28d / 4", 0.5), "Last week against the last four"),
    Feature(
        "fortnight_on_base",
        "momentum",
        "times",
        _times("w.interest_14d", "(w.interest_56d - w.interest_14d) / 3"),
        "Last two weeks against the six before",
    ),
    Feature(
        "month_on_month",
        "momentum",
        "times",
        _times("w.interest_28d", "w.interest_56d - w.interest_28d"),
        "Last four weeks against the four before",
    ),
    Feature(
        "month_on_quarter", "momentum", "times", _times("w.interest_28d", "w.interest_91d * 28 / 91"), "Last four weeks against 13 weeks"
    ),
    Feature(
        "base_on_half_year", "momentum", "times", _times("w.interest_56d", "w.interest_182d * 56 / 182"), "Last 8 weeks against 26 weeks"
    ),
    Feature("recent_lift", "momentum", "times", "exp(l.recent)", "Last four weeks against its own pace, shop's growth taken out"),
    Feature("earlier_lift", "momentum", "times", "exp(l.before)", "The four weeks before those against its own pace"),
    Feature(
        "surge",
        "momentum",
        "deviations",
        "z.surge",
        "How far four weeks' orders exceed the pace of the nine before, in standard deviations",
    ),
    Feature(
        "units_week_on_month", "momentum", "times", _times("w.units_7d", "w.units_28d / 4", 1.0), "Units last week against the last four"
    ),
    Feature(
        "lead_segment_trend", "momentum", "times", "s.lead_segment_trend", "Four weeks against four before, in the fastest customer group"
    ),
    Feature("whole_trend", "momentum", "times", "case when p.segment <> 'all' then s.whole_trend end", "Its trend over all customers"),
    Feature(
        "whole_recent_lift",
        "momentum",
        "times",
        "case when p.segment <> 'all' then exp(s.whole_recent) end",
        "Its recent lift over all customers",
    ),
    # audience: who buys it
    Feature(
        "first_buy_share",
        "audience",
        "share",
        "w.first_buyers_56d / nullif(w.buyers_56d, 0)",
        "Buyers who bought it for the first time, last 56 days",
    ),
    Feature(
        "first_buy_share_28d",
        "audience",
        "share",
        "w.first_buyers_28d / nullif(w.buyers_28d, 0)",
        "Buyers who bought it for the first time, last 28 days",
    ),
    Feature(
        "new_customer_share", "audience", "share", "w.new_customers_56d / nullif(w.buyers_56d, 0)", "Buyers new to the shop, last 56 days"
    ),
    Feature(
        "guest_share", "audience", "share", "w.guest_orders_56d / nullif(w.orders_56d, 0)", "Orders of unknown customers, last 56 days"
    ),
    Feature(
        "largest_order_share",
        "audience",
        "share",
        "w.largest_order_units_56d / nullif(w.units_56d, 0)",
        "Share of the largest order in 56 days' units",
    ),
    Feature(
        "lead_segment_ahead",
        "audience",
        "deviations",
        "s.lead_segment_ahead",
        "How far one customer group is ahead of all the others together",
    ),
    Feature("largest_segment_share", "audience", "share", "s.largest_segment_share", "Share of the largest customer group"),
    Feature("segments_28d", "audience", "groups", "s.segments_28d", "Customer groups that bought it in the last 28 days"),
    # attention: who looks at it
    Feature("views_28d", "attention", "views", f"case when {_EVENTS} then coalesce(w.views_28d, 0) end", "Views in the last 28 days"),
    Feature(
        "views_week",
        "attention",
        "times",
        f"case when {_EVENTS} then {_times('w.views_7d', 'w.views_28d / 4', 2)} end",
        "Views last week against the last four",
    ),
    Feature(
        "views_month",
        "attention",
        "times",
        f"case when {_EVENTS} then {_times('w.views_28d', 'w.views_56d - w.views_28d', 3)} end",
        "Views, four weeks against four before",
    ),
    Feature(
        "carts_week",
        "attention",
        "times",
        f"case when {_EVENTS} then {_times('w.carts_7d', 'w.carts_28d / 4', 1)} end",
        "Carts last week against the last four",
    ),
    Feature(
        "carts_month",
        "attention",
        "times",
        f"case when {_EVENTS} then {_times('w.carts_28d', 'w.carts_56d - w.carts_28d', 2)} end",
        "Carts, four weeks against four before",
    ),
    Feature(
        "wishes_month",
        "attention",
        "times",
        f"case when {_EVENTS} then {_times('w.wishlists_28d', 'w.wishlists_56d - w.wishlists_28d', 1)} end",
        "Wish lists, four weeks against four before",
    ),
    Feature(
        "search_week",
        "attention",
        "times",
        f"case when {_EVENTS} then {_times('w.search_clicks_7d', 'w.search_clicks_28d / 4', 1)} end",
        "Clicks from search last week against the last four",
    ),
    Feature(
        "search_month",
        "attention",
        "times",
        f"case when {_EVENTS} then {_times('w.search_clicks_28d', 'w.search_clicks_56d - w.search_clicks_28d', 2)} end",
        "Clicks from search, four weeks against four before",
    ),
    Feature(
        "search_share",
        "attention",
        "share",
        f"case when {_EVENTS} then w.search_clicks_28d / nullif(w.views_28d + w.search_clicks_28d, 0) end",
        "Visits that came from search",
    ),
    Feature(
        "cart_rate",
        "attention",
        "share",
        f"case when {_EVENTS} then {_share('w.carts_28d', 'w.views_28d', 10)} end",
        "Carts, of all views and carts in the last 28 days",
    ),
    Feature(
        "orders_a_view",
        "attention",
        "share",
        f"case when {_EVENTS} then {_share('w.orders_28d', 'w.views_28d', 10)} end",
        "Orders, of all views and orders in the last 28 days",
    ),
    Feature(
        "ad_clicks_28d",
        "attention",
        "clicks",
        f"case when {_EVENTS} then coalesce(w.ad_clicks_28d, 0) end",
        "Clicks on its ads, last 28 days",
    ),
    Feature(
        "ad_click_rate",
        "attention",
        "share",
        _share("w.ad_clicks_28d", "w.ad_impressions_28d", 20),
        "Clicks, of all impressions and clicks of its ads in the last 28 days",
    ),
    # reviews: what buyers say
    Feature(
        "reviews_28d",
        "reviews",
        "reviews",
        "case when w.reviews_182d > 0 then coalesce(w.reviews_28d, 0) end",
        "Reviews in the last 28 days",
    ),
    Feature("reviews_182d", "reviews", "reviews", "case when w.reviews_182d > 0 then w.reviews_182d end", "Reviews in the last 26 weeks"),
    Feature(
        "reviews_month",
        "reviews",
        "times",
        f"case when w.reviews_182d > 0 then {_times('w.reviews_28d', 'w.reviews_182d * 28 / 182')} end",
        "Reviews of four weeks against 26 weeks",
    ),
    Feature("rating_year", "reviews", "stars", "w.rating_sum_364d / nullif(w.rated_364d, 0)", "Mean rating over a year"),
    Feature(
        "rating_change",
        "reviews",
        "stars",
        "w.rating_sum_42d / nullif(w.rated_42d, 0) - w.rating_sum_364d / nullif(w.rated_364d, 0)",
        "Mean rating of six weeks against a year",
    ),
    Feature(
        "low_rating_share", "reviews", "share", "w.low_ratings_182d / nullif(w.reviews_182d, 0)", "One and two star reviews, last 26 weeks"
    ),
    Feature(
        "sentiment_year",
        "reviews",
        "points",
        "w.sentiment_sum_364d / nullif(w.sentiments_364d, 0) * 100",
        "How well reviews speak of it over a year (-100 to 100)",
    ),
    Feature(
        "sentiment_lately",
        "reviews",
        "points",
        "w.sentiment_sum_42d / nullif(w.sentiments_42d, 0) * 100",
        "How well reviews of the last six weeks speak of it",
    ),
    Feature(
        "sentiment_change",
        "reviews",
        "points",
        "(w.sentiment_sum_42d / nullif(w.sentiments_42d, 0) - w.sentiment_sum_364d / nullif(w.sentiments_364d, 0)) * 100 "
        "* w.sentiments_42d / (w.sentiments_42d + 2)",
        "Tone of six weeks' reviews against a year, shrunk when few",
    ),
    # price
    Feature("price", "price", "money", "w.revenue_56d / nullif(w.priced_units_56d, 0) / 100", "Mean price paid, last 56 days"),
    Feature(
        "price_change",
        "price",
        "times",
        "(w.revenue_14d / nullif(w.priced_units_14d, 0)) / nullif(w.revenue_182d / nullif(w.priced_units_182d, 0), 0)",
        "Price of two weeks against 26 weeks",
    ),
    Feature(
        "price_drift",
        "price",
        "times",
        "(w.revenue_56d / nullif(w.priced_units_56d, 0)) / nullif(w.revenue_182d / nullif(w.priced_units_182d, 0), 0)",
        "Price of 8 weeks against 26 weeks",
    ),
    Feature("discount_14d", "price", "share", "w.discount_14d / nullif(w.revenue_14d + w.discount_14d, 0)", "Discount, last two weeks"),
    Feature("discount_56d", "price", "share", "w.discount_56d / nullif(w.revenue_56d + w.discount_56d, 0)", "Discount, last 8 weeks"),
    # promotion
    Feature(
        "promo_now",
        "promotion",
        "yes or no",
        "case when h.has_promotions = 1 then coalesce(c.promo_now, 0) end",
        "In a promotion on the day",
    ),
    Feature(
        "promo_days_28d",
        "promotion",
        "days",
        "case when h.has_promotions = 1 then coalesce(c.promo_days_28d, 0) end",
        "Days in a promotion, of the last 28",
    ),
    Feature("promo_days_left", "promotion", "days", "c.promo_days_left", "Days the running promotion still has"),
    Feature("promo_discount", "promotion", "share", "c.promo_discount", "Discount of the running promotion"),
    Feature("days_since_promo", "promotion", "days", "c.days_since_promo", "Days since the last promotion ended"),
    # season
    Feature("year_ago_lift", "season", "times", "exp(l.year_ago)", "The coming four weeks, a year ago, against its pace then"),
    Feature("year_ago_near_lift", "season", "times", "exp(l.year_ago_near)", "The weeks around those, a year ago, against its pace then"),
    Feature(
        "year_ago_after_lift", "season", "times", "exp(l.year_ago_after)", "The four weeks after those, a year ago, against its pace then"
    ),
    Feature(
        "year_ago_share",
        "season",
        "times",
        _times("w.interest_year_ago", "w.interest_56d / 2", 2),
        "Orders in the coming four weeks a year ago, against now",
    ),
    Feature(
        "category_year_ago_lift", "season", "times", "exp(s.category_year_ago)", "What its category did in the coming four weeks a year ago"
    ),
    Feature("season_sin", "season", "phase", "y.season_sin", "Where in the year (spring high, autumn low)"),
    Feature("season_cos", "season", "phase", "y.season_cos", "Where in the year (winter high, summer low)"),
    Feature("season_sin2", "season", "phase", "y.season_sin2", "Where in the half-year"),
    Feature("season_cos2", "season", "phase", "y.season_cos2", "Where in the half-year"),
    Feature("holidays_ahead", "season", "days", "y.holidays_ahead", "Public holidays in the coming four weeks"),
    Feature("days_to_holiday", "season", "days", "y.days_to_holiday", "Days until the next public holiday"),
    # market
    Feature("shop_growth", "market", "times", "s.shop_growth", "The shop's orders, four weeks against four before"),
    Feature("shop_week", "market", "times", "s.shop_week", "The shop's orders, last week against the last four"),
    Feature("category_growth", "market", "times", "s.category_growth", "Its category's orders, four weeks against four before"),
    Feature("category_lift", "market", "times", "exp(s.category_recent)", "Its category's recent lift"),
    Feature("category_share", "market", "share", "s.category_share", "Its share of its category's orders"),
    Feature(
        "search_interest_change", "market", "times", "m.search_change", "Search interest outside the shop, two weeks against six before"
    ),
    Feature("search_interest_week", "market", "times", "m.search_week", "Search interest outside the shop, last week against six before"),
    Feature("search_interest", "market", "index", "m.search_level", "Search interest outside the shop"),
    Feature(
        "sales_rank_change", "market", "times", "m.rank_change", "Sales rank in the market, two weeks against six before (below 1 = better)"
    ),
    Feature("sales_rank", "market", "rank", "m.rank_level", "Sales rank in the market"),
    Feature(
        "category_search_change",
        "market",
        "times",
        "m.category_search_change",
        "Search interest in its category, two weeks against six before",
    ),
    Feature("other_market_change", "market", "times", "m.other_change", "Other market series, two weeks against six before"),
    # newness
    Feature("days_on_sale", "newness", "days", "p.age_days", "Days since its first order"),
    Feature(
        "days_since_launch",
        "newness",
        "days",
        "case when p.launched_on <= p.as_of then date_diff('day', p.launched_on, p.as_of) end",
        "Days since its launch",
    ),
    # graph
    Feature("neighbours_recent_lift", "graph", "times", "exp(n.recent)", "Recent lift of products with similar text"),
    Feature("neighbours_trend", "graph", "times", "exp(n.trend)", "Two weeks against six before, products with similar text"),
    Feature(
        "neighbours_year_ago_lift",
        "graph",
        "times",
        "exp(n.year_ago)",
        "What products with similar text did in the coming weeks a year ago",
    ),
    Feature("neighbours_year_ago_near", "graph", "times", "exp(n.year_ago_near)", "What they did in the weeks around those a year ago"),
    Feature("neighbours_surging", "graph", "share", "n.surging", "Share of the products with similar text that sell far above their pace"),
    Feature("linked_recent_lift", "graph", "times", "exp(n.link_recent)", "Recent lift of products linked in the knowledge graph"),
    Feature("linked_trend", "graph", "times", "exp(n.link_trend)", "Two weeks against six before, linked products"),
    Feature("linked_surge", "graph", "deviations", "n.link_surge", "How far the linked product that surges most exceeds its usual pace"),
    Feature("linked_surges", "graph", "deviations", "n.link_surges", "How far linked products exceed their usual pace on average"),
    Feature(
        "kin_surges",
        "graph",
        "deviations",
        "n.kin_surges",
        "How far products that share a theme or the like with it exceed their usual pace on average",
    ),
    Feature("linked_year_ago_lift", "graph", "times", "exp(n.link_year_ago)", "What linked products did in the coming weeks a year ago"),
    # segment (its name is the driver's category; these place the product in it)
    Feature(
        "segment_share",
        "segment",
        "share",
        "case when p.segment <> 'all' then s.segment_share end",
        "The customer group's share of the shop's orders",
    ),
    Feature(
        "segment_affinity",
        "segment",
        "times",
        "case when p.segment <> 'all' then s.segment_affinity end",
        "How much more the group buys it than customers at large",
    ),
)

assert len({f.name for f in FEATURES}) == len(FEATURES)
assert {f.driver for f in FEATURES} == set(DRIVERS) - {"text"}
