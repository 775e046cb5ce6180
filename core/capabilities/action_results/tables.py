"""The serving tables of action results."""

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

CHOICE_RESULTS = Table(
    "choice_results",
    row="One rule of choosing what to show in one place, with what it would have brought, as one estimator says.",
    key=("place", "rule", "estimator"),
    since="0.3.0",
    columns=(
        required("place", "VARCHAR", "Place of the impressions, such as `home`; their campaign where no place is named."),
        required("outcome", "VARCHAR", "What is counted: `clicks`, or `orders` where clicks are not known."),
        required(
            "rule",
            "VARCHAR",
            "`shown`: what was shown; `alike`: the same chance for every product that the campaign could show; `rising`: one of the "
            "quarter of them most likely to rise, by the last forecast before the day.",
        ),
        required("estimator", "VARCHAR", "`shown` of what was shown; `ips`, `snips` or `dr`, which pages show."),
        required("first_day", "DATE", "First day of the impressions."),
        required("last_day", "DATE", "Last day of the impressions."),
        required("impressions", "BIGINT", "Impressions that the rule is judged by.", "times"),
        required("effective", "DOUBLE", "How many of them count: as many of equal weight would tell as much.", "times"),
        required("shown_rate", "DOUBLE", "Clicks or orders an impression of what was shown then.", "share"),
        optional(
            "rate", "DOUBLE", "Clicks or orders an impression that the rule would have brought; empty where too little is known.", "share"
        ),
        optional("low", "DOUBLE", "Lower end of its 95% interval.", "share"),
        optional("high", "DOUBLE", "Upper end of its 95% interval.", "share"),
        optional(
            "finding",
            "VARCHAR",
            "`above` or `below` what was shown, their intervals apart; `unclear`; `too_few` impressions; `misfit`: the recorded "
            "probabilities do not agree with what was shown. Empty for what was shown.",
        ),
        optional("needed", "DOUBLE", "How many impressions it takes, where there are too few.", "times"),
    ),
)

TABLES = (ACTION_RESULTS, CHOICE_RESULTS)
