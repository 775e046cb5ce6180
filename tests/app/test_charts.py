"""Charts draw what the table says, and words and numbers are written as each language writes them."""

from __future__ import annotations

import math
from datetime import date

import numpy as np
import pandas as pd
import pytest
import streamlit as st

from dashboard import i18n, labels
from dashboard.components import charts
from dashboard.components.product import charts as product_charts
from dashboard.components.product.reasons import Reason

EVIL = '<a href="javascript:alert(1)">& free</a>'


@pytest.fixture
def chinese(monkeypatch):
    monkeypatch.setattr(i18n, "language", lambda: "zh")


def test_points_of_the_reasons_add_up_to_the_change_of_the_chance():
    found = [Reason("Season", 2.0, "Same weeks last year ×2"), Reason("Price", -0.5, ""), Reason("Others", 0.3, "")]
    (bars,) = product_charts.reasons(found, base_logit=-3.0).data
    assert [name.split("</b>")[0] for name in bars.y] == ["<b>Season", "<b>Price", "<b>Others"] and "last year ×2" in bars.y[0]
    assert sum(bars.x) == pytest.approx(100 * (charts.chance(-1.2) - charts.chance(-3.0)))
    assert [text[0] for text in bars.text] == ["+", "−", "+"]


def test_words_of_a_shops_text_are_no_markup_in_a_reason():
    (bars,) = product_charts.reasons([Reason("Product text", 0.4, EVIL)], base_logit=-1.0).data
    assert "<a" not in bars.y[0] and "free" in bars.y[0]


def test_reasons_of_a_small_chance_are_factors_of_its_odds():
    found = [Reason("Season", -0.7, ""), Reason("Price", 0.41, "")]
    (bars,) = product_charts.reasons(found, base_logit=-4.0, as_odds=True).data
    assert list(bars.x) == [-0.7, 0.41] and list(bars.text) == ["÷2", "×1.5"]
    assert abs(product_charts.in_points(found, -4.0)).max() < 0.05


def test_history_is_joined_to_the_forecast_over_the_same_weeks_a_year_ago():
    week = pd.date_range(end="2011-12-04", periods=60, freq="7D")
    history = pd.DataFrame({"week": week, "units": np.arange(60.0), "lost_units": 0.0})
    demand = pd.DataFrame([(w, level, 10.0 * w) for w in (1, 4) for level in (0.1, 0.5, 0.9)], columns=["weeks", "level", "units"])
    before, shown, *_bands, middle = product_charts.sales(history, demand, date(2011, 12, 4), 26).data
    assert list(shown.y) == list(np.arange(34.0, 60.0)) and middle.y[0] == 59.0
    year_ago = {pd.Timestamp(w).date(): units for w, units in zip(before.x, before.y)}
    assert year_ago[date(2011, 12, 4)] == 7.0  # 52 weeks before the last
    assert max(year_ago) == date(2012, 1, 1)  # the weeks of the forecast, too


@pytest.mark.parametrize(("edge", "top"), [(30.0, 31.5), (500.0, 31.5)])
def test_a_wide_range_does_not_flatten_the_sales(edge, top):
    demand = pd.DataFrame([(1, 0.1, 5.0), (1, 0.5, 10.0), (1, 0.9, edge)], columns=["weeks", "level", "units"])
    history = pd.DataFrame({"week": pd.to_datetime(["2011-12-04"]), "units": [9.0], "lost_units": 0.0})
    assert product_charts.sales(history, demand, date(2011, 12, 4), 26).layout.yaxis.range == pytest.approx((0, top))


def test_reviews_have_a_rating_and_where_texts_were_read_a_sentiment():
    found = pd.DataFrame({"week": pd.to_datetime(["2011-11-27", "2011-12-04"]), "reviews": [3.0, 1.0], "rating": [4.0, 5.0]})
    assert len(product_charts.reviews(found.assign(sentiment=np.nan)).data) == 1
    rating, sentiment = product_charts.reviews(found.assign(sentiment=[10.0, np.nan])).data
    assert list(rating.y) == [4.0, 5.0] and sentiment.y[0] == 10.0


