"""The serving tables of launches: new products with their potential, the products that it rests on, and how past ones did."""

from core.schema import Table, optional, required

PUSH, WATCH, STOP = "push", "watch", "stop"

LAUNCHES = Table(
    "launches",
    row="One product in its first 8 weeks on sale, or listed and not sold yet.",
    key=("product_id",),
    since="0.2.0",
    columns=(
        required("product_id", "VARCHAR", "New product."),
        optional("first_sold_on", "DATE", "Last day of the week of its first sale; empty before it."),
        required("weeks", "BIGINT", "Whole weeks on sale.", "weeks"),
        required("units_so_far", "DOUBLE", "Units sold.", "units"),
        required("units_low", "DOUBLE", "Lower end of the 80% range of the units of its first 8 weeks.", "units"),
        required("units_middle", "DOUBLE", "Expected units of its first 8 weeks (median).", "units"),
        required("units_high", "DOUBLE", "Upper end of the range.", "units"),
        required("standing", "DOUBLE", "Share of past launches that sold less in 8 weeks than is expected of it.", "share"),
        required(
            "advice",
            "VARCHAR",
            "`push`: expected in the best quarter of past launches; `stop`: in the worst one after 2 weeks or more; else `watch`.",
        ),
        required(
            "analogues", "BIGINT", "Similar products on sale for 8 weeks before it; 0 = none, the average product stands in.", "products"
        ),
        required("analogue_weight", "DOUBLE", "Weight of their recent sales in what is expected; 0 = they do not count at this age."),
        optional("on_hand", "DOUBLE", "Stock on hand.", "units"),
        optional("on_order", "DOUBLE", "On order.", "units"),
        optional(
            "order_units",
            "DOUBLE",
            "Suggested first order: expected units not yet sold, in stock or on order, in whole packs; empty where the advice is `stop`.",
            "units",
        ),
        optional("order_low", "DOUBLE", "The same for the lower end of the range.", "units"),
        optional("order_high", "DOUBLE", "The same for the upper end of the range.", "units"),
        optional("order_cost_cents", "DOUBLE", "Cost of the suggested order.", "cents"),
    ),
)

ANALOGUES = Table(
    "launch_analogues",
    row="One of 5 similar products of a new one: those with most weight, first of them those whose launch the data show.",
    key=("product_id", "rank"),
    since="0.2.0",
    columns=(
        required("product_id", "VARCHAR", "New product."),
        required("rank", "INTEGER", "Place, from 1."),
        required("analogue_id", "VARCHAR", "Similar product, on sale for 8 weeks or more before the new one."),
        required("similarity", "DOUBLE", "Cosine similarity of the two texts' vectors."),
        required("units_recent", "DOUBLE", "Its units in the 8 weeks before the new product's first sale.", "units"),
        optional("units_launch", "DOUBLE", "Its units in its own first 8 weeks; empty where the data do not show its launch.", "units"),
    ),
)

CURVES = Table(
    "launch_curves",
    row="Units of one product in one week of its first 8.",
    key=("product_id", "week"),
    since="0.2.0",
    columns=(
        required("product_id", "VARCHAR", "New product, or similar one whose launch the data show."),
        required("week", "INTEGER", "Week on sale, from 1."),
        required("units", "DOUBLE", "Units sold.", "units"),
    ),
)

CHECK = Table(
    "launch_check",
    row="How past launches would have been forecast at one age, each from earlier ones alone.",
    key=("age",),
    since="0.2.0",
    columns=(
        required("age", "INTEGER", "Whole weeks on sale at the forecast.", "weeks"),
        required("launches", "BIGINT", "Past launches; 0 = too few to check.", "products"),
        optional("spearman", "DOUBLE", "Rank correlation of expected units with those sold in the first 8 weeks."),
        optional("spearman_simple", "DOUBLE", "The same of the units so far; before the first sale, of the category's recent mean."),
        optional("inside", "DOUBLE", "Share within the 80% range.", "share"),
        required(
            "pushed", "BIGINT", "Launches that would have been advised to push: expected in the best quarter of those known.", "products"
        ),
        optional("pushed_best", "DOUBLE", "Share of these that ended in that quarter.", "share"),
        required("score_weight", "DOUBLE", "Weight of similar products in the forecasts now; 0 = they rank past launches no better."),
        required("learnt_from", "BIGINT", "Past launches that the forecasts now are learnt from.", "products"),
    ),
)

TABLES = (LAUNCHES, ANALOGUES, CURVES, CHECK)
