"""What the service offers, as OpenAPI and as a page to read. Both are made from one list."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape

from core import __version__


@dataclass(frozen=True)
class Operation:
    """One route. parameters: (name, "query" or "path", JSON type, what it means); fields: of the answer."""

    path: str
    summary: str
    parameters: tuple[tuple[str, str, str, str], ...]
    fields: tuple[tuple[str, str], ...]
    token: bool = True


_SNAPSHOT = (("snapshot", "Snapshot that answers."), ("as_of", "Last day whose data it uses."))
_FORECAST = (
    *_SNAPSHOT,
    ("forecasts", "product_id, segment, rising_probability, falling_probability, units_low, units, units_high (4 weeks, 80% range)."),
)
OPERATIONS = (
    Operation("/api/v1/health", "Is there something to serve?", (), (("status", "ok, or no_snapshot (503)."),), token=False),
    Operation(
        "/api/v1/forecasts",
        "Forecasts of a segment, the highest chances of rising first.",
        (
            ("segment", "query", "string", "Customer segment; all by default."),
            ("limit", "query", "integer", "Rows, at most 1,000; 100 by default."),
            ("offset", "query", "integer", "Rows to skip."),
        ),
        _FORECAST,
    ),
    Operation(
        "/api/v1/forecasts/{product}",
        "Forecasts of one product in every segment.",
        (("product", "path", "string", "The shop's product number."),),
        _FORECAST,
    ),
    Operation(
        "/api/v1/recommend",
        "What a customer is likely to buy next; without purchases in the last year, what the segment is.",
        (
            ("customer", "query", "string", "The shop's own customer number."),
            ("segment", "query", "string", "Segment for customers without a list; all by default."),
            ("limit", "query", "integer", "Products, at most 10."),
        ),
        (*_SNAPSHOT, ("list", "customer or segment: whose list it is."), ("products", "place, product_id, title, chance, reason.")),
    ),
)


def openapi() -> dict:
    """Return the description by OpenAPI 3.1."""
    paths: dict[str, dict] = {}
    for operation in OPERATIONS:
        paths[operation.path] = {
            "get": {
                "summary": operation.summary,
                "parameters": [
                    {"name": name, "in": place, "required": place == "path", "description": meaning, "schema": {"type": kind}}
                    for name, place, kind, meaning in operation.parameters
                ],
                "security": [{"token": []}] if operation.token else [],
                "responses": {
                    "200": {
                        "description": "The answer.",
                        "content": {
                            "application/json": {
                                "schema": {
                                    "type": "object",
                                    "properties": {name: {"description": meaning} for name, meaning in operation.fields},
                                }
                            }
                        },
                    },
                    **({"401": {"description": "The token is missing or wrong."}} if operation.token else {}),
                },
            }
        }
    return {
        "openapi": "3.1.0",
        "info": {"title": "Upswing", "version": __version__},
        "paths": paths,
        "components": {"securitySchemes": {"token": {"type": "http", "scheme": "bearer"}}},
    }


def page() -> str:
    """Return the same as one HTML page without scripts."""
    parts = []
    for operation in OPERATIONS:
        rows = [f"<tr><td><code>{escape(name)}</code></td><td>{escape(meaning)}</td></tr>" for name, _, _, meaning in operation.parameters]
        answer = [f"<tr><td><code>{escape(name)}</code></td><td>{escape(meaning)}</td></tr>" for name, meaning in operation.fields]
        asked = f"<h3>Parameters</h3><table>{''.join(rows)}</table>" if rows else ""
        parts.append(
            f"<h2><code>GET {escape(operation.path)}</code></h2><p>{escape(operation.summary)}</p>{asked}"
            f"<h3>Answer</h3><table>{''.join(answer)}</table>"
        )
    style = "body{font:16px/1.5 system-ui,sans-serif;max-width:48rem;margin:2rem auto;padding:0 1rem}td{padding:.2rem 1rem .2rem 0}"
    return (
        f'<!doctype html><html lang="en"><meta charset="utf-8"><title>Upswing: HTTP service</title><style>{style}</style>'
        f"<h1>HTTP service</h1><p>Send the header <code>Authorization: Bearer TOKEN</code>; the token is in the workspace's file "
        f'<code>api.token</code>. <a href="/api/openapi.json">OpenAPI description</a></p>{"".join(parts)}</html>'
    )
