"""The weekly report of a shop: one page to print or send, made from the forecasts that are served and the planners' changes.

figures.py asks for everything it says, page.py writes it as HTML in one language, pdf.py prints that by a Chromium.
"""

from __future__ import annotations

from pathlib import Path

from core.errors import NotReady, UserError
from core.messages import msg
from core.pictures import Pictures
from core.report import pdf
from core.report.figures import Figures, gather
from core.report.page import page
from core.settings import effective
from core.storage import files
from core.storage.queries import Serving
from core.storage.snapshots import current
from core.storage.state import State
from core.workspace import Workspace

__all__ = ["Figures", "gather", "html", "page", "write"]


def html(workspace: Workspace, folder: Path, language: str) -> str:
    """Return the report of a snapshot's folder as HTML, with the planners' changes of now."""
    serving = Serving(folder)
    settings = effective(workspace.own_values(), serving.facts())
    state = State(workspace)
    return page(gather(serving, settings, state.overrides(), state.purchase_orders()), language, Pictures(workspace.pictures))


def write(workspace: Workspace, out: Path, language: str, as_pdf: bool = False) -> list[Path]:
    """Write the report of the forecasts that are served, as_pdf: beside it as PDF; return the files.

    Raises UserError where `out` is no .html, or no Chromium is found for the PDF; NotReady without a snapshot.
    """
    if out.suffix.lower() not in (".html", ".htm"):
        raise UserError(
            expected=msg("The report is an HTML file."),
            found=msg('"{file}" does not end in .html.', file=out.name),
            to_do=msg("Choose a name that ends in .html. With --pdf, a PDF is written to the same folder."),
        )
    snapshot = current(workspace)
    if snapshot is None:
        raise NotReady(
            expected=msg("The report needs a published snapshot."),
            found=msg("No snapshot has been published yet."),
            to_do=msg("Run `upswing run` first."),
        )
    browser = pdf.browser() if as_pdf else ""
    files.write_text(out, html(workspace, snapshot.path, language))
    return [out, pdf.write(browser, out, out.with_suffix(".pdf"))] if as_pdf else [out]
