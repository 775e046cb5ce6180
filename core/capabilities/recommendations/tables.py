"""The serving tables of recommendations: lists for customers and segments, and how good such lists were."""

from core.schema import Table, optional, required

AGAIN, WITH, LIKE, CATEGORY, POPULAR, RISING = "again", "bought_with", "similar", "category", "popular", "rising"
LENGTH = 10  # places of a list
OURS, LEANING = "recommendations", "leaning"
BEFORE = "bought_before"
SIMPLE = (POPULAR, BEFORE, WITH)  # lists that a shop has without us
REASONS = (AGAIN, WITH, LIKE, CATEGORY, POPULAR, RISING)

CUSTOMERS = Table(
    "recommended_customers",
    row="One customer with a list: bought something in the last year.",
    key=("customer_id",),
    since="0.2.0",
    columns=(
        required("customer_id", "VARCHAR", "Pseudonym of the customer."),
        required("segment", "VARCHAR", "Segment of the last purchase; `all` in a shop without segments."),
        required("purchases", "BIGINT", "Products bought, once a day.", "purchases"),
        required("last_bought_on", "DATE", "Day of the last purchase."),
    ),
)

RECOMMENDATIONS = Table(
    "recommendations",
    row="One place of one customer's list.",
    key=("customer_id", "place"),
    since="0.2.0",
    columns=(
        required("customer_id", "VARCHAR", "Pseudonym of the customer."),
        required("place", "INTEGER", "Place on the list, from 1."),
        required("product_id", "VARCHAR", "Product on it."),
        required(
            "chance", "DOUBLE", "Probability that the customer, when buying within 14 days, buys this; before leaning.", "probability"
        ),
        required(
            "reason",
            "VARCHAR",
            "Main reason for listing it: `again` (bought before), `bought_with` or `similar` to another product, `category`, `popular`, "
            "`rising`.",
        ),
        optional("because_id", "VARCHAR", "The other product of `bought_with` and `similar`."),
        optional("days_bought", "BIGINT", "Days on which the customer bought it before.", "days"),
        optional("bought_on", "DATE", "The last of them."),
    ),
)

SEGMENT_RECOMMENDATIONS = Table(
    "segment_recommendations",
    row="One place of one segment's list.",
    key=("segment", "place"),
    since="0.2.0",
    columns=(
        required("segment", "VARCHAR", "Segment with at least 10 customers; `all` is all customers."),
        required("place", "INTEGER", "Place on the list, from 1."),
        required("product_id", "VARCHAR", "Product on it."),
        required("chance", "DOUBLE", "Mean probability over the customers of the segment.", "probability"),
        required("listed", "BIGINT", "Customers whose own list names it.", "customers"),
        required("customers", "BIGINT", "Customers of the segment.", "customers"),
        required("reason", "VARCHAR", "The most frequent reason on these lists, as in `recommendations`; `popular` where none names it."),
    ),
)

LIST_QUALITY = Table(
    "list_quality",
    row="How one kind of list did on the last 14 days, made from the data before them.",
    key=("list",),
    since="0.2.0",
    columns=(
        required(
            "list",
            "VARCHAR",
            "`recommendations`, the same `leaning` towards products with recent momentum, or a simple list: `popular`, `bought_before`, "
            "`bought_with`.",
        ),
        required("day", "DATE", "Last day whose data the list used."),
        required("customers", "BIGINT", "Customers who bought in the 14 days, and before.", "customers"),
        required("recall", "DOUBLE", "Share of what they bought that their 10 places named.", "share"),
        required("ndcg", "DOUBLE", "Normalised discounted cumulative gain of the 10 places."),
        optional("recall_new", "DOUBLE", "The same for products new to the customer.", "share"),
        optional("ndcg_new", "DOUBLE", "The same for products new to the customer."),
        required("coverage", "DOUBLE", "Share of the products on sale that some list names.", "share"),
        required("exposure", "DOUBLE", "Share of all places that the 1% most listed products take.", "share"),
    ),
)

TABLES = (CUSTOMERS, RECOMMENDATIONS, SEGMENT_RECOMMENDATIONS, LIST_QUALITY)
