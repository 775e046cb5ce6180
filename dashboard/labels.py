"""The labels of the model's names on the pages, in both languages."""

from __future__ import annotations

from core.capabilities.forecast import words
from core.capabilities.inventory.control import MAX_COVER_WEEKS
from core.jobs import kinds
from core.messages import Message
from core.schema import CANONICAL
from dashboard import data
from dashboard.i18n import _, absent, language, number, percent, show

SHOWN_METRICS = ("precision_at_50", "brier_skill", "average_precision", "ece")


def N_(text: str) -> str:
    """Mark a string for the catalogue; it is translated where it is shown."""
    return text


ATTRIBUTES = {"country": N_("country"), "channel": N_("channel")}  # attributes that segment customers, where the shop names no other
MAP_KINDS = {
    "renamed": N_("Same product, new number"),
    "merged": N_("Two numbers of one product"),
    "successor": N_("Successor"),
    "separate": N_("Two products"),
}
WITHOUT = {"category": N_("No category"), "brand": N_("No brand"), "supplier": N_("No supplier")}
STATUSES = {
    "order now": N_("Order due"),
    "enough": N_("Well stocked"),
    "stock unknown": N_("Stock unknown"),
    "stock outdated": N_("Outdated stock count"),
    "stock below zero": N_("Stock below zero"),
    "pack size not usable": N_("Unusable pack size"),
    "minimum above maximum": N_("Minimum above maximum"),
    "snoozed": N_("Snoozed"),
    "withheld": N_("Can't order"),
}
NO_ORDER = {  # why a status has levels and no order
    "stock unknown": N_(
        "Stock is unknown, so only levels are shown: when stock falls below the reorder point, order up to the target stock."
    ),
    "stock outdated": N_("The last stock count is more than 14 days old, so only levels are shown. Import a newer stock file."),
    "stock below zero": N_("The stock count is below zero, so only levels are shown. Correct it in the stock file."),
    "pack size not usable": N_("The pack size is 0 or less, so orders can't be rounded to packs. Correct it in the products file."),
    "minimum above maximum": N_(
        "In whole packs, the minimum order is above the maximum, so no quantity meets both. Correct one of them in the products file."
    ),
}
LEARNERS = {
    "model": N_("Upswing"),
    "base_rate": N_("Shop average"),
    "momentum": N_("Momentum rule"),
    "text_regression": N_("Words only"),
    "text_encoder": N_("Text model only"),
    "lightgbm": N_("Trees"),
    "lightgbm_text": N_("Trees + words"),
    "lightgbm_encoder": N_("Trees + text model"),
    "lightgbm_searched": N_("Trees, tuned"),
    "lightgbm_text_segments": N_("Trees + words, all groups"),
}
POLICIES = {
    "upswing": N_("Upswing"),
    "twelve_week_mean": N_("12-week mean plus safety factor"),
    "seasonal_naive": N_("Same weeks last year plus safety factor"),
    "croston_sba": N_("Croston (SBA) plus safety factor"),
    "auto_ets": N_("Exponential smoothing plus safety factor"),
}
VERDICTS = {"ahead": N_(":blue[Upswing is ahead]"), "behind": N_(":orange[Upswing is behind]"), "even": N_("no clear difference")}
LOWER_IS_BETTER = {"ece"}
LAYOUTS = {
    "generic": N_("Detect automatically"),
    "uci-online-retail": N_("UCI Online Retail"),
    "complete-journey": N_("The Complete Journey"),
    "amazon-reviews": N_("Amazon reviews"),
}
UNITS = {
    "orders": N_("orders"),
    "orders a week": N_("orders per week"),
    "units": N_("units"),
    "days": N_("days"),
    "views": N_("views"),
    "stars": N_("stars"),
    "buyers": N_("buyers"),
    "groups": N_("groups"),
    "clicks": N_("clicks"),
    "reviews": N_("reviews"),
    "points": N_("points"),
    "words": N_("words"),
    "deviations": N_("standard deviations"),
}
COLUMNS = {  # of the canonical tables, as a mapping names them
    "ordered_at": N_("Order date"),
    "product_id": N_("SKU or name"),
    "bundle": N_("Part of bundle"),
    "units": N_("Units"),
    "unit_price": N_("Unit price"),
    "line_total": N_("Line total"),
    "order_id": N_("Order ID"),
    "customer_id": N_("Customer ID"),
    "country": N_("Country"),
    "title": N_("Product name"),
    "category": N_("Category"),
    "occurred_at": N_("Event time"),
    "kind": N_("Event type"),
    "views": N_("Views"),
    "carts": N_("Carts"),
    "wishlists": N_("Wish lists"),
    "created_at": N_("Review date"),
    "rating": N_("Rating"),
    "body": N_("Review text"),
    "day": N_("Day"),
    "on_hand": N_("Units on hand"),
    "due_on": N_("Delivery date"),
    "supplier": N_("Supplier"),
    "starts_on": N_("Start date"),
    "ends_on": N_("End date"),
    "description": N_("Description"),
    "price": N_("Price"),
    "unit_cost": N_("Unit cost"),
    "location": N_("Warehouse"),
    "visitor_id": N_("Visitor ID"),
    "order_count": N_("Number of orders"),
    "discount": N_("Discount"),
    "channel": N_("Sales channel"),
    "status": N_("Order status"),
    "currency": N_("Currency"),
    "line_id": N_("Line ID"),
    "query": N_("Search words"),
    "review_id": N_("Review ID"),
    "shown_at": N_("Time shown"),
    "campaign": N_("Campaign"),
    "placement": N_("Placement"),
    "position": N_("Position"),
    "segment": N_("Customer group"),
    "cost": N_("Expense"),
    "shown": N_("Times shown"),
    "clicked": N_("Clicks"),
    "bought": N_("Purchases"),
    "propensity": N_("Probability of showing or contacting"),
    "searched_at": N_("Search time"),
    "search_id": N_("Search ID"),
    "contacted_at": N_("Contact time"),
    "treated": N_("Contacted"),
    "on_order": N_("Units on order"),
    "series": N_("Series name"),
    "value": N_("Value"),
    "source": N_("Product"),
    "relation": N_("Relation"),
    "target": N_("Related product"),
    "brand": N_("Brand"),
    "launched_on": N_("Launch date"),
    "lead_time_days": N_("Lead time (days)"),
    "lead_time_sd_days": N_("Lead time variation (days)"),
    "moq": N_("Minimum order (units)"),
    "pack_size": N_("Pack size"),
    "image": N_("Image"),
    "max_order": N_("Maximum order (units)"),
    "shelf_life_days": N_("Shelf life (days)"),
    "updated_at": N_("List date"),
    "order_days": N_("Order days"),
    "min_order": N_("Minimum order value"),
    "old_product_id": N_("Old SKU"),
    "new_product_id": N_("New SKU"),
    "kit_id": N_("Kit SKU"),
    "part_id": N_("Part SKU"),
    "age_band": N_("Age group"),
    "postal_region": N_("Postal region"),
}
STATES = {"sale": N_("a sale"), "return": N_("a return"), "not a sale": N_("not a sale"), "pending": N_("pending")}
JOB_STATUSES = {
    "queued": N_("waiting"),
    "running": N_("running"),
    "done": N_("done"),
    "failed": N_("failed"),
    "cancelled": N_("cancelled"),
    "interrupted": N_("interrupted"),
}
MODEL_STATUSES = {"candidate": N_("candidate"), "champion": N_("in use"), "discarded": N_("discarded"), "retired": N_("retired")}
ACTS = {
    "promote": N_("promoted"),
    "discard": N_("discarded"),
    "rollback": N_("rolled back"),
    "publish": N_("published"),
    "override": N_("plan changed"),
    "take back": N_("change undone"),
    "setting": N_("setting changed"),
    "keep action": N_("action kept"),
    "undo action": N_("action undone"),
}


