"""The parts of a self-contained HTML page: the whole, tables, and line charts as inline SVG. The page loads nothing else."""

from __future__ import annotations

from collections.abc import Set
from html import escape

import numpy as np

from core.messages import LOCALES

STYLE = """
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
SAFE = "default-src 'none'; style-src 'unsafe-inline'; img-src data:"  # nothing is loaded, and no script runs
_COLOURS = ("#2458d3", "#b8860b", "#0f766e", "#c2410c", "#7c3aed")
_REFERENCE = "#9aa3b2"


def document(title: str, body: str, language: str, style: str) -> str:
    """Return a whole page. title: text; body: HTML; language: one of core.messages.LOCALES."""
    return (
        f"<!doctype html><html lang={LOCALES[language].replace('_', '-')}><meta charset=utf-8>"
        f'<meta http-equiv=Content-Security-Policy content="{SAFE}"><meta name=viewport content="width=device-width">'
        f"<title>{escape(title)}</title><style>{style}</style>{body}</html>"
    )


class Markup(str):
    """Text that is HTML already, so it is not escaped again."""


def table(head: list, rows: list[list], bold: Set[tuple[int, int]] = frozenset(), words: Set[int] = frozenset()) -> str:
    """Return an HTML table. Cells are text, which is escaped, or Markup; a row of one cell is a heading within the table.

    bold: cells by row and column; words: columns of sentences, which are aligned to the left and may wrap.
    """

    def cell(value, row: int, column: int) -> str:
        text = value if isinstance(value, Markup) else escape(str(value))
        return f"<td{aligned(column)}>{f'<b>{text}</b>' if (row, column) in bold else text}</td>"

    def aligned(column: int) -> str:
        return " class=words" if column in words else ""

    lines = [
        f"<tr class=group><td colspan={len(head)}>{escape(row[0])}</td></tr>"
        if len(row) == 1
        else f"<tr>{''.join(cell(value, i, j) for j, value in enumerate(row))}</tr>"
        for i, row in enumerate(rows)
    ]
    names = "".join(f"<th{aligned(j)}>{escape(str(name))}</th>" for j, name in enumerate(head))
    return f"<div class=wide><table><thead><tr>{names}</tr></thead>{''.join(lines)}</table></div>"  # a head is printed on each page


def axis_end(value: float) -> float:
    """Return the end of an axis of shares from 0 on that contains the value: a multiple of _step."""
    step = _step(value)
    return min(1.0, step * int(np.ceil(value * 1.02 / step)))


def _step(top: float) -> float:
    """Return the distance between an axis's lines, of which there are at most seven."""
    return next((step for step in (0.01, 0.02, 0.05, 0.1, 0.2) if top / step < 7.001), 0.2)


def chart(
    curves: dict,
    x_range,
    y_range,
    x_name: str,
    y_name: str,
    references: set[str],
    *,
    ticks: dict | None = None,
    width: int = 760,
    height: int = 330,
) -> str:
    """Return an SVG line chart from 0 on: {name: (x, y)} with a legend on the right; references are grey and have no dots.

    With ticks (x -> text) a line breaks where x skips one.
    """
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
        colour = _REFERENCE if name in references else _COLOURS[i % len(_COLOURS)]
        points = [at(x, y) for x, y in zip(xs, ys)]
        breaks = [i for i in range(1, len(xs)) if ticks and xs[i] - xs[i - 1] > 1]
        for start, end in zip([0, *breaks], [*breaks, len(xs)]):
            line = " ".join(f"{x:.1f},{y:.1f}" for x, y in points[start:end])
            marks.append(f"<polyline fill=none stroke='{colour}' stroke-width=2 points='{line}'/>")
        marks += [f"<circle cx={x:.1f} cy={y:.1f} r=3 fill='{colour}'/>" for x, y in points if name not in references]
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
