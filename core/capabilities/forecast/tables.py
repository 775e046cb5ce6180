"""The serving tables of the forecast: products, chances, demand, reasons, history, and what is known about data and model."""

from core.schema.table import Table, optional, required
from core.schema.warehouse import PRODUCTS as SHOP_PRODUCTS

PRODUCTS = Table(
    "products",
    row="One product of the shop, with its last 28 days.",
    key=("product_id",),
    filled=True,
    columns=(
        *SHOP_PRODUCTS.only("product_id", "title", "description", "category", "brand", "supplier", "price_cents", "unit_cost_cents"),
        *SHOP_PRODUCTS.only("currency", "launched_on", "lead_time_days", "lead_time_sd_days", "moq", "pack_size", "image"),
        optional("first_sold_on", "DATE", "Day of the first sale; empty for a product that never sold."),
        optional("days_on_sale", "BIGINT", "Time since the first sale.", "days"),
        optional("orders_28d", "DOUBLE", "Orders, or another interest signal, of the last 28 days.", "orders"),
        optional("units_28d", "DOUBLE", "Units sold in the last 28 days.", "units"),
        optional("revenue_28d_cents", "BIGINT", "Revenue of the last 28 days.", "cents"),
    ),
)

FORECASTS = Table(
    "forecasts",
    row="The forecast of one product in one segment for the next 28 days.",
    key=("product_id", "segment"),
    filled=True,
    columns=(
        required("product_id", "VARCHAR", "Product that is forecast."),
        required("segment", "VARCHAR", "Customer segment; `all` is all customers."),
        required("rising_probability", "DOUBLE", "Calibrated probability of rising.", "probability"),
        required("falling_probability", "DOUBLE", "Calibrated probability of falling.", "probability"),
        required("base_logit", "DOUBLE", "Rising logit with every driver absent.", "logit"),
        required("logit", "DOUBLE", "Logit of `rising_probability`.", "logit"),
        required("own_pace_orders", "DOUBLE", "Orders in 28 days at the product's own rate.", "orders"),
        optional("previous_rising_probability", "DOUBLE", "Probability in the snapshot served before.", "probability"),
    ),
)

DEMAND = Table(
    "demand",
    row="One quantile of the cumulative demand for one product, segment and number of weeks.",
    key=("product_id", "segment", "weeks", "level"),
    columns=(
        required("product_id", "VARCHAR", "Product that is forecast."),
        required("segment", "VARCHAR", "Customer segment; `all` is all customers."),
        required("weeks", "INTEGER", "Length of the period, which starts the day after the last day of data.", "weeks"),
        required("level", "DOUBLE", "Probability that demand stays at or below `units`.", "probability"),
        required("units", "DOUBLE", "Quantile of the units wanted over the period.", "units"),
    ),
)

ATTRIBUTIONS = Table(
    "attributions",
    row="The share of one driver in one forecast. The rows of a product and segment sum to `logit` - `base_logit`.",
    key=("product_id", "segment", "driver"),
    columns=(
        required("product_id", "VARCHAR", "Product that is forecast."),
        required("segment", "VARCHAR", "Customer segment; `all` is all customers."),
        required("driver", "VARCHAR", "Driver; one without a row had no data in any forecast."),
        required("attribution", "DOUBLE", "Asymmetric Shapley value of the driver.", "logit"),
    ),
)

FEATURE_VALUES = Table(
    "feature_values",
    row="One feature of one product as the model read it, for all customers. A feature without data has no row.",
    key=("product_id", "segment", "feature"),
    columns=(
        required("product_id", "VARCHAR", "Product that is forecast."),
        required("segment", "VARCHAR", "Always `all`."),
        required("driver", "VARCHAR", "Driver that the feature belongs to."),
        required("feature", "VARCHAR", "Name of the feature, as in `glossary`."),
        optional("value", "DOUBLE", "Value in the feature's own unit."),
    ),
)

SEGMENT_VALUES = Table(
    "segment_values",
    row="One feature of one product as the model read it for one segment, of the features that reasons name as facts. A feature without "
    "data has no row.",
    key=("segment", "product_id", "feature"),
    since="0.2.0",
    columns=(
        required("segment", "VARCHAR", "Customer segment, never `all`."),
        required("product_id", "VARCHAR", "Product that is forecast."),
        required("feature", "VARCHAR", "Name of the feature, as in `glossary`."),
        required("value", "DOUBLE", "Value in the feature's own unit."),
    ),
)

