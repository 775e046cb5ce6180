"""A backtest as one self-contained HTML page, in one language."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Set
from html import escape

import numpy as np

from core.evaluation import metrics
from core.evaluation.backtest.judgement import MODEL, SAMPLE, Evidence
from core.evaluation.backtest.report import DEMAND_SHOWN, SHOWN, VERDICTS, ablation, rising_learners, rounded, title, verdict
from core.markup import STYLE, Markup, axis_end, chart, document, table
from core.messages import LOCALES, Message, msg, nmsg, show
from core.schema import ALL, DEMAND_WEEKS

FILES = {language: "report.html" if language == "en" else f"report.{language}.html" for language in LOCALES}
CALLS = ("accuracy", "precision", "recall", "f1")
RANKING = tuple(metric for metric in SHOWN if metric not in CALLS)
# Kinds of slices by how their names begin, in the report's order.
KINDS: tuple[tuple[Message, tuple[str, ...]], ...] = (
    (msg("Period"), (ALL, "block ")),
    (msg("Time on sale"), ("under 4 weeks", "under 8 weeks", "8 weeks to", "over a year")),
    (msg("Sales rate"), ("under 5 orders", "5 to 19 orders", "20 and more orders")),
    (msg("Text"), ("text ",)),
    (msg("Category"), ("category ",)),
    (msg("Customer group"), ("segment ",)),
    (msg("Samples"), ("",)),
)
_AS_FORECAST, _SHARE_OF_RISERS = msg("as forecast"), msg("share of risers")  # reference curves, drawn in grey without dots
_EFFECTS = {"ahead": msg("helps"), "behind": msg("hurts")}


def page(report: dict, evidence: Evidence, language: str = "en") -> str:
    """Return the whole report.html in a language."""
    return _Page(report, evidence, language).html()


class _Page:
    """The page under construction; every text passes through `translate`."""

    def __init__(self, report: dict, evidence: Evidence, language: str):
        self.report, self.evidence, self.language = report, evidence, language
        self.learners = rising_learners(report)

    def translate(self, text: Message | str) -> str:
        return show(text, self.language)

    def title(self, learner: str) -> str:
        return self.translate(title(self.report, learner))

    def heading(self, text: Message) -> str:
        return f"<h2>{escape(self.translate(text))}</h2>"

    def small(self, text: Message) -> str:
        return f"<p class=small>{escape(self.translate(text))}</p>"

    def table(self, head: Iterable, rows: list[list], bold: Set[tuple[int, int]] = frozenset()) -> str:
        return table([self.translate(text) for text in head], rows, bold)

    def html(self) -> str:
        name = self.translate(msg("Backtest of {shop}", shop=self.report["shop"]))
        body = [f"<h1>{escape(name)}</h1>", *self._summary(), *self._rising(), *self._drivers(), *self._slices(), *self._demand()]
        return document(name, "".join(body), self.language, STYLE)

    def _summary(self) -> Iterable[str]:
        yield from (f"<p class=verdict>{escape(self.translate(sentence))}</p>" for sentence in verdict(self.report))
        yield self.small(
            msg(
                "Made {time} with version {version}. Small figures are 95% intervals of a bootstrap over products and runs of origins. "
                "Every learner was refitted for each block on earlier rows alone. “Ahead” and “behind” mean that the interval of the "
                "difference does not contain 0.",
                time=self.report["created_at"],
                version=self.report["code_version"],
            )
        )
        yield self.heading(msg("Test periods"))
        columns = ("train_from", "train_until", "train_rows", "embargo_days", "test_from", "test_until", "test_origins", "test_rows")
        yield self.table(
            (
                msg("block"),
                msg("trained from"),
                msg("trained until"),
                msg("training rows"),
                msg("embargo, days"),
                msg("tested from"),
                msg("tested until"),
                msg("origins"),
                msg("test rows"),
            ),
            [[b["block"], *(f"{b[c]:,}" if isinstance(b[c], int) else b[c] for c in columns)] for b in self.report["blocks"]],
        )

    def _rising(self) -> Iterable[str]:
        yield self.heading(msg("Rising: all customers, all blocks"))
        yield from (self._values(shown) for shown in (RANKING, CALLS))
        yield self.small(msg("Bold: the best value. “-”: undefined, for example precision where no row is classified as rising."))
        yield self._meanings(SHOWN)
        if len(self.learners) > 1:
            yield self.heading(msg("Upswing minus each baseline"))
            yield from (self._leads(shown) for shown in (RANKING, CALLS))
        yield self.heading(msg("Calibration"))
        yield self.small(
            msg(
                "Ten groups of equal size, from the lowest forecast to the highest. On the grey line forecast and outcome agree; "
                "below it the forecast is too high."
            )
        )
        yield self._calibration()
        yield self.heading(msg("Average precision by origin"))
        yield self._by_origin()

    def _drivers(self) -> Iterable[str]:
        yield self.heading(msg("Ablation by driver"))
        yield self.small(
            msg("Upswing minus itself with that driver absent from every row. It was trained to forecast without any of them.")
        )
        yield self._ablation(self.report["ablation"], msg("driver"), {name: name for name in self.report["ablation"]})
        if self.report["switches"]:
            yield self.heading(msg("Ablation by setting"))
            yield self.small(
                msg("Upswing minus itself retrained with that one setting changed, on the same rows. Above 0: better as it is.")
            )
            titles = {
                name: Markup(
                    f"{escape(name)}<small>{escape(self.translate(ablation(self.report, name)))}: "
                    f"{escape(self.translate(Message(self.report['switch_settings'][name]['meaning'])))}</small>"
                )
                for name in self.report["switches"]
            }
            yield self._ablation(self.report["switches"], msg("setting"), titles)

    def _figure(self, figure: dict | None, words: dict[str, Message] = VERDICTS) -> Markup:
        """Return the value, its interval below it in small, and the verdict of a difference."""
        if not figure or figure["value"] is None:
            return Markup("-")
        ends = "" if figure["low"] is None else f"<small>{rounded(figure['low'])} – {rounded(figure['high'])}</small>"
        comparison = figure.get("verdict", "even")
        word = f"<small class={comparison}>{escape(self.translate(words[comparison]))}</small>" if comparison != "even" else ""
        sign = "+" if "verdict" in figure and float(f"{figure['value']:.3f}") > 0 else ""
        return Markup(f"{sign}{rounded(figure['value'])}{ends}{word}")

    def _values(self, shown: tuple[str, ...]) -> str:
        figures, best = self.report["metrics"], self.report["best"][ALL]
        return self.table(
            ["", *(SHOWN[m][0] for m in shown)],
            [[self.title(n), *(self._figure(figures[n][ALL].get(m)) for m in shown)] for n in self.learners],
            bold={(i, j) for i, n in enumerate(self.learners) for j, m in enumerate(shown, 1) if best.get(m) == n},
        )

    def _leads(self, shown: tuple[str, ...]) -> str:
        leads = {n: self.report["differences"].get(n, {}).get(ALL, {}) for n in self.learners if n != MODEL}
        rows = [[self.title(n), *(self._figure(figures.get(m)) for m in shown)] for n, figures in leads.items()]
        return self.table(["", *(SHOWN[m][0] for m in shown)], rows)

    def _meanings(self, shown: dict[str, tuple[Message, Message]]) -> str:
        """Return a collapsed section with the meanings of the columns."""
        paragraphs = [
            f"<p class=small><b>{escape(self.translate(name))}</b>: {escape(self.translate(meaning))}</p>"
            for name, meaning in shown.values()
        ]
        summary = escape(self.translate(msg("What the columns mean")))
        return f"<details><summary>{summary}</summary>{''.join(paragraphs)}</details>"

    def _slices(self) -> Iterable[str]:
        """Yield one table, grouped by kind of slice, with the best baseline beside the model and the verdict."""
        report = self.report
        kind_of = {name: next(kind for kind, starts in KINDS if name.startswith(starts)) for name in report["slices"]}
        rows: list[list] = []
        for kind, _starts in KINDS:
            names = [name for name in report["slices"] if kind_of[name] is kind]
            rows += [[self.translate(kind)]] if names else []
            for name in names:
                size, mine = report["slices"][name], report["metrics"][MODEL].get(name, {})
                rivals = {n: report["metrics"][n].get(name, {}).get("average_precision") for n in self.learners if n != MODEL}
                rivals = {n: f["value"] for n, f in rivals.items() if f and f["value"] is not None}
                best = max(rivals, key=lambda n: rivals[n]) if rivals else None
                lead = report["differences"].get(best, {}).get(name, {}).get("average_precision")
                rows.append(
                    [
                        self.translate(slice_label(name)),
                        f"{size['rows']:,}",
                        f"{size['risers'] / size['rows']:.1%}",
                        *(self._figure(mine.get(m)) for m in ("average_precision", "brier_skill", "precision_at_50", "ece")),
                        self.title(best) if best else "-",
                        self._figure(lead),
                    ]
                )
        yield self.heading(msg("Slices"))
        yield self.table(
            (
                msg("slice"),
                msg("rows"),
                msg("risers"),
                *(SHOWN[metric][0] for metric in ("average_precision", "brier_skill", "precision_at_50", "ece")),
                msg("best baseline by average precision"),
                msg("Upswing minus it"),
            ),
            rows,
        )

    def _ablation(self, found: dict, kind: Message, titles: Mapping[str, str]) -> str:
        """Return a table of ablations, those with the largest gain in average precision first."""
        slices = list(dict.fromkeys(s for figures in found.values() for s in figures))
        order = sorted(found, key=lambda name: -(found[name].get(ALL, {}).get("average_precision", {}).get("value") or 0.0))

        def cell(name: str, part: str, metric: str) -> Markup:
            return self._figure(found[name].get(part, {}).get(metric), _EFFECTS)

        rows = [[titles[name], cell(name, ALL, "brier_skill"), *(cell(name, s, "average_precision") for s in slices)] for name in order]
        head = [msg("average precision, {slice}", slice=slice_label(s)) for s in slices]
        return self.table([kind, msg("Brier skill, {slice}", slice=slice_label(ALL)), *head], rows)

    def _demand(self) -> Iterable[str]:
        yield self.heading(msg("Demand quantiles"))
        yield self.small(msg("A good interval contains the share of outcomes that it states: 50%, 80%, 95%."))
        yield self._meanings(DEMAND_SHOWN)
        yield self._demand_table(ALL)
        yield self.small(
            msg("Statistical models forecast one series at a time, so all are compared again on a sample of products and test origins:")
        )
        yield self._demand_table(SAMPLE)
        for name, packages in self.report["left_out"].items():
            yield self.small(
                msg("{baseline} was left out because a package is not installed: {packages}.", baseline=name, packages=packages)
            )

    def _demand_table(self, part: str) -> str:
        """Return a table of every learner that forecasts this whole slice, by horizon; bold marks the lowest loss and error."""
        rows, bold = [], set()
        for weeks in DEMAND_WEEKS:
            forecasts = {n: self.report["metrics"].get(n, {}).get(part, {}) for n in self.report["learners"]}
            forecasts = {n: figures for n, figures in forecasts.items() if f"wql_{weeks}w" in figures}
            rows += [[self.translate(nmsg("{count} week", "{count} weeks", weeks))]] if forecasts else []
            for j, metric in enumerate(("wql", "mase"), 1):
                key = f"{metric}_{weeks}w"
                values = {i: figures[key]["value"] for i, figures in enumerate(forecasts.values()) if key in figures}
                if len(values) > 1:
                    bold.add((len(rows) + min(values, key=lambda i: values[i]), j))
            for name, figures in forecasts.items():
                rows.append([self.title(name), *(self._figure(figures.get(f"{metric}_{weeks}w")) for metric in DEMAND_SHOWN)])
        return self.table([slice_label(part), *(name for name, _meaning in DEMAND_SHOWN.values())], rows, bold)

    def _calibration(self) -> str:
        evidence = self.evidence
        whole = evidence.segment == ALL
        rival = next((n for n in ("lightgbm_searched", "lightgbm_text", "lightgbm") if n in self.learners), None)
        curves = {}
        for name in self.learners:
            if name in (MODEL, rival):
                predicted, observed, _rows = metrics.reliability(evidence.y[whole].astype(float), evidence.rising[name][whole])
                curves[self.title(name)] = (predicted, observed)
        top = axis_end(max([0.05] + [float(max(x.max(), y.max())) for x, y in curves.values()]))
        reference = self.translate(_AS_FORECAST)
        curves[reference] = (np.array([0, top]), np.array([0, top]))
        return chart(
            curves, (0, top), (0, top), self.translate(msg("forecast share")), self.translate(msg("observed share")), {reference}, width=460
        )

    def _by_origin(self) -> str:
        """Return the chart of average precision by origin, with a gap between blocks, which may be months apart."""
        evidence = self.evidence
        whole = evidence.segment == ALL
        origins = [np.unique(evidence.origin[whole & (evidence.block == block)]) for block in np.unique(evidence.block[whole])]
        starts = np.cumsum([0] + [len(each) + 1 for each in origins])
        places = np.concatenate([start + np.arange(len(each)) for start, each in zip(starts, origins)])
        curves, reference = {}, self.translate(_SHARE_OF_RISERS)
        for name in [*(n for n in self.learners if n in (MODEL, "momentum", "lightgbm_text", "lightgbm_searched")), "base_rate"]:
            points = []
            for origin in np.concatenate(origins):
                here = whole & (evidence.origin == origin)
                y = evidence.y[here].astype(float)
                points.append(y.mean() if name == "base_rate" else metrics.average_precision(y, evidence.rising[name][here]))
            curves[reference if name == "base_rate" else self.title(name)] = (places, np.nan_to_num(points))
        top = axis_end(max([0.05] + [float(y.max()) for _x, y in curves.values()]))
        ticks = {start: str(each[0]) for start, each in zip(starts, origins)}
        x_name, y_name = self.translate(msg("first origins of the blocks, then weekly")), self.translate(SHOWN["average_precision"][0])
        return chart(curves, (0, max(1, places[-1])), (0, top), x_name, y_name, {reference}, ticks=ticks)


_SLICES = {  # slices with a fixed name
    ALL: msg("all customers"),
    SAMPLE: msg("demand sample"),
    "under 4 weeks on sale": msg("under 4 weeks on sale"),
    "under 8 weeks on sale": msg("under 8 weeks on sale"),
    "8 weeks to a year on sale": msg("8 weeks to a year on sale"),
    "over a year on sale": msg("over a year on sale"),
    "under 5 orders in the base window": msg("under 5 orders in 8 weeks"),
    "5 to 19 orders in the base window": msg("5 to 19 orders in 8 weeks"),
    "20 and more orders in the base window": msg("20 orders or more in 8 weeks"),
    "text under 30 characters": msg("text under 30 characters"),
    "text of 30 to 99 characters": msg("text of 30 to 99 characters"),
    "text of 100 characters and more": msg("text of 100 characters or more"),
    "1,000 random products": msg("1,000 random products"),
    "text with Chinese": msg("text with Chinese"),
    "text without Chinese": msg("text without Chinese"),
}


def slice_label(name: str) -> Message | str:
    """Return the label of a slice; categories and segments keep their own names."""
    if name.startswith("block "):
        return msg("block {number}", number=name.removeprefix("block "))
    return _SLICES.get(name, name.removeprefix("category ").removeprefix("segment "))
