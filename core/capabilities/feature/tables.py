"""The serving tables of what to feature: candidates of each segment, and what such lists did in past updates."""

from core.schema import Table, optional, required

LISTED, NEAR, BRAND, SUPPLIER, RESERVED, BELOW = "listed", "near", "brand", "supplier", "reserved", "below"

FEATURE_LISTS = Table(
    "feature_lists",
    row="One candidate for the list of one segment. Products that are known to be out of stock are none.",
    key=("segment", "product_id"),
    since="0.2.0",
    columns=(
        required("segment", "VARCHAR", "Customer segment; `all` is all customers."),
        required("place", "INTEGER", "Place among the candidates by expected units x (1 + dose x rising probability), from 1."),
        required("product_id", "VARCHAR", "Product."),
        required("dose", "DOUBLE", "Dose that `place` and `state` follow: the one that gained most in past updates."),
        required(
            "state",
            "VARCHAR",
            "`listed`, or why not: `near` (too similar to one above), `brand` or `supplier` (has its share), `reserved` (for the smallest "
            "share of another brand or supplier), `below` (no place).",
        ),
        optional("near_id", "VARCHAR", "The listed product that a `near` one is near."),
        required("rising_probability", "DOUBLE", "Calibrated probability of rising.", "probability"),
        required("expected_units", "DOUBLE", "Mean forecast of 4 weeks.", "units"),
        required("low_units", "DOUBLE", "Lower end of its 80% range.", "units"),
        required("high_units", "DOUBLE", "Upper end of its 80% range.", "units"),
        optional("margin_cents", "DOUBLE", "Margin of the expected units; empty where price or cost is unknown.", "cents"),
        optional("low_margin_cents", "DOUBLE", "Margin of the lower end of the range.", "cents"),
        optional("high_margin_cents", "DOUBLE", "Margin of the upper end.", "cents"),
        optional("cover_weeks", "DOUBLE", "Weeks of supply of the whole shop; empty where the stock is not known.", "weeks"),
        optional("enough", "BOOLEAN", "Whether the stock covers the 4 weeks that are expected of all customers."),
        optional("reason", "VARCHAR", "Driver that speaks most for a rise; empty where none does."),
    ),
)

FEATURE_RECORD = Table(
    "feature_record",
    row="One list in one past update whose weeks are over, for all customers.",
    key=("as_of", "list", "dose"),
    since="0.2.0",
    columns=(
        required("as_of", "DATE", "Last day whose data the update used."),
        required(
            "list",
            "VARCHAR",
            "`feature`, or a simple list by units sold: `units_28d`, `units_14d`, `units_7d`, or `units_year_ago` (same 4 weeks).",
        ),
        required("dose", "DOUBLE", "Dose of the list; 0 for simple lists."),
        required("products", "BIGINT", "Products of the list.", "products"),
        required("units", "DOUBLE", "Units that they sold in the 4 weeks.", "units"),
        required("gain", "DOUBLE", "Units beyond their usual ones; a product below its own counts 0.", "units"),
    ),
)

TABLES = (FEATURE_LISTS, FEATURE_RECORD)