TEXT_ATTRIBUTIONS = Table(
    "text_attributions",
    row="One piece of a product's text and its share in the text driver's attribution.",
    key=("product_id", "position"),
    columns=(
        required("product_id", "VARCHAR", "Product that is forecast."),
        required("position", "INTEGER", "Place of the piece in the text, from 0."),
        required("text", "VARCHAR", "The piece itself."),
        required("attribution", "DOUBLE", "Owen value of the piece.", "logit"),
    ),
)

HISTORY = Table(
    "history",
    row="One product and segment in one week.",
    key=("product_id", "segment", "week"),
    columns=(
        required("product_id", "VARCHAR", "Product."),
        required("segment", "VARCHAR", "Customer segment; `all` is all customers."),
        required("week", "DATE", "Last day of the week."),
        required("units", "DOUBLE", "Units sold.", "units"),
        required(
            "lost_units", "DOUBLE", "Estimate of the units that were wanted beyond these while the product was out of stock.", "units"
        ),
        required("orders", "DOUBLE", "Orders, or another interest signal.", "orders"),
        optional("views", "DOUBLE", "Views; empty before the shop recorded any.", "views"),
        optional("price", "DOUBLE", "Mean price paid for one unit, in units of the currency.", "money"),
        optional("on_hand", "DOUBLE", "Last stock count of the week, for all customers only.", "units"),
    ),
)

REVIEW_WEEKS = Table(
    "review_weeks",
    row="One product in one week with reviews, over all customers.",
    key=("product_id", "week"),
    since="0.2.0",
    columns=(
        required("product_id", "VARCHAR", "Product."),
        required("week", "DATE", "Last day of the week."),
        required("reviews", "DOUBLE", "Reviews.", "reviews"),
        optional("rating", "DOUBLE", "Mean rating.", "stars"),
        optional("sentiment", "DOUBLE", "Mean sentiment of the texts, from -100 to 100.", "points"),
    ),
)

WHAT_IF = Table(
    "what_if",
    row="The chance of rising of one product in one segment, had its price, promotion or stock been another. Everything else stays as it "
    "is, sales too. An association that the model has learnt, not an effect. At most 30,000 forecasts have rows.",
    key=("product_id", "segment", "price", "promotion", "stock"),
    since="0.2.0",
    columns=(
        required("product_id", "VARCHAR", "Product that is forecast."),
        required("segment", "VARCHAR", "Customer segment; `all` is all customers."),
        required("price", "DOUBLE", "Change of the price paid in the last two weeks; 0 is none.", "share"),
        required(
            "promotion", "VARCHAR", "`as is`, `started`: a usual one of the shop starts today, `ended`: the current one ended yesterday."
        ),
        required("stock", "VARCHAR", "`as is`, `in stock`: on all of the last 56 days, `out of stock`: since the last sale."),
        optional("rising_probability", "DOUBLE", "Calibrated probability of rising; empty where `unknown` says why.", "probability"),
        required(
            "unknown",
            "VARCHAR",
            "Empty, or why there is no probability. `ignored`: it changes no forecast of the model. `no data`: the product has none. "
            "`rare`: fewer than 5 products have been in that state. `sold since`: a product that sold within a week was not out of stock.",
        ),
        required("products", "BIGINT", "Products of the shop that are known to have been in that state.", "products"),
    ),
)

NEIGHBOURS = Table(
    "neighbours",
    row="One of the products whose texts are nearest to a product's.",
    key=("product_id", "rank"),
    columns=(
        required("product_id", "VARCHAR", "Product."),
        required("rank", "INTEGER", "1 for the nearest."),
        required("neighbour_id", "VARCHAR", "Product that is near."),
        required("similarity", "DOUBLE", "Cosine similarity of the two texts' vectors."),
    ),
)

