"""The serving tables of the track record: past updates, sums over their forecasts, and the latest forecasts one by one."""

from core.schema import Table, optional, required

ROSE, FELL, NEITHER = "rose", "fell", "neither"
OUT_OF_STOCK, MERGED, SPLIT, GONE = "out of stock", "merged", "split", "gone"  # why a forecast cannot be judged
OUTCOMES = (ROSE, FELL, NEITHER, OUT_OF_STOCK, MERGED, SPLIT, GONE)

UPDATES = Table(
    "track_updates",
    row="One past update: the last of its week, published or replayed.",
    key=("as_of",),
    since="0.2.0",
    columns=(
        required("as_of", "DATE", "Last day whose data the update used."),
        required("matures_on", "DATE", "Last day of the weeks that it forecast."),
        required("model", "VARCHAR", "Model that made the forecasts; of a replay, the last origin that it was trained on."),
        required("published_at", "TIMESTAMP", "Time of publishing, or of the replay, in UTC."),
        required("replay", "BOOLEAN", "Whether the forecasts were made afterwards, from data up to `as_of` alone."),
        required("judged", "BOOLEAN", "Whether the weeks that it forecast are over, and are counted as they were then."),
    ),
)

_SUMS = (
    required("forecasts", "BIGINT", "Forecasts.", "forecasts"),
    required("judged", "BIGINT", "Those whose outcome is known.", "forecasts"),
    required("chances", "DOUBLE", "Sum of the rising probabilities of the judged: as many are expected to rise.", "forecasts"),
    required("risers", "BIGINT", "Judged forecasts of products that rose.", "forecasts"),
    required("called", "BIGINT", "Forecasts on the list of the highest chances.", "forecasts"),
    required("called_judged", "BIGINT", "Judged forecasts on that list.", "forecasts"),
    required("hits", "BIGINT", "Judged forecasts on that list of products that rose.", "forecasts"),
    required("ranged", "BIGINT", "Judged forecasts with a range of units.", "forecasts"),
    required("inside", "BIGINT", "Those whose units lay within the 80% range.", "forecasts"),
    required("valued", "BIGINT", "Judged forecasts on the list whose usual units are known.", "forecasts"),
    required("extra_units", "DOUBLE", "Units that these sold above their own usual rate; below it counts as negative.", "units"),
    required("priced", "BIGINT", "Those of them with a price.", "forecasts"),
    required("extra_revenue_cents", "DOUBLE", "Revenue of these units at the price of those weeks.", "cents"),
    required("costed", "BIGINT", "Those of them with a price and a cost.", "forecasts"),
    required("extra_margin_cents", "DOUBLE", "Margin of these units at that price and today's unit cost.", "cents"),
)
SUMS = tuple(column.name for column in _SUMS)

TRACK_RECORD = Table(
    "track_record",
    row="The forecasts of one judged update for one segment and category, with a rising probability in one step of 10%.",
    key=("as_of", "segment", "category", "step"),
    since="0.2.0",
    columns=(
        required("as_of", "DATE", "Last day whose data the update used."),
        required("segment", "VARCHAR", "Customer segment; `all` is all customers."),
        required("category", "VARCHAR", "Category of the products; empty where it is not known."),
        required("step", "INTEGER", "Tenths: 0 is a probability below 10%, 9 one of 90% or more."),
        *_SUMS,
    ),
)

CALLS = Table(
    "track_calls",
    row="One forecast of one of the last judged updates. Of segments, those on the list and those that rose.",
    key=("as_of", "segment", "product_id"),
    since="0.2.0",
    columns=(
        required("as_of", "DATE", "Last day whose data the update used."),
        required("segment", "VARCHAR", "Customer segment; `all` is all customers."),
        required("product_id", "VARCHAR", "Number that the product had then."),
        required("counts_as", "VARCHAR", "Number under which it is counted now, by the map of product numbers."),
        required("place", "INTEGER", "Place by rising probability in this update and segment, from 1."),
        required("called", "BOOLEAN", "Whether it was on the list of the highest chances."),
        required("rising_probability", "DOUBLE", "Probability of rising that was forecast.", "probability"),
        required("falling_probability", "DOUBLE", "Probability of falling that was forecast.", "probability"),
        optional("units_low", "DOUBLE", "Lower end of the forecast 80% range of units in 4 weeks.", "units"),
        optional("units_middle", "DOUBLE", "Forecast median of units in 4 weeks.", "units"),
        optional("units_high", "DOUBLE", "Upper end of that range.", "units"),
        required("outcome", "VARCHAR", "`rose`, `fell`, `neither`, or why it is not judged: `out of stock`, `merged`, `split`, `gone`."),
        optional("units", "DOUBLE", "Units wanted in those 4 weeks; empty where it cannot be judged.", "units"),
        optional("orders", "DOUBLE", "Orders, or another interest signal, in the horizon.", "orders"),
        optional("usual_orders", "DOUBLE", "Orders in the horizon at its own usual rate, after the shop's growth.", "orders"),
        optional("extra_units", "DOUBLE", "Units sold above its own usual rate.", "units"),
        optional("extra_revenue_cents", "DOUBLE", "Their revenue.", "cents"),
        optional("extra_margin_cents", "DOUBLE", "Their margin.", "cents"),
    ),
)

TABLES = (UPDATES, TRACK_RECORD, CALLS)
