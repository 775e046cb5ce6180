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

UPLIFT = Table(
    "contact_uplift",
    row="What past contacts by one channel brought, by customers held out, the channel that surely brought most first.",
    key=("channel",),
    since="0.3.0",
    columns=(
        required("channel", "VARCHAR", "Channel; empty where contacts have none."),
        required("contacts", "BIGINT", "Contacts that are learnt from.", "contacts"),
        required("held_out", "BIGINT", "Customers held out.", "customers"),
        required("each", "DOUBLE", "Extra orders of one contact within 30 days.", "orders"),
        optional("each_chosen", "DOUBLE", "The same of customers whom the learner, without having seen them, would have chosen.", "orders"),
        optional("low", "DOUBLE", "Lower end of its 95% interval.", "orders"),
        optional("high", "DOUBLE", "Upper end of its 95% interval.", "orders"),
        required("qini", "DOUBLE", "Qini coefficient of the learner on customers it has not seen.", "orders"),
        required("qini_response", "DOUBLE", "The same of the orders expected after a contact.", "orders"),
        required("contact", "BOOLEAN", "Whether contacting those chosen surely brings orders: `low` is above 0."),
    ),
)

CONTACT_GROUPS = Table(
    "contact_groups",
    row="How many customers of one segment to contact by the best channel; segments with at least 10 of them.",
    key=("segment",),
    since="0.3.0",
    columns=(
        required("segment", "VARCHAR", "Customer segment; `all` is all customers."),
        required("channel", "VARCHAR", "Channel."),
        required("customers", "BIGINT", "Customers who ordered in the last year.", "customers"),
        required("chosen", "BIGINT", "Those to contact.", "customers"),
        optional("extra_orders", "DOUBLE", "Extra orders within 30 days that are expected of it.", "orders"),
        optional("low", "DOUBLE", "Lower end of their 95% interval.", "orders"),
        optional("high", "DOUBLE", "Upper end of their 95% interval.", "orders"),
    ),
)

CHOICES = Table(
    "contact_choices",
    row="One customer who ordered in the last year, and whether to contact them by the best channel.",
    key=("customer_id",),
    since="0.3.0",
    columns=(
        required("customer_id", "VARCHAR", "Pseudonym of the customer."),
        required("channel", "VARCHAR", "Channel."),
        required("extra_orders", "DOUBLE", "Extra orders within 30 days that are expected of a contact.", "orders"),
        required("contact", "BOOLEAN", "Whether to contact the customer."),
    ),
)

TABLES = (CUSTOMERS, GROUPS, CHECK, CAMPAIGNS, UPLIFT, CONTACT_GROUPS, CHOICES)
