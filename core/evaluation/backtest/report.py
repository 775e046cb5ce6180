"""A backtest as text for the terminal and as one self-contained HTML page: tables and inline SVG, nothing fetched."""

from __future__ import annotations

from html import escape

import numpy as np

from core.evaluation import metrics
from core.evaluation.backtest.judgement import ABLATION, MODEL, SAMPLE, Evidence
from core.schema import ALL, DEMAND_WEEKS, WORTH_SAYING

# metric -> (name for people, what it says)
SHOWN = {
    "average_precision": ("average precision", "area under precision over recall; the share of risers is what a constant scores"),
    "brier_skill": ("Brier skill", "1 - Brier / Brier of the test rows' own share of risers; 0 is that constant, 1 is perfect"),
    "brier": ("Brier", "mean squared error of the probability"),
    "log_loss": ("log loss", "mean -log of the probability given to what happened"),
    "precision_at_50": ("precision@50", "share of risers among the 50 highest at an origin, mean over origins"),
    "precision_at_100": ("precision@100", "likewise among the 100 highest"),
    "precision_at_50_pooled": ("precision@50, pooled", "share of risers among the 50 highest of all origins together"),
    "lift_top_tenth": ("lift, top tenth", "risers in the top tenth / risers anywhere"),
    "ece": ("ECE", "mean distance of promised and observed share, ten bins of equally many rows"),
    "accuracy": ("accuracy", f"share of rows told right when a chance of {WORTH_SAYING:.0%} and more is called a rise"),
    "precision": ("precision", "risers among those called"),
    "recall": ("recall", "those called among the risers"),
    "f1": ("F1", "harmonic mean of precision and recall"),
}
CALLS = ("accuracy", "precision", "recall", "f1")
RANKING = tuple(metric for metric in SHOWN if metric not in CALLS)
DEMAND_SHOWN = {
    "wql": ("weighted quantile loss", "2 x summed pinball loss / summed units, mean over levels"),
    "mase": ("MASE", "mean error of the median / the naive forecast's mean error in the product's own past"),
    "bias": ("bias", "summed median - actual / summed units; above 0 is too much"),
    "coverage_50": ("inside the 50% interval", "share of rows"),
    "coverage_80": ("inside the 80%", "likewise"),
    "coverage_95": ("inside the 95%", "likewise"),
}
WORDS = {"ahead": "more than chance", "behind": "more than chance", "even": "no clear difference"}
REFERENCES = ("as promised", "share of risers")  # curves to compare with, drawn in grey without dots
# Kinds of slices by how their names begin, in the report's order.
KINDS = (
    ("When", (ALL, "block ")),
    ("By time on sale", ("under 4 weeks", "under 8 weeks", "8 weeks to", "over a year")),
    ("By pace", ("under 5 orders", "5 to 19 orders", "20 and more orders")),
    ("By text", ("text ",)),
    ("By category", ("category ",)),
    ("By customer group", ("segment ",)),
    ("Samples", ("",)),
)


def number(figure: dict | None, digits: int = 3) -> str:
    """'.448 [.420, .475]', or '-' where undefined."""
    if not figure or figure["value"] is None:
        return "-"
    ends = "" if figure["low"] is None else f" [{_shown(figure['low'], digits)}, {_shown(figure['high'], digits)}]"
    return f"{_shown(figure['value'], digits)}{ends}"


def _shown(value: float, digits: int = 3) -> str:
    """Rounded, and a nothing without a sign."""
    text = f"{value:.{digits}f}"
    return text.lstrip("-") if float(text) == 0 else text


def verdict(report: dict) -> list[str]:
    """Who is best at the main figures, in a sentence each; a baseline that wins is named as the winner."""
    said = []
    for metric in ("average_precision", "brier_skill", "precision_at_50"):
        winner = report["best"][ALL].get(metric)
        rivals = {n: d[ALL][metric] for n, d in report["differences"].items() if metric in d.get(ALL, {})}
        if winner is None or not rivals:
            continue
        text = f"Best {SHOWN[metric][0]}: {report['learners'][winner]}"
        if winner != MODEL:
            text += f"; Upswing is {-rivals[winner]['value']:.3f} behind it ({WORDS[rivals[winner]['verdict']]})"
        else:
            next_best = min(rivals, key=lambda n: rivals[n]["value"])
            text += f", {rivals[next_best]['value']:.3f} ahead of {report['learners'][next_best]} ({WORDS[rivals[next_best]['verdict']]})"
        said.append(text + ".")
    return said or ["There is no baseline to compare with: none was asked for, or nothing rose."]


