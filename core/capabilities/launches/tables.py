"""The serving tables of launches: new products with their potential, the products that it rests on, and how past ones did."""

from core.schema import Table, optional, required

PUSH, WATCH, STOP = "push", "watch", "stop"

LAUNCHES = Table(
    "launches",
    row="One product that has been on sale for less than 8 weeks, or not yet.",
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
        required("standing", "DOUBLE", "Share of past launches that sold less than expected of it.", "share"),
        required(
            "advice",
            "VARCHAR",
            "`push`: in the best quarter of past launches; `stop`: in the worst one after 2 weeks or more; else `watch`.",
        ),
        required("analogues", "BIGINT", "Similar products that it rests on; 0 = none, the average product stands in.", "products"),
    ),
)

ANALOGUES = Table(
    "launch_analogues",
    row="One of the similar products that a new one's potential rests on.",
    key=("product_id", "rank"),
    since="0.2.0",
    columns=(
        required("product_id", "VARCHAR", "New product."),
        required("rank", "INTEGER", "1 for the most similar."),
        required("analogue_id", "VARCHAR", "Similar product."),
        required("similarity", "DOUBLE", "Cosine similarity of the two texts' vectors."),
        required("units_8w", "DOUBLE", "Its units in the last 8 weeks.", "units"),
    ),
)

CURVES = Table(
    "launch_curves",
    row="Units of one product in one week of its first 8.",
    key=("product_id", "week"),
    since="0.2.0",
    columns=(
        required("product_id", "VARCHAR", "New product, or one that a new one rests on."),
        required("week", "INTEGER", "Week on sale, from 1."),
        required("units", "DOUBLE", "Units sold.", "units"),
    ),
)

CHECK = Table(
    "launch_check",
    row="How the potentials of past launches did, each forecast from earlier ones alone, at one age.",
    key=("age",),
    since="0.2.0",
    columns=(
        required("age", "INTEGER", "Whole weeks on sale at the forecast.", "weeks"),
        required("launches", "BIGINT", "Past launches.", "products"),
        required("spearman", "DOUBLE", "Rank correlation of expected units with those sold in the first 8 weeks."),
        optional("spearman_simple", "DOUBLE", "The same of the units so far; before the first sale, of the category's recent mean."),
        required("inside", "DOUBLE", "Share within the 80% range.", "share"),
    ),
)

TABLES = (LAUNCHES, ANALOGUES, CURVES, CHECK)
