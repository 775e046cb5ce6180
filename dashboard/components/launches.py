"""The page "Launches": new products with their potential, the similar products behind it, and how past launches were forecast."""

from __future__ import annotations

import pandas as pd
import plotly.graph_objects as go
import streamlit as st

from core.capabilities.launches.tables import PUSH, STOP, WATCH
from dashboard import data, pictures
from dashboard.components import cards, exports, plots, rows
from dashboard.components.charts import label
from dashboard.i18n import _, absent, day, money, n_, number, percent, shortened
from dashboard.theme import QUIET, RISE, figure

FIRST = 50  # products listed; the downloads have all
WEEKS = 8


def advice(name: str) -> str:
    return {PUSH: _("Push"), WATCH: _("Watch"), STOP: _("Stop")}[name]


def verdict(new: pd.DataFrame) -> str:
    """Return what to do with the new products. new: the answer to `new_products`."""
    if new.empty:
        return _("No product is in its first 8 weeks on sale, and none is listed for later.")
    count = {name: int((new.advice == name).sum()) for name in (PUSH, WATCH, STOP)}
    said = n_("{count} product is new or coming: ", "{count} products are new or coming: ", len(new))
    parts = _("**push {push}**, watch {watch}, stop {stop}.").format(
        push=number(count[PUSH], 0), watch=number(count[WATCH], 0), stop=number(count[STOP], 0)
    )
    return said + parts


def trust(check: pd.DataFrame) -> str:
    """Return what similar products and the first week say about launches in this shop. check: the answer to `launch_check`."""
    before = check.iloc[0]
    based = n_("Based on {count} past launch.", "Based on {count} past launches.", before.learnt_from)
    if not before.score_weight:
        return f"{based} " + _(
            "In this shop, sales of similar products do not predict which launches sell more. A product without sales is therefore "
            "expected to sell as the average launch did."
        )
    return f"{based} " + _("Before the first sale, the forecast uses the sales of similar products; after it, mostly the product's own.")


# ---- the list


def listed(new: pd.DataFrame, currency: str) -> None:
    """Show the new products, those to push first."""
    column = rows.Column
    columns = [
        column(_("Product"), "product", "product", 190, 2.2),
        column(_("Advice"), "advice", "figure", 80, 0.5, help=_advice_help()),
        column(_("Expected in 8 weeks"), "units", "figure", 110, 0.6, help=_("Units of the first 8 weeks: median and 80% likely range.")),
        column(
            _("Better than"),
            "standing",
            "chance",
            100,
            0.7,
            help=_("Share of past launches that sold less in their first 8 weeks than is expected of this product."),
        ),
        column(_("Sold so far"), "sold", "figure", 100, 0.6),
        column(
            _("First order"),
            "order",
            "figure",
            100,
            0.6,
            help=_("Expected units − sold − in stock − on order, in whole packs, and the same for both ends of the range."),
        ),
    ]
    rows.show(
        "new_products",
        _("New and coming products"),
        columns,
        [rows.Row(row.product_id, _cells(row, currency)) for row in new.head(FIRST).itertuples()],
    )
    with st.container(horizontal=True):
        exports.buttons("launches", _headings(), lambda: _table(new), type="tertiary")
    notes = []
    if len(new) > FIRST:
        notes.append(_("The first {first} of {all} are listed; the downloads have all.").format(first=FIRST, all=number(len(new), 0)))
    if new.on_hand.isna().all():
        notes.append(_("Stock is unknown, so first orders do not count it."))
    cards.notes(*notes)


def _advice_help() -> str:
    return _(
        "Push: expected in the best quarter of past launches. Stop: expected in the worst quarter after 2 weeks or more on sale. "
        "Watch: all others."
    )


def _cells(row, currency: str) -> dict[str, dict | None]:
    about = [] if absent(row.category) else [str(row.category)]
    about += [] if absent(row.price_cents) else [money(row.price_cents, currency)]
    return {
        "product": rows.product(
            shortened(row.title, 90), " · ".join(about), "" if absent(row.category) else row.category, pictures.address(row.product_id)
        ),
        "advice": rows.figure(advice(row.advice)),
        "units": rows.figure(number(row.units_middle, 0), f"{number(row.units_low, 0)}–{number(row.units_high, 0)}"),
        "standing": rows.chance(row.standing, percent(row.standing)),
        "sold": rows.figure(number(row.units_so_far, 0), _on_sale(row)),
        "order": _order(row),
    }


def _order(row) -> dict | None:
    if absent(row.order_units):
        return None
    if not row.order_high:
        return rows.figure("0", _("stock is enough"), "fine")
    return rows.figure(number(row.order_units, 0), f"{number(row.order_low, 0)}–{number(row.order_high, 0)}")


def _on_sale(row) -> str:
    if row.weeks:
        return n_("in {count} week", "in {count} weeks", row.weeks)
    if absent(row.launched_on):
        return _("not sold yet")
    coming = row.launched_on.date() > data.meta().as_of.date()
    return (_("from {day}") if coming else _("not sold since {day}")).format(day=day(row.launched_on))


def _headings() -> dict[str, str]:
    return {
        "product_id": _("SKU"),
        "title": _("Product"),
        "category": _("Category"),
        "brand": _("Brand"),
        "supplier": _("Supplier"),
        "said": _("Advice"),
        "units_middle": _("Expected in 8 weeks"),
        "units_low": _("Likely range, low"),
        "units_high": _("Likely range, high"),
        "standing": _("Better than"),
        "weeks": _("Weeks on sale"),
        "units_so_far": _("Sold so far"),
        "on_hand": _("On hand"),
        "on_order": _("On order"),
        "order_units": _("First order"),
        "order_low": _("First order, low"),
        "order_high": _("First order, high"),
        "order_cost": _("Order cost"),
    }


