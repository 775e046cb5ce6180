"""The pages, each registered once: navigation, page tests, browser tests and the screenshot script take them from here."""

from __future__ import annotations

from pathlib import Path

from core.capabilities.record import Page
from core.capabilities.registry import CAPABILITIES
from core.messages import Message, msg

HERE = Path(__file__).resolve().parent
FOLDER = next(folder for folder in (HERE / "_pages", HERE.parent / "pages") if folder.is_dir())  # a wheel holds them inside the package
SECTIONS: dict[str, Message] = {"decide": msg("Decide"), "understand": msg("Understand"), "manage": msg("Manage")}
START = "overview"
OWN = (  # pages of no single capability
    Page(START, msg("Overview"), msg("What should I do next?"), "today", "decide", 0, stock=True),
    Page(
        "compare", msg("Compare"), msg("How do products, customer groups and years differ?"), "compare_arrows", "understand", 15, stock=True
    ),
    Page("data", msg("Data"), msg("What are the forecasts based on?"), "database", "manage", 10, needs_snapshot=False, forecasts=False),
    Page(
        "model",
        msg("Model"),
        msg("Can I trust the forecasts, and how do I update them?"),
        "model_training",
        "manage",
        20,
        needs_snapshot=False,
    ),
    Page(
        "settings",
        msg("Settings"),
        msg("How should Upswing work for this shop?"),
        "settings",
        "manage",
        30,
        needs_snapshot=False,
        forecasts=False,
    ),
)


def pages() -> dict[str, Page]:
    """Return every page by its name, in the order of the navigation."""
    every = (*OWN, *(page for capability in CAPABILITIES for page in capability.pages))
    order = list(SECTIONS)
    return {page.name: page for page in sorted(every, key=lambda page: (order.index(page.section), page.place))}


def script(page: Page) -> Path:
    """Return the file of a page."""
    return page.file or FOLDER / f"{page.name}.py"