def table(report: dict) -> str:
    """The main figures as text."""
    lines = [
        f"block {b['block']}: learnt {b['train_from']} to {b['train_until']} ({b['train_rows']} rows), "
        f"embargo {b['embargo_days']} days, tested {b['test_from']} to {b['test_until']} "
        f"({b['test_origins']} origins, {b['test_rows']} rows)"
        for b in report["blocks"]
    ]
    share = report["slices"][ALL]
    lines += ["", f"segment all: {share['rows']} rows, {share['risers']} risers ({share['risers'] / share['rows']:.1%}); 95% intervals"]
    learners = _rising_learners(report)
    columns = ("average_precision", "brier_skill", "precision_at_50", "ece")
    cells = [["", *(SHOWN[c][0] for c in columns)]]
    cells += [[report["learners"][n], *(number(report["metrics"][n][ALL].get(c)) for c in columns)] for n in learners]
    widths = [max(len(row[i]) for row in cells) for i in range(len(cells[0]))]
    lines += ["  ".join(cell.ljust(width) for cell, width in zip(row, widths)).rstrip() for row in cells]
    if report["switches"]:
        lines += ["", "as it is minus with the switch flipped: average precision, Brier skill"]
        lines += [
            f"  {name:<16} {_is(report, name)}: {', '.join(_difference(figures[ALL][m]) for m in ABLATION)}"
            for name, figures in report["switches"].items()
        ]
    return "\n".join([*lines, "", " ".join(verdict(report))])


def _rising_learners(report: dict) -> list[str]:
    return [n for n in report["learners"] if "average_precision" in report["metrics"].get(n, {}).get(ALL, {})]


def page(report: dict, evidence: Evidence) -> str:
    """The whole report.html."""
    learners = _rising_learners(report)
    title = f"Backtest of {report['shop']}"
    body = [
        f"<h1>{escape(title)}</h1>",
        *(f"<p class=verdict>{escape(sentence)}</p>" for sentence in verdict(report)),
        f"<p class=small>Made {report['created_at']} with version {report['code_version']}. Small figures are 95% intervals of a bootstrap "
        "over products and runs of origins: how far the chance in what was tested reaches. Every learner was refitted for each block on "
        "earlier rows alone. “Ahead” and “behind” are said where the interval of the difference does not hold 0.</p>",
        "<h2>What was tested</h2>",
        _table(
            ["block", "learnt from", "until", "rows", "embargo, days", "tested from", "until", "origins", "rows"],
            [
                [
                    b["block"],
                    b["train_from"],
                    b["train_until"],
                    f"{b['train_rows']:,}",
                    b["embargo_days"],
                    b["test_from"],
                    b["test_until"],
                    b["test_origins"],
                    f"{b['test_rows']:,}",
                ]
                for b in report["blocks"]
            ],
        ),
        "<h2>Rising: all customers, all blocks</h2>",
        *(_values(report, learners, shown) for shown in (RANKING, CALLS)),
        "<p class=small>Bold: the best value. “-”: undefined, as precision is where nothing is called.</p>",
        _meanings(SHOWN),
        *(
            ["<h2>Upswing minus each baseline</h2>", *(_leads(report, learners, shown) for shown in (RANKING, CALLS))]
            if len(learners) > 1
            else []
        ),
        "<h2>Is a promised 20% a real 20%?</h2>",
        "<p class=small>Ten groups of equally many rows, from the lowest forecast to the highest. On the grey line a chance can be taken "
        "at its word; below it too much was promised.</p>",
        _calibration(evidence, learners, report["learners"]),
        "<h2>Average precision, origin by origin</h2>",
        _by_origin(evidence, learners, report["learners"]),
        "<h2>What each driver adds</h2>",
        "<p class=small>Upswing minus itself with that driver absent from every row: it was trained to do without any of them.</p>",
        _ablation(report["ablation"], "driver", {name: name for name in report["ablation"]}),
        *(
            [
                "<h2>What each switch is worth</h2>",
                "<p class=small>Upswing minus itself learnt anew with that one switch flipped, on the same rows. Above 0: better "
                "as it is.</p>",
                _ablation(
                    report["switches"],
                    "switch",
                    {
                        name: _Markup(
                            f"{escape(name)}<small>{escape(_is(report, name))}: "
                            f"{escape(report['switch_settings'][name]['meaning'])}</small>"
                        )
                        for name in report["switches"]
                    },
                ),
            ]
            if report["switches"]
            else []
        ),
        "<h2>Slices</h2>",
        _slices(report, learners),
        "<h2>Demand quantiles</h2>",
        "<p class=small>A good interval holds the share that it promises: 50%, 80%, 95%.</p>",
        _meanings(DEMAND_SHOWN),
        _demand(report, ALL),
        "<p class=small>The statistical models forecast one series at a time, so all are compared again on a sample of products and test "
        "origins:</p>",
        _demand(report, SAMPLE),
        *(
            f"<p class=small>Left out: {escape(name)}, as {escape(', '.join(packages))} is not installed.</p>"
            for name, packages in report["left_out"].items()
        ),
    ]
    return (
        "<!doctype html><html lang=en><meta charset=utf-8><meta name=viewport content='width=device-width'>"
        f"<title>{escape(title)}</title><style>{_STYLE}</style>{''.join(body)}</html>"
    )