def _table(new: pd.DataFrame) -> pd.DataFrame:
    return new.assign(
        said=[advice(name) for name in new.advice],
        units_middle=new.units_middle.round(1),
        standing=new.standing.round(3),
        order_cost=(new.order_cost_cents.astype(float) / 100).round(2),
    )


# ---- one product


def curves(found: pd.DataFrame, product: pd.Series) -> None:
    """Show units since the first sale: of the product, of similar ones, and what is expected. found: the answer to `launch_curves`."""
    plots.show(
        launch_curves(found, product),
        key="launch_curves",
        alt=_("Units sold since the first sale, week by week: the new product, similar ones, and what is expected after 8 weeks"),
    )
    cards.notes(
        _("Blue: this product and what is expected after 8 weeks, with its 80% likely range. Grey: similar products in their first weeks.")
        if not found[~found.own.astype(bool)].empty
        else _("What is expected after 8 weeks, with its 80% likely range. The data show the launch of no similar product.")
    )


def launch_curves(found: pd.DataFrame, product: pd.Series) -> go.Figure:
    """Return the chart of cumulative units by week on sale. found: product_id, title, week, units, own."""
    shape = figure(320)
    units = "%{y:,.0f} " + _("units")
    for _id, line in found[~found.own.astype(bool)].groupby("product_id", sort=False):
        shape.add_scatter(
            x=[0, *line.week],
            y=[0.0, *line.units],
            mode="lines",
            line={"color": QUIET, "width": 1.2},
            hovertemplate=label(line.title.iloc[0]) + "<br>" + units + "<extra></extra>",
        )
    own = found[found.own.astype(bool)]
    shape.add_scatter(
        x=[0, *own.week],
        y=[0.0, *own.units],
        mode="lines+markers",
        line={"color": RISE, "width": 2.5},
        marker={"size": 6},
        hovertemplate=label(product.title) + "<br>" + units + "<extra></extra>",
    )
    shape.add_scatter(
        x=[WEEKS],
        y=[product.units_middle],
        mode="markers",
        marker={"color": RISE, "size": 9, "symbol": "diamond"},
        error_y={
            "type": "data",
            "symmetric": False,
            "array": [product.units_high - product.units_middle],
            "arrayminus": [product.units_middle - product.units_low],
            "color": RISE,
        },
        hovertemplate=_("expected") + ": " + units + "<extra></extra>",
    )
    shape.update_xaxes(range=[0, WEEKS + 0.4], dtick=1, title={"text": _("weeks on sale")}, showgrid=False)
    shape.update_yaxes(rangemode="tozero", title={"text": _("units sold")})
    return shape


def analogues(near: pd.DataFrame, product: pd.Series, currency: str) -> None:
    """Show the similar products with most weight. near: the answer to `launch_analogues`."""
    if near.empty:
        cards.nothing_here(_("No similar product was on sale for 8 weeks before, so the average product stands in."))
        return
    exports.table(
        f"{product.product_id}-analogues",
        pd.DataFrame(
            {
                _("Similar product"): [shortened(title, 60) for title in near.title],
                _("Text similarity"): [percent(v) for v in near.similarity],
                _("Price"): ["–" if absent(v) else money(v, currency) for v in near.price_cents],
                _("First 8 weeks"): ["–" if absent(v) else number(v, 0) for v in near.units_launch],
                _("8 weeks before"): [number(v, 0) for v in near.units_recent],
            }
        ),
        [(_("New product"), product.title)],
    )
    notes = [
        n_(
            "{count} similar product was on sale before, by text, category, brand and price. Last column: units in the 8 weeks before this "
            "product.",
            "{count} similar products were on sale before, by text, category, brand and price. Listed are the closest, those with a known "
            "launch first. Last column: units in the 8 weeks before this product.",
            product.analogues,
        )
    ]
    if not product.analogue_weight:
        notes.append(_("At this age, similar products did not improve past forecasts: they are shown but not used."))
    cards.notes(*notes)


# ---- past launches


def past(check: pd.DataFrame) -> None:
    """Show how past launches would have been forecast, beside a simple rule."""
    known = check[check.launches > 0]
    if known.empty:
        cards.nothing_here(_("Too few past launches to check these forecasts."))
        return
    exports.table(
        "launch-check",
        pd.DataFrame(
            {
                _("Forecast made"): [
                    _("before the first sale") if not age else n_("after {count} week", "after {count} weeks", age) for age in known.age
                ],
                _("Rank correlation"): [_figure(v) for v in known.spearman],
                _("Simple rule"): [_figure(v) for v in known.spearman_simple],
                _("Within the range"): [percent(v) for v in known.inside],
                _("Push came true"): [
                    "–"
                    if absent(row.pushed_best)
                    else _("{share} of {count}").format(share=percent(row.pushed_best), count=number(row.pushed, 0))
                    for row in known.itertuples()
                ],
            }
        ),
    )
    cards.notes(
        n_(
            "{count} past launch, forecast from earlier ones.",
            "{count} past launches, each forecast from earlier ones.",
            known.launches.iloc[0],
        ),
        _("Rank correlation: 1 orders launches as they sold, 0 orders them at random."),
        _("The simple rule orders by units so far, and before the first sale by what the category sold recently."),
        _("80% should be within the range."),
        _("Push came true: of the launches it would have pushed, the share that ended in the best quarter."),
    )


def _figure(value: float) -> str:
    return number(value, 2).replace("-", "−")
