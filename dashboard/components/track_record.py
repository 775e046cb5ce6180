"""The page "How right we were": verdict, figures, and tables of past forecasts with what happened."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pandas as pd
import streamlit as st

from core.capabilities.track_record.results import FEW, better_than_chance, first_results_on, hits_by_chance, total
from core.capabilities.track_record.tables import FELL, GONE, MERGED, NEITHER, OUT_OF_STOCK, OUTCOMES, ROSE, SPLIT
from core.schema import ALL
from dashboard import address, data, labels, pictures, registry
from dashboard.components import exports, rows, tables
from dashboard.components.track_record_charts import count_of
from dashboard.i18n import _, absent, day, money, n_, number, percent, plain, shortened

EVERY, FIRST_PAGE = "every", ("page",)


def outcome(name: str) -> str:
    """Return what happened to a called product, with a mark for a hit or a miss."""
    return {
        ROSE: _("✓ Rose"),
        NEITHER: _("✗ Did not rise"),
        FELL: _("✗ Fell"),
        OUT_OF_STOCK: _("– Out of stock"),
        MERGED: _("– Merged since"),
        SPLIT: _("– Split since"),
        GONE: _("– Not in the data"),
    }[name]


def judged() -> pd.DataFrame:
    """Return the updates whose forecasts have been judged, the latest first."""
    updates = data.ask("track_updates")
    return updates[updates.judged]


def first_results() -> str:
    """Return the day from which on there are results, in words."""
    return day(first_results_on(data.ask("track_updates"), data.meta().as_of.date(), data.rules().labels.horizon_days))


@dataclass(frozen=True)
class Asked:
    """What the filters ask for. as_of: of one update, None = all; said: (label, value) of each filter."""

    as_of: pd.Timestamp | None
    segment: str
    categories: tuple[str, ...]
    said: list[tuple[str, str]]

    @property
    def values(self) -> dict:
        """Return the values of the stored questions."""
        return {"as_of": self.as_of, "segment": self.segment, "categories": list(self.categories)}


def filters(updates: pd.DataFrame) -> Asked:
    """Show the filters: update, customer group and category. The latest update comes first."""
    dates = {f"{u.as_of:%Y-%m-%d}": u for u in updates.itertuples()}
    codes, choices = [*dates, EVERY], data.choices()
    groups, known = choices["segments"], choices["categories"]

    def called_on(code: str) -> str:
        return day(dates[code].as_of) + (_(" (replayed)") if dates[code].replay else "") if code in dates else _("All updates")

    with st.container(horizontal=True, vertical_alignment="bottom"):
        code = st.selectbox(_("Forecast on"), codes, **address.one_of("update", codes, resets=FIRST_PAGE), format_func=called_on, width=220)
        segment, categories = ALL, []
        if len(groups) > 1:
            segment = st.selectbox(
                _("Customer group"),
                groups,
                **address.one_of("segment", groups, resets=FIRST_PAGE),
                format_func=labels.segment,
                width=190,
            )
        if len(known) > 1:
            categories = st.multiselect(
                _("Category"), known, **address.some_of("category", known, resets=FIRST_PAGE), placeholder=_("All"), width=240
            )
    said = [
        (_("Forecast on"), called_on(code)),
        (_("Customer group"), labels.segment(segment)),
        (_("Category"), ", ".join(categories) or _("All")),
    ]
    return Asked(dates[code].as_of if code in dates else None, segment, tuple(categories), said)


def summed(history: pd.DataFrame, chosen: pd.Timestamp | None) -> pd.Series:
    """Return the sums of the chosen update, None = of all."""
    return total(history if chosen is None else history[history.as_of == chosen])


def by_chance(sums: pd.Series) -> str:
    """Return how many hits random picks would have had."""
    expected = hits_by_chance(sums)
    return number(expected, 0) if expected >= 0.5 else "0"


def verdict(sums: pd.Series, chosen, days: int) -> str:
    """Return how right the calls were, first in a few words, then by the counts."""
    found = better_than_chance(sums)
    head = {True: _("**Better than chance.**"), False: _("**No better than chance.**"), None: _("**Too few calls to judge.**")}[found]
    values = {
        "hits": number(sums.hits, 0),
        "days": days,
        "random": by_chance(sums),
        "updates": number(sums.updates, 0),
    }
    if chosen is not None:
        said = n_(
            "Of our {count} call of {day}, the product with the highest chance, {hits} rose in the next {days} days. A random pick would "
            "have found about {random}.",
            "Of our {count} calls of {day}, the products with the highest chances, {hits} rose in the next {days} days. Random picks would "
            "have found about {random}.",
            sums.called_judged,
            day=day(chosen),
            **values,
        )
    else:
        said = n_(
            "Of our {count} call in {updates} updates, {hits} rose in the next {days} days. A random pick would have found about {random}.",
            "Of our {count} calls in {updates} updates, the products with the highest chances, {hits} rose in the next {days} days. Random "
            "picks would have found about {random}.",
            sums.called_judged,
            **values,
        )
    most = _("No list of this length could have had more than {possible}.").format(possible=number(sums.possible, 0))
    return " ".join([head, said] + ([most] if sums.possible < sums.called_judged else []))


def notes(sums: pd.Series, replayed: int) -> list[str]:
    """Return what to know about these figures: how many updates were replayed, and which calls are not judged."""
    said = []
    if replayed:
        said.append(
            n_(
                "{count} update was replayed: forecast afterwards, from data up to its day, by a model trained on earlier data only.",
                "{count} updates were replayed: forecast afterwards, from data up to their day, by a model trained on earlier data only.",
                replayed,
            )
        )
    if missing := sums.called - sums.called_judged:
        said.append(
            n_(
                "{count} more call is not judged: the product was out of stock, or is no longer in the data.",
                "{count} more calls are not judged: these products were out of stock, or are no longer in the data.",
                missing,
            )
        )
    return said


def figures(sums: pd.Series, currency: str) -> None:
    """Show the hit rate, the level of the chances, the coverage of the ranges, and the money."""
    card: dict[str, Any] = {"border": True, "height": "stretch", "delta_color": "off", "delta_arrow": "off"}
    with st.grid(4, min_column_width=200):
        st.metric(
            _("Hit rate"),
            count_of(sums.hits, sums.called_judged),
            _("of a possible {possible}; base rate {base}").format(
                possible=count_of(sums.possible, sums.called_judged), base=count_of(sums.risers, sums.judged)
            ),
            **card,
            help=_(
                "Share of our calls that rose. Calls are the products with the highest chances: one in ten, at most 50. The base rate is "
                "the share of all products that rose, which random picks would find."
            ),
        )
        st.metric(
            _("Risers"),
            number(sums.risers, 0),
            _("{expected} were expected").format(expected=number(sums.chances, 0)),
            **card,
            help=_("Products that rose, and the sum of all chances, which is the number that was expected."),
        )
        st.metric(
            _("Inside the likely range"),
            count_of(sums.inside, sums.ranged) if sums.ranged else "–",
            _("of {count}; 80% expected").format(count=number(sums.ranged, 0)),
            **card,
            help=_("Share of forecasts whose units, sold or lost while out of stock, were inside the 80% range. Exactly right is 80%."),
        )
        _value(sums, currency, card)


def _value(sums: pd.Series, currency: str, card: dict[str, Any]) -> None:
    units = _("{units} units vs their usual rate").format(
        units=f"{'+' if sums.extra_units >= 0 else '−'}{number(abs(sums.extra_units), 0)}"
    )
    about = _(
        "What all calls sold above their own usual rate, hits and misses alike; below it counts as negative. This goes with the calls, and "
        "need not be their effect."
    )
    if not sums.valued:
        st.metric(_("Extra sales of calls"), "–", **card, help=about)
    elif sums.costed:
        known = n_("Cost known for {count} call.", "Cost known for {count} calls.", sums.costed) if sums.costed < sums.valued else ""
        st.metric(
            _("Extra margin of calls"), plain(money(sums.extra_margin_cents, currency, short=True)), units, **card, help=f"{about} {known}"
        )
    elif sums.priced:
        st.metric(_("Extra revenue of calls"), plain(money(sums.extra_revenue_cents, currency, short=True)), units, **card, help=about)
    else:
        st.metric(_("Extra sales of calls"), units, **card, help=about)


def calls(found: pd.DataFrame, every: bool, currency: str, first: int) -> None:
    """Show past forecasts product by product. every: of all updates, so that each row needs its date; first: place of the first row."""
    column = rows.Column
    columns = [
        column(_("Product"), "product", "product", 168, 2.2),
        column(
            _("What happened"),
            "result",
            "text",
            120,
            1,
            help=_("✓ is a hit, ✗ a miss of a call. – is not judged: what would have sold is not known."),
        ),
        column(_("Chance then"), "chance", "chance", 96, 0.8),
        column(
            _("Orders vs usual"),
            "orders",
            "figure",
            104,
            0.8,
            help=_("Orders in the weeks that were forecast, as a multiple of its own usual rate."),
        ),
        column(
            _("Units"),
            "units",
            "figure",
            120,
            1,
            help=_("Units sold, or lost while out of stock, in these 4 weeks, and the 80% range that was forecast."),
        ),
        column(_("Extra margin"), "extra", "figure", 96, 0.8, help=_("Margin of the units sold above its own usual rate.")),
    ]
    if found.extra_margin_cents.isna().all():
        del columns[-1]
    rows.show(
        "calls",
        _("Past forecasts and what happened"),
        columns,
        [rows.Row(f"{row.as_of:%Y-%m-%d}:{row.counts_as}", _cells(row, every, currency)) for row in found.itertuples()],
        first=first,
        total=int(found.matches.iloc[0]),
        opens=lambda row: rows.open_product(row.partition(":")[2]),
    )


def _cells(row, every: bool, currency: str) -> dict[str, dict | None]:
    likely = _("likely {low} to {high}").format(low=number(row.units_low, 0), high=number(row.units_high, 0))
    return {
        "product": rows.product(
            shortened(row.title, 90), day(row.as_of) if every else "", row.category or "", pictures.address(row.product_id)
        ),
        "result": rows.figure(outcome(row.outcome), tone="fine" if row.outcome == ROSE else ""),
        "chance": rows.chance(row.rising_probability, percent(row.rising_probability)),
        "orders": None if absent(row.orders) else rows.figure(f"×{number(row.orders / row.usual_orders, 1)}"),
        "units": rows.figure(number(row.units, 0), "" if absent(row.units_low) else likely),
        "extra": None if absent(row.extra_margin_cents) else rows.figure(money(row.extra_margin_cents, currency)),
    }


def export(asked: Asked, view: str | None) -> None:
    """Show the downloads of all forecasts that the filters leave."""
    headings = {
        "as_of": _("Forecast on"),
        "product_id": _("SKU"),
        "title": _("Product"),
        "place": _("Place"),
        "called": _("Called"),
        "rising_probability": _("Chance then"),
        "falling_probability": _("Chance of falling then"),
        "units_low": _("Likely units, low"),
        "units_middle": _("Likely units, median"),
        "units_high": _("Likely units, high"),
        "outcome": _("What happened"),
        "units": _("Actual units"),
        "orders": _("Orders"),
        "usual_orders": _("Usual orders"),
        "extra_units": _("Extra units"),
        "extra_margin": _("Extra margin"),
    }
    words, whole = {name: outcome(name) for name in OUTCOMES}, data.later("track_calls", **asked.values, shown=view, limit=None, offset=0)

    def table() -> pd.DataFrame:
        found = whole()
        return found.assign(outcome=found.outcome.map(words), called=found.called.astype(int), extra_margin=found.extra_margin_cents / 100)

    exports.buttons("track-record", headings, table, asked.said)


def parts(found: pd.DataFrame, name: str, label: str, alt: str) -> None:
    """Show the hits of each category or group. found: `name`, judged, risers, called_judged, hits, possible."""
    spoken = labels.segment if name == "segment" else lambda category: category or _("No category")
    column = tables.column
    shares = {
        "rate": (found.hits, found.called_judged),
        "most": (found.possible, found.called_judged),
        "base": (found.risers, found.judged),
    }
    exports.dataframe(
        f"calls-by-{name}",
        pd.DataFrame(
            {
                "name": [spoken(value) for value in found[name]],
                "hits": [
                    _("{hits} of {calls}").format(hits=number(r.hits, 0), calls=number(r.called_judged, 0)) for r in found.itertuples()
                ],
            }
            | {key: (100 * part / all_).where(all_ >= FEW) for key, (part, all_) in shares.items()}
        ),
        {
            "name": column.TextColumn(label, width=125),
            "hits": column.TextColumn(_("Calls that rose"), width=105),
            "rate": column.NumberColumn(_("Hit rate"), format="%.0f%%", width=70, help=_("Empty with fewer than 10 calls.")),
            "most": column.NumberColumn(
                _("Possible"), format="%.0f%%", width=70, help=_("The highest hit rate that the list could have had.")
            ),
            "base": column.NumberColumn(_("Base rate"), format="%.0f%%", width=75, help=_("Share of all products that rose.")),
        },
        alt=alt,
        height="content",
    )


def line() -> str | None:
    """Return in one sentence how right the last judged update was; None where there is none."""
    updates = judged()
    found = data.ask("track_by_update", segment="all", categories=[], as_of=None)
    if updates.empty or found.empty or not found.called_judged.iloc[-1]:
        return None
    last = found.iloc[-1]
    replay = bool(updates.set_index("as_of").replay[last.as_of])
    said = n_(
        "How right we were: {hits} of {count} call of {day} rose; by chance about {random} would have",
        "How right we were: {hits} of {count} calls of {day} rose; by chance about {random} would have",
        last.called_judged,
        hits=number(last.hits, 0),
        day=day(last.as_of),
        random=by_chance(last),
    )
    return said + (_(" (replayed)") if replay else "")


def overview_line() -> None:
    """Show that sentence as a link to the page; nothing where there is none."""
    if said := line():
        st.page_link(registry.script(registry.pages()["track_record"]), label=said, icon=":material/fact_check:")