QUALITY = Table(
    "quality",
    row="One fact about the data.",
    columns=(
        required(
            "kind",
            "VARCHAR",
            "`import`: one file, for its main table. `retold`: another table that the file's lines fill. `rejected`: rows of one file "
            "rejected for one reason. `missing`: a table that the shop has not given. `freshness`: the last day of a table. "
            "`absent`: a driver without data.",
        ),
        required("table_name", "VARCHAR", "Table that the fact is about."),
        optional("file", "VARCHAR", "File that the fact is about."),
        optional("rows_read", "BIGINT", "Rows read.", "rows"),
        optional("rows_kept", "BIGINT", "Rows kept.", "rows"),
        optional("rows_dropped", "BIGINT", "Rows skipped, such as duplicates.", "rows"),
        optional("rows_quarantined", "BIGINT", "Rows rejected.", "rows"),
        optional("first_day", "DATE", "First day of the rows."),
        optional("last_day", "DATE", "Last day of the rows."),
        optional("detail", "VARCHAR", "Layout, reason, driver, last day, or what the missing table would add."),
    ),
)

METRICS = Table(
    "metrics",
    row="One metric of the served model on its validation origins.",
    key=("metric", "slice"),
    columns=(
        required("metric", "VARCHAR", "Name of the metric, such as `average_precision`."),
        required("slice", "VARCHAR", "Rows it is measured on; `all` is all of them."),
        required("value", "DOUBLE", "Value of the metric."),
        optional("low", "DOUBLE", "Lower end of its 95% interval."),
        optional("high", "DOUBLE", "Upper end of its 95% interval."),
    ),
)

CALIBRATION = Table(
    "calibration",
    row="One bin of forecasts on the validation origins.",
    columns=(
        required("predicted", "DOUBLE", "Mean forecast probability.", "probability"),
        required("observed", "DOUBLE", "Share that rose.", "share"),
        required("rows", "BIGINT", "Forecasts in the bin.", "rows"),
    ),
)

SEGMENTS = Table(
    "segments",
    row="One segment that is forecast.",
    key=("segment",),
    columns=(
        required("segment", "VARCHAR", "Name of the segment; `all` is all customers."),
        required("orders_base", "DOUBLE", "Orders in the base window.", "orders"),
        required("products", "BIGINT", "Products that are forecast for it.", "products"),
    ),
)

GLOSSARY = Table(
    "glossary",
    row="One feature of the model.",
    key=("feature",),
    columns=(
        required("feature", "VARCHAR", "Name of the feature."),
        required("driver", "VARCHAR", "Driver that it belongs to."),
        required("unit", "VARCHAR", "Unit of its values."),
        required("meaning", "VARCHAR", "What it measures."),
    ),
)

RULES = Table(
    "rules",
    row="One rule that the snapshot was made under, one version, or the hash of one input. Pages and the plan follow it until the next "
    "calculation.",
    key=("section", "name"),
    since="0.2.0",
    columns=(
        required(
            "section",
            "VARCHAR",
            "`labels`, `shop` and `inventory` hold settings as in `upswing.toml`, `facts` what imports inferred for `shop`, `versions` "
            "what made it, `made_from` the hashes of imports, settings, encoder and features.",
        ),
        required("name", "VARCHAR", "Name in the section."),
        required("value", "VARCHAR", "Value, as JSON."),
    ),
)

META = Table(
    "meta",
    row="The snapshot itself, in a single row.",
    columns=(
        required("snapshot", "VARCHAR", "Identifier of the snapshot."),
        required("model", "VARCHAR", "Identifier of the model."),
        required("as_of", "DATE", "Last day whose data the forecasts use."),
        required("code_version", "VARCHAR", "Version of Upswing that made the snapshot."),
        required("created_at", "TIMESTAMP", "Time of publishing."),
        required("shop", "VARCHAR", "Name of the shop."),
        required("currency", "VARCHAR", "Currency of all money, as an ISO 4217 code."),
        required("signal", "VARCHAR", "Interest signal that is counted: `orders`, `views`, `carts` or `reviews`."),
        required("segment_attribute", "VARCHAR", "Attribute that defines segments; empty without segments."),
        required("row_counts", "VARCHAR", "Rows of each table, as JSON."),
    ),
)

TABLES = (
    PRODUCTS,
    FORECASTS,
    DEMAND,
    ATTRIBUTIONS,
    FEATURE_VALUES,
    SEGMENT_VALUES,
    TEXT_ATTRIBUTIONS,
    HISTORY,
    REVIEW_WEEKS,
    WHAT_IF,
    NEIGHBOURS,
    QUALITY,
    METRICS,
    CALIBRATION,
    SEGMENTS,
    GLOSSARY,
    RULES,
    META,
)
