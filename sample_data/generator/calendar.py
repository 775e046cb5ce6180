"""The days of the shop: day 0 is the first of the 156 weeks; the days after the last are simulated too, for the truth."""

from __future__ import annotations

import numpy as np

FIRST_DAY = np.datetime64("2023-07-03")  # a Monday
DAYS = 1092  # 156 weeks; the last day is Sunday 2026-06-28
AFTER = 28  # days simulated after the last one, so that the truth knows what rises next
SPAN = DAYS + AFTER

WEEKDAY = np.array([1.08, 1.04, 1.00, 0.98, 0.92, 0.86, 1.12])  # Monday .. Sunday
_MONTHS = (
    ("2024-06-15", 0.97),
    ("2024-08-05", 0.91),
    ("2024-09-20", 1.0),
    ("2024-10-25", 1.08),
    ("2024-11-20", 1.28),
    ("2024-12-10", 1.42),
    ("2024-12-19", 1.15),
    ("2024-12-25", 0.5),
    ("2025-01-04", 0.86),
    ("2025-02-15", 0.9),
    ("2025-04-15", 1.0),
)
CAMPAIGNS = (  # name, first day, last day, factor on orders, countries ("" = all)
    ("summer sale", "2023-07-06", "2023-07-16", 1.2, ""),
    ("singles day", "2023-11-09", "2023-11-11", 1.85, "HK SG"),
    ("black friday", "2023-11-23", "2023-11-27", 1.55, ""),
    ("january sale", "2024-01-02", "2024-01-12", 1.28, ""),
    ("spring event", "2024-03-28", "2024-04-05", 1.2, ""),
    ("summer sale", "2024-07-04", "2024-07-14", 1.22, ""),
    ("singles day", "2024-11-09", "2024-11-11", 1.9, "HK SG"),
    ("black friday", "2024-11-28", "2024-12-02", 1.6, ""),
    ("january sale", "2025-01-02", "2025-01-12", 1.28, ""),
    ("spring event", "2025-04-10", "2025-04-18", 1.2, ""),
    ("summer sale", "2025-07-03", "2025-07-13", 1.24, ""),
    ("singles day", "2025-11-09", "2025-11-11", 1.9, "HK SG"),
    ("black friday", "2025-11-27", "2025-12-01", 1.65, ""),
    ("january sale", "2026-01-02", "2026-01-11", 1.28, ""),
    ("spring event", "2026-03-26", "2026-04-03", 1.2, ""),
    ("summer sale", "2026-07-02", "2026-07-12", 1.24, ""),
)
YEARLY_GROWTH = 0.05  # of the products there are; launches add the rest


def day_of(date: str) -> int:
    """Return the number of a date, counted from the first day."""
    return int((np.datetime64(date) - FIRST_DAY).astype(int))


def date_of(day: int) -> str:
    return str(FIRST_DAY + np.timedelta64(int(day), "D"))


def shop_curve(rng: np.random.Generator, countries: list[str]) -> np.ndarray:
    """Return the factor on all sales of the shop (SPAN, countries), around 1: growth, season, weekday, campaigns, weather."""
    days = np.arange(SPAN)
    points = sorted((day_of(date) + year * 365, factor) for date, factor in _MONTHS for year in (-2, -1, 0, 1, 2))
    curve = np.interp(days, [p[0] for p in points], [p[1] for p in points])
    curve = curve * (1 + YEARLY_GROWTH) ** (days / 365.25) * WEEKDAY[days % 7]
    curve = curve * np.repeat(np.exp(rng.normal(0, 0.04, SPAN // 7)), 7)
    curve = np.repeat(curve[:, None], len(countries), axis=1)
    for _, first, last, factor, only in CAMPAIGNS:
        for c, country in enumerate(countries):
            if not only or country in only.split():
                curve[max(day_of(first), 0) : day_of(last) + 1, c] *= factor
    return curve
