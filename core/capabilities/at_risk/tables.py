"""The serving tables of customers at risk: each customer, their segments, what the check on past days said, and past campaigns."""

from core.schema import Table, optional, required

FEW = 10  # customers: a smaller group is not told apart
REASONS = ("gap", "frequency", "first_order", "value", "returns", "reviews", "stock")

CUSTOMERS = Table(
    "at_risk_customers",
    row="One customer who bought in the last year, with the chance of not coming back.",
    key=("customer_id",),
    since="0.2.0",
    columns=(
        required("customer_id", "VARCHAR", "Pseudonym of the customer."),
        required("segment", "VARCHAR", "Segment of the last purchase; `all` in a shop without segments."),
        required("chance", "DOUBLE", "Probability of no order in the next 90 days.", "probability"),
        required("value_cents", "DOUBLE", "What the customer spends in 90 days, by the last year.", "cents"),
        required("at_stake_cents", "DOUBLE", "`chance` times `value_cents`.", "cents"),
        required("last_bought_on", "DATE", "Day of the last purchase."),
        required("orders", "BIGINT", "Days with a purchase.", "days"),
        required(
            "reason",
            "VARCHAR",
            "What raises the chance most beside the mean customer: `gap`, `frequency`, `first_order`, `value`, `returns`, `reviews`, "
            "`stock`.",
        ),
    ),
)

GROUPS = Table(
    "at_risk_groups",
    row="The customers of one segment whose chance has one main reason; groups of at least 10.",
    key=("segment", "reason"),
    since="0.2.0",
    columns=(
        required("segment", "VARCHAR", "Customer segment; `all` is all customers."),
        required("reason", "VARCHAR", "Main reason; `all` is every reason, `other` those of fewer than 10 customers."),
        required("customers", "BIGINT", "Customers.", "customers"),
        required("likely", "BIGINT", "Those with a chance of at least 50%.", "customers"),
        required("leaving", "DOUBLE", "Sum of the chances: as many are expected to stay away.", "customers"),
        required("value_cents", "DOUBLE", "What they spend in 90 days.", "cents"),
        required("at_stake_cents", "DOUBLE", "The part of it that is expected to be lost.", "cents"),
    ),
)

CHECK = Table(
    "at_risk_check",
    row="How the chances did on one past day whose 90 days are over, made from the data before it.",
    key=("day",),
    since="0.2.0",
    columns=(
        required("day", "DATE", "Last day whose data the chances used."),
        required("customers", "BIGINT", "Customers.", "customers"),
        required("stayed_away", "DOUBLE", "Share that ordered nothing in the 90 days.", "share"),
        required("expected", "DOUBLE", "Mean chance.", "probability"),
        required("auc", "DOUBLE", "Probability that one who stayed away had the higher chance than one who did not."),
        required("auc_recency", "DOUBLE", "The same of the days since the last purchase."),
        required("auc_lifetimes", "DOUBLE", "The same of BG/NBD's expected purchases."),
        required("ece", "DOUBLE", "Mean gap between chance and share over ten equal groups.", "probability"),
    ),
)

CAMPAIGNS = Table(
    "contact_effects",
    row="What one past campaign of contacts did, by its customers held out.",
    key=("campaign",),
    since="0.2.0",
    columns=(
        required("campaign", "VARCHAR", "Campaign."),
        required("day", "DATE", "First day of its contacts."),
        required("contacted", "BIGINT", "Customers contacted.", "customers"),
        required("held_out", "BIGINT", "Customers held out.", "customers"),
        optional("effect", "DOUBLE", "Share that ordered within 30 days, of the contacted less of those held out.", "share"),
        optional("low", "DOUBLE", "Lower end of its 95% interval."),
        optional("high", "DOUBLE", "Upper end of its 95% interval."),
    ),
)

TABLES = (CUSTOMERS, GROUPS, CHECK, CAMPAIGNS)
