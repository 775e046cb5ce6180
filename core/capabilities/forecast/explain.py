"""Explain one forecast on demand: the words of a product's text, and the whole forecast as a file that shap reads."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from core.capabilities.context import LiveRows
from core.capabilities.scoring import load_model, open_panel
from core.errors import UserError
from core.messages import msg
from core.progress import Progress, silent
from core.schema import ALL
from core.storage import files
from core.workspace import Workspace

if TYPE_CHECKING:
    import shap


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


def export(workspace: Workspace, product_id: str, segment: str, out: Path, progress: Progress = silent) -> dict:
    """Write the champion's explanation of one forecast to a .json or .html file; return the record that the .json holds.

    {"product_id", "segment", "model", "base_value", "logit", "drivers", "attributions", "words", "word_attributions", "residual"}. The
    page is shap's force plot of the drivers and holds all that it needs. Raises UserError for another ending of the name, and for a
    product that is not forecast.
    """
    from core.models.explain import explanation, word_attributions

    if out.suffix.lower() not in (".json", ".html"):
        raise UserError(
            expected=msg("An explanation is written as .html or .json."),
            found=msg("The file is called {file}.", file=out.name),
            to_do=msg("Choose a name that ends in .html or .json."),
        )
    panel = open_panel(workspace, progress)
    model_id, fitted = load_model(workspace, None, panel)
    if workspace.settings().recipe.follow_level:  # as scoring does, so that the base value is the served one
        fitted, _shift = fitted.recalibrated(panel)
    row = live_row(LiveRows.of(panel), product_id, segment)
    found = explanation(fitted, panel, row, progress)[0]
    words = word_attributions(fitted, panel, row, progress)[0]
    record = {
        "product_id": product_id,
        "segment": segment,
        "model": model_id,
        "base_value": float(found.base_values),
        "logit": float(found.base_values + found.values.sum()),
        "drivers": list(found.feature_names),
        "attributions": [float(v) for v in found.values],
        "words": list(words.units),
        "word_attributions": [float(v) for v in words.attributions],
        "residual": float(words.residual),
    }
    if out.suffix.lower() == ".json":
        files.write_json(out, record)
    else:
        files.write_text(out, _page(found))
    return record


def read(file: Path) -> shap.Explanation:
    """Return the explanation that `export` wrote as .json."""
    import shap

    record = json.loads(file.read_text(encoding="utf-8"))
    return shap.Explanation(
        values=np.array(record["attributions"]),
        base_values=record["base_value"],
        feature_names=record["drivers"],
    )


def _page(found: shap.Explanation) -> str:
    """Return shap's force plot as a page that fetches nothing."""
    import io

    import shap

    plot = shap.plots.force(found.base_values, found.values, feature_names=found.feature_names, out_names=str(msg("Logit of rising")))
    page = io.StringIO()
    shap.save_html(page, plot, full_html=True)
    return page.getvalue()
