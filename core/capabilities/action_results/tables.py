"""The serving table of action results."""

from core.schema import Table, optional, required

ACTION_RESULTS = Table(
    "action_results",
    row="One action whose days are over, with what was expected and what came.",
    key=("source", "action"),
    since="0.3.0",
    columns=(
        required("source", "VARCHAR", "Where it is recorded: `kept` on the pages, `promotion`, `purchase_order` or `campaign`."),
        required("action", "VARCHAR", "What it is known by there, such as the number of a kept action."),
        required("kind", "VARCHAR", "`feature`, `contact`, `order`, `markdown` or `advert`."),
        optional("name", "VARCHAR", "Its name."),
        required("segment", "VARCHAR", "Customer segment whose sales count; `all` is all customers."),
        required("first_day", "DATE", "First day."),
        required("last_day", "DATE", "Last day."),
        required("count", "BIGINT", "Products that it was done with, or customers who were contacted."),
        required("held_out", "BIGINT", "Products or customers that were held out."),
        optional("expected_units", "DOUBLE", "Units expected in its days."),
        optional("units", "DOUBLE", "Units sold in its days; of a campaign, orders."),
        required("evidence", "VARCHAR", "What it is compared with: `hold_out`, `twins` (products that sold alike before), or `none`."),
        optional("change", "DOUBLE", "What it changed, as a share: .2 is 20% more."),
        optional("low", "DOUBLE", "Lower end of its 95% interval; empty where nothing bounds it."),
        optional("high", "DOUBLE", "Upper end of its 95% interval; empty where nothing bounds it."),
        optional("extra_units", "DOUBLE", "Units, or orders of a campaign, that came by it."),
        optional("low_extra_units", "DOUBLE", "Lower end of their 95% interval."),
        optional("high_extra_units", "DOUBLE", "Upper end of their 95% interval."),
        optional("break_even_units", "DOUBLE", "Extra units whose margin pays for its cost; empty where the margin is not known."),
        required("verdict", "VARCHAR", "`paid`, `not_paid`, or `unclear`."),
        optional("times", "DOUBLE", "How many times the products or weeks it takes to tell, where that is sensible."),
    ),
)

TABLES = (ACTION_RESULTS,)
