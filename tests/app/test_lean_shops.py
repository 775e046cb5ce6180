"""Every page of shops of which little is known, from their export to what is shown: nothing here is made up but the export."""

from __future__ import annotations

from pathlib import Path

import pytest
from fixtures.kept import kept
from fixtures.shops import tables

from core.jobs.pipeline import run
from core.workspace import Workspace
from tests.app.visit import PAGES, words

DAYS = 300


def exported(folder, names: dict[str, list[str]]) -> list[str]:
    """Files of a made-up shop with these columns only."""
    shop, files = tables(products=25, days=DAYS), []
    for name, columns in names.items():
        shop[name][columns].to_csv(folder / f"{name}.csv", index=False)
        files.append(str(folder / f"{name}.csv"))
    return files


KNOWN = {
    "days and units of orders": {"orders": ["product_id", "ordered_at", "units"]},
    "views": {"events": ["product_id", "occurred_at", "kind"]},
    "orders and stock": {"orders": ["product_id", "ordered_at", "units"], "stock": ["day", "product_id", "on_hand"]},
}


SHORT = {"trees_rounds": 40, "members": 1, "hidden": 16, "second": 8, "tower": 8, "token": 8}


@pytest.fixture(scope="session")
def lean(request) -> Workspace:
    """The shop of which this is known, as it is served after a short training."""

    def make(folder: Path) -> None:
        (folder / "export").mkdir()
        workspace = Workspace(folder / "shop").create()
        workspace.save_settings(workspace.settings().with_values("model", max_epochs=2).with_values("recipe", **SHORT))
        run(workspace, import_first={"files": exported(folder / "export", KNOWN[request.param])})

    return Workspace(kept("lean-" + request.param.replace(" ", "-"), make) / "shop")


@pytest.mark.parametrize("lean", KNOWN, indirect=True)
@pytest.mark.parametrize("language", ["en", "zh"])
def test_every_page_opens_for_a_shop_of_which_little_is_known(open_page, lean, language):
    for name in PAGES:
        at = open_page(name, language, lean)
        assert not at.exception and not at.error, f"{name}: {words(at)}"


@pytest.mark.parametrize("lean", ["orders and stock"], indirect=True)
def test_what_nobody_knows_the_cost_of_is_not_said_to_cost_nothing(open_page, lean):
    shown = {m.label: m.value for m in open_page("inventory", workspace=lean).metric}
    assert int(shown["To order"]) > 0 and shown["Order cost"] == shown["Margin at risk"] == "–"


@pytest.mark.parametrize("lean", ["days and units of orders"], indirect=True)
def test_without_stock_the_list_gives_the_levels_that_are_known(open_page, lean):
    shown = open_page("inventory", workspace=lean).dataframe[0]
    assert {"reorder_point", "order_up_to_level"} <= set(shown.proto.column_order)
    assert not {"suggested_order_units", "line_cost", "lost_margin"} & set(shown.proto.column_order)
    assert (shown.value.order_up_to_level > shown.value.reorder_point).all()


@pytest.mark.parametrize(("lean", "said"), [("views", True), ("days and units of orders", False)], indirect=["lean"])
def test_a_shop_without_orders_is_told_above_the_page_what_is_counted_instead(open_page, lean, said):
    assert ("Units and sales are counts of views" in words(open_page("product", workspace=lean))) == said
