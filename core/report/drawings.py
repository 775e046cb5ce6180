"""The report's drawings as inline SVG: weekly bars of the whole shop, and a product's trend within a row."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

RISE, QUIET = "#2a7de1", "#b6c0cb"
_WIDTH, _HEIGHT, _BELOW = 860, 130, 18


def bars(values: Sequence[float], first: str, last: str, most: str, label: str, latest: int = 4) -> str:
    """Return bars from 0 on, the `latest` ones in colour. first, last, most: what is written below the ends and at the top."""
    top, step = max([*values, 1.0]), _WIDTH / max(len(values), 1)
    shapes = []
    for i, value in enumerate(values):
        height = value / top * (_HEIGHT - _BELOW - 16)
        colour = RISE if i >= len(values) - latest else QUIET
        x, y = i * step, _HEIGHT - _BELOW - height
        shapes.append(f"<rect x='{x:.1f}' y='{y:.1f}' width='{step * 0.8:.1f}' height='{height:.1f}' fill='{colour}'/>")
    place = (list(values).index(max(values)) + 0.4) * step if len(values) else 0
    anchor = "start" if place < 60 else "end" if place > _WIDTH - 60 else "middle"
    shapes.append(f"<text x='{place:.0f}' y=11 text-anchor={anchor}>{escape(most)}</text>")
    shapes.append(f"<text x=0 y={_HEIGHT - 3}>{escape(first)}</text>")
    shapes.append(f"<text x={_WIDTH} y={_HEIGHT - 3} text-anchor=end>{escape(last)}</text>")
    return _svg(_WIDTH, _HEIGHT, "".join(shapes), label)


def trend(values: Sequence[float], label: str, colour: str = RISE) -> str:
    """Return a line from 0 on, small enough for a row; "" for fewer than two values. A short history takes less room, not less detail."""
    if len(values) < 2:
        return ""
    width, height, top = 3 * len(values), 20, max([*values, 1.0])
    points = " ".join(f"{3 * i + 1.5:.1f},{height - 2 - value / top * (height - 4):.1f}" for i, value in enumerate(values))
    return _svg(width, height, f"<polyline fill=none stroke='{colour}' stroke-width=1.5 points='{points}'/>", label)


def _svg(width: int, height: int, shapes: str, label: str) -> str:
    said = escape(label, quote=True)
    return f'<svg role=img aria-label="{said}" width={width} height={height} viewBox="0 0 {width} {height}">{shapes}</svg>'
