"""From canonical tables to the panel: one row per (product, as_of, segment), its features, label and outcomes.

A feature is one record below; the panel's SQL, the model's width, the words on the page and the glossary derive from it.
Expressions read the relation built in `_PANEL`: w = windows up to the origin, l = lift memory, n = neighbours, s = surroundings,
c = campaigns, k = stock, m = market series, y = calendar, p = pace and product, h = what the shop's history covers by then.
Nothing after as_of can reach a feature: every relation is joined as of the origin.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from datetime import date, timedelta
from pathlib import Path

import numpy as np

from core import __version__, db
from core.config import Settings, Workspace
from core.errors import NotReady, UserError
from core.graph import SPREADING, nearest
from core.labels import label
from core.progress import Progress, silent
from core.schema import DEMAND_WEEKS, SIGNALS


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
    Feature("own_pace", "demand", "orders a week", "p.n_base / p.base_length * 7", "Usual orders a week over the last 56 days"),
    Feature("units_per_order", "demand", "units", "w.units_56d / nullif(w.interest_56d, 0)", "Units in a usual order"),
    Feature("active_days_56d", "demand", "days", "coalesce(w.active_days_56d, 0)", "Days with an order, of the last 56"),
    Feature("days_since_last", "demand", "days", "w.days_since_last", "Days since the last order"),
    Feature("best_day_share", "demand", "share", "w.best_day_56d / nullif(w.interest_56d, 0)", "Share of the best day in 56 days' orders"),
    Feature("returned_share", "demand", "share", "w.returned_units_91d / nullif(w.units_91d, 0)", "Units returned, of units sold in 13 weeks"),
    Feature("out_of_stock_56d", "demand", "share", "k.out_of_stock_56d", "Share of recorded days out of stock, last 56 days"),
    Feature("out_of_stock_14d", "demand", "share", "k.out_of_stock_14d", "Share of recorded days out of stock, last 14 days"),
    # momentum: how its pace changes
    Feature("week_on_month", "momentum", "times", _times("w.interest_7d", "w.interest_28d / 4", 0.5), "Last week against the last four"),
    Feature("fortnight_on_base", "momentum", "times", _times("w.interest_14d", "(w.interest_56d - w.interest_14d) / 3"),
            "Last two weeks against the six before"),
    Feature("month_on_month", "momentum", "times", _times("w.interest_28d", "w.interest_56d - w.interest_28d"),
            "Last four weeks against the four before"),
    Feature("month_on_quarter", "momentum", "times", _times("w.interest_28d", "w.interest_91d * 28 / 91"), "Last four weeks against 13 weeks"),
    Feature("base_on_half_year", "momentum", "times", _times("w.interest_56d", "w.interest_182d * 56 / 182"), "Last 8 weeks against 26 weeks"),
    Feature("recent_lift", "momentum", "times", "exp(l.recent)", "Last four weeks against its own pace, shop's growth taken out"),
    Feature("earlier_lift", "momentum", "times", "exp(l.before)", "The four weeks before those against its own pace"),
    Feature("units_week_on_month", "momentum", "times", _times("w.units_7d", "w.units_28d / 4", 1.0), "Units last week against the last four"),
    # audience: who buys it
    Feature("buyers_28d", "audience", "buyers", f"case when {_ORDERS} then coalesce(w.buyers_28d, 0) end", "Known buyers in the last 28 days"),
    Feature("first_buy_share", "audience", "share", "w.first_buys_56d / nullif(w.buyers_56d, 0)", "Buyers who bought it for the first time, last 56 days"),
    Feature("first_buy_share_28d", "audience", "share", "w.first_buys_28d / nullif(w.buyers_28d, 0)", "Buyers who bought it for the first time, last 28 days"),
    Feature("new_customer_share", "audience", "share", "w.new_customers_56d / nullif(w.buyers_56d, 0)", "Buyers new to the shop, last 56 days"),
    Feature("guest_share", "audience", "share", "w.guest_orders_56d / nullif(w.orders_56d, 0)", "Orders of unknown customers, last 56 days"),
    Feature("largest_order_share", "audience", "share", "w.largest_order_units_56d / nullif(w.units_56d, 0)", "Share of the largest order in 56 days' units"),
    Feature("lead_segment_trend", "audience", "times", "s.lead_segment_trend", "Four weeks against four before, in the fastest customer group"),
    Feature("largest_segment_share", "audience", "share", "s.largest_segment_share", "Share of the largest customer group"),
    Feature("segments_28d", "audience", "groups", "s.segments_28d", "Customer groups that bought it in the last 28 days"),
    Feature("whole_trend", "audience", "times", "case when p.segment <> 'all' then s.whole_trend end", "Its trend over all customers"),
    Feature("whole_recent_lift", "audience", "times", "case when p.segment <> 'all' then exp(s.whole_recent) end", "Its recent lift over all customers"),
    # attention: who looks at it
    Feature("views_28d", "attention", "views", f"case when {_EVENTS} then coalesce(w.views_28d, 0) end", "Views in the last 28 days"),
    Feature("views_week", "attention", "times", f"case when {_EVENTS} then {_times('w.views_7d', 'w.views_28d / 4', 2)} end", "Views last week against the last four"),
    Feature("views_month", "attention", "times", f"case when {_EVENTS} then {_times('w.views_28d', 'w.views_56d - w.views_28d', 3)} end", "Views, four weeks against four before"),
    Feature("carts_week", "attention", "times", f"case when {_EVENTS} then {_times('w.carts_7d', 'w.carts_28d / 4', 1)} end", "Carts last week against the last four"),
    Feature("carts_month", "attention", "times", f"case when {_EVENTS} then {_times('w.carts_28d', 'w.carts_56d - w.carts_28d', 2)} end", "Carts, four weeks against four before"),
    Feature("wishes_month", "attention", "times", f"case when {_EVENTS} then {_times('w.wishlists_28d', 'w.wishlists_56d - w.wishlists_28d', 1)} end", "Wish lists, four weeks against four before"),
    Feature("search_week", "attention", "times", f"case when {_EVENTS} then {_times('w.search_clicks_7d', 'w.search_clicks_28d / 4', 1)} end", "Clicks from search last week against the last four"),
    Feature("search_month", "attention", "times", f"case when {_EVENTS} then {_times('w.search_clicks_28d', 'w.search_clicks_56d - w.search_clicks_28d', 2)} end", "Clicks from search, four weeks against four before"),
    Feature("search_share", "attention", "share", f"case when {_EVENTS} then w.search_clicks_28d / nullif(w.views_28d + w.search_clicks_28d, 0) end", "Visits that came from search"),
    Feature("cart_rate", "attention", "share", f"case when {_EVENTS} then w.carts_28d / nullif(w.views_28d, 0) end", "Carts a view, last 28 days"),
    Feature("orders_a_view", "attention", "share", f"case when {_EVENTS} then w.orders_28d / nullif(w.views_28d, 0) end", "Orders a view, last 28 days"),
    Feature("ad_clicks_28d", "attention", "clicks", f"case when {_EVENTS} then coalesce(w.ad_clicks_28d, 0) end", "Clicks on its ads, last 28 days"),
    Feature("ad_click_rate", "attention", "share", "w.ad_clicks_28d / nullif(w.ad_impressions_28d, 0)", "Clicks an ad impression, last 28 days"),
    # reviews: what buyers say
    Feature("reviews_28d", "reviews", "reviews", "case when w.reviews_182d > 0 then coalesce(w.reviews_28d, 0) end", "Reviews in the last 28 days"),
    Feature("reviews_182d", "reviews", "reviews", "case when w.reviews_182d > 0 then w.reviews_182d end", "Reviews in the last 26 weeks"),
    Feature("rating_year", "reviews", "stars", "w.rating_sum_364d / nullif(w.rated_364d, 0)", "Mean rating over a year"),
    Feature("rating_change", "reviews", "stars", "w.rating_sum_42d / nullif(w.rated_42d, 0) - w.rating_sum_364d / nullif(w.rated_364d, 0)", "Mean rating of six weeks against a year"),
    Feature("low_rating_share", "reviews", "share", "w.low_ratings_182d / nullif(w.reviews_182d, 0)", "One and two star reviews, last 26 weeks"),
    Feature("sentiment_year", "reviews", "points", "w.sentiment_sum_364d / nullif(w.sentiments_364d, 0) * 100", "How well reviews speak of it over a year (-100 to 100)"),
    Feature("sentiment_lately", "reviews", "points", "w.sentiment_sum_42d / nullif(w.sentiments_42d, 0) * 100", "How well reviews of the last six weeks speak of it"),
    Feature("sentiment_change", "reviews", "points", "(w.sentiment_sum_42d / nullif(w.sentiments_42d, 0) - w.sentiment_sum_364d / nullif(w.sentiments_364d, 0)) * 100 * w.sentiments_42d / (w.sentiments_42d + 2)", "Tone of six weeks' reviews against a year, shrunk when few"),
    # price
    Feature("price", "price", "money", "w.revenue_56d / nullif(w.priced_units_56d, 0) / 100", "Mean price paid, last 56 days"),
    Feature("price_change", "price", "times", "(w.revenue_14d / nullif(w.priced_units_14d, 0)) / nullif(w.revenue_182d / nullif(w.priced_units_182d, 0), 0)", "Price of two weeks against 26 weeks"),
    Feature("price_drift", "price", "times", "(w.revenue_56d / nullif(w.priced_units_56d, 0)) / nullif(w.revenue_182d / nullif(w.priced_units_182d, 0), 0)", "Price of 8 weeks against 26 weeks"),
    Feature("discount_14d", "price", "share", "w.discount_14d / nullif(w.revenue_14d + w.discount_14d, 0)", "Discount, last two weeks"),
    Feature("discount_56d", "price", "share", "w.discount_56d / nullif(w.revenue_56d + w.discount_56d, 0)", "Discount, last 8 weeks"),
    # promotion
    Feature("promo_now", "promotion", "yes or no", "case when h.has_promotions = 1 then coalesce(c.promo_now, 0) end", "In a promotion on the day"),
    Feature("promo_days_28d", "promotion", "days", "case when h.has_promotions = 1 then coalesce(c.promo_days_28d, 0) end", "Days in a promotion, of the last 28"),
    Feature("promo_days_left", "promotion", "days", "c.promo_days_left", "Days the running promotion still has"),
    Feature("promo_discount", "promotion", "share", "c.promo_discount", "Discount of the running promotion"),
    Feature("days_since_promo", "promotion", "days", "c.days_since_promo", "Days since the last promotion ended"),
    # season
    Feature("year_ago_lift", "season", "times", "exp(l.year_ago)", "The coming four weeks, a year ago, against its pace then"),
    Feature("year_ago_near_lift", "season", "times", "exp(l.year_ago_near)", "The weeks around those, a year ago, against its pace then"),
    Feature("year_ago_after_lift", "season", "times", "exp(l.year_ago_after)", "The four weeks after those, a year ago, against its pace then"),
    Feature("year_ago_share", "season", "times", _times("w.interest_year_ago", "w.interest_56d / 2", 2), "Orders in the coming four weeks a year ago, against now"),
    Feature("category_year_ago_lift", "season", "times", "exp(s.category_year_ago)", "What its category did in the coming four weeks a year ago"),
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
    Feature("search_interest_change", "market", "times", "m.search_change", "Search interest outside the shop, two weeks against six before"),
    Feature("search_interest_week", "market", "times", "m.search_week", "Search interest outside the shop, last week against six before"),
    Feature("search_interest", "market", "index", "m.search_level", "Search interest outside the shop"),
    Feature("sales_rank_change", "market", "times", "m.rank_change", "Sales rank in the market, two weeks against six before (below 1 = better)"),
    Feature("sales_rank", "market", "rank", "m.rank_level", "Sales rank in the market"),
    Feature("category_search_change", "market", "times", "m.category_search_change", "Search interest in its category, two weeks against six before"),
    Feature("other_market_change", "market", "times", "m.other_change", "Other market series, two weeks against six before"),
    # newness
    Feature("days_on_sale", "newness", "days", "p.age_days", "Days since its first order"),
    Feature("days_since_launch", "newness", "days", "case when p.launched_on <= p.as_of then date_diff('day', p.launched_on, p.as_of) end", "Days since its launch"),
    # graph
    Feature("neighbours_recent_lift", "graph", "times", "exp(n.recent)", "Recent lift of products with similar text"),
    Feature("neighbours_trend", "graph", "times", "exp(n.trend)", "Two weeks against six before, products with similar text"),
    Feature("neighbours_year_ago_lift", "graph", "times", "exp(n.year_ago)", "What products with similar text did in the coming weeks a year ago"),
    Feature("neighbours_year_ago_near", "graph", "times", "exp(n.year_ago_near)", "What they did in the weeks around those a year ago"),
    Feature("linked_recent_lift", "graph", "times", "exp(n.link_recent)", "Recent lift of products linked in the knowledge graph"),
    Feature("linked_trend", "graph", "times", "exp(n.link_trend)", "Two weeks against six before, linked products"),
    Feature("linked_year_ago_lift", "graph", "times", "exp(n.link_year_ago)", "What linked products did in the coming weeks a year ago"),
    # segment (its name is the driver's category; these place the product in it)
    Feature("segment_share", "segment", "share", "case when p.segment <> 'all' then s.segment_share end", "The customer group's share of the shop's orders"),
    Feature("segment_affinity", "segment", "times", "case when p.segment <> 'all' then s.segment_affinity end", "How much more the group buys it than customers at large"),
)

_ORIGINS_A_CHUNK = 16  # bounds memory: window sums of this many origins at once
_PANEL = "features/panel"


@dataclass(frozen=True)
class Built:
    """What a build of the panel did."""

    as_of: date
    signal: str
    origins: int
    rows: int
    segments: list[str]
    days_rebuilt_from: date | None

    def text(self) -> str:
        return (f"panel: {self.rows:,} rows, {self.origins} origins up to {self.as_of}, interest signal {self.signal}, "
                f"segments {', '.join(self.segments)}")


def build(workspace: Workspace, *, progress: Progress = silent) -> Built:
    """Brings the daily aggregate up to date and writes the whole panel: every weekly origin and the latest as_of.

    Raises NotReady without an import, UserError where the history is too short to learn from.
    """
    settings = workspace.settings()
    with db.connect(workspace.need(workspace.warehouse, "import FILE..."), memory_limit="2500MB") as con:
        progress("features", 0.0, "daily aggregate")
        shop = _refresh_daily(con, workspace, settings, progress)
        origins = weekly_origins(shop.first_day, shop.last_day, settings)
        progress("features", 0.15, "texts and neighbours")
        _neighbours(con, workspace, settings, progress)
        _prepare(con, settings, shop, origins)
        return _write_panel(con, workspace, settings, shop, origins, workspace.panel, progress)


def build_latest(workspace: Workspace, *, progress: Progress = silent) -> Built:
    """Extends the daily aggregate by the new days and writes rows for the latest as_of only, beside the panel.

    They lie in panel/latest/, in the panel's format: what a rescore needs, without computing every origin again.
    """
    settings = workspace.settings()
    with db.connect(workspace.need(workspace.warehouse, "import FILE..."), memory_limit="2500MB") as con:
        progress("features", 0.0, "new days")
        shop = _refresh_daily(con, workspace, settings, progress)
        progress("features", 0.4, "texts and neighbours")
        _neighbours(con, workspace, settings, progress)
        origins = [shop.last_day]
        _prepare(con, settings, shop, origins)
        return _write_panel(con, workspace, settings, shop, origins, workspace.panel / "latest", progress)


@dataclass(frozen=True)
class _Shop:
    first_day: date
    last_day: date
    signal: str
    rebuilt_from: date | None


def weekly_origins(first_day: date, last_day: date, settings: Settings) -> list[date]:
    """The weekly origins whose label needs no day before the data, and the last day itself (what is forecast today).

    The first lies base + horizon days in: its own base window and that of the dispersion's origin are then whole.
    """
    labels = settings.labels
    first = first_day + timedelta(days=labels.base_days + labels.horizon_days - 1)
    first += timedelta(days=(settings.shop.origin_weekday - first.isoweekday()) % 7)
    if first + timedelta(days=labels.horizon_days) > last_day:
        raise UserError(
            f"at least {labels.base_days + 2 * labels.horizon_days + 7} days of history",
            f"{first_day} to {last_day}",
            "import an export that reaches further back",
        )
    origins = [first + timedelta(days=7 * k) for k in range((last_day - first).days // 7 + 1)]
    return origins if origins[-1] == last_day else origins + [last_day]


def _choose_signal(con, settings: Settings) -> str:
    counts = db.rows(con, "features/signals")[0]
    if settings.shop.signal:
        if settings.shop.signal not in SIGNALS:
            raise UserError(f"shop.signal as one of {', '.join(SIGNALS)}", settings.shop.signal, "correct upswing.toml")
        return settings.shop.signal
    for signal in SIGNALS:
        if counts[signal]:
            return signal
    raise NotReady("orders, views, carts or reviews in the warehouse", "none of them", "import a file with one of them")


def _refresh_daily(con, workspace: Workspace, settings: Settings, progress: Progress) -> _Shop:
    """Rebuilds the days that imports touched since the last time, all of them when what they mean has changed."""
    signal = _choose_signal(con, settings)
    meaning = json.dumps([signal, settings.shop.segment_attribute, __version__])
    db.run(con, "features/daily_tables")
    _sentiments(con, workspace, settings, progress)
    built = db.rows(con, "features/daily_built")
    touched = db.rows(con, "features/touched")[0]["first_day"]
    if not built or built[0]["meaning"] != meaning:
        from_day = date(1900, 1, 1)
    else:
        from_day = touched
    if from_day is not None:
        con.begin()
        con.execute("delete from daily where day >= $from_day", {"from_day": from_day})
        db.run(con, "features/daily", from_day=from_day, signal=signal, attribute=settings.shop.segment_attribute)
        con.execute("delete from touched")
        con.execute("delete from daily_built")
        con.execute("insert into daily_built values ($meaning)", {"meaning": meaning})
        con.commit()
    span = db.rows(con, "features/span")[0]
    if span["first_day"] is None:
        raise NotReady(f"days with {signal}", "none", "import a file with some")
    return _Shop(span["first_day"], span["last_day"], signal, from_day)


def _sentiments(con, workspace: Workspace, settings: Settings, progress: Progress) -> None:
    """Gives each new review text a sentiment once; kept in the warehouse."""
    fresh = db.rows(con, "features/reviews_without_sentiment")
    if not fresh:
        return
    import pyarrow as pa

    from core.text import sentiment

    progress("features", 0.02, f"reading {len(fresh):,} reviews")
    values = sentiment([r["text"] for r in fresh], settings.model.encoder, workspace.cache, progress=progress)
    con.register("fresh", pa.table({"review_id": [r["review_id"] for r in fresh], "sentiment": np.asarray(values, float)}))
    con.execute("insert into review_sentiment select review_id, sentiment from fresh")
    con.unregister("fresh")


def _neighbours(con, workspace: Workspace, settings: Settings, progress: Progress) -> None:
    """Writes texts.parquet and neighbours.parquet and loads the neighbours that spread lifts."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    from core.text import embed

    texts = db.arrow(con, "features/texts")
    ids, words = texts["product_id"].to_pylist(), texts["text"].to_pylist()
    distinct = sorted(set(words))
    vectors = np.asarray(embed(distinct, settings.model.encoder, workspace.cache, progress=progress), np.float32)
    place = {t: i for i, t in enumerate(distinct)}
    found, similarity = nearest(vectors[[place[w] for w in words]])
    count = found.shape[1]
    table = pa.table({
        "product_id": pa.array(np.repeat(np.array(ids, object), count), pa.string()),
        "rank": np.tile(np.arange(1, count + 1, dtype=np.int32), len(ids)),
        "neighbour_id": pa.array(np.array(ids, object)[found.ravel()], pa.string()),
        "similarity": similarity.ravel().astype(float),
    })
    workspace.panel.mkdir(parents=True, exist_ok=True)
    pq.write_table(texts, workspace.panel / "texts.parquet")
    pq.write_table(table, workspace.panel / "neighbours.parquet")
    con.register("neighbour_table", table)
    db.run(con, "features/text_neighbours", spreading=SPREADING)
    con.unregister("neighbour_table")


