"""The serving tables of inventory: order suggestions, what they were made from, markdowns and problems."""

from core.schema.table import Table, optional, required
from core.schema.vocabulary import DEMAND_LEVELS, DEMAND_WEEKS
from core.schema.warehouse import SUPPLIERS as SHOP_SUPPLIERS

SUGGESTIONS = Table(
    "suggestions",
    row="The order suggestion of one product. Where the stock cannot be trusted, only the levels have values.",
    key=("product_id",),
    columns=(
        required("product_id", "VARCHAR", "Product."),
        required("status", "VARCHAR", "`order now`, `enough`, or the reason why no order can be suggested."),
        optional("on_hand", "DOUBLE", "Stock on hand.", "units"),
        optional("on_order", "DOUBLE", "On order and due within the protection time.", "units"),
        optional("inventory_position", "DOUBLE", "Stock on hand and on order.", "units"),
        required("lead_time_days", "DOUBLE", "Time from an order to its arrival.", "days"),
        required("lead_time_assumed", "BOOLEAN", "Whether the lead time is the shop's default."),
        required("wait_days", "DOUBLE", "Time until the supplier's next order day.", "days"),
        required("review_days", "DOUBLE", "Time from that order day to the next plan's.", "days"),
        required("service_level", "DOUBLE", "Service level that the reorder point keeps.", "share"),
        required("expected_units", "DOUBLE", "Expected demand over the protection time.", "units"),
        required("safety_stock", "DOUBLE", "Stock in the reorder point beyond expected demand.", "units"),
        required("reorder_point", "DOUBLE", "Inventory position at or below which to order.", "units"),
        required("order_up_to_level", "DOUBLE", "Inventory position to order up to.", "units"),
        optional("suggested_order_units", "DOUBLE", "Suggested order, in whole packs.", "units"),
        optional("order_by", "DATE", "Last day on which an order still arrives in time."),
        optional("cover_weeks", "DOUBLE", "Weeks of supply at expected demand.", "weeks"),
        optional("order_cost_cents", "BIGINT", "Cost of the suggested order.", "cents"),
        optional(
            "stockout_probability", "DOUBLE", "Probability of a stock-out before an order of the next plan can arrive.", "probability"
        ),
        optional("lost_margin_cents", "BIGINT", "Expected margin lost if the order waits for the next plan.", "cents"),
        optional("fill_rate", "DOUBLE", "Expected share of the next cycle's demand met from stock, with the order.", "share"),
        optional("excess_units", "DOUBLE", "Stock beyond likely demand over the next quarter.", "units"),
        optional("excess_cost_cents", "BIGINT", "Cost of the excess units.", "cents"),
    ),
)

PLANNING = Table(
    "planning",
    row="What the suggestion of one product was made from. An empty value is not known, or is the shop's own rule.",
    key=("product_id",),
    columns=(
        required("product_id", "VARCHAR", "Product."),
        optional("on_hand", "DOUBLE", "Stock on hand.", "units"),
        optional("on_order", "DOUBLE", "On order and due within the protection time.", "units"),
        optional("on_order_later", "DOUBLE", "On order and due after the protection time.", "units"),
        optional("on_order_overdue", "DOUBLE", "Part of `on_order` that was due before the last day of data.", "units"),
        optional("stock_age_days", "DOUBLE", "Age of the last stock count.", "days"),
        optional("lead_time_days", "DOUBLE", "Time from an order to its arrival.", "days"),
        optional("lead_time_sd_days", "DOUBLE", "Standard deviation of the lead time.", "days"),
        optional("moq", "DOUBLE", "Minimum order quantity.", "units"),
        optional("pack_size", "DOUBLE", "Units in a pack.", "units"),
        optional("max_order", "DOUBLE", "Largest quantity of one order.", "units"),
        optional("shelf_life_days", "DOUBLE", "Time for which a unit can be sold.", "days"),
        optional("unit_cost_cents", "DOUBLE", "Purchase cost of one unit.", "cents"),
        optional("price_cents", "DOUBLE", "Price of one unit.", "cents"),
        optional("service_level", "DOUBLE", "The product's own service level.", "share"),
        optional("review_days", "DOUBLE", "The product's own review period.", "days"),
        optional("order_days", "DOUBLE", "ISO weekdays on which its supplier takes orders, as digits (14: Monday and Thursday)."),
        *(optional(f"peak_w{w}", "DOUBLE", f"Most units wanted in {w} weeks of the last year.", "units") for w in DEMAND_WEEKS),
    ),
)

ARRIVAL, PROTECTION = (tuple(f"{name}_p{1000 * level:03.0f}" for level in DEMAND_LEVELS) for name in ("arrival", "protection"))

ORDER_HORIZON = Table(
    "order_horizon",
    row="Demand of one product over the times that an order of today has to last for, as quantiles at the levels of `demand`.",
    key=("product_id",),
    since="0.2.0",
    columns=(
        required("product_id", "VARCHAR", "Product."),
        *(required(name, "DOUBLE", "Demand until an order of today arrives.", "units") for name in ARRIVAL),
        *(required(name, "DOUBLE", "Demand until the next plan's order arrives.", "units") for name in PROTECTION),
        required("likely_units", "DOUBLE", "Likely demand until a quarter after that, at the 90% level.", "units"),
    ),
)

DELIVERIES = Table(
    "deliveries",
    row="One day on which open purchase orders of one product are due.",
    key=("product_id", "due_on"),
    since="0.2.0",
    columns=(
        required("product_id", "VARCHAR", "Product."),
        required("due_on", "DATE", "Day on which the units are due."),
        required("units", "DOUBLE", "Quantity that is due.", "units"),
    ),
)

SUPPLIERS = Table(
    "suppliers",
    row="One supplier of the suppliers file.",
    key=("supplier",),
    columns=SHOP_SUPPLIERS.only("supplier", "order_days", "min_order_cents"),
)

MARKDOWNS = Table(
    "markdowns",
    row="One falling product with excess stock, which should not be ordered.",
    key=("product_id",),
    columns=(
        required("product_id", "VARCHAR", "Product."),
        optional("markdown_share", "DOUBLE", "Suggested markdown; empty where no price is known to help.", "share"),
        optional("clear_by", "DATE", "Day by which the excess is expected to be sold."),
        optional("elasticity", "DOUBLE", "Price elasticity of the product's category."),
        optional("elasticity_error", "DOUBLE", "Standard error of the elasticity."),
    ),
)

PROBLEMS = Table(
    "problems",
    row="One problem with the planning data of one product.",
    key=("product_id", "problem"),
    columns=(
        required("product_id", "VARCHAR", "Product."),
        required("problem", "VARCHAR", "What is missing or cannot be right."),
    ),
)

TABLES = (SUGGESTIONS, PLANNING, ORDER_HORIZON, DELIVERIES, SUPPLIERS, MARKDOWNS, PROBLEMS)
