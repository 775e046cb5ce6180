"""The features: one record each. The panel's SQL, the model's width, the page's texts and the glossary derive from them.

Expressions read the relation built in core/features/sql/panel.sql: w = windows up to the origin, l = past lifts, z = recent lift,
n = neighbours' lift, s = neighbour activity, c = campaigns, k = stock, m = market series, y = calendar, p = own rate and product,
h = the extent of the shop's history. Nothing after as_of can reach a feature: every relation is joined as of the origin.
"""

from __future__ import annotations

from dataclasses import dataclass

from core.schema import DRIVERS


@dataclass(frozen=True)
class Feature:
    """A feature: name, driver (core.schema.DRIVERS), unit, SQL expression, meaning in a merchandiser's words."""

    name: str
    driver: str
    unit: str
    sql: str
    meaning: str


def _times(now: str, before: str, smooth: float = 1.0) -> str:
    """Return SQL for `now` as a multiple of `before`, both smoothed so that small counts have little effect."""
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
    Feature("own_pace", "demand", "orders a week", "p.n_base / nullif(p.base_length, 0) * 7", "Average weekly orders, last 8 weeks"),
    Feature("units_per_order", "demand", "units", "w.units_56d / nullif(w.interest_56d, 0)", "Units per order, last 8 weeks"),
    Feature("active_days_56d", "demand", "days", "coalesce(w.active_days_56d, 0)", "Days with an order, last 56 days"),
    Feature("days_since_last", "demand", "days", "w.days_since_last", "Days since the last order"),
    Feature(
        "best_day_share", "demand", "share", "w.best_day_56d / nullif(w.interest_56d, 0)", "Share of orders on the best day, last 56 days"
    ),
    Feature(
        "returned_share",
        "demand",
        "share",
        _share("w.returned_units_91d", "w.units_91d", 5),
        "Share of returns in units sold or returned, last 13 weeks",
    ),
    Feature("out_of_stock_56d", "demand", "share", "k.out_of_stock_56d", "Share of days out of stock, last 56 days"),
    Feature("out_of_stock_14d", "demand", "share", "k.out_of_stock_14d", "Share of days out of stock, last 14 days"),
    Feature(
        "buyers_28d", "demand", "buyers", f"case when {_ORDERS} then coalesce(w.buyers_28d, 0) end", "Known buyers in the last 28 days"
    ),
    # momentum: how its rate changes
    Feature("week_on_month", "momentum", "times", _times("w.interest_7d", "w.interest_28d / 4", 0.5), "Orders, last week vs last 4 weeks"),
    Feature(
        "fortnight_on_base",
        "momentum",
        "times",
        _times("w.interest_14d", "(w.interest_56d - w.interest_14d) / 3"),
        "Orders, last 2 weeks vs previous 6",
    ),
    Feature(
        "month_on_month",
        "momentum",
        "times",
        _times("w.interest_28d", "w.interest_56d - w.interest_28d"),
        "Orders, last 4 weeks vs previous 4",
    ),
    Feature(
        "month_on_quarter", "momentum", "times", _times("w.interest_28d", "w.interest_91d * 28 / 91"), "Orders, last 4 weeks vs last 13"
    ),
    Feature(
        "base_on_half_year", "momentum", "times", _times("w.interest_56d", "w.interest_182d * 56 / 182"), "Orders, last 8 weeks vs last 26"
    ),
    Feature("recent_lift", "momentum", "times", "exp(l.recent)", "Last 4 weeks vs its usual rate (excluding shop growth)"),
    Feature("earlier_lift", "momentum", "times", "exp(l.before)", "Previous 4 weeks vs its usual rate (excluding shop growth)"),
    Feature(
        "surge",
        "momentum",
        "deviations",
        "z.surge",
        "Excess orders in 4 weeks, in standard deviations",
    ),
    Feature("units_week_on_month", "momentum", "times", _times("w.units_7d", "w.units_28d / 4", 1.0), "Units, last week vs last 4 weeks"),
    Feature(
        "lead_segment_trend", "momentum", "times", "s.lead_segment_trend", "Last 4 weeks vs previous 4, fastest-growing customer group"
    ),
    Feature("whole_trend", "momentum", "times", "case when p.segment <> 'all' then s.whole_trend end", "Trend over all customers"),
    Feature(
        "whole_recent_lift",
        "momentum",
        "times",
        "case when p.segment <> 'all' then exp(s.whole_recent) end",
        "Last 4 weeks vs usual rate, all customers",
    ),
    # audience: who buys it
    Feature(
        "first_buy_share",
        "audience",
        "share",
        "w.first_buyers_56d / nullif(w.buyers_56d, 0)",
        "Share of first-time buyers of the product, last 56 days",
    ),
    Feature(
        "first_buy_share_28d",
        "audience",
        "share",
        "w.first_buyers_28d / nullif(w.buyers_28d, 0)",
        "Share of first-time buyers of the product, last 28 days",
    ),
    Feature(
        "new_customer_share",
        "audience",
        "share",
        "w.new_customers_56d / nullif(w.buyers_56d, 0)",
        "Share of buyers new to the shop, last 56 days",
    ),
    Feature("guest_share", "audience", "share", "w.guest_orders_56d / nullif(w.orders_56d, 0)", "Share of guest orders, last 56 days"),
    Feature(
        "largest_order_share",
        "audience",
        "share",
        "w.largest_order_units_56d / nullif(w.units_56d, 0)",
        "Share of units in the largest order, last 56 days",
    ),
    Feature(
        "lead_segment_ahead",
        "audience",
        "deviations",
        "s.lead_segment_ahead",
        "Lead of one customer group, in standard deviations",
    ),
    Feature("largest_segment_share", "audience", "share", "s.largest_segment_share", "Share of the largest customer group"),
    Feature("segments_28d", "audience", "groups", "s.segments_28d", "Customer groups with a buyer, last 28 days"),
    # attention: who looks at it
    Feature("views_28d", "attention", "views", f"case when {_EVENTS} then coalesce(w.views_28d, 0) end", "Views in the last 28 days"),
    Feature(
        "views_week",
        "attention",
        "times",
        f"case when {_EVENTS} then {_times('w.views_7d', 'w.views_28d / 4', 2)} end",
        "Views, last week vs last 4 weeks",
    ),
    Feature(
        "views_month",
        "attention",
        "times",
        f"case when {_EVENTS} then {_times('w.views_28d', 'w.views_56d - w.views_28d', 3)} end",
        "Views, last 4 weeks vs previous 4",
    ),
    Feature(
        "carts_week",
        "attention",
        "times",
        f"case when {_EVENTS} then {_times('w.carts_7d', 'w.carts_28d / 4', 1)} end",
        "Carts, last week vs last 4 weeks",
    ),
    Feature(
        "carts_month",
        "attention",
        "times",
        f"case when {_EVENTS} then {_times('w.carts_28d', 'w.carts_56d - w.carts_28d', 2)} end",
        "Carts, last 4 weeks vs previous 4",
    ),
    Feature(
        "wishes_month",
        "attention",
        "times",
        f"case when {_EVENTS} then {_times('w.wishlists_28d', 'w.wishlists_56d - w.wishlists_28d', 1)} end",
        "Wish lists, last 4 weeks vs previous 4",
    ),
    Feature(
        "search_week",
        "attention",
        "times",
        f"case when {_EVENTS} then {_times('w.search_clicks_7d', 'w.search_clicks_28d / 4', 1)} end",
        "Search clicks, last week vs last 4 weeks",
    ),
    Feature(
        "search_month",
        "attention",
        "times",
        f"case when {_EVENTS} then {_times('w.search_clicks_28d', 'w.search_clicks_56d - w.search_clicks_28d', 2)} end",
        "Search clicks, last 4 weeks vs previous 4",
    ),
    Feature(
        "search_share",
        "attention",
        "share",
        f"case when {_EVENTS} then w.search_clicks_28d / nullif(w.views_28d + w.search_clicks_28d, 0) end",
        "Share of visits from search",
    ),
    Feature(
        "cart_rate",
        "attention",
        "share",
        f"case when {_EVENTS} then {_share('w.carts_28d', 'w.views_28d', 10)} end",
        "Share of carts in views and carts, last 28 days",
    ),
    Feature(
        "orders_a_view",
        "attention",
        "share",
        f"case when {_EVENTS} then {_share('w.orders_28d', 'w.views_28d', 10)} end",
        "Share of orders in views and orders, last 28 days",
    ),
    Feature(
        "ad_clicks_28d",
        "attention",
        "clicks",
        f"case when {_EVENTS} then coalesce(w.ad_clicks_28d, 0) end",
        "Ad clicks, last 28 days",
    ),
    Feature(
        "ad_click_rate",
        "attention",
        "share",
        _share("w.ad_clicks_28d", "w.ad_impressions_28d", 20),
        "Share of clicks in ad impressions and clicks, last 28 days",
    ),
    # reviews: buyers' opinions
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
        "Reviews, last 4 weeks vs last 26",
    ),
    Feature("rating_year", "reviews", "stars", "w.rating_sum_364d / nullif(w.rated_364d, 0)", "Average rating, last year"),
    Feature(
        "rating_change",
        "reviews",
        "stars",
        "w.rating_sum_42d / nullif(w.rated_42d, 0) - w.rating_sum_364d / nullif(w.rated_364d, 0)",
        "Average rating, last 6 weeks vs last year",
    ),
    Feature(
        "low_rating_share",
        "reviews",
        "share",
        "w.low_ratings_182d / nullif(w.reviews_182d, 0)",
        "Share of one- and two-star reviews, last 26 weeks",
    ),
    Feature(
        "sentiment_year",
        "reviews",
        "points",
        "w.sentiment_sum_364d / nullif(w.sentiments_364d, 0) * 100",
        "Sentiment of reviews, last year (-100 to 100)",
    ),
    Feature(
        "sentiment_lately",
        "reviews",
        "points",
        "w.sentiment_sum_42d / nullif(w.sentiments_42d, 0) * 100",
        "Sentiment of reviews, last 6 weeks",
    ),
    Feature(
        "sentiment_change",
        "reviews",
        "points",
        "(w.sentiment_sum_42d / nullif(w.sentiments_42d, 0) - w.sentiment_sum_364d / nullif(w.sentiments_364d, 0)) * 100 "
        "* w.sentiments_42d / (w.sentiments_42d + 2)",
        "Sentiment of reviews, last 6 weeks vs last year",
    ),
    # price
    Feature("price", "price", "money", "w.revenue_56d / nullif(w.priced_units_56d, 0) / 100", "Average price paid, last 56 days"),
    Feature(
        "price_change",
        "price",
        "times",
        "(w.revenue_14d / nullif(w.priced_units_14d, 0)) / nullif(w.revenue_182d / nullif(w.priced_units_182d, 0), 0)",
        "Price, last 2 weeks vs last 26",
    ),
    Feature(
        "price_drift",
        "price",
        "times",
        "(w.revenue_56d / nullif(w.priced_units_56d, 0)) / nullif(w.revenue_182d / nullif(w.priced_units_182d, 0), 0)",
        "Price, last 8 weeks vs last 26",
    ),
    Feature("discount_14d", "price", "share", "w.discount_14d / nullif(w.revenue_14d + w.discount_14d, 0)", "Discount, last 2 weeks"),
    Feature("discount_56d", "price", "share", "w.discount_56d / nullif(w.revenue_56d + w.discount_56d, 0)", "Discount, last 8 weeks"),
    # promotion
    Feature(
        "promo_now",
        "promotion",
        "yes or no",
        "case when h.has_promotions = 1 then coalesce(c.promo_now, 0) end",
        "In a promotion",
    ),
    Feature(
        "promo_days_28d",
        "promotion",
        "days",
        "case when h.has_promotions = 1 then coalesce(c.promo_days_28d, 0) end",
        "Days in a promotion, last 28 days",
    ),
    Feature("promo_days_left", "promotion", "days", "c.promo_days_left", "Days left in the current promotion"),
    Feature("promo_discount", "promotion", "share", "c.promo_discount", "Discount of the current promotion"),
    Feature("days_since_promo", "promotion", "days", "c.days_since_promo", "Days since the last promotion ended"),
    # season
    Feature("year_ago_lift", "season", "times", "exp(l.year_ago)", "Next 4 weeks a year ago vs its rate then"),
    Feature("year_ago_near_lift", "season", "times", "exp(l.year_ago_near)", "Surrounding weeks a year ago vs its rate then"),
    Feature("year_ago_after_lift", "season", "times", "exp(l.year_ago_after)", "Following 4 weeks a year ago vs its rate then"),
    Feature(
        "year_ago_share",
        "season",
        "times",
        _times("w.interest_year_ago", "w.interest_56d / 2", 2),
        "Orders of the next 4 weeks a year ago vs now",
    ),
    Feature("category_year_ago_lift", "season", "times", "exp(s.category_year_ago)", "Next 4 weeks a year ago, its category"),
    Feature("season_sin", "season", "phase", "y.season_sin", "Time of year (high in spring, low in autumn)"),
    Feature("season_cos", "season", "phase", "y.season_cos", "Time of year (high in winter, low in summer)"),
    Feature("season_sin2", "season", "phase", "y.season_sin2", "Time of half-year"),
    Feature("season_cos2", "season", "phase", "y.season_cos2", "Time of half-year"),
    Feature("holidays_ahead", "season", "days", "y.holidays_ahead", "Public holidays, next 4 weeks"),
    Feature("days_to_holiday", "season", "days", "y.days_to_holiday", "Days until the next public holiday"),
    # market
    Feature("shop_growth", "market", "times", "s.shop_growth", "Shop orders, last 4 weeks vs previous 4"),
    Feature("shop_week", "market", "times", "s.shop_week", "Shop orders, last week vs last 4 weeks"),
    Feature("category_growth", "market", "times", "s.category_growth", "Category orders, last 4 weeks vs previous 4"),
    Feature("category_lift", "market", "times", "exp(s.category_recent)", "Category, last 4 weeks vs usual rate"),
    Feature("category_share", "market", "share", "s.category_share", "Share of its category's orders"),
    Feature("search_interest_change", "market", "times", "m.search_change", "External search interest, last 2 weeks vs previous 6"),
    Feature("search_interest_week", "market", "times", "m.search_week", "External search interest, last week vs previous 6"),
    Feature("search_interest", "market", "index", "m.search_level", "External search interest"),
    Feature("sales_rank_change", "market", "times", "m.rank_change", "Market sales rank, 2 weeks vs previous 6 (below 1: better)"),
    Feature("sales_rank", "market", "rank", "m.rank_level", "Market sales rank"),
    Feature(
        "category_search_change",
        "market",
        "times",
        "m.category_search_change",
        "Category search interest, last 2 weeks vs previous 6",
    ),
    Feature("other_market_change", "market", "times", "m.other_change", "Other market series, last 2 weeks vs previous 6"),
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
    Feature("neighbours_recent_lift", "graph", "times", "exp(n.recent)", "Similar products, last 4 weeks vs usual rate"),
    Feature("neighbours_trend", "graph", "times", "exp(n.trend)", "Similar products, last 2 weeks vs previous 6"),
    Feature(
        "neighbours_year_ago_lift",
        "graph",
        "times",
        "exp(n.year_ago)",
        "Similar products, next 4 weeks a year ago",
    ),
    Feature("neighbours_year_ago_near", "graph", "times", "exp(n.year_ago_near)", "Similar products, surrounding weeks a year ago"),
    Feature("neighbours_surging", "graph", "share", "n.surging", "Share of similar products well above their usual rate"),
    Feature("linked_recent_lift", "graph", "times", "exp(n.link_recent)", "Linked products, last 4 weeks vs usual rate"),
    Feature("linked_trend", "graph", "times", "exp(n.link_trend)", "Linked products, last 2 weeks vs previous 6"),
    Feature("linked_surge", "graph", "deviations", "n.link_surge", "Strongest linked product: excess in standard deviations"),
    Feature("linked_surges", "graph", "deviations", "n.link_surges", "Linked products on average: excess in standard deviations"),
    Feature(
        "kin_surges",
        "graph",
        "deviations",
        "n.kin_surges",
        "Same theme on average: excess in standard deviations",
    ),
    Feature("linked_year_ago_lift", "graph", "times", "exp(n.link_year_ago)", "Linked products, next 4 weeks a year ago"),
    # segment (the driver's category is its name; these features describe the product within it)
    Feature(
        "segment_share",
        "segment",
        "share",
        "case when p.segment <> 'all' then s.segment_share end",
        "Customer group's share of shop orders",
    ),
    Feature(
        "segment_affinity",
        "segment",
        "times",
        "case when p.segment <> 'all' then s.segment_affinity end",
        "Customer group's orders vs all customers",
    ),
)

assert len({f.name for f in FEATURES}) == len(FEATURES)
assert {f.driver for f in FEATURES} == set(DRIVERS) - {"text"}