def test_the_band_is_the_average_week_until_each_horizon():
    demand = pd.DataFrame(
        [(w, level, w * 10.0 * (0.5 + level)) for w in (1, 4) for level in (0.025, 0.1, 0.25, 0.5, 0.75, 0.9, 0.975)],
        columns=["weeks", "level", "units"],
    )
    history = pd.DataFrame({"week": pd.to_datetime(["2011-11-27", "2011-12-04"]), "units": [8.0, 9.0], "lost_units": 0.0})
    shape = product_charts.sales(history, demand, date(2011, 12, 4), None)
    middle = shape.data[-1]
    assert list(middle.y) == [9.0, 10.0, 10.0]  # joined to the last week
    assert [pd.Timestamp(x).date() for x in middle.x[1:]] == [date(2011, 12, 11), date(2012, 1, 1)]
    assert middle.customdata[2] == "4 weeks: 40 in all, likely range 24–56 (80%)"


@pytest.mark.parametrize(("weeks", "step"), [(2, "M1"), (30, "M2"), (104, "M4")])
def test_no_month_is_named_twice_on_the_axis_however_short_the_history_is(weeks, step):
    demand = pd.DataFrame([(w, level, 10.0 * w) for w in (1, 13) for level in (0.1, 0.5, 0.9)], columns=["weeks", "level", "units"])
    history = pd.DataFrame({"week": pd.date_range(end="2011-12-04", periods=weeks, freq="7D"), "units": 8.0, "lost_units": 0.0})
    assert product_charts.sales(history, demand, date(2011, 12, 4), None).layout.xaxis.dtick == step


def test_a_product_without_a_forecast_still_shows_its_history():
    history = pd.DataFrame({"week": pd.to_datetime(["2011-12-04"]), "units": [8.0], "lost_units": [0.0]})
    assert len(product_charts.sales(history, pd.DataFrame(columns=["weeks", "level", "units"]), date(2011, 12, 4), 26).data[1].x) == 1


def test_what_was_lost_while_out_of_stock_lies_upon_what_was_sold_and_fits_into_the_chart():
    history = pd.DataFrame({"week": pd.to_datetime(["2011-11-27", "2011-12-04"]), "units": [8.0, 2.0], "lost_units": [0.0, 48.4]})
    demand = pd.DataFrame([(1, level, 10.0) for level in (0.1, 0.5, 0.9)], columns=["weeks", "level", "units"])
    shape = product_charts.sales(history, demand, date(2011, 12, 4), None)
    sold, lost = shape.data[1:3]
    assert list(sold.y) == [8.0, 2.0] and list(lost.y) == [8.0, 50.4] and lost.fill == "tonexty"
    assert list(sold.customdata) == ["", "<br>plus an estimated 48 lost while out of stock"]
    assert shape.layout.yaxis.range[1] > 50.4


def test_names_from_the_shop_cannot_bring_html_into_a_chart():
    interest = pd.DataFrame(
        {"segment": [EVIL, "x"], "name": [EVIL, EVIL], "orders": [30.0, 40.0], "segment_orders": [300.0, 200.0], "lift": [2.5, np.nan]}
    )
    dots = pd.DataFrame({"title": [EVIL, "b"], "value": [1.0, 2.0], "attribution": [0.1, -0.2], "rising_probability": [0.5, 0.1]})
    weeks = pd.DataFrame({"segment": [EVIL, "all"], "week": pd.to_datetime(["2011-12-04"] * 2), "orders": [1.0, 2.0], "pace": [1.0, 1.0]})
    groups = pd.DataFrame({"segment": [EVIL], "rising_probability": [0.4], "orders_base": [300.0]})
    for shape in (
        charts.interest(interest),
        charts.dependence(dots, dots, "orders", EVIL),
        charts.segment_multiples(weeks, [EVIL]),
        charts.segment_bars(groups),
    ):
        assert "<a" not in shape.to_json() and "&lt;a" in shape.to_json().replace("\\u003c", "<").replace("\\u0026", "&")


def test_a_cell_with_too_few_orders_stays_empty():
    frame = pd.DataFrame(
        {"segment": ["A", "B"], "name": ["mugs", "mugs"], "orders": [50.0, 3.0], "segment_orders": [500.0, 90.0], "lift": [1.6, np.nan]}
    )
    heat, written = charts.interest(frame).data
    assert np.isnan(heat.z[0][1]) and list(written.text) == ["1.6×", ""]
    assert heat.customdata[0][1] == "too few orders"


def test_the_curves_of_learning_show_the_ranking_where_it_was_defined():
    curves = pd.DataFrame({"epoch": [1, 2], "train_loss": [0.4, 0.3], "valid_loss": [0.35, 0.34], "valid_average_precision": [None, 0.5]})
    drawn = charts.learning(curves).data
    assert [list(line.y) for line in drawn[:2]] == [[0.4, 0.3], [0.35, 0.34]]
    assert drawn[2].y[1] == 0.5 and drawn[2].yaxis != drawn[0].yaxis
    assert len(charts.learning(curves.drop(columns="valid_average_precision")).data) == 2
    assert len(charts.learning(curves.assign(valid_average_precision=None)).data) == 2


