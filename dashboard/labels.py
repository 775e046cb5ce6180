"""What the model's names are called in front of a merchandiser, in both languages."""

from __future__ import annotations

from core.capabilities.forecast.reasons import named
from core.messages import Message
from core.schema import CANONICAL
from dashboard.i18n import _, number, percent, show

SHOWN_METRICS = ("precision_at_50", "brier_skill", "average_precision", "ece")


def N_(text: str) -> str:
    """Marks a string for the catalogue; it is translated where it is shown."""
    return text


DRIVERS = {  # name, and what it is about
    "text": (N_("Wording"), N_("what title, brand, category and description say")),
    "reviews": (N_("Reviews"), N_("what buyers write, and how they rate it")),
    "demand": (N_("Sales level"), N_("how much it sells at all")),
    "momentum": (N_("Momentum"), N_("whether sales speed up or slow down")),
    "audience": (N_("Buyers"), N_("who buys it, and who comes back")),
    "attention": (N_("Attention"), N_("views, carts, searches and ads before the order")),
    "price": (N_("Price"), N_("its price against what is usual")),
    "promotion": (N_("Promotion"), N_("campaigns that run or are planned")),
    "season": (N_("Season"), N_("the calendar, and what it did a year ago")),
    "market": (N_("Market"), N_("the whole shop, ranks and search interest")),
    "newness": (N_("Newness"), N_("how long it has been on sale")),
    "graph": (N_("Similar products"), N_("how products like it are doing")),
    "segment": (N_("Customer group"), N_("habits of this customer group")),
}
ATTRIBUTES = {"country": N_("country"), "channel": N_("channel")}  # what tells customers apart, where a shop has no word of its own
SEGMENTS = {"all": N_("Everyone"), "other": N_("Others")}
STATUSES = {
    "order now": N_("Order now"),
    "enough": N_("Enough"),
    "stock unknown": N_("Stock unknown"),
    "stock outdated": N_("Stock outdated"),
    "stock below zero": N_("Stock below zero"),
    "pack size not usable": N_("Pack size not usable"),
    "minimum above maximum": N_("Minimum above maximum"),
    "snoozed": N_("Snoozed"),
    "withheld": N_("No order possible"),
}
NO_ORDER = {  # why a status has levels and no order
    "stock unknown": N_("No file gives this stock, so there are levels only: bring stock up to the second when it falls below the first."),
    "stock outdated": N_("The last stock count is more than 14 days old, so there are levels only. Import a newer stock file."),
    "stock below zero": N_("The stock count is below zero, which can't be, so there are levels only. Correct it in the stock file."),
    "pack size not usable": N_("The pack size is 0 or less, so no order can be rounded to it. Correct it in the products file."),
    "minimum above maximum": N_(
        "The minimum order, in whole packs, is above the maximum, so no quantity meets both. Correct one of them in the products file."
    ),
}
REJECTED = (  # why rows are set aside: core/ingest/convert/checks.py
    N_("a broken row"),
    N_("a count below zero"),
    N_("a count of orders below zero"),
    N_("a date before 1990"),
    N_("a date in the future"),
    N_("a date that cannot be read"),
    N_("a number that cannot be read"),
    N_("a price below zero"),
    N_("it ends before it starts"),
    N_("lead time below zero"),
    N_("lead time's deviation below zero"),
    N_("minimum order below zero"),
    N_("no customer id"),
    N_("no date"),
    N_("no first day"),
    N_("no kind of event"),
    N_("no last day"),
    N_("no product id"),
    N_("no relation"),
    N_("no series"),
    N_("no source"),
    N_("no stock on hand"),
    N_("no supplier"),
    N_("no target"),
    N_("no title"),
    N_("no units"),
    N_("no value"),
    N_("not a product: postage, fee, discount, voucher, sample or test"),
    N_("order days that cannot be read"),
    N_("pack size below zero"),
    N_("price not above zero: stock adjustment or sample, not a sale"),
    N_("stock below zero"),
    N_("units are zero"),
    N_("units not above zero"),
    N_("units on order below zero"),
    N_("unknown kind of event"),
)
METRICS = {
    "average_precision": (N_("Ranking"), N_("How well risers stand above the rest: 1 is perfect, the share of risers is guessing.")),
    "brier_skill": (
        N_("Skill of the chances"),
        N_("How much closer its chances come to what happened than the shop's average would: 0% is no better, 100% is perfect."),
    ),
    "precision_at_50": (N_("Right in its top 50"), N_("Of the 50 products it put first, the share that did rise.")),
    "ece": (N_("Chances are off by"), N_("How far a stated chance lies from what came true, on average. Lower is better.")),
}
LEARNERS = {
    "model": N_("Upswing"),
    "base_rate": N_("The shop's average"),
    "momentum": N_("What grew goes on growing"),
    "text_regression": N_("Words alone"),
    "text_encoder": N_("Language model alone"),
    "lightgbm": N_("Trees"),
    "lightgbm_text": N_("Trees with words"),
    "lightgbm_encoder": N_("Trees with the language model"),
    "lightgbm_searched": N_("Trees, searched"),
    "lightgbm_text_segments": N_("Trees with words, all groups"),
}
POLICIES = {
    "upswing": N_("Upswing"),
    "twelve_week_mean": N_("Mean of 12 weeks and a safety factor"),
    "seasonal_naive": N_("Same weeks a year ago and a safety factor"),
    "croston_sba": N_("Croston (SBA) and a safety factor"),
    "auto_ets": N_("Exponential smoothing and a safety factor"),
}
VERDICTS = {"ahead": N_(":blue[Upswing is ahead]"), "behind": N_(":orange[Upswing is behind]"), "even": N_("no clear difference")}
LOWER_IS_BETTER = {"ece"}
LAYOUTS = {
    "generic": N_("Common column names"),
    "uci-online-retail": N_("UCI Online Retail"),
    "complete-journey": N_("The Complete Journey"),
    "amazon-reviews": N_("Amazon reviews"),
}
SIGNALS = {"orders": N_("Orders"), "views": N_("Views"), "carts": N_("Carts"), "reviews": N_("Reviews")}
UNITS = {
    "orders": N_("orders"),
    "orders a week": N_("orders a week"),
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
COLUMNS = {  # of the canonical tables, as far as they are asked for
    "ordered_at": N_("Day of the sale"),
    "product_id": N_("Number or name of the product"),
    "units": N_("Units"),
    "unit_price": N_("Price of a unit"),
    "line_total": N_("Total of the line"),
    "order_id": N_("Number of the order"),
    "customer_id": N_("Number of the customer"),
    "country": N_("Country"),
    "title": N_("Name of the product"),
    "category": N_("Category"),
    "occurred_at": N_("Time of the event"),
    "kind": N_("Kind of event"),
    "views": N_("Views"),
    "carts": N_("Carts"),
    "wishlists": N_("Wish lists"),
    "created_at": N_("Day of the review"),
    "rating": N_("Rating"),
    "body": N_("Text of the review"),
    "day": N_("Day"),
    "on_hand": N_("Units on hand"),
    "due_on": N_("Day of delivery"),
    "supplier": N_("Supplier"),
    "starts_on": N_("First day"),
    "ends_on": N_("Last day"),
    "description": N_("Description"),
    "price": N_("Price"),
    "unit_cost": N_("Cost of a unit"),
    "location": N_("Warehouse"),
    "visitor_id": N_("Number of the visitor"),
}
JOBS = {
    "import": N_("Import"),
    "retrain": N_("Retraining"),
    "rescore": N_("Fresh forecasts"),
    "backtest": N_("Backtest"),
    "simulate": N_("Replay of a year"),
    "explain": N_("Words of a product"),
}
JOB_STATUSES = {
    "queued": N_("waiting"),
    "running": N_("running"),
    "done": N_("done"),
    "failed": N_("failed"),
    "cancelled": N_("cancelled"),
    "interrupted": N_("interrupted"),
}
STEPS = {
    "import": N_("reading files"),
    "features": N_("preparing data"),
    "panel": N_("loading"),
    "embed": N_("reading texts"),
    "pretrain": N_("learning the shop's words"),
    "train": N_("learning"),
    "score": N_("forecasting"),
    "publish": N_("publishing"),
    "words": N_("weighing words"),
    "backtest": N_("looking back"),
    "simulate": N_("replaying orders"),
    "judge": N_("judging"),
}
MODEL_STATUSES = {"candidate": N_("candidate"), "champion": N_("in use"), "discarded": N_("discarded"), "retired": N_("retired")}
ACTS = {
    "promote": N_("put in use"),
    "discard": N_("discarded"),
    "rollback": N_("rolled back"),
    "publish": N_("published"),
    "override": N_("plan changed"),
    "take back": N_("change taken back"),
}


def said(among: dict[str, str], name: str) -> str:
    """The word for a name; a name nobody foresaw stands for itself."""
    return _(among[name]) if name in among else name


def column(place: str) -> str:
    """A column such as "orders.units"."""
    return said(COLUMNS, place.partition(".")[2])


def driver(name: str) -> str:
    return _(DRIVERS[name][0]) if name in DRIVERS else name.capitalize()


def driver_meaning(name: str) -> str:
    return _(DRIVERS[name][1]) if name in DRIVERS else ""


def feature(name: str, meaning: str | None) -> str:
    """Return what a feature means. Its English meaning is the key of core's catalogue."""
    spoken = show(Message(meaning)) if meaning else name.replace("_", " ")
    return spoken[:1].upper() + spoken[1:]


def segment(name: str) -> str:
    return said(SEGMENTS, name)


def status(name: str) -> str:
    return said(STATUSES, name)


def no_order(name: str) -> str:
    """Why this status has no order; "" where it has one or needs none."""
    return said(NO_ORDER, name) if name in NO_ORDER else ""


def table(name: str) -> str:
    return show(CANONICAL[name].title) if name in CANONICAL else name


def table_adds(name: str, otherwise: str) -> str:
    """What the forecasts gain from a table."""
    return show(CANONICAL[name].adds) if name in CANONICAL else otherwise


def rejected(reason: str) -> str:
    """Why rows were set aside; a reason nobody foresaw stands for itself."""
    scale = reason.removeprefix("a rating outside 1 to ")
    if scale != reason:
        return _("a rating outside 1 to {scale}").format(scale=scale)
    return _(reason) if reason in REJECTED else reason


def layout(preset: str) -> str:
    """What a preset of the import is called."""
    return said(LAYOUTS, preset)


def metric(name: str) -> tuple[str, str]:
    """A figure's name and what it says."""
    title, meaning = METRICS[name]
    return _(title), _(meaning)


def metric_value(name: str, value: float) -> str:
    if name in ("brier_skill", "precision_at_50"):
        return percent(value)
    if name == "ece":
        return _("{points} pts").format(points=number(100 * value, 1))
    return number(value, 3)


def pushes(drivers) -> str:
    """The three drivers named first as words with arrows: "Season ▲▲  Price ▼". drivers: all records with driver and attribution."""
    spoken = []
    for name, attribution in named((one["driver"], one["attribution"]) for one in drivers)[:3]:
        size = abs(attribution)
        strength = 3 if size >= 1 else 2 if size >= 0.4 else 1 if size >= 0.05 else 0
        if strength:
            spoken.append(f"{driver(name)} {('▲' if attribution > 0 else '▼') * strength}")
    return "  ".join(spoken)


def value(amount: float, unit: str) -> str:
    """A feature's value in its unit (of core/features.py): 12 orders, 34%, ×1.30."""
    if unit == "share":
        return percent(amount)
    if unit == "times":
        return f"×{number(amount, 2)}"
    if unit == "yes or no":
        return _("yes") if amount else _("no")
    if unit in ("money", "index", "phase", "rank"):
        return number(amount, 0 if unit == "rank" else 2)
    return f"{number(amount, 2 if amount and abs(amount) < 1 else None)} {said(UNITS, unit)}".strip()
