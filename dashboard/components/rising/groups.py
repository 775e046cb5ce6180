"""Risers and fallers by category, brand or supplier; a click on one shows its products."""

from __future__ import annotations

import pandas as pd

from dashboard import address, labels
from dashboard.components import rows
from dashboard.components.rising import filters
from dashboard.i18n import _, absent, money, n_, number, percent


def show(found: pd.DataFrame, by: str, currency: str, falling: bool) -> None:
    """Show the answer to `rising_groups`. by: "category", "brand" or "supplier"."""
    tone: rows.Tone = "fall" if falling else "rise"
    nothing = labels.without(by)
    expected = _("Expected fallers") if falling else _("Expected risers")
    columns = [
        rows.Column({"category": _("Category"), "brand": _("Brand"), "supplier": _("Supplier")}[by], "name", "product", 180, 2),
        rows.Column(expected, "share", "chance", 120, 1, tone=tone, help=_("Sum of the chances, and the share of all products.")),
        rows.Column(_("Likely (50%+)"), "likely", "figure", 80, 0.6),
        rows.Column(
            _("Expected units, 4 weeks"), "units", "figure", 110, 0.8, help=_("Mean forecast, and its change from the last 4 weeks.")
        ),
        rows.Column(_("Expected margin"), "margin", "figure", 100, 0.8, help=_("Mean forecast × (price − cost), 4 weeks.")),
    ]

    listed = {name: code for name, code in address.last("rising").items() if name not in ("by", by, *filters.FIRST_PAGE)}
    rows.show(
        "rising_groups",
        expected,
        columns,
        [_row(row, nothing, currency, falling) for row in found.itertuples()],
        opens=lambda name: ("rising", listed | {by: [name]}),
    )


def _row(row, nothing: str, currency: str, falling: bool) -> rows.Row:
    sum_, likely = (row.expected_fallers, row.likely_fallers) if falling else (row.expected_risers, row.likely_risers)
    name = "" if absent(row.name) else row.name
    grown = row.mean_4w / row.units_28d - 1 if row.units_28d else float("nan")
    change = "" if absent(grown) or not round(100 * grown) else f"{grown:+.0%}".replace("-", "−")
    return rows.Row(
        name,
        {
            "name": rows.product(name or nothing, n_("{count} product", "{count} products", row.products), name),
            "share": rows.chance(sum_ / row.products, number(sum_, 1 if sum_ < 10 else 0), percent(sum_ / row.products)),
            "likely": rows.figure(number(likely, 0)),
            "units": rows.figure(number(row.mean_4w, 0), change),
            "margin": None if absent(row.margin_4w_cents) else rows.figure(money(round(row.margin_4w_cents, -2), currency)),
        },
    )


def headings(by: str) -> dict[str, str]:
    """Return the headings of `table`."""
    return {
        "name": {"category": _("Category"), "brand": _("Brand"), "supplier": _("Supplier")}[by],
        "products": _("Products"),
        "expected_risers": _("Expected risers"),
        "likely_risers": _("Likely risers (50%+)"),
        "expected_fallers": _("Expected fallers"),
        "likely_fallers": _("Likely fallers (50%+)"),
        "mean_4w": _("Expected units, 4 weeks"),
        "units_28d": _("Units, last 4 weeks"),
        "margin": _("Expected margin"),
    }


def table(found: pd.DataFrame) -> pd.DataFrame:
    return found.assign(
        margin=(found.margin_4w_cents / 100).round(2),
        **{name: found[name].round(1) for name in ("expected_risers", "expected_fallers", "mean_4w")},
    )