def _prepare(con, settings: Settings, shop: _Shop, origins: list[date]) -> None:
    """The labels' ingredients at every origin that a row or a lift of these origins needs."""
    import pyarrow as pa

    labels = settings.labels
    first = shop.first_day + timedelta(days=labels.base_days - 1)
    lags = (0, 28, 56, 84, 336, 350, 357, 364, 371, 378)
    every = sorted({t - timedelta(days=lag) for t in origins for lag in lags if t - timedelta(days=lag) >= first})
    con.register("origin_list", pa.table({"as_of": every}))
    con.execute("create or replace temp table every_origin as select as_of from origin_list")
    con.unregister("origin_list")
    values = dict(asdict(labels), attribute=settings.shop.segment_attribute, min_orders=settings.shop.segment_min_orders,
                  max_segments=settings.shop.max_segments, last_day=shop.last_day)
    db.run(con, "features/segment_of", **values)
    db.run(con, "features/horizon_stock", **values)
    db.run(con, "features/paces", **values)
    db.run(con, "features/linked_products")


def _calendar(origins: list[date], settings: Settings):
    """Season and public holidays of the shop's countries over the horizon of each origin."""
    import holidays
    import pyarrow as pa

    years = range(origins[0].year, origins[-1].year + 3)
    days: set[date] = set()
    for country in settings.shop.countries:
        try:
            days |= set(holidays.country_holidays(country, years=years))
        except NotImplementedError as error:
            raise UserError("ISO country codes in shop.countries", country, "correct upswing.toml") from error
    rows = []
    for t in origins:
        middle = t + timedelta(days=settings.labels.horizon_days // 2)
        phase = 2 * np.pi * middle.timetuple().tm_yday / 365.25
        ahead = sorted((d - t).days for d in days if d > t)
        rows.append({
            "as_of": t, "season_sin": float(np.sin(phase)), "season_cos": float(np.cos(phase)), "season_sin2": float(np.sin(2 * phase)),
            "season_cos2": float(np.cos(2 * phase)), "holidays_ahead": float(sum(d <= settings.labels.horizon_days for d in ahead)),
            "days_to_holiday": float(ahead[0]) if ahead else None,
        })
    return pa.Table.from_pylist(rows)


def panel_sql() -> str:
    """The panel's SELECT: the stored joins with one line a feature."""
    features = ",\n    ".join(f"cast({f.sql} as float) as {f.name}" for f in FEATURES)
    return db.sql(_PANEL).replace("/* features */", features)


def _write_panel(con, workspace, settings: Settings, shop: _Shop, origins: list[date], folder: Path, progress: Progress) -> Built:
    import pyarrow as pa

    con.register("calendar_rows", _calendar(origins, settings))
    con.execute("create or replace temp table calendar as select * from calendar_rows")
    con.unregister("calendar_rows")
    db.run(con, "features/coverage")
    db.run(con, "features/all_days")
    con.execute("drop table if exists panel_rows")
    for start in range(0, len(origins), _ORIGINS_A_CHUNK):
        progress("features", 0.25 + 0.6 * start / len(origins), f"{start} of {len(origins)} origins")
        con.register("origin_list", pa.table({"as_of": origins[start : start + _ORIGINS_A_CHUNK]}))
        con.execute("create or replace temp table origin as select as_of from origin_list")
        con.unregister("origin_list")
        values = dict(asdict(settings.labels), last_day=shop.last_day)
        for step in ("placed", "year_windows", "recent_windows", "attention_windows", "review_windows", "windows", "lift_memory", "neighbour_memory", "surroundings", "campaigns", "stock_windows", "market_series", "outcomes"):
            db.run(con, f"features/{step}", **values)
        _label(con, settings)
        con.execute(("create temp table panel_rows as " if start == 0 else "insert into panel_rows ") + panel_sql(), {"last_day": shop.last_day})
    progress("features", 0.88, "writing the panel")
    folder.mkdir(parents=True, exist_ok=True)
    temporary = folder / "panel.parquet.tmp"
    con.execute("set preserve_insertion_order = true")
    con.execute("copy (select * from panel_rows order by product_id, as_of, segment) to $out (format parquet, compression zstd, row_group_size 50000)",
                {"out": str(temporary)})
    temporary.replace(folder / "panel.parquet")
    facts = db.rows(con, "features/panel_facts")[0]
    description = {
        "as_of": shop.last_day.isoformat(), "signal": shop.signal, "origins": [t.isoformat() for t in origins],
        "segments": facts["segments"], "segment_attribute": settings.shop.segment_attribute,
        "features": [{k: v for k, v in asdict(f).items() if k != "sql"} for f in FEATURES],
        "horizon_days": settings.labels.horizon_days, "code_version": __version__, "settings": settings.as_dict(), "rows": facts["rows"],
    }
    (folder / "panel.json").write_text(json.dumps(description, indent=1, ensure_ascii=False), encoding="utf-8")
    progress("features", 1.0)
    return Built(shop.last_day, shop.signal, len(origins), facts["rows"], facts["segments"], shop.rebuilt_from)


def _label(con, settings: Settings) -> None:
    """Adds rising and falling to this chunk's paces: the tails of a negative binomial, which SQL does not have."""
    import pyarrow as pa

    paces = db.arrow(con, "features/matured_paces")
    column = {name: paces[name].to_numpy() for name in
              ("n_base", "n_horizon", "base_length", "prior_a", "prior_b", "growth", "expected", "phi")}
    rising, falling = label(**column, settings=settings.labels)
    con.register("labelled", pa.table({"as_of": paces["as_of"], "segment": paces["segment"], "product_id": paces["product_id"],
                                       "rising": rising, "falling": falling}))
    con.execute("create or replace temp table labels as select * from labelled")
    con.unregister("labelled")


assert len({f.name for f in FEATURES}) == len(FEATURES)
assert set(DEMAND_WEEKS) == {1, 2, 4, 8, 13}  # outcomes.sql and panel.sql name them