_STYLE = """
body{font:15px/1.5 system-ui,sans-serif;max-width:1400px;margin:2rem auto;padding:0 1rem;color:#1c2430;background:#fff}
table{border-collapse:collapse;margin:.5rem 0;font-variant-numeric:tabular-nums;font-size:13px}
th,td{padding:.25rem .6rem;text-align:right;border-bottom:1px solid #e3e7ee;white-space:nowrap;vertical-align:top}
th{vertical-align:bottom;white-space:normal}td:first-child{white-space:normal;min-width:11rem;position:sticky;left:0;background:#fff}
td small{display:block;font-weight:400;color:#5b6675;font-size:11px}.ahead{color:#0f6b3a}.behind{color:#b42318}
.group td{font-weight:600;border-bottom:2px solid #c9d0dc}
.wide{overflow-x:auto}th:first-child,td:first-child{text-align:left}
.small,summary{color:#5b6675;font-size:13px}.verdict{margin:.2rem 0;font-weight:600}
svg{max-width:100%;height:auto}svg text{font:12px system-ui,sans-serif;fill:#1c2430}
"""
_COLOURS = ("#2458d3", "#b8860b", "#0f766e", "#c2410c", "#7c3aed")
_REFERENCE = "#9aa3b2"


def _is(report: dict, switch: str) -> str:
    """'objective log instead of brier'."""
    said = report["switch_settings"][switch]
    return f"{said['setting'].split('.')[1]} {said['is']} instead of {said['instead']}"


def _table(head: list, rows: list[list], bold: set[tuple[int, int]] = frozenset()) -> str:
    """Cells are text, escaped here, or _figure's; a row of one cell is a heading within the table."""

    def cell(value, strong: bool) -> str:
        text = value if isinstance(value, _Markup) else escape(str(value))
        return f"<td><b>{text}</b></td>" if strong else f"<td>{text}</td>"

    lines = [
        f"<tr class=group><td colspan={len(head)}>{escape(row[0])}</td></tr>"
        if len(row) == 1
        else f"<tr>{''.join(cell(value, (i, j) in bold) for j, value in enumerate(row))}</tr>"
        for i, row in enumerate(rows)
    ]
    return f"<div class=wide><table><tr>{''.join(f'<th>{escape(str(h))}</th>' for h in head)}</tr>{''.join(lines)}</table></div>"


class _Markup(str):
    """Made here, so not escaped again."""


def _figure(figure: dict | None, words: tuple[str, str] = ("ahead", "behind")) -> _Markup:
    """The value, its interval below it in small, and of a difference its verdict in one of the words."""
    if not figure or figure["value"] is None:
        return _Markup("-")
    ends = "" if figure["low"] is None else f"<small>{_shown(figure['low'])} to {_shown(figure['high'])}</small>"
    said = figure.get("verdict", "even")
    word = f"<small class={said}>{words[said == 'behind']}</small>" if said != "even" else ""
    sign = "+" if "verdict" in figure and float(f"{figure['value']:.3f}") > 0 else ""
    return _Markup(f"{sign}{_shown(figure['value'])}{ends}{word}")


def _values(report: dict, learners: list[str], shown: tuple[str, ...]) -> str:
    return _table(
        ["", *(SHOWN[m][0] for m in shown)],
        [[report["learners"][n], *(_figure(report["metrics"][n][ALL].get(m)) for m in shown)] for n in learners],
        bold={(i, j) for i, n in enumerate(learners) for j, m in enumerate(shown, 1) if report["best"][ALL].get(m) == n},
    )


def _leads(report: dict, learners: list[str], shown: tuple[str, ...]) -> str:
    return _table(
        ["", *(SHOWN[m][0] for m in shown)],
        [
            [report["learners"][n], *(_figure(report["differences"].get(n, {}).get(ALL, {}).get(m)) for m in shown)]
            for n in learners
            if n != MODEL
        ],
    )


