"""The tables of the warehouse: the canonical ones, which a shop's files become, and the bookkeeping of imports beside them.

New columns go to a table's end and are never required: that is how a warehouse of an earlier version gains them
(core/storage/warehouse.py).
"""

from __future__ import annotations

from core.messages import msg
from core.schema.responses import CONTACTS, IMPRESSIONS, SEARCHES
from core.schema.table import Column, Table, by_name, optional, required
from core.schema.vocabulary import EVENT_KINDS, MAP_KINDS

PRODUCTS = Table(
    "products",
    row="One product of the shop. A product that is sold but missing from the products file is named by its id.",
    key=("product_id",),
    title=msg("Products"),
    adds=msg("Text signals, seasonality and similar products"),
    columns=(
        required("product_id", "VARCHAR", "The product's identifier (SKU)."),
        required("title", "VARCHAR", "Name of the product."),
        optional("description", "VARCHAR", "Description as on the product page."),
        optional("category", "VARCHAR", "Category."),
        optional("brand", "VARCHAR", "Brand or maker."),
        optional("supplier", "VARCHAR", "Name of the supplier, as in the table `suppliers`."),
        optional("price_cents", "BIGINT", "List price of one unit.", "cents"),
        optional("unit_cost_cents", "BIGINT", "Purchase cost of one unit.", "cents"),
        optional("currency", "VARCHAR", "Currency of price and cost, as an ISO 4217 code."),
        optional("launched_on", "DATE", "Day on which the product was or will be launched."),
        optional("lead_time_days", "DOUBLE", "Time from an order to its arrival.", "days"),
        optional("lead_time_sd_days", "DOUBLE", "Standard deviation of the lead time.", "days"),
        optional("moq", "DOUBLE", "Minimum order quantity.", "units"),
        optional("pack_size", "DOUBLE", "Units in a pack: orders are rounded to whole packs.", "units"),
        optional("image", "VARCHAR", "Address or file name of a picture."),
        optional("max_order", "DOUBLE", "Largest quantity of one order.", "units"),
        optional("shelf_life_days", "DOUBLE", "Time for which a unit can be sold.", "days"),
        optional("updated_at", "TIMESTAMP", "Time at which the list that has the product was valid, where it says so."),
    ),
)

ORDERS = Table(
    "orders",
    row="One order line, or a product's sales over a day or another period (`order_count` orders).",
    title=msg("Orders"),
    adds=msg("Demand, momentum, customers and price"),
    columns=(
        required("ordered_at", "TIMESTAMP", "Time of the order."),
        required("product_id", "VARCHAR", "Product that was ordered."),
        required("units", "DOUBLE", "Quantity; below 0 for a return or a cancelled line.", "units"),
        optional("unit_price_cents", "BIGINT", "Price paid for one unit.", "cents"),
        optional("order_id", "VARCHAR", "Order that the line belongs to."),
        required("order_count", "BIGINT", "Orders that the row stands for: 1 for a line.", "orders"),
        optional("customer_id", "VARCHAR", "Pseudonym of the customer."),
        optional("discount_cents", "BIGINT", "Discount on the line.", "cents"),
        optional("channel", "VARCHAR", "Sales channel."),
        optional("country", "VARCHAR", "Country of the customer, also of a guest."),
    ),
)

EVENTS = Table(
    "events",
    row="One view, click or other act of a visitor on a product.",
    title=msg("Views, carts and searches"),
    adds=msg("Interest before the order: views, carts, searches and ads"),
    columns=(
        required("occurred_at", "TIMESTAMP", "Time of the event."),
        required("product_id", "VARCHAR", "Product that the event is about."),
        required("kind", "VARCHAR", f"Kind of event: {', '.join(f'`{kind}`' for kind in EVENT_KINDS)}."),
        optional("visitor_id", "VARCHAR", "Pseudonym of the visitor or session."),
        optional("customer_id", "VARCHAR", "Pseudonym of the customer, where the visitor is known."),
        optional("query", "VARCHAR", "Search words that led to the product."),
    ),
)