@pytest.mark.parametrize("push, told", [(math.log(2), "×2"), (-math.log(2), "÷2"), (math.log(1.07), "×1.07"), (0.0, "×1")])
def test_a_push_is_told_as_a_change_of_odds(push, told):
    assert charts.odds(push) == told


def test_dots_are_said_to_differ_in_size_only_where_they_do():
    for rows in ([400, 400, 390], [400, 100, 30]):
        steps = pd.DataFrame({"predicted": [0.02, 0.1, 0.4], "observed": [0.02, 0.1, 0.4], "rows": rows})
        sizes = charts.calibration(steps).data[1].marker.size
        assert charts.dots_differ(steps) == (max(sizes) > 1.2 * min(sizes))


@pytest.mark.parametrize(
    "share, told",
    [
        (0.784, "78%"),
        (0.001, "<1%"),
        (0.005, "<1%"),
        (0.0051, "1%"),
        (0.9949, "99%"),
        (0.995, ">99%"),
        (0.9991, ">99%"),
        (0.0, "0%"),
        (1.0, "100%"),
        (float("nan"), "–"),
    ],
)
def test_no_forecast_is_certain(share, told):
    assert i18n.percent(share) == told


def test_what_rounds_to_nothing_has_no_minus():
    assert (
        i18n.percent(-0.002) == "0%" and i18n.number(-0.0004, 3) == "0.000" and i18n.number(-0.04) == "0" and i18n.percent(-0.2) == "-20%"
    )


@pytest.mark.parametrize(
    "cents, currency, short, told",
    [
        (123450, "GBP", False, "£1,234"),
        (9950, "GBP", False, "£99.50"),
        (123400, "EUR", False, "€1,234"),
        (-500, "USD", False, "−$5"),
        (99, "CHF", False, "CHF 0.99"),
        (1_234_500, "GBP", True, "£12.3k"),
        (123_450_000, "GBP", True, "£1.2M"),
        (None, "GBP", False, "–"),
    ],
)
def test_money_is_told_with_its_currency(cents, currency, short, told):
    assert i18n.money(cents, currency, short) == told


def test_chinese_counts_in_ten_thousands_and_writes_days_its_own_way(chinese):
    assert i18n.compact(123_456) == "12.3万" and i18n.compact(9_999) == "9,999"
    assert i18n.day(date(2011, 12, 9)) == "2011年12月9日"
    assert i18n.n_("{count} product.", "{count} products.", 1) == "共 1 款商品。"


def test_one_and_many_have_their_forms():
    assert i18n.n_("{count} product.", "{count} products.", 1) == "1 product."
    assert i18n.n_("{count} product.", "{count} products.", 1200) == "1,200 products."


@pytest.mark.parametrize(
    "text",
    ["**b** _i_ `c` [l](u) <b> $x$ #h", ":red[x] :material/home: :smile:", "a\nb\t c", "1. x", "- y", "(http://x)", "a@b.co www.x.y"],
)
def test_markdown_in_somebody_elses_text_stays_text(text):
    told = i18n.plain(text)
    assert "\n" not in told and ":r" not in told and ":m" not in told and ":s" not in told
    unescaped = told.replace("\u2060", "").replace("\\\\", "\0").replace("\\", "").replace("\0", "\\")
    assert unescaped == " ".join(text.split())


@pytest.mark.parametrize(
    "amount, unit, told",
    [
        (12.0, "orders", "12 orders"),
        (0.34, "share", "34%"),
        (1.3, "times", "×1.30"),
        (4.5, "stars", "4.5 stars"),
        (1.0, "yes or no", "yes"),
        (3.5, "money", "3.50"),
        (17.0, "rank", "17"),
        (2.0, "furlongs", "2 furlongs"),
    ],
)
def test_a_value_is_told_in_its_unit(amount, unit, told):
    assert labels.value(amount, unit) == told


def test_every_unit_of_the_features_has_a_word():
    from core.features.definitions import FEATURES

    assert {f.unit for f in FEATURES} - set(labels.UNITS) <= {"share", "times", "yes or no", "money", "index", "phase", "rank"}


def test_every_driver_of_the_schema_has_words():
    from core.capabilities.forecast import words
    from core.schema import DRIVERS

    assert set(DRIVERS) <= set(words.DRIVERS)


def test_the_session_starts_in_english():
    st.session_state.pop("lang", None)
    assert i18n.language() == "en"
