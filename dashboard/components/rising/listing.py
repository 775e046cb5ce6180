"""The list of products: its columns, what each cell says, its reasons as facts, and the whole of it as a table for files."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import pandas as pd

from core.capabilities.forecast.listing import REASONS, Reason, reasons
from core.capabilities.inventory.control import ENOUGH, ORDER_NOW
from core.messages import show as show_in
from core.schema import ALL
from dashboard import data, labels, pictures
from dashboard.components import rows
from dashboard.i18n import _, absent, day, language, money, number, percent, shortened

COMPARED = 2, 4  # products


def show(
    key: str,
    found: pd.DataFrame,
    currency: str,
    *,
    segment: str = ALL,
    falling: bool = False,
    first: int = 0,
    total: int | None = None,
    sort: str = "probability",
    on_sort: Callable[[str], None] | None = None,
    selects: bool = False,
    actions: Sequence[rows.Action] = (),
) -> list[str]:
    """Show a page of the answer to `rising` and return the products that are chosen in the list."""
    tone: rows.Tone = "fall" if falling else "rise"
    column, direction = rows.Column, _("Chance of falling") if falling else _("Chance of rising")
    columns = [
        column(_("Product"), "product", "product", 168, 2.2),
        column(direction, "chance", "chance", 88, 0.7, tone=tone, sort="probability"),
        column(_("26 weeks"), "trend", "trend", 84, 0.3, tone=tone, help=_("Weekly units. Grey: the same weeks a year ago.")),
        column(_("Main reasons"), "reasons", "facts", 196, 1.8, help=_("▲ pushes the chance of rising up, ▼ down.")),
        column(
            _("Expected units"), "units", "figure", 76, 0.5, help=_("Median forecast for 4 weeks and its 80% likely range."), sort="units"
        ),
        column(_("Weeks of supply"), "cover", "figure", 72, 0.4, help=_("Weeks until the stock runs out."), sort="cover", ascending=True),
        column(_("Expected margin"), "margin", "figure", 74, 0.4, help=_("Mean forecast × (price − cost), 4 weeks."), sort="margin"),
    ]
    missing = {"cover": found.status.isna() | found.status.eq("stock unknown"), "margin": found.margin_4w_cents.isna()}
    columns = [c for c in columns if not (c.name in missing and missing[c.name].all())]
    spread = data.feature_spread(segment)
    return rows.show(
        key,
        _("Products by chance of falling") if falling else _("Products by chance of rising"),
        columns,
        [rows.Row(row.product_id, _cells(row, currency, falling, spread)) for row in found.itertuples()],
        first=first,
        total=total,
        sorted_by=sort,
        on_sort=on_sort,
        selects=selects,
        actions=actions,
    )


def _cells(row, currency: str, falling: bool, spread: Mapping[str, Sequence[float]]) -> dict[str, dict | None]:
    share = row.falling_probability if falling else row.rising_probability
    moved = 0 if falling or absent(row.movement) else round(100 * row.movement)
    change = f"{moved:+d}".replace("-", "−") if moved else ""
    about = [str(row.category)] if not absent(row.category) else []
    about += [money(row.price_cents, currency)] if not absent(row.price_cents) else []
    known = not absent(row.units_4w)
    return {
        "product": rows.product(
            shortened(row.title, 90), " · ".join(about), "" if absent(row.category) else row.category, pictures.address(row.product_id)
        ),
        "chance": rows.chance(share, percent(share), change, _("Change in percentage points since the last update.")),
        "trend": rows.trend(row.units, row.units_before, _trend(row)),
        "reasons": rows.facts([_fact(reason) for reason in reasons(row, falling, spread)]),
        "units": rows.figure(number(row.units_4w, 0), f"{number(row.low_4w, 0)}–{number(row.high_4w, 0)}") if known else None,
        "cover": _cover(row),
        "margin": None if absent(row.margin_4w_cents) else rows.figure(money(round(row.margin_4w_cents, -2), currency)),
    }


def _fact(reason: Reason) -> tuple[str, rows.Tone, str]:
    """Return a reason as rows.facts takes it."""
    up = reason.push > 0
    way = _("raises the chance of rising") if up else _("lowers the chance of rising")
    meaning = show_in(reason.meaning, language())
    return show_in(reason.text, language()), "rise" if up else "fall", f"{meaning} · {way}" if meaning else way


def _trend(row) -> str:
    told = _("{units} units in {weeks} weeks").format(units=number(sum(row.units), 0), weeks=len(row.units))
    before = _("{units} in the same weeks a year ago").format(units=number(sum(row.units_before), 0))
    return f"{told}, {before}" if len(row.units_before) else told


def _cover(row) -> dict | None:
    if absent(row.status):
        return None
    if absent(row.cover_weeks):
        return rows.figure("–", labels.status(row.status))
    weeks = labels.weeks(row.cover_weeks)
    if row.status == ORDER_NOW:
        return rows.figure(weeks, labels.status(row.status), "short")
    if row.excess_units > 0:
        return rows.figure(weeks, _("Excess"), "excess")
    return rows.figure(weeks, _("OK"), "fine") if row.status == ENOUGH else rows.figure(weeks, labels.status(row.status))


# ---- products without a forecast


def unforecast(key: str, found: pd.DataFrame, *, first: int = 0, total: int | None = None) -> None:
    """Show a page of the answer to `unforecast`: each product with why it has no forecast."""
    columns = [
        rows.Column(_("Product"), "product", "product", 200, 2),
        rows.Column(_("Why no forecast"), "reason", "text", 220, 2),
        rows.Column(_("Last sale"), "last", "text", 110, 1, help=_("Week of the last sale in the last two years.")),
    ]
    why = no_forecast()
    shown = [
        rows.Row(
            row.product_id,
            {
                "product": rows.product(
                    shortened(row.title, 90),
                    "" if absent(row.category) else row.category,
                    row.category or "",
                    pictures.address(row.product_id),
                ),
                "reason": rows.figure(why[row.reason]),
                "last": None if absent(row.last_week) else rows.figure(day(row.last_week)),
            },
        )
        for row in found.itertuples()
    ]
    rows.show(key, _("Products without a forecast"), columns, shown, first=first, total=total)


def unforecast_file(everything: Callable[[], pd.DataFrame]) -> tuple[dict[str, str], Callable[[], pd.DataFrame]]:
    """Return the headings of all products without a forecast, and what makes their table. everything: gives the whole answer."""
    why = no_forecast()
    headings = {
        "product_id": _("SKU"),
        "title": _("Product"),
        "category": _("Category"),
        "said": _("Why no forecast"),
        "last_week": _("Last sale"),
    }
    return headings, lambda: everything().assign(said=lambda found: found.reason.map(why))


def no_forecast() -> dict[str, str]:
    """Return why a product has no forecast, by the reasons of the question `unforecast`."""
    rules = data.rules().labels
    return {
        "never": _("Never sold"),
        "new": _("On sale for less than {days} days").format(days=rules.min_age_days),
        "quiet": _("No sale in the last {weeks} weeks").format(weeks=number(rules.recent_sale_days / 7, 0)),
        "group": _("No recent sale to this customer group"),
        "other": _("Not in this forecast version"),
    }


# ---- the whole list, for files


def headings() -> dict[str, str]:
    """Return the headings of `table`."""
    return {
        "product_id": _("SKU"),
        "title": _("Product"),
        "category": _("Category"),
        "brand": _("Brand"),
        "supplier": _("Supplier"),
        "price": _("Price"),
        "rising_probability": _("Chance of rising"),
        "falling_probability": _("Chance of falling"),
        "movement": _("Change of the chance of rising"),
        "units_4w": _("Expected units, 4 weeks"),
        "low_4w": _("Likely range, low"),
        "high_4w": _("Likely range, high"),
        "units_28d": _("Units, last 4 weeks"),
        "cover_weeks": _("Weeks of supply"),
        "status": _("Stock status"),
        "margin": _("Expected margin"),
        "reason_1": _("Reason 1"),
        "reason_2": _("Reason 2"),
    }


def table(ask: Callable[[], pd.DataFrame], falling: bool, segment: str) -> Callable[[], pd.DataFrame]:
    """Return what makes the table of all rows that `ask` returns for a segment, in the words of this session."""
    spread, statuses, spoken = data.feature_spread(segment), {name: labels.status(name) for name in labels.STATUSES}, language()

    def make() -> pd.DataFrame:
        found = ask()
        said = [[show_in(reason.text, spoken) for reason in reasons(row, falling, spread)] + [None] * REASONS for row in found.itertuples()]
        return found.assign(
            price=found.price_cents / 100,
            margin=(found.margin_4w_cents / 100).round(2),
            units_28d=[float(sum(units[-4:])) for units in found.units],
            status=found.status.map(statuses),
            **{name: found[name].round(1) for name in ("units_4w", "low_4w", "high_4w", "cover_weeks")},
            **{f"reason_{i + 1}": [one[i] for one in said] for i in range(REASONS)},
        )

    return make