REVIEWS = Table(
    "reviews",
    row="One review of a product.",
    key=("review_id",),
    title=msg("Reviews"),
    adds=msg("Customer opinion, which often changes before sales do"),
    columns=(
        required("review_id", "VARCHAR", "The review's identifier."),
        required("created_at", "TIMESTAMP", "Time of the review."),
        required("product_id", "VARCHAR", "Product that was reviewed."),
        optional("rating", "DOUBLE", "Rating, from 1 up to the shop's scale.", "stars"),
        optional("title", "VARCHAR", "Title of the review."),
        optional("body", "VARCHAR", "Text of the review."),
        optional("customer_id", "VARCHAR", "Pseudonym of the customer."),
    ),
)

CUSTOMERS = Table(
    "customers",
    row="One attribute of one customer: any column of a customers file may define segments.",
    key=("customer_id", "attribute"),
    title=msg("Customers"),
    adds=msg("Forecasts for each customer group"),
    columns=(
        required("customer_id", "VARCHAR", "Pseudonym of the customer."),
        required("attribute", "VARCHAR", "Name of the attribute, such as `age_band`."),
        optional("value", "VARCHAR", "Value of the attribute."),
    ),
)

STOCK = Table(
    "stock",
    row="The stock of a product at the end of a day.",
    key=("day", "product_id"),
    title=msg("Stock"),
    adds=msg("Order suggestions, and telling low demand from stock-outs"),
    columns=(
        required("day", "DATE", "Day of the count."),
        required("product_id", "VARCHAR", "Product that was counted."),
        required("on_hand", "DOUBLE", "Stock on hand.", "units"),
        optional("on_order", "DOUBLE", "Ordered from the supplier and not yet received.", "units"),
    ),
)

SUPPLIERS = Table(
    "suppliers",
    row="One supplier, named as in `products`.",
    key=("supplier",),
    title=msg("Suppliers"),
    adds=msg("Supplier order days, default lead times and minimum order values"),
    columns=(
        required("supplier", "VARCHAR", "Name of the supplier."),
        optional("order_days", "VARCHAR", "ISO weekdays on which it takes orders (`1,4`: Monday and Thursday); empty = any day."),
        optional("min_order_cents", "BIGINT", "Minimum value of one order.", "cents"),
        optional("currency", "VARCHAR", "Currency of the minimum, as an ISO 4217 code."),
        optional("lead_time_days", "DOUBLE", "Lead time of its products that have none of their own.", "days"),
        optional("lead_time_sd_days", "DOUBLE", "Standard deviation of that lead time.", "days"),
    ),
)

DELIVERIES = Table(
    "deliveries",
    row="The open part of one purchase order for one product. An import replaces all earlier rows.",
    key=("product_id", "due_on", "units", "order_id"),
    title=msg("Deliveries due"),
    adds=msg("Incoming purchase orders by due date"),
    columns=(
        required("product_id", "VARCHAR", "Product that is due."),
        required("due_on", "DATE", "Day on which it is due."),
        required("units", "DOUBLE", "Quantity still to come.", "units"),
        optional("order_id", "VARCHAR", "Purchase order."),
    ),
)

PROMOTIONS = Table(
    "promotions",
    row="One promotion of one product.",
    key=("product_id", "starts_on", "ends_on", "kind"),
    title=msg("Promotions"),
    adds=msg("Separating real growth from promotions"),
    columns=(
        required("product_id", "VARCHAR", "Product that is promoted."),
        required("starts_on", "DATE", "First day, inclusive; a planned promotion begins after the last day of sales."),
        required("ends_on", "DATE", "Last day, inclusive."),
        optional("kind", "VARCHAR", "Kind of promotion."),
        optional("discount", "DOUBLE", "Discount as a share of the price.", "share"),
    ),
)

MARKET = Table(
    "market",
    row="The value of one series on one day, for a product, a category or the whole shop.",
    key=("day", "series", "product_id", "category"),
    title=msg("Market"),
    adds=msg("Trends outside the shop: sales ranks and search interest"),
    columns=(
        required("day", "DATE", "Day of the value."),
        required("series", "VARCHAR", "Name of the series, such as `sales_rank`."),
        required("value", "DOUBLE", "Value in the series' own unit."),
        optional("product_id", "VARCHAR", "Product that the series is about."),
        optional("category", "VARCHAR", "Category that the series is about."),
    ),
)