def said(among: dict[str, str], name: str) -> str:
    """Return the label of a name; a name without a label is returned as it is."""
    return _(among[name]) if name in among else name


def column(place: str) -> str:
    """Return the label of a column such as "orders.units"."""
    return said(COLUMNS, place.partition(".")[2])


def driver(name: str) -> str:
    return show(words.driver(name))


def driver_meaning(name: str) -> str:
    return show(words.DRIVERS[name][1]) if name in words.DRIVERS else ""


def feature(name: str, meaning: str | None) -> str:
    """Return what a feature means. Its English meaning is the key of core's catalogue."""
    spoken = show(Message(meaning)) if meaning else name.replace("_", " ")
    return spoken[:1].upper() + spoken[1:]


def job(kind: str) -> str:
    """Return the label of a job kind."""
    return show(kinds.label(kind))


def step(kind: str, name: str) -> str:
    """Return the label of a job's current step, "" before the first."""
    return show(kinds.step_label(kind, name))


def signal(name: str) -> str:
    """Return what a demand signal is called."""
    return show(words.SIGNALS.get(name, name))


def segment(name: str) -> str:
    """Return the name of a customer group; a country's name for its code where the groups are countries."""
    return words.segment(name, data.meta().segment_attribute if data.has_snapshot() else None, language())