def _difference(figure: dict | None) -> str:
    return f"{number(figure)} {figure['verdict']}" if figure else "-"


def _meanings(shown: dict[str, tuple[str, str]]) -> str:
    """Folded: what the columns say."""
    told = "".join(f"<p class=small><b>{escape(name)}</b>: {escape(what)}</p>" for name, what in shown.values())
    return f"<details><summary>What the columns say</summary>{told}</details>"


def _slices(report: dict, learners: list[str]) -> str:
    """One table, kind of slice by kind; the best baseline beside the model, and who is ahead."""
    kind_of = {name: next(kind for kind, starts in KINDS if name.startswith(starts)) for name in report["slices"]}
    rows: list[list] = []
    for kind, _ in KINDS:
        names = [name for name in report["slices"] if kind_of[name] == kind]
        rows += [[kind]] if names else []
        for name in names:
            size, mine = report["slices"][name], report["metrics"][MODEL].get(name, {})
            rivals = {n: report["metrics"][n].get(name, {}).get("average_precision") for n in learners if n != MODEL}
            rivals = {n: f["value"] for n, f in rivals.items() if f and f["value"] is not None}
            best = max(rivals, key=lambda n: rivals[n]) if rivals else None
            lead = report["differences"].get(best, {}).get(name, {}).get("average_precision")
            rows.append(
                [
                    name.removeprefix("category ").removeprefix("segment "),
                    f"{size['rows']:,}",
                    f"{size['risers'] / size['rows']:.1%}",
                    *(_figure(mine.get(m)) for m in ("average_precision", "brier_skill", "precision_at_50", "ece")),
                    report["learners"][best] if best else "-",
                    _figure(lead),
                ]
            )
    return _table(
        [
            "slice",
            "rows",
            "risers",
            "average precision",
            "Brier skill",
            "precision@50",
            "ECE",
            "best baseline by average precision",
            "Upswing minus it",
        ],
        rows,
    )


def _ablation(found: dict, kind: str, titles: dict[str, str]) -> str:
    """The one that adds most to average precision first."""
    slices = list(dict.fromkeys(s for figures in found.values() for s in figures))
    order = sorted(found, key=lambda name: -(found[name].get(ALL, {}).get("average_precision", {}).get("value") or 0.0))
    told = lambda name, part, metric: _figure(found[name].get(part, {}).get(metric), ("helps", "hurts"))  # noqa: E731
    rows = [[titles[name], told(name, ALL, "brier_skill"), *(told(name, s, "average_precision") for s in slices)] for name in order]
    return _table([kind, "Brier skill, all", *(f"average precision, {s}" for s in slices)], rows)


def _demand(report: dict, part: str) -> str:
    """Every learner that forecasts all of this slice, weeks by weeks; bold: the lowest loss and error."""
    rows, bold = [], set()
    for weeks in DEMAND_WEEKS:
        said = {n: report["metrics"].get(n, {}).get(part, {}) for n in report["learners"]}
        said = {n: figures for n, figures in said.items() if f"wql_{weeks}w" in figures}
        rows += [[f"{weeks} {'week' if weeks == 1 else 'weeks'}"]] if said else []
        for j, metric in enumerate(("wql", "mase"), 1):
            key = f"{metric}_{weeks}w"
            values = {i: figures[key]["value"] for i, figures in enumerate(said.values()) if key in figures}
            if len(values) > 1:
                bold.add((len(rows) + min(values, key=lambda i: values[i]), j))
        rows += [
            [report["learners"][n], *(_figure(figures.get(f"{metric}_{weeks}w")) for metric in DEMAND_SHOWN)] for n, figures in said.items()
        ]
    return _table([part, *(name for name, _ in DEMAND_SHOWN.values())], rows, bold)


def _calibration(evidence: Evidence, learners: list[str], titles: dict[str, str]) -> str:
    whole = evidence.segment == ALL
    rival = next((n for n in ("lightgbm_searched", "lightgbm_text", "lightgbm") if n in learners), None)
    curves = {}
    for name in learners:
        if name in (MODEL, rival):
            predicted, observed, _ = metrics.reliability(evidence.y[whole].astype(float), evidence.rising[name][whole])
            curves[titles[name]] = (predicted, observed)
    top = _top(max([0.05] + [float(max(x.max(), y.max())) for x, y in curves.values()]))
    curves["as promised"] = (np.array([0, top]), np.array([0, top]))
    return _chart(curves, (0, top), (0, top), "predicted share", "observed share", width=460)