LINKS = Table(
    "links",
    row="One statement of the knowledge graph.",
    key=("source", "relation", "target"),
    title=msg("Product links"),
    adds=msg("Demand that spreads between related products"),
    columns=(
        required("source", "VARCHAR", "Product or thing that the statement is about."),
        required("relation", "VARCHAR", "Relation, such as `bought_with`."),
        required("target", "VARCHAR", "Product or thing that it relates to."),
    ),
)

PRODUCT_MAP = Table(
    "product_map",
    row="One product number whose history counts to another one. Orders stay as they were given; forecasts read them by this map.",
    key=("old_product_id",),
    since="0.3.0",
    title=msg("Old and new numbers"),
    adds=msg("History that continues when a product gets a new number"),
    columns=(
        required("old_product_id", "VARCHAR", "Number that the product had."),
        required("new_product_id", "VARCHAR", "Number that its history counts to."),
        optional("kind", "VARCHAR", f"{', '.join(f'`{kind}`' for kind in MAP_KINDS)}; empty = `{MAP_KINDS[0]}`."),
    ),
)

KIT_PARTS = Table(
    "kit_parts",
    row="One part of one kit, whose sales count for its parts. An import replaces all earlier rows.",
    key=("kit_id", "part_id"),
    since="0.3.0",
    title=msg("Parts of kits"),
    adds=msg("Demand for the parts of kits and bundles"),
    columns=(
        required("kit_id", "VARCHAR", "Number under which the kit is sold."),
        required("part_id", "VARCHAR", "Product in it."),
        required("units", "DOUBLE", "Units of the part in one kit.", "units"),
    ),
)

CANONICAL: dict[str, Table] = by_name(
    PRODUCTS,
    ORDERS,
    EVENTS,
    REVIEWS,
    CUSTOMERS,
    STOCK,
    SUPPLIERS,
    DELIVERIES,
    PROMOTIONS,
    MARKET,
    LINKS,
    PRODUCT_MAP,
    KIT_PARTS,
    IMPRESSIONS,
    SEARCHES,
    CONTACTS,
)

MAPS = (PRODUCT_MAP.name, KIT_PARTS.name)
RESPONSES = (IMPRESSIONS.name, SEARCHES.name, CONTACTS.name)
NOT_MISSED = (*MAPS, *RESPONSES)  # tables that a forecast lacks nothing without