def without(level: str) -> str:
    """Return what products without a category, brand or supplier are called."""
    return _(WITHOUT[level])


def status(name: str) -> str:
    return said(STATUSES, name)


def weeks(cover: float) -> str:
    """Return weeks of supply: 8.7, 24, and "> 104" from the cap on, which is no figure of the product's own."""
    if not absent(cover) and cover >= MAX_COVER_WEEKS:
        return f"> {MAX_COVER_WEEKS:.0f}"
    return number(cover, 1 if cover < 10 else 0)


def no_order(name: str) -> str:
    """Return why this status has no order, "" where it has one or needs none."""
    return said(NO_ORDER, name) if name in NO_ORDER else ""


def table(name: str) -> str:
    title = CANONICAL[name].title if name in CANONICAL else None
    return show(title) if title else name


def table_adds(name: str, otherwise: str) -> str:
    """Return what a table adds to the forecasts."""
    adds = CANONICAL[name].adds if name in CANONICAL else None
    return show(adds) if adds else otherwise


def rejected(reason: str) -> str:
    """Return why rows were set aside: the quarantine keeps the template of a message of core."""
    return show(Message(reason))


def layout(preset: str) -> str:
    """Return the label of an import preset."""
    return said(LAYOUTS, preset)


def metric(name: str) -> tuple[str, str]:
    """Return a metric's (label, definition)."""
    title, meaning = words.METRICS[name]
    return show(title), show(meaning)


def metric_value(name: str, value: float) -> str:
    if name in ("brier_skill", "precision_at_50"):
        return percent(value)
    if name == "ece":
        return _("{points} pts").format(points=number(100 * value, 1))
    return number(value, 3)


def metric_range(name: str, low: float, high: float) -> str:
    """Return a metric's interval; its unit, where that is a word, once."""
    if name == "ece":
        return _("{points} pts").format(points=f"{number(100 * low, 1)}–{number(100 * high, 1)}")
    return f"{metric_value(name, low)}–{metric_value(name, high)}"


def value(amount: float, unit: str) -> str:
    """Return a feature's value with its unit (core/features/definitions.py): 12 orders, 34%, ×1.30."""
    if unit == "share":
        return percent(amount)
    if unit == "times":
        return f"×{number(amount, 2)}"
    if unit == "yes or no":
        return _("yes") if amount else _("no")
    if unit in ("money", "index", "phase", "rank"):
        return number(amount, 0 if unit == "rank" else 2)
    return f"{number(amount, 2 if amount and abs(amount) < 1 else None)} {said(UNITS, unit)}".strip()
