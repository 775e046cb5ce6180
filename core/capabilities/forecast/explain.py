"""Explain one forecast on demand: the words of a product's text."""

from __future__ import annotations

import numpy as np

from core.capabilities.context import LiveRows
from core.capabilities.scoring import load_model, open_panel
from core.errors import UserError
from core.messages import msg
from core.progress import Progress, silent
from core.schema import ALL
from core.workspace import Workspace


def explain_product(workspace: Workspace, product_id: str, progress: Progress = silent) -> dict:
    """Return the words of one product's text for the served model: the result of the job "explain".

    {"product_id", "model", "words": [{"position", "text", "attribution"}, ...], "residual"}, for the segment `all`, on the logit scale.
    With the residual, they sum to the text driver's attribution. Raises UserError for a product without a forecast.
    """
    from core.models.explain import word_attributions

    panel = open_panel(workspace, progress)
    model_id, fitted = load_model(workspace, None, panel)
    words = word_attributions(fitted, panel, live_row(LiveRows.of(panel), product_id, ALL), progress)[0]
    listed = [{"position": i, "text": unit, "attribution": float(a)} for i, (unit, a) in enumerate(zip(words.units, words.attributions))]
    return {"product_id": product_id, "model": model_id, "words": listed, "residual": words.residual}


def live_row(live: LiveRows, product_id: str, segment: str) -> np.ndarray:
    """Return the panel's row of a product and segment, (1,). Raises UserError where it is not forecast."""
    found = live.rows[(np.asarray(live.product) == product_id) & (np.asarray(live.segment) == segment)]
    if not len(found):
        raise UserError(
            expected=msg("Texts are explained for products with a forecast.")
            if segment == ALL
            else msg("Only forecasts that the model makes can be explained."),
            found=msg('Product "{product}" has no forecast.', product=product_id)
            if segment == ALL
            else msg('Product "{product}" has no forecast for segment "{segment}".', product=product_id, segment=segment),
            to_do=msg("Choose a product from the Rising page."),
        )
    return found