def _by_origin(evidence: Evidence, learners: list[str], titles: dict[str, str]) -> str:
    """A gap between blocks: what was learnt from changes there, and months may lie between."""
    whole = evidence.segment == ALL
    origins = [np.unique(evidence.origin[whole & (evidence.block == block)]) for block in np.unique(evidence.block[whole])]
    starts = np.cumsum([0] + [len(each) + 1 for each in origins])
    places = np.concatenate([start + np.arange(len(each)) for start, each in zip(starts, origins)])
    curves = {}
    for name in [*(n for n in learners if n in (MODEL, "momentum", "lightgbm_text", "lightgbm_searched")), "base_rate"]:
        points = []
        for origin in np.concatenate(origins):
            here = whole & (evidence.origin == origin)
            y = evidence.y[here].astype(float)
            points.append(y.mean() if name == "base_rate" else metrics.average_precision(y, evidence.rising[name][here]))
        curves["share of risers" if name == "base_rate" else titles[name]] = (places, np.nan_to_num(points))
    top = _top(max([0.05] + [float(y.max()) for _, y in curves.values()]))
    ticks = {start: str(each[0]) for start, each in zip(starts, origins)}
    x_name = "first origins of the blocks, weekly from there"
    return _chart(curves, (0, max(1, places[-1])), (0, top), x_name, "average precision", ticks=ticks)


def _top(value: float) -> float:
    """The end of an axis of shares from 0 on that holds the value, a whole number of _step."""
    step = _step(value)
    return min(1.0, step * int(np.ceil(value * 1.02 / step)))


def _step(top: float) -> float:
    """Between an axis's lines: at most seven of them."""
    return next((step for step in (0.01, 0.02, 0.05, 0.1, 0.2) if top / step < 7.001), 0.2)


def _chart(curves: dict, x_range, y_range, x_name: str, y_name: str, ticks: dict | None = None, width: int = 760, height: int = 330) -> str:
    """An SVG line chart from 0 on: {name: (x, y)} with a legend on the right; with ticks (x -> text) a line breaks where x skips one."""
    left, bottom, top, right = 56, 44, 12, 210

    def at(x, y) -> tuple[float, float]:
        return (
            left + (x - x_range[0]) / (x_range[1] - x_range[0]) * (width - left),
            top + (1 - (y - y_range[0]) / (y_range[1] - y_range[0])) * (height - top - bottom),
        )

    marks = []
    for value in np.arange(0, y_range[1] + 1e-9, _step(y_range[1])):
        y = at(x_range[0], value)[1]
        marks.append(
            f"<line x1={left} x2={width} y1={y:.1f} y2={y:.1f} stroke='#e3e7ee'/>"
            f"<text x={left - 6} y={y + 4:.1f} text-anchor=end>{value:.2f}</text>"
        )
    for value, text in (ticks or {v: f"{v:.2f}" for v in np.arange(0, x_range[1] + 1e-9, _step(x_range[1]))}).items():
        marks.append(f"<text x={at(value, 0)[0]:.1f} y={height - bottom + 18} text-anchor=middle>{escape(text)}</text>")
    for i, (name, (xs, ys)) in enumerate(curves.items()):
        colour = _REFERENCE if name in REFERENCES else _COLOURS[i % len(_COLOURS)]
        points = [at(x, y) for x, y in zip(xs, ys)]
        breaks = [i for i in range(1, len(xs)) if ticks and xs[i] - xs[i - 1] > 1]
        for start, end in zip([0, *breaks], [*breaks, len(xs)]):
            line = " ".join(f"{x:.1f},{y:.1f}" for x, y in points[start:end])
            marks.append(f"<polyline fill=none stroke='{colour}' stroke-width=2 points='{line}'/>")
        marks += [f"<circle cx={x:.1f} cy={y:.1f} r=3 fill='{colour}'/>" for x, y in points if name not in REFERENCES]
        marks.append(
            f"<rect x={width + 16} y={top + 22 * i} width=12 height=12 fill='{colour}'/>"
            f"<text x={width + 34} y={top + 11 + 22 * i}>{escape(name)}</text>"
        )
    marks.append(
        f"<text x={(left + width) / 2} y={height - 6} text-anchor=middle>{escape(x_name)}</text>"
        f"<text x=14 y={height / 2} text-anchor=middle transform='rotate(-90 14 {height / 2})'>{escape(y_name)}</text>"
    )
    label = escape(f"{y_name} over {x_name}: {', '.join(curves)}", quote=True)
    return (
        f"<svg role=img aria-label=\"{label}\" width={width + right} height={height} viewBox='0 0 {width + right} {height}'>"
        f"{''.join(marks)}</svg>"
    )
