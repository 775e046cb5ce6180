"""Explain one forecast on demand: the words of a product's text, and the whole forecast as a file that shap reads."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
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

    {"product_id", "model", "words": [{"position", "text", "attribution"}, ...]}, for the segment `all`, on the logit scale. Attributions
    sum to the text driver's. Raises UserError for a product without a forecast.
    """
    from core.models.explain import word_explanations

    panel = open_panel(workspace, progress)
    model_id, fitted = load_model(workspace, None, panel)
    (words,) = word_explanations(fitted, panel, live_row(LiveRows.of(panel), product_id, ALL), progress)
    listed = [] if words is None else enumerate(zip(words.feature_names, words.values))
    return {
        "product_id": product_id,
        "model": model_id,
        "words": [{"position": i, "text": word, "attribution": float(value)} for i, (word, value) in listed],
    }


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


@dataclass(frozen=True)
class Explained:
    """One forecast as shap explains it. drivers: its drivers; words: the words of its text, None without text; model: the model's id.

    Values are on the scale of the calibrated logit: base_values + values.sum() is the logit of the forecast in both.
    """

    drivers: shap.Explanation
    words: shap.Explanation | None
    model: str


def explained(workspace: Workspace, product_id: str, segment: str = ALL, progress: Progress = silent) -> Explained:
    """Explain the champion's forecast of a product and segment for shap's own plots. Raises UserError where it is not forecast.

    found = explained(Workspace("workspace"), "LAMP-01")
    shap.plots.waterfall(found.drivers)
    shap.plots.text(found.words)
    """
    from core.models.explain import explanation, word_explanations

    panel = open_panel(workspace, progress)
    model_id, fitted = load_model(workspace, None, panel)
    if workspace.settings().recipe.follow_level:  # as scoring does, so that the base value is the served one
        fitted, _shift = fitted.recalibrated(panel)
    row = live_row(LiveRows.of(panel), product_id, segment)
    return Explained(explanation(fitted, panel, row, progress)[0], word_explanations(fitted, panel, row, progress)[0], model_id)


def export(workspace: Workspace, product_id: str, segment: str, out: Path, progress: Progress = silent) -> dict:
    """Write the champion's explanation of one forecast to a .json or .html file; return the record that the .json holds.

    {"product_id", "segment", "model", "logit", "drivers", "words"}. drivers and words: {"names", "values", "base_value"}, with the text
    around each word as "data"; words are null without text. The page has shap's force plot of the drivers and its plot of the text, and
    fetches nothing. Raises UserError for another ending of the name, and for a product that is not forecast.
    """
    if out.suffix.lower() not in (".json", ".html"):
        raise UserError(
            expected=msg("An explanation is written as .html or .json."),
            found=msg("The file is called {file}.", file=out.name),
            to_do=msg("Choose a name that ends in .html or .json."),
        )
    found = explained(workspace, product_id, segment, progress)
    record = {
        "product_id": product_id,
        "segment": segment,
        "model": found.model,
        "logit": float(found.drivers.base_values + found.drivers.values.sum()),
        "drivers": _record(found.drivers),
        "words": None if found.words is None else _record(found.words) | {"data": list(found.words.data)},
    }
    if out.suffix.lower() == ".json":
        files.write_json(out, record)
    else:
        files.write_text(out, _page(found))
    return record


def read(file: Path) -> Explained:
    """Return the explanation that `export` wrote as .json."""
    record = json.loads(file.read_text(encoding="utf-8"))
    return Explained(_explanation(record["drivers"]), record["words"] and _explanation(record["words"]), record["model"])


def _record(found: shap.Explanation) -> dict:
    return {"names": list(found.feature_names), "values": [float(v) for v in found.values], "base_value": float(found.base_values)}


def _explanation(record: dict) -> shap.Explanation:
    import shap

    return shap.Explanation(
        values=np.array(record["values"]),
        base_values=record["base_value"],
        data=np.array(record["data"]) if "data" in record else None,
        feature_names=record["names"],
    )


def _page(found: Explained) -> str:
    """Return shap's plots as a page that fetches nothing."""
    import io

    import shap

    drivers, page = found.drivers, io.StringIO()
    plot = shap.plots.force(drivers.base_values, drivers.values, feature_names=drivers.feature_names, out_names=str(msg("Logit of rising")))
    shap.save_html(page, plot, full_html=True)
    words = "" if found.words is None else shap.plots.text(found.words, display=False)
    words = re.sub(r"np\.float64\(([^)]*)\)", r"\1", words)  # shap writes its colours as NumPy 2 shows numbers, which no browser reads
    return page.getvalue().replace("</body>", f"{words}</body>")
