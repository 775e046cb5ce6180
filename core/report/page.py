"""The weekly report as one self-contained HTML page, in one language."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from html import escape

import pandas as pd

from core import formats
from core.capabilities.forecast import listing, words
from core.capabilities.inventory.plan import Amount
from core.data_age import FRESH
from core.formats import absent, number, percent
from core.markup import Markup, document
from core.messages import Message, msg, nmsg, show
from core.pictures import Pictures
from core.report.drawings import bars, trend
from core.report.figures import Figures
from core.report.record import past_forecasts
from core.report.style import STYLE
from core.report.writer import NOTHING, Writer
from core.schema import CANONICAL

MEASURES = ("precision_at_50", "average_precision", "brier_skill", "ece")
FALL = "#d9622b"
_NONE = msg("None.")


def page(figures: Figures, language: str, pictures: Pictures) -> str:
    """Return the report as HTML."""
    return _Page(figures, language, pictures).html()


class _Page(Writer):
    """The page under construction."""

    def __init__(self, figures: Figures, language: str, pictures: Pictures):
        super().__init__(language, figures.meta.currency, pictures)
        self.figures = figures

    # ---- the page

    def html(self) -> str:
        figures = self.figures
        title = show(msg("Weekly report: {shop}", shop=figures.meta.shop), self.language)
        sections: list[tuple[Message, Callable[[], Iterator[str]]]] = [
            (msg("Actions"), self.actions),
            (msg("Rising products"), lambda: self.products(figures.risers, falling=False)),
            (msg("Falling products"), lambda: self.products(figures.fallers, falling=True)),
            (msg("Changes since the last update"), self.movers),
            (msg("Customer groups"), self.segments),
            (msg("Orders by supplier"), self.suppliers),
            (msg("How right we were"), lambda: past_forecasts(self, figures)),
            (msg("Data and methods"), self.basis),
        ]
        shown = [(name, list(make())) for name, make in sections]
        body = [f"<h1>{escape(title)}</h1>", *self.summary(), *(self.section(name, parts) for name, parts in shown if parts)]
        return document(title, "".join(body), self.language, STYLE)

    def summary(self) -> Iterator[str]:
        meta, head, rules, weeks = self.figures.meta, self.figures.headline, self.figures.rules.labels, self.figures.weeks
        age = self.figures.age
        yield self.paragraph(
            msg("Demo date: {day}.", day=age.as_of) if age.demo else msg("Data to {day}.", day=age.as_of),
            msg("Forecast for the next {days} days.", days=rules.horizon_days),
            kind="small",
        )
        if age.level != FRESH:
            hidden = msg("Past order-by dates are hidden.") if age.passed and self.figures.stock_known else ""
            old = nmsg("These data are {count} day old.", "These data are {count} days old.", age.days)
            yield self.paragraph(old, hidden, kind="warning")
        if meta.signal != "orders":
            signal = words.SIGNALS.get(meta.signal, meta.signal)
            yield self.paragraph(msg("Units and sales are counts of {signal}.", signal=show(signal, self.language).lower()), kind="small")
        if "average_precision" not in self.figures.metrics:
            unchecked = msg("These forecasts are unchecked: no held-out week with a riser has measured their accuracy.")
            yield self.paragraph(unchecked, kind="warning")
        if self.figures.worth is not None:
            yield f"<div class=tiles>{''.join(self.tiles(self.figures.worth))}</div>"
        risers = msg(
            "{risers} products are expected to rise in the next {days} days, {likely} of them with a chance of 50% or more.",
            risers=number(head.expected_risers, 0),
            days=rules.horizon_days,
            likely=number(head.likely_risers, 0),
        )
        grew = formats.growth(weeks.units.tail(4).sum(), weeks.units.iloc[-8:-4].sum())
        sold = msg(
            "Units sold in the last 4 weeks: {units} ({change} vs the 4 weeks before).",
            units=formats.compact(head.units_28d, self.language),
            change=grew,
        )
        yield self.paragraph(risers, sold if grew else "")
        if len(weeks):
            label = show(msg("Units a week, the last 4 weeks in blue"), self.language)
            most = show(msg("most in a week: {units}", units=formats.compact(weeks.units.max(), self.language)), self.language)
            ends = (self.day(weeks.week.iloc[0]), self.day(weeks.week.iloc[-1]))
            yield self.part(msg("Units a week, the last 4 weeks in blue"), bars(weeks.units.tolist(), *ends, most, label))

    def tiles(self, worth: dict[str, Amount]) -> Iterator[str]:
        revenue, margin = worth["revenue"], worth["margin"]
        shown, name = (
            (revenue, msg("Extra revenue, likely risers")) if absent(margin.cents) else (margin, msg("Extra margin, likely risers"))
        )
        between = msg("likely {low} to {high}", low=self.money(shown.low), high=self.money(shown.high))
        yield self.tile(name, shown, between)
        if self.figures.stock_known:
            at_risk, excess, gain = (worth[name] for name in ("at_risk", "excess", "gain"))
            yield self.tile(msg("Margin at risk"), at_risk, nmsg("if {count} order waits", "if {count} orders wait", at_risk.products))
            yield self.tile(msg("Excess stock"), excess, nmsg("at cost, {count} product", "at cost, {count} products", excess.products))
            orders = nmsg("by {count} order worth placing", "by {count} orders worth placing", gain.products)
            yield self.tile(msg("Value of the plan"), gain, orders)

    def tile(self, name: Message, found: Amount, below: Message) -> str:
        if absent(found.cents):
            below = msg("no prices or costs known")
        elif not found.products:
            below = msg("no product")
        left_out = nmsg("{count} without a price or cost left out", "{count} without a price or cost left out", found.unknown)
        more = f"<span>{self.say(left_out)}</span>" if found.unknown and not absent(found.cents) else ""
        amount = escape(self.money(found.cents))
        return f"<div class=tile><span class=name>{self.say(name)}</span><b>{amount}</b><span>{self.say(below)}</span>{more}</div>"

    # ---- what to do

    def actions(self) -> Iterator[str]:
        found = self.figures.decisions
        lists: list[tuple[Message, tuple[str, ...], Callable[[list], str]]] = [(msg("Feature"), ("promote",), self.featured)]
        if self.figures.stock_known:
            lists += [(msg("Order"), ("order", "check"), self.ordered), (msg("Stop or mark down"), ("hold",), self.stopped)]
        for title, kinds, make in lists:
            rows = list(found[found.kind.isin(kinds)].head(10).itertuples())
            yield self.part(title, make(rows) if rows else self.paragraph(msg("Nothing to do here this week."), kind="small"))

    def featured(self, rows: list) -> str:
        head = [msg("Product"), msg("Chance of rising"), msg("Expected units, 4 weeks"), msg("Usual"), msg("Weeks of supply")]
        cells = [
            [self.product(r), percent(r.rising_probability), number(r.units_4w, 0), number(r.own_units, 0), self.weeks(r.cover_weeks)]
            for r in rows
        ]
        below_usual = [r for r in rows if r.units_4w < r.own_units]
        note = msg("Expected units are a median, usual units an average, which a few large orders raise.") if below_usual else ""
        return self.table(head, cells) + self.paragraph(note, kind="small")

    def ordered(self, rows: list) -> str:
        head = [msg("Product"), msg("Chance of rising"), msg("Weeks of supply"), msg("Order"), msg("Order by"), msg("Cost")]
        return self.table(
            head,
            [
                [
                    self.product(r),
                    percent(r.rising_probability),
                    self.weeks(r.cover_weeks),
                    *(
                        [msg("Count stock"), NOTHING, NOTHING]
                        if r.kind == "check"
                        else [number(r.order_units, 0), self.day(r.order_by), self.money(r.line_cost_cents)]
                    ),
                ]
                for r in rows
            ],
        )

    def stopped(self, rows: list) -> str:
        head = [msg("Product"), msg("Chance of falling"), msg("Weeks of supply"), msg("Excess stock"), msg("Action")]
        return self.table(
            head,
            [
                [
                    self.product(r),
                    percent(r.falling_probability),
                    self.weeks(r.cover_weeks),
                    self.money(r.excess_cost_cents) if not absent(r.excess_cost_cents) and r.excess_cost_cents else NOTHING,
                    msg("Mark down {share}", share=percent(r.markdown_share))
                    if not absent(r.markdown_share) and r.markdown_share
                    else msg("Stop ordering")
                    if not absent(r.cover_weeks)
                    else msg("Do not feature"),
                ]
                for r in rows
            ],
        )

    # ---- risers, fallers, movers

    def products(self, found: pd.DataFrame, falling: bool) -> Iterator[str]:
        if found.empty:
            yield self.paragraph(_NONE, kind="small")
            return
        head = [
            msg("Product"),
            msg("Chance of falling") if falling else msg("Chance of rising"),
            msg("26 weeks"),
            msg("Main reasons"),
            msg("Expected units, 4 weeks"),
            msg("Weeks of supply"),
            msg("Expected margin"),
        ]
        rows = []
        for r in found.itertuples():
            share, colour = (r.falling_probability, FALL) if falling else (r.rising_probability, "#2a7de1")
            label = show(msg("{units} units in {weeks} weeks", units=number(sum(r.units), 0), weeks=len(r.units)), self.language)
            between = "" if absent(r.units_4w) else f"{number(r.low_4w, 0)}–{number(r.high_4w, 0)}"
            row = [self.product(r), percent(share), Markup(trend(r.units, label, colour)), self.reasons(r, falling)]
            row += [self.two(number(r.units_4w, 0), between), self.weeks(r.cover_weeks), self.money(r.margin_4w_cents)]
            rows.append(row)
        yield self.table(head, rows, words={3})
        yield self.paragraph(
            msg("▲ raises the chance of rising, ▼ lowers it. Reasons are associations, not causes."),
            msg("Expected units: median forecast, below it the 80% likely range."),
            kind="small",
        )

    def reasons(self, row, falling: bool) -> Markup:
        said = [
            f"<span class={'rise' if reason.push > 0 else 'fall'}>{'▲' if reason.push > 0 else '▼'}</span> {self.say(reason.text)}"
            for reason in listing.reasons(row, falling, self.figures.spread)
        ]
        return Markup("<br>".join(said))

    def movers(self) -> Iterator[str]:
        if not self.figures.compared:
            return
        for title, found in ((msg("Biggest gains"), self.figures.gains), (msg("Biggest drops"), self.figures.drops)):
            if len(found):
                rows = [[self.product(r), percent(r.rising_probability), self.points(r.movement)] for r in found.itertuples()]
                yield self.part(title, self.table([msg("Product"), msg("Chance of rising"), msg("Change")], rows))
        if not len(self.figures.gains) and not len(self.figures.drops):
            yield self.paragraph(msg("No chance has changed by more than noise since the last update."), kind="small")

    def points(self, change: float) -> Message:
        return msg("{points} pts", points=f"{round(100 * change):+d}".replace("-", "−"))

    # ---- customer groups, suppliers

    def segments(self) -> Iterator[str]:
        found = self.figures.segments
        if found.empty:
            return
        head = [msg("Customer group"), msg("Orders, 8 weeks"), msg("Products"), msg("Expected risers"), msg("Likely risers (50%+)")]
        rows = [
            [
                self.segment(r.segment),
                number(r.orders_base, 0),
                number(r.products, 0),
                number(r.expected_risers, 0),
                number(r.likely_risers, 0),
            ]
            for r in found.itertuples()
        ]
        yield self.table(head, rows)
        special = self.figures.specials
        if len(special):
            head = [msg("Product"), msg("Customer group"), msg("Chance in group"), msg("Chance, all customers")]
            rows = [
                [self.product(r), self.segment(r.segment), percent(r.rising_probability), percent(r.everyone_probability)]
                for r in special.sort_values("ahead", ascending=False).head(10).itertuples()
            ]
            yield self.part(msg("Rising in one group"), self.table(head, rows))

    def segment(self, name: str) -> str:
        return words.segment(name, self.figures.meta.segment_attribute, self.language)

    def suppliers(self) -> Iterator[str]:
        found = self.figures.suppliers
        if not self.figures.stock_known:
            return
        if found.empty:
            yield self.paragraph(msg("Nothing to order."), kind="small")
            return
        head = [msg("Supplier"), msg("Products"), msg("Units"), msg("Cost"), msg("Margin at risk"), msg("Next order day"), msg("Short by")]
        rows: list[list] = [
            [
                msg("No supplier") if absent(r.supplier) else r.supplier,
                number(r.lines, 0),
                number(r.units, 0),
                self.money(r.line_cost_cents),
                self.money(r.lost_margin_cents),
                self.day(r.goes_out),
                self.money(r.missing_cents) if not absent(r.missing_cents) and r.missing_cents > 0 else NOTHING,
            ]
            for r in found.itertuples()
        ]
        sums = [found[name].sum(min_count=1) for name in ("line_cost_cents", "lost_margin_cents")]
        rows.append([msg("Total"), number(found.lines.sum(), 0), number(found.units.sum(), 0), *map(self.money, sums), "", ""])
        yield self.table(head, rows)
        if (found.missing_cents > 0).any():
            yield self.paragraph(msg("Short by: what is missing to the supplier's minimum order value."), kind="small")

    # ---- what it rests on

    def basis(self) -> Iterator[str]:
        meta, quality, metrics = self.figures.meta, self.figures.quality, self.figures.metrics
        rules = self.figures.rules.labels
        yield self.paragraph(
            msg(
                "A riser sells at least {more} above its own usual rate in {days} days, excluding the shop's growth.",
                more=percent(rules.min_ratio - 1),
                days=rules.horizon_days,
            )
        )
        measured = [(name, metrics[name]) for name in MEASURES if name in metrics]
        if measured:
            rows = [
                [show(words.METRICS[n][0], self.language), self.measure(n, v), show(words.METRICS[n][1], self.language)]
                for n, v in measured
            ]
            body = self.table([msg("Measure"), msg("Value"), msg("Meaning")], rows, words={2})
            yield self.part(msg("Accuracy on held-out weeks"), body)
        fresh = quality[quality.kind == "freshness"]
        if len(fresh):
            rows = [[self.named(r.table_name), self.day(r.detail if absent(r.last_day) else r.last_day)] for r in fresh.itertuples()]
            yield self.part(msg("Latest data"), self.table([msg("Table"), msg("Last day")], rows))
        read = quality[quality.kind == "import"]
        missing = [show(self.named(name), self.language) for name in quality[quality.kind == "missing"].table_name]
        yield self.paragraph(
            msg(
                "Rows read: {read}. Kept: {kept}. Skipped: {dropped}. Rejected: {rejected}.",
                read=number(read.rows_read.sum(), 0),
                kept=number(read.rows_kept.sum(), 0),
                dropped=number(read.rows_dropped.sum(), 0),
                rejected=number(read.rows_quarantined.sum(), 0),
            )
            if len(read)
            else "",
            msg("Not imported: {tables}.", tables=missing) if missing else "",
        )
        yield self.paragraph(
            msg(
                "Forecast version {snapshot}, model {model}, version {version} of Upswing.",
                snapshot=meta.snapshot,
                model=meta.model,
                version=meta.code_version,
            ),
            kind="small",
        )

    def measure(self, name: str, value: float) -> Message | str:
        if name == "precision_at_50" and "base_rate" in self.figures.metrics:
            return msg("{share} (shop average {base})", share=percent(value), base=percent(self.figures.metrics["base_rate"]))
        if name in ("brier_skill", "precision_at_50"):
            return percent(value)
        return msg("{points} pts", points=number(100 * value, 1)) if name == "ece" else number(value, 3)

    def named(self, table: str) -> Message | str:
        return (CANONICAL[table].title or table) if table in CANONICAL else table
