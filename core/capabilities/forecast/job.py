"""The job of the forecast: explain the words of one product's text."""

from __future__ import annotations

from core.capabilities.forecast.explain import explain_product
from core.messages import msg
from core.progress import Progress
from core.workspace import Workspace


def explain(workspace: Workspace, arguments: dict, progress: Progress) -> dict:
    """Return the words of a product's text, as core.capabilities.forecast.explain.explain_product does."""
    explained = explain_product(workspace, arguments["product_id"], progress)
    return explained | {"text": msg("The text of product {product} is explained.", product=arguments["product_id"])}
