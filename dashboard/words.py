"""What the model's names are called in front of a merchandiser, in both languages."""

from __future__ import annotations

from dashboard.i18n import _, number, percent

SHOWN_METRICS = ("precision_at_50", "brier_skill", "average_precision", "ece")


def driver(name: str) -> str:
    return {
        "text": _("Wording"), "reviews": _("Reviews"), "demand": _("Sales level"), "momentum": _("Momentum"), "audience": _("Buyers"),
        "attention": _("Attention"), "price": _("Price"), "promotion": _("Promotion"), "season": _("Season"), "market": _("Market"),
        "newness": _("Newness"), "graph": _("Similar products"), "segment": _("Customer group"), "image": _("Picture"),
    }.get(name, name.capitalize())


def driver_meaning(name: str) -> str:
    return {
        "text": _("what title, brand, category and description say"), "reviews": _("what buyers write, and how they rate it"),
        "demand": _("how much it sells at all"), "momentum": _("whether sales speed up or slow down"),
        "audience": _("who buys it, and who comes back"), "attention": _("views, carts, searches and ads before the order"),
        "price": _("its price against what is usual"), "promotion": _("campaigns that run or are planned"),
        "season": _("the calendar, and what it did a year ago"), "market": _("the whole shop, ranks and search interest"),
        "newness": _("how long it has been on sale"), "graph": _("how products like it are doing"),
        "segment": _("habits of this customer group"), "image": _("what its picture shows"),
    }.get(name, "")


def feature(name: str, meaning: str | None) -> str:
    """What a feature says; the catalogue holds the glossary's meanings in Chinese."""
    said = _(meaning) if meaning else name.replace("_", " ")
    return said[:1].upper() + said[1:]


def segment(name: str) -> str:
    return {"all": _("Everyone"), "other": _("Others")}.get(name, name)


def status(name: str) -> str:
    return {"order now": _("Order now"), "enough": _("Enough"), "stock unknown": _("Stock unknown")}.get(name, name)


def table(name: str) -> str:
    return {
        "products": _("Products"), "orders": _("Orders"), "events": _("Views, carts and searches"), "reviews": _("Reviews"),
        "customers": _("Customers"), "stock": _("Stock"), "promotions": _("Promotions"), "market": _("Market"), "links": _("Product links"),
    }.get(name, name)


def table_adds(name: str, otherwise: str) -> str:
    """What a missing table would add to the forecasts."""
    return {
        "products": _("what the language model reads: who a product resembles, what season and taste it serves"),
        "orders": _("demand itself, and with it momentum, audience and price"),
        "events": _("attention before the order: views, carts, searches and ads"),
        "reviews": _("what buyers say, often before sales turn"), "customers": _("segments: for whom a product rises"),
        "stock": _("order suggestions, and telling 'no demand' from 'sold out'"),
        "promotions": _("telling a rise from a campaign"), "market": _("trends outside the shop: ranks and search interest"),
        "links": _("neighbours: what spreads from one product to the next"),
    }.get(name, otherwise)


def metric(name: str) -> tuple[str, str]:
    """A figure's name and what it says."""
    return {
        "average_precision": (_("Ranking"), _("How well risers stand above the rest: 1 is perfect, the share of risers is guessing.")),
        "brier_skill": (_("Skill of the chances"), _("How much closer its chances come to what happened than the shop's average would: "
                                                     "0% is no better, 100% is perfect.")),
        "precision_at_50": (_("Right in its top 50"), _("Of the 50 products it put first, the share that did rise.")),
        "ece": (_("Chances are off by"), _("How far a stated chance lies from what came true, on average. Lower is better.")),
        "brier": (_("Squared error"), _("Mean squared distance between the chance and what happened. Lower is better.")),
        "base_rate": (_("Share of risers"), _("How many products rose at all in those weeks.")),
        "log_loss": (_("Log loss"), _("Surprise at what happened. Lower is better.")),
        "roc_auc": (_("Order of pairs"), _("How often a riser stands above one that did not rise.")),
    }.get(name, (name.replace("_", " ").capitalize(), ""))


def metric_value(name: str, value: float) -> str:
    if name in ("brier_skill", "precision_at_50", "base_rate") or name.startswith(("precision", "recall", "coverage")):
        return percent(value)
    if name == "ece":
        return _("{points} pts").format(points=number(100 * value, 1))
    return number(value, 3)


def lower_is_better(name: str) -> bool:
    return name in ("ece", "brier", "log_loss") or name.startswith(("wape", "pinball", "rmse"))


def job(kind: str) -> str:
    return {"import": _("Import"), "retrain": _("Retraining"), "rescore": _("Fresh forecasts"), "backtest": _("Backtest"),
            "explain": _("Words of a product")}.get(kind, kind)


def job_status(name: str) -> str:
    return {"queued": _("waiting"), "running": _("running"), "done": _("done"), "failed": _("failed"), "cancelled": _("cancelled"),
            "interrupted": _("interrupted")}.get(name, name)


def step(name: str) -> str:
    return {"import": _("reading files"), "features": _("preparing data"), "panel": _("loading"), "embed": _("reading texts"),
            "train": _("learning"), "score": _("forecasting"), "publish": _("publishing"), "words": _("weighing words"),
            "backtest": _("looking back"), "judge": _("judging")}.get(name, name)


def model_status(name: str) -> str:
    return {"candidate": _("candidate"), "champion": _("in use"), "discarded": _("discarded"), "retired": _("retired")}.get(name, name)


def act(name: str) -> str:
    return {"promote": _("put in use"), "discard": _("discarded"), "rollback": _("rolled back"), "publish": _("published")}.get(name, name)


def signal(name: str) -> str:
    return {"orders": _("Orders"), "views": _("Views"), "carts": _("Carts"), "reviews": _("Reviews")}.get(name, name)


def pushes(drivers) -> str:
    """Strongest drivers as words with arrows: "Season ▲▲, Price ▼". drivers: records with driver and attribution."""
    said = []
    for one in drivers:
        size = abs(one["attribution"])
        strength = 3 if size >= 1 else 2 if size >= 0.4 else 1 if size >= 0.05 else 0
        if strength:
            said.append(f"{driver(one['driver'])} {('▲' if one['attribution'] > 0 else '▼') * strength}")
    return "  ".join(said)


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
    digits = 2 if abs(amount) < 1 and amount else None
    return f"{number(amount, digits)} {unit_word(unit)}".strip()


def unit_word(unit: str) -> str:
    return {
        "orders": _("orders"), "units": _("units"), "days": _("days"), "weeks": _("weeks"), "views": _("views"), "stars": _("stars"),
        "words": _("words"), "groups": _("groups"), "points": _("points"), "buyers": _("buyers"), "reviews": _("reviews"), "carts": _("carts"), "clicks": _("clicks"),
        "products": _("products"), "orders a week": _("orders a week"),
    }.get(unit, unit)
