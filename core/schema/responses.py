"""What a shop put before people and how they answered: impressions of products, lists that searches showed, and contacts.

Forecasts do not read these tables. Uses of the forecast learn from them what an action brings; what planners do on the pages is state
and no import.
"""

from __future__ import annotations

from core.messages import msg
from core.schema.table import Column, Table, optional, required

_COST = "in fractions of a cent too: a single one often costs less than a cent."


def _answers(shown: str) -> tuple[Column, ...]:
    """Return the counts of a row of products that were shown."""
    return (
        required("shown", "BIGINT", f"{shown} that the row stands for: 1 for a single one.", "times"),
        optional("clicked", "BIGINT", "Clicks on the product; empty = not known.", "clicks"),
        optional("bought", "BIGINT", "Orders of the product that followed, as the source counts them; empty = not known.", "orders"),
        optional("propensity", "DOUBLE", "Probability of this choice, where chance took part in it.", "probability"),
        optional("customer_id", "VARCHAR", "Pseudonym of the customer, where known."),
        optional("visitor_id", "VARCHAR", "Pseudonym of the visitor or session."),
    )


IMPRESSIONS = Table(
    "impressions",
    row="One product shown once in one place, or its impressions there over a day. They are not counted as events.",
    key=("shown_at", "product_id", "campaign", "placement", "position", "segment", "customer_id", "visitor_id"),
    since="0.3.0",
    title=msg("Impressions"),
    adds=msg("What each place and campaign brings"),
    columns=(
        required("shown_at", "TIMESTAMP", "Time of the impression."),
        required("product_id", "VARCHAR", "Product that was shown."),
        optional("campaign", "VARCHAR", "Campaign that it was part of."),
        optional("placement", "VARCHAR", "Place, such as `home` or `newsletter`."),
        optional("position", "DOUBLE", "Position in the place, 1 for the first; a mean where the row stands for several."),
        optional("segment", "VARCHAR", "Customer segment that it was shown to."),
        optional("cost_cents", "DOUBLE", f"Cost of the impressions, {_COST}", "cents"),
        *_answers("Impressions"),
    ),
)

SEARCHES = Table(
    "searches",
    row="One product in the list that one search showed, or all lists of a day. A search without results has no product.",
    key=("searched_at", "query", "product_id", "position", "search_id", "customer_id", "visitor_id"),
    since="0.3.0",
    title=msg("Search lists"),
    adds=msg("Which products searches find and people choose"),
    columns=(
        required("searched_at", "TIMESTAMP", "Time of the search."),
        required("query", "VARCHAR", "Words that were searched for."),
        optional("search_id", "VARCHAR", "Search that showed the list."),
        optional("product_id", "VARCHAR", "Product in the list; empty where the search found none."),
        optional("position", "DOUBLE", "Position in the list, 1 for the first; a mean where the row stands for several."),
        *_answers("Lists"),
    ),
)

CONTACTS = Table(
    "contacts",
    row="One customer whom a campaign contacted, or held out so as to compare.",
    key=("contacted_at", "customer_id", "campaign", "channel"),
    since="0.3.0",
    title=msg("Contacts"),
    adds=msg("Which customers to contact, and whether it pays"),
    columns=(
        required("contacted_at", "TIMESTAMP", "Time of the contact; of a customer held out, the time at which it would have been."),
        required("customer_id", "VARCHAR", "Pseudonym of the customer."),
        optional("campaign", "VARCHAR", "Campaign that it was part of."),
        optional("channel", "VARCHAR", "Channel, such as `email`, `push` or `post`."),
        required("treated", "BOOLEAN", "Whether the customer was contacted; false for one held out."),
        optional(
            "propensity",
            "DOUBLE",
            "Probability that the campaign contacts this customer, where chance chose; also of one held out.",
            "probability",
        ),
        optional("cost_cents", "DOUBLE", f"Cost of the contact, {_COST}", "cents"),
    ),
)