IMPORTS: dict[str, Table] = by_name(
    Table(
        "imports",
        row="What became of one table's rows in one imported file: read = kept + skipped + rejected + set aside.",
        columns=(
            required("import_id", "VARCHAR", "Import that the file was part of."),
            required("imported_at", "TIMESTAMP", "Time of the import."),
            required("file", "VARCHAR", "Name of the file."),
            required("sha256", "VARCHAR", "Hash of the file."),
            required("preset", "VARCHAR", "Layout by which the file was read."),
            required("table_name", "VARCHAR", "Table that the rows went into."),
            required("rows_read", "BIGINT", "Rows read.", "rows"),
            required("rows_kept", "BIGINT", "Rows kept.", "rows"),
            required("rows_dropped", "BIGINT", "Rows skipped, such as duplicates.", "rows"),
            required("rows_quarantined", "BIGINT", "Rows rejected, each with its reason in `quarantine`.", "rows"),
            optional("first_day", "DATE", "First day of the rows kept."),
            optional("last_day", "DATE", "Last day of the rows kept."),
            optional("mapping_sha256", "VARCHAR", "Hash of the mapping."),
            optional("currency", "VARCHAR", "Currency of the file's money."),
            optional("rows_set_aside", "BIGINT", "Rows that are no sale or no product, such as unpaid orders and postage.", "rows"),
            optional("key_sha256", "VARCHAR", "Hash of the key under which customers' ids became pseudonyms."),
        ),
    ),
    Table(
        "facts",
        row="One setting of `[shop]` that imports inferred from all rows. A value in `upswing.toml` wins.",
        key=("name",),
        since="0.2.0",
        columns=(
            required("name", "VARCHAR", "Section and name of the setting, such as `shop.currency`."),
            required("value", "VARCHAR", "Value, as JSON."),
            required("evidence", "VARCHAR", "Counts or names that show the value, as JSON."),
            required("import_id", "VARCHAR", "Import that last changed the value or its evidence."),
            required("inferred_at", "TIMESTAMP", "Time of that import."),
        ),
    ),
    Table(
        "statements",
        row="What one imported file said about one table: its months, columns, states and first rows.",
        since="0.3.0",
        columns=(
            required("import_id", "VARCHAR", "Import that the file was part of."),
            required("file", "VARCHAR", "Name of the file."),
            required("table_name", "VARCHAR", "Table that the statement is about."),
            required("statement", "VARCHAR", "Statement, as JSON."),
        ),
    ),
    Table(
        "foreign_amounts",
        row="The sum of one file's order lines in a currency for which the shop has no rate.",
        since="0.3.0",
        columns=(
            required("import_id", "VARCHAR", "Import that the file was part of."),
            required("file", "VARCHAR", "Name of the file."),
            required("currency", "VARCHAR", "Currency, as an ISO 4217 code."),
            required("lines", "BIGINT", "Order lines.", "lines"),
            required("units", "DOUBLE", "Their units, which count in `orders`.", "units"),
            required("cents", "BIGINT", "Their amount, which `orders` lacks.", "cents"),
        ),
    ),
    Table(
        "stock_locations",
        row="The stock of a product at one location at the end of a day; `stock` has the sum.",
        key=("day", "product_id", "location"),
        since="0.3.0",
        columns=(
            *STOCK.only("day", "product_id"),
            required("location", "VARCHAR", "Name of the location."),
            *STOCK.only("on_hand", "on_order"),
        ),
    ),
    Table(
        "journal",
        row="One step of an import, from which the warehouse can be made again without another import: `import --undo`.",
        since="0.3.0",
        columns=(
            required("import_id", "VARCHAR", "Import that the step was part of."),
            required("part", "BIGINT", "Place of the step within the import."),
            required(
                "step", "VARCHAR", "`base`: rows of an earlier version; `rows`: rows of a file for one table; `facts`: inferred facts."
            ),
            optional("table_name", "VARCHAR", "Table that the rows went into; they are in the table `given_NAME`."),
            optional("file", "VARCHAR", "Name of the file."),
            required("record", "VARCHAR", "How the rows were merged, or what the facts were inferred from, as JSON."),
        ),
    ),
    Table(
        "touched",
        row="One table that an import changed since the last feature build.",
        columns=(
            required("table_name", "VARCHAR", "Table that changed."),
            required("first_day", "DATE", "Earliest day that changed."),
            required("import_id", "VARCHAR", "Import that changed it."),
        ),
    ),
    Table(
        "quarantine",
        row="One rejected row.",
        columns=(
            required("import_id", "VARCHAR", "Import that rejected the row."),
            required("file", "VARCHAR", "File that holds the row."),
            required("table_name", "VARCHAR", "Table that the row was meant for."),
            optional("line", "BIGINT", "Line in the file."),
            optional("column_name", "VARCHAR", "Column at fault."),
            optional("value", "VARCHAR", "Value at fault."),
            required("reason", "VARCHAR", "Reason for the rejection."),
        ),
    ),
)

_MERGED_BY = {  # columns that merging reads and that are not stored
    "orders": (Column("line_id", "VARCHAR"),),
    "stock": (Column("location", "VARCHAR"),),
    "events": (Column("views", "BIGINT"), Column("carts", "BIGINT"), Column("wishlists", "BIGINT")),
}
# The valid rows of every import as its files gave them: what the canonical tables are made from.
GIVEN: dict[str, Table] = {
    name: Table(
        f"given_{name}",
        row=f"One valid row of a file for the table `{name}`.",
        since="0.3.0",
        columns=(
            required("import_id", "VARCHAR", "Import that the file was part of."),
            required("part", "BIGINT", "Step of the import, as in `journal`."),
            optional("line", "BIGINT", "Line in the file."),
            *(Column(c.name, c.type, False, c.meaning, c.unit) for c in (*table.columns, *_MERGED_BY.get(name, ()))),
        ),
    )
    for name, table in CANONICAL.items()
}
